/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fido.h>
#include <fido/es256.h>
#include <string.h>

#include "core/audit/fido-socket-io.h"
#include "tests/support/agent-fixture.h"
#include "tests/support/wait-for.h"

/* libfido2 as an old browser is: it speaks nothing but U2F, and polls. */

#define SITE "example.org"

#define CAPABILITY_NMSG 0x08

/* Milliseconds after which libfido2 gives up, where it never has to. */
#define PATIENCE (AGENT_FIXTURE_PATIENCE * 1000)

#define VERSION_APDU "\x00\x03\x00\x00\x00\x00\x00"

static const guint8 hash[32] = { 1, 2, 3 };

static guint8
capabilities (AgentFixture *f)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_connect (f->socket_path);

  return ctaphid_client_init (client);
}

/* What the device says of itself follows the vault at once, but not before its calls return. */
static void
wait_for_u2f (AgentFixture *f, gboolean on)
{
  WAIT_FOR_OTHERS_TO (((capabilities (f) & CAPABILITY_NMSG) == 0) == on, "U2F to be %s",
                      on ? "on" : "off");
}

static void
set_up (AgentFixture *f, gconstpointer data)
{
  agent_fixture_set_up (f, data);
  wait_for_u2f (f, TRUE);
}

static fido_dev_t *
open_device (AgentFixture *f, gboolean u2f)
{
  fido_dev_t *device = fido_dev_new ();

  g_assert_cmpint (fido_dev_set_io_functions (device, &mortise_fido_socket_io), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_set_timeout (device, PATIENCE), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_open (device, f->socket_path), ==, FIDO_OK);
  g_assert_true (fido_dev_is_fido2 (device));
  if (u2f)
    fido_dev_force_u2f (device);
  return device;
}

static void
close_device (fido_dev_t *device)
{
  g_assert_cmpint (fido_dev_close (device), ==, FIDO_OK);
  fido_dev_free (&device);
}

static fido_cred_t *
new_cred (const char *rp_id)
{
  fido_cred_t *cred = fido_cred_new ();

  g_assert_cmpint (fido_cred_set_type (cred, COSE_ES256), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_rp (cred, rp_id, NULL), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_user (cred, hash, 4, "alice", NULL, NULL), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_clientdata_hash (cred, hash, sizeof hash), ==, FIDO_OK);
  return cred;
}

static fido_cred_t *
register_at (AgentFixture *f, gboolean u2f, const char *rp_id)
{
  fido_dev_t *device = open_device (f, u2f);
  fido_cred_t *cred = new_cred (rp_id);

  agent_fixture_answer (f, "approve expect=register pin=" AGENT_FIXTURE_PIN);
  g_assert_cmpint (fido_dev_make_cred (device, cred, NULL), ==, FIDO_OK);
  close_device (device);
  return cred;
}

/* Returns: libfido2's code; the counter of an assertion that verifies if it is FIDO_OK. */
static int
sign_in (AgentFixture *f, gboolean u2f, const char *rp_id, const fido_cred_t *cred, guint32 *count)
{
  fido_dev_t *device = open_device (f, u2f);
  fido_assert_t *assertion = fido_assert_new ();
  int result;

  g_assert_cmpint (fido_assert_set_rp (assertion, rp_id), ==, FIDO_OK);
  g_assert_cmpint (fido_assert_set_clientdata_hash (assertion, hash, sizeof hash), ==, FIDO_OK);
  g_assert_cmpint (
      fido_assert_allow_cred (assertion, fido_cred_id_ptr (cred), fido_cred_id_len (cred)), ==,
      FIDO_OK);
  g_assert_cmpint (fido_assert_set_up (assertion, FIDO_OPT_TRUE), ==, FIDO_OK);
  result = fido_dev_get_assert (device, assertion, NULL);
  if (result == FIDO_OK)
    {
      es256_pk_t *key = es256_pk_new ();

      g_assert_cmpint (
          es256_pk_from_ptr (key, fido_cred_pubkey_ptr (cred), fido_cred_pubkey_len (cred)), ==,
          FIDO_OK);
      g_assert_cmpint (fido_assert_verify (assertion, 0, COSE_ES256, key), ==, FIDO_OK);
      es256_pk_free (&key);
      g_assert_cmphex (fido_assert_flags (assertion, 0), ==, 0x01);
      if (count != NULL)
        *count = fido_assert_sigcount (assertion, 0);
    }
  fido_assert_free (&assertion);
  close_device (device);
  return result;
}

static GVariant *
get_passkey (AgentFixture *f, const fido_cred_t *cred, gint64 *ret_id)
{
  g_autoptr (GBytes) id = g_bytes_new (fido_cred_id_ptr (cred), fido_cred_id_len (cred));
  g_autoptr (GVariant) reply = NULL;

  *ret_id = agent_fixture_find_passkey (f, FALSE, id);
  g_assert_cmpint (*ret_id, !=, 0);
  reply = agent_fixture_call (f, "GetPasskey", g_variant_new ("(x)", *ret_id), NULL);
  return g_variant_get_child_value (reply, 0);
}

