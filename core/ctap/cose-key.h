/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/cbor-reader.h"
#include "core/ctap/cbor-writer.h"
#include "core/tpm/tpm.h"

G_BEGIN_DECLS

/** COSE algorithm of a key agreement key: ECDH-ES + HKDF-256, by its number only (§6.5.6). */
#define MORTISE_COSE_ALG_KEY_AGREEMENT (-25)

/**
 * mortise_cose_key_from_info:
 *
 * Returns: (transfer full): the public key as canonical COSE_Key (RFC 9052 §7, RFC 9053 §7.1,
 *   RFC 8230 §4)
 */
GBytes *mortise_cose_key_from_info (const MortiseTpmKeyInfo *info);

/** mortise_cose_write_ec2: writes an EC2 COSE_Key with exactly kty, alg, crv, x and y */
void mortise_cose_write_ec2 (MortiseCborWriter *writer,
                             gint64 algorithm,
                             gint64 curve,
                             gconstpointer x,
                             gconstpointer y,
                             gsize coordinate_size);

/**
 * mortise_cose_read_key_agreement:
 * @ret_x, @ret_y: (out): into @value's message; 32 bytes each
 *
 * Returns: %CTAP1_ERR_SUCCESS, or %CTAP1_ERR_INVALID_PARAMETER for anything but a P-256 key
 *   agreement key. That the point is on the curve is checked where it is used.
 */
CtapStatus mortise_cose_read_key_agreement (const MortiseCborValue *value,
                                            const guint8 **ret_x,
                                            const guint8 **ret_y);

G_END_DECLS
