/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/screenshot.h"

#include "tests/support/gui-test.h"

#include <glib/gstdio.h>
#include <string.h>

#define NARROW_WIDTH 360

/* A picture that differs is taken again, as what is read from the agent may still be on its way, on
 * a machine however slow: so long each, and so long for all of a program, of which every picture
 * may differ. */
#define PATIENCE     (120 * G_USEC_PER_SEC)
#define ALL_PATIENCE (180 * G_USEC_PER_SEC)

/* The same where pictures are renewed, and most are expected to differ. */
#define ACCEPTING_PATIENCE     (10 * G_USEC_PER_SEC)
#define ALL_ACCEPTING_PATIENCE (60 * G_USEC_PER_SEC)

/* A new one is taken until so many are the same. */
#define RESTING 4

void
mortise_test_screenshot_size (GtkWindow *window, int width, int height)
{
  if (g_str_equal (mortise_test_get_variant (), "narrow"))
    width = NARROW_WIDTH;
  gtk_window_set_default_size (window, width, height);
}

/* --- Pictures ----------------------------------------------------------------------------------
 */

typedef struct
{
  int width;
  int height;
  guint32 *pixels; /* premultiplied, in the order of GDK_MEMORY_DEFAULT */
} Picture;

static void
picture_free (Picture *picture)
{
  g_free (picture->pixels);
  g_free (picture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Picture, picture_free)

static Picture *
picture_new (int width, int height)
{
  Picture *picture = g_new0 (Picture, 1);

  picture->width = width;
  picture->height = height;
  picture->pixels = g_new0 (guint32, (gsize) width * (gsize) height);
  return picture;
}

/* (nullable) (transfer full): from a PNG; both sides of a comparison come from one, so that neither
 * is rounded differently */
static Picture *
picture_decode (GBytes *png)
{
  g_autoptr (GdkTexture) texture = gdk_texture_new_from_bytes (png, NULL);
  Picture *picture;

  if (texture == NULL)
    return NULL;
  picture = picture_new (gdk_texture_get_width (texture), gdk_texture_get_height (texture));
  gdk_texture_download (texture, (guchar *) picture->pixels, (gsize) picture->width * 4);
  return picture;
}

static gboolean
picture_equal (const Picture *a, const Picture *b)
{
  return a->width == b->width && a->height == b->height &&
         memcmp (a->pixels, b->pixels, (gsize) a->width * (gsize) a->height * 4) == 0;
}

static guint32
pixel_at (const Picture *picture, int x, int y)
{
  return x < picture->width && y < picture->height
             ? picture->pixels[(gsize) y * (gsize) picture->width + (gsize) x]
             : 0;
}

/* (transfer full): what is the same is pale, what is not is red; @ret_count: how many pixels */
static Picture *
picture_difference (const Picture *actual, const Picture *expected, guint *ret_count)
{
  Picture *picture =
      picture_new (MAX (actual->width, expected->width), MAX (actual->height, expected->height));
  const guint8 red[4] = { 0x20, 0x20, 0xe0, 0xff };

  *ret_count = 0;
  for (int y = 0; y < picture->height; y++)
    {
      for (int x = 0; x < picture->width; x++)
        {
          guint32 *pixel = &picture->pixels[(gsize) y * (gsize) picture->width + (gsize) x];
          guint32 value = pixel_at (expected, x, y);
          guint8 *bytes = (guint8 *) pixel;

          if (pixel_at (actual, x, y) != value)
            {
              memcpy (bytes, red, sizeof red);
              ++*ret_count;
              continue;
            }
          memcpy (bytes, &value, sizeof value);
          for (int i = 0; i < 3; i++)
            bytes[i] = (guint8) (0xc0 + bytes[i] / 4);
          bytes[3] = 0xff;
        }
    }
  return picture;
}

static void
picture_save (const Picture *picture, const char *path)
{
  g_autoptr (GBytes) bytes = g_bytes_new (
      picture->pixels, (gsize) picture->width * (gsize) picture->height * sizeof (guint32));
  g_autoptr (GdkTexture) texture =
      gdk_memory_texture_new (picture->width, picture->height, GDK_MEMORY_DEFAULT, bytes,
                              (gsize) picture->width * sizeof (guint32));

  g_assert_true (gdk_texture_save_to_png (texture, path));
}

typedef struct
{
  GtkWidget *widget;
  GskRenderNode *node;
} Drawing;

/* On a busy machine the window may have to be drawn anew just after it settled: then there is
 * nothing of it for a moment. */
static gboolean
is_drawn (gpointer user_data)
{
  Drawing *drawing = user_data;
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (drawing->widget);
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (drawing->widget),
                          gtk_widget_get_height (drawing->widget));
  drawing->node = gtk_snapshot_to_node (snapshot);
  return drawing->node != NULL;
}

