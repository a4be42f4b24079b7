/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/pin-uv-auth-protocol.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#define COORDINATE_SIZE 32
#define POINT_SIZE      (1 + 2 * COORDINATE_SIZE)
#define AES_KEY_SIZE    32
#define AES_BLOCK_SIZE  16
#define HMAC_KEY_SIZE   32
#define HMAC_SIZE       32
#define HMAC_ONE_SIZE   16

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

gboolean
mortise_pin_uv_auth_protocol_is_supported (gint64 protocol)
{
  return protocol == MORTISE_PIN_UV_AUTH_PROTOCOL_ONE ||
         protocol == MORTISE_PIN_UV_AUTH_PROTOCOL_TWO;
}

EVP_PKEY *
mortise_key_agreement_generate (void)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");

  if (key == NULL)
    g_error ("Cannot generate a key agreement key");
  return key;
}

void
mortise_key_agreement_get_point (EVP_PKEY *key, guint8 ret_x[32], guint8 ret_y[32])
{
  guint8 point[POINT_SIZE];
  gsize size = 0;
  int ok =
      EVP_PKEY_get_octet_string_param (key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size);

  g_assert (ok == 1 && size == POINT_SIZE && point[0] == POINT_CONVERSION_UNCOMPRESSED);
  memcpy (ret_x, point + 1, COORDINATE_SIZE);
  memcpy (ret_y, point + 1 + COORDINATE_SIZE, COORDINATE_SIZE);
}

static EVP_PKEY *
public_key_from_point (const guint8 x[32], const guint8 y[32])
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  guint8 point[POINT_SIZE];
  char group[] = "P-256";
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
    OSSL_PARAM_construct_octet_string (OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
    OSSL_PARAM_construct_end (),
  };
  EVP_PKEY *key = NULL;

  point[0] = POINT_CONVERSION_UNCOMPRESSED;
  memcpy (point + 1, x, COORDINATE_SIZE);
  memcpy (point + 1 + COORDINATE_SIZE, y, COORDINATE_SIZE);
  if (context == NULL || EVP_PKEY_fromdata_init (context) != 1 ||
      EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return NULL;
  return key;
}

/* The x coordinate of the shared point (CTAP 2.1 §6.5.6, ecdh). */
static MortiseSecret *
derive_z (EVP_PKEY *own, const guint8 x[32], const guint8 y[32])
{
  g_autoptr (EVP_PKEY) peer = public_key_from_point (x, y);
  g_autoptr (EVP_PKEY_CTX) context = NULL;
  g_autoptr (MortiseSecret) z = mortise_secret_new (COORDINATE_SIZE);
  gsize size = COORDINATE_SIZE;

  if (peer == NULL)
    return NULL;
  context = EVP_PKEY_CTX_new_from_pkey (NULL, own, NULL);
  if (context == NULL || EVP_PKEY_derive_init (context) != 1 ||
      EVP_PKEY_derive_set_peer_ex (context, peer, 1) != 1 ||
      EVP_PKEY_derive (context, mortise_secret_get_bytes (z), &size) != 1 ||
      size != COORDINATE_SIZE)
    return NULL;
  return g_steal_pointer (&z);
}

MortiseSecret *
mortise_pin_uv_auth_decapsulate (guint protocol,
                                 EVP_PKEY *own,
                                 const guint8 x[32],
                                 const guint8 y[32])
{
  g_autoptr (MortiseSecret) z = derive_z (own, x, y);
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (MortiseSecret) hmac_key = NULL;
  g_autoptr (MortiseSecret) aes_key = NULL;

  if (z == NULL)
    return NULL;
  if (protocol == MORTISE_PIN_UV_AUTH_PROTOCOL_ONE)
    {
      secret = mortise_secret_new (SHA256_DIGEST_LENGTH);
      SHA256 (mortise_secret_peek (z), COORDINATE_SIZE, mortise_secret_get_bytes (secret));
      return g_steal_pointer (&secret);
    }

  /* HKDF without a salt is HKDF with the 32 zero bytes that the specification asks for. */
  hmac_key = mortise_secret_derive (z, NULL, "CTAP2 HMAC key", HMAC_KEY_SIZE);
  aes_key = mortise_secret_derive (z, NULL, "CTAP2 AES key", AES_KEY_SIZE);
  secret = mortise_secret_new (HMAC_KEY_SIZE + AES_KEY_SIZE);
  memcpy (mortise_secret_get_bytes (secret), mortise_secret_peek (hmac_key), HMAC_KEY_SIZE);
  memcpy (mortise_secret_get_bytes (secret) + HMAC_KEY_SIZE, mortise_secret_peek (aes_key),
          AES_KEY_SIZE);
  return g_steal_pointer (&secret);
}

