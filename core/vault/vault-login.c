/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>

#include "core/vault/vault-settings.h"

#define SECRET_SIZE 32

static gboolean
check_keyring (MortiseVault *self, GError **error)
{
  if (self->keyring != NULL)
    return TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_KEYRING,
                       _ ("There is no login keyring, so passkeys can be listed only after the PIN "
                          "was entered. Start a keyring service to list them from login on."));
  return FALSE;
}

static MortiseSecret *
unseal_login (MortiseVault *self, GError **error)
{
  g_autoptr (MortiseVaultHeader) header = NULL;
  g_autoptr (MortiseTpmBlob) slot = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (MortiseSecret) metadata_key = NULL;

  if (!check_keyring (self, error))
    return NULL;
  g_mutex_lock (&self->mutex);
  header = mortise_vault_header_ref (self->header);
  slot = mortise_vault_slot_read (self->store, MORTISE_KEYSLOT_LOGIN, error);
  g_mutex_unlock (&self->mutex);
  if (slot == NULL)
    return NULL;

  secret = mortise_keyring_lookup (self->keyring, header->id, NULL, error);
  if (secret == NULL)
    return NULL;
  metadata_key = mortise_tpm_unseal (self->tpm, slot, secret, error);
  if (metadata_key == NULL)
    return NULL;
  if (!mortise_vault_check_header (header, metadata_key, error))
    return NULL;
  return g_steal_pointer (&metadata_key);
}

static void
note_keyring_problem (MortiseVault *self, GError *problem)
{
  g_mutex_lock (&self->mutex);
  g_clear_error (&self->keyring_problem);
  self->keyring_problem = problem;
  self->login_works = problem == NULL;
  g_mutex_unlock (&self->mutex);
}

void
mortise_vault_read_login_setting (MortiseVault *self)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (self, MORTISE_SETTING_LOGIN_KEYSLOT);
  gboolean off = value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) &&
                 !g_variant_get_boolean (value);

  g_mutex_lock (&self->mutex);
  self->login_off = off;
  g_mutex_unlock (&self->mutex);
}

static gboolean
is_login_off (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->login_off;
}

void
mortise_vault_try_login (MortiseVault *self)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (MortiseSecret) metadata_key = NULL;

  /* Without a TPM nothing is wrong with the keyring. */
  if (self->tpm == NULL || is_login_off (self))
    return;
  metadata_key = unseal_login (self, &problem);
  note_keyring_problem (self, g_steal_pointer (&problem));
  if (metadata_key == NULL)
    return;

  g_mutex_lock (&self->mutex);
  if (self->state == MORTISE_VAULT_LOCKED)
    {
      mortise_vault_keys_set_metadata (&self->keys, metadata_key);
      mortise_vault_set_state (self, MORTISE_VAULT_LISTABLE);
    }
  /* A note for the person only: nothing fails because of it. */
  (void) mortise_vault_slot_touch (self->store, MORTISE_KEYSLOT_LOGIN, NULL);
  g_mutex_unlock (&self->mutex);
}

MortiseTpmBlob *
mortise_vault_make_login_slot (MortiseVault *self,
                               const char *vault_id,
                               const MortiseSecret *metadata_key,
                               GError **error)
{
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (SECRET_SIZE);
  MortiseTpmBlob *slot;

  if (!check_keyring (self, error) ||
      !mortise_keyring_store (self->keyring, vault_id, secret, NULL, error))
    return NULL;
  slot = mortise_tpm_seal (self->tpm, metadata_key, secret, FALSE, error);
  if (slot == NULL)
    (void) mortise_keyring_clear (self->keyring, vault_id, NULL, NULL);
  return slot;
}

typedef struct
{
  MortiseVault *vault;
  const MortiseTpmBlob *slot; /* NULL to have none */
} Switch;