static gboolean
lookup_boolean (GVariant *dictionary, const char *name)
{
  gboolean value = FALSE;

  g_assert_true (g_variant_lookup (dictionary, name, "b", &value));
  return value;
}

/* The attestation verifies, the passkey is listed, and its key is in the TPM. */
static void
test_register (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);
  g_autoptr (GVariant) passkey = NULL;
  g_autoptr (GVariant) protection = NULL;
  g_autoptr (GVariant) reply = NULL;
  const char *rp_id = NULL;
  gint64 id = 0;

  g_assert_cmpstr (fido_cred_fmt (cred), ==, "fido-u2f");
  g_assert_cmpuint (fido_cred_x5c_len (cred), >, 0);
  g_assert_cmpint (fido_cred_verify (cred), ==, FIDO_OK);

  passkey = get_passkey (f, cred, &id);
  g_assert_true (lookup_boolean (passkey, "u2f"));
  g_assert_false (lookup_boolean (passkey, "discoverable"));
  g_assert_false (lookup_boolean (passkey, "backup-eligible"));
  g_assert_true (g_variant_lookup (passkey, "rp-id", "&s", &rp_id));
  g_assert_cmpuint (strlen (rp_id), ==, 64);
  reply = agent_fixture_call (f, "ReadProtection", g_variant_new ("(x)", id), NULL);
  protection = g_variant_get_child_value (reply, 0);
  g_assert_true (lookup_boolean (protection, "device-only"));
  fido_cred_free (&cred);
}

static void
test_sign_in (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);
  const guint before = agent_fixture_count_questions (f);
  g_autoptr (GVariant) question = NULL;
  const char *rp_id = NULL;
  guint32 first = 0;
  guint32 second = 0;

  agent_fixture_answer (f, "approve expect=sign-in delay=600");
  g_assert_cmpint (sign_in (f, TRUE, SITE, cred, &first), ==, FIDO_OK);
  question = agent_fixture_last_question (f);
  g_assert_true (g_variant_lookup (question, "rp-id", "&s", &rp_id));
  g_assert_cmpuint (strlen (rp_id), ==, 64);
  agent_fixture_answer (f, "approve expect=sign-in");
  g_assert_cmpint (sign_in (f, TRUE, SITE, cred, &second), ==, FIDO_OK);
  g_assert_cmpuint (second, >, first);
  /* However often it polled. */
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, before + 2);
  fido_cred_free (&cred);
}

static void
test_both_protocols (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *old = register_at (f, TRUE, SITE);
  fido_cred_t *new = register_at (f, FALSE, SITE);

  agent_fixture_answer_always (f, "approve expect=sign-in");
  g_assert_cmpint (sign_in (f, FALSE, SITE, old, NULL), ==, FIDO_OK);
  g_assert_cmpint (sign_in (f, TRUE, SITE, new, NULL), ==, FIDO_OK);
  fido_cred_free (&old);
  fido_cred_free (&new);
}

/* libfido2 takes a touch before it tells either. */
static void
test_excluded (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);
  fido_cred_t *again = new_cred (SITE);
  fido_dev_t *device = open_device (f, TRUE);

  g_assert_cmpint (fido_cred_exclude (again, fido_cred_id_ptr (cred), fido_cred_id_len (cred)), ==,
                   FIDO_OK);
  agent_fixture_answer (f, "approve expect=select");
  g_assert_cmpint (fido_dev_make_cred (device, again, NULL), ==, FIDO_ERR_CREDENTIAL_EXCLUDED);
  close_device (device);
  agent_fixture_answer (f, "approve expect=select");
  g_assert_cmpint (sign_in (f, TRUE, "other.example", cred, NULL), !=, FIDO_OK);
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, 3);
  fido_cred_free (&again);
  fido_cred_free (&cred);
}

/* One poll for @cred as libfido2 sends it: nobody has agreed yet, also after a no. */
static void
poll_once (CtaphidClient *client, const fido_cred_t *cred)
{
  guint8 apdu[7 + 64 + 1 + 32 + 2] = { 0x00, 0x02, 0x03, 0x00, 0x00, 0x00, 97 };
  guint8 command;
  g_autoptr (GBytes) response = NULL;

  g_assert_cmpuint (fido_cred_id_len (cred), ==, 32);
  memcpy (apdu + 7, hash, 32);
  memcpy (apdu + 7 + 32, fido_cred_authdata_raw_ptr (cred), 32);
  apdu[7 + 64] = 32;
  memcpy (apdu + 7 + 65, fido_cred_id_ptr (cred), 32);
  ctaphid_client_send (client, CTAPHID_MSG, apdu, sizeof apdu);
  response = ctaphid_client_receive (client, &command);
  g_assert_cmphex (command, ==, CTAPHID_MSG);
  g_assert_cmpmem (g_bytes_get_data (response, NULL), g_bytes_get_size (response), "\x69\x85", 2);
}

