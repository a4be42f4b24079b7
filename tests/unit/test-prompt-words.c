/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-words.h"

static MortisePromptQuestion *
ask (const char *text)
{
  g_autoptr (GVariant) dictionary =
      g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  MortisePromptQuestion *question = mortise_prompt_question_parse (dictionary, &error);

  g_assert_no_error (error);
  return question;
}

static void
assert_contains (const char *text, const char *part)
{
  g_assert_nonnull (text);
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in “%s”", part, text);
}

/* Every kind has a heading, a reason, an answer and something to say while it works. */
static void
test_every_kind (void)
{
  const char *names[] = { "register", "sign-in", "select", "excluded",     "no-passkey",
                          "verify",   "unlock",  "reset",  "create-vault", "change-pin",
                          "delete",   "purge",   "edit" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = g_strdup_printf ("{'kind': <'%s'>, 'host': <'walnut'>}", names[i]);
      g_autoptr (MortisePromptQuestion) question = ask (text);
      g_autoptr (MortisePromptWords) words = mortise_prompt_words_new (question);
      gboolean destroys = strstr ("reset delete purge", names[i]) != NULL;

      g_assert_cmpstr (words->heading, !=, "");
      g_assert_cmpstr (words->why, !=, "");
      g_assert_cmpstr (words->working, !=, "");
      assert_contains (words->approve, "_");
      assert_contains (words->asker, "walnut");
      g_assert_cmpint (words->destructive, ==, destroys);
      g_assert_null (words->pin_reason);
      g_assert_cmpint (words->confirm_text != NULL, ==, g_str_equal (names[i], "reset"));
    }
}

static void
test_why_a_pin (void)
{
  g_autoptr (MortisePromptQuestion) verify =
      ask ("{'kind': <'sign-in'>, 'needs-pin': <true>, 'verify': <true>}");
  g_autoptr (MortisePromptQuestion) locked = ask ("{'kind': <'sign-in'>, 'needs-pin': <true>}");
  g_autoptr (MortisePromptWords) verify_words = mortise_prompt_words_new (verify);
  g_autoptr (MortisePromptWords) locked_words = mortise_prompt_words_new (locked);

  assert_contains (verify_words->pin_reason, "sure that it is you");
  assert_contains (locked_words->pin_reason, "locked");
}

/* What is agreed to when a program asks for a token, and nothing that it may not do. */
static void
test_why_verify (void)
{
  static const struct
  {
    guint permissions;
    const char *site;
    const char *says[3];
    const char * not ;
  } cases[] = {
    { 0x00, "", { "who is at this computer" }, "A program wants to" },
    { 0x04, "", { "see, rename and delete your passkeys." }, "this site" },
    { 0x04, "'rp-id': <'example.org'>, ", { "delete your passkeys for this site." }, "settings" },
    { 0x40, "", { "now and later, without asking again" }, "delete" },
    { 0x10, "", { "data that sites keep" }, "settings" },
    { 0x20, "", { "settings of this security key" }, "delete" },
    { 0x01, "'rp-id': <'example.org'>, ", { "make a passkey for this site" }, "sign in" },
    { 0x24, "", { "settings of this security key", "\n", "delete your passkeys." }, "sign in" },
    { 0x03, "'rp-id': <'example.org'>, ", { "make a passkey", "sign in to this site" }, "list" },
    { 0x80, "", { "who is at this computer" }, "A program wants to" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("{'kind': <'verify'>, %s'permissions': <uint32 %u>}",
                                               cases[i].site, cases[i].permissions);
      g_autoptr (MortisePromptQuestion) question = ask (text);
      g_autoptr (MortisePromptWords) words = mortise_prompt_words_new (question);

      for (gsize j = 0; j < G_N_ELEMENTS (cases[i].says) && cases[i].says[j] != NULL; j++)
        assert_contains (words->why, cases[i].says[j]);
      g_assert_null (strstr (words->why, cases[i].not ));
    }
}

static void
test_counts (void)
{
  g_autoptr (MortisePromptQuestion) one = ask ("{'kind': <'delete'>, 'passkeys': <['a']>}");
  g_autoptr (MortisePromptQuestion) two = ask ("{'kind': <'purge'>, 'passkeys': <['a', 'b']>}");
  g_autoptr (MortisePromptQuestion) cut =
      ask ("{'kind': <'delete'>, 'passkeys': <['a', 'b', '… and 498 more']>, 'count': <uint32 "
           "500>}");
  g_autoptr (MortisePromptWords) one_words = mortise_prompt_words_new (one);
  g_autoptr (MortisePromptWords) two_words = mortise_prompt_words_new (two);
  g_autoptr (MortisePromptWords) cut_words = mortise_prompt_words_new (cut);

  g_assert_cmpstr (one_words->heading, ==, "Delete this passkey?");
  g_assert_cmpstr (two_words->heading, ==, "Destroy these 2 passkeys for good?");
  g_assert_cmpstr (cut_words->heading, ==, "Delete these 500 passkeys?");
}

static void
test_reset (void)
{
  g_autoptr (MortisePromptQuestion) some = ask ("{'kind': <'reset'>, 'count': <uint32 12>}");
  g_autoptr (MortisePromptQuestion) none = ask ("{'kind': <'reset'>, 'count': <uint32 0>}");
  g_autoptr (MortisePromptWords) some_words = mortise_prompt_words_new (some);
  g_autoptr (MortisePromptWords) none_words = mortise_prompt_words_new (none);

  g_assert_cmpstr (some_words->confirm_text, ==, "12");
  assert_contains (some_words->notice, "12 passkeys will be lost");
  g_assert_cmpstr (none_words->confirm_text, ==, "RESET");
  g_assert_null (none_words->notice);
}

static void
test_replaced (void)
{
  g_autoptr (MortisePromptQuestion) question =
      ask ("{'kind': <'register'>, 'accounts': <[{'created': <int64 1730000000>}]>}");
  g_autoptr (MortisePromptWords) words = mortise_prompt_words_new (question);

  assert_contains (words->notice, "made on 27 October 2024");
  assert_contains (words->notice, "Recently deleted");
}

/* Names from outside stay in their place in a sentence. */
static void
test_asker (void)
{
  g_autoptr (MortisePromptQuestion) question =
      ask ("{'kind': <'unlock'>, 'requester': <'\\u202eevil'>, 'host': <'نام'>}");
  g_autoptr (MortisePromptQuestion) nameless = ask ("{'kind': <'select'>}");
  g_autoptr (MortisePromptWords) words = mortise_prompt_words_new (question);
  g_autoptr (MortisePromptWords) nameless_words = mortise_prompt_words_new (nameless);

  g_assert_null (strstr (words->asker, "\u202e"));
  assert_contains (words->asker, "\u2068نام\u2069");
  assert_contains (words->asker, "stays on this computer");
  assert_contains (nameless_words->asker, "this computer");
}

static void
test_retries (void)
{
  const char *expected[] = { "No tries left.", "1 try left. If it is wrong, the PIN is blocked.",
                             "2 tries left." };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *text = mortise_prompt_words_retries (i);

      g_assert_cmpstr (text, ==, expected[i]);
    }
}

