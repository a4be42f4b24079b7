/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/make-credential.h"

#include "core/ctap/attestation.h"
#include "core/ctap/authenticator-data.h"
#include "core/ctap/extension.h"
#include "core/ctap/listed-credentials.h"
#include "core/ctap/new-key.h"
#include "core/ctap/pin-uv-auth-param.h"
#include "core/vault/vault-settings.h"

#define CLIENT_DATA_HASH_SIZE 32

/* What Chromium calls the site when all it wants is a touch. */
#define TOUCH_PROBE_RP_ID ".dummy"

/* authenticatorMakeCredential's parameters (CTAP 2.1 §6.1). */
typedef struct
{
  MortiseCborValue client_data_hash;
  MortiseCborValue rp;
  MortiseCborValue user;
  MortiseCborValue pub_key_cred_params;
  MortiseCborValue exclude_list;
  MortiseCborValue extensions;
  MortiseCborValue options;
  MortisePinUvAuthParam auth;
  MortiseCborValue enterprise_attestation;
} Parameters;

static const MortiseCborMember parameter_members[] = {
  MORTISE_CBOR_MEMBER (Parameters, 0x01, client_data_hash, MORTISE_CBOR_BYTES, TRUE),
  MORTISE_CBOR_MEMBER (Parameters, 0x02, rp, MORTISE_CBOR_MAP, TRUE),
  MORTISE_CBOR_MEMBER (Parameters, 0x03, user, MORTISE_CBOR_MAP, TRUE),
  MORTISE_CBOR_MEMBER (Parameters, 0x04, pub_key_cred_params, MORTISE_CBOR_ARRAY, TRUE),
  MORTISE_CBOR_MEMBER (Parameters, 0x05, exclude_list, MORTISE_CBOR_ARRAY, FALSE),
  MORTISE_CBOR_MEMBER (Parameters, 0x06, extensions, MORTISE_CBOR_MAP, FALSE),
  MORTISE_CBOR_MEMBER (Parameters, 0x07, options, MORTISE_CBOR_MAP, FALSE),
  MORTISE_PIN_UV_AUTH_PARAM_MEMBERS (Parameters, auth, 0x08, 0x09),
  MORTISE_CBOR_MEMBER (Parameters, 0x0A, enterprise_attestation, MORTISE_CBOR_INT, FALSE),
};

typedef struct
{
  MortiseCborValue id;
  MortiseCborValue name;
} RpMembers;

static const MortiseCborMember rp_members[] = {
  { 0, "id", MORTISE_CBOR_TEXT, TRUE, offsetof (RpMembers, id) },
  { 0, "name", MORTISE_CBOR_TEXT, FALSE, offsetof (RpMembers, name) },
};

typedef struct
{
  MortiseCborValue alg;
  MortiseCborValue type;
} CredParam;

static const MortiseCborMember cred_param_members[] = {
  { 0, "alg", MORTISE_CBOR_INT, TRUE, offsetof (CredParam, alg) },
  { 0, "type", MORTISE_CBOR_TEXT, TRUE, offsetof (CredParam, type) },
};

static void
make_credential_clear (MortiseMakeCredential *make)
{
  g_clear_pointer (&make->rp_id, g_free);
  g_clear_pointer (&make->rp_name, g_free);
  mortise_ctap_user_clear (&make->user);
  mortise_hmac_secret_input_clear (&make->hmac_secret_input);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MortiseMakeCredential, make_credential_clear)

static CtapStatus
read_rp (MortiseMakeCredential *make, const MortiseCborValue *map)
{
  RpMembers rp;
  CtapStatus status = mortise_cbor_read_members (map, rp_members, G_N_ELEMENTS (rp_members), &rp);

  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_ctap_read_rp_id (&rp.id, &make->rp_id);
  if (status == CTAP1_ERR_SUCCESS)
    make->rp_name = mortise_ctap_dup_name (&rp.name);
  return status;
}

