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

static void
assert_same_bytes (const char *first, const char *second)
{
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  gsize a_size = 0;
  gsize b_size = 0;

  g_assert_true (g_file_get_contents (first, &a, &a_size, NULL));
  g_assert_true (g_file_get_contents (second, &b, &b_size, NULL));
  g_assert_cmpmem (a, a_size, b, b_size);
}

/* Screenshots can be compared only if two of the same thing are the same. */
static void
test_screenshots_are_stable (void)
{
  g_autofree char *kept = g_strdup (g_getenv ("MORTISE_SCREENSHOT_DIR"));
  g_autofree char *folder = g_dir_make_tmp ("mortise-shots.XXXXXX", NULL);
  const char *names[] = { "first", "second" };
  char *paths[2];

  g_setenv ("MORTISE_SCREENSHOT_DIR", folder, TRUE);
  for (int i = 0; i < 2; i++)
    {
      GtkWindow *window = open_window ();
      g_autofree char *file_name =
          g_strdup_printf ("%s-%s.png", names[i], mortise_test_get_variant ());

      mortise_test_screenshot (window, names[i]);
      paths[i] = g_build_filename (folder, file_name, NULL);
      gtk_window_destroy (window);
    }
  assert_same_bytes (paths[0], paths[1]);
  for (int i = 0; i < 2; i++)
    {
      g_assert_cmpint (g_remove (paths[i]), ==, 0);
      g_free (paths[i]);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  if (kept != NULL)
    g_setenv ("MORTISE_SCREENSHOT_DIR", kept, TRUE);
  else
    g_unsetenv ("MORTISE_SCREENSHOT_DIR");
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

  g_test_add_func ("/gui-harness/find-and-press", test_find_and_press);
  g_test_add_func ("/gui-harness/type", test_type);
  g_test_add_func ("/gui-harness/screenshots-are-stable", test_screenshots_are_stable);
  return g_test_run ();
}
