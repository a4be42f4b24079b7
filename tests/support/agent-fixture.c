/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/agent-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/end-with-test.h"
#include "tests/support/test-bus.h"

/* Of each log, where a wait was in vain. */
#define SHOWN_LINES 60

#define INTERFACE MORTISE_APP_ID ".Agent1"

static gint64
deadline (void)
{
  return g_get_monotonic_time () + AGENT_FIXTURE_PATIENCE * G_USEC_PER_SEC;
}

static void
show_end (const char *title, const char *path)
{
  g_autofree char *content = NULL;
  g_auto (GStrv) lines = NULL;
  guint n_lines;

  g_printerr ("--- %s\n", title);
  if (!g_file_get_contents (path, &content, NULL, NULL))
    return;
  lines = g_strsplit (content, "\n", -1);
  n_lines = g_strv_length (lines);
  for (guint i = n_lines > SHOWN_LINES ? n_lines - SHOWN_LINES : 0; i < n_lines; i++)
    g_printerr ("%s\n", lines[i]);
}

G_GNUC_NORETURN G_GNUC_PRINTF (2, 3) static void fail (AgentFixture *f, const char *format, ...)
{
  g_autofree char *prompter_log = g_build_filename (f->prompter_dir, "log", NULL);
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  show_end ("the agent", f->log_path);
  show_end ("the prompter", prompter_log);
  g_error ("%s", what);
}

/* Sleeps a little while something outside of this process is waited for. */
static void
wait_a_little (AgentFixture *f, gint64 end, const char *what)
{
  if (g_get_monotonic_time () > end)
    fail (f, "Waited in vain for %s", what);
  g_usleep (3000);
}

static const char *
program_path (const char *variable)
{
  const char *path = g_getenv (variable);

  if (path == NULL)
    g_error ("%s is not set; run the test through meson", variable);
  return path;
}

/* --- The person --------------------------------------------------------------------------------
 */

static char *
prompter_file (AgentFixture *f, const char *name)
{
  return g_build_filename (f->prompter_dir, name, NULL);
}

void
agent_fixture_answer (AgentFixture *f, const char *line)
{
  g_autofree char *path = prompter_file (f, "answers");
  g_autofree char *text = g_strconcat (line, "\n", NULL);
  const int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, strlen (text));
  close (fd);
}

void
agent_fixture_answer_always (AgentFixture *f, const char *line)
{
  g_autofree char *path = prompter_file (f, "default");

  g_assert_true (g_file_set_contents (path, line, -1, NULL));
}

void
agent_fixture_go_on (AgentFixture *f)
{
  g_autofree char *path = prompter_file (f, "go");

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

void
agent_fixture_answer_register (AgentFixture *f, const char *line)
{
  agent_fixture_answer (f, "approve expect=verify pin=" AGENT_FIXTURE_PIN);
  agent_fixture_answer (f, line);
}

void
agent_fixture_answer_sign_in (AgentFixture *f, const char *line)
{
  agent_fixture_answer (f, "approve expect=sign-in pin=" AGENT_FIXTURE_PIN);
  if (line != NULL)
    agent_fixture_answer (f, line);
}

guint
agent_fixture_count_questions (AgentFixture *f)
{
  g_autofree char *path = prompter_file (f, "count");
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? (guint) atoi (text) : 0;
}

/* (nullable) */
static char *
find_event (AgentFixture *f, guint question, const char *event, const char *holding)
{
  g_autofree char *path = prompter_file (f, "log");
  g_autofree char *content = NULL;
  g_autofree char *start = g_strdup_printf ("%u %s", question, event);
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &content, NULL, NULL))
    return NULL;
  lines = g_strsplit (content, "\n", -1);
  /* The last one is not whole until its line end was written. */
  for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL; i++)
    if (g_str_has_prefix (lines[i], start) && strstr (lines[i], holding) != NULL)
      return g_strstrip (g_strdup (lines[i] + strlen (start)));
  return NULL;
}

