/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>
#include <openssl/crypto.h>
#include <string.h>

#include "core/vault/vault-record.h"
#include "core/vault/vault-seal.h"

/* Room for a sealed record that a newer version made longer. */
#define SEALED_MAX (16 * 1024)

#define FLAG_UP 0x01

#define SECONDS_PER_DAY (24 * 60 * 60)

typedef struct
{
  gint64 row_id;
  guint64 count;
  gint64 last_used_at;
  guint8 last_flags;
} Use;

/* --- Rows --------------------------------------------------------------------------------------
 */

static MortiseSealPlace
place_of (const char *column, gint64 row_id)
{
  return (MortiseSealPlace){ "credentials", column, row_id };
}

static MortiseSealPlace
secrets_place (gint64 row_id)
{
  return (MortiseSealPlace){ "secrets", "secrets", row_id };
}

static gboolean
fail_damaged (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                       _ ("The record of this passkey is damaged, so it cannot be used; the others "
                          "are unharmed. Put a copy of vault.db from a backup of your home folder "
                          "in its place."));
  return FALSE;
}

static gboolean
fail_not_found (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                       _ ("There is no such passkey any more. Look at the list again."));
  return FALSE;
}

typedef gboolean (*DecodeFunc) (MortiseCredential *credential, const guint8 *data, gsize size);

/* Names of sites pass through here: the buffer does not stay behind. */
static gboolean
open_column (MortiseVault *self,
             MortiseStatement *statement,
             int column,
             const char *name,
             MortiseCredential *credential,
             DecodeFunc decode)
{
  MortiseSealPlace place = place_of (name, credential->row_id);
  gconstpointer sealed = sqlite3_column_blob (statement, column);
  gsize size = (gsize) sqlite3_column_bytes (statement, column);
  guint8 plain[SEALED_MAX];
  gboolean ok;

  if (sealed == NULL || size < MORTISE_SEAL_OVERHEAD || size > SEALED_MAX)
    return FALSE;
  ok = mortise_seal_open (self->keys.metadata, &place, sealed, size, plain) &&
       decode (credential, plain, size - MORTISE_SEAL_OVERHEAD);
  OPENSSL_cleanse (plain, size);
  return ok;
}

/* Columns: id, deleted, metadata, usage. Returns: NULL if the record does not verify. */
static MortiseCredential *
read_row (MortiseVault *self, MortiseStatement *statement)
{
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  gboolean deleted = sqlite3_column_int (statement, 1) != 0;

  credential->row_id = sqlite3_column_int64 (statement, 0);
  if (!open_column (self, statement, 2, "metadata", credential, mortise_record_decode_metadata) ||
      !open_column (self, statement, 3, "usage", credential, mortise_record_decode_usage))
    return NULL;
  /* The clear mark is for the indexes; the sealed time is the truth. */
  if (deleted != (credential->deleted_at != 0))
    return NULL;
  return g_steal_pointer (&credential);
}

static GBytes *
seal_bytes (MortiseVault *self, const char *column, gint64 row_id, GBytes *plain)
{
  MortiseSealPlace place = place_of (column, row_id);

  return mortise_seal (self->keys.metadata, &place, g_bytes_get_data (plain, NULL),
                       g_bytes_get_size (plain));
}

/* Returns: the opened column of a stored row, for what a newer version put into it. */
static GBytes *
read_plain (MortiseVault *self, MortiseSql which, int column, const char *name, gint64 row_id)
{
  g_autoptr (MortiseStatement) statement = mortise_vault_store_get (self->store, which, NULL);
  MortiseSealPlace place = place_of (name, row_id);
  g_autofree guint8 *plain = NULL;
  gsize size;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, row_id);
  if (!mortise_vault_store_row (self->store, statement, NULL))
    return NULL;
  size = (gsize) sqlite3_column_bytes (statement, column);
  plain = g_malloc (size + 1);
  if (!mortise_seal_open (self->keys.metadata, &place, sqlite3_column_blob (statement, column),
                          size, plain))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&plain), size - MORTISE_SEAL_OVERHEAD);
}

static GBytes *
seal_metadata (MortiseVault *self, const MortiseCredential *credential, gboolean stored)
{
  g_autoptr (GBytes) previous =
      stored ? read_plain (self, MORTISE_SQL_CREDENTIAL_GET, 2, "metadata", credential->row_id)
             : NULL;
  gsize size = 0;
  const guint8 *data = previous != NULL ? g_bytes_get_data (previous, &size) : NULL;
  g_autoptr (GBytes) plain = mortise_record_encode_metadata (credential, data, size);

  return plain != NULL ? seal_bytes (self, "metadata", credential->row_id, plain) : NULL;
}

static GBytes *
seal_usage (MortiseVault *self, const MortiseCredential *credential, gboolean stored)
{
  g_autoptr (GBytes) previous =
      stored ? read_plain (self, MORTISE_SQL_CREDENTIAL_GET, 3, "usage", credential->row_id) : NULL;
  gsize size = 0;
  const guint8 *data = previous != NULL ? g_bytes_get_data (previous, &size) : NULL;
  g_autoptr (GBytes) plain = mortise_record_encode_usage (credential, data, size);

  return plain != NULL ? seal_bytes (self, "usage", credential->row_id, plain) : NULL;
}

