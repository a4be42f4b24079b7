/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** What is asked; the "kind" of QUESTION in prompt-protocol.h. */
typedef enum
{
  MORTISE_PROMPT_REGISTER,
  MORTISE_PROMPT_SIGN_IN,
  MORTISE_PROMPT_SELECT,
  MORTISE_PROMPT_EXCLUDED,
  MORTISE_PROMPT_NO_PASSKEY,
  MORTISE_PROMPT_VERIFY,
  MORTISE_PROMPT_UNLOCK,
  MORTISE_PROMPT_RESET,
  MORTISE_PROMPT_CREATE_VAULT,
  MORTISE_PROMPT_CHANGE_PIN,
  MORTISE_PROMPT_DELETE,
  MORTISE_PROMPT_PURGE,
  MORTISE_PROMPT_EDIT,
  MORTISE_PROMPT_NEW_CODE,
  MORTISE_PROMPT_RECOVER,
} MortisePromptKind;

/**
 * MortisePromptAccount:
 * @user_name, @user_display_name, @label: (nullable): as they came, unsafe to show
 * @last_used, @created: Unix time in seconds, 0 for never or unknown
 */
typedef struct
{
  char *user_name;
  char *user_display_name;
  char *label;
  gint64 last_used;
  gint64 created;
} MortisePromptAccount;

/**
 * MortisePromptQuestion:
 *
 * A QUESTION frame whose members were all of the right type; see prompt-protocol.h for their
 * meaning. Strings are %NULL when absent or empty and are still unsafe to show. Arrays are never
 * %NULL. Immutable.
 */
typedef struct
{
  MortisePromptKind kind;
  char *rp_id;
  char *rp_name;
  char *user_name;
  char *user_display_name;
  GPtrArray *accounts;
  gboolean needs_pin;
  gboolean finger;
  gboolean verify;
  guint permissions;
  gboolean offer_recovery;
  gboolean pin_blocked;
  gboolean has_code;
  gboolean has_retries;
  guint retries;
  guint min_pin_length;
  gboolean offer_export;
  gboolean allow_export;
  int algorithm;
  char **passkeys;
  char **changes;
  gboolean has_count;
  guint count;
  char *requester;
  gboolean demo;
  gboolean software_tpm; /* in a demo too */
  char *host;
} MortisePromptQuestion;

/**
 * mortise_prompt_question_parse:
 * @dictionary: an a{sv} in normal form
 *
 * Unknown members are ignored, so that an older prompt serves a newer agent.
 *
 * Returns: (transfer full): the question; %MORTISE_ERROR_PROMPT_FAILED if the kind is missing or
 *   unknown or if a known member has the wrong type
 */
MortisePromptQuestion *mortise_prompt_question_parse (GVariant *dictionary, GError **error);

void mortise_prompt_question_free (MortisePromptQuestion *question);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePromptQuestion, mortise_prompt_question_free)

/** mortise_prompt_question_get_account: Returns: (transfer none): the account at @index */
const MortisePromptAccount *
mortise_prompt_question_get_account (const MortisePromptQuestion *question, guint index);

G_END_DECLS
