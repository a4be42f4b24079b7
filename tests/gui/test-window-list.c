/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-row.h"
#include "tests/support/screenshot.h"
#include "tests/support/window-fixture.h"

#include <gdk/x11/gdkx.h>

/* Many passkeys at once: marking by mouse, keyboard and button, deleting and taking it back,
 * filters. */

typedef MortiseWindowFixture Fixture;

static void
wait_for (Fixture *fixture, const char *text)
{
  mortise_window_fixture_wait_for_text (fixture, text);
}

static GtkWidget *
get_page (Fixture *fixture)
{
  return mortise_test_get (fixture->root, g_type_from_name ("MortisePasskeysPage"), NULL);
}

/* An action of the list, as its menu would activate it. */
static void
activate (Fixture *fixture, const char *action)
{
  gtk_widget_activate_action (mortise_test_get (get_page (fixture), GTK_TYPE_LIST_VIEW, "Passkeys"),
                              action, NULL);
  mortise_test_settle (fixture->window);
}

static void
choose_filter (Fixture *fixture, const char *filter)
{
  gtk_widget_activate_action (mortise_test_get (get_page (fixture), GTK_TYPE_LIST_VIEW, "Passkeys"),
                              "passkeys.filter", "s", filter);
}

static GtkCheckButton *
get_box (Fixture *fixture, const char *sentence)
{
  g_autofree char *name = g_strconcat ("Select ", sentence, NULL);

  return GTK_CHECK_BUTTON (mortise_test_get (fixture->root, GTK_TYPE_CHECK_BUTTON, name));
}

static void
tick (Fixture *fixture, const char *sentence)
{
  GtkCheckButton *box = get_box (fixture, sentence);

  gtk_widget_activate (GTK_WIDGET (box));
  mortise_test_settle (fixture->window);
}

static gboolean
is_ticked (Fixture *fixture, const char *sentence)
{
  return gtk_check_button_get_active (get_box (fixture, sentence));
}

static void
focus (Fixture *fixture, const char *sentence)
{
  g_autofree char *name = g_strconcat ("Open ", sentence, NULL);

  g_assert_true (gtk_widget_grab_focus (mortise_test_get (fixture->root, GTK_TYPE_BUTTON, name)));
  mortise_test_settle (fixture->window);
}

static gboolean
is_browsing (gpointer user_data)
{
  return mortise_test_find (user_data, GTK_TYPE_BUTTON, "Cancel Selecting") == NULL;
}

static void
test_delete_several (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  mortise_test_click (fixture->root, "Select Passkeys");
  wait_for (fixture, "Select Passkeys");
  g_assert_null (mortise_test_find (fixture->root, GTK_TYPE_BUTTON, "Open alice at github.com"));
  mortise_test_assert_named (fixture->root);
  tick (fixture, "alice at github.com");
  tick (fixture, "alice-work at github.com");
  tick (fixture, "10482231 at bank.example");
  wait_for (fixture, "3 selected");
  tick (fixture, "alice-work at github.com");
  wait_for (fixture, "2 selected");
  mortise_test_screenshot (fixture->window, "list-marking");

  mortise_test_click (fixture->root, "Delete Selected Passkeys");
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([1, 5],)");
  wait_for (fixture, "Deleted 2 passkeys");
  wait_for (fixture, "8 passkeys");
  mortise_test_wait_until (is_browsing, fixture->root);

  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "RestorePasskeys ([1, 5],)");
  wait_for (fixture, "10 passkeys");
}

static void
test_delete_denied (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  activate (fixture, "passkeys.select-all");
  wait_for (fixture, "10 selected");
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  mortise_test_click (fixture->root, "Delete Selected Passkeys");
  g_free (mortise_window_fixture_wait_for_call (fixture));
  mortise_test_settle (fixture->window);
  /* All is as it was: nothing is gone, and what was marked still is. */
  wait_for (fixture, "10 selected");
  g_assert_true (is_ticked (fixture, "alice at github.com"));
}

