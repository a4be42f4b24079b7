/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

#include "core/ctap/cbor-reader.h"
#include "core/ctap/hmac-secret.h"
#include "core/ctap/pin-uv-auth-protocol.h"
#include "core/ctap/pin-uv-auth-token.h"
#include "tests/support/hex.h"

/* Key pairs of RFC 5903 §8.1; what follows from them was computed independently of OpenSSL's ECDH
 * and HKDF. */
#define I_PRIVATE "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"
#define I_X       "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
#define I_Y       "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
#define R_X       "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
#define R_Y       "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
#define SECRET_1  "0519dc09b36efad1d00aef1d5b53b100202eb910b5de0dede75f190a357a367d"
#define SECRET_2                                                                                   \
  "b9111d382554aa6ba0a8704b14ba83e59260204b3ed2e08bf1c887602f9d4636"                               \
  "41c8213da7d845552c23da07f946f6fe28951e81f62e2103043af94b29fe1b18"
/* Bytes 0 to 31 encrypted; in protocol two with the IV a0 to af. */
#define CIPHERTEXT_1 "2d217e209098545a5260b574443a71924cad439ebf48627ab0b3092261c7b840"
#define CIPHERTEXT_2                                                                               \
  "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf67bdf65f541c23821b090509b31cd60a"                               \
  "afc130f1cd6f521c62c3933518a5f819"
#define HMAC_1 "9bdc7007e893225bb8bcc6c79e25b9a5ef86af22ec60dd1b0d59b75335e4f42e"
#define HMAC_2 "efd399dc8ee865b126a05d2744fb87eaa65c5c1ceb9e6c7b42bb81706415b51a"

/* WebAuthn Level 3 §16.17.1: hmac-secret between a platform and an authenticator. */
#define PRF_PLATFORM_PRIVATE "0971bc7fb1be48270adcd3d9a5fc15d5fb0f335b3071ff36a54c007fa6c76514"
/* The public half follows from the private one. */
#define PRF_PLATFORM_X      "a6ad249c9c2558e03e4ffbef60255d942b0166f5446cef916ab5f4ec4335a1c5"
#define PRF_PLATFORM_Y      "67315207e09ce082c31b052c7e2bcb700e79f1c53bd3bb4e3bb6fef89d227bc1"
#define PRF_AUTHENTICATOR_X "a30522c2de402b561965c3cf949a1cab020c6f6ea36fcf7e911ac1a0f1515300"
#define PRF_AUTHENTICATOR_Y "9961a929abdb2f42e6566771887d41484d889e735e3248518a53112d2b915f00"
#define PRF_SHARED_1        "23e5ed7157c25892b77732fb9c8a107e3518800db2af4142f9f4adfacb771d39"
#define PRF_SHARED_2                                                                               \
  "0c63083de8170101d38bcf8bd72309568ddb4550867e23404b35d85712f7c20d8bc911ee23c06034"               \
  "cbc14290b9669bec07739053c5a416e313ef905c79955876"
#define PRF_SEED           "437e065e723a98b2f08f39d8baf7c53ecb3c363c5e5104bdaaf5d5ca2e028154"
#define PRF_SALT_1         "527413ebb48293772df30f031c5ac4650c7de14bf9498671ae163447b6a772b3"
#define PRF_SALT_2         "d68ac03329a10ee5e0ec834492bb9a96a0e547baf563bf78ccbe8789b22e776b"
#define PRF_OUTPUT_1       "3c33e07d202c3b029cc21f1722767021bf27d595933b3d2b6a1b9d5dddc77fae"
#define PRF_OUTPUT_2       "a62a8773b19cda90d7ed4ef72a80a804320dbd3997e2f663805ad1fd3293d50b"
#define PRF_ONE_SALT_ENC   "ab8c878bb05d04700f077ed91845ec9c503c925cb12b327ddbeb4243c397f913"
#define PRF_ONE_OUTPUT_ENC "15d4e4f3f04109b492b575c1b38c28585b6719cf8d61304215108d939f37ccfb"
#define PRF_TWO_SALT_ENC                                                                           \
  "23dde5e3462daf36559b85c4ac5f9656aa9bfd81c1dc2bf8533c8b9f3882854786b4f500e25b4e3d"               \
  "81f7fc7c74236229"
