/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "app/agent/dbus-service-private.h"
#include "app/agent/consent-question.h"
#include "core/text/display-text.h"

/** Passkeys that one call may delete, restore or destroy: all that a vault can hold. */
#define IDS_MAX MORTISE_VAULT_MAX_CREDENTIALS

/** A name within a line of the prompt is cut after so many characters. */
#define NAME_GRAPHEMES 80

static gboolean
set_invalid (GError **error, const char *message)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

/* What the prompt calls a passkey: site and account, neither of which may reorder the other. */
static char *
describe (const MortiseCredential *credential)
{
  g_autofree char *site = mortise_display_text_isolated (credential->rp_id, 0);
  g_autofree char *account = NULL;

  account = mortise_display_text_isolated (mortise_display_text_is_empty (credential->user_name)
                                               ? credential->user_display_name
                                               : credential->user_name,
                                           NAME_GRAPHEMES);
  if (*account == '\0')
    return g_steal_pointer (&site);
  /* Translators: a passkey in one line: site, account */
  return g_strdup_printf (_ ("%s — %s"), site, account);
}

/* --- EditPasskey -------------------------------------------------------------------------------
 */

typedef struct
{
  MortiseCredential *credential; /* the copy that is changed */
  GPtrArray *lines;              /* what the person is asked about, one line each */
  gboolean changed;
  gboolean asks;
  gboolean needs_pin;
} Edit;

static void
edit_clear (Edit *edit)
{
  g_clear_pointer (&edit->credential, mortise_credential_unref);
  g_clear_pointer (&edit->lines, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edit, edit_clear)

static void
add_change_line (Edit *edit, const char *name, const char *from, const char *to)
{
  g_autofree char *old = mortise_display_text_isolated (from, NAME_GRAPHEMES);
  g_autofree char *new = mortise_display_text_isolated (to, NAME_GRAPHEMES);

  if (*old == '\0')
    /* Translators: name of a field, its first value */
    g_ptr_array_add (edit->lines, g_strdup_printf (_ ("%s: “%s”"), name, new));
  else if (*new == '\0')
    /* Translators: name of a field, the value it had */
    g_ptr_array_add (edit->lines, g_strdup_printf (_ ("%s: “%s” removed"), name, old));
  else
    /* Translators: name of a field, old value, new value */
    g_ptr_array_add (edit->lines, g_strdup_printf (_ ("%s: “%s” → “%s”"), name, old, new));
}

/* Sets *@place to @value, if that is a text of a decent length. */
static gboolean
change_text (Edit *edit,
             char **place,
             const char *name, /* nullable: then nothing is asked */
             GVariant *value,
             GError **error)
{
  const char *text;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return set_invalid (error, _ ("A name must be text."));
  text = g_variant_get_string (value, NULL);
  if (strlen (text) > MORTISE_NAME_MAX)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                   _ ("A name can have at most %d bytes. Choose a shorter one."), MORTISE_NAME_MAX);
      return FALSE;
    }
  if (g_strcmp0 (*place != NULL ? *place : "", text) == 0)
    return TRUE;
  edit->changed = TRUE;
  if (name != NULL)
    {
      edit->asks = TRUE;
      add_change_line (edit, name, *place, text);
    }
  g_free (*place);
  *place = *text != '\0' ? g_strdup (text) : NULL;
  return TRUE;
}

static gboolean
change_export (Edit *edit, GVariant *value, GError **error)
{
  gboolean blocked;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return set_invalid (error, _ ("Whether export is blocked must be yes or no."));
  blocked = g_variant_get_boolean (value);
  if (edit->credential->credential_class == MORTISE_CREDENTIAL_DEVICE_ONLY)
    return set_invalid (error,
                        _ ("This passkey is device-only: its key can never leave this computer, "
                           "and no switch changes that. To have one that can be exported, "
                           "register again on the site."));
  if (blocked == edit->credential->export_blocked)
    return TRUE;
  edit->credential->export_blocked = blocked;
  edit->changed = TRUE;
  edit->asks = TRUE;
  /* Only the way that weakens asks for the PIN. */
  edit->needs_pin |= !blocked;
  g_ptr_array_add (edit->lines, g_strdup (blocked ? _ ("Export: blocked on this computer")
                                                  : _ ("Export: allowed on this computer")));
  return TRUE;
}

