/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/ctl/ctl-commands.h"

G_BEGIN_DECLS

/* What several commands do with passkeys: dictionaries as ListPasskeys of the agent gives them. */

/** mortise_ctl_get_string: Returns: (transfer none): the member @name of @dictionary, or "" */
const char *mortise_ctl_get_string (GVariant *dictionary, const char *name);
/** mortise_ctl_get_integer: the member @name of type x, or 0 */
gint64 mortise_ctl_get_integer (GVariant *dictionary, const char *name);
/** mortise_ctl_get_boolean: the member @name, or %FALSE */
gboolean mortise_ctl_get_boolean (GVariant *dictionary, const char *name);

/** mortise_ctl_format_time: Returns: (transfer full): @time, a Unix time, on this computer's clock;
 * "never" for 0 */
char *mortise_ctl_format_time (gint64 time);

/** mortise_ctl_describe_class: Returns: (transfer none): how @passkey is kept, for people */
const char *mortise_ctl_describe_class (GVariant *passkey);

/** mortise_ctl_print_field: one line "name: value" with values below each other; none if @value is
 * empty */
void mortise_ctl_print_field (const char *name, const char *value);

/**
 * mortise_ctl_list_all:
 * @deleted: those in Recently deleted
 * @ret_damaged: (out): how many records cannot be read
 *
 * Returns: (transfer full) (nullable): all passkeys, aa{sv}
 */
GVariant *
mortise_ctl_list_all (MortiseCtl *ctl, gboolean deleted, guint *ret_damaged, GError **error);

/** mortise_ctl_warn_of_damaged: says on standard error how many records are left out, if any */
void mortise_ctl_warn_of_damaged (guint damaged);

/** mortise_ctl_parse_id: @text as a passkey's number */
gboolean mortise_ctl_parse_id (const char *text, gint64 *ret_id, GError **error);

/** mortise_ctl_parse_ids: Returns: (transfer floating) (nullable): all arguments, ax */
GVariant *mortise_ctl_parse_ids (MortiseCtl *ctl, GError **error);

/**
 * mortise_ctl_report_done:
 * @ids: (nullable): the passkeys that were changed, ax
 *
 * Programs are told what was changed; people see that nothing was complained of.
 */
void mortise_ctl_report_done (MortiseCtl *ctl, GVariant *ids);

G_END_DECLS
