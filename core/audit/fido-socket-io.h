/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <fido.h>
#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_fido_socket_io:
 *
 * I/O functions for fido_dev_set_io_functions(): libfido2 reaches an authenticator through the
 * SOCK_SEQPACKET socket of core/hid's "socket:PATH" transport. The path given to fido_dev_open() is
 * the socket's.
 */
extern const fido_dev_io_t mortise_fido_socket_io;

/**
 * mortise_fido_socket_hang_up:
 * @handle: what fido_dev_io_handle() returned for a device with these functions
 *
 * Ends a read that waits, from another thread: it fails as if the device had gone.
 */
void mortise_fido_socket_hang_up (void *handle);

G_END_DECLS
