/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <sys/socket.h>

#include "app/prompt/prompt-dialogue.h"
#include "app/prompt/prompt-print.h"
#include "app/prompt/prompt-qr.h"
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
fixture_open_guarded (Fixture *fixture, GVariant *question, gboolean guarded)
{
  g_autoptr (GVariant) owned = g_variant_take_ref (question);
  g_autoptr (GError) error = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  fixture->ended = FALSE;
  fixture->agent = mortise_prompt_channel_new (fds[0]);
  fixture->dialogue = mortise_prompt_dialogue_new (mortise_prompt_channel_new (fds[1]));
  g_signal_connect_swapped (fixture->dialogue, "ended", G_CALLBACK (on_ended), fixture);
  g_assert_true (
      mortise_prompt_channel_send (fixture->agent, MORTISE_FRAME_QUESTION, owned, &error));
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
  fixture_open_guarded (fixture, prompt_question (name), FALSE);
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

/* --- Tests --- */

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

static void
send_update (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) update = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  mortise_prompt_channel_send (fixture->agent, MORTISE_FRAME_UPDATE, update, &error);
  g_assert_no_error (error);
}

static void
expect_secret (Fixture *fixture, MortiseSecretKind expected_kind, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  MortiseSecretKind kind;
  MortiseFrameType type;

  g_assert_true (mortise_prompt_channel_receive (fixture->agent, NULL, 10000, &type, NULL, &kind,
                                                 &secret, &error));
  g_assert_no_error (error);
  g_assert_cmpint (type, ==, MORTISE_FRAME_SECRET);
  g_assert_cmpint (kind, ==, expected_kind);
  g_assert_cmpmem (mortise_secret_peek (secret), mortise_secret_get_size (secret), expected,
                   strlen (expected));
}

static void
expect_answer (Fixture *fixture, const char *expected)
{
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) wanted =
      g_variant_parse (G_VARIANT_TYPE_VARDICT, expected, NULL, NULL, NULL);
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_assert_nonnull (wanted);
  expect_frame (fixture, MORTISE_FRAME_ANSWER, &answer);
  g_variant_iter_init (&iter, wanted);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
    {
      g_autoptr (GVariant) given = g_variant_lookup_value (answer, key, NULL);

      g_assert_nonnull (given);
      g_assert_cmpvariant (given, value);
      g_variant_unref (value);
    }
}

static void
expect_silence (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  MortiseFrameType type;

  g_assert_false (
      mortise_prompt_channel_receive (fixture->agent, NULL, 0, &type, NULL, NULL, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_TIMED_OUT);
}

/* The prompt went away without a word, or after what was read already. */
static void
expect_closed (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  MortiseFrameType type;

  g_assert_false (mortise_prompt_channel_receive (fixture->agent, NULL, 10000, &type, NULL, NULL,
                                                  NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  g_assert_true (fixture->ended);
}

static GtkWidget *
get_row (Fixture *fixture, const char *title)
{
  return mortise_test_get (fixture->window, GTK_TYPE_EDITABLE, title);
}

static void
type_into (Fixture *fixture, const char *title, const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (get_row (fixture, title)), text);
  mortise_test_iterate ();
}

static void
assert_empty (Fixture *fixture, const char *title)
{
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (get_row (fixture, title))), ==, "");
}

static gboolean
can_press (Fixture *fixture, const char *name)
{
  return gtk_widget_is_sensitive (mortise_test_get (fixture->window, GTK_TYPE_BUTTON, name));
}

/* --- A yes --- */

static void
test_approve_with_pin (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "register");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_false (can_press (&fixture, "Make Passkey"));
  type_into (&fixture, "PIN", "135");
  g_assert_false (can_press (&fixture, "Make Passkey"));
  type_into (&fixture, "PIN", "1357");
  mortise_test_click (fixture.window, "Make Passkey");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (&fixture, "{'approved': <true>, 'allow-export': <false>, 'account': <uint32 0>}");
  assert_empty (&fixture, "PIN");
  /* It stays until the agent is done, and cannot be pressed twice. */
  g_assert_false (can_press (&fixture, "Make Passkey"));
  g_assert_true (mortise_test_has_text (fixture.window, "Making the passkey…"));
  fixture_close (&fixture);
}

static void
test_approve_without_pin (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-present");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_null (mortise_test_find (fixture.window, GTK_TYPE_PASSWORD_ENTRY, NULL));
  mortise_test_click (fixture.window, "Sign In");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

static void
test_export_switch (void)
{
  Fixture fixture = { NULL };
  GtkWidget *toggle;

  fixture_open (&fixture, "register");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  toggle = mortise_test_get (fixture.window, GTK_TYPE_SWITCH, "Allow encrypted export");
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (toggle)));
  g_assert_true (mortise_test_has_text (fixture.window, "can never leave this computer’s TPM"));
  gtk_switch_set_active (GTK_SWITCH (toggle), TRUE);
  mortise_test_iterate ();
  g_assert_false (mortise_test_has_text (fixture.window, "can never leave"));
  g_assert_true (mortise_test_has_text (fixture.window, "The site is told that it may be copied"));
  type_into (&fixture, "PIN", "1357");
  mortise_test_click (fixture.window, "Make Passkey");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (&fixture, "{'approved': <true>, 'allow-export': <true>}");
  fixture_close (&fixture);
}

static void
test_account_choice (void)
{
  Fixture fixture = { NULL };
  GtkWidget *choice;

  fixture_open (&fixture, "sign-in-choose");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  choice = mortise_test_get (fixture.window, GTK_TYPE_CHECK_BUTTON,
                             "bob, Bob · Made on 27 October 2024, never used");
  gtk_check_button_set_active (GTK_CHECK_BUTTON (choice), TRUE);
  type_into (&fixture, "PIN", "1357");
  mortise_test_click (fixture.window, "Sign In");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (&fixture, "{'approved': <true>, 'account': <uint32 1>}");
  fixture_close (&fixture);
}

