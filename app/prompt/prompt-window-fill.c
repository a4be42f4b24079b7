/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-window-private.h"

#include <glib/gi18n.h>

#include "app/prompt/prompt-account-row.h"
#include "app/prompt/prompt-secret-entry.h"
#include "app/prompt/prompt-site.h"
#include "core/text/display-text.h"

/* More lines than anyone reads; the heading says how many there are. The agent sends fewer. */
#define LINES_MAX  256
#define LINE_CHARS 200

#define SITE_SHORT  20
#define SITE_MEDIUM 28

#define FEW_RETRIES 3

/* Two of them, what is between and the margins make 360 pixels. */
#define BUTTON_MAX_WIDTH 156

/* “_Sign In” without its mark; in Japanese and Chinese the whole “(_S)” is the mark. */
static char *
without_mnemonic (const char *text)
{
  g_autoptr (GRegex) regex = g_regex_new ("\\(_.\\)|_", 0, 0, NULL);

  return g_regex_replace_literal (regex, text, -1, 0, "", 0, NULL);
}

/* GTK strings a widget's own name and that of its label together: “Cancel Cancel”. */
static void
name_once (GtkWidget *widget, const char *name)
{
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
mortise_prompt_window_show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

static void
fill_site (MortisePromptWindow *self)
{
  g_autoptr (MortisePromptSite) site = NULL;
  glong length;

  if (self->question->rp_id == NULL)
    return;
  site = mortise_prompt_site_new (self->question->rp_id);
  length = g_utf8_strlen (site->text, -1);
  mortise_prompt_window_show_text (self->site, site->text);
  mortise_prompt_window_show_text (self->site_note, site->note);
  /* A host name reads from left to right in every language. */
  gtk_widget_set_direction (GTK_WIDGET (self->site), GTK_TEXT_DIR_LTR);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->site), site->text);
  gtk_widget_add_css_class (GTK_WIDGET (self->site), length <= SITE_SHORT    ? "short"
                                                     : length <= SITE_MEDIUM ? "medium"
                                                                             : "long");
  gtk_widget_add_css_class (GTK_WIDGET (self->site_note), site->suspicious ? "error" : "dim-label");
}

static void
add_account (MortisePromptWindow *self, const MortisePromptAccount *account, gboolean with_use)
{
  gtk_list_box_append (self->accounts, mortise_prompt_account_row_new (account, with_use));
  gtk_widget_set_visible (self->accounts_fit, TRUE);
}

static void
fill_accounts (MortisePromptWindow *self)
{
  const MortisePromptQuestion *question = self->question;
  MortisePromptAccount account = { question->user_name, question->user_display_name };
  MortisePromptAccountRow *first = NULL;

  if (question->kind != MORTISE_PROMPT_SIGN_IN)
    {
      if (account.user_name != NULL || account.user_display_name != NULL)
        add_account (self, &account, FALSE);
      return;
    }
  for (guint i = 0; i < question->accounts->len; i++)
    add_account (self, mortise_prompt_question_get_account (question, i), TRUE);
  for (guint i = 0; question->accounts->len > 1 && i < question->accounts->len; i++)
    {
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->accounts, (int) i);

      mortise_prompt_account_row_set_choice (MORTISE_PROMPT_ACCOUNT_ROW (row), first);
      if (first == NULL)
        first = MORTISE_PROMPT_ACCOUNT_ROW (row);
    }
  if (question->accounts->len > 1)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self->accounts), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    _ ("Account to sign in with"), -1);
}

static void
add_line (MortisePromptWindow *self, const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);
  GtkWidget *row = gtk_list_box_row_new ();

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (row, "prompt-line");
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), label);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_widget_set_focusable (row, FALSE);
  gtk_list_box_append (self->lines, row);
  gtk_widget_set_visible (self->lines_fit, TRUE);
}

