/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/ctaphid.h"

#include <string.h>

#include "core/hid/ctaphid-framing.h"
#include "core/hid/ctaphid-private.h"
#include "tests/support/wait-for.h"

/* The numbers in the names of the tests are those of the check-list of the authenticator, which
 * tests/integration/ctap-checklist.md maps to tests. */

#define MS 1000

typedef struct
{
  guint32 channel;
  guint8 command;
  GByteArray *payload;
} Message;

typedef struct
{
  MortiseCtaphid *ctaphid;
  GQueue reports;  /* of guint8[64], as sent */
  GQueue requests; /* of MortiseCtaphidRequest */
  guint winks;
} Fixture;

static void
message_free (Message *message)
{
  g_byte_array_unref (message->payload);
  g_free (message);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Message, message_free)

static void
on_output (const guint8 report[MORTISE_HID_REPORT_SIZE], gpointer user_data)
{
  Fixture *f = user_data;

  g_queue_push_tail (&f->reports, g_memdup2 (report, MORTISE_HID_REPORT_SIZE));
}

static void
on_request (MortiseCtaphid *ctaphid, MortiseCtaphidRequest *request, Fixture *f)
{
  g_queue_push_tail (&f->requests, mortise_ctaphid_request_ref (request));
}

static void
on_wink (MortiseCtaphid *ctaphid, Fixture *f)
{
  f->winks++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_queue_init (&f->reports);
  g_queue_init (&f->requests);
  g_main_context_acquire (NULL);
  f->ctaphid = mortise_ctaphid_new (NULL);
  mortise_ctaphid_set_manual_clock (f->ctaphid);
  mortise_ctaphid_set_output (f->ctaphid, on_output, f);
  g_signal_connect (f->ctaphid, "request", G_CALLBACK (on_request), f);
  g_signal_connect (f->ctaphid, "wink", G_CALLBACK (on_wink), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  MortiseCtaphidRequest *request;

  while ((request = g_queue_pop_head (&f->requests)) != NULL)
    {
      mortise_ctaphid_request_abandon (request);
      mortise_ctaphid_request_unref (request);
    }
  g_clear_object (&f->ctaphid);
  g_queue_clear_full (&f->reports, g_free);
  g_main_context_release (NULL);
}

/* --- The client's side ------------------------------------------------------------------------ */

static void
feed (const guint8 report[MORTISE_HID_REPORT_SIZE], gpointer user_data)
{
  Fixture *f = user_data;

  mortise_ctaphid_feed (f->ctaphid, report);
}

static void
send_full (Fixture *f, guint32 channel, guint8 command, const void *payload, gsize size)
{
  ctaphid_message_write (channel, command, payload, size, feed, f);
}

static void
send_initial (
    Fixture *f, guint32 channel, guint8 command, guint16 bcnt, const void *data, gsize size)
{
  guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };
  const guint32 channel_be = GUINT32_TO_BE (channel);

  memcpy (report, &channel_be, 4);
  report[4] = command | 0x80;
  report[5] = bcnt >> 8;
  report[6] = bcnt & 0xFF;
  if (size > 0)
    memcpy (report + 7, data, size);
  mortise_ctaphid_feed (f->ctaphid, report);
}

static void
send_continuation (Fixture *f, guint32 channel, guint8 sequence)
{
  guint8 report[MORTISE_HID_REPORT_SIZE];
  const guint32 channel_be = GUINT32_TO_BE (channel);

  memset (report, 0xCC, sizeof report);
  memcpy (report, &channel_be, 4);
  report[4] = sequence;
  mortise_ctaphid_feed (f->ctaphid, report);
}

/* Returns: the next whole message that was sent, checked for its framing, or NULL. */
static Message *
next_message (Fixture *f)
{
  guint8 *report = g_queue_pop_head (&f->reports);
  CtaphidPacket packet;
  CtaphidAssembly assembly;
  Message *message;

  if (report == NULL)
    return NULL;
  ctaphid_packet_parse (report, &packet);
  g_assert_true (packet.initial);
  message = g_new0 (Message, 1);
  message->channel = packet.channel;
  message->command = packet.command;
  ctaphid_assembly_start (&assembly, &packet);
  g_free (report);
  while (!ctaphid_assembly_is_complete (&assembly))
    {
      report = g_queue_pop_head (&f->reports);
      g_assert_nonnull (report);
      ctaphid_packet_parse (report, &packet);
      g_assert_cmphex (packet.channel, ==, message->channel);
      g_assert_true (ctaphid_assembly_add (&assembly, &packet));
      g_free (report);
    }
  message->payload = g_byte_array_new ();
  g_byte_array_append (message->payload, assembly.payload, assembly.size);
  return message;
}

static void
assert_silence (Fixture *f)
{
  g_assert_cmpuint (g_queue_get_length (&f->reports), ==, 0);
}

static void
assert_message (Fixture *f, guint32 channel, guint8 command, const void *payload, gsize size)
{
  g_autoptr (Message) message = next_message (f);

  g_assert_nonnull (message);
  g_assert_cmphex (message->channel, ==, channel);
  g_assert_cmphex (message->command, ==, command);
  g_assert_cmpmem (message->payload->data, message->payload->len, payload, size);
}

static void
assert_error (Fixture *f, guint32 channel, guint8 code)
{
  assert_message (f, channel, CTAPHID_ERROR, &code, 1);
  assert_silence (f);
}

