/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/agent-autostart.h"
#include "app/window/preferences.h"
#include "app/window/search-provider.h"
#include "app/window/system-setup.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/screenshot.h"
#include "tests/support/window-fixture.h"

#include <glib/gstdio.h>

/* The health page's buttons: what is offered, said and done before and after an administrator
 * agrees. */

typedef struct
{
  MortiseWindowFixture window;
  char *folder;
  char *helper;
  char *pkexec;
  char *log;
} Fixture;

static void
write_script (const char *path, const char *script)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, script, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_set_up (&fixture->window, NULL);
  fixture->folder = scratch_folder_new ();
  fixture->helper = g_build_filename (fixture->folder, "mortise-setup", NULL);
  fixture->pkexec = g_build_filename (fixture->folder, "pkexec", NULL);
  fixture->log = g_build_filename (fixture->folder, "log", NULL);
  write_script (fixture->helper, "#!/bin/sh\necho \"/etc/udev/rules.d/70-mortise.rules\"\n"
                                 "echo \"    the very rule\"\n");
  mortise_system_setup_set_programs (fixture->helper, fixture->pkexec);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_tear_down (&fixture->window, NULL);
  mortise_system_setup_set_programs (NULL, NULL);
  scratch_folder_remove (fixture->folder);
  g_free (fixture->helper);
  g_free (fixture->pkexec);
  g_free (fixture->log);
}

/* What pkexec's place is taken by: notes what it is asked to run, and ends as told. */
static void
use_pkexec (Fixture *fixture, int status)
{
  g_autofree char *script = g_strdup_printf (
      "#!/bin/sh\necho \"$@\" >> %s\necho 'no space left' >&2\nexit %d\n", fixture->log, status);

  write_script (fixture->pkexec, script);
}

static void
open_health (Fixture *fixture)
{
  mortise_mock_agent_set_healthy (fixture->window.agent, FALSE);
  mortise_window_fixture_open (&fixture->window);
  gtk_widget_activate_action (fixture->window.root, "win.page", "s", "health");
  mortise_window_fixture_wait_for_text (&fixture->window, "What helps: Let Mortise set up");
}

static gboolean
shows_memory (gpointer user_data)
{
  return mortise_test_has_text (user_data, "Locked: secrets are never written to disk.");
}

/* What needs the person comes before all else; what is in order is one row, until it is opened. */
static void
test_order (Fixture *fixture, gconstpointer data)
{
  static const char *const titles[] = { "Virtual security key", "Visible to browsers",
                                        "Chromium (Snap)", "Fingerprint", "5 things are in order" };
  GtkWidget *group = NULL;
  GtkWidget *button = NULL;
  g_autofree char *text = NULL;
  const char *place = NULL;

  open_health (fixture);
  group = mortise_test_get (fixture->window.root, g_type_from_name ("MortiseHealthGroup"), NULL);
  text = mortise_test_collect_text (group);
  place = text;
  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      place = strstr (place, titles[i]);
      g_assert_nonnull (place);
    }
  g_assert_true (
      mortise_test_has_text (group, "TPM, Firefox, Session, Memory for secrets, Prompt"));
  g_assert_false (shows_memory (group));
  button = mortise_test_get (group, GTK_TYPE_TOGGLE_BUTTON, "Show What Is in Order");
  g_assert_true (gtk_widget_grab_focus (button));
  mortise_test_keys ("space", NULL);
  mortise_test_wait_until (shows_memory, group);
  /* Checking again does not fold it. */
  mortise_mock_agent_set_healthy (fixture->window.agent, TRUE);
  mortise_test_click (fixture->window.root, "Check Again");
  mortise_window_fixture_wait_for_text (&fixture->window, "10 things are in order");
  g_assert_true (shows_memory (group));
}

static graphene_rect_t
get_place (GtkWidget *widget, GtkWidget *root)
{
  graphene_rect_t place;

  g_assert_true (gtk_widget_compute_bounds (widget, root, &place));
  return place;
}

