/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey-store.h"
#include "core/audit/naming-checks.h"

G_BEGIN_DECLS

/**
 * MortiseNamingWatch:
 *
 * Keeps up with what is wrong with the names of the passkeys in a store. The checks run in a
 * thread some time after the last change; meanwhile the last result stands. Main thread only.
 *
 * Signal `changed`: there is another result.
 */
#define MORTISE_TYPE_NAMING_WATCH (mortise_naming_watch_get_type ())
G_DECLARE_FINAL_TYPE (MortiseNamingWatch, mortise_naming_watch, MORTISE, NAMING_WATCH, GObject)

MortiseNamingWatch *mortise_naming_watch_new (MortisePasskeyStore *store);

/** mortise_naming_watch_has_trouble: Returns: %TRUE if the list's filter is to show @passkey */
gboolean mortise_naming_watch_has_trouble (MortiseNamingWatch *self, MortisePasskey *passkey);

/** mortise_naming_watch_lookup: Returns: (transfer none) (nullable) (element-type
 * MortiseNamingFinding): see mortise_naming_report_lookup(); gone with the next `changed` */
GPtrArray *mortise_naming_watch_lookup (MortiseNamingWatch *self, MortisePasskey *passkey);

G_END_DECLS
