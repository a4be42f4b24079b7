/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/ctap-fixture.h"

#include <glib/gstdio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/ctap/cose-key.h"
#include "core/ctap/pin-uv-auth-protocol.h"
#include "tests/support/memory-keyring.h"

const guint8 ctap_client_data_hash[32] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                           11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                           22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };

static gint64 now = G_USEC_PER_SEC;

static gint64
fixture_clock (void)
{
  return now;
}

void
ctap_fixture_advance (gint64 microseconds)
{
  now += microseconds;
}

MortiseFakeTpm *
ctap_fixture_tpm (CtapFixture *fixture)
{
  return MORTISE_FAKE_TPM (fixture->tpm);
}

static void
open_all (CtapFixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->vault = mortise_vault_new (fixture->directory, fixture->tpm, fixture->keyring);
  g_assert_true (mortise_vault_open (fixture->vault, &error));
  g_assert_no_error (error);
  fixture->consent = mortise_scripted_consent_new (fixture->vault, CTAP_TEST_PIN);
  fixture->authenticator =
      mortise_authenticator_new (fixture->vault, MORTISE_CONSENT (fixture->consent), fixture_clock);
}

static void
close_all (CtapFixture *fixture)
{
  g_assert_false (mortise_scripted_consent_is_up (fixture->consent));
  g_assert_cmpuint (mortise_scripted_consent_count_left (fixture->consent), ==, 0);
  g_assert_false (fixture->waiting);
  g_clear_object (&fixture->authenticator);
  g_clear_object (&fixture->consent);
  mortise_vault_close (fixture->vault);
  g_clear_object (&fixture->vault);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  if (MORTISE_IS_FAKE_TPM (fixture->tpm))
    g_assert_cmpuint (mortise_fake_tpm_count_loaded (ctap_fixture_tpm (fixture)), ==, 0);
}

