/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/picker-preview.h"

#include "core/text/display-text.h"

#include <glib/gi18n.h>

/* More than any list shows; laying out ten thousand characters would only cost time. */
#define CHARACTERS_MAX 256

#define SPOKEN_MAX 80

struct _MortisePickerPreview
{
  GtkWidget parent_instance;
  char *browser;
  GtkWidget *browser_label;
  GtkWidget *line;
  GtkWidget *icon;
  GtkWidget *label;
};

enum
{
  PROP_BROWSER = 1,
  PROP_ICON_NAME,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (MortisePickerPreview, mortise_picker_preview, GTK_TYPE_WIDGET)

static void
mortise_picker_preview_dispose (GObject *object)
{
  GtkWidget *child = NULL;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (mortise_picker_preview_parent_class)->dispose (object);
}

static void
mortise_picker_preview_finalize (GObject *object)
{
  g_free (MORTISE_PICKER_PREVIEW (object)->browser);
  G_OBJECT_CLASS (mortise_picker_preview_parent_class)->finalize (object);
}

static void
mortise_picker_preview_set_property (GObject *object,
                                     guint property_id,
                                     const GValue *value,
                                     GParamSpec *pspec)
{
  MortisePickerPreview *self = MORTISE_PICKER_PREVIEW (object);

  switch (property_id)
    {
    case PROP_BROWSER:
      g_free (self->browser);
      self->browser = g_value_dup_string (value);
      gtk_label_set_label (GTK_LABEL (self->browser_label), self->browser);
      break;
    case PROP_ICON_NAME:
      gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), g_value_get_string (value));
      gtk_widget_set_visible (self->icon, g_value_get_string (value) != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
mortise_picker_preview_class_init (MortisePickerPreviewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = mortise_picker_preview_dispose;
  object_class->finalize = mortise_picker_preview_finalize;
  object_class->set_property = mortise_picker_preview_set_property;
  properties[PROP_BROWSER] = g_param_spec_string ("browser", NULL, NULL, NULL, flags);
  properties[PROP_ICON_NAME] = g_param_spec_string ("icon-name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  gtk_widget_class_set_css_name (widget_class, "picker");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void
mortise_picker_preview_init (MortisePickerPreview *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  self->browser_label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->browser_label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (self->browser_label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (self->browser_label, "caption");
  gtk_widget_add_css_class (self->browser_label, "dim-label");
  self->icon = gtk_image_new ();
  gtk_widget_set_visible (self->icon, FALSE);
  self->label = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (self->label), PANGO_ELLIPSIZE_END);
  gtk_label_set_single_line_mode (GTK_LABEL (self->label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (self->label), 0);
  gtk_label_set_max_width_chars (GTK_LABEL (self->label), 40);
  gtk_widget_set_hexpand (self->label, TRUE);
  self->line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  gtk_widget_add_css_class (self->line, "picker-line");
  gtk_widget_set_overflow (self->line, GTK_OVERFLOW_HIDDEN);
  gtk_box_append (GTK_BOX (self->line), self->icon);
  gtk_box_append (GTK_BOX (self->line), self->label);
  gtk_widget_set_parent (self->browser_label, GTK_WIDGET (self));
  gtk_widget_set_parent (self->line, GTK_WIDGET (self));
}

/* As it is, but on one line. */
static char *
dup_line (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);
  GString *line = g_string_new (NULL);
  guint characters = 0;

  for (const char *p = valid; *p != '\0' && characters < CHARACTERS_MAX;
       p = g_utf8_find_next_char (p, NULL), characters++)
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (line, g_unichar_iscntrl (c) || c == 0x2028 || c == 0x2029 ? ' ' : c);
    }
  return g_string_free (line, FALSE);
}

void
mortise_picker_preview_set_name (MortisePickerPreview *self, const char *name)
{
  gboolean unknown = name == NULL || *name == '\0';
  /* Translators: what Chromium and Firefox show for an account without a name */
  g_autofree char *line = unknown ? g_strdup (_ ("Unknown account")) : dup_line (name);
  g_autofree char *spoken = mortise_display_text_isolated (line, SPOKEN_MAX);
  /* Translators: for screen readers: a browser, the account as it shows it */
  g_autofree char *description = g_strdup_printf (_ ("%s shows: %s"), self->browser, spoken);

  gtk_label_set_text (GTK_LABEL (self->label), line);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, description,
                                  -1);
}