static const guint8 *
aes_key_of (guint protocol, const MortiseSecret *key)
{
  return mortise_secret_peek (key) +
         (protocol == MORTISE_PIN_UV_AUTH_PROTOCOL_TWO ? HMAC_KEY_SIZE : 0);
}

static void
run_cipher (gboolean encrypt,
            const guint8 *key,
            const guint8 *iv,
            const guint8 *input,
            gsize size,
            guint8 *output)
{
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  int written = 0;
  int ok = EVP_CipherInit_ex2 (context, EVP_aes_256_cbc (), key, iv, encrypt ? 1 : 0, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding (context, 0) == 1 &&
           EVP_CipherUpdate (context, output, &written, input, (int) size) == 1;

  if (!ok || (gsize) written != size)
    g_error ("AES failed");
}

GBytes *
mortise_pin_uv_auth_encrypt (guint protocol,
                             const MortiseSecret *key,
                             const MortiseSecret *plaintext)
{
  guint8 iv[AES_BLOCK_SIZE] = { 0 };
  gsize size = mortise_secret_get_size (plaintext);
  gsize iv_size = protocol == MORTISE_PIN_UV_AUTH_PROTOCOL_TWO ? AES_BLOCK_SIZE : 0;
  guint8 *output = g_malloc (iv_size + size);

  g_assert (size % AES_BLOCK_SIZE == 0);
  if (iv_size > 0)
    {
      if (RAND_bytes (iv, sizeof iv) != 1)
        g_error ("The system's random generator failed");
      memcpy (output, iv, iv_size);
    }
  run_cipher (TRUE, aes_key_of (protocol, key), iv, mortise_secret_peek (plaintext), size,
              output + iv_size);
  return g_bytes_new_take (output, iv_size + size);
}

MortiseSecret *
mortise_pin_uv_auth_decrypt (guint protocol,
                             const MortiseSecret *key,
                             const guint8 *ciphertext,
                             gsize size)
{
  guint8 iv[AES_BLOCK_SIZE] = { 0 };
  g_autoptr (MortiseSecret) plaintext = NULL;

  if (protocol == MORTISE_PIN_UV_AUTH_PROTOCOL_TWO)
    {
      if (size < sizeof iv)
        return NULL;
      memcpy (iv, ciphertext, sizeof iv);
      ciphertext += sizeof iv;
      size -= sizeof iv;
    }
  if (size == 0 || size % AES_BLOCK_SIZE != 0 || size > MORTISE_SECRET_MAX_SIZE)
    return NULL;

  plaintext = mortise_secret_new (size);
  run_cipher (FALSE, aes_key_of (protocol, key), iv, ciphertext, size,
              mortise_secret_get_bytes (plaintext));
  return g_steal_pointer (&plaintext);
}

gboolean
mortise_pin_uv_auth_verify (guint protocol,
                            const MortiseSecret *key,
                            const guint8 *message,
                            gsize message_size,
                            const guint8 *signature,
                            gsize signature_size)
{
  guint8 hmac[HMAC_SIZE];
  guint hmac_size = 0;
  gsize expected_size =
      protocol == MORTISE_PIN_UV_AUTH_PROTOCOL_ONE ? (gsize) HMAC_ONE_SIZE : (gsize) HMAC_SIZE;
  gsize key_size = MIN (mortise_secret_get_size (key), (gsize) HMAC_KEY_SIZE);
  gboolean equal;

  if (HMAC (EVP_sha256 (), mortise_secret_peek (key), (int) key_size, message, message_size, hmac,
            &hmac_size) == NULL ||
      hmac_size != HMAC_SIZE)
    return FALSE;
  equal = signature_size == expected_size && CRYPTO_memcmp (hmac, signature, expected_size) == 0;
  OPENSSL_cleanse (hmac, sizeof hmac);
  return equal;
}