static void
set_up_folder (CtapFixture *fixture, MortiseTpm *tpm)
{
  g_autoptr (GError) error = NULL;

  fixture->directory = g_dir_make_tmp ("mortise-ctap-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->tpm = tpm;
  fixture->keyring = mortise_memory_keyring_new ();
  fixture->cancellable = g_cancellable_new ();
  fixture->channel = 0x01020304;
  open_all (fixture);
}

void
ctap_fixture_set_up_empty (CtapFixture *fixture, gconstpointer data)
{
  set_up_folder (fixture, mortise_fake_tpm_new ("ctap"));
}

void
ctap_fixture_set_up_on (CtapFixture *fixture, MortiseTpm *tpm)
{
  g_autoptr (MortiseSecret) pin =
      mortise_secret_new_from_data (CTAP_TEST_PIN, strlen (CTAP_TEST_PIN));
  g_autoptr (GError) error = NULL;

  set_up_folder (fixture, tpm);
  g_assert_true (mortise_vault_create (fixture->vault, pin, &error));
  g_assert_no_error (error);
}

void
ctap_fixture_set_up (CtapFixture *fixture, gconstpointer data)
{
  ctap_fixture_set_up_on (fixture, mortise_fake_tpm_new ("ctap"));
}

static void
remove_directory (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_directory (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

void
ctap_fixture_tear_down (CtapFixture *fixture, gconstpointer data)
{
  close_all (fixture);
  g_clear_pointer (&fixture->token, mortise_secret_free);
  g_clear_object (&fixture->tpm);
  g_clear_object (&fixture->keyring);
  g_clear_object (&fixture->cancellable);
  remove_directory (fixture->directory);
  g_clear_pointer (&fixture->directory, g_free);
}

void
ctap_fixture_restart (CtapFixture *fixture)
{
  close_all (fixture);
  open_all (fixture);
  g_assert_cmpint (mortise_vault_get_state (fixture->vault), ==, MORTISE_VAULT_LISTABLE);
}

void
ctap_fixture_restart_locked (CtapFixture *fixture)
{
  MortiseMemoryKeyring *keyring = MORTISE_MEMORY_KEYRING (fixture->keyring);

  close_all (fixture);
  mortise_memory_keyring_set_available (keyring, FALSE);
  open_all (fixture);
  mortise_memory_keyring_set_available (keyring, TRUE);
  g_assert_cmpint (mortise_vault_get_state (fixture->vault), ==, MORTISE_VAULT_LOCKED);
}

static void
note_waiting (gboolean waiting, gpointer user_data)
{
  CtapFixture *fixture = user_data;

  fixture->waiting = waiting;
  fixture->waits += waiting ? 1 : 0;
}

guint8
ctap_send_raw (CtapFixture *fixture, GBytes *request, GBytes **ret_cbor)
{
  const MortiseRequestContext context = { .channel = fixture->channel,
                                          .cancellable = fixture->cancellable,
                                          .set_waiting = note_waiting,
                                          .user_data = fixture };
  g_autoptr (GBytes) response = NULL;
  const guint8 *data;
  gsize size;
  MortiseCborValue value;

  if (fixture->around != NULL)
    fixture->around (request, NULL, fixture->around_data);
  response = mortise_authenticator_handle_cbor (fixture->authenticator, request, &context);
  if (fixture->around != NULL)
    fixture->around (request, response, fixture->around_data);
  data = g_bytes_get_data (response, &size);
  g_assert_cmpuint (size, >=, 1);
  g_assert_cmpuint (size, <=, 7609);
  if (data[0] != CTAP1_ERR_SUCCESS)
    g_assert_cmpuint (size, ==, 1);
  if (size > 1)
    g_assert_cmphex (mortise_cbor_parse (data + 1, size - 1, &value), ==, CTAP1_ERR_SUCCESS);
  if (ret_cbor != NULL)
    *ret_cbor = g_bytes_new_from_bytes (response, 1, size - 1);
  return data[0];
}

guint8
ctap_send (CtapFixture *fixture, guint8 command, GBytes *parameters, GBytes **ret_cbor)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_autoptr (GBytes) request = NULL;

  g_byte_array_append (array, &command, 1);
  if (parameters != NULL)
    g_byte_array_append (array, g_bytes_get_data (parameters, NULL),
                         (guint) g_bytes_get_size (parameters));
  request = g_bytes_new (array->data, array->len);
  return ctap_send_raw (fixture, request, ret_cbor);
}

MortiseAskedQuestion *
ctap_take_question (CtapFixture *fixture, MortiseConsentKind kind)
{
  MortiseAskedQuestion *question = mortise_scripted_consent_take (fixture->consent);

  g_assert_nonnull (question);
  g_assert_cmpint (question->kind, ==, kind);
  return question;
}

void
ctap_drop_question (CtapFixture *fixture, MortiseConsentKind kind)
{
  mortise_asked_question_free (ctap_take_question (fixture, kind));
}

static void
cancel_now (MortiseScriptedConsent *consent,
            const MortiseAskedQuestion *question,
            gpointer user_data)
{
  CtapFixture *fixture = user_data;

  g_cancellable_cancel (fixture->cancellable);
}

void
ctap_cancel_when_asked (CtapFixture *fixture)
{
  mortise_scripted_consent_set_hook (fixture->consent, cancel_now, fixture);
}

void
ctap_assert_not_asked (CtapFixture *fixture)
{
  g_autoptr (MortiseAskedQuestion) question = mortise_scripted_consent_take (fixture->consent);

  g_assert_null (question);
}

GBytes *
ctap_apdu (guint8 ins, guint8 p1, gconstpointer data, gsize size)
{
  const guint8 header[] = { 0x00, ins, p1, 0x00, 0x00 };
  const guint8 length[] = { (guint8) (size >> 8), (guint8) (size & 0xff) };
  const guint8 expected[] = { 0x00, 0x00 };
  GByteArray *apdu = g_byte_array_new ();

  g_byte_array_append (apdu, header, sizeof header);
  if (size > 0)
    {
      g_byte_array_append (apdu, length, sizeof length);
      g_byte_array_append (apdu, data, (guint) size);
    }
  g_byte_array_append (apdu, expected, sizeof expected);
  return g_byte_array_free_to_bytes (apdu);
}

guint16
ctap_send_apdu (CtapFixture *fixture, GBytes *apdu, GBytes **ret_data)
{
  const MortiseRequestContext context = { .channel = fixture->channel,
                                          .cancellable = fixture->cancellable };
  g_autoptr (GBytes) response =
      mortise_authenticator_handle_apdu (fixture->authenticator, apdu, &context);
  gsize size;
  const guint8 *data = g_bytes_get_data (response, &size);
  guint16 word;

  g_assert_cmpuint (size, >=, 2);
  word = (guint16) (data[size - 2] << 8 | data[size - 1]);
  if (word != 0x9000)
    g_assert_cmpuint (size, ==, 2);
  if (ret_data != NULL)
    *ret_data = g_bytes_new_from_bytes (response, 0, size - 2);
  return word;
}

/* --- Requests ------------------------------------------------------------------------------- */

static void
write_descriptors (MortiseCborWriter *writer, GPtrArray *ids)
{
  mortise_cbor_write_array (writer, ids->len);
  for (guint i = 0; i < ids->len; i++)
    {
      MortiseCborMap map;

      mortise_cbor_map_begin (writer, &map);
      mortise_cbor_map_text_key (writer, &map, "id");
      mortise_cbor_write_gbytes (writer, g_ptr_array_index (ids, i));
      mortise_cbor_map_text_key (writer, &map, "type");
      mortise_cbor_write_text (writer, "public-key");
      mortise_cbor_map_end (writer, &map);
    }
}

static void
write_option (MortiseCborWriter *writer, MortiseCborMap *map, const char *name, int option)
{
  if (option == 0)
    return;
  mortise_cbor_map_text_key (writer, map, name);
  mortise_cbor_write_bool (writer, option > 0);
}

static void
write_options (MortiseCborWriter *writer, MortiseCborMap *outer, gint64 key, int rk, int up, int uv)
{
  MortiseCborMap map;

  if (rk == 0 && up == 0 && uv == 0)
    return;
  mortise_cbor_map_key (writer, outer, key);
  mortise_cbor_map_begin (writer, &map);
  write_option (writer, &map, "rk", rk);
  write_option (writer, &map, "up", up);
  write_option (writer, &map, "uv", uv);
  mortise_cbor_map_end (writer, &map);
}

static void
write_token (
    MortiseCborWriter *writer, MortiseCborMap *map, gint64 key, GBytes *param, int protocol)
{
  if (param != NULL)
    {
      mortise_cbor_map_key (writer, map, key);
      mortise_cbor_write_gbytes (writer, param);
    }
  if (protocol != 0)
    {
      mortise_cbor_map_key (writer, map, key + 1);
      mortise_cbor_write_int (writer, protocol);
    }
}

static void
write_text_member (MortiseCborWriter *writer,
                   MortiseCborMap *map,
                   const char *key,
                   const char *text)
{
  if (text == NULL)
    return;
  mortise_cbor_map_text_key (writer, map, key);
  mortise_cbor_write_text (writer, text);
}

static void
write_entities (MortiseCborWriter *writer, MortiseCborMap *map, const CtapMake *make)
{
  MortiseCborMap entity;
  const char *user_id = make->user_id != NULL ? make->user_id : "user";

  mortise_cbor_map_key (writer, map, 0x02);
  mortise_cbor_map_begin (writer, &entity);
  write_text_member (writer, &entity, "id", make->rp_id != NULL ? make->rp_id : "example.com");
  write_text_member (writer, &entity, "name", make->rp_name);
  mortise_cbor_map_end (writer, &entity);

  mortise_cbor_map_key (writer, map, 0x03);
  mortise_cbor_map_begin (writer, &entity);
  mortise_cbor_map_text_key (writer, &entity, "id");
  mortise_cbor_write_bytes (writer, user_id, strlen (user_id));
  write_text_member (writer, &entity, "name", make->user_name);
  write_text_member (writer, &entity, "displayName", make->user_display_name);
  mortise_cbor_map_end (writer, &entity);
}

static void
write_algorithms (MortiseCborWriter *writer, const CtapMake *make)
{
  gsize n = 0;

  while (n < G_N_ELEMENTS (make->algorithms) && make->algorithms[n] != 0)
    n++;
  mortise_cbor_write_array (writer, MAX (n, 1));
  for (gsize i = 0; i < MAX (n, 1); i++)
    {
      MortiseCborMap map;

      mortise_cbor_map_begin (writer, &map);
      mortise_cbor_map_text_key (writer, &map, "alg");
      mortise_cbor_write_int (writer, n == 0 ? MORTISE_ALG_ES256 : make->algorithms[i]);
      mortise_cbor_map_text_key (writer, &map, "type");
      mortise_cbor_write_text (writer, "public-key");
      mortise_cbor_map_end (writer, &map);
    }
}

static void
write_encoded (MortiseCborWriter *writer, MortiseCborMap *map, gint64 key, GBytes *encoded)
{
  mortise_cbor_map_key (writer, map, key);
  mortise_cbor_write_raw (writer, g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded));
}

GBytes *
ctap_make_parameters (const CtapMake *make)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 0x01);
  mortise_cbor_write_bytes (writer, ctap_client_data_hash, sizeof ctap_client_data_hash);
  write_entities (writer, &map, make);
  mortise_cbor_map_key (writer, &map, 0x04);
  write_algorithms (writer, make);
  if (make->exclude != NULL)
    {
      mortise_cbor_map_key (writer, &map, 0x05);
      write_descriptors (writer, make->exclude);
    }
  if (make->extensions != NULL)
    write_encoded (writer, &map, 0x06, make->extensions);
  else if (make->cred_protect != 0)
    {
      MortiseCborMap extensions;

      mortise_cbor_map_key (writer, &map, 0x06);
      mortise_cbor_map_begin (writer, &extensions);
      mortise_cbor_map_text_key (writer, &extensions, "credProtect");
      mortise_cbor_write_int (writer, make->cred_protect);
      mortise_cbor_map_end (writer, &extensions);
    }
  write_options (writer, &map, 0x07, make->rk, make->up, make->uv);
  write_token (writer, &map, 0x08, make->param, make->protocol);
  if (make->enterprise_attestation != 0)
    {
      mortise_cbor_map_key (writer, &map, 0x0A);
      mortise_cbor_write_int (writer, make->enterprise_attestation);
    }
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

