/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <sys/socket.h>

#include "app/prompt/prompt-protocol.h"
#include "tests/gui/prompt-questions.h"
#include "tests/support/end-with-test.h"

/* What a slow or busy machine may take; only a failing test waits this long. */
#define PATIENCE_MS 240000

/* The program itself, as the agent starts it, answered through the X server as a person does. */
typedef struct
{
  GSubprocess *process;
  MortisePromptChannel *agent;
} Fixture;

static int
open_channel (Fixture *fixture)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  fixture->agent = mortise_prompt_channel_new (fds[0]);
  return fds[1];
}

static void
start (Fixture *fixture, int fd)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  g_subprocess_launcher_take_fd (launcher, fd, 7);
  fixture->process = g_subprocess_launcher_spawn (launcher, &error,
                                                  g_getenv ("MORTISE_TEST_PROMPT"), "--fd=7", NULL);
  g_assert_no_error (error);
}

static void
ask (Fixture *fixture, const char *name)
{
  g_autoptr (GVariant) question = prompt_question (name);
  g_autoptr (GError) error = NULL;
  int fd = open_channel (fixture);

  mortise_prompt_channel_send (fixture->agent, MORTISE_FRAME_QUESTION, question, &error);
  g_assert_no_error (error);
  start (fixture, fd);
}

static GVariant *
expect_frame (Fixture *fixture, MortiseFrameType expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  MortiseSecretKind kind;
  MortiseFrameType type;

  mortise_prompt_channel_receive (fixture->agent, NULL, PATIENCE_MS, &type, &dictionary, &kind,
                                  &secret, &error);
  g_assert_no_error (error);
  g_assert_cmpint (type, ==, expected);
  if (secret != NULL)
    {
      g_assert_cmpint (kind, ==, MORTISE_SECRET_KIND_PIN);
      g_assert_cmpmem (mortise_secret_peek (secret), mortise_secret_get_size (secret), "1357", 4);
    }
  return g_steal_pointer (&dictionary);
}

static gboolean
expect_answer (Fixture *fixture)
{
  g_autoptr (GVariant) answer = expect_frame (fixture, MORTISE_FRAME_ANSWER);
  gboolean approved = FALSE;

  g_assert_true (g_variant_lookup (answer, "approved", "b", &approved));
  return approved;
}

static void
expect_exit (Fixture *fixture, int status)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_wait (fixture->process, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (fixture->process));
  g_assert_cmpint (g_subprocess_get_exit_status (fixture->process), ==, status);
  g_clear_object (&fixture->process);
  g_clear_pointer (&fixture->agent, mortise_prompt_channel_free);
}

/* Types @keys again and again until a frame came: the window takes no keys in its first moments,
 * and when that ends only the program knows. Half a PIN is too short to be sent. */
static void
type_until_frame (Fixture *fixture, const char *keys)
{
  GPollFD fd = { mortise_prompt_channel_get_fd (fixture->agent), G_IO_IN, 0 };
  g_autofree char *command = g_strconcat ("xdotool key ", keys, NULL);
  g_auto (GStrv) argv = NULL;
  gint64 limit = g_get_monotonic_time () + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;

  g_assert_true (g_shell_parse_argv (command, NULL, &argv, NULL));
  while (g_get_monotonic_time () < limit)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSubprocess) xdotool =
          g_subprocess_newv ((const char *const *) argv, G_SUBPROCESS_FLAGS_NONE, &error);

      g_assert_no_error (error);
      g_subprocess_wait_check (xdotool, NULL, &error);
      g_assert_no_error (error);
      if (g_poll (&fd, 1, 1000) > 0)
        return;
    }
  g_error ("Nothing came of the keys %s", keys);
}

#define TYPE_PIN "ctrl+a BackSpace 1 3 5 7"

static void
test_pin_and_enter (void)
{
  Fixture fixture = { NULL };

  ask (&fixture, "sign-in");
  g_variant_unref (expect_frame (&fixture, MORTISE_FRAME_SHOWN));
  type_until_frame (&fixture, TYPE_PIN " Return");
  g_assert_null (expect_frame (&fixture, MORTISE_FRAME_SECRET));
  g_assert_true (expect_answer (&fixture));
  /* It stays up until the agent is done with it. */
  g_clear_pointer (&fixture.agent, mortise_prompt_channel_free);
  expect_exit (&fixture, 0);
}

