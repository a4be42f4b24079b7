/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/naming-watch.h"

/* A listing arrives in pages, and a burst of changes is one. */
#define DELAY_MS 100

struct _MortiseNamingWatch
{
  GObject parent_instance;
  MortisePasskeyStore *store;
  MortiseNamingReport *report;
  guint source;
  gboolean running;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseNamingWatch, mortise_naming_watch, G_TYPE_OBJECT)

/* The names as they are now: the thread must not read what the main thread replaces. */
typedef struct
{
  GArray *subjects;
  GStringChunk *texts;
} Snapshot;

static void
snapshot_free (gpointer data)
{
  Snapshot *snapshot = data;

  g_array_unref (snapshot->subjects);
  g_string_chunk_free (snapshot->texts);
  g_free (snapshot);
}

static const char *
keep (Snapshot *snapshot, const char *text)
{
  return text == NULL ? NULL : g_string_chunk_insert (snapshot->texts, text);
}

static Snapshot *
take_snapshot (GListModel *model)
{
  Snapshot *snapshot = g_new0 (Snapshot, 1);
  guint n = g_list_model_get_n_items (model);

  snapshot->subjects = g_array_sized_new (FALSE, FALSE, sizeof (MortiseNamingSubject), n);
  snapshot->texts = g_string_chunk_new (64 * 1024);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (MortisePasskey) passkey = g_list_model_get_item (model, i);
      const MortisePasskeyData *data = mortise_passkey_get_data (passkey);
      const MortiseNamingSubject subject = {
        .id = data->id,
        .rp_id = keep (snapshot, data->rp_id),
        .user_name = keep (snapshot, data->user_name),
        .user_display_name = keep (snapshot, data->user_display_name),
        .label = keep (snapshot, data->label),
        .nickname = keep (snapshot, data->nickname),
        .created = data->created,
        .u2f = data->u2f,
      };

      g_array_append_val (snapshot->subjects, subject);
    }
  return snapshot;
}

static void
check (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Snapshot *snapshot = task_data;

  g_task_return_pointer (
      task,
      mortise_naming_report_new ((const MortiseNamingSubject *) (gpointer) snapshot->subjects->data,
                                 snapshot->subjects->len),
      (GDestroyNotify) mortise_naming_report_unref);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseNamingWatch) self = user_data;
  MortiseNamingReport *report = g_task_propagate_pointer (G_TASK (result), NULL);

  self->running = FALSE;
  g_clear_pointer (&self->report, mortise_naming_report_unref);
  self->report = report;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static gboolean
on_time (gpointer user_data)
{
  MortiseNamingWatch *self = user_data;
  g_autoptr (GTask) task = NULL;

  /* Once the thread is done with what was, what is can be checked. */
  if (self->running)
    return G_SOURCE_CONTINUE;
  self->source = 0;
  self->running = TRUE;
  /* The thread may be the last to let go of its task, and of a source with it: none is given. */
  task = g_task_new (NULL, NULL, on_checked, g_object_ref (self));
  g_task_set_task_data (task, take_snapshot (G_LIST_MODEL (self->store)), snapshot_free);
  g_task_run_in_thread (task, check);
  return G_SOURCE_REMOVE;
}

static void
schedule (MortiseNamingWatch *self)
{
  if (self->source == 0)
    self->source = g_timeout_add (DELAY_MS, on_time, self);
}

static void
mortise_naming_watch_dispose (GObject *object)
{
  MortiseNamingWatch *self = MORTISE_NAMING_WATCH (object);

  g_clear_handle_id (&self->source, g_source_remove);
  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (mortise_naming_watch_parent_class)->dispose (object);
}

static void
mortise_naming_watch_finalize (GObject *object)
{
  g_clear_pointer (&MORTISE_NAMING_WATCH (object)->report, mortise_naming_report_unref);
  G_OBJECT_CLASS (mortise_naming_watch_parent_class)->finalize (object);
}

static void
mortise_naming_watch_class_init (MortiseNamingWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = mortise_naming_watch_dispose;
  object_class->finalize = mortise_naming_watch_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", MORTISE_TYPE_NAMING_WATCH, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_naming_watch_init (MortiseNamingWatch *self)
{
}

MortiseNamingWatch *
mortise_naming_watch_new (MortisePasskeyStore *store)
{
  MortiseNamingWatch *self = g_object_new (MORTISE_TYPE_NAMING_WATCH, NULL);

  self->store = g_object_ref (store);
  g_signal_connect_swapped (store, "items-changed", G_CALLBACK (schedule), self);
  g_signal_connect_swapped (store, "passkey-changed", G_CALLBACK (schedule), self);
  schedule (self);
  return self;
}

GPtrArray *
mortise_naming_watch_lookup (MortiseNamingWatch *self, MortisePasskey *passkey)
{
  if (self->report == NULL)
    return NULL;
  return mortise_naming_report_lookup (self->report, mortise_passkey_get_id (passkey));
}

gboolean
mortise_naming_watch_has_trouble (MortiseNamingWatch *self, MortisePasskey *passkey)
{
  return self->report != NULL &&
         mortise_naming_report_has_trouble (self->report, mortise_passkey_get_id (passkey));
}
