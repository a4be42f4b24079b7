/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/hid/ctaphid-framing.h"
#include "tests/bench/bench-report.h"
#include "tests/bench/uhid-echo.h"
#include "tests/support/ctaphid-client.h"
#include "tests/support/scratch-folder.h"

/* CTAPHID PING through the socket transport, and where /dev/uhid may be opened through the kernel,
 * beside a loop that sends every report back as it came: for a PING that is the right answer. Both
 * wait in poll(), each in a thread of its own. */

#define ROUNDS 3000

/* Set once the transport is up, so that its device is there to be found. */
typedef struct
{
  char *path;
  char *description;
  GMainLoop *loop;
  int listener;
  gint ready;
} Server;

static gpointer
serve_ctaphid (gpointer data)
{
  Server *server = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (MortiseHidTransport) transport = NULL;
  g_autoptr (MortiseCtaphid) ctaphid = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  transport = mortise_hid_transport_new (server->description, &error);
  g_assert_no_error (error);
  ctaphid = mortise_ctaphid_new (transport);
  g_assert_true (mortise_hid_transport_start (transport, &error));
  server->loop = g_main_loop_new (context, FALSE);
  g_atomic_int_set (&server->ready, TRUE);
  g_main_loop_run (server->loop);
  mortise_hid_transport_stop (transport);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static gpointer
serve_echo (gpointer data)
{
  Server *server = data;
  const int client = accept (server->listener, NULL, NULL);
  guint8 report[MORTISE_HID_REPORT_SIZE];
  struct pollfd poll_fd = { .fd = client, .events = POLLIN };

  while (poll (&poll_fd, 1, -1) > 0)
    {
      const gssize n = recv (client, report, sizeof report, MSG_DONTWAIT);

      if (n <= 0)
        break;
      (void) !send (client, report, (gsize) n, MSG_NOSIGNAL);
    }
  close (client);
  return NULL;
}

static void
listen_echo (Server *server)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_strlcpy (address.sun_path, server->path, sizeof address.sun_path);
  server->listener = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (server->listener, (const struct sockaddr *) &address, sizeof address), ==,
                   0);
  g_assert_cmpint (listen (server->listener, 1), ==, 0);
}

static double
measure (CtaphidClient *client, gsize size)
{
  g_autofree guint8 *payload = g_malloc (size);
  g_autoptr (BenchSamples) samples = bench_samples_new ();
  const gsize reports = size <= CTAPHID_INIT_DATA_SIZE
                            ? 1
                            : 1 + (size - CTAPHID_INIT_DATA_SIZE + CTAPHID_CONT_DATA_SIZE - 1) /
                                      CTAPHID_CONT_DATA_SIZE;

  memset (payload, 0x5a, size);
  for (int i = 0; i < ROUNDS; i++)
    {
      guint8 report[MORTISE_HID_REPORT_SIZE];
      const gint64 start = bench_now ();

      ctaphid_client_send (client, CTAPHID_PING, payload, size);
      for (gsize j = 0; j < reports; j++)
        g_assert_true (ctaphid_client_receive_report (client, -1, report));
      bench_samples_add (samples, bench_now () - start);
    }
  return bench_samples_percentile (samples, 50);
}

static void
compare (const char *way, CtaphidClient *to_ours, CtaphidClient *to_bare, gsize size, double budget)
{
  const double echo = measure (to_bare, size);
  const double ping = measure (to_ours, size);

  bench_report_title ("PING of %" G_GSIZE_FORMAT " bytes over %s: p50 of %d", size, way, ROUNDS);
  bench_report_row ("bare echo loop", echo, "us", BENCH_NO_BUDGET);
  bench_report_row ("Mortise", ping, "us", BENCH_NO_BUDGET);
  bench_report_row ("Mortise / bare", ping / echo, "x", budget);
}

static GThread *
start_ours (Server *server)
{
  GThread *thread = g_thread_new ("ctaphid", serve_ctaphid, server);

  while (!g_atomic_int_get (&server->ready))
    g_usleep (1000);
  return thread;
}

static void
stop_ours (Server *server, GThread *thread)
{
  g_main_loop_quit (server->loop);
  g_thread_join (thread);
  g_main_loop_unref (server->loop);
  g_free (server->description);
  g_free (server->path);
}

static void
compare_over_socket (void)
{
  static const gsize sizes[] = { 57, 1024, MORTISE_CTAPHID_MAX_PAYLOAD };
  char *folder = scratch_folder_new ();
  Server ours = { .path = g_build_filename (folder, "ctaphid", NULL) };
  Server bare = { .path = g_build_filename (folder, "echo", NULL) };
  CtaphidClient *to_ours;
  CtaphidClient *to_bare;
  GThread *our_thread;
  GThread *bare_thread;

  ours.description = g_strconcat ("socket:", ours.path, NULL);
  listen_echo (&bare);
  bare_thread = g_thread_new ("echo", serve_echo, &bare);
  our_thread = start_ours (&ours);
  to_ours = ctaphid_client_open (ours.path);
  to_bare = ctaphid_client_connect (bare.path);
  to_bare->channel = 1;
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    compare ("a socket", to_ours, to_bare, sizes[i], BENCH_NO_BUDGET);

  ctaphid_client_free (to_ours);
  ctaphid_client_free (to_bare);
  stop_ours (&ours, our_thread);
  g_thread_join (bare_thread);
  close (bare.listener);
  g_free (bare.path);
  scratch_folder_remove (folder);
}

/* No longer messages: hidraw keeps 64 reports for a reader, and the bare loop would lose the rest.
 */
static void
compare_over_uhid (void)
{
  static const gsize sizes[] = { 57, 1024 };
  g_autofree char *uniq = g_strdup_printf ("mortise-%u", (guint) getuid ());
  Server ours = { .description = g_strdup ("uhid:/dev/uhid") };
  GThread *our_thread = start_ours (&ours);
  UhidEcho *echo = uhid_echo_start ();
  CtaphidClient *to_ours = ctaphid_client_new_for_hidraw (uhid_open_hidraw (uniq));
  CtaphidClient *to_bare = ctaphid_client_new_for_hidraw (uhid_open_hidraw (UHID_ECHO_UNIQ));

  ctaphid_client_init (to_ours);
  to_bare->channel = 1;
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    compare ("uhid", to_ours, to_bare, sizes[i], 1.1);

  ctaphid_client_free (to_ours);
  ctaphid_client_free (to_bare);
  stop_ours (&ours, our_thread);
  uhid_echo_stop (echo);
}

int
main (void)
{
  compare_over_socket ();
  if (access ("/dev/uhid", R_OK | W_OK) == 0)
    compare_over_uhid ();
  else
    bench_report_note ("The budget is for uhid, which may not be opened here.");
  return 0;
}
