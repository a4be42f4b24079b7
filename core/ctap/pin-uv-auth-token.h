/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/ctap-status.h"
#include "core/mortise-secret.h"

G_BEGIN_DECLS

/** What a pinUvAuthToken may be used for (CTAP 2.1 §6.5.5.7). */
typedef enum
{
  MORTISE_PERMISSION_MC = 0x01,
  MORTISE_PERMISSION_GA = 0x02,
  MORTISE_PERMISSION_CM = 0x04,
  MORTISE_PERMISSION_BE = 0x08,
  MORTISE_PERMISSION_LBW = 0x10,
  MORTISE_PERMISSION_ACFG = 0x20,
  MORTISE_PERMISSION_PCMR = 0x40,
} MortisePermission;

/** Seconds that a token lives (CTAP 2.1 §6.5.2.1); the values for USB. */
#define MORTISE_TOKEN_INITIAL_USAGE_LIMIT 30
#define MORTISE_TOKEN_USER_PRESENT_LIMIT  30
#define MORTISE_TOKEN_MAX_USAGE_PERIOD    600

/**
 * MortisePinUvAuthToken:
 *
 * The pinUvAuthToken and its state variables. There is one at a time: CTAP makes fresh ones for
 * all protocols whenever one is issued, so that only the last issued can be in use.
 */
typedef struct _MortisePinUvAuthToken MortisePinUvAuthToken;

/** mortise_pin_uv_auth_token_new: @clock: monotonic time in microseconds */
MortisePinUvAuthToken *mortise_pin_uv_auth_token_new (gint64 (*clock) (void));
void mortise_pin_uv_auth_token_free (MortisePinUvAuthToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePinUvAuthToken, mortise_pin_uv_auth_token_free)

/** mortise_pin_uv_auth_token_reset: makes a new token, of no use until it is begun */
void mortise_pin_uv_auth_token_reset (MortisePinUvAuthToken *token);

/**
 * mortise_pin_uv_auth_token_begin:
 * @protocol: the protocol it is issued in
 * @user_present: verification gave evidence of presence as well
 * @permissions: #MortisePermission flags
 * @rp_id: (nullable): permissions RP ID
 *
 * Resets the token and starts its use (beginUsingPinUvAuthToken).
 *
 * Returns: (transfer none): the token, to be encrypted for the platform
 */
const MortiseSecret *mortise_pin_uv_auth_token_begin (MortisePinUvAuthToken *token,
                                                      guint protocol,
                                                      gboolean user_present,
                                                      guint permissions,
                                                      const char *rp_id);

/**
 * mortise_pin_uv_auth_token_verify:
 *
 * Checks a pinUvAuthParam over @message, and counts as use of the token.
 *
 * Returns: whether the token is in use and the parameter right
 */
gboolean mortise_pin_uv_auth_token_verify (MortisePinUvAuthToken *token,
                                           guint protocol,
                                           const guint8 *message,
                                           gsize message_size,
                                           const guint8 *param,
                                           gsize param_size);

/**
 * mortise_pin_uv_auth_token_authorize:
 * @permission: what it is needed for
 * @rp_id: the RP ID of the request, which the token is bound to if it was not bound yet
 *
 * What makeCredential and getAssertion check once the parameter is verified.
 *
 * Returns: %CTAP1_ERR_SUCCESS or %CTAP2_ERR_PIN_AUTH_INVALID
 */
CtapStatus mortise_pin_uv_auth_token_authorize (MortisePinUvAuthToken *token,
                                                MortisePermission permission,
                                                const char *rp_id);

/** mortise_pin_uv_auth_token_has_permission: Returns: whether the token is in use and may do it */
gboolean mortise_pin_uv_auth_token_has_permission (MortisePinUvAuthToken *token,
                                                   MortisePermission permission);

/** mortise_pin_uv_auth_token_get_rp_id: Returns: (transfer none) (nullable): the permissions RP ID;
 * %NULL for any site, and for a token that is not in use */
const char *mortise_pin_uv_auth_token_get_rp_id (MortisePinUvAuthToken *token);

/** mortise_pin_uv_auth_token_get_user_present: Returns: whether the token is in use and still
 * stands for presence: until it was consumed, or %MORTISE_TOKEN_USER_PRESENT_LIMIT went by */
gboolean mortise_pin_uv_auth_token_get_user_present (MortisePinUvAuthToken *token);

/** mortise_pin_uv_auth_token_consume: what presence being taken does: only lbw is left */
void mortise_pin_uv_auth_token_consume (MortisePinUvAuthToken *token);

G_END_DECLS
