/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * MortisePromptNewPin:
 *
 * A new PIN, typed twice, with what is still wrong with it. Signals: "changed"; "activate" when
 * Enter is pressed in the second field.
 */
#define MORTISE_TYPE_PROMPT_NEW_PIN (mortise_prompt_new_pin_get_type ())
G_DECLARE_FINAL_TYPE (MortisePromptNewPin, mortise_prompt_new_pin, MORTISE, PROMPT_NEW_PIN, GtkBox)

/** mortise_prompt_new_pin_set_min_length: in code points; 4 at least */
void mortise_prompt_new_pin_set_min_length (MortisePromptNewPin *self, guint min_length);

/** mortise_prompt_new_pin_is_complete: Returns: it may be used, and both fields are the same */
gboolean mortise_prompt_new_pin_is_complete (MortisePromptNewPin *self);

/** mortise_prompt_new_pin_dup_secret: Returns: (transfer full): the PIN; only while complete */
MortiseSecret *mortise_prompt_new_pin_dup_secret (MortisePromptNewPin *self);

/** mortise_prompt_new_pin_clear: wipes both fields */
void mortise_prompt_new_pin_clear (MortisePromptNewPin *self);

G_END_DECLS
