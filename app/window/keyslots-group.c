/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/keyslots-group.h"

#include <glib/gi18n.h>

#include "app/window/moment.h"
#include "app/window/suffix-layout.h"
#include "app/window/toast.h"

struct _MortiseKeyslotsGroup
{
  AdwPreferencesGroup parent_instance;
  MortiseAgentClient *client;
  GCancellable *cancellable;
  /* Values are being put in, not chosen. */
  gboolean filling;

  AdwActionRow *pin_row;
  GtkWidget *change_pin_button;
  AdwActionRow *recovery_row;
  GtkButton *make_code_button;
  GtkWidget *remove_code_button;
  GtkWidget *forgot_row;
  AdwActionRow *login_row;
  GtkSwitch *login_switch;
};

G_DEFINE_FINAL_TYPE (MortiseKeyslotsGroup, mortise_keyslots_group, ADW_TYPE_PREFERENCES_GROUP)

/* --- What there is -----------------------------------------------------------------------------
 */

typedef struct
{
  gboolean exists;
  gboolean enabled;
  gint64 created;
  gint64 last_used;
  const char *problem;
} Keyslot;

static char *
describe_use (const Keyslot *slot)
{
  gint64 now = mortise_moment_now ();
  g_autofree char *created = mortise_moment_format_relative (slot->created, now);
  g_autofree char *used = NULL;

  if (slot->last_used <= 0)
    /* Translators: %s is a time, such as “yesterday” or a date. */
    return g_strdup_printf (_ ("Made: %s. Not used since."), created);
  used = mortise_moment_format_relative (slot->last_used, now);
  /* Translators: both %s are times, such as “yesterday” or a date. */
  return g_strdup_printf (_ ("Made: %s. Last used: %s."), created, used);
}

static void
set_subtitle (AdwActionRow *row, const Keyslot *slot, const char *sentence)
{
  g_autofree char *use = slot->exists ? describe_use (slot) : NULL;
  g_autofree char *text =
      use != NULL ? g_strdup_printf ("%s\n%s", use, sentence) : g_strdup (sentence);
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_action_row_set_subtitle (row, escaped);
}

static char *
describe_tries (MortiseKeyslotsGroup *self)
{
  guint tries = mortise_agent_client_get_pin_retries (self->client);

  if (tries >= MORTISE_AGENT_PIN_RETRIES_MAX)
    return NULL;
  if (tries > 0)
    return g_strdup_printf (
        ngettext ("%u try is left before the PIN is blocked; the right PIN brings all back.",
                  "%u tries are left before the PIN is blocked; the right PIN brings all back.",
                  tries),
        tries);
  return g_strdup (mortise_agent_client_has_recovery_code (self->client)
                       ? _ ("Blocked after too many wrong PINs: set a new one with the recovery "
                            "code.")
                       : _ ("Blocked after too many wrong PINs, and there is no recovery code: "
                            "only destroying the vault is left."));
}

static void
show_pin (MortiseKeyslotsGroup *self, const Keyslot *slot)
{
  const char *change = _ ("After a change the old PIN opens nothing here. Backups keep their own "
                          "passphrase, and old copies of the vault’s file keep the old PIN.");
  g_autofree char *tries = describe_tries (self);
  g_autofree char *text = tries != NULL ? g_strdup_printf ("%s\n%s", tries, change) : NULL;

  set_subtitle (self->pin_row, slot, text != NULL ? text : change);
}

static void
show_recovery (MortiseKeyslotsGroup *self, const Keyslot *slot)
{
  const char *label = slot->exists ? _ ("_Replace…") : _ ("_Make One…");

  set_subtitle (self->recovery_row, slot,
                slot->exists
                    ? _ ("Opens the vault and sets a new PIN, on this computer only.")
                    : _ ("There is none: if the PIN is forgotten or blocked, every passkey is "
                         "lost."));
  gtk_button_set_label (self->make_code_button, label);
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (self->make_code_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
      slot->exists ? _ ("Replace the Recovery Code") : _ ("Make a Recovery Code"), -1);
  gtk_widget_set_visible (self->remove_code_button, slot->exists);
  gtk_widget_set_visible (self->forgot_row, slot->exists);
}

static void
show_login (MortiseKeyslotsGroup *self, const Keyslot *slot)
{
  set_subtitle (self->login_row, slot,
                slot->problem[0] != '\0'
                    ? slot->problem
                    : _ ("Shows the list from login on, without the PIN. No passkey can be used "
                         "with it."));
  gtk_switch_set_active (self->login_switch, slot->enabled);
  gtk_switch_set_state (self->login_switch, slot->enabled);
}

