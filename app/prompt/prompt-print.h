/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * mortise_prompt_print_new:
 * @code: a recovery code as it is written down; copied
 * @host: (nullable): this computer's name, unsafe to show
 *
 * Returns: (transfer full): one page with the code in numbered groups, as QR code, and what it is
 *   for; to be run
 */
GtkPrintOperation *mortise_prompt_print_new (const MortiseSecret *code, const char *host);

G_END_DECLS
