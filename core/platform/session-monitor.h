/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseSessionMonitor:
 *
 * Watches logind for what must lock the vault or silence the device. Without logind it stays
 * "active" for ever and says so in #MortiseSessionMonitor:available.
 *
 * Signals, all emitted on the main context that created it:
 * `lock-wanted` (reason: "session-lock", "sleep" or "shutdown"): wipe K_sign now. On sleep a delay
 * inhibitor is held until the handlers returned.
 *
 * Properties: `active` (boolean): our session is the one in the foreground of its seat;
 * `available` (boolean): logind answers.
 */
#define MORTISE_TYPE_SESSION_MONITOR (mortise_session_monitor_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseSessionMonitor, mortise_session_monitor, MORTISE, SESSION_MONITOR, GObject)

/**
 * mortise_session_monitor_new:
 * @system_bus: (nullable): a connection to the system bus (tests pass a private one), or %NULL when
 *   there is none
 *
 * Returns: (transfer full): a monitor that starts watching at once, asynchronously
 */
MortiseSessionMonitor *mortise_session_monitor_new (GDBusConnection *system_bus);
gboolean mortise_session_monitor_is_active (MortiseSessionMonitor *self);
gboolean mortise_session_monitor_is_available (MortiseSessionMonitor *self);

G_END_DECLS
