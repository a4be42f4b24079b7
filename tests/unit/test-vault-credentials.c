/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sqlite3.h>
#include <string.h>

#include "core/vault/vault-private.h"
#include "core/vault/vault-settings.h"
#include "tests/support/vault-fixture.h"

static void
tamper (VaultFixture *f, const char *sql)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (f->database, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

static MortiseCredential *
get (VaultFixture *f, gint64 row_id)
{
  g_autoptr (GError) error = NULL;
  MortiseCredential *credential = mortise_vault_get (f->vault, row_id, &error);

  g_assert_no_error (error);
  return credential;
}

static GPtrArray *
find (VaultFixture *f, const char *rp_id, gboolean discoverable_only)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *found = mortise_vault_find_by_rp (f->vault, rp_id, discoverable_only, &error);

  g_assert_no_error (error);
  return found;
}

static guint
count_found (VaultFixture *f, const char *rp_id)
{
  g_autoptr (GPtrArray) found = find (f, rp_id, FALSE);

  return found->len;
}

static guint
count_deleted (VaultFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = mortise_vault_list (f->vault, TRUE, 0, G_MAXUINT, NULL, &error);

  g_assert_no_error (error);
  return list->len;
}

/* --- Keeping -----------------------------------------------------------------------------------
 */

static MortiseCredential *
make_full (VaultFixture *f, MortiseCredentialSecrets **ret_secrets)
{
  MortiseCredential *credential =
      vault_fixture_make_credential (f, "example.com", "anna", ret_secrets);

  credential->rp_name = g_strdup ("Example, Inc.");
  credential->label = g_strdup ("仕事");
  credential->nickname = g_strdup ("Anna’s key 🗝");
  credential->credential_class = MORTISE_CREDENTIAL_EXPORTABLE;
  credential->algorithm = MORTISE_ALG_RS256;
  credential->cred_protect = 3;
  credential->backup_eligible = TRUE;
  credential->backup_state = TRUE;
  credential->export_blocked = TRUE;
  credential->has_large_blob_key = TRUE;
  credential->has_cred_blob = TRUE;
  credential->created_at = -5; /* some exporters write such */
  (*ret_secrets)->large_blob_key = mortise_secret_new_random (32);
  (*ret_secrets)->cred_blob = g_bytes_new ("blob", 4);
  return credential;
}

static void
assert_same (const MortiseCredential *a, const MortiseCredential *b)
{
  g_assert_cmpint (a->row_id, ==, b->row_id);
  g_assert_true (g_bytes_equal (a->credential_id, b->credential_id));
  g_assert_cmpstr (a->rp_id, ==, b->rp_id);
  g_assert_cmpstr (a->rp_name, ==, b->rp_name);
  g_assert_true (g_bytes_equal (a->user_id, b->user_id));
  g_assert_cmpstr (a->user_name, ==, b->user_name);
  g_assert_cmpstr (a->user_display_name, ==, b->user_display_name);
  g_assert_cmpstr (a->label, ==, b->label);
  g_assert_cmpstr (a->nickname, ==, b->nickname);
  g_assert_cmpstr (a->note, ==, b->note);
  g_assert_cmpint (a->credential_class, ==, b->credential_class);
  g_assert_cmpint (a->algorithm, ==, b->algorithm);
  g_assert_true (g_bytes_equal (a->public_key, b->public_key));
  g_assert_cmpint (a->discoverable, ==, b->discoverable);
  g_assert_cmpint (a->u2f, ==, b->u2f);
  g_assert_cmpint (a->cred_protect, ==, b->cred_protect);
  g_assert_cmpint (a->backup_eligible, ==, b->backup_eligible);
  g_assert_cmpint (a->backup_state, ==, b->backup_state);
  g_assert_cmpint (a->export_blocked, ==, b->export_blocked);
  g_assert_cmpint (a->has_hmac_secret, ==, b->has_hmac_secret);
  g_assert_cmpint (a->has_large_blob_key, ==, b->has_large_blob_key);
  g_assert_cmpint (a->has_cred_blob, ==, b->has_cred_blob);
  g_assert_cmpint (a->created_at, ==, b->created_at);
  g_assert_cmpint (a->last_used_at, ==, b->last_used_at);
  g_assert_cmpint (a->deleted_at, ==, b->deleted_at);
  g_assert_cmpuint (a->use_count, ==, b->use_count);
  g_assert_cmpuint (a->last_flags, ==, b->last_flags);
  g_assert_cmpuint (a->sign_count, ==, b->sign_count);
}

