/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/** One question as the agent might ask it; @name names its screenshot. */
typedef struct
{
  const char *name;
  /** GVariant text of the a{sv} */
  const char *text;
} PromptQuestion;

/** Every kind, and the forms of a kind that look different. Ends with a %NULL name. */
extern const PromptQuestion prompt_questions[];

/** prompt_question: Returns: (transfer full): the dictionary of the question called @name */
GVariant *prompt_question (const char *name);
