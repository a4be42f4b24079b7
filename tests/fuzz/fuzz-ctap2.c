/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "tests/fuzz/fuzz-authenticator.h"
#include "tests/fuzz/fuzz-mutate.h"
#include "tests/fuzz/fuzz-target.h"

#define MAX_REQUESTS 16

/*
 * Bytes of CTAP2 requests, through the whole command layer. Two bytes say how the authenticator
 * starts, eight what the person answers; then for each request four bytes of faults, one of channel
 * and time, two of length, and its bytes.
 */

void
fuzz_target_prepare (void)
{
  fuzz_authenticator_prepare ();
}

static void
send_request (FuzzAuthenticator *self, FuzzInput *input)
{
  guint8 where;
  g_autoptr (GBytes) raw = NULL;
  g_autoptr (GBytes) request = NULL;

  fuzz_fault_plan_read (&self->plan, input);
  where = fuzz_input_byte (input);
  self->ctap.channel = 1 + where % 2;
  fuzz_authenticator_advance ((where >> 1) * (G_USEC_PER_SEC / 4));
  raw = fuzz_input_block (input, MORTISE_CTAP_MAX_MSG_SIZE);
  request = fuzz_authenticator_name_passkeys (raw);
  (void) ctap_send_raw (&self->ctap, request, NULL);
}

void
fuzz_target_run (FuzzInput *input)
{
  FuzzAuthenticator *self = fuzz_authenticator_new (input);

  fuzz_consent_set_answers (self->consent, fuzz_input_u64 (input));
  for (guint i = 0; i < MAX_REQUESTS && !fuzz_input_is_empty (input); i++)
    send_request (self, input);
  fuzz_authenticator_end (self);
}

#ifdef MORTISE_LIBFUZZER
/* --- Inputs that mean something --------------------------------------------------------------- */

#define HEADER_SIZE  10
#define REQUEST_HEAD 7

size_t LLVMFuzzerMutate (guint8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned int seed);

/* Where the requests are; FALSE if the input is not made up of whole ones. */
static gboolean
find_requests (const guint8 *data, gsize size, GArray *places)
{
  gsize at = HEADER_SIZE;

  while (at + REQUEST_HEAD <= size)
    {
      g_array_append_val (places, at);
      at += REQUEST_HEAD + (data[at + 5] | (gsize) data[at + 6] << 8);
    }
  return at == size && places->len > 0;
}

static size_t
mutate_request (guint8 *data, size_t size, size_t max_size, gsize at, GRand *random)
{
  gsize old = data[at + 5] | (gsize) data[at + 6] << 8;
  gsize changed_size;
  guint8 choices[64];
  FuzzInput input = { choices, sizeof choices };
  g_autoptr (GBytes) request = g_bytes_new (data + at + REQUEST_HEAD, old);
  g_autoptr (GBytes) changed = NULL;
  gconstpointer bytes;

  for (gsize i = 0; i < sizeof choices; i++)
    choices[i] = (guint8) g_rand_int_range (random, 0, 256);
  changed = fuzz_mutate_cbor (request, &input);
  bytes = g_bytes_get_data (changed, &changed_size);
  if (size - old + changed_size > max_size)
    return size;
  memmove (data + at + REQUEST_HEAD + changed_size, data + at + REQUEST_HEAD + old,
           size - at - REQUEST_HEAD - old);
  if (changed_size > 0)
    memcpy (data + at + REQUEST_HEAD, bytes, changed_size);
  data[at + 5] = (guint8) changed_size;
  data[at + 6] = (guint8) (changed_size >> 8);
  return size - old + changed_size;
}

/* Mostly one value within one request; else any bytes. */
size_t
LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned int seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (gsize));

  if (g_rand_int_range (random, 0, 4) == 0 || !find_requests (data, size, places))
    return LLVMFuzzerMutate (data, size, max_size);
  return mutate_request (
      data, size, max_size,
      g_array_index (places, gsize, g_rand_int_range (random, 0, (gint32) places->len)), random);
}
#endif
