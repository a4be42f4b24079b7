/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/get-assertion.h"
#include "core/ctap/make-credential.h"

G_BEGIN_DECLS

/**
 * MortiseExtension:
 * @name: extension identifier
 * @read_make: (nullable): checks the input of makeCredential and remembers it in @make; before the
 *   person is asked
 * @prepare: (nullable): fills in what the new credential keeps; before it is stored; called for
 *   every registration, also without an input
 * @make_output: (nullable): the output for makeCredential; only if there was an input
 * @read_get: (nullable): checks the input of getAssertion and remembers it in @get
 * @needs_secrets: @get_output wants the credential's secrets
 * @get_output: (nullable): the output for one credential; only if there was an input
 *
 * One extension (CTAP 2.1 §12). An output is the encoded CBOR value; %NULL stands for none. What is
 * remembered in @get may point into the request, which it keeps alive for getNextAssertion.
 */
typedef struct
{
  const char *name;
  CtapStatus (*read_make) (MortiseAuthenticator *self,
                           MortiseMakeCredential *make,
                           const MortiseCborValue *input);
  CtapStatus (*prepare) (MortiseAuthenticator *self,
                         const MortiseMakeCredential *make,
                         MortiseCredential *credential,
                         MortiseCredentialSecrets *secrets);
  GBytes *(*make_output) (MortiseAuthenticator *self,
                          const MortiseMakeCredential *make,
                          const MortiseCredential *credential,
                          const MortiseCredentialSecrets *secrets);
  CtapStatus (*read_get) (MortiseAuthenticator *self,
                          MortiseGetAssertion *get,
                          const MortiseCborValue *input);
  gboolean needs_secrets;
  CtapStatus (*get_output) (MortiseAuthenticator *self,
                            const MortiseGetAssertion *get,
                            const MortiseCredential *credential,
                            const MortiseCredentialSecrets *secrets,
                            GBytes **ret_output);
} MortiseExtension;

extern const MortiseExtension mortise_cred_blob_extension;
extern const MortiseExtension mortise_cred_protect_extension;
extern const MortiseExtension mortise_hmac_secret_extension;
extern const MortiseExtension mortise_large_blob_key_extension;
extern const MortiseExtension mortise_min_pin_length_extension;
extern const MortiseExtension mortise_hmac_secret_mc_extension;

/** Size of the largest credBlob in bytes. */
#define MORTISE_CRED_BLOB_MAX 128

/** mortise_extensions: Returns: (array length=ret_n): all, in the canonical order of their names */
const MortiseExtension *const *mortise_extensions (gsize *ret_n);

/** mortise_extensions_read_make: reads the extensions member, which may be absent */
CtapStatus mortise_extensions_read_make (MortiseAuthenticator *self,
                                         MortiseMakeCredential *make,
                                         const MortiseCborValue *inputs);

CtapStatus mortise_extensions_prepare (MortiseAuthenticator *self,
                                       const MortiseMakeCredential *make,
                                       MortiseCredential *credential,
                                       MortiseCredentialSecrets *secrets);

/** mortise_extensions_make_outputs: Returns: (nullable): the map for authenticator data */
GBytes *mortise_extensions_make_outputs (MortiseAuthenticator *self,
                                         const MortiseMakeCredential *make,
                                         const MortiseCredential *credential,
                                         const MortiseCredentialSecrets *secrets);

/**
 * mortise_large_blob_key_write:
 * @key: the response's member (CTAP 2.1 §12.3): this extension has no output in authenticator data
 */
void mortise_large_blob_key_write (MortiseCborWriter *response,
                                   MortiseCborMap *map,
                                   gint64 key,
                                   const MortiseCredentialSecrets *secrets);

/** mortise_extensions_read_get: reads the extensions member, which may be absent */
CtapStatus mortise_extensions_read_get (MortiseAuthenticator *self,
                                        MortiseGetAssertion *get,
                                        const MortiseCborValue *inputs);

/** mortise_extensions_get_outputs: @ret_outputs: (out) (nullable): map for authenticator data */
CtapStatus mortise_extensions_get_outputs (MortiseAuthenticator *self,
                                           const MortiseGetAssertion *get,
                                           const MortiseCredential *credential,
                                           GBytes **ret_outputs);

G_END_DECLS
