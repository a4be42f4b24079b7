/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/health-lines.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "app/agent/program-paths.h"
#include "core/hid/hidraw.h"
#include "core/platform/autostart.h"
#include "core/platform/browsers.h"
#include "core/platform/flatpak.h"
#include "core/text/display-text.h"

#define READER_MAX_SHOWN 60

static void
add_line (GVariantBuilder *lines,
          const char *id,
          const char *state,
          const char *title,
          const char *text,
          const char *step,
          const char *action,
          const char *command)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "s", id);
  g_variant_dict_insert (&dict, "state", "s", state);
  g_variant_dict_insert (&dict, "title", "s", title);
  g_variant_dict_insert (&dict, "text", "s", text);
  g_variant_dict_insert (&dict, "step", "s", step);
  g_variant_dict_insert (&dict, "action", "s", action);
  g_variant_dict_insert (&dict, "command", "s", command);
  g_variant_builder_add_value (lines, g_variant_dict_end (&dict));
}

void
mortise_health_add (GVariantBuilder *lines,
                    const char *id,
                    const char *state,
                    const char *title,
                    const char *text,
                    const char *step,
                    const char *action)
{
  add_line (lines, id, state, title, text, step, action, "");
}

void
mortise_health_add_set_up (GVariantBuilder *lines,
                           const char *root,
                           const char *id,
                           const char *state,
                           const char *title,
                           const char *text)
{
  g_autofree char *program =
      mortise_find_program ("mortise-setup", MORTISE_LIBEXECDIR, "../data/setup");
  g_autofree char *command = g_strdup_printf ("sudo %s install", program);

  if (mortise_in_flatpak (root))
    mortise_health_add (lines, id, state, title, text,
                        _ ("Install Mortise’s system package: a Flatpak cannot set up the computer "
                           "around it."),
                        MORTISE_HEALTH_ACTION_NONE);
  else
    add_line (lines, id, state, title, text,
              _ ("Let Mortise set up this computer, once; it takes an administrator’s password."),
              MORTISE_HEALTH_ACTION_SET_UP, command);
}

/* --- TPM ---------------------------------------------------------------------------------------
 */

/* When what was counted wears off. */
static char *
dup_healing_step (const MortiseTpmLockout *lockout)
{
  guint minutes = MAX ((lockout->interval + 59) / 60, 1);

  return g_strdup_printf (
      ngettext ("Leave the computer switched on; one try is forgiven every %u minute.",
                "Leave the computer switched on; one try is forgiven every %u minutes.", minutes),
      minutes);
}

void
mortise_health_add_tpm (GVariantBuilder *lines,
                        const MortiseTpmInfo *info,
                        const MortiseTpmLockout *lockout)
{
  const char *title = _ ("TPM");
  g_autofree char *maker = g_strdup_printf ("%s %s", info->manufacturer, info->vendor);
  g_autofree char *text = NULL;
  g_autofree char *healing = dup_healing_step (lockout);
  const char *state = "ok";
  const char *step = "";

  g_strstrip (maker);
  if (lockout->in_lockout)
    {
      state = "error";
      step = healing;
      text = g_strdup (_ ("The TPM saw too many wrong PINs or passwords, maybe of disk encryption, "
                          "and refuses to open anything for a while. No passkey is lost."));
    }
  else if (info->software)
    {
      state = "warning";
      step = _ ("For real protection use a computer with a TPM of its own.");
      text = g_strdup_printf (_ ("A TPM in software (%s): passkeys are only as safe as its files."),
                              maker);
    }
  else if (lockout->max_tries > 0 && lockout->failed_tries * 2 >= lockout->max_tries)
    {
      state = "warning";
      step = healing;
      text =
          g_strdup_printf (_ ("Works (%s), but saw %u of the %u wrong tries after which it locks "
                              "out. They count for everything on this computer that uses it."),
                           maker, lockout->failed_tries, lockout->max_tries);
    }
  else if (info->hypervisor_hint)
    {
      state = "note";
      text = g_strdup_printf (_ ("A virtual machine’s TPM (%s): passkeys are only as safe as the "
                                 "machine that runs it."),
                              maker);
    }
  else
    text = g_strdup_printf (_ ("Works (%s)."), maker);
  mortise_health_add (lines, "tpm", state, title, text, step, MORTISE_HEALTH_ACTION_NONE);
}

/* --- What browsers open -------------------------------------------------------------------------
 */

void
mortise_health_add_hidraw (GVariantBuilder *lines, const char *class_dir, const char *dev_dir)
{
  const char *title = _ ("Visible to browsers");
  g_autofree char *node = mortise_hidraw_find (class_dir, dev_dir);
  g_autofree char *text = NULL;

  if (node == NULL)
    mortise_health_add (
        lines, "hidraw", "error", title,
        _ ("The system made no device node for the virtual security key, so browsers do not "
           "see it. Your passkeys are safe."),
        _ ("Run “sudo modprobe hid-generic”, then plug the key out and in again here."),
        MORTISE_HEALTH_ACTION_REPLUG);
  else if (access (node, R_OK | W_OK) != 0)
    {
      text = g_strdup_printf (_ ("You may not use %s, so browsers cannot either. Your passkeys are "
                                 "safe."),
                              node);
      mortise_health_add (
          lines, "hidraw", "error", title, text,
          _ ("Install the packages “udev” and “libfido2-1”, then plug the key out and in "
             "again here."),
          MORTISE_HEALTH_ACTION_REPLUG);
    }
  else
    {
      text = g_strdup_printf (_ ("Browsers find it at %s."), node);
      mortise_health_add (lines, "hidraw", "ok", title, text, "", MORTISE_HEALTH_ACTION_NONE);
    }
}

