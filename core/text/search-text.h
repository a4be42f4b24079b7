/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_search_fold:
 * @text: (nullable): any text
 *
 * Brings text to the form in which it is searched: compatibility-decomposed (so half-width kana and
 * full-width letters become ordinary ones), case-folded, accents taken off, katakana turned into
 * hiragana, kana voicing marks taken off, white space runs made one space. `Ｇoogle` and
 * `google`, `Müller` and `muller`, `ガス` and `かす` are then equal.
 *
 * Returns: (transfer full): the folded text
 */
char *mortise_search_fold (const char *text);

/**
 * mortise_search_matches:
 * @folded_text: from mortise_search_fold()
 * @folded_query: from mortise_search_fold()
 *
 * Returns: %TRUE if every word of @folded_query is somewhere in @folded_text; an empty query
 *   matches everything
 */
gboolean mortise_search_matches (const char *folded_text, const char *folded_query);

G_END_DECLS
