/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-target.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static gboolean verbose;

#ifdef MORTISE_LIBFUZZER
const char *__asan_default_options (void);
const char *__ubsan_default_options (void);

const char *
__ubsan_default_options (void)
{
  return "halt_on_error=1:print_stacktrace=1";
}

/* Where memory came from takes a fifth of the time to note; ask for it again with a finding. */
const char *
__asan_default_options (void)
{
  return "malloc_context_size=3";
}
#endif

static GLogWriterOutput
drop_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const GLogLevelFlags bad = G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING;

  /* A million lines about injected failures help nobody. */
  if (verbose || (level & bad) != 0)
    (void) g_log_writer_standard_streams (level, fields, n_fields, user_data);
  /* GLib's own way to stop is a signal that libFuzzer does not keep the input for. */
  if ((level & bad) != 0)
    abort ();
  return G_LOG_WRITER_HANDLED;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  verbose = g_getenv ("FUZZ_VERBOSE") != NULL;
  (void) setlocale (LC_ALL, "C.UTF-8");
  g_log_set_writer_func (drop_log, NULL, NULL);
  /* That stops at what is bad unless a target expects it; G_DEBUG would not ask. */
  (void) g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  fuzz_target_prepare ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { data, size };

  fuzz_target_run (&input);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}

#ifndef MORTISE_LIBFUZZER
/* Runs every input again: `fuzz-NAME FILE|FOLDER…`. TAP, one line for each. */
static guint
replay (const char *path, guint done)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  g_autofree char *content = NULL;
  const char *name;
  gsize size;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      done = replay (child, done);
    }
  if (folder != NULL || !g_file_get_contents (path, &content, &size, NULL))
    return done;
  printf ("# %s\n", path);
  fflush (stdout);
  LLVMFuzzerTestOneInput ((const guint8 *) content, size);
  printf ("ok %u %s\n", ++done, path);
  return done;
}

int
main (int argc, char **argv)
{
  guint done = 0;

  LLVMFuzzerInitialize (&argc, &argv);
  for (int i = 1; i < argc; i++)
    done = replay (argv[i], done);
  printf ("1..%u\n", done);
  return done > 0 ? 0 : 1;
}
#endif
