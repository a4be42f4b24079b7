/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/keyring.h"

#include <glib/gi18n.h>
#include <libsecret/secret.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/mortise-error.h"

/* A keyring that hangs must not hold up the first sign-in of the day. */
#define TIMEOUT_MS 5000

/* --- A Secret Service client that never asks ---------------------------------------------------
 */

#define QUIET_TYPE_SERVICE (quiet_service_get_type ())
G_DECLARE_FINAL_TYPE (QuietService, quiet_service, QUIET, SERVICE, SecretService)

struct _QuietService
{
  SecretService parent_instance;
};

G_DEFINE_FINAL_TYPE (QuietService, quiet_service, SECRET_TYPE_SERVICE)

/* The agent runs unseen: a dialog out of nowhere that asks for a password is what phishing looks
 * like. What would need one counts as not available. */
static GVariant *
quiet_service_prompt_sync (SecretService *service,
                           SecretPrompt *prompt,
                           GCancellable *cancellable,
                           const GVariantType *return_type,
                           GError **error)
{
  g_set_error_literal (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "locked");
  return NULL;
}

static void
quiet_service_class_init (QuietServiceClass *klass)
{
  SECRET_SERVICE_CLASS (klass)->prompt_sync = quiet_service_prompt_sync;
}

static void
quiet_service_init (QuietService *self)
{
}

/* --- The keyring -------------------------------------------------------------------------------
 */

#define MORTISE_TYPE_SECRET_SERVICE_KEYRING (mortise_secret_service_keyring_get_type ())
G_DECLARE_FINAL_TYPE (MortiseSecretServiceKeyring,
                      mortise_secret_service_keyring,
                      MORTISE,
                      SECRET_SERVICE_KEYRING,
                      GObject)

struct _MortiseSecretServiceKeyring
{
  GObject parent_instance;
};

static void mortise_secret_service_keyring_iface_init (MortiseKeyringInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MortiseSecretServiceKeyring,
                               mortise_secret_service_keyring,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MORTISE_TYPE_KEYRING,
                                                      mortise_secret_service_keyring_iface_init))

/* What is stored is the vault's random id; which passkeys are in it shows nowhere. */
static const SecretSchema schema = {
  MORTISE_APP_ID,
  SECRET_SCHEMA_NONE,
  { { "vault", SECRET_SCHEMA_ATTRIBUTE_STRING } },
};

static void
set_locked (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_KEYRING,
                       _ ("The login keyring is locked, so passkeys can be listed only after the "
                          "PIN was entered. Unlock the keyring to list them from login on."));
}

/* Takes @cause. */
static void
set_unreachable (GError *cause, GError **error)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED,
                         _ ("Reading the keyring was cancelled."));
  else if (g_error_matches (cause, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    set_locked (error);
  else
    g_set_error_literal (
        error, MORTISE_ERROR, MORTISE_ERROR_KEYRING,
        _ ("The login keyring does not answer, so passkeys can be listed only after the PIN was "
           "entered. Start a keyring service, such as GNOME Keyring, to list them from login on."));
  if (cause != NULL)
    g_debug ("Secret Service: %s", cause->message);
  g_clear_error (&cause);
}

/* A new connection each time: it is used a few times a day, and a keyring that was restarted
 * meanwhile has forgotten the old one's session. */
static SecretService *
connect_service (GCancellable *cancellable, GError **error)
{
  GError *cause = NULL;
  SecretService *service = secret_service_open_sync (
      QUIET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION, cancellable, &cause);

  if (service == NULL)
    {
      set_unreachable (cause, error);
      return NULL;
    }
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (service), TIMEOUT_MS);
  return service;
}

static SecretCollection *
open_collection (SecretService *service, GCancellable *cancellable, GError **error)
{
  GError *cause = NULL;
  g_autoptr (SecretCollection) collection = secret_collection_for_alias_sync (
      service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, cancellable, &cause);

  if (collection == NULL)
    {
      set_unreachable (cause, error);
      return NULL;
    }
  if (secret_collection_get_locked (collection))
    {
      set_locked (error);
      return NULL;
    }
  return g_steal_pointer (&collection);
}

static GHashTable *
make_attributes (const char *vault_id)
{
  return secret_attributes_build (&schema, "vault", vault_id, NULL);
}

static GList *
find_items (SecretService *service,
            const char *vault_id,
            SecretSearchFlags flags,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GHashTable) attributes = make_attributes (vault_id);
  GError *cause = NULL;
  GList *items = secret_service_search_sync (service, &schema, attributes,
                                             SECRET_SEARCH_ALL | flags, cancellable, &cause);

  if (cause != NULL)
    set_unreachable (cause, error);
  return items;
}

static void
free_items (GList *items)
{
  g_list_free_full (items, g_object_unref);
}

