/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-error-private.h"

#include <glib/gi18n.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>

/* TPM 2.0 Library, Part 2, "Response Code Details": bit 7 marks format one; bits 6 and 8 to 11 say
 * which parameter, handle or session is meant. */
#define FORMAT_ONE      0x080u
#define FORMAT_ONE_MASK 0x0bfu
#define CODE_MASK       0xfffu

static const TSS2_RC slots_codes[] = {
  TPM2_RC_OBJECT_MEMORY,   TPM2_RC_SESSION_MEMORY, TPM2_RC_MEMORY,
  TPM2_RC_SESSION_HANDLES, TPM2_RC_OBJECT_HANDLES,
};

static const TSS2_RC wait_codes[] = {
  TPM2_RC_RETRY,   TPM2_RC_YIELDED,        TPM2_RC_TESTING,
  TPM2_RC_NV_RATE, TPM2_RC_NV_UNAVAILABLE, TPM2_RC_CANCELED,
};

static gboolean
contains (const TSS2_RC *codes, gsize n_codes, TSS2_RC code)
{
  for (gsize i = 0; i < n_codes; i++)
    if (codes[i] == code)
      return TRUE;
  return FALSE;
}

/* Codes of the TPM itself, also when a resource manager says them: the kernel's and tpm2-abrmd use
 * the layer 11 for TPM codes of their own making. */
static gboolean
is_from_tpm (TSS2_RC rc)
{
  const TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

  return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_RC_LAYER ||
         layer == TSS2_RESMGR_TPM_RC_LAYER;
}

TSS2_RC
mortise_tpm_rc_base (TSS2_RC rc)
{
  const TSS2_RC code = rc & CODE_MASK;

  return (code & FORMAT_ONE) != 0 ? code & FORMAT_ONE_MASK : code;
}

gboolean
mortise_tpm_rc_is_auth (TSS2_RC rc)
{
  const TSS2_RC base = mortise_tpm_rc_base (rc);

  return is_from_tpm (rc) && (base == TPM2_RC_AUTH_FAIL || base == TPM2_RC_BAD_AUTH);
}

