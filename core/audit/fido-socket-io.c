/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/fido-socket-io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPORT_SIZE 64

/* A CTAPHID_INIT on the broadcast channel, asked or answered: its first five bytes; the nonce
 * follows the two bytes of length (CTAP 2.1 §11.2.9.1.3). */
static const guint8 broadcast_init[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0x86 };
#define CHANNEL_SIZE 4
#define NONCE_OFFSET 7
#define NONCE_SIZE   8

typedef struct
{
  int fd;
  gboolean has_nonce;
  guint8 nonce[NONCE_SIZE];
} SocketHandle;

static void *
socket_open (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  SocketHandle *handle;
  int fd;

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    return NULL;
  fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return NULL;
  if (connect (fd, (const struct sockaddr *) &address, sizeof address) != 0)
    {
      close (fd);
      return NULL;
    }
  handle = g_new0 (SocketHandle, 1);
  handle->fd = fd;
  return handle;
}

static void
socket_close (void *data)
{
  SocketHandle *handle = data;

  close (handle->fd);
  g_free (handle);
}

/* Returns: whether a report came in time. */
static gboolean
wait_readable (int fd, gint64 deadline)
{
  for (;;)
    {
      struct pollfd pollfd = { .fd = fd, .events = POLLIN };
      int timeout = -1;
      int n;

      if (deadline >= 0)
        {
          const gint64 left = (deadline - g_get_monotonic_time () + 999) / 1000;

          timeout = (int) CLAMP (left, 0, G_MAXINT);
        }
      n = poll (&pollfd, 1, timeout);
      if (n > 0)
        return TRUE;
      if (n == 0 || errno != EINTR)
        return FALSE;
    }
}

/*
 * All clients of the socket see all answers, and libfido2 gives up when the first one on the
 * broadcast channel is not that to its INIT: it may be another client's, or the error that another
 * one made there. On hidraw it holds a lock against that.
 */
static gboolean
is_for_another (const SocketHandle *handle, const guint8 *report)
{
  if (!handle->has_nonce || memcmp (report, broadcast_init, CHANNEL_SIZE) != 0)
    return FALSE;
  return memcmp (report, broadcast_init, sizeof broadcast_init) != 0 ||
         memcmp (report + NONCE_OFFSET, handle->nonce, NONCE_SIZE) != 0;
}

static int
socket_read (void *data, unsigned char *buffer, size_t size, int timeout_ms)
{
  SocketHandle *handle = data;
  const gint64 deadline =
      timeout_ms < 0 ? -1 : g_get_monotonic_time () + timeout_ms * (gint64) 1000;

  if (size != REPORT_SIZE)
    return -1;
  do
    {
      if (!wait_readable (handle->fd, deadline) ||
          recv (handle->fd, buffer, size, 0) != REPORT_SIZE)
        return -1;
    }
  while (is_for_another (handle, buffer));
  return REPORT_SIZE;
}

/* libfido2 puts the report id, 0, before the report, as hidraw wants it. */
static int
socket_write (void *data, const unsigned char *buffer, size_t size)
{
  SocketHandle *handle = data;
  const guint8 *report = buffer + 1;

  if (size != REPORT_SIZE + 1 || buffer[0] != 0)
    return -1;
  if (memcmp (report, broadcast_init, sizeof broadcast_init) == 0)
    {
      memcpy (handle->nonce, report + NONCE_OFFSET, NONCE_SIZE);
      handle->has_nonce = TRUE;
    }
  if (send (handle->fd, report, REPORT_SIZE, MSG_NOSIGNAL) != REPORT_SIZE)
    return -1;
  return (int) size;
}

void
mortise_fido_socket_hang_up (void *data)
{
  SocketHandle *handle = data;

  (void) shutdown (handle->fd, SHUT_RDWR);
}

const fido_dev_io_t mortise_fido_socket_io = {
  .open = socket_open,
  .close = socket_close,
  .read = socket_read,
  .write = socket_write,
};
