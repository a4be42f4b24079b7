/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/prompter.h"

#include <stdio.h>

#include "app/agent/consent-question.h"
#include "core/ctap/pin-uv-auth-token.h"
#include "core/mortise-error.h"
#include "core/vault/vault-settings.h"
#include "tests/support/prompter-script.h"
#include "tests/support/vault-fixture.h"

typedef struct
{
  VaultFixture vault;
  PrompterScript *script;
  MortisePrompter *prompter;
  MortiseConsent *consent;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  vault_fixture_set_up (&f->vault, NULL);
  f->script = prompter_script_new (f->vault.root);
  g_setenv ("MORTISE_TEST_PROMPTER_DIR", f->script->directory, TRUE);
  f->prompter = mortise_prompter_new (SCRIPTED_PROMPTER, FALSE);
  f->consent = MORTISE_CONSENT (f->prompter);
  vault_fixture_create (&f->vault);
  mortise_prompter_set_vault (f->prompter, f->vault.vault);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  mortise_prompter_shut_down (f->prompter);
  mortise_prompter_set_vault (f->prompter, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->prompter);
  prompter_script_free (f->script);
  vault_fixture_tear_down (&f->vault, NULL);
}

static const MortiseConsentQuestion sign_in = {
  .kind = MORTISE_CONSENT_SIGN_IN,
  .rp_id = "example.org",
};

/* Asks, and lets the question go. */
static gboolean
ask (Fixture *f,
     const MortiseConsentQuestion *question,
     MortiseConsentAnswer *ret_answer,
     GError **error)
{
  g_autoptr (MortiseConsentRequest) request = mortise_consent_begin (f->consent, question, error);

  return request != NULL && mortise_consent_wait (request, NULL, ret_answer, error);
}

static void
assert_ask_fails (Fixture *f, const MortiseConsentQuestion *question, MortiseError code)
{
  MortiseConsentAnswer answer;
  g_autoptr (GError) error = NULL;

  g_assert_false (ask (f, question, &answer, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

/* Unlocked already and nobody wants verification: a yes is enough. */
static void
test_presence (Fixture *f, gconstpointer data)
{
  MortiseConsentAnswer answer;
  g_autoptr (GError) error = NULL;

  prompter_script_answer (f->script, "approve pin=1234");
  g_assert_true (ask (f, &sign_in, &answer, &error));
  g_assert_no_error (error);
  g_assert_false (answer.verified);
  prompter_script_assert_logged (f->script, "'needs-pin': <false>");
  prompter_script_assert_logged (f->script, "'kind': <'sign-in'>");
  prompter_script_assert_logged (f->script, "'rp-id': <'example.org'>");
  prompter_script_wait_for (f->script, "1 closed-by-agent");
}

static void
test_words (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseCredential) account = mortise_credential_new ();
  g_autoptr (GPtrArray) accounts = g_ptr_array_new ();
  g_autofree char *long_name = g_strnfill (MORTISE_NAME_MAX, 'x');
  g_autofree char *cut = g_strconcat (long_name + 1, "€", NULL);
  MortiseConsentQuestion question = {
    .kind = MORTISE_CONSENT_REGISTER,
    .rp_id = "example.org",
    .rp_name = "Example",
    .user_name = "bad \xff name",
    .user_display_name = cut,
    .accounts = accounts,
    .offer_export = TRUE,
    .allow_export = TRUE,
    .algorithm = MORTISE_ALG_ES256,
  };
  MortiseConsentAnswer answer;
  g_autofree char *log = NULL;

  account->user_name = g_strdup ("alice");
  account->last_used_at = 1700000000;
  g_ptr_array_add (accounts, account);
  prompter_script_answer (f->script, "approve allow-export=0");
  g_assert_true (ask (f, &question, &answer, NULL));
  g_assert_false (answer.allow_export);
  prompter_script_assert_logged (f->script, "'kind': <'register'>");
  prompter_script_assert_logged (f->script, "'software-tpm': <true>");
  prompter_script_assert_logged (f->script, "'rp-name': <'Example'>");
  prompter_script_assert_logged (f->script, "'algorithm': <-7>");
  prompter_script_assert_logged (f->script, "'offer-export': <true>");
  prompter_script_assert_logged (f->script, "'last-used': <int64 1700000000>");
  prompter_script_assert_logged (f->script, "bad \xef\xbf\xbd name");
  /* The € would have been cut in two. */
  log = prompter_script_read_log (f->script);
  g_assert_nonnull (strstr (log, long_name + 1));
  g_assert_null (strstr (log, "€"));
}

static void
test_account (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseCredential) account = mortise_credential_new ();
  g_autoptr (GPtrArray) accounts = g_ptr_array_new ();
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_SIGN_IN, .rp_id = "example.org" };
  MortiseConsentAnswer answer;

  for (guint i = 0; i < 3; i++)
    g_ptr_array_add (accounts, account);
  question.accounts = accounts;
  prompter_script_answer (f->script, "approve account=2");
  g_assert_true (ask (f, &question, &answer, NULL));
  g_assert_cmpuint (answer.account, ==, 2);

  prompter_script_answer (f->script, "approve account=3");
  assert_ask_fails (f, &question, MORTISE_ERROR_PROMPT_FAILED);
}

