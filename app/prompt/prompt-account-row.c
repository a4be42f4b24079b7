/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-account-row.h"

#include "app/prompt/prompt-words.h"

struct _MortisePromptAccountRow
{
  AdwActionRow parent_instance;

  GtkWidget *check;
  GtkWidget *icon;
};

G_DEFINE_FINAL_TYPE (MortisePromptAccountRow, mortise_prompt_account_row, ADW_TYPE_ACTION_ROW)

GtkWidget *
mortise_prompt_account_row_new (const MortisePromptAccount *account, gboolean with_use)
{
  MortisePromptAccountRow *self = g_object_new (MORTISE_TYPE_PROMPT_ACCOUNT_ROW, NULL);
  g_autofree char *title = mortise_prompt_words_account_title (account);
  g_autofree char *subtitle = mortise_prompt_words_account_subtitle (account, with_use);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);
  gtk_widget_set_focusable (GTK_WIDGET (self), FALSE);
  return GTK_WIDGET (self);
}

void
mortise_prompt_account_row_set_choice (MortisePromptAccountRow *self,
                                       MortisePromptAccountRow *group)
{
  const char *title = adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self));
  const char *subtitle = adw_action_row_get_subtitle (ADW_ACTION_ROW (self));
  g_autofree char *name =
      g_strjoin (", ", title, subtitle != NULL && *subtitle != '\0' ? subtitle : NULL, NULL);

  gtk_widget_set_visible (self->icon, FALSE);
  gtk_widget_set_visible (self->check, TRUE);
  if (group != NULL)
    gtk_check_button_set_group (GTK_CHECK_BUTTON (self->check), GTK_CHECK_BUTTON (group->check));
  else
    gtk_check_button_set_active (GTK_CHECK_BUTTON (self->check), TRUE);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self), self->check);
  /* In place of the row's title, which alone may not tell two accounts apart. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (self->check), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->check), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
}

gboolean
mortise_prompt_account_row_is_chosen (MortisePromptAccountRow *self)
{
  return gtk_check_button_get_active (GTK_CHECK_BUTTON (self->check));
}

static void
mortise_prompt_account_row_class_init (MortisePromptAccountRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/prompt/prompt-account-row.ui");
  gtk_widget_class_bind_template_child (widget_class, MortisePromptAccountRow, check);
  gtk_widget_class_bind_template_child (widget_class, MortisePromptAccountRow, icon);
}

static void
mortise_prompt_account_row_init (MortisePromptAccountRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
