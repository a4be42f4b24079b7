/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/pin-uv-auth-param.h"

#include "core/ctap/pin-uv-auth-protocol.h"

gboolean
mortise_pin_uv_auth_param_is_given (const MortisePinUvAuthParam *auth)
{
  return auth->param.type != MORTISE_CBOR_NONE;
}

gboolean
mortise_pin_uv_auth_param_is_empty (const MortisePinUvAuthParam *auth)
{
  return auth->param.type == MORTISE_CBOR_BYTES && auth->param.size == 0;
}

CtapStatus
mortise_pin_uv_auth_param_check (const MortisePinUvAuthParam *auth)
{
  if (!mortise_pin_uv_auth_param_is_given (auth))
    return CTAP1_ERR_SUCCESS;
  if (auth->protocol.type == MORTISE_CBOR_NONE)
    return CTAP2_ERR_MISSING_PARAMETER;
  if (!mortise_pin_uv_auth_protocol_is_supported (auth->protocol.number))
    return CTAP1_ERR_INVALID_PARAMETER;
  return CTAP1_ERR_SUCCESS;
}

gboolean
mortise_pin_uv_auth_param_verify (const MortisePinUvAuthParam *auth,
                                  MortisePinUvAuthToken *token,
                                  const guint8 *message,
                                  gsize message_size)
{
  return mortise_pin_uv_auth_token_verify (token, (guint) auth->protocol.number, message,
                                           message_size, auth->param.data, auth->param.size);
}

CtapStatus
mortise_pin_uv_auth_param_authorize (const MortisePinUvAuthParam *auth,
                                     MortisePinUvAuthToken *token,
                                     MortisePermission permission,
                                     const char *rp_id,
                                     const guint8 *message,
                                     gsize message_size)
{
  if (!mortise_pin_uv_auth_param_verify (auth, token, message, message_size))
    return CTAP2_ERR_PIN_AUTH_INVALID;
  return mortise_pin_uv_auth_token_authorize (token, permission, rp_id);
}

CtapStatus
mortise_pin_uv_auth_param_require (const MortisePinUvAuthParam *auth,
                                   MortisePinUvAuthToken *token,
                                   MortisePermission permission,
                                   const guint8 *message,
                                   gsize message_size)
{
  CtapStatus status = mortise_pin_uv_auth_param_check (auth);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!mortise_pin_uv_auth_param_verify (auth, token, message, message_size) ||
      !mortise_pin_uv_auth_token_has_permission (token, permission))
    return CTAP2_ERR_PIN_AUTH_INVALID;
  return CTAP1_ERR_SUCCESS;
}
