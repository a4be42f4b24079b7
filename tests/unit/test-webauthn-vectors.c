/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/audit/relying-party-private.h"
#include "core/ctap/attestation.h"
#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator.h"
#include "core/ctap/cbor-reader.h"
#include "core/ctap/cose-key.h"
#include "tests/unit/webauthn-vectors.h"
#include "tests/support/hex.h"

/* The test vectors of WebAuthn Level 3 §16 against both sides: what our relying party takes and
 * refuses, and what our authenticator writes for the same values. */

#define SITE "example.org"

/* Authenticator data (§6.1, §6.5.1): the site's hash, flags, counter; AAGUID; a credential id of 32
 * bytes after its length; the key. */
#define FLAGS_AT        32
#define AAGUID_AT       37
#define ID_AT           55
#define KEY_AT          87
#define COORDINATE_SIZE 32
#define KEY_X_AT        (KEY_AT + 10)
#define KEY_Y_AT        (KEY_X_AT + COORDINATE_SIZE + 3)
#define SHORT_DATA_SIZE 37
#define ATTESTED_SIZE   164

typedef struct
{
  MortiseCborValue format;
  MortiseCborValue statement;
  MortiseCborValue authenticator_data;
} AttestationObject;

static const MortiseCborMember attestation_members[] = {
  { 0, "fmt", MORTISE_CBOR_TEXT, TRUE, offsetof (AttestationObject, format) },
  { 0, "attStmt", MORTISE_CBOR_MAP, TRUE, offsetof (AttestationObject, statement) },
  { 0, "authData", MORTISE_CBOR_BYTES, TRUE, offsetof (AttestationObject, authenticator_data) },
};

/* With our own reader. */
static gboolean
read_attestation_object (const GByteArray *bytes, AttestationObject *ret_object)
{
  MortiseCborValue value;

  return mortise_cbor_parse (bytes->data, bytes->len, &value) == CTAP1_ERR_SUCCESS &&
         mortise_cbor_read_members (&value, attestation_members, G_N_ELEMENTS (attestation_members),
                                    ret_object) == CTAP1_ERR_SUCCESS;
}

/* Returns: (transfer full) (nullable): what the site learns, if the answer verifies. */
static MortiseRegistration *
check_registration (const char *client_data, const GByteArray *bytes)
{
  g_autoptr (MortiseRegistration) registration = g_new0 (MortiseRegistration, 1);
  g_autofree char *format = NULL;
  g_autoptr (GError) error = NULL;
  AttestationObject object;
  fido_cred_t *cred = fido_cred_new ();
  gboolean ok = read_attestation_object (bytes, &object);

  registration->rp_id = g_strdup (SITE);
  registration->user_name = g_strdup ("alice");
  registration->user_id = g_bytes_new_static ("1", 1);
  registration->algorithm = COSE_ES256;
  if (ok)
    {
      format = g_strndup ((const char *) object.format.data, object.format.size);
      ok = fido_cred_set_type (cred, COSE_ES256) == FIDO_OK &&
           fido_cred_set_rp (cred, SITE, NULL) == FIDO_OK &&
           fido_cred_set_clientdata (cred, (const guint8 *) client_data, strlen (client_data)) ==
               FIDO_OK &&
           fido_cred_set_authdata_raw (cred, object.authenticator_data.data,
                                       object.authenticator_data.size) == FIDO_OK &&
           fido_cred_set_fmt (cred, format) == FIDO_OK &&
           (object.statement.number == 0 ||
            fido_cred_set_attstmt (cred, object.statement.encoded, object.statement.encoded_size) ==
                FIDO_OK) &&
           mortise_relying_party_check_registration (cred, FALSE, registration, &error);
    }
  fido_cred_free (&cred);
  if (!ok)
    {
      g_assert_true (error == NULL || error->domain == MORTISE_ERROR);
      return NULL;
    }
  return g_steal_pointer (&registration);
}

static gboolean
check_sign_in (const MortiseRegistration *registration,
               const char *client_data,
               gsize client_data_size,
               const GByteArray *authenticator_data,
               const GByteArray *signature)
{
  fido_assert_t *assertion = fido_assert_new ();
  g_autoptr (GError) error = NULL;
  gboolean ok;

  ok = fido_assert_set_count (assertion, 1) == FIDO_OK &&
       fido_assert_set_rp (assertion, SITE) == FIDO_OK &&
       fido_assert_set_clientdata (assertion, (const guint8 *) client_data, client_data_size) ==
           FIDO_OK &&
       fido_assert_set_authdata_raw (assertion, 0, authenticator_data->data,
                                     authenticator_data->len) == FIDO_OK &&
       fido_assert_set_sig (assertion, 0, signature->data, signature->len) == FIDO_OK &&
       mortise_relying_party_check_sign_in (assertion, registration, FALSE, &error);
  fido_assert_free (&assertion);
  return ok;
}

