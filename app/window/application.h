/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * MortiseApplication: `mortise` and `mortise --demo`; one window each
 */
#define MORTISE_TYPE_APPLICATION (mortise_application_get_type ())
G_DECLARE_FINAL_TYPE (MortiseApplication, mortise_application, MORTISE, APPLICATION, AdwApplication)

/** mortise_application_new: @demo: the demo is an application of its own, beside the real one */
MortiseApplication *mortise_application_new (gboolean demo);

G_END_DECLS