static gboolean
put_login_slot (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  const Switch *wanted = user_data;
  g_autoptr (GVariant) off = NULL;

  if (wanted->slot != NULL)
    return mortise_vault_slot_write (store, MORTISE_KEYSLOT_LOGIN, wanted->slot, error) &&
           mortise_vault_put_setting (wanted->vault, MORTISE_SETTING_LOGIN_KEYSLOT, NULL, error);
  off = g_variant_ref_sink (g_variant_new_boolean (FALSE));
  return mortise_vault_slot_remove (store, MORTISE_KEYSLOT_LOGIN, error) &&
         mortise_vault_put_setting (wanted->vault, MORTISE_SETTING_LOGIN_KEYSLOT, off, error);
}

/* With the mutex held. */
static gboolean
switch_login (MortiseVault *self, const MortiseTpmBlob *slot, GError **error)
{
  Switch wanted = { self, slot };

  if (!mortise_vault_store_transact (self->store, put_login_slot, &wanted, error))
    return FALSE;
  (void) mortise_vault_store_forget_journal (self->store);
  self->login_off = slot == NULL;
  self->has_login_keyslot = slot != NULL;
  return TRUE;
}

static gboolean
replace_login_slot (MortiseVault *self, GError **error)
{
  g_autofree char *id = NULL;
  g_autoptr (MortiseSecret) metadata_key = NULL;
  g_autoptr (MortiseTpmBlob) slot = NULL;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  id = g_strdup (self->header->id);
  metadata_key = mortise_secret_copy (self->keys.metadata);
  g_clear_pointer (&locker, g_mutex_locker_free);

  slot = mortise_vault_make_login_slot (self, id, metadata_key, error);
  if (slot == NULL)
    return FALSE;
  locker = g_mutex_locker_new (&self->mutex);
  return switch_login (self, slot, error);
}

void
mortise_vault_repair_login (MortiseVault *self)
{
  g_autoptr (GError) problem = NULL;
  gboolean wanted;

  g_mutex_lock (&self->mutex);
  wanted = !self->login_works && !self->login_off;
  g_mutex_unlock (&self->mutex);
  if (!wanted)
    return;

  /* The keyring may only have been locked: its secret is then as good as ever. */
  mortise_vault_try_login (self);
  problem = mortise_vault_dup_keyring_problem (self);
  if (problem == NULL || g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_KEYRING) ||
      g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED))
    return;
  g_clear_error (&problem);
  (void) replace_login_slot (self, &problem);
  note_keyring_problem (self, g_steal_pointer (&problem));
}

/* --- Public ------------------------------------------------------------------------------------
 */

static gboolean
switch_login_on (MortiseVault *self, GError **error)
{
  if (!replace_login_slot (self, error))
    return FALSE;
  note_keyring_problem (self, NULL);
  return TRUE;
}

static gboolean
switch_login_off (MortiseVault *self, GError **error)
{
  g_autofree char *id = NULL;

  g_mutex_lock (&self->mutex);
  if (!mortise_vault_check_open (self, error) || !switch_login (self, NULL, error))
    {
      g_mutex_unlock (&self->mutex);
      return FALSE;
    }
  id = g_strdup (self->header->id);
  self->login_works = FALSE;
  g_clear_error (&self->keyring_problem);
  if (self->state == MORTISE_VAULT_LISTABLE)
    {
      mortise_vault_keys_wipe (&self->keys, TRUE);
      mortise_vault_set_state (self, MORTISE_VAULT_LOCKED);
    }
  g_mutex_unlock (&self->mutex);
  /* Of no use to anybody without the keyslot. */
  if (self->keyring != NULL)
    (void) mortise_keyring_clear (self->keyring, id, NULL, NULL);
  return TRUE;
}

gboolean
mortise_vault_has_login_keyslot (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  return self->has_login_keyslot;
}

gboolean
mortise_vault_set_login_keyslot (MortiseVault *self, gboolean enabled, GError **error)
{
  gboolean ok;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  g_mutex_lock (&self->key_mutex);
  ok = enabled ? switch_login_on (self, error) : switch_login_off (self, error);
  mortise_vault_end_key_work (self);
  return ok;
}
