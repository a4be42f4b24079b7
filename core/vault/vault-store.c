/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/mortise-error.h"

/* A vault under this size is checked page by page at each start; with a bigger one the start would
 * have to wait for it, and damage shows when a record is read. */
#define WHOLE_CHECK_MAX (4 * 1024 * 1024)

/* Where the header of an SQLite file says what it is (sqlite.org/fileformat2.html, §1.3). */
#define HEADER_SIZE           100
#define HEADER_USER_VERSION   60
#define HEADER_APPLICATION_ID 68

struct _MortiseVaultStore
{
  sqlite3 *db;
  char *path;
  sqlite3_stmt *statements[MORTISE_SQL_N_STATEMENTS];
  sqlite3_stmt *rollback; /* made before it is needed: by then there may be no memory for it */
  gboolean stuck;         /* a transaction that failed is still open */
};

/* Step n upgrades from schema version n. Steps that were released are never changed. */
static const char *const migrations[] = {
  "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;"
  "CREATE TABLE pin (id INTEGER PRIMARY KEY CHECK (id = 1), retries INTEGER NOT NULL) STRICT;"
  "CREATE TABLE keyslots ("
  "  kind TEXT PRIMARY KEY,"
  "  public BLOB NOT NULL,"
  "  private BLOB NOT NULL,"
  "  created_at INTEGER NOT NULL,"
  "  last_used_at INTEGER NOT NULL"
  ") WITHOUT ROWID, STRICT;"
  "CREATE TABLE settings (name TEXT PRIMARY KEY, type TEXT NOT NULL, value BLOB NOT NULL)"
  "  WITHOUT ROWID, STRICT;"
  "CREATE TABLE credentials ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  rp_index BLOB NOT NULL,"
  "  id_index BLOB NOT NULL,"
  "  account_index BLOB,"
  "  deleted INTEGER NOT NULL DEFAULT 0,"
  "  metadata BLOB NOT NULL,"
  "  usage BLOB NOT NULL"
  ") STRICT;"
  "CREATE INDEX credentials_by_rp ON credentials (rp_index) WHERE deleted = 0;"
  "CREATE UNIQUE INDEX credentials_by_id ON credentials (id_index) WHERE deleted = 0;"
  "CREATE UNIQUE INDEX credentials_by_account ON credentials (account_index)"
  "  WHERE deleted = 0 AND account_index IS NOT NULL;"
  "CREATE INDEX credentials_deleted ON credentials (id) WHERE deleted = 1;"
  "CREATE TABLE secrets (id INTEGER PRIMARY KEY, secrets BLOB NOT NULL) STRICT;",
};

G_STATIC_ASSERT (G_N_ELEMENTS (migrations) == MORTISE_VAULT_SCHEMA_VERSION);