GBytes *
ctap_get_parameters (const CtapGet *get)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 0x01);
  mortise_cbor_write_text (writer, get->rp_id != NULL ? get->rp_id : "example.com");
  mortise_cbor_map_key (writer, &map, 0x02);
  mortise_cbor_write_bytes (writer, ctap_client_data_hash, sizeof ctap_client_data_hash);
  if (get->allow != NULL)
    {
      mortise_cbor_map_key (writer, &map, 0x03);
      write_descriptors (writer, get->allow);
    }
  if (get->extensions != NULL)
    write_encoded (writer, &map, 0x04, get->extensions);
  write_options (writer, &map, 0x05, get->rk, get->up, get->uv);
  write_token (writer, &map, 0x06, get->param, get->protocol);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

GBytes *
ctap_replace_text (GBytes *parameters, const char *from, const char *to)
{
  gsize size;
  gsize length = strlen (from);
  guint8 *data = g_bytes_unref_to_data (g_bytes_ref (parameters), &size);

  g_assert_cmpuint (length, ==, strlen (to));
  for (gsize at = size - length; at > 0; at--)
    {
      if (memcmp (data + at, from, length) == 0)
        {
          memcpy (data + at, to, length);
          return g_bytes_new_take (data, size);
        }
    }
  g_assert_not_reached ();
}

