/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

G_BEGIN_DECLS

/**
 * mortise_user_has_active_session:
 * @bus: (nullable): the system bus
 * @user: a user id
 *
 * Asks logind, blocking for at most two seconds.
 *
 * Returns: %TRUE if @user has a session that is active on a seat, that is, sits at this computer
 *   now; %FALSE without an answer
 */
gboolean mortise_user_has_active_session (GDBusConnection *bus, uid_t user);

G_END_DECLS
