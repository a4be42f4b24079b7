/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/authenticator-private.h"

/* Seconds after power-up in which reset is taken (CTAP 2.1 §6.6). */
#define RESET_WINDOW 10

/* authenticatorReset (CTAP 2.1 §6.6). */
CtapStatus
mortise_ctap_reset (MortiseAuthenticator *self,
                    const MortiseCtapRequest *request,
                    MortiseCborWriter *response)
{
  const MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_RESET };
  g_autoptr (GError) error = NULL;

  if (self->clock () - self->powered_up_at > RESET_WINDOW * G_USEC_PER_SEC)
    return CTAP2_ERR_NOT_ALLOWED;
  if (!mortise_authenticator_ask (self, request, &question, NULL, &error))
    return ctap_status_from_error (error);

  mortise_authenticator_forget (self);
  if (mortise_vault_get_state (self->vault) != MORTISE_VAULT_NONE &&
      !mortise_vault_reset (self->vault, &error))
    {
      g_message ("Reset failed: %s", error->message);
      return ctap_status_from_error (error);
    }
  return CTAP1_ERR_SUCCESS;
}
