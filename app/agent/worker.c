/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/worker.h"

struct _MortiseWorker
{
  GThread *thread;
  GAsyncQueue *queue;
};

/* One without a function ends the thread. */
typedef struct
{
  MortiseWorkerFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Job;

static gpointer
run (gpointer user_data)
{
  GAsyncQueue *queue = user_data;

  while (TRUE)
    {
      g_autofree Job *job = g_async_queue_pop (queue);

      if (job->func == NULL)
        return NULL;
      job->func (job->data);
      if (job->destroy != NULL)
        job->destroy (job->data);
    }
}

MortiseWorker *
mortise_worker_new (void)
{
  MortiseWorker *worker = g_new0 (MortiseWorker, 1);

  worker->queue = g_async_queue_new ();
  worker->thread = g_thread_new ("requests", run, worker->queue);
  return worker;
}

void
mortise_worker_push (MortiseWorker *worker,
                     MortiseWorkerFunc func,
                     gpointer data,
                     GDestroyNotify destroy)
{
  Job *job = g_new0 (Job, 1);

  job->func = func;
  job->data = data;
  job->destroy = destroy;
  g_async_queue_push (worker->queue, job);
}

void
mortise_worker_free (MortiseWorker *worker)
{
  if (worker == NULL)
    return;
  mortise_worker_push (worker, NULL, NULL, NULL);
  g_thread_join (worker->thread);
  g_async_queue_unref (worker->queue);
  g_free (worker);
}
