/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/** Size of a seed, of a salt and of an output in bytes. */
#define MORTISE_HMAC_SECRET_SIZE 32

/**
 * MortiseHmacSecretInput:
 * @protocol: the PIN/UV auth protocol that it came in and the output goes out in
 * @shared: (nullable): the secret shared with the platform; %NULL if there was no input
 * @salts: (nullable): one or two salts
 *
 * The input of hmac-secret's getAssertion half, and of hmac-secret-mc, decrypted.
 */
typedef struct
{
  guint protocol;
  MortiseSecret *shared;
  MortiseSecret *salts;
} MortiseHmacSecretInput;

void mortise_hmac_secret_input_clear (MortiseHmacSecretInput *input);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MortiseHmacSecretInput, mortise_hmac_secret_input_clear)

/**
 * mortise_hmac_secret_read:
 * @ret_input: (out): untouched on failure
 *
 * Reads, checks and decrypts an input map (CTAP 2.1 §12.5).
 *
 * Returns: %CTAP2_ERR_PIN_AUTH_INVALID for a wrong saltAuth, %CTAP1_ERR_INVALID_LENGTH for salts
 *   that are neither 32 nor 64 bytes
 */
CtapStatus mortise_hmac_secret_read (MortiseAuthenticator *self,
                                     const MortiseCborValue *map,
                                     MortiseHmacSecretInput *ret_input);

/**
 * mortise_hmac_secret_output:
 * @seed: the credential's seed, by whether the user was verified
 *
 * Returns: (transfer full): the encrypted outputs as a CBOR byte string
 */
GBytes *mortise_hmac_secret_output (const MortiseHmacSecretInput *input, const MortiseSecret *seed);

G_END_DECLS
