/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"
#include "app/window/naming-watch.h"
#include "app/window/passkey-store.h"
#include "app/window/passkey.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortisePasskeyPage:
 *
 * All there is to know of one passkey: its names on this computer and on the site, what the site
 * was told, the chain of keys that protects it, its use; and what can be changed.
 *
 * Property `show-back`; signal `back`.
 */
#define MORTISE_TYPE_PASSKEY_PAGE (mortise_passkey_page_get_type ())
G_DECLARE_FINAL_TYPE (MortisePasskeyPage, mortise_passkey_page, MORTISE, PASSKEY_PAGE, AdwBin)

void mortise_passkey_page_set_up (MortisePasskeyPage *self,
                                  MortiseAgentClient *client,
                                  MortiseNamingWatch *naming);

/** mortise_passkey_page_set_passkey: @passkey: (nullable): %NULL shows that none is chosen */
void mortise_passkey_page_set_passkey (MortisePasskeyPage *self, MortisePasskey *passkey);
MortisePasskey *mortise_passkey_page_get_passkey (MortisePasskeyPage *self);
/** mortise_passkey_page_find_unsaved: Returns: the id of a passkey of @store for which something
 * was typed that is lost with this page, the one that is shown before all; 0 for none */
gint64 mortise_passkey_page_find_unsaved (MortisePasskeyPage *self, MortisePasskeyStore *store);

G_END_DECLS
