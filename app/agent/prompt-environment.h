/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_prompt_environment_get:
 *
 * The environment for a program that shows a window. The agent may have been started before the
 * desktop was (D-Bus activation, lingering): when its own environment names no display, the user
 * manager's is asked, which desktops keep up to date. Blocks for at most half a second.
 *
 * Returns: (transfer full) (nullable): the environment, or %NULL when there is no display
 */
char **mortise_prompt_environment_get (void);

G_END_DECLS
