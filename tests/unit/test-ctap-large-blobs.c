/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <openssl/sha.h>
#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "core/ctap/large-blobs.h"
#include "tests/support/ctap-fixture.h"

/* largeBlobs, largeBlobKey and credBlob, as a platform uses them. */

#define FRAGMENT_MAX (MORTISE_CTAP_MAX_MSG_SIZE - 64)

/* One request: -1 leaves a number out; @set NULL a fragment. */
typedef struct
{
  gint64 get;
  GBytes *set;
  gint64 offset;
  gint64 length;
  gboolean bad_param;
  gboolean no_protocol;
} Request;

static GBytes *
param_of (CtapFixture *f, const Request *request)
{
  guint8 message[70];
  guint32 offset = GUINT32_TO_LE ((guint32) request->offset);

  memset (message, 0xff, 32);
  message[32] = 0x0C;
  message[33] = 0x00;
  memcpy (message + 34, &offset, 4);
  SHA256 (g_bytes_get_data (request->set, NULL), g_bytes_get_size (request->set), message + 38);
  return ctap_authenticate (f->token, 2, message, sizeof message - (request->bad_param ? 1 : 0));
}

static guint8
send (CtapFixture *f, const Request *request, GBytes **ret_cbor)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) parameters = NULL;
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  if (request->get >= 0)
    {
      mortise_cbor_map_key (writer, &map, 1);
      mortise_cbor_write_int (writer, request->get);
    }
  if (request->set != NULL)
    {
      mortise_cbor_map_key (writer, &map, 2);
      mortise_cbor_write_gbytes (writer, request->set);
    }
  if (request->offset >= 0)
    {
      mortise_cbor_map_key (writer, &map, 3);
      mortise_cbor_write_int (writer, request->offset);
    }
  if (request->length >= 0)
    {
      mortise_cbor_map_key (writer, &map, 4);
      mortise_cbor_write_int (writer, request->length);
    }
  if (request->set != NULL && f->token != NULL)
    {
      g_autoptr (GBytes) param = param_of (f, request);

      mortise_cbor_map_key (writer, &map, 5);
      mortise_cbor_write_gbytes (writer, param);
      if (!request->no_protocol)
        {
          mortise_cbor_map_key (writer, &map, 6);
          mortise_cbor_write_int (writer, 2);
        }
    }
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  return ctap_send (f, CTAP_LARGE_BLOBS, parameters, ret_cbor);
}

static guint8
set_fragment (CtapFixture *f, GBytes *array, gsize offset, gsize size, gint64 length)
{
  g_autoptr (GBytes) fragment = g_bytes_new_from_bytes (array, offset, size);

  return send (
      f, &(Request){ .get = -1, .set = fragment, .offset = (gint64) offset, .length = length },
      NULL);
}

/* (transfer full): something of @size bytes with the right trailer */
static GBytes *
make_array (gsize size, guint8 fill)
{
  guint8 *data = g_malloc (size);
  guint8 hash[32];

  memset (data, fill, size);
  SHA256 (data, size - 16, hash);
  memcpy (data + size - 16, hash, 16);
  return g_bytes_new_take (data, size);
}

static void
set_array (CtapFixture *f, GBytes *array)
{
  gsize size = g_bytes_get_size (array);

  for (gsize at = 0; at < size; at += FRAGMENT_MAX)
    g_assert_cmphex (
        set_fragment (f, array, at, MIN (size - at, FRAGMENT_MAX), at == 0 ? (gint64) size : -1),
        ==, CTAP1_ERR_SUCCESS);
}

