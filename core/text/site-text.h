/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** How much of a code tells it from another: hexadecimal digits. */
#define MORTISE_SITE_CODE_SHOWN 16

/**
 * mortise_site_text_is_code:
 * @rp_id: what a credential is for
 *
 * U2F clients send only a hash of where the person is; a credential whose site is known by that
 * alone has it, in 64 lower-case hexadecimal digits, for an RP ID (core/vault/credential.h).
 *
 * Returns: whether @rp_id is such a code, which tells people nothing
 */
gboolean mortise_site_text_is_code (const char *rp_id);

/**
 * mortise_site_text_dup_host:
 *
 * Returns: (transfer full) (nullable): the host of @rp_id if that is an AppID, which is the https
 *   address of a list of the site's other names (FIDO AppID and Facets §3.1); raw, as it is in it.
 * The rest of it is the site's to choose and must not be taken for the site.
 */
char *mortise_site_text_dup_host (const char *rp_id);

G_END_DECLS
