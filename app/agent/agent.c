/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/agent.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <malloc.h>

#include "app/agent/agent-requests.h"
#include "app/agent/dbus-service.h"
#include "app/agent/demo-keyring.h"
#include "app/agent/demo.h"
#include "app/agent/device-watch.h"
#include "app/agent/device.h"
#include "app/agent/idle-lock.h"
#include "app/agent/notifier.h"
#include "app/agent/worker.h"
#include "core/platform/fingerprint.h"
#include "core/platform/session-monitor.h"
#include "core/vault/vault-settings.h"

#define DEFAULT_IDLE_LOCK_S 300

struct _MortiseAgent
{
  GObject parent_instance;

  /* Set at construction. */
  char *data_dir;
  char *tcti;
  char *bus_name;
  int idle_lock_override;
  gboolean builtin_uv;
  gboolean memory_locked;
  MortiseDemo *demo; /* nullable */
  MortiseKeyring *keyring;
  MortisePrompter *prompter;
  MortiseFingerprint *fingerprint;

  /* Main context only. */
  GMainLoop *loop;
  MortiseAgentExit exit_status;
  MortiseWorker *worker;
  MortiseDevice *device;
  MortiseDeviceWatch *device_watch;
  MortiseIdleLock *idle_lock;
  MortiseSessionMonitor *session_monitor; /* nullable until the system bus answered */
  GDBusConnection *bus;                   /* nullable */
  MortiseDBusService *service;            /* nullable */
  MortiseNotifier *notifier;              /* nullable */
  GCancellable *cancellable;
  guint name_id;
  gboolean bus_settled;
  gboolean opened_once;
  gboolean wants_u2f;
  GSList *retries; /* of Retry */
  guint purge_timer;

  /* Shared with D-Bus threads. */
  GMutex lock;
  GCond opened;
  gboolean ending;
  gboolean opening;
  MortiseBackend *backend; /* nullable until first opened */
  GError *device_problem;
  gboolean device_up;
  gboolean session_available;
  gboolean session_active;
};

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

enum
{
  SIGNAL_STATUS_CHANGED,
  SIGNAL_PASSKEYS_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseAgent, mortise_agent, G_TYPE_OBJECT)

static void
quit (MortiseAgent *self, MortiseAgentExit status)
{
  if (self->exit_status == MORTISE_AGENT_EXIT_OK)
    self->exit_status = status;
  g_main_loop_quit (self->loop);
}

static void
emit_status_changed (MortiseAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_STATUS_CHANGED], 0);
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

/* --- The device --------------------------------------------------------------------------------
 */

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

static void
push_power_up (MortiseAgent *self, MortiseBackend *backend)
{
  mortise_worker_push (self->worker, power_up, mortise_backend_ref (backend),
                       (GDestroyNotify) mortise_backend_unref);
}

/* There is a device only where there is a vault to answer from: a key that always fails would only
 * be in the way of the person's other ones. */
static void
update_device (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);
  g_autoptr (GError) error = NULL;

  if (self->ending || backend == NULL || backend->vault == NULL)
    mortise_device_stop (self->device);
  else if (self->bus_settled && !mortise_device_is_up (self->device))
    {
      push_power_up (self, backend);
      mortise_device_set_u2f (self->device, self->wants_u2f);
      if (mortise_device_start (self->device, &error))
        g_info ("The security key is plugged in");
      else
        g_message ("%s", error->message);
    }
  publish_device (self);
  update_device_watch (self);
  emit_status_changed (self);
}

