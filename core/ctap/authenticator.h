/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/consent.h"
#include "core/vault/vault.h"

G_BEGIN_DECLS

/** Mortise's AAGUID, 926463d7-385f-415c-928d-88194c3c2065: one for every Mortise everywhere. */
extern const guint8 mortise_aaguid[16];

/**
 * MortiseRequestContext:
 * @channel: CTAPHID channel the request came on; state of getNextAssertion belongs to it
 * @cancellable: cancelled when the client withdraws
 * @set_waiting: (nullable): called with %TRUE while the person is waited for, with %FALSE while the
 *   authenticator works (CTAPHID_KEEPALIVE status 2 and 1); from the calling thread
 * @user_data: for @set_waiting
 *
 * What a request carries beside its bytes.
 */
typedef struct
{
  guint32 channel;
  GCancellable *cancellable;
  void (*set_waiting) (gboolean waiting, gpointer user_data);
  gpointer user_data;
} MortiseRequestContext;

/**
 * MortiseAuthenticator:
 *
 * CTAP2 (and CTAP1) commands as functions from request bytes to response bytes. Knows no transport
 * and no window. One request at a time: the caller serialises.
 */
#define MORTISE_TYPE_AUTHENTICATOR (mortise_authenticator_get_type ())
G_DECLARE_FINAL_TYPE (MortiseAuthenticator, mortise_authenticator, MORTISE, AUTHENTICATOR, GObject)

/**
 * mortise_authenticator_new:
 * @vault: an opened vault, in any state but CLOSED
 * @consent: asks the person
 * @clock: (nullable) (scope forever): monotonic time in microseconds, for the time limits of CTAP;
 *   %NULL for g_get_monotonic_time
 */
MortiseAuthenticator *
mortise_authenticator_new (MortiseVault *vault, MortiseConsent *consent, gint64 (*clock) (void));

/**
 * mortise_authenticator_set_builtin_uv:
 * @enabled: %FALSE makes the authenticator one without built-in verification: `uv` absent from
 *   getInfo, the PIN only through clientPIN. %MORTISE_SETTING_BUILTIN_UV does the same for good
 */
void mortise_authenticator_set_builtin_uv (MortiseAuthenticator *self, gboolean enabled);

/**
 * mortise_authenticator_handle_cbor:
 * @request: command byte and CBOR parameters (CTAP 2.1 §6); 1 to 7,609 bytes
 *
 * Blocks while the TPM works and the person decides.
 *
 * Returns: (transfer full): status byte and CBOR; never %NULL, for any input
 */
GBytes *mortise_authenticator_handle_cbor (MortiseAuthenticator *self,
                                           GBytes *request,
                                           const MortiseRequestContext *context);

/**
 * mortise_authenticator_handle_apdu:
 * @request: a U2F raw message: APDU in extended or short length encoding
 *
 * Returns: (transfer full): response APDU with status word; never %NULL
 */
GBytes *mortise_authenticator_handle_apdu (MortiseAuthenticator *self,
                                           GBytes *request,
                                           const MortiseRequestContext *context);

/**
 * mortise_authenticator_has_u2f:
 *
 * Returns: whether CTAP1 is on; off while alwaysUv (CTAP 2.1 §7.2.4). CTAPHID's NMSG is its
 * opposite
 */
gboolean mortise_authenticator_has_u2f (MortiseAuthenticator *self);

/**
 * mortise_authenticator_power_up:
 *
 * What a security key does when plugged in: starts the 10 s in which reset is taken, drops tokens,
 * key agreement and pending state.
 */
void mortise_authenticator_power_up (MortiseAuthenticator *self);

G_END_DECLS
