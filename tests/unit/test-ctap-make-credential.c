/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fido.h>
#include <fido/es256.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/vault/vault-settings.h"
#include "tests/support/ctap-fixture.h"

static guint8
make (CtapFixture *f, const CtapMake *request)
{
  return ctap_make (f, request, NULL);
}

static void
assert_verifies_with_libfido2 (const CtapAnswer *answer, int cred_protect)
{
  fido_cred_t *cred = fido_cred_new ();

  g_assert_cmpint (fido_cred_set_type (cred, COSE_ES256), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_rp (cred, "example.com", NULL), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_clientdata_hash (cred, ctap_client_data_hash, 32), ==, FIDO_OK);
  if (cred_protect != 0)
    g_assert_cmpint (fido_cred_set_prot (cred, cred_protect), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_fmt (cred, answer->format), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_authdata_raw (cred,
                                               g_bytes_get_data (answer->authenticator_data, NULL),
                                               g_bytes_get_size (answer->authenticator_data)),
                   ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_sig (cred, g_bytes_get_data (answer->signature, NULL),
                                      g_bytes_get_size (answer->signature)),
                   ==, FIDO_OK);
  g_assert_cmpint (fido_cred_verify_self (cred), ==, FIDO_OK);
  fido_cred_free (&cred);
}

/* The main case: what is asked, what is answered, what is kept, and what the TPM did when. */
static void
check_signing_only (MortiseScriptedConsent *consent,
                    const MortiseAskedQuestion *question,
                    gpointer user_data)
{
  CtapFixture *f = user_data;

  /* The key is there before the person has answered. */
  g_assert_true (f->waiting);
  g_assert_cmpuint (
      mortise_fake_tpm_count_calls (ctap_fixture_tpm (f), MORTISE_FAKE_TPM_CREATE_KEY), ==, 1);
  mortise_fake_tpm_reset_calls (ctap_fixture_tpm (f));
}

static void
test_discoverable_verified (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;
  g_autoptr (GPtrArray) kept = NULL;
  const MortiseCredential *credential;
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);
  guint8 hash[32];

  mortise_scripted_consent_allow (f->consent);
  mortise_fake_tpm_reset_calls (tpm);
  mortise_scripted_consent_set_hook (f->consent, check_signing_only, f);
  g_assert_cmphex (ctap_make (f,
                              &(CtapMake){ .rp_id = "example.com",
                                           .rp_name = "Example",
                                           .user_id = "u1",
                                           .user_name = "ada@example.com",
                                           .user_display_name = "Ada",
                                           .rk = 1,
                                           .uv = 1 },
                              &answer),
                   ==, CTAP1_ERR_SUCCESS);
  /* After consent: the Unseal of the PIN that was typed while answering, Sign and Flush. */
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_SIGN), ==, 1);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_CREATE_KEY), ==, 0);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_LOAD_KEY), ==, 0);

  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmpstr (question->rp_id, ==, "example.com");
  g_assert_cmpstr (question->rp_name, ==, "Example");
  g_assert_cmpstr (question->user_name, ==, "ada@example.com");
  g_assert_cmpstr (question->user_display_name, ==, "Ada");
  g_assert_true (question->verify);
  g_assert_true (question->offer_export);
  g_assert_false (question->allow_export);
  g_assert_cmpint (question->algorithm, ==, MORTISE_ALG_ES256);

  mortise_rp_id_hash ("example.com", hash);
  g_assert_cmpmem (answer->rp_id_hash, 32, hash, 32);
  g_assert_cmpmem (answer->aaguid, 16, mortise_aaguid, 16);
  g_assert_cmphex (answer->flags, ==,
                   MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_UV | MORTISE_AUTH_DATA_AT);
  g_assert_cmpuint (answer->sign_count, ==, 0);
  g_assert_cmpuint (g_bytes_get_size (answer->credential_id), ==, 32);
  g_assert_null (answer->extensions);
  g_assert_cmpstr (answer->format, ==, "packed");
  g_assert_true (ctap_verify (answer, answer));
  assert_verifies_with_libfido2 (answer, 0);

  kept = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, NULL);
  g_assert_cmpuint (kept->len, ==, 1);
  credential = g_ptr_array_index (kept, 0);
  g_assert_true (g_bytes_equal (credential->credential_id, answer->credential_id));
  g_assert_true (g_bytes_equal (credential->public_key, answer->public_key));
  g_assert_cmpstr (credential->user_name, ==, "ada@example.com");
  g_assert_cmpstr (credential->rp_name, ==, "Example");
  g_assert_cmpint (credential->credential_class, ==, MORTISE_CREDENTIAL_DEVICE_ONLY);
  g_assert_true (credential->discoverable);
  g_assert_cmpuint (credential->cred_protect, ==, 1);
}

