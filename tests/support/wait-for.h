/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** Seconds: only what hangs meets it, on however slow a machine. */
#define WAIT_FOR_PATIENCE 300

static inline gboolean
wait_for_in_vain (gpointer what)
{
  g_error ("Waited in vain: %s", (const char *) what);
  return G_SOURCE_REMOVE;
}

/** WAIT_FOR: runs the default main loop until @condition; a test that hangs says in which */
#define WAIT_FOR(condition)                                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const guint wait_for_limit = g_timeout_add_seconds (                                           \
        WAIT_FOR_PATIENCE, wait_for_in_vain, (gpointer) (guintptr) (G_STRLOC ": " #condition));    \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
    g_source_remove (wait_for_limit);                                                              \
  }                                                                                                \
  G_STMT_END

/** WAIT_FOR_OTHERS: the same for what another thread or process does, without the main loop */
#define WAIT_FOR_OTHERS(condition) WAIT_FOR_OTHERS_TO (condition, "%s", G_STRLOC ": " #condition)

/** WAIT_FOR_OTHERS_TO: the same where the place does not tell what: a format and its arguments do
 */
#define WAIT_FOR_OTHERS_TO(condition, format, ...)                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const gint64 wait_for_end = g_get_monotonic_time () + WAIT_FOR_PATIENCE * G_TIME_SPAN_SECOND;  \
    while (!(condition))                                                                           \
      {                                                                                            \
        if (g_get_monotonic_time () > wait_for_end)                                                \
          g_error ("Waited in vain: " format, __VA_ARGS__);                                        \
        g_usleep (1000);                                                                           \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
