/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-guard.h"

struct _MortisePromptGuard
{
  GObject parent_instance;

  guint delay_ms;
  guint timeout_id;
  gboolean open;
};

enum
{
  PROP_0,
  PROP_OPEN,
  N_PROPS,
};

enum
{
  SIGNAL_SWALLOWED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePromptGuard, mortise_prompt_guard, G_TYPE_OBJECT)

static void
set_open (MortisePromptGuard *self, gboolean open)
{
  if (self->open == open)
    return;
  self->open = open;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OPEN]);
}

static gboolean
on_quiet (gpointer user_data)
{
  MortisePromptGuard *self = user_data;

  self->timeout_id = 0;
  set_open (self, TRUE);
  return G_SOURCE_REMOVE;
}

void
mortise_prompt_guard_shut (MortisePromptGuard *self)
{
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  set_open (self, self->delay_ms == 0);
  if (self->delay_ms > 0)
    self->timeout_id = g_timeout_add (self->delay_ms, on_quiet, self);
}

static void
on_active_changed (GtkWindow *window, GParamSpec *pspec, MortisePromptGuard *self)
{
  if (gtk_window_is_active (window))
    mortise_prompt_guard_shut (self);
}

static gboolean
is_harmless (guint keyval)
{
  switch (keyval)
    {
    case GDK_KEY_Escape:
    case GDK_KEY_Tab:
    case GDK_KEY_ISO_Left_Tab:
    case GDK_KEY_KP_Tab:
    case GDK_KEY_Shift_L:
    case GDK_KEY_Shift_R:
    case GDK_KEY_Caps_Lock:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
on_key_pressed (GtkEventControllerKey *controller,
                guint keyval,
                guint keycode,
                GdkModifierType state,
                MortisePromptGuard *self)
{
  if (self->open || is_harmless (keyval))
    return GDK_EVENT_PROPAGATE;
  mortise_prompt_guard_shut (self);
  if (g_unichar_isprint (gdk_keyval_to_unicode (keyval)))
    g_signal_emit (self, signals[SIGNAL_SWALLOWED], 0);
  return GDK_EVENT_STOP;
}

MortisePromptGuard *
mortise_prompt_guard_new (GtkWindow *window)
{
  MortisePromptGuard *self = g_object_new (MORTISE_TYPE_PROMPT_GUARD, NULL);
  GtkEventController *keys = gtk_event_controller_key_new ();

  g_signal_connect_object (window, "map", G_CALLBACK (mortise_prompt_guard_shut), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (window, "notify::is-active", G_CALLBACK (on_active_changed), self, 0);
  /* Before any widget sees the key. */
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (on_key_pressed), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (window), keys);
  return self;
}

void
mortise_prompt_guard_set_delay (MortisePromptGuard *self, guint delay_ms)
{
  self->delay_ms = delay_ms;
  mortise_prompt_guard_shut (self);
}

gboolean
mortise_prompt_guard_is_open (MortisePromptGuard *self)
{
  return self->open;
}

static void
mortise_prompt_guard_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  MortisePromptGuard *self = MORTISE_PROMPT_GUARD (object);

  if (id == PROP_OPEN)
    g_value_set_boolean (value, self->open);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
mortise_prompt_guard_dispose (GObject *object)
{
  MortisePromptGuard *self = MORTISE_PROMPT_GUARD (object);

  g_clear_handle_id (&self->timeout_id, g_source_remove);
  G_OBJECT_CLASS (mortise_prompt_guard_parent_class)->dispose (object);
}

static void
mortise_prompt_guard_class_init (MortisePromptGuardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = mortise_prompt_guard_get_property;
  object_class->dispose = mortise_prompt_guard_dispose;
  properties[PROP_OPEN] =
      g_param_spec_boolean ("open", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[SIGNAL_SWALLOWED] = g_signal_new ("swallowed", G_TYPE_FROM_CLASS (klass),
                                            G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_prompt_guard_init (MortisePromptGuard *self)
{
  self->delay_ms = MORTISE_PROMPT_GUARD_DELAY_MS;
}
