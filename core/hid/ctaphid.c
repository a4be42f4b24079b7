/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/ctaphid.h"

#include <stdio.h>
#include <string.h>

#include "core/hid/ctaphid-channels.h"
#include "core/hid/ctaphid-framing.h"
#include "core/hid/ctaphid-private.h"
#include "core/mortise-source.h"

#define PROTOCOL_VERSION 2

#define CAPABILITY_WINK 0x01
#define CAPABILITY_CBOR 0x04
#define CAPABILITY_NMSG 0x08

#define INIT_NONCE_SIZE 8
#define INIT_REPLY_SIZE 17

#define STATUS_PROCESSING 1
#define STATUS_UP_NEEDED  2

/* The one CTAP2 status this layer has to say itself (CTAP 2.1 §8.2). */
#define CTAP2_KEEPALIVE_CANCEL 0x2D

#define NEVER G_MAXINT64

typedef enum
{
  PHASE_IDLE,
  PHASE_RECEIVING, /* packets of one message come in */
  PHASE_WORKING,   /* the upper layer has it */
} Phase;

struct _MortiseCtaphid
{
  GObject parent_instance;

  MortiseHidTransport *transport;
  GMainContext *context;
  GSource *timer;
  void (*send) (const guint8 report[MORTISE_HID_REPORT_SIZE], gpointer user_data);
  gpointer send_data;
  gboolean u2f;
  guint8 version[3];

  gboolean manual_clock;
  gint64 manual_now;

  CtaphidChannels channels;
  guint32 lock_channel; /* 0 when nobody holds the lock */
  gint64 lock_end;

  Phase phase;
  guint32 owner; /* channel of the transaction, while not idle */
  CtaphidAssembly assembly;
  gint64 receive_end;
  /* The transaction, while working. The request itself belongs to the upper layer from the moment
   * it is told, so that losing it is noticed. */
  guint64 active_id;
  MortiseCtaphidCommand active_command;
  GCancellable *active_cancellable;
  gboolean active_waiting;
  MortiseCtaphidRequest *held; /* not told yet, or NULL */
  gint64 keepalive_due;
  guint64 last_id;
  /* A request given up by its client that the upper layer has not ended yet; the next one is held
   * back until it has. 0 for none. */
  guint64 orphan;
};

G_DEFINE_FINAL_TYPE (MortiseCtaphid, mortise_ctaphid, G_TYPE_OBJECT)

