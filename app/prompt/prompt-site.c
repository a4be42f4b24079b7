/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-site.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/text/display-text.h"
#include "core/text/site-text.h"

/* An RP ID is at most a host name's 253 bytes; what is longer loses its start, never its end. */
#define SITE_MAX 253

static gboolean
is_plain_ascii (const char *rp_id)
{
  for (const char *c = rp_id; *c != '\0'; c++)
    {
      if (!g_ascii_isgraph (*c))
        return FALSE;
    }
  return TRUE;
}

/* The text with everything but visible ASCII as its code point, so that nothing can look like
 * something else. */
static char *
spell_out (const char *rp_id)
{
  g_autofree char *valid = g_utf8_make_valid (rp_id, -1);
  GString *text = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      gunichar c = g_utf8_get_char (p);

      if (c < 0x80 && g_ascii_isgraph ((char) c))
        g_string_append_c (text, (char) c);
      else
        g_string_append_printf (text, "[U+%04X]", c);
    }
  return g_string_free (text, FALSE);
}

static char *
cut_start (const char *ascii)
{
  gsize length = strlen (ascii);

  if (length <= SITE_MAX)
    return g_strdup (ascii);
  return g_strconcat ("…", ascii + length - SITE_MAX, NULL);
}

/* (nullable): the host name in its own letters, if it is one with such letters */
static char *
in_own_letters (const char *rp_id)
{
  g_autofree char *unicode = NULL;
  g_autofree char *back = NULL;

  if (!g_hostname_is_ascii_encoded (rp_id))
    return NULL;
  unicode = g_hostname_to_unicode (rp_id);
  back = unicode != NULL ? g_hostname_to_ascii (unicode) : NULL;
  /* A name that does not come back as it was is not what it seems to read. */
  if (back == NULL || g_ascii_strcasecmp (back, rp_id) != 0)
    return NULL;
  return mortise_display_text_isolated (unicode, SITE_MAX);
}

MortisePromptSite *
mortise_prompt_site_new (const char *rp_id)
{
  MortisePromptSite *site = g_new0 (MortisePromptSite, 1);
  g_autofree char *letters = NULL;
  g_autofree char *spelt = NULL;
  g_autofree char *host = NULL;
  g_autofree char *whole = NULL;

  if (mortise_site_text_is_code (rp_id))
    {
      site->text = g_strdup (_ ("Site known only by a code"));
      /* Translators: %.*s is the beginning of a hexadecimal code. */
      site->note = g_strdup_printf (
          _ ("The browser used the older U2F protocol, which does not name the site. Its code "
             "begins with %.*s."),
          MORTISE_SITE_CODE_SHOWN, rp_id);
      return site;
    }
  if (!is_plain_ascii (rp_id))
    {
      spelt = spell_out (rp_id);
      site->text = cut_start (spelt);
      site->suspicious = TRUE;
      site->note = g_strdup (_ ("This is not the address of a site as browsers send it. It may "
                                "have been made to look like another one."));
      return site;
    }
  host = mortise_site_text_dup_host (rp_id);
  if (host != NULL && is_plain_ascii (host))
    {
      site->text = cut_start (host);
      whole = cut_start (rp_id);
      /* Translators: %s is a web address. */
      site->note =
          g_strdup_printf (_ ("Known by its address for the older U2F protocol: %s"), whole);
      return site;
    }
  site->text = cut_start (rp_id);
  letters = in_own_letters (rp_id);
  if (letters != NULL)
    /* Translators: %s is an internationalised domain name in its own letters, such as “münchen.de”.
     */
    site->note = g_strdup_printf (_ ("In its own letters: %s"), letters);
  return site;
}

void
mortise_prompt_site_free (MortisePromptSite *site)
{
  if (site == NULL)
    return;
  g_free (site->text);
  g_free (site->note);
  g_free (site);
}
