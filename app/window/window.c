/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/window.h"

#include "app/window/about.h"
#include "app/window/alert-dialog.h"
#include "app/window/banner.h"
#include "app/window/button-names.h"
#include "app/window/deleted-page.h"
#include "app/window/first-run-page.h"
#include "app/window/health-page.h"
#include "app/window/help-window.h"
#include "app/window/lock-button.h"
#include "app/window/passkeys-page.h"
#include "app/window/preferences.h"
#include "app/window/toast.h"

#include <glib/gi18n.h>

struct _MortiseWindow
{
  AdwApplicationWindow parent_instance;
  MortiseAgentClient *client;
  MortisePasskeyStore *passkeys;
  MortisePasskeyStore *deleted;
  /* A deletion is being asked about. */
  gboolean deleting;
  /* What can still be undone: the toast that offers it, and the ids it would restore; %NULL if
   * there is none. */
  AdwToast *undo_toast;
  GVariant *undo_ids;
  /* Asks whether to close although something typed would be lost; %NULL if nothing is asked. */
  AdwMessageDialog *close_dialog;

  GtkWidget *demo_label;
  MortiseBanner *away_banner;
  MortiseBanner *recovery_banner;
  GtkStack *root_stack;
  AdwFlap *flap;
  GtkLabel *passkeys_count;
  GtkLabel *deleted_count;
  GtkLabel *state_label;
  MortiseLockButton *lock_button;
  GtkStack *page_stack;
  MortisePasskeysPage *passkeys_page;
  MortiseDeletedPage *deleted_page;
  MortiseHealthPage *health_page;
  MortiseFirstRunPage *first_run_page;
};

G_DEFINE_FINAL_TYPE (MortiseWindow, mortise_window, ADW_TYPE_APPLICATION_WINDOW)

static const char *
describe_state (MortiseAgentState state)
{
  switch (state)
    {
    case MORTISE_AGENT_UNLOCKED:
      return _ ("The vault is unlocked.");
    case MORTISE_AGENT_LISTABLE:
      return _ ("The vault is locked. Names can be seen; using a passkey needs your PIN.");
    case MORTISE_AGENT_LOCKED:
      return _ ("The vault is locked.");
    case MORTISE_AGENT_CONNECTING:
    case MORTISE_AGENT_MISSING:
    case MORTISE_AGENT_UNAVAILABLE:
    case MORTISE_AGENT_NO_VAULT:
    default:
      return "";
    }
}

static void
set_count (GtkLabel *label, MortisePasskeyStore *store, gboolean listable)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (store));
  g_autofree char *text = g_strdup_printf ("%u", n);

  gtk_label_set_label (label, listable && n > 0 ? text : "");
}

static void
update (MortiseWindow *self)
{
  MortiseAgentState state = mortise_agent_client_get_state (self->client);
  gboolean demo = mortise_agent_client_is_demo (self->client);
  gboolean first_run =
      state == MORTISE_AGENT_NO_VAULT || mortise_first_run_page_is_under_way (self->first_run_page);
  gboolean listable = mortise_agent_client_can_list (self->client);
  gboolean away = state == MORTISE_AGENT_MISSING &&
                  g_list_model_get_n_items (G_LIST_MODEL (self->passkeys)) > 0;

  gtk_widget_set_visible (self->demo_label, demo);
  if (state == MORTISE_AGENT_NO_VAULT &&
      !mortise_first_run_page_is_under_way (self->first_run_page))
    mortise_first_run_page_start_over (self->first_run_page);
  gtk_stack_set_visible_child_name (self->root_stack, first_run ? "first-run" : "main");
  gtk_label_set_label (self->state_label, describe_state (state));
  gtk_widget_set_visible (GTK_WIDGET (self->state_label), describe_state (state)[0] != '\0');
  set_count (self->passkeys_count, self->passkeys, listable);
  set_count (self->deleted_count, self->deleted, listable);
  mortise_banner_show (self->recovery_banner,
                       state >= MORTISE_AGENT_LOCKED && !first_run && !demo &&
                               !mortise_agent_client_has_recovery_code (self->client)
                           ? _ ("There is no recovery code: a forgotten PIN would cost you every "
                                "passkey.")
                           : NULL);
  mortise_banner_show (self->away_banner,
                       away ? _ ("Mortise’s background service stopped. What you see is from "
                                 "before; nothing can be changed until it is back.")
                            : NULL);
}

