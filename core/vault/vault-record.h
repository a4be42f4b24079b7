/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/credential.h"

G_BEGIN_DECLS

/**
 * What the sealed columns hold. Members that a newer version added are kept when a record is
 * written anew: pass the old record as @previous.
 */

/** Room that any record of this version fits in, unknown members apart. */
#define MORTISE_RECORD_MAX 12288

/**
 * mortise_record_encode_metadata:
 * @previous: (nullable) (array length=previous_size): the record to be replaced
 *
 * Names over %MORTISE_NAME_MAX are cut by mortise_record_cut().
 *
 * Returns: (transfer full): CBOR; %NULL if it does not fit
 */
GBytes *mortise_record_encode_metadata (const MortiseCredential *credential,
                                        const guint8 *previous,
                                        gsize previous_size);

/** mortise_record_encode_usage: last_used_at, deleted_at, use_count, last_flags, sign_count;
 * Returns: (transfer full): as mortise_record_encode_metadata() */
GBytes *mortise_record_encode_usage (const MortiseCredential *credential,
                                     const guint8 *previous,
                                     gsize previous_size);

/** mortise_record_decode_metadata: fills @credential in; Returns: %FALSE if @data is no such record
 */
gboolean
mortise_record_decode_metadata (MortiseCredential *credential, const guint8 *data, gsize size);

/** mortise_record_decode_usage: fills @credential in; Returns: %FALSE if @data is no such record */
gboolean
mortise_record_decode_usage (MortiseCredential *credential, const guint8 *data, gsize size);

/** mortise_record_encode_secrets: Returns: (transfer full): CBOR in locked memory; %NULL if it does
 * not fit; @ret_size bytes of it are in use */
MortiseSecret *mortise_record_encode_secrets (const MortiseCredentialSecrets *secrets,
                                              gsize *ret_size);

/** mortise_record_decode_secrets: Returns: (transfer full) (nullable): the secrets; %NULL if @data
 * is no such record or has no key */
MortiseCredentialSecrets *mortise_record_decode_secrets (const guint8 *data, gsize size);

G_END_DECLS