/* --- Browsers -----------------------------------------------------------------------------------
 */

static char *
dup_title (const MortiseBrowser *browser)
{
  switch (browser->packaging)
    {
    case MORTISE_BROWSER_SNAP:
      /* Translators: %s is a browser's name; Snap and Flatpak are kinds of packages */
      return g_strdup_printf (_ ("%s (Snap)"), browser->name);
    case MORTISE_BROWSER_FLATPAK:
      /* Translators: %s is a browser's name; Snap and Flatpak are kinds of packages */
      return g_strdup_printf (_ ("%s (Flatpak)"), browser->name);
    case MORTISE_BROWSER_SYSTEM:
    default:
      return g_strdup (browser->name);
    }
}

static void
add_browser (GVariantBuilder *lines, const char *root, const MortiseBrowser *browser)
{
  static const char *const packagings[] = { "system", "snap", "flatpak" };
  g_autofree char *id =
      g_strdup_printf ("browser-%s-%s", packagings[browser->packaging], browser->id);
  g_autofree char *title = dup_title (browser);
  g_autofree char *step = NULL;

  switch (browser->sight)
    {
    case MORTISE_BROWSER_WITHOUT_PASSKEYS:
      mortise_health_add (lines, id, "note", title,
                          _ ("This browser knows no security keys, so it cannot use passkeys of "
                             "Mortise."),
                          _ ("Use another browser to sign in with a passkey."), "");
      return;
    case MORTISE_BROWSER_NOT_CONNECTED:
      /* Translators: %s is a snap's name; the rest of the command stays as it is */
      step = g_strdup_printf (_ ("Run “sudo snap connect %s:u2f-devices”, then start the browser "
                                 "again."),
                              browser->id);
      mortise_health_add (lines, id, "warning", title,
                          _ ("As a Snap it is kept from every security key."), step, "");
      return;
    case MORTISE_BROWSER_NOT_TAGGED:
      mortise_health_add_set_up (lines, root, id, "warning", title,
                                 _ ("As a Snap it is only given security keys of makers that Snap "
                                    "knows, and Mortise is none."));
      return;
    case MORTISE_BROWSER_NO_DEVICES:
      /* Translators: %s is a Flatpak's id; the rest of the command stays as it is */
      step = g_strdup_printf (_ ("Run “flatpak override --user --device=all %s”, then start the "
                                 "browser again."),
                              browser->id);
      mortise_health_add (lines, id, "warning", title,
                          _ ("As a Flatpak without access to devices it sees no security key."),
                          step, "");
      return;
    case MORTISE_BROWSER_SEES:
    default:
      mortise_health_add (lines, id, "ok", title, _ ("May use security keys."), "", "");
      return;
    }
}

void
mortise_health_add_browsers (GVariantBuilder *lines, const char *root, const char *data_home)
{
  g_autoptr (GPtrArray) browsers = mortise_browsers_find (root, data_home);

  if (mortise_in_flatpak (root))
    {
      mortise_health_add (lines, "browsers", "note", _ ("Browsers"),
                          _ ("From inside a Flatpak the computer’s browsers cannot be seen."), "",
                          "");
      return;
    }
  for (guint i = 0; i < browsers->len; i++)
    add_browser (lines, root, g_ptr_array_index (browsers, i));
  if (browsers->len == 0)
    mortise_health_add (lines, "browsers", "note", _ ("Browsers"),
                        _ ("None was found that Mortise knows. Others may work as well."), "", "");
}

/* --- Fingerprint --------------------------------------------------------------------------------
 */

void
mortise_health_add_fingerprint (GVariantBuilder *lines,
                                MortiseFingerprint *fingerprint,
                                gboolean enabled,
                                GCancellable *cancellable)
{
  const char *title = _ ("Fingerprint");
  g_autofree char *reader = NULL;
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;
  const MortiseFingerprintStatus status =
      mortise_fingerprint_check (fingerprint, cancellable, &reader);

  if (status != MORTISE_FINGERPRINT_READY)
    {
      /* Nobody needs one; only who counts on it has to know. */
      mortise_health_add (lines, "fingerprint", enabled ? "warning" : "note", title,
                          mortise_fingerprint_status_get_text (status),
                          mortise_fingerprint_status_get_step (status), MORTISE_HEALTH_ACTION_NONE);
      return;
    }
  name = mortise_display_text_isolated (reader != NULL ? reader : "", READER_MAX_SHOWN);
  if (*name != '\0')
    /* Translators: %s is the name of a fingerprint reader */
    text = g_strdup_printf (
        _ ("The fingerprint reader works (%s), and a finger of yours is enrolled."), name);
  mortise_health_add (lines, "fingerprint", "ok", title,
                      text != NULL ? text : mortise_fingerprint_status_get_text (status),
                      enabled ? ""
                              : _ ("To use it instead of the PIN, switch it on in Preferences."),
                      MORTISE_HEALTH_ACTION_NONE);
}

/* --- Start at login -----------------------------------------------------------------------------
 */

void
mortise_health_add_autostart (GVariantBuilder *lines, const char *root, const char *config_home)
{
  const char *title = _ ("Start at login");

  if (mortise_autostart_is_enabled (root, config_home))
    mortise_health_add (lines, "autostart", "ok", title,
                        mortise_in_flatpak (root)
                            ? _ ("On, as the desktop said when it was switched on: browsers find "
                                 "the security key from login on.")
                            : _ ("On: browsers find the security key from login on."),
                        "", "");
  else
    mortise_health_add (lines, "autostart", "warning", title,
                        _ ("Off: browsers find the security key only after Mortise was opened."),
                        _ ("Let Mortise start at login; the switch is in Preferences, too."),
                        MORTISE_HEALTH_ACTION_START);
}