static void
add_lines (MortisePromptWindow *self, char **texts, const char *css_class)
{
  guint n = g_strv_length (texts);
  g_autofree char *rest = NULL;

  for (guint i = 0; i < MIN (n, LINES_MAX); i++)
    {
      g_autofree char *text = mortise_display_text (texts[i], LINE_CHARS);

      add_line (self, text, css_class);
    }
  if (n > LINES_MAX)
    {
      rest =
          g_strdup_printf (ngettext ("and %u more", "and %u more", n - LINES_MAX), n - LINES_MAX);
      add_line (self, rest, "dim-label");
    }
}

void
mortise_prompt_window_show_export_truth (MortisePromptWindow *self)
{
  adw_action_row_set_subtitle (
      self->export_row,
      mortise_prompt_words_export (self->question, gtk_switch_get_active (self->export_switch)));
}

static void
fill_kept (MortisePromptWindow *self)
{
  g_autofree char *key = NULL;

  if (self->question->kind != MORTISE_PROMPT_REGISTER)
    return;
  key = mortise_prompt_words_key (self->question);
  adw_action_row_set_subtitle (self->kept_key, key);
  gtk_switch_set_active (self->export_switch, self->question->allow_export);
  gtk_widget_set_visible (GTK_WIDGET (self->export_row), self->question->offer_export);
  mortise_prompt_window_show_export_truth (self);
  name_once (GTK_WIDGET (self->export_switch), _ ("Allow encrypted export"));
  gtk_widget_set_visible (self->kept, TRUE);
}

void
mortise_prompt_window_show_retries (MortisePromptWindow *self, guint retries)
{
  g_autofree char *text = mortise_prompt_words_retries (retries);

  mortise_prompt_hint_show (self->retries, text, retries <= FEW_RETRIES ? "error" : "dim-label");
  gtk_widget_set_visible (GTK_WIDGET (self->retries), TRUE);
}

void
mortise_prompt_window_tell_finger (MortisePromptWindow *self,
                                   const char *state,
                                   const char *message)
{
  g_autofree char *text = mortise_prompt_words_finger (state, message);

  gtk_label_set_text (self->finger_label, text);
}

void
mortise_prompt_window_name_button (GtkButton *button)
{
  g_autofree char *name = without_mnemonic (gtk_button_get_label (button));

  name_once (GTK_WIDGET (button), name);
}

static void
fill_secrets (MortisePromptWindow *self)
{
  const MortisePromptQuestion *question = self->question;

  if (question->kind == MORTISE_PROMPT_CHANGE_PIN)
    gtk_label_set_label (self->pin_label, _ ("_Current PIN"));
  mortise_prompt_harden_entry (self->pin);
  gtk_widget_set_visible (self->finger_box, question->finger);
  /* Not every icon theme has one. */
  gtk_widget_set_visible (GTK_WIDGET (self->finger_icon),
                          gtk_icon_theme_has_icon (gtk_icon_theme_get_for_display (
                                                       gtk_widget_get_display (self->pin_box)),
                                                   gtk_image_get_icon_name (self->finger_icon)));
  mortise_prompt_window_tell_finger (self, NULL, NULL);
  gtk_widget_set_visible (self->pin_box, mortise_prompt_window_asks_pin (self));
  mortise_prompt_window_show_text (self->pin_reason, self->words->pin_reason);
  gtk_widget_set_visible (GTK_WIDGET (self->retries), FALSE);
  if (question->has_retries)
    mortise_prompt_window_show_retries (self, question->retries);

  mortise_prompt_new_pin_set_min_length (self->new_pin, question->min_pin_length);
  gtk_widget_set_visible (GTK_WIDGET (self->new_pin), mortise_prompt_window_asks_new_pin (self));
  gtk_widget_set_visible (GTK_WIDGET (self->use_recovery), question->offer_recovery);
  gtk_widget_set_visible (self->recovery_box, self->recovering);
  mortise_prompt_window_show_text (self->recovery_reason, mortise_prompt_words_recovery (question));
  gtk_label_set_wrap (GTK_LABEL (gtk_button_get_child (self->use_recovery)), TRUE);
  mortise_prompt_window_name_button (self->use_recovery);

  if (self->words->confirm_title != NULL)
    {
      gtk_label_set_text (self->confirm_label, self->words->confirm_title);
      gtk_widget_set_visible (self->confirm_box, TRUE);
    }
}