static void
test_pin_bytes (void)
{
  const char *typed[] = { "ひみつの言葉", "p\xc3\xa4ss", "pa\xcc\x88ss", " 🔑 <b>&amp;_" };
  const char *sent[] = { "ひみつの言葉", "p\xc3\xa4ss", "p\xc3\xa4ss", " 🔑 <b>&amp;_" };

  for (gsize i = 0; i < G_N_ELEMENTS (typed); i++)
    {
      Fixture fixture = { NULL };

      fixture_open (&fixture, "unlock");
      expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
      type_into (&fixture, "PIN", typed[i]);
      mortise_test_click (fixture.window, "Unlock");
      expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, sent[i]);
      expect_answer (&fixture, "{'approved': <true>}");
      fixture_close (&fixture);
    }
}

static void
test_new_pin (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "create-vault-demo");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_true (mortise_test_has_text (fixture.window, "At least 6 characters"));
  type_into (&fixture, "New PIN", "13579");
  type_into (&fixture, "New PIN again", "13579");
  g_assert_false (can_press (&fixture, "Create Vault"));
  type_into (&fixture, "New PIN", "135797");
  g_assert_false (can_press (&fixture, "Create Vault"));
  g_assert_true (mortise_test_has_text (fixture.window, "The two are not the same"));
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-new-pin-differs");
  type_into (&fixture, "New PIN again", "135797");
  g_assert_true (mortise_test_has_text (fixture.window, "Both are the same"));
  mortise_test_click (fixture.window, "Create Vault");
  expect_secret (&fixture, MORTISE_SECRET_KIND_NEW_PIN, "135797");
  expect_answer (&fixture, "{'approved': <true>}");
  assert_empty (&fixture, "New PIN");
  assert_empty (&fixture, "New PIN again");

  /* The vault did not like it: typed anew. */
  send_update (&fixture, "{'message': <'The new PIN is the same as before.'>}");
  mortise_test_settle (GTK_WINDOW (fixture.window));
  g_assert_true (mortise_test_has_text (fixture.window, "is the same as before"));
  g_assert_true (gtk_widget_is_sensitive (get_row (&fixture, "New PIN")));
  fixture_close (&fixture);
}

static void
test_new_pin_easy (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "create-vault");
  type_into (&fixture, "New PIN", "1234");
  type_into (&fixture, "New PIN again", "1234");
  g_assert_true (mortise_test_has_text (fixture.window, "among the first that anyone would try"));
  g_assert_true (can_press (&fixture, "Create Vault"));
  type_into (&fixture, "New PIN again", "1235");
  g_assert_true (mortise_test_has_text (fixture.window, "The two are not the same"));
  fixture_close (&fixture);
}

static void
test_change_pin (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "change-pin");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (&fixture, "New PIN", "97531");
  type_into (&fixture, "New PIN again", "97531");
  g_assert_false (can_press (&fixture, "Change PIN"));
  type_into (&fixture, "Current PIN", "1357");
  mortise_test_click (fixture.window, "Change PIN");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_secret (&fixture, MORTISE_SECRET_KIND_NEW_PIN, "97531");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

static void
test_reset_needs_the_number (void)
{
  const char *wrong[] = { "", "1", "11", "121", "12 12", "RESET" };
  const char *right[] = { "12", " 12 ", "１２" };
  Fixture fixture = { NULL };

  fixture_open (&fixture, "reset");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_true (mortise_test_has_text (fixture.window, "12 passkeys will be lost for good."));
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      type_into (&fixture, "Type 12 to confirm", wrong[i]);
      g_assert_false (can_press (&fixture, "Destroy All"));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (right); i++)
    {
      type_into (&fixture, "Type 12 to confirm", right[i]);
      g_assert_true (can_press (&fixture, "Destroy All"));
    }
  mortise_test_click (fixture.window, "Destroy All");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

static void
test_reset_of_unknown_count (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "reset-unknown");
  g_assert_false (can_press (&fixture, "Destroy All"));
  type_into (&fixture, "Type RESET to confirm", "reset");
  g_assert_true (can_press (&fixture, "Destroy All"));
  fixture_close (&fixture);
}

/* --- A no --- */

static void
test_cancel (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "register");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (&fixture, "PIN", "1357");
  mortise_test_click (fixture.window, "Cancel");
  expect_answer (&fixture, "{'approved': <false>}");
  expect_closed (&fixture);
  fixture_close (&fixture);
}

static void
test_close_denies (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-present");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  gtk_window_close (GTK_WINDOW (fixture.window));
  mortise_test_wait_until (has_ended, &fixture);
  expect_answer (&fixture, "{'approved': <false>}");
  expect_closed (&fixture);
  fixture_close (&fixture);
}

static void
test_escape_denies (void)
{
  const char *names[] = { "register", "sign-in-present", "create-vault", "reset" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      Fixture fixture = { NULL };

      fixture_open (&fixture, names[i]);
      expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
      mortise_test_keys ("Escape", NULL);
      mortise_test_wait_until (has_ended, &fixture);
      expect_answer (&fixture, "{'approved': <false>}");
      expect_closed (&fixture);
      fixture_close (&fixture);
    }
}

/* What was said yes to is withdrawn by closing; a second answer would be read as one to the next
 * question. */
static void
test_cancel_while_working (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-present");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_click (fixture.window, "Sign In");
  expect_answer (&fixture, "{'approved': <true>}");
  mortise_test_click (fixture.window, "Cancel");
  expect_closed (&fixture);
  fixture_close (&fixture);
}

/* --- What the agent says --- */

static gboolean
shows_problem (gpointer user_data)
{
  const Fixture *fixture = user_data;

  return mortise_test_has_text (fixture->window, "7 tries left.");
}

