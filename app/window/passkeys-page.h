/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey-store.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortisePasskeysPage:
 *
 * The list of passkeys beside the page of the one that is open; one after the other on narrow
 * windows. In place of them, what there is to say when nothing can be listed.
 */
#define MORTISE_TYPE_PASSKEYS_PAGE (mortise_passkeys_page_get_type ())
G_DECLARE_FINAL_TYPE (MortisePasskeysPage, mortise_passkeys_page, MORTISE, PASSKEYS_PAGE, AdwBin)

/** mortise_passkeys_page_set_up: called once; @deleted: what is in Recently deleted */
void mortise_passkeys_page_set_up (MortisePasskeysPage *self,
                                   MortiseAgentClient *client,
                                   MortisePasskeyStore *store,
                                   MortisePasskeyStore *deleted);

/** mortise_passkeys_page_open: opens the passkey @id, if it is there; while the list is still read,
 * as soon as it is */
void mortise_passkeys_page_open (MortisePasskeysPage *self, gint64 id);
/** mortise_passkeys_page_find_unsaved: as mortise_passkey_page_find_unsaved() */
gint64 mortise_passkeys_page_find_unsaved (MortisePasskeysPage *self);
/** mortise_passkeys_page_start_search: @text: (nullable): what to search for; %NULL leaves it */
void mortise_passkeys_page_start_search (MortisePasskeysPage *self, const char *text);
/**
 * mortise_passkeys_page_set_deleting:
 * @count: how many of the marked passkeys are being deleted; 0 when that is over
 * @done: they were deleted, and marking ends
 */
void mortise_passkeys_page_set_deleting (MortisePasskeysPage *self, guint count, gboolean done);
/** mortise_passkeys_page_go_back: out of marking, else from the passkey to the list, then out of
 * the search */
void mortise_passkeys_page_go_back (MortisePasskeysPage *self);

/** mortise_passkeys_page_bind_sidebar: shows window buttons at the start while @flap is hidden */
void mortise_passkeys_page_bind_sidebar (MortisePasskeysPage *self, AdwFlap *flap);

G_END_DECLS
