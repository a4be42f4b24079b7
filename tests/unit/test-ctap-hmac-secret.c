/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "core/ctap/cose-key.h"
#include "core/ctap/pin-uv-auth-protocol.h"
#include "tests/support/ctap-fixture.h"

/* hmac-secret and hmac-secret-mc, as a platform uses them. */

#define OUTPUT_SIZE 32

static const guint8 salts[64] = { 0xa5, 1, 2, 3, [32] = 0x96, 4, 5, 6 };

/* What may be wrong with an input. */
typedef struct
{
  gsize salt_size;
  gboolean bad_auth;
  gboolean no_key;
  gboolean bad_point;
  int protocol_member; /* 0: as negotiated; -1: absent */
} Input;

static GBytes *
encrypt_salts (const CtapPinSession *session, gsize size)
{
  g_autoptr (MortiseSecret) plain = mortise_secret_new_from_data (salts, size);

  return mortise_pin_uv_auth_encrypt (session->protocol, session->shared, plain);
}

static void
write_input (MortiseCborWriter *writer, const CtapPinSession *session, const Input *input)
{
  g_autoptr (GBytes) enc = encrypt_salts (session, input->salt_size);
  g_autoptr (GBytes) auth =
      ctap_authenticate (session->shared, session->protocol, g_bytes_get_data (enc, NULL),
                         g_bytes_get_size (enc) - (input->bad_auth ? 1 : 0));
  guint8 zero[32] = { 0 };
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  if (!input->no_key)
    {
      mortise_cbor_map_key (writer, &map, 1);
      mortise_cose_write_ec2 (writer, -25, 1, session->x, input->bad_point ? zero : session->y, 32);
    }
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_gbytes (writer, enc);
  mortise_cbor_map_key (writer, &map, 3);
  mortise_cbor_write_gbytes (writer, auth);
  if (input->protocol_member >= 0)
    {
      mortise_cbor_map_key (writer, &map, 4);
      mortise_cbor_write_int (writer, input->protocol_member != 0 ? input->protocol_member
                                                                  : (int) session->protocol);
    }
  mortise_cbor_map_end (writer, &map);
}

/* Extensions of a registration: hmac-secret as given (0 absent), -mc if @mc. */
static GBytes *
make_extensions (int hmac_secret, const CtapPinSession *session, const Input *mc)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  if (hmac_secret != 0)
    {
      mortise_cbor_map_text_key (writer, &map, "hmac-secret");
      mortise_cbor_write_bool (writer, hmac_secret > 0);
    }
  if (mc != NULL)
    {
      mortise_cbor_map_text_key (writer, &map, "hmac-secret-mc");
      write_input (writer, session, mc);
    }
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static GBytes *
get_extensions (const CtapPinSession *session, const Input *input)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "hmac-secret");
  write_input (writer, session, input);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static CtapAnswer *
register_with (CtapFixture *f, const char *user)
{
  g_autoptr (GBytes) extensions = make_extensions (1, NULL, NULL);
  CtapAnswer *answer =
      ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1, .user_id = user, .extensions = extensions });
  MortiseCborValue map = ctap_parse (answer->extensions);
  MortiseCborValue value;

  g_assert_true (ctap_find (&map, 0, "hmac-secret", &value));
  g_assert_cmpint (value.type, ==, MORTISE_CBOR_BOOL);
  g_assert_cmpint (value.number, ==, 1);
  return answer;
}

/* (transfer full): the outputs, decrypted */
static MortiseSecret *
outputs_of (const CtapPinSession *session, const CtapAnswer *answer, const char *name)
{
  MortiseCborValue map = ctap_parse (answer->extensions);
  MortiseCborValue value;
  MortiseSecret *outputs;

  g_assert_true (ctap_find (&map, 0, name, &value));
  g_assert_cmpint (value.type, ==, MORTISE_CBOR_BYTES);
  outputs =
      mortise_pin_uv_auth_decrypt (session->protocol, session->shared, value.data, value.size);
  g_assert_nonnull (outputs);
  return outputs;
}