static void
test_wrong_pin (void)
{
  Fixture fixture = { NULL };
  GtkWidget *row;

  fixture_open (&fixture, "sign-in");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (&fixture, "PIN", "9753");
  mortise_test_click (fixture.window, "Sign In");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "9753");
  expect_answer (&fixture, "{'approved': <true>}");

  send_update (&fixture, "{'working': <true>, 'message': <'Asking the TPM…'>}");
  send_update (&fixture, "{'pin-wrong': <true>, 'retries': <uint32 7>, 'message': <'Wrong PIN.'>}");
  mortise_test_wait_until (shows_problem, &fixture);
  mortise_test_settle (GTK_WINDOW (fixture.window));
  row = get_row (&fixture, "PIN");
  g_assert_true (mortise_test_has_text (fixture.window, "Wrong PIN."));
  g_assert_false (mortise_test_has_text (fixture.window, "Asking the TPM…"));
  g_assert_true (gtk_widget_has_css_class (row, "error"));
  gtk_test_accessible_assert_state (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_INVALID,
                                    GTK_ACCESSIBLE_INVALID_TRUE);
  g_assert_true (gtk_widget_is_focus (GTK_WIDGET (gtk_editable_get_delegate (GTK_EDITABLE (row)))));
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-wrong-pin");

  type_into (&fixture, "PIN", "1357");
  g_assert_false (gtk_widget_has_css_class (row, "error"));
  mortise_test_click (fixture.window, "Sign In");
  g_assert_false (mortise_test_has_text (fixture.window, "Wrong PIN."));
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

static gboolean
is_working (gpointer user_data)
{
  const Fixture *fixture = user_data;

  return !mortise_prompt_window_is_asking (MORTISE_PROMPT_WINDOW (fixture->window));
}

static void
send_finger (Fixture *fixture, const char *state)
{
  g_autofree char *update = g_strdup_printf ("{'finger': <'%s'>}", state);

  send_update (fixture, update);
}

/* What each state of the reader says; none of it is a yes. */
static void
test_finger_words (void)
{
  const struct
  {
    const char *update;
    const char *words;
  } states[] = {
    { "{'finger': <'waiting'>}", "Use the fingerprint reader, or type the PIN." },
    { "{'finger': <'again'>}", "The finger could not be read." },
    { "{'finger': <'too-short'>}", "That was too short." },
    { "{'finger': <'not-centered'>}", "Put the finger on the middle of the reader" },
    { "{'finger': <'lift'>}", "Lift the finger" },
    { "{'finger': <'no-match'>}", "This finger is not known." },
    { "{'finger': <'spent'>}", "Now only the PIN counts." },
    { "{'finger': <'off'>, 'message': <'Another program is using the fingerprint reader.'>}",
      "Another program is using the fingerprint reader. Type the PIN." },
    { "{'finger': <'something later'>}", "cannot be used now. Type the PIN." },
  };
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-finger");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_true (mortise_test_has_text (fixture.window, "The fingerprint reader is starting…"));
  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    {
      send_update (&fixture, states[i].update);
      mortise_test_wait_for_text (fixture.window, states[i].words);
      g_assert_true (mortise_prompt_window_is_asking (MORTISE_PROMPT_WINDOW (fixture.window)));
    }
  send_finger (&fixture, "no-match");
  mortise_test_wait_for_text (fixture.window, "This finger is not known.");
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-finger-wrong");
  expect_silence (&fixture);

  /* The PIN is as good as ever. */
  type_into (&fixture, "PIN", "1357");
  mortise_test_click (fixture.window, "Sign In");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

/* A match is a yes without a PIN, also where one was being typed. */
static void
test_finger_match (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-finger");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  send_finger (&fixture, "waiting");
  type_into (&fixture, "PIN", "97531");
  send_finger (&fixture, "match");
  mortise_test_wait_until (is_working, &fixture);
  expect_answer (&fixture, "{'approved': <true>}");
  expect_silence (&fixture);
  fixture_close (&fixture);
}

/* Not in the moment in which the window came up: nobody can have read it. */
static void
test_finger_guarded (void)
{
  MortisePromptGuard *guard;
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-finger");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  guard = mortise_prompt_window_get_guard (MORTISE_PROMPT_WINDOW (fixture.window));
  mortise_prompt_guard_set_delay (guard, 3600 * 1000);
  mortise_prompt_guard_shut (guard);
  send_finger (&fixture, "match");
  mortise_test_wait_for_text (fixture.window, "The finger was recognised.");
  expect_silence (&fixture);
  g_assert_false (is_working (&fixture));

  mortise_prompt_guard_set_delay (guard, 0);
  mortise_test_wait_until (is_working, &fixture);
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

static gboolean
has_sent (gpointer user_data)
{
  const Fixture *fixture = user_data;
  struct pollfd fd = { mortise_prompt_channel_get_fd (fixture->agent), POLLIN, 0 };

  return poll (&fd, 1, 0) == 1;
}

/* While a PIN is being tried, which turns out wrong. */
static void
test_finger_after_wrong_pin (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-finger");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (&fixture, "PIN", "9753");
  mortise_test_click (fixture.window, "Sign In");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "9753");
  expect_answer (&fixture, "{'approved': <true>}");
  send_finger (&fixture, "match");
  mortise_test_wait_for_text (fixture.window, "The finger was recognised.");
  expect_silence (&fixture);
  send_update (&fixture, "{'pin-wrong': <true>, 'retries': <uint32 7>, 'message': <'Wrong PIN.'>}");
  mortise_test_wait_until (has_sent, &fixture);
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

/* Who asked for the recovery code, or for no finger at all, gets no yes from one. */
static void
test_finger_not_wanted (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-finger");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_click (fixture.window, "Forgot it? Use the recovery code");
  expect_answer (&fixture, "{'recover': <true>}");
  send_finger (&fixture, "match");
  mortise_test_wait_for_text (fixture.window, "The finger was recognised.");
  expect_silence (&fixture);
  send_update (&fixture, "{'recovery': <true>, 'message': <''>}");
  send_finger (&fixture, "match");
  send_update (&fixture, "{'message': <'Once more.'>}");
  mortise_test_wait_for_text (fixture.window, "Once more.");
  expect_silence (&fixture);
  g_assert_false (is_working (&fixture));
  fixture_close (&fixture);

  fixture_open (&fixture, "sign-in");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  send_finger (&fixture, "match");
  send_update (&fixture, "{'message': <'Once more.'>}");
  mortise_test_wait_for_text (fixture.window, "Once more.");
  expect_silence (&fixture);
  fixture_close (&fixture);
}

static gboolean
shows_progress (gpointer user_data)
{
  const Fixture *fixture = user_data;

  return mortise_test_has_text (fixture->window, "Making an RSA key, 12 s so far…");
}

static void
test_progress (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "register-replace");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_click (fixture.window, "Make Passkey");
  expect_answer (&fixture, "{'approved': <true>, 'allow-export': <true>}");
  g_assert_true (mortise_test_has_text (fixture.window, "Making an RSA key."));
  send_update (&fixture, "{'working': <true>, 'message': <'Making an RSA key, 12 s so far…'>}");
  mortise_test_wait_until (shows_progress, &fixture);
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-working");
  expect_silence (&fixture);
  fixture_close (&fixture);
}

static gboolean
shows_close (gpointer user_data)
{
  const Fixture *fixture = user_data;

  return mortise_test_find (fixture->window, GTK_TYPE_BUTTON, "Close") != NULL;
}

static void
test_fatal (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (&fixture, "PIN", "9753");
  mortise_test_click (fixture.window, "Sign In");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "9753");
  expect_answer (&fixture, "{'approved': <true>}");
  send_update (&fixture,
               "{'fatal': <true>, 'message': <'Three wrong PINs in a row. Restart Mortise "
               "to try again; 5 tries are left.'>}");
  mortise_test_wait_until (shows_close, &fixture);
  mortise_test_settle (GTK_WINDOW (fixture.window));
  g_assert_null (mortise_test_find (fixture.window, GTK_TYPE_BUTTON, "Sign In"));
  g_assert_null (mortise_test_find (fixture.window, GTK_TYPE_PASSWORD_ENTRY, NULL));
  g_assert_true (mortise_test_has_text (fixture.window, "Three wrong PINs in a row."));
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-fatal");

  /* Nothing brings the question back. */
  send_update (&fixture, "{'retries': <uint32 8>}");
  send_update (&fixture, "{'working': <true>}");
  mortise_test_settle (GTK_WINDOW (fixture.window));
  g_assert_true (mortise_test_has_text (fixture.window, "Three wrong PINs in a row."));
  g_assert_null (mortise_test_find (fixture.window, GTK_TYPE_BUTTON, "Sign In"));
  mortise_test_click (fixture.window, "Close");
  expect_closed (&fixture);
  fixture_close (&fixture);
}

