/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/agent-fixture.h"
#include "tests/support/wait-for.h"

/* A registration that the site saw succeed is there afterwards, whatever happens to the agent, the
 * disk or the machine. */

#define SITE "example.org"

static void
test_restart (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (MortiseSignIn) before = agent_fixture_sign_in (f, SITE, NULL);
  g_autoptr (MortiseSignIn) after = NULL;

  agent_fixture_stop (f);
  agent_fixture_start (f);
  /* Listed from the start, thanks to the login keyring; used after the PIN. */
  agent_fixture_wait_state (f, "listable");
  g_assert_cmpint (agent_fixture_find_passkey (f, FALSE, registration->credential_id), !=, 0);
  after = agent_fixture_sign_in (f, SITE, NULL);
  g_assert_cmpuint (after->sign_count, >, before->sign_count);
}

static void
test_kill_between (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);

  agent_fixture_kill (f);
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
  agent_fixture_kill (f);
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

static void
test_reboot (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);

  /* The power goes: agent and TPM at once. */
  agent_fixture_kill (f);
  mortise_swtpm_reboot (f->swtpm);
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

/* The counter handed out last is on disk before it is used. */
static void
test_counter_never_goes_back (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);

  for (int i = 0; i < 5; i++)
    {
      /* The relying party refuses a counter that does not grow. */
      mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
      agent_fixture_kill (f);
      agent_fixture_start (f);
    }
}

typedef struct
{
  AgentFixture *fixture;
  GPtrArray *acknowledged;
  int n_acknowledged; /* atomic */
  guint round;
} Registrar;

static gpointer
register_until_it_fails (gpointer data)
{
  Registrar *registrar = data;

  for (guint i = 0;; i++)
    {
      g_autofree char *site = g_strdup_printf ("site-%u-%u.example", registrar->round, i);
      MortiseRegistration *registration = mortise_relying_party_register (
          registrar->fixture->rp, registrar->fixture->socket_path, site, "alice", NULL, NULL, NULL);

      if (registration == NULL)
        return NULL;
      g_ptr_array_add (registrar->acknowledged, registration);
      g_atomic_int_inc (&registrar->n_acknowledged);
    }
}

static void
test_kill_at_random (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) acknowledged =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_registration_free);
  Registrar registrar = { .fixture = f, .acknowledged = acknowledged };
  const gint64 start = g_get_monotonic_time ();
  gint64 one;

  /* How long one takes here, so that the agent dies at every stage of it, and after some. */
  mortise_registration_free (agent_fixture_register (f, SITE, "alice", NULL));
  one = g_get_monotonic_time () - start;

  for (registrar.round = 0; registrar.round < 20; registrar.round++)
    {
      GThread *thread = g_thread_new ("client", register_until_it_fails, &registrar);

      /* Whatever the moments are like, there is something to lose. */
      WAIT_FOR_OTHERS (registrar.round > 0 || g_atomic_int_get (&registrar.n_acknowledged) > 0);
      g_usleep ((gulong) (g_test_rand_double_range (0.1, 5) * (double) one));
      agent_fixture_kill (f);
      g_thread_join (thread);
      agent_fixture_start (f);
    }
  g_test_message ("%u registrations were acknowledged in 20 lives", acknowledged->len);
  g_assert_cmpuint (acknowledged->len, >, 0);
  for (guint i = 0; i < acknowledged->len; i++)
    {
      const MortiseRegistration *registration = acknowledged->pdata[i];

      g_assert_cmpint (agent_fixture_find_passkey (f, FALSE, registration->credential_id), !=, 0);
      mortise_sign_in_free (agent_fixture_sign_in (f, registration->rp_id, registration));
    }
}

/* --- Disk full ---------------------------------------------------------------------------------
 */

