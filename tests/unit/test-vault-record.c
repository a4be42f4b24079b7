/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/vault/record-map.h"
#include "core/vault/vault-record.h"
#include "core/vault/vault-seal.h"

/* --- Maps --------------------------------------------------------------------------------------
 */

static gboolean
print_member (const MortiseRecordMember *member, gpointer user_data)
{
  GString *text = user_data;

  g_string_append_printf (text, "%" G_GUINT64_FORMAT ":", member->key);
  switch (member->kind)
    {
    case MORTISE_RECORD_UNSIGNED:
      g_string_append_printf (text, "%" G_GUINT64_FORMAT, member->number);
      break;
    case MORTISE_RECORD_NEGATIVE:
      g_string_append_printf (text, "-1-%" G_GUINT64_FORMAT, member->number);
      break;
    case MORTISE_RECORD_BOOL:
      g_string_append (text, member->number != 0 ? "true" : "false");
      break;
    case MORTISE_RECORD_TEXT:
    case MORTISE_RECORD_BYTES:
      g_string_append_c (text, member->kind == MORTISE_RECORD_TEXT ? 't' : 'b');
      g_string_append_len (text, (const char *) member->data, (gssize) member->size);
      break;
    case MORTISE_RECORD_OTHER:
    default:
      g_string_append_printf (text, "other(%u)", (guint) member->raw_size);
    }
  g_string_append_c (text, ' ');
  return TRUE;
}

static char *
print_map (const guint8 *data, gsize size)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!mortise_record_read (data, size, print_member, text))
    return NULL;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_round_trip (void)
{
  guint8 buffer[512];
  MortiseRecordWriter writer;
  g_autofree char *text = NULL;
  gsize size;

  mortise_record_writer_init (&writer, buffer, sizeof buffer);
  mortise_record_write_unsigned (&writer, 1, 0);
  mortise_record_write_unsigned (&writer, 2, G_MAXUINT64);
  mortise_record_write_int (&writer, 3, G_MININT64);
  mortise_record_write_int (&writer, 4, -1);
  mortise_record_write_int (&writer, 300, 65536);
  mortise_record_write_bool (&writer, 6, TRUE);
  mortise_record_write_text (&writer, 7, "", 0);
  mortise_record_write_bytes (&writer, 8, "xyz", 3);
  size = mortise_record_writer_finish (&writer);
  text = print_map (buffer, size);
  g_assert_cmpstr (
      text, ==,
      "1:0 2:18446744073709551615 3:-1-9223372036854775807 4:-1-0 300:65536 6:true 7:t "
      "8:bxyz ");
  /* Every shorter piece is no record. */
  for (gsize cut = 0; cut < size; cut++)
    g_assert_null (print_map (buffer, cut));
  buffer[size] = 0;
  g_assert_null (print_map (buffer, size + 1));
}

static void
test_overflow (void)
{
  guint8 buffer[64];

  for (gsize capacity = 3; capacity < sizeof buffer; capacity++)
    {
      MortiseRecordWriter writer;
      gsize size;

      memset (buffer, 0xee, sizeof buffer);
      mortise_record_writer_init (&writer, buffer, capacity);
      mortise_record_write_bytes (&writer, 1, "0123456789", 10);
      mortise_record_write_text (&writer, 2, "0123456789", 10);
      size = mortise_record_writer_finish (&writer);
      g_assert_cmpuint (size, <=, capacity);
      for (gsize i = capacity; i < sizeof buffer; i++)
        g_assert_cmphex (buffer[i], ==, 0xee);
    }
}

