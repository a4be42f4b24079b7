/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/hid-transport-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <linux/uhid.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * libfido2 lists hidraw devices of BUS_USB only, and browsers tell sites "usb" for what is HID: a
 * virtual bus number would hide the device from half of its clients.
 *
 * No USB vendor number is ours to have. 0xF1D0 is not assigned by the USB-IF and, unlike a number
 * borrowed from a maker of real keys, matches no quirk of a kernel, a udev rule or a client
 * library.
 */
#define DEVICE_BUS     BUS_USB
#define DEVICE_VENDOR  0xF1D0
#define DEVICE_PRODUCT 0x4D54
#define DEVICE_VERSION 1
#define DEVICE_NAME    "Mortise passkey vault"

/*
 * hidraw keeps 64 reports for each reader and drops what is over. A burst below that goes out at
 * once; the rest follows at about the pace of full-speed USB (one report a millisecond) times
 * eight.
 */
#define SEND_BURST       48
#define SEND_PACE        8
#define SEND_INTERVAL_US 1000

/* Events taken in one go; the kernel keeps 32 for us and drops what is over. */
#define READ_BURST 64

/* Report descriptor of a FIDO device: usage page 0xF1D0, usage 1, 64-byte reports without ids
 * (CTAP 2.1 §11.2.8.2). udev and browsers know a security key by it. */
static const guint8 report_descriptor[] = {
  0x06, 0xD0, 0xF1, /* Usage Page (FIDO Alliance) */
  0x09, 0x01,       /* Usage (authenticator) */
  0xA1, 0x01,       /* Collection (Application) */
  0x09, 0x20,       /*   Usage (data in) */
  0x15, 0x00,       /*   Logical Minimum (0) */
  0x26, 0xFF, 0x00, /*   Logical Maximum (255) */
  0x75, 0x08,       /*   Report Size (8 bits) */
  0x95, 0x40,       /*   Report Count (64) */
  0x81, 0x02,       /*   Input (Data, Variable, Absolute) */
  0x09, 0x21,       /*   Usage (data out) */
  0x15, 0x00,       /*   Logical Minimum (0) */
  0x26, 0xFF, 0x00, /*   Logical Maximum (255) */
  0x75, 0x08,       /*   Report Size (8 bits) */
  0x95, 0x40,       /*   Report Count (64) */
  0x91, 0x02,       /*   Output (Data, Variable, Absolute) */
  0xC0,             /* End Collection */
};

#define MORTISE_TYPE_UHID_TRANSPORT (mortise_uhid_transport_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseUhidTransport, mortise_uhid_transport, MORTISE, UHID_TRANSPORT, MortiseHidTransport)

struct _MortiseUhidTransport
{
  MortiseHidTransport parent_instance;

  char *path;
  uid_t owner;
  int fd;
  int injected_fd;
  GSource *readable;
  GSource *pacer;
  GQueue pending; /* of guint8[MORTISE_HID_REPORT_SIZE] */
  guint allowance;
  gint64 allowance_time;
  gboolean open; /* a client holds the hidraw node open */
};

G_DEFINE_FINAL_TYPE (MortiseUhidTransport, mortise_uhid_transport, MORTISE_TYPE_HID_TRANSPORT)

static ssize_t
write_event (int fd, const struct uhid_event *event, gsize size)
{
  ssize_t n;

  do
    n = write (fd, event, size);
  while (n < 0 && errno == EINTR);
  return n;
}

static void
close_device (MortiseUhidTransport *self)
{
  const gboolean was_open = self->open;

  mortise_source_clear (&self->readable);
  mortise_source_clear (&self->pacer);
  g_queue_clear_full (&self->pending, g_free);
  self->open = FALSE;
  if (self->fd < 0)
    return;
  close (self->fd);
  self->fd = -1;
  if (was_open)
    mortise_hid_transport_emit_disconnected (MORTISE_HID_TRANSPORT (self));
}