/* --- Answers -------------------------------------------------------------------------------- */

void
ctap_answer_free (CtapAnswer *answer)
{
  if (answer == NULL)
    return;
  g_clear_pointer (&answer->authenticator_data, g_bytes_unref);
  g_clear_pointer (&answer->signature, g_bytes_unref);
  g_clear_pointer (&answer->credential_id, g_bytes_unref);
  g_clear_pointer (&answer->public_key, g_bytes_unref);
  g_clear_pointer (&answer->large_blob_key, g_bytes_unref);
  g_clear_pointer (&answer->extensions, g_bytes_unref);
  g_clear_pointer (&answer->user_id, g_bytes_unref);
  g_free (answer->user_name);
  g_free (answer->user_display_name);
  g_free (answer->format);
  g_free (answer);
}

gboolean
ctap_find (const MortiseCborValue *map, gint64 key, const char *name, MortiseCborValue *ret_value)
{
  MortiseCborIter iter;
  MortiseCborValue k;
  MortiseCborValue v;

  mortise_cbor_iter_init (&iter, map);
  while (mortise_cbor_iter_next_member (&iter, &k, &v))
    {
      if (name != NULL ? mortise_cbor_text_equal (&k, name)
                       : k.type == MORTISE_CBOR_INT && k.number == key)
        {
          *ret_value = v;
          return TRUE;
        }
    }
  *ret_value = (MortiseCborValue){ 0 };
  return FALSE;
}

static char *
dup_text (const MortiseCborValue *map, const char *name)
{
  MortiseCborValue value;

  if (!ctap_find (map, 0, name, &value))
    return NULL;
  g_assert_cmpint (value.type, ==, MORTISE_CBOR_TEXT);
  return g_strndup ((const char *) value.data, value.size);
}

MortiseCborValue
ctap_parse (GBytes *cbor)
{
  MortiseCborValue value = { 0 };

  g_assert_cmphex (
      mortise_cbor_parse (g_bytes_get_data (cbor, NULL), g_bytes_get_size (cbor), &value), ==,
      CTAP1_ERR_SUCCESS);
  return value;
}

/* Splits the COSE key off what follows it: it is the first CBOR item there. */
static gsize
cose_key_size (const guint8 *data, gsize size)
{
  MortiseCborValue value;

  for (gsize n = 1; n <= size; n++)
    {
      if (mortise_cbor_parse (data, n, &value) == CTAP1_ERR_SUCCESS)
        return n;
    }
  g_assert_not_reached ();
}

static void
read_authenticator_data (CtapAnswer *answer)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (answer->authenticator_data, &size);
  gsize at = 37;
  guint32 count;

  g_assert_cmpuint (size, >=, 37);
  memcpy (answer->rp_id_hash, data, 32);
  answer->flags = data[32];
  memcpy (&count, data + 33, sizeof count);
  answer->sign_count = GUINT32_FROM_BE (count);
  if ((answer->flags & MORTISE_AUTH_DATA_AT) != 0)
    {
      gsize id_size = (gsize) data[at + 16] << 8 | data[at + 17];

      memcpy (answer->aaguid, data + at, 16);
      at += 18;
      answer->credential_id = g_bytes_new (data + at, id_size);
      at += id_size;
      id_size = cose_key_size (data + at, size - at);
      answer->public_key = g_bytes_new (data + at, id_size);
      at += id_size;
    }
  if ((answer->flags & MORTISE_AUTH_DATA_ED) != 0)
    {
      answer->extensions = g_bytes_new (data + at, size - at);
      g_assert_cmpint (ctap_parse (answer->extensions).type, ==, MORTISE_CBOR_MAP);
      at = size;
    }
  g_assert_cmpuint (at, ==, size);
}