/* The first algorithm that the TPM does; RSA, slow to make, only where nothing else is taken. */
static CtapStatus
choose_algorithm (MortiseAuthenticator *self,
                  MortiseMakeCredential *make,
                  const MortiseCborValue *params)
{
  MortiseCborIter iter;
  MortiseCborValue value;
  gint64 chosen = 0;

  mortise_cbor_iter_init (&iter, params);
  while (mortise_cbor_iter_next (&iter, &value))
    {
      CredParam param;
      CtapStatus status = mortise_cbor_read_members (&value, cred_param_members,
                                                     G_N_ELEMENTS (cred_param_members), &param);

      if (status != CTAP1_ERR_SUCCESS)
        return status;
      if (!mortise_cbor_text_equal (&param.type, MORTISE_PUBLIC_KEY_TYPE) ||
          !mortise_authenticator_has_algorithm (self, param.alg.number))
        continue;
      if (chosen == 0 || (chosen == MORTISE_ALG_RS256 && param.alg.number != MORTISE_ALG_RS256))
        chosen = param.alg.number;
    }
  make->algorithm = (MortiseAlgorithm) chosen;
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
read_parameters (MortiseAuthenticator *self,
                 const MortiseCtapRequest *request,
                 Parameters *parameters,
                 MortiseMakeCredential *make,
                 MortiseCtapOptions *options)
{
  CtapStatus status = mortise_cbor_read_members (&request->parameters, parameter_members,
                                                 G_N_ELEMENTS (parameter_members), parameters);

  if (status == CTAP1_ERR_SUCCESS && parameters->client_data_hash.size != CLIENT_DATA_HASH_SIZE)
    status = CTAP1_ERR_INVALID_PARAMETER;
  if (status == CTAP1_ERR_SUCCESS)
    status = read_rp (make, &parameters->rp);
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_ctap_read_user (&parameters->user, &make->user);
  if (status == CTAP1_ERR_SUCCESS)
    status = choose_algorithm (self, make, &parameters->pub_key_cred_params);
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_ctap_check_descriptors (&parameters->exclude_list);
  if (status == CTAP1_ERR_SUCCESS)
    status = mortise_ctap_read_options (&parameters->options, options);
  make->resident_key = options->rk.number != 0;
  make->request = request;
  make->client_data_hash = parameters->client_data_hash.data;
  make->exclude_list = parameters->exclude_list;
  return status;
}

/* §6.1.2 steps 2 and 5. */
static CtapStatus
check_options (MortiseAuthenticator *self,
               const Parameters *parameters,
               const MortiseCtapOptions *options,
               MortiseMakeCredential *make)
{
  gboolean has_param = mortise_pin_uv_auth_param_is_given (&parameters->auth);
  CtapStatus status = mortise_pin_uv_auth_param_check (&parameters->auth);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (make->algorithm == 0)
    return CTAP2_ERR_UNSUPPORTED_ALGORITHM;

  make->verify = !has_param && options->uv.number != 0;
  if (make->verify && !mortise_authenticator_has_builtin_uv (self))
    return CTAP2_ERR_INVALID_OPTION;
  if (options->up.type == MORTISE_CBOR_BOOL && options->up.number == 0)
    return CTAP2_ERR_INVALID_OPTION;
  if (make->resident_key && make->user.id == NULL)
    return CTAP1_ERR_INVALID_PARAMETER;
  return CTAP1_ERR_SUCCESS;
}

/* §6.1.2 steps 6 to 9: whether it may go on with the verification there is. */
static CtapStatus
check_verification_policy (MortiseAuthenticator *self,
                           const Parameters *parameters,
                           MortiseMakeCredential *make)
{
  gboolean has_param = mortise_pin_uv_auth_param_is_given (&parameters->auth);

  if (mortise_authenticator_is_always_uv (self))
    {
      if (!mortise_authenticator_is_protected (self))
        return CTAP2_ERR_PUAT_REQUIRED;
      /* Not every client knows alwaysUv: our own prompt is there for those that do not. */
      if (!has_param && !make->verify)
        {
          if (!mortise_authenticator_has_builtin_uv (self))
            return CTAP2_ERR_PUAT_REQUIRED;
          make->verify = TRUE;
        }
    }
  else if (make->resident_key && !has_param && !make->verify)
    return CTAP2_ERR_PUAT_REQUIRED;

  if (parameters->enterprise_attestation.type != MORTISE_CBOR_NONE)
    return CTAP1_ERR_INVALID_PARAMETER;
  return CTAP1_ERR_SUCCESS;
}

/* §6.1.2 step 11.1. */
static CtapStatus
check_token (MortiseAuthenticator *self, const Parameters *parameters, MortiseMakeCredential *make)
{
  CtapStatus status;

  if (!mortise_pin_uv_auth_param_is_given (&parameters->auth))
    return CTAP1_ERR_SUCCESS;
  status = mortise_pin_uv_auth_param_authorize (&parameters->auth, self->token,
                                                MORTISE_PERMISSION_MC, make->rp_id,
                                                make->client_data_hash, CLIENT_DATA_HASH_SIZE);
  if (status == CTAP1_ERR_SUCCESS)
    make->verified = TRUE;
  return status;
}

/*
 * Whether the excludeList names a credential of ours for this site. One that demands verification
 * (credProtect 3) is only told to who was verified, or will be.
 */
static CtapStatus
find_excluded (MortiseAuthenticator *self,
               const MortiseMakeCredential *make,
               gboolean *ret_excluded,
               gboolean *ret_protected)
{
  g_autoptr (GPtrArray) listed = NULL;
  gboolean excluded = FALSE;
  gboolean protected = FALSE;
  CtapStatus status =
      mortise_find_listed_credentials (self, &make->exclude_list, make->rp_id, &listed);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  for (guint i = 0; i < listed->len; i++)
    {
      const MortiseCredential *credential = g_ptr_array_index (listed, i);

      if (credential->cred_protect < 3)
        excluded = TRUE;
      else
      protected = TRUE;
    }
  *ret_excluded = excluded;
  *ret_protected = !excluded && protected;
  return CTAP1_ERR_SUCCESS;
}

/* §6.1.2 step 12. */
static CtapStatus
check_exclude_list (MortiseAuthenticator *self, MortiseMakeCredential *make)
{
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_EXCLUDED,
                                      .rp_id = make->rp_id,
                                      .rp_name = make->rp_name };
  g_autoptr (GError) error = NULL;
  MortiseConsentAnswer answer = { 0 };
  gboolean excluded = FALSE;
  gboolean protected = FALSE;
  CtapStatus status;

  if (make->exclude_list.size == 0 || mortise_vault_get_state (self->vault) == MORTISE_VAULT_NONE)
    return CTAP1_ERR_SUCCESS;
  status = mortise_authenticator_ensure_listable (self, make->request, make->rp_id,
                                                  make->verify && !make->verified, &make->verified);
  if (status == CTAP1_ERR_SUCCESS)
    status = find_excluded (self, make, &excluded, &protected);
  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (!excluded && !(protected && (make->verified || make->verify)))
    return CTAP1_ERR_SUCCESS;

  question.verify = protected && !make->verified;
  if (!mortise_authenticator_ask (self, make->request, &question, &answer, &error))
    {
      /* Not answering is as good as presence here (step 12.1.4.2); a no keeps the secret. */
      if (!question.verify && g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_TIMED_OUT))
        return CTAP2_ERR_CREDENTIAL_EXCLUDED;
      return mortise_authenticator_status_with_pin_fallback (error);
    }
  if (question.verify && !answer.verified)
    return CTAP2_ERR_PUAT_REQUIRED;
  return CTAP2_ERR_CREDENTIAL_EXCLUDED;
}

