/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tpm/tpm.h"
#include "core/vault/credential-history.h"

G_BEGIN_DECLS

/**
 * MortiseCredentialClass:
 * @MORTISE_CREDENTIAL_DEVICE_ONLY: made as %MORTISE_KEY_DEVICE_ONLY; BE=0, BS=0
 * @MORTISE_CREDENTIAL_EXPORTABLE: made as %MORTISE_KEY_EXPORTABLE; BE=1
 * @MORTISE_CREDENTIAL_SEALED: imported; private key sealed in the TPM, used in memory; BE as
 *   imported
 *
 * As recorded when the credential came to be. What may be *claimed* is read from the TPM.
 */
typedef enum
{
  MORTISE_CREDENTIAL_DEVICE_ONLY,
  MORTISE_CREDENTIAL_EXPORTABLE,
  MORTISE_CREDENTIAL_SEALED,
} MortiseCredentialClass;

/** Limits on what a client sends, in bytes; longer strings are cut at a character (whole UTF-8). */
#define MORTISE_RP_ID_MAX          253
#define MORTISE_NAME_MAX           1024
#define MORTISE_USER_ID_MAX        64
#define MORTISE_CREDENTIAL_ID_SIZE 32
#define MORTISE_CREDENTIAL_ID_MAX  128

/**
 * MortiseCredential:
 * @row_id: the vault's own number for it; 0 before it is added; stable, never reused
 * @credential_id: credential id, %MORTISE_CREDENTIAL_ID_SIZE random bytes (imports: ≤ _MAX)
 * @rp_id: RP ID (WebAuthn §4); for U2F registrations the AppID if its hash is a known one's, else
 *   the hash itself in lower-case hex
 * @rp_name: (nullable): rp.name as given
 * @user_id: (nullable): user handle, ≤ 64 bytes; %NULL for U2F
 * @user_name: (nullable): user.name
 * @user_display_name: (nullable): user.displayName
 * @label: (nullable): the person's own name for it, on this computer only
 * @nickname: (nullable): the name that the site's list shows, as the person noted it
 * @note: (nullable): whatever the person wants to remember of it, on this computer only
 * @credential_class: how it was made
 * @algorithm: COSE algorithm
 * @public_key: the public key, canonical CBOR COSE_Key (RFC 9052 §7)
 * @discoverable: made with rk=true
 * @u2f: made through CTAP1
 * @cred_protect: 1 to 3 (CTAP 2.1 §12.1)
 * @backup_eligible: BE flag, fixed for life (WebAuthn L3 §6.1.3)
 * @backup_state: BS flag
 * @export_blocked: export switched off on this computer
 * @has_hmac_secret, @has_large_blob_key, @has_cred_blob: extensions in use
 * @created_at, @last_used_at, @deleted_at: Unix time in seconds; 0 for never
 * @use_count: assertions given with user presence
 * @last_flags: authenticator data flags of the last assertion
 * @history: (nullable): changes of names, notes and the export switch, for mortise_history_read();
 *   kept by the vault
 * @sign_count: no signature counter above it was handed out; 0 for ever unless device-only
 *
 * What the vault knows of a credential without its key: everything here is sealed with K_meta.
 * Reference counted; treat as immutable once it came out of the vault.
 */
typedef struct
{
  gint64 row_id;
  GBytes *credential_id;
  char *rp_id;
  char *rp_name;
  GBytes *user_id;
  char *user_name;
  char *user_display_name;
  char *label;
  char *nickname;
  char *note;
  MortiseCredentialClass credential_class;
  MortiseAlgorithm algorithm;
  GBytes *public_key;
  gboolean discoverable;
  gboolean u2f;
  guint8 cred_protect;
  gboolean backup_eligible;
  gboolean backup_state;
  gboolean export_blocked;
  gboolean has_hmac_secret;
  gboolean has_large_blob_key;
  gboolean has_cred_blob;
  GBytes *history;
  gint64 created_at;
  gint64 last_used_at;
  gint64 deleted_at;
  guint64 use_count;
  guint8 last_flags;
  guint32 sign_count;
} MortiseCredential;

#define MORTISE_TYPE_CREDENTIAL (mortise_credential_get_type ())
GType mortise_credential_get_type (void);
MortiseCredential *mortise_credential_new (void);
MortiseCredential *mortise_credential_ref (MortiseCredential *credential);

/** mortise_credential_copy: (transfer full): a deep copy, to be changed for mortise_vault_update()
 */
MortiseCredential *mortise_credential_copy (const MortiseCredential *credential);
void mortise_credential_unref (MortiseCredential *credential);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseCredential, mortise_credential_unref)

/**
 * MortiseCredentialSecrets:
 * @key: the credential key at rest
 * @cred_random_with_uv, @cred_random_without_uv: (nullable): hmac-secret seeds, 32 bytes each
 * @large_blob_key: (nullable): 32 bytes
 * @cred_blob: (nullable): credBlob
 *
 * What is sealed with K_priv, readable only while the vault is unlocked.
 */
typedef struct
{
  MortiseTpmBlob *key;
  MortiseSecret *cred_random_with_uv;
  MortiseSecret *cred_random_without_uv;
  MortiseSecret *large_blob_key;
  GBytes *cred_blob;
} MortiseCredentialSecrets;

MortiseCredentialSecrets *mortise_credential_secrets_new (void);
void mortise_credential_secrets_free (MortiseCredentialSecrets *secrets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseCredentialSecrets, mortise_credential_secrets_free)

G_END_DECLS
