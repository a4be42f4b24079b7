/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** scratch_folder_new: Returns: (transfer full): path of a new folder of the test's own */
char *scratch_folder_new (void);

/** scratch_folder_remove: removes @path (transfer full) and all that is in it */
void scratch_folder_remove (char *path);

G_END_DECLS
