/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/ctl/ctl-commands.h"

G_BEGIN_DECLS

/** mortise_ctl_run_history: what was changed about one passkey, oldest first */
gboolean mortise_ctl_run_history (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);

G_END_DECLS