gboolean
mortise_vault_read_counts (MortiseVault *self, MortiseVaultStore *store, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (store, MORTISE_SQL_CREDENTIAL_COUNT, error);

  if (statement == NULL || !mortise_vault_store_row (store, statement, error))
    return FALSE;
  self->count = (guint) sqlite3_column_int64 (statement, 0);
  self->count_deleted = (guint) sqlite3_column_int64 (statement, 1);
  return TRUE;
}

/* --- Indexes -----------------------------------------------------------------------------------
 */

typedef guint8 Index[MORTISE_SEAL_INDEX_SIZE];

static void
index_rp (MortiseVault *self, const char *rp_id, Index ret_index)
{
  mortise_seal_index (self->keys.index, "rp", rp_id, strlen (rp_id), NULL, 0, ret_index);
}

static void
index_id (MortiseVault *self, GBytes *credential_id, Index ret_index)
{
  mortise_seal_index (self->keys.index, "id", g_bytes_get_data (credential_id, NULL),
                      g_bytes_get_size (credential_id), NULL, 0, ret_index);
}

/* Returns: %FALSE for what does not take the place of another: it is not indexed by account. */
static gboolean
index_account (MortiseVault *self, const MortiseCredential *credential, Index ret_index)
{
  if (!credential->discoverable || credential->user_id == NULL)
    return FALSE;
  mortise_seal_index (self->keys.index, "account", credential->rp_id, strlen (credential->rp_id),
                      g_bytes_get_data (credential->user_id, NULL),
                      g_bytes_get_size (credential->user_id), ret_index);
  return TRUE;
}

static gboolean
bytes_equal0 (GBytes *a, GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

/* --- Looking up --------------------------------------------------------------------------------
 */

GPtrArray *
mortise_vault_find_by_rp (MortiseVault *self,
                          const char *rp_id,
                          gboolean discoverable_only,
                          GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) local_error = NULL;
  gboolean damaged = FALSE;
  Index index;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);
  g_return_val_if_fail (rp_id != NULL, NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return NULL;
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_BY_RP, error);
  if (statement == NULL)
    return NULL;
  index_rp (self, rp_id, index);
  sqlite3_bind_blob (statement, 1, index, sizeof index, SQLITE_STATIC);

  found = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  while (mortise_vault_store_row (self->store, statement, &local_error))
    {
      g_autoptr (MortiseCredential) credential = read_row (self, statement);

      if (credential == NULL || strcmp (credential->rp_id, rp_id) != 0)
        damaged = TRUE;
      else if (credential->discoverable || !discoverable_only)
        g_ptr_array_add (found, g_steal_pointer (&credential));
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  /* "None" would be a lie if the only one there is cannot be read. */
  if (damaged && found->len == 0)
    {
      fail_damaged (error);
      return NULL;
    }
  return g_steal_pointer (&found);
}

MortiseCredential *
mortise_vault_find_by_id (MortiseVault *self, GBytes *credential_id, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) local_error = NULL;
  Index index;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);
  g_return_val_if_fail (credential_id != NULL, NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return NULL;
  if (g_bytes_get_size (credential_id) == 0 ||
      g_bytes_get_size (credential_id) > MORTISE_CREDENTIAL_ID_MAX)
    {
      fail_not_found (error);
      return NULL;
    }
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_BY_ID, error);
  if (statement == NULL)
    return NULL;
  index_id (self, credential_id, index);
  sqlite3_bind_blob (statement, 1, index, sizeof index, SQLITE_STATIC);
  if (!mortise_vault_store_row (self->store, statement, &local_error))
    {
      if (local_error != NULL)
        g_propagate_error (error, g_steal_pointer (&local_error));
      else
        fail_not_found (error);
      return NULL;
    }
  credential = read_row (self, statement);
  if (credential == NULL || !g_bytes_equal (credential->credential_id, credential_id))
    {
      fail_damaged (error);
      return NULL;
    }
  return g_steal_pointer (&credential);
}

/* With the mutex held. */
static MortiseCredential *
get_row (MortiseVault *self, gint64 row_id, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_GET, error);
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) local_error = NULL;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, row_id);
  if (!mortise_vault_store_row (self->store, statement, &local_error))
    {
      if (local_error != NULL)
        g_propagate_error (error, g_steal_pointer (&local_error));
      else
        fail_not_found (error);
      return NULL;
    }
  credential = read_row (self, statement);
  if (credential == NULL)
    fail_damaged (error);
  return g_steal_pointer (&credential);
}

MortiseCredential *
mortise_vault_get (MortiseVault *self, gint64 row_id, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  return mortise_vault_check_listable (self, error) ? get_row (self, row_id, error) : NULL;
}

