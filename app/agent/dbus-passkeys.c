/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "app/agent/dbus-service-private.h"

#define LIST_DEFAULT 1000
#define LIST_MAX     10000

static const char *
class_to_name (MortiseCredentialClass credential_class)
{
  switch (credential_class)
    {
    case MORTISE_CREDENTIAL_DEVICE_ONLY:
      return "device-only";
    case MORTISE_CREDENTIAL_EXPORTABLE:
      return "exportable";
    case MORTISE_CREDENTIAL_SEALED:
    default:
      return "sealed";
    }
}

static void
insert_string (GVariantDict *dict, const char *name, const char *text)
{
  /* Valid since it came in; a bus message with anything else would cost us the connection. */
  if (text != NULL)
    g_variant_dict_insert_value (dict, name,
                                 g_variant_new_take_string (g_utf8_make_valid (text, -1)));
}

static void
insert_bytes (GVariantDict *dict, const char *name, GBytes *bytes)
{
  if (bytes != NULL)
    g_variant_dict_insert_value (dict, name,
                                 g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
}

static GVariant *
extensions_to_variant (const MortiseCredential *credential)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  if (credential->has_hmac_secret)
    g_variant_builder_add (&builder, "s", "hmac-secret");
  if (credential->has_large_blob_key)
    g_variant_builder_add (&builder, "s", "largeBlobKey");
  if (credential->has_cred_blob)
    g_variant_builder_add (&builder, "s", "credBlob");
  return g_variant_builder_end (&builder);
}

static GVariant *
credential_to_variant (const MortiseCredential *credential)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "x", credential->row_id);
  insert_bytes (&dict, "credential-id", credential->credential_id);
  insert_string (&dict, "rp-id", credential->rp_id);
  insert_string (&dict, "rp-name", credential->rp_name);
  insert_bytes (&dict, "user-id", credential->user_id);
  insert_string (&dict, "user-name", credential->user_name);
  insert_string (&dict, "user-display-name", credential->user_display_name);
  insert_string (&dict, "label", credential->label);
  insert_string (&dict, "nickname", credential->nickname);
  insert_string (&dict, "note", credential->note);
  g_variant_dict_insert (&dict, "class", "s", class_to_name (credential->credential_class));
  g_variant_dict_insert (&dict, "algorithm", "i", (gint32) credential->algorithm);
  g_variant_dict_insert (&dict, "discoverable", "b", credential->discoverable);
  g_variant_dict_insert (&dict, "u2f", "b", credential->u2f);
  g_variant_dict_insert (&dict, "cred-protect", "y", credential->cred_protect);
  g_variant_dict_insert (&dict, "backup-eligible", "b", credential->backup_eligible);
  g_variant_dict_insert (&dict, "backup-state", "b", credential->backup_state);
  g_variant_dict_insert (&dict, "export-blocked", "b", credential->export_blocked);
  g_variant_dict_insert_value (&dict, "extensions", extensions_to_variant (credential));
  g_variant_dict_insert (&dict, "created", "x", credential->created_at);
  g_variant_dict_insert (&dict, "last-used", "x", credential->last_used_at);
  g_variant_dict_insert (&dict, "deleted", "x", credential->deleted_at);
  g_variant_dict_insert (&dict, "use-count", "t", (guint64) credential->use_count);
  g_variant_dict_insert (&dict, "last-flags", "y", credential->last_flags);
  g_variant_dict_insert (&dict, "sign-count", "u", credential->sign_count);
  return g_variant_dict_end (&dict);
}

GVariant *
mortise_dbus_list_passkeys (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = NULL;
  g_autoptr (GPtrArray) credentials = NULL;
  GVariantBuilder builder;
  gboolean deleted;
  gint64 after;
  guint32 limit;
  guint damaged = 0;

  g_variant_get (call->parameters, "(bxu)", &deleted, &after, &limit);
  if (after < 0 || limit > LIST_MAX)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                   _ ("A list goes from a row number on and has at most %d passkeys."), LIST_MAX);
      return NULL;
    }
  backend = mortise_agent_ref_backend (call->agent, error);
  if (backend == NULL)
    return NULL;
  credentials = mortise_vault_list (backend->vault, deleted, after,
                                    limit > 0 ? limit : LIST_DEFAULT, &damaged, error);
  if (credentials == NULL)
    return NULL;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < credentials->len; i++)
    g_variant_builder_add_value (&builder, credential_to_variant (credentials->pdata[i]));
  return g_variant_new ("(aa{sv}u)", &builder, damaged);
}

