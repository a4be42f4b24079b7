/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/fake-tpm.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#define NONCE_SIZE 12
#define TAG_SIZE   16
#define SEED_SIZE  32

/* PolicyCommandCode(TPM2_CC_Duplicate), SHA-256. */
static const guint8 duplicate_policy[32] = {
  0xbe, 0xf5, 0x6b, 0x8c, 0x1c, 0xc8, 0x4e, 0x11, 0xed, 0xd7, 0x17, 0x52, 0x8d, 0x2c, 0xd9, 0x93,
  0x56, 0xbd, 0x2b, 0xbf, 0x8f, 0x01, 0x52, 0x09, 0xc3, 0xf8, 0x4a, 0xee, 0xab, 0xa8, 0xe8, 0xa2,
};

typedef struct
{
  guint skip;
  guint times;
  MortiseError code;
} Failure;

/* A loaded key: @sensitive is an EC scalar or an RSA private key in DER. */
typedef struct
{
  TPM2B_PUBLIC public;
  GBytes *sensitive;
} LoadedKey;

struct _MortiseFakeTpm
{
  MortiseTpm parent_instance;

  GMutex mutex;
  GBytes *seed;
  gboolean deterministic;
  guint64 random_counter;
  MortiseTpmInfo info;
  guint failed_tries;
  guint max_tries;
  guint slots;
  gboolean attached;

  GBytes *parent_secret; /* what children are wrapped with */
  GBytes *parent_auth;   /* what the parent asks for */
  MortiseSecret *given_auth;

  GHashTable *keys;
  guint32 next_handle;

  Failure failures[MORTISE_FAKE_TPM_N_OPERATIONS + 1];
  guint calls[MORTISE_FAKE_TPM_N_OPERATIONS + 1];
  MortiseFakeTpmHook hook;
  gpointer hook_data;
};

G_DEFINE_FINAL_TYPE (MortiseFakeTpm, mortise_fake_tpm, MORTISE_TYPE_TPM)

static void
loaded_key_free (gpointer data)
{
  LoadedKey *key = data;

  g_bytes_unref (key->sensitive);
  g_free (key);
}

/* --- Randomness and wrapping -------------------------------------------------------------------
 */

static void
fill_random (MortiseFakeTpm *self, guint8 *buffer, gsize size)
{
  if (!self->deterministic)
    {
      g_assert_cmpint (RAND_bytes (buffer, (int) size), ==, 1);
      return;
    }

  g_autoptr (MortiseSecret) seed = mortise_secret_new_from_data (
      g_bytes_get_data (self->seed, NULL), g_bytes_get_size (self->seed));
  g_autofree char *info = g_strdup_printf ("random %" G_GUINT64_FORMAT, self->random_counter++);
  g_autoptr (MortiseSecret) bytes = mortise_secret_derive (seed, NULL, info, size);
  memcpy (buffer, mortise_secret_peek (bytes), size);
}

static MortiseSecret *
wrapping_key (GBytes *secret)
{
  g_autoptr (MortiseSecret) ikm =
      mortise_secret_new_from_data (g_bytes_get_data (secret, NULL), g_bytes_get_size (secret));

  return mortise_secret_derive (ikm, NULL, "fake storage", 32);
}

static GBytes *
public_marshal (const TPM2B_PUBLIC *public)
{
  guint8 buffer[sizeof (TPM2B_PUBLIC)];
  gsize size = 0;

  g_assert_cmpint (Tss2_MU_TPM2B_PUBLIC_Marshal (public, buffer, sizeof buffer, &size), ==, 0);
  return g_bytes_new (buffer, size);
}

static GBytes *
public_name (const TPM2B_PUBLIC *public)
{
  guint8 buffer[sizeof (TPMT_PUBLIC)];
  guint8 name[34] = { 0x00, 0x0b };
  gsize size = 0;

  g_assert_cmpint (Tss2_MU_TPMT_PUBLIC_Marshal (&public->publicArea, buffer, sizeof buffer, &size),
                   ==, 0);
  g_assert_cmpint (EVP_Digest (buffer, size, name + 2, NULL, EVP_sha256 (), NULL), ==, 1);
  return g_bytes_new (name, sizeof name);
}

