/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/prompter.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <unistd.h>

#include "app/agent/consent-question.h"
#include "app/agent/finger-watch.h"
#include "app/agent/prompt-environment.h"
#include "app/agent/prompt-process.h"
#include "core/ctap/pin-uv-auth-token.h"
#include "core/mortise-source.h"

struct _MortisePrompter
{
  GObject parent_instance;

  char *program;
  gboolean needs_display;
  gboolean demo;

  GMutex lock;
  GCond slot_free;
  guint timeout;
  MortiseVault *vault;
  MortiseFingerprint *fingerprint; /* nullable */
  guint finger_misses;             /* since a finger or a PIN was right */
  gboolean shut_down;
  struct Question *current; /* has the slot */
  GSList *questions;        /* every question between begin and end, without reference */

  /* A prompt that only tells why nothing can be answered any more, until it is closed. */
  MortisePromptProcess *lingering;
  GSource *lingering_source;
};

/* One question from begin to end. Used by the thread that asks; `process` and `stop` also by those
 * that raise or withdraw, under the prompter's lock. */
typedef struct Question
{
  MortisePrompter *prompter;
  GVariant *members;
  gboolean verify;
  gboolean needs_unlocked;
  gboolean needs_new_pin;
  guint n_accounts;
  MortisePromptAccept accept;
  gpointer accept_data;
  MortisePromptMakeCode make_code;
  MortisePromptKeepCode keep_code;
  gboolean recovers;   /* asks for the recovery code from the start */
  gboolean may_finger; /* of those questions where a finger may stand for the PIN */

  MortiseVault *vault;
  gboolean needs_pin;
  gboolean offer_recovery;
  gboolean offer_finger;
  MortiseFingerWatch *finger; /* nullable: while one is awaited */
  gboolean finger_matched;
  gboolean code_shown;
  GError *pin_problem; /* why the PIN is of no use any more, after which a no means that */
  MortisePromptProcess *process;
  gboolean shown;
  gint64 deadline; /* monotonic, µs */

  GCancellable *stop;
  MortiseError stop_code;

  MortiseSecret *pin;
  MortiseSecret *new_pin;
  MortiseSecret *recovery_code;
  MortiseConsentAnswer answer;
} Question;

enum
{
  PROP_PROMPTING = 1,
};

static void consent_iface_init (MortiseConsentInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MortisePrompter,
                               mortise_prompter,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MORTISE_TYPE_CONSENT, consent_iface_init))

static gboolean
set_error (GError **error, MortiseError code, const char *message)
{
  g_set_error_literal (error, MORTISE_ERROR, (int) code, message);
  return FALSE;
}

static gboolean
set_stopped (GError **error, MortiseError code)
{
  if (code == MORTISE_ERROR_DENIED)
    return set_error (error, code, _ ("The request was refused. Nothing was changed."));
  return set_error (error, code, _ ("The request was withdrawn. Nothing was changed."));
}

static gboolean
set_not_shown (GError **error)
{
  return set_error (error, MORTISE_ERROR_PROMPT_FAILED,
                    _ ("Mortise’s prompt ended before it could be shown, so nothing was done. Look "
                       "at the health page for the reason."));
}

static gboolean
notify_prompting_cb (gpointer user_data)
{
  g_object_notify (G_OBJECT (user_data), "prompting");
  return G_SOURCE_REMOVE;
}

static void
notify_prompting (MortisePrompter *self)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, notify_prompting_cb, g_object_ref (self), g_object_unref);
}

/* --- A prompt that only shows why it is over ---------------------------------------------------
 */

/* With the lock held. */
static void
drop_lingering (MortisePrompter *self)
{
  mortise_source_clear (&self->lingering_source);
  g_clear_pointer (&self->lingering, mortise_prompt_process_free);
}

static gboolean
lingering_cb (int fd, GIOCondition condition, gpointer user_data)
{
  MortisePrompter *self = MORTISE_PROMPTER (user_data);
  GSource *source = g_main_current_source ();
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  /* Anything it still says, its end and the time-out mean the same: it goes. */
  if (self->lingering_source == source)
    drop_lingering (self);
  return G_SOURCE_REMOVE;
}

