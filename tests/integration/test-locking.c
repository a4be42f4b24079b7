/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>

#include "tests/support/agent-fixture.h"

/* The PIN, the tries there are, and what a locked vault does. */

#define SITE      "example.org"
#define WRONG_PIN "Wrong-0000"

static guint
get_retries (AgentFixture *f)
{
  g_autoptr (GVariant) value = agent_fixture_get (f, "PinRetries");

  return g_variant_get_uint32 (value);
}

static void
test_wrong_then_right (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) question = NULL;
  g_autofree char *update = NULL;
  guint number;

  g_assert_cmpuint (get_retries (f), ==, 8);
  agent_fixture_answer (f, "approve expect=verify pin=" WRONG_PIN "," AGENT_FIXTURE_PIN);
  agent_fixture_answer (f, "approve expect=register");
  mortise_registration_free (agent_fixture_register (f, SITE, "alice", NULL));
  number = agent_fixture_count_questions (f) - 1;
  update = agent_fixture_wait_event_holding (f, number, "update", "'pin-wrong': <true>");
  g_assert_nonnull (strstr (update, "'retries': <uint32 7>"));
  /* The right one gives all tries back. */
  g_assert_cmpuint (get_retries (f), ==, 8);
}

/* Three in a row, and only a restart gives another try; what was tried stays counted. */
static void
test_three_in_a_row (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  agent_fixture_lock (f);
  agent_fixture_answer (f,
                        "approve pin=" WRONG_PIN "," WRONG_PIN "," WRONG_PIN "," AGENT_FIXTURE_PIN);
  g_assert_null (agent_fixture_call (f, "Unlock", NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_AUTH_BLOCKED);
  g_clear_error (&error);
  g_assert_cmpuint (get_retries (f), ==, 5);
  g_assert_null (agent_fixture_call (f, "Unlock", NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_AUTH_BLOCKED);
  g_assert_cmpuint (get_retries (f), ==, 5);

  agent_fixture_kill (f);
  agent_fixture_start (f);
  g_assert_cmpuint (get_retries (f), ==, 5);
  agent_fixture_unlock (f);
  g_assert_cmpuint (get_retries (f), ==, 8);
  agent_fixture_assert_works (f);
}

/* Eight wrong ones, over restarts and kills: the PIN is blocked for good. */
static void
test_all_tries_spent (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  agent_fixture_lock (f);
  agent_fixture_answer_always (f, "approve pin=" WRONG_PIN "," WRONG_PIN "," WRONG_PIN);
  for (guint life = 0; life < 3; life++)
    {
      g_clear_error (&error);
      g_assert_null (agent_fixture_call (f, "Unlock", NULL, &error));
      agent_fixture_kill (f);
      agent_fixture_start (f);
    }
  g_assert_cmpuint (get_retries (f), ==, 0);
  agent_fixture_answer_always (f, "approve pin=" AGENT_FIXTURE_PIN);
  g_clear_error (&error);
  g_assert_null (agent_fixture_call (f, "Unlock", NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_BLOCKED);
}

static void
test_locked_vault (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autofree char *state = NULL;
  guint before;

  agent_fixture_lock (f);
  agent_fixture_wait_state (f, "listable");
  /* Listed, and not found without a word about the PIN. */
  g_assert_cmpint (agent_fixture_find_passkey (f, FALSE, registration->credential_id), !=, 0);
  before = agent_fixture_count_questions (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
  g_assert_cmpuint (agent_fixture_count_questions (f), >, before);
  state = agent_fixture_get_string (f, "VaultState");
  g_assert_cmpstr (state, ==, "unlocked");
}

static void
test_idle_lock (AgentFixture *f, gconstpointer data)
{
  g_ptr_array_add (f->options, g_strdup ("--idle-lock=1"));
  agent_fixture_start (f);
  agent_fixture_create_vault (f);
  agent_fixture_wait_state (f, "listable");
  mortise_registration_free (agent_fixture_register (f, SITE, "alice", NULL));
  agent_fixture_wait_state (f, "listable");
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
  agent_fixture_wait_state (f, "listable");
}

/* What the person chose in Preferences, now and after the next login. */
static void
test_idle_lock_setting (AgentFixture *f, gconstpointer data)
{
  mortise_registration_free (agent_fixture_register (f, SITE, "alice", NULL));
  g_variant_unref (agent_fixture_call (
      f, "SetSetting", g_variant_new ("(sv)", "idle-lock", g_variant_new_uint32 (1)), NULL));
  agent_fixture_wait_state (f, "listable");
  agent_fixture_stop (f);
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
  agent_fixture_wait_state (f, "listable");
}

static void
test_no_keyring (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  agent_fixture_stop (f);
  agent_fixture_start (f);
  agent_fixture_wait_state (f, "locked");
  /* Nothing can be listed, and that is said: an empty list would look like loss. */
  reply =
      agent_fixture_call (f, "ListPasskeys", g_variant_new ("(bxu)", FALSE, (gint64) 0, 0), &error);
  g_assert_null (reply);
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
  g_assert_cmpint (agent_fixture_find_passkey (f, FALSE, registration->credential_id), !=, 0);
  agent_fixture_lock (f);
  agent_fixture_assert_works (f);
}

static void
test_change_pin (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GError) error = NULL;

  agent_fixture_answer (f, "approve expect=change-pin pin=" AGENT_FIXTURE_PIN
                           " new-pin=" AGENT_FIXTURE_NEW_PIN);
  g_variant_unref (agent_fixture_call (f, "ChangePin", NULL, NULL));
  agent_fixture_stop (f);
  agent_fixture_start (f);
  agent_fixture_answer (f, "approve expect=unlock pin=" AGENT_FIXTURE_PIN);
  g_assert_null (agent_fixture_call (f, "Unlock", NULL, &error));
  g_assert_nonnull (error);
  agent_fixture_answer_always (f, "approve pin=" AGENT_FIXTURE_NEW_PIN);
  g_variant_unref (agent_fixture_call (f, "Unlock", NULL, NULL));
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

static void
test_reset (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GError) error = NULL;

  agent_fixture_answer (f, "deny expect=reset");
  g_assert_null (agent_fixture_call (f, "Reset", NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));

  agent_fixture_answer (f, "approve expect=reset pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (f, "Reset", NULL, NULL));
  agent_fixture_wait_state (f, "no-vault");
  agent_fixture_sign_in_fails (f, SITE, registration, MORTISE_ERROR_NOT_FOUND);

  agent_fixture_create_vault (f);
  agent_fixture_sign_in_fails (f, SITE, registration, MORTISE_ERROR_NOT_FOUND);
  agent_fixture_assert_works (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, words, function)                                                                 \
  g_test_add ("/locking/" path, AgentFixture, words, agent_fixture_set_up, function,               \
              agent_fixture_tear_down)
  ADD ("wrong-then-right", NULL, test_wrong_then_right);
  ADD ("three-in-a-row", NULL, test_three_in_a_row);
  ADD ("all-tries-spent", NULL, test_all_tries_spent);
  ADD ("locked-vault", NULL, test_locked_vault);
  ADD ("idle-lock", AGENT_FIXTURE_NO_START, test_idle_lock);
  ADD ("idle-lock-setting", NULL, test_idle_lock_setting);
  ADD ("no-keyring", AGENT_FIXTURE_NO_KEYRING, test_no_keyring);
  ADD ("change-pin", NULL, test_change_pin);
  ADD ("reset", NULL, test_reset);
#undef ADD
  return g_test_run ();
}