static void
on_first_run_done (MortiseWindow *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.page", "s", "passkeys");
  update (self);
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  if (reply == NULL)
    mortise_toast_error (GTK_WIDGET (self->root_stack), error);
}

static void
call_simple (MortiseWindow *self, const char *method)
{
  mortise_agent_client_call (self->client, method, NULL, NULL, on_called, g_object_ref (self));
}

static void
on_lock (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  call_simple (user_data, "Lock");
}

static void
on_unlock (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  call_simple (user_data, "Unlock");
}

static void
on_recovery_code (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  call_simple (user_data, "CreateRecoveryCode");
}

static void
on_reset_pin (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  call_simple (user_data, "ResetPin");
}

static void
on_retry (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;

  mortise_agent_client_retry (self->client);
}

static void
show_page (MortiseWindow *self, const char *name)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), "page");

  gtk_stack_set_visible_child_name (self->page_stack, name);
  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_string (name));
  if (adw_flap_get_folded (self->flap))
    adw_flap_set_reveal_flap (self->flap, FALSE);
}

static void
on_page (GSimpleAction *action, GVariant *value, gpointer user_data)
{
  MortiseWindow *self = user_data;
  const char *name = g_variant_get_string (value, NULL);

  if (gtk_stack_get_child_by_name (self->page_stack, name) != NULL)
    show_page (self, name);
}

static void
on_page_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  on_page (action, parameter, user_data);
}

static void
on_show_health (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  show_page (user_data, "health");
}

static void
on_show_passkey (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;

  if (mortise_first_run_page_is_under_way (self->first_run_page))
    {
      mortise_first_run_page_start_over (self->first_run_page);
      update (self);
    }
  show_page (self, "passkeys");
  mortise_passkeys_page_open (self->passkeys_page, g_variant_get_int64 (parameter));
}

static void
on_search (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;

  mortise_window_search (self, NULL);
}

static void
on_back (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;

  if (adw_flap_get_folded (self->flap) && adw_flap_get_reveal_flap (self->flap))
    adw_flap_set_reveal_flap (self->flap, FALSE);
  else
    mortise_passkeys_page_go_back (self->passkeys_page);
}

typedef struct
{
  MortiseWindow *window;
  GVariant *ids;
  /* of the one that is deleted; %NULL for several */
  char *sentence;
} Deletion;

static void
deletion_free (Deletion *deletion)
{
  g_object_unref (deletion->window);
  g_variant_unref (deletion->ids);
  g_free (deletion->sentence);
  g_free (deletion);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Deletion, deletion_free)

static void
forget_undo (MortiseWindow *self)
{
  if (self->undo_toast != NULL)
    g_signal_handlers_disconnect_by_data (self->undo_toast, self);
  g_clear_object (&self->undo_toast);
  g_clear_pointer (&self->undo_ids, g_variant_unref);
}

static GVariant *
join_ids (GVariant *first, GVariant *second)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  GVariant *const parts[] = { first, second };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      gsize n = 0;
      gconstpointer part = g_variant_get_fixed_array (parts[i], &n, sizeof (gint64));

      g_array_append_vals (ids, part, (guint) n);
    }
  return g_variant_ref_sink (
      g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, ids->data, ids->len, sizeof (gint64)));
}

/* Offers to take a deletion back. One toast is shown at a time: a further deletion must not push
 * the way back from the one before off the screen, so both are offered together. */