static void
assert_keepalive (Fixture *f, guint32 channel, guint8 status)
{
  assert_message (f, channel, CTAPHID_KEEPALIVE, &status, 1);
}

static guint32
open_channel_with (Fixture *f, guint8 *ret_capabilities)
{
  const guint8 nonce[8] = { 0xF0, 1, 2, 3, 4, 5, 6, 0x0F };
  g_autoptr (Message) message = NULL;
  guint32 channel;

  send_full (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, nonce, sizeof nonce);
  message = next_message (f);
  g_assert_nonnull (message);
  g_assert_cmphex (message->channel, ==, CTAPHID_CHANNEL_BROADCAST);
  g_assert_cmphex (message->command, ==, CTAPHID_INIT);
  g_assert_cmpuint (message->payload->len, ==, 17);
  g_assert_cmpmem (message->payload->data, 8, nonce, 8);
  g_assert_cmpuint (message->payload->data[12], ==, 2);
  if (ret_capabilities != NULL)
    *ret_capabilities = message->payload->data[16];
  memcpy (&channel, message->payload->data + 8, 4);
  channel = GUINT32_FROM_BE (channel);
  g_assert_cmphex (channel, !=, 0);
  g_assert_cmphex (channel, !=, CTAPHID_CHANNEL_BROADCAST);
  return channel;
}

static guint32
open_channel (Fixture *f)
{
  return open_channel_with (f, NULL);
}

static void
assert_alive (Fixture *f, guint32 channel)
{
  send_full (f, channel, CTAPHID_PING, "alive", 5);
  assert_message (f, channel, CTAPHID_PING, "alive", 5);
  assert_silence (f);
}

static MortiseCtaphidRequest *
take_request (Fixture *f)
{
  MortiseCtaphidRequest *request = g_queue_pop_head (&f->requests);

  g_assert_nonnull (request);
  return request;
}

static void
respond (MortiseCtaphidRequest *request, const void *data, gsize size)
{
  g_autoptr (GBytes) response = g_bytes_new (data, size);

  mortise_ctaphid_request_respond (request, response);
}

static gboolean
is_cancelled (MortiseCtaphidRequest *request)
{
  return g_cancellable_is_cancelled (mortise_ctaphid_request_get_cancellable (request));
}

/* --- INIT ------------------------------------------------------------------------------------- */

static void
test_init_broadcast (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (int i = 0; i < 600; i++)
    g_assert_true (g_hash_table_add (seen, GUINT_TO_POINTER (open_channel (f))));
}

static void
test_init_reserved_numbers (Fixture *f, gconstpointer data)
{
  mortise_ctaphid_set_first_channel (f->ctaphid, 0xFFFFFFFE);
  g_assert_cmphex (open_channel (f), ==, 0xFFFFFFFE);
  g_assert_cmphex (open_channel (f), ==, 0x00000001);
  mortise_ctaphid_set_first_channel (f->ctaphid, 0xFFFFFFFF);
  g_assert_cmphex (open_channel (f), ==, 0x00000001);
}

static void
test_init_length (Fixture *f, gconstpointer data)
{
  send_full (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, "1234567", 7);
  assert_error (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_ERR_INVALID_LEN);
  send_full (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, "123456789", 9);
  assert_error (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_ERR_INVALID_LEN);
  send_full (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, NULL, 0);
  assert_error (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_ERR_INVALID_LEN);
  send_initial (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_INIT, 0xFFFF, NULL, 0);
  assert_error (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_ERR_INVALID_LEN);
  open_channel (f);
}

static void
test_init_table_is_bounded (Fixture *f, gconstpointer data)
{
  const guint32 busy = open_channel (f);
  const guint32 idle = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;

  send_full (f, busy, CTAPHID_CBOR, "\x04", 1);
  request = take_request (f);
  for (int i = 0; i < 1000; i++)
    open_channel (f);
  /* The least recently used is forgotten, but never the one that something is under way for. */
  send_full (f, idle, CTAPHID_PING, "a", 1);
  assert_error (f, idle, CTAPHID_ERR_INVALID_CHANNEL);
  respond (request, "\0x", 2);
  assert_message (f, busy, CTAPHID_CBOR, "\0x", 2);
  assert_alive (f, busy);
}

static void
test_init_resync (Fixture *f, gconstpointer data)
{
  const guint8 nonce[8] = { 9, 8, 7, 6, 5, 4, 3, 2 };
  const guint32 channel = open_channel (f);
  const guint32 channel_be = GUINT32_TO_BE (channel);
  g_autoptr (Message) message = NULL;

  send_initial (f, channel, CTAPHID_PING, 200, NULL, 0);
  send_full (f, channel, CTAPHID_INIT, nonce, sizeof nonce);
  message = next_message (f);
  g_assert_cmphex (message->channel, ==, channel);
  g_assert_cmphex (message->command, ==, CTAPHID_INIT);
  g_assert_cmpmem (message->payload->data, 8, nonce, 8);
  g_assert_cmpmem (message->payload->data + 8, 4, &channel_be, 4);
  /* The message under way is forgotten: its continuation is a stray packet now. */
  send_continuation (f, channel, 0);
  mortise_ctaphid_advance (f->ctaphid, 5000 * MS);
  assert_silence (f);
  assert_alive (f, channel);
}

