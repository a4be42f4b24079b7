/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include "tests/support/agent-fixture.h"

/* The agent runs for as long as its person is logged in, and gets no bigger from what it is asked.
 */

#define SITE "long-life.example"

/* Rounds until caches, threads and pools of libraries are there. */
#define WARM_UP 4
#define ROUNDS  16

/* A dozen are open, and a few more while a request is answered: one more for each round is too
 * many. */
#define MAX_FILES 26

/* Libraries end the threads of their pools, and start them, when they like. */
#define MORE_THREADS 4

/* How much more memory may be in use for each round, in KiB. Up to 12 were measured, of which
 * nothing is in use on the heap: stacks of threads, SQLite's cache, and gaps. LeakSanitizer looks
 * for the rest. */
#define KIB_PER_ROUND 64

/* A number from the process's status, which is readable although the process is not dumpable. */
static guint64
read_status (AgentFixture *f, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) agent_fixture_get_pid (f));
  g_autofree char *status = NULL;
  g_autofree char *line = g_strdup_printf ("\n%s:", name);
  const char *found = NULL;

  g_assert_true (g_file_get_contents (path, &status, NULL, NULL));
  found = strstr (status, line);
  g_assert_nonnull (found);
  return g_ascii_strtoull (found + strlen (line), NULL, 10);
}

static void
call (AgentFixture *f, const char *method, GVariant *arguments)
{
  g_variant_unref (agent_fixture_call (f, method, arguments, NULL));
}

/* One of each thing that people, browsers and windows do, said no to as well. */
static void
live (AgentFixture *f)
{
  g_autoptr (MortiseRegistration) registration = NULL;
  g_autoptr (GVariant) list = NULL;
  GVariant *id = NULL;
  gint64 passkey = 0;

  agent_fixture_lock (f);
  agent_fixture_unlock (f);
  agent_fixture_answer_register (f, "approve expect=register");
  registration = agent_fixture_register (f, SITE, "somebody", NULL);
  passkey = agent_fixture_find_passkey (f, FALSE, registration->credential_id);
  agent_fixture_answer_sign_in (f, NULL);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
  agent_fixture_answer_register (f, "deny expect=register");
  agent_fixture_register_fails (f, "denied.example", NULL, MORTISE_ERROR_DENIED);

  list = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (list), ==, 1);
  call (f, "ReadProtection", g_variant_new ("(x)", passkey));
  call (f, "GetHistory", g_variant_new ("(x)", passkey));
  call (f, "GetHealth", NULL);
  id = g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, &passkey, 1, sizeof passkey);
  g_variant_ref_sink (id);
  call (f, "DeletePasskeys", g_variant_new ("(@ax)", id));
  call (f, "PurgePasskeys", g_variant_new ("(@ax)", id));
  g_variant_unref (id);
  agent_fixture_wait_no_prompt (f);
}

static void
limit_files (AgentFixture *f)
{
  const struct rlimit limit = { MAX_FILES, MAX_FILES };

  g_assert_cmpint (prlimit (agent_fixture_get_pid (f), RLIMIT_NOFILE, &limit, NULL), ==, 0);
}

static void
test_no_growth (AgentFixture *f, gconstpointer data)
{
  guint64 threads = 0;
  guint64 memory = 0;

  for (guint round = 0; round < WARM_UP; round++)
    live (f);
  limit_files (f);
  threads = read_status (f, "Threads");
  memory = read_status (f, "RssAnon");
  for (guint round = 0; round < ROUNDS; round++)
    live (f);
  g_test_message ("%" G_GUINT64_FORMAT " KiB, then %" G_GUINT64_FORMAT, memory,
                  read_status (f, "RssAnon"));
  g_assert_cmpuint (read_status (f, "Threads"), <=, threads + MORE_THREADS);
/* AddressSanitizer keeps what was freed. */
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpuint (read_status (f, "RssAnon"), <, memory + ROUNDS * KIB_PER_ROUND);
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/long-life/no-growth", AgentFixture, NULL, agent_fixture_set_up, test_no_growth,
              agent_fixture_tear_down);
  return g_test_run ();
}
