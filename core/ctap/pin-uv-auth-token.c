/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/pin-uv-auth-token.h"

#include "core/ctap/pin-uv-auth-protocol.h"

#define TOKEN_SIZE 32

struct _MortisePinUvAuthToken
{
  gint64 (*clock) (void);
  MortiseSecret *secret;
  gboolean in_use;
  gboolean used;
  guint protocol;
  guint permissions;
  char *rp_id;
  gboolean user_present;
  gboolean user_verified;
  gint64 begun_at;
};

static void
stop_using (MortisePinUvAuthToken *token)
{
  token->in_use = FALSE;
  token->used = FALSE;
  token->protocol = 0;
  token->permissions = 0;
  token->user_present = FALSE;
  token->user_verified = FALSE;
  g_clear_pointer (&token->rp_id, g_free);
}

/* pinUvAuthTokenUsageTimerObserver (CTAP 2.1 §6.5.3.4), run whenever the token is looked at. */
static void
observe (MortisePinUvAuthToken *token)
{
  gint64 elapsed;

  if (!token->in_use)
    return;
  elapsed = (token->clock () - token->begun_at) / G_USEC_PER_SEC;
  if (elapsed >= MORTISE_TOKEN_USER_PRESENT_LIMIT)
    token->user_present = FALSE;
  if (elapsed >= MORTISE_TOKEN_MAX_USAGE_PERIOD ||
      (!token->used && elapsed >= MORTISE_TOKEN_INITIAL_USAGE_LIMIT))
    stop_using (token);
}

MortisePinUvAuthToken *
mortise_pin_uv_auth_token_new (gint64 (*clock) (void))
{
  MortisePinUvAuthToken *token = g_new0 (MortisePinUvAuthToken, 1);

  token->clock = clock;
  return token;
}

void
mortise_pin_uv_auth_token_free (MortisePinUvAuthToken *token)
{
  if (token == NULL)
    return;
  stop_using (token);
  mortise_secret_free (token->secret);
  g_free (token);
}

void
mortise_pin_uv_auth_token_reset (MortisePinUvAuthToken *token)
{
  stop_using (token);
  g_clear_pointer (&token->secret, mortise_secret_free);
  token->secret = mortise_secret_new_random (TOKEN_SIZE);
}

const MortiseSecret *
mortise_pin_uv_auth_token_begin (MortisePinUvAuthToken *token,
                                 guint protocol,
                                 gboolean user_present,
                                 guint permissions,
                                 const char *rp_id)
{
  mortise_pin_uv_auth_token_reset (token);
  token->in_use = TRUE;
  token->protocol = protocol;
  token->user_present = user_present;
  token->user_verified = TRUE;
  token->permissions = permissions;
  token->rp_id = g_strdup (rp_id);
  token->begun_at = token->clock ();
  return token->secret;
}

gboolean
mortise_pin_uv_auth_token_verify (MortisePinUvAuthToken *token,
                                  guint protocol,
                                  const guint8 *message,
                                  gsize message_size,
                                  const guint8 *param,
                                  gsize param_size)
{
  observe (token);
  if (!token->in_use || token->protocol != protocol ||
      !mortise_pin_uv_auth_verify (protocol, token->secret, message, message_size, param,
                                   param_size))
    return FALSE;
  token->used = TRUE;
  return TRUE;
}

CtapStatus
mortise_pin_uv_auth_token_authorize (MortisePinUvAuthToken *token,
                                     MortisePermission permission,
                                     const char *rp_id)
{
  if (!mortise_pin_uv_auth_token_has_permission (token, permission) || !token->user_verified)
    return CTAP2_ERR_PIN_AUTH_INVALID;
  if (token->rp_id == NULL)
    token->rp_id = g_strdup (rp_id);
  else if (g_strcmp0 (token->rp_id, rp_id) != 0)
    return CTAP2_ERR_PIN_AUTH_INVALID;
  return CTAP1_ERR_SUCCESS;
}

gboolean
mortise_pin_uv_auth_token_has_permission (MortisePinUvAuthToken *token,
                                          MortisePermission permission)
{
  observe (token);
  return token->in_use && (token->permissions & (guint) permission) != 0;
}

const char *
mortise_pin_uv_auth_token_get_rp_id (MortisePinUvAuthToken *token)
{
  observe (token);
  return token->in_use ? token->rp_id : NULL;
}

gboolean
mortise_pin_uv_auth_token_get_user_present (MortisePinUvAuthToken *token)
{
  observe (token);
  return token->in_use && token->user_present;
}

void
mortise_pin_uv_auth_token_consume (MortisePinUvAuthToken *token)
{
  token->user_present = FALSE;
  token->user_verified = FALSE;
  token->permissions &= MORTISE_PERMISSION_LBW;
}
