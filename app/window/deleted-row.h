/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** Days that a deleted passkey is kept; as MORTISE_VAULT_KEEP_DELETED_DAYS of core/vault. */
#define MORTISE_DELETED_DAYS 30

/**
 * MortiseDeletedRow: a passkey in Recently deleted, with buttons for `deleted.restore` and
 * `deleted.purge` (x: id)
 */
#define MORTISE_TYPE_DELETED_ROW (mortise_deleted_row_get_type ())
G_DECLARE_FINAL_TYPE (MortiseDeletedRow, mortise_deleted_row, MORTISE, DELETED_ROW, GtkWidget)

GtkWidget *mortise_deleted_row_new (void);
void mortise_deleted_row_set_passkey (MortiseDeletedRow *self, MortisePasskey *passkey);

G_END_DECLS
