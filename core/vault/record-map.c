/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/record-map.h"

#include <cbor.h>
#include <string.h>

#include "core/text/display-text.h"

/* Map of up to 65,535 members: its head has a fixed size, so that members can be counted on the
 * way. */
#define HEAD_SIZE     3
#define HEAD_MAP16    0xb9
#define DEPTH_MAX     8
#define INTEGER_BYTES 9

/* --- Reading -----------------------------------------------------------------------------------
 */

typedef enum
{
  TOKEN_NONE,
  TOKEN_VALUE,
  TOKEN_CONTAINER,
  TOKEN_TAG,
  TOKEN_UNSUPPORTED,
} TokenKind;

/* One data item's head, as the streaming decoder reports it. */
typedef struct
{
  TokenKind token;
  MortiseRecordKind kind;
  guint64 number;
  const guint8 *data;
  gsize size;
  guint64 children;
} Token;

static void
set_value (gpointer user_data, MortiseRecordKind kind, guint64 number)
{
  Token *token = user_data;

  token->token = TOKEN_VALUE;
  token->kind = kind;
  token->number = number;
}

static void
on_uint8 (void *token, uint8_t value)
{
  set_value (token, MORTISE_RECORD_UNSIGNED, value);
}

static void
on_uint16 (void *token, uint16_t value)
{
  set_value (token, MORTISE_RECORD_UNSIGNED, value);
}

static void
on_uint32 (void *token, uint32_t value)
{
  set_value (token, MORTISE_RECORD_UNSIGNED, value);
}

static void
on_uint64 (void *token, uint64_t value)
{
  set_value (token, MORTISE_RECORD_UNSIGNED, value);
}

static void
on_negint8 (void *token, uint8_t value)
{
  set_value (token, MORTISE_RECORD_NEGATIVE, value);
}

static void
on_negint16 (void *token, uint16_t value)
{
  set_value (token, MORTISE_RECORD_NEGATIVE, value);
}

static void
on_negint32 (void *token, uint32_t value)
{
  set_value (token, MORTISE_RECORD_NEGATIVE, value);
}

static void
on_negint64 (void *token, uint64_t value)
{
  set_value (token, MORTISE_RECORD_NEGATIVE, value);
}

static void
on_bool (void *token, bool value)
{
  set_value (token, MORTISE_RECORD_BOOL, value);
}

static void
on_bytes (void *user_data, cbor_data data, size_t size)
{
  Token *token = user_data;

  set_value (token, MORTISE_RECORD_BYTES, 0);
  token->data = data;
  token->size = size;
}

static void
on_text (void *user_data, cbor_data data, size_t size)
{
  Token *token = user_data;

  set_value (token, MORTISE_RECORD_TEXT, 0);
  token->data = data;
  token->size = size;
}

static void
on_array (void *user_data, size_t size)
{
  Token *token = user_data;

  token->token = TOKEN_CONTAINER;
  token->kind = MORTISE_RECORD_OTHER;
  token->children = size;
}

static void
on_map (void *user_data, size_t size)
{
  Token *token = user_data;

  token->token = TOKEN_CONTAINER;
  token->kind = MORTISE_RECORD_OTHER;
  token->children = (guint64) size * 2;
}

static void
on_tag (void *user_data, uint64_t tag)
{
  Token *token = user_data;

  token->token = TOKEN_TAG;
  token->kind = MORTISE_RECORD_OTHER;
}

static void
on_simple (void *token)
{
  set_value (token, MORTISE_RECORD_OTHER, 0);
}

static void
on_float (void *token, float value)
{
  set_value (token, MORTISE_RECORD_OTHER, 0);
}

static void
on_double (void *token, double value)
{
  set_value (token, MORTISE_RECORD_OTHER, 0);
}

/* No version writes items of indefinite length. */
static void
on_indefinite (void *user_data)
{
  ((Token *) user_data)->token = TOKEN_UNSUPPORTED;
}

static const struct cbor_callbacks callbacks = {
  .uint8 = on_uint8,
  .uint16 = on_uint16,
  .uint32 = on_uint32,
  .uint64 = on_uint64,
  .negint8 = on_negint8,
  .negint16 = on_negint16,
  .negint32 = on_negint32,
  .negint64 = on_negint64,
  .byte_string_start = on_indefinite,
  .byte_string = on_bytes,
  .string = on_text,
  .string_start = on_indefinite,
  .indef_array_start = on_indefinite,
  .array_start = on_array,
  .indef_map_start = on_indefinite,
  .map_start = on_map,
  .tag = on_tag,
  .float2 = on_float,
  .float4 = on_float,
  .float8 = on_double,
  .undefined = on_simple,
  .null = on_simple,
  .boolean = on_bool,
  .indef_break = on_indefinite,
};

static gboolean
read_token (const guint8 *data, gsize size, gsize *offset, Token *ret_token)
{
  struct cbor_decoder_result result;

  memset (ret_token, 0, sizeof *ret_token);
  if (*offset >= size)
    return FALSE;
  result = cbor_stream_decode (data + *offset, size - *offset, &callbacks, ret_token);
  if (result.status != CBOR_DECODER_FINISHED || ret_token->token == TOKEN_NONE ||
      ret_token->token == TOKEN_UNSUPPORTED)
    return FALSE;
  *offset += result.read;
  return TRUE;
}

