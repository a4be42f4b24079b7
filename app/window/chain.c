/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/chain.h"

#include <glib/gi18n.h>

#define LINE_WIDTH 2.0f
#define DASH       4.0f

typedef struct
{
  GtkWidget *box;
  GtkWidget *medal;
  GtkWidget *evidence; /* nullable */
  char *text;
  MortiseChainState state;
} Link;

struct _MortiseChain
{
  GtkWidget parent_instance;
  GArray *links;
  gboolean show_evidence;
};

G_DEFINE_FINAL_TYPE (MortiseChain, mortise_chain, GTK_TYPE_WIDGET)

static void
draw_line (GtkSnapshot *snapshot, float x, float top, float bottom, gboolean dashed, GdkRGBA *color)
{
  const float step = dashed ? DASH : bottom - top;

  for (float y = top; y < bottom; y += dashed ? 2 * DASH : step + 1)
    gtk_snapshot_append_color (
        snapshot, color,
        &GRAPHENE_RECT_INIT (x - LINE_WIDTH / 2, y, LINE_WIDTH, MIN (step, bottom - y)));
}

static void
mortise_chain_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  MortiseChain *self = MORTISE_CHAIN (widget);
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  color.alpha *= 0.45f;
  for (guint i = 0; i + 1 < self->links->len; i++)
    {
      const Link *upper = &g_array_index (self->links, Link, i);
      const Link *lower = &g_array_index (self->links, Link, i + 1);
      graphene_rect_t from;
      graphene_rect_t to;

      if (!gtk_widget_compute_bounds (upper->medal, widget, &from) ||
          !gtk_widget_compute_bounds (lower->medal, widget, &to))
        continue;
      draw_line (snapshot, from.origin.x + from.size.width / 2,
                 from.origin.y + from.size.height + 4, to.origin.y - 4,
                 upper->state == MORTISE_CHAIN_RECORDED, &color);
    }
  GTK_WIDGET_CLASS (mortise_chain_parent_class)->snapshot (widget, snapshot);
}

static void
mortise_chain_dispose (GObject *object)
{
  MortiseChain *self = MORTISE_CHAIN (object);

  if (self->links != NULL)
    mortise_chain_clear (self);
  g_clear_pointer (&self->links, g_array_unref);
  G_OBJECT_CLASS (mortise_chain_parent_class)->dispose (object);
}

static void
mortise_chain_class_init (MortiseChainClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_chain_dispose;
  widget_class->snapshot = mortise_chain_snapshot;
  gtk_widget_class_set_css_name (widget_class, "chain");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void
mortise_chain_init (MortiseChain *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  self->links = g_array_new (FALSE, FALSE, sizeof (Link));
}

void
mortise_chain_clear (MortiseChain *self)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      Link *link = &g_array_index (self->links, Link, i);

      gtk_widget_unparent (link->box);
      g_free (link->text);
    }
  g_array_set_size (self->links, 0);
}

static const char *
describe_state (MortiseChainState state)
{
  switch (state)
    {
    case MORTISE_CHAIN_PROVEN:
      return _ ("Read from the TPM just now.");
    case MORTISE_CHAIN_REFUTED:
      return _ ("Not as recorded, or not proven.");
    case MORTISE_CHAIN_RECORDED:
    default:
      return _ ("As recorded.");
    }
}

/* All that is drawn, for who does not see it: colours and dashes, too. */
static void
describe (MortiseChain *self, const Link *link)
{
  gboolean with_evidence = link->evidence != NULL && self->show_evidence;
  g_autofree char *description =
      g_strjoin (" ", link->text, describe_state (link->state),
                 with_evidence ? gtk_label_get_text (GTK_LABEL (link->evidence)) : NULL, NULL);

  gtk_accessible_update_property (GTK_ACCESSIBLE (link->box), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  description, -1);
}

void
mortise_chain_set_show_evidence (MortiseChain *self, gboolean show)
{
  self->show_evidence = show;
  for (guint i = 0; i < self->links->len; i++)
    {
      const Link *link = &g_array_index (self->links, Link, i);

      if (link->evidence != NULL)
        gtk_widget_set_visible (link->evidence, show);
      describe (self, link);
    }
}

static GtkWidget *
new_medal (const char *icon)
{
  GtkWidget *medal = gtk_image_new_from_icon_name (icon);

  gtk_widget_set_valign (medal, GTK_ALIGN_START);
  gtk_widget_add_css_class (medal, "medal");
  gtk_accessible_update_state (GTK_ACCESSIBLE (medal), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  return medal;
}

static GtkWidget *
append_text (GtkWidget *box, const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, css_class);
  gtk_box_append (GTK_BOX (box), label);
  return label;
}

void
mortise_chain_append (MortiseChain *self,
                      const char *icon,
                      const char *title,
                      const char *text,
                      const char *evidence,
                      MortiseChainState state)
{
  GtkWidget *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  Link link = { NULL };

  link.box = g_object_new (GTK_TYPE_BOX, "css-name", "chainlink", "accessible-role",
                           GTK_ACCESSIBLE_ROLE_LIST_ITEM, NULL);
  link.medal = new_medal (icon);
  link.state = state;
  link.text = g_strdup (text);
  gtk_widget_set_hexpand (words, TRUE);
  gtk_widget_set_valign (words, GTK_ALIGN_CENTER);
  append_text (words, title, "heading");
  append_text (words, text, "body");
  if (evidence != NULL)
    {
      link.evidence = append_text (words, evidence, "evidence");
      gtk_widget_set_visible (link.evidence, self->show_evidence);
    }
  if (state == MORTISE_CHAIN_PROVEN)
    gtk_widget_add_css_class (link.box, "proven");
  else if (state == MORTISE_CHAIN_REFUTED)
    gtk_widget_add_css_class (link.box, "refuted");
  gtk_box_append (GTK_BOX (link.box), link.medal);
  gtk_box_append (GTK_BOX (link.box), words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (link.box), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  -1);
  describe (self, &link);
  gtk_widget_set_parent (link.box, GTK_WIDGET (self));
  g_array_append_val (self->links, link);
}
