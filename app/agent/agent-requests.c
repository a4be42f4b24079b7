/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/agent-requests.h"

#include "core/ctap/ctap-status.h"

/* Commands of CTAP 2.1 §6 that use a credential key when they succeed. */
#define COMMAND_MAKE_CREDENTIAL    0x01
#define COMMAND_GET_ASSERTION      0x02
#define COMMAND_GET_NEXT_ASSERTION 0x08

/* The U2F message that does not: U2F_VERSION, in the second byte of an APDU. */
#define APDU_INS         1
#define APDU_INS_VERSION 0x03

/* ISO 7816-4 status words of U2F raw messages. */
static const guint8 sw_conditions_not_satisfied[] = { 0x69, 0x85 };
static const guint8 sw_no_error[] = { 0x90, 0x00 };

typedef struct
{
  MortiseBackend *backend;
  MortiseCtaphidRequest *request;
  MortiseAgentRequestDone done;
  gpointer user_data;
  MortiseAgentRequestResult result;
} Job;

static gboolean
done_cb (gpointer user_data)
{
  g_autofree Job *job = user_data;

  job->done (&job->result, job->user_data);
  return G_SOURCE_REMOVE;
}

static void
set_waiting (gboolean waiting, gpointer user_data)
{
  mortise_ctaphid_request_set_waiting (user_data, waiting);
}

static gboolean
used_key (MortiseCtaphidRequest *request, GBytes *response)
{
  gsize request_size, size;
  const guint8 *command =
      g_bytes_get_data (mortise_ctaphid_request_get_payload (request), &request_size);
  const guint8 *bytes = g_bytes_get_data (response, &size);

  if (mortise_ctaphid_request_get_command (request) == MORTISE_CTAPHID_MSG)
    return size > sizeof sw_no_error && command[APDU_INS] != APDU_INS_VERSION &&
           memcmp (bytes + size - sizeof sw_no_error, sw_no_error, sizeof sw_no_error) == 0;
  return size > 1 && bytes[0] == CTAP1_ERR_SUCCESS && request_size > 0 &&
         (command[0] == COMMAND_MAKE_CREDENTIAL || command[0] == COMMAND_GET_ASSERTION ||
          command[0] == COMMAND_GET_NEXT_ASSERTION);
}

static void
respond_status (MortiseCtaphidRequest *request, CtapStatus status)
{
  guint8 byte = (guint8) status;
  g_autoptr (GBytes) response = g_bytes_new (&byte, sizeof byte);

  mortise_ctaphid_request_respond (request, response);
}

/* In the worker's thread. */
static void
handle (gpointer data)
{
  Job *job = data;
  MortiseCtaphidRequest *request = job->request;
  GBytes *payload = mortise_ctaphid_request_get_payload (request);
  MortiseRequestContext context = {
    .channel = mortise_ctaphid_request_get_channel (request),
    .cancellable = mortise_ctaphid_request_get_cancellable (request),
    .set_waiting = set_waiting,
    .user_data = request,
  };
  MortiseTpm *tpm = mortise_vault_get_tpm (job->backend->vault);
  g_autoptr (GBytes) response = NULL;

  (void) ctap_status_take_cause ();
  job->result.cause = -1;
  /* Withdrawn while an earlier one was at work: nobody waits for it any more. */
  if (g_cancellable_is_cancelled (context.cancellable))
    {
      respond_status (request, CTAP2_ERR_KEEPALIVE_CANCEL);
      return;
    }
  /* Only Sign lies between consent and response: the key is flushed when the client has its own. */
  if (tpm != NULL)
    mortise_tpm_delay_flushes (tpm);
  if (mortise_ctaphid_request_get_command (request) == MORTISE_CTAPHID_MSG)
    response = mortise_authenticator_handle_apdu (job->backend->authenticator, payload, &context);
  else
    response = mortise_authenticator_handle_cbor (job->backend->authenticator, payload, &context);

  if (g_bytes_get_size (response) > MORTISE_CTAPHID_MAX_PAYLOAD)
    respond_status (request, CTAP2_ERR_REQUEST_TOO_LARGE);
  else
    mortise_ctaphid_request_respond (request, response);
  job->result.used_key = used_key (request, response);
  job->result.cause = ctap_status_take_cause ();
  mortise_vault_flush_uses (job->backend->vault);
  if (tpm != NULL)
    mortise_tpm_flush_delayed (tpm);
}

/* In the worker's thread, too. */
static void
finish (gpointer data)
{
  Job *job = data;

  job->result.u2f = mortise_authenticator_has_u2f (job->backend->authenticator);
  mortise_ctaphid_request_unref (job->request);
  mortise_backend_unref (job->backend);
  g_idle_add_full (G_PRIORITY_DEFAULT, done_cb, job, NULL);
}

void
mortise_agent_request_handle (MortiseWorker *worker,
                              MortiseBackend *backend,
                              MortiseCtaphidRequest *request,
                              MortiseAgentRequestDone done,
                              gpointer user_data)
{
  Job *job = g_new0 (Job, 1);

  job->backend = mortise_backend_ref (backend);
  job->request = mortise_ctaphid_request_ref (request);
  job->done = done;
  job->user_data = user_data;
  mortise_worker_push (worker, handle, job, finish);
}

void
mortise_agent_request_refuse (MortiseCtaphidRequest *request)
{
  g_autoptr (GBytes) response = NULL;

  if (mortise_ctaphid_request_get_command (request) == MORTISE_CTAPHID_CBOR)
    {
      respond_status (request, CTAP2_ERR_OPERATION_DENIED);
      return;
    }
  response = g_bytes_new_static (sw_conditions_not_satisfied, sizeof sw_conditions_not_satisfied);
  mortise_ctaphid_request_respond (request, response);
}
