/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/screenshot.h"

#include "tests/support/gui-test.h"

#include <glib/gstdio.h>

#define NARROW_WIDTH 360

void
mortise_test_screenshot_size (GtkWindow *window, int width, int height)
{
  if (g_str_equal (mortise_test_get_variant (), "narrow"))
    width = NARROW_WIDTH;
  gtk_window_set_default_size (window, width, height);
}

void
mortise_test_screenshot (GtkWindow *window, const char *name)
{
  const char *folder = g_getenv ("MORTISE_SCREENSHOT_DIR");
  g_autofree char *file_name = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GdkPaintable) paintable = NULL;
  g_autoptr (GtkSnapshot) snapshot = NULL;
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  GtkWidget *widget = GTK_WIDGET (window);
  graphene_rect_t area;
  int width;
  int height;

  if (folder == NULL || *folder == '\0')
    return;

  mortise_test_settle (window);
  width = gtk_widget_get_width (widget);
  height = gtk_widget_get_height (widget);
  paintable = gtk_widget_paintable_new (widget);
  snapshot = gtk_snapshot_new ();
  gdk_paintable_snapshot (paintable, snapshot, width, height);
  node = gtk_snapshot_to_node (snapshot);
  g_assert_nonnull (node);
  /* The window's shadow is left out: it depends on the display. */
  graphene_rect_init (&area, 0, 0, (float) width, (float) height);
  texture =
      gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, &area);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  file_name = g_strdup_printf ("%s-%s.png", name, mortise_test_get_variant ());
  path = g_build_filename (folder, file_name, NULL);
  g_assert_true (gdk_texture_save_to_png (texture, path));
}
