/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_in_flatpak:
 * @root: the root folder, "/" but in tests
 *
 * Returns: %TRUE if this process runs inside a Flatpak, where the computer around it (its programs,
 *   units, rules and process ids) cannot be seen
 */
gboolean mortise_in_flatpak (const char *root);

G_END_DECLS
