/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <linux/uhid.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/hid/hid-service.h"
#include "core/hid/ctaphid-framing.h"
#include "core/hid/ctaphid-private.h"
#include "core/hid/hid-broker.h"
#include "core/hid/hid-transport-private.h"
#include "tests/fuzz/fuzz-input.h"
#include "tests/fuzz/fuzz-target.h"

/*
 * Everything that carries reports, with CTAPHID on top of it as in the agent, and the input in the
 * place of whoever is at the other end: the kernel behind /dev/uhid, clients of the socket, the
 * system service, and agents that talk to the service. Whatever they send, in whatever sizes and
 * with whatever descriptors: what we send is well-formed, no source is ready for ever, a transport
 * fails once or not at all, and with a new other end a client is served. No descriptor is left
 * over.
 */

#define FIRST_CHANNEL   0x1000u
#define MAX_PEERS       36 /* more than the socket and the service take */
#define MAX_STEPS       120
#define MAX_WAITS       8
#define MAX_DESCRIPTORS 256  /* where they are to run out */
#define MAX_TURNS       5000 /* of the main loop, with nothing coming in */

typedef enum
{
  MODE_UHID,    /* the input is the kernel */
  MODE_SOCKET,  /* the input is the clients of the socket */
  MODE_BROKER,  /* the input is the system service */
  MODE_SERVICE, /* the input is agents and the kernel, around the service; one agent is ours */
  N_MODES,
} Mode;

typedef enum
{
  STEP_EVENT,
  STEP_OUTPUT,
  STEP_MESSAGE,
  STEP_REQUEST_REPORT,
  STEP_DATAGRAM,
  STEP_CONTROL,
  STEP_CONNECT,
  STEP_CLOSE,
  STEP_SHUT_DOWN,
  STEP_READ,
  STEP_STOP,
  STEP_START,
  STEP_RESPOND,
  STEP_FLOOD,
  STEP_NO_DESCRIPTORS,
  STEP_WAIT,
  STEP_ADVANCE,
  STEP_REFUSE,
  N_STEPS,
} Step;

typedef struct
{
  FuzzInput *input;
  Mode mode;
  MortiseHidTransport *transport;
  MortiseCtaphid *ctaphid;
  MortiseCtaphidRequest *request; /* (nullable): waits for its response */
  MortiseHidService *service;
  gboolean up;
  guint failures; /* since the last start */
  guint waits;
  int listener;         /* of the service that the input is */
  gboolean deaf;        /* the kernel takes nothing any more */
  int kernel;           /* the other end of what stands for /dev/uhid */
  int peers[MAX_PEERS]; /* clients of the socket, agents, or the service's end of ours */
  guint n_peers;
  gboolean refuse;                             /* whoever asks for a device gets none */
  gboolean no_device;                          /* making it fails */
  guint answered;                              /* GET_REPORT and SET_REPORT requests */
  guint8 last_report[MORTISE_HID_REPORT_SIZE]; /* that went out */
  guint n_reports;
} World;

static char *folder;
static char *path;
/* The service calls back without data. */
static World *world;

/* --- The main loop, and what is left behind --------------------------------------------------- */

static void
settle (void)
{
  guint turns = 0;

  while (g_main_context_iteration (NULL, FALSE))
    g_assert_cmpuint (++turns, <, MAX_TURNS);
}

static guint
count_descriptors (void)
{
  DIR *listing = opendir ("/proc/self/fd");
  guint n = 0;

  g_assert_nonnull (listing);
  while (readdir (listing) != NULL)
    n++;
  closedir (listing);
  return n;
}

