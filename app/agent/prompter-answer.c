/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/prompter-private.h"

#include <glib/gi18n.h>

/* --- Verifying what was typed ------------------------------------------------------------------
 */

static gboolean
unlock_with_pin (MortisePrompterQuestion *question, GError **error)
{
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (question->pin, error);

  return hash != NULL && mortise_vault_unlock (question->vault, hash, error);
}

static void
send_update (MortisePrompterQuestion *question, GVariantDict *dict)
{
  /* One that died shows at the next receive. */
  mortise_prompt_process_send (question->process, MORTISE_FRAME_UPDATE, g_variant_dict_end (dict),
                               NULL);
}

static void
send_working (MortisePrompterQuestion *question)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "working", "b", TRUE);
  send_update (question, &dict);
}

static void
ask_again (MortisePrompterQuestion *question, const GError *problem)
{
  guint retries = question->vault != NULL ? mortise_vault_get_pin_retries (question->vault) : 0;
  g_autofree char *message = NULL;
  gboolean wrong = g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID);
  GVariantDict dict;

  if (wrong)
    message = g_strdup_printf (ngettext ("Wrong PIN. %u try left before it is blocked.",
                                         "Wrong PIN. %u tries left before it is blocked.", retries),
                               retries);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "pin-wrong", "b", wrong);
  g_variant_dict_insert (&dict, "retries", "u", retries);
  g_variant_dict_insert (&dict, "message", "s", wrong ? message : problem->message);
  send_update (question, &dict);
}

/* The prompt stays to say why; the asker has the error at once. */
static void
end_fatally (MortisePrompterQuestion *question, const GError *problem)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "fatal", "b", TRUE);
  if (question->vault != NULL)
    g_variant_dict_insert (&dict, "retries", "u", mortise_vault_get_pin_retries (question->vault));
  g_variant_dict_insert (&dict, "message", "s", problem->message);
  mortise_prompter_question_stop_finger (question);
  send_update (question, &dict);
  mortise_prompter_question_linger (question);
}

/* The third wrong PIN in a row is one too many, and the asker must hear that rather than "wrong".
 */
static void
replace_if_blocked (MortisePrompterQuestion *question, GError **problem)
{
  if (!g_error_matches (*problem, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID) ||
      question->vault == NULL)
    return;
  if (mortise_vault_get_pin_retries (question->vault) == 0)
    {
      g_clear_error (problem);
      mortise_prompter_set_error (
          problem, MORTISE_ERROR_PIN_BLOCKED,
          _ ("The PIN was wrong too often and is blocked. Your passkeys are kept; only the "
             "recovery code opens the vault now."));
    }
  else if (mortise_vault_is_pin_auth_blocked (question->vault))
    {
      g_clear_error (problem);
      mortise_prompter_set_error (
          problem, MORTISE_ERROR_PIN_AUTH_BLOCKED,
          _ ("The PIN was wrong three times in a row. Restart the Mortise agent, or this "
             "computer, before trying again."));
    }
}

/* From now on only the recovery code is asked for. @problem: (nullable): why */
static void
turn_to_recovery (MortisePrompterQuestion *question, const GError *problem)
{
  GVariantDict dict;

  mortise_prompter_question_be_patient (question);
  mortise_prompter_question_stop_finger (question);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "recovery", "b", TRUE);
  g_variant_dict_insert (&dict, "message", "s", problem != NULL ? problem->message : "");
  send_update (question, &dict);
}

static gboolean
is_blocked (const GError *problem)
{
  return g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_PIN_BLOCKED) ||
         g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_PIN_AUTH_BLOCKED);
}

/* What the person can mend by typing it anew, or by finding their recovery code. */
static gboolean
may_ask_again (MortisePrompterQuestion *question, const GError *problem)
{
  return g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID) ||
         g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY) ||
         g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID) ||
         (question->offer_recovery && is_blocked (problem));
}

