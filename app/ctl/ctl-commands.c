/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-commands.h"

#include <glib/gi18n.h>

#include "app/ctl/ctl-json.h"
#include "app/ctl/ctl-table.h"
#include "core/mortise-error.h"
#include "core/text/display-text.h"

#define PAGE 1000

MortiseCtlExit
mortise_ctl_exit_from_error (const GError *error)
{
  if (error->domain == G_DBUS_ERROR || error->domain == G_IO_ERROR)
    return MORTISE_CTL_EXIT_NO_AGENT;
  if (error->domain != MORTISE_ERROR)
    return MORTISE_CTL_EXIT_FAILED;
  switch (error->code)
    {
    case MORTISE_ERROR_INVALID_ARGUMENT:
      return MORTISE_CTL_EXIT_USAGE;
    case MORTISE_ERROR_DENIED:
    case MORTISE_ERROR_CANCELLED:
    case MORTISE_ERROR_TIMED_OUT:
      return MORTISE_CTL_EXIT_DENIED;
    case MORTISE_ERROR_VAULT_LOCKED:
      return MORTISE_CTL_EXIT_LOCKED;
    case MORTISE_ERROR_NOT_FOUND:
      return MORTISE_CTL_EXIT_NOT_FOUND;
    default:
      return MORTISE_CTL_EXIT_FAILED;
    }
}

/* --- Reading arguments and answers -------------------------------------------------------------
 */

static gboolean
parse_id (const char *text, gint64 *ret_id, GError **error)
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
static GVariant *
parse_ids (MortiseCtl *ctl, GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ax"));
  for (char **argument = ctl->arguments; *argument != NULL; argument++)
    {
      gint64 id;

      if (!parse_id (*argument, &id, error))
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
      g_variant_builder_add (&builder, "x", id);
    }
  return g_variant_builder_end (&builder);
}

static const char *
get_string (GVariant *dictionary, const char *name)
{
  const char *value = "";

  g_variant_lookup (dictionary, name, "&s", &value);
  return value;
}

static gint64
get_integer (GVariant *dictionary, const char *name)
{
  gint64 value = 0;

  g_variant_lookup (dictionary, name, "x", &value);
  return value;
}

static gboolean
get_boolean (GVariant *dictionary, const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (dictionary, name, "b", &value);
  return value;
}

static char *
format_time (gint64 time)
{
  g_autoptr (GDateTime) utc = time > 0 ? g_date_time_new_from_unix_utc (time) : NULL;
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format (local, "%Y-%m-%d %H:%M") : g_strdup (_ ("never"));
}

static const char *
describe_class (GVariant *passkey)
{
  const char *name = get_string (passkey, "class");

  if (g_str_equal (name, "device-only"))
    return _ ("device-only");
  if (g_str_equal (name, "exportable"))
    {
      if (get_boolean (passkey, "backup-state"))
        return _ ("exportable, backed up");
      return get_boolean (passkey, "export-blocked") ? _ ("exportable, export blocked")
                                                     : _ ("exportable");
    }
  return _ ("sealed");
}

/* --- Commands ----------------------------------------------------------------------------------
 */

static void
print_field (const char *name, const char *value)
{
  g_autofree char *safe = mortise_display_text_isolated (value, 0);
  int padding = 20 - (int) mortise_ctl_text_width (name);

  if (*safe != '\0')
    g_print ("%s:%*s%s\n", name, MAX (padding, 1), "", safe);
}

static const char *
describe_state (const char *state)
{
  if (g_str_equal (state, "no-vault"))
    return _ ("none yet");
  if (g_str_equal (state, "locked"))
    return _ ("locked");
  if (g_str_equal (state, "listable"))
    return _ ("locked; names can be shown");
  if (g_str_equal (state, "unlocked"))
    return _ ("unlocked");
  return _ ("not available");
}

static GVariant *
status_to_variant (MortiseDBusAgent1 *agent)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "vault-state", "s", mortise_dbus_agent1_get_vault_state (agent));
  g_variant_dict_insert (&dict, "problem", "s", mortise_dbus_agent1_get_problem (agent));
  g_variant_dict_insert (&dict, "problem-message", "s",
                         mortise_dbus_agent1_get_problem_message (agent));
  g_variant_dict_insert (&dict, "version", "s", mortise_dbus_agent1_get_version (agent));
  g_variant_dict_insert (&dict, "demo", "b", mortise_dbus_agent1_get_demo (agent));
  g_variant_dict_insert (&dict, "transport", "s", mortise_dbus_agent1_get_transport (agent));
  g_variant_dict_insert (&dict, "socket-path", "s", mortise_dbus_agent1_get_socket_path (agent));
  g_variant_dict_insert (&dict, "pin-retries", "u", mortise_dbus_agent1_get_pin_retries (agent));
  g_variant_dict_insert (&dict, "prompting", "b", mortise_dbus_agent1_get_prompting (agent));
  g_variant_dict_insert_value (&dict, "tpm", mortise_dbus_agent1_get_tpm (agent));
  return g_variant_dict_end (&dict);
}