static CtapAnswer *
read_attestation (GBytes *cbor)
{
  CtapAnswer *answer = g_new0 (CtapAnswer, 1);
  MortiseCborValue map = ctap_parse (cbor);
  MortiseCborValue value;
  MortiseCborValue statement;

  g_assert_true (ctap_find (&map, 1, NULL, &value));
  answer->format = g_strndup ((const char *) value.data, value.size);
  g_assert_true (ctap_find (&map, 2, NULL, &value));
  answer->authenticator_data = mortise_cbor_value_to_bytes (&value);
  g_assert_true (ctap_find (&map, 3, NULL, &statement));
  g_assert_true (ctap_find (&statement, 0, "sig", &value));
  answer->signature = mortise_cbor_value_to_bytes (&value);
  if (ctap_find (&map, 5, NULL, &value))
    answer->large_blob_key = mortise_cbor_value_to_bytes (&value);
  read_authenticator_data (answer);
  return answer;
}

static CtapAnswer *
read_assertion (GBytes *cbor)
{
  CtapAnswer *answer = g_new0 (CtapAnswer, 1);
  MortiseCborValue map = ctap_parse (cbor);
  MortiseCborValue value;
  MortiseCborValue inner;

  g_assert_true (ctap_find (&map, 1, NULL, &value));
  g_assert_true (ctap_find (&value, 0, "id", &inner));
  answer->credential_id = mortise_cbor_value_to_bytes (&inner);
  g_assert_true (ctap_find (&map, 2, NULL, &value));
  answer->authenticator_data = mortise_cbor_value_to_bytes (&value);
  g_assert_true (ctap_find (&map, 3, NULL, &value));
  answer->signature = mortise_cbor_value_to_bytes (&value);
  if (ctap_find (&map, 4, NULL, &value))
    {
      g_assert_true (ctap_find (&value, 0, "id", &inner));
      answer->user_id = mortise_cbor_value_to_bytes (&inner);
      answer->user_name = dup_text (&value, "name");
      answer->user_display_name = dup_text (&value, "displayName");
    }
  if (ctap_find (&map, 5, NULL, &value))
    answer->number_of_credentials = value.number;
  if (ctap_find (&map, 6, NULL, &value))
    answer->user_selected = value.number != 0;
  if (ctap_find (&map, 7, NULL, &value))
    answer->large_blob_key = mortise_cbor_value_to_bytes (&value);
  read_authenticator_data (answer);
  g_assert_cmphex (answer->flags & MORTISE_AUTH_DATA_AT, ==, 0);
  return answer;
}

static guint8
send_and_read (CtapFixture *fixture,
               guint8 command,
               GBytes *parameters,
               CtapAnswer *(*read) (GBytes *cbor),
               CtapAnswer **ret_answer)
{
  g_autoptr (GBytes) cbor = NULL;
  guint8 status = ctap_send (fixture, command, parameters, &cbor);
  g_autoptr (CtapAnswer) answer = NULL;

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  answer = read (cbor);
  if (ret_answer != NULL)
    *ret_answer = g_steal_pointer (&answer);
  return status;
}

guint8
ctap_make (CtapFixture *fixture, const CtapMake *make, CtapAnswer **ret_answer)
{
  g_autoptr (GBytes) parameters = ctap_make_parameters (make);

  return send_and_read (fixture, CTAP_MAKE_CREDENTIAL, parameters, read_attestation, ret_answer);
}

guint8
ctap_get (CtapFixture *fixture, const CtapGet *get, CtapAnswer **ret_answer)
{
  g_autoptr (GBytes) parameters = ctap_get_parameters (get);

  return send_and_read (fixture, CTAP_GET_ASSERTION, parameters, read_assertion, ret_answer);
}

guint8
ctap_get_next (CtapFixture *fixture, CtapAnswer **ret_answer)
{
  return send_and_read (fixture, CTAP_GET_NEXT_ASSERTION, NULL, read_assertion, ret_answer);
}

CtapAnswer *
ctap_register (CtapFixture *fixture, const CtapMake *make)
{
  CtapAnswer *answer = NULL;

  mortise_scripted_consent_allow (fixture->consent);
  g_assert_cmphex (ctap_make (fixture, make, &answer), ==, CTAP1_ERR_SUCCESS);
  mortise_asked_question_free (mortise_scripted_consent_take (fixture->consent));
  return answer;
}

