/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/audit/naming-report-private.h"
#include "core/audit/naming-text.h"
#include "core/audit/registrable-domain.h"

/** Shorter names differ by a letter without any ill will. */
#define ALMOST_MIN 6

/** Owners compared with each other at most for one spelling; nobody has more that are almost alike.
 */
#define BUCKET_MAX 16

/* An owner of sites: "example.co.uk" of "login.example.co.uk". */
typedef struct
{
  char *domain;   /* as the address bar may show it */
  char *skeleton; /* of all of it */
  char *name;     /* the label before the public suffix */
  char *suffix;
  GPtrArray *subjects;
  gboolean reported;
} Owner;

static void
owner_free (gpointer data)
{
  Owner *owner = data;

  g_free (owner->domain);
  g_free (owner->skeleton);
  g_free (owner->name);
  g_free (owner->suffix);
  g_ptr_array_unref (owner->subjects);
  g_free (owner);
}

static Owner *
get_owner (GHashTable *owners, const char *rp_id)
{
  gsize suffix = 0;
  g_autofree char *domain = mortise_registrable_domain (rp_id, &suffix);
  Owner *owner = domain != NULL ? g_hash_table_lookup (owners, domain) : NULL;
  gsize name;

  if (owner != NULL || domain == NULL)
    return owner;
  name = strlen (domain) - suffix;
  owner = g_new0 (Owner, 1);
  owner->domain = g_steal_pointer (&domain);
  owner->skeleton = mortise_naming_skeleton (owner->domain);
  owner->suffix = g_strdup (owner->domain + name);
  owner->name = g_strndup (owner->domain, name);
  owner->subjects = g_ptr_array_new ();
  g_hash_table_insert (owners, owner->domain, owner);
  return owner;
}

static gint64
first_created (const Owner *owner)
{
  gint64 first = G_MAXINT64;

  for (guint i = 0; i < owner->subjects->len; i++)
    first = MIN (first, ((const MortiseNamingSubject *) owner->subjects->pdata[i])->created);
  return first;
}

/* The one that came later is the one to doubt. */
static void
report_owner (MortiseNamingReport *report, const Owner *owner, const Owner *other, gboolean same)
{
  gboolean later = first_created (owner) > first_created (other);
  g_autofree char *name = mortise_naming_quote (owner->domain);
  g_autofree char *other_name = mortise_naming_quote (other->domain);

  for (guint i = 0; i < owner->subjects->len; i++)
    {
      MortiseNamingFinding *finding = mortise_naming_report_add (
          report, owner->subjects->pdata[i], MORTISE_NAMING_LOOKALIKE_SITE,
          g_strdup_printf (same ? _ ("%s looks like %s, which you have a passkey for too, but is "
                                     "another site. One of them may be a fraud.")
                                : _ ("%s and %s, which you have a passkey for too, differ by one "
                                     "letter. If you know both, all is well."),
                           name, other_name));

      finding->hint = !same;
      finding->other_id = ((const MortiseNamingSubject *) other->subjects->pdata[0])->id;
      finding->mend = later && same ? MORTISE_NAMING_MEND_DELETE : MORTISE_NAMING_MEND_SHOW;
      finding->mend_label = g_strdup (later && same ? _ ("Delete…") : _ ("Show the Other"));
    }
}

static void
report_pair (MortiseNamingReport *report, Owner *a, Owner *b, gboolean same)
{
  if (!a->reported)
    report_owner (report, a, b, same);
  if (!b->reported)
    report_owner (report, b, a, same);
  a->reported = b->reported = TRUE;
}

/* Numbered names are made by one owner: "site-1", "site-2". */
static gboolean
is_number_at (const gunichar *text, glong at)
{
  return g_unichar_isdigit (text[at]) || (at > 0 && g_unichar_isdigit (text[at - 1]));
}

/* One letter put in, left out, replaced, or two swapped. */
static gboolean
is_one_letter_off (const char *a, const char *b)
{
  glong n_a = 0;
  glong n_b = 0;
  g_autofree gunichar *x = g_utf8_to_ucs4_fast (a, -1, &n_a);
  g_autofree gunichar *y = g_utf8_to_ucs4_fast (b, -1, &n_b);
  glong start = 0;
  glong end = 0;

  while (start < MIN (n_a, n_b) && x[start] == y[start])
    start++;
  while (end < MIN (n_a, n_b) - start && x[n_a - end - 1] == y[n_b - end - 1])
    end++;
  if (is_number_at (x, start) || is_number_at (y, start))
    return FALSE;
  n_a -= start + end;
  n_b -= start + end;
  if (MAX (n_a, n_b) == 1)
    return TRUE;
  return n_a == 2 && n_b == 2 && x[start] == y[start + 1] && x[start + 1] == y[start];
}

static void
add_spelling (GHashTable *spellings, char *spelling, Owner *owner)
{
  GPtrArray *bucket = g_hash_table_lookup (spellings, spelling);

  if (bucket == NULL)
    {
      bucket = g_ptr_array_new ();
      g_hash_table_insert (spellings, g_strdup (spelling), bucket);
    }
  if (bucket->len < BUCKET_MAX && (bucket->len == 0 || bucket->pdata[bucket->len - 1] != owner))
    g_ptr_array_add (bucket, owner);
  g_free (spelling);
}

/* Names one edit apart share a spelling with one letter left out, or one is such a spelling. */
static void
add_spellings (GHashTable *spellings, Owner *owner)
{
  const char *name = owner->name;

  if (g_utf8_strlen (name, -1) < ALMOST_MIN)
    return;
  add_spelling (spellings, g_strconcat (name, owner->suffix, NULL), owner);
  for (const char *p = name; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    add_spelling (spellings,
                  g_strdup_printf ("%.*s%s%s", (int) (p - name), name,
                                   g_utf8_find_next_char (p, NULL), owner->suffix),
                  owner);
}

static void
check_almost (MortiseNamingReport *report, GPtrArray *bucket)
{
  for (guint i = 0; i < bucket->len; i++)
    {
      for (guint j = i + 1; j < bucket->len; j++)
        {
          Owner *a = bucket->pdata[i];
          Owner *b = bucket->pdata[j];

          if (a != b && !(a->reported && b->reported) && g_str_equal (a->suffix, b->suffix) &&
              is_one_letter_off (a->name, b->name))
            report_pair (report, a, b, FALSE);
        }
    }
}

static void
collect_owners (GHashTable *sites, GHashTable *owners)
{
  GHashTableIter iter;
  gpointer rp_id;
  gpointer value;

  g_hash_table_iter_init (&iter, sites);
  while (g_hash_table_iter_next (&iter, &rp_id, &value))
    {
      Owner *owner = get_owner (owners, rp_id);

      if (owner != NULL)
        g_ptr_array_extend (owner->subjects, value, NULL, NULL);
    }
}

void
mortise_naming_check_sites (MortiseNamingReport *report, GHashTable *sites)
{
  g_autoptr (GHashTable) owners = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, owner_free);
  g_autoptr (GHashTable) looks = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) spellings =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  GHashTableIter iter;
  gpointer value;

  collect_owners (sites, owners);
  g_hash_table_iter_init (&iter, owners);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Owner *owner = value;
      Owner *alike = g_hash_table_lookup (looks, owner->skeleton);

      if (alike != NULL)
        report_pair (report, alike, owner, TRUE);
      else
        g_hash_table_insert (looks, owner->skeleton, owner);
      add_spellings (spellings, owner);
    }
  g_hash_table_iter_init (&iter, spellings);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    check_almost (report, value);
}
