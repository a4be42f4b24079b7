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
  GError *keyring_problem;
  guint pin_retries;
  guint pin_misses; /* wrong PINs in a row since this object was made */
  guint count;
  guint count_deleted;
  guint max_credentials;
  GHashTable *uses; /* row id → Use, not yet written */
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

gint64 mortise_vault_now (void);

/* With the key mutex held, and no mutex. */

/** Opens as mortise_vault_open() does, if it is not open. */
gboolean mortise_vault_open_files (MortiseVault *self, GError **error);

/** Makes @store (transfer full) the vault's; ends in LOCKED. */
gboolean mortise_vault_adopt_store (MortiseVault *self, MortiseVaultStore *store, GError **error);

/** Drops store, keys and what is in memory; the one-writer lock too if @state is CLOSED. */
void mortise_vault_forget (MortiseVault *self, MortiseVaultState state);

/** Takes the one-writer lock unless it is held. */
gboolean mortise_vault_take_lock (MortiseVault *self, GError **error);

/* --- vault-keys.c */

#define MORTISE_KEYSLOT_PIN      "pin"
#define MORTISE_KEYSLOT_LOGIN    "login"
#define MORTISE_KEYSLOT_RECOVERY "recovery"

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
gboolean mortise_vault_header_verify (const MortiseVaultHeader *header,
                                      const MortiseSecret *metadata_key);

MortiseSecret *mortise_vault_derive_metadata_key (const MortiseSecret *sign_key);
void mortise_vault_keys_set_metadata (MortiseVaultKeys *keys, const MortiseSecret *metadata_key);
void mortise_vault_keys_set_sign (MortiseVaultKeys *keys, const MortiseSecret *sign_key);
/** Wipes K_sign and K_priv, and what K_meta gives as well if @all. */
void mortise_vault_keys_wipe (MortiseVaultKeys *keys, gboolean all);

/** Notes that the slot was used just now. With the mutex held. */
void mortise_vault_slot_touch (MortiseVault *self, const char *kind);

/** Returns: (transfer full): the slot; NULL with NOT_FOUND. With the mutex held. */
MortiseTpmBlob *
mortise_vault_slot_read (MortiseVaultStore *store, const char *kind, GError **error);
gboolean mortise_vault_slot_write (MortiseVaultStore *store,
                                   const char *kind,
                                   const MortiseTpmBlob *blob,
                                   GError **error);

/** Seals K_meta with a new secret of the keyring. TPM and keyring; no mutex. */
MortiseTpmBlob *mortise_vault_make_login_slot (MortiseVault *self,
                                               const char *vault_id,
                                               const MortiseSecret *metadata_key,
                                               GError **error);

/** Tries the login keyslot; what is wrong goes to keyring_problem. Key mutex held, no mutex. */
void mortise_vault_try_login (MortiseVault *self);

/** Makes the login keyslot anew if it does not work, the keyring willing. UNLOCKED; as above. */
void mortise_vault_repair_login (MortiseVault *self);

/** Makes @sign_key, whose parent is loaded, the vault's, unless it was locked since @generation. */
gboolean mortise_vault_publish_sign_key (MortiseVault *self,
                                         const MortiseSecret *sign_key,
                                         guint64 generation,
                                         GError **error);

/** Ends what holds the key mutex: drops a parent that mortise_vault_lock() could not wait for. */
void mortise_vault_end_key_work (MortiseVault *self);

/* --- vault-credentials.c: with the mutex held */

gboolean mortise_vault_read_counts (MortiseVault *self, MortiseVaultStore *store, GError **error);
void mortise_vault_flush_uses_locked (MortiseVault *self);

G_END_DECLS
