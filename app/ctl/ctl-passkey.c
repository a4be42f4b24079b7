/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-passkey.h"

#include <glib/gi18n.h>

#include "app/ctl/ctl-json.h"
#include "app/ctl/ctl-table.h"
#include "core/mortise-error.h"
#include "core/text/display-text.h"

#define PAGE 1000

gboolean
mortise_ctl_parse_id (const char *text, gint64 *ret_id, GError **error)
{
  guint64 id;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT64, &id, NULL))
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a passkey’s number; “mortisectl list” shows them."), text);
      return FALSE;
    }
  *ret_id = (gint64) id;
  return TRUE;
}

/* (transfer floating): all arguments as an array of numbers */
GVariant *
mortise_ctl_parse_ids (MortiseCtl *ctl, GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ax"));
  for (char **argument = ctl->arguments; *argument != NULL; argument++)
    {
      gint64 id;

      if (!mortise_ctl_parse_id (*argument, &id, error))
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
      g_variant_builder_add (&builder, "x", id);
    }
  return g_variant_builder_end (&builder);
}

const char *
mortise_ctl_get_string (GVariant *dictionary, const char *name)
{
  const char *value = "";

  g_variant_lookup (dictionary, name, "&s", &value);
  return value;
}

gint64
mortise_ctl_get_integer (GVariant *dictionary, const char *name)
{
  gint64 value = 0;

  g_variant_lookup (dictionary, name, "x", &value);
  return value;
}

gboolean
mortise_ctl_get_boolean (GVariant *dictionary, const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (dictionary, name, "b", &value);
  return value;
}

char *
mortise_ctl_format_time (gint64 time)
{
  g_autoptr (GDateTime) utc = time > 0 ? g_date_time_new_from_unix_utc (time) : NULL;
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format (local, "%Y-%m-%d %H:%M") : g_strdup (_ ("never"));
}

const char *
mortise_ctl_describe_class (GVariant *passkey)
{
  const char *name = mortise_ctl_get_string (passkey, "class");

  if (g_str_equal (name, "device-only"))
    /* As recorded; `mortisectl audit` has the TPM prove it. */
    return _ ("made device-only");
  if (g_str_equal (name, "exportable"))
    {
      if (mortise_ctl_get_boolean (passkey, "backup-state"))
        return _ ("exportable, backed up");
      return mortise_ctl_get_boolean (passkey, "export-blocked") ? _ ("exportable, export blocked")
                                                                 : _ ("exportable");
    }
  return _ ("sealed");
}

void
mortise_ctl_print_field (const char *name, const char *value)
{
  g_autofree char *safe = mortise_display_text_isolated (value, 0);
  int padding = 20 - (int) mortise_ctl_text_width (name);

  if (*safe != '\0')
    g_print ("%s:%*s%s\n", name, MAX (padding, 1), "", safe);
}

/* (transfer full): all passkeys, page by page */
GVariant *
mortise_ctl_list_all (MortiseCtl *ctl, gboolean deleted, guint *ret_damaged, GError **error)
{
  GVariantBuilder builder;
  gint64 after = 0;
  gsize n;

  *ret_damaged = 0;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  do
    {
      g_autoptr (GVariant) page = NULL;
      guint damaged = 0;

      if (!mortise_dbus_agent1_call_list_passkeys_sync (ctl->agent, deleted, after, PAGE, &page,
                                                        &damaged, NULL, error))
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
      *ret_damaged += damaged;
      n = g_variant_n_children (page);
      for (gsize i = 0; i < n; i++)
        {
          g_autoptr (GVariant) passkey = g_variant_get_child_value (page, i);

          after = mortise_ctl_get_integer (passkey, "id");
          g_variant_builder_add_value (&builder, passkey);
        }
    }
  while (n == PAGE);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

void
mortise_ctl_warn_of_damaged (guint damaged)
{
  if (damaged > 0)
    g_printerr (ngettext ("%u record is damaged and left out.\n",
                          "%u records are damaged and left out.\n", damaged),
                damaged);
}

void
mortise_ctl_report_done (MortiseCtl *ctl, GVariant *ids)
{
  GVariantDict dict;
  g_autoptr (GVariant) result = NULL;

  if (!ctl->json)
    return;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "done", "b", TRUE);
  if (ids != NULL)
    g_variant_dict_insert_value (&dict, "ids", ids);
  result = g_variant_ref_sink (g_variant_dict_end (&dict));
  mortise_ctl_print_json (result);
}
