/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-rows.h"

#define SECONDS_PER_DAY (24 * 60 * 60)

/* Moves a row to Recently deleted (@deleted_at) or back (0). In a transaction. */
static gboolean
put_deleted (MortiseVault *self, MortiseCredential *credential, gint64 deleted_at, GError **error)
{
  MortiseStatement *statement;
  g_autoptr (GBytes) usage = NULL;

  credential->deleted_at = deleted_at;
  usage = mortise_vault_row_seal_usage (self, credential, TRUE);
  if (usage == NULL)
    return mortise_vault_row_fail_damaged (error);
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_PUT_DELETED, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  sqlite3_bind_int (statement, 2, deleted_at != 0);
  mortise_statement_bind_bytes (statement, 3, usage);
  return mortise_vault_store_run (self->store, statement, error);
}

gboolean
mortise_vault_displace (MortiseVault *self,
                        MortiseSql which,
                        const MortiseVaultIndex index,
                        gint64 now,
                        guint *ret_displaced,
                        MortiseCredential **ret_credential,
                        GError **error)
{
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) local_error = NULL;
  MortiseStatement *statement = mortise_vault_store_get (self->store, which, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_blob (statement, 1, index, MORTISE_SEAL_INDEX_SIZE, SQLITE_STATIC);
  if (!mortise_vault_store_row (self->store, statement, &local_error))
    {
      mortise_statement_release (statement);
      if (local_error == NULL)
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  credential = mortise_vault_row_read (self, statement);
  mortise_statement_release (statement);
  if (credential == NULL)
    return mortise_vault_row_fail_damaged (error);
  (*ret_displaced)++;
  if (!put_deleted (self, credential, now, error))
    return FALSE;
  if (ret_credential != NULL)
    *ret_credential = g_steal_pointer (&credential);
  return TRUE;
}

/* Passkeys that one transaction moves to Recently deleted or back: all of them or none. */
typedef struct
{
  MortiseVault *vault;
  const gint64 *row_ids;
  gsize n_row_ids;
  gint64 now;
  guint displaced;
} Move;

/* (transfer full): what is to be moved, if it is where the move begins */
static MortiseCredential *
get_movable (Move *move, gsize i, gboolean deleted, GError **error)
{
  g_autoptr (MortiseCredential) credential =
      mortise_vault_row_get (move->vault, move->row_ids[i], error);

  if (credential == NULL || (credential->deleted_at != 0) == deleted)
    return g_steal_pointer (&credential);
  mortise_vault_row_fail_not_found (error);
  return NULL;
}

static gboolean
move_to_deleted (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  Move *move = user_data;

  for (gsize i = 0; i < move->n_row_ids; i++)
    {
      g_autoptr (MortiseCredential) credential = get_movable (move, i, FALSE, error);

      if (credential == NULL || !put_deleted (move->vault, credential, move->now, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
move_one_back (Move *move, MortiseCredential *credential, GError **error)
{
  MortiseVaultIndex id, account;

  mortise_vault_index_id (move->vault, credential->credential_id, id);
  if (!mortise_vault_displace (move->vault, MORTISE_SQL_CREDENTIAL_BY_ID, id, move->now,
                               &move->displaced, NULL, error))
    return FALSE;
  if (mortise_vault_index_account (move->vault, credential, account) &&
      !mortise_vault_displace (move->vault, MORTISE_SQL_CREDENTIAL_BY_ACCOUNT, account, move->now,
                               &move->displaced, NULL, error))
    return FALSE;
  return put_deleted (move->vault, credential, 0, error);
}

static gboolean
move_back (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  Move *move = user_data;

  for (gsize i = 0; i < move->n_row_ids; i++)
    {
      g_autoptr (MortiseCredential) credential = get_movable (move, i, TRUE, error);

      if (credential == NULL || !move_one_back (move, credential, error))
        return FALSE;
    }
  return TRUE;
}

/* Between the passkeys and Recently deleted, one way or the other. */
static gboolean
move_all (
    MortiseVault *self, const gint64 *row_ids, gsize n_row_ids, gboolean restore, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  Move move = { self, row_ids, n_row_ids, mortise_vault_now (), 0 };
  guint restored;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (n_row_ids == 0 || row_ids != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  if (!mortise_vault_store_transact (self->store, restore ? move_back : move_to_deleted, &move,
                                     error))
    return FALSE;
  /* Those that restored ones took the place of went where these came from. */
  restored = restore ? (guint) n_row_ids - move.displaced : 0 - (guint) n_row_ids;
  self->count += restored;
  self->count_deleted -= restored;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
  return TRUE;
}

gboolean
mortise_vault_delete_all (MortiseVault *self,
                          const gint64 *row_ids,
                          gsize n_row_ids,
                          GError **error)
{
  return move_all (self, row_ids, n_row_ids, FALSE, error);
}

gboolean
mortise_vault_delete (MortiseVault *self, gint64 row_id, GError **error)
{
  return move_all (self, &row_id, 1, FALSE, error);
}

gboolean
mortise_vault_restore_all (MortiseVault *self,
                           const gint64 *row_ids,
                           gsize n_row_ids,
                           GError **error)
{
  return move_all (self, row_ids, n_row_ids, TRUE, error);
}

gboolean
mortise_vault_restore (MortiseVault *self, gint64 row_id, GError **error)
{
  return move_all (self, &row_id, 1, TRUE, error);
}

/* --- Destroying --------------------------------------------------------------------------------
 */

typedef struct
{
  const gint64 *row_ids;
  gsize n_row_ids;
} Purge;

/* The clear mark decides, so that a damaged record can be got rid of too. */
static gboolean
check_purgeable (MortiseVaultStore *store, gint64 row_id, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (store, MORTISE_SQL_CREDENTIAL_GET, error);
  g_autoptr (GError) local_error = NULL;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, row_id);
  if (mortise_vault_store_row (store, statement, &local_error) &&
      sqlite3_column_int (statement, 1) != 0)
    return TRUE;
  if (local_error == NULL)
    return mortise_vault_row_fail_not_found (error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static gboolean
remove_row (MortiseVaultStore *store, gint64 row_id, GError **error)
{
  const MortiseSql removals[] = { MORTISE_SQL_CREDENTIAL_REMOVE, MORTISE_SQL_SECRETS_REMOVE };

  for (gsize i = 0; i < G_N_ELEMENTS (removals); i++)
    {
      MortiseStatement *statement = mortise_vault_store_get (store, removals[i], error);

      if (statement == NULL)
        return FALSE;
      sqlite3_bind_int64 (statement, 1, row_id);
      if (!mortise_vault_store_run (store, statement, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
remove_rows (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  const Purge *purge = user_data;

  for (gsize i = 0; i < purge->n_row_ids; i++)
    {
      if (!check_purgeable (store, purge->row_ids[i], error) ||
          !remove_row (store, purge->row_ids[i], error))
        return FALSE;
    }
  return TRUE;
}

/* With the mutex held. */
static gboolean
purge_rows (MortiseVault *self, Purge *purge, GError **error)
{
  if (!mortise_vault_store_transact (self->store, remove_rows, purge, error))
    return FALSE;
  /* secure_delete wiped the pages; the journal still has them as they were. If it cannot be emptied
   * now, the next time does it. */
  (void) mortise_vault_store_forget_journal (self->store);
  for (gsize i = 0; i < purge->n_row_ids; i++)
    mortise_vault_forget_uses (self, purge->row_ids[i]);
  self->count_deleted -= (guint) purge->n_row_ids;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
  return TRUE;
}

gboolean
mortise_vault_purge_all (MortiseVault *self, const gint64 *row_ids, gsize n_row_ids, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  Purge purge = { row_ids, n_row_ids };

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (n_row_ids == 0 || row_ids != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  return mortise_vault_check_listable (self, error) && purge_rows (self, &purge, error);
}

gboolean
mortise_vault_purge (MortiseVault *self, gint64 row_id, GError **error)
{
  return mortise_vault_purge_all (self, &row_id, 1, error);
}

/* A record that does not verify stays: when it was deleted cannot be known. */
static GArray *
find_expired (MortiseVault *self, gint64 now)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_LIST_DELETED, NULL);
  g_autoptr (GArray) row_ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 limit = now - MORTISE_VAULT_KEEP_DELETED_DAYS * SECONDS_PER_DAY;

  if (statement == NULL)
    return g_steal_pointer (&row_ids);
  sqlite3_bind_int64 (statement, 1, 0);
  while (mortise_vault_store_row (self->store, statement, NULL))
    {
      g_autoptr (MortiseCredential) credential = mortise_vault_row_read (self, statement);

      if (credential != NULL && credential->deleted_at < limit)
        g_array_append_val (row_ids, credential->row_id);
    }
  return g_steal_pointer (&row_ids);
}

guint
mortise_vault_purge_expired (MortiseVault *self, gint64 now)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (GArray) row_ids = NULL;
  Purge purge;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), 0);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, NULL))
    return 0;
  row_ids = find_expired (self, now);
  if (row_ids->len == 0)
    return 0;
  purge = (Purge){ (const gint64 *) (gconstpointer) row_ids->data, row_ids->len };
  return purge_rows (self, &purge, NULL) ? row_ids->len : 0;
}
