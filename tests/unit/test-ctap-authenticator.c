/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "core/vault/vault-settings.h"
#include "tests/support/ctap-fixture.h"

static GBytes *
get_info (CtapFixture *f)
{
  GBytes *cbor = NULL;

  g_assert_cmphex (ctap_send (f, CTAP_GET_INFO, NULL, &cbor), ==, CTAP1_ERR_SUCCESS);
  return cbor;
}

static gboolean
has_text (const MortiseCborValue *array, const char *text)
{
  MortiseCborIter iter;
  MortiseCborValue value;

  mortise_cbor_iter_init (&iter, array);
  while (mortise_cbor_iter_next (&iter, &value))
    {
      if (mortise_cbor_text_equal (&value, text))
        return TRUE;
    }
  return FALSE;
}

/* What getInfo says, item by item; nothing that is not so. */
static void
test_get_info (CtapFixture *f, gconstpointer data)
{
  static const char *const extensions[] = { "credBlob",     "credProtect",  "hmac-secret",
                                            "largeBlobKey", "minPinLength", "hmac-secret-mc" };
  static const char *const options[] = { "credMgmt",     "credentialMgmtPreview", "authnrCfg",
                                         "largeBlobs",   "setMinPINLength",       "uvAcfg",
                                         "perCredMgmtRO" };
  g_autoptr (GBytes) kept = NULL;
  MortiseCborValue value;
  MortiseCborIter iter;
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);

  mortise_fake_tpm_reset_calls (tpm);
  value = ctap_info_member (f, 0x01, &kept);
  g_assert_true (has_text (&value, "FIDO_2_0"));
  g_assert_true (has_text (&value, "FIDO_2_1"));
  g_assert_false (has_text (&value, "FIDO_2_2"));
  g_assert_cmpint (has_text (&value, "U2F_V2"), ==,
                   mortise_authenticator_has_u2f (f->authenticator));
  g_clear_pointer (&kept, g_bytes_unref);
  value = ctap_info_member (f, 0x02, &kept);
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    g_assert_true (has_text (&value, extensions[i]));
  g_assert_cmpint (value.number, ==, G_N_ELEMENTS (extensions));
  g_clear_pointer (&kept, g_bytes_unref);
  value = ctap_info_member (f, 0x03, &kept);
  g_assert_cmpmem (value.data, value.size, mortise_aaguid, 16);
  g_clear_pointer (&kept, g_bytes_unref);
  /* In CTAPHID reports of 64 bytes: fewer than the 31 that the kernel's uhid keeps. */
  g_assert_cmpint (ctap_info_member (f, 0x05, &kept).number, ==, 57 + 27 * 59);
  g_clear_pointer (&kept, g_bytes_unref);
  value = ctap_info_member (f, 0x06, &kept);
  mortise_cbor_iter_init (&iter, &value);
  g_assert_true (mortise_cbor_iter_next (&iter, &value));
  g_assert_cmpint (value.number, ==, 2);
  g_assert_true (mortise_cbor_iter_next (&iter, &value));
  g_assert_cmpint (value.number, ==, 1);
  g_clear_pointer (&kept, g_bytes_unref);
  g_assert_cmpint (ctap_info_member (f, 0x07, &kept).number, >, 0);
  g_clear_pointer (&kept, g_bytes_unref);
  g_assert_cmpint (ctap_info_member (f, 0x08, &kept).number, ==, MORTISE_CREDENTIAL_ID_MAX);
  g_clear_pointer (&kept, g_bytes_unref);
  value = ctap_info_member (f, 0x09, &kept);
  g_assert_true (has_text (&value, "usb"));
  g_clear_pointer (&kept, g_bytes_unref);
  g_assert_cmpint (ctap_info_member (f, 0x0D, &kept).number, ==, 4);
  g_clear_pointer (&kept, g_bytes_unref);
  value = ctap_info_member (f, 0x16, &kept);
  g_assert_true (has_text (&value, "packed"));
  g_assert_false (has_text (&value, "none"));

  g_assert_cmpint (ctap_info_option (f, "rk"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "up"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "uv"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "plat"), ==, 0);
  g_assert_cmpint (ctap_info_option (f, "clientPin"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "pinUvAuthToken"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "makeCredUvNotRqd"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, -1);
  g_assert_cmpint (ctap_info_option (f, "bioEnroll"), ==, 0);
  g_assert_cmpint (ctap_info_option (f, "ep"), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    g_assert_cmpint (ctap_info_option (f, options[i]), ==, 1);
  g_clear_pointer (&kept, g_bytes_unref);
  value = ctap_info_member (f, 0x1A, &kept);
  g_assert_true (has_text (&value, "usb"));
  g_clear_pointer (&kept, g_bytes_unref);
  value = ctap_info_member (f, 0x1B, &kept);
  g_assert_cmpint (value.type, ==, MORTISE_CBOR_BOOL);
  g_assert_cmpint (value.number, ==, 0);
  g_clear_pointer (&kept, g_bytes_unref);
  g_assert_cmpint (ctap_info_member (f, 0x14, &kept).number, ==, 10000);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_ANY), ==, 0);
}

