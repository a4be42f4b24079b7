/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/naming-checks.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/audit/naming-report-private.h"
#include "core/audit/naming-text.h"
#include "core/text/display-text.h"
#include "core/text/search-text.h"

/** A name within an explanation is cut after so many characters. */
#define QUOTE_MAX 40

/** Names in a mend are stored as they stand here, so a limit keeps them sane. */
#define TWIN_NAME_MAX 200

G_DEFINE_BOXED_TYPE (MortiseNamingReport,
                     mortise_naming_report,
                     mortise_naming_report_ref,
                     mortise_naming_report_unref)

static void
finding_free (gpointer data)
{
  MortiseNamingFinding *finding = data;

  g_free (finding->explanation);
  g_free (finding->mend_label);
  g_free (finding->mend_value);
  g_free (finding);
}

MortiseNamingFinding *
mortise_naming_report_add (MortiseNamingReport *self,
                           const MortiseNamingSubject *subject,
                           MortiseNamingIssue issue,
                           char *explanation)
{
  MortiseNamingFinding *finding = g_new0 (MortiseNamingFinding, 1);
  GPtrArray *findings = g_hash_table_lookup (self->findings, &subject->id);

  if (findings == NULL)
    {
      findings = g_ptr_array_new_with_free_func (finding_free);
      g_hash_table_insert (self->findings, g_memdup2 (&subject->id, sizeof subject->id), findings);
    }
  finding->issue = issue;
  finding->explanation = explanation;
  finding->mend = MORTISE_NAMING_MEND_EDIT;
  finding->mend_label = NULL;
  g_ptr_array_add (findings, finding);
  return finding;
}

char *
mortise_naming_quote (const char *text)
{
  return mortise_display_text_isolated (text, QUOTE_MAX);
}

static void
mend_by_setting (MortiseNamingFinding *finding, const char *member, const char *value)
{
  g_autofree char *quoted = mortise_naming_quote (value);

  finding->mend = MORTISE_NAMING_MEND_SET;
  finding->mend_member = member;
  finding->mend_value = g_strdup (value);
  /* Translators: button that changes a name; %s is the new name */
  finding->mend_label = g_strdup_printf (_ ("Change to “%s”"), quoted);
}

static void
mend_by_removing (MortiseNamingFinding *finding, const char *member, const char *label)
{
  finding->mend = MORTISE_NAMING_MEND_SET;
  finding->mend_member = member;
  finding->mend_value = g_strdup ("");
  finding->mend_label = g_strdup (label);
}

static void
mend_by_editing (MortiseNamingFinding *finding)
{
  finding->mend = MORTISE_NAMING_MEND_EDIT;
  finding->mend_label = g_strdup (_ ("Type Another Name"));
}

/* --- One passkey by itself ---------------------------------------------------------------------
 */

static void
check_empty (MortiseNamingReport *report, const MortiseNamingSubject *subject)
{
  MortiseNamingFinding *finding = NULL;

  if (!mortise_display_text_is_empty (subject->user_name))
    return;
  finding = mortise_naming_report_add (
      report, subject, MORTISE_NAMING_EMPTY,
      g_strdup (subject->user_name == NULL || *subject->user_name == '\0'
                    ? _ ("There is no account name. Browsers show “Unknown account”.")
                    : _ ("Nothing in the account name can be seen. In a browser’s list it is an "
                         "empty line.")));
  if (!mortise_display_text_is_empty (subject->user_display_name))
    {
      g_autofree char *clean = mortise_naming_clean (subject->user_display_name);

      mend_by_setting (finding, "user-name", clean);
    }
  else
    mend_by_editing (finding);
}

/* Whole sentences for each name: languages put them together differently. */
typedef struct
{
  const char *member;
  const char *unseen;
  const char *turned;
  const char *mixed;
} NameWords;

