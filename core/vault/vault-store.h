/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/** "Mrts": what file(1) and a foreign program see of a vault. */
#define MORTISE_VAULT_APPLICATION_ID 0x4d727473
/** A new version comes with a vault of it, which later ones must open:
 * tests/unit/test-vault-older.c */
#define MORTISE_VAULT_SCHEMA_VERSION 1

/**
 * MortiseVaultStore:
 *
 * The vault's database: rows of sealed bytes, no meaning. One connection, used by one thread at a
 * time. Errors are told apart as full, failing disk, damaged, in use, newer.
 */
typedef struct _MortiseVaultStore MortiseVaultStore;

/** The statements there are; their SQL is in vault-store.c. Prepared at first use and kept. */
typedef enum
{
  MORTISE_SQL_META_GET,
  MORTISE_SQL_META_PUT,
  MORTISE_SQL_PIN_GET,
  MORTISE_SQL_PIN_PUT,
  MORTISE_SQL_SLOT_GET,
  MORTISE_SQL_SLOT_PUT,
  MORTISE_SQL_SLOT_REMOVE,
  MORTISE_SQL_SLOT_TOUCH,
  MORTISE_SQL_SETTING_GET,
  MORTISE_SQL_SETTING_PUT,
  MORTISE_SQL_SETTING_REMOVE,
  MORTISE_SQL_CREDENTIAL_LAST_ID,
  MORTISE_SQL_CREDENTIAL_COUNT,
  MORTISE_SQL_CREDENTIAL_INSERT,
  MORTISE_SQL_CREDENTIAL_GET,
  MORTISE_SQL_CREDENTIAL_BY_RP,
  MORTISE_SQL_CREDENTIAL_AFTER_RP,
  MORTISE_SQL_CREDENTIAL_BY_ID,
  MORTISE_SQL_CREDENTIAL_BY_ACCOUNT,
  MORTISE_SQL_CREDENTIAL_LIST,
  MORTISE_SQL_CREDENTIAL_LIST_DELETED,
  MORTISE_SQL_CREDENTIAL_INDEXES,
  MORTISE_SQL_CREDENTIAL_PUT_METADATA,
  MORTISE_SQL_CREDENTIAL_PUT_USAGE,
  MORTISE_SQL_CREDENTIAL_PUT_DELETED,
  MORTISE_SQL_CREDENTIAL_REMOVE,
  MORTISE_SQL_SECRETS_INSERT,
  MORTISE_SQL_SECRETS_GET,
  MORTISE_SQL_SECRETS_REMOVE,
  MORTISE_SQL_N_STATEMENTS,
} MortiseSql;

/** A prepared statement in use; put back when it goes out of scope. */
typedef sqlite3_stmt MortiseStatement;
void mortise_statement_release (MortiseStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseStatement, mortise_statement_release)

/**
 * mortise_vault_store_create:
 * @path: must not exist
 *
 * Makes an empty database with the current schema. Durable only after mortise_vault_store_close().
 */
MortiseVaultStore *mortise_vault_store_create (const char *path, GError **error);

/**
 * mortise_vault_store_open:
 *
 * Checks before anything is written, and leaves the file untouched if it refuses it.
 *
 * Returns: (transfer full): the store; %MORTISE_ERROR_VAULT_NEWER, _VAULT_DAMAGED, _VAULT_IN_USE,
 *   _VAULT_IO. Until mortise_vault_store_accept() closing it writes nothing either
 */
MortiseVaultStore *mortise_vault_store_open (const char *path, GError **error);

/** mortise_vault_store_accept: migrates to the current schema; from here on it may be written */
gboolean mortise_vault_store_accept (MortiseVaultStore *self, GError **error);

/** mortise_vault_store_close: Returns: %FALSE if what is in the journal did not reach the database
 */
gboolean mortise_vault_store_close (MortiseVaultStore *self);
void mortise_vault_store_free (MortiseVaultStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseVaultStore, mortise_vault_store_free)

/** mortise_vault_store_get: Returns: the statement, with nothing bound; %NULL with an error */
MortiseStatement *
mortise_vault_store_get (MortiseVaultStore *self, MortiseSql which, GError **error);

/** mortise_statement_bind_bytes: @bytes must outlive the statement's use; %NULL binds NULL */
void mortise_statement_bind_bytes (MortiseStatement *statement, int index, GBytes *bytes);

/** mortise_statement_dup_blob: Returns: (transfer full) (nullable): a column's bytes */
GBytes *mortise_statement_dup_blob (MortiseStatement *statement, int column);

/** mortise_vault_store_row: Returns: whether there is a row; @error is set if it cannot be told */
gboolean
mortise_vault_store_row (MortiseVaultStore *self, MortiseStatement *statement, GError **error);

/** mortise_vault_store_run: runs a statement without result to its end and resets it */
gboolean
mortise_vault_store_run (MortiseVaultStore *self, MortiseStatement *statement, GError **error);

/**
 * mortise_vault_store_transact:
 * @work: what to do; %FALSE undoes all of it
 *
 * Returns: %TRUE if all of it is on disk; otherwise nothing of it is
 */
typedef gboolean (*MortiseTransaction) (MortiseVaultStore *self,
                                        gpointer user_data,
                                        GError **error);
gboolean mortise_vault_store_transact (MortiseVaultStore *self,
                                       MortiseTransaction work,
                                       gpointer user_data,
                                       GError **error);

/** mortise_vault_store_forget_journal: moves all of the journal into the database and empties it,
 * so that what was overwritten is gone from both. Returns: %FALSE if it must wait */
gboolean mortise_vault_store_forget_journal (MortiseVaultStore *self);

G_END_DECLS
