/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "core/vault/vault-settings.h"
#include "tests/support/vault-fixture.h"

/* Does @sql to the closed vault's file, as a foreign program would. */
static void
tamper (VaultFixture *f, const char *sql)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (f->database, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

/* Opening fails with @code, twice, and nothing in the folder is touched. */
static void
assert_refused (VaultFixture *f, MortiseError code)
{
  g_autofree char *before = vault_fixture_snapshot (f);
  g_autofree char *after = NULL;

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (mortise_vault_open (f->vault, &error));
      g_assert_error (error, MORTISE_ERROR, (int) code);
      g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_CLOSED);
      g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
    }
  mortise_vault_close (f->vault);
  after = vault_fixture_snapshot (f);
  g_assert_cmpstr (before, ==, after);
}

static void
create_with_one (VaultFixture *f)
{
  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
}

/* --- Making one --------------------------------------------------------------------------------
 */

static void
test_none (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) hash = vault_fixture_pin_hash ("1234");

  g_assert_true (mortise_vault_open (f->vault, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_NONE);
  g_assert_false (g_file_test (f->directory, G_FILE_TEST_EXISTS));
  g_assert_null (mortise_vault_get_id (f->vault));
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);

  g_assert_false (mortise_vault_unlock (f->vault, hash, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT);
  g_clear_error (&error);
  g_assert_null (mortise_vault_find_by_rp (f->vault, "example.com", TRUE, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT);
  g_assert_null (mortise_vault_get_setting (f->vault, MORTISE_SETTING_ALWAYS_UV));
}

static void
test_create (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *id = NULL;
  g_autofree char *journal = g_strconcat (f->database, "-wal", NULL);
  g_autoptr (GError) problem = NULL;
  struct stat info;

  vault_fixture_create (f);
  id = mortise_vault_get_id (f->vault);
  g_assert_true (g_uuid_string_is_valid (id));
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
  g_assert_true (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
  g_assert_cmpuint (mortise_memory_keyring_count (vault_fixture_get_keyring (f)), ==, 1);
  problem = mortise_vault_dup_keyring_problem (f->vault);
  g_assert_no_error (problem);

  vault_fixture_add (f, "example.com", "anna");
  g_assert_cmpint (g_stat (f->directory, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  g_assert_cmpint (g_stat (f->database, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (journal, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

static void
test_create_again (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("9999");
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  g_assert_false (mortise_vault_create (f->vault, pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_EXISTS);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);
  g_clear_error (&error);

  /* Also when it was never opened by this object. */
  vault_fixture_restart (f);
  g_assert_false (mortise_vault_create (f->vault, pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_EXISTS);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

static void
test_create_tpm_fails (VaultFixture *f, gconstpointer user_data)
{
  const MortiseFakeTpmOperation operations[] = { MORTISE_FAKE_TPM_ATTACH,
                                                 MORTISE_FAKE_TPM_CREATE_PARENT,
                                                 MORTISE_FAKE_TPM_LOAD_PARENT,
                                                 MORTISE_FAKE_TPM_SEAL };
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");

  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (mortise_vault_open (f->vault, NULL));
      mortise_fake_tpm_fail (vault_fixture_get_fake (f), operations[i], 0, 1,
                             MORTISE_ERROR_TPM_GONE);
      g_assert_false (mortise_vault_create (f->vault, pin, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_GONE);
      g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_NONE);
      g_assert_false (g_file_test (f->database, G_FILE_TEST_EXISTS));
      g_assert_false (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
      g_assert_cmpuint (mortise_memory_keyring_count (vault_fixture_get_keyring (f)), ==, 0);
    }
  vault_fixture_create (f);
}

static void
test_leftovers (VaultFixture *f, gconstpointer user_data)
{
  const char *const names[] = { "vault.db.new", "vault.db.new-wal", "vault.db.erase",
                                "vault.db-wal" };

  g_assert_cmpint (g_mkdir (f->directory, 0755), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (f->directory, names[i], NULL);

      g_assert_true (g_file_set_contents (path, "of a crash", -1, NULL));
    }
  create_with_one (f);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_false (vault_fixture_contains (f, "of a crash", 10));
}

static void
test_life (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;
  gint64 row_id;

  vault_fixture_create (f);
  row_id = vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  vault_fixture_add (f, "example.org", "anna");

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 3);
  found = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpstr (((MortiseCredential *) found->pdata[0])->user_name, ==, "bert");
  g_assert_cmpint (((MortiseCredential *) found->pdata[1])->row_id, ==, row_id);

  g_assert_null (mortise_vault_load_key (f->vault, found->pdata[0], &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  g_clear_error (&error);
  g_assert_true (vault_fixture_unlock (f, "1234", &error));
  key = mortise_vault_load_key (f->vault, found->pdata[0], &error);
  g_assert_no_error (error);
  g_assert_nonnull (key);
}

/* --- What is not opened ------------------------------------------------------------------------
 */

static void
test_in_use (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseTpm) tpm = mortise_fake_tpm_new ("the test's TPM");
  g_autoptr (MortiseVault) other = mortise_vault_new (f->directory, tpm, f->keyring);
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  for (int i = 0; i < 2; i++)
    {
      g_assert_false (mortise_vault_open (other, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IN_USE);
      g_clear_error (&error);
    }
  g_assert_false (mortise_vault_reset (other, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IN_USE);
  g_clear_error (&error);
  vault_fixture_add (f, "example.org", "bert");

  mortise_vault_close (f->vault);
  mortise_vault_close (f->vault);
  g_assert_true (mortise_vault_open (other, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (mortise_vault_count (other), ==, 2);
}

/* Not by the lock, but by SQLite: somebody looks into the file with its own tool. */
static void
test_in_use_by_another_program (VaultFixture *f, gconstpointer user_data)
{
  sqlite3 *db = NULL;
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  vault_fixture_restart (f);
  g_assert_cmpint (sqlite3_open (f->database, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "BEGIN; SELECT * FROM meta", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_false (mortise_vault_open (f->vault, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IN_USE);
  sqlite3_close (db);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

static void
test_newer (VaultFixture *f, gconstpointer user_data)
{
  create_with_one (f);
  vault_fixture_restart (f);
  tamper (f, "PRAGMA user_version = 2");
  assert_refused (f, MORTISE_ERROR_VAULT_NEWER);
}

/* A newer version that crashed: its version number is in the journal only. */
static void
test_newer_in_journal (VaultFixture *f, gconstpointer user_data)
{
  sqlite3 *db = NULL;
  g_autofree char *journal = g_strconcat (f->database, "-wal", NULL);

  create_with_one (f);
  vault_fixture_restart (f);
  g_assert_cmpint (sqlite3_open (f->database, &db), ==, SQLITE_OK);
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  g_assert_cmpint (sqlite3_exec (db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA user_version = 2;",
                                 NULL, NULL, NULL),
                   ==, SQLITE_OK);
  sqlite3_close (db);
  g_assert_true (g_file_test (journal, G_FILE_TEST_EXISTS));
  assert_refused (f, MORTISE_ERROR_VAULT_NEWER);
}

static void
test_not_a_vault (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *real = NULL;
  g_autofree char *noise = g_malloc (20000);
  gsize size = 0;

  create_with_one (f);
  vault_fixture_restart (f);
  g_assert_true (g_file_get_contents (f->database, &real, &size, NULL));

  for (gsize i = 0; i < 20000; i++)
    noise[i] = (char) g_test_rand_int ();
  g_assert_true (g_file_set_contents (f->database, noise, 20000, NULL));
  assert_refused (f, MORTISE_ERROR_VAULT_DAMAGED);

  /* Cut off at any length, emptied included. */
  for (gsize cut = 0; cut < size; cut += cut < 200 ? 20 : 1000)
    {
      g_assert_true (g_file_set_contents (f->database, real, (gssize) cut, NULL));
      assert_refused (f, MORTISE_ERROR_VAULT_DAMAGED);
    }

  /* Some other program's database. */
  g_unlink (f->database);
  tamper (f, "CREATE TABLE cookies (name); INSERT INTO cookies VALUES (1)");
  assert_refused (f, MORTISE_ERROR_VAULT_DAMAGED);

  g_assert_true (g_file_set_contents (f->database, real, (gssize) size, NULL));
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
}

static void
test_parts_missing (VaultFixture *f, gconstpointer user_data)
{
  const char *const damages[] = { "DELETE FROM meta WHERE name = 'salt'",
                                  "DELETE FROM meta WHERE name = 'parent-private'",
                                  "UPDATE meta SET value = x'00' WHERE name = 'id'",
                                  "DROP TABLE meta",
                                  "DROP TABLE credentials",
                                  "DROP TABLE pin",
                                  "PRAGMA application_id = 7" };
  g_autofree char *real = NULL;
  gsize size = 0;

  create_with_one (f);
  vault_fixture_restart (f);
  g_assert_true (g_file_get_contents (f->database, &real, &size, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_assert_true (g_file_set_contents (f->database, real, (gssize) size, NULL));
      tamper (f, damages[i]);
      assert_refused (f, MORTISE_ERROR_VAULT_DAMAGED);
    }
}

#ifdef __SANITIZE_ADDRESS__
#define FLIPS 60
#else
#define FLIPS 400
#endif

/* A byte changed anywhere: refused, or opened with what is intact; never a crash, and never a
 * passkey that is not the one that was stored. */
static void
test_flipped_bytes (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *real = NULL;
  gsize size = 0;

  vault_fixture_create (f);
  for (int i = 0; i < 6; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%d", i);

      vault_fixture_add (f, "example.com", user);
    }
  vault_fixture_restart (f);
  g_assert_true (g_file_get_contents (f->database, &real, &size, NULL));
  for (int i = 0; i < FLIPS; i++)
    {
      g_autofree char *flipped = g_memdup2 (real, size);
      g_autoptr (GPtrArray) list = NULL;
      gsize at = (gsize) g_test_rand_int_range (0, (gint32) size);
      guint damaged = 0;

      flipped[at] ^= (char) (1 << g_test_rand_int_range (0, 8));
      g_assert_true (g_file_set_contents (f->database, flipped, (gssize) size, NULL));
      vault_fixture_restart (f);
      if (mortise_vault_open (f->vault, NULL) && vault_fixture_unlock (f, "1234", NULL))
        list = mortise_vault_list (f->vault, FALSE, 0, 100, &damaged, NULL);
      for (guint j = 0; list != NULL && j < list->len; j++)
        {
          const MortiseCredential *credential = list->pdata[j];
          g_autoptr (MortiseCredentialSecrets) secrets =
              mortise_vault_read_secrets (f->vault, credential, NULL);

          g_assert_cmpstr (credential->rp_id, ==, "example.com");
          g_assert_true (g_str_has_prefix (credential->user_name, "user-"));
        }
    }
}

static void
test_journal_alone (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *journal = g_strconcat (f->database, "-wal", NULL);

  create_with_one (f);
  vault_fixture_restart (f);
  g_assert_true (g_file_set_contents (journal, "journal", -1, NULL));
  g_assert_cmpint (g_unlink (f->database), ==, 0);
  assert_refused (f, MORTISE_ERROR_VAULT_DAMAGED);
}

static void
test_io (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *lock = g_build_filename (f->directory, "vault.lock", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (f->directory, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (lock, 0700), ==, 0);
  g_assert_false (mortise_vault_open (f->vault, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO);
  g_clear_error (&error);
  g_assert_cmpint (g_rmdir (lock), ==, 0);

  g_assert_cmpint (g_mkdir (f->database, 0700), ==, 0);
  g_assert_false (mortise_vault_open (f->vault, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO);
  g_clear_error (&error);
  g_assert_cmpint (g_rmdir (f->database), ==, 0);
  vault_fixture_create (f);
}

static void
test_folder_is_a_file (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (f->directory, "", 0, NULL));
  g_assert_false (mortise_vault_create (f->vault, pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO);
}

/* --- TPM ---------------------------------------------------------------------------------------
 */

static void
test_other_tpm (VaultFixture *f, gconstpointer user_data)
{
  create_with_one (f);
  vault_fixture_restart (f);
  g_clear_object (&f->vault);
  g_clear_object (&f->tpm);
  f->tpm = mortise_fake_tpm_new ("a new mainboard");
  f->vault = mortise_vault_new (f->directory, f->tpm, f->keyring);
  assert_refused (f, MORTISE_ERROR_TPM_OTHER);

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

static void
test_tpm_gone (VaultFixture *f, gconstpointer user_data)
{
  create_with_one (f);
  vault_fixture_restart (f);
  mortise_fake_tpm_fail (vault_fixture_get_fake (f), MORTISE_FAKE_TPM_ATTACH, 0, G_MAXUINT,
                         MORTISE_ERROR_TPM_GONE);
  assert_refused (f, MORTISE_ERROR_TPM_GONE);
}

static void
test_no_tpm (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) hash = vault_fixture_pin_hash ("1234");
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");
  g_autoptr (MortiseVault) vault = NULL;
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  mortise_vault_close (f->vault);
  vault = mortise_vault_new (f->directory, NULL, f->keyring);
  g_assert_true (mortise_vault_open (vault, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (vault), ==, MORTISE_VAULT_LOCKED);
  g_assert_cmpuint (mortise_vault_count (vault), ==, 1);
  g_assert_false (mortise_vault_unlock (vault, hash, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_MISSING);
  g_assert_cmpuint (mortise_vault_get_pin_retries (vault), ==, 8);
  g_clear_error (&error);
  g_assert_null (mortise_vault_list (vault, FALSE, 0, 10, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  g_clear_error (&error);
  mortise_vault_lock (vault);
  g_assert_true (mortise_vault_reset (vault, &error));
  g_assert_false (mortise_vault_create (vault, pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_MISSING);
}

/* --- Keyring -----------------------------------------------------------------------------------
 */

static void
assert_problem (VaultFixture *f, int code)
{
  g_autoptr (GError) problem = mortise_vault_dup_keyring_problem (f->vault);

  if (code < 0)
    g_assert_no_error (problem);
  else
    g_assert_error (problem, MORTISE_ERROR, code);
}

static void
test_keyring_away_at_creation (VaultFixture *f, gconstpointer user_data)
{
  MortiseMemoryKeyring *keyring = vault_fixture_get_keyring (f);

  mortise_memory_keyring_set_available (keyring, FALSE);
  create_with_one (f);
  assert_problem (f, MORTISE_ERROR_KEYRING);
  mortise_vault_lock (f->vault);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LOCKED);

  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);

  /* It answers: the next unlocking makes the keyslot. */
  mortise_memory_keyring_set_available (keyring, TRUE);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  assert_problem (f, -1);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
}

static void
test_keyring_forgets (VaultFixture *f, gconstpointer user_data)
{
  create_with_one (f);
  mortise_memory_keyring_forget (vault_fixture_get_keyring (f));
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  assert_problem (f, MORTISE_ERROR_NOT_FOUND);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
}

/* The keyring holds the secret of some other time. */
static void
test_keyring_differs (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *id = NULL;
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  MortiseTpmLockout lockout = { 0 };

  create_with_one (f);
  id = mortise_vault_get_id (f->vault);
  g_assert_true (mortise_keyring_store (f->keyring, id, secret, NULL, NULL));
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  assert_problem (f, MORTISE_ERROR_TPM_AUTH);
  /* It never counts against the machine's lockout. */
  g_assert_true (mortise_tpm_get_lockout (f->tpm, &lockout, NULL));
  g_assert_cmpuint (lockout.failed_tries, ==, 0);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
}

static void
test_keyring_locked_for_a_while (VaultFixture *f, gconstpointer user_data)
{
  MortiseMemoryKeyring *keyring = vault_fixture_get_keyring (f);
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  mortise_memory_keyring_set_available (keyring, FALSE);
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  assert_problem (f, MORTISE_ERROR_KEYRING);

  /* Opening again tries the keyring again. */
  mortise_memory_keyring_set_available (keyring, TRUE);
  g_assert_true (mortise_vault_open (f->vault, &error));
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);

  /* So does unlocking, and then the keyslot is as good as it was. */
  mortise_memory_keyring_set_available (keyring, FALSE);
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  mortise_memory_keyring_set_available (keyring, TRUE);
  mortise_fake_tpm_reset_calls (vault_fixture_get_fake (f));
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  g_assert_cmpuint (
      mortise_fake_tpm_count_calls (vault_fixture_get_fake (f), MORTISE_FAKE_TPM_SEAL), ==, 0);
  assert_problem (f, -1);
  mortise_vault_lock (f->vault);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
}

static void
test_no_keyring (VaultFixture *f, gconstpointer user_data)
{
  g_clear_object (&f->keyring);
  vault_fixture_restart (f);
  create_with_one (f);
  assert_problem (f, MORTISE_ERROR_KEYRING);
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  assert_problem (f, MORTISE_ERROR_KEYRING);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
}

/* Somebody with the disk in hand changes what the PIN's protection rests on. */
static void
test_header_changed (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  vault_fixture_restart (f);
  tamper (f, "UPDATE meta SET value = CAST (x'aa' || value AS BLOB) WHERE name = 'parent-public'");
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  assert_problem (f, MORTISE_ERROR_VAULT_DAMAGED);
  g_assert_false (vault_fixture_unlock (f, "1234", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
}

/* --- Locking -----------------------------------------------------------------------------------
 */

static void
test_lock (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;
  MortiseTpmBlob *blob = NULL;

  create_with_one (f);
  mortise_vault_lock (f->vault);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
  g_assert_false (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
  mortise_vault_lock (f->vault);

  list = mortise_vault_list (f->vault, FALSE, 0, 10, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_null (mortise_vault_create_key (f->vault, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY,
                                           &blob, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  g_clear_error (&error);
  g_assert_null (mortise_vault_read_secrets (f->vault, list->pdata[0], &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);

  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  g_assert_true (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
}

static void
lock_at_operation (MortiseFakeTpm *tpm, MortiseFakeTpmOperation operation, gpointer user_data)
{
  VaultFixture *f = user_data;

  if (operation == MORTISE_FAKE_TPM_UNSEAL || operation == MORTISE_FAKE_TPM_LOAD_PARENT)
    mortise_vault_lock (f->vault);
}

/* The screen is locked while the PIN is being checked: locked it is. */
static void
test_lock_while_unlocking (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  mortise_vault_lock (f->vault);
  mortise_fake_tpm_set_hook (vault_fixture_get_fake (f), lock_at_operation, f);
  g_assert_false (vault_fixture_unlock (f, "1234", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
  g_assert_false (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);

  mortise_fake_tpm_set_hook (vault_fixture_get_fake (f), NULL, NULL);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
}

static gpointer
look_up_thread (gpointer user_data)
{
  VaultFixture *f = user_data;
  g_autoptr (GPtrArray) found = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, NULL);

  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
  g_assert_cmpint (mortise_vault_get_state (f->vault), >=, MORTISE_VAULT_LISTABLE);
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_IDLE_LOCK,
                                            g_variant_new_uint32 (1), NULL));
  return NULL;
}

/* Another thread gets its answers while this one is inside the TPM. */
static void
look_up_meanwhile (MortiseFakeTpm *tpm, MortiseFakeTpmOperation operation, gpointer user_data)
{
  g_thread_join (g_thread_new ("look-up", look_up_thread, user_data));
}

static void
test_look_up_while_tpm_works (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) old = vault_fixture_pin_hash ("1234");
  g_autoptr (MortiseSecret) new = vault_fixture_pin ("4321");
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;

  create_with_one (f);
  mortise_vault_lock (f->vault);
  mortise_memory_keyring_forget (vault_fixture_get_keyring (f));
  mortise_fake_tpm_set_hook (vault_fixture_get_fake (f), look_up_meanwhile, f);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  g_assert_true (mortise_vault_change_pin (f->vault, old, new, NULL));
  key =
      mortise_vault_create_key (f->vault, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob, NULL);
  g_assert_nonnull (key);
  g_clear_pointer (&key, mortise_tpm_key_free);
  mortise_vault_lock (f->vault);
  mortise_fake_tpm_set_hook (vault_fixture_get_fake (f), NULL, NULL);
}

static gpointer
lock_and_unlock_thread (gpointer user_data)
{
  VaultFixture *f = user_data;

  for (int i = 0; i < 50; i++)
    {
      if (i % 3 == 0)
        mortise_vault_lock (f->vault);
      else
        (void) vault_fixture_unlock (f, "1234", NULL);
    }
  return NULL;
}

static gpointer
use_thread (gpointer user_data)
{
  VaultFixture *f = user_data;

  for (int i = 0; i < 200; i++)
    {
      g_autoptr (GPtrArray) found = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, NULL);
      g_autoptr (MortiseTpmKey) key = NULL;

      g_assert_cmpuint (found->len, ==, 1);
      key = mortise_vault_load_key (f->vault, found->pdata[0], NULL);
      mortise_vault_note_use (f->vault, 1, 0x05);
      mortise_vault_flush_uses (f->vault);
    }
  return NULL;
}

/* Whatever the order, the parent is in the TPM exactly while the vault is unlocked. */
static void
test_threads (VaultFixture *f, gconstpointer user_data)
{
  GThread *threads[4];

  create_with_one (f);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("vault", i % 2 == 0 ? lock_and_unlock_thread : use_thread, f);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)), ==,
                   mortise_vault_get_state (f->vault) == MORTISE_VAULT_UNLOCKED);
  mortise_vault_lock (f->vault);
  g_assert_false (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
  g_assert_cmpuint (mortise_fake_tpm_count_loaded (vault_fixture_get_fake (f)), ==, 0);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
}

/* --- Signals -----------------------------------------------------------------------------------
 */

typedef struct
{
  VaultFixture *f;
  GThread *thread;
  guint state;
  guint credentials;
} Heard;

static void
on_state_changed (MortiseVault *vault, gpointer user_data)
{
  Heard *heard = user_data;

  g_assert_true (g_thread_self () == heard->thread);
  heard->state++;
  /* A handler may ask the vault. */
  (void) mortise_vault_get_state (vault);
}

static void
on_credentials_changed (MortiseVault *vault, gpointer user_data)
{
  Heard *heard = user_data;

  g_assert_true (g_thread_self () == heard->thread);
  heard->credentials++;
  (void) mortise_vault_count (vault);
}

static gpointer
change_thread (gpointer user_data)
{
  VaultFixture *f = user_data;

  vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.org", "anna");
  mortise_vault_lock (f->vault);
  return NULL;
}

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_signals (VaultFixture *f, gconstpointer user_data)
{
  Heard heard = { f, g_thread_self (), 0, 0 };

  g_signal_connect (f->vault, "state-changed", G_CALLBACK (on_state_changed), &heard);
  g_signal_connect (f->vault, "credentials-changed", G_CALLBACK (on_credentials_changed), &heard);
  vault_fixture_create (f);
  g_assert_cmpuint (heard.state, ==, 0);
  drain ();
  g_assert_cmpuint (heard.state, ==, 1);
  heard.credentials = heard.state = 0;

  g_thread_join (g_thread_new ("change", change_thread, f));
  drain ();
  g_assert_cmpuint (heard.state, ==, 1);
  g_assert_cmpuint (heard.credentials, ==, 1);

  /* Nothing changed: nothing is said. */
  mortise_vault_lock (f->vault);
  mortise_vault_flush_uses (f->vault);
  drain ();
  g_assert_cmpuint (heard.state, ==, 1);
  g_assert_cmpuint (heard.credentials, ==, 1);
}

/* --- Reset -------------------------------------------------------------------------------------
 */

static void
test_reset (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *left = NULL;
  g_autofree char *old_id = NULL;
  g_autofree char *new_id = NULL;
  g_autoptr (GError) error = NULL;

  create_with_one (f);
  old_id = mortise_vault_get_id (f->vault);
  for (int i = 0; i < 2; i++)
    g_assert_false (vault_fixture_unlock (f, "9999", NULL));
  g_assert_true (mortise_vault_reset (f->vault, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_NONE);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
  g_assert_cmpuint (mortise_memory_keyring_count (vault_fixture_get_keyring (f)), ==, 0);
  g_assert_false (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
  left = vault_fixture_snapshot (f);
  g_assert_cmpstr (left, ==, "");
  g_assert_true (mortise_vault_reset (f->vault, &error));

  vault_fixture_create (f);
  new_id = mortise_vault_get_id (f->vault);
  g_assert_cmpstr (old_id, !=, new_id);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
}

/* The way out when nothing else is left. */
static void
test_reset_what_does_not_open (VaultFixture *f, gconstpointer user_data)
{
  create_with_one (f);
  vault_fixture_restart (f);
  g_assert_true (g_file_set_contents (f->database, "noise", -1, NULL));
  g_assert_false (mortise_vault_open (f->vault, NULL));
  g_assert_true (mortise_vault_reset (f->vault, NULL));
  vault_fixture_create (f);

  g_clear_object (&f->vault);
  g_clear_object (&f->tpm);
  f->tpm = mortise_fake_tpm_new ("a new mainboard");
  f->vault = mortise_vault_new (f->directory, f->tpm, f->keyring);
  g_assert_false (mortise_vault_open (f->vault, NULL));
  g_assert_true (mortise_vault_reset (f->vault, NULL));
  vault_fixture_create (f);
}

/* --- Secrecy -----------------------------------------------------------------------------------
 */

static void
assert_unreadable (VaultFixture *f, const MortiseCredential *credential)
{
  g_autofree char *hex = NULL;
  gsize size = 0;
  const guint8 *id = g_bytes_get_data (credential->credential_id, &size);
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (text, "%02x", id[i]);
  hex = g_compute_checksum_for_string (G_CHECKSUM_SHA256, credential->rp_id, -1);
  g_assert_false (vault_fixture_contains (f, credential->rp_id, strlen (credential->rp_id)));
  g_assert_false (
      vault_fixture_contains (f, credential->user_name, strlen (credential->user_name)));
  g_assert_false (vault_fixture_contains (f, credential->user_display_name,
                                          strlen (credential->user_display_name)));
  g_assert_false (vault_fixture_contains (f, id, size));
  g_assert_false (vault_fixture_contains (f, text->str, text->len));
  g_assert_false (vault_fixture_contains (f, hex, strlen (hex)));
}

static void
test_nothing_readable (VaultFixture *f, gconstpointer user_data)
{
  const char *const rp_ids[] = { "pharmacy.example", NULL };
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  credential = vault_fixture_make_credential (f, "pharmacy.example", "anna.secret", &secrets);
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, &error));
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_MIN_PIN_RP_IDS,
                                            g_variant_new_strv (rp_ids, -1), &error));
  /* In the journal, in the database, and deleted. */
  assert_unreadable (f, credential);
  g_assert_true (mortise_vault_delete (f->vault, credential->row_id, &error));
  assert_unreadable (f, credential);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unreadable (f, credential);
  stored = mortise_vault_get (f->vault, credential->row_id, &error);
  g_assert_cmpstr (stored->rp_id, ==, "pharmacy.example");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
#define ADD(path, function)                                                                        \
  g_test_add ("/vault/" path, VaultFixture, NULL, vault_fixture_set_up, function,                  \
              vault_fixture_tear_down)
  ADD ("none", test_none);
  ADD ("create", test_create);
  ADD ("create-again", test_create_again);
  ADD ("create-tpm-fails", test_create_tpm_fails);
  ADD ("leftovers", test_leftovers);
  ADD ("life", test_life);
  ADD ("in-use", test_in_use);
  ADD ("in-use-by-another-program", test_in_use_by_another_program);
  ADD ("newer", test_newer);
  ADD ("newer-in-journal", test_newer_in_journal);
  ADD ("not-a-vault", test_not_a_vault);
  ADD ("parts-missing", test_parts_missing);
  ADD ("flipped-bytes", test_flipped_bytes);
  ADD ("journal-alone", test_journal_alone);
  ADD ("io", test_io);
  ADD ("folder-is-a-file", test_folder_is_a_file);
  ADD ("other-tpm", test_other_tpm);
  ADD ("tpm-gone", test_tpm_gone);
  ADD ("no-tpm", test_no_tpm);
  ADD ("keyring-away-at-creation", test_keyring_away_at_creation);
  ADD ("keyring-forgets", test_keyring_forgets);
  ADD ("keyring-differs", test_keyring_differs);
  ADD ("keyring-locked-for-a-while", test_keyring_locked_for_a_while);
  ADD ("no-keyring", test_no_keyring);
  ADD ("header-changed", test_header_changed);
  ADD ("lock", test_lock);
  ADD ("lock-while-unlocking", test_lock_while_unlocking);
  ADD ("look-up-while-tpm-works", test_look_up_while_tpm_works);
  ADD ("threads", test_threads);
  ADD ("signals", test_signals);
  ADD ("reset", test_reset);
  ADD ("reset-what-does-not-open", test_reset_what_does_not_open);
  ADD ("nothing-readable", test_nothing_readable);
  return g_test_run ();
}
