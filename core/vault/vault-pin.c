/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>
#include <openssl/evp.h>

#include "core/vault/vault-settings.h"

#define PIN_HASH_SIZE 16
#define KEY_SIZE      32

/* --- What a PIN is -----------------------------------------------------------------------------
 */

static gboolean
check_pin_text (const MortiseSecret *pin, GError **error)
{
  if (mortise_secret_get_size (pin) > MORTISE_PIN_MAX_BYTES)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY,
                   _ ("A PIN has at most %d bytes, so this one is too long. Choose a shorter one."),
                   MORTISE_PIN_MAX_BYTES);
      return FALSE;
    }
  if (!g_utf8_validate_len ((const char *) mortise_secret_peek (pin), mortise_secret_get_size (pin),
                            NULL))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY,
                           _ ("This PIN holds bytes that are no characters. Type another one."));
      return FALSE;
    }
  return TRUE;
}

MortiseSecret *
mortise_pin_hash (const MortiseSecret *pin, GError **error)
{
  g_autoptr (MortiseSecret) digest = NULL;

  g_return_val_if_fail (pin != NULL, NULL);

  if (!check_pin_text (pin, error))
    return NULL;
  digest = mortise_secret_new (EVP_MAX_MD_SIZE);
  if (EVP_Digest (mortise_secret_peek (pin), mortise_secret_get_size (pin),
                  mortise_secret_get_bytes (digest), NULL, EVP_sha256 (), NULL) != 1)
    g_error ("SHA-256 failed");
  return mortise_secret_new_from_data (mortise_secret_peek (digest), PIN_HASH_SIZE);
}

guint
mortise_vault_count_pin_code_points (const MortiseSecret *pin)
{
  return (guint) g_utf8_strlen ((const char *) mortise_secret_peek (pin),
                                (gssize) mortise_secret_get_size (pin));
}

static gboolean
check_new_pin (const MortiseSecret *pin, guint min_length, GError **error)
{
  if (!check_pin_text (pin, error))
    return FALSE;
  if (mortise_vault_count_pin_code_points (pin) >= min_length)
    return TRUE;
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY,
               ngettext ("A PIN needs at least %u character. Choose a longer one.",
                         "A PIN needs at least %u characters. Choose a longer one.", min_length),
               min_length);
  return FALSE;
}

MortiseSecret *
mortise_vault_hash_new_pin (const MortiseSecret *pin, guint min_length, GError **error)
{
  return check_new_pin (pin, min_length, error) ? mortise_pin_hash (pin, error) : NULL;
}

MortiseSecret *
mortise_vault_derive_pin_auth (const MortiseSecret *pin_hash, GBytes *salt)
{
  return mortise_secret_derive (pin_hash, salt, "pin keyslot", KEY_SIZE);
}

/* --- Tries -------------------------------------------------------------------------------------
 */

static gboolean
put_retries (MortiseVaultStore *store, guint retries, GError **error)
{
  MortiseStatement *statement = mortise_vault_store_get (store, MORTISE_SQL_PIN_PUT, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, retries);
  return mortise_vault_store_run (store, statement, error);
}

static gboolean
fail_pin_blocked (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PIN_BLOCKED,
                       _ ("No tries are left for the PIN, so the passkeys stay locked. Use the "
                          "recovery code, or reset Mortise and register anew on your sites."));
  return FALSE;
}

static gboolean
fail_pin_auth_blocked (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PIN_AUTH_BLOCKED,
                       _ ("The PIN was wrong three times in a row, so no more is tried for now. "
                          "Your passkeys are unharmed. Log out and in again to go on."));
  return FALSE;
}

static gboolean
fail_pin_invalid (guint retries, GError **error)
{
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID,
               ngettext ("Wrong PIN. %u try is left; after it the passkeys stay locked. Try again.",
                         "Wrong PIN. %u tries are left; after them the passkeys stay locked. Try "
                         "again.",
                         retries),
               retries);
  return FALSE;
}

/* Everything that must be known before the TPM is asked. */
typedef struct
{
  MortiseVaultHeader *header;
  MortiseTpmBlob *slot;
  guint64 generation;
} Attempt;

