/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkeys-page-private.h"

#include "app/window/agent-words.h"
#include "app/window/alert-dialog.h"
#include "app/window/passkey-row.h"
#include "app/window/shadow-nodes.h"
#include "app/window/toast.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (MortisePasskeysPage, mortise_passkeys_page, ADW_TYPE_BIN)

static const char *const sort_names[] = {
  [MORTISE_SORT_SITE] = "site",
  [MORTISE_SORT_LAST_USED] = "last-used",
  [MORTISE_SORT_CREATED] = "created",
};

static const char *const filter_names[] = {
  [MORTISE_FILTER_ALL] = "all",
  [MORTISE_FILTER_DEVICE_ONLY] = "device-only",
  [MORTISE_FILTER_EXPORTABLE] = "exportable",
  [MORTISE_FILTER_BACKED_UP] = "backed-up",
  [MORTISE_FILTER_NOT_BACKED_UP] = "not-backed-up",
  [MORTISE_FILTER_NEVER_USED] = "never-used",
  [MORTISE_FILTER_NAMING_TROUBLE] = "naming-trouble",
};

static void
show_button (GtkButton *button, const char *label, const char *detailed_action)
{
  GtkActionable *actionable = GTK_ACTIONABLE (button);
  g_autofree char *action = NULL;
  g_autoptr (GVariant) target = NULL;

  gtk_widget_set_visible (GTK_WIDGET (button), label != NULL);
  if (label == NULL)
    return;
  gtk_button_set_label (button, label);
  g_action_parse_detailed_name (detailed_action, &action, &target, NULL);
  /* Never an action with the target of another. */
  gtk_actionable_set_action_name (actionable, NULL);
  gtk_actionable_set_action_target_value (actionable, target);
  gtk_actionable_set_action_name (actionable, action);
}

static void
show_words (MortisePasskeysPage *self, const MortiseAgentWords *words)
{
  g_autofree char *escaped = g_markup_escape_text (words->text, -1);
  gboolean busy = words->icon == NULL;

  adw_status_page_set_icon_name (self->words_page, words->icon);
  adw_status_page_set_title (self->words_page, words->title);
  adw_status_page_set_description (self->words_page, escaped);
  show_button (self->words_button, words->button, words->action);
  show_button (self->words_second_button, words->second_button, words->second_action);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);
  gtk_stack_set_visible_child_name (self->stack, "words");
}

/* Nothing is listed, and what there was can still be had back. */
static void
show_all_deleted (MortisePasskeysPage *self, guint deleted)
{
  g_autofree char *text = g_strdup_printf (
      ngettext ("%u passkey is in Recently Deleted. No site can use it, but it can be restored.",
                "%u passkeys are in Recently Deleted. No site can use them, but they can be "
                "restored.",
                deleted),
      deleted);
  const MortiseAgentWords words = {
    .icon = "user-trash-symbolic",
    .title = _ ("No Passkeys Left"),
    .text = text,
    .button = _ ("_Show Recently Deleted"),
    .action = "win.page::deleted",
  };

  show_words (self, &words);
}

static void
show_empty (MortisePasskeysPage *self)
{
  guint deleted = g_list_model_get_n_items (G_LIST_MODEL (self->deleted));
  guint damaged = mortise_passkey_store_get_damaged (self->store);
  MortiseAgentWords words = {
    .icon = "mortise-key-symbolic",
    .title = _ ("No Passkeys Yet"),
    .text = _ ("Sign in to a site with your browser, open its security settings and add a passkey. "
               "When the browser asks where to keep it, choose the security key."),
    .button = _ ("_Try It Here First"),
    .action = "win.show-health",
    .second_button = _ ("_What Is a Passkey Here?"),
    .second_action = "win.help::passkey",
  };

  if (damaged > 0)
    {
      words.icon = "dialog-warning-symbolic";
      words.title = _ ("Passkeys That Cannot Be Read");
      words.text = g_strdup_printf (
          ngettext ("%u passkey is in the vault but its record is damaged, so it cannot be listed. "
                    "Nothing was deleted.",
                    "%u passkeys are in the vault but their records are damaged, so they cannot "
                    "be listed. Nothing was deleted.",
                    damaged),
          damaged);
      words.button = _ ("_Details");
      words.action = "passkeys.explain-damage";
      words.second_button = NULL;
      show_words (self, &words);
      g_free (words.text);
      return;
    }
  if (deleted > 0)
    show_all_deleted (self, deleted);
  else
    show_words (self, &words);
}

