/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "core/ctap/cose-key.h"
#include "core/vault/vault-settings.h"
#include "tests/support/ctap-fixture.h"

#define MC_GA (MORTISE_PERMISSION_MC | MORTISE_PERMISSION_GA)

/* As send_members()'s 0 stands for absent. */
#define PERMISSIONS_ZERO G_MAXINT

/* A clientPIN request of integers and byte strings only. */
static guint8
send_members (CtapFixture *f,
              int protocol,
              int sub_command,
              GBytes *key_agreement,
              int n_bytes,
              int permissions)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) parameters = NULL;
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  if (protocol != 0)
    {
      mortise_cbor_map_key (writer, &map, 1);
      mortise_cbor_write_int (writer, protocol);
    }
  if (sub_command != 0)
    {
      mortise_cbor_map_key (writer, &map, 2);
      mortise_cbor_write_int (writer, sub_command);
    }
  if (key_agreement != NULL)
    {
      mortise_cbor_map_key (writer, &map, 3);
      mortise_cbor_write_raw (writer, g_bytes_get_data (key_agreement, NULL),
                              g_bytes_get_size (key_agreement));
    }
  for (int i = 0; i < n_bytes; i++)
    {
      mortise_cbor_map_key (writer, &map, 4 + i);
      mortise_cbor_write_bytes (writer, ctap_client_data_hash, 32);
    }
  if (permissions != 0)
    {
      mortise_cbor_map_key (writer, &map, 9);
      mortise_cbor_write_int (writer, permissions == PERMISSIONS_ZERO ? 0 : permissions);
    }
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  return ctap_send (f, CTAP_CLIENT_PIN, parameters, NULL);
}

static GBytes *
cose_key (gint64 alg, gint64 crv, const guint8 *x, const guint8 *y, gsize size)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();

  mortise_cose_write_ec2 (writer, alg, crv, x, y, size);
  return mortise_cbor_writer_finish (writer);
}

static GBytes *
good_key (CtapFixture *f)
{
  CtapPinSession session = { 0 };
  GBytes *key;

  g_assert_cmphex (ctap_pin_session_open (f, 2, &session), ==, CTAP1_ERR_SUCCESS);
  key = cose_key (-25, 1, session.x, session.y, 32);
  ctap_pin_session_clear (&session);
  return key;
}

static void
test_49_retries_without_pin (CtapFixture *f, gconstpointer data)
{
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
}

/* CTAP.md 50: kty 2, alg -25, crv, x and y, nothing else; without a PIN, too. */
static void
test_50_key_agreement (CtapFixture *f, gconstpointer data)
{
  static const guint8 head[] = { 0xa1, 0x01, 0xa5, 0x01, 0x02, 0x03, 0x38,
                                 0x18, 0x20, 0x01, 0x21, 0x58, 0x20 };

  for (guint8 protocol = 1; protocol <= 2; protocol++)
    {
      const guint8 bytes[] = { 0xa2, 0x01, protocol, 0x02, 0x02 };
      g_autoptr (GBytes) parameters = g_bytes_new (bytes, sizeof bytes);
      g_autoptr (GBytes) cbor = NULL;
      g_autoptr (GBytes) again = NULL;

      g_assert_cmphex (ctap_send (f, CTAP_CLIENT_PIN, parameters, &cbor), ==, CTAP1_ERR_SUCCESS);
      g_assert_cmpuint (g_bytes_get_size (cbor), ==, sizeof head + 32 + 3 + 32);
      g_assert_cmpmem (g_bytes_get_data (cbor, NULL), sizeof head, head, sizeof head);
      g_assert_cmphex (ctap_send (f, CTAP_CLIENT_PIN, parameters, &again), ==, CTAP1_ERR_SUCCESS);
      g_assert_true (g_bytes_equal (cbor, again));
      mortise_authenticator_power_up (f->authenticator);
      g_clear_pointer (&again, g_bytes_unref);
      g_assert_cmphex (ctap_send (f, CTAP_CLIENT_PIN, parameters, &again), ==, CTAP1_ERR_SUCCESS);
      g_assert_false (g_bytes_equal (cbor, again));
    }
  g_assert_cmphex (send_members (f, 0, 2, NULL, 0, 0), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send_members (f, 3, 2, NULL, 0, 0), ==, CTAP1_ERR_INVALID_PARAMETER);
}

