/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/side-layout.h"

/* Narrower than this a column of names and explanations is no joy to read. */
#define COLUMN_MIN 300
#define SPACING    24

struct _MortiseSideLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (MortiseSideLayout, mortise_side_layout, GTK_TYPE_LAYOUT_MANAGER)

static GtkSizeRequestMode
get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static int
get_column_min (GtkWidget *widget)
{
  int column = COLUMN_MIN;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int minimum = 0;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
      column = MAX (column, minimum);
    }
  return column;
}

static gboolean
is_beside (GtkWidget *widget, int width)
{
  return width >= 2 * get_column_min (widget) + SPACING;
}

static void
measure_width (GtkWidget *widget, int *minimum, int *natural)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int child_minimum = 0;
      int child_natural = 0;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &child_minimum, &child_natural,
                          NULL, NULL);
      *minimum = MAX (*minimum, child_minimum);
      *natural += child_natural + SPACING;
    }
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
  gboolean beside = for_size >= 0 && is_beside (widget, for_size);
  int width = beside ? (for_size - SPACING) / 2 : for_size;

  *minimum = *natural = 0;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      measure_width (widget, minimum, natural);
      return;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int height = 0;

      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, &height, NULL, NULL, NULL);
      if (beside)
        *minimum = MAX (*minimum, height);
      else
        *minimum += height + (*minimum > 0 ? SPACING : 0);
    }
  *natural = *minimum;
}

static void
allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  gboolean beside = is_beside (widget, width);
  gboolean backwards = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int column = beside ? (width - SPACING) / 2 : width;
  int x = beside && backwards ? width - column : 0;
  int y = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int child_height = 0;

      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, column, &child_height, NULL, NULL, NULL);
      gtk_widget_size_allocate (child, &(GtkAllocation){ x, y, column, child_height }, -1);
      if (beside)
        x += backwards ? -(column + SPACING) : column + SPACING;
      else
        y += child_height + SPACING;
    }
}

static void
mortise_side_layout_class_init (MortiseSideLayoutClass *klass)
{
  GtkLayoutManagerClass *layout_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  layout_class->get_request_mode = get_request_mode;
  layout_class->measure = measure;
  layout_class->allocate = allocate;
}

static void
mortise_side_layout_init (MortiseSideLayout *self)
{
}
