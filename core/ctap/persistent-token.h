/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/*
 * The persistentPinUvAuthToken (CTAP 2.2 §6.5.5.7): one that lets credentialManagement read, until
 * the PIN is changed or a change is forced. Sealed in the vault.
 */

/** mortise_persistent_token_ensure: @ret_token: (out) (transfer full): the token, made if need be
 */
CtapStatus mortise_persistent_token_ensure (MortiseAuthenticator *self, MortiseSecret **ret_token);

/** mortise_persistent_token_verify: Returns: whether @param is right; never while LOCKED */
gboolean mortise_persistent_token_verify (MortiseAuthenticator *self,
                                          guint protocol,
                                          const guint8 *message,
                                          gsize message_size,
                                          const guint8 *param,
                                          gsize param_size);

G_END_DECLS
