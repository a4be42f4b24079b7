/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/failure-report.h"

#include "tests/support/gui-test.h"

#include <execinfo.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <unistd.h>

/* How failed assertions, fatal messages of GLib and those under a debugger's trap end. */
static const int signals[] = { SIGABRT, SIGTRAP };

static GThread *main_thread = NULL;

static void
save_picture (GtkWidget *widget, const char *path)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (widget);
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  GskRenderer *renderer = gtk_native_get_renderer (GTK_NATIVE (widget));
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (widget),
                          gtk_widget_get_height (widget));
  node = gtk_snapshot_to_node (snapshot);
  if (node == NULL || renderer == NULL)
    return;
  texture = gsk_renderer_render_texture (renderer, node, NULL);
  gdk_texture_save_to_png (texture, path);
}

static void
show_window (GtkWidget *window, guint number)
{
  g_autofree char *text = mortise_test_collect_text (window);
  const char *artifacts = g_getenv ("MORTISE_TEST_ARTIFACTS");
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (window));

  g_printerr ("On the screen: %s, the focus in %s%s:\n%s\n", G_OBJECT_TYPE_NAME (window),
              focus != NULL ? G_OBJECT_TYPE_NAME (focus) : "nothing",
              gtk_window_is_active (GTK_WINDOW (window)) ? "" : ", not active", text);
  if (artifacts != NULL && *artifacts != '\0')
    {
      g_autofree char *program = g_path_get_basename (g_get_prgname ());
      g_autofree char *folder = g_build_filename (artifacts, "failed", NULL);
      g_autofree char *path =
          g_strdup_printf ("%s/%s-%s-%d-%u.png", folder, program, mortise_test_get_variant (),
                           (int) getpid (), number);

      if (g_mkdir_with_parents (folder, 0755) == 0)
        save_picture (window, path);
      g_printerr ("Its picture: %s\n\n", path);
    }
}

/* Not all that is called here may be called in a handler; the program is at its end anyway, and
 * what failed has been said. */
static void
on_failure (int number)
{
  g_autoptr (GList) windows = NULL;
  guint count = 0;
  void *frames[64];

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    signal (signals[i], SIG_DFL);
  backtrace_symbols_fd (frames, backtrace (frames, G_N_ELEMENTS (frames)), STDERR_FILENO);
  if (g_thread_self () == main_thread)
    windows = gtk_window_list_toplevels ();
  for (GList *entry = windows; entry != NULL; entry = entry->next)
    {
      if (gtk_widget_get_mapped (entry->data))
        show_window (entry->data, ++count);
    }
  raise (number);
}

void
mortise_test_report_failures (void)
{
  /* What a test starts to see it fail has nothing to tell. */
  if (g_test_subprocess ())
    return;
  main_thread = g_thread_self ();
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    signal (signals[i], on_failure);
}