/* While the agent waits for an answer and deletes, the bar tells; nothing can be deleted twice. */
static void
test_deleting (Fixture *fixture, gconstpointer data)
{
  GtkWidget *button = NULL;
  g_autofree char *calls = NULL;

  mortise_window_fixture_open_samples (fixture);
  activate (fixture, "passkeys.select-all");
  mortise_mock_agent_set_hold (fixture->agent, TRUE);
  mortise_test_click (fixture->root, "Delete Selected Passkeys");
  wait_for (fixture, "Deleting 10 passkeys as soon as you agree…");
  calls = mortise_window_fixture_wait_for_call (fixture);
  g_assert_true (g_str_has_prefix (calls, "DeletePasskeys ([1, 2, 3"));
  button = mortise_test_get (fixture->root, GTK_TYPE_BUTTON, "Delete Selected Passkeys");
  g_assert_false (gtk_widget_is_sensitive (button));
  mortise_window_fixture_screenshot (fixture, "list-deleting");

  mortise_mock_agent_set_hold (fixture->agent, FALSE);
  wait_for (fixture, "Deleted 10 passkeys");
  wait_for (fixture, "No Passkeys Left");
}

static gboolean
is_cut (GtkWidget *root, const char *text)
{
  GtkWidget *label = mortise_test_get (root, GTK_TYPE_LABEL, text);

  return pango_layout_is_ellipsized (gtk_label_get_layout (GTK_LABEL (label)));
}

/* Where there is no room for both, the site is whole and what it calls itself is not. */
static void
test_narrow_heading (Fixture *fixture, gconstpointer data)
{
  const char *site = "passkeys.in-a-long-name.example";
  const char *title = "A Name That Goes On and On Until It Does Not";
  GtkWidget *page = NULL;

  mortise_mock_agent_add (
      fixture->agent, MORTISE_TEST_NOW,
      g_variant_new_parsed ("{'rp-id': <%s>, 'rp-name': <%s>, 'user-name': <'alice'>}", site,
                            title));
  /* With something in it that page has one button more. */
  mortise_mock_agent_delete (
      fixture->agent,
      mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW,
                              g_variant_new_parsed ("{'rp-id': <'gone.example'>}")));
  mortise_window_fixture_open (fixture);
  gtk_window_set_default_size (fixture->window, 360, 760);
  wait_for (fixture, site);
  mortise_test_settle (fixture->window);
  g_assert_false (is_cut (fixture->root, site));
  g_assert_true (is_cut (fixture->root, title));
  gtk_widget_activate_action (fixture->root, "win.page", "s", "deleted");
  wait_for (fixture, "gone.example");
  mortise_test_settle (fixture->window);
  page = mortise_test_get (fixture->root, g_type_from_name ("MortiseDeletedPage"), NULL);
  g_assert_false (is_cut (page, "Recently Deleted"));
}

static void
test_marks_outlive (Fixture *fixture, gconstpointer data)
{
  GtkEditable *entry = NULL;

  mortise_window_fixture_open_samples (fixture);
  activate (fixture, "passkeys.select");
  tick (fixture, "alice at github.com");
  tick (fixture, "10482231 at bank.example");
  /* A search hides one: it stays marked, and the title says so. */
  gtk_widget_activate_action (fixture->root, "win.search", NULL);
  entry = GTK_EDITABLE (mortise_test_get (fixture->root, GTK_TYPE_SEARCH_ENTRY, NULL));
  gtk_editable_set_text (entry, "bank");
  wait_for (fixture, "1 of them is not shown");
  gtk_editable_set_text (entry, "");
  wait_for (fixture, "github.com");
  g_assert_true (is_ticked (fixture, "alice at github.com"));
  /* One that goes by itself is not marked any more. */
  mortise_mock_agent_delete (fixture->agent, 5);
  mortise_mock_agent_emit_changed (fixture->agent);
  wait_for (fixture, "1 selected");
  /* Locked away, nothing stays marked for later. */
  mortise_mock_agent_set_state (fixture->agent, "locked");
  wait_for (fixture, "The Vault Is Locked");
  mortise_mock_agent_set_state (fixture->agent, "unlocked");
  wait_for (fixture, "github.com");
  mortise_test_get (fixture->root, GTK_TYPE_BUTTON, "Open alice at github.com");
}

