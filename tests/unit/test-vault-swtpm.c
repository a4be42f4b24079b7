/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys.h"
#include "tests/support/swtpm-vault-fixture.h"

/* The vault on a real TPM 2.0, if of software: keyslots, tries, lockout, another TPM. */

#define TPM2_CC_UNSEAL_ 0x0000015e
#define TPM2_CC_LOAD_   0x00000157

static void
reopen (SwtpmVaultFixture *f, MortiseVaultState state)
{
  g_autoptr (GError) error = NULL;

  swtpm_vault_fixture_close_tpm (f);
  swtpm_vault_fixture_open_tpm (f);
  mortise_vault_open (f->on.vault, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f->on.vault), ==, state);
}

static void
assert_unlock (SwtpmVaultFixture *f, const char *pin, int code, guint retries)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = vault_fixture_unlock (&f->on, pin, &error);

  if (code < 0)
    {
      g_assert_no_error (error);
      g_assert_true (ok);
    }
  else
    g_assert_error (error, MORTISE_ERROR, code);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->on.vault), ==, retries);
}

static gint64
add (SwtpmVaultFixture *f, const char *rp_id, MortiseKeyClass key_class)
{
  g_autoptr (MortiseCredentialSecrets) secrets = mortise_credential_secrets_new ();
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  g_autoptr (MortiseSecret) id = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmKey) key = NULL;
  g_autoptr (GError) error = NULL;

  key = mortise_vault_create_key (f->on.vault, MORTISE_ALG_ES256, key_class, &secrets->key, &error);
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
  mortise_vault_add (f->on.vault, credential, secrets, &error);
  g_assert_no_error (error);
  return credential->row_id;
}

static void
assert_signs (SwtpmVaultFixture *f, gint64 row_id)
{
  g_autoptr (MortiseCredential) credential = mortise_vault_get (f->on.vault, row_id, NULL);

  g_assert_nonnull (credential);
  swtpm_vault_fixture_assert_signs (f, credential);
}

static void
test_life (SwtpmVaultFixture *f, gconstpointer user_data)
{
  gint64 device_only, exportable;

  vault_fixture_create (&f->on);
  device_only = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  exportable = add (f, "example.org", MORTISE_KEY_EXPORTABLE);
  assert_signs (f, device_only);
  assert_signs (f, exportable);

  /* The agent restarts; the machine does; the power fails. */
  reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", -1, 8);
  assert_signs (f, device_only);

  swtpm_vault_fixture_close_tpm (f);
  mortise_swtpm_reboot (f->swtpm);
  swtpm_vault_fixture_open_tpm (f);
  g_assert_true (mortise_vault_open (f->on.vault, NULL));
  g_assert_cmpint (mortise_vault_get_state (f->on.vault), ==, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", -1, 8);
  assert_signs (f, device_only);
  assert_signs (f, exportable);
}

static void
test_lock (SwtpmVaultFixture *f, gconstpointer user_data)
{
  gint64 row_id;

  vault_fixture_create (&f->on);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  for (int i = 0; i < 5; i++)
    {
      mortise_vault_lock (f->on.vault);
      assert_unlock (f, "1234", -1, 8);
      assert_signs (f, row_id);
    }
}

/* Verification is one Unseal, a load of a key one Load. */
static void
test_commands (SwtpmVaultFixture *f, gconstpointer user_data)
{
  MortiseEsysTpm *esys;
  guint64 unseals, loads;
  gint64 row_id;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;

  vault_fixture_create (&f->on);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  esys = MORTISE_ESYS_TPM (f->on.tpm);
  /* At the first use of a protected object since its start a TPM notes that, and asks to be asked
   * again (TPM 2.0 Library, Part 1, "Dictionary Attack Protection"). */
  assert_unlock (f, "1234", -1, 8);
  unseals = mortise_esys_tpm_count_commands (esys, TPM2_CC_UNSEAL_);
  assert_unlock (f, "1234", -1, 8);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (esys, TPM2_CC_UNSEAL_), ==, unseals + 1);
  credential = mortise_vault_get (f->on.vault, row_id, NULL);
  loads = mortise_esys_tpm_count_commands (esys, 0);
  key = mortise_vault_load_key (f->on.vault, credential, NULL);
  g_assert_nonnull (key);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (esys, 0), ==, loads + 1);
}

