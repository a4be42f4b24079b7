/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * A recovery code: 128 random bits as a person writes them down.
 *
 *     XXXXC-XXXXC-XXXXC-XXXXC-XXXXC-XXXXC-XXXXC
 *
 * Base32 in Crockford's alphabet (no I, L, O, U). Each group is four symbols and a check symbol
 * over GF(32), which depends on the group's place: any one wrong symbol, two neighbours swapped and
 * two groups swapped are noticed, and where. The 140 bits are a version (4, zero), the code (128)
 * and the first byte of a SHA-256 over both.
 */

/** Bytes of a code. */
#define MORTISE_RECOVERY_CODE_SIZE 16
/** Groups, and characters of one. */
#define MORTISE_RECOVERY_CODE_GROUPS     7
#define MORTISE_RECOVERY_CODE_GROUP_SIZE 5
/** Characters of the whole, hyphens included. */
#define MORTISE_RECOVERY_CODE_TEXT_SIZE 41

/** mortise_recovery_code_format: Returns: (transfer full): the text, without a terminating zero */
MortiseSecret *mortise_recovery_code_format (const MortiseSecret *code);

/**
 * mortise_recovery_code_parse:
 * @typed: UTF-8, as typed or scanned
 *
 * Lenient: any case, any spaces, hyphens and dots or none, full-width characters, O for 0, I and L
 * for 1, U for V.
 *
 * Returns: (transfer full): the code, %MORTISE_RECOVERY_CODE_SIZE bytes;
 *   %MORTISE_ERROR_RECOVERY_INVALID with the number of the first group that is wrong
 */
MortiseSecret *mortise_recovery_code_parse (const MortiseSecret *typed, GError **error);

/**
 * mortise_recovery_code_examine:
 * @typed: as above, maybe not all of it yet
 * @ret_wrong_groups: (out): bit 0 for the first group: it is whole and does not fit its check
 *   symbol, or has a character that no code has
 *
 * For telling of a mistake while it is typed.
 *
 * Returns: characters read, separators apart; more than a code has if too many were typed
 */
guint mortise_recovery_code_examine (const MortiseSecret *typed, guint *ret_wrong_groups);

/**
 * mortise_recovery_code_ends_with:
 * @text: from mortise_recovery_code_format()
 * @typed: as above
 *
 * Returns: whether @typed is the last @n_groups groups of @text
 */
gboolean mortise_recovery_code_ends_with (const MortiseSecret *text,
                                          const MortiseSecret *typed,
                                          guint n_groups);

G_END_DECLS