/* sensitive = size of auth (1) ‖ auth ‖ payload, AES-256-GCM, bound to the object's Name. */
static MortiseTpmBlob *
wrap (MortiseFakeTpm *self,
      GBytes *parent_secret,
      const TPM2B_PUBLIC *public,
      const MortiseSecret *auth,
      gconstpointer payload,
      gsize payload_size)
{
  g_autoptr (MortiseSecret) key = wrapping_key (parent_secret);
  g_autoptr (GBytes) name = public_name (public);
  g_autoptr (GByteArray) plain = g_byte_array_new ();
  g_autoptr (GBytes) public_bytes = NULL;
  g_autoptr (GBytes) private_bytes = NULL;
  g_autofree guint8 *out = NULL;
  guint8 auth_size = auth != NULL ? (guint8) mortise_secret_get_size (auth) : 0;
  gsize out_size;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  int n = 0;

  g_byte_array_append (plain, &auth_size, 1);
  if (auth_size > 0)
    g_byte_array_append (plain, mortise_secret_peek (auth), auth_size);
  g_byte_array_append (plain, payload, (guint) payload_size);

  out_size = 2 + NONCE_SIZE + plain->len + TAG_SIZE;
  out = g_malloc (out_size);
  out[0] = (guint8) ((out_size - 2) >> 8);
  out[1] = (guint8) (out_size - 2);
  fill_random (self, out + 2, NONCE_SIZE);
  g_assert_cmpint (
      EVP_EncryptInit_ex (context, EVP_aes_256_gcm (), NULL, mortise_secret_peek (key), out + 2),
      ==, 1);
  EVP_EncryptUpdate (context, NULL, &n, g_bytes_get_data (name, NULL),
                     (int) g_bytes_get_size (name));
  EVP_EncryptUpdate (context, out + 2 + NONCE_SIZE, &n, plain->data, (int) plain->len);
  EVP_EncryptFinal_ex (context, out + 2 + NONCE_SIZE + n, &n);
  EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + out_size - TAG_SIZE);
  EVP_CIPHER_CTX_free (context);

  public_bytes = public_marshal (public);
  private_bytes = g_bytes_new (out, out_size);
  return mortise_tpm_blob_new (public_bytes, private_bytes);
}

static gboolean
fail_integrity (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_FAILED,
                       "The fake TPM did not make this object (integrity check)");
  return FALSE;
}

static gboolean
unwrap (GBytes *parent_secret,
        const MortiseTpmBlob *blob,
        TPM2B_PUBLIC *ret_public,
        GBytes **ret_auth,
        GBytes **ret_payload,
        GError **error)
{
  g_autoptr (MortiseSecret) key = wrapping_key (parent_secret);
  g_autoptr (GBytes) name = NULL;
  g_autofree guint8 *plain = NULL;
  gsize size = 0, public_size = 0, offset = 0;
  const guint8 *data = g_bytes_get_data (blob->private_area, &size);
  const guint8 *public_data = g_bytes_get_data (blob->public_area, &public_size);
  gsize plain_size;
  EVP_CIPHER_CTX *context;
  guint8 tag[TAG_SIZE];
  int n = 0;
  gboolean ok;

  if (size < 2 + NONCE_SIZE + 1 + TAG_SIZE || (gsize) ((data[0] << 8) | data[1]) != size - 2)
    return fail_integrity (error);
  memset (ret_public, 0, sizeof *ret_public);
  if (Tss2_MU_TPM2B_PUBLIC_Unmarshal (public_data, public_size, &offset, ret_public) != 0 ||
      offset != public_size)
    return fail_integrity (error);

  name = public_name (ret_public);
  plain_size = size - 2 - NONCE_SIZE - TAG_SIZE;
  plain = g_malloc (plain_size);
  memcpy (tag, data + size - TAG_SIZE, TAG_SIZE);
  context = EVP_CIPHER_CTX_new ();
  EVP_DecryptInit_ex (context, EVP_aes_256_gcm (), NULL, mortise_secret_peek (key), data + 2);
  EVP_DecryptUpdate (context, NULL, &n, g_bytes_get_data (name, NULL),
                     (int) g_bytes_get_size (name));
  EVP_DecryptUpdate (context, plain, &n, data + 2 + NONCE_SIZE, (int) plain_size);
  EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag);
  ok = EVP_DecryptFinal_ex (context, plain + n, &n) == 1;
  EVP_CIPHER_CTX_free (context);
  if (!ok || (gsize) plain[0] + 1 > plain_size)
    return fail_integrity (error);

  *ret_auth = g_bytes_new (plain + 1, plain[0]);
  *ret_payload = g_bytes_new (plain + 1 + plain[0], plain_size - 1 - plain[0]);
  return TRUE;
}

static gboolean
auth_matches (GBytes *wanted, const MortiseSecret *given)
{
  gsize size = mortise_secret_get_size (given);

  return size == g_bytes_get_size (wanted) &&
         memcmp (g_bytes_get_data (wanted, NULL), mortise_secret_peek (given), size) == 0;
}

/* --- Counting and failing ----------------------------------------------------------------------
 */

