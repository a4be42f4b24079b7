/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/tpm/tpm-esys.h"
#include "core/vault/vault.h"
#include "tests/support/memory-keyring.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/tpm-fixture.h"

/* The vault on a real TPM 2.0, if of software: keyslots, tries, lockout, another TPM. */

#define TPM2_CC_UNSEAL_ 0x0000015e
#define TPM2_CC_LOAD_   0x00000157

typedef struct
{
  MortiseSwtpm *swtpm;
  char *root;
  char *directory;
  MortiseTpm *tpm;
  MortiseKeyring *keyring;
  MortiseVault *vault;
} Fixture;

static void
open_tpm (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (f->swtpm), &error);
  g_assert_no_error (error);
  f->vault = mortise_vault_new (f->directory, f->tpm, f->keyring);
}

static void
close_tpm (Fixture *f)
{
  g_clear_object (&f->vault);
  g_assert_finalize_object (g_steal_pointer (&f->tpm));
}

static void
set_up (Fixture *f, gconstpointer user_data)
{
  f->swtpm = mortise_swtpm_new ();
  f->root = scratch_folder_new ();
  f->directory = g_build_filename (f->root, "mortise", NULL);
  f->keyring = mortise_memory_keyring_new ();
  open_tpm (f);
}

static void
tear_down (Fixture *f, gconstpointer user_data)
{
  close_tpm (f);
  g_object_unref (f->keyring);
  mortise_swtpm_free (f->swtpm);
  g_free (f->directory);
  scratch_folder_remove (f->root);
}

static void
reopen (Fixture *f, MortiseVaultState state)
{
  g_autoptr (GError) error = NULL;

  close_tpm (f);
  open_tpm (f);
  mortise_vault_open (f->vault, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, state);
}

static gboolean
unlock (Fixture *f, const char *text, GError **error)
{
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (text, strlen (text));
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, NULL);

  return mortise_vault_unlock (f->vault, hash, error);
}

static void
assert_unlock (Fixture *f, const char *pin, int code, guint retries)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = unlock (f, pin, &error);

  if (code < 0)
    {
      g_assert_no_error (error);
      g_assert_true (ok);
    }
  else
    g_assert_error (error, MORTISE_ERROR, code);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, retries);
}

static void
create (Fixture *f)
{
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data ("1234", 4);
  g_autoptr (GError) error = NULL;

  mortise_vault_open (f->vault, &error);
  g_assert_no_error (error);
  mortise_vault_create (f->vault, pin, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);
}

static gint64
add (Fixture *f, const char *rp_id, MortiseKeyClass key_class)
{
  g_autoptr (MortiseCredentialSecrets) secrets = mortise_credential_secrets_new ();
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  g_autoptr (MortiseSecret) id = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmKey) key = NULL;
  g_autoptr (GError) error = NULL;

  key = mortise_vault_create_key (f->vault, MORTISE_ALG_ES256, key_class, &secrets->key, &error);
  g_assert_no_error (error);
  credential->credential_id = g_bytes_new (mortise_secret_peek (id), 32);
  credential->rp_id = g_strdup (rp_id);
  credential->user_id = g_bytes_new ("u", 1);
  credential->public_key = g_bytes_new ("\xa1\x01\x02", 3);
  credential->discoverable = TRUE;
  credential->backup_eligible = key_class == MORTISE_KEY_EXPORTABLE;
  credential->credential_class = key_class == MORTISE_KEY_EXPORTABLE
                                     ? MORTISE_CREDENTIAL_EXPORTABLE
                                     : MORTISE_CREDENTIAL_DEVICE_ONLY;
  mortise_vault_add (f->vault, credential, secrets, &error);
  g_assert_no_error (error);
  return credential->row_id;
}

