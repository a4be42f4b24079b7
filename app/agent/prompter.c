/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/prompter-private.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "app/agent/consent-question.h"
#include "app/agent/prompt-environment.h"
#include "core/ctap/pin-uv-auth-token.h"

enum
{
  PROP_PROMPTING = 1,
};

static void consent_iface_init (MortiseConsentInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MortisePrompter,
                               mortise_prompter,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MORTISE_TYPE_CONSENT, consent_iface_init))

/* --- MortiseConsent ----------------------------------------------------------------------------
 */

static gpointer
prompter_begin (MortiseConsent *consent, const MortiseConsentQuestion *asked, GError **error)
{
  MortisePrompter *self = MORTISE_PROMPTER (consent);
  g_autoptr (MortisePrompterQuestion) question = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  mortise_consent_question_to_members (&dict, asked);
  question = mortise_prompter_question_new (self, g_variant_dict_end (&dict));
  question->verify = asked->verify || asked->kind == MORTISE_CONSENT_VERIFY;
  question->needs_unlocked = asked->kind == MORTISE_CONSENT_REGISTER ||
                             asked->kind == MORTISE_CONSENT_SIGN_IN ||
                             asked->kind == MORTISE_CONSENT_UNLOCK;
  question->may_finger = (asked->permissions & MORTISE_PERMISSION_ACFG) == 0;
  if (asked->accounts != NULL)
    question->n_accounts = MIN (asked->accounts->len, MORTISE_QUESTION_MAX_ACCOUNTS);
  if (!mortise_prompter_question_begin (question, TRUE, error))
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
  MortisePrompterQuestion *question = request;

  if (!mortise_prompter_question_wait (question, cancellable, error))
    return FALSE;
  *ret_answer = question->answer;
  return TRUE;
}

static void
prompter_end (MortiseConsent *consent, gpointer request)
{
  mortise_prompter_question_free (request);
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
    return mortise_prompter_set_error (
        error, MORTISE_ERROR_PROMPT_FAILED,
        _ ("Mortise’s prompt is not installed, so no question can be asked and no "
           "passkey used. Install Mortise again."));
  if (!self->needs_display)
    return TRUE;
  environment = mortise_prompt_environment_get ();
  if (environment == NULL)
    return mortise_prompter_set_error (
        error, MORTISE_ERROR_PROMPT_FAILED,
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

  mortise_prompter_drop_lingering (self);
  for (GSList *l = self->questions; l != NULL; l = l->next)
    {
      MortisePrompterQuestion *question = l->data;

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
  g_autoptr (MortisePrompterQuestion) question =
      mortise_prompter_question_new (self, g_variant_dict_end (members));

  question->verify = needs_pin;
  question->needs_new_pin = needs_new_pin;
  question->accept = accept;
  question->accept_data = user_data;
  return mortise_prompter_question_begin (question, FALSE, error) &&
         mortise_prompter_question_wait (question, cancellable, error);
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
  g_autoptr (MortisePrompterQuestion) question =
      mortise_prompter_question_new (self, g_variant_dict_end (members));

  question->verify = TRUE;
  question->make_code = make;
  question->keep_code = keep;
  question->accept_data = user_data;
  return mortise_prompter_question_begin (question, FALSE, error) &&
         mortise_prompter_question_wait (question, cancellable, error);
}

gboolean
mortise_prompter_ask_recovery (MortisePrompter *self,
                               GVariantDict *members,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (MortisePrompterQuestion) question =
      mortise_prompter_question_new (self, g_variant_dict_end (members));

  question->recovers = TRUE;
  return mortise_prompter_question_begin (question, FALSE, error) &&
         mortise_prompter_question_wait (question, cancellable, error);
}
