/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/mock-logind.h"

#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test-bus.h"

#define USER_PATH "/org/freedesktop/login1/user/_1000"

static const char introspection[] =
    "<node>"
    "<interface name='org.freedesktop.login1.Manager'>"
    "  <method name='GetSessionByPID'><arg type='u' direction='in'/><arg type='o' "
    "direction='out'/></method>"
    "  <method name='GetSession'><arg type='s' direction='in'/><arg type='o' "
    "direction='out'/></method>"
    "  <method name='GetUser'><arg type='u' direction='in'/><arg type='o' "
    "direction='out'/></method>"
    "  <method name='Inhibit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "    <arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='h' "
    "direction='out'/></method>"
    "</interface>"
    "<interface name='org.freedesktop.login1.Session'>"
    "  <property name='Active' type='b' access='read'/>"
    "  <signal name='Lock'/>"
    "</interface>"
    "<interface name='org.freedesktop.login1.User'>"
    "  <property name='Display' type='(so)' access='read'/>"
    "</interface>"
    "</node>";

struct _MockLogind
{
  GDBusConnection *bus;
  GDBusNodeInfo *info;
  guint objects[4];

  /* Calls are answered where the bus is served, which need not be where the test runs. */
  GMutex lock;
  gboolean in_session;
  gboolean has_display;
  gboolean active[2];
  guint inhibitors;
  int held; /* our end of the last inhibitor */
};

static int
session_number (const char *path)
{
  return strcmp (path, MOCK_LOGIND_PID_SESSION) == 0 ? 0 : 1;
}

static void
return_error (GDBusMethodInvocation *invocation, const char *name)
{
  g_dbus_method_invocation_return_dbus_error (invocation, name, "No session");
}

/* With the lock held. */
static void
inhibit (MockLogind *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
  const char *what, *mode;
  int ends[2];

  g_variant_get (parameters, "(&s&s&s&s)", &what, NULL, NULL, &mode);
  g_assert_cmpstr (what, ==, "sleep");
  g_assert_cmpstr (mode, ==, "delay");
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  if (self->held >= 0)
    close (self->held);
  self->held = ends[0];
  self->inhibitors++;
  g_unix_fd_list_append (fds, ends[1], NULL);
  close (ends[1]);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h)", 0),
                                                           fds);
}

static void
on_method (GDBusConnection *bus,
           const char *sender,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           GDBusMethodInvocation *invocation,
           gpointer user_data)
{
  MockLogind *self = user_data;
  g_autoptr (GVariant) asker = g_variant_ref_sink (g_variant_new ("(u)", 0u));
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (strcmp (method, "Inhibit") == 0)
    inhibit (self, parameters, invocation);
  else if (strcmp (method, "GetUser") == 0)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", USER_PATH));
  /* Where a Flatpak is about, only 0 means who asks. */
  else if (strcmp (method, "GetSessionByPID") == 0 && self->in_session &&
           g_variant_equal (parameters, asker))
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new ("(o)", MOCK_LOGIND_PID_SESSION));
  else
    return_error (invocation, "org.freedesktop.login1.NoSessionForPID");
}

static GVariant *
on_get_property (GDBusConnection *bus,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *property,
                 GError **error,
                 gpointer user_data)
{
  MockLogind *self = user_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (strcmp (property, "Active") == 0)
    return g_variant_new_boolean (self->active[session_number (path)]);
  return g_variant_new ("(so)", self->has_display ? "2" : "",
                        self->has_display ? MOCK_LOGIND_DISPLAY_SESSION : "/");
}

static const GDBusInterfaceVTable vtable = { on_method, on_get_property, NULL, { NULL } };

MockLogind *
mock_logind_new (GDBusConnection *bus)
{
  MockLogind *self = g_new0 (MockLogind, 1);
  const char *paths[] = { "/org/freedesktop/login1", MOCK_LOGIND_PID_SESSION,
                          MOCK_LOGIND_DISPLAY_SESSION, USER_PATH };
  const int interfaces[] = { 0, 1, 1, 2 };
  g_autoptr (GError) error = NULL;

  g_mutex_init (&self->lock);
  self->bus = g_object_ref (bus);
  self->held = -1;
  self->in_session = TRUE;
  self->has_display = TRUE;
  self->active[0] = self->active[1] = TRUE;
  self->info = g_dbus_node_info_new_for_xml (introspection, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      self->objects[i] = g_dbus_connection_register_object (
          bus, paths[i], self->info->interfaces[interfaces[i]], &vtable, self, NULL, &error);
      g_assert_no_error (error);
    }
  test_bus_own_name (bus, "org.freedesktop.login1");
  return self;
}

void
mock_logind_free (MockLogind *self)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "ReleaseName", g_variant_new ("(s)", "org.freedesktop.login1"), NULL, G_DBUS_CALL_FLAGS_NONE,
      -1, NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (self->objects); i++)
    g_dbus_connection_unregister_object (self->bus, self->objects[i]);
  if (self->held >= 0)
    close (self->held);
  g_dbus_node_info_unref (self->info);
  g_object_unref (self->bus);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
emit (
    MockLogind *self, const char *path, const char *interface, const char *signal, GVariant *value)
{
  g_autoptr (GError) error = NULL;

  g_dbus_connection_emit_signal (self->bus, NULL, path, interface, signal, value, &error);
  g_assert_no_error (error);
}

void
mock_logind_set_in_session (MockLogind *self, gboolean in_session)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->in_session = in_session;
}

void
mock_logind_set_display (MockLogind *self, gboolean has_display)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->has_display = has_display;
}

static void
emit_changed (MockLogind *self, const char *session, const char *property, gboolean value)
{
  GVariantBuilder changed;

  g_variant_builder_init (&changed, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&changed, "{sv}", property, g_variant_new_boolean (value));
  emit (self, session, "org.freedesktop.DBus.Properties", "PropertiesChanged",
        g_variant_new ("(sa{sv}as)", "org.freedesktop.login1.Session", &changed, NULL));
}

void
mock_logind_set_active (MockLogind *self, const char *session, gboolean active)
{
  g_mutex_lock (&self->lock);
  self->active[session_number (session)] = active;
  g_mutex_unlock (&self->lock);
  emit_changed (self, session, "Active", active);
}

void
mock_logind_set_locked_hint (MockLogind *self, const char *session)
{
  emit_changed (self, session, "LockedHint", TRUE);
}

void
mock_logind_emit_lock (MockLogind *self, const char *session)
{
  emit (self, session, "org.freedesktop.login1.Session", "Lock", NULL);
}

void
mock_logind_emit_prepare (MockLogind *self, const char *signal, gboolean start)
{
  emit (self, "/org/freedesktop/login1", "org.freedesktop.login1.Manager", signal,
        g_variant_new ("(b)", start));
}

void
mock_logind_emit_session (MockLogind *self, const char *signal, const char *session)
{
  emit (self, "/org/freedesktop/login1", "org.freedesktop.login1.Manager", signal,
        g_variant_new ("(so)", "x", session));
}

guint
mock_logind_count_inhibitors (MockLogind *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->inhibitors;
}

gboolean
mock_logind_is_inhibited (MockLogind *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  struct pollfd end = { .fd = self->held, .events = POLLIN };

  return self->held >= 0 && poll (&end, 1, 0) == 0;
}