static MortiseSecret *
evaluate (CtapFixture *f, guint protocol, gsize salt_size, const CtapGet *like)
{
  CtapPinSession session = { 0 };
  g_autoptr (GBytes) extensions = NULL;
  g_autoptr (CtapAnswer) answer = NULL;
  CtapGet get = *like;
  MortiseSecret *outputs;

  g_assert_cmphex (ctap_pin_session_open (f, protocol, &session), ==, CTAP1_ERR_SUCCESS);
  extensions = get_extensions (&session, &(Input){ .salt_size = salt_size });
  get.extensions = extensions;
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &get, &answer), ==, CTAP1_ERR_SUCCESS);
  outputs = outputs_of (&session, answer, "hmac-secret");
  g_assert_cmpuint (mortise_secret_get_size (outputs), ==, salt_size);
  ctap_pin_session_clear (&session);
  return outputs;
}

static void
assert_first_equal (const MortiseSecret *a, const MortiseSecret *b, gboolean equal)
{
  g_assert_cmpint (memcmp (mortise_secret_peek (a), mortise_secret_peek (b), OUTPUT_SIZE) == 0 ? 1
                                                                                               : 0,
                   ==, equal ? 1 : 0);
}

/* The outputs are HMACs of the salts under the seeds in the vault. */
static void
test_76_outputs (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_with (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (MortiseCredential) credential =
      mortise_vault_find_by_id (f->vault, registered->credential_id, NULL);
  g_autoptr (MortiseCredentialSecrets) secrets =
      mortise_vault_read_secrets (f->vault, credential, NULL);
  guint8 expected[32];
  gsize size = 0;

  g_assert_true (credential->has_hmac_secret);
  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      g_autoptr (MortiseSecret) one = evaluate (f, protocol, 32, &(CtapGet){ .allow = list });
      g_autoptr (MortiseSecret) two = evaluate (f, protocol, 64, &(CtapGet){ .allow = list });
      g_autoptr (MortiseSecret) uv =
          evaluate (f, protocol, 64, &(CtapGet){ .allow = list, .uv = 1 });

      assert_first_equal (one, two, TRUE);
      assert_first_equal (two, uv, FALSE);
      g_assert_nonnull (EVP_Q_mac (NULL, "HMAC", NULL, "SHA256", NULL,
                                   mortise_secret_peek (secrets->cred_random_without_uv), 32,
                                   salts + 32, 32, expected, sizeof expected, &size));
      g_assert_cmpmem (mortise_secret_peek (two) + 32, 32, expected, 32);
      g_assert_nonnull (EVP_Q_mac (NULL, "HMAC", NULL, "SHA256", NULL,
                                   mortise_secret_peek (secrets->cred_random_with_uv), 32, salts,
                                   32, expected, sizeof expected, &size));
      g_assert_cmpmem (mortise_secret_peek (uv), 32, expected, 32);
    }
}

static void
test_76_stable (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_with (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  const CtapGet get = { .allow = list, .uv = 1 };
  g_autoptr (MortiseSecret) before = evaluate (f, 2, 32, &get);
  g_autoptr (MortiseSecret) after_change = NULL;
  g_autoptr (MortiseSecret) after_restart = NULL;
  g_autoptr (CtapAnswer) other = NULL;
  g_autoptr (GPtrArray) other_list = NULL;
  g_autoptr (MortiseSecret) of_other = NULL;

  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "5678"), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_change_pin (f, 2, "5678", CTAP_TEST_PIN), ==, CTAP1_ERR_SUCCESS);
  after_change = evaluate (f, 2, 32, &get);
  assert_first_equal (before, after_change, TRUE);
  ctap_fixture_restart (f);
  after_restart = evaluate (f, 2, 32, &get);
  assert_first_equal (before, after_restart, TRUE);

  other = register_with (f, "bob");
  other_list = ctap_list (other);
  of_other = evaluate (f, 2, 32, &(CtapGet){ .allow = other_list, .uv = 1 });
  assert_first_equal (before, of_other, FALSE);
}

