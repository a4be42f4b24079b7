/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/consent.h"

struct _MortiseConsentRequest
{
  MortiseConsent *consent;
  gpointer request;
};

G_DEFINE_INTERFACE (MortiseConsent, mortise_consent, G_TYPE_OBJECT)

static void
mortise_consent_default_init (MortiseConsentInterface *iface)
{
  (void) iface;
}

MortiseConsentRequest *
mortise_consent_begin (MortiseConsent *self, const MortiseConsentQuestion *question, GError **error)
{
  MortiseConsentRequest *request;
  gpointer inner;

  g_return_val_if_fail (MORTISE_IS_CONSENT (self), NULL);
  g_return_val_if_fail (question != NULL, NULL);

  inner = MORTISE_CONSENT_GET_IFACE (self)->begin (self, question, error);
  if (inner == NULL)
    return NULL;

  request = g_new0 (MortiseConsentRequest, 1);
  request->consent = g_object_ref (self);
  request->request = inner;
  return request;
}

gboolean
mortise_consent_wait (MortiseConsentRequest *request,
                      GCancellable *cancellable,
                      MortiseConsentAnswer *ret_answer,
                      GError **error)
{
  MortiseConsentAnswer answer = { 0 };

  g_return_val_if_fail (request != NULL, FALSE);

  if (!MORTISE_CONSENT_GET_IFACE (request->consent)
           ->wait (request->consent, request->request, cancellable, &answer, error))
    return FALSE;
  if (ret_answer != NULL)
    *ret_answer = answer;
  return TRUE;
}

void
mortise_consent_request_free (MortiseConsentRequest *request)
{
  if (request == NULL)
    return;
  MORTISE_CONSENT_GET_IFACE (request->consent)->end (request->consent, request->request);
  g_object_unref (request->consent);
  g_free (request);
}

gboolean
mortise_consent_can_verify (MortiseConsent *self)
{
  g_return_val_if_fail (MORTISE_IS_CONSENT (self), FALSE);

  return MORTISE_CONSENT_GET_IFACE (self)->can_verify (self);
}