#define PRF_TWO_OUTPUT_ENC                                                                         \
  "3bfaa48f7952330d63e35ff8cd5bca48d2a12823828915749287256ab146272f9fb437bf65691243"               \
  "c3f504bd7ea6d5e6"
#define PRF_TWO_SALTS_ENC                                                                          \
  "d9f4236403e0fe843a8e4e5be764d120904c198ad6e77b089876a3391961f183b0008b4ca66b91cd"               \
  "72aa35b6151ff981f6e5649f3c040e6615ad7dd8ae96ef23b229a5c97c3f0dcd8605eee166ce163a"
#define PRF_TWO_OUTPUTS_ENC                                                                        \
  "90ee52f739043bc17b3488a74306d7801debb5b61f18662c648a25b5b5678ede482cdaff99a537a4"               \
  "4f064fcb10ce6e04dfd27619dc96a0daff8507e499296b1eecf0981f7c8518b277a7a3018f5ec6fb"

static EVP_PKEY *
key_from_hex (const char *private_hex, const char *x_hex, const char *y_hex)
{
  guint8 private[32];
  guint8 point[65] = { 0x04 };
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new ();
  OSSL_PARAM *params;
  BIGNUM *number;
  EVP_PKEY *key = NULL;

  hex_read (private_hex, private);
  hex_read (x_hex, point + 1);
  hex_read (y_hex, point + 33);
  number = BN_bin2bn (private, sizeof private, NULL);
  OSSL_PARAM_BLD_push_utf8_string (build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_BN (build, OSSL_PKEY_PARAM_PRIV_KEY, number);
  OSSL_PARAM_BLD_push_octet_string (build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
  params = OSSL_PARAM_BLD_to_param (build);
  g_assert_cmpint (EVP_PKEY_fromdata_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, params), ==, 1);
  OSSL_PARAM_free (params);
  OSSL_PARAM_BLD_free (build);
  BN_free (number);
  EVP_PKEY_CTX_free (context);
  return key;
}

static MortiseSecret *
secret_from_hex (const char *hex)
{
  MortiseSecret *secret = mortise_secret_new (strlen (hex) / 2);

  hex_read (hex, mortise_secret_get_bytes (secret));
  return secret;
}

static void
test_decapsulate (void)
{
  EVP_PKEY *own = key_from_hex (I_PRIVATE, I_X, I_Y);
  guint8 x[32];
  guint8 y[32];
  g_autoptr (MortiseSecret) one = NULL;
  g_autoptr (MortiseSecret) two = NULL;
  g_autoptr (MortiseSecret) expected_one = secret_from_hex (SECRET_1);
  g_autoptr (MortiseSecret) expected_two = secret_from_hex (SECRET_2);

  hex_read (R_X, x);
  hex_read (R_Y, y);
  one = mortise_pin_uv_auth_decapsulate (1, own, x, y);
  two = mortise_pin_uv_auth_decapsulate (2, own, x, y);
  g_assert_true (mortise_secret_equal (one, expected_one));
  g_assert_true (mortise_secret_equal (two, expected_two));

  mortise_key_agreement_get_point (own, x, y);
  {
    guint8 expected[32];

    hex_read (I_X, expected);
    g_assert_cmpmem (x, 32, expected, 32);
    hex_read (I_Y, expected);
    g_assert_cmpmem (y, 32, expected, 32);
  }
  EVP_PKEY_free (own);
}

static void
test_bad_point (void)
{
  EVP_PKEY *own = mortise_key_agreement_generate ();
  guint8 x[32] = { 0 };
  guint8 y[32] = { 0 };

  g_assert_null (mortise_pin_uv_auth_decapsulate (1, own, x, y));
  hex_read (R_X, x);
  hex_read (R_Y, y);
  y[31] ^= 1;
  g_assert_null (mortise_pin_uv_auth_decapsulate (2, own, x, y));
  memset (x, 0xff, sizeof x);
  memset (y, 0xff, sizeof y);
  g_assert_null (mortise_pin_uv_auth_decapsulate (2, own, x, y));
  EVP_PKEY_free (own);
}

static void
test_decrypt (void)
{
  static const char *const secrets[] = { SECRET_1, SECRET_2 };
  static const char *const ciphertexts[] = { CIPHERTEXT_1, CIPHERTEXT_2 };

  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      g_autoptr (MortiseSecret) key = secret_from_hex (secrets[protocol - 1]);
      g_autoptr (MortiseSecret) plain = NULL;
      guint8 data[64];
      gsize size = hex_read (ciphertexts[protocol - 1], data);

      plain = mortise_pin_uv_auth_decrypt (protocol, key, data, size);
      g_assert_cmpuint (mortise_secret_get_size (plain), ==, 32);
      for (guint i = 0; i < 32; i++)
        g_assert_cmpuint (mortise_secret_peek (plain)[i], ==, i);

      g_assert_null (mortise_pin_uv_auth_decrypt (protocol, key, data, 0));
      g_assert_null (mortise_pin_uv_auth_decrypt (protocol, key, data, size - 1));
      g_assert_null (mortise_pin_uv_auth_decrypt (protocol, key, data, 15));
    }
}

