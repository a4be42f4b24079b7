/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/mortise-error.h"
#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * MortiseKeyClass:
 * @MORTISE_KEY_DEVICE_ONLY: fixedTPM | fixedParent | sensitiveDataOrigin: cannot leave this TPM
 * @MORTISE_KEY_EXPORTABLE: neither fixedTPM nor fixedParent; authPolicy is
 *   PolicyCommandCode(TPM2_CC_Duplicate)
 *
 * What the TPM itself enforces for a credential key. Settled when the key is created: it is part
 * of the key's Name (TPM 2.0 Library, Part 1, "Names"; Part 2, "TPMA_OBJECT").
 */
typedef enum
{
  MORTISE_KEY_DEVICE_ONLY,
  MORTISE_KEY_EXPORTABLE,
} MortiseKeyClass;

/** COSE algorithm identifiers (IANA COSE registry) of the keys that a TPM can hold. */
typedef enum
{
  MORTISE_ALG_ES256 = -7,
  MORTISE_ALG_ES384 = -35,
  MORTISE_ALG_RS256 = -257,
} MortiseAlgorithm;

/**
 * MortiseTpmInfo:
 * @manufacturer: TPM_PT_MANUFACTURER as text, for example "INTC", "IBM"
 * @vendor: TPM_PT_VENDOR_STRING_1…4 as text, trimmed; may be empty
 * @firmware: TPM_PT_FIRMWARE_VERSION_1 and _2
 * @revision: TPM_PT_REVISION × 100, for example 138 or 159
 * @software: a known simulator answers (swtpm / libtpms and the like): keys are only as safe as a
 *   file, and the person is told so
 * @hypervisor_hint: the machine is a virtual machine, so that the TPM is whatever the host made it
 * @es384: P-384 and SHA-384 are implemented
 * @rs256: RSA-2048 with RSASSA and SHA-256 is implemented
 *
 * What this TPM is and can do. Fixed while the process runs.
 */
typedef struct
{
  char manufacturer[5];
  char vendor[20];
  guint32 firmware[2];
  guint32 revision;
  gboolean software;
  gboolean hypervisor_hint;
  gboolean es384;
  gboolean rs256;
} MortiseTpmInfo;

/**
 * MortiseTpmLockout:
 * @in_lockout: authorisations of objects under dictionary-attack protection are refused just now
 * @failed_tries: TPM_PT_LOCKOUT_COUNTER
 * @max_tries: TPM_PT_MAX_AUTH_FAIL
 * @interval: seconds after which one failed try is forgiven (TPM_PT_LOCKOUT_INTERVAL)
 *
 * The TPM's dictionary-attack state, which is one for the whole machine.
 */
typedef struct
{
  gboolean in_lockout;
  guint32 failed_tries;
  guint32 max_tries;
  guint32 interval;
} MortiseTpmLockout;

/**
 * MortiseTpmBlob:
 * @public_area: marshalled TPM2B_PUBLIC
 * @private_area: marshalled TPM2B_PRIVATE, encrypted by the TPM under the object's parent
 *
 * A TPM object at rest. Neither half is usable without the TPM that made it.
 */
typedef struct
{
  GBytes *public_area;
  GBytes *private_area;
} MortiseTpmBlob;

MortiseTpmBlob *mortise_tpm_blob_new (GBytes *public_area, GBytes *private_area);
void mortise_tpm_blob_free (MortiseTpmBlob *blob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseTpmBlob, mortise_tpm_blob_free)

/**
 * MortiseTpmKeyInfo:
 * @algorithm: the key's algorithm
 * @x: (nullable): affine x, big-endian, 32 or 48 bytes; %NULL for RSA
 * @y: (nullable): affine y, as @x
 * @modulus: (nullable): RSA modulus, big-endian, 256 bytes; the exponent is 65537
 * @name: the object's Name: nameAlg (2 bytes) and digest
 * @attributes: TPMA_OBJECT as read from the TPM
 * @policy: authPolicy digest, empty when there is none
 *
 * The public side of a loaded key, as TPM2_ReadPublic or the creation answered it.
 */
