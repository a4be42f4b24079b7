/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/agent-private.h"

#include <glib/gi18n.h>
#include <malloc.h>

#include "core/vault/vault-settings.h"

#define DEFAULT_IDLE_LOCK_S 300

typedef struct
{
  void (*done) (const GError *problem, gpointer user_data);
  gpointer user_data;
} Retry;

/* Opening a backend, in the worker's thread and back. */
typedef struct
{
  MortiseAgent *agent;
  MortiseBackend *old; /* nullable */
  MortiseBackend *opened;
  gboolean u2f;
} Opening;

MortiseBackend *
mortise_agent_peek_backend (MortiseAgent *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->backend != NULL ? mortise_backend_ref (self->backend) : NULL;
}

MortiseBackend *
mortise_agent_ref_backend (MortiseAgent *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (self->opening && !self->ending)
    g_cond_wait (&self->opened, &self->lock);
  if (self->ending || self->backend == NULL)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED,
                           _ ("The Mortise agent is ending."));
      return NULL;
    }
  if (self->backend->vault == NULL)
    {
      g_propagate_error (error, g_error_copy (self->backend->problem));
      return NULL;
    }
  return mortise_backend_ref (self->backend);
}

/* --- Locking -----------------------------------------------------------------------------------
 */

static void
lock_vault (gpointer data)
{
  MortiseBackend *backend = data;

  if (backend->vault != NULL)
    mortise_vault_lock (backend->vault);
  /* What a day of requests left behind on the heap goes back to the system. */
  malloc_trim (0);
}

static void
idle_cb (gpointer user_data)
{
  MortiseAgent *self = user_data;
  MortiseBackend *backend = mortise_agent_peek_backend (self);

  if (backend == NULL)
    return;
  g_debug ("Locking after time without use");
  /* In the worker, as flushing the TPM takes its time. */
  mortise_worker_push (self->worker, lock_vault, backend, (GDestroyNotify) mortise_backend_unref);
}

static void
update_idle_timeout (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);
  g_autoptr (GVariant) value = NULL;
  guint32 seconds = DEFAULT_IDLE_LOCK_S;

  if (self->idle_lock_override >= 0)
    seconds = (guint32) self->idle_lock_override;
  else if (backend != NULL && backend->vault != NULL)
    {
      value = mortise_vault_get_setting (backend->vault, MORTISE_SETTING_IDLE_LOCK);
      if (value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
        seconds = g_variant_get_uint32 (value);
    }
  mortise_idle_lock_set_timeout (self->idle_lock, seconds);
}

void
mortise_agent_lock (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  mortise_prompter_withdraw (self->prompter, MORTISE_ERROR_DENIED);
  if (backend != NULL)
    lock_vault (backend);
}

/* --- What of the settings the device shows -----------------------------------------------------
 */

/* Read in the worker's thread. */
typedef struct
{
  MortiseAgent *agent;
  MortiseBackend *backend;
  gboolean u2f;
} SettingsCheck;

static gboolean
settings_checked_cb (gpointer user_data)
{
  g_autofree SettingsCheck *check = user_data;
  g_autoptr (MortiseAgent) self = check->agent;

  if (self->idle_lock != NULL)
    {
      update_idle_timeout (self);
      self->wants_u2f = check->u2f;
      mortise_device_set_u2f (self->device, check->u2f);
      mortise_agent_emit_status_changed (self);
    }
  return G_SOURCE_REMOVE;
}

static void
check_settings (gpointer data)
{
  SettingsCheck *check = data;

  check->u2f = mortise_authenticator_has_u2f (check->backend->authenticator);
}

static void
settings_check_done (gpointer data)
{
  SettingsCheck *check = data;

  mortise_backend_unref (check->backend);
  g_idle_add_full (G_PRIORITY_DEFAULT, settings_checked_cb, check, NULL);
}

void
mortise_agent_settings_changed (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);
  SettingsCheck *check;

  if (backend == NULL || backend->authenticator == NULL || self->worker == NULL)
    return;
  check = g_new0 (SettingsCheck, 1);
  check->agent = g_object_ref (self);
  check->backend = g_steal_pointer (&backend);
  mortise_worker_push (self->worker, check_settings, check, settings_check_done);
}

/* --- Opening -----------------------------------------------------------------------------------
 */

static void
state_changed_cb (MortiseVault *vault, MortiseAgent *self)
{
  if (mortise_vault_get_state (vault) == MORTISE_VAULT_UNLOCKED)
    mortise_idle_lock_start (self->idle_lock);
  else
    mortise_idle_lock_stop (self->idle_lock);
  update_idle_timeout (self);
  mortise_agent_emit_status_changed (self);
  /* With a vault comes U2F, and without one it goes. */
  mortise_agent_settings_changed (self);
}

static void
credentials_changed_cb (MortiseVault *vault, MortiseAgent *self)
{
  mortise_agent_emit_passkeys_changed (self);
}