static const NameWords name_words[] = {
  {
      "user-name",
      N_ ("The account name has characters or spaces in it that cannot be seen. Two names can look "
          "the same and not be."),
      N_ ("The account name has characters in it that turn the direction of writing. It can read "
          "as another name."),
      N_ ("The account name mixes two directions of writing. Its parts may be shown in another "
          "order than they were typed."),
  },
  {
      "user-display-name",
      N_ ("The display name has characters or spaces in it that cannot be seen."),
      N_ ("The display name has characters in it that turn the direction of writing. It can read "
          "as another name."),
      N_ ("The display name mixes two directions of writing. Its parts may be shown in another "
          "order than they were typed."),
  },
};

static void
check_characters (MortiseNamingReport *report,
                  const MortiseNamingSubject *subject,
                  const char *name,
                  const NameWords *words)
{
  MortiseNamingFinding *finding = NULL;
  g_autofree char *clean = NULL;

  if (mortise_display_text_is_empty (name))
    return;
  clean = mortise_naming_clean (name);
  if (mortise_naming_turns_direction (name))
    finding = mortise_naming_report_add (report, subject, MORTISE_NAMING_DIRECTION,
                                         g_strdup (_ (words->turned)));
  else if (!g_str_equal (clean, name))
    finding = mortise_naming_report_add (report, subject, MORTISE_NAMING_UNSEEN,
                                         g_strdup (_ (words->unseen)));
  if (finding != NULL)
    {
      if (*clean != '\0')
        mend_by_setting (finding, words->member, clean);
      else
        mend_by_editing (finding);
    }
  if (finding == NULL && mortise_naming_mixes_directions (name))
    {
      finding = mortise_naming_report_add (report, subject, MORTISE_NAMING_DIRECTION,
                                           g_strdup (_ (words->mixed)));
      finding->hint = TRUE;
      mend_by_editing (finding);
    }
}

static void
check_length (MortiseNamingReport *report,
              const MortiseNamingSubject *subject,
              const char *name,
              const NameWords *words)
{
  MortiseNamingFinding *finding = NULL;
  g_autofree char *cut = NULL;
  g_autofree char *shown = NULL;
  char *explanation = NULL;

  if (name == NULL || strlen (name) <= MORTISE_NAMING_BYTES_MAX)
    return;
  cut = mortise_naming_cut (name, MORTISE_NAMING_BYTES_MAX);
  /* A pile of marks on one letter has no whole character that fits. */
  shown = mortise_display_text_isolated (*cut != '\0' ? cut : name, 1 + MORTISE_NAMING_BYTES_MAX);
  explanation =
      words == &name_words[0]
          ? g_strdup_printf (_ ("The account name has %u bytes. Mortise keeps it whole, but some "
                                "programs keep only 64 and show “%s”."),
                             (guint) strlen (name), shown)
          : g_strdup_printf (_ ("The display name has %u bytes. Mortise keeps it whole, but some "
                                "programs keep only 64 and show “%s”."),
                             (guint) strlen (name), shown);
  finding = mortise_naming_report_add (report, subject, MORTISE_NAMING_LONG, explanation);
  if (mortise_display_text_is_empty (cut))
    mend_by_editing (finding);
  else
    mend_by_setting (finding, words->member, cut);
}

static void
check_device (MortiseNamingReport *report, const MortiseNamingSubject *subject)
{
  MortiseNamingFinding *finding = NULL;
  g_autofree char *quoted = NULL;

  if (subject->user_name == NULL || !mortise_naming_is_device (subject->user_name))
    return;
  quoted = mortise_naming_quote (subject->user_name);
  finding = mortise_naming_report_add (
      report, subject, MORTISE_NAMING_DEVICE,
      g_strdup_printf (_ ("“%s” names a device, not an account. A browser’s list of accounts then "
                          "does not tell whose it is."),
                       quoted));
  if (!mortise_display_text_is_empty (subject->user_display_name) &&
      !mortise_naming_is_device (subject->user_display_name))
    {
      g_autofree char *clean = mortise_naming_clean (subject->user_display_name);

      mend_by_setting (finding, "user-name", clean);
    }
  else
    mend_by_editing (finding);
}

