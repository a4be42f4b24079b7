/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "app/agent-dbus.h"
#include "app/agent/dbus-service-private.h"
#include "app/prompt/prompt-question.h"
#include "core/vault/vault-settings.h"
#include "tests/fuzz/fuzz-authenticator.h"
#include "tests/fuzz/fuzz-target.h"
#include "tests/fuzz/fuzz-variant.h"

/*
 * Arguments of every method of the agent's interface, of the types that GDBus lets through, to the
 * functions that handle them. The agent and its prompt are stand-ins: below.
 */

#define MAX_CALLS 16

typedef struct
{
  const char *name;
  MortiseDBusMethod method;
  gboolean destroys; /* nothing may be lost unless the person said yes */
} Method;

/* Replug and Retry take nothing and answer from the main loop; Reset is CTAP's as well. */
static const Method methods[] = {
  { "CreateVault", mortise_dbus_create_vault, TRUE },
  { "Unlock", mortise_dbus_unlock, TRUE },
  { "Lock", mortise_dbus_lock, TRUE },
  { "ChangePin", mortise_dbus_change_pin, TRUE },
  { "Reset", mortise_dbus_reset, TRUE },
  { "ListPasskeys", mortise_dbus_list_passkeys, TRUE },
  { "GetPasskey", mortise_dbus_get_passkey, TRUE },
  { "GetHistory", mortise_dbus_get_history, TRUE },
  { "ReadProtection", mortise_dbus_read_protection, TRUE },
  { "EditPasskey", mortise_dbus_edit_passkey, TRUE },
  { "DeletePasskeys", mortise_dbus_delete_passkeys, TRUE },
  { "RestorePasskeys", mortise_dbus_restore_passkeys, FALSE },
  { "PurgePasskeys", mortise_dbus_purge_passkeys, TRUE },
  { "GetHealth", mortise_dbus_get_health, TRUE },
  { "GetSettings", mortise_dbus_get_settings, TRUE },
  { "GetFingerprint", mortise_dbus_get_fingerprint, TRUE },
  { "SetSetting", mortise_dbus_set_setting, TRUE },
  { "CreateRecoveryCode", mortise_dbus_create_recovery_code, TRUE },
  { "ResetPin", mortise_dbus_reset_pin, TRUE },
  { "GetKeyslots", mortise_dbus_get_keyslots, TRUE },
  { "SetKeyslot", mortise_dbus_set_keyslot, TRUE },
};

static const char *const members[] = {
  "user-name",
  "user-display-name",
  "label",
  "nickname",
  "export-blocked",
  "backup-state",
  MORTISE_SETTING_IDLE_LOCK,
  MORTISE_SETTING_EXPORT_DEFAULT,
  MORTISE_SETTING_FINGERPRINT,
  MORTISE_SETTING_ALWAYS_UV,
  MORTISE_SETTING_MIN_PIN_LENGTH,
  MORTISE_SETTING_PERSISTENT_TOKEN,
  "login",
  "recovery",
  "pin",
  "",
  NULL,
};

/* What stands in for the agent. */
static struct
{
  FuzzAuthenticator *world;
  FuzzInput *input;
  MortisePrompter *prompter;
  MortiseSecret *code; /* the recovery code shown last */
  guint yes;
} agent;

/* --- Stand-ins: an agent that has opened its vault -------------------------------------------- */

MortiseBackend *
mortise_agent_ref_backend (MortiseAgent *self, GError **error)
{
  MortiseBackend *backend = g_atomic_rc_box_new0 (MortiseBackend);

  backend->tpm = g_object_ref (agent.world->ctap.tpm);
  backend->vault = g_object_ref (agent.world->ctap.vault);
  backend->authenticator = g_object_ref (agent.world->ctap.authenticator);
  return backend;
}

MortiseBackend *
mortise_agent_peek_backend (MortiseAgent *self)
{
  return mortise_agent_ref_backend (self, NULL);
}

