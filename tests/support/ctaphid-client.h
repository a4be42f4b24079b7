/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/hid/ctaphid-framing.h"

G_BEGIN_DECLS

/**
 * CtaphidClient:
 *
 * A client on the wire: a blocking socket to the socket transport (or a hidraw node), for tests
 * that need the exact bytes. libfido2 is the client for all that can be said through it. Failures
 * of the socket and time-outs fail the test.
 */
typedef struct
{
  int fd;
  gboolean hidraw; /* the kernel's node: a report id before each report that is sent */
  guint32 channel; /* from ctaphid_client_init(), or 0 */
  guint keepalives;
  guint8 last_status; /* of the last keepalive */
} CtaphidClient;

/** How long a report is waited for, in ms: only what hangs meets it, on however slow a machine. */
#define CTAPHID_CLIENT_TIMEOUT 300000

/** ctaphid_client_connect: waits until somebody listens at @path */
CtaphidClient *ctaphid_client_connect (const char *path);

/** ctaphid_client_new_for_hidraw: @fd, an open hidraw node, is taken over */
CtaphidClient *ctaphid_client_new_for_hidraw (int fd);

void ctaphid_client_free (CtaphidClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CtaphidClient, ctaphid_client_free)

/** ctaphid_client_open: connects and allocates a channel */
CtaphidClient *ctaphid_client_open (const char *path);

/** ctaphid_client_init: CTAPHID_INIT on the broadcast channel; Returns: the capabilities */
guint8 ctaphid_client_init (CtaphidClient *client);

/** ctaphid_client_send_bytes: one message on the socket, of any size; on hidraw a report */
void ctaphid_client_send_bytes (CtaphidClient *client, const void *data, gsize size);

/** ctaphid_client_send_packet: one initialization packet with any BCNT */
void ctaphid_client_send_packet (CtaphidClient *client,
                                 guint32 channel,
                                 guint8 command,
                                 guint16 bcnt,
                                 const void *data,
                                 gsize size);

/** ctaphid_client_send: a whole message on the client's channel */
void ctaphid_client_send (CtaphidClient *client, guint8 command, const void *payload, gsize size);

/**
 * ctaphid_client_receive_report:
 * @timeout_ms: −1 for ever
 *
 * Returns: %FALSE if none came in time; the other end hanging up fails the test
 */
gboolean ctaphid_client_receive_report (CtaphidClient *client,
                                        int timeout_ms,
                                        guint8 ret_report[MORTISE_HID_REPORT_SIZE]);

/**
 * ctaphid_client_receive:
 * @ret_command: (out): its command
 *
 * The next message on the client's channel. Those on other channels are passed over; keepalives
 * are counted.
 *
 * Returns: (transfer full): its payload
 */
GBytes *ctaphid_client_receive (CtaphidClient *client, guint8 *ret_command);

/** ctaphid_client_wait_keepalive: until a keepalive with @status; anything else fails the test */
void ctaphid_client_wait_keepalive (CtaphidClient *client, guint8 status);

/**
 * ctaphid_client_cbor:
 *
 * One CBOR transaction. Returns: (transfer full): the response, status byte first
 */
GBytes *ctaphid_client_cbor (CtaphidClient *client, const void *request, gsize size);

/** ctaphid_client_receive_error: the next message has to be CTAPHID_ERROR; Returns: its code */
guint8 ctaphid_client_receive_error (CtaphidClient *client);

G_END_DECLS