typedef struct
{
  MortiseAlgorithm algorithm;
  GBytes *x;
  GBytes *y;
  GBytes *modulus;
  GBytes *name;
  guint32 attributes;
  GBytes *policy;
} MortiseTpmKeyInfo;

void mortise_tpm_key_info_free (MortiseTpmKeyInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseTpmKeyInfo, mortise_tpm_key_info_free)

/**
 * mortise_tpm_key_info_is_device_only:
 * @info: attributes read from the TPM
 *
 * Returns: %TRUE only where fixedTPM, fixedParent and sensitiveDataOrigin are all set. This is the
 *   only ground on which the words "device-only" may be shown.
 */
gboolean mortise_tpm_key_info_is_device_only (const MortiseTpmKeyInfo *info);

#define MORTISE_TYPE_TPM (mortise_tpm_get_type ())
G_DECLARE_DERIVABLE_TYPE (MortiseTpm, mortise_tpm, MORTISE, TPM, GObject)

/** A key or sealed object loaded in the TPM; flushed when freed. Holds a reference to its TPM. */
typedef struct _MortiseTpmKey MortiseTpmKey;

/**
 * MortiseTpmClass:
 *
 * A TPM 2.0 as the vault needs it. `MortiseEsysTpm` (tpm-esys.h) is the real one; tests and fuzzers
 * derive a fake one with injected failures. Every function blocks for as long as the TPM takes and
 * may be called from any thread; an implementation serialises. Out-parameters are untouched on
 * failure.
 */
struct _MortiseTpmClass
{
  GObjectClass parent_class;

  const MortiseTpmInfo *(*get_info) (MortiseTpm *self);
  gboolean (*get_lockout) (MortiseTpm *self, MortiseTpmLockout *ret_lockout, GError **error);
  gboolean (*attach) (MortiseTpm *self, GBytes *expected_name, GBytes **ret_name, GError **error);
  MortiseTpmBlob *(*create_parent) (MortiseTpm *self, const MortiseSecret *auth, GError **error);
  gboolean (*load_parent) (MortiseTpm *self,
                           const MortiseTpmBlob *blob,
                           const MortiseSecret *auth,
                           GError **error);
  void (*unload_parent) (MortiseTpm *self);
  MortiseTpmKey *(*create_key) (MortiseTpm *self,
                                MortiseAlgorithm algorithm,
                                MortiseKeyClass key_class,
                                MortiseTpmBlob **ret_blob,
                                GError **error);
  MortiseTpmKey *(*load_key) (MortiseTpm *self, const MortiseTpmBlob *blob, GError **error);
  MortiseTpmKeyInfo *(*read_key) (MortiseTpm *self, MortiseTpmKey *key, GError **error);
  GBytes *(*sign) (MortiseTpm *self, MortiseTpmKey *key, GBytes *digest, GError **error);
  MortiseTpmBlob *(*seal) (MortiseTpm *self,
                           const MortiseSecret *secret,
                           const MortiseSecret *auth,
                           gboolean dictionary_attack_protected,
                           GError **error);
  MortiseSecret *(*unseal) (MortiseTpm *self,
                            const MortiseTpmBlob *blob,
                            const MortiseSecret *auth,
                            GError **error);
  /* Flushes the object behind @handle (the implementation's own number for it). */
  void (*flush) (MortiseTpm *self, guint32 handle);
};

/** For implementations: wraps @handle so that freeing the key calls flush(). (transfer full) */
MortiseTpmKey *mortise_tpm_key_new (MortiseTpm *tpm, guint32 handle);
/** For implementations: the number that mortise_tpm_key_new() was given */
guint32 mortise_tpm_key_get_handle (MortiseTpmKey *key);

/**
 * mortise_tpm_key_free:
 *
 * Flushes the key from the TPM, at once or with mortise_tpm_flush_delayed(). @key may be %NULL.
 */
