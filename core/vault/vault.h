/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/platform/keyring.h"
#include "core/vault/credential.h"

G_BEGIN_DECLS

/**
 * MortiseVaultState:
 * @MORTISE_VAULT_CLOSED: not opened, or opening failed
 * @MORTISE_VAULT_NONE: there is no vault in this folder yet
 * @MORTISE_VAULT_LOCKED: no key in memory: nothing can be listed
 * @MORTISE_VAULT_LISTABLE: K_meta in memory: passkeys can be listed and looked up, not used
 * @MORTISE_VAULT_UNLOCKED: K_sign in memory and the vault parent loaded
 */
typedef enum
{
  MORTISE_VAULT_CLOSED,
  MORTISE_VAULT_NONE,
  MORTISE_VAULT_LOCKED,
  MORTISE_VAULT_LISTABLE,
  MORTISE_VAULT_UNLOCKED,
} MortiseVaultState;

/**
 * MortiseKeyslot:
 * @MORTISE_KEYSLOT_PIN: the PIN; always there
 * @MORTISE_KEYSLOT_LOGIN: the login keyring; lets passkeys be listed, not used
 * @MORTISE_KEYSLOT_RECOVERY: the recovery code; unlocks, and gives the vault a new PIN
 *
 * Ways to the vault's keys. All of them need this TPM.
 */
typedef enum
{
  MORTISE_KEYSLOT_PIN,
  MORTISE_KEYSLOT_LOGIN,
  MORTISE_KEYSLOT_RECOVERY,
} MortiseKeyslot;

/**
 * MortiseKeyslotInfo:
 * @exists: it is in the vault
 * @enabled: it is wanted; a login keyslot that is wanted may not exist for want of a keyring
 * @created_at, @last_used_at: Unix time in seconds; 0 for never
 */
typedef struct
{
  gboolean exists;
  gboolean enabled;
  gint64 created_at;
  gint64 last_used_at;
} MortiseKeyslotInfo;

#define MORTISE_PIN_RETRIES_MAX     8
#define MORTISE_PIN_TRIES_PER_START 3
#define MORTISE_PIN_MIN_CODE_POINTS 4
#define MORTISE_PIN_MAX_BYTES       63

/** Passkeys that a vault takes; a documented limit, far above what a person has. */
#define MORTISE_VAULT_MAX_CREDENTIALS 1000000

/** Days that a deleted passkey stays in Recently deleted. */
#define MORTISE_VAULT_KEEP_DELETED_DAYS 30

/**
 * MortiseVault:
 *
 * One user's credentials, keyslots and settings: SQLite records sealed with keys that the TPM
 * guards (DESIGN §5, §6). Every function may be called from any thread and blocks; the ones that
 * say "TPM" take as long as the chip does and must not run on a main loop. The internal lock is
 * never held while the TPM works, so that look-ups go on meanwhile.
 *
 * Signals, emitted on the main context in which the vault was made: `state-changed`,
 * `credentials-changed` (credentials or Recently deleted differ).
 */
#define MORTISE_TYPE_VAULT (mortise_vault_get_type ())
G_DECLARE_FINAL_TYPE (MortiseVault, mortise_vault, MORTISE, VAULT, GObject)

/**
 * mortise_vault_new:
 * @directory: the vault's folder, made 0700 when the vault is created; holds vault.db and
 * vault.lock
 * @tpm: (nullable): the TPM, or %NULL if there is none: then nothing but the state can be asked
 * @keyring: (nullable): where the login keyslot's secret lives
 */
MortiseVault *mortise_vault_new (const char *directory, MortiseTpm *tpm, MortiseKeyring *keyring);

/**
 * mortise_vault_open:
 *
 * Takes the one-writer lock, opens and checks the database, attaches to the TPM and tries the login
 * keyslot. On a vault that is open already it only tries the login keyslot again, if LOCKED: to be
 * called when the keyring was unlocked later than the agent started. TPM.
 *
 * Returns: %TRUE with the state NONE, LOCKED or LISTABLE. Errors leave the files untouched:
 *   %MORTISE_ERROR_VAULT_IN_USE, _VAULT_NEWER, _VAULT_DAMAGED, _VAULT_IO, _TPM_OTHER, and the TPM's
 *   own. A keyring that is missing is no error: see mortise_vault_dup_keyring_problem(). Without a
 *   TPM an existing vault opens LOCKED and can only be counted and reset
 */
gboolean mortise_vault_open (MortiseVault *self, GError **error);

