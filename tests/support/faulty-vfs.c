/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/faulty-vfs.h"

#include <sqlite3.h>
#include <string.h>

#define SECTOR 512

/* @content is what the process sees; the file below holds what was synced. */
typedef struct
{
  sqlite3_file base;
  GByteArray *content;
  GByteArray *durable;
  sqlite3_file real[];
} FaultyFile;

static sqlite3_vfs *below;
static sqlite3_vfs vfs;

static struct
{
  guint operations;
  guint syncs;
  guint faults;
  guint fail_first;
  guint fail_last;
  FaultyVfsFault fault;
  gboolean buffered;
  gboolean off;
  guint power_off_at;
  GRand *random;
  GList *files;
} state;

static FaultyFile *
faulty (sqlite3_file *file)
{
  return (FaultyFile *) file;
}

/* --- Power loss --------------------------------------------------------------------------------
 */

static void
write_durable (FaultyFile *file, GByteArray *bytes)
{
  file->real->pMethods->xTruncate (file->real, 0);
  /* SQLite's own file system takes at most 128 KiB at a time. */
  for (guint offset = 0; offset < bytes->len; offset += 65536)
    file->real->pMethods->xWrite (file->real, bytes->data + offset,
                                  (int) MIN (65536, bytes->len - offset), offset);
}

/* A disk writes what it likes, in any order, sector by sector, between two syncs. */
static void
tear (FaultyFile *file)
{
  g_autoptr (GByteArray) torn = g_byte_array_new ();
  gboolean keep_size = g_rand_boolean (state.random);
  guint size = keep_size ? file->durable->len : file->content->len;

  g_byte_array_append (torn, file->durable->data, file->durable->len);
  g_byte_array_set_size (torn, MAX (size, file->durable->len));
  if (torn->len > file->durable->len)
    memset (torn->data + file->durable->len, 0, torn->len - file->durable->len);
  for (guint offset = 0; offset < torn->len && offset < file->content->len; offset += SECTOR)
    {
      guint length = MIN (SECTOR, MIN (torn->len, file->content->len) - offset);

      if (g_rand_boolean (state.random))
        memcpy (torn->data + offset, file->content->data + offset, length);
    }
  if (!keep_size && size < torn->len)
    g_byte_array_set_size (torn, size);
  write_durable (file, torn);
}

static void
power_off (void)
{
  state.off = TRUE;
  for (GList *i = state.files; i != NULL; i = i->next)
    tear (i->data);
}

/* Returns: SQLITE_OK, or what the operation is to fail with. */
static int
count_operation (int full, int io)
{
  if (state.off)
    return io;
  state.operations++;
  if (state.power_off_at != 0 && state.operations >= state.power_off_at)
    {
      power_off ();
      return io;
    }
  if (state.operations < state.fail_first || state.operations > state.fail_last)
    return SQLITE_OK;
  state.faults++;
  return state.fault == FAULTY_VFS_FULL ? full : io;
}

/* --- Files -------------------------------------------------------------------------------------
 */

static int
file_close (sqlite3_file *file)
{
  FaultyFile *self = faulty (file);

  if (self->content != NULL)
    {
      state.files = g_list_remove (state.files, self);
      g_byte_array_unref (self->content);
      g_byte_array_unref (self->durable);
    }
  return self->real->pMethods->xClose (self->real);
}

