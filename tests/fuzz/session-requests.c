/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/session-requests.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/ctap/cose-key.h"
#include "core/ctap/pin-uv-auth-protocol.h"
#include "tests/fuzz/fuzz-mutate.h"

#define MAX_IDS 32

static const char *const sites[] = {
  "example.com", "other.example",          "localhost",
  ".dummy",      "xn--mnchen-3ya.example", "münchen.example",
  "a",
};

static const char *const names[] = {
  NULL,
  "ada",
  "Ada Lovelace",
  "",
  "\xe2\x80\xae"
  "drowssap",
  "a name that is longer than sixty-four bytes, as some sites have it: ünïcödé ünïcödé ünïcödé",
};

static const char *const users[] = { "one",
                                     "two",
                                     "three",
                                     "",
                                     "0123456789abcdef0123456789abcdef"
                                     "0123456789abcdef0123456789abcdef",
                                     "0123456789abcdef0123456789abcdef"
                                     "0123456789abcdef0123456789abcdef0" };

static const char *const pins[] = {
  FUZZ_PIN,
  "12345678",
  "123",
  "",
  "påsswörd",
  "wrong",
  "sixty-three bytes are what a PIN may have at the most, no more.",
  "sixty-four bytes are more than a PIN may have at the very most..",
};

#define CHOOSE(self, list) ((list)[fuzz_input_below ((self)->input, G_N_ELEMENTS (list))])

static CtapFixture *
ctap (FuzzSession *self)
{
  return &self->authenticator->ctap;
}

guint8
fuzz_session_send (FuzzSession *self, guint8 command, GBytes *parameters, GBytes **ret_cbor)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_autoptr (GBytes) request = NULL;

  g_byte_array_append (array, &command, 1);
  if (parameters != NULL)
    g_byte_array_append (array, g_bytes_get_data (parameters, NULL),
                         (guint) g_bytes_get_size (parameters));
  request = g_bytes_new (array->data, array->len);
  while (self->mutations > 0)
    {
      GBytes *changed = fuzz_mutate_cbor (request, self->input);

      g_bytes_unref (request);
      request = changed;
      self->mutations--;
    }
  self->authenticator->plan = self->plan;
  self->plan.wanted = FALSE;
  return ctap_send_raw (ctap (self), request, ret_cbor);
}

static int
option (FuzzSession *self)
{
  static const int values[] = { 0, 1, 1, -1 };

  return CHOOSE (self, values);
}

/* Half of all lists are none. */
static GPtrArray *
choose_ids (FuzzSession *self)
{
  guint n = fuzz_input_below (self->input, 8);
  GPtrArray *list;

  if (n > 3)
    return NULL;
  list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < n; i++)
    {
      guint which = fuzz_input_byte (self->input);

      g_ptr_array_add (list,
                       which == 0xff
                           ? g_bytes_new ("unknown", 7)
                           : g_bytes_ref (g_ptr_array_index (self->ids, which % self->ids->len)));
    }
  return list;
}

/* pinUvAuthParam over @data: mostly right if there is a token. */
static GBytes *
choose_param (FuzzSession *self, gconstpointer data, gsize size)
{
  guint choice = fuzz_input_below (self->input, 8);

  if (choice == 0 || (self->token == NULL && choice != 1 && choice != 2))
    return NULL;
  if (choice == 1)
    return g_bytes_new (NULL, 0);
  if (choice == 2)
    return g_bytes_new (ctap_client_data_hash, 16);
  return ctap_authenticate (self->token, self->token_protocol, data, size);
}

static int
protocol_of (FuzzSession *self, GBytes *param)
{
  if (param == NULL)
    return 0;
  return self->token_protocol != 0 ? (int) self->token_protocol : 2;
}

/* --- Extensions ------------------------------------------------------------------------------- */

/* The extension's input: key agreement, encrypted salts, their MAC (CTAP 2.1 §12.5). */
static void
write_hmac_secret (FuzzSession *self, MortiseCborWriter *writer)
{
  static const guint sizes[] = { 32, 64, 16, 48 };
  guint size = CHOOSE (self, sizes);
  guint protocol = 1 + fuzz_input_below (self->input, 2);
  g_autoptr (MortiseSecret) salts = mortise_secret_new (size);
  g_autoptr (GBytes) encrypted = NULL;
  g_autoptr (GBytes) mac = NULL;
  CtapPinSession pin = { 0 };
  MortiseCborMap map;

  g_assert_cmphex (ctap_pin_session_open (ctap (self), protocol, &pin), ==, CTAP1_ERR_SUCCESS);
  encrypted = mortise_pin_uv_auth_encrypt (protocol, pin.shared, salts);
  mac = ctap_authenticate (pin.shared, protocol, g_bytes_get_data (encrypted, NULL),
                           g_bytes_get_size (encrypted));
  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cose_write_ec2 (writer, -25, 1, pin.x, pin.y, 32);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_gbytes (writer, encrypted);
  mortise_cbor_map_key (writer, &map, 3);
  mortise_cbor_write_gbytes (writer, mac);
  mortise_cbor_map_key (writer, &map, 4);
  mortise_cbor_write_uint (writer, protocol);
  mortise_cbor_map_end (writer, &map);
  ctap_pin_session_clear (&pin);
}