GPtrArray *
mortise_vault_list (MortiseVault *self,
                    gboolean deleted,
                    gint64 after,
                    guint limit,
                    guint *ret_damaged,
                    GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autoptr (GError) local_error = NULL;
  guint damaged = 0;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return NULL;
  statement = mortise_vault_store_get (
      self->store, deleted ? MORTISE_SQL_CREDENTIAL_LIST_DELETED : MORTISE_SQL_CREDENTIAL_LIST,
      error);
  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, after);

  listed = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  /* Damaged rows do not count towards the limit: a page of them would look like the list's end. */
  while (listed->len < limit && mortise_vault_store_row (self->store, statement, &local_error))
    {
      g_autoptr (MortiseCredential) credential = read_row (self, statement);

      if (credential == NULL)
        damaged++;
      else
        g_ptr_array_add (listed, g_steal_pointer (&credential));
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (ret_damaged != NULL)
    *ret_damaged = damaged;
  return g_steal_pointer (&listed);
}

G_STATIC_ASSERT (MORTISE_VAULT_RP_CURSOR_SIZE == MORTISE_SEAL_INDEX_SIZE);

gboolean
mortise_vault_next_rp (MortiseVault *self,
                       guint8 cursor[MORTISE_VAULT_RP_CURSOR_SIZE],
                       MortiseCredential **ret_credential,
                       GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) local_error = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (ret_credential != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_AFTER_RP, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_blob (statement, 1, cursor, MORTISE_VAULT_RP_CURSOR_SIZE, SQLITE_TRANSIENT);
  while (credential == NULL && mortise_vault_store_row (self->store, statement, &local_error))
    {
      credential = read_row (self, statement);
      if (credential == NULL || !credential->discoverable ||
          sqlite3_column_bytes (statement, 4) != MORTISE_VAULT_RP_CURSOR_SIZE)
        g_clear_pointer (&credential, mortise_credential_unref);
      else
        memcpy (cursor, sqlite3_column_blob (statement, 4), MORTISE_VAULT_RP_CURSOR_SIZE);
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  *ret_credential = g_steal_pointer (&credential);
  return TRUE;
}

guint
mortise_vault_count_room (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;
  guint used;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), 0);

  locker = g_mutex_locker_new (&self->mutex);
  used = self->count + self->count_deleted;
  return used < self->max_credentials ? self->max_credentials - used : 0;
}

guint
mortise_vault_count (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), 0);

  locker = g_mutex_locker_new (&self->mutex);
  return self->count;
}

/* --- Recently deleted --------------------------------------------------------------------------
 */

/* Moves a row to Recently deleted (@deleted_at) or back (0). In a transaction. */
static gboolean
put_deleted (MortiseVault *self, MortiseCredential *credential, gint64 deleted_at, GError **error)
{
  MortiseStatement *statement;
  g_autoptr (GBytes) usage = NULL;

  credential->deleted_at = deleted_at;
  usage = seal_usage (self, credential, TRUE);
  if (usage == NULL)
    return fail_damaged (error);
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_PUT_DELETED, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  sqlite3_bind_int (statement, 2, deleted_at != 0);
  mortise_statement_bind_bytes (statement, 3, usage);
  return mortise_vault_store_run (self->store, statement, error);
}