static void
device_failed_cb (MortiseDevice *device, MortiseAgent *self)
{
  g_message ("%s", mortise_device_get_problem (device)->message);
  publish_device (self);
  update_device_watch (self);
  emit_status_changed (self);
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
  emit_status_changed (self);
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

/* --- The login session --------------------------------------------------------------------------
 */

static void
lock_wanted_cb (MortiseSessionMonitor *monitor, const char *reason, MortiseAgent *self)
{
  g_debug ("Locking because of %s", reason);
  /* Here and now: on sleep the machine waits only until this returns. */
  mortise_agent_lock (self);
}

static void
session_changed_cb (MortiseSessionMonitor *monitor, GParamSpec *pspec, MortiseAgent *self)
{
  gboolean active = mortise_session_monitor_is_active (monitor);

  g_mutex_lock (&self->lock);
  self->session_available = mortise_session_monitor_is_available (monitor);
  self->session_active = active;
  g_mutex_unlock (&self->lock);
  if (!active)
    mortise_prompter_withdraw (self->prompter, MORTISE_ERROR_DENIED);
  /* The system service refuses a device to who is not in front. */
  if (active && self->opened_once)
    update_device (self);
  else
    emit_status_changed (self);
}

static void
system_bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);
  MortiseAgent *self = user_data;

  if (self->ending)
    return;
  if (bus != NULL)
    g_dbus_connection_set_exit_on_close (bus, FALSE);
  else
    g_message ("No system bus: the vault will not lock with the session (%s)", error->message);
  mortise_fingerprint_set_bus (self->fingerprint, bus);
  self->session_monitor = mortise_session_monitor_new (bus);
  g_signal_connect (self->session_monitor, "lock-wanted", G_CALLBACK (lock_wanted_cb), self);
  g_signal_connect (self->session_monitor, "notify", G_CALLBACK (session_changed_cb), self);
  session_changed_cb (self->session_monitor, NULL, self);
}

/* --- TPM and vault -----------------------------------------------------------------------------
 */

static void
state_changed_cb (MortiseVault *vault, MortiseAgent *self)
{
  if (mortise_vault_get_state (vault) == MORTISE_VAULT_UNLOCKED)
    mortise_idle_lock_start (self->idle_lock);
  else
    mortise_idle_lock_stop (self->idle_lock);
  update_idle_timeout (self);
  emit_status_changed (self);
  /* With a vault comes U2F, and without one it goes. */
  mortise_agent_settings_changed (self);
}

static void
credentials_changed_cb (MortiseVault *vault, MortiseAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_PASSKEYS_CHANGED], 0);
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

static void
finish_retries (MortiseAgent *self)
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
      quit (self, MORTISE_AGENT_EXIT_ALREADY_RUNNING);
    }
  else if (!self->ending)
    {
      update_idle_timeout (self);
      if (opening->opened->vault != NULL)
        state_changed_cb (opening->opened->vault, self);
      update_device (self);
    }
  finish_retries (self);
  g_signal_emit (self, signals[SIGNAL_PASSKEYS_CHANGED], 0);
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

static void
start_opening (MortiseAgent *self)
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
dev_changed_cb (gpointer user_data)
{
  g_debug ("A device node appeared or changed; trying again");
  mortise_agent_retry (user_data, NULL, NULL);
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

/* --- The session bus ---------------------------------------------------------------------------
 */

static void
bus_settled (MortiseAgent *self)
{
  if (self->bus_settled)
    return;
  self->bus_settled = TRUE;
  if (self->opened_once)
    update_device (self);
}

static void
name_acquired_cb (GDBusConnection *bus, const char *name, gpointer user_data)
{
  g_debug ("Serving as %s", name);
  bus_settled (user_data);
}

static void
name_lost_cb (GDBusConnection *bus, const char *name, gpointer user_data)
{
  MortiseAgent *self = user_data;

  /* Without a bus: its end is handled by bus_closed_cb(). */
  if (bus == NULL || g_dbus_connection_is_closed (bus))
    return;
  g_printerr (_ ("Another Mortise agent serves this session (%s). Nothing was changed; this one "
                 "ends.\n"),
              name);
  quit (self, MORTISE_AGENT_EXIT_ALREADY_RUNNING);
}

static void
bus_closed_cb (GDBusConnection *bus, gboolean vanished, GError *error, MortiseAgent *self)
{
  g_message ("The session bus is gone, so the session is over");
  quit (self, MORTISE_AGENT_EXIT_OK);
}

static void
session_bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);
  MortiseAgent *self = user_data;

  if (self->ending)
    return;
  if (bus != NULL)
    {
      g_dbus_connection_set_exit_on_close (bus, FALSE);
      g_signal_connect (bus, "closed", G_CALLBACK (bus_closed_cb), self);
      self->bus = g_steal_pointer (&bus);
      /* A demo's window is there to say it. */
      if (self->demo == NULL)
        self->notifier = mortise_notifier_new (self->bus);
      self->service = mortise_dbus_service_new (self, self->bus, &error);
    }
  if (self->service == NULL)
    {
      g_message ("No session bus: the window and mortisectl cannot reach the agent (%s)",
                 error->message);
      bus_settled (self);
      return;
    }
  self->name_id =
      g_bus_own_name_on_connection (self->bus, self->bus_name, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                    name_acquired_cb, name_lost_cb, self, NULL);
}