static void
limit_files (AgentFixture *f, rlim_t size)
{
  const struct rlimit limit = { size, RLIM_INFINITY };

  g_assert_cmpint (prlimit (agent_fixture_get_pid (f), RLIMIT_FSIZE, &limit, NULL), ==, 0);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
assert_survives_failing_writes (AgentFixture *f,
                                const MortiseRegistration *known,
                                void (*stop_writes) (AgentFixture *f),
                                void (*allow_writes) (AgentFixture *f),
                                MortiseError expected)
{
  const guint question = agent_fixture_count_questions (f) + 2;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) list = NULL;

  /* It happens while the person thinks. The registration fails, instead of being lost. */
  agent_fixture_answer_register (f, "approve expect=register wait");
  mortise_relying_party_register_async (f->rp, f->socket_path, "full.example", "alice", NULL, NULL,
                                        on_done, &result);
  g_free (agent_fixture_wait_event (f, question, "shown"));
  stop_writes (f);
  agent_fixture_go_on (f);
  WAIT_FOR (result != NULL);
  g_assert_null (mortise_relying_party_register_finish (f->rp, result, &error));
  g_assert_error (error, MORTISE_ERROR, (int) expected);
  list = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (list), ==, 1);

  allow_writes (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, known));
  agent_fixture_assert_works (f);
  agent_fixture_kill (f);
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, known));
}

static void
forbid_growth (AgentFixture *f)
{
  limit_files (f, 1);
}

static void
allow_growth (AgentFixture *f)
{
  limit_files (f, RLIM_INFINITY);
}

static void
test_file_may_not_grow (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) known = agent_fixture_register (f, SITE, "alice", NULL);

  assert_survives_failing_writes (f, known, forbid_growth, allow_growth, MORTISE_ERROR_FAILED);
}

static char *
filler_path (AgentFixture *f)
{
  return g_build_filename (f->data_dir, "filler", NULL);
}

static void
fill_disk (AgentFixture *f)
{
  g_autofree char *path = filler_path (f);
  const int fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const guint8 page[4096] = { 0 };

  g_assert_cmpint (fd, >=, 0);
  while (write (fd, page, sizeof page) > 0)
    ;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}

static void
empty_disk (AgentFixture *f)
{
  g_autofree char *path = filler_path (f);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* Needs a file system of its own, in a mount namespace that ends with the test. */
static void
test_disk_full (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseRegistration) known = NULL;

  g_assert_cmpint (g_mkdir (f->data_dir, 0700), ==, 0);
  g_assert_cmpint (mount ("none", f->data_dir, "tmpfs", 0, "size=1m,mode=0700"), ==, 0);
  agent_fixture_start (f);
  agent_fixture_create_vault (f);
  known = agent_fixture_register (f, SITE, "alice", NULL);
  assert_survives_failing_writes (f, known, fill_disk, empty_disk, MORTISE_ERROR_VAULT_FULL);

  fill_disk (f);
  /* Not even the PIN can be taken, as its tries could not be counted; nothing is lost by it. */
  g_assert_null (mortise_relying_party_register (f->rp, f->socket_path, "full.example", "alice",
                                                 NULL, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("with the disk full the client is told: %s", error->message);
  empty_disk (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, known));
  agent_fixture_stop (f);
  g_assert_cmpint (umount2 (f->data_dir, MNT_DETACH), ==, 0);
}

/* --- Other files -------------------------------------------------------------------------------
 */

static char *
database_path (AgentFixture *f)
{
  return g_build_filename (f->data_dir, "vault.db", NULL);
}

static void
test_newer_vault (AgentFixture *f, gconstpointer data)
{
  g_autofree char *path = database_path (f);
  g_autofree char *problem = NULL;
  g_autofree char *message = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize before_size, after_size;
  sqlite3 *db = NULL;

  mortise_registration_free (agent_fixture_register (f, SITE, "alice", NULL));
  agent_fixture_stop (f);
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "PRAGMA user_version = 1000", NULL, NULL, NULL), ==,
                   SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  g_assert_true (g_file_get_contents (path, &before, &before_size, NULL));

  agent_fixture_start (f);
  problem = agent_fixture_get_string (f, "Problem");
  message = agent_fixture_get_string (f, "ProblemMessage");
  g_assert_cmpstr (problem, ==, "VaultNewer");
  g_assert_cmpuint (strlen (message), >, 20);
  agent_fixture_register_fails (f, SITE, NULL, MORTISE_ERROR_DEVICE_MISSING);
  agent_fixture_stop (f);
  g_assert_true (g_file_get_contents (path, &after, &after_size, NULL));
  g_assert_cmpmem (before, before_size, after, after_size);
}

