/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/vault-files.h"
#include "core/vault/vault-store.h"
#include "core/vault/vault.h"

G_BEGIN_DECLS

/**
 * MortiseVaultHeader:
 * @id: UUID
 * @salt: what PINs are stretched with
 * @storage_root_name: Name of the TPM's storage root key
 * @parent: the vault parent at rest
 * @check: empty value sealed with K_meta over all of the above: tells a right K_meta and an
 *   untouched header
 *
 * What is the same for the vault's whole life. Immutable and reference counted (GAtomicRcBox).
 */
typedef struct
{
  char *id;
  GBytes *salt;
  GBytes *storage_root_name;
  MortiseTpmBlob *parent;
  GBytes *check;
} MortiseVaultHeader;

/** What is derived from K_sign; K_meta alone with the login keyslot. */
typedef struct
{
  MortiseSecret *sign;     /* K_sign; NULL unless unlocked */
  MortiseSecret *private;  /* K_priv; NULL unless unlocked */
  MortiseSecret *metadata; /* K_meta; NULL unless listable */
  MortiseSecret *index;    /* of the HMAC indexes; NULL unless listable */
} MortiseVaultKeys;

/*
 * Two locks, always taken in this order:
 * `key_mutex` serialises what makes or drops keys (open, create, unlock, change PIN, reset). It is
 * held while the TPM and the keyring work; nothing that only looks up or lists takes it.
 * `mutex` guards everything below it and the database. Never held while the TPM works.
 */
struct _MortiseVault
{
  GObject parent_instance;

  MortiseVaultPaths *paths;
  MortiseTpm *tpm;
  MortiseKeyring *keyring;
  GMainContext *context;

  GMutex key_mutex;

  GMutex mutex;
  int lock_fd;
  MortiseVaultStore *store;
  MortiseVaultHeader *header;
  MortiseVaultState state;
  MortiseVaultKeys keys;
  guint64 lock_generation; /* counts mortise_vault_lock() calls: one that comes while a PIN is
                              verified wins */
  gboolean parent_loaded;
  gboolean login_works; /* K_meta may stay when K_sign goes */
  gboolean login_off;   /* the person wants no login keyslot */
  gboolean has_recovery_code;
  gboolean has_login_keyslot;
  GError *keyring_problem;
  guint pin_retries;
  guint pin_misses; /* wrong PINs in a row since this object was made */
  guint count;
  guint count_deleted;
  guint max_credentials;
  GHashTable *uses;        /* row id → Use, not yet written */
  GHashTable *sign_counts; /* row id → SignCounts, of what is on disk already */
  gboolean queued[2];
};

typedef enum
{
  MORTISE_VAULT_SIGNAL_STATE,
  MORTISE_VAULT_SIGNAL_CREDENTIALS,
} MortiseVaultSignal;

/** Queues the signal on the vault's main context; the mutex may be held. */
void mortise_vault_queue_signal (MortiseVault *self, MortiseVaultSignal which);

/** With the mutex held. */
void mortise_vault_set_state (MortiseVault *self, MortiseVaultState state);

/* Each sets an error and returns FALSE unless the vault is so; with the mutex held. */
gboolean mortise_vault_check_open (MortiseVault *self, GError **error);
gboolean mortise_vault_check_listable (MortiseVault *self, GError **error);
gboolean mortise_vault_check_unlocked (MortiseVault *self, GError **error);

/** Sets an error and returns FALSE if there is no TPM. */
gboolean mortise_vault_check_tpm (MortiseVault *self, GError **error);

gint64 mortise_vault_now (void);

/* With the key mutex held, and no mutex. */

/** Opens as mortise_vault_open() does, if it is not open. */
gboolean mortise_vault_open_files (MortiseVault *self, GError **error);

/** Makes @store (transfer full) the vault's; ends in LOCKED. */
gboolean mortise_vault_adopt_store (MortiseVault *self, MortiseVaultStore *store, GError **error);

/** Takes the one-writer lock unless it is held. */
gboolean mortise_vault_take_lock (MortiseVault *self, GError **error);

/* --- vault-keys.c */

MortiseVaultHeader *mortise_vault_header_new (const char *id,
                                              GBytes *salt,
                                              GBytes *storage_root_name,
                                              const MortiseTpmBlob *parent,
                                              const MortiseSecret *metadata_key);
MortiseVaultHeader *mortise_vault_header_read (MortiseVaultStore *store, GError **error);
gboolean mortise_vault_header_write (const MortiseVaultHeader *header,
                                     MortiseVaultStore *store,
                                     GError **error);
