/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A table of figures with the budgets of the design beside them. Figures are printed and never
 * judged by an exit status: they depend on the machine and on what else it does. */

/** No budget for this line. */
#define BENCH_NO_BUDGET (-1.0)

void bench_report_title (const char *format, ...) G_GNUC_PRINTF (1, 2);

/**
 * bench_report_row:
 * @what: what was measured
 * @figure, @unit: what came out
 * @budget: the most it may be, or %BENCH_NO_BUDGET
 */
void bench_report_row (const char *what, double figure, const char *unit, double budget);

/** bench_report_note: a line of text under the table */
void bench_report_note (const char *format, ...) G_GNUC_PRINTF (1, 2);

/** BenchSamples: times of one thing, in nanoseconds (element-type gint64) */
typedef GArray BenchSamples;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchSamples, g_array_unref)

BenchSamples *bench_samples_new (void);
void bench_samples_add (BenchSamples *samples, gint64 nanoseconds);

/** bench_samples_percentile: @percent 50 for the median; in microseconds; sorts @samples */
double bench_samples_percentile (BenchSamples *samples, guint percent);

/** bench_now: monotonic clock, nanoseconds */
gint64 bench_now (void);

G_END_DECLS
