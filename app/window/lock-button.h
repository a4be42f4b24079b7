/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortiseLockButton:
 *
 * Tells whether the vault is locked and does the opposite by `win.lock` or `win.unlock`. Property
 * `compact`: icon only.
 */
#define MORTISE_TYPE_LOCK_BUTTON (mortise_lock_button_get_type ())
G_DECLARE_FINAL_TYPE (MortiseLockButton, mortise_lock_button, MORTISE, LOCK_BUTTON, GtkButton)

void mortise_lock_button_set_client (MortiseLockButton *self, MortiseAgentClient *client);

G_END_DECLS
