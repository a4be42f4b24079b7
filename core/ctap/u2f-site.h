/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/vault.h"

G_BEGIN_DECLS

/** Size of an application parameter: SHA-256 of the AppID (U2F Raw Message Formats §4.1). */
#define MORTISE_U2F_APPLICATION_SIZE 32

/**
 * mortise_u2f_site_name:
 * @application: the application parameter
 *
 * A U2F client tells only the hash of where the person is. What that stands for is known where some
 * name has this very hash: an RP ID that the vault has passkeys for (browsers hash it where a site
 * asks for WebAuthn and not U2F itself), or one of the AppIDs of well-known sites. No TPM command.
 *
 * Returns: (transfer full): the RP ID or AppID; else @application in lower-case hexadecimal
 */
char *mortise_u2f_site_name (MortiseVault *vault,
                             const guint8 application[MORTISE_U2F_APPLICATION_SIZE]);

/**
 * mortise_u2f_site_hash:
 *
 * SHA-256 of the RP ID or AppID that @credential is for: for one that is kept by a hash alone, that
 * hash. Through it a credential can be used in both protocols (CTAP 2.1 §10.3).
 */
void mortise_u2f_site_hash (const MortiseCredential *credential,
                            guint8 ret_application[MORTISE_U2F_APPLICATION_SIZE]);

/**
 * mortise_u2f_is_of_site:
 * @rp_id: the RP ID of a CTAP2 request; the AppID with WebAuthn's extension `appid`
 *
 * Returns: whether @credential is for that site
 */
gboolean mortise_u2f_is_of_site (const MortiseCredential *credential, const char *rp_id);

G_END_DECLS
