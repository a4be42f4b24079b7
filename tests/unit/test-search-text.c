/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/text/search-text.h"

static void
assert_found (const char *text, const char *query, gboolean expected)
{
  g_autofree char *folded_text = mortise_search_fold (text);
  g_autofree char *folded_query = mortise_search_fold (query);

  if (mortise_search_matches (folded_text, folded_query) != expected)
    g_error ("“%s” in “%s”: expected %d (%s in %s)", query, text, expected, folded_query,
             folded_text);
}

static void
test_case_and_accents (void)
{
  assert_found ("Müller", "muller", TRUE);
  assert_found ("muller", "MÜLL", TRUE);
  assert_found ("Straße", "STRASSE", TRUE);
  assert_found ("Smørrebrød", "smorrebrod", TRUE);
  assert_found ("ŁÓDŹ", "lodz", TRUE);
  assert_found ("İstanbul", "istanbul", TRUE);
  assert_found ("example", "exemple", FALSE);
}

static void
test_kana_and_width (void)
{
  assert_found ("ガスかいしゃ", "カス会社", FALSE);
  assert_found ("ガス", "かす", TRUE);
  assert_found ("ﾄﾖﾀ", "トヨタ", TRUE);
  assert_found ("とよた", "トヨタ", TRUE);
  assert_found ("Ｇｉｔｈｕｂ", "github", TRUE);
  assert_found ("ぱすきー", "パスキー", TRUE);
}

static void
test_words (void)
{
  assert_found ("example.com alice work", "work exam", TRUE);
  assert_found ("example.com alice", "alice bob", FALSE);
  assert_found ("example.com", "", TRUE);
  assert_found ("example.com", "   ", TRUE);
  assert_found ("", "a", FALSE);
  assert_found ("a\xe2\x80\x8b"
                "b",
                "ab", TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/search-text/case-and-accents", test_case_and_accents);
  g_test_add_func ("/search-text/kana-and-width", test_kana_and_width);
  g_test_add_func ("/search-text/words", test_words);
  return g_test_run ();
}
