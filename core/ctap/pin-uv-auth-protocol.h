/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/evp.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/** PIN/UV auth protocols (CTAP 2.1 §6.5.6 and §6.5.7), best first. */
#define MORTISE_PIN_UV_AUTH_PROTOCOL_ONE 1
#define MORTISE_PIN_UV_AUTH_PROTOCOL_TWO 2

/** mortise_pin_uv_auth_protocol_is_supported: Returns: whether @protocol is one of the two */
gboolean mortise_pin_uv_auth_protocol_is_supported (gint64 protocol);

/** mortise_key_agreement_generate: Returns: (transfer full): a fresh P-256 key pair */
EVP_PKEY *mortise_key_agreement_generate (void);

/** mortise_key_agreement_get_point: writes the public point's affine coordinates */
void mortise_key_agreement_get_point (EVP_PKEY *key, guint8 ret_x[32], guint8 ret_y[32]);

/**
 * mortise_pin_uv_auth_decapsulate:
 * @own: our key pair
 * @x, @y: the platform's public point
 *
 * Returns: (transfer full) (nullable): the shared secret (32 bytes for protocol one, HMAC key and
 *   AES key of 32 bytes each for two), or %NULL if the point is not on the curve
 */
MortiseSecret *mortise_pin_uv_auth_decapsulate (guint protocol,
                                                EVP_PKEY *own,
                                                const guint8 x[32],
                                                const guint8 y[32]);

/**
 * mortise_pin_uv_auth_encrypt:
 * @key: a shared secret
 * @plaintext: a multiple of 16 bytes
 *
 * Returns: (transfer full): AES-256-CBC without padding; protocol two puts its random IV in front
 */
GBytes *mortise_pin_uv_auth_encrypt (guint protocol,
                                     const MortiseSecret *key,
                                     const MortiseSecret *plaintext);

/**
 * mortise_pin_uv_auth_decrypt:
 *
 * Returns: (transfer full) (nullable): the plaintext, or %NULL for a size that cannot be
 */
MortiseSecret *mortise_pin_uv_auth_decrypt (guint protocol,
                                            const MortiseSecret *key,
                                            const guint8 *ciphertext,
                                            gsize size);

/**
 * mortise_pin_uv_auth_verify:
 * @key: a shared secret or a pinUvAuthToken
 * @signature: HMAC-SHA-256, its first 16 bytes in protocol one
 *
 * Constant time in the signature's bytes.
 */
gboolean mortise_pin_uv_auth_verify (guint protocol,
                                     const MortiseSecret *key,
                                     const guint8 *message,
                                     gsize message_size,
                                     const guint8 *signature,
                                     gsize signature_size);

G_END_DECLS
