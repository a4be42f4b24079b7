/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_find_program:
 * @name: a program of Mortise, for example "mortise-prompt"
 * @installed_folder: where it is installed
 * @build_folder: its folder under app/, for an agent that runs from a build tree
 *
 * An installed agent never looks into a build tree, and the reverse: what belongs together runs
 * together.
 *
 * Returns: (transfer full): the path; whether there is a program is not checked
 */
char *
mortise_find_program (const char *name, const char *installed_folder, const char *build_folder);

/**
 * mortise_describe_process:
 * @pid: as the bus daemon tells it
 *
 * Returns: (transfer full): who asks, in words for the prompt: "the Mortise window", or the
 *   program's name and process number. Names come from the kernel, not from the process itself.
 */
char *mortise_describe_process (guint32 pid);

G_END_DECLS
