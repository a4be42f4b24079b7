/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/deleted-page.h"

#include "app/window/agent-words.h"
#include "app/window/deleted-row.h"
#include "app/window/toast.h"

#include <glib/gi18n.h>

struct _MortiseDeletedPage
{
  AdwBin parent_instance;
  MortiseAgentClient *client;
  MortisePasskeyStore *store;
  AdwHeaderBar *header_bar;
  GtkWidget *purge_all_button;
  GtkStack *stack;
  AdwStatusPage *words_page;
  GtkButton *words_button;
  GtkListView *list_view;
};

G_DEFINE_FINAL_TYPE (MortiseDeletedPage, mortise_deleted_page, ADW_TYPE_BIN)

static void
show_words (MortiseDeletedPage *self, const MortiseAgentWords *words)
{
  g_autofree char *escaped = g_markup_escape_text (words->text, -1);

  adw_status_page_set_icon_name (self->words_page, words->icon);
  adw_status_page_set_title (self->words_page, words->title);
  adw_status_page_set_description (self->words_page, escaped);
  gtk_widget_set_visible (GTK_WIDGET (self->words_button), words->button != NULL);
  if (words->button != NULL)
    {
      gtk_button_set_label (self->words_button, words->button);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (self->words_button), words->action);
    }
}

static void
update (MortiseDeletedPage *self)
{
  g_auto (MortiseAgentWords) words = { NULL };
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->store));
  gboolean has_words = mortise_agent_words_init (&words, self->client);

  if (!has_words && n == 0)
    {
      words.icon = "user-trash-symbolic";
      words.title = _ ("Nothing Was Deleted");
      words.text = g_strdup (_ ("Deleted passkeys stay here for 30 days and can be restored. Sites "
                                "cannot use them meanwhile."));
    }
  if (words.title != NULL)
    show_words (self, &words);
  gtk_stack_set_visible_child_name (self->stack, words.title != NULL ? "words" : "list");
  gtk_widget_set_visible (self->purge_all_button, words.title == NULL);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseDeletedPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  if (reply == NULL)
    mortise_toast_error (GTK_WIDGET (self), error);
}

static void
on_restored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseDeletedPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  if (reply == NULL)
    mortise_toast_error (GTK_WIDGET (self), error);
  else
    mortise_toast (GTK_WIDGET (self), _ ("Passkey restored"));
}

static void
on_restore (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseDeletedPage *self = user_data;

  mortise_agent_client_call (self->client, "RestorePasskeys",
                             g_variant_new ("(@ax)", g_variant_new_array (NULL, &parameter, 1)),
                             NULL, on_restored, g_object_ref (self));
}

static void
on_purge (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseDeletedPage *self = user_data;

  mortise_agent_client_call (self->client, "PurgePasskeys",
                             g_variant_new ("(@ax)", g_variant_new_array (NULL, &parameter, 1)),
                             NULL, on_done, g_object_ref (self));
}

static void
on_purge_all (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseDeletedPage *self = user_data;
  g_auto (GVariantBuilder) ids = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ax"));

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->store)); i++)
    {
      g_autoptr (MortisePasskey) passkey = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      g_variant_builder_add (&ids, "x", mortise_passkey_get_id (passkey));
    }
  mortise_agent_client_call (self->client, "PurgePasskeys",
                             g_variant_new ("(@ax)", g_variant_builder_end (&ids)), NULL, on_done,
                             g_object_ref (self));
}

static void
on_setup_item (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  gtk_list_item_set_activatable (item, FALSE);
  gtk_list_item_set_child (item, mortise_deleted_row_new ());
}

static void
on_bind_item (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  mortise_deleted_row_set_passkey (MORTISE_DELETED_ROW (gtk_list_item_get_child (item)),
                                   MORTISE_PASSKEY (gtk_list_item_get_item (item)));
}

static void
mortise_deleted_page_dispose (GObject *object)
{
  MortiseDeletedPage *self = MORTISE_DELETED_PAGE (object);

  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  g_clear_object (&self->store);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (mortise_deleted_page_parent_class)->dispose (object);
}

static void
mortise_deleted_page_class_init (MortiseDeletedPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_deleted_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/deleted-page.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedPage, header_bar);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedPage, purge_all_button);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedPage, stack);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedPage, words_page);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedPage, words_button);
  gtk_widget_class_bind_template_child (widget_class, MortiseDeletedPage, list_view);
}

static void
mortise_deleted_page_init (MortiseDeletedPage *self)
{
  static const GActionEntry entries[] = {
    { "restore", on_restore, "x", NULL, NULL, { 0 } },
    { "purge", on_purge, "x", NULL, NULL, { 0 } },
    { "purge-all", on_purge_all, NULL, NULL, NULL, { 0 } },
  };
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "deleted", G_ACTION_GROUP (actions));
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup_item), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind_item), NULL);
  gtk_list_view_set_factory (self->list_view, factory);
}

void
mortise_deleted_page_set_up (MortiseDeletedPage *self,
                             MortiseAgentClient *client,
                             MortisePasskeyStore *store)
{
  g_autoptr (GtkSelectionModel) selection = NULL;

  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->store = g_object_ref (store);
  selection = GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (G_LIST_MODEL (store))));
  gtk_list_view_set_model (self->list_view, selection);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (update), self);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (store, "items-changed", G_CALLBACK (update), self);
  update (self);
}

void
mortise_deleted_page_bind_sidebar (MortiseDeletedPage *self, AdwFlap *flap)
{
  g_object_bind_property (flap, "reveal-flap", self->header_bar, "show-start-title-buttons",
                          G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
}
