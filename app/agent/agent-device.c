/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/agent-private.h"

#include <glib/gi18n.h>

#include "app/agent/agent-requests.h"

static void
publish_device (MortiseAgent *self)
{
  const GError *problem = mortise_device_get_problem (self->device);

  g_mutex_lock (&self->lock);
  self->device_up = mortise_device_is_up (self->device);
  g_clear_error (&self->device_problem);
  if (problem != NULL)
    self->device_problem = g_error_copy (problem);
  g_mutex_unlock (&self->lock);
}

static void
update_device_watch (MortiseAgent *self)
{
  g_autoptr (MortiseAgentStatus) status = mortise_agent_dup_status (self);

  mortise_device_watch_set_enabled (self->device_watch, status->vault_problem != NULL ||
                                                            status->device_problem != NULL);
}

static void
power_up (gpointer data)
{
  MortiseBackend *backend = data;

  mortise_authenticator_power_up (backend->authenticator);
}

void
mortise_agent_push_power_up (MortiseAgent *self, MortiseBackend *backend)
{
  mortise_worker_push (self->worker, power_up, mortise_backend_ref (backend),
                       (GDestroyNotify) mortise_backend_unref);
}

/* There is a device only where there is a vault to answer from: a key that always fails would only
 * be in the way of the person's other ones. */
void
mortise_agent_update_device (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);
  g_autoptr (GError) error = NULL;

  if (self->ending || backend == NULL || backend->vault == NULL)
    mortise_device_stop (self->device);
  else if (self->bus_settled && !mortise_device_is_up (self->device))
    {
      mortise_agent_push_power_up (self, backend);
      mortise_device_set_u2f (self->device, self->wants_u2f);
      if (mortise_device_start (self->device, &error))
        g_info ("The security key is plugged in");
      else
        g_message ("%s", error->message);
    }
  publish_device (self);
  update_device_watch (self);
  mortise_agent_emit_status_changed (self);
}

static void
device_failed_cb (MortiseDevice *device, MortiseAgent *self)
{
  g_message ("%s", mortise_device_get_problem (device)->message);
  publish_device (self);
  update_device_watch (self);
  mortise_agent_emit_status_changed (self);
}

static void
request_done_cb (const MortiseAgentRequestResult *result, gpointer user_data)
{
  g_autoptr (MortiseAgent) self = MORTISE_AGENT (user_data);
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  mortise_idle_lock_release (self->idle_lock);
  if (result->used_key && backend != NULL && backend->vault != NULL &&
      mortise_vault_get_state (backend->vault) == MORTISE_VAULT_UNLOCKED)
    mortise_idle_lock_start (self->idle_lock);
  self->wants_u2f = result->u2f;
  mortise_device_set_u2f (self->device, result->u2f);
  if (result->cause >= 0 && self->notifier != NULL)
    mortise_notifier_report (self->notifier, (MortiseError) result->cause);
  /* PIN tries may have changed. */
  mortise_agent_emit_status_changed (self);
}

static void
request_cb (MortiseDevice *device, MortiseCtaphidRequest *request, MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  if (!self->session_active || backend == NULL || backend->authenticator == NULL)
    {
      mortise_agent_request_refuse (request);
      return;
    }
  mortise_idle_lock_hold (self->idle_lock);
  mortise_agent_request_handle (self->worker, backend, request, request_done_cb,
                                g_object_ref (self));
}

static void
wink_cb (MortiseDevice *device, MortiseAgent *self)
{
  mortise_prompter_raise (self->prompter);
}

void
mortise_agent_connect_device (MortiseAgent *self)
{
  g_signal_connect (self->device, "request", G_CALLBACK (request_cb), self);
  g_signal_connect (self->device, "wink", G_CALLBACK (wink_cb), self);
  g_signal_connect (self->device, "failed", G_CALLBACK (device_failed_cb), self);
}

gboolean
mortise_agent_replug (MortiseAgent *self, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  if (backend == NULL || backend->vault == NULL)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING,
                           _ ("There is no security key to plug in, as the vault is not open. "
                              "Mend that first."));
      return FALSE;
    }
  mortise_device_stop (self->device);
  mortise_agent_update_device (self);
  if (mortise_device_is_up (self->device))
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (mortise_device_get_problem (self->device));
  return FALSE;
}
