/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

#include <openssl/ecdsa.h>
#include <openssl/sha.h>
#include <tss2/tss2_mu.h>

/* noDA: an empty authValue is not a secret to be guessed, and must never feed the counter that
 * guards the machine's disk. */
#define KEY_ATTRIBUTES                                                                             \
  (TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |         \
   TPMA_OBJECT_NODA)

void
mortise_tpm_export_policy (TPM2B_DIGEST *ret_policy)
{
  guint8 update[SHA256_DIGEST_LENGTH + 2 * sizeof (TPM2_CC)] = { 0 };
  gsize offset = SHA256_DIGEST_LENGTH;

  /* TPM 2.0 Library, Part 3, "TPM2_PolicyCommandCode": H (old ‖ TPM_CC_PolicyCommandCode ‖ code),
   * starting from zeros. */
  (void) Tss2_MU_TPM2_CC_Marshal (TPM2_CC_PolicyCommandCode, update, sizeof update, &offset);
  (void) Tss2_MU_TPM2_CC_Marshal (TPM2_CC_Duplicate, update, sizeof update, &offset);
  SHA256 (update, sizeof update, ret_policy->buffer);
  ret_policy->size = SHA256_DIGEST_LENGTH;
}

static void
fill_ecc (TPMT_PUBLIC *template, TPM2_ECC_CURVE curve, TPM2_ALG_ID hash)
{
  template->type = TPM2_ALG_ECC;
  template->parameters.eccDetail = (TPMS_ECC_PARMS){
    .symmetric.algorithm = TPM2_ALG_NULL,
    .scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = hash },
    .curveID = curve,
    .kdf.scheme = TPM2_ALG_NULL,
  };
}

