/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_test_report_failures:
 *
 * From here on a program that ends in a failed assertion or a fatal message shows first where, and
 * what is on the screen: the text of every window on standard error, and a picture of each in the
 * folder "failed" of MORTISE_TEST_ARTIFACTS.
 */
void mortise_test_report_failures (void);

G_END_DECLS
