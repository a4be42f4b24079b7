/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/client-pin.h"
#include "core/ctap/pin-uv-auth-protocol.h"
#include "core/vault/vault-settings.h"

#define PADDED_PIN_SIZE 64

/* The PIN without its padding; no more than 64 bytes. */
static gsize
unpadded_size (const MortiseSecret *padded)
{
  gsize size = mortise_secret_get_size (padded);

  while (size > 0 && mortise_secret_peek (padded)[size - 1] == 0)
    size--;
  return size;
}

/*
 * Decrypts newPinEnc. A PIN that breaks the policy is %CTAP2_ERR_PIN_POLICY_VIOLATION; without a
 * PIN, as an empty one cannot be kept.
 */
static CtapStatus
decrypt_new_pin (MortiseAuthenticator *self,
                 const MortiseClientPin *pin,
                 const MortiseSecret *shared,
                 MortiseSecret **ret_pin)
{
  g_autoptr (MortiseSecret) padded = mortise_pin_uv_auth_decrypt (
      pin->protocol, shared, pin->parameters.new_pin_enc.data, pin->parameters.new_pin_enc.size);
  const char *text;
  gsize size;

  if (padded == NULL)
    return CTAP2_ERR_PIN_AUTH_INVALID;
  if (mortise_secret_get_size (padded) != PADDED_PIN_SIZE)
    return CTAP1_ERR_INVALID_PARAMETER;
  size = unpadded_size (padded);
  text = (const char *) mortise_secret_peek (padded);
  if (size == 0 || size > MORTISE_PIN_MAX_BYTES || !g_utf8_validate_len (text, size, NULL) ||
      g_utf8_strlen (text, (gssize) size) < mortise_authenticator_get_min_pin_length (self))
    return CTAP2_ERR_PIN_POLICY_VIOLATION;
  *ret_pin = mortise_secret_new_from_data (text, size);
  return CTAP1_ERR_SUCCESS;
}

/* setPIN (CTAP 2.1 §6.5.5.5): the vault's PIN, and with it the vault. */
CtapStatus
mortise_client_pin_set (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  const MortiseClientPinParameters *parameters = &pin->parameters;
  g_autoptr (MortiseSecret) shared = NULL;
  g_autoptr (MortiseSecret) new_pin = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status;

  if (mortise_authenticator_is_protected (self))
    return CTAP2_ERR_PIN_AUTH_INVALID;
  shared = mortise_client_pin_decapsulate (self, pin->protocol, &pin->parameters.key_agreement);
  if (shared == NULL)
    return CTAP1_ERR_INVALID_PARAMETER;
  if (!mortise_pin_uv_auth_verify (pin->protocol, shared, parameters->new_pin_enc.data,
                                   parameters->new_pin_enc.size, parameters->pin_uv_auth_param.data,
                                   parameters->pin_uv_auth_param.size))
    return CTAP2_ERR_PIN_AUTH_INVALID;
  status = decrypt_new_pin (self, pin, shared, &new_pin);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!mortise_vault_create (self->vault, new_pin, &error))
    {
      g_message ("Cannot make a vault: %s", error->message);
      return ctap_status_from_error (error);
    }
  return CTAP1_ERR_SUCCESS;
}

/* Whether pinUvAuthParam covers newPinEnc and pinHashEnc. */
static gboolean
is_change_authentic (const MortiseClientPin *pin, const MortiseSecret *shared)
{
  const MortiseClientPinParameters *parameters = &pin->parameters;
  g_autoptr (GByteArray) message = g_byte_array_new ();

  if (parameters->new_pin_enc.size > 0)
    g_byte_array_append (message, parameters->new_pin_enc.data,
                         (guint) parameters->new_pin_enc.size);
  if (parameters->pin_hash_enc.size > 0)
    g_byte_array_append (message, parameters->pin_hash_enc.data,
                         (guint) parameters->pin_hash_enc.size);
  return mortise_pin_uv_auth_verify (pin->protocol, shared, message->data, message->len,
                                     parameters->pin_uv_auth_param.data,
                                     parameters->pin_uv_auth_param.size);
}

/* Whether a forced change comes with the PIN it should do away with (§6.5.5.6 step 13). */
static gboolean
is_same_again (MortiseAuthenticator *self,
               const MortiseSecret *old_hash,
               const MortiseSecret *new_pin)
{
  g_autoptr (MortiseSecret) new_hash = NULL;

  if (!mortise_authenticator_get_flag (self, MORTISE_SETTING_FORCE_PIN_CHANGE, FALSE))
    return FALSE;
  new_hash = mortise_pin_hash (new_pin, NULL);
  return new_hash != NULL && mortise_secret_equal (new_hash, old_hash);
}

static CtapStatus
change_pin (MortiseAuthenticator *self,
            MortiseClientPin *pin,
            const MortiseSecret *shared,
            const MortiseSecret *old_hash)
{
  g_autoptr (MortiseSecret) new_pin = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status = decrypt_new_pin (self, pin, shared, &new_pin);

  if (status == CTAP1_ERR_SUCCESS && is_same_again (self, old_hash, new_pin))
    status = CTAP2_ERR_PIN_POLICY_VIOLATION;
  /* What is wrong with the new PIN is only told to who knows the old one. */
  if (status != CTAP1_ERR_SUCCESS)
    {
      if (!mortise_vault_unlock (self->vault, old_hash, &error))
        return mortise_client_pin_failed (self, pin, error);
      return status;
    }
  if (!mortise_vault_change_pin (self->vault, old_hash, new_pin, &error))
    return mortise_client_pin_failed (self, pin, error);
  return CTAP1_ERR_SUCCESS;
}

/* changePIN (CTAP 2.1 §6.5.5.6). */
CtapStatus
mortise_client_pin_change (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  g_autoptr (MortiseSecret) shared = NULL;
  g_autoptr (MortiseSecret) old_hash = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status = mortise_client_pin_check_retries (self);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  shared = mortise_client_pin_decapsulate (self, pin->protocol, &pin->parameters.key_agreement);
  if (shared == NULL)
    return CTAP1_ERR_INVALID_PARAMETER;
  if (!is_change_authentic (pin, shared))
    return CTAP2_ERR_PIN_AUTH_INVALID;
  old_hash = mortise_client_pin_decrypt_hash (pin, shared);
  if (old_hash == NULL)
    return mortise_client_pin_failed (self, pin, NULL);
  status = change_pin (self, pin, shared, old_hash);
  if (status != CTAP1_ERR_SUCCESS)
    return status;

  mortise_pin_uv_auth_token_reset (self->token);
  if (mortise_authenticator_get_flag (self, MORTISE_SETTING_FORCE_PIN_CHANGE, FALSE) &&
      !mortise_vault_set_setting (self->vault, MORTISE_SETTING_FORCE_PIN_CHANGE, NULL, &error))
    {
      g_message ("Cannot note that the PIN was changed: %s", error->message);
      return ctap_status_from_error (error);
    }
  return CTAP1_ERR_SUCCESS;
}
