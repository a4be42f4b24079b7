/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/recovery-code.h"

#include <glib/gi18n.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/mortise-error.h"

#define GROUPS       MORTISE_RECOVERY_CODE_GROUPS
#define GROUP_SIZE   MORTISE_RECOVERY_CODE_GROUP_SIZE
#define SYMBOLS      (GROUPS * GROUP_SIZE)
#define DATA_SYMBOLS (GROUPS * (GROUP_SIZE - 1))
#define BITS         5
#define VERSION      0

/* version (a nibble), code, check byte: 35 nibbles, which are 28 symbols. */
#define NIBBLES (1 + 2 * MORTISE_RECOVERY_CODE_SIZE + 2)

G_STATIC_ASSERT (NIBBLES * 4 == DATA_SYMBOLS * BITS);
G_STATIC_ASSERT (MORTISE_RECOVERY_CODE_TEXT_SIZE == SYMBOLS + GROUPS - 1);

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* --- Checks ------------------------------------------------------------------------------------
 */

/* Multiplies by x in GF(32) = GF(2)[x] / (x⁵ + x² + 1). */
static guint8
multiply_x (guint8 value)
{
  guint8 shifted = (guint8) (value << 1);

  return (shifted & 0x20) != 0 ? shifted ^ 0x25 : shifted;
}

static guint8
check_symbol (const guint8 *symbols, guint group)
{
  guint8 check = (guint8) (group + 1);

  for (guint i = 0; i < GROUP_SIZE - 1; i++)
    check = multiply_x (check ^ symbols[i]);
  return check;
}

static guint8
check_byte (const guint8 *code)
{
  g_autoptr (MortiseSecret) input = mortise_secret_new (1 + MORTISE_RECOVERY_CODE_SIZE);
  g_autoptr (MortiseSecret) digest = mortise_secret_new (EVP_MAX_MD_SIZE);
  guint8 *bytes = mortise_secret_get_bytes (input);

  bytes[0] = VERSION;
  memcpy (bytes + 1, code, MORTISE_RECOVERY_CODE_SIZE);
  if (EVP_Digest (bytes, 1 + MORTISE_RECOVERY_CODE_SIZE, mortise_secret_get_bytes (digest), NULL,
                  EVP_sha256 (), NULL) != 1)
    g_error ("SHA-256 failed");
  return mortise_secret_peek (digest)[0];
}

/* --- Bits --------------------------------------------------------------------------------------
 */

/* Regroups @n_from values of @from_bits into values of @to_bits, first bit first. */
static void
regroup (const guint8 *from, gsize n_from, guint from_bits, guint8 *to, guint to_bits)
{
  guint32 pending = 0;
  guint n_pending = 0;

  for (gsize i = 0; i < n_from; i++)
    {
      pending = (pending << from_bits) | from[i];
      n_pending += from_bits;
      while (n_pending >= to_bits)
        {
          n_pending -= to_bits;
          *to++ = (guint8) ((pending >> n_pending) & ((1u << to_bits) - 1));
        }
    }
}

MortiseSecret *
mortise_recovery_code_format (const MortiseSecret *code)
{
  g_autoptr (MortiseSecret) nibbles = mortise_secret_new (NIBBLES);
  g_autoptr (MortiseSecret) symbols = mortise_secret_new (DATA_SYMBOLS);
  MortiseSecret *text = mortise_secret_new (MORTISE_RECOVERY_CODE_TEXT_SIZE);
  guint8 *out = mortise_secret_get_bytes (text);
  guint8 *nibble = mortise_secret_get_bytes (nibbles);
  guint8 check;

  g_assert (mortise_secret_get_size (code) == MORTISE_RECOVERY_CODE_SIZE);

  check = check_byte (mortise_secret_peek (code));
  *nibble++ = VERSION;
  regroup (mortise_secret_peek (code), MORTISE_RECOVERY_CODE_SIZE, 8, nibble, 4);
  nibble += 2 * MORTISE_RECOVERY_CODE_SIZE;
  regroup (&check, 1, 8, nibble, 4);
  regroup (mortise_secret_peek (nibbles), NIBBLES, 4, mortise_secret_get_bytes (symbols), BITS);

  for (guint group = 0; group < GROUPS; group++)
    {
      const guint8 *data = mortise_secret_peek (symbols) + group * (GROUP_SIZE - 1);

      if (group > 0)
        *out++ = '-';
      for (guint i = 0; i < GROUP_SIZE - 1; i++)
        *out++ = (guint8) alphabet[data[i]];
      *out++ = (guint8) alphabet[check_symbol (data, group)];
    }
  return text;
}

/* --- Reading what was typed --------------------------------------------------------------------
 */

static gboolean
is_separator (gunichar character)
{
  switch (g_unichar_type (character))
    {
    case G_UNICODE_DASH_PUNCTUATION:
    case G_UNICODE_CONNECT_PUNCTUATION:
    case G_UNICODE_SPACE_SEPARATOR:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
      return TRUE;
    default:
      /* Minus; the long-vowel mark that a Japanese keyboard has where others have the hyphen. */
      return character == 0x2212 || character == 0x30fc ||
             (character < 0x80 && strchr (".,:/", (int) character) != NULL);
    }
}

