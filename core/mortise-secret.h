/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseSecret:
 *
 * Bytes that must not leave this process by accident: a PIN, K_sign, K_meta, a seed. They live in
 * locked memory that is left out of core dumps, are wiped when freed and are compared in constant
 * time. A secret has a fixed size, is not thread-safe and is never turned into a string.
 */
typedef struct _MortiseSecret MortiseSecret;

/** Largest secret, in bytes. All secrets share one small locked region. */
#define MORTISE_SECRET_MAX_SIZE 8192

/**
 * mortise_secret_init_memory:
 *
 * Reserves the locked region and makes the process non-dumpable (PR_SET_DUMPABLE 0, no core file).
 * From then on all memory that is freed is overwritten, as libraries copy what they are given.
 * Called first thing in main() of every process that sees a secret. Calling it again does nothing.
 *
 * Returns: %TRUE if the region is really locked; %FALSE if the limit on locked memory forbade it,
 *   in which case secrets still work and the health page says so
 */
gboolean mortise_secret_init_memory (void);

/**
 * mortise_secret_new:
 * @size: size in bytes, 1 to %MORTISE_SECRET_MAX_SIZE
 *
 * Returns: (transfer full): a secret of @size zero bytes, to be filled through
 *   mortise_secret_get_bytes()
 */
MortiseSecret *mortise_secret_new (gsize size);

/**
 * mortise_secret_new_from_data:
 * @data: (array length=size): bytes to copy; the caller still wipes its own
 * @size: as for mortise_secret_new()
 *
 * Returns: (transfer full): a secret holding a copy of @data
 */
MortiseSecret *mortise_secret_new_from_data (const void *data, gsize size);

/**
 * mortise_secret_new_random:
 * @size: as for mortise_secret_new()
 *
 * Returns: (transfer full): a secret of @size bytes from the system's random generator; aborts
 *   the process if that fails, as nothing sensible can follow
 */
MortiseSecret *mortise_secret_new_random (gsize size);

/** mortise_secret_copy: Returns: (transfer full): another secret with the same bytes */
MortiseSecret *mortise_secret_copy (const MortiseSecret *secret);

/** mortise_secret_free: wipes and frees @secret, which may be %NULL */
void mortise_secret_free (MortiseSecret *secret);

/** mortise_secret_get_bytes: Returns: (transfer none): the bytes, writable, valid until freed */
guint8 *mortise_secret_get_bytes (MortiseSecret *secret);

/** mortise_secret_peek: Returns: (transfer none): the bytes, read-only, valid until freed */
const guint8 *mortise_secret_peek (const MortiseSecret *secret);

/** mortise_secret_get_size: Returns: the size in bytes */
gsize mortise_secret_get_size (const MortiseSecret *secret);

/** mortise_secret_equal: Returns: %TRUE if size and bytes are equal; constant time in the bytes */
gboolean mortise_secret_equal (const MortiseSecret *a, const MortiseSecret *b);

/**
 * mortise_secret_derive:
 * @ikm: input key material
 * @salt: (nullable): HKDF salt
 * @info: HKDF info, a fixed ASCII label
 * @size: bytes wanted, 1 to 255 × 32
 *
 * HKDF-SHA256 (RFC 5869), extract and expand.
 *
 * Returns: (transfer full): the derived secret
 */
MortiseSecret *
mortise_secret_derive (const MortiseSecret *ikm, GBytes *salt, const char *info, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseSecret, mortise_secret_free)

G_END_DECLS
