/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/consent.h"
#include "core/vault/vault.h"

G_BEGIN_DECLS

/**
 * MortiseScriptedConsent:
 *
 * Answers questions from a queue and remembers what was asked. A question without an answer in the
 * queue fails the test. Where the real prompt would take a PIN (verify set, or something that needs
 * an unlocked vault), a yes unlocks the vault with the script's PIN.
 */
#define MORTISE_TYPE_SCRIPTED_CONSENT (mortise_scripted_consent_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseScriptedConsent, mortise_scripted_consent, MORTISE, SCRIPTED_CONSENT, GObject)

/** What was asked; strings copied, accounts by reference. */
typedef struct
{
  MortiseConsentKind kind;
  char *rp_id;
  char *rp_name;
  char *user_name;
  char *user_display_name;
  GPtrArray *accounts;
  gboolean verify;
  gboolean offer_export;
  gboolean allow_export;
  MortiseAlgorithm algorithm;
  guint permissions;
} MortiseAskedQuestion;

/** mortise_scripted_consent_new: @pin: what a yes types where a PIN is wanted */
MortiseScriptedConsent *mortise_scripted_consent_new (MortiseVault *vault, const char *pin);

/** mortise_scripted_consent_allow: the next question gets a yes, the switch left as it is */
void mortise_scripted_consent_allow (MortiseScriptedConsent *self);

/** mortise_scripted_consent_allow_with: a yes with the switch and the account given */
void mortise_scripted_consent_allow_with (MortiseScriptedConsent *self,
                                          gboolean allow_export,
                                          guint account);

/** mortise_scripted_consent_allow_unverified: a yes that breaks its promise to verify */
void mortise_scripted_consent_allow_unverified (MortiseScriptedConsent *self);

/** mortise_scripted_consent_refuse: wait() fails with @code */
void mortise_scripted_consent_refuse (MortiseScriptedConsent *self, MortiseError code);

/** mortise_scripted_consent_refuse_begin: begin() fails with @code */
void mortise_scripted_consent_refuse_begin (MortiseScriptedConsent *self, MortiseError code);

/** mortise_scripted_consent_refuse_rest: questions beyond the queue fail with @code, unexpected or
 *  not */
void mortise_scripted_consent_refuse_rest (MortiseScriptedConsent *self, MortiseError code);

/** mortise_scripted_consent_hold: wait() blocks until it is cancelled */
void mortise_scripted_consent_hold (MortiseScriptedConsent *self);

/**
 * mortise_scripted_consent_set_hook:
 * @hook: (nullable): called in wait() before the answer is given: counts, cancels …
 */
typedef void (*MortiseScriptedConsentHook) (MortiseScriptedConsent *self,
                                            const MortiseAskedQuestion *question,
                                            gpointer user_data);
void mortise_scripted_consent_set_hook (MortiseScriptedConsent *self,
                                        MortiseScriptedConsentHook hook,
                                        gpointer user_data);

void mortise_scripted_consent_set_can_verify (MortiseScriptedConsent *self, gboolean can_verify);

/** mortise_scripted_consent_take: (transfer full) (nullable): the oldest question not yet taken */
MortiseAskedQuestion *mortise_scripted_consent_take (MortiseScriptedConsent *self);
void mortise_asked_question_free (MortiseAskedQuestion *question);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseAskedQuestion, mortise_asked_question_free)

/** mortise_scripted_consent_count_left: Returns: answers not yet given */
guint mortise_scripted_consent_count_left (MortiseScriptedConsent *self);

/** mortise_scripted_consent_is_up: Returns: a question is on the screen, or was left there */
gboolean mortise_scripted_consent_is_up (MortiseScriptedConsent *self);

G_END_DECLS