/* The credential that this registration will replace, for the prompt to show. */
static GPtrArray *
find_replaced (MortiseAuthenticator *self, const MortiseMakeCredential *make)
{
  g_autoptr (GPtrArray) replaced =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  g_autoptr (GPtrArray) found = NULL;

  if (!make->resident_key || mortise_vault_get_state (self->vault) < MORTISE_VAULT_LISTABLE)
    return g_steal_pointer (&replaced);
  found = mortise_vault_find_by_rp (self->vault, make->rp_id, TRUE, NULL);
  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      MortiseCredential *credential = g_ptr_array_index (found, i);

      if (credential->user_id != NULL && g_bytes_equal (credential->user_id, make->user.id))
        g_ptr_array_add (replaced, mortise_credential_ref (credential));
    }
  return g_steal_pointer (&replaced);
}

/* Asks, and makes the key meanwhile (§6.1.2 steps 11.2, 14 and 16). */
static CtapStatus
obtain_key (MortiseAuthenticator *self, MortiseMakeCredential *make, MortiseNewKey *new_key)
{
  g_autoptr (GPtrArray) replaced = find_replaced (self, make);
  g_autoptr (MortiseConsentRequest) consent = NULL;
  g_autoptr (GError) error = NULL;
  MortiseConsentAnswer answer = { 0 };
  MortiseKeyClass key_class;
  CtapStatus status;
  const MortiseConsentQuestion question = {
    .kind = MORTISE_CONSENT_REGISTER,
    .rp_id = make->rp_id,
    .rp_name = make->rp_name,
    .user_name = make->user.name,
    .user_display_name = make->user.display_name,
    .accounts = replaced,
    .verify = make->verify && !make->verified,
    .offer_export = TRUE,
    .allow_export = mortise_authenticator_get_flag (self, MORTISE_SETTING_EXPORT_DEFAULT, FALSE),
    .algorithm = make->algorithm,
  };

  consent = mortise_authenticator_begin_question (self, make->request, &question, &error);
  if (consent == NULL)
    return mortise_authenticator_status_with_pin_fallback (error);
  /* Ahead of the answer, as most people leave the switch alone. What fails here is tried again
   * below, where there is someone to tell. */
  key_class = question.allow_export ? MORTISE_KEY_EXPORTABLE : MORTISE_KEY_DEVICE_ONLY;
  if (mortise_vault_get_state (self->vault) == MORTISE_VAULT_UNLOCKED)
    (void) mortise_new_key_create (new_key, self->vault, make->algorithm, key_class, NULL);

  if (!mortise_authenticator_wait_answer (self, make->request, consent, &answer, &error))
    return mortise_authenticator_status_with_pin_fallback (error);
  if (question.verify && !answer.verified)
    return CTAP2_ERR_PUAT_REQUIRED;
  make->verified = make->verified || question.verify;
  mortise_pin_uv_auth_token_consume (self->token);
  g_clear_pointer (&consent, mortise_consent_request_free);
  /* The vault may have locked itself while the person thought. */
  status = mortise_authenticator_ensure_unlocked (self, make->request, make->rp_id);
  if (status != CTAP1_ERR_SUCCESS)
    return status;

  key_class = answer.allow_export ? MORTISE_KEY_EXPORTABLE : MORTISE_KEY_DEVICE_ONLY;
  if ((new_key->key == NULL || new_key->key_class != key_class) &&
      !mortise_new_key_create (new_key, self->vault, make->algorithm, key_class, &error))
    {
      g_message ("Cannot make a key: %s", error->message);
      return ctap_status_from_error (error);
    }
  return CTAP1_ERR_SUCCESS;
}

