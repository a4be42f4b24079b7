/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** MortiseChainState: what is known of a link */
typedef enum
{
  MORTISE_CHAIN_RECORDED,
  MORTISE_CHAIN_PROVEN,
  MORTISE_CHAIN_REFUTED,
} MortiseChainState;

/**
 * MortiseChain:
 *
 * The chain of keys from a passkey to the TPM, drawn: a medal for each link, a line from one to the
 * next (dashed where it is only recorded), and the words beside it, which are its text equivalent.
 */
#define MORTISE_TYPE_CHAIN (mortise_chain_get_type ())
G_DECLARE_FINAL_TYPE (MortiseChain, mortise_chain, MORTISE, CHAIN, GtkWidget)

/** mortise_chain_set_show_evidence: whether what was read is shown in the specification's words */
void mortise_chain_set_show_evidence (MortiseChain *self, gboolean show);

void mortise_chain_clear (MortiseChain *self);
/** mortise_chain_append: @evidence: (nullable): what was read, in the specification's words */
void mortise_chain_append (MortiseChain *self,
                           const char *icon,
                           const char *title,
                           const char *text,
                           const char *evidence,
                           MortiseChainState state);

G_END_DECLS
