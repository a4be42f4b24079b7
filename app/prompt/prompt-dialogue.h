/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/prompt/prompt-protocol.h"
#include "app/prompt/prompt-window.h"

G_BEGIN_DECLS

/**
 * MortisePromptDialogue:
 *
 * Joins one window to the agent at the other end of a channel: answers go out, updates come in, and
 * whichever side ends first takes the window away. The signal "ended" is emitted once, when nothing
 * more will happen.
 */
#define MORTISE_TYPE_PROMPT_DIALOGUE (mortise_prompt_dialogue_get_type ())
G_DECLARE_FINAL_TYPE (
    MortisePromptDialogue, mortise_prompt_dialogue, MORTISE, PROMPT_DIALOGUE, GObject)

/**
 * mortise_prompt_dialogue_new:
 * @channel: (transfer full): the prompt's end, from which QUESTION was not read yet
 */
MortisePromptDialogue *mortise_prompt_dialogue_new (MortisePromptChannel *channel);

/**
 * mortise_prompt_dialogue_start:
 * @timeout_ms: how long to wait for the question
 *
 * Reads the question, makes the window and presents it.
 *
 * Returns: %TRUE if it is up; the errors of mortise_prompt_channel_receive() and
 *   mortise_prompt_question_parse()
 */
gboolean
mortise_prompt_dialogue_start (MortisePromptDialogue *self, int timeout_ms, GError **error);

/** mortise_prompt_dialogue_get_window: Returns: (transfer none) (nullable): %NULL after the end */
MortisePromptWindow *mortise_prompt_dialogue_get_window (MortisePromptDialogue *self);

G_END_DECLS