/* Moves what is found by @which and @index to Recently deleted. In a transaction. */
static gboolean
displace (MortiseVault *self,
          MortiseSql which,
          const Index index,
          gint64 now,
          guint *ret_displaced,
          MortiseCredential **ret_credential, /* nullable */
          GError **error)
{
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) local_error = NULL;
  MortiseStatement *statement = mortise_vault_store_get (self->store, which, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_blob (statement, 1, index, MORTISE_SEAL_INDEX_SIZE, SQLITE_STATIC);
  if (!mortise_vault_store_row (self->store, statement, &local_error))
    {
      mortise_statement_release (statement);
      if (local_error == NULL)
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  credential = read_row (self, statement);
  mortise_statement_release (statement);
  if (credential == NULL)
    return fail_damaged (error);
  (*ret_displaced)++;
  if (!put_deleted (self, credential, now, error))
    return FALSE;
  if (ret_credential != NULL)
    *ret_credential = g_steal_pointer (&credential);
  return TRUE;
}

/* --- History -----------------------------------------------------------------------------------
 */

static void
note_change (MortiseCredential *credential,
             gint64 now,
             MortiseChangeAuthor author,
             MortiseChangeKind kind,
             const char *from,
             const char *to)
{
  MortiseChange change = { now, author, kind, (char *) (guintptr) from, (char *) (guintptr) to };
  GBytes *history = mortise_history_append (credential->history, &change);

  g_clear_pointer (&credential->history, g_bytes_unref);
  credential->history = history;
}

/* What is different in @credential from @before goes to the end of its history. */
static void
note_changes (MortiseCredential *credential,
              const MortiseCredential *before,
              gint64 now,
              MortiseChangeAuthor author)
{
  const struct
  {
    MortiseChangeKind kind;
    const char *from;
    const char *to;
  } texts[] = {
    { MORTISE_CHANGE_USER_NAME, before->user_name, credential->user_name },
    { MORTISE_CHANGE_USER_DISPLAY_NAME, before->user_display_name, credential->user_display_name },
    { MORTISE_CHANGE_LABEL, before->label, credential->label },
    { MORTISE_CHANGE_NICKNAME, before->nickname, credential->nickname },
    { MORTISE_CHANGE_NOTE, before->note, credential->note },
    { MORTISE_CHANGE_EXPORT_BLOCKED, before->export_blocked ? "1" : NULL,
      credential->export_blocked ? "1" : NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      if (g_strcmp0 (texts[i].from, texts[i].to) != 0)
        note_change (credential, now, author, texts[i].kind, texts[i].from, texts[i].to);
    }
}

/*
 * A new registration for the same account: what the person said of the account stays true. The
 * nickname does not, as the site made a new entry; nor does the export switch of another key.
 */
static void
take_over (MortiseCredential *credential, const MortiseCredential *replaced, gint64 now)
{
  g_autoptr (MortiseCredential) before = mortise_credential_copy (replaced);

  g_clear_pointer (&credential->history, g_bytes_unref);
  if (replaced->history != NULL)
    credential->history = g_bytes_ref (replaced->history);
  if (credential->label == NULL)
    credential->label = g_strdup (replaced->label);
  if (credential->note == NULL)
    credential->note = g_strdup (replaced->note);
  before->export_blocked = credential->export_blocked;
  note_change (credential, now, MORTISE_CHANGE_BY_SITE, MORTISE_CHANGE_REGISTERED, NULL, NULL);
  note_changes (credential, before, now, MORTISE_CHANGE_BY_SITE);
}

/* --- Adding ------------------------------------------------------------------------------------
 */

static gboolean
is_text (const char *text)
{
  return text == NULL || g_utf8_validate (text, -1, NULL);
}

static gboolean
are_names_valid (const MortiseCredential *credential)
{
  return is_text (credential->rp_name) && is_text (credential->user_name) &&
         is_text (credential->user_display_name) && is_text (credential->label) &&
         is_text (credential->nickname) && is_text (credential->note);
}

static gboolean
is_size (GBytes *bytes, gsize min, gsize max)
{
  return bytes != NULL && g_bytes_get_size (bytes) >= min && g_bytes_get_size (bytes) <= max;
}

static gboolean
fail_argument (GError **error)
{
  g_set_error_literal (
      error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
      _ ("What is to be stored is no passkey that Mortise can keep, so nothing was "
         "changed. Register again on the site."));
  return FALSE;
}

static gboolean
check_credential (const MortiseCredential *credential, GError **error)
{
  gboolean device_only = credential->credential_class == MORTISE_CREDENTIAL_DEVICE_ONLY;
  gsize rp_id_size = credential->rp_id != NULL ? strlen (credential->rp_id) : 0;

  if (rp_id_size == 0 || rp_id_size > MORTISE_RP_ID_MAX || !is_text (credential->rp_id) ||
      !are_names_valid (credential) ||
      !is_size (credential->credential_id, 1, MORTISE_CREDENTIAL_ID_MAX) ||
      !is_size (credential->public_key, 1, 1024) ||
      (credential->user_id != NULL && !is_size (credential->user_id, 0, MORTISE_USER_ID_MAX)) ||
      (guint) credential->credential_class > MORTISE_CREDENTIAL_SEALED ||
      credential->cred_protect < 1 || credential->cred_protect > 3)
    return fail_argument (error);
  /* Flags that would say what cannot be (WebAuthn L3 §6.1.3), or a counter that would lie. */
  if ((device_only && credential->backup_eligible) ||
      (credential->credential_class == MORTISE_CREDENTIAL_EXPORTABLE &&
       !credential->backup_eligible) ||
      (credential->backup_state && !credential->backup_eligible) ||
      (!device_only && credential->sign_count != 0) || credential->deleted_at != 0)
    return fail_argument (error);
  return TRUE;
}

typedef struct
{
  MortiseVault *vault;
  MortiseCredential *stored; /* a copy, with row_id and created_at */
  const MortiseCredentialSecrets *secrets;
  gint64 now;
  guint displaced;
} Addition;

static gboolean
next_row_id (MortiseVaultStore *store, gint64 *ret_row_id, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (store, MORTISE_SQL_CREDENTIAL_LAST_ID, error);
  g_autoptr (GError) local_error = NULL;
  gint64 last = 0;

  if (statement == NULL)
    return FALSE;
  if (mortise_vault_store_row (store, statement, &local_error))
    last = sqlite3_column_int64 (statement, 0);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  *ret_row_id = last + 1;
  return TRUE;
}

static gboolean
insert_secrets (Addition *addition, MortiseVaultStore *store, GError **error)
{
  MortiseSealPlace place = secrets_place (addition->stored->row_id);
  gsize size = 0;
  g_autoptr (MortiseSecret) plain = mortise_record_encode_secrets (addition->secrets, &size);
  g_autoptr (GBytes) sealed = NULL;
  MortiseStatement *statement;

  if (plain == NULL)
    return fail_argument (error);
  sealed = mortise_seal (addition->vault->keys.private, &place, mortise_secret_peek (plain), size);
  statement = mortise_vault_store_get (store, MORTISE_SQL_SECRETS_INSERT, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, addition->stored->row_id);
  mortise_statement_bind_bytes (statement, 2, sealed);
  return mortise_vault_store_run (store, statement, error);
}

static gboolean
insert_row (Addition *addition, MortiseVaultStore *store, GError **error)
{
  MortiseVault *self = addition->vault;
  MortiseCredential *credential = addition->stored;
  g_autoptr (GBytes) metadata = seal_metadata (self, credential, FALSE);
  g_autoptr (GBytes) usage = seal_usage (self, credential, FALSE);
  MortiseStatement *statement =
      mortise_vault_store_get (store, MORTISE_SQL_CREDENTIAL_INSERT, error);
  Index rp, id, account;

  if (statement == NULL)
    return FALSE;
  if (metadata == NULL || usage == NULL)
    return fail_argument (error);
  index_rp (self, credential->rp_id, rp);
  index_id (self, credential->credential_id, id);
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  sqlite3_bind_blob (statement, 2, rp, sizeof rp, SQLITE_STATIC);
  sqlite3_bind_blob (statement, 3, id, sizeof id, SQLITE_STATIC);
  if (index_account (self, credential, account))
    sqlite3_bind_blob (statement, 4, account, sizeof account, SQLITE_STATIC);
  mortise_statement_bind_bytes (statement, 5, metadata);
  mortise_statement_bind_bytes (statement, 6, usage);
  return mortise_vault_store_run (store, statement, error);
}

static gboolean
add_row (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  Addition *addition = user_data;
  g_autoptr (MortiseCredential) replaced = NULL;
  Index account;

  if (!next_row_id (store, &addition->stored->row_id, error))
    return FALSE;
  if (index_account (addition->vault, addition->stored, account) &&
      !displace (addition->vault, MORTISE_SQL_CREDENTIAL_BY_ACCOUNT, account, addition->now,
                 &addition->displaced, &replaced, error))
    return FALSE;
  if (replaced != NULL)
    take_over (addition->stored, replaced, addition->now);
  return insert_row (addition, store, error) && insert_secrets (addition, store, error);
}

static gboolean
check_room (MortiseVault *self, GError **error)
{
  if (self->count + self->count_deleted < self->max_credentials)
    return TRUE;
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL,
               _ ("The vault holds %u passkeys, Recently deleted included, and takes no more. The "
                  "new one was not stored. Destroy some in Recently deleted."),
               self->max_credentials);
  return FALSE;
}

static gboolean
check_unique (MortiseVault *self, GBytes *credential_id, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_BY_ID, error);
  g_autoptr (GError) local_error = NULL;
  Index index;

  if (statement == NULL)
    return FALSE;
  index_id (self, credential_id, index);
  sqlite3_bind_blob (statement, 1, index, sizeof index, SQLITE_STATIC);
  if (mortise_vault_store_row (self->store, statement, &local_error))
    return fail_argument (error);
  if (local_error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

gboolean
mortise_vault_add (MortiseVault *self,
                   MortiseCredential *credential,
                   const MortiseCredentialSecrets *secrets,
                   GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  Addition addition;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (credential != NULL, FALSE);
  g_return_val_if_fail (secrets != NULL && secrets->key != NULL, FALSE);

  if (!check_credential (credential, error))
    return FALSE;
  stored = mortise_credential_copy (credential);
  addition = (Addition){ self, stored, secrets, mortise_vault_now (), 0 };
  if (stored->created_at == 0)
    stored->created_at = addition.now;

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_unlocked (self, error) || !check_room (self, error) ||
      !check_unique (self, stored->credential_id, error) ||
      !mortise_vault_store_transact (self->store, add_row, &addition, error))
    return FALSE;
  credential->row_id = stored->row_id;
  credential->created_at = stored->created_at;
  self->count += 1 - addition.displaced;
  self->count_deleted += addition.displaced;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
  return TRUE;
}

/* --- Keys --------------------------------------------------------------------------------------
 */

MortiseTpmKey *
mortise_vault_create_key (MortiseVault *self,
                          MortiseAlgorithm algorithm,
                          MortiseKeyClass key_class,
                          MortiseTpmBlob **ret_blob,
                          GError **error)
{
  gboolean unlocked;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);
  g_return_val_if_fail (ret_blob != NULL, NULL);

  g_mutex_lock (&self->mutex);
  unlocked = mortise_vault_check_unlocked (self, error);
  g_mutex_unlock (&self->mutex);
  if (!unlocked)
    return NULL;
  return mortise_tpm_create_key (self->tpm, algorithm, key_class, ret_blob, error);
}