/* CTAP.md 36: BE and BS follow the switch; the key is made anew when it was changed. */
static void
test_export_switch (CtapFixture *f, gconstpointer data)
{
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (CtapAnswer) back = NULL;
  g_autoptr (GPtrArray) kept = NULL;

  mortise_fake_tpm_reset_calls (tpm);
  mortise_scripted_consent_allow_with (f->consent, TRUE, 0);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = -1 }, &answer), ==, CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmphex (answer->flags, ==,
                   MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_BE | MORTISE_AUTH_DATA_AT);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_CREATE_KEY), ==, 2);
  g_assert_true (ctap_verify (answer, answer));
  kept = mortise_vault_find_by_rp (f->vault, "example.com", FALSE, NULL);
  g_assert_cmpint (((MortiseCredential *) g_ptr_array_index (kept, 0))->credential_class, ==,
                   MORTISE_CREDENTIAL_EXPORTABLE);

  /* The setting is what the switch starts as. */
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_EXPORT_DEFAULT,
                                            g_variant_new_boolean (TRUE), NULL));
  mortise_fake_tpm_reset_calls (tpm);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ 0 }, &back), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (back->flags & MORTISE_AUTH_DATA_BE, !=, 0);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_CREATE_KEY), ==, 1);
}

/* A vault that is not unlocked: the prompt takes the PIN, and UV stays what was asked for. */
static void
test_not_unlocked (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (CtapAnswer) verified = NULL;

  ctap_fixture_restart (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ 0 }, &answer), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);
  g_assert_cmphex (answer->flags & MORTISE_AUTH_DATA_UV, ==, 0);

  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = 1, .uv = 1 }, &verified), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (verified->flags & MORTISE_AUTH_DATA_UV, !=, 0);
}

static void
test_25_zero_length_param (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  const CtapMake request = { .param = empty, .protocol = 1 };

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &request), ==, CTAP2_ERR_PIN_INVALID);
  ctap_drop_question (f, MORTISE_CONSENT_SELECT);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (make (f, &request), ==, CTAP2_ERR_OPERATION_DENIED);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
}

static void
test_25_zero_length_param_no_pin (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .param = empty, .protocol = 1 }), ==,
                   CTAP2_ERR_PIN_NOT_SET);
}

/* Chromium's touch probe: presence, nothing kept, in every shape it may come in. */
static void
test_touch_probe (CtapFixture *f, gconstpointer data)
{
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = ".dummy" }), ==, CTAP2_ERR_PIN_INVALID);
  ctap_drop_question (f, MORTISE_CONSENT_SELECT);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_CANCELLED);
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = ".dummy", .rk = -1 }), ==,
                   CTAP2_ERR_KEEPALIVE_CANCEL);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
}

