/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/agent-process.h"

#include <signal.h>
#include <sys/prctl.h>

struct _MortiseAgentProcess
{
  GSubprocess *subprocess;
};

/* Beside this program in the build tree first, so that a build never runs an installed agent. */
static char *
find_agent (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self == NULL ? NULL : g_path_get_dirname (self);

  if (folder != NULL)
    {
      g_autofree char *built = g_build_filename (folder, "..", "agent", "mortise-agent", NULL);

      if (g_file_test (built, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&built);
    }
  return g_build_filename (MORTISE_LIBEXECDIR, "mortise-agent", NULL);
}

static void
end_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

MortiseAgentProcess *
mortise_agent_process_start (gboolean demo, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *program = find_agent ();
  const char *argv[] = { program, demo ? "--demo" : NULL, NULL };
  g_autoptr (GSubprocess) subprocess = NULL;
  MortiseAgentProcess *self = NULL;

  g_subprocess_launcher_set_child_setup (launcher, end_with_parent, NULL, NULL);
  subprocess = g_subprocess_launcher_spawnv (launcher, argv, error);
  if (subprocess == NULL)
    return NULL;
  self = g_new0 (MortiseAgentProcess, 1);
  self->subprocess = g_steal_pointer (&subprocess);
  return self;
}

void
mortise_agent_process_free (MortiseAgentProcess *self)
{
  if (self == NULL)
    return;
  g_subprocess_send_signal (self->subprocess, SIGTERM);
  g_object_unref (self->subprocess);
  g_free (self);
}
