/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent/agent.h"
#include "app/agent/dbus-service.h"
#include "app/agent/demo.h"
#include "app/agent/device-watch.h"
#include "app/agent/device.h"
#include "app/agent/idle-lock.h"
#include "app/agent/notifier.h"
#include "app/agent/worker.h"
#include "core/platform/session-monitor.h"

G_BEGIN_DECLS

/* What the parts of the agent share: agent.c, its life, the buses and the login session;
 * agent-vault.c, TPM and vault; agent-device.c, the device and what clients ask through it. */

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
  GSList *retries; /* who waits for the end of the opening */
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

/* --- agent.c -----------------------------------------------------------------------------------
 */

void mortise_agent_quit (MortiseAgent *self, MortiseAgentExit status);
void mortise_agent_emit_status_changed (MortiseAgent *self);
void mortise_agent_emit_passkeys_changed (MortiseAgent *self);

/* --- agent-vault.c: on the main context --------------------------------------------------------
 */

/** mortise_agent_begin_vault: opens TPM and vault, and looks after the vault from then on */
void mortise_agent_begin_vault (MortiseAgent *self);

/** mortise_agent_start_opening: unless it is under way; what works stays */
void mortise_agent_start_opening (MortiseAgent *self);

/** mortise_agent_finish_retries: tells those who asked for another try how it ended */
void mortise_agent_finish_retries (MortiseAgent *self);

/* --- agent-device.c: on the main context -------------------------------------------------------
 */

/** mortise_agent_connect_device: from now on what the device gets is answered */
void mortise_agent_connect_device (MortiseAgent *self);

/** mortise_agent_update_device: plugs the device in if there is a vault to answer from, else takes
 * it away */
void mortise_agent_update_device (MortiseAgent *self);

/** mortise_agent_push_power_up: for clients it is as if the device was just plugged in */
void mortise_agent_push_power_up (MortiseAgent *self, MortiseBackend *backend);

G_END_DECLS
