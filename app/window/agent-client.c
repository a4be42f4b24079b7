/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/agent-client.h"

#include "app/agent-dbus.h"
#include "app/window/agent-process.h"
#include "core/hid/hidraw.h"
#include "core/mortise-error.h"

#include <glib/gi18n.h>

/* After the agent went away: seconds before each new try. */
static const guint retry_delays[] = { 1, 2, 5, 15 };

struct _MortiseAgentClient
{
  GObject parent_instance;
  GDBusConnection *connection;
  MortiseAgentClientFlags flags;
  MortiseAgentState state;
  MortiseDBusAgent1 *proxy;
  GCancellable *cancellable;
  MortiseAgentProcess *process;
  guint watch_id;
  guint retry_source;
  guint retries;
};

enum
{
  PROP_STATE = 1,
  N_PROPERTIES,
};

enum
{
  SIGNAL_PASSKEYS_CHANGED,
  SIGNAL_PROPERTIES_CHANGED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseAgentClient, mortise_agent_client, G_TYPE_OBJECT)

GType
mortise_agent_state_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { MORTISE_AGENT_CONNECTING, "MORTISE_AGENT_CONNECTING", "connecting" },
    { MORTISE_AGENT_MISSING, "MORTISE_AGENT_MISSING", "missing" },
    { MORTISE_AGENT_UNAVAILABLE, "MORTISE_AGENT_UNAVAILABLE", "unavailable" },
    { MORTISE_AGENT_NO_VAULT, "MORTISE_AGENT_NO_VAULT", "no-vault" },
    { MORTISE_AGENT_LOCKED, "MORTISE_AGENT_LOCKED", "locked" },
    { MORTISE_AGENT_LISTABLE, "MORTISE_AGENT_LISTABLE", "listable" },
    { MORTISE_AGENT_UNLOCKED, "MORTISE_AGENT_UNLOCKED", "unlocked" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("MortiseAgentState", values));
  return (GType) type;
}

static const char *
get_bus_name (MortiseAgentClient *self)
{
  return (self->flags & MORTISE_AGENT_CLIENT_DEMO) != 0 ? MORTISE_AGENT_NAME ".Demo"
                                                        : MORTISE_AGENT_NAME;
}

static void
set_state (MortiseAgentClient *self, MortiseAgentState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static MortiseAgentState
state_from_proxy (MortiseDBusAgent1 *proxy)
{
  static const struct
  {
    const char *name;
    MortiseAgentState state;
  } states[] = {
    { "no-vault", MORTISE_AGENT_NO_VAULT },
    { "locked", MORTISE_AGENT_LOCKED },
    { "listable", MORTISE_AGENT_LISTABLE },
    { "unlocked", MORTISE_AGENT_UNLOCKED },
  };
  const char *name = mortise_dbus_agent1_get_vault_state (proxy);

  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (states); i++)
    {
      if (g_str_equal (name, states[i].name))
        return states[i].state;
    }
  return MORTISE_AGENT_UNAVAILABLE;
}

static void
on_properties_changed (GDBusProxy *proxy,
                       GVariant *changed,
                       const char *const *invalidated,
                       MortiseAgentClient *self)
{
  set_state (self, state_from_proxy (self->proxy));
  g_signal_emit (self, signals[SIGNAL_PROPERTIES_CHANGED], 0);
}

static void
on_passkeys_changed (MortiseDBusAgent1 *proxy, MortiseAgentClient *self)
{
  g_signal_emit (self, signals[SIGNAL_PASSKEYS_CHANGED], 0);
}

static void
drop_proxy (MortiseAgentClient *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->proxy != NULL)
    g_signal_handlers_disconnect_by_data (self->proxy, self);
  g_clear_object (&self->proxy);
}

static void
on_proxy_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseDBusAgent1) proxy = mortise_dbus_agent1_proxy_new_finish (result, &error);
  MortiseAgentClient *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (proxy == NULL)
    {
      g_debug ("No proxy for the agent: %s", error->message);
      set_state (self, MORTISE_AGENT_MISSING);
      return;
    }
  self->proxy = g_steal_pointer (&proxy);
  self->retries = 0;
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (self->proxy), G_MAXINT);
  g_signal_connect (self->proxy, "g-properties-changed", G_CALLBACK (on_properties_changed), self);
  g_signal_connect (self->proxy, "passkeys-changed", G_CALLBACK (on_passkeys_changed), self);
  set_state (self, state_from_proxy (self->proxy));
  g_signal_emit (self, signals[SIGNAL_PROPERTIES_CHANGED], 0);
}

static void
on_name_appeared (GDBusConnection *connection,
                  const char *name,
                  const char *owner,
                  gpointer user_data)
{
  MortiseAgentClient *self = user_data;

  drop_proxy (self);
  g_clear_handle_id (&self->retry_source, g_source_remove);
  self->cancellable = g_cancellable_new ();
  mortise_dbus_agent1_proxy_new (
      self->connection,
      G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START | G_DBUS_PROXY_FLAGS_GET_INVALIDATED_PROPERTIES,
      get_bus_name (self), MORTISE_AGENT_PATH, self->cancellable, on_proxy_ready, self);
}

