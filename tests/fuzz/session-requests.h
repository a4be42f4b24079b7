/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/fuzz/fuzz-authenticator.h"

G_BEGIN_DECLS

/**
 * FuzzSession:
 *
 * What a client knows while it talks to the authenticator: tokens, credential ids, its idea of the
 * PIN. @mutations: how often the next request is changed before it is sent.
 */
typedef struct
{
  FuzzAuthenticator *authenticator;
  GPtrArray *ids; /* of GBytes: credential ids seen */
  MortiseSecret *token;
  guint token_protocol;
  FuzzInput *input;
  guint mutations;
  FuzzFaultPlan plan; /* for the next request */
} FuzzSession;

/** fuzz_session_send: mutates, lets fail, sends. Returns: the status; @ret_cbor: (optional) */
guint8 fuzz_session_send (FuzzSession *self, guint8 command, GBytes *parameters, GBytes **ret_cbor);

/** Valid requests, made up from the input, sent; what they answer is taken note of. */
void fuzz_session_make_credential (FuzzSession *self);
void fuzz_session_get_assertion (FuzzSession *self);
void fuzz_session_get_token (FuzzSession *self, gboolean with_uv);
void fuzz_session_change_pin (FuzzSession *self);
void fuzz_session_manage_credentials (FuzzSession *self);
void fuzz_session_large_blobs (FuzzSession *self);
void fuzz_session_configure (FuzzSession *self);

G_END_DECLS
