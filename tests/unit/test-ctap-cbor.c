/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/cbor-reader.h"
#include "core/ctap/cbor-writer.h"
#include "tests/support/hex.h"

#include <string.h>

static CtapStatus
parse_hex (const char *hex, MortiseCborValue *ret_value)
{
  static GBytes *kept = NULL;
  gsize size;
  const guint8 *data;

  g_clear_pointer (&kept, g_bytes_unref);
  if (hex == NULL)
    return CTAP1_ERR_SUCCESS;
  kept = hex_to_bytes (hex);
  data = g_bytes_get_data (kept, &size);
  return mortise_cbor_parse (data, size, ret_value);
}

static void
test_accepted (void)
{
  static const struct
  {
    const char *hex;
    MortiseCborType type;
    gint64 number;
  } cases[] = {
    { "00", MORTISE_CBOR_INT, 0 },
    { "17", MORTISE_CBOR_INT, 23 },
    { "1818", MORTISE_CBOR_INT, 24 },
    { "18ff", MORTISE_CBOR_INT, 255 },
    { "190100", MORTISE_CBOR_INT, 256 },
    { "1a00010000", MORTISE_CBOR_INT, 65536 },
    { "1b0000000100000000", MORTISE_CBOR_INT, G_GINT64_CONSTANT (4294967296) },
    { "1b7fffffffffffffff", MORTISE_CBOR_INT, G_MAXINT64 },
    { "1b8000000000000000", MORTISE_CBOR_OTHER, 0 },
    { "1bffffffffffffffff", MORTISE_CBOR_OTHER, 0 },
    { "20", MORTISE_CBOR_INT, -1 },
    { "390100", MORTISE_CBOR_INT, -257 },
    { "3b7fffffffffffffff", MORTISE_CBOR_INT, G_MININT64 },
    { "3b8000000000000000", MORTISE_CBOR_OTHER, 0 },
    { "40", MORTISE_CBOR_BYTES, 0 },
    { "43010203", MORTISE_CBOR_BYTES, 0 },
    { "60", MORTISE_CBOR_TEXT, 0 },
    { "62c3a9", MORTISE_CBOR_TEXT, 0 },
    { "63610062", MORTISE_CBOR_TEXT, 0 },
    { "80", MORTISE_CBOR_ARRAY, 0 },
    { "820102", MORTISE_CBOR_ARRAY, 2 },
    { "a0", MORTISE_CBOR_MAP, 0 },
    { "a201020304", MORTISE_CBOR_MAP, 2 },
    { "81818180", MORTISE_CBOR_ARRAY, 1 },
    /* Integers before text, short keys before long ones, then by bytes. */
    { "a50100200061610061620062616100", MORTISE_CBOR_MAP, 5 },
    { "f4", MORTISE_CBOR_BOOL, 0 },
    { "f5", MORTISE_CBOR_BOOL, 1 },
    { "f6", MORTISE_CBOR_OTHER, 0 },
    { "f7", MORTISE_CBOR_OTHER, 0 },
    { "fb3ff0000000000000", MORTISE_CBOR_OTHER, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      MortiseCborValue value = { 0 };

      g_test_message ("%s", cases[i].hex);
      g_assert_cmpint (parse_hex (cases[i].hex, &value), ==, CTAP1_ERR_SUCCESS);
      g_assert_cmpint (value.type, ==, cases[i].type);
      g_assert_cmpint (value.number, ==, cases[i].number);
    }
  parse_hex (NULL, NULL);
}

static void
test_refused (void)
{
  static const char *const cases[] = {
    "",     /* nothing */
    "0000", /* something behind */
    "1817", /* longer than needed */
    "1900ff",
    "1a0000ffff",
    "1b00000000ffffffff",
    "3817",
    "580101", /* length longer than needed */
    "780161",
    "980100",
    "b801 0000",
    "18", /* cut off */
    "19ff",
    "4201",
    "6261",
    "81",
    "a101",
    "a1",
    "9a7fffffff", /* counts and lengths beyond the message */
    "9bffffffffffffffff",
    "bb8000000000000000",
    "5bffffffffffffffff",
    "5f4101ff", /* indefinite */
    "7f6161ff",
    "9fff",
    "bfff",
    "ff",
    "c000", /* tag */
    "61ff", /* not UTF-8 */
    "62c328",
    "62c100",
    "6400ff0061",
    "a201000100", /* duplicate key */
    "a202000100", /* unsorted */
    "a220000100",
    "a2616100 0100",
    "a2626161 00 6162 00",
    "a26162006161 00",
    "8181818180", /* too deep */
    "a1818180a100",
    "1c", /* reserved */
    "1f",
    "fc",
    "f8",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      MortiseCborValue value = { .type = MORTISE_CBOR_NONE };
      g_autoptr (GString) hex = g_string_new (cases[i]);

      g_string_replace (hex, " ", "", 0);
      g_test_message ("%s", hex->str);
      g_assert_cmphex (parse_hex (hex->str, &value), ==, CTAP2_ERR_INVALID_CBOR);
      g_assert_cmpint (value.type, ==, MORTISE_CBOR_NONE);
    }
  parse_hex (NULL, NULL);
}

/* Whatever three bytes say, nothing outside of them is pointed to. */
static void
test_any_short_input (void)
{
  for (guint32 n = 0; n < 1u << 24; n += 7)
    {
      g_autofree guint8 *data = g_malloc (3);
      MortiseCborValue value = { 0 };

      data[0] = (guint8) (n >> 16);
      data[1] = (guint8) (n >> 8);
      data[2] = (guint8) n;
      if (mortise_cbor_parse (data, 3, &value) == CTAP1_ERR_SUCCESS && value.data != NULL)
        {
          g_assert_true (value.data >= data);
          g_assert_true (value.data + value.size <= data + 3);
        }
    }
}

typedef struct
{
  MortiseCborValue one;
  MortiseCborValue two;
  MortiseCborValue name;
} Members;

static const MortiseCborMember members[] = {
  { 1, NULL, MORTISE_CBOR_INT, TRUE, offsetof (Members, one) },
  { 2, NULL, MORTISE_CBOR_BYTES, FALSE, offsetof (Members, two) },
  { 0, "name", MORTISE_CBOR_TEXT, FALSE, offsetof (Members, name) },
};

static CtapStatus
read_hex (const char *hex, Members *ret)
{
  MortiseCborValue map = { 0 };

  g_assert_cmpint (parse_hex (hex, &map), ==, CTAP1_ERR_SUCCESS);
  return mortise_cbor_read_members (&map, members, G_N_ELEMENTS (members), ret);
}

static void
test_members_ignore_unknown (void)
{
  Members read;

  g_assert_cmphex (read_hex ("a600f601050242aabb03a10101646e616d65626f6b656f7468657200", &read), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmpint (read.one.number, ==, 5);
  g_assert_cmpmem (read.two.data, read.two.size, "\xaa\xbb", 2);
  g_assert_true (mortise_cbor_text_equal (&read.name, "ok"));
  g_assert_false (mortise_cbor_text_equal (&read.name, "o"));
  g_assert_cmpmem (read.one.encoded, read.one.encoded_size, "\x05", 1);
  g_assert_cmpmem (read.two.encoded, read.two.encoded_size, "\x42\xaa\xbb", 3);
}

static void
test_members_errors (void)
{
  Members read;

  g_assert_cmphex (read_hex ("a0", &read), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (read_hex ("a10240", &read), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (read_hex ("a101f6", &read), ==, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
  g_assert_cmphex (read_hex ("a201050260", &read), ==, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
  g_assert_cmphex (read_hex ("80", &read), ==, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
  g_assert_cmphex (read_hex ("05", &read), ==, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
  parse_hex (NULL, NULL);
}

/* CTAP.md 24: what we write is canonical, down to what our own strict reader takes. */
static void
test_writer (void)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) expected = NULL;
  MortiseCborMap map;
  MortiseCborMap inner;
  MortiseCborValue value;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, 1000);
  mortise_cbor_map_key (writer, &map, 24);
  mortise_cbor_write_bytes (writer, "ab", 2);
  mortise_cbor_map_key (writer, &map, -1);
  mortise_cbor_write_int (writer, -257);
  mortise_cbor_map_text_key (writer, &map, "up");
  mortise_cbor_write_bool (writer, TRUE);
  mortise_cbor_map_text_key (writer, &map, "map");
  mortise_cbor_map_begin (writer, &inner);
  mortise_cbor_map_end (writer, &inner);
  mortise_cbor_map_text_key (writer, &map, "text");
  mortise_cbor_write_array (writer, 1);
  mortise_cbor_write_text (writer, "é");
  mortise_cbor_map_end (writer, &map);
  bytes = mortise_cbor_writer_finish (writer);

  expected = hex_to_bytes ("a6011903e8181842616220390100627570f5636d6170a064746578748162c3a9");
  g_assert_true (g_bytes_equal (bytes, expected));
  g_assert_cmphex (
      mortise_cbor_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &value), ==,
      CTAP1_ERR_SUCCESS);
}

/* Writes @value again with our writer. */
static void
rewrite (MortiseCborWriter *writer, const MortiseCborValue *value)
{
  MortiseCborIter iter;
  MortiseCborValue key;
  MortiseCborValue item;
  MortiseCborMap map;
  g_autofree char *text = NULL;

  mortise_cbor_iter_init (&iter, value);
  switch (value->type)
    {
    case MORTISE_CBOR_INT:
      mortise_cbor_write_int (writer, value->number);
      return;
    case MORTISE_CBOR_BOOL:
      mortise_cbor_write_bool (writer, value->number != 0);
      return;
    case MORTISE_CBOR_BYTES:
      mortise_cbor_write_bytes (writer, value->data, value->size);
      return;
    case MORTISE_CBOR_TEXT:
      text = g_strndup ((const char *) value->data, value->size);
      mortise_cbor_write_text (writer, text);
      return;
    case MORTISE_CBOR_ARRAY:
      mortise_cbor_write_array (writer, (gsize) value->number);
      while (mortise_cbor_iter_next (&iter, &item))
        rewrite (writer, &item);
      return;
    case MORTISE_CBOR_MAP:
      mortise_cbor_map_begin (writer, &map);
      while (mortise_cbor_iter_next_member (&iter, &key, &item))
        {
          g_autofree char *name = NULL;

          if (key.type == MORTISE_CBOR_INT)
            mortise_cbor_map_key (writer, &map, key.number);
          else
            {
              name = g_strndup ((const char *) key.data, key.size);
              mortise_cbor_map_text_key (writer, &map, name);
            }
          rewrite (writer, &item);
        }
      mortise_cbor_map_end (writer, &map);
      return;
    case MORTISE_CBOR_NONE:
    case MORTISE_CBOR_OTHER:
    default:
      g_assert_not_reached ();
    }
}

/* The examples of RFC 8949, appendix A, that are canonical for CTAP2: read, and written alike. */
static void
test_published_canonical (void)
{
  static const char *const examples[] = {
    "00",
    "01",
    "0a",
    "17",
    "1818",
    "1819",
    "1864",
    "1903e8",
    "1a000f4240",
    "1b000000e8d4a51000",
    "20",
    "29",
    "3863",
    "3903e7",
    "f4",
    "f5",
    "40",
    "4401020304",
    "60",
    "6161",
    "6449455446",
    "62225c",
    "62c3bc",
    "63e6b0b4",
    "64f0908591",
    "80",
    "83010203",
    "8301820203820405",
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    "a0",
    "a201020304",
    "a26161016162820203",
    "826161a161626163",
    "a56161614161626142616361436164614461656145",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (examples); i++)
    {
      g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
      g_autoptr (GBytes) written = NULL;
      g_autoptr (GBytes) expected = hex_to_bytes (examples[i]);
      MortiseCborValue value = { 0 };

      g_test_message ("%s", examples[i]);
      g_assert_cmphex (parse_hex (examples[i], &value), ==, CTAP1_ERR_SUCCESS);
      rewrite (writer, &value);
      written = mortise_cbor_writer_finish (writer);
      g_assert_true (g_bytes_equal (written, expected));
    }
  parse_hex (NULL, NULL);
}

/* Those that are not: tags and indefinite lengths. */
static void
test_published_refused (void)
{
  static const char *const examples[] = {
    "c249010000000000000000",
    "c349010000000000000000",
    "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0",
    "c1fb41d452d9e8200000",
    "d74401020304",
    "d818456449455446",
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    "5f42010243030405ff",
    "7f657374726561646d696e67ff",
    "9fff",
    "9f018202039f0405ffff",
    "9f01820203820405ff",
    "83018202039f0405ff",
    "83019f0203ff820405",
    "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
    "bf61610161629f0203ffff",
    "826161bf61626163ff",
    "bf6346756ef563416d7421ff",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (examples); i++)
    {
      MortiseCborValue value = { .type = MORTISE_CBOR_NONE };

      g_test_message ("%s", examples[i]);
      g_assert_cmphex (parse_hex (examples[i], &value), ==, CTAP2_ERR_INVALID_CBOR);
    }
  parse_hex (NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ctap/20-cbor/accepted", test_accepted);
  g_test_add_func ("/ctap/20-cbor/refused", test_refused);
  g_test_add_func ("/ctap/24-published/canonical", test_published_canonical);
  g_test_add_func ("/ctap/20-published/refused", test_published_refused);
  g_test_add_func ("/ctap/20-cbor/any-short-input", test_any_short_input);
  g_test_add_func ("/ctap/23-members/unknown-ignored", test_members_ignore_unknown);
  g_test_add_func ("/ctap/22-members/errors", test_members_errors);
  g_test_add_func ("/ctap/24-cbor/writer", test_writer);
  return g_test_run ();
}
