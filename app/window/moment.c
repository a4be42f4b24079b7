/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/moment.h"

#include <glib/gi18n.h>

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static gint64 fixed_now = 0;

gint64
mortise_moment_now (void)
{
  return fixed_now != 0 ? fixed_now : g_get_real_time () / G_USEC_PER_SEC;
}

void
mortise_moment_set_now (gint64 now)
{
  fixed_now = now;
}

static int
local_day (GDateTime *time)
{
  GDate date;
  int year = 0;
  int month = 0;
  int day = 0;

  g_date_time_get_ymd (time, &year, &month, &day);
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) day, (GDateMonth) month, (GDateYear) year);
  return (int) g_date_get_julian (&date);
}

char *
mortise_moment_format_relative (gint64 time, gint64 now)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (time);
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_local (now);
  gint64 age = now - time;
  int days = 0;

  if (then == NULL || today == NULL)
    return g_strdup (_ ("unknown"));
  /* A clock that was set back makes times of the future: only their date can be trusted. */
  if (age < -MINUTE)
    return g_date_time_format (then, _ ("%-d %b %Y"));
  if (age < MINUTE)
    return g_strdup (_ ("just now"));
  if (age < HOUR)
    {
      int minutes = (int) (age / MINUTE);

      return g_strdup_printf (ngettext ("%d minute ago", "%d minutes ago", (gulong) minutes),
                              minutes);
    }
  days = local_day (today) - local_day (then);
  if (days == 0)
    {
      int hours = (int) (age / HOUR);

      return g_strdup_printf (ngettext ("%d hour ago", "%d hours ago", (gulong) hours), hours);
    }
  if (days == 1)
    return g_strdup (_ ("yesterday"));
  if (days < 15)
    return g_strdup_printf (ngettext ("%d day ago", "%d days ago", (gulong) days), days);
  /* Translators: a date as short as it can be without doubt; codes of g_date_time_format() */
  return g_date_time_format (then, _ ("%-d %b %Y"));
}

char *
mortise_moment_format_full (gint64 time)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (time);

  if (then == NULL)
    return g_strdup (_ ("unknown"));
  /* Translators: date and time of day; codes of g_date_time_format() */
  return g_date_time_format (then, _ ("%-d %B %Y, %H:%M"));
}

guint
mortise_moment_days_left (gint64 time, guint days, gint64 now)
{
  gint64 left = time + (gint64) days * DAY - now;

  return left <= 0 ? 0 : (guint) ((left + DAY - 1) / DAY);
}
