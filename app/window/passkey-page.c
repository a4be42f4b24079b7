/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include "app/window/toast.h"

#include <glib/gi18n.h>

enum
{
  PROP_SHOW_BACK = 1,
  N_PROPERTIES,
};

enum
{
  SIGNAL_BACK,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePasskeyPage, mortise_passkey_page, ADW_TYPE_BIN)

static void
show_passkey (MortisePasskeyPage *self)
{
  g_autofree char *account = mortise_passkey_dup_account (self->passkey);
  g_autofree char *site = mortise_passkey_dup_site (self->passkey);

  adw_window_title_set_title (self->window_title, account);
  adw_window_title_set_subtitle (self->window_title, site);
  mortise_passkey_page_fill_facts (self);
  mortise_passkey_page_show_names (self);
  mortise_passkey_page_show_export (self);
  mortise_passkey_page_show_thieves (self);
}

static void
on_passkey_changed (MortisePasskeyPage *self)
{
  show_passkey (self);
  mortise_passkey_page_show_history (self);
}

static void
on_delete (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeyPage *self = user_data;

  if (self->passkey != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.delete-passkey", "x",
                                mortise_passkey_get_id (self->passkey));
}

static void
on_back (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_BACK], 0);
}

static void
on_show_handle (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeyPage *self = user_data;

  self->handle_shown = TRUE;
  if (self->passkey != NULL)
    mortise_passkey_page_fill_facts (self);
}

static void
copy_text (MortisePasskeyPage *self, const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  mortise_toast (GTK_WIDGET (self), _ ("Copied"));
}

static void
on_copy_site (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeyPage *self = user_data;

  if (self->passkey != NULL)
    copy_text (self, mortise_passkey_get_data (self->passkey)->rp_id);
}

static void
on_copy_credential_id (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeyPage *self = user_data;

  if (self->passkey != NULL)
    copy_text (self, adw_action_row_get_subtitle (self->credential_id_row));
}

static void
on_read_protection (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  mortise_passkey_page_read_protection (user_data);
}

static void
on_words_toggled (MortisePasskeyPage *self)
{
  mortise_chain_set_show_evidence (self->chain, gtk_toggle_button_get_active (self->words_button));
}

static void
on_state_changed (MortisePasskeyPage *self)
{
  if (self->passkey != NULL)
    mortise_passkey_page_reset_protection (self);
}

/* The window is closed, and the process may end with it: what the person noted goes out first. */
static void
mortise_passkey_page_unroot (GtkWidget *widget)
{
  MortisePasskeyPage *self = MORTISE_PASSKEY_PAGE (widget);

  if (self->passkey != NULL)
    {
      mortise_passkey_page_leave_names (self);
      g_dbus_connection_flush_sync (mortise_agent_client_get_connection (self->client), NULL, NULL);
    }
  GTK_WIDGET_CLASS (mortise_passkey_page_parent_class)->unroot (widget);
}

/* A keyslot came or went; what the agent that is away last said stays. */
static void
on_properties_changed (MortisePasskeyPage *self)
{
  if (self->passkey != NULL &&
      mortise_agent_client_get_state (self->client) >= MORTISE_AGENT_LOCKED)
    mortise_passkey_page_show_thieves (self);
}

static void
mortise_passkey_page_dispose (GObject *object)
{
  MortisePasskeyPage *self = MORTISE_PASSKEY_PAGE (object);

  g_clear_handle_id (&self->read_source, g_source_remove);
  if (self->shown != NULL)
    g_cancellable_cancel (self->shown);
  g_clear_object (&self->shown);
  if (self->passkey != NULL)
    g_signal_handlers_disconnect_by_data (self->passkey, self);
  g_clear_object (&self->passkey);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  if (self->naming != NULL)
    g_signal_handlers_disconnect_by_data (self->naming, self);
  g_clear_object (&self->naming);
  G_OBJECT_CLASS (mortise_passkey_page_parent_class)->dispose (object);
}

static void
mortise_passkey_page_finalize (GObject *object)
{
  MortisePasskeyPage *self = MORTISE_PASSKEY_PAGE (object);

  g_hash_table_unref (self->drafts);
  g_clear_weak_pointer (&self->undo_toast);
  g_ptr_array_unref (self->finding_rows);
  g_ptr_array_unref (self->history_rows);
  G_OBJECT_CLASS (mortise_passkey_page_parent_class)->finalize (object);
}

