/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/client-pin.h"

#include "core/ctap/cose-key.h"
#include "core/ctap/ctap-entities.h"
#include "core/ctap/persistent-token.h"
#include "core/ctap/pin-uv-auth-protocol.h"

#define PIN_HASH_SIZE 16

/* Members of the response. */
enum
{
  RESPONSE_KEY_AGREEMENT = 0x01,
  RESPONSE_PIN_UV_AUTH_TOKEN = 0x02,
  RESPONSE_PIN_RETRIES = 0x03,
  RESPONSE_POWER_CYCLE_STATE = 0x04,
  RESPONSE_UV_RETRIES = 0x05,
};

#define PARAMETER(key, member, type)                                                               \
  {                                                                                                \
    key, NULL, type, FALSE, offsetof (MortiseClientPinParameters, member)                          \
  }

static const MortiseCborMember parameter_members[] = {
  PARAMETER (0x01, protocol, MORTISE_CBOR_INT),
  PARAMETER (0x02, sub_command, MORTISE_CBOR_INT),
  PARAMETER (0x03, key_agreement, MORTISE_CBOR_MAP),
  PARAMETER (0x04, pin_uv_auth_param, MORTISE_CBOR_BYTES),
  PARAMETER (0x05, new_pin_enc, MORTISE_CBOR_BYTES),
  PARAMETER (0x06, pin_hash_enc, MORTISE_CBOR_BYTES),
  PARAMETER (0x09, permissions, MORTISE_CBOR_INT),
  PARAMETER (0x0A, rp_id, MORTISE_CBOR_TEXT),
};

static EVP_PKEY *
key_agreement_of (MortiseAuthenticator *self, guint protocol)
{
  EVP_PKEY **key = &self->key_agreement[protocol - 1];

  if (*key == NULL)
    *key = mortise_key_agreement_generate ();
  return *key;
}

MortiseSecret *
mortise_client_pin_decapsulate (MortiseAuthenticator *self,
                                guint protocol,
                                const MortiseCborValue *key_agreement)
{
  const guint8 *x;
  const guint8 *y;

  if (mortise_cose_read_key_agreement (key_agreement, &x, &y) != CTAP1_ERR_SUCCESS)
    return NULL;
  return mortise_pin_uv_auth_decapsulate (protocol, key_agreement_of (self, protocol), x, y);
}

CtapStatus
mortise_client_pin_check_retries (MortiseAuthenticator *self)
{
  if (!mortise_authenticator_is_protected (self))
    return CTAP2_ERR_PIN_NOT_SET;
  if (mortise_vault_get_pin_retries (self->vault) == 0)
    return CTAP2_ERR_PIN_BLOCKED;
  if (mortise_vault_is_pin_auth_blocked (self->vault))
    return CTAP2_ERR_PIN_AUTH_BLOCKED;
  return CTAP1_ERR_SUCCESS;
}

CtapStatus
mortise_client_pin_failed (MortiseAuthenticator *self,
                           const MortiseClientPin *pin,
                           const GError *error)
{
  CtapStatus status;

  g_clear_pointer (&self->key_agreement[pin->protocol - 1], EVP_PKEY_free);
  if (error != NULL && !g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID))
    return ctap_status_from_error (error);
  status = mortise_client_pin_check_retries (self);
  return status != CTAP1_ERR_SUCCESS ? status : CTAP2_ERR_PIN_INVALID;
}

MortiseSecret *
mortise_client_pin_decrypt_hash (const MortiseClientPin *pin, const MortiseSecret *shared)
{
  g_autoptr (MortiseSecret) hash = mortise_pin_uv_auth_decrypt (
      pin->protocol, shared, pin->parameters.pin_hash_enc.data, pin->parameters.pin_hash_enc.size);

  if (hash == NULL || mortise_secret_get_size (hash) != PIN_HASH_SIZE)
    return NULL;
  return g_steal_pointer (&hash);
}