static void
write_true (MortiseCborWriter *writer, MortiseCborMap *map, const char *name)
{
  mortise_cbor_map_text_key (writer, map, name);
  mortise_cbor_write_bool (writer, TRUE);
}

static GBytes *
make_extensions (FuzzSession *self)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  guint8 which = fuzz_input_byte (self->input);
  MortiseCborMap map;

  if (which == 0)
    return NULL;
  mortise_cbor_map_begin (writer, &map);
  if ((which & 1) != 0)
    {
      static const guint8 blob[33] = { 0 };

      mortise_cbor_map_text_key (writer, &map, "credBlob");
      mortise_cbor_write_bytes (writer, blob, fuzz_input_below (self->input, 34));
    }
  if ((which & 2) != 0)
    {
      mortise_cbor_map_text_key (writer, &map, "credProtect");
      mortise_cbor_write_int (writer, fuzz_input_below (self->input, 5));
    }
  if ((which & 4) != 0)
    write_true (writer, &map, "hmac-secret");
  if ((which & 8) != 0)
    write_true (writer, &map, "largeBlobKey");
  if ((which & 16) != 0)
    write_true (writer, &map, "minPinLength");
  if ((which & 32) != 0)
    {
      mortise_cbor_map_text_key (writer, &map, "hmac-secret-mc");
      write_hmac_secret (self, writer);
    }
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static GBytes *
get_extensions (FuzzSession *self)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  guint8 which = fuzz_input_byte (self->input);
  MortiseCborMap map;

  if (which == 0)
    return NULL;
  mortise_cbor_map_begin (writer, &map);
  if ((which & 1) != 0)
    write_true (writer, &map, "credBlob");
  if ((which & 2) != 0)
    {
      mortise_cbor_map_text_key (writer, &map, "hmac-secret");
      write_hmac_secret (self, writer);
    }
  if ((which & 4) != 0)
    write_true (writer, &map, "largeBlobKey");
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

/* --- Registering and signing in --------------------------------------------------------------- */

static void
note_new_id (FuzzSession *self, GBytes *cbor)
{
  MortiseCborValue map, value;
  gsize size;

  if (cbor == NULL || g_bytes_get_size (cbor) == 0 || self->ids->len >= MAX_IDS)
    return;
  map = ctap_parse (cbor);
  if (!ctap_find (&map, 2, NULL, &value) || value.size < 55)
    return;
  size = (gsize) value.data[53] << 8 | value.data[54];
  g_assert_cmpuint (size, <=, value.size - 55);
  g_ptr_array_add (self->ids, g_bytes_new (value.data + 55, size));
}

void
fuzz_session_make_credential (FuzzSession *self)
{
  static const gint64 algorithms[] = { -7, -35, -257, -8, -7, -7 };
  g_autoptr (GPtrArray) exclude = NULL;
  g_autoptr (GBytes) extensions = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GBytes) parameters = NULL;
  g_autoptr (GBytes) cbor = NULL;
  CtapMake make = { 0 };

  make.rp_id = CHOOSE (self, sites);
  make.rp_name = CHOOSE (self, names);
  make.user_id = CHOOSE (self, users);
  make.user_name = CHOOSE (self, names);
  make.user_display_name = CHOOSE (self, names);
  make.algorithms[0] = CHOOSE (self, algorithms);
  make.algorithms[1] = fuzz_input_bool (self->input) ? CHOOSE (self, algorithms) : 0;
  make.exclude = exclude = choose_ids (self);
  make.rk = option (self);
  make.up = fuzz_input_byte (self->input) == 0xff ? -1 : 0;
  make.uv = option (self);
  make.extensions = extensions = make_extensions (self);
  make.param = param = choose_param (self, ctap_client_data_hash, sizeof ctap_client_data_hash);
  make.protocol = protocol_of (self, param);
  make.enterprise_attestation = fuzz_input_byte (self->input) >= 0xfe ? 1 : 0;
  parameters = ctap_make_parameters (&make);
  if (fuzz_session_send (self, CTAP_MAKE_CREDENTIAL, parameters, &cbor) == CTAP1_ERR_SUCCESS)
    note_new_id (self, cbor);
}

