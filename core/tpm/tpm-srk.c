/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

/* TCG EK Credential Profile / Provisioning Guidance: ECC P-256 storage root key. */
#define SRK_ATTRIBUTES                                                                             \
  (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |              \
   TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

static void
fill_template (MortiseSrkKind kind, TPM2B_PUBLIC *ret_template)
{
  const UINT16 unique_size = kind == MORTISE_SRK_TRANSIENT_ZEROS ? 32 : 0;

  *ret_template = (TPM2B_PUBLIC) {
    .publicArea = {
      .type = TPM2_ALG_ECC,
      .nameAlg = TPM2_ALG_SHA256,
      .objectAttributes = SRK_ATTRIBUTES,
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

static gboolean
is_of_template (const TPMT_PUBLIC *public_area)
{
  const TPMS_ECC_PARMS *parms = &public_area->parameters.eccDetail;

  return public_area->type == TPM2_ALG_ECC && public_area->nameAlg == TPM2_ALG_SHA256 &&
         public_area->objectAttributes == SRK_ATTRIBUTES && public_area->authPolicy.size == 0 &&
         parms->symmetric.algorithm == TPM2_ALG_AES && parms->symmetric.keyBits.aes == 128 &&
         parms->symmetric.mode.aes == TPM2_ALG_CFB && parms->scheme.scheme == TPM2_ALG_NULL &&
         parms->curveID == TPM2_ECC_NIST_P256 && parms->kdf.scheme == TPM2_ALG_NULL;
}

/* Not an error: the root key is looked for elsewhere. */
static TSS2_RC
open_persistent (MortiseEsysTpm *self, gboolean *ret_found)
{
  TPM2B_PUBLIC *public_area = NULL;
  TSS2_RC rc;

  rc = Esys_TR_FromTPMPublic (self->esys, MORTISE_SRK_HANDLE, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, &self->srk.tr);
  if (rc != TSS2_RC_SUCCESS)
    {
      self->srk.tr = ESYS_TR_NONE;
      *ret_found = FALSE;
      return mortise_tpm_rc_base (rc) == TPM2_RC_HANDLE ? TSS2_RC_SUCCESS : rc;
    }
  rc = Esys_ReadPublic (self->esys, self->srk.tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                        &public_area, NULL, NULL);
  *ret_found = rc == TSS2_RC_SUCCESS && is_of_template (&public_area->publicArea);
  Esys_Free (public_area);
  if (!*ret_found)
    mortise_esys_object_forget (self, &self->srk);
  return rc;
}

static TSS2_RC
create_transient (MortiseEsysTpm *self)
{
  TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  TPM2B_DATA outside_info = { 0 };
  TPML_PCR_SELECTION pcrs = { 0 };
  TPM2B_PUBLIC template;
  TSS2_RC rc;

  if (mortise_esys_object_restore (self, &self->srk))
    return TSS2_RC_SUCCESS;
  rc = mortise_esys_make_room (self);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  fill_template (self->srk_kind, &template);
  rc = Esys_CreatePrimary (self->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, &sensitive, &template, &outside_info, &pcrs, &self->srk.tr,
                           NULL, NULL, NULL, NULL);
  if (rc != TSS2_RC_SUCCESS)
    {
      self->srk.tr = ESYS_TR_NONE;
      return mortise_esys_under_srk (rc);
    }
  return mortise_esys_object_save (self, &self->srk);
}

static TSS2_RC
read_name (MortiseEsysTpm *self, GBytes **ret_name)
{
  TPM2B_NAME *name = NULL;
  TSS2_RC rc = Esys_TR_GetName (self->esys, self->srk.tr, &name);

  if (rc == TSS2_RC_SUCCESS)
    *ret_name = g_bytes_new (name->name, name->size);
  Esys_Free (name);
  return rc;
}

/* Opens the root key of self->srk_kind; leaves ESYS_TR_NONE if there is none of that kind or its
 * Name is not @expected_name. */
static TSS2_RC
open_kind (MortiseEsysTpm *self, GBytes *expected_name, GBytes **ret_name)
{
  g_autoptr (GBytes) name = NULL;
  gboolean found = TRUE;
  TSS2_RC rc;

  rc = self->srk_kind == MORTISE_SRK_PERSISTENT ? open_persistent (self, &found)
                                                : create_transient (self);
  if (rc != TSS2_RC_SUCCESS || !found)
    return rc;
  mortise_esys_object_touch (self, &self->srk);
  rc = read_name (self, &name);
  if (rc != TSS2_RC_SUCCESS || (expected_name != NULL && !g_bytes_equal (name, expected_name)))
    mortise_esys_object_clear (self, &self->srk);
  else
    *ret_name = g_steal_pointer (&name);
  return rc;
}

/* A vault goes on working when a root key of the same template is made persistent later, or taken
 * away: the search ends at the Name, not at the place. */
static TSS2_RC
search (MortiseEsysTpm *self, GBytes *expected_name, GBytes **ret_name)
{
  for (guint kind = 0; kind < MORTISE_SRK_N_KINDS; kind++)
    {
      TSS2_RC rc;

      self->srk_kind = (MortiseSrkKind) kind;
      rc = open_kind (self, expected_name, ret_name);
      if (rc != TSS2_RC_SUCCESS)
        return rc;
      if (self->srk.tr != ESYS_TR_NONE)
        return TSS2_RC_SUCCESS;
    }
  return MORTISE_TPM_RC_OTHER_SRK;
}

TSS2_RC
mortise_esys_need_srk (MortiseEsysTpm *self)
{
  g_autoptr (GBytes) name = NULL;
  TSS2_RC rc;

  /* After an attach that failed nothing may be done under whatever key is there. */
  if (self->srk_name == NULL)
    return MORTISE_TPM_RC_OTHER_SRK;
  mortise_esys_object_touch (self, &self->srk);
  if (self->srk.tr != ESYS_TR_NONE)
    return TSS2_RC_SUCCESS;
  if (self->srk.saved != NULL)
    {
      rc = open_kind (self, self->srk_name, &name);
      if (rc != TSS2_RC_SUCCESS || self->srk.tr != ESYS_TR_NONE)
        return rc;
    }
  return search (self, self->srk_name, &name);
}

void
mortise_esys_release_srk (MortiseEsysTpm *self)
{
  (void) mortise_esys_object_swap_out (self, &self->srk);
}

TSS2_RC
mortise_esys_under_srk (TSS2_RC rc)
{
  return mortise_tpm_rc_is_auth (rc) ? MORTISE_TPM_RC_OWNER_AUTH : rc;
}

TSS2_RC
mortise_esys_load_under_srk (MortiseEsysTpm *self, const MortiseTpmBlob *blob, ESYS_TR *ret_tr)
{
  TPM2B_PUBLIC public_area;
  TPM2B_PRIVATE private_area;
  TSS2_RC rc;

  if (!mortise_tpm_blob_unpack (blob, &public_area, &private_area))
    return MORTISE_TPM_RC_BAD_BLOB;
  rc = mortise_esys_need_srk_session (self, 0);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_make_room (self);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  rc = Esys_Load (self->esys, self->srk.tr, self->session, ESYS_TR_NONE, ESYS_TR_NONE,
                  &private_area, &public_area, ret_tr);
  if (rc != TSS2_RC_SUCCESS)
    *ret_tr = ESYS_TR_NONE;
  return mortise_esys_under_srk (rc);
}

static TSS2_RC
search_step (MortiseEsysTpm *self, gpointer data)
{
  GBytes *expected_name = data;
  g_autoptr (GBytes) name = NULL;
  TSS2_RC rc;

  rc = search (self, expected_name, &name);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  g_clear_pointer (&self->srk_name, g_bytes_unref);
  self->srk_name = g_steal_pointer (&name);
  /* Started here, so that no later operation pays for it. */
  return mortise_esys_need_session (self);
}

/* The root key that was found before: it has to be there still. */
static TSS2_RC
confirm_step (MortiseEsysTpm *self, gpointer data)
{
  return mortise_esys_need_session (self);
}

gboolean
mortise_esys_attach (MortiseTpm *tpm, GBytes *expected_name, GBytes **ret_name, GError **error)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (tpm);
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  gboolean ok;

  if (self->srk_name != NULL &&
      (expected_name == NULL || g_bytes_equal (expected_name, self->srk_name)))
    ok = mortise_esys_run (self, confirm_step, NULL, error);
  else
    {
      mortise_esys_object_clear (self, &self->srk);
      g_clear_pointer (&self->srk_name, g_bytes_unref);
      ok = mortise_esys_run (self, search_step, expected_name, error);
    }
  if (ok && ret_name != NULL)
    *ret_name = g_bytes_ref (self->srk_name);
  return ok;
}
