/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/hid/ctaphid.h"
#include "core/hid/ctaphid-private.h"
#include "core/hid/hid-transport-private.h"
#include "tests/support/ctaphid-client.h"
#include "tests/support/wait-for.h"

typedef struct
{
  char *directory;
  char *path;
  MortiseHidTransport *transport;
  GPtrArray *reports;
  guint disconnected;
} Fixture;

static void
on_report (MortiseHidTransport *transport, const guint8 *report, Fixture *f)
{
  g_ptr_array_add (f->reports, g_memdup2 (report, MORTISE_HID_REPORT_SIZE));
}

static void
on_disconnected (MortiseHidTransport *transport, Fixture *f)
{
  f->disconnected++;
}

static MortiseHidTransport *
make_transport (const char *path)
{
  g_autofree char *description = g_strconcat ("socket:", path, NULL);
  g_autoptr (GError) error = NULL;
  MortiseHidTransport *transport = mortise_hid_transport_new (description, &error);

  g_assert_no_error (error);
  return transport;
}

static void
start (MortiseHidTransport *transport)
{
  g_autoptr (GError) error = NULL;

  mortise_hid_transport_start (transport, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = g_dir_make_tmp ("mortise-test-XXXXXX", NULL);
  f->path = g_build_filename (f->directory, "device", NULL);
  f->reports = g_ptr_array_new_with_free_func (g_free);
  f->transport = make_transport (f->path);
  g_signal_connect (f->transport, "report", G_CALLBACK (on_report), f);
  g_signal_connect (f->transport, "disconnected", G_CALLBACK (on_disconnected), f);
  start (f->transport);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->transport);
  g_assert_cmpint (g_access (f->path, F_OK), !=, 0);
  g_assert_cmpint (g_rmdir (f->directory), ==, 0);
  g_ptr_array_unref (f->reports);
  g_free (f->path);
  g_free (f->directory);
}

static void
iterate_until_reports (Fixture *f, guint count)
{
  WAIT_FOR (f->reports->len >= count);
}

/* Connects and waits until the transport took the client in. */
static CtaphidClient *
connect_client (Fixture *f)
{
  CtaphidClient *client = ctaphid_client_connect (f->path);
  const guint before = f->reports->len;
  const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  ctaphid_client_send_bytes (client, report, sizeof report);
  iterate_until_reports (f, before + 1);
  return client;
}

static gboolean
is_closed (CtaphidClient *client)
{
  char byte;
  const ssize_t n = recv (client->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

  return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void
test_mode (Fixture *f, gconstpointer data)
{
  struct stat info;

  g_assert_cmpint (lstat (f->path, &info), ==, 0);
  g_assert_true (S_ISSOCK (info.st_mode));
  g_assert_cmphex (info.st_mode & 07777, ==, 0600);
}

static void
test_reports_in (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_connect (f->path);
  guint8 report[MORTISE_HID_REPORT_SIZE + 1];

  /* Wrong sizes in between are passed over. */
  memset (report, 1, sizeof report);
  ctaphid_client_send_bytes (client, report, MORTISE_HID_REPORT_SIZE);
  ctaphid_client_send_bytes (client, report, MORTISE_HID_REPORT_SIZE - 1);
  ctaphid_client_send_bytes (client, report, MORTISE_HID_REPORT_SIZE + 1);
  ctaphid_client_send_bytes (client, report, 1);
  memset (report, 2, sizeof report);
  ctaphid_client_send_bytes (client, report, MORTISE_HID_REPORT_SIZE);
  iterate_until_reports (f, 2);
  g_assert_cmpuint (((guint8 *) f->reports->pdata[0])[0], ==, 1);
  g_assert_cmpmem (f->reports->pdata[1], MORTISE_HID_REPORT_SIZE, report, MORTISE_HID_REPORT_SIZE);
}

static void
test_replies_to_all (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) first = connect_client (f);
  g_autoptr (CtaphidClient) second = connect_client (f);
  guint8 sent[MORTISE_HID_REPORT_SIZE];
  guint8 received[MORTISE_HID_REPORT_SIZE];

  memset (sent, 7, sizeof sent);
  mortise_hid_transport_send (f->transport, sent);
  g_assert_true (ctaphid_client_receive_report (first, CTAPHID_CLIENT_TIMEOUT, received));
  g_assert_cmpmem (received, sizeof received, sent, sizeof sent);
  g_assert_true (ctaphid_client_receive_report (second, CTAPHID_CLIENT_TIMEOUT, received));
  g_assert_cmpmem (received, sizeof received, sent, sizeof sent);
}

static void
test_disconnected (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) first = connect_client (f);
  g_autoptr (CtaphidClient) second = connect_client (f);

  g_clear_pointer (&first, ctaphid_client_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->disconnected, ==, 0);
  g_clear_pointer (&second, ctaphid_client_free);
  WAIT_FOR (f->disconnected > 0);
  g_assert_cmpuint (f->disconnected, ==, 1);
}

