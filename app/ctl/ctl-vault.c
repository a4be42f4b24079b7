/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-vault.h"

#include <glib/gi18n.h>

#include "app/ctl/ctl-json.h"
#include "app/ctl/ctl-passkey.h"
#include "app/ctl/ctl-table.h"
#include "core/mortise-error.h"

/* --- Keyslots ----------------------------------------------------------------------------------
 */

static const char *
describe_way (const char *id)
{
  if (g_str_equal (id, "pin"))
    return _ ("PIN");
  if (g_str_equal (id, "recovery"))
    return _ ("Recovery code");
  return g_str_equal (id, "login") ? _ ("Login keyring") : id;
}

static const char *
describe_opens (const char *id)
{
  return g_str_equal (id, "login") ? _ ("the list only") : _ ("everything");
}

static const char *
describe_slot_state (GVariant *slot)
{
  if (*mortise_ctl_get_string (slot, "problem") != '\0')
    return _ ("does not work now");
  if (mortise_ctl_get_boolean (slot, "exists"))
    return _ ("on");
  return mortise_ctl_get_boolean (slot, "enabled") ? _ ("wanted, not made yet") : _ ("off");
}

static void
print_keyslots (GVariant *slots)
{
  MortiseCtlTable *table = mortise_ctl_table_new (_ ("Keyslot"), _ ("Way in"), _ ("Opens"),
                                                  _ ("State"), _ ("Made"), _ ("Last used"), NULL);

  for (gsize i = 0; i < g_variant_n_children (slots); i++)
    {
      g_autoptr (GVariant) slot = g_variant_get_child_value (slots, i);
      const char *id = mortise_ctl_get_string (slot, "id");
      g_autofree char *created =
          mortise_ctl_format_time (mortise_ctl_get_integer (slot, "created"));
      g_autofree char *used = mortise_ctl_format_time (mortise_ctl_get_integer (slot, "last-used"));

      mortise_ctl_table_add (table, id, describe_way (id), describe_opens (id),
                             describe_slot_state (slot), created, used, NULL);
    }
  mortise_ctl_table_print (table);
  for (gsize i = 0; i < g_variant_n_children (slots); i++)
    {
      g_autoptr (GVariant) slot = g_variant_get_child_value (slots, i);

      mortise_ctl_print_field (mortise_ctl_get_string (slot, "id"),
                               mortise_ctl_get_string (slot, "problem"));
    }
}

gboolean
mortise_ctl_run_keyslots (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) slots = NULL;

  if (!mortise_dbus_agent1_call_get_keyslots_sync (ctl->agent, &slots, NULL, error))
    return FALSE;
  if (ctl->json)
    mortise_ctl_print_json_member ("keyslots", slots);
  else
    print_keyslots (slots);
  return TRUE;
}

static gboolean
parse_switch (const char *text, gboolean *ret_on, GError **error)
{
  if (g_str_equal (text, "on") || g_str_equal (text, "off"))
    {
      *ret_on = g_str_equal (text, "on");
      return TRUE;
    }
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                       _ ("This takes “on” or “off”."));
  return FALSE;
}

gboolean
mortise_ctl_run_keyslot (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  const char *id = ctl->arguments[0];
  gboolean on;

  if (!parse_switch (ctl->arguments[1], &on, error))
    return FALSE;
  /* A code that nobody sees would open nothing: making one shows it. */
  if (on && g_str_equal (id, "recovery"))
    return mortise_ctl_call (ctl, mortise_dbus_agent1_call_create_recovery_code_sync, error);
  if (!mortise_dbus_agent1_call_set_keyslot_sync (ctl->agent, id, on, NULL, error))
    return FALSE;
  mortise_ctl_report_done (ctl, NULL);
  return TRUE;
}

/* --- Settings ----------------------------------------------------------------------------------
 */

static const char *
describe_setting (const char *name)
{
  static const struct
  {
    const char *name;
    const char *meaning;
  } meanings[] = {
    { "idle-lock", N_ ("seconds without use after which the vault locks; 0 for never") },
    { "export-default", N_ ("new passkeys may be exported, unless you say otherwise") },
    { "always-uv", N_ ("the PIN is always asked for") },
    { "builtin-uv", N_ ("the PIN is typed into Mortise’s own prompt, not into the browser") },
    { "fingerprint", N_ ("while the vault is unlocked, a finger may confirm a sign-in") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    {
      if (g_str_equal (meanings[i].name, name))
        return _ (meanings[i].meaning);
    }
  return "";
}

static char *
format_value (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) ? "on" : "off");
  return g_variant_print (value, FALSE);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

static void
print_setting (const char *name, GVariant *value)
{
  const char *meaning = describe_setting (name);
  g_autofree char *text = format_value (value);
  /* Translators: value and meaning of a setting */
  g_autofree char *line =
      *meaning != '\0' ? g_strdup_printf (_ ("%s (%s)"), text, meaning) : g_strdup (text);

  mortise_ctl_print_field (name, line);
}

static void
print_settings (GVariant *settings)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, settings);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_ptr_array_add (names, (gpointer) (guintptr) name);
      g_variant_unref (value);
    }
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      g_autoptr (GVariant) setting = g_variant_lookup_value (settings, names->pdata[i], NULL);

      print_setting (names->pdata[i], setting);
    }
}

gboolean
mortise_ctl_run_settings (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) settings = NULL;

  if (!mortise_dbus_agent1_call_get_settings_sync (ctl->agent, &settings, NULL, error))
    return FALSE;
  if (ctl->json)
    mortise_ctl_print_json (settings);
  else
    print_settings (settings);
  return TRUE;
}

/* (transfer floating): @text as what @name holds now */
static GVariant *
parse_value (GVariant *settings, const char *name, const char *text, GError **error)
{
  g_autoptr (GVariant) now = g_variant_lookup_value (settings, name, NULL);
  guint64 number;
  gboolean on;

  if (now == NULL)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                   _ ("There is no setting “%s”; “mortisectl settings” shows those that there "
                      "are."),
                   name);
      return NULL;
    }
  if (g_variant_is_of_type (now, G_VARIANT_TYPE_BOOLEAN))
    return parse_switch (text, &on, error) ? g_variant_new_boolean (on) : NULL;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &number, NULL))
    return g_variant_new_uint32 ((guint32) number);
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                       _ ("This takes a number."));
  return NULL;
}

gboolean
mortise_ctl_run_set (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) settings = NULL;
  GVariant *value;

  if (!mortise_dbus_agent1_call_get_settings_sync (ctl->agent, &settings, NULL, error))
    return FALSE;
  value = parse_value (settings, ctl->arguments[0], ctl->arguments[1], error);
  if (value == NULL ||
      !mortise_dbus_agent1_call_set_setting_sync (ctl->agent, ctl->arguments[0],
                                                  g_variant_new_variant (value), NULL, error))
    return FALSE;
  mortise_ctl_report_done (ctl, NULL);
  return TRUE;
}
