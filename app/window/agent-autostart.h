/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * mortise_agent_autostart_set:
 * @bus: the session bus
 *
 * Has the agent start with the session, or not: through systemd's user manager; without one by an
 * entry in the autostart folder; from inside a Flatpak through the background portal.
 */
void mortise_agent_autostart_set (GDBusConnection *bus,
                                  gboolean enabled,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/** mortise_agent_autostart_set_finish: errors are for people */
gboolean mortise_agent_autostart_set_finish (GAsyncResult *result, GError **error);

/** mortise_agent_autostart_is_enabled: Returns: what is set now; inside a Flatpak, what the desktop
 * answered last */
gboolean mortise_agent_autostart_is_enabled (void);

/** mortise_agent_autostart_set_root: for tests: another root folder than "/"; %NULL for "/" */
void mortise_agent_autostart_set_root (const char *root);

G_END_DECLS