static void
linger (Question *question)
{
  MortisePrompter *self = question->prompter;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  MortisePromptChannel *channel = mortise_prompt_process_get_channel (question->process);
  GSource *source;

  drop_lingering (self);
  if (self->shut_down)
    return;
  self->lingering = g_steal_pointer (&question->process);
  source = g_unix_fd_source_new (mortise_prompt_channel_get_fd (channel), G_IO_IN | G_IO_HUP);
  g_source_set_callback (source, G_SOURCE_FUNC (lingering_cb), g_object_ref (self), g_object_unref);
  g_source_set_ready_time (source, g_get_monotonic_time () + self->timeout * G_TIME_SPAN_SECOND);
  g_source_attach (source, NULL);
  self->lingering_source = source;
}

/* --- Whose turn it is --------------------------------------------------------------------------
 */

/* Wakes a question that waits for its turn when its client withdraws. */
static void
client_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  Question *question = user_data;

  g_mutex_lock (&question->prompter->lock);
  question->stop_code = MORTISE_ERROR_CANCELLED;
  g_cancellable_cancel (question->stop);
  g_cond_broadcast (&question->prompter->slot_free);
  g_mutex_unlock (&question->prompter->lock);
}

/* With the lock held. */
static gboolean
take_slot (MortisePrompter *self, Question *question)
{
  if (self->current != NULL)
    return FALSE;
  self->current = question;
  drop_lingering (self);
  return TRUE;
}

static gboolean
wait_for_slot (Question *question, GError **error)
{
  MortisePrompter *self = question->prompter;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 deadline = g_get_monotonic_time () + self->timeout * G_TIME_SPAN_SECOND;

  while (!g_cancellable_is_cancelled (question->stop) && !take_slot (self, question))
    {
      if (!g_cond_wait_until (&self->slot_free, &self->lock, deadline))
        return set_error (error, MORTISE_ERROR_BUSY,
                          _ ("Another question is waiting for an answer. Answer that one first."));
    }
  if (g_cancellable_is_cancelled (question->stop))
    return set_stopped (error, question->stop_code);
  return TRUE;
}

/* A recovery code takes longer to write down, or to find and type, than a PIN. */
static void
be_patient (Question *question)
{
  MortisePrompter *self = question->prompter;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  question->deadline = g_get_monotonic_time () +
                       (gint64) self->timeout * MORTISE_PROMPT_CODE_PATIENCE * G_TIME_SPAN_SECOND;
}

/* --- Asking ------------------------------------------------------------------------------------
 */

static gboolean
is_pin_blocked (MortiseVault *vault)
{
  return mortise_vault_get_pin_retries (vault) == 0 || mortise_vault_is_pin_auth_blocked (vault);
}

static GVariant *
complete_members (Question *question, guint timeout)
{
  const char *kind = "";
  GVariantDict dict;

  g_variant_dict_init (&dict, question->members);
  (void) g_variant_dict_lookup (&dict, "kind", "&s", &kind);
  g_variant_dict_insert (&dict, "needs-pin", "b", question->needs_pin);
  g_variant_dict_insert (&dict, "finger", "b", question->offer_finger);
  if (question->vault != NULL)
    {
      g_autoptr (GVariant) min_length =
          mortise_vault_get_setting (question->vault, MORTISE_SETTING_MIN_PIN_LENGTH);
      guint32 length = MORTISE_PIN_MIN_CODE_POINTS;

      if (min_length != NULL && g_variant_is_of_type (min_length, G_VARIANT_TYPE_UINT32))
        length = MAX (length, g_variant_get_uint32 (min_length));
      g_variant_dict_insert (&dict, "min-pin-length", "u", length);
      g_variant_dict_insert (&dict, "offer-recovery", "b", question->offer_recovery);
      g_variant_dict_insert (&dict, "pin-blocked", "b", is_pin_blocked (question->vault));
      g_variant_dict_insert (&dict, "retries", "u",
                             mortise_vault_get_pin_retries (question->vault));
      /* A client that resets does not know what will be lost; the person has to. */
      if (g_str_equal (kind, "reset"))
        g_variant_dict_insert (&dict, "count", "u", mortise_vault_count (question->vault));
    }
  g_variant_dict_insert (&dict, "demo", "b", question->prompter->demo);
  mortise_consent_question_insert_string (&dict, "host", g_get_host_name ());
  g_variant_dict_insert (&dict, "timeout", "u", timeout);
  return g_variant_dict_end (&dict);
}

