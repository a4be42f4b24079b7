/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "core/vault/vault-settings.h"
#include "tests/support/vault-fixture.h"

static MortiseFakeTpm *
fake (VaultFixture *f)
{
  return vault_fixture_get_fake (f);
}

static guint
unseals (VaultFixture *f)
{
  return mortise_fake_tpm_count_calls (fake (f), MORTISE_FAKE_TPM_UNSEAL);
}

static void
assert_unlock (VaultFixture *f, const char *pin, int code, guint retries)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = vault_fixture_unlock (f, pin, &error);

  if (code < 0)
    {
      g_assert_no_error (error);
      g_assert_true (ok);
    }
  else
    {
      g_assert_false (ok);
      g_assert_error (error, MORTISE_ERROR, code);
    }
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, retries);
}

/* --- What a PIN is -----------------------------------------------------------------------------
 */

static void
test_hash (void)
{
  /* LEFT(SHA-256("1234"), 16) */
  const guint8 expected[] = { 0x03, 0xac, 0x67, 0x42, 0x16, 0xf3, 0xe1, 0x5c,
                              0x76, 0x1e, 0xe1, 0xa5, 0xe2, 0x55, 0xf0, 0x67 };
  g_autoptr (MortiseSecret) hash = vault_fixture_pin_hash ("1234");

  g_assert_cmpmem (mortise_secret_peek (hash), mortise_secret_get_size (hash), expected,
                   sizeof expected);
}

static void
assert_no_hash (gconstpointer bytes, gsize size)
{
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (bytes, size);
  g_autoptr (GError) error = NULL;

  g_assert_null (mortise_pin_hash (pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY);
}

static void
test_no_hash (void)
{
  char long_pin[64];

  memset (long_pin, '7', sizeof long_pin);
  assert_no_hash (long_pin, 64);
  assert_no_hash ("12\xff"
                  "34",
                  5);
  assert_no_hash ("12\0"
                  "34",
                  5);
  {
    g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (long_pin, 63);
    g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, NULL);

    g_assert_nonnull (hash);
  }
}

static void
assert_policy (VaultFixture *f, const char *pin, gboolean allowed)
{
  g_autoptr (MortiseSecret) secret = vault_fixture_pin (pin);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mortise_vault_create (f->vault, secret, &error), ==, allowed);
  if (allowed)
    g_assert_no_error (error);
  else
    g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY);
  g_assert_cmpint (g_file_test (f->database, G_FILE_TEST_EXISTS), ==, allowed);
}

/* Four characters, not four bytes, and at most 63 bytes. */
static void
test_policy (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *long_pin = g_strnfill (64, '1');

  g_assert_true (mortise_vault_open (f->vault, NULL));
  assert_policy (f, "123", FALSE);
  assert_policy (f, "日本語", FALSE);
  assert_policy (f, long_pin, FALSE);
  assert_policy (f, "日本語で", TRUE);
  assert_unlock (f, "日本語で", -1, 8);
}

/* --- Tries -------------------------------------------------------------------------------------
 */

static void
test_wrong (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  mortise_vault_lock (f->vault);
  mortise_fake_tpm_reset_calls (fake (f));

  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "9998", MORTISE_ERROR_PIN_INVALID, 6);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
  g_assert_false (mortise_fake_tpm_has_parent (fake (f)));
  /* Right: all tries are back, and three more may be wrong. */
  assert_unlock (f, "1234", -1, 8);
  g_assert_cmpuint (unseals (f), ==, 3);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 6);
  assert_unlock (f, "1234", -1, 8);
}

static void
test_three_in_a_row (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  mortise_vault_lock (f->vault);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 6);
  g_assert_false (mortise_vault_is_pin_auth_blocked (f->vault));
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_AUTH_BLOCKED, 5);
  g_assert_true (mortise_vault_is_pin_auth_blocked (f->vault));

  /* Not even the right one now; nothing is counted, the TPM not asked; opening anew is no start. */
  mortise_fake_tpm_reset_calls (fake (f));
  assert_unlock (f, "1234", MORTISE_ERROR_PIN_AUTH_BLOCKED, 5);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_AUTH_BLOCKED, 5);
  g_assert_cmpuint (unseals (f), ==, 0);
  mortise_vault_close (f->vault);
  g_assert_true (mortise_vault_open (f->vault, NULL));
  assert_unlock (f, "1234", MORTISE_ERROR_PIN_AUTH_BLOCKED, 5);

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_false (mortise_vault_is_pin_auth_blocked (f->vault));
  assert_unlock (f, "1234", -1, 8);
}