static void
test_26_protocol (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) param = g_bytes_new (ctap_client_data_hash, 16);

  g_assert_cmphex (make (f, &(CtapMake){ .param = param }), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (make (f, &(CtapMake){ .param = param, .protocol = 3 }), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (make (f, &(CtapMake){ .param = param, .protocol = -1 }), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (make (f, &(CtapMake){ .param = param, .protocol = 1 }), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);
  ctap_assert_not_asked (f);
}

static void
test_27_algorithms (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) es256 = NULL;
  g_autoptr (CtapAnswer) es384 = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;
  g_autoptr (MortiseAskedQuestion) rsa = NULL;

  mortise_fake_tpm_edit_info (ctap_fixture_tpm (f))->es384 = TRUE;
  mortise_fake_tpm_edit_info (ctap_fixture_tpm (f))->rs256 = TRUE;
  g_assert_cmphex (make (f, &(CtapMake){ .algorithms = { -8, -36, 12345 } }), ==,
                   CTAP2_ERR_UNSUPPORTED_ALGORITHM);
  ctap_assert_not_asked (f);

  es256 = ctap_register (f, &(CtapMake){ .algorithms = { -8, 4711, -7, -35 } });
  g_assert_true (ctap_verify (es256, es256));
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .algorithms = { -35, -7 } }, &es384), ==,
                   CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmpint (question->algorithm, ==, MORTISE_ALG_ES384);
  g_assert_true (ctap_verify (es384, es384));

  /* RSA only where it is all the site takes. */
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (make (f, &(CtapMake){ .algorithms = { -257, -7 } }), ==,
                   CTAP2_ERR_OPERATION_DENIED);
  rsa = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmpint (rsa->algorithm, ==, MORTISE_ALG_ES256);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .algorithms = { -8, -257 } }), ==, CTAP1_ERR_SUCCESS);

  mortise_fake_tpm_edit_info (ctap_fixture_tpm (f))->es384 = FALSE;
  mortise_fake_tpm_edit_info (ctap_fixture_tpm (f))->rs256 = FALSE;
  g_assert_cmphex (make (f, &(CtapMake){ .algorithms = { -35, -257 } }), ==,
                   CTAP2_ERR_UNSUPPORTED_ALGORITHM);
}

static void
test_28_up (CtapFixture *f, gconstpointer data)
{
  g_assert_cmphex (make (f, &(CtapMake){ .up = -1 }), ==, CTAP2_ERR_INVALID_OPTION);
  ctap_assert_not_asked (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .up = 1 }), ==, CTAP1_ERR_SUCCESS);
}

static void
test_29_uv (CtapFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_scripted_consent_set_can_verify (f->consent, FALSE);
  g_assert_cmphex (make (f, &(CtapMake){ .uv = 1 }), ==, CTAP2_ERR_INVALID_OPTION);
  mortise_scripted_consent_set_can_verify (f->consent, TRUE);
  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmphex (make (f, &(CtapMake){ .uv = 1 }), ==, CTAP2_ERR_INVALID_OPTION);
  ctap_assert_not_asked (f);

  /* With pinUvAuthParam, uv counts as false. */
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &token), ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (token, 2);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .uv = 1, .rk = 1, .param = param, .protocol = 2 }), ==,
                   CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_false (question->verify);
}

static void
test_29_uv_no_pin (CtapFixture *f, gconstpointer data)
{
  g_assert_cmphex (make (f, &(CtapMake){ .uv = 1 }), ==, CTAP2_ERR_INVALID_OPTION);
  g_assert_cmphex (make (f, &(CtapMake){ .rk = 1 }), ==, CTAP2_ERR_PUAT_REQUIRED);
  g_assert_cmphex (make (f, &(CtapMake){ .rk = -1 }), ==, CTAP2_ERR_PUAT_REQUIRED);
  ctap_assert_not_asked (f);
}

static void
test_30_discoverable_needs_uv (CtapFixture *f, gconstpointer data)
{
  g_assert_cmphex (make (f, &(CtapMake){ .rk = 1 }), ==, CTAP2_ERR_PUAT_REQUIRED);
  ctap_assert_not_asked (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .rk = -1, .uv = -1 }), ==, CTAP1_ERR_SUCCESS);
}

static void
test_31_exclude_list (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) old = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
  g_autoptr (CtapAnswer) other = ctap_register (f, &(CtapMake){ .rp_id = "other.example" });
  g_autoptr (GPtrArray) list = ctap_list (old);
  g_autoptr (GPtrArray) others = ctap_list (other);
  g_autoptr (MortiseAskedQuestion) question = NULL;
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);

  g_ptr_array_insert (list, 0, g_bytes_new ("unknown", 7));
  mortise_fake_tpm_reset_calls (tpm);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list }), ==, CTAP2_ERR_CREDENTIAL_EXCLUDED);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_ANY), ==, 0);
  question = ctap_take_question (f, MORTISE_CONSENT_EXCLUDED);
  g_assert_cmpstr (question->rp_id, ==, "example.com");
  g_assert_false (question->verify);

  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_TIMED_OUT);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list }), ==, CTAP2_ERR_CREDENTIAL_EXCLUDED);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list }), ==, CTAP2_ERR_OPERATION_DENIED);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_CANCELLED);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list }), ==, CTAP2_ERR_KEEPALIVE_CANCEL);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 2);

  /* Another site's credential excludes nothing. */
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = others }), ==, CTAP1_ERR_SUCCESS);
}