static void
test_agent_withdraws (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in");
  type_into (&fixture, "PIN", "1357");
  /* Closes, and asserts that the window is gone. */
  fixture_close (&fixture);
  g_assert_null (fixture.window);
}

static void
test_agent_talks_nonsense (void)
{
  g_autoptr (GVariant) question = prompt_question ("register");
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_prompt_channel_send (fixture.agent, MORTISE_FRAME_QUESTION, question, NULL);
  mortise_test_wait_until (has_ended, &fixture);
  expect_closed (&fixture);
  fixture_close (&fixture);
}

static void
assert_does_not_start (MortiseFrameType type, GVariant *dictionary)
{
  g_autoptr (GVariant) owned = dictionary != NULL ? g_variant_take_ref (dictionary) : NULL;
  g_autoptr (GError) error = NULL;
  MortisePromptDialogue *dialogue;
  MortisePromptChannel *agent;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  agent = mortise_prompt_channel_new (fds[0]);
  dialogue = mortise_prompt_dialogue_new (mortise_prompt_channel_new (fds[1]));
  mortise_prompt_channel_send (agent, type, owned, NULL);
  g_assert_false (mortise_prompt_dialogue_start (dialogue, 10000, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED);
  g_assert_null (mortise_prompt_dialogue_get_window (dialogue));
  g_assert_finalize_object (dialogue);
  mortise_prompt_channel_free (agent);
}

static void
test_no_question (void)
{
  assert_does_not_start (MORTISE_FRAME_RAISE, NULL);
  assert_does_not_start (MORTISE_FRAME_ANSWER, prompt_question ("register"));
  assert_does_not_start (MORTISE_FRAME_QUESTION, NULL);
  assert_does_not_start (MORTISE_FRAME_QUESTION, g_variant_new_parsed ("{'kind': <'approve'>}"));
}

/* --- Guards against a yes by mistake --- */

static gboolean
guard_is_open (gpointer user_data)
{
  const Fixture *fixture = user_data;

  return mortise_prompt_guard_is_open (
      mortise_prompt_window_get_guard (MORTISE_PROMPT_WINDOW (fixture->window)));
}

static void
test_guard_opens (void)
{
  Fixture fixture = { NULL };

  fixture_open_guarded (&fixture, prompt_question ("sign-in-present"), TRUE);
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_wait_until (guard_is_open, &fixture);
  g_assert_true (can_press (&fixture, "Sign In"));

  /* Raised over what the person is looking at: the click may have been meant for that. */
  mortise_prompt_channel_send (fixture.agent, MORTISE_FRAME_RAISE, NULL, NULL);
  while (guard_is_open (&fixture))
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (can_press (&fixture, "Sign In"));
  mortise_test_wait_until (guard_is_open, &fixture);
  g_assert_true (can_press (&fixture, "Sign In"));
  fixture_close (&fixture);
}

static void
test_guard_swallows_keys (void)
{
  Fixture fixture = { NULL };
  MortisePromptGuard *guard;
  GtkWidget *button;

  fixture_open_guarded (&fixture, prompt_question ("sign-in"), TRUE);
  guard = mortise_prompt_window_get_guard (MORTISE_PROMPT_WINDOW (fixture.window));
  mortise_prompt_guard_set_delay (guard, 3600 * 1000);
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);

  /* Somebody types on into what they were typing into. */
  mortise_test_keys ("h", "e", "l", "l", "o", "Return", NULL);
  /* Or the PIN, a little too soon: half of it must not be sent for the whole. */
  mortise_test_wait_for_text (fixture.window, "Type from the first character.");
  mortise_test_settle (GTK_WINDOW (fixture.window));
  assert_empty (&fixture, "PIN");
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-too-soon");

  type_into (&fixture, "PIN", "1357");
  button = mortise_test_get (fixture.window, GTK_TYPE_BUTTON, "Sign In");
  g_assert_false (gtk_widget_is_sensitive (button));
  g_signal_emit_by_name (button, "clicked");
  expect_silence (&fixture);

  mortise_prompt_guard_set_delay (guard, 0);
  mortise_test_iterate ();
  g_assert_true (gtk_widget_is_sensitive (button));

  /* A no is never held back. */
  mortise_prompt_guard_set_delay (guard, 3600 * 1000);
  mortise_test_keys ("Escape", NULL);
  mortise_test_wait_until (has_ended, &fixture);
  expect_answer (&fixture, "{'approved': <false>}");
  fixture_close (&fixture);
}

