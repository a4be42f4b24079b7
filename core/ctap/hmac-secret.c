/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/hmac-secret.h"

#include <openssl/hmac.h>

#include "core/ctap/client-pin.h"
#include "core/ctap/pin-uv-auth-protocol.h"

typedef struct
{
  MortiseCborValue key_agreement;
  MortiseCborValue salt_enc;
  MortiseCborValue salt_auth;
  MortiseCborValue protocol;
} Members;

static const MortiseCborMember input_members[] = {
  MORTISE_CBOR_MEMBER (Members, 1, key_agreement, MORTISE_CBOR_MAP, TRUE),
  MORTISE_CBOR_MEMBER (Members, 2, salt_enc, MORTISE_CBOR_BYTES, TRUE),
  MORTISE_CBOR_MEMBER (Members, 3, salt_auth, MORTISE_CBOR_BYTES, TRUE),
  MORTISE_CBOR_MEMBER (Members, 4, protocol, MORTISE_CBOR_INT, FALSE),
};

void
mortise_hmac_secret_input_clear (MortiseHmacSecretInput *input)
{
  g_clear_pointer (&input->shared, mortise_secret_free);
  g_clear_pointer (&input->salts, mortise_secret_free);
}

CtapStatus
mortise_hmac_secret_read (MortiseAuthenticator *self,
                          const MortiseCborValue *map,
                          MortiseHmacSecretInput *ret_input)
{
  Members members;
  g_autoptr (MortiseSecret) shared = NULL;
  g_autoptr (MortiseSecret) salts = NULL;
  guint protocol = MORTISE_PIN_UV_AUTH_PROTOCOL_ONE;
  CtapStatus status =
      mortise_cbor_read_members (map, input_members, G_N_ELEMENTS (input_members), &members);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (members.protocol.type != MORTISE_CBOR_NONE)
    {
      if (!mortise_pin_uv_auth_protocol_is_supported (members.protocol.number))
        return CTAP1_ERR_INVALID_PARAMETER;
      protocol = (guint) members.protocol.number;
    }
  shared = mortise_client_pin_decapsulate (self, protocol, &members.key_agreement);
  if (shared == NULL)
    return CTAP1_ERR_INVALID_PARAMETER;
  if (!mortise_pin_uv_auth_verify (protocol, shared, members.salt_enc.data, members.salt_enc.size,
                                   members.salt_auth.data, members.salt_auth.size))
    return CTAP2_ERR_PIN_AUTH_INVALID;
  salts =
      mortise_pin_uv_auth_decrypt (protocol, shared, members.salt_enc.data, members.salt_enc.size);
  if (salts == NULL || (mortise_secret_get_size (salts) != MORTISE_HMAC_SECRET_SIZE &&
                        mortise_secret_get_size (salts) != 2 * MORTISE_HMAC_SECRET_SIZE))
    return CTAP1_ERR_INVALID_LENGTH;

  mortise_hmac_secret_input_clear (ret_input);
  ret_input->protocol = protocol;
  ret_input->shared = g_steal_pointer (&shared);
  ret_input->salts = g_steal_pointer (&salts);
  return CTAP1_ERR_SUCCESS;
}

GBytes *
mortise_hmac_secret_output (const MortiseHmacSecretInput *input, const MortiseSecret *seed)
{
  gsize size = mortise_secret_get_size (input->salts);
  g_autoptr (MortiseSecret) outputs = mortise_secret_new (size);
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) encrypted = NULL;

  for (gsize at = 0; at < size; at += MORTISE_HMAC_SECRET_SIZE)
    {
      guint written = 0;

      if (HMAC (EVP_sha256 (), mortise_secret_peek (seed), (int) mortise_secret_get_size (seed),
                mortise_secret_peek (input->salts) + at, MORTISE_HMAC_SECRET_SIZE,
                mortise_secret_get_bytes (outputs) + at, &written) == NULL ||
          written != MORTISE_HMAC_SECRET_SIZE)
        g_error ("HMAC failed");
    }
  encrypted = mortise_pin_uv_auth_encrypt (input->protocol, input->shared, outputs);
  mortise_cbor_write_gbytes (writer, encrypted);
  return mortise_cbor_writer_finish (writer);
}
