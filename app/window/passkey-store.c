/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-store.h"

/* The first page is what a screen shows, so that it is there at once: with more, a list view makes
 * two hundred rows before it draws any. */
#define FIRST_PAGE_SIZE 8
#define PAGE_SIZE       1000

/* Time to draw between two pages, in milliseconds. */
#define PAGE_DELAY 40

struct _MortisePasskeyStore
{
  GObject parent_instance;
  MortiseAgentClient *client;
  gboolean deleted;
  GPtrArray *passkeys;
  GCancellable *loading;
  gboolean again;
  gboolean loaded;
  guint damaged;
  /* How many of `passkeys` the listing under way has gone over. */
  guint position;
  /* Where it goes on after that. */
  gint64 next_after;
  guint next_source;
  guint page_size;
};

enum
{
  PROP_LOADED = 1,
  PROP_DAMAGED,
  PROP_N_ITEMS,
  N_PROPERTIES,
};

enum
{
  SIGNAL_PASSKEY_CHANGED,
  SIGNAL_FAILED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static void load_page (MortisePasskeyStore *self, gint64 after);

static GType
get_item_type (GListModel *model)
{
  return MORTISE_TYPE_PASSKEY;
}

static guint
get_n_items (GListModel *model)
{
  return MORTISE_PASSKEY_STORE (model)->passkeys->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  MortisePasskeyStore *self = MORTISE_PASSKEY_STORE (model);

  if (position >= self->passkeys->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->passkeys, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (MortisePasskeyStore,
                               mortise_passkey_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static MortisePasskey *
peek (GPtrArray *passkeys, guint position)
{
  return g_ptr_array_index (passkeys, position);
}

static void
replace (MortisePasskeyStore *self, guint position, guint n_removed, GPtrArray *added)
{
  guint n_before = self->passkeys->len;

  if (n_removed == 0 && added->len == 0)
    return;
  if (n_removed > 0)
    g_ptr_array_remove_range (self->passkeys, position, n_removed);
  if (position == self->passkeys->len)
    {
      for (guint i = 0; i < added->len; i++)
        g_ptr_array_add (self->passkeys, g_object_ref (peek (added, i)));
    }
  else
    {
      for (guint i = 0; i < added->len; i++)
        g_ptr_array_insert (self->passkeys, (int) (position + i), g_object_ref (peek (added, i)));
    }
  g_list_model_items_changed (G_LIST_MODEL (self), position, n_removed, added->len);
  if (n_before != self->passkeys->len)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

/*
 * Brings what is held from `position` up to @last_id to what @page lists. Both are in order of id.
 * A passkey that stays keeps its object; only what lies between the first and the last difference
 * is announced.
 */
static void
merge_page (MortisePasskeyStore *self, GPtrArray *page, gint64 last_id)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) added = g_ptr_array_new_with_free_func (g_object_unref);
  guint start = self->position;
  guint end = start;
  guint prefix = 0;
  guint suffix = 0;

  for (guint i = 0; i < page->len; i++)
    {
      MortisePasskey *fresh = peek (page, i);

      while (end < self->passkeys->len &&
             mortise_passkey_get_id (peek (self->passkeys, end)) < mortise_passkey_get_id (fresh))
        end++;
      if (end < self->passkeys->len &&
          mortise_passkey_get_id (peek (self->passkeys, end)) == mortise_passkey_get_id (fresh))
        {
          MortisePasskey *kept = peek (self->passkeys, end++);

          if (mortise_passkey_take_data (kept, fresh))
            g_signal_emit (self, signals[SIGNAL_PASSKEY_CHANGED], 0, kept);
          g_ptr_array_add (wanted, g_object_ref (kept));
        }
      else
        g_ptr_array_add (wanted, g_object_ref (fresh));
    }
  while (end < self->passkeys->len &&
         mortise_passkey_get_id (peek (self->passkeys, end)) <= last_id)
    end++;

  while (start + prefix < end && prefix < wanted->len &&
         peek (self->passkeys, start + prefix) == peek (wanted, prefix))
    prefix++;
  while (end - suffix > start + prefix && wanted->len - suffix > prefix &&
         peek (self->passkeys, end - suffix - 1) == peek (wanted, wanted->len - suffix - 1))
    suffix++;
  for (guint i = prefix; i < wanted->len - suffix; i++)
    g_ptr_array_add (added, g_object_ref (peek (wanted, i)));
  replace (self, start + prefix, end - suffix - start - prefix, added);
  self->position = start + wanted->len;
}

static void
finish_loading (MortisePasskeyStore *self)
{
  gboolean again = self->again;

  g_clear_object (&self->loading);
  self->again = FALSE;
  if (!self->loaded)
    {
      self->loaded = TRUE;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADED]);
    }
  if (again)
    load_page (self, 0);
}

static void
parse_page (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) page = g_ptr_array_new_with_free_func (g_object_unref);
  GVariantIter iter;
  GVariant *dictionary;

