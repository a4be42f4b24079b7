/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/hid-transport-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Clients at once; a test or the window's "Try it" needs two. */
#define MAX_CLIENTS 32

/* Reports taken from one client before the others have their turn. */
#define READ_BURST 32

#define MORTISE_TYPE_SOCKET_TRANSPORT (mortise_socket_transport_get_type ())
G_DECLARE_FINAL_TYPE (MortiseSocketTransport,
                      mortise_socket_transport,
                      MORTISE,
                      SOCKET_TRANSPORT,
                      MortiseHidTransport)

typedef struct
{
  MortiseSocketTransport *transport;
  int fd;
  GSource *readable;
  GSource *writable;
  GQueue pending; /* of guint8[MORTISE_HID_REPORT_SIZE] */
} Client;

struct _MortiseSocketTransport
{
  MortiseHidTransport parent_instance;

  char *path;
  int listener;
  int spare; /* given up for a moment to turn a client away when descriptors ran out */
  GSource *acceptable;
  GPtrArray *clients; /* (element-type Client) */
  dev_t device;       /* the socket's inode, so that stop() removes no other's */
  ino_t inode;
};

G_DEFINE_FINAL_TYPE (MortiseSocketTransport, mortise_socket_transport, MORTISE_TYPE_HID_TRANSPORT)

static void
client_free (Client *client)
{
  mortise_source_clear (&client->readable);
  mortise_source_clear (&client->writable);
  g_queue_clear_full (&client->pending, g_free);
  close (client->fd);
  g_free (client);
}

static GSource *
watch (MortiseSocketTransport *self,
       int fd,
       GIOCondition condition,
       GUnixFDSourceFunc callback,
       gpointer data)
{
  return mortise_hid_transport_attach (MORTISE_HID_TRANSPORT (self),
                                       g_unix_fd_source_new (fd, condition),
                                       G_SOURCE_FUNC (callback), data);
}

static void
drop_client (Client *client)
{
  MortiseSocketTransport *self = client->transport;

  g_ptr_array_remove_fast (self->clients, client);
  if (self->clients->len == 0)
    mortise_hid_transport_emit_disconnected (MORTISE_HID_TRANSPORT (self));
}

/* Returns: FALSE if the client is beyond help. */
static gboolean
send_now (Client *client, const guint8 *report, gboolean *ret_would_block)
{
  ssize_t n;

  do
    n = send (client->fd, report, MORTISE_HID_REPORT_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);

  *ret_would_block = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  return n == MORTISE_HID_REPORT_SIZE || *ret_would_block;
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  Client *client = data;

  while (!g_queue_is_empty (&client->pending))
    {
      gboolean would_block;

      if (!send_now (client, g_queue_peek_head (&client->pending), &would_block))
        {
          g_autoptr (MortiseSocketTransport) keep = g_object_ref (client->transport);

          drop_client (client);
          return G_SOURCE_REMOVE;
        }
      if (would_block)
        return G_SOURCE_CONTINUE;
      g_free (g_queue_pop_head (&client->pending));
    }
  mortise_source_clear (&client->writable);
  return G_SOURCE_REMOVE;
}

/* Returns: FALSE if the client has to go. */
static gboolean
client_send (Client *client, const guint8 *report)
{
  if (g_queue_is_empty (&client->pending))
    {
      gboolean would_block;

      if (!send_now (client, report, &would_block))
        return FALSE;
      if (!would_block)
        return TRUE;
    }
  if (g_queue_get_length (&client->pending) >= MORTISE_HID_QUEUE_MAX)
    {
      g_debug ("A client of the socket does not read its reports; dropped");
      return FALSE;
    }
  g_queue_push_tail (&client->pending, g_memdup2 (report, MORTISE_HID_REPORT_SIZE));
  if (client->writable == NULL)
    client->writable = watch (client->transport, client->fd, G_IO_OUT, on_writable, client);
  return TRUE;
}

static gboolean
is_client (MortiseSocketTransport *self, const Client *client)
{
  return g_ptr_array_find (self->clients, client, NULL);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Client *client = data;
  g_autoptr (MortiseSocketTransport) self = g_object_ref (client->transport);

  for (int i = 0; i < READ_BURST; i++)
    {
      guint8 report[MORTISE_HID_REPORT_SIZE];
      const ssize_t n = recv (fd, report, sizeof report, MSG_DONTWAIT | MSG_TRUNC);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return G_SOURCE_CONTINUE;
      if (n <= 0)
        {
          drop_client (client);
          return G_SOURCE_REMOVE;
        }
      if (n != MORTISE_HID_REPORT_SIZE)
        {
          g_debug ("A client of the socket sent a report of %zd bytes; ignored", n);
          continue;
        }
      mortise_hid_transport_emit_report (MORTISE_HID_TRANSPORT (self), report);
      /* A handler may have stopped the transport, and an answer may have dropped the client. */
      if (!is_client (self, client))
        return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

/* Left in the backlog, the client would keep the main loop spinning. */
static void
turn_away (MortiseSocketTransport *self)
{
  int accepted;

  if (self->spare < 0)
    return;
  close (self->spare);
  accepted = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC);
  if (accepted >= 0)
    close (accepted);
  self->spare = open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

static gboolean
on_acceptable (int fd, GIOCondition condition, gpointer data)
{
  MortiseSocketTransport *self = data;
  const int accepted = accept4 (fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  Client *client;

  if (accepted < 0)
    {
      if (errno == EMFILE || errno == ENFILE)
        turn_away (self);
      return G_SOURCE_CONTINUE;
    }
  if (self->clients->len >= MAX_CLIENTS)
    {
      close (accepted);
      return G_SOURCE_CONTINUE;
    }
  client = g_new0 (Client, 1);
  client->transport = self;
  client->fd = accepted;
  g_queue_init (&client->pending);
  client->readable = watch (self, accepted, G_IO_IN, on_readable, client);
  g_ptr_array_add (self->clients, client);
  return G_SOURCE_CONTINUE;
}

static gboolean
fill_address (const char *path, struct sockaddr_un *ret_address, GError **error)
{
  *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
  if (g_strlcpy (ret_address->sun_path, path, sizeof ret_address->sun_path) >=
      sizeof ret_address->sun_path)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS,
                   _ ("The path of the device's socket is too long: “%s”. Choose one of at most "
                      "%zu bytes."),
                   path, sizeof ret_address->sun_path - 1);
      return FALSE;
    }
  return TRUE;
}

/* A socket that nobody listens on any more was left by a process that was killed. */
static gboolean
remove_stale (const char *path, const struct sockaddr_un *address, GError **error)
{
  struct stat info;
  int fd;
  int result;
  int reason;

  if (lstat (path, &info) != 0)
    return TRUE;
  if (!S_ISSOCK (info.st_mode))
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS,
                   _ ("“%s” is in the way of the device's socket. Move it away."), path);
      return FALSE;
    }
  fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  result = connect (fd, (const struct sockaddr *) address, sizeof *address);
  reason = errno;
  close (fd);
  if (result != 0 && reason == ECONNREFUSED)
    return unlink (path) == 0 || errno == ENOENT;
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS,
               _ ("Another Mortise already serves the socket “%s”. Use that one, or stop it "
                  "first."),
               path);
  return FALSE;
}