/* A button is beside its text, or below it and starts where the text does. */
static void
assert_button_below (Fixture *fixture, const char *name, const char *title, gboolean below)
{
  GtkWidget *root = fixture->window.root;
  GtkWidget *button = mortise_test_get (root, GTK_TYPE_BUTTON, name);
  GtkWidget *row = gtk_widget_get_ancestor (button, ADW_TYPE_ACTION_ROW);
  GtkWidget *label = mortise_test_get (row, GTK_TYPE_LABEL, title);
  const graphene_rect_t text = get_place (gtk_widget_get_parent (label), root);
  const graphene_rect_t place = get_place (button, root);

  if (below)
    {
      g_assert_cmpfloat (place.origin.y, >=, text.origin.y + text.size.height);
      g_assert_cmpfloat (place.origin.x, ==, text.origin.x);
    }
  else
    {
      g_assert_cmpfloat (place.origin.y, <, text.origin.y + text.size.height);
      g_assert_cmpfloat (place.origin.x, >=, text.origin.x + text.size.width);
    }
}

static void
test_narrow (Fixture *fixture, gconstpointer data)
{
  open_health (fixture);
  mortise_test_settle (fixture->window.window);
  assert_button_below (fixture, "Set up this computer: Virtual security key",
                       "Virtual security key", FALSE);
  gtk_window_set_default_size (fixture->window.window, 360, 750);
  mortise_test_settle (fixture->window.window);
  assert_button_below (fixture, "Set up this computer: Virtual security key",
                       "Virtual security key", TRUE);
  assert_button_below (fixture, "Switch on: Start at login", "Start at login", TRUE);
  /* Where the text has room enough nothing changes. */
  assert_button_below (fixture, "Try It", "Register and sign in", FALSE);
}

static void
assert_plan (GtkWidget *dialog, const char *line)
{
  GtkWidget *view = mortise_test_get (dialog, GTK_TYPE_TEXT_VIEW, "What will be written");
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));
  g_autofree char *text = NULL;

  g_object_get (buffer, "text", &text, NULL);
  g_assert_nonnull (strstr (text, line));
}

static char *
read_log (Fixture *fixture)
{
  char *text = NULL;

  if (!g_file_get_contents (fixture->log, &text, NULL, NULL))
    return g_strdup ("");
  return text;
}

static void
assert_log (Fixture *fixture, const char *command)
{
  g_autofree char *expected = g_strdup_printf ("%s %s\n", fixture->helper, command);
  g_autofree char *log = read_log (fixture);

  g_assert_cmpstr (log, ==, expected);
}

static void
test_set_up (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;
  g_autofree char *log = NULL;

  use_pkexec (fixture, 0);
  open_health (fixture);
  mortise_test_assert_named (fixture->window.root);
  mortise_test_click (fixture->window.root, "Set up this computer: Virtual security key");
  dialog = mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG);
  assert_plan (dialog, "/etc/udev/rules.d/70-mortise.rules");
  assert_plan (dialog, "the very rule");
  g_assert_true (mortise_test_has_text (dialog, "This is all that is written."));
  mortise_test_assert_named (dialog);
  mortise_test_screenshot (GTK_WINDOW (dialog), "health-set-up");
  /* Before the person goes on nobody is asked for a password. */
  log = read_log (fixture);
  g_assert_cmpstr (log, ==, "");
  mortise_test_click (dialog, "Set Up…");
  mortise_window_fixture_assert_call (&fixture->window, "Retry ()");
  assert_log (fixture, "install");
  mortise_window_fixture_wait_for_text (&fixture->window, "This computer is set up");
}

static void
test_set_up_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autofree char *log = NULL;

  use_pkexec (fixture, 0);
  open_health (fixture);
  mortise_test_click (fixture->window.root, "Set up this computer: Virtual security key");
  mortise_test_click (mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG), "Cancel");
  mortise_test_settle (fixture->window.window);
  log = read_log (fixture);
  g_assert_cmpstr (log, ==, "");
}

static gboolean
log_is_there (gpointer user_data)
{
  return g_file_test (user_data, G_FILE_TEST_EXISTS);
}