static void
test_51_bad_point (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) good = good_key (f);
  const guint8 *x = (const guint8 *) g_bytes_get_data (good, NULL) + 12 - 2;
  g_autoptr (GBytes) off_curve = cose_key (-25, 1, ctap_client_data_hash, x, 32);
  g_autoptr (GBytes) wrong_alg = cose_key (-7, 1, ctap_client_data_hash, x, 32);
  g_autoptr (GBytes) wrong_curve = cose_key (-25, 2, ctap_client_data_hash, x, 32);
  g_autoptr (GBytes) short_key = cose_key (-25, 1, ctap_client_data_hash, x, 31);
  GBytes *keys[] = { off_curve, wrong_alg, wrong_curve, short_key };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      /* setPIN refuses earlier: there is a PIN. */
      g_assert_cmphex (send_members (f, 2, 4, keys[i], 3, 0), ==, CTAP1_ERR_INVALID_PARAMETER);
    }
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
}

static void
test_21_missing (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = good_key (f);

  g_assert_cmphex (send_members (f, 2, 0, key, 3, 1), ==, CTAP2_ERR_MISSING_PARAMETER);
  for (int sub_command = 3; sub_command <= 9; sub_command++)
    {
      if (sub_command == 7 || sub_command == 8)
        continue;
      g_assert_cmphex (send_members (f, 2, sub_command, NULL, 3, 1), ==,
                       CTAP2_ERR_MISSING_PARAMETER);
      g_assert_cmphex (send_members (f, 0, sub_command, key, 3, 1), ==,
                       CTAP2_ERR_MISSING_PARAMETER);
    }
  g_assert_cmphex (send_members (f, 2, 3, key, 1, 0), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send_members (f, 2, 4, key, 2, 0), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send_members (f, 2, 9, key, 3, 0), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send_members (f, 2, 6, key, 0, 0), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send_members (f, 2, 8, key, 3, 1), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmphex (send_members (f, 2, 77, key, 3, 1), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmphex (send_members (f, 2, -1, key, 3, 1), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
}

static void
test_52_set_pin (CtapFixture *f, gconstpointer data)
{
  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      g_assert_cmpint (ctap_info_option (f, "clientPin"), ==, -1);
      g_assert_cmpint (ctap_info_option (f, "uv"), ==, -1);
      g_assert_cmphex (ctap_set_pin (f, protocol, "new pin"), ==, CTAP1_ERR_SUCCESS);
      g_assert_cmpint (ctap_info_option (f, "clientPin"), ==, 1);
      g_assert_cmpint (ctap_info_option (f, "uv"), ==, 1);
      g_assert_cmphex (ctap_get_token (f, protocol, "new pin", 0, NULL, NULL), ==,
                       CTAP1_ERR_SUCCESS);
      g_assert_cmphex (ctap_set_pin (f, protocol, "other"), ==, CTAP2_ERR_PIN_AUTH_INVALID);
      mortise_scripted_consent_allow (f->consent);
      mortise_authenticator_power_up (f->authenticator);
      g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
    }
}

static void
test_53_policy (CtapFixture *f, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (63, 'p');
  g_autofree char *too_long = g_strnfill (64, 'p');

  g_assert_cmphex (ctap_set_pin (f, 2, ""), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (ctap_set_pin (f, 2, "123"), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  /* Six bytes, three code points. */
  g_assert_cmphex (ctap_set_pin (f, 2, "äöü"), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (ctap_set_pin (f, 2, too_long), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (ctap_set_pin (f, 2, "12\xff\xfe"), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmpint (ctap_info_option (f, "clientPin"), ==, -1);
  g_assert_cmphex (ctap_set_pin (f, 2, longest), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_get_token (f, 1, longest, 0, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
}

static void
set_setting (CtapFixture *f, const char *name, GVariant *value)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mortise_vault_set_setting (f->vault, name, value, &error));
  g_assert_no_error (error);
}

static void
test_53_min_length (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) cbor = NULL;

  set_setting (f, MORTISE_SETTING_MIN_PIN_LENGTH, g_variant_new_uint32 (6));
  g_assert_cmpint (ctap_info_member (f, 0x0D, &cbor).number, ==, 6);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "12345"), ==,
                   CTAP2_ERR_PIN_POLICY_VIOLATION);
  /* With the wrong old PIN the try is counted, and nothing is said of the new one. */
  g_assert_cmphex (ctap_change_pin (f, 2, "9999", "12345"), ==, CTAP2_ERR_PIN_INVALID);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 7);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "123456"), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
}

static void
test_54_wrong_pin (CtapFixture *f, gconstpointer data)
{
  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      g_autoptr (MortiseSecret) token = NULL;

      g_assert_cmphex (ctap_get_token (f, protocol, "0000", 0, NULL, NULL), ==,
                       CTAP2_ERR_PIN_INVALID);
      g_assert_cmpint (ctap_get_pin_retries (f), ==, 7);
      g_assert_cmphex (ctap_get_token (f, protocol, "0000", MC_GA, "a.example", NULL), ==,
                       CTAP2_ERR_PIN_INVALID);
      g_assert_cmpint (ctap_get_pin_retries (f), ==, 6);
      /* CTAP.md 57 */
      g_assert_cmphex (ctap_get_token (f, protocol, CTAP_TEST_PIN, 0, NULL, &token), ==,
                       CTAP1_ERR_SUCCESS);
      g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
    }
}

/* The key that a wrong PIN was sent under is of no use any more. */
static void
test_54_key_regenerated (CtapFixture *f, gconstpointer data)
{
  const guint8 bytes[] = { 0xa2, 0x01, 0x02, 0x02, 0x02 };
  g_autoptr (GBytes) parameters = g_bytes_new (bytes, sizeof bytes);
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;

  g_assert_cmphex (ctap_send (f, CTAP_CLIENT_PIN, parameters, &before), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_get_token (f, 2, "0000", 0, NULL, NULL), ==, CTAP2_ERR_PIN_INVALID);
  g_assert_cmphex (ctap_send (f, CTAP_CLIENT_PIN, parameters, &after), ==, CTAP1_ERR_SUCCESS);
  g_assert_false (g_bytes_equal (before, after));
}

static void
test_55_three_in_a_row (CtapFixture *f, gconstpointer data)
{
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);
  guint unseals;

  g_assert_cmphex (ctap_get_token (f, 1, "0000", 0, NULL, NULL), ==, CTAP2_ERR_PIN_INVALID);
  g_assert_cmphex (ctap_get_token (f, 1, "0000", 0, NULL, NULL), ==, CTAP2_ERR_PIN_INVALID);
  g_assert_cmphex (ctap_get_token (f, 1, "0000", 0, NULL, NULL), ==, CTAP2_ERR_PIN_AUTH_BLOCKED);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 5);

  unseals = mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_UNSEAL);
  g_assert_cmphex (ctap_get_token (f, 1, CTAP_TEST_PIN, 0, NULL, NULL), ==,
                   CTAP2_ERR_PIN_AUTH_BLOCKED);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "new pin"), ==,
                   CTAP2_ERR_PIN_AUTH_BLOCKED);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MC_GA, "a.example", NULL), ==,
                   CTAP2_ERR_PIN_AUTH_BLOCKED);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_UNSEAL), ==, unseals);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 5);
  /* CTAP.md 64: built-in verification is the same PIN. */
  g_assert_cmpint (ctap_get_uv_retries (f), ==, 0);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_GA, "a.example", NULL), ==,
                   CTAP2_ERR_UV_BLOCKED);

  ctap_fixture_restart (f);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 5);
  g_assert_cmpint (ctap_get_uv_retries (f), ==, 3);
  g_assert_cmphex (ctap_get_token (f, 1, CTAP_TEST_PIN, 0, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
}

static void
test_56_exhausted (CtapFixture *f, gconstpointer data)
{
  for (int left = 7; left >= 0; left--)
    {
      guint8 expected = CTAP2_ERR_PIN_INVALID;

      if (left == 0)
        expected = CTAP2_ERR_PIN_BLOCKED;
      else if (left == 5 || left == 2)
        expected = CTAP2_ERR_PIN_AUTH_BLOCKED;
      g_assert_cmphex (ctap_get_token (f, 2, "0000", 0, NULL, NULL), ==, expected);
      g_assert_cmpint (ctap_get_pin_retries (f), ==, left);
      if (expected == CTAP2_ERR_PIN_AUTH_BLOCKED)
        ctap_fixture_restart (f);
    }
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, NULL), ==, CTAP2_ERR_PIN_BLOCKED);
  ctap_fixture_restart (f);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, NULL), ==, CTAP2_ERR_PIN_BLOCKED);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "new pin"), ==, CTAP2_ERR_PIN_BLOCKED);
  g_assert_cmpint (ctap_get_uv_retries (f), ==, 0);
}