void
fuzz_session_get_assertion (FuzzSession *self)
{
  g_autoptr (GPtrArray) allow = NULL;
  g_autoptr (GBytes) extensions = NULL;
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GBytes) parameters = NULL;
  CtapGet get = { 0 };

  get.rp_id = CHOOSE (self, sites);
  get.allow = allow = choose_ids (self);
  get.rk = fuzz_input_byte (self->input) == 0xff ? 1 : 0;
  get.up = option (self);
  get.uv = option (self);
  get.extensions = extensions = get_extensions (self);
  get.param = param = choose_param (self, ctap_client_data_hash, sizeof ctap_client_data_hash);
  get.protocol = protocol_of (self, param);
  parameters = ctap_get_parameters (&get);
  (void) fuzz_session_send (self, CTAP_GET_ASSERTION, parameters, NULL);
}

/* --- clientPIN -------------------------------------------------------------------------------- */

/* What the client takes for the PIN: mostly what it is. */
static const char *
choose_pin (FuzzSession *self)
{
  guint8 byte = fuzz_input_byte (self->input);

  return byte < 0xc0 ? fuzz_consent_get_pin (self->authenticator->consent)
                     : pins[byte % G_N_ELEMENTS (pins)];
}

static void
keep_token (FuzzSession *self, const CtapPinSession *pin, GBytes *cbor)
{
  MortiseCborValue map, value;
  MortiseSecret *token;

  if (g_bytes_get_size (cbor) == 0)
    return;
  map = ctap_parse (cbor);
  if (!ctap_find (&map, 2, NULL, &value))
    return;
  token = mortise_pin_uv_auth_decrypt (pin->protocol, pin->shared, value.data, value.size);
  if (token == NULL)
    return;
  g_clear_pointer (&self->token, mortise_secret_free);
  self->token = token;
  self->token_protocol = pin->protocol;
}

void
fuzz_session_get_token (FuzzSession *self, gboolean with_uv)
{
  guint protocol = 1 + fuzz_input_below (self->input, 2);
  guint8 site = fuzz_input_byte (self->input);
  guint permissions = fuzz_input_byte (self->input);
  g_autoptr (GBytes) parameters = NULL;
  g_autoptr (GBytes) cbor = NULL;
  CtapPinSession pin = { 0 };

  g_assert_cmphex (ctap_pin_session_open (ctap (self), protocol, &pin), ==, CTAP1_ERR_SUCCESS);
  parameters = ctap_token_parameters (&pin, with_uv ? NULL : choose_pin (self), permissions,
                                      site % 4 == 0 ? NULL : sites[site % G_N_ELEMENTS (sites)]);
  if (fuzz_session_send (self, CTAP_CLIENT_PIN, parameters, &cbor) == CTAP1_ERR_SUCCESS)
    keep_token (self, &pin, cbor);
  ctap_pin_session_clear (&pin);
}

static gboolean
is_pin (FuzzSession *self, const char *text)
{
  g_autoptr (MortiseSecret) pin = NULL;
  g_autoptr (MortiseSecret) hash = NULL;

  if (*text == '\0')
    return FALSE;
  pin = mortise_secret_new_from_data (text, strlen (text));
  hash = mortise_pin_hash (pin, NULL);
  return hash != NULL && mortise_vault_unlock (ctap (self)->vault, hash, NULL);
}

/* A change that failed half-way left one PIN or the other, never none. */
static void
find_out_pin (FuzzSession *self, const char *candidate, guint8 status)
{
  FuzzConsent *consent = self->authenticator->consent;
  MortiseVault *vault = ctap (self)->vault;

  if (status == CTAP1_ERR_SUCCESS)
    {
      fuzz_consent_set_pin (consent, candidate);
      return;
    }
  if (mortise_vault_get_state (vault) < MORTISE_VAULT_LOCKED ||
      mortise_vault_is_pin_auth_blocked (vault) || mortise_vault_get_pin_retries (vault) < 3)
    return;
  if (is_pin (self, fuzz_consent_get_pin (consent)) || mortise_vault_is_pin_auth_blocked (vault))
    return;
  g_assert_true (is_pin (self, candidate));
  fuzz_consent_set_pin (consent, candidate);
}

