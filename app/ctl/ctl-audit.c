/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-audit.h"

#include <glib/gi18n.h>

#include "app/ctl/ctl-json.h"
#include "app/ctl/ctl-passkey.h"
#include "app/ctl/ctl-table.h"
#include "core/audit/naming-checks.h"
#include "core/mortise-error.h"

/* On what ground it is said how a key is kept; what `--json` prints. */
#define PROOF_TPM          "tpm"          /* the TPM was asked now and agrees */
#define PROOF_RECORD       "record"       /* the vault's own record; the vault is locked */
#define PROOF_CONTRADICTED "contradicted" /* the TPM was asked now and says otherwise */
#define PROOF_FAILED       "failed"       /* the TPM was asked now and has no such key for us */

typedef struct
{
  GVariant *passkey;
  const char *proof;
  char *proof_error; /* for PROOF_FAILED */
  gboolean alone;    /* the only passkey of its site in this vault */
  GPtrArray *naming; /* (nullable) (element-type MortiseNamingFinding): owned by the report */
} Finding;

/* What is known of a vault. */
typedef struct
{
  GPtrArray *findings;
  MortiseNamingReport *naming;
} Audit;

static void
audit_clear (Audit *audit)
{
  g_clear_pointer (&audit->findings, g_ptr_array_unref);
  g_clear_pointer (&audit->naming, mortise_naming_report_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Audit, audit_clear)

static void
finding_free (gpointer data)
{
  Finding *finding = data;

  g_variant_unref (finding->passkey);
  g_free (finding->proof_error);
  g_free (finding);
}

/* Sites with one passkey first, then by site, then by number. */
static int
compare_findings (gconstpointer a, gconstpointer b)
{
  const Finding *first = *(Finding *const *) a;
  const Finding *second = *(Finding *const *) b;
  gint64 first_id = mortise_ctl_get_integer (first->passkey, "id");
  gint64 second_id = mortise_ctl_get_integer (second->passkey, "id");
  int order;

  if (first->alone != second->alone)
    return first->alone ? -1 : 1;
  order = g_strcmp0 (mortise_ctl_get_string (first->passkey, "rp-id"),
                     mortise_ctl_get_string (second->passkey, "rp-id"));
  if (order != 0)
    return order;
  return (first_id > second_id) - (first_id < second_id);
}

static gboolean
is_device_only (GVariant *passkey)
{
  return g_str_equal (mortise_ctl_get_string (passkey, "class"), "device-only");
}

/* --- Asking the TPM ----------------------------------------------------------------------------
 */

static gboolean
find_proof (MortiseCtl *ctl, Finding *finding, GError **error)
{
  g_autoptr (GVariant) protection = NULL;
  g_autoptr (GError) read_error = NULL;
  gboolean proven = FALSE;

  if (mortise_dbus_agent1_call_read_protection_sync (
          ctl->agent, mortise_ctl_get_integer (finding->passkey, "id"), &protection, NULL,
          &read_error))
    {
      g_variant_lookup (protection, "device-only", "b", &proven);
      finding->proof = proven == is_device_only (finding->passkey) ? PROOF_TPM : PROOF_CONTRADICTED;
      return TRUE;
    }
  if (g_error_matches (read_error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED))
    {
      finding->proof = PROOF_RECORD;
      return TRUE;
    }
  if (read_error->domain != MORTISE_ERROR)
    {
      g_propagate_error (error, g_steal_pointer (&read_error));
      return FALSE;
    }
  g_dbus_error_strip_remote_error (read_error);
  finding->proof = PROOF_FAILED;
  finding->proof_error = g_strdup (read_error->message);
  return TRUE;
}

/* --- Collecting --------------------------------------------------------------------------------
 */

static GHashTable *
count_sites (GVariant *passkeys)
{
  GHashTable *sites = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < g_variant_n_children (passkeys); i++)
    {
      g_autoptr (GVariant) passkey = g_variant_get_child_value (passkeys, i);
      const char *site = mortise_ctl_get_string (passkey, "rp-id");
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (sites, site));

      g_hash_table_insert (sites, g_strdup (site), GUINT_TO_POINTER (count + 1));
    }
  return sites;
}

