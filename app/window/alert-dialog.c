/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/alert-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

typedef struct
{
  MortiseAlertCallback callback;
  GWeakRef owner;
} Question;

static void
question_free (gpointer data, GClosure *closure)
{
  Question *question = data;

  g_weak_ref_clear (&question->owner);
  g_free (question);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, gpointer user_data)
{
  Question *question = user_data;
  g_autoptr (GObject) owner = g_weak_ref_get (&question->owner);

  if (owner != NULL && g_str_equal (response, "confirm"))
    question->callback (owner);
}

static GtkWidget *
new_dialog (GtkWidget *parent, const char *heading, const char *body)
{
  GtkRoot *root = gtk_widget_get_root (parent);
  GtkWidget *dialog =
      adw_message_dialog_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, heading, body);

  gtk_accessible_update_property (GTK_ACCESSIBLE (dialog), GTK_ACCESSIBLE_PROPERTY_LABEL, heading,
                                  -1);
  return dialog;
}

void
mortise_alert_ask (GtkWidget *parent,
                   const char *heading,
                   const char *body,
                   const char *confirm,
                   gboolean destructive,
                   MortiseAlertCallback callback,
                   GObject *owner)
{
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (new_dialog (parent, heading, body));
  Question *question = g_new0 (Question, 1);

  question->callback = callback;
  g_weak_ref_init (&question->owner, owner);
  adw_message_dialog_add_response (dialog, "cancel", _ ("_Cancel"));
  adw_message_dialog_add_response (dialog, "confirm", confirm);
  adw_message_dialog_set_response_appearance (
      dialog, "confirm", destructive ? ADW_RESPONSE_DESTRUCTIVE : ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (dialog, destructive ? "cancel" : "confirm");
  adw_message_dialog_set_close_response (dialog, "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_response), question, question_free,
                         G_CONNECT_DEFAULT);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
mortise_alert_tell (GtkWidget *parent, const char *heading, const char *body)
{
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (new_dialog (parent, heading, body));

  adw_message_dialog_add_response (dialog, "close", _ ("_Close"));
  adw_message_dialog_set_default_response (dialog, "close");
  adw_message_dialog_set_close_response (dialog, "close");
  gtk_window_present (GTK_WINDOW (dialog));
}
