/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/agent/prompt-process.h"
#include "app/agent/prompter.h"
#include "app/prompt/prompt-pin.h"
#include "app/prompt/prompt-question.h"
#include "app/prompt/prompt-site.h"
#include "app/prompt/prompt-words.h"
#include "tests/fuzz/fuzz-authenticator.h"
#include "tests/fuzz/fuzz-target.h"
#include "tests/fuzz/fuzz-variant.h"

/*
 * Frames to both ends of the dialogue between agent and prompt. The first byte says to which: the
 * agent's prompter, with everything behind it, gets what a prompt gone mad may say; the prompt gets
 * questions as no agent asks them.
 */

#define MAX_FRAMES 24

static const char *const members[] = {
  "kind",     "rp-id",        "rp-name",      "user-name",  "user-display-name",
  "accounts", "needs-pin",    "verify",       "retries",    "min-pin-length",
  "label",    "offer-export", "allow-export", "algorithm",  "passkeys",
  "changes",  "count",        "requester",    "demo",       "host",
  "timeout",  "approved",     "account",      "working",    "pin-wrong",
  "message",  "fatal",        "last-used",    "created",    "register",
  "sign-in",  "select",       "excluded",     "no-passkey", "unlock",
  "reset",    "create-vault", "change-pin",   "delete",     "purge",
  "edit",     NULL,
};

/* The other end's descriptor while a question is asked. */
static struct
{
  int fd;
  FuzzInput *input;
  const char *rp_id;
} other;

/* --- Writing frames --------------------------------------------------------------------------- */

static void
write_all (int fd, gconstpointer data, gsize size)
{
  /* What no longer fits is not sent: nobody reads it before all is written. */
  (void) send (fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
write_header (int fd, guint8 type, guint32 size)
{
  guint8 header[5];

  size = GUINT32_TO_LE (size);
  memcpy (header, &size, sizeof size);
  header[4] = type;
  write_all (fd, header, sizeof header);
}

static void
write_dictionary (int fd, guint8 type, FuzzInput *input)
{
  g_autoptr (GVariant) dictionary = g_variant_ref_sink (fuzz_variant_dictionary (input, members));
  gsize size = g_variant_get_size (dictionary);
  g_autofree guint8 *data = g_malloc (size + 1);

  g_variant_store (dictionary, data);
  write_header (fd, type, (guint32) size);
  if (size > 0)
    write_all (fd, data, size);
}

static void
write_secret (int fd, FuzzInput *input)
{
  static const char *const secrets[] = { FUZZ_PIN, "12345678", "wrong", "1", "åäöü" };
  guint8 kind = fuzz_input_byte (input) % 6;
  const char *secret = secrets[fuzz_input_below (input, G_N_ELEMENTS (secrets))];

  write_header (fd, MORTISE_FRAME_SECRET, (guint32) strlen (secret) + 1);
  write_all (fd, &kind, 1);
  write_all (fd, secret, strlen (secret));
}

static void
write_frames (int fd, FuzzInput *input)
{
  static const guint8 types[] = { MORTISE_FRAME_QUESTION, MORTISE_FRAME_UPDATE,
                                  MORTISE_FRAME_RAISE,    MORTISE_FRAME_SHOWN,
                                  MORTISE_FRAME_ANSWER,   MORTISE_FRAME_ANSWER,
                                  MORTISE_FRAME_QUESTION, MORTISE_FRAME_SECRET };

  for (guint i = 0; i < MAX_FRAMES && !fuzz_input_is_empty (input); i++)
    {
      guint8 byte = fuzz_input_byte (input);

      if (byte < 0x60)
        write_dictionary (fd, types[byte % G_N_ELEMENTS (types)], input);
      else if (byte < 0xa0)
        write_secret (fd, input);
      else if (byte < 0xc0)
        write_header (fd, types[byte % G_N_ELEMENTS (types)], 0);
      else
        {
          g_autoptr (GBytes) block = fuzz_input_block (input, 4096);

          /* A header of its own, or anything at all. */
          if (byte < 0xe0)
            write_header (fd, fuzz_input_byte (input), (guint32) g_bytes_get_size (block));
          write_all (fd, g_bytes_get_data (block, NULL), g_bytes_get_size (block));
        }
    }
}

/* --- The prompt's end ------------------------------------------------------------------------- */

static void
check_text (const char *text)
{
  g_assert (text == NULL || g_utf8_validate (text, -1, NULL));
}

static void
read_account (const MortisePromptAccount *account)
{
  g_autofree char *title = mortise_prompt_words_account_title (account);
  g_autofree char *subtitle = mortise_prompt_words_account_subtitle (account, TRUE);

  check_text (title);
  check_text (subtitle);
}

/* All that the window says, as it works it out. */
static void
read_question (GVariant *dictionary)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortisePromptQuestion) question = mortise_prompt_question_parse (dictionary, &error);
  g_autoptr (MortisePromptWords) words = NULL;
  g_autoptr (MortisePromptSite) site = NULL;
  g_autofree char *key = NULL;
  g_autofree char *retries = NULL;

  g_assert ((question == NULL) == (error != NULL));
  if (question == NULL)
    return;
  words = mortise_prompt_words_new (question);
  check_text (words->heading);
  check_text (words->why);
  check_text (words->notice);
  check_text (words->asker);
  check_text (words->confirm_text);
  key = mortise_prompt_words_key (question);
  check_text (key);
  retries = mortise_prompt_words_retries (question->retries);
  check_text (retries);
  if (question->rp_id != NULL)
    {
      site = mortise_prompt_site_new (question->rp_id);
      check_text (site->text);
      check_text (site->note);
    }
  for (guint i = 0; i < question->accounts->len; i++)
    read_account (mortise_prompt_question_get_account (question, i));
  (void) mortise_prompt_pin_check (question->rp_name != NULL ? question->rp_name : "",
                                   question->min_pin_length);
}

