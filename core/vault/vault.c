/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_FINAL_TYPE (MortiseVault, mortise_vault, G_TYPE_OBJECT)

static guint signals[2];

typedef struct
{
  GWeakRef vault;
  MortiseVaultSignal which;
} QueuedSignal;

gint64
mortise_vault_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* --- Signals -----------------------------------------------------------------------------------
 */

static gboolean
emit_queued (gpointer user_data)
{
  QueuedSignal *queued = user_data;
  g_autoptr (MortiseVault) self = g_weak_ref_get (&queued->vault);

  if (self != NULL)
    {
      g_mutex_lock (&self->mutex);
      self->queued[queued->which] = FALSE;
      g_mutex_unlock (&self->mutex);
      g_signal_emit (self, signals[queued->which], 0);
    }
  return G_SOURCE_REMOVE;
}

static void
queued_signal_free (gpointer data)
{
  QueuedSignal *queued = data;

  g_weak_ref_clear (&queued->vault);
  g_free (queued);
}

void
mortise_vault_queue_signal (MortiseVault *self, MortiseVaultSignal which)
{
  g_autoptr (GSource) source = NULL;
  QueuedSignal *queued;

  if (self->queued[which])
    return;
  self->queued[which] = TRUE;

  /* Always through the loop, also from its own thread: handlers may call the vault again. */
  queued = g_new0 (QueuedSignal, 1);
  g_weak_ref_init (&queued->vault, self);
  queued->which = which;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, emit_queued, queued, queued_signal_free);
  g_source_attach (source, self->context);
}

void
mortise_vault_set_state (MortiseVault *self, MortiseVaultState state)
{
  if (self->state == state)
    return;
  self->state = state;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_STATE);
}

/* --- What may be done in which state -----------------------------------------------------------
 */

gboolean
mortise_vault_check_open (MortiseVault *self, GError **error)
{
  if (self->store != NULL)
    return TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT,
                       _ ("There is no vault yet, so there are no passkeys. Choose a PIN in "
                          "Mortise to make one."));
  return FALSE;
}

gboolean
mortise_vault_check_tpm (MortiseVault *self, GError **error)
{
  if (self->tpm != NULL)
    return TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_MISSING,
                       _ ("This computer shows no TPM 2.0, and passkeys cannot be made or used "
                          "without it. Switch the TPM on in the firmware's settings."));
  return FALSE;
}

static gboolean
fail_locked (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED,
                       _ ("The vault is locked, so this passkey cannot be used just now. Unlock it "
                          "with your PIN."));
  return FALSE;
}

gboolean
mortise_vault_check_listable (MortiseVault *self, GError **error)
{
  if (!mortise_vault_check_open (self, error))
    return FALSE;
  return self->keys.metadata != NULL || fail_locked (error);
}

gboolean
mortise_vault_check_unlocked (MortiseVault *self, GError **error)
{
  if (!mortise_vault_check_open (self, error))
    return FALSE;
  return self->keys.private != NULL || fail_locked (error);
}

/* --- Opening and closing -----------------------------------------------------------------------
 */

gboolean
mortise_vault_take_lock (MortiseVault *self, GError **error)
{
  int fd;

  if (self->lock_fd >= 0)
    return TRUE;
  fd = mortise_vault_files_lock (self->paths, error);
  if (fd < 0)
    return FALSE;
  self->lock_fd = fd;
  return TRUE;
}

static gboolean
read_retries (MortiseVaultStore *store, guint *ret_retries, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (store, MORTISE_SQL_PIN_GET, error);
  g_autoptr (GError) local_error = NULL;
  gint64 retries = 0;

  if (statement == NULL)
    return FALSE;
  if (mortise_vault_store_row (store, statement, &local_error))
    retries = sqlite3_column_int64 (statement, 0);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  /* Outside the range nothing of ours wrote it: no tries, rather than many. */
  *ret_retries = retries >= 0 && retries <= MORTISE_PIN_RETRIES_MAX ? (guint) retries : 0;
  return TRUE;
}

gboolean
mortise_vault_adopt_store (MortiseVault *self, MortiseVaultStore *store, GError **error)
{
  g_autoptr (MortiseVaultStore) owned = store;
  g_autoptr (MortiseVaultHeader) header = mortise_vault_header_read (store, error);
  g_autoptr (GMutexLocker) locker = NULL;
  MortiseKeyslotInfo recovery;
  MortiseKeyslotInfo login;
  guint retries = 0;

  if (header == NULL || !read_retries (store, &retries, error) ||
      !mortise_vault_slot_get_info (store, MORTISE_KEYSLOT_RECOVERY, &recovery, error) ||
      !mortise_vault_slot_get_info (store, MORTISE_KEYSLOT_LOGIN, &login, error))
    return FALSE;
  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_read_counts (self, store, error))
    return FALSE;
  self->store = g_steal_pointer (&owned);
  self->header = g_steal_pointer (&header);
  self->pin_retries = retries;
  self->has_recovery_code = recovery.exists;
  self->has_login_keyslot = login.exists;
  mortise_vault_set_state (self, MORTISE_VAULT_LOCKED);
  g_clear_pointer (&locker, g_mutex_locker_free);
  mortise_vault_read_login_setting (self);
  return TRUE;
}

