/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/application.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  gboolean demo = FALSE;
  gboolean version = FALSE;
  gboolean service = FALSE;
  const GOptionEntry entries[] = {
    { "demo", 0, 0, G_OPTION_ARG_NONE, &demo,
      N_ ("Try Mortise on a software TPM, with a vault that is thrown away"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version"), NULL },
    /* How D-Bus starts it: without a window, until one is asked for. */
    { "gapplication-service", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &service, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (MortiseApplication) application = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, MORTISE_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  context = g_option_context_new (NULL);
  g_option_context_set_summary (context, _ ("Passkeys in this computer’s TPM"));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("mortise: %s\n", error->message);
      return 2;
    }
  if (version)
    {
      g_print ("mortise %s\n", MORTISE_VERSION);
      return 0;
    }
  if (argc > 1)
    {
      g_printerr (_ ("mortise: “%s” is not understood; see mortise --help\n"), argv[1]);
      return 2;
    }

  application = mortise_application_new (demo);
  if (service)
    g_application_set_flags (G_APPLICATION (application), G_APPLICATION_IS_SERVICE);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
