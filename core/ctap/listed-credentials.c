/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/listed-credentials.h"

#include "core/ctap/ctap-entities.h"
#include "core/ctap/u2f-site.h"

static gboolean
is_listed (GPtrArray *credentials, const MortiseCredential *credential)
{
  for (guint i = 0; i < credentials->len; i++)
    {
      const MortiseCredential *other = g_ptr_array_index (credentials, i);

      if (other->row_id == credential->row_id)
        return TRUE;
    }
  return FALSE;
}

CtapStatus
mortise_find_listed_credentials (MortiseAuthenticator *self,
                                 const MortiseCborValue *list,
                                 const char *rp_id,
                                 GPtrArray **ret_credentials)
{
  g_autoptr (GPtrArray) credentials =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  MortiseCborIter iter;
  MortiseCborValue entry;

  mortise_cbor_iter_init (&iter, list);
  while (mortise_cbor_iter_next (&iter, &entry))
    {
      g_autoptr (MortiseCredential) credential = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;
      MortiseCborValue id;
      CtapStatus status = mortise_ctap_read_descriptor (&entry, &id);

      if (status != CTAP1_ERR_SUCCESS)
        return status;
      if (id.type == MORTISE_CBOR_NONE)
        continue;
      bytes = mortise_cbor_value_to_bytes (&id);
      credential = mortise_vault_find_by_id (self->vault, bytes, &error);
      if (credential == NULL && !g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND))
        return ctap_status_from_error (error);
      if (credential != NULL && mortise_u2f_is_of_site (credential, rp_id) &&
          !is_listed (credentials, credential))
        g_ptr_array_add (credentials, g_steal_pointer (&credential));
    }
  *ret_credentials = g_steal_pointer (&credentials);
  return CTAP1_ERR_SUCCESS;
}
