/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseVaultPaths:
 * @directory: the vault's folder
 * @database: vault.db
 * @journal: vault.db-wal
 * @building: vault.db.new: a vault being made
 * @erasing: vault.db.erase: a vault being destroyed
 * @lock: vault.lock: held by the one writer
 */
typedef struct
{
  char *directory;
  char *database;
  char *journal;
  char *building;
  char *erasing;
  char *lock;
} MortiseVaultPaths;

MortiseVaultPaths *mortise_vault_paths_new (const char *directory);
void mortise_vault_paths_free (MortiseVaultPaths *paths);

/** mortise_vault_files_make_directory: makes it, or makes it 0700 */
gboolean mortise_vault_files_make_directory (const MortiseVaultPaths *paths, GError **error);

/**
 * mortise_vault_files_lock:
 *
 * Returns: a descriptor that holds the one-writer lock until closed; −1 with
 *   %MORTISE_ERROR_VAULT_IN_USE or _VAULT_IO
 */
int mortise_vault_files_lock (const MortiseVaultPaths *paths, GError **error);

/** mortise_vault_files_publish: gives the vault that was built its name, durably */
gboolean mortise_vault_files_publish (const MortiseVaultPaths *paths, GError **error);

/** mortise_vault_files_clean: removes what a crash left of building or erasing */
void mortise_vault_files_clean (const MortiseVaultPaths *paths);

/** mortise_vault_files_erase: overwrites and removes the vault; a crash on the way leaves none */
gboolean mortise_vault_files_erase (const MortiseVaultPaths *paths, GError **error);

G_END_DECLS
