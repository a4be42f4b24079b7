/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/vault/vault-seal.h"
#include "core/vault/vault-settings.h"

#define SETTING_MAX (256 * 1024)

/* What names sites, tells of the PIN or is a token. */
static gboolean
is_sealed (const char *name)
{
  return strcmp (name, MORTISE_SETTING_MIN_PIN_RP_IDS) == 0 ||
         strcmp (name, MORTISE_SETTING_PIN_LENGTH) == 0 ||
         strcmp (name, MORTISE_SETTING_PERSISTENT_TOKEN) == 0;
}

static MortiseSealPlace
place_of (const char *name)
{
  return (MortiseSealPlace){ "settings", name, 0 };
}

static GBytes *
unseal_value (MortiseVault *self, const char *name, GBytes *sealed)
{
  MortiseSealPlace place = place_of (name);
  gsize size = g_bytes_get_size (sealed);
  g_autofree guint8 *plain = g_malloc (size + 1);

  if (self->keys.metadata == NULL ||
      !mortise_seal_open (self->keys.metadata, &place, g_bytes_get_data (sealed, NULL), size,
                          plain))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&plain), size - MORTISE_SEAL_OVERHEAD);
}

GVariant *
mortise_vault_get_setting (MortiseVault *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (MortiseStatement) statement = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) value = NULL;
  const char *type;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  locker = g_mutex_locker_new (&self->mutex);
  if (self->store == NULL)
    return NULL;
  statement = mortise_vault_store_get (self->store, MORTISE_SQL_SETTING_GET, NULL);
  if (statement == NULL)
    return NULL;
  sqlite3_bind_text (statement, 1, name, -1, SQLITE_STATIC);
  if (!mortise_vault_store_row (self->store, statement, NULL))
    return NULL;

  type = (const char *) sqlite3_column_text (statement, 0);
  if (type == NULL || !g_variant_type_string_is_valid (type) ||
      !g_variant_type_is_definite ((const GVariantType *) type))
    return NULL;
  bytes = mortise_statement_dup_blob (statement, 1);
  if (is_sealed (name))
    {
      g_autoptr (GBytes) sealed = g_steal_pointer (&bytes);

      bytes = unseal_value (self, name, sealed);
      if (bytes == NULL)
        return NULL;
    }
  /* Not trusted: GVariant then answers defaults for what does not parse. */
  value = g_variant_ref_sink (g_variant_new_from_bytes ((const GVariantType *) type, bytes, FALSE));
  return g_variant_is_normal_form (value) ? g_steal_pointer (&value) : NULL;
}

static gboolean
put_value (MortiseVault *self, const char *name, GVariant *value, GError **error)
{
  MortiseStatement *statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_SETTING_PUT, error);
  g_autoptr (GVariant) normal = g_variant_get_normal_form (value);
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (normal);
  MortiseSealPlace place = place_of (name);

  if (statement == NULL)
    return FALSE;
  if (is_sealed (name))
    {
      g_autoptr (GBytes) plain = g_steal_pointer (&bytes);

      bytes = mortise_seal (self->keys.metadata, &place, g_bytes_get_data (plain, NULL),
                            g_bytes_get_size (plain));
    }
  sqlite3_bind_text (statement, 1, name, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 2, g_variant_get_type_string (value), -1, SQLITE_TRANSIENT);
  mortise_statement_bind_bytes (statement, 3, bytes);
  return mortise_vault_store_run (self->store, statement, error);
}

static gboolean
remove_setting (MortiseVault *self, const char *name, GError **error)
{
  MortiseStatement *statement =
      mortise_vault_store_get (self->store, MORTISE_SQL_SETTING_REMOVE, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, name, -1, SQLITE_STATIC);
  return mortise_vault_store_run (self->store, statement, error);
}

gboolean
mortise_vault_put_setting (MortiseVault *self, const char *name, GVariant *value, GError **error)
{
  return value != NULL ? put_value (self, name, value, error) : remove_setting (self, name, error);
}

gboolean
mortise_vault_set_setting (MortiseVault *self, const char *name, GVariant *value, GError **error)
{
  g_autoptr (GVariant) owned = value != NULL ? g_variant_ref_sink (value) : NULL;
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (MORTISE_IS_VAULT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (is_sealed (name) ? !mortise_vault_check_listable (self, error)
                       : !mortise_vault_check_open (self, error))
    return FALSE;
  if (owned != NULL && g_variant_get_size (owned) > SETTING_MAX)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("This setting is too big to be kept, and was left as it was. Store "
                              "less in it."));
      return FALSE;
    }
  return mortise_vault_put_setting (self, name, owned, error);
}
