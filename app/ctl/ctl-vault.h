/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/ctl/ctl-commands.h"

G_BEGIN_DECLS

/* Commands about the vault as a whole. */

gboolean mortise_ctl_run_keyslots (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_keyslot (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_settings (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_set (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);

G_END_DECLS
