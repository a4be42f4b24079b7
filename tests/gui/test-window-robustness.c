/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold on every page and in every dialog: templates, names, the keyboard, and that what
 * is closed is gone. */
#include "config.h"

#include "app/window/naming-watch.h"
#include "app/window/picker-preview.h"
#include "tests/support/window-fixture.h"

typedef MortiseWindowFixture Fixture;

/* --- Places ------------------------------------------------------------------------------------
 */

/* Where a person can be: how to get there from the list, and a text that is there then. */
typedef struct
{
  const char *name;
  const char *state;  /* of the vault, NULL for unlocked */
  const char *action; /* of the window */
  const char *target; /* as GVariant text, or NULL */
  gboolean is_dialog;
  const char *text;
} Place;

static const Place places[] = {
  { "passkeys", NULL, NULL, NULL, FALSE, "github.com" },
  { "search", NULL, "win.search", NULL, FALSE, "github.com" },
  { "passkey", NULL, "win.show-passkey", "int64 1", FALSE, "Names on This Computer" },
  { "passkey-exportable", NULL, "win.show-passkey", "int64 2", FALSE, "Names on This Computer" },
  { "deleted", NULL, "win.page", "'deleted'", FALSE, "old-forum.example" },
  { "health", NULL, "win.page", "'health'", FALSE, "What Passkeys Need" },
  { "locked", "locked", NULL, NULL, FALSE, "The Vault Is Locked" },
  { "listable", "listable", "win.show-passkey", "int64 1", FALSE, "Names on This Computer" },
  { "first-run", "no-vault", NULL, NULL, FALSE, "Passkeys on This Computer" },
  { "help", NULL, "win.help", "'start'", TRUE, NULL },
  { "preferences", NULL, "win.preferences", NULL, TRUE, "5 minutes" },
  { "shortcuts", NULL, "win.show-help-overlay", NULL, TRUE, NULL },
  { "about", NULL, "win.about", NULL, TRUE, NULL },
};

/* Returns: the window that the place is in */
static GtkWindow *
go_to (Fixture *fixture, const Place *place)
{
  GtkWindow *window = fixture->window;

  if (place->state != NULL)
    mortise_mock_agent_set_state (fixture->agent, place->state);
  if (place->state == NULL || g_str_equal (place->state, "listable"))
    mortise_window_fixture_open_samples (fixture);
  else
    mortise_window_fixture_open (fixture);
  window = fixture->window;
  if (place->action != NULL)
    {
      g_autoptr (GVariant) target =
          place->target != NULL ? g_variant_parse (NULL, place->target, NULL, NULL, NULL) : NULL;

      gtk_widget_activate_action_variant (fixture->root, place->action, target);
    }
  if (place->is_dialog)
    window = mortise_window_fixture_get_dialog (fixture);
  mortise_test_settle (window);
  if (place->text != NULL)
    mortise_test_wait_for_text (GTK_WIDGET (window), place->text);
  mortise_test_settle (window);
  return window;
}

static void
leave (Fixture *fixture, GtkWindow *window)
{
  if (window != fixture->window)
    gtk_window_destroy (window);
  mortise_test_iterate ();
}

/* --- Names -------------------------------------------------------------------------------------
 */

static void
test_names (Fixture *fixture, gconstpointer data)
{
  GtkWindow *window = go_to (fixture, data);

  mortise_test_assert_named (GTK_WIDGET (window));
  leave (fixture, window);
}

/* --- The keyboard ------------------------------------------------------------------------------
 */

/* What a person acts with. Whatever else takes the focus (text to be selected, a scrolled list)
 * need not be led to. */
static gboolean
is_control (GtkWidget *widget)
{
  return GTK_IS_BUTTON (widget) || GTK_IS_SWITCH (widget) || GTK_IS_TEXT (widget) ||
         GTK_IS_CHECK_BUTTON (widget);
}

