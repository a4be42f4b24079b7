/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/virtual-fprintd.h"

#include <gio/gunixsocketaddress.h>

#include "tests/support/end-with-test.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/test-bus.h"
#include "tests/support/wait-for.h"

#define SERVICE "net.reactivated.Fprint"
#define READER  "/net/reactivated/Fprint/Device/0"
#define STAGES  5 /* scans that the virtual reader wants of a new finger */

static const char polkit_introspection[] =
    "<node><interface name='org.freedesktop.PolicyKit1.Authority'>"
    "  <method name='CheckAuthorization'>"
    "    <arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/>"
    "    <arg type='a{ss}' direction='in'/><arg type='u' direction='in'/>"
    "    <arg type='s' direction='in'/><arg type='(bba{ss})' direction='out'/>"
    "  </method>"
    "  <property name='BackendName' type='s' access='read'/>"
    "  <property name='BackendVersion' type='s' access='read'/>"
    "  <property name='BackendFeatures' type='u' access='read'/>"
    "</interface></node>";

struct _VirtualFprintd
{
  char *folder;
  char *socket; /* where the reader listens while it is claimed */
  GSubprocess *service;
  GDBusConnection *bus;
  TestBusThread *polkit;
  guint authority;
  gint allowed; /* atomic */
  GThread *scanner;
};

/* --- polkit ------------------------------------------------------------------------------------
 */

static void
on_authority_method (GDBusConnection *bus,
                     const char *sender,
                     const char *path,
                     const char *interface,
                     const char *method,
                     GVariant *parameters,
                     GDBusMethodInvocation *invocation,
                     gpointer user_data)
{
  VirtualFprintd *self = user_data;

  g_dbus_method_invocation_return_value (
      invocation,
      g_variant_new ("((bba{ss}))", g_atomic_int_get (&self->allowed) != 0, FALSE, NULL));
}

static GVariant *
get_authority_property (GDBusConnection *bus,
                        const char *sender,
                        const char *path,
                        const char *interface,
                        const char *property,
                        GError **error,
                        gpointer user_data)
{
  return g_str_equal (property, "BackendFeatures") ? g_variant_new_uint32 (0)
                                                   : g_variant_new_string ("test");
}

static void
begin_polkit (GDBusConnection *bus, gpointer user_data)
{
  static const GDBusInterfaceVTable vtable = {
    on_authority_method, get_authority_property, NULL, { NULL }
  };
  VirtualFprintd *self = user_data;
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (polkit_introspection, NULL);

  self->authority = g_dbus_connection_register_object (
      bus, "/org/freedesktop/PolicyKit1/Authority", info->interfaces[0], &vtable, self, NULL, NULL);
  g_assert_cmpuint (self->authority, !=, 0);
  test_bus_own_name (bus, "org.freedesktop.PolicyKit1");
}

static void
end_polkit (GDBusConnection *bus, gpointer user_data)
{
  VirtualFprintd *self = user_data;

  g_dbus_connection_unregister_object (bus, self->authority);
}

/* --- The service -------------------------------------------------------------------------------
 */

static GVariant *
try_call (VirtualFprintd *self, const char *method, GVariant *parameters, GError **error)
{
  return g_dbus_connection_call_sync (self->bus, SERVICE, READER, SERVICE ".Device", method,
                                      parameters, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT,
                                      NULL, error);
}

static GVariant *
call (VirtualFprintd *self, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *reply = try_call (self, method, parameters, &error);

  g_assert_no_error (error);
  return reply;
}

static void
on_name_owner (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static void
wait_for_service (VirtualFprintd *self)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  gboolean there = FALSE;
  guint watch = 0;

  g_main_context_push_thread_default (context);
  watch = g_bus_watch_name_on_connection (self->bus, SERVICE, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                          on_name_owner, NULL, &there, NULL);
  while (!there)
    g_main_context_iteration (context, TRUE);
  g_bus_unwatch_name (watch);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
}

static GSubprocess *
start_service (VirtualFprintd *self, const char *address)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  GSubprocess *service = NULL;

  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
  g_subprocess_launcher_setenv (launcher, "STATE_DIRECTORY", self->folder, TRUE);
  g_subprocess_launcher_setenv (launcher, "FP_VIRTUAL_DEVICE", self->socket, TRUE);
  /* It warns that there is no logind to tell it of sleep. */
  g_subprocess_launcher_unsetenv (launcher, "G_DEBUG");
  service = g_subprocess_launcher_spawn (launcher, &error, FPRINTD, "--no-timeout", NULL);
  g_assert_no_error (error);
  return service;
}

VirtualFprintd *
virtual_fprintd_new (const char *address)
{
  VirtualFprintd *self = g_new0 (VirtualFprintd, 1);

  self->folder = scratch_folder_new ();
  self->socket = g_build_filename (self->folder, "reader", NULL);
  self->allowed = TRUE;
  self->bus = test_bus_connect (address);
  self->polkit = test_bus_serve (address, begin_polkit, end_polkit, self);
  self->service = start_service (self, address);
  wait_for_service (self);
  return self;
}

