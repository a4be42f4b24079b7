/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-new-pin.h"

#include <glib/gi18n.h>

#include "app/prompt/prompt-pin.h"
#include "app/prompt/prompt-secret-entry.h"

struct _MortisePromptNewPin
{
  GtkBox parent_instance;

  GtkPasswordEntry *first;
  GtkPasswordEntry *second;
  GtkLabel *hint;
  guint min_length;
};

enum
{
  SIGNAL_CHANGED,
  SIGNAL_ACTIVATE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePromptNewPin, mortise_prompt_new_pin, GTK_TYPE_BOX)

static const char *
get_text (GtkPasswordEntry *row)
{
  return gtk_editable_get_text (GTK_EDITABLE (row));
}

static gboolean
are_same (MortisePromptNewPin *self)
{
  g_autoptr (MortiseSecret) first = NULL;
  g_autoptr (MortiseSecret) second = NULL;

  if (*get_text (self->first) == '\0' || *get_text (self->second) == '\0')
    return FALSE;
  first = mortise_prompt_pin_to_secret (get_text (self->first));
  second = mortise_prompt_pin_to_secret (get_text (self->second));
  return mortise_secret_equal (first, second);
}

static void
update_hint (MortisePromptNewPin *self)
{
  g_autofree char *rule = NULL;
  gboolean has_second = *get_text (self->second) != '\0';

  switch (mortise_prompt_pin_check (get_text (self->first), self->min_length))
    {
    case MORTISE_PROMPT_PIN_SHORT:
      rule = g_strdup_printf (ngettext ("At least %u character: digits, letters or any other.",
                                        "At least %u characters: digits, letters or any other.",
                                        self->min_length),
                              self->min_length);
      mortise_prompt_hint_show (self->hint, rule, has_second ? "error" : "dim-label");
      break;
    case MORTISE_PROMPT_PIN_LONG:
      mortise_prompt_hint_show (
          self->hint, _ ("Too long: at most 63 letters or digits, fewer of other scripts."),
          "error");
      break;
    case MORTISE_PROMPT_PIN_EASY:
      if (!has_second || are_same (self))
        {
          mortise_prompt_hint_show (
              self->hint, _ ("Allowed, but among the first that anyone would try."), "warning");
          break;
        }
      G_GNUC_FALLTHROUGH;
    case MORTISE_PROMPT_PIN_FINE:
    default:
      if (!has_second)
        mortise_prompt_hint_show (self->hint,
                                  _ ("Type it once more, so that a slip does not lock you out."),
                                  "dim-label");
      else if (are_same (self))
        mortise_prompt_hint_show (self->hint, _ ("Both are the same."), "success");
      else
        mortise_prompt_hint_show (self->hint, _ ("The two are not the same."), "error");
      break;
    }
}

static void
on_changed (MortisePromptNewPin *self)
{
  update_hint (self);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
on_first_activated (MortisePromptNewPin *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->second));
}

static void
on_second_activated (MortisePromptNewPin *self)
{
  g_signal_emit (self, signals[SIGNAL_ACTIVATE], 0);
}

void
mortise_prompt_new_pin_set_min_length (MortisePromptNewPin *self, guint min_length)
{
  self->min_length = MAX (min_length, MORTISE_PROMPT_PIN_MIN_CODE_POINTS);
  update_hint (self);
}

gboolean
mortise_prompt_new_pin_is_complete (MortisePromptNewPin *self)
{
  return mortise_prompt_pin_check (get_text (self->first), self->min_length) <=
             MORTISE_PROMPT_PIN_EASY &&
         are_same (self);
}

MortiseSecret *
mortise_prompt_new_pin_dup_secret (MortisePromptNewPin *self)
{
  g_return_val_if_fail (mortise_prompt_new_pin_is_complete (self), NULL);

  return mortise_prompt_pin_to_secret (get_text (self->first));
}

void
mortise_prompt_new_pin_clear (MortisePromptNewPin *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->first), "");
  gtk_editable_set_text (GTK_EDITABLE (self->second), "");
}

static gboolean
mortise_prompt_new_pin_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (MORTISE_PROMPT_NEW_PIN (widget)->first));
}

static void
mortise_prompt_new_pin_class_init (MortisePromptNewPinClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->grab_focus = mortise_prompt_new_pin_grab_focus;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_ACTIVATE] = g_signal_new ("activate", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                           0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/prompt/prompt-new-pin.ui");
  gtk_widget_class_bind_template_child (widget_class, MortisePromptNewPin, first);
  gtk_widget_class_bind_template_child (widget_class, MortisePromptNewPin, second);
  gtk_widget_class_bind_template_child (widget_class, MortisePromptNewPin, hint);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_first_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_second_activated);
}

static void
mortise_prompt_new_pin_init (MortisePromptNewPin *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_prompt_harden_entry (self->first);
  mortise_prompt_harden_entry (self->second);
  mortise_prompt_new_pin_set_min_length (self, 0);
}