static void
test_none_left (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) old = vault_fixture_pin_hash ("1234");
  g_autoptr (MortiseSecret) new = vault_fixture_pin ("5678");
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  for (guint left = 8; left > 0; left--)
    {
      if (left == 8 || left == 5 || left == 2)
        vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
      assert_unlock (f, "9999",
                     left == 1                ? MORTISE_ERROR_PIN_BLOCKED
                     : left == 6 || left == 3 ? MORTISE_ERROR_PIN_AUTH_BLOCKED
                                              : MORTISE_ERROR_PIN_INVALID,
                     left - 1);
    }
  for (int i = 0; i < 2; i++)
    {
      vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
      assert_unlock (f, "1234", MORTISE_ERROR_PIN_BLOCKED, 0);
      /* One was the login keyslot's. */
      g_assert_cmpuint (unseals (f), ==, 1);
    }
  g_assert_false (mortise_vault_change_pin (f->vault, old, new, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_BLOCKED);
}

/* Tries left in a copy of the files as they are this moment: what a cut of power would leave. */
static guint
retries_on_disk (VaultFixture *f)
{
  const char *const suffixes[] = { "", "-wal" };
  g_autofree char *copy = g_build_filename (f->root, "copy.db", NULL);
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  guint retries;

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (f->database, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (copy, suffixes[i], NULL);
      g_autofree char *content = NULL;
      gsize size = 0;

      g_assert_true (g_file_get_contents (from, &content, &size, NULL));
      g_assert_true (g_file_set_contents (to, content, (gssize) size, NULL));
    }
  g_assert_cmpint (sqlite3_open (copy, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT retries FROM pin", -1, &statement, NULL), ==,
                   SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  retries = (guint) sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return retries;
}

typedef struct
{
  VaultFixture *f;
  guint expected;
  guint asked;
} OnDisk;

static void
look_at_disk (MortiseFakeTpm *tpm, MortiseFakeTpmOperation operation, gpointer user_data)
{
  OnDisk *on_disk = user_data;

  if (operation != MORTISE_FAKE_TPM_UNSEAL)
    return;
  g_assert_cmpuint (retries_on_disk (on_disk->f), ==, on_disk->expected);
  on_disk->asked++;
}

static void
test_counted_before_asked (VaultFixture *f, gconstpointer user_data)
{
  OnDisk on_disk = { f, 7, 0 };

  vault_fixture_create (f);
  mortise_vault_lock (f->vault);
  mortise_fake_tpm_set_hook (fake (f), look_at_disk, &on_disk);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  on_disk.expected = 6;
  assert_unlock (f, "1234", -1, 8);
  g_assert_cmpuint (on_disk.asked, ==, 2);
  g_assert_cmpuint (retries_on_disk (f), ==, 8);
  mortise_fake_tpm_set_hook (fake (f), NULL, NULL);
}

/* The machine's lockout is no wrong PIN. */
static void
test_tpm_lockout (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  mortise_vault_lock (f->vault);
  mortise_fake_tpm_set_max_tries (fake (f), 1);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  for (int i = 0; i < 5; i++)
    assert_unlock (f, "1234", MORTISE_ERROR_TPM_LOCKOUT, 7);
  g_assert_false (mortise_vault_is_pin_auth_blocked (f->vault));
  g_assert_cmpuint (retries_on_disk (f), ==, 7);
  mortise_fake_tpm_heal_lockout (fake (f));
  assert_unlock (f, "1234", -1, 8);
}

static void
test_tpm_fails (VaultFixture *f, gconstpointer user_data)
{
  const MortiseError codes[] = { MORTISE_ERROR_TPM_GONE, MORTISE_ERROR_TPM_BUSY,
                                 MORTISE_ERROR_TPM_SLOTS, MORTISE_ERROR_TPM_FAILED };

  vault_fixture_create (f);
  mortise_vault_lock (f->vault);
  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      mortise_fake_tpm_reset_calls (fake (f));
      mortise_fake_tpm_fail (fake (f), MORTISE_FAKE_TPM_UNSEAL, 0, 1, codes[i]);
      assert_unlock (f, "1234", (int) codes[i], 8);
      /* Never again by itself. */
      g_assert_cmpuint (unseals (f), ==, 1);
    }

  /* The PIN was right, and yet the vault does not open: no try is lost for that either. */
  mortise_fake_tpm_fail (fake (f), MORTISE_FAKE_TPM_LOAD_PARENT, 0, 1, MORTISE_ERROR_TPM_GONE);
  assert_unlock (f, "1234", MORTISE_ERROR_TPM_GONE, 8);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", -1, 8);
}

/* Verifying a person while unlocked: one command. */
static void
test_verify_while_unlocked (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  mortise_fake_tpm_reset_calls (fake (f));
  assert_unlock (f, "1234", -1, 8);
  g_assert_cmpuint (unseals (f), ==, 1);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (fake (f), MORTISE_FAKE_TPM_ANY), ==, 1);

  /* A wrong one is told, and locks nothing. */
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);
  g_assert_true (mortise_fake_tpm_has_parent (fake (f)));
}