static void
test_all_members (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredentialSecrets) read = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseCredential) by_id = NULL;
  g_autoptr (MortiseCredential) copy = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  credential = make_full (f, &secrets);
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, &error));
  g_assert_no_error (error);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  mortise_fake_tpm_reset_calls (vault_fixture_get_fake (f));
  by_id = mortise_vault_find_by_id (f->vault, credential->credential_id, &error);
  g_assert_no_error (error);
  assert_same (by_id, credential);
  copy = mortise_credential_copy (by_id);
  assert_same (copy, credential);
  /* Looking up costs the TPM nothing. */
  g_assert_cmpuint (mortise_fake_tpm_count_calls (vault_fixture_get_fake (f), MORTISE_FAKE_TPM_ANY),
                    ==, 0);

  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  read = mortise_vault_read_secrets (f->vault, by_id, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (read->key->public_area, secrets->key->public_area));
  g_assert_true (g_bytes_equal (read->key->private_area, secrets->key->private_area));
  g_assert_true (mortise_secret_equal (read->cred_random_with_uv, secrets->cred_random_with_uv));
  g_assert_true (
      mortise_secret_equal (read->cred_random_without_uv, secrets->cred_random_without_uv));
  g_assert_true (mortise_secret_equal (read->large_blob_key, secrets->large_blob_key));
  g_assert_true (g_bytes_equal (read->cred_blob, secrets->cred_blob));
}

static void
test_least_members (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredentialSecrets) read = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  vault_fixture_create (f);
  credential = vault_fixture_make_credential (f, "example.com", "anna", &secrets);
  g_clear_pointer (&credential->user_id, g_bytes_unref);
  g_clear_pointer (&credential->user_name, g_free);
  g_clear_pointer (&credential->user_display_name, g_free);
  g_clear_pointer (&secrets->cred_random_with_uv, mortise_secret_free);
  g_clear_pointer (&secrets->cred_random_without_uv, mortise_secret_free);
  credential->discoverable = FALSE;
  credential->u2f = TRUE;
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
  g_assert_cmpint (credential->created_at, >=, now);
  stored = get (f, credential->row_id);
  g_assert_null (stored->user_id);
  g_assert_null (stored->user_name);
  g_assert_null (stored->label);
  g_assert_true (stored->u2f);
  g_assert_cmpint (stored->last_used_at, ==, 0);
  read = mortise_vault_read_secrets (f->vault, stored, NULL);
  g_assert_null (read->cred_random_with_uv);
  g_assert_null (read->large_blob_key);
  g_assert_null (read->cred_blob);
}

static void
test_long_names (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  g_autoptr (GString) name = g_string_new (NULL);

  vault_fixture_create (f);
  credential = vault_fixture_make_credential (f, "example.com", "anna", &secrets);
  /* Three bytes a character: 1,024 falls inside one. */
  for (int i = 0; i < 10000; i++)
    g_string_append (name, "語");
  g_free (credential->user_name);
  credential->user_name = g_strdup (name->str);
  credential->rp_name = g_strdup (name->str);
  g_free (credential->user_display_name);
  credential->user_display_name = g_strdup (name->str);
  credential->label = g_strdup (name->str);
  credential->nickname = g_strdup (name->str);
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
  stored = get (f, credential->row_id);
  g_assert_cmpuint (strlen (stored->user_name), ==, 1023);
  g_assert_true (g_utf8_validate (stored->user_name, -1, NULL));
  g_assert_true (g_str_has_prefix (name->str, stored->nickname));
}

typedef void (*Spoil) (MortiseCredential *credential);

static void
spoil_rp_id (MortiseCredential *credential)
{
  g_free (credential->rp_id);
  credential->rp_id = g_strdup ("");
}

static void
spoil_long_rp_id (MortiseCredential *credential)
{
  g_free (credential->rp_id);
  credential->rp_id = g_strnfill (254, 'a');
}

static void
spoil_utf8 (MortiseCredential *credential)
{
  g_free (credential->user_name);
  credential->user_name = g_strdup ("\xff");
}

static void
spoil_no_id (MortiseCredential *credential)
{
  g_clear_pointer (&credential->credential_id, g_bytes_unref);
}

static void
spoil_long_id (MortiseCredential *credential)
{
  g_autofree char *bytes = g_strnfill (129, 'x');

  g_bytes_unref (credential->credential_id);
  credential->credential_id = g_bytes_new (bytes, 129);
}

static void
spoil_long_user_id (MortiseCredential *credential)
{
  g_autofree char *bytes = g_strnfill (65, 'x');

  g_bytes_unref (credential->user_id);
  credential->user_id = g_bytes_new (bytes, 65);
}

static void
spoil_no_public_key (MortiseCredential *credential)
{
  g_clear_pointer (&credential->public_key, g_bytes_unref);
}

static void
spoil_cred_protect (MortiseCredential *credential)
{
  credential->cred_protect = 4;
}

static void
spoil_device_only_be (MortiseCredential *credential)
{
  credential->backup_eligible = TRUE;
}

static void
spoil_exportable_be (MortiseCredential *credential)
{
  credential->credential_class = MORTISE_CREDENTIAL_EXPORTABLE;
}

