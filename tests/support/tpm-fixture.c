/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/tpm-fixture.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

/* A TCTI string in the place of swtpm: the virtual machine runs some tests on /dev/tpmrm0. */
#define OTHER_TPM "MORTISE_TEST_TCTI"

void
mortise_tpm_fixture_open (MortiseTpmFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) name = NULL;

  fixture->tpm = mortise_esys_tpm_open (
      fixture->swtpm != NULL ? mortise_swtpm_get_tcti (fixture->swtpm) : g_getenv (OTHER_TPM),
      &error);
  g_assert_no_error (error);
  fixture->esys = MORTISE_ESYS_TPM (fixture->tpm);
  mortise_tpm_attach (fixture->tpm, fixture->srk_name, &name, &error);
  g_assert_no_error (error);
  if (fixture->srk_name == NULL)
    fixture->srk_name = g_bytes_ref (name);
}

void
mortise_tpm_fixture_load_parent (MortiseTpmFixture *fixture)
{
  g_autoptr (GError) error = NULL;

  mortise_tpm_unload_parent (fixture->tpm);
  mortise_tpm_load_parent (fixture->tpm, fixture->parent, fixture->auth, &error);
  g_assert_no_error (error);
}

void
mortise_tpm_fixture_set_up_bare (MortiseTpmFixture *fixture, gconstpointer data)
{
  fixture->swtpm = mortise_swtpm_new ();
}

void
mortise_tpm_fixture_set_up (MortiseTpmFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (g_getenv (OTHER_TPM) == NULL)
    fixture->swtpm = mortise_swtpm_new ();
  mortise_tpm_fixture_open (fixture);
  fixture->auth = mortise_secret_new_random (32);
  fixture->parent = mortise_tpm_create_parent (fixture->tpm, fixture->auth, &error);
  g_assert_no_error (error);
  mortise_tpm_fixture_load_parent (fixture);
}

void
mortise_tpm_fixture_close (MortiseTpmFixture *fixture)
{
  g_assert_finalize_object (fixture->tpm);
  fixture->tpm = NULL;
  fixture->esys = NULL;
}

void
mortise_tpm_fixture_tear_down (MortiseTpmFixture *fixture, gconstpointer data)
{
  if (fixture->tpm != NULL)
    mortise_tpm_fixture_close (fixture);
  g_clear_pointer (&fixture->parent, mortise_tpm_blob_free);
  g_clear_pointer (&fixture->auth, mortise_secret_free);
  g_clear_pointer (&fixture->srk_name, g_bytes_unref);
  g_clear_pointer (&fixture->swtpm, mortise_swtpm_free);
}

void
mortise_tpm_fixture_make_persistent (MortiseTpmFixture *fixture, const TPM2B_PUBLIC *template)
{
  const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  const TPM2B_DATA outside_info = { 0 };
  const TPML_PCR_SELECTION pcrs = { 0 };
  ESYS_CONTEXT *esys = fixture->esys->esys;
  ESYS_TR transient = ESYS_TR_NONE;
  ESYS_TR persistent = ESYS_TR_NONE;

  g_assert_cmphex (Esys_CreatePrimary (esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &sensitive, template, &outside_info, &pcrs,
                                       &transient, NULL, NULL, NULL, NULL),
                   ==, TSS2_RC_SUCCESS);
  g_assert_cmphex (Esys_EvictControl (esys, ESYS_TR_RH_OWNER, transient, ESYS_TR_PASSWORD,
                                      ESYS_TR_NONE, ESYS_TR_NONE, MORTISE_SRK_HANDLE, &persistent),
                   ==, TSS2_RC_SUCCESS);
  g_assert_cmphex (Esys_FlushContext (esys, transient), ==, TSS2_RC_SUCCESS);
  g_assert_cmphex (Esys_TR_Close (esys, &persistent), ==, TSS2_RC_SUCCESS);
}

/* Written down here again, so that a slip in the product's own copy is seen. */
TPM2B_PUBLIC
mortise_test_srk_template (UINT16 unique_size)
{
  return (TPM2B_PUBLIC) {
    .publicArea = {
      .type = TPM2_ALG_ECC,
      .nameAlg = TPM2_ALG_SHA256,
      .objectAttributes = 0x00030472,
      .parameters.eccDetail = {
        .symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
        .scheme.scheme = TPM2_ALG_NULL,
        .curveID = TPM2_ECC_NIST_P256,
        .kdf.scheme = TPM2_ALG_NULL,
      },
      .unique.ecc = { .x.size = unique_size, .y.size = unique_size },
    },
  };
}

