/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * mortise_test_screenshot:
 * @window: a window that is presented
 * @name: what it shows, for the file name
 *
 * Writes NAME-VARIANT.png into the folder MORTISE_SCREENSHOT_DIR (made if absent), if that is set.
 *
 * If MORTISE_SCREENSHOT_REFERENCES is set and has pictures in it, fails the test unless the window
 * looks, pixel for pixel, as in NAME-VARIANT.png there: in light unless the file `variants` there
 * has a line -NAME, in another variant if it has a line NAME. Then what is seen, what is expected
 * and where they differ are kept in `screenshots-differ` in MORTISE_TEST_ARTIFACTS or
 * G_TEST_BUILDDIR. With MORTISE_SCREENSHOT_ACCEPT the reference is written instead.
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