/* What a PIN would open now decides whether one is asked for. */
static gboolean
decide_pin (Question *question, GError **error)
{
  MortiseVaultState state =
      question->vault != NULL ? mortise_vault_get_state (question->vault) : MORTISE_VAULT_CLOSED;

  question->needs_pin =
      question->verify || (question->needs_unlocked && state != MORTISE_VAULT_UNLOCKED);
  if (!question->needs_pin)
    return TRUE;
  if (state == MORTISE_VAULT_CLOSED || state == MORTISE_VAULT_NONE)
    return set_error (error, MORTISE_ERROR_NO_VAULT,
                      _ ("There is no vault yet, so there is no PIN to ask for. Open Mortise and "
                         "choose a PIN."));
  return TRUE;
}

/* The recovery code is as good as the PIN where nothing is done with the PIN but to verify it. */
static void
decide_recovery (Question *question)
{
  MortiseKeyslotInfo info = { 0 };

  if (question->recovers)
    question->offer_recovery = question->vault != NULL;
  else if (question->needs_pin && question->accept == NULL && question->make_code == NULL)
    question->offer_recovery =
        mortise_vault_get_keyslot (question->vault, MORTISE_KEYSLOT_RECOVERY, &info, NULL) &&
        info.exists;
}

static guint
count_finger_misses (MortisePrompter *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->finger_misses;
}

/* A finger stands for the PIN that was typed when the vault was unlocked; it opens nothing itself.
 */
static void
decide_finger (Question *question)
{
  g_autoptr (GVariant) setting = NULL;

  if (!question->may_finger || !question->needs_pin || question->prompter->fingerprint == NULL ||
      mortise_vault_get_state (question->vault) != MORTISE_VAULT_UNLOCKED ||
      is_pin_blocked (question->vault) ||
      count_finger_misses (question->prompter) >= MORTISE_PROMPTER_MAX_FINGER_MISSES)
    return;
  setting = mortise_vault_get_setting (question->vault, MORTISE_SETTING_FINGERPRINT);
  question->offer_finger = setting != NULL &&
                           g_variant_is_of_type (setting, G_VARIANT_TYPE_BOOLEAN) &&
                           g_variant_get_boolean (setting);
}

