/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseFingerprintStatus:
 * @MORTISE_FINGERPRINT_FAILED: the service or the reader does not do what it should
 * @MORTISE_FINGERPRINT_NO_SERVICE: fprintd is not installed or does not start
 * @MORTISE_FINGERPRINT_UNTRUSTED: what owns fprintd's name does not run as root
 * @MORTISE_FINGERPRINT_NO_READER: no reader is connected
 * @MORTISE_FINGERPRINT_NO_FINGER: this person has enrolled no finger
 * @MORTISE_FINGERPRINT_IN_USE: another program holds the reader
 * @MORTISE_FINGERPRINT_NOT_ALLOWED: this person may not use the reader from this session
 * @MORTISE_FINGERPRINT_LOST: the service or the reader went away meanwhile
 * @MORTISE_FINGERPRINT_NO_MATCH: as many fingers as are allowed did not match
 * @MORTISE_FINGERPRINT_CANCELLED: the caller withdrew
 * @MORTISE_FINGERPRINT_READY: a reader is there, and a finger of this person is enrolled
 * @MORTISE_FINGERPRINT_MATCH: a finger of this person was recognised
 *
 * How the reader is, or how a verification ended.
 */
typedef enum
{
  MORTISE_FINGERPRINT_FAILED,
  MORTISE_FINGERPRINT_NO_SERVICE,
  MORTISE_FINGERPRINT_UNTRUSTED,
  MORTISE_FINGERPRINT_NO_READER,
  MORTISE_FINGERPRINT_NO_FINGER,
  MORTISE_FINGERPRINT_IN_USE,
  MORTISE_FINGERPRINT_NOT_ALLOWED,
  MORTISE_FINGERPRINT_LOST,
  MORTISE_FINGERPRINT_NO_MATCH,
  MORTISE_FINGERPRINT_CANCELLED,
  MORTISE_FINGERPRINT_READY,
  MORTISE_FINGERPRINT_MATCH,
} MortiseFingerprintStatus;

/** mortise_fingerprint_status_to_name: Returns: a short name for the bus, such as "no-reader" */
const char *mortise_fingerprint_status_to_name (MortiseFingerprintStatus status);

/** mortise_fingerprint_status_get_text: Returns: what is the matter, translated; "" for a match */
const char *mortise_fingerprint_status_get_text (MortiseFingerprintStatus status);

/** mortise_fingerprint_status_get_step: Returns: the one step that mends it, translated, or "" */
const char *mortise_fingerprint_status_get_step (MortiseFingerprintStatus status);

/**
 * MortiseFingerprintScan:
 * @MORTISE_FINGERPRINT_SCAN_WAITING: the reader waits for a finger
 * @MORTISE_FINGERPRINT_SCAN_AGAIN: the finger could not be read
 * @MORTISE_FINGERPRINT_SCAN_TOO_SHORT: it was swiped, or touched, too shortly
 * @MORTISE_FINGERPRINT_SCAN_NOT_CENTERED: it was beside the middle of the reader
 * @MORTISE_FINGERPRINT_SCAN_LIFT: it has to be lifted and put down again
 * @MORTISE_FINGERPRINT_SCAN_NO_MATCH: it was read and is none of this person's; the reader waits
 *   for another
 *
 * What the person has to know while a verification is under way.
 */
typedef enum
{
  MORTISE_FINGERPRINT_SCAN_WAITING,
  MORTISE_FINGERPRINT_SCAN_AGAIN,
  MORTISE_FINGERPRINT_SCAN_TOO_SHORT,
  MORTISE_FINGERPRINT_SCAN_NOT_CENTERED,
  MORTISE_FINGERPRINT_SCAN_LIFT,
  MORTISE_FINGERPRINT_SCAN_NO_MATCH,
} MortiseFingerprintScan;

typedef void (*MortiseFingerprintScanFunc) (MortiseFingerprintScan scan, gpointer user_data);

/**
 * MortiseFingerprint:
 *
 * The fingerprint reader of this computer, through fprintd (net.reactivated.Fprint) on the system
 * bus. Believed is only who owns that name and runs as root, or as whoever runs the bus itself and
 * could pretend anything; it is spoken to and heard by its unique name, so that a later owner of
 * the name does not come into it.
 *
 * Asynchronous functions may be called from any thread; they call back on the thread-default main
 * context of where they were called. Nothing blocks but mortise_fingerprint_check().
 */
#define MORTISE_TYPE_FINGERPRINT (mortise_fingerprint_get_type ())
G_DECLARE_FINAL_TYPE (MortiseFingerprint, mortise_fingerprint, MORTISE, FINGERPRINT, GObject)

/** mortise_fingerprint_new: Returns: (transfer full): a reader without service, so far */
MortiseFingerprint *mortise_fingerprint_new (void);

/** mortise_fingerprint_set_bus: @system_bus: (nullable): from now on; any thread */
void mortise_fingerprint_set_bus (MortiseFingerprint *self, GDBusConnection *system_bus);

/**
 * mortise_fingerprint_check_async:
 *
 * Asks whether the reader could be used now. Starts the service if it is installed; does not claim
 * the reader, so that %MORTISE_FINGERPRINT_IN_USE shows at a verification only.
 */
void mortise_fingerprint_check_async (MortiseFingerprint *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

/**
 * mortise_fingerprint_check_finish:
 * @ret_reader: (out) (optional) (nullable) (transfer full): the reader's name, untrusted UTF-8
 *
 * Returns: %MORTISE_FINGERPRINT_READY or what is the matter
 */
MortiseFingerprintStatus mortise_fingerprint_check_finish (MortiseFingerprint *self,
                                                           GAsyncResult *result,
                                                           char **ret_reader);

/** mortise_fingerprint_check: as the two above; blocks, not to be called on the main context */
MortiseFingerprintStatus
mortise_fingerprint_check (MortiseFingerprint *self, GCancellable *cancellable, char **ret_reader);

/**
 * mortise_fingerprint_verify_async:
 * @max_misses: after so many fingers that do not match it is over; at least 1
 * @on_scan: called for what happens until then
 * @cancellable: (nullable): cancelled when no finger is wanted any more
 *
 * Claims the reader and waits until a finger of this person is put on it. However it ends, the
 * reader is released.
 */
void mortise_fingerprint_verify_async (MortiseFingerprint *self,
                                       guint max_misses,
                                       MortiseFingerprintScanFunc on_scan,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

/**
 * mortise_fingerprint_verify_finish:
 *
 * Returns: %MORTISE_FINGERPRINT_MATCH or why there is none
 */
MortiseFingerprintStatus mortise_fingerprint_verify_finish (MortiseFingerprint *self,
                                                            GAsyncResult *result);

G_END_DECLS
