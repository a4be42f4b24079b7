/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/authenticator.h"

#include "core/ctap/authenticator-private.h"
#include "core/ctap/credential-enumeration.h"
#include "core/ctap/get-assertion.h"
#include "core/ctap/large-blobs.h"
#include "core/ctap/u2f.h"
#include "core/vault/vault-settings.h"

typedef struct
{
  CtapCommand command;
  gboolean has_parameters;
  MortiseCommandHandler handle;
} Command;

static const Command commands[] = {
  { CTAP_MAKE_CREDENTIAL, TRUE, mortise_ctap_make_credential },
  { CTAP_GET_ASSERTION, TRUE, mortise_ctap_get_assertion },
  { CTAP_GET_INFO, FALSE, mortise_ctap_get_info },
  { CTAP_CLIENT_PIN, TRUE, mortise_ctap_client_pin },
  { CTAP_RESET, FALSE, mortise_ctap_reset },
  { CTAP_GET_NEXT_ASSERTION, FALSE, mortise_ctap_get_next_assertion },
  { CTAP_CREDENTIAL_MANAGEMENT, TRUE, mortise_ctap_credential_management },
  { CTAP_SELECTION, FALSE, mortise_ctap_selection },
  { CTAP_LARGE_BLOBS, TRUE, mortise_ctap_large_blobs },
  { CTAP_CONFIG, TRUE, mortise_ctap_config },
  { CTAP_CREDENTIAL_MANAGEMENT_PREVIEW, TRUE, mortise_ctap_credential_management },
};

G_DEFINE_FINAL_TYPE (MortiseAuthenticator, mortise_authenticator, G_TYPE_OBJECT)

void
mortise_authenticator_forget (MortiseAuthenticator *self)
{
  mortise_pin_uv_auth_token_reset (self->token);
  for (gsize i = 0; i < G_N_ELEMENTS (self->key_agreement); i++)
    g_clear_pointer (&self->key_agreement[i], EVP_PKEY_free);
  g_clear_pointer (&self->next_assertion, mortise_get_assertion_free);
  g_clear_pointer (&self->enumeration, mortise_enumeration_free);
  g_clear_pointer (&self->large_blob_write, mortise_large_blob_write_free);
  g_clear_pointer (&self->u2f_attempt, mortise_u2f_attempt_free);
  g_clear_pointer (&self->u2f_refusal, g_free);
}

gboolean
mortise_authenticator_get_flag (MortiseAuthenticator *self, const char *name, gboolean fallback)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (self->vault, name);

  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return fallback;
  return g_variant_get_boolean (value);
}

gboolean
mortise_authenticator_is_pin_change_forced (MortiseAuthenticator *self)
{
  return mortise_authenticator_get_flag (self, MORTISE_SETTING_FORCE_PIN_CHANGE, FALSE);
}

guint
mortise_authenticator_get_min_pin_length (MortiseAuthenticator *self)
{
  g_autoptr (GVariant) value =
      mortise_vault_get_setting (self->vault, MORTISE_SETTING_MIN_PIN_LENGTH);

  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return MORTISE_PIN_MIN_CODE_POINTS;
  return CLAMP (g_variant_get_uint32 (value), MORTISE_PIN_MIN_CODE_POINTS, MORTISE_PIN_MAX_BYTES);
}

gboolean
mortise_authenticator_may_read_min_pin_length (MortiseAuthenticator *self, const char *rp_id)
{
  g_autoptr (GVariant) value =
      mortise_vault_get_setting (self->vault, MORTISE_SETTING_MIN_PIN_RP_IDS);
  g_autofree const char **rp_ids = NULL;

  if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    return FALSE;
  rp_ids = g_variant_get_strv (value, NULL);
  return g_strv_contains (rp_ids, rp_id);
}

gboolean
mortise_authenticator_is_protected (MortiseAuthenticator *self)
{
  return mortise_vault_get_state (self->vault) >= MORTISE_VAULT_LOCKED;
}

gboolean
mortise_authenticator_supports_builtin_uv (MortiseAuthenticator *self)
{
  return g_atomic_int_get (&self->builtin_uv) != 0 &&
         mortise_authenticator_get_flag (self, MORTISE_SETTING_BUILTIN_UV, TRUE) &&
         mortise_consent_can_verify (self->consent);
}

gboolean
mortise_authenticator_has_builtin_uv (MortiseAuthenticator *self)
{
  return mortise_authenticator_is_protected (self) &&
         mortise_authenticator_supports_builtin_uv (self);
}

gboolean
mortise_authenticator_is_always_uv (MortiseAuthenticator *self)
{
  return !mortise_authenticator_is_protected (self) ||
         mortise_authenticator_get_flag (self, MORTISE_SETTING_ALWAYS_UV, FALSE);
}

gboolean
mortise_authenticator_has_algorithm (MortiseAuthenticator *self, gint64 algorithm)
{
  MortiseTpm *tpm = mortise_vault_get_tpm (self->vault);
  const MortiseTpmInfo *info = tpm != NULL ? mortise_tpm_get_info (tpm) : NULL;

  switch (algorithm)
    {
    case MORTISE_ALG_ES256:
      return TRUE;
    case MORTISE_ALG_ES384:
      return info != NULL && info->es384;
    case MORTISE_ALG_RS256:
      return info != NULL && info->rs256;
    default:
      return FALSE;
    }
}

