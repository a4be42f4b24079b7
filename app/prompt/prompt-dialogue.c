/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-dialogue.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "core/mortise-error.h"
#include "core/recovery-code.h"

struct _MortisePromptDialogue
{
  GObject parent_instance;

  MortisePromptChannel *channel;
  MortisePromptWindow *window;
  guint watch_id;
  gulong paint_id;
  gboolean ended;
};

enum
{
  SIGNAL_ENDED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePromptDialogue, mortise_prompt_dialogue, G_TYPE_OBJECT)

static void
forget_first_frame (MortisePromptDialogue *self)
{
  GdkFrameClock *clock;

  if (self->paint_id == 0)
    return;
  clock = gtk_widget_get_frame_clock (GTK_WIDGET (self->window));
  if (clock != NULL)
    g_signal_handler_disconnect (clock, self->paint_id);
  self->paint_id = 0;
}

static void
end (MortisePromptDialogue *self)
{
  if (self->ended)
    return;
  self->ended = TRUE;
  g_clear_handle_id (&self->watch_id, g_source_remove);
  g_clear_pointer (&self->channel, mortise_prompt_channel_free);
  if (self->window != NULL)
    {
      forget_first_frame (self);
      g_signal_handlers_disconnect_by_data (self->window, self);
      gtk_window_destroy (GTK_WINDOW (self->window));
      self->window = NULL;
    }
  g_signal_emit (self, signals[SIGNAL_ENDED], 0);
}

static void
end_unless_sent (MortisePromptDialogue *self, gboolean sent, GError *error)
{
  if (sent)
    return;
  /* The agent having gone is how most dialogues end. */
  if (!g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_DENIED))
    g_printerr ("mortise-prompt: %s\n", error->message);
  end (self);
}

static gboolean
send_secret (MortisePromptDialogue *self,
             MortiseSecretKind kind,
             const MortiseSecret *secret,
             GError **error)
{
  return secret == NULL || mortise_prompt_channel_send_secret (self->channel, kind, secret, error);
}

static GVariant *
make_answer (MortisePromptDialogue *self)
{
  GVariantDict answer;

  g_variant_dict_init (&answer, NULL);
  g_variant_dict_insert (&answer, "approved", "b", TRUE);
  g_variant_dict_insert (&answer, "allow-export", "b",
                         mortise_prompt_window_get_allow_export (self->window));
  g_variant_dict_insert (&answer, "account", "u", mortise_prompt_window_get_account (self->window));
  return g_variant_dict_end (&answer);
}

static void
on_approved (MortisePromptDialogue *self)
{
  g_autoptr (MortiseSecret) pin = mortise_prompt_window_take_pin (self->window);
  g_autoptr (MortiseSecret) code = mortise_prompt_window_dup_recovery_code (self->window);
  g_autoptr (MortiseSecret) new_pin = mortise_prompt_window_take_new_pin (self->window);
  g_autoptr (GError) error = NULL;
  gboolean sent;

  sent =
      send_secret (self, MORTISE_SECRET_KIND_PIN, pin, &error) &&
      send_secret (self, MORTISE_SECRET_KIND_RECOVERY_CODE, code, &error) &&
      send_secret (self, MORTISE_SECRET_KIND_NEW_PIN, new_pin, &error) &&
      mortise_prompt_channel_send (self->channel, MORTISE_FRAME_ANSWER, make_answer (self), &error);
  end_unless_sent (self, sent, error);
}

static void
on_recover (MortisePromptDialogue *self)
{
  g_autoptr (GError) error = NULL;
  GVariantDict answer;
  gboolean sent;

  g_variant_dict_init (&answer, NULL);
  g_variant_dict_insert (&answer, "recover", "b", TRUE);
  sent = mortise_prompt_channel_send (self->channel, MORTISE_FRAME_ANSWER,
                                      g_variant_dict_end (&answer), &error);
  end_unless_sent (self, sent, error);
}

static void
on_denied (MortisePromptDialogue *self)
{
  GVariantDict answer;

  /* After a yes only closing can withdraw it. */
  if (mortise_prompt_window_is_asking (self->window))
    {
      g_variant_dict_init (&answer, NULL);
      g_variant_dict_insert (&answer, "approved", "b", FALSE);
      (void) mortise_prompt_channel_send (self->channel, MORTISE_FRAME_ANSWER,
                                          g_variant_dict_end (&answer), NULL);
    }
  end (self);
}

