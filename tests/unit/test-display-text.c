/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/text/display-text.h"

#include <string.h>

static void
assert_shown (const char *text, gsize max, const char *expected)
{
  g_autofree char *shown = mortise_display_text (text, max);

  g_assert_cmpstr (shown, ==, expected);
}

static void
test_plain (void)
{
  assert_shown (NULL, 0, "");
  assert_shown ("", 5, "");
  assert_shown ("alice@example.com", 0, "alice@example.com");
  assert_shown ("日本 太郎", 0, "日本 太郎");
  assert_shown ("  a \t\n b\r\n", 0, "a b");
  assert_shown ("<b>&amp;</b>", 0, "<b>&amp;</b>");
}

static void
test_control_characters (void)
{
  assert_shown ("a\x01"
                "b\x7f",
                0,
                "a\xef\xbf\xbd"
                "b\xef\xbf\xbd");
  assert_shown ("a\xff"
                "b",
                0,
                "a\xef\xbf\xbd"
                "b");
  assert_shown ("a\xe2\x80\xa8"
                "b",
                0, "a b");
  assert_shown ("a\xef\xbf\xbf", 0, "a\xef\xbf\xbd");
}

static void
test_bidi (void)
{
  g_autofree char *isolated = mortise_display_text_isolated ("שלום", 0);
  g_autofree char *plain = mortise_display_text_isolated ("alice", 0);
  /* RLO "moc.elgoog": the override must not act, and must be seen. */
  assert_shown ("\xe2\x80\xaemoc.elgoog", 0, "\xef\xbf\xbdmoc.elgoog");
  assert_shown ("a\xe2\x81\xa6"
                "b\xe2\x81\xa9",
                0,
                "a\xef\xbf\xbd"
                "b\xef\xbf\xbd");
  /* A run of marks keeps one. */
  assert_shown ("a\xe2\x80\x8f\xe2\x80\x8f\xe2\x80\x8f"
                "b",
                0,
                "a\xe2\x80\x8f"
                "b");
  g_assert_cmpstr (isolated, ==, "\xe2\x81\xa8שלום\xe2\x81\xa9");
  g_assert_cmpstr (plain, ==, "alice");
}

static void
test_invisible (void)
{
  assert_shown ("\xe2\x80\x8b\xe2\x80\x8b", 0, "");
  assert_shown ("a\xc2\xad"
                "b",
                0, "ab");
  assert_shown ("ㅤ", 0, "");
  assert_shown ("\xe2\x80\x8e", 0, "");
  g_assert_true (mortise_display_text_is_empty (" \xe2\x80\x8d\xef\xb8\x8f "));
  g_assert_true (mortise_display_text_is_empty (NULL));
  g_assert_false (mortise_display_text_is_empty ("x"));
  /* Tags hide text unless they belong to a flag. */
  assert_shown ("a\xf3\xa0\x81\xa1\xf3\xa0\x81\xa2", 0, "a");
}

static void
test_cut (void)
{
  assert_shown ("abcdef", 6, "abcdef");
  assert_shown ("abcdef", 5, "abcd…");
  assert_shown ("abcdef", 1, "…");
  assert_shown ("ab cdef", 4, "ab…");
  assert_shown ("ab ", 2, "ab");
}

static void
test_cut_between_graphemes (void)
{
  /* e + combining acute counts as one and is not torn. */
  assert_shown ("e\xcc\x81"
                "e\xcc\x81"
                "e\xcc\x81",
                2, "e\xcc\x81…");
  /* A family of four joined emoji, then a flag of two regional indicators. */
  assert_shown ("👨‍👩‍👧‍👦🇯🇵x", 3, "👨‍👩‍👧‍👦🇯🇵x");
  assert_shown ("👨‍👩‍👧‍👦🇯🇵xy", 3, "👨‍👩‍👧‍👦🇯🇵…");
  assert_shown ("🇯🇵🇩🇪🇫🇷", 2, "🇯🇵…");
  assert_shown ("👍🏽👍🏽", 1, "…");
  assert_shown ("👍🏽👍🏽", 2, "👍🏽👍🏽");
  assert_shown ("가각", 2, "가각");
  assert_shown ("🏴󠁧󠁢󠁳󠁣󠁴󠁿a", 2, "🏴󠁧󠁢󠁳󠁣󠁴󠁿a");
}

