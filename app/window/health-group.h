/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseHealthGroup:
 *
 * The lines of the agent's health report: what is well, what is not, why, and the one step that
 * mends it. Asks again when the agent's state changes and when mortise_health_group_refresh() is
 * called.
 */
#define MORTISE_TYPE_HEALTH_GROUP (mortise_health_group_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseHealthGroup, mortise_health_group, MORTISE, HEALTH_GROUP, AdwPreferencesGroup)

void mortise_health_group_set_client (MortiseHealthGroup *self, MortiseAgentClient *client);
void mortise_health_group_refresh (MortiseHealthGroup *self);

G_END_DECLS