static gboolean
take_failure (Failure *failure, GError **error)
{
  if (failure->times == 0)
    return FALSE;
  if (failure->skip > 0)
    {
      failure->skip--;
      return FALSE;
    }
  if (failure->times != G_MAXUINT)
    failure->times--;
  g_set_error (error, MORTISE_ERROR, failure->code, "The fake TPM was told to fail (%s)",
               mortise_error_to_name (failure->code));
  return TRUE;
}

/* Returns: with the mutex held; FALSE when the operation is to fail. */
static gboolean
begin (MortiseFakeTpm *self, MortiseFakeTpmOperation operation, GError **error)
{
  MortiseFakeTpmHook hook;
  gpointer hook_data;

  g_mutex_lock (&self->mutex);
  hook = self->hook;
  hook_data = self->hook_data;
  g_mutex_unlock (&self->mutex);
  if (hook != NULL)
    hook (self, operation, hook_data);

  g_mutex_lock (&self->mutex);
  self->calls[operation]++;
  self->calls[MORTISE_FAKE_TPM_ANY]++;
  if (error == NULL &&
      (operation == MORTISE_FAKE_TPM_UNLOAD_PARENT || operation == MORTISE_FAKE_TPM_FLUSH))
    return TRUE;
  return !take_failure (&self->failures[operation], error) &&
         !take_failure (&self->failures[MORTISE_FAKE_TPM_ANY], error);
}

static gboolean
check_attached (MortiseFakeTpm *self, GError **error)
{
  if (self->attached)
    return TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_FAILED,
                       "The fake TPM was not attached to");
  return FALSE;
}

/* As in a TPM, a wrong authValue of the parent shows when the parent is used. */
static gboolean
check_parent (MortiseFakeTpm *self, GError **error)
{
  if (self->parent_secret == NULL)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED,
                           "The fake TPM has no parent loaded");
      return FALSE;
    }
  if (!auth_matches (self->parent_auth, self->given_auth))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_AUTH,
                           "Wrong authValue of the fake parent");
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_slots (MortiseFakeTpm *self, GError **error)
{
  if (self->slots == 0 || g_hash_table_size (self->keys) < self->slots)
    return TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_SLOTS,
                       "The fake TPM has no free slot");
  return FALSE;
}

/* --- Keys --------------------------------------------------------------------------------------
 */

static EC_GROUP *
group_of (MortiseAlgorithm algorithm)
{
  return EC_GROUP_new_by_curve_name (algorithm == MORTISE_ALG_ES384 ? NID_secp384r1
                                                                    : NID_X9_62_prime256v1);
}

static gsize
coordinate_size (MortiseAlgorithm algorithm)
{
  return algorithm == MORTISE_ALG_ES384 ? 48 : 32;
}

static void
fill_key_template (TPMT_PUBLIC *area, MortiseAlgorithm algorithm, MortiseKeyClass key_class)
{
  area->nameAlg = TPM2_ALG_SHA256;
  area->objectAttributes =
      TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH;
  if (key_class == MORTISE_KEY_DEVICE_ONLY)
    area->objectAttributes |= TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT;
  else
    {
      area->authPolicy.size = sizeof duplicate_policy;
      memcpy (area->authPolicy.buffer, duplicate_policy, sizeof duplicate_policy);
    }

  if (algorithm == MORTISE_ALG_RS256)
    {
      area->type = TPM2_ALG_RSA;
      area->parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
      area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSASSA;
      area->parameters.rsaDetail.scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
      area->parameters.rsaDetail.keyBits = 2048;
      return;
    }
  area->type = TPM2_ALG_ECC;
  area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area->parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
  area->parameters.eccDetail.scheme.details.ecdsa.hashAlg =
      algorithm == MORTISE_ALG_ES384 ? TPM2_ALG_SHA384 : TPM2_ALG_SHA256;
  area->parameters.eccDetail.curveID =
      algorithm == MORTISE_ALG_ES384 ? TPM2_ECC_NIST_P384 : TPM2_ECC_NIST_P256;
  area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
}

/* Uniform enough for a fake: 16 bytes more than the order, reduced. */
static BIGNUM *
scalar_from_bytes (const guint8 *bytes, gsize size, const EC_GROUP *group)
{
  BN_CTX *context = BN_CTX_new ();
  BIGNUM *wide = BN_bin2bn (bytes, (int) size, NULL);
  BIGNUM *scalar = BN_new ();

  BN_mod (scalar, wide, EC_GROUP_get0_order (group), context);
  if (BN_is_zero (scalar))
    BN_one (scalar);
  BN_free (wide);
  BN_CTX_free (context);
  return scalar;
}