static void
spawn_agent (MortiseAgentClient *self)
{
  g_autoptr (GError) error = NULL;
  gboolean demo = (self->flags & MORTISE_AGENT_CLIENT_DEMO) != 0;

  g_clear_pointer (&self->process, mortise_agent_process_free);
  self->process = mortise_agent_process_start (demo, &error);
  if (self->process == NULL)
    {
      g_warning ("The agent cannot be started: %s", error->message);
      set_state (self, MORTISE_AGENT_MISSING);
    }
}

static void
on_start_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseAgentClient) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL || self->proxy != NULL || self->watch_id == 0)
    return;
  /* Not installed: a build tree. */
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN))
    spawn_agent (self);
  else
    {
      g_message ("The agent was not started: %s", error->message);
      set_state (self, MORTISE_AGENT_MISSING);
    }
}

static void
start_agent (MortiseAgentClient *self)
{
  if ((self->flags & MORTISE_AGENT_CLIENT_START) == 0)
    return;
  if ((self->flags & MORTISE_AGENT_CLIENT_DEMO) != 0)
    {
      spawn_agent (self);
      return;
    }
  g_dbus_connection_call (self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "StartServiceByName",
                          g_variant_new ("(su)", get_bus_name (self), 0u), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_start_reply, g_object_ref (self));
}

static gboolean
on_retry_time (gpointer user_data)
{
  MortiseAgentClient *self = user_data;

  self->retry_source = 0;
  start_agent (self);
  return G_SOURCE_REMOVE;
}

static void
on_name_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  MortiseAgentClient *self = user_data;
  gboolean was_there = self->proxy != NULL;

  drop_proxy (self);
  if (self->state == MORTISE_AGENT_CONNECTING && !was_there && self->retries == 0)
    {
      self->retries = 1;
      if ((self->flags & MORTISE_AGENT_CLIENT_START) != 0)
        {
          start_agent (self);
          return;
        }
    }
  set_state (self, MORTISE_AGENT_MISSING);
  g_signal_emit (self, signals[SIGNAL_PROPERTIES_CHANGED], 0);
  if (self->retry_source == 0 && self->retries < G_N_ELEMENTS (retry_delays))
    self->retry_source = g_timeout_add_seconds (retry_delays[self->retries++], on_retry_time, self);
}

static void
mortise_agent_client_dispose (GObject *object)
{
  MortiseAgentClient *self = MORTISE_AGENT_CLIENT (object);

  g_clear_handle_id (&self->watch_id, g_bus_unwatch_name);
  g_clear_handle_id (&self->retry_source, g_source_remove);
  drop_proxy (self);
  g_clear_pointer (&self->process, mortise_agent_process_free);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (mortise_agent_client_parent_class)->dispose (object);
}

