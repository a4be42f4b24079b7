/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The one place that knows which dialog class this libadwaita has. */

/** mortise_alert_tell: says that something failed, and what to do */
void mortise_alert_tell (GtkWidget *parent, const char *heading, const char *body);

G_END_DECLS
