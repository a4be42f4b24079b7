/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey-store.h"

#include <adwaita.h>

G_BEGIN_DECLS

/** The site of the passkeys that "Try it" makes. */
#define MORTISE_TRY_IT_SITE "try-it.mortise.example"

/**
 * MortiseTryItGroup:
 *
 * Registers and signs in against a site within this window, through the same device as a browser,
 * and tells in words what that site was sent and could verify.
 */
#define MORTISE_TYPE_TRY_IT_GROUP (mortise_try_it_group_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseTryItGroup, mortise_try_it_group, MORTISE, TRY_IT_GROUP, AdwPreferencesGroup)

/** mortise_try_it_group_set_up: @store: all passkeys, to find the one that was made */
void mortise_try_it_group_set_up (MortiseTryItGroup *self,
                                  MortiseAgentClient *client,
                                  MortisePasskeyStore *store);

G_END_DECLS
