/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fido.h>
#include <fido/es256.h>
#include <string.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/vault/vault-settings.h"
#include "tests/support/ctap-fixture.h"

static guint8
get (CtapFixture *f, const CtapGet *request)
{
  return ctap_get (f, request, NULL);
}

static CtapAnswer *
register_user (CtapFixture *f, const char *user)
{
  return ctap_register (
      f,
      &(CtapMake){
          .rk = 1, .uv = 1, .user_id = user, .user_name = user, .user_display_name = "Display" });
}

/* A yes is waiting for the request. */
static CtapAnswer *
sign_in (CtapFixture *f, const CtapGet *request)
{
  CtapAnswer *answer = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, request, &answer), ==, CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  return answer;
}

static void
assert_verifies_with_libfido2 (const CtapAnswer *registered, const CtapAnswer *answer)
{
  fido_assert_t *assertion = fido_assert_new ();
  fido_cred_t *cred = fido_cred_new ();
  es256_pk_t *key = es256_pk_new ();

  fido_cred_set_type (cred, COSE_ES256);
  fido_cred_set_rp (cred, "example.com", NULL);
  g_assert_cmpint (
      fido_cred_set_authdata_raw (cred, g_bytes_get_data (registered->authenticator_data, NULL),
                                  g_bytes_get_size (registered->authenticator_data)),
      ==, FIDO_OK);
  g_assert_cmpint (
      es256_pk_from_ptr (key, fido_cred_pubkey_ptr (cred), fido_cred_pubkey_len (cred)), ==,
      FIDO_OK);

  fido_assert_set_rp (assertion, "example.com");
  fido_assert_set_clientdata_hash (assertion, ctap_client_data_hash, 32);
  fido_assert_set_count (assertion, 1);
  g_assert_cmpint (fido_assert_set_authdata_raw (
                       assertion, 0, g_bytes_get_data (answer->authenticator_data, NULL),
                       g_bytes_get_size (answer->authenticator_data)),
                   ==, FIDO_OK);
  fido_assert_set_sig (assertion, 0, g_bytes_get_data (answer->signature, NULL),
                       g_bytes_get_size (answer->signature));
  g_assert_cmpint (fido_assert_verify (assertion, 0, COSE_ES256, key), ==, FIDO_OK);
  es256_pk_free (&key);
  fido_cred_free (&cred);
  fido_assert_free (&assertion);
}

/* While the prompt is up the key is loaded; then nothing but Sign (and the PIN's Unseal). */
static void
check_loaded (MortiseScriptedConsent *consent,
              const MortiseAskedQuestion *question,
              gpointer user_data)
{
  CtapFixture *f = user_data;
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);

  g_assert_true (f->waiting);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_LOAD_KEY), ==, 1);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_ANY), ==, 1);
  mortise_fake_tpm_reset_calls (tpm);
}

static void
test_sign_in (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);
  guint8 hash[32];

  mortise_fake_tpm_reset_calls (tpm);
  mortise_scripted_consent_set_hook (f->consent, check_loaded, f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list }, &answer), ==, CTAP1_ERR_SUCCESS);
  /* One TPM command after consent beside the flush of the key. */
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_SIGN), ==, 1);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_FLUSH), ==, 1);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_ANY), ==, 2);

  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_cmpstr (question->rp_id, ==, "example.com");
  g_assert_false (question->verify);
  g_assert_cmpuint (question->accounts->len, ==, 1);

  /* CTAP.md 41, 42, 43 */
  g_assert_cmpuint (g_bytes_get_size (answer->authenticator_data), ==, 37);
  mortise_rp_id_hash ("example.com", hash);
  g_assert_cmpmem (answer->rp_id_hash, 32, hash, 32);
  g_assert_cmphex (answer->flags, ==, MORTISE_AUTH_DATA_UP);
  g_assert_true (g_bytes_equal (answer->credential_id, registered->credential_id));
  g_assert_cmpmem (g_bytes_get_data (answer->user_id, NULL), g_bytes_get_size (answer->user_id),
                   "ada", 3);
  g_assert_null (answer->user_name);
  g_assert_cmpint (answer->number_of_credentials, ==, 0);
  g_assert_false (answer->user_selected);
  g_assert_true (ctap_verify (registered, answer));
  assert_verifies_with_libfido2 (registered, answer);
}

