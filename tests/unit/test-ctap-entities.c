/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/ctap-entities.h"

#include <string.h>

static MortiseCborValue
text (const char *bytes, gsize size)
{
  return (
      MortiseCborValue){ .type = MORTISE_CBOR_TEXT, .data = (const guint8 *) bytes, .size = size };
}

/* What cannot be seen cannot make one site look like another, nor end its name early. */
static void
test_rp_id (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    guint8 status;
  } cases[] = {
    { "example.com", 11, CTAP1_ERR_SUCCESS },
    { "ssh:", 4, CTAP1_ERR_SUCCESS },
    { "https://example.com/app-id", 26, CTAP1_ERR_SUCCESS },
    { "../../etc/passwd", 16, CTAP1_ERR_SUCCESS },
    { "", 0, CTAP2_ERR_MISSING_PARAMETER },
    { "bank.example\0.evil.example", 26, CTAP1_ERR_INVALID_PARAMETER },
    { "\0", 1, CTAP1_ERR_INVALID_PARAMETER },
    { "a\nb", 3, CTAP1_ERR_INVALID_PARAMETER },
    { "a\x1b[0m", 5, CTAP1_ERR_INVALID_PARAMETER },
    { "a\x7f", 2, CTAP1_ERR_INVALID_PARAMETER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      MortiseCborValue value = text (cases[i].bytes, cases[i].size);
      g_autofree char *rp_id = NULL;

      g_assert_cmphex (mortise_ctap_read_rp_id (&value, &rp_id), ==, cases[i].status);
      g_assert_cmpint (rp_id != NULL, ==, cases[i].status == CTAP1_ERR_SUCCESS);
      if (rp_id != NULL)
        g_assert_cmpuint (strlen (rp_id), ==, cases[i].size);
    }
}

static void
check_name (const char *bytes, gsize size, const char *expected)
{
  MortiseCborValue value = text (bytes, size);
  g_autofree char *name = mortise_ctap_dup_name (&value);

  g_assert_cmpstr (name, ==, expected);
  g_assert_true (g_utf8_validate (name, -1, NULL));
}

static void
test_names (void)
{
  const MortiseCborValue absent = { .type = MORTISE_CBOR_NONE };
  g_autofree char *longest = g_strnfill (MORTISE_NAME_MAX, 'n');
  g_autofree char *over = g_strconcat (longest, "m", NULL);
  g_autofree char *before_emoji = g_strndup (longest, MORTISE_NAME_MAX - 1);
  g_autofree char *before_accent = g_strndup (longest, MORTISE_NAME_MAX - 2);
  g_autofree char *accent = g_strconcat (before_accent, "e\xcc\x81", NULL);
  g_autofree char *family = g_strconcat (before_accent, "👨‍👩‍👧‍👦", NULL);
  g_autoptr (GString) marks = g_string_new ("e");
  g_autofree char *pile = NULL;
  g_autofree char *emoji = g_strconcat (before_emoji, "\xf0\x9f\x94\x91", NULL);

  for (int i = 0; i < 10000; i++)
    g_string_append (marks, "\xcc\x81");
  pile = g_strndup (marks->str, MORTISE_NAME_MAX - 1);
  g_assert_null (mortise_ctap_dup_name (&absent));
  check_name ("", 0, "");
  check_name ("a\0b", 3,
              "a\xef\xbf\xbd"
              "b");
  check_name (longest, strlen (longest), longest);
  check_name (over, strlen (over), longest);
  check_name (emoji, strlen (emoji), before_emoji);
  /* What a person sees as one character is kept whole or not at all; a pile that is longer than all
   * there is room for is a name none the less. */
  check_name (accent, strlen (accent), before_accent);
  check_name (family, strlen (family), before_accent);
  check_name (marks->str, marks->len, pile);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ctap/35-entities/rp-id", test_rp_id);
  g_test_add_func ("/ctap/36-entities/names", test_names);
  return g_test_run ();
}