/* Entries of a type we do not know exclude nothing, options we do not know ask for nothing. */
static void
test_23_unknown (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) old = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
  g_autoptr (GPtrArray) list = ctap_list (old);
  g_autoptr (GBytes) excluding = ctap_make_parameters (&(CtapMake){ .exclude = list });
  g_autoptr (GBytes) unknown_type = ctap_replace_text (excluding, "public-key", "public-kez");
  g_autoptr (GBytes) discoverable = ctap_make_parameters (&(CtapMake){ .rk = 1 });
  g_autoptr (GBytes) unknown_option = ctap_replace_text (discoverable, "rk", "rz");

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_MAKE_CREDENTIAL, unknown_type, NULL), ==, CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_MAKE_CREDENTIAL, unknown_option, NULL), ==,
                   CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
}

static void
test_31_exclude_list_protected (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) old =
      ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1, .cred_protect = 3, .user_id = "a" });
  g_autoptr (GPtrArray) list = ctap_list (old);
  g_autoptr (MortiseAskedQuestion) question = NULL;
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;

  /* Not revealed to who is not verified … */
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list, .user_id = "b" }), ==, CTAP1_ERR_SUCCESS);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  /* … and only after verification to who will be. */
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list, .rk = 1, .uv = 1 }), ==,
                   CTAP2_ERR_CREDENTIAL_EXCLUDED);
  question = ctap_take_question (f, MORTISE_CONSENT_EXCLUDED);
  g_assert_true (question->verify);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_TIMED_OUT);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list, .rk = 1, .uv = 1 }), ==,
                   CTAP2_ERR_USER_ACTION_TIMEOUT);
  mortise_scripted_consent_allow_unverified (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list, .rk = 1, .uv = 1 }), ==,
                   CTAP2_ERR_PUAT_REQUIRED);

  ctap_drop_question (f, MORTISE_CONSENT_EXCLUDED);
  ctap_drop_question (f, MORTISE_CONSENT_EXCLUDED);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &token), ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (token, 2);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list, .param = param, .protocol = 2 }), ==,
                   CTAP2_ERR_CREDENTIAL_EXCLUDED);
  ctap_drop_question (f, MORTISE_CONSENT_EXCLUDED);
}

/* Nothing can be looked up: first unlock, naming the site; one PIN is enough for one request. */
static void
test_31_exclude_list_locked (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) old = ctap_register (f, &(CtapMake){ .rp_id = "other.example" });
  g_autoptr (GPtrArray) list = ctap_list (old);
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseAskedQuestion) unlock = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_allow (f->consent);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = 1, .uv = 1, .exclude = list }, &answer), ==,
                   CTAP1_ERR_SUCCESS);
  unlock = ctap_take_question (f, MORTISE_CONSENT_UNLOCK);
  g_assert_cmpstr (unlock->rp_id, ==, "example.com");
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_false (question->verify);
  g_assert_cmphex (answer->flags & MORTISE_AUTH_DATA_UV, !=, 0);

  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (make (f, &(CtapMake){ .exclude = list }), ==, CTAP2_ERR_OPERATION_DENIED);
}

static void
test_32_replaces (CtapFixture *f, gconstpointer data)
{
  const CtapMake request = { .rk = 1, .uv = 1, .user_id = "same", .user_name = "ada" };
  g_autoptr (CtapAnswer) old = ctap_register (f, &request);
  g_autoptr (CtapAnswer) other =
      ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1, .user_id = "other" });
  g_autoptr (GPtrArray) kept = NULL;
  g_autoptr (GPtrArray) deleted = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &request), ==, CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmpuint (question->accounts->len, ==, 1);
  g_assert_true (g_bytes_equal (
      ((MortiseCredential *) g_ptr_array_index (question->accounts, 0))->credential_id,
      old->credential_id));

  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 2);
  deleted = mortise_vault_list (f->vault, TRUE, 0, 10, NULL, NULL);
  g_assert_cmpuint (deleted->len, ==, 1);
}

