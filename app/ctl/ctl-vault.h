/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/ctl/ctl-commands.h"

G_BEGIN_DECLS

/* Commands about the vault as a whole. What they need the person for is asked about on the prompt:
 * no PIN and no recovery code passes through here. */

gboolean mortise_ctl_run_lock (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_unlock (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_create_vault (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_destroy_vault (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_change_pin (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_reset_pin (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_recovery_code (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_keyslots (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_keyslot (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_settings (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_set (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_replug (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
gboolean mortise_ctl_run_retry (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);

G_END_DECLS
