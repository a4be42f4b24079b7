/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/cbor-reader.h"

#include <cbor.h>
#include <string.h>

/* One item as libcbor's streaming decoder saw it: head only for containers. */
typedef struct
{
  MortiseCborValue value;
  /* The argument of the head, whose encoding has to be the shortest; strings: their length. */
  guint64 argument;
  gboolean has_argument;
  gboolean refused;
} Item;

static void
on_uint (Item *item, guint64 value)
{
  item->argument = value;
  item->has_argument = TRUE;
  item->value.type = value <= G_MAXINT64 ? MORTISE_CBOR_INT : MORTISE_CBOR_OTHER;
  item->value.number = value <= G_MAXINT64 ? (gint64) value : 0;
}

static void
on_negint (Item *item, guint64 value)
{
  item->argument = value;
  item->has_argument = TRUE;
  item->value.type = value <= G_MAXINT64 ? MORTISE_CBOR_INT : MORTISE_CBOR_OTHER;
  item->value.number = value <= G_MAXINT64 ? -1 - (gint64) value : 0;
}

static void
on_uint8 (void *context, uint8_t value)
{
  on_uint (context, value);
}

static void
on_uint16 (void *context, uint16_t value)
{
  on_uint (context, value);
}

static void
on_uint32 (void *context, uint32_t value)
{
  on_uint (context, value);
}

static void
on_uint64 (void *context, uint64_t value)
{
  on_uint (context, value);
}

static void
on_negint8 (void *context, uint8_t value)
{
  on_negint (context, value);
}

static void
on_negint16 (void *context, uint16_t value)
{
  on_negint (context, value);
}

static void
on_negint32 (void *context, uint32_t value)
{
  on_negint (context, value);
}

static void
on_negint64 (void *context, uint64_t value)
{
  on_negint (context, value);
}

static void
on_string (Item *item, MortiseCborType type, const guint8 *data, gsize size)
{
  item->argument = size;
  item->has_argument = TRUE;
  item->value = (MortiseCborValue){ .type = type, .data = data, .size = size };
}

/* GLib refuses U+0000, which is valid in CBOR: what it means is for the reader to say. */
static gboolean
is_utf8 (const guint8 *data, gsize size)
{
  const guint8 *end = data + size;

  while (size > 0)
    {
      const guint8 *nul = memchr (data, 0, size);
      gsize part = nul != NULL ? (gsize) (nul - data) : size;

      if (!g_utf8_validate_len ((const char *) data, part, NULL))
        return FALSE;
      if (nul == NULL)
        return TRUE;
      data = nul + 1;
      size = (gsize) (end - data);
    }
  return TRUE;
}

static void
on_bytes (void *context, cbor_data data, size_t size)
{
  on_string (context, MORTISE_CBOR_BYTES, data, size);
}

static void
on_text (void *context, cbor_data data, size_t size)
{
  Item *item = context;

  on_string (item, MORTISE_CBOR_TEXT, data, size);
  item->refused = !is_utf8 (data, size);
}

static void
on_container (Item *item, MortiseCborType type, gsize count)
{
  item->argument = count;
  item->has_argument = TRUE;
  item->value.type = type;
  item->value.number = count <= G_MAXINT32 ? (gint64) count : G_MAXINT32;
}

static void
on_array (void *context, size_t count)
{
  on_container (context, MORTISE_CBOR_ARRAY, count);
}

static void
on_map (void *context, size_t count)
{
  on_container (context, MORTISE_CBOR_MAP, count);
}

static void
on_bool (void *context, bool value)
{
  Item *item = context;

  item->value.type = MORTISE_CBOR_BOOL;
  item->value.number = value ? 1 : 0;
}

static void
on_other (void *context)
{
  Item *item = context;

  item->value.type = MORTISE_CBOR_OTHER;
}

static void
on_float (void *context, float value)
{
  (void) value;
  on_other (context);
}

static void
on_double (void *context, double value)
{
  (void) value;
  on_other (context);
}

static void
on_refused (void *context)
{
  Item *item = context;

  item->refused = TRUE;
}

