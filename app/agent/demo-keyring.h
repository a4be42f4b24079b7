/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/platform/keyring.h"

G_BEGIN_DECLS

/**
 * MortiseDemoKeyring:
 *
 * The keyring of the demo: forgets everything when the agent ends. A demo never touches the
 * person's own login keyring.
 */
#define MORTISE_TYPE_DEMO_KEYRING (mortise_demo_keyring_get_type ())
G_DECLARE_FINAL_TYPE (MortiseDemoKeyring, mortise_demo_keyring, MORTISE, DEMO_KEYRING, GObject)

MortiseKeyring *mortise_demo_keyring_new (void);

G_END_DECLS
