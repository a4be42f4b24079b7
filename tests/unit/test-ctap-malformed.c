/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "core/ctap/cose-key.h"
#include "tests/support/ctap-fixture.h"
#include "tests/support/hex.h"

/*
 * CTAP.md 19 to 23: valid requests of every command, with every member they know, broken in every
 * way: exact status, nothing changed, and the next valid request works.
 */

typedef struct
{
  const char *name;
  guint8 command;
  GBytes *parameters;
  /* What a wrong type deep inside (in a COSE key) gives. */
  guint8 nested_status;
  guint nested_depth;
  /* How many of the first members must be there. */
  guint required;
} Sample;

#define N_SAMPLES 6

static GBytes *
make_sample (void)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GBytes) param = g_bytes_new (ctap_client_data_hash, 32);

  g_ptr_array_add (ids, g_bytes_new ("unknown", 7));
  return ctap_make_parameters (&(CtapMake){ .rp_name = "Example",
                                            .user_name = "ada",
                                            .user_display_name = "Ada",
                                            .algorithms = { -8, -7 },
                                            .exclude = ids,
                                            .cred_protect = 2,
                                            .rk = 1,
                                            .up = 1,
                                            .uv = -1,
                                            .param = param,
                                            .protocol = 2,
                                            .enterprise_attestation = 1 });
}

static GBytes *
get_sample (void)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GBytes) param = g_bytes_new (ctap_client_data_hash, 32);

  g_ptr_array_add (ids, g_bytes_new ("unknown", 7));
  return ctap_get_parameters (
      &(CtapGet){ .allow = ids, .up = 1, .uv = -1, .param = param, .protocol = 2 });
}

/* Everything that any subcommand takes. */
static GBytes *
pin_sample (void)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, 2);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_uint (writer, 9);
  mortise_cbor_map_key (writer, &map, 3);
  mortise_cose_write_ec2 (writer, -25, 1, ctap_client_data_hash, ctap_client_data_hash, 32);
  for (gint64 key = 4; key <= 6; key++)
    {
      mortise_cbor_map_key (writer, &map, key);
      mortise_cbor_write_bytes (writer, ctap_client_data_hash, 32);
    }
  mortise_cbor_map_key (writer, &map, 9);
  mortise_cbor_write_uint (writer, 3);
  mortise_cbor_map_key (writer, &map, 10);
  mortise_cbor_write_text (writer, "example.com");
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static void
write_param (MortiseCborWriter *writer, MortiseCborMap *map, gint64 param, gint64 protocol)
{
  for (gint64 key = MIN (param, protocol); key <= MAX (param, protocol); key++)
    {
      mortise_cbor_map_key (writer, map, key);
      if (key == param)
        mortise_cbor_write_bytes (writer, ctap_client_data_hash, 32);
      else
        mortise_cbor_write_uint (writer, 2);
    }
}

/* updateUserInformation. */
static GBytes *
management_sample (void)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;
  MortiseCborMap params;
  MortiseCborMap entity;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, 7);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_map_begin (writer, &params);
  mortise_cbor_map_key (writer, &params, 2);
  mortise_cbor_map_begin (writer, &entity);
  mortise_cbor_map_text_key (writer, &entity, "id");
  mortise_cbor_write_bytes (writer, "unknown", 7);
  mortise_cbor_map_text_key (writer, &entity, "type");
  mortise_cbor_write_text (writer, "public-key");
  mortise_cbor_map_end (writer, &entity);
  mortise_cbor_map_key (writer, &params, 3);
  mortise_cbor_map_begin (writer, &entity);
  mortise_cbor_map_text_key (writer, &entity, "id");
  mortise_cbor_write_bytes (writer, "ada", 3);
  mortise_cbor_map_text_key (writer, &entity, "name");
  mortise_cbor_write_text (writer, "Ada");
  mortise_cbor_map_end (writer, &entity);
  mortise_cbor_map_end (writer, &params);
  write_param (writer, &map, 4, 3);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

