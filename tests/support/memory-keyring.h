/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/platform/keyring.h"

G_BEGIN_DECLS

/**
 * MortiseMemoryKeyring:
 *
 * A keyring for tests: keeps secrets in the process, can be made to fail or to forget.
 */
#define MORTISE_TYPE_MEMORY_KEYRING (mortise_memory_keyring_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseMemoryKeyring, mortise_memory_keyring, MORTISE, MEMORY_KEYRING, GObject)

MortiseKeyring *mortise_memory_keyring_new (void);

/** mortise_memory_keyring_set_available: %FALSE makes every call fail as a locked keyring does */
void mortise_memory_keyring_set_available (MortiseMemoryKeyring *self, gboolean available);

/** mortise_memory_keyring_forget: drops all secrets, as a new login keyring would */
void mortise_memory_keyring_forget (MortiseMemoryKeyring *self);

/** mortise_memory_keyring_count: Returns: secrets kept */
guint mortise_memory_keyring_count (MortiseMemoryKeyring *self);

G_END_DECLS