static void
check_repeated (MortiseNamingReport *report, const MortiseNamingSubject *subject)
{
  MortiseNamingFinding *finding = NULL;

  if (mortise_display_text_is_empty (subject->user_name) || subject->user_display_name == NULL ||
      !g_str_equal (subject->user_name, subject->user_display_name))
    return;
  finding = mortise_naming_report_add (
      report, subject, MORTISE_NAMING_REPEATED,
      g_strdup (_ ("The display name only repeats the account name. Nothing is wrong with that; "
                   "lists get shorter without it.")));
  finding->hint = TRUE;
  mend_by_removing (finding, "user-display-name", _ ("Remove the Display Name"));
}

/* --- What was noted of the site's list ---------------------------------------------------------
 */

static gboolean
fold_equal (const char *a, const char *b)
{
  g_autofree char *folded_a = mortise_search_fold (a);
  g_autofree char *folded_b = mortise_search_fold (b);

  return *folded_a != '\0' && g_str_equal (folded_a, folded_b);
}

static gboolean
check_nickname_email (MortiseNamingReport *report, const MortiseNamingSubject *subject)
{
  g_autofree char *noted = mortise_naming_find_email (subject->nickname);
  g_autofree char *known = mortise_naming_find_email (subject->user_name);
  g_autofree char *quoted_noted = NULL;
  g_autofree char *quoted_known = NULL;
  MortiseNamingFinding *finding = NULL;

  if (noted == NULL || known == NULL || fold_equal (noted, known))
    return FALSE;
  quoted_noted = mortise_naming_quote (noted);
  quoted_known = mortise_naming_quote (known);
  finding = mortise_naming_report_add (
      report, subject, MORTISE_NAMING_NICKNAME,
      g_strdup_printf (_ ("The site’s list says %s, this computer says %s: perhaps an old address. "
                          "The site cannot correct the name here; you can."),
                       quoted_noted, quoted_known));
  mend_by_setting (finding, "user-name", noted);
  return TRUE;
}

static void
check_nickname_device (MortiseNamingReport *report, const MortiseNamingSubject *subject)
{
  MortiseNamingFinding *finding = NULL;
  g_autofree char *quoted = NULL;

  if (!mortise_naming_is_other_device (subject->nickname))
    return;
  quoted = mortise_naming_quote (subject->nickname);
  finding = mortise_naming_report_add (
      report, subject, MORTISE_NAMING_NICKNAME,
      g_strdup_printf (
          _ ("You noted that the site calls this passkey “%s”, but it is on this "
             "computer. That line of the site’s list may be another passkey: take care "
             "which one you remove there."),
          quoted));
  mend_by_removing (finding, "nickname", _ ("Remove the Note"));
}

/* @names: folded account names of the same site → MortiseNamingSubject */
static void
check_nickname (MortiseNamingReport *report, const MortiseNamingSubject *subject, GHashTable *names)
{
  const MortiseNamingSubject *other = NULL;
  MortiseNamingFinding *finding = NULL;
  g_autofree char *folded = NULL;
  g_autofree char *quoted = NULL;

  if (mortise_display_text_is_empty (subject->nickname) || check_nickname_email (report, subject) ||
      fold_equal (subject->nickname, subject->user_name))
    return;
  folded = mortise_search_fold (subject->nickname);
  other = g_hash_table_lookup (names, folded);
  if (other == NULL)
    {
      check_nickname_device (report, subject);
      return;
    }
  quoted = mortise_naming_quote (subject->nickname);
  finding = mortise_naming_report_add (
      report, subject, MORTISE_NAMING_NICKNAME,
      g_strdup_printf (
          _ ("You noted that the site calls this passkey “%s”, but that is the name of "
             "another account of yours there."),
          quoted));
  finding->other_id = other->id;
  mend_by_removing (finding, "nickname", _ ("Remove the Note"));
}

