/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/agent-fixture.h"
#include "tests/support/fingerprint-fixture.h"
#include "tests/support/virtual-fprintd.h"
#include "tests/support/wait-for.h"

/*
 * The fingerprint service that Debian installs, with a reader of libfprint's that scans what it is
 * told: what the stand-in of other tests takes for granted about it is so.
 */

#define SITE  "example.org"
#define MINE  "SCAN mine"
#define OTHER "SCAN other"

typedef struct
{
  FingerprintFixture base;
  VirtualFprintd *fprintd;
} Fixture;

static void
set_up_without_finger (Fixture *f, gconstpointer user_data)
{
  fingerprint_fixture_set_up (&f->base);
  f->fprintd = virtual_fprintd_new (fingerprint_fixture_get_address (&f->base));
}

static void
set_up (Fixture *f, gconstpointer user_data)
{
  set_up_without_finger (f, NULL);
  virtual_fprintd_enrol (f->fprintd, "mine");
}

static void
tear_down (Fixture *f, gconstpointer user_data)
{
  virtual_fprintd_free (f->fprintd);
  fingerprint_fixture_tear_down (&f->base);
}

/* Until the reader waits for a finger. */
static void
start_waiting (Fixture *f)
{
  g_string_truncate (f->base.scans, 0);
  fingerprint_fixture_start (&f->base);
  WAIT_FOR (f->base.scans->len > 0);
}

static MortiseFingerprintStatus
verify (Fixture *f, const char *commands)
{
  start_waiting (f);
  virtual_fprintd_scan (f->fprintd, commands);
  return fingerprint_fixture_finish (&f->base);
}

/* Without a scan: it does not come to that. */
static MortiseFingerprintStatus
verify_refused (Fixture *f)
{
  fingerprint_fixture_start (&f->base);
  return fingerprint_fixture_finish (&f->base);
}

/* The reader is free for another to claim. */
static void
assert_released (Fixture *f)
{
  virtual_fprintd_claim (f->fprintd);
  virtual_fprintd_release (f->fprintd);
}

static void
test_check (Fixture *f, gconstpointer user_data)
{
  g_autofree char *reader = NULL;

  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, NULL), ==,
                   MORTISE_FINGERPRINT_NO_FINGER);
  g_assert_cmpint (verify_refused (f), ==, MORTISE_FINGERPRINT_NO_FINGER);
  virtual_fprintd_enrol (f->fprintd, "mine");
  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, &reader), ==,
                   MORTISE_FINGERPRINT_READY);
  g_assert_nonnull (strstr (reader, "Virtual device"));
}

static void
test_match (Fixture *f, gconstpointer user_data)
{
  g_assert_cmpint (verify (f, MINE), ==, MORTISE_FINGERPRINT_MATCH);
  g_assert_cmpstr (f->base.scans->str, ==, "waiting,");
  assert_released (f);
  /* And once more: nothing of the first is left. */
  g_assert_cmpint (verify (f, MINE), ==, MORTISE_FINGERPRINT_MATCH);
  assert_released (f);
}

/* What could not be read is said and tried again; a finger that is not the person's counts. */
static void
test_tries (Fixture *f, gconstpointer user_data)
{
  g_assert_cmpint (verify (f, "RETRY 1\nRETRY 2\nRETRY 3\n" MINE), ==, MORTISE_FINGERPRINT_MATCH);
  g_assert_cmpstr (f->base.scans->str, ==, "waiting,short,beside,lift,");
  g_assert_cmpint (verify (f, OTHER "\n" MINE), ==, MORTISE_FINGERPRINT_MATCH);
  g_assert_cmpstr (f->base.scans->str, ==, "waiting,wrong,");
  g_assert_cmpint (verify (f, OTHER "\n" OTHER "\n" OTHER), ==, MORTISE_FINGERPRINT_NO_MATCH);
  assert_released (f);
}

static void
test_withdrawn (Fixture *f, gconstpointer user_data)
{
  start_waiting (f);
  g_cancellable_cancel (f->base.cancellable);
  g_assert_cmpint (fingerprint_fixture_finish (&f->base), ==, MORTISE_FINGERPRINT_CANCELLED);
  assert_released (f);
}

static void
test_in_use (Fixture *f, gconstpointer user_data)
{
  virtual_fprintd_claim (f->fprintd);
  g_assert_cmpint (verify_refused (f), ==, MORTISE_FINGERPRINT_IN_USE);
  virtual_fprintd_release (f->fprintd);
  g_assert_cmpint (verify (f, MINE), ==, MORTISE_FINGERPRINT_MATCH);
}

static void
test_not_allowed (Fixture *f, gconstpointer user_data)
{
  virtual_fprintd_allow (f->fprintd, FALSE);
  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, NULL), ==,
                   MORTISE_FINGERPRINT_NOT_ALLOWED);
  g_assert_cmpint (verify_refused (f), ==, MORTISE_FINGERPRINT_NOT_ALLOWED);
}

static void
test_service_dies (Fixture *f, gconstpointer user_data)
{
  start_waiting (f);
  g_clear_pointer (&f->fprintd, virtual_fprintd_free);
  g_assert_cmpint (fingerprint_fixture_finish (&f->base), ==, MORTISE_FINGERPRINT_LOST);
}

/* The whole way: a sign-in that a finger verifies, and one that a wrong finger does not. */
static void
test_sign_in (void)
{
  AgentFixture agent = { 0 };
  VirtualFprintd *fprintd = NULL;
  g_autoptr (MortiseSignIn) result = NULL;

  agent_fixture_set_up (&agent, AGENT_FIXTURE_NO_START);
  agent.system_bus = g_strdup (g_test_dbus_get_bus_address (agent.test_bus));
  fprintd = virtual_fprintd_new (agent.system_bus);
  virtual_fprintd_enrol (fprintd, "mine");
  agent_fixture_start (&agent);
  agent_fixture_create_vault (&agent);
  agent_fixture_answer_register (&agent, "approve expect=register");
  mortise_registration_free (agent_fixture_register (&agent, SITE, "alice", NULL));
  agent_fixture_answer (&agent, "approve expect=edit pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (
      &agent, "SetSetting", g_variant_new ("(sv)", "fingerprint", g_variant_new_boolean (TRUE)),
      NULL));

  agent_fixture_answer (&agent, "finger expect=sign-in");
  virtual_fprintd_scan (fprintd, OTHER "\n" MINE);
  result = agent_fixture_sign_in (&agent, SITE, NULL);
  g_assert_cmphex (result->flags & MORTISE_AUTH_FLAG_UV, ==, MORTISE_AUTH_FLAG_UV);

  agent_fixture_answer (&agent, "finger expect=sign-in");
  virtual_fprintd_scan (fprintd, OTHER "\n" OTHER "\n" OTHER);
  agent_fixture_sign_in_fails (&agent, SITE, NULL, MORTISE_ERROR_DENIED);

  agent_fixture_stop (&agent);
  virtual_fprintd_free (fprintd);
  agent_fixture_tear_down (&agent, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, set_up, function)                                                                \
  g_test_add ("/fprintd/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("check", set_up_without_finger, test_check);
  ADD ("match", set_up, test_match);
  ADD ("tries", set_up, test_tries);
  ADD ("withdrawn", set_up, test_withdrawn);
  ADD ("in-use", set_up, test_in_use);
  ADD ("not-allowed", set_up, test_not_allowed);
  ADD ("service-dies", set_up, test_service_dies);
#undef ADD
  g_test_add_func ("/fprintd/sign-in", test_sign_in);
  return g_test_run ();
}
