/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/naming-text.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uspoof.h>

#include "core/text/display-text.h"
#include "core/text/search-text.h"

#define REPLACEMENT 0xFFFD
#define WORDS_MAX   8

/* "の", as in "花子のスマホ". */
#define JAPANESE_OF "\xe3\x81\xae"

/* One word says it: nobody's account is called so. */
static const char *const device_words[] = {
  "iphone",       "ipad",           "macbook",    "imac",
  "yubikey",      "chromebook",     "thinkpad",   "android",
  "laptop",       "passkey",        "passkeys",   "smartphone",
  "securitykey",  "デバイス",       "端末",       "機器",
  "パソコン",     "ノートパソコン", "スマホ",     "スマートフォン",
  "携帯",         "携帯電話",       "タブレット", "コンピューター",
  "コンピュータ", "アイフォン",     "アイパッド", "アンドロイド",
  "マックブック", "ユビキー",       "パスキー",   "セキュリティキー",
  NULL,
};

/* Words that say it together: a person may well be called "pixel" or "mac". */
static const char *const part_words[] = {
  "windows", "hello",        "chrome",   "chromium", "firefox",  "safari",   "edge",     "linux",
  "mac",     "macos",        "ios",      "pc",       "phone",    "tablet",   "computer", "desktop",
  "device",  "pixel",        "galaxy",   "key",      "security", "usb",      "titan",    "google",
  "apple",   "microsoft",    "samsung",  "password", "manager",  "icloud",   "keychain", "ubuntu",
  "debian",  "fedora",       "thinkpad", "dell",     "hp",       "lenovo",   "nexus",    "watch",
  "ノート",  "ウィンドウズ", "マック",   "グーグル", "アップル", "クローム", NULL,
};

static const char *const filler_words[] = {
  JAPANESE_OF, "my",  "the", "this", "new", "old",  "work",  "home", "on", "in", "of",
  "s",         "pro", "max", "mini", "air", "plus", "ultra", "book", "fe", "se", NULL,
};

/* What stands without a space before a Japanese word. */
static const char *const japanese_prefixes[] = {
  "新しい", "古い", "仕事用", "会社用", "自宅用", "個人用", "マイ", NULL,
};

/* What stands in a site's list for a passkey that is not on this computer; as mortise_search_fold()
 * leaves it: kana are hiragana without voicing marks. */
static const char *const other_devices[] = {
  "あいふぉん",
  "あいはっと",
  "あんとろいと",
  "すまほ",
  "すまーとふぉん",
  "iphone",
  "ipad",
  "macbook",
  "imac",
  "yubikey",
  "android",
  "windows hello",
  "icloud keychain",
  "google password manager",
  "samsung pass",
  "touch id",
  "face id",
  "1password",
  "bitwarden",
  "dashlane",
  "pixel",
  "galaxy",
  NULL,
};

static const USpoofChecker *
get_checker (void)
{
  static USpoofChecker *checker;
  static gsize opened;

  if (g_once_init_enter (&opened))
    {
      UErrorCode status = U_ZERO_ERROR;

      checker = uspoof_open (&status);
      g_once_init_leave (&opened, 1);
    }
  return checker;
}

char *
mortise_naming_skeleton (const char *text)
{
  const USpoofChecker *checker = get_checker ();
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) lettered = g_string_new (valid);
  gsize size = lettered->len * 4 + 64;
  g_autofree char *skeleton = g_malloc (size);
  UErrorCode status = U_ZERO_ERROR;

  /* The tables have the palochka look like "i"; in an address bar it is an "l". */
  g_string_replace (lettered, "ӏ", "l", 0);
  if (checker == NULL || size > G_MAXINT32)
    return g_steal_pointer (&valid);
  uspoof_getSkeletonUTF8 (checker, 0, lettered->str, -1, skeleton, (int32_t) size, &status);
  if (U_FAILURE (status) || status == U_STRING_NOT_TERMINATED_WARNING)
    return g_steal_pointer (&valid);
  return g_steal_pointer (&skeleton);
}

static gboolean
is_direction_character (gunichar c)
{
  return u_hasBinaryProperty ((UChar32) c, UCHAR_BIDI_CONTROL);
}

char *
mortise_naming_clean (const char *text)
{
  g_autofree char *shown = mortise_display_text (text, 0);
  GString *clean = g_string_new (NULL);
  g_autofree char *joined = NULL;

  for (const char *p = shown; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      gunichar c = g_utf8_get_char (p);

      if (c != REPLACEMENT && !is_direction_character (c))
        g_string_append_unichar (clean, c);
    }
  joined = g_string_free (clean, FALSE);
  /* What stood between two spaces may be gone. */
  return mortise_display_text (joined, 0);
}

char *
mortise_naming_cut (const char *text, gsize max_bytes)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  return g_strndup (valid, mortise_display_text_fit (valid, max_bytes));
}

gboolean
mortise_naming_turns_direction (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *p = valid; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      if (is_direction_character (g_utf8_get_char (p)))
        return TRUE;
    }
  return FALSE;
}

