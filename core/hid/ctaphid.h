/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/hid/hid-transport.h"

G_BEGIN_DECLS

/** Largest CTAPHID message payload: 64 − 7 + 128 × (64 − 5) bytes (CTAP 2.1 §11.2.4). */
#define MORTISE_CTAPHID_MAX_PAYLOAD 7609

/** What a message asks the upper layer for. */
typedef enum
{
  MORTISE_CTAPHID_MSG = 0x03,
  MORTISE_CTAPHID_CBOR = 0x10,
} MortiseCtaphidCommand;

/**
 * MortiseCtaphidRequest:
 *
 * One CBOR or MSG transaction, handed to the upper layer. Reference counted; may be used from any
 * thread.
 */
typedef struct _MortiseCtaphidRequest MortiseCtaphidRequest;

MortiseCtaphidRequest *mortise_ctaphid_request_ref (MortiseCtaphidRequest *request);
void mortise_ctaphid_request_unref (MortiseCtaphidRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseCtaphidRequest, mortise_ctaphid_request_unref)

guint32 mortise_ctaphid_request_get_channel (MortiseCtaphidRequest *request);
MortiseCtaphidCommand mortise_ctaphid_request_get_command (MortiseCtaphidRequest *request);

/** Returns: (transfer none): the payload, at least 1 byte */
GBytes *mortise_ctaphid_request_get_payload (MortiseCtaphidRequest *request);

/** Returns: (transfer none): cancelled by CTAPHID_CANCEL, INIT on the channel or disconnection */
GCancellable *mortise_ctaphid_request_get_cancellable (MortiseCtaphidRequest *request);

/** Sets the status that keepalives tell: 2 (user presence needed) or 1 (processing, the start). */
void mortise_ctaphid_request_set_waiting (MortiseCtaphidRequest *request, gboolean waiting);

/**
 * mortise_ctaphid_request_respond:
 * @response: at most %MORTISE_CTAPHID_MAX_PAYLOAD bytes
 *
 * Ends the transaction; the response is sent from the main context. Exactly once per request, also
 * after a cancel: a response nobody waits for any more is dropped.
 */
void mortise_ctaphid_request_respond (MortiseCtaphidRequest *request, GBytes *response);

/**
 * MortiseCtaphid:
 *
 * The CTAPHID state machine of CTAP 2.1 §11.2: channels, framing, arbitration, time-outs, keepalive
 * (every 80 ms, so that no client waits over 100), LOCK, WINK, PING. One transaction at a time.
 *
 * Signals, on the main context that created it: `request` (MortiseCtaphidRequest): a whole CBOR or
 * MSG message came in; `wink`: a client asks the device to identify itself.
 */
#define MORTISE_TYPE_CTAPHID (mortise_ctaphid_get_type ())
G_DECLARE_FINAL_TYPE (MortiseCtaphid, mortise_ctaphid, MORTISE, CTAPHID, GObject)

/**
 * mortise_ctaphid_new:
 * @transport: (nullable): reports go through it; %NULL for tests and fuzzers, which then use
 *   mortise_ctaphid_feed() and mortise_ctaphid_set_output()
 */
MortiseCtaphid *mortise_ctaphid_new (MortiseHidTransport *transport);

/** mortise_ctaphid_set_u2f: whether CTAPHID_MSG is served; NMSG capability is its opposite */
void mortise_ctaphid_set_u2f (MortiseCtaphid *self, gboolean enabled);

/** mortise_ctaphid_set_output: puts @send in the transport's place */
void mortise_ctaphid_set_output (MortiseCtaphid *self,
                                 void (*send) (const guint8 report[MORTISE_HID_REPORT_SIZE],
                                               gpointer user_data),
                                 gpointer user_data);

/** mortise_ctaphid_feed: takes one report as if a client had sent it */
void mortise_ctaphid_feed (MortiseCtaphid *self, const guint8 report[MORTISE_HID_REPORT_SIZE]);

/** mortise_ctaphid_drop_channels: cancels what is under way and forgets all channels */
void mortise_ctaphid_drop_channels (MortiseCtaphid *self);

G_END_DECLS
