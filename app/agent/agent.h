/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent/agent-options.h"
#include "app/agent/backend.h"
#include "app/agent/prompter.h"
#include "core/platform/fingerprint.h"

G_BEGIN_DECLS

/** What mortise-agent ends with. */
typedef enum
{
  MORTISE_AGENT_EXIT_OK = 0,
  MORTISE_AGENT_EXIT_FAILED = 1,
  MORTISE_AGENT_EXIT_USAGE = 2,
  MORTISE_AGENT_EXIT_ALREADY_RUNNING = 3,
} MortiseAgentExit;

/**
 * MortiseAgentStatus:
 * @opening: TPM and vault are being opened; what is below may change in a moment
 * @vault_problem: (nullable): why the vault is not open
 * @device_problem: (nullable): why clients cannot reach the authenticator
 * @device_up: they can
 * @transport: "device", "socket", or "none" while it is not up
 * @socket_path: the socket's path, or ""
 * @memory_locked: secrets are in locked memory
 * @session_available: logind answers
 * @session_active: our session is the one in front
 *
 * How the agent is doing, at one moment.
 */
typedef struct
{
  gboolean opening;
  GError *vault_problem;
  GError *device_problem;
  gboolean device_up;
  const char *transport;
  char *socket_path;
  gboolean memory_locked;
  gboolean session_available;
  gboolean session_active;
} MortiseAgentStatus;

void mortise_agent_status_free (MortiseAgentStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseAgentStatus, mortise_agent_status_free)

/**
 * MortiseAgent:
 *
 * The process's life: opens TPM and vault, plugs the device in, owns the bus name, locks when it
 * must, and lives on without what is missing.
 *
 * Signals, on the main context: `status-changed`: the status, the vault's state or its PIN tries;
 * `passkeys-changed`.
 */
#define MORTISE_TYPE_AGENT (mortise_agent_get_type ())
G_DECLARE_FINAL_TYPE (MortiseAgent, mortise_agent, MORTISE, AGENT, GObject)

/**
 * mortise_agent_new:
 * @options: copied
 * @memory_locked: what mortise_secret_init_memory() said
 *
 * Returns: (transfer full): an agent that does nothing yet; %MORTISE_ERROR_INVALID_ARGUMENT for a
 *   wrong transport; for a demo, what mortise_demo_start() says
 */
MortiseAgent *
mortise_agent_new (const MortiseAgentOptions *options, gboolean memory_locked, GError **error);

/**
 * mortise_agent_run:
 *
 * Serves until SIGTERM, SIGINT or the end of the session bus, then cleans up: what is under way is
 * cancelled, keys are wiped, the device is taken out.
 */
MortiseAgentExit mortise_agent_run (MortiseAgent *self);

/* --- For the D-Bus service; from any thread ----------------------------------------------------
 */

/** mortise_agent_dup_status: (transfer full) */
MortiseAgentStatus *mortise_agent_dup_status (MortiseAgent *self);

/**
 * mortise_agent_ref_backend:
 *
 * Waits while TPM and vault are being opened.
 *
 * Returns: (transfer full): the backend, its vault open; otherwise why it is not
 */
MortiseBackend *mortise_agent_ref_backend (MortiseAgent *self, GError **error);

/** mortise_agent_peek_backend: as ref_backend, but with or without an open vault, and at once */
MortiseBackend *mortise_agent_peek_backend (MortiseAgent *self);

/** mortise_agent_get_prompter: Returns: (transfer none) */
MortisePrompter *mortise_agent_get_prompter (MortiseAgent *self);

/** mortise_agent_get_fingerprint: Returns: (transfer none) */
MortiseFingerprint *mortise_agent_get_fingerprint (MortiseAgent *self);

/** mortise_agent_is_demo: Returns: whether TPM and vault are those of a demo, gone when it ends */
gboolean mortise_agent_is_demo (MortiseAgent *self);

/** mortise_agent_lock: wipes the vault's keys and takes questions off the screen */
void mortise_agent_lock (MortiseAgent *self);

/** mortise_agent_vault_was_reset: pending authenticator state goes as well */
void mortise_agent_vault_was_reset (MortiseAgent *self);

/** mortise_agent_settings_changed: what was set takes effect */
void mortise_agent_settings_changed (MortiseAgent *self);

/* --- For the D-Bus service; on the main context ------------------------------------------------
 */

/**
 * mortise_agent_retry:
 * @done: (nullable): called on the main context with what is still wrong, or %NULL
 *
 * Tries again what failed: the TPM, the vault, the device.
 */
void mortise_agent_retry (MortiseAgent *self,
                          void (*done) (const GError *problem, gpointer user_data),
                          gpointer user_data);

/** mortise_agent_replug: takes the device out and plugs it in again */
gboolean mortise_agent_replug (MortiseAgent *self, GError **error);

G_END_DECLS
