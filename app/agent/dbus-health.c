/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "app/agent/dbus-service-private.h"
#include "app/agent/health-lines.h"
#include "core/hid/hid-broker.h"
#include "core/vault/vault-settings.h"

static void
add_line (GVariantBuilder *lines,
          const char *id,
          const char *state,
          const char *title,
          const char *text,
          const char *step)
{
  mortise_health_add (lines, id, state, title, text, step, MORTISE_HEALTH_ACTION_NONE);
}

/* --- TPM ---------------------------------------------------------------------------------------
 */

/* Codes that are about the TPM rather than about the vault's files. */
static gboolean
is_tpm_problem (const GError *problem)
{
  return problem != NULL && problem->domain == MORTISE_ERROR &&
         problem->code >= MORTISE_ERROR_TPM_MISSING && problem->code <= MORTISE_ERROR_TPM_FAILED;
}

static const char *
tpm_step (const GError *problem)
{
  switch (problem->code)
    {
    case MORTISE_ERROR_TPM_MISSING:
      return _ ("Switch the TPM on in the firmware’s settings (often “Security”, “TPM”, “fTPM” or "
                "“PTT”).");
    case MORTISE_ERROR_TPM_LOCKOUT:
      return _ ("Leave the computer switched on and wait; nothing else helps.");
    case MORTISE_ERROR_TPM_OTHER:
      return _ ("Put the old TPM (or main board) back, or reset Mortise and register anew.");
    case MORTISE_ERROR_TPM_UNSUITABLE:
      return _ ("Look for an update of the computer’s firmware.");
    default:
      return _ ("Restart the computer.");
    }
}

static void
add_open_tpm (GVariantBuilder *lines, const MortiseBackend *backend)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmLockout lockout = { 0 };

  if (mortise_tpm_get_lockout (backend->tpm, &lockout, &error))
    mortise_health_add_tpm (lines, mortise_tpm_get_info (backend->tpm), &lockout);
  else
    add_line (lines, "tpm", "error", _ ("TPM"), error->message, tpm_step (error));
}

static void
add_tpm (GVariantBuilder *lines, const MortiseBackend *backend, const MortiseAgentStatus *status)
{
  if (g_error_matches (status->vault_problem, MORTISE_ERROR, MORTISE_ERROR_TPM_ACCESS))
    mortise_health_add_set_up (lines, "/", "tpm", "error", _ ("TPM"),
                               status->vault_problem->message);
  else if (is_tpm_problem (status->vault_problem))
    add_line (lines, "tpm", "error", _ ("TPM"), status->vault_problem->message,
              tpm_step (status->vault_problem));
  else if (backend != NULL && backend->tpm != NULL)
    add_open_tpm (lines, backend);
  else
    add_line (lines, "tpm", "note", _ ("TPM"), _ ("Mortise is starting."), "");
}

/* --- What browsers see -------------------------------------------------------------------------
 */

/* With the system service there, what is wrong is not a thing to set up. */
static const char *
broker_step (const GError *problem)
{
  if (g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_DEVICE_ACCESS))
    return _ ("Sit at the computer itself, and bring this session to the front.");
  if (g_error_matches (problem, MORTISE_ERROR, MORTISE_ERROR_ALREADY_RUNNING))
    return _ ("Quit the other Mortise.");
  return _ ("Plug the key in again; if that does not help, restart the computer.");
}

static void
add_device_problem (GVariantBuilder *lines, const char *title, const GError *problem)
{
  if (g_file_test (MORTISE_HID_BROKER_SOCKET, G_FILE_TEST_EXISTS))
    mortise_health_add (lines, "uhid", "error", title, problem->message, broker_step (problem),
                        MORTISE_HEALTH_ACTION_REPLUG);
  else
    mortise_health_add_set_up (lines, "/", "uhid", "error", title, problem->message);
}

static void
add_uhid (GVariantBuilder *lines, const MortiseAgentStatus *status)
{
  const char *title = _ ("Virtual security key");

  if (status->device_problem != NULL)
    add_device_problem (lines, title, status->device_problem);
  else if (!status->device_up)
    add_line (lines, "uhid", "warning", title,
              _ ("Not plugged in, as there is no open vault to answer from."),
              _ ("Mend what is wrong with the TPM or the vault first."));
  else if (g_str_equal (status->transport, "socket"))
    add_line (lines, "uhid", "note", title,
              _ ("Reachable through a socket only: browsers do not see it."), "");
  else
    add_line (lines, "uhid", "ok", title,
              g_file_test (MORTISE_HID_BROKER_SOCKET, G_FILE_TEST_EXISTS)
                  ? _ ("Plugged in, by Mortise’s system service.")
                  : _ ("Plugged in."),
              "");
}

static void
add_hidraw (GVariantBuilder *lines, const MortiseAgentStatus *status)
{
  if (!status->device_up || !g_str_equal (status->transport, "device"))
    {
      add_line (lines, "hidraw", "note", _ ("Visible to browsers"),
                _ ("There is no virtual security key that could be visible."), "");
      return;
    }
  mortise_health_add_hidraw (lines, "/sys/class/hidraw", "/dev");
}

