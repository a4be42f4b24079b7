/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/agent-fixture.h"
#include "tests/support/mock-logind.h"

/*
 * Another person comes to the front, or the screen is locked, in the middle of requests: nobody
 * answers for who is not there, no prompt stays behind, and afterwards all works again.
 */

#define SELECTION "\x0b"

#define OPERATION_DENIED 0x27

typedef struct
{
  AgentFixture agent;
  GDBusConnection *bus;
  MockLogind *logind;
  GMainLoop *loop;
  GThread *thread;
} Fixture;

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

/* logind answers while the test waits for something else. */
static gpointer
serve_logind (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (g_main_loop_get_context (f->loop));
  f->logind = mock_logind_new (f->bus);
  g_main_loop_run (f->loop);
  g_clear_pointer (&f->logind, mock_logind_free);
  g_main_context_pop_thread_default (g_main_loop_get_context (f->loop));
  return NULL;
}

static gboolean
has_logind (Fixture *f)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      f->agent.bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "NameHasOwner", g_variant_new ("(s)", "org.freedesktop.login1"), NULL, G_DBUS_CALL_FLAGS_NONE,
      -1, NULL, NULL);
  gboolean owned = FALSE;

  g_assert_nonnull (reply);
  g_variant_get (reply, "(b)", &owned);
  return owned;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GError) error = NULL;

  agent_fixture_set_up (&f->agent, AGENT_FIXTURE_NO_START);
  f->agent.system_bus = g_strdup (g_test_dbus_get_bus_address (f->agent.test_bus));
  f->bus =
      g_dbus_connection_new_for_address_sync (f->agent.system_bus,
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  g_assert_no_error (error);
  f->loop = g_main_loop_new (context, FALSE);
  f->thread = g_thread_new ("logind", serve_logind, f);
  while (!has_logind (f))
    g_usleep (1000);

  agent_fixture_start (&f->agent);
  agent_fixture_create_vault (&f->agent);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  agent_fixture_stop (&f->agent);
  g_source_set_callback (source, quit_cb, f->loop, NULL);
  g_source_attach (source, g_main_loop_get_context (f->loop));
  g_thread_join (f->thread);
  g_main_loop_unref (f->loop);
  g_assert_true (g_dbus_connection_close_sync (f->bus, NULL, NULL));
  g_object_unref (f->bus);
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

/* A U2F client's prompt belongs to no request under way, and goes all the same. */
static void
test_switched_away_u2f (Fixture *f, gconstpointer data)
{
  static const guint8 apdu[7 + 64] = { 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 64, 1, 2, 3 };
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->agent.socket_path);
  const guint question = agent_fixture_count_questions (&f->agent) + 1;
  guint8 command;

  agent_fixture_answer (&f->agent, "hang expect=register");
  /* Until U2F is on, which follows the vault. */
  do
    {
      ctaphid_client_send (client, CTAPHID_MSG, apdu, sizeof apdu);
      g_bytes_unref (ctaphid_client_receive (client, &command));
    }
  while (command != CTAPHID_MSG);
  g_free (agent_fixture_wait_event (&f->agent, question, "shown"));
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

#define ADD(path, function)                                                                        \
  g_test_add ("/session/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("switched-away", test_switched_away);
  ADD ("switched-away-u2f", test_switched_away_u2f);
  ADD ("screen-locked", test_screen_locked);
  return g_test_run ();
}
