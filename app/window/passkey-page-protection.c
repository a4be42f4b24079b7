/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include "app/window/moment.h"
#include "app/window/toast.h"

#include <glib/gi18n.h>

/* TPMA_OBJECT (TPM 2.0 Part 2, §8.3). */
#define ATTRIBUTE_FIXED_TPM    (1u << 1)
#define ATTRIBUTE_FIXED_PARENT (1u << 4)
#define ATTRIBUTE_ORIGIN       (1u << 5)
#define ATTRIBUTE_WITH_AUTH    (1u << 6)
#define ATTRIBUTE_NO_DA        (1u << 10)
#define ATTRIBUTE_RESTRICTED   (1u << 16)
#define ATTRIBUTE_DECRYPT      (1u << 17)
#define ATTRIBUTE_SIGN         (1u << 18)

/* Browsing through the list with the arrow keys asks the TPM nothing. */
#define READ_DELAY_MS 250

static const struct
{
  guint32 bit;
  const char *name;
} attribute_names[] = {
  { ATTRIBUTE_FIXED_TPM, "fixedTPM" },
  { ATTRIBUTE_FIXED_PARENT, "fixedParent" },
  { ATTRIBUTE_ORIGIN, "sensitiveDataOrigin" },
  { ATTRIBUTE_WITH_AUTH, "userWithAuth" },
  { ATTRIBUTE_NO_DA, "noDA" },
  { ATTRIBUTE_RESTRICTED, "restricted" },
  { ATTRIBUTE_DECRYPT, "decrypt" },
  { ATTRIBUTE_SIGN, "sign" },
};

static const char *
describe_kind (MortisePasskeyKind kind, gboolean software)
{
  switch (kind)
    {
    case MORTISE_PASSKEY_DEVICE_ONLY:
      if (software)
        return _ ("Recorded as device-only, but this TPM is software: whoever has its files can "
                  "copy the key. Mortise itself makes no copy of it.");
      return _ ("Recorded as device-only: made in this TPM so that it can never leave it. There is "
                "no backup and no copy; if this computer is lost, so is this passkey.");
    case MORTISE_PASSKEY_SEALED:
      return _ (
          "Sealed: the key was imported and is of a kind that TPMs cannot hold. The TPM seals "
          "it, but each sign-in uses it in this computer’s memory, and other copies may "
          "exist where it came from.");
    case MORTISE_PASSKEY_EXPORTABLE:
    default:
      return _ ("Exportable: the TPM uses the key, and lets it go into encrypted backups and to "
                "your other computers when you say so.");
    }
}

static char *
format_attributes (guint32 attributes)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (attribute_names); i++)
    {
      if ((attributes & attribute_names[i].bit) != 0)
        g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", attribute_names[i].name);
    }
  return g_string_free (text, FALSE);
}

