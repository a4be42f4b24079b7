/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/audit/fido-device.h"
#include "tests/support/agent-fixture.h"

/* What browsers do besides the ceremony itself: probe silently, ask for a touch, type the PIN in a
 * dialog of their own, and run beside each other. */

#define SITE "example.org"

static MortiseFidoDevice *
open_device (AgentFixture *f)
{
  g_autoptr (GError) error = NULL;
  MortiseFidoDevice *device = mortise_fido_device_open (f->socket_path, &error);

  g_assert_no_error (error);
  return device;
}

/* Returns: libfido2's code; the flags of the assertion if it is FIDO_OK. */
static int
probe (AgentFixture *f, GBytes *credential_id, guint8 *ret_flags)
{
  g_autoptr (MortiseFidoDevice) device = open_device (f);
  fido_assert_t *assertion = fido_assert_new ();
  const guint8 hash[32] = { 7 };
  gsize size;
  const guint8 *id = g_bytes_get_data (credential_id, &size);
  int result;

  g_assert_cmpint (fido_assert_set_clientdata_hash (assertion, hash, sizeof hash), ==, FIDO_OK);
  g_assert_cmpint (fido_assert_set_rp (assertion, SITE), ==, FIDO_OK);
  g_assert_cmpint (fido_assert_set_up (assertion, FIDO_OPT_FALSE), ==, FIDO_OK);
  g_assert_cmpint (fido_assert_allow_cred (assertion, id, size), ==, FIDO_OK);
  result = fido_dev_get_assert (mortise_fido_device_peek (device), assertion, NULL);
  if (result == FIDO_OK)
    {
      g_assert_cmpuint (fido_assert_count (assertion), ==, 1);
      g_assert_cmpmem (fido_assert_id_ptr (assertion, 0), fido_assert_id_len (assertion, 0), id,
                       size);
      /* A byte string of exactly 37: no extensions, no attested data. */
      g_assert_cmpuint (fido_assert_authdata_len (assertion, 0), ==, 39);
      *ret_flags = fido_assert_flags (assertion, 0);
    }
  fido_assert_free (&assertion);
  return result;
}

static void
test_silent_probe (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GBytes) unknown = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  const guint before = agent_fixture_count_questions (f);
  guint8 flags = 0xFF;

  g_assert_cmpint (probe (f, registration->credential_id, &flags), ==, FIDO_OK);
  g_assert_cmphex (flags, ==, 0x00);
  g_assert_cmpint (probe (f, unknown, &flags), ==, FIDO_ERR_NO_CREDENTIALS);
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, before);
}

/* On a locked vault no match is answered at once; a match owes a signature and asks for the PIN,
 * naming the site. */
static void
test_silent_probe_locked (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GBytes) unknown = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (GVariant) question = NULL;
  guint before;
  const char *kind = NULL;
  const char *rp_id = NULL;
  guint8 flags = 0xFF;

  agent_fixture_lock (f);
  agent_fixture_wait_state (f, "listable");
  before = agent_fixture_count_questions (f);
  g_assert_cmpint (probe (f, unknown, &flags), ==, FIDO_ERR_NO_CREDENTIALS);
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, before);

  g_assert_cmpint (probe (f, registration->credential_id, &flags), ==, FIDO_OK);
  g_assert_cmphex (flags, ==, 0x00);
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, before + 1);
  question = agent_fixture_last_question (f);
  g_variant_lookup (question, "kind", "&s", &kind);
  g_variant_lookup (question, "rp-id", "&s", &rp_id);
  g_assert_cmpstr (kind, ==, "unlock");
  g_assert_cmpstr (rp_id, ==, SITE);
}

/* Returns: libfido2's code for a discoverable, verified registration with @pin. */
static int
register_with_pin (AgentFixture *f, const char *rp_id, const char *pin)
{
  g_autoptr (MortiseFidoDevice) device = open_device (f);
  fido_cred_t *cred = fido_cred_new ();
  const guint8 hash[32] = { 9 };
  int result;

  g_assert_false (fido_dev_has_uv (mortise_fido_device_peek (device)));
  g_assert_true (fido_dev_has_pin (mortise_fido_device_peek (device)));
  g_assert_cmpint (fido_cred_set_type (cred, COSE_ES256), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_clientdata_hash (cred, hash, sizeof hash), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_rp (cred, rp_id, rp_id), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_user (cred, hash, 16, "alice", NULL, NULL), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_rk (cred, FIDO_OPT_TRUE), ==, FIDO_OK);
  result = fido_dev_make_cred (mortise_fido_device_peek (device), cred, pin);
  if (result == FIDO_OK)
    {
      g_assert_cmphex (fido_cred_flags (cred), ==, 0x45);
      g_assert_cmpint (fido_cred_verify_self (cred), ==, FIDO_OK);
    }
  fido_cred_free (&cred);
  return result;
}