static void
offer_undo (MortiseWindow *self, GVariant *deleted, const char *sentence)
{
  g_autoptr (AdwToast) earlier = g_steal_pointer (&self->undo_toast);
  g_autoptr (GVariant) ids =
      self->undo_ids != NULL ? join_ids (self->undo_ids, deleted) : g_variant_ref (deleted);
  guint count = (guint) g_variant_n_children (ids);
  AdwToast *toast = NULL;
  g_autofree char *text = NULL;

  if (earlier != NULL)
    {
      g_signal_handlers_disconnect_by_data (earlier, self);
      adw_toast_dismiss (earlier);
    }
  if (count == 1 && sentence != NULL)
    /* Translators: %s is like “alice at example.com” */
    text = g_strdup_printf (_ ("Deleted %s"), sentence);
  else
    text = g_strdup_printf (ngettext ("Deleted %u passkey", "Deleted %u passkeys", count), count);
  toast = mortise_toast_undo (GTK_WIDGET (self->root_stack), text, "win.restore-passkeys", ids);
  forget_undo (self);
  if (toast == NULL)
    return;
  self->undo_toast = g_object_ref (toast);
  self->undo_ids = g_steal_pointer (&ids);
  g_signal_connect_swapped (toast, "dismissed", G_CALLBACK (forget_undo), self);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Deletion) deletion = user_data;
  MortiseWindow *self = deletion->window;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  self->deleting = FALSE;
  /* A window that was closed meanwhile has nothing to show it in. */
  if (self->client == NULL)
    return;
  mortise_passkeys_page_set_deleting (self->passkeys_page, 0,
                                      reply != NULL && deletion->sentence == NULL);
  if (reply == NULL)
    {
      mortise_toast_error (GTK_WIDGET (self->root_stack), error);
      return;
    }
  offer_undo (self, deletion->ids, deletion->sentence);
}

static void
delete_passkeys (MortiseWindow *self, GVariant *ids, char *sentence)
{
  Deletion *deletion = g_new0 (Deletion, 1);

  self->deleting = TRUE;
  deletion->window = g_object_ref (self);
  deletion->ids = g_variant_ref_sink (ids);
  deletion->sentence = sentence;
  mortise_agent_client_call (self->client, "DeletePasskeys", g_variant_new ("(@ax)", ids), NULL,
                             on_deleted, deletion);
}

static void
on_delete_passkey (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;
  MortisePasskey *passkey =
      mortise_passkey_store_find (self->passkeys, g_variant_get_int64 (parameter));

  if (passkey != NULL && !self->deleting)
    delete_passkeys (self, g_variant_new_array (NULL, &parameter, 1),
                     mortise_passkey_dup_sentence (passkey));
}

static void
on_delete_passkeys (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;
  guint count = (guint) g_variant_n_children (parameter);

  if (count == 0 || self->deleting)
    return;
  mortise_passkeys_page_set_deleting (self->passkeys_page, count, FALSE);
  delete_passkeys (self, parameter, NULL);
}

static void
on_restore_passkeys (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;

  mortise_agent_client_call (self->client, "RestorePasskeys", g_variant_new ("(@ax)", parameter),
                             NULL, on_called, g_object_ref (self));
}

/* Undoes an edit: what was before is set again, and asked about as any other edit. */
static void
on_edit_passkey (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;
  g_auto (GVariantDict) changes = G_VARIANT_DICT_INIT (NULL);
  const char *member = NULL;
  const char *text = NULL;
  gint64 id = 0;

  g_variant_get (parameter, "(x&s&s)", &id, &member, &text);
  g_variant_dict_insert (&changes, member, "s", text);
  mortise_agent_client_call (self->client, "EditPasskey",
                             g_variant_new ("(x@a{sv})", id, g_variant_dict_end (&changes)), NULL,
                             on_called, g_object_ref (self));
}

static void
on_preferences (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;

  mortise_preferences_present (GTK_WINDOW (self), self->client);
}

static void
on_help (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  mortise_help_present (user_data, g_variant_get_string (parameter, NULL));
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseWindow *self = user_data;

  mortise_about_present (GTK_WINDOW (self), self->client);
}

