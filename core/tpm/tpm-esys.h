/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tpm/tpm.h"

G_BEGIN_DECLS

/**
 * MortiseEsysTpm:
 *
 * The real TPM: tpm2-tss ESAPI over any TCTI. One salted HMAC session to the storage root key with
 * AES-128-CFB parameter encryption carries every command that needs authorisation.
 */
#define MORTISE_TYPE_ESYS_TPM (mortise_esys_tpm_get_type ())
G_DECLARE_FINAL_TYPE (MortiseEsysTpm, mortise_esys_tpm, MORTISE, ESYS_TPM, MortiseTpm)

/**
 * mortise_esys_tpm_open:
 * @tcti: (nullable): a TCTI string as tpm2-tss reads it ("device:/dev/tpmrm0",
 *   "swtpm:host=127.0.0.1,port=2321"), or %NULL for /dev/tpmrm0, then /dev/tpm0
 *
 * Opens the TPM and reads its capabilities. Nothing is created in the TPM. Where no resource
 * manager keeps programs apart (/dev/tpm0, swtpm), what an earlier process left loaded is flushed.
 * A connection that breaks later is made again by the next operation.
 *
 * Returns: (transfer full): the TPM; %MORTISE_ERROR_TPM_MISSING (no device node, or nothing at
 *   @tcti), _TPM_ACCESS (the node may not be opened), _TPM_BUSY (another program has it alone),
 *   _TPM_UNSUITABLE (version 1.2, or lacks what is needed) or _TPM_GONE
 */
MortiseTpm *mortise_esys_tpm_open (const char *tcti, GError **error);

/**
 * mortise_esys_tpm_count_commands:
 * @command_code: a TPM2_CC value, or 0 for all
 *
 * Returns: how many commands of that code were sent to the TPM since it was opened; counted on the
 *   wire, so that what ESAPI sends by itself is counted too
 */
guint64 mortise_esys_tpm_count_commands (MortiseEsysTpm *self, guint32 command_code);

/**
 * mortise_esys_tpm_set_latency:
 * @microseconds: added before each command; 0 for none
 *
 * For benchmarks: makes a software TPM take as long as a chip does.
 */
void mortise_esys_tpm_set_latency (MortiseEsysTpm *self, guint microseconds);

G_END_DECLS
