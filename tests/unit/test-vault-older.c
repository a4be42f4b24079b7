/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A vault of each schema version that there was, with the software TPM it was made with, opens and
 * loses nothing. They are in tests/data/vault-schema-N; `test-vault-older --make FOLDER` writes one
 * of the version this code makes, once, when that version is new. It is never made again.
 */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/recovery-code.h"
#include "core/vault/credential-history.h"
#include "core/vault/vault-private.h"
#include "core/vault/vault-settings.h"
#include "tests/support/swtpm-vault-fixture.h"

#define PIN     "1234"
#define NEW_PIN "a new PIN"

/* What is beside the vault: to open it with, and what was in it. */
#define GROUP "vault"

/* --- All that a vault knows, in words ----------------------------------------------------------
 */

static void
add_text (GString *all, const char *name, const char *text)
{
  g_autofree char *escaped = text != NULL ? g_strescape (text, NULL) : NULL;

  if (text != NULL)
    g_string_append_printf (all, " %s=%s", name, escaped);
}

static void
add_bytes (GString *all, const char *name, GBytes *bytes)
{
  g_autofree char *sum =
      bytes != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes) : NULL;

  if (sum != NULL)
    g_string_append_printf (all, " %s=%.16s", name, sum);
}

static void
add_secret (GString *all, const char *name, const MortiseSecret *secret)
{
  g_autoptr (GBytes) bytes =
      secret != NULL ? g_bytes_new (mortise_secret_peek (secret), mortise_secret_get_size (secret))
                     : NULL;

  add_bytes (all, name, bytes);
}

static void
add_history (GString *all, GBytes *history)
{
  g_autoptr (GPtrArray) changes = mortise_history_read (history);

  for (guint i = 0; i < changes->len; i++)
    {
      const MortiseChange *change = changes->pdata[i];

      g_string_append_printf (all, " change=%" G_GINT64_FORMAT ",%u,%u", change->time,
                              (guint) change->author, (guint) change->kind);
      add_text (all, "from", change->from);
      add_text (all, "to", change->to);
    }
}

static void
add_secrets (GString *all, SwtpmVaultFixture *f, const MortiseCredential *credential)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseCredentialSecrets) secrets =
      mortise_vault_read_secrets (f->on.vault, credential, &error);
  g_autoptr (MortiseTpmKeyInfo) info = NULL;

  g_assert_no_error (error);
  info = mortise_tpm_blob_read_info (secrets->key, &error);
  g_assert_no_error (error);
  add_bytes (all, "key-name", info->name);
  add_secret (all, "random-with-uv", secrets->cred_random_with_uv);
  add_secret (all, "random-without-uv", secrets->cred_random_without_uv);
  add_secret (all, "large-blob-key", secrets->large_blob_key);
  add_bytes (all, "cred-blob", secrets->cred_blob);
}

static void
add_credential (GString *all, SwtpmVaultFixture *f, const MortiseCredential *c)
{
  g_string_append_printf (all, "%" G_GINT64_FORMAT, c->row_id);
  add_text (all, "rp-id", c->rp_id);
  add_text (all, "rp-name", c->rp_name);
  add_text (all, "user-name", c->user_name);
  add_text (all, "user-display-name", c->user_display_name);
  add_text (all, "label", c->label);
  add_text (all, "nickname", c->nickname);
  add_text (all, "note", c->note);
  add_bytes (all, "credential-id", c->credential_id);
  add_bytes (all, "user-id", c->user_id);
  add_bytes (all, "public-key", c->public_key);
  g_string_append_printf (
      all, " class=%u alg=%d rk=%d u2f=%d protect=%u be=%d bs=%d blocked=%d hmac=%d blob=%d lbk=%d",
      (guint) c->credential_class, (int) c->algorithm, !!c->discoverable, !!c->u2f,
      (guint) c->cred_protect, !!c->backup_eligible, !!c->backup_state, !!c->export_blocked,
      !!c->has_hmac_secret, !!c->has_cred_blob, !!c->has_large_blob_key);
  g_string_append_printf (all,
                          " created=%" G_GINT64_FORMAT " used=%" G_GINT64_FORMAT
                          " deleted=%" G_GINT64_FORMAT " count=%u flags=%u counter=%u",
                          c->created_at, c->last_used_at, c->deleted_at, (guint) c->use_count,
                          (guint) c->last_flags, c->sign_count);
  add_history (all, c->history);
  add_secrets (all, f, c);
  g_string_append_c (all, '\n');
}

