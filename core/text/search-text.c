/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/text/search-text.h"

#include <string.h>

#define KATAKANA_FIRST       0x30A1
#define KATAKANA_LAST        0x30F6
#define KATAKANA_TO_HIRAGANA 0x60

/* Letters that have no decomposition but that nobody who looks for a name would tell apart. */
static const char *
fold_letter (gunichar c)
{
  switch (c)
    {
    case 0x00F8: /* ø */
      return "o";
    case 0x0142: /* ł */
      return "l";
    case 0x0111: /* đ */
    case 0x00F0: /* ð */
      return "d";
    case 0x00E6: /* æ */
      return "ae";
    case 0x0153: /* œ */
      return "oe";
    case 0x00FE: /* þ */
      return "th";
    case 0x0131: /* ı */
      return "i";
    default:
      return NULL;
    }
}

char *
mortise_search_fold (const char *text)
{
  g_autofree char *valid = NULL;
  g_autofree char *cased = NULL;
  g_autofree char *decomposed = NULL;
  GString *folded = NULL;
  gboolean pending_space = FALSE;

  if (text == NULL || text[0] == '\0')
    return g_strdup ("");

  valid = g_utf8_make_valid (text, -1);
  cased = g_utf8_casefold (valid, -1);
  decomposed = g_utf8_normalize (cased, -1, G_NORMALIZE_NFKD);
  folded = g_string_sized_new (strlen (decomposed));
  for (const char *p = decomposed; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      gunichar c = g_utf8_get_char (p);
      const char *letter = fold_letter (c);

      if (g_unichar_isspace (c))
        {
          pending_space = TRUE;
          continue;
        }
      if (g_unichar_ismark (c) || g_unichar_type (c) == G_UNICODE_FORMAT ||
          g_unichar_type (c) == G_UNICODE_CONTROL)
        continue;
      if (pending_space && folded->len > 0)
        g_string_append_c (folded, ' ');
      pending_space = FALSE;
      if (c >= KATAKANA_FIRST && c <= KATAKANA_LAST)
        c -= KATAKANA_TO_HIRAGANA;
      if (letter != NULL)
        g_string_append (folded, letter);
      else
        g_string_append_unichar (folded, c);
    }
  return g_string_free (folded, FALSE);
}

gboolean
mortise_search_matches (const char *folded_text, const char *folded_query)
{
  const char *word = folded_query;

  while (*word != '\0')
    {
      const char *end = strchrnul (word, ' ');
      gsize length = (gsize) (end - word);

      if (length > 0 && memmem (folded_text, strlen (folded_text), word, length) == NULL)
        return FALSE;
      word = *end == '\0' ? end : end + 1;
    }
  return TRUE;
}
