/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

void
mortise_esys_flush_tr (MortiseEsysTpm *self, ESYS_TR *tr)
{
  if (*tr == ESYS_TR_NONE)
    return;
  /* What the TPM does not have any more is only closed on our side. */
  if (self->esys != NULL && Esys_FlushContext (self->esys, *tr) != TSS2_RC_SUCCESS)
    (void) Esys_TR_Close (self->esys, tr);
  *tr = ESYS_TR_NONE;
}

void
mortise_esys_object_init (MortiseEsysObject *object)
{
  *object = (MortiseEsysObject){ .tr = ESYS_TR_NONE };
}

static gboolean
is_persistent (MortiseEsysTpm *self, const MortiseEsysObject *object)
{
  return object == &self->srk && self->srk_kind == MORTISE_SRK_PERSISTENT;
}

void
mortise_esys_object_forget (MortiseEsysTpm *self, MortiseEsysObject *object)
{
  if (object->tr == ESYS_TR_NONE)
    return;
  if (self->esys != NULL && is_persistent (self, object))
    (void) Esys_TR_Close (self->esys, &object->tr);
  else
    mortise_esys_flush_tr (self, &object->tr);
  object->tr = ESYS_TR_NONE;
}

void
mortise_esys_object_clear (MortiseEsysTpm *self, MortiseEsysObject *object)
{
  mortise_esys_object_forget (self, object);
  g_clear_pointer (&object->saved, Esys_Free);
  g_clear_pointer (&object->blob, mortise_tpm_blob_free);
  object->last_use = 0;
}

void
mortise_esys_object_touch (MortiseEsysTpm *self, MortiseEsysObject *object)
{
  object->last_use = self->attempt;
}

gboolean
mortise_esys_object_restore (MortiseEsysTpm *self, MortiseEsysObject *object)
{
  MortiseTpmReaction reaction;

  if (object->saved == NULL || mortise_esys_make_room (self) != TSS2_RC_SUCCESS)
    return FALSE;
  reaction = mortise_tpm_rc_reaction (Esys_ContextLoad (self->esys, object->saved, &object->tr));
  if (reaction == MORTISE_TPM_DONE)
    return TRUE;
  object->tr = ESYS_TR_NONE;
  /* The TPM was reset since: the context will never load again. */
  if (reaction == MORTISE_TPM_GIVE_UP || reaction == MORTISE_TPM_RENEW)
    g_clear_pointer (&object->saved, Esys_Free);
  return FALSE;
}

TSS2_RC
mortise_esys_object_save (MortiseEsysTpm *self, MortiseEsysObject *object)
{
  if (object->saved != NULL || object->tr == ESYS_TR_NONE || is_persistent (self, object))
    return TSS2_RC_SUCCESS;
  return Esys_ContextSave (self->esys, object->tr, &object->saved);
}

TSS2_RC
mortise_esys_object_swap_out (MortiseEsysTpm *self, MortiseEsysObject *object)
{
  TSS2_RC rc;

  if (object->tr == ESYS_TR_NONE || is_persistent (self, object))
    return TSS2_RC_SUCCESS;
  rc = mortise_esys_object_save (self, object);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  mortise_esys_flush_tr (self, &object->tr);
  return TSS2_RC_SUCCESS;
}

/* The loaded object that was not used for the longest time, those of this attempt left out. */
static MortiseEsysObject *
find_idle (MortiseEsysTpm *self, guint *ret_loaded)
{
  MortiseEsysObject *idle = NULL;
  MortiseEsysObject *object;
  GHashTableIter iter;
  gpointer value;
  guint loaded = 0;
  MortiseEsysObject *own[] = { &self->srk, &self->vault_parent };

  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    {
      if (own[i]->tr == ESYS_TR_NONE || is_persistent (self, own[i]))
        continue;
      loaded++;
      if (own[i]->last_use < self->attempt && (idle == NULL || own[i]->last_use < idle->last_use))
        idle = own[i];
    }
  g_hash_table_iter_init (&iter, self->keys);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      object = value;
      if (object->tr == ESYS_TR_NONE)
        continue;
      loaded++;
      if (object->last_use < self->attempt && (idle == NULL || object->last_use < idle->last_use))
        idle = object;
    }
  if (ret_loaded != NULL)
    *ret_loaded = loaded;
  return idle;
}

TSS2_RC
mortise_esys_make_room (MortiseEsysTpm *self)
{
  for (;;)
    {
      guint loaded = 0;
      MortiseEsysObject *idle = find_idle (self, &loaded);
      TSS2_RC rc;

      if (loaded < MORTISE_TRANSIENT_SLOTS)
        return TSS2_RC_SUCCESS;
      if (idle == NULL)
        return TPM2_RC_OBJECT_MEMORY;
      rc = mortise_esys_object_swap_out (self, idle);
      if (rc != TSS2_RC_SUCCESS)
        return rc;
    }
}

gboolean
mortise_esys_free_slots (MortiseEsysTpm *self, TSS2_RC rc)
{
  const TSS2_RC base = mortise_tpm_rc_base (rc);
  const gboolean sessions =
      base == TPM2_RC_SESSION_MEMORY || base == TPM2_RC_SESSION_HANDLES || base == TPM2_RC_MEMORY;
  MortiseEsysObject *idle;
  gboolean freed = FALSE;

  /* Nothing is in use between two attempts. */
  self->attempt++;
  while ((idle = find_idle (self, NULL)) != NULL)
    {
      if (mortise_esys_object_swap_out (self, idle) != TSS2_RC_SUCCESS)
        break;
      freed = TRUE;
    }
  if (sessions && self->session != ESYS_TR_NONE)
    {
      mortise_esys_drop_session (self);
      freed = TRUE;
    }
  return freed;
}
