/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/prompt-environment.h"

#include <gio/gio.h>

#define ASK_TIMEOUT_MS 500

/* No display is remembered for so long, so that getInfo stays quick where there is none. */
#define FORGET_AFTER (5 * G_TIME_SPAN_SECOND)

static const char *const display_names[] = { "WAYLAND_DISPLAY", "DISPLAY", "BROADWAY_DISPLAY" };

/* What a desktop tells about itself, and nothing else of the user manager's environment. */
static const char *const desktop_names[] = {
  "WAYLAND_DISPLAY",    "DISPLAY",          "XAUTHORITY",          "BROADWAY_DISPLAY",
  "GDK_BACKEND",        "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION",
  "XDG_SESSION_ID",     "GTK_IM_MODULE",    "QT_IM_MODULE",        "XMODIFIERS",
  "AT_SPI_BUS_ADDRESS",
};

static gboolean
has_display (char **environment)
{
  for (gsize i = 0; i < G_N_ELEMENTS (display_names); i++)
    {
      const char *value = g_environ_getenv (environment, display_names[i]);

      if (value != NULL && *value != '\0')
        return TRUE;
    }
  return FALSE;
}

/* (transfer full) (nullable) */
static char **
ask_user_manager (void)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;

  if (bus == NULL)
    return NULL;
  reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
      "org.freedesktop.DBus.Properties", "Get",
      g_variant_new ("(ss)", "org.freedesktop.systemd1.Manager", "Environment"),
      G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, ASK_TIMEOUT_MS, NULL, NULL);
  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(v)", &value);
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    return NULL;
  return g_variant_dup_strv (value, NULL);
}

char **
mortise_prompt_environment_get (void)
{
  static GMutex lock;
  static gint64 no_display_until = 0;
  g_auto (GStrv) environment = g_get_environ ();
  g_auto (GStrv) manager = NULL;
  g_autoptr (GMutexLocker) locker = NULL;

  if (has_display (environment))
    return g_steal_pointer (&environment);

  locker = g_mutex_locker_new (&lock);
  if (g_get_monotonic_time () < no_display_until)
    return NULL;
  manager = ask_user_manager ();
  if (manager == NULL || !has_display (manager))
    {
      no_display_until = g_get_monotonic_time () + FORGET_AFTER;
      return NULL;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (desktop_names); i++)
    {
      const char *value = g_environ_getenv (manager, desktop_names[i]);

      if (value != NULL)
        environment = g_environ_setenv (environment, desktop_names[i], value, TRUE);
    }
  return g_steal_pointer (&environment);
}
