/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mortise-prompt: asks the person one question for the agent that started it.
 *
 * Not a GApplication, not even a non-unique one: that would put an object with the window's actions
 * on the session bus, where any program could activate them (see prompt-window.h).
 */
#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <sys/socket.h>

#include "app/prompt/prompt-dialogue.h"
#include "app/prompt/prompt-renderer.h"

/* The agent sends the question before it starts us; this is for one that hangs. */
#define QUESTION_TIMEOUT_MS 10000

enum
{
  EXIT_NO_DISPLAY = 1,
  EXIT_USAGE = 2,
  EXIT_NO_QUESTION = 3,
};

static gboolean
is_socket (int fd)
{
  int type = 0;
  socklen_t size = sizeof type;

  return fd > STDERR_FILENO && getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
         type == SOCK_STREAM;
}

static int
read_options (int argc, char **argv)
{
  int fd = -1;
  const GOptionEntry entries[] = {
    { "fd", 0, 0, G_OPTION_ARG_INT, &fd, N_ ("Socket of the agent that asks"), N_ ("NUMBER") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (
      context, _ ("Asks one question for the Mortise agent, which starts it when needed."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("mortise-prompt: %s\n", error->message);
      return -1;
    }
  if (!is_socket (fd))
    {
      g_printerr ("mortise-prompt: %s\n",
                  _ ("this program is started by the Mortise agent, not by hand"));
      return -1;
    }
  return fd;
}

static gboolean
start_gtk (void)
{
  g_auto (GStrv) environment = g_get_environ ();
  const char *renderer = mortise_prompt_renderer_for (environment);

  g_set_prgname (MORTISE_APP_ID);
  if (renderer != NULL)
    g_setenv ("GSK_RENDERER", renderer, TRUE);
  if (!gtk_init_check ())
    return FALSE;
  adw_init ();
  gtk_window_set_default_icon_name (MORTISE_APP_ID);
  mortise_prompt_init ();
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (MortisePromptDialogue) dialogue = NULL;
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (GError) error = NULL;
  int fd;

  (void) mortise_secret_init_memory ();

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, MORTISE_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  fd = read_options (argc, argv);
  if (fd < 0)
    return EXIT_USAGE;
  if (!start_gtk ())
    {
      g_printerr ("mortise-prompt: %s\n", _ ("there is no display to ask on"));
      return EXIT_NO_DISPLAY;
    }

  dialogue = mortise_prompt_dialogue_new (mortise_prompt_channel_new (fd));
  if (!mortise_prompt_dialogue_start (dialogue, QUESTION_TIMEOUT_MS, &error))
    {
      g_printerr ("mortise-prompt: %s\n", error->message);
      return EXIT_NO_QUESTION;
    }
  loop = g_main_loop_new (NULL, FALSE);
  g_signal_connect_swapped (dialogue, "ended", G_CALLBACK (g_main_loop_quit), loop);
  g_main_loop_run (loop);
  return 0;
}
