/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/help-window.h"
#include "tests/support/screenshot.h"
#include "tests/support/window-fixture.h"

/* Help: every way in leads to the topic it promises, and the whole page is there. */

typedef MortiseWindowFixture Fixture;

typedef struct
{
  GtkWidget *help;
  const char *heading;
} FocusWait;

static gboolean
has_focus (gpointer user_data)
{
  const FocusWait *wait = user_data;
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (wait->help));

  return focus != NULL &&
         gtk_accessible_get_accessible_role (GTK_ACCESSIBLE (focus)) ==
             GTK_ACCESSIBLE_ROLE_HEADING &&
         mortise_test_has_text (focus, wait->heading);
}

/* The keyboard is at the heading, and the heading at the top. */
static void
expect_topic (GtkWidget *help, const char *heading)
{
  FocusWait wait = { help, heading };
  GtkWidget *scrolled = mortise_test_get (help, GTK_TYPE_SCROLLED_WINDOW, NULL);
  GtkWidget *focus = NULL;
  double y = 0;

  if (!mortise_test_is_english ())
    return;
  mortise_test_wait_until (has_focus, &wait);
  mortise_test_settle (GTK_WINDOW (help));
  focus = gtk_root_get_focus (GTK_ROOT (help));
  g_assert_true (gtk_widget_translate_coordinates (focus, scrolled, 0, 0, NULL, &y));
  g_assert_cmpfloat (y, >=, 0);
  g_assert_cmpfloat (y, <, gtk_widget_get_height (scrolled) - gtk_widget_get_height (focus));
}

static void
open_topic (Fixture *fixture, const char *topic)
{
  gtk_widget_activate_action (fixture->root, "win.help", "s", topic);
}

static void
test_topics (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *topic;
    const char *heading;
  } topics[] = {
    { "passkey", "What is a passkey here?" },
    { "broken", "What happens if this computer breaks?" },
    { "moving", "Moving to a new computer" },
    { "second-factor", "Why does a site still ask for a second factor?" },
    { "other-name", "Why does the site’s list show another name?" },
    { "not-offered", "Why does a site not offer Mortise?" },
    { "forgotten-pin", "What if I forget the PIN?" },
  };
  GtkWidget *help = NULL;

  mortise_window_fixture_open (fixture);
  open_topic (fixture, "start");
  help = mortise_test_wait_for_window (MORTISE_TYPE_HELP_WINDOW);
  mortise_test_screenshot_size (GTK_WINDOW (help), 560, 640);
  mortise_test_settle (GTK_WINDOW (help));
  mortise_test_assert_named (help);
  mortise_test_screenshot (GTK_WINDOW (help), "help");
  for (gsize i = 0; i < G_N_ELEMENTS (topics); i++)
    {
      g_autofree char *name = g_strconcat ("help-", topics[i].topic, NULL);

      open_topic (fixture, topics[i].topic);
      /* It is the same window. */
      g_assert_true (mortise_test_wait_for_window (MORTISE_TYPE_HELP_WINDOW) == help);
      expect_topic (help, topics[i].heading);
      mortise_test_settle (GTK_WINDOW (help));
      mortise_test_screenshot (GTK_WINDOW (help), name);
    }
  gtk_window_destroy (GTK_WINDOW (help));
}

static void
test_index (Fixture *fixture, gconstpointer data)
{
  GtkWidget *help = NULL;

  if (!mortise_test_is_english ())
    return;
  mortise_window_fixture_open (fixture);
  mortise_test_keys ("F1", NULL);
  help = mortise_test_wait_for_window (MORTISE_TYPE_HELP_WINDOW);
  mortise_test_click (help, "What if I forget the PIN?");
  expect_topic (help, "What if I forget the PIN?");
  mortise_test_keys ("Escape", NULL);
  mortise_test_settle (fixture->window);
  g_assert_null (mortise_test_find_window (MORTISE_TYPE_HELP_WINDOW));
}

static void
test_ways_in (Fixture *fixture, gconstpointer data)
{
  GtkWidget *help = NULL;

  if (!mortise_test_is_english ())
    return;
  mortise_window_fixture_open (fixture);
  mortise_window_fixture_wait_for_text (fixture, "No Passkeys Yet");
  mortise_test_click (fixture->root, "What Is a Passkey Here?");
  help = mortise_test_wait_for_window (MORTISE_TYPE_HELP_WINDOW);
  expect_topic (help, "What is a passkey here?");
  gtk_widget_activate_action (fixture->root, "win.page", "s", "health");
  mortise_window_fixture_wait_for_text (fixture, "What Passkeys Need");
  mortise_test_click (fixture->root, "Moving to a new computer");
  expect_topic (help, "Moving to a new computer");
  mortise_test_click (fixture->root, "Some sites never offer it");
  expect_topic (help, "Why does a site not offer Mortise?");

  mortise_mock_agent_add_samples (fixture->agent, MORTISE_TEST_NOW);
  mortise_mock_agent_emit_changed (fixture->agent);
  gtk_widget_activate_action (fixture->root, "win.page", "s", "passkeys");
  mortise_window_fixture_wait_for_text (fixture, "github.com");
  mortise_test_click (fixture->root, "Open alice at github.com");
  mortise_window_fixture_wait_for_text (fixture, "On the Site");
  mortise_test_click (fixture->root, "Why does the site’s list show another name?");
  expect_topic (help, "Why does the site’s list show another name?");
  gtk_window_destroy (GTK_WINDOW (help));
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD(path, function) MORTISE_WINDOW_TEST ("/window/help/" path, NULL, function)
  ADD ("topics", test_topics);
  ADD ("index", test_index);
  ADD ("ways-in", test_ways_in);
#undef ADD
  return g_test_run ();
}