static void
collect_controls (GtkWidget *widget, GHashTable *controls)
{
  if (!gtk_widget_get_mapped (widget) || !gtk_widget_is_sensitive (widget))
    return;
  if (is_control (widget) && gtk_widget_get_focusable (widget) && gtk_widget_get_can_focus (widget))
    g_hash_table_add (controls, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_controls (child, controls);
}

/* Goes on in one direction until it comes to where it was. */
static void
walk (GtkWindow *window, GtkDirectionType direction, GHashTable *reached)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  GtkWidget *focus;

  while (gtk_widget_child_focus (GTK_WIDGET (window), direction))
    {
      focus = gtk_window_get_focus (window);
      if (focus == NULL || !g_hash_table_add (seen, focus))
        break;
      g_hash_table_add (reached, focus);
    }
}

/* Tab from control to control; from each that Tab leads to, the arrow keys within its group. */
static GHashTable *
collect_reached (GtkWindow *window)
{
  static const GtkDirectionType arrows[] = { GTK_DIR_DOWN, GTK_DIR_RIGHT, GTK_DIR_UP,
                                             GTK_DIR_LEFT };
  g_autoptr (GHashTable) by_tab = g_hash_table_new (NULL, NULL);
  GHashTable *reached = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer widget;

  gtk_window_set_focus (window, NULL);
  walk (window, GTK_DIR_TAB_FORWARD, by_tab);
  g_hash_table_iter_init (&iter, by_tab);
  while (g_hash_table_iter_next (&iter, &widget, NULL))
    {
      g_hash_table_add (reached, widget);
      for (gsize i = 0; i < G_N_ELEMENTS (arrows); i++)
        {
          gtk_window_set_focus (window, widget);
          walk (window, arrows[i], reached);
        }
    }
  return reached;
}

static char *
describe (GtkWidget *widget)
{
  g_autofree char *text = mortise_test_collect_text (widget);
  g_autofree char *tooltip = g_strdup (gtk_widget_get_tooltip_text (widget));

  return g_strdup_printf ("%s “%s” (%s) in %s", G_OBJECT_TYPE_NAME (widget), g_strstrip (text),
                          tooltip != NULL ? tooltip : "",
                          G_OBJECT_TYPE_NAME (gtk_widget_get_parent (widget)));
}

/* Everything a person can press is led to by Tab and the arrow keys. */
static void
test_keyboard (Fixture *fixture, gconstpointer data)
{
  GtkWindow *window = go_to (fixture, data);
  g_autoptr (GHashTable) controls = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) reached = NULL;
  GHashTableIter iter;
  gpointer widget;

  collect_controls (GTK_WIDGET (window), controls);
  g_assert_cmpuint (g_hash_table_size (controls), >, 0);
  reached = collect_reached (window);
  g_hash_table_iter_init (&iter, controls);
  while (g_hash_table_iter_next (&iter, &widget, NULL))
    {
      if (!g_hash_table_contains (reached, widget) && gtk_widget_get_mapped (widget))
        {
          g_autofree char *text = describe (widget);

          g_test_message ("No key leads to %s", text);
          g_test_fail ();
        }
    }
  leave (fixture, window);
}

/* --- Templates ---------------------------------------------------------------------------------
 */

static GtkWidget *
find_type (GtkWidget *root, GType type)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_type (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
collect_shortcuts (GtkWidget *widget, GHashTable *actions)
{
  if (GTK_IS_SHORTCUTS_SHORTCUT (widget))
    {
      char *action = NULL;

      g_object_get (widget, "action-name", &action, NULL);
      if (action != NULL)
        g_hash_table_add (actions, action);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_shortcuts (child, actions);
}

/* The shortcuts window has every key there is, and none that is not. */
static void
test_shortcuts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GHashTable) shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) described = NULL;
  GtkApplication *application = NULL;
  GtkWindow *dialog = NULL;
  GHashTableIter iter;
  gpointer action;
  guint n_keys = 0;

  mortise_window_fixture_open (fixture);
  application = gtk_window_get_application (fixture->window);
  gtk_widget_activate_action (fixture->root, "win.show-help-overlay", NULL);
  dialog = mortise_window_fixture_get_dialog (fixture);
  collect_shortcuts (GTK_WIDGET (dialog), shown);
  gtk_window_close (dialog);

  described = gtk_application_list_action_descriptions (application);
  for (char **name = described; *name != NULL; name++)
    {
      g_auto (GStrv) keys = gtk_application_get_accels_for_action (application, *name);

      if (keys[0] == NULL)
        continue;
      n_keys++;
      if (!g_hash_table_contains (shown, *name))
        g_error ("%s has the key %s, and the shortcuts window does not say so", *name, keys[0]);
    }
  g_assert_cmpuint (n_keys, >=, 12);
  g_hash_table_iter_init (&iter, shown);
  while (g_hash_table_iter_next (&iter, &action, NULL))
    {
      g_auto (GStrv) keys = gtk_application_get_accels_for_action (application, action);

      if (keys[0] == NULL)
        g_error ("The shortcuts window shows %s, which has no key", (const char *) action);
    }
}