static CtapStatus
get_pin_retries (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (pin->response, &map);
  mortise_cbor_map_key (pin->response, &map, RESPONSE_PIN_RETRIES);
  mortise_cbor_write_uint (pin->response, mortise_vault_get_pin_retries (self->vault));
  mortise_cbor_map_key (pin->response, &map, RESPONSE_POWER_CYCLE_STATE);
  mortise_cbor_write_bool (pin->response, mortise_vault_is_pin_auth_blocked (self->vault));
  mortise_cbor_map_end (pin->response, &map);
  return CTAP1_ERR_SUCCESS;
}

/*
 * Our prompt takes the same PIN that clientPIN does: what is left of it in this start is what is
 * left of built-in verification.
 */
static guint
uv_retries (MortiseAuthenticator *self)
{
  guint left = mortise_vault_get_pin_retries (self->vault);

  if (mortise_vault_is_pin_auth_blocked (self->vault))
    return 0;
  return MIN (left, MORTISE_PIN_TRIES_PER_START);
}

static CtapStatus
get_uv_retries (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  MortiseCborMap map;

  if (!mortise_authenticator_supports_builtin_uv (self))
    return CTAP2_ERR_INVALID_SUBCOMMAND;
  mortise_cbor_map_begin (pin->response, &map);
  mortise_cbor_map_key (pin->response, &map, RESPONSE_UV_RETRIES);
  mortise_cbor_write_uint (pin->response, uv_retries (self));
  mortise_cbor_map_end (pin->response, &map);
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
get_key_agreement (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  MortiseCborMap map;
  guint8 x[32];
  guint8 y[32];

  mortise_key_agreement_get_point (key_agreement_of (self, pin->protocol), x, y);
  mortise_cbor_map_begin (pin->response, &map);
  mortise_cbor_map_key (pin->response, &map, RESPONSE_KEY_AGREEMENT);
  mortise_cose_write_ec2 (pin->response, MORTISE_COSE_ALG_KEY_AGREEMENT, 1, x, y, sizeof x);
  mortise_cbor_map_end (pin->response, &map);
  return CTAP1_ERR_SUCCESS;
}

/* Checks the PIN in the vault, which counts the try on disk before the TPM is asked. */
static CtapStatus
verify_pin (MortiseAuthenticator *self, MortiseClientPin *pin, const MortiseSecret *shared)
{
  g_autoptr (MortiseSecret) hash = mortise_client_pin_decrypt_hash (pin, shared);
  g_autoptr (GError) error = NULL;

  if (hash == NULL || !mortise_vault_unlock (self->vault, hash, &error))
    return mortise_client_pin_failed (self, pin, error);
  return CTAP1_ERR_SUCCESS;
}

static void
write_token (MortiseClientPin *pin, const MortiseSecret *shared, const MortiseSecret *token)
{
  g_autoptr (GBytes) encrypted = mortise_pin_uv_auth_encrypt (pin->protocol, shared, token);
  MortiseCborMap map;

  mortise_cbor_map_begin (pin->response, &map);
  mortise_cbor_map_key (pin->response, &map, RESPONSE_PIN_UV_AUTH_TOKEN);
  mortise_cbor_write_gbytes (pin->response, encrypted);
  mortise_cbor_map_end (pin->response, &map);
}

static CtapStatus
issue_token (MortiseAuthenticator *self,
             MortiseClientPin *pin,
             const MortiseSecret *shared,
             gboolean user_present,
             guint permissions,
             const char *rp_id)
{
  g_autoptr (MortiseSecret) persistent = NULL;
  CtapStatus status;

  if (permissions != MORTISE_PERMISSION_PCMR)
    {
      write_token (pin, shared,
                   mortise_pin_uv_auth_token_begin (self->token, pin->protocol, user_present,
                                                    permissions, rp_id));
      return CTAP1_ERR_SUCCESS;
    }
  status = mortise_persistent_token_ensure (self, &persistent);
  if (status == CTAP1_ERR_SUCCESS)
    write_token (pin, shared, persistent);
  return status;
}

/* The client's PIN, if it may still be tried, through a shared secret that the token goes back by.
 */
static CtapStatus
take_pin (MortiseAuthenticator *self, MortiseClientPin *pin, MortiseSecret **ret_shared)
{
  g_autoptr (MortiseSecret) shared = NULL;
  CtapStatus status = mortise_client_pin_check_retries (self);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  shared = mortise_client_pin_decapsulate (self, pin->protocol, &pin->parameters.key_agreement);
  if (shared == NULL)
    return CTAP1_ERR_INVALID_PARAMETER;
  status = verify_pin (self, pin, shared);
  if (status == CTAP1_ERR_SUCCESS)
    *ret_shared = g_steal_pointer (&shared);
  return status;
}

/* getPinToken (CTAP 2.1 §6.5.5.7.1). */
static CtapStatus
get_pin_token (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  g_autoptr (MortiseSecret) shared = NULL;
  CtapStatus status;

  if (pin->parameters.permissions.type != MORTISE_CBOR_NONE ||
      pin->parameters.rp_id.type != MORTISE_CBOR_NONE)
    return CTAP1_ERR_INVALID_PARAMETER;
  status = take_pin (self, pin, &shared);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (mortise_authenticator_is_pin_change_forced (self))
    return CTAP2_ERR_PIN_INVALID;
  return issue_token (self, pin, shared, FALSE, MORTISE_PERMISSION_MC | MORTISE_PERMISSION_GA,
                      NULL);
}

/* What a token may be for, by what this authenticator does. Undefined permissions are ignored. */
static const struct
{
  MortisePermission permission;
  gboolean with_pin;
  gboolean with_uv;
} permissions_known[] = {
  { MORTISE_PERMISSION_MC, TRUE, TRUE },   { MORTISE_PERMISSION_GA, TRUE, TRUE },
  { MORTISE_PERMISSION_CM, TRUE, TRUE },   { MORTISE_PERMISSION_BE, FALSE, FALSE },
  { MORTISE_PERMISSION_LBW, TRUE, TRUE },  { MORTISE_PERMISSION_ACFG, TRUE, TRUE },
  { MORTISE_PERMISSION_PCMR, TRUE, TRUE },
};

/* Steps 3 and 4 of CTAP 2.1 §6.5.5.7.2 and .3, and the RP ID that mc and ga need. */
static CtapStatus
read_permissions (const MortiseClientPin *pin,
                  gboolean with_uv,
                  guint *ret_permissions,
                  char **ret_rp_id)
{
  gint64 requested = pin->parameters.permissions.number;
  guint permissions = 0;

  if (requested <= 0)
    return CTAP1_ERR_INVALID_PARAMETER;
  for (gsize i = 0; i < G_N_ELEMENTS (permissions_known); i++)
    {
      gboolean granted = with_uv ? permissions_known[i].with_uv : permissions_known[i].with_pin;

      if ((requested & permissions_known[i].permission) == 0)
        continue;
      if (!granted)
        return CTAP2_ERR_UNAUTHORIZED_PERMISSION;
      permissions |= (guint) permissions_known[i].permission;
    }
  /* The persistent token is for nothing else (CTAP 2.2 §6.5.5.7). */
  if ((permissions & MORTISE_PERMISSION_PCMR) != 0 && permissions != MORTISE_PERMISSION_PCMR)
    return CTAP2_ERR_UNAUTHORIZED_PERMISSION;
  if ((permissions & (MORTISE_PERMISSION_MC | MORTISE_PERMISSION_GA)) != 0 &&
      pin->parameters.rp_id.type == MORTISE_CBOR_NONE)
    return CTAP2_ERR_MISSING_PARAMETER;
  *ret_permissions = permissions;
  if (pin->parameters.rp_id.type == MORTISE_CBOR_NONE)
    return CTAP1_ERR_SUCCESS;
  return mortise_ctap_read_rp_id (&pin->parameters.rp_id, ret_rp_id);
}

/* getPinUvAuthTokenUsingPinWithPermissions (CTAP 2.1 §6.5.5.7.2). */
static CtapStatus
get_token_using_pin (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  g_autoptr (MortiseSecret) shared = NULL;
  g_autofree char *rp_id = NULL;
  guint permissions = 0;
  CtapStatus status = read_permissions (pin, FALSE, &permissions, &rp_id);

  if (status == CTAP1_ERR_SUCCESS)
    status = take_pin (self, pin, &shared);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (mortise_authenticator_is_pin_change_forced (self))
    return CTAP2_ERR_PIN_POLICY_VIOLATION;
  return issue_token (self, pin, shared, FALSE, permissions, rp_id);
}

/* The status for a built-in verification that did not succeed (CTAP 2.1 §6.5.5.7.3 step 10). */
static CtapStatus
status_of_failed_uv (const GError *error)
{
  /* The cause is remembered, whichever status it gets. */
  const CtapStatus status = ctap_status_from_error (error);

  if (error == NULL || g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_INVALID))
    return CTAP2_ERR_UV_INVALID;
  /* Without a prompt, too, it is the client's own PIN dialog that helps. */
  if (g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_BLOCKED) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_AUTH_BLOCKED) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PIN_POLICY) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_TPM_LOCKOUT) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED))
    return CTAP2_ERR_UV_BLOCKED;
  return status;
}

