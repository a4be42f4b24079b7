/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/ctaphid-private.h"

struct _MortiseCtaphidRequest
{
  gatomicrefcount ref_count;
  guint64 id;
  guint32 channel;
  MortiseCtaphidCommand command;
  GBytes *payload;
  GCancellable *cancellable;
  GMainContext *context;
  GWeakRef owner;
  int responded;
};

typedef struct
{
  MortiseCtaphid *owner;
  guint64 id;
  GBytes *response;
  gboolean is_response;
  gboolean waiting;
} Delivery;

static void
delivery_free (Delivery *delivery)
{
  g_clear_object (&delivery->owner);
  g_clear_pointer (&delivery->response, g_bytes_unref);
  g_free (delivery);
}

static gboolean
deliver (gpointer data)
{
  const Delivery *delivery = data;

  if (delivery->is_response)
    mortise_ctaphid_take_response (delivery->owner, delivery->id, delivery->response);
  else
    mortise_ctaphid_take_status (delivery->owner, delivery->id, delivery->waiting);
  return G_SOURCE_REMOVE;
}

/* Only a thread that runs the context may touch the state machine: the worker must not slip in
 * between two iterations, as g_main_context_invoke() would let it. */
static void
post (MortiseCtaphidRequest *request, gboolean is_response, GBytes *response, gboolean waiting)
{
  Delivery *delivery;
  MortiseCtaphid *owner = g_weak_ref_get (&request->owner);
  g_autoptr (GSource) source = NULL;

  if (owner == NULL)
    return;
  delivery = g_new0 (Delivery, 1);
  delivery->owner = owner;
  delivery->id = request->id;
  delivery->is_response = is_response;
  delivery->waiting = waiting;
  delivery->response = response != NULL ? g_bytes_ref (response) : NULL;

  if (g_main_context_is_owner (request->context))
    {
      (void) deliver (delivery);
      delivery_free (delivery);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, delivery, (GDestroyNotify) delivery_free);
  g_source_attach (source, request->context);
}

MortiseCtaphidRequest *
mortise_ctaphid_request_new (MortiseCtaphid *owner,
                             GMainContext *context,
                             guint64 id,
                             guint32 channel,
                             MortiseCtaphidCommand command,
                             GBytes *payload)
{
  MortiseCtaphidRequest *request = g_new0 (MortiseCtaphidRequest, 1);

  g_atomic_ref_count_init (&request->ref_count);
  g_weak_ref_init (&request->owner, owner);
  request->context = g_main_context_ref (context);
  request->id = id;
  request->channel = channel;
  request->command = command;
  request->payload = g_bytes_ref (payload);
  request->cancellable = g_cancellable_new ();
  return request;
}

void
mortise_ctaphid_request_abandon (MortiseCtaphidRequest *request)
{
  g_atomic_int_set (&request->responded, 1);
}

MortiseCtaphidRequest *
mortise_ctaphid_request_ref (MortiseCtaphidRequest *request)
{
  g_return_val_if_fail (request != NULL, NULL);

  g_atomic_ref_count_inc (&request->ref_count);
  return request;
}

void
mortise_ctaphid_request_unref (MortiseCtaphidRequest *request)
{
  g_return_if_fail (request != NULL);

  if (!g_atomic_ref_count_dec (&request->ref_count))
    return;
  /* The upper layer lost it: the client must not wait for ever, nor the next request. */
  if (g_atomic_int_get (&request->responded) == 0)
    post (request, TRUE, NULL, FALSE);
  g_weak_ref_clear (&request->owner);
  g_main_context_unref (request->context);
  g_bytes_unref (request->payload);
  g_object_unref (request->cancellable);
  g_free (request);
}

guint32
mortise_ctaphid_request_get_channel (MortiseCtaphidRequest *request)
{
  return request->channel;
}

MortiseCtaphidCommand
mortise_ctaphid_request_get_command (MortiseCtaphidRequest *request)
{
  return request->command;
}

GBytes *
mortise_ctaphid_request_get_payload (MortiseCtaphidRequest *request)
{
  return request->payload;
}

GCancellable *
mortise_ctaphid_request_get_cancellable (MortiseCtaphidRequest *request)
{
  return request->cancellable;
}

void
mortise_ctaphid_request_set_waiting (MortiseCtaphidRequest *request, gboolean waiting)
{
  g_return_if_fail (request != NULL);

  post (request, FALSE, NULL, waiting);
}

void
mortise_ctaphid_request_respond (MortiseCtaphidRequest *request, GBytes *response)
{
  g_return_if_fail (request != NULL && response != NULL);
  g_return_if_fail (g_atomic_int_compare_and_exchange (&request->responded, 0, 1));

  post (request, TRUE, response, FALSE);
}
