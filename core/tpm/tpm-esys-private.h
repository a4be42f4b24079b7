/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <tss2/tss2_esys.h>

#include "core/tpm/tpm-blob-private.h"
#include "core/tpm/tpm-error-private.h"
#include "core/tpm/tpm-esys.h"
#include "core/tpm/tpm-tcti-tap.h"

G_BEGIN_DECLS

/** Where TCG's provisioning guidance puts the storage root key. */
#define MORTISE_SRK_HANDLE 0x81000001

/** First handle of transient objects. (TPM2_TRANSIENT_FIRST is a shift into the sign bit.) */
#define MORTISE_TRANSIENT_FIRST 0x80000000u

/** Least number of objects (and of sessions) that every TPM and resource manager keeps for one
 * client: TPM_PT_HR_TRANSIENT_MIN of the PC Client profile, and the kernel's limit per open file.
 */
#define MORTISE_TRANSIENT_SLOTS 3

/**
 * MortiseEsysObject:
 * @tr: ESAPI's handle, %ESYS_TR_NONE while the object is not in the TPM
 * @saved: (nullable): its saved context, good until the TPM is reset
 * @blob: (nullable): the object at rest, to load it anew after a reset
 * @last_use: the attempt (MortiseEsysTpm.attempt) that used it last
 *
 * An object that we keep in the TPM, and can bring back after it was swapped out or lost.
 */
typedef struct
{
  ESYS_TR tr;
  TPMS_CONTEXT *saved;
  MortiseTpmBlob *blob;
  guint64 last_use;
} MortiseEsysObject;

/**
 * MortiseSrkKind:
 * @MORTISE_SRK_PERSISTENT: 0x81000001
 * @MORTISE_SRK_TRANSIENT: primary of the TCG template, unique field empty
 * @MORTISE_SRK_TRANSIENT_ZEROS: the same with a unique field of zeros, as some systems provision it
 *
 * The places where the storage root key may be found, in the order of search.
 */
typedef enum
{
  MORTISE_SRK_PERSISTENT,
  MORTISE_SRK_TRANSIENT,
  MORTISE_SRK_TRANSIENT_ZEROS,
  MORTISE_SRK_N_KINDS,
} MortiseSrkKind;

struct _MortiseEsysTpm
{
  MortiseTpm parent_instance;

  GRecMutex lock;
  char *tcti_config;
  /* A resource manager keeps our objects apart from other programs'. */
  gboolean managed;
  MortiseTctiTap *tap;
  TSS2_TCTI_CONTEXT *tcti;
  ESYS_CONTEXT *esys;
  MortiseTpmInfo info;
  gboolean has_create_loaded;

  MortiseSrkKind srk_kind;
  MortiseEsysObject srk;
  /* The Name the root key must have; NULL until attached. */
  GBytes *srk_name;
  ESYS_TR session;

  MortiseEsysObject vault_parent;
  MortiseSecret *vault_parent_auth;

  GHashTable *keys;
  guint32 last_key;

  guint64 attempt;
  /* An authorisation of the present operation went to the TPM: it must not be sent again. */
  gboolean auth_spent;
};

/* --- tpm-esys.c: running operations ------------------------------------------------------------
 */

/** A step does one operation with ESAPI; it may be called again from its start. */
typedef TSS2_RC (*MortiseEsysStep) (MortiseEsysTpm *self, gpointer data);

/**
 * mortise_esys_run:
 *
 * Runs @step under the TPM's lock. Waits and repeats when the TPM asks for it, renews session and
 * objects once when they were lost, makes room once when the TPM is full, reconnects once; never
 * repeats a step that spent an authorisation.
 */
gboolean
mortise_esys_run (MortiseEsysTpm *self, MortiseEsysStep step, gpointer data, GError **error);

/* --- tpm-connection.c: the way to the TPM ------------------------------------------------------
 */

TSS2_RC mortise_esys_connect (MortiseEsysTpm *self);
void mortise_esys_disconnect (MortiseEsysTpm *self);

/**
 * mortise_esys_restart:
 *
 * Flushes all we have in the TPM and gives ESAPI's memory back, the connection kept. ESAPI keeps
 * copies of authValues in its sessions and of secrets in its buffers, and has no way to wipe them;
 * what is freed is wiped (see mortise_secret_init_memory()).
 */
