/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/prompt/prompt-code-entry.h"
#include "app/prompt/prompt-code-view.h"
#include "app/prompt/prompt-new-pin.h"
#include "app/prompt/prompt-window.h"
#include "app/prompt/prompt-words.h"

G_BEGIN_DECLS

/* What prompt-window.c, which asks, and prompt-window-fill.c, which puts the question into the
 * widgets, share. */

typedef enum
{
  MORTISE_PROMPT_STATE_ASKING,
  MORTISE_PROMPT_STATE_WORKING,
  MORTISE_PROMPT_STATE_FATAL,
} MortisePromptState;

struct _MortisePromptWindow
{
  AdwWindow parent_instance;

  MortisePromptQuestion *question;
  MortisePromptWords *words;
  MortisePromptGuard *guard;
  MortisePromptState state;
  /* The recovery code and a new PIN are asked for instead of the PIN. */
  gboolean recovering;
  /* The person asked for that. */
  gboolean wants_recovery;
  /* A finger was recognised: no PIN is needed any more. */
  gboolean finger_matched;
  /* A new recovery code is on the screen. */
  gboolean showing_code;

  AdwWindowTitle *title;
  GtkLabel *software_tpm;
  GtkLabel *heading;
  GtkLabel *site;
  GtkLabel *site_note;
  GtkLabel *why;
  GtkWidget *notice;
  GtkLabel *notice_label;
  GtkWidget *accounts_fit;
  GtkListBox *accounts;
  GtkWidget *lines_fit;
  GtkListBox *lines;
  GtkWidget *kept;
  AdwActionRow *kept_key;
  AdwActionRow *export_row;
  GtkSwitch *export_switch;
  GtkWidget *pin_box;
  GtkLabel *pin_reason;
  GtkWidget *finger_box;
  GtkImage *finger_icon;
  GtkLabel *finger_label;
  GtkLabel *pin_label;
  GtkPasswordEntry *pin;
  GtkLabel *retries;
  GtkButton *use_recovery;
  GtkWidget *recovery_box;
  GtkLabel *recovery_reason;
  MortisePromptCodeEntry *code_entry;
  MortisePromptCodeView *code_view;
  MortisePromptNewPin *new_pin;
  GtkWidget *confirm_box;
  GtkLabel *confirm_label;
  GtkEntry *confirm;
  GtkWidget *problem;
  GtkLabel *problem_label;
  GtkStack *footer;
  GtkWidget *progress;
  GtkSpinner *spinner;
  GtkLabel *progress_label;
  GtkBox *buttons;
  GtkButton *deny;
  GtkButton *approve;
  GtkLabel *asker;
};

/* --- prompt-window.c ---------------------------------------------------------------------------
 */

/** Whether the PIN, or a new one, is asked for at this point of the question. */
gboolean mortise_prompt_window_asks_pin (MortisePromptWindow *self);
gboolean mortise_prompt_window_asks_new_pin (MortisePromptWindow *self);

/** mortise_prompt_window_update_approve: the button works only while a yes may be given */
void mortise_prompt_window_update_approve (MortisePromptWindow *self);

/* --- prompt-window-fill.c ----------------------------------------------------------------------
 */

/** mortise_prompt_window_fill: all widgets, once, from the question */
void mortise_prompt_window_fill (MortisePromptWindow *self);

/** mortise_prompt_window_describe: names the window for screen readers */
void mortise_prompt_window_describe (MortisePromptWindow *self);

/** mortise_prompt_window_focus_first: to what is typed first; without it to the no */
void mortise_prompt_window_focus_first (MortisePromptWindow *self);

/** mortise_prompt_window_name_button: after another label was set */
void mortise_prompt_window_name_button (GtkButton *button);

/** mortise_prompt_window_arrange_buttons: side by side if that fits the narrowest screen, else one
 * above the other, the yes on top */
void mortise_prompt_window_arrange_buttons (MortisePromptWindow *self);

/** mortise_prompt_window_show_export_truth: what the export switch means as it is now */
void mortise_prompt_window_show_export_truth (MortisePromptWindow *self);

void mortise_prompt_window_show_retries (MortisePromptWindow *self, guint retries);

/** mortise_prompt_window_tell_finger: @state, @message: (nullable): as in an update */
void mortise_prompt_window_tell_finger (MortisePromptWindow *self,
                                        const char *state,
                                        const char *message);

/** mortise_prompt_window_show_text: hides @label if @text is %NULL or empty */
void mortise_prompt_window_show_text (GtkLabel *label, const char *text);

G_END_DECLS
