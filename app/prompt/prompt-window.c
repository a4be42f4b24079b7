/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-window-private.h"

#include <glib/gi18n.h>

#include "app/prompt/prompt-account-row.h"
#include "app/prompt/prompt-fit.h"
#include "app/prompt/prompt-pin.h"
#include "app/prompt/prompt-resources.h"
#include "app/prompt/prompt-secret-entry.h"
#include "core/recovery-code.h"

enum
{
  SIGNAL_APPROVED,
  SIGNAL_DENIED,
  SIGNAL_RECOVER,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePromptWindow, mortise_prompt_window, ADW_TYPE_WINDOW)

/* --- Whether a yes may be given --- */

gboolean
mortise_prompt_window_asks_new_pin (MortisePromptWindow *self)
{
  return self->recovering || self->question->kind == MORTISE_PROMPT_CREATE_VAULT ||
         self->question->kind == MORTISE_PROMPT_CHANGE_PIN;
}

gboolean
mortise_prompt_window_asks_pin (MortisePromptWindow *self)
{
  return self->question->needs_pin && !self->recovering && !self->showing_code;
}

static gboolean
has_pin (MortisePromptWindow *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->pin));

  /* Anything shorter or longer is certainly wrong and would cost a try. */
  return mortise_prompt_pin_check (text, MORTISE_PROMPT_PIN_MIN_CODE_POINTS) <=
         MORTISE_PROMPT_PIN_EASY;
}

/* Full-width and other scripts' digits count: an input method may be on. */
static gboolean
is_confirmed (MortisePromptWindow *self)
{
  g_autofree char *typed = NULL;
  g_autofree char *plain = NULL;

  if (self->words->confirm_text == NULL)
    return TRUE;
  typed =
      g_utf8_normalize (gtk_editable_get_text (GTK_EDITABLE (self->confirm)), -1, G_NORMALIZE_NFKC);
  if (typed == NULL)
    return FALSE;
  plain = g_utf8_strup (g_strstrip (typed), -1);
  return g_str_equal (plain, self->words->confirm_text);
}

static gboolean
is_complete (MortisePromptWindow *self)
{
  if (self->showing_code)
    return mortise_prompt_code_view_ends_with (
        self->code_view, gtk_editable_get_text (GTK_EDITABLE (self->confirm)));
  if (mortise_prompt_window_asks_pin (self) && !self->finger_matched && !has_pin (self))
    return FALSE;
  if (self->recovering && !mortise_prompt_code_entry_is_complete (self->code_entry))
    return FALSE;
  if (mortise_prompt_window_asks_new_pin (self) &&
      !mortise_prompt_new_pin_is_complete (self->new_pin))
    return FALSE;
  return is_confirmed (self);
}

void
mortise_prompt_window_update_approve (MortisePromptWindow *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->approve),
                            self->state == MORTISE_PROMPT_STATE_ASKING && is_complete (self) &&
                                mortise_prompt_guard_is_open (self->guard));
}

static void
approve (MortisePromptWindow *self)
{
  mortise_prompt_window_update_approve (self);
  if (!gtk_widget_get_sensitive (GTK_WIDGET (self->approve)))
    return;
  mortise_prompt_window_show_working (self, NULL);
  g_signal_emit (self, signals[SIGNAL_APPROVED], 0);
}

/* A finger says yes as soon as a button could: not before the window was seen for a moment. */
static void
approve_with_finger (MortisePromptWindow *self)
{
  if (!self->finger_matched || self->state != MORTISE_PROMPT_STATE_ASKING || self->wants_recovery)
    return;
  gtk_editable_set_text (GTK_EDITABLE (self->pin), "");
  approve (self);
}

/* --- States --- */

/* A window keeps its height when what is in it grows. */
static void
fit_height (MortisePromptWindow *self)
{
  int width;
  int height;

  if (gtk_window_is_maximized (GTK_WINDOW (self)) || gtk_window_is_fullscreen (GTK_WINDOW (self)))
    return;
  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  gtk_window_set_default_size (GTK_WINDOW (self), width, -1);
}

