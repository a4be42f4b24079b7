/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

typedef struct
{
  const MortiseSecret *secret;
  const MortiseSecret *auth;
  gboolean dictionary_attack_protected;
  MortiseTpmBlob *blob;
} SealData;

static TSS2_RC
seal_step (MortiseEsysTpm *self, gpointer data)
{
  SealData *seal = data;
  g_auto (MortiseWipedSensitive) sensitive = { 0 };
  TPM2B_PUBLIC template = {
    .publicArea = {
      .type = TPM2_ALG_KEYEDHASH,
      .nameAlg = TPM2_ALG_SHA256,
      .objectAttributes
      = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_USERWITHAUTH,
      .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
    },
  };
  const TPM2B_DATA outside_info = { 0 };
  const TPML_PCR_SELECTION pcrs = { 0 };
  TPM2B_PRIVATE *private_area = NULL;
  TPM2B_PUBLIC *public_area = NULL;
  TSS2_RC rc;

  rc = mortise_esys_need_srk_session (self, TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  if (!seal->dictionary_attack_protected)
    template.publicArea.objectAttributes |= TPMA_OBJECT_NODA;
  mortise_esys_fill_auth (seal->auth, &sensitive.sensitive.userAuth);
  sensitive.sensitive.data.size = (UINT16) mortise_secret_get_size (seal->secret);
  memcpy (sensitive.sensitive.data.buffer, mortise_secret_peek (seal->secret),
          mortise_secret_get_size (seal->secret));
  rc = Esys_Create (self->esys, self->srk.tr, self->session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                    &template, &outside_info, &pcrs, &private_area, &public_area, NULL, NULL, NULL);
  if (rc == TSS2_RC_SUCCESS)
    seal->blob = mortise_tpm_blob_pack (public_area, private_area);
  Esys_Free (private_area);
  Esys_Free (public_area);
  return mortise_esys_under_srk (rc);
}

MortiseTpmBlob *
mortise_esys_seal (MortiseTpm *tpm,
                   const MortiseSecret *secret,
                   const MortiseSecret *auth,
                   gboolean dictionary_attack_protected,
                   GError **error)
{
  SealData data = {
    .secret = secret,
    .auth = auth,
    .dictionary_attack_protected = dictionary_attack_protected,
  };

  (void) mortise_esys_run (MORTISE_ESYS_TPM (tpm), seal_step, &data, error);
  return data.blob;
}

typedef struct
{
  const MortiseTpmBlob *blob;
  const MortiseSecret *auth;
  MortiseSecret *secret;
} UnsealData;

/* @object is loaded: unseals over a session that is salted, so that nobody on the bus can read, and
 * bound to the object, so that its key cannot be had without the authValue either. */
static TSS2_RC
unseal_loaded (MortiseEsysTpm *self, ESYS_TR object, UnsealData *unseal)
{
  ESYS_TR session = ESYS_TR_NONE;
  TPM2B_SENSITIVE_DATA *data = NULL;
  TSS2_RC rc;

  rc = mortise_esys_set_auth (self, object, unseal->auth);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_start_session (self, object, &session);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_set_session (self, session, TPMA_SESSION_ENCRYPT);
  if (rc == TSS2_RC_SUCCESS)
    {
      self->auth_spent = TRUE;
      rc = Esys_Unseal (self->esys, object, session, ESYS_TR_NONE, ESYS_TR_NONE, &data);
    }
  (void) mortise_esys_set_auth (self, object, NULL);
  mortise_esys_flush_tr (self, &session);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  if (data->size == 0)
    rc = MORTISE_TPM_RC_BAD_ANSWER;
  else
    unseal->secret = mortise_secret_new_from_data (data->buffer, data->size);
  mortise_wipe_sensitive_data (data);
  Esys_Free (data);
  return rc;
}

static TSS2_RC
unseal_step (MortiseEsysTpm *self, gpointer data)
{
  UnsealData *unseal = data;
  ESYS_TR object = ESYS_TR_NONE;
  TSS2_RC rc;

  rc = mortise_esys_load_under_srk (self, unseal->blob, &object);
  if (rc == TSS2_RC_SUCCESS)
    rc = unseal_loaded (self, object, unseal);
  mortise_esys_flush_tr (self, &object);
  return rc;
}

MortiseSecret *
mortise_esys_unseal (MortiseTpm *tpm,
                     const MortiseTpmBlob *blob,
                     const MortiseSecret *auth,
                     GError **error)
{
  UnsealData data = { .blob = blob, .auth = auth };

  (void) mortise_esys_run (MORTISE_ESYS_TPM (tpm), unseal_step, &data, error);
  return data.secret;
}
