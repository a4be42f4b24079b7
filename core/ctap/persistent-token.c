/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/persistent-token.h"

#include "core/ctap/pin-uv-auth-protocol.h"
#include "core/vault/vault-settings.h"

#define TOKEN_SIZE 32

static MortiseSecret *
read_token (MortiseAuthenticator *self)
{
  g_autoptr (GVariant) value =
      mortise_vault_get_setting (self->vault, MORTISE_SETTING_PERSISTENT_TOKEN);

  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING) ||
      g_variant_get_size (value) != TOKEN_SIZE)
    return NULL;
  return mortise_secret_new_from_data (g_variant_get_data (value), TOKEN_SIZE);
}

CtapStatus
mortise_persistent_token_ensure (MortiseAuthenticator *self, MortiseSecret **ret_token)
{
  g_autoptr (MortiseSecret) token = read_token (self);
  g_autoptr (GError) error = NULL;

  if (token == NULL)
    {
      token = mortise_secret_new_random (TOKEN_SIZE);
      if (!mortise_vault_set_setting (self->vault, MORTISE_SETTING_PERSISTENT_TOKEN,
                                      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE,
                                                                 mortise_secret_peek (token),
                                                                 TOKEN_SIZE, 1),
                                      &error))
        {
          g_message ("Cannot store a persistent token: %s", error->message);
          return ctap_status_from_error (error);
        }
    }
  *ret_token = g_steal_pointer (&token);
  return CTAP1_ERR_SUCCESS;
}

gboolean
mortise_persistent_token_verify (MortiseAuthenticator *self,
                                 guint protocol,
                                 const guint8 *message,
                                 gsize message_size,
                                 const guint8 *param,
                                 gsize param_size)
{
  g_autoptr (MortiseSecret) token = read_token (self);

  return token != NULL &&
         mortise_pin_uv_auth_verify (protocol, token, message, message_size, param, param_size);
}
