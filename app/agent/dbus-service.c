/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/dbus-service-private.h"

#include <glib/gi18n.h>
#include <openssl/crypto.h>

#include "app/agent-dbus.h"
#include "app/agent/program-paths.h"
#include "app/agent/consent-question.h"

/* Many changes at once (a bulk delete) are one signal. */
#define CHANGES_DELAY_MS 50

struct _MortiseDBusService
{
  gatomicrefcount refs; /* the owner's, and the skeleton's for its closures */
  MortiseAgent *agent;
  GDBusConnection *bus;
  MortiseDBusAgent1 *skeleton;
  guint owner_changed;
  guint changes_timer;
  gulong status_handler;
  gulong passkeys_handler;
  gulong prompting_handler;

  GMutex lock;
  GCond idle;
  gboolean ended;
  GSList *calls; /* of MortiseDBusCall, those under way */
  MortiseTpmLockout lockout;
  MortiseTpm *lockout_tpm; /* whose lockout that is; compared, never used */
};

typedef struct
{
  const char *signal;
  MortiseDBusMethod method;
} MethodEntry;

static const MethodEntry methods[] = {
  { "handle-create-vault", mortise_dbus_create_vault },
  { "handle-unlock", mortise_dbus_unlock },
  { "handle-lock", mortise_dbus_lock },
  { "handle-change-pin", mortise_dbus_change_pin },
  { "handle-reset-pin", mortise_dbus_reset_pin },
  { "handle-create-recovery-code", mortise_dbus_create_recovery_code },
  { "handle-get-keyslots", mortise_dbus_get_keyslots },
  { "handle-set-keyslot", mortise_dbus_set_keyslot },
  { "handle-reset", mortise_dbus_reset },
  { "handle-replug", mortise_dbus_replug },
  { "handle-retry", mortise_dbus_retry },
  { "handle-list-passkeys", mortise_dbus_list_passkeys },
  { "handle-get-passkey", mortise_dbus_get_passkey },
  { "handle-get-history", mortise_dbus_get_history },
  { "handle-read-protection", mortise_dbus_read_protection },
  { "handle-edit-passkey", mortise_dbus_edit_passkey },
  { "handle-delete-passkeys", mortise_dbus_delete_passkeys },
  { "handle-restore-passkeys", mortise_dbus_restore_passkeys },
  { "handle-purge-passkeys", mortise_dbus_purge_passkeys },
  { "handle-get-health", mortise_dbus_get_health },
  { "handle-get-settings", mortise_dbus_get_settings },
  { "handle-get-fingerprint", mortise_dbus_get_fingerprint },
  { "handle-set-setting", mortise_dbus_set_setting },
};

static void
service_unref (gpointer data)
{
  MortiseDBusService *service = data;

  if (!g_atomic_ref_count_dec (&service->refs))
    return;
  g_object_unref (service->bus);
  g_cond_clear (&service->idle);
  g_mutex_clear (&service->lock);
  g_free (service);
}

GVariant *
mortise_dbus_empty_reply (void)
{
  return g_variant_new ("()");
}

/* --- One call ----------------------------------------------------------------------------------
 */

static gboolean
call_begin (MortiseDBusCall *call)
{
  MortiseDBusService *service = call->service;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&service->lock);

  if (service->ended)
    return FALSE;
  call->agent = service->agent;
  service->calls = g_slist_prepend (service->calls, call);
  return TRUE;
}

static void
call_end (MortiseDBusCall *call)
{
  MortiseDBusService *service = call->service;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&service->lock);

  service->calls = g_slist_remove (service->calls, call);
  if (service->calls == NULL)
    g_cond_broadcast (&service->idle);
}

/* Only our own errors have names and words for people. */
static void
return_error (GDBusMethodInvocation *invocation, const GError *error)
{
  if (error->domain == MORTISE_ERROR)
    g_dbus_method_invocation_return_gerror (invocation, error);
  else
    g_dbus_method_invocation_return_error (invocation, MORTISE_ERROR, MORTISE_ERROR_FAILED, "%s",
                                           error->message);
}

static void
run_method (MortiseDBusService *service,
            MortiseDBusMethod method,
            GDBusMethodInvocation *invocation)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  /* Answering gives the caller's reference away, and the call is listed until after that. */
  g_autoptr (GDBusMethodInvocation) keep = g_object_ref (invocation);
  g_autoptr (GError) error = NULL;
  MortiseDBusCall call = {
    .service = service,
    .sender = g_dbus_method_invocation_get_sender (invocation),
    .parameters = g_dbus_method_invocation_get_parameters (invocation),
    .cancellable = cancellable,
    .invocation = invocation,
  };
  GVariant *reply;

  if (!call_begin (&call))
    {
      g_dbus_method_invocation_return_error_literal (
          invocation, MORTISE_ERROR, MORTISE_ERROR_CANCELLED, _ ("The Mortise agent is ending."));
      return;
    }
  reply = method (&call, &error);
  if (reply != NULL)
    g_dbus_method_invocation_return_value (invocation, reply);
  else if (error != NULL)
    return_error (invocation, error);
  /* This thread goes back to a pool; OpenSSL's random generators in it would stay for nothing. */
  OPENSSL_thread_stop ();
  call_end (&call);
}