static void
mortise_agent_client_get_property (GObject *object,
                                   guint property_id,
                                   GValue *value,
                                   GParamSpec *pspec)
{
  if (property_id == PROP_STATE)
    g_value_set_enum (value, (int) MORTISE_AGENT_CLIENT (object)->state);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
mortise_agent_client_class_init (MortiseAgentClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = mortise_agent_client_dispose;
  object_class->get_property = mortise_agent_client_get_property;
  properties[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, MORTISE_TYPE_AGENT_STATE, MORTISE_AGENT_CONNECTING,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  signals[SIGNAL_PASSKEYS_CHANGED] =
      g_signal_new ("passkeys-changed", MORTISE_TYPE_AGENT_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_PROPERTIES_CHANGED] =
      g_signal_new ("properties-changed", MORTISE_TYPE_AGENT_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL,
                    NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_agent_client_init (MortiseAgentClient *self)
{
  self->state = MORTISE_AGENT_CONNECTING;
}

MortiseAgentClient *
mortise_agent_client_new (GDBusConnection *connection, MortiseAgentClientFlags flags)
{
  MortiseAgentClient *self = g_object_new (MORTISE_TYPE_AGENT_CLIENT, NULL);

  /* Makes the agent's error names known to GDBus. */
  mortise_error_quark ();
  self->connection = g_object_ref (connection);
  self->flags = flags;
  self->watch_id = g_bus_watch_name_on_connection (connection, get_bus_name (self),
                                                   G_BUS_NAME_WATCHER_FLAGS_NONE, on_name_appeared,
                                                   on_name_vanished, self, NULL);
  return self;
}

void
mortise_agent_client_retry (MortiseAgentClient *self)
{
  if (self->proxy != NULL)
    {
      mortise_agent_client_call (self, "Retry", NULL, NULL, NULL, NULL);
      return;
    }
  g_clear_handle_id (&self->retry_source, g_source_remove);
  self->retries = 1;
  if ((self->flags & MORTISE_AGENT_CLIENT_START) != 0)
    set_state (self, MORTISE_AGENT_CONNECTING);
  start_agent (self);
}

GDBusConnection *
mortise_agent_client_get_connection (MortiseAgentClient *self)
{
  return self->connection;
}

MortiseAgentState
mortise_agent_client_get_state (MortiseAgentClient *self)
{
  return self->state;
}

gboolean
mortise_agent_client_can_list (MortiseAgentClient *self)
{
  return self->state == MORTISE_AGENT_LISTABLE || self->state == MORTISE_AGENT_UNLOCKED;
}

gboolean
mortise_agent_client_is_demo (MortiseAgentClient *self)
{
  return (self->flags & MORTISE_AGENT_CLIENT_DEMO) != 0 ||
         (self->proxy != NULL && mortise_dbus_agent1_get_demo (self->proxy));
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

const char *
mortise_agent_client_get_problem (MortiseAgentClient *self)
{
  return self->proxy == NULL ? "" : or_empty (mortise_dbus_agent1_get_problem (self->proxy));
}

const char *
mortise_agent_client_get_problem_message (MortiseAgentClient *self)
{
  return self->proxy == NULL ? ""
                             : or_empty (mortise_dbus_agent1_get_problem_message (self->proxy));
}

const char *
mortise_agent_client_get_transport (MortiseAgentClient *self)
{
  return self->proxy == NULL ? "" : or_empty (mortise_dbus_agent1_get_transport (self->proxy));
}

const char *
mortise_agent_client_get_socket_path (MortiseAgentClient *self)
{
  return self->proxy == NULL ? "" : or_empty (mortise_dbus_agent1_get_socket_path (self->proxy));
}

char *
mortise_agent_client_find_device (MortiseAgentClient *self)
{
  const char *transport = mortise_agent_client_get_transport (self);

  if (g_str_equal (transport, "socket"))
    return g_strdup (mortise_agent_client_get_socket_path (self));
  if (g_str_equal (transport, "device"))
    return mortise_hidraw_find ("/sys/class/hidraw", "/dev");
  return NULL;
}

const char *
mortise_agent_client_get_agent_version (MortiseAgentClient *self)
{
  return self->proxy == NULL ? "" : or_empty (mortise_dbus_agent1_get_version (self->proxy));
}

guint
mortise_agent_client_get_pin_retries (MortiseAgentClient *self)
{
  return self->proxy == NULL ? MORTISE_AGENT_PIN_RETRIES_MAX
                             : mortise_dbus_agent1_get_pin_retries (self->proxy);
}

gboolean
mortise_agent_client_has_recovery_code (MortiseAgentClient *self)
{
  return self->proxy == NULL || mortise_dbus_agent1_get_has_recovery_code (self->proxy);
}

gboolean
mortise_agent_client_has_login_keyslot (MortiseAgentClient *self)
{
  return self->proxy != NULL && mortise_dbus_agent1_get_has_login_keyslot (self->proxy);
}

GVariant *
mortise_agent_client_dup_tpm (MortiseAgentClient *self)
{
  return self->proxy == NULL ? NULL : mortise_dbus_agent1_dup_tpm (self->proxy);
}

gboolean
mortise_agent_client_has_software_tpm (MortiseAgentClient *self)
{
  g_autoptr (GVariant) tpm = mortise_agent_client_dup_tpm (self);
  gboolean software = FALSE;

  return tpm != NULL && g_variant_lookup (tpm, "software", "b", &software) && software;
}

static void
on_call_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);

  if (reply != NULL)
    {
      g_task_return_pointer (task, g_steal_pointer (&reply), (GDestroyNotify) g_variant_unref);
      return;
    }
  g_dbus_error_strip_remote_error (error);
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    {
      g_task_return_new_error (task, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                               _ ("Mortise’s background service stopped before it was done. "
                                  "Nothing was changed unless the list shows it; try again."));
      return;
    }
  g_task_return_error (task, g_steal_pointer (&error));
}

void
mortise_agent_client_call (MortiseAgentClient *self,
                           const char *method,
                           GVariant *parameters,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GVariant) sunk = parameters == NULL ? NULL : g_variant_ref_sink (parameters);

  g_task_set_source_tag (task, mortise_agent_client_call);
  if (self->proxy == NULL)
    {
      g_task_return_new_error (task, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                               _ ("Mortise’s background service is not running, so nothing was "
                                  "changed. Try again when it is back."));
      return;
    }
  g_dbus_proxy_call (G_DBUS_PROXY (self->proxy), method, sunk, G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                     cancellable, on_call_reply, g_steal_pointer (&task));
}

GVariant *
mortise_agent_client_call_finish (MortiseAgentClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
mortise_agent_error_is_quiet (const GError *error)
{
  return g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_DENIED) ||
         g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