/* --- Life --------------------------------------------------------------------------------------
 */

static gboolean
terminate_cb (gpointer user_data)
{
  g_debug ("Ending");
  quit (user_data, MORTISE_AGENT_EXIT_OK);
  return G_SOURCE_CONTINUE;
}

static void
start (MortiseAgent *self)
{
  self->cancellable = g_cancellable_new ();
  self->worker = mortise_worker_new ();
  self->idle_lock = mortise_idle_lock_new (idle_cb, self);
  self->device_watch = mortise_device_watch_new (dev_changed_cb, self);
  self->purge_timer = g_timeout_add_seconds (24 * 60 * 60, purge_cb, self);
  g_signal_connect (self->device, "request", G_CALLBACK (request_cb), self);
  g_signal_connect (self->device, "wink", G_CALLBACK (wink_cb), self);
  g_signal_connect (self->device, "failed", G_CALLBACK (device_failed_cb), self);

  start_opening (self);
  g_bus_get (G_BUS_TYPE_SESSION, self->cancellable, session_bus_cb, self);
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, system_bus_cb, self);
}

static void
close_backend (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = NULL;

  g_mutex_lock (&self->lock);
  backend = g_steal_pointer (&self->backend);
  g_mutex_unlock (&self->lock);
  if (backend == NULL)
    return;
  if (backend->vault != NULL)
    g_signal_handlers_disconnect_by_data (backend->vault, self);
  mortise_backend_close (backend);
}

/* In an order in which nothing that still works can reach what is gone. */
static void
stop (MortiseAgent *self)
{
  g_mutex_lock (&self->lock);
  self->ending = TRUE;
  g_cond_broadcast (&self->opened);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->cancellable);
  mortise_prompter_shut_down (self->prompter);
  mortise_device_stop (self->device);
  if (self->bus != NULL)
    g_signal_handlers_disconnect_by_data (self->bus, self);
  if (self->name_id != 0)
    g_bus_unown_name (self->name_id);
  g_clear_pointer (&self->service, mortise_dbus_service_free);
  g_clear_pointer (&self->notifier, mortise_notifier_free);
  g_clear_pointer (&self->worker, mortise_worker_free);
  /* What the worker and cancelled calls still have to say to the main context. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  finish_retries (self);

  if (self->session_monitor != NULL)
    g_signal_handlers_disconnect_by_data (self->session_monitor, self);
  g_clear_object (&self->session_monitor);
  mortise_fingerprint_set_bus (self->fingerprint, NULL);
  g_clear_handle_id (&self->purge_timer, g_source_remove);
  g_clear_pointer (&self->idle_lock, mortise_idle_lock_free);
  g_clear_pointer (&self->device_watch, mortise_device_watch_free);
  g_signal_handlers_disconnect_by_data (self->device, self);
  mortise_prompter_set_vault (self->prompter, NULL);
  close_backend (self);
  if (self->bus != NULL)
    g_dbus_connection_flush_sync (self->bus, NULL, NULL);
  g_clear_object (&self->bus);
  g_clear_pointer (&self->demo, mortise_demo_free);
}

MortiseAgentExit
mortise_agent_run (MortiseAgent *self)
{
  guint sigterm = g_unix_signal_add (SIGTERM, terminate_cb, self);
  guint sigint = g_unix_signal_add (SIGINT, terminate_cb, self);
  guint sighup = g_unix_signal_add (SIGHUP, terminate_cb, self);

  start (self);
  g_main_loop_run (self->loop);
  stop (self);
  g_source_remove (sigterm);
  g_source_remove (sigint);
  g_source_remove (sighup);
  return self->exit_status;
}

static void
mortise_agent_finalize (GObject *object)
{
  MortiseAgent *self = MORTISE_AGENT (object);

  g_clear_pointer (&self->demo, mortise_demo_free);
  g_clear_object (&self->device);
  g_clear_object (&self->prompter);
  g_clear_object (&self->fingerprint);
  g_clear_object (&self->keyring);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->device_problem);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_free (self->data_dir);
  g_free (self->tcti);
  g_free (self->bus_name);
  g_cond_clear (&self->opened);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (mortise_agent_parent_class)->finalize (object);
}

static void
mortise_agent_class_init (MortiseAgentClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = mortise_agent_finalize;
  signals[SIGNAL_STATUS_CHANGED] =
      g_signal_new ("status-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_PASSKEYS_CHANGED] = g_signal_new ("passkeys-changed", type, G_SIGNAL_RUN_LAST, 0,
                                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_agent_init (MortiseAgent *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->opened);
  self->loop = g_main_loop_new (NULL, FALSE);
  /* Until logind says otherwise. */
  self->session_active = TRUE;
}

