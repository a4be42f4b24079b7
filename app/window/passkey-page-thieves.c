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

/* The ways to the vault's key that there are: whoever has one of them can use this passkey. */
static const char *
describe_keyslots (gboolean recovery, gboolean login)
{
  if (login)
    return recovery ? _ ("Your PIN or the recovery code. The login keyring opens only the list of "
                         "names.")
                    : _ ("Your PIN. The login keyring opens only the list of names.");
  return recovery ? _ ("Your PIN or the recovery code.") : _ ("Your PIN, and nothing else.");
}

static const char *
describe_running (MortisePasskeyKind kind)
{
  switch (kind)
    {
    case MORTISE_PASSKEY_DEVICE_ONLY:
      return _ ("Could sign in with this passkey while the vault is unlocked, if they control the "
                "whole computer, but could not take it away: without this computer it is lost to "
                "them.");
    case MORTISE_PASSKEY_SEALED:
      return _ ("Could sign in with this passkey and copy it while the vault is unlocked, if they "
                "control the whole computer: its key is in memory when you sign in.");
    case MORTISE_PASSKEY_EXPORTABLE:
    default:
      return _ ("Could sign in with this passkey and copy it while the vault is unlocked, if they "
                "control the whole computer: what you may export, they may too.");
    }
}

static char *
join (const char *first, const char *second)
{
  /* Translators: two sentences, one after the other */
  return g_strdup_printf (_ ("%s %s"), first, second);
}

static char *
describe_machine (MortisePasskeyKind kind, gboolean software, gboolean recovery)
{
  if (software)
    return g_strdup (
        _ ("Could copy this passkey: a software TPM keeps nothing from who controls the "
           "computer."));
  return join (describe_running (kind),
               recovery ? _ ("While the vault is locked they need your PIN, whose tries the TPM "
                             "limits, or the recovery code.")
                        : _ ("While the vault is locked they need your PIN, whose tries the TPM "
                             "limits."));
}

static char *
describe_password (gboolean recovery, gboolean login)
{
  return join (login ? _ ("Could log in as you and, with the login keyring, see which sites and "
                          "accounts you have.")
                     : _ ("Could log in as you, but not see which sites and accounts you have: the "
                          "list, too, opens only with the PIN."),
               recovery ? _ ("Could not sign in with this passkey: that takes your PIN or the "
                             "recovery code.")
                        : _ ("Could not sign in with this passkey: that takes your PIN."));
}

void
mortise_passkey_page_show_thieves (MortisePasskeyPage *self)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (self->passkey);
  gboolean recovery = mortise_agent_client_has_recovery_code (self->client);
  gboolean login = mortise_agent_client_has_login_keyslot (self->client);
  gboolean software = mortise_agent_client_has_software_tpm (self->client);
  g_autofree char *machine = NULL;
  g_autofree char *password = NULL;

  machine = describe_machine (data->kind, software, recovery);
  password = describe_password (recovery, login);
  adw_action_row_set_subtitle (self->opens_row, describe_keyslots (recovery, login));
  adw_action_row_set_subtitle (self->disk_row, describe_disk (software));
  adw_action_row_set_subtitle (self->machine_row, machine);
  adw_action_row_set_subtitle (self->password_row, password);
}
