/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/platform/fingerprint.h"

G_BEGIN_DECLS

/** Fingers that may be wrong in one verification. */
#define FINGERPRINT_FIXTURE_MAX_MISSES 3

/**
 * FingerprintFixture:
 * @daemon: a bus of the test's own, for whatever serves as fprintd
 * @ours: what @fingerprint speaks through
 * @cancellable: of the verification under way
 * @scans: what was told until its end, as words with a comma after each
 * @over: whether the last verification has ended
 * @status: with what
 */
typedef struct
{
  GTestDBus *daemon;
  GDBusConnection *ours;
  MortiseFingerprint *fingerprint;
  GCancellable *cancellable;
  GString *scans;
  gboolean over;
  MortiseFingerprintStatus status;
} FingerprintFixture;

void fingerprint_fixture_set_up (FingerprintFixture *self);

/** fingerprint_fixture_tear_down: after the service; nothing may keep the reader's object alive */
void fingerprint_fixture_tear_down (FingerprintFixture *self);

/** fingerprint_fixture_get_address: Returns: (transfer none): of the bus */
const char *fingerprint_fixture_get_address (FingerprintFixture *self);

/** fingerprint_fixture_start, _finish: a verification; the test's time limit ends a wait for what
 * never comes */
void fingerprint_fixture_start (FingerprintFixture *self);
MortiseFingerprintStatus fingerprint_fixture_finish (FingerprintFixture *self);

G_END_DECLS
