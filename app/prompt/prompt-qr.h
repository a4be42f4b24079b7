/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/**
 * MortisePromptQr:
 *
 * A secret as a QR code. As good as the secret itself: kept in locked memory and wiped.
 */
typedef struct _MortisePromptQr MortisePromptQr;

/** mortise_prompt_qr_new: Returns: (transfer full) (nullable): @text, ASCII, as a QR code */
MortisePromptQr *mortise_prompt_qr_new (const MortiseSecret *text);

void mortise_prompt_qr_free (MortisePromptQr *qr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePromptQr, mortise_prompt_qr_free)

/**
 * mortise_prompt_qr_draw:
 * @size: of the square to fill, the quiet zone included
 *
 * Black on white, as readers expect, whatever the colours around it are.
 */
void mortise_prompt_qr_draw (const MortisePromptQr *qr, cairo_t *cr, double size);

G_END_DECLS