MortiseCredentialSecrets *
mortise_vault_read_secrets (MortiseVault *self, const MortiseCredential *credential, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (MortiseSecret) plain = NULL;
  g_autoptr (GError) local_error = NULL;
  MortiseCredentialSecrets *secrets = NULL;
  MortiseSealPlace place;
  gsize size;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);
  g_return_val_if_fail (credential != NULL, NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_unlocked (self, error))
    return NULL;
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_SECRETS_GET, error);
  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  if (!mortise_vault_store_row (self->store, statement, &local_error))
    {
      if (local_error != NULL)
        g_propagate_error (error, g_steal_pointer (&local_error));
      else
        fail_not_found (error);
      return NULL;
    }

  size = (gsize) sqlite3_column_bytes (statement, 0);
  place = secrets_place (credential->row_id);
  if (size > MORTISE_SEAL_OVERHEAD && size <= MORTISE_SECRET_MAX_SIZE)
    {
      plain = mortise_secret_new (size);
      if (mortise_seal_open (self->keys.private, &place, sqlite3_column_blob (statement, 0), size,
                             mortise_secret_get_bytes (plain)))
        secrets = mortise_record_decode_secrets (mortise_secret_peek (plain),
                                                 size - MORTISE_SEAL_OVERHEAD);
    }
  if (secrets == NULL)
    fail_damaged (error);
  return secrets;
}

