/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/screenshot.h"
#include "tests/support/window-fixture.h"

/* Every page and state of the window: what it says, that all of it has a name, how it looks. */

typedef MortiseWindowFixture Fixture;

static void
expect (Fixture *fixture, const char *text)
{
  mortise_window_fixture_wait_for_words (fixture, text);
  mortise_test_settle (fixture->window);
  mortise_test_assert_named (fixture->root);
}

static void
go (Fixture *fixture, const char *page)
{
  gtk_widget_activate_action (fixture->root, "win.page", "s", page);
  mortise_test_settle (fixture->window);
}

/* In every language. */
static gboolean
is_about_code (gpointer user_data)
{
  return mortise_test_has_text (user_data, g_dgettext (GETTEXT_PACKAGE, "One Code for Bad Days"));
}

static void
test_first_run (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_state (fixture->agent, "no-vault");
  mortise_window_fixture_open (fixture);
  expect (fixture, "Passkeys on This Computer");
  mortise_window_fixture_screenshot (fixture, "first-run");

  gtk_widget_activate_action (mortise_test_get (fixture->root, ADW_TYPE_STATUS_PAGE, NULL),
                              "first-run.create", NULL);
  mortise_window_fixture_assert_call (fixture, "CreateVault ()");
  mortise_test_wait_until (is_about_code, fixture->root);
  mortise_window_fixture_screenshot (fixture, "first-run-code");
  gtk_widget_activate_action (mortise_test_get (fixture->root, ADW_TYPE_STATUS_PAGE, NULL),
                              "first-run.skip-code", NULL);
  expect (fixture, "Your Vault Is Ready");
  expect (fixture, "10 things are in order");
  mortise_window_fixture_screenshot (fixture, "first-run-ready");
}

static void
test_list (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  expect (fixture, "10 passkeys");
  mortise_window_fixture_screenshot (fixture, "passkeys");
}

static void
test_sidebar (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  gtk_widget_activate_action (fixture->root, "win.sidebar", NULL);
  mortise_window_fixture_screenshot (fixture, "passkeys-sidebar-toggled");
}

static void
test_search (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  gtk_widget_activate_action (fixture->root, "win.search", NULL);
  gtk_editable_set_text (
      GTK_EDITABLE (mortise_test_get (fixture->root, GTK_TYPE_SEARCH_ENTRY, NULL)), "muller");
  expect (fixture, "1 of 10");
  mortise_window_fixture_screenshot (fixture, "search");
  gtk_editable_set_text (
      GTK_EDITABLE (mortise_test_get (fixture->root, GTK_TYPE_SEARCH_ENTRY, NULL)), "no such site");
  expect (fixture, "Nothing Found");
  mortise_window_fixture_screenshot (fixture, "search-nothing");
}

static void
show_passkey (Fixture *fixture, gint64 id)
{
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", id);
  mortise_test_settle (fixture->window);
}

static void
scroll_to_end (Fixture *fixture, GtkWidget *page)
{
  GtkWidget *scrolled = mortise_test_get (page, GTK_TYPE_SCROLLED_WINDOW, NULL);
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled));

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment));
}

static GtkWidget *
get_passkey_page (Fixture *fixture)
{
  return mortise_test_get (fixture->root, g_type_from_name ("MortisePasskeyPage"), NULL);
}

static void
test_passkey (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  show_passkey (fixture, 1);
  expect (fixture, "Read from the TPM just now.");
  expect (fixture, "The TPM says: device-only.");
  mortise_window_fixture_screenshot (fixture, "passkey");
  scroll_to_end (fixture, get_passkey_page (fixture));
  mortise_window_fixture_screenshot (fixture, "passkey-end");
}

static void
test_passkey_middle (Fixture *fixture, gconstpointer data)
{
  GtkWidget *scrolled = NULL;

  mortise_window_fixture_open_samples (fixture);
  show_passkey (fixture, 3);
  expect (fixture, "The TPM says: not bound to this TPM.");
  scrolled = mortise_test_get (get_passkey_page (fixture), GTK_TYPE_SCROLLED_WINDOW, NULL);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled)),
                            640);
  mortise_window_fixture_screenshot (fixture, "passkey-protection");
}

static void
test_passkey_locked (Fixture *fixture, gconstpointer data)
{
  GtkWidget *scrolled = NULL;

  mortise_mock_agent_set_state (fixture->agent, "listable");
  mortise_window_fixture_open_samples (fixture);
  show_passkey (fixture, 8);
  expect (fixture, "This is what was recorded when the passkey was made.");
  scrolled = mortise_test_get (get_passkey_page (fixture), GTK_TYPE_SCROLLED_WINDOW, NULL);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled)),
                            900);
  mortise_window_fixture_screenshot (fixture, "passkey-locked");
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open (fixture);
  expect (fixture, "No Passkeys Yet");
  mortise_window_fixture_screenshot (fixture, "empty");
}