GPtrArray *
ctap_list (const CtapAnswer *answer)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (list, g_bytes_ref (answer->credential_id));
  return list;
}

static EVP_PKEY *
public_key_of (const MortiseCborValue *cose, gboolean *ret_p384)
{
  MortiseCborValue x;
  MortiseCborValue y;
  MortiseCborValue alg;
  guint8 point[97] = { 0x04 };
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  EVP_PKEY *key = NULL;
  char p256[] = "P-256";
  char p384[] = "P-384";
  OSSL_PARAM params[3];

  g_assert_true (ctap_find (cose, 3, NULL, &alg) && ctap_find (cose, -2, NULL, &x) &&
                 ctap_find (cose, -3, NULL, &y));
  *ret_p384 = alg.number == MORTISE_ALG_ES384;
  g_assert_cmpuint (x.size, ==, *ret_p384 ? 48 : 32);
  memcpy (point + 1, x.data, x.size);
  memcpy (point + 1 + x.size, y.data, y.size);
  params[0] = OSSL_PARAM_construct_utf8_string ("group", *ret_p384 ? p384 : p256, 0);
  params[1] = OSSL_PARAM_construct_octet_string ("pub", point, 1 + x.size + y.size);
  params[2] = OSSL_PARAM_construct_end ();
  g_assert_cmpint (EVP_PKEY_fromdata_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, params), ==, 1);
  EVP_PKEY_CTX_free (context);
  return key;
}

gboolean
ctap_verify (const CtapAnswer *attestation, const CtapAnswer *assertion)
{
  MortiseCborValue cose = ctap_parse (attestation->public_key);
  gboolean p384;
  EVP_PKEY *key = public_key_of (&cose, &p384);
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  gboolean valid;

  EVP_DigestVerifyInit (context, NULL, p384 ? EVP_sha384 () : EVP_sha256 (), NULL, key);
  EVP_DigestVerifyUpdate (context, g_bytes_get_data (assertion->authenticator_data, NULL),
                          g_bytes_get_size (assertion->authenticator_data));
  EVP_DigestVerifyUpdate (context, ctap_client_data_hash, sizeof ctap_client_data_hash);
  valid = EVP_DigestVerifyFinal (context, g_bytes_get_data (assertion->signature, NULL),
                                 g_bytes_get_size (assertion->signature)) == 1;
  EVP_MD_CTX_free (context);
  EVP_PKEY_free (key);
  return valid;
}

MortiseCborValue
ctap_info_member (CtapFixture *fixture, gint64 key, GBytes **ret_cbor)
{
  MortiseCborValue map;
  MortiseCborValue value;

  g_assert_cmphex (ctap_send (fixture, CTAP_GET_INFO, NULL, ret_cbor), ==, CTAP1_ERR_SUCCESS);
  map = ctap_parse (*ret_cbor);
  ctap_find (&map, key, NULL, &value);
  return value;
}

int
ctap_info_option (CtapFixture *fixture, const char *name)
{
  g_autoptr (GBytes) cbor = NULL;
  MortiseCborValue options = ctap_info_member (fixture, 0x04, &cbor);
  MortiseCborValue value;

  if (!ctap_find (&options, 0, name, &value))
    return 0;
  return value.number != 0 ? 1 : -1;
}

/* --- clientPIN ------------------------------------------------------------------------------ */

guint8
ctap_pin_session_open (CtapFixture *fixture, guint protocol, CtapPinSession *session)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) parameters = NULL;
  g_autoptr (GBytes) cbor = NULL;
  MortiseCborMap map;
  MortiseCborValue answer;
  MortiseCborValue cose;
  const guint8 *x;
  const guint8 *y;
  EVP_PKEY *own;
  guint8 status;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, protocol);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_uint (writer, 0x02);
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  status = ctap_send (fixture, CTAP_CLIENT_PIN, parameters, &cbor);
  if (status != CTAP1_ERR_SUCCESS)
    return status;

  answer = ctap_parse (cbor);
  g_assert_true (ctap_find (&answer, 1, NULL, &cose));
  g_assert_cmphex (mortise_cose_read_key_agreement (&cose, &x, &y), ==, CTAP1_ERR_SUCCESS);
  own = mortise_key_agreement_generate ();
  session->protocol = protocol;
  session->shared = mortise_pin_uv_auth_decapsulate (protocol, own, x, y);
  mortise_key_agreement_get_point (own, session->x, session->y);
  EVP_PKEY_free (own);
  return status;
}

