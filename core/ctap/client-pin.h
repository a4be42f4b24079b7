/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/** authenticatorClientPIN's parameters (CTAP 2.1 §6.5). */
typedef struct
{
  MortiseCborValue protocol;
  MortiseCborValue sub_command;
  MortiseCborValue key_agreement;
  MortiseCborValue pin_uv_auth_param;
  MortiseCborValue new_pin_enc;
  MortiseCborValue pin_hash_enc;
  MortiseCborValue permissions;
  MortiseCborValue rp_id;
} MortiseClientPinParameters;

/** One subcommand under way. */
typedef struct
{
  const MortiseCtapRequest *request;
  MortiseClientPinParameters parameters;
  guint protocol;
  MortiseCborWriter *response;
} MortiseClientPin;

/**
 * mortise_client_pin_decapsulate:
 * @protocol: a supported PIN/UV auth protocol
 * @key_agreement: the platform's key agreement key
 *
 * Returns: (transfer full) (nullable): the secret shared with the platform; %NULL for a
 *   key agreement key that is none, which is %CTAP1_ERR_INVALID_PARAMETER
 */
MortiseSecret *mortise_client_pin_decapsulate (MortiseAuthenticator *self,
                                               guint protocol,
                                               const MortiseCborValue *key_agreement);

/** mortise_client_pin_check_retries: Returns: whether the PIN may be tried at all */
CtapStatus mortise_client_pin_check_retries (MortiseAuthenticator *self);

/**
 * mortise_client_pin_failed:
 *
 * What a wrong PIN leads to (CTAP 2.1 §6.5.5.7.1 step 9.1): another key agreement key, and the
 * status that says how much is left.
 */
CtapStatus mortise_client_pin_failed (MortiseAuthenticator *self,
                                      const MortiseClientPin *pin,
                                      const GError *error);

/**
 * mortise_client_pin_decrypt_hash:
 *
 * Returns: (transfer full) (nullable): LEFT(SHA-256(PIN), 16) out of pinHashEnc
 */
MortiseSecret *mortise_client_pin_decrypt_hash (const MortiseClientPin *pin,
                                                const MortiseSecret *shared);

/**
 * mortise_client_pin_set:
 *
 * setPIN (CTAP 2.1 §6.5.5.5): makes the vault, whose PIN it is.
 *
 * Returns: %CTAP2_ERR_PIN_AUTH_INVALID where there is a PIN already or the parameter is wrong,
 *   %CTAP2_ERR_PIN_POLICY_VIOLATION for a PIN that is too short or too long
 */
CtapStatus mortise_client_pin_set (MortiseAuthenticator *self, MortiseClientPin *pin);

/**
 * mortise_client_pin_change:
 *
 * changePIN (CTAP 2.1 §6.5.5.6). A wrong PIN costs a try, and is answered as
 * mortise_client_pin_failed() says.
 */
CtapStatus mortise_client_pin_change (MortiseAuthenticator *self, MortiseClientPin *pin);

G_END_DECLS
