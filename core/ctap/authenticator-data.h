/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/credential.h"

G_BEGIN_DECLS

/** Flags of authenticator data (WebAuthn L3 §6.1). */
typedef enum
{
  MORTISE_AUTH_DATA_UP = 0x01,
  MORTISE_AUTH_DATA_UV = 0x04,
  MORTISE_AUTH_DATA_BE = 0x08,
  MORTISE_AUTH_DATA_BS = 0x10,
  MORTISE_AUTH_DATA_AT = 0x40,
  MORTISE_AUTH_DATA_ED = 0x80,
} MortiseAuthDataFlags;

/** mortise_rp_id_hash: SHA-256 of an RP ID or AppID. See mortise_u2f_site_hash() for credentials
 */
void mortise_rp_id_hash (const char *rp_id, guint8 ret_hash[32]);

/**
 * mortise_authenticator_data_flags:
 *
 * Returns: UP and UV as given, BE and BS as the credential has them; never BS without BE
 */
guint8 mortise_authenticator_data_flags (const MortiseCredential *credential,
                                         gboolean user_present,
                                         gboolean user_verified);

/**
 * mortise_authenticator_data_build:
 * @flags: without AT and ED, which follow from the rest
 * @attest: put attested credential data in
 * @extensions: (nullable): extension outputs, a CBOR map
 * @ret_flags: (out) (optional): the flags as written
 *
 * Returns: (transfer full): authenticator data (WebAuthn L3 §6.1)
 */
GBytes *mortise_authenticator_data_build (const MortiseCredential *credential,
                                          const guint8 rp_id_hash[32],
                                          guint8 flags,
                                          guint32 sign_count,
                                          gboolean attest,
                                          GBytes *extensions,
                                          guint8 *ret_flags);

/**
 * mortise_authenticator_data_sign:
 * @client_data_hash: 32 bytes
 *
 * Hashes authenticator data and client data hash as the key's algorithm wants it, and signs. One
 * TPM command.
 *
 * Returns: (transfer full): the signature
 */
GBytes *mortise_authenticator_data_sign (MortiseTpm *tpm,
                                         MortiseTpmKey *key,
                                         MortiseAlgorithm algorithm,
                                         GBytes *authenticator_data,
                                         const guint8 client_data_hash[32],
                                         GError **error);

G_END_DECLS
