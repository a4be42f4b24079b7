/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/authenticator-config.h"

#include <string.h>

#include "core/ctap/ctap-entities.h"
#include "core/ctap/pin-uv-auth-param.h"
#include "core/vault/vault-settings.h"

#define CONTEXT_SIZE 32

enum
{
  TOGGLE_ALWAYS_UV = 0x02,
  SET_MIN_PIN_LENGTH = 0x03,
};

/* authenticatorConfig's parameters (CTAP 2.1 §6.11). */
typedef struct
{
  MortiseCborValue sub_command;
  MortiseCborValue sub_command_params;
  MortisePinUvAuthParam auth;
} Parameters;

static const MortiseCborMember parameter_members[] = {
  MORTISE_CBOR_MEMBER (Parameters, 0x01, sub_command, MORTISE_CBOR_INT, TRUE),
  MORTISE_CBOR_MEMBER (Parameters, 0x02, sub_command_params, MORTISE_CBOR_MAP, FALSE),
  MORTISE_PIN_UV_AUTH_PARAM_MEMBERS (Parameters, auth, 0x04, 0x03),
};

typedef struct
{
  MortiseCborValue new_min_pin_length;
  MortiseCborValue min_pin_length_rp_ids;
  MortiseCborValue force_change_pin;
  MortiseCborValue pin_complexity_policy;
} MinPinLength;

static const MortiseCborMember min_pin_length_members[] = {
  MORTISE_CBOR_MEMBER (MinPinLength, 0x01, new_min_pin_length, MORTISE_CBOR_INT, FALSE),
  MORTISE_CBOR_MEMBER (MinPinLength, 0x02, min_pin_length_rp_ids, MORTISE_CBOR_ARRAY, FALSE),
  MORTISE_CBOR_MEMBER (MinPinLength, 0x03, force_change_pin, MORTISE_CBOR_BOOL, FALSE),
  MORTISE_CBOR_MEMBER (MinPinLength, 0x04, pin_complexity_policy, MORTISE_CBOR_BOOL, FALSE),
};

static CtapStatus
store (MortiseAuthenticator *self, const char *name, GVariant *value)
{
  g_autoptr (GError) error = NULL;

  if (mortise_vault_set_setting (self->vault, name, value, &error))
    return CTAP1_ERR_SUCCESS;
  g_message ("Cannot store the setting %s: %s", name, error->message);
  return ctap_status_from_error (error);
}

static CtapStatus
toggle_always_uv (MortiseAuthenticator *self,
                  const MortiseCtapRequest *request,
                  const Parameters *parameters)
{
  gboolean always = mortise_authenticator_get_flag (self, MORTISE_SETTING_ALWAYS_UV, FALSE);

  return store (self, MORTISE_SETTING_ALWAYS_UV, g_variant_new_boolean (!always));
}

/* @ret_rp_ids: (out) (nullable): the sites named, if any are */
static CtapStatus
read_rp_ids (const MortiseCborValue *array, GVariant **ret_rp_ids)
{
  g_autoptr (GPtrArray) rp_ids = g_ptr_array_new_with_free_func (g_free);
  MortiseCborIter iter;
  MortiseCborValue value;

  if (array->type == MORTISE_CBOR_NONE)
    return CTAP1_ERR_SUCCESS;
  if (array->number > MORTISE_MIN_PIN_RP_IDS_MAX)
    return CTAP2_ERR_KEY_STORE_FULL;
  mortise_cbor_iter_init (&iter, array);
  while (mortise_cbor_iter_next (&iter, &value))
    {
      char *rp_id = NULL;
      CtapStatus status;

      if (value.type != MORTISE_CBOR_TEXT)
        return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
      status = mortise_ctap_read_rp_id (&value, &rp_id);
      if (status != CTAP1_ERR_SUCCESS)
        return status;
      g_ptr_array_add (rp_ids, rp_id);
    }
  *ret_rp_ids = g_variant_ref_sink (
      g_variant_new_strv ((const char *const *) rp_ids->pdata, (gssize) rp_ids->len));
  return CTAP1_ERR_SUCCESS;
}

/* Whether the PIN there is has fewer code points; one of unknown length is taken to. */
static gboolean
is_pin_shorter_than (MortiseAuthenticator *self, guint length)
{
  g_autoptr (GVariant) value = mortise_vault_get_setting (self->vault, MORTISE_SETTING_PIN_LENGTH);

  return value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32) ||
         g_variant_get_uint32 (value) < length;
}