static void
close_descriptor (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

/* --- What we send ----------------------------------------------------------------------------- */

static void
note_report (World *self, const guint8 *report)
{
  memcpy (self->last_report, report, MORTISE_HID_REPORT_SIZE);
  self->n_reports++;
}

/* What the device writes, the kernel would take. */
static void
check_event (World *self, const struct uhid_event *event, gsize size)
{
  g_assert_cmpuint (size, >=, sizeof event->type);
  switch (event->type)
    {
    case UHID_CREATE2:
      g_assert_cmpuint (size, ==, sizeof *event);
      g_assert_cmpuint (event->u.create2.rd_size, <=, HID_MAX_DESCRIPTOR_SIZE);
      break;
    case UHID_DESTROY:
      break;
    case UHID_INPUT2:
      g_assert_cmpuint (event->u.input2.size, ==, MORTISE_HID_REPORT_SIZE);
      g_assert_cmpuint (
          size, ==, G_STRUCT_OFFSET (struct uhid_event, u.input2.data) + MORTISE_HID_REPORT_SIZE);
      note_report (self, event->u.input2.data);
      break;
    case UHID_GET_REPORT_REPLY:
      g_assert_cmpuint (event->u.get_report_reply.err, ==, EIO);
      self->answered++;
      break;
    case UHID_SET_REPORT_REPLY:
      g_assert_cmpuint (event->u.set_report_reply.err, ==, EIO);
      self->answered++;
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
read_kernel (World *self)
{
  struct uhid_event event;
  ssize_t n;

  while (self->kernel >= 0 && (n = recv (self->kernel, &event, sizeof event, MSG_DONTWAIT)) > 0)
    check_event (self, &event, (gsize) n);
}

static gboolean
is_control (guint8 byte)
{
  return byte == MORTISE_HID_BROKER_CLOSED || byte == MORTISE_HID_BROKER_NOT_ACTIVE ||
         byte == MORTISE_HID_BROKER_IN_USE || byte == MORTISE_HID_BROKER_NO_DEVICE;
}

static void
read_peer (World *self, int fd)
{
  guint8 message[2 * MORTISE_HID_REPORT_SIZE];
  ssize_t n;

  while ((n = recv (fd, message, sizeof message, MSG_DONTWAIT)) > 0)
    {
      if (n == MORTISE_HID_REPORT_SIZE)
        note_report (self, message);
      else
        g_assert_true (n == 1 && self->mode == MODE_SERVICE && is_control (message[0]));
    }
}

static void
read_all (World *self)
{
  settle ();
  read_kernel (self);
  for (guint i = 0; i < self->n_peers; i++)
    read_peer (self, self->peers[i]);
  settle ();
}

/* --- The other ends --------------------------------------------------------------------------- */

static struct sockaddr_un
address_of (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_assert_cmpuint (g_strlcpy (address.sun_path, path, sizeof address.sun_path), <,
                    sizeof address.sun_path);
  return address;
}

static int
new_socket (void)
{
  int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_assert_no_errno (fd);
  return fd;
}

static int
listen_here (void)
{
  const struct sockaddr_un address = address_of ();
  int fd = new_socket ();

  g_unlink (path);
  g_assert_no_errno (bind (fd, (const struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (fd, MAX_PEERS));
  return fd;
}

static void
add_peer (World *self, int fd)
{
  if (fd >= 0 && self->n_peers < MAX_PEERS)
    self->peers[self->n_peers++] = fd;
  else
    close_descriptor (&fd);
}

static void
connect_peer (World *self)
{
  const struct sockaddr_un address = address_of ();
  int fd;

  if (self->mode == MODE_BROKER)
    {
      add_peer (self, accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
      return;
    }
  if (self->mode == MODE_UHID)
    return;
  fd = new_socket ();
  if (connect (fd, (const struct sockaddr *) &address, sizeof address) != 0)
    close_descriptor (&fd);
  add_peer (self, fd);
  settle ();
}

static void
close_peer (World *self, guint index)
{
  if (index >= self->n_peers)
    return;
  close (self->peers[index]);
  self->peers[index] = self->peers[--self->n_peers];
}

/* With descriptors, as the protocols never have them: none may stay open on our side. */
static void
send_with_descriptors (int fd, const guint8 *data, gsize size, guint n_descriptors)
{
  struct iovec part = { .iov_base = (gpointer) (gsize) data, .iov_len = size };
  _Alignas(struct cmsghdr) guint8 control[CMSG_SPACE (3 * sizeof (int))] = { 0 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  const int descriptors[3] = { fd, STDERR_FILENO, fd };

  if (n_descriptors > 0)
    {
      struct cmsghdr *header = (struct cmsghdr *) (gpointer) control;

      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (n_descriptors * sizeof (int));
      memcpy (CMSG_DATA (header), descriptors, n_descriptors * sizeof (int));
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE (n_descriptors * sizeof (int));
    }
  (void) sendmsg (fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int
choose_peer (World *self)
{
  guint choice = fuzz_input_byte (self->input);

  return self->n_peers > 0 ? self->peers[choice % self->n_peers] : -1;
}

static void
send_output (World *self, const guint8 *data, gsize size, guint8 type)
{
  struct uhid_event event = { .type = UHID_OUTPUT };

  event.u.output.size = (guint16) size;
  event.u.output.rtype = type;
  if (size > 0)
    memcpy (event.u.output.data, data, MIN (size, sizeof event.u.output.data));
  if (self->kernel >= 0)
    (void) send (self->kernel, &event, sizeof event, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One report of a client, on the way that there is. */
static void
send_report (const guint8 report[MORTISE_HID_REPORT_SIZE], gpointer user_data)
{
  World *self = user_data;
  guint8 with_id[MORTISE_HID_REPORT_SIZE + 1] = { 0 };

  memcpy (with_id + 1, report, MORTISE_HID_REPORT_SIZE);
  if (self->kernel >= 0)
    send_output (self, with_id, sizeof with_id, UHID_OUTPUT_REPORT);
  else if (self->n_peers > 0)
    send_with_descriptors (self->peers[self->n_peers - 1], report, MORTISE_HID_REPORT_SIZE, 0);
}

static void
send_event (World *self, guint32 type)
{
  const struct uhid_event event = { .type = type };

  if (self->kernel >= 0)
    (void) send (self->kernel, &event, sizeof event, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* --- Our side --------------------------------------------------------------------------------- */

static void
take_request (MortiseCtaphid *ctaphid, MortiseCtaphidRequest *request, gpointer user_data)
{
  World *self = user_data;

  g_assert_null (self->request);
  self->request = mortise_ctaphid_request_ref (request);
}

static void
respond (World *self, gsize size)
{
  g_autoptr (MortiseCtaphidRequest) request = g_steal_pointer (&self->request);
  g_autofree guint8 *data = g_malloc0 (size);
  g_autoptr (GBytes) response = g_bytes_new (data, size);

  if (request != NULL)
    mortise_ctaphid_request_respond (request, response);
  settle ();
}

static void
take_failure (MortiseHidTransport *transport, const GError *error, gpointer user_data)
{
  World *self = user_data;

  g_assert_true (error->domain == MORTISE_ERROR && *error->message != '\0');
  g_assert_true (self->up);
  g_assert_cmpuint (self->failures, ==, 0);
  self->failures++;
  self->up = FALSE;
}

static void
start (World *self)
{
  g_autoptr (GError) error = NULL;

  if (self->up)
    return;
  self->failures = 0;
  /* Failures of what the start already talks to are told from the main loop. */
  self->up = mortise_hid_transport_start (self->transport, &error);
  g_assert_true (self->up == (error == NULL));
}

static void
stop (World *self)
{
  if (self->transport != NULL)
    mortise_hid_transport_stop (self->transport);
  self->up = FALSE;
}

static int
new_device (World *self)
{
  int pair[2];

  close_descriptor (&self->kernel);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair));
  self->kernel = pair[1];
  self->deaf = FALSE;
  return pair[0];
}

static gboolean
may_use (uid_t user)
{
  return !world->refuse;
}

static MortiseHidTransport *
make_device (uid_t user)
{
  if (world->no_device)
    return mortise_uhid_transport_new ("/nonexistent/uhid", user);
  return mortise_uhid_transport_new_for_fd (new_device (world));
}

static void
make_transport (World *self)
{
  g_autofree char *description =
      g_strconcat (self->mode == MODE_SOCKET ? "socket:" : "broker:", path, NULL);

  if (self->mode == MODE_UHID)
    self->transport = mortise_uhid_transport_new_for_fd (new_device (self));
  else
    self->transport = mortise_hid_transport_new (description, NULL);
  g_signal_connect (self->transport, "failed", G_CALLBACK (take_failure), self);
  self->ctaphid = mortise_ctaphid_new (self->transport);
  mortise_ctaphid_set_first_channel (self->ctaphid, FIRST_CHANNEL);
  mortise_ctaphid_set_manual_clock (self->ctaphid);
  mortise_ctaphid_set_u2f (self->ctaphid, TRUE);
  g_signal_connect (self->ctaphid, "request", G_CALLBACK (take_request), self);
}

/* Everything ends; a request under way is answered as the agent's worker does it, late. */
static void
drop_transport (World *self)
{
  stop (self);
  g_assert_finalize_object (g_steal_pointer (&self->ctaphid));
  if (self->transport != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->transport, self);
      g_assert_finalize_object (g_steal_pointer (&self->transport));
    }
  respond (self, 1);
}

/* --- Steps ------------------------------------------------------------------------------------ */

/* As much of an event as the input has, so shorter ones, too, even empty ones. */
static void
step_event (World *self)
{
  static const guint32 types[] = { UHID_START, UHID_STOP,   UHID_OPEN,       UHID_CLOSE,
                                   UHID_OPEN,  UHID_OUTPUT, UHID_GET_REPORT, UHID_SET_REPORT };
  guint8 choice = fuzz_input_byte (self->input);
  g_autoptr (GBytes) block = fuzz_input_block (self->input, sizeof (struct uhid_event));
  gsize size;
  const guint8 *data = g_bytes_get_data (block, &size);
  struct uhid_event event = { 0 };

  if (size > 0)
    memcpy (&event, data, size);
  if (choice < 0xc0)
    event.type = types[choice % G_N_ELEMENTS (types)];
  /* Bits of the choice say how much of it arrives: all, what the input has, nothing. */
  if (choice < 0x40)
    size = sizeof event;
  else if (choice < 0xc0)
    size += sizeof event.type;
  if (self->kernel >= 0)
    (void) send (self->kernel, &event, MIN (size, sizeof event), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
step_message (World *self)
{
  static const guint8 commands[] = { CTAPHID_PING, CTAPHID_CBOR, CTAPHID_MSG,   CTAPHID_CBOR,
                                     CTAPHID_INIT, CTAPHID_WINK, CTAPHID_CANCEL };
  guint8 choice = fuzz_input_byte (self->input);
  guint8 command = commands[choice % G_N_ELEMENTS (commands)];
  guint32 channel = choice >= 0xc0 || command == CTAPHID_INIT ? CTAPHID_CHANNEL_BROADCAST
                                                              : FIRST_CHANNEL + (choice >> 5);
  gsize size = choice % 2 == 0 ? 8 : fuzz_input_u16 (self->input) % MORTISE_CTAPHID_MAX_PAYLOAD;
  g_autofree guint8 *payload = g_malloc0 (size + 1);

  ctaphid_message_write (channel, command, payload, size, send_report, self);
}

static void
step_request_report (World *self)
{
  struct uhid_event event = { .type = UHID_GET_REPORT };
  guint before;

  if (self->kernel < 0)
    return;
  read_all (self);
  before = self->answered;
  if (fuzz_input_bool (self->input))
    event.type = UHID_SET_REPORT;
  event.u.get_report.id = (guint32) fuzz_input_u64 (self->input);
  if (send (self->kernel, &event, sizeof event, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return;
  read_all (self);
  /* The kernel makes the one who asked wait for an answer. */
  if (self->mode == MODE_UHID && self->up && !self->deaf)
    g_assert_cmpuint (self->answered, ==, before + 1);
}

static void
step_datagram (World *self)
{
  int fd = choose_peer (self);
  guint8 how = fuzz_input_byte (self->input);
  gsize size = how < 0x80 ? MORTISE_HID_REPORT_SIZE : fuzz_input_u16 (self->input) % 5000;
  g_autofree guint8 *message = g_malloc0 (size + 1);
  gsize n;
  const guint8 *data = fuzz_input_take (self->input, MIN (size, 80), &n);

  if (n > 0)
    memcpy (message, data, n);
  if (fd >= 0)
    send_with_descriptors (fd, message, size, how % 4);
}

static void
step_control (World *self)
{
  static const guint8 bytes[] = { MORTISE_HID_BROKER_CLOSED,
                                  MORTISE_HID_BROKER_CLOSED,
                                  MORTISE_HID_BROKER_CLOSED,
                                  MORTISE_HID_BROKER_NOT_ACTIVE,
                                  MORTISE_HID_BROKER_IN_USE,
                                  MORTISE_HID_BROKER_NO_DEVICE,
                                  0 };
  int fd = choose_peer (self);
  guint8 byte = bytes[fuzz_input_below (self->input, G_N_ELEMENTS (bytes))];

  if (fd >= 0)
    send_with_descriptors (fd, &byte, 1, 0);
}

/* The agent has no descriptor left when a client comes. */
static void
step_no_descriptors (World *self)
{
  const struct sockaddr_un address = address_of ();
  struct rlimit before, low;
  int taken[MAX_DESCRIPTORS];
  guint n = 0;
  int fd;

  if (self->mode != MODE_SOCKET)
    return;
  fd = new_socket ();
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  low = before;
  low.rlim_cur = MAX_DESCRIPTORS;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &low));
  while ((taken[n] = dup (fd)) >= 0)
    n++;
  (void) connect (fd, (const struct sockaddr *) &address, sizeof address);
  settle ();
  while (n > 0)
    close (taken[--n]);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  close (fd);
  settle ();
}

static void
step_wait (World *self)
{
  if (self->waits++ < MAX_WAITS)
    g_usleep (1000);
  settle ();
}

static void
take_step (World *self, Step step)
{
  switch (step)
    {
    case STEP_EVENT:
      step_event (self);
      break;
    case STEP_OUTPUT:
      {
        guint8 type = fuzz_input_byte (self->input);
        g_autoptr (GBytes) block = fuzz_input_block (self->input, 2 * MORTISE_HID_REPORT_SIZE);

        send_output (self, g_bytes_get_data (block, NULL), g_bytes_get_size (block), type % 4);
        break;
      }
    case STEP_MESSAGE:
      step_message (self);
      break;
    case STEP_REQUEST_REPORT:
      step_request_report (self);
      break;
    case STEP_DATAGRAM:
      step_datagram (self);
      break;
    case STEP_CONTROL:
      step_control (self);
      break;
    case STEP_CONNECT:
      for (guint n = 1 + fuzz_input_below (self->input, 40); n > 0; n--)
        connect_peer (self);
      break;
    case STEP_CLOSE:
      if (self->mode == MODE_UHID)
        close_descriptor (&self->kernel);
      else
        close_peer (self, fuzz_input_byte (self->input) % MAX (self->n_peers, 1));
      break;
    case STEP_SHUT_DOWN:
      {
        int fd = fuzz_input_bool (self->input) ? self->kernel : choose_peer (self);

        self->deaf = self->deaf || fd == self->kernel;
        if (fd >= 0)
          (void) shutdown (fd, (int) fuzz_input_below (self->input, 3));
        break;
      }
    case STEP_READ:
      read_all (self);
      break;
    case STEP_STOP:
      stop (self);
      break;
    case STEP_START:
      start (self);
      break;
    case STEP_RESPOND:
      respond (self, 1 + fuzz_input_u16 (self->input) % MORTISE_CTAPHID_MAX_PAYLOAD);
      break;
    case STEP_FLOOD:
      {
        static const guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };

        for (guint n = 16u * fuzz_input_byte (self->input); n > 0; n--)
          mortise_hid_transport_send (self->transport, report);
        break;
      }
    case STEP_NO_DESCRIPTORS:
      step_no_descriptors (self);
      break;
    case STEP_WAIT:
      step_wait (self);
      break;
    case STEP_ADVANCE:
      mortise_ctaphid_advance (self->ctaphid, fuzz_input_byte (self->input) * 10 * 1000);
      break;
    case STEP_REFUSE:
      self->refuse = fuzz_input_bool (self->input);
      self->no_device = fuzz_input_bool (self->input);
      break;
    case N_STEPS:
    default:
      g_assert_not_reached ();
    }
}

/* --- After anything --------------------------------------------------------------------------- */

/* All that the input did to the other ends is undone: what is there now is as new and honest. */
static void
renew_other_ends (World *self)
{
  stop (self);
  while (self->n_peers > 0)
    close_peer (self, 0);
  self->refuse = self->no_device = FALSE;
  if (self->mode == MODE_BROKER)
    {
      close_descriptor (&self->listener);
      self->listener = listen_here ();
    }
  if (self->mode == MODE_UHID)
    {
      /* A device that died is made anew, as from the health page. */
      drop_transport (self);
      make_transport (self);
    }
  settle ();
}

/* A client that comes now gets a channel, and its message comes back. */
static void
check_service (World *self)
{
  static const guint8 nonce[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
  guint before;
  guint32 channel;

  renew_other_ends (self);
  respond (self, 1);
  mortise_ctaphid_advance (self->ctaphid, 11 * G_USEC_PER_SEC);
  respond (self, 1);
  start (self);
  g_assert_true (self->up);
  settle ();
  if (self->mode == MODE_SOCKET || self->mode == MODE_BROKER)
    connect_peer (self);
  send_event (self, UHID_START);
  send_event (self, UHID_OPEN);
  read_all (self);
  before = self->n_reports;
  ctaphid_message_write (CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, nonce, sizeof nonce, send_report,
                         self);
  read_all (self);
  g_assert_cmpuint (self->n_reports, ==, before + 1);
  g_assert_cmpmem (self->last_report + 7, sizeof nonce, nonce, sizeof nonce);
  memcpy (&channel, self->last_report + 15, sizeof channel);
  channel = GUINT32_FROM_BE (channel);
  ctaphid_message_write (channel, CTAPHID_PING, nonce, sizeof nonce, send_report, self);
  read_all (self);
  g_assert_cmpuint (self->n_reports, ==, before + 2);
  g_assert_cmpmem (self->last_report + 7, sizeof nonce, nonce, sizeof nonce);
}

static void
remove_folder (void)
{
  g_unlink (path);
  g_rmdir (folder);
}

void
fuzz_target_prepare (void)
{
  /* What stands for /dev/uhid is a socket; a device raises no signal. */
  (void) signal (SIGPIPE, SIG_IGN);
  /* Whatever the main loop keeps open is open before descriptors are counted. */
  settle ();
  folder = g_dir_make_tmp ("mortise-fuzz-XXXXXX", NULL);
  g_assert_nonnull (folder);
  path = g_build_filename (folder, "socket", NULL);
  atexit (remove_folder);
}

/* The service says so when it cannot make the device, which is what the input wanted. */
static void
drop_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  const World *self = user_data;

  g_assert_true (self->no_device);
}

void
fuzz_target_run (FuzzInput *input)
{
  World self = { .input = input, .listener = -1, .kernel = -1 };
  const guint descriptors = count_descriptors ();
  guint handler = g_log_set_handler (NULL, G_LOG_LEVEL_WARNING, drop_warning, &self);

  world = &self;
  self.mode = (Mode) fuzz_input_below (input, N_MODES);
  if (self.mode == MODE_BROKER)
    self.listener = listen_here ();
  if (self.mode == MODE_SERVICE)
    self.service = mortise_hid_service_new (listen_here (), make_device, may_use);
  make_transport (&self);
  for (guint i = 0; i < MAX_STEPS && !fuzz_input_is_empty (input); i++)
    {
      guint8 byte = fuzz_input_byte (input);

      take_step (&self, (Step) (byte % N_STEPS));
      if (byte < 0x80)
        settle ();
    }
  check_service (&self);

  drop_transport (&self);
  while (self.n_peers > 0)
    close_peer (&self, 0);
  settle ();
  g_clear_object (&self.service);
  close_descriptor (&self.kernel);
  close_descriptor (&self.listener);
  g_unlink (path);
  settle ();
  g_log_remove_handler (NULL, handler);
  g_assert_cmpuint (count_descriptors (), ==, descriptors);
}
