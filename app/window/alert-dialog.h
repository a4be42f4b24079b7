/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The one place that knows which dialog class this libadwaita has. */

/**
 * mortise_alert_ask:
 * @stay: label with mnemonic: nothing happens; what Escape and Enter say
 * @go: label with mnemonic: what is lost by it cannot be had back
 *
 * Asks before something is lost; modal. AdwMessageDialog::response is "go" if that was chosen.
 *
 * Returns: (transfer none): the dialog, on the screen
 */
AdwMessageDialog *mortise_alert_ask (
    GtkWidget *parent, const char *heading, const char *body, const char *stay, const char *go);
/** mortise_alert_tell: says that something failed, and what to do */
void mortise_alert_tell (GtkWidget *parent, const char *heading, const char *body);

G_END_DECLS