void
ctap_pin_session_clear (CtapPinSession *session)
{
  g_clear_pointer (&session->shared, mortise_secret_free);
}

GBytes *
ctap_authenticate (const MortiseSecret *key, guint protocol, gconstpointer data, gsize size)
{
  guint8 hmac[32];
  gsize hmac_size = 0;

  g_assert_nonnull (EVP_Q_mac (NULL, "HMAC", NULL, "SHA256", NULL, mortise_secret_peek (key),
                               MIN (mortise_secret_get_size (key), 32), data, size, hmac,
                               sizeof hmac, &hmac_size));
  return g_bytes_new (hmac, protocol == 1 ? 16 : 32);
}

GBytes *
ctap_token_param (const MortiseSecret *token, guint protocol)
{
  return ctap_authenticate (token, protocol, ctap_client_data_hash, sizeof ctap_client_data_hash);
}

static GBytes *
encrypt_new_pin (const CtapPinSession *session, const char *pin)
{
  g_autoptr (MortiseSecret) padded = mortise_secret_new (64);

  memcpy (mortise_secret_get_bytes (padded), pin, MIN (strlen (pin), 64));
  return mortise_pin_uv_auth_encrypt (session->protocol, session->shared, padded);
}

static GBytes *
encrypt_pin_hash (const CtapPinSession *session, const char *pin)
{
  guint8 digest[32];
  g_autoptr (MortiseSecret) hash = NULL;

  g_assert_cmpint (EVP_Q_digest (NULL, "SHA256", NULL, pin, strlen (pin), digest, NULL), ==, 1);
  hash = mortise_secret_new_from_data (digest, 16);
  return mortise_pin_uv_auth_encrypt (session->protocol, session->shared, hash);
}

/* Members of a clientPIN request beside protocol and subcommand. */
typedef struct
{
  GBytes *param;
  GBytes *new_pin_enc;
  GBytes *pin_hash_enc;
  guint permissions;
  const char *rp_id;
} PinMembers;

static void
write_bytes_member (MortiseCborWriter *writer, MortiseCborMap *map, gint64 key, GBytes *bytes)
{
  if (bytes == NULL)
    return;
  mortise_cbor_map_key (writer, map, key);
  mortise_cbor_write_gbytes (writer, bytes);
}

static GBytes *
write_pin_request (const CtapPinSession *session, guint sub_command, const PinMembers *members)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, session->protocol);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_uint (writer, sub_command);
  mortise_cbor_map_key (writer, &map, 3);
  mortise_cose_write_ec2 (writer, -25, 1, session->x, session->y, 32);
  write_bytes_member (writer, &map, 4, members->param);
  write_bytes_member (writer, &map, 5, members->new_pin_enc);
  write_bytes_member (writer, &map, 6, members->pin_hash_enc);
  if (members->permissions != 0)
    {
      mortise_cbor_map_key (writer, &map, 9);
      mortise_cbor_write_uint (writer, members->permissions);
    }
  if (members->rp_id != NULL)
    {
      mortise_cbor_map_key (writer, &map, 10);
      mortise_cbor_write_text (writer, members->rp_id);
    }
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

GBytes *
ctap_change_pin_parameters (const CtapPinSession *session, const char *old_pin, const char *new_pin)
{
  g_autoptr (GBytes) new_enc = encrypt_new_pin (session, new_pin);
  g_autoptr (GBytes) hash_enc = old_pin != NULL ? encrypt_pin_hash (session, old_pin) : NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GByteArray) both = g_byte_array_new ();

  g_byte_array_append (both, g_bytes_get_data (new_enc, NULL), (guint) g_bytes_get_size (new_enc));
  if (hash_enc != NULL)
    g_byte_array_append (both, g_bytes_get_data (hash_enc, NULL),
                         (guint) g_bytes_get_size (hash_enc));
  param = ctap_authenticate (session->shared, session->protocol, both->data, both->len);
  return write_pin_request (
      session, old_pin != NULL ? 0x04 : 0x03,
      &(PinMembers){ .param = param, .new_pin_enc = new_enc, .pin_hash_enc = hash_enc });
}

GBytes *
ctap_token_parameters (const CtapPinSession *session,
                       const char *pin,
                       guint permissions,
                       const char *rp_id)
{
  g_autoptr (GBytes) hash_enc = pin != NULL ? encrypt_pin_hash (session, pin) : NULL;
  const guint with_pin = permissions == 0 ? 0x05 : 0x09;

  return write_pin_request (
      session, pin != NULL ? with_pin : 0x06,
      &(PinMembers){ .pin_hash_enc = hash_enc, .permissions = permissions, .rp_id = rp_id });
}

guint8
ctap_set_pin (CtapFixture *fixture, guint protocol, const char *pin)
{
  return ctap_change_pin (fixture, protocol, NULL, pin);
}

