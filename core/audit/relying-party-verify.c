/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/relying-party-private.h"

#include <cbor.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/es384.h>
#include <fido/rs256.h>
#include <glib/gi18n.h>
#include <string.h>

#define RP_ID_HASH 32

gboolean
mortise_relying_party_refuse (GError **error, const char *what)
{
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
               _ ("The answer of the security key does not verify: %s."), what);
  return FALSE;
}

GBytes *
mortise_relying_party_copy_bytes (const guint8 *data, gsize size)
{
  return g_bytes_new (data, data != NULL ? size : 0);
}

/* WebAuthn L3 §7.1 and §7.2: site, presence, verification, backup flags. */
static gboolean
check_authenticator_data (
    const guint8 *data, gsize size, const char *rp_id, gboolean verified, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 hash[RP_ID_HASH];
  gsize hash_size = sizeof hash;
  guint8 flags;

  if (data == NULL || size < RP_ID_HASH + 5)
    return mortise_relying_party_refuse (error, _ ("the authenticator data is too short"));
  g_checksum_update (checksum, (const guchar *) rp_id, -1);
  g_checksum_get_digest (checksum, hash, &hash_size);
  if (memcmp (data, hash, sizeof hash) != 0)
    return mortise_relying_party_refuse (error, _ ("it is for another site"));
  flags = data[RP_ID_HASH];
  if ((flags & MORTISE_AUTH_FLAG_UP) == 0)
    return mortise_relying_party_refuse (error, _ ("nobody was asked"));
  if (verified && (flags & MORTISE_AUTH_FLAG_UV) == 0)
    return mortise_relying_party_refuse (error, _ ("nobody was verified"));
  if ((flags & MORTISE_AUTH_FLAG_BE) == 0 && (flags & MORTISE_AUTH_FLAG_BS) != 0)
    return mortise_relying_party_refuse (
        error, _ ("a passkey that cannot be backed up is said to be backed up"));
  return TRUE;
}

/*
 * Whether a packed attestation statement names the key's own algorithm (WebAuthn L3 §8.2), which
 * libfido2 does not ask for.
 */
static gboolean
names_own_algorithm (const fido_cred_t *cred)
{
  struct cbor_load_result result;
  cbor_item_t *statement =
      cbor_load (fido_cred_attstmt_ptr (cred), fido_cred_attstmt_len (cred), &result);
  gboolean found = FALSE;

  for (gsize i = 0; statement != NULL && cbor_isa_map (statement) && i < cbor_map_size (statement);
       i++)
    {
      const struct cbor_pair *pair = &cbor_map_handle (statement)[i];

      if (cbor_isa_string (pair->key) && cbor_string_length (pair->key) == strlen ("alg") &&
          memcmp (cbor_string_handle (pair->key), "alg", strlen ("alg")) == 0)
        found = cbor_isa_negint (pair->value) &&
                -1 - (gint64) cbor_get_int (pair->value) == fido_cred_type (cred);
    }
  if (statement != NULL)
    cbor_decref (&statement);
  return found;
}

static gboolean
verify_attestation (const fido_cred_t *cred, gboolean *ret_attested, GError **error)
{
  int result;

  *ret_attested = FALSE;
  if (g_strcmp0 (fido_cred_fmt (cred), "none") == 0)
    return TRUE;
  result =
      fido_cred_x5c_ptr (cred) != NULL ? fido_cred_verify (cred) : fido_cred_verify_self (cred);
  if (result != FIDO_OK)
    return mortise_relying_party_refuse (error, fido_strerr (result));
  if (fido_cred_x5c_ptr (cred) == NULL && !names_own_algorithm (cred))
    return mortise_relying_party_refuse (error, _ ("the key is of another kind than asked for"));
  *ret_attested = TRUE;
  return TRUE;
}

