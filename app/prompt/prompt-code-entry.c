/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-code-entry.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/prompt/prompt-secret-entry.h"
#include "core/recovery-code.h"

#define SYMBOLS (MORTISE_RECOVERY_CODE_GROUPS * MORTISE_RECOVERY_CODE_GROUP_SIZE)

struct _MortisePromptCodeEntry
{
  GtkBox parent_instance;

  GtkEntry *entry;
  GtkLabel *hint;
};

enum
{
  SIGNAL_CHANGED,
  SIGNAL_ACTIVATE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePromptCodeEntry, mortise_prompt_code_entry, GTK_TYPE_BOX)

/* (nullable) */
static MortiseSecret *
dup_typed (MortisePromptCodeEntry *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));

  return *text != '\0' ? mortise_secret_new_from_data (text, strlen (text)) : NULL;
}

static void
show_hint (MortisePromptCodeEntry *self, const char *text, const char *css_class)
{
  mortise_prompt_hint_show (self->hint, text, css_class);
  if (g_str_equal (css_class, "error"))
    gtk_accessible_update_state (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
                                 GTK_ACCESSIBLE_INVALID_TRUE, -1);
  else
    gtk_accessible_reset_state (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID);
}

static void
show_wrong_groups (MortisePromptCodeEntry *self, guint wrong)
{
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *text = NULL;
  guint n = 0;

  for (guint group = 0; group < MORTISE_RECOVERY_CODE_GROUPS; group++)
    {
      if ((wrong & (1u << group)) == 0)
        continue;
      g_string_append_printf (list, "%s%u", n++ > 0 ? ", " : "", group + 1);
    }
  /* Translators: %s is the number of a group of characters, or several with commas between. */
  text = g_strdup_printf (
      ngettext ("Group %s has a typing mistake.", "Groups %s have typing mistakes.", n), list->str);
  show_hint (self, text, "error");
}

static void
update_hint (MortisePromptCodeEntry *self)
{
  g_autoptr (MortiseSecret) typed = dup_typed (self);
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *progress = NULL;
  guint wrong = 0;
  guint n = typed != NULL ? mortise_recovery_code_examine (typed, &wrong) : 0;

  if (wrong != 0)
    show_wrong_groups (self, wrong);
  else if (n > SYMBOLS)
    show_hint (self, _ ("Too many characters: a code has 7 groups of 5."), "error");
  else if (n < SYMBOLS)
    {
      progress = g_strdup_printf (
          _ ("%u of %u characters. Case, spaces and hyphens make no difference."), n, SYMBOLS);
      show_hint (self, progress, "dim-label");
    }
  else if ((code = mortise_recovery_code_parse (typed, &error)) == NULL)
    show_hint (self, error->message, "error");
  else
    show_hint (self, _ ("No typing mistake was found."), "success");
}

static void
on_changed (MortisePromptCodeEntry *self)
{
  update_hint (self);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
on_activated (MortisePromptCodeEntry *self)
{
  g_signal_emit (self, signals[SIGNAL_ACTIVATE], 0);
}

gboolean
mortise_prompt_code_entry_is_complete (MortisePromptCodeEntry *self)
{
  g_autoptr (MortiseSecret) typed = dup_typed (self);
  g_autoptr (MortiseSecret) code = NULL;

  if (typed != NULL)
    code = mortise_recovery_code_parse (typed, NULL);
  return code != NULL;
}

MortiseSecret *
mortise_prompt_code_entry_dup_secret (MortisePromptCodeEntry *self)
{
  g_return_val_if_fail (mortise_prompt_code_entry_is_complete (self), NULL);

  return dup_typed (self);
}

void
mortise_prompt_code_entry_clear (MortisePromptCodeEntry *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
}

static gboolean
mortise_prompt_code_entry_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (MORTISE_PROMPT_CODE_ENTRY (widget)->entry));
}

static void
mortise_prompt_code_entry_class_init (MortisePromptCodeEntryClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->grab_focus = mortise_prompt_code_entry_grab_focus;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_ACTIVATE] = g_signal_new ("activate", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                           0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/prompt/prompt-code-entry.ui");
  gtk_widget_class_bind_template_child (widget_class, MortisePromptCodeEntry, entry);
  gtk_widget_class_bind_template_child (widget_class, MortisePromptCodeEntry, hint);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
}

static void
mortise_prompt_code_entry_init (MortisePromptCodeEntry *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_prompt_harden_plain_entry (self->entry);
  update_hint (self);
}
