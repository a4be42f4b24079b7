/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/u2f-site.h"

#include <string.h>

#include "core/ctap/authenticator-data.h"

/* Passkeys looked at in one go, and at most: it is done while the person waits for the prompt. */
#define PAGE_SIZE     256
#define PASSKEYS_MAX  8192
#define HEX_CODE_SIZE (2 * MORTISE_U2F_APPLICATION_SIZE)

/* AppIDs of sites that many people have a U2F key for, and OpenSSH's. */
static const char *const well_known[] = {
  "ssh:",
  "https://www.gstatic.com/securitykey/origins.json",
  "https://github.com/u2f/trusted_facets",
  "https://gitlab.com",
  "https://bitbucket.org",
  "https://www.dropbox.com/u2f-app-id.json",
  "https://id.fedoraproject.org/u2f-origins.json",
  "https://vault.bitwarden.com/app-id.json",
  "https://keepersecurity.com",
  "https://dashboard.stripe.com",
  "https://www.fastmail.com",
};

static gboolean
has_hash (const char *name, const guint8 application[MORTISE_U2F_APPLICATION_SIZE])
{
  guint8 hash[MORTISE_U2F_APPLICATION_SIZE];

  mortise_rp_id_hash (name, hash);
  return memcmp (hash, application, sizeof hash) == 0;
}

/* Returns: (transfer full) (nullable) */
static char *
find_in_vault (MortiseVault *vault, const guint8 application[MORTISE_U2F_APPLICATION_SIZE])
{
  gint64 after = 0;

  for (guint seen = 0; seen < PASSKEYS_MAX; seen += PAGE_SIZE)
    {
      g_autoptr (GPtrArray) page = mortise_vault_list (vault, FALSE, after, PAGE_SIZE, NULL, NULL);

      for (guint i = 0; page != NULL && i < page->len; i++)
        {
          const MortiseCredential *credential = g_ptr_array_index (page, i);

          if (has_hash (credential->rp_id, application))
            return g_strdup (credential->rp_id);
          after = credential->row_id;
        }
      if (page == NULL || page->len < PAGE_SIZE)
        return NULL;
    }
  return NULL;
}

char *
mortise_u2f_site_name (MortiseVault *vault, const guint8 application[MORTISE_U2F_APPLICATION_SIZE])
{
  GString *code;
  char *name = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (well_known); i++)
    {
      if (has_hash (well_known[i], application))
        return g_strdup (well_known[i]);
    }
  if (mortise_vault_get_state (vault) >= MORTISE_VAULT_LISTABLE)
    name = find_in_vault (vault, application);
  if (name != NULL)
    return name;

  code = g_string_sized_new (HEX_CODE_SIZE);
  for (gsize i = 0; i < MORTISE_U2F_APPLICATION_SIZE; i++)
    g_string_append_printf (code, "%02x", application[i]);
  return g_string_free (code, FALSE);
}

/* Returns: whether @text is an application parameter, as mortise_u2f_site_name() writes it */
static gboolean
read_code (const char *text, guint8 ret_application[MORTISE_U2F_APPLICATION_SIZE])
{
  if (strlen (text) != HEX_CODE_SIZE || strspn (text, "0123456789abcdef") != HEX_CODE_SIZE)
    return FALSE;
  for (gsize i = 0; i < MORTISE_U2F_APPLICATION_SIZE; i++)
    ret_application[i] =
        (guint8) (g_ascii_xdigit_value (text[2 * i]) << 4 | g_ascii_xdigit_value (text[2 * i + 1]));
  return TRUE;
}

void
mortise_u2f_site_hash (const MortiseCredential *credential,
                       guint8 ret_application[MORTISE_U2F_APPLICATION_SIZE])
{
  if (!credential->u2f || !read_code (credential->rp_id, ret_application))
    mortise_rp_id_hash (credential->rp_id, ret_application);
}

gboolean
mortise_u2f_is_of_site (const MortiseCredential *credential, const char *rp_id)
{
  guint8 application[MORTISE_U2F_APPLICATION_SIZE];

  mortise_u2f_site_hash (credential, application);
  return has_hash (rp_id, application);
}