static const char *
first_set (const char *given, const char *otherwise)
{
  return given != NULL ? given : otherwise;
}

MortiseAgent *
mortise_agent_new (const MortiseAgentOptions *options, gboolean memory_locked, GError **error)
{
  g_autoptr (MortiseAgent) self = g_object_new (MORTISE_TYPE_AGENT, NULL);
  const MortiseDemo none = { NULL };
  const MortiseDemo *demo = &none;

  if (options->demo)
    {
      self->demo = mortise_demo_start (error);
      if (self->demo == NULL)
        return NULL;
      demo = self->demo;
    }
  self->data_dir = g_strdup (first_set (options->data_dir, demo->data_dir));
  self->tcti = g_strdup (first_set (options->tcti, demo->tcti));
  self->bus_name = g_strdup (options->bus_name);
  self->idle_lock_override = options->idle_lock;
  self->builtin_uv = !options->no_builtin_uv;
  self->memory_locked = memory_locked;
  self->device = mortise_device_new (first_set (options->transport, demo->transport), error);
  if (self->device == NULL)
    return NULL;
  self->keyring =
      options->demo ? mortise_demo_keyring_new () : mortise_secret_service_keyring_new ();
  self->prompter = mortise_prompter_new (options->prompter, options->demo);
  self->fingerprint = mortise_fingerprint_new ();
  mortise_prompter_set_fingerprint (self->prompter, self->fingerprint);
  return g_steal_pointer (&self);
}

/* --- For the D-Bus service ----------------------------------------------------------------------
 */

void
mortise_agent_status_free (MortiseAgentStatus *status)
{
  if (status == NULL)
    return;
  g_clear_error (&status->vault_problem);
  g_clear_error (&status->device_problem);
  g_free (status->socket_path);
  g_free (status);
}

MortiseAgentStatus *
mortise_agent_dup_status (MortiseAgent *self)
{
  MortiseAgentStatus *status = g_new0 (MortiseAgentStatus, 1);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  status->opening = self->opening;
  if (self->backend != NULL && self->backend->problem != NULL)
    status->vault_problem = g_error_copy (self->backend->problem);
  if (self->device_problem != NULL)
    status->device_problem = g_error_copy (self->device_problem);
  status->device_up = self->device_up;
  status->transport = self->device_up ? mortise_device_get_kind (self->device) : "none";
  status->socket_path =
      g_strdup (self->device_up ? mortise_device_get_socket_path (self->device) : "");
  status->memory_locked = self->memory_locked;
  status->session_available = self->session_available;
  status->session_active = self->session_active;
  return status;
}

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

MortisePrompter *
mortise_agent_get_prompter (MortiseAgent *self)
{
  return self->prompter;
}

MortiseFingerprint *
mortise_agent_get_fingerprint (MortiseAgent *self)
{
  return self->fingerprint;
}

gboolean
mortise_agent_is_demo (MortiseAgent *self)
{
  return self->demo != NULL;
}

void
mortise_agent_lock (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  mortise_prompter_withdraw (self->prompter, MORTISE_ERROR_DENIED);
  if (backend != NULL)
    lock_vault (backend);
}

void
mortise_agent_vault_was_reset (MortiseAgent *self)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  if (backend != NULL && backend->authenticator != NULL)
    push_power_up (self, backend);
}

/* Reads in the worker's thread what of the settings the device shows. */
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
      emit_status_changed (self);
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
  start_opening (self);
}

gboolean
mortise_agent_replug (MortiseAgent *self, GError **error)
{
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (self);

  if (backend == NULL || backend->vault == NULL)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING,
                           _ ("There is no security key to plug in, as the vault is not open. "
                              "Mend that first; the health page says how."));
      return FALSE;
    }
  mortise_device_stop (self->device);
  update_device (self);
  if (mortise_device_is_up (self->device))
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (mortise_device_get_problem (self->device));
  return FALSE;
}
