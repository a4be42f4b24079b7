/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>

#include "core/vault/vault-settings.h"

#define KEY_SIZE 32

typedef struct
{
  MortiseVaultHeader *header;
  MortiseSecret *sign_key;
  MortiseTpmBlob *pin_slot;
  MortiseTpmBlob *login_slot; /* NULL if the keyring does not answer */
  GError *keyring_problem;
} Blueprint;

static void
blueprint_clear (Blueprint *blueprint)
{
  g_clear_pointer (&blueprint->header, mortise_vault_header_unref);
  g_clear_pointer (&blueprint->sign_key, mortise_secret_free);
  g_clear_pointer (&blueprint->pin_slot, mortise_tpm_blob_free);
  g_clear_pointer (&blueprint->login_slot, mortise_tpm_blob_free);
  g_clear_error (&blueprint->keyring_problem);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Blueprint, blueprint_clear)

/* All of the TPM's part, before a file is touched. */
static gboolean
make_blueprint (MortiseVault *self,
                const MortiseSecret *pin_hash,
                Blueprint *blueprint,
                GError **error)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autoptr (MortiseSecret) salt_secret = mortise_secret_new_random (KEY_SIZE);
  g_autoptr (GBytes) salt = g_bytes_new (mortise_secret_peek (salt_secret), KEY_SIZE);
  g_autoptr (MortiseSecret) auth = mortise_vault_derive_pin_auth (pin_hash, salt);
  g_autoptr (MortiseSecret) metadata_key = NULL;
  g_autoptr (GBytes) storage_root_name = NULL;
  g_autoptr (MortiseTpmBlob) parent = NULL;

  if (!mortise_tpm_attach (self->tpm, NULL, &storage_root_name, error))
    return FALSE;
  blueprint->sign_key = mortise_secret_new_random (KEY_SIZE);
  metadata_key = mortise_vault_derive_metadata_key (blueprint->sign_key);
  parent = mortise_tpm_create_parent (self->tpm, blueprint->sign_key, error);
  if (parent == NULL)
    return FALSE;
  blueprint->pin_slot = mortise_tpm_seal (self->tpm, blueprint->sign_key, auth, TRUE, error);
  if (blueprint->pin_slot == NULL ||
      !mortise_tpm_load_parent (self->tpm, parent, blueprint->sign_key, error))
    return FALSE;
  blueprint->header = mortise_vault_header_new (id, salt, storage_root_name, parent, metadata_key);
  blueprint->login_slot =
      mortise_vault_make_login_slot (self, id, metadata_key, &blueprint->keyring_problem);
  return TRUE;
}

static gboolean
write_blueprint (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  const Blueprint *blueprint = user_data;
  MortiseStatement *statement = mortise_vault_store_get (store, MORTISE_SQL_PIN_PUT, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, MORTISE_PIN_RETRIES_MAX);
  return mortise_vault_store_run (store, statement, error) &&
         mortise_vault_header_write (blueprint->header, store, error) &&
         mortise_vault_slot_write (store, MORTISE_KEYSLOT_PIN, blueprint->pin_slot, error) &&
         (blueprint->login_slot == NULL ||
          mortise_vault_slot_write (store, MORTISE_KEYSLOT_LOGIN, blueprint->login_slot, error));
}

static gboolean
build_file (MortiseVault *self, Blueprint *blueprint, GError **error)
{
  g_autoptr (MortiseVaultStore) store = NULL;

  store = mortise_vault_store_create (self->paths->building, error);
  if (store == NULL || !mortise_vault_store_transact (store, write_blueprint, blueprint, error))
    return FALSE;
  if (!mortise_vault_store_forget_journal (store) ||
      !mortise_vault_store_close (g_steal_pointer (&store)))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO,
                           _ ("The new vault could not be written whole, so none was made. Check "
                              "that the disk has room and is in order, then try again."));
      return FALSE;
    }
  return mortise_vault_files_publish (self->paths, error);
}

static gboolean
check_may_create (MortiseVault *self, GError **error)
{
  if (!mortise_vault_open_files (self, error))
    return FALSE;
  if (self->store != NULL)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_EXISTS,
                           _ ("There is a vault already, and it was left as it is. Unlock it with "
                              "its PIN."));
      return FALSE;
    }
  if (!mortise_vault_check_tpm (self, error))
    return FALSE;
  return mortise_vault_files_make_directory (self->paths, error) &&
         mortise_vault_take_lock (self, error);
}

static gboolean
adopt_new_vault (MortiseVault *self, Blueprint *blueprint, guint64 generation, GError **error)
{
  g_autoptr (MortiseVaultStore) store = mortise_vault_store_open (self->paths->database, error);

  if (store == NULL || !mortise_vault_store_accept (store, error) ||
      !mortise_vault_adopt_store (self, g_steal_pointer (&store), error))
    return FALSE;
  g_mutex_lock (&self->mutex);
  self->login_works = blueprint->login_slot != NULL;
  g_clear_error (&self->keyring_problem);
  self->keyring_problem = g_steal_pointer (&blueprint->keyring_problem);
  self->pin_misses = 0;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
  g_mutex_unlock (&self->mutex);
  return mortise_vault_publish_sign_key (self, blueprint->sign_key, generation, error);
}

static gboolean
create_vault (MortiseVault *self, const MortiseSecret *pin_hash, GError **error)
{
  g_auto (Blueprint) blueprint = { 0 };
  guint64 generation;

  if (!check_may_create (self, error))
    return FALSE;
  g_mutex_lock (&self->mutex);
  generation = self->lock_generation;
  g_mutex_unlock (&self->mutex);

  if (make_blueprint (self, pin_hash, &blueprint, error) && build_file (self, &blueprint, error))
    return adopt_new_vault (self, &blueprint, generation, error);

  mortise_vault_files_clean (self->paths);
  mortise_tpm_unload_parent (self->tpm);
  if (blueprint.login_slot != NULL)
    (void) mortise_keyring_clear (self->keyring, blueprint.header->id, NULL, NULL);
  return FALSE;
}

gboolean
mortise_vault_create (MortiseVault *self, const MortiseSecret *pin, GError **error)
{
  g_autoptr (MortiseSecret) pin_hash = NULL;
  gboolean ok;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (pin != NULL, FALSE);

  pin_hash = mortise_vault_hash_new_pin (pin, MORTISE_PIN_MIN_CODE_POINTS, error);
  if (pin_hash == NULL)
    return FALSE;
  g_mutex_lock (&self->key_mutex);
  ok = create_vault (self, pin_hash, error);
  /* Not worth a failure: a length that is not known is taken for too short. */
  if (ok)
    (void) mortise_vault_set_setting (
        self, MORTISE_SETTING_PIN_LENGTH,
        g_variant_new_uint32 (mortise_vault_count_pin_code_points (pin)), NULL);
  mortise_vault_end_key_work (self);
  return ok;
}
