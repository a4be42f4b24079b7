/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkeys-page-private.h"

#include "app/window/passkey-row.h"

#include <glib/gi18n.h>

/* --- What is shown ------------------------------------------------------------------------------
 */

static guint
count_hidden (MortisePasskeysPage *self)
{
  guint hidden = mortise_passkey_marks_count (self->marks);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->groups)); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->groups), i);

      if (MORTISE_IS_PASSKEY (item) &&
          mortise_passkey_marks_has (self->marks, mortise_passkey_get_id (MORTISE_PASSKEY (item))))
        hidden--;
    }
  return hidden;
}

/* The agent asks, then deletes all in one go; which of the two it is at, nobody is told. */
static void
show_deleting (MortisePasskeysPage *self)
{
  g_autofree char *text = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->deleting_label), self->deleting > 0);
  if (self->deleting == 0)
    return;
  text = g_strdup_printf (ngettext ("Deleting %u passkey as soon as you agree…",
                                    "Deleting %u passkeys as soon as you agree…", self->deleting),
                          self->deleting);
  gtk_label_set_label (self->deleting_label, text);
}

static void
show_marks (MortisePasskeysPage *self)
{
  gboolean active = mortise_passkey_marks_is_active (self->marks);
  guint count = mortise_passkey_marks_count (self->marks);
  guint hidden = active ? count_hidden (self) : 0;
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), "select");
  GAction *delete_action =
      g_action_map_lookup_action (G_ACTION_MAP (self->actions), "delete-marked");
  g_autofree char *title = NULL;
  g_autofree char *subtitle = NULL;

  title = count == 0 ? g_strdup (_ ("Select Passkeys"))
                     : g_strdup_printf (ngettext ("%u selected", "%u selected", count), count);
  if (hidden > 0)
    /* Translators: of the selected passkeys, those that the search or filter hides */
    subtitle = g_strdup_printf (
        ngettext ("%u of them is not shown", "%u of them are not shown", hidden), hidden);
  adw_window_title_set_title (self->marks_title, title);
  adw_window_title_set_subtitle (self->marks_title, subtitle != NULL ? subtitle : "");
  gtk_stack_set_visible_child_name (self->header_stack, active ? "marking" : "browsing");
  gtk_action_bar_set_revealed (self->marks_bar, active);
  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_boolean (active));
  g_simple_action_set_enabled (G_SIMPLE_ACTION (delete_action), count > 0 && self->deleting == 0);
  if (!active)
    self->anchor = 0;
  show_deleting (self);
}

/* --- Ranges -------------------------------------------------------------------------------------
 */

static GArray *
collect_ids (MortisePasskeysPage *self, guint first, guint last)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = first; i <= last && i < g_list_model_get_n_items (G_LIST_MODEL (self->groups));
       i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->groups), i);
      gint64 id = 0;

      if (!MORTISE_IS_PASSKEY (item))
        continue;
      id = mortise_passkey_get_id (MORTISE_PASSKEY (item));
      g_array_append_val (ids, id);
    }
  return ids;
}

static guint
find_position (MortisePasskeysPage *self, gint64 id)
{
  MortisePasskey *passkey = id == 0 ? NULL : mortise_passkey_store_find (self->store, id);

  return passkey == NULL ? G_MAXUINT : mortise_passkey_groups_find (self->groups, passkey);
}

/* From the anchor to @position; what an earlier end of the same range marked is unmarked. */
static void
extend_to (MortisePasskeysPage *self, guint position)
{
  guint anchor = find_position (self, self->anchor);
  g_autoptr (GArray) ids = NULL;

  if (position == G_MAXUINT)
    return;
  if (anchor == G_MAXUINT)
    anchor = position;
  ids = collect_ids (self, MIN (anchor, position), MAX (anchor, position));
  if (self->range != NULL)
    mortise_passkey_marks_set_many (self->marks, self->range, FALSE);
  mortise_passkey_marks_set_many (self->marks, ids, TRUE);
  g_clear_pointer (&self->range, g_array_unref);
  self->range = g_steal_pointer (&ids);
}