MortiseTpmKey *
mortise_vault_load_key (MortiseVault *self, const MortiseCredential *credential, GError **error)
{
  g_autoptr (MortiseCredentialSecrets) secrets =
      mortise_vault_read_secrets (self, credential, error);

  if (secrets == NULL)
    return NULL;
  return mortise_tpm_load_key (self->tpm, secrets->key, error);
}

/* --- Use ---------------------------------------------------------------------------------------
 */

static gboolean
put_usage (MortiseVault *self, const MortiseCredential *credential, GError **error)
{
  g_autoptr (GBytes) usage = seal_usage (self, credential, TRUE);
  MortiseStatement *statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_PUT_USAGE, error);

  if (statement == NULL)
    return FALSE;
  if (usage == NULL)
    return fail_damaged (error);
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  mortise_statement_bind_bytes (statement, 2, usage);
  return mortise_vault_store_run (self->store, statement, error);
}

/* Counts that are used up on disk and may still be handed out, so that not every login writes. */
typedef struct
{
  gint64 row_id;
  guint32 last; /* handed out */
  guint32 end;  /* the last one that may be; on disk */
} SignCounts;

/* A kill loses these at most, which a site sees as a jump upwards and takes (WebAuthn L3 §6.1.1).
 */
#define SIGN_COUNT_STRIDE 16

/* Takes the next counts of a passkey on disk. */
static SignCounts *
take_sign_counts (MortiseVault *self, MortiseCredential *stored, GError **error)
{
  g_autofree SignCounts *counts = g_new (SignCounts, 1);
  const guint32 left = G_MAXUINT32 - stored->sign_count;

  if (left == 0)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                           _ ("This passkey's signature counter is at its end. Register again on "
                              "the site."));
      return NULL;
    }
  counts->row_id = stored->row_id;
  counts->last = stored->sign_count;
  stored->sign_count += MIN (left, SIGN_COUNT_STRIDE);
  counts->end = stored->sign_count;
  if (!put_usage (self, stored, error))
    return NULL;
  /* The key is a part of the value, so it changes with it. */
  g_hash_table_replace (self->sign_counts, &counts->row_id, counts);
  return g_steal_pointer (&counts);
}

gboolean
mortise_vault_reserve_sign_count (MortiseVault *self,
                                  const MortiseCredential *credential,
                                  guint32 *ret_count,
                                  GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  SignCounts *counts;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (credential != NULL && ret_count != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  stored = get_row (self, credential->row_id, error);
  if (stored == NULL)
    return FALSE;
  if (stored->credential_class != MORTISE_CREDENTIAL_DEVICE_ONLY)
    {
      *ret_count = 0;
      return TRUE;
    }
  counts = g_hash_table_lookup (self->sign_counts, &stored->row_id);
  /* What is on disk decides: another passkey may have got the row since. */
  if (counts == NULL || counts->last == counts->end || counts->end != stored->sign_count)
    counts = take_sign_counts (self, stored, error);
  if (counts == NULL)
    return FALSE;
  *ret_count = ++counts->last;
  return TRUE;
}

void
mortise_vault_note_use (MortiseVault *self, gint64 row_id, guint8 flags)
{
  g_autoptr (GMutexLocker) locker = NULL;
  Use *use;

  g_return_if_fail (MORTISE_IS_VAULT (self));

  locker = g_mutex_locker_new (&self->mutex);
  use = g_hash_table_lookup (self->uses, &row_id);
  if (use == NULL)
    {
      use = g_new0 (Use, 1);
      use->row_id = row_id;
      g_hash_table_insert (self->uses, &use->row_id, use);
    }
  use->last_flags = flags;
  if ((flags & FLAG_UP) != 0)
    {
      use->count++;
      use->last_used_at = mortise_vault_now ();
    }
}

static gboolean
put_uses (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  MortiseVault *self = user_data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->uses);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Use *use = value;
      g_autoptr (MortiseCredential) credential = get_row (self, use->row_id, NULL);

      /* Destroyed meanwhile, or damaged: there is nothing to note it on. */
      if (credential == NULL)
        continue;
      credential->use_count += use->count;
      credential->last_flags = use->last_flags;
      if (use->last_used_at != 0)
        credential->last_used_at = use->last_used_at;
      if (!put_usage (self, credential, error))
        return FALSE;
    }
  return TRUE;
}

