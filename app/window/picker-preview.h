/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortisePickerPreview:
 *
 * One account as a browser's list of accounts draws it for a security key: nothing but user.name,
 * on one line, in its own writing direction, cut at the end; "Unknown account" when there is none.
 * Unlike the rest of the window it shows the name unmended, since that is what it is for; it lets
 * nothing of it out of its own line.
 */
#define MORTISE_TYPE_PICKER_PREVIEW (mortise_picker_preview_get_type ())
G_DECLARE_FINAL_TYPE (
    MortisePickerPreview, mortise_picker_preview, MORTISE, PICKER_PREVIEW, GtkWidget)

/** Properties `browser` (its name) and `icon-name`, both set in templates. */

/** mortise_picker_preview_set_name: @name: (nullable): raw user.name */
void mortise_picker_preview_set_name (MortisePickerPreview *self, const char *name);

G_END_DECLS
