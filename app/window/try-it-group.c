/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/try-it-group.h"

#include "app/window/suffix-layout.h"
#include "app/window/toast.h"
#include "core/audit/relying-party.h"

#include <glib/gi18n.h>

struct _MortiseTryItGroup
{
  AdwPreferencesGroup parent_instance;
  MortiseAgentClient *client;
  MortisePasskeyStore *store;
  GSimpleActionGroup *actions;
  /* While a try is under way. */
  MortiseRelyingParty *relying_party;
  GCancellable *cancellable;
  char *device;
  /* What the last try made. */
  GBytes *credential_id;

  AdwActionRow *start_row;
  GtkSpinner *spinner;
  GtkWidget *start_button;
  GtkWidget *cancel_button;
  AdwActionRow *registration_row;
  GtkImage *registration_icon;
  AdwActionRow *sign_in_row;
  GtkImage *sign_in_icon;
  GtkWidget *passkey_row;
};

G_DEFINE_FINAL_TYPE (MortiseTryItGroup, mortise_try_it_group, ADW_TYPE_PREFERENCES_GROUP)

static void
set_running (MortiseTryItGroup *self, gboolean running)
{
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), running);
  gtk_spinner_set_spinning (self->spinner, running);
  gtk_widget_set_visible (self->start_button, !running);
  gtk_widget_set_visible (self->cancel_button, running);
}

static void
show_progress (MortiseTryItGroup *self, const char *text)
{
  adw_action_row_set_subtitle (self->start_row, text);
}

static void
show_result (AdwActionRow *row, GtkImage *icon, gboolean good, const char *text)
{
  gtk_image_set_from_icon_name (icon, good ? "emblem-ok-symbolic" : "dialog-error-symbolic");
  gtk_widget_remove_css_class (GTK_WIDGET (icon), good ? "state-error" : "state-ok");
  gtk_widget_add_css_class (GTK_WIDGET (icon), good ? "state-ok" : "state-error");
  gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  good ? _ ("Worked") : _ ("Did not work"), -1);
  adw_action_row_set_subtitle (row, text);
  gtk_widget_set_visible (GTK_WIDGET (row), TRUE);
}

static void
update (MortiseTryItGroup *self)
{
  const char *transport = mortise_agent_client_get_transport (self->client);
  MortiseAgentState state = mortise_agent_client_get_state (self->client);
  gboolean ready =
      state >= MORTISE_AGENT_LOCKED && !g_str_equal (transport, "none") && transport[0] != '\0';
  GAction *start = g_action_map_lookup_action (G_ACTION_MAP (self->actions), "start");

  g_simple_action_set_enabled (G_SIMPLE_ACTION (start), ready);
  if (self->relying_party != NULL)
    return;
  show_progress (self,
                 ready ? _ ("Mortise asks you before it makes the passkey and before it uses it.")
                 : state <= MORTISE_AGENT_UNAVAILABLE
                     ? _ ("This works once Mortise’s background service does.")
                 : state == MORTISE_AGENT_NO_VAULT
                     ? _ ("This works once there is a vault.")
                     : _ ("There is no virtual security key: see above what is missing."));
}

static void
finish (MortiseTryItGroup *self)
{
  g_clear_object (&self->relying_party);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->device, g_free);
  set_running (self, FALSE);
  gtk_button_set_label (GTK_BUTTON (self->start_button), _ ("_Try Again"));
  update (self);
}

static void
show_failure (MortiseTryItGroup *self, AdwActionRow *row, GtkImage *icon, const GError *error)
{
  show_result (row, icon, FALSE,
               g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_DENIED)
                   ? _ ("You said no, and the site was told so.")
               : g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED) ? _ ("Cancelled.")
                                                                                 : error->message);
}

static char *
describe_flags (guint8 flags)
{
  g_autofree char *text = g_strdup_printf (
      "%s · %s",
      (flags & MORTISE_AUTH_FLAG_UV) != 0 ? _ ("you were there and verified")
                                          : _ ("you were there"),
      (flags & MORTISE_AUTH_FLAG_BE) != 0
          ? ((flags & MORTISE_AUTH_FLAG_BS) != 0 ? _ ("multi-device, a copy exists")
                                                 : _ ("multi-device, no copy yet"))
          : _ ("single-device, no copy possible"));

  /* Translators: %s are facts joined by dots; then the raw flags byte of the specification */
  return g_strdup_printf (_ ("The site was told: %s (flags 0x%02x)."), text, flags);
}

static void
show_registration (MortiseTryItGroup *self, const MortiseRegistration *registration)
{
  g_autofree char *flags = describe_flags (registration->flags);
  g_autofree char *text = g_strdup_printf (
      "%s %s",
      registration->attested
          ? _ ("The new key signed the site’s challenge, and the signature is right.")
          : _ ("The site got the new key, without a statement of who made it."),
      flags);

  show_result (self->registration_row, self->registration_icon, TRUE, text);
}

static void
on_signed_in (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseTryItGroup) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSignIn) sign_in =
      mortise_relying_party_sign_in_finish (MORTISE_RELYING_PARTY (source), result, &error);

  if (self->client == NULL)
    return;
  if (sign_in == NULL)
    show_failure (self, self->sign_in_row, self->sign_in_icon, error);
  else
    {
      g_autofree char *flags = describe_flags (sign_in->flags);
      g_autofree char *text = g_strdup_printf (
          "%s %s",
          _ ("The site checked the signature with the key it got at registration: it is right."),
          flags);

      show_result (self->sign_in_row, self->sign_in_icon, TRUE, text);
      /* Once it worked, trying again is no longer the way on. */
      gtk_widget_remove_css_class (self->start_button, "suggested-action");
    }
  finish (self);
}

