/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include "app/window/badge.h"
#include "app/window/moment.h"
#include "core/text/display-text.h"

#include <glib/gi18n.h>

#define NAME_MAX_SHOWN 300

/* Authenticator data flags (WebAuthn L3 §6.1). */
#define FLAG_USER_PRESENT  0x01
#define FLAG_USER_VERIFIED 0x04
#define FLAG_BACKUP_ABLE   0x08
#define FLAG_BACKUP_STATE  0x10

/* What every Mortise everywhere tells a site: core/ctap/authenticator.h. */
#define AAGUID "926463d7-385f-415c-928d-88194c3c2065"

static void
set_fact (AdwActionRow *row, const char *text)
{
  adw_action_row_set_subtitle (row, text);
}

/* Text from outside: as given, made safe; or that there was none. */
static void
set_name (AdwActionRow *row, const char *name)
{
  g_autofree char *shown = mortise_display_text (name, NAME_MAX_SHOWN);

  if (shown[0] != '\0')
    set_fact (row, shown);
  else if (name == NULL || name[0] == '\0')
    set_fact (row, _ ("Not given"));
  else
    set_fact (row, _ ("Given, but nothing in it can be seen"));
}

static char *
format_hex (GBytes *bytes)
{
  gsize size = 0;
  const guint8 *data = bytes == NULL ? NULL : g_bytes_get_data (bytes, &size);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (text, "%02x", data[i]);
  return g_string_free (text, FALSE);
}

static void
fill_handle (MortisePasskeyPage *self, const MortisePasskeyData *data)
{
  gboolean given = data->user_id != NULL && g_bytes_get_size (data->user_id) > 0;
  g_autofree char *hex = format_hex (data->user_id);

  gtk_widget_set_visible (GTK_WIDGET (self->handle_button), given && !self->handle_shown);
  if (!given)
    set_fact (self->handle_row, _ ("Not given"));
  else if (self->handle_shown)
    set_fact (self->handle_row, hex);
  else
    set_fact (self->handle_row,
              _ ("How the site recognises the account; returned to it at each sign-in"));
}

static void
fill_names (MortisePasskeyPage *self, const MortisePasskeyData *data)
{
  set_name (self->rp_id_row, data->rp_id);
  set_name (self->rp_name_row, data->rp_name);
  fill_handle (self, data);
}

static char *
describe_last_flags (const MortisePasskeyData *data)
{
  GString *text = NULL;

  if (data->last_used == 0)
    return g_strdup (_ ("There was none yet"));
  text = g_string_new (NULL);
  g_string_append (text, (data->last_flags & FLAG_USER_VERIFIED) != 0
                             ? _ ("The site was told that you were there and gave your PIN")
                         : (data->last_flags & FLAG_USER_PRESENT) != 0
                             ? _ ("The site was told that you were there; no PIN was asked")
                             : _ ("The site was told that nobody was asked"));
  /* Translators: the raw flags byte, for people who know the specification */
  g_string_append_printf (text, "\n");
  g_string_append_printf (
      text, _ ("Flags 0x%02x: UP %d, UV %d, BE %d, BS %d"), data->last_flags,
      (data->last_flags & FLAG_USER_PRESENT) != 0, (data->last_flags & FLAG_USER_VERIFIED) != 0,
      (data->last_flags & FLAG_BACKUP_ABLE) != 0, (data->last_flags & FLAG_BACKUP_STATE) != 0);
  return g_string_free (text, FALSE);
}

static char *
describe_model (const MortisePasskeyData *data)
{
  if (data->u2f)
    return g_strdup (_ ("None: the older way (U2F) has no model number."));
  /* Translators: %s is an AAGUID, the same for every Mortise */
  return g_strdup_printf (_ ("%s, which says Mortise. Chromium blanks it out unless the site asks "
                             "for attestation and you agree; older Firefox does so too. It is the "
                             "same for everybody, so it tells nobody who you are."),
                          AAGUID);
}

static void
fill_previews (MortisePasskeyPage *self, const MortisePasskeyData *data)
{
  /* What is not discoverable is in no list: the site has to name it. */
  gtk_widget_set_visible (self->previews, data->discoverable && !data->u2f);
  mortise_picker_preview_set_name (self->chromium_preview, data->user_name);
  mortise_picker_preview_set_name (self->firefox_preview, data->user_name);
}

