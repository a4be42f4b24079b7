/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** mortise_about_present: shows what Mortise is, its versions and what helps when asking for help
 */
void mortise_about_present (GtkWindow *parent, MortiseAgentClient *client);

G_END_DECLS
