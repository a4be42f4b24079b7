/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/ctl/ctl-commands.h"

G_BEGIN_DECLS

/**
 * mortise_ctl_run_audit:
 *
 * The command `audit`: for all passkeys, or for those whose numbers are given, how the key is kept
 * and on what ground that is said, what the site was told, and what is doubtful. Sites where this
 * vault has only one passkey come first. Ends with %MORTISE_CTL_EXIT_UNHEALTHY if a key is not what
 * the vault says it is or cannot be loaded.
 */
gboolean mortise_ctl_run_audit (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);

G_END_DECLS
