/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/** Size of the largest serialised large-blob array in bytes. */
#define MORTISE_LARGE_BLOBS_MAX 32768

void mortise_large_blob_write_free (MortiseLargeBlobWrite *write);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseLargeBlobWrite, mortise_large_blob_write_free)

G_END_DECLS