MortiseAgentStatus *
mortise_agent_dup_status (MortiseAgent *self)
{
  MortiseAgentStatus *status = g_new0 (MortiseAgentStatus, 1);

  status->transport = "none";
  status->socket_path = g_strdup ("");
  return status;
}

void
mortise_agent_status_free (MortiseAgentStatus *status)
{
  if (status == NULL)
    return;
  g_free (status->socket_path);
  g_free (status);
}

MortisePrompter *
mortise_agent_get_prompter (MortiseAgent *self)
{
  return agent.prompter;
}

MortiseFingerprint *
mortise_agent_get_fingerprint (MortiseAgent *self)
{
  static MortiseFingerprint *fingerprint = NULL;

  /* Without a bus. */
  if (fingerprint == NULL)
    fingerprint = mortise_fingerprint_new ();
  return fingerprint;
}

gboolean
mortise_agent_is_demo (MortiseAgent *self)
{
  return FALSE;
}

void
mortise_agent_lock (MortiseAgent *self)
{
  mortise_vault_lock (agent.world->ctap.vault);
}

void
mortise_agent_vault_was_reset (MortiseAgent *self)
{
}

void
mortise_agent_settings_changed (MortiseAgent *self)
{
}

void
mortise_agent_retry (MortiseAgent *self,
                     void (*done) (const GError *problem, gpointer user_data),
                     gpointer user_data)
{
  g_assert_not_reached ();
}

gboolean
mortise_agent_replug (MortiseAgent *self, GError **error)
{
  g_assert_not_reached ();
}

/* --- Stand-ins: the service's helpers, and the person ----------------------------------------- */

GVariant *
mortise_dbus_empty_reply (void)
{
  return g_variant_new ("()");
}

void
mortise_dbus_service_refresh (MortiseDBusService *service)
{
}

void
mortise_dbus_service_refresh_lockout (MortiseDBusService *service)
{
}

/* Whatever was called, what the person would see can be shown. */
static void
check_question (GVariantDict *dict, const char *kind)
{
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortisePromptQuestion) question = NULL;
  g_autoptr (GError) error = NULL;

  g_variant_dict_insert (dict, "kind", "s", kind);
  dictionary = g_variant_ref_sink (g_variant_dict_end (dict));
  question = mortise_prompt_question_parse (dictionary, &error);
  g_assert_no_error (error);
  for (char **line = question->passkeys; *line != NULL; line++)
    g_assert_true (g_utf8_validate (*line, -1, NULL));
  for (char **line = question->changes; *line != NULL; line++)
    g_assert_true (g_utf8_validate (*line, -1, NULL));
}

gboolean
mortise_dbus_call_ask (MortiseDBusCall *call,
                       const char *kind,
                       GVariantDict *dict,
                       gboolean needs_pin,
                       gboolean needs_new_pin,
                       MortisePromptAccept accept,
                       gpointer user_data,
                       GError **error)
{
  static const char *const pins[] = { FUZZ_PIN, FUZZ_PIN, FUZZ_PIN, "wrong" };
  static const char *const new_pins[] = { FUZZ_PIN, "123", "12345678", "" };
  const char *text = pins[fuzz_input_below (agent.input, G_N_ELEMENTS (pins))];
  const char *new_text = new_pins[fuzz_input_below (agent.input, G_N_ELEMENTS (new_pins))];
  g_autoptr (MortiseSecret) pin = NULL;
  g_autoptr (MortiseSecret) new_pin = NULL;
  g_autoptr (MortiseSecret) hash = NULL;

  check_question (dict, kind);
  if (fuzz_input_byte (agent.input) >= 0xa0)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_DENIED, "as the input says");
      return FALSE;
    }
  pin = mortise_secret_new_from_data (text, strlen (text));
  new_pin = mortise_secret_new_from_data (new_text, MAX (strlen (new_text), 1));
  agent.yes++;
  if (accept != NULL)
    return accept (needs_pin ? pin : NULL, needs_new_pin ? new_pin : NULL, user_data, error);
  if (!needs_pin)
    return TRUE;
  hash = mortise_pin_hash (pin, error);
  return hash != NULL && mortise_vault_unlock (agent.world->ctap.vault, hash, error);
}

