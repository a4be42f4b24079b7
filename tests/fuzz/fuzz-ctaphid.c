/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/hid/ctaphid-framing.h"
#include "core/hid/ctaphid-private.h"
#include "tests/fuzz/fuzz-input.h"
#include "tests/fuzz/fuzz-target.h"

/*
 * Reports of several clients, time that passes, and an upper layer that answers late, early or not
 * at all. Whatever came in, every report that goes out is well-formed, keepalives keep their time,
 * and afterwards a new client is served.
 */

#define FIRST_CHANNEL 0x1000
#define MAX_CHANNELS  8
#define MAX_REQUESTS  4
#define MAX_STEPS     400

typedef enum
{
  STEP_RAW,
  STEP_OPEN,
  STEP_MESSAGE,
  STEP_INITIAL,
  STEP_CONTINUE,
  STEP_ADVANCE,
  STEP_RESPOND,
  STEP_WAITING,
  STEP_CANCEL,
  STEP_DROP,
  STEP_U2F,
  N_STEPS,
} Step;

typedef struct
{
  MortiseCtaphid *ctaphid;
  gint64 now;
  guint32 channels[MAX_CHANNELS];
  guint n_channels;
  MortiseCtaphidRequest *requests[MAX_REQUESTS];
  guint n_requests;
  /* The message that is going out. */
  CtaphidAssembly sent;
  guint32 sent_channel;
  gboolean sending;
  guint n_messages;
  /* The last whole message. */
  guint32 channel;
  guint8 command;
  gsize size;
  guint8 payload[MORTISE_CTAPHID_MAX_PAYLOAD];
  /* A CBOR request that was told to the upper layer and not ended, and when its client last heard
   * of it. */
  gint64 heard_at;
} Harness;

/* --- What goes out ---------------------------------------------------------------------------- */

