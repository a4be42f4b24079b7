/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "tests/fuzz/fuzz-authenticator.h"
#include "tests/fuzz/fuzz-target.h"

/*
 * U2F messages, well and badly made, polled as clients do, between CTAP2 requests for the same
 * credentials. Two bytes say how the authenticator starts, eight what the person answers; then
 * steps.
 */

#define MAX_STEPS   40
#define MAX_HANDLES 16
#define HASH_SIZE   32

typedef enum
{
  STEP_VERSION,
  STEP_REGISTER,
  STEP_AUTHENTICATE,
  STEP_AGAIN, /* polls: the same message once more */
  STEP_RAW,
  STEP_GET_ASSERTION,
  STEP_MAKE_CREDENTIAL,
  STEP_CHANNEL,
  STEP_LOCK,
  STEP_ADVANCE,
  STEP_ANSWERS,
  STEP_ALWAYS_UV,
  N_STEPS,
} Step;

typedef struct
{
  FuzzAuthenticator *world;
  FuzzInput *input;
  GPtrArray *handles; /* of GBytes */
  GBytes *last;
  guint yes_used;
} Harness;

static const char *const applications[] = {
  "https://example.com/appid.json",
  "example.com",
  "https://www.gstatic.com/securitykey/origins.json",
  "ssh:",
  "other.example",
};

static void
hash_application (const char *application, guint8 ret_hash[HASH_SIZE])
{
  g_assert_cmpint (
      EVP_Q_digest (NULL, "SHA256", NULL, application, strlen (application), ret_hash, NULL), ==,
      1);
}

/* --- Messages --------------------------------------------------------------------------------- */

/* In short or extended encoding; the length that comes back is asked for in several ways. */
static GBytes *
encode (Harness *self, guint8 ins, guint8 p1, const guint8 *data, gsize size)
{
  guint8 how = fuzz_input_byte (self->input);
  GByteArray *apdu = g_byte_array_new ();
  const guint8 head[4] = { 0, ins, p1, 0 };
  const guint8 long_size[3] = { 0, (guint8) (size >> 8), (guint8) size };
  const guint8 short_size = (guint8) size;
  const guint8 expected[3] = { 0, 0, 0 };

  g_byte_array_append (apdu, head, sizeof head);
  if ((how & 1) == 0)
    {
      if (size > 0)
        g_byte_array_append (apdu, long_size, sizeof long_size);
      g_byte_array_append (apdu, data, (guint) size);
      if ((how & 2) == 0)
        g_byte_array_append (apdu, expected, size > 0 ? 2 : 3);
    }
  else
    {
      if (size > 0)
        g_byte_array_append (apdu, &short_size, 1);
      g_byte_array_append (apdu, data, (guint) MIN (size, 255));
      if ((how & 2) == 0)
        g_byte_array_append (apdu, expected, 1);
    }
  /* Now and then something is wrong with it. */
  if (how >= 0xf8)
    apdu->data[how % 4] ^= how;
  else if (how >= 0xf0)
    g_byte_array_set_size (apdu, apdu->len - how % MIN (apdu->len, 8));
  return g_byte_array_free_to_bytes (apdu);
}

/* The site that a message is about, wherever its data may begin. */
static void
expect_application (Harness *self, GBytes *apdu)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (apdu, &size);

  fuzz_consent_expect (self->world->consent, NULL);
  for (gsize start = 5; start <= 7; start += 2)
    {
      if (size >= start + 2 * HASH_SIZE)
        fuzz_consent_expect_application (self->world->consent, data + start + HASH_SIZE);
    }
}