static void
test_verified (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (CtapAnswer) after_restart = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .uv = 1 }, &answer), ==, CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_true (question->verify);
  g_assert_cmphex (answer->flags, ==, MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_UV);
  g_assert_true (answer->user_selected);
  g_assert_true (ctap_verify (registered, answer));

  ctap_fixture_restart (f);
  after_restart = sign_in (f, &(CtapGet){ .uv = 1 });
  g_assert_true (ctap_verify (registered, after_restart));
}

static void
test_38_no_match (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (GPtrArray) unknown = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (MortiseAskedQuestion) question = NULL;
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);

  g_ptr_array_add (unknown, g_bytes_new ("unknown", 7));
  mortise_fake_tpm_reset_calls (tpm);

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ .rp_id = "nowhere.example" }), ==, CTAP2_ERR_NO_CREDENTIALS);
  question = ctap_take_question (f, MORTISE_CONSENT_NO_PASSKEY);
  g_assert_cmpstr (question->rp_id, ==, "nowhere.example");
  g_assert_false (question->verify);

  /* Silent probes are answered at once, for any reason there is no match. */
  g_assert_cmphex (get (f, &(CtapGet){ .rp_id = "nowhere.example", .up = -1 }), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
  g_assert_cmphex (get (f, &(CtapGet){ .allow = unknown, .up = -1 }), ==, CTAP2_ERR_NO_CREDENTIALS);
  g_assert_cmphex (get (f, &(CtapGet){ .rp_id = "other.example", .allow = list, .up = -1 }), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
  ctap_assert_not_asked (f);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_ANY), ==, 0);

  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (get (f, &(CtapGet){ .allow = unknown }), ==, CTAP2_ERR_OPERATION_DENIED);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_TIMED_OUT);
  g_assert_cmphex (get (f, &(CtapGet){ .allow = unknown }), ==, CTAP2_ERR_USER_ACTION_TIMEOUT);
}

static void
test_38_no_vault (CtapFixture *f, gconstpointer data)
{
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ 0 }), ==, CTAP2_ERR_NO_CREDENTIALS);
  ctap_drop_question (f, MORTISE_CONSENT_NO_PASSKEY);
  g_assert_cmphex (get (f, &(CtapGet){ .up = -1 }), ==, CTAP2_ERR_NO_CREDENTIALS);
  g_assert_cmphex (get (f, &(CtapGet){ .uv = 1 }), ==, CTAP2_ERR_INVALID_OPTION);
  ctap_assert_not_asked (f);
}

static void
test_39_rk (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");

  g_assert_cmphex (get (f, &(CtapGet){ .rk = 1 }), ==, CTAP2_ERR_INVALID_OPTION);
  g_assert_cmphex (get (f, &(CtapGet){ .rk = -1 }), ==, CTAP2_ERR_INVALID_OPTION);
  ctap_assert_not_asked (f);
}

static void
test_40_silent (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (CtapAnswer) locked = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .up = -1 }, &answer), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (answer->flags, ==, 0);
  g_assert_true (ctap_verify (registered, answer));
  ctap_assert_not_asked (f);

  /* Not unlocked: a match owes a signature, so that the PIN is asked for, naming the site. */
  ctap_fixture_restart (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .up = -1 }, &locked), ==,
                   CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_UNLOCK);
  g_assert_cmpstr (question->rp_id, ==, "example.com");
  g_assert_cmphex (locked->flags, ==, 0);
  g_assert_true (ctap_verify (registered, locked));
}

/* Without any key in memory even a look-up has to ask. */
static void
test_40_silent_locked (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (MortiseAskedQuestion) question = NULL;

  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ .rp_id = "other.example", .up = -1 }), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
  question = ctap_take_question (f, MORTISE_CONSENT_UNLOCK);
  g_assert_cmpstr (question->rp_id, ==, "other.example");
  g_assert_cmpuint (f->waits, >, 0);

  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_PIN_AUTH_BLOCKED);
  g_assert_cmphex (get (f, &(CtapGet){ .allow = list, .up = -1 }), ==, CTAP2_ERR_PUAT_REQUIRED);
}

