/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What the entries that secrets are typed into have in common. */

/**
 * mortise_prompt_harden_entry:
 *
 * No undo history of what is typed, no more than a PIN's length, nothing for spelling or for an
 * input method to learn from.
 */
void mortise_prompt_harden_entry (GtkPasswordEntry *entry);

/**
 * mortise_prompt_harden_plain_entry:
 *
 * For a secret that is seen while it is typed: locked memory, no undo, nothing to learn from.
 */
void mortise_prompt_harden_plain_entry (GtkEntry *entry);

/**
 * mortise_prompt_hint_show:
 * @hint: the line below an entry
 * @css_class: "dim-label", "success", "warning" or "error"
 *
 * Says what is still wrong with what was typed, or that nothing is.
 */
void mortise_prompt_hint_show (GtkLabel *hint, const char *text, const char *css_class);

G_END_DECLS
