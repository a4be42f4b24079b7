/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/device-watch.h"

#include <gio/gio.h>

/* udev sets a new node's group and mode a moment after it appears. */
#define SETTLE_MS 1000

struct _MortiseDeviceWatch
{
  void (*changed) (gpointer user_data);
  gpointer user_data;
  GFileMonitor *monitor;
  guint settle;
};

static gboolean
settled_cb (gpointer user_data)
{
  MortiseDeviceWatch *self = user_data;

  self->settle = 0;
  self->changed (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
dev_changed_cb (GFileMonitor *monitor,
                GFile *file,
                GFile *other_file,
                GFileMonitorEvent event,
                gpointer user_data)
{
  static const char *const names[] = { "tpmrm0", "tpm0", "uhid", NULL };
  MortiseDeviceWatch *self = user_data;
  g_autofree char *name = g_file_get_basename (file);

  if ((event != G_FILE_MONITOR_EVENT_CREATED && event != G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED) ||
      !g_strv_contains (names, name))
    return;
  if (self->settle == 0)
    self->settle = g_timeout_add (SETTLE_MS, settled_cb, self);
}

MortiseDeviceWatch *
mortise_device_watch_new (void (*changed) (gpointer user_data), gpointer user_data)
{
  MortiseDeviceWatch *self = g_new0 (MortiseDeviceWatch, 1);

  self->changed = changed;
  self->user_data = user_data;
  return self;
}

void
mortise_device_watch_free (MortiseDeviceWatch *self)
{
  mortise_device_watch_set_enabled (self, FALSE);
  g_free (self);
}

void
mortise_device_watch_set_enabled (MortiseDeviceWatch *self, gboolean enabled)
{
  g_autoptr (GFile) dev = NULL;
  g_autoptr (GError) error = NULL;

  if (enabled == (self->monitor != NULL))
    return;
  if (!enabled)
    {
      g_file_monitor_cancel (self->monitor);
      g_clear_object (&self->monitor);
      g_clear_handle_id (&self->settle, g_source_remove);
      return;
    }
  dev = g_file_new_for_path ("/dev");
  self->monitor = g_file_monitor_directory (dev, G_FILE_MONITOR_NONE, NULL, &error);
  if (self->monitor == NULL)
    {
      g_message ("Cannot watch /dev: %s", error->message);
      return;
    }
  g_signal_connect (self->monitor, "changed", G_CALLBACK (dev_changed_cb), self);
}