static void
test_76_bad_input (CtapFixture *f, gconstpointer data)
{
  static const struct
  {
    Input input;
    guint8 status;
  } cases[] = {
    { { .salt_size = 32, .bad_auth = TRUE }, CTAP2_ERR_PIN_AUTH_INVALID },
    { { .salt_size = 16 }, CTAP1_ERR_INVALID_LENGTH },
    { { .salt_size = 48 }, CTAP1_ERR_INVALID_LENGTH },
    { { .salt_size = 32, .no_key = TRUE }, CTAP2_ERR_MISSING_PARAMETER },
    { { .salt_size = 32, .bad_point = TRUE }, CTAP1_ERR_INVALID_PARAMETER },
    { { .salt_size = 32, .protocol_member = 3 }, CTAP1_ERR_INVALID_PARAMETER },
  };
  g_autoptr (CtapAnswer) registered = register_with (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);

  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      CtapPinSession session = { 0 };
      g_autoptr (GBytes) silent = NULL;

      g_assert_cmphex (ctap_pin_session_open (f, protocol, &session), ==, CTAP1_ERR_SUCCESS);
      /* Nobody is asked: an unexpected question would fail the test. */
      for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
        {
          g_autoptr (GBytes) extensions = get_extensions (&session, &cases[i].input);
          g_autoptr (GBytes) mc = make_extensions (1, &session, &cases[i].input);

          g_assert_cmphex (
              ctap_get (f, &(CtapGet){ .allow = list, .extensions = extensions }, NULL), ==,
              cases[i].status);
          g_assert_cmphex (ctap_make (f, &(CtapMake){ .extensions = mc }, NULL), ==,
                           cases[i].status);
        }
      silent = get_extensions (&session, &(Input){ .salt_size = 32 });
      g_assert_cmphex (
          ctap_get (f, &(CtapGet){ .allow = list, .up = -1, .extensions = silent }, NULL), ==,
          CTAP2_ERR_UNSUPPORTED_OPTION);
      ctap_pin_session_clear (&session);
    }
}

/* Protocol one is what no pinUvAuthProtocol means. */
static void
test_76_default_protocol (CtapFixture *f, gconstpointer data)
{
  CtapPinSession session = { 0 };
  g_autoptr (CtapAnswer) registered = register_with (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (GBytes) extensions = NULL;
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseSecret) outputs = NULL;

  g_assert_cmphex (ctap_pin_session_open (f, 1, &session), ==, CTAP1_ERR_SUCCESS);
  extensions = get_extensions (&session, &(Input){ .salt_size = 32, .protocol_member = -1 });
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .extensions = extensions }, &answer), ==,
                   CTAP1_ERR_SUCCESS);
  outputs = outputs_of (&session, answer, "hmac-secret");
  g_assert_cmpuint (mortise_secret_get_size (outputs), ==, 32);
  ctap_pin_session_clear (&session);
}

/* Not asked for at registration: no seeds, no output, and the sign-in goes on. */
static void
test_76_without (CtapFixture *f, gconstpointer data)
{
  CtapPinSession session = { 0 };
  g_autoptr (GBytes) no = make_extensions (-1, NULL, NULL);
  g_autoptr (CtapAnswer) registered = ctap_register (f, &(CtapMake){ .extensions = no });
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (GBytes) extensions = NULL;
  g_autoptr (CtapAnswer) answer = NULL;

  g_assert_null (registered->extensions);
  g_assert_cmphex (ctap_pin_session_open (f, 2, &session), ==, CTAP1_ERR_SUCCESS);
  extensions = get_extensions (&session, &(Input){ .salt_size = 32 });
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .extensions = extensions }, &answer), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_null (answer->extensions);
  g_assert_true (ctap_verify (registered, answer));
  ctap_pin_session_clear (&session);
}

