/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkey.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortiseTrait: what a badge says
 * @MORTISE_TRAIT_DEVICE_ONLY: the TPM said so since the window was opened
 * @MORTISE_TRAIT_MADE_DEVICE_ONLY: recorded when the passkey was made; no proof
 */
typedef enum
{
  MORTISE_TRAIT_DEVICE_ONLY,
  MORTISE_TRAIT_MADE_DEVICE_ONLY,
  MORTISE_TRAIT_EXPORTABLE,
  MORTISE_TRAIT_SEALED,
  MORTISE_TRAIT_BACKED_UP,
  MORTISE_TRAIT_EXPORT_BLOCKED,
  MORTISE_TRAIT_SECOND_FACTOR,
} MortiseTrait;

/** MortiseBadge: one trait of a passkey as icon and word, told apart without colour */
#define MORTISE_TYPE_BADGE (mortise_badge_get_type ())
G_DECLARE_FINAL_TYPE (MortiseBadge, mortise_badge, MORTISE, BADGE, GtkWidget)

GtkWidget *mortise_badge_new (MortiseTrait trait);

/** mortise_trait_get_name, _icon, _tooltip: Returns: (transfer none): word, icon name, sentence */
const char *mortise_trait_get_name (MortiseTrait trait);
const char *mortise_trait_get_icon (MortiseTrait trait);
const char *mortise_trait_get_tooltip (MortiseTrait trait);

/** mortise_badges_fill: puts the badges of @passkey into @box in place of what is there */
void mortise_badges_fill (GtkBox *box, MortisePasskey *passkey);
/** mortise_badges_describe: Returns: (transfer full): the same as text, for screen readers */
char *mortise_badges_describe (MortisePasskey *passkey);

G_END_DECLS