static void
assert_array (CtapFixture *f, GBytes *expected)
{
  g_autoptr (GByteArray) read = g_byte_array_new ();

  for (;;)
    {
      g_autoptr (GBytes) cbor = NULL;
      MortiseCborValue map;
      MortiseCborValue value;

      g_assert_cmphex (
          send (f, &(Request){ .get = FRAGMENT_MAX, .offset = (gint64) read->len, .length = -1 },
                &cbor),
          ==, CTAP1_ERR_SUCCESS);
      map = ctap_parse (cbor);
      g_assert_true (ctap_find (&map, 1, NULL, &value));
      if (value.size > 0)
        g_byte_array_append (read, value.data, (guint) value.size);
      if (value.size < FRAGMENT_MAX)
        break;
    }
  g_assert_cmpmem (read->data, read->len, g_bytes_get_data (expected, NULL),
                   g_bytes_get_size (expected));
}

static GBytes *
initial_array (void)
{
  static const guint8 empty[] = { 0x80 };
  guint8 data[17] = { 0x80 };
  guint8 hash[32];

  SHA256 (empty, sizeof empty, hash);
  memcpy (data + 1, hash, 16);
  return g_bytes_new (data, sizeof data);
}

static void
test_74_initial (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) initial = initial_array ();
  g_autoptr (GBytes) info = NULL;

  g_assert_cmpint (ctap_info_option (f, "largeBlobs"), ==, 1);
  g_assert_cmpint (ctap_info_member (f, 0x0B, &info).number, ==, MORTISE_LARGE_BLOBS_MAX);
  assert_array (f, initial);
}

static void
test_73_set (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) small = make_array (17, 1);
  g_autoptr (GBytes) big = make_array (MORTISE_LARGE_BLOBS_MAX, 2);
  g_autoptr (GBytes) initial = initial_array ();

  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_LBW, NULL);
  set_array (f, small);
  assert_array (f, small);
  set_array (f, big);
  assert_array (f, big);
  ctap_fixture_restart (f);
  assert_array (f, big);

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  assert_array (f, initial);
}

