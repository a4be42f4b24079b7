/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * mortise_background_portal_request:
 * @bus: the session bus
 * @reason: why, as the desktop may show it to the person
 * @autostart: whether @command is to be started with the session
 * @command: (array zero-terminated=1): a program of this Flatpak and its arguments
 *
 * Asks the desktop through org.freedesktop.portal.Background, and waits for its answer, however
 * long the person takes whom it may ask first. That cannot be cancelled: what is answered counts,
 * whether somebody still waits for it or not.
 */
void mortise_background_portal_request (GDBusConnection *bus,
                                        const char *reason,
                                        gboolean autostart,
                                        const char *const *command,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

/**
 * mortise_background_portal_request_finish:
 * @autostart: (out): whether the desktop starts the program from now on
 *
 * Returns: %FALSE without an answer; %G_IO_ERROR_CLOSED if the portal went away before it gave one.
 *   An answer of no is no error.
 */
gboolean mortise_background_portal_request_finish (GAsyncResult *result,
                                                   gboolean *autostart,
                                                   GError **error);

G_END_DECLS
