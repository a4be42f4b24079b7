/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/session-monitor.h"

#include <gio/gunixfdlist.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define LOGIND            "org.freedesktop.login1"
#define MANAGER_PATH      "/org/freedesktop/login1"
#define MANAGER_INTERFACE "org.freedesktop.login1.Manager"
#define SESSION_INTERFACE "org.freedesktop.login1.Session"
#define USER_INTERFACE    "org.freedesktop.login1.User"
#define PROPERTIES        "org.freedesktop.DBus.Properties"

/* Ways to our own session, in this order. A user service belongs to no session: then it is the
 * one that the person's display is on. */
typedef enum
{
  FIND_BY_PID,
  FIND_BY_ID,
  FIND_BY_USER,
  FIND_NONE,
} FindStep;

struct _MortiseSessionMonitor
{
  GObject parent_instance;

  GDBusConnection *bus;
  GCancellable *cancellable;
  guint watch;
  guint manager_signals;
  guint session_signals;
  guint session_properties;
  char *session_path;
  FindStep step;
  gboolean finding;
  gboolean find_again;
  gboolean sleeping;
  int inhibitor;

  /* Read from any thread. */
  int active;
  int available;
};

G_DEFINE_FINAL_TYPE (MortiseSessionMonitor, mortise_session_monitor, G_TYPE_OBJECT)

enum
{
  PROP_ACTIVE = 1,
  PROP_AVAILABLE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];
static guint lock_wanted_signal;

static void find_next (MortiseSessionMonitor *self);

static void
want_lock (MortiseSessionMonitor *self, const char *reason)
{
  g_signal_emit (self, lock_wanted_signal, 0, reason);
}

static void
set_flag (MortiseSessionMonitor *self, int *flag, gboolean value, int property)
{
  if (g_atomic_int_get (flag) == value)
    return;
  g_atomic_int_set (flag, value);
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_active (MortiseSessionMonitor *self, gboolean active)
{
  set_flag (self, &self->active, active, PROP_ACTIVE);
}

/* Returns: the reply; %NULL after logging, or silently if the monitor is gone and @self with it. */
static GVariant *
finish_call (GObject *source, GAsyncResult *result, gboolean *ret_gone)
{
  g_autoptr (GError) error = NULL;
  GVariant *reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  *ret_gone = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  if (reply == NULL && !*ret_gone)
    g_debug ("logind: %s", error->message);
  return reply;
}

static void
call (MortiseSessionMonitor *self,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GAsyncReadyCallback callback)
{
  g_dbus_connection_call (self->bus, LOGIND, path, interface, method, arguments,
                          G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE, -1,
                          self->cancellable, callback, self);
}

/* --- Sleep -------------------------------------------------------------------------------------
 */

static void
release_inhibitor (MortiseSessionMonitor *self)
{
  if (self->inhibitor >= 0)
    close (self->inhibitor);
  self->inhibitor = -1;
}

static void
on_inhibited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish (
      G_DBUS_CONNECTION (source), &fds, result, &error);
  MortiseSessionMonitor *self;
  gint32 handle = 0;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self = MORTISE_SESSION_MONITOR (user_data);
  if (reply == NULL || fds == NULL)
    {
      g_message ("Sleep cannot be delayed, so the vault may be locked only after it: %s",
                 error != NULL ? error->message : "no descriptor");
      return;
    }
  release_inhibitor (self);
  g_variant_get (reply, "(h)", &handle);
  self->inhibitor = g_unix_fd_list_get (fds, handle, NULL);
  /* Held too late: the machine is on its way and must not wait for a lock that is done. */
  if (self->sleeping)
    release_inhibitor (self);
}