static int
file_read (sqlite3_file *file, void *buffer, int size, sqlite3_int64 offset)
{
  FaultyFile *self = faulty (file);
  gint64 available;

  if (state.off)
    return SQLITE_IOERR_READ;
  if (self->content == NULL)
    return self->real->pMethods->xRead (self->real, buffer, size, offset);
  available = CLAMP ((gint64) self->content->len - offset, 0, size);
  memset (buffer, 0, (gsize) size);
  if (available > 0)
    memcpy (buffer, self->content->data + offset, (gsize) available);
  return available == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
file_write (sqlite3_file *file, const void *buffer, int size, sqlite3_int64 offset)
{
  FaultyFile *self = faulty (file);
  int code = count_operation (SQLITE_FULL, SQLITE_IOERR_WRITE);

  if (code != SQLITE_OK)
    return code;
  if (self->content == NULL)
    return self->real->pMethods->xWrite (self->real, buffer, size, offset);
  if (self->content->len < offset + size)
    {
      guint old = self->content->len;

      g_byte_array_set_size (self->content, (guint) (offset + size));
      memset (self->content->data + old, 0, self->content->len - old);
    }
  memcpy (self->content->data + offset, buffer, (gsize) size);
  return SQLITE_OK;
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  FaultyFile *self = faulty (file);
  int code = count_operation (SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_TRUNCATE);

  if (code != SQLITE_OK)
    return code;
  if (self->content == NULL)
    return self->real->pMethods->xTruncate (self->real, size);
  g_byte_array_set_size (self->content, (guint) size);
  return SQLITE_OK;
}

static int
file_sync (sqlite3_file *file, int flags)
{
  FaultyFile *self = faulty (file);
  int code = count_operation (SQLITE_IOERR_FSYNC, SQLITE_IOERR_FSYNC);

  if (code != SQLITE_OK)
    return code;
  state.syncs++;
  if (self->content == NULL)
    return self->real->pMethods->xSync (self->real, flags);
  g_byte_array_set_size (self->durable, 0);
  g_byte_array_append (self->durable, self->content->data, self->content->len);
  write_durable (self, self->durable);
  return SQLITE_OK;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *ret_size)
{
  FaultyFile *self = faulty (file);

  if (self->content == NULL)
    return self->real->pMethods->xFileSize (self->real, ret_size);
  *ret_size = self->content->len;
  return SQLITE_OK;
}

static int
file_lock (sqlite3_file *file, int level)
{
  return faulty (file)->real->pMethods->xLock (faulty (file)->real, level);
}

static int
file_unlock (sqlite3_file *file, int level)
{
  return faulty (file)->real->pMethods->xUnlock (faulty (file)->real, level);
}

static int
file_check_reserved_lock (sqlite3_file *file, int *ret_locked)
{
  return faulty (file)->real->pMethods->xCheckReservedLock (faulty (file)->real, ret_locked);
}

static int
file_control (sqlite3_file *file, int operation, void *argument)
{
  return faulty (file)->real->pMethods->xFileControl (faulty (file)->real, operation, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return SECTOR;
}

/* No promise that spares SQLite a sync. */
static int
file_characteristics (sqlite3_file *file)
{
  return 0;
}

/* Version 1 has no shared memory: the vault must do without. */
static const sqlite3_io_methods methods = {
  .iVersion = 1,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved_lock,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
};

static int
vfs_open (sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
  FaultyFile *opened = faulty (file);
  sqlite3_int64 size = 0;
  int code;

  memset (opened, 0, sizeof *opened);
  if (state.off)
    return SQLITE_CANTOPEN;
  code = below->xOpen (below, name, opened->real, flags, ret_flags);
  if (code != SQLITE_OK)
    return code;
  opened->base.pMethods = &methods;
  if (!state.buffered)
    return SQLITE_OK;
  opened->real->pMethods->xFileSize (opened->real, &size);
  opened->content = g_byte_array_new ();
  opened->durable = g_byte_array_new ();
  g_byte_array_set_size (opened->content, (guint) size);
  if (size > 0)
    opened->real->pMethods->xRead (opened->real, opened->content->data, (int) size, 0);
  g_byte_array_append (opened->durable, opened->content->data, opened->content->len);
  state.files = g_list_prepend (state.files, opened);
  return SQLITE_OK;
}

static int
vfs_delete (sqlite3_vfs *self, const char *name, int sync_directory)
{
  if (state.off)
    return SQLITE_IOERR_DELETE;
  return below->xDelete (below, name, sync_directory);
}

void
faulty_vfs_install (void)
{
  below = sqlite3_vfs_find (NULL);
  vfs = *below;
  vfs.zName = "faulty";
  vfs.szOsFile = (int) sizeof (FaultyFile) + below->szOsFile;
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  g_assert_cmpint (sqlite3_vfs_register (&vfs, 1), ==, SQLITE_OK);
}

void
faulty_vfs_reset (void)
{
  g_clear_pointer (&state.random, g_rand_free);
  state.operations = state.syncs = state.faults = 0;
  state.fail_first = state.fail_last = 0;
  state.power_off_at = 0;
  state.buffered = state.off = FALSE;
}

void
faulty_vfs_fail (guint first, guint times, FaultyVfsFault fault)
{
  state.fail_first = state.operations + first;
  state.fail_last = times == G_MAXUINT ? G_MAXUINT : state.fail_first + times - 1;
  state.fault = fault;
}

guint
faulty_vfs_count_syncs (void)
{
  return state.syncs;
}

guint
faulty_vfs_count_faults (void)
{
  return state.faults;
}

void
faulty_vfs_power_off_at (guint operation, guint32 seed)
{
  g_clear_pointer (&state.random, g_rand_free);
  state.random = g_rand_new_with_seed (seed);
  state.buffered = TRUE;
  state.power_off_at = state.operations + operation;
}

gboolean
faulty_vfs_is_off (void)
{
  return state.off;
}
