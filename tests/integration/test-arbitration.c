/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tests/support/agent-fixture.h"

/* Several clients at once, well-behaved and rude. */

#define SELECTION "\x0b"
#define GET_INFO  "\x04"

static void
assert_status (GBytes *response, guint8 status)
{
  g_assert_cmpuint (g_bytes_get_size (response), >=, 1);
  g_assert_cmphex (*(const guint8 *) g_bytes_get_data (response, NULL), ==, status);
}

static void
assert_info (CtaphidClient *client)
{
  g_autoptr (GBytes) response = ctaphid_client_cbor (client, GET_INFO, 1);

  assert_status (response, 0x00);
  g_assert_cmpuint (g_bytes_get_size (response), >, 50);
}

static void
finish_selection (CtaphidClient *client)
{
  guint8 command;
  g_autoptr (GBytes) response = ctaphid_client_receive (client, &command);

  g_assert_cmphex (command, ==, CTAPHID_CBOR);
  assert_status (response, 0x00);
}

static void
test_busy (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) first = ctaphid_client_open (f->socket_path);
  g_autoptr (CtaphidClient) second = ctaphid_client_open (f->socket_path);
  g_autoptr (CtaphidClient) third = NULL;
  gint64 start;

  agent_fixture_answer (f, "approve expect=select wait");
  ctaphid_client_send (first, CTAPHID_CBOR, SELECTION, 1);
  ctaphid_client_wait_keepalive (first, 2);

  start = g_get_monotonic_time ();
  ctaphid_client_send (second, CTAPHID_CBOR, GET_INFO, 1);
  g_assert_cmphex (ctaphid_client_receive_error (second), ==, CTAPHID_ERR_CHANNEL_BUSY);
  g_test_message ("busy after %" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  /* A new client is let in, and its channel is told the same. */
  third = ctaphid_client_open (f->socket_path);
  ctaphid_client_send (third, CTAPHID_PING, "a", 1);
  g_assert_cmphex (ctaphid_client_receive_error (third), ==, CTAPHID_ERR_CHANNEL_BUSY);

  agent_fixture_go_on (f);
  finish_selection (first);
  assert_info (second);
  assert_info (third);
  assert_info (first);
}

static void
test_two_at_once (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) first = ctaphid_client_open (f->socket_path);
  g_autoptr (CtaphidClient) second = ctaphid_client_open (f->socket_path);
  CtaphidClient *clients[2] = { first, second };
  guint served[2] = { 0 };
  guint busy = 0;

  /* Each sends as soon as it has its answer; nothing is lost and nothing is mixed up. */
  for (guint i = 0; i < 2; i++)
    ctaphid_client_send (clients[i], CTAPHID_CBOR, GET_INFO, 1);
  while (served[0] < 50 || served[1] < 50)
    for (guint i = 0; i < 2; i++)
      {
        guint8 command;
        g_autoptr (GBytes) response = NULL;

        if (served[i] == 50)
          continue;
        response = ctaphid_client_receive (clients[i], &command);
        if (command == CTAPHID_CBOR)
          {
            assert_status (response, 0x00);
            served[i]++;
          }
        else
          {
            g_assert_cmphex (command, ==, CTAPHID_ERROR);
            g_assert_cmphex (*(const guint8 *) g_bytes_get_data (response, NULL), ==,
                             CTAPHID_ERR_CHANNEL_BUSY);
            busy++;
          }
        if (served[i] < 50)
          ctaphid_client_send (clients[i], CTAPHID_CBOR, GET_INFO, 1);
      }
  g_test_message ("100 requests served, %u times busy", busy);
}

static void
test_lock (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) first = ctaphid_client_open (f->socket_path);
  g_autoptr (CtaphidClient) second = ctaphid_client_open (f->socket_path);
  guint8 command;

  ctaphid_client_send (first, CTAPHID_LOCK, "\x0a", 1);
  g_bytes_unref (ctaphid_client_receive (first, &command));
  g_assert_cmphex (command, ==, CTAPHID_LOCK);
  ctaphid_client_send (second, CTAPHID_CBOR, GET_INFO, 1);
  g_assert_cmphex (ctaphid_client_receive_error (second), ==, CTAPHID_ERR_CHANNEL_BUSY);
  assert_info (first);
  ctaphid_client_send (first, CTAPHID_LOCK, "\x00", 1);
  g_bytes_unref (ctaphid_client_receive (first, &command));
  assert_info (second);
}

static void
test_wink (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  guint8 command;

  ctaphid_client_send (client, CTAPHID_WINK, NULL, 0);
  g_bytes_unref (ctaphid_client_receive (client, &command));
  g_assert_cmphex (command, ==, CTAPHID_WINK);
  assert_info (client);
}

static void
test_ping (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  guint8 payload[MORTISE_CTAPHID_MAX_PAYLOAD];
  const gsize sizes[] = { 0, 1, 57, 58, 116, 117, 1024, 7608, 7609 };

  for (gsize i = 0; i < sizeof payload; i++)
    payload[i] = (guint8) (i ^ (i >> 8));
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint8 command;
      g_autoptr (GBytes) echo = NULL;

      ctaphid_client_send (client, CTAPHID_PING, payload, sizes[i]);
      echo = ctaphid_client_receive (client, &command);
      g_assert_cmphex (command, ==, CTAPHID_PING);
      g_assert_cmpmem (g_bytes_get_data (echo, NULL), g_bytes_get_size (echo), payload, sizes[i]);
    }
}