static void
attempt_clear (Attempt *attempt)
{
  g_clear_pointer (&attempt->header, mortise_vault_header_unref);
  g_clear_pointer (&attempt->slot, mortise_tpm_blob_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Attempt, attempt_clear)

static gboolean
begin_attempt (MortiseVault *self, Attempt *attempt, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (!mortise_vault_check_open (self, error) || !mortise_vault_check_tpm (self, error))
    return FALSE;
  if (self->pin_retries == 0)
    return fail_pin_blocked (error);
  if (self->pin_misses >= MORTISE_PIN_TRIES_PER_START)
    return fail_pin_auth_blocked (error);

  attempt->header = mortise_vault_header_ref (self->header);
  attempt->generation = self->lock_generation;
  attempt->slot = mortise_vault_slot_read (self->store, MORTISE_KEYSLOT_PIN, error);
  /* The try counts before it is made: power may go at any moment (CTAP 2.1 §6.5.5.7). */
  if (attempt->slot == NULL || !put_retries (self->store, self->pin_retries - 1, error))
    return FALSE;
  self->pin_retries--;
  return TRUE;
}

static gboolean
put_success (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  return put_retries (store, MORTISE_PIN_RETRIES_MAX, error) &&
         mortise_vault_slot_touch (store, MORTISE_KEYSLOT_PIN, error);
}

/* In memory the tries come back in any case; if the disk refuses, a restart has fewer, not more. */
static void
end_right_attempt (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->pin_misses = 0;
  if (self->store == NULL)
    return;
  (void) mortise_vault_store_transact (self->store, put_success, NULL, NULL);
  self->pin_retries = MORTISE_PIN_RETRIES_MAX;
}

static gboolean
end_wrong_attempt (MortiseVault *self, GError *problem, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (!g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_TPM_AUTH))
    {
      /* The TPM did not say whether the PIN is right, so nothing was guessed. */
      if (self->store != NULL)
        (void) put_retries (self->store, ++self->pin_retries, NULL);
      g_propagate_error (error, g_error_copy (problem));
      return FALSE;
    }
  self->pin_misses++;
  if (self->pin_retries == 0)
    return fail_pin_blocked (error);
  if (self->pin_misses >= MORTISE_PIN_TRIES_PER_START)
    return fail_pin_auth_blocked (error);
  return fail_pin_invalid (self->pin_retries, error);
}

/* One Unseal. With the key mutex held. */
static MortiseSecret *
verify_pin (MortiseVault *self,
            const MortiseSecret *pin_hash,
            guint64 *ret_generation,
            GError **error)
{
  g_auto (Attempt) attempt = { 0 };
  g_autoptr (MortiseSecret) auth = NULL;
  g_autoptr (MortiseSecret) sign_key = NULL;
  g_autoptr (MortiseSecret) metadata_key = NULL;
  g_autoptr (GError) problem = NULL;

  if (mortise_secret_get_size (pin_hash) != PIN_HASH_SIZE)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("This is no PIN. Enter the PIN again."));
      return NULL;
    }
  if (!begin_attempt (self, &attempt, error))
    return NULL;

  auth = mortise_vault_derive_pin_auth (pin_hash, attempt.header->salt);
  sign_key = mortise_tpm_unseal (self->tpm, attempt.slot, auth, &problem);
  if (sign_key == NULL)
    {
      end_wrong_attempt (self, problem, error);
      return NULL;
    }
  end_right_attempt (self);

  metadata_key = mortise_vault_derive_metadata_key (sign_key);
  if (!mortise_vault_check_header (attempt.header, metadata_key, error))
    return NULL;
  *ret_generation = attempt.generation;
  return g_steal_pointer (&sign_key);
}

/* --- Unlocking ---------------------------------------------------------------------------------
 */

/* Verifies and ends UNLOCKED. With the key mutex held. */
static MortiseSecret *
unlock_with_pin (MortiseVault *self, const MortiseSecret *pin_hash, GError **error)
{
  guint64 generation = 0;
  g_autoptr (MortiseSecret) sign_key = verify_pin (self, pin_hash, &generation, error);

  if (sign_key == NULL || !mortise_vault_unlock_with_key (self, sign_key, generation, error))
    return NULL;
  return g_steal_pointer (&sign_key);
}

gboolean
mortise_vault_unlock (MortiseVault *self, const MortiseSecret *pin_hash, GError **error)
{
  g_autoptr (MortiseSecret) sign_key = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (pin_hash != NULL, FALSE);

  g_mutex_lock (&self->key_mutex);
  sign_key = unlock_with_pin (self, pin_hash, error);
  mortise_vault_end_key_work (self);
  return sign_key != NULL;
}

/* --- Changing the PIN --------------------------------------------------------------------------
 */

