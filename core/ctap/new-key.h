/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/vault.h"

G_BEGIN_DECLS

/**
 * MortiseNewKey:
 * @key: (nullable): the key in the TPM
 * @blob: (nullable): the key at rest
 * @key_class: what the TPM enforces for it
 *
 * A key that is being registered: nothing is stored of it yet.
 */
typedef struct
{
  MortiseTpmKey *key;
  MortiseTpmBlob *blob;
  MortiseKeyClass key_class;
} MortiseNewKey;

void mortise_new_key_clear (MortiseNewKey *new_key);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MortiseNewKey, mortise_new_key_clear)

/** mortise_new_key_create: makes the key, in place of the one that was there; UNLOCKED. TPM. */
gboolean mortise_new_key_create (MortiseNewKey *new_key,
                                 MortiseVault *vault,
                                 MortiseAlgorithm algorithm,
                                 MortiseKeyClass key_class,
                                 GError **error);

/**
 * mortise_new_key_to_credential:
 *
 * Returns: (transfer full): a credential with an id of its own, and with all that follows from the
 *   key: class, algorithm, public key, BE
 */
MortiseCredential *mortise_new_key_to_credential (const MortiseNewKey *new_key, GError **error);

G_END_DECLS