/* Another thread waits for the person; it has the answer by the next poll. */
static void
let_answer (Harness *self)
{
  for (guint i = 0; i < 20000 && fuzz_consent_is_up (self->world->consent); i++)
    g_usleep (5);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
note_handle (Harness *self, const guint8 *response, gsize size)
{
  g_assert_cmpuint (size, >, 67);
  g_assert_cmphex (response[0], ==, 0x05);
  g_assert_cmphex (response[1], ==, 0x04);
  g_assert_cmpuint (size, >, 67 + (gsize) response[66]);
  if (self->handles->len < MAX_HANDLES)
    g_ptr_array_add (self->handles, g_bytes_new (response + 67, response[66]));
}

static void
check_response (Harness *self, GBytes *apdu, GBytes *response)
{
  static const guint16 words[] = { 0x9000, 0x6985, 0x6A80, 0x6700, 0x6D00, 0x6E00, 0x6F00, 0x6986 };
  gsize size, apdu_size;
  const guint8 *data = g_bytes_get_data (response, &size);
  const guint8 *request = g_bytes_get_data (apdu, &apdu_size);
  guint16 word;
  gboolean known = FALSE;
  guint yes = fuzz_consent_count_all_yes (self->world->consent);

  g_assert_cmpuint (size, >=, 2);
  g_assert_cmpuint (size, <=, MORTISE_CTAP_MAX_MSG_SIZE);
  word = (guint16) (data[size - 2] << 8 | data[size - 1]);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    known = known || word == words[i];
  g_assert_true (known);
  if (word != 0x9000)
    {
      g_assert_cmpuint (size, ==, 2);
      return;
    }
  g_assert_cmpuint (apdu_size, >=, 4);
  /* Presence is given by a yes, and a yes is for one message. */
  if (request[1] == 0x01 || (request[1] == 0x02 && (data[0] & 1) != 0))
    {
      g_assert_cmpuint (yes, >, self->yes_used);
      self->yes_used = yes;
    }
  if (request[1] == 0x01)
    note_handle (self, data, size - 2);
}

static void
send_apdu (Harness *self, GBytes *apdu)
{
  CtapFixture *ctap = &self->world->ctap;
  const MortiseRequestContext context = { .channel = ctap->channel,
                                          .cancellable = ctap->cancellable };
  g_autoptr (GBytes) response = NULL;
  GBytes *last = g_bytes_ref (apdu);

  g_clear_pointer (&self->last, g_bytes_unref);
  self->last = last;
  g_cancellable_reset (ctap->cancellable);
  expect_application (self, apdu);
  fuzz_faults_arm (&self->world->plan, ctap, context.cancellable);
  response = mortise_authenticator_handle_apdu (ctap->authenticator, apdu, &context);
  fuzz_faults_disarm (ctap);
  self->world->plan.wanted = FALSE;
  check_response (self, apdu, response);
  let_answer (self);
}

static GBytes *
choose_handle (Harness *self)
{
  guint8 which = fuzz_input_byte (self->input);

  if (which >= 0xf8)
    return fuzz_input_block (self->input, 255);
  return g_bytes_ref (g_ptr_array_index (self->handles, which % self->handles->len));
}

static void
send_register (Harness *self)
{
  guint8 data[2 * HASH_SIZE];
  guint8 which = fuzz_input_byte (self->input);
  g_autoptr (GBytes) apdu = NULL;

  memset (data, which >= 0xf0 ? 'B' : which, HASH_SIZE);
  if (which >= 0xf0)
    memset (data + HASH_SIZE, 'A', HASH_SIZE); /* Chromium's way to ask for a touch */
  else
    hash_application (applications[which % G_N_ELEMENTS (applications)], data + HASH_SIZE);
  apdu = encode (self, 0x01, fuzz_input_byte (self->input) & 0x83, data, sizeof data);
  send_apdu (self, apdu);
}

static void
send_authenticate (Harness *self)
{
  static const guint8 controls[] = { 0x03, 0x03, 0x07, 0x08, 0x00 };
  guint8 data[2 * HASH_SIZE + 1 + 255];
  guint8 which = fuzz_input_byte (self->input);
  guint8 control = controls[fuzz_input_below (self->input, G_N_ELEMENTS (controls))];
  g_autoptr (GBytes) handle = choose_handle (self);
  g_autoptr (GBytes) apdu = NULL;
  gsize size;
  gconstpointer bytes = g_bytes_get_data (handle, &size);

  memset (data, which, HASH_SIZE);
  hash_application (applications[which % G_N_ELEMENTS (applications)], data + HASH_SIZE);
  data[2 * HASH_SIZE] = (guint8) size;
  if (size > 0)
    memcpy (data + 2 * HASH_SIZE + 1, bytes, size);
  apdu = encode (self, 0x02, control, data, 2 * HASH_SIZE + 1 + size);
  send_apdu (self, apdu);
}

/* --- CTAP2 beside it -------------------------------------------------------------------------- */

static void
send_get_assertion (Harness *self)
{
  g_autoptr (GPtrArray) allow = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint8 which = fuzz_input_byte (self->input);
  CtapGet get = { .rp_id = applications[which % G_N_ELEMENTS (applications)], .allow = allow };
  g_autoptr (GBytes) handle = choose_handle (self);

  g_ptr_array_add (allow, g_bytes_ref (handle));
  get.up = which >= 0x80 ? -1 : 0;
  (void) ctap_get (&self->world->ctap, &get, NULL);
}

static void
send_make_credential (Harness *self)
{
  g_autoptr (GPtrArray) exclude = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint8 which = fuzz_input_byte (self->input);
  CtapMake make = { .rp_id = applications[which % G_N_ELEMENTS (applications)] };
  g_autoptr (CtapAnswer) answer = NULL;

  if (which >= 0x80)
    {
      g_ptr_array_add (exclude, choose_handle (self));
      make.exclude = exclude;
    }
  if (ctap_make (&self->world->ctap, &make, &answer) == CTAP1_ERR_SUCCESS &&
      self->handles->len < MAX_HANDLES)
    g_ptr_array_add (self->handles, g_bytes_ref (answer->credential_id));
}

/* --- Steps ------------------------------------------------------------------------------------ */

static void
take_message_step (Harness *self, Step step)
{
  g_autoptr (GBytes) apdu = NULL;

  switch (step)
    {
    case STEP_VERSION:
      apdu = encode (self, 0x03, 0, NULL, 0);
      send_apdu (self, apdu);
      break;
    case STEP_REGISTER:
      send_register (self);
      break;
    case STEP_AUTHENTICATE:
      send_authenticate (self);
      break;
    case STEP_AGAIN:
      if (self->last != NULL)
        {
          apdu = g_bytes_ref (self->last);
          send_apdu (self, apdu);
        }
      break;
    case STEP_RAW:
      apdu = fuzz_input_block (self->input, 1024);
      if (g_bytes_get_size (apdu) > 0)
        send_apdu (self, apdu);
      break;
    case STEP_GET_ASSERTION:
      send_get_assertion (self);
      break;
    case STEP_MAKE_CREDENTIAL:
      send_make_credential (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
take_step (Harness *self)
{
  guint8 byte = fuzz_input_byte (self->input);
  Step step = (Step) ((byte & 0x7f) % N_STEPS);

  if ((byte & 0x80) != 0)
    fuzz_fault_plan_read (&self->world->plan, self->input);
  switch (step)
    {
    case STEP_CHANNEL:
      self->world->ctap.channel = 1 + fuzz_input_below (self->input, 3);
      break;
    case STEP_LOCK:
      mortise_vault_lock (self->world->ctap.vault);
      break;
    case STEP_ADVANCE:
      fuzz_authenticator_advance (fuzz_input_byte (self->input) * (G_USEC_PER_SEC / 8));
      break;
    case STEP_ANSWERS:
      fuzz_consent_set_answers (self->world->consent, fuzz_input_u64 (self->input));
      break;
    case STEP_ALWAYS_UV:
      fuzz_authenticator_set_always_uv (self->world, fuzz_input_bool (self->input));
      break;
    default:
      take_message_step (self, step);
      break;
    }
  self->world->plan.wanted = FALSE;
}

void
fuzz_target_prepare (void)
{
  fuzz_authenticator_prepare ();
}

void
fuzz_target_run (FuzzInput *input)
{
  Harness self = { .world = fuzz_authenticator_new (input), .input = input };

  fuzz_consent_set_answers (self.world->consent, fuzz_input_u64 (input));
  self.handles = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < FUZZ_N_PASSKEYS; i++)
    g_ptr_array_add (self.handles, g_bytes_ref (fuzz_authenticator_get_passkey (i)));
  for (guint i = 0; i < MAX_STEPS && !fuzz_input_is_empty (input); i++)
    take_step (&self);
  let_answer (&self);
  fuzz_authenticator_end (self.world);
  g_clear_pointer (&self.last, g_bytes_unref);
  g_ptr_array_unref (self.handles);
}
