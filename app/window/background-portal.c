/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/background-portal.h"

#define PORTAL_NAME       "org.freedesktop.portal.Desktop"
#define PORTAL_PATH       "/org/freedesktop/portal/desktop"
#define PORTAL_INTERFACE  "org.freedesktop.portal.Background"
#define REQUEST_INTERFACE "org.freedesktop.portal.Request"

/* How a request ends: 0 as wished, 1 the person said no, 2 otherwise. */
#define RESPONSE_SUCCESS 0

typedef struct
{
  GDBusConnection *bus;
  /* Of the answer and of the portal's name; each holds a reference to the task. */
  guint subscription;
  guint watch;
  gboolean autostart;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_object_unref (request->bus);
  g_free (request);
}

/* Whatever comes after it is of no interest. Returns: whether this is the first end */
static gboolean
request_end (Request *request)
{
  if (request->subscription == 0)
    return FALSE;
  g_dbus_connection_signal_unsubscribe (request->bus, request->subscription);
  request->subscription = 0;
  if (request->watch != 0)
    g_bus_unwatch_name (request->watch);
  request->watch = 0;
  return TRUE;
}

static void
on_response (GDBusConnection *bus,
             const char *sender,
             const char *path,
             const char *interface,
             const char *signal,
             GVariant *parameters,
             gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Request *request = g_task_get_task_data (task);
  g_autoptr (GVariant) results = NULL;
  guint response = 0;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ua{sv})")) || !request_end (request))
    return;
  g_variant_get (parameters, "(u@a{sv})", &response, &results);
  if (response == RESPONSE_SUCCESS)
    g_variant_lookup (results, "autostart", "b", &request->autostart);
  g_task_return_boolean (task, TRUE);
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);

  if (request_end (g_task_get_task_data (task)))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s went away", name);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    {
      if (request_end (request))
        g_task_return_error (task, g_steal_pointer (&error));
    }
  /* It may have answered before this. */
  else if (request->subscription != 0)
    request->watch =
        g_bus_watch_name_on_connection (request->bus, PORTAL_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                        NULL, on_vanished, g_object_ref (task), g_object_unref);
}

/* Where the answer will come; known beforehand, for it may come before the reply does. */
static char *
make_request_path (GDBusConnection *bus, const char *token)
{
  g_autofree char *sender = g_strdup (g_dbus_connection_get_unique_name (bus) + 1);

  g_strdelimit (sender, ".", '_');
  return g_strdup_printf (PORTAL_PATH "/request/%s/%s", sender, token);
}

void
mortise_background_portal_request (GDBusConnection *bus,
                                   const char *reason,
                                   gboolean autostart,
                                   const char *const *command,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  static guint n_requests = 0;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Request *request = g_new0 (Request, 1);
  g_autofree char *token = g_strdup_printf ("mortise%u", ++n_requests);
  g_autofree char *path = make_request_path (bus, token);
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  request->bus = g_object_ref (bus);
  g_task_set_task_data (task, request, request_free);
  request->subscription = g_dbus_connection_signal_subscribe (
      bus, PORTAL_NAME, REQUEST_INTERFACE, "Response", path, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
      on_response, g_object_ref (task), g_object_unref);
  g_variant_dict_insert (&options, "handle_token", "s", token);
  g_variant_dict_insert (&options, "reason", "s", reason);
  g_variant_dict_insert (&options, "autostart", "b", autostart);
  g_variant_dict_insert_value (&options, "commandline", g_variant_new_strv (command, -1));
  g_dbus_connection_call (bus, PORTAL_NAME, PORTAL_PATH, PORTAL_INTERFACE, "RequestBackground",
                          g_variant_new ("(s@a{sv})", "", g_variant_dict_end (&options)),
                          G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_asked,
                          g_object_ref (task));
}

gboolean
mortise_background_portal_request_finish (GAsyncResult *result, gboolean *autostart, GError **error)
{
  const Request *request = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  *autostart = request->autostart;
  return TRUE;
}
