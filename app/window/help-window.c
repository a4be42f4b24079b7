/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/help-window.h"

#include "app/window/button-names.h"

struct _MortiseHelpWindow
{
  AdwWindow parent_instance;
  GtkScrolledWindow *scrolled;
  GtkWidget *topics;
  /* the heading to go to once there is a layout; not owned, a child */
  GtkWidget *wanted;
};

G_DEFINE_FINAL_TYPE (MortiseHelpWindow, mortise_help_window, ADW_TYPE_WINDOW)

static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  MortiseHelpWindow *self = MORTISE_HELP_WINDOW (widget);
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);
  double y = 0;

  if (self->wanted == NULL)
    return G_SOURCE_REMOVE;
  /* Not laid out yet. */
  if (gtk_widget_get_height (self->topics) == 0)
    return G_SOURCE_CONTINUE;
  gtk_widget_grab_focus (self->wanted);
  if (gtk_widget_translate_coordinates (self->wanted, self->topics, 0, 0, NULL, &y))
    gtk_adjustment_set_value (adjustment, y);
  self->wanted = NULL;
  return G_SOURCE_REMOVE;
}

static void
go_to (MortiseHelpWindow *self, const char *topic)
{
  g_autofree char *name = g_strconcat ("topic_", topic, NULL);
  GObject *heading = NULL;

  g_strdelimit (name, "-", '_');
  heading = gtk_widget_get_template_child (GTK_WIDGET (self), MORTISE_TYPE_HELP_WINDOW, name);
  if (heading == NULL)
    return;
  self->wanted = GTK_WIDGET (heading);
  gtk_widget_add_tick_callback (GTK_WIDGET (self), on_tick, NULL, NULL);
}

static void
on_topic (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  go_to (user_data, g_variant_get_string (parameter, NULL));
}

static void
mortise_help_window_class_init (MortiseHelpWindowClass *klass)
{
  static const char *const topics[] = { "topic_passkey",      "topic_broken",
                                        "topic_moving",       "topic_second_factor",
                                        "topic_other_name",   "topic_not_offered",
                                        "topic_forgotten_pin" };
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/help-window.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseHelpWindow, scrolled);
  gtk_widget_class_bind_template_child_full (widget_class, "topics", FALSE,
                                             G_STRUCT_OFFSET (MortiseHelpWindow, topics));
  /* Found by name, so that a link and its heading need nothing but each other. */
  for (gsize i = 0; i < G_N_ELEMENTS (topics); i++)
    gtk_widget_class_bind_template_child_full (widget_class, topics[i], FALSE, 0);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
mortise_help_window_init (MortiseHelpWindow *self)
{
  static const GActionEntry entries[] = {
    { "topic", on_topic, "s", NULL, NULL, { 0 } },
  };
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "help", G_ACTION_GROUP (actions));
}

void
mortise_help_present (GtkWindow *parent, const char *topic)
{
  MortiseHelpWindow *self = NULL;
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *entry = windows; entry != NULL; entry = entry->next)
    {
      if (MORTISE_IS_HELP_WINDOW (entry->data) &&
          gtk_window_get_transient_for (entry->data) == parent)
        self = entry->data;
    }
  if (self == NULL)
    self = g_object_new (MORTISE_TYPE_HELP_WINDOW, "transient-for", parent, NULL);
  mortise_button_names_mend (GTK_WIDGET (self));
  gtk_window_present (GTK_WINDOW (self));
  go_to (self, topic);
}
