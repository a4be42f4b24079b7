/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/hid-broker.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/hid/hid-transport-private.h"

/* Messages taken in one go, so that other sources have their turn. */
#define READ_BURST 64

#define MORTISE_TYPE_BROKER_TRANSPORT (mortise_broker_transport_get_type ())
G_DECLARE_FINAL_TYPE (MortiseBrokerTransport,
                      mortise_broker_transport,
                      MORTISE,
                      BROKER_TRANSPORT,
                      MortiseHidTransport)

struct _MortiseBrokerTransport
{
  MortiseHidTransport parent_instance;

  char *path;
  int fd;
  GSource *readable;
};

G_DEFINE_FINAL_TYPE (MortiseBrokerTransport, mortise_broker_transport, MORTISE_TYPE_HID_TRANSPORT)

static void
close_connection (MortiseBrokerTransport *self)
{
  mortise_source_clear (&self->readable);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static void
fail (MortiseBrokerTransport *self, MortiseError code, const char *message)
{
  g_autoptr (MortiseBrokerTransport) keep = g_object_ref (self);
  g_autoptr (GError) error = g_error_new_literal (MORTISE_ERROR, (int) code, message);

  close_connection (self);
  mortise_hid_transport_emit_disconnected (MORTISE_HID_TRANSPORT (self));
  mortise_hid_transport_emit_failed (MORTISE_HID_TRANSPORT (self), error);
}

static void
handle_control (MortiseBrokerTransport *self, guint8 message)
{
  switch ((MortiseHidBrokerMessage) message)
    {
    case MORTISE_HID_BROKER_CLOSED:
      mortise_hid_transport_emit_disconnected (MORTISE_HID_TRANSPORT (self));
      break;
    case MORTISE_HID_BROKER_NOT_ACTIVE:
      fail (self, MORTISE_ERROR_DEVICE_ACCESS,
            _ ("The system gives the virtual security key only to the person who sits at this "
               "computer. Your passkeys are safe. Log in at the screen and try again."));
      break;
    case MORTISE_HID_BROKER_IN_USE:
      fail (self, MORTISE_ERROR_ALREADY_RUNNING,
            _ ("Another Mortise of yours already shows browsers a virtual security key. Use that "
               "one, or stop it first."));
      break;
    case MORTISE_HID_BROKER_NO_DEVICE:
      fail (self, MORTISE_ERROR_DEVICE_MISSING,
            _ ("The system's Mortise service cannot use /dev/uhid, so browsers cannot see Mortise "
               "as a security key. Your passkeys are safe. Load the kernel module: sudo modprobe "
               "uhid"));
      break;
    default:
      g_debug ("The system service said something unknown; ignored");
      break;
    }
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  g_autoptr (MortiseBrokerTransport) self = g_object_ref (data);

  for (int i = 0; i < READ_BURST && self->fd == fd; i++)
    {
      guint8 message[MORTISE_HID_REPORT_SIZE];
      const ssize_t n = recv (fd, message, sizeof message, MSG_DONTWAIT | MSG_TRUNC);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        break;
      if (n <= 0)
        fail (self, MORTISE_ERROR_DEVICE_MISSING,
              _ ("The system's Mortise service went away, so browsers cannot reach your passkeys "
                 "just now. They are safe. Plug the virtual key in again."));
      else if (n == MORTISE_HID_REPORT_SIZE)
        mortise_hid_transport_emit_report (MORTISE_HID_TRANSPORT (self), message);
      else if (n == 1)
        handle_control (self, message[0]);
    }
  return self->fd == fd ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean
mortise_broker_transport_start (MortiseHidTransport *transport, GError **error)
{
  MortiseBrokerTransport *self = MORTISE_BROKER_TRANSPORT (transport);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;

  if (self->fd >= 0)
    return TRUE;

  fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (g_strlcpy (address.sun_path, self->path, sizeof address.sun_path) >=
          sizeof address.sun_path ||
      fd < 0 || connect (fd, (const struct sockaddr *) &address, sizeof address) != 0)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING,
                   _ ("The system's Mortise service does not answer (%s), so browsers cannot see "
                      "Mortise as a security key. Your passkeys are safe. Start it: sudo systemctl "
                      "restart mortise-hid.socket"),
                   g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  self->fd = fd;
  self->readable = mortise_hid_transport_attach (
      transport, g_unix_fd_source_new (fd, G_IO_IN | G_IO_ERR | G_IO_HUP),
      G_SOURCE_FUNC (on_readable), self);
  return TRUE;
}

static void
mortise_broker_transport_stop (MortiseHidTransport *transport)
{
  MortiseBrokerTransport *self = MORTISE_BROKER_TRANSPORT (transport);
  const gboolean was_up = self->fd >= 0;

  close_connection (self);
  if (was_up)
    mortise_hid_transport_emit_disconnected (transport);
}

static void
mortise_broker_transport_send (MortiseHidTransport *transport,
                               const guint8 report[MORTISE_HID_REPORT_SIZE])
{
  MortiseBrokerTransport *self = MORTISE_BROKER_TRANSPORT (transport);
  ssize_t n;

  if (self->fd < 0)
    return;
  do
    n = send (self->fd, report, MORTISE_HID_REPORT_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  /* The socket's buffer holds several of the largest messages: a service that let it fill up hangs.
   */
  if (n < 0)
    g_debug ("A report could not be handed to the system service: %s", g_strerror (errno));
}

static void
mortise_broker_transport_finalize (GObject *object)
{
  MortiseBrokerTransport *self = MORTISE_BROKER_TRANSPORT (object);

  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (mortise_broker_transport_parent_class)->finalize (object);
}

static void
mortise_broker_transport_class_init (MortiseBrokerTransportClass *klass)
{
  MortiseHidTransportClass *transport_class = MORTISE_HID_TRANSPORT_CLASS (klass);

  transport_class->start = mortise_broker_transport_start;
  transport_class->stop = mortise_broker_transport_stop;
  transport_class->send = mortise_broker_transport_send;
  G_OBJECT_CLASS (klass)->finalize = mortise_broker_transport_finalize;
}

static void
mortise_broker_transport_init (MortiseBrokerTransport *self)
{
  self->fd = -1;
}

MortiseHidTransport *
mortise_broker_transport_new (const char *path)
{
  MortiseBrokerTransport *self = g_object_new (MORTISE_TYPE_BROKER_TRANSPORT, NULL);

  self->path = g_strdup (path);
  return MORTISE_HID_TRANSPORT (self);
}