/* @group: passkeys of one site */
static void
check_nicknames (MortiseNamingReport *report, GPtrArray *group)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < group->len; i++)
    {
      const MortiseNamingSubject *subject = group->pdata[i];

      if (!mortise_display_text_is_empty (subject->user_name))
        g_hash_table_insert (names, mortise_search_fold (subject->user_name), group->pdata[i]);
    }
  for (guint i = 0; i < group->len; i++)
    check_nickname (report, group->pdata[i], names);
}

/* --- Accounts that cannot be told apart --------------------------------------------------------
 */

static gboolean
is_taken (GHashTable *skeletons, const char *name)
{
  g_autofree char *skeleton = mortise_naming_skeleton (name);

  return g_hash_table_contains (skeletons, skeleton);
}

/* A name that no account of the site has: with what the person calls it, or when it was made. */
static char *
make_distinct (const MortiseNamingSubject *subject, GHashTable *skeletons)
{
  g_autofree char *base = mortise_display_text (subject->user_name, TWIN_NAME_MAX);
  g_autofree char *label = mortise_display_text (subject->label, TWIN_NAME_MAX);
  g_autofree char *display = mortise_display_text (subject->user_display_name, TWIN_NAME_MAX);
  g_autoptr (GDateTime) created = g_date_time_new_from_unix_local (subject->created);
  g_autofree char *date = created == NULL ? NULL : g_date_time_format (created, "%Y-%m-%d");
  const char *const additions[] = { label, display, date };

  for (gsize i = 0; i < G_N_ELEMENTS (additions); i++)
    {
      g_autofree char *name = NULL;

      if (additions[i] == NULL || *additions[i] == '\0' || g_str_equal (additions[i], base))
        continue;
      name = g_strdup_printf ("%s (%s)", base, additions[i]);
      if (!is_taken (skeletons, name))
        return g_steal_pointer (&name);
    }
  for (guint number = 2;; number++)
    {
      g_autofree char *name = g_strdup_printf ("%s (%u)", base, number);

      if (!is_taken (skeletons, name))
        return g_steal_pointer (&name);
    }
}

static void
report_twin (MortiseNamingReport *report,
             const MortiseNamingSubject *subject,
             const MortiseNamingSubject *other,
             GHashTable *skeletons)
{
  g_autofree char *quoted = mortise_naming_quote (subject->user_name);
  g_autofree char *distinct = make_distinct (subject, skeletons);
  MortiseNamingFinding *finding = mortise_naming_report_add (
      report, subject, MORTISE_NAMING_TWIN,
      g_strdup_printf (
          g_strcmp0 (subject->user_name, other->user_name) == 0
              ? _ ("Another account of yours at this site is called “%s” too. Browsers "
                   "show only this name, so the two cannot be told apart.")
              : _ ("Another account of yours at this site has a name that looks just "
                   "like “%s”, so the two cannot be told apart."),
          quoted));

  finding->other_id = other->id;
  mend_by_setting (finding, "user-name", distinct);
}

