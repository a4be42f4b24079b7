/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/cbor-reader.h"
#include "core/ctap/cbor-writer.h"
#include "core/vault/credential.h"

G_BEGIN_DECLS

/** The one PublicKeyCredentialType there is. */
#define MORTISE_PUBLIC_KEY_TYPE "public-key"

/**
 * Bytes of a name that a client is told. libfido2, and with it OpenSSH and systemd, takes no answer
 * over 2,048 bytes, which two names of %MORTISE_NAME_MAX with what else is in it would be.
 */
#define MORTISE_CTAP_NAME_MAX 512

/** Options of makeCredential and getAssertion; %MORTISE_CBOR_NONE where absent. */
typedef struct
{
  MortiseCborValue rk;
  MortiseCborValue up;
  MortiseCborValue uv;
} MortiseCtapOptions;

/** mortise_ctap_read_options: reads the options map, which may be absent */
CtapStatus mortise_ctap_read_options (const MortiseCborValue *map, MortiseCtapOptions *ret_options);

/**
 * mortise_ctap_read_rp_id:
 *
 * Returns: %CTAP2_ERR_MISSING_PARAMETER if empty, %CTAP2_ERR_LIMIT_EXCEEDED over
 *   %MORTISE_RP_ID_MAX, %CTAP1_ERR_INVALID_PARAMETER with a control character: a site must not be
 *   able to look like another by what cannot be seen
 */
CtapStatus mortise_ctap_read_rp_id (const MortiseCborValue *text, char **ret_rp_id);

/**
 * mortise_ctap_dup_name:
 *
 * Returns: (transfer full) (nullable): the text, U+0000 replaced and cut by
 *   mortise_record_cut() where it is over %MORTISE_NAME_MAX; %NULL if absent
 */
char *mortise_ctap_dup_name (const MortiseCborValue *text);

/** A PublicKeyCredentialUserEntity as a client sends it. */
typedef struct
{
  GBytes *id;
  char *name;
  char *display_name;
} MortiseCtapUser;

/** mortise_ctap_read_user: @ret_user is untouched on failure */
CtapStatus mortise_ctap_read_user (const MortiseCborValue *map, MortiseCtapUser *ret_user);
void mortise_ctap_user_clear (MortiseCtapUser *user);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MortiseCtapUser, mortise_ctap_user_clear)

/**
 * mortise_ctap_read_descriptor:
 * @ret_id: (out): the credential id, or %MORTISE_CBOR_NONE for a type we do not know
 */
CtapStatus mortise_ctap_read_descriptor (const MortiseCborValue *map, MortiseCborValue *ret_id);

/** mortise_ctap_check_descriptors: checks every entry of an allowList or excludeList */
CtapStatus mortise_ctap_check_descriptors (const MortiseCborValue *list);

/**
 * mortise_ctap_dup_told_name:
 * @name: a name as it is stored
 *
 * Returns: (transfer full): what of it a client is told: cut by mortise_record_cut() where it is
 *   over %MORTISE_CTAP_NAME_MAX
 */
char *mortise_ctap_dup_told_name (const char *name);

/** mortise_ctap_write_user: the account as PublicKeyCredentialUserEntity; it must have an id; names
 * are those of mortise_ctap_dup_told_name() */
void mortise_ctap_write_user (MortiseCborWriter *writer,
                              const MortiseCredential *credential,
                              gboolean with_names);

void mortise_ctap_write_descriptor (MortiseCborWriter *writer, GBytes *credential_id);

G_END_DECLS