static void
set_state (MortisePromptWindow *self, MortisePromptState state)
{
  gboolean asking = state == MORTISE_PROMPT_STATE_ASKING;
  GtkWidget *inputs[] = { GTK_WIDGET (self->accounts),
                          GTK_WIDGET (self->export_switch),
                          self->pin_box,
                          GTK_WIDGET (self->new_pin),
                          self->confirm_box,
                          self->recovery_box };

  self->state = state;
  for (gsize i = 0; i < G_N_ELEMENTS (inputs); i++)
    gtk_widget_set_sensitive (inputs[i], asking);
  /* In place of the line that is read before the answer, so that the window does not jump. */
  gtk_stack_set_visible_child (self->footer, state == MORTISE_PROMPT_STATE_WORKING
                                                 ? self->progress
                                                 : GTK_WIDGET (self->asker));
  gtk_spinner_set_spinning (self->spinner, state == MORTISE_PROMPT_STATE_WORKING);
  mortise_prompt_window_update_approve (self);
  fit_height (self);
}

static void
show_problem (MortisePromptWindow *self, const char *message)
{
  gboolean has_message = message != NULL && *message != '\0';

  /* Shown first: screen readers tell of an alert's text when it changes on the screen. */
  gtk_widget_set_visible (self->problem, has_message);
  gtk_label_set_text (self->problem_label, has_message ? message : "");
  fit_height (self);
}

static void
mark_pin (MortisePromptWindow *self, gboolean wrong)
{
  GtkAccessible *entry = GTK_ACCESSIBLE (self->pin);

  if (wrong)
    {
      gtk_widget_add_css_class (GTK_WIDGET (self->pin), "error");
      gtk_accessible_update_state (entry, GTK_ACCESSIBLE_STATE_INVALID, GTK_ACCESSIBLE_INVALID_TRUE,
                                   -1);
      gtk_accessible_update_relation (entry, GTK_ACCESSIBLE_RELATION_DESCRIBED_BY,
                                      self->problem_label, self->retries, NULL, -1);
    }
  else
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->pin), "error");
      gtk_accessible_reset_state (entry, GTK_ACCESSIBLE_STATE_INVALID);
    }
}

static void
wipe_entries (MortisePromptWindow *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->pin), "");
  mortise_prompt_new_pin_clear (self->new_pin);
}

/* Apart from the above: it stays while the agent asks again. */
static void
wipe_code (MortisePromptWindow *self)
{
  mortise_prompt_code_entry_clear (self->code_entry);
  mortise_prompt_code_view_clear (self->code_view);
  if (self->showing_code)
    gtk_editable_set_text (GTK_EDITABLE (self->confirm), "");
}

/* --- Handlers --- */

static void
on_guard_changed (MortisePromptWindow *self)
{
  mortise_prompt_window_update_approve (self);
  approve_with_finger (self);
}

/* Who typed a PIN at once would send its second half, and lose a try. */
static void
on_swallowed (MortisePromptWindow *self)
{
  if (self->state == MORTISE_PROMPT_STATE_ASKING && !gtk_widget_get_visible (self->problem) &&
      (mortise_prompt_window_asks_pin (self) || mortise_prompt_window_asks_new_pin (self)))
    show_problem (self,
                  _ ("Keys pressed before this window was ready were not taken. Type from the "
                     "first character."));
}

static void
on_approve_clicked (MortisePromptWindow *self)
{
  approve (self);
}

static void
on_deny_clicked (MortisePromptWindow *self)
{
  g_signal_emit (self, signals[SIGNAL_DENIED], 0);
}

static void
on_input_changed (MortisePromptWindow *self)
{
  mortise_prompt_window_update_approve (self);
}

static void
on_pin_changed (MortisePromptWindow *self)
{
  if (*gtk_editable_get_text (GTK_EDITABLE (self->pin)) != '\0')
    mark_pin (self, FALSE);
  mortise_prompt_window_update_approve (self);
}

static void
on_pin_activated (MortisePromptWindow *self)
{
  if (mortise_prompt_window_asks_new_pin (self))
    gtk_widget_grab_focus (GTK_WIDGET (self->new_pin));
  else if (!self->words->destructive)
    approve (self);
}

static void
on_new_pin_activated (MortisePromptWindow *self)
{
  approve (self);
}

static void
on_code_activated (MortisePromptWindow *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->new_pin));
}

static void
on_use_recovery (MortisePromptWindow *self)
{
  /* The agent answers with an update, and waits longer from then on. */
  self->wants_recovery = TRUE;
  gtk_widget_set_sensitive (GTK_WIDGET (self->use_recovery), FALSE);
  g_signal_emit (self, signals[SIGNAL_RECOVER], 0);
}

