/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/vault-fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "tests/support/scratch-folder.h"

#define SEED "the test's TPM"

void
vault_fixture_set_up_on (VaultFixture *fixture, MortiseTpm *tpm)
{
  fixture->root = scratch_folder_new ();
  fixture->directory = g_build_filename (fixture->root, "mortise", NULL);
  fixture->database = g_build_filename (fixture->directory, "vault.db", NULL);
  fixture->tpm = tpm;
  fixture->keyring = mortise_memory_keyring_new ();
  fixture->vault = mortise_vault_new (fixture->directory, fixture->tpm, fixture->keyring);
}

void
vault_fixture_set_up (VaultFixture *fixture, gconstpointer user_data)
{
  vault_fixture_set_up_on (fixture, mortise_fake_tpm_new (SEED));
}

void
vault_fixture_tear_down (VaultFixture *fixture, gconstpointer user_data)
{
  g_clear_object (&fixture->vault);
  g_clear_object (&fixture->keyring);
  g_assert_finalize_object (g_steal_pointer (&fixture->tpm));
  g_chmod (fixture->directory, 0700);
  g_free (fixture->database);
  g_free (fixture->directory);
  scratch_folder_remove (fixture->root);
}

MortiseFakeTpm *
vault_fixture_get_fake (VaultFixture *fixture)
{
  return MORTISE_FAKE_TPM (fixture->tpm);
}

MortiseMemoryKeyring *
vault_fixture_get_keyring (VaultFixture *fixture)
{
  return MORTISE_MEMORY_KEYRING (fixture->keyring);
}

MortiseSecret *
vault_fixture_pin (const char *pin)
{
  return mortise_secret_new_from_data (pin, strlen (pin));
}

MortiseSecret *
vault_fixture_pin_hash (const char *pin)
{
  g_autoptr (MortiseSecret) secret = vault_fixture_pin (pin);
  g_autoptr (GError) error = NULL;
  MortiseSecret *hash = mortise_pin_hash (secret, &error);

  g_assert_no_error (error);
  return hash;
}

void
vault_fixture_create (VaultFixture *fixture)
{
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");
  g_autoptr (GError) error = NULL;

  mortise_vault_open (fixture->vault, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (fixture->vault), ==, MORTISE_VAULT_NONE);
  mortise_vault_create (fixture->vault, pin, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (fixture->vault), ==, MORTISE_VAULT_UNLOCKED);
}

void
vault_fixture_restart (VaultFixture *fixture)
{
  g_clear_object (&fixture->vault);
  g_clear_object (&fixture->tpm);
  fixture->tpm = mortise_fake_tpm_new (SEED);
  fixture->vault = mortise_vault_new (fixture->directory, fixture->tpm, fixture->keyring);
}

void
vault_fixture_reopen (VaultFixture *fixture, MortiseVaultState state)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_restart (fixture);
  mortise_vault_open (fixture->vault, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (fixture->vault), ==, state);
}

gboolean
vault_fixture_unlock (VaultFixture *fixture, const char *pin, GError **error)
{
  g_autoptr (MortiseSecret) hash = vault_fixture_pin_hash (pin);

  return mortise_vault_unlock (fixture->vault, hash, error);
}

MortiseCredential *
vault_fixture_make_credential (VaultFixture *fixture,
                               const char *rp_id,
                               const char *user,
                               MortiseCredentialSecrets **ret_secrets)
{
  MortiseCredential *credential = mortise_credential_new ();
  g_autoptr (MortiseSecret) id = mortise_secret_new_random (MORTISE_CREDENTIAL_ID_SIZE);
  g_autoptr (MortiseTpmKey) key = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (GError) error = NULL;

  key = mortise_vault_create_key (fixture->vault, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob,
                                  &error);
  g_assert_no_error (error);
  *ret_secrets = mortise_credential_secrets_new ();
  (*ret_secrets)->key = g_steal_pointer (&blob);
  (*ret_secrets)->cred_random_with_uv = mortise_secret_new_random (32);
  (*ret_secrets)->cred_random_without_uv = mortise_secret_new_random (32);

  credential->credential_id = g_bytes_new (mortise_secret_peek (id), mortise_secret_get_size (id));
  credential->rp_id = g_strdup (rp_id);
  credential->user_id = g_bytes_new (user, strlen (user));
  credential->user_name = g_strdup (user);
  credential->user_display_name = g_strdup_printf ("Person %s", user);
  /* An opaque value to the vault. */
  credential->public_key = g_bytes_new_static ("\xa1\x01\x02", 3);
  credential->discoverable = TRUE;
  credential->has_hmac_secret = TRUE;
  return credential;
}

