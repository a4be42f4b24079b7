/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a name looks like, for core/audit/naming-checks.c. Pure functions, any thread. */

/** Bytes of a name that every authenticator must be able to keep (WebAuthn L3 §6.4.1). */
#define MORTISE_NAMING_BYTES_MAX 64

/** mortise_naming_skeleton: Returns: (transfer full): equal for texts that look alike (UTS #39 §4);
 * letters of both cases are told apart */
char *mortise_naming_skeleton (const char *text);

/** mortise_naming_clean: Returns: (transfer full): @text without what cannot be seen and without
 * characters that turn the direction */
char *mortise_naming_clean (const char *text);

/** mortise_naming_cut: Returns: (transfer full): as much of @text as fits in @max_bytes, whole
 * user-perceived characters only */
char *mortise_naming_cut (const char *text, gsize max_bytes);

/** mortise_naming_turns_direction: Returns: %TRUE if @text has characters that only set direction
 */
gboolean mortise_naming_turns_direction (const char *text);

/** mortise_naming_mixes_directions: Returns: %TRUE if there are letters of both directions */
gboolean mortise_naming_mixes_directions (const char *text);

/** mortise_naming_is_device: Returns: %TRUE if @text is made of words for devices, browsers and
 * password managers, as in "My iPhone 15 Pro" */
gboolean mortise_naming_is_device (const char *text);

/** mortise_naming_is_other_device: Returns: %TRUE if @text names something that Mortise on this
 * computer cannot be called by a site: a phone, another system's passkeys, a hardware key */
gboolean mortise_naming_is_other_device (const char *text);

/** mortise_naming_find_email: Returns: (transfer full) (nullable): the first e-mail address */
char *mortise_naming_find_email (const char *text);

G_END_DECLS