/* Where nothing is typed there is nothing to start again. */
static void
test_guard_says_nothing (void)
{
  Fixture fixture = { NULL };

  fixture_open_guarded (&fixture, prompt_question ("sign-in-present"), TRUE);
  mortise_prompt_guard_set_delay (
      mortise_prompt_window_get_guard (MORTISE_PROMPT_WINDOW (fixture.window)), 3600 * 1000);
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_keys ("h", "i", NULL);
  mortise_test_settle (GTK_WINDOW (fixture.window));
  g_assert_false (mortise_test_has_text (fixture.window, "Type from the first character."));
  fixture_close (&fixture);
}

static gboolean
has_typed_pin (gpointer user_data)
{
  return g_str_equal (gtk_editable_get_text (GTK_EDITABLE (get_row (user_data, "PIN"))), "1357");
}

static void
test_enter_after_pin (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_keys ("1", "3", "Return", "5", "7", NULL);
  mortise_test_wait_until (has_typed_pin, &fixture);
  expect_silence (&fixture);
  mortise_test_keys ("Return", NULL);
  mortise_test_wait_until (is_working, &fixture);
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

/* Without a PIN, a key pressed by habit must not be a yes; a no costs nothing. */
static void
test_enter_without_pin (void)
{
  const char *names[] = { "sign-in-present", "register-replace", "select", "delete" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      Fixture fixture = { NULL };

      fixture_open (&fixture, names[i]);
      expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
      mortise_test_keys ("Return", NULL);
      mortise_test_wait_until (has_ended, &fixture);
      expect_answer (&fixture, "{'approved': <false>}");
      fixture_close (&fixture);
    }
}

static void
test_enter_never_destroys (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "purge");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_keys ("1", "3", "5", "7", NULL);
  mortise_test_wait_until (has_typed_pin, &fixture);
  mortise_test_keys ("Return", NULL);
  mortise_test_settle (GTK_WINDOW (fixture.window));
  expect_silence (&fixture);
  mortise_test_click (fixture.window, "Destroy");
  expect_secret (&fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);

  fixture_open (&fixture, "reset");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_keys ("1", "2", "Return", NULL);
  mortise_test_settle (GTK_WINDOW (fixture.window));
  expect_silence (&fixture);
  fixture_close (&fixture);
}

/* By keyboard alone, with mnemonics, where Enter is not enough. */
static void
test_mnemonics (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "sign-in-present");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_keys ("alt+s", NULL);
  mortise_test_wait_until (is_working, &fixture);
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);

  fixture_open (&fixture, "sign-in-present");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  mortise_test_keys ("Tab", "space", NULL);
  mortise_test_wait_until (is_working, &fixture);
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

/* --- Words --- */

static void
test_always_says_where (void)
{
  for (const PromptQuestion *question = prompt_questions; question->name != NULL; question++)
    {
      Fixture fixture = { NULL };

      fixture_open (&fixture, question->name);
      g_assert_true (mortise_test_has_text (fixture.window, "Your answer stays on this computer."));
      if (!g_str_equal (question->name, "hostile"))
        g_assert_true (mortise_test_has_text (fixture.window, "on walnut"));
      if (strstr (question->text, "'requester'") != NULL)
        g_assert_true (mortise_test_has_text (fixture.window, "Asked by"));
      g_assert_cmpint (strstr (question->text, "'demo': <true>") != NULL, ==,
                       mortise_test_has_text (fixture.window, "Demo: software TPM"));
      fixture_close (&fixture);
    }
}

static void
test_accessible (void)
{
  Fixture fixture = { NULL };
  GtkWidget *row;

  fixture_open (&fixture, "sign-in-choose");
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (fixture.window),
                                   GTK_ACCESSIBLE_ROLE_ALERT_DIALOG);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (fixture.window),
                                       GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Sign in to this site? accounts.example.co.uk");
  row = get_row (&fixture, "PIN");
  gtk_test_accessible_assert_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                       mortise_test_get (fixture.window, GTK_TYPE_LABEL, "PIN"),
                                       NULL);
  gtk_test_accessible_assert_property (
      GTK_ACCESSIBLE (mortise_test_get (fixture.window, GTK_TYPE_BUTTON, "Sign In")),
      GTK_ACCESSIBLE_PROPERTY_LABEL, "Sign In");
  gtk_test_accessible_assert_property (
      GTK_ACCESSIBLE (mortise_test_get (fixture.window, GTK_TYPE_BUTTON, "Cancel")),
      GTK_ACCESSIBLE_PROPERTY_LABEL, "Cancel");
  g_assert_nonnull (
      mortise_test_find (fixture.window, GTK_TYPE_CHECK_BUTTON,
                         "alice@example.org, Alice Lindqvist · work · Last used on 3 March 2025"));
  fixture_close (&fixture);
}

static void
assert_shown_safely (GtkWidget *window)
{
  g_autofree char *text = mortise_test_collect_text (window);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      gunichar c = g_utf8_get_char (p);

      g_assert_true (c == '\n' || !g_unichar_iscntrl (c));
      g_assert_false (c >= 0x202A && c <= 0x202E);
      /* Only ours: what comes from outside stands between FIRST STRONG ISOLATE and its end. */
      g_assert_false (c == 0x2066 || c == 0x2067);
    }
}

static void
test_hostile (void)
{
  Fixture fixture = { NULL };
  GtkWidget *site;

  fixture_open (&fixture, "hostile");
  assert_shown_safely (fixture.window);
  g_assert_true (mortise_test_has_text (fixture.window, "<b>bold</b> &amp;"));
  g_assert_true (mortise_test_has_text (fixture.window, "security-check.evil.example"));
  site = mortise_test_get (fixture.window, GTK_TYPE_LABEL,
                           "accounts.google.com.sign-in-with-your-google-account-now."
                           "security-check.evil.example");
  g_assert_cmpint (gtk_label_get_ellipsize (GTK_LABEL (site)), ==, PANGO_ELLIPSIZE_START);
  fixture_close (&fixture);
}