static void
test_wrong_then_right (void)
{
  Fixture fixture = { NULL };
  g_autoptr (GError) error = NULL;

  ask (&fixture, "unlock-site");
  g_variant_unref (expect_frame (&fixture, MORTISE_FRAME_SHOWN));
  type_until_frame (&fixture, TYPE_PIN " Return");
  g_assert_null (expect_frame (&fixture, MORTISE_FRAME_SECRET));
  g_assert_true (expect_answer (&fixture));
  mortise_prompt_channel_send (
      fixture.agent, MORTISE_FRAME_UPDATE,
      g_variant_new_parsed ("{'pin-wrong': <true>, 'retries': <uint32 7>}"), &error);
  g_assert_no_error (error);
  type_until_frame (&fixture, TYPE_PIN " Return");
  g_assert_null (expect_frame (&fixture, MORTISE_FRAME_SECRET));
  g_assert_true (expect_answer (&fixture));
  g_clear_pointer (&fixture.agent, mortise_prompt_channel_free);
  expect_exit (&fixture, 0);
}

static void
test_escape (void)
{
  Fixture fixture = { NULL };

  ask (&fixture, "sign-in");
  g_variant_unref (expect_frame (&fixture, MORTISE_FRAME_SHOWN));
  type_until_frame (&fixture, "Escape");
  g_assert_false (expect_answer (&fixture));
  expect_exit (&fixture, 0);
}

static void
test_agent_gone (void)
{
  Fixture fixture = { NULL };

  ask (&fixture, "register");
  g_variant_unref (expect_frame (&fixture, MORTISE_FRAME_SHOWN));
  g_clear_pointer (&fixture.agent, mortise_prompt_channel_free);
  expect_exit (&fixture, 0);
}

static void
test_bad_question (void)
{
  Fixture fixture = { NULL };
  int fd = open_channel (&fixture);

  mortise_prompt_channel_send (fixture.agent, MORTISE_FRAME_QUESTION,
                               g_variant_new_parsed ("{'kind': <'approve'>}"), NULL);
  start (&fixture, fd);
  expect_exit (&fixture, 3);
}

static void
test_started_by_hand (void)
{
  const char *arguments[] = {
    "--fd=2", "--fd=-1", "--fd=99", "--fd=x", "--preview=register", NULL
  };

  for (gsize i = 0; i < G_N_ELEMENTS (arguments); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSubprocess) process =
          g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error,
                            g_getenv ("MORTISE_TEST_PROMPT"), arguments[i], NULL);

      g_assert_no_error (error);
      g_subprocess_wait (process, NULL, &error);
      g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 2);
    }
}

static void
test_no_display (void)
{
  Fixture fixture = { NULL };
  g_autofree char *display = g_strdup (g_getenv ("DISPLAY"));

  g_setenv ("DISPLAY", ":none", TRUE);
  ask (&fixture, "sign-in");
  g_setenv ("DISPLAY", display, TRUE);
  expect_exit (&fixture, 1);
}

/* --- What other programs can reach --- */

static GVariant *
call_bus (GDBusConnection *bus, const char *method, GVariant *arguments, GError **error)
{
  return g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                                      method, arguments, NULL, 0, PATIENCE_MS, NULL, error);
}

/* 0 if @name has gone, as that of a prompt before may just have. */
static guint32
pid_of (GDBusConnection *bus, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      call_bus (bus, "GetConnectionUnixProcessID", g_variant_new ("(s)", name), &error);
  guint32 pid = 0;

  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    return 0;
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &pid);
  return pid;
}