static void
mortise_authenticator_finalize (GObject *object)
{
  MortiseAuthenticator *self = MORTISE_AUTHENTICATOR (object);

  mortise_authenticator_forget (self);
  mortise_pin_uv_auth_token_free (self->token);
  g_clear_object (&self->vault);
  g_clear_object (&self->consent);

  G_OBJECT_CLASS (mortise_authenticator_parent_class)->finalize (object);
}

static void
mortise_authenticator_class_init (MortiseAuthenticatorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_authenticator_finalize;
}

static void
mortise_authenticator_init (MortiseAuthenticator *self)
{
  self->builtin_uv = 1;
}

MortiseAuthenticator *
mortise_authenticator_new (MortiseVault *vault, MortiseConsent *consent, gint64 (*clock) (void))
{
  MortiseAuthenticator *self;

  g_return_val_if_fail (MORTISE_IS_VAULT (vault), NULL);
  g_return_val_if_fail (MORTISE_IS_CONSENT (consent), NULL);

  self = g_object_new (MORTISE_TYPE_AUTHENTICATOR, NULL);
  self->vault = g_object_ref (vault);
  self->consent = g_object_ref (consent);
  self->clock = clock != NULL ? clock : g_get_monotonic_time;
  self->token = mortise_pin_uv_auth_token_new (self->clock);
  self->powered_up_at = self->clock ();
  return self;
}

void
mortise_authenticator_set_builtin_uv (MortiseAuthenticator *self, gboolean enabled)
{
  g_return_if_fail (MORTISE_IS_AUTHENTICATOR (self));

  g_atomic_int_set (&self->builtin_uv, enabled ? 1 : 0);
}

static CtapStatus
dispatch (MortiseAuthenticator *self,
          GBytes *bytes,
          const MortiseRequestContext *context,
          MortiseCborWriter *response)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  MortiseCtapRequest request = { .bytes = bytes, .context = context };
  const Command *command = NULL;

  if (size == 0)
    return CTAP1_ERR_INVALID_LENGTH;
  for (gsize i = 0; i < G_N_ELEMENTS (commands) && command == NULL; i++)
    {
      if (commands[i].command == data[0])
        command = &commands[i];
    }
  /* Any other command ends the state that "get next" needs (CTAP 2.1 §6, "stateful"). */
  if (command == NULL || command->command != CTAP_GET_NEXT_ASSERTION)
    g_clear_pointer (&self->next_assertion, mortise_get_assertion_free);
  if (command == NULL || command->handle != mortise_ctap_credential_management)
    g_clear_pointer (&self->enumeration, mortise_enumeration_free);
  if (command == NULL || command->command != CTAP_LARGE_BLOBS)
    g_clear_pointer (&self->large_blob_write, mortise_large_blob_write_free);
  if (command == NULL)
    return CTAP1_ERR_INVALID_COMMAND;

  request.command = command->command;
  if (command->has_parameters)
    {
      CtapStatus status = mortise_cbor_parse (data + 1, size - 1, &request.parameters);

      if (status != CTAP1_ERR_SUCCESS)
        return status;
      if (request.parameters.type != MORTISE_CBOR_MAP)
        return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
    }
  else if (size > 1)
    return CTAP1_ERR_INVALID_LENGTH;

  if (mortise_vault_get_state (self->vault) == MORTISE_VAULT_CLOSED)
    return CTAP1_ERR_OTHER;
  return command->handle (self, &request, response);
}

static void
power_up_if_pending (MortiseAuthenticator *self)
{
  if (g_atomic_int_compare_and_exchange (&self->power_up_pending, 1, 0))
    mortise_authenticator_forget (self);
}

GBytes *
mortise_authenticator_handle_cbor (MortiseAuthenticator *self,
                                   GBytes *request,
                                   const MortiseRequestContext *context)
{
  g_autoptr (MortiseCborWriter) response = mortise_cbor_writer_new ();
  CtapStatus status;
  guint8 byte;

  g_return_val_if_fail (MORTISE_IS_AUTHENTICATOR (self), NULL);
  g_return_val_if_fail (request != NULL, NULL);

  power_up_if_pending (self);
  mortise_u2f_leave (self, context != NULL ? context->channel : 0);

  byte = CTAP1_ERR_SUCCESS;
  mortise_cbor_write_raw (response, &byte, sizeof byte);
  status = dispatch (self, request, context, response);
  if (status == CTAP1_ERR_SUCCESS)
    return mortise_cbor_writer_finish (response);

  byte = (guint8) status;
  return g_bytes_new (&byte, sizeof byte);
}

GBytes *
mortise_authenticator_handle_apdu (MortiseAuthenticator *self,
                                   GBytes *request,
                                   const MortiseRequestContext *context)
{
  g_return_val_if_fail (MORTISE_IS_AUTHENTICATOR (self), NULL);
  g_return_val_if_fail (request != NULL, NULL);

  power_up_if_pending (self);
  return mortise_u2f_handle (self, request, context);
}

gboolean
mortise_authenticator_has_u2f (MortiseAuthenticator *self)
{
  g_return_val_if_fail (MORTISE_IS_AUTHENTICATOR (self), FALSE);

  return !mortise_authenticator_is_always_uv (self);
}

void
mortise_authenticator_power_up (MortiseAuthenticator *self)
{
  g_return_if_fail (MORTISE_IS_AUTHENTICATOR (self));

  /* A request may be under way on its own thread: it ends as it would have, the next one finds
   * the state of a freshly plugged key. */
  self->powered_up_at = self->clock ();
  g_atomic_int_set (&self->power_up_pending, 1);
}