static void
run_prompt_end (FuzzInput *input)
{
  g_autoptr (MortisePromptChannel) channel = NULL;
  int fds[2];
  gboolean more = TRUE;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  channel = mortise_prompt_channel_new (fds[0]);
  write_frames (fds[1], input);
  close (fds[1]);
  while (more)
    {
      g_autoptr (GVariant) dictionary = NULL;
      g_autoptr (MortiseSecret) secret = NULL;
      g_autoptr (GError) error = NULL;
      MortiseSecretKind kind = 0;
      MortiseFrameType type = 0;

      more = mortise_prompt_channel_receive (channel, NULL, 0, &type, &dictionary, &kind, &secret,
                                             &error);
      g_assert (more == (error == NULL));
      if (more && type == MORTISE_FRAME_QUESTION)
        read_question (dictionary);
      g_assert (!more || (dictionary != NULL) != (secret != NULL));
    }
}

/* --- The agent's end: a prompt of ours in the place of prompt-process.c ----------------------- */

struct _MortisePromptProcess
{
  MortisePromptChannel *channel;
  MortisePromptChannel *peer;
};

MortisePromptProcess *
mortise_prompt_process_start (const char *program, char **environment, GError **error)
{
  MortisePromptProcess *process = g_new0 (MortisePromptProcess, 1);
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  process->channel = mortise_prompt_channel_new (fds[0]);
  process->peer = mortise_prompt_channel_new (fds[1]);
  /* All that will ever be said is there before the agent reads. */
  write_frames (fds[1], other.input);
  shutdown (fds[1], SHUT_WR);
  return process;
}

/* What the agent asked can be read by the prompt, and is about the right site. */
static void
check_question (MortisePromptProcess *process)
{
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortisePromptQuestion) question = NULL;
  MortiseFrameType type;

  g_assert (mortise_prompt_channel_receive (process->peer, NULL, 0, &type, &dictionary, NULL, NULL,
                                            NULL));
  g_assert_cmpint (type, ==, MORTISE_FRAME_QUESTION);
  question = mortise_prompt_question_parse (dictionary, NULL);
  g_assert_nonnull (question);
  if (question->rp_id != NULL)
    g_assert_cmpstr (question->rp_id, ==, other.rp_id);
}

void
mortise_prompt_process_free (MortisePromptProcess *process)
{
  if (process == NULL)
    return;
  mortise_prompt_channel_free (process->channel);
  mortise_prompt_channel_free (process->peer);
  g_free (process);
}

gboolean
mortise_prompt_process_send (MortisePromptProcess *process,
                             MortiseFrameType type,
                             GVariant *dictionary,
                             GError **error)
{
  gboolean sent = mortise_prompt_channel_send (process->channel, type, dictionary, error);

  if (sent && type == MORTISE_FRAME_QUESTION)
    check_question (process);
  return sent;
}