/* (transfer full): the window as a PNG */
static GBytes *
take (GtkWindow *window)
{
  GtkWidget *widget = GTK_WIDGET (window);
  Drawing drawing = { widget, NULL };
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  graphene_rect_t area;
  int width;
  int height;

  mortise_test_settle (window);
  mortise_test_wait_until (is_drawn, &drawing);
  node = drawing.node;
  width = gtk_widget_get_width (widget);
  height = gtk_widget_get_height (widget);
  /* The window's shadow is left out: it depends on the display. */
  graphene_rect_init (&area, 0, 0, (float) width, (float) height);
  texture =
      gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, &area);
  return gdk_texture_save_to_png_bytes (texture);
}

static void
write_file (const char *folder, const char *file_name, GBytes *bytes)
{
  g_autofree char *path = g_build_filename (folder, file_name, NULL);
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_file_set_contents (path, data, (gssize) size, &error);
  g_assert_no_error (error);
}

/* --- References --------------------------------------------------------------------------------
 */

static const char *
get_folder (const char *variable)
{
  const char *folder = g_getenv (variable);

  return folder != NULL && *folder != '\0' ? folder : NULL;
}

/* A folder in which nobody has put a picture yet asks for nothing. */
static gboolean
has_pictures (const char *references)
{
  g_autoptr (GDir) folder = g_dir_open (references, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      if (g_str_has_suffix (name, ".png"))
        return TRUE;
    }
  return FALSE;
}

/* In light everything but what the file `variants` beside the references has with a minus; in the
 * other variants what it has. */
