/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <malloc.h>
#include <sys/stat.h>

#include "app/agent/agent.h"
#include "core/mortise-error.h"
#include "core/mortise-secret.h"

/* Resident all day, mostly idle: one heap for all threads, given back when it is not used. */
static void
keep_heap_small (void)
{
  (void) mallopt (M_ARENA_MAX, 1);
  (void) mallopt (M_TRIM_THRESHOLD, 64 * 1024);
  (void) mallopt (M_MMAP_THRESHOLD, 64 * 1024);
}

int
main (int argc, char **argv)
{
  gboolean memory_locked = mortise_secret_init_memory ();
  g_autoptr (MortiseAgentOptions) options = NULL;
  g_autoptr (MortiseAgent) agent = NULL;
  g_autoptr (GError) error = NULL;

  keep_heap_small ();
  umask (077);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, MORTISE_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("mortise-agent");

  options = mortise_agent_options_parse (argv, &error);
  if (options == NULL)
    {
      g_printerr ("mortise-agent: %s\n", error->message);
      return MORTISE_AGENT_EXIT_USAGE;
    }
  if (options->show_version)
    {
      g_print ("mortise-agent %s\n", MORTISE_VERSION);
      return MORTISE_AGENT_EXIT_OK;
    }
  if (!memory_locked)
    g_message ("Memory for secrets could not be locked; the health page says what to do");

  agent = mortise_agent_new (options, memory_locked, &error);
  if (agent == NULL)
    {
      g_printerr ("mortise-agent: %s\n", error->message);
      return g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT)
                 ? MORTISE_AGENT_EXIT_USAGE
                 : MORTISE_AGENT_EXIT_FAILED;
    }
  return (int) mortise_agent_run (agent);
}