/* Whether @name answers calls for actions or an application at @path. */
static gboolean
offers_actions (GDBusConnection *bus, const char *name, const char *path)
{
  g_autoptr (GVariant) actions = g_dbus_connection_call_sync (
      bus, name, path, "org.gtk.Actions", "List", NULL, NULL, 0, 1000, NULL, NULL);
  g_autoptr (GVariant) properties = g_dbus_connection_call_sync (
      bus, name, path, "org.freedesktop.DBus.Properties", "GetAll",
      g_variant_new ("(s)", "org.gtk.Application"), NULL, 0, 1000, NULL, NULL);

  return actions != NULL || properties != NULL;
}

static void
test_nothing_on_the_bus (void)
{
  Fixture fixture = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_autoptr (GVariant) reply = NULL;
  g_auto (GStrv) names = NULL;
  guint32 prompt_pid;

  g_assert_no_error (error);
  ask (&fixture, "sign-in-present");
  g_variant_unref (expect_frame (&fixture, MORTISE_FRAME_SHOWN));
  prompt_pid = (guint32) g_ascii_strtoull (g_subprocess_get_identifier (fixture.process), NULL, 10);

  reply = call_bus (bus, "ListNames", NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(^as)", &names);
  for (char **name = names; *name != NULL; name++)
    {
      const char *paths[] = { "/", MORTISE_OBJECT_PATH, MORTISE_OBJECT_PATH "/window/1",
                              "/org/gtk/Application/anonymous",
                              "/org/gtk/Application/anonymous/window/1" };

      if (pid_of (bus, *name) != prompt_pid)
        continue;
      /* Its connection, if it has one at all, has no name to be found by. */
      g_assert_cmpint ((*name)[0], ==, ':');
      for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
        g_assert_false (offers_actions (bus, *name, paths[i]));
    }
  g_clear_pointer (&fixture.agent, mortise_prompt_channel_free);
  expect_exit (&fixture, 0);
}

/* A crash must not write the PIN to disk. */
static void
test_no_core_file (void)
{
  Fixture fixture = { NULL };
  g_autofree char *path = NULL;
  g_autofree char *limits = NULL;
  g_autoptr (GError) error = NULL;

  ask (&fixture, "sign-in");
  g_variant_unref (expect_frame (&fixture, MORTISE_FRAME_SHOWN));
  path = g_strdup_printf ("/proc/%s/limits", g_subprocess_get_identifier (fixture.process));
  g_file_get_contents (path, &limits, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_regex_match_simple ("Max core file size\\s+0\\s+0", limits, 0, 0));
  g_clear_pointer (&fixture.agent, mortise_prompt_channel_free);
  expect_exit (&fixture, 0);
}

/* Not a verdict: the figure for the budget “prompt visible after request”. */
static void
test_time_to_show (void)
{
  gint64 best = G_MAXINT64;

  for (int i = 0; i < 5; i++)
    {
      Fixture fixture = { NULL };
      gint64 begin = g_get_monotonic_time ();

      ask (&fixture, "register");
      g_variant_unref (expect_frame (&fixture, MORTISE_FRAME_SHOWN));
      best = MIN (best, g_get_monotonic_time () - begin);
      g_clear_pointer (&fixture.agent, mortise_prompt_channel_free);
      expect_exit (&fixture, 0);
    }
  g_test_minimized_result ((double) best / 1000, "prompt shown %.0f ms after it was started",
                           (double) best / 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (g_getenv ("MORTISE_TEST_PROMPT"));

  g_test_add_func ("/prompt-process/pin-and-enter", test_pin_and_enter);
  g_test_add_func ("/prompt-process/wrong-then-right", test_wrong_then_right);
  g_test_add_func ("/prompt-process/escape", test_escape);
  g_test_add_func ("/prompt-process/agent-gone", test_agent_gone);
  g_test_add_func ("/prompt-process/bad-question", test_bad_question);
  g_test_add_func ("/prompt-process/started-by-hand", test_started_by_hand);
  g_test_add_func ("/prompt-process/no-display", test_no_display);
  g_test_add_func ("/prompt-process/nothing-on-the-bus", test_nothing_on_the_bus);
  g_test_add_func ("/prompt-process/no-core-file", test_no_core_file);
  g_test_add_func ("/prompt-process/time-to-show", test_time_to_show);
  return g_test_run ();
}
