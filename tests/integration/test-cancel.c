/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tests/support/agent-fixture.h"
#include "tests/support/wait-for.h"

/* Requests that end before the person answered: the prompt goes away, the client is told exactly,
 * and the next request works. */

#define SITE "example.org"

/* authenticatorSelection: asks for presence and nothing else. */
#define SELECTION "\x0b"

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
wait_for (GAsyncResult **result)
{
  WAIT_FOR (*result != NULL);
}

/* Cancels a registration while question @which of it is on the screen. */
static void
cancel_registration_at (AgentFixture *f, guint which)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  const guint question = agent_fixture_count_questions (f) + which;

  if (which == 1)
    agent_fixture_answer (f, "hang");
  else
    agent_fixture_answer_register (f, "hang");
  mortise_relying_party_register_async (f->rp, f->socket_path, SITE, "alice", NULL, cancellable,
                                        on_done, &result);
  g_free (agent_fixture_wait_event (f, question, "shown"));
  g_cancellable_cancel (cancellable);
  wait_for (&result);
  g_assert_null (mortise_relying_party_register_finish (f->rp, result, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
}

static void
test_registration (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) list = NULL;

  cancel_registration_at (f, 1);
  cancel_registration_at (f, 2);
  list = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (list), ==, 0);
  agent_fixture_assert_works (f);
}

static void
test_sign_in (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  const guint question = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "hang");
  mortise_relying_party_sign_in_async (f->rp, f->socket_path, SITE, NULL, cancellable, on_done,
                                       &result);
  g_free (agent_fixture_wait_event (f, question, "shown"));
  g_cancellable_cancel (cancellable);
  wait_for (&result);
  g_assert_null (mortise_relying_party_sign_in_finish (f->rp, result, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

static void
assert_status (GBytes *response, guint8 status)
{
  g_assert_cmpuint (g_bytes_get_size (response), >=, 1);
  g_assert_cmphex (*(const guint8 *) g_bytes_get_data (response, NULL), ==, status);
}

static GBytes *
receive_cbor (CtaphidClient *client)
{
  guint8 command;
  GBytes *response = ctaphid_client_receive (client, &command);

  g_assert_cmphex (command, ==, CTAPHID_CBOR);
  return response;
}

/* Until the question is on the screen. Returns: its number. */
static guint
start_selection (AgentFixture *f, CtaphidClient *client, const char *answer)
{
  const guint question = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, answer);
  ctaphid_client_send (client, CTAPHID_CBOR, SELECTION, 1);
  ctaphid_client_wait_keepalive (client, 2);
  g_free (agent_fixture_wait_event (f, question, "shown"));
  return question;
}

static void
assert_selection_works (AgentFixture *f, CtaphidClient *client)
{
  g_autoptr (GBytes) response = NULL;

  agent_fixture_answer (f, "approve expect=select");
  response = ctaphid_client_cbor (client, SELECTION, 1);
  assert_status (response, 0x00);
}

/* The code, the keepalives and the prompt, on the wire. */
static void
test_on_the_wire (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  g_autoptr (GBytes) response = NULL;
  guint8 report[MORTISE_HID_REPORT_SIZE];
  const guint question = start_selection (f, client, "hang expect=select");
  ctaphid_client_wait_keepalive (client, 2);
  ctaphid_client_send (client, CTAPHID_CANCEL, NULL, 0);
  response = receive_cbor (client);
  assert_status (response, 0x2D);
  g_assert_cmpuint (g_bytes_get_size (response), ==, 1);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));

  /* With nothing pending a cancel is answered by nothing, ever: the next message is the echo. */
  ctaphid_client_send (client, CTAPHID_CANCEL, NULL, 0);
  ctaphid_client_send (client, CTAPHID_PING, "a", 1);
  g_assert_true (ctaphid_client_receive_report (client, CTAPHID_CLIENT_TIMEOUT, report));
  g_assert_cmphex (report[4], ==, 0x80 | CTAPHID_PING);
  assert_selection_works (f, client);
}

static void
test_from_other_channel (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  g_autoptr (CtaphidClient) other = ctaphid_client_open (f->socket_path);
  g_autoptr (GBytes) response = NULL;

  start_selection (f, client, "approve expect=select wait");
  ctaphid_client_send (other, CTAPHID_CANCEL, NULL, 0);
  /* An answer on this channel tells that what came before it was read. */
  ctaphid_client_init (other);
  agent_fixture_go_on (f);
  response = receive_cbor (client);
  assert_status (response, 0x00);
}

static void
test_init_on_channel (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  guint8 command;
  g_autoptr (GBytes) init = NULL;
  const guint question = start_selection (f, client, "hang expect=select");
  ctaphid_client_send (client, CTAPHID_INIT, "12345678", 8);
  init = ctaphid_client_receive (client, &command);
  g_assert_cmphex (command, ==, CTAPHID_INIT);
  /* At once, though the worker may not have come back from the first. */
  assert_selection_works (f, client);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
}

static void
test_client_goes_away (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint question = start_selection (f, client, "hang expect=select");
  g_clear_pointer (&client, ctaphid_client_free);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
  agent_fixture_assert_works (f);
}

static void
test_agent_ends (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint question = start_selection (f, client, "hang expect=select");
  agent_fixture_stop (f);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
  agent_fixture_start (f);
  agent_fixture_assert_works (f);
}

static void
test_agent_is_killed (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint question = start_selection (f, client, "hang expect=select");
  agent_fixture_kill (f);
  /* No prompt stays on the screen for an agent that is not there any more. */
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
  agent_fixture_start (f);
  agent_fixture_assert_works (f);
}

/* Cancelled at a random moment: whatever the client is told, the next request works, and a
 * registration that was told to have failed leaves nothing that the site would not know. */
static void
test_at_random (AgentFixture *f, gconstpointer data)
{
  guint registered = 0;
  g_autoptr (GVariant) list = NULL;

  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (MortiseRegistration) registration = NULL;

      mortise_relying_party_register_async (f->rp, f->socket_path, SITE, "alice", NULL, cancellable,
                                            on_done, &result);
      g_usleep ((gulong) g_test_rand_int_range (0, 150 * 1000));
      g_cancellable_cancel (cancellable);
      wait_for (&result);
      registration = mortise_relying_party_register_finish (f->rp, result, &error);
      if (registration != NULL)
        registered++;
      else
        g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
    }
  agent_fixture_wait_no_prompt (f);
  g_test_message ("%u of 40 registrations were quicker than their cancel", registered);
  list = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (list), ==, registered);
  agent_fixture_assert_works (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/cancel/" path, AgentFixture, NULL, agent_fixture_set_up, function,                 \
              agent_fixture_tear_down)
  ADD ("registration", test_registration);
  ADD ("sign-in", test_sign_in);
  ADD ("on-the-wire", test_on_the_wire);
  ADD ("from-other-channel", test_from_other_channel);
  ADD ("init-on-channel", test_init_on_channel);
  ADD ("client-goes-away", test_client_goes_away);
  ADD ("agent-ends", test_agent_ends);
  ADD ("agent-is-killed", test_agent_is_killed);
  ADD ("at-random", test_at_random);
#undef ADD
  return g_test_run ();
}