static void
test_unlock (Fixture *f, gconstpointer data)
{
  MortiseConsentAnswer answer;
  g_autoptr (GError) error = NULL;

  mortise_vault_lock (f->vault.vault);
  prompter_script_answer (f->script, "approve pin=1234");
  g_assert_true (ask (f, &sign_in, &answer, &error));
  g_assert_no_error (error);
  g_assert_true (answer.verified);
  g_assert_cmpint (mortise_vault_get_state (f->vault.vault), ==, MORTISE_VAULT_UNLOCKED);
  prompter_script_assert_logged (f->script, "'needs-pin': <true>");
  prompter_script_assert_logged (f->script, "'retries': <uint32 8>");
}

static void
test_wrong_then_right (Fixture *f, gconstpointer data)
{
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE };
  MortiseConsentAnswer answer;
  g_autoptr (GError) error = NULL;

  prompter_script_answer (f->script, "pin=9999,1234 approve");
  g_assert_true (ask (f, &question, &answer, &error));
  g_assert_no_error (error);
  g_assert_true (answer.verified);
  prompter_script_assert_logged (f->script, "'pin-wrong': <true>");
  prompter_script_assert_logged (f->script, "'retries': <uint32 7>");
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault.vault), ==, 8);
}

/* The third wrong PIN ends the dialogue for the asker; the prompt stays to say why. */
static void
test_three_wrong (Fixture *f, gconstpointer data)
{
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE };
  g_autofree char *log = NULL;

  prompter_script_answer (f->script, "pin=9991,9992,9993,1234 approve");
  assert_ask_fails (f, &question, MORTISE_ERROR_PIN_AUTH_BLOCKED);
  prompter_script_wait_for (f->script, "'fatal': <true>");
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault.vault), ==, 5);
  log = prompter_script_read_log (f->script);
  g_assert_null (strstr (log, "1 secret 1\n1 secret 1"));

  /* The next question is asked although the last prompt may still be there. */
  prompter_script_answer (f->script, "approve pin=1234");
  assert_ask_fails (f, &question, MORTISE_ERROR_PIN_AUTH_BLOCKED);
}

static void
test_tpm_lockout (Fixture *f, gconstpointer data)
{
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE };

  mortise_fake_tpm_fail (vault_fixture_get_fake (&f->vault), MORTISE_FAKE_TPM_UNSEAL, 0, 1,
                         MORTISE_ERROR_TPM_LOCKOUT);
  prompter_script_answer (f->script, "approve pin=1234");
  assert_ask_fails (f, &question, MORTISE_ERROR_TPM_LOCKOUT);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault.vault), ==, 8);
}

typedef struct
{
  const char *name;
  const char *line;
  MortiseError code;
} Refusal;

static const Refusal refusals[] = {
  { "deny", "deny", MORTISE_ERROR_DENIED },
  { "close", "close", MORTISE_ERROR_DENIED },
  { "crash", "crash", MORTISE_ERROR_DENIED },
  { "no-display", "no-display", MORTISE_ERROR_PROMPT_FAILED },
  { "garbage", "garbage", MORTISE_ERROR_PROMPT_FAILED },
  { "without-pin", "approve", MORTISE_ERROR_PROMPT_FAILED },
};

