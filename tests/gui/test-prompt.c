/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/socket.h>

#include "app/prompt/prompt-dialogue.h"
#include "core/mortise-error.h"
#include "tests/gui/prompt-questions.h"
#include "tests/support/gui-test.h"
#include "tests/support/screenshot.h"

/* A dialogue in this process; the test is the agent at the other end. */
typedef struct
{
  MortisePromptChannel *agent;
  MortisePromptDialogue *dialogue;
  GtkWidget *window;
  gboolean ended;
} Fixture;

static void
on_ended (Fixture *fixture)
{
  fixture->ended = TRUE;
  fixture->window = NULL;
}

static gboolean
has_ended (gpointer user_data)
{
  const Fixture *fixture = user_data;

  return fixture->ended;
}

static void
fixture_open_unguarded (Fixture *fixture, GVariant *question, gboolean guarded)
{
  g_autoptr (GError) error = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  fixture->ended = FALSE;
  fixture->agent = mortise_prompt_channel_new (fds[0]);
  fixture->dialogue = mortise_prompt_dialogue_new (mortise_prompt_channel_new (fds[1]));
  g_signal_connect_swapped (fixture->dialogue, "ended", G_CALLBACK (on_ended), fixture);
  g_assert_true (
      mortise_prompt_channel_send (fixture->agent, MORTISE_FRAME_QUESTION, question, &error));
  g_assert_no_error (error);
  g_assert_true (mortise_prompt_dialogue_start (fixture->dialogue, 10000, &error));
  g_assert_no_error (error);
  fixture->window = GTK_WIDGET (mortise_prompt_dialogue_get_window (fixture->dialogue));
  if (!guarded)
    mortise_prompt_guard_set_delay (
        mortise_prompt_window_get_guard (MORTISE_PROMPT_WINDOW (fixture->window)), 0);
  if (g_str_equal (mortise_test_get_variant (), "narrow"))
    gtk_window_set_default_size (GTK_WINDOW (fixture->window), 360, -1);
  mortise_test_settle (GTK_WINDOW (fixture->window));
}

static void
fixture_open (Fixture *fixture, const char *name)
{
  fixture_open_unguarded (fixture, prompt_question (name), FALSE);
}

static void
fixture_close (Fixture *fixture)
{
  g_clear_pointer (&fixture->agent, mortise_prompt_channel_free);
  mortise_test_wait_until (has_ended, fixture);
  g_assert_finalize_object (fixture->dialogue);
}

static void
expect_frame (Fixture *fixture, MortiseFrameType expected, GVariant **ret_dictionary)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  MortiseSecretKind kind;
  MortiseFrameType type;

  g_assert_true (mortise_prompt_channel_receive (fixture->agent, NULL, 10000, &type, &dictionary,
                                                 &kind, &secret, &error));
  g_assert_no_error (error);
  g_assert_cmpint (type, ==, expected);
  if (ret_dictionary != NULL)
    *ret_dictionary = g_steal_pointer (&dictionary);
}

/* --- Tests -------------------------------------------------------------------------------------
 */

static void
test_looks (gconstpointer data)
{
  const PromptQuestion *question = data;
  g_autofree char *shot = g_strconcat ("prompt-", question->name, NULL);
  Fixture fixture = { NULL };

  fixture_open (&fixture, question->name);
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_assert_named (fixture.window);
  mortise_test_screenshot (GTK_WINDOW (fixture.window), shot);
  fixture_close (&fixture);
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);
  mortise_prompt_init ();

  for (const PromptQuestion *question = prompt_questions; question->name != NULL; question++)
    {
      g_autofree char *path = g_strconcat ("/prompt/looks/", question->name, NULL);

      g_test_add_data_func (path, question, test_looks);
    }
  return g_test_run ();
}