/*
 * The account that a token for a sign-in will be used for, where there is no choice. Among several
 * it is chosen when the request itself comes.
 */
static GPtrArray *
only_account_of (MortiseAuthenticator *self, const char *rp_id)
{
  g_autoptr (GPtrArray) accounts = NULL;

  if (mortise_vault_get_state (self->vault) < MORTISE_VAULT_LISTABLE)
    return NULL;
  accounts = mortise_vault_find_by_rp (self->vault, rp_id, FALSE, NULL);
  return accounts != NULL && accounts->len == 1 ? g_steal_pointer (&accounts) : NULL;
}

/* getPinUvAuthTokenUsingUvWithPermissions (CTAP 2.1 §6.5.5.7.3). */
static CtapStatus
get_token_using_uv (MortiseAuthenticator *self, MortiseClientPin *pin)
{
  g_autoptr (MortiseSecret) shared = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *rp_id = NULL;
  g_autoptr (GPtrArray) accounts = NULL;
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_VERIFY, .verify = TRUE };
  MortiseConsentAnswer answer = { 0 };
  guint permissions = 0;
  CtapStatus status = read_permissions (pin, TRUE, &permissions, &rp_id);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!mortise_authenticator_supports_builtin_uv (self))
    return CTAP2_ERR_INVALID_SUBCOMMAND;
  if (!mortise_authenticator_has_builtin_uv (self))
    return CTAP2_ERR_NOT_ALLOWED;
  if (uv_retries (self) == 0)
    return CTAP2_ERR_UV_BLOCKED;
  shared = mortise_client_pin_decapsulate (self, pin->protocol, &pin->parameters.key_agreement);
  if (shared == NULL)
    return CTAP1_ERR_INVALID_PARAMETER;

  question.rp_id = rp_id;
  question.permissions = permissions;
  if (permissions == MORTISE_PERMISSION_GA)
    {
      /* Nobody is asked again: this is the consent to sign in. */
      accounts = only_account_of (self, rp_id);
      question.kind = MORTISE_CONSENT_SIGN_IN;
      question.accounts = accounts;
    }
  if (!mortise_authenticator_ask (self, pin->request, &question, &answer, &error) ||
      !answer.verified)
    return status_of_failed_uv (error);
  /* The prompt was presence, too: it named the site, which is all that a sign-in has to ask. A
   * registration has more to show (account, what is kept, export), so that it asks again, without
   * the PIN. */
  return issue_token (self, pin, shared, (permissions & MORTISE_PERMISSION_MC) == 0, permissions,
                      rp_id);
}

