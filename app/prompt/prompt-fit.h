/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * MortisePromptFit:
 *
 * Shows its child whole as long as it is not higher than "max-height", and lets it scroll beyond.
 * A GtkScrolledWindow alone asks for the height its child would have at its natural width, which is
 * wrong as soon as a label wraps at the width it really gets.
 *
 * Properties: "child" (GtkWidget); "max-height" and "min-height" (int, pixels): it does not ask for
 * more than the first and never takes less than the second, unless the child is lower.
 */
#define MORTISE_TYPE_PROMPT_FIT (mortise_prompt_fit_get_type ())
G_DECLARE_FINAL_TYPE (MortisePromptFit, mortise_prompt_fit, MORTISE, PROMPT_FIT, GtkWidget)

G_END_DECLS
