/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/desktop-group.h"

#include "app/window/agent-autostart.h"
#include "app/window/search-provider.h"
#include "app/window/toast.h"

struct _MortiseDesktopGroup
{
  AdwPreferencesGroup parent_instance;
  MortiseAgentClient *client;
  /* Values are being put in, not chosen. */
  gboolean filling;
  GtkSwitch *autostart_switch;
  GtkSwitch *search_switch;
};

G_DEFINE_FINAL_TYPE (MortiseDesktopGroup, mortise_desktop_group, ADW_TYPE_PREFERENCES_GROUP)

static void
fill (GtkSwitch *widget, gboolean on)
{
  gtk_switch_set_active (widget, on);
  gtk_switch_set_state (widget, on);
}

static void
update (MortiseDesktopGroup *self)
{
  self->filling = TRUE;
  fill (self->autostart_switch, mortise_agent_autostart_is_enabled ());
  fill (self->search_switch, mortise_search_provider_is_enabled ());
  self->filling = FALSE;
}

static void
on_autostart_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseDesktopGroup) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!mortise_agent_autostart_set_finish (result, &error))
    mortise_toast_error (GTK_WIDGET (self), error);
  if (gtk_widget_get_root (GTK_WIDGET (self)) != NULL)
    update (self);
}

/* The switch moves at once; its state follows when it is done. */
static gboolean
on_autostart_switched (MortiseDesktopGroup *self, gboolean active)
{
  if (!self->filling && active != gtk_switch_get_state (self->autostart_switch))
    mortise_agent_autostart_set (mortise_agent_client_get_connection (self->client), active, NULL,
                                 on_autostart_set, g_object_ref (self));
  return TRUE;
}

static gboolean
on_search_switched (MortiseDesktopGroup *self, gboolean active)
{
  if (!self->filling)
    {
      mortise_search_provider_set_enabled (active);
      update (self);
    }
  return TRUE;
}

static void
mortise_desktop_group_dispose (GObject *object)
{
  g_clear_object (&MORTISE_DESKTOP_GROUP (object)->client);
  G_OBJECT_CLASS (mortise_desktop_group_parent_class)->dispose (object);
}

static void
mortise_desktop_group_class_init (MortiseDesktopGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_desktop_group_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/desktop-group.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseDesktopGroup, autostart_switch);
  gtk_widget_class_bind_template_child (widget_class, MortiseDesktopGroup, search_switch);
}

static void
mortise_desktop_group_init (MortiseDesktopGroup *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->autostart_switch, "state-set", G_CALLBACK (on_autostart_switched),
                            self);
  g_signal_connect_swapped (self->search_switch, "state-set", G_CALLBACK (on_search_switched),
                            self);
}

void
mortise_desktop_group_set_client (MortiseDesktopGroup *self, MortiseAgentClient *client)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  gtk_widget_set_visible (GTK_WIDGET (self), !mortise_agent_client_is_demo (client));
  update (self);
}