static gboolean
apply_change (Edit *edit, const char *name, GVariant *value, GError **error)
{
  MortiseCredential *credential = edit->credential;

  if (g_str_equal (name, "user-name"))
    return change_text (edit, &credential->user_name, _ ("Account name"), value, error);
  if (g_str_equal (name, "user-display-name"))
    return change_text (edit, &credential->user_display_name, _ ("Display name"), value, error);
  if (g_str_equal (name, "label"))
    return change_text (edit, &credential->label, NULL, value, error);
  if (g_str_equal (name, "nickname"))
    return change_text (edit, &credential->nickname, NULL, value, error);
  if (g_str_equal (name, "note"))
    return change_text (edit, &credential->note, NULL, value, error);
  if (g_str_equal (name, "export-blocked"))
    return change_export (edit, value, error);
  return set_invalid (error, _ ("There is no such thing to change about a passkey."));
}

static gboolean
apply_changes (Edit *edit, GVariant *changes, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (g_variant_n_children (changes) == 0)
    return set_invalid (error, _ ("There is nothing to change."));
  g_variant_iter_init (&iter, changes);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;

      if (!apply_change (edit, name, owned, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
ask_about_edit (MortiseDBusCall *call, Edit *edit, const char *passkey, GError **error)
{
  g_autoptr (GPtrArray) passkeys = g_ptr_array_new ();
  GVariantDict dict;

  g_ptr_array_add (passkeys, (gpointer) (guintptr) passkey);
  g_variant_dict_init (&dict, NULL);
  mortise_consent_question_insert_lines (&dict, "passkeys", passkeys);
  mortise_consent_question_insert_lines (&dict, "changes", edit->lines);
  return mortise_dbus_call_ask (call, "edit", &dict, edit->needs_pin, FALSE, NULL, NULL, error);
}

/* (transfer full): the passkey as it is now, if it can be edited */
static MortiseCredential *
get_editable (MortiseVault *vault, gint64 id, GError **error)
{
  g_autoptr (MortiseCredential) stored = mortise_vault_get (vault, id, error);

  if (stored == NULL || stored->deleted_at == 0)
    return g_steal_pointer (&stored);
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                       _ ("This passkey is in Recently deleted. Restore it to change it."));
  return NULL;
}

/* Makes @ret_edit the changes to the passkey as it is now. */
static gboolean
begin_edit (MortiseVault *vault, gint64 id, GVariant *changes, Edit *ret_edit, GError **error)
{
  g_autoptr (MortiseCredential) stored = get_editable (vault, id, error);

  if (stored == NULL)
    return FALSE;
  ret_edit->credential = mortise_credential_copy (stored);
  ret_edit->lines = g_ptr_array_new_with_free_func (g_free);
  return apply_changes (ret_edit, changes, error);
}

GVariant *
mortise_dbus_edit_passkey (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_ref_backend (call->agent, error);
  g_autoptr (GVariant) changes = NULL;
  g_autofree char *passkey = NULL;
  g_auto (Edit) asked = { 0 };
  g_auto (Edit) edit = { 0 };
  gint64 id;

  g_variant_get (call->parameters, "(x@a{sv})", &id, &changes);
  if (backend == NULL || !begin_edit (backend->vault, id, changes, &asked, error))
    return NULL;
  if (!asked.changed)
    return mortise_dbus_empty_reply ();
  if (asked.asks)
    {
      g_autoptr (MortiseCredential) stored = mortise_vault_get (backend->vault, id, error);

      if (stored == NULL)
        return NULL;
      passkey = describe (stored);
      if (!ask_about_edit (call, &asked, passkey, error))
        return NULL;
    }
  /* The person took their time; what changed meanwhile stays as it is now. */
  if (!begin_edit (backend->vault, id, changes, &edit, error) ||
      (edit.changed &&
       !mortise_vault_update (backend->vault, edit.credential, MORTISE_CHANGE_BY_PERSON, error)))
    return NULL;
  return mortise_dbus_empty_reply ();
}

/* --- Delete, restore, purge --------------------------------------------------------------------
 */

/* (transfer full) (element-type gint64): the ids, each once */
static GArray *
read_ids (GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (parameters, 0);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  GVariantIter iter;
  gint64 id;

  if (g_variant_n_children (list) == 0 || g_variant_n_children (list) > IDS_MAX)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                   _ ("Name between 1 and %d passkeys at a time."), IDS_MAX);
      return NULL;
    }
  g_variant_iter_init (&iter, list);
  while (g_variant_iter_next (&iter, "x", &id))
    {
      if (g_hash_table_add (seen, g_memdup2 (&id, sizeof id)))
        g_array_append_val (ids, id);
    }
  return g_steal_pointer (&ids);
}

