/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/idle-lock.h"

struct _MortiseIdleLock
{
  void (*lock) (gpointer user_data);
  gpointer user_data;
  guint timeout_s;
  gint64 last_use; /* monotonic, µs; 0 while the keys are not in memory */
  guint holds;
  guint source;
};

static gboolean
expired_cb (gpointer user_data)
{
  MortiseIdleLock *self = user_data;

  self->source = 0;
  self->last_use = 0;
  self->lock (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
schedule (MortiseIdleLock *self)
{
  gint64 left;

  g_clear_handle_id (&self->source, g_source_remove);
  if (self->last_use == 0 || self->timeout_s == 0 || self->holds > 0)
    return;
  left = self->last_use + self->timeout_s * G_TIME_SPAN_SECOND - g_get_monotonic_time ();
  self->source =
      g_timeout_add ((guint) (MAX (left, 0) / G_TIME_SPAN_MILLISECOND), expired_cb, self);
}

MortiseIdleLock *
mortise_idle_lock_new (void (*lock) (gpointer user_data), gpointer user_data)
{
  MortiseIdleLock *self = g_new0 (MortiseIdleLock, 1);

  self->lock = lock;
  self->user_data = user_data;
  return self;
}

void
mortise_idle_lock_free (MortiseIdleLock *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  g_free (self);
}

void
mortise_idle_lock_set_timeout (MortiseIdleLock *self, guint seconds)
{
  /* Over a month is for ever, and its milliseconds would not fit a GLib time-out. */
  self->timeout_s = seconds > 30 * 86400 ? 0 : seconds;
  schedule (self);
}

void
mortise_idle_lock_start (MortiseIdleLock *self)
{
  self->last_use = g_get_monotonic_time ();
  schedule (self);
}

void
mortise_idle_lock_stop (MortiseIdleLock *self)
{
  self->last_use = 0;
  schedule (self);
}

void
mortise_idle_lock_hold (MortiseIdleLock *self)
{
  self->holds++;
  schedule (self);
}

void
mortise_idle_lock_release (MortiseIdleLock *self)
{
  g_return_if_fail (self->holds > 0);

  self->holds--;
  schedule (self);
}
