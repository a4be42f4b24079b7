/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseSwtpm:
 *
 * A software TPM of one's own: swtpm on a pair of free ports, with its state in a scratch folder.
 * It takes one connection at a time: close one MortiseTpm before opening another on the same swtpm.
 * It dies with the test.
 */
typedef struct _MortiseSwtpm MortiseSwtpm;

/** mortise_swtpm_new: starts a TPM nobody has used before; aborts the test if it cannot */
MortiseSwtpm *mortise_swtpm_new (void);

/** mortise_swtpm_new_with_state: starts the TPM whose state @state is; %NULL as mortise_swtpm_new()
 */
MortiseSwtpm *mortise_swtpm_new_with_state (const char *state, gsize size);

/** mortise_swtpm_dup_state: (transfer full): what it keeps without power, its seeds included */
char *mortise_swtpm_dup_state (MortiseSwtpm *swtpm, gsize *ret_size);

/** mortise_swtpm_free: stops it and removes its state; may be %NULL */
void mortise_swtpm_free (MortiseSwtpm *swtpm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseSwtpm, mortise_swtpm_free)

/** mortise_swtpm_get_tcti: Returns: "swtpm:host=127.0.0.1,port=N"; stays the same after a restart
 */
const char *mortise_swtpm_get_tcti (MortiseSwtpm *swtpm);

/** mortise_swtpm_power_off: kills it, as a power cut would */
void mortise_swtpm_power_off (MortiseSwtpm *swtpm);

/** mortise_swtpm_power_on: starts it with the state it had; loaded objects and sessions are gone */
void mortise_swtpm_power_on (MortiseSwtpm *swtpm);

/** mortise_swtpm_reboot: power off and on */
void mortise_swtpm_reboot (MortiseSwtpm *swtpm);

/** mortise_swtpm_reset: resets the TPM and leaves the connection as it is; TPM2_Startup is wanted
 */
void mortise_swtpm_reset (MortiseSwtpm *swtpm);

/**
 * mortise_swtpm_clear:
 *
 * TPM2_Clear, as from the firmware's settings: new seeds, so that every key made before is void.
 * Nothing may be connected.
 */
void mortise_swtpm_clear (MortiseSwtpm *swtpm);

/** mortise_swtpm_set_max_tries: how many wrong tries make it lock out, which is 3 in a new one.
 * Nothing may be connected. */
void mortise_swtpm_set_max_tries (MortiseSwtpm *swtpm, guint8 tries);

/**
 * mortise_swtpm_command:
 * @size: of @command, in bytes
 *
 * Sends one raw command over a connection of its own. Nothing may be connected.
 *
 * Returns: (transfer full): the response
 */
GBytes *mortise_swtpm_command (MortiseSwtpm *swtpm, const guint8 *command, gsize size);

G_END_DECLS