/* A client that polls until the prompt has come so far. A client that stops before would find, on a
 * slow machine, that its prompt never came. */
static void
poll_until (AgentFixture *f,
            CtaphidClient *client,
            const fido_cred_t *cred,
            guint question,
            const char *event)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE * G_TIME_SPAN_MILLISECOND;

  do
    {
      if (g_get_monotonic_time () > end)
        g_error ("Polled in vain for “%u %s”", question, event);
      poll_once (client, cred);
      g_usleep (3000);
    }
  while (!agent_fixture_has_event (f, question, event));
}

/* The client stops polling: its prompt goes away, and the next request finds the screen free. */
static void
test_client_gives_up (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint question = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "hang expect=sign-in");
  poll_until (f, client, cred, question, "shown");
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, question);
  agent_fixture_answer (f, "approve expect=sign-in");
  g_assert_cmpint (sign_in (f, TRUE, SITE, cred, NULL), ==, FIDO_OK);
  fido_cred_free (&cred);
}

static void
test_denied (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint question = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "deny expect=sign-in");
  poll_until (f, client, cred, question, "closed-by-agent");
  for (guint i = 0; i < 5; i++)
    poll_once (client, cred);
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, question);
  agent_fixture_assert_works (f);
  fido_cred_free (&cred);
}

/* A CTAP2 client beside one that polls waits for its turn, which comes when the other is gone. */
static void
test_beside_ctap2 (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint question = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "hang expect=sign-in");
  poll_until (f, client, cred, question, "shown");
  agent_fixture_answer (f, "approve expect=sign-in");
  g_assert_cmpint (sign_in (f, FALSE, SITE, cred, NULL), ==, FIDO_OK);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, question + 1);
  fido_cred_free (&cred);
}

static void
test_locked (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);

  agent_fixture_lock (f);
  agent_fixture_answer (f, "approve expect=sign-in pin=" AGENT_FIXTURE_PIN);
  g_assert_cmpint (sign_in (f, TRUE, SITE, cred, NULL), ==, FIDO_OK);
  fido_cred_free (&cred);
}

/* The agent ends while the prompt is up: so does the prompt, and nothing of it is left over. */
static void
test_restart (AgentFixture *f, gconstpointer data)
{
  fido_cred_t *cred = register_at (f, TRUE, SITE);
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);
  const guint question = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "hang expect=sign-in");
  poll_until (f, client, cred, question, "shown");
  agent_fixture_stop (f);
  g_free (agent_fixture_wait_event (f, question, "closed-by-agent"));
  agent_fixture_start (f);
  agent_fixture_answer (f, "approve expect=sign-in pin=" AGENT_FIXTURE_PIN);
  g_assert_cmpint (sign_in (f, TRUE, SITE, cred, NULL), ==, FIDO_OK);
  fido_cred_free (&cred);
}

static void
assert_version (CtaphidClient *client, gboolean served)
{
  guint8 command;
  g_autoptr (GBytes) response = NULL;

  ctaphid_client_send (client, CTAPHID_MSG, VERSION_APDU, 7);
  if (!served)
    {
      g_assert_cmphex (ctaphid_client_receive_error (client), ==, CTAPHID_ERR_INVALID_CMD);
      return;
    }
  response = ctaphid_client_receive (client, &command);
  g_assert_cmphex (command, ==, CTAPHID_MSG);
  g_assert_cmpmem (g_bytes_get_data (response, NULL), g_bytes_get_size (response), "U2F_V2\x90\x00",
                   8);
}

static void
set_always_uv (AgentFixture *f, gboolean on)
{
  g_autoptr (GVariant) reply = NULL;

  agent_fixture_answer (f, "approve pin=" AGENT_FIXTURE_PIN);
  reply = agent_fixture_call (
      f, "SetSetting", g_variant_new ("(sv)", "always-uv", g_variant_new_boolean (on)), NULL);
}

static void
test_always_uv (AgentFixture *f, gconstpointer data)
{
  g_autoptr (CtaphidClient) client = ctaphid_client_open (f->socket_path);

  assert_version (client, TRUE);
  set_always_uv (f, TRUE);
  wait_for_u2f (f, FALSE);
  assert_version (client, FALSE);
  set_always_uv (f, FALSE);
  wait_for_u2f (f, TRUE);
  assert_version (client, TRUE);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/u2f/" path, AgentFixture, NULL, set_up, function, agent_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fido_init (0);
  ADD ("register", test_register);
  ADD ("sign-in", test_sign_in);
  ADD ("both-protocols", test_both_protocols);
  ADD ("excluded", test_excluded);
  ADD ("client-gives-up", test_client_gives_up);
  ADD ("denied", test_denied);
  ADD ("beside-ctap2", test_beside_ctap2);
  ADD ("locked", test_locked);
  ADD ("restart", test_restart);
  ADD ("always-uv", test_always_uv);
  return g_test_run ();
}
