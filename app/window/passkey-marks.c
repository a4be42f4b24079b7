/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-marks.h"

struct _MortisePasskeyMarks
{
  GObject parent_instance;
  GHashTable *ids;
  gboolean active;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePasskeyMarks, mortise_passkey_marks, G_TYPE_OBJECT)

static void
mortise_passkey_marks_finalize (GObject *object)
{
  g_hash_table_unref (MORTISE_PASSKEY_MARKS (object)->ids);
  G_OBJECT_CLASS (mortise_passkey_marks_parent_class)->finalize (object);
}

static void
mortise_passkey_marks_class_init (MortisePasskeyMarksClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_passkey_marks_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", MORTISE_TYPE_PASSKEY_MARKS, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_passkey_marks_init (MortisePasskeyMarks *self)
{
  self->ids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

MortisePasskeyMarks *
mortise_passkey_marks_new (void)
{
  return g_object_new (MORTISE_TYPE_PASSKEY_MARKS, NULL);
}

static void
emit_changed (MortisePasskeyMarks *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

void
mortise_passkey_marks_set_active (MortisePasskeyMarks *self, gboolean active)
{
  if (self->active == active)
    return;
  self->active = active;
  if (!active)
    g_hash_table_remove_all (self->ids);
  emit_changed (self);
}

gboolean
mortise_passkey_marks_is_active (MortisePasskeyMarks *self)
{
  return self->active;
}

static gboolean
set_one (MortisePasskeyMarks *self, gint64 id, gboolean marked)
{
  gboolean changed = marked ? g_hash_table_add (self->ids, g_memdup2 (&id, sizeof id))
                            : g_hash_table_remove (self->ids, &id);

  if (marked && !self->active)
    {
      self->active = TRUE;
      changed = TRUE;
    }
  return changed;
}

void
mortise_passkey_marks_set (MortisePasskeyMarks *self, gint64 id, gboolean marked)
{
  if (set_one (self, id, marked))
    emit_changed (self);
}

void
mortise_passkey_marks_set_many (MortisePasskeyMarks *self, GArray *ids, gboolean marked)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < ids->len; i++)
    changed |= set_one (self, g_array_index (ids, gint64, i), marked);
  if (changed)
    emit_changed (self);
}

gboolean
mortise_passkey_marks_has (MortisePasskeyMarks *self, gint64 id)
{
  return g_hash_table_contains (self->ids, &id);
}

guint
mortise_passkey_marks_count (MortisePasskeyMarks *self)
{
  return g_hash_table_size (self->ids);
}

void
mortise_passkey_marks_keep (MortisePasskeyMarks *self,
                            gboolean (*exists) (gint64 id, gpointer user_data),
                            gpointer user_data)
{
  gboolean changed = FALSE;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->ids);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      if (exists (*(const gint64 *) key, user_data))
        continue;
      g_hash_table_iter_remove (&iter);
      changed = TRUE;
    }
  if (changed)
    emit_changed (self);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  const gint64 first = *(const gint64 *) a;
  const gint64 second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

GVariant *
mortise_passkey_marks_dup_ids (MortisePasskeyMarks *self)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->ids);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_array_append_vals (ids, key, 1);
  g_array_sort (ids, compare_ids);
  return g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, ids->data, ids->len, sizeof (gint64));
}