/* The list of what is deliberately absent in core/ctap/README.md. */
static void
test_get_info_absent (CtapFixture *f, gconstpointer data)
{
  static const gint64 members[] = { 0x11, 0x13, 0x15, 0x17, 0x18, 0x19, 0x1C, 0x1E };
  static const char *const options[] = {
    "bioEnroll",  "ep", "noMcGaPermissionsWithClientPin", "plat", "userVerificationMgmtPreview",
    "uvBioEnroll"
  };
  static const char *const versions[] = { "FIDO_2_1_PRE", "FIDO_2_2", "FIDO_2_3" };
  static const char *const extensions[] = { "largeBlob", "pinComplexityPolicy", "thirdPartyPayment",
                                            "uvm" };
  g_autoptr (GBytes) info = get_info (f);
  MortiseCborValue map = ctap_parse (info);
  MortiseCborValue value;

  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    g_assert_false (ctap_find (&map, members[i], NULL, &value));
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    g_assert_cmpint (ctap_info_option (f, options[i]), ==, 0);
  g_assert_true (ctap_find (&map, 0x01, NULL, &value));
  for (gsize i = 0; i < G_N_ELEMENTS (versions); i++)
    g_assert_false (has_text (&value, versions[i]));
  g_assert_true (ctap_find (&map, 0x02, NULL, &value));
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    g_assert_false (has_text (&value, extensions[i]));
}

static void
test_get_info_uv (CtapFixture *f, gconstpointer data)
{
  mortise_scripted_consent_set_can_verify (f->consent, FALSE);
  g_assert_cmpint (ctap_info_option (f, "uv"), ==, 0);
  mortise_scripted_consent_set_can_verify (f->consent, TRUE);
  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmpint (ctap_info_option (f, "uv"), ==, 0);
  mortise_authenticator_set_builtin_uv (f->authenticator, TRUE);
  g_assert_cmpint (ctap_info_option (f, "uv"), ==, 1);
  /* The preference, which stays over a restart and while nothing can be listed. */
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_BUILTIN_UV,
                                            g_variant_new_boolean (FALSE), NULL));
  ctap_fixture_restart_locked (f);
  g_assert_cmpint (ctap_info_option (f, "uv"), ==, 0);
  g_assert_cmpint (ctap_info_option (f, "clientPin"), ==, 1);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_GA, "a.example", NULL), !=,
                   CTAP1_ERR_SUCCESS);
  ctap_assert_not_asked (f);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_GA, "a.example", NULL),
                   ==, CTAP1_ERR_SUCCESS);
}

/* How the person may be verified: as set, whether the vault is open or not. */
static void
test_get_info_modality (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) kept = NULL;

  g_assert_cmphex (ctap_info_member (f, 0x12, &kept).number, ==, 0x04);
  g_clear_pointer (&kept, g_bytes_unref);
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_FINGERPRINT,
                                            g_variant_new_boolean (TRUE), NULL));
  g_assert_cmphex (ctap_info_member (f, 0x12, &kept).number, ==, 0x06);
  g_clear_pointer (&kept, g_bytes_unref);
  ctap_fixture_restart_locked (f);
  g_assert_cmphex (ctap_info_member (f, 0x12, &kept).number, ==, 0x06);
}