void
mortise_prompt_window_arrange_buttons (MortisePromptWindow *self)
{
  GtkWidget *approve_button = GTK_WIDGET (self->approve);
  GtkWidget *deny_button = GTK_WIDGET (self->deny);
  int approve_width, deny_width;

  gtk_widget_measure (approve_button, GTK_ORIENTATION_HORIZONTAL, -1, &approve_width, NULL, NULL,
                      NULL);
  gtk_widget_measure (deny_button, GTK_ORIENTATION_HORIZONTAL, -1, &deny_width, NULL, NULL, NULL);
  if (MAX (approve_width, deny_width) <= BUTTON_MAX_WIDTH)
    return;
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->buttons), GTK_ORIENTATION_VERTICAL);
  gtk_box_reorder_child_after (self->buttons, deny_button, approve_button);
}

static void
fill_buttons (MortisePromptWindow *self)
{
  gboolean types_secret =
      mortise_prompt_window_asks_pin (self) || mortise_prompt_window_asks_new_pin (self);

  gtk_button_set_label (self->approve, self->words->approve);
  gtk_widget_add_css_class (GTK_WIDGET (self->approve),
                            self->words->destructive ? "destructive-action" : "suggested-action");
  mortise_prompt_window_name_button (self->approve);
  mortise_prompt_window_name_button (self->deny);
  mortise_prompt_window_arrange_buttons (self);
  /* Enter says yes only after a PIN was typed on purpose, and never to destroying something. */
  if (types_secret && !self->words->destructive)
    gtk_window_set_default_widget (GTK_WINDOW (self), GTK_WIDGET (self->approve));
}

void
mortise_prompt_window_describe (MortisePromptWindow *self)
{
  g_autofree char *host = mortise_display_text (self->question->host, LINE_CHARS);
  g_autofree char *name = NULL;

  adw_window_title_set_subtitle (self->title, host);
  if (self->question->rp_id != NULL)
    name = g_strdup_printf ("%s %s", self->words->heading, gtk_label_get_text (self->site));
  else
    name = g_strdup (self->words->heading);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, self->words->why, -1);
}

void
mortise_prompt_window_focus_first (MortisePromptWindow *self)
{
  GtkWidget *widget = GTK_WIDGET (self->deny);

  if (self->recovering)
    widget = GTK_WIDGET (self->code_entry);
  else if (mortise_prompt_window_asks_pin (self))
    widget = GTK_WIDGET (self->pin);
  else if (self->showing_code)
    widget = GTK_WIDGET (self->confirm);
  else if (mortise_prompt_window_asks_new_pin (self))
    widget = GTK_WIDGET (self->new_pin);
  else if (self->words->confirm_text != NULL)
    widget = GTK_WIDGET (self->confirm);
  gtk_widget_grab_focus (widget);
}

void
mortise_prompt_window_fill (MortisePromptWindow *self)
{
  self->words = mortise_prompt_words_new (self->question);
  self->recovering = self->question->kind == MORTISE_PROMPT_RECOVER ||
                     (self->question->offer_recovery && self->question->pin_blocked);
  mortise_prompt_window_show_text (self->heading, self->words->heading);
  mortise_prompt_window_show_text (self->why, self->words->why);
  mortise_prompt_window_show_text (self->notice_label, self->words->notice);
  gtk_widget_set_visible (self->notice, self->words->notice != NULL);
  if (self->words->destructive)
    gtk_widget_add_css_class (self->notice, "destructive");
  mortise_prompt_window_show_text (self->asker, self->words->asker);
  mortise_prompt_window_show_text (self->software_tpm,
                                   mortise_prompt_words_software_tpm (self->question));
  fill_site (self);
  fill_accounts (self);
  add_lines (self, self->question->passkeys,
             self->question->kind == MORTISE_PROMPT_EDIT ? "heading" : NULL);
  add_lines (self, self->question->changes, NULL);
  fill_kept (self);
  fill_secrets (self);
  fill_buttons (self);
  mortise_prompt_window_describe (self);
  mortise_prompt_window_update_approve (self);
  mortise_prompt_window_focus_first (self);
}
