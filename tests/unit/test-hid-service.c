/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system service and the agent's end of it, with the test in the kernel's place. */
#include "config.h"

#include <linux/uhid.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/hid/hid-service.h"
#include "core/hid/hid-broker.h"
#include "core/hid/hid-transport-private.h"
#include "tests/support/wait-for.h"

static gboolean user_is_active;
static gboolean device_works;
static int kernel = -1;

typedef struct
{
  char *folder;
  char *path;
  MortiseHidService *service;
  MortiseHidTransport *agent;
  GError *failure;
  guint disconnects;
  guint reports;
  guint8 report[MORTISE_HID_REPORT_SIZE];
} Fixture;

static gboolean
may_use (uid_t user)
{
  g_assert_cmpuint (user, ==, getuid ());
  return user_is_active;
}

static MortiseHidTransport *
make_device (uid_t user)
{
  int pair[2];

  if (!device_works)
    return mortise_uhid_transport_new ("/nonexistent/uhid", user);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair));
  kernel = pair[1];
  return mortise_uhid_transport_new_for_fd (pair[0]);
}

static void
on_report (MortiseHidTransport *agent, gpointer report, Fixture *fixture)
{
  memcpy (fixture->report, report, sizeof fixture->report);
  fixture->reports++;
}

static void
on_disconnected (MortiseHidTransport *agent, Fixture *fixture)
{
  fixture->disconnects++;
}

static void
on_failed (MortiseHidTransport *agent, const GError *error, Fixture *fixture)
{
  g_assert_null (fixture->failure);
  fixture->failure = g_error_copy (error);
}

