/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/consent.h"

G_BEGIN_DECLS

/**
 * Milliseconds without a poll after which a client is taken to have given up. Clients poll every
 * 100 to 500 ms; a busy computer may take its time.
 */
#define MORTISE_U2F_POLL_LIMIT 3000

/**
 * MortiseU2fState:
 * @MORTISE_U2F_ASKING: the prompt is up
 * @MORTISE_U2F_ALLOWED: a yes, not yet used
 * @MORTISE_U2F_REFUSED: a no, or the prompt ended for another reason
 * @MORTISE_U2F_EXPIRED: the client stopped polling: the prompt is gone, a yes is void
 */
typedef enum
{
  MORTISE_U2F_ASKING,
  MORTISE_U2F_ALLOWED,
  MORTISE_U2F_REFUSED,
  MORTISE_U2F_EXPIRED,
} MortiseU2fState;

/**
 * MortiseU2fPresence:
 *
 * One question to the person on behalf of a U2F client. Such a client is told at once that nobody
 * has agreed yet, and asks again and again; so the prompt has to outlive each of its requests. A
 * thread of its own waits for the answer; it ends with the prompt.
 */
typedef struct _MortiseU2fPresence MortiseU2fPresence;

/**
 * mortise_u2f_presence_new:
 * @consent: (transfer full): the question, begun
 *
 * Time is kept on the thread-default main context of the caller, or on the default one.
 */
MortiseU2fPresence *mortise_u2f_presence_new (MortiseConsentRequest *consent);

/** mortise_u2f_presence_free: takes the prompt away if it is up, and waits until it is gone */
void mortise_u2f_presence_free (MortiseU2fPresence *presence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseU2fPresence, mortise_u2f_presence_free)

/** mortise_u2f_presence_get_state: without counting as a poll */
MortiseU2fState mortise_u2f_presence_get_state (MortiseU2fPresence *presence);

/**
 * mortise_u2f_presence_poll:
 * @error: set with %MORTISE_U2F_REFUSED: as mortise_consent_wait() says it
 *
 * The client is still there.
 */
MortiseU2fState mortise_u2f_presence_poll (MortiseU2fPresence *presence, GError **error);

G_END_DECLS