static int
listen_at (const char *path, GError **error)
{
  struct sockaddr_un address;
  int fd;

  if (!fill_address (path, &address, error) || !remove_stale (path, &address, error))
    return -1;

  fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* The mode of the descriptor is the mode bind() makes the inode with: never open to others, not
   * even for a moment, and no process-wide umask is touched. */
  if (fd >= 0 && fchmod (fd, S_IRUSR | S_IWUSR) == 0 &&
      bind (fd, (const struct sockaddr *) &address, sizeof address) == 0 &&
      listen (fd, MAX_CLIENTS) == 0)
    return fd;

  g_set_error (error, MORTISE_ERROR,
               errno == ENOENT ? MORTISE_ERROR_DEVICE_MISSING : MORTISE_ERROR_DEVICE_ACCESS,
               _ ("The device's socket “%s” cannot be made: %s. Choose a folder that you may write "
                  "to."),
               path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

static gboolean
mortise_socket_transport_start (MortiseHidTransport *transport, GError **error)
{
  MortiseSocketTransport *self = MORTISE_SOCKET_TRANSPORT (transport);
  struct stat info;

  if (self->listener >= 0)
    return TRUE;

  self->listener = listen_at (self->path, error);
  if (self->listener < 0)
    return FALSE;
  if (lstat (self->path, &info) == 0)
    {
      self->device = info.st_dev;
      self->inode = info.st_ino;
    }
  self->spare = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  self->acceptable = watch (self, self->listener, G_IO_IN, on_acceptable, self);
  return TRUE;
}

static void
mortise_socket_transport_stop (MortiseHidTransport *transport)
{
  MortiseSocketTransport *self = MORTISE_SOCKET_TRANSPORT (transport);
  const gboolean had_clients = self->clients->len > 0;
  struct stat info;

  mortise_source_clear (&self->acceptable);
  g_ptr_array_set_size (self->clients, 0);
  if (self->listener >= 0)
    {
      if (lstat (self->path, &info) == 0 && info.st_dev == self->device &&
          info.st_ino == self->inode)
        unlink (self->path);
      close (self->listener);
      self->listener = -1;
    }
  if (self->spare >= 0)
    close (self->spare);
  self->spare = -1;
  if (had_clients)
    mortise_hid_transport_emit_disconnected (transport);
}

static void
mortise_socket_transport_send (MortiseHidTransport *transport,
                               const guint8 report[MORTISE_HID_REPORT_SIZE])
{
  MortiseSocketTransport *self = MORTISE_SOCKET_TRANSPORT (transport);
  gboolean dropped = FALSE;

  for (guint i = self->clients->len; i > 0; i--)
    {
      if (client_send (g_ptr_array_index (self->clients, i - 1), report))
        continue;
      g_ptr_array_remove_index_fast (self->clients, i - 1);
      dropped = TRUE;
    }
  if (dropped && self->clients->len == 0)
    mortise_hid_transport_emit_disconnected (transport);
}

static void
mortise_socket_transport_finalize (GObject *object)
{
  MortiseSocketTransport *self = MORTISE_SOCKET_TRANSPORT (object);

  g_clear_pointer (&self->clients, g_ptr_array_unref);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (mortise_socket_transport_parent_class)->finalize (object);
}

static void
mortise_socket_transport_class_init (MortiseSocketTransportClass *klass)
{
  MortiseHidTransportClass *transport_class = MORTISE_HID_TRANSPORT_CLASS (klass);

  transport_class->start = mortise_socket_transport_start;
  transport_class->stop = mortise_socket_transport_stop;
  transport_class->send = mortise_socket_transport_send;
  G_OBJECT_CLASS (klass)->finalize = mortise_socket_transport_finalize;
}

static void
mortise_socket_transport_init (MortiseSocketTransport *self)
{
  self->listener = -1;
  self->spare = -1;
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);
}

MortiseHidTransport *
mortise_socket_transport_new (const char *path)
{
  MortiseSocketTransport *self = g_object_new (MORTISE_TYPE_SOCKET_TRANSPORT, NULL);

  self->path = g_strdup (path);
  return MORTISE_HID_TRANSPORT (self);
}
