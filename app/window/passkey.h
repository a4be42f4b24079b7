/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortisePasskeyKind: as recorded when the passkey came to be; the proof is read from the TPM
 */
typedef enum
{
  MORTISE_PASSKEY_DEVICE_ONLY,
  MORTISE_PASSKEY_EXPORTABLE,
  MORTISE_PASSKEY_SEALED,
} MortisePasskeyKind;

/**
 * MortisePasskeyData:
 *
 * What the agent tells of a passkey, as in ListPasskeys. Strings are %NULL when absent, and raw:
 * they go through mortise_display_text() before they are shown.
 */
typedef struct
{
  gint64 id;
  GBytes *credential_id;
  char *rp_id;
  char *rp_name;
  GBytes *user_id;
  char *user_name;
  char *user_display_name;
  char *label;
  char *nickname;
  char *note;
  MortisePasskeyKind kind;
  int algorithm;
  gboolean discoverable;
  gboolean u2f;
  guint8 cred_protect;
  gboolean backup_eligible;
  gboolean backup_state;
  gboolean export_blocked;
  char **extensions;
  gint64 created;
  gint64 last_used;
  gint64 deleted;
  guint64 use_count;
  guint8 last_flags;
  guint32 sign_count;
} MortisePasskeyData;

/**
 * MortisePasskey:
 *
 * One passkey in the window. The object stays the same while the passkey lives; what it holds is
 * replaced by mortise_passkey_take_data(), which emits `changed`. Made in any thread, used in the
 * main thread.
 */
#define MORTISE_TYPE_PASSKEY (mortise_passkey_get_type ())
G_DECLARE_FINAL_TYPE (MortisePasskey, mortise_passkey, MORTISE, PASSKEY, GObject)

/** mortise_passkey_new: @dictionary: a{sv} as ListPasskeys gives; members of wrong type are left
 * out. Returns: (transfer full) (nullable): %NULL without an id or a site */
MortisePasskey *mortise_passkey_new (GVariant *dictionary);

const MortisePasskeyData *mortise_passkey_get_data (MortisePasskey *self);
gint64 mortise_passkey_get_id (MortisePasskey *self);

/** mortise_passkey_take_data: takes over what @from holds; Returns: %TRUE if anything differed */
gboolean mortise_passkey_take_data (MortisePasskey *self, MortisePasskey *from);

/** mortise_passkey_get_search_text: Returns: (transfer none): site, names, label, nickname and
 * note, folded */
const char *mortise_passkey_get_search_text (MortisePasskey *self);
/** mortise_passkey_get_site_key: Returns: (transfer none): sorts sites as people expect */
const char *mortise_passkey_get_site_key (MortisePasskey *self);
/** mortise_passkey_get_account_key: Returns: (transfer none): sorts the accounts of a site */
const char *mortise_passkey_get_account_key (MortisePasskey *self);

/** mortise_passkey_set_proven: the TPM's attributes were read since the window was opened, and
 * they say device-only, or not; emits `changed` if that is news */
void mortise_passkey_set_proven (MortisePasskey *self, gboolean proven);
/** mortise_passkey_is_proven: Returns: %TRUE if it may be called device-only without "made" */
gboolean mortise_passkey_is_proven (MortisePasskey *self);

/* What is shown; all (transfer full), safe for labels. */

/** mortise_site_name_dup: what a site is called in lists: its RP ID, the host of its AppID, or
 * words where only a hash of it is known */
char *mortise_site_name_dup (const char *rp_id);
char *mortise_passkey_dup_site (MortisePasskey *self);
/** mortise_passkey_dup_avatar_text: what initial and colour of the site are made of */
char *mortise_passkey_dup_avatar_text (MortisePasskey *self);
/** mortise_passkey_dup_account: user.name, or what stands in for it when it is empty */
char *mortise_passkey_dup_account (MortisePasskey *self);
/** mortise_passkey_dup_note: label, else displayName if it says more than the account; or "" */
char *mortise_passkey_dup_note (MortisePasskey *self);
/** mortise_passkey_dup_sentence: "alice at example.com", for sentences and screen readers */
char *mortise_passkey_dup_sentence (MortisePasskey *self);

G_END_DECLS
