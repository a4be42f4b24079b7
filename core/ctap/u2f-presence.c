/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/u2f-presence.h"

#include "core/mortise-source.h"

struct _MortiseU2fPresence
{
  gatomicrefcount ref_count;
  GThread *thread;
  GSource *timer;
  MortiseConsentRequest *consent; /* the thread's */
  GCancellable *cancellable;

  GMutex mutex;
  MortiseU2fState state;
  GError *error;
};

static MortiseU2fPresence *
presence_ref (MortiseU2fPresence *presence)
{
  g_atomic_ref_count_inc (&presence->ref_count);
  return presence;
}

static void
presence_unref (gpointer data)
{
  MortiseU2fPresence *presence = data;

  if (!g_atomic_ref_count_dec (&presence->ref_count))
    return;
  g_clear_error (&presence->error);
  g_object_unref (presence->cancellable);
  g_mutex_clear (&presence->mutex);
  g_free (presence);
}

static gpointer
wait_for_answer (gpointer data)
{
  MortiseU2fPresence *presence = data;
  g_autoptr (GError) error = NULL;
  gboolean yes = mortise_consent_wait (presence->consent, presence->cancellable, NULL, &error);

  /* The screen is free for the next question before the answer can be used. */
  g_clear_pointer (&presence->consent, mortise_consent_request_free);
  g_mutex_lock (&presence->mutex);
  if (presence->state == MORTISE_U2F_ASKING)
    {
      presence->state = yes ? MORTISE_U2F_ALLOWED : MORTISE_U2F_REFUSED;
      presence->error = g_steal_pointer (&error);
    }
  g_mutex_unlock (&presence->mutex);
  presence_unref (presence);
  return NULL;
}

static void
expire (MortiseU2fPresence *presence)
{
  g_mutex_lock (&presence->mutex);
  presence->state = MORTISE_U2F_EXPIRED;
  g_mutex_unlock (&presence->mutex);
  g_cancellable_cancel (presence->cancellable);
}

static gboolean
timer_cb (gpointer data)
{
  expire (data);
  return G_SOURCE_REMOVE;
}

static void
restart_timer (MortiseU2fPresence *presence)
{
  g_source_set_ready_time (presence->timer, g_get_monotonic_time () +
                                                MORTISE_U2F_POLL_LIMIT * G_TIME_SPAN_MILLISECOND);
}

static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

MortiseU2fPresence *
mortise_u2f_presence_new (MortiseConsentRequest *consent)
{
  static GSourceFuncs timer_funcs = { .dispatch = dispatch_timer };
  MortiseU2fPresence *presence = g_new0 (MortiseU2fPresence, 1);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  g_atomic_ref_count_init (&presence->ref_count);
  g_mutex_init (&presence->mutex);
  presence->state = MORTISE_U2F_ASKING;
  presence->consent = consent;
  presence->cancellable = g_cancellable_new ();

  presence->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_callback (presence->timer, timer_cb, presence_ref (presence), presence_unref);
  restart_timer (presence);
  g_source_attach (presence->timer, context);
  presence->thread = g_thread_new ("u2f-presence", wait_for_answer, presence_ref (presence));
  return presence;
}

void
mortise_u2f_presence_free (MortiseU2fPresence *presence)
{
  if (presence == NULL)
    return;
  expire (presence);
  mortise_source_clear (&presence->timer);
  g_thread_join (presence->thread);
  presence_unref (presence);
}

MortiseU2fState
mortise_u2f_presence_get_state (MortiseU2fPresence *presence)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&presence->mutex);

  return presence->state;
}

MortiseU2fState
mortise_u2f_presence_poll (MortiseU2fPresence *presence, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&presence->mutex);

  if (presence->state != MORTISE_U2F_EXPIRED)
    restart_timer (presence);
  if (presence->state == MORTISE_U2F_REFUSED && presence->error != NULL)
    g_propagate_error (error, g_error_copy (presence->error));
  return presence->state;
}