static void
show_keyslot (MortiseKeyslotsGroup *self, GVariant *dictionary)
{
  Keyslot slot = { FALSE, FALSE, 0, 0, "" };
  const char *id = "";

  g_variant_lookup (dictionary, "id", "&s", &id);
  g_variant_lookup (dictionary, "exists", "b", &slot.exists);
  g_variant_lookup (dictionary, "enabled", "b", &slot.enabled);
  g_variant_lookup (dictionary, "created", "x", &slot.created);
  g_variant_lookup (dictionary, "last-used", "x", &slot.last_used);
  g_variant_lookup (dictionary, "problem", "&s", &slot.problem);
  if (g_str_equal (id, "pin"))
    show_pin (self, &slot);
  else if (g_str_equal (id, "recovery"))
    show_recovery (self, &slot);
  else if (g_str_equal (id, "login"))
    show_login (self, &slot);
}

static void
on_keyslots (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseKeyslotsGroup) self = user_data;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, NULL);
  g_autoptr (GVariant) slots = NULL;

  if (reply == NULL || self->client == NULL)
    return;
  slots = g_variant_get_child_value (reply, 0);
  self->filling = TRUE;
  for (gsize i = 0; i < g_variant_n_children (slots); i++)
    {
      g_autoptr (GVariant) slot = g_variant_get_child_value (slots, i);

      show_keyslot (self, slot);
    }
  self->filling = FALSE;
}

static void
refresh (MortiseKeyslotsGroup *self)
{
  if (self->client == NULL || mortise_agent_client_get_state (self->client) < MORTISE_AGENT_LOCKED)
    return;
  mortise_agent_client_call (self->client, "GetKeyslots", NULL, self->cancellable, on_keyslots,
                             g_object_ref (self));
}

/* --- What can be done --------------------------------------------------------------------------
 */

typedef struct
{
  MortiseKeyslotsGroup *group;
  const char *done; /* (nullable) */
} Change;

static void
on_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Change *change = user_data;
  g_autoptr (MortiseKeyslotsGroup) self = change->group;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->client == NULL)
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self), TRUE);
  if (reply == NULL)
    mortise_toast_error (GTK_WIDGET (self), error);
  else if (change->done != NULL)
    mortise_toast (GTK_WIDGET (self), change->done);
  refresh (self);
}

/* One at a time: there is one prompt. */
static void
change (MortiseKeyslotsGroup *self, const char *method, GVariant *arguments, const char *done)
{
  Change *data = g_new0 (Change, 1);

  data->group = g_object_ref (self);
  data->done = done;
  gtk_widget_set_sensitive (GTK_WIDGET (self), FALSE);
  mortise_agent_client_call (self->client, method, arguments, self->cancellable, on_changed, data);
}

static void
on_change_pin (MortiseKeyslotsGroup *self)
{
  change (self, "ChangePin", NULL, _ ("PIN changed"));
}

static void
on_make_code (MortiseKeyslotsGroup *self)
{
  change (self, "CreateRecoveryCode", NULL, _ ("The new recovery code counts from now on"));
}

static void
on_remove_code (MortiseKeyslotsGroup *self)
{
  change (self, "SetKeyslot", g_variant_new ("(sb)", "recovery", FALSE),
          _ ("Recovery code removed"));
}

static void
on_reset_pin (MortiseKeyslotsGroup *self)
{
  change (self, "ResetPin", NULL, _ ("The new PIN is set"));
}

/* The switch moves at once; its state follows when the agent has agreed. */
static gboolean
on_login_switched (MortiseKeyslotsGroup *self, gboolean active)
{
  if (!self->filling && active != gtk_switch_get_state (self->login_switch))
    change (self, "SetKeyslot", g_variant_new ("(sb)", "login", active), NULL);
  return TRUE;
}

/* --- Life --------------------------------------------------------------------------------------
 */

static void
mortise_keyslots_group_dispose (GObject *object)
{
  MortiseKeyslotsGroup *self = MORTISE_KEYSLOTS_GROUP (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (mortise_keyslots_group_parent_class)->dispose (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget_class, MortiseKeyslotsGroup, name)

static void
mortise_keyslots_group_class_init (MortiseKeyslotsGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_keyslots_group_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/keyslots-group.ui");
  BIND (pin_row);
  BIND (change_pin_button);
  BIND (recovery_row);
  BIND (make_code_button);
  BIND (remove_code_button);
  BIND (forgot_row);
  BIND (login_row);
  BIND (login_switch);
  gtk_widget_class_bind_template_callback (widget_class, on_change_pin);
  gtk_widget_class_bind_template_callback (widget_class, on_make_code);
  gtk_widget_class_bind_template_callback (widget_class, on_remove_code);
  gtk_widget_class_bind_template_callback (widget_class, on_reset_pin);
  gtk_widget_class_bind_template_callback (widget_class, on_login_switched);
}

static void
mortise_keyslots_group_init (MortiseKeyslotsGroup *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  mortise_suffix_layout_apply (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
}

void
mortise_keyslots_group_set_client (MortiseKeyslotsGroup *self, MortiseAgentClient *client)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  g_signal_connect_swapped (client, "properties-changed", G_CALLBACK (refresh), self);
  refresh (self);
}