static void
add_setting (GString *all, SwtpmVaultFixture *f, const char *name)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (f->on.vault, name);
  g_autofree char *text = value != NULL ? g_variant_print (value, TRUE) : g_strdup ("none");

  g_string_append_printf (all, "setting %s=%s\n", name, text);
}

/* UNLOCKED. */
static char *
describe (SwtpmVaultFixture *f)
{
  GString *all = g_string_new (NULL);

  for (int deleted = 0; deleted < 2; deleted++)
    {
      g_autoptr (GError) error = NULL;
      guint damaged = 0;
      g_autoptr (GPtrArray) list =
          mortise_vault_list (f->on.vault, deleted, 0, G_MAXUINT, &damaged, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (damaged, ==, 0);
      for (guint i = 0; i < list->len; i++)
        add_credential (all, f, list->pdata[i]);
    }
  add_setting (all, f, MORTISE_SETTING_IDLE_LOCK);
  add_setting (all, f, MORTISE_SETTING_EXPORT_DEFAULT);
  add_setting (all, f, MORTISE_SETTING_ALWAYS_UV);
  add_setting (all, f, MORTISE_SETTING_BUILTIN_UV);
  add_setting (all, f, MORTISE_SETTING_MIN_PIN_LENGTH);
  add_setting (all, f, MORTISE_SETTING_PERSISTENT_TOKEN);
  add_setting (all, f, MORTISE_SETTING_MIN_PIN_RP_IDS);
  add_setting (all, f, MORTISE_SETTING_LARGE_BLOBS);
  return g_string_free (all, FALSE);
}

/* --- Opening an older one ----------------------------------------------------------------------
 */

static void
copy_in (SwtpmVaultFixture *f, const char *folder)
{
  g_autofree char *source = g_build_filename (folder, "vault.db", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_assert_cmpint (g_mkdir (f->on.directory, 0700), ==, 0);
  g_file_get_contents (source, &content, &size, &error);
  g_assert_no_error (error);
  g_file_set_contents (f->on.database, content, (gssize) size, &error);
  g_assert_no_error (error);
}

static char *
get_beside (GKeyFile *beside, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *value = g_key_file_get_string (beside, GROUP, name, &error);

  g_assert_no_error (error);
  return value;
}

static void
fill_keyring (SwtpmVaultFixture *f, GKeyFile *beside)
{
  g_autofree char *id = get_beside (beside, "id");
  g_autofree char *encoded = get_beside (beside, "keyring");
  gsize size;
  g_autofree guchar *bytes = g_base64_decode (encoded, &size);
  g_autoptr (MortiseSecret) secret = mortise_secret_new_from_data (bytes, size);

  g_assert_true (mortise_keyring_store (f->on.keyring, id, secret, NULL, NULL));
}

/* Returns: (transfer full): what is beside it */
static GKeyFile *
open_older (SwtpmVaultFixture *f, const char *folder)
{
  g_autofree char *state_file = g_build_filename (folder, "tpm2-00.permall", NULL);
  g_autofree char *beside_file = g_build_filename (folder, "vault.ini", NULL);
  g_autofree char *state = NULL;
  g_autoptr (GKeyFile) beside = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (state_file, &state, &size, &error);
  g_assert_no_error (error);
  swtpm_vault_fixture_set_up_with (f, mortise_swtpm_new_with_state (state, size));
  g_key_file_load_from_file (beside, beside_file, G_KEY_FILE_NONE, &error);
  g_assert_no_error (error);
  copy_in (f, folder);
  fill_keyring (f, beside);
  mortise_vault_open (f->on.vault, &error);
  g_assert_no_error (error);
  /* The login keyslot still shows the list. */
  g_assert_cmpint (mortise_vault_get_state (f->on.vault), ==, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->on.vault), ==, 8);
  return g_steal_pointer (&beside);
}

static void
assert_all_sign (SwtpmVaultFixture *f)
{
  g_autoptr (GPtrArray) list = mortise_vault_list (f->on.vault, FALSE, 0, G_MAXUINT, NULL, NULL);

  g_assert_cmpuint (list->len, >, 0);
  for (guint i = 0; i < list->len; i++)
    swtpm_vault_fixture_assert_signs (f, list->pdata[i]);
}

static void
reset_pin (SwtpmVaultFixture *f, GKeyFile *beside)
{
  g_autofree char *text = get_beside (beside, "recovery-code");
  g_autoptr (MortiseSecret) code = vault_fixture_pin (text);
  g_autoptr (MortiseSecret) pin = vault_fixture_pin (NEW_PIN);
  g_autoptr (GError) error = NULL;

  mortise_vault_lock (f->on.vault);
  mortise_vault_reset_pin (f->on.vault, code, pin, &error);
  g_assert_no_error (error);
}

static void
test_older (gconstpointer user_data)
{
  g_autofree char *name = g_strdup_printf ("vault-schema-%u", GPOINTER_TO_UINT (user_data));
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  g_autofree char *expected = NULL;
  g_autofree char *found = NULL;
  g_autofree char *later = NULL;
  g_autoptr (GKeyFile) beside = NULL;
  g_autoptr (MortiseVaultStore) store = NULL;
  g_autoptr (GError) error = NULL;
  SwtpmVaultFixture f = { 0 };

  beside = open_older (&f, folder);
  vault_fixture_unlock (&f.on, PIN, &error);
  g_assert_no_error (error);
  expected = get_beside (beside, "content");
  found = describe (&f);
  g_assert_cmpstr (found, ==, expected);
  assert_all_sign (&f);

  /* Every way in still opens it, and what was there is there afterwards. */
  reset_pin (&f, beside);
  mortise_vault_lock (f.on.vault);
  g_assert_false (vault_fixture_unlock (&f.on, PIN, NULL));
  vault_fixture_unlock (&f.on, NEW_PIN, &error);
  g_assert_no_error (error);
  later = describe (&f);
  g_assert_cmpstr (later, ==, expected);

  mortise_vault_close (f.on.vault);
  store = mortise_vault_store_open (f.on.database, &error);
  g_assert_no_error (error);
  swtpm_vault_fixture_tear_down (&f, NULL);
}

/* --- Making one --------------------------------------------------------------------------------
 */

static gint64
add (SwtpmVaultFixture *f,
     const char *rp_id,
     const char *user,
     gboolean exportable,
     gboolean extensions)
{
  g_autoptr (MortiseCredentialSecrets) secrets = mortise_credential_secrets_new ();
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  g_autoptr (MortiseSecret) id = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmKey) key = NULL;
  g_autoptr (GError) error = NULL;

  key = mortise_vault_create_key (f->on.vault, MORTISE_ALG_ES256,
                                  exportable ? MORTISE_KEY_EXPORTABLE : MORTISE_KEY_DEVICE_ONLY,
                                  &secrets->key, &error);
  g_assert_no_error (error);
  credential->credential_id = g_bytes_new (mortise_secret_peek (id), 32);
  credential->rp_id = g_strdup (rp_id);
  credential->rp_name = g_strdup ("The Site’s Own Name");
  credential->user_id = g_bytes_new (user, strlen (user));
  credential->user_name = g_strdup (user);
  credential->user_display_name = g_strdup ("日本語の名前 👩‍👩‍👧");
  credential->public_key = g_bytes_new ("\xa1\x01\x02", 3);
  credential->discoverable = TRUE;
  credential->cred_protect = exportable ? 1 : 3;
  credential->backup_eligible = exportable;
  credential->credential_class =
      exportable ? MORTISE_CREDENTIAL_EXPORTABLE : MORTISE_CREDENTIAL_DEVICE_ONLY;
  if (extensions)
    {
      credential->has_hmac_secret = TRUE;
      credential->has_cred_blob = TRUE;
      credential->has_large_blob_key = TRUE;
      secrets->cred_random_with_uv = mortise_secret_new_random (32);
      secrets->cred_random_without_uv = mortise_secret_new_random (32);
      secrets->large_blob_key = mortise_secret_new_random (32);
      secrets->cred_blob = g_bytes_new_static ("credBlob", 8);
    }
  mortise_vault_add (f->on.vault, credential, secrets, &error);
  g_assert_no_error (error);
  return credential->row_id;
}

