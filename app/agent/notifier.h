/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/mortise-error.h"

G_BEGIN_DECLS

/**
 * MortiseNotifier:
 *
 * Tells the person through the desktop's notifications why a browser's request came to nothing,
 * when the prompt could not do so. Names no site and no account. Clicking one brings the window to
 * the front; none approves anything. Main thread only.
 */
typedef struct _MortiseNotifier MortiseNotifier;

MortiseNotifier *mortise_notifier_new (GDBusConnection *session_bus);
void mortise_notifier_free (MortiseNotifier *self);

/**
 * mortise_notifier_report:
 * @code: what a request failed with
 *
 * Shows what there is to say about it; most codes are nobody's business but the browser's. Said
 * again, it takes the place of what was said before.
 */
void mortise_notifier_report (MortiseNotifier *self, MortiseError code);

G_END_DECLS