static void
point_multiply (
    const EC_GROUP *group, const BIGNUM *scalar, guint8 *ret_x, guint8 *ret_y, gsize size)
{
  BN_CTX *context = BN_CTX_new ();
  EC_POINT *point = EC_POINT_new (group);
  BIGNUM *x = BN_new (), *y = BN_new ();

  EC_POINT_mul (group, point, scalar, NULL, NULL, context);
  EC_POINT_get_affine_coordinates (group, point, x, y, context);
  BN_bn2binpad (x, ret_x, (int) size);
  if (ret_y != NULL)
    BN_bn2binpad (y, ret_y, (int) size);
  BN_free (x);
  BN_free (y);
  EC_POINT_free (point);
  BN_CTX_free (context);
}

static GBytes *
generate_ec (MortiseFakeTpm *self, MortiseAlgorithm algorithm, TPMT_PUBLIC *area)
{
  EC_GROUP *group = group_of (algorithm);
  gsize size = coordinate_size (algorithm);
  guint8 bytes[64];
  guint8 scalar_bytes[48];
  BIGNUM *scalar;

  fill_random (self, bytes, size + 16);
  scalar = scalar_from_bytes (bytes, size + 16, group);
  area->unique.ecc.x.size = area->unique.ecc.y.size = (UINT16) size;
  point_multiply (group, scalar, area->unique.ecc.x.buffer, area->unique.ecc.y.buffer, size);
  BN_bn2binpad (scalar, scalar_bytes, (int) size);
  BN_free (scalar);
  EC_GROUP_free (group);
  return g_bytes_new (scalar_bytes, size);
}

static GBytes *
generate_rsa (MortiseFakeTpm *self, TPMT_PUBLIC *area)
{
  static EVP_PKEY *shared;
  EVP_PKEY *key;
  BIGNUM *modulus = NULL;
  guint8 *der = NULL;
  int size;
  GBytes *sensitive;

  if (self->deterministic)
    {
      if (g_once_init_enter (&shared))
        g_once_init_leave (&shared, EVP_RSA_gen (2048));
      key = shared;
      EVP_PKEY_up_ref (key);
    }
  else
    key = EVP_RSA_gen (2048);

  EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_RSA_N, &modulus);
  area->unique.rsa.size = 256;
  BN_bn2binpad (modulus, area->unique.rsa.buffer, 256);
  BN_free (modulus);
  size = i2d_PrivateKey (key, &der);
  sensitive = g_bytes_new (der, (gsize) size);
  OPENSSL_free (der);
  EVP_PKEY_free (key);
  return sensitive;
}

static MortiseAlgorithm
algorithm_of (const TPMT_PUBLIC *area)
{
  if (area->type == TPM2_ALG_RSA)
    return MORTISE_ALG_RS256;
  return area->parameters.eccDetail.curveID == TPM2_ECC_NIST_P384 ? MORTISE_ALG_ES384
                                                                  : MORTISE_ALG_ES256;
}

static gboolean
supports (MortiseFakeTpm *self, MortiseAlgorithm algorithm)
{
  return algorithm == MORTISE_ALG_ES256 || (algorithm == MORTISE_ALG_ES384 && self->info.es384) ||
         (algorithm == MORTISE_ALG_RS256 && self->info.rs256);
}

static MortiseTpmKey *
keep_loaded (MortiseFakeTpm *self, const TPM2B_PUBLIC *public, GBytes *sensitive)
{
  LoadedKey *key = g_new0 (LoadedKey, 1);
  guint32 handle = self->next_handle++;

  key->public = *public;
  key->sensitive = g_bytes_ref (sensitive);
  g_hash_table_insert (self->keys, GUINT_TO_POINTER (handle), key);
  return mortise_tpm_key_new (MORTISE_TPM (self), handle);
}