void
fuzz_session_change_pin (FuzzSession *self)
{
  gboolean exists = mortise_vault_get_state (ctap (self)->vault) >= MORTISE_VAULT_LOCKED;
  guint protocol = 1 + fuzz_input_below (self->input, 2);
  gboolean set = exists == (fuzz_input_byte (self->input) >= 0xf0);
  const char *candidate = CHOOSE (self, pins);
  g_autoptr (GBytes) parameters = NULL;
  CtapPinSession pin = { 0 };
  gboolean faulty = self->plan.wanted || self->mutations > 0;
  guint8 status;

  g_assert_cmphex (ctap_pin_session_open (ctap (self), protocol, &pin), ==, CTAP1_ERR_SUCCESS);
  parameters = ctap_change_pin_parameters (&pin, set ? NULL : choose_pin (self), candidate);
  status = fuzz_session_send (self, CTAP_CLIENT_PIN, parameters, NULL);
  if (status == CTAP1_ERR_SUCCESS || faulty)
    find_out_pin (self, candidate, status);
  ctap_pin_session_clear (&pin);
}

/* --- credentialManagement, authenticatorConfig, largeBlobs ------------------------------------ */

static void
write_descriptor (FuzzSession *self, MortiseCborWriter *writer)
{
  GBytes *id = g_ptr_array_index (self->ids, fuzz_input_byte (self->input) % self->ids->len);
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "id");
  mortise_cbor_write_gbytes (writer, id);
  mortise_cbor_map_text_key (writer, &map, "type");
  mortise_cbor_write_text (writer, "public-key");
  mortise_cbor_map_end (writer, &map);
}

static void
write_user (FuzzSession *self, MortiseCborWriter *writer)
{
  const char *id = CHOOSE (self, users);
  const char *name = CHOOSE (self, names);
  const char *display_name = CHOOSE (self, names);
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "id");
  mortise_cbor_write_bytes (writer, id, strlen (id));
  if (name != NULL)
    {
      mortise_cbor_map_text_key (writer, &map, "name");
      mortise_cbor_write_text (writer, name);
    }
  if (display_name != NULL)
    {
      mortise_cbor_map_text_key (writer, &map, "displayName");
      mortise_cbor_write_text (writer, display_name);
    }
  mortise_cbor_map_end (writer, &map);
}

/* Subcommand, its parameters, and a pinUvAuthParam over @prefix and both. */
static void
send_subcommand (
    FuzzSession *self, guint8 command, guint8 sub_command, GBytes *sub_params, GBytes *prefix)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GBytes) parameters = NULL;
  MortiseCborMap map;

  if (prefix != NULL)
    g_byte_array_append (message, g_bytes_get_data (prefix, NULL),
                         (guint) g_bytes_get_size (prefix));
  g_byte_array_append (message, &sub_command, 1);
  if (sub_params != NULL)
    g_byte_array_append (message, g_bytes_get_data (sub_params, NULL),
                         (guint) g_bytes_get_size (sub_params));
  param = choose_param (self, message->data, message->len);

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, sub_command);
  if (sub_params != NULL)
    {
      mortise_cbor_map_key (writer, &map, 2);
      mortise_cbor_write_raw (writer, g_bytes_get_data (sub_params, NULL),
                              g_bytes_get_size (sub_params));
    }
  if (param != NULL)
    {
      mortise_cbor_map_key (writer, &map, 3);
      mortise_cbor_write_int (writer, protocol_of (self, param));
      mortise_cbor_map_key (writer, &map, 4);
      mortise_cbor_write_gbytes (writer, param);
    }
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  (void) fuzz_session_send (self, command, parameters, NULL);
}

void
fuzz_session_manage_credentials (FuzzSession *self)
{
  guint8 sub_command = (guint8) (1 + fuzz_input_below (self->input, 8));
  guint8 command = fuzz_input_bool (self->input) ? CTAP_CREDENTIAL_MANAGEMENT
                                                 : CTAP_CREDENTIAL_MANAGEMENT_PREVIEW;
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) sub_params = NULL;
  guint8 hash[32];
  MortiseCborMap map;

  if (sub_command == 0x04 || sub_command == 0x06 || sub_command == 0x07)
    {
      mortise_cbor_map_begin (writer, &map);
      if (sub_command == 0x04)
        {
          mortise_rp_id_hash (CHOOSE (self, sites), hash);
          mortise_cbor_map_key (writer, &map, 1);
          mortise_cbor_write_bytes (writer, hash, sizeof hash);
        }
      else
        {
          mortise_cbor_map_key (writer, &map, 2);
          write_descriptor (self, writer);
        }
      if (sub_command == 0x07)
        {
          mortise_cbor_map_key (writer, &map, 3);
          write_user (self, writer);
        }
      mortise_cbor_map_end (writer, &map);
      sub_params = mortise_cbor_writer_finish (writer);
    }
  send_subcommand (self, command, sub_command, sub_params, NULL);
}