static void
note_message (Harness *self)
{
  self->n_messages++;
  self->channel = self->sent_channel;
  self->command = self->sent.command;
  self->size = self->sent.size;
  memcpy (self->payload, self->sent.payload, self->sent.size);
  self->sending = FALSE;
  self->heard_at = self->now;

  switch (self->command)
    {
    case CTAPHID_KEEPALIVE:
      g_assert (self->size == 1 && (self->payload[0] == 1 || self->payload[0] == 2));
      break;
    case CTAPHID_ERROR:
      g_assert (self->size == 1 && self->payload[0] != 0);
      break;
    case CTAPHID_INIT:
      g_assert (self->size == 17 && self->payload[12] == 2);
      break;
    case CTAPHID_WINK:
    case CTAPHID_LOCK:
      g_assert (self->size == 0);
      break;
    case CTAPHID_CBOR:
    case CTAPHID_MSG:
      g_assert (self->size > 0);
      break;
    case CTAPHID_PING:
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
take_report (const guint8 report[MORTISE_HID_REPORT_SIZE], gpointer user_data)
{
  Harness *self = user_data;
  CtaphidPacket packet;

  ctaphid_packet_parse (report, &packet);
  if (packet.initial)
    {
      g_assert (!self->sending && packet.size <= MORTISE_CTAPHID_MAX_PAYLOAD);
      self->sent_channel = packet.channel;
      ctaphid_assembly_start (&self->sent, &packet);
      self->sending = TRUE;
    }
  else
    {
      g_assert (self->sending && packet.channel == self->sent_channel);
      g_assert (ctaphid_assembly_add (&self->sent, &packet));
    }
  if (ctaphid_assembly_is_complete (&self->sent))
    note_message (self);
}

static void
take_request (MortiseCtaphid *ctaphid, MortiseCtaphidRequest *request, gpointer user_data)
{
  Harness *self = user_data;

  g_assert (g_bytes_get_size (mortise_ctaphid_request_get_payload (request)) > 0);
  /* One at a time: the next is held back until the one before has ended. */
  g_assert (self->n_requests == 0);
  self->requests[self->n_requests++] = mortise_ctaphid_request_ref (request);
  self->heard_at = self->now;
}

/* What the upper layer's thread left for the main loop. */
static void
deliver (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
respond (Harness *self, const guint8 *data, gsize size)
{
  g_autoptr (MortiseCtaphidRequest) request = NULL;
  g_autoptr (GBytes) response = NULL;

  if (self->n_requests == 0)
    return;
  request = self->requests[--self->n_requests];
  response = g_bytes_new (data, size);
  mortise_ctaphid_request_respond (request, response);
  deliver ();
}

/* --- What comes in ---------------------------------------------------------------------------- */

static void
feed (Harness *self, guint32 channel, guint8 command, guint16 size, const guint8 *data, gsize n)
{
  guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };
  guint32 channel_be = GUINT32_TO_BE (channel);

  memcpy (report, &channel_be, sizeof channel_be);
  report[4] = command;
  if ((command & 0x80) != 0)
    {
      report[5] = (guint8) (size >> 8);
      report[6] = (guint8) size;
      if (n > 0)
        memcpy (report + 7, data, MIN (n, CTAPHID_INIT_DATA_SIZE));
    }
  else if (n > 0)
    memcpy (report + 5, data, MIN (n, CTAPHID_CONT_DATA_SIZE));
  mortise_ctaphid_feed (self->ctaphid, report);
}

static guint32
choose_channel (Harness *self, FuzzInput *input)
{
  guint choice = fuzz_input_below (input, MAX_CHANNELS + 3);

  if (choice == MAX_CHANNELS)
    return CTAPHID_CHANNEL_NONE;
  if (choice == MAX_CHANNELS + 1)
    return CTAPHID_CHANNEL_BROADCAST;
  if (choice == MAX_CHANNELS + 2)
    return (guint32) fuzz_input_u64 (input);
  return self->n_channels > 0 ? self->channels[choice % self->n_channels] : FIRST_CHANNEL;
}

static guint8
choose_command (FuzzInput *input)
{
  static const guint8 commands[] = { CTAPHID_PING, CTAPHID_MSG,  CTAPHID_LOCK,  CTAPHID_INIT,
                                     CTAPHID_WINK, CTAPHID_CBOR, CTAPHID_CANCEL };
  guint8 byte = fuzz_input_byte (input);

  return byte < 0x80 ? commands[byte % G_N_ELEMENTS (commands)] : byte & 0x7f;
}

static void
open_channel (Harness *self)
{
  static const guint8 nonce[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
  guint before = self->n_messages;
  guint32 channel;

  feed (self, CTAPHID_CHANNEL_BROADCAST, 0x80 | CTAPHID_INIT, sizeof nonce, nonce, sizeof nonce);
  g_assert (self->n_messages > before && self->command == CTAPHID_INIT);
  g_assert (self->channel == CTAPHID_CHANNEL_BROADCAST);
  g_assert (memcmp (self->payload, nonce, sizeof nonce) == 0);
  memcpy (&channel, self->payload + 8, sizeof channel);
  channel = GUINT32_FROM_BE (channel);
  g_assert (channel != CTAPHID_CHANNEL_NONE && channel != CTAPHID_CHANNEL_BROADCAST);
  self->channels[self->n_channels % MAX_CHANNELS] = channel;
  self->n_channels = MIN (self->n_channels + 1, MAX_CHANNELS);
}

/* A whole message, cut as a client cuts it. */
static void
send_message (Harness *self, guint32 channel, guint8 command, const guint8 *data, gsize size)
{
  guint8 sequence = 0;
  gsize at = MIN (size, CTAPHID_INIT_DATA_SIZE);

  feed (self, channel, 0x80 | command, (guint16) size, data, at);
  while (at < size)
    {
      gsize n = MIN (size - at, CTAPHID_CONT_DATA_SIZE);

      feed (self, channel, sequence++, 0, data + at, n);
      at += n;
    }
}

static void
send_block (Harness *self, FuzzInput *input)
{
  guint32 channel = choose_channel (self, input);
  guint8 command = choose_command (input);
  g_autoptr (GBytes) block = fuzz_input_block (input, MORTISE_CTAPHID_MAX_PAYLOAD);

  send_message (self, channel, command, g_bytes_get_data (block, NULL), g_bytes_get_size (block));
}

static void
send_packet (Harness *self, FuzzInput *input, gboolean initial)
{
  guint32 channel = choose_channel (self, input);
  guint8 command = initial ? 0x80 | choose_command (input) : fuzz_input_byte (input) & 0x7f;
  guint16 size = initial ? fuzz_input_u16 (input) : 0;
  gsize n;
  const guint8 *data = fuzz_input_take (input, fuzz_input_below (input, 60), &n);

  feed (self, channel, command, size, data, n);
}

static void
send_raw (Harness *self, FuzzInput *input)
{
  guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };
  gsize size;
  const guint8 *data = fuzz_input_take (input, sizeof report, &size);

  if (size > 0)
    memcpy (report, data, size);
  mortise_ctaphid_feed (self->ctaphid, report);
}

static void
advance (Harness *self, gint64 microseconds)
{
  /* In steps, so that it shows when a keepalive comes late. */
  while (microseconds > 0)
    {
      gint64 step = MIN (microseconds, 10 * 1000);

      self->now += step;
      mortise_ctaphid_advance (self->ctaphid, step);
      microseconds -= step;
      if (self->n_requests > 0 &&
          mortise_ctaphid_request_get_command (self->requests[0]) == MORTISE_CTAPHID_CBOR &&
          !g_cancellable_is_cancelled (mortise_ctaphid_request_get_cancellable (self->requests[0])))
        g_assert (self->now - self->heard_at <= 100 * 1000);
    }
}

static void
take_step (Harness *self, FuzzInput *input)
{
  switch ((Step) fuzz_input_below (input, N_STEPS))
    {
    case STEP_RAW:
      send_raw (self, input);
      break;
    case STEP_OPEN:
      open_channel (self);
      break;
    case STEP_MESSAGE:
      send_block (self, input);
      break;
    case STEP_INITIAL:
      send_packet (self, input, TRUE);
      break;
    case STEP_CONTINUE:
      send_packet (self, input, FALSE);
      break;
    case STEP_ADVANCE:
      advance (self, fuzz_input_u16 (input) % 2000 * 1000);
      break;
    case STEP_RESPOND:
      {
        gsize size = 1 + fuzz_input_u16 (input) % MORTISE_CTAPHID_MAX_PAYLOAD;
        g_autofree guint8 *response = g_malloc0 (size);

        respond (self, response, size);
        break;
      }
    case STEP_WAITING:
      if (self->n_requests > 0)
        mortise_ctaphid_request_set_waiting (self->requests[0], fuzz_input_bool (input));
      deliver ();
      break;
    case STEP_CANCEL:
      feed (self, choose_channel (self, input), 0x80 | CTAPHID_CANCEL, 0, NULL, 0);
      break;
    case STEP_DROP:
      mortise_ctaphid_drop_channels (self->ctaphid);
      self->n_channels = 0;
      break;
    case STEP_U2F:
      mortise_ctaphid_set_u2f (self->ctaphid, fuzz_input_bool (input));
      break;
    case N_STEPS:
    default:
      g_assert_not_reached ();
    }
}

/* After anything: a client that comes now is served. */
static void
check_service (Harness *self)
{
  static const guint8 answer[] = { 0x00 };
  guint8 data[200];
  guint32 channel;

  for (gsize i = 0; i < sizeof data; i++)
    data[i] = (guint8) i;
  respond (self, answer, sizeof answer);
  /* What another client began or locked is over by then. */
  advance (self, 11 * G_USEC_PER_SEC);
  respond (self, answer, sizeof answer);
  g_assert (self->n_requests == 0);
  self->n_channels = 0;
  open_channel (self);
  channel = self->channels[0];

  send_message (self, channel, CTAPHID_PING, data, sizeof data);
  g_assert (self->channel == channel && self->command == CTAPHID_PING);
  g_assert (self->size == sizeof data && memcmp (self->payload, data, sizeof data) == 0);

  send_message (self, channel, CTAPHID_CBOR, data, sizeof data);
  g_assert (self->n_requests == 1);
  g_assert (g_bytes_get_size (mortise_ctaphid_request_get_payload (self->requests[0])) ==
            sizeof data);
  respond (self, answer, sizeof answer);
  g_assert (self->channel == channel && self->command == CTAPHID_CBOR && self->size == 1);
}

void
fuzz_target_prepare (void)
{
}

void
fuzz_target_run (FuzzInput *input)
{
  /* Large, and has nothing that must be cleared beyond this. */
  g_autofree Harness *self = g_new0 (Harness, 1);

  self->ctaphid = mortise_ctaphid_new (NULL);
  mortise_ctaphid_set_first_channel (self->ctaphid, FIRST_CHANNEL);
  mortise_ctaphid_set_manual_clock (self->ctaphid);
  mortise_ctaphid_set_output (self->ctaphid, take_report, self);
  mortise_ctaphid_set_u2f (self->ctaphid, TRUE);
  g_signal_connect (self->ctaphid, "request", G_CALLBACK (take_request), self);
  for (guint i = 0; i < MAX_STEPS && !fuzz_input_is_empty (input); i++)
    take_step (self, input);
  check_service (self);
  g_clear_object (&self->ctaphid);
  g_assert (self->n_requests == 0);
}
