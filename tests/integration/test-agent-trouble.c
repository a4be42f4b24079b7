/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the agent does when a part of its world is missing, and how it ends. */
#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "app/agent/agent.h"
#include "tests/support/agent-fixture.h"
#include "tests/support/end-with-test.h"
#include "tests/support/wait-for.h"

#define WAIT_LIMIT (AGENT_FIXTURE_PATIENCE * G_TIME_SPAN_SECOND)

static void
pause_until (gint64 limit, const char *what)
{
  if (g_get_monotonic_time () > limit)
    g_error ("Waited in vain for %s", what);
  g_usleep (3000);
}

/* Until the agent has found out what is wrong. */
static void
wait_problem (AgentFixture *f, const char *expected)
{
  gint64 limit = g_get_monotonic_time () + WAIT_LIMIT;

  for (;;)
    {
      g_autofree char *problem = agent_fixture_get_string (f, "Problem");

      if (g_str_equal (problem, expected))
        return;
      if (g_get_monotonic_time () > limit)
        g_error ("Problem is “%s”, not “%s”", problem, expected);
      g_usleep (3000);
    }
}

static void
assert_property (AgentFixture *f, const char *property, const char *expected)
{
  g_autofree char *value = agent_fixture_get_string (f, property);

  g_assert_cmpstr (value, ==, expected);
}