guint
mortise_vault_get_min_pin_length (MortiseVault *self)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (self, MORTISE_SETTING_MIN_PIN_LENGTH);
  guint length = value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32)
                     ? g_variant_get_uint32 (value)
                     : 0;

  return CLAMP (length, MORTISE_PIN_MIN_CODE_POINTS, MORTISE_PIN_MAX_BYTES);
}

static gboolean
is_change_forced (MortiseVault *self)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (self, MORTISE_SETTING_FORCE_PIN_CHANGE);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) &&
         g_variant_get_boolean (value);
}

static gboolean
check_change (MortiseVault *self,
              const MortiseSecret *old_hash,
              const MortiseSecret *new_pin,
              MortiseSecret **ret_new_hash,
              GError **error)
{
  g_autoptr (MortiseSecret) new_hash = NULL;

  new_hash = mortise_vault_hash_new_pin (new_pin, mortise_vault_get_min_pin_length (self), error);
  if (new_hash == NULL)
    return FALSE;
  if (is_change_forced (self) && mortise_secret_equal (old_hash, new_hash))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY,
                           _ ("The PIN has to be changed, and this is the one you have. Choose "
                              "another."));
      return FALSE;
    }
  *ret_new_hash = g_steal_pointer (&new_hash);
  return TRUE;
}

/* What another PIN puts on disk, all or nothing. */
typedef struct
{
  MortiseVault *vault;
  const MortiseTpmBlob *slot;
  GVariant *length;
} NewPin;

static gboolean
put_new_pin (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  const NewPin *new_pin = user_data;
  MortiseVault *self = new_pin->vault;
  /* Locked meanwhile: then the length is not known rather than the old one. */
  GVariant *length = self->keys.metadata != NULL ? new_pin->length : NULL;

  return mortise_vault_slot_write (store, MORTISE_KEYSLOT_PIN, new_pin->slot, error) &&
         put_retries (store, MORTISE_PIN_RETRIES_MAX, error) &&
         mortise_vault_put_setting (self, MORTISE_SETTING_FORCE_PIN_CHANGE, NULL, error) &&
         mortise_vault_put_setting (self, MORTISE_SETTING_PERSISTENT_TOKEN, NULL, error) &&
         mortise_vault_put_setting (self, MORTISE_SETTING_PIN_LENGTH, length, error);
}

gboolean
mortise_vault_replace_pin_slot (MortiseVault *self,
                                const MortiseSecret *sign_key,
                                const MortiseSecret *new_pin,
                                const MortiseSecret *new_hash,
                                GError **error)
{
  g_autoptr (MortiseSecret) auth = mortise_vault_derive_pin_auth (new_hash, self->header->salt);
  g_autoptr (MortiseTpmBlob) slot = mortise_tpm_seal (self->tpm, sign_key, auth, TRUE, error);
  g_autoptr (GVariant) length =
      g_variant_ref_sink (g_variant_new_uint32 (mortise_vault_count_pin_code_points (new_pin)));
  g_autoptr (GMutexLocker) locker = NULL;
  NewPin pin = { self, slot, length };

  if (slot == NULL)
    return FALSE;
  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_store_transact (self->store, put_new_pin, &pin, error))
    return FALSE;
  self->pin_retries = MORTISE_PIN_RETRIES_MAX;
  self->pin_misses = 0;
  /* The old keyslot goes from the journal too, or the old PIN would open a copy of it. */
  (void) mortise_vault_store_forget_journal (self->store);
  return TRUE;
}

gboolean
mortise_vault_change_pin (MortiseVault *self,
                          const MortiseSecret *old_hash,
                          const MortiseSecret *new_pin,
                          GError **error)
{
  g_autoptr (MortiseSecret) new_hash = NULL;
  g_autoptr (MortiseSecret) sign_key = NULL;
  gboolean ok;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (old_hash != NULL && new_pin != NULL, FALSE);

  if (!check_change (self, old_hash, new_pin, &new_hash, error))
    return FALSE;
  g_mutex_lock (&self->key_mutex);
  sign_key = unlock_with_pin (self, old_hash, error);
  ok =
      sign_key != NULL && mortise_vault_replace_pin_slot (self, sign_key, new_pin, new_hash, error);
  mortise_vault_end_key_work (self);
  return ok;
}

guint
mortise_vault_get_pin_retries (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), 0);

  locker = g_mutex_locker_new (&self->mutex);
  return self->pin_retries;
}

gboolean
mortise_vault_is_pin_auth_blocked (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  return self->pin_misses >= MORTISE_PIN_TRIES_PER_START;
}