/* An absent string is none; an empty one of a site is one. */
static const char *
lookup_string (GVariant *passkey, const char *name)
{
  const char *value = NULL;

  g_variant_lookup (passkey, name, "&s", &value);
  return value;
}

/* Of all passkeys, as they are compared with each other. @passkeys lives longer than the subjects.
 */
static MortiseNamingReport *
check_names (GVariant *passkeys)
{
  gsize n = g_variant_n_children (passkeys);
  g_autofree MortiseNamingSubject *subjects = g_new0 (MortiseNamingSubject, n);
  g_autoptr (GPtrArray) keep = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);

  for (gsize i = 0; i < n; i++)
    {
      GVariant *passkey = g_variant_get_child_value (passkeys, i);

      g_ptr_array_add (keep, passkey);
      subjects[i] = (MortiseNamingSubject){
        .id = mortise_ctl_get_integer (passkey, "id"),
        .rp_id = mortise_ctl_get_string (passkey, "rp-id"),
        .user_name = lookup_string (passkey, "user-name"),
        .user_display_name = lookup_string (passkey, "user-display-name"),
        .label = lookup_string (passkey, "label"),
        .nickname = lookup_string (passkey, "nickname"),
        .created = mortise_ctl_get_integer (passkey, "created"),
        .u2f = mortise_ctl_get_boolean (passkey, "u2f"),
      };
    }
  return mortise_naming_report_new (subjects, n);
}

/* (transfer full) (nullable): the numbers given; empty for all passkeys */
static GHashTable *
parse_choice (MortiseCtl *ctl, GError **error)
{
  g_autoptr (GHashTable) choice = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (char **argument = ctl->arguments; *argument != NULL; argument++)
    {
      gint64 id;

      if (!mortise_ctl_parse_id (*argument, &id, error))
        return NULL;
      g_hash_table_add (choice, g_memdup2 (&id, sizeof id));
    }
  return g_steal_pointer (&choice);
}

static gboolean
collect (MortiseCtl *ctl, GVariant *passkeys, Audit *audit, GError **error)
{
  g_autoptr (GHashTable) sites = count_sites (passkeys);
  g_autoptr (GHashTable) choice = parse_choice (ctl, error);
  guint chosen;

  if (choice == NULL)
    return FALSE;
  audit->findings = g_ptr_array_new_with_free_func (finding_free);
  audit->naming = check_names (passkeys);
  chosen = g_hash_table_size (choice);
  for (gsize i = 0; i < g_variant_n_children (passkeys); i++)
    {
      g_autoptr (GVariant) passkey = g_variant_get_child_value (passkeys, i);
      gint64 id = mortise_ctl_get_integer (passkey, "id");
      const char *site = mortise_ctl_get_string (passkey, "rp-id");
      Finding *finding;

      if (chosen > 0 && !g_hash_table_remove (choice, &id))
        continue;
      finding = g_new0 (Finding, 1);
      finding->passkey = g_steal_pointer (&passkey);
      finding->alone = GPOINTER_TO_UINT (g_hash_table_lookup (sites, site)) == 1;
      finding->naming = mortise_naming_report_lookup (audit->naming, id);
      g_ptr_array_add (audit->findings, finding);
      if (!find_proof (ctl, finding, error))
        return FALSE;
    }
  if (g_hash_table_size (choice) > 0)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                           _ ("There is no passkey with this number; “mortisectl list” shows those "
                              "that there are."));
      return FALSE;
    }
  g_ptr_array_sort (audit->findings, compare_findings);
  return TRUE;
}

static gboolean
is_bad (const Finding *finding)
{
  return g_str_equal (finding->proof, PROOF_CONTRADICTED) ||
         g_str_equal (finding->proof, PROOF_FAILED);
}

/* --- Printing ----------------------------------------------------------------------------------
 */

