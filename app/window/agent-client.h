/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseAgentState:
 * @MORTISE_AGENT_CONNECTING: looking for the agent, or starting it
 * @MORTISE_AGENT_MISSING: not running and could not be started
 * @MORTISE_AGENT_UNAVAILABLE: runs but cannot serve: see the problem
 * @MORTISE_AGENT_NO_VAULT: there is no vault yet
 * @MORTISE_AGENT_LOCKED: nothing can be listed
 * @MORTISE_AGENT_LISTABLE: passkeys can be listed, not used
 * @MORTISE_AGENT_UNLOCKED: passkeys can be used
 */
typedef enum
{
  MORTISE_AGENT_CONNECTING,
  MORTISE_AGENT_MISSING,
  MORTISE_AGENT_UNAVAILABLE,
  MORTISE_AGENT_NO_VAULT,
  MORTISE_AGENT_LOCKED,
  MORTISE_AGENT_LISTABLE,
  MORTISE_AGENT_UNLOCKED,
} MortiseAgentState;

#define MORTISE_TYPE_AGENT_STATE (mortise_agent_state_get_type ())
GType mortise_agent_state_get_type (void);

/**
 * MortiseAgentClientFlags:
 * @MORTISE_AGENT_CLIENT_DEMO: the demo's agent; it ends with this process
 * @MORTISE_AGENT_CLIENT_START: start the agent if it is not running: by D-Bus activation or, from
 *   a build tree, the program itself
 */
typedef enum
{
  MORTISE_AGENT_CLIENT_NONE = 0,
  MORTISE_AGENT_CLIENT_DEMO = 1 << 0,
  MORTISE_AGENT_CLIENT_START = 1 << 1,
} MortiseAgentClientFlags;

/**
 * MortiseAgentClient:
 *
 * The window's one connection to the agent. Follows it over restarts: the object stays, its state
 * changes. Everything is asynchronous; main thread only.
 *
 * Property `state`; signals `passkeys-changed` and `properties-changed` (any property of the
 * agent).
 */
#define MORTISE_TYPE_AGENT_CLIENT (mortise_agent_client_get_type ())
G_DECLARE_FINAL_TYPE (MortiseAgentClient, mortise_agent_client, MORTISE, AGENT_CLIENT, GObject)

MortiseAgentClient *mortise_agent_client_new (GDBusConnection *connection,
                                              MortiseAgentClientFlags flags);

/** mortise_agent_client_get_connection: Returns: (transfer none): the session bus */
GDBusConnection *mortise_agent_client_get_connection (MortiseAgentClient *self);

/** mortise_agent_client_retry: looks for the agent again, or has it try again what failed */
void mortise_agent_client_retry (MortiseAgentClient *self);

MortiseAgentState mortise_agent_client_get_state (MortiseAgentClient *self);
/** mortise_agent_client_can_list: Returns: %TRUE if the vault is listable or unlocked */
gboolean mortise_agent_client_can_list (MortiseAgentClient *self);
/** mortise_agent_client_is_demo: as the agent says, or as this client was made */
gboolean mortise_agent_client_is_demo (MortiseAgentClient *self);
/** mortise_agent_client_get_problem: Returns: (transfer none): short error name or "" */
const char *mortise_agent_client_get_problem (MortiseAgentClient *self);
/** mortise_agent_client_get_problem_message: Returns: (transfer none): the same for the person, or
 * ""
 */
const char *mortise_agent_client_get_problem_message (MortiseAgentClient *self);
/** mortise_agent_client_get_transport: Returns: "device", "socket", "none", or "" when gone */
const char *mortise_agent_client_get_transport (MortiseAgentClient *self);
/** mortise_agent_client_get_socket_path: Returns: (transfer none): where the transport is "socket",
 * its path, else "" */
const char *mortise_agent_client_get_socket_path (MortiseAgentClient *self);
/** mortise_agent_client_find_device: Returns: (transfer full) (nullable): where a client reaches
 * the agent's virtual security key: the kernel's node, or the socket of an agent that has only that
 */
char *mortise_agent_client_find_device (MortiseAgentClient *self);
const char *mortise_agent_client_get_agent_version (MortiseAgentClient *self);
#define MORTISE_AGENT_PIN_RETRIES_MAX 8
/** mortise_agent_client_get_pin_retries: Returns: tries of the PIN that are left, of
 * %MORTISE_AGENT_PIN_RETRIES_MAX */
guint mortise_agent_client_get_pin_retries (MortiseAgentClient *self);
/** mortise_agent_client_has_recovery_code: Returns: %FALSE only for a vault that has none */
gboolean mortise_agent_client_has_recovery_code (MortiseAgentClient *self);
/** mortise_agent_client_has_login_keyslot: Returns: %TRUE if who is logged in can list the passkeys
 * without the PIN */
gboolean mortise_agent_client_has_login_keyslot (MortiseAgentClient *self);
/** mortise_agent_client_dup_tpm: Returns: (transfer full) (nullable): a{sv}, see the interface */
GVariant *mortise_agent_client_dup_tpm (MortiseAgentClient *self);
/** mortise_agent_client_has_software_tpm: Returns: %TRUE if what the TPM says of hardware is not so
 */
gboolean mortise_agent_client_has_software_tpm (MortiseAgentClient *self);

/**
 * mortise_agent_client_call:
 * @method: a method of the interface
 * @parameters: (nullable): floating tuple
 *
 * Waits as long as it takes, since the person may be asked.
 */
void mortise_agent_client_call (MortiseAgentClient *self,
                                const char *method,
                                GVariant *parameters,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/** mortise_agent_client_call_finish: Returns: (transfer full): the tuple; errors are for people */
GVariant *
mortise_agent_client_call_finish (MortiseAgentClient *self, GAsyncResult *result, GError **error);

/** mortise_agent_error_is_quiet: Returns: %TRUE if the person ended it and needs no message */
gboolean mortise_agent_error_is_quiet (const GError *error);

G_END_DECLS
