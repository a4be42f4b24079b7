/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent/dbus-service.h"

G_BEGIN_DECLS

/**
 * MortiseDBusCall:
 * @service: the service
 * @agent: its agent
 * @sender: unique bus name of the caller
 * @parameters: the arguments, of the types that the interface says
 * @cancellable: cancelled when the caller leaves the bus or the agent ends
 * @invocation: for methods that answer later, see %MORTISE_DBUS_LATER
 *
 * One method call under way, in a thread of its own.
 */
typedef struct
{
  MortiseDBusService *service;
  MortiseAgent *agent;
  const char *sender;
  GVariant *parameters;
  GCancellable *cancellable;
  GDBusMethodInvocation *invocation;
} MortiseDBusCall;

/**
 * MortiseDBusMethod:
 *
 * Returns: (transfer floating): the reply's arguments as a tuple, or %NULL with @error set; %NULL
 *   without an error means that the method keeps the invocation and answers it later
 */
typedef GVariant *(*MortiseDBusMethod) (MortiseDBusCall *call, GError **error);

/** mortise_dbus_empty_reply: (transfer floating): no arguments */
GVariant *mortise_dbus_empty_reply (void);

/**
 * mortise_dbus_call_ask:
 * @dict: members of the question; cleared; "kind" and "requester" are added
 *
 * Asks the person about a call, as mortise_prompter_ask().
 */
gboolean mortise_dbus_call_ask (MortiseDBusCall *call,
                                const char *kind,
                                GVariantDict *dict,
                                gboolean needs_pin,
                                gboolean needs_new_pin,
                                MortisePromptAccept accept,
                                gpointer user_data,
                                GError **error);

/** mortise_dbus_call_ask_showing, _ask_recovery: as mortise_prompter_ask_showing() and so on */
gboolean mortise_dbus_call_ask_showing (MortiseDBusCall *call,
                                        const char *kind,
                                        GVariantDict *dict,
                                        MortisePromptMakeCode make,
                                        MortisePromptKeepCode keep,
                                        gpointer user_data,
                                        GError **error);
gboolean mortise_dbus_call_ask_recovery (MortiseDBusCall *call,
                                         const char *kind,
                                         GVariantDict *dict,
                                         GError **error);

/** mortise_dbus_service_refresh: publishes the properties anew; any thread */
void mortise_dbus_service_refresh (MortiseDBusService *service);

/** mortise_dbus_service_refresh_lockout: asks the TPM anew and publishes it; any thread; blocks */
void mortise_dbus_service_refresh_lockout (MortiseDBusService *service);

/* dbus-vault.c */
GVariant *mortise_dbus_create_vault (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_unlock (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_lock (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_change_pin (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_reset (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_replug (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_retry (MortiseDBusCall *call, GError **error);

/* dbus-keyslots.c */
GVariant *mortise_dbus_reset_pin (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_create_recovery_code (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_get_keyslots (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_set_keyslot (MortiseDBusCall *call, GError **error);

/* dbus-passkeys.c */
GVariant *mortise_dbus_list_passkeys (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_get_passkey (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_get_history (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_read_protection (MortiseDBusCall *call, GError **error);

/* dbus-edit.c */
GVariant *mortise_dbus_edit_passkey (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_delete_passkeys (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_restore_passkeys (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_purge_passkeys (MortiseDBusCall *call, GError **error);

/* dbus-settings.c */
GVariant *mortise_dbus_get_settings (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_set_setting (MortiseDBusCall *call, GError **error);
GVariant *mortise_dbus_get_fingerprint (MortiseDBusCall *call, GError **error);

/* dbus-health.c */
GVariant *mortise_dbus_get_health (MortiseDBusCall *call, GError **error);

G_END_DECLS
