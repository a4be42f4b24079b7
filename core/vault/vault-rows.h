/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/vault-private.h"
#include "core/vault/vault-seal.h"

G_BEGIN_DECLS

/*
 * What the parts of the vault that deal with credentials share: a stored credential as a row of the
 * database, its columns sealed, found by indexes that say nothing without the key. All with the
 * mutex held and, but for reading, in a transaction of the caller's if it has one.
 */

typedef guint8 MortiseVaultIndex[MORTISE_SEAL_INDEX_SIZE];

/** mortise_vault_row_secrets_place: where the sealed secrets of @row_id are */
MortiseSealPlace mortise_vault_row_secrets_place (gint64 row_id);

/* Each sets the error, for the person, and returns %FALSE. */
gboolean mortise_vault_row_fail_damaged (GError **error);
gboolean mortise_vault_row_fail_not_found (GError **error);

/** mortise_vault_row_fetch: puts @statement on the one row it selects; %FALSE with
 * %MORTISE_ERROR_NOT_FOUND, or as the store says */
gboolean mortise_vault_row_fetch (MortiseVault *self, MortiseStatement *statement, GError **error);

/**
 * mortise_vault_row_read:
 * @statement: on a row with columns id, deleted, metadata, usage
 *
 * Returns: (transfer full) (nullable): the credential; %NULL if the record does not verify
 */
MortiseCredential *mortise_vault_row_read (MortiseVault *self, MortiseStatement *statement);

/** mortise_vault_row_get: (transfer full): %NULL as mortise_vault_row_fetch(), or with
 * %MORTISE_ERROR_VAULT_DAMAGED */
MortiseCredential *mortise_vault_row_get (MortiseVault *self, gint64 row_id, GError **error);

/**
 * mortise_vault_row_seal_metadata, _seal_usage:
 * @stored: the row is there already: what a newer version put into it stays
 *
 * Returns: (transfer full) (nullable): the sealed column; %NULL if it cannot be sealed
 */
GBytes *mortise_vault_row_seal_metadata (MortiseVault *self,
                                         const MortiseCredential *credential,
                                         gboolean stored);
GBytes *mortise_vault_row_seal_usage (MortiseVault *self,
                                      const MortiseCredential *credential,
                                      gboolean stored);

/** mortise_vault_index_rp, _index_id: what a row is found by; LISTABLE */
void mortise_vault_index_rp (MortiseVault *self, const char *rp_id, MortiseVaultIndex ret_index);
void
mortise_vault_index_id (MortiseVault *self, GBytes *credential_id, MortiseVaultIndex ret_index);

/** mortise_vault_index_account: Returns: %FALSE for what does not take the place of another: it is
 * not indexed by account */
gboolean mortise_vault_index_account (MortiseVault *self,
                                      const MortiseCredential *credential,
                                      MortiseVaultIndex ret_index);

/**
 * mortise_vault_displace:
 * @which: selects a row by @index
 * @ret_displaced: (inout): counts it
 * @ret_credential: (out) (optional) (transfer full): what was moved; unchanged if there was nothing
 *
 * Moves what is found to Recently deleted; it is no error if there is nothing. In a transaction.
 */
gboolean mortise_vault_displace (MortiseVault *self,
                                 MortiseSql which,
                                 const MortiseVaultIndex index,
                                 gint64 now,
                                 guint *ret_displaced,
                                 MortiseCredential **ret_credential,
                                 GError **error);

G_END_DECLS
