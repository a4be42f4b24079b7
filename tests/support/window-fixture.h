/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/agent-client.h"
#include "tests/support/gui-test.h"
#include "tests/support/mock-agent.h"

G_BEGIN_DECLS

/** Noon of 14 May 2026, UTC: what the clock says in window tests. */
#define MORTISE_TEST_NOW 1778760000

/**
 * MortiseWindowFixture:
 *
 * The vault window and the mock agent in one process, on the test's own session bus.
 */
typedef struct
{
  GDBusConnection *connection;
  MortiseMockAgent *agent;
  MortiseAgentClient *client;
  GtkWindow *window;
  /* The window as a widget, for finding things in it. */
  GtkWidget *root;
} MortiseWindowFixture;

/** mortise_window_fixture_set_up: the agent, exported but not on the bus yet, with no passkeys */
void mortise_window_fixture_set_up (MortiseWindowFixture *fixture, gconstpointer data);
/** mortise_window_fixture_open: puts the agent on the bus, opens the window, waits until it shows
 * what the agent says */
void mortise_window_fixture_open (MortiseWindowFixture *fixture);
/** mortise_window_fixture_reopen: another window on the same agent, after the first was destroyed
 */
void mortise_window_fixture_reopen (MortiseWindowFixture *fixture);
void mortise_window_fixture_tear_down (MortiseWindowFixture *fixture, gconstpointer data);
/** mortise_window_fixture_open_samples: opens it with the mock agent's sample passkeys, listed */
void mortise_window_fixture_open_samples (MortiseWindowFixture *fixture);
/** mortise_window_fixture_wait_for_list: until @count passkeys are listed, and so all: the first
 * few are on the screen before the rest was read. In every language. */
void mortise_window_fixture_wait_for_list (MortiseWindowFixture *fixture, guint count);

/** MORTISE_WINDOW_TEST: adds a test of @function (MortiseWindowFixture *, gconstpointer) */
#define MORTISE_WINDOW_TEST(path, data, function)                                                  \
  g_test_add (path, MortiseWindowFixture, data, mortise_window_fixture_set_up, function,           \
              mortise_window_fixture_tear_down)

/** mortise_window_fixture_wait_for_text: until a label on the screen contains @text */
void mortise_window_fixture_wait_for_text (MortiseWindowFixture *fixture, const char *text);
/** mortise_window_fixture_wait_for_words: the same in every language; where @text is part of a
 * message only, and so has no translation, in English alone */
void mortise_window_fixture_wait_for_words (MortiseWindowFixture *fixture, const char *text);
/** mortise_window_fixture_wait_for_call: until the agent got calls; Returns: (transfer full) */
char *mortise_window_fixture_wait_for_call (MortiseWindowFixture *fixture);
/** mortise_window_fixture_assert_call: waits for exactly this call, without its line end */
void mortise_window_fixture_assert_call (MortiseWindowFixture *fixture, const char *call);
/** mortise_window_fixture_get_dialog: Returns: (transfer none): the other window, which has to be
 * there */
GtkWindow *mortise_window_fixture_get_dialog (MortiseWindowFixture *fixture);
/** mortise_window_fixture_screenshot: as mortise_test_screenshot(), once the window is settled */
void mortise_window_fixture_screenshot (MortiseWindowFixture *fixture, const char *name);

G_END_DECLS