void mortise_tpm_key_free (MortiseTpmKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseTpmKey, mortise_tpm_key_free)

/**
 * mortise_tpm_delay_flushes:
 *
 * From now on keys that are freed stay in the TPM until mortise_tpm_flush_delayed(): a client need
 * not wait for a flush between the signature and its response. Calls nest.
 */
void mortise_tpm_delay_flushes (MortiseTpm *self);

/** mortise_tpm_flush_delayed: ends one mortise_tpm_delay_flushes(); the last flushes what waited */
void mortise_tpm_flush_delayed (MortiseTpm *self);

/** mortise_tpm_get_info: Returns: (transfer none): what this TPM is and can do; never fails */
const MortiseTpmInfo *mortise_tpm_get_info (MortiseTpm *self);

/** mortise_tpm_get_lockout: asks the TPM for its dictionary-attack state */
gboolean mortise_tpm_get_lockout (MortiseTpm *self, MortiseTpmLockout *ret_lockout, GError **error);

/**
 * mortise_tpm_attach:
 * @expected_name: (nullable): Name of the storage root key stored in the vault, or %NULL when a
 *   vault is about to be made
 * @ret_name: (out) (optional) (transfer full): the Name found
 *
 * Finds the storage root key (0x81000001 if present and of the TCG ECC P-256 template, else a
 * transient primary of that template in the owner hierarchy) and checks its Name. Idempotent.
 *
 * Returns: %TRUE on success; %MORTISE_ERROR_TPM_OTHER when the Name is not @expected_name, that is
 *   when the TPM was replaced or cleared
 */
gboolean
mortise_tpm_attach (MortiseTpm *self, GBytes *expected_name, GBytes **ret_name, GError **error);

/**
 * mortise_tpm_create_parent:
 * @auth: K_sign, 32 bytes, becomes the parent's authValue
 *
 * Creates the vault parent: an ECC P-256 restricted decryption (storage) key under the storage
 * root key, fixedTPM | fixedParent | sensitiveDataOrigin | userWithAuth | noDA. noDA because
 * K_sign is 256 random bits: it cannot be guessed and must not feed the machine's lockout counter.
 *
 * Returns: (transfer full): the parent at rest
 */
MortiseTpmBlob *
mortise_tpm_create_parent (MortiseTpm *self, const MortiseSecret *auth, GError **error);

/**
 * mortise_tpm_load_parent:
 *
 * Loads the vault parent and keeps it loaded, with @auth, until mortise_tpm_unload_parent().
 * Replaces a parent loaded before; nothing happens if it is the same. Whether @auth is right shows
 * at first use only. %MORTISE_ERROR_TPM_OTHER if @blob was made by another TPM, or before this one
 * was cleared.
 */
gboolean mortise_tpm_load_parent (MortiseTpm *self,
                                  const MortiseTpmBlob *blob,
                                  const MortiseSecret *auth,
                                  GError **error);

/**
 * mortise_tpm_unload_parent:
 *
 * Flushes the parent and every key under it, and forgets its authValue. A key that is still held
 * works again once the parent is loaded again, and answers %MORTISE_ERROR_VAULT_LOCKED until then.
 * Idempotent.
 */
void mortise_tpm_unload_parent (MortiseTpm *self);

/**
 * mortise_tpm_create_key:
 * @ret_blob: (out) (transfer full): the key at rest, to be stored
 *
 * Creates a credential signing key under the loaded parent, and leaves it loaded: sign |
 * sensitiveDataOrigin | userWithAuth with empty authValue, and for %MORTISE_KEY_DEVICE_ONLY
 * fixedTPM | fixedParent, for %MORTISE_KEY_EXPORTABLE authPolicy PolicyCommandCode(Duplicate).
 * Scheme NULL in the template's place is not used: ECDSA with the algorithm's hash, or RSASSA.
 *
 * Returns: (transfer full): the loaded key; %MORTISE_ERROR_VAULT_LOCKED without a parent,
 *   %MORTISE_ERROR_TPM_UNSUITABLE if the TPM cannot do @algorithm
 */