/* Having the slot: starts the program and puts the question. */
static gboolean
show (Question *question, GError **error)
{
  MortisePrompter *self = question->prompter;
  g_autoptr (MortisePromptProcess) process = NULL;
  g_auto (GStrv) environment = NULL;
  g_autoptr (GError) local_error = NULL;
  guint timeout;

  if (!mortise_prompter_check (self, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  g_set_object (&question->vault, self->vault);
  timeout = self->timeout;
  g_mutex_unlock (&self->lock);
  if (!decide_pin (question, error))
    return FALSE;
  decide_recovery (question);
  decide_finger (question);
  if (question->recovers || (question->offer_recovery && is_pin_blocked (question->vault)))
    timeout *= MORTISE_PROMPT_CODE_PATIENCE;

  environment = mortise_prompt_environment_get ();
  if (environment == NULL)
    environment = g_get_environ ();
  process = mortise_prompt_process_start (self->program, environment, error);
  if (process == NULL)
    return FALSE;
  question->deadline = g_get_monotonic_time () + timeout * G_TIME_SPAN_SECOND;
  if (!mortise_prompt_process_send (process, MORTISE_FRAME_QUESTION,
                                    complete_members (question, timeout), &local_error))
    {
      if (g_error_matches (local_error, MORTISE_ERROR, MORTISE_ERROR_DENIED))
        return set_not_shown (error);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  g_mutex_lock (&self->lock);
  question->process = g_steal_pointer (&process);
  g_mutex_unlock (&self->lock);
  notify_prompting (self);
  return TRUE;
}

/* --- A finger instead of the PIN ---------------------------------------------------------------
 */

static void
start_finger (Question *question)
{
  if (question->offer_finger && question->finger == NULL)
    question->finger = mortise_finger_watch_new (question->prompter->fingerprint, question->process,
                                                 MORTISE_FINGER_MAX_MISSES);
}

/* Counts what was wrong, and gives the reader back. */
static void
stop_finger (Question *question)
{
  MortisePrompter *self = question->prompter;
  guint misses;

  if (question->finger == NULL)
    return;
  misses = mortise_finger_watch_get_misses (question->finger);
  g_clear_pointer (&question->finger, mortise_finger_watch_free);
  g_mutex_lock (&self->lock);
  self->finger_misses += misses;
  g_mutex_unlock (&self->lock);
}

static void
forgive_finger_misses (MortisePrompter *self)
{
  g_mutex_lock (&self->lock);
  self->finger_misses = 0;
  g_mutex_unlock (&self->lock);
}

static Question *
question_new (MortisePrompter *self, GVariant *members)
{
  Question *question = g_new0 (Question, 1);

  question->prompter = g_object_ref (self);
  question->members = g_variant_ref_sink (members);
  question->stop = g_cancellable_new ();
  question->stop_code = MORTISE_ERROR_CANCELLED;
  return question;
}

static void
question_free (Question *question)
{
  MortisePrompter *self = question->prompter;
  MortisePromptProcess *process;

  stop_finger (question);
  g_mutex_lock (&self->lock);
  self->questions = g_slist_remove (self->questions, question);
  process = g_steal_pointer (&question->process);
  if (self->current == question)
    {
      self->current = NULL;
      g_cond_broadcast (&self->slot_free);
    }
  g_mutex_unlock (&self->lock);

  mortise_prompt_process_free (process);
  notify_prompting (self);

  g_clear_pointer (&question->pin, mortise_secret_free);
  g_clear_pointer (&question->new_pin, mortise_secret_free);
  g_clear_pointer (&question->recovery_code, mortise_secret_free);
  g_clear_error (&question->pin_problem);
  g_clear_object (&question->vault);
  g_variant_unref (question->members);
  g_object_unref (question->stop);
  g_object_unref (question->prompter);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

/* Enters the question. One that may wait for its turn is shown by wait() if another has it now. */
static gboolean
begin (Question *question, gboolean may_wait, GError **error)
{
  MortisePrompter *self = question->prompter;
  gboolean mine;

  g_mutex_lock (&self->lock);
  if (self->shut_down)
    {
      g_mutex_unlock (&self->lock);
      return set_stopped (error, MORTISE_ERROR_CANCELLED);
    }
  mine = take_slot (self, question);
  if (mine || may_wait)
    self->questions = g_slist_prepend (self->questions, question);
  g_mutex_unlock (&self->lock);

  if (mine)
    return show (question, error);
  if (may_wait)
    return TRUE;
  return set_error (error, MORTISE_ERROR_BUSY,
                    _ ("Another question is waiting for an answer. Answer that one first."));
}

/* --- Verifying what was typed ------------------------------------------------------------------
 */

static gboolean
unlock_with_pin (Question *question, GError **error)
{
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (question->pin, error);

  return hash != NULL && mortise_vault_unlock (question->vault, hash, error);
}

static void
send_update (Question *question, GVariantDict *dict)
{
  /* One that died shows at the next receive. */
  mortise_prompt_process_send (question->process, MORTISE_FRAME_UPDATE, g_variant_dict_end (dict),
                               NULL);
}

static void
send_working (Question *question)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "working", "b", TRUE);
  send_update (question, &dict);
}

static void
ask_again (Question *question, const GError *problem)
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
end_fatally (Question *question, const GError *problem)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "fatal", "b", TRUE);
  if (question->vault != NULL)
    g_variant_dict_insert (&dict, "retries", "u", mortise_vault_get_pin_retries (question->vault));
  g_variant_dict_insert (&dict, "message", "s", problem->message);
  stop_finger (question);
  send_update (question, &dict);
  linger (question);
}

