/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/shadow-nodes.h"

static gboolean
is_shadow (GtkWidget *widget)
{
  static const char *const names[] = { "dimming", "shadow", "border", "outline", NULL };

  return g_strv_contains (names, gtk_widget_get_css_name (widget));
}

void
mortise_shadow_nodes_put_last (AdwLeaflet *leaflet)
{
  g_autoptr (GPtrArray) shadows = g_ptr_array_new ();

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (leaflet)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      if (is_shadow (child))
        g_ptr_array_add (shadows, child);
    }
  for (guint i = 0; i < shadows->len; i++)
    gtk_widget_insert_before (shadows->pdata[i], GTK_WIDGET (leaflet), NULL);
}
