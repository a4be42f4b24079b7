/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/swtpm-vault-fixture.h"

#include "core/tpm/tpm-esys.h"
#include "tests/support/tpm-fixture.h"

static MortiseTpm *
connect_to (MortiseSwtpm *swtpm)
{
  g_autoptr (GError) error = NULL;
  MortiseTpm *tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (swtpm), &error);

  g_assert_no_error (error);
  return tpm;
}

void
swtpm_vault_fixture_set_up_with (SwtpmVaultFixture *fixture, MortiseSwtpm *swtpm)
{
  fixture->swtpm = swtpm;
  vault_fixture_set_up_on (&fixture->on, connect_to (swtpm));
}

void
swtpm_vault_fixture_set_up (SwtpmVaultFixture *fixture, gconstpointer user_data)
{
  swtpm_vault_fixture_set_up_with (fixture, mortise_swtpm_new ());
}

void
swtpm_vault_fixture_tear_down (SwtpmVaultFixture *fixture, gconstpointer user_data)
{
  vault_fixture_tear_down (&fixture->on, NULL);
  g_clear_pointer (&fixture->swtpm, mortise_swtpm_free);
}

void
swtpm_vault_fixture_close_tpm (SwtpmVaultFixture *fixture)
{
  g_clear_object (&fixture->on.vault);
  g_assert_finalize_object (g_steal_pointer (&fixture->on.tpm));
}

void
swtpm_vault_fixture_open_tpm (SwtpmVaultFixture *fixture)
{
  VaultFixture *on = &fixture->on;

  on->tpm = connect_to (fixture->swtpm);
  on->vault = mortise_vault_new (on->directory, on->tpm, on->keyring);
}

void
swtpm_vault_fixture_assert_signs (SwtpmVaultFixture *fixture, const MortiseCredential *credential)
{
  VaultFixture *on = &fixture->on;
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseCredentialSecrets) secrets =
      mortise_vault_read_secrets (on->vault, credential, &error);
  g_autoptr (MortiseTpmKey) key = NULL;

  g_assert_no_error (error);
  key = mortise_vault_load_key (on->vault, credential, &error);
  g_assert_no_error (error);
  mortise_test_check_sign (on->tpm, key, secrets->key);
}
