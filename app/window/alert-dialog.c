/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/alert-dialog.h"

#include "app/window/button-names.h"

#include <adwaita.h>
#include <glib/gi18n.h>

void
mortise_alert_tell (GtkWidget *parent, const char *heading, const char *body)
{
  GtkRoot *root = gtk_widget_get_root (parent);
  GtkWidget *window =
      adw_message_dialog_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, heading, body);
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (window);

  gtk_accessible_update_property (GTK_ACCESSIBLE (dialog), GTK_ACCESSIBLE_PROPERTY_LABEL, heading,
                                  -1);
  adw_message_dialog_add_response (dialog, "close", _ ("_Close"));
  adw_message_dialog_set_default_response (dialog, "close");
  adw_message_dialog_set_close_response (dialog, "close");
  mortise_button_names_mend (window);
  gtk_window_present (GTK_WINDOW (dialog));
}
