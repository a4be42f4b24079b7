/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tpm/tpm.h"

G_BEGIN_DECLS

/**
 * MortiseFakeTpmOperation:
 *
 * The operations that calls, failures and hooks are counted by. %MORTISE_FAKE_TPM_ANY stands for
 * each of them.
 */
typedef enum
{
  MORTISE_FAKE_TPM_GET_LOCKOUT,
  MORTISE_FAKE_TPM_ATTACH,
  MORTISE_FAKE_TPM_CREATE_PARENT,
  MORTISE_FAKE_TPM_LOAD_PARENT,
  MORTISE_FAKE_TPM_UNLOAD_PARENT,
  MORTISE_FAKE_TPM_CREATE_KEY,
  MORTISE_FAKE_TPM_LOAD_KEY,
  MORTISE_FAKE_TPM_READ_KEY,
  MORTISE_FAKE_TPM_SIGN,
  MORTISE_FAKE_TPM_SEAL,
  MORTISE_FAKE_TPM_UNSEAL,
  MORTISE_FAKE_TPM_FLUSH,
  MORTISE_FAKE_TPM_N_OPERATIONS,
  MORTISE_FAKE_TPM_ANY = MORTISE_FAKE_TPM_N_OPERATIONS,
} MortiseFakeTpmOperation;

/**
 * MortiseFakeTpm:
 *
 * A TPM in memory with real keys (OpenSSL), real public areas and blobs that only a fake TPM of
 * the same seed reads: a vault can be reopened with another object of the same seed ("reboot"),
 * and another seed is another TPM. Threads may share one.
 */
#define MORTISE_TYPE_FAKE_TPM (mortise_fake_tpm_get_type ())
G_DECLARE_FINAL_TYPE (MortiseFakeTpm, mortise_fake_tpm, MORTISE, FAKE_TPM, MortiseTpm)

/** mortise_fake_tpm_new: keys from the system's random generator; @seed tells TPMs apart */
MortiseTpm *mortise_fake_tpm_new (const char *seed);

/**
 * mortise_fake_tpm_new_deterministic:
 *
 * For fuzzers: every key, blob and ECDSA signature follows from @seed and the order of calls. The
 * one RSA key there is comes from the process, as making one takes too long.
 */
MortiseTpm *mortise_fake_tpm_new_deterministic (const char *seed);

/**
 * mortise_fake_tpm_fail:
 * @operation: which, or %MORTISE_FAKE_TPM_ANY
 * @skip: let so many calls pass first
 * @times: then fail so many; %G_MAXUINT for ever, 0 to fail no more
 * @code: with this error
 *
 * Replaces what was set for @operation before. UNLOAD_PARENT and FLUSH cannot fail.
 */
void mortise_fake_tpm_fail (MortiseFakeTpm *self,
                            MortiseFakeTpmOperation operation,
                            guint skip,
                            guint times,
                            MortiseError code);

/**
 * mortise_fake_tpm_set_hook:
 * @hook: (nullable): called in the calling thread before each operation is done, without the
 *   fake's own lock: may wait, and may call the vault
 */
typedef void (*MortiseFakeTpmHook) (MortiseFakeTpm *self,
                                    MortiseFakeTpmOperation operation,
                                    gpointer user_data);
void mortise_fake_tpm_set_hook (MortiseFakeTpm *self, MortiseFakeTpmHook hook, gpointer user_data);

/** mortise_fake_tpm_count_calls: Returns: calls since it was made or reset, failed ones included */
guint mortise_fake_tpm_count_calls (MortiseFakeTpm *self, MortiseFakeTpmOperation operation);
void mortise_fake_tpm_reset_calls (MortiseFakeTpm *self);

/** mortise_fake_tpm_count_loaded: Returns: keys loaded and not flushed, the parent not counted */
guint mortise_fake_tpm_count_loaded (MortiseFakeTpm *self);
gboolean mortise_fake_tpm_has_parent (MortiseFakeTpm *self);

/** mortise_fake_tpm_set_slots: Returns %MORTISE_ERROR_TPM_SLOTS over @slots keys; 0 for no limit */
void mortise_fake_tpm_set_slots (MortiseFakeTpm *self, guint slots);

/** mortise_fake_tpm_set_max_tries: wrong tries that lead to lockout (32 at first) */
void mortise_fake_tpm_set_max_tries (MortiseFakeTpm *self, guint max_tries);

/** mortise_fake_tpm_heal_lockout: as if the lockout's time were over */
void mortise_fake_tpm_heal_lockout (MortiseFakeTpm *self);

/** mortise_fake_tpm_edit_info: Returns: (transfer none): what get_info() answers, to be changed */
MortiseTpmInfo *mortise_fake_tpm_edit_info (MortiseFakeTpm *self);

G_END_DECLS