static void
update_title (MortisePasskeysPage *self)
{
  guint total = g_list_model_get_n_items (G_LIST_MODEL (self->store));
  guint shown = mortise_passkey_groups_get_n_passkeys (self->groups);
  g_autofree char *text = NULL;

  if (shown == total)
    text = g_strdup_printf (ngettext ("%u passkey", "%u passkeys", total), total);
  else
    /* Translators: how many passkeys a search or filter leaves */
    text = g_strdup_printf (_ ("%u of %u"), shown, total);
  adw_window_title_set_subtitle (self->list_title, text);
  gtk_stack_set_visible_child_name (self->list_stack,
                                    shown == 0 && total > 0 ? "no-result" : "list");
}

static void
update_damaged (MortisePasskeysPage *self)
{
  guint damaged = mortise_passkey_store_get_damaged (self->store);
  g_autofree char *text = NULL;

  if (damaged > 0)
    text = g_strdup_printf (
        ngettext ("%u passkey cannot be read", "%u passkeys cannot be read", damaged), damaged);
  mortise_banner_show (self->damaged_banner, text);
}

static void
update (MortisePasskeysPage *self)
{
  g_auto (MortiseAgentWords) words = { NULL };
  gboolean has_words = mortise_agent_words_init (&words, self->client);
  MortiseAgentState state = mortise_agent_client_get_state (self->client);
  guint total = g_list_model_get_n_items (G_LIST_MODEL (self->store));
  gboolean away = state == MORTISE_AGENT_MISSING || state == MORTISE_AGENT_CONNECTING;

  /* While the agent is away for a moment, the list and what is being typed stay. */
  if (has_words && !(away && total > 0))
    {
      mortise_passkey_marks_set_active (self->marks, FALSE);
      show_words (self, &words);
    }
  else if (total == 0 && !mortise_passkey_store_get_loaded (self->store))
    {
      const MortiseAgentWords opening = { .title = _ ("Opening the Vault…"),
                                          .text = (char[]){ "" } };

      show_words (self, &opening);
    }
  else if (total == 0)
    show_empty (self);
  else
    gtk_stack_set_visible_child_name (self->stack, "browse");
  update_title (self);
  update_damaged (self);
}

static MortisePasskey *
get_selected (MortisePasskeysPage *self)
{
  gpointer item = gtk_single_selection_get_selected_item (self->selection);

  return MORTISE_IS_PASSKEY (item) ? item : NULL;
}

static void
on_selected (MortisePasskeysPage *self)
{
  MortisePasskey *passkey = get_selected (self);

  /* On a wide window the page follows the selection; on a narrow one only opening leads there. */
  if (passkey != NULL && !adw_leaflet_get_folded (self->leaflet))
    mortise_passkey_page_set_passkey (self->passkey_page, passkey);
}

void
mortise_passkeys_page_open (MortisePasskeysPage *self, gint64 id)
{
  MortisePasskey *passkey = mortise_passkey_store_find (self->store, id);
  guint position = 0;

  self->pending = passkey == NULL && !mortise_passkey_store_get_loaded (self->store) ? id : 0;
  if (passkey == NULL)
    return;
  mortise_passkey_groups_flush (self->groups);
  position = mortise_passkey_groups_find (self->groups, passkey);
  mortise_passkey_page_set_passkey (self->passkey_page, passkey);
  if (position != G_MAXUINT)
    gtk_single_selection_set_selected (self->selection, position);
  adw_leaflet_set_visible_child_name (self->leaflet, "passkey");
}

gint64
mortise_passkeys_page_find_unsaved (MortisePasskeysPage *self)
{
  return mortise_passkey_page_find_unsaved (self->passkey_page, self->store);
}

static void
on_loaded (MortisePasskeysPage *self)
{
  if (self->pending != 0)
    mortise_passkeys_page_open (self, self->pending);
}

static void
on_open (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  mortise_passkeys_page_open (user_data, g_variant_get_int64 (parameter));
}

static void
on_activate_item (GtkListView *list_view, guint position, MortisePasskeysPage *self)
{
  g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->groups), position);

  if (MORTISE_IS_PASSKEY (item))
    mortise_passkeys_page_open (self, mortise_passkey_get_id (MORTISE_PASSKEY (item)));
}

static void
on_sort (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  for (guint i = 0; i < G_N_ELEMENTS (sort_names); i++)
    {
      if (g_str_equal (g_variant_get_string (state, NULL), sort_names[i]))
        {
          mortise_passkey_groups_set_sort (self->groups, (MortisePasskeySort) i);
          g_simple_action_set_state (action, state);
        }
    }
}

