/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator-private.h"
#include "core/ctap/ctap-entities.h"
#include "core/ctap/hmac-secret.h"

G_BEGIN_DECLS

/**
 * MortiseGetAssertion:
 * @request_bytes: keeps alive what points into the request
 * @channel: whose request it was
 * @rp_id: the site
 * @client_data_hash: 32 bytes, in the request
 * @allow_list: (nullable type): allowList, if it is there and not empty
 * @up: option up
 * @verify: our own prompt verifies the user
 * @authorized: a pinUvAuthToken came along and is right
 * @verified, @present: evidence so far: the UV and UP flags of the answer
 * @credentials: (element-type MortiseCredential): those applicable, newest first
 * @next: index of the credential that getNextAssertion gives
 * @expires_at: until when it may, on the authenticator's clock
 * @extension_inputs: bit i: an input for the i-th extension was given
 * @hmac_secret_input: hmac-secret's input
 * @cred_blob: credBlob is asked for
 * @large_blob_key: largeBlobKey is asked for
 *
 * One authenticatorGetAssertion under way, kept for getNextAssertion.
 */
struct _MortiseGetAssertion
{
  GBytes *request_bytes;
  guint32 channel;
  char *rp_id;
  const guint8 *client_data_hash;
  MortiseCborValue allow_list;
  gboolean up;
  gboolean verify;
  gboolean authorized;
  gboolean verified;
  gboolean present;
  GPtrArray *credentials;
  guint next;
  gint64 expires_at;
  guint extension_inputs;
  MortiseHmacSecretInput hmac_secret_input;
  gboolean cred_blob;
  gboolean large_blob_key;
};

void mortise_get_assertion_free (MortiseGetAssertion *get);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseGetAssertion, mortise_get_assertion_free)

G_END_DECLS