static void
test_slow_client (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) slow = connect_client (f);
  g_autoptr (CtaphidClient) quick = connect_client (f);
  guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  /* More than the kernel and the queue hold: one reads along, the other does not. */
  for (guint32 i = 0; i < 20000; i++)
    {
      guint32 received;

      memcpy (report, &i, 4);
      mortise_hid_transport_send (f->transport, report);
      g_assert_true (ctaphid_client_receive_report (quick, CTAPHID_CLIENT_TIMEOUT, report));
      memcpy (&received, report, 4);
      g_assert_cmpuint (received, ==, i);
    }
  while (!is_closed (slow))
    g_assert_true (ctaphid_client_receive_report (slow, 0, report));
}

static void
test_late_reader (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = connect_client (f);
  guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  /* More than the kernel keeps, less than the queue: nothing is lost, and the order is right. */
  for (guint32 i = 0; i < 1000; i++)
    {
      memcpy (report, &i, 4);
      mortise_hid_transport_send (f->transport, report);
    }
  for (guint32 i = 0; i < 1000; i++)
    {
      guint32 received;

      while (!ctaphid_client_receive_report (client, 0, report))
        g_main_context_iteration (NULL, TRUE);
      memcpy (&received, report, 4);
      g_assert_cmpuint (received, ==, i);
    }
}

static void
test_restart (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = connect_client (f);
  g_autoptr (CtaphidClient) again = NULL;

  mortise_hid_transport_stop (f->transport);
  mortise_hid_transport_stop (f->transport);
  g_assert_cmpuint (f->disconnected, ==, 1);
  g_assert_true (is_closed (client));
  g_assert_cmpint (g_access (f->path, F_OK), !=, 0);
  start (f->transport);
  start (f->transport);
  again = connect_client (f);
}

static void
test_in_use (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseHidTransport) other = make_transport (f->path);
  g_autoptr (GError) error = NULL;

  g_assert_false (mortise_hid_transport_start (other, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS);
  g_assert_nonnull (strstr (error->message, f->path));
  g_clear_object (&other);
  /* The one that serves was not harmed. */
  ctaphid_client_free (connect_client (f));
}

static void
test_stale (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, "stale", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  g_autoptr (MortiseHidTransport) transport = make_transport (path);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  close (fd);
  start (transport);
  ctaphid_client_free (ctaphid_client_connect (path));
}

static void
test_in_the_way (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, "file", NULL);
  g_autofree char *content = NULL;
  g_autoptr (MortiseHidTransport) transport = make_transport (path);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "precious", -1, NULL));
  g_assert_false (mortise_hid_transport_start (transport, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "precious");
  g_unlink (path);
}

static void
test_bad_paths (Fixture *f, gconstpointer data)
{
  g_autofree char *missing = g_build_filename (f->directory, "no", "such", NULL);
  g_autofree char *padding = g_strnfill (200, 'x');
  g_autofree char *too_long = g_build_filename (f->directory, padding, NULL);
  g_autoptr (MortiseHidTransport) first = make_transport (missing);
  g_autoptr (MortiseHidTransport) second = make_transport (too_long);
  g_autoptr (GError) error = NULL;

  g_assert_false (mortise_hid_transport_start (first, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
  g_clear_error (&error);
  g_assert_false (mortise_hid_transport_start (second, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS);
}

static void
test_too_many_clients (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) clients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ctaphid_client_free);
  g_autoptr (CtaphidClient) over = NULL;

  for (int i = 0; i < 32; i++)
    g_ptr_array_add (clients, connect_client (f));
  over = ctaphid_client_connect (f->path);
  while (!is_closed (over))
    g_main_context_iteration (NULL, FALSE);
  g_clear_pointer (&over, ctaphid_client_free);

  /* One leaves, and there is room again. */
  g_ptr_array_set_size (clients, 31);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  over = connect_client (f);
}

static void
test_no_descriptors_left (Fixture *f, gconstpointer data)
{
  struct rlimit before;
  struct rlimit low;
  g_autoptr (CtaphidClient) client = connect_client (f);
  CtaphidClient *refused = ctaphid_client_connect (f->path);
  const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  low = before;
  low.rlim_cur = (rlim_t) refused->fd + 1;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &low), ==, 0);
  while (!is_closed (refused))
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  ctaphid_client_free (refused);

  ctaphid_client_send_bytes (client, report, sizeof report);
  iterate_until_reports (f, 2);
  ctaphid_client_free (connect_client (f));
}

