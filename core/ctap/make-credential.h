/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"
#include "core/ctap/ctap-entities.h"
#include "core/ctap/hmac-secret.h"

G_BEGIN_DECLS

/**
 * MortiseMakeCredential:
 * @request: the request
 * @client_data_hash: 32 bytes, in the request
 * @rp_id, @rp_name: the site
 * @user: the account
 * @algorithm: the algorithm chosen
 * @exclude_list: (nullable type): excludeList
 * @resident_key: option rk
 * @verify: our own prompt verifies the user (option uv, by the rules of §6.1.2 steps 5 and 6)
 * @verified: the user was verified for this request
 * @extension_inputs: bit i: an input for the i-th extension was given
 * @cred_protect: credProtect's input, 0 if none
 * @hmac_secret: hmac-secret is asked for
 * @hmac_secret_input: hmac-secret-mc's input
 * @cred_blob: (nullable type): credBlob's input
 * @large_blob_key: largeBlobKey is asked for
 * @min_pin_length: minPinLength is asked for
 *
 * One authenticatorMakeCredential under way.
 */
typedef struct
{
  const MortiseCtapRequest *request;
  const guint8 *client_data_hash;
  char *rp_id;
  char *rp_name;
  MortiseCtapUser user;
  MortiseAlgorithm algorithm;
  MortiseCborValue exclude_list;
  gboolean resident_key;
  gboolean verify;
  gboolean verified;
  guint extension_inputs;
  guint8 cred_protect;
  gboolean hmac_secret;
  MortiseHmacSecretInput hmac_secret_input;
  MortiseCborValue cred_blob;
  gboolean large_blob_key;
  gboolean min_pin_length;
} MortiseMakeCredential;

G_END_DECLS