static void
apply_update (MortisePromptDialogue *self, GVariant *update)
{
  gboolean working = FALSE;
  gboolean pin_wrong = FALSE;
  gboolean fatal = FALSE;
  gboolean recovery = FALSE;
  gboolean has_retries;
  guint retries = 0;
  const char *message = NULL;
  const char *finger = NULL;

  (void) g_variant_lookup (update, "working", "b", &working);
  (void) g_variant_lookup (update, "pin-wrong", "b", &pin_wrong);
  (void) g_variant_lookup (update, "fatal", "b", &fatal);
  (void) g_variant_lookup (update, "recovery", "b", &recovery);
  (void) g_variant_lookup (update, "message", "&s", &message);
  (void) g_variant_lookup (update, "finger", "&s", &finger);
  has_retries = g_variant_lookup (update, "retries", "u", &retries);

  if (finger != NULL)
    mortise_prompt_window_show_finger (self->window, finger, message);
  else if (fatal)
    mortise_prompt_window_show_fatal (self->window, message);
  else if (working)
    mortise_prompt_window_show_working (self->window, message);
  else if (recovery)
    mortise_prompt_window_ask_recovery (self->window, message);
  else
    mortise_prompt_window_ask_again (self->window, message, pin_wrong,
                                     has_retries ? &retries : NULL);
}

/* Only what was asked for is shown. */
static gboolean
is_new_code (MortisePromptDialogue *self, MortiseSecretKind kind, const MortiseSecret *secret)
{
  return kind == MORTISE_SECRET_KIND_RECOVERY_CODE &&
         mortise_prompt_window_get_question (self->window)->kind == MORTISE_PROMPT_NEW_CODE &&
         mortise_secret_get_size (secret) == MORTISE_RECOVERY_CODE_TEXT_SIZE;
}

/* Returns: %FALSE when nothing more is to be read now */
static gboolean
handle_frame (MortisePromptDialogue *self)
{
  MortiseFrameType type;
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (GError) error = NULL;
  MortiseSecretKind kind;

  if (!mortise_prompt_channel_receive (self->channel, NULL, 0, &type, &dictionary, &kind, &secret,
                                       &error))
    {
      if (!g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_TIMED_OUT))
        end_unless_sent (self, FALSE, error);
      return FALSE;
    }
  if (type == MORTISE_FRAME_UPDATE)
    apply_update (self, dictionary);
  else if (type == MORTISE_FRAME_RAISE)
    mortise_prompt_window_raise (self->window);
  else if (type == MORTISE_FRAME_SECRET && is_new_code (self, kind, secret))
    mortise_prompt_window_show_code (self->window, secret);
  else
    {
      g_printerr ("mortise-prompt: unexpected frame %d\n", (int) type);
      end (self);
    }
  return !self->ended;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  g_autoptr (MortisePromptDialogue) self = g_object_ref (user_data);

  while (handle_frame (self))
    ;
  return self->ended ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
on_first_frame (MortisePromptDialogue *self)
{
  g_autoptr (GError) error = NULL;
  gboolean sent;

  forget_first_frame (self);
  sent = mortise_prompt_channel_send (self->channel, MORTISE_FRAME_SHOWN, NULL, &error);
  end_unless_sent (self, sent, error);
}

static void
present (MortisePromptDialogue *self)
{
  GdkFrameClock *clock;

  g_signal_connect_object (self->window, "approved", G_CALLBACK (on_approved), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->window, "denied", G_CALLBACK (on_denied), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->window, "recover", G_CALLBACK (on_recover), self,
                           G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (self->window));
  clock = gtk_widget_get_frame_clock (GTK_WIDGET (self->window));
  self->paint_id = g_signal_connect_object (clock, "after-paint", G_CALLBACK (on_first_frame), self,
                                            G_CONNECT_SWAPPED);
}

MortisePromptDialogue *
mortise_prompt_dialogue_new (MortisePromptChannel *channel)
{
  MortisePromptDialogue *self = g_object_new (MORTISE_TYPE_PROMPT_DIALOGUE, NULL);

  self->channel = channel;
  return self;
}

gboolean
mortise_prompt_dialogue_start (MortisePromptDialogue *self, int timeout_ms, GError **error)
{
  MortiseFrameType type;
  MortisePromptQuestion *question;
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  MortiseSecretKind kind;

  if (!mortise_prompt_channel_receive (self->channel, NULL, timeout_ms, &type, &dictionary, &kind,
                                       &secret, error))
    return FALSE;
  if (type != MORTISE_FRAME_QUESTION)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED,
                   _ ("The agent did not begin with a question, so nothing was done. Install "
                      "Mortise again to mend it."));
      return FALSE;
    }
  question = mortise_prompt_question_parse (dictionary, error);
  if (question == NULL)
    return FALSE;
  self->window = MORTISE_PROMPT_WINDOW (mortise_prompt_window_new (question));
  self->watch_id = g_unix_fd_add (mortise_prompt_channel_get_fd (self->channel),
                                  G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, self);
  present (self);
  return TRUE;
}

MortisePromptWindow *
mortise_prompt_dialogue_get_window (MortisePromptDialogue *self)
{
  return self->window;
}

static void
mortise_prompt_dialogue_dispose (GObject *object)
{
  end (MORTISE_PROMPT_DIALOGUE (object));
  G_OBJECT_CLASS (mortise_prompt_dialogue_parent_class)->dispose (object);
}

static void
mortise_prompt_dialogue_class_init (MortisePromptDialogueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = mortise_prompt_dialogue_dispose;
  signals[SIGNAL_ENDED] = g_signal_new ("ended", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_prompt_dialogue_init (MortisePromptDialogue *self)
{
}