gint64
vault_fixture_add (VaultFixture *fixture, const char *rp_id, const char *user)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential =
      vault_fixture_make_credential (fixture, rp_id, user, &secrets);
  g_autoptr (GError) error = NULL;

  mortise_vault_add (fixture->vault, credential, secrets, &error);
  g_assert_no_error (error);
  g_assert_cmpint (credential->row_id, >, 0);
  return credential->row_id;
}

static void
describe_list (VaultFixture *fixture, gboolean deleted, GString *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;
  guint damaged = 0;

  list = mortise_vault_list (fixture->vault, deleted, 0, G_MAXUINT, &damaged, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (damaged, ==, 0);
  for (guint i = 0; i < list->len; i++)
    {
      const MortiseCredential *credential = list->pdata[i];

      g_string_append_printf (
          text, "%s%" G_GINT64_FORMAT " %s %s %s label=%s count=%u used=%u flags=%x\n",
          credential->deleted_at != 0 ? "deleted " : "", credential->row_id, credential->rp_id,
          credential->user_name, credential->user_display_name, credential->label,
          credential->sign_count, (guint) credential->use_count, credential->last_flags);
    }
}

char *
vault_fixture_describe (VaultFixture *fixture)
{
  g_autoptr (GString) text = g_string_new (NULL);

  describe_list (fixture, FALSE, text);
  describe_list (fixture, TRUE, text);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
vault_fixture_contains (VaultFixture *fixture, gconstpointer needle, gsize size)
{
  g_autoptr (GDir) folder = g_dir_open (fixture->directory, 0, NULL);
  const char *name;
  gboolean found = FALSE;

  g_assert_nonnull (folder);
  while (!found && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
      g_autofree char *content = NULL;
      gsize content_size = 0;

      g_assert_true (g_file_get_contents (path, &content, &content_size, NULL));
      found = memmem (content, content_size, needle, size) != NULL;
    }
  return found;
}

GBytes *
vault_fixture_read_slot (VaultFixture *fixture, const char *kind)
{
  g_autofree char *uri = g_strconcat ("file:", fixture->database, "?immutable=1", NULL);
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  GBytes *slot;

  g_assert_cmpint (sqlite3_open_v2 (uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL), ==,
                   SQLITE_OK);
  sqlite3_prepare_v2 (db, "SELECT private FROM keyslots WHERE kind = ?", -1, &statement, NULL);
  sqlite3_bind_text (statement, 1, kind, -1, SQLITE_STATIC);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  slot =
      g_bytes_new (sqlite3_column_blob (statement, 0), (gsize) sqlite3_column_bytes (statement, 0));
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return slot;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char *
vault_fixture_snapshot (VaultFixture *fixture)
{
  g_autoptr (GDir) folder = g_dir_open (fixture->directory, 0, NULL);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (folder);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
      g_autofree char *content = NULL;
      g_autofree char *digest = NULL;
      gsize size = 0;

      if (strcmp (name, "vault.lock") == 0)
        continue;
      g_assert_true (g_file_get_contents (path, &content, &size, NULL));
      digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) content, size);
      g_ptr_array_add (lines, g_strdup_printf ("%s %s", name, digest));
    }
  g_ptr_array_sort (lines, compare_names);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **) lines->pdata);
}

MortiseSecret *
vault_fixture_create_code (VaultFixture *f, GError **error)
{
  g_autoptr (MortiseRecoveryDraft) draft = mortise_vault_draft_recovery_code (f->vault, error);

  if (draft == NULL || !mortise_vault_keep_recovery_code (f->vault, draft, error))
    return NULL;
  return mortise_secret_copy (mortise_recovery_draft_get_text (draft));
}