static void
set_anchor (MortisePasskeysPage *self, gint64 id)
{
  self->anchor = id;
  g_clear_pointer (&self->range, g_array_unref);
}

/* --- Keyboard -----------------------------------------------------------------------------------
 */

static MortisePasskeyRow *
get_focused_row (MortisePasskeysPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root == NULL ? NULL : gtk_root_get_focus (root);
  GtkWidget *row = focus == NULL ? NULL : gtk_widget_get_ancestor (focus, MORTISE_TYPE_PASSKEY_ROW);

  return row == NULL ? NULL : MORTISE_PASSKEY_ROW (row);
}

static gint64
get_focused_id (MortisePasskeysPage *self)
{
  MortisePasskeyRow *row = get_focused_row (self);
  MortisePasskey *passkey = row == NULL ? NULL : mortise_passkey_row_get_passkey (row);

  return passkey == NULL ? 0 : mortise_passkey_get_id (passkey);
}

/* The list has moved the focus meanwhile; headings on the way count as places. */
static gboolean
on_moved (gpointer user_data)
{
  MortisePasskeysPage *self = user_data;
  MortisePasskeyRow *row = get_focused_row (self);

  self->moved_source = 0;
  if (row == NULL)
    return G_SOURCE_REMOVE;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->groups)); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->groups), i);

      if (item == mortise_passkey_row_get_item (row))
        {
          extend_to (self, i);
          break;
        }
    }
  return G_SOURCE_REMOVE;
}

static void
extend_after_move (MortisePasskeysPage *self)
{
  if (self->anchor == 0 || self->range == NULL)
    set_anchor (self, get_focused_id (self));
  if (self->moved_source == 0)
    self->moved_source = g_idle_add_full (G_PRIORITY_DEFAULT, on_moved, self, NULL);
}

static gboolean
on_key_pressed (GtkEventControllerKey *controller,
                guint keyval,
                guint keycode,
                GdkModifierType state,
                MortisePasskeysPage *self)
{
  const gboolean control = (state & GDK_CONTROL_MASK) != 0;
  const gboolean shift = (state & GDK_SHIFT_MASK) != 0;
  GtkWidget *widget = GTK_WIDGET (self);

  if ((keyval == GDK_KEY_a || keyval == GDK_KEY_A) && control)
    return gtk_widget_activate_action (
        widget, shift ? "passkeys.select-none" : "passkeys.select-all", NULL);
  if ((keyval == GDK_KEY_space || keyval == GDK_KEY_KP_Space) && control &&
      get_focused_id (self) != 0)
    return gtk_widget_activate_action (widget, "passkeys.toggle-mark", "x", get_focused_id (self));
  if ((keyval == GDK_KEY_space || keyval == GDK_KEY_KP_Space) && shift &&
      get_focused_id (self) != 0)
    return gtk_widget_activate_action (widget, "passkeys.mark-to", "x", get_focused_id (self));
  if (keyval == GDK_KEY_Delete || keyval == GDK_KEY_KP_Delete)
    {
      if (mortise_passkey_marks_is_active (self->marks))
        return gtk_widget_activate_action (widget, "passkeys.delete-marked", NULL);
      if (get_focused_id (self) != 0)
        return gtk_widget_activate_action (widget, "win.delete-passkey", "x",
                                           get_focused_id (self));
    }
  if (shift && (keyval == GDK_KEY_Up || keyval == GDK_KEY_Down || keyval == GDK_KEY_KP_Up ||
                keyval == GDK_KEY_KP_Down || keyval == GDK_KEY_Page_Up ||
                keyval == GDK_KEY_Page_Down || keyval == GDK_KEY_Home || keyval == GDK_KEY_End))
    extend_after_move (self);
  return GDK_EVENT_PROPAGATE;
}

