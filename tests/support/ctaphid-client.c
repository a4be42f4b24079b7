/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/ctaphid-client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

CtaphidClient *
ctaphid_client_connect (const char *path)
{
  CtaphidClient *client = g_new0 (CtaphidClient, 1);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const gint64 deadline = g_get_monotonic_time () + CTAPHID_CLIENT_TIMEOUT * 1000;

  g_assert_cmpuint (g_strlcpy (address.sun_path, path, sizeof address.sun_path), <,
                    sizeof address.sun_path);
  client->fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  g_assert_cmpint (client->fd, >=, 0);
  while (connect (client->fd, (struct sockaddr *) &address, sizeof address) != 0)
    {
      g_assert_true (errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (5000);
    }
  return client;
}

CtaphidClient *
ctaphid_client_new_for_hidraw (int fd)
{
  CtaphidClient *client = g_new0 (CtaphidClient, 1);

  client->fd = fd;
  client->hidraw = TRUE;
  return client;
}

void
ctaphid_client_free (CtaphidClient *client)
{
  close (client->fd);
  g_free (client);
}

CtaphidClient *
ctaphid_client_open (const char *path)
{
  CtaphidClient *client = ctaphid_client_connect (path);

  ctaphid_client_init (client);
  return client;
}

void
ctaphid_client_send_bytes (CtaphidClient *client, const void *data, gsize size)
{
  guint8 report[1 + MORTISE_HID_REPORT_SIZE] = { 0 };

  if (!client->hidraw)
    {
      g_assert_cmpint (send (client->fd, data, size, MSG_NOSIGNAL), ==, size);
      return;
    }
  g_assert_cmpuint (size, ==, MORTISE_HID_REPORT_SIZE);
  memcpy (report + 1, data, size);
  g_assert_cmpint (write (client->fd, report, sizeof report), ==, sizeof report);
}

void
ctaphid_client_send_packet (CtaphidClient *client,
                            guint32 channel,
                            guint8 command,
                            guint16 bcnt,
                            const void *data,
                            gsize size)
{
  guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };
  const guint32 channel_be = GUINT32_TO_BE (channel);

  g_assert_cmpuint (size, <=, CTAPHID_INIT_DATA_SIZE);
  memcpy (report, &channel_be, 4);
  report[4] = command | 0x80;
  report[5] = bcnt >> 8;
  report[6] = bcnt & 0xFF;
  if (size > 0)
    memcpy (report + 7, data, size);
  ctaphid_client_send_bytes (client, report, sizeof report);
}

static void
send_report (const guint8 report[MORTISE_HID_REPORT_SIZE], gpointer user_data)
{
  ctaphid_client_send_bytes (user_data, report, MORTISE_HID_REPORT_SIZE);
}

void
ctaphid_client_send (CtaphidClient *client, guint8 command, const void *payload, gsize size)
{
  ctaphid_message_write (client->channel, command, payload, size, send_report, client);
}

gboolean
ctaphid_client_receive_report (CtaphidClient *client,
                               int timeout_ms,
                               guint8 ret_report[MORTISE_HID_REPORT_SIZE])
{
  struct pollfd pollfd = { .fd = client->fd, .events = POLLIN };
  int n;

  do
    n = poll (&pollfd, 1, timeout_ms);
  while (n < 0 && errno == EINTR);
  if (n == 0)
    return FALSE;
  g_assert_cmpint (read (client->fd, ret_report, MORTISE_HID_REPORT_SIZE), ==,
                   MORTISE_HID_REPORT_SIZE);
  return TRUE;
}

/* The next packet on @channel. */
static void
receive_packet (CtaphidClient *client,
                guint32 channel,
                guint8 report[MORTISE_HID_REPORT_SIZE],
                CtaphidPacket *ret_packet)
{
  do
    {
      g_assert_true (ctaphid_client_receive_report (client, CTAPHID_CLIENT_TIMEOUT, report));
      ctaphid_packet_parse (report, ret_packet);
    }
  while (ret_packet->channel != channel);
}

static GBytes *
receive_message (CtaphidClient *client, guint32 channel, guint8 *ret_command)
{
  guint8 report[MORTISE_HID_REPORT_SIZE];
  CtaphidPacket packet;
  CtaphidAssembly assembly;

  receive_packet (client, channel, report, &packet);
  g_assert_true (packet.initial);
  g_assert_cmpuint (packet.size, <=, MORTISE_CTAPHID_MAX_PAYLOAD);
  ctaphid_assembly_start (&assembly, &packet);
  while (!ctaphid_assembly_is_complete (&assembly))
    {
      receive_packet (client, channel, report, &packet);
      g_assert_true (ctaphid_assembly_add (&assembly, &packet));
    }
  *ret_command = assembly.command;
  return g_bytes_new (assembly.payload, assembly.size);
}

guint8
ctaphid_client_init (CtaphidClient *client)
{
  guint64 nonce = (guint64) g_random_int () << 32 | g_random_int ();
  const guint8 *data;
  gsize size;

  ctaphid_client_send_packet (client, CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, 8, &nonce, 8);
  for (;;)
    {
      guint8 command;
      g_autoptr (GBytes) reply = receive_message (client, CTAPHID_CHANNEL_BROADCAST, &command);

      /* Another client's INIT may be answered on the same channel. */
      data = g_bytes_get_data (reply, &size);
      if (command != CTAPHID_INIT || memcmp (data, &nonce, 8) != 0)
        continue;
      g_assert_cmpuint (size, ==, 17);
      memcpy (&client->channel, data + 8, 4);
      client->channel = GUINT32_FROM_BE (client->channel);
      return data[16];
    }
}

static gboolean
note_keepalive (CtaphidClient *client, guint8 command, GBytes *payload)
{
  if (command != CTAPHID_KEEPALIVE)
    return FALSE;
  g_assert_cmpuint (g_bytes_get_size (payload), ==, 1);
  client->last_status = *(const guint8 *) g_bytes_get_data (payload, NULL);
  client->keepalives++;
  return TRUE;
}

GBytes *
ctaphid_client_receive (CtaphidClient *client, guint8 *ret_command)
{
  for (;;)
    {
      g_autoptr (GBytes) payload = receive_message (client, client->channel, ret_command);

      if (!note_keepalive (client, *ret_command, payload))
        return g_steal_pointer (&payload);
    }
}

void
ctaphid_client_wait_keepalive (CtaphidClient *client, guint8 status)
{
  do
    {
      guint8 command;
      g_autoptr (GBytes) payload = receive_message (client, client->channel, &command);

      g_assert_true (note_keepalive (client, command, payload));
    }
  while (client->last_status != status);
}

GBytes *
ctaphid_client_cbor (CtaphidClient *client, const void *request, gsize size)
{
  guint8 command;
  GBytes *payload;

  ctaphid_client_send (client, CTAPHID_CBOR, request, size);
  payload = ctaphid_client_receive (client, &command);
  g_assert_cmphex (command, ==, CTAPHID_CBOR);
  return payload;
}

guint8
ctaphid_client_receive_error (CtaphidClient *client)
{
  guint8 command;
  g_autoptr (GBytes) payload = ctaphid_client_receive (client, &command);

  g_assert_cmphex (command, ==, CTAPHID_ERROR);
  g_assert_cmpuint (g_bytes_get_size (payload), ==, 1);
  return *(const guint8 *) g_bytes_get_data (payload, NULL);
}
