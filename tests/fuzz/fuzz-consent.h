/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/consent.h"
#include "core/vault/vault.h"
#include "tests/fuzz/fuzz-input.h"

G_BEGIN_DECLS

/**
 * FuzzConsent:
 *
 * A person who answers as the input says, and who notices at once when a question names another
 * site than the client asked for. U2F waits for the answer in a thread of its own.
 */
#define FUZZ_TYPE_CONSENT (fuzz_consent_get_type ())
G_DECLARE_FINAL_TYPE (FuzzConsent, fuzz_consent, FUZZ, CONSENT, GObject)

FuzzConsent *fuzz_consent_new (void);
void fuzz_consent_set_vault (FuzzConsent *self, MortiseVault *vault);

/** fuzz_consent_set_pin: what the person types, right or not by now */
void fuzz_consent_set_pin (FuzzConsent *self, const char *pin);
const char *fuzz_consent_get_pin (FuzzConsent *self);
void fuzz_consent_set_can_verify (FuzzConsent *self, gboolean can_verify);

/** fuzz_consent_set_answers: sixteen answers, four bits each; 0 is a plain yes */
void fuzz_consent_set_answers (FuzzConsent *self, guint64 answers);

/**
 * fuzz_consent_expect:
 * @rp_id: (nullable): the only site that a question may name from now on; %NULL for none
 *
 * Also forgets what was counted.
 */
void fuzz_consent_expect (FuzzConsent *self, const char *rp_id);

/** fuzz_consent_expect_application: a site of this SHA-256, or called by it in hex, is right, too
 */
void fuzz_consent_expect_application (FuzzConsent *self, const guint8 hash[32]);

/** fuzz_consent_count_all_yes: since it was made */
guint fuzz_consent_count_all_yes (FuzzConsent *self);

/** Since fuzz_consent_expect(): how often the person said yes, and did so with a PIN. */
guint fuzz_consent_count_yes (FuzzConsent *self);
guint fuzz_consent_count_verified (FuzzConsent *self);
gboolean fuzz_consent_is_up (FuzzConsent *self);

G_END_DECLS
