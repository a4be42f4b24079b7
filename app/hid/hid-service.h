/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/types.h>

#include "core/hid/hid-transport.h"

G_BEGIN_DECLS

/**
 * MortiseHidService:
 *
 * The system service's work: for each agent that connects, one virtual FIDO key with our fixed
 * descriptor, and 64-byte reports to and fro. It understands nothing of what is in them. What it
 * does not do is its purpose: a client can make no other kind of device, so that the right to use
 * it is no right to fake a keyboard.
 */
#define MORTISE_TYPE_HID_SERVICE (mortise_hid_service_get_type ())
G_DECLARE_FINAL_TYPE (MortiseHidService, mortise_hid_service, MORTISE, HID_SERVICE, GObject)

/**
 * mortise_hid_service_new:
 * @listener: a listening SOCK_SEQPACKET socket; taken over
 * @make_device: (scope forever): makes the device for a user, not started yet
 * @may_use: (scope forever): whether the user with this id may have a device now
 *
 * Signal `idle`: the last client went away.
 */
MortiseHidService *mortise_hid_service_new (int listener,
                                            MortiseHidTransport *(*make_device) (uid_t user),
                                            gboolean (*may_use) (uid_t user));

/** mortise_hid_service_count: Returns: clients served now */
guint mortise_hid_service_count (MortiseHidService *self);

G_END_DECLS
