/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/preferences.h"

#include "app/window/button-names.h"
#include "app/window/desktop-group.h"
#include "app/window/keyslots-group.h"
#include "app/window/toast.h"

#include <glib/gi18n.h>

struct _MortisePreferences
{
  AdwWindow parent_instance;
  MortiseAgentClient *client;
  GCancellable *cancellable;
  /* Seconds of each entry of the idle-lock row. */
  GArray *idle_times;
  /* Values are being put in, not chosen. */
  gboolean filling;
  /* Why no finger can be used (NULL: one can), and what helps. */
  char *fingerprint_problem;

  GtkWidget *away_group;
  MortiseKeyslotsGroup *keyslots_group;
  GtkWidget *pin_group;
  GtkWidget *new_group;
  MortiseDesktopGroup *desktop_group;
  GtkWidget *danger_group;
  AdwComboRow *idle_lock_row;
  GtkSwitch *always_uv_switch;
  GtkSwitch *builtin_uv_switch;
  AdwActionRow *fingerprint_row;
  GtkSwitch *fingerprint_switch;
  GtkSwitch *export_default_switch;
  GtkButton *reset_button;
};

G_DEFINE_FINAL_TYPE (MortisePreferences, mortise_preferences, ADW_TYPE_WINDOW)

static const guint32 usual_idle_times[] = { 60, 300, 900, 3600, 4 * 3600, 0 };

static char *
describe_time (guint32 seconds)
{
  if (seconds == 0)
    return g_strdup (_ ("Never"));
  if (seconds % 3600 == 0)
    return g_strdup_printf (ngettext ("%u hour", "%u hours", seconds / 3600), seconds / 3600);
  if (seconds % 60 == 0)
    return g_strdup_printf (ngettext ("%u minute", "%u minutes", seconds / 60), seconds / 60);
  return g_strdup_printf (ngettext ("%u second", "%u seconds", seconds), seconds);
}

/* A time set elsewhere, say by mortisectl, is shown as it is. */
static void
fill_idle_times (MortisePreferences *self, guint32 current)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint selected = G_MAXUINT;

  g_array_set_size (self->idle_times, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (usual_idle_times); i++)
    {
      if (usual_idle_times[i] == current)
        selected = self->idle_times->len;
      g_array_append_val (self->idle_times, usual_idle_times[i]);
    }
  if (selected == G_MAXUINT)
    {
      selected = 0;
      g_array_prepend_val (self->idle_times, current);
    }
  for (guint i = 0; i < self->idle_times->len; i++)
    gtk_string_list_take (names, describe_time (g_array_index (self->idle_times, guint32, i)));
  adw_combo_row_set_model (self->idle_lock_row, G_LIST_MODEL (names));
  adw_combo_row_set_selected (self->idle_lock_row, selected);
}

static void
fill_switch (GtkSwitch *widget, GVariant *settings, const char *name, gboolean otherwise)
{
  gboolean value = otherwise;

  g_variant_lookup (settings, name, "b", &value);
  gtk_switch_set_active (widget, value);
  gtk_switch_set_state (widget, value);
}

/* What cannot be used can still be switched off. */
static void
update_fingerprint (MortisePreferences *self)
{
  adw_action_row_set_subtitle (
      self->fingerprint_row,
      self->fingerprint_problem != NULL
          ? self->fingerprint_problem
          : _ ("While the vault is unlocked, a finger can confirm sign-ins. It opens nothing: "
               "after "
               "locking or a restart, and to change settings, the PIN is needed."));
  /* The switch only: why it cannot be used has to stay easy to read. */
  gtk_widget_set_sensitive (GTK_WIDGET (self->fingerprint_switch),
                            self->fingerprint_problem == NULL ||
                                gtk_switch_get_state (self->fingerprint_switch));
}

static void
on_fingerprint (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePreferences) self = user_data;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, NULL);
  g_autoptr (GVariant) fingerprint = NULL;
  const char *state = "";
  const char *text = "";
  const char *step = "";

  if (reply == NULL || self->client == NULL)
    return;
  fingerprint = g_variant_get_child_value (reply, 0);
  g_variant_lookup (fingerprint, "state", "&s", &state);
  g_variant_lookup (fingerprint, "text", "&s", &text);
  g_variant_lookup (fingerprint, "step", "&s", &step);
  g_clear_pointer (&self->fingerprint_problem, g_free);
  if (!g_str_equal (state, "ready"))
    self->fingerprint_problem =
        *step != '\0' ? g_strdup_printf ("%s\n%s", text, step) : g_strdup (text);
  update_fingerprint (self);
}

static void
fill (MortisePreferences *self, GVariant *settings)
{
  guint32 idle_lock = 300;

  g_variant_lookup (settings, "idle-lock", "u", &idle_lock);
  self->filling = TRUE;
  fill_idle_times (self, idle_lock);
  fill_switch (self->always_uv_switch, settings, "always-uv", FALSE);
  fill_switch (self->builtin_uv_switch, settings, "builtin-uv", TRUE);
  fill_switch (self->fingerprint_switch, settings, "fingerprint", FALSE);
  fill_switch (self->export_default_switch, settings, "export-default", FALSE);
  update_fingerprint (self);
  self->filling = FALSE;
}

static void
set_available (MortisePreferences *self, gboolean available)
{
  gtk_widget_set_visible (self->away_group, !available);
  gtk_widget_set_sensitive (GTK_WIDGET (self->keyslots_group), available);
  gtk_widget_set_sensitive (self->pin_group, available);
  gtk_widget_set_sensitive (self->new_group, available);
  gtk_widget_set_sensitive (self->danger_group, available);
}