/* ECDSA with a nonce that follows from key and digest, so that fuzzers see the same bytes again. */
static GBytes *
sign_ec (MortiseFakeTpm *self, LoadedKey *key, MortiseAlgorithm algorithm, GBytes *digest)
{
  EC_GROUP *group = group_of (algorithm);
  const BIGNUM *order = EC_GROUP_get0_order (group);
  BN_CTX *context = BN_CTX_new ();
  gsize size = coordinate_size (algorithm);
  g_autoptr (MortiseSecret) ikm = mortise_secret_new_from_data (
      g_bytes_get_data (key->sensitive, NULL), g_bytes_get_size (key->sensitive));
  g_autoptr (MortiseSecret) nonce = mortise_secret_derive (ikm, digest, "nonce", size + 16);
  BIGNUM *d = BN_bin2bn (mortise_secret_peek (ikm), (int) size, NULL);
  BIGNUM *z = BN_bin2bn (g_bytes_get_data (digest, NULL), (int) size, NULL);
  BIGNUM *k = scalar_from_bytes (mortise_secret_peek (nonce), size + 16, group);
  BIGNUM *r = BN_new (), *s = BN_new (), *inverse;
  ECDSA_SIG *signature = ECDSA_SIG_new ();
  guint8 x[48];
  guint8 *der = NULL;
  int der_size;
  GBytes *result;

  point_multiply (group, k, x, NULL, size);
  BN_bin2bn (x, (int) size, r);
  BN_mod (r, r, order, context);
  inverse = BN_mod_inverse (NULL, k, order, context);
  BN_mod_mul (s, r, d, order, context);
  BN_mod_add (s, s, z, order, context);
  BN_mod_mul (s, s, inverse, order, context);
  ECDSA_SIG_set0 (signature, r, s);
  der_size = i2d_ECDSA_SIG (signature, &der);
  result = g_bytes_new (der, (gsize) der_size);

  OPENSSL_free (der);
  ECDSA_SIG_free (signature);
  BN_free (inverse);
  BN_clear_free (k);
  BN_free (z);
  BN_clear_free (d);
  BN_CTX_free (context);
  EC_GROUP_free (group);
  return result;
}

static GBytes *
sign_rsa (LoadedKey *key, GBytes *digest)
{
  gsize der_size, size = 256;
  const guint8 *der = g_bytes_get_data (key->sensitive, &der_size);
  EVP_PKEY *pkey = d2i_AutoPrivateKey (NULL, &der, (long) der_size);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (pkey, NULL);
  guint8 signature[256];

  EVP_PKEY_sign_init (context);
  EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING);
  EVP_PKEY_CTX_set_signature_md (context, EVP_sha256 ());
  g_assert_cmpint (EVP_PKEY_sign (context, signature, &size, g_bytes_get_data (digest, NULL), 32),
                   ==, 1);
  EVP_PKEY_CTX_free (context);
  EVP_PKEY_free (pkey);
  return g_bytes_new (signature, size);
}

/* --- MortiseTpm --------------------------------------------------------------------------------
 */

static const MortiseTpmInfo *
fake_get_info (MortiseTpm *tpm)
{
  return &MORTISE_FAKE_TPM (tpm)->info;
}

static gboolean
fake_get_lockout (MortiseTpm *tpm, MortiseTpmLockout *ret_lockout, GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  gboolean ok = begin (self, MORTISE_FAKE_TPM_GET_LOCKOUT, error);

  if (ok)
    {
      ret_lockout->in_lockout = self->failed_tries >= self->max_tries;
      ret_lockout->failed_tries = self->failed_tries;
      ret_lockout->max_tries = self->max_tries;
      ret_lockout->interval = 7200;
    }
  g_mutex_unlock (&self->mutex);
  return ok;
}

static gboolean
fake_attach (MortiseTpm *tpm, GBytes *expected_name, GBytes **ret_name, GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  guint8 name[34] = { 0x00, 0x0b };
  g_autoptr (GBytes) found = NULL;
  gboolean ok = begin (self, MORTISE_FAKE_TPM_ATTACH, error);

  EVP_Digest (g_bytes_get_data (self->seed, NULL), g_bytes_get_size (self->seed), name + 2, NULL,
              EVP_sha256 (), NULL);
  found = g_bytes_new (name, sizeof name);
  if (ok && expected_name != NULL && !g_bytes_equal (expected_name, found))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_OTHER,
                           "The vault is of another fake TPM");
      ok = FALSE;
    }
  if (ok)
    {
      self->attached = TRUE;
      if (ret_name != NULL)
        *ret_name = g_steal_pointer (&found);
    }
  g_mutex_unlock (&self->mutex);
  return ok;
}

static MortiseTpmBlob *
fake_create_parent (MortiseTpm *tpm, const MortiseSecret *auth, GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  MortiseTpmBlob *blob = NULL;

  if (begin (self, MORTISE_FAKE_TPM_CREATE_PARENT, error) && check_attached (self, error))
    {
      TPM2B_PUBLIC public = { 0 };
      TPMT_PUBLIC *area = &public.publicArea;
      guint8 secret[SEED_SIZE];
      g_autoptr (GBytes) scalar = NULL;

      fill_key_template (area, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY);
      area->objectAttributes &= ~(TPMA_OBJECT) TPMA_OBJECT_SIGN_ENCRYPT;
      area->objectAttributes |= TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_NODA;
      area->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
      area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_AES;
      area->parameters.eccDetail.symmetric.keyBits.aes = 128;
      area->parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CFB;
      scalar = generate_ec (self, MORTISE_ALG_ES256, area);
      fill_random (self, secret, sizeof secret);
      blob = wrap (self, self->seed, &public, auth, secret, sizeof secret);
    }
  g_mutex_unlock (&self->mutex);
  return blob;
}

