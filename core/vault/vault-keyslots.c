/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>

static const char *const names[] = {
  [MORTISE_KEYSLOT_PIN] = "pin",
  [MORTISE_KEYSLOT_LOGIN] = "login",
  [MORTISE_KEYSLOT_RECOVERY] = "recovery",
};

static MortiseStatement *
get_statement (MortiseVaultStore *store, MortiseSql which, MortiseKeyslot slot, GError **error)
{
  MortiseStatement *statement = mortise_vault_store_get (store, which, error);

  if (statement != NULL)
    sqlite3_bind_text (statement, 1, names[slot], -1, SQLITE_STATIC);
  return statement;
}

MortiseTpmBlob *
mortise_vault_slot_read (MortiseVaultStore *store, MortiseKeyslot slot, GError **error)
{
  g_autoptr (MortiseStatement) statement = get_statement (store, MORTISE_SQL_SLOT_GET, slot, error);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GBytes) public_area = NULL;
  g_autoptr (GBytes) private_area = NULL;

  if (statement == NULL)
    return NULL;
  if (mortise_vault_store_row (store, statement, &local_error))
    {
      public_area = mortise_statement_dup_blob (statement, 0);
      private_area = mortise_statement_dup_blob (statement, 1);
      return mortise_tpm_blob_new (public_area, private_area);
    }
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                         _ ("The vault has no such way to be unlocked. Use the PIN."));
  return NULL;
}

gboolean
mortise_vault_slot_write (MortiseVaultStore *store,
                          MortiseKeyslot slot,
                          const MortiseTpmBlob *blob,
                          GError **error)
{
  MortiseStatement *statement = get_statement (store, MORTISE_SQL_SLOT_PUT, slot, error);

  if (statement == NULL)
    return FALSE;
  mortise_statement_bind_bytes (statement, 2, blob->public_area);
  mortise_statement_bind_bytes (statement, 3, blob->private_area);
  sqlite3_bind_int64 (statement, 4, mortise_vault_now ());
  return mortise_vault_store_run (store, statement, error);
}

gboolean
mortise_vault_slot_remove (MortiseVaultStore *store, MortiseKeyslot slot, GError **error)
{
  MortiseStatement *statement = get_statement (store, MORTISE_SQL_SLOT_REMOVE, slot, error);

  return statement != NULL && mortise_vault_store_run (store, statement, error);
}

gboolean
mortise_vault_slot_touch (MortiseVaultStore *store, MortiseKeyslot slot, GError **error)
{
  MortiseStatement *statement = get_statement (store, MORTISE_SQL_SLOT_TOUCH, slot, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 2, mortise_vault_now ());
  return mortise_vault_store_run (store, statement, error);
}

gboolean
mortise_vault_slot_get_info (MortiseVaultStore *store,
                             MortiseKeyslot slot,
                             MortiseKeyslotInfo *ret_info,
                             GError **error)
{
  g_autoptr (MortiseStatement) statement = get_statement (store, MORTISE_SQL_SLOT_GET, slot, error);
  g_autoptr (GError) local_error = NULL;
  MortiseKeyslotInfo info = { 0 };

  if (statement == NULL)
    return FALSE;
  if (mortise_vault_store_row (store, statement, &local_error))
    {
      info.exists = TRUE;
      info.created_at = sqlite3_column_int64 (statement, 2);
      info.last_used_at = sqlite3_column_int64 (statement, 3);
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  *ret_info = info;
  return TRUE;
}

gboolean
mortise_vault_get_keyslot (MortiseVault *self,
                           MortiseKeyslot slot,
                           MortiseKeyslotInfo *ret_info,
                           GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  MortiseKeyslotInfo info;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail ((guint) slot < G_N_ELEMENTS (names), FALSE);
  g_return_val_if_fail (ret_info != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_open (self, error) ||
      !mortise_vault_slot_get_info (self->store, slot, &info, error))
    return FALSE;
  info.enabled = slot == MORTISE_KEYSLOT_LOGIN ? !self->login_off : info.exists;
  *ret_info = info;
  return TRUE;
}
