/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * MortiseSealPlace:
 * @table: table name
 * @column: column name
 * @id: row id
 *
 * Where a sealed value belongs. It is authenticated with the value, so that values cannot be moved
 * about in the database.
 */
typedef struct
{
  const char *table;
  const char *column;
  gint64 id;
} MortiseSealPlace;

/** Version of what is in sealed values; the first byte of each, and authenticated. */
#define MORTISE_SEAL_VERSION 1
/** Bytes by which a sealed value is longer: version, nonce and tag. */
#define MORTISE_SEAL_OVERHEAD (1 + 12 + 16)
/** Bytes of mortise_seal_index(). */
#define MORTISE_SEAL_INDEX_SIZE 32

/**
 * mortise_seal:
 * @key: 32 bytes
 *
 * AES-256-GCM with a random nonce.
 *
 * Returns: (transfer full): version ‖ nonce ‖ ciphertext ‖ tag
 */
GBytes *mortise_seal (const MortiseSecret *key,
                      const MortiseSealPlace *place,
                      gconstpointer plain,
                      gsize size);

/**
 * mortise_seal_open:
 * @plain: (out caller-allocates): room for @size − %MORTISE_SEAL_OVERHEAD bytes
 *
 * Returns: %TRUE if @sealed was made with @key for @place; @plain is wiped otherwise
 */
gboolean mortise_seal_open (const MortiseSecret *key,
                            const MortiseSealPlace *place,
                            gconstpointer sealed,
                            gsize size,
                            guint8 *plain);

/**
 * mortise_seal_index:
 * @kind: what is indexed, so that equal bytes of different meaning differ
 * @first, @second: (nullable): what is indexed; the split between them matters
 *
 * HMAC-SHA256: what a person who has not @key sees of a value that is looked up.
 */
void mortise_seal_index (const MortiseSecret *key,
                         const char *kind,
                         gconstpointer first,
                         gsize first_size,
                         gconstpointer second,
                         gsize second_size,
                         guint8 ret_index[MORTISE_SEAL_INDEX_SIZE]);

G_END_DECLS
