/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/scratch-folder.h"

#include <ftw.h>
#include <stdio.h>

char *
scratch_folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("mortise-test-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static int
remove_one (const char *path, const struct stat *info, int type, struct FTW *where)
{
  (void) remove (path);
  return 0;
}

void
scratch_folder_remove (char *path)
{
  nftw (path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  g_free (path);
}