enum
{
  SIGNAL_REQUEST,
  SIGNAL_WINK,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* --- Output ----------------------------------------------------------------------------------- */

static void
send_to_transport (const guint8 report[MORTISE_HID_REPORT_SIZE], gpointer user_data)
{
  MortiseCtaphid *self = user_data;

  if (self->transport != NULL)
    mortise_hid_transport_send (self->transport, report);
}

static void
send_message (
    MortiseCtaphid *self, guint32 channel, guint8 command, const guint8 *payload, gsize size)
{
  ctaphid_message_write (channel, command, payload, size, self->send, self->send_data);
}

static void
send_error (MortiseCtaphid *self, guint32 channel, CtaphidError code)
{
  const guint8 payload = (guint8) code;

  send_message (self, channel, CTAPHID_ERROR, &payload, 1);
}

/* --- Time ------------------------------------------------------------------------------------- */

static gint64
get_now (MortiseCtaphid *self)
{
  return self->manual_clock ? self->manual_now : g_get_monotonic_time ();
}

/* U2F clients poll and know no keepalive: to them it would be a wrong answer. */
static gboolean
has_keepalive (MortiseCtaphid *self)
{
  return self->phase == PHASE_WORKING && self->active_command == MORTISE_CTAPHID_CBOR;
}

static void
send_keepalive (MortiseCtaphid *self)
{
  const guint8 status = self->active_waiting ? STATUS_UP_NEEDED : STATUS_PROCESSING;

  self->keepalive_due = get_now (self) + MORTISE_CTAPHID_KEEPALIVE_INTERVAL;
  send_message (self, self->owner, CTAPHID_KEEPALIVE, &status, 1);
}

static gint64
next_deadline (MortiseCtaphid *self)
{
  gint64 deadline = NEVER;

  if (self->phase == PHASE_RECEIVING)
    deadline = MIN (deadline, self->receive_end);
  if (has_keepalive (self))
    deadline = MIN (deadline, self->keepalive_due);
  if (self->lock_channel != CTAPHID_CHANNEL_NONE)
    deadline = MIN (deadline, self->lock_end);
  return deadline;
}

static void
do_what_is_due (MortiseCtaphid *self)
{
  const gint64 now = get_now (self);

  if (self->lock_channel != CTAPHID_CHANNEL_NONE && now >= self->lock_end)
    self->lock_channel = CTAPHID_CHANNEL_NONE;
  if (self->phase == PHASE_RECEIVING && now >= self->receive_end)
    {
      self->phase = PHASE_IDLE;
      send_error (self, self->owner, CTAPHID_ERR_MSG_TIMEOUT);
    }
  if (has_keepalive (self) && now >= self->keepalive_due)
    send_keepalive (self);
}

static void
settle (MortiseCtaphid *self)
{
  gint64 deadline;

  do_what_is_due (self);
  deadline = next_deadline (self);
  g_source_set_ready_time (self->timer, deadline == NEVER || self->manual_clock ? -1 : deadline);
}

static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static gboolean
on_timer (gpointer data)
{
  g_autoptr (MortiseCtaphid) self = g_object_ref (data);

  settle (self);
  return G_SOURCE_CONTINUE;
}

/* --- Transactions with the upper layer -------------------------------------------------------- */

static void
start_held (MortiseCtaphid *self)
{
  g_autoptr (MortiseCtaphidRequest) request = g_steal_pointer (&self->held);

  g_signal_emit (self, signals[SIGNAL_REQUEST], 0, request);
}

static void
begin_request (MortiseCtaphid *self)
{
  g_autoptr (GBytes) payload = g_bytes_new (self->assembly.payload, self->assembly.size);

  self->phase = PHASE_WORKING;
  self->active_id = ++self->last_id;
  self->active_command = (MortiseCtaphidCommand) self->assembly.command;
  self->active_waiting = FALSE;
  self->held = mortise_ctaphid_request_new (self, self->context, self->active_id, self->owner,
                                            self->active_command, payload);
  self->active_cancellable = g_object_ref (mortise_ctaphid_request_get_cancellable (self->held));
  self->keepalive_due = get_now (self) + MORTISE_CTAPHID_KEEPALIVE_INTERVAL;
  if (self->orphan == 0)
    start_held (self);
}

static void
end_active (MortiseCtaphid *self)
{
  self->phase = PHASE_IDLE;
  self->active_id = 0;
  g_clear_object (&self->active_cancellable);
}

static void
drop_held (MortiseCtaphid *self)
{
  g_autoptr (MortiseCtaphidRequest) request = g_steal_pointer (&self->held);

  mortise_ctaphid_request_abandon (request);
  end_active (self);
}

/* Ends what is under way without an answer to the client. */
static void
abort_transaction (MortiseCtaphid *self)
{
  g_autoptr (GCancellable) cancellable = NULL;

  if (self->phase == PHASE_RECEIVING)
    self->phase = PHASE_IDLE;
  if (self->phase != PHASE_WORKING)
    return;
  if (self->held != NULL)
    {
      drop_held (self);
      return;
    }
  self->orphan = self->active_id;
  cancellable = g_object_ref (self->active_cancellable);
  end_active (self);
  g_cancellable_cancel (cancellable);
}

static void
reply_to_active (MortiseCtaphid *self, GBytes *response)
{
  const gsize size = response != NULL ? g_bytes_get_size (response) : 0;

  end_active (self);
  if (size == 0 || size > MORTISE_CTAPHID_MAX_PAYLOAD)
    {
      g_critical ("A request ended without a response that can be sent (%zu bytes)", size);
      send_error (self, self->owner, CTAPHID_ERR_OTHER);
      return;
    }
  send_message (self, self->owner, (guint8) self->active_command, g_bytes_get_data (response, NULL),
                size);
}

void
mortise_ctaphid_take_response (MortiseCtaphid *self, guint64 id, GBytes *response)
{
  g_autoptr (MortiseCtaphid) keep = g_object_ref (self);

  if (id == self->orphan)
    {
      self->orphan = 0;
      if (self->held != NULL)
        start_held (self);
    }
  else if (id == self->active_id)
    reply_to_active (self, response);
  settle (self);
}

void
mortise_ctaphid_take_status (MortiseCtaphid *self, guint64 id, gboolean waiting)
{
  if (id == self->active_id && waiting != self->active_waiting)
    {
      self->active_waiting = waiting;
      if (has_keepalive (self))
        send_keepalive (self);
    }
  settle (self);
}

static void
handle_cancel (MortiseCtaphid *self, guint32 channel)
{
  const guint8 status = CTAP2_KEEPALIVE_CANCEL;

  /* CTAP1 has no cancel: its requests end by themselves. */
  if (!has_keepalive (self) || channel != self->owner)
    return;
  if (self->held != NULL)
    {
      drop_held (self);
      send_message (self, channel, CTAPHID_CBOR, &status, 1);
    }
  else
    {
      g_autoptr (GCancellable) cancellable = g_object_ref (self->active_cancellable);

      g_cancellable_cancel (cancellable);
    }
}

/* --- Messages of this layer ------------------------------------------------------------------- */

static void
handle_init (MortiseCtaphid *self, const CtaphidPacket *packet)
{
  guint8 reply[INIT_REPLY_SIZE];
  guint32 channel = packet->channel;
  guint32 channel_be;

  if (packet->size != INIT_NONCE_SIZE)
    {
      send_error (self, packet->channel, CTAPHID_ERR_INVALID_LEN);
      return;
    }
  if (channel == CTAPHID_CHANNEL_BROADCAST)
    channel = ctaphid_channels_allocate (
        &self->channels, self->phase != PHASE_IDLE ? self->owner : 0, self->lock_channel);
  else if (!ctaphid_channels_touch (&self->channels, channel))
    {
      send_error (self, channel, CTAPHID_ERR_INVALID_CHANNEL);
      return;
    }
  else if (self->phase != PHASE_IDLE && self->owner == channel)
    abort_transaction (self);

  channel_be = GUINT32_TO_BE (channel);
  memcpy (reply, packet->data, INIT_NONCE_SIZE);
  memcpy (reply + INIT_NONCE_SIZE, &channel_be, sizeof channel_be);
  reply[12] = PROTOCOL_VERSION;
  memcpy (reply + 13, self->version, sizeof self->version);
  reply[16] = (guint8) (CAPABILITY_WINK | CAPABILITY_CBOR | (self->u2f ? 0 : CAPABILITY_NMSG));
  send_message (self, packet->channel, CTAPHID_INIT, reply, sizeof reply);
}

static void
handle_lock (MortiseCtaphid *self)
{
  const guint8 seconds = self->assembly.payload[0];

  if (seconds > MORTISE_CTAPHID_MAX_LOCK)
    {
      send_error (self, self->owner, CTAPHID_ERR_INVALID_PAR);
      return;
    }
  self->lock_channel = seconds > 0 ? self->owner : CTAPHID_CHANNEL_NONE;
  self->lock_end = get_now (self) + seconds * G_USEC_PER_SEC;
  send_message (self, self->owner, CTAPHID_LOCK, NULL, 0);
}

static void
handle_message (MortiseCtaphid *self)
{
  self->phase = PHASE_IDLE;
  switch (self->assembly.command)
    {
    case CTAPHID_PING:
      send_message (self, self->owner, CTAPHID_PING, self->assembly.payload, self->assembly.size);
      break;
    case CTAPHID_LOCK:
      handle_lock (self);
      break;
    case CTAPHID_WINK:
      send_message (self, self->owner, CTAPHID_WINK, NULL, 0);
      g_signal_emit (self, signals[SIGNAL_WINK], 0);
      break;
    case CTAPHID_CBOR:
    case CTAPHID_MSG:
      begin_request (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* --- Packets ---------------------------------------------------------------------------------- */

/* Returns: 0, or why a message with this header is not taken. */
static guint8
check_header (MortiseCtaphid *self, const CtaphidPacket *packet)
{
  if (packet->size > MORTISE_CTAPHID_MAX_PAYLOAD)
    return CTAPHID_ERR_INVALID_LEN;
  switch (packet->command)
    {
    case CTAPHID_PING:
      return 0;
    case CTAPHID_CBOR:
      return packet->size == 0 ? CTAPHID_ERR_INVALID_LEN : 0;
    case CTAPHID_MSG:
      if (!self->u2f)
        return CTAPHID_ERR_INVALID_CMD;
      return packet->size == 0 ? CTAPHID_ERR_INVALID_LEN : 0;
    case CTAPHID_LOCK:
      return packet->size != 1 ? CTAPHID_ERR_INVALID_LEN : 0;
    case CTAPHID_WINK:
      return packet->size != 0 ? CTAPHID_ERR_INVALID_LEN : 0;
    default:
      return CTAPHID_ERR_INVALID_CMD;
    }
}

/* Returns: whether the device is free for @channel; answers the client if not. */
static gboolean
arbitrate (MortiseCtaphid *self, guint32 channel)
{
  if (self->phase == PHASE_RECEIVING && channel == self->owner)
    {
      self->phase = PHASE_IDLE;
      send_error (self, channel, CTAPHID_ERR_INVALID_SEQ);
      return FALSE;
    }
  if (self->phase != PHASE_IDLE ||
      (self->lock_channel != CTAPHID_CHANNEL_NONE && self->lock_channel != channel))
    {
      send_error (self, channel, CTAPHID_ERR_CHANNEL_BUSY);
      return FALSE;
    }
  return TRUE;
}

static void
handle_initial (MortiseCtaphid *self, const CtaphidPacket *packet)
{
  const guint32 channel = packet->channel;
  guint8 problem;

  if (channel == CTAPHID_CHANNEL_NONE)
    {
      send_error (self, channel, CTAPHID_ERR_INVALID_CHANNEL);
      return;
    }
  if (packet->command == CTAPHID_INIT)
    {
      handle_init (self, packet);
      return;
    }
  if (packet->command == CTAPHID_CANCEL)
    {
      handle_cancel (self, channel);
      return;
    }
  if (!ctaphid_channels_touch (&self->channels, channel))
    {
      send_error (self, channel, CTAPHID_ERR_INVALID_CHANNEL);
      return;
    }
  if (!arbitrate (self, channel))
    return;

  problem = check_header (self, packet);
  if (problem != 0)
    {
      send_error (self, channel, (CtaphidError) problem);
      return;
    }
  self->owner = channel;
  self->phase = PHASE_RECEIVING;
  self->receive_end = get_now (self) + MORTISE_CTAPHID_MESSAGE_TIMEOUT;
  ctaphid_assembly_start (&self->assembly, packet);
  if (ctaphid_assembly_is_complete (&self->assembly))
    handle_message (self);
}

static void
handle_continuation (MortiseCtaphid *self, const CtaphidPacket *packet)
{
  if (self->phase != PHASE_RECEIVING || packet->channel != self->owner)
    return;
  if (!ctaphid_assembly_add (&self->assembly, packet))
    {
      self->phase = PHASE_IDLE;
      send_error (self, packet->channel, CTAPHID_ERR_INVALID_SEQ);
      return;
    }
  self->receive_end = get_now (self) + MORTISE_CTAPHID_MESSAGE_TIMEOUT;
  if (ctaphid_assembly_is_complete (&self->assembly))
    handle_message (self);
}

void
mortise_ctaphid_feed (MortiseCtaphid *self, const guint8 report[MORTISE_HID_REPORT_SIZE])
{
  g_autoptr (MortiseCtaphid) keep = NULL;
  CtaphidPacket packet;

  g_return_if_fail (MORTISE_IS_CTAPHID (self) && report != NULL);

  keep = g_object_ref (self);
  ctaphid_packet_parse (report, &packet);
  if (packet.initial)
    handle_initial (self, &packet);
  else
    handle_continuation (self, &packet);
  settle (self);
}

/* --- Life cycle ------------------------------------------------------------------------------- */

static void
on_report (MortiseHidTransport *transport, gpointer report, MortiseCtaphid *self)
{
  mortise_ctaphid_feed (self, report);
}

static void
on_disconnected (MortiseHidTransport *transport, MortiseCtaphid *self)
{
  mortise_ctaphid_drop_channels (self);
}

static void
on_failed (MortiseHidTransport *transport, const GError *error, MortiseCtaphid *self)
{
  mortise_ctaphid_drop_channels (self);
}

static void
mortise_ctaphid_dispose (GObject *object)
{
  MortiseCtaphid *self = MORTISE_CTAPHID (object);

  if (self->transport != NULL)
    g_signal_handlers_disconnect_by_data (self->transport, self);
  abort_transaction (self);
  g_clear_object (&self->active_cancellable);
  mortise_source_clear (&self->timer);
  g_clear_object (&self->transport);
  G_OBJECT_CLASS (mortise_ctaphid_parent_class)->dispose (object);
}

static void
mortise_ctaphid_finalize (GObject *object)
{
  MortiseCtaphid *self = MORTISE_CTAPHID (object);

  g_clear_pointer (&self->context, g_main_context_unref);
  G_OBJECT_CLASS (mortise_ctaphid_parent_class)->finalize (object);
}

static void
mortise_ctaphid_class_init (MortiseCtaphidClass *klass)
{
  const GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_ctaphid_dispose;
  G_OBJECT_CLASS (klass)->finalize = mortise_ctaphid_finalize;
  signals[SIGNAL_REQUEST] = g_signal_new ("request", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_WINK] =
      g_signal_new ("wink", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
read_version (guint8 ret_version[3])
{
  guint part[3] = { 0 };

  (void) sscanf (MORTISE_VERSION, "%u.%u.%u", &part[0], &part[1], &part[2]);
  for (gsize i = 0; i < G_N_ELEMENTS (part); i++)
    ret_version[i] = (guint8) part[i];
}

static void
mortise_ctaphid_init (MortiseCtaphid *self)
{
  static GSourceFuncs timer_funcs = { .dispatch = dispatch_timer };

  /* Numbers of an agent that was restarted must not be taken for those of the one before. */
  ctaphid_channels_init (&self->channels, g_random_int ());
  read_version (self->version);
  self->u2f = TRUE;
  self->send = send_to_transport;
  self->send_data = self;
  self->context = g_main_context_ref_thread_default ();
  self->timer = g_source_new (&timer_funcs, sizeof (GSource));
  /* After the reports that came in meanwhile: what was sent in time must not time out because this
   * process had no time to look. */
  g_source_set_priority (self->timer, G_PRIORITY_DEFAULT + 1);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
}

MortiseCtaphid *
mortise_ctaphid_new (MortiseHidTransport *transport)
{
  MortiseCtaphid *self = g_object_new (MORTISE_TYPE_CTAPHID, NULL);

  if (transport == NULL)
    return self;
  self->transport = g_object_ref (transport);
  g_signal_connect (transport, "report", G_CALLBACK (on_report), self);
  g_signal_connect (transport, "disconnected", G_CALLBACK (on_disconnected), self);
  g_signal_connect (transport, "failed", G_CALLBACK (on_failed), self);
  return self;
}

void
mortise_ctaphid_set_u2f (MortiseCtaphid *self, gboolean enabled)
{
  g_return_if_fail (MORTISE_IS_CTAPHID (self));

  self->u2f = enabled;
}

void
mortise_ctaphid_set_output (MortiseCtaphid *self,
                            void (*send) (const guint8 report[MORTISE_HID_REPORT_SIZE],
                                          gpointer user_data),
                            gpointer user_data)
{
  g_return_if_fail (MORTISE_IS_CTAPHID (self) && send != NULL);

  self->send = send;
  self->send_data = user_data;
}

void
mortise_ctaphid_drop_channels (MortiseCtaphid *self)
{
  g_autoptr (MortiseCtaphid) keep = NULL;

  g_return_if_fail (MORTISE_IS_CTAPHID (self));

  keep = g_object_ref (self);
  ctaphid_channels_clear (&self->channels);
  self->lock_channel = CTAPHID_CHANNEL_NONE;
  abort_transaction (self);
  settle (self);
}

void
mortise_ctaphid_set_manual_clock (MortiseCtaphid *self)
{
  self->manual_now = get_now (self);
  self->manual_clock = TRUE;
  settle (self);
}

void
mortise_ctaphid_advance (MortiseCtaphid *self, gint64 microseconds)
{
  const gint64 end = self->manual_now + microseconds;

  g_return_if_fail (self->manual_clock && microseconds >= 0);

  while (next_deadline (self) <= end)
    {
      self->manual_now = MAX (self->manual_now, next_deadline (self));
      settle (self);
    }
  self->manual_now = end;
}

void
mortise_ctaphid_set_first_channel (MortiseCtaphid *self, guint32 channel)
{
  ctaphid_channels_init (&self->channels, channel);
}
