/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/ctap/credential-enumeration.h"
#include "core/ctap/ctap-entities.h"
#include "core/ctap/persistent-token.h"
#include "core/ctap/pin-uv-auth-param.h"

#define RP_ID_HASH_SIZE 32

/* Credentials looked at in one go while they are counted. */
#define PAGE_SIZE 128

enum
{
  GET_CREDS_METADATA = 0x01,
  ENUMERATE_RPS_BEGIN = 0x02,
  ENUMERATE_RPS_GET_NEXT_RP = 0x03,
  ENUMERATE_CREDENTIALS_BEGIN = 0x04,
  ENUMERATE_CREDENTIALS_GET_NEXT_CREDENTIAL = 0x05,
  DELETE_CREDENTIAL = 0x06,
  UPDATE_USER_INFORMATION = 0x07,
};

/* Members of the response. */
enum
{
  RESPONSE_EXISTING_RESIDENT_CREDENTIALS_COUNT = 0x01,
  RESPONSE_MAX_POSSIBLE_REMAINING = 0x02,
  RESPONSE_RP = 0x03,
  RESPONSE_RP_ID_HASH = 0x04,
  RESPONSE_TOTAL_RPS = 0x05,
  RESPONSE_USER = 0x06,
  RESPONSE_CREDENTIAL_ID = 0x07,
  RESPONSE_PUBLIC_KEY = 0x08,
  RESPONSE_TOTAL_CREDENTIALS = 0x09,
  RESPONSE_CRED_PROTECT = 0x0A,
  RESPONSE_LARGE_BLOB_KEY = 0x0B,
};

/* authenticatorCredentialManagement's parameters (CTAP 2.1 §6.8). */
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
  MortiseCborValue rp_id_hash;
  MortiseCborValue credential_id;
  MortiseCborValue user;
} SubCommandParams;

static const MortiseCborMember sub_command_members[] = {
  MORTISE_CBOR_MEMBER (SubCommandParams, 0x01, rp_id_hash, MORTISE_CBOR_BYTES, FALSE),
  MORTISE_CBOR_MEMBER (SubCommandParams, 0x02, credential_id, MORTISE_CBOR_MAP, FALSE),
  MORTISE_CBOR_MEMBER (SubCommandParams, 0x03, user, MORTISE_CBOR_MAP, FALSE),
};

typedef struct
{
  const MortiseCtapRequest *request;
  Parameters parameters;
  SubCommandParams params;
  /* The token's site, if it is bound to one; "get next" has no token. */
  const char *bound_to;
  /* Authenticated with the persistent token. */
  gboolean read_only;
  MortiseCborWriter *response;
} Management;

static CtapStatus
ensure_listable (MortiseAuthenticator *self, const Management *management)
{
  return mortise_authenticator_ensure_listable (self, management->request, NULL, FALSE, NULL);
}

/* --- Metadata ----------------------------------------------------------------------------------
 */

static gboolean
count_discoverable (MortiseVault *vault, guint *ret_count, GError **error)
{
  gint64 after = 0;
  guint count = 0;

  for (;;)
    {
      g_autoptr (GPtrArray) page = mortise_vault_list (vault, FALSE, after, PAGE_SIZE, NULL, error);

      if (page == NULL)
        return FALSE;
      for (guint i = 0; i < page->len; i++)
        {
          const MortiseCredential *credential = g_ptr_array_index (page, i);

          count += credential->discoverable ? 1 : 0;
          after = credential->row_id;
        }
      if (page->len < PAGE_SIZE)
        break;
    }
  *ret_count = count;
  return TRUE;
}

static CtapStatus
get_creds_metadata (MortiseAuthenticator *self, Management *management)
{
  g_autoptr (GError) error = NULL;
  MortiseCborMap map;
  guint count = 0;
  CtapStatus status;

  if (management->bound_to != NULL)
    return CTAP2_ERR_PIN_AUTH_INVALID;
  status = ensure_listable (self, management);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!count_discoverable (self->vault, &count, &error))
    return ctap_status_from_error (error);
  mortise_cbor_map_begin (management->response, &map);
  mortise_cbor_map_key (management->response, &map, RESPONSE_EXISTING_RESIDENT_CREDENTIALS_COUNT);
  mortise_cbor_write_uint (management->response, count);
  mortise_cbor_map_key (management->response, &map, RESPONSE_MAX_POSSIBLE_REMAINING);
  mortise_cbor_write_uint (management->response, mortise_vault_count_room (self->vault));
  mortise_cbor_map_end (management->response, &map);
  return CTAP1_ERR_SUCCESS;
}