typedef struct
{
  guint8 sub_command;
  /* Which of the parameters must be there. */
  gboolean protocol;
  gboolean key_agreement;
  gboolean pin_uv_auth_param;
  gboolean new_pin_enc;
  gboolean pin_hash_enc;
  gboolean permissions;
  CtapStatus (*handle) (MortiseAuthenticator *self, MortiseClientPin *pin);
} SubCommand;

static const SubCommand sub_commands[] = {
  { .sub_command = 0x01, .handle = get_pin_retries },
  { .sub_command = 0x02, .protocol = TRUE, .handle = get_key_agreement },
  { .sub_command = 0x03,
    .protocol = TRUE,
    .key_agreement = TRUE,
    .pin_uv_auth_param = TRUE,
    .new_pin_enc = TRUE,
    .handle = mortise_client_pin_set },
  { .sub_command = 0x04,
    .protocol = TRUE,
    .key_agreement = TRUE,
    .pin_uv_auth_param = TRUE,
    .new_pin_enc = TRUE,
    .pin_hash_enc = TRUE,
    .handle = mortise_client_pin_change },
  { .sub_command = 0x05,
    .protocol = TRUE,
    .key_agreement = TRUE,
    .pin_hash_enc = TRUE,
    .handle = get_pin_token },
  { .sub_command = 0x06,
    .protocol = TRUE,
    .key_agreement = TRUE,
    .permissions = TRUE,
    .handle = get_token_using_uv },
  { .sub_command = 0x07, .handle = get_uv_retries },
  { .sub_command = 0x09,
    .protocol = TRUE,
    .key_agreement = TRUE,
    .pin_hash_enc = TRUE,
    .permissions = TRUE,
    .handle = get_token_using_pin },
};

