/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>
#include <openssl/crypto.h>
#include <string.h>

#include "core/vault/vault-seal.h"

#define KEY_SIZE 32

static const MortiseSealPlace check_place = { "meta", "check", 0 };

/* --- Header ------------------------------------------------------------------------------------
 */

static void
header_clear (gpointer data)
{
  MortiseVaultHeader *header = data;

  g_clear_pointer (&header->id, g_free);
  g_clear_pointer (&header->salt, g_bytes_unref);
  g_clear_pointer (&header->storage_root_name, g_bytes_unref);
  g_clear_pointer (&header->parent, mortise_tpm_blob_free);
  g_clear_pointer (&header->check, g_bytes_unref);
}

MortiseVaultHeader *
mortise_vault_header_ref (MortiseVaultHeader *header)
{
  return g_atomic_rc_box_acquire (header);
}

void
mortise_vault_header_unref (MortiseVaultHeader *header)
{
  g_atomic_rc_box_release_full (header, header_clear);
}

static void
digest_add (GChecksum *checksum, gconstpointer data, gsize size)
{
  guint64 size_be = GUINT64_TO_BE ((guint64) size);

  g_checksum_update (checksum, (const guint8 *) &size_be, sizeof size_be);
  g_checksum_update (checksum, data, (gssize) size);
}

static void
header_digest (const MortiseVaultHeader *header, guint8 ret_digest[KEY_SIZE])
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  GBytes *parts[] = { header->salt, header->storage_root_name, header->parent->public_area,
                      header->parent->private_area };
  gsize size = KEY_SIZE;

  digest_add (checksum, header->id, strlen (header->id));
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    digest_add (checksum, g_bytes_get_data (parts[i], NULL), g_bytes_get_size (parts[i]));
  g_checksum_get_digest (checksum, ret_digest, &size);
}

MortiseVaultHeader *
mortise_vault_header_new (const char *id,
                          GBytes *salt,
                          GBytes *storage_root_name,
                          const MortiseTpmBlob *parent,
                          const MortiseSecret *metadata_key)
{
  MortiseVaultHeader *header = g_atomic_rc_box_new0 (MortiseVaultHeader);
  guint8 digest[KEY_SIZE];

  header->id = g_strdup (id);
  header->salt = g_bytes_ref (salt);
  header->storage_root_name = g_bytes_ref (storage_root_name);
  header->parent = mortise_tpm_blob_new (parent->public_area, parent->private_area);
  header_digest (header, digest);
  header->check = mortise_seal (metadata_key, &check_place, digest, sizeof digest);
  return header;
}

static GBytes *
read_meta (MortiseVaultStore *store, const char *name, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (store, MORTISE_SQL_META_GET, error);
  g_autoptr (GError) local_error = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_text (statement, 1, name, -1, SQLITE_STATIC);
  if (mortise_vault_store_row (store, statement, &local_error))
    return mortise_statement_dup_blob (statement, 0);
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    g_set_error_literal (
        error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
        _ ("The vault's file lacks its own description and was left as it is. Put a copy of "
           "vault.db from a backup of your home folder in its place, then start Mortise again."));
  return NULL;
}

MortiseVaultHeader *
mortise_vault_header_read (MortiseVaultStore *store, GError **error)
{
  g_autoptr (GBytes) id = NULL;
  g_autoptr (GBytes) parent_public = NULL;
  g_autoptr (GBytes) parent_private = NULL;
  g_autoptr (MortiseVaultHeader) header = g_atomic_rc_box_new0 (MortiseVaultHeader);
  gsize size = 0;
  const char *text;

  if ((id = read_meta (store, "id", error)) == NULL ||
      (header->salt = read_meta (store, "salt", error)) == NULL ||
      (header->storage_root_name = read_meta (store, "storage-root-name", error)) == NULL ||
      (parent_public = read_meta (store, "parent-public", error)) == NULL ||
      (parent_private = read_meta (store, "parent-private", error)) == NULL ||
      (header->check = read_meta (store, "check", error)) == NULL)
    return NULL;
  header->parent = mortise_tpm_blob_new (parent_public, parent_private);
  text = g_bytes_get_data (id, &size);
  header->id = g_strndup (text, size);
  if (!g_uuid_string_is_valid (header->id))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                           _ ("The vault's description of itself is damaged. Put a copy of "
                              "vault.db from a backup of your home folder in its place, then "
                              "start Mortise again."));
      return NULL;
    }
  return g_steal_pointer (&header);
}

static gboolean
write_meta (
    MortiseVaultStore *store, const char *name, gconstpointer data, gsize size, GError **error)
{
  MortiseStatement *statement = mortise_vault_store_get (store, MORTISE_SQL_META_PUT, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, name, -1, SQLITE_STATIC);
  sqlite3_bind_blob64 (statement, 2, data, size, SQLITE_STATIC);
  return mortise_vault_store_run (store, statement, error);
}

