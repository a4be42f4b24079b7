/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/extension.h"

static CtapStatus
read_make (MortiseAuthenticator *self, MortiseMakeCredential *make, const MortiseCborValue *input)
{
  if (input->type != MORTISE_CBOR_BOOL)
    return CTAP2_ERR_CBOR_UNEXPECTED_TYPE;
  make->min_pin_length = input->number != 0;
  return CTAP1_ERR_SUCCESS;
}

/* Only for the sites that setMinPINLength named (CTAP 2.1 §12.4). */
static GBytes *
make_output (MortiseAuthenticator *self,
             const MortiseMakeCredential *make,
             const MortiseCredential *credential,
             const MortiseCredentialSecrets *secrets)
{
  g_autoptr (MortiseCborWriter) writer = NULL;

  if (!make->min_pin_length || !mortise_authenticator_may_read_min_pin_length (self, make->rp_id))
    return NULL;
  writer = mortise_cbor_writer_new ();
  mortise_cbor_write_uint (writer, mortise_authenticator_get_min_pin_length (self));
  return mortise_cbor_writer_finish (writer);
}

const MortiseExtension mortise_min_pin_length_extension = {
  .name = "minPinLength",
  .read_make = read_make,
  .make_output = make_output,
};