/* What there was is not gone, and the way back is the one that is offered. */
static void
test_all_deleted (Fixture *fixture, gconstpointer data)
{
  gint64 id = mortise_mock_agent_add (
      fixture->agent, MORTISE_TEST_NOW,
      g_variant_new_parsed ("{'rp-id': <'github.com'>, 'user-name': <'alice'>}"));

  mortise_window_fixture_open (fixture);
  expect (fixture, "github.com");
  mortise_mock_agent_delete (fixture->agent, id);
  mortise_mock_agent_emit_changed (fixture->agent);
  expect (fixture, "No Passkeys Left");
  expect (fixture, "1 passkey is in Recently Deleted. No site can use it, but it can be restored.");
  mortise_test_assert_named (fixture->root);
  mortise_window_fixture_screenshot (fixture, "all-deleted");
  if (!mortise_test_is_english ())
    return;
  mortise_test_click (fixture->root, "Show Recently Deleted");
  expect (fixture, "Restore");
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_damaged (fixture->agent, 2);
  mortise_window_fixture_open_samples (fixture);
  expect (fixture, "2 passkeys cannot be read");
  mortise_window_fixture_screenshot (fixture, "damaged");
}

/* A vault of which nothing can be read must not look like an empty one. */
static void
test_all_damaged (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_damaged (fixture->agent, 3);
  mortise_window_fixture_open (fixture);
  expect (fixture, "3 passkeys are in the vault but their records are damaged");
  mortise_window_fixture_screenshot (fixture, "all-damaged");
}

static void
test_locked (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_state (fixture->agent, "locked");
  mortise_window_fixture_open (fixture);
  expect (fixture, "The Vault Is Locked");
  mortise_window_fixture_screenshot (fixture, "locked");
}

typedef struct
{
  const char *name;
  const char *problem;
  const char *message;
  const char *expected;
} ProblemCase;

static const ProblemCase problem_cases[] = {
  { "no-tpm", "TpmMissing", "", "No TPM Found" },
  { "tpm-access", "TpmAccess", "There is a TPM, but you are not in the group that may use it.",
    "not in the group" },
  { "other-tpm", "TpmOther", "", "Another TPM" },
  { "newer-vault", "VaultNewer", "", "The Vault Is From a Newer Mortise" },
  { "damaged-vault", "VaultDamaged", "", "The Vault Cannot Be Read" },
  { "unknown-problem", "SomethingNew", "Message with <b>markup</b> & more.",
    "Message with <b>markup</b> & more." },
};

static void
test_problem (Fixture *fixture, gconstpointer data)
{
  const ProblemCase *problem = data;
  g_autofree char *shot = g_strconcat ("problem-", problem->name, NULL);

  mortise_mock_agent_set_problem (fixture->agent, problem->problem, problem->message);
  mortise_window_fixture_open (fixture);
  expect (fixture, problem->expected);
  mortise_window_fixture_screenshot (fixture, shot);
}

static gboolean
is_missing (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) == MORTISE_AGENT_MISSING;
}

static void
test_agent_missing (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open (fixture);
  expect (fixture, "No Passkeys Yet");
  mortise_mock_agent_release_name (fixture->agent);
  mortise_test_wait_until (is_missing, fixture->client);
  expect (fixture, "The Background Service Is Not Running");
  mortise_window_fixture_screenshot (fixture, "agent-missing");
}

static void
test_agent_away (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  mortise_mock_agent_release_name (fixture->agent);
  mortise_test_wait_until (is_missing, fixture->client);
  expect (fixture, "background service stopped");
  g_assert_true (mortise_test_has_text (fixture->root, "github.com"));
  mortise_window_fixture_screenshot (fixture, "agent-away");
}

static void
test_demo (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_demo (fixture->agent, TRUE);
  mortise_window_fixture_open_samples (fixture);
  expect (fixture, "Demo: software TPM, not hardware-bound");
  mortise_window_fixture_screenshot (fixture, "demo");
  show_passkey (fixture, 1);
  expect (fixture, "A software TPM");
}

static void
test_deleted (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  go (fixture, "deleted");
  expect (fixture, "27 days left");
  expect (fixture, "1 day left");
  mortise_window_fixture_screenshot (fixture, "deleted");
}

static void
test_deleted_empty (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open (fixture);
  go (fixture, "deleted");
  expect (fixture, "Nothing Was Deleted");
  mortise_window_fixture_screenshot (fixture, "deleted-empty");
}

/* What is in order is folded behind it, in every language. */
static GtkWidget *
find_fold (Fixture *fixture)
{
  GtkWidget *group =
      mortise_test_get (fixture->root, g_type_from_name ("MortiseHealthGroup"), NULL);

  return mortise_test_find (group, GTK_TYPE_TOGGLE_BUTTON, NULL);
}

static gboolean
has_fold (gpointer user_data)
{
  return find_fold (user_data) != NULL;
}

/* The lines are the agent's words, which come in the person's language. */
static void
assert_no_english (Fixture *fixture)
{
  static const char *const words[] = { " the ", " is ", " and ", " with ", "What helps" };

  if (!g_str_equal (mortise_test_get_variant (), "ja"))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_false (mortise_test_has_text (fixture->root, words[i]));
}