static void
fill (SwtpmVaultFixture *f)
{
  gint64 first = add (f, "example.com", "anna@example.com", FALSE, TRUE);
  gint64 second = add (f, "example.co.uk", "bert", TRUE, FALSE);
  gint64 deleted = add (f, "xn--bcher-kva.example", "carl", FALSE, FALSE);
  g_autoptr (MortiseCredential) stored = mortise_vault_get (f->on.vault, first, NULL);
  g_autoptr (MortiseCredential) changed = mortise_credential_copy (stored);
  guint32 count;

  changed->label = g_strdup ("work");
  changed->nickname = g_strdup ("Security key 2");
  changed->note = g_strdup ("The spare one is in the safe.\nSecond line.");
  g_assert_true (mortise_vault_update (f->on.vault, changed, MORTISE_CHANGE_BY_PERSON, NULL));
  g_clear_pointer (&stored, mortise_credential_unref);
  g_clear_pointer (&changed, mortise_credential_unref);
  stored = mortise_vault_get (f->on.vault, second, NULL);
  changed = mortise_credential_copy (stored);
  changed->export_blocked = TRUE;
  changed->backup_state = TRUE;
  g_assert_true (mortise_vault_update (f->on.vault, changed, MORTISE_CHANGE_BY_CLIENT, NULL));

  /* Takes the place of an older one, which goes to Recently deleted. */
  add (f, "example.org", "dora", FALSE, TRUE);
  add (f, "example.org", "dora", FALSE, TRUE);
  g_assert_true (mortise_vault_delete (f->on.vault, deleted, NULL));
  g_clear_pointer (&stored, mortise_credential_unref);
  stored = mortise_vault_get (f->on.vault, first, NULL);
  for (int i = 0; i < 3; i++)
    g_assert_true (mortise_vault_reserve_sign_count (f->on.vault, stored, &count, NULL));
  mortise_vault_note_use (f->on.vault, first, 0x05);
  mortise_vault_flush_uses (f->on.vault);

  mortise_vault_set_setting (f->on.vault, MORTISE_SETTING_IDLE_LOCK, g_variant_new_uint32 (61),
                             NULL);
  mortise_vault_set_setting (f->on.vault, MORTISE_SETTING_ALWAYS_UV, g_variant_new_boolean (TRUE),
                             NULL);
  mortise_vault_set_setting (f->on.vault, MORTISE_SETTING_MIN_PIN_RP_IDS,
                             g_variant_new_parsed ("['example.com']"), NULL);
}