static void
on_tag (void *context, uint64_t tag)
{
  (void) tag;
  on_refused (context);
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
  .byte_string = on_bytes,
  .byte_string_start = on_refused,
  .string = on_text,
  .string_start = on_refused,
  .array_start = on_array,
  .indef_array_start = on_refused,
  .map_start = on_map,
  .indef_map_start = on_refused,
  .tag = on_tag,
  .float2 = on_float,
  .float4 = on_float,
  .float8 = on_double,
  .undefined = on_other,
  .null = on_other,
  .boolean = on_bool,
  .indef_break = on_refused,
};

/* Bytes of the shortest head that holds @argument. */
static gsize
shortest_head (guint64 argument)
{
  if (argument < 24)
    return 1;
  if (argument <= G_MAXUINT8)
    return 2;
  if (argument <= G_MAXUINT16)
    return 3;
  return argument <= G_MAXUINT32 ? 5 : 9;
}

/* Reads one item, of containers the head only. Returns how many bytes it takes, or 0. */
static gsize
read_item (const guint8 *data, gsize size, MortiseCborValue *ret_value)
{
  Item item = { 0 };
  struct cbor_decoder_result result;
  gsize content;

  if (size == 0)
    return 0;
  result = cbor_stream_decode (data, size, &callbacks, &item);
  if (result.status != CBOR_DECODER_FINISHED || item.refused ||
      item.value.type == MORTISE_CBOR_NONE || result.read == 0 || result.read > size)
    return 0;

  content = item.value.size;
  if (content > result.read)
    return 0;
  if (item.has_argument && result.read - content != shortest_head (item.argument))
    return 0;
  *ret_value = item.value;
  return result.read;
}

int
mortise_cbor_compare_keys (const guint8 *a, gsize a_size, const guint8 *b, gsize b_size)
{
  int a_major = a[0] >> 5;
  int b_major = b[0] >> 5;

  if (a_major != b_major)
    return a_major - b_major;
  if (a_size != b_size)
    return a_size < b_size ? -1 : 1;
  return memcmp (a, b, a_size);
}

static gsize check_value (const guint8 *data, gsize size, guint depth, MortiseCborValue *ret_value);

static gsize
check_array (const guint8 *data, gsize size, guint depth, gint64 count)
{
  gsize used = 0;

  for (gint64 i = 0; i < count; i++)
    {
      MortiseCborValue value;
      gsize n = check_value (data + used, size - used, depth, &value);

      if (n == 0)
        return G_MAXSIZE;
      used += n;
    }
  return used;
}

static gsize
check_map (const guint8 *data, gsize size, guint depth, gint64 count)
{
  gsize used = 0;
  const guint8 *last_key = NULL;
  gsize last_key_size = 0;

  for (gint64 i = 0; i < count; i++)
    {
      MortiseCborValue value;
      const guint8 *key = data + used;
      gsize n = check_value (key, size - used, depth, &value);

      if (n == 0)
        return G_MAXSIZE;
      if (last_key != NULL && mortise_cbor_compare_keys (last_key, last_key_size, key, n) >= 0)
        return G_MAXSIZE;
      last_key = key;
      last_key_size = n;
      used += n;

      n = check_value (data + used, size - used, depth, &value);
      if (n == 0)
        return G_MAXSIZE;
      used += n;
    }
  return used;
}

/* Checks one value with all that is in it. Returns how many bytes it takes, or 0. */
static gsize
check_value (const guint8 *data, gsize size, guint depth, MortiseCborValue *ret_value)
{
  MortiseCborValue value;
  gsize head = read_item (data, size, &value);
  gsize content;

  if (head == 0)
    return 0;
  if (value.type != MORTISE_CBOR_ARRAY && value.type != MORTISE_CBOR_MAP)
    {
      value.encoded = data;
      value.encoded_size = head;
      *ret_value = value;
      return head;
    }

  if (depth >= MORTISE_CBOR_DEPTH_MAX)
    return 0;
  content = value.type == MORTISE_CBOR_ARRAY
                ? check_array (data + head, size - head, depth + 1, value.number)
                : check_map (data + head, size - head, depth + 1, value.number);
  if (content == G_MAXSIZE)
    return 0;
  value.data = data + head;
  value.size = content;
  value.encoded = data;
  value.encoded_size = head + content;
  *ret_value = value;
  return head + content;
}

