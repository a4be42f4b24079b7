/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/finger-watch.h"

#include <glib/gi18n.h>

/* The verification under way holds a reference, for it ends later than the question. */
struct _MortiseFingerWatch
{
  MortiseFingerprint *fingerprint;
  GCancellable *cancellable;
  guint max_misses;

  GMutex lock;
  MortisePromptProcess *process; /* %NULL once nobody wants to know any more */
  gboolean matched;
  guint misses;
};

static void
watch_clear (MortiseFingerWatch *self)
{
  g_clear_object (&self->fingerprint);
  g_clear_object (&self->cancellable);
  g_mutex_clear (&self->lock);
}

static void
watch_unref (MortiseFingerWatch *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) watch_clear);
}

/* With the lock held. @message: (nullable) */
static void
tell_prompt (MortiseFingerWatch *self, const char *finger, const char *message)
{
  GVariantDict dict;

  if (self->process == NULL)
    return;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "finger", "s", finger);
  if (message != NULL)
    g_variant_dict_insert (&dict, "message", "s", message);
  /* One that died shows at the next receive. */
  mortise_prompt_process_send (self->process, MORTISE_FRAME_UPDATE, g_variant_dict_end (&dict),
                               NULL);
}

static void
on_scan (MortiseFingerprintScan scan, gpointer user_data)
{
  static const char *const names[] = {
    [MORTISE_FINGERPRINT_SCAN_WAITING] = "waiting",
    [MORTISE_FINGERPRINT_SCAN_AGAIN] = "again",
    [MORTISE_FINGERPRINT_SCAN_TOO_SHORT] = "too-short",
    [MORTISE_FINGERPRINT_SCAN_NOT_CENTERED] = "not-centered",
    [MORTISE_FINGERPRINT_SCAN_LIFT] = "lift",
    [MORTISE_FINGERPRINT_SCAN_NO_MATCH] = "no-match",
  };
  MortiseFingerWatch *self = user_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (scan == MORTISE_FINGERPRINT_SCAN_NO_MATCH)
    self->misses++;
  tell_prompt (self, names[scan], NULL);
}

static void
on_verified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MortiseFingerWatch *self = user_data;
  MortiseFingerprintStatus status =
      mortise_fingerprint_verify_finish (MORTISE_FINGERPRINT (source), result);

  g_mutex_lock (&self->lock);
  if (status == MORTISE_FINGERPRINT_MATCH && self->process != NULL)
    {
      self->matched = TRUE;
      tell_prompt (self, "match", NULL);
    }
  else if (status == MORTISE_FINGERPRINT_NO_MATCH)
    {
      self->misses++;
      tell_prompt (self, "spent", NULL);
    }
  else
    {
      g_debug ("No finger: %s", mortise_fingerprint_status_to_name (status));
      tell_prompt (self, "off", mortise_fingerprint_status_get_text (status));
    }
  g_mutex_unlock (&self->lock);
  watch_unref (self);
}

static gboolean
start_cb (gpointer user_data)
{
  MortiseFingerWatch *self = user_data;

  mortise_fingerprint_verify_async (self->fingerprint, self->max_misses, on_scan, self->cancellable,
                                    on_verified, g_atomic_rc_box_acquire (self));
  return G_SOURCE_REMOVE;
}

MortiseFingerWatch *
mortise_finger_watch_new (MortiseFingerprint *fingerprint,
                          MortisePromptProcess *process,
                          guint max_misses)
{
  MortiseFingerWatch *self = g_atomic_rc_box_new0 (MortiseFingerWatch);

  g_mutex_init (&self->lock);
  self->fingerprint = g_object_ref (fingerprint);
  self->cancellable = g_cancellable_new ();
  self->process = process;
  self->max_misses = max_misses;
  g_idle_add_full (G_PRIORITY_DEFAULT, start_cb, g_atomic_rc_box_acquire (self),
                   (GDestroyNotify) watch_unref);
  return self;
}

gboolean
mortise_finger_watch_has_matched (MortiseFingerWatch *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->matched;
}

guint
mortise_finger_watch_get_misses (MortiseFingerWatch *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->misses;
}

void
mortise_finger_watch_free (MortiseFingerWatch *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  self->process = NULL;
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->cancellable);
  watch_unref (self);
}