char *
agent_fixture_wait_event_holding (AgentFixture *f,
                                  guint question,
                                  const char *event,
                                  const char *holding)
{
  const gint64 end = deadline ();
  g_autofree char *what = g_strdup_printf ("“%u %s” with “%s” in it", question, event, holding);
  char *found;

  while ((found = find_event (f, question, event, holding)) == NULL)
    wait_a_little (f, end, what);
  return found;
}

gboolean
agent_fixture_has_event (AgentFixture *f, guint question, const char *event)
{
  g_autofree char *found = find_event (f, question, event, "");

  return found != NULL;
}

char *
agent_fixture_wait_event (AgentFixture *f, guint question, const char *event)
{
  return agent_fixture_wait_event_holding (f, question, event, "");
}

GVariant *
agent_fixture_last_question (AgentFixture *f)
{
  g_autofree char *text =
      agent_fixture_wait_event (f, agent_fixture_count_questions (f), "question");
  g_autoptr (GError) error = NULL;
  GVariant *question = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return question;
}

/* --- The bus -----------------------------------------------------------------------------------
 */

GVariant *
agent_fixture_call (AgentFixture *f, const char *method, GVariant *arguments, GError **error)
{
  g_autoptr (GError) own = NULL;
  GVariant *reply = g_dbus_connection_call_sync (
      f->bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH, INTERFACE, method, arguments, NULL,
      G_DBUS_CALL_FLAGS_NO_AUTO_START, AGENT_FIXTURE_PATIENCE * 1000, NULL,
      error != NULL ? error : &own);

  g_assert_no_error (own);
  return reply;
}

static GVariant *
try_get (AgentFixture *f, const char *property, GError **error)
{
  GVariant *value = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      f->bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH, "org.freedesktop.DBus.Properties", "Get",
      g_variant_new ("(ss)", INTERFACE, property), G_VARIANT_TYPE ("(v)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, AGENT_FIXTURE_PATIENCE * 1000, NULL, error);

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  return value;
}

GVariant *
agent_fixture_get (AgentFixture *f, const char *property)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = try_get (f, property, &error);

  g_assert_no_error (error);
  return value;
}

char *
agent_fixture_get_string (AgentFixture *f, const char *property)
{
  g_autoptr (GVariant) value = agent_fixture_get (f, property);

  return g_variant_dup_string (value, NULL);
}

static gboolean
is_in_state (AgentFixture *f, const char *state)
{
  g_autofree char *now = agent_fixture_get_string (f, "VaultState");

  return g_str_equal (now, state);
}

void
agent_fixture_wait_state (AgentFixture *f, const char *state)
{
  const gint64 end = deadline ();
  g_autofree char *what = g_strconcat ("the vault to be ", state, NULL);

  while (!is_in_state (f, state))
    wait_a_little (f, end, what);
}

GVariant *
agent_fixture_list (AgentFixture *f, gboolean deleted)
{
  g_autoptr (GVariant) reply =
      agent_fixture_call (f, "ListPasskeys", g_variant_new ("(bxu)", deleted, (gint64) 0, 0), NULL);
  GVariant *list = NULL;
  guint32 damaged;

  g_variant_get (reply, "(@aa{sv}u)", &list, &damaged);
  g_assert_cmpuint (damaged, ==, 0);
  return list;
}

gint64
agent_fixture_find_passkey (AgentFixture *f, gboolean deleted, GBytes *credential_id)
{
  g_autoptr (GVariant) list = agent_fixture_list (f, deleted);

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) passkey = g_variant_get_child_value (list, i);
      g_autoptr (GVariant) id =
          g_variant_lookup_value (passkey, "credential-id", G_VARIANT_TYPE_BYTESTRING);
      g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (id);
      gint64 row_id = 0;

      if (g_bytes_equal (bytes, credential_id))
        {
          g_assert_true (g_variant_lookup (passkey, "id", "x", &row_id));
          return row_id;
        }
    }
  return 0;
}

