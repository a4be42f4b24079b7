/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/deleted-row.h"

#include "app/window/button-names.h"
#include "app/window/moment.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _MortiseDeletedRow
{
  GtkWidget parent_instance;
  GtkWidget *box;
  AdwAvatar *avatar;
  GtkLabel *account_label;
  GtkLabel *site_label;
  GtkLabel *days_label;
  GtkWidget *restore_button;
  GtkWidget *purge_button;
};

G_DEFINE_FINAL_TYPE (MortiseDeletedRow, mortise_deleted_row, GTK_TYPE_WIDGET)

/* How the list hands the keyboard to a row. */
static gboolean
mortise_deleted_row_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (MORTISE_DELETED_ROW (widget)->restore_button);
}

static void
mortise_deleted_row_dispose (GObject *object)
{
  g_clear_pointer (&MORTISE_DELETED_ROW (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (mortise_deleted_row_parent_class)->dispose (object);
}

static void
mortise_deleted_row_class_init (MortiseDeletedRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_deleted_row_dispose;
  widget_class->grab_focus = mortise_deleted_row_grab_focus;
  gtk_widget_class_set_css_name (widget_class, "passkeyrow");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/deleted-row.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedRow, box);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedRow, avatar);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedRow, account_label);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedRow, site_label);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedRow, days_label);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedRow, restore_button);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedRow, purge_button);
}

static void
mortise_deleted_row_init (MortiseDeletedRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_button_names_mend (GTK_WIDGET (self));
}

GtkWidget *
mortise_deleted_row_new (void)
{
  return g_object_new (MORTISE_TYPE_DELETED_ROW, NULL);
}

static void
name_button (GtkWidget *button, const char *action, const char *name, gint64 id)
{
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "x", id);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  gtk_widget_set_tooltip_text (button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
mortise_deleted_row_set_passkey (MortiseDeletedRow *self, MortisePasskey *passkey)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (passkey);
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *avatar_text = mortise_passkey_dup_avatar_text (passkey);
  g_autofree char *account = mortise_passkey_dup_account (passkey);
  g_autofree char *site = mortise_passkey_dup_site (passkey);
  g_autofree char *sentence = mortise_passkey_dup_sentence (passkey);
  guint left =
      mortise_moment_days_left (data->deleted, MORTISE_DELETED_DAYS, mortise_moment_now ());
  g_autofree char *days = g_strdup_printf (ngettext ("%u day left", "%u days left", left), left);
  /* Translators: names of buttons for screen readers; %s is like “alice at example.com” */
  g_autofree char *restore = g_strdup_printf (_ ("Restore %s"), sentence);
  g_autofree char *purge = g_strdup_printf (_ ("Delete %s for good"), sentence);
  g_autofree char *spoken = g_strdup_printf ("%s. %s", sentence, days);

  adw_avatar_set_text (self->avatar, avatar_text);
  gtk_label_set_label (self->account_label, account);
  gtk_label_set_label (self->site_label, site);
  gtk_label_set_label (self->days_label, days);
  name_button (self->restore_button, "deleted.restore", restore, data->id);
  name_button (self->purge_button, "deleted.purge", purge, data->id);
  if (parent != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken,
                                    -1);
}
