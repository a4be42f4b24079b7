/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** The agent's unit, in every user's session; as data/meson.build names it. */
#if MORTISE_DEVELOPMENT
#define MORTISE_AGENT_UNIT "mortise-agent-devel.service"
#else
#define MORTISE_AGENT_UNIT "mortise-agent.service"
#endif

/**
 * mortise_autostart_is_enabled:
 * @root: the root folder, "/" but in tests
 * @config_home: $XDG_CONFIG_HOME
 *
 * Whether the agent starts with the session: by its systemd user unit, enabled by this person or
 * for everyone, or by an entry in the autostart folder; inside a Flatpak, whether the desktop said
 * so last. Reads files alone; any thread.
 */
gboolean mortise_autostart_is_enabled (const char *root, const char *config_home);

/**
 * mortise_autostart_answer_path:
 *
 * Inside a Flatpak nobody can look whether the desktop starts the agent, so what it answered last
 * is kept in this file: it is there if the answer was yes.
 *
 * Returns: (transfer full): its path
 */
char *mortise_autostart_answer_path (const char *config_home);

/**
 * mortise_autostart_entry_path:
 *
 * Returns: (transfer full): the entry in the autostart folder, for sessions without systemd
 */
char *mortise_autostart_entry_path (const char *config_home);

G_END_DECLS
