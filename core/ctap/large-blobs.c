/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/large-blobs.h"

#include <openssl/sha.h>
#include <string.h>

#include "core/ctap/pin-uv-auth-param.h"
#include "core/vault/vault-settings.h"

/* An array is followed by the first bytes of its SHA-256. */
#define TRAILER_SIZE 16

/* CTAP 2.1 §6.10: what a message leaves for a fragment. */
#define FRAGMENT_MAX (MORTISE_CTAP_MAX_MSG_SIZE - 64)

#define CONTEXT_SIZE 32

/* An empty array with its trailer. */
static const guint8 initial_array[1 + TRAILER_SIZE] = { 0x80, 0x76, 0xbe, 0x8b, 0x52, 0x8d,
                                                        0x00, 0x75, 0xf7, 0xaa, 0xe9, 0x8d,
                                                        0x6f, 0xa5, 0x7a, 0x6d, 0x3c };

struct _MortiseLargeBlobWrite
{
  guint32 channel;
  gsize expected_size;
  GByteArray *received;
};

/* authenticatorLargeBlobs' parameters. */
typedef struct
{
  MortiseCborValue get;
  MortiseCborValue set;
  MortiseCborValue offset;
  MortiseCborValue length;
  MortisePinUvAuthParam auth;
} Parameters;

static const MortiseCborMember parameter_members[] = {
  MORTISE_CBOR_MEMBER (Parameters, 0x01, get, MORTISE_CBOR_INT, FALSE),
  MORTISE_CBOR_MEMBER (Parameters, 0x02, set, MORTISE_CBOR_BYTES, FALSE),
  MORTISE_CBOR_MEMBER (Parameters, 0x03, offset, MORTISE_CBOR_INT, FALSE),
  MORTISE_CBOR_MEMBER (Parameters, 0x04, length, MORTISE_CBOR_INT, FALSE),
  MORTISE_PIN_UV_AUTH_PARAM_MEMBERS (Parameters, auth, 0x05, 0x06),
};

void
mortise_large_blob_write_free (MortiseLargeBlobWrite *write)
{
  if (write == NULL)
    return;
  g_byte_array_unref (write->received);
  g_free (write);
}

static gboolean
is_there (const MortiseCborValue *value)
{
  return value->type != MORTISE_CBOR_NONE;
}

static GBytes *
read_array (MortiseAuthenticator *self)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (self->vault, MORTISE_SETTING_LARGE_BLOBS);

  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING) ||
      g_variant_get_size (value) < sizeof initial_array)
    return g_bytes_new_static (initial_array, sizeof initial_array);
  return g_variant_get_data_as_bytes (value);
}

static CtapStatus
get_fragment (MortiseAuthenticator *self, const Parameters *parameters, MortiseCborWriter *response)
{
  g_autoptr (GBytes) array = NULL;
  const guint8 *data;
  gsize size;
  gsize offset;
  MortiseCborMap map;

  if (is_there (&parameters->length) || is_there (&parameters->auth.param) ||
      is_there (&parameters->auth.protocol) || parameters->get.number < 0)
    return CTAP1_ERR_INVALID_PARAMETER;
  if (parameters->get.number > FRAGMENT_MAX)
    return CTAP1_ERR_INVALID_LENGTH;
  array = read_array (self);
  data = g_bytes_get_data (array, &size);
  if (parameters->offset.number > (gint64) size)
    return CTAP1_ERR_INVALID_PARAMETER;
  offset = (gsize) parameters->offset.number;
  mortise_cbor_map_begin (response, &map);
  mortise_cbor_map_key (response, &map, 0x01);
  mortise_cbor_write_bytes (response, data + offset,
                            MIN (size - offset, (gsize) parameters->get.number));
  mortise_cbor_map_end (response, &map);
  return CTAP1_ERR_SUCCESS;
}

