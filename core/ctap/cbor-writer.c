/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/cbor-writer.h"

#include <cbor.h>
#include <string.h>

#include "core/ctap/cbor-reader.h"

struct _MortiseCborWriter
{
  GByteArray *bytes;
};

/* The longest head of an item: initial byte and 64-bit argument. */
#define HEAD_MAX 9

MortiseCborWriter *
mortise_cbor_writer_new (void)
{
  MortiseCborWriter *writer = g_new0 (MortiseCborWriter, 1);

  writer->bytes = g_byte_array_new ();
  return writer;
}

void
mortise_cbor_writer_free (MortiseCborWriter *writer)
{
  if (writer == NULL)
    return;
  g_byte_array_unref (writer->bytes);
  g_free (writer);
}

GBytes *
mortise_cbor_writer_finish (MortiseCborWriter *writer)
{
  GBytes *bytes = g_byte_array_free_to_bytes (writer->bytes);

  writer->bytes = g_byte_array_new ();
  return bytes;
}

void
mortise_cbor_write_raw (MortiseCborWriter *writer, gconstpointer data, gsize size)
{
  g_assert (size <= G_MAXUINT - writer->bytes->len);
  if (size > 0)
    g_byte_array_append (writer->bytes, data, (guint) size);
}

static void
write_head (MortiseCborWriter *writer,
            gsize (*encode) (guint64 value, unsigned char *buffer, gsize size),
            guint64 value)
{
  unsigned char head[HEAD_MAX];
  gsize size = encode (value, head, sizeof head);

  g_assert (size > 0);
  mortise_cbor_write_raw (writer, head, size);
}

void
mortise_cbor_write_uint (MortiseCborWriter *writer, guint64 value)
{
  write_head (writer, cbor_encode_uint, value);
}

void
mortise_cbor_write_int (MortiseCborWriter *writer, gint64 value)
{
  if (value >= 0)
    write_head (writer, cbor_encode_uint, (guint64) value);
  else
    write_head (writer, cbor_encode_negint, (guint64) (-1 - value));
}

void
mortise_cbor_write_bool (MortiseCborWriter *writer, gboolean value)
{
  unsigned char byte;
  gsize size = cbor_encode_bool (value != FALSE, &byte, sizeof byte);

  g_assert (size == sizeof byte);
  mortise_cbor_write_raw (writer, &byte, size);
}

void
mortise_cbor_write_bytes (MortiseCborWriter *writer, gconstpointer data, gsize size)
{
  write_head (writer, cbor_encode_bytestring_start, size);
  mortise_cbor_write_raw (writer, data, size);
}

void
mortise_cbor_write_gbytes (MortiseCborWriter *writer, GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  mortise_cbor_write_bytes (writer, data, size);
}

void
mortise_cbor_write_text (MortiseCborWriter *writer, const char *text)
{
  gsize size = strlen (text);

  write_head (writer, cbor_encode_string_start, size);
  mortise_cbor_write_raw (writer, text, size);
}

void
mortise_cbor_write_array (MortiseCborWriter *writer, gsize count)
{
  write_head (writer, cbor_encode_array_start, count);
}

void
mortise_cbor_map_begin (MortiseCborWriter *writer, MortiseCborMap *map)
{
  *map = (MortiseCborMap){ .header = writer->bytes->len };
  /* Filled in at the end; one byte is enough for MORTISE_CBOR_MAP_MAX. */
  write_head (writer, cbor_encode_map_start, 0);
}

static void
note_key (MortiseCborWriter *writer, MortiseCborMap *map, gsize start)
{
  gsize size = writer->bytes->len - start;

  g_assert (map->count < MORTISE_CBOR_MAP_MAX);
  if (map->count > 0)
    g_assert (mortise_cbor_compare_keys (writer->bytes->data + map->last_key, map->last_key_size,
                                         writer->bytes->data + start, size) < 0);
  map->count++;
  map->last_key = start;
  map->last_key_size = size;
}

void
mortise_cbor_map_key (MortiseCborWriter *writer, MortiseCborMap *map, gint64 key)
{
  gsize start = writer->bytes->len;

  mortise_cbor_write_int (writer, key);
  note_key (writer, map, start);
}

void
mortise_cbor_map_text_key (MortiseCborWriter *writer, MortiseCborMap *map, const char *key)
{
  gsize start = writer->bytes->len;

  mortise_cbor_write_text (writer, key);
  note_key (writer, map, start);
}

void
mortise_cbor_map_end (MortiseCborWriter *writer, MortiseCborMap *map)
{
  unsigned char *header = writer->bytes->data + map->header;

  gsize size = cbor_encode_map_start (map->count, header, 1);

  g_assert (size == 1);
}