/** mortise_vault_close: locks, writes what is pending, gives the one-writer lock back; idempotent
 */
void mortise_vault_close (MortiseVault *self);

MortiseVaultState mortise_vault_get_state (MortiseVault *self);

/** mortise_vault_get_id: Returns: (transfer full) (nullable): the vault's UUID */
char *mortise_vault_get_id (MortiseVault *self);

/**
 * mortise_vault_get_key_names:
 * @ret_parent: (out) (transfer full): Name of the vault parent
 * @ret_storage_root: (out) (transfer full): Name of the storage root key the vault is pinned to
 *
 * The chain from a credential key to the TPM, as the vault knows it.
 *
 * Returns: %FALSE with %MORTISE_ERROR_NO_VAULT or _VAULT_DAMAGED
 */
gboolean mortise_vault_get_key_names (MortiseVault *self,
                                      GBytes **ret_parent,
                                      GBytes **ret_storage_root,
                                      GError **error);

/**
 * mortise_vault_dup_keyring_problem:
 *
 * Returns: (transfer full) (nullable): why the login keyslot could not be used at the last try, or
 *   %NULL when it worked
 */
GError *mortise_vault_dup_keyring_problem (MortiseVault *self);

/* --- PIN (core/vault/vault-pin.c) --------------------------------------------------------------
 */

/**
 * mortise_pin_hash:
 * @pin: the PIN's bytes as typed, UTF-8
 *
 * Returns: (transfer full): LEFT(SHA-256(PIN), 16), as CTAP 2.1 §6.5.5.4 sends it; also what
 *   mortise_vault_unlock() takes, so that the prompt and clientPIN come to the same authValue.
 *   %MORTISE_ERROR_PIN_POLICY if @pin is not UTF-8 or over %MORTISE_PIN_MAX_BYTES
 */
MortiseSecret *mortise_pin_hash (const MortiseSecret *pin, GError **error);

/**
 * mortise_vault_create:
 * @pin: the PIN, ≥ 4 code points, ≤ 63 bytes
 *
 * Makes the vault: parent, PIN keyslot and, if the keyring answers, the login keyslot. Ends
 * UNLOCKED. Crash-safe: either there is a whole vault afterwards or none. TPM.
 */
gboolean mortise_vault_create (MortiseVault *self, const MortiseSecret *pin, GError **error);

/**
 * mortise_vault_unlock:
 * @pin_hash: 16 bytes from mortise_pin_hash() or from a client
 *
 * Verifies the PIN in the TPM with one Unseal and unlocks. Also the way to verify a user while
 * unlocked. The tries left are lowered on disk before the TPM is asked. TPM.
 *
 * Returns: %TRUE if right (tries restored); %MORTISE_ERROR_PIN_INVALID, _PIN_AUTH_BLOCKED (three in
 *   a row since start), _PIN_BLOCKED (none left), _TPM_LOCKOUT (no try was lost)
 */
gboolean mortise_vault_unlock (MortiseVault *self, const MortiseSecret *pin_hash, GError **error);

/**
 * mortise_vault_change_pin:
 * @new_pin: ≥ %MORTISE_SETTING_MIN_PIN_LENGTH code points, ≤ 63 bytes
 *
 * Verifies @old_hash and unlocks as mortise_vault_unlock() does, then replaces the keyslot: nothing
 * of the old one stays in the files. Clears %MORTISE_SETTING_FORCE_PIN_CHANGE. TPM.
 *
 * Returns: %TRUE if changed; errors as unlock, and %MORTISE_ERROR_PIN_POLICY (no try is lost) if
 *   @new_pin is no good, or is the old one while a change is forced
 */
gboolean mortise_vault_change_pin (MortiseVault *self,
                                   const MortiseSecret *old_hash,
                                   const MortiseSecret *new_pin,
                                   GError **error);

/** mortise_vault_get_pin_retries: Returns: tries left, 0 to 8 (8 when there is no vault) */
guint mortise_vault_get_pin_retries (MortiseVault *self);

/** mortise_vault_is_pin_auth_blocked: Returns: three wrong tries since start; restart needed */
gboolean mortise_vault_is_pin_auth_blocked (MortiseVault *self);

/**
 * mortise_vault_lock:
 *
 * Wipes K_sign and K_priv at once and flushes the parent from the TPM. Ends LISTABLE where the
 * login keyslot works, else LOCKED: as after a start. An unlocking under way fails with
 * %MORTISE_ERROR_VAULT_LOCKED. Waits for no other call, but may wait for a TPM command to end.
 */