static void
test_73_get_errors (CtapFixture *f, gconstpointer data)
{
  static const struct
  {
    Request request;
    guint8 status;
  } cases[] = {
    { { .get = FRAGMENT_MAX + 1, .offset = 0, .length = -1 }, CTAP1_ERR_INVALID_LENGTH },
    { { .get = 10, .offset = 18, .length = -1 }, CTAP1_ERR_INVALID_PARAMETER },
    { { .get = 10, .offset = 17, .length = -1 }, CTAP1_ERR_SUCCESS },
    { { .get = 10, .offset = -1, .length = -1 }, CTAP1_ERR_INVALID_PARAMETER },
    { { .get = 10, .offset = 0, .length = 17 }, CTAP1_ERR_INVALID_PARAMETER },
    { { .get = -1, .offset = 0, .length = -1 }, CTAP1_ERR_INVALID_PARAMETER },
    { { .get = 0, .offset = 0, .length = -1 }, CTAP1_ERR_SUCCESS },
  };
  g_autoptr (GBytes) set = make_array (17, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmphex (send (f, &cases[i].request, NULL), ==, cases[i].status);
  g_assert_cmphex (send (f, &(Request){ .get = 1, .set = set, .offset = 0, .length = 17 }, NULL),
                   ==, CTAP1_ERR_INVALID_PARAMETER);
}

static void
test_73_set_errors (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) initial = initial_array ();
  g_autoptr (GBytes) array = make_array (100, 3);
  g_autoptr (GBytes) huge = make_array (FRAGMENT_MAX + 1, 4);
  g_autoptr (GBytes) broken = g_bytes_new (g_bytes_get_data (huge, NULL), 100);
  const Request whole = { .get = -1, .set = array, .offset = 0, .length = 100 };
  Request bad = whole;

  g_assert_cmphex (send (f, &whole, NULL), ==, CTAP2_ERR_PUAT_REQUIRED);
  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, &whole, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);

  ctap_renew_token (f, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_LBW, NULL);
  bad.bad_param = TRUE;
  g_assert_cmphex (send (f, &bad, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  bad = whole;
  bad.no_protocol = TRUE;
  g_assert_cmphex (send (f, &bad, NULL), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (set_fragment (f, huge, 0, FRAGMENT_MAX + 1, FRAGMENT_MAX + 1), ==,
                   CTAP1_ERR_INVALID_LENGTH);
  g_assert_cmphex (set_fragment (f, array, 0, 50, MORTISE_LARGE_BLOBS_MAX + 1), ==,
                   CTAP2_ERR_LARGE_BLOB_STORAGE_FULL);
  g_assert_cmphex (set_fragment (f, array, 0, 16, 16), ==, CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (set_fragment (f, array, 0, 50, -1), ==, CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (set_fragment (f, array, 0, 50, 49), ==, CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (set_fragment (f, array, 50, 50, -1), ==, CTAP1_ERR_INVALID_SEQ);

  /* Out of order, with a length again, past the end, on another channel. */
  g_assert_cmphex (set_fragment (f, array, 0, 50, 100), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (set_fragment (f, array, 51, 49, -1), ==, CTAP1_ERR_INVALID_SEQ);
  g_assert_cmphex (set_fragment (f, array, 50, 50, 100), ==, CTAP1_ERR_INVALID_PARAMETER);
  {
    g_autoptr (GBytes) longer = make_array (120, 3);

    g_assert_cmphex (set_fragment (f, longer, 50, 60, -1), ==, CTAP1_ERR_INVALID_PARAMETER);
  }
  f->channel++;
  g_assert_cmphex (set_fragment (f, array, 50, 50, -1), ==, CTAP1_ERR_INVALID_SEQ);
  f->channel--;
  /* Any other command ends it. */
  g_assert_cmphex (ctap_send (f, CTAP_GET_INFO, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (set_fragment (f, array, 50, 50, -1), ==, CTAP1_ERR_INVALID_SEQ);

  g_assert_cmphex (set_fragment (f, broken, 0, 100, 100), ==, CTAP2_ERR_INTEGRITY_FAILURE);
  assert_array (f, initial);
  g_assert_cmphex (set_fragment (f, array, 0, 50, 100), ==, CTAP1_ERR_SUCCESS);
  assert_array (f, initial);
  g_assert_cmphex (set_fragment (f, array, 50, 50, -1), ==, CTAP1_ERR_SUCCESS);
  assert_array (f, array);
}

/* CTAP.md 37: of a token that a sign-in used up, writing blobs is what is left. */
static void
test_73_after_sign_in (CtapFixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) made = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
  g_autoptr (GBytes) array = make_array (40, 5);
  g_autoptr (GBytes) param = NULL;

  g_assert_cmphex (ctap_get_token (f, 2, CTAP_TEST_PIN,
                                   MORTISE_PERMISSION_GA | MORTISE_PERMISSION_LBW, "example.com",
                                   &f->token),
                   ==, CTAP1_ERR_SUCCESS);
  param = ctap_token_param (f->token, 2);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .param = param, .protocol = 2 }, NULL), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .param = param, .protocol = 2 }, NULL), ==,
                   CTAP2_ERR_PIN_AUTH_INVALID);
  set_array (f, array);
  assert_array (f, array);
}

static void
test_73_no_vault (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) initial = initial_array ();

  assert_array (f, initial);
  g_assert_cmphex (set_fragment (f, initial, 0, 17, 17), ==, CTAP2_ERR_PUAT_REQUIRED);
}

/* (transfer full): an extensions map with one member; @blob, or else a boolean */
static GBytes *
one_extension (const char *name, gboolean value, GBytes *blob)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, name);
  if (blob != NULL)
    mortise_cbor_write_gbytes (writer, blob);
  else
    mortise_cbor_write_bool (writer, value);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static void
