/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/agent-fixture.h"
#include "tests/support/mock-fprintd.h"

/*
 * A finger instead of the PIN, with the real agent and a reader that does as it is told: verified
 * as with the PIN, never more than the PIN had opened before, and never in the PIN's way.
 */

#define SITE       "example.org"
#define OTHER_SITE "example.net"
#define PIN        "pin=" AGENT_FIXTURE_PIN

typedef struct
{
  AgentFixture agent;
  MockFprintd *fprintd;
} Fixture;

static void
switch_on (Fixture *f)
{
  agent_fixture_answer (&f->agent, "approve expect=edit " PIN);
  g_variant_unref (agent_fixture_call (
      &f->agent, "SetSetting", g_variant_new ("(sv)", "fingerprint", g_variant_new_boolean (TRUE)),
      NULL));
}

static void
set_up_off (Fixture *f, gconstpointer data)
{
  agent_fixture_set_up (&f->agent, AGENT_FIXTURE_NO_START);
  f->agent.system_bus = g_strdup (g_test_dbus_get_bus_address (f->agent.test_bus));
  f->fprintd = mock_fprintd_new (f->agent.system_bus);
  agent_fixture_start (&f->agent);
  agent_fixture_create_vault (&f->agent);
}

/* With a passkey at the site. */
static void
set_up (Fixture *f, gconstpointer data)
{
  set_up_off (f, NULL);
  agent_fixture_answer_register (&f->agent, "approve expect=register");
  mortise_registration_free (agent_fixture_register (&f->agent, SITE, "alice", NULL));
  switch_on (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  agent_fixture_stop (&f->agent);
  mock_fprintd_free (f->fprintd);
  agent_fixture_tear_down (&f->agent, NULL);
}

static gboolean
is_on (Fixture *f)
{
  g_autoptr (GVariant) reply = agent_fixture_call (&f->agent, "GetSettings", NULL, NULL);
  g_autoptr (GVariant) settings = g_variant_get_child_value (reply, 0);
  gboolean on = TRUE;

  g_assert_true (g_variant_lookup (settings, "fingerprint", "b", &on));
  return on;
}

static gboolean
offers_finger (Fixture *f)
{
  g_autoptr (GVariant) question = agent_fixture_last_question (&f->agent);
  gboolean offered = FALSE;

  g_assert_true (g_variant_lookup (question, "finger", "b", &offered));
  return offered;
}

static guint
get_retries (Fixture *f)
{
  g_autoptr (GVariant) value = agent_fixture_get (&f->agent, "PinRetries");

  return g_variant_get_uint32 (value);
}

/* Has to be verified, whichever way. */
static void
sign_in (Fixture *f)
{
  g_autoptr (MortiseSignIn) result = agent_fixture_sign_in (&f->agent, SITE, NULL);

  g_assert_cmphex (result->flags & MORTISE_AUTH_FLAG_UV, ==, MORTISE_AUTH_FLAG_UV);
}

/* --- Switching it on ---------------------------------------------------------------------------
 */

static GVariant *
try_switch_on (Fixture *f, GError **error)
{
  return agent_fixture_call (&f->agent, "SetSetting",
                             g_variant_new ("(sv)", "fingerprint", g_variant_new_boolean (TRUE)),
                             error);
}

/* Only by the person, with the PIN. */
static void
test_switching_on (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean needs_pin = FALSE;
  g_autoptr (GVariant) question = NULL;

  g_assert_false (is_on (f));
  agent_fixture_answer (&f->agent, "deny expect=edit");
  g_assert_null (try_switch_on (f, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  question = agent_fixture_last_question (&f->agent);
  g_assert_true (g_variant_lookup (question, "needs-pin", "b", &needs_pin));
  g_assert_true (needs_pin);
  g_assert_false (is_on (f));

  switch_on (f);
  g_assert_true (is_on (f));
  /* Nor does a finger switch anything. */
  g_assert_false (offers_finger (f));
  /* Off is more, and asks nothing. */
  g_variant_unref (agent_fixture_call (
      &f->agent, "SetSetting", g_variant_new ("(sv)", "fingerprint", g_variant_new_boolean (FALSE)),
      NULL));
  g_assert_false (is_on (f));
}

/* Nobody is asked for a PIN where it would come to nothing; why not is said. */
static void
test_not_usable (Fixture *f, gconstpointer data)
{
  const guint before = agent_fixture_count_questions (&f->agent);
  g_autoptr (GError) error = NULL;

  mock_fprintd_set_fingers (f->fprintd, 0);
  g_assert_null (try_switch_on (f, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "none of your fingers is enrolled"));
  g_clear_pointer (&f->fprintd, mock_fprintd_free);
  g_clear_error (&error);
  g_assert_null (try_switch_on (f, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "fprintd"));
  g_assert_cmpuint (agent_fixture_count_questions (&f->agent), ==, before);
  g_assert_false (is_on (f));
}

static char *
read_health (Fixture *f)
{
  g_autoptr (GVariant) reply = agent_fixture_call (&f->agent, "GetHealth", NULL, NULL);
  g_autoptr (GVariant) lines = g_variant_get_child_value (reply, 0);

  for (gsize i = 0; i < g_variant_n_children (lines); i++)
    {
      g_autoptr (GVariant) line = g_variant_get_child_value (lines, i);
      const char *id, *state, *text, *step;

      g_assert_true (g_variant_lookup (line, "id", "&s", &id));
      if (!g_str_equal (id, "fingerprint"))
        continue;
      g_assert_true (g_variant_lookup (line, "state", "&s", &state));
      g_assert_true (g_variant_lookup (line, "text", "&s", &text));
      g_assert_true (g_variant_lookup (line, "step", "&s", &step));
      return g_strdup_printf ("%s: %s %s", state, text, step);
    }
  g_error ("No line about fingerprints");
}

static char *
read_state (Fixture *f)
{
  g_autoptr (GVariant) reply = agent_fixture_call (&f->agent, "GetFingerprint", NULL, NULL);
  g_autoptr (GVariant) members = g_variant_get_child_value (reply, 0);
  char *state = NULL;

  g_assert_true (g_variant_lookup (members, "state", "s", &state));
  return state;
}

static void
test_health (Fixture *f, gconstpointer data)
{
  const struct
  {
    const char *state;
    const char *health;
  } expected[] = {
    { "ready", "ok: The fingerprint reader works (" },
    { "no-finger", "warning: There is a fingerprint reader, but none" },
    { "no-reader", "warning: There is no fingerprint reader." },
    { "no-service", "warning: The fingerprint service (fprintd) is not installed" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *state = NULL;
      g_autofree char *health = NULL;

      if (i == 1)
        mock_fprintd_set_fingers (f->fprintd, 0);
      else if (i == 2)
        mock_fprintd_set_reader (f->fprintd, FALSE);
      else if (i == 3)
        g_clear_pointer (&f->fprintd, mock_fprintd_free);
      state = read_state (f);
      health = read_health (f);
      g_assert_cmpstr (state, ==, expected[i].state);
      g_assert_true (g_str_has_prefix (health, expected[i].health));
    }
}

/* --- Through the wire --------------------------------------------------------------------------
 */

static void
test_verified (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = NULL;

  agent_fixture_answer (&f->agent, "finger expect=verify");
  agent_fixture_answer (&f->agent, "approve expect=register");
  mock_fprintd_scan (f->fprintd, "verify-retry-scan verify-no-match verify-match");
  registration = agent_fixture_register (&f->agent, OTHER_SITE, "alice", NULL);
  g_assert_cmphex (registration->flags & MORTISE_AUTH_FLAG_UV, ==, MORTISE_AUTH_FLAG_UV);
  mock_fprintd_wait_released (f->fprintd);

  agent_fixture_answer (&f->agent, "finger expect=sign-in");
  mock_fprintd_scan (f->fprintd, "verify-match");
  sign_in (f);
  g_assert_true (offers_finger (f));
  mock_fprintd_wait_released (f->fprintd);
  g_assert_cmpuint (get_retries (f), ==, 8);
}

/* A wrong finger costs no try of the PIN, and the PIN is there when fingers are spent. */
static void
test_wrong_fingers (Fixture *f, gconstpointer data)
{
  agent_fixture_answer (&f->agent, "finger expect=sign-in " PIN);
  mock_fprintd_scan (f->fprintd, "verify-no-match verify-no-match verify-no-match verify-match");
  sign_in (f);
  g_free (agent_fixture_wait_event_holding (&f->agent, agent_fixture_count_questions (&f->agent),
                                            "update", "'spent'"));
  mock_fprintd_wait_released (f->fprintd);
  g_assert_cmpuint (get_retries (f), ==, 8);
}

/* Who tries finger after finger is left with the PIN, until it was right. */
static void
test_too_many_wrong_fingers (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      agent_fixture_answer (&f->agent, "finger expect=sign-in");
      mock_fprintd_scan (f->fprintd, "verify-no-match verify-no-match verify-no-match");
      agent_fixture_sign_in_fails (&f->agent, SITE, NULL, MORTISE_ERROR_DENIED);
      g_assert_true (offers_finger (f));
      mock_fprintd_wait_released (f->fprintd);
    }
  agent_fixture_answer (&f->agent, "finger expect=sign-in " PIN);
  sign_in (f);
  g_assert_false (offers_finger (f));

  agent_fixture_answer (&f->agent, "finger expect=sign-in");
  mock_fprintd_scan (f->fprintd, "verify-match");
  sign_in (f);
}

/* A wrong PIN in between does not end the finger. */
static void
test_with_wrong_pin (Fixture *f, gconstpointer data)
{
  agent_fixture_answer (&f->agent, "approve expect=sign-in pin=Wrong-0000," AGENT_FIXTURE_PIN);
  sign_in (f);
  mock_fprintd_wait_released (f->fprintd);
  g_assert_cmpuint (get_retries (f), ==, 8);
}

/* --- Where there is none -----------------------------------------------------------------------
 */

/* A finger opens nothing: after a lock, and after a restart, the PIN comes first. */
static void
test_locked (Fixture *f, gconstpointer data)
{
  const guint claims = mock_fprintd_count_claims (f->fprintd);

  agent_fixture_lock (&f->agent);
  mock_fprintd_scan (f->fprintd, "verify-match");
  agent_fixture_answer (&f->agent, "finger expect=sign-in " PIN);
  sign_in (f);
  g_assert_false (offers_finger (f));
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, claims);

  agent_fixture_kill (&f->agent);
  agent_fixture_start (&f->agent);
  g_assert_true (is_on (f));
  agent_fixture_answer (&f->agent, "finger expect=sign-in " PIN);
  sign_in (f);
  g_assert_false (offers_finger (f));
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, claims);

  /* And now it may: the PIN was typed. */
  agent_fixture_answer (&f->agent, "finger expect=sign-in");
  sign_in (f);
  g_assert_true (offers_finger (f));
}

/* What opens the vault or changes how it is protected takes the PIN. */
static void
test_never_for (Fixture *f, gconstpointer data)
{
  const char *const methods[] = { "Unlock", "ChangePin", "CreateRecoveryCode", "Reset" };
  const guint claims = mock_fprintd_count_claims (f->fprintd);

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr (GError) error = NULL;

      if (g_str_equal (methods[i], "Unlock"))
        agent_fixture_lock (&f->agent);
      agent_fixture_answer (&f->agent, "finger");
      g_assert_null (agent_fixture_call (&f->agent, methods[i], NULL, &error));
      g_assert_nonnull (error);
      g_assert_false (offers_finger (f));
      if (g_str_equal (methods[i], "Unlock"))
        agent_fixture_unlock (&f->agent);
    }
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, claims);
}