/* The third wrong PIN in a row is one too many, and the asker must hear that rather than "wrong".
 */
static void
replace_if_blocked (Question *question, GError **problem)
{
  if (!g_error_matches (*problem, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID) ||
      question->vault == NULL)
    return;
  if (mortise_vault_get_pin_retries (question->vault) == 0)
    {
      g_clear_error (problem);
      set_error (problem, MORTISE_ERROR_PIN_BLOCKED,
                 _ ("The PIN was wrong too often and is blocked. Your passkeys are kept; only the "
                    "recovery code opens the vault now."));
    }
  else if (mortise_vault_is_pin_auth_blocked (question->vault))
    {
      g_clear_error (problem);
      set_error (problem, MORTISE_ERROR_PIN_AUTH_BLOCKED,
                 _ ("The PIN was wrong three times in a row. Restart the Mortise agent, or this "
                    "computer, before trying again."));
    }
}

/* From now on only the recovery code is asked for. @problem: (nullable): why */
static void
turn_to_recovery (Question *question, const GError *problem)
{
  GVariantDict dict;

  be_patient (question);
  stop_finger (question);
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
may_ask_again (Question *question, const GError *problem)
{
  return g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID) ||
         g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY) ||
         g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID) ||
         (question->offer_recovery && is_blocked (problem));
}

static gboolean
has_secrets (Question *question)
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
forget_secrets (Question *question)
{
  g_clear_pointer (&question->pin, mortise_secret_free);
  g_clear_pointer (&question->new_pin, mortise_secret_free);
  g_clear_pointer (&question->recovery_code, mortise_secret_free);
}

/* The keys may have gone since the question was put, and a finger brings none back. */
static gboolean
check_still_unlocked (Question *question, GError **error)
{
  if (mortise_vault_get_state (question->vault) == MORTISE_VAULT_UNLOCKED)
    return TRUE;
  return set_error (error, MORTISE_ERROR_VAULT_LOCKED,
                    _ ("The vault was locked meanwhile, and only the PIN opens it. Try again, and "
                       "type the PIN."));
}

/* Does what was said yes to. */
static gboolean
carry_out (Question *question, GError **error)
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
show_code (Question *question, GError **error)
{
  const MortiseSecret *code = question->make_code (question->accept_data, error);

  if (code == NULL)
    return FALSE;
  be_patient (question);
  question->code_shown = TRUE;
  return mortise_prompt_process_send_secret (question->process, MORTISE_SECRET_KIND_RECOVERY_CODE,
                                             code, error);
}