/* WebAuthn L3 §6.1.3: what the flags BE and BS tell a site; U2F has no such flags. */
static const char *
describe_told (GVariant *passkey)
{
  if (mortise_ctl_get_boolean (passkey, "u2f"))
    return _ ("nothing (U2F)");
  if (!mortise_ctl_get_boolean (passkey, "backup-eligible"))
    return _ ("stays on one device");
  return mortise_ctl_get_boolean (passkey, "backup-state") ? _ ("backed up")
                                                           : _ ("can be backed up");
}

/* Only the TPM proves "device-only"; the record tells how it was made. */
static const char *
describe_kept (const Finding *finding)
{
  if (is_device_only (finding->passkey) && g_str_equal (finding->proof, PROOF_TPM))
    return _ ("device-only");
  return mortise_ctl_describe_class (finding->passkey);
}

static const char *
describe_proof (const Finding *finding)
{
  if (g_str_equal (finding->proof, PROOF_TPM))
    return _ ("read from the TPM now");
  if (g_str_equal (finding->proof, PROOF_CONTRADICTED))
    return _ ("THE TPM SAYS OTHERWISE");
  return g_str_equal (finding->proof, PROOF_FAILED) ? _ ("THE TPM CANNOT USE IT")
                                                    : _ ("recorded when it was made");
}

static void
print_table (GPtrArray *findings, gboolean alone, const char *heading)
{
  MortiseCtlTable *table = NULL;

  for (guint i = 0; i < findings->len; i++)
    {
      const Finding *finding = findings->pdata[i];
      GVariant *passkey = finding->passkey;
      g_autofree char *id =
          g_strdup_printf ("%" G_GINT64_FORMAT, mortise_ctl_get_integer (passkey, "id"));

      if (finding->alone != alone)
        continue;
      if (table == NULL)
        {
          g_print ("%s\n", heading);
          table = mortise_ctl_table_new (_ ("No."), _ ("Site"), _ ("Account"), _ ("Kept"),
                                         _ ("Ground"), _ ("The site was told"), NULL);
        }
      mortise_ctl_table_add (table, id, mortise_ctl_get_string (passkey, "rp-id"),
                             mortise_ctl_get_string (passkey, "user-name"), describe_kept (finding),
                             describe_proof (finding), describe_told (passkey), NULL);
    }
  if (table == NULL)
    return;
  mortise_ctl_table_print (table);
  g_print ("\n");
}

static void
print_naming (GPtrArray *findings)
{
  gboolean titled = FALSE;

  for (guint i = 0; i < findings->len; i++)
    {
      const Finding *finding = findings->pdata[i];
      g_autofree char *number =
          g_strdup_printf ("%" G_GINT64_FORMAT, mortise_ctl_get_integer (finding->passkey, "id"));

      for (guint n = 0; finding->naming != NULL && n < finding->naming->len; n++)
        {
          const MortiseNamingFinding *naming = finding->naming->pdata[n];

          if (naming->hint)
            continue;
          if (!titled)
            g_print ("%s\n", _ ("Doubtful names:"));
          titled = TRUE;
          mortise_ctl_print_field (number, naming->explanation);
        }
    }
  if (titled)
    g_print ("\n");
}

static void
print_summary (GPtrArray *findings)
{
  guint device_only = 0, proven = 0, exportable = 0, backed_up = 0, sealed = 0;
  gboolean recorded = FALSE;

  for (guint i = 0; i < findings->len; i++)
    {
      const Finding *finding = findings->pdata[i];

      if (is_device_only (finding->passkey))
        {
          device_only++;
          proven += g_str_equal (finding->proof, PROOF_TPM) ? 1 : 0;
        }
      else if (g_str_equal (mortise_ctl_get_string (finding->passkey, "class"), "exportable"))
        exportable++;
      else
        sealed++;
      if (mortise_ctl_get_boolean (finding->passkey, "backup-state"))
        backed_up++;
      recorded = recorded || g_str_equal (finding->proof, PROOF_RECORD);
      if (finding->proof_error != NULL)
        {
          g_autofree char *number = g_strdup_printf (
              "%" G_GINT64_FORMAT, mortise_ctl_get_integer (finding->passkey, "id"));

          mortise_ctl_print_field (number, finding->proof_error);
        }
    }
  /* Translators: how many passkeys of each kind there are */
  g_print (
      _ ("Made device-only: %u (proven by the TPM now: %u). Exportable: %u. Sealed: %u. Backed "
         "up: %u.\n"),
      device_only, proven, exportable, sealed, backed_up);
  if (recorded)
    g_print ("%s\n", _ ("Run “mortisectl unlock” first to have the TPM asked about each key."));
  g_print ("%s\n", _ ("This is what Mortise keeps on this computer. Passkeys that other programs "
                      "sync, and those on security keys, are not seen."));
}