static MortiseCredential *
new_credential (const MortiseMakeCredential *make, const MortiseNewKey *new_key, GError **error)
{
  MortiseCredential *credential = mortise_new_key_to_credential (new_key, error);

  if (credential == NULL)
    return NULL;
  credential->rp_id = g_strdup (make->rp_id);
  credential->rp_name = g_strdup (make->rp_name);
  credential->user_id = make->user.id != NULL ? g_bytes_ref (make->user.id) : NULL;
  credential->user_name = g_strdup (make->user.name);
  credential->user_display_name = g_strdup (make->user.display_name);
  credential->discoverable = make->resident_key;
  return credential;
}

static GBytes *
build_authenticator_data (MortiseAuthenticator *self,
                          const MortiseMakeCredential *make,
                          const MortiseCredential *credential,
                          const MortiseCredentialSecrets *secrets)
{
  g_autoptr (GBytes) extensions = mortise_extensions_make_outputs (self, make, credential, secrets);
  guint8 rp_id_hash[32];

  mortise_rp_id_hash (make->rp_id, rp_id_hash);
  return mortise_authenticator_data_build (
      credential, rp_id_hash, mortise_authenticator_data_flags (credential, TRUE, make->verified),
      0, TRUE, extensions, NULL);
}

static void
write_response (MortiseCborWriter *response,
                const MortiseMakeCredential *make,
                GBytes *authenticator_data,
                GBytes *signature,
                const MortiseCredentialSecrets *secrets)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (response, &map);
  mortise_cbor_map_key (response, &map, 0x01);
  mortise_cbor_write_text (response, MORTISE_ATTESTATION_FORMAT);
  mortise_cbor_map_key (response, &map, 0x02);
  mortise_cbor_write_gbytes (response, authenticator_data);
  mortise_cbor_map_key (response, &map, 0x03);
  mortise_attestation_write_self (response, make->algorithm, signature);
  if (make->large_blob_key)
    mortise_large_blob_key_write (response, &map, 0x05, secrets);
  mortise_cbor_map_end (response, &map);
}

