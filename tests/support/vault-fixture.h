/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/vault.h"
#include "tests/support/fake-tpm.h"
#include "tests/support/memory-keyring.h"

G_BEGIN_DECLS

/**
 * VaultFixture:
 *
 * A vault in a scratch folder over a fake TPM and a keyring in memory, for
 * g_test_add(…, VaultFixture, NULL, vault_fixture_set_up, test, vault_fixture_tear_down).
 */
typedef struct
{
  char *root;      /* scratch folder */
  char *directory; /* the vault's folder in it, not made yet */
  char *database;  /* vault.db in that */
  MortiseTpm *tpm;
  MortiseKeyring *keyring;
  MortiseVault *vault;
} VaultFixture;

void vault_fixture_set_up (VaultFixture *fixture, gconstpointer user_data);
void vault_fixture_tear_down (VaultFixture *fixture, gconstpointer user_data);

/** vault_fixture_set_up_on: @tpm: (transfer full): instead of a fake one */
void vault_fixture_set_up_on (VaultFixture *fixture, MortiseTpm *tpm);

MortiseFakeTpm *vault_fixture_get_fake (VaultFixture *fixture);
MortiseMemoryKeyring *vault_fixture_get_keyring (VaultFixture *fixture);

/** Opens the vault and makes it, with PIN "1234". */
void vault_fixture_create (VaultFixture *fixture);

/** As a restart of the agent, after a reboot: new vault object, new fake TPM of the same seed. */
void vault_fixture_restart (VaultFixture *fixture);

/** The same, and opens; the state must be @state. */
void vault_fixture_reopen (VaultFixture *fixture, MortiseVaultState state);

MortiseSecret *vault_fixture_pin (const char *pin);
MortiseSecret *vault_fixture_pin_hash (const char *pin);
gboolean vault_fixture_unlock (VaultFixture *fixture, const char *pin, GError **error);

/** A discoverable device-only credential with a key of the vault's, not added yet. */
MortiseCredential *vault_fixture_make_credential (VaultFixture *fixture,
                                                  const char *rp_id,
                                                  const char *user,
                                                  MortiseCredentialSecrets **ret_secrets);

/** Makes and adds one; Returns: its row id. */
gint64 vault_fixture_add (VaultFixture *fixture, const char *rp_id, const char *user);

/** All that the vault knows, deleted ones too, in one text to compare. LISTABLE. */
char *vault_fixture_describe (VaultFixture *fixture);

/** Whether @needle is in vault.db, its journal, or any other file of the vault's folder. */
gboolean vault_fixture_contains (VaultFixture *fixture, gconstpointer needle, gsize size);

/** The bytes of the keyslot @kind ("pin", "login" or "recovery"), from the file. */
GBytes *vault_fixture_read_slot (VaultFixture *fixture, const char *kind);

/** Everything in the vault's folder but the lock, name by name, for "nothing was written". */
char *vault_fixture_snapshot (VaultFixture *fixture);

/** vault_fixture_create_code: (transfer full): a recovery code drafted and kept, as written down */
MortiseSecret *vault_fixture_create_code (VaultFixture *f, GError **error);

G_END_DECLS
