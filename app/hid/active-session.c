/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/hid/active-session.h"

#define LOGIND_NAME "org.freedesktop.login1"

/* A computer that is busy, or starts, takes its time; and a refusal here is final for the agent. */
#define TIMEOUT_MS 20000

static gboolean
is_active (GDBusConnection *bus, const char *session_path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, LOGIND_NAME, session_path, "org.freedesktop.DBus.Properties", "Get",
      g_variant_new ("(ss)", "org.freedesktop.login1.Session", "Active"), G_VARIANT_TYPE ("(v)"),
      G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, &error);
  g_autoptr (GVariant) value = NULL;

  if (reply == NULL)
    {
      g_message ("A session cannot be asked whether it is active: %s", error->message);
      return FALSE;
    }
  g_variant_get (reply, "(v)", &value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean (value);
}

gboolean
mortise_user_has_active_session (GDBusConnection *bus, uid_t user)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) sessions = NULL;
  g_autoptr (GError) error = NULL;
  const char *seat;
  const char *path;
  guint32 owner;

  if (bus == NULL)
    return FALSE;
  reply = g_dbus_connection_call_sync (
      bus, LOGIND_NAME, "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "ListSessions",
      NULL, G_VARIANT_TYPE ("(a(susso))"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, &error);
  if (reply == NULL)
    {
      g_message ("logind does not say who sits here: %s", error->message);
      return FALSE;
    }
  g_variant_get (reply, "(a(susso))", &sessions);
  while (g_variant_iter_next (sessions, "(&su&s&s&o)", NULL, &owner, NULL, &seat, &path))
    {
      /* Without a seat a session is a remote one or a service's: not someone at this computer. */
      if (owner == user && *seat != '\0' && is_active (bus, path))
        return TRUE;
    }
  return FALSE;
}
