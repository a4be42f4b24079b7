/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/hid/ctaphid.h"

G_BEGIN_DECLS

/* Times of the state machine, in microseconds. */

/** A continuation packet is waited for this long; between the 400 and 1,000 ms that suites allow.
 */
#define MORTISE_CTAPHID_MESSAGE_TIMEOUT (600 * 1000)
/** At least every 100 ms (CTAP 2.1 §11.2.9.2.2); the rest is for a busy machine. */
#define MORTISE_CTAPHID_KEEPALIVE_INTERVAL (80 * 1000)
/** Longest lock in seconds (CTAP 2.1 §11.2.9.2.2, CTAPHID_LOCK). */
#define MORTISE_CTAPHID_MAX_LOCK 10

/**
 * mortise_ctaphid_set_manual_clock:
 *
 * From now on time stands still but for mortise_ctaphid_advance(): for tests and fuzzers.
 */
void mortise_ctaphid_set_manual_clock (MortiseCtaphid *self);

/** mortise_ctaphid_advance: lets @microseconds pass, doing what is due at its time */
void mortise_ctaphid_advance (MortiseCtaphid *self, gint64 microseconds);

/** mortise_ctaphid_set_first_channel: the channel given out next, so that runs can be repeated */
void mortise_ctaphid_set_first_channel (MortiseCtaphid *self, guint32 channel);

/* --- Between ctaphid.c and ctaphid-request.c ---------------------------------------------------
 */

/** mortise_ctaphid_request_new: @id: never 0, never used before */
MortiseCtaphidRequest *mortise_ctaphid_request_new (MortiseCtaphid *owner,
                                                    GMainContext *context,
                                                    guint64 id,
                                                    guint32 channel,
                                                    MortiseCtaphidCommand command,
                                                    GBytes *payload);

/** mortise_ctaphid_request_abandon: nobody will respond, and that is right */
void mortise_ctaphid_request_abandon (MortiseCtaphidRequest *request);

/** mortise_ctaphid_take_response: @response: (nullable): %NULL if the request was lost */
void mortise_ctaphid_take_response (MortiseCtaphid *self, guint64 id, GBytes *response);
void mortise_ctaphid_take_status (MortiseCtaphid *self, guint64 id, gboolean waiting);

G_END_DECLS
