/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/fuzz/fuzz-consent.h"
#include "tests/fuzz/fuzz-faults.h"
#include "tests/support/ctap-fixture.h"

G_BEGIN_DECLS

#define FUZZ_PIN "1234"

/** Passkeys that are in the vault when a run begins, and their sites. */
#define FUZZ_N_PASSKEYS 6

/**
 * FuzzAuthenticator:
 *
 * An authenticator over a copy of a vault that was made once, a fake TPM and a person. @ctap is for
 * the helpers of tests/support/ctap-fixture.h; every request that goes through it is checked: the
 * answer's shape, no site but the one asked for on the prompt, no UP or UV flag that nobody gave.
 */
typedef struct
{
  CtapFixture ctap;
  FuzzConsent *consent;
  FuzzFaultPlan plan; /* for the next request */
  /* Whether a token was issued on our own prompt, which may stand for presence. */
  gboolean presence_issued;
  /* The request before, whatever came of it. */
  struct
  {
    guint8 command;
    guint32 channel;
    gint64 at;
  } last;
  GBytes *requested; /* the last authenticatorGetAssertion, for authenticatorGetNextAssertion */
} FuzzAuthenticator;

/** fuzz_authenticator_prepare: makes the vault that every run starts from */
void fuzz_authenticator_prepare (void);

/** fuzz_authenticator_new: two bytes of @input say how it starts: locked or not, settings … */
FuzzAuthenticator *fuzz_authenticator_new (FuzzInput *input);

/** fuzz_authenticator_dup_vault: (transfer full): vault.db as every run starts with it */
GByteArray *fuzz_authenticator_dup_vault (void);

/**
 * fuzz_authenticator_new_on:
 * @content: what is vault.db
 *
 * Returns: (nullable): %NULL if that was refused, as it may be
 */
FuzzAuthenticator *fuzz_authenticator_new_on (const GByteArray *content, gboolean unlocked);

/** fuzz_authenticator_restart: as if the agent had ended and started again, TPM and files kept */
void fuzz_authenticator_restart (FuzzAuthenticator *self);

/** fuzz_authenticator_get_passkey: (transfer none): credential id of one there was at the start */
GBytes *fuzz_authenticator_get_passkey (guint index);

/** fuzz_authenticator_name_passkeys: (transfer full): @request with each 32-byte text
 *  "passkey N of the vault at first." replaced by that passkey's id, so that inputs can name it */
GBytes *fuzz_authenticator_name_passkeys (GBytes *request);

void fuzz_authenticator_set_always_uv (FuzzAuthenticator *self, gboolean always_uv);

/** fuzz_authenticator_advance: time passes */
void fuzz_authenticator_advance (gint64 microseconds);

/** fuzz_authenticator_free: without looking whether it still works */
void fuzz_authenticator_free (FuzzAuthenticator *self);

/**
 * fuzz_authenticator_end:
 *
 * Whatever happened, an authenticator must now work as ever, for a client that comes anew: getInfo,
 * a registration, a sign-in with the new passkey and with one there was at the start, the vault
 * locked or not. What a person has to mend first (PIN blocked …) is mended as they would. Frees
 * all.
 */
void fuzz_authenticator_end (FuzzAuthenticator *self);

G_END_DECLS
