/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sqlite3.h>
#include <string.h>

#include "core/recovery-code.h"
#include "core/vault/vault-settings.h"
#include "tests/support/vault-fixture.h"

static MortiseSecret *
secret (const char *text)
{
  return mortise_secret_new_from_data (text, strlen (text));
}

static char *
to_text (const MortiseSecret *code)
{
  return g_strndup ((const char *) mortise_secret_peek (code), mortise_secret_get_size (code));
}

/* --- The code ----------------------------------------------------------------------------------
 */

static void
assert_parses (const char *text, const MortiseSecret *expected)
{
  g_autoptr (MortiseSecret) typed = secret (text);
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) code = mortise_recovery_code_parse (typed, &error);

  g_assert_no_error (error);
  g_assert_true (mortise_secret_equal (code, expected));
}

static void
assert_refused (const char *text, const char *in_message)
{
  g_autoptr (MortiseSecret) typed = secret (text);
  g_autoptr (GError) error = NULL;

  g_assert_null (mortise_recovery_code_parse (typed, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID);
  if (in_message != NULL)
    g_assert_nonnull (strstr (error->message, in_message));
}

/* Written down on paper: what it looks like may never change. */
static void
test_fixed (void)
{
  const guint8 bytes[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                           0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
  g_autoptr (MortiseSecret) code = mortise_secret_new_from_data (bytes, sizeof bytes);
  g_autoptr (MortiseSecret) text_secret = mortise_recovery_code_format (code);
  g_autofree char *text = to_text (text_secret);

  g_assert_cmpstr (text, ==, "000HQ-48SM3-8NB6X-EY49R-KANVN-SKEYE-XZY64");
  assert_parses (text, code);
}

static void
test_round_trip (void)
{
  for (int i = 0; i < 1000; i++)
    {
      g_autoptr (MortiseSecret) code = mortise_secret_new_random (MORTISE_RECOVERY_CODE_SIZE);
      g_autoptr (MortiseSecret) formatted = mortise_recovery_code_format (code);
      g_autofree char *text = to_text (formatted);

      g_assert_cmpuint (strlen (text), ==, MORTISE_RECOVERY_CODE_TEXT_SIZE);
      assert_parses (text, code);
    }
}

static char *
replace_all (const char *text, const char *from, const char *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, -1);

  return g_strjoinv (to, parts);
}

static void
test_lenient (void)
{
  for (int i = 0; i < 50; i++)
    {
      g_autoptr (MortiseSecret) code = mortise_secret_new_random (MORTISE_RECOVERY_CODE_SIZE);
      g_autoptr (MortiseSecret) formatted = mortise_recovery_code_format (code);
      g_autofree char *text = to_text (formatted);
      g_autofree char *lower = g_ascii_strdown (text, -1);
      g_autofree char *bare = replace_all (text, "-", "");
      g_autofree char *spaced = replace_all (text, "-", " \n\t ");
      g_autofree char *dashes = replace_all (text, "-", "—");
      g_autofree char *minus = replace_all (text, "-", "−");
      g_autofree char *japanese = replace_all (text, "-", "ー　");
      g_autofree char *framed = g_strconcat ("\xef\xbb\xbf  ", text, ".\r\n", NULL);
      g_autofree char *letter_o = replace_all (text, "0", "o");
      g_autofree char *letter_i = replace_all (text, "1", "I");
      g_autofree char *letter_l = replace_all (text, "1", "l");
      g_autofree char *letter_u = replace_all (text, "V", "u");
      g_autoptr (GString) wide = g_string_new (NULL);

      for (const char *c = text; *c != '\0'; c++)
        g_string_append_unichar (wide, (gunichar) (*c + 0xfee0));
      assert_parses (lower, code);
      assert_parses (bare, code);
      assert_parses (spaced, code);
      assert_parses (dashes, code);
      assert_parses (minus, code);
      assert_parses (japanese, code);
      assert_parses (framed, code);
      assert_parses (letter_o, code);
      assert_parses (letter_i, code);
      assert_parses (letter_l, code);
      assert_parses (letter_u, code);
      assert_parses (wide->str, code);
    }
}

/* Every single wrong character, every neighbours' swap and every swap of groups is noticed; the
 * first two with their place. */
static void
test_mistakes (void)
{
  const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  g_autoptr (MortiseSecret) code = mortise_secret_new_random (MORTISE_RECOVERY_CODE_SIZE);
  g_autoptr (MortiseSecret) formatted = mortise_recovery_code_format (code);
  g_autofree char *text = to_text (formatted);
  gsize size = strlen (text);

  for (gsize i = 0; i < size; i++)
    {
      g_autofree char *group = g_strdup_printf ("Group %u ", (guint) (i / 6 + 1));

      if (text[i] == '-')
        continue;
      for (gsize j = 0; j < strlen (symbols); j++)
        {
          g_autofree char *wrong = g_strdup (text);

          wrong[i] = symbols[j];
          if (wrong[i] != text[i])
            assert_refused (wrong, group);
        }
      if (text[i + 1] != '-' && text[i + 1] != '\0' && text[i] != text[i + 1])
        {
          g_autofree char *wrong = g_strdup (text);

          wrong[i] = text[i + 1];
          wrong[i + 1] = text[i];
          assert_refused (wrong, group);
        }
    }
  for (gsize a = 0; a < 7; a++)
    {
      for (gsize b = a + 1; b < 7; b++)
        {
          g_autofree char *wrong = g_strdup (text);

          memcpy (wrong + a * 6, text + b * 6, 5);
          memcpy (wrong + b * 6, text + a * 6, 5);
          if (strcmp (wrong, text) != 0)
            assert_refused (wrong, "Group");
        }
    }
}

static void
test_wrong_shapes (void)
{
  g_autoptr (MortiseSecret) code = mortise_secret_new_random (MORTISE_RECOVERY_CODE_SIZE);
  g_autoptr (MortiseSecret) formatted = mortise_recovery_code_format (code);
  g_autofree char *text = to_text (formatted);
  g_autofree char *longer = g_strconcat (text, "0", NULL);
  g_autofree char *stranger = g_strdup (text);
  g_autofree char *noise = g_strnfill (8000, '7');

  for (gsize cut = 1; cut < strlen (text); cut++)
    {
      g_autofree char *shorter = g_strndup (text, cut);

      assert_refused (shorter, NULL);
    }
  assert_refused (longer, "7 groups");
  assert_refused (noise, "7 groups");
  assert_refused ("-----", "7 groups");
  assert_refused ("\xff\xfe", "7 groups");
  stranger[13] = '$';
  assert_refused (stranger, "Group 3 ");
  assert_refused ("日本語", "Group 1 ");
}

static void
test_noise (void)
{
  for (int i = 0; i < 20000; i++)
    {
      char bytes[60];
      gsize size = (gsize) g_test_rand_int_range (1, sizeof bytes);
      g_autoptr (MortiseSecret) typed = NULL;
      g_autoptr (MortiseSecret) code = NULL;

      for (gsize j = 0; j < size; j++)
        bytes[j] = (char) g_test_rand_int_range (0, i % 2 == 0 ? 256 : 128);
      typed = mortise_secret_new_from_data (bytes, size);
      code = mortise_recovery_code_parse (typed, NULL);
      g_assert_null (code);
    }
}

static void
assert_examined (const char *text, guint expected_n, guint expected_wrong)
{
  g_autoptr (MortiseSecret) typed = secret (text);
  guint wrong = 99;

  g_assert_cmpuint (mortise_recovery_code_examine (typed, &wrong), ==, expected_n);
  g_assert_cmphex (wrong, ==, expected_wrong);
}

/* Mistakes are told of while the rest is still being typed, and all of them. */
static void
test_examine (void)
{
  assert_examined ("000H", 4, 0);
  assert_examined ("000HQ", 5, 0);
  assert_examined ("000HR", 5, 1 << 0);
  assert_examined ("000HQ 48SM4 8N", 12, 1 << 1);
  assert_examined ("000HQ 48SM4 8NB6Y EY", 17, 1 << 1 | 1 << 2);
  assert_examined ("000HQ 4#", 7, 1 << 1);
  assert_examined ("ooohq-48sm3 8nb6x.ey49r/kanvn skeye xzy64", 35, 0);
  assert_examined ("000HQ-48SM3-8NB6X-EY49R-KANVN-SKEYE-XZY65", 35, 1 << 6);
  assert_examined ("000HQ-48SM3-8NB6X-EY49R-KANVN-SKEYE-XZY64-0000", 36, 0);
  assert_examined ("\xff\xfe", 0, 0);
}

static void
test_ends_with (void)
{
  g_autoptr (MortiseSecret) text = secret ("000HQ-48SM3-8NB6X-EY49R-KANVN-SKEYE-XZY64");
  const char *right[] = { "SKEYE-XZY64", "skeye xzy64", "skeyexzy64", " SKEYE  XZY64\n" };
  const char *wrong[] = { "XZY64", "SKEYE-XZY65", "SKEYE-XZY64-X", "KANVN-SKEYE", "SKEYE-XZY6" };

  for (gsize i = 0; i < G_N_ELEMENTS (right); i++)
    {
      g_autoptr (MortiseSecret) typed = secret (right[i]);

      g_assert_true (mortise_recovery_code_ends_with (text, typed, 2));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (MortiseSecret) typed = secret (wrong[i]);

      g_assert_false (mortise_recovery_code_ends_with (text, typed, 2));
    }
}

/* --- The keyslot -------------------------------------------------------------------------------
 */

static MortiseSecret *
create_code (VaultFixture *f)
{
  g_autoptr (GError) error = NULL;
  MortiseSecret *code = vault_fixture_create_code (f, &error);

  g_assert_no_error (error);
  return code;
}

static void
assert_unlock (VaultFixture *f, const MortiseSecret *code, int expected)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = mortise_vault_unlock_with_recovery_code (f->vault, code, &error);

  g_assert_cmpint (ok, ==, expected < 0);
  if (expected < 0)
    {
      g_assert_no_error (error);
      g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);
    }
  else
    g_assert_error (error, MORTISE_ERROR, expected);
}

