/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-mutate.h"

#include <cbor.h>
#include <stdlib.h>
#include <string.h>

#include "core/ctap/cbor-reader.h"

#define MAX_SIZE 7608

/* Every place in the tree that holds an item. */
static void
collect (GPtrArray *places, cbor_item_t **place)
{
  cbor_item_t *item = *place;

  g_ptr_array_add (places, place);
  if (cbor_isa_map (item))
    {
      struct cbor_pair *pairs = cbor_map_handle (item);

      for (gsize i = 0; i < cbor_map_size (item); i++)
        {
          collect (places, &pairs[i].key);
          collect (places, &pairs[i].value);
        }
    }
  else if (cbor_isa_array (item))
    {
      for (gsize i = 0; i < cbor_array_size (item); i++)
        collect (places, &cbor_array_handle (item)[i]);
    }
}

static cbor_item_t *
new_number (FuzzInput *input)
{
  static const guint64 interesting[] = {
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    15,
    16,
    23,
    24,
    31,
    32,
    33,
    63,
    64,
    65,
    255,
    256,
    1023,
    1024,
    1025,
    G_MAXUINT16,
    G_MAXUINT32,
    (guint64) G_MAXUINT32 + 1,
    G_MAXINT64,
    (guint64) G_MAXINT64 + 1,
    G_MAXUINT64,
  };
  guint64 value = interesting[fuzz_input_below (input, G_N_ELEMENTS (interesting))];

  if (value < 256)
    return cbor_build_uint8 ((guint8) value);
  if (value <= G_MAXUINT16)
    return cbor_build_uint16 ((guint16) value);
  return value <= G_MAXUINT32 ? cbor_build_uint32 ((guint32) value) : cbor_build_uint64 (value);
}

static cbor_item_t *
new_string (FuzzInput *input, gboolean text)
{
  static const guint sizes[] = { 0, 1, 4, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 253, 254, 1025 };
  guint size = sizes[fuzz_input_below (input, G_N_ELEMENTS (sizes))];
  g_autofree char *content = g_malloc (size + 1);

  memset (content, text ? 'a' : fuzz_input_byte (input), size);
  return text ? cbor_build_stringn (content, size)
              : cbor_build_bytestring ((cbor_data) content, size);
}

static cbor_item_t *
new_item (GPtrArray *places, FuzzInput *input)
{
  cbor_item_t **other = g_ptr_array_index (places, fuzz_input_u16 (input) % places->len);
  cbor_item_t *item;

  switch (fuzz_input_below (input, 12))
    {
    case 0:
      item = new_number (input);
      cbor_mark_negint (item);
      return item;
    case 1:
      return new_string (input, FALSE);
    case 2:
      return new_string (input, TRUE);
    case 3:
      return cbor_build_bool (fuzz_input_bool (input));
    case 4:
      return cbor_new_null ();
    case 5:
      return cbor_new_definite_map (0);
    case 6:
      return cbor_new_definite_array (0);
    case 7:
      return cbor_build_float8 (1.5);
    case 8:
      return cbor_new_indefinite_array ();
    case 9:
    case 10:
      return cbor_copy (*other);
    default:
      return new_number (input);
    }
}

static void
replace (GPtrArray *places, cbor_item_t **place, FuzzInput *input)
{
  cbor_item_t *old = *place;

  *place = new_item (places, input);
  cbor_decref (&old);
}

/* Members that go, or change places. */
static void
change_map (cbor_item_t *map, FuzzInput *input)
{
  struct cbor_pair *pairs = cbor_map_handle (map);
  gsize size = cbor_map_size (map);
  gsize at, other;
  struct cbor_pair pair;

  if (size == 0)
    return;
  at = fuzz_input_below (input, (guint) size);
  pair = pairs[at];
  if (fuzz_input_byte (input) < 0xc0)
    {
      memmove (pairs + at, pairs + at + 1, (size - at - 1) * sizeof *pairs);
      map->metadata.map_metadata.end_ptr--;
      cbor_decref (&pair.key);
      cbor_decref (&pair.value);
      return;
    }
  other = fuzz_input_below (input, (guint) size);
  pairs[at] = pairs[other];
  pairs[other] = pair;
}

static void
change_content (cbor_item_t *item, FuzzInput *input)
{
  gboolean text = cbor_isa_string (item);
  guint8 *data = text ? cbor_string_handle (item) : cbor_bytestring_handle (item);
  gsize size = text ? cbor_string_length (item) : cbor_bytestring_length (item);

  if (size > 0)
    data[fuzz_input_u16 (input) % size] = fuzz_input_byte (input);
}

static void
change (GPtrArray *places, FuzzInput *input)
{
  cbor_item_t **place = g_ptr_array_index (places, fuzz_input_u16 (input) % places->len);
  guint how = fuzz_input_below (input, 4);

  if (how == 0 && cbor_isa_map (*place))
    change_map (*place, input);
  else if (how == 1 && ((cbor_isa_string (*place) && cbor_string_is_definite (*place)) ||
                        (cbor_isa_bytestring (*place) && cbor_bytestring_is_definite (*place))))
    change_content (*place, input);
  else
    replace (places, place, input);
}

GBytes *
fuzz_mutate_cbor (GBytes *request, FuzzInput *input)
{
  g_autoptr (GPtrArray) places = g_ptr_array_new ();
  struct cbor_load_result result;
  gsize size, encoded_size, room;
  const guint8 *data = g_bytes_get_data (request, &size);
  cbor_item_t *root = NULL;
  MortiseCborValue value;
  guint8 *encoded = NULL;
  GByteArray *changed;

  /* libcbor believes a length before it has seen what follows. */
  if (size > 1 && mortise_cbor_parse (data + 1, size - 1, &value) == CTAP1_ERR_SUCCESS)
    root = cbor_load (data + 1, size - 1, &result);
  if (root == NULL)
    return g_bytes_ref (request);
  collect (places, &root);
  change (places, input);
  encoded_size = cbor_serialize_alloc (root, &encoded, &room);
  cbor_decref (&root);
  changed = g_byte_array_new ();
  g_byte_array_append (changed, data, 1);
  g_byte_array_append (changed, encoded, (guint) MIN (encoded_size, MAX_SIZE));
  free (encoded);
  return g_byte_array_free_to_bytes (changed);
}