/* Without a vault clients have to set a PIN first, and are told so. */
static void
test_get_info_no_vault (CtapFixture *f, gconstpointer data)
{
  g_assert_cmpint (ctap_info_option (f, "uv"), ==, -1);
  g_assert_cmpint (ctap_info_option (f, "clientPin"), ==, -1);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "makeCredUvNotRqd"), ==, -1);
}

static void
test_get_info_same_bytes (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) first = get_info (f);
  g_autoptr (GBytes) after_restart = NULL;
  g_autoptr (GBytes) after_registration = NULL;
  g_autoptr (CtapAnswer) answer = NULL;

  ctap_fixture_restart (f);
  after_restart = get_info (f);
  g_assert_true (g_bytes_equal (first, after_restart));
  answer = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
  after_registration = get_info (f);
  g_assert_true (g_bytes_equal (first, after_registration));
}

static guint
count_algorithms (CtapFixture *f)
{
  g_autoptr (GBytes) kept = NULL;

  return (guint) ctap_info_member (f, 0x0A, &kept).number;
}

static void
test_get_info_algorithms (CtapFixture *f, gconstpointer data)
{
  MortiseTpmInfo *info = mortise_fake_tpm_edit_info (ctap_fixture_tpm (f));

  info->es384 = FALSE;
  info->rs256 = FALSE;
  g_assert_cmpuint (count_algorithms (f), ==, 1);
  info->es384 = TRUE;
  g_assert_cmpuint (count_algorithms (f), ==, 2);
  info->rs256 = TRUE;
  g_assert_cmpuint (count_algorithms (f), ==, 3);
}

static void
test_always_uv (CtapFixture *f, gconstpointer data)
{
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (TRUE), NULL));
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "makeCredUvNotRqd"), ==, -1);
  g_assert_false (mortise_authenticator_has_u2f (f->authenticator));
}

static void
test_selection (CtapFixture *f, gconstpointer data)
{
  static const struct
  {
    MortiseError code;
    guint8 status;
  } cases[] = {
    { MORTISE_ERROR_DENIED, CTAP2_ERR_OPERATION_DENIED },
    { MORTISE_ERROR_TIMED_OUT, CTAP2_ERR_USER_ACTION_TIMEOUT },
    { MORTISE_ERROR_CANCELLED, CTAP2_ERR_KEEPALIVE_CANCEL },
  };
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_SELECTION, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  question = ctap_take_question (f, MORTISE_CONSENT_SELECT);
  g_assert_null (question->rp_id);
  g_assert_cmpuint (f->waits, ==, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      mortise_scripted_consent_refuse (f->consent, cases[i].code);
      g_assert_cmphex (ctap_send (f, CTAP_SELECTION, NULL, NULL), ==, cases[i].status);
    }
}

static void
test_reset_window (CtapFixture *f, gconstpointer data)
{
  ctap_fixture_advance (10 * G_USEC_PER_SEC);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP2_ERR_OPERATION_DENIED);
  mortise_asked_question_free (ctap_take_question (f, MORTISE_CONSENT_RESET));
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_TIMED_OUT);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP2_ERR_USER_ACTION_TIMEOUT);
  mortise_asked_question_free (ctap_take_question (f, MORTISE_CONSENT_RESET));
  ctap_fixture_advance (1);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  g_assert_null (mortise_scripted_consent_take (f->consent));
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);

  mortise_authenticator_power_up (f->authenticator);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_NONE);
}

static void
test_reset_clears (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) answer = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
  g_autoptr (GPtrArray) list = ctap_list (answer);
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;

  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (TRUE), NULL));
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_MIN_PIN_LENGTH,
                                            g_variant_new_uint32 (8), NULL));
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &token), ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (token, 2);

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_info_option (f, "clientPin"), ==, -1);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .up = -1 }, NULL), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
  /* A PIN of four works again: the minimum is gone; and so is alwaysUv. */
  g_assert_cmphex (ctap_set_pin (f, 2, CTAP_TEST_PIN), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, -1);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .up = -1 }, NULL), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = 1, .param = param, .protocol = 2 }, NULL), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);
}

static void
test_reset_without_vault (CtapFixture *f, gconstpointer data)
{
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
}

