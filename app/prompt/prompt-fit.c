/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-fit.h"

struct _MortisePromptFit
{
  GtkWidget parent_instance;

  GtkWidget *scroller;
  GtkWidget *child;
  int max_height;
  int min_height;
};

enum
{
  PROP_0,
  PROP_CHILD,
  PROP_MAX_HEIGHT,
  PROP_MIN_HEIGHT,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void mortise_prompt_fit_buildable_init (GtkBuildableIface *iface);

static GtkBuildableIface *parent_buildable;

G_DEFINE_FINAL_TYPE_WITH_CODE (MortisePromptFit,
                               mortise_prompt_fit,
                               GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDABLE,
                                                      mortise_prompt_fit_buildable_init))

static void
set_child (MortisePromptFit *self, GtkWidget *child)
{
  self->child = child;
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), child);
}

static void
mortise_prompt_fit_add_child (GtkBuildable *buildable,
                              GtkBuilder *builder,
                              GObject *child,
                              const char *type)
{
  if (GTK_IS_WIDGET (child) && type == NULL)
    set_child (MORTISE_PROMPT_FIT (buildable), GTK_WIDGET (child));
  else
    parent_buildable->add_child (buildable, builder, child, type);
}

static void
mortise_prompt_fit_buildable_init (GtkBuildableIface *iface)
{
  parent_buildable = g_type_interface_peek_parent (iface);
  iface->add_child = mortise_prompt_fit_add_child;
}

static GtkSizeRequestMode
mortise_prompt_fit_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
mortise_prompt_fit_measure (GtkWidget *widget,
                            GtkOrientation orientation,
                            int for_size,
                            int *minimum,
                            int *natural,
                            int *minimum_baseline,
                            int *natural_baseline)
{
  MortisePromptFit *self = MORTISE_PROMPT_FIT (widget);

  gtk_widget_measure (self->scroller, orientation, for_size, minimum, natural, NULL, NULL);
  if (self->child == NULL)
    return;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      gtk_widget_measure (self->child, orientation, -1, minimum, natural, NULL, NULL);
      return;
    }
  gtk_widget_measure (self->child, orientation, for_size, NULL, natural, NULL, NULL);
  *minimum = MAX (*minimum, MIN (*natural, self->min_height));
  *natural = MAX (*minimum, MIN (*natural, self->max_height));
}

static void
mortise_prompt_fit_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  MortisePromptFit *self = MORTISE_PROMPT_FIT (widget);

  gtk_widget_allocate (self->scroller, width, height, baseline, NULL);
}

static void
mortise_prompt_fit_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  MortisePromptFit *self = MORTISE_PROMPT_FIT (object);

  switch (id)
    {
    case PROP_CHILD:
      g_value_set_object (value, self->child);
      break;
    case PROP_MAX_HEIGHT:
      g_value_set_int (value, self->max_height);
      break;
    case PROP_MIN_HEIGHT:
      g_value_set_int (value, self->min_height);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
mortise_prompt_fit_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  MortisePromptFit *self = MORTISE_PROMPT_FIT (object);

  switch (id)
    {
    case PROP_CHILD:
      set_child (self, g_value_get_object (value));
      break;
    case PROP_MAX_HEIGHT:
      self->max_height = g_value_get_int (value);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    case PROP_MIN_HEIGHT:
      self->min_height = g_value_get_int (value);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
mortise_prompt_fit_dispose (GObject *object)
{
  MortisePromptFit *self = MORTISE_PROMPT_FIT (object);

  self->child = NULL;
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  G_OBJECT_CLASS (mortise_prompt_fit_parent_class)->dispose (object);
}

static void
mortise_prompt_fit_class_init (MortisePromptFitClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = mortise_prompt_fit_get_property;
  object_class->set_property = mortise_prompt_fit_set_property;
  object_class->dispose = mortise_prompt_fit_dispose;
  widget_class->get_request_mode = mortise_prompt_fit_get_request_mode;
  widget_class->measure = mortise_prompt_fit_measure;
  widget_class->size_allocate = mortise_prompt_fit_size_allocate;

  properties[PROP_CHILD] = g_param_spec_object ("child", NULL, NULL, GTK_TYPE_WIDGET, flags);
  properties[PROP_MAX_HEIGHT] =
      g_param_spec_int ("max-height", NULL, NULL, 0, G_MAXINT, G_MAXINT, flags);
  properties[PROP_MIN_HEIGHT] = g_param_spec_int ("min-height", NULL, NULL, 0, G_MAXINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
mortise_prompt_fit_init (MortisePromptFit *self)
{
  self->max_height = G_MAXINT;
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
}