static void
finish_scans (VirtualFprintd *self)
{
  g_clear_pointer (&self->scanner, g_thread_join);
}

void
virtual_fprintd_free (VirtualFprintd *self)
{
  if (self == NULL)
    return;
  finish_scans (self);
  g_subprocess_force_exit (self->service);
  g_assert_true (g_subprocess_wait (self->service, NULL, NULL));
  test_bus_thread_free (self->polkit);
  g_assert_true (g_dbus_connection_close_sync (self->bus, NULL, NULL));
  g_object_unref (self->bus);
  g_object_unref (self->service);
  scratch_folder_remove (self->folder);
  g_free (self->socket);
  g_free (self);
}

void
virtual_fprintd_allow (VirtualFprintd *self, gboolean allowed)
{
  g_atomic_int_set (&self->allowed, allowed);
}

/* --- The reader --------------------------------------------------------------------------------
 */

typedef struct
{
  VirtualFprintd *fprintd;
  char **commands;
} Scans;

/* A command that comes while the reader ends what another began would be lost, or kill it. */
static gboolean
waits_for_finger (VirtualFprintd *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      self->bus, SERVICE, READER, "org.freedesktop.DBus.Properties", "Get",
      g_variant_new ("(ss)", SERVICE ".Device", "finger-needed"), G_VARIANT_TYPE ("(v)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL, &error);
  g_autoptr (GVariant) value = NULL;

  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return g_variant_get_boolean (value);
}

/* The reader takes one command a connection. */
static void
send_command (VirtualFprintd *self, const char *command)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->socket);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  GIOStream *stream = NULL;
  char end;

  WAIT_FOR_OTHERS (waits_for_finger (self));
  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_assert_no_error (error);
  stream = G_IO_STREAM (connection);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (stream), command,
                                            strlen (command), NULL, NULL, NULL));
  g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
  /* Until it has read it. */
  g_input_stream_read (g_io_stream_get_input_stream (stream), &end, 1, NULL, NULL);
}

static gpointer
send_commands (gpointer data)
{
  Scans *scans = data;

  for (char **command = scans->commands; *command != NULL; command++)
    send_command (scans->fprintd, *command);
  g_strfreev (scans->commands);
  g_free (scans);
  return NULL;
}

void
virtual_fprintd_scan (VirtualFprintd *self, const char *commands)
{
  Scans *scans = g_new0 (Scans, 1);

  finish_scans (self);
  scans->fprintd = self;
  scans->commands = g_strsplit (commands, "\n", -1);
  self->scanner = g_thread_new ("scans", send_commands, scans);
}

void
virtual_fprintd_claim (VirtualFprintd *self)
{
  g_autoptr (GVariant) reply = NULL;

  while (reply == NULL)
    {
      g_autoptr (GError) error = NULL;

      reply = try_call (self, "Claim", g_variant_new ("(s)", ""), &error);
      if (reply == NULL)
        {
          g_autofree char *name = g_dbus_error_get_remote_error (error);

          g_assert_cmpstr (name, ==, SERVICE ".Error.AlreadyInUse");
          while (g_main_context_iteration (NULL, FALSE))
            ;
          g_usleep (2000);
        }
    }
}

void
virtual_fprintd_release (VirtualFprintd *self)
{
  g_variant_unref (call (self, "Release", NULL));
}

static void
on_enrol_status (GDBusConnection *bus,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *signal,
                 GVariant *parameters,
                 gpointer user_data)
{
  GPtrArray *results = user_data;
  const char *result = NULL;

  g_variant_get (parameters, "(&sb)", &result, NULL);
  g_ptr_array_add (results, g_strdup (result));
}

void
virtual_fprintd_enrol (VirtualFprintd *self, const char *finger)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GPtrArray) results = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *scan = g_strdup_printf ("SCAN %s", finger);
  guint subscription = 0;

  g_main_context_push_thread_default (context);
  subscription = g_dbus_connection_signal_subscribe (
      self->bus, SERVICE, SERVICE ".Device", "EnrollStatus", READER, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
      on_enrol_status, results, NULL);
  virtual_fprintd_claim (self);
  g_variant_unref (call (self, "EnrollStart", g_variant_new ("(s)", "right-index-finger")));
  for (guint stage = 1; stage <= STAGES; stage++)
    {
      virtual_fprintd_scan (self, scan);
      while (results->len < stage)
        g_main_context_iteration (context, TRUE);
    }
  g_assert_cmpstr (g_ptr_array_index (results, STAGES - 1), ==, "enroll-completed");
  g_variant_unref (call (self, "EnrollStop", NULL));
  virtual_fprintd_release (self);
  g_dbus_connection_signal_unsubscribe (self->bus, subscription);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
}