void mortise_vault_lock (MortiseVault *self);

/**
 * mortise_vault_reset:
 *
 * Destroys the vault: keyslots, credentials, Recently deleted, settings; ends in NONE. The file is
 * overwritten and removed. TPM objects need no erasing: they are not persistent. Works also on a
 * vault that mortise_vault_open() refused (damaged, newer, another TPM), unless it is in use.
 */
gboolean mortise_vault_reset (MortiseVault *self, GError **error);

/* --- Other keyslots (core/vault/vault-login.c, vault-recovery.c) -------------------------------
 */

/** mortise_vault_get_keyslot: works in every open state; %MORTISE_ERROR_NO_VAULT otherwise */
gboolean mortise_vault_get_keyslot (MortiseVault *self,
                                    MortiseKeyslot slot,
                                    MortiseKeyslotInfo *ret_info,
                                    GError **error);

/**
 * mortise_vault_set_login_keyslot:
 *
 * On: makes the login keyslot (LISTABLE; %MORTISE_ERROR_KEYRING if the keyring refuses). Off:
 * removes it for good, also from the keyring; a vault that was only LISTABLE ends LOCKED. Durable.
 * TPM.
 */
gboolean mortise_vault_set_login_keyslot (MortiseVault *self, gboolean enabled, GError **error);

/**
 * MortiseRecoveryDraft:
 *
 * A new recovery code and its keyslot, neither of them in the vault yet.
 */
typedef struct _MortiseRecoveryDraft MortiseRecoveryDraft;

/** mortise_recovery_draft_free: wipes the code */
void mortise_recovery_draft_free (MortiseRecoveryDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseRecoveryDraft, mortise_recovery_draft_free)

/**
 * mortise_recovery_draft_get_text:
 *
 * Returns: (transfer none): the code as it is to be written down, ASCII without a terminating zero
 *   (core/recovery-code.h)
 */
const MortiseSecret *mortise_recovery_draft_get_text (const MortiseRecoveryDraft *draft);

/**
 * mortise_vault_draft_recovery_code:
 *
 * Makes a code to be shown to the person. It opens nothing before
 * mortise_vault_keep_recovery_code(), and the code that there was stays good until then. UNLOCKED.
 * TPM.
 */
MortiseRecoveryDraft *mortise_vault_draft_recovery_code (MortiseVault *self, GError **error);

/**
 * mortise_vault_keep_recovery_code:
 * @draft: of this vault; works also when it was locked since
 *
 * The draft's code counts from now on, and one that there was is void: nothing of its keyslot stays
 * in the files. Durable.
 */
gboolean mortise_vault_keep_recovery_code (MortiseVault *self,
                                           const MortiseRecoveryDraft *draft,
                                           GError **error);

/** mortise_vault_has_recovery_code: no disk access; %FALSE without a vault */
gboolean mortise_vault_has_recovery_code (MortiseVault *self);
/** mortise_vault_has_login_keyslot: no disk access; %FALSE without a vault */
gboolean mortise_vault_has_login_keyslot (MortiseVault *self);

/** mortise_vault_remove_recovery_code: nothing of the keyslot stays in the files */
gboolean mortise_vault_remove_recovery_code (MortiseVault *self, GError **error);

/**
 * mortise_vault_unlock_with_recovery_code:
 * @typed: as the person typed it, UTF-8
 *
 * Unlocks. The code has 128 bits and needs no counted tries; it works also while no tries are left
 * for the PIN and while the TPM is in lockout. TPM.
 *
 * Returns: %TRUE if right; %MORTISE_ERROR_RECOVERY_INVALID if mistyped (the message says where) or
 *   wrong, _NOT_FOUND if none was ever made
 */
gboolean mortise_vault_unlock_with_recovery_code (MortiseVault *self,
                                                  const MortiseSecret *typed,
                                                  GError **error);

/**
 * mortise_vault_reset_pin:
 * @typed: the recovery code, as above
 * @new_pin: as for mortise_vault_change_pin()
 *
 * For a forgotten or blocked PIN: unlocks with the code and replaces the PIN's keyslot. All tries
 * are back; no passkey is lost; the code stays valid. TPM.
 */
gboolean mortise_vault_reset_pin (MortiseVault *self,
                                  const MortiseSecret *typed,
                                  const MortiseSecret *new_pin,
                                  GError **error);

/* --- Credentials (core/vault/vault-credentials.c, -lookup.c, -deleted.c, -use.c) ---------------
 */