static void
install_backend (MortiseAgent *self, MortiseBackend *backend)
{
  MortiseBackend *old;

  g_mutex_lock (&self->lock);
  old = self->backend;
  self->backend = mortise_backend_ref (backend);
  self->opening = FALSE;
  g_cond_broadcast (&self->opened);
  g_mutex_unlock (&self->lock);

  if (old != NULL && old->vault != NULL)
    g_signal_handlers_disconnect_by_data (old->vault, self);
  if (backend->vault != NULL)
    {
      g_signal_connect (backend->vault, "state-changed", G_CALLBACK (state_changed_cb), self);
      g_signal_connect (backend->vault, "credentials-changed", G_CALLBACK (credentials_changed_cb),
                        self);
    }
  mortise_prompter_set_vault (self->prompter, backend->vault);
  g_clear_pointer (&old, mortise_backend_unref);
}

void
mortise_agent_finish_retries (MortiseAgent *self)
{
  g_autoptr (MortiseAgentStatus) status = mortise_agent_dup_status (self);
  const GError *problem =
      status->vault_problem != NULL ? status->vault_problem : status->device_problem;
  GSList *retries = g_steal_pointer (&self->retries);

  for (GSList *l = retries; l != NULL; l = l->next)
    {
      Retry *retry = l->data;

      retry->done (problem, retry->user_data);
    }
  g_slist_free_full (retries, g_free);
}

static gboolean
opened_cb (gpointer user_data)
{
  Opening *opening = user_data;
  MortiseAgent *self = opening->agent;
  const GError *problem = opening->opened->problem;
  gboolean first = !self->opened_once;

  self->opened_once = TRUE;
  self->wants_u2f = opening->u2f;
  install_backend (self, opening->opened);
  if (problem != NULL)
    g_message ("%s", problem->message);
  if (first && g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_VAULT_IN_USE))
    {
      g_printerr ("%s\n", problem->message);
      mortise_agent_quit (self, MORTISE_AGENT_EXIT_ALREADY_RUNNING);
    }
  else if (!self->ending)
    {
      update_idle_timeout (self);
      if (opening->opened->vault != NULL)
        state_changed_cb (opening->opened->vault, self);
      mortise_agent_update_device (self);
    }
  mortise_agent_finish_retries (self);
  mortise_agent_emit_passkeys_changed (self);
  return G_SOURCE_REMOVE;
}

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_clear_pointer (&opening->old, mortise_backend_unref);
  g_clear_pointer (&opening->opened, mortise_backend_unref);
  g_object_unref (opening->agent);
  g_free (opening);
}

/* Whether @backend is as good as a new one would be. */
static gboolean
works (MortiseBackend *backend)
{
  MortiseTpmLockout lockout;

  return backend->vault != NULL &&
         mortise_vault_get_state (backend->vault) != MORTISE_VAULT_CLOSED &&
         mortise_tpm_get_lockout (backend->tpm, &lockout, NULL);
}

/* In the worker's thread. */
static void
open_backend (gpointer data)
{
  Opening *opening = data;
  MortiseAgent *self = opening->agent;

  if (opening->old != NULL && works (opening->old))
    opening->opened = mortise_backend_ref (opening->old);
  else
    {
      if (opening->old != NULL)
        mortise_backend_close (opening->old);
      opening->opened = mortise_backend_open (self->tcti, self->data_dir, self->keyring,
                                              MORTISE_CONSENT (self->prompter), self->builtin_uv);
    }
  if (opening->opened->authenticator != NULL)
    opening->u2f = mortise_authenticator_has_u2f (opening->opened->authenticator);
  malloc_trim (0);
}

static void
open_finished (gpointer data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, opened_cb, data, opening_free);
}

void
mortise_agent_start_opening (MortiseAgent *self)
{
  Opening *opening;

  g_mutex_lock (&self->lock);
  if (self->opening || self->ending)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->opening = TRUE;
  opening = g_new0 (Opening, 1);
  opening->agent = g_object_ref (self);
  opening->old = self->backend != NULL ? mortise_backend_ref (self->backend) : NULL;
  g_mutex_unlock (&self->lock);
  mortise_worker_push (self->worker, open_backend, opening, open_finished);
}

static void
purge_expired (gpointer data)
{
  MortiseBackend *backend = data;

  mortise_vault_purge_expired (backend->vault, g_get_real_time () / G_USEC_PER_SEC);
}

static gboolean
purge_cb (gpointer user_data)
{
  MortiseAgent *self = user_data;
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  if (backend != NULL && backend->vault != NULL)
    mortise_worker_push (self->worker, purge_expired, g_steal_pointer (&backend),
                         (GDestroyNotify) mortise_backend_unref);
  return G_SOURCE_CONTINUE;
}

void
mortise_agent_retry (MortiseAgent *self,
                     void (*done) (const GError *problem, gpointer user_data),
                     gpointer user_data)
{
  if (done != NULL)
    {
      Retry *retry = g_new0 (Retry, 1);

      retry->done = done;
      retry->user_data = user_data;
      self->retries = g_slist_prepend (self->retries, retry);
    }
  mortise_agent_start_opening (self);
}

void
mortise_agent_vault_was_reset (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  if (backend != NULL && backend->authenticator != NULL)
    mortise_agent_push_power_up (self, backend);
}

void
mortise_agent_begin_vault (MortiseAgent *self)
{
  self->idle_lock = mortise_idle_lock_new (idle_cb, self);
  self->purge_timer = g_timeout_add_seconds (24 * 60 * 60, purge_cb, self);
  mortise_agent_start_opening (self);
}