MortiseVaultHeader *mortise_vault_header_ref (MortiseVaultHeader *header);
void mortise_vault_header_unref (MortiseVaultHeader *header);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseVaultHeader, mortise_vault_header_unref)

/** Returns: whether @metadata_key is this vault's and the header is as it was made */
gboolean mortise_vault_check_header (const MortiseVaultHeader *header,
                                     const MortiseSecret *metadata_key,
                                     GError **error);

MortiseSecret *mortise_vault_derive_metadata_key (const MortiseSecret *sign_key);
void mortise_vault_keys_set_metadata (MortiseVaultKeys *keys, const MortiseSecret *metadata_key);
/** Wipes K_sign and K_priv, and what K_meta gives as well if @all. */
void mortise_vault_keys_wipe (MortiseVaultKeys *keys, gboolean all);

/* --- vault-keyslots.c: with the mutex held */

/** Returns: (transfer full): the slot; NULL with NOT_FOUND */
MortiseTpmBlob *
mortise_vault_slot_read (MortiseVaultStore *store, MortiseKeyslot slot, GError **error);
gboolean mortise_vault_slot_write (MortiseVaultStore *store,
                                   MortiseKeyslot slot,
                                   const MortiseTpmBlob *blob,
                                   GError **error);
/** Reads @exists and the dates. A missing slot is no error. */
gboolean mortise_vault_slot_get_info (MortiseVaultStore *store,
                                      MortiseKeyslot slot,
                                      MortiseKeyslotInfo *ret_info,
                                      GError **error);
gboolean mortise_vault_slot_remove (MortiseVaultStore *store, MortiseKeyslot slot, GError **error);

/** Notes that the slot was used just now. */
gboolean mortise_vault_slot_touch (MortiseVaultStore *store, MortiseKeyslot slot, GError **error);

/* --- vault-login.c: with the key mutex held, and no mutex */

/** Seals K_meta with a new secret of the keyring. */
MortiseTpmBlob *mortise_vault_make_login_slot (MortiseVault *self,
                                               const char *vault_id,
                                               const MortiseSecret *metadata_key,
                                               GError **error);

/** Tries the login keyslot; what is wrong goes to keyring_problem. */
void mortise_vault_try_login (MortiseVault *self);

/** Makes the login keyslot anew if it does not work, the keyring willing. UNLOCKED. */
void mortise_vault_repair_login (MortiseVault *self);

/** Reads whether the person wants one. */
void mortise_vault_read_login_setting (MortiseVault *self);

/* --- vault-keys.c, again: with the key mutex held, and no mutex */

/** Makes @sign_key, whose parent is loaded, the vault's, unless it was locked since @generation. */
gboolean mortise_vault_publish_sign_key (MortiseVault *self,
                                         const MortiseSecret *sign_key,
                                         guint64 generation,
                                         GError **error);

/** Loads the vault parent, publishes @sign_key and mends the login keyslot; ends UNLOCKED. */
gboolean mortise_vault_unlock_with_key (MortiseVault *self,
                                        const MortiseSecret *sign_key,
                                        guint64 generation,
                                        GError **error);

/** Ends what holds the key mutex: drops a parent that mortise_vault_lock() could not wait for. */
void mortise_vault_end_key_work (MortiseVault *self);

/* --- vault-pin.c */

MortiseSecret *mortise_vault_derive_pin_auth (const MortiseSecret *pin_hash, GBytes *salt);
MortiseSecret *
mortise_vault_hash_new_pin (const MortiseSecret *pin, guint min_length, GError **error);
guint mortise_vault_get_min_pin_length (MortiseVault *self);

/** The length of a PIN that is valid UTF-8 */
guint mortise_vault_count_pin_code_points (const MortiseSecret *pin);

/** Seals @sign_key behind another PIN, with all tries. Key mutex held, no mutex. */
gboolean mortise_vault_replace_pin_slot (MortiseVault *self,
                                         const MortiseSecret *sign_key,
                                         const MortiseSecret *new_pin,
                                         const MortiseSecret *new_hash,
                                         GError **error);

/* --- vault-settings.c: with the mutex held; may be part of a transaction */

gboolean
mortise_vault_put_setting (MortiseVault *self, const char *name, GVariant *value, GError **error);

/* --- vault-rows.c: with the mutex held; the rest of it is in vault-rows.h */

gboolean mortise_vault_read_counts (MortiseVault *self, MortiseVaultStore *store, GError **error);

/* --- vault-use.c: with the mutex held */

void mortise_vault_flush_uses_locked (MortiseVault *self);

/** What memory holds of the use of a passkey that is no more */
void mortise_vault_forget_uses (MortiseVault *self, gint64 row_id);

G_END_DECLS
