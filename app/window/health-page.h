/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey-store.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseHealthPage: whether everything that passkeys need is in order, the TPM, and "Try it"
 */
#define MORTISE_TYPE_HEALTH_PAGE (mortise_health_page_get_type ())
G_DECLARE_FINAL_TYPE (MortiseHealthPage, mortise_health_page, MORTISE, HEALTH_PAGE, AdwBin)

void mortise_health_page_set_up (MortiseHealthPage *self,
                                 MortiseAgentClient *client,
                                 MortisePasskeyStore *store);
void mortise_health_page_bind_sidebar (MortiseHealthPage *self, AdwFlap *flap);

G_END_DECLS
