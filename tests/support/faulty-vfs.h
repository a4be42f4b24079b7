/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * A file system under SQLite that fails and forgets. Everything SQLite writes goes through it once
 * it is installed; each write, truncation and sync counts as one operation, numbered from 1.
 */
typedef enum
{
  FAULTY_VFS_FULL, /* no room: writes fail with SQLITE_FULL */
  FAULTY_VFS_IO,   /* the disk fails */
} FaultyVfsFault;

/** Becomes SQLite's default; for the whole test program. */
void faulty_vfs_install (void);

/** No faults, nothing buffered, counting from 1 again. No file may be open if power is off. */
void faulty_vfs_reset (void);

/** Those among them that made the disk write: what a transaction costs. */
guint faulty_vfs_count_syncs (void);

/** Lets operation number @first, counted from now, and @times − 1 after it fail. */
void faulty_vfs_fail (guint first, guint times, FaultyVfsFault fault);

/** Faults that happened since reset. */
guint faulty_vfs_count_faults (void);

/**
 * faulty_vfs_power_off_at:
 * @operation: counted from now
 * @seed: chooses which of the 512-byte sectors that were not synced reach the disk all the same
 *
 * From now on writes stay in memory until synced; at @operation the power goes: nothing works until
 * faulty_vfs_reset(), and the files are what a disk would hold then. For files opened after it.
 */
void faulty_vfs_power_off_at (guint operation, guint32 seed);
gboolean faulty_vfs_is_off (void);

G_END_DECLS