static void
test_pin_dialog (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseFidoDevice) device = NULL;
  int retries = 0;

  g_ptr_array_add (f->options, g_strdup ("--no-builtin-uv"));
  agent_fixture_stop (f);
  agent_fixture_start (f);

  agent_fixture_answer (f, "approve expect=register");
  g_assert_cmpint (register_with_pin (f, SITE, AGENT_FIXTURE_PIN), ==, FIDO_OK);
  g_assert_cmpint (register_with_pin (f, SITE, "Wrong-0000"), ==, FIDO_ERR_PIN_INVALID);
  device = open_device (f);
  g_assert_cmpint (fido_dev_get_retry_count (mortise_fido_device_peek (device), &retries), ==,
                   FIDO_OK);
  g_assert_cmpint (retries, ==, 7);
  agent_fixture_answer (f, "deny expect=register");
  g_assert_cmpint (register_with_pin (f, SITE, AGENT_FIXTURE_PIN), ==, FIDO_ERR_OPERATION_DENIED);
  g_assert_cmpint (register_with_pin (f, SITE, NULL), ==, FIDO_ERR_PIN_REQUIRED);
}

/* --- Beside each other -------------------------------------------------------------------------
 */

typedef struct
{
  AgentFixture *fixture;
  const char *rp_id;
  guint attempts;
} Browser;

/*
 * A browser that finds the device busy tries again. So does one whose token another's ceremony made
 * void: an authenticator has one token at a time (CTAP 2.1 §6.5.5.7), and libfido2 leaves the
 * channel between asking for it and using it; busy while it asks is an internal error to it.
 */
static void
try_again (const GError *error)
{
  g_test_message ("again after: %s", error->message);
  g_assert_true (g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_BUSY) ||
                 g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING) ||
                 strstr (error->message, "FIDO_ERR_PIN_AUTH_INVALID") != NULL ||
                 strstr (error->message, "FIDO_ERR_INTERNAL") != NULL);
  g_usleep (20 * 1000);
}

static gpointer
browse (gpointer data)
{
  Browser *browser = data;
  AgentFixture *f = browser->fixture;
  g_autoptr (MortiseRelyingParty) rp = mortise_relying_party_new ();

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (MortiseRegistration) registration = NULL;
      g_autoptr (MortiseSignIn) sign_in = NULL;
      const MortiseSignInOptions options = { .verify_user = TRUE };
      g_autofree char *rp_id = g_strdup_printf ("%d.%s", i, browser->rp_id);

      while (registration == NULL)
        {
          g_autoptr (GError) error = NULL;

          browser->attempts++;
          registration = mortise_relying_party_register (rp, f->socket_path, rp_id, browser->rp_id,
                                                         NULL, NULL, &error);
          if (registration == NULL)
            try_again (error);
        }
      while (sign_in == NULL)
        {
          g_autoptr (GError) error = NULL;

          browser->attempts++;
          sign_in =
              mortise_relying_party_sign_in (rp, f->socket_path, rp_id, &options, NULL, &error);
          if (sign_in == NULL)
            try_again (error);
        }
      g_assert_cmpstr (sign_in->user_name, ==, browser->rp_id);
      g_assert_true (g_bytes_equal (sign_in->credential_id, registration->credential_id));
    }
  return NULL;
}

static void
test_two_browsers (AgentFixture *f, gconstpointer data)
{
  Browser browsers[] = { { f, "first.example" }, { f, "second.example" } };
  GThread *threads[2];
  g_autoptr (GVariant) list = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (browsers); i++)
    threads[i] = g_thread_new (browsers[i].rp_id, browse, &browsers[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (browsers); i++)
    {
      g_thread_join (threads[i]);
      g_test_message ("%s needed %u attempts for 6 ceremonies", browsers[i].rp_id,
                      browsers[i].attempts);
    }
  list = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (list), ==, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/browsers/" path, AgentFixture, NULL, agent_fixture_set_up, function,               \
              agent_fixture_tear_down)
  ADD ("silent-probe", test_silent_probe);
  ADD ("silent-probe-locked", test_silent_probe_locked);
  ADD ("pin-dialog", test_pin_dialog);
  ADD ("two-browsers", test_two_browsers);
#undef ADD
  return g_test_run ();
}