static void
test_78_cred_protect (CtapFixture *f, gconstpointer data)
{
  for (int level = 1; level <= 3; level++)
    {
      g_autoptr (CtapAnswer) registered = ctap_register (
          f, &(CtapMake){ .rk = 1, .uv = 1, .cred_protect = level, .user_id = "same" });
      g_autoptr (GPtrArray) list = ctap_list (registered);

      g_assert_cmphex (get (f, &(CtapGet){ .up = -1 }), ==,
                       level == 1 ? CTAP1_ERR_SUCCESS : CTAP2_ERR_NO_CREDENTIALS);
      g_assert_cmphex (get (f, &(CtapGet){ .up = -1, .allow = list }), ==,
                       level <= 2 ? CTAP1_ERR_SUCCESS : CTAP2_ERR_NO_CREDENTIALS);
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (get (f, &(CtapGet){ .uv = 1 }), ==, CTAP1_ERR_SUCCESS);
      ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (get (f, &(CtapGet){ .allow = list }), ==,
                       level <= 2 ? CTAP1_ERR_SUCCESS : CTAP2_ERR_NO_CREDENTIALS);
      ctap_drop_question (f, level <= 2 ? MORTISE_CONSENT_SIGN_IN : MORTISE_CONSENT_NO_PASSKEY);
    }
}

/* Our prompt lets the person choose: one assertion, userSelected, whichever client it is. */
static void
test_44_chooser (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_user (f, "ada");
  g_autoptr (CtapAnswer) bob = register_user (f, "bob");
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (CtapAnswer) by_token = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;

  mortise_scripted_consent_allow_with (f->consent, FALSE, 1);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .uv = 1 }, &answer), ==, CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_cmpuint (question->accounts->len, ==, 2);
  /* Newest first. */
  g_assert_cmpstr (((MortiseCredential *) g_ptr_array_index (question->accounts, 0))->user_name, ==,
                   "bob");
  g_assert_true (g_bytes_equal (answer->credential_id, ada->credential_id));
  g_assert_true (ctap_verify (ada, answer));
  g_assert_true (answer->user_selected);
  g_assert_cmpint (answer->number_of_credentials, ==, 0);
  g_assert_null (answer->user_name);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &token), ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (token, 2);
  mortise_scripted_consent_allow_with (f->consent, FALSE, 0);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .param = param, .protocol = 2 }, &by_token), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_true (g_bytes_equal (by_token->credential_id, bob->credential_id));
  g_assert_true (by_token->user_selected);
  g_assert_cmphex (by_token->flags, ==, MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_UV);
}

/* Verification by the client's dialogs: so is the choice. CTAP.md 43, 44, 45. */
static void
test_44_number_of_credentials (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_user (f, "ada");
  g_autoptr (CtapAnswer) bob = register_user (f, "bob");
  g_autoptr (CtapAnswer) cy = register_user (f, "cy");
  g_autoptr (CtapAnswer) first = NULL;
  g_autoptr (CtapAnswer) second = NULL;
  g_autoptr (CtapAnswer) third = NULL;
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmphex (ctap_get_token (f, 1, CTAP_TEST_PIN, 0, NULL, &token), ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (token, 1);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .param = param, .protocol = 1 }, &first), ==,
                   CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_cmpuint (question->accounts->len, ==, 0);
  g_assert_cmpint (first->number_of_credentials, ==, 3);
  g_assert_false (first->user_selected);
  g_assert_true (ctap_verify (cy, first));
  g_assert_cmpstr (first->user_name, ==, "cy");
  g_assert_cmpstr (first->user_display_name, ==, "Display");

  g_assert_cmphex (ctap_get_next (f, &second), ==, CTAP1_ERR_SUCCESS);
  g_assert_true (ctap_verify (bob, second));
  g_assert_cmpint (second->number_of_credentials, ==, 0);
  g_assert_cmpstr (second->user_name, ==, "bob");
  g_assert_cmphex (second->flags, ==, first->flags);
  g_assert_cmphex (ctap_get_next (f, &third), ==, CTAP1_ERR_SUCCESS);
  g_assert_true (ctap_verify (ada, third));
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
}

