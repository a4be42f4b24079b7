/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortisePreferences:
 *
 * The vault's settings. A change is sent at once; where it weakens protection the agent asks on
 * its prompt, and until then, or after a no, the old value is shown. No AdwPreferencesWindow: that
 * of libadwaita 1.2 never frees its groups.
 */
#define MORTISE_TYPE_PREFERENCES (mortise_preferences_get_type ())
G_DECLARE_FINAL_TYPE (MortisePreferences, mortise_preferences, MORTISE, PREFERENCES, AdwWindow)

void mortise_preferences_present (GtkWindow *parent, MortiseAgentClient *client);

G_END_DECLS
