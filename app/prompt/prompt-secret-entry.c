/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-secret-entry.h"

#include "app/prompt/prompt-pin.h"

/* Room for separators of any kind; a frame holds it. */
#define MAX_CHARS 200

void
mortise_prompt_harden_entry (GtkPasswordEntry *entry)
{
  GtkEditable *text = gtk_editable_get_delegate (GTK_EDITABLE (entry));

  /* GTK’s own layout of it leaves the icons at the right where people read from there. */
  gtk_widget_set_hexpand (GTK_WIDGET (text), TRUE);
  gtk_widget_set_layout_manager (GTK_WIDGET (entry),
                                 gtk_box_layout_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_text_set_max_length (GTK_TEXT (text), MORTISE_PROMPT_PIN_MAX_BYTES);
  gtk_editable_set_enable_undo (text, FALSE);
  gtk_text_set_input_hints (GTK_TEXT (text), GTK_INPUT_HINT_PRIVATE | GTK_INPUT_HINT_NO_SPELLCHECK);
}

void
mortise_prompt_harden_plain_entry (GtkEntry *entry)
{
  g_autoptr (GtkEntryBuffer) buffer = gtk_password_entry_buffer_new ();

  gtk_entry_set_buffer (entry, buffer);
  gtk_entry_set_max_length (entry, MAX_CHARS);
  gtk_editable_set_enable_undo (GTK_EDITABLE (entry), FALSE);
  gtk_entry_set_input_hints (entry, GTK_INPUT_HINT_PRIVATE | GTK_INPUT_HINT_NO_SPELLCHECK |
                                        GTK_INPUT_HINT_UPPERCASE_CHARS);
}

void
mortise_prompt_hint_show (GtkLabel *hint, const char *text, const char *css_class)
{
  const char *classes[] = { "caption", css_class, NULL };

  gtk_label_set_text (hint, text);
  gtk_widget_set_css_classes (GTK_WIDGET (hint), classes);
}
