/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/authenticator-private.h"

/* authenticatorSelection (CTAP 2.1 §6.9). */
CtapStatus
mortise_ctap_selection (MortiseAuthenticator *self,
                        const MortiseCtapRequest *request,
                        MortiseCborWriter *response)
{
  const MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_SELECT };
  g_autoptr (GError) error = NULL;

  if (!mortise_authenticator_ask (self, request, &question, NULL, &error))
    return ctap_status_from_error (error);
  return CTAP1_ERR_SUCCESS;
}
