/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "core/tpm/tpm.h"

G_BEGIN_DECLS

/** mortise_tpm_blob_pack: marshals both halves. Returns: (transfer full) */
MortiseTpmBlob *mortise_tpm_blob_pack (const TPM2B_PUBLIC *public_area,
                                       const TPM2B_PRIVATE *private_area);

/** mortise_tpm_blob_unpack: Returns: %FALSE if either half does not parse to its last byte */
gboolean mortise_tpm_blob_unpack (const MortiseTpmBlob *blob,
                                  TPM2B_PUBLIC *ret_public_area,
                                  TPM2B_PRIVATE *ret_private_area);

/** mortise_tpm_key_info_from_public: Returns: (transfer full) (nullable): %NULL if no credential
 * key looks like that */
MortiseTpmKeyInfo *mortise_tpm_key_info_from_public (const TPMT_PUBLIC *public_area);

G_END_DECLS