static void
test_58_no_pin (CtapFixture *f, gconstpointer data)
{
  g_assert_cmphex (ctap_get_token (f, 1, "1234", 0, NULL, NULL), ==, CTAP2_ERR_PIN_NOT_SET);
  g_assert_cmphex (ctap_get_token (f, 1, "1234", MC_GA, "a.example", NULL), ==,
                   CTAP2_ERR_PIN_NOT_SET);
  g_assert_cmphex (ctap_change_pin (f, 1, "1234", "12345"), ==, CTAP2_ERR_PIN_NOT_SET);
  g_assert_cmphex (ctap_get_token_with_uv (f, 1, MC_GA, "a.example", NULL), ==,
                   CTAP2_ERR_NOT_ALLOWED);
}

static void
test_59_get_pin_token (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = good_key (f);
  g_autoptr (MortiseSecret) one = NULL;
  g_autoptr (MortiseSecret) two = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GBytes) old_param = NULL;

  g_assert_cmphex (send_members (f, 2, 5, key, 3, 1), ==, CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &one), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, &two), ==, CTAP1_ERR_SUCCESS);
  g_assert_false (mortise_secret_equal (one, two));
  /* mc and ga, and only the token issued last. */
  param = ctap_token_param (two, 2);
  old_param = ctap_token_param (one, 2);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = 1, .param = old_param, .protocol = 2 }, NULL),
                   ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .up = -1, .param = param, .protocol = 2 }, NULL), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = 1, .param = param, .protocol = 2 }, NULL), ==,
                   CTAP1_ERR_SUCCESS);
}

