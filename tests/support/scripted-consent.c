/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/scripted-consent.h"

#include <poll.h>

typedef struct
{
  gboolean yes;
  gboolean keep_switch;
  gboolean unverified;
  gboolean hold;
  gboolean at_begin;
  gboolean allow_export;
  guint account;
  MortiseError code;
} Answer;

struct _MortiseScriptedConsent
{
  GObject parent_instance;

  MortiseVault *vault;
  char *pin;
  GQueue answers;
  GQueue asked;
  gboolean can_verify;
  gboolean refuse_rest;
  MortiseError rest_code;
  gint up; /* also of the threads that wait */
  MortiseScriptedConsentHook hook;
  gpointer hook_data;
};

static void consent_iface_init (MortiseConsentInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MortiseScriptedConsent,
                               mortise_scripted_consent,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MORTISE_TYPE_CONSENT, consent_iface_init))

void
mortise_asked_question_free (MortiseAskedQuestion *question)
{
  if (question == NULL)
    return;
  g_free (question->rp_id);
  g_free (question->rp_name);
  g_free (question->user_name);
  g_free (question->user_display_name);
  g_clear_pointer (&question->accounts, g_ptr_array_unref);
  g_free (question);
}

static MortiseAskedQuestion *
copy_question (const MortiseConsentQuestion *question)
{
  MortiseAskedQuestion *asked = g_new0 (MortiseAskedQuestion, 1);

  asked->kind = question->kind;
  asked->rp_id = g_strdup (question->rp_id);
  asked->rp_name = g_strdup (question->rp_name);
  asked->user_name = g_strdup (question->user_name);
  asked->user_display_name = g_strdup (question->user_display_name);
  asked->accounts = question->accounts != NULL ? g_ptr_array_ref (question->accounts) : NULL;
  asked->verify = question->verify;
  asked->offer_export = question->offer_export;
  asked->allow_export = question->allow_export;
  asked->algorithm = question->algorithm;
  asked->permissions = question->permissions;
  return asked;
}

/* One question on the screen. */
typedef struct
{
  Answer answer;
  MortiseAskedQuestion *question;
  /* Settled when the prompt comes up, as on the real one. */
  gboolean wants_pin;
} Prompt;

static gboolean
wants_pin (MortiseScriptedConsent *self, const MortiseAskedQuestion *question)
{
  if (question->verify)
    return TRUE;
  switch (question->kind)
    {
    case MORTISE_CONSENT_REGISTER:
    case MORTISE_CONSENT_SIGN_IN:
    case MORTISE_CONSENT_UNLOCK:
    case MORTISE_CONSENT_VERIFY:
      return self->vault != NULL && mortise_vault_get_state (self->vault) != MORTISE_VAULT_UNLOCKED;
    case MORTISE_CONSENT_SELECT:
    case MORTISE_CONSENT_EXCLUDED:
    case MORTISE_CONSENT_NO_PASSKEY:
    case MORTISE_CONSENT_RESET:
      break;
    }
  return FALSE;
}

static gpointer
scripted_begin (MortiseConsent *consent, const MortiseConsentQuestion *question, GError **error)
{
  MortiseScriptedConsent *self = MORTISE_SCRIPTED_CONSENT (consent);
  g_autofree Answer *answer = g_queue_pop_head (&self->answers);
  Prompt *prompt;

  g_queue_push_tail (&self->asked, copy_question (question));
  if (answer == NULL && self->refuse_rest)
    {
      answer = g_new0 (Answer, 1);
      answer->code = self->rest_code;
    }
  if (answer == NULL)
    {
      g_test_fail_printf ("A question that nobody expected: kind %d", question->kind);
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED, "not in the script");
      return NULL;
    }
  if (g_atomic_int_get (&self->up) > 0)
    {
      g_test_fail_printf ("Two questions at once");
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_BUSY, "two questions at once");
      return NULL;
    }
  if (answer->at_begin)
    {
      g_set_error_literal (error, MORTISE_ERROR, (int) answer->code, "as in the script");
      return NULL;
    }
  prompt = g_new0 (Prompt, 1);
  prompt->answer = *answer;
  prompt->question = copy_question (question);
  prompt->wants_pin = wants_pin (self, prompt->question);
  g_atomic_int_inc (&self->up);
  return prompt;
}

static gboolean
type_pin (MortiseScriptedConsent *self, GError **error)
{
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (self->pin, strlen (self->pin));
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, error);

  return hash != NULL && mortise_vault_unlock (self->vault, hash, error);
}

static void
wait_for_cancel (GCancellable *cancellable)
{
  GPollFD fd;

  if (cancellable == NULL || !g_cancellable_make_pollfd (cancellable, &fd))
    return;
  g_poll (&fd, 1, -1);
  g_cancellable_release_fd (cancellable);
}