static gboolean
fill_template (const MortiseTpmInfo *info,
               MortiseAlgorithm algorithm,
               MortiseKeyClass key_class,
               TPMT_PUBLIC *ret_template)
{
  *ret_template = (TPMT_PUBLIC){
    .nameAlg = TPM2_ALG_SHA256,
    .objectAttributes = KEY_ATTRIBUTES,
  };
  if (key_class == MORTISE_KEY_DEVICE_ONLY)
    ret_template->objectAttributes |= TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT;
  else
    mortise_tpm_export_policy (&ret_template->authPolicy);
  switch (algorithm)
    {
    case MORTISE_ALG_ES256:
      fill_ecc (ret_template, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256);
      return TRUE;
    case MORTISE_ALG_ES384:
      fill_ecc (ret_template, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384);
      return info->es384;
    case MORTISE_ALG_RS256:
      ret_template->type = TPM2_ALG_RSA;
      ret_template->parameters.rsaDetail = (TPMS_RSA_PARMS){
        .symmetric.algorithm = TPM2_ALG_NULL,
        .scheme = { .scheme = TPM2_ALG_RSASSA, .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
        .keyBits = 2048,
      };
      return info->rs256;
    default:
      return FALSE;
    }
}

void
mortise_esys_key_free (gpointer data)
{
  MortiseEsysObject *object = data;

  g_clear_pointer (&object->saved, Esys_Free);
  g_clear_pointer (&object->blob, mortise_tpm_blob_free);
  g_free (object);
}

/* --- Under the vault parent ---------------------------------------------------------------------
 */

/* Brings in the parent and makes room for one child; the parent's authValue is left with ESAPI. */
static TSS2_RC
begin_under_parent (MortiseEsysTpm *self)
{
  TSS2_RC rc;

  if (self->vault_parent.blob == NULL)
    return MORTISE_TPM_RC_NO_PARENT;
  rc = mortise_esys_need_session (self);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_need_parent (self);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_make_room (self);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_set_session (self, self->session, 0);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_set_auth (self, self->vault_parent.tr, self->vault_parent_auth);
  return rc;
}

static void
end_under_parent (MortiseEsysTpm *self)
{
  (void) mortise_esys_set_auth (self, self->vault_parent.tr, NULL);
}

static TSS2_RC
load_under_parent (MortiseEsysTpm *self, const MortiseTpmBlob *blob, ESYS_TR *ret_tr)
{
  TPM2B_PUBLIC public_area;
  TPM2B_PRIVATE private_area;
  TSS2_RC rc;

  if (!mortise_tpm_blob_unpack (blob, &public_area, &private_area))
    return MORTISE_TPM_RC_BAD_BLOB;
  rc = begin_under_parent (self);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  rc = Esys_Load (self->esys, self->vault_parent.tr, self->session, ESYS_TR_NONE, ESYS_TR_NONE,
                  &private_area, &public_area, ret_tr);
  end_under_parent (self);
  if (rc == TSS2_RC_SUCCESS)
    return rc;
  *ret_tr = ESYS_TR_NONE;
  /* The parent itself loaded, so that it is the TPM the vault was made with. */
  return rc == (TPM2_RC_INTEGRITY | TPM2_RC_P | TPM2_RC_1) ? MORTISE_TPM_RC_BAD_BLOB : rc;
}

static TSS2_RC
need_key (MortiseEsysTpm *self, MortiseEsysObject *object)
{
  mortise_esys_object_touch (self, object);
  if (object->tr != ESYS_TR_NONE || mortise_esys_object_restore (self, object))
    return TSS2_RC_SUCCESS;
  return load_under_parent (self, object->blob, &object->tr);
}

/* --- Creating -----------------------------------------------------------------------------------
 */

typedef struct
{
  const TPMT_PUBLIC *template;
  MortiseEsysObject *object;
} KeyData;

static TSS2_RC
create_loaded (MortiseEsysTpm *self, const TPMT_PUBLIC *template, MortiseEsysObject *object)
{
  const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  TPM2B_TEMPLATE marshalled = { 0 };
  TPM2B_PRIVATE *private_area = NULL;
  TPM2B_PUBLIC *public_area = NULL;
  gsize size = 0;
  TSS2_RC rc;

  rc = Tss2_MU_TPMT_PUBLIC_Marshal (template, marshalled.buffer, sizeof marshalled.buffer, &size);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  marshalled.size = (UINT16) size;
  rc = begin_under_parent (self);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  rc = Esys_CreateLoaded (self->esys, self->vault_parent.tr, self->session, ESYS_TR_NONE,
                          ESYS_TR_NONE, &sensitive, &marshalled, &object->tr, &private_area,
                          &public_area);
  end_under_parent (self);
  if (rc == TSS2_RC_SUCCESS)
    object->blob = mortise_tpm_blob_pack (public_area, private_area);
  else
    object->tr = ESYS_TR_NONE;
  Esys_Free (private_area);
  Esys_Free (public_area);
  return rc;
}

/* For TPMs older than revision 1.38. */
static TSS2_RC
create_then_load (MortiseEsysTpm *self, const TPMT_PUBLIC *template, MortiseEsysObject *object)
{
  const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  const TPM2B_PUBLIC public_template = { .publicArea = *template };
  const TPM2B_DATA outside_info = { 0 };
  const TPML_PCR_SELECTION pcrs = { 0 };
  TPM2B_PRIVATE *private_area = NULL;
  TPM2B_PUBLIC *public_area = NULL;
  TSS2_RC rc;

  rc = begin_under_parent (self);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  rc = Esys_Create (self->esys, self->vault_parent.tr, self->session, ESYS_TR_NONE, ESYS_TR_NONE,
                    &sensitive, &public_template, &outside_info, &pcrs, &private_area, &public_area,
                    NULL, NULL, NULL);
  end_under_parent (self);
  if (rc == TSS2_RC_SUCCESS)
    object->blob = mortise_tpm_blob_pack (public_area, private_area);
  Esys_Free (private_area);
  Esys_Free (public_area);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  return load_under_parent (self, object->blob, &object->tr);
}

static TSS2_RC
create_step (MortiseEsysTpm *self, gpointer data)
{
  KeyData *create = data;

  mortise_esys_object_touch (self, create->object);
  /* Made already by an attempt that could not load it. */
  if (create->object->blob != NULL)
    return load_under_parent (self, create->object->blob, &create->object->tr);
  return self->has_create_loaded ? create_loaded (self, create->template, create->object)
                                 : create_then_load (self, create->template, create->object);
}

static TSS2_RC
load_step (MortiseEsysTpm *self, gpointer data)
{
  MortiseEsysObject *object = data;

  return need_key (self, object);
}

static MortiseTpmKey *
run_and_adopt (MortiseEsysTpm *self,
               MortiseEsysStep step,
               gpointer data,
               MortiseEsysObject *object,
               GError **error)
{
  if (!mortise_esys_run (self, step, data, error))
    {
      mortise_esys_key_free (object);
      return NULL;
    }
  g_hash_table_insert (self->keys, GUINT_TO_POINTER (++self->last_key), object);
  return mortise_tpm_key_new (MORTISE_TPM (self), self->last_key);
}

MortiseTpmKey *
mortise_esys_create_key (MortiseTpm *tpm,
                         MortiseAlgorithm algorithm,
                         MortiseKeyClass key_class,
                         MortiseTpmBlob **ret_blob,
                         GError **error)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  TPMT_PUBLIC template;
  KeyData data = { .template = &template };
  MortiseTpmKey *key;

  if (!fill_template (&self->info, algorithm, key_class, &template))
    {
      mortise_tpm_rc_set_error (MORTISE_TPM_RC_UNSUPPORTED, error);
      return NULL;
    }
  data.object = g_new (MortiseEsysObject, 1);
  mortise_esys_object_init (data.object);
  key = run_and_adopt (self, create_step, &data, data.object, error);
  if (key != NULL)
    *ret_blob =
        mortise_tpm_blob_new (data.object->blob->public_area, data.object->blob->private_area);
  return key;
}

