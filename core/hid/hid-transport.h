/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/mortise-error.h"

G_BEGIN_DECLS

/** Size in bytes of every FIDO HID report, both ways (CTAP 2.1 §11.2.8.1). */
#define MORTISE_HID_REPORT_SIZE 64

/**
 * MortiseHidTransport:
 *
 * Carries 64-byte reports to and from clients. Runs on the main context that created it.
 *
 * Signals:
 * `report` (pointer to 64 bytes, valid during the emission): a client sent a report.
 * `disconnected`: the last client went away: channel state is dropped.
 * `failed` (GError): the transport died (device taken away) and will carry nothing more.
 */
#define MORTISE_TYPE_HID_TRANSPORT (mortise_hid_transport_get_type ())
G_DECLARE_DERIVABLE_TYPE (
    MortiseHidTransport, mortise_hid_transport, MORTISE, HID_TRANSPORT, GObject)

struct _MortiseHidTransportClass
{
  GObjectClass parent_class;

  gboolean (*start) (MortiseHidTransport *self, GError **error);
  void (*stop) (MortiseHidTransport *self);
  void (*send) (MortiseHidTransport *self, const guint8 report[MORTISE_HID_REPORT_SIZE]);
};

/**
 * mortise_hid_transport_new:
 * @description: "uhid" (the system service mortise-hid if its socket is there, else the kernel's
 *   /dev/uhid), "uhid:PATH", "broker:PATH" or "socket:PATH" (a SOCK_SEQPACKET Unix socket, one
 *   report per message, no report id, several clients, replies go to all of them as on a bus)
 *
 * Returns: (transfer full): a transport that is not started yet;
 *   %MORTISE_ERROR_INVALID_ARGUMENT for an unknown description
 */
MortiseHidTransport *mortise_hid_transport_new (const char *description, GError **error);

/**
 * mortise_hid_transport_start:
 *
 * Makes the device visible to clients.
 *
 * Returns: %FALSE with %MORTISE_ERROR_DEVICE_MISSING or _DEVICE_ACCESS
 */
gboolean mortise_hid_transport_start (MortiseHidTransport *self, GError **error);

/** mortise_hid_transport_stop: takes the device away; may be started again; idempotent; done when
 * @self is disposed of */
void mortise_hid_transport_stop (MortiseHidTransport *self);

/** mortise_hid_transport_send: queues one report; never blocks; dropped when nobody listens */
void mortise_hid_transport_send (MortiseHidTransport *self,
                                 const guint8 report[MORTISE_HID_REPORT_SIZE]);

G_END_DECLS
