/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-rows.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/vault/vault-record.h"

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
  MortiseSealPlace place = mortise_vault_row_secrets_place (addition->stored->row_id);
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
  g_autoptr (GBytes) metadata = mortise_vault_row_seal_metadata (self, credential, FALSE);
  g_autoptr (GBytes) usage = mortise_vault_row_seal_usage (self, credential, FALSE);
  MortiseStatement *statement =
      mortise_vault_store_get (store, MORTISE_SQL_CREDENTIAL_INSERT, error);
  MortiseVaultIndex rp, id, account;

  if (statement == NULL)
    return FALSE;
  if (metadata == NULL || usage == NULL)
    return fail_argument (error);
  mortise_vault_index_rp (self, credential->rp_id, rp);
  mortise_vault_index_id (self, credential->credential_id, id);
  sqlite3_bind_int64 (statement, 1, credential->row_id);
  sqlite3_bind_blob (statement, 2, rp, sizeof rp, SQLITE_STATIC);
  sqlite3_bind_blob (statement, 3, id, sizeof id, SQLITE_STATIC);
  if (mortise_vault_index_account (self, credential, account))
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
  MortiseVaultIndex account;

  if (!next_row_id (store, &addition->stored->row_id, error))
    return FALSE;
  if (mortise_vault_index_account (addition->vault, addition->stored, account) &&
      !mortise_vault_displace (addition->vault, MORTISE_SQL_CREDENTIAL_BY_ACCOUNT, account,
                               addition->now, &addition->displaced, &replaced, error))
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
  MortiseVaultIndex index;

  if (statement == NULL)
    return FALSE;
  mortise_vault_index_id (self, credential_id, index);
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
  if (!mortise_vault_row_fetch (self, statement, error))
    return NULL;

  size = (gsize) sqlite3_column_bytes (statement, 0);
  place = mortise_vault_row_secrets_place (credential->row_id);
  if (size > MORTISE_SEAL_OVERHEAD && size <= MORTISE_SECRET_MAX_SIZE)
    {
      plain = mortise_secret_new (size);
      if (mortise_seal_open (self->keys.private, &place, sqlite3_column_blob (statement, 0), size,
                             mortise_secret_get_bytes (plain)))
        secrets = mortise_record_decode_secrets (mortise_secret_peek (plain),
                                                 size - MORTISE_SEAL_OVERHEAD);
    }
  if (secrets == NULL)
    mortise_vault_row_fail_damaged (error);
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

/* --- Changing ----------------------------------------------------------------------------------
 */

static gboolean
bytes_equal0 (GBytes *a, GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

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
  stored = mortise_vault_row_get (self, credential->row_id, error);
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
  metadata = mortise_vault_row_seal_metadata (self, changed, TRUE);
  if (metadata == NULL)
    return mortise_vault_row_fail_damaged (error);
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