static void
on_export_switched (MortisePromptWindow *self)
{
  mortise_prompt_window_show_export_truth (self);
}

static gboolean
on_close_request (MortisePromptWindow *self)
{
  g_signal_emit (self, signals[SIGNAL_DENIED], 0);
  return GDK_EVENT_STOP;
}

static gboolean
on_escape (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  g_signal_emit (widget, signals[SIGNAL_DENIED], 0);
  return GDK_EVENT_STOP;
}

static void
add_style (const char *path)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (provider, path);
  gtk_style_context_add_provider_for_display (gdk_display_get_default (),
                                              GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

/* --- Public --- */

void
mortise_prompt_init (void)
{
  /* In a static library nothing else would pull the resources in. */
  g_resources_register (mortise_prompt_get_resource ());
  add_style (MORTISE_OBJECT_PATH "/prompt/prompt.css");
  /* No AdwApplication does it here; a prompt is gone before anybody changes the contrast. */
  if (adw_style_manager_get_high_contrast (adw_style_manager_get_default ()))
    add_style (MORTISE_OBJECT_PATH "/prompt/prompt-hc.css");
  g_type_ensure (MORTISE_TYPE_PROMPT_FIT);
  g_type_ensure (MORTISE_TYPE_PROMPT_CODE_ENTRY);
  g_type_ensure (MORTISE_TYPE_PROMPT_CODE_VIEW);
  g_type_ensure (MORTISE_TYPE_PROMPT_NEW_PIN);
  g_type_ensure (MORTISE_TYPE_PROMPT_ACCOUNT_ROW);
}

GtkWidget *
mortise_prompt_window_new (MortisePromptQuestion *question)
{
  MortisePromptWindow *self = g_object_new (MORTISE_TYPE_PROMPT_WINDOW, NULL);

  self->question = question;
  mortise_prompt_window_fill (self);
  return GTK_WIDGET (self);
}

MortisePromptGuard *
mortise_prompt_window_get_guard (MortisePromptWindow *self)
{
  return self->guard;
}

const MortisePromptQuestion *
mortise_prompt_window_get_question (MortisePromptWindow *self)
{
  return self->question;
}

MortiseSecret *
mortise_prompt_window_take_pin (MortisePromptWindow *self)
{
  MortiseSecret *secret = NULL;

  if (mortise_prompt_window_asks_pin (self) && has_pin (self))
    secret = mortise_prompt_pin_to_secret (gtk_editable_get_text (GTK_EDITABLE (self->pin)));
  gtk_editable_set_text (GTK_EDITABLE (self->pin), "");
  return secret;
}

MortiseSecret *
mortise_prompt_window_take_new_pin (MortisePromptWindow *self)
{
  MortiseSecret *secret = NULL;

  if (mortise_prompt_window_asks_new_pin (self) &&
      mortise_prompt_new_pin_is_complete (self->new_pin))
    secret = mortise_prompt_new_pin_dup_secret (self->new_pin);
  mortise_prompt_new_pin_clear (self->new_pin);
  return secret;
}

MortiseSecret *
mortise_prompt_window_dup_recovery_code (MortisePromptWindow *self)
{
  if (!self->recovering || !mortise_prompt_code_entry_is_complete (self->code_entry))
    return NULL;
  return mortise_prompt_code_entry_dup_secret (self->code_entry);
}

gboolean
mortise_prompt_window_get_allow_export (MortisePromptWindow *self)
{
  return self->question->offer_export ? gtk_switch_get_active (self->export_switch)
                                      : self->question->allow_export;
}

guint
mortise_prompt_window_get_account (MortisePromptWindow *self)
{
  GtkListBoxRow *row;

  if (self->question->kind != MORTISE_PROMPT_SIGN_IN)
    return 0;
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->accounts, i)) != NULL; i++)
    {
      if (mortise_prompt_account_row_is_chosen (MORTISE_PROMPT_ACCOUNT_ROW (row)))
        return (guint) i;
    }
  return 0;
}

gboolean
mortise_prompt_window_is_asking (MortisePromptWindow *self)
{
  return self->state == MORTISE_PROMPT_STATE_ASKING;
}