static void
write_file (const char *folder, const char *name, const char *content, gsize size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, content, (gssize) size, &error);
  g_assert_no_error (error);
}

static void
write_beside (SwtpmVaultFixture *f, const char *folder, const MortiseSecret *code)
{
  g_autoptr (GKeyFile) beside = g_key_file_new ();
  g_autoptr (MortiseSecret) secret =
      mortise_keyring_lookup (f->on.keyring, f->on.vault->header->id, NULL, NULL);
  g_autofree char *keyring =
      g_base64_encode (mortise_secret_peek (secret), mortise_secret_get_size (secret));
  g_autofree char *text =
      g_strndup ((const char *) mortise_secret_peek (code), mortise_secret_get_size (code));
  g_autofree char *content = describe (f);
  g_autofree char *file = NULL;

  g_key_file_set_string (beside, GROUP, "id", f->on.vault->header->id);
  g_key_file_set_string (beside, GROUP, "keyring", keyring);
  g_key_file_set_string (beside, GROUP, "recovery-code", text);
  g_key_file_set_string (beside, GROUP, "content", content);
  file = g_key_file_to_data (beside, NULL, NULL);
  write_file (folder, "vault.ini", file, strlen (file));
}

static void
make (const char *folder)
{
  g_autoptr (MortiseSecret) pin = vault_fixture_pin (PIN);
  g_autoptr (MortiseRecoveryDraft) draft = NULL;
  g_autofree char *database = NULL;
  g_autofree char *state = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  SwtpmVaultFixture f = { 0 };

  swtpm_vault_fixture_set_up (&f, NULL);
  g_assert_true (mortise_vault_open (f.on.vault, NULL));
  mortise_vault_create (f.on.vault, pin, &error);
  g_assert_no_error (error);
  fill (&f);
  draft = mortise_vault_draft_recovery_code (f.on.vault, NULL);
  g_assert_true (mortise_vault_keep_recovery_code (f.on.vault, draft, NULL));
  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  write_beside (&f, folder, mortise_recovery_draft_get_text (draft));
  mortise_vault_close (f.on.vault);
  g_file_get_contents (f.on.database, &database, &size, &error);
  g_assert_no_error (error);
  write_file (folder, "vault.db", database, size);
  state = mortise_swtpm_dup_state (f.swtpm, &size);
  write_file (folder, "tpm2-00.permall", state, size);
  swtpm_vault_fixture_tear_down (&f, NULL);
}

int
main (int argc, char *argv[])
{
  mortise_secret_init_memory ();
  if (argc == 3 && g_str_equal (argv[1], "--make"))
    {
      make (argv[2]);
      return 0;
    }
  g_test_init (&argc, &argv, NULL);
  /* A version without its vault fails here: make it before that version is released. */
  for (guint version = 1; version <= MORTISE_VAULT_SCHEMA_VERSION; version++)
    {
      g_autofree char *path = g_strdup_printf ("/vault-older/schema-%u", version);

      g_test_add_data_func (path, GUINT_TO_POINTER (version), test_older);
    }
  return g_test_run ();
}
