/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseHelpWindow:
 *
 * Answers to what people get stuck at, on one page with an index.
 */
#define MORTISE_TYPE_HELP_WINDOW (mortise_help_window_get_type ())
G_DECLARE_FINAL_TYPE (MortiseHelpWindow, mortise_help_window, MORTISE, HELP_WINDOW, AdwWindow)

/**
 * mortise_help_present:
 * @topic: "passkey", "broken", "moving", "second-factor", "other-name", "not-offered",
 *   "forgotten-pin"; anything else for the beginning
 *
 * Shows the one help window of @parent at a topic.
 */
void mortise_help_present (GtkWindow *parent, const char *topic);

G_END_DECLS
