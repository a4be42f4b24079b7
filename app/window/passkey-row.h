/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey-marks.h"
#include "app/window/passkey.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortisePasskeyRow:
 *
 * One row of the list: a site's heading, or a passkey with a button that opens it by the action
 * `passkeys.open` (x: id). While marking goes on it has a box to tick instead. A click with Ctrl
 * marks; with Shift it activates `passkeys.mark-to` (x: id).
 */
#define MORTISE_TYPE_PASSKEY_ROW (mortise_passkey_row_get_type ())
G_DECLARE_FINAL_TYPE (MortisePasskeyRow, mortise_passkey_row, MORTISE, PASSKEY_ROW, GtkWidget)

GtkWidget *mortise_passkey_row_new (MortisePasskeyMarks *marks);

/** mortise_passkey_row_set_item: @item: (nullable): a #MortiseSite or a #MortisePasskey */
void mortise_passkey_row_set_item (MortisePasskeyRow *self, GObject *item);
/** mortise_passkey_row_get_passkey: Returns: (transfer none) (nullable): %NULL for a heading */
MortisePasskey *mortise_passkey_row_get_passkey (MortisePasskeyRow *self);
/** mortise_passkey_row_get_item: Returns: (transfer none) (nullable): as it was set */
GObject *mortise_passkey_row_get_item (MortisePasskeyRow *self);

G_END_DECLS
