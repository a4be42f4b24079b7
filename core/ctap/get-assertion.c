/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/get-assertion.h"

#include "core/ctap/authenticator-data.h"
#include "core/ctap/extension.h"
#include "core/ctap/listed-credentials.h"
#include "core/ctap/pin-uv-auth-param.h"

#define CLIENT_DATA_HASH_SIZE 32

/* Seconds in which getNextAssertion may follow (CTAP 2.1 §6.3). */
#define NEXT_ASSERTION_LIMIT 30

/* authenticatorGetAssertion's parameters (CTAP 2.1 §6.2). */
typedef struct
{
  MortiseCborValue rp_id;
  MortiseCborValue client_data_hash;
  MortiseCborValue allow_list;
  MortiseCborValue extensions;
  MortiseCborValue options;
  MortisePinUvAuthParam auth;
} Parameters;

static const MortiseCborMember parameter_members[] = {
  MORTISE_CBOR_MEMBER (Parameters, 0x01, rp_id, MORTISE_CBOR_TEXT, TRUE),
  MORTISE_CBOR_MEMBER (Parameters, 0x02, client_data_hash, MORTISE_CBOR_BYTES, TRUE),
  MORTISE_CBOR_MEMBER (Parameters, 0x03, allow_list, MORTISE_CBOR_ARRAY, FALSE),
  MORTISE_CBOR_MEMBER (Parameters, 0x04, extensions, MORTISE_CBOR_MAP, FALSE),
  MORTISE_CBOR_MEMBER (Parameters, 0x05, options, MORTISE_CBOR_MAP, FALSE),
  MORTISE_PIN_UV_AUTH_PARAM_MEMBERS (Parameters, auth, 0x06, 0x07),
};

/* The credential that signs, loaded as early as it is known. */
typedef struct
{
  MortiseCredential *credential;
  MortiseTpmKey *key;
  guint32 sign_count;
  gboolean ready;
} Signer;

static void
signer_clear (Signer *signer)
{
  g_clear_pointer (&signer->key, mortise_tpm_key_free);
  g_clear_pointer (&signer->credential, mortise_credential_unref);
  signer->ready = FALSE;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Signer, signer_clear)

void
mortise_get_assertion_free (MortiseGetAssertion *get)
{
  if (get == NULL)
    return;
  g_clear_pointer (&get->request_bytes, g_bytes_unref);
  g_clear_pointer (&get->rp_id, g_free);
  g_clear_pointer (&get->credentials, g_ptr_array_unref);
  mortise_hmac_secret_input_clear (&get->hmac_secret_input);
  g_free (get);
}

static CtapStatus
read_parameters (const MortiseCtapRequest *request,
                 Parameters *parameters,
                 MortiseGetAssertion *get,
                 MortiseCtapOptions *options)
{
  CtapStatus status = mortise_cbor_read_members (&request->parameters, parameter_members,
                                                 G_N_ELEMENTS (parameter_members), parameters);

  if (status == CTAP1_ERR_SUCCESS && parameters->client_data_hash.size != CLIENT_DATA_HASH_SIZE)
    status = CTAP1_ERR_INVALID_PARAMETER;
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_ctap_read_rp_id (&parameters->rp_id, &get->rp_id);
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_ctap_check_descriptors (&parameters->allow_list);
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_ctap_read_options (&parameters->options, options);

  get->request_bytes = g_bytes_ref (request->bytes);
  get->channel = mortise_ctap_request_get_channel (request);
  get->client_data_hash = parameters->client_data_hash.data;
  /* An empty list is no list (§6.2.2 step 7). */
  if (parameters->allow_list.size > 0)
    get->allow_list = parameters->allow_list;
  return status;
}

/* §6.2.2 steps 2, 4 and 5. */
static CtapStatus
check_options (MortiseAuthenticator *self,
               const Parameters *parameters,
               const MortiseCtapOptions *options,
               MortiseGetAssertion *get)
{
  gboolean has_param = mortise_pin_uv_auth_param_is_given (&parameters->auth);
  CtapStatus status = mortise_pin_uv_auth_param_check (&parameters->auth);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  get->up = options->up.type == MORTISE_CBOR_NONE || options->up.number != 0;
  get->verify = !has_param && options->uv.number != 0;
  if (get->verify && !mortise_authenticator_has_builtin_uv (self))
    return CTAP2_ERR_INVALID_OPTION;
  if (options->rk.type != MORTISE_CBOR_NONE)
    return CTAP2_ERR_INVALID_OPTION;

  /* Without a vault there is nothing to protect: presence, and "no credentials". */
  if (get->up && !has_param && !get->verify && mortise_authenticator_is_protected (self) &&
      mortise_authenticator_is_always_uv (self))
    {
      if (!mortise_authenticator_has_builtin_uv (self))
        return CTAP2_ERR_PUAT_REQUIRED;
      get->verify = TRUE;
    }
  return CTAP1_ERR_SUCCESS;
}

