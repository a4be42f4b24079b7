/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/** Groups at the code's end that the person types to prove that they have it. */
#define MORTISE_PROMPT_CODE_PROOF_GROUPS 2

/**
 * MortisePromptCodeView:
 *
 * A new recovery code, shown once: in numbered groups, as QR code, and to be printed. Not to be
 * copied: the clipboard is everybody's, and a file on this computer is lost with it.
 */
#define MORTISE_TYPE_PROMPT_CODE_VIEW (mortise_prompt_code_view_get_type ())
G_DECLARE_FINAL_TYPE (
    MortisePromptCodeView, mortise_prompt_code_view, MORTISE, PROMPT_CODE_VIEW, GtkBox)

/**
 * mortise_prompt_code_view_show:
 * @code: as it is to be written down; copied
 * @host: (nullable): this computer's name, for the printed sheet
 */
void mortise_prompt_code_view_show (MortisePromptCodeView *self,
                                    const MortiseSecret *code,
                                    const char *host);

/** mortise_prompt_code_view_ends_with: Returns: @typed is the code's end */
gboolean mortise_prompt_code_view_ends_with (MortisePromptCodeView *self, const char *typed);

/** mortise_prompt_code_view_clear: wipes it */
void mortise_prompt_code_view_clear (MortisePromptCodeView *self);

G_END_DECLS
