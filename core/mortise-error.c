/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/mortise-error.h"

#include <gio/gio.h>

#define NAME(code, name)                                                                           \
  {                                                                                                \
    code, MORTISE_APP_ID ".Error." name                                                            \
  }

static const GDBusErrorEntry entries[] = {
  NAME (MORTISE_ERROR_FAILED, "Failed"),
  NAME (MORTISE_ERROR_INVALID_ARGUMENT, "InvalidArgument"),
  NAME (MORTISE_ERROR_NOT_FOUND, "NotFound"),
  NAME (MORTISE_ERROR_CANCELLED, "Cancelled"),
  NAME (MORTISE_ERROR_DENIED, "Denied"),
  NAME (MORTISE_ERROR_TIMED_OUT, "TimedOut"),
  NAME (MORTISE_ERROR_BUSY, "Busy"),
  NAME (MORTISE_ERROR_PROMPT_FAILED, "PromptFailed"),
  NAME (MORTISE_ERROR_TPM_MISSING, "TpmMissing"),
  NAME (MORTISE_ERROR_TPM_ACCESS, "TpmAccess"),
  NAME (MORTISE_ERROR_TPM_UNSUITABLE, "TpmUnsuitable"),
  NAME (MORTISE_ERROR_TPM_OTHER, "TpmOther"),
  NAME (MORTISE_ERROR_TPM_LOCKOUT, "TpmLockout"),
  NAME (MORTISE_ERROR_TPM_AUTH, "TpmAuth"),
  NAME (MORTISE_ERROR_TPM_BUSY, "TpmBusy"),
  NAME (MORTISE_ERROR_TPM_GONE, "TpmGone"),
  NAME (MORTISE_ERROR_TPM_SLOTS, "TpmSlots"),
  NAME (MORTISE_ERROR_TPM_FAILED, "TpmFailed"),
  NAME (MORTISE_ERROR_NO_VAULT, "NoVault"),
  NAME (MORTISE_ERROR_VAULT_EXISTS, "VaultExists"),
  NAME (MORTISE_ERROR_VAULT_LOCKED, "VaultLocked"),
  NAME (MORTISE_ERROR_VAULT_IN_USE, "VaultInUse"),
  NAME (MORTISE_ERROR_VAULT_NEWER, "VaultNewer"),
  NAME (MORTISE_ERROR_VAULT_DAMAGED, "VaultDamaged"),
  NAME (MORTISE_ERROR_VAULT_FULL, "VaultFull"),
  NAME (MORTISE_ERROR_VAULT_IO, "VaultIo"),
  NAME (MORTISE_ERROR_PIN_INVALID, "PinInvalid"),
  NAME (MORTISE_ERROR_PIN_AUTH_BLOCKED, "PinAuthBlocked"),
  NAME (MORTISE_ERROR_PIN_BLOCKED, "PinBlocked"),
  NAME (MORTISE_ERROR_PIN_POLICY, "PinPolicy"),
  NAME (MORTISE_ERROR_KEYRING, "Keyring"),
  NAME (MORTISE_ERROR_DEVICE_MISSING, "DeviceMissing"),
  NAME (MORTISE_ERROR_DEVICE_ACCESS, "DeviceAccess"),
  NAME (MORTISE_ERROR_ALREADY_RUNNING, "AlreadyRunning"),
  NAME (MORTISE_ERROR_RECOVERY_INVALID, "RecoveryInvalid"),
};

G_STATIC_ASSERT (G_N_ELEMENTS (entries) == MORTISE_ERROR_RECOVERY_INVALID + 1);

GQuark
mortise_error_quark (void)
{
  static gsize quark = 0;

  /* Registering maps the codes to bus names in both directions, in every process. */
  g_dbus_error_register_error_domain ("mortise-error", &quark, entries, G_N_ELEMENTS (entries));
  return (GQuark) quark;
}

const char *
mortise_error_to_name (MortiseError code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      if (entries[i].error_code == (int) code)
        return strrchr (entries[i].dbus_error_name, '.') + 1;
    }
  return "Failed";
}
