/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/program-paths.h"

#include <glib/gi18n.h>

#define PROGRAM_NAME_MAX 64

char *
mortise_find_program (const char *name, const char *installed_folder, const char *build_folder)
{
  g_autofree char *own = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = own != NULL ? g_path_get_dirname (own) : NULL;
  g_autofree char *app_folder = NULL;

  if (folder == NULL || g_str_equal (folder, MORTISE_LIBEXECDIR) ||
      !g_str_has_suffix (folder, "/app/agent"))
    return g_build_filename (installed_folder, name, NULL);
  app_folder = g_path_get_dirname (folder);
  return g_build_filename (app_folder, build_folder, name, NULL);
}

static gboolean
is_program (const char *path, const char *name, const char *build_folder)
{
  g_autofree char *expected = mortise_find_program (name, MORTISE_BINDIR, build_folder);

  return g_strcmp0 (path, expected) == 0;
}

/* The name that the kernel has for the process, made safe to show. */
static char *
read_name (guint32 pid, const char *path)
{
  g_autofree char *comm_path = g_strdup_printf ("/proc/%u/comm", pid);
  g_autofree char *comm = NULL;
  g_autofree char *name = NULL;

  if (path != NULL)
    name = g_path_get_basename (path);
  else if (g_file_get_contents (comm_path, &comm, NULL, NULL))
    name = g_strdup (g_strchomp (comm));
  if (name == NULL || *name == '\0')
    return NULL;
  if (strlen (name) > PROGRAM_NAME_MAX)
    name[PROGRAM_NAME_MAX] = '\0';
  for (char *c = name; *c != '\0'; c++)
    {
      if (!g_ascii_isprint (*c))
        *c = '?';
    }
  return g_steal_pointer (&name);
}

char *
mortise_describe_process (guint32 pid)
{
  g_autofree char *link = g_strdup_printf ("/proc/%u/exe", pid);
  g_autofree char *path = g_file_read_link (link, NULL);
  g_autofree char *name = NULL;

  if (is_program (path, "mortise", "window"))
    return g_strdup (_ ("the Mortise window"));
  name = read_name (pid, path);
  if (name == NULL)
    return g_strdup_printf (_ ("an unknown program (process %u)"), pid);
  return g_strdup_printf (_ ("the program “%s” (process %u)"), name, pid);
}
