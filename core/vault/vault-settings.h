/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Names of what mortise_vault_get_setting() and _set_setting() store. None of it is secret; it is
 * stored in clear and covered by no promise but durability. What names sites, tells of the PIN or
 * is a token is sealed with K_meta: not there, and not to be changed, while the vault is LOCKED.
 */

/** u: seconds without use after which K_sign is wiped; 0 for never. Default 300. */
#define MORTISE_SETTING_IDLE_LOCK "idle-lock"
/** b: what the registration prompt's "Allow encrypted export" starts as. Default FALSE. */
#define MORTISE_SETTING_EXPORT_DEFAULT "export-default"
/** b: CTAP alwaysUv. Default FALSE. */
#define MORTISE_SETTING_ALWAYS_UV "always-uv"
/** b: verification on Mortise's own prompt (CTAP option uv). FALSE: the PIN is typed into the
 * client's dialog only. Default TRUE. */
#define MORTISE_SETTING_BUILTIN_UV "builtin-uv"
/** b: while the vault is unlocked, a fingerprint may stand for the PIN on our own prompt. Default
 * FALSE. */
#define MORTISE_SETTING_FINGERPRINT "fingerprint"
/** u: CTAP minPINLength in code points. Default 4. */
#define MORTISE_SETTING_MIN_PIN_LENGTH "min-pin-length"
/** b: CTAP forcePINChange. Default FALSE. */
#define MORTISE_SETTING_FORCE_PIN_CHANGE "force-pin-change"
/** u: code points of the PIN, to know whether a new minimum is above it. Unset: not known. Sealed.
 *  Kept by mortise_vault_create() and _change_pin(). */
#define MORTISE_SETTING_PIN_LENGTH "pin-length"
/** ay: CTAP persistentPinUvAuthToken, 32 bytes; gone with the PIN. Sealed. */
#define MORTISE_SETTING_PERSISTENT_TOKEN "persistent-token"
/** as: RP IDs that may read minPINLength. Default none. Sealed. */
#define MORTISE_SETTING_MIN_PIN_RP_IDS "min-pin-rp-ids"
/** ay: the serialised large-blob array. Default: the initial array. */
#define MORTISE_SETTING_LARGE_BLOBS "large-blobs"
/** b: whether there is to be a login keyslot; changed by mortise_vault_set_login_keyslot() only.
 * Default TRUE. */
#define MORTISE_SETTING_LOGIN_KEYSLOT "login-keyslot"
