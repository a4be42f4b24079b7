/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "app/ctl/ctl-commands.h"
#include "app/ctl/ctl-json.h"
#include "core/mortise-error.h"
#include "core/text/display-text.h"

typedef struct
{
  MortiseCtl ctl;
  char *bus_name;
  gboolean demo;
  gboolean show_version;
  char **words; /* the command and its arguments */
} Options;

static char *
make_description (void)
{
  GString *text = g_string_new (_ ("Commands:\n"));

  for (const MortiseCtlCommand *command = mortise_ctl_commands; command->name != NULL; command++)
    {
      g_autofree char *usage = g_strdup_printf ("%s %s", command->name, command->arguments);

      g_string_append_printf (text, "  %s\n      %s\n", g_strchomp (usage), _ (command->summary));
    }
  g_string_append (
      text,
      _ ("\nExit status:\n"
         "  0 done; 1 failed; 2 wrong usage; 3 no agent; 4 the person said no, or did not answer;\n"
         "  5 the vault is locked; 6 no such passkey or recovery code;\n"
         "  7 the doctor or the audit found an error\n"));
  return g_string_free (text, FALSE);
}

static gboolean
parse (Options *options, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options->ctl.json, N_ ("Print for programs"), NULL },
    { "deleted", 0, 0, G_OPTION_ARG_NONE, &options->ctl.deleted,
      N_ ("List what is in Recently deleted"), NULL },
    { "account", 0, 0, G_OPTION_ARG_NONE, &options->ctl.account,
      N_ ("Rename the account instead of the label"), NULL },
    { "display-name", 0, 0, G_OPTION_ARG_NONE, &options->ctl.display_name,
      N_ ("Rename the account’s display name instead of the label"), NULL },
    { "bus-name", 0, 0, G_OPTION_ARG_STRING, &options->bus_name, N_ ("Bus name of the agent"),
      N_ ("NAME") },
    { "demo", 0, 0, G_OPTION_ARG_NONE, &options->demo, N_ ("Talk to the demo’s agent"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->show_version, N_ ("Print the version"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->words, NULL,
      N_ ("COMMAND [ARGUMENT…]") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree char *description = make_description ();
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (GError) option_error = NULL;

  g_option_context_set_summary (context, _ ("Manages this computer’s passkeys from the terminal."));
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (g_option_context_parse_strv (context, &arguments, &option_error))
    return TRUE;
  /* GOption takes back all that it had read; a program still wants to be told in JSON. */
  options->ctl.json = g_strv_contains ((const char *const *) argv, "--json") ||
                      g_strv_contains ((const char *const *) argv, "-j");
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT, option_error->message);
  return FALSE;
}

static const MortiseCtlCommand *
find_command (Options *options, GError **error)
{
  const char *name = options->words != NULL ? options->words[0] : NULL;
  guint n;

  if (name == NULL)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("Say what to do; see “mortisectl --help”."));
      return NULL;
    }
  options->ctl.arguments = options->words + 1;
  n = g_strv_length (options->ctl.arguments);
  for (const MortiseCtlCommand *command = mortise_ctl_commands; command->name != NULL; command++)
    {
      if (!g_str_equal (command->name, name))
        continue;
      if (n >= command->min && n <= command->max)
        return command;
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                   _ ("Usage: mortisectl %s %s"), command->name, command->arguments);
      return NULL;
    }
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
               _ ("There is no command “%s”; see “mortisectl --help”."), name);
  return NULL;
}

static MortiseDBusAgent1 *
connect_to_agent (const Options *options, GError **error)
{
  const char *name = options->bus_name != NULL ? options->bus_name
                     : options->demo           ? MORTISE_AGENT_NAME ".Demo"
                                               : MORTISE_AGENT_NAME;
  g_autoptr (MortiseDBusAgent1) agent = NULL;
  g_autofree char *owner = NULL;

  if (!g_dbus_is_name (name))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("--bus-name takes a bus name."));
      return NULL;
    }
  agent = mortise_dbus_agent1_proxy_new_for_bus_sync (G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_NONE,
                                                      name, MORTISE_AGENT_PATH, NULL, error);
  if (agent == NULL)
    {
      g_prefix_error (error, "%s ", _ ("This session has no bus to reach the agent on:"));
      return NULL;
    }
  owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (agent));
  if (owner == NULL)
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN,
                           _ ("The Mortise agent is not running and could not be started. Run "
                              "“systemctl --user status mortise-agent” to see why."));
      return NULL;
    }
  /* The person may take their time at the prompt; the agent knows when it was long enough. */
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (agent), G_MAXINT);
  return g_steal_pointer (&agent);
}

static void
print_json_error (const GError *error)
{
  const char *name = mortise_error_to_name (
      error->domain == MORTISE_ERROR ? (MortiseError) error->code : MORTISE_ERROR_FAILED);
  GVariantDict dict;
  GVariantDict outer;
  g_autoptr (GVariant) result = NULL;

  if (mortise_ctl_exit_from_error (error) == MORTISE_CTL_EXIT_NO_AGENT)
    name = "NoAgent";
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "name", "s", name);
  g_variant_dict_insert (&dict, "message", "s", error->message);
  g_variant_dict_init (&outer, NULL);
  g_variant_dict_insert_value (&outer, "error", g_variant_dict_end (&dict));
  result = g_variant_ref_sink (g_variant_dict_end (&outer));
  mortise_ctl_print_json (result);
}

static void
print_error (const Options *options, const GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);
  g_autofree char *message = NULL;

  g_dbus_error_strip_remote_error (copy);
  if (options->ctl.json)
    print_json_error (copy);
  /* A message may hold what a site or a client called itself. */
  message = mortise_display_text (copy->message, 0);
  g_printerr ("mortisectl: %s\n", message);
}

static MortiseCtlExit
run (Options *options, char **argv, GError **error)
{
  MortiseCtlExit exit_status;
  const MortiseCtlCommand *command;

  if (!parse (options, argv, error))
    return MORTISE_CTL_EXIT_USAGE;
  if (options->show_version)
    {
      g_print ("mortisectl %s\n", MORTISE_VERSION);
      return MORTISE_CTL_EXIT_OK;
    }
  command = find_command (options, error);
  if (command == NULL)
    return MORTISE_CTL_EXIT_USAGE;
  options->ctl.agent = connect_to_agent (options, error);
  if (options->ctl.agent == NULL)
    return mortise_ctl_exit_from_error (*error);
  if (!mortise_ctl_command_run (command, &options->ctl, &exit_status, error))
    return mortise_ctl_exit_from_error (*error);
  return exit_status;
}

int
main (int argc, char **argv)
{
  Options options = { 0 };
  g_autoptr (GError) error = NULL;
  MortiseCtlExit exit_status;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, MORTISE_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* Makes errors of the agent come back as what they are. */
  (void) mortise_error_quark ();

  exit_status = run (&options, argv, &error);
  if (error != NULL)
    print_error (&options, error);
  g_clear_object (&options.ctl.agent);
  g_strfreev (options.words);
  g_free (options.bus_name);
  return (int) exit_status;
}
