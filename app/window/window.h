/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseWindow:
 *
 * The vault window: pages on the start side, the chosen one beside it. Its actions (`win.…`) never
 * approve anything: what destroys or unlocks is asked by the agent on its prompt.
 */
#define MORTISE_TYPE_WINDOW (mortise_window_get_type ())
G_DECLARE_FINAL_TYPE (MortiseWindow, mortise_window, MORTISE, WINDOW, AdwApplicationWindow)

MortiseWindow *mortise_window_new (GtkApplication *application, MortiseAgentClient *client);

/** mortise_window_add_shortcuts: gives the window's actions their keys, once per application */
void mortise_window_add_shortcuts (GtkApplication *application);

/** mortise_window_search: shows the list, searched for @text */
void mortise_window_search (MortiseWindow *self, const char *text);

G_END_DECLS
