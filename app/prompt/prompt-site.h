/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortisePromptSite:
 * @text: what stands large on the prompt, safe to show
 * @note: (nullable): a line about it, safe to show
 * @suspicious: the note is a warning
 *
 * An RP ID as a person may rely on it.
 */
typedef struct
{
  char *text;
  char *note;
  gboolean suspicious;
} MortisePromptSite;

/**
 * mortise_prompt_site_new:
 * @rp_id: an RP ID from a client, any UTF-8
 *
 * The name stays in ASCII as browsers send it, so that letters that only look like others cannot
 * pass for them; what it reads in its own letters goes to the note. An RP ID that is no host name
 * in ASCII (a browser never sends one) is shown with its other characters spelt out and a warning.
 *
 * Returns: (transfer full): how to show it
 */
MortisePromptSite *mortise_prompt_site_new (const char *rp_id);

void mortise_prompt_site_free (MortisePromptSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePromptSite, mortise_prompt_site_free)

G_END_DECLS
