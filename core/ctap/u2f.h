/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/**
 * mortise_u2f_handle:
 *
 * One U2F raw message (U2F Raw Message Formats §3 to §6; CTAP 2.1 §10).
 *
 * Returns: (transfer full): response data and status word
 */
GBytes *mortise_u2f_handle (MortiseAuthenticator *self,
                            GBytes *message,
                            const MortiseRequestContext *context);

/**
 * mortise_u2f_leave:
 * @channel: whose client does something else now
 *
 * Takes the prompt of that client away, and forgets one whose client stopped polling.
 */
void mortise_u2f_leave (MortiseAuthenticator *self, guint32 channel);

void mortise_u2f_attempt_free (MortiseU2fAttempt *attempt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseU2fAttempt, mortise_u2f_attempt_free)

G_END_DECLS