static void
print_findings (GPtrArray *findings)
{
  if (findings->len == 0)
    {
      g_print ("%s\n", _ ("No passkeys yet."));
      return;
    }
  print_table (findings, TRUE,
               _ ("Sites with only one passkey here; without another way in, losing this computer "
                  "locks you out:"));
  print_table (findings, FALSE, _ ("Sites with several passkeys here:"));
  print_naming (findings);
  print_summary (findings);
}

static const char *
issue_to_name (MortiseNamingIssue issue)
{
  static const char *const names[] = {
    [MORTISE_NAMING_EMPTY] = "empty",         [MORTISE_NAMING_UNSEEN] = "unseen",
    [MORTISE_NAMING_DIRECTION] = "direction", [MORTISE_NAMING_LONG] = "long",
    [MORTISE_NAMING_DEVICE] = "device",       [MORTISE_NAMING_TWIN] = "twin",
    [MORTISE_NAMING_NICKNAME] = "nickname",   [MORTISE_NAMING_LOOKALIKE_SITE] = "look-alike-site",
    [MORTISE_NAMING_REPEATED] = "repeated",
  };

  return (gsize) issue < G_N_ELEMENTS (names) ? names[issue] : "other";
}

static GVariant *
naming_to_variant (GPtrArray *naming)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; naming != NULL && i < naming->len; i++)
    {
      const MortiseNamingFinding *finding = naming->pdata[i];
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "issue", "s", issue_to_name (finding->issue));
      g_variant_dict_insert (&dict, "hint", "b", finding->hint);
      g_variant_dict_insert (&dict, "explanation", "s", finding->explanation);
      if (finding->other_id != 0)
        g_variant_dict_insert (&dict, "other-id", "x", finding->other_id);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
finding_to_variant (const Finding *finding)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, finding->passkey);
  g_variant_dict_insert (&dict, "proof", "s", finding->proof);
  if (finding->proof_error != NULL)
    g_variant_dict_insert (&dict, "proof-error", "s", finding->proof_error);
  g_variant_dict_insert (&dict, "only-passkey-of-site", "b", finding->alone);
  g_variant_dict_insert_value (&dict, "naming", naming_to_variant (finding->naming));
  return g_variant_dict_end (&dict);
}

static void
print_json (GPtrArray *findings, guint damaged)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) result = NULL;
  GVariantDict dict;

  for (guint i = 0; i < findings->len; i++)
    g_variant_builder_add_value (&builder, finding_to_variant (findings->pdata[i]));
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "passkeys", g_variant_builder_end (&builder));
  g_variant_dict_insert (&dict, "damaged", "u", damaged);
  result = g_variant_ref_sink (g_variant_dict_end (&dict));
  mortise_ctl_print_json (result);
}

gboolean
mortise_ctl_run_audit (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) passkeys = NULL;
  g_auto (Audit) audit = { NULL };
  guint damaged = 0;

  passkeys = mortise_ctl_list_all (ctl, FALSE, &damaged, error);
  if (passkeys == NULL || !collect (ctl, passkeys, &audit, error))
    return FALSE;
  for (guint i = 0; i < audit.findings->len; i++)
    {
      if (is_bad (audit.findings->pdata[i]))
        *ret_exit = MORTISE_CTL_EXIT_UNHEALTHY;
    }
  if (damaged > 0)
    *ret_exit = MORTISE_CTL_EXIT_UNHEALTHY;
  if (ctl->json)
    print_json (audit.findings, damaged);
  else
    print_findings (audit.findings);
  mortise_ctl_warn_of_damaged (damaged);
  return TRUE;
}
