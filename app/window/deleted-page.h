/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey-store.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseDeletedPage: Recently deleted: what can still be restored, and for how long
 */
#define MORTISE_TYPE_DELETED_PAGE (mortise_deleted_page_get_type ())
G_DECLARE_FINAL_TYPE (MortiseDeletedPage, mortise_deleted_page, MORTISE, DELETED_PAGE, AdwBin)

/** mortise_deleted_page_set_up: @store: of deleted passkeys; called once */
void mortise_deleted_page_set_up (MortiseDeletedPage *self,
                                  MortiseAgentClient *client,
                                  MortisePasskeyStore *store);
void mortise_deleted_page_bind_sidebar (MortiseDeletedPage *self, AdwFlap *flap);

G_END_DECLS
