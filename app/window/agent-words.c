/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/agent-words.h"

#include <glib/gi18n.h>

#define RETRY  N_ ("_Try Again"), "win.retry"
#define HEALTH N_ ("See What Is _Wrong"), "win.show-health"

typedef struct
{
  const char *problem;
  const char *icon;
  const char *title;
  const char *text;
  const char *button;
  const char *action;
} ProblemWords;

static const ProblemWords problems[] = {
  { "TpmMissing", "mortise-chip-symbolic", N_ ("No TPM Found"),
    N_ ("This computer shows no TPM 2.0, the chip that keeps passkeys. Often it is only switched "
        "off in the firmware settings."),
    HEALTH },
  { "TpmAccess", "mortise-chip-symbolic", N_ ("The TPM May Not Be Used"),
    N_ ("There is a TPM, but you may not open it."), HEALTH },
  { "TpmUnsuitable", "mortise-chip-symbolic", N_ ("The TPM Lacks Something"),
    N_ ("This TPM cannot do all that passkeys need."), HEALTH },
  { "TpmOther", "mortise-chip-symbolic", N_ ("Another TPM"),
    N_ ("These passkeys belong to another TPM: it was replaced or cleared, or the vault was copied "
        "from another computer. They cannot be opened here. Nothing was changed."),
    HEALTH },
  { "TpmLockout", "mortise-chip-symbolic", N_ ("The TPM Refuses for a While"),
    N_ ("After too many wrong tries the TPM takes no PIN for some time. No passkey is lost."),
    RETRY },
  { "VaultNewer", "mortise-key-symbolic", N_ ("The Vault Is From a Newer Mortise"),
    N_ ("It was left untouched. Update Mortise to open it."), RETRY },
  { "VaultDamaged", "mortise-key-symbolic", N_ ("The Vault Cannot Be Read"),
    N_ ("The vault’s file is damaged. It was left untouched."), RETRY },
  { "VaultInUse", "mortise-key-symbolic", N_ ("The Vault Is in Use"),
    N_ ("Another Mortise has the vault open, perhaps in another session."), RETRY },
  { "VaultIo", "mortise-key-symbolic", N_ ("The Vault’s Files Cannot Be Reached"),
    N_ ("The disk may be full or the folder not readable."), RETRY },
};

void
mortise_agent_words_clear (MortiseAgentWords *words)
{
  g_clear_pointer (&words->text, g_free);
}

static void
set_words (MortiseAgentWords *words,
           const char *icon,
           const char *title,
           const char *text,
           const char *button,
           const char *action)
{
  words->icon = icon;
  words->title = _ (title);
  words->text = g_strdup (_ (text));
  words->button = button == NULL ? NULL : _ (button);
  words->action = action;
}

static void
set_problem (MortiseAgentWords *words, MortiseAgentClient *client)
{
  const char *problem = mortise_agent_client_get_problem (client);
  const char *message = mortise_agent_client_get_problem_message (client);

  set_words (words, "mortise-health-symbolic", N_ ("Mortise Cannot Work Yet"),
             N_ ("The health page tells what is missing."), HEALTH);
  for (gsize i = 0; i < G_N_ELEMENTS (problems); i++)
    {
      const ProblemWords *known = &problems[i];

      if (!g_str_equal (problem, known->problem))
        continue;
      g_free (words->text);
      set_words (words, known->icon, known->title, known->text, known->button, known->action);
    }
  /* The agent knows the very case; our own words are for when it says nothing. */
  if (message[0] != '\0')
    {
      g_free (words->text);
      words->text = g_strdup (message);
    }
}

gboolean
mortise_agent_words_init (MortiseAgentWords *words, MortiseAgentClient *client)
{
  *words = (MortiseAgentWords){ NULL };
  switch (mortise_agent_client_get_state (client))
    {
    case MORTISE_AGENT_CONNECTING:
      set_words (words, NULL, N_ ("Opening the Vault…"), "", NULL, NULL);
      words->text[0] = '\0';
      return TRUE;
    case MORTISE_AGENT_MISSING:
      set_words (words, "network-offline-symbolic", N_ ("The Background Service Is Not Running"),
                 N_ ("Mortise’s agent holds the vault and talks to browsers. Without it passkeys "
                     "cannot be listed or used; none is lost."),
                 N_ ("_Start It"), "win.retry");
      return TRUE;
    case MORTISE_AGENT_UNAVAILABLE:
      set_problem (words, client);
      return TRUE;
    case MORTISE_AGENT_NO_VAULT:
      set_words (words, "mortise-key-symbolic", N_ ("No Vault Yet"),
                 N_ ("Choose a PIN to make the vault that will keep your passkeys."), NULL, NULL);
      return TRUE;
    case MORTISE_AGENT_LOCKED:
      set_words (words, "changes-prevent-symbolic", N_ ("The Vault Is Locked"),
                 N_ ("Enter your PIN to see which passkeys are in it. No site can use them while "
                     "it is locked."),
                 N_ ("_Unlock…"), "win.unlock");
      if (mortise_agent_client_has_recovery_code (client))
        {
          words->second_button = _ ("Use the Recovery _Code…");
          words->second_action = "win.reset-pin";
        }
      return TRUE;
    case MORTISE_AGENT_LISTABLE:
    case MORTISE_AGENT_UNLOCKED:
    default:
      return FALSE;
    }
}
