/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/text/display-text.h"

#include <string.h>

#define REPLACEMENT       0xFFFD
#define ELLIPSIS          0x2026
#define ZERO_WIDTH_JOINER 0x200D
#define ZERO_WIDTH_NON    0x200C
#define BLACK_FLAG        0x1F3F4
#define CLUSTER_MAX       16
#define MARKS_MAX         4

typedef enum
{
  KIND_VISIBLE,
  KIND_SPACE,
  KIND_REPLACE,
  KIND_DROP,
} Kind;

static gboolean
is_within (gunichar c, gunichar first, gunichar last)
{
  return c >= first && c <= last;
}

static gboolean
is_tag (gunichar c)
{
  return is_within (c, 0xE0020, 0xE007F);
}

static gboolean
is_bidi_format (gunichar c)
{
  return is_within (c, 0x202A, 0x202E) || is_within (c, 0x2066, 0x2069);
}

static gboolean
is_bidi_mark (gunichar c)
{
  return c == 0x200E || c == 0x200F || c == 0x061C;
}

static gboolean
is_non_character (gunichar c)
{
  return is_within (c, 0xFDD0, 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

/* Letters and symbols by category that nevertheless draw nothing. */
static gboolean
is_blank_filler (gunichar c)
{
  return c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0 || c == 0x2800 || c == 0x034F ||
         c == 0x17B4 || c == 0x17B5 || is_within (c, 0x180B, 0x180F);
}

static gboolean
is_variation_selector (gunichar c)
{
  return is_within (c, 0xFE00, 0xFE0F) || is_within (c, 0xE0100, 0xE01EF);
}

static Kind
classify (gunichar c)
{
  if (g_unichar_isspace (c))
    return KIND_SPACE;
  if (is_bidi_format (c) || is_non_character (c))
    return KIND_REPLACE;
  if (is_blank_filler (c))
    return KIND_DROP;
  if (c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON || is_tag (c) || is_bidi_mark (c))
    return KIND_VISIBLE;
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_SURROGATE:
      return KIND_REPLACE;
    case G_UNICODE_FORMAT:
      /* Prepended signs of Arabic and Syriac numbers are the only format characters that draw. */
      return is_within (c, 0x0600, 0x0605) || c == 0x06DD || c == 0x070F ? KIND_VISIBLE : KIND_DROP;
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SPACE_SEPARATOR:
      return KIND_SPACE;
    default:
      return KIND_VISIBLE;
    }
}

static gboolean
is_mark (gunichar c)
{
  return g_unichar_ismark (c) || c == 0x0E33 || c == 0x0EB3 || c == 0xFF9E || c == 0xFF9F;
}

/* Grapheme_Extend, SpacingMark and emoji modifiers of UAX #29, as far as they occur in names. */
static gboolean
is_extending (gunichar c)
{
  return is_mark (c) || c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON ||
         is_variation_selector (c) || is_within (c, 0x1F3FB, 0x1F3FF) || is_tag (c);
}

static gboolean
is_regional (gunichar c)
{
  return is_within (c, 0x1F1E6, 0x1F1FF);
}

typedef enum
{
  HANGUL_NONE,
  HANGUL_L,
  HANGUL_V,
  HANGUL_T,
  HANGUL_LV,
  HANGUL_LVT,
} Hangul;

static Hangul
hangul_type (gunichar c)
{
  if (is_within (c, 0x1100, 0x115F) || is_within (c, 0xA960, 0xA97C))
    return HANGUL_L;
  if (is_within (c, 0x1160, 0x11A7) || is_within (c, 0xD7B0, 0xD7C6))
    return HANGUL_V;
  if (is_within (c, 0x11A8, 0x11FF) || is_within (c, 0xD7CB, 0xD7FB))
    return HANGUL_T;
  if (is_within (c, 0xAC00, 0xD7A3))
    return (c - 0xAC00) % 28 == 0 ? HANGUL_LV : HANGUL_LVT;
  return HANGUL_NONE;
}

static gboolean
joins_hangul (gunichar previous, gunichar c)
{
  Hangul before = hangul_type (previous);
  Hangul after = hangul_type (c);

  switch (before)
    {
    case HANGUL_L:
      return after == HANGUL_L || after == HANGUL_V || after == HANGUL_LV || after == HANGUL_LVT;
    case HANGUL_V:
    case HANGUL_LV:
      return after == HANGUL_V || after == HANGUL_T;
    case HANGUL_T:
    case HANGUL_LVT:
      return after == HANGUL_T;
    case HANGUL_NONE:
    default:
      return FALSE;
    }
}

/* Whether no boundary is before @c; @regional_run: regional indicators right before it */
static gboolean
is_joined (gunichar previous, gunichar c, guint regional_run)
{
  if (is_extending (c))
    return TRUE;
  if (is_regional (c) && is_regional (previous))
    return regional_run % 2 == 1;
  /* Emoji and other symbols are glued by a joiner, letters are not. */
  if (previous == ZERO_WIDTH_JOINER && !g_unichar_isalnum (c))
    return TRUE;
  return joins_hangul (previous, c);
}

/* What has been written so far; `starts` holds where each cluster begins, spaces included. */
typedef struct
{
  GString *out;
  GArray *starts;
  gunichar previous;
  gunichar cluster_base;
  guint cluster_size;
  guint cluster_marks;
  guint regional_run;
  gboolean pending_space;
  gboolean has_visible;
} Writer;

static void
note_start (Writer *writer)
{
  gsize start = writer->out->len;

  g_array_append_val (writer->starts, start);
}

static gboolean
continues_cluster (const Writer *writer, gunichar c)
{
  if (writer->starts->len == 0 || writer->pending_space)
    return FALSE;
  if (writer->cluster_size >= CLUSTER_MAX && !is_extending (c) && !is_regional (c))
    return FALSE;
  return is_joined (writer->previous, c, writer->regional_run);
}

static void
start_cluster (Writer *writer, gunichar c)
{
  if (writer->pending_space && writer->starts->len > 0)
    {
      note_start (writer);
      g_string_append_c (writer->out, ' ');
    }
  writer->pending_space = FALSE;
  note_start (writer);
  writer->cluster_base = c;
  writer->cluster_size = 1;
  writer->cluster_marks = 0;
  g_string_append_unichar (writer->out, c);
}

static void
write_visible (Writer *writer, gunichar c)
{
  if (continues_cluster (writer, c))
    {
      if (is_tag (c) && writer->cluster_base != BLACK_FLAG)
        return;
      if (is_mark (c) && ++writer->cluster_marks > MARKS_MAX)
        return;
      if (writer->cluster_size >= CLUSTER_MAX)
        return;
      g_string_append_unichar (writer->out, c);
      writer->cluster_size++;
    }
  else
    {
      /* Joiners, tags and selectors with nothing before them draw nothing by themselves. */
      if (c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON || is_tag (c) || is_variation_selector (c))
        return;
      start_cluster (writer, c);
    }
  writer->regional_run = is_regional (c) ? writer->regional_run + 1 : 0;
  writer->previous = c;
  writer->has_visible = TRUE;
}

static void
write_character (Writer *writer, gunichar c)
{
  switch (classify (c))
    {
    case KIND_VISIBLE:
      if (!is_bidi_mark (c))
        write_visible (writer, c);
      else if (!is_bidi_mark (writer->previous))
        {
          g_string_append_unichar (writer->out, c);
          writer->previous = c;
        }
      break;
    case KIND_SPACE:
      writer->pending_space = TRUE;
      break;
    case KIND_REPLACE:
      write_visible (writer, REPLACEMENT);
      break;
    case KIND_DROP:
    default:
      break;
    }
}

char *
mortise_display_text (const char *text, gsize max_graphemes)
{
  g_autofree char *valid = NULL;
  g_autoptr (GArray) starts = NULL;
  Writer writer = { NULL };

  if (text == NULL)
    return g_strdup ("");

  valid = g_utf8_make_valid (text, -1);
  starts = g_array_new (FALSE, FALSE, sizeof (gsize));
  writer.starts = starts;
  writer.out = g_string_new (NULL);
  for (const char *p = valid; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      write_character (&writer, g_utf8_get_char (p));
      if (max_graphemes > 0 && starts->len > max_graphemes)
        {
          g_string_truncate (writer.out, g_array_index (starts, gsize, max_graphemes - 1));
          while (writer.out->len > 0 && writer.out->str[writer.out->len - 1] == ' ')
            g_string_truncate (writer.out, writer.out->len - 1);
          g_string_append_unichar (writer.out, ELLIPSIS);
          break;
        }
    }
  if (!writer.has_visible)
    g_string_truncate (writer.out, 0);
  return g_string_free (writer.out, FALSE);
}

/* In blocks of right-to-left scripts, with their unassigned code points (UAX #9 defaults). */
static gboolean
is_plainly_left_to_right (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_within (c, 0x0590, 0x08FF) || is_within (c, 0xFB1D, 0xFDFF) ||
          is_within (c, 0xFE70, 0xFEFE) || is_within (c, 0x10800, 0x10FFF) ||
          is_within (c, 0x1E800, 0x1EFFF) || is_bidi_mark (c))
        return FALSE;
    }
  return TRUE;
}

char *
mortise_display_text_isolated (const char *text, gsize max_graphemes)
{
  g_autofree char *shown = mortise_display_text (text, max_graphemes);

  if (is_plainly_left_to_right (shown))
    return g_steal_pointer (&shown);
  return g_strconcat ("\xe2\x81\xa8", shown, "\xe2\x81\xa9", NULL);
}

gboolean
mortise_display_text_is_empty (const char *text)
{
  g_autofree char *shown = mortise_display_text (text, 2);

  return shown[0] == '\0';
}

gsize
mortise_display_text_fit (const char *text, gsize max_bytes)
{
  gunichar previous = 0;
  guint regional_run = 0;
  gsize fit = 0;

  for (const char *p = text, *next = NULL; *p != '\0'; p = next)
    {
      gunichar c = g_utf8_get_char (p);

      next = g_utf8_find_next_char (p, NULL);
      if (!is_joined (previous, c, regional_run))
        fit = (gsize) (p - text);
      if ((gsize) (next - text) > max_bytes)
        return fit;
      regional_run = is_regional (c) ? regional_run + 1 : 0;
      previous = c;
    }
  return strlen (text);
}
