/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "core/ctap/authenticator-private.h"

static GCancellable *
cancellable_of (const MortiseCtapRequest *request)
{
  return request->context != NULL ? request->context->cancellable : NULL;
}

static void
set_waiting (const MortiseCtapRequest *request, gboolean waiting)
{
  if (request->context != NULL && request->context->set_waiting != NULL)
    request->context->set_waiting (waiting, request->context->user_data);
}

MortiseConsentRequest *
mortise_authenticator_begin_question (MortiseAuthenticator *self,
                                      const MortiseCtapRequest *request,
                                      const MortiseConsentQuestion *question,
                                      GError **error)
{
  MortiseConsentRequest *consent;

  /* Our prompt takes the same PIN that clientPIN does not take any more. */
  if (question->verify && mortise_authenticator_is_pin_change_forced (self))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY,
                           _ ("The PIN has to be changed before it can confirm anything again. "
                              "Change it in Mortise's preferences."));
      return NULL;
    }
  consent = mortise_consent_begin (self->consent, question, error);
  if (consent != NULL)
    set_waiting (request, TRUE);
  return consent;
}

gboolean
mortise_authenticator_wait_answer (MortiseAuthenticator *self,
                                   const MortiseCtapRequest *request,
                                   MortiseConsentRequest *consent,
                                   MortiseConsentAnswer *ret_answer,
                                   GError **error)
{
  gboolean yes = mortise_consent_wait (consent, cancellable_of (request), ret_answer, error);

  set_waiting (request, FALSE);
  if (yes && g_cancellable_is_cancelled (cancellable_of (request)))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED,
                           _ ("The application withdrew its request."));
      return FALSE;
    }
  return yes;
}

gboolean
mortise_authenticator_ask (MortiseAuthenticator *self,
                           const MortiseCtapRequest *request,
                           const MortiseConsentQuestion *question,
                           MortiseConsentAnswer *ret_answer,
                           GError **error)
{
  g_autoptr (MortiseConsentRequest) consent =
      mortise_authenticator_begin_question (self, request, question, error);

  return consent != NULL &&
         mortise_authenticator_wait_answer (self, request, consent, ret_answer, error);
}

CtapStatus
mortise_authenticator_status_with_pin_fallback (const GError *error)
{
  /* The cause is remembered, whichever status it gets. */
  const CtapStatus status = ctap_status_from_error (error);

  if (g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_AUTH_BLOCKED) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_BLOCKED) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_TPM_LOCKOUT))
    return CTAP2_ERR_PUAT_REQUIRED;
  return status;
}

CtapStatus
mortise_authenticator_touch (MortiseAuthenticator *self, const MortiseCtapRequest *request)
{
  const MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_SELECT };
  g_autoptr (GError) error = NULL;

  if (!mortise_authenticator_ask (self, request, &question, NULL, &error))
    return ctap_status_from_error (error);
  return mortise_authenticator_is_protected (self) ? CTAP2_ERR_PIN_INVALID : CTAP2_ERR_PIN_NOT_SET;
}

CtapStatus
mortise_authenticator_ensure_listable (MortiseAuthenticator *self,
                                       const MortiseCtapRequest *request,
                                       const char *rp_id,
                                       gboolean verify,
                                       gboolean *ret_verified)
{
  const MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_UNLOCK,
                                            .rp_id = rp_id,
                                            .verify = verify };
  MortiseConsentAnswer answer = { 0 };
  g_autoptr (GError) error = NULL;

  if (mortise_vault_get_state (self->vault) != MORTISE_VAULT_LOCKED)
    return CTAP1_ERR_SUCCESS;
  if (!mortise_authenticator_ask (self, request, &question, &answer, &error))
    return mortise_authenticator_status_with_pin_fallback (error);
  if (verify && answer.verified)
    *ret_verified = TRUE;
  return CTAP1_ERR_SUCCESS;
}

CtapStatus
mortise_authenticator_ensure_unlocked (MortiseAuthenticator *self,
                                       const MortiseCtapRequest *request,
                                       const char *rp_id)
{
  const MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_UNLOCK, .rp_id = rp_id };
  g_autoptr (GError) error = NULL;

  if (mortise_vault_get_state (self->vault) != MORTISE_VAULT_UNLOCKED &&
      !mortise_authenticator_ask (self, request, &question, NULL, &error))
    return mortise_authenticator_status_with_pin_fallback (error);
  return CTAP1_ERR_SUCCESS;
}
