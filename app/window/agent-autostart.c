/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/agent-autostart.h"

#include "app/window/background-portal.h"
#include "core/mortise-error.h"
#include "core/platform/autostart.h"
#include "core/platform/flatpak.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#define SYSTEMD_NAME      "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"

static char *test_root;

typedef struct
{
  GDBusConnection *bus;
  gboolean enabled;
} Change;

static const char *
get_root (void)
{
  return test_root != NULL ? test_root : "/";
}

static void
change_free (gpointer data)
{
  Change *change = data;

  g_object_unref (change->bus);
  g_free (change);
}

static void
return_failed (GTask *task, const char *reason)
{
  g_task_return_new_error (task, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                           _ ("Whether Mortise starts at login could not be changed: %s"), reason);
}

/* What counts is what is there afterwards. */
static void
return_outcome (GTask *task)
{
  const Change *change = g_task_get_task_data (task);

  if (mortise_agent_autostart_is_enabled () && !change->enabled)
    g_task_return_new_error (task, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                             _ ("Mortise starts at login for everyone on this computer; only an "
                                "administrator can switch that off."));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
write_file (const char *path, const char *content, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error_literal (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno),
                           g_strerror (errno));
      return FALSE;
    }
  return g_file_set_contents (path, content, -1, error);
}

/* --- The autostart folder -----------------------------------------------------------------------
 */

static gboolean
write_entry (const char *path, GError **error)
{
  g_autofree char *entry = g_strdup_printf ("[Desktop Entry]\n"
                                            "Type=Application\n"
                                            "Name=Mortise\n"
                                            "Exec=%s/mortise-agent\n"
                                            "Icon=%s\n"
                                            "NoDisplay=true\n",
                                            MORTISE_LIBEXECDIR, MORTISE_APP_ID);

  return write_file (path, entry, error);
}

static void
use_entry (GTask *task)
{
  const Change *change = g_task_get_task_data (task);
  g_autofree char *path = mortise_autostart_entry_path (g_get_user_config_dir ());
  g_autoptr (GError) error = NULL;

  if (!change->enabled)
    g_remove (path);
  else if (!write_entry (path, &error))
    {
      return_failed (task, error->message);
      return;
    }
  return_outcome (task);
}

/* --- systemd ------------------------------------------------------------------------------------
 */

static void
on_unit_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Change *change = g_task_get_task_data (task);
  g_autofree char *entry = mortise_autostart_entry_path (g_get_user_config_dir ());
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  /* No systemd in this session, or a Mortise that brought no unit. */
  if (reply == NULL)
    {
      g_debug ("systemd: %s", error->message);
      use_entry (task);
      return;
    }
  /* Two ways at once would be one to forget about. */
  g_remove (entry);
  g_dbus_connection_call (change->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_INTERFACE, "Reload",
                          NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
  return_outcome (task);
}

static void
use_systemd (GTask *task)
{
  const Change *change = g_task_get_task_data (task);
  const char *const units[] = { MORTISE_AGENT_UNIT, NULL };
  GVariant *parameters = change->enabled ? g_variant_new ("(^asbb)", units, FALSE, FALSE)
                                         : g_variant_new ("(^asb)", units, FALSE);

  g_dbus_connection_call (change->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_INTERFACE,
                          change->enabled ? "EnableUnitFiles" : "DisableUnitFiles", parameters,
                          NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, g_task_get_cancellable (task),
                          on_unit_changed, g_object_ref (task));
}

/* --- Flatpak ------------------------------------------------------------------------------------
 */

static gboolean
keep_answer (gboolean enabled, GError **error)
{
  g_autofree char *path = mortise_autostart_answer_path (g_get_user_config_dir ());

  if (enabled)
    return write_file (path, "", error);
  g_remove (path);
  return TRUE;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Change *change = g_task_get_task_data (task);
  gboolean enabled = FALSE;
  g_autoptr (GError) error = NULL;

  if (!mortise_background_portal_request_finish (result, &enabled, &error) ||
      !keep_answer (enabled, &error))
    return_failed (task, error->message);
  else if (enabled == change->enabled)
    g_task_return_boolean (task, TRUE);
  else if (enabled)
    g_task_return_new_error (task, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                             _ ("The desktop still starts Mortise at login. Switch that off in the "
                                "desktop’s own settings."));
  else
    g_task_return_new_error (task, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                             _ ("The desktop does not let Mortise start at login. Allow Mortise to "
                                "run in the background in the desktop’s own settings, then try "
                                "again."));
}

static void
use_portal (GTask *task)
{
  const Change *change = g_task_get_task_data (task);
  const char *const command[] = { MORTISE_LIBEXECDIR "/mortise-agent", NULL };

  mortise_background_portal_request (change->bus,
                                     _ ("So that browsers find your passkeys from login on"),
                                     change->enabled, command, on_answered, g_object_ref (task));
}

void
mortise_agent_autostart_set (GDBusConnection *bus,
                             gboolean enabled,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Change *change = g_new0 (Change, 1);

  change->bus = g_object_ref (bus);
  change->enabled = enabled;
  g_task_set_task_data (task, change, change_free);
  if (mortise_in_flatpak (get_root ()))
    use_portal (task);
  else
    use_systemd (task);
}

gboolean
mortise_agent_autostart_set_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
mortise_agent_autostart_is_enabled (void)
{
  return mortise_autostart_is_enabled (get_root (), g_get_user_config_dir ());
}

void
mortise_agent_autostart_set_root (const char *root)
{
  g_free (test_root);
  test_root = g_strdup (root);
}
