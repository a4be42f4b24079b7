/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** An uncompressed P-256 point: 4, x, y. */
#define MORTISE_U2F_POINT_SIZE 65

/**
 * MortiseU2fSign:
 * @digest: SHA-256, 32 bytes
 *
 * Returns: (transfer full): an ECDSA signature in DER
 */
typedef GBytes *(*MortiseU2fSign) (gpointer signer, GBytes *digest, GError **error);

/**
 * mortise_u2f_certificate_new:
 * @point: the public key
 * @sign: signs with the private key that belongs to it
 *
 * U2F wants an attestation certificate in every registration (U2F Raw Message Formats §4.3). The
 * usual one is signed by a maker and shared by a batch of devices. Mortise has no maker's key that
 * it could keep from anybody, so that one would prove nothing, and one of this computer's own would
 * tell sites that two accounts are one person's. This one is made anew for each registration and
 * signed by the very key that is being registered: it says what a self attestation of WebAuthn
 * says, that whoever registers holds the key, and nothing else. It differs from one registration to
 * the next in key, serial number and signature alone.
 *
 * Returns: (transfer full): an X.509 certificate (RFC 5280) in DER
 */
GBytes *mortise_u2f_certificate_new (const guint8 point[MORTISE_U2F_POINT_SIZE],
                                     MortiseU2fSign sign,
                                     gpointer signer,
                                     GError **error);

/**
 * mortise_u2f_sign_message:
 *
 * Returns: (transfer full): what @sign makes of SHA-256 of @message
 */
GBytes *mortise_u2f_sign_message (GByteArray *message,
                                  MortiseU2fSign sign,
                                  gpointer signer,
                                  GError **error);

G_END_DECLS