/* The one place where errors become statuses knows every code there is. */
static void
test_status_from_error (void)
{
  static const struct
  {
    MortiseError code;
    guint8 status;
  } cases[] = {
    { MORTISE_ERROR_INVALID_ARGUMENT, CTAP1_ERR_INVALID_PARAMETER },
    { MORTISE_ERROR_NOT_FOUND, CTAP2_ERR_NO_CREDENTIALS },
    { MORTISE_ERROR_CANCELLED, CTAP2_ERR_KEEPALIVE_CANCEL },
    { MORTISE_ERROR_DENIED, CTAP2_ERR_OPERATION_DENIED },
    { MORTISE_ERROR_TIMED_OUT, CTAP2_ERR_USER_ACTION_TIMEOUT },
    { MORTISE_ERROR_BUSY, CTAP1_ERR_CHANNEL_BUSY },
    { MORTISE_ERROR_TPM_UNSUITABLE, CTAP2_ERR_UNSUPPORTED_ALGORITHM },
    { MORTISE_ERROR_TPM_LOCKOUT, CTAP2_ERR_PIN_AUTH_BLOCKED },
    { MORTISE_ERROR_TPM_BUSY, CTAP2_ERR_PROCESSING },
    { MORTISE_ERROR_NO_VAULT, CTAP2_ERR_PIN_NOT_SET },
    { MORTISE_ERROR_VAULT_EXISTS, CTAP2_ERR_NOT_ALLOWED },
    { MORTISE_ERROR_VAULT_LOCKED, CTAP2_ERR_PUAT_REQUIRED },
    { MORTISE_ERROR_VAULT_FULL, CTAP2_ERR_KEY_STORE_FULL },
    { MORTISE_ERROR_PIN_INVALID, CTAP2_ERR_PIN_INVALID },
    { MORTISE_ERROR_PIN_AUTH_BLOCKED, CTAP2_ERR_PIN_AUTH_BLOCKED },
    { MORTISE_ERROR_PIN_BLOCKED, CTAP2_ERR_PIN_BLOCKED },
    { MORTISE_ERROR_PIN_POLICY, CTAP2_ERR_PIN_POLICY_VIOLATION },
  };
  GError cancelled = { G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL };
  GError foreign = { G_FILE_ERROR, G_FILE_ERROR_NOENT, NULL };

  for (int code = 0; code <= MORTISE_ERROR_RECOVERY_INVALID; code++)
    {
      GError error = { MORTISE_ERROR, code, NULL };
      guint8 expected = CTAP1_ERR_OTHER;

      for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
        {
          if ((int) cases[i].code == code)
            expected = cases[i].status;
        }
      g_assert_cmphex (ctap_status_from_error (&error), ==, expected);
    }
  g_assert_cmphex (ctap_status_from_error (&cancelled), ==, CTAP2_ERR_KEEPALIVE_CANCEL);
  g_assert_cmphex (ctap_status_from_error (&foreign), ==, CTAP1_ERR_OTHER);
  g_assert_cmphex (ctap_status_from_error (NULL), ==, CTAP1_ERR_OTHER);
}

static void
test_without_context (CtapFixture *f, gconstpointer data)
{
  const guint8 bytes[] = { CTAP_SELECTION };
  g_autoptr (GBytes) request = g_bytes_new (bytes, sizeof bytes);
  g_autoptr (GBytes) response = NULL;

  mortise_scripted_consent_allow (f->consent);
  response = mortise_authenticator_handle_cbor (f->authenticator, request, NULL);
  g_assert_cmpuint (g_bytes_get_size (response), ==, 1);
}

static void
test_closed_vault (CtapFixture *f, gconstpointer data)
{
  mortise_vault_close (f->vault);
  g_assert_cmphex (ctap_send (f, CTAP_GET_INFO, NULL, NULL), ==, CTAP1_ERR_OTHER);
}

/* --- Cancelled while the TPM works -------------------------------------------------------------
 */

typedef struct
{
  GCancellable *cancellable;
  guint commands_left;
  gboolean cancelled;
} CancelLater;

static void
count_down (MortiseFakeTpm *tpm, MortiseFakeTpmOperation operation, gpointer user_data)
{
  CancelLater *later = user_data;

  if (later->cancelled)
    return;
  if (later->commands_left-- > 0)
    return;
  later->cancelled = TRUE;
  g_cancellable_cancel (later->cancellable);
}

/* A yes of a person who knows the PIN, unless one is left over from a request that ended first. */
static void
allow_one (CtapFixture *f)
{
  if (mortise_scripted_consent_count_left (f->consent) == 0)
    mortise_scripted_consent_allow (f->consent);
}