static void
mortise_window_dispose (GObject *object)
{
  MortiseWindow *self = MORTISE_WINDOW (object);

  forget_undo (self);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->passkeys != NULL)
    g_signal_handlers_disconnect_by_data (self->passkeys, self);
  if (self->deleted != NULL)
    g_signal_handlers_disconnect_by_data (self->deleted, self);
  g_clear_weak_pointer (&self->close_dialog);
  g_clear_object (&self->passkeys);
  g_clear_object (&self->deleted);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (mortise_window_parent_class)->dispose (object);
}

static gboolean
destroy_cb (gpointer user_data)
{
  gtk_window_destroy (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_close_answer (AdwMessageDialog *dialog, const char *response, MortiseWindow *self)
{
  const gint64 unsaved = mortise_passkeys_page_find_unsaved (self->passkeys_page);

  g_clear_weak_pointer (&self->close_dialog);
  if (g_str_equal (response, "go"))
    {
      /* The dialog goes with its window, and is in the middle of answering. */
      g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, destroy_cb, g_object_ref (self), g_object_unref);
      return;
    }
  if (unsaved == 0)
    return;
  show_page (self, "passkeys");
  mortise_passkeys_page_open (self->passkeys_page, unsaved);
}

/* What was typed is kept for as long as the window is there, and not lost with it unasked. */
static gboolean
mortise_window_close_request (GtkWindow *window)
{
  MortiseWindow *self = MORTISE_WINDOW (window);

  if (self->close_dialog != NULL)
    return GDK_EVENT_STOP;
  if (mortise_passkeys_page_find_unsaved (self->passkeys_page) == 0)
    return GTK_WINDOW_CLASS (mortise_window_parent_class)->close_request (window);
  g_set_weak_pointer (
      &self->close_dialog,
      mortise_alert_ask (GTK_WIDGET (self), _ ("Close Without Saving?"),
                         _ ("What you typed for a passkey was not applied yet. To keep it, press "
                            "the check mark beside it."),
                         _ ("_Keep Editing"), _ ("Close _Without Saving")));
  g_signal_connect_object (self->close_dialog, "response", G_CALLBACK (on_close_answer), self, 0);
  return GDK_EVENT_STOP;
}

#define BIND(name) gtk_widget_class_bind_template_child (widget_class, MortiseWindow, name)

static void
mortise_window_class_init (MortiseWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = mortise_window_close_request;
  g_type_ensure (MORTISE_TYPE_BANNER);
  g_type_ensure (MORTISE_TYPE_LOCK_BUTTON);
  g_type_ensure (MORTISE_TYPE_PASSKEYS_PAGE);
  g_type_ensure (MORTISE_TYPE_DELETED_PAGE);
  g_type_ensure (MORTISE_TYPE_HEALTH_PAGE);
  g_type_ensure (MORTISE_TYPE_FIRST_RUN_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/window.ui");
  BIND (demo_label);
  BIND (away_banner);
  BIND (recovery_banner);
  BIND (root_stack);
  BIND (flap);
  BIND (passkeys_count);
  BIND (deleted_count);
  BIND (state_label);
  BIND (lock_button);
  BIND (page_stack);
  BIND (passkeys_page);
  BIND (deleted_page);
  BIND (health_page);
  BIND (first_run_page);
}

/*
 * Escape goes back too, but only when nothing else takes it: as an accelerator of the application
 * it would come before an open menu or a search.
 */
static void
add_escape (MortiseWindow *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_BUBBLE);
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (controller),
      gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                        gtk_named_action_new ("win.back")));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