static void
assert_signs (Fixture *f, gint64 row_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseCredential) credential = mortise_vault_get (f->vault, row_id, &error);
  g_autoptr (MortiseCredentialSecrets) secrets =
      mortise_vault_read_secrets (f->vault, credential, &error);
  g_autoptr (MortiseTpmKey) key = mortise_vault_load_key (f->vault, credential, &error);
  g_autoptr (MortiseTpmKeyInfo) info = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (GBytes) signature = NULL;

  g_assert_no_error (error);
  info = mortise_tpm_blob_read_info (secrets->key, &error);
  signature = mortise_tpm_sign (f->tpm, key, digest, &error);
  g_assert_no_error (error);
  mortise_test_verify (info, digest, signature);
}

static void
test_life (Fixture *f, gconstpointer user_data)
{
  gint64 device_only, exportable;

  create (f);
  device_only = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  exportable = add (f, "example.org", MORTISE_KEY_EXPORTABLE);
  assert_signs (f, device_only);
  assert_signs (f, exportable);

  /* The agent restarts; the machine does; the power fails. */
  reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", -1, 8);
  assert_signs (f, device_only);

  close_tpm (f);
  mortise_swtpm_reboot (f->swtpm);
  open_tpm (f);
  g_assert_true (mortise_vault_open (f->vault, NULL));
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", -1, 8);
  assert_signs (f, device_only);
  assert_signs (f, exportable);
}

static void
test_lock (Fixture *f, gconstpointer user_data)
{
  gint64 row_id;

  create (f);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  for (int i = 0; i < 5; i++)
    {
      mortise_vault_lock (f->vault);
      assert_unlock (f, "1234", -1, 8);
      assert_signs (f, row_id);
    }
}

/* Verification is one Unseal, a load of a key one Load. */
static void
test_commands (Fixture *f, gconstpointer user_data)
{
  MortiseEsysTpm *esys;
  guint64 unseals, loads;
  gint64 row_id;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;

  create (f);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  esys = MORTISE_ESYS_TPM (f->tpm);
  /* At the first use of a protected object since its start a TPM notes that, and asks to be asked
   * again (TPM 2.0 Library, Part 1, "Dictionary Attack Protection"). */
  assert_unlock (f, "1234", -1, 8);
  unseals = mortise_esys_tpm_count_commands (esys, TPM2_CC_UNSEAL_);
  assert_unlock (f, "1234", -1, 8);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (esys, TPM2_CC_UNSEAL_), ==, unseals + 1);
  credential = mortise_vault_get (f->vault, row_id, NULL);
  loads = mortise_esys_tpm_count_commands (esys, 0);
  key = mortise_vault_load_key (f->vault, credential, NULL);
  g_assert_nonnull (key);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (esys, 0), ==, loads + 1);
}

static void
test_another_tpm (Fixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  create (f);
  add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  close_tpm (f);
  g_clear_pointer (&f->swtpm, mortise_swtpm_free);
  f->swtpm = mortise_swtpm_new ();
  open_tpm (f);
  g_assert_false (mortise_vault_open (f->vault, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_OTHER);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_CLOSED);
  g_assert_true (mortise_vault_reset (f->vault, NULL));
  create (f);
}

static void
test_cleared_tpm (Fixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  create (f);
  close_tpm (f);
  mortise_swtpm_clear (f->swtpm);
  open_tpm (f);
  g_assert_false (mortise_vault_open (f->vault, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_OTHER);
}

/* swtpm's own lockout comes after three wrong tries: told apart, and no try of ours is lost. */
static void
test_wrong_pin (Fixture *f, gconstpointer user_data)
{
  MortiseTpmLockout lockout = { 0 };
  g_autoptr (MortiseCredential) credential = NULL;
  gint64 row_id;

  create (f);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "9998", MORTISE_ERROR_PIN_INVALID, 6);
  assert_unlock (f, "9997", MORTISE_ERROR_PIN_AUTH_BLOCKED, 5);
  g_assert_true (mortise_tpm_get_lockout (f->tpm, &lockout, NULL));
  g_assert_cmpuint (lockout.failed_tries, ==, 3);
  g_assert_true (lockout.in_lockout);

  reopen (f, MORTISE_VAULT_LISTABLE);
  for (int i = 0; i < 4; i++)
    assert_unlock (f, "1234", MORTISE_ERROR_TPM_LOCKOUT, 5);
  g_assert_false (mortise_vault_is_pin_auth_blocked (f->vault));
  /* The lockout's hold on the PIN is none on the list. */
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
  credential = mortise_vault_get (f->vault, row_id, NULL);
  g_assert_cmpstr (credential->rp_id, ==, "example.com");
}