static void
test_init_aborts_request (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) first = NULL;
  g_autoptr (MortiseCtaphidRequest) second = NULL;
  g_autoptr (Message) init = NULL;

  send_full (f, channel, CTAPHID_CBOR, "\x01one", 4);
  first = take_request (f);
  send_full (f, channel, CTAPHID_INIT, "12345678", 8);
  g_assert_true (is_cancelled (first));
  init = next_message (f);
  g_assert_cmphex (init->command, ==, CTAPHID_INIT);

  /* The upper layer has not come to an end with the first: the next is held back, not refused. */
  send_full (f, channel, CTAPHID_CBOR, "\x01two", 4);
  g_assert_cmpuint (g_queue_get_length (&f->requests), ==, 0);
  mortise_ctaphid_advance (f->ctaphid, 100 * MS);
  assert_keepalive (f, channel, 1);
  assert_silence (f);

  respond (first, "\x2d", 1);
  assert_silence (f);
  second = take_request (f);
  g_assert_cmpmem (g_bytes_get_data (mortise_ctaphid_request_get_payload (second), NULL), 4,
                   "\x01two", 4);
  respond (second, "\0", 1);
  assert_message (f, channel, CTAPHID_CBOR, "\0", 1);
  assert_silence (f);
}

static void
test_init_aborts_held_back (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) first = NULL;

  send_full (f, channel, CTAPHID_CBOR, "\x01", 1);
  first = take_request (f);
  for (int i = 0; i < 3; i++)
    {
      send_full (f, channel, CTAPHID_INIT, "12345678", 8);
      message_free (next_message (f));
      send_full (f, channel, CTAPHID_CBOR, "\x02", 1);
    }
  assert_silence (f);
  /* A cancel of what was never started is answered here. */
  send_full (f, channel, CTAPHID_CANCEL, NULL, 0);
  assert_message (f, channel, CTAPHID_CBOR, "\x2d", 1);
  respond (first, "\0", 1);
  g_assert_cmpuint (g_queue_get_length (&f->requests), ==, 0);
  assert_silence (f);
  assert_alive (f, channel);
}

/* --- Wrong packets ---------------------------------------------------------------------------- */

static void
test_invalid_channel (Fixture *f, gconstpointer data)
{
  const guint8 commands[] = { CTAPHID_PING, CTAPHID_MSG,  CTAPHID_CBOR,
                              CTAPHID_LOCK, CTAPHID_WINK, CTAPHID_ERROR };

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      send_full (f, CTAPHID_CHANNEL_BROADCAST, commands[i], "a", 1);
      assert_error (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_ERR_INVALID_CHANNEL);
      send_full (f, CTAPHID_CHANNEL_NONE, commands[i], "a", 1);
      assert_error (f, CTAPHID_CHANNEL_NONE, CTAPHID_ERR_INVALID_CHANNEL);
    }
  send_full (f, CTAPHID_CHANNEL_NONE, CTAPHID_INIT, "12345678", 8);
  assert_error (f, CTAPHID_CHANNEL_NONE, CTAPHID_ERR_INVALID_CHANNEL);
}

static void
test_unknown_channel (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  send_full (f, channel + 1, CTAPHID_PING, "a", 1);
  assert_error (f, channel + 1, CTAPHID_ERR_INVALID_CHANNEL);
  send_full (f, channel + 1, CTAPHID_INIT, "12345678", 8);
  assert_error (f, channel + 1, CTAPHID_ERR_INVALID_CHANNEL);
}

static void
test_unknown_command (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  for (guint command = 0; command < 0x80; command++)
    {
      switch (command)
        {
        case CTAPHID_PING:
        case CTAPHID_MSG:
        case CTAPHID_LOCK:
        case CTAPHID_INIT:
        case CTAPHID_WINK:
        case CTAPHID_CBOR:
        case CTAPHID_CANCEL:
          continue;
        default:
          send_initial (f, channel, command, 4, "abcd", 4);
          assert_error (f, channel, CTAPHID_ERR_INVALID_CMD);
        }
    }
  assert_alive (f, channel);
}

static void
test_too_long (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  const guint16 sizes[] = { 7610, 8000, 0xFFFF };
  const guint8 commands[] = { CTAPHID_PING, CTAPHID_CBOR, CTAPHID_MSG };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (commands); j++)
      {
        send_initial (f, channel, commands[j], sizes[i], NULL, 0);
        assert_error (f, channel, CTAPHID_ERR_INVALID_LEN);
      }
  assert_alive (f, channel);
}

static void
test_wrong_sequence (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  /* One left out, one twice, and a start in the middle. */
  send_initial (f, channel, CTAPHID_PING, 400, NULL, 0);
  send_continuation (f, channel, 0);
  send_continuation (f, channel, 2);
  assert_error (f, channel, CTAPHID_ERR_INVALID_SEQ);
  send_continuation (f, channel, 1);
  assert_silence (f);

  send_initial (f, channel, CTAPHID_PING, 400, NULL, 0);
  send_continuation (f, channel, 0);
  send_continuation (f, channel, 0);
  assert_error (f, channel, CTAPHID_ERR_INVALID_SEQ);

  send_initial (f, channel, CTAPHID_PING, 400, NULL, 0);
  send_initial (f, channel, CTAPHID_PING, 3, "abc", 3);
  assert_error (f, channel, CTAPHID_ERR_INVALID_SEQ);
  assert_alive (f, channel);
}