/* What is stricter is stored first: power may go in between. */
static CtapStatus
store_min_pin_length (MortiseAuthenticator *self, gboolean force, guint length, GVariant *rp_ids)
{
  gboolean raised = length > mortise_authenticator_get_min_pin_length (self);
  CtapStatus status = CTAP1_ERR_SUCCESS;

  if (force || (raised && is_pin_shorter_than (self, length)))
    {
      status = store (self, MORTISE_SETTING_FORCE_PIN_CHANGE, g_variant_new_boolean (TRUE));
      mortise_pin_uv_auth_token_reset (self->token);
      if (status == CTAP1_ERR_SUCCESS)
        status = store (self, MORTISE_SETTING_PERSISTENT_TOKEN, NULL);
    }
  if (status == CTAP1_ERR_SUCCESS && raised)
    status = store (self, MORTISE_SETTING_MIN_PIN_LENGTH, g_variant_new_uint32 (length));
  if (status == CTAP1_ERR_SUCCESS && rp_ids != NULL)
    status = store (self, MORTISE_SETTING_MIN_PIN_RP_IDS, rp_ids);
  return status;
}

static CtapStatus
set_min_pin_length (MortiseAuthenticator *self,
                    const MortiseCtapRequest *request,
                    const Parameters *parameters)
{
  g_autoptr (GVariant) rp_ids = NULL;
  MinPinLength params = { 0 };
  guint length = mortise_authenticator_get_min_pin_length (self);
  CtapStatus status = CTAP1_ERR_SUCCESS;

  if (parameters->sub_command_params.type != MORTISE_CBOR_NONE)
    status = mortise_cbor_read_members (&parameters->sub_command_params, min_pin_length_members,
                                        G_N_ELEMENTS (min_pin_length_members), &params);
  if (status == CTAP1_ERR_SUCCESS)
    status = read_rp_ids (&params.min_pin_length_rp_ids, &rp_ids);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  /* There is none to switch on (CTAP 2.2): better said than taken and not kept. */
  if (params.pin_complexity_policy.number != 0)
    return CTAP1_ERR_INVALID_PARAMETER;
  if (params.new_min_pin_length.type != MORTISE_CBOR_NONE)
    {
      if (params.new_min_pin_length.number < (gint64) length ||
          params.new_min_pin_length.number > MORTISE_PIN_MAX_BYTES)
        return CTAP2_ERR_PIN_POLICY_VIOLATION;
      length = (guint) params.new_min_pin_length.number;
    }
  /* The list of sites and the PIN's length are sealed. */
  status = mortise_authenticator_ensure_listable (self, request, NULL, FALSE, NULL);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  return store_min_pin_length (self, params.force_change_pin.number != 0, length, rp_ids);
}

typedef struct
{
  guint8 sub_command;
  CtapStatus (*handle) (MortiseAuthenticator *self,
                        const MortiseCtapRequest *request,
                        const Parameters *parameters);
} SubCommand;

static const SubCommand sub_commands[] = {
  { TOGGLE_ALWAYS_UV, toggle_always_uv },
  { SET_MIN_PIN_LENGTH, set_min_pin_length },
};

void
mortise_ctap_config_write_commands (MortiseCborWriter *writer)
{
  mortise_cbor_write_array (writer, G_N_ELEMENTS (sub_commands));
  for (gsize i = 0; i < G_N_ELEMENTS (sub_commands); i++)
    mortise_cbor_write_uint (writer, sub_commands[i].sub_command);
}

static CtapStatus
check_token (MortiseAuthenticator *self, guint8 sub_command, const Parameters *parameters)
{
  const MortiseCborValue *params = &parameters->sub_command_params;
  g_autoptr (GByteArray) message = g_byte_array_sized_new (CONTEXT_SIZE + 2);
  const guint8 command[] = { CTAP_CONFIG, sub_command };

  /* Also without a vault: choosing a PIN comes first. */
  if (!mortise_pin_uv_auth_param_is_given (&parameters->auth))
    return CTAP2_ERR_PUAT_REQUIRED;
  g_byte_array_set_size (message, CONTEXT_SIZE);
  memset (message->data, 0xff, CONTEXT_SIZE);
  g_byte_array_append (message, command, sizeof command);
  if (params->type != MORTISE_CBOR_NONE)
    g_byte_array_append (message, params->encoded, (guint) params->encoded_size);
  return mortise_pin_uv_auth_param_require (&parameters->auth, self->token, MORTISE_PERMISSION_ACFG,
                                            message->data, message->len);
}

/* authenticatorConfig (CTAP 2.1 §6.11). */
CtapStatus
mortise_ctap_config (MortiseAuthenticator *self,
                     const MortiseCtapRequest *request,
                     MortiseCborWriter *response)
{
  Parameters parameters = { 0 };
  CtapStatus status = mortise_cbor_read_members (&request->parameters, parameter_members,
                                                 G_N_ELEMENTS (parameter_members), &parameters);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  for (gsize i = 0; i < G_N_ELEMENTS (sub_commands); i++)
    {
      if (sub_commands[i].sub_command != parameters.sub_command.number)
        continue;
      status = check_token (self, sub_commands[i].sub_command, &parameters);
      return status == CTAP1_ERR_SUCCESS ? sub_commands[i].handle (self, request, &parameters)
                                         : status;
    }
  return CTAP2_ERR_INVALID_SUBCOMMAND;
}