MortiseTpmKey *
mortise_tpm_fixture_create_key (MortiseTpmFixture *fixture, MortiseTpmBlob **ret_blob)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmKey *key = mortise_tpm_create_key (fixture->tpm, MORTISE_ALG_ES256,
                                               MORTISE_KEY_DEVICE_ONLY, ret_blob, &error);

  g_assert_no_error (error);
  return key;
}

guint
mortise_tpm_fixture_count_handles (MortiseTpmFixture *fixture, TPM2_HANDLE first)
{
  TPMS_CAPABILITY_DATA *data = NULL;
  TPMI_YES_NO more;
  guint count;

  g_assert_cmphex (Esys_GetCapability (fixture->esys->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, TPM2_CAP_HANDLES, first, TPM2_MAX_CAP_HANDLES,
                                       &more, &data),
                   ==, TSS2_RC_SUCCESS);
  count = data->data.handles.count;
  Esys_Free (data);
  return count;
}

GBytes *
mortise_test_digest (gsize size)
{
  guint8 digest[64];

  g_assert_cmpuint (size, <=, sizeof digest);
  for (gsize i = 0; i < size; i++)
    digest[i] = (guint8) (i * 7 + 1);
  return g_bytes_new (digest, size);
}

static EVP_PKEY *
pkey_from_params (const char *type, OSSL_PARAM_BLD *builder)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY *pkey = NULL;

  g_assert_cmpint (EVP_PKEY_fromdata_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_fromdata (context, &pkey, EVP_PKEY_PUBLIC_KEY, params), ==, 1);
  OSSL_PARAM_free (params);
  OSSL_PARAM_BLD_free (builder);
  EVP_PKEY_CTX_free (context);
  return pkey;
}

static EVP_PKEY *
ec_key (const MortiseTpmKeyInfo *info)
{
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  const gsize width = g_bytes_get_size (info->x);
  guint8 point[1 + 2 * 48] = { POINT_CONVERSION_UNCOMPRESSED };

  g_assert_cmpuint (g_bytes_get_size (info->y), ==, width);
  memcpy (point + 1, g_bytes_get_data (info->x, NULL), width);
  memcpy (point + 1 + width, g_bytes_get_data (info->y, NULL), width);
  OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME,
                                   width == 32 ? "P-256" : "P-384", 0);
  OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width);
  return pkey_from_params ("EC", builder);
}

static EVP_PKEY *
rsa_key (const MortiseTpmKeyInfo *info)
{
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  BIGNUM *n = BN_bin2bn (g_bytes_get_data (info->modulus, NULL),
                         (int) g_bytes_get_size (info->modulus), NULL);
  BIGNUM *e = BN_new ();
  EVP_PKEY *pkey;

  BN_set_word (e, 65537);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e);
  pkey = pkey_from_params ("RSA", builder);
  BN_free (n);
  BN_free (e);
  return pkey;
}

void
mortise_test_verify (const MortiseTpmKeyInfo *info, GBytes *digest, GBytes *signature)
{
  EVP_PKEY *pkey = info->modulus != NULL ? rsa_key (info) : ec_key (info);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (pkey, NULL);

  g_assert_cmpint (EVP_PKEY_verify_init (context), ==, 1);
  if (info->modulus != NULL)
    {
      g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING), ==, 1);
      g_assert_cmpint (EVP_PKEY_CTX_set_signature_md (context, EVP_sha256 ()), ==, 1);
    }
  g_assert_cmpint (EVP_PKEY_verify (context, g_bytes_get_data (signature, NULL),
                                    g_bytes_get_size (signature), g_bytes_get_data (digest, NULL),
                                    g_bytes_get_size (digest)),
                   ==, 1);
  EVP_PKEY_CTX_free (context);
  EVP_PKEY_free (pkey);
}

void
mortise_test_check_sign (MortiseTpm *tpm, MortiseTpmKey *key, const MortiseTpmBlob *blob)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (GBytes) signature = mortise_tpm_sign (tpm, key, digest, &error);
  g_autoptr (MortiseTpmKeyInfo) info = mortise_tpm_blob_read_info (blob, NULL);

  g_assert_no_error (error);
  mortise_test_verify (info, digest, signature);
}