static GVariant *
make_huge_question (const char *kind, guint n_accounts, guint n_lines)
{
  g_autofree char *name = g_strnfill (10000, 'W');
  g_autofree char *rp_id = g_strconcat (name, ".evil.example", NULL);
  GVariantBuilder accounts;
  GVariantBuilder lines;
  GVariantDict question;

  g_variant_builder_init (&accounts, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < n_accounts; i++)
    {
      g_autofree char *user = g_strdup_printf ("%u-%.100s", i, name);

      g_variant_builder_add_parsed (&accounts, "{'user-name': <%s>}", user);
    }
  g_variant_builder_init (&lines, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < n_lines; i++)
    g_variant_builder_add (&lines, "s", "alice – example.org");

  g_variant_dict_init (&question, NULL);
  g_variant_dict_insert (&question, "kind", "s", kind);
  g_variant_dict_insert (&question, "rp-id", "s", rp_id);
  g_variant_dict_insert (&question, "user-name", "s", name);
  g_variant_dict_insert (&question, "user-display-name", "s", name);
  g_variant_dict_insert (&question, "requester", "s", name);
  g_variant_dict_insert (&question, "host", "s", name);
  g_variant_dict_insert_value (&question, "accounts", g_variant_builder_end (&accounts));
  g_variant_dict_insert_value (&question, "passkeys", g_variant_builder_end (&lines));
  return g_variant_dict_end (&question);
}

/* Everything at its longest still fits on the screen and can be answered. */
static void
test_huge (void)
{
  Fixture fixture = { NULL };

  fixture_open_guarded (&fixture, make_huge_question ("sign-in", 500, 0), FALSE);
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_cmpint (gtk_widget_get_width (fixture.window), <=, 480);
  g_assert_cmpint (gtk_widget_get_height (fixture.window), <=, 960);
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-huge-accounts");
  mortise_test_click (fixture.window, "Sign In");
  expect_answer (&fixture, "{'approved': <true>, 'account': <uint32 0>}");
  fixture_close (&fixture);

  fixture_open_guarded (&fixture, make_huge_question ("delete", 0, 1234), FALSE);
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_cmpint (gtk_widget_get_width (fixture.window), <=, 480);
  g_assert_cmpint (gtk_widget_get_height (fixture.window), <=, 960);
  g_assert_true (mortise_test_has_text (fixture.window, "Delete these 1234 passkeys?"));
  g_assert_true (mortise_test_has_text (fixture.window, "and 978 more"));
  fixture_close (&fixture);
}

/* Nothing is wider than a telephone's screen. */
static void
test_fits_narrow (void)
{
  for (const PromptQuestion *question = prompt_questions; question->name != NULL; question++)
    {
      Fixture fixture = { NULL };
      int minimum;

      fixture_open (&fixture, question->name);
      gtk_widget_measure (fixture.window, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL,
                          NULL);
      g_test_message ("%s: %d", question->name, minimum);
      g_assert_cmpint (minimum, <=, 360);
      fixture_close (&fixture);
    }
}

/* --- Recovery code --- */

#define CODE "000HQ-48SM3-8NB6X-EY49R-KANVN-SKEYE-XZY64"

static MortiseSecret *
make_code (void)
{
  return mortise_secret_new_from_data (CODE, strlen (CODE));
}

