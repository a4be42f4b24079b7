/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-groups.h"

#include "core/text/display-text.h"
#include "core/text/search-text.h"
#include "core/text/site-text.h"

/* Digits of a site known only by a code; its heading has no room for more. */
#define CODE_SHOWN 8

struct _MortiseSite
{
  GObject parent_instance;
  char *rp_id;
  char *rp_name;
  guint count;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint site_signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseSite, mortise_site, G_TYPE_OBJECT)

static void
mortise_site_finalize (GObject *object)
{
  MortiseSite *self = MORTISE_SITE (object);

  g_free (self->rp_id);
  g_free (self->rp_name);
  G_OBJECT_CLASS (mortise_site_parent_class)->finalize (object);
}

static void
mortise_site_class_init (MortiseSiteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_site_finalize;
  site_signals[SIGNAL_CHANGED] = g_signal_new ("changed", MORTISE_TYPE_SITE, G_SIGNAL_RUN_LAST, 0,
                                               NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_site_init (MortiseSite *self)
{
}

char *
mortise_site_dup_name (MortiseSite *self)
{
  return mortise_site_name_dup (self->rp_id);
}

char *
mortise_site_dup_title (MortiseSite *self)
{
  if (mortise_site_text_is_code (self->rp_id))
    return g_strdup_printf ("%.*s…", CODE_SHOWN, self->rp_id);
  if (g_strcmp0 (self->rp_name, self->rp_id) == 0)
    return g_strdup ("");
  return mortise_display_text (self->rp_name, 80);
}

guint
mortise_site_get_count (MortiseSite *self)
{
  return self->count;
}

struct _MortisePasskeyGroups
{
  GObject parent_instance;
  GListModel *passkeys;
  MortiseNamingWatch *naming;
  /* MortiseSite and MortisePasskey, as shown */
  GPtrArray *items;
  /* rp_id → MortiseSite, so that a site keeps its object while it is shown */
  GHashTable *sites;
  char *query;
  MortisePasskeySort sort;
  MortisePasskeyFilter filter;
  guint n_passkeys;
  guint rebuild_source;
  /* How long the last rebuild took, list included, in microseconds. */
  gint64 rebuild_time;
};

enum
{
  PROP_N_PASSKEYS = 1,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static GType
get_item_type (GListModel *model)
{
  return G_TYPE_OBJECT;
}

static guint
get_n_items (GListModel *model)
{
  return MORTISE_PASSKEY_GROUPS (model)->items->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  MortisePasskeyGroups *self = MORTISE_PASSKEY_GROUPS (model);

  if (position >= self->items->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->items, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (MortisePasskeyGroups,
                               mortise_passkey_groups,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static gboolean
passes_filter (MortisePasskeyGroups *self, MortisePasskey *passkey)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (passkey);

  switch (self->filter)
    {
    case MORTISE_FILTER_DEVICE_ONLY:
      return data->kind == MORTISE_PASSKEY_DEVICE_ONLY;
    case MORTISE_FILTER_EXPORTABLE:
      return data->kind != MORTISE_PASSKEY_DEVICE_ONLY;
    case MORTISE_FILTER_BACKED_UP:
      return data->backup_state;
    case MORTISE_FILTER_NOT_BACKED_UP:
      return !data->backup_state;
    case MORTISE_FILTER_NEVER_USED:
      return data->last_used == 0;
    case MORTISE_FILTER_NAMING_TROUBLE:
      return self->naming != NULL && mortise_naming_watch_has_trouble (self->naming, passkey);
    case MORTISE_FILTER_ALL:
    default:
      return TRUE;
    }
}

static int
compare_times (gint64 a, gint64 b)
{
  return a > b ? -1 : a < b;
}

static int
compare_accounts (MortisePasskey *a, MortisePasskey *b, MortisePasskeySort sort)
{
  const MortisePasskeyData *data_a = mortise_passkey_get_data (a);
  const MortisePasskeyData *data_b = mortise_passkey_get_data (b);
  int order = 0;

  if (sort == MORTISE_SORT_LAST_USED)
    order = compare_times (data_a->last_used, data_b->last_used);
  else if (sort == MORTISE_SORT_CREATED)
    order = compare_times (data_a->created, data_b->created);
  if (order == 0)
    order = g_strcmp0 (mortise_passkey_get_account_key (a), mortise_passkey_get_account_key (b));
  return order != 0 ? order : -compare_times (data_a->id, data_b->id);
}

/* By site, then by account: brings the passkeys of one site together. */
static int
compare_by_site (gconstpointer a, gconstpointer b, gpointer user_data)
{
  MortisePasskey *first = *(MortisePasskey *const *) a;
  MortisePasskey *second = *(MortisePasskey *const *) b;
  int order =
      g_strcmp0 (mortise_passkey_get_site_key (first), mortise_passkey_get_site_key (second));

  if (order == 0)
    order = g_strcmp0 (mortise_passkey_get_data (first)->rp_id,
                       mortise_passkey_get_data (second)->rp_id);
  return order != 0 ? order
                    : compare_accounts (first, second, *(const MortisePasskeySort *) user_data);
}

/* A run of passkeys of one site in the sorted array. */
typedef struct
{
  guint start;
  guint count;
  gint64 newest;
} Run;

static int
compare_runs (gconstpointer a, gconstpointer b)
{
  const Run *first = a;
  const Run *second = b;
  int order = compare_times (first->newest, second->newest);

  return order != 0 ? order : (first->start > second->start) - (first->start < second->start);
}

static GPtrArray *
collect_matching (MortisePasskeyGroups *self)
{
  GPtrArray *matching = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = g_list_model_get_n_items (self->passkeys);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (MortisePasskey) passkey = g_list_model_get_item (self->passkeys, i);

      if (passes_filter (self, passkey) &&
          mortise_search_matches (mortise_passkey_get_search_text (passkey), self->query))
        g_ptr_array_add (matching, g_steal_pointer (&passkey));
    }
  return matching;
}

static GArray *
collect_runs (MortisePasskeyGroups *self, GPtrArray *sorted)
{
  GArray *runs = g_array_new (FALSE, FALSE, sizeof (Run));
  const char *rp_id = NULL;

  for (guint i = 0; i < sorted->len; i++)
    {
      const MortisePasskeyData *data = mortise_passkey_get_data (g_ptr_array_index (sorted, i));
      gint64 time = self->sort == MORTISE_SORT_CREATED ? data->created : data->last_used;
      Run *run = NULL;

      if (rp_id == NULL || !g_str_equal (rp_id, data->rp_id))
        {
          Run fresh = { i, 0, time };

          rp_id = data->rp_id;
          g_array_append_val (runs, fresh);
        }
      run = &g_array_index (runs, Run, runs->len - 1);
      run->count++;
      run->newest = MAX (run->newest, time);
    }
  if (self->sort != MORTISE_SORT_SITE)
    g_array_sort (runs, compare_runs);
  return runs;
}

static MortiseSite *
update_site (MortisePasskeyGroups *self,
             GHashTable *sites,
             const MortisePasskeyData *first,
             guint count)
{
  MortiseSite *site = g_hash_table_lookup (self->sites, first->rp_id);
  gboolean changed = FALSE;

  if (site == NULL)
    {
      site = g_object_new (MORTISE_TYPE_SITE, NULL);
      site->rp_id = g_strdup (first->rp_id);
    }
  else
    {
      g_object_ref (site);
      changed = site->count != count || g_strcmp0 (site->rp_name, first->rp_name) != 0;
    }
  site->count = count;
  g_free (site->rp_name);
  site->rp_name = g_strdup (first->rp_name);
  g_hash_table_insert (sites, site->rp_id, site);
  if (changed)
    g_signal_emit (site, site_signals[SIGNAL_CHANGED], 0);
  return site;
}

static void
announce (MortisePasskeyGroups *self, GPtrArray *items)
{
  g_autoptr (GPtrArray) old = self->items;
  guint prefix = 0;
  guint suffix = 0;

  while (prefix < old->len && prefix < items->len &&
         g_ptr_array_index (old, prefix) == g_ptr_array_index (items, prefix))
    prefix++;
  while (old->len - suffix > prefix && items->len - suffix > prefix &&
         g_ptr_array_index (old, old->len - suffix - 1) ==
             g_ptr_array_index (items, items->len - suffix - 1))
    suffix++;
  self->items = items;
  if (old->len != items->len || prefix < items->len)
    g_list_model_items_changed (G_LIST_MODEL (self), prefix, old->len - prefix - suffix,
                                items->len - prefix - suffix);
}

static void
rebuild (MortisePasskeyGroups *self)
{
  g_autoptr (GPtrArray) matching = collect_matching (self);
  g_autoptr (GArray) runs = NULL;
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTable *sites = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  guint n_before = self->n_passkeys;
  gint64 start = g_get_monotonic_time ();

  g_ptr_array_sort_with_data (matching, compare_by_site, &self->sort);
  runs = collect_runs (self, matching);
  for (guint i = 0; i < runs->len; i++)
    {
      const Run *run = &g_array_index (runs, Run, i);
      MortisePasskey *first = g_ptr_array_index (matching, run->start);

      g_ptr_array_add (items, g_object_ref (update_site (
                                  self, sites, mortise_passkey_get_data (first), run->count)));
      for (guint j = run->start; j < run->start + run->count; j++)
        g_ptr_array_add (items, g_object_ref (g_ptr_array_index (matching, j)));
    }
  self->n_passkeys = matching->len;
  announce (self, items);
  g_hash_table_unref (self->sites);
  self->sites = sites;
  self->rebuild_time = g_get_monotonic_time () - start;
  if (n_before != self->n_passkeys)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_PASSKEYS]);
}

static gboolean
on_rebuild_time (gpointer user_data)
{
  MortisePasskeyGroups *self = user_data;

  self->rebuild_source = 0;
  rebuild (self);
  return G_SOURCE_REMOVE;
}

/* What the person asked for is shown at once. */
static void
queue_rebuild (MortisePasskeyGroups *self)
{
  g_clear_handle_id (&self->rebuild_source, g_source_remove);
  self->rebuild_source = g_idle_add_full (G_PRIORITY_DEFAULT, on_rebuild_time, self, NULL);
}

/*
 * What comes by itself, page after page of a long listing, takes a small part of the time there
 * is, so that scrolling and typing go on meanwhile.
 */
static void
queue_rebuild_later (MortisePasskeyGroups *self)
{
  guint delay = (guint) (MIN (self->rebuild_time, 50 * 1000) * 8 / 1000);

  if (self->rebuild_source != 0)
    return;
  if (delay < 16)
    queue_rebuild (self);
  else
    self->rebuild_source = g_timeout_add (delay, on_rebuild_time, self);
}

static void
on_passkey_changed (GListModel *model, MortisePasskey *passkey, MortisePasskeyGroups *self)
{
  queue_rebuild_later (self);
}

static void
on_items_changed (
    GListModel *model, guint position, guint removed, guint added, MortisePasskeyGroups *self)
{
  queue_rebuild_later (self);
}

static void
on_naming_changed (MortisePasskeyGroups *self)
{
  if (self->filter == MORTISE_FILTER_NAMING_TROUBLE)
    queue_rebuild_later (self);
}

static void
mortise_passkey_groups_dispose (GObject *object)
{
  MortisePasskeyGroups *self = MORTISE_PASSKEY_GROUPS (object);

  g_clear_handle_id (&self->rebuild_source, g_source_remove);
  if (self->passkeys != NULL)
    g_signal_handlers_disconnect_by_data (self->passkeys, self);
  g_clear_object (&self->passkeys);
  if (self->naming != NULL)
    g_signal_handlers_disconnect_by_data (self->naming, self);
  g_clear_object (&self->naming);
  G_OBJECT_CLASS (mortise_passkey_groups_parent_class)->dispose (object);
}

static void
mortise_passkey_groups_finalize (GObject *object)
{
  MortisePasskeyGroups *self = MORTISE_PASSKEY_GROUPS (object);

  g_ptr_array_unref (self->items);
  g_hash_table_unref (self->sites);
  g_free (self->query);
  G_OBJECT_CLASS (mortise_passkey_groups_parent_class)->finalize (object);
}

static void
mortise_passkey_groups_get_property (GObject *object,
                                     guint property_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  if (property_id == PROP_N_PASSKEYS)
    g_value_set_uint (value, MORTISE_PASSKEY_GROUPS (object)->n_passkeys);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
mortise_passkey_groups_class_init (MortisePasskeyGroupsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = mortise_passkey_groups_dispose;
  object_class->finalize = mortise_passkey_groups_finalize;
  object_class->get_property = mortise_passkey_groups_get_property;
  properties[PROP_N_PASSKEYS] = g_param_spec_uint ("n-passkeys", NULL, NULL, 0, G_MAXUINT, 0,
                                                   G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
mortise_passkey_groups_init (MortisePasskeyGroups *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->sites = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  self->query = g_strdup ("");
}

MortisePasskeyGroups *
mortise_passkey_groups_new (GListModel *passkeys)
{
  MortisePasskeyGroups *self = g_object_new (MORTISE_TYPE_PASSKEY_GROUPS, NULL);

  self->passkeys = g_object_ref (passkeys);
  g_signal_connect (passkeys, "items-changed", G_CALLBACK (on_items_changed), self);
  if (MORTISE_IS_PASSKEY_STORE (passkeys))
    g_signal_connect (passkeys, "passkey-changed", G_CALLBACK (on_passkey_changed), self);
  queue_rebuild (self);
  return self;
}

void
mortise_passkey_groups_set_query (MortisePasskeyGroups *self, const char *query)
{
  g_autofree char *folded = mortise_search_fold (query);

  if (g_str_equal (folded, self->query))
    return;
  g_free (self->query);
  self->query = g_steal_pointer (&folded);
  queue_rebuild (self);
}

void
mortise_passkey_groups_set_sort (MortisePasskeyGroups *self, MortisePasskeySort sort)
{
  self->sort = sort;
  queue_rebuild (self);
}

void
mortise_passkey_groups_set_filter (MortisePasskeyGroups *self, MortisePasskeyFilter filter)
{
  self->filter = filter;
  queue_rebuild (self);
}

void
mortise_passkey_groups_set_naming (MortisePasskeyGroups *self, MortiseNamingWatch *naming)
{
  g_return_if_fail (self->naming == NULL);

  self->naming = g_object_ref (naming);
  g_signal_connect_swapped (naming, "changed", G_CALLBACK (on_naming_changed), self);
}

guint
mortise_passkey_groups_get_n_passkeys (MortisePasskeyGroups *self)
{
  return self->n_passkeys;
}

void
mortise_passkey_groups_flush (MortisePasskeyGroups *self)
{
  if (self->rebuild_source == 0)
    return;
  g_clear_handle_id (&self->rebuild_source, g_source_remove);
  rebuild (self);
}

guint
mortise_passkey_groups_find (MortisePasskeyGroups *self, MortisePasskey *passkey)
{
  guint position = 0;

  return g_ptr_array_find (self->items, passkey, &position) ? position : G_MAXUINT;
}
