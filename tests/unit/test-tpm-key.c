/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/tpm-fixture.h"

#define COMMON                                                                                     \
  (TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |         \
   TPMA_OBJECT_NODA)

static MortiseTpmKey *
create (MortiseTpmFixture *f,
        MortiseAlgorithm alg,
        MortiseKeyClass klass,
        MortiseTpmBlob **ret_blob)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmKey *key = mortise_tpm_create_key (f->tpm, alg, klass, ret_blob, &error);

  g_assert_no_error (error);
  g_assert_nonnull (key);
  return key;
}

static MortiseTpmKeyInfo *
read_key (MortiseTpmFixture *f, MortiseTpmKey *key)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmKeyInfo *info = mortise_tpm_read_key (f->tpm, key, &error);

  g_assert_no_error (error);
  return info;
}

static ESYS_TR
tr_of (MortiseTpmFixture *f, MortiseTpmKey *key)
{
  const MortiseEsysObject *object =
      g_hash_table_lookup (f->esys->keys, GUINT_TO_POINTER (mortise_tpm_key_get_handle (key)));

  return object->tr;
}

static void
test_device_only (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob);
  g_autoptr (MortiseTpmKeyInfo) info = read_key (f, key);

  g_assert_cmphex (info->attributes, ==, COMMON | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT);
  g_assert_true (mortise_tpm_key_info_is_device_only (info));
  g_assert_cmpuint (g_bytes_get_size (info->policy), ==, 0);
  g_assert_cmpuint (g_bytes_get_size (info->name), ==, 34);
}

static void
test_exportable (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = create (f, MORTISE_ALG_ES256, MORTISE_KEY_EXPORTABLE, &blob);
  g_autoptr (MortiseTpmKeyInfo) info = read_key (f, key);
  TPM2B_DIGEST policy = { 0 };

  mortise_tpm_export_policy (&policy);
  g_assert_cmphex (info->attributes, ==, COMMON);
  g_assert_false (mortise_tpm_key_info_is_device_only (info));
  g_assert_cmpmem (g_bytes_get_data (info->policy, NULL), g_bytes_get_size (info->policy),
                   policy.buffer, policy.size);
}

static ESYS_TR
start_policy (MortiseTpmFixture *f, TPM2_SE type)
{
  const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
  ESYS_TR session = ESYS_TR_NONE;

  g_assert_cmphex (Esys_StartAuthSession (f->esys->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                          ESYS_TR_NONE, ESYS_TR_NONE, NULL, type, &none,
                                          TPM2_ALG_SHA256, &session),
                   ==, TSS2_RC_SUCCESS);
  g_assert_cmphex (Esys_PolicyCommandCode (f->esys->esys, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                           ESYS_TR_NONE, TPM2_CC_Duplicate),
                   ==, TSS2_RC_SUCCESS);
  return session;
}

/* The policy computed by hand is the one the TPM computes. */
static void
test_policy (MortiseTpmFixture *f, gconstpointer data)
{
  ESYS_TR session = start_policy (f, TPM2_SE_TRIAL);
  TPM2B_DIGEST *digest = NULL;
  TPM2B_DIGEST ours = { 0 };

  g_assert_cmphex (Esys_PolicyGetDigest (f->esys->esys, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                         ESYS_TR_NONE, &digest),
                   ==, TSS2_RC_SUCCESS);
  mortise_tpm_export_policy (&ours);
  g_assert_cmpmem (ours.buffer, ours.size, digest->buffer, digest->size);
  Esys_Free (digest);
  Esys_FlushContext (f->esys->esys, session);
}

static TSS2_RC
duplicate (MortiseTpmFixture *f, MortiseTpmKey *key, ESYS_TR session)
{
  const TPMT_SYM_DEF_OBJECT none = { .algorithm = TPM2_ALG_NULL };
  const TPM2B_DATA no_key = { 0 };
  TPM2B_DATA *out_key = NULL;
  TPM2B_PRIVATE *copy = NULL;
  TPM2B_ENCRYPTED_SECRET *seed = NULL;
  TSS2_RC rc;

  rc = Esys_Duplicate (f->esys->esys, tr_of (f, key), ESYS_TR_RH_NULL, session, ESYS_TR_NONE,
                       ESYS_TR_NONE, &no_key, &none, &out_key, &copy, &seed);
  Esys_Free (out_key);
  Esys_Free (copy);
  Esys_Free (seed);
  return rc;
}