static void
fail (MortiseUhidTransport *self, const char *reason)
{
  g_autoptr (MortiseUhidTransport) keep = g_object_ref (self);
  g_autoptr (GError) error = g_error_new (
      MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING,
      _ ("The virtual security key was taken away by the system (%s). Your passkeys are safe, but "
         "browsers cannot reach them until it is plugged in again."),
      reason);

  close_device (self);
  mortise_hid_transport_emit_failed (MORTISE_HID_TRANSPORT (self), error);
}

/* --- To the client ---------------------------------------------------------------------------- */

static void
refill_allowance (MortiseUhidTransport *self)
{
  const gint64 now = g_get_monotonic_time ();
  const gint64 periods = (now - self->allowance_time) / SEND_INTERVAL_US;

  if (periods <= 0)
    return;
  self->allowance_time += periods * SEND_INTERVAL_US;
  self->allowance = (guint) MIN ((gint64) self->allowance + periods * SEND_PACE, SEND_BURST);
}

static gboolean on_pace (gpointer data);

/* Sends what the allowance permits. Returns: FALSE if the device died. */
static gboolean
flush_pending (MortiseUhidTransport *self)
{
  refill_allowance (self);
  while (self->allowance > 0 && !g_queue_is_empty (&self->pending))
    {
      struct uhid_event event = { .type = UHID_INPUT2 };
      const gsize size =
          G_STRUCT_OFFSET (struct uhid_event, u.input2.data) + MORTISE_HID_REPORT_SIZE;
      g_autofree guint8 *report = g_queue_pop_head (&self->pending);

      event.u.input2.size = MORTISE_HID_REPORT_SIZE;
      memcpy (event.u.input2.data, report, MORTISE_HID_REPORT_SIZE);
      self->allowance--;
      if (write_event (self->fd, &event, size) >= 0)
        continue;
      if (errno == EAGAIN)
        {
          g_queue_push_head (&self->pending, g_steal_pointer (&report));
          break;
        }
      /* The driver was unbound and UHID_STOP is on its way: the report has no reader any more. */
      if (errno == EINVAL)
        continue;
      fail (self, g_strerror (errno));
      return FALSE;
    }
  if (!g_queue_is_empty (&self->pending) && self->pacer == NULL)
    {
      self->pacer = mortise_hid_transport_attach (MORTISE_HID_TRANSPORT (self),
                                                  g_timeout_source_new (SEND_INTERVAL_US / 1000),
                                                  on_pace, self);
    }
  return TRUE;
}

static gboolean
on_pace (gpointer data)
{
  MortiseUhidTransport *self = data;

  if (!flush_pending (self) || self->pacer == NULL)
    return G_SOURCE_REMOVE;
  if (!g_queue_is_empty (&self->pending))
    return G_SOURCE_CONTINUE;
  mortise_source_clear (&self->pacer);
  return G_SOURCE_REMOVE;
}

static void
mortise_uhid_transport_send (MortiseHidTransport *transport,
                             const guint8 report[MORTISE_HID_REPORT_SIZE])
{
  MortiseUhidTransport *self = MORTISE_UHID_TRANSPORT (transport);

  if (self->fd < 0 || !self->open)
    return;
  if (g_queue_get_length (&self->pending) >= MORTISE_HID_QUEUE_MAX)
    {
      g_debug ("Too many reports wait for the device; one dropped");
      return;
    }
  g_queue_push_tail (&self->pending, g_memdup2 (report, MORTISE_HID_REPORT_SIZE));
  if (self->pacer == NULL)
    (void) flush_pending (self);
}

/* --- From the kernel -------------------------------------------------------------------------- */

static void
handle_output (MortiseUhidTransport *self, const struct uhid_output_req *output)
{
  const guint8 *data = output->data;
  gsize size = output->size;

  if (output->rtype != UHID_OUTPUT_REPORT)
    return;
  /* hidraw hands the report id on, 0 for devices without ids. */
  if (size == MORTISE_HID_REPORT_SIZE + 1 && data[0] == 0)
    {
      data++;
      size--;
    }
  if (size != MORTISE_HID_REPORT_SIZE)
    {
      g_debug ("A client sent a report of %zu bytes; ignored", size);
      return;
    }
  mortise_hid_transport_emit_report (MORTISE_HID_TRANSPORT (self), data);
}