static void
on_filter (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  for (guint i = 0; i < G_N_ELEMENTS (filter_names); i++)
    {
      if (g_str_equal (g_variant_get_string (state, NULL), filter_names[i]))
        {
          mortise_passkey_groups_set_filter (self->groups, (MortisePasskeyFilter) i);
          g_simple_action_set_state (action, state);
        }
    }
}

static void
on_show_all (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  gtk_search_bar_set_search_mode (self->search_bar, FALSE);
  g_action_group_change_action_state (G_ACTION_GROUP (self->actions), "filter",
                                      g_variant_new_string ("all"));
}

static void
on_explain_damage (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  mortise_alert_tell (GTK_WIDGET (self), _ ("Passkeys That Cannot Be Read"),
                      _ ("Their records in the vault are damaged, for example by a failing disk. "
                         "They are kept as they are; the other passkeys work. If you have a copy "
                         "of the vault’s folder from before, quit Mortise’s agent and put it "
                         "back; otherwise register again on the sites that are missing here."));
}

static void
on_search_changed (MortisePasskeysPage *self)
{
  mortise_passkey_groups_set_query (self->groups,
                                    gtk_editable_get_text (GTK_EDITABLE (self->search_entry)));
}

static void
on_search_activate (MortisePasskeysPage *self)
{
  mortise_passkey_groups_flush (self->groups);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->groups)); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->groups), i);

      if (MORTISE_IS_PASSKEY (item))
        {
          mortise_passkeys_page_open (self, mortise_passkey_get_id (MORTISE_PASSKEY (item)));
          return;
        }
    }
}

static void
on_setup_item (GtkSignalListItemFactory *factory, GtkListItem *item, MortisePasskeysPage *self)
{
  gtk_list_item_set_child (item, mortise_passkey_row_new (self->marks));
}

static void
on_bind_item (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GObject *object = gtk_list_item_get_item (item);
  gboolean is_passkey = MORTISE_IS_PASSKEY (object);

  gtk_list_item_set_selectable (item, is_passkey);
  gtk_list_item_set_activatable (item, is_passkey);
  mortise_passkey_row_set_item (MORTISE_PASSKEY_ROW (gtk_list_item_get_child (item)), object);
}

static void
on_unbind_item (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  mortise_passkey_row_set_item (MORTISE_PASSKEY_ROW (gtk_list_item_get_child (item)), NULL);
}

/* The passkey on the page was deleted, here or elsewhere. */
static void
on_items_changed (MortisePasskeysPage *self)
{
  MortisePasskey *shown = mortise_passkey_page_get_passkey (self->passkey_page);

  if (shown != NULL &&
      mortise_passkey_store_find (self->store, mortise_passkey_get_id (shown)) != shown)
    {
      mortise_passkey_page_set_passkey (self->passkey_page, NULL);
      adw_leaflet_set_visible_child_name (self->leaflet, "list");
    }
  mortise_passkeys_page_update_marking (self);
  update (self);
}

static void
on_failed (MortisePasskeysPage *self, const char *message)
{
  mortise_toast (GTK_WIDGET (self), message);
}

static void
on_back (MortisePasskeysPage *self)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "list");
}

static void
mortise_passkeys_page_dispose (GObject *object)
{
  MortisePasskeysPage *self = MORTISE_PASSKEYS_PAGE (object);

  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  if (self->deleted != NULL)
    g_signal_handlers_disconnect_by_data (self->deleted, self);
  if (self->groups != NULL)
    g_signal_handlers_disconnect_by_data (self->groups, self);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  mortise_passkeys_page_end_marking (self);
  g_clear_object (&self->actions);
  g_clear_object (&self->selection);
  g_clear_object (&self->groups);
  g_clear_object (&self->naming);
  g_clear_object (&self->store);
  g_clear_object (&self->deleted);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (mortise_passkeys_page_parent_class)->dispose (object);
}

static void
mortise_passkeys_page_class_init (MortisePasskeysPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_passkeys_page_dispose;
  g_type_ensure (MORTISE_TYPE_BANNER);
  g_type_ensure (MORTISE_TYPE_LOCK_BUTTON);
  g_type_ensure (MORTISE_TYPE_PASSKEY_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/passkeys-page.ui");
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, stack);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, words_header);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, words_page);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, words_button);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, words_second_button);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, leaflet);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, list_header);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, list_title);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, search_bar);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, search_entry);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, lock_button);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, damaged_banner);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, list_stack);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, list_view);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, passkey_page);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, deleting_label);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, delete_button);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, marks_bar);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, marks_title);
  gtk_widget_class_bind_template_child (widget_class, MortisePasskeysPage, header_stack);
}

