/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-commands.h"

#include <glib/gi18n.h>

#include "app/ctl/ctl-audit.h"
#include "app/ctl/ctl-history.h"
#include "app/ctl/ctl-json.h"
#include "app/ctl/ctl-passkey.h"
#include "app/ctl/ctl-table.h"
#include "app/ctl/ctl-vault.h"
#include "core/mortise-error.h"
#include "core/text/display-text.h"

gboolean
mortise_ctl_call (MortiseCtl *ctl, MortiseCtlCall call, GError **error)
{
  if (!call (ctl->agent, NULL, error))
    return FALSE;
  mortise_ctl_report_done (ctl, NULL);
  return TRUE;
}

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

/* --- Commands ----------------------------------------------------------------------------------
 */

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
  g_variant_dict_insert (&dict, "has-recovery-code", "b",
                         mortise_dbus_agent1_get_has_recovery_code (agent));
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
  mortise_ctl_print_field (_ ("Vault"),
                           describe_state (mortise_dbus_agent1_get_vault_state (agent)));
  mortise_ctl_print_field (_ ("PIN tries left"), retries);
  if (!mortise_dbus_agent1_get_has_recovery_code (agent))
    mortise_ctl_print_field (_ ("Recovery code"), _ ("none; “mortisectl recovery-code” makes one"));
  mortise_ctl_print_field (_ ("Security key"), g_str_equal (transport, "device") ? _ ("plugged in")
                                               : g_str_equal (transport, "socket")
                                                   ? mortise_dbus_agent1_get_socket_path (agent)
                                                   : _ ("not plugged in"));
  if (mortise_dbus_agent1_get_demo (agent))
    mortise_ctl_print_field (_ ("Demo"), _ ("software TPM, not hardware-bound"));
  mortise_ctl_print_field (_ ("Version"), mortise_dbus_agent1_get_version (agent));
  mortise_ctl_print_field (_ ("Problem"), mortise_dbus_agent1_get_problem_message (agent));
  return TRUE;
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
      g_autofree char *id =
          g_strdup_printf ("%" G_GINT64_FORMAT, mortise_ctl_get_integer (passkey, "id"));
      g_autofree char *time = mortise_ctl_format_time (
          mortise_ctl_get_integer (passkey, deleted ? "deleted" : "last-used"));

      mortise_ctl_table_add (table, id, mortise_ctl_get_string (passkey, "rp-id"),
                             mortise_ctl_get_string (passkey, "user-name"),
                             mortise_ctl_get_string (passkey, "label"),
                             mortise_ctl_describe_class (passkey), time, NULL);
    }
  mortise_ctl_table_print (table);
}

static gboolean
run_list (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) passkeys = NULL;
  guint damaged = 0;

  passkeys = mortise_ctl_list_all (ctl, ctl->deleted, &damaged, error);
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
  mortise_ctl_warn_of_damaged (damaged);
  return TRUE;
}

static void
print_passkey (GVariant *passkey)
{
  g_autofree char *created = mortise_ctl_format_time (mortise_ctl_get_integer (passkey, "created"));
  g_autofree char *used = mortise_ctl_format_time (mortise_ctl_get_integer (passkey, "last-used"));
  g_autofree char *count = NULL;
  guint64 use_count = 0;

  g_variant_lookup (passkey, "use-count", "t", &use_count);
  count = g_strdup_printf ("%" G_GUINT64_FORMAT, use_count);
  mortise_ctl_print_field (_ ("Site"), mortise_ctl_get_string (passkey, "rp-id"));
  mortise_ctl_print_field (_ ("Site’s own name"), mortise_ctl_get_string (passkey, "rp-name"));
  mortise_ctl_print_field (_ ("Account"), mortise_ctl_get_string (passkey, "user-name"));
  mortise_ctl_print_field (_ ("Display name"),
                           mortise_ctl_get_string (passkey, "user-display-name"));
  mortise_ctl_print_field (_ ("Label"), mortise_ctl_get_string (passkey, "label"));
  mortise_ctl_print_field (_ ("On the site’s list"), mortise_ctl_get_string (passkey, "nickname"));
  mortise_ctl_print_field (_ ("Your note"), mortise_ctl_get_string (passkey, "note"));
  mortise_ctl_print_field (_ ("Kept"), mortise_ctl_describe_class (passkey));
  mortise_ctl_print_field (_ ("Created"), created);
  mortise_ctl_print_field (_ ("Last used"), used);
  mortise_ctl_print_field (_ ("Times used"), count);
  if (mortise_ctl_get_integer (passkey, "deleted") != 0)
    {
      g_autofree char *deleted =
          mortise_ctl_format_time (mortise_ctl_get_integer (passkey, "deleted"));

      mortise_ctl_print_field (_ ("Deleted"), deleted);
    }
}