/* --- Enumeration -------------------------------------------------------------------------------
 */

/* @total: 0 where it is not told again */
static void
write_rp (MortiseCborWriter *response, const MortiseCredential *credential, guint total)
{
  MortiseCborMap map;
  MortiseCborMap rp;
  guint8 hash[RP_ID_HASH_SIZE];

  mortise_rp_id_hash (credential->rp_id, hash);
  mortise_cbor_map_begin (response, &map);
  mortise_cbor_map_key (response, &map, RESPONSE_RP);
  mortise_cbor_map_begin (response, &rp);
  mortise_cbor_map_text_key (response, &rp, "id");
  mortise_cbor_write_text (response, credential->rp_id);
  if (credential->rp_name != NULL)
    {
      mortise_cbor_map_text_key (response, &rp, "name");
      mortise_cbor_write_text (response, credential->rp_name);
    }
  mortise_cbor_map_end (response, &rp);
  mortise_cbor_map_key (response, &map, RESPONSE_RP_ID_HASH);
  mortise_cbor_write_bytes (response, hash, sizeof hash);
  if (total > 0)
    {
      mortise_cbor_map_key (response, &map, RESPONSE_TOTAL_RPS);
      mortise_cbor_write_uint (response, total);
    }
  mortise_cbor_map_end (response, &map);
}

static CtapStatus
write_large_blob_key (MortiseAuthenticator *self,
                      const Management *management,
                      MortiseCborMap *map,
                      const MortiseCredential *credential)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status =
      mortise_authenticator_ensure_unlocked (self, management->request, credential->rp_id);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  secrets = mortise_vault_read_secrets (self->vault, credential, &error);
  if (secrets == NULL)
    return ctap_status_from_error (error);
  if (secrets->large_blob_key == NULL)
    return CTAP1_ERR_SUCCESS;
  mortise_cbor_map_key (management->response, map, RESPONSE_LARGE_BLOB_KEY);
  mortise_cbor_write_bytes (management->response, mortise_secret_peek (secrets->large_blob_key),
                            mortise_secret_get_size (secrets->large_blob_key));
  return CTAP1_ERR_SUCCESS;
}

/* @total: 0 where it is not told again */
static CtapStatus
write_credential (MortiseAuthenticator *self,
                  const Management *management,
                  const MortiseCredential *credential,
                  guint total)
{
  MortiseCborWriter *response = management->response;
  CtapStatus status = CTAP1_ERR_SUCCESS;
  MortiseCborMap map;
  gsize size;
  gconstpointer key = g_bytes_get_data (credential->public_key, &size);

  mortise_cbor_map_begin (response, &map);
  if (credential->user_id != NULL)
    {
      mortise_cbor_map_key (response, &map, RESPONSE_USER);
      mortise_ctap_write_user (response, credential, TRUE);
    }
  mortise_cbor_map_key (response, &map, RESPONSE_CREDENTIAL_ID);
  mortise_ctap_write_descriptor (response, credential->credential_id);
  mortise_cbor_map_key (response, &map, RESPONSE_PUBLIC_KEY);
  mortise_cbor_write_raw (response, key, size);
  if (total > 0)
    {
      mortise_cbor_map_key (response, &map, RESPONSE_TOTAL_CREDENTIALS);
      mortise_cbor_write_uint (response, total);
    }
  mortise_cbor_map_key (response, &map, RESPONSE_CRED_PROTECT);
  mortise_cbor_write_uint (response, credential->cred_protect);
  /* A token that outlives the session tells what there is, not what opens something. */
  if (credential->has_large_blob_key && !management->read_only)
    status = write_large_blob_key (self, management, &map, credential);
  mortise_cbor_map_end (response, &map);
  return status;
}