static const char *const sql[MORTISE_SQL_N_STATEMENTS] = {
  [MORTISE_SQL_META_GET] = "SELECT value FROM meta WHERE name = ?1",
  [MORTISE_SQL_META_PUT] = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)",
  [MORTISE_SQL_PIN_GET] = "SELECT retries FROM pin WHERE id = 1",
  [MORTISE_SQL_PIN_PUT] = "INSERT INTO pin (id, retries) VALUES (1, ?1)"
                          " ON CONFLICT (id) DO UPDATE SET retries = ?1",
  [MORTISE_SQL_SLOT_GET] =
      "SELECT public, private, created_at, last_used_at FROM keyslots WHERE kind = ?1",
  [MORTISE_SQL_SLOT_PUT] = "INSERT INTO keyslots (kind, public, private, created_at, last_used_at)"
                           " VALUES (?1, ?2, ?3, ?4, 0) ON CONFLICT (kind) DO UPDATE"
                           " SET public = ?2, private = ?3, created_at = ?4, last_used_at = 0",
  [MORTISE_SQL_SLOT_REMOVE] = "DELETE FROM keyslots WHERE kind = ?1",
  [MORTISE_SQL_SLOT_TOUCH] = "UPDATE keyslots SET last_used_at = ?2 WHERE kind = ?1",
  [MORTISE_SQL_SETTING_GET] = "SELECT type, value FROM settings WHERE name = ?1",
  [MORTISE_SQL_SETTING_PUT] =
      "INSERT OR REPLACE INTO settings (name, type, value) VALUES (?1, ?2, ?3)",
  [MORTISE_SQL_SETTING_REMOVE] = "DELETE FROM settings WHERE name = ?1",
  [MORTISE_SQL_CREDENTIAL_LAST_ID] = "SELECT seq FROM sqlite_sequence WHERE name = 'credentials'",
  [MORTISE_SQL_CREDENTIAL_COUNT] = "SELECT (SELECT count(*) FROM credentials WHERE deleted = 0),"
                                   " (SELECT count(*) FROM credentials WHERE deleted = 1)",
  [MORTISE_SQL_CREDENTIAL_INSERT] =
      "INSERT INTO credentials (id, rp_index, id_index, account_index, metadata, usage)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
  [MORTISE_SQL_CREDENTIAL_GET] =
      "SELECT id, deleted, metadata, usage FROM credentials WHERE id = ?1",
  [MORTISE_SQL_CREDENTIAL_BY_RP] =
      "SELECT id, deleted, metadata, usage FROM credentials WHERE rp_index = ?1 AND deleted = 0"
      " ORDER BY id DESC",
  [MORTISE_SQL_CREDENTIAL_AFTER_RP] =
      "SELECT id, deleted, metadata, usage, rp_index FROM credentials WHERE rp_index > ?1"
      " AND deleted = 0 ORDER BY rp_index, id DESC",
  [MORTISE_SQL_CREDENTIAL_BY_ID] =
      "SELECT id, deleted, metadata, usage FROM credentials WHERE id_index = ?1 AND deleted = 0",
  [MORTISE_SQL_CREDENTIAL_BY_ACCOUNT] =
      "SELECT id, deleted, metadata, usage FROM credentials WHERE account_index = ?1"
      " AND deleted = 0",
  [MORTISE_SQL_CREDENTIAL_LIST] =
      "SELECT id, deleted, metadata, usage FROM credentials WHERE id > ?1 AND deleted = 0"
      " ORDER BY id",
  [MORTISE_SQL_CREDENTIAL_LIST_DELETED] =
      "SELECT id, deleted, metadata, usage FROM credentials WHERE id > ?1 AND deleted = 1"
      " ORDER BY id",
  [MORTISE_SQL_CREDENTIAL_INDEXES] =
      "SELECT id_index, account_index FROM credentials WHERE id = ?1",
  [MORTISE_SQL_CREDENTIAL_PUT_METADATA] = "UPDATE credentials SET metadata = ?2 WHERE id = ?1",
  [MORTISE_SQL_CREDENTIAL_PUT_USAGE] = "UPDATE credentials SET usage = ?2 WHERE id = ?1",
  [MORTISE_SQL_CREDENTIAL_PUT_DELETED] =
      "UPDATE credentials SET deleted = ?2, usage = ?3 WHERE id = ?1",
  [MORTISE_SQL_CREDENTIAL_REMOVE] = "DELETE FROM credentials WHERE id = ?1",
  [MORTISE_SQL_SECRETS_INSERT] = "INSERT INTO secrets (id, secrets) VALUES (?1, ?2)",
  [MORTISE_SQL_SECRETS_GET] = "SELECT secrets FROM secrets WHERE id = ?1",
  [MORTISE_SQL_SECRETS_REMOVE] = "DELETE FROM secrets WHERE id = ?1",
};

/* --- Errors ------------------------------------------------------------------------------------
 */

static void
set_damaged (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                       _ ("The vault's file is damaged and was left as it is. Put a copy of "
                          "vault.db from a backup of "
                          "your home folder in its place, then start Mortise again."));
}

static void
set_in_use (GError **error)
{
  g_set_error_literal (
      error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IN_USE,
      _ ("Another program has the vault open. Your passkeys are unharmed. Close the other program "
         "and try again."));
}

static void
set_newer (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_NEWER,
                       _ ("This vault was written by a newer version of Mortise and was left as it "
                          "is. Install that version to use your passkeys."));
}

