/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/window-fixture.h"

#include <malloc.h>

/* The window, opened and closed a hundred times, each time with another page or dialog of it:
 * nothing of them stays. */

typedef MortiseWindowFixture Fixture;

#define ROUNDS 100

/* Rounds until what GTK, Pango, fontconfig and the type system keep for good is there. */
#define WARM_UP 40

/*
 * How much more memory may be in use for each round after the warm-up, in bytes. Everything that is
 * on the screen is followed object by object and must go; this is for what is no widget, such as
 * models, replies and texts. About 25 KiB were measured, some of them GTK's own for each window
 * that there ever was; the widgets and models of one dialog that stays are more than a hundred.
 */
#define BYTES_PER_ROUND (64 * 1024)

/* What is followed and not gone yet: address → its type. */
static GHashTable *living = NULL;

static void
note_gone (gpointer data, GObject *object)
{
  g_hash_table_remove (living, object);
}

static void
follow (GObject *object)
{
  if (g_hash_table_insert (living, object, GSIZE_TO_POINTER (G_OBJECT_TYPE (object))))
    g_object_weak_ref (object, note_gone, NULL);
}

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
  guint limit = g_timeout_add_seconds (60, mark_late, &late);
  GHashTableIter iter;
  gpointer type;

  while (g_hash_table_size (living) > 0 && !late)
    g_main_context_iteration (NULL, TRUE);
  if (!late)
    g_source_remove (limit);
  g_hash_table_iter_init (&iter, living);
  while (g_hash_table_iter_next (&iter, NULL, &type))
    g_test_message ("Still there: %s", g_type_name (GPOINTER_TO_SIZE (type)));
  g_assert_cmpuint (g_hash_table_size (living), ==, 0);
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

typedef struct
{
  const char *action;
  const char *target;
  gboolean opens_dialog;
} Step;

static void
visit (Fixture *fixture, guint round)
{
  static const Step steps[] = {
    { "win.show-passkey", "int64 1", FALSE },
    { "win.preferences", NULL, TRUE },
    { "win.page", "'health'", FALSE },
    { "win.help", "'start'", TRUE },
    { "win.page", "'deleted'", FALSE },
    { "win.about", NULL, TRUE },
    { "win.search", NULL, FALSE },
    { "win.preferences", NULL, TRUE },
  };
  const Step *step = &steps[round % G_N_ELEMENTS (steps)];
  g_autoptr (GVariant) target =
      step->target != NULL ? g_variant_parse (NULL, step->target, NULL, NULL, NULL) : NULL;

  gtk_widget_activate_action_variant (fixture->root, step->action, target);
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
  mortise_mock_agent_add_samples (fixture->agent, MORTISE_TEST_NOW);
  mortise_window_fixture_open (fixture);
  for (guint round = 0; round < ROUNDS; round++)
    {
      mortise_window_fixture_wait_for_text (fixture, "github.com");
      visit (fixture, round);
      follow_all (fixture->root);
      g_assert_cmpuint (g_hash_table_size (living), >, 500);
      gtk_window_destroy (fixture->window);
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
