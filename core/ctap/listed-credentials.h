/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/**
 * mortise_find_listed_credentials:
 * @list: (nullable type): an excludeList or allowList
 * @rp_id: the site of the request
 * @ret_credentials: (out) (transfer full) (element-type MortiseCredential): those that are this
 *   site's, in the list's order, each once. Entries of unknown type or id are passed over
 *
 * Which credentials of ours a request names. Needs a listable vault, no TPM command.
 *
 * Returns: %CTAP1_ERR_SUCCESS, or what reading the list or the vault fails with
 */
CtapStatus mortise_find_listed_credentials (MortiseAuthenticator *self,
                                            const MortiseCborValue *list,
                                            const char *rp_id,
                                            GPtrArray **ret_credentials);

G_END_DECLS
