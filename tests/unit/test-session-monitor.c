/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/session-monitor.h"

#include "tests/support/mock-logind.h"
#include "tests/support/test-bus.h"
#include "tests/support/wait-for.h"

typedef struct
{
  GTestDBus *daemon;
  GDBusConnection *ours;
  GDBusConnection *theirs;
  MockLogind *logind;
  MortiseSessionMonitor *monitor;
  GString *locks; /* reasons, comma after each */
  gboolean inhibited_at_lock;
} Fixture;

static void
set_up (Fixture *f, gconstpointer user_data)
{
  g_unsetenv ("XDG_SESSION_ID");
  f->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (f->daemon);
  f->ours = test_bus_connect (g_test_dbus_get_bus_address (f->daemon));
  f->theirs = test_bus_connect (g_test_dbus_get_bus_address (f->daemon));
  f->locks = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer user_data)
{
  if (f->monitor != NULL)
    g_assert_finalize_object (f->monitor);
  g_clear_pointer (&f->logind, mock_logind_free);
  g_assert_true (g_dbus_connection_close_sync (f->ours, NULL, NULL));
  g_assert_true (g_dbus_connection_close_sync (f->theirs, NULL, NULL));
  g_object_unref (f->ours);
  g_object_unref (f->theirs);
  g_test_dbus_down (f->daemon);
  g_object_unref (f->daemon);
  g_string_free (f->locks, TRUE);
}

static void
on_lock_wanted (MortiseSessionMonitor *monitor, const char *reason, gpointer user_data)
{
  Fixture *f = user_data;

  g_string_append_printf (f->locks, "%s,", reason);
  f->inhibited_at_lock = mock_logind_is_inhibited (f->logind);
}