static void
test_keyboard (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  focus (fixture, "10482231 at bank.example");
  mortise_test_keys ("ctrl+space", NULL);
  wait_for (fixture, "1 selected");
  g_assert_true (is_ticked (fixture, "10482231 at bank.example"));
  /* Space ticks as in any box. */
  mortise_test_keys ("space", NULL);
  wait_for (fixture, "Select Passkeys");
  mortise_test_keys ("ctrl+a", NULL);
  wait_for (fixture, "10 selected");
  mortise_test_keys ("Escape", NULL);
  mortise_test_wait_until (is_browsing, fixture->root);
  wait_for (fixture, "10 passkeys");
}

static void
test_keyboard_range (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  focus (fixture, "alice at github.com");
  mortise_test_keys ("shift+Down", NULL);
  wait_for (fixture, "2 selected");
  g_assert_true (is_ticked (fixture, "alice at github.com"));
  g_assert_true (is_ticked (fixture, "alice-work at github.com"));
  /* Back again: the range is shorter. */
  mortise_test_keys ("shift+Up", NULL);
  wait_for (fixture, "1 selected");
  mortise_test_keys ("Delete", NULL);
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([1],)");
  wait_for (fixture, "Deleted 1 passkey");
}

/* Outside of marking, Delete is about the row with the focus. */
static void
test_keyboard_delete (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  focus (fixture, "alice at github.com");
  mortise_test_keys ("Delete", NULL);
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([1],)");
  wait_for (fixture, "Deleted alice at github.com");
}

static void
test_filters (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *filter;
    const char *title;
  } filters[] = {
    { "device-only", "6 of 10" }, { "exportable", "4 of 10" },    { "backed-up", "2 of 10" },
    { "never-used", "2 of 10" },  { "not-backed-up", "8 of 10" }, { "all", "10 passkeys" },
  };

  mortise_window_fixture_open_samples (fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (filters); i++)
    {
      choose_filter (fixture, filters[i].filter);
      wait_for (fixture, filters[i].title);
    }
}

static void
expect_order (Fixture *fixture, const char *first, const char *second)
{
  g_autofree char *text =
      mortise_test_collect_text (mortise_test_get (get_page (fixture), GTK_TYPE_LIST_VIEW, NULL));
  const char *place = strstr (text, first);

  g_assert_nonnull (place);
  g_assert_nonnull (strstr (place, second));
}

static void
test_sort (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *sort;
    const char *first;
    const char *second;
  } sorts[] = {
    { "last-used", "new.example", "old.example" },
    { "created", "old.example", "new.example" },
    { "site", "new.example", "old.example" },
  };

  mortise_mock_agent_add (
      fixture->agent, MORTISE_TEST_NOW,
      g_variant_new_parsed ("{'rp-id': <'old.example'>, 'user-name': <'a'>, 'created': <int64 "
                            "1700000000>, 'last-used': <int64 1700000001>}"));
  mortise_mock_agent_add (
      fixture->agent, MORTISE_TEST_NOW,
      g_variant_new_parsed ("{'rp-id': <'new.example'>, 'user-name': <'b'>, 'created': <int64 "
                            "1600000000>, 'last-used': <int64 1750000000>}"));
  mortise_window_fixture_open (fixture);
  wait_for (fixture, "2 passkeys");
  for (gsize i = 0; i < G_N_ELEMENTS (sorts); i++)
    {
      gtk_widget_activate_action (
          mortise_test_get (get_page (fixture), GTK_TYPE_LIST_VIEW, "Passkeys"), "passkeys.sort",
          "s", sorts[i].sort);
      mortise_test_settle (fixture->window);
      expect_order (fixture, sorts[i].first, sorts[i].second);
    }
}

/* What a search and a filter hide together comes back at once. */
static void
test_show_all (Fixture *fixture, gconstpointer data)
{
  GtkWidget *entry = NULL;

  mortise_window_fixture_open_samples (fixture);
  choose_filter (fixture, "backed-up");
  wait_for (fixture, "2 of 10");
  gtk_widget_activate_action (fixture->root, "win.search", NULL);
  entry = mortise_test_get (fixture->root, GTK_TYPE_SEARCH_ENTRY, NULL);
  gtk_editable_set_text (GTK_EDITABLE (entry), "no such site");
  wait_for (fixture, "Nothing Found");
  mortise_test_click (fixture->root, "Show All Passkeys");
  wait_for (fixture, "10 passkeys");
}

