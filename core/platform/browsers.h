/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseBrowserPackaging:
 * @MORTISE_BROWSER_SYSTEM: a program of the system, as deb and rpm packages bring it
 * @MORTISE_BROWSER_SNAP: a snap, confined by AppArmor and udev tags
 * @MORTISE_BROWSER_FLATPAK: a Flatpak, with a /dev of its own
 */
typedef enum
{
  MORTISE_BROWSER_SYSTEM,
  MORTISE_BROWSER_SNAP,
  MORTISE_BROWSER_FLATPAK,
} MortiseBrowserPackaging;

/**
 * MortiseBrowserSight:
 * @MORTISE_BROWSER_SEES: nothing stands between it and a security key
 * @MORTISE_BROWSER_WITHOUT_PASSKEYS: the browser itself knows no security keys
 * @MORTISE_BROWSER_NOT_CONNECTED: the snap's interface u2f-devices is not connected
 * @MORTISE_BROWSER_NOT_TAGGED: it is, but it lists makers of keys, and no udev rule adds ours
 * @MORTISE_BROWSER_NO_DEVICES: the Flatpak may not use the computer's devices
 *
 * Whether a browser will see the virtual security key, and if not, why.
 */
typedef enum
{
  MORTISE_BROWSER_SEES,
  MORTISE_BROWSER_WITHOUT_PASSKEYS,
  MORTISE_BROWSER_NOT_CONNECTED,
  MORTISE_BROWSER_NOT_TAGGED,
  MORTISE_BROWSER_NO_DEVICES,
} MortiseBrowserSight;

/**
 * MortiseBrowser:
 * @name: (transfer none): a proper name, the same in every language
 * @id: name of the program or the snap, or the Flatpak's application id
 */
typedef struct
{
  const char *name;
  MortiseBrowserPackaging packaging;
  char *id;
  MortiseBrowserSight sight;
} MortiseBrowser;

void mortise_browser_free (MortiseBrowser *browser);

/**
 * mortise_browsers_find:
 * @root: the root folder, "/" but in tests
 * @data_home: where this person's Flatpaks are installed: $XDG_DATA_HOME
 *
 * Looks for browsers by reading files alone; no program is run. Any thread; blocks for some dozen
 * small reads.
 *
 * Returns: (transfer full) (element-type MortiseBrowser): those found, in a fixed order
 */
GPtrArray *mortise_browsers_find (const char *root, const char *data_home);

G_END_DECLS
