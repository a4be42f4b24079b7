/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

#include <openssl/crypto.h>

static const TPMT_SYM_DEF parameter_encryption = {
  .algorithm = TPM2_ALG_AES,
  .keyBits = { .aes = 128 },
  .mode = { .aes = TPM2_ALG_CFB },
};

void
mortise_wipe_auth (TPM2B_AUTH *auth)
{
  OPENSSL_cleanse (auth, sizeof *auth);
}

void
mortise_wipe_sensitive (TPM2B_SENSITIVE_CREATE *sensitive)
{
  OPENSSL_cleanse (sensitive, sizeof *sensitive);
}

void
mortise_wipe_sensitive_data (TPM2B_SENSITIVE_DATA *data)
{
  OPENSSL_cleanse (data, sizeof *data);
}

void
mortise_esys_fill_auth (const MortiseSecret *auth, TPM2B_AUTH *ret_auth)
{
  gsize size = mortise_secret_get_size (auth);
  const guint8 *bytes = mortise_secret_peek (auth);

  /* TPM 2.0 Library, Part 1, "Authorization Values": trailing zeros are removed before use. */
  while (size > 0 && bytes[size - 1] == 0)
    size--;
  ret_auth->size = (UINT16) size;
  memcpy (ret_auth->buffer, bytes, size);
}

TSS2_RC
mortise_esys_set_auth (MortiseEsysTpm *self, ESYS_TR tr, const MortiseSecret *auth)
{
  g_auto (MortiseWipedAuth) value = { 0 };

  if (auth != NULL)
    {
      mortise_esys_fill_auth (auth, &value);
      return Esys_TR_SetAuth (self->esys, tr, &value);
    }
  /* ESAPI drops a value by setting its size to 0: overwrite the bytes first. Any byte but 0 will
   * do, as zeros would be stripped. */
  value.size = 32;
  memset (value.buffer, 0xff, value.size);
  (void) Esys_TR_SetAuth (self->esys, tr, &value);
  value.size = 0;
  return Esys_TR_SetAuth (self->esys, tr, &value);
}

TSS2_RC
mortise_esys_start_session (MortiseEsysTpm *self, ESYS_TR bind, ESYS_TR *ret_session)
{
  ESYS_TR session = ESYS_TR_NONE;
  TSS2_RC rc;

  rc = mortise_esys_need_srk (self);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  rc = Esys_StartAuthSession (self->esys, self->srk.tr, bind, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &parameter_encryption,
                              TPM2_ALG_SHA256, &session);
  if (rc == TSS2_RC_SUCCESS)
    *ret_session = session;
  return rc;
}

TSS2_RC
mortise_esys_need_session (MortiseEsysTpm *self)
{
  TSS2_RC rc;

  if (self->session != ESYS_TR_NONE)
    return TSS2_RC_SUCCESS;
  rc = mortise_esys_start_session (self, ESYS_TR_NONE, &self->session);
  /* The root key has done its part: leave the slot to keys. */
  mortise_esys_release_srk (self);
  return rc;
}

void
mortise_esys_drop_session (MortiseEsysTpm *self)
{
  mortise_esys_flush_tr (self, &self->session);
}

TSS2_RC
mortise_esys_set_session (MortiseEsysTpm *self, ESYS_TR session, TPMA_SESSION attributes)
{
  return Esys_TRSess_SetAttributes (self->esys, session, attributes | TPMA_SESSION_CONTINUESESSION,
                                    0xff);
}

TSS2_RC
mortise_esys_need_srk_session (MortiseEsysTpm *self, TPMA_SESSION attributes)
{
  TSS2_RC rc = mortise_esys_need_session (self);

  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_need_srk (self);
  if (rc == TSS2_RC_SUCCESS)
    rc = mortise_esys_set_session (self, self->session, attributes);
  return rc;
}
