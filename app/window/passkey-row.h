/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortisePasskeyRow:
 *
 * One row of the list: a site's heading, or a passkey with a button that opens it by the action
 * `passkeys.open` (x: id).
 */
#define MORTISE_TYPE_PASSKEY_ROW (mortise_passkey_row_get_type ())
G_DECLARE_FINAL_TYPE (MortisePasskeyRow, mortise_passkey_row, MORTISE, PASSKEY_ROW, GtkWidget)

GtkWidget *mortise_passkey_row_new (void);

/** mortise_passkey_row_set_item: @item: (nullable): a #MortiseSite or a #MortisePasskey */
void mortise_passkey_row_set_item (MortisePasskeyRow *self, GObject *item);

G_END_DECLS
