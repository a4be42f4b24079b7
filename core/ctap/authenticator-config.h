/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/** How many sites setMinPINLength takes. */
#define MORTISE_MIN_PIN_RP_IDS_MAX 32

/** mortise_ctap_config_write_commands: the array of the subcommands there are */
void mortise_ctap_config_write_commands (MortiseCborWriter *writer);

G_END_DECLS
