/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/about.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/* For bug reports: nothing that names a site or a person. */
static char *
collect_debug_info (MortiseAgentClient *client)
{
  g_autoptr (GVariant) tpm = mortise_agent_client_dup_tpm (client);
  g_autofree char *tpm_text = tpm == NULL ? g_strdup ("none") : g_variant_print (tpm, FALSE);
  g_autofree char *state =
      g_enum_to_string (MORTISE_TYPE_AGENT_STATE, (int) mortise_agent_client_get_state (client));

  return g_strdup_printf (
      "Mortise %s (agent %s)\n"
      "State: %s, problem: %s\n"
      "Transport: %s\n"
      "TPM: %s\n"
      "GTK %u.%u.%u, libadwaita %u.%u.%u\n",
      MORTISE_VERSION, mortise_agent_client_get_agent_version (client), state,
      mortise_agent_client_get_problem (client), mortise_agent_client_get_transport (client),
      tpm_text, gtk_get_major_version (), gtk_get_minor_version (), gtk_get_micro_version (),
      adw_get_major_version (), adw_get_minor_version (), adw_get_micro_version ());
}

void
mortise_about_present (GtkWindow *parent, MortiseAgentClient *client)
{
  g_autofree char *debug_info = collect_debug_info (client);
  GtkWidget *about = adw_about_window_new ();

  g_object_set (about, "transient-for", parent, "modal", TRUE, "destroy-with-parent", TRUE,
                "application-name", "Mortise", "application-icon", MORTISE_APP_ID, "version",
                MORTISE_VERSION, "developer-name", _ ("The Mortise contributors"), "license-type",
                GTK_LICENSE_GPL_3_0, "comments",
                _ ("Keeps passkeys in this computer’s TPM, tells sites the truth about them, and "
                   "shows you both sides."),
                /* Translators: put your names here, one per line */
                "translator-credits", _ ("translator-credits"), "debug-info", debug_info,
                "debug-info-filename", "mortise-debug-info.txt", NULL);
  gtk_window_present (GTK_WINDOW (about));
}