static void
test_health (Fixture *fixture, gconstpointer data)
{
  gboolean healthy = GPOINTER_TO_INT (data);

  mortise_mock_agent_set_healthy (fixture->agent, healthy);
  mortise_window_fixture_open (fixture);
  go (fixture, "health");
  mortise_test_wait_until (has_fold, fixture);
  expect (fixture, healthy ? "10 things are in order" : "What helps: Let Mortise set up");
  expect (fixture, "IFX SLB9672");
  assert_no_english (fixture);
  mortise_window_fixture_screenshot (fixture, healthy ? "health" : "health-trouble");
  scroll_to_end (fixture,
                 mortise_test_get (fixture->root, g_type_from_name ("MortiseHealthPage"), NULL));
  mortise_window_fixture_screenshot (fixture, healthy ? "health-end" : "health-trouble-end");
  if (!healthy)
    return;
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (find_fold (fixture)), TRUE);
  expect (fixture, "Browsers find it at /dev/hidraw3.");
  mortise_window_fixture_screenshot (fixture, "health-unfolded");
}

static void
test_hostile_names (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_add_hostile (fixture->agent, MORTISE_TEST_NOW);
  mortise_window_fixture_open (fixture);
  expect (fixture, "hostile.example");
  expect (fixture, "<b>bold</b> &amp; %s %n");
  expect (fixture, "Account without a name");
  mortise_window_fixture_screenshot (fixture, "hostile");
  for (gint64 id = 1; id <= 8; id++)
    {
      g_autofree char *name = g_strdup_printf ("hostile-%d", (int) id);

      show_passkey (fixture, id);
      /* Its row says so from then on, in the pictures of the others, too. */
      expect (fixture, "Read from the TPM just now.");
      mortise_window_fixture_screenshot (fixture, name);
    }
}

static void
test_preferences (Fixture *fixture, gconstpointer data)
{
  GtkWindow *dialog = NULL;
  g_autofree char *idle_time =
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u minute", "%u minutes", 5), 5);

  mortise_window_fixture_open (fixture);
  gtk_widget_activate_action (fixture->root, "win.preferences", NULL);
  dialog = mortise_window_fixture_get_dialog (fixture);
  mortise_test_screenshot_size (dialog, 560, 700);
  mortise_test_settle (dialog);
  mortise_test_wait_for_text (GTK_WIDGET (dialog), idle_time);
  mortise_test_assert_named (GTK_WIDGET (dialog));
  mortise_test_screenshot (dialog, "preferences");
  gtk_window_destroy (dialog);
}

static void
test_about (Fixture *fixture, gconstpointer data)
{
  GtkWindow *dialog = NULL;

  mortise_window_fixture_open (fixture);
  gtk_widget_activate_action (fixture->root, "win.about", NULL);
  dialog = mortise_window_fixture_get_dialog (fixture);
  mortise_test_settle (dialog);
  mortise_test_screenshot (dialog, "about");
  gtk_window_destroy (dialog);
}

static void
test_shortcuts (Fixture *fixture, gconstpointer data)
{
  GtkWindow *dialog = NULL;

  mortise_window_fixture_open (fixture);
  gtk_widget_activate_action (fixture->root, "win.show-help-overlay", NULL);
  dialog = mortise_window_fixture_get_dialog (fixture);
  mortise_test_settle (dialog);
  mortise_test_screenshot (dialog, "shortcuts");
  gtk_window_close (dialog);
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD_DATA(name, data, function) MORTISE_WINDOW_TEST ("/window/pages/" name, data, function)
#define ADD(name, function)            ADD_DATA (name, NULL, function)
  ADD ("first-run", test_first_run);
  ADD ("list", test_list);
  ADD ("sidebar", test_sidebar);
  ADD ("search", test_search);
  ADD ("passkey", test_passkey);
  ADD ("passkey-protection", test_passkey_middle);
  ADD ("passkey-locked", test_passkey_locked);
  ADD ("empty", test_empty);
  ADD ("all-deleted", test_all_deleted);
  ADD ("damaged", test_damaged);
  ADD ("all-damaged", test_all_damaged);
  ADD ("locked", test_locked);
  ADD ("agent-missing", test_agent_missing);
  ADD ("agent-away", test_agent_away);
  ADD ("demo", test_demo);
  ADD ("deleted", test_deleted);
  ADD ("deleted-empty", test_deleted_empty);
  ADD_DATA ("health", GINT_TO_POINTER (TRUE), test_health);
  ADD_DATA ("health-trouble", GINT_TO_POINTER (FALSE), test_health);
  ADD ("hostile-names", test_hostile_names);
  ADD ("preferences", test_preferences);
  ADD ("about", test_about);
  ADD ("shortcuts", test_shortcuts);
  for (gsize i = 0; i < G_N_ELEMENTS (problem_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/window/pages/problem/", problem_cases[i].name, NULL);

      MORTISE_WINDOW_TEST (path, &problem_cases[i], test_problem);
    }
#undef ADD
#undef ADD_DATA
  return g_test_run ();
}
