/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/support/swtpm.h"
#include "tests/support/vault-fixture.h"

G_BEGIN_DECLS

/**
 * SwtpmVaultFixture:
 * @on: whose functions all work, but those that make a fake TPM
 * @swtpm: what @on's TPM is a connection to
 *
 * A vault as #VaultFixture has it, on a software TPM.
 */
typedef struct
{
  VaultFixture on;
  MortiseSwtpm *swtpm;
} SwtpmVaultFixture;

/** For g_test_add(): with a TPM that nobody has used before. */
void swtpm_vault_fixture_set_up (SwtpmVaultFixture *fixture, gconstpointer user_data);
void swtpm_vault_fixture_tear_down (SwtpmVaultFixture *fixture, gconstpointer user_data);

/** swtpm_vault_fixture_set_up_with: @swtpm: (transfer full): instead of that one */
void swtpm_vault_fixture_set_up_with (SwtpmVaultFixture *fixture, MortiseSwtpm *swtpm);

/** The agent ends; another starts on the same folder, with its vault not opened yet. */
void swtpm_vault_fixture_close_tpm (SwtpmVaultFixture *fixture);
void swtpm_vault_fixture_open_tpm (SwtpmVaultFixture *fixture);

/** swtpm_vault_fixture_assert_signs: @credential's key signs, and is the one that was made for it
 */
void swtpm_vault_fixture_assert_signs (SwtpmVaultFixture *fixture,
                                       const MortiseCredential *credential);

G_END_DECLS
