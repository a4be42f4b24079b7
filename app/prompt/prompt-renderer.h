/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_prompt_renderer_for:
 * @environment: (array zero-terminated=1): as of g_get_environ()
 *
 * Returns: (transfer none) (nullable): what GSK_RENDERER should be, or %NULL to let GTK choose
 */
const char *mortise_prompt_renderer_for (char **environment);

G_END_DECLS