static void
test_unlock (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (MortiseSecret) other = NULL;
  g_autoptr (MortiseSecret) random = mortise_secret_new_random (MORTISE_RECOVERY_CODE_SIZE);
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;
  MortiseTpmLockout lockout = { 0 };

  other = mortise_recovery_code_format (random);
  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  assert_unlock (f, other, MORTISE_ERROR_NOT_FOUND);
  code = create_code (f);
  /* Not kept anywhere. */
  g_assert_false (
      vault_fixture_contains (f, mortise_secret_peek (code), mortise_secret_get_size (code)));

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  for (int i = 0; i < 20; i++)
    assert_unlock (f, other, MORTISE_ERROR_RECOVERY_INVALID);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
  g_assert_true (mortise_tpm_get_lockout (f->tpm, &lockout, NULL));
  g_assert_cmpuint (lockout.failed_tries, ==, 0);
  mortise_fake_tpm_reset_calls (vault_fixture_get_fake (f));
  assert_unlock (f, code, -1);
  g_assert_cmpuint (
      mortise_fake_tpm_count_calls (vault_fixture_get_fake (f), MORTISE_FAKE_TPM_UNSEAL), ==, 1);
  credential = mortise_vault_get (f->vault, 1, NULL);
  key = mortise_vault_load_key (f->vault, credential, NULL);
  g_assert_nonnull (key);
}