/* As the agent does once the PIN was right. */
static void
open_with_code (Fixture *fixture)
{
  g_autoptr (MortiseSecret) code = make_code ();
  g_autoptr (GError) error = NULL;

  fixture_open (fixture, "new-code");
  expect_frame (fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (fixture, "PIN", "1357");
  mortise_test_click (fixture->window, "Show the Code");
  expect_secret (fixture, MORTISE_SECRET_KIND_PIN, "1357");
  expect_answer (fixture, "{'approved': <true>}");
  g_assert_true (mortise_prompt_channel_send_secret (
      fixture->agent, MORTISE_SECRET_KIND_RECOVERY_CODE, code, &error));
  g_assert_no_error (error);
  mortise_test_settle (GTK_WINDOW (fixture->window));
}

static void
test_new_code (void)
{
  Fixture fixture = { NULL };
  g_auto (GStrv) groups = g_strsplit (CODE, "-", -1);

  open_with_code (&fixture);
  g_assert_true (mortise_test_has_text (fixture.window, "Write down your recovery code"));
  for (char **group = groups; *group != NULL; group++)
    g_assert_true (mortise_test_has_text (fixture.window, *group));
  mortise_test_get (fixture.window, GTK_TYPE_LABEL, "Group 6:  S K E Y E");
  mortise_test_get (fixture.window, GTK_TYPE_DRAWING_AREA, "QR code of the recovery code");
  mortise_test_assert_named (fixture.window);
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-code-shown");

  /* It counts once its end was typed from paper. */
  g_assert_false (can_press (&fixture, "I Have Written It Down"));
  type_into (&fixture, "Type groups 6 and 7 from your paper", "SKEYE-XZY65");
  g_assert_false (can_press (&fixture, "I Have Written It Down"));
  type_into (&fixture, "Type groups 6 and 7 from your paper", "skeye xzy64");
  mortise_test_click (fixture.window, "I Have Written It Down");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

static void
test_new_code_dropped (void)
{
  Fixture fixture = { NULL };

  open_with_code (&fixture);
  mortise_test_click (fixture.window, "Cancel");
  expect_answer (&fixture, "{'approved': <false>}");
  expect_closed (&fixture);
  fixture_close (&fixture);
}

/* No other question shows what the agent sends. */
static void
test_code_unasked (void)
{
  Fixture fixture = { NULL };
  g_autoptr (MortiseSecret) code = make_code ();

  fixture_open (&fixture, "unlock");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_true (mortise_prompt_channel_send_secret (
      fixture.agent, MORTISE_SECRET_KIND_RECOVERY_CODE, code, NULL));
  mortise_test_wait_until (has_ended, &fixture);
  fixture_close (&fixture);
}

static char *
run (const char *command)
{
  char *output = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  g_assert_true (g_spawn_command_line_sync (command, &output, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  return output;
}

/* A scanner reads what is drawn, at the size of the screen and in the dark, too. */
static void
test_qr_reads (void)
{
  g_autoptr (MortiseSecret) code = make_code ();
  g_autoptr (MortisePromptQr) qr = mortise_prompt_qr_new (code);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 168, 168);
  cairo_t *cr = cairo_create (surface);
  g_autofree char *folder = g_dir_make_tmp ("mortise-qr-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "qr.png", NULL);
  g_autofree char *command = g_strdup_printf ("zbarimg --quiet --raw %s", path);
  g_autofree char *text = NULL;

  cairo_set_source_rgb (cr, 0.1, 0.1, 0.1);
  cairo_paint (cr);
  cairo_translate (cr, 10, 10);
  mortise_prompt_qr_draw (qr, cr, 148);
  cairo_destroy (cr);
  g_assert_cmpint (cairo_surface_write_to_png (surface, path), ==, CAIRO_STATUS_SUCCESS);
  cairo_surface_destroy (surface);
  text = run (command);
  g_assert_cmpstr (g_strstrip (text), ==, CODE);
  g_unlink (path);
  g_rmdir (folder);
}

/* The sheet has the code twice: for eyes and for a scanner. */
static void
test_print (void)
{
  g_autoptr (MortiseSecret) code = make_code ();
  g_autoptr (GtkPrintOperation) operation = mortise_prompt_print_new (code, "walnut");
  g_autofree char *folder = g_dir_make_tmp ("mortise-print-XXXXXX", NULL);
  g_autofree char *pdf = g_build_filename (folder, "code.pdf", NULL);
  g_autofree char *png = g_build_filename (folder, "code.png", NULL);
  g_autofree char *root = g_build_filename (folder, "code", NULL);
  g_autofree char *to_text = g_strdup_printf ("pdftotext -layout %s -", pdf);
  g_autofree char *to_png = g_strdup_printf ("pdftoppm -png -singlefile -r 150 %s %s", pdf, root);
  g_autofree char *scan = g_strdup_printf ("zbarimg --quiet --raw %s", png);
  g_auto (GStrv) groups = g_strsplit (CODE, "-", -1);
  g_autofree char *text = NULL;
  g_autofree char *scanned = NULL;
  g_autoptr (GError) error = NULL;

  gtk_print_operation_set_export_filename (operation, pdf);
  g_assert_cmpint (
      gtk_print_operation_run (operation, GTK_PRINT_OPERATION_ACTION_EXPORT, NULL, &error), ==,
      GTK_PRINT_OPERATION_RESULT_APPLY);
  g_assert_no_error (error);
  text = run (to_text);
  for (char **group = groups; *group != NULL; group++)
    g_assert_nonnull (strstr (text, *group));
  g_assert_nonnull (strstr (text, "walnut"));
  g_free (run (to_png));
  scanned = run (scan);
  g_assert_cmpstr (g_strstrip (scanned), ==, CODE);
  g_unlink (pdf);
  g_unlink (png);
  g_rmdir (folder);
}

static GtkWidget *
find_print_dialog (Fixture *fixture)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    {
      if (GTK_IS_DIALOG (l->data) && gtk_widget_get_visible (l->data))
        return l->data;
    }
  return NULL;
}

static gboolean
has_print_dialog (gpointer user_data)
{
  return find_print_dialog (user_data) != NULL;
}

static gboolean
may_print (gpointer user_data)
{
  return can_press (user_data, "Print…");
}

static void
test_print_button (void)
{
  Fixture fixture = { NULL };

  open_with_code (&fixture);
  mortise_test_click (fixture.window, "Print…");
  mortise_test_wait_until (has_print_dialog, &fixture);
  g_assert_false (may_print (&fixture));
  gtk_dialog_response (GTK_DIALOG (find_print_dialog (&fixture)), GTK_RESPONSE_CANCEL);
  mortise_test_wait_until (may_print, &fixture);
  fixture_close (&fixture);
}

static void
test_recover (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "recover");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (&fixture, "New PIN", "135797");
  type_into (&fixture, "New PIN again", "135797");
  type_into (&fixture, "Recovery code", "ooohq 48sm4 8n");
  g_assert_true (mortise_test_has_text (fixture.window, "Group 2 has a typing mistake."));
  type_into (&fixture, "Recovery code", "ooohq 48sm4 8nb6y");
  g_assert_true (mortise_test_has_text (fixture.window, "Groups 2, 3 have typing mistakes."));
  mortise_test_screenshot (GTK_WINDOW (fixture.window), "prompt-code-mistyped");
  g_assert_false (can_press (&fixture, "Set New PIN"));
  type_into (&fixture, "Recovery code", "ooohq 48sm3");
  g_assert_true (mortise_test_has_text (fixture.window, "10 of 35 characters"));
  g_assert_false (can_press (&fixture, "Set New PIN"));
  type_into (&fixture, "Recovery code", "ooohq 48sm3 8nb6x ey49r kanvn skeye xzy64");
  g_assert_true (mortise_test_has_text (fixture.window, "No typing mistake was found."));
  mortise_test_click (fixture.window, "Set New PIN");
  expect_secret (&fixture, MORTISE_SECRET_KIND_RECOVERY_CODE,
                 "ooohq 48sm3 8nb6x ey49r kanvn skeye xzy64");
  expect_secret (&fixture, MORTISE_SECRET_KIND_NEW_PIN, "135797");
  expect_answer (&fixture, "{'approved': <true>}");

  /* The PIN was refused: the code need not be typed again. */
  send_update (&fixture, "{'message': <'Too short.'>}");
  mortise_test_settle (GTK_WINDOW (fixture.window));
  assert_empty (&fixture, "New PIN");
  type_into (&fixture, "New PIN", "1357979");
  type_into (&fixture, "New PIN again", "1357979");
  g_assert_true (can_press (&fixture, "Set New PIN"));

  send_update (&fixture, "{'fatal': <true>, 'message': <'The TPM is gone.'>}");
  mortise_test_settle (GTK_WINDOW (fixture.window));
  g_assert_null (mortise_test_find (fixture.window, GTK_TYPE_ENTRY, "Recovery code"));
  fixture_close (&fixture);
}

static void
test_recover_instead (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "unlock-recovery");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  type_into (&fixture, "PIN", "1357");
  mortise_test_click (fixture.window, "Forgot it? Use the recovery code");
  expect_answer (&fixture, "{'recover': <true>}");
  send_update (&fixture, "{'recovery': <true>, 'message': <''>}");
  mortise_test_settle (GTK_WINDOW (fixture.window));
  g_assert_null (mortise_test_find (fixture.window, GTK_TYPE_PASSWORD_ENTRY, "PIN"));
  g_assert_false (can_press (&fixture, "Unlock"));
  type_into (&fixture, "Recovery code", CODE);
  type_into (&fixture, "New PIN", "135797");
  type_into (&fixture, "New PIN again", "135797");
  mortise_test_click (fixture.window, "Unlock");
  expect_secret (&fixture, MORTISE_SECRET_KIND_RECOVERY_CODE, CODE);
  expect_secret (&fixture, MORTISE_SECRET_KIND_NEW_PIN, "135797");
  expect_answer (&fixture, "{'approved': <true>}");
  fixture_close (&fixture);
}

/* A PIN that is blocked is not asked for. */
static void
test_recover_when_blocked (void)
{
  Fixture fixture = { NULL };

  fixture_open (&fixture, "unlock-blocked");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_null (mortise_test_find (fixture.window, GTK_TYPE_PASSWORD_ENTRY, "PIN"));
  g_assert_true (mortise_test_has_text (fixture.window, "wrong too often and is blocked"));
  mortise_test_get (fixture.window, GTK_TYPE_ENTRY, "Recovery code");
  fixture_close (&fixture);

  /* Where nothing is offered there is no button for it. */
  fixture_open (&fixture, "unlock");
  expect_frame (&fixture, MORTISE_FRAME_SHOWN, NULL);
  g_assert_null (
      mortise_test_find (fixture.window, GTK_TYPE_BUTTON, "Forgot it? Use the recovery code"));
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
  g_test_add_func ("/prompt/looks/fits-narrow", test_fits_narrow);
  /* The rest looks for English words. */
  if (g_str_equal (mortise_test_get_variant (), "ja"))
    return g_test_run ();

  g_test_add_func ("/prompt/huge", test_huge);
  g_test_add_func ("/prompt/yes/with-pin", test_approve_with_pin);
  g_test_add_func ("/prompt/yes/without-pin", test_approve_without_pin);
  g_test_add_func ("/prompt/yes/export-switch", test_export_switch);
  g_test_add_func ("/prompt/yes/account-choice", test_account_choice);
  g_test_add_func ("/prompt/yes/pin-bytes", test_pin_bytes);
  g_test_add_func ("/prompt/yes/new-pin", test_new_pin);
  g_test_add_func ("/prompt/yes/new-pin-easy", test_new_pin_easy);
  g_test_add_func ("/prompt/yes/change-pin", test_change_pin);
  g_test_add_func ("/prompt/yes/reset-needs-the-number", test_reset_needs_the_number);
  g_test_add_func ("/prompt/yes/reset-of-unknown-count", test_reset_of_unknown_count);
  g_test_add_func ("/prompt/code/new", test_new_code);
  g_test_add_func ("/prompt/code/new-dropped", test_new_code_dropped);
  g_test_add_func ("/prompt/code/unasked", test_code_unasked);
  g_test_add_func ("/prompt/code/qr-reads", test_qr_reads);
  g_test_add_func ("/prompt/code/print", test_print);
  g_test_add_func ("/prompt/code/print-button", test_print_button);
  g_test_add_func ("/prompt/code/recover", test_recover);
  g_test_add_func ("/prompt/code/recover-instead", test_recover_instead);
  g_test_add_func ("/prompt/code/recover-when-blocked", test_recover_when_blocked);
  g_test_add_func ("/prompt/no/cancel", test_cancel);
  g_test_add_func ("/prompt/no/close", test_close_denies);
  g_test_add_func ("/prompt/no/escape", test_escape_denies);
  g_test_add_func ("/prompt/no/cancel-while-working", test_cancel_while_working);
  g_test_add_func ("/prompt/agent/wrong-pin", test_wrong_pin);
  g_test_add_func ("/prompt/finger/words", test_finger_words);
  g_test_add_func ("/prompt/finger/match", test_finger_match);
  g_test_add_func ("/prompt/finger/guarded", test_finger_guarded);
  g_test_add_func ("/prompt/finger/after-wrong-pin", test_finger_after_wrong_pin);
  g_test_add_func ("/prompt/finger/not-wanted", test_finger_not_wanted);
  g_test_add_func ("/prompt/agent/progress", test_progress);
  g_test_add_func ("/prompt/agent/fatal", test_fatal);
  g_test_add_func ("/prompt/agent/withdraws", test_agent_withdraws);
  g_test_add_func ("/prompt/agent/talks-nonsense", test_agent_talks_nonsense);
  g_test_add_func ("/prompt/agent/no-question", test_no_question);
  g_test_add_func ("/prompt/guard/opens", test_guard_opens);
  g_test_add_func ("/prompt/guard/swallows-keys", test_guard_swallows_keys);
  g_test_add_func ("/prompt/guard/says-nothing", test_guard_says_nothing);
  g_test_add_func ("/prompt/keys/enter-after-pin", test_enter_after_pin);
  g_test_add_func ("/prompt/keys/enter-without-pin", test_enter_without_pin);
  g_test_add_func ("/prompt/keys/enter-never-destroys", test_enter_never_destroys);
  g_test_add_func ("/prompt/keys/mnemonics", test_mnemonics);
  g_test_add_func ("/prompt/words/always-says-where", test_always_says_where);
  g_test_add_func ("/prompt/words/accessible", test_accessible);
  g_test_add_func ("/prompt/words/hostile", test_hostile);
  return g_test_run ();
}
