/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortiseBanner:
 *
 * A strip across a page that tells of a state and offers its one action; as AdwBanner of newer
 * libadwaita. Properties: `title`, `button-label`, `action-name`.
 */
#define MORTISE_TYPE_BANNER (mortise_banner_get_type ())
G_DECLARE_FINAL_TYPE (MortiseBanner, mortise_banner, MORTISE, BANNER, GtkWidget)

/** mortise_banner_show: @title: (nullable): %NULL hides the banner */
void mortise_banner_show (MortiseBanner *self, const char *title);

G_END_DECLS