static void
test_33_failures (CtapFixture *f, gconstpointer data)
{
  static const struct
  {
    MortiseFakeTpmOperation operation;
    MortiseError code;
    guint8 status;
  } cases[] = {
    { MORTISE_FAKE_TPM_SIGN, MORTISE_ERROR_TPM_GONE, CTAP1_ERR_OTHER },
    { MORTISE_FAKE_TPM_CREATE_KEY, MORTISE_ERROR_TPM_BUSY, CTAP2_ERR_PROCESSING },
    { MORTISE_FAKE_TPM_CREATE_KEY, MORTISE_ERROR_TPM_SLOTS, CTAP1_ERR_OTHER },
  };
  g_autoptr (CtapAnswer) old = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) kept = NULL;

      g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "Cannot *");
      mortise_fake_tpm_fail (ctap_fixture_tpm (f), cases[i].operation, 0, G_MAXUINT, cases[i].code);
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (make (f, &(CtapMake){ .rk = 1, .uv = 1 }), ==, cases[i].status);
      mortise_fake_tpm_fail (ctap_fixture_tpm (f), cases[i].operation, 0, 0, cases[i].code);
      g_test_assert_expected_messages ();

      /* Nothing phantom, and the one that would have been replaced is where it was. */
      kept = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, NULL);
      g_assert_cmpuint (kept->len, ==, 1);
      g_assert_true (g_bytes_equal (
          ((MortiseCredential *) g_ptr_array_index (kept, 0))->credential_id, old->credential_id));
      g_assert_cmpuint (mortise_fake_tpm_count_loaded (ctap_fixture_tpm (f)), ==, 0);
    }
  g_assert_cmphex (
      ctap_status_from_error (&(GError){ MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL, NULL }), ==,
      CTAP2_ERR_KEY_STORE_FULL);
}

/* No room on the disk: the registration fails, the old passkey stays, and with room it works. */
static void
test_33_disk_full (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) old = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
  g_autoptr (CtapAnswer) again = NULL;
  g_autoptr (GPtrArray) kept = NULL;
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;
  struct rlimit before;
  struct rlimit none;
  guint8 status;

  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &token), ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (token, 2);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  none = before;
  none.rlim_cur = 0;
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "Cannot *");
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &none), ==, 0);
  status = make (f, &(CtapMake){ .rk = 1, .param = param, .protocol = 2 });
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmphex (status, !=, CTAP1_ERR_SUCCESS);

  kept = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, NULL);
  g_assert_cmpuint (kept->len, ==, 1);
  g_assert_true (g_bytes_equal (((MortiseCredential *) g_ptr_array_index (kept, 0))->credential_id,
                                old->credential_id));
  again = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

/* A key that could not be made while the prompt was up is made after it. */
static void
test_key_made_late (CtapFixture *f, gconstpointer data)
{
  mortise_fake_tpm_fail (ctap_fixture_tpm (f), MORTISE_FAKE_TPM_CREATE_KEY, 0, 1,
                         MORTISE_ERROR_TPM_BUSY);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ 0 }), ==, CTAP1_ERR_SUCCESS);
}

static void
test_34_enterprise_attestation (CtapFixture *f, gconstpointer data)
{
  g_assert_cmphex (make (f, &(CtapMake){ .enterprise_attestation = 1 }), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (make (f, &(CtapMake){ .enterprise_attestation = 9 }), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
  ctap_assert_not_asked (f);
}

static void
test_35_rp_id (CtapFixture *f, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (253, 'a');
  g_autofree char *too_long = g_strnfill (254, 'a');

  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = "" }), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = too_long }), ==, CTAP2_ERR_LIMIT_EXCEEDED);
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = "a\nb" }), ==, CTAP1_ERR_INVALID_PARAMETER);
  ctap_assert_not_asked (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = longest }), ==, CTAP1_ERR_SUCCESS);
}