void
mortise_vault_flush_uses_locked (MortiseVault *self)
{
  if (g_hash_table_size (self->uses) == 0 || !mortise_vault_check_listable (self, NULL))
    return;
  /* On failure they stay in memory for the next time; a sign-in does not fail over a date. */
  if (!mortise_vault_store_transact (self->store, put_uses, self, NULL))
    return;
  g_hash_table_remove_all (self->uses);
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
}

void
mortise_vault_flush_uses (MortiseVault *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_if_fail (MORTISE_IS_VAULT (self));

  locker = g_mutex_locker_new (&self->mutex);
  mortise_vault_flush_uses_locked (self);
}

/* --- Changing ----------------------------------------------------------------------------------
 */

static gboolean
is_same_otherwise (const MortiseCredential *a, const MortiseCredential *b)
{
  return bytes_equal0 (a->credential_id, b->credential_id) && g_strcmp0 (a->rp_id, b->rp_id) == 0 &&
         bytes_equal0 (a->user_id, b->user_id) && bytes_equal0 (a->public_key, b->public_key) &&
         a->credential_class == b->credential_class && a->algorithm == b->algorithm &&
         !a->discoverable == !b->discoverable && !a->u2f == !b->u2f &&
         a->cred_protect == b->cred_protect && !a->backup_eligible == !b->backup_eligible &&
         !a->has_hmac_secret == !b->has_hmac_secret &&
         !a->has_large_blob_key == !b->has_large_blob_key &&
         !a->has_cred_blob == !b->has_cred_blob && a->created_at == b->created_at;
}

gboolean
mortise_vault_update (MortiseVault *self,
                      const MortiseCredential *credential,
                      MortiseChangeAuthor author,
                      GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseCredential) stored = NULL;
  g_autoptr (MortiseCredential) changed = NULL;
  g_autoptr (GBytes) metadata = NULL;
  MortiseStatement *statement;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (credential != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  stored = get_row (self, credential->row_id, error);
  if (stored == NULL)
    return FALSE;
  if (!is_same_otherwise (stored, credential) || !are_names_valid (credential) ||
      (credential->backup_state && !credential->backup_eligible))
    {
      g_set_error_literal (
          error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
          _ ("Only names, notes and the export switch of a passkey can be changed, "
             "so nothing was. Register again on the site for the rest."));
      return FALSE;
    }
  changed = mortise_credential_copy (credential);
  g_clear_pointer (&changed->history, g_bytes_unref);
  if (stored->history != NULL)
    changed->history = g_bytes_ref (stored->history);
  note_changes (changed, stored, mortise_vault_now (), author);
  metadata = seal_metadata (self, changed, TRUE);
  if (metadata == NULL)
    return fail_damaged (error);
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_PUT_METADATA, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  mortise_statement_bind_bytes (statement, 2, metadata);
  if (!mortise_vault_store_run (self->store, statement, error))
    return FALSE;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
  return TRUE;
}

/* Passkeys that one transaction moves to Recently deleted or back: all of them or none. */
typedef struct
{
  MortiseVault *vault;
  const gint64 *row_ids;
  gsize n_row_ids;
  gint64 now;
  guint displaced;
} Move;

/* (transfer full): what is to be moved, if it is where the move begins */
static MortiseCredential *
get_movable (Move *move, gsize i, gboolean deleted, GError **error)
{
  g_autoptr (MortiseCredential) credential = get_row (move->vault, move->row_ids[i], error);

  if (credential == NULL || (credential->deleted_at != 0) == deleted)
    return g_steal_pointer (&credential);
  fail_not_found (error);
  return NULL;
}