/**
 * mortise_vault_create_key:
 *
 * Creates a credential key in the TPM; nothing is stored yet. UNLOCKED. TPM.
 */
MortiseTpmKey *mortise_vault_create_key (MortiseVault *self,
                                         MortiseAlgorithm algorithm,
                                         MortiseKeyClass key_class,
                                         MortiseTpmBlob **ret_blob,
                                         GError **error);

/**
 * mortise_vault_add:
 * @credential: (inout): row_id is filled in, and created_at if it is 0
 * @secrets: its secrets
 *
 * Stores a credential durably (fsync done when this returns). In the same transaction a
 * discoverable credential with the same rp_id and user_id moves to Recently deleted; its history
 * goes on in the new one, and so do the person's label and note. UNLOCKED.
 *
 * Names over %MORTISE_NAME_MAX are cut at a user-perceived character.
 *
 * Returns: %FALSE with %MORTISE_ERROR_VAULT_FULL or _VAULT_IO, and nothing changed, if it could not
 *   be made durable; _INVALID_ARGUMENT for members that contradict each other or the limits (BE and
 *   BS against the class, a credential id that is in use)
 */
gboolean mortise_vault_add (MortiseVault *self,
                            MortiseCredential *credential,
                            const MortiseCredentialSecrets *secrets,
                            GError **error);

/**
 * mortise_vault_find_by_rp:
 * @discoverable_only: leave out those made with rk=false
 *
 * Indexed; no TPM. LISTABLE.
 *
 * Returns: (transfer full) (element-type MortiseCredential): newest first, maybe empty; records
 * that do not verify are left out, %MORTISE_ERROR_VAULT_DAMAGED if there are only such
 */
GPtrArray *mortise_vault_find_by_rp (MortiseVault *self,
                                     const char *rp_id,
                                     gboolean discoverable_only,
                                     GError **error);

/**
 * mortise_vault_find_by_id:
 * @credential_id: as a client sent it; any size
 *
 * Indexed; no TPM. LISTABLE. Credentials in Recently deleted are not found.
 *
 * Returns: (transfer full): the credential, or %NULL with %MORTISE_ERROR_NOT_FOUND
 */
MortiseCredential *
mortise_vault_find_by_id (MortiseVault *self, GBytes *credential_id, GError **error);

/** mortise_vault_get: by row_id; finds those in Recently deleted too (deleted_at is set then) */
MortiseCredential *mortise_vault_get (MortiseVault *self, gint64 row_id, GError **error);

/**
 * mortise_vault_list:
 * @deleted: list Recently deleted instead
 * @after: list rows with a greater row_id; 0 from the start
 * @limit: at most this many
 *
 * A record that does not verify is left out and counted in @ret_damaged, so that one bad record
 * hides no other; it does not count towards @limit. LISTABLE.
 *
 * Returns: (transfer full) (element-type MortiseCredential): in order of row_id; fewer than @limit
 *   only at the end of the list
 */
GPtrArray *mortise_vault_list (MortiseVault *self,
                               gboolean deleted,
                               gint64 after,
                               guint limit,
                               guint *ret_damaged,
                               GError **error);

/** Size of a place in the order of sites, in bytes. */
#define MORTISE_VAULT_RP_CURSOR_SIZE 32

/**
 * mortise_vault_next_rp:
 * @cursor: (inout) (array fixed-size=32): a place in the order of sites; zeros at the start
 * @ret_credential: (out) (nullable): the newest discoverable credential of the next site that has
 *   one; %NULL at the end
 *
 * Walks through the sites of discoverable credentials, each once, in an order of no meaning. No
 * state but @cursor. LISTABLE.
 */
gboolean mortise_vault_next_rp (MortiseVault *self,
                                guint8 cursor[MORTISE_VAULT_RP_CURSOR_SIZE],
                                MortiseCredential **ret_credential,
                                GError **error);

/** mortise_vault_count_room: Returns: how many more credentials the vault takes */
guint mortise_vault_count_room (MortiseVault *self);

/** mortise_vault_count: Returns: number of credentials (not deleted); works in every open state */
guint mortise_vault_count (MortiseVault *self);

/** mortise_vault_read_secrets: UNLOCKED. Returns: (transfer full): the credential's secrets */
MortiseCredentialSecrets *mortise_vault_read_secrets (MortiseVault *self,
                                                      const MortiseCredential *credential,
                                                      GError **error);