/* What the site was told, and in the same breath where that is not so. */
static const char *
describe_device (const MortisePasskeyData *data, gboolean software)
{
  if (data->u2f)
    return _ ("Second factor (U2F): the site was told nothing more");
  if (data->backup_eligible)
    return _ ("Multi-device: may be backed up (BE is 1)");
  if (software)
    return _ ("Single-device: cannot be backed up (BE is 0). That is not so here: this TPM is "
              "software, and whoever has its files can copy the passkey.");
  return _ ("Single-device: cannot be backed up (BE is 0)");
}

static void
fill_site (MortisePasskeyPage *self, const MortisePasskeyData *data)
{
  g_autofree char *flags = describe_last_flags (data);
  g_autofree char *model = describe_model (data);

  set_fact (self->device_row,
            describe_device (data, mortise_agent_client_has_software_tpm (self->client)));
  gtk_widget_set_visible (GTK_WIDGET (self->backup_row), data->backup_eligible);
  set_fact (self->backup_row, data->backup_state
                                  ? _ ("The site was told that a copy exists (BS is 1)")
                                  : _ ("The site was told that there is no copy yet (BS is 0)"));
  set_fact (self->site_name_row,
            data->u2f
                ? _ ("“Security key”, as this is a second factor and tells no more.")
                : _ ("“Security key” or “Passkey”, or your browser and system, as in “Firefox on "
                     "Linux”, with the date. Most sites go by a list of known model numbers, and "
                     "Mortise’s is in none so far."));
  set_fact (self->model_row, model);
  set_fact (self->transport_row, data->u2f ? _ ("USB security key, older way (U2F)")
                                           : _ ("USB security key (transport “usb”)"));
  set_fact (self->flags_row, flags);
}

static const char *
describe_algorithm (int algorithm)
{
  switch (algorithm)
    {
    case -7:
      return _ ("ES256 (ECDSA on P-256)");
    case -35:
      return _ ("ES384 (ECDSA on P-384)");
    case -257:
      return _ ("RS256 (RSA)");
    case -8:
      return _ ("EdDSA (Ed25519)");
    default:
      return _ ("unknown");
    }
}

static void
fill_use (MortisePasskeyPage *self, const MortisePasskeyData *data)
{
  g_autofree char *created = mortise_moment_format_full (data->created);
  g_autofree char *last_used =
      data->last_used == 0 ? g_strdup (_ ("Never")) : mortise_moment_format_full (data->last_used);
  g_autofree char *count = g_strdup_printf ("%" G_GUINT64_FORMAT, data->use_count);
  g_autofree char *extensions = g_strjoinv (", ", data->extensions);
  g_autofree char *credential_id = format_hex (data->credential_id);

  set_fact (self->created_row, created);
  set_fact (self->last_used_row, last_used);
  set_fact (self->count_row, count);
  set_fact (self->verification_row, data->cred_protect == 3 ? _ ("Always: the site made it so")
                                    : data->cred_protect == 2
                                        ? _ ("To find the account without its name; else when the "
                                             "site asks")
                                        : _ ("When the site asks, or the vault is locked"));
  set_fact (self->algorithm_row, describe_algorithm (data->algorithm));
  gtk_widget_set_visible (GTK_WIDGET (self->extensions_row), extensions[0] != '\0');
  set_fact (self->extensions_row, extensions);
  set_fact (self->credential_id_row, credential_id);
}

void
mortise_passkey_page_fill_facts (MortisePasskeyPage *self)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (self->passkey);
  g_autofree char *avatar_text = mortise_passkey_dup_avatar_text (self->passkey);
  g_autofree char *account = mortise_passkey_dup_account (self->passkey);
  g_autofree char *site = mortise_passkey_dup_site (self->passkey);

  adw_avatar_set_text (self->avatar, avatar_text);
  gtk_label_set_label (self->account_label, account);
  gtk_label_set_label (self->site_label, site);
  mortise_badges_fill (self->badge_box, self->passkey);
  fill_names (self, data);
  fill_previews (self, data);
  fill_site (self, data);
  fill_use (self, data);
}