static void
test_44_silent (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_user (f, "ada");
  g_autoptr (CtapAnswer) bob = register_user (f, "bob");
  g_autoptr (CtapAnswer) first = NULL;
  g_autoptr (CtapAnswer) second = NULL;

  g_assert_cmphex (ctap_get (f, &(CtapGet){ .up = -1 }, &first), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (first->number_of_credentials, ==, 2);
  g_assert_cmphex (first->flags, ==, 0);
  /* Names only with verification. */
  g_assert_nonnull (first->user_id);
  g_assert_null (first->user_name);
  g_assert_cmphex (ctap_get_next (f, &second), ==, CTAP1_ERR_SUCCESS);
  g_assert_null (second->user_name);
  ctap_assert_not_asked (f);
}

static void
test_44_allow_list (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_user (f, "ada");
  g_autoptr (CtapAnswer) bob = register_user (f, "bob");
  g_autoptr (GPtrArray) list = ctap_list (ada);
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (GPtrArray) empty = g_ptr_array_new ();
  g_autoptr (CtapAnswer) by_empty = NULL;

  g_ptr_array_add (list, g_bytes_ref (bob->credential_id));
  g_ptr_array_add (list, g_bytes_ref (bob->credential_id));
  answer = sign_in (f, &(CtapGet){ .allow = list });
  g_assert_cmpint (answer->number_of_credentials, ==, 0);
  g_assert_false (answer->user_selected);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  /* An empty list is no list. */
  by_empty = sign_in (f, &(CtapGet){ .allow = empty });
  g_assert_true (by_empty->user_selected);
}

static void
start_several (CtapFixture *f)
{
  g_assert_cmphex (get (f, &(CtapGet){ .up = -1 }), ==, CTAP1_ERR_SUCCESS);
}

static void
test_45_get_next_state (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_user (f, "ada");
  g_autoptr (CtapAnswer) bob = register_user (f, "bob");
  g_autoptr (CtapAnswer) cy = register_user (f, "cy");

  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  start_several (f);
  g_assert_cmphex (ctap_send (f, CTAP_GET_INFO, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  start_several (f);
  g_assert_cmphex (ctap_send (f, 0x55, NULL, NULL), ==, CTAP1_ERR_INVALID_COMMAND);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  start_several (f);
  f->channel++;
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  f->channel--;
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP1_ERR_SUCCESS);

  start_several (f);
  ctap_fixture_advance (30 * G_USEC_PER_SEC - 1);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP1_ERR_SUCCESS);
  ctap_fixture_advance (30 * G_USEC_PER_SEC - 1);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP1_ERR_SUCCESS);
  start_several (f);
  ctap_fixture_advance (30 * G_USEC_PER_SEC);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  start_several (f);
  mortise_authenticator_power_up (f->authenticator);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  /* Locked in between: the key is asked for again. */
  start_several (f);
  mortise_vault_lock (f->vault);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_next (f, NULL), ==, CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);
}

static void
test_46_unknown_type (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (GBytes) allowing = ctap_get_parameters (&(CtapGet){ .allow = list, .up = -1 });
  g_autoptr (GBytes) unknown_type = ctap_replace_text (allowing, "public-key", "public-kez");

  g_assert_cmphex (ctap_send (f, CTAP_GET_ASSERTION, allowing, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_send (f, CTAP_GET_ASSERTION, unknown_type, NULL), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
}

static void
test_47_counter (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (GPtrArray) list = ctap_list (registered);
  g_autoptr (CtapAnswer) exportable = NULL;
  g_autoptr (GPtrArray) exportables = NULL;
  guint32 last = registered->sign_count;

  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (CtapAnswer) answer = NULL;

      if (i == 3)
        ctap_fixture_restart (f);
      answer = sign_in (f, &(CtapGet){ .allow = list });
      g_assert_cmpuint (answer->sign_count, >, last);
      last = answer->sign_count;
      mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
      g_assert_cmphex (get (f, &(CtapGet){ .allow = list }), ==, CTAP2_ERR_OPERATION_DENIED);
      ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
    }

  mortise_scripted_consent_allow_with (f->consent, TRUE, 0);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ 0 }, &exportable), ==, CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  exportables = ctap_list (exportable);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (CtapAnswer) answer = sign_in (f, &(CtapGet){ .allow = exportables });

      g_assert_cmpuint (answer->sign_count, ==, 0);
      g_assert_cmphex (answer->flags, ==, MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_BE);
      g_assert_true (ctap_verify (exportable, answer));
    }
}