/* The one-writer lock too goes if @state is CLOSED. Key mutex held, no mutex. */
static void
forget (MortiseVault *self, MortiseVaultState state)
{
  g_mutex_lock (&self->mutex);
  if (self->store != NULL)
    mortise_vault_flush_uses_locked (self);
  g_hash_table_remove_all (self->uses);
  g_hash_table_remove_all (self->sign_counts);
  mortise_vault_keys_wipe (&self->keys, TRUE);
  g_clear_pointer (&self->store, mortise_vault_store_free);
  g_clear_pointer (&self->header, mortise_vault_header_unref);
  g_clear_error (&self->keyring_problem);
  self->login_works = self->login_off = FALSE;
  self->has_recovery_code = self->has_login_keyslot = FALSE;
  self->pin_retries = MORTISE_PIN_RETRIES_MAX;
  self->count = self->count_deleted = 0;
  self->lock_generation++;
  if (state == MORTISE_VAULT_CLOSED && self->lock_fd >= 0)
    {
      close (self->lock_fd);
      self->lock_fd = -1;
    }
  mortise_vault_set_state (self, state);
  g_mutex_unlock (&self->mutex);
}

static gboolean
exists (const char *path)
{
  struct stat info;

  return stat (path, &info) == 0;
}

static gboolean
fail_without_database (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                       _ ("vault.db is gone but its journal is still there, so a vault was lost or "
                          "moved away. Put vault.db back from a backup of your home folder, then "
                          "start Mortise again."));
  return FALSE;
}

static gboolean
open_store (MortiseVault *self, GError **error)
{
  g_autoptr (MortiseVaultStore) store = mortise_vault_store_open (self->paths->database, error);
  g_autoptr (MortiseVaultHeader) header = NULL;

  if (store == NULL)
    return FALSE;
  header = mortise_vault_header_read (store, error);
  if (header == NULL)
    return FALSE;
  if (self->tpm != NULL && !mortise_tpm_attach (self->tpm, header->storage_root_name, NULL, error))
    return FALSE;
  /* From here on it is known to be ours. */
  (void) chmod (self->paths->database, 0600);
  return mortise_vault_store_accept (store, error) &&
         mortise_vault_adopt_store (self, g_steal_pointer (&store), error);
}

gboolean
mortise_vault_open_files (MortiseVault *self, GError **error)
{
  if (self->store != NULL)
    return TRUE;
  if (exists (self->paths->directory) && !mortise_vault_take_lock (self, error))
    return FALSE;
  if (self->lock_fd >= 0)
    mortise_vault_files_clean (self->paths);

  if (exists (self->paths->database))
    {
      if (open_store (self, error))
        return TRUE;
    }
  else if (exists (self->paths->journal))
    fail_without_database (error);
  else
    {
      g_mutex_lock (&self->mutex);
      mortise_vault_set_state (self, MORTISE_VAULT_NONE);
      g_mutex_unlock (&self->mutex);
      return TRUE;
    }
  forget (self, MORTISE_VAULT_CLOSED);
  return FALSE;
}

gboolean
mortise_vault_open (MortiseVault *self, GError **error)
{
  gboolean ok;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  g_mutex_lock (&self->key_mutex);
  ok = mortise_vault_open_files (self, error);
  if (ok && mortise_vault_get_state (self) == MORTISE_VAULT_LOCKED)
    mortise_vault_try_login (self);
  mortise_vault_end_key_work (self);
  return ok;
}

void
mortise_vault_close (MortiseVault *self)
{
  g_return_if_fail (MORTISE_IS_VAULT (self));

  g_mutex_lock (&self->key_mutex);
  forget (self, MORTISE_VAULT_CLOSED);
  mortise_vault_end_key_work (self);
}

void
mortise_vault_lock (MortiseVault *self)
{
  g_return_if_fail (MORTISE_IS_VAULT (self));

  g_mutex_lock (&self->mutex);
  self->lock_generation++;
  if (self->state == MORTISE_VAULT_UNLOCKED)
    {
      mortise_vault_flush_uses_locked (self);
      mortise_vault_keys_wipe (&self->keys, !self->login_works);
      mortise_vault_set_state (self,
                               self->login_works ? MORTISE_VAULT_LISTABLE : MORTISE_VAULT_LOCKED);
    }
  g_mutex_unlock (&self->mutex);

  /* Whoever holds it drops the parent when done. */
  if (g_mutex_trylock (&self->key_mutex))
    mortise_vault_end_key_work (self);
}