static gboolean
run_status (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  MortiseDBusAgent1 *agent = ctl->agent;
  const char *transport = mortise_dbus_agent1_get_transport (agent);
  g_autofree char *retries = NULL;

  if (ctl->json)
    {
      g_autoptr (GVariant) status = g_variant_ref_sink (status_to_variant (agent));

      mortise_ctl_print_json (status);
      return TRUE;
    }
  retries = g_strdup_printf ("%u", mortise_dbus_agent1_get_pin_retries (agent));
  print_field (_ ("Vault"), describe_state (mortise_dbus_agent1_get_vault_state (agent)));
  print_field (_ ("PIN tries left"), retries);
  print_field (_ ("Security key"), g_str_equal (transport, "device") ? _ ("plugged in")
                                   : g_str_equal (transport, "socket")
                                       ? mortise_dbus_agent1_get_socket_path (agent)
                                       : _ ("not plugged in"));
  if (mortise_dbus_agent1_get_demo (agent))
    print_field (_ ("Demo"), _ ("software TPM, not hardware-bound"));
  print_field (_ ("Version"), mortise_dbus_agent1_get_version (agent));
  print_field (_ ("Problem"), mortise_dbus_agent1_get_problem_message (agent));
  return TRUE;
}

/* (transfer full): all passkeys, page by page */
static GVariant *
list_all (MortiseCtl *ctl, guint *ret_damaged, GError **error)
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

      if (!mortise_dbus_agent1_call_list_passkeys_sync (ctl->agent, ctl->deleted, after, PAGE,
                                                        &page, &damaged, NULL, error))
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
      *ret_damaged += damaged;
      n = g_variant_n_children (page);
      for (gsize i = 0; i < n; i++)
        {
          g_autoptr (GVariant) passkey = g_variant_get_child_value (page, i);

          after = get_integer (passkey, "id");
          g_variant_builder_add_value (&builder, passkey);
        }
    }
  while (n == PAGE);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
print_list (GVariant *passkeys, gboolean deleted)
{
  MortiseCtlTable *table =
      mortise_ctl_table_new (_ ("No."), _ ("Site"), _ ("Account"), _ ("Label"), _ ("Kept"),
                             deleted ? _ ("Deleted") : _ ("Last used"), NULL);

  for (gsize i = 0; i < g_variant_n_children (passkeys); i++)
    {
      g_autoptr (GVariant) passkey = g_variant_get_child_value (passkeys, i);
      g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, get_integer (passkey, "id"));
      g_autofree char *time =
          format_time (get_integer (passkey, deleted ? "deleted" : "last-used"));

      mortise_ctl_table_add (table, id, get_string (passkey, "rp-id"),
                             get_string (passkey, "user-name"), get_string (passkey, "label"),
                             describe_class (passkey), time, NULL);
    }
  mortise_ctl_table_print (table);
}

static gboolean
run_list (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) passkeys = NULL;
  guint damaged = 0;

  passkeys = list_all (ctl, &damaged, error);
  if (passkeys == NULL)
    return FALSE;
  if (ctl->json)
    {
      GVariantDict dict;
      g_autoptr (GVariant) result = NULL;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert_value (&dict, "passkeys", passkeys);
      g_variant_dict_insert (&dict, "damaged", "u", damaged);
      result = g_variant_ref_sink (g_variant_dict_end (&dict));
      mortise_ctl_print_json (result);
    }
  else if (g_variant_n_children (passkeys) == 0)
    g_print ("%s\n", ctl->deleted ? _ ("Recently deleted is empty.") : _ ("No passkeys yet."));
  else
    print_list (passkeys, ctl->deleted);
  if (damaged > 0)
    g_printerr (ngettext ("%u record is damaged and left out.\n",
                          "%u records are damaged and left out.\n", damaged),
                damaged);
  return TRUE;
}

static void
print_passkey (GVariant *passkey)
{
  g_autofree char *created = format_time (get_integer (passkey, "created"));
  g_autofree char *used = format_time (get_integer (passkey, "last-used"));
  g_autofree char *count = NULL;
  guint64 use_count = 0;

  g_variant_lookup (passkey, "use-count", "t", &use_count);
  count = g_strdup_printf ("%" G_GUINT64_FORMAT, use_count);
  print_field (_ ("Site"), get_string (passkey, "rp-id"));
  print_field (_ ("Site’s own name"), get_string (passkey, "rp-name"));
  print_field (_ ("Account"), get_string (passkey, "user-name"));
  print_field (_ ("Display name"), get_string (passkey, "user-display-name"));
  print_field (_ ("Label"), get_string (passkey, "label"));
  print_field (_ ("On the site’s list"), get_string (passkey, "nickname"));
  print_field (_ ("Kept"), describe_class (passkey));
  print_field (_ ("Created"), created);
  print_field (_ ("Last used"), used);
  print_field (_ ("Times used"), count);
  if (get_integer (passkey, "deleted") != 0)
    {
      g_autofree char *deleted = format_time (get_integer (passkey, "deleted"));

      print_field (_ ("Deleted"), deleted);
    }
}