static MortiseRegistration *
register_vector (const WebauthnVector *vector)
{
  g_autoptr (GByteArray) bytes = g_bytes_unref_to_array (hex_to_bytes (vector->attestation_object));
  MortiseRegistration *registration = check_registration (vector->create_client_data, bytes);

  g_assert_nonnull (registration);
  return registration;
}

/* --- The relying party -------------------------------------------------------------------------
 */

static void
test_registration (gconstpointer data)
{
  const WebauthnVector *vector = data;
  const gboolean attested = g_str_has_prefix (vector->name, "packed");
  g_autoptr (GByteArray) bytes = g_bytes_unref_to_array (hex_to_bytes (vector->attestation_object));
  g_autoptr (MortiseRegistration) registration = register_vector (vector);
  AttestationObject object;
  const guint8 *raw;

  g_assert_true (read_attestation_object (bytes, &object));
  raw = object.authenticator_data.data;
  g_assert_cmpuint (object.authenticator_data.size, ==, ATTESTED_SIZE);
  g_assert_cmpint (registration->attested, ==, attested);
  g_assert_cmpstr (registration->format, ==, attested ? "packed" : "none");
  g_assert_cmphex (registration->flags, ==, raw[FLAGS_AT]);
  g_assert_cmpuint (registration->sign_count, ==, 0);
  g_assert_cmpmem (registration->aaguid, 16, raw + AAGUID_AT, 16);
  g_assert_cmpmem (g_bytes_get_data (registration->credential_id, NULL),
                   g_bytes_get_size (registration->credential_id), raw + ID_AT, 32);
  g_assert_cmpuint (g_bytes_get_size (registration->public_key), ==, 2 * COORDINATE_SIZE);
  g_assert_cmpmem (g_bytes_get_data (registration->public_key, NULL), COORDINATE_SIZE,
                   raw + KEY_X_AT, COORDINATE_SIZE);
}

static void
test_sign_in (gconstpointer data)
{
  const WebauthnVector *vector = data;
  g_autoptr (MortiseRegistration) registration = register_vector (vector);
  g_autoptr (GByteArray) raw = g_bytes_unref_to_array (hex_to_bytes (vector->authenticator_data));
  g_autoptr (GByteArray) signature = g_bytes_unref_to_array (hex_to_bytes (vector->signature));
  const gsize size = strlen (vector->get_client_data);

  g_assert_true (check_sign_in (registration, vector->get_client_data, size, raw, signature));
  /* The answer to another question. */
  g_assert_false (check_sign_in (registration, vector->create_client_data,
                                 strlen (vector->create_client_data), raw, signature));
  /* Cut off. */
  g_assert_false (check_sign_in (registration, vector->get_client_data, size - 1, raw, signature));
  g_byte_array_set_size (signature, signature->len - 1);
  g_assert_false (check_sign_in (registration, vector->get_client_data, size, raw, signature));
}