/* (transfer full) (element-type utf8) (nullable elements): a line for each of @ids, all of which
 * must be (or, with @deleted, must not be) in use; nothing is done to any if one is not. Of what no
 * prompt would show there is no line to keep. */
static GPtrArray *
describe_all (MortiseVault *vault, GArray *ids, gboolean deleted, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (MortiseCredential) credential =
          mortise_vault_get (vault, g_array_index (ids, gint64, i), error);

      if (credential == NULL)
        return NULL;
      if ((credential->deleted_at != 0) != deleted)
        {
          g_set_error_literal (
              error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
              deleted ? _ ("A passkey named is not in Recently deleted, so nothing was done.")
                      : _ ("A passkey named is in Recently deleted already, so nothing was done."));
          return NULL;
        }
      g_ptr_array_add (lines, i < MORTISE_QUESTION_MAX_LINES ? describe (credential) : NULL);
    }
  return g_steal_pointer (&lines);
}

/* @kind: (nullable): the question, %NULL to ask none */
static GVariant *
change_all (MortiseDBusCall *call,
            const char *kind,
            gboolean deleted,
            gboolean (*change) (
                MortiseVault *vault, const gint64 *row_ids, gsize n_row_ids, GError **error),
            GError **error)
{
  g_autoptr (MortiseBackend) backend = NULL;
  g_autoptr (GArray) ids = read_ids (call->parameters, error);
  g_autoptr (GPtrArray) lines = NULL;

  if (ids == NULL)
    return NULL;
  backend = mortise_agent_ref_backend (call->agent, error);
  if (backend == NULL)
    return NULL;
  lines = describe_all (backend->vault, ids, deleted, error);
  if (lines == NULL)
    return NULL;
  if (kind != NULL)
    {
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      mortise_consent_question_insert_lines (&dict, "passkeys", lines);
      g_variant_dict_insert (&dict, "count", "u", lines->len);
      if (!mortise_dbus_call_ask (call, kind, &dict, FALSE, FALSE, NULL, NULL, error))
        return NULL;
    }
  if (!change (backend->vault, (const gint64 *) (gconstpointer) ids->data, ids->len, error))
    return NULL;
  return mortise_dbus_empty_reply ();
}

GVariant *
mortise_dbus_delete_passkeys (MortiseDBusCall *call, GError **error)
{
  return change_all (call, "delete", FALSE, mortise_vault_delete_all, error);
}

GVariant *
mortise_dbus_restore_passkeys (MortiseDBusCall *call, GError **error)
{
  return change_all (call, NULL, TRUE, mortise_vault_restore_all, error);
}

GVariant *
mortise_dbus_purge_passkeys (MortiseDBusCall *call, GError **error)
{
  return change_all (call, "purge", TRUE, mortise_vault_purge_all, error);
}