gboolean
mortise_relying_party_check_registration (const fido_cred_t *cred,
                                          gboolean verify,
                                          MortiseRegistration *registration,
                                          GError **error)
{
  if (!check_authenticator_data (fido_cred_authdata_raw_ptr (cred),
                                 fido_cred_authdata_raw_len (cred), registration->rp_id, verify,
                                 error))
    return FALSE;
  if (fido_cred_type (cred) != registration->algorithm)
    return mortise_relying_party_refuse (error, _ ("the key is of another kind than asked for"));
  if (!verify_attestation (cred, &registration->attested, error))
    return FALSE;
  if (fido_cred_id_len (cred) == 0 || fido_cred_aaguid_len (cred) != sizeof registration->aaguid)
    return mortise_relying_party_refuse (error, _ ("there is no passkey in it"));

  registration->credential_id =
      mortise_relying_party_copy_bytes (fido_cred_id_ptr (cred), fido_cred_id_len (cred));
  memcpy (registration->aaguid, fido_cred_aaguid_ptr (cred), sizeof registration->aaguid);
  registration->flags = fido_cred_flags (cred);
  registration->sign_count = fido_cred_sigcount (cred);
  registration->format = g_strdup (fido_cred_fmt (cred));
  registration->public_key =
      mortise_relying_party_copy_bytes (fido_cred_pubkey_ptr (cred), fido_cred_pubkey_len (cred));
  return TRUE;
}

/* A public key is another type for each algorithm, with functions of the same shape. */
#define VERIFY_AS(type, cose_algorithm)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    type##_pk_t *pk = type##_pk_new ();                                                            \
                                                                                                   \
    result = type##_pk_from_ptr (pk, key, size);                                                   \
    if (result == FIDO_OK)                                                                         \
      result = fido_assert_verify (assertion, 0, cose_algorithm, pk);                              \
    type##_pk_free (&pk);                                                                          \
  }                                                                                                \
  G_STMT_END

static int
verify_signature (const fido_assert_t *assertion, const MortiseRegistration *registration)
{
  gsize size;
  const guint8 *key = g_bytes_get_data (registration->public_key, &size);
  int result = FIDO_ERR_UNSUPPORTED_ALGORITHM;

  switch (registration->algorithm)
    {
    case COSE_ES256:
      VERIFY_AS (es256, COSE_ES256);
      break;
    case COSE_ES384:
      VERIFY_AS (es384, COSE_ES384);
      break;
    case COSE_RS256:
      VERIFY_AS (rs256, COSE_RS256);
      break;
    case COSE_EDDSA:
      VERIFY_AS (eddsa, COSE_EDDSA);
      break;
    default:
      break;
    }
  return result;
}

#undef VERIFY_AS

/* libfido2 hands out the authenticator data as CBOR: a byte string. */
static const guint8 *
read_authenticator_data (const fido_assert_t *assertion, gsize *ret_size)
{
  const guint8 *cbor = fido_assert_authdata_ptr (assertion, 0);
  const gsize size = fido_assert_authdata_len (assertion, 0);
  gsize header;

  *ret_size = 0;
  if (cbor == NULL || size < 4)
    return NULL;
  header = cbor[0] == 0x59 ? 3 : cbor[0] == 0x58 ? 2 : 1;
  *ret_size = size - header;
  return cbor + header;
}

gboolean
mortise_relying_party_check_sign_in (const fido_assert_t *assertion,
                                     const MortiseRegistration *registration,
                                     gboolean verify,
                                     GError **error)
{
  const guint8 flags = fido_assert_flags (assertion, 0);
  const guint32 count = fido_assert_sigcount (assertion, 0);
  const guint8 *user_id = fido_assert_user_id_ptr (assertion, 0);
  gsize size;
  const guint8 *data = read_authenticator_data (assertion, &size);
  const guint8 *known_id;
  int result;

  if (!check_authenticator_data (data, size, registration->rp_id, verify, error))
    return FALSE;
  result = verify_signature (assertion, registration);
  if (result != FIDO_OK)
    return mortise_relying_party_refuse (error, fido_strerr (result));
  if (((flags ^ registration->flags) & MORTISE_AUTH_FLAG_BE) != 0)
    return mortise_relying_party_refuse (
        error, _ ("whether the passkey can be backed up differs from what was said at "
                  "registration"));
  if ((count != 0 || registration->sign_count != 0) && count <= registration->sign_count)
    return mortise_relying_party_refuse (error, _ ("its signature counter went back"));
  known_id = g_bytes_get_data (registration->user_id, &size);
  if (user_id != NULL &&
      (fido_assert_user_id_len (assertion, 0) != size || memcmp (user_id, known_id, size) != 0))
    return mortise_relying_party_refuse (error, _ ("it is for another account"));
  return TRUE;
}
