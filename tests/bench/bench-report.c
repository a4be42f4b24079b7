/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/bench/bench-report.h"

#include <stdarg.h>
#include <time.h>

void
bench_report_title (const char *format, ...)
{
  g_autofree char *title = NULL;
  va_list args;

  va_start (args, format);
  title = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("\n%s\n%-58s %14s %14s  %s\n", title, "what", "figure", "budget", "within");
}

static char *
format_figure (double figure, const char *unit)
{
  const int digits = figure == (double) (gint64) figure || figure >= 1000 ? 0 : 2;

  return g_strdup_printf ("%.*f %s", digits, figure, unit);
}

void
bench_report_row (const char *what, double figure, const char *unit, double budget)
{
  g_autofree char *shown = format_figure (figure, unit);
  g_autofree char *limit = budget < 0 ? g_strdup ("-") : format_figure (budget, unit);

  g_print ("%-58s %14s %14s  %s\n", what, shown, limit,
           budget < 0         ? "-"
           : figure <= budget ? "yes"
                              : "NO");
}

void
bench_report_note (const char *format, ...)
{
  g_autofree char *note = NULL;
  va_list args;

  va_start (args, format);
  note = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("  %s\n", note);
}

BenchSamples *
bench_samples_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (gint64));
}

void
bench_samples_add (BenchSamples *samples, gint64 nanoseconds)
{
  g_array_append_val (samples, nanoseconds);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a;
  const gint64 y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

double
bench_samples_percentile (BenchSamples *samples, guint percent)
{
  g_assert_cmpuint (samples->len, >, 0);
  g_array_sort (samples, compare);
  return (double) g_array_index (samples, gint64, (samples->len - 1) * percent / 100) / 1000.0;
}

gint64
bench_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}
