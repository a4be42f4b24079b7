/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include <glib/gi18n.h>

/* The step as it was when it was offered; the finding is gone with the next check. */
typedef struct
{
  MortisePasskeyPage *page;
  MortiseNamingMend mend;
  const char *member;
  char *value;
  gint64 other_id;
} Step;

static void
step_free (gpointer data, GClosure *closure)
{
  Step *step = data;

  g_free (step->value);
  g_free (step);
}

static void
on_mend (GtkButton *button, Step *step)
{
  MortisePasskeyPage *self = step->page;

  if (self->passkey == NULL)
    return;
  switch (step->mend)
    {
    case MORTISE_NAMING_MEND_SET:
      mortise_passkey_page_edit (self, step->member, step->value);
      break;
    case MORTISE_NAMING_MEND_SHOW:
      gtk_widget_activate_action (GTK_WIDGET (self), "win.show-passkey", "x", step->other_id);
      break;
    case MORTISE_NAMING_MEND_DELETE:
      gtk_widget_activate_action (GTK_WIDGET (self), "passkey.delete", NULL);
      break;
    case MORTISE_NAMING_MEND_EDIT:
    default:
      gtk_widget_grab_focus (GTK_WIDGET (self->user_name_row));
      break;
    }
}

/* Plain text, whatever a site wrote into it: neither markup nor a mnemonic. */
static GtkWidget *
new_mend_button (MortisePasskeyPage *self, const MortiseNamingFinding *finding)
{
  GtkWidget *button = gtk_button_new ();
  GtkWidget *label = gtk_label_new (finding->mend_label);
  Step *step = g_new0 (Step, 1);

  step->page = self;
  step->mend = finding->mend;
  step->member = finding->mend_member;
  step->value = g_strdup (finding->mend_value);
  step->other_id = finding->other_id;
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_button_set_child (GTK_BUTTON (button), label);
  gtk_widget_set_halign (button, GTK_ALIGN_START);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  finding->mend_label, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  finding->explanation, -1);
  if (finding->mend_value != NULL && *finding->mend_value != '\0')
    gtk_widget_set_tooltip_text (button, finding->mend_label);
  g_signal_connect_data (button, "clicked", G_CALLBACK (on_mend), step, step_free, 0);
  return button;
}

static GtkWidget *
new_finding_row (MortisePasskeyPage *self, const MortiseNamingFinding *finding)
{
  GtkWidget *row = g_object_new (ADW_TYPE_PREFERENCES_ROW, "activatable", FALSE, "focusable", FALSE,
                                 "title", finding->explanation, "use-markup", FALSE, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 9);
  GtkWidget *icon = gtk_image_new_from_icon_name (finding->hint ? "dialog-information-symbolic"
                                                                : "dialog-warning-symbolic");
  GtkWidget *label = gtk_label_new (finding->explanation);

  gtk_widget_add_css_class (box, "finding");
  gtk_widget_add_css_class (icon, finding->hint ? "dim-label" : "state-warning");
  gtk_widget_set_valign (icon, GTK_ALIGN_START);
  gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  finding->hint ? _ ("Hint") : _ ("Trouble"), -1);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  mortise_passkey_page_forbid_hyphens (label);
  gtk_widget_set_hexpand (words, TRUE);
  gtk_box_append (GTK_BOX (words), label);
  gtk_box_append (GTK_BOX (words), new_mend_button (self, finding));
  gtk_box_append (GTK_BOX (box), icon);
  gtk_box_append (GTK_BOX (box), words);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  return row;
}

void
mortise_passkey_page_show_findings (MortisePasskeyPage *self)
{
  GPtrArray *findings =
      self->passkey == NULL ? NULL : mortise_naming_watch_lookup (self->naming, self->passkey);

  for (guint i = 0; i < self->finding_rows->len; i++)
    adw_preferences_group_remove (self->findings_group, self->finding_rows->pdata[i]);
  g_ptr_array_set_size (self->finding_rows, 0);
  gtk_widget_set_visible (GTK_WIDGET (self->findings_group), findings != NULL);
  for (guint i = 0; findings != NULL && i < findings->len; i++)
    {
      GtkWidget *row = new_finding_row (self, findings->pdata[i]);

      adw_preferences_group_add (self->findings_group, row);
      g_ptr_array_add (self->finding_rows, row);
    }
}
