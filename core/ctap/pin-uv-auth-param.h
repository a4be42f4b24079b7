/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/**
 * MortisePinUvAuthParam:
 * @param: (nullable type): pinUvAuthParam, a byte string
 * @protocol: (nullable type): pinUvAuthProtocol, an integer
 *
 * How a request is authenticated with a pinUvAuthToken: two parameters that five commands have,
 * each under numbers of its own.
 */
typedef struct
{
  MortiseCborValue param;
  MortiseCborValue protocol;
} MortisePinUvAuthParam;

/** The two rows of a #MortiseCborMember table, for a struct with a MortisePinUvAuthParam. */
#define MORTISE_PIN_UV_AUTH_PARAM_MEMBERS(Struct, member, param_key, protocol_key)                 \
  MORTISE_CBOR_MEMBER (Struct, param_key, member.param, MORTISE_CBOR_BYTES, FALSE),                \
      MORTISE_CBOR_MEMBER (Struct, protocol_key, member.protocol, MORTISE_CBOR_INT, FALSE)

gboolean mortise_pin_uv_auth_param_is_given (const MortisePinUvAuthParam *auth);

/**
 * mortise_pin_uv_auth_param_is_empty:
 *
 * Returns: whether pinUvAuthParam is there with no bytes: a client that only wants to know which
 *   authenticator the person touches (CTAP 2.1 §6.1.2 step 1)
 */
gboolean mortise_pin_uv_auth_param_is_empty (const MortisePinUvAuthParam *auth);

/**
 * mortise_pin_uv_auth_param_check:
 *
 * What can be told without the token. A request without the parameter is in order here.
 *
 * Returns: %CTAP1_ERR_SUCCESS, %CTAP2_ERR_MISSING_PARAMETER without a protocol,
 *   %CTAP1_ERR_INVALID_PARAMETER for one that is not supported
 */
CtapStatus mortise_pin_uv_auth_param_check (const MortisePinUvAuthParam *auth);

/**
 * mortise_pin_uv_auth_param_verify:
 * @auth: given, and in order
 * @message: what the command says that is authenticated
 *
 * Counts as a use of the token. What it permits is for the caller to look at.
 *
 * Returns: whether the token is in use and the parameter right
 */
gboolean mortise_pin_uv_auth_param_verify (const MortisePinUvAuthParam *auth,
                                           MortisePinUvAuthToken *token,
                                           const guint8 *message,
                                           gsize message_size);

/**
 * mortise_pin_uv_auth_param_authorize:
 * @auth: given, and in order
 * @permission: what the token must permit
 * @rp_id: the site it is about, to which the token is bound from now on
 *
 * For a command about one site.
 *
 * Returns: %CTAP1_ERR_SUCCESS or %CTAP2_ERR_PIN_AUTH_INVALID
 */
CtapStatus mortise_pin_uv_auth_param_authorize (const MortisePinUvAuthParam *auth,
                                                MortisePinUvAuthToken *token,
                                                MortisePermission permission,
                                                const char *rp_id,
                                                const guint8 *message,
                                                gsize message_size);

/**
 * mortise_pin_uv_auth_param_require:
 * @permission: what the token must permit
 *
 * All of it, for a command that nobody may give without a token and that is about no single site.
 *
 * Returns: %CTAP1_ERR_SUCCESS, %CTAP2_ERR_PIN_AUTH_INVALID, or as
 *   mortise_pin_uv_auth_param_check()
 */
CtapStatus mortise_pin_uv_auth_param_require (const MortisePinUvAuthParam *auth,
                                              MortisePinUvAuthToken *token,
                                              MortisePermission permission,
                                              const guint8 *message,
                                              gsize message_size);

G_END_DECLS
