/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/support/agent-fixture.h"

/* The TPM is another one, cleared, missing or gone: told apart, and nothing stored is touched. */

#define SITE "example.org"

static void
assert_problem (AgentFixture *f, const char *code)
{
  g_autofree char *problem = agent_fixture_get_string (f, "Problem");
  g_autofree char *message = agent_fixture_get_string (f, "ProblemMessage");
  g_autofree char *state = agent_fixture_get_string (f, "VaultState");

  g_assert_cmpstr (problem, ==, code);
  g_assert_cmpuint (strlen (message), >, 20);
  g_assert_cmpstr (state, ==, "unavailable");
}

static char *
read_database (AgentFixture *f, gsize *ret_size)
{
  g_autofree char *path = g_build_filename (f->data_dir, "vault.db", NULL);
  char *content = NULL;

  g_assert_true (g_file_get_contents (path, &content, ret_size, NULL));
  return content;
}

static void
set_tcti (AgentFixture *f, const char *tcti)
{
  g_free (f->tcti);
  f->tcti = g_strdup (tcti);
}

static void
test_other_tpm (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (MortiseSwtpm) other = mortise_swtpm_new ();
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize before_size, after_size;

  agent_fixture_stop (f);
  before = read_database (f, &before_size);
  set_tcti (f, mortise_swtpm_get_tcti (other));
  agent_fixture_start (f);
  assert_problem (f, "TpmOther");
  agent_fixture_sign_in_fails (f, SITE, registration, MORTISE_ERROR_DEVICE_MISSING);
  agent_fixture_stop (f);
  after = read_database (f, &after_size);
  g_assert_cmpmem (before, before_size, after, after_size);

  /* Back in its own machine the vault is as it was. */
  set_tcti (f, mortise_swtpm_get_tcti (f->swtpm));
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

static void
test_cleared (AgentFixture *f, gconstpointer data)
{
  mortise_registration_free (agent_fixture_register (f, SITE, "alice", NULL));
  agent_fixture_stop (f);
  mortise_swtpm_clear (f->swtpm);
  agent_fixture_start (f);
  assert_problem (f, "TpmOther");
}

static void
test_no_tpm (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);

  agent_fixture_stop (f);
  set_tcti (f, "device:/dev/no-such-tpm");
  agent_fixture_start (f);
  assert_problem (f, "TpmMissing");
  /* No key to be tried in vain, in the way of others that the person has. */
  agent_fixture_sign_in_fails (f, SITE, registration, MORTISE_ERROR_DEVICE_MISSING);
  agent_fixture_stop (f);

  set_tcti (f, mortise_swtpm_get_tcti (f->swtpm));
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

static void
test_comes_back (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GError) error = NULL;

  agent_fixture_stop (f);
  mortise_swtpm_power_off (f->swtpm);
  agent_fixture_start (f);
  {
    g_autofree char *state = agent_fixture_get_string (f, "VaultState");

    g_assert_cmpstr (state, ==, "unavailable");
  }
  mortise_swtpm_power_on (f->swtpm);
  g_variant_unref (agent_fixture_call (f, "Retry", NULL, NULL));
  agent_fixture_wait_state (f, "listable");
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

/* The TPM dies in the middle of the day. */
static void
test_goes_away (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GError) error = NULL;

  mortise_swtpm_power_off (f->swtpm);
  g_assert_null (
      mortise_relying_party_register (f->rp, f->socket_path, SITE, "bob", NULL, NULL, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (agent_fixture_find_passkey (f, FALSE, registration->credential_id), !=, 0);
  mortise_swtpm_power_on (f->swtpm);
  agent_fixture_stop (f);
  agent_fixture_start (f);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/tpm-trouble/" path, AgentFixture, NULL, agent_fixture_set_up, function,            \
              agent_fixture_tear_down)
  ADD ("other-tpm", test_other_tpm);
  ADD ("cleared", test_cleared);
  ADD ("no-tpm", test_no_tpm);
  ADD ("comes-back", test_comes_back);
  ADD ("goes-away", test_goes_away);
#undef ADD
  return g_test_run ();
}