static void
assert_fit (const char *text, gsize max, const char *expected)
{
  g_autofree char *fit = g_strndup (text, mortise_display_text_fit (text, max));

  g_assert_cmpstr (fit, ==, expected);
}

/* By bytes, for what is stored: nothing is mended, nothing is torn. */
static void
test_fit (void)
{
  assert_fit ("", 0, "");
  assert_fit ("abc", 3, "abc");
  assert_fit ("abc", 2, "ab");
  assert_fit ("a\xe2\x80\xae\nb", 5, "a\xe2\x80\xae\n");
  assert_fit ("日本", 5, "日");
  assert_fit ("xe\xcc\x81", 3, "x");
  assert_fit ("e\xcc\x81", 2, "");
  assert_fit ("x👨‍👩‍👧‍👦y", 25, "x");
  assert_fit ("x👨‍👩‍👧‍👦y", 26, "x👨‍👩‍👧‍👦");
  assert_fit ("🇯🇵🇩🇪🇫🇷", 15, "🇯🇵");
  assert_fit ("🇯🇵🇩🇪🇫🇷", 16, "🇯🇵🇩🇪");
  assert_fit ("👍🏽👍🏽", 15, "👍🏽");
  assert_fit ("\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"
              "a",
              8, "");
  assert_fit ("🏴󠁧󠁢󠁳󠁣󠁴󠁿a", 28, "🏴󠁧󠁢󠁳󠁣󠁴󠁿");
  assert_fit ("🏴󠁧󠁢󠁳󠁣󠁴󠁿a", 27, "");
}

static void
test_piles (void)
{
  g_autoptr (GString) marks = g_string_new ("a");
  g_autoptr (GString) joined = g_string_new ("");
  g_autofree char *shown_marks = NULL;
  g_autofree char *shown_joined = NULL;

  for (int i = 0; i < 10000; i++)
    {
      g_string_append (marks, "\xcc\x81");
      g_string_append (joined, "👩\xe2\x80\x8d");
    }
  shown_marks = mortise_display_text (marks->str, 50);
  shown_joined = mortise_display_text (joined->str, 50);
  g_assert_cmpint (g_utf8_strlen (shown_marks, -1), <=, 16);
  g_assert_cmpint (g_utf8_strlen (shown_joined, -1), <=, 50 * 16 + 1);
  g_assert_true (g_str_has_suffix (shown_joined, "…"));
}

static void
test_any_bytes (void)
{
  for (guint seed = 0; seed < 2000; seed++)
    {
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      char bytes[64];
      g_autofree char *shown = NULL;
      g_autofree char *again = NULL;

      for (gsize i = 0; i < sizeof bytes - 1; i++)
        bytes[i] = (char) g_rand_int_range (rand, 1, 256);
      bytes[sizeof bytes - 1] = '\0';
      shown = mortise_display_text (bytes, 20);
      again = mortise_display_text (shown, 20);
      g_assert_true (g_utf8_validate (shown, -1, NULL));
      g_assert_cmpstr (again, ==, shown);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/display-text/plain", test_plain);
  g_test_add_func ("/display-text/control-characters", test_control_characters);
  g_test_add_func ("/display-text/bidi", test_bidi);
  g_test_add_func ("/display-text/invisible", test_invisible);
  g_test_add_func ("/display-text/cut", test_cut);
  g_test_add_func ("/display-text/cut-between-graphemes", test_cut_between_graphemes);
  g_test_add_func ("/display-text/fit", test_fit);
  g_test_add_func ("/display-text/piles", test_piles);
  g_test_add_func ("/display-text/any-bytes", test_any_bytes);
  return g_test_run ();
}
