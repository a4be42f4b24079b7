/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-rows.h"

#include <string.h>

GPtrArray *
mortise_vault_find_by_rp (MortiseVault *self,
                          const char *rp_id,
                          gboolean discoverable_only,
                          GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) local_error = NULL;
  gboolean damaged = FALSE;
  MortiseVaultIndex index;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);
  g_return_val_if_fail (rp_id != NULL, NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return NULL;
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_BY_RP, error);
  if (statement == NULL)
    return NULL;
  mortise_vault_index_rp (self, rp_id, index);
  sqlite3_bind_blob (statement, 1, index, sizeof index, SQLITE_STATIC);

  found = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  while (mortise_vault_store_row (self->store, statement, &local_error))
    {
      g_autoptr (MortiseCredential) credential = mortise_vault_row_read (self, statement);

      if (credential == NULL || strcmp (credential->rp_id, rp_id) != 0)
        damaged = TRUE;
      else if (credential->discoverable || !discoverable_only)
        g_ptr_array_add (found, g_steal_pointer (&credential));
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  /* "None" would be a lie if the only one there is cannot be read. */
  if (damaged && found->len == 0)
    {
      mortise_vault_row_fail_damaged (error);
      return NULL;
    }
  return g_steal_pointer (&found);
}

MortiseCredential *
mortise_vault_find_by_id (MortiseVault *self, GBytes *credential_id, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  MortiseVaultIndex index;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);
  g_return_val_if_fail (credential_id != NULL, NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return NULL;
  if (g_bytes_get_size (credential_id) == 0 ||
      g_bytes_get_size (credential_id) > MORTISE_CREDENTIAL_ID_MAX)
    {
      mortise_vault_row_fail_not_found (error);
      return NULL;
    }
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_BY_ID, error);
  if (statement == NULL)
    return NULL;
  mortise_vault_index_id (self, credential_id, index);
  sqlite3_bind_blob (statement, 1, index, sizeof index, SQLITE_STATIC);
  if (!mortise_vault_row_fetch (self, statement, error))
    return NULL;
  credential = mortise_vault_row_read (self, statement);
  if (credential == NULL || !g_bytes_equal (credential->credential_id, credential_id))
    {
      mortise_vault_row_fail_damaged (error);
      return NULL;
    }
  return g_steal_pointer (&credential);
}

MortiseCredential *
mortise_vault_get (MortiseVault *self, gint64 row_id, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  return mortise_vault_check_listable (self, error) ? mortise_vault_row_get (self, row_id, error)
                                                    : NULL;
}

GPtrArray *
mortise_vault_list (MortiseVault *self,
                    gboolean deleted,
                    gint64 after,
                    guint limit,
                    guint *ret_damaged,
                    GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autoptr (GError) local_error = NULL;
  guint damaged = 0;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return NULL;
  statement = mortise_vault_store_get (
      self->store, deleted ? MORTISE_SQL_CREDENTIAL_LIST_DELETED : MORTISE_SQL_CREDENTIAL_LIST,
      error);
  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, after);

  listed = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  /* Damaged rows do not count towards the limit: a page of them would look like the list's end. */
  while (listed->len < limit && mortise_vault_store_row (self->store, statement, &local_error))
    {
      g_autoptr (MortiseCredential) credential = mortise_vault_row_read (self, statement);

      if (credential == NULL)
        damaged++;
      else
        g_ptr_array_add (listed, g_steal_pointer (&credential));
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (ret_damaged != NULL)
    *ret_damaged = damaged;
  return g_steal_pointer (&listed);
}

G_STATIC_ASSERT (MORTISE_VAULT_RP_CURSOR_SIZE == MORTISE_SEAL_INDEX_SIZE);

gboolean
mortise_vault_next_rp (MortiseVault *self,
                       guint8 cursor[MORTISE_VAULT_RP_CURSOR_SIZE],
                       MortiseCredential **ret_credential,
                       GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) local_error = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (ret_credential != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_AFTER_RP, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_blob (statement, 1, cursor, MORTISE_VAULT_RP_CURSOR_SIZE, SQLITE_TRANSIENT);
  while (credential == NULL && mortise_vault_store_row (self->store, statement, &local_error))
    {
      credential = mortise_vault_row_read (self, statement);
      if (credential == NULL || !credential->discoverable ||
          sqlite3_column_bytes (statement, 4) != MORTISE_VAULT_RP_CURSOR_SIZE)
        g_clear_pointer (&credential, mortise_credential_unref);
      else
        memcpy (cursor, sqlite3_column_blob (statement, 4), MORTISE_VAULT_RP_CURSOR_SIZE);
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  *ret_credential = g_steal_pointer (&credential);
  return TRUE;
}

guint
mortise_vault_count_room (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;
  guint used;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), 0);

  locker = g_mutex_locker_new (&self->mutex);
  used = self->count + self->count_deleted;
  return used < self->max_credentials ? self->max_credentials - used : 0;
}

guint
mortise_vault_count (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), 0);

  locker = g_mutex_locker_new (&self->mutex);
  return self->count;
}