/* §6.2.2 step 6.1. */
static CtapStatus
check_token (MortiseAuthenticator *self, const Parameters *parameters, MortiseGetAssertion *get)
{
  CtapStatus status;

  if (!mortise_pin_uv_auth_param_is_given (&parameters->auth))
    return CTAP1_ERR_SUCCESS;
  status = mortise_pin_uv_auth_param_authorize (&parameters->auth, self->token,
                                                MORTISE_PERMISSION_GA, get->rp_id,
                                                get->client_data_hash, CLIENT_DATA_HASH_SIZE);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  get->authorized = TRUE;
  get->verified = TRUE;
  get->present = get->up && mortise_pin_uv_auth_token_get_user_present (self->token);
  return CTAP1_ERR_SUCCESS;
}

/* credProtect (CTAP 2.1 §12.1). */
static gboolean
may_be_told (const MortiseGetAssertion *get, const MortiseCredential *credential)
{
  if (get->verified || get->verify)
    return TRUE;
  return credential->cred_protect < 2 ||
         (credential->cred_protect == 2 && get->allow_list.type != MORTISE_CBOR_NONE);
}

static void
keep_told (MortiseGetAssertion *get, GPtrArray *found)
{
  for (guint i = 0; i < found->len; i++)
    {
      MortiseCredential *credential = g_ptr_array_index (found, i);

      if (may_be_told (get, credential))
        g_ptr_array_add (get->credentials, mortise_credential_ref (credential));
    }
}

static CtapStatus
locate_allowed (MortiseAuthenticator *self, MortiseGetAssertion *get)
{
  g_autoptr (GPtrArray) listed = NULL;
  CtapStatus status = mortise_find_listed_credentials (self, &get->allow_list, get->rp_id, &listed);

  if (status == CTAP1_ERR_SUCCESS)
    keep_told (get, listed);
  return status;
}

static CtapStatus
locate_discoverable (MortiseAuthenticator *self, MortiseGetAssertion *get)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = mortise_vault_find_by_rp (self->vault, get->rp_id, TRUE, &error);

  if (found == NULL)
    return ctap_status_from_error (error);
  keep_told (get, found);
  return CTAP1_ERR_SUCCESS;
}

/* §6.2.2 step 7. No TPM command. */
static CtapStatus
locate (MortiseAuthenticator *self, const MortiseCtapRequest *request, MortiseGetAssertion *get)
{
  CtapStatus status;

  get->credentials = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  if (!mortise_authenticator_is_protected (self))
    return CTAP1_ERR_SUCCESS;
  status = mortise_authenticator_ensure_listable (self, request, get->rp_id,
                                                  get->verify && !get->verified, &get->verified);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  return get->allow_list.type != MORTISE_CBOR_NONE ? locate_allowed (self, get)
                                                   : locate_discoverable (self, get);
}

/* Presence before a site learns that there is nothing here. */
static CtapStatus
answer_no_credentials (MortiseAuthenticator *self,
                       const MortiseCtapRequest *request,
                       const MortiseGetAssertion *get)
{
  const MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_NO_PASSKEY,
                                            .rp_id = get->rp_id };
  g_autoptr (GError) error = NULL;

  if (get->up && !get->present &&
      !mortise_authenticator_ask (self, request, &question, NULL, &error))
    return mortise_authenticator_status_with_pin_fallback (error);
  return CTAP2_ERR_NO_CREDENTIALS;
}

/* Loads the key and reserves the counter's next value: all that signing needs but the signature. */
static gboolean
prepare_signer (MortiseAuthenticator *self,
                MortiseCredential *credential,
                Signer *signer,
                GError **error)
{
  if (signer->ready && signer->credential->row_id == credential->row_id)
    return TRUE;
  signer_clear (signer);
  signer->credential = mortise_credential_ref (credential);
  signer->key = mortise_vault_load_key (self->vault, credential, error);
  signer->ready = signer->key != NULL && mortise_vault_reserve_sign_count (
                                             self->vault, credential, &signer->sign_count, error);
  return signer->ready;
}

/*
 * Whether the person chooses the account on our prompt (§6.2.2 step 12, "has a display"). With
 * verification left to the client's own dialogs so is the choice.
 */
static gboolean
chooses_here (MortiseAuthenticator *self, const MortiseGetAssertion *get)
{
  return get->allow_list.type == MORTISE_CBOR_NONE && (get->up || get->verify) &&
         mortise_authenticator_supports_builtin_uv (self);
}