/* Every handle-… signal has the invocation second; its arguments are in there as well. */
static void
marshal_method (GClosure *closure,
                GValue *return_value,
                guint n_values,
                const GValue *values,
                gpointer hint,
                gpointer marshal_data)
{
  const MethodEntry *entry = marshal_data;

  run_method (closure->data, entry->method, g_value_get_object (&values[1]));
  g_value_set_boolean (return_value, TRUE);
}

static void
closure_finalized (gpointer data, GClosure *closure)
{
  service_unref (data);
}

static void
connect_methods (MortiseDBusService *service)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      GClosure *closure = g_closure_new_simple (sizeof (GClosure), service);

      g_atomic_ref_count_inc (&service->refs);
      g_closure_add_finalize_notifier (closure, service, closure_finalized);
      g_closure_set_meta_marshal (closure, (gpointer) (guintptr) &methods[i], marshal_method);
      g_signal_connect_closure (service->skeleton, methods[i].signal, closure, FALSE);
    }
}

static char *
describe_sender (MortiseDBusCall *call)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      call->service->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "GetConnectionUnixProcessID", g_variant_new ("(s)", call->sender), G_VARIANT_TYPE ("(u)"),
      G_DBUS_CALL_FLAGS_NONE, -1, call->cancellable, NULL);
  guint32 pid = 0;

  if (reply != NULL)
    g_variant_get (reply, "(u)", &pid);
  return mortise_describe_process (pid);
}

static void
describe_call (MortiseDBusCall *call, const char *kind, GVariantDict *dict)
{
  g_autofree char *requester = describe_sender (call);

  g_variant_dict_insert (dict, "kind", "s", kind);
  mortise_consent_question_insert_string (dict, "requester", requester);
}

gboolean
mortise_dbus_call_ask (MortiseDBusCall *call,
                       const char *kind,
                       GVariantDict *dict,
                       gboolean needs_pin,
                       gboolean needs_new_pin,
                       MortisePromptAccept accept,
                       gpointer user_data,
                       GError **error)
{
  gboolean ok;

  describe_call (call, kind, dict);
  ok = mortise_prompter_ask (mortise_agent_get_prompter (call->agent), dict, needs_pin,
                             needs_new_pin, accept, user_data, call->cancellable, error);
  /* A try more or less may be the one that locks the TPM. */
  if (!ok && needs_pin)
    mortise_dbus_service_refresh_lockout (call->service);
  return ok;
}

gboolean
mortise_dbus_call_ask_showing (MortiseDBusCall *call,
                               const char *kind,
                               GVariantDict *dict,
                               MortisePromptMakeCode make,
                               MortisePromptKeepCode keep,
                               gpointer user_data,
                               GError **error)
{
  gboolean ok;

  describe_call (call, kind, dict);
  ok = mortise_prompter_ask_showing (mortise_agent_get_prompter (call->agent), dict, make, keep,
                                     user_data, call->cancellable, error);
  if (!ok)
    mortise_dbus_service_refresh_lockout (call->service);
  return ok;
}

gboolean
mortise_dbus_call_ask_recovery (MortiseDBusCall *call,
                                const char *kind,
                                GVariantDict *dict,
                                GError **error)
{
  describe_call (call, kind, dict);
  return mortise_prompter_ask_recovery (mortise_agent_get_prompter (call->agent), dict,
                                        call->cancellable, error);
}

/* --- Properties --------------------------------------------------------------------------------
 */

static const char *
state_to_name (MortiseVaultState state)
{
  switch (state)
    {
    case MORTISE_VAULT_NONE:
      return "no-vault";
    case MORTISE_VAULT_LOCKED:
      return "locked";
    case MORTISE_VAULT_LISTABLE:
      return "listable";
    case MORTISE_VAULT_UNLOCKED:
      return "unlocked";
    case MORTISE_VAULT_CLOSED:
    default:
      return "unavailable";
    }
}

