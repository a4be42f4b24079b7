/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/button-names.h"

#define MENDED "mortise-button-name-mended"

/* “_Unlock…” without its mark; in Japanese and Chinese the whole “(_U)” is the mark. */
static char *
without_mnemonic (const char *text)
{
  g_autoptr (GRegex) regex = g_regex_new ("\\(_.\\)|_", 0, 0, NULL);

  return g_regex_replace_literal (regex, text, -1, 0, "", 0, NULL);
}

static void
mend (GtkButton *button)
{
  GtkAccessible *accessible = GTK_ACCESSIBLE (button);
  const char *label = gtk_button_get_label (button);
  g_autofree char *other = NULL;
  g_autofree char *name = NULL;

  if (label == NULL)
    return;
  gtk_accessible_reset_relation (accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  if (!gtk_button_get_use_underline (button))
    return;
  /* What it is called otherwise, if somebody said so: then it is not the label. */
  other = gtk_test_accessible_check_property (accessible, GTK_ACCESSIBLE_PROPERTY_LABEL, label);
  if (other != NULL)
    return;
  name = without_mnemonic (label);
  gtk_accessible_update_property (accessible, GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
mortise_button_names_mend (GtkWidget *root)
{
  if (GTK_IS_BUTTON (root) && g_object_get_data (G_OBJECT (root), MENDED) == NULL)
    {
      g_object_set_data (G_OBJECT (root), MENDED, root);
      g_signal_connect (root, "notify::label", G_CALLBACK (mend), NULL);
      mend (GTK_BUTTON (root));
    }
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    mortise_button_names_mend (child);
}