/* Checks where the fragment belongs, before anything is forgotten or begun. */
static CtapStatus
check_place (MortiseAuthenticator *self,
             const MortiseCtapRequest *request,
             const Parameters *parameters)
{
  const MortiseLargeBlobWrite *write = self->large_blob_write;

  if (parameters->set.size > FRAGMENT_MAX)
    return CTAP1_ERR_INVALID_LENGTH;
  if (parameters->offset.number == 0)
    {
      if (!is_there (&parameters->length))
        return CTAP1_ERR_INVALID_PARAMETER;
      if (parameters->length.number > MORTISE_LARGE_BLOBS_MAX)
        return CTAP2_ERR_LARGE_BLOB_STORAGE_FULL;
      if (parameters->length.number < (gint64) sizeof initial_array)
        return CTAP1_ERR_INVALID_PARAMETER;
      return CTAP1_ERR_SUCCESS;
    }
  if (is_there (&parameters->length))
    return CTAP1_ERR_INVALID_PARAMETER;
  if (write == NULL || write->channel != mortise_ctap_request_get_channel (request) ||
      parameters->offset.number != (gint64) write->received->len)
    return CTAP1_ERR_INVALID_SEQ;
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
check_token (MortiseAuthenticator *self, const Parameters *parameters)
{
  /* Context, command and a zero, offset, hash. */
  guint8 message[CONTEXT_SIZE + 2 + sizeof (guint32) + SHA256_DIGEST_LENGTH];
  guint32 offset = GUINT32_TO_LE ((guint32) parameters->offset.number);

  if (!mortise_authenticator_is_protected (self) && !mortise_authenticator_is_always_uv (self))
    return CTAP1_ERR_SUCCESS;
  if (!mortise_pin_uv_auth_param_is_given (&parameters->auth))
    return CTAP2_ERR_PUAT_REQUIRED;
  memset (message, 0xff, CONTEXT_SIZE);
  message[CONTEXT_SIZE] = CTAP_LARGE_BLOBS;
  message[CONTEXT_SIZE + 1] = 0;
  memcpy (message + CONTEXT_SIZE + 2, &offset, sizeof offset);
  SHA256 (parameters->set.data, parameters->set.size, message + CONTEXT_SIZE + 2 + sizeof offset);
  return mortise_pin_uv_auth_param_require (&parameters->auth, self->token, MORTISE_PERMISSION_LBW,
                                            message, sizeof message);
}

static gboolean
is_whole (const GByteArray *array)
{
  guint8 hash[SHA256_DIGEST_LENGTH];

  if (array->len < sizeof initial_array)
    return FALSE;
  SHA256 (array->data, array->len - TRAILER_SIZE, hash);
  return memcmp (hash, array->data + array->len - TRAILER_SIZE, TRAILER_SIZE) == 0;
}

/* All fragments are here: checks the trailer and puts the array in the old one's place. */
static CtapStatus
store_array (MortiseAuthenticator *self)
{
  g_autoptr (MortiseLargeBlobWrite) write = g_steal_pointer (&self->large_blob_write);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (!is_whole (write->received))
    return CTAP2_ERR_INTEGRITY_FAILURE;
  bytes = g_bytes_new (write->received->data, write->received->len);
  if (!mortise_vault_set_setting (self->vault, MORTISE_SETTING_LARGE_BLOBS,
                                  g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE),
                                  &error))
    {
      g_message ("Cannot store large blobs: %s", error->message);
      return ctap_status_from_error (error);
    }
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
set_fragment (MortiseAuthenticator *self,
              const MortiseCtapRequest *request,
              const Parameters *parameters)
{
  CtapStatus status = check_place (self, request, parameters);
  gsize expected;

  if (status == CTAP1_ERR_SUCCESS)
    status = check_token (self, parameters);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  expected = parameters->offset.number == 0 ? (gsize) parameters->length.number
                                            : self->large_blob_write->expected_size;
  if ((gsize) parameters->offset.number + parameters->set.size > expected)
    return CTAP1_ERR_INVALID_PARAMETER;

  if (parameters->offset.number == 0)
    {
      g_clear_pointer (&self->large_blob_write, mortise_large_blob_write_free);
      self->large_blob_write = g_new0 (MortiseLargeBlobWrite, 1);
      self->large_blob_write->channel = mortise_ctap_request_get_channel (request);
      self->large_blob_write->expected_size = expected;
      self->large_blob_write->received = g_byte_array_new ();
    }
  if (parameters->set.size > 0)
    g_byte_array_append (self->large_blob_write->received, parameters->set.data,
                         (guint) parameters->set.size);
  if (self->large_blob_write->received->len < expected)
    return CTAP1_ERR_SUCCESS;
  return store_array (self);
}

/* authenticatorLargeBlobs (CTAP 2.1 §6.10). */
CtapStatus
mortise_ctap_large_blobs (MortiseAuthenticator *self,
                          const MortiseCtapRequest *request,
                          MortiseCborWriter *response)
{
  Parameters parameters = { 0 };
  CtapStatus status = mortise_cbor_read_members (&request->parameters, parameter_members,
                                                 G_N_ELEMENTS (parameter_members), &parameters);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!is_there (&parameters.offset) || parameters.offset.number < 0 ||
      is_there (&parameters.get) == is_there (&parameters.set))
    return CTAP1_ERR_INVALID_PARAMETER;
  if (is_there (&parameters.get))
    return get_fragment (self, &parameters, response);
  return set_fragment (self, request, &parameters);
}