MortiseTpmKey *
mortise_esys_load_key (MortiseTpm *tpm, const MortiseTpmBlob *blob, GError **error)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  MortiseEsysObject *object = g_new (MortiseEsysObject, 1);

  mortise_esys_object_init (object);
  object->blob = mortise_tpm_blob_new (blob->public_area, blob->private_area);
  return run_and_adopt (self, load_step, object, object, error);
}

void
mortise_esys_flush_key (MortiseTpm *tpm, guint32 handle)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  MortiseEsysObject *object = g_hash_table_lookup (self->keys, GUINT_TO_POINTER (handle));

  if (object == NULL)
    return;
  mortise_esys_object_forget (self, object);
  g_hash_table_remove (self->keys, GUINT_TO_POINTER (handle));
}

/* --- Using --------------------------------------------------------------------------------------
 */

typedef struct
{
  MortiseEsysObject *object;
  MortiseTpmKeyInfo *info;
} ReadData;

static TSS2_RC
read_step (MortiseEsysTpm *self, gpointer data)
{
  ReadData *read = data;
  TPM2B_PUBLIC *public_area = NULL;
  TPM2B_NAME *name = NULL;
  TSS2_RC rc;

  rc = mortise_esys_need_session (self);
  if (rc == TSS2_RC_SUCCESS)
    rc = need_key (self, read->object);
  /* The session authenticates the answer: what is shown as "device-only" came from the TPM and not
   * from something on the bus. A session that authorises nothing must encrypt or audit. */
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_set_session (self, self->session, TPMA_SESSION_ENCRYPT);
  if (rc == TSS2_RC_SUCCESS)
    rc = Esys_ReadPublic (self->esys, read->object->tr, self->session, ESYS_TR_NONE, ESYS_TR_NONE,
                          &public_area, &name, NULL);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  read->info = mortise_tpm_key_info_from_public (&public_area->publicArea);
  if (read->info == NULL || g_bytes_get_size (read->info->name) != name->size ||
      memcmp (g_bytes_get_data (read->info->name, NULL), name->name, name->size) != 0)
    {
      g_clear_pointer (&read->info, mortise_tpm_key_info_free);
      rc = MORTISE_TPM_RC_BAD_ANSWER;
    }
  Esys_Free (public_area);
  Esys_Free (name);
  return rc;
}