guint8
ctap_change_pin (CtapFixture *fixture, guint protocol, const char *old_pin, const char *new_pin)
{
  CtapPinSession session = { 0 };
  g_autoptr (GBytes) parameters = NULL;
  guint8 status = ctap_pin_session_open (fixture, protocol, &session);

  g_assert_cmphex (status, ==, CTAP1_ERR_SUCCESS);
  parameters = ctap_change_pin_parameters (&session, old_pin, new_pin);
  status = ctap_send (fixture, CTAP_CLIENT_PIN, parameters, NULL);
  ctap_pin_session_clear (&session);
  return status;
}

static MortiseSecret *
read_token (const CtapPinSession *session, GBytes *cbor)
{
  MortiseCborValue map = ctap_parse (cbor);
  MortiseCborValue value;
  MortiseSecret *token;

  g_assert_true (ctap_find (&map, 2, NULL, &value));
  token = mortise_pin_uv_auth_decrypt (session->protocol, session->shared, value.data, value.size);
  g_assert_nonnull (token);
  g_assert_cmpuint (mortise_secret_get_size (token), ==, 32);
  return token;
}

guint8
ctap_get_token (CtapFixture *fixture,
                guint protocol,
                const char *pin,
                guint permissions,
                const char *rp_id,
                MortiseSecret **ret_token)
{
  CtapPinSession session = { 0 };
  g_autoptr (GBytes) parameters = NULL;
  g_autoptr (GBytes) cbor = NULL;
  guint8 status = ctap_pin_session_open (fixture, protocol, &session);

  g_assert_cmphex (status, ==, CTAP1_ERR_SUCCESS);
  parameters = ctap_token_parameters (&session, pin, permissions, rp_id);
  status = ctap_send (fixture, CTAP_CLIENT_PIN, parameters, &cbor);
  if (status == CTAP1_ERR_SUCCESS && ret_token != NULL)
    *ret_token = read_token (&session, cbor);
  ctap_pin_session_clear (&session);
  return status;
}

guint8
ctap_get_token_with_uv (CtapFixture *fixture,
                        guint protocol,
                        guint permissions,
                        const char *rp_id,
                        MortiseSecret **ret_token)
{
  return ctap_get_token (fixture, protocol, NULL, permissions, rp_id, ret_token);
}

static gint64
read_counter (CtapFixture *fixture, guint sub_command, gint64 member)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) parameters = NULL;
  g_autoptr (GBytes) cbor = NULL;
  MortiseCborMap map;
  MortiseCborValue answer;
  MortiseCborValue value;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_uint (writer, sub_command);
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  g_assert_cmphex (ctap_send (fixture, CTAP_CLIENT_PIN, parameters, &cbor), ==, CTAP1_ERR_SUCCESS);
  answer = ctap_parse (cbor);
  g_assert_true (ctap_find (&answer, member, NULL, &value));
  return value.number;
}

gint64
ctap_get_pin_retries (CtapFixture *fixture)
{
  return read_counter (fixture, 0x01, 3);
}

gint64
ctap_get_uv_retries (CtapFixture *fixture)
{
  return read_counter (fixture, 0x07, 5);
}

void
ctap_renew_token (
    CtapFixture *fixture, guint protocol, const char *pin, guint permissions, const char *rp_id)
{
  g_clear_pointer (&fixture->token, mortise_secret_free);
  g_assert_cmphex (ctap_get_token (fixture, protocol, pin, permissions, rp_id, &fixture->token), ==,
                   CTAP1_ERR_SUCCESS);
}

GBytes *
ctap_subcommand_parameters (
    CtapFixture *fixture, guint protocol, guint8 sub_command, GBytes *params, GBytes *prefix)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GByteArray) message = g_byte_array_new ();
  MortiseCborMap map;

  if (prefix != NULL)
    g_byte_array_append (message, g_bytes_get_data (prefix, NULL),
                         (guint) g_bytes_get_size (prefix));
  g_byte_array_append (message, &sub_command, 1);
  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, sub_command);
  if (params != NULL)
    {
      mortise_cbor_map_key (writer, &map, 2);
      mortise_cbor_write_raw (writer, g_bytes_get_data (params, NULL), g_bytes_get_size (params));
      g_byte_array_append (message, g_bytes_get_data (params, NULL),
                           (guint) g_bytes_get_size (params));
    }
  if (fixture->token != NULL)
    {
      g_autoptr (GBytes) param =
          ctap_authenticate (fixture->token, protocol, message->data, message->len);

      mortise_cbor_map_key (writer, &map, 3);
      mortise_cbor_write_uint (writer, protocol);
      mortise_cbor_map_key (writer, &map, 4);
      mortise_cbor_write_gbytes (writer, param);
    }
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}
