/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MockFprintd:
 *
 * As much of net.reactivated.Fprint as a fingerprint check and verification ask for, on a bus of
 * the test's own, in a thread of its own. It has one reader, on which nothing happens but what is
 * scripted. As the real one, it lets only who claimed the reader use it, one at a time, and refuses
 * calls out of order. Functions may be called from any thread.
 */
typedef struct _MockFprintd MockFprintd;

/** mock_fprintd_new: @address: of the bus; returns when it owns its name */
MockFprintd *mock_fprintd_new (const char *address);

/** mock_fprintd_free: leaves the bus, as if the service had died; @self may be %NULL */
void mock_fprintd_free (MockFprintd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MockFprintd, mock_fprintd_free)

/** Whether there is a reader, and how many fingers are enrolled; at first one of each. */
void mock_fprintd_set_reader (MockFprintd *self, gboolean exists);
void mock_fprintd_set_fingers (MockFprintd *self, guint n_fingers);

/** mock_fprintd_fail: @method ends with net.reactivated.Fprint.Error.@error; %NULL: as usual */
void mock_fprintd_fail (MockFprintd *self, const char *method, const char *error);

/** mock_fprintd_hold: calls of @method stay unanswered until it is %NULL again */
void mock_fprintd_hold (MockFprintd *self, const char *method);
/** mock_fprintd_is_holding: Returns: there is one */
gboolean mock_fprintd_is_holding (MockFprintd *self);

/**
 * mock_fprintd_scan:
 * @results: words like "verify-no-match", between spaces
 *
 * What comes of the next scans. Each VerifyStart takes words up to the first that ends it; a "!"
 * after a word makes one end it that does not otherwise, and without words it waits.
 */
void mock_fprintd_scan (MockFprintd *self, const char *results);

/** mock_fprintd_emit: a signal out of turn */
void mock_fprintd_emit (MockFprintd *self, const char *result, gboolean done);

gboolean mock_fprintd_is_claimed (MockFprintd *self);
gboolean mock_fprintd_is_verifying (MockFprintd *self);

/** mock_fprintd_count_claims: Returns: how often the reader was claimed */
guint mock_fprintd_count_claims (MockFprintd *self);

/** mock_fprintd_wait_verifying, _released: wait for it, a minute at most */
void mock_fprintd_wait_verifying (MockFprintd *self);
void mock_fprintd_wait_released (MockFprintd *self);

G_END_DECLS