static gboolean
is_wanted (const char *references, const char *name)
{
  g_autofree char *path = g_build_filename (references, "variants", NULL);
  g_autofree char *without = g_strconcat ("-", name, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  if (g_str_equal (mortise_test_get_variant (), "light"))
    return !g_strv_contains ((const char *const *) lines, without);
  return g_strv_contains ((const char *const *) lines, name);
}

static void
keep_difference (const char *file_name, GBytes *actual_png, const Picture *actual, const char *path)
{
  const char *artifacts = get_folder ("MORTISE_TEST_ARTIFACTS");
  g_autofree char *folder = g_build_filename (
      artifacts != NULL ? artifacts : g_getenv ("G_TEST_BUILDDIR"), "screenshots-differ", NULL);
  g_autofree char *stem = g_strndup (file_name, strlen (file_name) - strlen (".png"));
  g_autofree char *actual_name = g_strconcat (stem, ".actual.png", NULL);
  g_autofree char *expected_name = g_strconcat (stem, ".expected.png", NULL);
  g_autofree char *difference_name = g_strconcat (stem, ".difference.png", NULL);
  g_autofree char *difference_path = g_build_filename (folder, difference_name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GBytes) expected_png = NULL;
  g_autoptr (Picture) expected = NULL;
  g_autoptr (Picture) difference = NULL;
  guint count = 0;
  gsize size = 0;

  write_file (folder, actual_name, actual_png);
  if (!g_file_get_contents (path, &contents, &size, NULL))
    {
      g_test_message ("%s: there is no reference picture; look at %s/%s and run “./dev screenshots "
                      "--accept”",
                      file_name, folder, actual_name);
      return;
    }
  expected_png = g_bytes_new (contents, size);
  expected = picture_decode (expected_png);
  g_assert_nonnull (expected);
  difference = picture_difference (actual, expected, &count);
  write_file (folder, expected_name, expected_png);
  picture_save (difference, difference_path);
  g_test_message ("%s: %u pixels differ from the reference picture; look at %s, and if it is as it "
                  "should be run “./dev screenshots --accept”",
                  file_name, count, difference_path);
}

static Picture *
read_picture (const char *path)
{
  g_autofree char *contents = NULL;
  g_autoptr (GBytes) png = NULL;
  gsize size = 0;

  if (!g_file_get_contents (path, &contents, &size, NULL))
    return NULL;
  png = g_bytes_new (contents, size);
  return picture_decode (png);
}

/* How long the next picture may differ, with @spent on those before. */
static gint64
get_patience (gint64 spent)
{
  /* Started by a test to see it fail. */
  if (g_test_subprocess ())
    return 0;
  if (get_folder ("MORTISE_SCREENSHOT_ACCEPT") != NULL)
    return CLAMP (ALL_ACCEPTING_PATIENCE - spent, 0, ACCEPTING_PATIENCE);
  return CLAMP (ALL_PATIENCE - spent, 0, PATIENCE);
}

/* @ret_png, @ret_picture: (out): as it looked last. Returns: whether it is as in the file @path */
static gboolean
looks_like (GtkWindow *window, const char *path, GBytes **ret_png, Picture **ret_picture)
{
  static gint64 spent = 0;
  const gint64 patience = get_patience (spent);
  g_autoptr (Picture) expected = read_picture (path);
  gint64 start = g_get_monotonic_time ();
  guint resting = 0;

  for (;;)
    {
      g_autoptr (Picture) last = g_steal_pointer (ret_picture);
      gint64 waited = g_get_monotonic_time () - start;

      g_clear_pointer (ret_png, g_bytes_unref);
      *ret_png = take (window);
      *ret_picture = picture_decode (*ret_png);
      if (expected != NULL && picture_equal (*ret_picture, expected))
        return TRUE;
      resting = last != NULL && picture_equal (*ret_picture, last) ? resting + 1 : 0;
      if (expected == NULL ? resting == RESTING : waited > patience)
        {
          spent += waited;
          return FALSE;
        }
    }
}

static void
compare (GtkWindow *window, const char *references, const char *file_name)
{
  g_autofree char *path = g_build_filename (references, file_name, NULL);
  g_autoptr (GBytes) png = NULL;
  g_autoptr (Picture) picture = NULL;

  if (looks_like (window, path, &png, &picture))
    return;
  if (get_folder ("MORTISE_SCREENSHOT_ACCEPT") != NULL)
    {
      write_file (references, file_name, png);
      return;
    }
  keep_difference (file_name, png, picture, path);
  g_test_fail ();
}

void
mortise_test_screenshot (GtkWindow *window, const char *name)
{
  const char *folder = get_folder ("MORTISE_SCREENSHOT_DIR");
  const char *references = get_folder ("MORTISE_SCREENSHOT_REFERENCES");
  g_autofree char *file_name = g_strdup_printf ("%s-%s.png", name, mortise_test_get_variant ());

  if (folder != NULL)
    {
      g_autoptr (GBytes) png = take (window);

      write_file (folder, file_name, png);
    }
  if (references != NULL &&
      (has_pictures (references) || get_folder ("MORTISE_SCREENSHOT_ACCEPT") != NULL) &&
      is_wanted (references, name))
    compare (window, references, file_name);
}
