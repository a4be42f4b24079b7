/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * mortise_test_screenshot:
 * @window: a window that is presented
 * @name: what it shows, for the file name
 *
 * Writes NAME-VARIANT.png into the folder MORTISE_SCREENSHOT_DIR (made if absent); does nothing
 * when that is not set. With the cairo renderer two runs give the same bytes.
 */
void mortise_test_screenshot (GtkWindow *window, const char *name);

/**
 * mortise_test_screenshot_size:
 *
 * Sets @window's default size: 360 pixels wide for the variant "narrow", else as given. Called
 * before the window is presented. −1 for the natural size.
 */
void mortise_test_screenshot_size (GtkWindow *window, int width, int height);

G_END_DECLS