static gboolean
says_no (GError **error)
{
  if (fuzz_input_byte (agent.input) < 0xa0)
    {
      agent.yes++;
      return FALSE;
    }
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_DENIED, "as the input says");
  return TRUE;
}

gboolean
mortise_dbus_call_ask_showing (MortiseDBusCall *call,
                               const char *kind,
                               GVariantDict *dict,
                               MortisePromptMakeCode make,
                               MortisePromptKeepCode keep,
                               gpointer user_data,
                               GError **error)
{
  const MortiseSecret *code;

  check_question (dict, kind);
  if (says_no (error))
    return FALSE;
  code = make (user_data, error);
  if (code == NULL)
    return FALSE;
  g_clear_pointer (&agent.code, mortise_secret_free);
  agent.code = mortise_secret_copy (code);
  return !says_no (error) && keep (user_data, error);
}

gboolean
mortise_dbus_call_ask_recovery (MortiseDBusCall *call,
                                const char *kind,
                                GVariantDict *dict,
                                GError **error)
{
  g_autoptr (MortiseSecret) wrong = mortise_secret_new_from_data ("wrong", 5);
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (FUZZ_PIN, strlen (FUZZ_PIN));
  const MortiseSecret *typed =
      agent.code != NULL && fuzz_input_bool (agent.input) ? agent.code : wrong;

  check_question (dict, kind);
  return !says_no (error) && mortise_vault_reset_pin (agent.world->ctap.vault, typed, pin, error);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static GVariant *
ids (FuzzInput *input)
{
  guint n = fuzz_input_below (input, 12);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ax"));
  for (guint i = 0; i < n; i++)
    g_variant_builder_add (&builder, "x",
                           (gint64) (fuzz_input_byte (input) % (FUZZ_N_PASSKEYS + 2)));
  return g_variant_builder_end (&builder);
}

static GVariant *
argument (FuzzInput *input, const char *signature)
{
  /* Ids of passkeys that are there, and any other number. */
  if (g_str_equal (signature, "x"))
    {
      guint8 byte = fuzz_input_byte (input);

      return g_variant_new_int64 (byte < 0xf0 ? (gint64) (byte % (FUZZ_N_PASSKEYS + 2))
                                              : (gint64) fuzz_input_u64 (input));
    }
  if (g_str_equal (signature, "u"))
    return g_variant_new_uint32 (fuzz_input_bool (input) ? fuzz_input_byte (input)
                                                         : (guint32) fuzz_input_u64 (input));
  if (g_str_equal (signature, "b"))
    return g_variant_new_boolean (fuzz_input_bool (input));
  if (g_str_equal (signature, "s"))
    return fuzz_input_bool (input)
               ? g_variant_new_take_string (fuzz_input_text (input))
               : g_variant_new_string (
                     members[fuzz_input_below (input, G_N_ELEMENTS (members) - 1)]);
  if (g_str_equal (signature, "v"))
    return g_variant_new_variant (fuzz_variant_value (input, members));
  if (g_str_equal (signature, "a{sv}"))
    return fuzz_variant_dictionary (input, members);
  if (g_str_equal (signature, "ax"))
    return ids (input);
  g_error ("Arguments of type %s have no generator here", signature);
}

static GVariant *
arguments (const GDBusMethodInfo *info, FuzzInput *input)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_TUPLE);
  for (guint i = 0; info->in_args != NULL && info->in_args[i] != NULL; i++)
    g_variant_builder_add_value (&builder, argument (input, info->in_args[i]->signature));
  return g_variant_builder_end (&builder);
}

