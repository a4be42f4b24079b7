/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/alert-dialog.h"

#include "app/window/button-names.h"

#include <glib/gi18n.h>

/* With the one answer that does nothing. */
static AdwMessageDialog *
create_dialog (
    GtkWidget *parent, const char *heading, const char *body, const char *id, const char *label)
{
  GtkRoot *root = gtk_widget_get_root (parent);
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (
      adw_message_dialog_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, heading, body));

  gtk_accessible_update_property (GTK_ACCESSIBLE (dialog), GTK_ACCESSIBLE_PROPERTY_LABEL, heading,
                                  -1);
  adw_message_dialog_add_response (dialog, id, label);
  adw_message_dialog_set_default_response (dialog, id);
  adw_message_dialog_set_close_response (dialog, id);
  return dialog;
}

AdwMessageDialog *
mortise_alert_ask (
    GtkWidget *parent, const char *heading, const char *body, const char *stay, const char *go)
{
  AdwMessageDialog *dialog = create_dialog (parent, heading, body, "stay", stay);

  adw_message_dialog_add_response (dialog, "go", go);
  adw_message_dialog_set_response_appearance (dialog, "go", ADW_RESPONSE_DESTRUCTIVE);
  mortise_button_names_mend (GTK_WIDGET (dialog));
  gtk_window_present (GTK_WINDOW (dialog));
  return dialog;
}

void
mortise_alert_tell (GtkWidget *parent, const char *heading, const char *body)
{
  AdwMessageDialog *dialog = create_dialog (parent, heading, body, "close", _ ("_Close"));

  mortise_button_names_mend (GTK_WIDGET (dialog));
  gtk_window_present (GTK_WINDOW (dialog));
}
