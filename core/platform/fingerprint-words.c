/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/fingerprint.h"

#include <glib/gi18n.h>

const char *
mortise_fingerprint_status_to_name (MortiseFingerprintStatus status)
{
  static const char *const names[] = {
    [MORTISE_FINGERPRINT_FAILED] = "failed",
    [MORTISE_FINGERPRINT_NO_SERVICE] = "no-service",
    [MORTISE_FINGERPRINT_UNTRUSTED] = "untrusted",
    [MORTISE_FINGERPRINT_NO_READER] = "no-reader",
    [MORTISE_FINGERPRINT_NO_FINGER] = "no-finger",
    [MORTISE_FINGERPRINT_IN_USE] = "in-use",
    [MORTISE_FINGERPRINT_NOT_ALLOWED] = "not-allowed",
    [MORTISE_FINGERPRINT_LOST] = "lost",
    [MORTISE_FINGERPRINT_NO_MATCH] = "no-match",
    [MORTISE_FINGERPRINT_CANCELLED] = "cancelled",
    [MORTISE_FINGERPRINT_READY] = "ready",
    [MORTISE_FINGERPRINT_MATCH] = "match",
  };

  g_return_val_if_fail ((guint) status < G_N_ELEMENTS (names), "failed");
  return names[status];
}

const char *
mortise_fingerprint_status_get_text (MortiseFingerprintStatus status)
{
  switch (status)
    {
    case MORTISE_FINGERPRINT_NO_SERVICE:
      return _ ("The fingerprint service (fprintd) is not installed, or does not start.");
    case MORTISE_FINGERPRINT_UNTRUSTED:
      return _ ("What answers as the fingerprint service is no part of the system, so it is not "
                "believed.");
    case MORTISE_FINGERPRINT_NO_READER:
      return _ ("There is no fingerprint reader.");
    case MORTISE_FINGERPRINT_NO_FINGER:
      return _ ("There is a fingerprint reader, but none of your fingers is enrolled.");
    case MORTISE_FINGERPRINT_IN_USE:
      return _ ("Another program is using the fingerprint reader.");
    case MORTISE_FINGERPRINT_NOT_ALLOWED:
      return _ ("The system does not let you use the fingerprint reader from this session.");
    case MORTISE_FINGERPRINT_LOST:
      return _ ("The fingerprint reader, or its service, went away.");
    case MORTISE_FINGERPRINT_NO_MATCH:
      return _ ("The finger was not recognised.");
    case MORTISE_FINGERPRINT_READY:
      return _ ("The fingerprint reader works, and a finger of yours is enrolled.");
    case MORTISE_FINGERPRINT_CANCELLED:
    case MORTISE_FINGERPRINT_MATCH:
      return "";
    case MORTISE_FINGERPRINT_FAILED:
    default:
      return _ ("The fingerprint reader does not work as it should.");
    }
}

const char *
mortise_fingerprint_status_get_step (MortiseFingerprintStatus status)
{
  switch (status)
    {
    case MORTISE_FINGERPRINT_NO_SERVICE:
      return _ ("If this computer has a reader, install the package fprintd.");
    case MORTISE_FINGERPRINT_UNTRUSTED:
      return _ ("Find out which program took the name net.reactivated.Fprint on the system bus.");
    case MORTISE_FINGERPRINT_NO_READER:
      return _ ("Plug one in, or go on with the PIN.");
    case MORTISE_FINGERPRINT_NO_FINGER:
      return _ ("Enrol a finger in the system’s settings, under Users.");
    case MORTISE_FINGERPRINT_IN_USE:
      return _ ("Try again when it is done.");
    case MORTISE_FINGERPRINT_NOT_ALLOWED:
      return _ ("Log in at this computer itself.");
    case MORTISE_FINGERPRINT_LOST:
      return _ ("Plug the reader in again.");
    case MORTISE_FINGERPRINT_FAILED:
      return _ ("Try “fprintd-verify” in a terminal: it says what the reader answers.");
    case MORTISE_FINGERPRINT_NO_MATCH:
    case MORTISE_FINGERPRINT_CANCELLED:
    case MORTISE_FINGERPRINT_READY:
    case MORTISE_FINGERPRINT_MATCH:
    default:
      return "";
    }
}