/* What the prompt shows: the accounts to choose from, or the one there is no choice about. */
static GPtrArray *
accounts_to_show (MortiseAuthenticator *self, const MortiseGetAssertion *get)
{
  GPtrArray *accounts = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  gboolean several = get->credentials->len > 1;

  if (several && get->allow_list.type == MORTISE_CBOR_NONE && !chooses_here (self, get))
    return accounts;
  for (guint i = 0; i < get->credentials->len; i++)
    {
      g_ptr_array_add (accounts, mortise_credential_ref (g_ptr_array_index (get->credentials, i)));
      if (!chooses_here (self, get))
        break;
    }
  return accounts;
}

/* Asks to sign in, and loads the first account's key meanwhile (§6.2.2 steps 6.2, 9 and 12). */
static CtapStatus
ask_to_sign_in (MortiseAuthenticator *self,
                const MortiseCtapRequest *request,
                MortiseGetAssertion *get,
                Signer *signer,
                guint *ret_account)
{
  g_autoptr (GPtrArray) accounts = accounts_to_show (self, get);
  g_autoptr (MortiseConsentRequest) consent = NULL;
  g_autoptr (GError) error = NULL;
  MortiseConsentAnswer answer = { 0 };
  const MortiseConsentQuestion question = {
    .kind = MORTISE_CONSENT_SIGN_IN,
    .rp_id = get->rp_id,
    .accounts = accounts,
    .verify = get->verify && !get->verified,
  };

  consent = mortise_authenticator_begin_question (self, request, &question, &error);
  if (consent == NULL)
    return mortise_authenticator_status_with_pin_fallback (error);
  /* What fails here is tried again after the answer, where there is someone to tell. */
  if (mortise_vault_get_state (self->vault) == MORTISE_VAULT_UNLOCKED)
    (void) prepare_signer (self, g_ptr_array_index (get->credentials, 0), signer, NULL);

  if (!mortise_authenticator_wait_answer (self, request, consent, &answer, &error))
    return mortise_authenticator_status_with_pin_fallback (error);
  if (question.verify && !answer.verified)
    return CTAP2_ERR_PUAT_REQUIRED;
  get->verified = get->verified || question.verify;
  /* Also where only uv was asked for: our prompt takes no PIN without a person (step 8). */
  get->present = TRUE;
  *ret_account = accounts->len > 1 && answer.account < accounts->len ? answer.account : 0;
  return CTAP1_ERR_SUCCESS;
}

/* How many assertions there are to get, and whether the person chose this one. */
typedef struct
{
  guint number_of_credentials;
  gboolean with_names;
  gboolean user_selected;
} Presentation;

static void
write_response (MortiseCborWriter *response,
                const MortiseCredential *credential,
                GBytes *authenticator_data,
                GBytes *signature,
                const Presentation *presentation,
                const MortiseCredentialSecrets *secrets)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (response, &map);
  mortise_cbor_map_key (response, &map, 0x01);
  mortise_ctap_write_descriptor (response, credential->credential_id);
  mortise_cbor_map_key (response, &map, 0x02);
  mortise_cbor_write_gbytes (response, authenticator_data);
  mortise_cbor_map_key (response, &map, 0x03);
  mortise_cbor_write_gbytes (response, signature);
  if (credential->discoverable && credential->user_id != NULL)
    {
      mortise_cbor_map_key (response, &map, 0x04);
      /* The names are for a client that lets the person choose (§6.2.3, member user). */
      mortise_ctap_write_user (response, credential, presentation->with_names);
    }
  if (presentation->number_of_credentials > 1)
    {
      mortise_cbor_map_key (response, &map, 0x05);
      mortise_cbor_write_uint (response, presentation->number_of_credentials);
    }
  if (presentation->user_selected)
    {
      mortise_cbor_map_key (response, &map, 0x06);
      mortise_cbor_write_bool (response, TRUE);
    }
  if (secrets != NULL)
    mortise_large_blob_key_write (response, &map, 0x07, secrets);
  mortise_cbor_map_end (response, &map);
}

/* §6.2.2 steps 10 and 13. */
static CtapStatus
sign_assertion (MortiseAuthenticator *self,
                const MortiseGetAssertion *get,
                const Signer *signer,
                const Presentation *presentation,
                MortiseCborWriter *response)
{
  g_autoptr (GBytes) extensions = NULL;
  g_autoptr (GBytes) authenticator_data = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (GError) error = NULL;
  guint8 rp_id_hash[32];
  guint8 flags = mortise_authenticator_data_flags (signer->credential, get->present, get->verified);
  CtapStatus status = mortise_extensions_get_outputs (self, get, signer->credential, &extensions);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (get->large_blob_key && signer->credential->has_large_blob_key)
    {
      secrets = mortise_vault_read_secrets (self->vault, signer->credential, &error);
      if (secrets == NULL)
        return ctap_status_from_error (error);
    }
  mortise_rp_id_hash (get->rp_id, rp_id_hash);
  authenticator_data = mortise_authenticator_data_build (
      signer->credential, rp_id_hash, flags, signer->sign_count, FALSE, extensions, &flags);
  signature = mortise_authenticator_data_sign (mortise_vault_get_tpm (self->vault), signer->key,
                                               signer->credential->algorithm, authenticator_data,
                                               get->client_data_hash, &error);
  if (signature == NULL)
    {
      g_message ("Cannot sign: %s", error->message);
      return ctap_status_from_error (error);
    }
  if (get->present)
    mortise_vault_note_use (self->vault, signer->credential->row_id, flags);
  write_response (response, signer->credential, authenticator_data, signature, presentation,
                  secrets);
  return CTAP1_ERR_SUCCESS;
}