static GVariant *
tpm_to_variant (MortiseDBusService *service, const MortiseBackend *backend)
{
  const MortiseTpmInfo *info;
  MortiseTpmLockout lockout;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (backend == NULL || backend->tpm == NULL)
    return g_variant_dict_end (&dict);

  g_mutex_lock (&service->lock);
  if (service->lockout_tpm != backend->tpm)
    {
      service->lockout = backend->lockout;
      service->lockout_tpm = backend->tpm;
    }
  lockout = service->lockout;
  g_mutex_unlock (&service->lock);

  info = mortise_tpm_get_info (backend->tpm);
  g_variant_dict_insert (&dict, "manufacturer", "s", info->manufacturer);
  g_variant_dict_insert (&dict, "vendor", "s", info->vendor);
  g_variant_dict_insert_value (
      &dict, "firmware",
      g_variant_new_take_string (
          g_strdup_printf ("%u.%u.%u.%u", info->firmware[0] >> 16, info->firmware[0] & 0xffff,
                           info->firmware[1] >> 16, info->firmware[1] & 0xffff)));
  g_variant_dict_insert (&dict, "revision", "u", info->revision);
  g_variant_dict_insert (&dict, "software", "b", info->software);
  g_variant_dict_insert (&dict, "hypervisor-hint", "b", info->hypervisor_hint);
  g_variant_dict_insert (&dict, "in-lockout", "b", lockout.in_lockout);
  g_variant_dict_insert (&dict, "failed-tries", "u", lockout.failed_tries);
  g_variant_dict_insert (&dict, "max-tries", "u", lockout.max_tries);
  g_variant_dict_insert (&dict, "lockout-interval", "u", lockout.interval);
  return g_variant_dict_end (&dict);
}

static void
set_problem (MortiseDBusService *service, const MortiseAgentStatus *status, gboolean starting)
{
  const GError *problem =
      status->vault_problem != NULL ? status->vault_problem : status->device_problem;
  const char *name = "";
  const char *message = "";

  if (problem != NULL)
    {
      name = problem->domain == MORTISE_ERROR ? mortise_error_to_name ((MortiseError) problem->code)
                                              : mortise_error_to_name (MORTISE_ERROR_FAILED);
      message = problem->message;
    }
  else if (starting)
    {
      name = mortise_error_to_name (MORTISE_ERROR_BUSY);
      message = _ ("Mortise is starting.");
    }
  mortise_dbus_agent1_set_problem (service->skeleton, name);
  mortise_dbus_agent1_set_problem_message (service->skeleton, message);
}

/* Nothing is to be reminded of where there is no vault. */
static gboolean
has_recovery_code (MortiseVault *vault)
{
  return vault == NULL || mortise_vault_get_state (vault) < MORTISE_VAULT_LOCKED ||
         mortise_vault_has_recovery_code (vault);
}

static void
update_properties (MortiseDBusService *service)
{
  g_autoptr (MortiseAgentStatus) status = mortise_agent_dup_status (service->agent);
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (service->agent);
  MortiseVault *vault = backend != NULL ? backend->vault : NULL;
  MortiseDBusAgent1 *skeleton = service->skeleton;

  set_problem (service, status, status->opening && backend == NULL);
  mortise_dbus_agent1_set_vault_state (
      skeleton,
      state_to_name (vault != NULL ? mortise_vault_get_state (vault) : MORTISE_VAULT_CLOSED));
  mortise_dbus_agent1_set_pin_retries (
      skeleton, vault != NULL ? mortise_vault_get_pin_retries (vault) : MORTISE_PIN_RETRIES_MAX);
  mortise_dbus_agent1_set_has_recovery_code (skeleton, has_recovery_code (vault));
  mortise_dbus_agent1_set_has_login_keyslot (skeleton, vault != NULL &&
                                                           mortise_vault_has_login_keyslot (vault));
  mortise_dbus_agent1_set_transport (skeleton, status->transport);
  mortise_dbus_agent1_set_socket_path (skeleton, status->socket_path);
  mortise_dbus_agent1_set_prompting (
      skeleton, mortise_prompter_is_prompting (mortise_agent_get_prompter (service->agent)));
  mortise_dbus_agent1_set_tpm (skeleton, tpm_to_variant (service, backend));
}

static void
status_changed_cb (GObject *source, MortiseDBusService *service)
{
  update_properties (service);
}

static void
prompting_cb (MortisePrompter *prompter, GParamSpec *pspec, MortiseDBusService *service)
{
  update_properties (service);
}

static gboolean
refresh_cb (gpointer user_data)
{
  MortiseDBusService *service = user_data;

  if (service->skeleton != NULL)
    update_properties (service);
  return G_SOURCE_REMOVE;
}

void
mortise_dbus_service_refresh (MortiseDBusService *service)
{
  g_atomic_ref_count_inc (&service->refs);
  g_idle_add_full (G_PRIORITY_DEFAULT, refresh_cb, service, service_unref);
}

