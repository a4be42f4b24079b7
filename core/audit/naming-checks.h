/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * MortiseNamingIssue:
 * @MORTISE_NAMING_EMPTY: nothing of the account name can be seen
 * @MORTISE_NAMING_UNSEEN: control characters, characters that draw nothing, stray white space
 * @MORTISE_NAMING_DIRECTION: writing directions that mix, or characters that turn the direction
 * @MORTISE_NAMING_LONG: over 64 bytes, where an authenticator may cut (WebAuthn L3 §6.4.1)
 * @MORTISE_NAMING_DEVICE: a device or platform in place of an account
 * @MORTISE_NAMING_TWIN: another account of the same site that one cannot tell from it
 * @MORTISE_NAMING_NICKNAME: what was noted of the site's list contradicts the account
 * @MORTISE_NAMING_LOOKALIKE_SITE: another site of the vault whose name looks the same, or almost
 * @MORTISE_NAMING_REPEATED: the display name says what the account name says
 */
typedef enum
{
  MORTISE_NAMING_EMPTY,
  MORTISE_NAMING_UNSEEN,
  MORTISE_NAMING_DIRECTION,
  MORTISE_NAMING_LONG,
  MORTISE_NAMING_DEVICE,
  MORTISE_NAMING_TWIN,
  MORTISE_NAMING_NICKNAME,
  MORTISE_NAMING_LOOKALIKE_SITE,
  MORTISE_NAMING_REPEATED,
} MortiseNamingIssue;

/**
 * MortiseNamingMend: the one step that mends it
 * @MORTISE_NAMING_MEND_SET: set a name to a value; an empty one removes it
 * @MORTISE_NAMING_MEND_EDIT: only the person knows: have them type the account name
 * @MORTISE_NAMING_MEND_SHOW: look at the other passkey
 * @MORTISE_NAMING_MEND_DELETE: delete this passkey, if its site is a fraud
 */
typedef enum
{
  MORTISE_NAMING_MEND_SET,
  MORTISE_NAMING_MEND_EDIT,
  MORTISE_NAMING_MEND_SHOW,
  MORTISE_NAMING_MEND_DELETE,
} MortiseNamingMend;

/**
 * MortiseNamingSubject:
 * @id: the passkey's own number, not 0
 * @rp_id: RP ID
 * @user_name, @user_display_name, @label, @nickname: (nullable): raw, as ListPasskeys gives them
 * @created: Unix time
 * @u2f: made through CTAP1, which knows no names
 */
typedef struct
{
  gint64 id;
  const char *rp_id;
  const char *user_name;
  const char *user_display_name;
  const char *label;
  const char *nickname;
  gint64 created;
  gboolean u2f;
} MortiseNamingSubject;

/**
 * MortiseNamingFinding:
 * @issue: what is wrong
 * @hint: worth a look on the passkey's page, but no trouble: not counted and not filtered for
 * @other_id: the other passkey it is about, or 0
 * @explanation: why it matters; translated, safe for a label
 * @mend: what kind of step mends it
 * @mend_label: what the step's button says; translated
 * @mend_member: (nullable): for SET, the member of EditPasskey: "user-name" …
 * @mend_value: (nullable): for SET, its new value
 */
typedef struct
{
  MortiseNamingIssue issue;
  gboolean hint;
  gint64 other_id;
  char *explanation;
  MortiseNamingMend mend;
  char *mend_label;
  const char *mend_member;
  char *mend_value;
} MortiseNamingFinding;

/**
 * MortiseNamingReport:
 *
 * What is wrong with the names of a set of passkeys. Immutable; made and read in any thread.
 */
typedef struct _MortiseNamingReport MortiseNamingReport;

#define MORTISE_TYPE_NAMING_REPORT (mortise_naming_report_get_type ())
GType mortise_naming_report_get_type (void);

/**
 * mortise_naming_report_new:
 * @subjects: (array length=n_subjects): all passkeys in use, as they are compared with each other
 *
 * A pure function of its arguments and the locale. Ten thousand passkeys take a moment: call it in
 * a thread.
 */
MortiseNamingReport *mortise_naming_report_new (const MortiseNamingSubject *subjects,
                                                gsize n_subjects);
MortiseNamingReport *mortise_naming_report_ref (MortiseNamingReport *self);
void mortise_naming_report_unref (MortiseNamingReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseNamingReport, mortise_naming_report_unref)

/** mortise_naming_report_lookup: Returns: (transfer none) (nullable) (element-type
 * MortiseNamingFinding): findings in the order of #MortiseNamingIssue; %NULL if all is well */
GPtrArray *mortise_naming_report_lookup (MortiseNamingReport *self, gint64 id);

/** mortise_naming_report_has_trouble: Returns: %TRUE if there is a finding that is no hint */
gboolean mortise_naming_report_has_trouble (MortiseNamingReport *self, gint64 id);

/** mortise_naming_report_count_trouble: Returns: passkeys with trouble */
guint mortise_naming_report_count_trouble (MortiseNamingReport *self);

G_END_DECLS
