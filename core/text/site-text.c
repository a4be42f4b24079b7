/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/text/site-text.h"

#include <string.h>

#define CODE_LENGTH 64

gboolean
mortise_site_text_is_code (const char *rp_id)
{
  return strlen (rp_id) == CODE_LENGTH && strspn (rp_id, "0123456789abcdef") == CODE_LENGTH;
}

char *
mortise_site_text_dup_host (const char *rp_id)
{
  g_autoptr (GUri) uri = NULL;

  if (!g_str_has_prefix (rp_id, "https://"))
    return NULL;
  uri = g_uri_parse (rp_id, G_URI_FLAGS_NONE, NULL);
  return uri != NULL && g_uri_get_host (uri) != NULL && *g_uri_get_host (uri) != '\0'
             ? g_strdup (g_uri_get_host (uri))
             : NULL;
}
