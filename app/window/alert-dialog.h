/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The one place that knows which dialog class this libadwaita has. */

typedef void (*MortiseAlertCallback) (gpointer user_data);

/**
 * mortise_alert_ask:
 * @parent: a widget in the window that asks
 * @confirm: label of the button that goes on, with mnemonic
 * @destructive: whether going on destroys something
 * @callback: called if the person goes on; not called otherwise
 * @owner: @callback is not called after it is gone; given to it as user data
 */
void mortise_alert_ask (GtkWidget *parent,
                        const char *heading,
                        const char *body,
                        const char *confirm,
                        gboolean destructive,
                        MortiseAlertCallback callback,
                        GObject *owner);

/** mortise_alert_tell: says that something failed, and what to do */
void mortise_alert_tell (GtkWidget *parent, const char *heading, const char *body);

G_END_DECLS
