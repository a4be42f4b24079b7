/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/keyring.h"

G_DEFINE_INTERFACE (MortiseKeyring, mortise_keyring, G_TYPE_OBJECT)

static void
mortise_keyring_default_init (MortiseKeyringInterface *iface)
{
}

gboolean
mortise_keyring_store (MortiseKeyring *self,
                       const char *vault_id,
                       const MortiseSecret *secret,
                       GCancellable *cancellable,
                       GError **error)
{
  g_return_val_if_fail (MORTISE_IS_KEYRING (self), FALSE);
  g_return_val_if_fail (vault_id != NULL && secret != NULL, FALSE);

  return MORTISE_KEYRING_GET_IFACE (self)->store (self, vault_id, secret, cancellable, error);
}

MortiseSecret *
mortise_keyring_lookup (MortiseKeyring *self,
                        const char *vault_id,
                        GCancellable *cancellable,
                        GError **error)
{
  g_return_val_if_fail (MORTISE_IS_KEYRING (self), NULL);
  g_return_val_if_fail (vault_id != NULL, NULL);

  return MORTISE_KEYRING_GET_IFACE (self)->lookup (self, vault_id, cancellable, error);
}

gboolean
mortise_keyring_clear (MortiseKeyring *self,
                       const char *vault_id,
                       GCancellable *cancellable,
                       GError **error)
{
  g_return_val_if_fail (MORTISE_IS_KEYRING (self), FALSE);
  g_return_val_if_fail (vault_id != NULL, FALSE);

  return MORTISE_KEYRING_GET_IFACE (self)->clear (self, vault_id, cancellable, error);
}
