/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_display_text:
 * @text: (nullable): text that came from outside: a name given by a site, a file, a client
 * @max_graphemes: longest result in user-perceived characters, the ellipsis included; 0 for no
 *   limit
 *
 * Makes @text safe to show as the only content of a one-line label. The result is valid UTF-8 and
 * plain text: escape it before it goes into markup.
 *
 * - Line breaks, tabs and runs of white space become one space; the ends are trimmed.
 * - Other control characters and non-characters become U+FFFD, so that one sees that something is
 *   there. So do the bidirectional embeddings, overrides and isolates; the marks LRM, RLM and ALM
 *   stay, as they cannot reorder what stands beside them.
 * - Characters that draw nothing (zero width space, soft hyphen, fillers, stray tags) are left out;
 *   joiners stay between the letters or emoji that they join.
 * - A grapheme cluster keeps at most 16 code points, so that a pile of combining marks covers no
 *   other line.
 * - What is over @max_graphemes is cut between grapheme clusters and an ellipsis put in its place.
 *
 * Returns: (transfer full): the text to show; empty if nothing visible is in @text
 */
char *mortise_display_text (const char *text, gsize max_graphemes);

/**
 * mortise_display_text_isolated:
 *
 * As mortise_display_text(), for use within a sentence or beside other text: if the result is not
 * plainly left-to-right it stands between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (UAX
 * #9), so that it cannot reorder its surroundings.
 */
char *mortise_display_text_isolated (const char *text, gsize max_graphemes);

/** mortise_display_text_is_empty: Returns: %TRUE if nothing visible would be shown for @text */
gboolean mortise_display_text_is_empty (const char *text);

/**
 * mortise_display_text_fit:
 * @text: valid UTF-8
 * @max_bytes: how many bytes there is room for
 *
 * For names that are kept, which are never made safe: only what is shown is.
 *
 * Returns: how many bytes at the start of @text fit and are whole grapheme clusters (UAX #29); 0 if
 *   not even the first one fits
 */
gsize mortise_display_text_fit (const char *text, gsize max_bytes);

G_END_DECLS