static char *
get_template_class (const char *ui)
{
  g_autoptr (GRegex) pattern = g_regex_new ("<template class=\"([A-Za-z]+)\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  return g_regex_match (pattern, ui, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

/* Every .ui file of the window becomes widgets, without a warning (which would end the test): those
 * of pages when the page is visited, the others here. */
static void
test_templates (Fixture *fixture, gconstpointer data)
{
  g_auto (GStrv) names = g_resources_enumerate_children (MORTISE_OBJECT_PATH "/window",
                                                         G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autoptr (GHashTable) classes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer class;
  static const Place stays[] = {
    { "passkey", NULL, "win.show-passkey", "int64 1", FALSE, "Names on This Computer" },
    { "deleted", NULL, "win.page", "'deleted'", FALSE, "old-forum.example" },
    { "help", NULL, "win.help", "'start'", TRUE, NULL },
    { "preferences", NULL, "win.preferences", NULL, TRUE, NULL },
  };

  for (char **name = names; *name != NULL; name++)
    {
      g_autofree char *path = g_build_path ("/", MORTISE_OBJECT_PATH, "window", *name, NULL);
      g_autoptr (GBytes) bytes = NULL;
      char *found;

      if (!g_str_has_suffix (*name, ".ui"))
        continue;
      bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
      found = get_template_class (g_bytes_get_data (bytes, NULL));
      if (found != NULL)
        g_hash_table_add (classes, found);
      else
        g_object_unref (gtk_builder_new_from_resource (path));
    }
  g_assert_cmpuint (g_hash_table_size (classes), >=, 10);

  mortise_window_fixture_open_samples (fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (stays); i++)
    {
      g_autoptr (GVariant) target = stays[i].target != NULL
                                        ? g_variant_parse (NULL, stays[i].target, NULL, NULL, NULL)
                                        : NULL;
      GtkWidget *root = fixture->root;

      gtk_widget_activate_action_variant (fixture->root, stays[i].action, target);
      if (stays[i].is_dialog)
        root = GTK_WIDGET (mortise_window_fixture_get_dialog (fixture));
      mortise_test_settle (GTK_WINDOW (root));
      g_hash_table_iter_init (&iter, classes);
      while (g_hash_table_iter_next (&iter, &class, NULL))
        {
          GType type = g_type_from_name (class);

          if (type != G_TYPE_INVALID && find_type (root, type) != NULL)
            g_hash_table_iter_remove (&iter);
        }
      if (stays[i].is_dialog)
        gtk_window_destroy (GTK_WINDOW (root));
    }
  g_hash_table_iter_init (&iter, classes);
  while (g_hash_table_iter_next (&iter, &class, NULL))
    {
      GType type = g_type_from_name (class);
      GtkWidget *widget;

      if (type == G_TYPE_INVALID)
        g_error ("Nothing made a %s: visit its place in this test", (const char *) class);
      widget = g_object_ref_sink (g_object_new (type, NULL));
      g_assert_nonnull (gtk_widget_get_first_child (widget));
      g_object_unref (widget);
    }
}

/* --- Names from outside ------------------------------------------------------------------------
 */

static char *
repeat (const char *text, guint count)
{
  GString *all = g_string_new (NULL);

  for (guint i = 0; i < count; i++)
    g_string_append (all, text);
  return g_string_free (all, FALSE);
}

static void
assert_safe_text (const char *text)
{
  int depth = 0;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c != '\0'; c += g_utf8_skip[(guchar) *c])
    {
      gunichar character = g_utf8_get_char (c);

      /* Line ends are ours, in sentences. */
      if (character != '\n' && g_unichar_type (character) == G_UNICODE_CONTROL)
        g_error ("A control character in a text: %s", g_strescape (text, NULL));
      if (character >= 0x202A && character <= 0x202E)
        g_error ("A text turns the direction of writing: %s", g_strescape (text, NULL));
      /* Isolates are ours; every one is closed, or it would turn what follows. */
      if (character >= 0x2066 && character <= 0x2068)
        depth++;
      else if (character == 0x2069)
        g_assert_cmpint (--depth, >=, 0);
    }
  g_assert_cmpint (depth, ==, 0);
}

/* Well over what is shown of a name, in code points, and well under the longest names here. */
#define SPOKEN_MAX 5000

/* What a screen reader is told, which no label has to show. */
static void
assert_safe_spoken (GtkWidget *widget)
{
  static const GtkAccessibleProperty told[] = { GTK_ACCESSIBLE_PROPERTY_LABEL,
                                                GTK_ACCESSIBLE_PROPERTY_DESCRIPTION };

  for (gsize i = 0; i < G_N_ELEMENTS (told); i++)
    {
      g_autofree char *text = NULL;

      if (!gtk_test_accessible_has_property (GTK_ACCESSIBLE (widget), told[i]))
        continue;
      /* Tells what it is instead. */
      text = gtk_test_accessible_check_property (GTK_ACCESSIBLE (widget), told[i],
                                                 "not called like this", NULL);
      g_assert_nonnull (text);
      assert_safe_text (text);
      g_assert_cmpint (g_utf8_strlen (text, -1), <, SPOKEN_MAX);
    }
}

static void
assert_safe (GtkWidget *widget)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  assert_safe_spoken (widget);
  if (gtk_widget_get_tooltip_text (widget) != NULL)
    assert_safe_text (gtk_widget_get_tooltip_text (widget));
  /* The preview draws names as browsers do, each alone on its line: to show what is wrong there. */
  if (MORTISE_IS_PICKER_PREVIEW (widget))
    return;
  if (GTK_IS_LABEL (widget))
    assert_safe_text (gtk_label_get_text (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    assert_safe (child);
}

static gboolean
has_no_rows (gpointer user_data)
{
  return mortise_test_find (user_data, g_type_from_name ("MortisePasskeyRow"), NULL) == NULL;
}

/* Recently deleted has buttons and a toast of its own. */
static void
assert_safe_deleted (Fixture *fixture, gint64 count)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 id = 1; id <= count; id++)
    g_array_append_val (ids, id);
  gtk_widget_activate_action (fixture->root, "win.delete-passkey", "x", (gint64) 1);
  mortise_window_fixture_wait_for_text (fixture, "Deleted ");
  assert_safe (fixture->root);
  gtk_widget_activate_action_variant (
      fixture->root, "win.delete-passkeys",
      g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, ids->data, ids->len, sizeof (gint64)));
  mortise_test_wait_until (has_no_rows, fixture->root);
  gtk_widget_activate_action (fixture->root, "win.page", "s", "deleted");
  mortise_window_fixture_wait_for_text (fixture, "hostile.example");
  mortise_test_settle (fixture->window);
  assert_safe (fixture->root);
  mortise_test_assert_named (fixture->root);
}

