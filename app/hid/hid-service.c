/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/hid/hid-service.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/hid/hid-broker.h"
#include "core/mortise-source.h"

/* One device per user, so this is a number of users at once. */
#define MAX_CLIENTS 16

/* Reports taken from one client before the others have their turn. */
#define READ_BURST 64

typedef struct
{
  MortiseHidService *service;
  int fd;
  uid_t user;
  GSource *readable;
  MortiseHidTransport *device;
} Client;

struct _MortiseHidService
{
  GObject parent_instance;

  int listener;
  MortiseHidTransport *(*make_device) (uid_t user);
  gboolean (*may_use) (uid_t user);
  GSource *acceptable;
  GPtrArray *clients; /* (element-type Client) */
};

G_DEFINE_FINAL_TYPE (MortiseHidService, mortise_hid_service, G_TYPE_OBJECT)

enum
{
  SIGNAL_IDLE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
client_free (Client *client)
{
  mortise_source_clear (&client->readable);
  if (client->device != NULL)
    g_signal_handlers_disconnect_by_data (client->device, client);
  g_clear_object (&client->device);
  close (client->fd);
  g_free (client);
}

static void
drop_client (Client *client)
{
  g_autoptr (MortiseHidService) service = g_object_ref (client->service);

  g_ptr_array_remove_fast (service->clients, client);
  if (service->clients->len == 0)
    g_signal_emit (service, signals[SIGNAL_IDLE], 0);
}

static void
send_message (int fd, gconstpointer message, gsize size)
{
  ssize_t n;

  do
    n = send (fd, message, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    g_debug ("A client does not take its messages: %s", g_strerror (errno));
}

static void
send_control (int fd, MortiseHidBrokerMessage message)
{
  const guint8 byte = (guint8) message;

  send_message (fd, &byte, sizeof byte);
}

static void
on_report (MortiseHidTransport *device, gpointer report, Client *client)
{
  send_message (client->fd, report, MORTISE_HID_REPORT_SIZE);
}

static void
on_disconnected (MortiseHidTransport *device, Client *client)
{
  send_control (client->fd, MORTISE_HID_BROKER_CLOSED);
}

static void
on_failed (MortiseHidTransport *device, const GError *error, Client *client)
{
  send_control (client->fd, MORTISE_HID_BROKER_NO_DEVICE);
  drop_client (client);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Client *client = data;
  g_autoptr (MortiseHidService) self = g_object_ref (client->service);

  for (int i = 0; i < READ_BURST; i++)
    {
      guint8 report[MORTISE_HID_REPORT_SIZE];
      const ssize_t n = recv (fd, report, sizeof report, MSG_DONTWAIT | MSG_TRUNC);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return G_SOURCE_CONTINUE;
      /* Anything but a report is no mistake that an agent makes. */
      if (n != MORTISE_HID_REPORT_SIZE)
        {
          drop_client (client);
          return G_SOURCE_REMOVE;
        }
      mortise_hid_transport_send (client->device, report);
      /* A device that died while it was written to took the client with it. */
      if (!g_ptr_array_find (self->clients, client, NULL))
        return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
has_hung_up (const Client *client)
{
  struct pollfd pollfd = { .fd = client->fd };

  return poll (&pollfd, 1, 0) > 0 && (pollfd.revents & (POLLHUP | POLLERR)) != 0;
}

/* An agent that plugs in again connects before the end of its last connection was dispatched. */
static void
drop_gone (MortiseHidService *self)
{
  for (guint i = self->clients->len; i > 0; i--)
    {
      Client *client = g_ptr_array_index (self->clients, i - 1);

      if (has_hung_up (client))
        drop_client (client);
    }
}

static gboolean
has_device (MortiseHidService *self, uid_t user)
{
  for (guint i = 0; i < self->clients->len; i++)
    {
      const Client *client = g_ptr_array_index (self->clients, i);

      if (client->user == user)
        return TRUE;
    }
  return FALSE;
}

/* Returns: 0, or why this user gets no device. */
static guint8
check_user (MortiseHidService *self, uid_t user)
{
  if (has_device (self, user) || self->clients->len >= MAX_CLIENTS)
    return MORTISE_HID_BROKER_IN_USE;
  if (!self->may_use (user))
    return MORTISE_HID_BROKER_NOT_ACTIVE;
  return 0;
}

static void
serve (MortiseHidService *self, int fd, uid_t user)
{
  g_autoptr (MortiseHidTransport) device = self->make_device (user);
  g_autoptr (GError) error = NULL;
  Client *client;

  if (!mortise_hid_transport_start (device, &error))
    {
      g_warning ("%s", error->message);
      send_control (fd, MORTISE_HID_BROKER_NO_DEVICE);
      close (fd);
      return;
    }
  client = g_new0 (Client, 1);
  client->service = self;
  client->fd = fd;
  client->user = user;
  client->device = g_steal_pointer (&device);
  g_signal_connect (client->device, "report", G_CALLBACK (on_report), client);
  g_signal_connect (client->device, "disconnected", G_CALLBACK (on_disconnected), client);
  g_signal_connect (client->device, "failed", G_CALLBACK (on_failed), client);
  client->readable = g_unix_fd_source_new (fd, G_IO_IN | G_IO_ERR | G_IO_HUP);
  g_source_set_callback (client->readable, G_SOURCE_FUNC (on_readable), client, NULL);
  g_source_attach (client->readable, NULL);
  g_ptr_array_add (self->clients, client);
}

static gboolean
on_acceptable (int fd, GIOCondition condition, gpointer data)
{
  MortiseHidService *self = data;
  struct ucred peer;
  socklen_t size = sizeof peer;
  const int accepted = accept4 (fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  guint8 refusal;

  if (accepted < 0)
    return G_SOURCE_CONTINUE;
  if (getsockopt (accepted, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    {
      close (accepted);
      return G_SOURCE_CONTINUE;
    }
  drop_gone (self);
  refusal = check_user (self, peer.uid);
  if (refusal != 0)
    {
      send_control (accepted, (MortiseHidBrokerMessage) refusal);
      close (accepted);
      return G_SOURCE_CONTINUE;
    }
  serve (self, accepted, peer.uid);
  return G_SOURCE_CONTINUE;
}

static void
mortise_hid_service_finalize (GObject *object)
{
  MortiseHidService *self = MORTISE_HID_SERVICE (object);

  mortise_source_clear (&self->acceptable);
  g_clear_pointer (&self->clients, g_ptr_array_unref);
  close (self->listener);
  G_OBJECT_CLASS (mortise_hid_service_parent_class)->finalize (object);
}

static void
mortise_hid_service_class_init (MortiseHidServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_hid_service_finalize;
  signals[SIGNAL_IDLE] = g_signal_new ("idle", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_hid_service_init (MortiseHidService *self)
{
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);
}

MortiseHidService *
mortise_hid_service_new (int listener,
                         MortiseHidTransport *(*make_device) (uid_t user),
                         gboolean (*may_use) (uid_t user))
{
  MortiseHidService *self = g_object_new (MORTISE_TYPE_HID_SERVICE, NULL);

  self->listener = listener;
  self->make_device = make_device;
  self->may_use = may_use;
  self->acceptable = g_unix_fd_source_new (listener, G_IO_IN);
  g_source_set_callback (self->acceptable, G_SOURCE_FUNC (on_acceptable), self, NULL);
  g_source_attach (self->acceptable, NULL);
  return self;
}

guint
mortise_hid_service_count (MortiseHidService *self)
{
  return self->clients->len;
}
