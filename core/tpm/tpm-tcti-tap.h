/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <tss2/tss2_tcti.h>

G_BEGIN_DECLS

/**
 * MortiseTctiTap:
 *
 * A TCTI that stands between ESAPI and the real one. It counts what goes over the wire, makes a
 * software TPM as slow as a chip, lets tests look at every buffer, and puts an answer of the test's
 * choice in the TPM's place. Only the counters may be used from a thread that does not hold the
 * TPM's lock.
 */
typedef struct _MortiseTctiTap MortiseTctiTap;

/**
 * MortiseTctiTapFunc:
 * @is_response: a response of the TPM; else a command on its way to it
 */
typedef void (*MortiseTctiTapFunc) (gboolean is_response,
                                    const guint8 *data,
                                    gsize size,
                                    gpointer user_data);

MortiseTctiTap *mortise_tcti_tap_new (void);

/** mortise_tcti_tap_free: frees the tap; the inner TCTI must have been taken out */
void mortise_tcti_tap_free (MortiseTctiTap *tap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseTctiTap, mortise_tcti_tap_free)

/** mortise_tcti_tap_set_inner: (transfer none): the TCTI commands go to, or %NULL */
void mortise_tcti_tap_set_inner (MortiseTctiTap *tap, TSS2_TCTI_CONTEXT *inner);

/** mortise_tcti_tap_get_context: Returns: (transfer none): the tap as ESAPI takes it */
TSS2_TCTI_CONTEXT *mortise_tcti_tap_get_context (MortiseTctiTap *tap);

guint64 mortise_tcti_tap_count (MortiseTctiTap *tap, guint32 command_code);
void mortise_tcti_tap_set_latency (MortiseTctiTap *tap, guint microseconds);
void mortise_tcti_tap_watch (MortiseTctiTap *tap, MortiseTctiTapFunc func, gpointer user_data);

/**
 * mortise_tcti_tap_inject:
 * @command_code: the command that does not reach the TPM, or 0 for any
 * @rc: its answer: a response code of the TPM, or a code of the TCTI layer, which then fails
 * @times: so many times
 */
void mortise_tcti_tap_inject (MortiseTctiTap *tap, guint32 command_code, TSS2_RC rc, guint times);

G_END_DECLS