static void
test_duplication (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmBlob) fixed_blob = NULL;
  MortiseTpmKey *key = create (f, MORTISE_ALG_ES256, MORTISE_KEY_EXPORTABLE, &blob);
  MortiseTpmKey *fixed;
  ESYS_TR session = start_policy (f, TPM2_SE_POLICY);

  g_assert_cmphex (duplicate (f, key, session), ==, TSS2_RC_SUCCESS);
  /* A password is not enough for the DUP role. */
  g_assert_cmphex (duplicate (f, key, ESYS_TR_PASSWORD), !=, TSS2_RC_SUCCESS);
  mortise_tpm_key_free (key);

  fixed = create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &fixed_blob);
  g_assert_cmphex (mortise_tpm_rc_base (duplicate (f, fixed, ESYS_TR_PASSWORD)), !=,
                   TSS2_RC_SUCCESS);
  session = start_policy (f, TPM2_SE_POLICY);
  g_assert_cmphex (mortise_tpm_rc_base (duplicate (f, fixed, session)), !=, TSS2_RC_SUCCESS);
  Esys_FlushContext (f->esys->esys, session);
  mortise_tpm_key_free (fixed);
}

static void
check_algorithm (MortiseTpmFixture *f, MortiseAlgorithm algorithm, gsize digest_size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (digest_size);
  g_autoptr (MortiseTpmKeyInfo) from_blob = NULL;
  g_autoptr (MortiseTpmKeyInfo) info = NULL;
  MortiseTpmKey *key = create (f, algorithm, MORTISE_KEY_DEVICE_ONLY, &blob);

  from_blob = mortise_tpm_blob_read_info (blob, &error);
  g_assert_no_error (error);
  info = read_key (f, key);
  g_assert_cmpint (info->algorithm, ==, algorithm);
  g_assert_cmpint (from_blob->algorithm, ==, algorithm);
  g_assert_true (g_bytes_equal (info->name, from_blob->name));

  /* As created, and again as loaded from the blob. */
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) signature = mortise_tpm_sign (f->tpm, key, digest, &error);

      g_assert_no_error (error);
      mortise_test_verify (from_blob, digest, signature);
      mortise_tpm_key_free (key);
      key = mortise_tpm_load_key (f->tpm, blob, &error);
      g_assert_no_error (error);
    }
  mortise_tpm_key_free (key);
}

static void
test_es256 (MortiseTpmFixture *f, gconstpointer data)
{
  check_algorithm (f, MORTISE_ALG_ES256, 32);
}

static void
test_es384 (MortiseTpmFixture *f, gconstpointer data)
{
  g_assert_true (mortise_tpm_get_info (f->tpm)->es384);
  check_algorithm (f, MORTISE_ALG_ES384, 48);
}

static void
test_rs256 (MortiseTpmFixture *f, gconstpointer data)
{
  g_assert_true (mortise_tpm_get_info (f->tpm)->rs256);
  check_algorithm (f, MORTISE_ALG_RS256, 32);
}

/* DER drops leading zeros and adds one before a high bit: many signatures, so that all come up. */
static void
test_many_signatures (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob);
  g_autoptr (MortiseTpmKeyInfo) info = read_key (f, key);
  g_autoptr (GBytes) digest = mortise_test_digest (32);

  for (int i = 0; i < 600; i++)
    {
      g_autoptr (GBytes) signature = mortise_tpm_sign (f->tpm, key, digest, &error);

      g_assert_no_error (error);
      mortise_test_verify (info, digest, signature);
    }
}

/* TPMs before revision 1.38 have no TPM2_CreateLoaded. */
static void
test_without_create_loaded (MortiseTpmFixture *f, gconstpointer data)
{
  const guint64 before = mortise_esys_tpm_count_commands (f->esys, TPM2_CC_CreateLoaded);

  g_assert_true (f->esys->has_create_loaded);
  f->esys->has_create_loaded = FALSE;
  check_algorithm (f, MORTISE_ALG_ES256, 32);
  test_device_only (f, data);
  test_exportable (f, data);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, TPM2_CC_CreateLoaded), ==, before);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, TPM2_CC_Create), >=, 3);
}

static void
test_unsupported (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmBlob *blob = NULL;
  const guint64 before = mortise_esys_tpm_count_commands (f->esys, 0);

  f->esys->info.es384 = FALSE;
  g_assert_null (
      mortise_tpm_create_key (f->tpm, MORTISE_ALG_ES384, MORTISE_KEY_DEVICE_ONLY, &blob, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_UNSUITABLE);
  g_clear_error (&error);
  g_assert_null (mortise_tpm_create_key (f->tpm, (MortiseAlgorithm) -8, MORTISE_KEY_DEVICE_ONLY,
                                         &blob, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_UNSUITABLE);
  g_assert_null (blob);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before);
}

static void
test_without_parent (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  MortiseTpmBlob *none = NULL;

  mortise_tpm_key_free (create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob));
  mortise_tpm_unload_parent (f->tpm);
  mortise_tpm_unload_parent (f->tpm);
  g_assert_null (mortise_tpm_load_key (f->tpm, blob, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_LOCKED);
  g_clear_error (&error);
  g_assert_null (
      mortise_tpm_create_key (f->tpm, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &none, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_LOCKED);
  g_assert_null (none);
}

static void
test_wrong_parent_auth (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseSecret) wrong = mortise_secret_copy (f->auth);
  MortiseTpmLockout before;
  MortiseTpmLockout after;

  mortise_tpm_key_free (create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob));
  mortise_secret_get_bytes (wrong)[31] ^= 1;
  g_assert_true (mortise_tpm_get_lockout (f->tpm, &before, &error));
  g_assert_true (mortise_tpm_load_parent (f->tpm, f->parent, wrong, &error));
  for (int i = 0; i < 5; i++)
    {
      const guint64 loads = mortise_esys_tpm_count_commands (f->esys, TPM2_CC_Load);

      g_assert_null (mortise_tpm_load_key (f->tpm, blob, &error));
      g_assert_mortise_error (error, MORTISE_ERROR_TPM_AUTH);
      g_clear_error (&error);
      /* Asked once. */
      g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, TPM2_CC_Load), ==, loads + 1);
    }
  g_assert_true (mortise_tpm_get_lockout (f->tpm, &after, &error));
  g_assert_cmpuint (after.failed_tries, ==, before.failed_tries);
  mortise_tpm_fixture_load_parent (f);
  mortise_tpm_key_free (mortise_tpm_load_key (f->tpm, blob, &error));
  g_assert_no_error (error);
}

