/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/prompter-script.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Only what hangs meets it, on however slow a machine. */
#define WAIT_LIMIT (300 * G_TIME_SPAN_SECOND)

static char *
file_in (PrompterScript *script, const char *name)
{
  return g_build_filename (script->directory, name, NULL);
}

PrompterScript *
prompter_script_new (const char *parent)
{
  PrompterScript *script = g_new0 (PrompterScript, 1);

  script->directory = g_build_filename (parent, "prompter", NULL);
  /* One that is there has another test's answers in it. */
  g_assert_no_errno (g_mkdir (script->directory, 0700));
  return script;
}

void
prompter_script_free (PrompterScript *script)
{
  static const char *const names[] = { "answers", "position", "default", "log",
                                       "count",   "lock",     "code",    "go" };

  if (script == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = file_in (script, names[i]);

      g_unlink (path);
    }
  g_rmdir (script->directory);
  g_free (script->directory);
  g_free (script);
}

void
prompter_script_answer (PrompterScript *script, const char *line)
{
  g_autofree char *path = file_in (script, "answers");
  g_autofree char *text = g_strconcat (line, "\n", NULL);
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
}

void
prompter_script_default (PrompterScript *script, const char *line)
{
  g_autofree char *path = file_in (script, "default");

  g_assert_true (g_file_set_contents (path, line, -1, NULL));
}

guint
prompter_script_count (PrompterScript *script)
{
  g_autofree char *path = file_in (script, "count");
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? (guint) atoi (text) : 0;
}

char *
prompter_script_read_log (PrompterScript *script)
{
  g_autofree char *path = file_in (script, "log");
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : g_strdup ("");
}

static gboolean
is_logged (PrompterScript *script, const char *text)
{
  g_autofree char *log = prompter_script_read_log (script);

  return strstr (log, text) != NULL;
}

void
prompter_script_wait_for (PrompterScript *script, const char *text)
{
  gint64 limit = g_get_monotonic_time () + WAIT_LIMIT;

  while (!is_logged (script, text))
    {
      if (g_get_monotonic_time () > limit)
        {
          g_autofree char *log = prompter_script_read_log (script);

          g_error ("“%s” was not logged by the prompter. Its log:\n%s", text, log);
        }
      g_main_context_iteration (NULL, FALSE);
      g_usleep (2000);
    }
}

void
prompter_script_assert_logged (PrompterScript *script, const char *text)
{
  g_autofree char *log = prompter_script_read_log (script);

  if (strstr (log, text) == NULL)
    g_error ("“%s” was not logged by the prompter. Its log:\n%s", text, log);
}
