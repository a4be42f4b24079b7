/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/extension.h"

/* userVerificationOptional, …OptionalWithCredentialIDList, …Required (CTAP 2.1 §12.1). */
#define CRED_PROTECT_MIN 1
#define CRED_PROTECT_MAX 3

static CtapStatus
read_make (MortiseAuthenticator *self, MortiseMakeCredential *make, const MortiseCborValue *input)
{
  if (input->type != MORTISE_CBOR_INT)
    return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
  if (input->number < CRED_PROTECT_MIN || input->number > CRED_PROTECT_MAX)
    return CTAP2_ERR_INVALID_OPTION;
  make->cred_protect = (guint8) input->number;
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
prepare (MortiseAuthenticator *self,
         const MortiseMakeCredential *make,
         MortiseCredential *credential,
         MortiseCredentialSecrets *secrets)
{
  credential->cred_protect = make->cred_protect != 0 ? make->cred_protect : CRED_PROTECT_MIN;
  return CTAP1_ERR_SUCCESS;
}

static GBytes *
make_output (MortiseAuthenticator *self,
             const MortiseMakeCredential *make,
             const MortiseCredential *credential,
             const MortiseCredentialSecrets *secrets)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();

  mortise_cbor_write_uint (writer, credential->cred_protect);
  return mortise_cbor_writer_finish (writer);
}

const MortiseExtension mortise_cred_protect_extension = {
  .name = "credProtect",
  .read_make = read_make,
  .prepare = prepare,
  .make_output = make_output,
};
