/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey-store.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseFirstRunPage:
 *
 * For whoever has no vault yet: what a passkey on this computer is, the PIN, then whether all is in
 * order and a first try. Signal `done`: the person goes on to the list.
 */
#define MORTISE_TYPE_FIRST_RUN_PAGE (mortise_first_run_page_get_type ())
G_DECLARE_FINAL_TYPE (MortiseFirstRunPage, mortise_first_run_page, MORTISE, FIRST_RUN_PAGE, AdwBin)

void mortise_first_run_page_set_up (MortiseFirstRunPage *self,
                                    MortiseAgentClient *client,
                                    MortisePasskeyStore *store);
/** mortise_first_run_page_is_under_way: Returns: %TRUE between making the vault and `done` */
gboolean mortise_first_run_page_is_under_way (MortiseFirstRunPage *self);
/** mortise_first_run_page_start_over: shows the first step */
void mortise_first_run_page_start_over (MortiseFirstRunPage *self);

G_END_DECLS
