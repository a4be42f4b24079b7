/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * mortise_button_names_mend:
 * @root: a widget
 *
 * Gives every button with a text at or below @root the name that a screen reader should say: once,
 * and without the mark of its mnemonic. GTK 4.8 strings a button's own name and that of the label
 * in it together, mark and all: “_Unlock… Unlock…”. A name of another wording stays. Texts that are
 * set later are followed.
 */
void mortise_button_names_mend (GtkWidget *root);

G_END_DECLS