  g_variant_iter_init (&iter, task_data);
  while ((dictionary = g_variant_iter_next_value (&iter)) != NULL)
    {
      MortisePasskey *passkey = mortise_passkey_new (dictionary);

      if (passkey != NULL)
        g_ptr_array_add (page, passkey);
      g_variant_unref (dictionary);
    }
  g_task_return_pointer (task, g_steal_pointer (&page), (GDestroyNotify) g_ptr_array_unref);
}

static gboolean
load_next_page (gpointer user_data)
{
  MortisePasskeyStore *self = user_data;

  self->next_source = 0;
  load_page (self, self->next_after);
  return G_SOURCE_REMOVE;
}

static void
on_parsed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePasskeyStore) self = user_data;
  GVariant *listed = g_task_get_task_data (G_TASK (result));
  gboolean last = g_variant_n_children (listed) < self->page_size;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) page = g_task_propagate_pointer (G_TASK (result), &error);
  gint64 last_id = G_MAXINT64;

  if (page == NULL)
    return;
  if (!last && page->len > 0)
    last_id = mortise_passkey_get_id (peek (page, page->len - 1));
  merge_page (self, page, last_id);
  if (last || page->len == 0)
    finish_loading (self);
  else
    {
      /* After drawing: page after page would keep the first one from the screen. */
      self->next_after = last_id;
      self->next_source = g_timeout_add (PAGE_DELAY, load_next_page, self);
    }
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePasskeyStore) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);
  g_autoptr (GTask) task = NULL;
  guint damaged = 0;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (reply == NULL)
    {
      g_clear_object (&self->loading);
      self->again = FALSE;
      if (mortise_agent_client_can_list (self->client))
        g_signal_emit (self, signals[SIGNAL_FAILED], 0, error->message);
      return;
    }
  g_variant_get_child (reply, 1, "u", &damaged);
  if (damaged != self->damaged)
    {
      self->damaged = damaged;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DAMAGED]);
    }
  /* The thread may be the last to let go of its task, and of a source with it: none is given. */
  task = g_task_new (NULL, self->loading, on_parsed, g_object_ref (self));
  g_task_set_task_data (task, g_variant_get_child_value (reply, 0),
                        (GDestroyNotify) g_variant_unref);
  g_task_run_in_thread (task, parse_page);
}

static void
load_page (MortisePasskeyStore *self, gint64 after)
{
  if (after == 0)
    {
      self->position = 0;
      self->loading = g_cancellable_new ();
    }
  self->page_size = after == 0 ? FIRST_PAGE_SIZE : PAGE_SIZE;
  mortise_agent_client_call (self->client, "ListPasskeys",
                             g_variant_new ("(bxu)", self->deleted, after, self->page_size),
                             self->loading, on_listed, g_object_ref (self));
}

static void
reload (MortisePasskeyStore *self)
{
  if (!mortise_agent_client_can_list (self->client))
    return;
  if (self->loading != NULL)
    self->again = TRUE;
  else
    load_page (self, 0);
}