void
mortise_dbus_service_refresh_lockout (MortiseDBusService *service)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (service->agent);
  MortiseTpmLockout lockout;

  if (backend == NULL || backend->tpm == NULL ||
      !mortise_tpm_get_lockout (backend->tpm, &lockout, NULL))
    return;
  g_mutex_lock (&service->lock);
  service->lockout = lockout;
  service->lockout_tpm = backend->tpm;
  g_mutex_unlock (&service->lock);
  mortise_dbus_service_refresh (service);
}

static gboolean
emit_changes_cb (gpointer user_data)
{
  MortiseDBusService *service = user_data;

  service->changes_timer = 0;
  mortise_dbus_agent1_emit_passkeys_changed (service->skeleton);
  return G_SOURCE_REMOVE;
}

static void
passkeys_changed_cb (MortiseAgent *agent, MortiseDBusService *service)
{
  if (service->changes_timer == 0)
    service->changes_timer = g_timeout_add (CHANGES_DELAY_MS, emit_changes_cb, service);
}

/* --- Life --------------------------------------------------------------------------------------
 */

/* @sender: (nullable): all callers when %NULL */
static void
cancel_calls (MortiseDBusService *service, const char *sender)
{
  g_autoptr (GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&service->lock);
  for (GSList *l = service->calls; l != NULL; l = l->next)
    {
      MortiseDBusCall *call = l->data;

      if (sender == NULL || g_strcmp0 (call->sender, sender) == 0)
        g_ptr_array_add (cancellables, g_object_ref (call->cancellable));
    }
  g_mutex_unlock (&service->lock);
  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (cancellables->pdata[i]);
}

/* Nobody is left to hear the answer: the question goes. */
static void
owner_changed_cb (GDBusConnection *bus,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *signal,
                  GVariant *parameters,
                  gpointer user_data)
{
  const char *name, *new_owner;

  g_variant_get (parameters, "(&s&s&s)", &name, NULL, &new_owner);
  if (*name == ':' && *new_owner == '\0')
    cancel_calls (user_data, name);
}

MortiseDBusService *
mortise_dbus_service_new (MortiseAgent *agent, GDBusConnection *bus, GError **error)
{
  MortiseDBusService *service = g_new0 (MortiseDBusService, 1);
  GDBusInterfaceSkeleton *skeleton;

  g_atomic_ref_count_init (&service->refs);
  g_mutex_init (&service->lock);
  g_cond_init (&service->idle);
  service->agent = agent;
  service->bus = g_object_ref (bus);
  service->skeleton = mortise_dbus_agent1_skeleton_new ();
  skeleton = G_DBUS_INTERFACE_SKELETON (service->skeleton);
  g_dbus_interface_skeleton_set_flags (
      skeleton, G_DBUS_INTERFACE_SKELETON_FLAGS_HANDLE_METHOD_INVOCATIONS_IN_THREAD);
  mortise_dbus_agent1_set_version (service->skeleton, MORTISE_VERSION);
  mortise_dbus_agent1_set_demo (service->skeleton, mortise_agent_is_demo (agent));
  connect_methods (service);
  update_properties (service);

  service->owner_changed = g_dbus_connection_signal_subscribe (
      bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
      "/org/freedesktop/DBus", NULL, G_DBUS_SIGNAL_FLAGS_NONE, owner_changed_cb, service, NULL);
  service->status_handler =
      g_signal_connect (agent, "status-changed", G_CALLBACK (status_changed_cb), service);
  service->passkeys_handler =
      g_signal_connect (agent, "passkeys-changed", G_CALLBACK (passkeys_changed_cb), service);
  service->prompting_handler = g_signal_connect (
      mortise_agent_get_prompter (agent), "notify::prompting", G_CALLBACK (prompting_cb), service);
  if (!g_dbus_interface_skeleton_export (skeleton, bus, MORTISE_AGENT_PATH, error))
    {
      mortise_dbus_service_free (service);
      return NULL;
    }
  return service;
}

void
mortise_dbus_service_free (MortiseDBusService *service)
{
  g_signal_handler_disconnect (service->agent, service->status_handler);
  g_signal_handler_disconnect (service->agent, service->passkeys_handler);
  g_signal_handler_disconnect (mortise_agent_get_prompter (service->agent),
                               service->prompting_handler);
  g_clear_handle_id (&service->changes_timer, g_source_remove);
  g_dbus_connection_signal_unsubscribe (service->bus, service->owner_changed);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (service->skeleton));

  g_mutex_lock (&service->lock);
  service->ended = TRUE;
  g_mutex_unlock (&service->lock);
  cancel_calls (service, NULL);
  g_mutex_lock (&service->lock);
  while (service->calls != NULL)
    g_cond_wait (&service->idle, &service->lock);
  g_mutex_unlock (&service->lock);

  g_clear_object (&service->skeleton);
  service_unref (service);
}
