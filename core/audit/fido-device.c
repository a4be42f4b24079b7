/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/fido-device.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/audit/fido-socket-io.h"

/* How often a cancel is sent, and after how many without an effect a socket is hung up. */
#define CANCEL_INTERVAL_US (150 * 1000)
#define CANCEL_TRIES       40

struct _MortiseFidoDevice
{
  fido_dev_t *dev;
  gboolean is_socket;

  GCancellable *cancellable;
  gulong cancelled_id;
  GMutex lock;
  GCond ended;
  gboolean watching;
  GThread *canceller; /* started by the first "cancelled" */
};

/* --- Errors ----------------------------------------------------------------------------------- */

typedef struct
{
  int result;
  MortiseError code;
  const char *message;
} Meaning;

static const Meaning meanings[] = {
  { FIDO_ERR_OPERATION_DENIED, MORTISE_ERROR_DENIED,
    N_ ("The request was denied on the security key's prompt.") },
  { FIDO_ERR_KEEPALIVE_CANCEL, MORTISE_ERROR_CANCELLED, N_ ("The request was cancelled.") },
  { FIDO_ERR_USER_ACTION_TIMEOUT, MORTISE_ERROR_TIMED_OUT,
    N_ ("Nobody answered the security key's prompt in time. Try again.") },
  { FIDO_ERR_ACTION_TIMEOUT, MORTISE_ERROR_TIMED_OUT,
    N_ ("Nobody answered the security key's prompt in time. Try again.") },
  { FIDO_ERR_NO_CREDENTIALS, MORTISE_ERROR_NOT_FOUND,
    N_ ("The security key has no passkey for this site.") },
  { FIDO_ERR_CREDENTIAL_EXCLUDED, MORTISE_ERROR_FAILED,
    N_ ("The security key already has a passkey for this account.") },
  { FIDO_ERR_CHANNEL_BUSY, MORTISE_ERROR_BUSY,
    N_ ("The security key is busy with another request. Try again when that has ended.") },
  { FIDO_ERR_KEY_STORE_FULL, MORTISE_ERROR_VAULT_FULL,
    N_ ("The security key has no room for another passkey, or could not store it. The passkeys "
        "on it are safe.") },
  { FIDO_ERR_PIN_INVALID, MORTISE_ERROR_PIN_INVALID, N_ ("The PIN is wrong.") },
  { FIDO_ERR_PIN_AUTH_BLOCKED, MORTISE_ERROR_PIN_AUTH_BLOCKED,
    N_ ("The security key takes no PIN until it was plugged in again.") },
  { FIDO_ERR_PIN_BLOCKED, MORTISE_ERROR_PIN_BLOCKED,
    N_ ("The security key's PIN is blocked: no tries are left.") },
  { FIDO_ERR_UV_BLOCKED, MORTISE_ERROR_PIN_BLOCKED,
    N_ ("The security key does not verify you just now: too many wrong tries.") },
  { FIDO_ERR_UV_INVALID, MORTISE_ERROR_PIN_INVALID,
    N_ ("The security key could not verify that it is you.") },
  { FIDO_ERR_RX, MORTISE_ERROR_DEVICE_MISSING,
    N_ ("The security key stopped answering. If it was unplugged, plug it in and try again.") },
  { FIDO_ERR_TX, MORTISE_ERROR_DEVICE_MISSING,
    N_ ("The security key stopped answering. If it was unplugged, plug it in and try again.") },
};

void
mortise_fido_set_error (GError **error, int result)
{
  g_return_if_fail (result != FIDO_OK);

  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    {
      if (meanings[i].result != result)
        continue;
      g_set_error_literal (error, MORTISE_ERROR, (int) meanings[i].code, _ (meanings[i].message));
      return;
    }
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
               _ ("The security key answered with an error (%s, 0x%02x)."), fido_strerr (result),
               (guint) result);
}

gboolean
mortise_fido_check (int result, GCancellable *cancellable, GError **error)
{
  if (result == FIDO_OK)
    return TRUE;
  if (g_cancellable_is_cancelled (cancellable))
    result = FIDO_ERR_KEEPALIVE_CANCEL;
  mortise_fido_set_error (error, result);
  return FALSE;
}

