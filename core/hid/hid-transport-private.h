/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/types.h>

#include "core/hid/hid-transport.h"
#include "core/mortise-source.h"

G_BEGIN_DECLS

/*
 * Reports that wait for one client. A whole message of the largest size is 129 reports; what is
 * over this bound belongs to a client that does not read.
 */
#define MORTISE_HID_QUEUE_MAX 1024

/**
 * mortise_hid_transport_attach:
 * @source: (transfer full): not attached yet
 * @callback: as G_SOURCE_FUNC() makes it of what the kind of @source calls
 *
 * For implementations: has @source run on the main context that made @self.
 *
 * Returns: (transfer full): @source, for mortise_source_clear() in stop() at the latest
 */
GSource *mortise_hid_transport_attach (MortiseHidTransport *self,
                                       GSource *source,
                                       GSourceFunc callback,
                                       gpointer user_data);

/** mortise_hid_transport_emit_report: for implementations: a client sent @report */
void mortise_hid_transport_emit_report (MortiseHidTransport *self,
                                        const guint8 report[MORTISE_HID_REPORT_SIZE]);

/** mortise_hid_transport_emit_disconnected: for implementations: the last client went away */
void mortise_hid_transport_emit_disconnected (MortiseHidTransport *self);

/** mortise_hid_transport_emit_failed: for implementations: nothing more will be carried */
void mortise_hid_transport_emit_failed (MortiseHidTransport *self, const GError *error);

/** mortise_socket_transport_new: a SOCK_SEQPACKET listener at @path */
MortiseHidTransport *mortise_socket_transport_new (const char *path);

/**
 * mortise_uhid_transport_new:
 * @path: the character device, normally /dev/uhid
 * @owner: the user the device is for; told in its `uniq`, nothing more
 */
MortiseHidTransport *mortise_uhid_transport_new (const char *path, uid_t owner);

/**
 * mortise_uhid_transport_new_for_fd:
 * @fd: taken over: something that keeps the boundaries of struct uhid_event, such as one end of a
 *   SOCK_SEQPACKET pair, in the kernel's place
 */
MortiseHidTransport *mortise_uhid_transport_new_for_fd (int fd);

G_END_DECLS
