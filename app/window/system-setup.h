/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * mortise_system_setup_offer:
 * @parent: a widget in the window that asks
 * @done: called when the computer was set up
 * @owner: @done is not called after it is gone; given to it as user data
 *
 * Shows word for word what mortise-setup would write; if the person goes on, runs it through
 * pkexec, which asks for an administrator's password. Where there is no pkexec the dialog gives the
 * command for a terminal.
 */
void
mortise_system_setup_offer (GtkWidget *parent, void (*done) (gpointer user_data), GObject *owner);

/** mortise_system_setup_offer_undo: as above, for taking away what was written */
void mortise_system_setup_offer_undo (GtkWidget *parent,
                                      void (*done) (gpointer user_data),
                                      GObject *owner);

/** mortise_system_setup_was_done: Returns: %TRUE if there is something to take away */
gboolean mortise_system_setup_was_done (void);

/**
 * mortise_system_setup_set_programs: for tests
 * @helper: what takes the place of mortise-setup
 * @pkexec: (nullable): what takes the place of pkexec; %NULL as if there were none
 */
void mortise_system_setup_set_programs (const char *helper, const char *pkexec);

G_END_DECLS
