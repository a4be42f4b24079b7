/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortiseSideLayout:
 *
 * Two children beside each other where there is room for both, else one below the other. The first
 * is at the start.
 */
#define MORTISE_TYPE_SIDE_LAYOUT (mortise_side_layout_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseSideLayout, mortise_side_layout, MORTISE, SIDE_LAYOUT, GtkLayoutManager)

G_END_DECLS