static void
assert_call_fails (AgentFixture *f, const char *method, GVariant *arguments, MortiseError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = agent_fixture_call (f, method, arguments, &error);

  g_assert_null (reply);
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

static void
assert_health (AgentFixture *f, const char *id, const char *state)
{
  g_autoptr (GVariant) reply = agent_fixture_call (f, "GetHealth", NULL, NULL);
  g_autoptr (GVariant) lines = g_variant_get_child_value (reply, 0);

  for (gsize i = 0; i < g_variant_n_children (lines); i++)
    {
      g_autoptr (GVariant) line = g_variant_get_child_value (lines, i);
      const char *line_id, *line_state, *title, *text, *step;

      g_assert_true (g_variant_lookup (line, "id", "&s", &line_id));
      g_assert_true (g_variant_lookup (line, "state", "&s", &line_state));
      g_assert_true (g_variant_lookup (line, "title", "&s", &title));
      g_assert_true (g_variant_lookup (line, "text", "&s", &text));
      g_assert_true (g_variant_lookup (line, "step", "&s", &step));
      g_assert_cmpstr (title, !=, "");
      g_assert_cmpstr (text, !=, "");
      /* It is shown on that very page. */
      g_assert_null (strstr (text, "health page"));
      /* What is wrong comes with the step that mends it. */
      if (g_str_equal (line_state, "error") || g_str_equal (line_state, "warning"))
        g_assert_cmpstr (step, !=, "");
      if (g_str_equal (line_id, id))
        {
          g_assert_cmpstr (line_state, ==, state);
          return;
        }
    }
  g_error ("There is no line “%s”", id);
}

static GVariant *
list_arguments (void)
{
  return g_variant_new ("(bxu)", FALSE, (gint64) 0, 0);
}

/* --- Something is missing ----------------------------------------------------------------------
 */

static void
test_no_tpm (AgentFixture *f, gconstpointer data)
{
  g_free (f->tcti);
  f->tcti = g_strdup ("device:/nonexistent/tpm");
  agent_fixture_start (f);
  wait_problem (f, "TpmMissing");
  assert_property (f, "VaultState", "unavailable");
  assert_property (f, "Transport", "none");
  /* An error, not an empty list that looks like loss. */
  assert_call_fails (f, "ListPasskeys", list_arguments (), MORTISE_ERROR_TPM_MISSING);
  assert_call_fails (f, "CreateVault", NULL, MORTISE_ERROR_TPM_MISSING);
  assert_call_fails (f, "Unlock", NULL, MORTISE_ERROR_TPM_MISSING);
  assert_call_fails (f, "Reset", NULL, MORTISE_ERROR_TPM_MISSING);
  assert_call_fails (f, "Retry", NULL, MORTISE_ERROR_TPM_MISSING);
  assert_call_fails (f, "Replug", NULL, MORTISE_ERROR_DEVICE_MISSING);
  g_variant_unref (agent_fixture_call (f, "Lock", NULL, NULL));
  assert_health (f, "tpm", "error");
  assert_health (f, "uhid", "warning");
}

/* Switched off at start, on later: one call, and all is well. */
static void
test_tpm_comes_back (AgentFixture *f, gconstpointer data)
{
  agent_fixture_stop (f);
  mortise_swtpm_power_off (f->swtpm);
  agent_fixture_start (f);
  wait_problem (f, "TpmMissing");
  mortise_swtpm_power_on (f->swtpm);
  g_variant_unref (agent_fixture_call (f, "Retry", NULL, NULL));
  assert_property (f, "Problem", "");
  agent_fixture_wait_state (f, "listable");
  agent_fixture_assert_works (f);
}

static void
test_no_uhid (AgentFixture *f, gconstpointer data)
{
  g_ptr_array_add (f->options, g_strdup ("--transport=uhid:/nonexistent/uhid"));
  agent_fixture_start (f);
  wait_problem (f, "DeviceMissing");
  assert_property (f, "Transport", "none");
  /* All the rest works. */
  agent_fixture_create_vault (f);
  g_variant_unref (agent_fixture_list (f, FALSE));
  assert_health (f, "uhid", "error");
  assert_health (f, "tpm", "warning"); /* software */
  assert_call_fails (f, "Replug", NULL, MORTISE_ERROR_DEVICE_MISSING);
  assert_call_fails (f, "Retry", NULL, MORTISE_ERROR_DEVICE_MISSING);
}

static void
test_no_keyring (AgentFixture *f, gconstpointer data)
{
  assert_health (f, "keyring", "warning");
  agent_fixture_stop (f);
  agent_fixture_start (f);
  agent_fixture_wait_state (f, "locked");
  assert_call_fails (f, "ListPasskeys", list_arguments (), MORTISE_ERROR_VAULT_LOCKED);
  agent_fixture_unlock (f);
  g_variant_unref (agent_fixture_list (f, FALSE));
}

static void
test_no_logind (AgentFixture *f, gconstpointer data)
{
  assert_health (f, "session", "warning");
  assert_health (f, "autostart", "warning"); /* nothing in this home starts it */
  assert_health (f, "memory", "ok");
  assert_health (f, "prompt", "ok");
  assert_property (f, "Problem", "");
}

/* No bus at all: clients are served all the same. */
static void
test_no_bus (AgentFixture *f, gconstpointer data)
{
  const char *bus = g_test_dbus_get_bus_address (f->test_bus);
  g_autoptr (GSubprocess) agent = NULL;
  g_autoptr (MortiseRegistration) registration = NULL;

  agent_fixture_stop (f);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  agent = agent_fixture_spawn (f);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", bus, TRUE);
  /* The socket's file is there before anyone listens at it. */
  ctaphid_client_free (ctaphid_client_open (f->socket_path));

  registration = agent_fixture_register (f, "no-bus.example", "alice", NULL);
  g_subprocess_send_signal (agent, SIGTERM);
  g_subprocess_wait (agent, NULL, NULL);
  g_assert_cmpint (g_subprocess_get_exit_status (agent), ==, MORTISE_AGENT_EXIT_OK);

  agent_fixture_start (f);
  agent_fixture_wait_state (f, "listable");
  g_assert_cmpint (agent_fixture_find_passkey (f, FALSE, registration->credential_id), >, 0);
}

static void
test_unusable_folder (AgentFixture *f, gconstpointer data)
{
  g_autofree char *state = NULL;

  g_assert_true (g_file_set_contents (f->data_dir, "a file", -1, NULL));
  agent_fixture_start (f);
  wait_problem (f, "VaultIo");
  assert_property (f, "VaultState", "unavailable");
  assert_call_fails (f, "ListPasskeys", list_arguments (), MORTISE_ERROR_VAULT_IO);

  g_assert_no_errno (g_unlink (f->data_dir));
  g_variant_unref (agent_fixture_call (f, "Retry", NULL, NULL));
  agent_fixture_wait_state (f, "no-vault");
}

/* The TPM was replaced: the vault is of no use here any more, and may be given up. */
static void
test_reset_lost_vault (AgentFixture *f, gconstpointer data)
{
  MortiseSwtpm *other = mortise_swtpm_new ();

  agent_fixture_stop (f);
  g_free (f->tcti);
  f->tcti = g_strdup (mortise_swtpm_get_tcti (other));
  agent_fixture_start (f);
  wait_problem (f, "TpmOther");
  agent_fixture_answer (f, "deny");
  assert_call_fails (f, "Reset", NULL, MORTISE_ERROR_DENIED);
  assert_property (f, "Problem", "TpmOther");

  agent_fixture_answer (f, "approve expect=reset");
  g_variant_unref (agent_fixture_call (f, "Reset", NULL, NULL));
  assert_property (f, "Problem", "");
  agent_fixture_create_vault (f);
  agent_fixture_assert_works (f);
  agent_fixture_stop (f);
  mortise_swtpm_free (other);
}

/* --- One at a time -----------------------------------------------------------------------------
 */

static void
assert_second_ends (AgentFixture *f, const char *message)
{
  g_autoptr (GSubprocess) second = agent_fixture_spawn (f);
  g_autofree char *log = NULL;

  g_subprocess_wait (second, NULL, NULL);
  g_assert_true (g_subprocess_get_if_exited (second));
  g_assert_cmpint (g_subprocess_get_exit_status (second), ==, MORTISE_AGENT_EXIT_ALREADY_RUNNING);
  log = agent_fixture_read_log (f);
  g_assert_nonnull (strstr (log, message));
}

static void
test_second_instance (AgentFixture *f, gconstpointer data)
{
  g_autofree char *data_dir = g_build_filename (f->directory, "other", NULL);
  g_autofree char *option = g_strconcat ("--data-dir=", data_dir, NULL);
  MortiseSwtpm *swtpm;

  /* The same vault under another name. */
  g_ptr_array_add (f->options, g_strdup ("--bus-name=org.example.Second"));
  g_free (f->tcti);
  swtpm = mortise_swtpm_new ();
  f->tcti = g_strdup (mortise_swtpm_get_tcti (swtpm));
  assert_second_ends (f, "vault");

  /* Another vault under the same name. */
  g_ptr_array_set_size (f->options, 0);
  g_ptr_array_add (f->options, g_steal_pointer (&option));
  assert_second_ends (f, "Another Mortise agent serves this session");
  mortise_swtpm_free (swtpm);

  /* The first has not felt it. */
  agent_fixture_assert_works (f);
}

static void
test_usage (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GSubprocess) agent = NULL;

  g_ptr_array_add (f->options, g_strdup ("--transport=pigeon"));
  agent = agent_fixture_spawn (f);
  g_subprocess_wait (agent, NULL, NULL);
  g_assert_cmpint (g_subprocess_get_exit_status (agent), ==, MORTISE_AGENT_EXIT_USAGE);
}