gboolean
mortise_tpm_rc_is_transport (TSS2_RC rc)
{
  /* ESAPI refuses everything after a transport failed in the middle of a command. */
  return (rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER || rc == TSS2_ESYS_RC_BAD_SEQUENCE;
}

gboolean
mortise_tpm_rc_is_local (TSS2_RC rc)
{
  return !is_from_tpm (rc) && !mortise_tpm_rc_is_transport (rc) &&
         (rc & TSS2_RC_LAYER_MASK) != MORTISE_TPM_RC_LAYER;
}

/* Is a session or a loaded object that the command names no longer there? */
static gboolean
is_lost (TSS2_RC rc)
{
  const TSS2_RC code = rc & CODE_MASK;
  const gboolean names_handle =
      (code & FORMAT_ONE) != 0 && (code & TPM2_RC_P) == 0 && (code & TPM2_RC_N_MASK) != 0;

  if (code == TPM2_RC_CONTEXT_GAP)
    return TRUE;
  if (code >= TPM2_RC_REFERENCE_H0 && code <= TPM2_RC_REFERENCE_S6)
    return TRUE;
  return names_handle &&
         (mortise_tpm_rc_base (rc) == TPM2_RC_HANDLE || mortise_tpm_rc_base (rc) == TPM2_RC_VALUE);
}

MortiseTpmReaction
mortise_tpm_rc_reaction (TSS2_RC rc)
{
  if (rc == TSS2_RC_SUCCESS)
    return MORTISE_TPM_DONE;
  if (mortise_tpm_rc_is_transport (rc))
    return MORTISE_TPM_RECONNECT;
  if (!is_from_tpm (rc))
    return MORTISE_TPM_GIVE_UP;
  /* Reset and not started again: connecting does that for a simulator. */
  if (rc == TPM2_RC_INITIALIZE)
    return MORTISE_TPM_RECONNECT;
  if (contains (wait_codes, G_N_ELEMENTS (wait_codes), rc & CODE_MASK))
    return MORTISE_TPM_WAIT;
  if (contains (slots_codes, G_N_ELEMENTS (slots_codes), rc & CODE_MASK))
    return MORTISE_TPM_MAKE_ROOM;
  return is_lost (rc) ? MORTISE_TPM_RENEW : MORTISE_TPM_GIVE_UP;
}

static MortiseError
own_code_to_error (TSS2_RC rc)
{
  switch (rc)
    {
    case MORTISE_TPM_RC_OTHER_SRK:
      return MORTISE_ERROR_TPM_OTHER;
    case MORTISE_TPM_RC_NO_PARENT:
      return MORTISE_ERROR_VAULT_LOCKED;
    case MORTISE_TPM_RC_BAD_BLOB:
      return MORTISE_ERROR_VAULT_DAMAGED;
    case MORTISE_TPM_RC_OWNER_AUTH:
    case MORTISE_TPM_RC_UNSUPPORTED:
      return MORTISE_ERROR_TPM_UNSUITABLE;
    default:
      return MORTISE_ERROR_TPM_FAILED;
    }
}

MortiseError
mortise_tpm_rc_to_error (TSS2_RC rc)
{
  if ((rc & TSS2_RC_LAYER_MASK) == MORTISE_TPM_RC_LAYER)
    return own_code_to_error (rc);
  if (mortise_tpm_rc_is_transport (rc))
    return MORTISE_ERROR_TPM_GONE;
  if (!is_from_tpm (rc))
    return MORTISE_ERROR_TPM_FAILED;
  if (contains (wait_codes, G_N_ELEMENTS (wait_codes), rc & CODE_MASK))
    return MORTISE_ERROR_TPM_BUSY;
  if (contains (slots_codes, G_N_ELEMENTS (slots_codes), rc & CODE_MASK))
    return MORTISE_ERROR_TPM_SLOTS;
  switch (mortise_tpm_rc_base (rc))
    {
    case TPM2_RC_LOCKOUT:
      return MORTISE_ERROR_TPM_LOCKOUT;
    case TPM2_RC_AUTH_FAIL:
    case TPM2_RC_BAD_AUTH:
      return MORTISE_ERROR_TPM_AUTH;
    case TPM2_RC_INTEGRITY:
      return MORTISE_ERROR_TPM_OTHER;
    case TPM2_RC_HIERARCHY:
    case TPM2_RC_DISABLED:
    case TPM2_RC_COMMAND_CODE:
    case TPM2_RC_BAD_TAG:
      return MORTISE_ERROR_TPM_UNSUITABLE;
    default:
      return MORTISE_ERROR_TPM_FAILED;
    }
}

static const char *
message_of_rc (TSS2_RC rc)
{
  switch (rc)
    {
    case MORTISE_TPM_RC_BAD_BLOB:
      return _ ("A stored key is damaged or belongs to another vault, so that it cannot be used. "
                "Restore the vault from a copy, or register again on the site.");
    case MORTISE_TPM_RC_OWNER_AUTH:
      return _ ("The TPM's storage is protected with an owner password, so that Mortise cannot "
                "make keys in it. Ask whoever set up this computer to provide a storage root key "
                "without a password.");
    case MORTISE_TPM_RC_UNSUPPORTED:
      return _ ("The TPM of this computer cannot make keys of the kind this site asks for. "
                "No passkey was made; existing ones are not affected.");
    case TPM2_RC_BAD_TAG:
      return _ ("The TPM of this computer is of version 1.2; Mortise needs 2.0. Some computers can "
                "switch to 2.0 in the firmware's settings.");
    case MORTISE_TPM_RC_BAD_ANSWER:
      return _ ("The TPM gave an answer that contradicts itself, so that Mortise does not rely on "
                "it. No passkey is lost; restart the computer.");
    default:
      return NULL;
    }
}

static const char *
message_of (MortiseError code)
{
  switch (code)
    {
    case MORTISE_ERROR_TPM_OTHER:
      return _ ("This is not the TPM the vault was made with: it was replaced or cleared. Passkeys "
                "that live only in the old TPM cannot be used with this one. Put the old TPM or "
                "mainboard back, or restore exportable passkeys from a backup.");
    case MORTISE_ERROR_VAULT_LOCKED:
      return _ ("The vault is locked. Unlock it with your PIN.");
    case MORTISE_ERROR_TPM_LOCKOUT:
      return _ ("The TPM refuses every PIN for a while, because wrong ones were tried too often on "
                "this computer. No passkey is lost and no try was used up. Wait, then try again.");
    case MORTISE_ERROR_TPM_AUTH:
      return _ ("The TPM says that this is not the right PIN or key.");
    case MORTISE_ERROR_TPM_BUSY:
      return _ ("The TPM is busy and kept asking to try later. No passkey is lost; try again in a "
                "moment.");
    case MORTISE_ERROR_TPM_GONE:
      return _ ("The TPM stopped answering. No passkey is lost; try again, and if that does not "
                "help, restart the computer.");
    case MORTISE_ERROR_TPM_SLOTS:
      return _ ("The TPM has no free place for another key, because other programs use it. No "
                "passkey is lost; close programs that use the TPM and try again.");
    case MORTISE_ERROR_TPM_UNSUITABLE:
      return _ ("The TPM of this computer lacks something that Mortise needs, or it is switched "
                "off in the firmware. Look for the TPM in the firmware's settings.");
    default:
      return _ ("The TPM answered with an error. No passkey is lost; restart the computer if it "
                "happens again.");
    }
}

void
mortise_tpm_rc_set_error (TSS2_RC rc, GError **error)
{
  const MortiseError code = mortise_tpm_rc_to_error (rc);
  const char *message = message_of_rc (rc);
  const gboolean unknown = message == NULL && code == MORTISE_ERROR_TPM_FAILED;

  g_debug ("TPM: 0x%08x (%s)", rc, Tss2_RC_Decode (rc));
  if (message == NULL)
    message = message_of (code);
  /* The number helps nobody where the cause is known. */
  if (unknown)
    g_set_error (error, MORTISE_ERROR, (int) code, "%s (0x%08x)", message, rc);
  else
    g_set_error_literal (error, MORTISE_ERROR, (int) code, message);
}