static void
test_message_timeout (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  send_initial (f, channel, CTAPHID_PING, 400, NULL, 0);
  mortise_ctaphid_advance (f->ctaphid, 400 * MS);
  assert_silence (f);
  /* Each packet starts the wait anew. */
  send_continuation (f, channel, 0);
  mortise_ctaphid_advance (f->ctaphid, 400 * MS);
  assert_silence (f);
  mortise_ctaphid_advance (f->ctaphid, 600 * MS);
  assert_error (f, channel, CTAPHID_ERR_MSG_TIMEOUT);
  send_continuation (f, channel, 1);
  assert_silence (f);
  assert_alive (f, channel);
}

static void
test_stray_continuation (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  for (guint sequence = 0; sequence < 128; sequence++)
    {
      send_continuation (f, channel, sequence);
      send_continuation (f, CTAPHID_CHANNEL_BROADCAST, sequence);
      send_continuation (f, CTAPHID_CHANNEL_NONE, sequence);
      send_continuation (f, channel + 1, sequence);
    }
  mortise_ctaphid_advance (f->ctaphid, 2000 * MS);
  assert_silence (f);
  assert_alive (f, channel);
}

/* --- Arbitration ------------------------------------------------------------------------------ */

static void
test_busy_while_receiving (Fixture *f, gconstpointer data)
{
  const guint32 first = open_channel (f);
  const guint32 second = open_channel (f);
  g_autoptr (Message) message = NULL;

  send_initial (f, first, CTAPHID_PING, 100, NULL, 0);
  send_full (f, second, CTAPHID_PING, "a", 1);
  assert_error (f, second, CTAPHID_ERR_CHANNEL_BUSY);
  send_continuation (f, second, 0);
  assert_silence (f);
  send_continuation (f, first, 0);
  message = next_message (f);
  g_assert_cmphex (message->channel, ==, first);
  g_assert_cmphex (message->command, ==, CTAPHID_PING);
  g_assert_cmpuint (message->payload->len, ==, 100);
  assert_alive (f, second);
}

static void
test_busy_while_working (Fixture *f, gconstpointer data)
{
  const guint32 first = open_channel (f);
  const guint32 second = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;
  const guint8 commands[] = { CTAPHID_PING, CTAPHID_MSG, CTAPHID_CBOR, CTAPHID_LOCK, CTAPHID_WINK };

  send_full (f, first, CTAPHID_CBOR, "\x04", 1);
  request = take_request (f);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      send_full (f, second, commands[i], "a", 1);
      assert_error (f, second, CTAPHID_ERR_CHANNEL_BUSY);
      send_full (f, first, commands[i], "a", 1);
      assert_error (f, first, CTAPHID_ERR_CHANNEL_BUSY);
    }
  g_assert_false (is_cancelled (request));
  respond (request, "\0ok", 3);
  assert_message (f, first, CTAPHID_CBOR, "\0ok", 3);
  assert_alive (f, second);
}

static void
test_init_while_busy (Fixture *f, gconstpointer data)
{
  const guint32 first = open_channel (f);
  const guint32 other = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;
  g_autoptr (Message) init = NULL;

  send_full (f, first, CTAPHID_CBOR, "\x04", 1);
  request = take_request (f);
  g_assert_cmphex (open_channel (f), !=, first);
  send_full (f, other, CTAPHID_INIT, "12345678", 8);
  init = next_message (f);
  g_assert_cmphex (init->channel, ==, other);
  g_assert_cmphex (init->command, ==, CTAPHID_INIT);
  g_assert_false (is_cancelled (request));
  respond (request, "\0", 1);
  assert_message (f, first, CTAPHID_CBOR, "\0", 1);

  /* The same while a message comes in. */
  send_initial (f, first, CTAPHID_PING, 58, NULL, 0);
  open_channel (f);
  send_continuation (f, first, 0);
  message_free (next_message (f));
  assert_silence (f);
}

static void
test_lock (Fixture *f, gconstpointer data)
{
  const guint32 first = open_channel (f);
  const guint32 second = open_channel (f);
  guint32 third;

  send_full (f, first, CTAPHID_LOCK, "\x05", 1);
  assert_message (f, first, CTAPHID_LOCK, NULL, 0);
  send_full (f, second, CTAPHID_PING, "a", 1);
  assert_error (f, second, CTAPHID_ERR_CHANNEL_BUSY);
  send_full (f, second, CTAPHID_LOCK, "\x00", 1);
  assert_error (f, second, CTAPHID_ERR_CHANNEL_BUSY);
  third = open_channel (f);
  send_full (f, third, CTAPHID_WINK, NULL, 0);
  assert_error (f, third, CTAPHID_ERR_CHANNEL_BUSY);
  assert_alive (f, first);

  mortise_ctaphid_advance (f->ctaphid, 4999 * MS);
  send_full (f, second, CTAPHID_PING, "a", 1);
  assert_error (f, second, CTAPHID_ERR_CHANNEL_BUSY);
  mortise_ctaphid_advance (f->ctaphid, 1 * MS);
  assert_alive (f, second);

  /* Given back by its holder. */
  send_full (f, first, CTAPHID_LOCK, "\x0a", 1);
  assert_message (f, first, CTAPHID_LOCK, NULL, 0);
  send_full (f, first, CTAPHID_LOCK, "\x00", 1);
  assert_message (f, first, CTAPHID_LOCK, NULL, 0);
  assert_alive (f, second);
}

static void
test_lock_arguments (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  send_full (f, channel, CTAPHID_LOCK, "\x0b", 1);
  assert_error (f, channel, CTAPHID_ERR_INVALID_PAR);
  send_full (f, channel, CTAPHID_LOCK, NULL, 0);
  assert_error (f, channel, CTAPHID_ERR_INVALID_LEN);
  send_full (f, channel, CTAPHID_LOCK, "\x01\x01", 2);
  assert_error (f, channel, CTAPHID_ERR_INVALID_LEN);
  assert_alive (f, open_channel (f));
}

