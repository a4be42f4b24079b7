/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "app/agent/dbus-service-private.h"

static void
set_no_vault (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NO_VAULT,
                       _ ("There is no vault yet. Open Mortise and choose a PIN."));
}

static gboolean
create_with_pin (const MortiseSecret *pin,
                 const MortiseSecret *new_pin,
                 gpointer user_data,
                 GError **error)
{
  return mortise_vault_create (user_data, new_pin, error);
}

GVariant *
mortise_dbus_create_vault (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_ref_backend (call->agent, error);
  GVariantDict dict;

  if (backend == NULL)
    return NULL;
  if (mortise_vault_get_state (backend->vault) != MORTISE_VAULT_NONE)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_EXISTS,
                           _ ("There is a vault already. To start anew, reset Mortise first; that "
                              "destroys all passkeys."));
      return NULL;
    }
  g_variant_dict_init (&dict, NULL);
  if (!mortise_dbus_call_ask (call, "create-vault", &dict, FALSE, TRUE, create_with_pin,
                              backend->vault, error))
    return NULL;
  return mortise_dbus_empty_reply ();
}

GVariant *
mortise_dbus_unlock (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_ref_backend (call->agent, error);
  GVariantDict dict;

  if (backend == NULL)
    return NULL;
  if (mortise_vault_get_state (backend->vault) == MORTISE_VAULT_UNLOCKED)
    return mortise_dbus_empty_reply ();
  g_variant_dict_init (&dict, NULL);
  if (!mortise_dbus_call_ask (call, "unlock", &dict, TRUE, FALSE, NULL, NULL, error))
    return NULL;
  return mortise_dbus_empty_reply ();
}

GVariant *
mortise_dbus_lock (MortiseDBusCall *call, GError **error)
{
  mortise_agent_lock (call->agent);
  return mortise_dbus_empty_reply ();
}

static gboolean
change_pin (const MortiseSecret *pin,
            const MortiseSecret *new_pin,
            gpointer user_data,
            GError **error)
{
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, error);

  return hash != NULL && mortise_vault_change_pin (user_data, hash, new_pin, error);
}

GVariant *
mortise_dbus_change_pin (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_ref_backend (call->agent, error);
  GVariantDict dict;

  if (backend == NULL)
    return NULL;
  g_variant_dict_init (&dict, NULL);
  if (!mortise_dbus_call_ask (call, "change-pin", &dict, TRUE, TRUE, change_pin, backend->vault,
                              error))
    return NULL;
  /* Tokens given out for the old PIN end with it (CTAP 2.1 §6.5.5.6). */
  mortise_agent_vault_was_reset (call->agent);
  return mortise_dbus_empty_reply ();
}

/* --- On the main context -----------------------------------------------------------------------
 */

typedef struct
{
  MortiseAgent *agent;
  GDBusMethodInvocation *invocation;
} Later;

static Later *
later_new (MortiseDBusCall *call)
{
  Later *later = g_new0 (Later, 1);

  later->agent = g_object_ref (call->agent);
  later->invocation = g_object_ref (call->invocation);
  return later;
}

static void
later_finish (Later *later, const GError *error)
{
  if (error != NULL)
    g_dbus_method_invocation_return_gerror (later->invocation, error);
  else
    g_dbus_method_invocation_return_value (later->invocation, NULL);
  g_object_unref (later->invocation);
  g_object_unref (later->agent);
  g_free (later);
}

static gboolean
replug_cb (gpointer user_data)
{
  Later *later = user_data;
  g_autoptr (GError) error = NULL;

  mortise_agent_replug (later->agent, &error);
  later_finish (later, error);
  return G_SOURCE_REMOVE;
}

GVariant *
mortise_dbus_replug (MortiseDBusCall *call, GError **error)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, replug_cb, later_new (call), NULL);
  return NULL;
}

static void
retried_cb (const GError *problem, gpointer user_data)
{
  later_finish (user_data, problem);
}

static gboolean
retry_cb (gpointer user_data)
{
  Later *later = user_data;

  mortise_agent_retry (later->agent, retried_cb, later);
  return G_SOURCE_REMOVE;
}

GVariant *
mortise_dbus_retry (MortiseDBusCall *call, GError **error)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, retry_cb, later_new (call), NULL);
  return NULL;
}

/* --- Reset -------------------------------------------------------------------------------------
 */

static gboolean
reset_vault (const MortiseSecret *pin,
             const MortiseSecret *new_pin,
             gpointer user_data,
             GError **error)
{
  return mortise_vault_reset (user_data, error);
}

/* A vault that can never be opened again here may go: its TPM is another one, or it is damaged. One
 * that a newer Mortise wrote, or that a TPM out of reach holds, may not. */
static MortiseVault *
find_lost_vault (MortiseBackend *backend)
{
  if (backend != NULL &&
      (g_error_matches (backend->problem, MORTISE_ERROR, MORTISE_ERROR_TPM_OTHER) ||
       g_error_matches (backend->problem, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED)))
    return backend->unopened;
  return NULL;
}

static gboolean
ask_for_reset (MortiseDBusCall *call, MortiseVault *vault, gboolean count_known, GError **error)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (count_known)
    g_variant_dict_insert (&dict, "count", "u", mortise_vault_count (vault));
  return mortise_dbus_call_ask (call, "reset", &dict, FALSE, FALSE, reset_vault, vault, error);
}

GVariant *
mortise_dbus_reset (MortiseDBusCall *call, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (MortiseBackend) backend = mortise_agent_ref_backend (call->agent, &problem);
  g_autoptr (MortiseBackend) broken = NULL;
  MortiseVault *lost;

  if (backend == NULL)
    {
      broken = mortise_agent_peek_backend (call->agent);
      lost = find_lost_vault (broken);
      if (lost == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&problem));
          return NULL;
        }
      /* Answered when what is there now was opened. */
      return ask_for_reset (call, lost, FALSE, error) ? mortise_dbus_retry (call, error) : NULL;
    }
  if (mortise_vault_get_state (backend->vault) == MORTISE_VAULT_NONE)
    {
      set_no_vault (error);
      return NULL;
    }
  if (!ask_for_reset (call, backend->vault, TRUE, error))
    return NULL;
  mortise_agent_vault_was_reset (call->agent);
  mortise_agent_settings_changed (call->agent);
  return mortise_dbus_empty_reply ();
}
