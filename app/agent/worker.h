/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseWorker:
 *
 * One thread that does what must not block the main loop and must not overlap: opening the TPM and
 * the vault, and every request of a client. First in, first out.
 */
typedef struct _MortiseWorker MortiseWorker;

typedef void (*MortiseWorkerFunc) (gpointer data);

MortiseWorker *mortise_worker_new (void);

/**
 * mortise_worker_push:
 * @func: called in the worker's thread
 * @destroy: (nullable): for @data, called in the worker's thread after @func
 */
void mortise_worker_push (MortiseWorker *worker,
                          MortiseWorkerFunc func,
                          gpointer data,
                          GDestroyNotify destroy);

/** mortise_worker_free: waits until all that was pushed is done, and ends the thread */
void mortise_worker_free (MortiseWorker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseWorker, mortise_worker_free)

G_END_DECLS
