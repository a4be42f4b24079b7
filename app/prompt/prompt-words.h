/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/prompt/prompt-question.h"

G_BEGIN_DECLS

/**
 * MortisePromptWords:
 * @heading: the question itself
 * @why: why it is asked and what a yes does
 * @pin_reason: (nullable): why a PIN is asked
 * @notice: (nullable): what else the person must know before a yes
 * @approve: text of the button that says yes, with a mnemonic
 * @working: shown after a yes, until the agent is done
 * @asker: who asks, on which computer, and where the answer stays
 * @confirm_title: (nullable): what to type before a yes counts
 * @confirm_text: (nullable): exactly that
 * @destructive: the yes destroys something: its button is red and Enter never presses it
 *
 * Everything a question says, translated and safe to show (plain text).
 */
typedef struct
{
  char *heading;
  char *why;
  char *pin_reason;
  char *notice;
  char *approve;
  char *working;
  char *asker;
  char *confirm_title;
  char *confirm_text;
  gboolean destructive;
} MortisePromptWords;

/** mortise_prompt_words_new: Returns: (transfer full): the words for @question */
MortisePromptWords *mortise_prompt_words_new (const MortisePromptQuestion *question);

void mortise_prompt_words_free (MortisePromptWords *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePromptWords, mortise_prompt_words_free)

/** mortise_prompt_words_retries: Returns: (transfer full): "n tries left", and what comes after */
char *mortise_prompt_words_retries (guint retries);

/**
 * mortise_prompt_words_finger:
 * @state: (nullable): "finger" of UPDATE (prompt-protocol.h), or %NULL before the first
 * @message: (nullable): "message" of the same UPDATE
 *
 * Returns: (transfer full): what the person should do with the fingerprint reader
 */
char *mortise_prompt_words_finger (const char *state, const char *message);

/** mortise_prompt_words_recovery: Returns: (transfer none): what the recovery code does here */
const char *mortise_prompt_words_recovery (const MortisePromptQuestion *question);

/**
 * mortise_prompt_words_software_tpm: Returns: (transfer none) (nullable): what the TPM is, where it
 * is none of hardware
 */
const char *mortise_prompt_words_software_tpm (const MortisePromptQuestion *question);

/** mortise_prompt_words_export: Returns: (transfer none): the truth about the switch as it stands
 */
const char *mortise_prompt_words_export (const MortisePromptQuestion *question, gboolean allowed);

/** mortise_prompt_words_key: Returns: (transfer full): what key is made and where, for REGISTER */
char *mortise_prompt_words_key (const MortisePromptQuestion *question);

/** mortise_prompt_words_date: Returns: (transfer full): a day in the person's own way of writing */
char *mortise_prompt_words_date (gint64 unix_time);

/**
 * mortise_prompt_words_account_title:
 * @account: as it came
 *
 * Returns: (transfer full): the name by which to tell accounts apart, safe to show
 */
char *mortise_prompt_words_account_title (const MortisePromptAccount *account);

/**
 * mortise_prompt_words_account_subtitle:
 * @account: as it came
 * @with_use: tell also when it was last used
 *
 * Returns: (transfer full): the account's other names; may be empty
 */
char *mortise_prompt_words_account_subtitle (const MortisePromptAccount *account,
                                             gboolean with_use);

G_END_DECLS
