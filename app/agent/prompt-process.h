/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/prompt/prompt-protocol.h"

G_BEGIN_DECLS

/**
 * MortisePromptProcess:
 *
 * A running mortise-prompt and the agent's end of the socketpair to it. One thread may receive
 * while others send.
 */
typedef struct _MortisePromptProcess MortisePromptProcess;

/**
 * mortise_prompt_process_start:
 * @environment: (array zero-terminated): for the program
 *
 * Returns: (transfer full): the process; %MORTISE_ERROR_PROMPT_FAILED
 */
MortisePromptProcess *
mortise_prompt_process_start (const char *program, char **environment, GError **error);

/**
 * mortise_prompt_process_free: takes the window away: closes the socket, and ends the process if it
 * does not end by itself
 */
void mortise_prompt_process_free (MortisePromptProcess *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePromptProcess, mortise_prompt_process_free)

/** mortise_prompt_process_send: as mortise_prompt_channel_send(), from any thread */
gboolean mortise_prompt_process_send (MortisePromptProcess *process,
                                      MortiseFrameType type,
                                      GVariant *dictionary,
                                      GError **error);

/** mortise_prompt_process_send_secret: as above, for a SECRET frame */
gboolean mortise_prompt_process_send_secret (MortisePromptProcess *process,
                                             MortiseSecretKind kind,
                                             const MortiseSecret *secret,
                                             GError **error);

/** mortise_prompt_process_get_channel: (transfer none): to receive from */
MortisePromptChannel *mortise_prompt_process_get_channel (MortisePromptProcess *process);

G_END_DECLS