/* --- Actions ------------------------------------------------------------------------------------
 */

static void
on_select (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  mortise_passkey_marks_set_active (self->marks, g_variant_get_boolean (state));
}

static void
on_toggle_mark (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;
  gint64 id = g_variant_get_int64 (parameter);

  if (mortise_passkey_store_find (self->store, id) == NULL)
    return;
  self->all_wanted = FALSE;
  set_anchor (self, id);
  mortise_passkey_marks_set (self->marks, id, !mortise_passkey_marks_has (self->marks, id));
}

static void
on_mark_to (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;
  gpointer selected = gtk_single_selection_get_selected_item (self->selection);

  self->all_wanted = FALSE;
  mortise_passkey_groups_flush (self->groups);
  if (self->anchor == 0 && MORTISE_IS_PASSKEY (selected))
    set_anchor (self, mortise_passkey_get_id (selected));
  if (self->anchor == 0)
    set_anchor (self, g_variant_get_int64 (parameter));
  extend_to (self, find_position (self, g_variant_get_int64 (parameter)));
}

static void
mark_all (MortisePasskeysPage *self)
{
  g_autoptr (GArray) ids = NULL;

  mortise_passkey_groups_flush (self->groups);
  ids = collect_ids (self, 0, G_MAXUINT);
  set_anchor (self, 0);
  mortise_passkey_marks_set_many (self->marks, ids, TRUE);
}

static void
on_select_all (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  mark_all (self);
  self->all_wanted = !mortise_passkey_store_get_loaded (self->store);
}

static void
on_select_none (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  self->all_wanted = FALSE;
  mortise_passkey_marks_set_active (self->marks, FALSE);
}

static void
on_delete_marked (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortisePasskeysPage *self = user_data;

  gtk_widget_activate_action (GTK_WIDGET (self), "win.delete-passkeys", "@ax",
                              mortise_passkey_marks_dup_ids (self->marks));
}

void
mortise_passkeys_page_set_deleting (MortisePasskeysPage *self, guint count, gboolean done)
{
  self->deleting = count;
  if (done)
    mortise_passkey_marks_set_active (self->marks, FALSE);
  show_marks (self);
}

static gboolean
is_in_store (gint64 id, gpointer user_data)
{
  return mortise_passkey_store_find (user_data, id) != NULL;
}

void
mortise_passkeys_page_update_marking (MortisePasskeysPage *self)
{
  mortise_passkey_marks_keep (self->marks, is_in_store, self->store);
  if (self->all_wanted && mortise_passkey_store_get_loaded (self->store))
    {
      self->all_wanted = FALSE;
      mark_all (self);
    }
  if (mortise_passkey_marks_is_active (self->marks))
    show_marks (self);
}

void
mortise_passkeys_page_init_marking (MortisePasskeysPage *self)
{
  static const GActionEntry entries[] = {
    { "select", NULL, NULL, "false", on_select, { 0 } },
    { "toggle-mark", on_toggle_mark, "x", NULL, NULL, { 0 } },
    { "mark-to", on_mark_to, "x", NULL, NULL, { 0 } },
    { "select-all", on_select_all, NULL, NULL, NULL, { 0 } },
    { "select-none", on_select_none, NULL, NULL, NULL, { 0 } },
    { "delete-marked", on_delete_marked, NULL, NULL, NULL, { 0 } },
  };
  GtkEventController *keys = gtk_event_controller_key_new ();

  self->marks = mortise_passkey_marks_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self);
  g_signal_connect_swapped (self->marks, "changed", G_CALLBACK (show_marks), self);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list_view), keys);
}

void
mortise_passkeys_page_end_marking (MortisePasskeysPage *self)
{
  g_clear_handle_id (&self->moved_source, g_source_remove);
  g_clear_pointer (&self->range, g_array_unref);
  if (self->marks != NULL)
    g_signal_handlers_disconnect_by_data (self->marks, self);
  g_clear_object (&self->marks);
}
