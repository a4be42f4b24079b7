/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/extension.h"
#include "core/ctap/hmac-secret.h"

static CtapStatus
read_make (MortiseAuthenticator *self, MortiseMakeCredential *make, const MortiseCborValue *input)
{
  if (input->type != MORTISE_CBOR_BOOL)
    return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
  make->hmac_secret = input->number != 0;
  return CTAP1_ERR_SUCCESS;
}

/* Two seeds, so that what was unlocked with verification stays closed without it. */
static CtapStatus
prepare (MortiseAuthenticator *self,
         const MortiseMakeCredential *make,
         MortiseCredential *credential,
         MortiseCredentialSecrets *secrets)
{
  if (!make->hmac_secret)
    return CTAP1_ERR_SUCCESS;
  secrets->cred_random_with_uv = mortise_secret_new_random (MORTISE_HMAC_SECRET_SIZE);
  secrets->cred_random_without_uv = mortise_secret_new_random (MORTISE_HMAC_SECRET_SIZE);
  credential->has_hmac_secret = TRUE;
  return CTAP1_ERR_SUCCESS;
}

static GBytes *
make_output (MortiseAuthenticator *self,
             const MortiseMakeCredential *make,
             const MortiseCredential *credential,
             const MortiseCredentialSecrets *secrets)
{
  g_autoptr (MortiseCborWriter) writer = NULL;

  if (!make->hmac_secret)
    return NULL;
  writer = mortise_cbor_writer_new ();
  mortise_cbor_write_bool (writer, TRUE);
  return mortise_cbor_writer_finish (writer);
}

static CtapStatus
read_get (MortiseAuthenticator *self, MortiseGetAssertion *get, const MortiseCborValue *input)
{
  CtapStatus status = mortise_hmac_secret_read (self, input, &get->hmac_secret_input);

  if (status == CTAP1_ERR_SUCCESS && !get->up)
    status = CTAP2_ERR_UNSUPPORTED_OPTION;
  return status;
}

static const MortiseSecret *
choose_seed (const MortiseCredentialSecrets *secrets, gboolean verified)
{
  return verified ? secrets->cred_random_with_uv : secrets->cred_random_without_uv;
}

static CtapStatus
get_output (MortiseAuthenticator *self,
            const MortiseGetAssertion *get,
            const MortiseCredential *credential,
            const MortiseCredentialSecrets *secrets,
            GBytes **ret_output)
{
  const MortiseSecret *seed = choose_seed (secrets, get->verified);

  if (seed != NULL)
    *ret_output = mortise_hmac_secret_output (&get->hmac_secret_input, seed);
  return CTAP1_ERR_SUCCESS;
}

const MortiseExtension mortise_hmac_secret_extension = {
  .name = "hmac-secret",
  .read_make = read_make,
  .prepare = prepare,
  .make_output = make_output,
  .read_get = read_get,
  .needs_secrets = TRUE,
  .get_output = get_output,
};

/* The first outputs already at registration (CTAP 2.2 §12.8). */
static CtapStatus
read_make_mc (MortiseAuthenticator *self,
              MortiseMakeCredential *make,
              const MortiseCborValue *input)
{
  /* Read before: the table of extensions has the order of their names. */
  if (!make->hmac_secret)
    return CTAP2_ERR_MISSING_PARAMETER;
  return mortise_hmac_secret_read (self, input, &make->hmac_secret_input);
}

static GBytes *
make_output_mc (MortiseAuthenticator *self,
                const MortiseMakeCredential *make,
                const MortiseCredential *credential,
                const MortiseCredentialSecrets *secrets)
{
  return mortise_hmac_secret_output (&make->hmac_secret_input,
                                     choose_seed (secrets, make->verified));
}

const MortiseExtension mortise_hmac_secret_mc_extension = {
  .name = "hmac-secret-mc",
  .read_make = read_make_mc,
  .make_output = make_output_mc,
};