gboolean
mortise_vault_reset (MortiseVault *self, GError **error)
{
  g_autofree char *id = NULL;
  gboolean ok;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  id = mortise_vault_get_id (self);
  g_mutex_lock (&self->key_mutex);
  ok = !exists (self->paths->directory) || mortise_vault_take_lock (self, error);
  if (ok)
    {
      forget (self, MORTISE_VAULT_NONE);
      ok = !exists (self->paths->directory) || mortise_vault_files_erase (self->paths, error);
      if (!ok)
        (void) mortise_vault_open_files (self, NULL);
    }
  if (ok)
    {
      g_mutex_lock (&self->mutex);
      self->pin_misses = 0;
      mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
      g_mutex_unlock (&self->mutex);
      if (self->keyring != NULL && id != NULL)
        (void) mortise_keyring_clear (self->keyring, id, NULL, NULL);
    }
  mortise_vault_end_key_work (self);
  return ok;
}

/* --- GObject -----------------------------------------------------------------------------------
 */

static void
mortise_vault_dispose (GObject *object)
{
  mortise_vault_close (MORTISE_VAULT (object));
  G_OBJECT_CLASS (mortise_vault_parent_class)->dispose (object);
}

static void
mortise_vault_finalize (GObject *object)
{
  MortiseVault *self = MORTISE_VAULT (object);

  g_clear_object (&self->tpm);
  g_clear_object (&self->keyring);
  g_clear_pointer (&self->uses, g_hash_table_unref);
  g_clear_pointer (&self->sign_counts, g_hash_table_unref);
  g_clear_pointer (&self->paths, mortise_vault_paths_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->key_mutex);
  G_OBJECT_CLASS (mortise_vault_parent_class)->finalize (object);
}

static void
mortise_vault_class_init (MortiseVaultClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = mortise_vault_dispose;
  object_class->finalize = mortise_vault_finalize;

  signals[MORTISE_VAULT_SIGNAL_STATE] = g_signal_new (
      "state-changed", MORTISE_TYPE_VAULT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MORTISE_VAULT_SIGNAL_CREDENTIALS] =
      g_signal_new ("credentials-changed", MORTISE_TYPE_VAULT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
}

static void
mortise_vault_init (MortiseVault *self)
{
  g_mutex_init (&self->key_mutex);
  g_mutex_init (&self->mutex);
  self->lock_fd = -1;
  self->pin_retries = MORTISE_PIN_RETRIES_MAX;
  self->max_credentials = MORTISE_VAULT_MAX_CREDENTIALS;
  self->uses = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->sign_counts = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->context = g_main_context_ref_thread_default ();
}

/* --- Public ------------------------------------------------------------------------------------
 */

MortiseVault *
mortise_vault_new (const char *directory, MortiseTpm *tpm, MortiseKeyring *keyring)
{
  MortiseVault *self;

  g_return_val_if_fail (directory != NULL, NULL);
  g_return_val_if_fail (tpm == NULL || MORTISE_IS_TPM (tpm), NULL);
  g_return_val_if_fail (keyring == NULL || MORTISE_IS_KEYRING (keyring), NULL);

  self = g_object_new (MORTISE_TYPE_VAULT, NULL);
  self->paths = mortise_vault_paths_new (directory);
  g_set_object (&self->tpm, tpm);
  g_set_object (&self->keyring, keyring);
  return self;
}

MortiseVaultState
mortise_vault_get_state (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), MORTISE_VAULT_CLOSED);

  locker = g_mutex_locker_new (&self->mutex);
  return self->state;
}

char *
mortise_vault_get_id (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  return self->header != NULL ? g_strdup (self->header->id) : NULL;
}

gboolean
mortise_vault_get_key_names (MortiseVault *self,
                             GBytes **ret_parent,
                             GBytes **ret_storage_root,
                             GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  GBytes *parent;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_open (self, error))
    return FALSE;
  parent = mortise_tpm_blob_get_name (self->header->parent, error);
  if (parent == NULL)
    return FALSE;
  *ret_parent = parent;
  *ret_storage_root = g_bytes_ref (self->header->storage_root_name);
  return TRUE;
}

GError *
mortise_vault_dup_keyring_problem (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  return self->keyring_problem != NULL ? g_error_copy (self->keyring_problem) : NULL;
}

MortiseTpm *
mortise_vault_get_tpm (MortiseVault *self)
{
  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  return self->tpm;
}
