/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/prompt/prompt-question.h"

G_BEGIN_DECLS

/**
 * MortisePromptAccountRow:
 *
 * An account of a site: either just shown or one of several to choose from.
 */
#define MORTISE_TYPE_PROMPT_ACCOUNT_ROW (mortise_prompt_account_row_get_type ())
G_DECLARE_FINAL_TYPE (
    MortisePromptAccountRow, mortise_prompt_account_row, MORTISE, PROMPT_ACCOUNT_ROW, AdwActionRow)

/**
 * mortise_prompt_account_row_new:
 * @with_use: tell when it was last used
 */
GtkWidget *mortise_prompt_account_row_new (const MortisePromptAccount *account, gboolean with_use);

/**
 * mortise_prompt_account_row_set_choice:
 * @group: (nullable): a row of the same choice; %NULL for the first, which is chosen
 *
 * Gives the row a button to choose it by.
 */
void mortise_prompt_account_row_set_choice (MortisePromptAccountRow *self,
                                            MortisePromptAccountRow *group);

gboolean mortise_prompt_account_row_is_chosen (MortisePromptAccountRow *self);

G_END_DECLS
