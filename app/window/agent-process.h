/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseAgentProcess:
 *
 * An agent that this process started: the demo's always, the real one only from a build tree,
 * where D-Bus cannot activate it. It ends with this process, however this process ends.
 */
typedef struct _MortiseAgentProcess MortiseAgentProcess;

/** mortise_agent_process_start: fails if the program is not found or does not start */
MortiseAgentProcess *mortise_agent_process_start (gboolean demo, GError **error);

/** mortise_agent_process_free: asks it to end (SIGTERM) and does not wait */
void mortise_agent_process_free (MortiseAgentProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseAgentProcess, mortise_agent_process_free)

G_END_DECLS