/* Returns: whether the dialogue is over; then *@error says whether with success */
static gboolean
accept_answer (Question *question, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean shows = question->make_code != NULL && !question->code_shown;
  gboolean ok;

  /* A PIN that was typed is what counts, right or wrong. */
  question->finger_matched = question->finger != NULL && question->pin == NULL &&
                             mortise_finger_watch_has_matched (question->finger);
  if (!has_secrets (question))
    {
      set_error (error, MORTISE_ERROR_PROMPT_FAILED,
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
        forgive_finger_misses (question->prompter);
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
take_secret (Question *question, MortiseSecretKind kind, MortiseSecret *secret)
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
handle_answer (Question *question, GVariant *answer, GError **error)
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
      set_stopped (error, MORTISE_ERROR_DENIED);
      return TRUE;
    }
  g_variant_lookup (answer, "account", "u", &account);
  if (account >= MAX (question->n_accounts, 1))
    {
      set_error (error, MORTISE_ERROR_PROMPT_FAILED,
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
handle_frame (Question *question, GError **error)
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
        set_stopped (error, question->stop_code);
      else if (g_error_matches (local_error, MORTISE_ERROR, MORTISE_ERROR_DENIED) &&
               !question->shown)
        set_not_shown (error);
      else
        g_propagate_error (error, g_steal_pointer (&local_error));
      return TRUE;
    }

  switch (type)
    {
    case MORTISE_FRAME_SHOWN:
      question->shown = TRUE;
      start_finger (question);
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
      set_error (error, MORTISE_ERROR_PROMPT_FAILED,
                 _ ("The prompt and the agent do not understand each other, so nothing was done. "
                    "Install Mortise again to mend it."));
      return TRUE;
    }
}

static gboolean
wait_for_answer (Question *question, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (client_cancelled_cb), question, NULL);
  if (question->process != NULL ||
      (wait_for_slot (question, &local_error) && show (question, &local_error)))
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

/* --- MortiseConsent ----------------------------------------------------------------------------
 */

static gpointer
prompter_begin (MortiseConsent *consent, const MortiseConsentQuestion *asked, GError **error)
{
  MortisePrompter *self = MORTISE_PROMPTER (consent);
  g_autoptr (Question) question = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  mortise_consent_question_to_members (&dict, asked);
  question = question_new (self, g_variant_dict_end (&dict));
  question->verify = asked->verify || asked->kind == MORTISE_CONSENT_VERIFY;
  question->needs_unlocked = asked->kind == MORTISE_CONSENT_REGISTER ||
                             asked->kind == MORTISE_CONSENT_SIGN_IN ||
                             asked->kind == MORTISE_CONSENT_UNLOCK;
  question->may_finger = (asked->permissions & MORTISE_PERMISSION_ACFG) == 0;
  if (asked->accounts != NULL)
    question->n_accounts = MIN (asked->accounts->len, MORTISE_QUESTION_MAX_ACCOUNTS);
  if (!begin (question, TRUE, error))
    return NULL;
  return g_steal_pointer (&question);
}

static gboolean
prompter_wait (MortiseConsent *consent,
               gpointer request,
               GCancellable *cancellable,
               MortiseConsentAnswer *ret_answer,
               GError **error)
{
  Question *question = request;

  if (!wait_for_answer (question, cancellable, error))
    return FALSE;
  *ret_answer = question->answer;
  return TRUE;
}

static void
prompter_end (MortiseConsent *consent, gpointer request)
{
  question_free (request);
}

static gboolean
prompter_can_verify (MortiseConsent *consent)
{
  return mortise_prompter_check (MORTISE_PROMPTER (consent), NULL);
}

static void
consent_iface_init (MortiseConsentInterface *iface)
{
  iface->begin = prompter_begin;
  iface->wait = prompter_wait;
  iface->end = prompter_end;
  iface->can_verify = prompter_can_verify;
}

/* --- GObject -----------------------------------------------------------------------------------
 */

static void
mortise_prompter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_PROMPTING)
    g_value_set_boolean (value, mortise_prompter_is_prompting (MORTISE_PROMPTER (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
mortise_prompter_finalize (GObject *object)
{
  MortisePrompter *self = MORTISE_PROMPTER (object);

  /* A source holds a reference, so there is no lingering prompt here. */
  g_assert (self->questions == NULL);
  g_clear_object (&self->vault);
  g_clear_object (&self->fingerprint);
  g_free (self->program);
  g_cond_clear (&self->slot_free);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (mortise_prompter_parent_class)->finalize (object);
}

static void
mortise_prompter_class_init (MortisePrompterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = mortise_prompter_get_property;
  object_class->finalize = mortise_prompter_finalize;
  g_object_class_install_property (
      object_class, PROP_PROMPTING,
      g_param_spec_boolean ("prompting", NULL, NULL, FALSE,
                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
mortise_prompter_init (MortisePrompter *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->slot_free);
  self->timeout = MORTISE_PROMPT_TIMEOUT;
}

MortisePrompter *
mortise_prompter_new (const char *program, gboolean demo)
{
  MortisePrompter *self = g_object_new (MORTISE_TYPE_PROMPTER, NULL);
  g_autofree char *name = g_path_get_basename (program);

  self->program = g_strdup (program);
  self->demo = demo;
  /* Another program in its place (tests, a terminal prompt) may need none. */
  self->needs_display = g_str_equal (name, "mortise-prompt");
  return self;
}

void
mortise_prompter_set_vault (MortisePrompter *self, MortiseVault *vault)
{
  g_mutex_lock (&self->lock);
  g_set_object (&self->vault, vault);
  g_mutex_unlock (&self->lock);
}

void
mortise_prompter_set_fingerprint (MortisePrompter *self, MortiseFingerprint *fingerprint)
{
  g_set_object (&self->fingerprint, fingerprint);
}

void
mortise_prompter_set_timeout (MortisePrompter *self, guint seconds)
{
  g_mutex_lock (&self->lock);
  self->timeout = seconds;
  g_mutex_unlock (&self->lock);
}

gboolean
mortise_prompter_is_prompting (MortisePrompter *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->current != NULL && self->current->process != NULL;
}

gboolean
mortise_prompter_check (MortisePrompter *self, GError **error)
{
  g_auto (GStrv) environment = NULL;

  if (access (self->program, X_OK) != 0)
    return set_error (error, MORTISE_ERROR_PROMPT_FAILED,
                      _ ("Mortise’s prompt is not installed, so no question can be asked and no "
                         "passkey used. Install Mortise again."));
  if (!self->needs_display)
    return TRUE;
  environment = mortise_prompt_environment_get ();
  if (environment == NULL)
    return set_error (error, MORTISE_ERROR_PROMPT_FAILED,
                      _ ("This session has no display that Mortise knows of, so no question can be "
                         "asked and no passkey used. Log in to a desktop."));
  return TRUE;
}

void
mortise_prompter_raise (MortisePrompter *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->current != NULL && self->current->process != NULL)
    mortise_prompt_process_send (self->current->process, MORTISE_FRAME_RAISE, NULL, NULL);
}

void
mortise_prompter_withdraw (MortisePrompter *self, MortiseError code)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  drop_lingering (self);
  for (GSList *l = self->questions; l != NULL; l = l->next)
    {
      Question *question = l->data;

      question->stop_code = code;
      g_cancellable_cancel (question->stop);
    }
  g_cond_broadcast (&self->slot_free);
}

void
mortise_prompter_shut_down (MortisePrompter *self)
{
  g_mutex_lock (&self->lock);
  self->shut_down = TRUE;
  g_mutex_unlock (&self->lock);
  mortise_prompter_withdraw (self, MORTISE_ERROR_CANCELLED);
}

gboolean
mortise_prompter_ask (MortisePrompter *self,
                      GVariantDict *members,
                      gboolean needs_pin,
                      gboolean needs_new_pin,
                      MortisePromptAccept accept,
                      gpointer user_data,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (Question) question = question_new (self, g_variant_dict_end (members));

  question->verify = needs_pin;
  question->needs_new_pin = needs_new_pin;
  question->accept = accept;
  question->accept_data = user_data;
  return begin (question, FALSE, error) && wait_for_answer (question, cancellable, error);
}

gboolean
mortise_prompter_ask_showing (MortisePrompter *self,
                              GVariantDict *members,
                              MortisePromptMakeCode make,
                              MortisePromptKeepCode keep,
                              gpointer user_data,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (Question) question = question_new (self, g_variant_dict_end (members));

  question->verify = TRUE;
  question->make_code = make;
  question->keep_code = keep;
  question->accept_data = user_data;
  return begin (question, FALSE, error) && wait_for_answer (question, cancellable, error);
}

gboolean
mortise_prompter_ask_recovery (MortisePrompter *self,
                               GVariantDict *members,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (Question) question = question_new (self, g_variant_dict_end (members));

  question->recovers = TRUE;
  return begin (question, FALSE, error) && wait_for_answer (question, cancellable, error);
}
