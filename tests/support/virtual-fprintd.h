/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * VirtualFprintd:
 *
 * The real fprintd on a bus of the test's own, with the reader that libfprint has for tests and a
 * polkit that says what it is told. Fingers are known by name. Functions are called from the
 * test's thread.
 */
typedef struct _VirtualFprintd VirtualFprintd;

/** virtual_fprintd_new: @address: of the bus; returns when the service owns its name */
VirtualFprintd *virtual_fprintd_new (const char *address);

/** virtual_fprintd_free: ends it at once, as if it had died; @self may be %NULL */
void virtual_fprintd_free (VirtualFprintd *self);

/** virtual_fprintd_allow: whether polkit lets anybody use the reader; at first it does */
void virtual_fprintd_allow (VirtualFprintd *self, gboolean allowed);

/** virtual_fprintd_enrol: @finger becomes one of this person's */
void virtual_fprintd_enrol (VirtualFprintd *self, const char *finger);

/** virtual_fprintd_claim, _release: as another program of this person, once the reader is free; the
 * default main context goes on meanwhile */
void virtual_fprintd_claim (VirtualFprintd *self);
void virtual_fprintd_release (VirtualFprintd *self);

/**
 * virtual_fprintd_scan:
 * @commands: "SCAN name", "RETRY n" (0 in general, 1 too short, 2 not centred, 3 lift), "ERROR n",
 *   with a newline between them
 *
 * What happens on the reader, one command each time that it waits for a finger. Returns at once;
 * the next call waits until these were handed over.
 */
void virtual_fprintd_scan (VirtualFprintd *self, const char *commands);

G_END_DECLS
