/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/ctap-status.h"

#include <gio/gio.h>

/* One more than the code, as 0 is what a thread starts with. */
static _Thread_local int cause;

static CtapStatus
status_from_code (MortiseError code)
{
  switch (code)
    {
    case MORTISE_ERROR_INVALID_ARGUMENT:
      return CTAP1_ERR_INVALID_PARAMETER;
    case MORTISE_ERROR_NOT_FOUND:
      return CTAP2_ERR_NO_CREDENTIALS;
    case MORTISE_ERROR_CANCELLED:
      return CTAP2_ERR_KEEPALIVE_CANCEL;
    case MORTISE_ERROR_DENIED:
      return CTAP2_ERR_OPERATION_DENIED;
    case MORTISE_ERROR_TIMED_OUT:
      return CTAP2_ERR_USER_ACTION_TIMEOUT;
    case MORTISE_ERROR_BUSY:
      return CTAP1_ERR_CHANNEL_BUSY;
    case MORTISE_ERROR_TPM_UNSUITABLE:
      return CTAP2_ERR_UNSUPPORTED_ALGORITHM;
    /* No try was lost and waiting is all that helps: the client stops asking for the PIN. */
    case MORTISE_ERROR_TPM_LOCKOUT:
    case MORTISE_ERROR_PIN_AUTH_BLOCKED:
      return CTAP2_ERR_PIN_AUTH_BLOCKED;
    case MORTISE_ERROR_TPM_BUSY:
      return CTAP2_ERR_PROCESSING;
    case MORTISE_ERROR_NO_VAULT:
      return CTAP2_ERR_PIN_NOT_SET;
    case MORTISE_ERROR_VAULT_EXISTS:
      return CTAP2_ERR_NOT_ALLOWED;
    case MORTISE_ERROR_VAULT_LOCKED:
      return CTAP2_ERR_PUAT_REQUIRED;
    case MORTISE_ERROR_VAULT_FULL:
      return CTAP2_ERR_KEY_STORE_FULL;
    case MORTISE_ERROR_PIN_INVALID:
      return CTAP2_ERR_PIN_INVALID;
    case MORTISE_ERROR_PIN_BLOCKED:
      return CTAP2_ERR_PIN_BLOCKED;
    case MORTISE_ERROR_PIN_POLICY:
      return CTAP2_ERR_PIN_POLICY_VIOLATION;
    case MORTISE_ERROR_FAILED:
    case MORTISE_ERROR_PROMPT_FAILED:
    case MORTISE_ERROR_TPM_MISSING:
    case MORTISE_ERROR_TPM_ACCESS:
    case MORTISE_ERROR_TPM_OTHER:
    case MORTISE_ERROR_TPM_AUTH:
    case MORTISE_ERROR_TPM_GONE:
    case MORTISE_ERROR_TPM_SLOTS:
    case MORTISE_ERROR_TPM_FAILED:
    case MORTISE_ERROR_VAULT_IN_USE:
    case MORTISE_ERROR_VAULT_NEWER:
    case MORTISE_ERROR_VAULT_DAMAGED:
    case MORTISE_ERROR_VAULT_IO:
    case MORTISE_ERROR_KEYRING:
    case MORTISE_ERROR_DEVICE_MISSING:
    case MORTISE_ERROR_DEVICE_ACCESS:
    case MORTISE_ERROR_ALREADY_RUNNING:
    case MORTISE_ERROR_RECOVERY_INVALID:
      break;
    }
  return CTAP1_ERR_OTHER;
}

CtapStatus
ctap_status_from_error (const GError *error)
{
  if (error == NULL)
    return CTAP1_ERR_OTHER;
  if (error->domain == MORTISE_ERROR)
    {
      cause = error->code + 1;
      return status_from_code ((MortiseError) error->code);
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return CTAP2_ERR_KEEPALIVE_CANCEL;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return CTAP2_ERR_USER_ACTION_TIMEOUT;
  return CTAP1_ERR_OTHER;
}

int
ctap_status_take_cause (void)
{
  const int taken = cause - 1;

  cause = 0;
  return taken;
}