/* One wrong bit, wherever it is, and nobody is signed in. */
static void
test_sign_in_bits (gconstpointer data)
{
  const WebauthnVector *vector = data;
  g_autoptr (MortiseRegistration) registration = register_vector (vector);
  g_autoptr (GByteArray) raw = g_bytes_unref_to_array (hex_to_bytes (vector->authenticator_data));
  g_autoptr (GByteArray) signature = g_bytes_unref_to_array (hex_to_bytes (vector->signature));
  g_autofree char *client_data = g_strdup (vector->get_client_data);
  const gsize size = strlen (client_data);
  const struct
  {
    guint8 *bytes;
    gsize size;
  } parts[] = {
    { raw->data, raw->len },
    { signature->data, signature->len },
    { (guint8 *) client_data, size },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    for (gsize bit = 0; bit < 8 * parts[i].size; bit++)
      {
        parts[i].bytes[bit / 8] ^= (guint8) (1u << bit % 8);
        if (check_sign_in (registration, client_data, size, raw, signature))
          g_error ("Part %zu with bit %zu wrong is taken", i, bit);
        parts[i].bytes[bit / 8] ^= (guint8) (1u << bit % 8);
      }
  g_assert_true (check_sign_in (registration, client_data, size, raw, signature));
}

/* The same for a registration that attests itself: nothing in it goes unnoticed. */
static void
test_registration_bits (gconstpointer data)
{
  const WebauthnVector *vector = data;
  g_autoptr (GByteArray) bytes = g_bytes_unref_to_array (hex_to_bytes (vector->attestation_object));

  for (gsize bit = 0; bit < 8 * bytes->len; bit++)
    {
      g_autoptr (MortiseRegistration) registration = NULL;

      bytes->data[bit / 8] ^= (guint8) (1u << bit % 8);
      registration = check_registration (vector->create_client_data, bytes);
      if (registration != NULL && registration->attested)
        g_error ("With bit %zu wrong it is taken", bit);
      bytes->data[bit / 8] ^= (guint8) (1u << bit % 8);
    }
}

/* --- The authenticator -------------------------------------------------------------------------
 */

/* For the vector's key, id and flags our authenticator writes what the vector has, up to the
 * AAGUID, which says who made it. */
static void
test_written_alike (gconstpointer data)
{
  const WebauthnVector *vector = data;
  g_autoptr (GByteArray) bytes = g_bytes_unref_to_array (hex_to_bytes (vector->attestation_object));
  g_autoptr (GByteArray) sign_in =
      g_bytes_unref_to_array (hex_to_bytes (vector->authenticator_data));
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  g_autoptr (GBytes) written = NULL;
  g_autoptr (GBytes) written_sign_in = NULL;
  MortiseTpmKeyInfo info = { .algorithm = MORTISE_ALG_ES256 };
  AttestationObject object;
  guint8 expected[ATTESTED_SIZE];
  guint8 hash[32];
  guint8 flags;

  g_assert_true (read_attestation_object (bytes, &object));
  memcpy (expected, object.authenticator_data.data, sizeof expected);
  flags = expected[FLAGS_AT];
  info.x = g_bytes_new (expected + KEY_X_AT, COORDINATE_SIZE);
  info.y = g_bytes_new (expected + KEY_Y_AT, COORDINATE_SIZE);
  credential->credential_id = g_bytes_new (expected + ID_AT, 32);
  credential->public_key = mortise_cose_key_from_info (&info);
  credential->backup_eligible = (flags & MORTISE_AUTH_DATA_BE) != 0;
  credential->backup_state = (flags & MORTISE_AUTH_DATA_BS) != 0;
  mortise_rp_id_hash (SITE, hash);

  written = mortise_authenticator_data_build (
      credential, hash,
      mortise_authenticator_data_flags (credential, TRUE, (flags & MORTISE_AUTH_DATA_UV) != 0), 0,
      TRUE, NULL, NULL);
  memcpy (expected + AAGUID_AT, mortise_aaguid, sizeof mortise_aaguid);
  g_assert_cmpmem (g_bytes_get_data (written, NULL), g_bytes_get_size (written), expected,
                   sizeof expected);

  flags = sign_in->data[FLAGS_AT];
  credential->backup_state = (flags & MORTISE_AUTH_DATA_BS) != 0;
  written_sign_in = mortise_authenticator_data_build (
      credential, hash,
      mortise_authenticator_data_flags (credential, TRUE, (flags & MORTISE_AUTH_DATA_UV) != 0), 0,
      FALSE, NULL, NULL);
  g_assert_cmpmem (g_bytes_get_data (written_sign_in, NULL), g_bytes_get_size (written_sign_in),
                   sign_in->data, SHORT_DATA_SIZE);
  g_assert_cmpuint (sign_in->len, ==, SHORT_DATA_SIZE);
  g_bytes_unref (info.x);
  g_bytes_unref (info.y);
}

typedef struct
{
  MortiseCborValue alg;
  MortiseCborValue sig;
} Statement;

static const MortiseCborMember statement_members[] = {
  { 0, "alg", MORTISE_CBOR_INT, TRUE, offsetof (Statement, alg) },
  { 0, "sig", MORTISE_CBOR_BYTES, TRUE, offsetof (Statement, sig) },
};

static void
test_statement_written_alike (gconstpointer data)
{
  const WebauthnVector *vector = data;
  g_autoptr (GByteArray) bytes = g_bytes_unref_to_array (hex_to_bytes (vector->attestation_object));
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (GBytes) written = NULL;
  AttestationObject object;
  Statement statement;

  g_assert_true (read_attestation_object (bytes, &object));
  g_assert_cmphex (mortise_cbor_read_members (&object.statement, statement_members,
                                              G_N_ELEMENTS (statement_members), &statement),
                   ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (statement.alg.number, ==, MORTISE_ALG_ES256);
  signature = mortise_cbor_value_to_bytes (&statement.sig);
  mortise_attestation_write_self (writer, MORTISE_ALG_ES256, signature);
  written = mortise_cbor_writer_finish (writer);
  g_assert_cmpmem (g_bytes_get_data (written, NULL), g_bytes_get_size (written),
                   object.statement.encoded, object.statement.encoded_size);
}

static void
add (const char *name, const WebauthnVector *vector, GTestDataFunc function)
{
  g_autofree char *path = g_strconcat ("/webauthn-vectors/", vector->name, "/", name, NULL);

  g_test_add_data_func (path, vector, function);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fido_init (0);
  for (gsize i = 0; i < G_N_ELEMENTS (webauthn_vectors); i++)
    {
      const WebauthnVector *vector = &webauthn_vectors[i];

      add ("registration", vector, test_registration);
      add ("sign-in", vector, test_sign_in);
      add ("sign-in-bits", vector, test_sign_in_bits);
      add ("written-alike", vector, test_written_alike);
      if (!g_str_has_prefix (vector->name, "packed"))
        continue;
      add ("registration-bits", vector, test_registration_bits);
      add ("statement-written-alike", vector, test_statement_written_alike);
    }
  return g_test_run ();
}