static void
test_wink (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  send_full (f, channel, CTAPHID_WINK, NULL, 0);
  assert_message (f, channel, CTAPHID_WINK, NULL, 0);
  g_assert_cmpuint (f->winks, ==, 1);
  send_full (f, channel, CTAPHID_WINK, "a", 1);
  assert_error (f, channel, CTAPHID_ERR_INVALID_LEN);
  g_assert_cmpuint (f->winks, ==, 1);
}

/* --- Messages --------------------------------------------------------------------------------- */

static void
test_ping (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  guint8 payload[MORTISE_CTAPHID_MAX_PAYLOAD];

  for (gsize i = 0; i < sizeof payload; i++)
    payload[i] = (guint8) (i * 7 + (i >> 8));
  for (gsize size = 0; size <= sizeof payload; size += size < 600 ? 1 : 61)
    {
      send_full (f, channel, CTAPHID_PING, payload, size);
      assert_message (f, channel, CTAPHID_PING, payload, size);
      assert_silence (f);
    }
  send_full (f, channel, CTAPHID_PING, payload, sizeof payload);
  assert_message (f, channel, CTAPHID_PING, payload, sizeof payload);
}

static void
test_padding (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  guint8 dirty[57];
  g_autofree guint8 *report = NULL;

  memset (dirty, 0xEE, sizeof dirty);
  send_initial (f, channel, CTAPHID_PING, 2, dirty, sizeof dirty);
  report = g_queue_pop_head (&f->reports);
  for (gsize i = 9; i < MORTISE_HID_REPORT_SIZE; i++)
    g_assert_cmphex (report[i], ==, 0);
}

static void
test_empty_cbor (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  send_full (f, channel, CTAPHID_CBOR, NULL, 0);
  assert_error (f, channel, CTAPHID_ERR_INVALID_LEN);
  send_full (f, channel, CTAPHID_MSG, NULL, 0);
  assert_error (f, channel, CTAPHID_ERR_INVALID_LEN);
  assert_alive (f, channel);
}

static void
test_request (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  guint8 payload[MORTISE_CTAPHID_MAX_PAYLOAD];
  g_autoptr (MortiseCtaphidRequest) request = NULL;
  gsize size;

  memset (payload, 0x5A, sizeof payload);
  send_full (f, channel, CTAPHID_CBOR, payload, sizeof payload);
  request = take_request (f);
  g_assert_cmphex (mortise_ctaphid_request_get_channel (request), ==, channel);
  g_assert_cmpint (mortise_ctaphid_request_get_command (request), ==, MORTISE_CTAPHID_CBOR);
  g_assert_nonnull (g_bytes_get_data (mortise_ctaphid_request_get_payload (request), &size));
  g_assert_cmpuint (size, ==, sizeof payload);
  respond (request, payload, sizeof payload);
  assert_message (f, channel, CTAPHID_CBOR, payload, sizeof payload);
}

static void
test_lost_request (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*without a response*");
  send_full (f, channel, CTAPHID_CBOR, "\x04", 1);
  mortise_ctaphid_request_unref (take_request (f));
  g_test_assert_expected_messages ();
  assert_error (f, channel, CTAPHID_ERR_OTHER);
  assert_alive (f, channel);
}

static gpointer
respond_in_thread (gpointer data)
{
  MortiseCtaphidRequest *request = data;

  mortise_ctaphid_request_set_waiting (request, TRUE);
  respond (request, "\0t", 2);
  mortise_ctaphid_request_unref (request);
  return NULL;
}

static void
test_respond_from_thread (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  send_full (f, channel, CTAPHID_CBOR, "\x04", 1);
  g_thread_join (g_thread_new ("worker", respond_in_thread, take_request (f)));
  /* Nothing is sent from the other thread. */
  assert_silence (f);
  WAIT_FOR (g_queue_get_length (&f->reports) >= 2);
  assert_keepalive (f, channel, 2);
  assert_message (f, channel, CTAPHID_CBOR, "\0t", 2);
}

/* --- Cancel, keepalive ------------------------------------------------------------------------ */

static void
test_cancel_idle (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);

  send_full (f, channel, CTAPHID_CANCEL, NULL, 0);
  send_full (f, channel, CTAPHID_CANCEL, "payload", 7);
  send_full (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_CANCEL, NULL, 0);
  send_full (f, channel + 1, CTAPHID_CANCEL, NULL, 0);
  assert_silence (f);

  /* While a message comes in nothing is pending either, and the message goes on. */
  send_initial (f, channel, CTAPHID_PING, 58, NULL, 0);
  send_full (f, channel, CTAPHID_CANCEL, NULL, 0);
  assert_silence (f);
  send_continuation (f, channel, 0);
  message_free (next_message (f));
  mortise_ctaphid_advance (f->ctaphid, 5000 * MS);
  assert_silence (f);
}

static void
test_cancel_pending (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;

  send_full (f, channel, CTAPHID_CBOR, "\x01", 1);
  request = take_request (f);
  mortise_ctaphid_request_set_waiting (request, TRUE);
  assert_keepalive (f, channel, 2);
  send_full (f, channel, CTAPHID_CANCEL, NULL, 0);
  g_assert_true (is_cancelled (request));
  assert_silence (f);
  respond (request, "\x2d", 1);
  assert_message (f, channel, CTAPHID_CBOR, "\x2d", 1);
  assert_silence (f);
  send_full (f, channel, CTAPHID_CANCEL, NULL, 0);
  assert_silence (f);
  assert_alive (f, channel);
}

