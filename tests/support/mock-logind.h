/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MockLogind:
 *
 * As much of org.freedesktop.login1 as a session monitor asks for, on a bus of the test's own, with
 * sessions "/…/session/_31" (of this process) and "/…/session/_32" (of this person's display).
 */
typedef struct _MockLogind MockLogind;

#define MOCK_LOGIND_PID_SESSION     "/org/freedesktop/login1/session/_31"
#define MOCK_LOGIND_DISPLAY_SESSION "/org/freedesktop/login1/session/_32"

/** @bus: another connection than the one under test */
MockLogind *mock_logind_new (GDBusConnection *bus);
void mock_logind_free (MockLogind *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MockLogind, mock_logind_free)

/* What follows may be called from any thread. */

/** Whether the process is in a session at all; a user service is in none. */
void mock_logind_set_in_session (MockLogind *self, gboolean in_session);
void mock_logind_set_display (MockLogind *self, gboolean has_display);
void mock_logind_set_active (MockLogind *self, const char *session, gboolean active);
void mock_logind_set_locked_hint (MockLogind *self, const char *session);
void mock_logind_emit_lock (MockLogind *self, const char *session);
void mock_logind_emit_prepare (MockLogind *self, const char *signal, gboolean start);
void mock_logind_emit_session (MockLogind *self, const char *signal, const char *session);

/** Inhibitors taken, and whether the last one is still held. */
guint mock_logind_count_inhibitors (MockLogind *self);
gboolean mock_logind_is_inhibited (MockLogind *self);

G_END_DECLS