/* A FIDO device has interrupt reports only: feature and control requests are refused. The kernel
 * makes their sender wait for the answer, so there has to be one. */
static void
refuse (MortiseUhidTransport *self, guint32 type, guint32 id)
{
  struct uhid_event event = { .type = type };
  gsize size;

  if (type == UHID_GET_REPORT_REPLY)
    {
      event.u.get_report_reply.id = id;
      event.u.get_report_reply.err = EIO;
      size = G_STRUCT_OFFSET (struct uhid_event, u.get_report_reply.data);
    }
  else
    {
      event.u.set_report_reply.id = id;
      event.u.set_report_reply.err = EIO;
      size =
          G_STRUCT_OFFSET (struct uhid_event, u.set_report_reply) + sizeof event.u.set_report_reply;
    }
  if (write_event (self->fd, &event, size) < 0)
    g_debug ("A report request could not be refused: %s", g_strerror (errno));
}

static void
set_open (MortiseUhidTransport *self, gboolean open)
{
  if (self->open == open)
    return;
  self->open = open;
  if (open)
    return;
  mortise_source_clear (&self->pacer);
  g_queue_clear_full (&self->pending, g_free);
  mortise_hid_transport_emit_disconnected (MORTISE_HID_TRANSPORT (self));
}

static void
handle_event (MortiseUhidTransport *self, const struct uhid_event *event)
{
  switch (event->type)
    {
    case UHID_OPEN:
      set_open (self, TRUE);
      break;
    case UHID_CLOSE:
    case UHID_STOP:
      set_open (self, FALSE);
      break;
    case UHID_OUTPUT:
      handle_output (self, &event->u.output);
      break;
    case UHID_GET_REPORT:
      refuse (self, UHID_GET_REPORT_REPLY, event->u.get_report.id);
      break;
    case UHID_SET_REPORT:
      refuse (self, UHID_SET_REPORT_REPLY, event->u.set_report.id);
      break;
    case UHID_START:
      g_debug ("The virtual security key is there");
      break;
    default:
      break;
    }
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  g_autoptr (MortiseUhidTransport) self = g_object_ref (data);

  for (int i = 0; i < READ_BURST && self->fd >= 0; i++)
    {
      struct uhid_event event = { .type = 0 };
      const ssize_t n = read (self->fd, &event, sizeof event);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        {
          /* Readable by poll() and yet nothing: an error condition and no event. */
          if ((condition & (G_IO_ERR | G_IO_HUP)) != 0 && (condition & G_IO_IN) == 0)
            fail (self, g_strerror (EPIPE));
          break;
        }
      if (n <= 0)
        {
          fail (self, n == 0 ? g_strerror (EPIPE) : g_strerror (errno));
          break;
        }
      if ((gsize) n >= sizeof event.type)
        handle_event (self, &event);
    }
  return self->fd >= 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* --- Life cycle ------------------------------------------------------------------------------- */

static gboolean
set_open_error (const char *path, int reason, GError **error)
{
  switch (reason)
    {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
      g_set_error (
          error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING,
          _ ("This computer has no “%s”, so browsers cannot see Mortise as a security key. "
             "Your passkeys are safe. The kernel module “uhid” has to be loaded."),
          path);
      break;
    case EACCES:
    case EPERM:
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS,
                   _ ("You may not open “%s”, so browsers cannot see Mortise as a security key. "
                      "Your passkeys are safe. The computer has to be set up for it once."),
                   path);
      break;
    default:
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS,
                   _ ("“%s” cannot be used (%s), so browsers cannot see Mortise as a security key. "
                      "Your passkeys are safe. Plug the virtual key in again."),
                   path, g_strerror (reason));
      break;
    }
  return FALSE;
}

