/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

#include <tss2/tss2_tctildr.h>

void
mortise_esys_forget_all (MortiseEsysTpm *self)
{
  GHashTableIter iter;
  gpointer value;

  mortise_esys_drop_session (self);
  mortise_esys_object_forget (self, &self->srk);
  mortise_esys_object_forget (self, &self->vault_parent);
  g_hash_table_iter_init (&iter, self->keys);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    mortise_esys_object_forget (self, value);
}

void
mortise_esys_disconnect (MortiseEsysTpm *self)
{
  if (self->esys != NULL)
    Esys_Finalize (&self->esys);
  self->esys = NULL;
  mortise_tcti_tap_set_inner (self->tap, NULL);
  if (self->tcti != NULL)
    Tss2_TctiLdr_Finalize (&self->tcti);
  self->tcti = NULL;
  /* ESAPI's handles died with its context: no command is sent for them. */
  mortise_esys_forget_all (self);
}

void
mortise_esys_restart (MortiseEsysTpm *self)
{
  mortise_esys_forget_all (self);
  if (self->esys == NULL)
    return;
  Esys_Finalize (&self->esys);
  if (Esys_Initialize (&self->esys, mortise_tcti_tap_get_context (self->tap), NULL) !=
      TSS2_RC_SUCCESS)
    mortise_esys_disconnect (self);
}

static TSS2_RC
flush_handle (MortiseEsysTpm *self, TPM2_HANDLE handle)
{
  ESYS_TR tr = ESYS_TR_NONE;
  TSS2_RC rc =
      Esys_TR_FromTPMPublic (self->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &tr);

  if (rc == TSS2_RC_SUCCESS)
    mortise_esys_flush_tr (self, &tr);
  return rc;
}

static void
flush_range (MortiseEsysTpm *self, TPM2_HANDLE first)
{
  TPMS_CAPABILITY_DATA *data = NULL;
  TPMI_YES_NO more = TPM2_NO;

  if (Esys_GetCapability (self->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                          first, TPM2_MAX_CAP_HANDLES, &more, &data) != TSS2_RC_SUCCESS)
    return;
  for (UINT32 i = 0; i < data->data.handles.count; i++)
    (void) flush_handle (self, data->data.handles.handle[i]);
  Esys_Free (data);
}

/* Without a resource manager the TPM is ours alone, and what is loaded was left by a process that
 * was killed. Three such keys and nothing could be loaded any more until the next start. */
static void
flush_leftovers (MortiseEsysTpm *self)
{
  flush_range (self, MORTISE_TRANSIENT_FIRST);
  flush_range (self, TPM2_LOADED_SESSION_FIRST);
}

static TSS2_RC
start_up (MortiseEsysTpm *self)
{
  TPMS_CAPABILITY_DATA *data = NULL;
  TPMI_YES_NO more = TPM2_NO;
  TSS2_RC rc;

  rc = Esys_GetCapability (self->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                           TPM2_CAP_TPM_PROPERTIES, TPM2_PT_FAMILY_INDICATOR, 1, &more, &data);
  Esys_Free (data);
  /* Firmware starts a real TPM; a simulator may have been left to us. */
  if (rc == TPM2_RC_INITIALIZE && !self->managed)
    rc = Esys_Startup (self->esys, TPM2_SU_CLEAR);
  return rc;
}

TSS2_RC
mortise_esys_connect (MortiseEsysTpm *self)
{
  TSS2_RC rc;

  rc = Tss2_TctiLdr_Initialize (self->tcti_config, &self->tcti);
  if (rc != TSS2_RC_SUCCESS)
    {
      self->tcti = NULL;
      /* Whatever the loader says: nothing was heard from a TPM. */
      return mortise_tpm_rc_is_transport (rc) ? rc : TSS2_TCTI_RC_IO_ERROR;
    }
  mortise_tcti_tap_set_inner (self->tap, self->tcti);
  rc = Esys_Initialize (&self->esys, mortise_tcti_tap_get_context (self->tap), NULL);
  if (rc == TSS2_RC_SUCCESS)
    rc = start_up (self);
  if (rc == TSS2_RC_SUCCESS && !self->managed)
    flush_leftovers (self);
  if (rc != TSS2_RC_SUCCESS)
    mortise_esys_disconnect (self);
  return rc;
}
