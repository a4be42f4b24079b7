/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/consent.h"
#include "core/platform/fingerprint.h"
#include "core/vault/vault-settings.h"
#include "core/vault/vault.h"

G_BEGIN_DECLS

/**
 * MortisePrompter:
 *
 * Asks the person through mortise-prompt, one question at a time, and verifies the PIN typed there.
 * The agent's MortiseConsent. Functions may be called from any thread.
 *
 * Property `prompting` (boolean): a question is on the screen; notified on the main context.
 */
#define MORTISE_TYPE_PROMPTER (mortise_prompter_get_type ())
G_DECLARE_FINAL_TYPE (MortisePrompter, mortise_prompter, MORTISE, PROMPTER, GObject)

/** Seconds after which a question nobody answered goes away. */
#define MORTISE_PROMPT_TIMEOUT 60
/** As many times that while a recovery code is written down or typed. */
#define MORTISE_PROMPT_CODE_PATIENCE 10

/** Fingers that may be wrong in a row, over all questions, before the PIN has to be right again. */
#define MORTISE_PROMPTER_MAX_FINGER_MISSES 9

/**
 * mortise_prompter_new:
 * @program: mortise-prompt, or what takes its place
 * @demo: the prompt says that this is a demo
 */
MortisePrompter *mortise_prompter_new (const char *program, gboolean demo);

/** mortise_prompter_set_vault: @vault: (nullable): whose PIN is verified from the next question on
 */
void mortise_prompter_set_vault (MortisePrompter *self, MortiseVault *vault);

/**
 * mortise_prompter_set_fingerprint:
 *
 * The reader through which a finger may stand for the PIN: where %MORTISE_SETTING_FINGERPRINT is
 * on, the vault is unlocked (by PIN, as there is no other way), and a client wants verification.
 * What changes the vault or its settings takes the PIN. To be set before the first question.
 */
void mortise_prompter_set_fingerprint (MortisePrompter *self, MortiseFingerprint *fingerprint);

/** mortise_prompter_set_timeout: for tests; seconds */
void mortise_prompter_set_timeout (MortisePrompter *self, guint seconds);

gboolean mortise_prompter_is_prompting (MortisePrompter *self);

/**
 * mortise_prompter_check:
 *
 * Returns: %TRUE if a prompt can be shown; %MORTISE_ERROR_PROMPT_FAILED says why not
 */
gboolean mortise_prompter_check (MortisePrompter *self, GError **error);

/** mortise_prompter_raise: the question on the screen comes to the front, if there is one */
void mortise_prompter_raise (MortisePrompter *self);

/**
 * mortise_prompter_withdraw:
 * @code: what the question ends with
 *
 * Takes the question on the screen away, and those that wait for their turn.
 */
void mortise_prompter_withdraw (MortisePrompter *self, MortiseError code);

/** mortise_prompter_shut_down: withdraws, and takes no question any more */
void mortise_prompter_shut_down (MortisePrompter *self);

/**
 * MortisePromptAccept:
 * @pin: (nullable): the PIN typed, if one was asked for
 * @new_pin: (nullable): the new PIN typed, if one was asked for
 *
 * Does with the answer what was asked about. Runs in the thread of mortise_prompter_ask().
 *
 * Returns: %FALSE with %MORTISE_ERROR_PIN_INVALID or %MORTISE_ERROR_PIN_POLICY makes the prompt say
 *   so and ask again; any other error ends the question
 */
typedef gboolean (*MortisePromptAccept) (const MortiseSecret *pin,
                                         const MortiseSecret *new_pin,
                                         gpointer user_data,
                                         GError **error);

/**
 * mortise_prompter_ask:
 * @members: members of QUESTION (app/prompt/prompt-protocol.h), "kind" among them; cleared
 * @needs_pin: ask for the PIN
 * @needs_new_pin: a new PIN must come with the answer
 * @accept: (nullable) (scope call): %NULL verifies the PIN, if there is one, and unlocks the vault
 * @cancellable: (nullable): cancelled when who asked went away
 *
 * Asks a question of the window or of mortisectl. Blocks until it is answered.
 *
 * Returns: %TRUE for a yes that was accepted; %MORTISE_ERROR_BUSY at once while another question is
 *   asked; otherwise errors as of mortise_consent_wait()
 */
gboolean mortise_prompter_ask (MortisePrompter *self,
                               GVariantDict *members,
                               gboolean needs_pin,
                               gboolean needs_new_pin,
                               MortisePromptAccept accept,
                               gpointer user_data,
                               GCancellable *cancellable,
                               GError **error);

/**
 * MortisePromptMakeCode:
 *
 * Makes what is to be shown, the PIN having been right. Runs in the thread of
 * mortise_prompter_ask_showing().
 *
 * Returns: (transfer none): the code, valid until the question is over
 */
typedef const MortiseSecret *(*MortisePromptMakeCode) (gpointer user_data, GError **error);

/** MortisePromptKeepCode: the person has the code and shown it by typing its end */
typedef gboolean (*MortisePromptKeepCode) (gpointer user_data, GError **error);

/**
 * mortise_prompter_ask_showing:
 * @members: as above
 *
 * Asks for the PIN, shows a new code and has the person prove that they wrote it down. Otherwise as
 * mortise_prompter_ask().
 */
gboolean mortise_prompter_ask_showing (MortisePrompter *self,
                                       GVariantDict *members,
                                       MortisePromptMakeCode make,
                                       MortisePromptKeepCode keep,
                                       gpointer user_data,
                                       GCancellable *cancellable,
                                       GError **error);

/**
 * mortise_prompter_ask_recovery:
 * @members: as above
 *
 * Asks for the recovery code and a new PIN, gives the vault that PIN and unlocks it. Otherwise as
 * mortise_prompter_ask(). Questions that ask for the PIN offer the same to who has forgotten it.
 */
gboolean mortise_prompter_ask_recovery (MortisePrompter *self,
                                        GVariantDict *members,
                                        GCancellable *cancellable,
                                        GError **error);

G_END_DECLS
