/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/gui-test.h"
#include "tests/support/screenshot.h"

#include <glib/gstdio.h>

static GtkWindow *
open_window (void)
{
  GtkWidget *window = adw_window_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *entry = gtk_entry_new ();
  GtkWidget *button = gtk_button_new_with_mnemonic ("_Go on");

  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "Name of the door", -1);
  gtk_box_append (GTK_BOX (box), gtk_label_new ("Some text"));
  gtk_box_append (GTK_BOX (box), entry);
  gtk_box_append (GTK_BOX (box), button);
  adw_window_set_content (ADW_WINDOW (window), box);
  mortise_test_screenshot_size (GTK_WINDOW (window), 420, -1);
  gtk_window_present (GTK_WINDOW (window));
  mortise_test_settle (GTK_WINDOW (window));
  return GTK_WINDOW (window);
}

static void
count_press (GtkButton *button, gpointer user_data)
{
  int *presses = user_data;

  (*presses)++;
}

static void
test_find_and_press (void)
{
  GtkWindow *window = open_window ();
  GtkWidget *root = GTK_WIDGET (window);
  GtkWidget *button = mortise_test_get (root, GTK_TYPE_BUTTON, "Go on");
  int presses = 0;

  g_signal_connect (button, "clicked", G_CALLBACK (count_press), &presses);
  mortise_test_click (root, "Go on");
  g_assert_cmpint (presses, ==, 1);

  g_assert_true (mortise_test_has_text (root, "Some text"));
  g_assert_null (mortise_test_find (root, GTK_TYPE_BUTTON, "Stop"));
  mortise_test_assert_named (root);
  gtk_widget_set_visible (button, FALSE);
  g_assert_null (mortise_test_find (root, GTK_TYPE_BUTTON, "Go on"));
  gtk_window_destroy (window);
}

static gboolean
has_typed_text (gpointer user_data)
{
  return g_str_equal (gtk_editable_get_text (user_data), "Oak");
}

static void
test_type (void)
{
  GtkWindow *window = open_window ();
  GtkWidget *entry = mortise_test_get (GTK_WIDGET (window), GTK_TYPE_ENTRY, "Name of the door");

  gtk_widget_grab_focus (entry);
  mortise_test_keys ("O", "a", "k", NULL);
  mortise_test_wait_until (has_typed_text, entry);
  gtk_window_destroy (window);
}

typedef struct
{
  char *folder;
  GtkWindow *window;
} PictureTest;

static void
pictures_set_up (PictureTest *test, gconstpointer data)
{
  test->window = open_window ();
  /* What a test starts works in its folder. */
  if (g_test_subprocess ())
    {
      test->folder = g_strdup (g_getenv ("MORTISE_SCREENSHOT_REFERENCES"));
      return;
    }
  test->folder = g_dir_make_tmp ("mortise-shots.XXXXXX", NULL);
  {
    g_autofree char *list = g_build_filename (test->folder, "variants", NULL);

    g_assert_true (g_file_set_contents (list, "one\ntwo\n-left-out\n", -1, NULL));
  }
  g_unsetenv ("MORTISE_SCREENSHOT_DIR");
  g_unsetenv ("MORTISE_SCREENSHOT_ACCEPT");
  g_setenv ("MORTISE_SCREENSHOT_REFERENCES", test->folder, TRUE);
  g_setenv ("MORTISE_TEST_ARTIFACTS", test->folder, TRUE);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      else
        g_assert_cmpint (g_remove (child), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

static void
pictures_tear_down (PictureTest *test, gconstpointer data)
{
  gtk_window_destroy (test->window);
  if (!g_test_subprocess ())
    remove_folder (test->folder);
  g_free (test->folder);
}

static gboolean
has_picture (PictureTest *test, const char *name, const char *kind)
{
  g_autofree char *path =
      g_strdup_printf ("%s/%s-%s%s.png", test->folder, name, mortise_test_get_variant (), kind);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
accept (PictureTest *test, const char *name)
{
  g_setenv ("MORTISE_SCREENSHOT_ACCEPT", "1", TRUE);
  mortise_test_screenshot (test->window, name);
  g_unsetenv ("MORTISE_SCREENSHOT_ACCEPT");
}

/* Pictures can be compared only if two of the same thing are the same. */
static void
test_same_picture (PictureTest *test, gconstpointer data)
{
  accept (test, "one");
  g_assert_true (has_picture (test, "one", ""));
  gtk_window_destroy (test->window);
  test->window = open_window ();
  mortise_test_screenshot (test->window, "one");
  g_assert_false (g_test_failed ());

  mortise_test_screenshot (test->window, "left-out");
  g_assert_false (g_test_failed ());
}

/* One that differs fails, and is kept beside what was expected. */
static void
test_other_picture (PictureTest *test, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      GtkWidget *label = mortise_test_get (GTK_WIDGET (test->window), GTK_TYPE_LABEL, NULL);

      gtk_label_set_text (GTK_LABEL (label), "Some texl");
      mortise_test_screenshot (test->window, "one");
      return;
    }
  accept (test, "one");
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_assert_true (has_picture (test, "screenshots-differ/one", ".actual"));
  g_assert_true (has_picture (test, "screenshots-differ/one", ".expected"));
  g_assert_true (has_picture (test, "screenshots-differ/one", ".difference"));
}

/* One without a reference fails: nobody has looked at it. */
static void
test_new_picture (PictureTest *test, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      mortise_test_screenshot (test->window, "one");
      return;
    }
  /* As long as there is none at all, nothing is compared. */
  mortise_test_screenshot (test->window, "one");
  g_assert_false (g_test_failed ());
  accept (test, "two");
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_assert_true (has_picture (test, "screenshots-differ/one", ".actual"));
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

  g_test_add_func ("/gui-harness/find-and-press", test_find_and_press);
  g_test_add_func ("/gui-harness/type", test_type);
#define ADD(path, function)                                                                        \
  g_test_add (path, PictureTest, NULL, pictures_set_up, function, pictures_tear_down)
  ADD ("/gui-harness/same-picture", test_same_picture);
  ADD ("/gui-harness/other-picture", test_other_picture);
  ADD ("/gui-harness/new-picture", test_new_picture);
#undef ADD
  return g_test_run ();
}
