/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** mortise_badges_fill: puts the badges of @passkey, each an icon and a word, into @box in place of
 * those that are there */
void mortise_badges_fill (GtkBox *box, MortisePasskey *passkey);
/** mortise_badges_describe: Returns: (transfer full): the same as text, for screen readers */
char *mortise_badges_describe (MortisePasskey *passkey);

G_END_DECLS