/* An unfinished message of one client holds the others up for its time-out, and no longer. */
static void
test_unfinished_message (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) rude = ctaphid_client_open (f->socket_path);
  g_autoptr (CtaphidClient) other = ctaphid_client_open (f->socket_path);

  /* Both are there when it looks, or the time-out may be over before the other's request. It may
   * be stopped while it still reads from the one that it answered last, which is the rude one. */
  ctaphid_client_init (rude);
  agent_fixture_pause (f);
  ctaphid_client_send_packet (rude, rude->channel, CTAPHID_CBOR, 500, NULL, 0);
  ctaphid_client_send (other, CTAPHID_CBOR, GET_INFO, 1);
  agent_fixture_resume (f);
  g_assert_cmphex (ctaphid_client_receive_error (other), ==, CTAPHID_ERR_CHANNEL_BUSY);
  g_assert_cmphex (ctaphid_client_receive_error (rude), ==, CTAPHID_ERR_MSG_TIMEOUT);
  assert_info (other);
  assert_info (rude);
}

typedef struct
{
  const char *path;
  int stop;
  guint sent;
} Rude;

/* Everything that is wrong, but nothing that would rightly keep the device busy. */
static gpointer
be_rude (gpointer data)
{
  Rude *rude = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  while (g_atomic_int_get (&rude->stop) == 0)
    {
      g_autoptr (CtaphidClient) client = ctaphid_client_open (rude->path);
      guint8 report[2 * MORTISE_HID_REPORT_SIZE];

      for (int i = 0; i < 40 && g_atomic_int_get (&rude->stop) == 0; i++)
        {
          const guint32 channel = g_rand_boolean (rand) ? client->channel : g_rand_int (rand);

          for (gsize j = 0; j < sizeof report; j++)
            report[j] = (guint8) g_rand_int (rand);
          switch (g_rand_int_range (rand, 0, 5))
            {
            case 0:
              ctaphid_client_send_bytes (client, report,
                                         (gsize) g_rand_int_range (rand, 1, sizeof report));
              break;
            case 1:
              ctaphid_client_send_packet (client, channel, 0x40 | (report[0] & 0x3F), 60000, report,
                                          57);
              break;
            case 2:
              ctaphid_client_send_packet (client, CTAPHID_CHANNEL_BROADCAST, CTAPHID_CBOR, 1,
                                          report, 57);
              break;
            case 3:
              ctaphid_client_send_packet (client, 0, CTAPHID_INIT, 8, report, 8);
              break;
            default:
              memcpy (report, &client->channel, 4);
              report[4] &= 0x7F;
              ctaphid_client_send_bytes (client, report, MORTISE_HID_REPORT_SIZE);
              break;
            }
          rude->sent++;
          g_usleep (500);
        }
    }
  return NULL;
}

static void
test_beside_rude_client (AgentFixture *f, gconstpointer data)
{
  Rude rude = { .path = f->socket_path };
  GThread *thread = g_thread_new ("rude", be_rude, &rude);

  for (int i = 0; i < 5; i++)
    agent_fixture_assert_works (f);
  g_atomic_int_set (&rude.stop, 1);
  g_thread_join (thread);
  g_test_message ("%u rude reports", rude.sent);
  agent_fixture_assert_works (f);
}

/* CBOR that is none, of every command: an error each, and no harm. */
static void
test_bad_requests (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint before = agent_fixture_count_questions (f);
  const struct
  {
    const char *bytes;
    gsize size;
  } bodies[] = {
    { "\xA1", 1 },                 /* ends too early */
    { "\x01", 1 },                 /* no map */
    { "\xBF\xFF", 2 },             /* indefinite length */
    { "\xA2\x01\x00\x01\x00", 5 }, /* key twice */
    { "\xA2\x02\x00\x01\x00", 5 }, /* keys not sorted */
    { "\xA1\x01\xFF", 3 },         /* break without a beginning */
    { "\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9 },
    { "\xA1\x01\x81\x81\x81\x81\x81\x81\x81\x80", 10 }, /* too deep */
  };

  for (guint command = 0; command < 256; command++)
    for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
      {
        guint8 request[32] = { (guint8) command };
        g_autoptr (GBytes) response = NULL;

        /* Those that take no parameters may pass over some; reset and selection ask the person. */
        if (command == 0x04 || command == 0x07 || command == 0x08 || command == 0x0B)
          continue;
        memcpy (request + 1, bodies[i].bytes, bodies[i].size);
        response = ctaphid_client_cbor (client, request, 1 + bodies[i].size);
        g_assert_cmpuint (g_bytes_get_size (response), ==, 1);
        g_assert_cmphex (*(const guint8 *) g_bytes_get_data (response, NULL), !=, 0);
      }
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, before);
  agent_fixture_assert_works (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/arbitration/" path, AgentFixture, NULL, agent_fixture_set_up, function,            \
              agent_fixture_tear_down)
  ADD ("busy", test_busy);
  ADD ("two-at-once", test_two_at_once);
  ADD ("lock", test_lock);
  ADD ("wink", test_wink);
  ADD ("ping", test_ping);
  ADD ("unfinished-message", test_unfinished_message);
  ADD ("beside-rude-client", test_beside_rude_client);
  ADD ("bad-requests", test_bad_requests);
#undef ADD
  return g_test_run ();
}