static void
mortise_passkeys_page_init (MortisePasskeysPage *self)
{
  static const GActionEntry entries[] = {
    { "open", on_open, "x", NULL, NULL, { 0 } },
    { "show-all", on_show_all, NULL, NULL, NULL, { 0 } },
    { "explain-damage", on_explain_damage, NULL, NULL, NULL, { 0 } },
    { "sort", NULL, "s", "'site'", on_sort, { 0 } },
    { "filter", NULL, "s", "'all'", on_filter, { 0 } },
  };
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_shadow_nodes_put_last (self->leaflet);
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "passkeys", G_ACTION_GROUP (self->actions));
  mortise_passkeys_page_init_marking (self);
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup_item), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind_item), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind_item), NULL);
  gtk_list_view_set_factory (self->list_view, factory);
  g_signal_connect (self->list_view, "activate", G_CALLBACK (on_activate_item), self);
  g_signal_connect_swapped (self->search_entry, "search-changed", G_CALLBACK (on_search_changed),
                            self);
  g_signal_connect_swapped (self->search_entry, "activate", G_CALLBACK (on_search_activate), self);
  g_signal_connect_swapped (self->passkey_page, "back", G_CALLBACK (on_back), self);
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  gtk_search_bar_set_key_capture_widget (self->search_bar, GTK_WIDGET (self));
}

void
mortise_passkeys_page_set_up (MortisePasskeysPage *self,
                              MortiseAgentClient *client,
                              MortisePasskeyStore *store,
                              MortisePasskeyStore *deleted)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->store = g_object_ref (store);
  self->deleted = g_object_ref (deleted);
  self->naming = mortise_naming_watch_new (store);
  self->groups = mortise_passkey_groups_new (G_LIST_MODEL (store));
  mortise_passkey_groups_set_naming (self->groups, self->naming);
  self->selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->groups)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_list_view_set_model (self->list_view, GTK_SELECTION_MODEL (self->selection));
  mortise_lock_button_set_client (self->lock_button, client);
  mortise_passkey_page_set_up (self->passkey_page, client, self->naming);

  g_signal_connect_swapped (self->selection, "notify::selected-item", G_CALLBACK (on_selected),
                            self);
  g_signal_connect_swapped (self->groups, "notify::n-passkeys", G_CALLBACK (update_title), self);
  g_signal_connect_swapped (self->groups, "items-changed",
                            G_CALLBACK (mortise_passkeys_page_update_marking), self);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (update), self);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (store, "items-changed", G_CALLBACK (on_items_changed), self);
  g_signal_connect_swapped (store, "notify::loaded", G_CALLBACK (update), self);
  g_signal_connect_swapped (store, "notify::loaded", G_CALLBACK (on_loaded), self);
  g_signal_connect_swapped (store, "notify::loaded",
                            G_CALLBACK (mortise_passkeys_page_update_marking), self);
  g_signal_connect_swapped (store, "notify::damaged", G_CALLBACK (update), self);
  g_signal_connect_swapped (deleted, "notify::n-items", G_CALLBACK (update), self);
  g_signal_connect_swapped (store, "failed", G_CALLBACK (on_failed), self);
  update (self);
}

void
mortise_passkeys_page_start_search (MortisePasskeysPage *self, const char *text)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "list");
  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  if (text != NULL)
    gtk_editable_set_text (GTK_EDITABLE (self->search_entry), text);
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

void
mortise_passkeys_page_go_back (MortisePasskeysPage *self)
{
  if (adw_leaflet_get_folded (self->leaflet) &&
      g_str_equal (adw_leaflet_get_visible_child_name (self->leaflet), "passkey"))
    adw_leaflet_set_visible_child_name (self->leaflet, "list");
  else if (mortise_passkey_marks_is_active (self->marks))
    mortise_passkey_marks_set_active (self->marks, FALSE);
  else
    gtk_search_bar_set_search_mode (self->search_bar, FALSE);
}

void
mortise_passkeys_page_bind_sidebar (MortisePasskeysPage *self, AdwFlap *flap)
{
  AdwHeaderBar *headers[] = { self->words_header, self->list_header };

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    g_object_bind_property (flap, "reveal-flap", headers[i], "show-start-title-buttons",
                            G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
}