static void
mortise_passkey_page_get_property (GObject *object,
                                   guint property_id,
                                   GValue *value,
                                   GParamSpec *pspec)
{
  if (property_id == PROP_SHOW_BACK)
    g_value_set_boolean (value, MORTISE_PASSKEY_PAGE (object)->show_back);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
mortise_passkey_page_set_property (GObject *object,
                                   guint property_id,
                                   const GValue *value,
                                   GParamSpec *pspec)
{
  if (property_id == PROP_SHOW_BACK)
    {
      MORTISE_PASSKEY_PAGE (object)->show_back = g_value_get_boolean (value);
      g_object_notify_by_pspec (object, pspec);
    }
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget_class, MortisePasskeyPage, name)

static void
bind_children (GtkWidgetClass *widget_class)
{
  BIND (stack);
  BIND (window_title);
  BIND (content);
  BIND (avatar);
  BIND (account_label);
  BIND (site_label);
  BIND (badge_box);
  BIND (rp_id_row);
  BIND (rp_name_row);
  BIND (user_name_row);
  BIND (display_name_row);
  BIND (handle_row);
  BIND (handle_button);
  BIND (label_row);
  BIND (note_row);
  BIND (findings_group);
  BIND (chromium_preview);
  BIND (firefox_preview);
  BIND (previews);
  BIND (nickname_row);
  BIND (site_name_row);
  BIND (device_row);
  BIND (backup_row);
  BIND (model_row);
  BIND (transport_row);
  BIND (flags_row);
  BIND (class_label);
  BIND (chain);
  BIND (read_button);
  BIND (read_label);
  BIND (words_button);
  BIND (opens_row);
  BIND (disk_row);
  BIND (machine_row);
  BIND (password_row);
  BIND (export_row);
  BIND (export_switch);
  BIND (export_lock);
  BIND (history_row);
  BIND (created_row);
  BIND (last_used_row);
  BIND (count_row);
  BIND (verification_row);
  BIND (algorithm_row);
  BIND (extensions_row);
  BIND (credential_id_row);
  BIND (delete_button);
}

static void
mortise_passkey_page_class_init (MortisePasskeyPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = mortise_passkey_page_dispose;
  object_class->finalize = mortise_passkey_page_finalize;
  object_class->get_property = mortise_passkey_page_get_property;
  object_class->set_property = mortise_passkey_page_set_property;
  widget_class->unroot = mortise_passkey_page_unroot;
  properties[PROP_SHOW_BACK] =
      g_param_spec_boolean ("show-back", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  signals[SIGNAL_BACK] = g_signal_new ("back", MORTISE_TYPE_PASSKEY_PAGE, G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (MORTISE_TYPE_CHAIN);
  g_type_ensure (MORTISE_TYPE_PICKER_PREVIEW);
  g_type_ensure (MORTISE_TYPE_SIDE_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/passkey-page.ui");
  bind_children (widget_class);
}

static void
forbid_hyphens (GtkWidget *widget, PangoAttrList *attributes)
{
  if (GTK_IS_LABEL (widget))
    gtk_label_set_attributes (GTK_LABEL (widget), attributes);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    forbid_hyphens (child, attributes);
}

static void
mortise_passkey_page_init (MortisePasskeyPage *self)
{
  static const GActionEntry entries[] = {
    { "back", on_back, NULL, NULL, NULL, { 0 } },
    { "delete", on_delete, NULL, NULL, NULL, { 0 } },
    { "show-handle", on_show_handle, NULL, NULL, NULL, { 0 } },
    { "copy-site", on_copy_site, NULL, NULL, NULL, { 0 } },
    { "copy-credential-id", on_copy_credential_id, NULL, NULL, NULL, { 0 } },
    { "read-protection", on_read_protection, NULL, NULL, NULL, { 0 } },
  };
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_passkey_page_forbid_hyphens (GTK_WIDGET (self->stack));
  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "passkey", G_ACTION_GROUP (actions));
  g_signal_connect_swapped (self->words_button, "toggled", G_CALLBACK (on_words_toggled), self);
  self->finding_rows = g_ptr_array_new ();
  mortise_passkey_page_init_names (self);
  mortise_passkey_page_init_history (self);
  mortise_passkey_page_init_export (self);
}

void
mortise_passkey_page_forbid_hyphens (GtkWidget *widget)
{
  g_autoptr (PangoAttrList) no_hyphens = pango_attr_list_new ();

  pango_attr_list_insert (no_hyphens, pango_attr_insert_hyphens_new (FALSE));
  forbid_hyphens (widget, no_hyphens);
}

void
mortise_passkey_page_set_up (MortisePasskeyPage *self,
                             MortiseAgentClient *client,
                             MortiseNamingWatch *naming)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->naming = g_object_ref (naming);
  g_signal_connect_swapped (naming, "changed", G_CALLBACK (mortise_passkey_page_show_findings),
                            self);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (on_state_changed), self);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (on_properties_changed), self);
}

void
mortise_passkey_page_set_passkey (MortisePasskeyPage *self, MortisePasskey *passkey)
{
  if (self->passkey == passkey)
    return;
  if (self->passkey != NULL)
    {
      mortise_passkey_page_leave_names (self);
      g_signal_handlers_disconnect_by_data (self->passkey, self);
    }
  if (self->shown != NULL)
    g_cancellable_cancel (self->shown);
  g_clear_object (&self->shown);
  g_clear_handle_id (&self->read_source, g_source_remove);
  g_set_object (&self->passkey, passkey);
  gtk_stack_set_visible_child_name (self->stack, passkey == NULL ? "none" : "passkey");
  if (passkey == NULL)
    {
      adw_window_title_set_title (self->window_title, "");
      adw_window_title_set_subtitle (self->window_title, "");
      return;
    }
  self->shown = g_cancellable_new ();
  self->handle_shown = FALSE;
  self->exporting = FALSE;
  mortise_passkey_page_reset_history (self);
  g_signal_connect_swapped (passkey, "changed", G_CALLBACK (on_passkey_changed), self);
  show_passkey (self);
  mortise_passkey_page_show_findings (self);
  mortise_passkey_page_reset_protection (self);
}

MortisePasskey *
mortise_passkey_page_get_passkey (MortisePasskeyPage *self)
{
  return self->passkey;
}