/* Presence or verification where they are asked for, then one assertion. */
static CtapStatus
give_assertion (MortiseAuthenticator *self,
                const MortiseCtapRequest *request,
                MortiseGetAssertion *get,
                MortiseCborWriter *response)
{
  g_auto (Signer) signer = { 0 };
  g_autoptr (GError) error = NULL;
  Presentation presentation = { 0 };
  gboolean choose = chooses_here (self, get);
  gboolean several = get->credentials->len > 1 && get->allow_list.type == MORTISE_CBOR_NONE;
  gboolean ask =
      (get->up && !get->present) || (get->verify && !get->verified) || (several && choose);
  guint account = 0;
  CtapStatus status;

  status = ask ? ask_to_sign_in (self, request, get, &signer, &account) : CTAP1_ERR_SUCCESS;
  /* Also after an answer: the vault may have locked itself while the person thought. */
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_authenticator_ensure_unlocked (self, request, get->rp_id);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (get->up)
    mortise_pin_uv_auth_token_consume (self->token);
  if (!prepare_signer (self, g_ptr_array_index (get->credentials, account), &signer, &error))
    {
      g_message ("Cannot load a passkey: %s", error->message);
      return ctap_status_from_error (error);
    }

  presentation.user_selected = ask && choose;
  if (several && !choose)
    {
      presentation.number_of_credentials = get->credentials->len;
      presentation.with_names = get->verified;
    }
  return sign_assertion (self, get, &signer, &presentation, response);
}

/* authenticatorGetAssertion (CTAP 2.1 §6.2.2). */
CtapStatus
mortise_ctap_get_assertion (MortiseAuthenticator *self,
                            const MortiseCtapRequest *request,
                            MortiseCborWriter *response)
{
  g_autoptr (MortiseGetAssertion) get = g_new0 (MortiseGetAssertion, 1);
  Parameters parameters = { 0 };
  MortiseCtapOptions options = { 0 };
  CtapStatus status = read_parameters (request, &parameters, get, &options);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (mortise_pin_uv_auth_param_is_empty (&parameters.auth))
    return mortise_authenticator_touch (self, request);

  status = check_options (self, &parameters, &options, get);
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_extensions_read_get (self, get, &parameters.extensions);
  if (status == CTAP1_ERR_SUCCESS)
    status = check_token (self, &parameters, get);
  if (status == CTAP1_ERR_SUCCESS)
    status = locate (self, request, get);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (get->credentials->len == 0)
    return answer_no_credentials (self, request, get);

  status = give_assertion (self, request, get, response);
  if (status == CTAP1_ERR_SUCCESS && get->credentials->len > 1 &&
      get->allow_list.type == MORTISE_CBOR_NONE && !chooses_here (self, get))
    {
      get->next = 1;
      get->expires_at = self->clock () + NEXT_ASSERTION_LIMIT * G_USEC_PER_SEC;
      self->next_assertion = g_steal_pointer (&get);
    }
  return status;
}

/* authenticatorGetNextAssertion (CTAP 2.1 §6.3). */
CtapStatus
mortise_ctap_get_next_assertion (MortiseAuthenticator *self,
                                 const MortiseCtapRequest *request,
                                 MortiseCborWriter *response)
{
  MortiseGetAssertion *get = self->next_assertion;
  g_auto (Signer) signer = { 0 };
  g_autoptr (GError) error = NULL;
  Presentation presentation = { 0 };
  CtapStatus status;

  if (get == NULL || get->channel != mortise_ctap_request_get_channel (request) ||
      get->next >= get->credentials->len || self->clock () >= get->expires_at)
    return CTAP2_ERR_NOT_ALLOWED;

  status = mortise_authenticator_ensure_unlocked (self, request, get->rp_id);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!prepare_signer (self, g_ptr_array_index (get->credentials, get->next), &signer, &error))
    return ctap_status_from_error (error);
  presentation.with_names = get->verified;
  status = sign_assertion (self, get, &signer, &presentation, response);
  if (status == CTAP1_ERR_SUCCESS)
    {
      get->next++;
      get->expires_at = self->clock () + NEXT_ASSERTION_LIMIT * G_USEC_PER_SEC;
    }
  return status;
}
