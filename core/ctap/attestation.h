/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/cbor-writer.h"
#include "core/tpm/tpm.h"

G_BEGIN_DECLS

/** The attestation statement format we give; "none" is the client's to make. */
#define MORTISE_ATTESTATION_FORMAT "packed"

/** mortise_attestation_write_self: writes a packed self attestation statement (WebAuthn §8.2) */
void mortise_attestation_write_self (MortiseCborWriter *writer,
                                     MortiseAlgorithm algorithm,
                                     GBytes *signature);

G_END_DECLS