/* A round trip of each side: what was sent before has been dealt with after. */
static void
settle (Fixture *f)
{
  GDBusConnection *sides[] = { f->theirs, f->ours };

  for (int i = 0; i < 4; i++)
    {
      g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
          sides[i % 2], "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId", NULL, NULL,
          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, NULL);

      g_assert_nonnull (reply);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static void
start (Fixture *f)
{
  f->logind = mock_logind_new (f->theirs);
  f->monitor = mortise_session_monitor_new (f->ours);
  g_signal_connect (f->monitor, "lock-wanted", G_CALLBACK (on_lock_wanted), f);
}

static void
wait_until_watching (Fixture *f)
{
  WAIT_FOR (mortise_session_monitor_is_available (f->monitor));
  WAIT_FOR (mock_logind_is_inhibited (f->logind));
  settle (f);
  settle (f);
}

static void
test_without_bus (Fixture *f, gconstpointer user_data)
{
  f->monitor = mortise_session_monitor_new (NULL);
  g_assert_true (mortise_session_monitor_is_active (f->monitor));
  g_assert_false (mortise_session_monitor_is_available (f->monitor));
}

static void
test_without_logind (Fixture *f, gconstpointer user_data)
{
  f->monitor = mortise_session_monitor_new (f->ours);
  settle (f);
  g_assert_true (mortise_session_monitor_is_active (f->monitor));
  g_assert_false (mortise_session_monitor_is_available (f->monitor));

  /* It may come later. */
  f->logind = mock_logind_new (f->theirs);
  WAIT_FOR (mortise_session_monitor_is_available (f->monitor));
}

static void
test_lock (Fixture *f, gconstpointer user_data)
{
  start (f);
  wait_until_watching (f);
  mock_logind_emit_lock (f->logind, MOCK_LOGIND_DISPLAY_SESSION);
  settle (f);
  g_assert_cmpstr (f->locks->str, ==, "");
  mock_logind_emit_lock (f->logind, MOCK_LOGIND_PID_SESSION);
  WAIT_FOR (f->locks->len > 0);
  g_assert_cmpstr (f->locks->str, ==, "session-lock,");
  mock_logind_set_locked_hint (f->logind, MOCK_LOGIND_PID_SESSION);
  settle (f);
  g_assert_cmpstr (f->locks->str, ==, "session-lock,session-lock,");
}

static void
test_user_service (Fixture *f, gconstpointer user_data)
{
  f->logind = mock_logind_new (f->theirs);
  mock_logind_set_in_session (f->logind, FALSE);
  mock_logind_set_active (f->logind, MOCK_LOGIND_DISPLAY_SESSION, FALSE);
  f->monitor = mortise_session_monitor_new (f->ours);
  g_signal_connect (f->monitor, "lock-wanted", G_CALLBACK (on_lock_wanted), f);
  WAIT_FOR (!mortise_session_monitor_is_active (f->monitor));
  mock_logind_emit_lock (f->logind, MOCK_LOGIND_DISPLAY_SESSION);
  WAIT_FOR (f->locks->len > 0);
  g_assert_cmpstr (f->locks->str, ==, "session-lock,");
}

/* The agent may be up before the person has a session, and outlive it. */
static void
test_session_comes_and_goes (Fixture *f, gconstpointer user_data)
{
  f->logind = mock_logind_new (f->theirs);
  mock_logind_set_in_session (f->logind, FALSE);
  mock_logind_set_display (f->logind, FALSE);
  f->monitor = mortise_session_monitor_new (f->ours);
  g_signal_connect (f->monitor, "lock-wanted", G_CALLBACK (on_lock_wanted), f);
  wait_until_watching (f);
  g_assert_true (mortise_session_monitor_is_active (f->monitor));

  mock_logind_set_display (f->logind, TRUE);
  mock_logind_emit_session (f->logind, "SessionNew", MOCK_LOGIND_DISPLAY_SESSION);
  settle (f);
  settle (f);
  mock_logind_set_active (f->logind, MOCK_LOGIND_DISPLAY_SESSION, FALSE);
  WAIT_FOR (!mortise_session_monitor_is_active (f->monitor));

  mock_logind_emit_session (f->logind, "SessionRemoved", MOCK_LOGIND_PID_SESSION);
  settle (f);
  g_assert_cmpstr (f->locks->str, ==, "");
  mock_logind_emit_session (f->logind, "SessionRemoved", MOCK_LOGIND_DISPLAY_SESSION);
  WAIT_FOR (f->locks->len > 0);
  g_assert_cmpstr (f->locks->str, ==, "session-lock,");
}

static void
test_active (Fixture *f, gconstpointer user_data)
{
  guint notified = 0;

  start (f);
  g_signal_connect_swapped (f->monitor, "notify::active", G_CALLBACK (g_atomic_int_inc), &notified);
  wait_until_watching (f);
  g_assert_cmpuint (notified, ==, 0);
  mock_logind_set_active (f->logind, MOCK_LOGIND_PID_SESSION, FALSE);
  WAIT_FOR (!mortise_session_monitor_is_active (f->monitor));
  mock_logind_set_active (f->logind, MOCK_LOGIND_PID_SESSION, TRUE);
  WAIT_FOR (mortise_session_monitor_is_active (f->monitor));
  g_assert_cmpuint (notified, ==, 2);
}

static void
test_sleep (Fixture *f, gconstpointer user_data)
{
  start (f);
  wait_until_watching (f);
  for (guint i = 1; i <= 3; i++)
    {
      g_assert_cmpuint (mock_logind_count_inhibitors (f->logind), ==, i);
      g_string_truncate (f->locks, 0);
      mock_logind_emit_prepare (f->logind, "PrepareForSleep", TRUE);
      WAIT_FOR (f->locks->len > 0);
      g_assert_cmpstr (f->locks->str, ==, "sleep,");
      g_assert_true (f->inhibited_at_lock);
      settle (f);
      g_assert_false (mock_logind_is_inhibited (f->logind));
      mock_logind_emit_prepare (f->logind, "PrepareForSleep", FALSE);
      WAIT_FOR (mock_logind_is_inhibited (f->logind));
      settle (f);
    }
}

static void
test_shutdown (Fixture *f, gconstpointer user_data)
{
  start (f);
  wait_until_watching (f);
  mock_logind_emit_prepare (f->logind, "PrepareForShutdown", FALSE);
  mock_logind_emit_prepare (f->logind, "PrepareForShutdown", TRUE);
  WAIT_FOR (f->locks->len > 0);
  g_assert_cmpstr (f->locks->str, ==, "shutdown,");
}

static void
test_logind_restarts (Fixture *f, gconstpointer user_data)
{
  start (f);
  wait_until_watching (f);
  mock_logind_set_active (f->logind, MOCK_LOGIND_PID_SESSION, FALSE);
  WAIT_FOR (!mortise_session_monitor_is_active (f->monitor));
  g_clear_pointer (&f->logind, mock_logind_free);
  WAIT_FOR (!mortise_session_monitor_is_available (f->monitor));
  g_assert_true (mortise_session_monitor_is_active (f->monitor));

  f->logind = mock_logind_new (f->theirs);
  wait_until_watching (f);
  g_assert_cmpuint (mock_logind_count_inhibitors (f->logind), ==, 1);
  mock_logind_emit_lock (f->logind, MOCK_LOGIND_PID_SESSION);
  WAIT_FOR (f->locks->len > 0);
  g_assert_cmpstr (f->locks->str, ==, "session-lock,");
}

/* Signals of the right name and the wrong shape come from no logind; they change nothing. */
static void
test_wrong_shapes (Fixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  start (f);
  wait_until_watching (f);
  g_dbus_connection_emit_signal (f->theirs, NULL, "/org/freedesktop/login1",
                                 "org.freedesktop.login1.Manager", "PrepareForSleep",
                                 g_variant_new ("(s)", "yes"), &error);
  g_dbus_connection_emit_signal (
      f->theirs, NULL, MOCK_LOGIND_PID_SESSION, "org.freedesktop.DBus.Properties",
      "PropertiesChanged", g_variant_new ("(ss)", "org.freedesktop.login1.Session", "x"), &error);
  settle (f);
  g_assert_cmpstr (f->locks->str, ==, "");
  g_assert_true (mortise_session_monitor_is_active (f->monitor));
  g_assert_true (mock_logind_is_inhibited (f->logind));
}

/* Freed at once, with calls under way. */
static void
test_free_early (Fixture *f, gconstpointer user_data)
{
  f->logind = mock_logind_new (f->theirs);
  for (int i = 0; i < 20; i++)
    {
      MortiseSessionMonitor *monitor = mortise_session_monitor_new (f->ours);

      for (int j = 0; j < i; j++)
        g_main_context_iteration (NULL, FALSE);
      g_assert_finalize_object (monitor);
    }
  settle (f);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/session-monitor/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("without-bus", test_without_bus);
  ADD ("without-logind", test_without_logind);
  ADD ("lock", test_lock);
  ADD ("user-service", test_user_service);
  ADD ("session-comes-and-goes", test_session_comes_and_goes);
  ADD ("active", test_active);
  ADD ("sleep", test_sleep);
  ADD ("shutdown", test_shutdown);
  ADD ("logind-restarts", test_logind_restarts);
  ADD ("wrong-shapes", test_wrong_shapes);
  ADD ("free-early", test_free_early);
  return g_test_run ();
}
