/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/vault-fixture.h"

/*
 * A process that stores passkeys is killed at some moment or other. Every one that it was told is
 * stored is there afterwards, and works.
 */

#define ROUNDS 40

typedef struct
{
  gint64 row_id;
  guint32 sign_count; /* of the first passkey, as handed out */
  guint8 id[MORTISE_CREDENTIAL_ID_SIZE];
} Acknowledged;

static void
tell (int fd, const MortiseCredential *credential, guint32 sign_count)
{
  Acknowledged line = { credential->row_id, sign_count, { 0 } };

  memcpy (line.id, g_bytes_get_data (credential->credential_id, NULL), sizeof line.id);
  /* Less than PIPE_BUF: all of it or nothing. */
  if (write (fd, &line, sizeof line) != sizeof line)
    _exit (1);
}

/* Never returns: opens the vault, or makes it, and adds for as long as it lives. */
static void
run_child (const char *directory, int round, int fd)
{
  VaultFixture f = { 0 };
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");

  f.tpm = mortise_fake_tpm_new ("the test's TPM");
  f.vault = mortise_vault_new (directory, f.tpm, NULL);
  if (!mortise_vault_open (f.vault, NULL))
    _exit (2);
  if (mortise_vault_get_state (f.vault) == MORTISE_VAULT_NONE
          ? !mortise_vault_create (f.vault, pin, NULL)
          : !vault_fixture_unlock (&f, "1234", NULL))
    _exit (3);

  for (int i = 0;; i++)
    {
      /* Five accounts: most additions also move an older one to Recently deleted. */
      g_autofree char *user = g_strdup_printf ("user-%d", i % 5);
      g_autoptr (MortiseCredentialSecrets) secrets = NULL;
      g_autoptr (MortiseCredential) credential =
          vault_fixture_make_credential (&f, "example.com", user, &secrets);
      g_autoptr (MortiseCredential) first = NULL;
      guint32 count = 0;

      if (!mortise_vault_add (f.vault, credential, secrets, NULL))
        _exit (4);
      first = mortise_vault_get (f.vault, 1, NULL);
      if (first == NULL || !mortise_vault_reserve_sign_count (f.vault, first, &count, NULL))
        _exit (5);
      tell (fd, credential, count);
    }
}

/* Returns: what the child acknowledged before it was killed. */
static GArray *
kill_child (const char *directory, int round)
{
  GArray *acknowledged = g_array_new (FALSE, FALSE, sizeof (Acknowledged));
  Acknowledged line;
  guint wanted = (guint) g_test_rand_int_range (0, 12);
  gulong delay = (gulong) g_test_rand_int_range (0, 3000);
  gboolean killed = FALSE;
  int ends[2], status = 0;
  pid_t child;

  g_assert_cmpint (pipe (ends), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      close (ends[0]);
      run_child (directory, round, ends[1]);
    }
  close (ends[1]);
  do
    {
      /* Some are killed before they answer at all, some between, some inside an addition. */
      if (!killed && acknowledged->len >= wanted)
        {
          g_usleep (delay);
          kill (child, SIGKILL);
          killed = TRUE;
        }
      if (read (ends[0], &line, sizeof line) != sizeof line)
        break;
      g_array_append_val (acknowledged, line);
    }
  while (TRUE);
  close (ends[0]);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  if (!WIFSIGNALED (status))
    g_error ("In round %d the child ended by itself, with status %d after %u passkeys", round,
             WEXITSTATUS (status), acknowledged->len);
  return acknowledged;
}

static void
assert_kept (VaultFixture *f, const Acknowledged *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseCredential) credential = mortise_vault_get (f->vault, line->row_id, &error);
  g_autoptr (MortiseTpmKey) key = NULL;

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (credential->credential_id, NULL),
                   g_bytes_get_size (credential->credential_id), line->id, sizeof line->id);
  key = mortise_vault_load_key (f->vault, credential, &error);
  g_assert_no_error (error);
}

static void
test_killed (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Acknowledged));
  guint32 counted = 0;

  g_clear_object (&f->vault);
  g_clear_object (&f->keyring);
  for (int round = 0; round < ROUNDS; round++)
    {
      g_autoptr (GArray) acknowledged = kill_child (f->directory, round);
      g_autoptr (MortiseCredential) first = NULL;
      g_autoptr (GPtrArray) accounts = NULL;
      g_autoptr (GError) error = NULL;

      g_array_append_vals (all, acknowledged->data, acknowledged->len);
      for (guint i = 0; i < acknowledged->len; i++)
        {
          guint32 count = g_array_index (acknowledged, Acknowledged, i).sign_count;

          /* Never back, over all lives of the process. */
          g_assert_cmpuint (count, >, counted);
          counted = count;
        }

      vault_fixture_restart (f);
      mortise_vault_open (f->vault, &error);
      g_assert_no_error (error);
      if (mortise_vault_get_state (f->vault) == MORTISE_VAULT_NONE)
        {
          g_assert_cmpuint (all->len, ==, 0);
          /* Or the next child finds the folder in use. */
          g_clear_object (&f->vault);
          continue;
        }
      vault_fixture_unlock (f, "1234", &error);
      g_assert_no_error (error);
      for (guint i = 0; i < all->len; i++)
        assert_kept (f, &g_array_index (all, Acknowledged, i));
      accounts = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (accounts->len, ==, MIN (5, mortise_vault_count (f->vault)));
      g_assert_cmpuint (accounts->len, <=, 5);
      if (all->len > 0)
        {
          first = mortise_vault_get (f->vault, 1, &error);
          g_assert_cmpuint (first->sign_count, >=, counted);
        }
      g_clear_object (&f->vault);
    }
  g_test_message ("%u passkeys acknowledged in %d lives", all->len, ROUNDS);
  g_assert_cmpuint (all->len, >, ROUNDS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
  g_test_add ("/vault-crash/killed", VaultFixture, NULL, vault_fixture_set_up, test_killed,
              vault_fixture_tear_down);
  return g_test_run ();
}
