/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/agent-options.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

#include "app/agent/program-paths.h"
#include "core/mortise-error.h"

#define DEMO_BUS_NAME MORTISE_AGENT_NAME ".Demo"

static gboolean
set_invalid (GError **error, const char *message)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

static gboolean
check (const MortiseAgentOptions *options, GError **error)
{
  if (options->idle_lock < -1)
    return set_invalid (error, _ ("--idle-lock takes a number of seconds, or 0 for never."));
  if (options->bus_name != NULL &&
      (!g_dbus_is_name (options->bus_name) || g_dbus_is_unique_name (options->bus_name)))
    return set_invalid (error, _ ("--bus-name takes a well-known bus name."));
  if (options->demo && (options->tcti != NULL || options->data_dir != NULL))
    return set_invalid (error, _ ("--demo brings its own TPM and folder; leave out --tcti and "
                                  "--data-dir."));
  return TRUE;
}

static void
make_absolute (char **path)
{
  char *absolute;

  if (*path == NULL || g_path_is_absolute (*path))
    return;
  absolute = g_canonicalize_filename (*path, NULL);
  g_free (*path);
  *path = absolute;
}

/* Demo mode finds its folder and transport itself. */
static void
fill_in_defaults (MortiseAgentOptions *options)
{
  if (options->data_dir == NULL && !options->demo)
    options->data_dir = g_build_filename (g_get_user_data_dir (), "mortise", NULL);
  if (options->transport == NULL && !options->demo)
    options->transport = g_strdup ("uhid");
  if (options->prompter == NULL)
    options->prompter = mortise_find_program ("mortise-prompt", MORTISE_LIBEXECDIR, "prompt");
  if (options->bus_name == NULL)
    options->bus_name = g_strdup (options->demo ? DEMO_BUS_NAME : MORTISE_AGENT_NAME);
  make_absolute (&options->data_dir);
  make_absolute (&options->prompter);
}

MortiseAgentOptions *
mortise_agent_options_parse (char **argv, GError **error)
{
  g_autoptr (MortiseAgentOptions) options = g_new0 (MortiseAgentOptions, 1);
  const GOptionEntry entries[] = {
    { "data-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->data_dir, N_ ("Folder of the vault"),
      N_ ("FOLDER") },
    { "tcti", 0, 0, G_OPTION_ARG_STRING, &options->tcti,
      N_ ("TPM to use, as tpm2-tss names it (default: this computer’s)"), "TCTI" },
    { "transport", 0, 0, G_OPTION_ARG_STRING, &options->transport,
      N_ ("How clients reach the security key: uhid, uhid:PATH or socket:PATH"), N_ ("TRANSPORT") },
    { "prompter", 0, 0, G_OPTION_ARG_FILENAME, &options->prompter,
      N_ ("Program that asks the person"), N_ ("PROGRAM") },
    { "idle-lock", 0, 0, G_OPTION_ARG_INT, &options->idle_lock,
      N_ ("Lock the vault after so many seconds without use; 0 for never"), N_ ("SECONDS") },
    { "no-builtin-uv", 0, 0, G_OPTION_ARG_NONE, &options->no_builtin_uv,
      N_ ("Take the PIN only through the browser’s own dialog"), NULL },
    { "demo", 0, 0, G_OPTION_ARG_NONE, &options->demo,
      N_ ("Software TPM and a vault that is thrown away at the end"), NULL },
    { "bus-name", 0, 0, G_OPTION_ARG_STRING, &options->bus_name,
      N_ ("Name to own on the session bus"), N_ ("NAME") },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->show_version, N_ ("Print the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) option_error = NULL;
  g_auto (GStrv) arguments = g_strdupv (argv);

  options->idle_lock = -1;
  g_option_context_set_summary (context,
                                _ ("Keeps this session’s passkeys: owns the vault, talks to the "
                                   "TPM, and is the security key that browsers see."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse_strv (context, &arguments, &option_error))
    {
      set_invalid (error, option_error->message);
      return NULL;
    }
  if (g_strv_length (arguments) > 1)
    {
      set_invalid (error, _ ("There is an argument too many; see --help."));
      return NULL;
    }
  if (!check (options, error))
    return NULL;
  fill_in_defaults (options);
  return g_steal_pointer (&options);
}

void
mortise_agent_options_free (MortiseAgentOptions *options)
{
  if (options == NULL)
    return;
  g_free (options->data_dir);
  g_free (options->tcti);
  g_free (options->transport);
  g_free (options->prompter);
  g_free (options->bus_name);
  g_free (options);
}
