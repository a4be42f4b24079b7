/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-question.h"
#include "core/mortise-error.h"

static MortisePromptQuestion *
parse (const char *text, GError **error)
{
  g_autoptr (GVariant) dictionary = g_variant_parse (NULL, text, NULL, NULL, NULL);

  g_assert_nonnull (dictionary);
  return mortise_prompt_question_parse (dictionary, error);
}

static void
test_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortisePromptQuestion) question = parse (
      "{'kind': <'register'>, 'rp-id': <'example.org'>, 'rp-name': <'Example'>, 'user-name': "
      "<'alice'>, 'user-display-name': <''>, 'accounts': <[{'user-name': <'old'>, 'label': "
      "<'work'>, 'last-used': <int64 5>, 'created': <int64 4>}]>, 'needs-pin': <true>, 'verify': "
      "<true>, 'retries': <uint32 3>, 'min-pin-length': <uint32 6>, 'offer-export': <true>, "
      "'allow-export': <true>, 'algorithm': <-257>, 'passkeys': <['a', 'b']>, 'changes': <['c']>, "
      "'count': <uint32 0>, 'requester': <'mortisectl'>, 'demo': <true>, 'software-tpm': "
      "<true>, 'host': <'walnut'>, 'timeout': <uint32 60>}",
      &error);

  g_assert_no_error (error);
  g_assert_cmpint (question->kind, ==, MORTISE_PROMPT_REGISTER);
  g_assert_cmpstr (question->rp_id, ==, "example.org");
  g_assert_cmpstr (question->rp_name, ==, "Example");
  g_assert_cmpstr (question->user_name, ==, "alice");
  g_assert_null (question->user_display_name);
  g_assert_cmpuint (question->accounts->len, ==, 1);
  g_assert_cmpstr (mortise_prompt_question_get_account (question, 0)->user_name, ==, "old");
  g_assert_null (mortise_prompt_question_get_account (question, 0)->user_display_name);
  g_assert_cmpstr (mortise_prompt_question_get_account (question, 0)->label, ==, "work");
  g_assert_cmpint (mortise_prompt_question_get_account (question, 0)->last_used, ==, 5);
  g_assert_cmpint (mortise_prompt_question_get_account (question, 0)->created, ==, 4);
  g_assert_true (question->needs_pin);
  g_assert_true (question->verify);
  g_assert_true (question->has_retries);
  g_assert_cmpuint (question->retries, ==, 3);
  g_assert_cmpuint (question->min_pin_length, ==, 6);
  g_assert_true (question->offer_export);
  g_assert_true (question->allow_export);
  g_assert_cmpint (question->algorithm, ==, -257);
  g_assert_cmpuint (g_strv_length (question->passkeys), ==, 2);
  g_assert_cmpstr (question->changes[0], ==, "c");
  g_assert_true (question->has_count);
  g_assert_cmpuint (question->count, ==, 0);
  g_assert_cmpstr (question->requester, ==, "mortisectl");
  g_assert_true (question->demo);
  g_assert_true (question->software_tpm);
  g_assert_cmpstr (question->host, ==, "walnut");
}

static void
test_least (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortisePromptQuestion) question = parse ("{'kind': <'edit'>, 'new': <1>}", &error);

  g_assert_no_error (error);
  g_assert_cmpint (question->kind, ==, MORTISE_PROMPT_EDIT);
  g_assert_null (question->rp_id);
  g_assert_cmpuint (question->accounts->len, ==, 0);
  g_assert_cmpuint (g_strv_length (question->passkeys), ==, 0);
  g_assert_cmpuint (g_strv_length (question->changes), ==, 0);
  g_assert_false (question->has_retries);
  g_assert_false (question->has_count);
  g_assert_cmpuint (question->min_pin_length, ==, 4);
}

static void
test_kinds (void)
{
  const char *names[] = { "register", "sign-in", "select", "excluded",     "no-passkey",
                          "verify",   "unlock",  "reset",  "create-vault", "change-pin",
                          "delete",   "purge",   "edit" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = g_strdup_printf ("{'kind': <'%s'>}", names[i]);
      g_autoptr (MortisePromptQuestion) question = parse (text, NULL);

      g_assert_nonnull (question);
      g_assert_cmpuint (question->kind, ==, i);
    }
}

static void
test_wrong_shape (void)
{
  const char *texts[] = {
    "'register'",
    "{'kind': 'register'}",
    "@a{sv} {}",
    "{'kind': <'approve'>}",
    "{'kind': <''>}",
    "{'kind': <3>}",
    "{'kind': <'register'>, 'rp-id': <3>}",
    "{'kind': <'register'>, 'accounts': <'alice'>}",
    "{'kind': <'register'>, 'accounts': <[{'user-name': <3>}]>}",
    "{'kind': <'register'>, 'accounts': <[{'user-name': <'a'>}, {'created': <3>}]>}",
    "{'kind': <'register'>, 'needs-pin': <1>}",
    "{'kind': <'register'>, 'retries': <8>}",
    "{'kind': <'register'>, 'algorithm': <'ES256'>}",
    "{'kind': <'register'>, 'passkeys': <'a'>}",
    "{'kind': <'register'>, 'changes': <[1]>}",
    "{'kind': <'register'>, 'demo': <'yes'>}",
    "{'kind': <'register'>, 'host': <['a']>}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MortisePromptQuestion) question = parse (texts[i], &error);

      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED);
      g_assert_null (question);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/prompt-question/whole", test_whole);
  g_test_add_func ("/prompt-question/least", test_least);
  g_test_add_func ("/prompt-question/kinds", test_kinds);
  g_test_add_func ("/prompt-question/wrong-shape", test_wrong_shape);
  return g_test_run ();
}