/* --- Its end -----------------------------------------------------------------------------------
 */

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* The question goes, who asked is told, the device goes, the status is 0. */
static void
test_terminate_while_asking (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint number = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "hang");
  g_dbus_connection_call (f->bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH, MORTISE_APP_ID ".Agent1",
                          "ChangePin", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL,
                          result_cb, &result);
  g_free (agent_fixture_wait_event (f, number, "shown"));
  agent_fixture_stop (f);
  g_free (agent_fixture_wait_event (f, number, "closed-by-agent"));
  WAIT_FOR (result != NULL);
  g_assert_null (g_dbus_connection_call_finish (f->bus, result, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
  g_assert_false (g_file_test (f->socket_path, G_FILE_TEST_EXISTS));
}

static gpointer
register_in_thread (gpointer data)
{
  AgentFixture *f = data;

  return mortise_relying_party_register (f->rp, f->socket_path, "end.example", "alice", NULL, NULL,
                                         NULL);
}

static void
test_terminate_in_request (AgentFixture *f, gconstpointer data)
{
  guint number = agent_fixture_count_questions (f) + 1;
  GThread *client;

  agent_fixture_answer (f, "hang");
  client = g_thread_new ("client", register_in_thread, f);
  g_free (agent_fixture_wait_event (f, number, "shown"));
  agent_fixture_stop (f);
  g_free (agent_fixture_wait_event (f, number, "closed-by-agent"));
  g_assert_null (g_thread_join (client));

  agent_fixture_start (f);
  agent_fixture_wait_state (f, "listable");
  agent_fixture_assert_works (f);
}

static void
test_bus_dies (AgentFixture *f, gconstpointer data)
{
  agent_fixture_stop (f);
  g_dbus_connection_set_exit_on_close (f->bus, FALSE);
  agent_fixture_start (f);
  agent_fixture_wait_state (f, "listable");
  g_dbus_connection_close_sync (f->bus, NULL, NULL);
  g_test_dbus_stop (f->test_bus);
  g_subprocess_wait (f->agent, NULL, NULL);
  g_assert_cmpint (g_subprocess_get_exit_status (f->agent), ==, MORTISE_AGENT_EXIT_OK);
  g_clear_object (&f->agent);
}

/* --- Locking by itself -------------------------------------------------------------------------
 */

static void
test_idle_lock (AgentFixture *f, gconstpointer data)
{
  agent_fixture_stop (f);
  g_ptr_array_add (f->options, g_strdup ("--idle-lock=1"));
  agent_fixture_start (f);
  agent_fixture_wait_state (f, "listable");
  agent_fixture_answer (f, "approve expect=unlock pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (f, "Unlock", NULL, NULL));
  agent_fixture_wait_state (f, "listable");
}

/* --- Demo --------------------------------------------------------------------------------------
 */

static char *
get_demo_string (AgentFixture *f, const char *property)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;

  reply = g_dbus_connection_call_sync (
      f->bus, MORTISE_AGENT_NAME ".Demo", MORTISE_AGENT_PATH, "org.freedesktop.DBus.Properties",
      "Get", g_variant_new ("(ss)", MORTISE_APP_ID ".Agent1", property), G_VARIANT_TYPE ("(v)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);
  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(v)", &value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
             ? g_strdup (g_variant_get_boolean (value) ? "yes" : "no")
             : g_variant_dup_string (value, NULL);
}

static GSubprocess *
start_demo (AgentFixture *f, char **ret_socket)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  g_autofree char *prompter = g_strconcat ("--prompter=", g_getenv ("MORTISE_TEST_PROMPTER"), NULL);
  GSubprocess *agent;
  gint64 limit = g_get_monotonic_time () + WAIT_LIMIT;

  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  agent = g_subprocess_launcher_spawn (launcher, &error, g_getenv ("MORTISE_TEST_AGENT"), "--demo",
                                       prompter, NULL);
  g_assert_no_error (error);
  for (;;)
    {
      g_autofree char *socket = get_demo_string (f, "SocketPath");

      if (socket != NULL && *socket != '\0')
        {
          *ret_socket = g_steal_pointer (&socket);
          return agent;
        }
      pause_until (limit, "the demo");
    }
}

/* Nothing is left of a demo, and it touches nothing of the person's own. */
static void
test_demo (AgentFixture *f, gconstpointer data)
{
  g_autofree char *socket = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *demo = NULL;
  g_autofree char *own = g_build_filename (g_getenv ("XDG_DATA_HOME"), "mortise", NULL);
  g_autoptr (GSubprocess) agent = start_demo (f, &socket);

  demo = get_demo_string (f, "Demo");
  g_assert_cmpstr (demo, ==, "yes");
  folder = g_path_get_dirname (socket);
  g_assert_true (g_file_test (folder, G_FILE_TEST_IS_DIR));
  g_subprocess_send_signal (agent, SIGTERM);
  g_subprocess_wait (agent, NULL, NULL);
  g_assert_cmpint (g_subprocess_get_exit_status (agent), ==, MORTISE_AGENT_EXIT_OK);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (own, G_FILE_TEST_EXISTS));
}

#define ADD(path, words, function)                                                                 \
  g_test_add (path, AgentFixture, words, agent_fixture_set_up, function, agent_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  (void) mortise_error_quark ();
  ADD ("/agent-trouble/no-tpm", AGENT_FIXTURE_NO_START, test_no_tpm);
  ADD ("/agent-trouble/tpm-comes-back", NULL, test_tpm_comes_back);
  ADD ("/agent-trouble/no-uhid", AGENT_FIXTURE_NO_START, test_no_uhid);
  ADD ("/agent-trouble/no-keyring", AGENT_FIXTURE_NO_KEYRING, test_no_keyring);
  ADD ("/agent-trouble/no-logind", NULL, test_no_logind);
  ADD ("/agent-trouble/no-bus", NULL, test_no_bus);
  ADD ("/agent-trouble/unusable-folder", AGENT_FIXTURE_NO_START, test_unusable_folder);
  ADD ("/agent-trouble/reset-lost-vault", NULL, test_reset_lost_vault);
  ADD ("/agent-trouble/second-instance", NULL, test_second_instance);
  ADD ("/agent-trouble/usage", AGENT_FIXTURE_NO_START, test_usage);
  ADD ("/agent-trouble/terminate-while-asking", NULL, test_terminate_while_asking);
  ADD ("/agent-trouble/terminate-in-request", NULL, test_terminate_in_request);
  ADD ("/agent-trouble/bus-dies", NULL, test_bus_dies);
  ADD ("/agent-trouble/idle-lock", NULL, test_idle_lock);
  ADD ("/agent-trouble/demo", AGENT_FIXTURE_NO_START, test_demo);
  return g_test_run ();
}
