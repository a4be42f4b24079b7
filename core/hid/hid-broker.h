/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/hid/hid-transport.h"

G_BEGIN_DECLS

/*
 * What the agent and the system service `mortise-hid` say to each other over a SOCK_SEQPACKET
 * socket. A message of 64 bytes is one HID report, either way. A message of one byte, from the
 * service only, is one of these. The service makes the device when a client connects and takes it
 * away when the client closes.
 */
typedef enum
{
  /** the last reader of the hidraw node went away */
  MORTISE_HID_BROKER_CLOSED = 'c',
  /** refused: this user has no active session at this computer's seat */
  MORTISE_HID_BROKER_NOT_ACTIVE = 'n',
  /** refused: this user has a device already */
  MORTISE_HID_BROKER_IN_USE = 'u',
  /** refused: /dev/uhid is not there or does not work */
  MORTISE_HID_BROKER_NO_DEVICE = 'd',
} MortiseHidBrokerMessage;

/** Where the service listens. */
#define MORTISE_HID_BROKER_SOCKET "/run/mortise-hid.socket"

/**
 * mortise_broker_transport_new:
 * @path: the service's socket
 *
 * The agent's end: a virtual key through the system service, so that nobody has to be given
 * /dev/uhid, which could fake a keyboard. A refusal arrives as #MortiseHidTransport::failed.
 *
 * Returns: (transfer full): a transport that is not started yet
 */
MortiseHidTransport *mortise_broker_transport_new (const char *path);

G_END_DECLS
