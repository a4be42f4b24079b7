/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/health-group.h"

#include "app/window/agent-autostart.h"
#include "app/window/button-names.h"
#include "app/window/suffix-layout.h"
#include "app/window/system-setup.h"
#include "app/window/toast.h"

#include <glib/gi18n.h>

struct _MortiseHealthGroup
{
  AdwPreferencesGroup parent_instance;
  MortiseAgentClient *client;
  GCancellable *asking;
  GPtrArray *rows;
  GVariant *shown;
  /* What is in order stands folded under one row, which this button opens; %NULL if nothing is. */
  GtkToggleButton *fold_button;
  gboolean unfolded;
};

G_DEFINE_FINAL_TYPE (MortiseHealthGroup, mortise_health_group, ADW_TYPE_PREFERENCES_GROUP)

typedef struct
{
  const char *state;
  const char *icon;
  const char *css_class;
  const char *word;
} StateWords;

/* In order of how much they need the person. */
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
  self->fold_button = NULL;
}

/* What a line can be mended with here, by the name the agent gives it. */
typedef struct
{
  const char *name;
  const char *action;
  const char *label;
  /* for screen readers; %s is the line's title */
  const char *spoken;
} LineAction;

static const LineAction line_actions[] = {
  { "set-up", "health-line.set-up", N_ ("_Set Up…"), N_ ("Set up this computer: %s") },
  { "replug", "health-line.replug", N_ ("_Plug In Again"), N_ ("Plug in again: %s") },
  { "start-at-login", "health-line.start-at-login", N_ ("Switch _On"), N_ ("Switch on: %s") },
  { "recovery-code", "win.recovery-code", N_ ("_Make One…"), N_ ("Make one: %s") },
};

static void
add_button (GtkWidget *row, const char *title, const char *action)
{
  for (gsize i = 0; i < G_N_ELEMENTS (line_actions); i++)
    {
      GtkWidget *button = NULL;
      GString *spoken = NULL;

      if (!g_str_equal (action, line_actions[i].name))
        continue;
      button = gtk_button_new_with_mnemonic (_ (line_actions[i].label));
      spoken = g_string_new (_ (line_actions[i].spoken));
      g_string_replace (spoken, "%s", title, 1);
      gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (button), line_actions[i].action);
      gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      spoken->str, -1);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
      g_string_free (spoken, TRUE);
    }
}

static void
add_state_icon (GtkWidget *row, const StateWords *state)
{
  GtkWidget *icon = gtk_image_new_from_icon_name (state->icon);

  gtk_widget_add_css_class (icon, state->css_class);
  gtk_widget_set_tooltip_text (icon, _ (state->word));
  gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ (state->word), -1);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
}

static GtkWidget *
add_row (MortiseHealthGroup *self,
         const char *state_name,
         const char *title,
         const char *text,
         const char *step,
         const char *action)
{
  GtkWidget *row = adw_action_row_new ();
  GString *subtitle = g_string_new (text);

  if (step[0] != '\0')
    {
      g_string_append_c (subtitle, '\n');
      /* Translators: %s is a sentence that says what to do */
      g_string_append_printf (subtitle, _ ("What helps: %s"), step);
    }
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle->str);
  add_state_icon (row, find_state (state_name));
  add_button (row, title, action);
  mortise_button_names_mend (row);
  mortise_suffix_layout_apply (row);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
  g_string_free (subtitle, TRUE);
  return row;
}

static void
add_line (MortiseHealthGroup *self, GVariant *line)
{
  const char *state = "note";
  const char *title = "";
  const char *text = "";
  const char *step = "";
  const char *action = "";
  GtkWidget *row = NULL;

  g_variant_lookup (line, "state", "&s", &state);
  g_variant_lookup (line, "title", "&s", &title);
  g_variant_lookup (line, "text", "&s", &text);
  g_variant_lookup (line, "step", "&s", &step);
  g_variant_lookup (line, "action", "&s", &action);
  row = add_row (self, state, title, text, step, action);
  if (self->fold_button != NULL)
    g_object_bind_property (self->fold_button, "active", row, "visible", G_BINDING_SYNC_CREATE);
}

/* How much a line needs the person: 0 for nothing. */
static gsize
get_weight (GVariant *line)
{
  const char *state = "note";

  g_variant_lookup (line, "state", "&s", &state);
  return (gsize) (find_state (state) - states);
}

