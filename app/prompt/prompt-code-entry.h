/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * MortisePromptCodeEntry:
 *
 * A recovery code being typed, with what is wrong with it, group by group, before the TPM is asked.
 * It is shown as it is typed: nobody types 35 characters blindly. Signals: "changed"; "activate"
 * when Enter is pressed.
 */
#define MORTISE_TYPE_PROMPT_CODE_ENTRY (mortise_prompt_code_entry_get_type ())
G_DECLARE_FINAL_TYPE (
    MortisePromptCodeEntry, mortise_prompt_code_entry, MORTISE, PROMPT_CODE_ENTRY, GtkBox)

/** mortise_prompt_code_entry_is_complete: Returns: it is a recovery code, of whatever vault */
gboolean mortise_prompt_code_entry_is_complete (MortisePromptCodeEntry *self);

/** mortise_prompt_code_entry_dup_secret: Returns: (transfer full): as typed; only while complete */
MortiseSecret *mortise_prompt_code_entry_dup_secret (MortisePromptCodeEntry *self);

/** mortise_prompt_code_entry_clear: wipes it */
void mortise_prompt_code_entry_clear (MortisePromptCodeEntry *self);

G_END_DECLS