static gboolean
has_secrets (MortisePrompterQuestion *question)
{
  if (question->code_shown)
    return TRUE;
  if (question->recovery_code != NULL)
    return question->offer_recovery && question->new_pin != NULL;
  return !question->recovers &&
         (!question->needs_pin || question->pin != NULL || question->finger_matched) &&
         (!question->needs_new_pin || question->new_pin != NULL);
}

static void
forget_secrets (MortisePrompterQuestion *question)
{
  g_clear_pointer (&question->pin, mortise_secret_free);
  g_clear_pointer (&question->new_pin, mortise_secret_free);
  g_clear_pointer (&question->recovery_code, mortise_secret_free);
}

/* The keys may have gone since the question was put, and a finger brings none back. */
static gboolean
check_still_unlocked (MortisePrompterQuestion *question, GError **error)
{
  if (mortise_vault_get_state (question->vault) == MORTISE_VAULT_UNLOCKED)
    return TRUE;
  return mortise_prompter_set_error (
      error, MORTISE_ERROR_VAULT_LOCKED,
      _ ("The vault was locked meanwhile, and only the PIN opens it. Try again, and "
         "type the PIN."));
}

/* Does what was said yes to. */
static gboolean
carry_out (MortisePrompterQuestion *question, GError **error)
{
  if (question->code_shown)
    return question->keep_code (question->accept_data, error);
  if (question->recovery_code != NULL)
    return mortise_vault_reset_pin (question->vault, question->recovery_code, question->new_pin,
                                    error);
  if (question->finger_matched)
    return check_still_unlocked (question, error);
  if (question->accept != NULL)
    return question->accept (question->pin, question->new_pin, question->accept_data, error);
  return !question->needs_pin || unlock_with_pin (question, error);
}

/* The PIN was right: the code is shown, and a second yes awaited. */
static gboolean
show_code (MortisePrompterQuestion *question, GError **error)
{
  const MortiseSecret *code = question->make_code (question->accept_data, error);

  if (code == NULL)
    return FALSE;
  mortise_prompter_question_be_patient (question);
  question->code_shown = TRUE;
  return mortise_prompt_process_send_secret (question->process, MORTISE_SECRET_KIND_RECOVERY_CODE,
                                             code, error);
}

/* Returns: whether the dialogue is over; then *@error says whether with success */
static gboolean
accept_answer (MortisePrompterQuestion *question, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean shows = question->make_code != NULL && !question->code_shown;
  gboolean ok;

  /* A PIN that was typed is what counts, right or wrong. */
  question->finger_matched = question->finger != NULL && question->pin == NULL &&
                             mortise_finger_watch_has_matched (question->finger);
  if (!has_secrets (question))
    {
      mortise_prompter_set_error (
          error, MORTISE_ERROR_PROMPT_FAILED,
          _ ("The prompt answered without the PIN that was asked for, so nothing was done. "
             "Install Mortise again to mend it."));
      return TRUE;
    }

  send_working (question);
  ok = carry_out (question, &problem) && (!shows || show_code (question, &problem));
  forget_secrets (question);
  if (ok)
    {
      question->answer.verified = question->needs_pin;
      if (question->needs_pin)
        mortise_prompter_forgive_finger_misses (question->prompter);
      return !shows;
    }
  replace_if_blocked (question, &problem);
  if (!may_ask_again (question, problem))
    {
      end_fatally (question, problem);
      g_propagate_error (error, g_steal_pointer (&problem));
      return TRUE;
    }
  if (is_blocked (problem))
    {
      turn_to_recovery (question, problem);
      g_clear_error (&question->pin_problem);
      question->pin_problem = g_steal_pointer (&problem);
    }
  else
    ask_again (question, problem);
  return FALSE;
}

/* --- Listening ---------------------------------------------------------------------------------
 */

