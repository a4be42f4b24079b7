/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * mortise_ctl_print_json:
 * @value: what the agent answered; dictionaries become objects, byte strings base64url without
 *   padding, as WebAuthn writes them
 *
 * Prints @value as JSON on standard output.
 */
void mortise_ctl_print_json (GVariant *value);

/** mortise_ctl_print_json_member: the same of an object whose one member @name is @value */
void mortise_ctl_print_json_member (const char *name, GVariant *value);

G_END_DECLS
