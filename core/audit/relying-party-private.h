/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <fido.h>

#include "core/audit/relying-party.h"

G_BEGIN_DECLS

/*
 * What the relying party makes of an answer, apart from how it came by it: published test vectors
 * have challenges of their own.
 */

/**
 * mortise_relying_party_check_registration:
 * @cred: the answer, with the client data and the algorithm that were asked with
 * @verify: the user had to be verified
 * @registration: (inout): site and algorithm as asked; the rest is filled in
 *
 * WebAuthn L3 §7.1. Returns: %FALSE with %MORTISE_ERROR_FAILED for what does not verify
 */
gboolean mortise_relying_party_check_registration (const fido_cred_t *cred,
                                                   gboolean verify,
                                                   MortiseRegistration *registration,
                                                   GError **error);

/**
 * mortise_relying_party_check_sign_in:
 * @assertion: the answer, with the client data that was asked with
 * @registration: the credential's
 *
 * WebAuthn L3 §7.2. Returns: as mortise_relying_party_check_registration()
 */
gboolean mortise_relying_party_check_sign_in (const fido_assert_t *assertion,
                                              const MortiseRegistration *registration,
                                              gboolean verify,
                                              GError **error);

/** mortise_relying_party_refuse: @what: what is wrong with the answer, a clause. Returns: %FALSE */
gboolean mortise_relying_party_refuse (GError **error, const char *what);

/** mortise_relying_party_copy_bytes: (transfer full): of what libfido2 gives; %NULL is empty */
GBytes *mortise_relying_party_copy_bytes (const guint8 *data, gsize size);

G_END_DECLS
