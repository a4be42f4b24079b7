/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent/backend.h"
#include "app/agent/worker.h"
#include "core/hid/ctaphid.h"

G_BEGIN_DECLS

/**
 * MortiseAgentRequestResult:
 * @used_key: a passkey was made or used
 * @u2f: CTAP1 is to be served from now on
 * @cause: the #MortiseError it failed with, or -1
 */
typedef struct
{
  gboolean used_key;
  gboolean u2f;
  int cause;
} MortiseAgentRequestResult;

typedef void (*MortiseAgentRequestDone) (const MortiseAgentRequestResult *result,
                                         gpointer user_data);

/**
 * mortise_agent_request_handle:
 * @done: called on the main context after the client has its answer
 *
 * Has @backend answer a client's request in the worker's thread, then writes what the vault
 * remembered of it.
 */
void mortise_agent_request_handle (MortiseWorker *worker,
                                   MortiseBackend *backend,
                                   MortiseCtaphidRequest *request,
                                   MortiseAgentRequestDone done,
                                   gpointer user_data);

/**
 * mortise_agent_request_refuse:
 *
 * Answers with "denied" at once, whatever was asked: our session is not the one in front.
 */
void mortise_agent_request_refuse (MortiseCtaphidRequest *request);

G_END_DECLS
