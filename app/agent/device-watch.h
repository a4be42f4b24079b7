/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseDeviceWatch:
 *
 * Watches /dev for the TPM and uhid to appear or to become accessible, while something that needs
 * them is missing.
 */
typedef struct _MortiseDeviceWatch MortiseDeviceWatch;

/** mortise_device_watch_new: @changed: called on the main context, at most once a second */
MortiseDeviceWatch *mortise_device_watch_new (void (*changed) (gpointer user_data),
                                              gpointer user_data);
void mortise_device_watch_free (MortiseDeviceWatch *self);

/** mortise_device_watch_set_enabled: nothing is watched, and nothing costs, while it is off */
void mortise_device_watch_set_enabled (MortiseDeviceWatch *self, gboolean enabled);

G_END_DECLS