/* Base64, as some keyrings keep text only. */
static MortiseSecret *
encode_secret (const MortiseSecret *secret)
{
  gsize size = mortise_secret_get_size (secret);
  MortiseSecret *text = mortise_secret_new ((size + 2) / 3 * 4 + 1);

  EVP_EncodeBlock (mortise_secret_get_bytes (text), mortise_secret_peek (secret), (int) size);
  return text;
}

static MortiseSecret *
decode_secret (SecretValue *value)
{
  gsize size = 0;
  const char *text = secret_value_get (value, &size);
  g_autoptr (MortiseSecret) padded = NULL;
  gsize padding = 0;
  int decoded;

  if (text == NULL || size == 0 || size % 4 != 0 || size > 1024)
    return NULL;
  while (padding < 2 && text[size - 1 - padding] == '=')
    padding++;
  padded = mortise_secret_new (size / 4 * 3);
  decoded = EVP_DecodeBlock (mortise_secret_get_bytes (padded), (const guint8 *) text, (int) size);
  if (decoded <= (int) padding)
    return NULL;
  return mortise_secret_new_from_data (mortise_secret_peek (padded), (gsize) decoded - padding);
}

static gboolean
keyring_store (MortiseKeyring *keyring,
               const char *vault_id,
               const MortiseSecret *secret,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SecretService) service = connect_service (cancellable, error);
  g_autoptr (SecretCollection) collection = NULL;
  g_autoptr (GHashTable) attributes = NULL;
  g_autoptr (MortiseSecret) text = NULL;
  g_autoptr (SecretValue) value = NULL;
  g_autoptr (SecretItem) item = NULL;
  GError *cause = NULL;

  if (service == NULL)
    return FALSE;
  collection = open_collection (service, cancellable, error);
  if (collection == NULL)
    return FALSE;
  text = encode_secret (secret);
  /* Not copied: the text stays in our locked memory. */
  value = secret_value_new_full ((char *) mortise_secret_get_bytes (text),
                                 (gssize) mortise_secret_get_size (text) - 1, "text/plain", NULL);
  attributes = make_attributes (vault_id);
  item =
      secret_item_create_sync (collection, &schema, attributes,
                               /* Translators: a line in the person's list of stored passwords. */
                               _ ("Mortise: lets passkeys be listed after login"), value,
                               SECRET_ITEM_CREATE_REPLACE, cancellable, &cause);
  if (item == NULL)
    set_unreachable (cause, error);
  return item != NULL;
}

static MortiseSecret *
read_items (GList *items, GError **error)
{
  gboolean locked = FALSE;

  for (GList *i = items; i != NULL; i = i->next)
    {
      g_autoptr (SecretValue) value = secret_item_get_secret (i->data);
      MortiseSecret *secret = value != NULL ? decode_secret (value) : NULL;

      if (secret != NULL)
        return secret;
      locked = locked || secret_item_get_locked (i->data);
    }
  if (locked)
    set_locked (error);
  else
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                         _ ("The login keyring has no entry for this vault, so passkeys can be "
                            "listed only after the PIN was entered. Enter the PIN once to mend "
                            "it."));
  return NULL;
}

static MortiseSecret *
keyring_lookup (MortiseKeyring *keyring,
                const char *vault_id,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (SecretService) service = connect_service (cancellable, error);
  g_autoptr (SecretCollection) collection = NULL;
  g_autoptr (GError) local_error = NULL;
  MortiseSecret *secret;
  GList *items;

  if (service == NULL)
    return NULL;
  items = find_items (service, vault_id, SECRET_SEARCH_LOAD_SECRETS, cancellable, &local_error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  /* A locked keyring may not even tell that it has the entry. */
  if (items == NULL && (collection = open_collection (service, cancellable, error)) == NULL)
    return NULL;
  secret = read_items (items, error);
  free_items (items);
  return secret;
}

static gboolean
keyring_clear (MortiseKeyring *keyring,
               const char *vault_id,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SecretService) service = connect_service (cancellable, error);
  GError *cause = NULL;
  GError *local_error = NULL;
  GList *items;

  if (service == NULL)
    return FALSE;
  items = find_items (service, vault_id, SECRET_SEARCH_NONE, cancellable, &local_error);
  for (GList *i = items; i != NULL && cause == NULL; i = i->next)
    (void) secret_item_delete_sync (i->data, cancellable, &cause);
  free_items (items);
  if (local_error != NULL)
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }
  if (cause != NULL)
    {
      set_unreachable (cause, error);
      return FALSE;
    }
  return TRUE;
}

static void
mortise_secret_service_keyring_iface_init (MortiseKeyringInterface *iface)
{
  iface->store = keyring_store;
  iface->lookup = keyring_lookup;
  iface->clear = keyring_clear;
}

static void
mortise_secret_service_keyring_class_init (MortiseSecretServiceKeyringClass *klass)
{
}

static void
mortise_secret_service_keyring_init (MortiseSecretServiceKeyring *self)
{
}

MortiseKeyring *
mortise_secret_service_keyring_new (void)
{
  return g_object_new (MORTISE_TYPE_SECRET_SERVICE_KEYRING, NULL);
}