static MortiseHidTransport *
connect_agent (Fixture *fixture)
{
  g_autofree char *description = g_strconcat ("broker:", fixture->path, NULL);
  g_autoptr (GError) error = NULL;
  MortiseHidTransport *agent = mortise_hid_transport_new (description, &error);

  g_assert_no_error (error);
  g_signal_connect (agent, "report", G_CALLBACK (on_report), fixture);
  g_signal_connect (agent, "disconnected", G_CALLBACK (on_disconnected), fixture);
  g_signal_connect (agent, "failed", G_CALLBACK (on_failed), fixture);
  g_assert_true (mortise_hid_transport_start (agent, &error));
  g_assert_no_error (error);
  return agent;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int listener = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  user_is_active = TRUE;
  device_works = TRUE;
  fixture->folder = g_dir_make_tmp ("hid-service-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "socket", NULL);
  g_strlcpy (address.sun_path, fixture->path, sizeof address.sun_path);
  g_assert_no_errno (bind (listener, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (listener, 4));
  fixture->service = mortise_hid_service_new (listener, make_device, may_use);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->agent);
  g_clear_object (&fixture->service);
  g_clear_error (&fixture->failure);
  if (kernel >= 0)
    close (kernel);
  kernel = -1;
  unlink (fixture->path);
  rmdir (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
read_event (struct uhid_event *event)
{
  ssize_t n;

  do
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      n = recv (kernel, event, sizeof *event, 0);
    }
  while (n < 0 && errno == EAGAIN);
  g_assert_cmpint (n, >, 0);
}

static void
write_event (guint32 type)
{
  struct uhid_event event = { .type = type };

  g_assert_cmpint (send (kernel, &event, sizeof event, 0), ==, sizeof event);
}

static void
connect_and_open (Fixture *fixture)
{
  struct uhid_event event;

  fixture->agent = connect_agent (fixture);
  WAIT_FOR (mortise_hid_service_count (fixture->service) == 1);
  read_event (&event);
  g_assert_cmpuint (event.type, ==, UHID_CREATE2);
  write_event (UHID_START);
  write_event (UHID_OPEN);
}

static void
test_relays_reports (Fixture *fixture, gconstpointer data)
{
  struct uhid_event event = { .type = UHID_OUTPUT };
  guint8 answer[MORTISE_HID_REPORT_SIZE];

  connect_and_open (fixture);
  event.u.output.rtype = UHID_OUTPUT_REPORT;
  event.u.output.size = MORTISE_HID_REPORT_SIZE + 1;
  memset (event.u.output.data + 1, 0xA5, MORTISE_HID_REPORT_SIZE);
  g_assert_cmpint (send (kernel, &event, sizeof event, 0), ==, sizeof event);
  WAIT_FOR (fixture->reports == 1);
  for (gsize i = 0; i < sizeof fixture->report; i++)
    g_assert_cmpuint (fixture->report[i], ==, 0xA5);

  memset (answer, 0x5A, sizeof answer);
  mortise_hid_transport_send (fixture->agent, answer);
  read_event (&event);
  g_assert_cmpuint (event.type, ==, UHID_INPUT2);
  g_assert_cmpuint (event.u.input2.size, ==, sizeof answer);
  g_assert_cmpmem (event.u.input2.data, sizeof answer, answer, sizeof answer);
}

static void
test_tells_last_close (Fixture *fixture, gconstpointer data)
{
  connect_and_open (fixture);
  write_event (UHID_CLOSE);
  WAIT_FOR (fixture->disconnects == 1);
  g_assert_null (fixture->failure);
}

static void
test_device_goes_with_agent (Fixture *fixture, gconstpointer data)
{
  struct uhid_event event;

  connect_and_open (fixture);
  g_clear_object (&fixture->agent);
  read_event (&event);
  g_assert_cmpuint (event.type, ==, UHID_DESTROY);
  g_assert_cmpuint (mortise_hid_service_count (fixture->service), ==, 0);
}

static void
test_agent_hears_device_die (Fixture *fixture, gconstpointer data)
{
  connect_and_open (fixture);
  close (kernel);
  kernel = -1;
  WAIT_FOR (fixture->failure != NULL);
  g_assert_error (fixture->failure, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
  g_assert_cmpuint (mortise_hid_service_count (fixture->service), ==, 0);
}

/* It takes its agent along while that one's report is being handed on. */
static void
test_device_dies_while_written_to (Fixture *fixture, gconstpointer data)
{
  static const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  connect_and_open (fixture);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_no_errno (shutdown (kernel, SHUT_RD));
  mortise_hid_transport_send (fixture->agent, report);
  mortise_hid_transport_send (fixture->agent, report);
  WAIT_FOR (fixture->failure != NULL);
  g_assert_error (fixture->failure, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
  g_assert_cmpuint (mortise_hid_service_count (fixture->service), ==, 0);
}

static void
test_refuses_the_absent (Fixture *fixture, gconstpointer data)
{
  user_is_active = FALSE;
  fixture->agent = connect_agent (fixture);
  WAIT_FOR (fixture->failure != NULL);
  g_assert_error (fixture->failure, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS);
  g_assert_cmpint (kernel, ==, -1);
}

static void
test_one_device_per_user (Fixture *fixture, gconstpointer data)
{
  g_autoptr (MortiseHidTransport) second = NULL;

  connect_and_open (fixture);
  second = connect_agent (fixture);
  WAIT_FOR (fixture->failure != NULL);
  g_assert_error (fixture->failure, MORTISE_ERROR, MORTISE_ERROR_ALREADY_RUNNING);
  g_assert_cmpuint (mortise_hid_service_count (fixture->service), ==, 1);
}

/* Both ends of the connection before are known to the service at once, the new one first. */
static void
test_plugs_in_again (Fixture *fixture, gconstpointer data)
{
  struct uhid_event event;

  connect_and_open (fixture);
  g_clear_object (&fixture->agent);
  close (kernel);
  kernel = -1;
  fixture->agent = connect_agent (fixture);
  WAIT_FOR (fixture->failure != NULL || kernel >= 0);
  g_assert_no_error (fixture->failure);
  read_event (&event);
  g_assert_cmpuint (event.type, ==, UHID_CREATE2);
  g_assert_cmpuint (mortise_hid_service_count (fixture->service), ==, 1);
}

static void
test_says_no_uhid (Fixture *fixture, gconstpointer data)
{
  device_works = FALSE;
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*nonexistent*");
  fixture->agent = connect_agent (fixture);
  WAIT_FOR (fixture->failure != NULL);
  g_test_assert_expected_messages ();
  g_assert_error (fixture->failure, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
}

static void
test_drops_the_rude (Fixture *fixture, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  struct uhid_event event;
  guint8 byte;

  g_strlcpy (address.sun_path, fixture->path, sizeof address.sun_path);
  g_assert_no_errno (connect (fd, (struct sockaddr *) &address, sizeof address));
  WAIT_FOR (mortise_hid_service_count (fixture->service) == 1);
  read_event (&event);
  /* An event of uhid's own, as if to make a keyboard, is no report. */
  event.type = UHID_CREATE2;
  g_assert_cmpint (send (fd, &event, sizeof event, 0), ==, sizeof event);
  WAIT_FOR (mortise_hid_service_count (fixture->service) == 0);
  read_event (&event);
  g_assert_cmpuint (event.type, ==, UHID_DESTROY);
  g_assert_cmpint (recv (fd, &byte, sizeof byte, 0), <=, 0);
  close (fd);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/hid-service/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* What stands for /dev/uhid is a socket; a device raises no signal. */
  (void) signal (SIGPIPE, SIG_IGN);
  ADD ("relays-reports", test_relays_reports);
  ADD ("tells-last-close", test_tells_last_close);
  ADD ("device-goes-with-agent", test_device_goes_with_agent);
  ADD ("agent-hears-device-die", test_agent_hears_device_die);
  ADD ("device-dies-while-written-to", test_device_dies_while_written_to);
  ADD ("refuses-the-absent", test_refuses_the_absent);
  ADD ("one-device-per-user", test_one_device_per_user);
  ADD ("plugs-in-again", test_plugs_in_again);
  ADD ("says-no-uhid", test_says_no_uhid);
  ADD ("drops-the-rude", test_drops_the_rude);
  return g_test_run ();
}