static gboolean
move_to_deleted (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  Move *move = user_data;

  for (gsize i = 0; i < move->n_row_ids; i++)
    {
      g_autoptr (MortiseCredential) credential = get_movable (move, i, FALSE, error);

      if (credential == NULL || !put_deleted (move->vault, credential, move->now, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
move_one_back (Move *move, MortiseCredential *credential, GError **error)
{
  Index id, account;

  index_id (move->vault, credential->credential_id, id);
  if (!displace (move->vault, MORTISE_SQL_CREDENTIAL_BY_ID, id, move->now, &move->displaced, NULL,
                 error))
    return FALSE;
  if (index_account (move->vault, credential, account) &&
      !displace (move->vault, MORTISE_SQL_CREDENTIAL_BY_ACCOUNT, account, move->now,
                 &move->displaced, NULL, error))
    return FALSE;
  return put_deleted (move->vault, credential, 0, error);
}

static gboolean
move_back (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  Move *move = user_data;

  for (gsize i = 0; i < move->n_row_ids; i++)
    {
      g_autoptr (MortiseCredential) credential = get_movable (move, i, TRUE, error);

      if (credential == NULL || !move_one_back (move, credential, error))
        return FALSE;
    }
  return TRUE;
}

/* Between the passkeys and Recently deleted, one way or the other. */
static gboolean
move_all (
    MortiseVault *self, const gint64 *row_ids, gsize n_row_ids, gboolean restore, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  Move move = { self, row_ids, n_row_ids, mortise_vault_now (), 0 };
  guint restored;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (n_row_ids == 0 || row_ids != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, error))
    return FALSE;
  if (!mortise_vault_store_transact (self->store, restore ? move_back : move_to_deleted, &move,
                                     error))
    return FALSE;
  /* Those that restored ones took the place of went where these came from. */
  restored = restore ? (guint) n_row_ids - move.displaced : 0 - (guint) n_row_ids;
  self->count += restored;
  self->count_deleted -= restored;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
  return TRUE;
}

gboolean
mortise_vault_delete_all (MortiseVault *self,
                          const gint64 *row_ids,
                          gsize n_row_ids,
                          GError **error)
{
  return move_all (self, row_ids, n_row_ids, FALSE, error);
}

gboolean
mortise_vault_delete (MortiseVault *self, gint64 row_id, GError **error)
{
  return move_all (self, &row_id, 1, FALSE, error);
}

gboolean
mortise_vault_restore_all (MortiseVault *self,
                           const gint64 *row_ids,
                           gsize n_row_ids,
                           GError **error)
{
  return move_all (self, row_ids, n_row_ids, TRUE, error);
}

gboolean
mortise_vault_restore (MortiseVault *self, gint64 row_id, GError **error)
{
  return move_all (self, &row_id, 1, TRUE, error);
}

/* --- Destroying --------------------------------------------------------------------------------
 */

typedef struct
{
  const gint64 *row_ids;
  gsize n_row_ids;
} Purge;

/* The clear mark decides, so that a damaged record can be got rid of too. */
static gboolean
check_purgeable (MortiseVaultStore *store, gint64 row_id, GError **error)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (store, MORTISE_SQL_CREDENTIAL_GET, error);
  g_autoptr (GError) local_error = NULL;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, row_id);
  if (mortise_vault_store_row (store, statement, &local_error) &&
      sqlite3_column_int (statement, 1) != 0)
    return TRUE;
  if (local_error == NULL)
    return fail_not_found (error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static gboolean
remove_row (MortiseVaultStore *store, gint64 row_id, GError **error)
{
  const MortiseSql removals[] = { MORTISE_SQL_CREDENTIAL_REMOVE, MORTISE_SQL_SECRETS_REMOVE };

  for (gsize i = 0; i < G_N_ELEMENTS (removals); i++)
    {
      MortiseStatement *statement = mortise_vault_store_get (store, removals[i], error);

      if (statement == NULL)
        return FALSE;
      sqlite3_bind_int64 (statement, 1, row_id);
      if (!mortise_vault_store_run (store, statement, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
remove_rows (MortiseVaultStore *store, gpointer user_data, GError **error)
{
  const Purge *purge = user_data;

  for (gsize i = 0; i < purge->n_row_ids; i++)
    {
      if (!check_purgeable (store, purge->row_ids[i], error) ||
          !remove_row (store, purge->row_ids[i], error))
        return FALSE;
    }
  return TRUE;
}

/* With the mutex held. */
static gboolean
purge_rows (MortiseVault *self, Purge *purge, GError **error)
{
  if (!mortise_vault_store_transact (self->store, remove_rows, purge, error))
    return FALSE;
  /* secure_delete wiped the pages; the journal still has them as they were. If it cannot be emptied
   * now, the next time does it. */
  (void) mortise_vault_store_forget_journal (self->store);
  self->count_deleted -= (guint) purge->n_row_ids;
  mortise_vault_queue_signal (self, MORTISE_VAULT_SIGNAL_CREDENTIALS);
  return TRUE;
}

gboolean
mortise_vault_purge_all (MortiseVault *self, const gint64 *row_ids, gsize n_row_ids, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  Purge purge = { row_ids, n_row_ids };

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (n_row_ids == 0 || row_ids != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  return mortise_vault_check_listable (self, error) && purge_rows (self, &purge, error);
}

gboolean
mortise_vault_purge (MortiseVault *self, gint64 row_id, GError **error)
{
  return mortise_vault_purge_all (self, &row_id, 1, error);
}

/* A record that does not verify stays: when it was deleted cannot be known. */
static GArray *
find_expired (MortiseVault *self, gint64 now)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_CREDENTIAL_LIST_DELETED, NULL);
  g_autoptr (GArray) row_ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 limit = now - MORTISE_VAULT_KEEP_DELETED_DAYS * SECONDS_PER_DAY;

  if (statement == NULL)
    return g_steal_pointer (&row_ids);
  sqlite3_bind_int64 (statement, 1, 0);
  while (mortise_vault_store_row (self->store, statement, NULL))
    {
      g_autoptr (MortiseCredential) credential = read_row (self, statement);

      if (credential != NULL && credential->deleted_at < limit)
        g_array_append_val (row_ids, credential->row_id);
    }
  return g_steal_pointer (&row_ids);
}

guint
mortise_vault_purge_expired (MortiseVault *self, gint64 now)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (GArray) row_ids = NULL;
  Purge purge;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), 0);

  locker = g_mutex_locker_new (&self->mutex);
  if (!mortise_vault_check_listable (self, NULL))
    return 0;
  row_ids = find_expired (self, now);
  if (row_ids->len == 0)
    return 0;
  purge = (Purge){ (const gint64 *) (gconstpointer) row_ids->data, row_ids->len };
  return purge_rows (self, &purge, NULL) ? row_ids->len : 0;
}
