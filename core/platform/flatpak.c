/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/flatpak.h"

gboolean
mortise_in_flatpak (const char *root)
{
  g_autofree char *info = g_build_filename (root, ".flatpak-info", NULL);

  return g_file_test (info, G_FILE_TEST_EXISTS);
}
