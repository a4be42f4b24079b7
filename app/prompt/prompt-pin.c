/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-pin.h"

#include <openssl/crypto.h>
#include <string.h>

static gboolean
is_ascii (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    {
      if ((guchar) *c >= 0x80)
        return FALSE;
    }
  return TRUE;
}

/* (transfer full): to be freed with wipe_and_free(). ASCII is in NFC already and never goes through
 * GLib's normaliser, whose own scratch memory is freed without being wiped. */
static char *
to_nfc (const char *text)
{
  char *normalised = is_ascii (text) ? NULL : g_utf8_normalize (text, -1, G_NORMALIZE_NFC);

  return normalised != NULL ? normalised : g_strdup (text);
}

static void
wipe_and_free (char *text)
{
  OPENSSL_cleanse (text, strlen (text));
  g_free (text);
}

/* All the same, or counting up or down: 0000, 1234, fedc. */
static gboolean
is_run (const char *text)
{
  const char *next = g_utf8_find_next_char (text, NULL);
  long step = (long) g_utf8_get_char (next) - (long) g_utf8_get_char (text);

  if (step < -1 || step > 1)
    return FALSE;
  for (const char *p = next; *g_utf8_find_next_char (p, NULL) != '\0';
       p = g_utf8_find_next_char (p, NULL))
    {
      if ((long) g_utf8_get_char (g_utf8_find_next_char (p, NULL)) - (long) g_utf8_get_char (p) !=
          step)
        return FALSE;
    }
  return TRUE;
}

MortisePromptPinFault
mortise_prompt_pin_check (const char *text, guint min_length)
{
  char *nfc = to_nfc (text);
  glong length = g_utf8_strlen (nfc, -1);
  MortisePromptPinFault fault = MORTISE_PROMPT_PIN_FINE;

  if (length < (glong) MAX (min_length, MORTISE_PROMPT_PIN_MIN_CODE_POINTS))
    fault = MORTISE_PROMPT_PIN_SHORT;
  else if (strlen (nfc) > MORTISE_PROMPT_PIN_MAX_BYTES)
    fault = MORTISE_PROMPT_PIN_LONG;
  else if (is_run (nfc))
    fault = MORTISE_PROMPT_PIN_EASY;
  wipe_and_free (nfc);
  return fault;
}

MortiseSecret *
mortise_prompt_pin_to_secret (const char *text)
{
  char *nfc = NULL;
  MortiseSecret *secret;

  g_return_val_if_fail (*text != '\0', NULL);

  nfc = to_nfc (text);
  secret = mortise_secret_new_from_data (nfc, strlen (nfc));
  wipe_and_free (nfc);
  return secret;
}