static void
inhibit_sleep (MortiseSessionMonitor *self)
{
  g_dbus_connection_call_with_unix_fd_list (
      self->bus, LOGIND, MANAGER_PATH, MANAGER_INTERFACE, "Inhibit",
      g_variant_new ("(ssss)", "sleep", "Mortise", _ ("Locks the passkeys before sleep"), "delay"),
      G_VARIANT_TYPE ("(h)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, self->cancellable, on_inhibited,
      self);
}

static void
on_prepare_for_sleep (MortiseSessionMonitor *self, gboolean start)
{
  self->sleeping = start;
  if (!start)
    {
      inhibit_sleep (self);
      return;
    }
  want_lock (self, "sleep");
  release_inhibitor (self);
}

/* --- Our session -------------------------------------------------------------------------------
 */

static void
on_session_signal (GDBusConnection *bus,
                   const char *sender,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *parameters,
                   gpointer user_data)
{
  if (strcmp (signal, "Lock") == 0)
    want_lock (user_data, "session-lock");
}

static void
apply_session_properties (MortiseSessionMonitor *self, GVariant *changed)
{
  gboolean value;

  if (g_variant_lookup (changed, "Active", "b", &value))
    set_active (self, value);
  /* Some desktops lock by themselves and only report it. */
  if (g_variant_lookup (changed, "LockedHint", "b", &value) && value)
    want_lock (self, "session-lock");
}

static void
on_session_properties (GDBusConnection *bus,
                       const char *sender,
                       const char *path,
                       const char *interface,
                       const char *signal,
                       GVariant *parameters,
                       gpointer user_data)
{
  g_autoptr (GVariant) changed = NULL;
  const char *of = NULL;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  g_variant_get (parameters, "(&s@a{sv}as)", &of, &changed, NULL);
  if (strcmp (of, SESSION_INTERFACE) == 0)
    apply_session_properties (user_data, changed);
}

static void
on_active (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean gone;
  g_autoptr (GVariant) reply = finish_call (source, result, &gone);
  g_autoptr (GVariant) value = NULL;

  if (reply == NULL)
    return;
  g_variant_get (reply, "(v)", &value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    set_active (user_data, g_variant_get_boolean (value));
}

static void
leave_session (MortiseSessionMonitor *self)
{
  if (self->session_signals != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->session_signals);
  if (self->session_properties != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->session_properties);
  self->session_signals = self->session_properties = 0;
  g_clear_pointer (&self->session_path, g_free);
}

static void
enter_session (MortiseSessionMonitor *self, const char *path)
{
  leave_session (self);
  self->session_path = g_strdup (path);
  self->session_signals =
      g_dbus_connection_signal_subscribe (self->bus, LOGIND, SESSION_INTERFACE, NULL, path, NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_session_signal, self, NULL);
  self->session_properties = g_dbus_connection_signal_subscribe (
      self->bus, LOGIND, PROPERTIES, "PropertiesChanged", path, SESSION_INTERFACE,
      G_DBUS_SIGNAL_FLAGS_NONE, on_session_properties, self, NULL);
  call (self, path, PROPERTIES, "Get", g_variant_new ("(ss)", SESSION_INTERFACE, "Active"), "(v)",
        on_active);
}

static void
end_find (MortiseSessionMonitor *self, const char *path)
{
  self->finding = FALSE;
  if (path != NULL)
    enter_session (self, path);
  else if (self->find_again)
    {
      self->step = FIND_BY_PID;
      find_next (self);
    }
  self->find_again = FALSE;
}

static void
on_session_path (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean gone;
  g_autoptr (GVariant) reply = finish_call (source, result, &gone);
  MortiseSessionMonitor *self;
  const char *path = NULL;

  if (gone)
    return;
  self = MORTISE_SESSION_MONITOR (user_data);
  if (reply == NULL)
    {
      find_next (self);
      return;
    }
  g_variant_get (reply, "(&o)", &path);
  end_find (self, path);
}

static void
on_user_display (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean gone;
  g_autoptr (GVariant) reply = finish_call (source, result, &gone);
  g_autoptr (GVariant) value = NULL;
  const char *id = "", *path = NULL;

  if (gone)
    return;
  if (reply != NULL)
    {
      g_variant_get (reply, "(v)", &value);
      if (g_variant_is_of_type (value, G_VARIANT_TYPE ("(so)")))
        g_variant_get (value, "(&s&o)", &id, &path);
    }
  end_find (user_data, *id != '\0' ? path : NULL);
}

static void
on_user_path (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean gone;
  g_autoptr (GVariant) reply = finish_call (source, result, &gone);
  const char *path = NULL;

  if (gone)
    return;
  if (reply == NULL)
    {
      end_find (user_data, NULL);
      return;
    }
  g_variant_get (reply, "(&o)", &path);
  call (user_data, path, PROPERTIES, "Get", g_variant_new ("(ss)", USER_INTERFACE, "Display"),
        "(v)", on_user_display);
}

static void
find_next (MortiseSessionMonitor *self)
{
  const char *id = g_getenv ("XDG_SESSION_ID");

  self->finding = TRUE;
  if (self->step == FIND_BY_ID && (id == NULL || *id == '\0'))
    self->step++;
  switch (self->step++)
    {
    case FIND_BY_PID:
      /* 0 is whoever asks: our own number means another process where we run inside a Flatpak. */
      call (self, MANAGER_PATH, MANAGER_INTERFACE, "GetSessionByPID", g_variant_new ("(u)", 0u),
            "(o)", on_session_path);
      break;
    case FIND_BY_ID:
      call (self, MANAGER_PATH, MANAGER_INTERFACE, "GetSession", g_variant_new ("(s)", id), "(o)",
            on_session_path);
      break;
    case FIND_BY_USER:
      call (self, MANAGER_PATH, MANAGER_INTERFACE, "GetUser",
            g_variant_new ("(u)", (guint32) getuid ()), "(o)", on_user_path);
      break;
    case FIND_NONE:
    default:
      end_find (self, NULL);
      break;
    }
}

static void
find_session (MortiseSessionMonitor *self)
{
  if (self->finding)
    {
      self->find_again = TRUE;
      return;
    }
  self->step = FIND_BY_PID;
  find_next (self);
}

/* --- logind itself -----------------------------------------------------------------------------
 */

static void
on_session_removed (MortiseSessionMonitor *self, GVariant *parameters)
{
  const char *path = NULL;

  g_variant_get (parameters, "(&s&o)", NULL, &path);
  if (g_strcmp0 (path, self->session_path) != 0)
    return;
  /* Logged out, but still running: another session of the same person may follow. */
  leave_session (self);
  want_lock (self, "session-lock");
  find_session (self);
}

static void
on_manager_signal (GDBusConnection *bus,
                   const char *sender,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *parameters,
                   gpointer user_data)
{
  MortiseSessionMonitor *self = MORTISE_SESSION_MONITOR (user_data);
  gboolean start = FALSE;

  if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    {
      g_variant_get (parameters, "(b)", &start);
      if (strcmp (signal, "PrepareForSleep") == 0)
        on_prepare_for_sleep (self, start);
      else if (strcmp (signal, "PrepareForShutdown") == 0 && start)
        want_lock (self, "shutdown");
    }
  else if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(so)")))
    {
      if (strcmp (signal, "SessionRemoved") == 0)
        on_session_removed (self, parameters);
      else if (strcmp (signal, "SessionNew") == 0 && self->session_path == NULL)
        find_session (self);
    }
}

static void
on_logind_appeared (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  MortiseSessionMonitor *self = MORTISE_SESSION_MONITOR (user_data);

  set_flag (self, &self->available, TRUE, PROP_AVAILABLE);
  inhibit_sleep (self);
  find_session (self);
}

static void
on_logind_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  MortiseSessionMonitor *self = MORTISE_SESSION_MONITOR (user_data);

  release_inhibitor (self);
  set_flag (self, &self->available, FALSE, PROP_AVAILABLE);
  /* logind restarts on updates; a key that is silent until then would help nobody. */
  set_active (self, TRUE);
}

/* --- GObject -----------------------------------------------------------------------------------
 */

static void
mortise_session_monitor_get_property (GObject *object,
                                      guint property,
                                      GValue *value,
                                      GParamSpec *pspec)
{
  MortiseSessionMonitor *self = MORTISE_SESSION_MONITOR (object);

  switch (property)
    {
    case PROP_ACTIVE:
      g_value_set_boolean (value, mortise_session_monitor_is_active (self));
      break;
    case PROP_AVAILABLE:
      g_value_set_boolean (value, mortise_session_monitor_is_available (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property, pspec);
    }
}

static void
mortise_session_monitor_dispose (GObject *object)
{
  MortiseSessionMonitor *self = MORTISE_SESSION_MONITOR (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  if (self->bus != NULL)
    {
      leave_session (self);
      if (self->manager_signals != 0)
        g_dbus_connection_signal_unsubscribe (self->bus, self->manager_signals);
      self->manager_signals = 0;
    }
  release_inhibitor (self);
  g_clear_object (&self->bus);
  G_OBJECT_CLASS (mortise_session_monitor_parent_class)->dispose (object);
}

static void
mortise_session_monitor_finalize (GObject *object)
{
  MortiseSessionMonitor *self = MORTISE_SESSION_MONITOR (object);

  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (mortise_session_monitor_parent_class)->finalize (object);
}

static void
mortise_session_monitor_class_init (MortiseSessionMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = mortise_session_monitor_get_property;
  object_class->dispose = mortise_session_monitor_dispose;
  object_class->finalize = mortise_session_monitor_finalize;

  properties[PROP_ACTIVE] =
      g_param_spec_boolean ("active", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_AVAILABLE] = g_param_spec_boolean ("available", NULL, NULL, FALSE,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  lock_wanted_signal = g_signal_new ("lock-wanted", MORTISE_TYPE_SESSION_MONITOR, G_SIGNAL_RUN_LAST,
                                     0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
mortise_session_monitor_init (MortiseSessionMonitor *self)
{
  self->cancellable = g_cancellable_new ();
  self->inhibitor = -1;
  self->active = TRUE;
}

/* --- Public ------------------------------------------------------------------------------------
 */

MortiseSessionMonitor *
mortise_session_monitor_new (GDBusConnection *system_bus)
{
  MortiseSessionMonitor *self = g_object_new (MORTISE_TYPE_SESSION_MONITOR, NULL);

  g_return_val_if_fail (system_bus == NULL || G_IS_DBUS_CONNECTION (system_bus), self);

  if (system_bus == NULL)
    return self;
  self->bus = g_object_ref (system_bus);
  /* Before the first call, so that nothing falls between an answer and a signal. */
  self->manager_signals = g_dbus_connection_signal_subscribe (
      self->bus, LOGIND, MANAGER_INTERFACE, NULL, MANAGER_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
      on_manager_signal, self, NULL);
  self->watch =
      g_bus_watch_name_on_connection (self->bus, LOGIND, G_BUS_NAME_WATCHER_FLAGS_AUTO_START,
                                      on_logind_appeared, on_logind_vanished, self, NULL);
  return self;
}

gboolean
mortise_session_monitor_is_active (MortiseSessionMonitor *self)
{
  g_return_val_if_fail (MORTISE_IS_SESSION_MONITOR (self), TRUE);

  return g_atomic_int_get (&self->active);
}

gboolean
mortise_session_monitor_is_available (MortiseSessionMonitor *self)
{
  g_return_val_if_fail (MORTISE_IS_SESSION_MONITOR (self), FALSE);

  return g_atomic_int_get (&self->available);
}