static void
test_damaged_vault (AgentFixture *f, gconstpointer data)
{
  g_autofree char *path = database_path (f);
  g_autofree char *problem = NULL;
  g_autofree char *after = NULL;
  const char *nonsense = "This is no database, but it may be all that is left of one.";

  agent_fixture_stop (f);
  g_assert_true (g_file_set_contents (path, nonsense, -1, NULL));
  agent_fixture_start (f);
  problem = agent_fixture_get_string (f, "Problem");
  g_assert_cmpstr (problem, ==, "VaultDamaged");
  agent_fixture_stop (f);
  g_assert_true (g_file_get_contents (path, &after, NULL, NULL));
  g_assert_cmpstr (after, ==, nonsense);
}

static void
test_second_agent (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GSubprocess) second = agent_fixture_spawn (f);
  g_autofree char *log = NULL;

  g_assert_true (g_subprocess_wait (second, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (second));
  g_assert_cmpint (g_subprocess_get_exit_status (second), ==, 3);
  log = agent_fixture_read_log (f);
  /* Whether the bus name or the vault's lock told it first: in words. */
  g_assert_nonnull (strstr (log, "Another Mortise"));
  /* The first was not harmed. */
  agent_fixture_assert_works (f);
}

/* Another agent under another name, on the same folder: the one-writer lock. */
static void
test_second_writer (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSwtpm) own_tpm = mortise_swtpm_new ();
  char *first_path = g_steal_pointer (&f->socket_path);
  char *first_tcti = g_steal_pointer (&f->tcti);
  g_autoptr (GSubprocess) second = NULL;

  f->socket_path = g_build_filename (f->directory, "other-device", NULL);
  f->tcti = g_strdup (mortise_swtpm_get_tcti (own_tpm));
  g_ptr_array_add (f->options, g_strdup ("--bus-name=org.example.Second"));
  second = agent_fixture_spawn (f);
  g_assert_true (g_subprocess_wait (second, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (second));
  g_assert_cmpint (g_subprocess_get_exit_status (second), ==, 3);
  g_assert_false (g_file_test (f->socket_path, G_FILE_TEST_EXISTS));

  g_free (f->socket_path);
  f->socket_path = first_path;
  g_free (f->tcti);
  f->tcti = first_tcti;
  g_ptr_array_set_size (f->options, 0);
  agent_fixture_assert_works (f);
}

static gboolean
enter_own_mounts (void)
{
  return geteuid () == 0 && unshare (CLONE_NEWNS) == 0 &&
         mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

int
main (int argc, char **argv)
{
  const gboolean can_mount = enter_own_mounts ();

  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/durability/" path, AgentFixture, NULL, agent_fixture_set_up, function,             \
              agent_fixture_tear_down)
  ADD ("restart", test_restart);
  ADD ("kill-between", test_kill_between);
  ADD ("reboot", test_reboot);
  ADD ("counter-never-goes-back", test_counter_never_goes_back);
  ADD ("kill-at-random", test_kill_at_random);
  ADD ("file-may-not-grow", test_file_may_not_grow);
  ADD ("newer-vault", test_newer_vault);
  ADD ("damaged-vault", test_damaged_vault);
  ADD ("second-agent", test_second_agent);
  ADD ("second-writer", test_second_writer);
  /* Only the root user has the means; file-may-not-grow is the same for everybody. */
  if (can_mount)
    g_test_add ("/durability/disk-full", AgentFixture, AGENT_FIXTURE_NO_START, agent_fixture_set_up,
                test_disk_full, agent_fixture_tear_down);
#undef ADD
  return g_test_run ();
}