static void
test_cancel_u2f (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;

  send_full (f, channel, CTAPHID_MSG, "\0\3\0\0", 4);
  request = take_request (f);
  g_assert_cmpint (mortise_ctaphid_request_get_command (request), ==, MORTISE_CTAPHID_MSG);
  send_full (f, channel, CTAPHID_CANCEL, NULL, 0);
  g_assert_false (is_cancelled (request));
  mortise_ctaphid_request_set_waiting (request, TRUE);
  mortise_ctaphid_advance (f->ctaphid, 1000 * MS);
  assert_silence (f);
  respond (request, "\x69\x85", 2);
  assert_message (f, channel, CTAPHID_MSG, "\x69\x85", 2);
}

static void
test_cancel_from_other (Fixture *f, gconstpointer data)
{
  const guint32 first = open_channel (f);
  const guint32 second = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;

  send_full (f, first, CTAPHID_CBOR, "\x01", 1);
  request = take_request (f);
  send_full (f, second, CTAPHID_CANCEL, NULL, 0);
  send_full (f, CTAPHID_CHANNEL_BROADCAST, CTAPHID_CANCEL, NULL, 0);
  assert_silence (f);
  g_assert_false (is_cancelled (request));
  respond (request, "\0", 1);
  assert_message (f, first, CTAPHID_CBOR, "\0", 1);
}

static void
test_keepalive (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;

  send_full (f, channel, CTAPHID_CBOR, "\x01", 1);
  request = take_request (f);
  for (int i = 0; i < 50; i++)
    {
      mortise_ctaphid_advance (f->ctaphid, 100 * MS);
      assert_keepalive (f, channel, 1);
      g_queue_clear_full (&f->reports, g_free);
    }
  /* A change of status is told at once. */
  mortise_ctaphid_request_set_waiting (request, TRUE);
  assert_keepalive (f, channel, 2);
  mortise_ctaphid_request_set_waiting (request, TRUE);
  assert_silence (f);
  mortise_ctaphid_advance (f->ctaphid, 100 * MS);
  assert_keepalive (f, channel, 2);
  mortise_ctaphid_request_set_waiting (request, FALSE);
  assert_keepalive (f, channel, 1);
  respond (request, "\0", 1);
  assert_message (f, channel, CTAPHID_CBOR, "\0", 1);
  mortise_ctaphid_advance (f->ctaphid, 1000 * MS);
  assert_silence (f);
}

static void
test_keepalive_in_real_time (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseCtaphid) ctaphid = mortise_ctaphid_new (NULL);
  g_autoptr (MortiseCtaphidRequest) request = NULL;
  guint32 channel;

  g_clear_object (&f->ctaphid);
  f->ctaphid = g_object_ref (ctaphid);
  mortise_ctaphid_set_output (ctaphid, on_output, f);
  g_signal_connect (ctaphid, "request", G_CALLBACK (on_request), f);
  channel = open_channel (f);
  send_full (f, channel, CTAPHID_CBOR, "\x01", 1);
  request = take_request (f);
  for (int i = 0; i < 3; i++)
    {
      WAIT_FOR (!g_queue_is_empty (&f->reports));
      assert_keepalive (f, channel, 1);
    }
  respond (request, "\0", 1);
}

/* --- Capabilities, disconnection -------------------------------------------------------------- */

static void
test_capabilities (Fixture *f, gconstpointer data)
{
  guint8 capabilities;
  guint32 channel = open_channel_with (f, &capabilities);

  g_assert_cmphex (capabilities, ==, 0x05);
  mortise_ctaphid_set_u2f (f->ctaphid, FALSE);
  channel = open_channel_with (f, &capabilities);
  g_assert_cmphex (capabilities, ==, 0x0D);
  send_full (f, channel, CTAPHID_MSG, "\0\3\0\0", 4);
  assert_error (f, channel, CTAPHID_ERR_INVALID_CMD);
}

static void
test_drop_channels (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;
  guint32 next;

  send_full (f, channel, CTAPHID_LOCK, "\x0a", 1);
  message_free (next_message (f));
  send_full (f, channel, CTAPHID_CBOR, "\x01", 1);
  request = take_request (f);
  mortise_ctaphid_drop_channels (f->ctaphid);
  g_assert_true (is_cancelled (request));
  mortise_ctaphid_advance (f->ctaphid, 1000 * MS);
  respond (request, "\0", 1);
  assert_silence (f);
  send_full (f, channel, CTAPHID_PING, "a", 1);
  assert_error (f, channel, CTAPHID_ERR_INVALID_CHANNEL);
  next = open_channel (f);
  g_assert_cmphex (next, !=, channel);
  assert_alive (f, next);
}

static void
test_request_outlives_device (Fixture *f, gconstpointer data)
{
  const guint32 channel = open_channel (f);
  g_autoptr (MortiseCtaphidRequest) request = NULL;

  send_full (f, channel, CTAPHID_CBOR, "\x01", 1);
  request = take_request (f);
  g_clear_object (&f->ctaphid);
  g_assert_true (is_cancelled (request));
  mortise_ctaphid_request_set_waiting (request, TRUE);
  respond (request, "\0", 1);
  assert_silence (f);
}

