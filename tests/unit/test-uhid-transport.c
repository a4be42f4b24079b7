/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <linux/uhid.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/hid/hid-transport-private.h"
#include "tests/support/wait-for.h"

/* The kernel's side is one end of a socket pair that keeps the boundaries of events. The real
 * kernel is met in the suite that runs in a virtual machine. */

typedef struct
{
  int kernel;
  MortiseHidTransport *transport;
  GPtrArray *reports;
  guint disconnected;
  GError *failure;
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

static void
on_failed (MortiseHidTransport *transport, const GError *error, Fixture *f)
{
  g_assert_null (f->failure);
  f->failure = g_error_copy (error);
}

/* Returns: the size of the event the transport wrote, 0 if there is none. */
static gsize
take_event (Fixture *f, struct uhid_event *ret_event)
{
  ssize_t n;

  memset (ret_event, 0xEE, sizeof *ret_event);
  n = recv (f->kernel, ret_event, sizeof *ret_event, MSG_DONTWAIT);
  return n > 0 ? (gsize) n : 0;
}

static void
put_event (Fixture *f, const struct uhid_event *event)
{
  g_assert_cmpint (send (f->kernel, event, sizeof *event, 0), ==, sizeof *event);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
put_type (Fixture *f, guint32 type)
{
  struct uhid_event event = { .type = type };

  put_event (f, &event);
}

static void
put_output (Fixture *f, const guint8 *data, gsize size, guint8 rtype)
{
  struct uhid_event event = { .type = UHID_OUTPUT };

  memcpy (event.u.output.data, data, size);
  event.u.output.size = size;
  event.u.output.rtype = rtype;
  put_event (f, &event);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==,
                   0);
  f->kernel = fds[0];
  f->reports = g_ptr_array_new_with_free_func (g_free);
  f->transport = mortise_uhid_transport_new_for_fd (fds[1]);
  g_signal_connect (f->transport, "report", G_CALLBACK (on_report), f);
  g_signal_connect (f->transport, "disconnected", G_CALLBACK (on_disconnected), f);
  g_signal_connect (f->transport, "failed", G_CALLBACK (on_failed), f);
}

static void
set_up_open (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct uhid_event event;

  set_up (f, data);
  mortise_hid_transport_start (f->transport, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (take_event (f, &event), >, 0);
  put_type (f, UHID_START);
  put_type (f, UHID_OPEN);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->transport);
  close (f->kernel);
  g_ptr_array_unref (f->reports);
  g_clear_error (&f->failure);
}

static void
test_create (Fixture *f, gconstpointer data)
{
  const guint8 usage_page[] = { 0x06, 0xD0, 0xF1, 0x09, 0x01 };
  struct uhid_event event;
  g_autoptr (GError) error = NULL;

  g_assert_true (mortise_hid_transport_start (f->transport, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (take_event (f, &event), ==, sizeof event);
  g_assert_cmpuint (event.type, ==, UHID_CREATE2);
  g_assert_cmpstr ((char *) event.u.create2.name, ==, "Mortise passkey vault");
  g_assert_cmpuint (event.u.create2.bus, ==, BUS_USB);
  g_assert_cmpuint (event.u.create2.rd_size, ==, 34);
  g_assert_cmpmem (event.u.create2.rd_data, sizeof usage_page, usage_page, sizeof usage_page);
  g_assert_cmpuint (event.u.create2.rd_data[33], ==, 0xC0);
  g_assert_true (g_str_is_ascii ((char *) event.u.create2.uniq));
  g_assert_cmpuint (strlen ((char *) event.u.create2.uniq), >, 0);

  /* Starting again makes no second device. */
  g_assert_true (mortise_hid_transport_start (f->transport, &error));
  g_assert_cmpuint (take_event (f, &event), ==, 0);
}

static void
test_output (Fixture *f, gconstpointer data)
{
  guint8 with_id[65] = { 0 };
  guint8 without_id[64];

  memset (with_id + 1, 0xAA, 64);
  memset (without_id, 0xBB, 64);
  put_output (f, with_id, 65, UHID_OUTPUT_REPORT);
  put_output (f, without_id, 64, UHID_OUTPUT_REPORT);
  g_assert_cmpuint (f->reports->len, ==, 2);
  g_assert_cmpmem (f->reports->pdata[0], 64, with_id + 1, 64);
  g_assert_cmpmem (f->reports->pdata[1], 64, without_id, 64);
}

static void
test_output_of_wrong_shape (Fixture *f, gconstpointer data)
{
  guint8 bytes[UHID_DATA_MAX];
  struct uhid_event event = { .type = UHID_OUTPUT };

  memset (bytes, 0x11, sizeof bytes);
  put_output (f, bytes, 0, UHID_OUTPUT_REPORT);
  put_output (f, bytes, 1, UHID_OUTPUT_REPORT);
  put_output (f, bytes, 63, UHID_OUTPUT_REPORT);
  put_output (f, bytes, 65, UHID_OUTPUT_REPORT);
  put_output (f, bytes, 66, UHID_OUTPUT_REPORT);
  put_output (f, bytes, sizeof bytes, UHID_OUTPUT_REPORT);
  put_output (f, bytes, 64, UHID_FEATURE_REPORT);
  put_output (f, bytes, 64, UHID_INPUT_REPORT);
  event.u.output.size = 0xFFFF;
  put_event (f, &event);
  put_type (f, 12345);
  /* Short events are what the kernel may write: the rest counts as zeros. */
  g_assert_cmpint (send (f->kernel, &event, 4, 0), ==, 4);
  g_assert_cmpint (send (f->kernel, &event, 3, 0), ==, 3);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->reports->len, ==, 0);
  g_assert_no_error (f->failure);
  put_output (f, bytes, 64, UHID_OUTPUT_REPORT);
  g_assert_cmpuint (f->reports->len, ==, 1);
}

static void
test_input (Fixture *f, gconstpointer data)
{
  guint8 report[MORTISE_HID_REPORT_SIZE];
  struct uhid_event event;

  memset (report, 0x42, sizeof report);
  mortise_hid_transport_send (f->transport, report);
  g_assert_cmpuint (take_event (f, &event), ==, 4 + 2 + 64);
  g_assert_cmpuint (event.type, ==, UHID_INPUT2);
  g_assert_cmpuint (event.u.input2.size, ==, 64);
  g_assert_cmpmem (event.u.input2.data, 64, report, 64);
}

static void
test_input_is_paced (Fixture *f, gconstpointer data)
{
  struct uhid_event event;
  guint burst = 0;

  for (guint8 i = 0; i < 200; i++)
    {
      guint8 report[MORTISE_HID_REPORT_SIZE] = { i };

      mortise_hid_transport_send (f->transport, report);
    }
  /* hidraw keeps 64 reports: no more than that may go out before the reader had any time. The
   * allowance grows with the time that this loop took. */
  while (take_event (f, &event) > 0)
    g_assert_cmpuint (event.u.input2.data[0], ==, burst++);
  g_assert_cmpuint (burst, >=, 48);
  g_assert_cmpuint (burst, <, 200);
  while (burst < 200)
    {
      g_main_context_iteration (NULL, TRUE);
      while (take_event (f, &event) > 0)
        g_assert_cmpuint (event.u.input2.data[0], ==, burst++);
    }
}

/* What reads nothing at all costs a bounded queue, and what fits it comes in order afterwards. */
static void
test_input_is_bounded (Fixture *f, gconstpointer data)
{
  struct uhid_event event;
  guint32 expected = 0;

  for (guint32 i = 0; i < 5000; i++)
    {
      guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

      memcpy (report, &i, sizeof i);
      mortise_hid_transport_send (f->transport, report);
    }
  g_assert_no_error (f->failure);
  while (expected < 1000)
    {
      g_main_context_iteration (NULL, TRUE);
      while (take_event (f, &event) > 0)
        {
          guint32 number;

          memcpy (&number, event.u.input2.data, sizeof number);
          g_assert_cmpuint (number, ==, expected++);
        }
    }
}

static void
test_nobody_listens (Fixture *f, gconstpointer data)
{
  const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };
  struct uhid_event event;

  put_type (f, UHID_CLOSE);
  g_assert_cmpuint (f->disconnected, ==, 1);
  mortise_hid_transport_send (f->transport, report);
  g_assert_cmpuint (take_event (f, &event), ==, 0);
  put_type (f, UHID_OPEN);
  mortise_hid_transport_send (f->transport, report);
  g_assert_cmpuint (take_event (f, &event), >, 0);
  put_type (f, UHID_STOP);
  g_assert_cmpuint (f->disconnected, ==, 2);
  put_type (f, UHID_CLOSE);
  g_assert_cmpuint (f->disconnected, ==, 2);
}

static void
test_refused_requests (Fixture *f, gconstpointer data)
{
  struct uhid_event event = { .type = UHID_GET_REPORT };

  event.u.get_report.id = 77;
  event.u.get_report.rtype = UHID_FEATURE_REPORT;
  put_event (f, &event);
  g_assert_cmpuint (take_event (f, &event), >, 0);
  g_assert_cmpuint (event.type, ==, UHID_GET_REPORT_REPLY);
  g_assert_cmpuint (event.u.get_report_reply.id, ==, 77);
  g_assert_cmpuint (event.u.get_report_reply.err, ==, EIO);
  g_assert_cmpuint (event.u.get_report_reply.size, ==, 0);

  memset (&event, 0, sizeof event);
  event.type = UHID_SET_REPORT;
  event.u.set_report.id = 78;
  put_event (f, &event);
  g_assert_cmpuint (take_event (f, &event), >, 0);
  g_assert_cmpuint (event.type, ==, UHID_SET_REPORT_REPLY);
  g_assert_cmpuint (event.u.set_report_reply.id, ==, 78);
  g_assert_cmpuint (event.u.set_report_reply.err, ==, EIO);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  struct uhid_event event;

  mortise_hid_transport_stop (f->transport);
  mortise_hid_transport_stop (f->transport);
  g_assert_cmpuint (f->disconnected, ==, 1);
  g_assert_cmpuint (take_event (f, &event), >, 0);
  g_assert_cmpuint (event.type, ==, UHID_DESTROY);
  /* And the descriptor is closed, which alone destroys the device. */
  g_assert_cmpint (recv (f->kernel, &event, sizeof event, MSG_DONTWAIT), ==, 0);
}

static void
test_taken_away (Fixture *f, gconstpointer data)
{
  const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  shutdown (f->kernel, SHUT_RDWR);
  WAIT_FOR (f->failure != NULL);
  g_assert_error (f->failure, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
  g_assert_cmpuint (f->disconnected, ==, 1);
  mortise_hid_transport_send (f->transport, report);
  mortise_hid_transport_stop (f->transport);
}

/* The same, noticed while sending. */
static void
test_taken_away_while_sending (Fixture *f, gconstpointer data)
{
  const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

  shutdown (f->kernel, SHUT_RDWR);
  mortise_hid_transport_send (f->transport, report);
  g_assert_error (f->failure, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
  g_assert_cmpuint (f->disconnected, ==, 1);
}

static void
assert_start_fails (const char *path, MortiseError code)
{
  g_autofree char *description = g_strconcat ("uhid:", path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseHidTransport) transport = mortise_hid_transport_new (description, &error);

  g_assert_no_error (error);
  g_assert_false (mortise_hid_transport_start (transport, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_missing (void)
{
  g_autofree char *directory = g_dir_make_tmp ("mortise-test-XXXXXX", NULL);
  g_autofree char *missing = g_build_filename (directory, "uhid", NULL);
  g_autofree char *inside = g_build_filename (missing, "deeper", NULL);

  assert_start_fails (missing, MORTISE_ERROR_DEVICE_MISSING);
  /* A plain file is not the device, and is not written to. */
  g_assert_true (g_file_set_contents (missing, "", 0, NULL));
  assert_start_fails (missing, MORTISE_ERROR_DEVICE_MISSING);
  assert_start_fails (inside, MORTISE_ERROR_DEVICE_MISSING);
  g_unlink (missing);
  g_rmdir (directory);
}

static void
test_no_access (void)
{
  g_autofree char *directory = g_dir_make_tmp ("mortise-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "uhid", NULL);

  /* The root user may open everything, but nobody may write to a folder. */
  if (getuid () == 0)
    assert_start_fails (directory, MORTISE_ERROR_DEVICE_ACCESS);
  else
    {
      g_assert_true (g_file_set_contents (path, "", 0, NULL));
      g_assert_cmpint (g_chmod (path, 0), ==, 0);
      assert_start_fails (path, MORTISE_ERROR_DEVICE_ACCESS);
      g_unlink (path);
    }
  g_rmdir (directory);
}

/* A device that takes no event: /dev/full refuses every write. */
static void
test_not_created (void)
{
  assert_start_fails ("/dev/full", MORTISE_ERROR_DEVICE_ACCESS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Writing to /dev/uhid raises no signal; writing to a socket in its place would. */
  signal (SIGPIPE, SIG_IGN);
  g_test_add ("/uhid-transport/create", Fixture, NULL, set_up, test_create, tear_down);
#define ADD(path, function)                                                                        \
  g_test_add ("/uhid-transport/" path, Fixture, NULL, set_up_open, function, tear_down)
  ADD ("output", test_output);
  ADD ("output-of-wrong-shape", test_output_of_wrong_shape);
  ADD ("input", test_input);
  ADD ("input-is-paced", test_input_is_paced);
  ADD ("input-is-bounded", test_input_is_bounded);
  ADD ("nobody-listens", test_nobody_listens);
  ADD ("refused-requests", test_refused_requests);
  ADD ("stop", test_stop);
  ADD ("taken-away", test_taken_away);
  ADD ("taken-away-while-sending", test_taken_away_while_sending);
#undef ADD
  g_test_add_func ("/uhid-transport/missing", test_missing);
  g_test_add_func ("/uhid-transport/no-access", test_no_access);
  g_test_add_func ("/uhid-transport/not-created", test_not_created);
  return g_test_run ();
}
