/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"

G_BEGIN_DECLS

/**
 * MortiseAgentWords: what a page says when it cannot show its content, and the one step on
 *
 * @action is an action of the window (a detailed action name), @button its label with mnemonic;
 * both may be %NULL. So may @second_action and @second_button: another way on.
 */
typedef struct
{
  const char *icon;
  const char *title;
  char *text;
  const char *button;
  const char *action;
  const char *second_button;
  const char *second_action;
} MortiseAgentWords;

void mortise_agent_words_clear (MortiseAgentWords *words);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MortiseAgentWords, mortise_agent_words_clear)

/** mortise_agent_words_init: Returns: %FALSE if passkeys can be listed and there is nothing to say
 */
gboolean mortise_agent_words_init (MortiseAgentWords *words, MortiseAgentClient *client);

G_END_DECLS