static void
test_refusal (Fixture *f, gconstpointer data)
{
  const Refusal *refusal = data;
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE };
  MortiseConsentAnswer answer;

  prompter_script_answer (f->script, refusal->line);
  assert_ask_fails (f, &question, refusal->code);
  g_assert_false (mortise_prompter_is_prompting (f->prompter));

  /* And the next one works. */
  prompter_script_answer (f->script, "approve pin=1234");
  g_assert_true (ask (f, &question, &answer, NULL));
}

static void
test_missing_program (Fixture *f, gconstpointer data)
{
  g_autoptr (MortisePrompter) prompter = mortise_prompter_new ("/nonexistent/prompt", FALSE);
  g_autoptr (MortiseConsentRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (mortise_consent_can_verify (MORTISE_CONSENT (prompter)));
  request = mortise_consent_begin (MORTISE_CONSENT (prompter), &sign_in, &error);
  g_assert_null (request);
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Each time twice as long, until it was long enough for the prompt to come up. */
static void
test_time_out (Fixture *f, gconstpointer data)
{
  g_autofree char *log = NULL;
  const char *found;
  guint timeout = 1;
  guint told = 0;

  for (; prompter_script_count (f->script) == 0; timeout *= 2)
    {
      g_assert_cmpuint (timeout, <=, 256);
      mortise_prompter_set_timeout (f->prompter, timeout);
      prompter_script_answer (f->script, "hang");
      assert_ask_fails (f, &sign_in, MORTISE_ERROR_TIMED_OUT);
    }
  prompter_script_wait_for (f->script, "1 closed-by-agent");
  log = prompter_script_read_log (f->script);
  found = strstr (log, "'timeout': <uint32 ");
  g_assert_nonnull (found);
  g_assert_cmpint (sscanf (found, "'timeout': <uint32 %u>", &told), ==, 1);
  g_assert_cmpuint (told, >=, 1);
  g_assert_cmpuint (told, <, timeout);
}

/* --- What comes from other threads -------------------------------------------------------------
 */

typedef struct
{
  Fixture *fixture;
  MortiseConsentRequest *request;
  GCancellable *cancellable;
  MortiseConsentAnswer answer;
  GError *error;
  gboolean ok;
} Waiter;

static gpointer
wait_in_thread (gpointer data)
{
  Waiter *waiter = data;

  waiter->ok =
      mortise_consent_wait (waiter->request, waiter->cancellable, &waiter->answer, &waiter->error);
  g_clear_pointer (&waiter->request, mortise_consent_request_free);
  return NULL;
}

static GThread *
start_waiting (Waiter *waiter, Fixture *f)
{
  waiter->fixture = f;
  waiter->cancellable = g_cancellable_new ();
  waiter->request = mortise_consent_begin (f->consent, &sign_in, &waiter->error);
  g_assert_no_error (waiter->error);
  return g_thread_new ("wait", wait_in_thread, waiter);
}

static void
waiter_clear (Waiter *waiter)
{
  g_clear_object (&waiter->cancellable);
  g_clear_error (&waiter->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Waiter, waiter_clear)

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_auto (Waiter) waiter = { 0 };
  GThread *thread;

  prompter_script_answer (f->script, "hang");
  thread = start_waiting (&waiter, f);
  prompter_script_wait_for (f->script, "1 shown");
  g_assert_true (mortise_prompter_is_prompting (f->prompter));
  g_cancellable_cancel (waiter.cancellable);
  g_thread_join (thread);
  g_assert_error (waiter.error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
  prompter_script_wait_for (f->script, "1 closed-by-agent");
}

static void
test_withdraw (Fixture *f, gconstpointer data)
{
  g_auto (Waiter) waiter = { 0 };
  GThread *thread;

  prompter_script_answer (f->script, "hang");
  thread = start_waiting (&waiter, f);
  prompter_script_wait_for (f->script, "1 shown");
  mortise_prompter_withdraw (f->prompter, MORTISE_ERROR_DENIED);
  g_thread_join (thread);
  g_assert_error (waiter.error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
}

static void
test_raise (Fixture *f, gconstpointer data)
{
  g_auto (Waiter) waiter = { 0 };
  GThread *thread;

  mortise_prompter_raise (f->prompter); /* nobody to raise: nothing happens */
  prompter_script_answer (f->script, "hang");
  thread = start_waiting (&waiter, f);
  prompter_script_wait_for (f->script, "1 shown");
  mortise_prompter_raise (f->prompter);
  prompter_script_wait_for (f->script, "1 raise");
  g_cancellable_cancel (waiter.cancellable);
  g_thread_join (thread);
}

/* A second client waits for its turn; the window is told to come back. */
static void
test_turns (Fixture *f, gconstpointer data)
{
  g_auto (Waiter) first = { 0 };
  g_auto (Waiter) second = { 0 };
  g_autoptr (GError) error = NULL;
  GThread *first_thread, *second_thread;
  GVariantDict dict;

  prompter_script_answer (f->script, "hang");
  prompter_script_answer (f->script, "approve");
  first_thread = start_waiting (&first, f);
  prompter_script_wait_for (f->script, "1 shown");
  second_thread = start_waiting (&second, f);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", "delete");
  g_assert_false (
      mortise_prompter_ask (f->prompter, &dict, FALSE, FALSE, NULL, NULL, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_BUSY);
  g_assert_cmpuint (prompter_script_count (f->script), ==, 1);

  g_cancellable_cancel (first.cancellable);
  g_thread_join (first_thread);
  g_thread_join (second_thread);
  g_assert_no_error (second.error);
  g_assert_true (second.ok);
}

static void
test_cancel_in_turn (Fixture *f, gconstpointer data)
{
  g_auto (Waiter) first = { 0 };
  g_auto (Waiter) second = { 0 };
  GThread *first_thread, *second_thread;

  prompter_script_answer (f->script, "hang");
  first_thread = start_waiting (&first, f);
  prompter_script_wait_for (f->script, "1 shown");
  second_thread = start_waiting (&second, f);
  g_cancellable_cancel (second.cancellable);
  g_thread_join (second_thread);
  g_assert_error (second.error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
  g_cancellable_cancel (first.cancellable);
  g_thread_join (first_thread);
  g_assert_cmpuint (prompter_script_count (f->script), ==, 1);
}

/* Freed without waiting: the prompt goes away. */
static void
test_abandon (Fixture *f, gconstpointer data)
{
  MortiseConsentRequest *request;

  prompter_script_answer (f->script, "hang");
  request = mortise_consent_begin (f->consent, &sign_in, NULL);
  g_assert_nonnull (request);
  prompter_script_wait_for (f->script, "1 shown");
  mortise_consent_request_free (request);
  prompter_script_wait_for (f->script, "1 closed-by-agent");
}

/* --- Questions over the bus --------------------------------------------------------------------
 */

static gboolean
refuse_short (const MortiseSecret *pin,
              const MortiseSecret *new_pin,
              gpointer user_data,
              GError **error)
{
  guint *calls = user_data;

  ++*calls;
  g_assert_nonnull (pin);
  g_assert_cmpmem (mortise_secret_peek (new_pin), mortise_secret_get_size (new_pin), "77", 2);
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY, "Too short.");
  return FALSE;
}

static void
test_new_pin_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GVariantDict dict;
  guint calls = 0;

  prompter_script_answer (f->script, "approve pin=1234 new-pin=77");
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", "change-pin");
  g_assert_false (
      mortise_prompter_ask (f->prompter, &dict, TRUE, TRUE, refuse_short, &calls, NULL, &error));
  /* Asked again with the reason, the script has nothing else to say. */
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  g_assert_cmpuint (calls, ==, 1);
  prompter_script_assert_logged (f->script, "'message': <'Too short.'>");
}

/* --- Recovery code -----------------------------------------------------------------------------
 */

static char *
read_file (Fixture *f, const char *name)
{
  g_autofree char *path = g_build_filename (f->script->directory, name, NULL);
  char *content = NULL;

  return g_file_get_contents (path, &content, NULL, NULL) ? content : NULL;
}

typedef struct
{
  MortiseSecret *code;
  gboolean kept;
} ShownCode;

static const MortiseSecret *
make_shown_code (gpointer user_data, GError **error)
{
  ShownCode *shown = user_data;

  return shown->code;
}

static gboolean
keep_shown_code (gpointer user_data, GError **error)
{
  ShownCode *shown = user_data;

  shown->kept = TRUE;
  return TRUE;
}

static gboolean
ask_showing (Fixture *f, ShownCode *shown, GError **error)
{
  GVariantDict members;

  g_variant_dict_init (&members, NULL);
  g_variant_dict_insert (&members, "kind", "s", "new-code");
  return mortise_prompter_ask_showing (f->prompter, &members, make_shown_code, keep_shown_code,
                                       shown, NULL, error);
}

/* Shown after the right PIN only, and kept after a second yes only. */
static void
test_show_code (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) code = mortise_secret_new_from_data ("ABCDE-FGHIJ", 11);
  ShownCode shown = { code, FALSE };
  g_autoptr (GError) error = NULL;
  g_autofree char *seen = NULL;

  prompter_script_answer (f->script, "approve pin=9999");
  g_assert_false (ask_showing (f, &shown, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  g_assert_false (shown.kept);
  g_assert_null (read_file (f, "code"));

  g_clear_error (&error);
  prompter_script_answer (f->script, "approve pin=1234 drop-code");
  g_assert_false (ask_showing (f, &shown, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  g_assert_false (shown.kept);
  seen = read_file (f, "code");
  g_assert_cmpstr (seen, ==, "ABCDE-FGHIJ");

  g_clear_error (&error);
  prompter_script_answer (f->script, "approve pin=1234");
  g_assert_true (ask_showing (f, &shown, &error));
  g_assert_no_error (error);
  g_assert_true (shown.kept);
}

/* Nothing offers a code that does not exist. */
static void
test_recovery_not_offered (Fixture *f, gconstpointer data)
{
  mortise_vault_lock (f->vault.vault);
  prompter_script_answer (f->script, "approve recovery=code new-pin=56789");
  assert_ask_fails (f, &sign_in, MORTISE_ERROR_DENIED);
  prompter_script_assert_logged (f->script, "'offer-recovery': <false>");
}

static void
test_recovery_instead_of_pin (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) code = vault_fixture_create_code (&f->vault, NULL);
  g_autofree char *text =
      g_strndup ((const char *) mortise_secret_peek (code), mortise_secret_get_size (code));
  g_autofree char *line = g_strdup_printf ("approve recovery=%s new-pin=56789", text);
  MortiseConsentAnswer answer;
  g_autoptr (GError) error = NULL;

  mortise_vault_lock (f->vault.vault);
  prompter_script_answer (f->script, line);
  g_assert_true (ask (f, &sign_in, &answer, &error));
  g_assert_no_error (error);
  g_assert_true (answer.verified);
  g_assert_cmpint (mortise_vault_get_state (f->vault.vault), ==, MORTISE_VAULT_UNLOCKED);
  prompter_script_assert_logged (f->script, "'offer-recovery': <true>");
  prompter_script_assert_logged (f->script, "'pin-blocked': <false>");

  mortise_vault_lock (f->vault.vault);
  prompter_script_answer (f->script, "approve pin=56789");
  g_assert_true (ask (f, &sign_in, &answer, &error));
}

static void
test_no_vault (Fixture *f, gconstpointer data)
{
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE };
  MortiseConsentQuestion select = { .kind = MORTISE_CONSENT_SELECT };
  MortiseConsentAnswer answer;

  g_assert_true (mortise_vault_reset (f->vault.vault, NULL));
  prompter_script_default (f->script, "approve");
  assert_ask_fails (f, &question, MORTISE_ERROR_NO_VAULT);
  g_assert_cmpuint (prompter_script_count (f->script), ==, 0);
  /* Presence needs no vault. */
  g_assert_true (ask (f, &select, &answer, NULL));
}

/* A finger may stand for the PIN only where that is set, the vault is open, and nothing about its
 * protection is to change. What the prompt says is no match: it has none to give. */
static void
test_finger_offered (Fixture *f, gconstpointer data)
{
  const struct
  {
    MortiseConsentQuestion question;
    gboolean on;
    gboolean locked;
    gboolean offered;
  } cases[] = {
    { { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE }, FALSE, FALSE, FALSE },
    { { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE }, TRUE, FALSE, TRUE },
    { { .kind = MORTISE_CONSENT_SIGN_IN, .rp_id = "a.example", .verify = TRUE },
      TRUE,
      FALSE,
      TRUE },
    { { .kind = MORTISE_CONSENT_SIGN_IN, .rp_id = "a.example" }, TRUE, FALSE, FALSE },
    { { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE, .permissions = MORTISE_PERMISSION_ACFG },
      TRUE,
      FALSE,
      FALSE },
    { { .kind = MORTISE_CONSENT_UNLOCK }, TRUE, TRUE, FALSE },
    { { .kind = MORTISE_CONSENT_SIGN_IN, .rp_id = "a.example", .verify = TRUE },
      TRUE,
      TRUE,
      FALSE },
  };
  g_autoptr (MortiseFingerprint) fingerprint = mortise_fingerprint_new ();

  mortise_prompter_set_fingerprint (f->prompter, fingerprint);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *offer =
          g_strdup_printf ("'finger': <%s>", cases[i].offered ? "true" : "false");
      g_autofree char *line =
          g_strdup_printf ("%u question", prompter_script_count (f->script) + 1);
      g_autofree char *log = NULL;
      const char *found;
      MortiseConsentAnswer answer = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (mortise_vault_set_setting (f->vault.vault, MORTISE_SETTING_FINGERPRINT,
                                                g_variant_new_boolean (cases[i].on), NULL));
      if (cases[i].locked)
        mortise_vault_lock (f->vault.vault);
      prompter_script_answer (f->script, "approve pin=1234");
      g_assert_true (ask (f, &cases[i].question, &answer, &error));
      g_assert_no_error (error);
      log = prompter_script_read_log (f->script);
      found = strstr (log, line);
      g_assert_nonnull (found);
      g_assert_nonnull (strstr (found, offer));

      if (!cases[i].offered)
        continue;
      prompter_script_answer (f->script, "approve");
      assert_ask_fails (f, &cases[i].question, MORTISE_ERROR_PROMPT_FAILED);
    }
  mortise_prompter_set_fingerprint (f->prompter, NULL);
}

/* Of thousands a prompt shows the first, and how many more there are. */
static void
test_many_lines (void)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_auto (GStrv) shown = NULL;
  char line[] = "a line";

  for (guint i = 0; i < 12000; i++)
    g_ptr_array_add (lines, i < MORTISE_QUESTION_MAX_LINES ? line : NULL);
  mortise_consent_question_insert_lines (&dict, "passkeys", lines);
  g_assert_true (g_variant_dict_lookup (&dict, "passkeys", "^as", &shown));
  g_assert_cmpuint (g_strv_length (shown), ==, MORTISE_QUESTION_MAX_LINES + 1);
  g_assert_cmpstr (shown[MORTISE_QUESTION_MAX_LINES - 1], ==, "a line");
  g_assert_cmpstr (shown[MORTISE_QUESTION_MAX_LINES], ==, "… and 11800 more");
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prompter/many-lines", test_many_lines);
  ADD ("/prompter/presence", test_presence);
  ADD ("/prompter/words", test_words);
  ADD ("/prompter/account", test_account);
  ADD ("/prompter/unlock", test_unlock);
  ADD ("/prompter/wrong-then-right", test_wrong_then_right);
  ADD ("/prompter/three-wrong", test_three_wrong);
  ADD ("/prompter/tpm-lockout", test_tpm_lockout);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/prompter/refusal/", refusals[i].name, NULL);

      g_test_add (path, Fixture, &refusals[i], set_up, test_refusal, tear_down);
    }
  ADD ("/prompter/missing-program", test_missing_program);
  ADD ("/prompter/time-out", test_time_out);
  ADD ("/prompter/cancel", test_cancel);
  ADD ("/prompter/withdraw", test_withdraw);
  ADD ("/prompter/raise", test_raise);
  ADD ("/prompter/turns", test_turns);
  ADD ("/prompter/cancel-in-turn", test_cancel_in_turn);
  ADD ("/prompter/abandon", test_abandon);
  ADD ("/prompter/new-pin-refused", test_new_pin_refused);
  ADD ("/prompter/show-code", test_show_code);
  ADD ("/prompter/recovery-not-offered", test_recovery_not_offered);
  ADD ("/prompter/recovery-instead-of-pin", test_recovery_instead_of_pin);
  ADD ("/prompter/no-vault", test_no_vault);
  ADD ("/prompter/finger-offered", test_finger_offered);
  return g_test_run ();
}