static void
on_report_stop (MortiseHidTransport *transport, const guint8 *report, Fixture *f)
{
  mortise_hid_transport_stop (transport);
}

static void
test_stop_in_handler (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_connect (f->path);
  const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  g_signal_connect (f->transport, "report", G_CALLBACK (on_report_stop), f);
  for (int i = 0; i < 3; i++)
    ctaphid_client_send_bytes (client, report, sizeof report);
  iterate_until_reports (f, 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->reports->len, ==, 1);
  g_assert_true (is_closed (client));
}

static void
test_close_on_exec (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = connect_client (f);

  for (int fd = 3; fd < 64; fd++)
    {
      struct stat info;

      if (fstat (fd, &info) == 0 && S_ISSOCK (info.st_mode))
        g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    }
}

static gpointer
ping_from_thread (gpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (data);
  guint8 payload[MORTISE_CTAPHID_MAX_PAYLOAD];
  guint8 command;

  for (gsize i = 0; i < sizeof payload; i++)
    payload[i] = (guint8) i;
  for (gsize size = 0; size <= sizeof payload; size += 317)
    {
      g_autoptr (GBytes) echo = NULL;

      ctaphid_client_send (client, CTAPHID_PING, payload, size);
      echo = ctaphid_client_receive (client, &command);
      g_assert_cmphex (command, ==, CTAPHID_PING);
      g_assert_cmpmem (g_bytes_get_data (echo, NULL), g_bytes_get_size (echo), payload, size);
    }
  return NULL;
}

static void
test_with_ctaphid (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseCtaphid) ctaphid = mortise_ctaphid_new (f->transport);
  GThread *thread;

  /* A client that waits for the processor between two packets is not late. */
  mortise_ctaphid_set_manual_clock (ctaphid);
  thread = g_thread_new ("client", ping_from_thread, f->path);
  WAIT_FOR (f->disconnected > 0);
  g_thread_join (thread);
}

/* A transport that died takes the channels with it. */
static void
test_failed (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseCtaphid) ctaphid = mortise_ctaphid_new (f->transport);
  g_autoptr (CtaphidClient) client = connect_client (f);
  g_autoptr (GError) error = g_error_new_literal (MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING, "");
  guint8 nonce[8] = { 0 };
  guint8 report[MORTISE_HID_REPORT_SIZE];
  const guint before = f->reports->len;

  ctaphid_client_send_packet (client, CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, 8, nonce, 8);
  iterate_until_reports (f, before + 1);
  /* The first answer is to what connect_client() sent: nothing, as that was a stray packet. */
  g_assert_true (ctaphid_client_receive_report (client, CTAPHID_CLIENT_TIMEOUT, report));
  memcpy (&client->channel, report + 15, 4);
  client->channel = GUINT32_FROM_BE (client->channel);

  mortise_hid_transport_emit_failed (f->transport, error);
  ctaphid_client_send (client, CTAPHID_PING, "a", 1);
  iterate_until_reports (f, before + 2);
  g_assert_cmphex (ctaphid_client_receive_error (client), ==, CTAPHID_ERR_INVALID_CHANNEL);
}

static void
test_descriptions (void)
{
  const char *wrong[] = { "", "usb", "uhid:", "socket:", "socket", "UHID", "uhidx" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (mortise_hid_transport_new (wrong[i], &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/socket-transport/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("mode", test_mode);
  ADD ("reports-in", test_reports_in);
  ADD ("replies-to-all", test_replies_to_all);
  ADD ("disconnected", test_disconnected);
  ADD ("slow-client", test_slow_client);
  ADD ("late-reader", test_late_reader);
  ADD ("restart", test_restart);
  ADD ("in-use", test_in_use);
  ADD ("stale", test_stale);
  ADD ("in-the-way", test_in_the_way);
  ADD ("bad-paths", test_bad_paths);
  ADD ("too-many-clients", test_too_many_clients);
  ADD ("no-descriptors-left", test_no_descriptors_left);
  ADD ("stop-in-handler", test_stop_in_handler);
  ADD ("close-on-exec", test_close_on_exec);
  ADD ("with-ctaphid", test_with_ctaphid);
  ADD ("failed", test_failed);
#undef ADD
  g_test_add_func ("/hid-transport/descriptions", test_descriptions);
  return g_test_run ();
}