gboolean
mortise_prompt_process_send_secret (MortisePromptProcess *process,
                                    MortiseSecretKind kind,
                                    const MortiseSecret *secret,
                                    GError **error)
{
  return mortise_prompt_channel_send_secret (process->channel, kind, secret, error);
}

MortisePromptChannel *
mortise_prompt_process_get_channel (MortisePromptProcess *process)
{
  return process->channel;
}

/* --- The agent's end: asking ------------------------------------------------------------------ */

static void
ask_as_client (MortisePrompter *prompter, MortiseVault *vault, FuzzInput *input)
{
  g_autofree char *rp_id = fuzz_input_text (input);
  g_autofree char *name = fuzz_input_text (input);
  g_autoptr (GPtrArray) accounts = mortise_vault_find_by_rp (vault, "example.com", FALSE, NULL);
  g_autoptr (MortiseConsentRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  MortiseConsentAnswer answer = { 0 };
  MortiseConsentQuestion question = { .rp_id = rp_id, .rp_name = name, .user_name = name };

  question.kind = (MortiseConsentKind) fuzz_input_below (input, MORTISE_CONSENT_RESET + 1);
  question.verify = fuzz_input_bool (input);
  question.accounts = accounts;
  question.algorithm = MORTISE_ALG_ES256;
  other.rp_id = rp_id;
  request = mortise_consent_begin (MORTISE_CONSENT (prompter), &question, &error);
  if (request == NULL)
    return;
  if (!mortise_consent_wait (request, NULL, &answer, &error))
    {
      g_assert_nonnull (error);
      g_assert_true (error->domain == MORTISE_ERROR);
      return;
    }
  g_assert_true (answer.verified || !question.verify);
  if (answer.verified)
    g_assert_cmpint (mortise_vault_get_state (vault), ==, MORTISE_VAULT_UNLOCKED);
  g_assert_cmpuint (answer.account, <, MAX (accounts != NULL ? accounts->len : 0, 1));
}

static gboolean
accept_pins (const MortiseSecret *pin,
             const MortiseSecret *new_pin,
             gpointer user_data,
             GError **error)
{
  MortiseVault *vault = user_data;
  g_autoptr (MortiseSecret) hash = NULL;

  g_assert_nonnull (pin);
  g_assert_nonnull (new_pin);
  hash = mortise_pin_hash (pin, error);
  return hash != NULL && mortise_vault_change_pin (vault, hash, new_pin, error);
}

static void
ask_as_window (MortisePrompter *prompter, MortiseVault *vault, FuzzInput *input)
{
  static const char *const kinds[] = { "change-pin", "delete", "edit", "purge" };
  gboolean change = fuzz_input_bool (input);
  gboolean needs_pin = change || fuzz_input_bool (input);
  g_autoptr (GError) error = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", change ? kinds[0] : kinds[1]);
  other.rp_id = NULL;
  if (!mortise_prompter_ask (prompter, &dict, needs_pin, change, change ? accept_pins : NULL, vault,
                             NULL, &error))
    g_assert_true (error != NULL && error->domain == MORTISE_ERROR);
}

static void
run_agent_end (FuzzInput *input)
{
  FuzzAuthenticator *world = fuzz_authenticator_new (input);
  MortiseVault *vault = world->ctap.vault;
  g_autoptr (MortisePrompter) prompter = mortise_prompter_new ("/bin/sh", FALSE);

  mortise_prompter_set_vault (prompter, vault);
  other.input = input;
  if (fuzz_input_bool (input))
    ask_as_client (prompter, vault, input);
  else
    ask_as_window (prompter, vault, input);
  mortise_prompter_shut_down (prompter);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (mortise_prompter_is_prompting (prompter));
  fuzz_authenticator_free (world);
}

void
fuzz_target_prepare (void)
{
  /* Somewhere to show a window, so that nobody is asked for it. */
  g_setenv ("DISPLAY", ":0", TRUE);
  fuzz_authenticator_prepare ();
}

void
fuzz_target_run (FuzzInput *input)
{
  if (fuzz_input_bool (input))
    run_agent_end (input);
  else
    run_prompt_end (input);
}