MortiseTpmKey *mortise_tpm_create_key (MortiseTpm *self,
                                       MortiseAlgorithm algorithm,
                                       MortiseKeyClass key_class,
                                       MortiseTpmBlob **ret_blob,
                                       GError **error);

/**
 * mortise_tpm_load_key:
 *
 * Loads a credential key under the loaded parent. One TPM command.
 *
 * Returns: (transfer full): the loaded key; %MORTISE_ERROR_VAULT_LOCKED without a parent,
 *   %MORTISE_ERROR_TPM_AUTH if the parent's authValue is wrong, %MORTISE_ERROR_VAULT_DAMAGED if
 *   @blob does not parse or is no child of this parent
 */
MortiseTpmKey *mortise_tpm_load_key (MortiseTpm *self, const MortiseTpmBlob *blob, GError **error);

/**
 * mortise_tpm_read_key:
 *
 * Returns: (transfer full): the key's public side as TPM2_ReadPublic answers it now
 */
MortiseTpmKeyInfo *mortise_tpm_read_key (MortiseTpm *self, MortiseTpmKey *key, GError **error);

/**
 * mortise_tpm_blob_read_info:
 *
 * Parses the public area of a key at rest; no TPM command. Good for the public key's coordinates;
 * no proof of anything about where the private key lives.
 *
 * Returns: (transfer full): the public side; %MORTISE_ERROR_VAULT_DAMAGED if it does not parse
 */
MortiseTpmKeyInfo *mortise_tpm_blob_read_info (const MortiseTpmBlob *blob, GError **error);

/**
 * mortise_tpm_blob_get_name:
 * @blob: any object at rest, a storage key as well
 *
 * No TPM command.
 *
 * Returns: (transfer full): the object's Name: nameAlg (2 bytes) and digest;
 *   %MORTISE_ERROR_VAULT_DAMAGED if its public area does not parse
 */
GBytes *mortise_tpm_blob_get_name (const MortiseTpmBlob *blob, GError **error);

/**
 * mortise_tpm_sign:
 * @digest: 32 bytes (ES256, RS256) or 48 bytes (ES384)
 *
 * One TPM command.
 *
 * Returns: (transfer full): the signature as WebAuthn wants it: DER Ecdsa-Sig-Value, or the RSA
 *   signature, 256 bytes (WebAuthn L2 §6.5.6)
 */
GBytes *mortise_tpm_sign (MortiseTpm *self, MortiseTpmKey *key, GBytes *digest, GError **error);

/**
 * mortise_tpm_seal:
 * @secret: 1 to 128 bytes
 * @auth: authValue, 1 to 32 bytes
 * @dictionary_attack_protected: %TRUE leaves noDA clear: wrong tries count in the TPM's lockout
 *
 * Seals @secret under the storage root key (fixedTPM | fixedParent | userWithAuth).
 *
 * Returns: (transfer full): the sealed object at rest
 */
MortiseTpmBlob *mortise_tpm_seal (MortiseTpm *self,
                                  const MortiseSecret *secret,
                                  const MortiseSecret *auth,
                                  gboolean dictionary_attack_protected,
                                  GError **error);

/**
 * mortise_tpm_unseal:
 *
 * Loads, unseals over a salted session bound to the object, and flushes. Exactly one TPM2_Unseal;
 * never retried after an authorisation failure.
 *
 * Returns: (transfer full): the secret; %MORTISE_ERROR_TPM_AUTH for a wrong @auth,
 *   %MORTISE_ERROR_TPM_LOCKOUT when the TPM refuses to try
 */
MortiseSecret *mortise_tpm_unseal (MortiseTpm *self,
                                   const MortiseTpmBlob *blob,
                                   const MortiseSecret *auth,
                                   GError **error);

G_END_DECLS
