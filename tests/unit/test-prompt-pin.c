/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-pin.h"

static void
test_length (void)
{
  g_autofree char *longest = g_strconcat ("b",
                                          "acacacacacacacacacacacacacacacacacacacacacacacac"
                                          "acacacacacacac",
                                          NULL);
  g_autofree char *too_long = g_strconcat (longest, "a", NULL);

  g_assert_cmpuint (strlen (longest), ==, 63);
  g_assert_cmpint (mortise_prompt_pin_check ("", 4), ==, MORTISE_PROMPT_PIN_SHORT);
  g_assert_cmpint (mortise_prompt_pin_check ("135", 4), ==, MORTISE_PROMPT_PIN_SHORT);
  g_assert_cmpint (mortise_prompt_pin_check ("1357", 4), ==, MORTISE_PROMPT_PIN_FINE);
  g_assert_cmpint (mortise_prompt_pin_check ("1357", 6), ==, MORTISE_PROMPT_PIN_SHORT);
  /* No setting goes below what CTAP allows. */
  g_assert_cmpint (mortise_prompt_pin_check ("135", 0), ==, MORTISE_PROMPT_PIN_SHORT);
  g_assert_cmpint (mortise_prompt_pin_check (longest, 4), ==, MORTISE_PROMPT_PIN_FINE);
  g_assert_cmpint (mortise_prompt_pin_check (too_long, 4), ==, MORTISE_PROMPT_PIN_LONG);
}

/* Length counts code points; the limit counts bytes. */
static void
test_code_points (void)
{
  g_assert_cmpint (mortise_prompt_pin_check ("ひみつ", 4), ==, MORTISE_PROMPT_PIN_SHORT);
  g_assert_cmpint (mortise_prompt_pin_check ("ひみつだ", 4), ==, MORTISE_PROMPT_PIN_FINE);
  g_assert_cmpint (mortise_prompt_pin_check ("🔑🗝🚪🏠", 4), ==, MORTISE_PROMPT_PIN_FINE);
  /* 15 × 4 and 16 × 4 bytes */
  g_assert_cmpint (mortise_prompt_pin_check ("🔑🔓🚪🏠🔑🔑🚪🏠🔑🔑🚪🏠🔑🔑🚪", 4), ==, MORTISE_PROMPT_PIN_FINE);
  g_assert_cmpint (mortise_prompt_pin_check ("🔑🔓🚪🏠🔑🔑🚪🏠🔑🔑🚪🏠🔑🔑🚪🏠", 4), ==, MORTISE_PROMPT_PIN_LONG);
  /* Two letters and two accents are two code points when composed. */
  g_assert_cmpint (mortise_prompt_pin_check ("a\u0308o\u0308", 4), ==, MORTISE_PROMPT_PIN_SHORT);
}

static void
test_easy (void)
{
  const char *easy[] = { "0000", "1234", "4321", "abcdefg", "zyxw", "ああああ" };
  const char *fine[] = { "1235", "0001", "1010", "2468", "acac" };

  for (gsize i = 0; i < G_N_ELEMENTS (easy); i++)
    g_assert_cmpint (mortise_prompt_pin_check (easy[i], 4), ==, MORTISE_PROMPT_PIN_EASY);
  for (gsize i = 0; i < G_N_ELEMENTS (fine); i++)
    g_assert_cmpint (mortise_prompt_pin_check (fine[i], 4), ==, MORTISE_PROMPT_PIN_FINE);
}

static void
assert_sent (const char *typed, const char *sent)
{
  g_autoptr (MortiseSecret) secret = mortise_prompt_pin_to_secret (typed);

  g_assert_cmpmem (mortise_secret_peek (secret), mortise_secret_get_size (secret), sent,
                   strlen (sent));
}

static void
test_bytes (void)
{
  assert_sent ("1357", "1357");
  assert_sent (" a b ", " a b ");
  assert_sent ("пароль🔑", "пароль🔑");
  assert_sent ("a\u0308bc", "äbc");
  /* Composed, not made compatible: a full-width digit is another PIN. */
  assert_sent ("１３５７", "１３５７");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/prompt-pin/length", test_length);
  g_test_add_func ("/prompt-pin/code-points", test_code_points);
  g_test_add_func ("/prompt-pin/easy", test_easy);
  g_test_add_func ("/prompt-pin/bytes", test_bytes);
  return g_test_run ();
}