/* BS is what the vault says once a backup was verified. */
static void
test_36_backup_state (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseCredential) changed = NULL;
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;

  mortise_scripted_consent_allow_with (f->consent, TRUE, 0);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ 0 }, &registered), ==, CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  list = ctap_list (registered);
  credential = mortise_vault_find_by_id (f->vault, registered->credential_id, NULL);
  changed = mortise_credential_copy (credential);
  changed->backup_state = TRUE;
  g_assert_true (mortise_vault_update (f->vault, changed, MORTISE_CHANGE_BY_PERSON, &error));
  g_assert_no_error (error);
  answer = sign_in (f, &(CtapGet){ .allow = list });
  g_assert_cmphex (answer->flags, ==,
                   MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_BE | MORTISE_AUTH_DATA_BS);
}

static void
test_48_token (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (MortiseSecret) other_site = NULL;
  g_autoptr (MortiseSecret) unbound = NULL;
  g_autoptr (GBytes) other_param = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (CtapAnswer) answer = NULL;

  g_assert_cmphex (
      ctap_get_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_GA, "other.example", &other_site), ==,
      CTAP1_ERR_SUCCESS);
  other_param = ctap_token_param (other_site, 2);
  g_assert_cmphex (get (f, &(CtapGet){ .param = other_param, .protocol = 2 }), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);

  /* A silent request uses the token without using it up, but binds it. */
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &unbound), ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (unbound, 2);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .up = -1, .param = param, .protocol = 2 }, &answer), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (answer->flags, ==, MORTISE_AUTH_DATA_UV);
  g_assert_cmphex (get (f, &(CtapGet){ .rp_id = "other.example", .param = param, .protocol = 2 }),
                   ==, CTAP2_ERR_PIN_AUTH_INVALID);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ .param = param, .protocol = 2 }), ==, CTAP1_ERR_SUCCESS);
  /* Presence was taken: used up. */
  g_assert_cmphex (get (f, &(CtapGet){ .param = param, .protocol = 2 }), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);
}

/* A token from our own prompt for a sign-in: the prompt was the presence; one prompt in all. */
static void
test_uv_token_is_presence (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (MortiseSecret) late = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GBytes) late_param = NULL;
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_GA, "example.com", &token), ==,
                   CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_cmpstr (question->rp_id, ==, "example.com");
  g_assert_true (question->verify);
  g_assert_cmpuint (question->accounts->len, ==, 1);
  param = ctap_token_param (token, 2);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .param = param, .protocol = 2 }, &answer), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (answer->flags, ==, MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_UV);
  ctap_assert_not_asked (f);

  /* Presence does not outlive its half minute. */
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_GA, "example.com", &late), ==,
                   CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  late_param = ctap_token_param (late, 2);
  g_assert_cmphex (get (f, &(CtapGet){ .up = -1, .param = late_param, .protocol = 2 }), ==,
                   CTAP1_ERR_SUCCESS);
  ctap_fixture_advance (31 * G_USEC_PER_SEC);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ .param = late_param, .protocol = 2 }), ==,
                   CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
}

/* … but two accounts are still a choice to make, without another PIN. */
static void
test_uv_token_chooser (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_user (f, "ada");
  g_autoptr (CtapAnswer) bob = register_user (f, "bob");
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseAskedQuestion) at_token = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 1, MORTISE_PERMISSION_GA, "example.com", &token), ==,
                   CTAP1_ERR_SUCCESS);
  at_token = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_true (at_token->accounts == NULL || at_token->accounts->len == 0);
  param = ctap_token_param (token, 1);
  mortise_scripted_consent_allow_with (f->consent, FALSE, 1);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .param = param, .protocol = 1 }, &answer), ==,
                   CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_false (question->verify);
  g_assert_true (ctap_verify (ada, answer));
  g_assert_true (answer->user_selected);
}

