/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"
#include "app/window/passkey.h"

G_BEGIN_DECLS

/**
 * MortisePasskeyStore:
 *
 * A #GListModel of #MortisePasskey in order of id, kept equal to what the agent lists: all passkeys
 * or Recently deleted. It reads page by page and parses in a thread, so that ten thousand passkeys
 * never hold up a frame; objects of passkeys that stay are kept. While the agent is away or the
 * vault is locked the last listing stays, so that nothing half written is lost.
 *
 * Properties: `loaded` (a listing was read to its end), `damaged` (records that cannot be read),
 * `n-items`. Signals `passkey-changed` (passkey), `failed` (message).
 */
#define MORTISE_TYPE_PASSKEY_STORE (mortise_passkey_store_get_type ())
G_DECLARE_FINAL_TYPE (MortisePasskeyStore, mortise_passkey_store, MORTISE, PASSKEY_STORE, GObject)

MortisePasskeyStore *mortise_passkey_store_new (MortiseAgentClient *client, gboolean deleted);

gboolean mortise_passkey_store_get_loaded (MortisePasskeyStore *self);
guint mortise_passkey_store_get_damaged (MortisePasskeyStore *self);

/** mortise_passkey_store_find: Returns: (transfer none) (nullable) */
MortisePasskey *mortise_passkey_store_find (MortisePasskeyStore *self, gint64 id);

G_END_DECLS