/* Returns: the symbol's value, or -1 for a character that is none. */
static int
symbol_value (gunichar character)
{
  const char *found;
  char upper;

  /* Full-width forms, as an input method may leave them. */
  if (character >= 0xff01 && character <= 0xff5e)
    character -= 0xfee0;
  if (character == 0 || character > 0x7f)
    return -1;
  upper = g_ascii_toupper ((char) character);
  if (upper == 'O')
    upper = '0';
  else if (upper == 'I' || upper == 'L')
    upper = '1';
  else if (upper == 'U')
    upper = 'V';
  found = strchr (alphabet, upper);
  return found != NULL ? (int) (found - alphabet) : -1;
}

static void
fail_group (guint group, GError **error)
{
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID,
               _ ("Group %u of the recovery code has a typing mistake. Compare it with what you "
                  "wrote down."),
               group + 1);
}

static void
fail_size (GError **error)
{
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID,
               _ ("A recovery code has %u groups of %u characters. Type all of them."), GROUPS,
               GROUP_SIZE);
}

/* What stands in a symbol's place and is none. */
#define NO_SYMBOL 0xff

/* Returns: how many characters that count were read, at most one more than a code has */
static guint
read_symbols (const MortiseSecret *typed, guint8 symbols[SYMBOLS])
{
  const char *text = (const char *) mortise_secret_peek (typed);
  const char *end = text + mortise_secret_get_size (typed);
  guint n = 0;

  if (!g_utf8_validate_len (text, (gsize) (end - text), NULL))
    return 0;
  for (; text < end; text += g_utf8_skip[(guint8) *text])
    {
      gunichar character = g_utf8_get_char (text);
      int value = symbol_value (character);

      if (value < 0 && is_separator (character))
        continue;
      if (n == SYMBOLS)
        return SYMBOLS + 1;
      symbols[n++] = value < 0 ? NO_SYMBOL : (guint8) value;
    }
  return n;
}

static gboolean
is_group_wrong (const guint8 *symbols, guint n, guint group)
{
  guint have = MIN (n - group * GROUP_SIZE, GROUP_SIZE);
  const guint8 *data = symbols + group * GROUP_SIZE;

  if (memchr (data, NO_SYMBOL, have) != NULL)
    return TRUE;
  return have == GROUP_SIZE && check_symbol (data, group) != data[GROUP_SIZE - 1];
}

guint
mortise_recovery_code_examine (const MortiseSecret *typed, guint *ret_wrong_groups)
{
  g_autoptr (MortiseSecret) symbols = mortise_secret_new (SYMBOLS);
  const guint8 *data = mortise_secret_peek (symbols);
  guint n = read_symbols (typed, mortise_secret_get_bytes (symbols));
  guint wrong = 0;

  for (guint group = 0; group * GROUP_SIZE < MIN (n, SYMBOLS); group++)
    {
      if (is_group_wrong (data, MIN (n, SYMBOLS), group))
        wrong |= 1u << group;
    }
  *ret_wrong_groups = wrong;
  return n;
}

gboolean
mortise_recovery_code_ends_with (const MortiseSecret *text,
                                 const MortiseSecret *typed,
                                 guint n_groups)
{
  g_autoptr (MortiseSecret) whole = mortise_secret_new (SYMBOLS);
  g_autoptr (MortiseSecret) part = mortise_secret_new (SYMBOLS);
  const guint wanted = n_groups * GROUP_SIZE;

  g_return_val_if_fail (n_groups >= 1 && n_groups <= GROUPS, FALSE);

  return read_symbols (text, mortise_secret_get_bytes (whole)) == SYMBOLS &&
         read_symbols (typed, mortise_secret_get_bytes (part)) == wanted &&
         CRYPTO_memcmp (mortise_secret_peek (whole) + SYMBOLS - wanted, mortise_secret_peek (part),
                        wanted) == 0;
}

MortiseSecret *
mortise_recovery_code_parse (const MortiseSecret *typed, GError **error)
{
  g_autoptr (MortiseSecret) symbols = mortise_secret_new (SYMBOLS);
  g_autoptr (MortiseSecret) nibbles = mortise_secret_new (NIBBLES);
  g_autoptr (MortiseSecret) code = mortise_secret_new (MORTISE_RECOVERY_CODE_SIZE);
  guint8 *data = mortise_secret_get_bytes (symbols);
  const guint8 *nibble;
  guint n, wrong;
  guint8 check;

  g_return_val_if_fail (typed != NULL, NULL);

  n = mortise_recovery_code_examine (typed, &wrong);
  if (wrong != 0 && n <= SYMBOLS)
    fail_group ((guint) __builtin_ctz (wrong), error);
  else if (n != SYMBOLS)
    fail_size (error);
  if (wrong != 0 || n != SYMBOLS)
    return NULL;
  (void) read_symbols (typed, data);
  for (guint group = 1; group < GROUPS; group++)
    memmove (data + group * (GROUP_SIZE - 1), data + group * GROUP_SIZE, GROUP_SIZE - 1);
  regroup (data, DATA_SYMBOLS, BITS, mortise_secret_get_bytes (nibbles), 4);

  nibble = mortise_secret_peek (nibbles);
  regroup (nibble + 1, 2 * MORTISE_RECOVERY_CODE_SIZE, 4, mortise_secret_get_bytes (code), 8);
  regroup (nibble + NIBBLES - 2, 2, 4, &check, 8);
  if (nibble[0] != VERSION || check != check_byte (mortise_secret_peek (code)))
    {
      g_set_error_literal (
          error, MORTISE_ERROR, MORTISE_ERROR_RECOVERY_INVALID,
          _ ("This is no recovery code of Mortise, or more than one character is wrong. Compare it "
             "with what you wrote down."));
      return NULL;
    }
  return g_steal_pointer (&code);
}
