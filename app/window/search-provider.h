/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** Where the shell finds it; data/search-provider.ini.in says the same. */
#define MORTISE_SEARCH_PROVIDER_PATH MORTISE_OBJECT_PATH "/SearchProvider"

/**
 * MortiseSearchProvider:
 *
 * Passkeys in the desktop shell's search (org.gnome.Shell.SearchProvider2). Answers with nothing
 * unless the person turned it on, and only while the vault is unlocked. It never starts the agent,
 * and what it tells is site and account alone. Main thread only.
 *
 * Signal `open` (gint64: id, or 0; text: what was searched for): show it in the window.
 */
#define MORTISE_TYPE_SEARCH_PROVIDER (mortise_search_provider_get_type ())
G_DECLARE_FINAL_TYPE (
    MortiseSearchProvider, mortise_search_provider, MORTISE, SEARCH_PROVIDER, GObject)

/**
 * mortise_search_provider_new:
 * @application: (nullable): kept alive while a search is answered
 *
 * Returns: (transfer full) (nullable): exported on @connection; %NULL with @error if it cannot be
 */
MortiseSearchProvider *mortise_search_provider_new (GApplication *application,
                                                    GDBusConnection *connection,
                                                    GError **error);

/** mortise_search_provider_is_enabled: Returns: what the person chose; off by default */
gboolean mortise_search_provider_is_enabled (void);
void mortise_search_provider_set_enabled (gboolean enabled);

G_END_DECLS
