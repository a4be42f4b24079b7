/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/new-key.h"

#include "core/ctap/cose-key.h"

void
mortise_new_key_clear (MortiseNewKey *new_key)
{
  g_clear_pointer (&new_key->key, mortise_tpm_key_free);
  g_clear_pointer (&new_key->blob, mortise_tpm_blob_free);
}

gboolean
mortise_new_key_create (MortiseNewKey *new_key,
                        MortiseVault *vault,
                        MortiseAlgorithm algorithm,
                        MortiseKeyClass key_class,
                        GError **error)
{
  mortise_new_key_clear (new_key);
  new_key->key_class = key_class;
  new_key->key = mortise_vault_create_key (vault, algorithm, key_class, &new_key->blob, error);
  return new_key->key != NULL;
}

MortiseCredential *
mortise_new_key_to_credential (const MortiseNewKey *new_key, GError **error)
{
  g_autoptr (MortiseTpmKeyInfo) info = mortise_tpm_blob_read_info (new_key->blob, error);
  g_autoptr (MortiseSecret) random = NULL;
  MortiseCredential *credential;
  gboolean exportable = new_key->key_class == MORTISE_KEY_EXPORTABLE;

  if (info == NULL)
    return NULL;
  random = mortise_secret_new_random (MORTISE_CREDENTIAL_ID_SIZE);
  credential = mortise_credential_new ();
  credential->credential_id =
      g_bytes_new (mortise_secret_peek (random), MORTISE_CREDENTIAL_ID_SIZE);
  credential->credential_class =
      exportable ? MORTISE_CREDENTIAL_EXPORTABLE : MORTISE_CREDENTIAL_DEVICE_ONLY;
  credential->algorithm = info->algorithm;
  credential->public_key = mortise_cose_key_from_info (info);
  credential->backup_eligible = exportable;
  return credential;
}