static gboolean
scripted_wait (MortiseConsent *consent,
               gpointer request,
               GCancellable *cancellable,
               MortiseConsentAnswer *ret_answer,
               GError **error)
{
  MortiseScriptedConsent *self = MORTISE_SCRIPTED_CONSENT (consent);
  Prompt *prompt = request;
  const Answer *answer = &prompt->answer;

  if (self->hook != NULL)
    self->hook (self, prompt->question, self->hook_data);
  if (answer->hold)
    wait_for_cancel (cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED, "cancelled");
      return FALSE;
    }
  if (!answer->yes)
    {
      g_set_error_literal (error, MORTISE_ERROR, (int) answer->code, "as in the script");
      return FALSE;
    }

  if (prompt->wants_pin && !answer->unverified && !type_pin (self, error))
    return FALSE;
  ret_answer->verified = prompt->wants_pin && !answer->unverified;
  ret_answer->allow_export =
      answer->keep_switch ? prompt->question->allow_export : answer->allow_export;
  ret_answer->account = answer->account;
  return TRUE;
}

static void
scripted_end (MortiseConsent *consent, gpointer request)
{
  MortiseScriptedConsent *self = MORTISE_SCRIPTED_CONSENT (consent);
  Prompt *prompt = request;

  g_atomic_int_add (&self->up, -1);
  mortise_asked_question_free (prompt->question);
  g_free (prompt);
}

static gboolean
scripted_can_verify (MortiseConsent *consent)
{
  return MORTISE_SCRIPTED_CONSENT (consent)->can_verify;
}

static void
consent_iface_init (MortiseConsentInterface *iface)
{
  iface->begin = scripted_begin;
  iface->wait = scripted_wait;
  iface->end = scripted_end;
  iface->can_verify = scripted_can_verify;
}

static void
mortise_scripted_consent_finalize (GObject *object)
{
  MortiseScriptedConsent *self = MORTISE_SCRIPTED_CONSENT (object);

  g_queue_clear_full (&self->answers, g_free);
  g_queue_clear_full (&self->asked, (GDestroyNotify) mortise_asked_question_free);
  g_clear_object (&self->vault);
  g_free (self->pin);
  G_OBJECT_CLASS (mortise_scripted_consent_parent_class)->finalize (object);
}

static void
mortise_scripted_consent_class_init (MortiseScriptedConsentClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_scripted_consent_finalize;
}

static void
mortise_scripted_consent_init (MortiseScriptedConsent *self)
{
  g_queue_init (&self->answers);
  g_queue_init (&self->asked);
  self->can_verify = TRUE;
}

MortiseScriptedConsent *
mortise_scripted_consent_new (MortiseVault *vault, const char *pin)
{
  MortiseScriptedConsent *self = g_object_new (MORTISE_TYPE_SCRIPTED_CONSENT, NULL);

  self->vault = g_object_ref (vault);
  self->pin = g_strdup (pin);
  return self;
}

static void
push (MortiseScriptedConsent *self, const Answer *answer)
{
  g_queue_push_tail (&self->answers, g_memdup2 (answer, sizeof *answer));
}

void
mortise_scripted_consent_allow (MortiseScriptedConsent *self)
{
  push (self, &(Answer){ .yes = TRUE, .keep_switch = TRUE });
}

void
mortise_scripted_consent_allow_with (MortiseScriptedConsent *self,
                                     gboolean allow_export,
                                     guint account)
{
  push (self, &(Answer){ .yes = TRUE, .allow_export = allow_export, .account = account });
}

void
mortise_scripted_consent_allow_unverified (MortiseScriptedConsent *self)
{
  push (self, &(Answer){ .yes = TRUE, .keep_switch = TRUE, .unverified = TRUE });
}

void
mortise_scripted_consent_refuse (MortiseScriptedConsent *self, MortiseError code)
{
  push (self, &(Answer){ .code = code });
}

void
mortise_scripted_consent_refuse_begin (MortiseScriptedConsent *self, MortiseError code)
{
  push (self, &(Answer){ .code = code, .at_begin = TRUE });
}

void
mortise_scripted_consent_refuse_rest (MortiseScriptedConsent *self, MortiseError code)
{
  self->refuse_rest = TRUE;
  self->rest_code = code;
}

void
mortise_scripted_consent_hold (MortiseScriptedConsent *self)
{
  push (self, &(Answer){ .hold = TRUE, .code = MORTISE_ERROR_TIMED_OUT });
}

void
mortise_scripted_consent_set_hook (MortiseScriptedConsent *self,
                                   MortiseScriptedConsentHook hook,
                                   gpointer user_data)
{
  self->hook = hook;
  self->hook_data = user_data;
}

void
mortise_scripted_consent_set_can_verify (MortiseScriptedConsent *self, gboolean can_verify)
{
  self->can_verify = can_verify;
}

MortiseAskedQuestion *
mortise_scripted_consent_take (MortiseScriptedConsent *self)
{
  return g_queue_pop_head (&self->asked);
}

guint
mortise_scripted_consent_count_left (MortiseScriptedConsent *self)
{
  return g_queue_get_length (&self->answers);
}

gboolean
mortise_scripted_consent_is_up (MortiseScriptedConsent *self)
{
  return g_atomic_int_get (&self->up) > 0;
}
