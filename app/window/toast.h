/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/** mortise_toast: shows @text, plain, for a while in the window of @widget */
void mortise_toast (GtkWidget *widget, const char *text);

/** mortise_toast_undo: as above, with a button Undo that activates @action with @target; Returns:
 * (transfer none) (nullable): what is shown */
AdwToast *
mortise_toast_undo (GtkWidget *widget, const char *text, const char *action, GVariant *target);

/** mortise_toast_set_undo_stays: for tests: Undo is offered until it is pressed, closed or
 * replaced, on however slow a machine */
void mortise_toast_set_undo_stays (gboolean stays);

/** mortise_toast_error: shows why something failed, unless the person ended it themselves */
void mortise_toast_error (GtkWidget *widget, const GError *error);

G_END_DECLS
