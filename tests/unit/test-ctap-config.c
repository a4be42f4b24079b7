/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/authenticator-config.h"
#include "core/ctap/authenticator-private.h"
#include "core/vault/vault-settings.h"
#include "tests/support/ctap-fixture.h"
#include "tests/support/memory-keyring.h"

/* authenticatorConfig and minPinLength, as a platform uses them. */

static guint8
send (CtapFixture *f, guint8 sub_command, GBytes *params)
{
  guint8 prefix[33];
  g_autoptr (GBytes) prefix_bytes = NULL;
  g_autoptr (GBytes) parameters = NULL;

  memset (prefix, 0xff, 32);
  prefix[32] = CTAP_CONFIG;
  prefix_bytes = g_bytes_new (prefix, sizeof prefix);
  parameters = ctap_subcommand_parameters (f, 2, sub_command, params, prefix_bytes);
  return ctap_send (f, CTAP_CONFIG, parameters, NULL);
}

/* @length: 0 to leave it out; @n_rp_ids: -1 likewise */
static guint8
set_min_pin_length (CtapFixture *f, int length, const char *rp_id, int n_rp_ids, gboolean force)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) params = NULL;
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  if (length != 0)
    {
      mortise_cbor_map_key (writer, &map, 1);
      mortise_cbor_write_int (writer, length);
    }
  if (n_rp_ids >= 0)
    {
      mortise_cbor_map_key (writer, &map, 2);
      mortise_cbor_write_array (writer, (gsize) n_rp_ids);
      for (int i = 0; i < n_rp_ids; i++)
        mortise_cbor_write_text (writer, rp_id);
    }
  if (force)
    {
      mortise_cbor_map_key (writer, &map, 3);
      mortise_cbor_write_bool (writer, TRUE);
    }
  mortise_cbor_map_end (writer, &map);
  params = mortise_cbor_writer_finish (writer);
  return send (f, 3, params);
}

static gint64
info_number (CtapFixture *f, gint64 key)
{
  g_autoptr (GBytes) cbor = NULL;

  return ctap_info_member (f, key, &cbor).number;
}

