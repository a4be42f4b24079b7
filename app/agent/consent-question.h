/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/consent.h"

G_BEGIN_DECLS

/** Accounts that one prompt can offer; a site with more shows the newest. */
#define MORTISE_QUESTION_MAX_ACCOUNTS 128

/** Lines that one prompt can show of "passkeys" and "changes". */
#define MORTISE_QUESTION_MAX_LINES 200

/**
 * mortise_consent_question_to_members:
 * @dict: gets the members of QUESTION (app/prompt/prompt-protocol.h) that @question fills
 *
 * Strings of clients are made valid UTF-8 and cut to %MORTISE_NAME_MAX bytes at a character.
 */
void mortise_consent_question_to_members (GVariantDict *dict,
                                          const MortiseConsentQuestion *question);

/** mortise_consent_question_insert_string: inserts @text made safe; nothing if it is %NULL */
void
mortise_consent_question_insert_string (GVariantDict *dict, const char *name, const char *text);

/**
 * mortise_consent_question_insert_lines:
 * @lines: (element-type utf8): one entry each; over %MORTISE_QUESTION_MAX_LINES the rest is counted
 *   in a last line, and may be %NULL
 */
void mortise_consent_question_insert_lines (GVariantDict *dict, const char *name, GPtrArray *lines);

G_END_DECLS
