/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A bus of the test's own, as g_test_dbus_up() starts one, and services on it. What fails here
 * fails the test. */

/** test_bus_connect: Returns: (transfer full): another connection to the bus at @address */
GDBusConnection *test_bus_connect (const char *address);

/** test_bus_own_name: takes @name for @bus; it is taken when this returns */
void test_bus_own_name (GDBusConnection *bus, const char *name);

/**
 * TestBusThread:
 *
 * A service that answers on a thread and a connection of its own, while the test waits for
 * something else.
 */
typedef struct _TestBusThread TestBusThread;

/** TestBusFunc: runs on the service's thread, whose context is its default */
typedef void (*TestBusFunc) (GDBusConnection *bus, gpointer user_data);

/**
 * test_bus_serve:
 * @begin: exports objects and takes names; has run when this returns
 * @end: takes objects back, before the connection is closed
 *
 * Returns: (transfer full): what serves the bus at @address until it is freed
 */
TestBusThread *
test_bus_serve (const char *address, TestBusFunc begin, TestBusFunc end, gpointer user_data);

/** test_bus_thread_free: leaves the bus, as if the service had died */
void test_bus_thread_free (TestBusThread *self);

G_END_DECLS