/* A TPM Name is a hash algorithm and a hash; its first bytes tell it from any other. */
static char *
format_name (GVariant *protection, const char *member)
{
  g_autoptr (GVariant) value =
      g_variant_lookup_value (protection, member, G_VARIANT_TYPE_BYTESTRING);
  gsize size = value == NULL ? 0 : g_variant_get_size (value);
  const guint8 *bytes = size == 0 ? NULL : g_variant_get_data (value);
  GString *text = NULL;

  if (size == 0)
    return NULL;
  text = g_string_new (NULL);
  for (gsize i = 0; i < MIN (size, 10); i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  if (size > 10)
    g_string_append (text, "…");
  {
    g_autofree char *hex = g_string_free (text, FALSE);

    /* Translators: a key’s “Name” as the TPM specification uses the word */
    return g_strdup_printf (_ ("TPM Name %s"), hex);
  }
}

static const char *
describe_key (guint32 attributes, gboolean device_only, MortisePasskeyKind kind)
{
  if (kind == MORTISE_PASSKEY_SEALED)
    return _ ("Sealed by this TPM; not a key inside it.");
  if (device_only)
    return _ ("The TPM says: device-only. The key was made inside this TPM and cannot leave it.");
  if ((attributes & ATTRIBUTE_FIXED_TPM) == 0)
    return _ ("The TPM says: not bound to this TPM. Copies can be made, each only under the key’s "
              "export policy.");
  return _ ("The TPM says: bound to this TPM, but not proven to be made inside it.");
}

static void
append_tpm (MortisePasskeyPage *self, MortiseChainState state)
{
  g_autoptr (GVariant) tpm = mortise_agent_client_dup_tpm (self->client);
  const char *manufacturer = "";
  const char *vendor = "";
  const char *firmware = "";
  gboolean software = mortise_agent_client_has_software_tpm (self->client);
  g_autofree char *text = NULL;

  if (tpm != NULL)
    {
      g_variant_lookup (tpm, "manufacturer", "&s", &manufacturer);
      g_variant_lookup (tpm, "vendor", "&s", &vendor);
      g_variant_lookup (tpm, "firmware", "&s", &firmware);
    }
  /* Translators: maker, model and firmware version of the TPM */
  text = g_strdup_printf (_ ("%s %s, firmware %s"), manufacturer, vendor, firmware);
  mortise_chain_append (
      self->chain, "computer-symbolic", software ? _ ("A software TPM") : _ ("This computer’s TPM"),
      software ? _ ("Not hardware: whoever can read its files has its keys.") : text,
      software ? text : NULL,
      software && state == MORTISE_CHAIN_PROVEN ? MORTISE_CHAIN_REFUTED : state);
}

static void
show_recorded (MortisePasskeyPage *self)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (self->passkey);
  gboolean unlocked = mortise_agent_client_get_state (self->client) == MORTISE_AGENT_UNLOCKED;
  gboolean sealed = data->kind == MORTISE_PASSKEY_SEALED;

  gtk_label_set_label (
      self->class_label,
      describe_kind (data->kind, mortise_agent_client_has_software_tpm (self->client)));
  gtk_widget_set_visible (GTK_WIDGET (self->words_button), FALSE);
  mortise_chain_clear (self->chain);
  mortise_chain_append (
      self->chain, sealed ? "mortise-seal-symbolic" : "mortise-key-symbolic", _ ("This passkey"),
      sealed ? _ ("Its key is sealed under the vault key and opened to sign in.")
             : _ ("Its key is encrypted by the vault key and is used only inside the TPM."),
      NULL, MORTISE_CHAIN_RECORDED);
  mortise_chain_append (self->chain, "changes-prevent-symbolic", _ ("Your vault’s key"),
                        _ ("Opens with your PIN, which the TPM checks."), NULL,
                        MORTISE_CHAIN_RECORDED);
  mortise_chain_append (self->chain, "mortise-chip-symbolic", _ ("Storage root key"),
                        _ ("Made by the TPM; never leaves it."), NULL, MORTISE_CHAIN_RECORDED);
  append_tpm (self, MORTISE_CHAIN_RECORDED);
  gtk_label_set_label (self->read_label,
                       _ ("This is what was recorded when the passkey was made. The TPM itself can "
                          "tell what is true now."));
  gtk_button_set_label (self->read_button,
                        unlocked ? _ ("_Read from the TPM") : _ ("_Unlock and Read from the TPM…"));
}