static gboolean
is_missing (gboolean required, const MortiseCborValue *value)
{
  return required && value->type == MORTISE_CBOR_NONE;
}

static gboolean
has_all (const SubCommand *sub_command, const MortiseClientPinParameters *parameters)
{
  return !is_missing (sub_command->protocol, &parameters->protocol) &&
         !is_missing (sub_command->key_agreement, &parameters->key_agreement) &&
         !is_missing (sub_command->pin_uv_auth_param, &parameters->pin_uv_auth_param) &&
         !is_missing (sub_command->new_pin_enc, &parameters->new_pin_enc) &&
         !is_missing (sub_command->pin_hash_enc, &parameters->pin_hash_enc) &&
         !is_missing (sub_command->permissions, &parameters->permissions);
}

/* authenticatorClientPIN (CTAP 2.1 §6.5.5). */
CtapStatus
mortise_ctap_client_pin (MortiseAuthenticator *self,
                         const MortiseCtapRequest *request,
                         MortiseCborWriter *response)
{
  MortiseClientPin pin = { .request = request, .response = response };
  CtapStatus status = mortise_cbor_read_members (&request->parameters, parameter_members,
                                                 G_N_ELEMENTS (parameter_members), &pin.parameters);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (pin.parameters.sub_command.type == MORTISE_CBOR_NONE)
    return CTAP2_ERR_MISSING_PARAMETER;
  for (gsize i = 0; i < G_N_ELEMENTS (sub_commands); i++)
    {
      if (sub_commands[i].sub_command != pin.parameters.sub_command.number)
        continue;
      if (!has_all (&sub_commands[i], &pin.parameters))
        return CTAP2_ERR_MISSING_PARAMETER;
      if (sub_commands[i].protocol &&
          !mortise_pin_uv_auth_protocol_is_supported (pin.parameters.protocol.number))
        return CTAP1_ERR_INVALID_PARAMETER;
      pin.protocol = sub_commands[i].protocol ? (guint) pin.parameters.protocol.number : 0;
      return sub_commands[i].handle (self, &pin);
    }
  return CTAP2_ERR_INVALID_SUBCOMMAND;
}
