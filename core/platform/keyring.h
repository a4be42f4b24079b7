/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * MortiseKeyring:
 *
 * Where the login keyslot's random authValue lives. `MortiseSecretServiceKeyring` keeps it in the
 * Secret Service (libsecret); tests put an in-memory one in its place. Functions block (the agent
 * calls them from a worker thread) and never show a dialog of their own.
 */
#define MORTISE_TYPE_KEYRING (mortise_keyring_get_type ())
G_DECLARE_INTERFACE (MortiseKeyring, mortise_keyring, MORTISE, KEYRING, GObject)

struct _MortiseKeyringInterface
{
  GTypeInterface parent_iface;

  gboolean (*store) (MortiseKeyring *self,
                     const char *vault_id,
                     const MortiseSecret *secret,
                     GCancellable *cancellable,
                     GError **error);
  MortiseSecret *(*lookup) (MortiseKeyring *self,
                            const char *vault_id,
                            GCancellable *cancellable,
                            GError **error);
  gboolean (*clear) (MortiseKeyring *self,
                     const char *vault_id,
                     GCancellable *cancellable,
                     GError **error);
};

/**
 * mortise_keyring_store:
 * @vault_id: the vault's UUID; never anything about its content
 * @secret: 32 bytes
 *
 * Stores or replaces. Errors: %MORTISE_ERROR_KEYRING, %MORTISE_ERROR_CANCELLED.
 */
gboolean mortise_keyring_store (MortiseKeyring *self,
                                const char *vault_id,
                                const MortiseSecret *secret,
                                GCancellable *cancellable,
                                GError **error);

/**
 * mortise_keyring_lookup:
 *
 * Returns: (transfer full): the secret; %MORTISE_ERROR_NOT_FOUND if there is none (never stored,
 *   or another keyring), %MORTISE_ERROR_KEYRING if the service is absent or locked
 */
MortiseSecret *mortise_keyring_lookup (MortiseKeyring *self,
                                       const char *vault_id,
                                       GCancellable *cancellable,
                                       GError **error);

/** mortise_keyring_clear: removes the secret; succeeds if there was none */
gboolean mortise_keyring_clear (MortiseKeyring *self,
                                const char *vault_id,
                                GCancellable *cancellable,
                                GError **error);

/**
 * mortise_secret_service_keyring_new:
 *
 * Returns: (transfer full): the Secret Service of this session; reaching it is tried at first use
 */
MortiseKeyring *mortise_secret_service_keyring_new (void);

G_END_DECLS