/* Whatever comes, the device answers the next good client. */
static void
test_random_packets (Fixture *f, gconstpointer data)
{
  const guint32 channels[] = { 0, CTAPHID_CHANNEL_BROADCAST, open_channel (f), open_channel (f) };
  const guint8 commands[] = { 0x81, 0x83, 0x84, 0x86, 0x88, 0x90, 0x91, 0xBB, 0xBF };

  for (int i = 0; i < 200000; i++)
    {
      guint8 report[MORTISE_HID_REPORT_SIZE];
      const guint32 channel_be = GUINT32_TO_BE (channels[g_test_rand_int_range (0, 4)]);
      MortiseCtaphidRequest *request;

      for (gsize j = 0; j < sizeof report; j += 4)
        {
          const gint32 word = g_test_rand_int ();

          memcpy (report + j, &word, 4);
        }
      if (g_test_rand_int_range (0, 8) > 0)
        memcpy (report, &channel_be, 4);
      if (g_test_rand_bit ())
        report[4] = commands[g_test_rand_int_range (0, G_N_ELEMENTS (commands))];
      else if (g_test_rand_bit ())
        report[4] = (guint8) g_test_rand_int_range (0, 4);
      if (g_test_rand_bit ())
        report[5] = 0;
      mortise_ctaphid_feed (f->ctaphid, report);
      mortise_ctaphid_advance (f->ctaphid, g_test_rand_int_range (0, 200 * MS));
      if (g_test_rand_int_range (0, 4) == 0 && (request = g_queue_pop_head (&f->requests)) != NULL)
        {
          respond (request, report, sizeof report);
          mortise_ctaphid_request_unref (request);
        }
      g_queue_clear_full (&f->reports, g_free);
    }
  mortise_ctaphid_advance (f->ctaphid, 11 * 1000 * MS);
  while (!g_queue_is_empty (&f->requests))
    {
      MortiseCtaphidRequest *request = g_queue_pop_head (&f->requests);

      respond (request, "\0", 1);
      mortise_ctaphid_request_unref (request);
    }
  g_queue_clear_full (&f->reports, g_free);
  assert_alive (f, open_channel (f));
}

/* --- Every state, every way to disturb it -------------------------------------------------------
 */

typedef enum
{
  STATE_IDLE,
  STATE_HALF_RECEIVED, /* a message that has not come in whole */
  STATE_PROCESSING,    /* before anybody is asked */
  STATE_WAITING,       /* a prompt is up, a PIN is asked for or verified */
  STATE_SIGNING,       /* after consent */
  STATE_ANSWERED,      /* by the worker, and not sent yet */
} State;

typedef enum
{
  EVENT_CANCEL,
  EVENT_CANCEL_FROM_OTHER,
  EVENT_INIT,
  EVENT_LOCK_BY_OTHER,
  EVENT_REQUEST_BY_OTHER,
  EVENT_CLIENT_GONE,
} Event;

typedef struct
{
  State state;
  Event event;
} Disturbance;

static gpointer
answer_in_thread (gpointer data)
{
  respond (data, "\0", 1);
  return NULL;
}

/* Returns: (nullable): what the upper layer is about */
static MortiseCtaphidRequest *
enter_state (Fixture *f, State state, guint32 channel)
{
  MortiseCtaphidRequest *request;

  if (state == STATE_IDLE)
    return NULL;
  if (state == STATE_HALF_RECEIVED)
    {
      send_initial (f, channel, CTAPHID_PING, 58, NULL, 0);
      return NULL;
    }
  send_full (f, channel, CTAPHID_CBOR, "\x01", 1);
  request = take_request (f);
  if (state == STATE_WAITING || state == STATE_SIGNING)
    mortise_ctaphid_request_set_waiting (request, TRUE);
  if (state == STATE_SIGNING)
    mortise_ctaphid_request_set_waiting (request, FALSE);
  if (state == STATE_ANSWERED)
    g_thread_join (g_thread_new ("worker", answer_in_thread, request));
  /* Keepalives. */
  g_queue_clear_full (&f->reports, g_free);
  g_queue_init (&f->reports);
  return request;
}

static void
exchange (Fixture *f, guint32 channel)
{
  g_autoptr (MortiseCtaphidRequest) request = NULL;

  send_full (f, channel, CTAPHID_CBOR, "\x04", 1);
  request = take_request (f);
  g_assert_false (is_cancelled (request));
  respond (request, "\0next", 5);
  assert_message (f, channel, CTAPHID_CBOR, "\0next", 5);
  assert_silence (f);
}

/* The event, and what is said to it at once. */
static void
disturb (Fixture *f, const Disturbance *what, guint32 channel, guint32 other)
{
  g_autoptr (Message) init = NULL;

  switch (what->event)
    {
    case EVENT_CANCEL:
      send_full (f, channel, CTAPHID_CANCEL, NULL, 0);
      break;
    case EVENT_CANCEL_FROM_OTHER:
      send_full (f, other, CTAPHID_CANCEL, NULL, 0);
      break;
    case EVENT_INIT:
      send_full (f, channel, CTAPHID_INIT, "12345678", 8);
      init = next_message (f);
      g_assert_nonnull (init);
      g_assert_cmphex (init->channel, ==, channel);
      g_assert_cmphex (init->command, ==, CTAPHID_INIT);
      break;
    case EVENT_LOCK_BY_OTHER:
      send_full (f, other, CTAPHID_LOCK, "\x0a", 1);
      if (what->state != STATE_IDLE)
        assert_error (f, other, CTAPHID_ERR_CHANNEL_BUSY);
      else
        {
          assert_message (f, other, CTAPHID_LOCK, NULL, 0);
          send_full (f, channel, CTAPHID_CBOR, "\x04", 1);
          assert_error (f, channel, CTAPHID_ERR_CHANNEL_BUSY);
          send_full (f, other, CTAPHID_LOCK, "\x00", 1);
          assert_message (f, other, CTAPHID_LOCK, NULL, 0);
        }
      break;
    case EVENT_REQUEST_BY_OTHER:
      if (what->state == STATE_IDLE)
        exchange (f, other);
      else
        {
          send_full (f, other, CTAPHID_CBOR, "\x04", 1);
          assert_error (f, other, CTAPHID_ERR_CHANNEL_BUSY);
        }
      break;
    case EVENT_CLIENT_GONE:
    default:
      mortise_ctaphid_drop_channels (f->ctaphid);
      break;
    }
  assert_silence (f);
}

