/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <tss2/tss2_common.h>

#include "core/tpm/tpm.h"

G_BEGIN_DECLS

/* What our own steps answer beside the TPM's codes, in a layer that tpm2-tss leaves to callers. */
#define MORTISE_TPM_RC_LAYER ((TSS2_RC) (0xa7 << 16))
/** The storage root key is not the one the vault was made under. */
#define MORTISE_TPM_RC_OTHER_SRK (MORTISE_TPM_RC_LAYER | 1)
/** No vault parent is loaded. */
#define MORTISE_TPM_RC_NO_PARENT (MORTISE_TPM_RC_LAYER | 2)
/** A blob does not parse, or is no child of the vault parent. */
#define MORTISE_TPM_RC_BAD_BLOB (MORTISE_TPM_RC_LAYER | 3)
/** The owner hierarchy or the storage root key has a password. */
#define MORTISE_TPM_RC_OWNER_AUTH (MORTISE_TPM_RC_LAYER | 4)
/** The TPM cannot do what was asked (algorithm). */
#define MORTISE_TPM_RC_UNSUPPORTED (MORTISE_TPM_RC_LAYER | 5)
/** The TPM's answer contradicts itself. */
#define MORTISE_TPM_RC_BAD_ANSWER (MORTISE_TPM_RC_LAYER | 6)

/**
 * MortiseTpmReaction:
 * @MORTISE_TPM_DONE: success
 * @MORTISE_TPM_WAIT: the TPM did not start on the command and asks to send it again later
 * @MORTISE_TPM_RENEW: a session or object is no longer there (TPM reset, resource manager dropped
 *   it): start a new one
 * @MORTISE_TPM_RECONNECT: the way to the TPM broke
 * @MORTISE_TPM_MAKE_ROOM: no free slot
 * @MORTISE_TPM_GIVE_UP: final
 */
typedef enum
{
  MORTISE_TPM_DONE,
  MORTISE_TPM_WAIT,
  MORTISE_TPM_RENEW,
  MORTISE_TPM_RECONNECT,
  MORTISE_TPM_MAKE_ROOM,
  MORTISE_TPM_GIVE_UP,
} MortiseTpmReaction;

/** mortise_tpm_rc_reaction: what may be tried before @rc is told to anyone */
MortiseTpmReaction mortise_tpm_rc_reaction (TSS2_RC rc);

/** mortise_tpm_rc_to_error: the one place where answers of the TPM become errors */
MortiseError mortise_tpm_rc_to_error (TSS2_RC rc);

/** mortise_tpm_rc_base: @rc without layer and, for format-one codes, without the operand's number
 */
TSS2_RC mortise_tpm_rc_base (TSS2_RC rc);

/** mortise_tpm_rc_is_auth: the TPM tried an authorisation and found it wrong */
gboolean mortise_tpm_rc_is_auth (TSS2_RC rc);

/** mortise_tpm_rc_is_transport: nothing was heard from the TPM itself */
gboolean mortise_tpm_rc_is_transport (TSS2_RC rc);

/** mortise_tpm_rc_is_local: tpm2-tss itself does not like a command or an answer */
gboolean mortise_tpm_rc_is_local (TSS2_RC rc);

/** mortise_tpm_rc_set_error: sets @error, with a message for the person */
void mortise_tpm_rc_set_error (TSS2_RC rc, GError **error);

G_END_DECLS