void mortise_esys_restart (MortiseEsysTpm *self);

/** mortise_esys_forget_all: flushes session and objects, to be brought back when needed */
void mortise_esys_forget_all (MortiseEsysTpm *self);

/* --- tpm-capabilities.c ------------------------------------------------------------------------
 */

/** mortise_esys_read_capabilities: fills self->info; GIVE_UP codes mean an unsuitable TPM */
gboolean mortise_esys_read_capabilities (MortiseEsysTpm *self, GError **error);

/** mortise_tpm_is_software: by what the TPM says of itself; firmware TPMs are none */
gboolean mortise_tpm_is_software (const char *manufacturer, const char *vendor);
gboolean mortise_esys_get_lockout (MortiseTpm *tpm, MortiseTpmLockout *ret_lockout, GError **error);

/* --- tpm-device.c ------------------------------------------------------------------------------
 */

/**
 * mortise_tpm_device_find:
 * @dev_dir, @class_dir: "/dev" and "/sys/class/tpm"; tests give others
 *
 * Returns: (transfer full): a TCTI string; %MORTISE_ERROR_TPM_MISSING, _TPM_ACCESS, _TPM_BUSY or
 *   _TPM_UNSUITABLE (a TPM 1.2)
 */
char *mortise_tpm_device_find (const char *dev_dir, const char *class_dir, GError **error);

/** mortise_tpm_device_check: tries to open the node at @path */
gboolean mortise_tpm_device_check (const char *path, GError **error);

/* --- tpm-object.c: objects kept in the TPM -----------------------------------------------------
 */

void mortise_esys_object_init (MortiseEsysObject *object);

/** mortise_esys_object_clear: flushes it if it is loaded, and frees what it holds */
void mortise_esys_object_clear (MortiseEsysTpm *self, MortiseEsysObject *object);

/** mortise_esys_object_forget: the TPM (or the connection) no longer has it */
void mortise_esys_object_forget (MortiseEsysTpm *self, MortiseEsysObject *object);

/** mortise_esys_object_restore: loads the saved context; %FALSE if there is none that loads */
gboolean mortise_esys_object_restore (MortiseEsysTpm *self, MortiseEsysObject *object);

/** mortise_esys_object_save: keeps a saved context, so that swapping out costs one command */
TSS2_RC mortise_esys_object_save (MortiseEsysTpm *self, MortiseEsysObject *object);

/** mortise_esys_object_swap_out: frees the slot; a later use brings the object back */
TSS2_RC mortise_esys_object_swap_out (MortiseEsysTpm *self, MortiseEsysObject *object);

/** mortise_esys_object_touch: marks it as needed by the present attempt */
void mortise_esys_object_touch (MortiseEsysTpm *self, MortiseEsysObject *object);

/** mortise_esys_make_room: frees slots until one more object fits, the longest unused first */
TSS2_RC mortise_esys_make_room (MortiseEsysTpm *self);

/** mortise_esys_free_slots: frees every slot of the kind that @rc says is wanting. Returns: if any
 */
gboolean mortise_esys_free_slots (MortiseEsysTpm *self, TSS2_RC rc);

/** mortise_esys_flush_tr: flushes and forgets @tr, whatever the TPM says about it */
void mortise_esys_flush_tr (MortiseEsysTpm *self, ESYS_TR *tr);

/* --- tpm-srk.c: the storage root key -----------------------------------------------------------
 */

gboolean
mortise_esys_attach (MortiseTpm *tpm, GBytes *expected_name, GBytes **ret_name, GError **error);

/** mortise_esys_need_srk: brings the pinned root key into the TPM */
TSS2_RC mortise_esys_need_srk (MortiseEsysTpm *self);

/** mortise_esys_release_srk: frees the slot of a transient root key */
void mortise_esys_release_srk (MortiseEsysTpm *self);

/** mortise_esys_under_srk: @rc of a command authorised by the root key, a password there named */
TSS2_RC mortise_esys_under_srk (TSS2_RC rc);

/** mortise_esys_load_under_srk: TPM2_Load; the new object is the caller's to flush */
TSS2_RC
mortise_esys_load_under_srk (MortiseEsysTpm *self, const MortiseTpmBlob *blob, ESYS_TR *ret_tr);

/* --- tpm-session.c -----------------------------------------------------------------------------
 */