static void
test_69_toggle_always_uv (CtapFixture *f, gconstpointer data)
{
  g_assert_cmpint (ctap_info_option (f, "authnrCfg"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, -1);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (send (f, 2, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, 1);
  g_assert_cmpint (ctap_info_option (f, "makeCredUvNotRqd"), ==, -1);
  ctap_fixture_restart (f);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, 1);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (send (f, 2, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, -1);
}

static void
test_69_errors (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) cbor = NULL;
  MortiseCborValue commands = ctap_info_member (f, 0x1F, &cbor);

  g_assert_cmpmem (commands.data, commands.size, "\2\3", 2);
  g_assert_cmphex (send (f, 2, NULL), ==, CTAP2_ERR_PUAT_REQUIRED);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, 2, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (send (f, 1, NULL), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmphex (send (f, 4, NULL), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmphex (send (f, 0xff, NULL), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, -1);
}

static void
test_69_no_vault (CtapFixture *f, gconstpointer data)
{
  g_assert_cmphex (send (f, 2, NULL), ==, CTAP2_ERR_PUAT_REQUIRED);
}

/* With our own prompt instead of the PIN: uvAcfg says that it may. */
static void
test_69_with_uv (CtapFixture *f, gconstpointer data)
{
  g_assert_cmpint (ctap_info_option (f, "uvAcfg"), ==, 1);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get_token_with_uv (f, 2, MORTISE_PERMISSION_ACFG, NULL, &f->token), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (send (f, 2, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (ctap_info_option (f, "alwaysUv"), ==, 1);
  mortise_authenticator_set_builtin_uv (f->authenticator, FALSE);
  g_assert_cmpint (ctap_info_option (f, "uvAcfg"), ==, 0);
}

static void
test_68_min_pin_length (CtapFixture *f, gconstpointer data)
{
  g_assert_cmpint (ctap_info_option (f, "setMinPINLength"), ==, 1);
  g_assert_cmpint (info_number (f, 0x1D), ==, 63);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (set_min_pin_length (f, 3, NULL, -1, FALSE), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (set_min_pin_length (f, 64, NULL, -1, FALSE), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (set_min_pin_length (f, 4, NULL, -1, FALSE), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (info_number (f, 0x0C), ==, 0);

  /* The PIN that there is has four: it has to be changed, and the token is void. */
  g_assert_cmphex (set_min_pin_length (f, 6, NULL, -1, FALSE), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (info_number (f, 0x0D), ==, 6);
  g_assert_cmpint (info_number (f, 0x0C), ==, 1);
  g_assert_cmphex (set_min_pin_length (f, 7, NULL, -1, FALSE), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL, NULL), ==,
                   CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "12345"), ==,
                   CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (ctap_change_pin (f, 2, CTAP_TEST_PIN, "12345678"), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (info_number (f, 0x0C), ==, 0);

  /* One of eight is long enough for eight. */
  ctap_renew_token (f, 2, "12345678", MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (set_min_pin_length (f, 8, NULL, -1, FALSE), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (info_number (f, 0x0C), ==, 0);
  g_assert_cmphex (set_min_pin_length (f, 7, NULL, -1, FALSE), ==, CTAP2_ERR_PIN_POLICY_VIOLATION);
  ctap_fixture_restart (f);
  g_assert_cmpint (info_number (f, 0x0D), ==, 8);

  g_assert_cmphex (ctap_get_token (f, 2, "12345678", MORTISE_PERMISSION_ACFG, NULL, NULL), ==,
                   CTAP1_ERR_SUCCESS);
  ctap_renew_token (f, 2, "12345678", MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (set_min_pin_length (f, 0, NULL, -1, TRUE), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (info_number (f, 0x0C), ==, 1);
  g_assert_cmphex (ctap_change_pin (f, 2, "12345678", "12345678"), ==,
                   CTAP2_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmphex (ctap_change_pin (f, 2, "12345678", "87654321"), ==, CTAP1_ERR_SUCCESS);
}

/* CTAP 2.2's further member: no such policy here. */
static void
test_68_complexity (CtapFixture *f, gconstpointer data)
{
  static const guint8 no[] = { 0xa1, 0x04, 0xf4 };
  static const guint8 yes[] = { 0xa1, 0x04, 0xf5 };
  g_autoptr (GBytes) off = g_bytes_new_static (no, sizeof no);
  g_autoptr (GBytes) on = g_bytes_new_static (yes, sizeof yes);

  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (send (f, 3, on), ==, CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (send (f, 3, off), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (send (f, 3, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (info_number (f, 0x1B), ==, 0);
}

/* What is sealed can only be changed once the vault can be listed. */
static void
test_68_locked (CtapFixture *f, gconstpointer data)
{
  MortiseMemoryKeyring *keyring = MORTISE_MEMORY_KEYRING (f->keyring);
  g_autoptr (MortiseAskedQuestion) question = NULL;

  ctap_fixture_restart_locked (f);
  mortise_memory_keyring_set_available (keyring, FALSE);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  mortise_vault_lock (f->vault);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LOCKED);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (set_min_pin_length (f, 6, "example.com", 1, FALSE), ==,
                   CTAP2_ERR_OPERATION_DENIED);
  g_assert_cmpint (info_number (f, 0x0D), ==, 4);
  question = mortise_scripted_consent_take (f->consent);
  g_assert_cmpint (question->kind, ==, MORTISE_CONSENT_UNLOCK);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (set_min_pin_length (f, 6, "example.com", 1, FALSE), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (info_number (f, 0x0D), ==, 6);
}

static GBytes *
min_pin_length_extension (void)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "minPinLength");
  mortise_cbor_write_bool (writer, TRUE);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static void
test_80_extension (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) extensions = min_pin_length_extension ();
  int most = (int) info_number (f, 0x10);
  g_autoptr (CtapAnswer) before = ctap_register (f, &(CtapMake){ .extensions = extensions });
  g_autoptr (CtapAnswer) listed = NULL;
  g_autoptr (CtapAnswer) other = NULL;
  g_autoptr (CtapAnswer) after = NULL;
  MortiseCborValue map;
  MortiseCborValue value;

  g_assert_null (before->extensions);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (set_min_pin_length (f, 0, "example.com", most + 1, FALSE), ==,
                   CTAP2_ERR_KEY_STORE_FULL);
  g_assert_cmphex (set_min_pin_length (f, 0, "example.com", most, FALSE), ==, CTAP1_ERR_SUCCESS);
  ctap_fixture_restart (f);
  listed = ctap_register (f, &(CtapMake){ .user_id = "b", .extensions = extensions });
  map = ctap_parse (listed->extensions);
  g_assert_true (ctap_find (&map, 0, "minPinLength", &value));
  g_assert_cmpint (value.number, ==, 4);
  other = ctap_register (f, &(CtapMake){ .rp_id = "other.example", .extensions = extensions });
  g_assert_null (other->extensions);

  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_ACFG, NULL);
  g_assert_cmphex (set_min_pin_length (f, 0, NULL, 0, FALSE), ==, CTAP1_ERR_SUCCESS);
  after = ctap_register (f, &(CtapMake){ .user_id = "c", .extensions = extensions });
  g_assert_null (after->extensions);
}

#define ADD(path, start, function)                                                                 \
  g_test_add (path, CtapFixture, NULL, start, function, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/68-min-pin-length/set", ctap_fixture_set_up, test_68_min_pin_length);
  ADD ("/ctap/68-min-pin-length/complexity", ctap_fixture_set_up, test_68_complexity);
  ADD ("/ctap/68-min-pin-length/locked", ctap_fixture_set_up, test_68_locked);
  ADD ("/ctap/69-config/toggle-always-uv", ctap_fixture_set_up, test_69_toggle_always_uv);
  ADD ("/ctap/69-config/errors", ctap_fixture_set_up, test_69_errors);
  ADD ("/ctap/69-config/no-vault", ctap_fixture_set_up_empty, test_69_no_vault);
  ADD ("/ctap/69-config/with-uv", ctap_fixture_set_up, test_69_with_uv);
  ADD ("/ctap/80-min-pin-length", ctap_fixture_set_up, test_80_extension);
  return g_test_run ();
}