typedef guint8 (*Request) (CtapFixture *f, GPtrArray *list);

static guint8
request_registration (CtapFixture *f, GPtrArray *list)
{
  return ctap_make (f, &(CtapMake){ .rp_id = "a.example", .rk = -1, .uv = 1 }, NULL);
}

static guint8
request_sign_in (CtapFixture *f, GPtrArray *list)
{
  return ctap_get (f, &(CtapGet){ .rp_id = "a.example", .allow = list, .uv = 1 }, NULL);
}

/*
 * As after a start, so that the PIN is verified, the parent and the key are made or loaded, and
 * something is signed: cancelled at the first of the TPM's commands, at the second, and so on until
 * there is none left to be cancelled at. Returns: how many there were
 */
static guint
cancel_at_each_command (CtapFixture *f, GPtrArray *list, Request request, guint made)
{
  CancelLater later = { NULL, 0, TRUE };
  guint n;

  for (n = 0; later.cancelled; n++)
    {
      guint before;
      guint8 status;

      ctap_fixture_restart (f);
      g_cancellable_reset (f->cancellable);
      before = mortise_vault_count (f->vault);
      later = (CancelLater){ f->cancellable, n, FALSE };
      allow_one (f);
      mortise_fake_tpm_set_hook (ctap_fixture_tpm (f), count_down, &later);
      status = request (f, list);
      mortise_fake_tpm_set_hook (ctap_fixture_tpm (f), NULL, NULL);
      /* Too late is a success, and then a whole one. */
      if (status != CTAP1_ERR_SUCCESS)
        g_assert_cmphex (status, ==, CTAP2_ERR_KEEPALIVE_CANCEL);
      if (!later.cancelled)
        g_assert_cmphex (status, ==, CTAP1_ERR_SUCCESS);
      g_assert_cmpuint (mortise_vault_count (f->vault), ==,
                        before + (status == CTAP1_ERR_SUCCESS ? made : 0));
      g_assert_false (mortise_scripted_consent_is_up (f->consent));

      g_cancellable_reset (f->cancellable);
      allow_one (f);
      g_assert_cmphex (request_sign_in (f, list), ==, CTAP1_ERR_SUCCESS);
      g_assert_cmpuint (mortise_scripted_consent_count_left (f->consent), ==, 0);
    }
  return n - 1;
}

static void
test_14_cancel_at_tpm_commands (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) answer = ctap_register (f, &(CtapMake){ .rp_id = "a.example", .rk = -1 });
  g_autoptr (GPtrArray) list = ctap_list (answer);

  /* Unseal, load or make, sign, flush at the least. */
  g_assert_cmpuint (cancel_at_each_command (f, list, request_registration, 1), >=, 4);
  g_assert_cmpuint (cancel_at_each_command (f, list, request_sign_in, 0), >=, 4);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up, function, ctap_fixture_tear_down)
#define ADD_EMPTY(path, function)                                                                  \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up_empty, function, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/14-authenticator/cancel-at-tpm-commands", test_14_cancel_at_tpm_commands);
  ADD ("/ctap/get-info/members", test_get_info);
  ADD ("/ctap/get-info/absent", test_get_info_absent);
  ADD ("/ctap/get-info/uv", test_get_info_uv);
  ADD ("/ctap/get-info/modality", test_get_info_modality);
  ADD_EMPTY ("/ctap/get-info/no-vault", test_get_info_no_vault);
  ADD ("/ctap/get-info/same-bytes", test_get_info_same_bytes);
  ADD ("/ctap/get-info/algorithms", test_get_info_algorithms);
  ADD ("/ctap/82-get-info/always-uv", test_always_uv);
  ADD ("/ctap/67-selection", test_selection);
  ADD ("/ctap/65-reset/window", test_reset_window);
  ADD ("/ctap/66-reset/clears", test_reset_clears);
  ADD_EMPTY ("/ctap/66-reset/without-vault", test_reset_without_vault);
  g_test_add_func ("/ctap/status-from-error", test_status_from_error);
  ADD ("/ctap/authenticator/without-context", test_without_context);
  ADD ("/ctap/authenticator/closed-vault", test_closed_vault);
  return g_test_run ();
}
