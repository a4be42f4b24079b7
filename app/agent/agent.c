/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/agent-private.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>

#include "app/agent/demo-keyring.h"

enum
{
  SIGNAL_STATUS_CHANGED,
  SIGNAL_PASSKEYS_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseAgent, mortise_agent, G_TYPE_OBJECT)

void
mortise_agent_quit (MortiseAgent *self, MortiseAgentExit status)
{
  if (self->exit_status == MORTISE_AGENT_EXIT_OK)
    self->exit_status = status;
  g_main_loop_quit (self->loop);
}

void
mortise_agent_emit_status_changed (MortiseAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_STATUS_CHANGED], 0);
}

void
mortise_agent_emit_passkeys_changed (MortiseAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_PASSKEYS_CHANGED], 0);
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
    mortise_agent_update_device (self);
  else
    mortise_agent_emit_status_changed (self);
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

/* --- The session bus ---------------------------------------------------------------------------
 */

static void
bus_settled (MortiseAgent *self)
{
  if (self->bus_settled)
    return;
  self->bus_settled = TRUE;
  if (self->opened_once)
    mortise_agent_update_device (self);
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
  mortise_agent_quit (self, MORTISE_AGENT_EXIT_ALREADY_RUNNING);
}

static void
bus_closed_cb (GDBusConnection *bus, gboolean vanished, GError *error, MortiseAgent *self)
{
  g_message ("The session bus is gone, so the session is over");
  mortise_agent_quit (self, MORTISE_AGENT_EXIT_OK);
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
  mortise_agent_quit (user_data, MORTISE_AGENT_EXIT_OK);
  return G_SOURCE_CONTINUE;
}

static void
dev_changed_cb (gpointer user_data)
{
  g_debug ("A device node appeared or changed; trying again");
  mortise_agent_retry (user_data, NULL, NULL);
}

static void
start (MortiseAgent *self)
{
  self->cancellable = g_cancellable_new ();
  self->worker = mortise_worker_new ();
  self->device_watch = mortise_device_watch_new (dev_changed_cb, self);
  mortise_agent_connect_device (self);
  mortise_agent_begin_vault (self);
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
  mortise_agent_finish_retries (self);

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