static void
forget_parent (MortiseFakeTpm *self)
{
  g_clear_pointer (&self->parent_secret, g_bytes_unref);
  g_clear_pointer (&self->parent_auth, g_bytes_unref);
  g_clear_pointer (&self->given_auth, mortise_secret_free);
}

static gboolean
fake_load_parent (MortiseTpm *tpm,
                  const MortiseTpmBlob *blob,
                  const MortiseSecret *auth,
                  GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  TPM2B_PUBLIC public;
  g_autoptr (GBytes) wanted = NULL;
  g_autoptr (GBytes) secret = NULL;
  gboolean ok = begin (self, MORTISE_FAKE_TPM_LOAD_PARENT, error) && check_attached (self, error) &&
                unwrap (self->seed, blob, &public, &wanted, &secret, error);

  if (ok)
    {
      forget_parent (self);
      self->parent_secret = g_steal_pointer (&secret);
      self->parent_auth = g_steal_pointer (&wanted);
      self->given_auth = mortise_secret_copy (auth);
    }
  g_mutex_unlock (&self->mutex);
  return ok;
}

static void
fake_unload_parent (MortiseTpm *tpm)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);

  begin (self, MORTISE_FAKE_TPM_UNLOAD_PARENT, NULL);
  forget_parent (self);
  g_mutex_unlock (&self->mutex);
}

static MortiseTpmKey *
fake_create_key (MortiseTpm *tpm,
                 MortiseAlgorithm algorithm,
                 MortiseKeyClass key_class,
                 MortiseTpmBlob **ret_blob,
                 GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  MortiseTpmKey *key = NULL;

  if (begin (self, MORTISE_FAKE_TPM_CREATE_KEY, error) && check_parent (self, error) &&
      check_slots (self, error))
    {
      if (supports (self, algorithm))
        {
          TPM2B_PUBLIC public = { 0 };
          g_autoptr (GBytes) sensitive = NULL;

          fill_key_template (&public.publicArea, algorithm, key_class);
          if (algorithm == MORTISE_ALG_RS256)
            sensitive = generate_rsa (self, &public.publicArea);
          else
            sensitive = generate_ec (self, algorithm, &public.publicArea);
          *ret_blob = wrap (self, self->parent_secret, &public, NULL,
                            g_bytes_get_data (sensitive, NULL), g_bytes_get_size (sensitive));
          key = keep_loaded (self, &public, sensitive);
        }
      else
        g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_UNSUITABLE,
                             "Not an algorithm of the fake TPM");
    }
  g_mutex_unlock (&self->mutex);
  return key;
}

static MortiseTpmKey *
fake_load_key (MortiseTpm *tpm, const MortiseTpmBlob *blob, GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  TPM2B_PUBLIC public;
  g_autoptr (GBytes) auth = NULL;
  g_autoptr (GBytes) sensitive = NULL;
  MortiseTpmKey *key = NULL;

  if (begin (self, MORTISE_FAKE_TPM_LOAD_KEY, error) && check_parent (self, error) &&
      check_slots (self, error) &&
      unwrap (self->parent_secret, blob, &public, &auth, &sensitive, error))
    key = keep_loaded (self, &public, sensitive);
  g_mutex_unlock (&self->mutex);
  return key;
}

static LoadedKey *
find_loaded (MortiseFakeTpm *self, MortiseTpmKey *key, GError **error)
{
  LoadedKey *loaded =
      g_hash_table_lookup (self->keys, GUINT_TO_POINTER (mortise_tpm_key_get_handle (key)));

  if (loaded == NULL)
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_FAILED,
                         "No such object in the fake TPM");
  return loaded;
}

static MortiseTpmKeyInfo *
fake_read_key (MortiseTpm *tpm, MortiseTpmKey *key, GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  MortiseTpmKeyInfo *info = NULL;
  LoadedKey *loaded;

  if (begin (self, MORTISE_FAKE_TPM_READ_KEY, error) &&
      (loaded = find_loaded (self, key, error)) != NULL)
    {
      const TPMT_PUBLIC *area = &loaded->public.publicArea;

      info = g_new0 (MortiseTpmKeyInfo, 1);
      info->algorithm = algorithm_of (area);
      if (area->type == TPM2_ALG_RSA)
        info->modulus = g_bytes_new (area->unique.rsa.buffer, area->unique.rsa.size);
      else
        {
          info->x = g_bytes_new (area->unique.ecc.x.buffer, area->unique.ecc.x.size);
          info->y = g_bytes_new (area->unique.ecc.y.buffer, area->unique.ecc.y.size);
        }
      info->name = public_name (&loaded->public);
      info->attributes = area->objectAttributes;
      info->policy = g_bytes_new (area->authPolicy.buffer, area->authPolicy.size);
    }
  g_mutex_unlock (&self->mutex);
  return info;
}

