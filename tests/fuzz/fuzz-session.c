/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/authenticator-private.h"
#include "tests/fuzz/fuzz-target.h"
#include "tests/fuzz/session-requests.h"
#include "tests/support/memory-keyring.h"

/*
 * Sequences of valid requests with state between them: tokens, credentials, PINs, lists that are
 * walked through, fragments. Requests may be changed on their way, and whatever they use may fail.
 * A step is one byte; its highest bit says that four bytes of faults follow.
 */

#define MAX_STEPS     48
#define MAX_MUTATIONS 3

typedef enum
{
  STEP_MAKE_CREDENTIAL,
  STEP_GET_ASSERTION,
  STEP_GET_NEXT_ASSERTION,
  STEP_TOKEN_WITH_PIN,
  STEP_TOKEN_WITH_UV,
  STEP_CHANGE_PIN,
  STEP_MANAGE_CREDENTIALS,
  STEP_LARGE_BLOBS,
  STEP_CONFIGURE,
  STEP_GET_INFO,
  STEP_SELECTION,
  STEP_RESET,
  STEP_RAW,
  STEP_MUTATE,
  STEP_ANSWERS,
  STEP_CHANNEL,
  STEP_ADVANCE,
  STEP_LOCK,
  STEP_UNLOCK,
  STEP_RESTART,
  STEP_POWER_UP,
  STEP_KEYRING,
  STEP_DELETE_ALL,
  STEP_SLOTS,
  N_STEPS,
} Step;

void
fuzz_target_prepare (void)
{
  fuzz_authenticator_prepare ();
}

static void
send_raw (FuzzSession *self)
{
  g_autoptr (GBytes) raw = fuzz_input_block (self->input, MORTISE_CTAP_MAX_MSG_SIZE);
  g_autoptr (GBytes) request = fuzz_authenticator_name_passkeys (raw);

  self->authenticator->plan = self->plan;
  (void) ctap_send_raw (&self->authenticator->ctap, request, NULL);
}

static void
unlock (FuzzSession *self)
{
  const char *text = fuzz_consent_get_pin (self->authenticator->consent);
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (text, strlen (text));
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, NULL);

  (void) mortise_vault_unlock (self->authenticator->ctap.vault, hash, NULL);
}

/* As the window does it, between two requests of a client. */
static void
delete_all (FuzzSession *self)
{
  MortiseVault *vault = self->authenticator->ctap.vault;
  guint damaged = 0;
  g_autoptr (GPtrArray) list = mortise_vault_list (vault, FALSE, 0, 100, &damaged, NULL);

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const MortiseCredential *credential = g_ptr_array_index (list, i);

      (void) mortise_vault_delete (vault, credential->row_id, NULL);
    }
}

/* What happens to the agent beside the requests. */
static void
take_other_step (FuzzSession *self, Step step)
{
  CtapFixture *ctap = &self->authenticator->ctap;

  switch (step)
    {
    case STEP_MUTATE:
      self->mutations = 1 + fuzz_input_below (self->input, MAX_MUTATIONS);
      break;
    case STEP_ANSWERS:
      fuzz_consent_set_answers (self->authenticator->consent, fuzz_input_u64 (self->input));
      break;
    case STEP_CHANNEL:
      ctap->channel = 1 + fuzz_input_below (self->input, 4);
      break;
    case STEP_ADVANCE:
      fuzz_authenticator_advance (fuzz_input_byte (self->input) * (G_USEC_PER_SEC * 3));
      break;
    case STEP_LOCK:
      mortise_vault_lock (ctap->vault);
      break;
    case STEP_UNLOCK:
      unlock (self);
      break;
    case STEP_RESTART:
      fuzz_authenticator_restart (self->authenticator);
      break;
    case STEP_POWER_UP:
      mortise_authenticator_power_up (ctap->authenticator);
      break;
    case STEP_KEYRING:
      mortise_memory_keyring_set_available (MORTISE_MEMORY_KEYRING (ctap->keyring),
                                            fuzz_input_bool (self->input));
      break;
    case STEP_DELETE_ALL:
      delete_all (self);
      break;
    case STEP_SLOTS:
      mortise_fake_tpm_set_slots (MORTISE_FAKE_TPM (ctap->tpm), fuzz_input_below (self->input, 4));
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
take_step (FuzzSession *self)
{
  guint8 byte = fuzz_input_byte (self->input);
  Step step = (Step) ((byte & 0x7f) % N_STEPS);

  if ((byte & 0x80) != 0)
    fuzz_fault_plan_read (&self->plan, self->input);
  switch (step)
    {
    case STEP_MAKE_CREDENTIAL:
      fuzz_session_make_credential (self);
      break;
    case STEP_GET_ASSERTION:
      fuzz_session_get_assertion (self);
      break;
    case STEP_GET_NEXT_ASSERTION:
      (void) fuzz_session_send (self, CTAP_GET_NEXT_ASSERTION, NULL, NULL);
      break;
    case STEP_TOKEN_WITH_PIN:
    case STEP_TOKEN_WITH_UV:
      fuzz_session_get_token (self, step == STEP_TOKEN_WITH_UV);
      break;
    case STEP_CHANGE_PIN:
      fuzz_session_change_pin (self);
      break;
    case STEP_MANAGE_CREDENTIALS:
      fuzz_session_manage_credentials (self);
      break;
    case STEP_LARGE_BLOBS:
      fuzz_session_large_blobs (self);
      break;
    case STEP_CONFIGURE:
      fuzz_session_configure (self);
      break;
    case STEP_GET_INFO:
      (void) fuzz_session_send (self, CTAP_GET_INFO, NULL, NULL);
      break;
    case STEP_SELECTION:
      (void) fuzz_session_send (self, CTAP_SELECTION, NULL, NULL);
      break;
    case STEP_RESET:
      (void) fuzz_session_send (self, CTAP_RESET, NULL, NULL);
      break;
    case STEP_RAW:
      send_raw (self);
      break;
    default:
      take_other_step (self, step);
      break;
    }
  self->plan.wanted = FALSE;
}

void
fuzz_target_run (FuzzInput *input)
{
  FuzzSession self = { .authenticator = fuzz_authenticator_new (input), .input = input };

  self.ids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < FUZZ_N_PASSKEYS; i++)
    g_ptr_array_add (self.ids, g_bytes_ref (fuzz_authenticator_get_passkey (i)));
  for (guint i = 0; i < MAX_STEPS && !fuzz_input_is_empty (input); i++)
    take_step (&self);
  mortise_memory_keyring_set_available (MORTISE_MEMORY_KEYRING (self.authenticator->ctap.keyring),
                                        TRUE);
  fuzz_authenticator_end (self.authenticator);
  g_clear_pointer (&self.token, mortise_secret_free);
  g_ptr_array_unref (self.ids);
}