/* setMinPINLength. */
static GBytes *
config_sample (void)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;
  MortiseCborMap params;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, 3);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_map_begin (writer, &params);
  mortise_cbor_map_key (writer, &params, 1);
  mortise_cbor_write_uint (writer, 6);
  mortise_cbor_map_key (writer, &params, 2);
  mortise_cbor_write_array (writer, 1);
  mortise_cbor_write_text (writer, "example.com");
  mortise_cbor_map_end (writer, &params);
  write_param (writer, &map, 4, 3);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

/* A first fragment. */
static GBytes *
large_blobs_sample (void)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_bytes (writer, ctap_client_data_hash, 17);
  mortise_cbor_map_key (writer, &map, 3);
  mortise_cbor_write_uint (writer, 0);
  mortise_cbor_map_key (writer, &map, 4);
  mortise_cbor_write_uint (writer, 17);
  write_param (writer, &map, 5, 6);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

/* One value in a message: where it starts and ends. */
typedef struct
{
  gsize start;
  gsize end;
  guint depth;
  MortiseCborValue value;
} Node;

static void
collect (GArray *nodes, const guint8 *base, const MortiseCborValue *container, guint depth)
{
  MortiseCborIter iter;
  MortiseCborValue value;

  mortise_cbor_iter_init (&iter, container);
  for (;;)
    {
      Node node = { .depth = depth };

      if (container->type == MORTISE_CBOR_MAP && !mortise_cbor_iter_next (&iter, &value))
        return;
      node.start = (gsize) (iter.data - base);
      if (!mortise_cbor_iter_next (&iter, &value))
        return;
      node.end = (gsize) (iter.data - base);
      node.value = value;
      g_array_append_val (nodes, node);
      collect (nodes, base, &value, depth + 1);
    }
}

static GArray *
collect_all (GBytes *message)
{
  GArray *nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);
  Node root = { .end = size };

  g_assert_cmphex (mortise_cbor_parse (data, size, &root.value), ==, CTAP1_ERR_SUCCESS);
  g_array_append_val (nodes, root);
  collect (nodes, data, &root.value, 1);
  return nodes;
}

/* @message with what is between @start and @end replaced. */
static GBytes *
splice (GBytes *message, gsize start, gsize end, gconstpointer data, gsize size)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();
  gsize whole;
  const guint8 *bytes = g_bytes_get_data (message, &whole);

  g_byte_array_append (array, bytes, (guint) start);
  g_byte_array_append (array, data, (guint) size);
  g_byte_array_append (array, bytes + end, (guint) (whole - end));
  return g_bytes_new (array->data, array->len);
}

static void
prepare_samples (Sample samples[N_SAMPLES])
{
  samples[0] = (Sample){ "makeCredential", CTAP_MAKE_CREDENTIAL, make_sample (), 0, 99, 4 };
  samples[1] = (Sample){ "getAssertion", CTAP_GET_ASSERTION, get_sample (), 0, 99, 2 };
  samples[2] =
      (Sample){ "clientPIN", CTAP_CLIENT_PIN, pin_sample (), CTAP1_ERR_INVALID_PARAMETER, 2, 2 };
  /* What a token has to cover is looked into once the token is known to be right. */
  samples[3] = (Sample){ "credentialManagement",
                         CTAP_CREDENTIAL_MANAGEMENT,
                         management_sample (),
                         CTAP2_ERR_PIN_AUTH_INVALID,
                         3,
                         2 };
  samples[4] =
      (Sample){ "config", CTAP_CONFIG, config_sample (), CTAP2_ERR_PIN_AUTH_INVALID, 2, 1 };
  samples[5] = (Sample){ "largeBlobs", CTAP_LARGE_BLOBS, large_blobs_sample (), 0, 99, 0 };
}