/** mortise_esys_need_session: starts the salted session if there is none */
TSS2_RC mortise_esys_need_session (MortiseEsysTpm *self);
void mortise_esys_drop_session (MortiseEsysTpm *self);

/**
 * mortise_esys_start_session:
 * @bind: object whose authValue goes into the session key, or %ESYS_TR_NONE
 */
TSS2_RC mortise_esys_start_session (MortiseEsysTpm *self, ESYS_TR bind, ESYS_TR *ret_session);

/**
 * mortise_esys_set_session:
 * @attributes: %TPMA_SESSION_DECRYPT for a command whose first parameter is a TPM2B and secret,
 *   %TPMA_SESSION_ENCRYPT for such a response, or 0; the session always goes on
 */
TSS2_RC
mortise_esys_set_session (MortiseEsysTpm *self, ESYS_TR session, TPMA_SESSION attributes);

/** mortise_esys_need_srk_session: the salted session, so set, and the root key: all that a command
 * under the root key needs */
TSS2_RC mortise_esys_need_srk_session (MortiseEsysTpm *self, TPMA_SESSION attributes);

/** mortise_esys_set_auth: gives ESAPI @auth for @tr; %NULL wipes what it had */
TSS2_RC mortise_esys_set_auth (MortiseEsysTpm *self, ESYS_TR tr, const MortiseSecret *auth);

/** mortise_esys_fill_auth: @auth as TPM2B_AUTH, without the trailing zeros that TPMs drop */
void mortise_esys_fill_auth (const MortiseSecret *auth, TPM2B_AUTH *ret_auth);

/* --- tpm-parent.c, tpm-credential-key.c, tpm-seal.c --------------------------------------------
 */

MortiseTpmBlob *
mortise_esys_create_parent (MortiseTpm *tpm, const MortiseSecret *auth, GError **error);
gboolean mortise_esys_load_parent (MortiseTpm *tpm,
                                   const MortiseTpmBlob *blob,
                                   const MortiseSecret *auth,
                                   GError **error);
void mortise_esys_unload_parent (MortiseTpm *tpm);

/** mortise_esys_need_parent: brings the vault parent into the TPM */
TSS2_RC mortise_esys_need_parent (MortiseEsysTpm *self);

MortiseTpmKey *mortise_esys_create_key (MortiseTpm *tpm,
                                        MortiseAlgorithm algorithm,
                                        MortiseKeyClass key_class,
                                        MortiseTpmBlob **ret_blob,
                                        GError **error);
MortiseTpmKey *mortise_esys_load_key (MortiseTpm *tpm, const MortiseTpmBlob *blob, GError **error);
MortiseTpmKeyInfo *mortise_esys_read_key (MortiseTpm *tpm, MortiseTpmKey *key, GError **error);
GBytes *mortise_esys_sign (MortiseTpm *tpm, MortiseTpmKey *key, GBytes *digest, GError **error);
void mortise_esys_flush_key (MortiseTpm *tpm, guint32 handle);

/** mortise_esys_key_free: frees a member of self->keys that is not loaded any more */
void mortise_esys_key_free (gpointer data);

/** mortise_tpm_export_policy: the authPolicy of exportable keys, 32 bytes, computed here */
void mortise_tpm_export_policy (TPM2B_DIGEST *ret_policy);

MortiseTpmBlob *mortise_esys_seal (MortiseTpm *tpm,
                                   const MortiseSecret *secret,
                                   const MortiseSecret *auth,
                                   gboolean dictionary_attack_protected,
                                   GError **error);
MortiseSecret *mortise_esys_unseal (MortiseTpm *tpm,
                                    const MortiseTpmBlob *blob,
                                    const MortiseSecret *auth,
                                    GError **error);

/* --- wiping --------------------------------------------------------------------------------- */

void mortise_wipe_auth (TPM2B_AUTH *auth);
void mortise_wipe_sensitive (TPM2B_SENSITIVE_CREATE *sensitive);
void mortise_wipe_sensitive_data (TPM2B_SENSITIVE_DATA *data);

typedef TPM2B_AUTH MortiseWipedAuth;
typedef TPM2B_SENSITIVE_CREATE MortiseWipedSensitive;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MortiseWipedAuth, mortise_wipe_auth)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MortiseWipedSensitive, mortise_wipe_sensitive)

G_END_DECLS