/* The passkey that a call with nothing but its number is about. */
static MortiseCredential *
get_named (MortiseDBusCall *call, MortiseBackend **ret_backend, GError **error)
{
  gint64 id;

  g_variant_get (call->parameters, "(x)", &id);
  *ret_backend = mortise_agent_ref_backend (call->agent, error);
  return *ret_backend != NULL ? mortise_vault_get ((*ret_backend)->vault, id, error) : NULL;
}

GVariant *
mortise_dbus_get_passkey (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = NULL;
  g_autoptr (MortiseCredential) credential = NULL;

  credential = get_named (call, &backend, error);
  if (credential == NULL)
    return NULL;
  return g_variant_new ("(@a{sv})", credential_to_variant (credential));
}

/* Numbers of a newer version have no name; what they stand for is left out. */
static const char *
author_to_name (guint author)
{
  static const char *const names[] = {
    [MORTISE_CHANGE_BY_SITE] = "site",
    [MORTISE_CHANGE_BY_CLIENT] = "client",
    [MORTISE_CHANGE_BY_PERSON] = "person",
  };

  return author < G_N_ELEMENTS (names) ? names[author] : NULL;
}

static const char *
change_kind_to_name (guint kind)
{
  static const char *const names[] = {
    [MORTISE_CHANGE_REGISTERED] = "registered",
    [MORTISE_CHANGE_USER_NAME] = "user-name",
    [MORTISE_CHANGE_USER_DISPLAY_NAME] = "user-display-name",
    [MORTISE_CHANGE_LABEL] = "label",
    [MORTISE_CHANGE_NICKNAME] = "nickname",
    [MORTISE_CHANGE_NOTE] = "note",
    [MORTISE_CHANGE_EXPORT_BLOCKED] = "export-blocked",
  };

  return kind < G_N_ELEMENTS (names) ? names[kind] : NULL;
}

static GVariant *
change_to_variant (const MortiseChange *change)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "time", "x", change->time);
  g_variant_dict_insert (&dict, "author", "s", author_to_name (change->author));
  g_variant_dict_insert (&dict, "what", "s", change_kind_to_name (change->kind));
  insert_string (&dict, "from", change->from != NULL ? change->from : "");
  insert_string (&dict, "to", change->to != NULL ? change->to : "");
  return g_variant_dict_end (&dict);
}

GVariant *
mortise_dbus_get_history (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GPtrArray) changes = NULL;
  GVariantBuilder builder;

  credential = get_named (call, &backend, error);
  if (credential == NULL)
    return NULL;
  changes = mortise_history_read (credential->history);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < changes->len; i++)
    {
      const MortiseChange *change = changes->pdata[i];

      if (author_to_name (change->author) != NULL && change_kind_to_name (change->kind) != NULL)
        g_variant_builder_add_value (&builder, change_to_variant (change));
    }
  return g_variant_new ("(aa{sv})", &builder);
}

GVariant *
mortise_dbus_read_protection (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = NULL;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;
  g_autoptr (MortiseTpmKeyInfo) info = NULL;
  g_autoptr (GBytes) parent_name = NULL;
  g_autoptr (GBytes) root_name = NULL;
  GVariantDict dict;

  credential = get_named (call, &backend, error);
  if (credential == NULL)
    return NULL;
  key = mortise_vault_load_key (backend->vault, credential, error);
  if (key == NULL)
    return NULL;
  info = mortise_tpm_read_key (backend->tpm, key, error);
  /* That the key was loaded below this parent, and the parent below this root, is what the TPM has
   * just shown by doing it. */
  if (info == NULL ||
      !mortise_vault_get_key_names (backend->vault, &parent_name, &root_name, error))
    return NULL;

  g_variant_dict_init (&dict, NULL);
  insert_bytes (&dict, "name", info->name);
  g_variant_dict_insert (&dict, "attributes", "u", info->attributes);
  insert_bytes (&dict, "policy", info->policy);
  g_variant_dict_insert (&dict, "device-only", "b", mortise_tpm_key_info_is_device_only (info));
  g_variant_dict_insert (&dict, "algorithm", "i", (gint32) info->algorithm);
  insert_bytes (&dict, "parent-name", parent_name);
  insert_bytes (&dict, "storage-root-name", root_name);
  return g_variant_new ("(@a{sv})", g_variant_dict_end (&dict));
}