static void
show_read (MortisePasskeyPage *self, GVariant *protection)
{
  MortisePasskeyKind kind = mortise_passkey_get_data (self->passkey)->kind;
  guint32 attributes = 0;
  gboolean device_only = FALSE;
  gboolean as_recorded = FALSE;
  g_autofree char *key_evidence = NULL;
  g_autofree char *parent_name = format_name (protection, "parent-name");
  g_autofree char *root_name = format_name (protection, "storage-root-name");

  g_variant_lookup (protection, "attributes", "u", &attributes);
  g_variant_lookup (protection, "device-only", "b", &device_only);
  as_recorded = device_only == (kind == MORTISE_PASSKEY_DEVICE_ONLY);
  gtk_widget_set_visible (GTK_WIDGET (self->words_button), TRUE);
  key_evidence = format_attributes (attributes);

  mortise_chain_clear (self->chain);
  mortise_chain_append (self->chain, "mortise-key-symbolic", _ ("This passkey"),
                        describe_key (attributes, device_only, kind), key_evidence,
                        as_recorded ? MORTISE_CHAIN_PROVEN : MORTISE_CHAIN_REFUTED);
  mortise_chain_append (self->chain, "changes-prevent-symbolic", _ ("Your vault’s key"),
                        _ ("Opens with your PIN, which the TPM checks and whose tries it limits."),
                        parent_name, MORTISE_CHAIN_PROVEN);
  mortise_chain_append (self->chain, "mortise-chip-symbolic", _ ("Storage root key"),
                        _ ("Made by the TPM; never leaves it."), root_name, MORTISE_CHAIN_PROVEN);
  append_tpm (self, MORTISE_CHAIN_PROVEN);
  gtk_label_set_label (self->read_label,
                       as_recorded
                           ? _ ("Read from the TPM just now.")
                           : _ ("Read from the TPM just now. This is not what was recorded when "
                                "the passkey was made: trust what the TPM says."));
  gtk_button_set_label (self->read_button, _ ("_Read Again"));
}

/* What a software TPM says of hardware proves nothing. */
static void
note_proof (MortisePasskeyPage *self, GVariant *protection)
{
  gboolean device_only = FALSE;

  g_variant_lookup (protection, "device-only", "b", &device_only);
  mortise_passkey_set_proven (self->passkey,
                              device_only && !mortise_agent_client_has_software_tpm (self->client));
}

static void
on_protection_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePasskeyPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);
  g_autoptr (GVariant) protection = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->read_button), TRUE);
  if (self->passkey == NULL)
    return;
  if (reply == NULL)
    {
      g_autofree char *text =
          g_strdup_printf (_ ("The TPM could not be asked: %s"), error->message);

      gtk_label_set_label (self->read_label, text);
      return;
    }
  protection = g_variant_get_child_value (reply, 0);
  show_read (self, protection);
  note_proof (self, protection);
}

static void
ask_tpm (MortisePasskeyPage *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->read_button), FALSE);
  gtk_label_set_label (self->read_label, _ ("Asking the TPM…"));
  mortise_agent_client_call (self->client, "ReadProtection",
                             g_variant_new ("(x)", mortise_passkey_get_id (self->passkey)),
                             self->shown, on_protection_read, g_object_ref (self));
}

static gboolean
on_read_time (gpointer user_data)
{
  MortisePasskeyPage *self = user_data;

  self->read_source = 0;
  ask_tpm (self);
  return G_SOURCE_REMOVE;
}

/* Once unlocked, the change of state has the protection read. */
static void
on_unlocked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePasskeyPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  gtk_widget_set_sensitive (GTK_WIDGET (self->read_button), TRUE);
  if (reply == NULL)
    mortise_toast_error (GTK_WIDGET (self), error);
}

void
mortise_passkey_page_reset_protection (MortisePasskeyPage *self)
{
  g_clear_handle_id (&self->read_source, g_source_remove);
  gtk_widget_set_sensitive (GTK_WIDGET (self->read_button), TRUE);
  show_recorded (self);
  if (mortise_agent_client_get_state (self->client) == MORTISE_AGENT_UNLOCKED)
    self->read_source = g_timeout_add (READ_DELAY_MS, on_read_time, self);
}

void
mortise_passkey_page_read_protection (MortisePasskeyPage *self)
{
  if (self->passkey == NULL)
    return;
  if (mortise_agent_client_get_state (self->client) == MORTISE_AGENT_UNLOCKED)
    {
      g_clear_handle_id (&self->read_source, g_source_remove);
      ask_tpm (self);
      return;
    }
  gtk_widget_set_sensitive (GTK_WIDGET (self->read_button), FALSE);
  mortise_agent_client_call (self->client, "Unlock", NULL, self->shown, on_unlocked,
                             g_object_ref (self));
}
