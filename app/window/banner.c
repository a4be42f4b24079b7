/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/banner.h"

struct _MortiseBanner
{
  GtkWidget parent_instance;
  GtkLabel *title_label;
  GtkButton *button;
};

enum
{
  PROP_BUTTON_LABEL = 1,
  PROP_ACTION_NAME,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (MortiseBanner, mortise_banner, GTK_TYPE_WIDGET)

static void
mortise_banner_dispose (GObject *object)
{
  GtkWidget *child = NULL;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (mortise_banner_parent_class)->dispose (object);
}

static void
mortise_banner_set_property (GObject *object,
                             guint property_id,
                             const GValue *value,
                             GParamSpec *pspec)
{
  MortiseBanner *self = MORTISE_BANNER (object);

  switch (property_id)
    {
    case PROP_BUTTON_LABEL:
      gtk_button_set_label (self->button, g_value_get_string (value));
      break;
    case PROP_ACTION_NAME:
      gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
mortise_banner_class_init (MortiseBannerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = mortise_banner_dispose;
  object_class->set_property = mortise_banner_set_property;
  properties[PROP_BUTTON_LABEL] = g_param_spec_string ("button-label", NULL, NULL, NULL, flags);
  properties[PROP_ACTION_NAME] = g_param_spec_string ("action-name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  gtk_widget_class_set_css_name (widget_class, "banner");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/banner.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseBanner, title_label);
  gtk_widget_class_bind_template_child (widget_class, MortiseBanner, button);
}

static void
mortise_banner_init (MortiseBanner *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
mortise_banner_show (MortiseBanner *self, const char *title)
{
  gtk_widget_set_visible (GTK_WIDGET (self), title != NULL);
  if (title != NULL)
    gtk_label_set_label (self->title_label, title);
}
