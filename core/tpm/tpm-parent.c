/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

static const TPM2B_PUBLIC parent_template = {
  .publicArea = {
    .type = TPM2_ALG_ECC,
    .nameAlg = TPM2_ALG_SHA256,
    .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT
                        | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH
                        | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
    .parameters.eccDetail = {
      .symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
      .scheme.scheme = TPM2_ALG_NULL,
      .curveID = TPM2_ECC_NIST_P256,
      .kdf.scheme = TPM2_ALG_NULL,
    },
  },
};

typedef struct
{
  const MortiseSecret *auth;
  MortiseTpmBlob *blob;
} CreateData;

static TSS2_RC
create_step (MortiseEsysTpm *self, gpointer data)
{
  CreateData *create = data;
  g_auto (MortiseWipedSensitive) sensitive = { 0 };
  const TPM2B_DATA outside_info = { 0 };
  const TPML_PCR_SELECTION pcrs = { 0 };
  TPM2B_PRIVATE *private_area = NULL;
  TPM2B_PUBLIC *public_area = NULL;
  TSS2_RC rc;

  rc = mortise_esys_need_srk_session (self, TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  mortise_esys_fill_auth (create->auth, &sensitive.sensitive.userAuth);
  rc = Esys_Create (self->esys, self->srk.tr, self->session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                    &parent_template, &outside_info, &pcrs, &private_area, &public_area, NULL, NULL,
                    NULL);
  if (rc == TSS2_RC_SUCCESS)
    create->blob = mortise_tpm_blob_pack (public_area, private_area);
  Esys_Free (private_area);
  Esys_Free (public_area);
  return mortise_esys_under_srk (rc);
}

MortiseTpmBlob *
mortise_esys_create_parent (MortiseTpm *tpm, const MortiseSecret *auth, GError **error)
{
  CreateData data = { .auth = auth };

  (void) mortise_esys_run (MORTISE_ESYS_TPM (tpm), create_step, &data, error);
  return data.blob;
}

TSS2_RC
mortise_esys_need_parent (MortiseEsysTpm *self)
{
  TSS2_RC rc;

  if (self->vault_parent.blob == NULL)
    return MORTISE_TPM_RC_NO_PARENT;
  mortise_esys_object_touch (self, &self->vault_parent);
  if (self->vault_parent.tr != ESYS_TR_NONE ||
      mortise_esys_object_restore (self, &self->vault_parent))
    return TSS2_RC_SUCCESS;
  rc = mortise_esys_load_under_srk (self, self->vault_parent.blob, &self->vault_parent.tr);
  /* From here on the root key is not needed: leave its slot to keys. */
  mortise_esys_release_srk (self);
  return rc;
}

static TSS2_RC
load_step (MortiseEsysTpm *self, gpointer data)
{
  return mortise_esys_need_parent (self);
}

/* A PIN typed while the vault is unlocked brings the same parent again: keys under it stay loaded.
 */
static gboolean
is_loaded (MortiseEsysTpm *self, const MortiseTpmBlob *blob, const MortiseSecret *auth)
{
  return self->vault_parent.blob != NULL && self->vault_parent.tr != ESYS_TR_NONE &&
         g_bytes_equal (self->vault_parent.blob->public_area, blob->public_area) &&
         g_bytes_equal (self->vault_parent.blob->private_area, blob->private_area) &&
         mortise_secret_equal (self->vault_parent_auth, auth);
}

gboolean
mortise_esys_load_parent (MortiseTpm *tpm,
                          const MortiseTpmBlob *blob,
                          const MortiseSecret *auth,
                          GError **error)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);

  if (is_loaded (self, blob, auth))
    return TRUE;
  mortise_esys_unload_parent (tpm);
  self->vault_parent.blob = mortise_tpm_blob_new (blob->public_area, blob->private_area);
  self->vault_parent_auth = mortise_secret_copy (auth);
  if (mortise_esys_run (self, load_step, NULL, error))
    return TRUE;
  mortise_esys_unload_parent (tpm);
  return FALSE;
}

void
mortise_esys_unload_parent (MortiseTpm *tpm)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  GHashTableIter iter;
  gpointer value;

  if (self->vault_parent.blob == NULL)
    return;
  mortise_esys_object_clear (self, &self->vault_parent);
  g_clear_pointer (&self->vault_parent_auth, mortise_secret_free);
  /* A key that stayed loaded, or its saved context, would sign without the PIN. */
  g_hash_table_iter_init (&iter, self->keys);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      MortiseEsysObject *key = value;

      mortise_esys_object_forget (self, key);
      g_clear_pointer (&key->saved, Esys_Free);
    }
  mortise_esys_restart (self);
}
