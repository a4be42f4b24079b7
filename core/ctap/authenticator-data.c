/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/authenticator-data.h"

#include <openssl/sha.h>
#include <string.h>

#include "core/ctap/authenticator.h"

const guint8 mortise_aaguid[16] = { 0x92, 0x64, 0x63, 0xd7, 0x38, 0x5f, 0x41, 0x5c,
                                    0x92, 0x8d, 0x88, 0x19, 0x4c, 0x3c, 0x20, 0x65 };

void
mortise_rp_id_hash (const char *rp_id, guint8 ret_hash[32])
{
  SHA256 ((const guint8 *) rp_id, strlen (rp_id), ret_hash);
}

guint8
mortise_authenticator_data_flags (const MortiseCredential *credential,
                                  gboolean user_present,
                                  gboolean user_verified)
{
  guint flags = 0;

  if (user_present)
    flags |= MORTISE_AUTH_DATA_UP;
  if (user_verified)
    flags |= MORTISE_AUTH_DATA_UV;
  if (credential->backup_eligible)
    flags |= MORTISE_AUTH_DATA_BE;
  if (credential->backup_eligible && credential->backup_state)
    flags |= MORTISE_AUTH_DATA_BS;
  return (guint8) flags;
}

static void
append_bytes (GByteArray *array, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size > 0)
    g_byte_array_append (array, data, (guint) size);
}

/* Attested credential data (WebAuthn L3 §6.5.1). */
static void
append_attested (GByteArray *array, const MortiseCredential *credential)
{
  gsize size = g_bytes_get_size (credential->credential_id);
  guint16 length = GUINT16_TO_BE ((guint16) size);

  g_assert (size <= MORTISE_CREDENTIAL_ID_MAX);
  g_byte_array_append (array, mortise_aaguid, sizeof mortise_aaguid);
  g_byte_array_append (array, (const guint8 *) &length, sizeof length);
  append_bytes (array, credential->credential_id);
  append_bytes (array, credential->public_key);
}

GBytes *
mortise_authenticator_data_build (const MortiseCredential *credential,
                                  const guint8 rp_id_hash[32],
                                  guint8 flags,
                                  guint32 sign_count,
                                  gboolean attest,
                                  GBytes *extensions,
                                  guint8 *ret_flags)
{
  GByteArray *array = g_byte_array_new ();
  guint32 count = GUINT32_TO_BE (sign_count);

  if (attest)
    flags |= MORTISE_AUTH_DATA_AT;
  if (extensions != NULL)
    flags |= MORTISE_AUTH_DATA_ED;
  g_byte_array_append (array, rp_id_hash, SHA256_DIGEST_LENGTH);
  g_byte_array_append (array, &flags, 1);
  g_byte_array_append (array, (const guint8 *) &count, sizeof count);
  if (attest)
    append_attested (array, credential);
  if (extensions != NULL)
    append_bytes (array, extensions);
  if (ret_flags != NULL)
    *ret_flags = flags;
  return g_byte_array_free_to_bytes (array);
}

GBytes *
mortise_authenticator_data_sign (MortiseTpm *tpm,
                                 MortiseTpmKey *key,
                                 MortiseAlgorithm algorithm,
                                 GBytes *authenticator_data,
                                 const guint8 client_data_hash[32],
                                 GError **error)
{
  GChecksumType type = algorithm == MORTISE_ALG_ES384 ? G_CHECKSUM_SHA384 : G_CHECKSUM_SHA256;
  g_autoptr (GChecksum) checksum = g_checksum_new (type);
  g_autoptr (GBytes) digest = NULL;
  guint8 buffer[SHA384_DIGEST_LENGTH];
  gsize size = sizeof buffer;
  gsize data_size;
  const guint8 *data = g_bytes_get_data (authenticator_data, &data_size);

  g_checksum_update (checksum, data, (gssize) data_size);
  g_checksum_update (checksum, client_data_hash, SHA256_DIGEST_LENGTH);
  g_checksum_get_digest (checksum, buffer, &size);
  digest = g_bytes_new (buffer, size);
  return mortise_tpm_sign (tpm, key, digest, error);
}