static GBytes *
fake_sign (MortiseTpm *tpm, MortiseTpmKey *key, GBytes *digest, GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  GBytes *signature = NULL;
  LoadedKey *loaded;

  if (begin (self, MORTISE_FAKE_TPM_SIGN, error) &&
      (loaded = find_loaded (self, key, error)) != NULL)
    {
      MortiseAlgorithm algorithm = algorithm_of (&loaded->public.publicArea);

      if (g_bytes_get_size (digest) != (algorithm == MORTISE_ALG_ES384 ? 48 : 32))
        g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_FAILED,
                             "Digest of the wrong size");
      else if (algorithm == MORTISE_ALG_RS256)
        signature = sign_rsa (loaded, digest);
      else
        signature = sign_ec (self, loaded, algorithm, digest);
    }
  g_mutex_unlock (&self->mutex);
  return signature;
}

static MortiseTpmBlob *
fake_seal (MortiseTpm *tpm,
           const MortiseSecret *secret,
           const MortiseSecret *auth,
           gboolean dictionary_attack_protected,
           GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  MortiseTpmBlob *blob = NULL;

  if (begin (self, MORTISE_FAKE_TPM_SEAL, error) && check_attached (self, error))
    {
      TPM2B_PUBLIC public = { 0 };
      TPMT_PUBLIC *area = &public.publicArea;

      area->type = TPM2_ALG_KEYEDHASH;
      area->nameAlg = TPM2_ALG_SHA256;
      area->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                               TPMA_OBJECT_USERWITHAUTH |
                               (dictionary_attack_protected ? 0 : TPMA_OBJECT_NODA);
      area->parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
      area->unique.keyedHash.size = 32;
      fill_random (self, area->unique.keyedHash.buffer, 32);
      blob = wrap (self, self->seed, &public, auth, mortise_secret_peek (secret),
                   mortise_secret_get_size (secret));
    }
  g_mutex_unlock (&self->mutex);
  return blob;
}

static MortiseSecret *
unseal_checked (MortiseFakeTpm *self,
                const TPM2B_PUBLIC *public,
                GBytes *wanted,
                const MortiseSecret *auth,
                GBytes *payload,
                GError **error)
{
  gboolean protected = (public->publicArea.objectAttributes & TPMA_OBJECT_NODA) == 0;

  if (protected && self->failed_tries >= self->max_tries)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_LOCKOUT,
                           "The fake TPM is in lockout");
      return NULL;
    }
  if (!auth_matches (wanted, auth))
    {
      if (protected)
        self->failed_tries++;
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_AUTH,
                           "Wrong authValue of a fake sealed object");
      return NULL;
    }
  return mortise_secret_new_from_data (g_bytes_get_data (payload, NULL),
                                       g_bytes_get_size (payload));
}

static MortiseSecret *
fake_unseal (MortiseTpm *tpm, const MortiseTpmBlob *blob, const MortiseSecret *auth, GError **error)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);
  TPM2B_PUBLIC public;
  g_autoptr (GBytes) wanted = NULL;
  g_autoptr (GBytes) payload = NULL;
  MortiseSecret *secret = NULL;

  if (begin (self, MORTISE_FAKE_TPM_UNSEAL, error) && check_attached (self, error) &&
      unwrap (self->seed, blob, &public, &wanted, &payload, error))
    secret = unseal_checked (self, &public, wanted, auth, payload, error);
  g_mutex_unlock (&self->mutex);
  return secret;
}

static void
fake_flush (MortiseTpm *tpm, guint32 handle)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (tpm);

  begin (self, MORTISE_FAKE_TPM_FLUSH, NULL);
  g_hash_table_remove (self->keys, GUINT_TO_POINTER (handle));
  g_mutex_unlock (&self->mutex);
}

static void
mortise_fake_tpm_finalize (GObject *object)
{
  MortiseFakeTpm *self = MORTISE_FAKE_TPM (object);

  forget_parent (self);
  g_hash_table_unref (self->keys);
  g_bytes_unref (self->seed);
  g_mutex_clear (&self->mutex);
  G_OBJECT_CLASS (mortise_fake_tpm_parent_class)->finalize (object);
}