/* Begins where @total says that there is something. Takes @enumeration. */
static CtapStatus
tell_first (MortiseAuthenticator *self,
            const Management *management,
            MortiseEnumeration *enumeration,
            gboolean rps,
            guint total)
{
  g_autoptr (MortiseEnumeration) owned = enumeration;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status = CTAP1_ERR_SUCCESS;

  if (!mortise_enumeration_step (owned, self->vault, &credential, &error))
    return ctap_status_from_error (error);
  if (credential == NULL)
    return CTAP2_ERR_NO_CREDENTIALS;
  if (rps)
    write_rp (management->response, credential, total);
  else
    status = write_credential (self, management, credential, total);
  if (status == CTAP1_ERR_SUCCESS && total > 1)
    {
      mortise_enumeration_touch (owned, self->clock ());
      self->enumeration = g_steal_pointer (&owned);
    }
  return status;
}

static CtapStatus
enumerate_rps_begin (MortiseAuthenticator *self, Management *management)
{
  g_autoptr (MortiseEnumeration) enumeration = NULL;
  g_autoptr (GError) error = NULL;
  guint total = 0;
  CtapStatus status;

  if (management->bound_to != NULL)
    return CTAP2_ERR_PIN_AUTH_INVALID;
  status = ensure_listable (self, management);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  enumeration = mortise_enumeration_new (management->request, ENUMERATE_RPS_GET_NEXT_RP,
                                         management->read_only);
  if (!mortise_enumeration_begin_rps (enumeration, self->vault, &total, &error))
    return ctap_status_from_error (error);
  return tell_first (self, management, g_steal_pointer (&enumeration), TRUE, total);
}

static CtapStatus
enumerate_credentials_begin (MortiseAuthenticator *self, Management *management)
{
  const char *bound_to = management->bound_to;
  const MortiseCborValue *hash = &management->params.rp_id_hash;
  g_autoptr (MortiseEnumeration) enumeration = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bound_hash[RP_ID_HASH_SIZE];
  guint total = 0;
  CtapStatus status;

  if (hash->size != RP_ID_HASH_SIZE)
    return CTAP1_ERR_INVALID_PARAMETER;
  if (bound_to != NULL)
    {
      mortise_rp_id_hash (bound_to, bound_hash);
      if (memcmp (bound_hash, hash->data, sizeof bound_hash) != 0)
        return CTAP2_ERR_PIN_AUTH_INVALID;
    }
  status = ensure_listable (self, management);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  enumeration = mortise_enumeration_new (
      management->request, ENUMERATE_CREDENTIALS_GET_NEXT_CREDENTIAL, management->read_only);
  if (!mortise_enumeration_begin_credentials (enumeration, self->vault, hash->data, &total, &error))
    return ctap_status_from_error (error);
  if (total == 0)
    return CTAP2_ERR_NO_CREDENTIALS;
  return tell_first (self, management, g_steal_pointer (&enumeration), FALSE, total);
}

/* Both "get next" subcommands. */
static CtapStatus
get_next (MortiseAuthenticator *self, Management *management)
{
  guint8 sub_command = (guint8) management->parameters.sub_command.number;
  g_autoptr (MortiseEnumeration) enumeration = g_steal_pointer (&self->enumeration);
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status;

  if (!mortise_enumeration_is_next (enumeration, management->request, sub_command, self->clock ()))
    return CTAP2_ERR_NOT_ALLOWED;
  status = ensure_listable (self, management);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!mortise_enumeration_step (enumeration, self->vault, &credential, &error))
    return ctap_status_from_error (error);
  if (credential == NULL)
    return CTAP2_ERR_NOT_ALLOWED;
  management->read_only = mortise_enumeration_is_read_only (enumeration);
  if (sub_command == ENUMERATE_RPS_GET_NEXT_RP)
    write_rp (management->response, credential, 0);
  else
    status = write_credential (self, management, credential, 0);
  mortise_enumeration_touch (enumeration, self->clock ());
  self->enumeration = g_steal_pointer (&enumeration);
  return status;
}

/* --- Changes -----------------------------------------------------------------------------------
 */