/* The password dialog was closed: that is an answer and no failure. */
static void
test_set_up_dismissed (Fixture *fixture, gconstpointer data)
{
  g_autofree char *calls = NULL;

  use_pkexec (fixture, 126);
  open_health (fixture);
  mortise_test_click (fixture->window.root, "Set up this computer: Virtual security key");
  mortise_test_click (mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG), "Set Up…");
  mortise_test_wait_until (log_is_there, fixture->log);
  mortise_test_settle (fixture->window.window);
  calls = mortise_mock_agent_take_calls (fixture->window.agent);
  g_assert_cmpstr (calls, ==, "");
  g_assert_false (mortise_test_has_text (fixture->window.root, "This computer is set up"));
}

static void
test_set_up_fails (Fixture *fixture, gconstpointer data)
{
  use_pkexec (fixture, 1);
  open_health (fixture);
  mortise_test_click (fixture->window.root, "Set up this computer: Virtual security key");
  mortise_test_click (mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG), "Set Up…");
  mortise_test_wait_until (log_is_there, fixture->log);
  mortise_test_wait_for_text (mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG),
                              "no space left");
}

static void
test_without_pkexec (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;
  g_autofree char *command = g_strdup_printf ("sudo %s install", fixture->helper);

  mortise_system_setup_set_programs (fixture->helper, NULL);
  open_health (fixture);
  mortise_test_click (fixture->window.root, "Set up this computer: Virtual security key");
  dialog = mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG);
  g_assert_true (mortise_test_has_text (dialog, command));
  g_assert_null (mortise_test_find (dialog, GTK_TYPE_BUTTON, "Set Up…"));
  mortise_test_click (dialog, "Close");
}

static void
test_not_installed (Fixture *fixture, gconstpointer data)
{
  mortise_system_setup_set_programs ("/nonexistent/mortise-setup", fixture->pkexec);
  open_health (fixture);
  mortise_test_click (fixture->window.root, "Set up this computer: Virtual security key");
  mortise_test_wait_for_text (mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG),
                              "is not installed");
}

static void
test_undo (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;

  use_pkexec (fixture, 0);
  open_health (fixture);
  gtk_widget_activate_action (
      mortise_test_get (fixture->window.root, GTK_TYPE_BUTTON, "Check Again"), "health.undo-set-up",
      NULL);
  dialog = mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG);
  g_assert_true (mortise_test_has_text (dialog, "These files are removed"));
  mortise_test_click (dialog, "Undo…");
  mortise_window_fixture_assert_call (&fixture->window, "Retry ()");
  assert_log (fixture, "remove");
}

static void
test_replug (Fixture *fixture, gconstpointer data)
{
  open_health (fixture);
  mortise_test_click (fixture->window.root, "Plug in again: Visible to browsers");
  mortise_window_fixture_assert_call (&fixture->window, "Replug ()");
}

/* --- Start at login: a systemd in the test's own session ----------------------------------------
 */

static const char systemd_xml[] =
    "<node><interface name='org.freedesktop.systemd1.Manager'>"
    "<method name='EnableUnitFiles'><arg type='as' direction='in'/><arg type='b' direction='in'/>"
    "<arg type='b' direction='in'/><arg type='b' direction='out'/>"
    "<arg type='a(sss)' direction='out'/></method>"
    "<method name='DisableUnitFiles'><arg type='as' direction='in'/><arg type='b' direction='in'/>"
    "<arg type='a(sss)' direction='out'/></method>"
    "<method name='Reload'/></interface></node>";

