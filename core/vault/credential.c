/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/credential.h"

G_DEFINE_BOXED_TYPE (MortiseCredential,
                     mortise_credential,
                     mortise_credential_ref,
                     mortise_credential_unref)

MortiseCredential *
mortise_credential_new (void)
{
  MortiseCredential *credential = g_atomic_rc_box_new0 (MortiseCredential);

  credential->algorithm = MORTISE_ALG_ES256;
  credential->cred_protect = 1;
  return credential;
}

MortiseCredential *
mortise_credential_ref (MortiseCredential *credential)
{
  return g_atomic_rc_box_acquire (credential);
}

static void
credential_clear (gpointer data)
{
  MortiseCredential *credential = data;

  g_clear_pointer (&credential->credential_id, g_bytes_unref);
  g_clear_pointer (&credential->rp_id, g_free);
  g_clear_pointer (&credential->rp_name, g_free);
  g_clear_pointer (&credential->user_id, g_bytes_unref);
  g_clear_pointer (&credential->user_name, g_free);
  g_clear_pointer (&credential->user_display_name, g_free);
  g_clear_pointer (&credential->label, g_free);
  g_clear_pointer (&credential->nickname, g_free);
  g_clear_pointer (&credential->note, g_free);
  g_clear_pointer (&credential->public_key, g_bytes_unref);
  g_clear_pointer (&credential->history, g_bytes_unref);
}

void
mortise_credential_unref (MortiseCredential *credential)
{
  g_atomic_rc_box_release_full (credential, credential_clear);
}

static GBytes *
bytes_ref0 (GBytes *bytes)
{
  return bytes != NULL ? g_bytes_ref (bytes) : NULL;
}

MortiseCredential *
mortise_credential_copy (const MortiseCredential *credential)
{
  MortiseCredential *copy = mortise_credential_new ();

  *copy = *credential;
  copy->credential_id = bytes_ref0 (credential->credential_id);
  copy->rp_id = g_strdup (credential->rp_id);
  copy->rp_name = g_strdup (credential->rp_name);
  copy->user_id = bytes_ref0 (credential->user_id);
  copy->user_name = g_strdup (credential->user_name);
  copy->user_display_name = g_strdup (credential->user_display_name);
  copy->label = g_strdup (credential->label);
  copy->nickname = g_strdup (credential->nickname);
  copy->note = g_strdup (credential->note);
  copy->public_key = bytes_ref0 (credential->public_key);
  copy->history = bytes_ref0 (credential->history);
  return copy;
}

MortiseCredentialSecrets *
mortise_credential_secrets_new (void)
{
  return g_new0 (MortiseCredentialSecrets, 1);
}

void
mortise_credential_secrets_free (MortiseCredentialSecrets *secrets)
{
  if (secrets == NULL)
    return;
  g_clear_pointer (&secrets->key, mortise_tpm_blob_free);
  mortise_secret_free (secrets->cred_random_with_uv);
  mortise_secret_free (secrets->cred_random_without_uv);
  mortise_secret_free (secrets->large_blob_key);
  g_clear_pointer (&secrets->cred_blob, g_bytes_unref);
  g_free (secrets);
}
