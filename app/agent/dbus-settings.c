/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "app/agent/dbus-service-private.h"
#include "app/agent/consent-question.h"
#include "core/vault/vault-settings.h"

#define IDLE_LOCK_DEFAULT 300
#define IDLE_LOCK_MAX     (30 * 24 * 60 * 60)

typedef struct
{
  const char *name;
  const char *type;
  guint32 default_value;
  /* Whether going from one value to the other protects less. */
  gboolean (*weakens) (guint32 from, guint32 to);
  /* (transfer full): the line on the prompt */
  char *(*describe) (guint32 value);
} Setting;

/* Never (0) is the longest time. */
static gboolean
idle_lock_weakens (guint32 from, guint32 to)
{
  return from != 0 && (to == 0 || to > from);
}

static char *
idle_lock_describe (guint32 seconds)
{
  if (seconds == 0)
    return g_strdup (_ ("Lock after time without use: never"));
  if (seconds % 60 != 0)
    return g_strdup_printf (ngettext ("Lock after time without use: %u second",
                                      "Lock after time without use: %u seconds", seconds),
                            seconds);
  return g_strdup_printf (ngettext ("Lock after time without use: %u minute",
                                    "Lock after time without use: %u minutes", seconds / 60),
                          seconds / 60);
}

static gboolean
switching_on_weakens (guint32 from, guint32 to)
{
  return from == 0 && to != 0;
}

static char *
export_default_describe (guint32 value)
{
  return g_strdup (value != 0 ? _ ("New passkeys may be exported, unless you say otherwise")
                              : _ ("New passkeys stay on this computer, unless you say otherwise"));
}

static gboolean
switching_off_weakens (guint32 from, guint32 to)
{
  return from != 0 && to == 0;
}

static char *
always_uv_describe (guint32 value)
{
  return g_strdup (value != 0 ? _ ("The PIN is always asked for")
                              : _ ("The PIN is asked for only when a site or the lock wants it"));
}

static char *
builtin_uv_describe (guint32 value)
{
  return g_strdup (value != 0
                       ? _ ("The PIN is typed into Mortise’s own prompt")
                       : _ ("The PIN is typed into the browser’s dialog, and the browser sees it"));
}

static char *
fingerprint_describe (guint32 value)
{
  return g_strdup (value != 0 ? _ ("While the vault is unlocked, any finger enrolled in your "
                                   "account can confirm a sign-in instead of the PIN")
                              : _ ("Only the PIN confirms a sign-in"));
}

static const Setting settings[] = {
  { MORTISE_SETTING_IDLE_LOCK, "u", IDLE_LOCK_DEFAULT, idle_lock_weakens, idle_lock_describe },
  { MORTISE_SETTING_EXPORT_DEFAULT, "b", FALSE, switching_on_weakens, export_default_describe },
  { MORTISE_SETTING_ALWAYS_UV, "b", FALSE, switching_off_weakens, always_uv_describe },
  { MORTISE_SETTING_BUILTIN_UV, "b", TRUE, switching_off_weakens, builtin_uv_describe },
  { MORTISE_SETTING_FINGERPRINT, "b", FALSE, switching_on_weakens, fingerprint_describe },
};

static guint32
value_to_number (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
             ? (guint32) g_variant_get_boolean (value)
             : g_variant_get_uint32 (value);
}

static guint32
get_number (MortiseVault *vault, const Setting *setting)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (vault, setting->name);

  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE (setting->type)))
    return setting->default_value;
  return value_to_number (value);
}

GVariant *
mortise_dbus_get_settings (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_ref_backend (call->agent, error);
  GVariantDict dict;

  if (backend == NULL)
    return NULL;
  g_variant_dict_init (&dict, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    g_variant_dict_insert (&dict, settings[i].name, settings[i].type,
                           get_number (backend->vault, &settings[i]));
  return g_variant_new ("(@a{sv})", g_variant_dict_end (&dict));
}

static const Setting *
find_setting (const char *name, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      if (g_str_equal (settings[i].name, name))
        return &settings[i];
    }
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                       _ ("There is no such setting."));
  return NULL;
}

static gboolean
check_value (const Setting *setting, GVariant *value, GError **error)
{
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE (setting->type)))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("The value is not of the kind that this setting takes."));
      return FALSE;
    }
  if (g_str_equal (setting->name, MORTISE_SETTING_IDLE_LOCK) &&
      g_variant_get_uint32 (value) > IDLE_LOCK_MAX)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("The vault can lock after 30 days at most, or never (0)."));
      return FALSE;
    }
  return TRUE;
}

/* Before anybody is asked for a PIN in vain. A reader in use is one that works. */
static gboolean
check_reader (MortiseDBusCall *call, GError **error)
{
  const MortiseFingerprintStatus status = mortise_fingerprint_check (
      mortise_agent_get_fingerprint (call->agent), call->cancellable, NULL);

  if (status == MORTISE_FINGERPRINT_READY)
    return TRUE;
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND, "%s %s",
               mortise_fingerprint_status_get_text (status),
               mortise_fingerprint_status_get_step (status));
  return FALSE;
}

static gboolean
ask_about_setting (MortiseDBusCall *call, const Setting *setting, guint32 value, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  GVariantDict dict;

  g_ptr_array_add (lines, setting->describe (value));
  g_variant_dict_init (&dict, NULL);
  mortise_consent_question_insert_lines (&dict, "changes", lines);
  return mortise_dbus_call_ask (call, "edit", &dict, TRUE, FALSE, NULL, NULL, error);
}

GVariant *
mortise_dbus_get_fingerprint (MortiseDBusCall *call, GError **error)
{
  g_autofree char *reader = NULL;
  const MortiseFingerprintStatus status = mortise_fingerprint_check (
      mortise_agent_get_fingerprint (call->agent), call->cancellable, &reader);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "state", "s", mortise_fingerprint_status_to_name (status));
  g_variant_dict_insert (&dict, "reader", "s", reader != NULL ? reader : "");
  g_variant_dict_insert (&dict, "text", "s", mortise_fingerprint_status_get_text (status));
  g_variant_dict_insert (&dict, "step", "s", mortise_fingerprint_status_get_step (status));
  return g_variant_new ("(@a{sv})", g_variant_dict_end (&dict));
}

GVariant *
mortise_dbus_set_setting (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = NULL;
  g_autoptr (GVariant) value = NULL;
  const Setting *setting;
  const char *name;
  guint32 from, to;

  g_variant_get (call->parameters, "(&sv)", &name, &value);
  setting = find_setting (name, error);
  if (setting == NULL || !check_value (setting, value, error))
    return NULL;
  backend = mortise_agent_ref_backend (call->agent, error);
  if (backend == NULL)
    return NULL;
  if (mortise_vault_get_state (backend->vault) == MORTISE_VAULT_NONE)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT,
                           _ ("There is no vault yet. Open Mortise and choose a PIN."));
      return NULL;
    }
  from = get_number (backend->vault, setting);
  to = value_to_number (value);
  if (from == to)
    return mortise_dbus_empty_reply ();
  if (to != 0 && g_str_equal (name, MORTISE_SETTING_FINGERPRINT) && !check_reader (call, error))
    return NULL;
  if (setting->weakens (from, to) && !ask_about_setting (call, setting, to, error))
    return NULL;
  if (!mortise_vault_set_setting (backend->vault, name, value, error))
    return NULL;
  mortise_agent_settings_changed (call->agent);
  return mortise_dbus_empty_reply ();
}