static void
check_reply (const GDBusMethodInfo *info, GVariant *reply)
{
  g_autoptr (GString) signature = g_string_new ("(");

  for (guint i = 0; info->out_args != NULL && info->out_args[i] != NULL; i++)
    g_string_append (signature, info->out_args[i]->signature);
  g_string_append_c (signature, ')');
  g_assert_cmpstr (g_variant_get_type_string (reply), ==, signature->str);
  g_assert_true (g_variant_is_normal_form (reply));
}

/* All passkeys, deleted ones too: their number never falls without a yes. */
static guint
count_all (void)
{
  MortiseVault *vault = agent.world->ctap.vault;
  guint damaged = 0;
  g_autoptr (GPtrArray) deleted = mortise_vault_list (vault, TRUE, 0, 1000, &damaged, NULL);

  return mortise_vault_count (vault) + (deleted != NULL ? deleted->len : 0);
}

static void
call_method (const Method *method, FuzzInput *input)
{
  GDBusMethodInfo *info =
      g_dbus_interface_info_lookup_method (mortise_dbus_agent1_interface_info (), method->name);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GVariant) parameters = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;
  MortiseDBusCall call = { .agent = (MortiseAgent *) &agent, .sender = ":1.7" };
  MortiseVaultState before = mortise_vault_get_state (agent.world->ctap.vault);
  guint used = mortise_vault_count (agent.world->ctap.vault);
  guint all = count_all ();

  g_assert_nonnull (info);
  parameters = g_variant_ref_sink (arguments (info, input));
  call.parameters = parameters;
  call.cancellable = cancellable;
  agent.yes = 0;
  fuzz_faults_arm (&agent.world->plan, &agent.world->ctap, cancellable);
  reply = method->method (&call, &error);
  fuzz_faults_disarm (&agent.world->ctap);
  g_assert_true ((reply == NULL) == (error != NULL));
  if (reply != NULL)
    check_reply (info, g_variant_ref_sink (reply));
  else
    g_assert_true (error->domain == MORTISE_ERROR && *error->message != '\0');
  if (agent.yes > 0)
    return;
  /* Locking hides Recently deleted; nothing else may go. */
  g_assert_cmpint (mortise_vault_get_state (agent.world->ctap.vault), <=, before);
  if (method->destroys)
    g_assert_cmpuint (mortise_vault_count (agent.world->ctap.vault), ==, used);
  if (mortise_vault_get_state (agent.world->ctap.vault) == before)
    g_assert_cmpuint (count_all (), ==, all);
}

void
fuzz_target_prepare (void)
{
  GDBusMethodInfo **infos = mortise_dbus_agent1_interface_info ()->methods;

  fuzz_authenticator_prepare ();
  agent.prompter = mortise_prompter_new ("/nonexistent", FALSE);
  for (guint i = 0; infos[i] != NULL; i++)
    {
      gboolean known =
          g_str_equal (infos[i]->name, "Replug") || g_str_equal (infos[i]->name, "Retry");

      for (gsize j = 0; j < G_N_ELEMENTS (methods); j++)
        known = known || g_str_equal (infos[i]->name, methods[j].name);
      if (!known)
        g_printerr ("# fuzz-dbus-arguments does not know the method %s yet\n", infos[i]->name);
    }
}

void
fuzz_target_run (FuzzInput *input)
{
  agent.world = fuzz_authenticator_new (input);
  agent.input = input;
  for (guint i = 0; i < MAX_CALLS && !fuzz_input_is_empty (input); i++)
    {
      const Method *method = &methods[fuzz_input_below (input, G_N_ELEMENTS (methods))];

      fuzz_fault_plan_read (&agent.world->plan, input);
      call_method (method, input);
      agent.world->plan.wanted = FALSE;
    }
  fuzz_authenticator_free (agent.world);
  g_clear_pointer (&agent.code, mortise_secret_free);
}