/* The discoverable credential that the request names, if the token is for its site. */
static CtapStatus
find_credential (MortiseAuthenticator *self,
                 const Management *management,
                 MortiseCredential **ret_credential)
{
  const char *bound_to = management->bound_to;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  MortiseCborValue id;
  CtapStatus status = mortise_ctap_read_descriptor (&management->params.credential_id, &id);

  if (status == CTAP1_ERR_SUCCESS)
    status = ensure_listable (self, management);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (id.type == MORTISE_CBOR_NONE)
    return CTAP2_ERR_NO_CREDENTIALS;
  bytes = mortise_cbor_value_to_bytes (&id);
  credential = mortise_vault_find_by_id (self->vault, bytes, &error);
  if (credential == NULL)
    return ctap_status_from_error (error);
  if (!credential->discoverable)
    return CTAP2_ERR_NO_CREDENTIALS;
  if (bound_to != NULL && g_strcmp0 (bound_to, credential->rp_id) != 0)
    return CTAP2_ERR_PIN_AUTH_INVALID;
  *ret_credential = g_steal_pointer (&credential);
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
delete_credential (MortiseAuthenticator *self, Management *management)
{
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status = find_credential (self, management, &credential);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!mortise_vault_delete (self->vault, credential->row_id, &error))
    {
      g_message ("Cannot delete a passkey: %s", error->message);
      return ctap_status_from_error (error);
    }
  return CTAP1_ERR_SUCCESS;
}

/*
 * An empty name is none (CTAP 2.1 §6.8.6). A client has to send both names to change one: the other
 * comes back as it was told, which may be the stored one cut.
 */
static void
replace_name (char **name, const char *other)
{
  g_autofree char *told = *name != NULL ? mortise_ctap_dup_told_name (*name) : NULL;

  if (told != NULL && g_strcmp0 (told, other) == 0)
    return;
  g_free (*name);
  *name = other != NULL && *other != '\0' ? g_strdup (other) : NULL;
}

static CtapStatus
update_user_information (MortiseAuthenticator *self, Management *management)
{
  g_auto (MortiseCtapUser) user = { 0 };
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseCredential) changed = NULL;
  g_autoptr (GError) error = NULL;
  CtapStatus status = mortise_ctap_read_user (&management->params.user, &user);

  if (status == CTAP1_ERR_SUCCESS)
    status = find_credential (self, management, &credential);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (user.id == NULL || credential->user_id == NULL ||
      !g_bytes_equal (user.id, credential->user_id))
    return CTAP1_ERR_INVALID_PARAMETER;
  changed = mortise_credential_copy (credential);
  replace_name (&changed->user_name, user.name);
  replace_name (&changed->user_display_name, user.display_name);
  if (!mortise_vault_update (self->vault, changed, MORTISE_CHANGE_BY_CLIENT, &error))
    {
      g_message ("Cannot rename a passkey: %s", error->message);
      return ctap_status_from_error (error);
    }
  return CTAP1_ERR_SUCCESS;
}

/* --- The command -------------------------------------------------------------------------------
 */

typedef struct
{
  guint8 sub_command;
  gboolean authenticated;
  /* Which of the parameters must be there; pinUvAuthParam then covers them. */
  gboolean rp_id_hash;
  gboolean credential_id;
  gboolean user;
  CtapStatus (*handle) (MortiseAuthenticator *self, Management *management);
} SubCommand;

static const SubCommand sub_commands[] = {
  { GET_CREDS_METADATA, TRUE, FALSE, FALSE, FALSE, get_creds_metadata },
  { ENUMERATE_RPS_BEGIN, TRUE, FALSE, FALSE, FALSE, enumerate_rps_begin },
  { ENUMERATE_RPS_GET_NEXT_RP, FALSE, FALSE, FALSE, FALSE, get_next },
  { ENUMERATE_CREDENTIALS_BEGIN, TRUE, TRUE, FALSE, FALSE, enumerate_credentials_begin },
  { ENUMERATE_CREDENTIALS_GET_NEXT_CREDENTIAL, FALSE, FALSE, FALSE, FALSE, get_next },
  { DELETE_CREDENTIAL, TRUE, FALSE, TRUE, FALSE, delete_credential },
  { UPDATE_USER_INFORMATION, TRUE, FALSE, TRUE, TRUE, update_user_information },
};

static const SubCommand *
find_sub_command (const Management *management)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sub_commands); i++)
    {
      if (sub_commands[i].sub_command == management->parameters.sub_command.number)
        return &sub_commands[i];
    }
  return NULL;
}