static gboolean
check_access (const char *device, gboolean *ret_is_socket, GError **error)
{
  struct stat info;

  if (stat (device, &info) != 0 && errno != EACCES)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING,
                   _ ("There is no security key at “%s”. Plug it in and try again."), device);
      return FALSE;
    }
  if (access (device, R_OK | W_OK) != 0)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS,
                   _ ("The security key at “%s” may not be opened: %s. “Visible to browsers” on "
                      "the page Health tells what helps."),
                   device, g_strerror (errno));
      return FALSE;
    }
  *ret_is_socket = S_ISSOCK (info.st_mode);
  return TRUE;
}

/* --- Cancelling ------------------------------------------------------------------------------- */

static gpointer
send_cancels (gpointer data)
{
  MortiseFidoDevice *self = data;
  int tries = 0;

  g_mutex_lock (&self->lock);
  while (self->watching)
    {
      const gint64 next = g_get_monotonic_time () + CANCEL_INTERVAL_US;

      if (tries++ < CANCEL_TRIES)
        (void) fido_dev_cancel (self->dev);
      else if (self->is_socket)
        mortise_fido_socket_hang_up (fido_dev_io_handle (self->dev));
      while (self->watching && g_cond_wait_until (&self->ended, &self->lock, next))
        ;
    }
  g_mutex_unlock (&self->lock);
  return NULL;
}

static void
on_cancelled (GCancellable *cancellable, MortiseFidoDevice *self)
{
  g_mutex_lock (&self->lock);
  if (self->canceller == NULL)
    self->canceller = g_thread_new ("fido-cancel", send_cancels, self);
  g_mutex_unlock (&self->lock);
}

void
mortise_fido_device_watch (MortiseFidoDevice *self, GCancellable *cancellable)
{
  g_return_if_fail (self != NULL && !self->watching);

  if (cancellable == NULL)
    return;
  self->watching = TRUE;
  self->cancellable = g_object_ref (cancellable);
  self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
}

void
mortise_fido_device_unwatch (MortiseFidoDevice *self)
{
  if (self->cancellable == NULL)
    return;
  g_cancellable_disconnect (self->cancellable, self->cancelled_id);
  g_mutex_lock (&self->lock);
  self->watching = FALSE;
  g_cond_broadcast (&self->ended);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->canceller, g_thread_join);
  g_clear_object (&self->cancellable);
}

/* --- Life cycle ------------------------------------------------------------------------------- */

MortiseFidoDevice *
mortise_fido_device_open (const char *device, GError **error)
{
  g_autoptr (MortiseFidoDevice) self = NULL;
  gboolean is_socket;
  int result;

  g_return_val_if_fail (device != NULL, NULL);

  if (!check_access (device, &is_socket, error))
    return NULL;

  /* Flags are per thread, and a device that only speaks U2F is none that can be asked here. */
  fido_init (FIDO_DISABLE_U2F_FALLBACK);
  self = g_new0 (MortiseFidoDevice, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->ended);
  self->is_socket = is_socket;
  self->dev = fido_dev_new ();
  result = self->dev != NULL ? FIDO_OK : FIDO_ERR_INTERNAL;
  if (result == FIDO_OK && is_socket)
    result = fido_dev_set_io_functions (self->dev, &mortise_fido_socket_io);
  if (result == FIDO_OK)
    result = fido_dev_open (self->dev, device);
  if (result != FIDO_OK)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING,
                   _ ("What is at “%s” does not answer as a security key (%s). Plug it in again."),
                   device, fido_strerr (result));
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
mortise_fido_device_free (MortiseFidoDevice *self)
{
  mortise_fido_device_unwatch (self);
  if (self->dev != NULL)
    (void) fido_dev_close (self->dev);
  fido_dev_free (&self->dev);
  g_cond_clear (&self->ended);
  g_mutex_clear (&self->lock);
  g_free (self);
}

fido_dev_t *
mortise_fido_device_peek (MortiseFidoDevice *self)
{
  return self->dev;
}
