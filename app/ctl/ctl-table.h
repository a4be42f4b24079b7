/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseCtlTable:
 *
 * Rows of text with columns of equal width, as wide as their content is on a terminal.
 */
typedef struct _MortiseCtlTable MortiseCtlTable;

/** mortise_ctl_table_new: the headings, one for each column, ended by %NULL */
MortiseCtlTable *mortise_ctl_table_new (const char *heading, ...) G_GNUC_NULL_TERMINATED;

/** mortise_ctl_table_add: one text for each column; what comes from outside is made safe */
void mortise_ctl_table_add (MortiseCtlTable *table, const char *first, ...) G_GNUC_NULL_TERMINATED;

/** mortise_ctl_table_print: prints it on standard output and frees it */
void mortise_ctl_table_print (MortiseCtlTable *table);

/** mortise_ctl_text_width: Returns: columns that @text takes on a terminal */
gsize mortise_ctl_text_width (const char *text);

G_END_DECLS