static gboolean
run_show (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) passkey = NULL;
  gint64 id;

  if (!mortise_ctl_parse_id (ctl->arguments[0], &id, error) ||
      !mortise_dbus_agent1_call_get_passkey_sync (ctl->agent, id, &passkey, NULL, error))
    return FALSE;
  if (ctl->json)
    mortise_ctl_print_json (passkey);
  else
    print_passkey (passkey);
  return TRUE;
}

static gboolean
edit (MortiseCtl *ctl, const char *member, GVariant *value, GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autoptr (GVariant) ids = NULL;
  GVariantDict dict;
  gint64 id;

  if (!mortise_ctl_parse_id (ctl->arguments[0], &id, error))
    return FALSE;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, member, owned);
  if (!mortise_dbus_agent1_call_edit_passkey_sync (ctl->agent, id, g_variant_dict_end (&dict), NULL,
                                                   error))
    return FALSE;
  ids = g_variant_ref_sink (g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, &id, 1, sizeof id));
  mortise_ctl_report_done (ctl, ids);
  return TRUE;
}

static gboolean
change_text (MortiseCtl *ctl, const char *member, GError **error)
{
  if (g_utf8_validate (ctl->arguments[1], -1, NULL))
    return edit (ctl, member, g_variant_new_string (ctl->arguments[1]), error);
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                       _ ("A name must be UTF-8 text."));
  return FALSE;
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
run_nickname (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return change_text (ctl, "nickname", error);
}

static gboolean
run_note (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return change_text (ctl, "note", error);
}

static gboolean
run_allow_export (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return edit (ctl, "export-blocked", g_variant_new_boolean (FALSE), error);
}

static gboolean
run_block_export (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  return edit (ctl, "export-blocked", g_variant_new_boolean (TRUE), error);
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

static void
print_health_line (GVariant *line)
{
  g_autofree char *title = mortise_display_text (mortise_ctl_get_string (line, "title"), 0);
  g_autofree char *text = mortise_display_text (mortise_ctl_get_string (line, "text"), 0);
  g_autofree char *step = mortise_display_text (mortise_ctl_get_string (line, "step"), 0);
  g_autofree char *command = mortise_display_text (mortise_ctl_get_string (line, "command"), 0);

  g_print ("[%s] %s: %s\n", state_mark (mortise_ctl_get_string (line, "state")), title, text);
  if (*step != '\0')
    g_print ("    → %s\n", step);
  if (*command != '\0')
    /* Translators: %s is a command, as it is typed in a terminal */
    g_print (_ ("    → In a terminal: %s\n"), command);
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

      if (g_str_equal (mortise_ctl_get_string (line, "state"), "error"))
        *ret_exit = MORTISE_CTL_EXIT_UNHEALTHY;
      if (!ctl->json)
        print_health_line (line);
    }
  return TRUE;
}

