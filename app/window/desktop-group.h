/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseDesktopGroup:
 *
 * The part of Preferences that is about this person's desktop and not about the vault: start at
 * login, passkeys in the shell's search. Hidden in the demo, which has no part in either.
 */
#define MORTISE_TYPE_DESKTOP_GROUP (mortise_desktop_group_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseDesktopGroup, mortise_desktop_group, MORTISE, DESKTOP_GROUP, AdwPreferencesGroup)

void mortise_desktop_group_set_client (MortiseDesktopGroup *self, MortiseAgentClient *client);

G_END_DECLS