void
mortise_prompt_window_show_working (MortisePromptWindow *self, const char *message)
{
  if (self->state == MORTISE_PROMPT_STATE_FATAL)
    return;
  show_problem (self, NULL);
  mark_pin (self, FALSE);
  set_state (self, MORTISE_PROMPT_STATE_WORKING);
  gtk_label_set_text (self->progress_label,
                      message != NULL && *message != '\0' ? message : self->words->working);
}

void
mortise_prompt_window_ask_again (MortisePromptWindow *self,
                                 const char *message,
                                 gboolean pin_wrong,
                                 const guint *retries)
{
  if (self->state == MORTISE_PROMPT_STATE_FATAL)
    return;
  wipe_entries (self);
  set_state (self, MORTISE_PROMPT_STATE_ASKING);
  if (message == NULL || *message == '\0')
    message = pin_wrong ? _ ("That PIN is wrong.") : NULL;
  if (retries != NULL)
    mortise_prompt_window_show_retries (self, *retries);
  show_problem (self, message);
  mark_pin (self, pin_wrong && mortise_prompt_window_asks_pin (self));
  mortise_prompt_window_focus_first (self);
  /* While the PIN was tried. */
  approve_with_finger (self);
}

void
mortise_prompt_window_show_finger (MortisePromptWindow *self,
                                   const char *state,
                                   const char *message)
{
  if (self->state == MORTISE_PROMPT_STATE_FATAL || self->recovering || !self->question->finger)
    return;
  mortise_prompt_window_tell_finger (self, state, message);
  self->finger_matched = g_strcmp0 (state, "match") == 0;
  fit_height (self);
  approve_with_finger (self);
}

void
mortise_prompt_window_ask_recovery (MortisePromptWindow *self, const char *message)
{
  if (self->state == MORTISE_PROMPT_STATE_FATAL || !self->question->offer_recovery)
    return;
  wipe_entries (self);
  self->recovering = TRUE;
  self->finger_matched = FALSE;
  gtk_widget_set_visible (self->pin_box, FALSE);
  gtk_widget_set_visible (self->recovery_box, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->new_pin), TRUE);
  set_state (self, MORTISE_PROMPT_STATE_ASKING);
  show_problem (self, message);
  mark_pin (self, FALSE);
  mortise_prompt_window_focus_first (self);
}

static void
ask_for_proof (MortisePromptWindow *self)
{
  const guint first = MORTISE_RECOVERY_CODE_GROUPS - MORTISE_PROMPT_CODE_PROOF_GROUPS + 1;
  g_autofree char *title = g_strdup_printf (_ ("Type groups %u and %u from your paper"), first,
                                            MORTISE_RECOVERY_CODE_GROUPS);

  mortise_prompt_harden_plain_entry (self->confirm);
  gtk_entry_set_activates_default (self->confirm, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->confirm), "monospace");
  gtk_label_set_text (self->confirm_label, title);
  gtk_widget_set_visible (self->confirm_box, TRUE);
}

void
mortise_prompt_window_show_code (MortisePromptWindow *self, const MortiseSecret *code)
{
  if (self->state == MORTISE_PROMPT_STATE_FATAL)
    return;
  wipe_entries (self);
  self->showing_code = TRUE;
  g_free (self->words->heading);
  self->words->heading = g_strdup (_ ("Write down your recovery code"));
  g_free (self->words->why);
  self->words->why = g_strdup (_ ("It is shown only now. Keep it away from this computer: whoever "
                                  "has both can use your passkeys."));
  g_free (self->words->working);
  self->words->working = g_strdup (_ ("Putting the code into force…"));
  mortise_prompt_window_show_text (self->heading, self->words->heading);
  mortise_prompt_window_show_text (self->why, self->words->why);
  gtk_widget_set_visible (self->notice, FALSE);
  gtk_widget_set_visible (self->pin_box, FALSE);
  mortise_prompt_code_view_show (self->code_view, code, self->question->host);
  gtk_widget_set_visible (GTK_WIDGET (self->code_view), TRUE);
  ask_for_proof (self);
  gtk_button_set_label (self->approve, _ ("_I Have Written It Down"));
  mortise_prompt_window_name_button (self->approve);
  mortise_prompt_window_arrange_buttons (self);
  show_problem (self, NULL);
  set_state (self, MORTISE_PROMPT_STATE_ASKING);
  mortise_prompt_window_describe (self);
  mortise_prompt_window_focus_first (self);
}

