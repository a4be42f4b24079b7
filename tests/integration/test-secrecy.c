/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/agent-fixture.h"
#include "tests/support/end-with-test.h"
#include "tests/support/wait-for.h"

/* What must not be seen from outside: on the bus, in the log, in the files, in the process. */

#define SITE "quoin-and-lintel.example"

/* Everything on the bus, as an eavesdropper sees it. */
static GSubprocess *
start_monitor (AgentFixture *f, const char *path)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  GSubprocess *monitor;

  g_subprocess_launcher_set_stdout_file_path (launcher, path);
  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  monitor = g_subprocess_launcher_spawn (launcher, &error, "dbus-monitor", "--binary", "--address",
                                         g_test_dbus_get_bus_address (f->test_bus), NULL);
  g_assert_no_error (error);
  return monitor;
}

static gboolean
file_contains (const char *path, const char *needle)
{
  g_autofree char *content = NULL;
  gsize size;

  return g_file_get_contents (path, &content, &size, NULL) &&
         memmem (content, size, needle, strlen (needle)) != NULL;
}

static void
wait_until_contains (const char *path, const char *needle)
{
  WAIT_FOR_OTHERS_TO (file_contains (path, needle), "“%s” on the bus", needle);
}

static void
do_everything (AgentFixture *f)
{
  g_autoptr (MortiseRegistration) registration = NULL;
  g_autoptr (GError) error = NULL;

  agent_fixture_create_vault (f);
  registration = agent_fixture_register (f, SITE, "Keystone the mason", NULL);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
  agent_fixture_lock (f);
  agent_fixture_unlock (f);
  agent_fixture_answer (f, "approve expect=change-pin pin=" AGENT_FIXTURE_PIN
                           " new-pin=" AGENT_FIXTURE_NEW_PIN);
  g_variant_unref (agent_fixture_call (f, "ChangePin", NULL, NULL));
  agent_fixture_answer (f, "approve expect=new-code pin=" AGENT_FIXTURE_NEW_PIN);
  g_variant_unref (agent_fixture_call (f, "CreateRecoveryCode", NULL, NULL));
  agent_fixture_answer (f, "approve expect=recover recovery=code new-pin=" AGENT_FIXTURE_NEW_PIN);
  g_variant_unref (agent_fixture_call (f, "ResetPin", NULL, NULL));
  agent_fixture_answer (f, "deny");
  agent_fixture_sign_in_fails (f, SITE, NULL, MORTISE_ERROR_DENIED);
  agent_fixture_answer_always (f, "approve pin=" AGENT_FIXTURE_NEW_PIN);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
  g_variant_unref (agent_fixture_call (f, "GetHealth", NULL, NULL));
}

/* (transfer full): the recovery code that was shown, as it is on paper */
static char *
read_code (AgentFixture *f)
{
  g_autofree char *path = g_build_filename (f->prompter_dir, "code", NULL);
  char *code = NULL;

  g_assert_true (g_file_get_contents (path, &code, NULL, NULL));
  g_assert_cmpuint (strlen (code), ==, 41);
  return code;
}

static void
assert_not_seen (const char *bus_path, const char *log, const char *secret)
{
  if (file_contains (bus_path, secret))
    g_error ("“%s” was on the bus", secret);
  if (strstr (log, secret) != NULL)
    g_error ("“%s” is in the agent's log", secret);
}

static void
test_bus_and_log (AgentFixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, "bus", NULL);
  g_autoptr (GSubprocess) monitor = start_monitor (f, path);
  g_autofree char *log = NULL;
  g_autofree char *code = NULL;
  g_auto (GStrv) groups = NULL;
  const char *secrets[] = { AGENT_FIXTURE_PIN, AGENT_FIXTURE_NEW_PIN };

  wait_until_contains (path, "NameAcquired");
  do_everything (f);
  /* The last call is in it, so that all before it is. */
  wait_until_contains (path, "GetHealth");
  g_subprocess_send_signal (monitor, SIGTERM);
  g_subprocess_wait (monitor, NULL, NULL);

  log = agent_fixture_read_log (f);
  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
    assert_not_seen (path, log, secrets[i]);
  code = read_code (f);
  groups = g_strsplit (code, "-", -1);
  for (char **group = groups; *group != NULL; group++)
    {
      g_autofree char *with_next = g_strconcat (group[0], "-", group[1], NULL);

      assert_not_seen (path, log, with_next);
      /* Five digits may be part of a time. */
      if (strspn (*group, "0123456789") < strlen (*group))
        assert_not_seen (path, log, *group);
    }
  /* Nor does the log, which is kept and handed around, tell who signs in where. */
  g_assert_null (strstr (log, SITE));
  g_assert_null (strstr (log, "Keystone the mason"));
}