static gboolean
run_show (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) passkey = NULL;
  gint64 id;

  if (!parse_id (ctl->arguments[0], &id, error) ||
      !mortise_dbus_agent1_call_get_passkey_sync (ctl->agent, id, &passkey, NULL, error))
    return FALSE;
  if (ctl->json)
    mortise_ctl_print_json (passkey);
  else
    print_passkey (passkey);
  return TRUE;
}

static gboolean
change_text (MortiseCtl *ctl, const char *field, GError **error)
{
  GVariantDict dict;
  gint64 id;

  if (!parse_id (ctl->arguments[0], &id, error))
    return FALSE;
  if (!g_utf8_validate (ctl->arguments[1], -1, NULL))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("A name must be UTF-8 text."));
      return FALSE;
    }
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, field, "s", ctl->arguments[1]);
  return mortise_dbus_agent1_call_edit_passkey_sync (ctl->agent, id, g_variant_dict_end (&dict),
                                                     NULL, error);
}

static gboolean
run_rename (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return change_text (ctl,
                      ctl->account        ? "user-name"
                      : ctl->display_name ? "user-display-name"
                                          : "label",
                      error);
}

static gboolean
run_note (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return change_text (ctl, "nickname", error);
}

static gboolean
run_delete (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  GVariant *ids = parse_ids (ctl, error);

  return ids != NULL &&
         mortise_dbus_agent1_call_delete_passkeys_sync (ctl->agent, ids, NULL, error);
}

static gboolean
run_restore (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  GVariant *ids = parse_ids (ctl, error);

  return ids != NULL &&
         mortise_dbus_agent1_call_restore_passkeys_sync (ctl->agent, ids, NULL, error);
}

static gboolean
run_purge (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  GVariant *ids = parse_ids (ctl, error);

  return ids != NULL && mortise_dbus_agent1_call_purge_passkeys_sync (ctl->agent, ids, NULL, error);
}

static gboolean
run_lock (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return mortise_dbus_agent1_call_lock_sync (ctl->agent, NULL, error);
}

static gboolean
run_unlock (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return mortise_dbus_agent1_call_unlock_sync (ctl->agent, NULL, error);
}

static const char *
state_mark (const char *state)
{
  if (g_str_equal (state, "ok"))
    return _ ("ok");
  if (g_str_equal (state, "note"))
    return _ ("note");
  return g_str_equal (state, "warning") ? _ ("warning") : _ ("ERROR");
}

static gboolean
run_doctor (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) lines = NULL;

  if (!mortise_dbus_agent1_call_get_health_sync (ctl->agent, &lines, NULL, error))
    return FALSE;
  if (ctl->json)
    mortise_ctl_print_json (lines);
  for (gsize i = 0; i < g_variant_n_children (lines); i++)
    {
      g_autoptr (GVariant) line = g_variant_get_child_value (lines, i);
      const char *state = get_string (line, "state");
      const char *step = get_string (line, "step");

      if (g_str_equal (state, "error"))
        *ret_exit = MORTISE_CTL_EXIT_UNHEALTHY;
      if (ctl->json)
        continue;
      g_print ("[%s] %s: %s\n", state_mark (state), get_string (line, "title"),
               get_string (line, "text"));
      if (*step != '\0')
        g_print ("    → %s\n", step);
    }
  return TRUE;
}

const MortiseCtlCommand mortise_ctl_commands[] = {
  { "status", "", 0, 0, N_ ("How the agent and the vault are doing"), run_status },
  { "list", "[--deleted]", 0, 0, N_ ("The passkeys, or those in Recently deleted"), run_list },
  { "show", "NUMBER", 1, 1, N_ ("One passkey"), run_show },
  { "rename", "[--account|--display-name] NUMBER NAME", 2, 2,
    N_ ("Give a passkey a label of your own, or its account another name"), run_rename },
  { "note", "NUMBER TEXT", 2, 2, N_ ("Note the name that the site’s list shows"), run_note },
  { "delete", "NUMBER…", 1, G_MAXUINT, N_ ("Move passkeys to Recently deleted"), run_delete },
  { "restore", "NUMBER…", 1, G_MAXUINT, N_ ("Bring passkeys back from there"), run_restore },
  { "purge", "NUMBER…", 1, G_MAXUINT, N_ ("Destroy passkeys in Recently deleted"), run_purge },
  { "lock", "", 0, 0, N_ ("Lock the vault"), run_lock },
  { "unlock", "", 0, 0, N_ ("Unlock the vault; the PIN is typed into the prompt"), run_unlock },
  { "doctor", "", 0, 0, N_ ("What is wrong, and the one step that mends it"), run_doctor },
  { NULL },
};