void
mortise_prompt_window_show_fatal (MortisePromptWindow *self, const char *message)
{
  wipe_entries (self);
  set_state (self, MORTISE_PROMPT_STATE_FATAL);
  show_problem (self, message != NULL && *message != '\0'
                          ? message
                          : _ ("This did not work, and nothing was changed."));
  mark_pin (self, FALSE);
  gtk_window_set_default_widget (GTK_WINDOW (self), NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->approve), FALSE);
  gtk_widget_set_visible (self->pin_box, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->new_pin), FALSE);
  gtk_widget_set_visible (self->confirm_box, FALSE);
  gtk_widget_set_visible (self->recovery_box, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->code_view), FALSE);
  wipe_code (self);
  fit_height (self);
  gtk_button_set_label (self->deny, _ ("_Close"));
  mortise_prompt_window_name_button (self->deny);
  gtk_widget_grab_focus (GTK_WIDGET (self->deny));
}

void
mortise_prompt_window_raise (MortisePromptWindow *self)
{
  mortise_prompt_guard_shut (self->guard);
  gtk_window_present (GTK_WINDOW (self));
}

/* --- Class --- */

static void
mortise_prompt_window_dispose (GObject *object)
{
  MortisePromptWindow *self = MORTISE_PROMPT_WINDOW (object);

  if (self->pin != NULL)
    {
      wipe_entries (self);
      wipe_code (self);
    }
  g_clear_object (&self->guard);
  G_OBJECT_CLASS (mortise_prompt_window_parent_class)->dispose (object);
}

static void
mortise_prompt_window_finalize (GObject *object)
{
  MortisePromptWindow *self = MORTISE_PROMPT_WINDOW (object);

  mortise_prompt_question_free (self->question);
  mortise_prompt_words_free (self->words);
  G_OBJECT_CLASS (mortise_prompt_window_parent_class)->finalize (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget_class, MortisePromptWindow, name)

static void
bind_children (GtkWidgetClass *widget_class)
{
  BIND (title);
  BIND (software_tpm);
  BIND (heading);
  BIND (site);
  BIND (site_note);
  BIND (why);
  BIND (notice);
  BIND (notice_label);
  BIND (accounts_fit);
  BIND (accounts);
  BIND (lines_fit);
  BIND (lines);
  BIND (kept);
  BIND (kept_key);
  BIND (export_row);
  BIND (export_switch);
  BIND (pin_box);
  BIND (pin_reason);
  BIND (finger_box);
  BIND (finger_icon);
  BIND (finger_label);
  BIND (pin_label);
  BIND (pin);
  BIND (retries);
  BIND (use_recovery);
  BIND (recovery_box);
  BIND (recovery_reason);
  BIND (code_entry);
  BIND (code_view);
  BIND (new_pin);
  BIND (confirm_box);
  BIND (confirm_label);
  BIND (confirm);
  BIND (problem);
  BIND (problem_label);
  BIND (footer);
  BIND (progress);
  BIND (spinner);
  BIND (progress_label);
  BIND (buttons);
  BIND (deny);
  BIND (approve);
  BIND (asker);
}

static void
mortise_prompt_window_class_init (MortisePromptWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = mortise_prompt_window_dispose;
  object_class->finalize = mortise_prompt_window_finalize;

  signals[SIGNAL_APPROVED] = g_signal_new ("approved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                           0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_DENIED] = g_signal_new ("denied", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);

  signals[SIGNAL_RECOVER] = g_signal_new ("recover", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/prompt/prompt-window.ui");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_ALERT_DIALOG);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, on_escape, NULL);
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_approve_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_deny_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_input_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_pin_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_pin_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_new_pin_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_code_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_use_recovery);
  gtk_widget_class_bind_template_callback (widget_class, on_export_switched);
  gtk_widget_class_bind_template_callback (widget_class, on_close_request);
}

static void
mortise_prompt_window_init (MortisePromptWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->guard = mortise_prompt_guard_new (GTK_WINDOW (self));
  g_signal_connect_object (self->guard, "notify::open", G_CALLBACK (on_guard_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->guard, "swallowed", G_CALLBACK (on_swallowed), self,
                           G_CONNECT_SWAPPED);
}
