/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"

G_BEGIN_DECLS

/**
 * MortiseEnumeration:
 *
 * What credentialManagement is in the middle of telling: the sites, or the credentials of one site.
 * Holds a place in the vault's order of sites, or row numbers; never the credentials themselves.
 */

void mortise_enumeration_free (MortiseEnumeration *enumeration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseEnumeration, mortise_enumeration_free)

/**
 * mortise_enumeration_new:
 * @next: the subcommand that goes on with it
 * @read_only: begun with the persistent token
 */
MortiseEnumeration *
mortise_enumeration_new (const MortiseCtapRequest *request, guint8 next, gboolean read_only);

gboolean mortise_enumeration_is_read_only (const MortiseEnumeration *enumeration);

/**
 * mortise_enumeration_begin_rps:
 * @ret_total: (out): how many sites there are
 */
gboolean mortise_enumeration_begin_rps (MortiseEnumeration *enumeration,
                                        MortiseVault *vault,
                                        guint *ret_total,
                                        GError **error);

/**
 * mortise_enumeration_begin_credentials:
 * @rp_id_hash: 32 bytes
 * @ret_total: (out): how many discoverable credentials the site has; 0 also for one unknown
 */
gboolean mortise_enumeration_begin_credentials (MortiseEnumeration *enumeration,
                                                MortiseVault *vault,
                                                const guint8 *rp_id_hash,
                                                guint *ret_total,
                                                GError **error);

/** mortise_enumeration_is_next: Returns: whether @sub_command of @request may go on, by now */
gboolean mortise_enumeration_is_next (const MortiseEnumeration *enumeration,
                                      const MortiseCtapRequest *request,
                                      guint8 sub_command,
                                      gint64 now);

/** mortise_enumeration_touch: another 30 s from @now on */
void mortise_enumeration_touch (MortiseEnumeration *enumeration, gint64 now);

/**
 * mortise_enumeration_step:
 * @ret_credential: (out) (nullable): the next credential, or one of the next site; %NULL at the end
 */
gboolean mortise_enumeration_step (MortiseEnumeration *enumeration,
                                   MortiseVault *vault,
                                   MortiseCredential **ret_credential,
                                   GError **error);

G_END_DECLS