GVariant *
agent_fixture_get_passkey (AgentFixture *f, gint64 id)
{
  g_autoptr (GVariant) reply =
      agent_fixture_call (f, "GetPasskey", g_variant_new ("(x)", id), NULL);

  return g_variant_get_child_value (reply, 0);
}

void
agent_fixture_assert_text (AgentFixture *f, gint64 id, const char *name, const char *expected)
{
  g_autoptr (GVariant) passkey = agent_fixture_get_passkey (f, id);
  const char *value = NULL;

  g_variant_lookup (passkey, name, "&s", &value);
  g_assert_cmpstr (value, ==, expected);
}

void
agent_fixture_create_vault (AgentFixture *f)
{
  const gint64 end = deadline ();

  agent_fixture_wait_state (f, "no-vault");
  agent_fixture_answer (f, "approve expect=create-vault new-pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (f, "CreateVault", NULL, NULL));
  /* Not "until it is unlocked": it may have locked itself by now. */
  while (is_in_state (f, "no-vault"))
    wait_a_little (f, end, "a vault");
}

void
agent_fixture_unlock (AgentFixture *f)
{
  agent_fixture_answer (f, "approve expect=unlock pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (f, "Unlock", NULL, NULL));
  agent_fixture_wait_state (f, "unlocked");
}

void
agent_fixture_lock (AgentFixture *f)
{
  g_variant_unref (agent_fixture_call (f, "Lock", NULL, NULL));
}

/* --- The agent's process -----------------------------------------------------------------------
 */

static void
set_up_child (gpointer data)
{
  end_with_test (data);
  /* A file that may not grow is to be an error, as a full disk is, not the end. */
  signal (SIGXFSZ, SIG_IGN);
}

GSubprocess *
agent_fixture_spawn (AgentFixture *f)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  GSubprocess *agent;
  const int log_fd = open (f->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  g_ptr_array_add (argv, g_strdup (program_path ("MORTISE_TEST_AGENT")));
  g_ptr_array_add (argv, g_strconcat ("--data-dir=", f->data_dir, NULL));
  g_ptr_array_add (argv, g_strconcat ("--tcti=", f->tcti, NULL));
  g_ptr_array_add (argv, g_strconcat ("--transport=socket:", f->socket_path, NULL));
  g_ptr_array_add (argv, g_strconcat ("--prompter=", program_path ("MORTISE_TEST_PROMPTER"), NULL));
  for (guint i = 0; i < f->options->len; i++)
    g_ptr_array_add (argv, g_strdup (f->options->pdata[i]));
  g_ptr_array_add (argv, NULL);

  g_subprocess_launcher_take_stdout_fd (launcher, fcntl (log_fd, F_DUPFD_CLOEXEC, 3));
  g_subprocess_launcher_take_stderr_fd (launcher, log_fd);
  g_subprocess_launcher_set_child_setup (launcher, set_up_child, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "HOME", f->directory, TRUE);
  g_subprocess_launcher_setenv (launcher, "MORTISE_TEST_PROMPTER_DIR", f->prompter_dir, TRUE);
  /* The scripted prompter needs no display, but the agent wants to know of one. */
  g_subprocess_launcher_setenv (launcher, "DISPLAY", ":mortise-test", TRUE);
  g_subprocess_launcher_setenv (launcher, "DBUS_SYSTEM_BUS_ADDRESS",
                                f->system_bus != NULL ? f->system_bus : "unix:path=/nonexistent",
                                TRUE);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  /* All that it ever writes is looked through for secrets. */
  g_subprocess_launcher_setenv (launcher, "G_MESSAGES_DEBUG", "all", TRUE);
  g_subprocess_launcher_setenv (launcher, "G_DEBUG", "fatal-criticals", TRUE);
  agent = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  g_assert_no_error (error);
  return agent;
}

static gboolean
has_exited (GSubprocess *process)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return g_subprocess_get_identifier (process) == NULL;
}

static char *
try_get_string (AgentFixture *f, const char *property)
{
  g_autoptr (GVariant) value = try_get (f, property, NULL);

  return value != NULL ? g_variant_dup_string (value, NULL) : NULL;
}

/* Whether it owns its name, is plugged in, and opened the vault or knows why it cannot. */
static gboolean
is_ready (AgentFixture *f)
{
  g_autofree char *transport = try_get_string (f, "Transport");
  g_autofree char *state = try_get_string (f, "VaultState");
  g_autofree char *problem = try_get_string (f, "Problem");

  if (transport == NULL || state == NULL || problem == NULL || g_str_equal (problem, "Busy"))
    return FALSE;
  return *problem != '\0' ||
         (g_str_equal (transport, "socket") && !g_str_equal (state, "unavailable"));
}

void
agent_fixture_start (AgentFixture *f)
{
  const gint64 end = deadline ();

  g_assert_null (f->agent);
  f->agent = agent_fixture_spawn (f);
  while (!is_ready (f))
    {
      if (has_exited (f->agent))
        fail (f, "The agent ended instead of starting");
      wait_a_little (f, end, "the agent");
    }
}

pid_t
agent_fixture_get_pid (AgentFixture *f)
{
  return atoi (g_subprocess_get_identifier (f->agent));
}

void
agent_fixture_pause (AgentFixture *f)
{
  siginfo_t info;
  int result;

  g_subprocess_send_signal (f->agent, SIGSTOP);
  /* Until all its threads have stopped. */
  do
    result = waitid (P_PID, (id_t) agent_fixture_get_pid (f), &info, WSTOPPED | WNOWAIT);
  while (result < 0 && errno == EINTR);
  g_assert_no_errno (result);
}

void
agent_fixture_resume (AgentFixture *f)
{
  g_subprocess_send_signal (f->agent, SIGCONT);
}

char *
agent_fixture_read_children (AgentFixture *f)
{
  g_autofree char *tasks_path = g_strdup_printf ("/proc/%d/task", (int) agent_fixture_get_pid (f));
  g_autoptr (GDir) tasks = g_dir_open (tasks_path, 0, NULL);
  GString *children = g_string_new (NULL);
  const char *task;

  g_assert_nonnull (tasks);
  while ((task = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename (tasks_path, task, "children", NULL);
      g_autofree char *content = NULL;

      if (g_file_get_contents (path, &content, NULL, NULL))
        g_string_append (children, content);
    }
  return g_strchomp (g_string_free (children, FALSE));
}

void
agent_fixture_wait_no_prompt (AgentFixture *f)
{
  const gint64 end = deadline ();

  for (;;)
    {
      g_autofree char *children = agent_fixture_read_children (f);

      if (*children == '\0')
        return;
      wait_a_little (f, end, "the prompt's end");
    }
}

/* The bus and the TPM must have noticed, or the next agent is refused. */
static void
wait_until_gone (AgentFixture *f)
{
  const gint64 end = deadline ();

  for (;;)
    {
      g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
          f->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
          "NameHasOwner", g_variant_new ("(s)", MORTISE_AGENT_NAME), G_VARIANT_TYPE ("(b)"),
          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
      gboolean owned = TRUE;

      g_assert_nonnull (reply);
      g_variant_get (reply, "(b)", &owned);
      if (!owned)
        return;
      wait_a_little (f, end, "the agent's end");
    }
}

void
agent_fixture_stop (AgentFixture *f)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_send_signal (f->agent, SIGTERM);
  g_subprocess_wait (f->agent, NULL, &error);
  g_assert_no_error (error);
  if (!g_subprocess_get_if_exited (f->agent) || g_subprocess_get_exit_status (f->agent) != 0)
    fail (f, "The agent did not end well: wait status %d", g_subprocess_get_status (f->agent));
  g_clear_object (&f->agent);
  wait_until_gone (f);
}

void
agent_fixture_kill (AgentFixture *f)
{
  g_subprocess_send_signal (f->agent, SIGKILL);
  g_subprocess_wait (f->agent, NULL, NULL);
  g_assert_true (g_subprocess_get_if_signaled (f->agent));
  g_assert_cmpint (g_subprocess_get_term_sig (f->agent), ==, SIGKILL);
  g_clear_object (&f->agent);
  wait_until_gone (f);
}

char *
agent_fixture_read_log (AgentFixture *f)
{
  char *content = NULL;

  if (!g_file_get_contents (f->log_path, &content, NULL, NULL))
    return g_strdup ("");
  return content;
}

/* --- Clients -----------------------------------------------------------------------------------
 */

MortiseRegistration *
agent_fixture_register (AgentFixture *f,
                        const char *rp_id,
                        const char *user_name,
                        const MortiseRegistrationOptions *options)
{
  g_autoptr (GError) error = NULL;
  MortiseRegistration *registration = mortise_relying_party_register (
      f->rp, f->socket_path, rp_id, user_name, options, NULL, &error);

  g_assert_no_error (error);
  return registration;
}

static MortiseSignIn *
sign_in (AgentFixture *f, const char *rp_id, const MortiseRegistration *only, GError **error)
{
  g_autoptr (GPtrArray) allow = g_ptr_array_new ();
  const MortiseSignInOptions options = { .allow = only != NULL ? allow : NULL,
                                         .verify_user = TRUE };

  if (only != NULL)
    g_ptr_array_add (allow, only->credential_id);
  return mortise_relying_party_sign_in (f->rp, f->socket_path, rp_id, &options, NULL, error);
}

MortiseSignIn *
agent_fixture_sign_in (AgentFixture *f, const char *rp_id, const MortiseRegistration *only)
{
  g_autoptr (GError) error = NULL;
  MortiseSignIn *result = sign_in (f, rp_id, only, &error);

  g_assert_no_error (error);
  if (only != NULL)
    g_assert_true (g_bytes_equal (result->credential_id, only->credential_id));
  return result;
}

void
agent_fixture_register_fails (AgentFixture *f,
                              const char *rp_id,
                              const MortiseRegistrationOptions *options,
                              MortiseError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mortise_relying_party_register (f->rp, f->socket_path, rp_id, "nobody", options,
                                                 NULL, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

void
agent_fixture_sign_in_fails (AgentFixture *f,
                             const char *rp_id,
                             const MortiseRegistration *only,
                             MortiseError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sign_in (f, rp_id, only, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

void
agent_fixture_assert_works (AgentFixture *f)
{
  static guint serial = 0;
  g_autofree char *rp_id = g_strdup_printf ("works-%u.example", ++serial);
  g_autoptr (MortiseRegistration) registration = NULL;

  agent_fixture_answer_register (f, "approve expect=register");
  registration = agent_fixture_register (f, rp_id, "somebody", NULL);
  agent_fixture_answer_sign_in (f, NULL);
  mortise_sign_in_free (agent_fixture_sign_in (f, rp_id, NULL));
}

/* --- Set-up ------------------------------------------------------------------------------------
 */

/* gnome-keyring as a login leaves it: unlocked with the login password. */
static void
start_keyring (AgentFixture *f)
{
  g_autofree char *control = g_build_filename (f->directory, "keyring", NULL);
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *command = g_strconcat (
      "gnome-keyring-daemon\n--foreground\n--unlock\n--components=secrets\n--control-directory\n",
      control, NULL);
  g_auto (GStrv) argv = g_strsplit (command, "\n", -1);
  g_autoptr (GError) error = NULL;
  const gint64 end = deadline ();
  int input;

  g_assert_cmpint (g_mkdir (control, 0700), ==, 0);
  environment = g_environ_setenv (environment, "HOME", f->directory, TRUE);
  g_spawn_async_with_pipes (NULL, argv, environment,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                            set_up_child, NULL, &f->keyring, &input, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (write (input, "login", 5), ==, 5);
  close (input);
  for (;;)
    {
      g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
          f->bus, "org.freedesktop.secrets", "/org/freedesktop/secrets",
          "org.freedesktop.Secret.Service", "ReadAlias", g_variant_new ("(s)", "default"),
          G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);
      const char *collection = "/";

      if (reply != NULL)
        g_variant_get (reply, "(&o)", &collection);
      if (!g_str_equal (collection, "/"))
        return;
      wait_a_little (f, end, "the keyring");
    }
}

static void
set_environment (AgentFixture *f)
{
  static const char *const folders[] = { "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
                                         "XDG_STATE_HOME", "XDG_RUNTIME_DIR" };

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (f->directory, folders[i], NULL);

      g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
      g_setenv (folders[i], path, TRUE);
    }
}

void
agent_fixture_set_up (AgentFixture *f, gconstpointer data)
{
  const char *words = data != NULL ? data : "";
  g_autoptr (GError) error = NULL;

  /* Maps the bus's error names to codes in this process. */
  (void) mortise_error_quark ();
  f->directory = g_dir_make_tmp ("mortise-agent-XXXXXX", &error);
  g_assert_no_error (error);
  set_environment (f);
  f->data_dir = g_build_filename (f->directory, "vault", NULL);
  f->socket_path = g_build_filename (f->directory, "device", NULL);
  f->prompter_dir = g_build_filename (f->directory, "prompter", NULL);
  f->log_path = g_build_filename (f->directory, "agent.log", NULL);
  g_assert_cmpint (g_mkdir (f->prompter_dir, 0700), ==, 0);
  f->options = g_ptr_array_new_with_free_func (g_free);
  f->swtpm = mortise_swtpm_new ();
  /* swtpm locks out after three wrong PINs, as no TPM that is sold does. */
  mortise_swtpm_set_max_tries (f->swtpm, 32);
  f->tcti = g_strdup (mortise_swtpm_get_tcti (f->swtpm));
  f->rp = mortise_relying_party_new ();

  f->test_bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (f->test_bus);
  f->bus = test_bus_connect (g_test_dbus_get_bus_address (f->test_bus));
  if (strstr (words, AGENT_FIXTURE_NO_KEYRING) == NULL)
    start_keyring (f);
  agent_fixture_answer_always (f, "approve pin=" AGENT_FIXTURE_PIN);

  if (strstr (words, AGENT_FIXTURE_NO_START) != NULL)
    return;
  agent_fixture_start (f);
  if (strstr (words, AGENT_FIXTURE_NO_VAULT) != NULL)
    return;
  agent_fixture_create_vault (f);
}

static void
remove_tree (const char *path)
{
  g_autofree char *command = g_strconcat ("rm\n-rf\n--\n", path, NULL);
  g_auto (GStrv) argv = g_strsplit (command, "\n", -1);

  g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

void
agent_fixture_tear_down (AgentFixture *f, gconstpointer data)
{
  if (f->agent != NULL)
    agent_fixture_stop (f);
  if (f->keyring != 0)
    {
      kill (f->keyring, SIGKILL);
      waitpid (f->keyring, NULL, 0);
      g_spawn_close_pid (f->keyring);
    }
  g_dbus_connection_close_sync (f->bus, NULL, NULL);
  g_clear_object (&f->bus);
  g_test_dbus_down (f->test_bus);
  g_clear_object (&f->test_bus);
  g_clear_object (&f->rp);
  g_clear_pointer (&f->swtpm, mortise_swtpm_free);
  g_ptr_array_unref (f->options);
  remove_tree (f->directory);
  g_free (f->directory);
  g_free (f->data_dir);
  g_free (f->socket_path);
  g_free (f->prompter_dir);
  g_free (f->log_path);
  g_free (f->tcti);
  g_free (f->system_bus);
}
