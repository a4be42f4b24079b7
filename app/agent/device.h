/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/hid/ctaphid.h"

G_BEGIN_DECLS

/**
 * MortiseDevice:
 *
 * The security key as clients see it: a transport and the CTAPHID state on it. Belongs to the main
 * context.
 *
 * Signals: `request` (MortiseCtaphidRequest), `wink`, `failed`: the device went away by itself; see
 * mortise_device_get_problem().
 */
#define MORTISE_TYPE_DEVICE (mortise_device_get_type ())
G_DECLARE_FINAL_TYPE (MortiseDevice, mortise_device, MORTISE, DEVICE, GObject)

/** mortise_device_new: @transport: as mortise_hid_transport_new(); the device is not up yet */
MortiseDevice *mortise_device_new (const char *transport, GError **error);

/** mortise_device_start: plugs it in; succeeds if it is */
gboolean mortise_device_start (MortiseDevice *self, GError **error);

/** mortise_device_stop: takes it out; what is under way is cancelled */
void mortise_device_stop (MortiseDevice *self);

gboolean mortise_device_is_up (MortiseDevice *self);

/** mortise_device_get_problem: (transfer none) (nullable): why it is not up */
const GError *mortise_device_get_problem (MortiseDevice *self);

/** mortise_device_set_u2f: whether CTAP1 is served */
void mortise_device_set_u2f (MortiseDevice *self, gboolean enabled);

/** mortise_device_get_kind: "device" for uhid, "socket" */
const char *mortise_device_get_kind (MortiseDevice *self);

/** mortise_device_get_socket_path: the socket's path, or "" */
const char *mortise_device_get_socket_path (MortiseDevice *self);

G_END_DECLS