typedef void (*Check) (CtapFixture *f, const Sample *sample);

static void
for_each_sample (CtapFixture *f, Check check)
{
  Sample samples[N_SAMPLES];
  g_autoptr (CtapAnswer) answer = NULL;
  gint64 retries = ctap_get_pin_retries (f);

  prepare_samples (samples);
  for (guint i = 0; i < N_SAMPLES; i++)
    {
      g_test_message ("%s", samples[i].name);
      check (f, &samples[i]);
      g_bytes_unref (samples[i].parameters);
    }
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
  g_assert_cmpint (ctap_get_pin_retries (f), ==, retries);
  g_assert_cmpuint (mortise_fake_tpm_count_loaded (ctap_fixture_tpm (f)), ==, 0);
  answer = ctap_register (f, &(CtapMake){ .rk = 1, .uv = 1 });
}

static void
check_truncated (CtapFixture *f, const Sample *sample)
{
  for (gsize size = 0; size < g_bytes_get_size (sample->parameters); size++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (sample->parameters, 0, size);

      g_assert_cmphex (ctap_send (f, sample->command, cut, NULL), ==, CTAP2_ERR_INVALID_CBOR);
    }
}

static void
test_truncated (CtapFixture *f, gconstpointer data)
{
  for_each_sample (f, check_truncated);
}

static void
check_types (CtapFixture *f, const Sample *sample)
{
  static const struct
  {
    MortiseCborType type;
    const char *hex;
  } values[] = {
    { MORTISE_CBOR_INT, "00" },
    { MORTISE_CBOR_INT, "20" },
    { MORTISE_CBOR_BYTES, "4161" },
    { MORTISE_CBOR_TEXT, "6161" },
    { MORTISE_CBOR_ARRAY, "80" },
    { MORTISE_CBOR_MAP, "a0" },
    { MORTISE_CBOR_BOOL, "f5" },
    { MORTISE_CBOR_OTHER, "f6" },
    { MORTISE_CBOR_OTHER, "f7" },
    { MORTISE_CBOR_OTHER, "fb3ff0000000000000" },
    { MORTISE_CBOR_OTHER, "1bffffffffffffffff" },
  };
  g_autoptr (GArray) nodes = collect_all (sample->parameters);

  for (guint i = 0; i < nodes->len; i++)
    {
      const Node *node = &g_array_index (nodes, Node, i);

      for (gsize j = 0; j < G_N_ELEMENTS (values); j++)
        {
          g_autoptr (GBytes) value = hex_to_bytes (values[j].hex);
          g_autoptr (GBytes) broken =
              splice (sample->parameters, node->start, node->end, g_bytes_get_data (value, NULL),
                      g_bytes_get_size (value));
          guint8 expected = node->depth >= sample->nested_depth
                                ? sample->nested_status
                                : (guint8) CTAP2_ERR_CBOR_UNEXPECTED_TYPE;

          if (values[j].type == node->value.type)
            continue;
          g_test_message ("bytes %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT " become %s", node->start,
                          node->end, values[j].hex);
          g_assert_cmphex (ctap_send (f, sample->command, broken, NULL), ==, expected);
        }
    }
}

static void
test_types (CtapFixture *f, gconstpointer data)
{
  for_each_sample (f, check_types);
}

