/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/prompter-private.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "app/agent/consent-question.h"
#include "app/agent/prompt-environment.h"
#include "core/mortise-source.h"
#include "core/tpm/tpm.h"

gboolean
mortise_prompter_set_error (GError **error, MortiseError code, const char *message)
{
  g_set_error_literal (error, MORTISE_ERROR, (int) code, message);
  return FALSE;
}

gboolean
mortise_prompter_set_stopped (GError **error, MortiseError code)
{
  if (code == MORTISE_ERROR_DENIED)
    return mortise_prompter_set_error (error, code,
                                       _ ("The request was refused. Nothing was changed."));
  return mortise_prompter_set_error (error, code,
                                     _ ("The request was withdrawn. Nothing was changed."));
}

gboolean
mortise_prompter_set_not_shown (GError **error)
{
  return mortise_prompter_set_error (
      error, MORTISE_ERROR_PROMPT_FAILED,
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

void
mortise_prompter_drop_lingering (MortisePrompter *self)
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
    mortise_prompter_drop_lingering (self);
  return G_SOURCE_REMOVE;
}

void
mortise_prompter_question_linger (MortisePrompterQuestion *question)
{
  MortisePrompter *self = question->prompter;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  MortisePromptChannel *channel = mortise_prompt_process_get_channel (question->process);
  GSource *source;

  mortise_prompter_drop_lingering (self);
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

void
mortise_prompter_question_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  MortisePrompterQuestion *question = user_data;

  g_mutex_lock (&question->prompter->lock);
  question->stop_code = MORTISE_ERROR_CANCELLED;
  g_cancellable_cancel (question->stop);
  g_cond_broadcast (&question->prompter->slot_free);
  g_mutex_unlock (&question->prompter->lock);
}

/* With the lock held. */
static gboolean
take_slot (MortisePrompter *self, MortisePrompterQuestion *question)
{
  if (self->current != NULL)
    return FALSE;
  self->current = question;
  mortise_prompter_drop_lingering (self);
  return TRUE;
}

gboolean
mortise_prompter_question_wait_for_turn (MortisePrompterQuestion *question, GError **error)
{
  MortisePrompter *self = question->prompter;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 deadline = g_get_monotonic_time () + self->timeout * G_TIME_SPAN_SECOND;

  while (!g_cancellable_is_cancelled (question->stop) && !take_slot (self, question))
    {
      if (!g_cond_wait_until (&self->slot_free, &self->lock, deadline))
        return mortise_prompter_set_error (
            error, MORTISE_ERROR_BUSY,
            _ ("Another question is waiting for an answer. Answer that one first."));
    }
  if (g_cancellable_is_cancelled (question->stop))
    return mortise_prompter_set_stopped (error, question->stop_code);
  return TRUE;
}

void
mortise_prompter_question_be_patient (MortisePrompterQuestion *question)
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

static gboolean
has_software_tpm (MortiseVault *vault)
{
  MortiseTpm *tpm = vault != NULL ? mortise_vault_get_tpm (vault) : NULL;

  return tpm != NULL && mortise_tpm_get_info (tpm)->software;
}

static GVariant *
complete_members (MortisePrompterQuestion *question, guint timeout)
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
  g_variant_dict_insert (&dict, "software-tpm", "b", has_software_tpm (question->vault));
  mortise_consent_question_insert_string (&dict, "host", g_get_host_name ());
  g_variant_dict_insert (&dict, "timeout", "u", timeout);
  return g_variant_dict_end (&dict);
}

/* What a PIN would open now decides whether one is asked for. */
static gboolean
decide_pin (MortisePrompterQuestion *question, GError **error)
{
  MortiseVaultState state =
      question->vault != NULL ? mortise_vault_get_state (question->vault) : MORTISE_VAULT_CLOSED;

  question->needs_pin =
      question->verify || (question->needs_unlocked && state != MORTISE_VAULT_UNLOCKED);
  if (!question->needs_pin)
    return TRUE;
  if (state == MORTISE_VAULT_CLOSED || state == MORTISE_VAULT_NONE)
    return mortise_prompter_set_error (
        error, MORTISE_ERROR_NO_VAULT,
        _ ("There is no vault yet, so there is no PIN to ask for. Open Mortise and "
           "choose a PIN."));
  return TRUE;
}

/* The recovery code is as good as the PIN where nothing is done with the PIN but to verify it. */
static void
decide_recovery (MortisePrompterQuestion *question)
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
decide_finger (MortisePrompterQuestion *question)
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
gboolean
mortise_prompter_question_show (MortisePrompterQuestion *question, GError **error)
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
        return mortise_prompter_set_not_shown (error);
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

void
mortise_prompter_question_start_finger (MortisePrompterQuestion *question)
{
  if (question->offer_finger && question->finger == NULL)
    question->finger = mortise_finger_watch_new (question->prompter->fingerprint, question->process,
                                                 MORTISE_FINGER_MAX_MISSES);
}

void
mortise_prompter_question_stop_finger (MortisePrompterQuestion *question)
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

void
mortise_prompter_forgive_finger_misses (MortisePrompter *self)
{
  g_mutex_lock (&self->lock);
  self->finger_misses = 0;
  g_mutex_unlock (&self->lock);
}

/* --- From begin to end -------------------------------------------------------------------------
 */

MortisePrompterQuestion *
mortise_prompter_question_new (MortisePrompter *self, GVariant *members)
{
  MortisePrompterQuestion *question = g_new0 (MortisePrompterQuestion, 1);

  question->prompter = g_object_ref (self);
  question->members = g_variant_ref_sink (members);
  question->stop = g_cancellable_new ();
  question->stop_code = MORTISE_ERROR_CANCELLED;
  return question;
}

void
mortise_prompter_question_free (MortisePrompterQuestion *question)
{
  MortisePrompter *self = question->prompter;
  MortisePromptProcess *process;

  mortise_prompter_question_stop_finger (question);
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

gboolean
mortise_prompter_question_begin (MortisePrompterQuestion *question,
                                 gboolean may_wait,
                                 GError **error)
{
  MortisePrompter *self = question->prompter;
  gboolean mine;

  g_mutex_lock (&self->lock);
  if (self->shut_down)
    {
      g_mutex_unlock (&self->lock);
      return mortise_prompter_set_stopped (error, MORTISE_ERROR_CANCELLED);
    }
  mine = take_slot (self, question);
  if (mine || may_wait)
    self->questions = g_slist_prepend (self->questions, question);
  g_mutex_unlock (&self->lock);

  if (mine)
    return mortise_prompter_question_show (question, error);
  if (may_wait)
    return TRUE;
  return mortise_prompter_set_error (
      error, MORTISE_ERROR_BUSY,
      _ ("Another question is waiting for an answer. Answer that one first."));
}