static void
set_full (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL,
                       _ ("There is no room left on the disk, so nothing was saved. The passkeys "
                          "you have are unharmed. Free some space and try again."));
}

static void
set_io (GError **error, int cause)
{
  /* Translators: %s is the system's own description, for example "Read-only file system". */
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO,
               _ ("The vault's files cannot be read or written (%s), so nothing was saved. Check "
                  "the disk and the folder's permissions, then try again."),
               g_strerror (cause != 0 ? cause : EIO));
}

/* SQLite does not keep the system's reason for a file that cannot be made. */
static gboolean
is_disk_full (const char *path)
{
  struct statvfs info;

  /* Some file systems have no table of files, and say so with zeros. */
  return statvfs (path, &info) == 0 &&
         (info.f_bavail == 0 || (info.f_files != 0 && info.f_favail == 0));
}

static void
set_error (MortiseVaultStore *self, int code, GError **error)
{
  int cause = self->db != NULL ? sqlite3_system_errno (self->db) : 0;

  switch (code & 0xff)
    {
    case SQLITE_FULL:
      set_full (error);
      return;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (cause == ENOSPC || cause == EDQUOT || is_disk_full (self->path))
        set_full (error);
      else
        set_io (error, cause);
      return;
    case SQLITE_READONLY:
      set_io (error, EROFS);
      return;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      set_io (error, EACCES);
      return;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      set_in_use (error);
      return;
    case SQLITE_NOMEM:
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                           _ ("There is not enough free memory, so nothing was saved. Close some "
                              "programs and try again."));
      return;
    default:
      set_damaged (error);
      return;
    }
}

/* --- Statements --------------------------------------------------------------------------------
 */

void
mortise_statement_release (MortiseStatement *statement)
{
  if (statement == NULL)
    return;
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
}

static void
roll_back (MortiseVaultStore *self)
{
  /* SQLite may have done so by itself, as it does when the disk is full. */
  if (!sqlite3_get_autocommit (self->db))
    {
      (void) sqlite3_step (self->rollback);
      (void) sqlite3_reset (self->rollback);
    }
  self->stuck = !sqlite3_get_autocommit (self->db);
}

/* What a failed transaction wrote must not be read, nor be committed with the next. */
static gboolean
unstick (MortiseVaultStore *self, GError **error)
{
  if (!self->stuck)
    return TRUE;
  roll_back (self);
  if (self->stuck)
    set_error (self, SQLITE_NOMEM, error);
  return !self->stuck;
}

MortiseStatement *
mortise_vault_store_get (MortiseVaultStore *self, MortiseSql which, GError **error)
{
  int code;

  if (!unstick (self, error))
    return NULL;
  if (self->statements[which] != NULL)
    return self->statements[which];

  code = sqlite3_prepare_v3 (self->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                             &self->statements[which], NULL);
  if (code != SQLITE_OK)
    {
      set_error (self, code, error);
      return NULL;
    }
  return self->statements[which];
}

void
mortise_statement_bind_bytes (MortiseStatement *statement, int index, GBytes *bytes)
{
  if (bytes != NULL)
    sqlite3_bind_blob64 (statement, index, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                         SQLITE_STATIC);
}

GBytes *
mortise_statement_dup_blob (MortiseStatement *statement, int column)
{
  gconstpointer data = sqlite3_column_blob (statement, column);

  if (sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NULL;
  return g_bytes_new (data, (gsize) sqlite3_column_bytes (statement, column));
}

gboolean
mortise_vault_store_row (MortiseVaultStore *self, MortiseStatement *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code != SQLITE_ROW && code != SQLITE_DONE)
    set_error (self, code, error);
  return code == SQLITE_ROW;
}

gboolean
mortise_vault_store_run (MortiseVaultStore *self, MortiseStatement *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code != SQLITE_DONE)
    set_error (self, code, error);
  mortise_statement_release (statement);
  return code == SQLITE_DONE;
}

static gboolean
execute (MortiseVaultStore *self, const char *statements, GError **error)
{
  int code = sqlite3_exec (self->db, statements, NULL, NULL, NULL);

  if (code != SQLITE_OK)
    set_error (self, code, error);
  return code == SQLITE_OK;
}

