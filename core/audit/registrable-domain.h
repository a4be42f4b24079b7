/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_registrable_domain:
 * @rp_id: RP ID or AppID, of any content
 * @ret_suffix: (out) (optional): how many bytes of the result, from its end, are the public suffix
 *   with its dot: 6 (".co.uk") of "example.co.uk"
 *
 * The part of a site's name that one owner registered (https://publicsuffix.org), by the list that
 * libpsl was built with: below "github.io" each name has an owner of its own.
 *
 * Returns: (transfer full) (nullable): in lower case, in Unicode where it is an IDN; not made safe
 *   to show. %NULL where nobody registers: addresses, "localhost", codes
 */
char *mortise_registrable_domain (const char *rp_id, gsize *ret_suffix);

G_END_DECLS