static void
test_off (Fixture *f, gconstpointer data)
{
  g_variant_unref (agent_fixture_call (
      &f->agent, "SetSetting", g_variant_new ("(sv)", "fingerprint", g_variant_new_boolean (FALSE)),
      NULL));
  agent_fixture_answer (&f->agent, "finger expect=sign-in " PIN);
  sign_in (f);
  g_assert_false (offers_finger (f));
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, 0);
}

/* --- In the middle of a question ---------------------------------------------------------------
 */

static gpointer
end_fprintd (gpointer data)
{
  Fixture *f = data;

  mock_fprintd_wait_verifying (f->fprintd);
  g_clear_pointer (&f->fprintd, mock_fprintd_free);
  return NULL;
}

static void
test_service_dies (Fixture *f, gconstpointer data)
{
  GThread *thread;

  agent_fixture_answer (&f->agent, "finger expect=sign-in " PIN);
  thread = g_thread_new ("end", end_fprintd, f);
  sign_in (f);
  g_thread_join (thread);
  g_free (agent_fixture_wait_event_holding (&f->agent, agent_fixture_count_questions (&f->agent),
                                            "update", "'off'"));
}

static void
test_in_use (Fixture *f, gconstpointer data)
{
  mock_fprintd_fail (f->fprintd, "Claim", "AlreadyInUse");
  agent_fixture_answer (&f->agent, "finger expect=sign-in " PIN);
  sign_in (f);
  g_free (agent_fixture_wait_event_holding (&f->agent, agent_fixture_count_questions (&f->agent),
                                            "update",
                                            "Another program is using the fingerprint reader."));
}

