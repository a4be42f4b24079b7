/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/window-fixture.h"

#include <malloc.h>

/* The window, opened and closed a hundred times, each time with something else done in it: nothing
 * of it stays. */

typedef MortiseWindowFixture Fixture;

#define ROUNDS 100

/* Rounds until what GTK, Pango, fontconfig and the type system keep for good is there. */
#define WARM_UP 40

/*
 * How much more memory may be in use for each round after the warm-up, in bytes. Objects are
 * followed one by one; this is for what is no object, such as replies and texts. 24 KiB were
 * measured and traced: GtkPopoverMenu of GTK 4.8 never lets go of the sections of its menu, of
 * which a window has eight with thirty items, and GLib's table of signal handlers grows by what
 * these connected.
 */
#define BYTES_PER_ROUND (48 * 1024)

/* What is followed and not gone yet, address → its type: of the window that is there, and of the
 * one that was closed. Passkeys are made and may go in other threads. */
static GHashTable *living = NULL;
static GHashTable *leaving = NULL;
static GMutex lock;

static void
note_gone (gpointer data, GObject *object)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  if (!g_hash_table_remove (leaving, object))
    g_hash_table_remove (living, object);
}

static gboolean
is_new (GObject *object)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  return !g_hash_table_contains (leaving, object) &&
         g_hash_table_insert (living, object, GSIZE_TO_POINTER (G_OBJECT_TYPE (object)));
}

static void
follow (GObject *object)
{
  if (is_new (object))
    g_object_weak_ref (object, note_gone, NULL);
}

static guint
count (GHashTable **table)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  return g_hash_table_size (*table);
}

/* All that is followed has to go from here on. */
static void
leave (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  GHashTable *empty = g_steal_pointer (&leaving);

  g_assert_cmpuint (g_hash_table_size (empty), ==, 0);
  leaving = g_steal_pointer (&living);
  living = empty;
}

/* --- Everything of ours that is made -----------------------------------------------------------
 */

/* GLib counts instances only where it was built for that, so those of our types report themselves.
 */
typedef struct
{
  GType type;
  void (*constructed) (GObject *object);
} Maker;

static GArray *makers = NULL;

static void
note_made (GObject *object)
{
  for (guint i = 0; i < makers->len; i++)
    {
      const Maker *maker = &g_array_index (makers, Maker, i);

      if (maker->type != G_OBJECT_TYPE (object))
        continue;
      maker->constructed (object);
      follow (object);
      return;
    }
  g_assert_not_reached ();
}

/* Those under @parent that were used so far. */
static void
watch_types (GType parent)
{
  g_autofree GType *types = g_type_children (parent, NULL);

  for (guint i = 0; types[i] != 0; i++)
    {
      if (g_str_has_prefix (g_type_name (types[i]), "Mortise"))
        {
          GObjectClass *klass = g_type_class_ref (types[i]);
          const Maker maker = { types[i], klass->constructed };

          g_array_append_val (makers, maker);
          klass->constructed = note_made;
        }
      watch_types (types[i]);
    }
}

/* --- What is on the screen ---------------------------------------------------------------------
 */

/* @widget and everything in it, on the screen or not. */
static void
follow_all (GtkWidget *widget)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  /* GTK has one for a display, which wanders from window to window. */
  if (g_str_equal (G_OBJECT_TYPE_NAME (widget), "GtkTooltipWindow"))
    return;
  follow (G_OBJECT (widget));
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GObject) controller = g_list_model_get_item (controllers, i);

      follow (controller);
    }
  if (GTK_IS_LIST_VIEW (widget) && gtk_list_view_get_model (GTK_LIST_VIEW (widget)) != NULL)
    follow (G_OBJECT (gtk_list_view_get_model (GTK_LIST_VIEW (widget))));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    follow_all (child);
}

static gboolean
mark_late (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* What waits for a reply or an idle moment goes after that; only a failing test waits this long. */
static void
assert_gone (void)
{
  gboolean late = FALSE;
  guint limit = g_timeout_add_seconds (240, mark_late, &late);
  GHashTableIter iter;
  gpointer type;

  while (count (&leaving) > 0 && !late)
    g_main_context_iteration (NULL, TRUE);
  if (!late)
    g_source_remove (limit);
  g_hash_table_iter_init (&iter, leaving);
  while (g_hash_table_iter_next (&iter, NULL, &type))
    g_test_message ("Still there: %s", g_type_name (GPOINTER_TO_SIZE (type)));
  g_assert_cmpuint (count (&leaving), ==, 0);
}

/* The dialog that was just opened is there, is followed and goes. */
static void
close_dialog (Fixture *fixture)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  guint closed = 0;

  for (GList *entry = windows; entry != NULL; entry = entry->next)
    {
      if (entry->data == (gpointer) fixture->window || !gtk_widget_get_visible (entry->data))
        continue;
      g_assert_true (gtk_widget_get_mapped (entry->data));
      follow_all (entry->data);
      gtk_window_destroy (entry->data);
      closed++;
    }
  g_assert_cmpuint (closed, ==, 1);
}