/** mortise_vault_load_key: read_secrets and TPM2_Load in one. UNLOCKED. TPM: one command. */
MortiseTpmKey *
mortise_vault_load_key (MortiseVault *self, const MortiseCredential *credential, GError **error);

/** mortise_vault_get_tpm: Returns: (transfer none) (nullable): the TPM given at construction */
MortiseTpm *mortise_vault_get_tpm (MortiseVault *self);

/**
 * mortise_vault_reserve_sign_count:
 * @ret_count: (out): the value for this assertion's authenticator data
 *
 * Device-only credentials: a count that never was handed out, above all that were. Counts are used
 * up on disk, durably and several at a time, before one is handed out, so they can never go back;
 * what a kill leaves unused is skipped. Others: 0, nothing written. Called while the prompt is up.
 * LISTABLE.
 */
gboolean mortise_vault_reserve_sign_count (MortiseVault *self,
                                           const MortiseCredential *credential,
                                           guint32 *ret_count,
                                           GError **error);

/**
 * mortise_vault_note_use:
 * @flags: authenticator data flags of the assertion given
 *
 * Remembers that an assertion was given; without user presence only its flags. Only kept in memory:
 * mortise_vault_flush_uses() writes it once the client has its answer; lock and close do so too.
 */
void mortise_vault_note_use (MortiseVault *self, gint64 row_id, guint8 flags);
void mortise_vault_flush_uses (MortiseVault *self);

/**
 * mortise_vault_update:
 * @credential: a copy (mortise_credential_copy()) with other names, label, nickname, note,
 *   export_blocked or backup_state. What use changes (last_used_at, use_count, last_flags,
 *   sign_count, deleted_at) and the history are not looked at; all else must be as stored
 * @author: who changes it, for the history
 *
 * LISTABLE. Errors: %MORTISE_ERROR_NOT_FOUND, _INVALID_ARGUMENT (an unchangeable member differs)
 */
gboolean mortise_vault_update (MortiseVault *self,
                               const MortiseCredential *credential,
                               MortiseChangeAuthor author,
                               GError **error);

/**
 * mortise_vault_delete_all:
 * @row_ids: (array length=n_row_ids): each once
 *
 * Moves passkeys to Recently deleted, in one transaction: all of them or, on any error, none.
 * Errors: %MORTISE_ERROR_NOT_FOUND if one is not there or is deleted already
 */
gboolean mortise_vault_delete_all (MortiseVault *self,
                                   const gint64 *row_ids,
                                   gsize n_row_ids,
                                   GError **error);
/** mortise_vault_delete: the same of one */
gboolean mortise_vault_delete (MortiseVault *self, gint64 row_id, GError **error);

/**
 * mortise_vault_restore_all:
 * @row_ids: (array length=n_row_ids): each once
 *
 * Brings passkeys back from Recently deleted, all or none; one with the same rp_id and user_id that
 * is in use takes its place there (one discoverable credential per account, CTAP 2.1 §6.1.2). Of
 * two in @row_ids for one account the later comes back.
 */
gboolean mortise_vault_restore_all (MortiseVault *self,
                                    const gint64 *row_ids,
                                    gsize n_row_ids,
                                    GError **error);
/** mortise_vault_restore: the same of one */
gboolean mortise_vault_restore (MortiseVault *self, gint64 row_id, GError **error);

/**
 * mortise_vault_purge_all:
 * @row_ids: (array length=n_row_ids): each once
 *
 * Destroys passkeys in Recently deleted for good, all or none.
 */
gboolean mortise_vault_purge_all (MortiseVault *self,
                                  const gint64 *row_ids,
                                  gsize n_row_ids,
                                  GError **error);
/** mortise_vault_purge: the same of one */
gboolean mortise_vault_purge (MortiseVault *self, gint64 row_id, GError **error);

/** mortise_vault_purge_expired: destroys those over the 30 days at Unix time @now; LISTABLE;
 * Returns: how many */
guint mortise_vault_purge_expired (MortiseVault *self, gint64 now);

/* --- Settings and authenticator state (core/vault/vault-settings.c) ----------------------------
 */

/**
 * mortise_vault_get_setting:
 * @name: a name from vault-settings.h
 *
 * Returns: (transfer full) (nullable): the stored value, or %NULL if it was never set
 */
GVariant *mortise_vault_get_setting (MortiseVault *self, const char *name);

/** mortise_vault_set_setting: stores durably; floating @value is consumed; %NULL @value removes */
gboolean
mortise_vault_set_setting (MortiseVault *self, const char *name, GVariant *value, GError **error);

G_END_DECLS