MortiseTpmKeyInfo *
mortise_esys_read_key (MortiseTpm *tpm, MortiseTpmKey *key, GError **error)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  ReadData data = {
    .object = g_hash_table_lookup (self->keys, GUINT_TO_POINTER (mortise_tpm_key_get_handle (key))),
  };

  (void) mortise_esys_run (self, read_step, &data, error);
  return data.info;
}

typedef struct
{
  MortiseEsysObject *object;
  TPM2B_DIGEST digest;
  TPMT_SIGNATURE *signature;
} SignData;

static TSS2_RC
sign_step (MortiseEsysTpm *self, gpointer data)
{
  SignData *sign = data;
  const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
  const TPMT_TK_HASHCHECK unrestricted = {
    .tag = TPM2_ST_HASHCHECK,
    .hierarchy = TPM2_RH_NULL,
  };
  TSS2_RC rc;

  rc = mortise_esys_need_session (self);
  if (rc == TSS2_RC_SUCCESS)
    rc = need_key (self, sign->object);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_set_session (self, self->session, 0);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  return Esys_Sign (self->esys, sign->object->tr, self->session, ESYS_TR_NONE, ESYS_TR_NONE,
                    &sign->digest, &scheme, &unrestricted, &sign->signature);
}

static GBytes *
ecdsa_to_der (const TPMS_SIGNATURE_ECDSA *signature)
{
  ECDSA_SIG *sig = ECDSA_SIG_new ();
  BIGNUM *r = BN_bin2bn (signature->signatureR.buffer, signature->signatureR.size, NULL);
  BIGNUM *s = BN_bin2bn (signature->signatureS.buffer, signature->signatureS.size, NULL);
  guint8 *der = NULL;
  int size;
  GBytes *bytes;

  if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0 (sig, r, s) != 1)
    g_error ("Out of memory");
  size = i2d_ECDSA_SIG (sig, &der);
  ECDSA_SIG_free (sig);
  if (size <= 0)
    g_error ("Out of memory");
  bytes = g_bytes_new (der, (gsize) size);
  OPENSSL_free (der);
  return bytes;
}

static GBytes *
signature_to_bytes (const TPMT_SIGNATURE *signature, GError **error)
{
  if (signature->sigAlg == TPM2_ALG_ECDSA)
    return ecdsa_to_der (&signature->signature.ecdsa);
  if (signature->sigAlg == TPM2_ALG_RSASSA && signature->signature.rsassa.sig.size == 256)
    return g_bytes_new (signature->signature.rsassa.sig.buffer, 256);
  mortise_tpm_rc_set_error (MORTISE_TPM_RC_BAD_ANSWER, error);
  return NULL;
}

GBytes *
mortise_esys_sign (MortiseTpm *tpm, MortiseTpmKey *key, GBytes *digest, GError **error)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  gsize size = 0;
  const guint8 *bytes = g_bytes_get_data (digest, &size);
  SignData data = {
    .object = g_hash_table_lookup (self->keys, GUINT_TO_POINTER (mortise_tpm_key_get_handle (key))),
    .digest.size = (UINT16) size,
  };
  GBytes *signature;

  memcpy (data.digest.buffer, bytes, size);
  if (!mortise_esys_run (self, sign_step, &data, error))
    return NULL;
  signature = signature_to_bytes (data.signature, error);
  Esys_Free (data.signature);
  return signature;
}
