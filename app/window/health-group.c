/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/health-group.h"

#include <glib/gi18n.h>

struct _MortiseHealthGroup
{
  AdwPreferencesGroup parent_instance;
  MortiseAgentClient *client;
  GCancellable *asking;
  GPtrArray *rows;
  GVariant *shown;
};

G_DEFINE_FINAL_TYPE (MortiseHealthGroup, mortise_health_group, ADW_TYPE_PREFERENCES_GROUP)

typedef struct
{
  const char *state;
  const char *icon;
  const char *css_class;
  const char *word;
} StateWords;

static const StateWords states[] = {
  { "ok", "emblem-ok-symbolic", "state-ok", N_ ("In order") },
  { "note", "dialog-information-symbolic", "dim-label", N_ ("Note") },
  { "warning", "dialog-warning-symbolic", "state-warning", N_ ("Needs attention") },
  { "error", "dialog-error-symbolic", "state-error", N_ ("Does not work") },
};

static const StateWords *
find_state (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    {
      if (g_str_equal (states[i].state, name))
        return &states[i];
    }
  return &states[1];
}

static void
clear_rows (MortiseHealthGroup *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
}

static void
add_row (MortiseHealthGroup *self,
         const char *state_name,
         const char *title,
         const char *text,
         const char *step)
{
  const StateWords *state = find_state (state_name);
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name (state->icon);
  GString *subtitle = g_string_new (text);

  if (step[0] != '\0')
    {
      g_string_append_c (subtitle, '\n');
      /* Translators: %s is a sentence that says what to do */
      g_string_append_printf (subtitle, _ ("What helps: %s"), step);
    }
  gtk_widget_add_css_class (icon, state->css_class);
  gtk_widget_set_tooltip_text (icon, _ (state->word));
  gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ (state->word), -1);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle->str);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
  g_string_free (subtitle, TRUE);
}

static void
show_lines (MortiseHealthGroup *self, GVariant *lines)
{
  GVariantIter iter;
  GVariant *line;

  if (self->shown != NULL && g_variant_equal (self->shown, lines))
    return;
  g_clear_pointer (&self->shown, g_variant_unref);
  self->shown = g_variant_ref (lines);
  clear_rows (self);
  g_variant_iter_init (&iter, lines);
  while ((line = g_variant_iter_next_value (&iter)) != NULL)
    {
      const char *state = "note";
      const char *title = "";
      const char *text = "";
      const char *step = "";

      g_variant_lookup (line, "state", "&s", &state);
      g_variant_lookup (line, "title", "&s", &title);
      g_variant_lookup (line, "text", "&s", &text);
      g_variant_lookup (line, "step", "&s", &step);
      add_row (self, state, title, text, step);
      g_variant_unref (line);
    }
}

static void
show_missing (MortiseHealthGroup *self)
{
  g_clear_pointer (&self->shown, g_variant_unref);
  clear_rows (self);
  add_row (self, "error", _ ("Background service"),
           _ ("Mortise’s agent is not running, so nothing else can be checked."),
           _ ("Start it from the page Passkeys."));
}

static void
on_health (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseHealthGroup) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);
  g_autoptr (GVariant) lines = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->asking);
  if (reply == NULL)
    {
      show_missing (self);
      return;
    }
  lines = g_variant_get_child_value (reply, 0);
  show_lines (self, lines);
}

static void
mortise_health_group_dispose (GObject *object)
{
  MortiseHealthGroup *self = MORTISE_HEALTH_GROUP (object);

  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  g_clear_pointer (&self->shown, g_variant_unref);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  G_OBJECT_CLASS (mortise_health_group_parent_class)->dispose (object);
}

static void
mortise_health_group_class_init (MortiseHealthGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = mortise_health_group_dispose;
}

static void
mortise_health_group_init (MortiseHealthGroup *self)
{
  self->rows = g_ptr_array_new ();
}

void
mortise_health_group_set_client (MortiseHealthGroup *self, MortiseAgentClient *client)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (mortise_health_group_refresh),
                            self);
  g_signal_connect (self, "map", G_CALLBACK (mortise_health_group_refresh), NULL);
}

void
mortise_health_group_refresh (MortiseHealthGroup *self)
{
  MortiseAgentState state = mortise_agent_client_get_state (self->client);

  /* What nobody sees is not asked for. */
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) || self->asking != NULL)
    return;
  if (state == MORTISE_AGENT_CONNECTING)
    return;
  if (state == MORTISE_AGENT_MISSING)
    {
      show_missing (self);
      return;
    }
  self->asking = g_cancellable_new ();
  mortise_agent_client_call (self->client, "GetHealth", NULL, self->asking, on_health,
                             g_object_ref (self));
}