/*
 * Signs before it stores: a signature that fails then leaves nothing behind, and does not move the
 * passkey that would have been replaced.
 */
static CtapStatus
register_credential (MortiseAuthenticator *self,
                     const MortiseMakeCredential *make,
                     MortiseNewKey *new_key,
                     MortiseCborWriter *response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseCredentialSecrets) secrets = mortise_credential_secrets_new ();
  g_autoptr (MortiseCredential) credential = new_credential (make, new_key, &error);
  g_autoptr (GBytes) authenticator_data = NULL;
  g_autoptr (GBytes) signature = NULL;
  CtapStatus status;

  if (credential != NULL)
    {
      status = mortise_extensions_prepare (self, make, credential, secrets);
      if (status != CTAP1_ERR_SUCCESS)
        return status;
      authenticator_data = build_authenticator_data (self, make, credential, secrets);
      signature = mortise_authenticator_data_sign (
          mortise_vault_get_tpm (self->vault), new_key->key, make->algorithm, authenticator_data,
          make->client_data_hash, &error);
    }
  secrets->key = g_steal_pointer (&new_key->blob);
  if (signature == NULL || !mortise_vault_add (self->vault, credential, secrets, &error))
    {
      g_message ("Cannot register a passkey: %s", error->message);
      return ctap_status_from_error (error);
    }
  write_response (response, make, authenticator_data, signature, secrets);
  return CTAP1_ERR_SUCCESS;
}

/* authenticatorMakeCredential (CTAP 2.1 §6.1.2). */
CtapStatus
mortise_ctap_make_credential (MortiseAuthenticator *self,
                              const MortiseCtapRequest *request,
                              MortiseCborWriter *response)
{
  g_auto (MortiseMakeCredential) make = { 0 };
  g_auto (MortiseNewKey) new_key = { 0 };
  Parameters parameters = { 0 };
  MortiseCtapOptions options = { 0 };
  CtapStatus status = read_parameters (self, request, &parameters, &make, &options);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  /* Probes end in these two errors, which their senders take for a touch. Nothing is ever made. */
  if (mortise_pin_uv_auth_param_is_empty (&parameters.auth) ||
      g_strcmp0 (make.rp_id, TOUCH_PROBE_RP_ID) == 0)
    return mortise_authenticator_touch (self, request);

  status = mortise_extensions_read_make (self, &make, &parameters.extensions);
  if (status == CTAP1_ERR_SUCCESS)
    status = check_options (self, &parameters, &options, &make);
  if (status == CTAP1_ERR_SUCCESS)
    status = check_verification_policy (self, &parameters, &make);
  if (status == CTAP1_ERR_SUCCESS)
    status = check_token (self, &parameters, &make);
  if (status == CTAP1_ERR_SUCCESS)
    status = check_exclude_list (self, &make);
  if (status == CTAP1_ERR_SUCCESS)
    status = obtain_key (self, &make, &new_key);
  if (status == CTAP1_ERR_SUCCESS)
    status = register_credential (self, &make, &new_key, response);
  return status;
}