static gint64
find_test_passkey (MortiseTryItGroup *self)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->store)); i > 0; i--)
    {
      g_autoptr (MortisePasskey) passkey =
          g_list_model_get_item (G_LIST_MODEL (self->store), i - 1);
      const MortisePasskeyData *data = mortise_passkey_get_data (passkey);

      if (self->credential_id != NULL && data->credential_id != NULL &&
          g_bytes_equal (data->credential_id, self->credential_id))
        return data->id;
    }
  return 0;
}

/* Offered once the list has it, which is a moment after the site had its answer; and no longer when
 * it was deleted, here or elsewhere. */
static void
update_passkey_row (MortiseTryItGroup *self)
{
  gtk_widget_set_visible (self->passkey_row, find_test_passkey (self) != 0);
}

static void
on_registered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseTryItGroup) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseRegistration) registration =
      mortise_relying_party_register_finish (MORTISE_RELYING_PARTY (source), result, &error);

  if (self->client == NULL)
    return;
  if (registration == NULL)
    {
      show_failure (self, self->registration_row, self->registration_icon, error);
      finish (self);
      return;
    }
  show_registration (self, registration);
  g_clear_pointer (&self->credential_id, g_bytes_unref);
  self->credential_id = g_bytes_ref (registration->credential_id);
  update_passkey_row (self);
  show_progress (self, _ ("Step 2 of 2: answer Mortise’s prompt to sign in…"));
  mortise_relying_party_sign_in_async (self->relying_party, self->device, MORTISE_TRY_IT_SITE, NULL,
                                       self->cancellable, on_signed_in, g_object_ref (self));
}

static void
on_start (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseTryItGroup *self = user_data;

  if (self->relying_party != NULL)
    return;
  gtk_widget_set_visible (GTK_WIDGET (self->registration_row), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->sign_in_row), FALSE);
  g_clear_pointer (&self->credential_id, g_bytes_unref);
  update_passkey_row (self);
  self->device = mortise_agent_client_find_device (self->client);
  if (self->device == NULL)
    {
      show_result (self->registration_row, self->registration_icon, FALSE,
                   _ ("The virtual security key is not there. The lines above tell what helps."));
      return;
    }
  self->relying_party = mortise_relying_party_new ();
  self->cancellable = g_cancellable_new ();
  set_running (self, TRUE);
  show_progress (self, _ ("Step 1 of 2: answer Mortise’s prompt to make the passkey…"));
  mortise_relying_party_register_async (self->relying_party, self->device, MORTISE_TRY_IT_SITE,
                                        /* Translators: account name of the test passkey */
                                        _ ("Test account"), NULL, self->cancellable, on_registered,
                                        g_object_ref (self));
}

static void
on_cancel (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseTryItGroup *self = user_data;

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

static void
on_show (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseTryItGroup *self = user_data;

  gtk_widget_activate_action (GTK_WIDGET (self), "win.show-passkey", "x", find_test_passkey (self));
}

static void
on_delete (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseTryItGroup *self = user_data;
  gint64 id = find_test_passkey (self);

  if (id != 0)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.delete-passkey", "x", id);
}

static void
mortise_try_it_group_dispose (GObject *object)
{
  MortiseTryItGroup *self = MORTISE_TRY_IT_GROUP (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  g_clear_object (&self->relying_party);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->actions);
  g_clear_object (&self->store);
  g_clear_object (&self->client);
  g_clear_pointer (&self->device, g_free);
  g_clear_pointer (&self->credential_id, g_bytes_unref);
  G_OBJECT_CLASS (mortise_try_it_group_parent_class)->dispose (object);
}

static gboolean
mortise_try_it_group_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (MORTISE_TRY_IT_GROUP (widget)->start_button);
}

static void
mortise_try_it_group_class_init (MortiseTryItGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_try_it_group_dispose;
  widget_class->grab_focus = mortise_try_it_group_grab_focus;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/try-it-group.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, start_row);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, spinner);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, start_button);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, registration_row);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, registration_icon);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, sign_in_row);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, sign_in_icon);
  gtk_widget_class_bind_template_child (widget_class, MortiseTryItGroup, passkey_row);
}

static void
mortise_try_it_group_init (MortiseTryItGroup *self)
{
  static const GActionEntry entries[] = {
    { "start", on_start, NULL, NULL, NULL, { 0 } },
    { "cancel", on_cancel, NULL, NULL, NULL, { 0 } },
    { "show", on_show, NULL, NULL, NULL, { 0 } },
    { "delete", on_delete, NULL, NULL, NULL, { 0 } },
  };

  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_suffix_layout_apply (GTK_WIDGET (self));
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "try-it", G_ACTION_GROUP (self->actions));
}

void
mortise_try_it_group_set_up (MortiseTryItGroup *self,
                             MortiseAgentClient *client,
                             MortisePasskeyStore *store)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->store = g_object_ref (store);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (update), self);
  g_signal_connect_swapped (store, "items-changed", G_CALLBACK (update_passkey_row), self);
  update (self);
}