/* Until the person has shown that they wrote it down, the new code opens nothing and the old one
 * does. */
static void
test_draft (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) old = NULL;
  g_autoptr (MortiseRecoveryDraft) draft = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  old = create_code (f);
  draft = mortise_vault_draft_recovery_code (f->vault, &error);
  g_assert_no_error (error);
  assert_unlock (f, mortise_recovery_draft_get_text (draft), MORTISE_ERROR_RECOVERY_INVALID);
  assert_unlock (f, old, -1);

  mortise_vault_lock (f->vault);
  g_assert_true (mortise_vault_keep_recovery_code (f->vault, draft, &error));
  g_assert_no_error (error);
  assert_unlock (f, old, MORTISE_ERROR_RECOVERY_INVALID);
  assert_unlock (f, mortise_recovery_draft_get_text (draft), -1);

  /* Another vault by now: the code would never open it. */
  g_assert_true (mortise_vault_reset (f->vault, NULL));
  vault_fixture_create (f);
  g_assert_false (mortise_vault_keep_recovery_code (f->vault, draft, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT);
}

static void
test_create_locked (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  mortise_vault_lock (f->vault);
  g_assert_null (vault_fixture_create_code (f, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
}

static void
test_create_fails (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  code = create_code (f);
  mortise_fake_tpm_fail (vault_fixture_get_fake (f), MORTISE_FAKE_TPM_SEAL, 0, 1,
                         MORTISE_ERROR_TPM_GONE);
  g_assert_null (vault_fixture_create_code (f, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_GONE);
  mortise_vault_lock (f->vault);
  assert_unlock (f, code, -1);
}

static void
test_replaced_and_removed (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) first = NULL;
  g_autoptr (MortiseSecret) second = NULL;
  MortiseKeyslotInfo info = { 0 };

  vault_fixture_create (f);
  first = create_code (f);
  second = create_code (f);
  assert_unlock (f, first, MORTISE_ERROR_RECOVERY_INVALID);
  assert_unlock (f, second, -1);
  g_assert_true (mortise_vault_get_keyslot (f->vault, MORTISE_KEYSLOT_RECOVERY, &info, NULL));
  g_assert_true (info.exists);
  g_assert_cmpint (info.last_used_at, !=, 0);
  g_assert_true (mortise_vault_remove_recovery_code (f->vault, NULL));
  assert_unlock (f, second, MORTISE_ERROR_NOT_FOUND);
  g_assert_true (mortise_vault_get_keyslot (f->vault, MORTISE_KEYSLOT_RECOVERY, &info, NULL));
  g_assert_false (info.exists);
}

/* Forgotten, blocked for good, and the TPM in lockout besides: everything comes back. */
static void
test_reset_pin (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (MortiseSecret) new_pin = vault_fixture_pin ("a new one");
  g_autoptr (MortiseSecret) short_pin = vault_fixture_pin ("abc");
  g_autoptr (GError) error = NULL;
  MortiseFakeTpm *fake;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  code = create_code (f);
  for (int i = 0; i < 8; i++)
    {
      if (i % 3 == 0)
        vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
      g_assert_false (vault_fixture_unlock (f, "9999", NULL));
    }
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 0);
  fake = vault_fixture_get_fake (f);
  mortise_fake_tpm_set_max_tries (fake, 1);

  g_assert_false (mortise_vault_reset_pin (f->vault, code, short_pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY);
  g_clear_error (&error);
  g_assert_true (mortise_vault_reset_pin (f->vault, code, new_pin, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_UNLOCKED);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
  g_assert_false (mortise_vault_is_pin_auth_blocked (f->vault));

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
  g_assert_false (vault_fixture_unlock (f, "1234", NULL));
  g_assert_true (vault_fixture_unlock (f, "a new one", NULL));
  assert_unlock (f, code, -1);
}

static void
test_reset_pin_wrong (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (MortiseSecret) random = mortise_secret_new_random (MORTISE_RECOVERY_CODE_SIZE);
  g_autoptr (MortiseSecret) other = mortise_recovery_code_format (random);
  g_autoptr (MortiseSecret) new_pin = vault_fixture_pin ("a new one");
  g_autoptr (GError) error = NULL;

  vault_fixture_create (f);
  code = create_code (f);
  g_assert_false (mortise_vault_reset_pin (f->vault, other, new_pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID);
  g_clear_error (&error);
  mortise_fake_tpm_fail (vault_fixture_get_fake (f), MORTISE_FAKE_TPM_SEAL, 0, 1,
                         MORTISE_ERROR_TPM_GONE);
  g_assert_false (mortise_vault_reset_pin (f->vault, code, new_pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_GONE);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
}

static void
lock_at_unseal (MortiseFakeTpm *tpm, MortiseFakeTpmOperation operation, gpointer user_data)
{
  if (operation == MORTISE_FAKE_TPM_UNSEAL)
    mortise_vault_lock (user_data);
}

/* Also while the vault was unlocked before: who locks it wins. */
static void
test_lock_meanwhile (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) code = NULL;

  vault_fixture_create (f);
  code = create_code (f);
  mortise_fake_tpm_set_hook (vault_fixture_get_fake (f), lock_at_unseal, f->vault);
  assert_unlock (f, code, MORTISE_ERROR_VAULT_LOCKED);
  mortise_fake_tpm_set_hook (vault_fixture_get_fake (f), NULL, NULL);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
  g_assert_false (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
}

/* --- Keyslots ----------------------------------------------------------------------------------
 */

static void
assert_slot (VaultFixture *f, MortiseKeyslot slot, gboolean exists, gboolean enabled, gboolean used)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  MortiseKeyslotInfo info = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (mortise_vault_get_keyslot (f->vault, slot, &info, &error));
  g_assert_no_error (error);
  g_assert_cmpint (info.exists, ==, exists);
  g_assert_cmpint (info.enabled, ==, enabled);
  g_assert_cmpint (info.last_used_at != 0, ==, used);
  if (exists)
    g_assert_cmpint (ABS (now - info.created_at), <, 1000);
  if (slot == MORTISE_KEYSLOT_RECOVERY)
    g_assert_cmpint (mortise_vault_has_recovery_code (f->vault), ==, exists);
  if (slot == MORTISE_KEYSLOT_LOGIN)
    g_assert_cmpint (mortise_vault_has_login_keyslot (f->vault), ==, exists);
}

/* What is kept in memory says what is in the file, whatever changes it. */
static void
test_recovery_known (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (MortiseSecret) code = NULL;

  g_assert_false (mortise_vault_has_recovery_code (f->vault));
  vault_fixture_create (f);
  assert_slot (f, MORTISE_KEYSLOT_RECOVERY, FALSE, FALSE, FALSE);
  code = create_code (f);
  assert_slot (f, MORTISE_KEYSLOT_RECOVERY, TRUE, TRUE, FALSE);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  assert_slot (f, MORTISE_KEYSLOT_RECOVERY, TRUE, TRUE, FALSE);
  g_assert_true (mortise_vault_remove_recovery_code (f->vault, NULL));
  assert_slot (f, MORTISE_KEYSLOT_RECOVERY, FALSE, FALSE, FALSE);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  assert_slot (f, MORTISE_KEYSLOT_RECOVERY, FALSE, FALSE, FALSE);

  g_clear_pointer (&code, mortise_secret_free);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  code = create_code (f);
  g_assert_true (mortise_vault_reset (f->vault, NULL));
  g_assert_false (mortise_vault_has_recovery_code (f->vault));
  mortise_vault_close (f->vault);
  g_assert_false (mortise_vault_has_recovery_code (f->vault));
}

static void
test_keyslots (VaultFixture *f, gconstpointer user_data)
{
  MortiseKeyslotInfo info = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (mortise_vault_get_keyslot (f->vault, MORTISE_KEYSLOT_PIN, &info, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT);
  vault_fixture_create (f);
  assert_slot (f, MORTISE_KEYSLOT_PIN, TRUE, TRUE, FALSE);
  assert_slot (f, MORTISE_KEYSLOT_LOGIN, TRUE, TRUE, FALSE);
  assert_slot (f, MORTISE_KEYSLOT_RECOVERY, FALSE, FALSE, FALSE);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  assert_slot (f, MORTISE_KEYSLOT_PIN, TRUE, TRUE, FALSE);
  assert_slot (f, MORTISE_KEYSLOT_LOGIN, TRUE, TRUE, TRUE);
  g_assert_false (vault_fixture_unlock (f, "9999", NULL));
  assert_slot (f, MORTISE_KEYSLOT_PIN, TRUE, TRUE, FALSE);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  assert_slot (f, MORTISE_KEYSLOT_PIN, TRUE, TRUE, TRUE);
}

static void
test_login_off_and_on (VaultFixture *f, gconstpointer user_data)
{
  MortiseMemoryKeyring *keyring = vault_fixture_get_keyring (f);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) slot = NULL;

  vault_fixture_create (f);
  vault_fixture_add (f, "example.com", "anna");
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  slot = vault_fixture_read_slot (f, "login");
  g_assert_true (mortise_vault_set_login_keyslot (f->vault, FALSE, &error));
  g_assert_no_error (error);
  /* Nothing is open any more, and nothing of it is left. */
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LOCKED);
  g_assert_cmpuint (mortise_memory_keyring_count (keyring), ==, 0);
  g_assert_false (
      vault_fixture_contains (f, (const guint8 *) g_bytes_get_data (slot, NULL) + 20, 32));
  assert_slot (f, MORTISE_KEYSLOT_LOGIN, FALSE, FALSE, FALSE);
  problem = mortise_vault_dup_keyring_problem (f->vault);
  g_assert_no_error (problem);

  /* It stays off: neither a start nor the PIN brings it back. */
  vault_fixture_reopen (f, MORTISE_VAULT_LOCKED);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  mortise_vault_lock (f->vault);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LOCKED);
  g_assert_cmpuint (mortise_memory_keyring_count (keyring), ==, 0);

  g_assert_false (mortise_vault_set_login_keyslot (f->vault, TRUE, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  g_clear_error (&error);
  g_assert_true (vault_fixture_unlock (f, "1234", NULL));
  mortise_memory_keyring_set_available (keyring, FALSE);
  g_assert_false (mortise_vault_set_login_keyslot (f->vault, TRUE, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_KEYRING);
  g_clear_error (&error);
  assert_slot (f, MORTISE_KEYSLOT_LOGIN, FALSE, FALSE, FALSE);
  mortise_memory_keyring_set_available (keyring, TRUE);
  g_assert_true (mortise_vault_set_login_keyslot (f->vault, TRUE, &error));
  g_assert_no_error (error);
  assert_slot (f, MORTISE_KEYSLOT_LOGIN, TRUE, TRUE, FALSE);
  mortise_vault_lock (f->vault);
  g_assert_cmpint (mortise_vault_get_state (f->vault), ==, MORTISE_VAULT_LISTABLE);
  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
}

/* A keyslot that is wanted and cannot be had for now is not the same as one that is off. */
static void
test_login_wanted (VaultFixture *f, gconstpointer user_data)
{
  mortise_memory_keyring_set_available (vault_fixture_get_keyring (f), FALSE);
  vault_fixture_create (f);
  assert_slot (f, MORTISE_KEYSLOT_LOGIN, FALSE, TRUE, FALSE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
#define ADD(path, function)                                                                        \
  g_test_add ("/vault-recovery/" path, VaultFixture, NULL, vault_fixture_set_up, function,         \
              vault_fixture_tear_down)
  g_test_add_func ("/recovery-code/fixed", test_fixed);
  g_test_add_func ("/recovery-code/round-trip", test_round_trip);
  g_test_add_func ("/recovery-code/lenient", test_lenient);
  g_test_add_func ("/recovery-code/mistakes", test_mistakes);
  g_test_add_func ("/recovery-code/wrong-shapes", test_wrong_shapes);
  g_test_add_func ("/recovery-code/noise", test_noise);
  g_test_add_func ("/recovery-code/examine", test_examine);
  g_test_add_func ("/recovery-code/ends-with", test_ends_with);
  ADD ("unlock", test_unlock);
  ADD ("draft", test_draft);
  ADD ("create-locked", test_create_locked);
  ADD ("create-fails", test_create_fails);
  ADD ("replaced-and-removed", test_replaced_and_removed);
  ADD ("reset-pin", test_reset_pin);
  ADD ("reset-pin-wrong", test_reset_pin_wrong);
  ADD ("lock-meanwhile", test_lock_meanwhile);
  ADD ("keyslots", test_keyslots);
  ADD ("recovery-known", test_recovery_known);
  ADD ("login-off-and-on", test_login_off_and_on);
  ADD ("login-wanted", test_login_wanted);
  return g_test_run ();
}
