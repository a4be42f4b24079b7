/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseIdleLock:
 *
 * Tells when the vault's keys were not used for long enough. Belongs to the main context.
 */
typedef struct _MortiseIdleLock MortiseIdleLock;

/** mortise_idle_lock_new: @lock: called on the main context when the time is over */
MortiseIdleLock *mortise_idle_lock_new (void (*lock) (gpointer user_data), gpointer user_data);
void mortise_idle_lock_free (MortiseIdleLock *self);

/** mortise_idle_lock_set_timeout: @seconds: 0 for never */
void mortise_idle_lock_set_timeout (MortiseIdleLock *self, guint seconds);

/** mortise_idle_lock_start: the keys came into memory, or were used: the time begins anew */
void mortise_idle_lock_start (MortiseIdleLock *self);

/** mortise_idle_lock_stop: the keys left memory */
void mortise_idle_lock_stop (MortiseIdleLock *self);

/**
 * mortise_idle_lock_hold:
 *
 * Until the matching mortise_idle_lock_release() the lock does not fall: a request that began with
 * an open vault may end with it.
 */
void mortise_idle_lock_hold (MortiseIdleLock *self);
void mortise_idle_lock_release (MortiseIdleLock *self);

G_END_DECLS