static void
test_naming_filter (Fixture *fixture, gconstpointer data)
{
  /* Two accounts of one site that nobody can tell apart. */
  for (int i = 0; i < 2; i++)
    mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW,
                            g_variant_new_parsed ("{'rp-id': <'twins.example'>, 'user-name': "
                                                  "<'bob'>, 'user-display-name': <'Bob B.'>}"));
  mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW,
                          g_variant_new_parsed ("{'rp-id': <'fine.example'>, 'user-name': "
                                                "<'carol@fine.example'>, 'user-display-name': "
                                                "<'Carol'>}"));
  mortise_window_fixture_open (fixture);
  wait_for (fixture, "3 passkeys");
  choose_filter (fixture, "naming-trouble");
  wait_for (fixture, "2 of 3");
  g_assert_true (mortise_test_has_text (fixture->root, "twins.example"));
  g_assert_false (mortise_test_has_text (fixture->root, "fine.example"));
}

/* A site that U2F tells by a hash alone is called by words, and the code is a detail. */
static void
test_code_for_a_site (Fixture *fixture, gconstpointer data)
{
  static const char code[] = "5a81483d96b0bc15ad19af7f5a662e14b275729fbc05579b18513e7f550016b1";

  mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW,
                          g_variant_new_parsed ("{'rp-id': <%s>, 'u2f': <true>}", code));
  mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW,
                          g_variant_new_parsed ("{'rp-id': <'https://u2f.example/ids.json'>, "
                                                "'u2f': <true>}"));
  mortise_window_fixture_open (fixture);
  wait_for (fixture, "Site known only by a code");
  g_assert_true (mortise_test_has_text (fixture->root, "5a81483d…"));
  g_assert_true (mortise_test_has_text (fixture->root, "u2f.example"));
  g_assert_false (mortise_test_has_text (fixture->root, code));
  g_assert_false (mortise_test_has_text (fixture->root, "ids.json"));
  mortise_window_fixture_screenshot (fixture, "list-u2f");
  mortise_test_click (fixture->root, "Open Second factor without an account name at a site known "
                                     "only by the code 5a81483d96b0bc15…");
  /* Whole on its page, to be compared or copied. */
  wait_for (fixture, code);
}

static guint
count_rows (GtkWidget *widget)
{
  guint count = MORTISE_IS_PASSKEY_ROW (widget) ? 1 : 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    count += count_rows (child);
  return count;
}

/* Ten thousand: only rows near the screen exist, all of them named, wherever the list is scrolled.
 */
static void
test_ten_thousand (Fixture *fixture, gconstpointer data)
{
  GtkWidget *list = NULL;
  GtkAdjustment *adjustment = NULL;

  mortise_mock_agent_add_many (fixture->agent, MORTISE_TEST_NOW, 10000);
  mortise_window_fixture_open (fixture);
  wait_for (fixture, "10000 passkeys");
  list = mortise_test_get (get_page (fixture), GTK_TYPE_LIST_VIEW, "Passkeys");
  g_assert_cmpuint (count_rows (list), <, 500);
  mortise_test_assert_named (fixture->root);
  adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (list));
  for (int i = 1; i <= 4; i++)
    {
      gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment) * i / 4.0);
      mortise_test_settle (fixture->window);
      mortise_test_assert_named (fixture->root);
      g_assert_cmpuint (count_rows (list), <, 500);
    }
  activate (fixture, "passkeys.select-all");
  wait_for (fixture, "10000 selected");
  mortise_test_assert_named (fixture->root);
  mortise_test_click (fixture->root, "Delete Selected Passkeys");
  wait_for (fixture, "Deleted 10000 passkeys");
  mortise_test_click (fixture->root, "Undo");
  wait_for (fixture, "10000 passkeys");
}

static gboolean
has_rows (gpointer user_data)
{
  return mortise_test_find (user_data, MORTISE_TYPE_PASSKEY_ROW, NULL) != NULL;
}

