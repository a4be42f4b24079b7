/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/agent-autostart.h"
#include "app/window/preferences.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/window-fixture.h"

/* Start at login from inside a Flatpak: what the desktop's portal is asked, and what is made of its
 * answers. */

#define PORTAL_NAME "org.freedesktop.portal.Desktop"

static const char portal_xml[] =
    "<node><interface name='org.freedesktop.portal.Background'>"
    "<method name='RequestBackground'><arg type='s' direction='in'/>"
    "<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
    "</interface></node>";

typedef struct
{
  MortiseWindowFixture window;
  char *root;
  guint object;
  guint name;
  /* The last request; %NULL before there is one. */
  GVariant *options;
  char *asker;
  char *handle;
} Fixture;

static void
on_portal_call (GDBusConnection *connection,
                const char *sender,
                const char *path,
                const char *interface,
                const char *method,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autofree char *place = g_strdelimit (g_strdup (sender + 1), ".", '_');
  const char *token = NULL;

  g_clear_pointer (&fixture->options, g_variant_unref);
  g_free (fixture->asker);
  g_free (fixture->handle);
  g_variant_get (parameters, "(&s@a{sv})", NULL, &fixture->options);
  g_assert_true (g_variant_lookup (fixture->options, "handle_token", "&s", &token));
  fixture->asker = g_strdup (sender);
  fixture->handle = g_strdup_printf ("/org/freedesktop/portal/desktop/request/%s/%s", place, token);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", fixture->handle));
}

static void
start_portal (Fixture *fixture)
{
  static const GDBusInterfaceVTable vtable = { on_portal_call, NULL, NULL, { 0 } };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (portal_xml, NULL);
  GDBusConnection *bus = fixture->window.connection;

  fixture->object = g_dbus_connection_register_object (
      bus, "/org/freedesktop/portal/desktop", info->interfaces[0], &vtable, fixture, NULL, NULL);
  g_assert_cmpuint (fixture->object, !=, 0);
  fixture->name = g_bus_own_name_on_connection (bus, PORTAL_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL,
                                                NULL, NULL, NULL);
}

static void
stop_portal (Fixture *fixture)
{
  if (fixture->name != 0)
    g_bus_unown_name (fixture->name);
  if (fixture->object != 0)
    g_dbus_connection_unregister_object (fixture->window.connection, fixture->object);
  fixture->name = 0;
  fixture->object = 0;
}

/* @response: 0 as wished, 1 the person said no */
static void
answer (Fixture *fixture, guint response, gboolean autostart)
{
  g_auto (GVariantDict) results = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GError) error = NULL;

  if (response == 0)
    {
      g_variant_dict_insert (&results, "background", "b", TRUE);
      g_variant_dict_insert (&results, "autostart", "b", autostart);
    }
  g_clear_pointer (&fixture->options, g_variant_unref);
  g_dbus_connection_emit_signal (
      fixture->window.connection, fixture->asker, fixture->handle, "org.freedesktop.portal.Request",
      "Response", g_variant_new ("(u@a{sv})", response, g_variant_dict_end (&results)), &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *info = NULL;

  mortise_window_fixture_set_up (&fixture->window, NULL);
  mortise_mock_agent_set_healthy (fixture->window.agent, FALSE);
  fixture->root = scratch_folder_new ();
  info = g_build_filename (fixture->root, ".flatpak-info", NULL);
  g_assert_true (g_file_set_contents (info, "[Application]\n", -1, NULL));
  mortise_agent_autostart_set_root (fixture->root);
}

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  mortise_agent_autostart_set_finish (result, NULL);
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer user_data)
{
  return *(gboolean *) user_data;
}

static gboolean
is_asked (gpointer user_data)
{
  return ((Fixture *) user_data)->options != NULL;
}

static gboolean
starts_at_login (gpointer user_data)
{
  return mortise_agent_autostart_is_enabled ();
}

static gboolean
starts_not (gpointer user_data)
{
  return !mortise_agent_autostart_is_enabled ();
}