static void
test_another_tpm (SwtpmVaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_create (&f->on);
  add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  swtpm_vault_fixture_close_tpm (f);
  g_clear_pointer (&f->swtpm, mortise_swtpm_free);
  f->swtpm = mortise_swtpm_new ();
  swtpm_vault_fixture_open_tpm (f);
  g_assert_false (mortise_vault_open (f->on.vault, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_OTHER);
  g_assert_cmpint (mortise_vault_get_state (f->on.vault), ==, MORTISE_VAULT_CLOSED);
  g_assert_true (mortise_vault_reset (f->on.vault, NULL));
  vault_fixture_create (&f->on);
}

static void
test_cleared_tpm (SwtpmVaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_create (&f->on);
  swtpm_vault_fixture_close_tpm (f);
  mortise_swtpm_clear (f->swtpm);
  swtpm_vault_fixture_open_tpm (f);
  g_assert_false (mortise_vault_open (f->on.vault, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_OTHER);
}

/* swtpm's own lockout comes after three wrong tries: told apart, and no try of ours is lost. */
static void
test_wrong_pin (SwtpmVaultFixture *f, gconstpointer user_data)
{
  MortiseTpmLockout lockout = { 0 };
  g_autoptr (MortiseCredential) credential = NULL;
  gint64 row_id;

  vault_fixture_create (&f->on);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "9999", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "9998", MORTISE_ERROR_PIN_INVALID, 6);
  assert_unlock (f, "9997", MORTISE_ERROR_PIN_AUTH_BLOCKED, 5);
  g_assert_true (mortise_tpm_get_lockout (f->on.tpm, &lockout, NULL));
  g_assert_cmpuint (lockout.failed_tries, ==, 3);
  g_assert_true (lockout.in_lockout);

  reopen (f, MORTISE_VAULT_LISTABLE);
  for (int i = 0; i < 4; i++)
    assert_unlock (f, "1234", MORTISE_ERROR_TPM_LOCKOUT, 5);
  g_assert_false (mortise_vault_is_pin_auth_blocked (f->on.vault));
  /* The lockout's hold on the PIN is none on the list. */
  g_assert_cmpuint (mortise_vault_count (f->on.vault), ==, 1);
  credential = mortise_vault_get (f->on.vault, row_id, NULL);
  g_assert_cmpstr (credential->rp_id, ==, "example.com");
}

/* Eight wrong ones, with the machine's lockout healed in between by a wider limit. */
static void
test_no_tries_left (SwtpmVaultFixture *f, gconstpointer user_data)
{
  const int codes[] = { MORTISE_ERROR_PIN_INVALID, MORTISE_ERROR_PIN_INVALID,
                        MORTISE_ERROR_PIN_AUTH_BLOCKED };

  vault_fixture_create (&f->on);
  swtpm_vault_fixture_close_tpm (f);
  mortise_swtpm_set_max_tries (f->swtpm, 32);
  swtpm_vault_fixture_open_tpm (f);
  g_assert_true (mortise_vault_open (f->on.vault, NULL));
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
test_change_pin (SwtpmVaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) old = mortise_secret_new_from_data ("1234", 4);
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (old, NULL);
  g_autoptr (MortiseSecret) new = mortise_secret_new_from_data ("another", 7);
  g_autoptr (GError) error = NULL;
  gint64 row_id;

  vault_fixture_create (&f->on);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  mortise_vault_change_pin (f->on.vault, hash, new, &error);
  g_assert_no_error (error);
  reopen (f, MORTISE_VAULT_LISTABLE);
  assert_unlock (f, "1234", MORTISE_ERROR_PIN_INVALID, 7);
  assert_unlock (f, "another", -1, 8);
  assert_signs (f, row_id);
}

/* Sleep without a resource manager: the TPM comes back with nothing loaded. */
static void
test_tpm_reset_meanwhile (SwtpmVaultFixture *f, gconstpointer user_data)
{
  gint64 row_id;

  vault_fixture_create (&f->on);
  row_id = add (f, "example.com", MORTISE_KEY_DEVICE_ONLY);
  mortise_swtpm_reset (f->swtpm);
  mortise_vault_lock (f->on.vault);
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
  g_test_add ("/vault-swtpm/" path, SwtpmVaultFixture, NULL, swtpm_vault_fixture_set_up, function, \
              swtpm_vault_fixture_tear_down)
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