static gboolean
write_meta_bytes (MortiseVaultStore *store, const char *name, GBytes *bytes, GError **error)
{
  return write_meta (store, name, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

gboolean
mortise_vault_header_write (const MortiseVaultHeader *header,
                            MortiseVaultStore *store,
                            GError **error)
{
  return write_meta (store, "id", header->id, strlen (header->id), error) &&
         write_meta_bytes (store, "salt", header->salt, error) &&
         write_meta_bytes (store, "storage-root-name", header->storage_root_name, error) &&
         write_meta_bytes (store, "parent-public", header->parent->public_area, error) &&
         write_meta_bytes (store, "parent-private", header->parent->private_area, error) &&
         write_meta_bytes (store, "check", header->check, error);
}

static gboolean
verify_header (const MortiseVaultHeader *header, const MortiseSecret *metadata_key)
{
  guint8 expected[KEY_SIZE], found[KEY_SIZE];

  if (mortise_secret_get_size (metadata_key) != KEY_SIZE ||
      g_bytes_get_size (header->check) != KEY_SIZE + MORTISE_SEAL_OVERHEAD ||
      !mortise_seal_open (metadata_key, &check_place, g_bytes_get_data (header->check, NULL),
                          g_bytes_get_size (header->check), found))
    return FALSE;
  header_digest (header, expected);
  return CRYPTO_memcmp (expected, found, KEY_SIZE) == 0;
}

gboolean
mortise_vault_check_header (const MortiseVaultHeader *header,
                            const MortiseSecret *metadata_key,
                            GError **error)
{
  if (verify_header (header, metadata_key))
    return TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                       _ ("The vault's description of itself was changed by something other than "
                          "Mortise, so it stays locked. Put a copy of vault.db from a backup of "
                          "your home folder in its place, then start again."));
  return FALSE;
}

/* --- Keys --------------------------------------------------------------------------------------
 */

MortiseSecret *
mortise_vault_derive_metadata_key (const MortiseSecret *sign_key)
{
  return mortise_secret_derive (sign_key, NULL, "metadata", KEY_SIZE);
}

void
mortise_vault_keys_set_metadata (MortiseVaultKeys *keys, const MortiseSecret *metadata_key)
{
  g_clear_pointer (&keys->metadata, mortise_secret_free);
  g_clear_pointer (&keys->index, mortise_secret_free);
  keys->metadata = mortise_secret_copy (metadata_key);
  keys->index = mortise_secret_derive (metadata_key, NULL, "index", KEY_SIZE);
}

static void
set_sign_key (MortiseVaultKeys *keys, const MortiseSecret *sign_key)
{
  g_autoptr (MortiseSecret) metadata_key = mortise_vault_derive_metadata_key (sign_key);

  g_clear_pointer (&keys->sign, mortise_secret_free);
  g_clear_pointer (&keys->private, mortise_secret_free);
  keys->sign = mortise_secret_copy (sign_key);
  keys->private = mortise_secret_derive (sign_key, NULL, "private", KEY_SIZE);
  mortise_vault_keys_set_metadata (keys, metadata_key);
}

void
mortise_vault_keys_wipe (MortiseVaultKeys *keys, gboolean all)
{
  g_clear_pointer (&keys->sign, mortise_secret_free);
  g_clear_pointer (&keys->private, mortise_secret_free);
  if (!all)
    return;
  g_clear_pointer (&keys->metadata, mortise_secret_free);
  g_clear_pointer (&keys->index, mortise_secret_free);
}

/* With the mutex held. */
static gboolean
check_not_locked_since (MortiseVault *self, guint64 generation, GError **error)
{
  if (self->lock_generation == generation && self->store != NULL)
    return TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED,
                       _ ("The vault was locked while you were being verified. Your passkeys are "
                          "unharmed. Try again."));
  return FALSE;
}

gboolean
mortise_vault_publish_sign_key (MortiseVault *self,
                                const MortiseSecret *sign_key,
                                guint64 generation,
                                GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->parent_loaded = TRUE;
  if (!check_not_locked_since (self, generation, error))
    return FALSE;
  set_sign_key (&self->keys, sign_key);
  mortise_vault_set_state (self, MORTISE_VAULT_UNLOCKED);
  return TRUE;
}

/* Returns: whether there is nothing more to do; with @error set if it was locked meanwhile. */
static gboolean
is_unlocked_already (MortiseVault *self, guint64 generation, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->state == MORTISE_VAULT_UNLOCKED && check_not_locked_since (self, generation, error);
}

gboolean
mortise_vault_unlock_with_key (MortiseVault *self,
                               const MortiseSecret *sign_key,
                               guint64 generation,
                               GError **error)
{
  g_autoptr (GError) locked = NULL;

  if (is_unlocked_already (self, generation, &locked))
    return TRUE;
  if (locked != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&locked));
      return FALSE;
    }
  if (!mortise_tpm_load_parent (self->tpm, self->header->parent, sign_key, error) ||
      !mortise_vault_publish_sign_key (self, sign_key, generation, error))
    return FALSE;
  mortise_vault_repair_login (self);
  return TRUE;
}

static gboolean
take_surplus_parent (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gboolean surplus = self->parent_loaded && self->state != MORTISE_VAULT_UNLOCKED;

  if (surplus)
    self->parent_loaded = FALSE;
  return surplus;
}

static gboolean
has_surplus_parent (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->parent_loaded && self->state != MORTISE_VAULT_UNLOCKED;
}

void
mortise_vault_end_key_work (MortiseVault *self)
{
  /* mortise_vault_lock() does not wait for whoever holds the key mutex, so it may have come between
   * the look and the release: look again. */
  do
    {
      if (take_surplus_parent (self))
        mortise_tpm_unload_parent (self->tpm);
      g_mutex_unlock (&self->key_mutex);
    }
  while (has_surplus_parent (self) && g_mutex_trylock (&self->key_mutex));
}