static void
mortise_fake_tpm_class_init (MortiseFakeTpmClass *klass)
{
  MortiseTpmClass *tpm_class = MORTISE_TPM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = mortise_fake_tpm_finalize;
  tpm_class->get_info = fake_get_info;
  tpm_class->get_lockout = fake_get_lockout;
  tpm_class->attach = fake_attach;
  tpm_class->create_parent = fake_create_parent;
  tpm_class->load_parent = fake_load_parent;
  tpm_class->unload_parent = fake_unload_parent;
  tpm_class->create_key = fake_create_key;
  tpm_class->load_key = fake_load_key;
  tpm_class->read_key = fake_read_key;
  tpm_class->sign = fake_sign;
  tpm_class->seal = fake_seal;
  tpm_class->unseal = fake_unseal;
  tpm_class->flush = fake_flush;
}

static void
mortise_fake_tpm_init (MortiseFakeTpm *self)
{
  g_mutex_init (&self->mutex);
  self->keys = g_hash_table_new_full (NULL, NULL, NULL, loaded_key_free);
  self->next_handle = 0x80000001;
  self->max_tries = 32;
  g_strlcpy (self->info.manufacturer, "FAKE", sizeof self->info.manufacturer);
  g_strlcpy (self->info.vendor, "in memory", sizeof self->info.vendor);
  self->info.revision = 138;
  self->info.software = TRUE;
  self->info.es384 = TRUE;
  self->info.rs256 = TRUE;
}

/* --- Public ------------------------------------------------------------------------------------
 */

MortiseTpm *
mortise_fake_tpm_new (const char *seed)
{
  MortiseFakeTpm *self = g_object_new (MORTISE_TYPE_FAKE_TPM, NULL);

  self->seed = g_bytes_new (seed, strlen (seed));
  return MORTISE_TPM (self);
}

MortiseTpm *
mortise_fake_tpm_new_deterministic (const char *seed)
{
  MortiseTpm *tpm = mortise_fake_tpm_new (seed);

  MORTISE_FAKE_TPM (tpm)->deterministic = TRUE;
  return tpm;
}

void
mortise_fake_tpm_fail (MortiseFakeTpm *self,
                       MortiseFakeTpmOperation operation,
                       guint skip,
                       guint times,
                       MortiseError code)
{
  g_mutex_lock (&self->mutex);
  self->failures[operation] = (Failure){ skip, times, code };
  g_mutex_unlock (&self->mutex);
}

void
mortise_fake_tpm_set_hook (MortiseFakeTpm *self, MortiseFakeTpmHook hook, gpointer user_data)
{
  g_mutex_lock (&self->mutex);
  self->hook = hook;
  self->hook_data = user_data;
  g_mutex_unlock (&self->mutex);
}

guint
mortise_fake_tpm_count_calls (MortiseFakeTpm *self, MortiseFakeTpmOperation operation)
{
  guint calls;

  g_mutex_lock (&self->mutex);
  calls = self->calls[operation];
  g_mutex_unlock (&self->mutex);
  return calls;
}

void
mortise_fake_tpm_reset_calls (MortiseFakeTpm *self)
{
  g_mutex_lock (&self->mutex);
  memset (self->calls, 0, sizeof self->calls);
  g_mutex_unlock (&self->mutex);
}

guint
mortise_fake_tpm_count_loaded (MortiseFakeTpm *self)
{
  guint loaded;

  g_mutex_lock (&self->mutex);
  loaded = g_hash_table_size (self->keys);
  g_mutex_unlock (&self->mutex);
  return loaded;
}

gboolean
mortise_fake_tpm_has_parent (MortiseFakeTpm *self)
{
  gboolean loaded;

  g_mutex_lock (&self->mutex);
  loaded = self->parent_secret != NULL;
  g_mutex_unlock (&self->mutex);
  return loaded;
}

void
mortise_fake_tpm_set_slots (MortiseFakeTpm *self, guint slots)
{
  g_mutex_lock (&self->mutex);
  self->slots = slots;
  g_mutex_unlock (&self->mutex);
}

void
mortise_fake_tpm_set_max_tries (MortiseFakeTpm *self, guint max_tries)
{
  g_mutex_lock (&self->mutex);
  self->max_tries = max_tries;
  g_mutex_unlock (&self->mutex);
}

void
mortise_fake_tpm_heal_lockout (MortiseFakeTpm *self)
{
  g_mutex_lock (&self->mutex);
  self->failed_tries = 0;
  g_mutex_unlock (&self->mutex);
}

MortiseTpmInfo *
mortise_fake_tpm_edit_info (MortiseFakeTpm *self)
{
  return &self->info;
}
