/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/gui/prompt-questions.h"

#define FROM_SITE "'host': <'walnut'>, 'timeout': <uint32 60>"
#define FROM_BUS  "'requester': <'the Mortise window'>, " FROM_SITE
#define ALICE                                                                                      \
  "'user-name': <'alice@example.org'>, 'user-display-name': <'Alice Lindqvist'>, 'label': "        \
  "<'work'>, 'last-used': <int64 1741000000>, 'created': <int64 1730000000>"
#define BOB                                                                                        \
  "'user-name': <'bob'>, 'user-display-name': <'Bob'>, 'created': <int64 1730000000>, "            \
  "'last-used': <int64 0>"

const PromptQuestion prompt_questions[] = {
  { "register", "{'kind': <'register'>, 'rp-id': <'example.org'>, 'rp-name': <'Example'>, "
                "'user-name': <'alice@example.org'>, 'user-display-name': <'Alice Lindqvist'>, "
                "'needs-pin': <true>, 'verify': <true>, 'retries': <uint32 8>, 'offer-export': "
                "<true>, 'allow-export': <false>, 'algorithm': <-7>, " FROM_SITE "}" },
  { "register-replace",
    "{'kind': <'register'>, 'rp-id': <'login.microsoftonline.com'>, 'user-name': "
    "<'alice@example.org'>, 'user-display-name': <'Alice Lindqvist'>, 'accounts': <[{" ALICE
    "}]>, 'needs-pin': <false>, 'offer-export': <true>, 'allow-export': <true>, 'algorithm': "
    "<-257>, " FROM_SITE "}" },
  { "sign-in",
    "{'kind': <'sign-in'>, 'rp-id': <'example.org'>, 'accounts': <[{" ALICE
    "}]>, 'needs-pin': <true>, 'verify': <true>, 'retries': <uint32 8>, " FROM_SITE "}" },
  { "sign-in-finger",
    "{'kind': <'sign-in'>, 'rp-id': <'example.org'>, 'accounts': <[{" ALICE
    "}]>, 'needs-pin': <true>, 'finger': <true>, 'verify': <true>, 'retries': <uint32 8>, "
    "'offer-recovery': <true>, " FROM_SITE "}" },
  { "sign-in-choose",
    "{'kind': <'sign-in'>, 'rp-id': <'accounts.example.co.uk'>, 'accounts': <[{" ALICE "}, {" BOB
    "}, {'user-display-name': <'Only a display name'>, 'last-used': <int64 1700000000>}]>, "
    "'needs-pin': <true>, 'retries': <uint32 3>, " FROM_SITE "}" },
  { "sign-in-present", "{'kind': <'sign-in'>, 'rp-id': <'example.org'>, 'accounts': <[{" ALICE
                       "}]>, 'needs-pin': <false>, " FROM_SITE "}" },
  { "select", "{'kind': <'select'>, " FROM_SITE "}" },
  { "excluded", "{'kind': <'excluded'>, 'rp-id': <'example.org'>, 'user-name': "
                "<'alice@example.org'>, " FROM_SITE "}" },
  { "no-passkey", "{'kind': <'no-passkey'>, 'rp-id': <'xn--mnchen-3ya.example'>, " FROM_SITE "}" },
  { "verify", "{'kind': <'verify'>, 'rp-id': <'example.org'>, 'needs-pin': <true>, 'verify': "
              "<true>, 'retries': <uint32 5>, " FROM_SITE "}" },
  { "verify-manage",
    "{'kind': <'verify'>, 'permissions': <uint32 36>, 'needs-pin': <true>, 'verify': <true>, "
    "'retries': <uint32 8>, " FROM_SITE "}" },
  { "unlock-site", "{'kind': <'unlock'>, 'rp-id': <'example.org'>, 'needs-pin': <true>, "
                   "'retries': <uint32 8>, " FROM_SITE "}" },
  { "unlock", "{'kind': <'unlock'>, 'needs-pin': <true>, 'retries': <uint32 1>, " FROM_BUS "}" },
  { "reset", "{'kind': <'reset'>, 'count': <uint32 12>, " FROM_SITE "}" },
  { "reset-unknown", "{'kind': <'reset'>, " FROM_BUS "}" },
  { "create-vault", "{'kind': <'create-vault'>, 'min-pin-length': <uint32 4>, " FROM_BUS "}" },
  { "create-vault-demo",
    "{'kind': <'create-vault'>, 'min-pin-length': <uint32 6>, 'demo': <true>, " FROM_BUS "}" },
  { "change-pin", "{'kind': <'change-pin'>, 'needs-pin': <true>, 'retries': <uint32 8>, "
                  "'min-pin-length': <uint32 4>, " FROM_BUS "}" },
  { "delete",
    "{'kind': <'delete'>, 'passkeys': <['alice@example.org – example.org']>, " FROM_BUS "}" },
  { "delete-many",
    "{'kind': <'delete'>, 'passkeys': <['alice@example.org – example.org', 'bob – "
    "example.com', 'carol – shop.example', 'dave – news.example', 'erin – "
    "mail.example', 'frank – bank.example', 'grace – games.example']>, " FROM_BUS "}" },
  { "purge", "{'kind': <'purge'>, 'passkeys': <['alice@example.org – example.org', 'bob – "
             "example.com']>, 'needs-pin': <true>, 'retries': <uint32 8>, " FROM_BUS "}" },
  { "edit", "{'kind': <'edit'>, 'passkeys': <['alice@example.org – example.org']>, 'changes': "
            "<['Account: “alice@example.org” becomes “alice@example.net”', 'Display name: “Alice” "
            "is removed']>, 'requester': <'mortisectl (process 4711)'>, " FROM_SITE "}" },
  { "edit-setting", "{'kind': <'edit'>, 'changes': <['Lock after: 5 minutes becomes never']>, "
                    "'needs-pin': <true>, 'retries': <uint32 8>, " FROM_BUS "}" },
  { "unlock-recovery", "{'kind': <'unlock'>, 'needs-pin': <true>, 'retries': <uint32 8>, "
                       "'offer-recovery': <true>, " FROM_BUS "}" },
  { "unlock-blocked", "{'kind': <'unlock'>, 'rp-id': <'example.org'>, 'needs-pin': <true>, "
                      "'retries': <uint32 0>, 'offer-recovery': <true>, 'pin-blocked': <true>, "
                      "'min-pin-length': <uint32 4>, " FROM_SITE "}" },
  { "new-code", "{'kind': <'new-code'>, 'needs-pin': <true>, 'retries': <uint32 8>, "
                "'has-code': <true>, " FROM_BUS "}" },
  { "recover", "{'kind': <'recover'>, 'offer-recovery': <true>, 'min-pin-length': <uint32 4>, "
               "'retries': <uint32 0>, " FROM_BUS "}" },
  { "u2f-register",
    "{'kind': <'register'>, 'rp-id': "
    "<'https://www.gstatic.com/securitykey/origins.json'>, 'algorithm': <-7>, " FROM_SITE "}" },
  { "u2f", "{'kind': <'sign-in'>, 'rp-id': "
           "<'4f2a91c0d3b7e5864f2a91c0d3b7e5864f2a91c0d3b7e5864f2a91c0d3b7e586'>, 'accounts': "
           "<[{'created': <int64 1730000000>}]>, " FROM_SITE "}" },
  { "hostile",
    "{'kind': <'register'>, 'rp-id': "
    "<'accounts.google.com.sign-in-with-your-google-account-now.security-check.evil.example'>, "
    "'user-name': <'\\u202egro.elpmaxe@ecila\\u2066\\u0007 <b>bold</b> &amp; "
    "\\u200b👩‍👩‍👧‍👦 "
    "نام'>, "
    "'user-display-name': <'ةيبرعلا Ȧ̸̡̢̛̗̘̙̜̝̞̟̠̣̤̥̦̩̪̫̬̭̮̯̰̱̲̳̹̺̻̼ and a rather long tail of a name that goes on and on and on "
    "until nobody reads it any more'>, "
    "'needs-pin': <true>, 'verify': <true>, 'retries': <uint32 8>, 'offer-export': <true>, "
    "'demo': <true>, 'host': <'a-very-long-host-name-of-some-company-laptop-0815.internal'>}" },
  { NULL, NULL },
};

/* The agent says who asks in the person's language. */
static GVariant *
with_requester (GVariant *question)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (question);
  const char *requester = NULL;

  if (g_variant_dict_lookup (&dict, "requester", "&s", &requester))
    g_variant_dict_insert (&dict, "requester", "s", g_dgettext (GETTEXT_PACKAGE, requester));
  g_variant_unref (question);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

GVariant *
prompt_question (const char *name)
{
  for (const PromptQuestion *question = prompt_questions; question->name != NULL; question++)
    {
      g_autoptr (GError) error = NULL;
      GVariant *dictionary;

      if (!g_str_equal (question->name, name))
        continue;
      dictionary = g_variant_parse (G_VARIANT_TYPE_VARDICT, question->text, NULL, NULL, &error);
      g_assert_no_error (error);
      return with_requester (dictionary);
    }
  g_error ("No question called %s", name);
}