/* As it was found, for the next test. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gboolean done = FALSE;

  if (mortise_agent_autostart_is_enabled ())
    {
      mortise_agent_autostart_set (fixture->window.connection, FALSE, NULL, on_set, &done);
      mortise_test_wait_until (is_asked, fixture);
      answer (fixture, 0, FALSE);
      mortise_test_wait_until (is_true, &done);
    }
  stop_portal (fixture);
  mortise_agent_autostart_set_root (NULL);
  mortise_window_fixture_tear_down (&fixture->window, NULL);
  scratch_folder_remove (fixture->root);
  g_clear_pointer (&fixture->options, g_variant_unref);
  g_free (fixture->asker);
  g_free (fixture->handle);
}

/* Nothing may be written where, inside a Flatpak, nobody reads it. */
static void
assert_no_entry (void)
{
  g_autofree char *path =
      g_build_filename (g_get_user_config_dir (), "autostart", MORTISE_AGENT_NAME ".desktop", NULL);

  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static GtkWidget *
open_preferences (Fixture *fixture)
{
  gtk_widget_activate_action (fixture->window.root, "win.preferences", NULL);
  return mortise_test_wait_for_window (MORTISE_TYPE_PREFERENCES);
}

static gboolean
is_off (gpointer user_data)
{
  return !gtk_switch_get_active (user_data) && !gtk_switch_get_state (user_data);
}

static gboolean
is_on (gpointer user_data)
{
  return gtk_switch_get_active (user_data) && gtk_switch_get_state (user_data);
}

static void
test_health_line (Fixture *fixture, gconstpointer data)
{
  g_auto (GStrv) command = NULL;
  const char *reason = "";
  gboolean autostart = FALSE;

  start_portal (fixture);
  mortise_window_fixture_open (&fixture->window);
  gtk_widget_activate_action (fixture->window.root, "win.page", "s", "health");
  mortise_window_fixture_wait_for_text (&fixture->window, "What helps: Let Mortise set up");
  mortise_test_click (fixture->window.root, "Switch on: Start at login");
  mortise_test_wait_until (is_asked, fixture);
  g_assert_true (g_variant_lookup (fixture->options, "autostart", "b", &autostart));
  g_assert_true (autostart);
  g_assert_true (g_variant_lookup (fixture->options, "commandline", "^as", &command));
  g_assert_cmpuint (g_strv_length (command), ==, 1);
  g_assert_cmpstr (command[0], ==, MORTISE_LIBEXECDIR "/mortise-agent");
  g_assert_true (g_variant_lookup (fixture->options, "reason", "&s", &reason));
  g_assert_cmpstr (reason, !=, "");
  /* The person is being asked: nothing is settled yet. */
  mortise_test_settle (fixture->window.window);
  g_assert_false (mortise_agent_autostart_is_enabled ());
  answer (fixture, 0, TRUE);
  mortise_test_wait_until (starts_at_login, NULL);
  assert_no_entry ();
}

static void
test_preferences (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;
  GtkWidget *autostart = NULL;
  gboolean wanted = TRUE;

  start_portal (fixture);
  mortise_window_fixture_open (&fixture->window);
  dialog = open_preferences (fixture);
  autostart = mortise_test_get (dialog, GTK_TYPE_SWITCH, "Start at login");
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (autostart)));
  gtk_widget_activate (autostart);
  mortise_test_wait_until (is_asked, fixture);
  g_assert_false (gtk_switch_get_state (GTK_SWITCH (autostart)));
  answer (fixture, 0, TRUE);
  mortise_test_wait_until (is_on, autostart);
  gtk_window_destroy (GTK_WINDOW (dialog));

  /* What was answered is known later too, and can be taken back. */
  dialog = open_preferences (fixture);
  autostart = mortise_test_get (dialog, GTK_TYPE_SWITCH, "Start at login");
  g_assert_true (is_on (autostart));
  gtk_widget_activate (autostart);
  mortise_test_wait_until (is_asked, fixture);
  g_assert_true (g_variant_lookup (fixture->options, "autostart", "b", &wanted));
  g_assert_false (wanted);
  answer (fixture, 0, FALSE);
  mortise_test_wait_until (starts_not, NULL);
  mortise_test_wait_until (is_off, autostart);
  gtk_window_destroy (GTK_WINDOW (dialog));
  assert_no_entry ();
}

/* The switch goes back, and the person hears why. */
static void
expect_refusal (Fixture *fixture, void (*refuse) (Fixture *fixture), const char *sentence)
{
  GtkWidget *dialog = NULL;
  GtkWidget *autostart = NULL;
  GtkWidget *message = NULL;

  mortise_window_fixture_open (&fixture->window);
  dialog = open_preferences (fixture);
  autostart = mortise_test_get (dialog, GTK_TYPE_SWITCH, "Start at login");
  gtk_widget_activate (autostart);
  refuse (fixture);
  message = mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG);
  g_assert_true (mortise_test_has_text (message, sentence));
  mortise_test_click (message, "Close");
  mortise_test_wait_until (is_off, autostart);
  g_assert_false (mortise_agent_autostart_is_enabled ());
  assert_no_entry ();
  gtk_window_destroy (GTK_WINDOW (dialog));
}

static void
say_no (Fixture *fixture)
{
  mortise_test_wait_until (is_asked, fixture);
  answer (fixture, 1, FALSE);
}

static void
grant_less (Fixture *fixture)
{
  mortise_test_wait_until (is_asked, fixture);
  answer (fixture, 0, FALSE);
}

static void
go_away (Fixture *fixture)
{
  mortise_test_wait_until (is_asked, fixture);
  stop_portal (fixture);
}

static void
do_nothing (Fixture *fixture)
{
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  start_portal (fixture);
  expect_refusal (fixture, say_no, "The desktop does not let Mortise start at login.");
}

static void
test_less (Fixture *fixture, gconstpointer data)
{
  start_portal (fixture);
  expect_refusal (fixture, grant_less, "The desktop does not let Mortise start at login.");
}

static void
test_gone (Fixture *fixture, gconstpointer data)
{
  start_portal (fixture);
  expect_refusal (fixture, go_away, "Whether Mortise starts at login could not be changed");
}

static void
test_no_portal (Fixture *fixture, gconstpointer data)
{
  expect_refusal (fixture, do_nothing, "Whether Mortise starts at login could not be changed");
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD(path, function)                                                                        \
  g_test_add ("/window/portal/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("health-line", test_health_line);
  ADD ("preferences", test_preferences);
  ADD ("refused", test_refused);
  ADD ("less", test_less);
  ADD ("gone", test_gone);
  ADD ("no-portal", test_no_portal);
#undef ADD
  return g_test_run ();
}