static void
test_60_permissions (CtapFixture *f, gconstpointer data)
{
  static const guint unsupported[] = { MORTISE_PERMISSION_BE, MORTISE_PERMISSION_BE | MC_GA };
  g_autoptr (GBytes) key = good_key (f);

  g_assert_cmphex (send_members (f, 2, 9, key, 3, PERMISSIONS_ZERO), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (send_members (f, 2, 6, key, 0, PERMISSIONS_ZERO), ==,
                   CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (send_members (f, 2, 9, key, 3, -1), ==, CTAP1_ERR_INVALID_PARAMETER);
  for (gsize i = 0; i < G_N_ELEMENTS (unsupported); i++)
    {
      g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, unsupported[i], "a.example", NULL), ==,
                       CTAP2_ERR_UNAUTHORIZED_PERMISSION);
      g_assert_cmphex (ctap_get_token_with_uv (f, 2, unsupported[i], "a.example", NULL), ==,
                       CTAP2_ERR_UNAUTHORIZED_PERMISSION);
    }
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_MC, NULL, NULL), ==,
                   CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_GA, NULL, NULL), ==,
                   CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MC_GA, "", NULL), ==,
                   CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
  /* Undefined permissions are ignored. */
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MC_GA | 0x80, "a.example", NULL), ==,
                   CTAP1_ERR_SUCCESS);
}

