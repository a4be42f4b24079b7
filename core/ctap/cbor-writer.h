/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseCborWriter:
 *
 * Writes CBOR in the CTAP2 canonical encoding form (CTAP 2.1 §8): shortest integers and lengths,
 * definite lengths, sorted map keys. Cannot fail.
 */
typedef struct _MortiseCborWriter MortiseCborWriter;

/**
 * MortiseCborMap:
 *
 * A map being written. Its members are counted, and their order checked, as they come.
 */
typedef struct
{
  gsize header;
  guint count;
  gsize last_key;
  gsize last_key_size;
} MortiseCborMap;

/** Most members of one map that is written. */
#define MORTISE_CBOR_MAP_MAX 23

MortiseCborWriter *mortise_cbor_writer_new (void);
void mortise_cbor_writer_free (MortiseCborWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseCborWriter, mortise_cbor_writer_free)

/** mortise_cbor_writer_finish: Returns: (transfer full): what was written; the writer is empty */
GBytes *mortise_cbor_writer_finish (MortiseCborWriter *writer);

void mortise_cbor_write_int (MortiseCborWriter *writer, gint64 value);
void mortise_cbor_write_uint (MortiseCborWriter *writer, guint64 value);
void mortise_cbor_write_bool (MortiseCborWriter *writer, gboolean value);
void mortise_cbor_write_bytes (MortiseCborWriter *writer, gconstpointer data, gsize size);
void mortise_cbor_write_gbytes (MortiseCborWriter *writer, GBytes *bytes);
void mortise_cbor_write_text (MortiseCborWriter *writer, const char *text);

/** mortise_cbor_write_array: starts an array; exactly @count items follow */
void mortise_cbor_write_array (MortiseCborWriter *writer, gsize count);

/** mortise_cbor_write_raw: puts in what is canonical CBOR already */
void mortise_cbor_write_raw (MortiseCborWriter *writer, gconstpointer data, gsize size);

/** mortise_cbor_map_begin: starts a map of up to %MORTISE_CBOR_MAP_MAX members */
void mortise_cbor_map_begin (MortiseCborWriter *writer, MortiseCborMap *map);

/** mortise_cbor_map_key, _text_key: the next member's key, in canonical order; its value follows */
void mortise_cbor_map_key (MortiseCborWriter *writer, MortiseCborMap *map, gint64 key);
void mortise_cbor_map_text_key (MortiseCborWriter *writer, MortiseCborMap *map, const char *key);
void mortise_cbor_map_end (MortiseCborWriter *writer, MortiseCborMap *map);

G_END_DECLS