static void
test_zero_length_param (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) param = g_bytes_new (ctap_client_data_hash, 32);

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ .param = empty, .protocol = 1 }), ==, CTAP2_ERR_PIN_INVALID);
  ctap_drop_question (f, MORTISE_CONSENT_SELECT);
  g_assert_cmphex (get (f, &(CtapGet){ .param = param }), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (get (f, &(CtapGet){ .param = param, .protocol = 7 }), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (get (f, &(CtapGet){ .param = param, .protocol = 2 }), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);
}

static void
test_82_always_uv (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (CtapAnswer) answer = NULL;

  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (TRUE), NULL));
  answer = sign_in (f, &(CtapGet){ 0 });
  g_assert_cmphex (answer->flags, ==, MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_UV);
  /* Silent probes stay silent. */
  g_assert_cmphex (get (f, &(CtapGet){ .up = -1 }), ==, CTAP1_ERR_SUCCESS);
  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmphex (get (f, &(CtapGet){ 0 }), ==, CTAP2_ERR_PUAT_REQUIRED);
}

static void
test_64_consent_ends (CtapFixture *f, gconstpointer data)
{
  static const struct
  {
    MortiseError code;
    guint8 status;
  } cases[] = {
    { MORTISE_ERROR_DENIED, CTAP2_ERR_OPERATION_DENIED },
    { MORTISE_ERROR_TIMED_OUT, CTAP2_ERR_USER_ACTION_TIMEOUT },
    { MORTISE_ERROR_CANCELLED, CTAP2_ERR_KEEPALIVE_CANCEL },
    { MORTISE_ERROR_PIN_BLOCKED, CTAP2_ERR_PUAT_REQUIRED },
    { MORTISE_ERROR_PIN_AUTH_BLOCKED, CTAP2_ERR_PUAT_REQUIRED },
    { MORTISE_ERROR_TPM_LOCKOUT, CTAP2_ERR_PUAT_REQUIRED },
    { MORTISE_ERROR_PROMPT_FAILED, CTAP1_ERR_OTHER },
    { MORTISE_ERROR_BUSY, CTAP1_ERR_CHANNEL_BUSY },
  };
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (CtapAnswer) answer = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      mortise_scripted_consent_refuse (f->consent, cases[i].code);
      g_assert_cmphex (get (f, &(CtapGet){ .uv = 1 }), ==, cases[i].status);
      ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
      mortise_scripted_consent_refuse_begin (f->consent, cases[i].code);
      g_assert_cmphex (get (f, &(CtapGet){ .uv = 1 }), ==, cases[i].status);
      ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
      g_assert_cmpuint (mortise_fake_tpm_count_loaded (ctap_fixture_tpm (f)), ==, 0);
      g_assert_false (f->waiting);
    }
  mortise_scripted_consent_allow_unverified (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ .uv = 1 }), ==, CTAP2_ERR_PUAT_REQUIRED);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  answer = sign_in (f, &(CtapGet){ .uv = 1 });
  g_assert_true (ctap_verify (registered, answer));
}

static void
test_tpm_failures (CtapFixture *f, gconstpointer data)
{
  static const MortiseFakeTpmOperation operations[] = { MORTISE_FAKE_TPM_LOAD_KEY,
                                                        MORTISE_FAKE_TPM_SIGN };
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);
  g_autoptr (CtapAnswer) late = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      mortise_fake_tpm_fail (tpm, operations[i], 0, G_MAXUINT, MORTISE_ERROR_TPM_GONE);
      g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "Cannot *");
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (get (f, &(CtapGet){ 0 }), ==, CTAP1_ERR_OTHER);
      ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
      g_test_assert_expected_messages ();
      mortise_fake_tpm_fail (tpm, operations[i], 0, 0, MORTISE_ERROR_TPM_GONE);
      g_assert_cmpuint (mortise_fake_tpm_count_loaded (tpm), ==, 0);
    }

  /* A key that could not be loaded while the prompt was up is loaded after it. */
  mortise_fake_tpm_fail (tpm, MORTISE_FAKE_TPM_LOAD_KEY, 0, 1, MORTISE_ERROR_TPM_BUSY);
  late = sign_in (f, &(CtapGet){ 0 });
  g_assert_true (ctap_verify (registered, late));
}

static void
lock_now (MortiseScriptedConsent *consent, const MortiseAskedQuestion *question, gpointer user_data)
{
  CtapFixture *f = user_data;

  if (question->kind != MORTISE_CONSENT_UNLOCK)
    mortise_vault_lock (f->vault);
}

