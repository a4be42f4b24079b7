/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator.h"

G_BEGIN_DECLS

/**
 * MortiseBackend:
 * @tpm: (nullable): the TPM, %NULL when it could not be opened
 * @vault: (nullable): the vault, %NULL when it could not be opened
 * @authenticator: (nullable): answers clients; %NULL when @vault is
 * @unopened: (nullable): the vault that could not be opened; good for mortise_vault_reset() only
 * @problem: (nullable): why @vault is %NULL
 * @lockout: the TPM's dictionary-attack state when it was opened
 *
 * TPM, vault and authenticator as one set: what worked together when it was opened, or why it did
 * not. Members do not change. Reference counted, so that a request under way keeps its set when
 * another is opened in its place.
 */
typedef struct
{
  MortiseTpm *tpm;
  MortiseVault *vault;
  MortiseVault *unopened;
  MortiseAuthenticator *authenticator;
  GError *problem;
  MortiseTpmLockout lockout;
} MortiseBackend;

/**
 * mortise_backend_open:
 * @tcti: (nullable): as mortise_esys_tpm_open()
 * @data_dir: the vault's folder
 * @keyring: where the login keyslot's secret lives
 * @consent: asks the person
 * @builtin_uv: whether the authenticator verifies on our own prompt
 *
 * Blocks while the TPM works. Never fails as a whole.
 *
 * Returns: (transfer full): what could be opened
 */
MortiseBackend *mortise_backend_open (const char *tcti,
                                      const char *data_dir,
                                      MortiseKeyring *keyring,
                                      MortiseConsent *consent,
                                      gboolean builtin_uv);

/** mortise_backend_close: closes the vault, so that another backend can open it; blocks */
void mortise_backend_close (MortiseBackend *backend);

MortiseBackend *mortise_backend_ref (MortiseBackend *backend);
void mortise_backend_unref (MortiseBackend *backend);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseBackend, mortise_backend_unref)

G_END_DECLS