void
fuzz_session_configure (FuzzSession *self)
{
  guint8 sub_command = (guint8) (1 + fuzz_input_below (self->input, 4));
  guint8 which = fuzz_input_byte (self->input);
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) sub_params = NULL;
  g_autoptr (GBytes) prefix = NULL;
  guint8 start[33];
  MortiseCborMap map;

  memset (start, 0xff, 32);
  start[32] = CTAP_CONFIG;
  prefix = g_bytes_new (start, sizeof start);
  if (sub_command == 0x03)
    {
      mortise_cbor_map_begin (writer, &map);
      if ((which & 1) != 0)
        {
          mortise_cbor_map_key (writer, &map, 1);
          mortise_cbor_write_uint (writer, fuzz_input_below (self->input, 80));
        }
      if ((which & 2) != 0)
        {
          guint n = fuzz_input_below (self->input, 5);

          mortise_cbor_map_key (writer, &map, 2);
          mortise_cbor_write_array (writer, n);
          for (guint i = 0; i < n; i++)
            mortise_cbor_write_text (writer, CHOOSE (self, sites));
        }
      if ((which & 4) != 0)
        {
          mortise_cbor_map_key (writer, &map, 3);
          mortise_cbor_write_bool (writer, fuzz_input_bool (self->input));
        }
      mortise_cbor_map_end (writer, &map);
      sub_params = mortise_cbor_writer_finish (writer);
    }
  send_subcommand (self, CTAP_CONFIG, sub_command, sub_params, prefix);
}

static void
send_fragment (FuzzSession *self, const guint8 *data, gsize size, guint32 offset, guint32 whole)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) param = NULL;
  g_autoptr (GBytes) parameters = NULL;
  guint32 offset_le = GUINT32_TO_LE (offset);
  guint8 message[70];
  MortiseCborMap map;

  memset (message, 0xff, 32);
  message[32] = CTAP_LARGE_BLOBS;
  message[33] = 0;
  memcpy (message + 34, &offset_le, sizeof offset_le);
  g_assert_cmpint (EVP_Q_digest (NULL, "SHA256", NULL, data, size, message + 38, NULL), ==, 1);
  param = choose_param (self, message, sizeof message);
  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_write_bytes (writer, data, size);
  mortise_cbor_map_key (writer, &map, 3);
  mortise_cbor_write_uint (writer, offset);
  if (offset == 0)
    {
      mortise_cbor_map_key (writer, &map, 4);
      mortise_cbor_write_uint (writer, whole);
    }
  if (param != NULL)
    {
      mortise_cbor_map_key (writer, &map, 5);
      mortise_cbor_write_gbytes (writer, param);
      mortise_cbor_map_key (writer, &map, 6);
      mortise_cbor_write_int (writer, protocol_of (self, param));
    }
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  (void) fuzz_session_send (self, CTAP_LARGE_BLOBS, parameters, NULL);
}

static void
get_fragment (FuzzSession *self)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) parameters = NULL;
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, fuzz_input_u16 (self->input));
  mortise_cbor_map_key (writer, &map, 3);
  mortise_cbor_write_uint (writer, fuzz_input_u16 (self->input) % 9000);
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  (void) fuzz_session_send (self, CTAP_LARGE_BLOBS, parameters, NULL);
}

/* A whole array with its trailer, in one or more fragments; sometimes given up half-way. */
void
fuzz_session_large_blobs (FuzzSession *self)
{
  guint8 which = fuzz_input_byte (self->input);
  gsize size, step;
  g_autofree guint8 *data = NULL;
  guint8 digest[32];

  if ((which & 1) == 0)
    {
      get_fragment (self);
      return;
    }
  size = 1 + fuzz_input_u16 (self->input) % 9000;
  step = 1 + fuzz_input_u16 (self->input) % 8000;
  data = g_malloc0 (size + 16);
  data[0] = 0x80;
  g_assert_cmpint (EVP_Q_digest (NULL, "SHA256", NULL, data, size, digest, NULL), ==, 1);
  memcpy (data + size, digest, 16);
  if ((which & 2) != 0)
    data[size] ^= 1;
  size += 16;
  step = MAX (step, size / 8);
  for (gsize at = 0; at < size; at += step)
    {
      if (at > 0 && fuzz_input_byte (self->input) >= 0xf0)
        return;
      send_fragment (self, data + at, MIN (step, size - at), (guint32) at, (guint32) size);
    }
}