static void
test_61_force_pin_change (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) cbor = NULL;
  g_autoptr (GBytes) after = NULL;

  set_setting (f, MORTISE_SETTING_FORCE_PIN_CHANGE, g_variant_new_boolean (TRUE));
  g_assert_cmpint (ctap_info_member (f, 0x0C, &cbor).number, ==, 1);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, NULL), ==, CTAP2_ERR_PIN_INVALID);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MC_GA, "a.example", NULL), ==,
                   CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, CTAP_TEST_PIN), ==,
                   CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
  g_assert_cmphex (ctap_change_pin (f, 1, CTAP_TEST_PIN, "new pin"), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_info_member (f, 0x0C, &after).number, ==, 0);
  g_assert_cmphex (ctap_get_token (f, 2, "new pin", 0, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
}

/* The old PIN is not to be typed on our own prompt instead: nobody is asked for it, and clients are
 * led to their PIN dialog, which leads to the change. */
static void
test_61_force_pin_change_uv (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (CtapAnswer) unverified = NULL;
  g_autoptr (GPtrArray) list = NULL;

  answer = ctap_register (f, &(CtapMake){ .rp_id = "a.example", .rk = -1 });
  list = ctap_list (answer);
  set_setting (f, MORTISE_SETTING_FORCE_PIN_CHANGE, g_variant_new_boolean (TRUE));
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MC_GA, "a.example", NULL), ==,
                   CTAP2_ERR_UV_BLOCKED);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rp_id = "a.example", .uv = 1 }, NULL), ==,
                   CTAP2_ERR_PUAT_REQUIRED);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .rp_id = "a.example", .allow = list, .uv = 1 }, NULL),
                   ==, CTAP2_ERR_PUAT_REQUIRED);
  ctap_assert_not_asked (f);
  /* Presence is no matter of the PIN. */
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .rp_id = "a.example", .allow = list }, &unverified), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (unverified->flags & 0x05, ==, 0x01);

  set_setting (f, MORTISE_SETTING_FORCE_PIN_CHANGE, g_variant_new_boolean (FALSE));
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MC_GA, "a.example", NULL), ==, CTAP1_ERR_SUCCESS);
}

static void
test_62_change_invalidates_tokens (CtapFixture *f, gconstpointer data)
{
  for (guint protocol = 1; protocol <= 2; protocol++)
    {
      const char *old_pin = protocol == 1 ? CTAP_TEST_PIN : "pin 1";
      const char *new_pin = protocol == 1 ? "pin 1" : "pin 2";
      g_autoptr (MortiseSecret) token = NULL;
      g_autoptr (GBytes) param = NULL;
      g_autoptr (CtapAnswer) answer = NULL;

      g_assert_cmphex (ctap_get_token (f, protocol, old_pin, 0, NULL, &token), ==,
                       CTAP1_ERR_SUCCESS);
      param = ctap_token_param (token, protocol);
      g_assert_cmphex (ctap_change_pin (f, protocol, old_pin, new_pin), ==, CTAP1_ERR_SUCCESS);
      g_assert_cmphex (
          ctap_make (f, &(CtapMake){ .param = param, .protocol = (int) protocol }, NULL), ==,
          CTAP2_ERR_PIN_AUTH_INVALID);
      g_assert_cmphex (ctap_get_token (f, protocol, old_pin, 0, NULL, NULL), ==,
                       CTAP2_ERR_PIN_INVALID);
    }
  ctap_fixture_restart (f);
  g_assert_cmphex (ctap_get_token (f, 2, "pin 2", 0, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
}

/* Every way in which verification on our own prompt can end. */
static void
test_64_uv_token (CtapFixture *f, gconstpointer data)
{
  static const struct
  {
    MortiseError code;
    guint8 status;
  } cases[] = {
    { MORTISE_ERROR_DENIED, CTAP2_ERR_OPERATION_DENIED },
    { MORTISE_ERROR_TIMED_OUT, CTAP2_ERR_USER_ACTION_TIMEOUT },
    { MORTISE_ERROR_CANCELLED, CTAP2_ERR_KEEPALIVE_CANCEL },
    { MORTISE_ERROR_PIN_INVALID, CTAP2_ERR_UV_INVALID },
    { MORTISE_ERROR_PIN_BLOCKED, CTAP2_ERR_UV_BLOCKED },
    { MORTISE_ERROR_PIN_AUTH_BLOCKED, CTAP2_ERR_UV_BLOCKED },
    { MORTISE_ERROR_TPM_LOCKOUT, CTAP2_ERR_UV_BLOCKED },
    { MORTISE_ERROR_PROMPT_FAILED, CTAP2_ERR_UV_BLOCKED },
  };
  g_autoptr (MortiseSecret) token = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      mortise_scripted_consent_refuse (f->consent, cases[i].code);
      g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_GA, "a.example", NULL), ==,
                       cases[i].status);
    }
  mortise_scripted_consent_allow_unverified (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_GA, "a.example", NULL), ==,
                   CTAP2_ERR_UV_INVALID);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 1, MC_GA, "a.example", &token), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_get_uv_retries (f), ==, 3);
}

static void
test_64_no_builtin_uv (CtapFixture *f, gconstpointer data)
{
  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MC_GA, "a.example", NULL), ==,
                   CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmphex (send_members (f, 0, 7, NULL, 0, 0), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmpint (ctap_info_option (f, "uv"), ==, 0);
}

