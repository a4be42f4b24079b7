/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-row.h"

#include "app/window/badge.h"
#include "app/window/moment.h"
#include "app/window/passkey-groups.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _MortisePasskeyRow
{
  GtkWidget parent_instance;
  GObject *item;
  MortisePasskeyMarks *marks;
  /* The box is being filled in, not ticked. */
  gboolean filling;
  GtkWidget *heading_box;
  GtkLabel *site_label;
  GtkLabel *site_title_label;
  GtkLabel *count_label;
  GtkWidget *content_box;
  AdwAvatar *avatar;
  GtkLabel *account_label;
  GtkLabel *when_label;
  GtkLabel *note_label;
  GtkBox *badge_box;
  GtkWidget *open_button;
  GtkCheckButton *mark_button;
};

G_DEFINE_FINAL_TYPE (MortisePasskeyRow, mortise_passkey_row, GTK_TYPE_WIDGET)

/* GtkListView 4.8 gives its items no name; the item is the parent of what is in it. */
static void
name_row (MortisePasskeyRow *self, const char *name)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));

  if (parent != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                    -1);
}

/* Translators: name of a button for screen readers; %s is like “alice at example.com” */
static char *
make_open_text (const char *sentence)
{
  return g_strdup_printf (_ ("Open %s"), sentence);
}

static void
show_site (MortisePasskeyRow *self)
{
  MortiseSite *site = MORTISE_SITE (self->item);
  g_autofree char *name = mortise_site_dup_name (site);
  g_autofree char *title = mortise_site_dup_title (site);
  guint count = mortise_site_get_count (site);
  g_autofree char *count_text = g_strdup_printf ("%u", count);
  g_autofree char *spoken = g_strdup_printf (
      /* Translators: heading of a site in the list, for screen readers: its name and how many */
      ngettext ("%s, %u passkey", "%s, %u passkeys", count), name, count);

  gtk_label_set_label (self->site_label, name);
  gtk_label_set_label (self->site_title_label, title);
  gtk_label_set_label (self->count_label, count_text);
  gtk_widget_set_visible (GTK_WIDGET (self->count_label), count > 1);
  /* GtkListView 4.8 lets the keyboard in at its first item only, which is a heading. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->heading_box), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  spoken, GTK_ACCESSIBLE_PROPERTY_LEVEL, 2, -1);
  name_row (self, spoken);
}

static void
show_mark (MortisePasskeyRow *self)
{
  gboolean active = mortise_passkey_marks_is_active (self->marks);

  if (!MORTISE_IS_PASSKEY (self->item))
    return;
  self->filling = TRUE;
  gtk_widget_set_visible (GTK_WIDGET (self->mark_button), active);
  gtk_widget_set_visible (self->open_button, !active);
  gtk_check_button_set_active (
      self->mark_button, mortise_passkey_marks_has (
                             self->marks, mortise_passkey_get_id (MORTISE_PASSKEY (self->item))));
  self->filling = FALSE;
}

static void
show_passkey (MortisePasskeyRow *self)
{
  MortisePasskey *passkey = MORTISE_PASSKEY (self->item);
  const MortisePasskeyData *data = mortise_passkey_get_data (passkey);
  g_autofree char *avatar_text = mortise_passkey_dup_avatar_text (passkey);
  g_autofree char *account = mortise_passkey_dup_account (passkey);
  g_autofree char *note = mortise_passkey_dup_note (passkey);
  g_autofree char *sentence = mortise_passkey_dup_sentence (passkey);
  g_autofree char *traits = mortise_badges_describe (passkey);
  g_autofree char *when =
      data->last_used == 0
          ? g_strdup (_ ("never used"))
          : mortise_moment_format_relative (data->last_used, mortise_moment_now ());
  g_autofree char *spoken = g_strdup_printf ("%s. %s. %s", sentence, traits, when);
  g_autofree char *open = make_open_text (sentence);
  g_autofree char *mark = NULL;

  adw_avatar_set_text (self->avatar, avatar_text);
  gtk_label_set_label (self->account_label, account);
  gtk_label_set_label (self->when_label, when);
  gtk_label_set_label (self->note_label, note);
  /* Without names of its own the second line begins with the time, not with a gap. */
  gtk_widget_set_visible (GTK_WIDGET (self->note_label), *note != '\0');
  mortise_badges_fill (self->badge_box, passkey);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->open_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  open, -1);
  /* Translators: name of a box to tick, for screen readers; %s is like “alice at example.com” */
  mark = g_strdup_printf (_ ("Select %s"), sentence);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->mark_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  mark, -1);
  show_mark (self);
  name_row (self, spoken);
}

static void
on_marks_changed (MortisePasskeyRow *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root == NULL ? NULL : gtk_root_get_focus (root);
  gboolean focused = focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self));

  show_mark (self);
  /* One of the two ways in is gone; the keyboard stays in the row. */
  if (focused)
    gtk_widget_grab_focus (GTK_WIDGET (self));
}

