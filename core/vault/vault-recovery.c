/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>

#include "core/recovery-code.h"

#define KEY_SIZE 32

static MortiseSecret *
derive_auth (const MortiseSecret *code, const MortiseVaultHeader *header)
{
  return mortise_secret_derive (code, header->salt, "recovery keyslot", KEY_SIZE);
}

/* --- Making and removing -----------------------------------------------------------------------
 */

static MortiseSecret *
copy_sign_key (MortiseVault *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return mortise_vault_check_unlocked (self, error) ? mortise_secret_copy (self->keys.sign) : NULL;
}

struct _MortiseRecoveryDraft
{
  MortiseSecret *text;
  MortiseTpmBlob *slot;
  /* Of the vault whose key is sealed in it. */
  GBytes *salt;
};

void
mortise_recovery_draft_free (MortiseRecoveryDraft *draft)
{
  if (draft == NULL)
    return;
  g_clear_pointer (&draft->text, mortise_secret_free);
  g_clear_pointer (&draft->slot, mortise_tpm_blob_free);
  g_clear_pointer (&draft->salt, g_bytes_unref);
  g_free (draft);
}

const MortiseSecret *
mortise_recovery_draft_get_text (const MortiseRecoveryDraft *draft)
{
  return draft->text;
}

/* With the key mutex held. */
static MortiseRecoveryDraft *
draft_code (MortiseVault *self, GError **error)
{
  g_autoptr (MortiseRecoveryDraft) draft = g_new0 (MortiseRecoveryDraft, 1);
  g_autoptr (MortiseSecret) sign_key = copy_sign_key (self, error);
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (MortiseSecret) auth = NULL;

  if (sign_key == NULL)
    return NULL;
  code = mortise_secret_new_random (MORTISE_RECOVERY_CODE_SIZE);
  auth = derive_auth (code, self->header);
  draft->slot = mortise_tpm_seal (self->tpm, sign_key, auth, FALSE, error);
  if (draft->slot == NULL)
    return NULL;
  draft->text = mortise_recovery_code_format (code);
  draft->salt = g_bytes_ref (self->header->salt);
  return g_steal_pointer (&draft);
}

MortiseRecoveryDraft *
mortise_vault_draft_recovery_code (MortiseVault *self, GError **error)
{
  MortiseRecoveryDraft *draft;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  g_mutex_lock (&self->key_mutex);
  draft = draft_code (self, error);
  mortise_vault_end_key_work (self);
  return draft;
}

gboolean
mortise_vault_keep_recovery_code (MortiseVault *self,
                                  const MortiseRecoveryDraft *draft,
                                  GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (draft != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_open (self, error))
    return FALSE;
  if (!g_bytes_equal (self->header->salt, draft->salt))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT,
                           _ ("The vault that this recovery code was made for is gone. Throw the "
                              "code away and make a new one."));
      return FALSE;
    }
  if (!mortise_vault_slot_write (self->store, MORTISE_KEYSLOT_RECOVERY, draft->slot, error))
    return FALSE;
  self->has_recovery_code = TRUE;
  /* The code before it is void from now on, also in what the journal still held. */
  (void) mortise_vault_store_forget_journal (self->store);
  return TRUE;
}

gboolean
mortise_vault_has_recovery_code (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  return self->has_recovery_code;
}

gboolean
mortise_vault_remove_recovery_code (MortiseVault *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_open (self, error) ||
      !mortise_vault_slot_remove (self->store, MORTISE_KEYSLOT_RECOVERY, error))
    return FALSE;
  self->has_recovery_code = FALSE;
  (void) mortise_vault_store_forget_journal (self->store);
  return TRUE;
}

/* --- Using it ----------------------------------------------------------------------------------
 */

static MortiseTpmBlob *
begin_attempt (MortiseVault *self, guint64 *ret_generation, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr (GError) local_error = NULL;
  MortiseTpmBlob *slot;

  if (!mortise_vault_check_open (self, error) || !mortise_vault_check_tpm (self, error))
    return NULL;
  slot = mortise_vault_slot_read (self->store, MORTISE_KEYSLOT_RECOVERY, &local_error);
  if (g_error_matches (local_error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND))
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                         _ ("No recovery code was made for this vault. Use the PIN."));
  else if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  *ret_generation = self->lock_generation;
  return slot;
}

static MortiseSecret *
unseal_sign_key (MortiseVault *self,
                 const MortiseTpmBlob *slot,
                 const MortiseSecret *code,
                 GError **error)
{
  g_autoptr (MortiseSecret) auth = derive_auth (code, self->header);
  g_autoptr (MortiseSecret) sign_key = NULL;
  g_autoptr (MortiseSecret) metadata_key = NULL;
  g_autoptr (GError) problem = NULL;

  sign_key = mortise_tpm_unseal (self->tpm, slot, auth, &problem);
  if (sign_key == NULL)
    {
      if (g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_TPM_AUTH))
        g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID,
                             _ ("This recovery code is not the one of this vault. Look for the one "
                                "that you wrote down last."));
      else
        g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  metadata_key = mortise_vault_derive_metadata_key (sign_key);
  if (!mortise_vault_check_header (self->header, metadata_key, error))
    return NULL;
  return g_steal_pointer (&sign_key);
}

/* Verifies and ends UNLOCKED. With the key mutex held. */
static MortiseSecret *
unlock_with_code (MortiseVault *self, const MortiseSecret *code, GError **error)
{
  guint64 generation = 0;
  g_autoptr (MortiseTpmBlob) slot = begin_attempt (self, &generation, error);
  g_autoptr (MortiseSecret) sign_key = NULL;

  if (slot == NULL)
    return NULL;
  sign_key = unseal_sign_key (self, slot, code, error);
  if (sign_key == NULL || !mortise_vault_unlock_with_key (self, sign_key, generation, error))
    return NULL;
  g_mutex_lock (&self->mutex);
  (void) mortise_vault_slot_touch (self->store, MORTISE_KEYSLOT_RECOVERY, NULL);
  g_mutex_unlock (&self->mutex);
  return g_steal_pointer (&sign_key);
}

gboolean
mortise_vault_unlock_with_recovery_code (MortiseVault *self,
                                         const MortiseSecret *typed,
                                         GError **error)
{
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (MortiseSecret) sign_key = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (typed != NULL, FALSE);

  code = mortise_recovery_code_parse (typed, error);
  if (code == NULL)
    return FALSE;
  g_mutex_lock (&self->key_mutex);
  sign_key = unlock_with_code (self, code, error);
  mortise_vault_end_key_work (self);
  return sign_key != NULL;
}

gboolean
mortise_vault_reset_pin (MortiseVault *self,
                         const MortiseSecret *typed,
                         const MortiseSecret *new_pin,
                         GError **error)
{
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (MortiseSecret) new_hash = NULL;
  g_autoptr (MortiseSecret) sign_key = NULL;
  gboolean ok;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (typed != NULL && new_pin != NULL, FALSE);

  code = mortise_recovery_code_parse (typed, error);
  if (code == NULL)
    return FALSE;
  new_hash = mortise_vault_hash_new_pin (new_pin, mortise_vault_get_min_pin_length (self), error);
  if (new_hash == NULL)
    return FALSE;
  g_mutex_lock (&self->key_mutex);
  sign_key = unlock_with_code (self, code, error);
  ok =
      sign_key != NULL && mortise_vault_replace_pin_slot (self, sign_key, new_pin, new_hash, error);
  mortise_vault_end_key_work (self);
  return ok;
}