/* A token for a registration leaves the registration's own prompt to ask, without a PIN. */
static void
test_64_registration_asks_again (CtapFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) token = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (CtapAnswer) answer = NULL;
  g_autoptr (MortiseAskedQuestion) verify = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_MC, "example.com", &token), ==,
                   CTAP1_ERR_SUCCESS);
  verify = mortise_scripted_consent_take (f->consent);
  g_assert_cmpint (verify->kind, ==, MORTISE_CONSENT_VERIFY);
  /* The person is told what for. */
  g_assert_cmphex (verify->permissions, ==, MORTISE_PERMISSION_MC);
  param = ctap_token_param (token, 2);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = 1, .param = param, .protocol = 2 }, &answer),
                   ==, CTAP1_ERR_SUCCESS);
  question = mortise_scripted_consent_take (f->consent);
  g_assert_cmpint (question->kind, ==, MORTISE_CONSENT_REGISTER);
  g_assert_false (question->verify);
  g_assert_cmphex (answer->flags & 0x05, ==, 0x05);
}

/* TPM trouble while a PIN is checked: told apart from a wrong PIN, and no try is lost. */
static void
test_tpm_trouble (CtapFixture *f, gconstpointer data)
{
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);

  mortise_fake_tpm_fail (tpm, MORTISE_FAKE_TPM_UNSEAL, 0, 1, MORTISE_ERROR_TPM_LOCKOUT);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, NULL), ==,
                   CTAP2_ERR_PIN_AUTH_BLOCKED);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, 8);
  mortise_fake_tpm_fail (tpm, MORTISE_FAKE_TPM_UNSEAL, 0, 1, MORTISE_ERROR_TPM_GONE);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, NULL), ==, CTAP1_ERR_OTHER);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
}

/* One Unseal for one PIN, whatever it is for. */
static void
test_one_unseal (CtapFixture *f, gconstpointer data)
{
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);

  mortise_fake_tpm_reset_calls (tpm);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, 0, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_UNSEAL), ==, 1);
  mortise_fake_tpm_reset_calls (tpm);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "new pin"), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_UNSEAL), ==, 1);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up, function, ctap_fixture_tear_down)
#define ADD_EMPTY(path, function)                                                                  \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up_empty, function, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/21-client-pin/missing", test_21_missing);
  ADD_EMPTY ("/ctap/49-client-pin/retries-without-pin", test_49_retries_without_pin);
  ADD_EMPTY ("/ctap/50-client-pin/key-agreement", test_50_key_agreement);
  ADD ("/ctap/51-client-pin/bad-point", test_51_bad_point);
  ADD_EMPTY ("/ctap/52-client-pin/set-pin", test_52_set_pin);
  ADD_EMPTY ("/ctap/53-client-pin/policy", test_53_policy);
  ADD ("/ctap/53-client-pin/min-length", test_53_min_length);
  ADD ("/ctap/54-client-pin/wrong-pin", test_54_wrong_pin);
  ADD ("/ctap/54-client-pin/key-regenerated", test_54_key_regenerated);
  ADD ("/ctap/55-client-pin/three-in-a-row", test_55_three_in_a_row);
  ADD ("/ctap/56-client-pin/exhausted", test_56_exhausted);
  ADD_EMPTY ("/ctap/58-client-pin/no-pin", test_58_no_pin);
  ADD ("/ctap/59-client-pin/get-pin-token", test_59_get_pin_token);
  ADD ("/ctap/60-client-pin/permissions", test_60_permissions);
  ADD ("/ctap/61-client-pin/force-pin-change", test_61_force_pin_change);
  ADD ("/ctap/61-client-pin/force-pin-change-uv", test_61_force_pin_change_uv);
  ADD ("/ctap/62-client-pin/change-invalidates-tokens", test_62_change_invalidates_tokens);
  ADD ("/ctap/64-client-pin/uv-token", test_64_uv_token);
  ADD ("/ctap/64-client-pin/no-builtin-uv", test_64_no_builtin_uv);
  ADD ("/ctap/64-client-pin/registration-asks-again", test_64_registration_asks_again);
  ADD ("/ctap/54-client-pin/tpm-trouble", test_tpm_trouble);
  ADD ("/ctap/54-client-pin/one-unseal", test_one_unseal);
  return g_test_run ();
}
