/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/platform/fingerprint.h"
#include "core/tpm/tpm.h"

G_BEGIN_DECLS

/* What a window can do about a line by a button of its own; see GetHealth in the interface. */
#define MORTISE_HEALTH_ACTION_NONE     ""
#define MORTISE_HEALTH_ACTION_SET_UP   "set-up"
#define MORTISE_HEALTH_ACTION_REPLUG   "replug"
#define MORTISE_HEALTH_ACTION_START    "start-at-login"
#define MORTISE_HEALTH_ACTION_RECOVERY "recovery-code"

/**
 * mortise_health_add:
 * @lines: builder of aa{sv}
 *
 * Appends one line of the health page.
 */
void mortise_health_add (GVariantBuilder *lines,
                         const char *id,
                         const char *state,
                         const char *title,
                         const char *text,
                         const char *step,
                         const char *action);

/**
 * mortise_health_add_set_up:
 * @root: the root folder, "/" but in tests
 *
 * Appends a line that the set-up of the computer mends: the step that leads to it, what a window
 * offers with it, and the command that does the same in a terminal.
 */
void mortise_health_add_set_up (GVariantBuilder *lines,
                                const char *root,
                                const char *id,
                                const char *state,
                                const char *title,
                                const char *text);

/**
 * mortise_health_add_tpm:
 *
 * A TPM that answers: what kind it is, and whether it is locked out or on the way there, and when
 * that heals.
 */
void mortise_health_add_tpm (GVariantBuilder *lines,
                             const MortiseTpmInfo *info,
                             const MortiseTpmLockout *lockout);

/**
 * mortise_health_add_hidraw:
 * @class_dir: as for mortise_hidraw_find()
 * @dev_dir: as for mortise_hidraw_find()
 *
 * Whether this person's programs may open the virtual security key, which is plugged in.
 */
void mortise_health_add_hidraw (GVariantBuilder *lines, const char *class_dir, const char *dev_dir);

/**
 * mortise_health_add_browsers:
 * @root: the root folder, "/" but in tests
 * @data_home: $XDG_DATA_HOME
 *
 * One line for each browser found: will it see the key, and if not, what it takes.
 */
void mortise_health_add_browsers (GVariantBuilder *lines, const char *root, const char *data_home);

/**
 * mortise_health_add_fingerprint:
 * @enabled: the person wants to use it
 *
 * Whether a finger can stand for the PIN, and if not, what it takes. Blocks while the service
 * starts.
 */
void mortise_health_add_fingerprint (GVariantBuilder *lines,
                                     MortiseFingerprint *fingerprint,
                                     gboolean enabled,
                                     GCancellable *cancellable);

/** mortise_health_add_autostart: whether browsers find the key before the window was opened */
void
mortise_health_add_autostart (GVariantBuilder *lines, const char *root, const char *config_home);

G_END_DECLS