static void
test_encrypt (void)
{
  static const char *const secrets[] = { SECRET_1, SECRET_2 };
  g_autoptr (MortiseSecret) plain = mortise_secret_new_random (64);

  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      g_autoptr (MortiseSecret) key = secret_from_hex (secrets[protocol - 1]);
      g_autoptr (GBytes) first = mortise_pin_uv_auth_encrypt (protocol, key, plain);
      g_autoptr (GBytes) second = mortise_pin_uv_auth_encrypt (protocol, key, plain);
      g_autoptr (MortiseSecret) back = mortise_pin_uv_auth_decrypt (
          protocol, key, g_bytes_get_data (first, NULL), g_bytes_get_size (first));

      g_assert_cmpuint (g_bytes_get_size (first), ==, protocol == 1 ? 64 : 80);
      g_assert_true (mortise_secret_equal (back, plain));
      /* Protocol one has no IV to tell two encryptions apart. */
      g_assert_cmpint (g_bytes_equal (first, second), ==, protocol == 1);
    }
}

static void
test_verify (void)
{
  g_autoptr (MortiseSecret) one = secret_from_hex (SECRET_1);
  g_autoptr (MortiseSecret) two = secret_from_hex (SECRET_2);
  const guint8 *message = (const guint8 *) "message";
  guint8 hmac[33] = { 0 };

  hex_read (HMAC_1, hmac);
  g_assert_true (mortise_pin_uv_auth_verify (1, one, message, 7, hmac, 16));
  g_assert_false (mortise_pin_uv_auth_verify (1, one, message, 7, hmac, 32));
  g_assert_false (mortise_pin_uv_auth_verify (1, one, message, 7, hmac, 15));
  g_assert_false (mortise_pin_uv_auth_verify (1, one, message, 7, hmac, 0));
  g_assert_false (mortise_pin_uv_auth_verify (1, one, message, 6, hmac, 16));

  hex_read (HMAC_2, hmac);
  g_assert_true (mortise_pin_uv_auth_verify (2, two, message, 7, hmac, 32));
  g_assert_false (mortise_pin_uv_auth_verify (2, two, message, 7, hmac, 16));
  g_assert_false (mortise_pin_uv_auth_verify (2, two, message, 7, hmac, 33));
  hmac[31] ^= 1;
  g_assert_false (mortise_pin_uv_auth_verify (2, two, message, 7, hmac, 32));
}

static gint64 now;

static gint64
fake_clock (void)
{
  return now;
}

static const guint8 message[] = { 'm' };

/* What a client would send with the token it was given. */
static gboolean
use (MortisePinUvAuthToken *token, const MortiseSecret *secret, guint protocol)
{
  guint8 hmac[32];
  gsize size = 0;

  EVP_Q_mac (NULL, "HMAC", NULL, "SHA256", NULL, mortise_secret_peek (secret),
             mortise_secret_get_size (secret), message, sizeof message, hmac, sizeof hmac, &size);
  return mortise_pin_uv_auth_token_verify (token, protocol, message, sizeof message, hmac,
                                           protocol == 1 ? 16 : 32);
}

