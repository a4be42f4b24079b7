/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/extension.h"

#define LARGE_BLOB_KEY_SIZE 32

/* There is no such thing as asking for none (CTAP 2.1 §12.3). */
static CtapStatus
read_true (const MortiseCborValue *input)
{
  if (input->type != MORTISE_CBOR_BOOL)
    return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
  return input->number != 0 ? CTAP1_ERR_SUCCESS : CTAP2_ERR_INVALID_OPTION;
}

static CtapStatus
read_make (MortiseAuthenticator *self, MortiseMakeCredential *make, const MortiseCborValue *input)
{
  CtapStatus status = read_true (input);

  if (status == CTAP1_ERR_SUCCESS && !make->resident_key)
    status = CTAP2_ERR_INVALID_OPTION;
  make->large_blob_key = status == CTAP1_ERR_SUCCESS;
  return status;
}

static CtapStatus
prepare (MortiseAuthenticator *self,
         const MortiseMakeCredential *make,
         MortiseCredential *credential,
         MortiseCredentialSecrets *secrets)
{
  if (!make->large_blob_key)
    return CTAP1_ERR_SUCCESS;
  secrets->large_blob_key = mortise_secret_new_random (LARGE_BLOB_KEY_SIZE);
  credential->has_large_blob_key = TRUE;
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
read_get (MortiseAuthenticator *self, MortiseGetAssertion *get, const MortiseCborValue *input)
{
  CtapStatus status = read_true (input);

  get->large_blob_key = status == CTAP1_ERR_SUCCESS;
  return status;
}

void
mortise_large_blob_key_write (MortiseCborWriter *response,
                              MortiseCborMap *map,
                              gint64 key,
                              const MortiseCredentialSecrets *secrets)
{
  if (secrets->large_blob_key == NULL)
    return;
  mortise_cbor_map_key (response, map, key);
  mortise_cbor_write_bytes (response, mortise_secret_peek (secrets->large_blob_key),
                            mortise_secret_get_size (secrets->large_blob_key));
}

const MortiseExtension mortise_large_blob_key_extension = {
  .name = "largeBlobKey",
  .read_make = read_make,
  .prepare = prepare,
  .read_get = read_get,
};