/* All means all, also of a list that is still being read. */
static void
test_all_while_reading (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_add_many (fixture->agent, MORTISE_TEST_NOW, 10000);
  mortise_window_fixture_open (fixture);
  mortise_test_wait_until (has_rows, fixture->root);
  activate (fixture, "passkeys.select-all");
  wait_for (fixture, "10000 selected");
}

typedef struct
{
  MortisePasskeyRow *first, *second;
} TwoRows;

static void
collect_rows (GtkWidget *widget, TwoRows *rows)
{
  if (MORTISE_IS_PASSKEY_ROW (widget) &&
      mortise_passkey_row_get_passkey (MORTISE_PASSKEY_ROW (widget)) != NULL)
    {
      rows->first = rows->second;
      rows->second = MORTISE_PASSKEY_ROW (widget);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_rows (child, rows);
}

static gulong
count_requests (Fixture *fixture)
{
  return NextRequest (gdk_x11_display_get_xdisplay (gtk_widget_get_display (fixture->root)));
}

/* Scrolling fills rows many times a second: none may wait for an answer of the display. */
static void
test_filling_asks_nothing (Fixture *fixture, gconstpointer data)
{
  TwoRows rows = { NULL };
  g_autoptr (GObject) item = NULL;
  g_autoptr (GObject) other = NULL;
  g_autoptr (GtkTooltip) tooltip = g_object_new (GTK_TYPE_TOOLTIP, NULL);
  gboolean handled = FALSE;
  gulong before = 0;

  mortise_window_fixture_open_samples (fixture);
  collect_rows (fixture->root, &rows);
  g_assert_nonnull (rows.first);
  item = g_object_ref (mortise_passkey_row_get_item (rows.first));
  other = g_object_ref (mortise_passkey_row_get_item (rows.second));

  for (int i = 0; i < 20; i++)
    {
      /* The first time, badges may have to be made. */
      if (i == 2)
        before = count_requests (fixture);
      mortise_passkey_row_set_item (rows.first, NULL);
      mortise_passkey_row_set_item (rows.first, i % 2 == 0 ? other : item);
    }
  g_assert_cmpuint (count_requests (fixture), ==, before);

  g_signal_emit_by_name (
      mortise_test_get (fixture->root, GTK_TYPE_BUTTON, "Open alice at github.com"),
      "query-tooltip", 0, 0, TRUE, tooltip, &handled);
  g_assert_true (handled);
}

/* GTK styles again what comes after a node whose classes are set, and libadwaita sets those of
 * its shadows with each layout: nothing of ours may come after them. */
static void
assert_nothing_after_shadows (Fixture *fixture, GType type)
{
  static const char *const shadows[] = { "dimming", "shadow", "border", "outline", NULL };
  guint n_shadows = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (mortise_test_get (fixture->root, type, NULL));
       child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      if (g_strv_contains (shadows, gtk_widget_get_css_name (child)))
        n_shadows++;
      else
        g_assert_cmpuint (n_shadows, ==, 0);
    }
  g_assert_cmpuint (n_shadows, >, 0);
}

static void
test_layout_styles_nothing (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  assert_nothing_after_shadows (fixture, ADW_TYPE_FLAP);
  assert_nothing_after_shadows (fixture, ADW_TYPE_LEAFLET);
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD(path, function) MORTISE_WINDOW_TEST ("/window/list/" path, NULL, function)
  ADD ("delete-several", test_delete_several);
  ADD ("delete-denied", test_delete_denied);
  ADD ("deleting", test_deleting);
  ADD ("marks-outlive", test_marks_outlive);
  ADD ("keyboard", test_keyboard);
  ADD ("keyboard-range", test_keyboard_range);
  ADD ("keyboard-delete", test_keyboard_delete);
  ADD ("filters", test_filters);
  ADD ("sort", test_sort);
  ADD ("show-all", test_show_all);
  ADD ("naming-filter", test_naming_filter);
  ADD ("narrow-heading", test_narrow_heading);
  ADD ("code-for-a-site", test_code_for_a_site);
  ADD ("ten-thousand", test_ten_thousand);
  ADD ("all-while-reading", test_all_while_reading);
  ADD ("filling-asks-nothing", test_filling_asks_nothing);
  ADD ("layout-styles-nothing", test_layout_styles_nothing);
#undef ADD
  return g_test_run ();
}
