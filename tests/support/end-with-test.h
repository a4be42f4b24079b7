/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <signal.h>
#include <sys/prctl.h>

G_BEGIN_DECLS

/**
 * end_with_test:
 *
 * A #GSpawnChildSetupFunc for every process that a test starts and that has no reason of its own to
 * end: a test that aborts would leave it behind with the other end of the test's output, and Meson
 * waits for the end of that until the time limit.
 */
static inline void
end_with_test (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

G_END_DECLS