/* --- The rest ----------------------------------------------------------------------------------
 */

static void
add_keyring (GVariantBuilder *lines, const MortiseBackend *backend)
{
  const char *title = _ ("Login keyring");
  g_autoptr (GError) problem = NULL;

  if (backend == NULL || backend->vault == NULL ||
      mortise_vault_get_state (backend->vault) == MORTISE_VAULT_NONE)
    {
      add_line (lines, "keyring", "note", title, _ ("Not used before there is a vault."), "");
      return;
    }
  problem = mortise_vault_dup_keyring_problem (backend->vault);
  if (problem == NULL)
    add_line (lines, "keyring", "ok", title,
              _ ("Works: the list can be shown without the PIN from login on."), "");
  else
    add_line (lines, "keyring", "warning", title, problem->message,
              _ ("Unlock the vault with the PIN; the list is shown from then on."));
}

static gboolean
wants_fingerprint (const MortiseBackend *backend)
{
  g_autoptr (GVariant) value = NULL;

  if (backend == NULL || backend->vault == NULL)
    return FALSE;
  value = mortise_vault_get_setting (backend->vault, MORTISE_SETTING_FINGERPRINT);
  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) &&
         g_variant_get_boolean (value);
}

static void
add_recovery (GVariantBuilder *lines, const MortiseBackend *backend)
{
  const char *title = _ ("Recovery code");
  MortiseKeyslotInfo info = { 0 };

  if (backend == NULL || backend->vault == NULL ||
      !mortise_vault_get_keyslot (backend->vault, MORTISE_KEYSLOT_RECOVERY, &info, NULL))
    add_line (lines, "recovery", "note", title, _ ("Can be made once there is a vault."), "");
  else if (info.exists)
    add_line (lines, "recovery", "ok", title,
              _ ("Made: it opens the vault if the PIN is forgotten or blocked."), "");
  else
    mortise_health_add (
        lines, "recovery", "warning", title,
        _ ("There is none: if the PIN is forgotten or blocked, every passkey is lost."),
        _ ("Make one and write it down."), MORTISE_HEALTH_ACTION_RECOVERY);
}

static void
add_session (GVariantBuilder *lines, const MortiseAgentStatus *status)
{
  const char *title = _ ("Session");

  if (!status->session_available)
    add_line (lines, "session", "warning", title,
              _ ("The login service (logind) does not answer: the vault does not lock with the "
                 "screen or when the computer sleeps."),
              _ ("Set a short time after which the vault locks, in Preferences."));
  else if (!status->session_active)
    add_line (lines, "session", "note", title,
              _ ("Another session is in front: no client gets an answer until this one is."), "");
  else
    add_line (lines, "session", "ok", title,
              _ ("The vault locks with the screen and before sleep."), "");
}

static void
add_memory (GVariantBuilder *lines, const MortiseAgentStatus *status)
{
  const char *title = _ ("Memory for secrets");

  if (status->memory_locked)
    add_line (lines, "memory", "ok", title, _ ("Locked: secrets are never written to disk."), "");
  else
    add_line (lines, "memory", "warning", title,
              _ ("Could not be locked, so that secrets might be written to the swap space."),
              _ ("Raise the limit on locked memory (LimitMEMLOCK= of the service) to 1 MiB."));
}

static void
add_prompt (GVariantBuilder *lines, MortisePrompter *prompter)
{
  const char *title = _ ("Prompt");
  g_autoptr (GError) error = NULL;

  if (mortise_prompter_check (prompter, &error))
    add_line (lines, "prompt", "ok", title, _ ("Can be shown."), "");
  else
    add_line (lines, "prompt", "error", title, error->message,
              _ ("Install Mortise again, or log in to a desktop."));
}

GVariant *
mortise_dbus_get_health (MortiseDBusCall *call, GError **error)
{
  g_autoptr (MortiseAgentStatus) status = mortise_agent_dup_status (call->agent);
  g_autoptr (MortiseBackend) backend = mortise_agent_peek_backend (call->agent);
  GVariantBuilder lines;

  g_variant_builder_init (&lines, G_VARIANT_TYPE ("aa{sv}"));
  add_tpm (&lines, backend, status);
  add_uhid (&lines, status);
  add_hidraw (&lines, status);
  mortise_health_add_browsers (&lines, "/", g_get_user_data_dir ());
  add_keyring (&lines, backend);
  mortise_health_add_fingerprint (&lines, mortise_agent_get_fingerprint (call->agent),
                                  wants_fingerprint (backend), call->cancellable);
  add_recovery (&lines, backend);
  /* A demo has nothing to start at login for, and no switch for it. */
  if (!mortise_agent_is_demo (call->agent))
    mortise_health_add_autostart (&lines, "/", g_get_user_config_dir ());
  add_session (&lines, status);
  add_memory (&lines, status);
  add_prompt (&lines, mortise_agent_get_prompter (call->agent));
  mortise_dbus_service_refresh_lockout (call->service);
  return g_variant_new ("(aa{sv})", &lines);
}