typedef struct
{
  Fixture *fixture;
  GCancellable *cancellable;
} Withdrawal;

static gpointer
withdraw (gpointer data)
{
  Withdrawal *withdrawal = data;

  mock_fprintd_wait_verifying (withdrawal->fixture->fprintd);
  if (withdrawal->cancellable != NULL)
    g_cancellable_cancel (withdrawal->cancellable);
  else
    agent_fixture_lock (&withdrawal->fixture->agent);
  return NULL;
}

/* The client withdraws, or the screen is locked: the reader is free again, for that is where the
 * next finger is put. */
static void
test_withdrawn (Fixture *f, gconstpointer data)
{
  const MortiseError codes[] = { MORTISE_ERROR_CANCELLED, MORTISE_ERROR_DENIED };

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Withdrawal withdrawal = { f, codes[i] == MORTISE_ERROR_CANCELLED ? cancellable : NULL };
      const MortiseSignInOptions options = { NULL, TRUE };
      g_autoptr (GError) error = NULL;
      GThread *thread;

      agent_fixture_answer (&f->agent, "finger expect=sign-in");
      thread = g_thread_new ("withdraw", withdraw, &withdrawal);
      g_assert_null (mortise_relying_party_sign_in (f->agent.rp, f->agent.socket_path, SITE,
                                                    &options, cancellable, &error));
      g_assert_error (error, MORTISE_ERROR, (int) codes[i]);
      g_thread_join (thread);
      mock_fprintd_wait_released (f->fprintd);
      g_assert_false (mock_fprintd_is_verifying (f->fprintd));
    }
}

#define ADD(path, set_up, function)                                                                \
  g_test_add ("/finger/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("switching-on", set_up_off, test_switching_on);
  ADD ("not-usable", set_up_off, test_not_usable);
  ADD ("health", set_up, test_health);
  ADD ("verified", set_up, test_verified);
  ADD ("wrong-fingers", set_up, test_wrong_fingers);
  ADD ("too-many-wrong-fingers", set_up, test_too_many_wrong_fingers);
  ADD ("with-wrong-pin", set_up, test_with_wrong_pin);
  ADD ("locked", set_up, test_locked);
  ADD ("never-for", set_up, test_never_for);
  ADD ("off", set_up, test_off);
  ADD ("service-dies", set_up, test_service_dies);
  ADD ("in-use", set_up, test_in_use);
  ADD ("withdrawn", set_up, test_withdrawn);
  return g_test_run ();
}
