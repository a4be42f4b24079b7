/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/window/agent-client.h"

G_BEGIN_DECLS

/**
 * MortiseKeyslotsGroup:
 *
 * The ways to open the vault, each with when it was made and last used, and what can be done about
 * it: another PIN, a recovery code, the login keyring. Everything asks on the agent's prompt.
 */
#define MORTISE_TYPE_KEYSLOTS_GROUP (mortise_keyslots_group_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseKeyslotsGroup, mortise_keyslots_group, MORTISE, KEYSLOTS_GROUP, AdwPreferencesGroup)

/** mortise_keyslots_group_set_client: once */
void mortise_keyslots_group_set_client (MortiseKeyslotsGroup *self, MortiseAgentClient *client);

G_END_DECLS