static void
on_unfolded (GtkToggleButton *button, GParamSpec *pspec, MortiseHealthGroup *self)
{
  self->unfolded = gtk_toggle_button_get_active (button);
  gtk_button_set_icon_name (GTK_BUTTON (button),
                            self->unfolded ? "pan-up-symbolic" : "pan-down-symbolic");
}

/* The row that stands for all that is in order, and names it. */
static void
add_fold (MortiseHealthGroup *self, GPtrArray *in_order)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_toggle_button_new ();
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *title = g_strdup_printf (
      ngettext ("%u thing is in order", "%u things are in order", in_order->len), in_order->len);

  for (guint i = 0; i < in_order->len; i++)
    {
      const char *name = "";

      g_variant_lookup (g_ptr_array_index (in_order, i), "title", "&s", &name);
      if (i > 0)
        /* Translators: between the items of a list, as in “TPM, Firefox, Memory” */
        g_string_append (names, _ (", "));
      g_string_append (names, name);
    }
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), names->str);
  add_state_icon (row, find_state ("ok"));
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "circular");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, _ ("Show What Is in Order"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Show What Is in Order"), -1);
  self->fold_button = GTK_TOGGLE_BUTTON (button);
  gtk_toggle_button_set_active (self->fold_button, self->unfolded);
  g_signal_connect (button, "notify::active", G_CALLBACK (on_unfolded), self);
  on_unfolded (self->fold_button, NULL, self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), button);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

/* What needs the person comes first, the worst before all; what is in order is folded away. */
static void
show_lines (MortiseHealthGroup *self, GVariant *lines)
{
  g_autoptr (GPtrArray) in_order =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);

  if (self->shown != NULL && g_variant_equal (self->shown, lines))
    return;
  g_clear_pointer (&self->shown, g_variant_unref);
  self->shown = g_variant_ref (lines);
  clear_rows (self);
  for (gsize weight = G_N_ELEMENTS (states); weight-- > 0;)
    {
      for (gsize i = 0; i < g_variant_n_children (lines); i++)
        {
          g_autoptr (GVariant) line = g_variant_get_child_value (lines, i);

          if (get_weight (line) != weight)
            continue;
          if (weight == 0)
            g_ptr_array_add (in_order, g_steal_pointer (&line));
          else
            add_line (self, line);
        }
    }
  if (in_order->len == 0)
    return;
  add_fold (self, in_order);
  for (guint i = 0; i < in_order->len; i++)
    add_line (self, g_ptr_array_index (in_order, i));
}

static void
show_missing (MortiseHealthGroup *self)
{
  g_clear_pointer (&self->shown, g_variant_unref);
  clear_rows (self);
  add_row (self, "error", _ ("Background service"),
           _ ("Mortise’s agent is not running, so nothing else can be checked."),
           _ ("Start it from the page Passkeys."), "");
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

/* --- What a line is mended with ------------------------------------------------------------------
 */

static void
on_called (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseHealthGroup) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  if (reply == NULL)
    mortise_toast_error (GTK_WIDGET (self), error);
  mortise_health_group_refresh (self);
}

static void
on_set_up_done (gpointer user_data)
{
  MortiseHealthGroup *self = user_data;

  mortise_agent_client_call (self->client, "Retry", NULL, NULL, on_called, g_object_ref (self));
}

static void
on_set_up (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  mortise_system_setup_offer (user_data, on_set_up_done, user_data);
}

static void
on_replug (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseHealthGroup *self = user_data;

  mortise_agent_client_call (self->client, "Replug", NULL, NULL, on_called, g_object_ref (self));
}

static void
on_autostart_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseHealthGroup) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!mortise_agent_autostart_set_finish (result, &error))
    mortise_toast_error (GTK_WIDGET (self), error);
  if (self->client != NULL)
    mortise_health_group_refresh (self);
}

static void
on_start_at_login (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseHealthGroup *self = user_data;

  mortise_agent_autostart_set (mortise_agent_client_get_connection (self->client), TRUE, NULL,
                               on_autostart_set, g_object_ref (self));
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
  static const GActionEntry entries[] = {
    { "set-up", on_set_up, NULL, NULL, NULL, { 0 } },
    { "replug", on_replug, NULL, NULL, NULL, { 0 } },
    { "start-at-login", on_start_at_login, NULL, NULL, NULL, { 0 } },
  };
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();

  self->rows = g_ptr_array_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "health-line", G_ACTION_GROUP (actions));
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