static void
on_settings (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePreferences) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);
  g_autoptr (GVariant) settings = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  set_available (self, reply != NULL);
  if (reply == NULL)
    return;
  settings = g_variant_get_child_value (reply, 0);
  fill (self, settings);
}

static void
load (MortisePreferences *self)
{
  MortiseAgentState state = mortise_agent_client_get_state (self->client);

  if (state < MORTISE_AGENT_LOCKED)
    {
      set_available (self, FALSE);
      return;
    }
  mortise_agent_client_call (self->client, "GetSettings", NULL, self->cancellable, on_settings,
                             g_object_ref (self));
  mortise_agent_client_call (self->client, "GetFingerprint", NULL, self->cancellable,
                             on_fingerprint, g_object_ref (self));
}

static void
show_error (MortisePreferences *self, const GError *error)
{
  mortise_toast_error (self->away_group, error);
}

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePreferences) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (reply == NULL)
    show_error (self, error);
  load (self);
}

static void
set_setting (MortisePreferences *self, const char *name, GVariant *value)
{
  mortise_agent_client_call (self->client, "SetSetting", g_variant_new ("(sv)", name, value),
                             self->cancellable, on_set, g_object_ref (self));
}

static void
on_idle_time_chosen (MortisePreferences *self)
{
  guint selected = adw_combo_row_get_selected (self->idle_lock_row);

  if (!self->filling && selected < self->idle_times->len)
    set_setting (self, "idle-lock",
                 g_variant_new_uint32 (g_array_index (self->idle_times, guint32, selected)));
}

/* The switch moves at once; its state follows when the agent has agreed. */
static gboolean
on_switched (MortisePreferences *self, gboolean active, GtkSwitch *widget)
{
  const char *name = widget == self->always_uv_switch     ? "always-uv"
                     : widget == self->builtin_uv_switch  ? "builtin-uv"
                     : widget == self->fingerprint_switch ? "fingerprint"
                                                          : "export-default";

  if (!self->filling && active != gtk_switch_get_state (widget))
    set_setting (self, name, g_variant_new_boolean (active));
  return TRUE;
}

static void
on_reset_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePreferences) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->reset_button), TRUE);
  if (reply == NULL)
    show_error (self, error);
  else
    gtk_window_close (GTK_WINDOW (self));
}

static void
on_reset (MortisePreferences *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->reset_button), FALSE);
  mortise_agent_client_call (self->client, "Reset", NULL, self->cancellable, on_reset_done,
                             g_object_ref (self));
}

static void
mortise_preferences_dispose (GObject *object)
{
  MortisePreferences *self = MORTISE_PREFERENCES (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  g_clear_pointer (&self->idle_times, g_array_unref);
  g_clear_pointer (&self->fingerprint_problem, g_free);
  G_OBJECT_CLASS (mortise_preferences_parent_class)->dispose (object);
}

/* Replies to a window that was closed are not waited for; the last may come when the parent, which
 * GTK would still look for, is gone. */
static gboolean
on_close (MortisePreferences *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  gtk_window_set_transient_for (GTK_WINDOW (self), NULL);
  return FALSE;
}

/* It is modal: left behind, it would keep the keys from every window that opens later. */
static void
on_parent_destroyed (MortisePreferences *self)
{
  on_close (self);
  gtk_window_destroy (GTK_WINDOW (self));
}

#define BIND(name) gtk_widget_class_bind_template_child (widget_class, MortisePreferences, name)

static void
mortise_preferences_class_init (MortisePreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_preferences_dispose;
  g_type_ensure (MORTISE_TYPE_DESKTOP_GROUP);
  g_type_ensure (MORTISE_TYPE_KEYSLOTS_GROUP);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/preferences.ui");
  BIND (away_group);
  BIND (keyslots_group);
  BIND (pin_group);
  BIND (new_group);
  BIND (desktop_group);
  BIND (danger_group);
  BIND (idle_lock_row);
  BIND (always_uv_switch);
  BIND (builtin_uv_switch);
  BIND (fingerprint_row);
  BIND (fingerprint_switch);
  BIND (export_default_switch);
  BIND (reset_button);
}

static void
mortise_preferences_init (MortisePreferences *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  self->idle_times = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_signal_connect (self, "close-request", G_CALLBACK (on_close), NULL);
  g_signal_connect_swapped (self->reset_button, "clicked", G_CALLBACK (on_reset), self);
  g_signal_connect_swapped (self->idle_lock_row, "notify::selected",
                            G_CALLBACK (on_idle_time_chosen), self);
  g_signal_connect_swapped (self->always_uv_switch, "state-set", G_CALLBACK (on_switched), self);
  g_signal_connect_swapped (self->builtin_uv_switch, "state-set", G_CALLBACK (on_switched), self);
  g_signal_connect_swapped (self->fingerprint_switch, "state-set", G_CALLBACK (on_switched), self);
  update_fingerprint (self);
  g_signal_connect_swapped (self->export_default_switch, "state-set", G_CALLBACK (on_switched),
                            self);
}

void
mortise_preferences_present (GtkWindow *parent, MortiseAgentClient *client)
{
  MortisePreferences *self = g_object_new (MORTISE_TYPE_PREFERENCES, "transient-for", parent, NULL);

  g_signal_connect_object (parent, "destroy", G_CALLBACK (on_parent_destroyed), self,
                           G_CONNECT_SWAPPED);
  self->client = g_object_ref (client);
  mortise_desktop_group_set_client (self->desktop_group, client);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (load), self);
  mortise_keyslots_group_set_client (self->keyslots_group, client);
  load (self);
  mortise_button_names_mend (GTK_WIDGET (self));
  gtk_window_present (GTK_WINDOW (self));
}
