/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "app/agent/consent-question.h"
#include "app/agent/dbus-service-private.h"

static const struct
{
  const char *id;
  MortiseKeyslot slot;
} keyslots[] = {
  { "pin", MORTISE_KEYSLOT_PIN },
  { "recovery", MORTISE_KEYSLOT_RECOVERY },
  { "login", MORTISE_KEYSLOT_LOGIN },
};

/* (transfer full) (nullable): the backend, if it has a vault */
static MortiseBackend *
ref_vault (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_ref_backend (call->agent, error);

  if (backend == NULL)
    return NULL;
  if (mortise_vault_get_state (backend->vault) == MORTISE_VAULT_NONE)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT,
                           _ ("There is no vault yet. Open Mortise and choose a PIN."));
      return NULL;
    }
  return g_steal_pointer (&backend);
}

/* --- What there is -----------------------------------------------------------------------------
 */

static gboolean
add_keyslot (GVariantBuilder *builder, MortiseVault *vault, gsize index, GError **error)
{
  MortiseKeyslot slot = keyslots[index].slot;
  MortiseKeyslotInfo info;
  g_autoptr (GError) problem = NULL;
  GVariantDict dict;

  if (!mortise_vault_get_keyslot (vault, slot, &info, error))
    return FALSE;
  if (slot == MORTISE_KEYSLOT_LOGIN && info.enabled)
    problem = mortise_vault_dup_keyring_problem (vault);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "s", keyslots[index].id);
  g_variant_dict_insert (&dict, "exists", "b", info.exists);
  g_variant_dict_insert (&dict, "enabled", "b", info.enabled);
  g_variant_dict_insert (&dict, "created", "x", info.created_at);
  g_variant_dict_insert (&dict, "last-used", "x", info.last_used_at);
  g_variant_dict_insert (&dict, "problem", "s", problem != NULL ? problem->message : "");
  g_variant_builder_add_value (builder, g_variant_dict_end (&dict));
  return TRUE;
}

GVariant *
mortise_dbus_get_keyslots (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = ref_vault (call, error);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  if (backend == NULL)
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (keyslots); i++)
    {
      if (!add_keyslot (&builder, backend->vault, i, error))
        return NULL;
    }
  return g_variant_new ("(aa{sv})", &builder);
}

/* --- Recovery code -----------------------------------------------------------------------------
 */

typedef struct
{
  MortiseVault *vault;
  MortiseRecoveryDraft *draft;
} NewCode;

static const MortiseSecret *
make_code (gpointer user_data, GError **error)
{
  NewCode *code = user_data;

  code->draft = mortise_vault_draft_recovery_code (code->vault, error);
  return code->draft != NULL ? mortise_recovery_draft_get_text (code->draft) : NULL;
}

static gboolean
keep_code (gpointer user_data, GError **error)
{
  NewCode *code = user_data;

  return mortise_vault_keep_recovery_code (code->vault, code->draft, error);
}

GVariant *
mortise_dbus_create_recovery_code (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = ref_vault (call, error);
  NewCode code = { NULL, NULL };
  GVariantDict dict;
  gboolean ok;

  if (backend == NULL)
    return NULL;
  code.vault = backend->vault;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "has-code", "b", mortise_vault_has_recovery_code (backend->vault));
  ok = mortise_dbus_call_ask_showing (call, "new-code", &dict, make_code, keep_code, &code, error);
  mortise_recovery_draft_free (code.draft);
  if (!ok)
    return NULL;
  mortise_dbus_service_refresh (call->service);
  return mortise_dbus_empty_reply ();
}

GVariant *
mortise_dbus_reset_pin (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = ref_vault (call, error);
  GVariantDict dict;

  if (backend == NULL)
    return NULL;
  if (!mortise_vault_has_recovery_code (backend->vault))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                           _ ("No recovery code was made for this vault, so nothing but the PIN "
                              "opens it. Without the PIN only destroying the vault is left."));
      return NULL;
    }
  g_variant_dict_init (&dict, NULL);
  if (!mortise_dbus_call_ask_recovery (call, "recover", &dict, error))
    return NULL;
  /* As after a change of the PIN. */
  mortise_agent_vault_was_reset (call->agent);
  mortise_dbus_service_refresh (call->service);
  return mortise_dbus_empty_reply ();
}

/* --- On and off --------------------------------------------------------------------------------
 */

static gboolean
ask_about (MortiseDBusCall *call, const char *line, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  GVariantDict dict;

  g_ptr_array_add (lines, (gpointer) (guintptr) line);
  g_variant_dict_init (&dict, NULL);
  mortise_consent_question_insert_lines (&dict, "changes", lines);
  return mortise_dbus_call_ask (call, "edit", &dict, TRUE, FALSE, NULL, NULL, error);
}

static gboolean
remove_code (MortiseDBusCall *call, MortiseVault *vault, GError **error)
{
  if (!mortise_vault_has_recovery_code (vault))
    return TRUE;
  return ask_about (call,
                    _ ("The recovery code is removed: from then on a forgotten or blocked PIN "
                       "means that every passkey is lost"),
                    error) &&
         mortise_vault_remove_recovery_code (vault, error);
}

/*
 * Off is never asked about: it takes nothing but the view of the list before the PIN is typed. A
 * process that does it to annoy could as well lock, and on again asks.
 */
static gboolean
set_login (MortiseDBusCall *call, MortiseVault *vault, gboolean enabled, GError **error)
{
  MortiseKeyslotInfo info;

  if (!mortise_vault_get_keyslot (vault, MORTISE_KEYSLOT_LOGIN, &info, error))
    return FALSE;
  if (info.enabled == enabled && info.exists == enabled)
    return TRUE;
  if (enabled && !ask_about (call,
                             _ ("Whoever is logged in can see the list of passkeys without the "
                                "PIN, but use none"),
                             error))
    return FALSE;
  return mortise_vault_set_login_keyslot (vault, enabled, error);
}

GVariant *
mortise_dbus_set_keyslot (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = ref_vault (call, error);
  gboolean enabled, ok;
  const char *id;

  if (backend == NULL)
    return NULL;
  g_variant_get (call->parameters, "(&sb)", &id, &enabled);
  if (g_str_equal (id, "login"))
    ok = set_login (call, backend->vault, enabled, error);
  else if (g_str_equal (id, "recovery") && !enabled)
    ok = remove_code (call, backend->vault, error);
  else
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
                           _ ("This way to the vault cannot be switched like that."));
      return NULL;
    }
  if (!ok)
    return NULL;
  mortise_dbus_service_refresh (call->service);
  return mortise_dbus_empty_reply ();
}
