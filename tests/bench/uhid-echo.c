/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/bench/uhid-echo.h"

#include <fcntl.h>
#include <linux/uhid.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/hid/ctaphid-framing.h"

#define CLASS_FOLDER "/sys/class/hidraw"

struct UhidEcho
{
  int fd;
  GThread *thread;
};

/* 64 bytes in and out on a usage page of vendors': no udev rule takes it for a security key. */
static const guint8 report_descriptor[] = {
  0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26,
  0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02, 0x09, 0x21, 0x15, 0x00,
  0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xC0,
};

static gpointer
serve (gpointer data)
{
  UhidEcho *echo = data;
  struct pollfd poll_fd = { .fd = echo->fd, .events = POLLIN };
  struct uhid_event in;
  struct uhid_event out = { .type = UHID_INPUT2 };

  out.u.input2.size = MORTISE_HID_REPORT_SIZE;
  while (poll (&poll_fd, 1, -1) > 0 && read (echo->fd, &in, sizeof in) > 0)
    {
      if (in.type == UHID_STOP)
        break;
      if (in.type != UHID_OUTPUT || in.u.output.size != MORTISE_HID_REPORT_SIZE + 1)
        continue;
      memcpy (out.u.input2.data, in.u.output.data + 1, MORTISE_HID_REPORT_SIZE);
      (void) !write (echo->fd, &out,
                     G_STRUCT_OFFSET (struct uhid_event, u.input2.data) + MORTISE_HID_REPORT_SIZE);
    }
  return NULL;
}

UhidEcho *
uhid_echo_start (void)
{
  UhidEcho *echo = g_new0 (UhidEcho, 1);
  g_autofree struct uhid_event *create = g_new0 (struct uhid_event, 1);

  echo->fd = open ("/dev/uhid", O_RDWR | O_CLOEXEC);
  g_assert_cmpint (echo->fd, >=, 0);
  create->type = UHID_CREATE2;
  g_strlcpy ((char *) create->u.create2.name, "Echo", sizeof create->u.create2.name);
  g_strlcpy ((char *) create->u.create2.uniq, UHID_ECHO_UNIQ, sizeof create->u.create2.uniq);
  create->u.create2.bus = BUS_USB;
  create->u.create2.rd_size = sizeof report_descriptor;
  memcpy (create->u.create2.rd_data, report_descriptor, sizeof report_descriptor);
  g_assert_cmpint (write (echo->fd, create, sizeof *create), ==, sizeof *create);
  echo->thread = g_thread_new ("uhid-echo", serve, echo);
  return echo;
}

void
uhid_echo_stop (UhidEcho *echo)
{
  struct uhid_event destroy = { .type = UHID_DESTROY };

  g_assert_cmpint (write (echo->fd, &destroy, sizeof destroy), ==, sizeof destroy);
  g_thread_join (echo->thread);
  close (echo->fd);
  g_free (echo);
}

static int
try_open (const char *uniq)
{
  g_autofree char *wanted = g_strdup_printf ("HID_UNIQ=%s\n", uniq);
  g_autoptr (GDir) dir = g_dir_open (CLASS_FOLDER, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (CLASS_FOLDER, name, "device", "uevent", NULL);
      g_autofree char *uevent = NULL;
      g_autofree char *node = NULL;

      if (!g_file_get_contents (path, &uevent, NULL, NULL) || strstr (uevent, wanted) == NULL)
        continue;
      node = g_build_filename ("/dev", name, NULL);
      return open (node, O_RDWR | O_CLOEXEC);
    }
  return -1;
}

int
uhid_open_hidraw (const char *uniq)
{
  int fd = -1;

  for (int i = 0; fd < 0 && i < 2000; i++)
    {
      fd = try_open (uniq);
      if (fd < 0)
        g_usleep (10000);
    }
  g_assert_cmpint (fd, >=, 0);
  return fd;
}
