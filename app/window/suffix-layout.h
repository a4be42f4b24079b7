/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseSuffixLayout:
 *
 * How a row's text and the buttons at its end share its width: beside each other where the text
 * keeps a readable line, else the buttons below the text.
 */
#define MORTISE_TYPE_SUFFIX_LAYOUT (mortise_suffix_layout_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseSuffixLayout, mortise_suffix_layout, MORTISE, SUFFIX_LAYOUT, GtkLayoutManager)

/**
 * mortise_suffix_layout_apply:
 * @root: a row, or anything with rows in it
 *
 * Lays out so every AdwActionRow from @root on that ends with a button that has a label. Rows that
 * come later are not reached.
 */
void mortise_suffix_layout_apply (GtkWidget *root);

G_END_DECLS