static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  g_autofree char *wide = repeat ("W", 10000);
  g_autofree char *ideographs = repeat ("鍵", 10000);
  g_autofree char *families = repeat ("👨‍👩‍👧‍👦", 400);
  g_autofree char *flags = repeat ("🇯🇵", 1000);
  g_autofree char *overrides = repeat ("\xe2\x80\xae"
                                       "abc",
                                       500);
  g_autofree char *isolates = repeat ("\xe2\x81\xa7", 300);
  g_autofree char *marks = repeat ("\xcc\x81", 5000);
  g_autofree char *lines = repeat ("line\n", 2000);
  const char *const names[] = {
    wide,
    ideographs,
    families,
    flags,
    overrides,
    isolates,
    marks,
    lines,
    "\xe2\x80\xae",
    "\x01\x02\x1b]0;title\x07\x7f",
    "\xc2\x9b"
    "31m",
    "%s%n%d",
    "<span size='99999'>big</span>&#0;",
    "\xef\xbf\xbf\xf3\xa0\x80\x81",
    "  \t ",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "rp-id", "s", "hostile.example");
      g_variant_dict_insert (&dict, "rp-name", "s", names[i]);
      g_variant_dict_insert (&dict, "user-name", "s", names[i]);
      g_variant_dict_insert (&dict, "user-display-name", "s", names[i]);
      g_variant_dict_insert (&dict, "label", "s", names[i]);
      g_variant_dict_insert (&dict, "nickname", "s", names[i]);
      mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW, g_variant_dict_end (&dict));
    }
  mortise_window_fixture_open (fixture);
  mortise_window_fixture_wait_for_list (fixture, G_N_ELEMENTS (names));
  for (gint64 id = 1; id <= (gint64) G_N_ELEMENTS (names); id++)
    {
      int minimum = 0;

      gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", id);
      mortise_test_settle (fixture->window);
      mortise_window_fixture_wait_for_text (fixture, "Names on This Computer");
      assert_safe (fixture->root);
      mortise_test_assert_named (fixture->root);
      /* However long, it does not make the window wider than a small screen. */
      gtk_widget_measure (fixture->root, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL,
                          NULL);
      g_assert_cmpint (minimum, <=, 360);
    }
  assert_safe_deleted (fixture, G_N_ELEMENTS (names));
}

