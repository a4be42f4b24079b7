/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** How long the guard stays shut, in milliseconds, unless told otherwise. */
#define MORTISE_PROMPT_GUARD_DELAY_MS 500

/**
 * MortisePromptGuard:
 *
 * Keeps a window that came up by itself from being answered by mistake. It is shut when the window
 * appears, when it gets the focus and when it is raised, and opens after a while in which no key
 * was pressed: what a person types on into the window that lost the focus is swallowed (but for
 * Escape and Tab, which can do no harm), and a click aimed at something that was there a moment ago
 * finds the button insensitive.
 *
 * The property "open" (read-only, boolean) says whether a yes may be given. The signal "swallowed"
 * tells of each key lost that would have been a character.
 */
#define MORTISE_TYPE_PROMPT_GUARD (mortise_prompt_guard_get_type ())
G_DECLARE_FINAL_TYPE (MortisePromptGuard, mortise_prompt_guard, MORTISE, PROMPT_GUARD, GObject)

/** mortise_prompt_guard_new: Returns: (transfer full): a guard of @window, which must outlive it */
MortisePromptGuard *mortise_prompt_guard_new (GtkWindow *window);

/** mortise_prompt_guard_set_delay: 0 for tests of something else: always open */
void mortise_prompt_guard_set_delay (MortisePromptGuard *self, guint delay_ms);

gboolean mortise_prompt_guard_is_open (MortisePromptGuard *self);

/** mortise_prompt_guard_shut: shuts it and lets it open after the delay */
void mortise_prompt_guard_shut (MortisePromptGuard *self);

G_END_DECLS