/* --- What is done in a round -------------------------------------------------------------------
 */

static void
type_into (Fixture *fixture, GType type, const char *name, const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (mortise_test_get (fixture->root, type, name)), text);
}

/* One name is asked about and waits for the person to come back; the other is stored on leaving. */
static void
edit_names (Fixture *fixture)
{
  static guint notes = 0;
  g_autofree char *note = g_strdup_printf ("Note %u", notes++);

  mortise_test_settle (fixture->window);
  type_into (fixture, ADW_TYPE_ENTRY_ROW, "Account name", "somebody else");
  type_into (fixture, ADW_TYPE_ENTRY_ROW, "Your note", note);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", (gint64) 2);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", (gint64) 1);
  mortise_test_settle (fixture->window);
}

static void
search (Fixture *fixture)
{
  type_into (fixture, GTK_TYPE_SEARCH_ENTRY, NULL, "bank");
  mortise_test_settle (fixture->window);
}

static void
mark_all (Fixture *fixture)
{
  GtkWidget *list = mortise_test_get (fixture->root, GTK_TYPE_LIST_VIEW, NULL);

  gtk_widget_activate_action (list, "passkeys.select", NULL);
  gtk_widget_activate_action (list, "passkeys.select-all", NULL);
  mortise_window_fixture_wait_for_text (fixture, "10 selected");
}

static void
delete_and_undo (Fixture *fixture)
{
  mark_all (fixture);
  mortise_test_click (fixture->root, "Delete Selected Passkeys");
  mortise_window_fixture_wait_for_text (fixture, "Deleted 10 passkeys");
  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_wait_for_text (fixture, "10 passkeys");
}

static void
explain_damage (Fixture *fixture)
{
  gtk_widget_activate_action (mortise_test_get (fixture->root, GTK_TYPE_LIST_VIEW, NULL),
                              "passkeys.explain-damage", NULL);
}

typedef struct
{
  const char *action;
  const char *target;
  void (*then) (Fixture *fixture);
  gboolean opens_dialog;
} Step;

static void
visit (Fixture *fixture, guint round)
{
  static const Step steps[] = {
    { "win.show-passkey", "int64 1", NULL, FALSE },
    { "win.preferences", NULL, NULL, TRUE },
    { "win.show-passkey", "int64 1", edit_names, FALSE },
    { "win.page", "'health'", NULL, FALSE },
    { "win.help", "'start'", NULL, TRUE },
    { "win.search", NULL, search, FALSE },
    { "win.page", "'deleted'", NULL, FALSE },
    { "win.page", "'passkeys'", explain_damage, TRUE },
    { "win.about", NULL, NULL, TRUE },
    { "win.page", "'passkeys'", mark_all, FALSE },
    { "win.show-help-overlay", NULL, NULL, TRUE },
    { "win.page", "'passkeys'", delete_and_undo, FALSE },
  };
  const Step *step = &steps[round % G_N_ELEMENTS (steps)];
  g_autoptr (GVariant) target =
      step->target != NULL ? g_variant_parse (NULL, step->target, NULL, NULL, NULL) : NULL;

  g_assert_true (gtk_widget_activate_action_variant (fixture->root, step->action, target));
  if (step->then != NULL)
    step->then (fixture);
  if (step->opens_dialog)
    close_dialog (fixture);
}

static void
test_no_growth (Fixture *fixture, gconstpointer data)
{
  gsize before = 0;
  gsize after = 0;
  guint toplevels = 0;

  living = g_hash_table_new (NULL, NULL);
  leaving = g_hash_table_new (NULL, NULL);
  makers = g_array_new (FALSE, FALSE, sizeof (Maker));
  mortise_mock_agent_add_samples (fixture->agent, MORTISE_TEST_NOW);
  mortise_window_fixture_open (fixture);
  for (guint round = 0; round < ROUNDS; round++)
    {
      mortise_window_fixture_wait_for_text (fixture, "github.com");
      visit (fixture, round);
      follow_all (fixture->root);
      g_assert_cmpuint (count (&living), >, 500);
      gtk_window_destroy (fixture->window);
      if (round == WARM_UP)
        watch_types (G_TYPE_OBJECT);
      leave ();
      /* GTK lets go of the last of a window when the next one is there. */
      mortise_window_fixture_reopen (fixture);
      assert_gone ();
      g_free (mortise_mock_agent_take_calls (fixture->agent));

      if (round == 0)
        toplevels = g_list_model_get_n_items (gtk_window_get_toplevels ());
      g_assert_cmpuint (g_list_model_get_n_items (gtk_window_get_toplevels ()), ==, toplevels);
      after = mallinfo2 ().uordblks;
      if (round == WARM_UP)
        before = after;
    }
  g_test_message ("%zd bytes more for each round", (gssize) (after - before) / (ROUNDS - WARM_UP));
  if (after > before)
    g_assert_cmpuint ((after - before) / (ROUNDS - WARM_UP), <, BYTES_PER_ROUND);
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);
  MORTISE_WINDOW_TEST ("/window/leaks/no-growth", NULL, test_no_growth);
  return g_test_run ();
}