/* Passes over what is inside @token, to any kind of item that a newer version may write. */
static gboolean
skip_inside (const guint8 *data, gsize size, gsize *offset, const Token *token, guint depth)
{
  guint64 children = token->token == TOKEN_TAG ? 1 : token->children;

  if (token->token == TOKEN_VALUE)
    return TRUE;
  if (depth == 0 || children > size)
    return FALSE;
  for (guint64 i = 0; i < children; i++)
    {
      Token child;

      if (!read_token (data, size, offset, &child) ||
          !skip_inside (data, size, offset, &child, depth - 1))
        return FALSE;
    }
  return TRUE;
}

gboolean
mortise_record_read (const guint8 *data, gsize size, MortiseRecordFunc func, gpointer user_data)
{
  gsize offset = 0;
  Token head;

  if (!read_token (data, size, &offset, &head) || head.token != TOKEN_CONTAINER ||
      (data[0] >> 5) != 5)
    return FALSE;

  for (guint64 i = 0; i < head.children / 2; i++)
    {
      MortiseRecordMember member = { 0 };
      gsize start = offset;
      Token key, value;

      if (!read_token (data, size, &offset, &key) || key.token != TOKEN_VALUE ||
          key.kind != MORTISE_RECORD_UNSIGNED || !read_token (data, size, &offset, &value) ||
          !skip_inside (data, size, &offset, &value, DEPTH_MAX))
        return FALSE;
      member.key = key.number;
      member.kind = value.kind;
      member.number = value.number;
      member.data = value.data;
      member.size = value.size;
      member.raw = data + start;
      member.raw_size = offset - start;
      if (!func (&member, user_data))
        return FALSE;
    }
  return offset == size;
}

/* --- Writing -----------------------------------------------------------------------------------
 */

void
mortise_record_writer_init (MortiseRecordWriter *self, guint8 *buffer, gsize capacity)
{
  g_assert (capacity >= HEAD_SIZE);

  *self = (MortiseRecordWriter){ .buffer = buffer, .capacity = capacity, .used = HEAD_SIZE };
}

static gboolean
reserve (MortiseRecordWriter *self, gsize size)
{
  if (self->overflow || size > self->capacity - self->used || self->members == G_MAXUINT16)
    {
      self->overflow = TRUE;
      return FALSE;
    }
  return TRUE;
}

static gboolean
write_key (MortiseRecordWriter *self, guint key, gsize value_size)
{
  if (!reserve (self, INTEGER_BYTES + value_size))
    return FALSE;
  self->used += cbor_encode_uint (key, self->buffer + self->used, INTEGER_BYTES);
  self->members++;
  return TRUE;
}

void
mortise_record_write_unsigned (MortiseRecordWriter *self, guint key, guint64 value)
{
  if (write_key (self, key, INTEGER_BYTES))
    self->used += cbor_encode_uint (value, self->buffer + self->used, INTEGER_BYTES);
}

void
mortise_record_write_int (MortiseRecordWriter *self, guint key, gint64 value)
{
  if (value >= 0)
    mortise_record_write_unsigned (self, key, (guint64) value);
  else if (write_key (self, key, INTEGER_BYTES))
    self->used +=
        cbor_encode_negint ((guint64) (-1 - value), self->buffer + self->used, INTEGER_BYTES);
}

void
mortise_record_write_bool (MortiseRecordWriter *self, guint key, gboolean value)
{
  if (write_key (self, key, 1))
    self->used += cbor_encode_bool (value, self->buffer + self->used, 1);
}

static void
write_data (MortiseRecordWriter *self, gconstpointer data, gsize size)
{
  if (size > 0)
    memcpy (self->buffer + self->used, data, size);
  self->used += size;
}

void
mortise_record_write_text (MortiseRecordWriter *self, guint key, const char *text, gsize size)
{
  if (!write_key (self, key, INTEGER_BYTES + size))
    return;
  self->used += cbor_encode_string_start (size, self->buffer + self->used, INTEGER_BYTES);
  write_data (self, text, size);
}

void
mortise_record_write_bytes (MortiseRecordWriter *self, guint key, gconstpointer data, gsize size)
{
  if (!write_key (self, key, INTEGER_BYTES + size))
    return;
  self->used += cbor_encode_bytestring_start (size, self->buffer + self->used, INTEGER_BYTES);
  write_data (self, data, size);
}

void
mortise_record_write_raw (MortiseRecordWriter *self, const MortiseRecordMember *member)
{
  if (!reserve (self, member->raw_size))
    return;
  write_data (self, member->raw, member->raw_size);
  self->members++;
}

gsize
mortise_record_cut (const char *text, gsize max)
{
  gsize size = strlen (text);

  if (size <= max)
    return size;
  size = mortise_display_text_fit (text, max);
  if (size > 0)
    return size;
  /* A continuation byte at the cut belongs to a character that began before it. */
  while (max > 0 && ((guint8) text[max] & 0xc0) == 0x80)
    max--;
  return max;
}

gsize
mortise_record_writer_finish (MortiseRecordWriter *self)
{
  if (self->overflow)
    return 0;
  self->buffer[0] = HEAD_MAP16;
  self->buffer[1] = (guint8) (self->members >> 8);
  self->buffer[2] = (guint8) self->members;
  return self->used;
}
