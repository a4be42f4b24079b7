/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent/agent.h"

G_BEGIN_DECLS

/**
 * MortiseDBusService:
 *
 * The agent on the session bus, as app/agent/agent-interface.xml.in tells it. Methods run in
 * threads of their own, so that one that waits for the person holds up nothing.
 */
typedef struct _MortiseDBusService MortiseDBusService;

/**
 * mortise_dbus_service_new:
 * @agent: (unowned): outlives the service
 *
 * Returns: (transfer full): the service, exported on @bus
 */
MortiseDBusService *
mortise_dbus_service_new (MortiseAgent *agent, GDBusConnection *bus, GError **error);

/** mortise_dbus_service_free: takes it off the bus; waits for methods under way, which are
 * cancelled
 */
void mortise_dbus_service_free (MortiseDBusService *service);

G_END_DECLS