/* The vault locks itself while the prompt is up: what is wanted is asked for, not refused. */
static void
test_locked_meanwhile (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (CtapAnswer) other = NULL;

  mortise_scripted_consent_set_hook (f->consent, lock_now, f);
  mortise_scripted_consent_allow (f->consent);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ 0 }, &answer), ==, CTAP1_ERR_SUCCESS);
  g_assert_true (ctap_verify (registered, answer));
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);
  mortise_scripted_consent_allow (f->consent);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ 0 }, &other), ==, CTAP1_ERR_SUCCESS);
  g_assert_true (ctap_verify (other, other));
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);
}

static void
test_note_use (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");
  g_autoptr (CtapAnswer) answer = sign_in (f, &(CtapGet){ .uv = 1 });
  g_autoptr (MortiseCredential) credential = NULL;

  g_assert_cmphex (get (f, &(CtapGet){ .up = -1 }), ==, CTAP1_ERR_SUCCESS);
  mortise_vault_flush_uses (f->vault);
  credential = mortise_vault_find_by_id (f->vault, registered->credential_id, NULL);
  g_assert_cmpuint (credential->use_count, ==, 1);
  g_assert_cmphex (credential->last_flags, ==, MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_UV);
}

static void
test_14_cancel (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) registered = register_user (f, "ada");

  ctap_cancel_when_asked (f);
  mortise_scripted_consent_hold (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ 0 }), ==, CTAP2_ERR_KEEPALIVE_CANCEL);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  mortise_scripted_consent_hold (f->consent);
  g_assert_cmphex (get (f, &(CtapGet){ .rp_id = "nowhere.example" }), ==,
                   CTAP2_ERR_KEEPALIVE_CANCEL);
  ctap_drop_question (f, MORTISE_CONSENT_NO_PASSKEY);
  mortise_scripted_consent_set_hook (f->consent, NULL, NULL);
  g_cancellable_reset (f->cancellable);
  ctap_answer_free (sign_in (f, &(CtapGet){ 0 }));
}

#define ADD(path, function)                                                                        \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up, function, ctap_fixture_tear_down)
#define ADD_EMPTY(path, function)                                                                  \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up_empty, function, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fido_init (0);
  ADD ("/ctap/41-get-assertion/sign-in", test_sign_in);
  ADD ("/ctap/43-get-assertion/verified", test_verified);
  ADD ("/ctap/14-get-assertion/cancel", test_14_cancel);
  ADD ("/ctap/25-get-assertion/zero-length-param", test_zero_length_param);
  ADD ("/ctap/36-get-assertion/backup-state", test_36_backup_state);
  ADD ("/ctap/38-get-assertion/no-match", test_38_no_match);
  ADD_EMPTY ("/ctap/38-get-assertion/no-vault", test_38_no_vault);
  ADD ("/ctap/39-get-assertion/rk", test_39_rk);
  ADD ("/ctap/40-get-assertion/silent", test_40_silent);
  ADD ("/ctap/40-get-assertion/silent-locked", test_40_silent_locked);
  ADD ("/ctap/44-get-assertion/chooser", test_44_chooser);
  ADD ("/ctap/44-get-assertion/number-of-credentials", test_44_number_of_credentials);
  ADD ("/ctap/44-get-assertion/silent", test_44_silent);
  ADD ("/ctap/44-get-assertion/allow-list", test_44_allow_list);
  ADD ("/ctap/45-get-next-assertion/state", test_45_get_next_state);
  ADD ("/ctap/46-get-assertion/unknown-type", test_46_unknown_type);
  ADD ("/ctap/47-get-assertion/counter", test_47_counter);
  ADD ("/ctap/48-get-assertion/token", test_48_token);
  ADD ("/ctap/48-get-assertion/uv-token-is-presence", test_uv_token_is_presence);
  ADD ("/ctap/48-get-assertion/uv-token-chooser", test_uv_token_chooser);
  ADD ("/ctap/64-get-assertion/consent-ends", test_64_consent_ends);
  ADD ("/ctap/33-get-assertion/tpm-failures", test_tpm_failures);
  ADD ("/ctap/40-get-assertion/locked-meanwhile", test_locked_meanwhile);
  ADD ("/ctap/41-get-assertion/note-use", test_note_use);
  ADD ("/ctap/78-get-assertion/cred-protect", test_78_cred_protect);
  ADD ("/ctap/82-get-assertion/always-uv", test_82_always_uv);
  return g_test_run ();
}
