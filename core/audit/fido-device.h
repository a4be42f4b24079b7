/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <fido.h>
#include <gio/gio.h>

#include "core/mortise-error.h"

G_BEGIN_DECLS

/**
 * MortiseFidoDevice:
 *
 * A FIDO authenticator as a client sees it, through libfido2. Blocking: to be used from one worker
 * thread at a time, never on a main loop.
 */
typedef struct _MortiseFidoDevice MortiseFidoDevice;

/**
 * mortise_fido_device_open:
 * @device: a hidraw node ("/dev/hidraw3"), or the path of the socket of a "socket:PATH" transport
 *
 * Returns: (transfer full): the open device; %MORTISE_ERROR_DEVICE_MISSING when nothing is there or
 *   it does not answer as a FIDO2 authenticator, %MORTISE_ERROR_DEVICE_ACCESS when it may not be
 *   opened
 */
MortiseFidoDevice *mortise_fido_device_open (const char *device, GError **error);
void mortise_fido_device_free (MortiseFidoDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseFidoDevice, mortise_fido_device_free)

/** mortise_fido_device_peek: Returns: (transfer none): libfido2's device, open */
fido_dev_t *mortise_fido_device_peek (MortiseFidoDevice *device);

/**
 * mortise_fido_device_watch:
 * @cancellable: (nullable): what ends the operation
 *
 * From now until mortise_fido_device_unwatch() the device is told to cancel (CTAPHID_CANCEL) when
 * @cancellable is cancelled: again and again until the operation ended, as a cancel that crosses
 * the request on its way counts for nothing. A socket that answers to none of it is hung up.
 */
void mortise_fido_device_watch (MortiseFidoDevice *device, GCancellable *cancellable);

/** mortise_fido_device_unwatch: the operation ended; idempotent */
void mortise_fido_device_unwatch (MortiseFidoDevice *device);

/**
 * mortise_fido_check:
 * @cancellable: (nullable)
 * @result: what libfido2 returned
 *
 * Returns: whether @result is FIDO_OK; %MORTISE_ERROR_CANCELLED if it is not and @cancellable was
 *   cancelled, as libfido2 has many words for what it was doing then; else as
 *   mortise_fido_set_error()
 */
gboolean mortise_fido_check (int result, GCancellable *cancellable, GError **error);

/**
 * mortise_fido_set_error:
 * @result: a FIDO_ERR_ code other than FIDO_OK
 *
 * The one place where libfido2's codes become errors for people: what the authenticator answered,
 * seen from the client. %MORTISE_ERROR_DENIED, _CANCELLED, _TIMED_OUT, _NOT_FOUND (no passkey
 * there), _BUSY, _PIN_BLOCKED, _PIN_INVALID, _VAULT_FULL, _DEVICE_MISSING (it went away), else
 * _FAILED.
 */
void mortise_fido_set_error (GError **error, int result);

G_END_DECLS
