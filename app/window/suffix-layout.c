/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/suffix-layout.h"

/* A line shorter than this many characters is no joy to read. */
#define READABLE_CHARS 26
/* As between the parts of a row in libadwaita, whose own layout this stands for. */
#define SPACING 6
/* Under the buttons, when they are below. */
#define FOOT 12

struct _MortiseSuffixLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (MortiseSuffixLayout, mortise_suffix_layout, GTK_TYPE_LAYOUT_MANAGER)

/* A row's header: what comes before the text (prefixes, icon), the text, the suffixes. */
typedef struct
{
  GtkWidget *text;
  GtkWidget *suffixes;
  int lead;
  int suffixes_width;
  gboolean beside;
} Parts;

static int
measure_min (GtkWidget *child, int *natural)
{
  int minimum = 0;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, natural, NULL, NULL);
  return minimum;
}

static int
get_height (GtkWidget *child, int width)
{
  int height = 0;

  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, &height, NULL, NULL, NULL);
  return height;
}

static int
get_readable (GtkWidget *widget)
{
  PangoFontMetrics *metrics =
      pango_context_get_metrics (gtk_widget_get_pango_context (widget), NULL, NULL);
  int width = PANGO_PIXELS_CEIL (pango_font_metrics_get_approximate_char_width (metrics));

  pango_font_metrics_unref (metrics);
  return width * READABLE_CHARS;
}

/* The last two of its children are the text and the suffixes. */
static Parts
find_parts (GtkWidget *header, int width)
{
  Parts parts = { .suffixes = gtk_widget_get_last_child (header) };
  int text_width = 0;
  int text_min = 0;
  int rest = 0;

  parts.text = gtk_widget_get_prev_sibling (parts.suffixes);
  for (GtkWidget *child = gtk_widget_get_first_child (header); child != parts.text;
       child = gtk_widget_get_next_sibling (child))
    {
      if (gtk_widget_should_layout (child))
        parts.lead += measure_min (child, NULL) + SPACING;
    }
  measure_min (parts.suffixes, &parts.suffixes_width);
  text_min = measure_min (parts.text, &text_width);
  rest = width - parts.lead - SPACING - parts.suffixes_width;
  parts.beside = width < 0 || parts.suffixes_width == 0 ||
                 rest >= MAX (text_min, MIN (text_width, get_readable (parts.text)));
  return parts;
}

static GtkSizeRequestMode
get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static int
get_text_width (const Parts *parts, int width)
{
  if (width < 0)
    return -1;
  return width - parts->lead - (parts->beside ? SPACING + parts->suffixes_width : 0);
}

static int
measure_height (GtkWidget *header, const Parts *parts, int width)
{
  const int text = get_height (parts->text, get_text_width (parts, width));
  const int suffixes = get_height (parts->suffixes, -1);
  int height = parts->beside ? MAX (text, suffixes) : text + suffixes + FOOT;

  for (GtkWidget *child = gtk_widget_get_first_child (header); child != parts->text;
       child = gtk_widget_get_next_sibling (child))
    {
      if (gtk_widget_should_layout (child))
        height = MAX (height, get_height (child, -1));
    }
  return height;
}

static void
measure (GtkLayoutManager *manager,
         GtkWidget *widget,
         GtkOrientation orientation,
         int for_size,
         int *minimum,
         int *natural,
         int *minimum_baseline,
         int *natural_baseline)
{
  const Parts parts = find_parts (widget, orientation == GTK_ORIENTATION_VERTICAL ? for_size : -1);
  int text_width = 0;

  if (orientation == GTK_ORIENTATION_VERTICAL)
    {
      *minimum = *natural = measure_height (widget, &parts, for_size);
      return;
    }
  *minimum = parts.lead + MAX (measure_min (parts.text, &text_width), parts.suffixes_width);
  *natural = parts.lead + text_width + SPACING + parts.suffixes_width;
}

static void
place (GtkWidget *header, GtkWidget *child, int x, int y, int width, int height)
{
  if (gtk_widget_get_direction (header) == GTK_TEXT_DIR_RTL)
    x = gtk_widget_get_width (header) - x - width;
  gtk_widget_size_allocate (child, &(GtkAllocation){ x, y, width, height }, -1);
}

static void
allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  const Parts parts = find_parts (widget, width);
  const int text_width = get_text_width (&parts, width);
  const int foot = parts.beside ? 0 : get_height (parts.suffixes, -1) + FOOT;
  int x = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != parts.text;
       child = gtk_widget_get_next_sibling (child))
    {
      if (gtk_widget_should_layout (child))
        {
          const int child_width = measure_min (child, NULL);

          place (widget, child, x, 0, child_width, height - foot);
          x += child_width + SPACING;
        }
    }
  place (widget, parts.text, x, 0, text_width, height - foot);
  if (parts.beside)
    place (widget, parts.suffixes, width - parts.suffixes_width, 0, parts.suffixes_width, height);
  else
    place (widget, parts.suffixes, x, height - foot, parts.suffixes_width, foot - FOOT);
}

static void
mortise_suffix_layout_class_init (MortiseSuffixLayoutClass *klass)
{
  GtkLayoutManagerClass *layout_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  layout_class->get_request_mode = get_request_mode;
  layout_class->measure = measure;
  layout_class->allocate = allocate;
}

static void
mortise_suffix_layout_init (MortiseSuffixLayout *self)
{
}

void
mortise_suffix_layout_apply (GtkWidget *root)
{
  GtkWidget *suffixes = gtk_widget_get_parent (root);

  if (GTK_IS_BUTTON (root) && gtk_button_get_label (GTK_BUTTON (root)) != NULL &&
      suffixes != NULL && gtk_widget_has_css_class (suffixes, "suffixes"))
    {
      GtkWidget *header = gtk_widget_get_parent (suffixes);

      if (!MORTISE_IS_SUFFIX_LAYOUT (gtk_widget_get_layout_manager (header)))
        gtk_widget_set_layout_manager (header, g_object_new (MORTISE_TYPE_SUFFIX_LAYOUT, NULL));
      return;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    mortise_suffix_layout_apply (child);
}
