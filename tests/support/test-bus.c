/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/test-bus.h"

struct _TestBusThread
{
  GDBusConnection *bus;
  GMainLoop *loop;
  GThread *thread;
  TestBusFunc begin;
  TestBusFunc end;
  gpointer user_data;

  GMutex lock;
  GCond changed;
  gboolean begun;
};

GDBusConnection *
test_bus_connect (const char *address)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus =
      g_dbus_connection_new_for_address_sync (address,
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);

  g_assert_no_error (error);
  return bus;
}

void
test_bus_own_name (GDBusConnection *bus, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
      g_variant_new ("(su)", name, 0), G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
      NULL, &error);
  guint32 result;

  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &result);
  g_assert_cmpuint (result, ==, 1); /* DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER */
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static gpointer
serve (gpointer data)
{
  TestBusThread *self = data;
  GMainContext *context = g_main_loop_get_context (self->loop);

  g_main_context_push_thread_default (context);
  self->begin (self->bus, self->user_data);
  g_mutex_lock (&self->lock);
  self->begun = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);

  g_main_loop_run (self->loop);
  self->end (self->bus, self->user_data);
  g_assert_true (g_dbus_connection_close_sync (self->bus, NULL, NULL));
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
  return NULL;
}

TestBusThread *
test_bus_serve (const char *address, TestBusFunc begin, TestBusFunc end, gpointer user_data)
{
  TestBusThread *self = g_new0 (TestBusThread, 1);
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->begin = begin;
  self->end = end;
  self->user_data = user_data;
  self->bus = test_bus_connect (address);
  self->loop = g_main_loop_new (context, FALSE);
  self->thread = g_thread_new ("bus service", serve, self);
  g_mutex_lock (&self->lock);
  while (!self->begun)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
  return self;
}

void
test_bus_thread_free (TestBusThread *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, quit_cb, self->loop, NULL);
  g_source_attach (source, g_main_loop_get_context (self->loop));
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_object_unref (self->bus);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}
