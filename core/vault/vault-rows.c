/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-rows.h"

#include <glib/gi18n.h>
#include <openssl/crypto.h>
#include <string.h>

#include "core/vault/vault-record.h"

/* Room for a sealed record that a newer version made longer. */
#define SEALED_MAX (16 * 1024)

static MortiseSealPlace
place_of (const char *column, gint64 row_id)
{
  return (MortiseSealPlace){ "credentials", column, row_id };
}

MortiseSealPlace
mortise_vault_row_secrets_place (gint64 row_id)
{
  return (MortiseSealPlace){ "secrets", "secrets", row_id };
}

gboolean
mortise_vault_row_fail_damaged (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                       _ ("The record of this passkey is damaged, so it cannot be used; the others "
                          "are unharmed. Put a copy of vault.db from a backup of your home folder "
                          "in its place."));
  return FALSE;
}

gboolean
mortise_vault_row_fail_not_found (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                       _ ("There is no such passkey any more. Look at the list again."));
  return FALSE;
}

typedef gboolean (*DecodeFunc) (MortiseCredential *credential, const guint8 *data, gsize size);

/* Names of sites pass through here: the buffer does not stay behind. */
static gboolean
open_column (MortiseVault *self,
             MortiseStatement *statement,
             int column,
             const char *name,
             MortiseCredential *credential,
             DecodeFunc decode)
{
  MortiseSealPlace place = place_of (name, credential->row_id);
  gconstpointer sealed = sqlite3_column_blob (statement, column);
  gsize size = (gsize) sqlite3_column_bytes (statement, column);
  guint8 plain[SEALED_MAX];
  gboolean ok;

  if (sealed == NULL || size < MORTISE_SEAL_OVERHEAD || size > SEALED_MAX)
    return FALSE;
  ok = mortise_seal_open (self->keys.metadata, &place, sealed, size, plain) &&
       decode (credential, plain, size - MORTISE_SEAL_OVERHEAD);
  OPENSSL_cleanse (plain, size);
  return ok;
}

MortiseCredential *
mortise_vault_row_read (MortiseVault *self, MortiseStatement *statement)
{
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  gboolean deleted = sqlite3_column_int (statement, 1) != 0;

  credential->row_id = sqlite3_column_int64 (statement, 0);
  if (!open_column (self, statement, 2, "metadata", credential, mortise_record_decode_metadata) ||
      !open_column (self, statement, 3, "usage", credential, mortise_record_decode_usage))
    return NULL;
  /* The clear mark is for the indexes; the sealed time is the truth. */
  if (deleted != (credential->deleted_at != 0))
    return NULL;
  return g_steal_pointer (&credential);
}

static GBytes *
seal_bytes (MortiseVault *self, const char *column, gint64 row_id, GBytes *plain)
{
  MortiseSealPlace place = place_of (column, row_id);

  return mortise_seal (self->keys.metadata, &place, g_bytes_get_data (plain, NULL),
                       g_bytes_get_size (plain));
}

/* Returns: the opened column of a stored row, for what a newer version put into it. */
static GBytes *
read_plain (MortiseVault *self, MortiseSql which, int column, const char *name, gint64 row_id)
{
  g_autoptr (MortiseStatement) statement = mortise_vault_store_get (self->store, which, NULL);
  MortiseSealPlace place = place_of (name, row_id);
  g_autofree guint8 *plain = NULL;
  gsize size;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, row_id);
  if (!mortise_vault_store_row (self->store, statement, NULL))
    return NULL;
  size = (gsize) sqlite3_column_bytes (statement, column);
  plain = g_malloc (size + 1);
  if (!mortise_seal_open (self->keys.metadata, &place, sqlite3_column_blob (statement, column),
                          size, plain))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&plain), size - MORTISE_SEAL_OVERHEAD);
}

GBytes *
mortise_vault_row_seal_metadata (MortiseVault *self,
                                 const MortiseCredential *credential,
                                 gboolean stored)
{
  g_autoptr (GBytes) previous =
      stored ? read_plain (self, MORTISE_SQL_CREDENTIAL_GET, 2, "metadata", credential->row_id)
             : NULL;
  gsize size = 0;
  const guint8 *data = previous != NULL ? g_bytes_get_data (previous, &size) : NULL;
  g_autoptr (GBytes) plain = mortise_record_encode_metadata (credential, data, size);

  return plain != NULL ? seal_bytes (self, "metadata", credential->row_id, plain) : NULL;
}

GBytes *
mortise_vault_row_seal_usage (MortiseVault *self,
                              const MortiseCredential *credential,
                              gboolean stored)
{
  g_autoptr (GBytes) previous =
      stored ? read_plain (self, MORTISE_SQL_CREDENTIAL_GET, 3, "usage", credential->row_id) : NULL;
  gsize size = 0;
  const guint8 *data = previous != NULL ? g_bytes_get_data (previous, &size) : NULL;
  g_autoptr (GBytes) plain = mortise_record_encode_usage (credential, data, size);

  return plain != NULL ? seal_bytes (self, "usage", credential->row_id, plain) : NULL;
}

gboolean
mortise_vault_read_counts (MortiseVault *self, MortiseVaultStore *store, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (store, MORTISE_SQL_CREDENTIAL_COUNT, error);

  if (statement == NULL || !mortise_vault_store_row (store, statement, error))
    return FALSE;
  self->count = (guint) sqlite3_column_int64 (statement, 0);
  self->count_deleted = (guint) sqlite3_column_int64 (statement, 1);
  return TRUE;
}

gboolean
mortise_vault_row_fetch (MortiseVault *self, MortiseStatement *statement, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (mortise_vault_store_row (self->store, statement, &local_error))
    return TRUE;
  if (local_error == NULL)
    return mortise_vault_row_fail_not_found (error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

MortiseCredential *
mortise_vault_row_get (MortiseVault *self, gint64 row_id, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_GET, error);
  g_autoptr (MortiseCredential) credential = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, row_id);
  if (!mortise_vault_row_fetch (self, statement, error))
    return NULL;
  credential = mortise_vault_row_read (self, statement);
  if (credential == NULL)
    mortise_vault_row_fail_damaged (error);
  return g_steal_pointer (&credential);
}

void
mortise_vault_index_rp (MortiseVault *self, const char *rp_id, MortiseVaultIndex ret_index)
{
  mortise_seal_index (self->keys.index, "rp", rp_id, strlen (rp_id), NULL, 0, ret_index);
}

void
mortise_vault_index_id (MortiseVault *self, GBytes *credential_id, MortiseVaultIndex ret_index)
{
  mortise_seal_index (self->keys.index, "id", g_bytes_get_data (credential_id, NULL),
                      g_bytes_get_size (credential_id), NULL, 0, ret_index);
}

gboolean
mortise_vault_index_account (MortiseVault *self,
                             const MortiseCredential *credential,
                             MortiseVaultIndex ret_index)
{
  if (!credential->discoverable || credential->user_id == NULL)
    return FALSE;
  mortise_seal_index (self->keys.index, "account", credential->rp_id, strlen (credential->rp_id),
                      g_bytes_get_data (credential->user_id, NULL),
                      g_bytes_get_size (credential->user_id), ret_index);
  return TRUE;
}
