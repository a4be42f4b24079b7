/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tests/support/agent-fixture.h"
#include "tests/support/wait-for.h"

/* A PIN that is forgotten or blocked, and the recovery code that helps. No passkey is ever lost. */

#define SITE      "quoin-and-lintel.example"
#define WRONG_PIN "not-the-pin"

static char *
read_code (AgentFixture *f)
{
  g_autofree char *path = g_build_filename (f->prompter_dir, "code", NULL);
  char *code = NULL;

  g_assert_true (g_file_get_contents (path, &code, NULL, NULL));
  return code;
}

static gboolean
is_told (AgentFixture *f, const char *property)
{
  g_autoptr (GVariant) value = agent_fixture_get (f, property);

  return g_variant_get_boolean (value);
}

static void
wait_told (AgentFixture *f, const char *property, gboolean expected)
{
  WAIT_FOR_OTHERS_TO (is_told (f, property) == expected, "%s to be %s", property,
                      expected ? "true" : "false");
}

static gboolean
has_code (AgentFixture *f)
{
  return is_told (f, "HasRecoveryCode");
}

static void
wait_has_code (AgentFixture *f, gboolean expected)
{
  wait_told (f, "HasRecoveryCode", expected);
}

/* (transfer full): made, shown, confirmed */
static char *
make_code (AgentFixture *f)
{
  agent_fixture_answer (f, "approve expect=new-code pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (f, "CreateRecoveryCode", NULL, NULL));
  wait_has_code (f, TRUE);
  return read_code (f);
}

static void
assert_fails (AgentFixture *f, const char *method, GVariant *arguments, MortiseError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (agent_fixture_call (f, method, arguments, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

static void
spend_all_tries (AgentFixture *f)
{
  agent_fixture_lock (f);
  agent_fixture_answer_always (f, "approve pin=" WRONG_PIN "," WRONG_PIN "," WRONG_PIN);
  for (guint life = 0; life < 3; life++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (agent_fixture_call (f, "Unlock", NULL, &error));
      agent_fixture_kill (f);
      agent_fixture_start (f);
    }
}

static guint
get_retries (AgentFixture *f)
{
  g_autoptr (GVariant) value = agent_fixture_get (f, "PinRetries");

  return g_variant_get_uint32 (value);
}

/* The vault opens with the new PIN and with it alone, and both passkeys are as they were. */
static void
assert_recovered (AgentFixture *f, const MortiseRegistration *registration)
{
  g_autoptr (GVariant) passkeys = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (get_retries (f), ==, 8);
  agent_fixture_answer_always (f, "approve pin=" AGENT_FIXTURE_NEW_PIN);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
  agent_fixture_stop (f);
  agent_fixture_start (f);
  agent_fixture_answer (f, "approve expect=unlock pin=" AGENT_FIXTURE_PIN);
  g_assert_null (agent_fixture_call (f, "Unlock", NULL, &error));
  g_variant_unref (agent_fixture_call (f, "Unlock", NULL, NULL));
  passkeys = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (passkeys), ==, 2);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

static MortiseRegistration *
register_two (AgentFixture *f)
{
  mortise_registration_free (agent_fixture_register (f, "other.example", "bob", NULL));
  return agent_fixture_register (f, SITE, "alice", NULL);
}

/* From the window, with the PIN blocked for good. */
static void
test_blocked_pin (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = register_two (f);
  g_autofree char *code = make_code (f);
  g_autofree char *lower = g_ascii_strdown (code, -1);
  g_autofree char *line = NULL;

  g_strdelimit (lower, "-", '.');
  spend_all_tries (f);
  g_assert_cmpuint (get_retries (f), ==, 0);
  line =
      g_strdup_printf ("approve expect=recover recovery=%s new-pin=" AGENT_FIXTURE_NEW_PIN, lower);
  agent_fixture_answer (f, line);
  g_variant_unref (agent_fixture_call (f, "ResetPin", NULL, NULL));
  agent_fixture_wait_state (f, "unlocked");
  assert_recovered (f, registration);
}

/* In the middle of a sign-in: who has the code needs no window, and the sign-in goes on. */
static void
test_while_signing_in (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = register_two (f);
  g_autofree char *code = make_code (f);

  agent_fixture_lock (f);
  agent_fixture_answer (f, "approve recovery=code new-pin=" AGENT_FIXTURE_NEW_PIN);
  agent_fixture_answer_always (f, "approve pin=" AGENT_FIXTURE_NEW_PIN);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
  assert_recovered (f, registration);
}

/* The last wrong PIN turns the same question into one for the code. */
static void
test_blocked_meanwhile (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = register_two (f);
  g_autofree char *code = make_code (f);
  g_autofree char *update = NULL;

  agent_fixture_lock (f);
  agent_fixture_answer (f, "approve expect=unlock pin=" WRONG_PIN "," WRONG_PIN "," WRONG_PIN
                           " recovery=code new-pin=" AGENT_FIXTURE_NEW_PIN);
  g_variant_unref (agent_fixture_call (f, "Unlock", NULL, NULL));
  update = agent_fixture_wait_event_holding (f, agent_fixture_count_questions (f), "update",
                                             "'recovery': <true>");
  g_assert_nonnull (strstr (update, "three times in a row"));
  assert_recovered (f, registration);
}

/* Who has no code hears that the PIN is blocked, not that they said no. */
static void
test_blocked_and_no_code (AgentFixture *f, gconstpointer data)
{
  g_autofree char *code = make_code (f);

  agent_fixture_lock (f);
  agent_fixture_answer (f, "approve expect=unlock pin=" WRONG_PIN "," WRONG_PIN "," WRONG_PIN);
  assert_fails (f, "Unlock", NULL, MORTISE_ERROR_PIN_AUTH_BLOCKED);
}

static void
test_wrong_code (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = register_two (f);
  g_autofree char *first = make_code (f);
  g_autofree char *second = make_code (f);
  g_autofree char *line = NULL;
  guint question = agent_fixture_count_questions (f) + 1;

  g_assert_cmpstr (first, !=, second);
  agent_fixture_lock (f);
  /* Mistyped, then the one that was replaced, then the right one. A single wrong character never
   * fits its group; more of them would once in 32 times. */
  line = g_strdup_printf ("approve expect=recover recovery=%c%s,%s,%s"
                          " new-pin=" AGENT_FIXTURE_NEW_PIN,
                          first[0] == '0' ? '1' : '0', first + 1, first, second);
  agent_fixture_answer (f, line);
  g_variant_unref (agent_fixture_call (f, "ResetPin", NULL, NULL));
  g_free (agent_fixture_wait_event_holding (f, question, "update", "Group 1 of the recovery code"));
  g_free (agent_fixture_wait_event_holding (f, question, "update", "is not the one of this vault"));
  assert_recovered (f, registration);
}

/* Closed before it was written down: the old one counts. */
static void
test_dropped (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = register_two (f);
  g_autofree char *first = make_code (f);
  g_autofree char *line = NULL;

  agent_fixture_answer (f, "approve expect=new-code drop-code pin=" AGENT_FIXTURE_PIN);
  assert_fails (f, "CreateRecoveryCode", NULL, MORTISE_ERROR_DENIED);
  line =
      g_strdup_printf ("approve expect=recover recovery=%s new-pin=" AGENT_FIXTURE_NEW_PIN, first);
  agent_fixture_answer (f, line);
  g_variant_unref (agent_fixture_call (f, "ResetPin", NULL, NULL));
  assert_recovered (f, registration);
}

static gboolean
get_keyslot (AgentFixture *f, const char *wanted, gint64 *ret_created, gint64 *ret_used)
{
  g_autoptr (GVariant) reply = agent_fixture_call (f, "GetKeyslots", NULL, NULL);
  g_autoptr (GVariant) slots = g_variant_get_child_value (reply, 0);

  for (gsize i = 0; i < g_variant_n_children (slots); i++)
    {
      g_autoptr (GVariant) slot = g_variant_get_child_value (slots, i);
      const char *id = "";
      gboolean exists = FALSE;

      g_assert_true (g_variant_lookup (slot, "id", "&s", &id));
      if (!g_str_equal (id, wanted))
        continue;
      g_assert_true (g_variant_lookup (slot, "exists", "b", &exists));
      g_assert_true (g_variant_lookup (slot, "created", "x", ret_created));
      g_assert_true (g_variant_lookup (slot, "last-used", "x", ret_used));
      return exists;
    }
  g_error ("There is no keyslot %s", wanted);
}

static void
test_keyslots (AgentFixture *f, gconstpointer data)
{
  gint64 created = 0, used = 0;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *code = NULL;

  g_assert_false (has_code (f));
  g_assert_true (get_keyslot (f, "pin", &created, &used));
  g_assert_cmpint (ABS (now - created), <, 600);
  g_assert_true (get_keyslot (f, "login", &created, &used));
  g_assert_false (get_keyslot (f, "recovery", &created, &used));
  assert_fails (f, "ResetPin", NULL, MORTISE_ERROR_NOT_FOUND);

  code = make_code (f);
  g_assert_true (get_keyslot (f, "recovery", &created, &used));
  g_assert_cmpint (ABS (now - created), <, 600);
  g_assert_cmpint (used, ==, 0);
  agent_fixture_answer (f, "approve expect=recover recovery=code new-pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (f, "ResetPin", NULL, NULL));
  g_assert_true (get_keyslot (f, "recovery", &created, &used));
  g_assert_cmpint (ABS (now - used), <, 600);

  /* Removing it asks for the PIN. */
  agent_fixture_answer (f, "deny expect=edit");
  assert_fails (f, "SetKeyslot", g_variant_new ("(sb)", "recovery", FALSE), MORTISE_ERROR_DENIED);
  g_assert_true (has_code (f));
  agent_fixture_answer (f, "approve expect=edit pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (
      agent_fixture_call (f, "SetKeyslot", g_variant_new ("(sb)", "recovery", FALSE), NULL));
  wait_has_code (f, FALSE);
  assert_fails (f, "ResetPin", NULL, MORTISE_ERROR_NOT_FOUND);
  assert_fails (f, "SetKeyslot", g_variant_new ("(sb)", "recovery", TRUE),
                MORTISE_ERROR_INVALID_ARGUMENT);
  assert_fails (f, "SetKeyslot", g_variant_new ("(sb)", "pin", FALSE),
                MORTISE_ERROR_INVALID_ARGUMENT);
}

/* Without it nothing is listed before the PIN; it comes back after a question only. */
static void
test_login_keyslot (AgentFixture *f, gconstpointer data)
{
  gint64 created, used;
  guint before = agent_fixture_count_questions (f);

  g_assert_true (is_told (f, "HasLoginKeyslot"));
  g_variant_unref (
      agent_fixture_call (f, "SetKeyslot", g_variant_new ("(sb)", "login", FALSE), NULL));
  wait_told (f, "HasLoginKeyslot", FALSE);
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, before);
  g_assert_false (get_keyslot (f, "login", &created, &used));
  agent_fixture_lock (f);
  agent_fixture_wait_state (f, "locked");
  agent_fixture_answer (f, "deny expect=edit");
  assert_fails (f, "SetKeyslot", g_variant_new ("(sb)", "login", TRUE), MORTISE_ERROR_DENIED);
  agent_fixture_answer (f, "approve expect=edit pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (
      agent_fixture_call (f, "SetKeyslot", g_variant_new ("(sb)", "login", TRUE), NULL));
  g_assert_true (get_keyslot (f, "login", &created, &used));
  wait_told (f, "HasLoginKeyslot", TRUE);
  agent_fixture_lock (f);
  agent_fixture_wait_state (f, "listable");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, words, function)                                                                 \
  g_test_add ("/recovery/" path, AgentFixture, words, agent_fixture_set_up, function,              \
              agent_fixture_tear_down)
  ADD ("blocked-pin", NULL, test_blocked_pin);
  ADD ("while-signing-in", NULL, test_while_signing_in);
  ADD ("blocked-meanwhile", NULL, test_blocked_meanwhile);
  ADD ("blocked-and-no-code", NULL, test_blocked_and_no_code);
  ADD ("wrong-code", NULL, test_wrong_code);
  ADD ("dropped", NULL, test_dropped);
  ADD ("keyslots", NULL, test_keyslots);
  ADD ("login-keyslot", NULL, test_login_keyslot);
#undef ADD
  return g_test_run ();
}