/* Without a keyslot the files tell neither sites nor names. */
static void
test_files (AgentFixture *f, gconstpointer data)
{
  const char *files[] = { "vault.db", "vault.db-wal", "vault.db-shm", "vault.lock" };
  const char *words[] = { SITE, "quoin", "Keystone the mason", AGENT_FIXTURE_PIN,
                          AGENT_FIXTURE_NEW_PIN };
  g_autofree char *code = NULL;
  struct stat info;

  do_everything (f);
  code = read_code (f);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (f->data_dir, files[i], NULL);

      if (stat (path, &info) != 0)
        continue;
      g_assert_cmphex (info.st_mode & 0077, ==, 0);
      for (gsize j = 0; j < G_N_ELEMENTS (words); j++)
        g_assert_false (file_contains (path, words[j]));
      g_assert_false (file_contains (path, code));
    }
  g_assert_cmpint (stat (f->data_dir, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0077, ==, 0);
  g_assert_cmpint (stat (f->socket_path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0077, ==, 0);
}

static gboolean
owned_by_root (pid_t pid, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", (int) pid, name);
  struct stat info;

  g_assert_cmpint (stat (path, &info), ==, 0);
  return info.st_uid == 0;
}

static guint64
read_limit (pid_t pid, const char *line_start)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/limits", (int) pid);
  g_autofree char *content = NULL;
  const char *line;

  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  line = strstr (content, line_start);
  g_assert_nonnull (line);
  return g_ascii_strtoull (line + strlen (line_start), NULL, 10);
}

static void
test_process (AgentFixture *f, gconstpointer data)
{
  const pid_t pid = agent_fixture_get_pid (f);
  g_autofree char *status_path = g_strdup_printf ("/proc/%d/status", (int) pid);
  g_autofree char *status = NULL;
  const char *locked;

  /* No core, no debugger of the same user: what is not dumpable belongs to root in /proc. */
  g_assert_true (owned_by_root (pid, "mem"));
  g_assert_true (owned_by_root (pid, "environ"));
  g_assert_cmpuint (read_limit (pid, "Max core file size"), ==, 0);
  g_assert_true (g_file_get_contents (status_path, &status, NULL, NULL));
  locked = strstr (status, "VmLck:");
  g_assert_nonnull (locked);
  g_assert_cmpuint (g_ascii_strtoull (locked + strlen ("VmLck:"), NULL, 10), >, 0);
}

/* The prompter gets its socket and nothing else of the agent. */
static void
test_prompter_inherits_nothing (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  g_autofree char *children = NULL;
  guint question = agent_fixture_count_questions (f) + 1;
  g_autofree char *fd_path = NULL;
  g_autoptr (GDir) fds = NULL;
  const char *name;

  agent_fixture_answer (f, "hang expect=select");
  ctaphid_client_send (client, CTAPHID_CBOR, "\x0b", 1);
  g_free (agent_fixture_wait_event (f, question, "shown"));
  children = agent_fixture_read_children (f);
  g_assert_nonnull (children);
  g_assert_null (strchr (children, ' '));
  fd_path = g_strdup_printf ("/proc/%s/fd", children);
  fds = g_dir_open (fd_path, 0, NULL);
  g_assert_nonnull (fds);
  while ((name = g_dir_read_name (fds)) != NULL)
    {
      g_autofree char *link_path = g_build_filename (fd_path, name, NULL);
      g_autofree char *target = g_file_read_link (link_path, NULL);

      g_assert_true (g_ascii_strtoull (name, NULL, 10) <= 3 ||
                     strstr (target, f->prompter_dir) != NULL);
    }
  ctaphid_client_send (client, CTAPHID_CANCEL, NULL, 0);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, words, function)                                                                 \
  g_test_add ("/secrecy/" path, AgentFixture, words, agent_fixture_set_up, function,               \
              agent_fixture_tear_down)
  ADD ("bus-and-log", AGENT_FIXTURE_NO_VAULT, test_bus_and_log);
  ADD ("files", AGENT_FIXTURE_NO_VAULT, test_files);
  ADD ("process", NULL, test_process);
  ADD ("prompter-inherits-nothing", NULL, test_prompter_inherits_nothing);
#undef ADD
  return g_test_run ();
}
