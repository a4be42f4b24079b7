/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseRecordKind:
 *
 * What a member of a record map holds. OTHER stands for anything a newer version may have put
 * there.
 */
typedef enum
{
  MORTISE_RECORD_UNSIGNED,
  MORTISE_RECORD_NEGATIVE,
  MORTISE_RECORD_BYTES,
  MORTISE_RECORD_TEXT,
  MORTISE_RECORD_BOOL,
  MORTISE_RECORD_OTHER,
} MortiseRecordKind;

/**
 * MortiseRecordMember:
 * @key: the member's number
 * @kind: what it holds
 * @number: the value of UNSIGNED and BOOL; −1 − value for NEGATIVE, as CBOR encodes it
 * @data: (array length=size): the bytes of BYTES and TEXT, in the buffer that is read
 * @raw: (array length=raw_size): key and value as encoded
 */
typedef struct
{
  guint64 key;
  MortiseRecordKind kind;
  guint64 number;
  const guint8 *data;
  gsize size;
  const guint8 *raw;
  gsize raw_size;
} MortiseRecordMember;

/** Returns: %FALSE to stop: the record is wrong */
typedef gboolean (*MortiseRecordFunc) (const MortiseRecordMember *member, gpointer user_data);

/**
 * mortise_record_read:
 *
 * Reads a record: a CBOR map with unsigned keys. Values may be anything; nothing is allocated, so
 * that secrets stay where they are.
 *
 * Returns: %FALSE if @data is not exactly one such map, or @func said so
 */
gboolean
mortise_record_read (const guint8 *data, gsize size, MortiseRecordFunc func, gpointer user_data);

/**
 * MortiseRecordWriter:
 *
 * Writes a record into a buffer of the caller's, which may be locked memory. Running over the end
 * shows in mortise_record_writer_finish().
 */
typedef struct
{
  guint8 *buffer;
  gsize capacity;
  gsize used;
  guint16 members;
  gboolean overflow;
} MortiseRecordWriter;

void mortise_record_writer_init (MortiseRecordWriter *self, guint8 *buffer, gsize capacity);
void mortise_record_write_int (MortiseRecordWriter *self, guint key, gint64 value);
void mortise_record_write_unsigned (MortiseRecordWriter *self, guint key, guint64 value);
void mortise_record_write_bool (MortiseRecordWriter *self, guint key, gboolean value);
void mortise_record_write_text (MortiseRecordWriter *self, guint key, const char *text, gsize size);
void
mortise_record_write_bytes (MortiseRecordWriter *self, guint key, gconstpointer data, gsize size);

/** mortise_record_cut: Returns: how many bytes of @text, valid UTF-8, are at most @max and whole
 * user-perceived characters; of one that is longer than that, whole code points */
gsize mortise_record_cut (const char *text, gsize max);

/** mortise_record_write_raw: a member as it was read, key included */
void mortise_record_write_raw (MortiseRecordWriter *self, const MortiseRecordMember *member);

/** mortise_record_writer_finish: Returns: the record's size, or 0 if it did not fit */
gsize mortise_record_writer_finish (MortiseRecordWriter *self);

G_END_DECLS