/* Eight wrong ones, with the machine's lockout healed in between by a wider limit. */
static void
test_no_tries_left (Fixture *f, gconstpointer user_data)
{
  /* TPM2_DictionaryAttackParameters (lockout hierarchy, empty auth; maxTries 32). */
  const guint8 wider[] = { 0x80, 0x02, 0x00, 0x00, 0x00, 0x27, 0x00, 0x00, 0x01, 0x3a,
                           0x40, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x09, 0x40, 0x00,
                           0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                           0x20, 0x00, 0x00, 0x1c, 0x20, 0x00, 0x01, 0x51, 0x80 };
  const int codes[] = { MORTISE_ERROR_PIN_INVALID, MORTISE_ERROR_PIN_INVALID,
                        MORTISE_ERROR_PIN_AUTH_BLOCKED };
  g_autoptr (GBytes) answer = NULL;
  const guint8 *bytes;

  create (f);
  close_tpm (f);
  answer = mortise_swtpm_command (f->swtpm, wider, sizeof wider);
  bytes = g_bytes_get_data (answer, NULL);
  g_assert_cmphex (bytes[6] << 24 | bytes[7] << 16 | bytes[8] << 8 | bytes[9], ==, 0);
  open_tpm (f);
  g_assert_true (mortise_vault_open (f->vault, NULL));
  for (guint i = 0; i < 8; i++)
    {
      if (i == 3 || i == 6)
        reopen (f, MORTISE_VAULT_LISTABLE);
      assert_unlock (f, "9999", i == 7 ? MORTISE_ERROR_PIN_BLOCKED : codes[i % 3], 7 - i);
    }
  reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", MORTISE_ERROR_PIN_BLOCKED, 0);
}

static void
test_change_pin (Fixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) old = mortise_secret_new_from_data ("1234", 4);
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (old, NULL);
  g_autoptr (MortiseSecret) new = mortise_secret_new_from_data ("another", 7);
  g_autoptr (GError) error = NULL;
  gint64 row_id;

  create (f);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  mortise_vault_change_pin (f->vault, hash, new, &error);
  g_assert_no_error (error);
  reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "another", -1, 8);
  assert_signs (f, row_id);
}

/* Sleep without a resource manager: the TPM comes back with nothing loaded. */
static void
test_tpm_reset_meanwhile (Fixture *f, gconstpointer user_data)
{
  gint64 row_id;

  create (f);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  mortise_swtpm_reset (f->swtpm);
  mortise_vault_lock (f->vault);
  assert_unlock (f, "1234", -1, 8);
  assert_signs (f, row_id);
  mortise_swtpm_reset (f->swtpm);
  assert_unlock (f, "1234", -1, 8);
  assert_signs (f, row_id);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
#define ADD(path, function)                                                                        \
  g_test_add ("/vault-swtpm/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("life", test_life);
  ADD ("lock", test_lock);
  ADD ("commands", test_commands);
  ADD ("another-tpm", test_another_tpm);
  ADD ("cleared-tpm", test_cleared_tpm);
  ADD ("wrong-pin", test_wrong_pin);
  ADD ("no-tries-left", test_no_tries_left);
  ADD ("change-pin", test_change_pin);
  ADD ("tpm-reset-meanwhile", test_tpm_reset_meanwhile);
  return g_test_run ();
}
