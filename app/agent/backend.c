/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/backend.h"

#include "core/tpm/tpm-esys.h"

static void
backend_clear (MortiseBackend *backend)
{
  g_clear_object (&backend->authenticator);
  g_clear_object (&backend->vault);
  g_clear_object (&backend->unopened);
  g_clear_object (&backend->tpm);
  g_clear_error (&backend->problem);
}

MortiseBackend *
mortise_backend_open (const char *tcti,
                      const char *data_dir,
                      MortiseKeyring *keyring,
                      MortiseConsent *consent,
                      gboolean builtin_uv)
{
  MortiseBackend *backend = g_atomic_rc_box_new0 (MortiseBackend);
  g_autoptr (MortiseVault) vault = NULL;

  backend->tpm = mortise_esys_tpm_open (tcti, &backend->problem);
  if (backend->tpm == NULL)
    return backend;
  (void) mortise_tpm_get_lockout (backend->tpm, &backend->lockout, NULL);
  vault = mortise_vault_new (data_dir, backend->tpm, keyring);
  if (!mortise_vault_open (vault, &backend->problem))
    {
      backend->unopened = g_steal_pointer (&vault);
      return backend;
    }
  mortise_vault_purge_expired (vault, g_get_real_time () / G_USEC_PER_SEC);
  backend->vault = g_steal_pointer (&vault);
  backend->authenticator = mortise_authenticator_new (backend->vault, consent, NULL);
  mortise_authenticator_set_builtin_uv (backend->authenticator, builtin_uv);
  return backend;
}

void
mortise_backend_close (MortiseBackend *backend)
{
  if (backend->vault != NULL)
    mortise_vault_close (backend->vault);
  if (backend->unopened != NULL)
    mortise_vault_close (backend->unopened);
}

MortiseBackend *
mortise_backend_ref (MortiseBackend *backend)
{
  return g_atomic_rc_box_acquire (backend);
}

void
mortise_backend_unref (MortiseBackend *backend)
{
  g_atomic_rc_box_release_full (backend, (GDestroyNotify) backend_clear);
}