CtapStatus
mortise_cbor_parse (const guint8 *data, gsize size, MortiseCborValue *ret_value)
{
  MortiseCborValue value;

  if (size == 0 || check_value (data, size, 0, &value) != size)
    return CTAP2_ERR_INVALID_CBOR;
  *ret_value = value;
  return CTAP1_ERR_SUCCESS;
}

void
mortise_cbor_iter_init (MortiseCborIter *iter, const MortiseCborValue *container)
{
  gboolean empty = container->type != MORTISE_CBOR_ARRAY && container->type != MORTISE_CBOR_MAP;

  iter->data = empty ? NULL : container->data;
  iter->size = empty ? 0 : container->size;
}

gboolean
mortise_cbor_iter_next (MortiseCborIter *iter, MortiseCborValue *ret_value)
{
  MortiseCborValue value;
  gsize n;

  if (iter->size == 0)
    return FALSE;
  /* The message was checked as a whole: depth was too. */
  n = check_value (iter->data, iter->size, 0, &value);
  if (n == 0)
    return FALSE;
  iter->data += n;
  iter->size -= n;
  *ret_value = value;
  return TRUE;
}

gboolean
mortise_cbor_iter_next_member (MortiseCborIter *iter,
                               MortiseCborValue *ret_key,
                               MortiseCborValue *ret_value)
{
  MortiseCborValue key;

  if (!mortise_cbor_iter_next (iter, &key) || !mortise_cbor_iter_next (iter, ret_value))
    return FALSE;
  *ret_key = key;
  return TRUE;
}

gboolean
mortise_cbor_text_equal (const MortiseCborValue *value, const char *text)
{
  gsize size = strlen (text);

  return value->type == MORTISE_CBOR_TEXT && value->size == size &&
         memcmp (value->data, text, size) == 0;
}

GBytes *
mortise_cbor_value_to_bytes (const MortiseCborValue *value)
{
  return g_bytes_new (value->data, value->size);
}

static const MortiseCborMember *
find_member (const MortiseCborMember *members, gsize n_members, const MortiseCborValue *key)
{
  for (gsize i = 0; i < n_members; i++)
    {
      if (members[i].name != NULL ? mortise_cbor_text_equal (key, members[i].name)
                                  : key->type == MORTISE_CBOR_INT && key->number == members[i].key)
        return &members[i];
    }
  return NULL;
}

CtapStatus
mortise_cbor_read_members (const MortiseCborValue *map,
                           const MortiseCborMember *members,
                           gsize n_members,
                           gpointer ret_struct)
{
  MortiseCborIter iter;
  MortiseCborValue key;
  MortiseCborValue value;

  if (map->type != MORTISE_CBOR_MAP)
    return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;

  for (gsize i = 0; i < n_members; i++)
    *(MortiseCborValue *) G_STRUCT_MEMBER_P (ret_struct, members[i].offset) =
        (MortiseCborValue){ .type = MORTISE_CBOR_NONE };

  mortise_cbor_iter_init (&iter, map);
  while (mortise_cbor_iter_next_member (&iter, &key, &value))
    {
      const MortiseCborMember *member = find_member (members, n_members, &key);

      if (member == NULL)
        continue;
      if (value.type != member->type)
        return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
      *(MortiseCborValue *) G_STRUCT_MEMBER_P (ret_struct, member->offset) = value;
    }

  for (gsize i = 0; i < n_members; i++)
    {
      const MortiseCborValue *read = G_STRUCT_MEMBER_P (ret_struct, members[i].offset);

      if (members[i].required && read->type == MORTISE_CBOR_NONE)
        return CTAP2_ERR_MISSING_PARAMETER;
    }
  return CTAP1_ERR_SUCCESS;
}
