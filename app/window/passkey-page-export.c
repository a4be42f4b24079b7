/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include "app/window/toast.h"

#include <glib/gi18n.h>

static gboolean on_state_set (GtkSwitch *toggle, gboolean wanted, MortisePasskeyPage *self);

static void
put_switch (MortisePasskeyPage *self, gboolean on)
{
  g_signal_handlers_block_by_func (self->export_switch, on_state_set, self);
  gtk_switch_set_active (self->export_switch, on);
  gtk_switch_set_state (self->export_switch, on);
  g_signal_handlers_unblock_by_func (self->export_switch, on_state_set, self);
}

static const char *
describe (const MortisePasskeyData *data, gboolean software)
{
  if (data->kind == MORTISE_PASSKEY_DEVICE_ONLY && software)
    return _ ("Locked: Mortise makes no copy of this passkey, and no switch changes that. But this "
              "TPM is software: whoever has its files can copy it. To have one that can be "
              "exported, register again on the site and allow export when Mortise asks.");
  if (data->kind == MORTISE_PASSKEY_DEVICE_ONLY)
    return _ ("Locked: this passkey was made so that its key can never leave this computer, and no "
              "switch changes that. To have one that can be exported, register again on the site "
              "and allow export when Mortise asks.");
  if (data->export_blocked)
    return _ ("Blocked here: no backup made on this computer holds this passkey. Its key could "
              "still leave, so this does not make it device-only. The site sees no difference.");
  return _ ("Encrypted backups and your other computers may hold a copy of this passkey. The site "
            "sees no difference when you switch this off.");
}

void
mortise_passkey_page_show_export (MortisePasskeyPage *self)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (self->passkey);
  gboolean locked = data->kind == MORTISE_PASSKEY_DEVICE_ONLY;

  adw_action_row_set_subtitle (
      self->export_row, describe (data, mortise_agent_client_has_software_tpm (self->client)));
  gtk_widget_set_visible (self->export_lock, locked);
  if (self->exporting)
    return;
  put_switch (self, !locked && !data->export_blocked);
  gtk_widget_set_sensitive (GTK_WIDGET (self->export_switch), !locked);
}

static void
on_export_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePasskeyPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  self->exporting = FALSE;
  if (reply == NULL)
    mortise_toast_error (GTK_WIDGET (self), error);
  /* After a no it is what it was; after a yes the listing brings the new state. */
  if (self->passkey != NULL)
    mortise_passkey_page_show_export (self);
}

/* The switch shows what is so, not what is wished: it moves once the person said yes. */
static gboolean
on_state_set (GtkSwitch *toggle, gboolean wanted, MortisePasskeyPage *self)
{
  g_auto (GVariantDict) changes = G_VARIANT_DICT_INIT (NULL);

  if (self->passkey == NULL || self->exporting)
    return TRUE;
  self->exporting = TRUE;
  gtk_widget_set_sensitive (GTK_WIDGET (toggle), FALSE);
  g_variant_dict_insert (&changes, "export-blocked", "b", !wanted);
  mortise_agent_client_call (self->client, "EditPasskey",
                             g_variant_new ("(x@a{sv})", mortise_passkey_get_id (self->passkey),
                                            g_variant_dict_end (&changes)),
                             NULL, on_export_changed, g_object_ref (self));
  return TRUE;
}

void
mortise_passkey_page_init_export (MortisePasskeyPage *self)
{
  g_signal_connect (self->export_switch, "state-set", G_CALLBACK (on_state_set), self);
}
