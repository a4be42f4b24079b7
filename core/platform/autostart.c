/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/autostart.h"

#include "core/platform/flatpak.h"

/* Where units are enabled for everyone. */
static const char *const unit_folders[] = { "etc/systemd/user", "usr/local/lib/systemd/user",
                                            "usr/lib/systemd/user", "lib/systemd/user" };

static gboolean
is_wanted (const char *unit_folder)
{
  g_autofree char *link =
      g_build_filename (unit_folder, "default.target.wants", MORTISE_AGENT_UNIT, NULL);

  /* The link alone says it; where it points to may be out of our sight. */
  return g_file_test (link, G_FILE_TEST_IS_SYMLINK) || g_file_test (link, G_FILE_TEST_EXISTS);
}

/* A unit is masked by a link to nothing. */
static gboolean
is_masked (const char *unit_folder)
{
  g_autofree char *path = g_build_filename (unit_folder, MORTISE_AGENT_UNIT, NULL);
  g_autofree char *target = g_file_read_link (path, NULL);

  return g_strcmp0 (target, "/dev/null") == 0;
}

char *
mortise_autostart_entry_path (const char *config_home)
{
  return g_build_filename (config_home, "autostart", MORTISE_AGENT_NAME ".desktop", NULL);
}

char *
mortise_autostart_answer_path (const char *config_home)
{
  return g_build_filename (config_home, "mortise", "starts-at-login", NULL);
}

gboolean
mortise_autostart_is_enabled (const char *root, const char *config_home)
{
  g_autofree char *own_units = g_build_filename (config_home, "systemd/user", NULL);
  g_autofree char *entry = mortise_autostart_entry_path (config_home);
  g_autofree char *answer = mortise_autostart_answer_path (config_home);

  if (mortise_in_flatpak (root))
    return g_file_test (answer, G_FILE_TEST_EXISTS);
  if (g_file_test (entry, G_FILE_TEST_EXISTS))
    return TRUE;
  if (is_masked (own_units))
    return FALSE;
  if (is_wanted (own_units))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (unit_folders); i++)
    {
      g_autofree char *folder = g_build_filename (root, unit_folders[i], NULL);

      if (is_wanted (folder))
        return TRUE;
    }
  return FALSE;
}