/* The first two members of each map swapped, and its first member given twice. */
static void
check_keys (CtapFixture *f, const Sample *sample)
{
  g_autoptr (GArray) nodes = collect_all (sample->parameters);
  const guint8 *data = g_bytes_get_data (sample->parameters, NULL);

  for (guint i = 0; i < nodes->len; i++)
    {
      const Node *node = &g_array_index (nodes, Node, i);
      MortiseCborIter iter;
      MortiseCborValue key;
      MortiseCborValue value;
      gsize start = (gsize) (node->value.data - data);
      gsize middle;
      gsize end;

      if (node->value.type != MORTISE_CBOR_MAP)
        continue;
      mortise_cbor_iter_init (&iter, &node->value);
      mortise_cbor_iter_next_member (&iter, &key, &value);
      middle = (gsize) (iter.data - data);
      {
        g_autoptr (GBytes) twice =
            splice (sample->parameters, start, start, data + start, middle - start);
        guint8 head = (guint8) (data[start - 1] + 1);
        g_autoptr (GBytes) counted = splice (twice, start - 1, start, &head, 1);

        g_assert_cmphex (ctap_send (f, sample->command, counted, NULL), ==, CTAP2_ERR_INVALID_CBOR);
      }
      if (!mortise_cbor_iter_next_member (&iter, &key, &value))
        continue;
      end = (gsize) (iter.data - data);
      {
        g_autoptr (GBytes) cut = splice (sample->parameters, start, middle, NULL, 0);
        g_autoptr (GBytes) swapped =
            splice (cut, start + end - middle, start + end - middle, data + start, middle - start);

        g_assert_cmphex (ctap_send (f, sample->command, swapped, NULL), ==, CTAP2_ERR_INVALID_CBOR);
      }
    }
}

static void
test_keys (CtapFixture *f, gconstpointer data)
{
  for_each_sample (f, check_keys);
}

static void
check_missing (CtapFixture *f, const Sample *sample)
{
  g_autoptr (GArray) nodes = collect_all (sample->parameters);
  const Node *root = &g_array_index (nodes, Node, 0);
  const guint8 *data = g_bytes_get_data (sample->parameters, NULL);
  MortiseCborIter iter;
  MortiseCborValue key;
  MortiseCborValue value;
  gsize start = (gsize) (root->value.data - data);
  guint8 head = (guint8) (data[0] - 1);

  mortise_cbor_iter_init (&iter, &root->value);
  for (guint i = 0; i < sample->required; i++)
    {
      gsize end;
      g_autoptr (GBytes) cut = NULL;
      g_autoptr (GBytes) counted = NULL;

      mortise_cbor_iter_next_member (&iter, &key, &value);
      end = (gsize) (iter.data - data);
      cut = splice (sample->parameters, start, end, NULL, 0);
      counted = splice (cut, 0, 1, &head, 1);
      g_assert_cmphex (ctap_send (f, sample->command, counted, NULL), ==,
                       CTAP2_ERR_MISSING_PARAMETER);
      start = end;
    }
}

static void
test_missing (CtapFixture *f, gconstpointer data)
{
  for_each_sample (f, check_missing);
}

static void
check_trailing_and_deep (CtapFixture *f, const Sample *sample)
{
  g_autoptr (GBytes) deep_value = hex_to_bytes ("0f8181818100");
  g_autoptr (GBytes) allowed_value = hex_to_bytes ("0f81818100");
  gsize size = g_bytes_get_size (sample->parameters);
  guint8 head = (guint8) (*(const guint8 *) g_bytes_get_data (sample->parameters, NULL) + 1);
  g_autoptr (GBytes) trailing = splice (sample->parameters, size, size, "\0", 1);
  g_autoptr (GBytes) longer =
      splice (sample->parameters, size, size, g_bytes_get_data (deep_value, NULL),
              g_bytes_get_size (deep_value));
  g_autoptr (GBytes) deep = splice (longer, 0, 1, &head, 1);
  g_autoptr (GBytes) other =
      splice (sample->parameters, size, size, g_bytes_get_data (allowed_value, NULL),
              g_bytes_get_size (allowed_value));
  g_autoptr (GBytes) allowed = splice (other, 0, 1, &head, 1);

  g_assert_cmphex (ctap_send (f, sample->command, trailing, NULL), ==, CTAP2_ERR_INVALID_CBOR);
  g_assert_cmphex (ctap_send (f, sample->command, deep, NULL), ==, CTAP2_ERR_INVALID_CBOR);
  /* CTAP.md 23: an unknown member changes nothing. */
  g_assert_cmphex (ctap_send (f, sample->command, allowed, NULL), ==,
                   ctap_send (f, sample->command, sample->parameters, NULL));
}

