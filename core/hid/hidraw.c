/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/hidraw.h"

/* As core/hid names the device, in the kernel's words. */
#define OUR_NAME "HID_NAME=Mortise"

char *
mortise_hidraw_find (const char *class_dir, const char *dev_dir)
{
  g_autoptr (GDir) dir = g_dir_open (class_dir, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (class_dir, name, "device", "uevent", NULL);
      g_autofree char *uevent = NULL;

      if (g_file_get_contents (path, &uevent, NULL, NULL) && strstr (uevent, OUR_NAME) != NULL)
        return g_build_filename (dev_dir, name, NULL);
    }
  return NULL;
}