/* --- Threads -----------------------------------------------------------------------------------
 */

typedef struct
{
  GThread *main;
  guint gone;      /* here; atomic */
  guint elsewhere; /* atomic */
} Gone;

static void
on_gone (gpointer user_data, GObject *object)
{
  Gone *gone = user_data;

  g_atomic_int_inc (g_thread_self () == gone->main ? &gone->gone : &gone->elsewhere);
}

static gboolean
are_gone (gpointer user_data)
{
  Gone *gone = user_data;

  return g_atomic_int_get (&gone->gone) + g_atomic_int_get (&gone->elsewhere) == 2;
}

/* What reads or checks in a thread is let go of the moment it is told the result: it has to go in
 * this thread, as what it is connected to is used here. */
static void
test_gone_here (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  for (guint i = 0; i < 30; i++)
    {
      Gone gone = { .main = g_thread_self () };
      MortisePasskeyStore *store = mortise_passkey_store_new (fixture->client, TRUE);
      MortiseNamingWatch *watch = mortise_naming_watch_new (store);

      g_object_weak_ref (G_OBJECT (store), on_gone, &gone);
      g_object_weak_ref (G_OBJECT (watch), on_gone, &gone);
      g_signal_connect (store, "notify::loaded", G_CALLBACK (g_object_unref), NULL);
      g_signal_connect (watch, "changed", G_CALLBACK (g_object_unref), NULL);
      mortise_test_wait_until (are_gone, &gone);
      g_assert_cmpuint (gone.elsewhere, ==, 0);
    }
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD(name, function) MORTISE_WINDOW_TEST ("/window/robustness/" name, NULL, function)
  ADD ("templates", test_templates);
  ADD ("shortcuts", test_shortcuts);
  ADD ("hostile", test_hostile);
  ADD ("gone-here", test_gone_here);
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *names = g_strconcat ("/window/robustness/names/", places[i].name, NULL);
      g_autofree char *keyboard =
          g_strconcat ("/window/robustness/keyboard/", places[i].name, NULL);

      MORTISE_WINDOW_TEST (names, &places[i], test_names);
      MORTISE_WINDOW_TEST (keyboard, &places[i], test_keyboard);
    }
#undef ADD
  return g_test_run ();
}
