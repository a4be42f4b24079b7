/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * fuzz_site_of_request:
 * @request: command byte and CBOR
 *
 * Which site a request is about, read by another parser than ours.
 *
 * Returns: (transfer full) (nullable): the RP ID, or %NULL if it names none
 */
char *fuzz_site_of_request (GBytes *request);

/** fuzz_request_has_token: whether it carries a pinUvAuthParam; read as above */
gboolean fuzz_request_has_token (GBytes *request);

G_END_DECLS