static void
take_secret (MortisePrompterQuestion *question, MortiseSecretKind kind, MortiseSecret *secret)
{
  MortiseSecret **place = kind == MORTISE_SECRET_KIND_PIN             ? &question->pin
                          : kind == MORTISE_SECRET_KIND_NEW_PIN       ? &question->new_pin
                          : kind == MORTISE_SECRET_KIND_RECOVERY_CODE ? &question->recovery_code
                                                                      : NULL;

  if (place == NULL)
    {
      mortise_secret_free (secret);
      return;
    }
  g_clear_pointer (place, mortise_secret_free);
  *place = secret;
}

/* Returns: whether the dialogue is over; then *@error says whether with success */
static gboolean
handle_answer (MortisePrompterQuestion *question, GVariant *answer, GError **error)
{
  gboolean approved = FALSE;
  gboolean recover = FALSE;
  guint32 account = 0;

  g_variant_lookup (answer, "recover", "b", &recover);
  if (recover && question->offer_recovery)
    {
      turn_to_recovery (question, NULL);
      return FALSE;
    }
  g_variant_lookup (answer, "approved", "b", &approved);
  if (!approved)
    {
      if (question->pin_problem != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&question->pin_problem));
          return TRUE;
        }
      mortise_prompter_set_stopped (error, MORTISE_ERROR_DENIED);
      return TRUE;
    }
  g_variant_lookup (answer, "account", "u", &account);
  if (account >= MAX (question->n_accounts, 1))
    {
      mortise_prompter_set_error (
          error, MORTISE_ERROR_PROMPT_FAILED,
          _ ("The prompt chose an account that was not offered, so nothing was done. "
             "Install Mortise again to mend it."));
      return TRUE;
    }
  question->answer.account = account;
  question->answer.allow_export = FALSE;
  g_variant_lookup (answer, "allow-export", "b", &question->answer.allow_export);
  return accept_answer (question, error);
}

/* Returns: whether the dialogue is over; then *@error says whether with success */
static gboolean
handle_frame (MortisePrompterQuestion *question, GError **error)
{
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (GError) local_error = NULL;
  gint64 remaining = MAX (question->deadline - g_get_monotonic_time (), 0);
  MortiseSecretKind kind = 0;
  MortiseFrameType type;

  if (!mortise_prompt_channel_receive (mortise_prompt_process_get_channel (question->process),
                                       question->stop, (int) (remaining / 1000), &type, &dictionary,
                                       &kind, &secret, &local_error))
    {
      if (g_error_matches (local_error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED))
        mortise_prompter_set_stopped (error, question->stop_code);
      else if (g_error_matches (local_error, MORTISE_ERROR, MORTISE_ERROR_DENIED) &&
               !question->shown)
        mortise_prompter_set_not_shown (error);
      else
        g_propagate_error (error, g_steal_pointer (&local_error));
      return TRUE;
    }

  switch (type)
    {
    case MORTISE_FRAME_SHOWN:
      question->shown = TRUE;
      mortise_prompter_question_start_finger (question);
      return FALSE;
    case MORTISE_FRAME_SECRET:
      take_secret (question, kind, g_steal_pointer (&secret));
      return FALSE;
    case MORTISE_FRAME_ANSWER:
      question->shown = TRUE;
      return handle_answer (question, dictionary, error);
    case MORTISE_FRAME_QUESTION:
    case MORTISE_FRAME_UPDATE:
    case MORTISE_FRAME_RAISE:
    default:
      mortise_prompter_set_error (
          error, MORTISE_ERROR_PROMPT_FAILED,
          _ ("The prompt and the agent do not understand each other, so nothing was done. "
             "Install Mortise again to mend it."));
      return TRUE;
    }
}

gboolean
mortise_prompter_question_wait (MortisePrompterQuestion *question,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (
        cancellable, G_CALLBACK (mortise_prompter_question_cancelled_cb), question, NULL);
  if (question->process != NULL ||
      (mortise_prompter_question_wait_for_turn (question, &local_error) &&
       mortise_prompter_question_show (question, &local_error)))
    {
      while (!handle_frame (question, &local_error))
        ;
    }
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return TRUE;
}
