/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** Bytes of a history; the oldest changes make room for new ones. */
#define MORTISE_HISTORY_MAX 4096

/** Changes of a history. */
#define MORTISE_HISTORY_CHANGES_MAX 32

/** Bytes that are kept of an old or a new value, cut at a character. */
#define MORTISE_HISTORY_VALUE_MAX 120

/**
 * MortiseChangeAuthor: who changed something; the numbers are stored
 * @MORTISE_CHANGE_BY_SITE: the site, by a new registration for the same account
 * @MORTISE_CHANGE_BY_CLIENT: a program, by credential management (CTAP 2.1 §6.8.6)
 * @MORTISE_CHANGE_BY_PERSON: the person, in the window or with mortisectl
 */
typedef enum
{
  MORTISE_CHANGE_BY_SITE = 1,
  MORTISE_CHANGE_BY_CLIENT = 2,
  MORTISE_CHANGE_BY_PERSON = 3,
} MortiseChangeAuthor;

/** MortiseChangeKind: what was changed; the numbers are stored */
typedef enum
{
  MORTISE_CHANGE_REGISTERED = 1,
  MORTISE_CHANGE_USER_NAME = 2,
  MORTISE_CHANGE_USER_DISPLAY_NAME = 3,
  MORTISE_CHANGE_LABEL = 4,
  MORTISE_CHANGE_NICKNAME = 5,
  MORTISE_CHANGE_NOTE = 6,
  MORTISE_CHANGE_EXPORT_BLOCKED = 7,
} MortiseChangeKind;

/**
 * MortiseChange:
 * @time: Unix time
 * @author: a number that is no #MortiseChangeAuthor if a newer version wrote it
 * @kind: a number that is no #MortiseChangeKind if a newer version wrote it
 * @from, @to: (nullable): values before and after, at most %MORTISE_HISTORY_VALUE_MAX bytes each;
 *   "1" for what is switched on
 */
typedef struct
{
  gint64 time;
  guint author;
  guint kind;
  char *from;
  char *to;
} MortiseChange;

/**
 * mortise_history_append:
 * @history: (nullable): what there is; changes of a newer version stay as they are
 *
 * Returns: (transfer full): a history with @change at its end
 */
GBytes *mortise_history_append (GBytes *history, const MortiseChange *change);

/** mortise_history_read: Returns: (transfer full) (element-type MortiseChange): oldest first; empty
 * for %NULL and for what cannot be read */
GPtrArray *mortise_history_read (GBytes *history);

G_END_DECLS
