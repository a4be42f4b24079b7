/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_hidraw_find:
 * @class_dir: "/sys/class/hidraw", or a test's
 * @dev_dir: "/dev", or a test's
 *
 * Returns: (transfer full) (nullable): the hidraw node that the kernel made for our virtual
 *   security key
 */
char *mortise_hidraw_find (const char *class_dir, const char *dev_dir);

G_END_DECLS