/* getNextAssertion gives each account's own output. */
static void
test_76_next_assertion (CtapFixture *f, gconstpointer data)
{
  CtapPinSession session = { 0 };
  g_autoptr (CtapAnswer) ada = register_with (f, "ada");
  g_autoptr (CtapAnswer) bob = register_with (f, "bob");
  g_autoptr (GBytes) extensions = NULL;
  g_autoptr (CtapAnswer) first = NULL;
  g_autoptr (CtapAnswer) next = NULL;
  g_autoptr (MortiseSecret) first_outputs = NULL;
  g_autoptr (MortiseSecret) next_outputs = NULL;

  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmphex (ctap_pin_session_open (f, 2, &session), ==, CTAP1_ERR_SUCCESS);
  extensions = get_extensions (&session, &(Input){ .salt_size = 32 });
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .extensions = extensions }, &first), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_get_next (f, &next), ==, CTAP1_ERR_SUCCESS);
  first_outputs = outputs_of (&session, first, "hmac-secret");
  next_outputs = outputs_of (&session, next, "hmac-secret");
  assert_first_equal (first_outputs, next_outputs, FALSE);
  g_assert_true (ctap_verify (bob, first));
  g_assert_true (ctap_verify (ada, next));
  ctap_pin_session_clear (&session);
}

static void
test_77_mc (CtapFixture *f, gconstpointer data)
{
  CtapPinSession session = { 0 };
  const Input input = { .salt_size = 64 };
  g_autoptr (GBytes) alone = NULL;
  g_autoptr (GBytes) denied = NULL;
  g_autoptr (GBytes) both = NULL;
  g_autoptr (CtapAnswer) registered = NULL;
  g_autoptr (CtapAnswer) registered_uv = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (MortiseSecret) made = NULL;
  g_autoptr (MortiseSecret) made_uv = NULL;
  g_autoptr (MortiseSecret) got = NULL;

  g_assert_cmphex (ctap_pin_session_open (f, 2, &session), ==, CTAP1_ERR_SUCCESS);
  alone = make_extensions (0, &session, &input);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .extensions = alone }, NULL), ==,
                   CTAP2_ERR_MISSING_PARAMETER);
  denied = make_extensions (-1, &session, &input);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .extensions = denied }, NULL), ==,
                   CTAP2_ERR_MISSING_PARAMETER);

  both = make_extensions (1, &session, &input);
  registered = ctap_register (f, &(CtapMake){ .extensions = both });
  made = outputs_of (&session, registered, "hmac-secret-mc");
  list = ctap_list (registered);
  got = evaluate (f, 1, 64, &(CtapGet){ .allow = list });
  g_assert_true (mortise_secret_equal (made, got));

  registered_uv = ctap_register (f, &(CtapMake){ .uv = 1, .user_id = "b", .extensions = both });
  made_uv = outputs_of (&session, registered_uv, "hmac-secret-mc");
  g_clear_pointer (&got, mortise_secret_free);
  g_clear_pointer (&list, g_ptr_array_unref);
  list = ctap_list (registered_uv);
  got = evaluate (f, 1, 64, &(CtapGet){ .allow = list, .uv = 1 });
  g_assert_true (mortise_secret_equal (made_uv, got));
  ctap_pin_session_clear (&session);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up, function, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/76-hmac-secret/outputs", test_76_outputs);
  ADD ("/ctap/76-hmac-secret/stable", test_76_stable);
  ADD ("/ctap/76-hmac-secret/bad-input", test_76_bad_input);
  ADD ("/ctap/76-hmac-secret/default-protocol", test_76_default_protocol);
  ADD ("/ctap/76-hmac-secret/without", test_76_without);
  ADD ("/ctap/76-hmac-secret/next-assertion", test_76_next_assertion);
  ADD ("/ctap/77-hmac-secret-mc", test_77_mc);
  return g_test_run ();
}