static void
test_wrong_maps (void)
{
#define BYTES(...) (const guint8[]){ __VA_ARGS__ }, sizeof ((const guint8[]){ __VA_ARGS__ })
  const struct
  {
    const guint8 *data;
    gsize size;
  } wrong[] = {
    { BYTES (0x80) },                                                 /* array */
    { BYTES (0x82, 0x01, 0x02) },                                     /* array of two */
    { BYTES (0x01) },                                                 /* number */
    { BYTES (0xa1, 0x01) },                                           /* no value */
    { BYTES (0xa1, 0x20, 0x01) },                                     /* negative key */
    { BYTES (0xa1, 0x61, 0x61, 0x01) },                               /* text key */
    { BYTES (0xa1, 0xf4, 0x01) },                                     /* bool key */
    { BYTES (0xa1, 0x01, 0x18) },                                     /* number cut */
    { BYTES (0xa1, 0x01, 0x45, 0x01) },                               /* bytes cut */
    { BYTES (0xbf, 0x01, 0x01, 0xff) },                               /* indefinite map */
    { BYTES (0xa1, 0x01, 0x5f, 0x41, 0x00, 0xff) },                   /* indefinite bytes */
    { BYTES (0xa1, 0x01, 0x9f, 0xff) },                               /* indefinite array */
    { BYTES (0xa1, 0x01, 0xff) },                                     /* break */
    { BYTES (0xa1, 0x01, 0x1c) },                                     /* reserved */
    { BYTES (0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }, /* huge map */
    { BYTES (0xa1, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }, /* huge array */
    { BYTES (0xa1, 0x01, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }, /* huge bytes */
    { BYTES (0xa1, 0x01, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x01) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_null (print_map (wrong[i].data, wrong[i].size));
  g_assert_null (print_map (NULL, 0));
}

static void
test_other_values (void)
{
  const guint8 data[] = { 0xa6, 0x01, 0x82, 0x01, 0xa1, 0x02, 0x03, 0x02, 0xf6, 0x03,
                          0xc1, 0x1a, 0x00, 0x00, 0x00, 0x01, 0x04, 0xf9, 0x3c, 0x00,
                          0x05, 0xfa, 0x3f, 0x80, 0x00, 0x00, 0x06, 0x07 };
  g_autofree char *text = print_map (data, sizeof data);

  g_assert_cmpstr (text, ==, "1:other(6) 2:other(2) 3:other(7) 4:other(4) 5:other(6) 6:7 ");
}

/* Anything at all may come out of a file that somebody else wrote with the right key. */
static void
test_noise (void)
{
  for (int i = 0; i < 200000; i++)
    {
      guint8 data[40];
      gsize size = (gsize) g_test_rand_int_range (0, sizeof data);
      g_autoptr (MortiseCredential) credential = mortise_credential_new ();

      for (gsize j = 0; j < size; j++)
        data[j] = (guint8) g_test_rand_int ();
      if (size > 0)
        data[0] = 0xa0 | (data[0] & 0x07);
      (void) mortise_record_decode_metadata (credential, data, size);
      (void) mortise_record_decode_usage (credential, data, size);
      mortise_credential_secrets_free (mortise_record_decode_secrets (data, size));
    }
}

/* --- Records -----------------------------------------------------------------------------------
 */

static MortiseCredential *
make_credential (void)
{
  MortiseCredential *credential = mortise_credential_new ();

  credential->credential_id = g_bytes_new ("0123", 4);
  credential->rp_id = g_strdup ("example.com");
  credential->public_key = g_bytes_new ("key", 3);
  credential->user_name = g_strdup ("anna");
  return credential;
}

/* What version 9 wrote, version 1 keeps when it renames. */
static void
test_unknown_members_kept (void)
{
  g_autoptr (MortiseCredential) credential = make_credential ();
  g_autoptr (GBytes) plain = mortise_record_encode_metadata (credential, NULL, 0);
  g_autoptr (GBytes) renamed = NULL;
  g_autoptr (MortiseCredential) read = mortise_credential_new ();
  guint8 newer[1024];
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (plain, &size);
  const guint8 more[] = { 0x19, 0x03, 0xe8, 0x82, 0x63, 'n',  'e', 'w', 0xa1,
                          0x01, 0xf5, 0x19, 0x03, 0xe9, 0x43, 1,   2,   3 };
  g_autofree char *text = NULL;

  /* Two members more: 1000: ["new", {1: true}], 1001: h'010203'. */
  memcpy (newer, data, size);
  memcpy (newer + size, more, sizeof more);
  newer[2] = (guint8) (newer[2] + 2);
  g_assert_true (mortise_record_decode_metadata (read, newer, size + sizeof more));

  g_free (read->user_name);
  read->user_name = g_strdup ("anna@example.com");
  renamed = mortise_record_encode_metadata (read, newer, size + sizeof more);
  data = g_bytes_get_data (renamed, &size);
  g_assert_nonnull (memmem (data, size, more, 11));
  g_assert_nonnull (memmem (data, size, more + 11, sizeof more - 11));
  text = print_map (data, size);
  g_assert_nonnull (strstr (text, "5:tanna@example.com "));
  g_assert_null (strstr (text, "5:tanna "));
}

/* As the first version wrote it, which knew neither note nor history. */
static void
test_older_record (void)
{
  static const guint8 old[] = {
    0xb9, 0x00, 0x06, 0x01, 0x44, '0',  '1', '2', '3', 0x02, 0x6b, 'e', 'x',
    'a',  'm',  'p',  'l',  'e',  '.',  'c', 'o', 'm', 0x05, 0x64, 'a', 'n',
    'n',  'a',  0x09, 0x01, 0x0b, 0x43, 'k', 'e', 'y', 0x0e, 0x02,
  };
  g_autoptr (MortiseCredential) read = mortise_credential_new ();
  g_autoptr (GBytes) renamed = NULL;
  g_autoptr (MortiseCredential) again = mortise_credential_new ();
  gsize size = 0;
  const guint8 *data = NULL;

  g_assert_true (mortise_record_decode_metadata (read, old, sizeof old));
  g_assert_cmpstr (read->user_name, ==, "anna");
  g_assert_cmpint (read->credential_class, ==, MORTISE_CREDENTIAL_EXPORTABLE);
  g_assert_null (read->note);
  g_assert_null (read->history);

  read->note = g_strdup ("noted");
  renamed = mortise_record_encode_metadata (read, old, sizeof old);
  data = g_bytes_get_data (renamed, &size);
  g_assert_true (mortise_record_decode_metadata (again, data, size));
  g_assert_cmpstr (again->note, ==, "noted");
  g_assert_cmpstr (again->user_name, ==, "anna");
}

static void
append_change (GBytes **history, gint64 time, const char *from, const char *to)
{
  const MortiseChange change = { time, MORTISE_CHANGE_BY_PERSON, MORTISE_CHANGE_LABEL,
                                 (char *) (guintptr) from, (char *) (guintptr) to };
  GBytes *longer = mortise_history_append (*history, &change);

  g_clear_pointer (history, g_bytes_unref);
  *history = longer;
}

static void
test_history (void)
{
  g_autoptr (GBytes) history = NULL;
  g_autoptr (GPtrArray) changes = NULL;
  g_autoptr (GPtrArray) none = mortise_history_read (NULL);
  const MortiseChange *change = NULL;

  g_assert_cmpuint (none->len, ==, 0);
  append_change (&history, 1, NULL, "a");
  append_change (&history, 2, "a", "");
  changes = mortise_history_read (history);
  g_assert_cmpuint (changes->len, ==, 2);
  change = changes->pdata[0];
  g_assert_cmpint (change->time, ==, 1);
  g_assert_cmpuint (change->author, ==, MORTISE_CHANGE_BY_PERSON);
  g_assert_cmpuint (change->kind, ==, MORTISE_CHANGE_LABEL);
  g_assert_null (change->from);
  g_assert_cmpstr (change->to, ==, "a");
  change = changes->pdata[1];
  g_assert_cmpstr (change->from, ==, "a");
  g_assert_null (change->to);
}

/* The newest changes are kept, whatever their length; a record with them always fits. */
static void
test_history_limits (void)
{
  g_autofree char *text = g_strnfill (MORTISE_NAME_MAX, 'x');
  g_autoptr (GString) wide = g_string_new (NULL);
  g_autoptr (GBytes) history = NULL;
  g_autoptr (GBytes) encoded = NULL;
  g_autoptr (MortiseCredential) full = make_credential ();
  char **const places[] = { &full->rp_name, &full->user_display_name, &full->label, &full->nickname,
                            &full->note };

  for (int i = 0; i < 200; i++)
    g_string_append (wide, "語");
  for (gint64 time = 1; time <= 100; time++)
    {
      g_autoptr (GPtrArray) changes = NULL;
      const MortiseChange *last = NULL;

      append_change (&history, time, time % 2 != 0 ? text : wide->str, wide->str);
      g_assert_cmpuint (g_bytes_get_size (history), <=, MORTISE_HISTORY_MAX);
      changes = mortise_history_read (history);
      g_assert_cmpuint (changes->len, <=, MORTISE_HISTORY_CHANGES_MAX);
      g_assert_cmpuint (changes->len, >=, MIN (time, 10));
      last = changes->pdata[changes->len - 1];
      g_assert_cmpint (last->time, ==, time);
      g_assert_cmpint (((MortiseChange *) changes->pdata[0])->time, ==, time - changes->len + 1);
      g_assert_cmpuint (strlen (last->to), ==, MORTISE_HISTORY_VALUE_MAX);
      g_assert_true (g_utf8_validate (last->to, -1, NULL));
    }
  for (int i = 0; i < 100; i++)
    append_change (&history, i, "a", "b");
  {
    g_autoptr (GPtrArray) changes = mortise_history_read (history);

    g_assert_cmpuint (changes->len, ==, MORTISE_HISTORY_CHANGES_MAX);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    *places[i] = g_strdup (text);
  full->history = g_bytes_ref (history);
  encoded = mortise_record_encode_metadata (full, NULL, 0);
  g_assert_nonnull (encoded);
}

/* A change that a newer version wrote, {1: 7, 2: 99, 3: 5, 10: true}, stays byte for byte. */
static void
test_history_unknown (void)
{
  const guint8 newer[] = { 0xa1, 0x01, 0x4a, 0xa4, 0x01, 0x07, 0x02,
                           0x18, 0x63, 0x03, 0x05, 0x0a, 0xf5 };
  g_autoptr (GBytes) history = g_bytes_new (newer, sizeof newer);
  g_autoptr (GPtrArray) changes = NULL;
  const MortiseChange *change = NULL;
  gsize size = 0;
  const guint8 *data = NULL;

  append_change (&history, 9, NULL, "x");
  data = g_bytes_get_data (history, &size);
  g_assert_nonnull (memmem (data, size, newer + 2, sizeof newer - 2));
  changes = mortise_history_read (history);
  g_assert_cmpuint (changes->len, ==, 2);
  change = changes->pdata[0];
  g_assert_cmpint (change->time, ==, 7);
  g_assert_cmpuint (change->author, ==, 99);
  g_assert_cmpuint (change->kind, ==, 5);
  change = changes->pdata[1];
  g_assert_cmpint (change->time, ==, 9);
}

static void
test_history_noise (void)
{
  for (int i = 0; i < 100000; i++)
    {
      guint8 data[48];
      gsize size = (gsize) g_test_rand_int_range (1, sizeof data);
      g_autoptr (GBytes) history = NULL;

      for (gsize j = 0; j < size; j++)
        data[j] = (guint8) g_test_rand_int ();
      data[0] = 0xa0 | (data[0] & 0x07);
      history = g_bytes_new (data, size);
      g_ptr_array_unref (mortise_history_read (history));
      append_change (&history, i, "a", "b");
      g_assert_cmpuint (g_bytes_get_size (history), <=, MORTISE_HISTORY_MAX);
    }
}

static gboolean
decodes_with (guint key, const char *kind, guint64 number)
{
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  guint8 buffer[512];
  MortiseRecordWriter writer;
  gsize size;

  mortise_record_writer_init (&writer, buffer, sizeof buffer);
  if (key != 1)
    mortise_record_write_bytes (&writer, 1, "id", 2);
  if (key != 2)
    mortise_record_write_text (&writer, 2, "example.com", 11);
  if (key != 11)
    mortise_record_write_bytes (&writer, 11, "key", 3);
  if (strcmp (kind, "text") == 0)
    mortise_record_write_text (&writer, key, "text", number);
  else if (strcmp (kind, "bytes") == 0)
    mortise_record_write_bytes (&writer, key, "\xff", 1);
  else if (strcmp (kind, "bool") == 0)
    mortise_record_write_bool (&writer, key, TRUE);
  else if (strcmp (kind, "unsigned") == 0)
    mortise_record_write_unsigned (&writer, key, number);
  else if (strcmp (kind, "bad text") == 0)
    mortise_record_write_text (&writer, key, "\xff\xfe", 2);
  else if (strcmp (kind, "twice") == 0)
    {
      mortise_record_write_text (&writer, key, "text", 4);
      mortise_record_write_text (&writer, key, "text", 4);
    }
  size = mortise_record_writer_finish (&writer);
  return mortise_record_decode_metadata (credential, buffer, size);
}

static void
test_wrong_members (void)
{
  g_assert_true (decodes_with (5, "text", 4));
  g_assert_true (decodes_with (12, "bool", 0));
  g_assert_true (decodes_with (14, "unsigned", 3));
  g_assert_true (decodes_with (999, "unsigned", 3));

  g_assert_false (decodes_with (1, "", 0));
  g_assert_false (decodes_with (2, "", 0));
  g_assert_false (decodes_with (11, "", 0));
  g_assert_false (decodes_with (1, "text", 4));
  g_assert_false (decodes_with (2, "bytes", 0));
  g_assert_false (decodes_with (2, "bad text", 0));
  g_assert_false (decodes_with (5, "twice", 0));
  g_assert_false (decodes_with (5, "bool", 0));
  g_assert_false (decodes_with (12, "unsigned", 1));
  g_assert_false (decodes_with (14, "bool", 0));
  g_assert_false (decodes_with (14, "unsigned", 0));
  g_assert_false (decodes_with (14, "unsigned", 4));
  g_assert_false (decodes_with (14, "unsigned", 256));
  g_assert_false (decodes_with (9, "unsigned", 3));
  g_assert_false (decodes_with (10, "unsigned", G_MAXUINT64));
  g_assert_false (decodes_with (21, "unsigned", G_MAXUINT64));
}

/* --- Sealing -----------------------------------------------------------------------------------
 */

static void
test_seal (void)
{
  g_autoptr (MortiseSecret) key = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) other_key = mortise_secret_new_random (32);
  const MortiseSealPlace place = { "table", "column", 7 };
  const MortiseSealPlace others[] = { { "table", "column", 8 },
                                      { "table", "columns", 7 },
                                      { "tablec", "olumn", 7 },
                                      { "column", "table", 7 },
                                      { "table", "column", -7 } };
  g_autoptr (GBytes) sealed = mortise_seal (key, &place, "plain text", 10);
  g_autoptr (GBytes) again = mortise_seal (key, &place, "plain text", 10);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (sealed, &size);
  guint8 plain[64];

  g_assert_cmpuint (size, ==, 10 + MORTISE_SEAL_OVERHEAD);
  g_assert_false (g_bytes_equal (sealed, again));
  g_assert_null (memmem (data, size, "plain", 5));
  g_assert_true (mortise_seal_open (key, &place, data, size, plain));
  g_assert_cmpmem (plain, 10, "plain text", 10);

  g_assert_false (mortise_seal_open (other_key, &place, data, size, plain));
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (mortise_seal_open (key, &others[i], data, size, plain));
  for (gsize cut = 0; cut < size; cut++)
    g_assert_false (mortise_seal_open (key, &place, data, cut, plain));
  for (gsize i = 0; i < size * 8; i++)
    {
      g_autofree guint8 *flipped = g_memdup2 (data, size);

      flipped[i / 8] ^= (guint8) (1 << (i % 8));
      g_assert_false (mortise_seal_open (key, &place, flipped, size, plain));
      /* What did not verify is not left lying about. */
      g_assert_cmpint (plain[0], !=, 'p');
    }
}

static void
test_seal_nothing (void)
{
  g_autoptr (MortiseSecret) key = mortise_secret_new_random (32);
  const MortiseSealPlace place = { "table", "column", 7 };
  g_autoptr (GBytes) sealed = mortise_seal (key, &place, "", 0);
  guint8 plain[1];

  g_assert_true (mortise_seal_open (key, &place, g_bytes_get_data (sealed, NULL),
                                    g_bytes_get_size (sealed), plain));
}

static void
test_index (void)
{
  g_autoptr (MortiseSecret) key = mortise_secret_new (32);
  g_autoptr (MortiseSecret) other_key = mortise_secret_new_random (32);
  guint8 a[MORTISE_SEAL_INDEX_SIZE], b[MORTISE_SEAL_INDEX_SIZE];

  mortise_seal_index (key, "rp", "ab", 2, "c", 1, a);
  mortise_seal_index (key, "rp", "ab", 2, "c", 1, b);
  g_assert_cmpmem (a, sizeof a, b, sizeof b);
  mortise_seal_index (key, "rp", "a", 1, "bc", 2, b);
  g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
  mortise_seal_index (key, "id", "ab", 2, "c", 1, b);
  g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
  mortise_seal_index (other_key, "rp", "ab", 2, "c", 1, b);
  g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
  g_test_add_func ("/vault-record/round-trip", test_round_trip);
  g_test_add_func ("/vault-record/overflow", test_overflow);
  g_test_add_func ("/vault-record/wrong-maps", test_wrong_maps);
  g_test_add_func ("/vault-record/other-values", test_other_values);
  g_test_add_func ("/vault-record/noise", test_noise);
  g_test_add_func ("/vault-record/unknown-members-kept", test_unknown_members_kept);
  g_test_add_func ("/vault-record/older-record", test_older_record);
  g_test_add_func ("/vault-record/history", test_history);
  g_test_add_func ("/vault-record/history-limits", test_history_limits);
  g_test_add_func ("/vault-record/history-unknown", test_history_unknown);
  g_test_add_func ("/vault-record/history-noise", test_history_noise);
  g_test_add_func ("/vault-record/wrong-members", test_wrong_members);
  g_test_add_func ("/vault-record/seal", test_seal);
  g_test_add_func ("/vault-record/seal-nothing", test_seal_nothing);
  g_test_add_func ("/vault-record/index", test_index);
  return g_test_run ();
}
