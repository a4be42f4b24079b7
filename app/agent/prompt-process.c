/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/prompt-process.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mortise-error.h"

#define CHILD_FD 3

/* A prompt whose socket closed has this long to end by itself. */
#define END_TIMEOUT_S 3

struct _MortisePromptProcess
{
  GSubprocess *subprocess;
  MortisePromptChannel *channel;
  GMutex send_lock;
};

static gboolean
kill_cb (gpointer user_data)
{
  /* Does nothing if it ended meanwhile. */
  g_subprocess_force_exit (G_SUBPROCESS (user_data));
  return G_SOURCE_REMOVE;
}

static void
set_failed (GError **error, const char *reason)
{
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED,
               _ ("Mortise could not show its prompt (%s), so nothing was done. Install Mortise "
                  "again, or look at the health page."),
               reason);
}

MortisePromptProcess *
mortise_prompt_process_start (const char *program, char **environment, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GSubprocess) subprocess = NULL;
  g_autoptr (GError) spawn_error = NULL;
  g_autofree char *fd_argument = g_strdup_printf ("--fd=%d", CHILD_FD);
  MortisePromptProcess *process;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    {
      set_failed (error, g_strerror (errno));
      return NULL;
    }
  g_subprocess_launcher_set_environ (launcher, environment);
  g_subprocess_launcher_take_fd (launcher, fds[1], CHILD_FD);
  subprocess = g_subprocess_launcher_spawn (launcher, &spawn_error, program, fd_argument, NULL);
  /* Our copy of the child's end must go, or its death would never show as end of file. */
  g_subprocess_launcher_close (launcher);
  if (subprocess == NULL)
    {
      (void) close (fds[0]);
      set_failed (error, spawn_error->message);
      return NULL;
    }

  process = g_new0 (MortisePromptProcess, 1);
  process->subprocess = g_steal_pointer (&subprocess);
  process->channel = mortise_prompt_channel_new (fds[0]);
  g_mutex_init (&process->send_lock);
  return process;
}

void
mortise_prompt_process_free (MortisePromptProcess *process)
{
  if (process == NULL)
    return;
  mortise_prompt_channel_free (process->channel);
  if (g_subprocess_get_identifier (process->subprocess) != NULL)
    g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, END_TIMEOUT_S, kill_cb,
                                g_object_ref (process->subprocess), g_object_unref);
  g_object_unref (process->subprocess);
  g_mutex_clear (&process->send_lock);
  g_free (process);
}

gboolean
mortise_prompt_process_send (MortisePromptProcess *process,
                             MortiseFrameType type,
                             GVariant *dictionary,
                             GError **error)
{
  gboolean ok;

  g_mutex_lock (&process->send_lock);
  ok = mortise_prompt_channel_send (process->channel, type, dictionary, error);
  g_mutex_unlock (&process->send_lock);
  return ok;
}

gboolean
mortise_prompt_process_send_secret (MortisePromptProcess *process,
                                    MortiseSecretKind kind,
                                    const MortiseSecret *secret,
                                    GError **error)
{
  gboolean ok;

  g_mutex_lock (&process->send_lock);
  ok = mortise_prompt_channel_send_secret (process->channel, kind, secret, error);
  g_mutex_unlock (&process->send_lock);
  return ok;
}

MortisePromptChannel *
mortise_prompt_process_get_channel (MortisePromptProcess *process)
{
  return process->channel;
}
