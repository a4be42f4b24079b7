/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/health-page.h"

#include "app/window/health-group.h"
#include "app/window/suffix-layout.h"
#include "app/window/system-setup.h"
#include "app/window/try-it-group.h"

#include <glib/gi18n.h>

struct _MortiseHealthPage
{
  AdwBin parent_instance;
  MortiseAgentClient *client;
  AdwHeaderBar *header_bar;
  MortiseHealthGroup *health_group;
  MortiseTryItGroup *try_it_group;
  GtkWidget *setup_group;
  GtkWidget *tpm_group;
  AdwActionRow *tpm_kind_row;
  AdwActionRow *tpm_firmware_row;
  AdwActionRow *tpm_tries_row;
};

G_DEFINE_FINAL_TYPE (MortiseHealthPage, mortise_health_page, ADW_TYPE_BIN)

static char *
describe_tries (GVariant *tpm)
{
  gboolean in_lockout = FALSE;
  guint failed = 0;
  guint max = 0;
  guint interval = 0;
  guint minutes = 0;

  g_variant_lookup (tpm, "in-lockout", "b", &in_lockout);
  g_variant_lookup (tpm, "failed-tries", "u", &failed);
  g_variant_lookup (tpm, "max-tries", "u", &max);
  g_variant_lookup (tpm, "lockout-interval", "u", &interval);
  minutes = (interval + 59) / 60;
  if (in_lockout)
    return g_strdup_printf (
        /* Translators: %u minutes until the TPM forgets one wrong try */
        ngettext ("Locked out: the TPM takes no PIN now. It forgets one wrong try every minute "
                  "that it is switched on.",
                  "Locked out: the TPM takes no PIN now. It forgets one wrong try every %u minutes "
                  "that it is switched on.",
                  minutes),
        minutes);
  /* Translators: wrong tries so far and how many the TPM allows, counted for the whole computer */
  return g_strdup_printf (_ ("%u of %u, counted for everything on this computer that uses the TPM"),
                          failed, max);
}

static void
update (MortiseHealthPage *self)
{
  g_autoptr (GVariant) tpm = mortise_agent_client_dup_tpm (self->client);
  const char *manufacturer = NULL;
  const char *vendor = "";
  const char *firmware = "";
  guint revision = 0;
  g_autofree char *kind = NULL;
  g_autofree char *tries = NULL;
  g_autofree char *version = NULL;

  if (tpm == NULL || !g_variant_lookup (tpm, "manufacturer", "&s", &manufacturer))
    {
      gtk_widget_set_visible (self->tpm_group, FALSE);
      return;
    }
  g_variant_lookup (tpm, "vendor", "&s", &vendor);
  g_variant_lookup (tpm, "firmware", "&s", &firmware);
  g_variant_lookup (tpm, "revision", "u", &revision);
  kind = g_strdup_printf ("%s %s%s", manufacturer, vendor,
                          mortise_agent_client_has_software_tpm (self->client)
                              ? _ (" — a software TPM, not hardware")
                              : "");
  /* Translators: firmware version and revision of the TPM specification */
  version = g_strdup_printf (_ ("%s (specification revision %u.%02u)"), firmware, revision / 100,
                             revision % 100);
  tries = describe_tries (tpm);
  adw_action_row_set_subtitle (self->tpm_kind_row, kind);
  adw_action_row_set_subtitle (self->tpm_firmware_row, version);
  adw_action_row_set_subtitle (self->tpm_tries_row, tries);
  gtk_widget_set_visible (self->tpm_group, TRUE);
}

static void
update_setup (MortiseHealthPage *self)
{
  gtk_widget_set_visible (self->setup_group, mortise_system_setup_was_done ());
}

static void
on_undone (gpointer user_data)
{
  MortiseHealthPage *self = user_data;

  update_setup (self);
  mortise_agent_client_retry (self->client);
  mortise_health_group_refresh (self->health_group);
}

static void
on_undo_set_up (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  mortise_system_setup_offer_undo (user_data, on_undone, user_data);
}

static void
on_refresh (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseHealthPage *self = user_data;

  mortise_health_group_refresh (self->health_group);
  update_setup (self);
}

static void
mortise_health_page_dispose (GObject *object)
{
  MortiseHealthPage *self = MORTISE_HEALTH_PAGE (object);

  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (mortise_health_page_parent_class)->dispose (object);
}

static void
mortise_health_page_class_init (MortiseHealthPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_health_page_dispose;
  g_type_ensure (MORTISE_TYPE_HEALTH_GROUP);
  g_type_ensure (MORTISE_TYPE_TRY_IT_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/health-page.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, header_bar);
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, health_group);
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, try_it_group);
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, setup_group);
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, tpm_group);
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, tpm_kind_row);
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, tpm_firmware_row);
  gtk_widget_class_bind_template_child (widget_class, MortiseHealthPage, tpm_tries_row);
}

static void
mortise_health_page_init (MortiseHealthPage *self)
{
  static const GActionEntry entries[] = {
    { "refresh", on_refresh, NULL, NULL, NULL, { 0 } },
    { "undo-set-up", on_undo_set_up, NULL, NULL, NULL, { 0 } },
  };
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_suffix_layout_apply (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "health", G_ACTION_GROUP (actions));
}

void
mortise_health_page_set_up (MortiseHealthPage *self,
                            MortiseAgentClient *client,
                            MortisePasskeyStore *store)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  mortise_health_group_set_client (self->health_group, client);
  mortise_try_it_group_set_up (self->try_it_group, client, store);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (update), self);
  g_signal_connect (self, "map", G_CALLBACK (update_setup), NULL);
  update (self);
}

void
mortise_health_page_bind_sidebar (MortiseHealthPage *self, AdwFlap *flap)
{
  g_object_bind_property (flap, "reveal-flap", self->header_bar, "show-start-title-buttons",
                          G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
}