static void
on_systemd_call (GDBusConnection *connection,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *method,
                 GVariant *parameters,
                 GDBusMethodInvocation *invocation,
                 gpointer user_data)
{
  GString *calls = user_data;
  g_autofree char *arguments = g_variant_print (parameters, FALSE);

  g_string_append_printf (calls, "%s %s\n", method, arguments);
  if (g_str_equal (method, "EnableUnitFiles"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(ba(sss))", TRUE, NULL));
  else if (g_str_equal (method, "DisableUnitFiles"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a(sss))", NULL));
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
}

static gboolean
has_reloaded (gpointer user_data)
{
  return strstr (((GString *) user_data)->str, "Reload") != NULL;
}

static void
test_autostart_systemd (Fixture *fixture, gconstpointer data)
{
  static const GDBusInterfaceVTable vtable = { on_systemd_call, NULL, NULL, { 0 } };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (systemd_xml, NULL);
  GDBusConnection *bus = fixture->window.connection;
  GString *calls = g_string_new (NULL);
  guint object = g_dbus_connection_register_object (
      bus, "/org/freedesktop/systemd1", info->interfaces[0], &vtable, calls, NULL, NULL);
  guint name = g_bus_own_name_on_connection (bus, "org.freedesktop.systemd1",
                                             G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);

  open_health (fixture);
  mortise_test_click (fixture->window.root, "Switch on: Start at login");
  mortise_test_wait_until (has_reloaded, calls);
  g_assert_cmpstr (calls->str, ==,
                   "EnableUnitFiles (['mortise-agent.service'], false, false)\nReload ()\n");
  g_bus_unown_name (name);
  g_dbus_connection_unregister_object (bus, object);
  g_string_free (calls, TRUE);
}

static void
on_autostart_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  mortise_agent_autostart_set_finish (result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer user_data)
{
  return *(gboolean *) user_data;
}

static gboolean
starts_at_login (gpointer user_data)
{
  return mortise_agent_autostart_is_enabled ();
}

/* No systemd answers in this session: an entry in the autostart folder does it. */
static void
test_autostart_entry (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path =
      g_build_filename (g_get_user_config_dir (), "autostart", MORTISE_AGENT_NAME ".desktop", NULL);
  g_autofree char *entry = NULL;
  gboolean done = FALSE;

  open_health (fixture);
  mortise_test_click (fixture->window.root, "Switch on: Start at login");
  mortise_test_wait_until (starts_at_login, NULL);
  g_assert_true (g_file_get_contents (path, &entry, NULL, NULL));
  g_assert_nonnull (strstr (entry, "Exec=" MORTISE_LIBEXECDIR "/mortise-agent\n"));
  mortise_agent_autostart_set (fixture->window.connection, FALSE, NULL, on_autostart_set, &done);
  mortise_test_wait_until (is_true, &done);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (mortise_agent_autostart_is_enabled ());
}

static gboolean
starts_not (gpointer user_data)
{
  return !mortise_agent_autostart_is_enabled ();
}

static gboolean
is_on (gpointer user_data)
{
  return gtk_switch_get_active (user_data) && gtk_switch_get_state (user_data);
}

static void
test_preferences (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;
  GtkWidget *autostart = NULL;
  GtkWidget *search = NULL;

  mortise_window_fixture_open (&fixture->window);
  gtk_widget_activate_action (fixture->window.root, "win.preferences", NULL);
  dialog = mortise_test_wait_for_window (MORTISE_TYPE_PREFERENCES);
  autostart = mortise_test_get (dialog, GTK_TYPE_SWITCH, "Start at login");
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (autostart)));
  gtk_widget_activate (autostart);
  mortise_test_wait_until (starts_at_login, NULL);
  /* The entry is there before the switch hears of it. */
  mortise_test_wait_until (is_on, autostart);
  gtk_widget_activate (autostart);
  mortise_test_wait_until (starts_not, NULL);

  search = mortise_test_get (dialog, GTK_TYPE_SWITCH, "Show passkeys in the desktop’s search");
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (search)));
  gtk_widget_activate (search);
  mortise_test_settle (GTK_WINDOW (dialog));
  g_assert_true (gtk_switch_get_state (GTK_SWITCH (search)));
  g_assert_true (mortise_search_provider_is_enabled ());
  gtk_widget_activate (search);
  mortise_test_settle (GTK_WINDOW (dialog));
  g_assert_false (mortise_search_provider_is_enabled ());
  gtk_window_destroy (GTK_WINDOW (dialog));
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD(path, function)                                                                        \
  g_test_add ("/window/health/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("order", test_order);
  ADD ("narrow", test_narrow);
  ADD ("set-up", test_set_up);
  ADD ("set-up-cancelled", test_set_up_cancelled);
  ADD ("set-up-dismissed", test_set_up_dismissed);
  ADD ("set-up-fails", test_set_up_fails);
  ADD ("without-pkexec", test_without_pkexec);
  ADD ("not-installed", test_not_installed);
  ADD ("undo", test_undo);
  ADD ("replug", test_replug);
  ADD ("autostart-systemd", test_autostart_systemd);
  ADD ("autostart-entry", test_autostart_entry);
  ADD ("preferences", test_preferences);
#undef ADD
  return g_test_run ();
}