const MortiseCtlCommand mortise_ctl_commands[] = {
  { "status", "", 0, 0, N_ ("How the agent and the vault are doing"), run_status },
  { "list", "[--deleted]", 0, 0, N_ ("The passkeys, or those in Recently deleted"), run_list },
  { "show", "NUMBER", 1, 1, N_ ("One passkey"), run_show },
  { "history", "NUMBER", 1, 1, N_ ("What was changed about a passkey, when and by whom"),
    mortise_ctl_run_history },
  { "audit", "[NUMBER…]", 0, G_MAXUINT,
    N_ ("Where each key can be proven to be, what its site was told, what is doubtful"),
    mortise_ctl_run_audit },
  { "rename", "[--account|--display-name] NUMBER NAME", 2, 2,
    N_ ("Give a passkey a label of your own, or its account another name"), run_rename },
  { "nickname", "NUMBER NAME", 2, 2, N_ ("Note the name that the site’s list shows"),
    run_nickname },
  { "note", "NUMBER TEXT", 2, 2, N_ ("Note anything about a passkey, for yourself"), run_note },
  { "block-export", "NUMBER", 1, 1, N_ ("Keep an exportable passkey from being exported"),
    run_block_export },
  { "allow-export", "NUMBER", 1, 1, N_ ("Let an exportable passkey be exported again"),
    run_allow_export },
  { "delete", "NUMBER…", 1, G_MAXUINT, N_ ("Move passkeys to Recently deleted"),
    .call_with_passkeys = mortise_dbus_agent1_call_delete_passkeys_sync },
  { "restore", "NUMBER…", 1, G_MAXUINT, N_ ("Bring passkeys back from there"),
    .call_with_passkeys = mortise_dbus_agent1_call_restore_passkeys_sync },
  { "purge", "NUMBER…", 1, G_MAXUINT, N_ ("Destroy passkeys in Recently deleted"),
    .call_with_passkeys = mortise_dbus_agent1_call_purge_passkeys_sync },
  { "lock", "", 0, 0, N_ ("Lock the vault"), .call = mortise_dbus_agent1_call_lock_sync },
  { "unlock", "", 0, 0, N_ ("Unlock the vault; the PIN is typed into the prompt"),
    .call = mortise_dbus_agent1_call_unlock_sync },
  { "change-pin", "", 0, 0, N_ ("Choose another PIN, with the one you have"),
    .call = mortise_dbus_agent1_call_change_pin_sync },
  { "reset-pin", "", 0, 0, N_ ("Choose a new PIN with the recovery code; no passkey is lost"),
    .call = mortise_dbus_agent1_call_reset_pin_sync },
  { "recovery-code", "", 0, 0, N_ ("Make a recovery code; the one before is void"),
    .call = mortise_dbus_agent1_call_create_recovery_code_sync },
  { "keyslots", "", 0, 0, N_ ("The ways to open the vault"), mortise_ctl_run_keyslots },
  { "keyslot", "KEYSLOT on|off", 2, 2, N_ ("Switch a way to open the vault on or off"),
    mortise_ctl_run_keyslot },
  { "settings", "", 0, 0, N_ ("The vault’s settings"), mortise_ctl_run_settings },
  { "set", "SETTING VALUE", 2, 2, N_ ("Change a setting"), mortise_ctl_run_set },
  { "create-vault", "", 0, 0, N_ ("Make a vault; its PIN is chosen on the prompt"),
    .call = mortise_dbus_agent1_call_create_vault_sync },
  { "destroy-vault", "", 0, 0, N_ ("Destroy the vault with every passkey in it"),
    .call = mortise_dbus_agent1_call_reset_sync },
  { "doctor", "", 0, 0, N_ ("What is wrong, and the one step that mends it"), run_doctor },
  { "retry", "", 0, 0, N_ ("Try again what failed when the agent started"),
    .call = mortise_dbus_agent1_call_retry_sync },
  { "replug", "", 0, 0, N_ ("Take the virtual security key away and plug it in again"),
    .call = mortise_dbus_agent1_call_replug_sync },
  { NULL },
};

static gboolean
call_with_passkeys (MortiseCtl *ctl, MortiseCtlPasskeysCall call, GError **error)
{
  GVariant *floating = mortise_ctl_parse_ids (ctl, error);
  g_autoptr (GVariant) ids = floating != NULL ? g_variant_ref_sink (floating) : NULL;

  if (ids == NULL || !call (ctl->agent, ids, NULL, error))
    return FALSE;
  mortise_ctl_report_done (ctl, ids);
  return TRUE;
}

gboolean
mortise_ctl_command_run (const MortiseCtlCommand *command,
                         MortiseCtl *ctl,
                         MortiseCtlExit *ret_exit,
                         GError **error)
{
  *ret_exit = MORTISE_CTL_EXIT_OK;
  if (command->run != NULL)
    return command->run (ctl, ret_exit, error);
  if (command->call != NULL)
    return mortise_ctl_call (ctl, command->call, error);
  return call_with_passkeys (ctl, command->call_with_passkeys, error);
}
