/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/registrable-domain.h"

#include <gio/gio.h>
#include <libpsl.h>
#include <string.h>

#include "core/text/site-text.h"

/* The list in the library costs nothing to load. */
static const psl_ctx_t *
get_list (void)
{
  static const psl_ctx_t *list;
  static gsize loaded;

  if (g_once_init_enter (&loaded))
    {
      list = psl_builtin () != NULL ? psl_builtin () : psl_latest (NULL);
      g_once_init_leave (&loaded, 1);
    }
  return list;
}

/* (transfer full) (nullable): the host in the form that the list is asked in */
static char *
normalize (const char *rp_id)
{
  g_autofree char *host = mortise_site_text_dup_host (rp_id);
  g_autofree char *valid = g_utf8_make_valid (host != NULL ? host : rp_id, -1);
  g_autofree char *lower = g_utf8_strdown (valid, -1);

  if (strchr (lower, ':') != NULL || g_hostname_is_ip_address (lower))
    return NULL;
  return g_hostname_to_ascii (lower);
}

char *
mortise_registrable_domain (const char *rp_id, gsize *ret_suffix)
{
  g_autofree char *host = normalize (rp_id);
  const char *domain = NULL;
  char *shown = NULL;
  const char *dot;

  if (host == NULL)
    return NULL;
  if (get_list () != NULL)
    domain = psl_registrable_domain (get_list (), host);
  /* A public suffix can be a site as well, "github.io" say. */
  if (domain == NULL)
    domain = host;
  shown = g_hostname_to_unicode (domain);
  if (shown == NULL)
    shown = g_strdup (domain);
  dot = strchr (shown, '.');
  if (dot == NULL || dot == shown || dot[1] == '\0')
    {
      g_free (shown);
      return NULL;
    }
  if (ret_suffix != NULL)
    *ret_suffix = strlen (dot);
  return shown;
}
