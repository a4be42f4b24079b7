/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/agent-fixture.h"
#include "tests/support/mock-logind.h"
#include "tests/support/test-bus.h"
#include "tests/support/wait-for.h"

/*
 * Another person comes to the front, or the screen is locked, in the middle of requests: nobody
 * answers for who is not there, no prompt stays behind, and afterwards all works again.
 */

#define SELECTION "\x0b"

#define OPERATION_DENIED 0x27

typedef struct
{
  AgentFixture agent;
  TestBusThread *thread;
  MockLogind *logind;
} Fixture;

static void
begin_logind (GDBusConnection *bus, gpointer user_data)
{
  Fixture *f = user_data;

  f->logind = mock_logind_new (bus);
}

static void
end_logind (GDBusConnection *bus, gpointer user_data)
{
  Fixture *f = user_data;

  g_clear_pointer (&f->logind, mock_logind_free);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  agent_fixture_set_up (&f->agent, AGENT_FIXTURE_NO_START);
  f->agent.system_bus = g_strdup (g_test_dbus_get_bus_address (f->agent.test_bus));
  f->thread = test_bus_serve (f->agent.system_bus, begin_logind, end_logind, f);
  agent_fixture_start (&f->agent);
  agent_fixture_create_vault (&f->agent);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  agent_fixture_stop (&f->agent);
  test_bus_thread_free (f->thread);
  agent_fixture_tear_down (&f->agent, NULL);
}

static guint8
receive_status (CtaphidClient *client)
{
  guint8 command;
  g_autoptr (GBytes) response = ctaphid_client_receive (client, &command);

  g_assert_cmphex (command, ==, CTAPHID_CBOR);
  g_assert_cmpuint (g_bytes_get_size (response), ==, 1);
  return *(const guint8 *) g_bytes_get_data (response, NULL);
}

/* Until the question is on the screen. Returns: its number. */
static guint
start_selection (Fixture *f, CtaphidClient *client)
{
  const guint question = agent_fixture_count_questions (&f->agent) + 1;

  agent_fixture_answer (&f->agent, "hang expect=select");
  ctaphid_client_send (client, CTAPHID_CBOR, SELECTION, 1);
  g_free (agent_fixture_wait_event (&f->agent, question, "shown"));
  return question;
}

static void
wait_until_denied (Fixture *f, CtaphidClient *client, const guint question)
{
  g_assert_cmphex (receive_status (client), ==, OPERATION_DENIED);
  g_free (agent_fixture_wait_event (&f->agent, question, "closed-by-agent"));
}

static void
test_switched_away (Fixture *f, gconstpointer data)
{
  static const guint8 apdu[7 + 64] = { 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 64, 1, 2, 3 };
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->agent.socket_path);
  g_autoptr (GBytes) response = NULL;
  guint question = start_selection (f, client);
  guint8 command;

  mock_logind_set_active (f->logind, MOCK_LOGIND_PID_SESSION, FALSE);
  wait_until_denied (f, client, question);

  /* Who is in front now reaches our device, and gets nothing from it; nobody is asked. */
  ctaphid_client_send (client, CTAPHID_CBOR, SELECTION, 1);
  g_assert_cmphex (receive_status (client), ==, OPERATION_DENIED);
  ctaphid_client_send (client, CTAPHID_MSG, apdu, sizeof apdu);
  response = ctaphid_client_receive (client, &command);
  g_assert_cmphex (command, ==, CTAPHID_MSG);
  g_assert_cmpmem (g_bytes_get_data (response, NULL), g_bytes_get_size (response), "\x69\x85", 2);
  g_assert_cmpuint (agent_fixture_count_questions (&f->agent), ==, question);

  mock_logind_set_active (f->logind, MOCK_LOGIND_PID_SESSION, TRUE);
  /* Heard of when a request gets through again. */
  do
    {
      agent_fixture_answer_always (&f->agent, "approve pin=" AGENT_FIXTURE_PIN);
      ctaphid_client_send (client, CTAPHID_CBOR, SELECTION, 1);
    }
  while (receive_status (client) == OPERATION_DENIED);
  agent_fixture_assert_works (&f->agent);
}

/* One poll of a U2F client; it is not asked any more once it stops. Returns: whether its prompt is
 * up, which takes until U2F is on, too. */
static gboolean
poll_u2f (Fixture *f, CtaphidClient *client, guint question)
{
  static const guint8 apdu[7 + 64] = { 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 64, 1, 2, 3 };
  guint8 command;

  ctaphid_client_send (client, CTAPHID_MSG, apdu, sizeof apdu);
  g_bytes_unref (ctaphid_client_receive (client, &command));
  return agent_fixture_has_event (&f->agent, question, "shown");
}

/* A U2F client's prompt belongs to no request under way, and goes all the same. */
static void
test_switched_away_u2f (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->agent.socket_path);
  const guint question = agent_fixture_count_questions (&f->agent) + 1;

  agent_fixture_answer (&f->agent, "hang expect=register");
  WAIT_FOR_OTHERS (poll_u2f (f, client, question));
  mock_logind_set_active (f->logind, MOCK_LOGIND_PID_SESSION, FALSE);
  g_free (agent_fixture_wait_event (&f->agent, question, "closed-by-agent"));
  mock_logind_set_active (f->logind, MOCK_LOGIND_PID_SESSION, TRUE);
  do
    ctaphid_client_send (client, CTAPHID_CBOR, SELECTION, 1);
  while (receive_status (client) == OPERATION_DENIED);
  agent_fixture_assert_works (&f->agent);
}

static void
test_screen_locked (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->agent.socket_path);
  const guint question = start_selection (f, client);

  mock_logind_emit_lock (f->logind, MOCK_LOGIND_PID_SESSION);
  wait_until_denied (f, client, question);
  agent_fixture_wait_state (&f->agent, "listable");
  agent_fixture_assert_works (&f->agent);
}

/* The machine is held awake until the vault is locked, and no longer. */
static void
test_asleep (Fixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->agent.socket_path);
  const guint question = start_selection (f, client);

  WAIT_FOR_OTHERS (mock_logind_is_inhibited (f->logind));
  mock_logind_emit_prepare (f->logind, "PrepareForSleep", TRUE);
  wait_until_denied (f, client, question);
  agent_fixture_wait_state (&f->agent, "listable");
  WAIT_FOR_OTHERS (!mock_logind_is_inhibited (f->logind));
  mock_logind_emit_prepare (f->logind, "PrepareForSleep", FALSE);
  agent_fixture_assert_works (&f->agent);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/session/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("switched-away", test_switched_away);
  ADD ("switched-away-u2f", test_switched_away_u2f);
  ADD ("screen-locked", test_screen_locked);
  ADD ("asleep", test_asleep);
  return g_test_run ();
}