test_75_large_blob_key (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) yes = one_extension ("largeBlobKey", TRUE, NULL);
  g_autoptr (GBytes) no = one_extension ("largeBlobKey", FALSE, NULL);
  g_autoptr (CtapAnswer) made = NULL;
  g_autoptr (CtapAnswer) got = NULL;
  g_autoptr (CtapAnswer) unasked = NULL;
  g_autoptr (GPtrArray) list = NULL;

  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rk = 1, .uv = 1, .extensions = no }, NULL), ==,
                   CTAP2_ERR_INVALID_OPTION);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .uv = 1, .extensions = yes }, NULL), ==,
                   CTAP2_ERR_INVALID_OPTION);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .extensions = no }, NULL), ==,
                   CTAP2_ERR_INVALID_OPTION);

  made = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1, .extensions = yes });
  g_assert_null (made->extensions);
  g_assert_nonnull (made->large_blob_key);
  g_assert_cmpuint (g_bytes_get_size (made->large_blob_key), ==, 32);
  list = ctap_list (made);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .extensions = yes }, &got), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_true (g_bytes_equal (got->large_blob_key, made->large_blob_key));
  g_assert_null (got->extensions);
  g_assert_true (ctap_verify (made, got));
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list }, &unasked), ==, CTAP1_ERR_SUCCESS);
  g_assert_null (unasked->large_blob_key);
}

static void
assert_cred_blob (const CtapAnswer *answer, MortiseCborType type, gconstpointer data, gsize size)
{
  MortiseCborValue map = ctap_parse (answer->extensions);
  MortiseCborValue value;

  g_assert_true (ctap_find (&map, 0, "credBlob", &value));
  g_assert_cmpint (value.type, ==, type);
  if (type == MORTISE_CBOR_BYTES)
    g_assert_cmpmem (value.data, value.size, data, size);
  else
    g_assert_cmpint (value.number, ==, (gint64) size);
}

static void
test_79_cred_blob (CtapFixture *f, gconstpointer data)
{
  guint8 blob[256];
  g_autoptr (GBytes) info = NULL;
  gsize max = (gsize) ctap_info_member (f, 0x0F, &info).number;
  g_autoptr (GBytes) read = one_extension ("credBlob", TRUE, NULL);
  const gsize sizes[] = { max, max + 1, 0 };

  memset (blob, 7, sizeof blob);
  g_assert_cmpuint (max, >=, 32);
  g_assert_cmpuint (max, <, sizeof blob);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (blob, sizes[i]);
      g_autoptr (GBytes) extensions = one_extension ("credBlob", FALSE, bytes);
      gboolean kept = sizes[i] <= max;

      for (int rk = 0; rk <= 1; rk++)
        {
          g_autoptr (CtapAnswer) made =
              ctap_register (f, &(CtapMake){ .rk = rk, .uv = 1, .extensions = extensions });
          g_autoptr (GPtrArray) list = ctap_list (made);
          g_autoptr (CtapAnswer) got = NULL;

          assert_cred_blob (made, MORTISE_CBOR_BOOL, NULL, kept && rk ? 1 : 0);
          mortise_scripted_consent_allow (f->consent);
          g_assert_cmphex (ctap_get (f, &(CtapGet){ .allow = list, .extensions = read }, &got), ==,
                           CTAP1_ERR_SUCCESS);
          assert_cred_blob (got, MORTISE_CBOR_BYTES, blob, kept && rk ? sizes[i] : 0);
          g_assert_true (ctap_verify (made, got));
        }
    }
}

#define ADD(path, start, function)                                                                 \
  g_test_add (path, CtapFixture, NULL, start, function, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/73-large-blobs/set", ctap_fixture_set_up, test_73_set);
  ADD ("/ctap/73-large-blobs/get-errors", ctap_fixture_set_up, test_73_get_errors);
  ADD ("/ctap/73-large-blobs/set-errors", ctap_fixture_set_up, test_73_set_errors);
  ADD ("/ctap/73-large-blobs/after-sign-in", ctap_fixture_set_up, test_73_after_sign_in);
  ADD ("/ctap/73-large-blobs/no-vault", ctap_fixture_set_up_empty, test_73_no_vault);
  ADD ("/ctap/74-large-blobs-initial", ctap_fixture_set_up, test_74_initial);
  ADD ("/ctap/75-large-blob-key", ctap_fixture_set_up, test_75_large_blob_key);
  ADD ("/ctap/79-cred-blob", ctap_fixture_set_up, test_79_cred_blob);
  return g_test_run ();
}