/* Lock and unlock while a request holds a key; and a PIN typed while unlocked. */
static void
test_parent_again (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob);
  guint64 before;

  before = mortise_esys_tpm_count_commands (f->esys, 0);
  g_assert_true (mortise_tpm_load_parent (f->tpm, f->parent, f->auth, &error));
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before);
  mortise_test_check_sign (f->tpm, key, blob);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before + 1);

  mortise_tpm_unload_parent (f->tpm);
  g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_LOCKED);
  g_clear_error (&error);
  g_assert_null (mortise_tpm_read_key (f->tpm, key, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_LOCKED);
  mortise_tpm_fixture_load_parent (f);
  mortise_test_check_sign (f->tpm, key, blob);
}

/* The TPM drops trailing zeros of an authValue; 1 of 256 random K_sign ends with one. */
static void
test_auth_ending_in_zeros (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) parent = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;

  for (int i = 28; i < 32; i++)
    mortise_secret_get_bytes (f->auth)[i] = 0;
  parent = mortise_tpm_create_parent (f->tpm, f->auth, &error);
  g_assert_no_error (error);
  g_assert_true (mortise_tpm_load_parent (f->tpm, parent, f->auth, &error));
  mortise_tpm_key_free (create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob));
}

static void
test_parent_attributes (MortiseTpmFixture *f, gconstpointer data)
{
  TPM2B_PUBLIC public_area;
  TPM2B_PRIVATE private_area;

  g_assert_true (mortise_tpm_blob_unpack (f->parent, &public_area, &private_area));
  g_assert_cmphex (public_area.publicArea.objectAttributes, ==,
                   TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                       TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                       TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT);
  g_assert_cmpuint (public_area.publicArea.authPolicy.size, ==, 0);
}

/* A key of another vault's parent, and a key whose private half was touched. */
static void
test_foreign_blob (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmBlob) damaged = NULL;
  g_autoptr (MortiseTpmBlob) other_parent = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GBytes) changed = NULL;

  mortise_tpm_key_free (create (f, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob));
  g_byte_array_append (bytes, g_bytes_get_data (blob->private_area, NULL),
                       (guint) g_bytes_get_size (blob->private_area));
  bytes->data[bytes->len - 1] ^= 1;
  changed = g_bytes_new (bytes->data, bytes->len);
  damaged = mortise_tpm_blob_new (blob->public_area, changed);
  g_assert_null (mortise_tpm_load_key (f->tpm, damaged, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_DAMAGED);
  g_clear_error (&error);

  other_parent = mortise_tpm_create_parent (f->tpm, f->auth, &error);
  g_assert_no_error (error);
  g_assert_true (mortise_tpm_load_parent (f->tpm, other_parent, f->auth, &error));
  g_assert_null (mortise_tpm_load_key (f->tpm, blob, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_DAMAGED);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-key/device-only", test_device_only);
  ADD ("/tpm-key/exportable", test_exportable);
  ADD ("/tpm-key/policy", test_policy);
  ADD ("/tpm-key/duplication", test_duplication);
  ADD ("/tpm-key/es256", test_es256);
  ADD ("/tpm-key/es384", test_es384);
  ADD ("/tpm-key/rs256", test_rs256);
  ADD ("/tpm-key/many-signatures", test_many_signatures);
  ADD ("/tpm-key/without-create-loaded", test_without_create_loaded);
  ADD ("/tpm-key/unsupported", test_unsupported);
  ADD ("/tpm-key/without-parent", test_without_parent);
  ADD ("/tpm-key/wrong-parent-auth", test_wrong_parent_auth);
  ADD ("/tpm-key/parent-again", test_parent_again);
  ADD ("/tpm-key/auth-ending-in-zeros", test_auth_ending_in_zeros);
  ADD ("/tpm-key/parent-attributes", test_parent_attributes);
  ADD ("/tpm-key/foreign-blob", test_foreign_blob);
  return g_test_run ();
}
