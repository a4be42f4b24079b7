/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/prompt/prompt-guard.h"
#include "app/prompt/prompt-question.h"
#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * MortisePromptWindow:
 *
 * The window that asks one question. Signals, without arguments: "approved" when the person said
 * yes and everything that a yes needs was typed; "denied" when they said no, pressed Escape or
 * closed it; "recover" when they want to use the recovery code instead of the PIN.
 *
 * It belongs to no GtkApplication and has no action group, so that nothing of it is on the session
 * bus and no other program can say yes through it. The accessibility bus is the one exception, and
 * on purpose: what a person can press, their screen reader or switch device can press too. A
 * program that may use that bus can move the pointer and read the screen as well; against it stands
 * the PIN, which is typed here only and is cleared at once.
 */
#define MORTISE_TYPE_PROMPT_WINDOW (mortise_prompt_window_get_type ())
G_DECLARE_FINAL_TYPE (MortisePromptWindow, mortise_prompt_window, MORTISE, PROMPT_WINDOW, AdwWindow)

/** mortise_prompt_init: types, resources and style; after adw_init() */
void mortise_prompt_init (void);

/** mortise_prompt_window_new: @question: (transfer full) */
GtkWidget *mortise_prompt_window_new (MortisePromptQuestion *question);

/** mortise_prompt_window_get_guard: Returns: (transfer none): what delays the button at first */
MortisePromptGuard *mortise_prompt_window_get_guard (MortisePromptWindow *self);

/** mortise_prompt_window_get_question: Returns: (transfer none): what is asked */
const MortisePromptQuestion *mortise_prompt_window_get_question (MortisePromptWindow *self);

/**
 * mortise_prompt_window_take_pin:
 *
 * Returns: (transfer full) (nullable): the PIN as typed, or %NULL if none was asked; the field is
 *   wiped
 */
MortiseSecret *mortise_prompt_window_take_pin (MortisePromptWindow *self);

/**
 * mortise_prompt_window_dup_recovery_code:
 *
 * Returns: (transfer full) (nullable): the code as typed, or %NULL if none was asked; it stays in
 *   its field, as nobody wants to type it twice for the sake of a new PIN that was refused
 */
MortiseSecret *mortise_prompt_window_dup_recovery_code (MortisePromptWindow *self);

/** mortise_prompt_window_take_new_pin: as mortise_prompt_window_take_pin(), for a new PIN */
MortiseSecret *mortise_prompt_window_take_new_pin (MortisePromptWindow *self);

gboolean mortise_prompt_window_get_allow_export (MortisePromptWindow *self);

/** mortise_prompt_window_get_account: Returns: index of the account that was chosen */
guint mortise_prompt_window_get_account (MortisePromptWindow *self);

/** mortise_prompt_window_is_asking: Returns: a yes or no is awaited */
gboolean mortise_prompt_window_is_asking (MortisePromptWindow *self);

/** mortise_prompt_window_show_working: @message: (nullable): instead of the question's own words */
void mortise_prompt_window_show_working (MortisePromptWindow *self, const char *message);

/**
 * mortise_prompt_window_ask_again:
 * @message: (nullable): why
 * @pin_wrong: the PIN was wrong
 * @retries: (nullable): tries left now
 */
void mortise_prompt_window_ask_again (MortisePromptWindow *self,
                                      const char *message,
                                      gboolean pin_wrong,
                                      const guint *retries);

/**
 * mortise_prompt_window_show_finger:
 * @state, @message: (nullable): as of UPDATE in prompt-protocol.h
 *
 * Says how it goes with the fingerprint reader. A match answers yes by itself, without a PIN, as
 * soon as the guard is open and a yes is awaited.
 */
void mortise_prompt_window_show_finger (MortisePromptWindow *self,
                                        const char *state,
                                        const char *message);

/** mortise_prompt_window_show_fatal: nothing is left to do but close; @message: (nullable) */
void mortise_prompt_window_show_fatal (MortisePromptWindow *self, const char *message);

/**
 * mortise_prompt_window_ask_recovery:
 * @message: (nullable): why
 *
 * From now on the recovery code and a new PIN are asked for instead of the PIN.
 */
void mortise_prompt_window_ask_recovery (MortisePromptWindow *self, const char *message);

/**
 * mortise_prompt_window_show_code:
 * @code: a new recovery code as it is written down; copied
 *
 * Shows it, and asks again: the yes counts once the end of the code was typed.
 */
void mortise_prompt_window_show_code (MortisePromptWindow *self, const MortiseSecret *code);

/** mortise_prompt_window_raise: brings it to the front */
void mortise_prompt_window_raise (MortisePromptWindow *self);

G_END_DECLS
