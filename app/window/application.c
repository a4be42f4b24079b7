/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/application.h"

#include "app/window/search-provider.h"
#include "app/window/window.h"

#include <glib/gi18n.h>

struct _MortiseApplication
{
  AdwApplication parent_instance;
  gboolean demo;
  MortiseAgentClient *client;
  MortiseSearchProvider *search_provider;
};

/* A service that only answered searches ends this long after the last, in milliseconds. */
#define SERVICE_TIMEOUT 60000

G_DEFINE_FINAL_TYPE (MortiseApplication, mortise_application, ADW_TYPE_APPLICATION)

static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GList *windows = gtk_application_get_windows (user_data);

  while (windows != NULL)
    {
      GtkWindow *window = windows->data;

      windows = windows->next;
      gtk_window_close (window);
    }
}

static void
mortise_application_startup (GApplication *application)
{
  static const GActionEntry entries[] = {
    { "quit", on_quit, NULL, NULL, NULL, { 0 } },
  };

  G_APPLICATION_CLASS (mortise_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (MORTISE_APP_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (application), entries, G_N_ELEMENTS (entries),
                                   application);
  mortise_window_add_shortcuts (GTK_APPLICATION (application));
}

/* The session bus is where the agent is; without one there is nothing to show. */
static GDBusConnection *
get_connection (MortiseApplication *self)
{
  GDBusConnection *connection = g_application_get_dbus_connection (G_APPLICATION (self));
  g_autoptr (GError) error = NULL;

  if (connection != NULL)
    return g_object_ref (connection);
  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (connection == NULL)
    g_printerr (_ ("Mortise needs a D-Bus session bus and found none: %s\n"
                   "Start it from a desktop session, or with “dbus-run-session mortise”.\n"),
                error->message);
  return connection;
}

static void
mortise_application_activate (GApplication *application)
{
  MortiseApplication *self = MORTISE_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (window == NULL)
    {
      g_autoptr (GDBusConnection) connection = get_connection (self);
      MortiseAgentClientFlags flags = MORTISE_AGENT_CLIENT_START;

      if (connection == NULL)
        return;
      if (self->demo)
        flags |= MORTISE_AGENT_CLIENT_DEMO;
      if (self->client == NULL)
        self->client = mortise_agent_client_new (connection, flags);
      window = GTK_WINDOW (mortise_window_new (GTK_APPLICATION (self), self->client));
    }
  gtk_window_present (window);
}

static void
on_search_opened (MortiseSearchProvider *provider,
                  gint64 id,
                  const char *text,
                  MortiseApplication *self)
{
  GtkWindow *window = NULL;

  g_application_activate (G_APPLICATION (self));
  window = gtk_application_get_active_window (GTK_APPLICATION (self));
  if (window == NULL)
    return;
  if (id != 0)
    gtk_widget_activate_action (GTK_WIDGET (window), "win.show-passkey", "x", id);
  else
    mortise_window_search (MORTISE_WINDOW (window), text);
}

static gboolean
mortise_application_dbus_register (GApplication *application,
                                   GDBusConnection *connection,
                                   const char *path,
                                   GError **error)
{
  MortiseApplication *self = MORTISE_APPLICATION (application);
  g_autoptr (GError) local_error = NULL;

  if (!G_APPLICATION_CLASS (mortise_application_parent_class)
           ->dbus_register (application, connection, path, error))
    return FALSE;
  if (self->demo)
    return TRUE;
  self->search_provider = mortise_search_provider_new (application, connection, &local_error);
  if (self->search_provider == NULL)
    g_warning ("No search for the shell: %s", local_error->message);
  else
    g_signal_connect (self->search_provider, "open", G_CALLBACK (on_search_opened), self);
  return TRUE;
}

static void
mortise_application_dbus_unregister (GApplication *application,
                                     GDBusConnection *connection,
                                     const char *path)
{
  g_clear_object (&MORTISE_APPLICATION (application)->search_provider);
  G_APPLICATION_CLASS (mortise_application_parent_class)
      ->dbus_unregister (application, connection, path);
}

static void
mortise_application_shutdown (GApplication *application)
{
  /* The demo's agent ends with its window. */
  g_clear_object (&MORTISE_APPLICATION (application)->client);
  G_APPLICATION_CLASS (mortise_application_parent_class)->shutdown (application);
}

static void
mortise_application_class_init (MortiseApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = mortise_application_startup;
  application_class->activate = mortise_application_activate;
  application_class->shutdown = mortise_application_shutdown;
  application_class->dbus_register = mortise_application_dbus_register;
  application_class->dbus_unregister = mortise_application_dbus_unregister;
}

static void
mortise_application_init (MortiseApplication *self)
{
}

MortiseApplication *
mortise_application_new (gboolean demo)
{
  MortiseApplication *self = g_object_new (MORTISE_TYPE_APPLICATION, "application-id",
                                           demo ? MORTISE_APP_ID ".Demo" : MORTISE_APP_ID,
                                           "resource-base-path", MORTISE_OBJECT_PATH, NULL);

  self->demo = demo;
  g_application_set_inactivity_timeout (G_APPLICATION (self), SERVICE_TIMEOUT);
  return self;
}
