/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/naming-watch.h"
#include "app/window/passkey-store.h"

G_BEGIN_DECLS

/**
 * MortiseSite: the heading of the passkeys of one site in the list
 */
#define MORTISE_TYPE_SITE (mortise_site_get_type ())
G_DECLARE_FINAL_TYPE (MortiseSite, mortise_site, MORTISE, SITE, GObject)

/** mortise_site_dup_name: Returns: (transfer full): safe for labels */
char *mortise_site_dup_name (MortiseSite *self);
/** mortise_site_dup_title: Returns: (transfer full): the name the site gave itself; ""
 * if it says nothing more than the site */
char *mortise_site_dup_title (MortiseSite *self);
/** mortise_site_get_count: Returns: how many of its passkeys are in the list */
guint mortise_site_get_count (MortiseSite *self);

/** MortisePasskeySort: order of the sites, and within each of its accounts */
typedef enum
{
  MORTISE_SORT_SITE,
  MORTISE_SORT_LAST_USED,
  MORTISE_SORT_CREATED,
} MortisePasskeySort;

/** MortisePasskeyFilter: which passkeys are shown */
typedef enum
{
  MORTISE_FILTER_ALL,
  MORTISE_FILTER_DEVICE_ONLY,
  MORTISE_FILTER_EXPORTABLE,
  MORTISE_FILTER_BACKED_UP,
  MORTISE_FILTER_NOT_BACKED_UP,
  MORTISE_FILTER_NEVER_USED,
  MORTISE_FILTER_NAMING_TROUBLE,
} MortisePasskeyFilter;

/**
 * MortisePasskeyGroups:
 *
 * What the list shows: a #GListModel in which a #MortiseSite stands before the passkeys of each
 * site, as GtkListView 4.8 knows no section headings. Searched, filtered and sorted; rebuilt once
 * per turn of the main loop however much changed, and announced as the smallest change there is.
 *
 * Property `n-passkeys`: how many passkeys are shown.
 */
#define MORTISE_TYPE_PASSKEY_GROUPS (mortise_passkey_groups_get_type ())
G_DECLARE_FINAL_TYPE (
    MortisePasskeyGroups, mortise_passkey_groups, MORTISE, PASSKEY_GROUPS, GObject)

/** mortise_passkey_groups_new: @passkeys: a model of #MortisePasskey */
MortisePasskeyGroups *mortise_passkey_groups_new (GListModel *passkeys);

/** mortise_passkey_groups_set_query: @query: as typed; "" for all. Shown in a moment, as with the
 * sort and the filter: mortise_passkey_groups_flush() does not wait for it */
void mortise_passkey_groups_set_query (MortisePasskeyGroups *self, const char *query);
void mortise_passkey_groups_set_sort (MortisePasskeyGroups *self, MortisePasskeySort sort);
void mortise_passkey_groups_set_filter (MortisePasskeyGroups *self, MortisePasskeyFilter filter);
/** mortise_passkey_groups_set_naming: what the filter for naming trouble goes by */
void mortise_passkey_groups_set_naming (MortisePasskeyGroups *self, MortiseNamingWatch *naming);
/** mortise_passkey_groups_get_n_passkeys: Returns: how many passkeys match, headings not counted */
guint mortise_passkey_groups_get_n_passkeys (MortisePasskeyGroups *self);
/** mortise_passkey_groups_flush: rebuilds now if something changed */
void mortise_passkey_groups_flush (MortisePasskeyGroups *self);
/** mortise_passkey_groups_find: Returns: the passkey's position, or %GTK_INVALID_LIST_POSITION's
 * value when it is not shown */
guint mortise_passkey_groups_find (MortisePasskeyGroups *self, MortisePasskey *passkey);

G_END_DECLS