static void
test_wrong_size (VaultFixture *f, gconstpointer user_data)
{
  const gsize sizes[] = { 1, 15, 17, 32 };

  vault_fixture_create (f);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (MortiseSecret) hash = mortise_secret_new (sizes[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (mortise_vault_unlock (f->vault, hash, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
    }
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
}

static gpointer
wrong_thread (gpointer user_data)
{
  g_assert_false (vault_fixture_unlock (user_data, "9999", NULL));
  return NULL;
}

/* Many at once are not one try. */
static void
test_threads (VaultFixture *f, gconstpointer user_data)
{
  GThread *threads[6];

  vault_fixture_create (f);
  mortise_fake_tpm_reset_calls (fake (f));
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("wrong", wrong_thread, f);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 5);
  g_assert_cmpuint (unseals (f), ==, 3);
}

static void
test_count_tampered (VaultFixture *f, gconstpointer user_data)
{
  const char *const damages[] = { "UPDATE pin SET retries = 9", "UPDATE pin SET retries = -1",
                                  "DELETE FROM pin" };

  vault_fixture_create (f);
  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      sqlite3 *db = NULL;

      vault_fixture_restart (f);
      g_assert_cmpint (sqlite3_open (f->database, &db), ==, SQLITE_OK);
      g_assert_cmpint (sqlite3_exec (db, damages[i], NULL, NULL, NULL), ==, SQLITE_OK);
      sqlite3_close (db);
      vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
      assert_unlock (f, "1234", MORTISE_ERROR_PIN_BLOCKED, 0);
    }
}

/* --- Changing it -------------------------------------------------------------------------------
 */

static gboolean
change (VaultFixture *f, const char *old, const char *new, GError **error)
{
  g_autoptr (MortiseSecret) hash = vault_fixture_pin_hash (old);
  g_autoptr (MortiseSecret) pin = vault_fixture_pin (new);

  return mortise_vault_change_pin (f->vault, hash, pin, error);
}

static void
test_change (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GBytes) old_slot = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  old_slot = vault_fixture_read_slot (f, "pin");
  g_assert_true (
      vault_fixture_contains (f, g_bytes_get_data (old_slot, NULL), g_bytes_get_size (old_slot)));

  g_assert_true (change (f, "1234", "new PIN", &error));
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);
  /* The old keyslot is gone at once, from database and journal; any 32 bytes of it. */
  g_assert_false (
      vault_fixture_contains (f, (const guint8 *) g_bytes_get_data (old_slot, NULL) + 20, 32));

  assert_unlock (f, "1234", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "new PIN", -1, 8);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "new PIN", -1, 8);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

static void
test_change_refused (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  mortise_fake_tpm_reset_calls (fake (f));
  /* A new PIN that is no good costs no try. */
  g_assert_false (change (f, "1234", "abc", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY);
  g_clear_error (&error);
  g_assert_cmpuint (unseals (f), ==, 0);
  /* A wrong old one does. */
  g_assert_false (change (f, "9999", "56789", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID);
  g_clear_error (&error);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 7);

  mortise_fake_tpm_fail (fake (f), MORTISE_FAKE_TPM_SEAL, 0, 1, MORTISE_ERROR_TPM_GONE);
  g_assert_false (change (f, "1234", "56789", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_GONE);
  assert_unlock (f, "56789", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "1234", -1, 8);
}

static void
test_min_length (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_MIN_PIN_LENGTH,
                                            g_variant_new_uint32 (6), NULL));
  g_assert_false (change (f, "1234", "12345", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY);
  g_clear_error (&error);
  g_assert_true (change (f, "1234", "日本語の言葉", &error));
  g_assert_no_error (error);
}

static void
test_forced (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GVariant) forced = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  /* Without need the same PIN may be set again, as CTAP has it. */
  g_assert_true (change (f, "1234", "1234", &error));
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_FORCE_PIN_CHANGE,
                                            g_variant_new_boolean (TRUE), NULL));
  g_assert_false (change (f, "1234", "1234", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY);
  g_clear_error (&error);
  g_assert_true (change (f, "1234", "12345", &error));
  forced = mortise_vault_get_setting (f->vault, MORTISE_SETTING_FORCE_PIN_CHANGE);
  g_assert_null (forced);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
#define ADD(path, function)                                                                        \
  g_test_add ("/vault-pin/" path, VaultFixture, NULL, vault_fixture_set_up, function,              \
              vault_fixture_tear_down)
  g_test_add_func ("/vault-pin/hash", test_hash);
  g_test_add_func ("/vault-pin/no-hash", test_no_hash);
  ADD ("policy", test_policy);
  ADD ("wrong", test_wrong);
  ADD ("three-in-a-row", test_three_in_a_row);
  ADD ("none-left", test_none_left);
  ADD ("counted-before-asked", test_counted_before_asked);
  ADD ("tpm-lockout", test_tpm_lockout);
  ADD ("tpm-fails", test_tpm_fails);
  ADD ("verify-while-unlocked", test_verify_while_unlocked);
  ADD ("wrong-size", test_wrong_size);
  ADD ("threads", test_threads);
  ADD ("count-tampered", test_count_tampered);
  ADD ("change", test_change);
  ADD ("change-refused", test_change_refused);
  ADD ("min-length", test_min_length);
  ADD ("forced", test_forced);
  return g_test_run ();
}