/* Strings are kept whole up to the limit and cut between characters beyond it. */
static void
test_names (CtapFixture *f, gconstpointer data)
{
  g_autofree char *fits = g_strnfill (MORTISE_NAME_MAX, 'n');
  g_autofree char *ascii = g_strnfill (MORTISE_NAME_MAX - 1, 'n');
  g_autofree char *wide = g_strconcat (ascii, "ü", NULL);
  g_autofree char *user_id = g_strnfill (65, 'i');
  g_autoptr (GPtrArray) kept = NULL;
  const MortiseCredential *credential;

  g_assert_cmphex (make (f, &(CtapMake){ .user_id = user_id }), ==, CTAP2_ERR_LIMIT_EXCEEDED);
  user_id[64] = '\0';
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (
      make (f, &(CtapMake){ .user_id = user_id, .user_name = wide, .user_display_name = fits }), ==,
      CTAP1_ERR_SUCCESS);
  kept = mortise_vault_find_by_rp (f->vault, "example.com", FALSE, NULL);
  credential = g_ptr_array_index (kept, 0);
  g_assert_cmpstr (credential->user_name, ==, ascii);
  g_assert_cmpstr (credential->user_display_name, ==, fits);
  g_assert_cmpuint (g_bytes_get_size (credential->user_id), ==, 64);

  g_assert_cmphex (make (f, &(CtapMake){ .user_id = "", .rk = 1, .uv = 1 }), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
}

static void
test_37_token_is_used_up (CtapFixture *f, gconstpointer data)
{
  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      g_autoptr (MortiseSecret) token = NULL;
      g_autoptr (GBytes) param = NULL;
      g_autoptr (CtapAnswer) answer = NULL;
      CtapMake request = { .rk = 1, .protocol = (int) protocol };

      g_assert_cmphex (ctap_get_token (f, protocol, CTAP_TEST_PIN,
                                       MORTISE_PERMISSION_MC | MORTISE_PERMISSION_GA, "example.com",
                                       &token),
                       ==, CTAP1_ERR_SUCCESS);
      param = ctap_token_param (token, protocol);
      request.param = param;
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (ctap_make (f, &request, &answer), ==, CTAP1_ERR_SUCCESS);
      g_assert_cmphex (answer->flags & MORTISE_AUTH_DATA_UV, !=, 0);
      g_assert_cmphex (make (f, &request), ==, CTAP2_ERR_PIN_AUTH_INVALID);
    }
}

static void
test_48_token_for_another_site (CtapFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (MortiseSecret) ga_only = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GBytes) ga_param = NULL;

  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_MC, "a.example", &token),
                   ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (token, 2);
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = "b.example", .param = param, .protocol = 2 }), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);
  /* Signed with the right token, but in another protocol. */
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = "a.example", .param = param, .protocol = 1 }), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (
      ctap_get_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_GA, "a.example", &ga_only), ==,
      CTAP1_ERR_SUCCESS);
  ga_param = ctap_token_param (ga_only, 2);
  g_assert_cmphex (make (f, &(CtapMake){ .rp_id = "a.example", .param = ga_param, .protocol = 2 }),
                   ==, CTAP2_ERR_PIN_AUTH_INVALID);
  ctap_assert_not_asked (f);
}

static void
test_78_cred_protect (CtapFixture *f, gconstpointer data)
{
  for (int level = 1; level <= 3; level++)
    {
      g_autoptr (CtapAnswer) answer =
          ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1, .cred_protect = level });
      g_autoptr (GBytes) expected = g_bytes_new ("\xa1\x6b"
                                                 "credProtect\x00",
                                                 14);
      guint8 *bytes = g_memdup2 (g_bytes_get_data (expected, NULL), 14);

      bytes[13] = (guint8) level;
      g_assert_cmphex (answer->flags & MORTISE_AUTH_DATA_ED, !=, 0);
      g_assert_cmpmem (g_bytes_get_data (answer->extensions, NULL),
                       g_bytes_get_size (answer->extensions), bytes, 14);
      assert_verifies_with_libfido2 (answer, level);
      g_free (bytes);
    }
  g_assert_cmphex (make (f, &(CtapMake){ .cred_protect = 4 }), ==, CTAP2_ERR_INVALID_OPTION);
  g_assert_cmphex (make (f, &(CtapMake){ .cred_protect = -1 }), ==, CTAP2_ERR_INVALID_OPTION);
}

static void
test_82_always_uv (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (TRUE), NULL));
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = -1 }, &answer), ==, CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_true (question->verify);
  g_assert_cmphex (answer->flags & MORTISE_AUTH_DATA_UV, !=, 0);
  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmphex (make (f, &(CtapMake){ .rk = -1 }), ==, CTAP2_ERR_PUAT_REQUIRED);
}