/* Asked for, not set: each text set makes GTK ask the display where the pointer is, and wait. */
static gboolean
on_query_tooltip (MortisePasskeyRow *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  g_autofree char *sentence = NULL;
  g_autofree char *text = NULL;

  if (!MORTISE_IS_PASSKEY (self->item))
    return FALSE;
  sentence = mortise_passkey_dup_sentence (MORTISE_PASSKEY (self->item));
  text = make_open_text (sentence);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

/* No action on the button itself: each row that comes into sight would look it up anew. */
static void
on_open_clicked (MortisePasskeyRow *self)
{
  if (MORTISE_IS_PASSKEY (self->item))
    gtk_widget_activate_action (GTK_WIDGET (self), "passkeys.open", "x",
                                mortise_passkey_get_id (MORTISE_PASSKEY (self->item)));
}

static void
on_mark_toggled (MortisePasskeyRow *self)
{
  if (!self->filling && MORTISE_IS_PASSKEY (self->item))
    mortise_passkey_marks_set (self->marks, mortise_passkey_get_id (MORTISE_PASSKEY (self->item)),
                               gtk_check_button_get_active (self->mark_button));
}

static void
show_item (MortisePasskeyRow *self)
{
  gboolean is_site = MORTISE_IS_SITE (self->item);

  gtk_widget_set_visible (self->heading_box, is_site);
  gtk_widget_set_visible (self->content_box, !is_site);
  if (is_site)
    show_site (self);
  else
    show_passkey (self);
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, MortisePasskeyRow *self)
{
  GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (gesture));
  gint64 id = 0;

  if (!MORTISE_IS_PASSKEY (self->item))
    return;
  id = mortise_passkey_get_id (MORTISE_PASSKEY (self->item));
  if ((state & GDK_SHIFT_MASK) != 0)
    gtk_widget_activate_action (GTK_WIDGET (self), "passkeys.mark-to", "x", id);
  else if ((state & GDK_CONTROL_MASK) != 0 || mortise_passkey_marks_is_active (self->marks))
    gtk_widget_activate_action (GTK_WIDGET (self), "passkeys.toggle-mark", "x", id);
  else
    gtk_widget_activate_action (GTK_WIDGET (self), "passkeys.open", "x", id);
}

static void
on_long_pressed (GtkGestureLongPress *gesture, double x, double y, MortisePasskeyRow *self)
{
  if (!MORTISE_IS_PASSKEY (self->item))
    return;
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_activate_action (GTK_WIDGET (self), "passkeys.toggle-mark", "x",
                              mortise_passkey_get_id (MORTISE_PASSKEY (self->item)));
}

/* How the list hands the keyboard to a row. */
static gboolean
mortise_passkey_row_grab_focus (GtkWidget *widget)
{
  MortisePasskeyRow *self = MORTISE_PASSKEY_ROW (widget);

  if (MORTISE_IS_SITE (self->item))
    return gtk_widget_grab_focus (self->heading_box);
  return gtk_widget_grab_focus (mortise_passkey_marks_is_active (self->marks)
                                    ? GTK_WIDGET (self->mark_button)
                                    : self->open_button);
}

static void
mortise_passkey_row_dispose (GObject *object)
{
  MortisePasskeyRow *self = MORTISE_PASSKEY_ROW (object);

  mortise_passkey_row_set_item (self, NULL);
  if (self->marks != NULL)
    g_signal_handlers_disconnect_by_data (self->marks, self);
  g_clear_object (&self->marks);
  g_clear_pointer (&self->heading_box, gtk_widget_unparent);
  g_clear_pointer (&self->content_box, gtk_widget_unparent);
  G_OBJECT_CLASS (mortise_passkey_row_parent_class)->dispose (object);
}

static void
mortise_passkey_row_class_init (MortisePasskeyRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_passkey_row_dispose;
  widget_class->grab_focus = mortise_passkey_row_grab_focus;
  gtk_widget_class_set_css_name (widget_class, "passkeyrow");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/passkey-row.ui");
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, heading_box);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, site_label);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, site_title_label);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, count_label);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, content_box);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, avatar);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, account_label);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, when_label);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, note_label);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, badge_box);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, open_button);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeyRow, mark_button);
}

static void
mortise_passkey_row_init (MortisePasskeyRow *self)
{
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *long_press = gtk_gesture_long_press_new ();

  g_type_ensure (ADW_TYPE_AVATAR);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (click, "released", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (long_press), TRUE);
  g_signal_connect (long_press, "pressed", G_CALLBACK (on_long_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (long_press));
  g_signal_connect_swapped (self->open_button, "clicked", G_CALLBACK (on_open_clicked), self);
  g_signal_connect_swapped (self->open_button, "query-tooltip", G_CALLBACK (on_query_tooltip),
                            self);
  g_signal_connect_swapped (self->mark_button, "toggled", G_CALLBACK (on_mark_toggled), self);
}

GtkWidget *
mortise_passkey_row_new (MortisePasskeyMarks *marks)
{
  MortisePasskeyRow *self = g_object_new (MORTISE_TYPE_PASSKEY_ROW, NULL);

  self->marks = g_object_ref (marks);
  g_signal_connect_swapped (marks, "changed", G_CALLBACK (on_marks_changed), self);
  return GTK_WIDGET (self);
}

void
mortise_passkey_row_set_item (MortisePasskeyRow *self, GObject *item)
{
  if (self->item != NULL)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_set_object (&self->item, item);
  if (item == NULL)
    return;
  g_signal_connect_swapped (item, "changed", G_CALLBACK (show_item), self);
  show_item (self);
}

GObject *
mortise_passkey_row_get_item (MortisePasskeyRow *self)
{
  return self->item;
}

MortisePasskey *
mortise_passkey_row_get_passkey (MortisePasskeyRow *self)
{
  return MORTISE_IS_PASSKEY (self->item) ? MORTISE_PASSKEY (self->item) : NULL;
}