static void
stop_loading (MortisePasskeyStore *self)
{
  g_clear_handle_id (&self->next_source, g_source_remove);
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  self->again = FALSE;
}

static void
on_state_changed (MortiseAgentClient *client, GParamSpec *pspec, MortisePasskeyStore *self)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  if (mortise_agent_client_can_list (client))
    {
      reload (self);
      return;
    }
  stop_loading (self);
  if (mortise_agent_client_get_state (client) == MORTISE_AGENT_NO_VAULT)
    {
      replace (self, 0, self->passkeys->len, none);
      self->loaded = FALSE;
      self->damaged = 0;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DAMAGED]);
    }
}

static void
on_passkeys_changed (MortiseAgentClient *client, MortisePasskeyStore *self)
{
  reload (self);
}

static void
mortise_passkey_store_dispose (GObject *object)
{
  MortisePasskeyStore *self = MORTISE_PASSKEY_STORE (object);

  stop_loading (self);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (mortise_passkey_store_parent_class)->dispose (object);
}

static void
mortise_passkey_store_finalize (GObject *object)
{
  g_ptr_array_unref (MORTISE_PASSKEY_STORE (object)->passkeys);
  G_OBJECT_CLASS (mortise_passkey_store_parent_class)->finalize (object);
}

static void
mortise_passkey_store_get_property (GObject *object,
                                    guint property_id,
                                    GValue *value,
                                    GParamSpec *pspec)
{
  MortisePasskeyStore *self = MORTISE_PASSKEY_STORE (object);

  switch (property_id)
    {
    case PROP_LOADED:
      g_value_set_boolean (value, self->loaded);
      break;
    case PROP_DAMAGED:
      g_value_set_uint (value, self->damaged);
      break;
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->passkeys->len);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
mortise_passkey_store_class_init (MortisePasskeyStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = mortise_passkey_store_dispose;
  object_class->finalize = mortise_passkey_store_finalize;
  object_class->get_property = mortise_passkey_store_get_property;
  properties[PROP_LOADED] = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, flags);
  properties[PROP_DAMAGED] = g_param_spec_uint ("damaged", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  signals[SIGNAL_PASSKEY_CHANGED] =
      g_signal_new ("passkey-changed", MORTISE_TYPE_PASSKEY_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, MORTISE_TYPE_PASSKEY);
  signals[SIGNAL_FAILED] = g_signal_new ("failed", MORTISE_TYPE_PASSKEY_STORE, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
mortise_passkey_store_init (MortisePasskeyStore *self)
{
  self->passkeys = g_ptr_array_new_with_free_func (g_object_unref);
}

MortisePasskeyStore *
mortise_passkey_store_new (MortiseAgentClient *client, gboolean deleted)
{
  MortisePasskeyStore *self = g_object_new (MORTISE_TYPE_PASSKEY_STORE, NULL);

  self->client = g_object_ref (client);
  self->deleted = deleted;
  g_signal_connect (client, "notify::state", G_CALLBACK (on_state_changed), self);
  g_signal_connect (client, "passkeys-changed", G_CALLBACK (on_passkeys_changed), self);
  reload (self);
  return self;
}

gboolean
mortise_passkey_store_get_loaded (MortisePasskeyStore *self)
{
  return self->loaded;
}

guint
mortise_passkey_store_get_damaged (MortisePasskeyStore *self)
{
  return self->damaged;
}

MortisePasskey *
mortise_passkey_store_find (MortisePasskeyStore *self, gint64 id)
{
  guint low = 0;
  guint high = self->passkeys->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      MortisePasskey *passkey = peek (self->passkeys, middle);

      if (mortise_passkey_get_id (passkey) == id)
        return passkey;
      if (mortise_passkey_get_id (passkey) < id)
        low = middle + 1;
      else
        high = middle;
    }
  return NULL;
}