/* Every way in which a registration's prompt can end. */
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
    { MORTISE_ERROR_TPM_GONE, CTAP1_ERR_OTHER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      mortise_scripted_consent_refuse (f->consent, cases[i].code);
      g_assert_cmphex (make (f, &(CtapMake){ .rk = 1, .uv = 1 }), ==, cases[i].status);
      mortise_scripted_consent_refuse_begin (f->consent, cases[i].code);
      g_assert_cmphex (make (f, &(CtapMake){ .rk = 1, .uv = 1 }), ==, cases[i].status);
      g_assert_false (f->waiting);
      g_assert_cmpuint (mortise_fake_tpm_count_loaded (ctap_fixture_tpm (f)), ==, 0);
    }
  mortise_scripted_consent_allow_unverified (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .rk = 1, .uv = 1 }), ==, CTAP2_ERR_PUAT_REQUIRED);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
}

static void
test_14_cancel (CtapFixture *f, gconstpointer data)
{
  ctap_cancel_when_asked (f);
  mortise_scripted_consent_hold (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .rk = 1, .uv = 1 }), ==, CTAP2_ERR_KEEPALIVE_CANCEL);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
  g_assert_false (mortise_scripted_consent_is_up (f->consent));

  /* The next request works. */
  mortise_scripted_consent_set_hook (f->consent, NULL, NULL);
  g_cancellable_reset (f->cancellable);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (make (f, &(CtapMake){ .rk = 1, .uv = 1 }), ==, CTAP1_ERR_SUCCESS);
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
  ADD ("/ctap/36-make-credential/discoverable-verified", test_discoverable_verified);
  ADD ("/ctap/36-make-credential/export-switch", test_export_switch);
  ADD ("/ctap/36-make-credential/not-unlocked", test_not_unlocked);
  ADD ("/ctap/14-make-credential/cancel", test_14_cancel);
  ADD ("/ctap/23-make-credential/unknown", test_23_unknown);
  ADD ("/ctap/25-make-credential/zero-length-param", test_25_zero_length_param);
  ADD_EMPTY ("/ctap/25-make-credential/zero-length-param-no-pin", test_25_zero_length_param_no_pin);
  ADD ("/ctap/25-make-credential/touch-probe", test_touch_probe);
  ADD ("/ctap/26-make-credential/protocol", test_26_protocol);
  ADD ("/ctap/27-make-credential/algorithms", test_27_algorithms);
  ADD ("/ctap/28-make-credential/up", test_28_up);
  ADD ("/ctap/29-make-credential/uv", test_29_uv);
  ADD_EMPTY ("/ctap/29-make-credential/uv-no-pin", test_29_uv_no_pin);
  ADD ("/ctap/30-make-credential/discoverable-needs-uv", test_30_discoverable_needs_uv);
  ADD ("/ctap/31-make-credential/exclude-list", test_31_exclude_list);
  ADD ("/ctap/31-make-credential/exclude-list-protected", test_31_exclude_list_protected);
  ADD ("/ctap/31-make-credential/exclude-list-locked", test_31_exclude_list_locked);
  ADD ("/ctap/32-make-credential/replaces", test_32_replaces);
  ADD ("/ctap/33-make-credential/failures", test_33_failures);
  ADD ("/ctap/33-make-credential/disk-full", test_33_disk_full);
  ADD ("/ctap/33-make-credential/key-made-late", test_key_made_late);
  ADD ("/ctap/34-make-credential/enterprise-attestation", test_34_enterprise_attestation);
  ADD ("/ctap/35-make-credential/rp-id", test_35_rp_id);
  ADD ("/ctap/36-make-credential/names", test_names);
  ADD ("/ctap/37-make-credential/token-is-used-up", test_37_token_is_used_up);
  ADD ("/ctap/48-make-credential/token-for-another-site", test_48_token_for_another_site);
  ADD ("/ctap/64-make-credential/consent-ends", test_64_consent_ends);
  ADD ("/ctap/78-make-credential/cred-protect", test_78_cred_protect);
  ADD ("/ctap/82-make-credential/always-uv", test_82_always_uv);
  return g_test_run ();
}
