/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mortise-error.h"

MortiseVaultPaths *
mortise_vault_paths_new (const char *directory)
{
  MortiseVaultPaths *paths = g_new0 (MortiseVaultPaths, 1);

  paths->directory = g_canonicalize_filename (directory, NULL);
  paths->database = g_build_filename (paths->directory, "vault.db", NULL);
  paths->journal = g_build_filename (paths->directory, "vault.db-wal", NULL);
  paths->building = g_build_filename (paths->directory, "vault.db.new", NULL);
  paths->erasing = g_build_filename (paths->directory, "vault.db.erase", NULL);
  paths->lock = g_build_filename (paths->directory, "vault.lock", NULL);
  return paths;
}

void
mortise_vault_paths_free (MortiseVaultPaths *paths)
{
  g_free (paths->directory);
  g_free (paths->database);
  g_free (paths->journal);
  g_free (paths->building);
  g_free (paths->erasing);
  g_free (paths->lock);
  g_free (paths);
}

static gboolean
fail_io (const char *path, GError **error)
{
  int cause = errno;

  if (cause == ENOSPC || cause == EDQUOT)
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL,
                         _ ("There is no room left on the disk, so nothing was saved. Free some "
                            "space and try again."));
  else
    /* Translators: a path, then the system's own description, for example "Permission denied". */
    g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO,
                 _ ("%s cannot be read or written (%s), so the vault cannot be used. Check the "
                    "folder's permissions and the disk, then try again."),
                 path, g_strerror (cause));
  return FALSE;
}

int
mortise_vault_files_lock (const MortiseVaultPaths *paths, GError **error)
{
  int fd = open (paths->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

  if (fd < 0)
    {
      fail_io (paths->lock, error);
      return -1;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;

  if (errno == EWOULDBLOCK)
    g_set_error_literal (
        error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IN_USE,
        _ ("Another Mortise has the vault open. Your passkeys are unharmed and work there. Close "
           "the other one and try again."));
  else
    fail_io (paths->lock, error);
  close (fd);
  return -1;
}

static gboolean
sync_directory (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (!ok)
    fail_io (path, error);
  if (fd >= 0)
    close (fd);
  return ok;
}

gboolean
mortise_vault_files_make_directory (const MortiseVaultPaths *paths, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (paths->directory);
  gboolean exists = g_file_test (paths->directory, G_FILE_TEST_IS_DIR);

  if (g_mkdir_with_parents (paths->directory, 0700) != 0 || g_chmod (paths->directory, 0700) != 0)
    return fail_io (paths->directory, error);
  /* A folder whose name is lost takes the vault with it; but the one above may be for others' eyes
   * only. */
  return exists || access (parent, R_OK) != 0 || sync_directory (parent, error);
}

gboolean
mortise_vault_files_publish (const MortiseVaultPaths *paths, GError **error)
{
  int fd = open (paths->building, O_RDWR | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;

  if (!synced)
    fail_io (paths->building, error);
  if (fd >= 0)
    close (fd);
  if (!synced)
    return FALSE;

  /* A journal of a vault that is gone would be replayed into this one. */
  if (unlink (paths->journal) != 0 && errno != ENOENT)
    return fail_io (paths->journal, error);
  if (rename (paths->building, paths->database) != 0)
    return fail_io (paths->database, error);
  if (sync_directory (paths->directory, error))
    return TRUE;
  /* The caller is told that there is no vault, so there must be none. */
  unlink (paths->database);
  return FALSE;
}

/* Overwriting in place may not reach the old blocks of a flash disk or a copy-on-write file system;
 * the keys in there are of no use without the TPM and the PIN either. */
static void
overwrite (const char *path)
{
  static const guint8 zeros[65536];
  int fd = open (path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat info;
  off_t done = 0;

  if (fd < 0)
    return;
  if (fstat (fd, &info) == 0)
    {
      while (done < info.st_size)
        {
          gsize size = MIN (sizeof zeros, (gsize) (info.st_size - done));
          gssize written = pwrite (fd, zeros, size, done);

          if (written <= 0)
            break;
          done += written;
        }
    }
  (void) fdatasync (fd);
  close (fd);
}

static void
remove_beside (const char *path, const char *suffix, gboolean erase)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);

  if (erase)
    overwrite (name);
  unlink (name);
}

static void
remove_all (const char *path, gboolean erase)
{
  remove_beside (path, "", erase);
  remove_beside (path, "-wal", erase);
  remove_beside (path, "-shm", erase);
  remove_beside (path, "-journal", erase);
}

void
mortise_vault_files_clean (const MortiseVaultPaths *paths)
{
  remove_all (paths->building, TRUE);
  if (access (paths->erasing, F_OK) != 0)
    return;
  /* The journal kept the name of the database that is being erased. */
  if (access (paths->database, F_OK) != 0)
    remove_beside (paths->database, "-wal", TRUE);
  remove_all (paths->erasing, TRUE);
}

gboolean
mortise_vault_files_erase (const MortiseVaultPaths *paths, GError **error)
{
  /* Renamed first: half an erased vault must not be taken for a damaged one. */
  if (rename (paths->database, paths->erasing) != 0 && errno != ENOENT)
    return fail_io (paths->database, error);
  remove_beside (paths->database, "-wal", TRUE);
  remove_beside (paths->database, "-shm", TRUE);
  remove_beside (paths->database, "-journal", TRUE);
  if (!sync_directory (paths->directory, error))
    return FALSE;
  mortise_vault_files_clean (paths);
  return sync_directory (paths->directory, error);
}
