/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/scratch-folder.h"

#include <ftw.h>
#include <stdio.h>

char *
scratch_folder_new (void)
{
  /* In memory where there is such a place: the vault's tests sync thousands of times, and what a
   * disk makes of that is tested with a file system that forgets. */
  const char *parent = g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm" : g_get_tmp_dir ();
  char *path = g_build_filename (parent, "mortise-test-XXXXXX", NULL);

  g_assert_nonnull (g_mkdtemp (path));
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
