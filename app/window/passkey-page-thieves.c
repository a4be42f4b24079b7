/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include <glib/gi18n.h>

static const char *
describe_disk (gboolean software)
{
  if (software)
    return _ ("This is a software TPM: who has its files as well has everything. With a real TPM "
              "the disk alone is of no use.");
  return _ (
      "Could not use this passkey and could not see what sites you use: the vault opens only in "
      "this computer’s TPM. Whoever has a backup file and its passphrase has what is in it.");
}

static const char *
describe_machine (MortisePasskeyKind kind, gboolean software)
{
  if (software)
    return _ (
        "Could copy this passkey: a software TPM keeps nothing from who controls the computer.");
  switch (kind)
    {
    case MORTISE_PASSKEY_DEVICE_ONLY:
      return _ ("Could sign in with this passkey while the vault is unlocked, if they control the "
                "whole computer, but could not take it away: without this computer it is lost to "
                "them. While the vault is locked they need your PIN, whose tries the TPM limits, "
                "or the recovery code.");
    case MORTISE_PASSKEY_SEALED:
      return _ (
          "Could sign in with this passkey and copy it while the vault is unlocked, if they "
          "control the whole computer: its key is in memory when you sign in. While the vault is "
          "locked they need your PIN, whose tries the TPM limits, or the recovery code.");
    case MORTISE_PASSKEY_EXPORTABLE:
    default:
      return _ ("Could sign in with this passkey and copy it while the vault is unlocked, if they "
                "control the whole computer: what you may export, they may too. While the vault is "
                "locked they need your PIN, whose tries the TPM limits, or the recovery code.");
    }
}

void
mortise_passkey_page_show_thieves (MortisePasskeyPage *self)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (self->passkey);
  g_autoptr (GVariant) tpm = mortise_agent_client_dup_tpm (self->client);
  gboolean software = FALSE;

  if (tpm != NULL)
    g_variant_lookup (tpm, "software", "b", &software);
  adw_action_row_set_subtitle (self->disk_row, describe_disk (software));
  adw_action_row_set_subtitle (self->machine_row, describe_machine (data->kind, software));
  adw_action_row_set_subtitle (
      self->password_row,
      _ ("Could log in as you and, with the login keyring, see which sites and accounts you have. "
         "Could not sign in with this passkey: that takes your PIN or the recovery code."));
}