/* @group: passkeys of one site */
static void
check_twins (MortiseNamingReport *report, GPtrArray *group)
{
  g_autoptr (GHashTable) skeletons = NULL;
  g_autoptr (GHashTable) twins = NULL;

  if (group->len < 2)
    return;
  skeletons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  /* For each passkey the first one of its skeleton, and for that one the second. */
  twins = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < group->len; i++)
    {
      const MortiseNamingSubject *subject = group->pdata[i];
      g_autofree char *shown = NULL;
      char *skeleton = NULL;
      gpointer first = NULL;

      if (mortise_display_text_is_empty (subject->user_name))
        continue;
      shown = mortise_display_text (subject->user_name, 0);
      skeleton = mortise_naming_skeleton (shown);
      first = g_hash_table_lookup (skeletons, skeleton);
      if (first == NULL)
        {
          g_hash_table_insert (skeletons, skeleton, group->pdata[i]);
          continue;
        }
      g_free (skeleton);
      g_hash_table_insert (twins, group->pdata[i], first);
      if (!g_hash_table_contains (twins, first))
        g_hash_table_insert (twins, first, group->pdata[i]);
    }
  for (guint i = 0; i < group->len; i++)
    {
      const MortiseNamingSubject *other = g_hash_table_lookup (twins, group->pdata[i]);

      if (other != NULL)
        report_twin (report, group->pdata[i], other, skeletons);
    }
}

/* --- Putting it together -----------------------------------------------------------------------
 */

static void
check_alone (MortiseNamingReport *report, const MortiseNamingSubject *subject)
{
  const char *const names[] = { subject->user_name, subject->user_display_name };

  if (!subject->u2f)
    check_empty (report, subject);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      check_characters (report, subject, names[i], &name_words[i]);
      check_length (report, subject, names[i], &name_words[i]);
    }
  check_device (report, subject);
  check_repeated (report, subject);
}

static int
compare_findings (gconstpointer a, gconstpointer b)
{
  const MortiseNamingFinding *first = *(const MortiseNamingFinding *const *) a;
  const MortiseNamingFinding *second = *(const MortiseNamingFinding *const *) b;

  if (first->hint != second->hint)
    return first->hint ? 1 : -1;
  return (int) first->issue - (int) second->issue;
}

static void
finish (MortiseNamingReport *report)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, report->findings);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      GPtrArray *findings = value;

      g_ptr_array_sort (findings, compare_findings);
      if (!((const MortiseNamingFinding *) findings->pdata[0])->hint)
        report->troubled++;
    }
}

MortiseNamingReport *
mortise_naming_report_new (const MortiseNamingSubject *subjects, gsize n_subjects)
{
  MortiseNamingReport *self = g_atomic_rc_box_new0 (MortiseNamingReport);
  g_autoptr (GHashTable) sites =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  GHashTableIter iter;
  gpointer value;

  self->findings = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                          (GDestroyNotify) g_ptr_array_unref);
  for (gsize i = 0; i < n_subjects; i++)
    {
      GPtrArray *group = g_hash_table_lookup (sites, subjects[i].rp_id);

      check_alone (self, &subjects[i]);
      if (group == NULL)
        {
          group = g_ptr_array_new ();
          g_hash_table_insert (sites, (gpointer) (guintptr) subjects[i].rp_id, group);
        }
      g_ptr_array_add (group, (gpointer) (guintptr) &subjects[i]);
    }
  g_hash_table_iter_init (&iter, sites);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      GPtrArray *group = value;

      check_twins (self, group);
      check_nicknames (self, group);
    }
  mortise_naming_check_sites (self, sites);
  finish (self);
  return self;
}

MortiseNamingReport *
mortise_naming_report_ref (MortiseNamingReport *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
report_clear (gpointer data)
{
  g_hash_table_unref (((MortiseNamingReport *) data)->findings);
}

void
mortise_naming_report_unref (MortiseNamingReport *self)
{
  g_atomic_rc_box_release_full (self, report_clear);
}

GPtrArray *
mortise_naming_report_lookup (MortiseNamingReport *self, gint64 id)
{
  return g_hash_table_lookup (self->findings, &id);
}

gboolean
mortise_naming_report_has_trouble (MortiseNamingReport *self, gint64 id)
{
  GPtrArray *findings = mortise_naming_report_lookup (self, id);

  return findings != NULL && !((const MortiseNamingFinding *) findings->pdata[0])->hint;
}

guint
mortise_naming_report_count_trouble (MortiseNamingReport *self)
{
  return self->troubled;
}
