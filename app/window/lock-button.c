/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/lock-button.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _MortiseLockButton
{
  GtkButton parent_instance;
  MortiseAgentClient *client;
  gboolean compact;
};

enum
{
  PROP_COMPACT = 1,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (MortiseLockButton, mortise_lock_button, GTK_TYPE_BUTTON)

static void
update (MortiseLockButton *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  MortiseAgentState state =
      self->client == NULL ? MORTISE_AGENT_MISSING : mortise_agent_client_get_state (self->client);
  gboolean unlocked = state == MORTISE_AGENT_UNLOCKED;
  const char *icon = unlocked ? "changes-allow-symbolic" : "changes-prevent-symbolic";
  const char *label = unlocked ? _ ("_Lock") : _ ("_Unlock…");
  const char *spoken = unlocked ? _ ("Lock the Vault") : _ ("Unlock the Vault");
  const char *tooltip =
      unlocked ? _ ("Unlocked: sites can use passkeys after you say yes. Lock the vault now.")
               : _ ("Locked: passkeys cannot be used. Unlock with the PIN.");

  gtk_widget_set_visible (widget, unlocked || state == MORTISE_AGENT_LOCKED ||
                                      state == MORTISE_AGENT_LISTABLE);
  if (self->compact)
    gtk_button_set_icon_name (GTK_BUTTON (self), icon);
  else
    {
      GtkWidget *content = adw_button_content_new ();

      adw_button_content_set_icon_name (ADW_BUTTON_CONTENT (content), icon);
      adw_button_content_set_label (ADW_BUTTON_CONTENT (content), label);
      adw_button_content_set_use_underline (ADW_BUTTON_CONTENT (content), TRUE);
      gtk_button_set_child (GTK_BUTTON (self), content);
    }
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self), unlocked ? "win.lock" : "win.unlock");
  gtk_widget_set_tooltip_text (widget, tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

static void
mortise_lock_button_dispose (GObject *object)
{
  MortiseLockButton *self = MORTISE_LOCK_BUTTON (object);

  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (mortise_lock_button_parent_class)->dispose (object);
}

static void
mortise_lock_button_set_property (GObject *object,
                                  guint property_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  if (property_id == PROP_COMPACT)
    MORTISE_LOCK_BUTTON (object)->compact = g_value_get_boolean (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
mortise_lock_button_class_init (MortiseLockButtonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = mortise_lock_button_dispose;
  object_class->set_property = mortise_lock_button_set_property;
  properties[PROP_COMPACT] = g_param_spec_boolean ("compact", NULL, NULL, FALSE,
                                                   G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
mortise_lock_button_init (MortiseLockButton *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

void
mortise_lock_button_set_client (MortiseLockButton *self, MortiseAgentClient *client)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  g_signal_connect_swapped (client, "notify::state", G_CALLBACK (update), self);
  update (self);
}
