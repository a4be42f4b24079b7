/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-rows.h"

#include <glib/gi18n.h>

#define FLAG_UP 0x01

typedef struct
{
  gint64 row_id;
  guint64 count;
  gint64 last_used_at;
  guint8 last_flags;
} Use;

static gboolean
put_usage (MortiseVault *self, const MortiseCredential *credential, GError **error)
{
  g_autoptr (GBytes) usage = mortise_vault_row_seal_usage (self, credential, TRUE);
  MortiseStatement *statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_PUT_USAGE, error);

  if (statement == NULL)
    return FALSE;
  if (usage == NULL)
    return mortise_vault_row_fail_damaged (error);
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  mortise_statement_bind_bytes (statement, 2, usage);
  return mortise_vault_store_run (self->store, statement, error);
}

/* Counts that are used up on disk and may still be handed out, so that not every login writes. */
typedef struct
{
  gint64 row_id;
  guint32 last; /* handed out */
  guint32 end;  /* the last one that may be; on disk */
} SignCounts;

/* A kill loses these at most, which a site sees as a jump upwards and takes (WebAuthn L3 §6.1.1).
 */
#define SIGN_COUNT_STRIDE 16

/* Takes the next counts of a passkey on disk. */
static SignCounts *
take_sign_counts (MortiseVault *self, MortiseCredential *stored, GError **error)
{
  g_autofree SignCounts *counts = g_new (SignCounts, 1);
  const guint32 left = G_MAXUINT32 - stored->sign_count;

  if (left == 0)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                           _ ("This passkey's signature counter is at its end. Register again on "
                              "the site."));
      return NULL;
    }
  counts->row_id = stored->row_id;
  counts->last = stored->sign_count;
  stored->sign_count += MIN (left, SIGN_COUNT_STRIDE);
  counts->end = stored->sign_count;
  if (!put_usage (self, stored, error))
    return NULL;
  /* The key is a part of the value, so it changes with it. */
  g_hash_table_replace (self->sign_counts, &counts->row_id, counts);
  return g_steal_pointer (&counts);
}

gboolean
mortise_vault_reserve_sign_count (MortiseVault *self,
                                  const MortiseCredential *credential,
                                  guint32 *ret_count,
                                  GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  SignCounts *counts;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (credential != NULL && ret_count != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  stored = mortise_vault_row_get (self, credential->row_id, error);
  if (stored == NULL)
    return FALSE;
  if (stored->credential_class != MORTISE_CREDENTIAL_DEVICE_ONLY)
    {
      *ret_count = 0;
      return TRUE;
    }
  counts = g_hash_table_lookup (self->sign_counts, &stored->row_id);
  /* What is on disk decides: another passkey may have got the row since. */
  if (counts == NULL || counts->last == counts->end || counts->end != stored->sign_count)
    counts = take_sign_counts (self, stored, error);
  if (counts == NULL)
    return FALSE;
  *ret_count = ++counts->last;
  return TRUE;
}

void
mortise_vault_note_use (MortiseVault *self, gint64 row_id, guint8 flags)
{
  g_autoptr (GMutexLocker) locker = NULL;
  Use *use;

  g_return_if_fail (MORTISE_IS_VAULT (self));

  locker = g_mutex_locker_new (&self->mutex);
  use = g_hash_table_lookup (self->uses, &row_id);
  if (use == NULL)
    {
      use = g_new0 (Use, 1);
      use->row_id = row_id;
      g_hash_table_insert (self->uses, &use->row_id, use);
    }
  use->last_flags = flags;
  if ((flags & FLAG_UP) != 0)
    {
      use->count++;
      use->last_used_at = mortise_vault_now ();
    }
}

static gboolean
put_uses (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  MortiseVault *self = user_data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->uses);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Use *use = value;
      g_autoptr (MortiseCredential) credential = mortise_vault_row_get (self, use->row_id, NULL);

      /* Destroyed meanwhile, or damaged: there is nothing to note it on. */
      if (credential == NULL)
        continue;
      credential->use_count += use->count;
      credential->last_flags = use->last_flags;
      if (use->last_used_at != 0)
        credential->last_used_at = use->last_used_at;
      if (!put_usage (self, credential, error))
        return FALSE;
    }
  return TRUE;
}

void
mortise_vault_flush_uses_locked (MortiseVault *self)
{
  if (g_hash_table_size (self->uses) == 0 || !mortise_vault_check_listable (self, NULL))
    return;
  /* On failure they stay in memory for the next time; a sign-in does not fail over a date. */
  if (!mortise_vault_store_transact (self->store, put_uses, self, NULL))
    return;
  g_hash_table_remove_all (self->uses);
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
}

void
mortise_vault_forget_uses (MortiseVault *self, gint64 row_id)
{
  g_hash_table_remove (self->uses, &row_id);
  g_hash_table_remove (self->sign_counts, &row_id);
}

void
mortise_vault_flush_uses (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_if_fail (MORTISE_IS_VAULT (self));

  locker = g_mutex_locker_new (&self->mutex);
  mortise_vault_flush_uses_locked (self);
}
