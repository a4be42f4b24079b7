/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Points in time as people read them; times are Unix seconds. */

/** mortise_moment_now: Returns: the time now, or what a test has set */
gint64 mortise_moment_now (void);
/** mortise_moment_set_now: for tests; 0 for the real clock */
void mortise_moment_set_now (gint64 now);

/** mortise_moment_format_relative: Returns: (transfer full): "just now", "2 hours ago",
 * "yesterday", "3 days ago", then the date */
char *mortise_moment_format_relative (gint64 time, gint64 now);

/** mortise_moment_format_full: Returns: (transfer full): date and time of day, local time zone */
char *mortise_moment_format_full (gint64 time);

/** mortise_moment_days_left: Returns: whole days until @time + @days, at least 0, rounded up */
guint mortise_moment_days_left (gint64 time, guint days, gint64 now);

G_END_DECLS