static void
test_trailing_and_deep (CtapFixture *f, gconstpointer data)
{
  for_each_sample (f, check_trailing_and_deep);
}

/* Every bit flipped: some status, no crash, nothing kept; the person, if asked, says no. */
static void
check_bit_flips (CtapFixture *f, const Sample *sample)
{
  gsize size = g_bytes_get_size (sample->parameters);

  mortise_scripted_consent_refuse_rest (f->consent, MORTISE_ERROR_DENIED);
  for (gsize i = 0; i < size * 8; i++)
    {
      guint8 byte = *((const guint8 *) g_bytes_get_data (sample->parameters, NULL) + i / 8);
      g_autoptr (GBytes) flipped = NULL;

      byte ^= (guint8) (1u << i % 8);
      flipped = splice (sample->parameters, i / 8, i / 8 + 1, &byte, 1);
      g_assert_cmphex (ctap_send (f, sample->command, flipped, NULL), !=, CTAP1_ERR_SUCCESS);
    }
  for (;;)
    {
      MortiseAskedQuestion *question = mortise_scripted_consent_take (f->consent);

      if (question == NULL)
        break;
      mortise_asked_question_free (question);
    }
}

static void
check_pin_safe_bit_flips (CtapFixture *f, const Sample *sample)
{
  /* A flipped subcommand of clientPIN may well be a valid request. */
  if (sample->command != CTAP_CLIENT_PIN)
    check_bit_flips (f, sample);
}

static void
test_bit_flips (CtapFixture *f, gconstpointer data)
{
  for_each_sample (f, check_pin_safe_bit_flips);
}

static void
test_commands (CtapFixture *f, gconstpointer data)
{
  static const guint8 known[] = {
    0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x41
  };
  static const guint8 with_parameters[] = { 0x01, 0x02, 0x06, 0x0A, 0x0C, 0x0D, 0x41 };
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) array = hex_to_bytes ("80");
  g_autoptr (GBytes) number = hex_to_bytes ("00");

  g_assert_cmphex (ctap_send_raw (f, empty, NULL), ==, CTAP1_ERR_INVALID_LENGTH);
  for (guint command = 0; command <= 0xff; command++)
    {
      if (memchr (known, (int) command, sizeof known) == NULL)
        g_assert_cmphex (ctap_send (f, (guint8) command, NULL, NULL), ==,
                         CTAP1_ERR_INVALID_COMMAND);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (with_parameters); i++)
    {
      guint8 command = with_parameters[i];

      g_assert_cmphex (ctap_send (f, command, NULL, NULL), ==, CTAP2_ERR_INVALID_CBOR);
      g_assert_cmphex (ctap_send (f, command, array, NULL), ==, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
      g_assert_cmphex (ctap_send (f, command, number, NULL), ==, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
    }
  g_assert_cmphex (ctap_send (f, CTAP_GET_INFO, number, NULL), ==, CTAP1_ERR_INVALID_LENGTH);
  g_assert_cmphex (ctap_send (f, CTAP_SELECTION, number, NULL), ==, CTAP1_ERR_INVALID_LENGTH);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, number, NULL), ==, CTAP1_ERR_INVALID_LENGTH);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up, function, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/19-malformed/commands", test_commands);
  ADD ("/ctap/20-malformed/truncated", test_truncated);
  ADD ("/ctap/20-malformed/keys", test_keys);
  ADD ("/ctap/20-malformed/trailing-and-deep", test_trailing_and_deep);
  ADD ("/ctap/20-malformed/bit-flips", test_bit_flips);
  ADD ("/ctap/21-malformed/missing", test_missing);
  ADD ("/ctap/22-malformed/types", test_types);
  return g_test_run ();
}