static gboolean
query_int (MortiseVaultStore *self, const char *query, gint64 *ret_value, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (self->db, query, -1, &statement, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *ret_value = sqlite3_column_int64 (statement, 0);
  else
    set_error (self, code, error);
  sqlite3_finalize (statement);
  return code == SQLITE_ROW;
}

/* --- Transactions ------------------------------------------------------------------------------
 */

static gboolean
prepare_rollback (MortiseVaultStore *self, GError **error)
{
  int code = SQLITE_OK;

  if (self->rollback == NULL)
    code = sqlite3_prepare_v3 (self->db, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &self->rollback,
                               NULL);
  if (code != SQLITE_OK)
    set_error (self, code, error);
  return code == SQLITE_OK;
}

gboolean
mortise_vault_store_transact (MortiseVaultStore *self,
                              MortiseTransaction work,
                              gpointer user_data,
                              GError **error)
{
  if (!unstick (self, error) || !prepare_rollback (self, error) ||
      !execute (self, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (work (self, user_data, error) && execute (self, "COMMIT", error))
    return TRUE;
  roll_back (self);
  return FALSE;
}

gboolean
mortise_vault_store_forget_journal (MortiseVaultStore *self)
{
  return sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
         SQLITE_OK;
}

/* --- Opening -----------------------------------------------------------------------------------
 */

static guint32
header_u32 (const guint8 *header, gsize offset)
{
  guint32 value;

  memcpy (&value, header + offset, sizeof value);
  return GUINT32_FROM_BE (value);
}

/* SQLite is not even shown a file that is none of ours: it makes a journal beside what it opens. */
static gboolean
check_header (const char *path, GError **error)
{
  guint8 header[HEADER_SIZE];
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  gssize size;

  if (fd < 0)
    {
      set_io (error, errno);
      return FALSE;
    }
  size = read (fd, header, sizeof header);
  if (size < 0)
    set_io (error, errno);
  close (fd);
  if (size < 0)
    return FALSE;
  if (size < HEADER_SIZE || memcmp (header, "SQLite format 3", 16) != 0 ||
      header_u32 (header, HEADER_APPLICATION_ID) != MORTISE_VAULT_APPLICATION_ID ||
      header_u32 (header, HEADER_USER_VERSION) == 0)
    {
      set_damaged (error);
      return FALSE;
    }
  if (header_u32 (header, HEADER_USER_VERSION) > MORTISE_VAULT_SCHEMA_VERSION)
    {
      set_newer (error);
      return FALSE;
    }
  return TRUE;
}

static gboolean
connect_db (MortiseVaultStore *self, GError **error)
{
  int code = sqlite3_open_v2 (self->path, &self->db,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                  SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                              NULL);

  if (code != SQLITE_OK)
    {
      set_error (self, code, error);
      return FALSE;
    }
  /* The file may come from anywhere: nothing in it is to be run. */
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  sqlite3_limit (self->db, SQLITE_LIMIT_LENGTH, 1 << 20);
  /* Nobody else may have it open, and then the journal's index needs no shared file. The cache is
   * small because the agent is resident all day and the kernel caches the file anyway. */
  return execute (self,
                  "PRAGMA locking_mode = EXCLUSIVE;"
                  "PRAGMA temp_store = MEMORY;"
                  "PRAGMA cache_size = -256;"
                  "PRAGMA synchronous = FULL;"
                  "PRAGMA secure_delete = ON;"
                  "PRAGMA trusted_schema = OFF;"
                  "PRAGMA cell_size_check = ON;",
                  error);
}

/* Returns: %FALSE if the answer is anything but "ok". */
static gboolean
check_pages (MortiseVaultStore *self, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (self->db, "PRAGMA quick_check (1)", -1, &statement, NULL);
  gboolean ok;

  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  ok = code == SQLITE_ROW &&
       g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "ok") == 0;
  if (code != SQLITE_ROW)
    set_error (self, code, error);
  else if (!ok)
    set_damaged (error);
  sqlite3_finalize (statement);
  return ok;
}

static gboolean
check_content (MortiseVaultStore *self, GError **error)
{
  struct stat info;
  gint64 version = 0, application = 0;

  if (sqlite3_db_readonly (self->db, "main") != 0)
    {
      set_io (error, EROFS);
      return FALSE;
    }
  /* Asked again, as the journal may hold newer pages than the file. */
  if (!query_int (self, "PRAGMA user_version", &version, error) ||
      !query_int (self, "PRAGMA application_id", &application, error))
    return FALSE;
  if (version > MORTISE_VAULT_SCHEMA_VERSION)
    {
      set_newer (error);
      return FALSE;
    }
  if (version < 1 || application != MORTISE_VAULT_APPLICATION_ID)
    {
      set_damaged (error);
      return FALSE;
    }
  if (stat (self->path, &info) == 0 && info.st_size <= WHOLE_CHECK_MAX)
    return check_pages (self, error);
  return TRUE;
}

/* Opening makes an empty journal; a refused vault is to be left without it. */
static void
remove_new_journal (const char *path)
{
  g_autofree char *journal = g_strconcat (path, "-wal", NULL);
  struct stat info;

  if (stat (journal, &info) == 0 && info.st_size == 0)
    unlink (journal);
}

MortiseVaultStore *
mortise_vault_store_open (const char *path, GError **error)
{
  g_autoptr (MortiseVaultStore) self = NULL;

  if (!check_header (path, error))
    return NULL;
  self = g_new0 (MortiseVaultStore, 1);
  self->path = g_strdup (path);
  if (!connect_db (self, error))
    return NULL;
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  if (!check_content (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
migrate (MortiseVaultStore *self, gpointer user_data, GError **error)
{
  gint64 from = *(gint64 *) user_data;
  g_autofree char *version =
      g_strdup_printf ("PRAGMA user_version = %d", MORTISE_VAULT_SCHEMA_VERSION);

  for (gint64 i = from; i < MORTISE_VAULT_SCHEMA_VERSION; i++)
    {
      if (!execute (self, migrations[i], error))
        return FALSE;
    }
  return execute (self, version, error);
}

gboolean
mortise_vault_store_accept (MortiseVaultStore *self, GError **error)
{
  gint64 version = 0;

  if (!query_int (self, "PRAGMA user_version", &version, error) ||
      !execute (self, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 256;", error))
    return FALSE;
  if (version < MORTISE_VAULT_SCHEMA_VERSION &&
      !mortise_vault_store_transact (self, migrate, &version, error))
    return FALSE;
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  /* The last agent may have been killed between removing something and wiping it. */
  (void) mortise_vault_store_forget_journal (self);
  return TRUE;
}

MortiseVaultStore *
mortise_vault_store_create (const char *path, GError **error)
{
  g_autoptr (MortiseVaultStore) self = g_new0 (MortiseVaultStore, 1);
  g_autofree char *identity =
      g_strdup_printf ("PRAGMA application_id = %d", MORTISE_VAULT_APPLICATION_ID);
  gint64 version = 0;
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  /* Made here for its mode, which SQLite then gives to the journal as well. */
  if (fd < 0)
    {
      if (errno == ENOSPC || errno == EDQUOT)
        set_full (error);
      else
        set_io (error, errno);
      return NULL;
    }
  close (fd);
  self->path = g_strdup (path);
  if (!connect_db (self, error) || !execute (self, "PRAGMA journal_mode = WAL", error) ||
      !execute (self, identity, error) ||
      !mortise_vault_store_transact (self, migrate, &version, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
mortise_vault_store_close (MortiseVaultStore *self)
{
  int code;

  for (gsize i = 0; i < MORTISE_SQL_N_STATEMENTS; i++)
    sqlite3_finalize (g_steal_pointer (&self->statements[i]));
  sqlite3_finalize (g_steal_pointer (&self->rollback));
  code = sqlite3_close_v2 (g_steal_pointer (&self->db));
  remove_new_journal (self->path);
  g_free (self->path);
  g_free (self);
  return code == SQLITE_OK;
}

void
mortise_vault_store_free (MortiseVaultStore *self)
{
  if (self != NULL)
    mortise_vault_store_close (self);
}