static void
test_export (void)
{
  g_autoptr (MortisePromptQuestion) real = ask ("{'kind': <'register'>}");
  g_autoptr (MortisePromptQuestion) demo = ask ("{'kind': <'register'>, 'demo': <true>}");
  g_autoptr (MortisePromptQuestion) software =
      ask ("{'kind': <'register'>, 'software-tpm': <true>}");
  g_autofree char *real_key = mortise_prompt_words_key (real);
  g_autofree char *demo_key = mortise_prompt_words_key (demo);
  g_autofree char *software_key = mortise_prompt_words_key (software);

  assert_contains (mortise_prompt_words_export (real, FALSE), "can never leave");
  assert_contains (mortise_prompt_words_export (real, TRUE), "The site is told");
  assert_contains (real_key, "this computer’s TPM");
  /* A software TPM keeps none of these promises. */
  assert_contains (mortise_prompt_words_export (demo, FALSE), "In this demo that is not so");
  assert_contains (mortise_prompt_words_export (demo, TRUE), "The site is told");
  assert_contains (demo_key, "not in hardware");
  assert_contains (mortise_prompt_words_export (software, FALSE), "That is not so here");
  assert_contains (software_key, "not in hardware");
  g_assert_null (mortise_prompt_words_software_tpm (real));
  assert_contains (mortise_prompt_words_software_tpm (demo), "Demo");
  g_assert_cmpstr (mortise_prompt_words_software_tpm (software), ==,
                   "Software TPM, not hardware-bound");
}

static void
test_algorithms (void)
{
  const char *texts[] = { "-7", "-35", "-257", "-8" };
  const char *names[] = { "ES256", "ES384", "RS256", "-8" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{'kind': <'register'>, 'algorithm': <%s>}", texts[i]);
      g_autoptr (MortisePromptQuestion) question = ask (text);
      g_autofree char *key = mortise_prompt_words_key (question);

      assert_contains (key, names[i]);
    }
}

static void
assert_account (const char *text, const char *title, const char *subtitle)
{
  g_autofree char *whole = g_strdup_printf ("{'kind': <'sign-in'>, 'accounts': <[%s]>}", text);
  g_autoptr (MortisePromptQuestion) question = ask (whole);
  const MortisePromptAccount *account = mortise_prompt_question_get_account (question, 0);
  g_autofree char *given_title = mortise_prompt_words_account_title (account);
  g_autofree char *given_subtitle = mortise_prompt_words_account_subtitle (account, TRUE);

  g_assert_cmpstr (given_title, ==, title);
  g_assert_cmpstr (given_subtitle, ==, subtitle);
}

static void
test_accounts (void)
{
  assert_account ("{'user-name': <'alice'>, 'user-display-name': <'Alice'>, 'label': <'work'>, "
                  "'last-used': <int64 1741000000>}",
                  "alice", "Alice · work · Last used on 3 March 2025");
  assert_account ("{'user-display-name': <'Alice'>, 'created': <int64 1730000000>}", "Alice",
                  "Made on 27 October 2024, never used");
  assert_account ("{'user-name': <'alice'>, 'user-display-name': <'alice'>}", "alice", "");
  assert_account ("{'user-name': <'\\u200b \\u00ad'>}", "Account without a name", "");
  assert_account ("{'last-used': <int64 9223372036854775807>}", "Account without a name", "");
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/prompt-words/every-kind", test_every_kind);
  g_test_add_func ("/prompt-words/why-a-pin", test_why_a_pin);
  g_test_add_func ("/prompt-words/why-verify", test_why_verify);
  g_test_add_func ("/prompt-words/counts", test_counts);
  g_test_add_func ("/prompt-words/reset", test_reset);
  g_test_add_func ("/prompt-words/replaced", test_replaced);
  g_test_add_func ("/prompt-words/asker", test_asker);
  g_test_add_func ("/prompt-words/retries", test_retries);
  g_test_add_func ("/prompt-words/export", test_export);
  g_test_add_func ("/prompt-words/algorithms", test_algorithms);
  g_test_add_func ("/prompt-words/accounts", test_accounts);
  return g_test_run ();
}