static void
mortise_window_init (MortiseWindow *self)
{
  static const GActionEntry entries[] = {
    { "page", on_page_activated, "s", "'passkeys'", on_page, { 0 } },
    { "show-health", on_show_health, NULL, NULL, NULL, { 0 } },
    { "show-passkey", on_show_passkey, "x", NULL, NULL, { 0 } },
    { "search", on_search, NULL, NULL, NULL, { 0 } },
    { "back", on_back, NULL, NULL, NULL, { 0 } },
    { "lock", on_lock, NULL, NULL, NULL, { 0 } },
    { "unlock", on_unlock, NULL, NULL, NULL, { 0 } },
    { "recovery-code", on_recovery_code, NULL, NULL, NULL, { 0 } },
    { "reset-pin", on_reset_pin, NULL, NULL, NULL, { 0 } },
    { "retry", on_retry, NULL, NULL, NULL, { 0 } },
    { "delete-passkey", on_delete_passkey, "x", NULL, NULL, { 0 } },
    { "delete-passkeys", on_delete_passkeys, "ax", NULL, NULL, { 0 } },
    { "restore-passkeys", on_restore_passkeys, "ax", NULL, NULL, { 0 } },
    { "edit-passkey", on_edit_passkey, "(xss)", NULL, NULL, { 0 } },
    { "preferences", on_preferences, NULL, NULL, NULL, { 0 } },
    { "help", on_help, "s", NULL, NULL, { 0 } },
    { "about", on_about, NULL, NULL, NULL, { 0 } },
  };
  g_autoptr (GPropertyAction) sidebar = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  sidebar = g_property_action_new ("sidebar", self->flap, "reveal-flap");
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (sidebar));
  add_escape (self);
  if (MORTISE_DEVELOPMENT)
    gtk_widget_add_css_class (GTK_WIDGET (self), "devel");
}

static void
set_up (MortiseWindow *self, MortiseAgentClient *client)
{
  self->client = g_object_ref (client);
  self->passkeys = mortise_passkey_store_new (client, FALSE);
  self->deleted = mortise_passkey_store_new (client, TRUE);
  mortise_lock_button_set_client (self->lock_button, client);
  mortise_passkeys_page_set_up (self->passkeys_page, client, self->passkeys, self->deleted);
  mortise_deleted_page_set_up (self->deleted_page, client, self->deleted);
  mortise_health_page_set_up (self->health_page, client, self->passkeys);
  mortise_first_run_page_set_up (self->first_run_page, client, self->passkeys);
  mortise_passkeys_page_bind_sidebar (self->passkeys_page, self->flap);
  mortise_deleted_page_bind_sidebar (self->deleted_page, self->flap);
  mortise_health_page_bind_sidebar (self->health_page, self->flap);
  g_signal_connect_swapped (self->first_run_page, "done", G_CALLBACK (on_first_run_done), self);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (update), self);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->passkeys, "notify::n-items", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->deleted, "notify::n-items", G_CALLBACK (update), self);
  update (self);
}

/* Without an installed schema, as in a bare build tree, the window opens as the template says. */
static void
remember_size (MortiseWindow *self)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GSettings) settings = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, MORTISE_APP_ID, TRUE);
  if (schema == NULL)
    return;
  settings = g_settings_new_full (schema, NULL, NULL);
  g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
}

MortiseWindow *
mortise_window_new (GtkApplication *application, MortiseAgentClient *client)
{
  MortiseWindow *self = g_object_new (MORTISE_TYPE_WINDOW, "application", application, NULL);

  remember_size (self);
  set_up (self, client);
  mortise_button_names_mend (GTK_WIDGET (self));
  return self;
}

void
mortise_window_add_shortcuts (GtkApplication *application)
{
  static const struct
  {
    const char *action;
    const char *keys[3];
  } shortcuts[] = {
    { "win.search", { "<Control>f" } },
    { "win.sidebar", { "F9" } },
    { "win.lock", { "<Control>l" } },
    { "win.unlock", { "<Control>u" } },
    { "win.page::passkeys", { "<Alt>1" } },
    { "win.page::deleted", { "<Alt>2" } },
    { "win.page::health", { "<Alt>3" } },
    { "win.back", { "<Alt>Left" } },
    { "win.preferences", { "<Control>comma" } },
    { "win.help::start", { "F1" } },
    { "window.close", { "<Control>w" } },
    { "app.quit", { "<Control>q" } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    gtk_application_set_accels_for_action (application, shortcuts[i].action, shortcuts[i].keys);
}

void
mortise_window_search (MortiseWindow *self, const char *text)
{
  show_page (self, "passkeys");
  mortise_passkeys_page_start_search (self->passkeys_page, text);
}