/* The exact code, nothing besides it, and the next request works, whatever comes when. */
static void
test_disturbed (Fixture *f, gconstpointer data)
{
  const Disturbance *what = data;
  const guint32 channel = open_channel (f);
  const guint32 other = open_channel (f);
  const gboolean aborts = what->event == EVENT_INIT || what->event == EVENT_CLIENT_GONE;
  g_autoptr (MortiseCtaphidRequest) request = enter_state (f, what->state, channel);

  disturb (f, what, channel, other);
  if (request != NULL)
    {
      const gboolean cancelled = aborts || what->event == EVENT_CANCEL;
      const gboolean answered = what->state == STATE_ANSWERED;

      g_assert_cmpint (is_cancelled (request), ==, cancelled);
      if (!answered)
        respond (request, cancelled ? "\x2d" : "\0", 1);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      /* An answer that was on its way comes all the same; nobody is there to hear one of before. */
      if (!aborts)
        assert_message (f, channel, CTAPHID_CBOR, cancelled && !answered ? "\x2d" : "\0", 1);
    }
  else if (what->state == STATE_HALF_RECEIVED && what->event != EVENT_CLIENT_GONE)
    {
      send_continuation (f, channel, 0);
      if (!aborts)
        message_free (next_message (f));
    }
  assert_silence (f);
  mortise_ctaphid_advance (f->ctaphid, 5000 * MS);
  assert_silence (f);

  exchange (f, what->event == EVENT_CLIENT_GONE ? open_channel (f) : channel);
  if (what->event != EVENT_CLIENT_GONE)
    exchange (f, other);
}

static void
add_disturbances (void)
{
  static const char *const states[] = { "idle",    "half-received", "processing",
                                        "waiting", "signing",       "answered" };
  static const char *const events[] = { "cancel",        "cancel-from-other", "init",
                                        "lock-by-other", "request-by-other",  "client-gone" };
  static Disturbance all[G_N_ELEMENTS (states)][G_N_ELEMENTS (events)];

  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (events); j++)
      {
        g_autofree char *path = g_strconcat ("/ctaphid/state-", states[i], "/", events[j], NULL);

        all[i][j] = (Disturbance){ (State) i, (Event) j };
        g_test_add (path, Fixture, &all[i][j], set_up, test_disturbed, tear_down);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/ctaphid/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("01-init-broadcast", test_init_broadcast);
  ADD ("01-init-reserved-numbers", test_init_reserved_numbers);
  ADD ("01-init-length", test_init_length);
  ADD ("01-init-table-is-bounded", test_init_table_is_bounded);
  ADD ("02-init-resync", test_init_resync);
  ADD ("02-init-aborts-request", test_init_aborts_request);
  ADD ("02-init-aborts-held-back", test_init_aborts_held_back);
  ADD ("03-invalid-channel", test_invalid_channel);
  ADD ("03-unknown-channel", test_unknown_channel);
  ADD ("04-unknown-command", test_unknown_command);
  ADD ("05-too-long", test_too_long);
  ADD ("06-wrong-sequence", test_wrong_sequence);
  ADD ("07-message-timeout", test_message_timeout);
  ADD ("08-busy-while-receiving", test_busy_while_receiving);
  ADD ("08-busy-while-working", test_busy_while_working);
  ADD ("09-init-while-busy", test_init_while_busy);
  ADD ("10-stray-continuation", test_stray_continuation);
  ADD ("11-ping", test_ping);
  ADD ("11-padding", test_padding);
  ADD ("12-empty-cbor", test_empty_cbor);
  ADD ("13-cancel-idle", test_cancel_idle);
  ADD ("14-cancel-pending", test_cancel_pending);
  ADD ("14-cancel-u2f", test_cancel_u2f);
  ADD ("15-cancel-from-other", test_cancel_from_other);
  ADD ("16-keepalive", test_keepalive);
  ADD ("16-keepalive-in-real-time", test_keepalive_in_real_time);
  ADD ("17-lock", test_lock);
  ADD ("17-lock-arguments", test_lock_arguments);
  ADD ("17-wink", test_wink);
  ADD ("18-capabilities", test_capabilities);
  ADD ("request", test_request);
  ADD ("lost-request", test_lost_request);
  ADD ("respond-from-thread", test_respond_from_thread);
  ADD ("drop-channels", test_drop_channels);
  ADD ("request-outlives-device", test_request_outlives_device);
  ADD ("random-packets", test_random_packets);
#undef ADD
  add_disturbances ();
  return g_test_run ();
}