static int
open_device (MortiseUhidTransport *self, GError **error)
{
  struct stat info;
  int fd;

  if (self->injected_fd >= 0)
    {
      fd = self->injected_fd;
      self->injected_fd = -1;
      return fd;
    }
  fd = open (self->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    {
      set_open_error (self->path, errno, error);
      return -1;
    }
  if (fstat (fd, &info) != 0 || !S_ISCHR (info.st_mode))
    {
      set_open_error (self->path, ENODEV, error);
      close (fd);
      return -1;
    }
  return fd;
}

static gboolean
create_device (int fd, uid_t owner)
{
  g_autofree struct uhid_event *event = g_new0 (struct uhid_event, 1);
  struct uhid_create2_req *create = &event->u.create2;

  event->type = UHID_CREATE2;
  g_strlcpy ((char *) create->name, DEVICE_NAME, sizeof create->name);
  g_strlcpy ((char *) create->phys, "mortise", sizeof create->phys);
  /* Plain ASCII: udev rules of others match against it. Tells users' keys apart, nothing more. */
  g_snprintf ((char *) create->uniq, sizeof create->uniq, "mortise-%u", (guint) owner);
  create->bus = DEVICE_BUS;
  create->vendor = DEVICE_VENDOR;
  create->product = DEVICE_PRODUCT;
  create->version = DEVICE_VERSION;
  create->rd_size = sizeof report_descriptor;
  memcpy (create->rd_data, report_descriptor, sizeof report_descriptor);
  return write_event (fd, event, sizeof *event) >= 0;
}

static gboolean
mortise_uhid_transport_start (MortiseHidTransport *transport, GError **error)
{
  MortiseUhidTransport *self = MORTISE_UHID_TRANSPORT (transport);
  int fd;

  if (self->fd >= 0)
    return TRUE;

  fd = open_device (self, error);
  if (fd < 0)
    return FALSE;
  if (!create_device (fd, self->owner))
    {
      const int reason = errno;

      close (fd);
      return set_open_error (self->path, reason, error);
    }
  self->fd = fd;
  self->allowance = SEND_BURST;
  self->allowance_time = g_get_monotonic_time ();
  self->readable = mortise_hid_transport_attach (
      transport, g_unix_fd_source_new (fd, G_IO_IN | G_IO_ERR | G_IO_HUP),
      G_SOURCE_FUNC (on_readable), self);
  return TRUE;
}

static void
mortise_uhid_transport_stop (MortiseHidTransport *transport)
{
  MortiseUhidTransport *self = MORTISE_UHID_TRANSPORT (transport);
  const struct uhid_event destroy = { .type = UHID_DESTROY };

  /* Closing alone destroys the device as well; that is what happens when the process dies. */
  if (self->fd >= 0 && write_event (self->fd, &destroy, sizeof destroy.type) < 0)
    g_debug ("UHID_DESTROY failed: %s", g_strerror (errno));
  close_device (self);
}

static void
mortise_uhid_transport_finalize (GObject *object)
{
  MortiseUhidTransport *self = MORTISE_UHID_TRANSPORT (object);

  if (self->injected_fd >= 0)
    close (self->injected_fd);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (mortise_uhid_transport_parent_class)->finalize (object);
}

static void
mortise_uhid_transport_class_init (MortiseUhidTransportClass *klass)
{
  MortiseHidTransportClass *transport_class = MORTISE_HID_TRANSPORT_CLASS (klass);

  transport_class->start = mortise_uhid_transport_start;
  transport_class->stop = mortise_uhid_transport_stop;
  transport_class->send = mortise_uhid_transport_send;
  G_OBJECT_CLASS (klass)->finalize = mortise_uhid_transport_finalize;
}

static void
mortise_uhid_transport_init (MortiseUhidTransport *self)
{
  self->fd = -1;
  self->injected_fd = -1;
  g_queue_init (&self->pending);
}

MortiseHidTransport *
mortise_uhid_transport_new (const char *path, uid_t owner)
{
  MortiseUhidTransport *self = g_object_new (MORTISE_TYPE_UHID_TRANSPORT, NULL);

  self->path = g_strdup (path);
  self->owner = owner;
  return MORTISE_HID_TRANSPORT (self);
}

MortiseHidTransport *
mortise_uhid_transport_new_for_fd (int fd)
{
  MortiseUhidTransport *self = g_object_new (MORTISE_TYPE_UHID_TRANSPORT, NULL);

  self->path = g_strdup ("uhid");
  self->injected_fd = fd;
  self->owner = getuid ();
  return MORTISE_HID_TRANSPORT (self);
}