static void
spoil_bs_without_be (MortiseCredential *credential)
{
  credential->backup_state = TRUE;
}

static void
spoil_counter (MortiseCredential *credential)
{
  credential->credential_class = MORTISE_CREDENTIAL_EXPORTABLE;
  credential->backup_eligible = TRUE;
  credential->sign_count = 1;
}

static void
spoil_class (MortiseCredential *credential)
{
  credential->credential_class = 3;
}

static void
test_arguments (VaultFixture *f, gconstpointer user_data)
{
  const Spoil spoils[] = { spoil_rp_id,         spoil_long_rp_id,    spoil_utf8,
                           spoil_no_id,         spoil_long_id,       spoil_long_user_id,
                           spoil_no_public_key, spoil_cred_protect,  spoil_device_only_be,
                           spoil_exportable_be, spoil_bs_without_be, spoil_counter,
                           spoil_class };

  vault_fixture_create (f);
  for (gsize i = 0; i < G_N_ELEMENTS (spoils); i++)
    {
      g_autoptr (MortiseCredentialSecrets) secrets = NULL;
      g_autoptr (MortiseCredential) credential =
          vault_fixture_make_credential (f, "example.com", "anna", &secrets);
      g_autoptr (GError) error = NULL;

      spoils[i](credential);
      g_assert_false (mortise_vault_add (f->vault, credential, secrets, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
      g_assert_cmpint (credential->row_id, ==, 0);
    }
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
}

static void
test_same_id (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  credential = vault_fixture_make_credential (f, "example.com", "anna", &secrets);
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
  g_assert_false (mortise_vault_add (f->vault, credential, secrets, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
  g_assert_cmpuint (count_deleted (f), ==, 0);

  /* One in Recently deleted is in nobody's way, as when it is imported again. */
  g_assert_true (mortise_vault_delete (f->vault, credential->row_id, NULL));
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

static void
test_full (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) error = NULL;
  gint64 row_id;

  vault_fixture_create (f);
  f->vault->max_credentials = 3;
  row_id = vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  vault_fixture_add (f, "example.com", "carl");
  credential = vault_fixture_make_credential (f, "example.com", "dora", &secrets);
  g_assert_false (mortise_vault_add (f->vault, credential, secrets, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
  g_clear_error (&error);
  g_assert_true (mortise_vault_delete (f->vault, row_id, NULL));
  g_assert_false (mortise_vault_add (f->vault, credential, secrets, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
  g_assert_true (mortise_vault_purge (f->vault, row_id, NULL));
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
}

/* --- One per account ---------------------------------------------------------------------------
 */

static void
test_replaced (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (MortiseCredential) old = NULL;
  g_autoptr (GError) error = NULL;
  gint64 first, second;

  vault_fixture_create (f);
  first = vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  vault_fixture_add (f, "example.org", "anna");
  second = vault_fixture_add (f, "example.com", "anna");
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 3);
  found = find (f, "example.com", TRUE);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpint (((MortiseCredential *) found->pdata[0])->row_id, ==, second);

  old = get (f, first);
  g_assert_cmpint (old->deleted_at, !=, 0);
  g_assert_null (mortise_vault_find_by_id (f->vault, old->credential_id, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);

  /* Back again: the newer one takes its place in Recently deleted. */
  g_assert_true (mortise_vault_restore (f->vault, first, NULL));
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 3);
  g_assert_cmpuint (count_deleted (f), ==, 1);
  g_clear_pointer (&old, mortise_credential_unref);
  old = get (f, second);
  g_assert_cmpint (old->deleted_at, !=, 0);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 3);
  g_assert_cmpuint (count_found (f, "example.com"), ==, 2);
}

static void
test_not_replaced (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (MortiseCredentialSecrets) secrets = NULL;
      g_autoptr (MortiseCredential) credential =
          vault_fixture_make_credential (f, "example.com", "anna", &secrets);

      credential->discoverable = FALSE;
      g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
    }
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 3);
  {
    g_autoptr (GPtrArray) all = find (f, "example.com", FALSE);
    g_autoptr (GPtrArray) discoverable = find (f, "example.com", TRUE);

    g_assert_cmpuint (all->len, ==, 3);
    g_assert_cmpuint (discoverable->len, ==, 1);
  }
}

/* "a" + "bc" is not "ab" + "c". */
static void
test_account_split (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  vault_fixture_add (f, "example.co", "manna");
  vault_fixture_add (f, "example.com", "anna");
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 2);
}

/* --- Looking up --------------------------------------------------------------------------------
 */

static void
test_find_nothing (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *bytes = g_strnfill (7609, 'x');
  const gsize sizes[] = { 0, 1, 32, 128, 129, 7609 };

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  g_assert_cmpuint (count_found (f, "example.co"), ==, 0);
  g_assert_cmpuint (count_found (f, ""), ==, 0);
  g_assert_cmpuint (count_found (f, bytes), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) id = g_bytes_new (bytes, sizes[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (mortise_vault_find_by_id (f->vault, id, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
    }
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (mortise_vault_get (f->vault, 4711, &error));
    g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  }
}

static void
test_pages (VaultFixture *f, gconstpointer user_data)
{
  gint64 after = 0;
  guint seen = 0;

  vault_fixture_create (f);
  for (int i = 0; i < 25; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%d", i);

      vault_fixture_add (f, "example.com", user);
    }
  while (TRUE)
    {
      g_autoptr (GPtrArray) page = mortise_vault_list (f->vault, FALSE, after, 10, NULL, NULL);

      if (page->len == 0)
        break;
      g_assert_cmpuint (page->len, <=, 10);
      for (guint i = 0; i < page->len; i++)
        {
          const MortiseCredential *credential = page->pdata[i];

          g_assert_cmpint (credential->row_id, >, after);
          after = credential->row_id;
          seen++;
        }
    }
  g_assert_cmpuint (seen, ==, 25);
}

/* --- Damage ------------------------------------------------------------------------------------
 */

static void
test_damaged_records (VaultFixture *f, gconstpointer user_data)
{
  guint total = 0, seen = 0;
  gint64 after = 0;

  vault_fixture_create (f);
  for (int i = 0; i < 20; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%d", i);

      vault_fixture_add (f, "example.com", user);
    }
  vault_fixture_restart (f);
  tamper (f, "UPDATE credentials SET metadata = zeroblob (200) WHERE id IN (1, 7, 8, 9, 20)");
  tamper (f, "UPDATE credentials SET usage = x'01' WHERE id = 10");
  /* A value of another row, one of another column, and an old one of Recently deleted. */
  tamper (f, "UPDATE credentials SET metadata = (SELECT metadata FROM credentials WHERE id = 2)"
             " WHERE id = 3");
  tamper (f, "UPDATE credentials SET usage = metadata WHERE id = 4");
  tamper (f, "UPDATE credentials SET deleted = 1 WHERE id = 5");
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);

  /* Pages: every good one shows, every bad one is counted once. */
  while (TRUE)
    {
      guint damaged = 0;
      g_autoptr (GPtrArray) page = mortise_vault_list (f->vault, FALSE, after, 3, &damaged, NULL);

      total += damaged;
      seen += page->len;
      if (page->len < 3)
        break;
      after = ((MortiseCredential *) page->pdata[page->len - 1])->row_id;
    }
  g_assert_cmpuint (seen, ==, 11);
  g_assert_cmpuint (total, ==, 8);
  g_assert_cmpuint (count_found (f, "example.com"), ==, 11);
  {
    guint damaged = 0;
    g_autoptr (GPtrArray) deleted = mortise_vault_list (f->vault, TRUE, 0, 100, &damaged, NULL);

    g_assert_cmpuint (deleted->len, ==, 0);
    g_assert_cmpuint (damaged, ==, 1);
  }
}

/* "You have no passkey here" would send the person away; the truth is another. */
static void
test_damaged_is_not_none (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredential) stored = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  stored = get (f, 1);
  vault_fixture_restart (f);
  tamper (f, "UPDATE credentials SET metadata = zeroblob (200)");
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_null (mortise_vault_find_by_rp (f->vault, "example.com", TRUE, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED);
  g_clear_error (&error);
  g_assert_null (mortise_vault_find_by_id (f->vault, stored->credential_id, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED);
  g_clear_error (&error);
  g_assert_null (mortise_vault_get (f->vault, 1, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

static void
test_damaged_secrets (VaultFixture *f, gconstpointer user_data)
{
  const char *const damages[] = {
    "UPDATE secrets SET secrets = x'01'", "UPDATE secrets SET secrets = zeroblob (100000)",
    "UPDATE secrets SET secrets = (SELECT secrets FROM secrets WHERE id = 2) WHERE id = 1"
  };
  g_autoptr (MortiseCredential) stored = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  stored = get (f, 1);
  for (gsize i = G_N_ELEMENTS (damages); i > 0; i--)
    {
      g_autoptr (GError) error = NULL;

      vault_fixture_restart (f);
      tamper (f, damages[i - 1]);
      vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
      g_assert_true (vault_fixture_unlock (f, "1234", NULL));
      g_assert_null (mortise_vault_load_key (f->vault, stored, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED);
    }
}

/* --- Changing ----------------------------------------------------------------------------------
 */

static void
test_update (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredential) stored = NULL;
  g_autoptr (MortiseCredential) changed = NULL;
  g_autoptr (MortiseCredential) again = NULL;
  g_autoptr (GError) error = NULL;
  guint32 count;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  stored = get (f, 1);
  changed = mortise_credential_copy (stored);
  g_free (changed->user_name);
  changed->user_name = g_strdup ("anna@example.com");
  g_clear_pointer (&changed->user_display_name, g_free);
  changed->label = g_strdup ("home");
  changed->nickname = g_strdup ("Windows Hello");
  changed->note = g_strdup ("made at the old desk");
  changed->export_blocked = TRUE;
  /* Used meanwhile: an old copy does not turn the counter back. */
  g_assert_true (mortise_vault_reserve_sign_count (f->vault, stored, &count, NULL));
  g_assert_true (mortise_vault_update (f->vault, changed, MORTISE_CHANGE_BY_PERSON, &error));
  g_assert_no_error (error);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  again = get (f, 1);
  g_assert_cmpuint (again->sign_count, >=, count);
  changed->sign_count = again->sign_count;
  g_assert_null (again->user_display_name);
  assert_same (again, changed);
}

/* "author kind from>to", one a line, without the times */
static char *
describe_history (const MortiseCredential *credential)
{
  g_autoptr (GPtrArray) changes = mortise_history_read (credential->history);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < changes->len; i++)
    {
      const MortiseChange *change = changes->pdata[i];

      g_assert_cmpint (ABS (change->time - g_get_real_time () / G_USEC_PER_SEC), <, 600);
      g_string_append_printf (text, "%u %u %s>%s\n", change->author, change->kind,
                              change->from != NULL ? change->from : "",
                              change->to != NULL ? change->to : "");
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
replace_text (char **place, const char *text)
{
  g_free (*place);
  *place = g_strdup (text);
}

static void
test_history (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredential) changed = NULL;
  g_autoptr (MortiseCredential) again = NULL;
  g_autofree char *none = NULL;
  g_autofree char *described = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  changed = get (f, 1);
  none = describe_history (changed);
  g_assert_cmpstr (none, ==, "");

  replace_text (&changed->user_name, "anna@example.com");
  replace_text (&changed->label, "home");
  g_assert_true (mortise_vault_update (f->vault, changed, MORTISE_CHANGE_BY_PERSON, NULL));
  /* An old copy does not make what happened meanwhile unhappened. */
  replace_text (&changed->user_name, NULL);
  changed->export_blocked = TRUE;
  g_assert_true (mortise_vault_update (f->vault, changed, MORTISE_CHANGE_BY_CLIENT, NULL));
  /* Nothing changed: nothing to tell. */
  g_assert_true (mortise_vault_update (f->vault, changed, MORTISE_CHANGE_BY_PERSON, NULL));
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  again = get (f, 1);
  described = describe_history (again);
  g_assert_cmpstr (described, ==,
                   "3 2 anna>anna@example.com\n3 4 >home\n2 2 anna@example.com>\n2 7 >1\n");
}

/* What the person said of an account, and its history, go on in its next passkey. */
static void
test_history_replaced (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredential) first = NULL;
  g_autoptr (MortiseCredential) second = NULL;
  g_autofree char *described = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  first = get (f, 1);
  replace_text (&first->user_name, "old");
  replace_text (&first->label, "home");
  replace_text (&first->nickname, "Windows Hello");
  replace_text (&first->note, "remember");
  g_assert_true (mortise_vault_update (f->vault, first, MORTISE_CHANGE_BY_PERSON, NULL));
  second = get (f, vault_fixture_add (f, "example.com", "anna"));
  g_assert_cmpstr (second->user_name, ==, "anna");
  g_assert_cmpstr (second->label, ==, "home");
  g_assert_cmpstr (second->note, ==, "remember");
  g_assert_null (second->nickname);
  described = describe_history (second);
  g_assert_cmpstr (described, ==,
                   "3 2 anna>old\n3 4 >home\n3 5 >Windows Hello\n3 6 >remember\n"
                   "1 1 >\n1 2 old>anna\n1 5 Windows Hello>\n");
}

static void
test_update_refused (VaultFixture *f, gconstpointer user_data)
{
  const Spoil spoils[] = { spoil_rp_id,         spoil_utf8,           spoil_no_id,
                           spoil_no_public_key, spoil_device_only_be, spoil_exportable_be,
                           spoil_bs_without_be, spoil_long_user_id,   spoil_cred_protect };
  g_autoptr (MortiseCredential) stored = NULL;
  g_autoptr (MortiseCredential) gone = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  stored = get (f, 1);
  before = vault_fixture_describe (f);
  for (gsize i = 0; i < G_N_ELEMENTS (spoils); i++)
    {
      g_autoptr (MortiseCredential) changed = mortise_credential_copy (stored);

      spoils[i](changed);
      g_assert_false (mortise_vault_update (f->vault, changed, MORTISE_CHANGE_BY_PERSON, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  after = vault_fixture_describe (f);
  g_assert_cmpstr (before, ==, after);
  gone = mortise_credential_copy (stored);
  gone->row_id = 99;
  g_assert_false (mortise_vault_update (f->vault, gone, MORTISE_CHANGE_BY_PERSON, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
}

/* --- Use ---------------------------------------------------------------------------------------
 */

static void
test_sign_count (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredential) stored = NULL;
  guint32 count = 0;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  stored = get (f, 1);
  for (guint i = 1; i <= 40; i++)
    {
      g_autoptr (MortiseCredential) on_disk = NULL;

      g_assert_true (mortise_vault_reserve_sign_count (f->vault, stored, &count, NULL));
      g_assert_cmpuint (count, ==, i);
      on_disk = get (f, 1);
      g_assert_cmpuint (on_disk->sign_count, >=, i);
    }
  /* What was used up on disk and not handed out may be skipped, never given twice. */
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_true (mortise_vault_reserve_sign_count (f->vault, stored, &count, NULL));
  g_assert_cmpuint (count, >, 40);
  g_assert_cmpuint (count, <=, 40 + 16);
}

/* Sixteen logins, one write: what a login costs beside the TPM is not a disk's patience. */
static void
test_sign_count_writes_seldom (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredential) stored = NULL;
  guint32 before, count;
  guint writes = 0;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  stored = get (f, 1);
  before = stored->sign_count;
  for (guint i = 0; i < 160; i++)
    {
      g_autoptr (MortiseCredential) on_disk = NULL;

      g_assert_true (mortise_vault_reserve_sign_count (f->vault, stored, &count, NULL));
      on_disk = get (f, 1);
      writes += on_disk->sign_count != before;
      before = on_disk->sign_count;
    }
  g_assert_cmpuint (writes, ==, 10);
}

static void
test_no_sign_count (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  guint32 count = 7;

  vault_fixture_create (f);
  credential = make_full (f, &secrets);
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
  g_assert_true (mortise_vault_reserve_sign_count (f->vault, credential, &count, NULL));
  g_assert_cmpuint (count, ==, 0);
  stored = get (f, 1);
  g_assert_cmpuint (stored->sign_count, ==, 0);
}

static void
test_sign_count_ends (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) error = NULL;
  guint32 count = 7;

  vault_fixture_create (f);
  credential = vault_fixture_make_credential (f, "example.com", "anna", &secrets);
  credential->sign_count = G_MAXUINT32 - 1;
  g_assert_true (mortise_vault_add (f->vault, credential, secrets, NULL));
  g_assert_true (mortise_vault_reserve_sign_count (f->vault, credential, &count, NULL));
  g_assert_cmpuint (count, ==, G_MAXUINT32);
  /* Not back to 0: the site would take it for a clone. */
  g_assert_false (mortise_vault_reserve_sign_count (f->vault, credential, &count, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_FAILED);
  g_assert_cmpuint (count, ==, G_MAXUINT32);
}

static void
test_uses (VaultFixture *f, gconstpointer user_data)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (MortiseCredential) stored = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  mortise_vault_note_use (f->vault, 1, 0x05);
  mortise_vault_note_use (f->vault, 1, 0x01);
  mortise_vault_note_use (f->vault, 99, 0x01);
  stored = get (f, 1);
  g_assert_cmpuint (stored->use_count, ==, 0);
  mortise_vault_flush_uses (f->vault);
  g_clear_pointer (&stored, mortise_credential_unref);
  stored = get (f, 1);
  g_assert_cmpuint (stored->use_count, ==, 2);
  g_assert_cmphex (stored->last_flags, ==, 0x01);
  g_assert_cmpint (stored->last_used_at, >=, now);

  /* A silent probe is no use. What is pending is written on closing. */
  mortise_vault_note_use (f->vault, 1, 0x00);
  mortise_vault_note_use (f->vault, 1, 0x05);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_clear_pointer (&stored, mortise_credential_unref);
  stored = get (f, 1);
  g_assert_cmpuint (stored->use_count, ==, 3);
  g_assert_cmphex (stored->last_flags, ==, 0x05);
}

/* --- Recently deleted --------------------------------------------------------------------------
 */

static void
test_delete_and_restore (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (MortiseCredential) deleted = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  before = vault_fixture_describe (f);
  g_assert_true (mortise_vault_delete (f->vault, 1, &error));
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
  g_assert_cmpuint (count_found (f, "example.com"), ==, 1);
  g_assert_cmpuint (count_deleted (f), ==, 1);
  g_assert_false (mortise_vault_delete (f->vault, 1, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (mortise_vault_restore (f->vault, 2, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  deleted = get (f, 1);
  g_assert_null (mortise_vault_find_by_id (f->vault, deleted->credential_id, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_clear_error (&error);

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_true (mortise_vault_restore (f->vault, 1, &error));
  g_assert_no_error (error);
  after = vault_fixture_describe (f);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 2);
}

static GBytes *
read_secrets_column (VaultFixture *f)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (f->vault->store, MORTISE_SQL_SECRETS_GET, NULL);

  sqlite3_bind_int64 (statement, 1, 1);
  g_assert_true (mortise_vault_store_row (f->vault->store, statement, NULL));
  return mortise_statement_dup_blob (statement, 0);
}

static void
test_purge (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  sealed = read_secrets_column (f);
  g_assert_true (
      vault_fixture_contains (f, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed)));
  g_assert_false (mortise_vault_purge (f->vault, 1, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (mortise_vault_delete (f->vault, 1, NULL));
  g_assert_true (mortise_vault_purge (f->vault, 1, &error));
  g_assert_no_error (error);

  /* Gone from database and journal at once, any 32 bytes of it. */
  g_assert_false (
      vault_fixture_contains (f, (const guint8 *) g_bytes_get_data (sealed, NULL) + 40, 32));
  g_assert_cmpuint (count_deleted (f), ==, 0);
  g_assert_false (mortise_vault_restore (f->vault, 1, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

/* What memory holds of a passkey's use goes with it, also of one that was never written. */
static void
test_purge_forgets_use (VaultFixture *f, gconstpointer user_data)
{
  const gint64 day = 24 * 60 * 60;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  vault_fixture_create (f);
  for (gint64 row_id = 1; row_id <= 3; row_id++)
    {
      g_autofree char *user = g_strdup_printf ("user %" G_GINT64_FORMAT, row_id);
      g_autoptr (MortiseCredential) stored = NULL;
      guint32 count;

      g_assert_cmpint (vault_fixture_add (f, "example.com", user), ==, row_id);
      stored = get (f, row_id);
      g_assert_true (mortise_vault_reserve_sign_count (f->vault, stored, &count, NULL));
      mortise_vault_note_use (f->vault, row_id, 0x05);
    }
  g_assert_true (mortise_vault_delete (f->vault, 1, NULL));
  g_assert_true (mortise_vault_purge (f->vault, 1, NULL));
  g_assert_cmpuint (g_hash_table_size (f->vault->sign_counts), ==, 2);
  g_assert_cmpuint (g_hash_table_size (f->vault->uses), ==, 2);
  g_assert_true (mortise_vault_delete (f->vault, 2, NULL));
  g_assert_cmpuint (mortise_vault_purge_expired (f->vault, now + 31 * day), ==, 1);
  g_assert_cmpuint (g_hash_table_size (f->vault->sign_counts), ==, 1);
  g_assert_cmpuint (g_hash_table_size (f->vault->uses), ==, 1);
}

/* A row id says "this passkey" in the window: it never comes to mean another. */
static void
test_row_ids_not_reused (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  g_assert_cmpint (vault_fixture_add (f, "example.com", "anna"), ==, 1);
  g_assert_true (mortise_vault_delete (f->vault, 1, NULL));
  g_assert_true (mortise_vault_purge (f->vault, 1, NULL));
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  g_assert_cmpint (vault_fixture_add (f, "example.com", "anna"), ==, 2);
}

static void
test_purge_damaged (VaultFixture *f, gconstpointer user_data)
{
  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  g_assert_true (mortise_vault_delete (f->vault, 1, NULL));
  vault_fixture_restart (f);
  tamper (f, "UPDATE credentials SET metadata = x'00'");
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_purge_expired (f->vault, G_MAXINT64), ==, 0);
  g_assert_true (mortise_vault_purge (f->vault, 1, NULL));
}

static void
test_purge_expired (VaultFixture *f, gconstpointer user_data)
{
  const gint64 day = 24 * 60 * 60;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  vault_fixture_add (f, "example.com", "carl");
  g_assert_true (mortise_vault_delete (f->vault, 1, NULL));
  g_assert_true (mortise_vault_delete (f->vault, 2, NULL));
  g_assert_cmpuint (mortise_vault_purge_expired (f->vault, now), ==, 0);
  g_assert_cmpuint (mortise_vault_purge_expired (f->vault, now + 30 * day - 5), ==, 0);
  /* A clock that was set back loses nothing. */
  g_assert_cmpuint (mortise_vault_purge_expired (f->vault, 0), ==, 0);
  g_assert_cmpuint (count_deleted (f), ==, 2);
  g_assert_cmpuint (mortise_vault_purge_expired (f->vault, now + 30 * day + 60), ==, 2);
  g_assert_cmpuint (count_deleted (f), ==, 0);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

/* --- Settings ----------------------------------------------------------------------------------
 */

static void
test_settings (VaultFixture *f, gconstpointer user_data)
{
  const char *const rp_ids[] = { "example.com", "example.org", NULL };
  g_autoptr (GVariant) idle = NULL;
  g_autoptr (GVariant) sites = NULL;
  g_autoptr (GVariant) blob = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *large = g_strnfill (300000, 'x');

  vault_fixture_create (f);
  g_assert_null (mortise_vault_get_setting (f->vault, MORTISE_SETTING_IDLE_LOCK));
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_IDLE_LOCK,
                                            g_variant_new_uint32 (60), &error));
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_IDLE_LOCK,
                                            g_variant_new_uint32 (90), &error));
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_MIN_PIN_RP_IDS,
                                            g_variant_new_strv (rp_ids, -1), &error));
  g_assert_true (mortise_vault_set_setting (
      f->vault, MORTISE_SETTING_LARGE_BLOBS,
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "\x80", 1, 1), &error));
  g_assert_false (mortise_vault_set_setting (f->vault, MORTISE_SETTING_LARGE_BLOBS,
                                             g_variant_new_string (large), &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  idle = mortise_vault_get_setting (f->vault, MORTISE_SETTING_IDLE_LOCK);
  g_assert_cmpuint (g_variant_get_uint32 (idle), ==, 90);
  sites = mortise_vault_get_setting (f->vault, MORTISE_SETTING_MIN_PIN_RP_IDS);
  g_assert_cmpuint (g_variant_n_children (sites), ==, 2);
  blob = mortise_vault_get_setting (f->vault, MORTISE_SETTING_LARGE_BLOBS);
  g_assert_cmpuint (g_variant_get_size (blob), ==, 1);
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_IDLE_LOCK, NULL, NULL));
  g_assert_null (mortise_vault_get_setting (f->vault, MORTISE_SETTING_IDLE_LOCK));
}

/* Sites' names are not for a locked vault; the rest is. */
static void
test_settings_locked (VaultFixture *f, gconstpointer user_data)
{
  const char *const rp_ids[] = { "example.com", NULL };
  g_autoptr (GVariant) always = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_MIN_PIN_RP_IDS,
                                            g_variant_new_strv (rp_ids, -1), NULL));
  mortise_memory_keyring_forget (vault_fixture_get_keyring (f));
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  g_assert_null (mortise_vault_get_setting (f->vault, MORTISE_SETTING_MIN_PIN_RP_IDS));
  g_assert_false (mortise_vault_set_setting (f->vault, MORTISE_SETTING_MIN_PIN_RP_IDS,
                                             g_variant_new_strv (rp_ids, -1), &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (TRUE), NULL));
  always = mortise_vault_get_setting (f->vault, MORTISE_SETTING_ALWAYS_UV);
  g_assert_true (g_variant_get_boolean (always));
}

static void
test_settings_damaged (VaultFixture *f, gconstpointer user_data)
{
  const char *const damages[] = { "UPDATE settings SET type = '((('",
                                  "UPDATE settings SET type = '*'",
                                  "UPDATE settings SET type = 's'",
                                  "UPDATE settings SET value = x'ffffffffff'" };

  vault_fixture_create (f);
  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_IDLE_LOCK,
                                                g_variant_new_uint32 (1), NULL));
      vault_fixture_restart (f);
      tamper (f, damages[i]);
      vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
      g_assert_null (mortise_vault_get_setting (f->vault, MORTISE_SETTING_IDLE_LOCK));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
#define ADD(path, function)                                                                        \
  g_test_add ("/vault-credentials/" path, VaultFixture, NULL, vault_fixture_set_up, function,      \
              vault_fixture_tear_down)
  ADD ("all-members", test_all_members);
  ADD ("least-members", test_least_members);
  ADD ("long-names", test_long_names);
  ADD ("arguments", test_arguments);
  ADD ("same-id", test_same_id);
  ADD ("full", test_full);
  ADD ("replaced", test_replaced);
  ADD ("not-replaced", test_not_replaced);
  ADD ("account-split", test_account_split);
  ADD ("find-nothing", test_find_nothing);
  ADD ("pages", test_pages);
  ADD ("damaged-records", test_damaged_records);
  ADD ("damaged-is-not-none", test_damaged_is_not_none);
  ADD ("damaged-secrets", test_damaged_secrets);
  ADD ("update", test_update);
  ADD ("history", test_history);
  ADD ("history-replaced", test_history_replaced);
  ADD ("update-refused", test_update_refused);
  ADD ("sign-count", test_sign_count);
  ADD ("sign-count-writes-seldom", test_sign_count_writes_seldom);
  ADD ("no-sign-count", test_no_sign_count);
  ADD ("sign-count-ends", test_sign_count_ends);
  ADD ("uses", test_uses);
  ADD ("delete-and-restore", test_delete_and_restore);
  ADD ("purge", test_purge);
  ADD ("purge-forgets-use", test_purge_forgets_use);
  ADD ("row-ids-not-reused", test_row_ids_not_reused);
  ADD ("purge-damaged", test_purge_damaged);
  ADD ("purge-expired", test_purge_expired);
  ADD ("settings", test_settings);
  ADD ("settings-locked", test_settings_locked);
  ADD ("settings-damaged", test_settings_damaged);
  return g_test_run ();
}
