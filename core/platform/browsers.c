/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/browsers.h"

#include <glib/gstdio.h>
#include <string.h>

/* A program as small as this may be a script that only starts a snap. */
#define WRAPPER_MAX 16384

typedef struct
{
  const char *name;
  const char *programs[3];
  const char *snap;
  const char *flatpak;
  gboolean without_passkeys;
} KnownBrowser;

static const KnownBrowser known_browsers[] = {
  { "Firefox", { "firefox", "firefox-esr" }, "firefox", "org.mozilla.firefox", FALSE },
  { "Chromium", { "chromium", "chromium-browser" }, "chromium", "org.chromium.Chromium", FALSE },
  { "Google Chrome",
    { "google-chrome-stable", "google-chrome" },
    NULL,
    "com.google.Chrome",
    FALSE },
  { "Brave", { "brave-browser", "brave" }, "brave", "com.brave.Browser", FALSE },
  { "Microsoft Edge",
    { "microsoft-edge-stable", "microsoft-edge" },
    NULL,
    "com.microsoft.Edge",
    FALSE },
  { "Vivaldi", { "vivaldi-stable", "vivaldi" }, "vivaldi", "com.vivaldi.Vivaldi", FALSE },
  { "Opera", { "opera" }, "opera", "com.opera.Opera", FALSE },
  { "LibreWolf", { "librewolf" }, NULL, "io.gitlab.librewolf-community", FALSE },
  { "Zen", { "zen-browser" }, NULL, "app.zen_browser.zen", FALSE },
  { "ungoogled-chromium",
    { "ungoogled-chromium" },
    NULL,
    "io.github.ungoogled_software.ungoogled_chromium",
    FALSE },
  /* WebKitGTK has no WebAuthn. */
  { "GNOME Web", { "epiphany", "epiphany-browser" }, "epiphany", "org.gnome.Epiphany", TRUE },
};

static const char *const program_folders[] = { "usr/bin", "usr/local/bin" };
static const char *const snap_folders[] = { "snap", "var/lib/snapd/snap" };
static const char *const rule_folders[] = { "etc/udev/rules.d", "run/udev/rules.d",
                                            "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d",
                                            "lib/udev/rules.d" };

void
mortise_browser_free (MortiseBrowser *browser)
{
  g_free (browser->id);
  g_free (browser);
}

static void
add (GPtrArray *found,
     const KnownBrowser *known,
     MortiseBrowserPackaging packaging,
     const char *id,
     MortiseBrowserSight sight)
{
  MortiseBrowser *browser = g_new0 (MortiseBrowser, 1);

  browser->name = known->name;
  browser->packaging = packaging;
  browser->id = g_strdup (id);
  browser->sight = known->without_passkeys ? MORTISE_BROWSER_WITHOUT_PASSKEYS : sight;
  g_ptr_array_add (found, browser);
}

static gboolean
file_contains (const char *path, const char *text)
{
  g_autofree char *content = NULL;

  return g_file_get_contents (path, &content, NULL, NULL) && strstr (content, text) != NULL;
}

/* --- Programs of the system ------------------------------------------------------------------- */

/* Ubuntu's packages “firefox” and “chromium-browser” bring nothing but a way to the snap. */
static gboolean
starts_a_snap (const char *path)
{
  g_autofree char *target = g_file_read_link (path, NULL);
  GStatBuf info;

  if (target != NULL && strstr (target, "/snap") != NULL)
    return TRUE;
  return g_stat (path, &info) == 0 && info.st_size <= WRAPPER_MAX &&
         (file_contains (path, "/snap/bin/") || file_contains (path, "snap run"));
}

static void
find_program (GPtrArray *found, const KnownBrowser *known, const char *root)
{
  for (gsize i = 0; known->programs[i] != NULL; i++)
    {
      for (gsize j = 0; j < G_N_ELEMENTS (program_folders); j++)
        {
          g_autofree char *path =
              g_build_filename (root, program_folders[j], known->programs[i], NULL);

          if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE) && !starts_a_snap (path))
            {
              add (found, known, MORTISE_BROWSER_SYSTEM, known->programs[i], MORTISE_BROWSER_SEES);
              return;
            }
        }
    }
}

