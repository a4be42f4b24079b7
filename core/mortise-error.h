/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MORTISE_ERROR:
 *
 * The one error domain of Mortise. A message in this domain is written for the person at the
 * screen: what happened, what it means for their passkeys, and the one step that mends it. It never
 * holds a secret. Each code has a name on the bus and at most
 * one CTAP status (see core/ctap/ctap-status.h).
 */
#define MORTISE_ERROR (mortise_error_quark ())

/**
 * MortiseError:
 * @MORTISE_ERROR_FAILED: anything without a code of its own
 * @MORTISE_ERROR_INVALID_ARGUMENT: an argument from outside is of the wrong shape or size
 * @MORTISE_ERROR_NOT_FOUND: no such passkey, setting or keyslot
 * @MORTISE_ERROR_CANCELLED: the client or the caller withdrew the request
 * @MORTISE_ERROR_DENIED: the person said no
 * @MORTISE_ERROR_TIMED_OUT: the person did not answer in time
 * @MORTISE_ERROR_BUSY: another question is being asked or another operation is under way
 * @MORTISE_ERROR_PROMPT_FAILED: the prompt could not be shown (no display, not installed, crashed)
 * @MORTISE_ERROR_TPM_MISSING: this computer shows no TPM 2.0
 * @MORTISE_ERROR_TPM_ACCESS: there is a TPM but this user may not open it
 * @MORTISE_ERROR_TPM_UNSUITABLE: the TPM lacks something Mortise needs
 * @MORTISE_ERROR_TPM_OTHER: not the TPM this vault was made with (replaced or cleared)
 * @MORTISE_ERROR_TPM_LOCKOUT: the TPM refuses authorisation for a while (dictionary-attack lockout)
 * @MORTISE_ERROR_TPM_AUTH: the TPM says that the authorisation value is wrong
 * @MORTISE_ERROR_TPM_BUSY: the TPM asks to try again later, and went on asking
 * @MORTISE_ERROR_TPM_GONE: the TPM stopped answering
 * @MORTISE_ERROR_TPM_SLOTS: the TPM has no free object or session slot
 * @MORTISE_ERROR_TPM_FAILED: any other answer of the TPM
 * @MORTISE_ERROR_NO_VAULT: there is no vault yet
 * @MORTISE_ERROR_VAULT_EXISTS: there is a vault already
 * @MORTISE_ERROR_VAULT_LOCKED: the vault must be unlocked first
 * @MORTISE_ERROR_VAULT_IN_USE: another process holds the vault
 * @MORTISE_ERROR_VAULT_NEWER: the vault was written by a newer Mortise
 * @MORTISE_ERROR_VAULT_DAMAGED: a record or the database does not verify
 * @MORTISE_ERROR_VAULT_FULL: no room: disk full, quota, or the documented maximum
 * @MORTISE_ERROR_VAULT_IO: the vault's files cannot be read or written
 * @MORTISE_ERROR_PIN_INVALID: wrong PIN
 * @MORTISE_ERROR_PIN_AUTH_BLOCKED: three wrong PINs in a row; restart the agent to go on
 * @MORTISE_ERROR_PIN_BLOCKED: no tries left
 * @MORTISE_ERROR_PIN_POLICY: the new PIN is too short, too long or the same as before
 * @MORTISE_ERROR_KEYRING: the login keyring cannot be reached or refused
 * @MORTISE_ERROR_DEVICE_MISSING: no /dev/uhid on this computer
 * @MORTISE_ERROR_DEVICE_ACCESS: /dev/uhid may not be opened by this user
 * @MORTISE_ERROR_ALREADY_RUNNING: another agent serves this session
 * @MORTISE_ERROR_RECOVERY_INVALID: mistyped or wrong recovery code
 *
 * Error codes. New ones go at the end, as the names are part of the D-Bus interface.
 */
typedef enum
{
  MORTISE_ERROR_FAILED,
  MORTISE_ERROR_INVALID_ARGUMENT,
  MORTISE_ERROR_NOT_FOUND,
  MORTISE_ERROR_CANCELLED,
  MORTISE_ERROR_DENIED,
  MORTISE_ERROR_TIMED_OUT,
  MORTISE_ERROR_BUSY,
  MORTISE_ERROR_PROMPT_FAILED,
  MORTISE_ERROR_TPM_MISSING,
  MORTISE_ERROR_TPM_ACCESS,
  MORTISE_ERROR_TPM_UNSUITABLE,
  MORTISE_ERROR_TPM_OTHER,
  MORTISE_ERROR_TPM_LOCKOUT,
  MORTISE_ERROR_TPM_AUTH,
  MORTISE_ERROR_TPM_BUSY,
  MORTISE_ERROR_TPM_GONE,
  MORTISE_ERROR_TPM_SLOTS,
  MORTISE_ERROR_TPM_FAILED,
  MORTISE_ERROR_NO_VAULT,
  MORTISE_ERROR_VAULT_EXISTS,
  MORTISE_ERROR_VAULT_LOCKED,
  MORTISE_ERROR_VAULT_IN_USE,
  MORTISE_ERROR_VAULT_NEWER,
  MORTISE_ERROR_VAULT_DAMAGED,
  MORTISE_ERROR_VAULT_FULL,
  MORTISE_ERROR_VAULT_IO,
  MORTISE_ERROR_PIN_INVALID,
  MORTISE_ERROR_PIN_AUTH_BLOCKED,
  MORTISE_ERROR_PIN_BLOCKED,
  MORTISE_ERROR_PIN_POLICY,
  MORTISE_ERROR_KEYRING,
  MORTISE_ERROR_DEVICE_MISSING,
  MORTISE_ERROR_DEVICE_ACCESS,
  MORTISE_ERROR_ALREADY_RUNNING,
  MORTISE_ERROR_RECOVERY_INVALID,
} MortiseError;

GQuark mortise_error_quark (void);

/**
 * mortise_error_to_name:
 * @code: a #MortiseError
 *
 * Returns: (transfer none): the code's stable short name, for example `TpmLockout`; the part after
 *   the last dot of its D-Bus error name, and what `mortisectl --json` prints
 */
const char *mortise_error_to_name (MortiseError code);

G_END_DECLS