gboolean
mortise_naming_mixes_directions (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  gboolean forwards = FALSE;
  gboolean backwards = FALSE;

  for (const char *p = valid; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      UCharDirection direction = u_charDirection ((UChar32) g_utf8_get_char (p));

      forwards |= direction == U_LEFT_TO_RIGHT;
      backwards |= direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
    }
  return forwards && backwards;
}

static GHashTable *
make_set (const char *const *words)
{
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; words[i] != NULL; i++)
    g_hash_table_add (set, mortise_search_fold (words[i]));
  return set;
}

static GHashTable *
get_set (const char *const *words, GHashTable **place)
{
  if (g_once_init_enter (place))
    g_once_init_leave (place, make_set (words));
  return *place;
}

/* "15", "s23", "m2": numbers and models. */
static gboolean
is_model (const char *word)
{
  gsize digits = strlen (word);

  while (digits > 0 && g_ascii_isdigit (word[digits - 1]))
    digits--;
  return word[digits] != '\0' && digits <= 2;
}

static gboolean
is_ascii (const char *character)
{
  return (*character & 0x80) == 0;
}

/* Words of @text, folded. The Japanese particle is one of its own; it is looked for before folding
 * makes katakana the same. */
static GPtrArray *
split_words (const char *text)
{
  g_autoptr (GString) parted = g_string_new (text);
  g_autofree char *folded = NULL;
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  const char *start = NULL;

  g_string_replace (parted, JAPANESE_OF, " " JAPANESE_OF " ", 0);
  folded = mortise_search_fold (parted->str);
  for (const char *p = folded;; p = g_utf8_find_next_char (p, NULL))
    {
      gboolean inside = *p != '\0' && g_unichar_isalnum (g_utf8_get_char (p));
      /* "私のiPhone" is two words. */
      gboolean turns = inside && start != NULL && is_ascii (p) != is_ascii (start);

      if ((!inside || turns) && start != NULL)
        {
          g_ptr_array_add (words, g_strndup (start, (gsize) (p - start)));
          start = NULL;
        }
      if (inside && start == NULL)
        start = p;
      if (*p == '\0')
        break;
    }
  return words;
}

/* "新しいスマホ" → "スマホ"; "" if there is only which it is. */
static const char *
strip_japanese (const char *word)
{
  static GHashTable *prefix_set;
  GHashTableIter iter;
  gpointer prefix;

  if (is_ascii (word))
    return word;
  g_hash_table_iter_init (&iter, get_set (japanese_prefixes, &prefix_set));
  while (g_hash_table_iter_next (&iter, &prefix, NULL))
    {
      if (g_str_has_prefix (word, prefix))
        return word + strlen (prefix);
    }
  return word;
}

/* Whether the word is whose it is: "Anna's iPhone", "花子のスマホ". */
static gboolean
is_owner (GPtrArray *words, guint i)
{
  const char *next = i + 1 < words->len ? words->pdata[i + 1] : "";

  return g_str_equal (next, JAPANESE_OF) || (i == 0 && words->len > 2 && g_str_equal (next, "s"));
}

gboolean
mortise_naming_is_device (const char *text)
{
  static GHashTable *device_set;
  static GHashTable *part_set;
  static GHashTable *filler_set;
  g_autoptr (GPtrArray) words = NULL;
  guint devices = 0;
  guint parts = 0;
  guint others = 0;

  get_set (device_words, &device_set);
  get_set (part_words, &part_set);
  get_set (filler_words, &filler_set);
  if (strchr (text, '@') != NULL || strstr (text, "＠") != NULL)
    return FALSE;
  words = split_words (text);
  if (words->len == 0 || words->len > WORDS_MAX)
    return FALSE;
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = strip_japanese (words->pdata[i]);

      if (*word == '\0' || is_owner (words, i))
        continue;
      if (g_hash_table_contains (device_set, word))
        devices++;
      else if (g_hash_table_contains (part_set, word))
        parts++;
      else if (!g_hash_table_contains (filler_set, word) && !is_model (word))
        others++;
    }
  return others == 0 && (devices > 0 || (parts > 0 && words->len > 1));
}

gboolean
mortise_naming_is_other_device (const char *text)
{
  g_autoptr (GPtrArray) words = split_words (text);
  g_autoptr (GString) spaced = g_string_new (" ");

  for (guint i = 0; i < words->len; i++)
    g_string_append_printf (spaced, "%s ", strip_japanese (words->pdata[i]));
  for (gsize i = 0; other_devices[i] != NULL; i++)
    {
      g_autofree char *phrase = g_strdup_printf (" %s ", other_devices[i]);

      if (strstr (spaced->str, phrase) != NULL)
        return TRUE;
    }
  return FALSE;
}

char *
mortise_naming_find_email (const char *text)
{
  static GRegex *address;
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *shown = mortise_display_text (text, 0);

  if (g_once_init_enter (&address))
    g_once_init_leave (&address,
                       g_regex_new ("[^\\s@<>()\",;:]+@[^\\s@<>()\",;:]+\\.[^\\s@<>()\",;:.]+",
                                    G_REGEX_OPTIMIZE, 0, NULL));
  if (!g_regex_match (address, shown, 0, &match))
    return NULL;
  return g_match_info_fetch (match, 0);
}