/* --- Snaps --------------------------------------------------------------------------------------
 */

/*
 * snapd writes which interfaces of a snap are connected into its udev rules. Those of u2f-devices
 * name the makers of keys that snapd knows, so a key of ours needs a rule of its own beside them.
 */
static MortiseBrowserSight
look_at_snap (const char *root, const char *snap)
{
  g_autofree char *name = g_strdup_printf ("70-snap.%s.rules", snap);
  g_autofree char *rules = g_build_filename (root, "etc/udev/rules.d", name, NULL);
  g_autofree char *tag = g_strdup_printf ("snap_%s_", snap);

  if (!file_contains (rules, "u2f-devices"))
    return MORTISE_BROWSER_NOT_CONNECTED;
  for (gsize i = 0; i < G_N_ELEMENTS (rule_folders); i++)
    {
      g_autofree char *ours = g_build_filename (root, rule_folders[i], "70-mortise.rules", NULL);

      if (file_contains (ours, tag))
        return MORTISE_BROWSER_SEES;
    }
  return MORTISE_BROWSER_NOT_TAGGED;
}

static void
find_snap (GPtrArray *found, const KnownBrowser *known, const char *root)
{
  for (gsize i = 0; known->snap != NULL && i < G_N_ELEMENTS (snap_folders); i++)
    {
      g_autofree char *path =
          g_build_filename (root, snap_folders[i], known->snap, "current", NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        {
          add (found, known, MORTISE_BROWSER_SNAP, known->snap, look_at_snap (root, known->snap));
          return;
        }
    }
}

/* --- Flatpaks -----------------------------------------------------------------------------------
 */

/* What one file of permissions says about devices; without a word *@all stays as it is. */
static void
apply_context (const char *path, gboolean *all)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) devices = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return;
  devices = g_key_file_get_string_list (file, "Context", "devices", NULL, NULL);
  if (devices == NULL)
    return;
  if (g_strv_contains ((const char *const *) devices, "all"))
    *all = TRUE;
  else if (g_strv_contains ((const char *const *) devices, "!all"))
    *all = FALSE;
}

static MortiseBrowserSight
look_at_flatpak (const char *metadata, const char *const *installations, const char *id)
{
  gboolean all = FALSE;

  apply_context (metadata, &all);
  for (gsize i = 0; installations[i] != NULL; i++)
    {
      g_autofree char *everyone = g_build_filename (installations[i], "overrides/global", NULL);
      g_autofree char *own = g_build_filename (installations[i], "overrides", id, NULL);

      apply_context (everyone, &all);
      apply_context (own, &all);
    }
  return all ? MORTISE_BROWSER_SEES : MORTISE_BROWSER_NO_DEVICES;
}

static void
find_flatpak (GPtrArray *found, const KnownBrowser *known, const char *root, const char *data_home)
{
  g_autofree char *system_wide = g_build_filename (root, "var/lib/flatpak", NULL);
  g_autofree char *personal = g_build_filename (data_home, "flatpak", NULL);
  const char *const installations[] = { system_wide, personal, NULL };

  for (gsize i = 0; installations[i] != NULL; i++)
    {
      g_autofree char *metadata = g_build_filename (installations[i], "app", known->flatpak,
                                                    "current/active/metadata", NULL);

      if (g_file_test (metadata, G_FILE_TEST_EXISTS))
        {
          add (found, known, MORTISE_BROWSER_FLATPAK, known->flatpak,
               look_at_flatpak (metadata, installations, known->flatpak));
          return;
        }
    }
}

GPtrArray *
mortise_browsers_find (const char *root, const char *data_home)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_browser_free);

  for (gsize i = 0; i < G_N_ELEMENTS (known_browsers); i++)
    {
      find_program (found, &known_browsers[i], root);
      find_snap (found, &known_browsers[i], root);
      find_flatpak (found, &known_browsers[i], root, data_home);
    }
  return found;
}