static CtapStatus
read_sub_command_params (const SubCommand *sub_command, Management *management)
{
  const MortiseCborValue *map = &management->parameters.sub_command_params;
  SubCommandParams *params = &management->params;

  if (map->type != MORTISE_CBOR_NONE)
    {
      CtapStatus status = mortise_cbor_read_members (map, sub_command_members,
                                                     G_N_ELEMENTS (sub_command_members), params);

      if (status != CTAP1_ERR_SUCCESS)
        return status;
    }
  if ((sub_command->rp_id_hash && params->rp_id_hash.type == MORTISE_CBOR_NONE) ||
      (sub_command->credential_id && params->credential_id.type == MORTISE_CBOR_NONE) ||
      (sub_command->user && params->user.type == MORTISE_CBOR_NONE))
    return CTAP2_ERR_MISSING_PARAMETER;
  return CTAP1_ERR_SUCCESS;
}

/* What it is compared with is sealed: the vault has to be open for that. */
static CtapStatus
check_persistent_token (MortiseAuthenticator *self,
                        const Management *management,
                        const GByteArray *message)
{
  const Parameters *parameters = &management->parameters;
  CtapStatus status = ensure_listable (self, management);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  return mortise_persistent_token_verify (self, (guint) parameters->auth.protocol.number,
                                          message->data, message->len, parameters->auth.param.data,
                                          parameters->auth.param.size)
             ? CTAP1_ERR_SUCCESS
             : CTAP2_ERR_PIN_AUTH_INVALID;
}

/* pinUvAuthParam covers the subcommand and, where there are any, its parameters as sent. */
static CtapStatus
check_token (MortiseAuthenticator *self, const SubCommand *sub_command, Management *management)
{
  const Parameters *parameters = &management->parameters;
  g_autoptr (GByteArray) message = g_byte_array_new ();

  g_byte_array_append (message, &sub_command->sub_command, 1);
  if (sub_command->rp_id_hash || sub_command->credential_id)
    g_byte_array_append (message, parameters->sub_command_params.encoded,
                         (guint) parameters->sub_command_params.encoded_size);
  if (mortise_pin_uv_auth_param_verify (&parameters->auth, self->token, message->data,
                                        message->len))
    {
      management->bound_to = mortise_pin_uv_auth_token_get_rp_id (self->token);
      return mortise_pin_uv_auth_token_has_permission (self->token, MORTISE_PERMISSION_CM)
                 ? CTAP1_ERR_SUCCESS
                 : CTAP2_ERR_PIN_AUTH_INVALID;
    }
  management->read_only = TRUE;
  return sub_command->credential_id ? CTAP2_ERR_PIN_AUTH_INVALID
                                    : check_persistent_token (self, management, message);
}

/*
 * authenticatorCredentialManagement (CTAP 2.1 §6.8), also by the number it had in the draft: all of
 * it there, too, as libfido2 knows no other number.
 */
CtapStatus
mortise_ctap_credential_management (MortiseAuthenticator *self,
                                    const MortiseCtapRequest *request,
                                    MortiseCborWriter *response)
{
  Management management = { .request = request, .response = response };
  const SubCommand *sub_command;
  CtapStatus status =
      mortise_cbor_read_members (&request->parameters, parameter_members,
                                 G_N_ELEMENTS (parameter_members), &management.parameters);

  if (status != CTAP1_ERR_SUCCESS)
    {
      g_clear_pointer (&self->enumeration, mortise_enumeration_free);
      return status;
    }
  sub_command = find_sub_command (&management);
  if (sub_command == NULL || sub_command->handle != get_next)
    g_clear_pointer (&self->enumeration, mortise_enumeration_free);
  if (sub_command == NULL)
    return CTAP2_ERR_INVALID_SUBCOMMAND;
  if (sub_command->authenticated)
    {
      if (!mortise_pin_uv_auth_param_is_given (&management.parameters.auth))
        return CTAP2_ERR_PUAT_REQUIRED;
      status = read_sub_command_params (sub_command, &management);
      if (status == CTAP1_ERR_SUCCESS)
        status = mortise_pin_uv_auth_param_check (&management.parameters.auth);
      if (status == CTAP1_ERR_SUCCESS)
        status = check_token (self, sub_command, &management);
    }
  return status == CTAP1_ERR_SUCCESS ? sub_command->handle (self, &management) : status;
}