static MortiseSecret *
begin (MortisePinUvAuthToken *token, guint protocol, guint permissions, const char *rp_id)
{
  return mortise_secret_copy (
      mortise_pin_uv_auth_token_begin (token, protocol, TRUE, permissions, rp_id));
}

static void
test_token_binding (void)
{
  g_autoptr (MortisePinUvAuthToken) token = mortise_pin_uv_auth_token_new (fake_clock);
  g_autoptr (MortiseSecret) secret = NULL;

  mortise_pin_uv_auth_token_reset (token);
  secret = begin (token, 2, MORTISE_PERMISSION_MC, NULL);
  g_assert_true (use (token, secret, 2));
  g_assert_false (use (token, secret, 1));
  g_assert_cmphex (mortise_pin_uv_auth_token_authorize (token, MORTISE_PERMISSION_GA, "a.example"),
                   ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_null (mortise_pin_uv_auth_token_get_rp_id (token));
  g_assert_cmphex (mortise_pin_uv_auth_token_authorize (token, MORTISE_PERMISSION_MC, "a.example"),
                   ==, CTAP1_ERR_SUCCESS);
  /* The first use bound it. */
  g_assert_cmphex (mortise_pin_uv_auth_token_authorize (token, MORTISE_PERMISSION_MC, "b.example"),
                   ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmpstr (mortise_pin_uv_auth_token_get_rp_id (token), ==, "a.example");
}

static void
test_token_consumed (void)
{
  g_autoptr (MortisePinUvAuthToken) token = mortise_pin_uv_auth_token_new (fake_clock);
  g_autoptr (MortiseSecret) secret =
      begin (token, 1, MORTISE_PERMISSION_GA | MORTISE_PERMISSION_LBW, "a.example");

  g_assert_true (mortise_pin_uv_auth_token_get_user_present (token));
  mortise_pin_uv_auth_token_consume (token);
  g_assert_true (use (token, secret, 1));
  g_assert_false (mortise_pin_uv_auth_token_get_user_present (token));
  g_assert_false (mortise_pin_uv_auth_token_has_permission (token, MORTISE_PERMISSION_GA));
  g_assert_true (mortise_pin_uv_auth_token_has_permission (token, MORTISE_PERMISSION_LBW));
}

static void
test_token_life (void)
{
  g_autoptr (MortisePinUvAuthToken) token = mortise_pin_uv_auth_token_new (fake_clock);
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (MortiseSecret) other = NULL;

  now = 1000;
  secret = begin (token, 1, MORTISE_PERMISSION_GA, NULL);
  now += 30 * G_USEC_PER_SEC - 1;
  g_assert_true (mortise_pin_uv_auth_token_get_user_present (token));
  now += 1;
  /* Not used in time. */
  g_assert_false (use (token, secret, 1));

  other = begin (token, 1, MORTISE_PERMISSION_GA, NULL);
  g_assert_false (use (token, secret, 1));
  g_assert_true (use (token, other, 1));
  now += 30 * G_USEC_PER_SEC;
  g_assert_true (use (token, other, 1));
  g_assert_false (mortise_pin_uv_auth_token_get_user_present (token));
  now += 570 * G_USEC_PER_SEC - 1;
  g_assert_true (use (token, other, 1));
  now += 1;
  g_assert_false (use (token, other, 1));
  g_assert_false (mortise_pin_uv_auth_token_has_permission (token, MORTISE_PERMISSION_GA));

  mortise_pin_uv_auth_token_reset (token);
  g_assert_false (use (token, other, 1));
}

/* The key pair that the vector gives one half of each. */
static MortiseSecret *
prf_shared_secret (guint protocol)
{
  guint8 x[32];
  guint8 y[32];
  EVP_PKEY *platform = key_from_hex (PRF_PLATFORM_PRIVATE, PRF_PLATFORM_X, PRF_PLATFORM_Y);
  MortiseSecret *shared;

  hex_read (PRF_AUTHENTICATOR_X, x);
  hex_read (PRF_AUTHENTICATOR_Y, y);
  shared = mortise_pin_uv_auth_decapsulate (protocol, platform, x, y);
  EVP_PKEY_free (platform);
  g_assert_nonnull (shared);
  return shared;
}

static const struct
{
  guint protocol;
  const char *shared;
  const char *salts;
  const char *salts_encrypted;
  const char *outputs;
  const char *outputs_encrypted;
} prf_vectors[] = {
  { 1, PRF_SHARED_1, PRF_SALT_1, PRF_ONE_SALT_ENC, PRF_OUTPUT_1, PRF_ONE_OUTPUT_ENC },
  { 2, PRF_SHARED_2, PRF_SALT_1, PRF_TWO_SALT_ENC, PRF_OUTPUT_1, PRF_TWO_OUTPUT_ENC },
  { 2, PRF_SHARED_2, PRF_SALT_1 PRF_SALT_2, PRF_TWO_SALTS_ENC, PRF_OUTPUT_1 PRF_OUTPUT_2,
    PRF_TWO_OUTPUTS_ENC },
};

static MortiseSecret *
decrypt_hex (guint protocol, const MortiseSecret *shared, const char *hex)
{
  guint8 bytes[128];

  return mortise_pin_uv_auth_decrypt (protocol, shared, bytes, hex_read (hex, bytes));
}

/* What the platform sends is read, and what it is sent is what the vector says, encrypted. */
static void
test_published_hmac_secret (void)
{
  g_autoptr (MortiseSecret) seed = secret_from_hex (PRF_SEED);

  for (gsize i = 0; i < G_N_ELEMENTS (prf_vectors); i++)
    {
      const guint protocol = prf_vectors[i].protocol;
      g_autoptr (MortiseSecret) expected_shared = secret_from_hex (prf_vectors[i].shared);
      g_autoptr (MortiseSecret) expected_salts = secret_from_hex (prf_vectors[i].salts);
      g_autoptr (MortiseSecret) expected_outputs = secret_from_hex (prf_vectors[i].outputs);
      g_autoptr (MortiseSecret) published = NULL;
      g_autoptr (MortiseSecret) outputs = NULL;
      g_autoptr (GBytes) written = NULL;
      g_auto (MortiseHmacSecretInput) input = { .protocol = protocol };
      MortiseCborValue value;

      input.shared = prf_shared_secret (protocol);
      g_assert_true (mortise_secret_equal (input.shared, expected_shared));
      input.salts = decrypt_hex (protocol, input.shared, prf_vectors[i].salts_encrypted);
      g_assert_nonnull (input.salts);
      g_assert_true (mortise_secret_equal (input.salts, expected_salts));

      written = mortise_hmac_secret_output (&input, seed);
      g_assert_cmphex (
          mortise_cbor_parse (g_bytes_get_data (written, NULL), g_bytes_get_size (written), &value),
          ==, CTAP1_ERR_SUCCESS);
      outputs = mortise_pin_uv_auth_decrypt (protocol, input.shared, value.data, value.size);
      g_assert_true (mortise_secret_equal (outputs, expected_outputs));
      published = decrypt_hex (protocol, input.shared, prf_vectors[i].outputs_encrypted);
      g_assert_true (mortise_secret_equal (published, expected_outputs));
      /* Protocol one has no random number in it: the very bytes. */
      if (protocol == 1)
        {
          guint8 expected[64];
          const gsize size = hex_read (prf_vectors[i].outputs_encrypted, expected);

          g_assert_cmpmem (value.data, value.size, expected, size);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ctap/63-pin-protocol/decapsulate", test_decapsulate);
  g_test_add_func ("/ctap/51-pin-protocol/bad-point", test_bad_point);
  g_test_add_func ("/ctap/63-pin-protocol/decrypt", test_decrypt);
  g_test_add_func ("/ctap/63-pin-protocol/encrypt", test_encrypt);
  g_test_add_func ("/ctap/63-pin-protocol/verify", test_verify);
  g_test_add_func ("/ctap/76-published/hmac-secret", test_published_hmac_secret);
  g_test_add_func ("/ctap/48-token/binding", test_token_binding);
  g_test_add_func ("/ctap/37-token/consumed", test_token_consumed);
  g_test_add_func ("/ctap/62-token/life", test_token_life);
  return g_test_run ();
}
