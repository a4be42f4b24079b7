/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/extension.h"

static CtapStatus
read_make (MortiseAuthenticator *self, MortiseMakeCredential *make, const MortiseCborValue *input)
{
  if (input->type != MORTISE_CBOR_BYTES)
    return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
  make->cred_blob = *input;
  return CTAP1_ERR_SUCCESS;
}

/* Too much of it is no error: the site is told that nothing was kept (CTAP 2.1 §12.2). */
static CtapStatus
prepare (MortiseAuthenticator *self,
         const MortiseMakeCredential *make,
         MortiseCredential *credential,
         MortiseCredentialSecrets *secrets)
{
  if (make->cred_blob.type == MORTISE_CBOR_NONE || !make->resident_key ||
      make->cred_blob.size > MORTISE_CRED_BLOB_MAX)
    return CTAP1_ERR_SUCCESS;
  secrets->cred_blob = mortise_cbor_value_to_bytes (&make->cred_blob);
  credential->has_cred_blob = TRUE;
  return CTAP1_ERR_SUCCESS;
}

static GBytes *
make_output (MortiseAuthenticator *self,
             const MortiseMakeCredential *make,
             const MortiseCredential *credential,
             const MortiseCredentialSecrets *secrets)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();

  mortise_cbor_write_bool (writer, credential->has_cred_blob);
  return mortise_cbor_writer_finish (writer);
}

static CtapStatus
read_get (MortiseAuthenticator *self, MortiseGetAssertion *get, const MortiseCborValue *input)
{
  if (input->type != MORTISE_CBOR_BOOL)
    return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
  get->cred_blob = input->number != 0;
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
get_output (MortiseAuthenticator *self,
            const MortiseGetAssertion *get,
            const MortiseCredential *credential,
            const MortiseCredentialSecrets *secrets,
            GBytes **ret_output)
{
  g_autoptr (MortiseCborWriter) writer = NULL;

  if (!get->cred_blob)
    return CTAP1_ERR_SUCCESS;
  writer = mortise_cbor_writer_new ();
  if (secrets->cred_blob != NULL)
    mortise_cbor_write_gbytes (writer, secrets->cred_blob);
  else
    mortise_cbor_write_bytes (writer, "", 0);
  *ret_output = mortise_cbor_writer_finish (writer);
  return CTAP1_ERR_SUCCESS;
}

const MortiseExtension mortise_cred_blob_extension = {
  .name = "credBlob",
  .read_make = read_make,
  .prepare = prepare,
  .make_output = make_output,
  .read_get = read_get,
  .needs_secrets = TRUE,
  .get_output = get_output,
};
