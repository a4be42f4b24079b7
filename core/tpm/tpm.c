/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm.h"

#include <glib/gi18n.h>

/* Limits of the contract in tpm.h; checked here so that no implementation sees anything else. */
#define PARENT_AUTH_SIZE 32
#define SEAL_MAX         128
#define SEAL_AUTH_MAX    32

struct _MortiseTpmKey
{
  MortiseTpm *tpm;
  guint32 handle;
};

typedef struct
{
  GMutex lock;
  guint delays;
  /* Of keys that were freed since (element-type guint32). */
  GArray *handles;
} MortiseTpmPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (MortiseTpm, mortise_tpm, G_TYPE_OBJECT)

static MortiseTpmPrivate *
private_of (MortiseTpm *self)
{
  return mortise_tpm_get_instance_private (self);
}

static void
mortise_tpm_finalize (GObject *object)
{
  MortiseTpmPrivate *private = private_of (MORTISE_TPM (object));

  g_array_unref (private->handles);
  g_mutex_clear (&private->lock);

  G_OBJECT_CLASS (mortise_tpm_parent_class)->finalize (object);
}

static void
mortise_tpm_class_init (MortiseTpmClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_tpm_finalize;
}

static void
mortise_tpm_init (MortiseTpm *self)
{
  MortiseTpmPrivate *private = private_of (self);

  g_mutex_init (&private->lock);
  private->handles = g_array_new (FALSE, FALSE, sizeof (guint32));
}

/* Returns: %FALSE if the key is to be flushed now. */
static gboolean
delay_flush (MortiseTpm *self, guint32 handle)
{
  MortiseTpmPrivate *private = private_of (self);
  gboolean delayed;

  g_mutex_lock (&private->lock);
  delayed = private->delays > 0;
  if (delayed)
    g_array_append_val (private->handles, handle);
  g_mutex_unlock (&private->lock);
  return delayed;
}

static gboolean
check_size (gsize size, gsize min, gsize max, GError **error)
{
  if (size >= min && size <= max)
    return TRUE;
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
               _ ("Mortise asked the TPM for something it cannot do (a value of %zu bytes). "
                  "Nothing was changed; please report this."),
               size);
  return FALSE;
}

MortiseTpmKey *
mortise_tpm_key_new (MortiseTpm *tpm, guint32 handle)
{
  MortiseTpmKey *key;

  g_return_val_if_fail (MORTISE_IS_TPM (tpm), NULL);

  key = g_new0 (MortiseTpmKey, 1);
  key->tpm = g_object_ref (tpm);
  key->handle = handle;
  return key;
}

guint32
mortise_tpm_key_get_handle (MortiseTpmKey *key)
{
  g_return_val_if_fail (key != NULL, 0);

  return key->handle;
}

void
mortise_tpm_key_free (MortiseTpmKey *key)
{
  if (key == NULL)
    return;
  if (!delay_flush (key->tpm, key->handle))
    MORTISE_TPM_GET_CLASS (key->tpm)->flush (key->tpm, key->handle);
  g_object_unref (key->tpm);
  g_free (key);
}

void
mortise_tpm_delay_flushes (MortiseTpm *self)
{
  MortiseTpmPrivate *private;

  g_return_if_fail (MORTISE_IS_TPM (self));

  private = private_of (self);
  g_mutex_lock (&private->lock);
  private->delays++;
  g_mutex_unlock (&private->lock);
}

void
mortise_tpm_flush_delayed (MortiseTpm *self)
{
  MortiseTpmPrivate *private;
  g_autoptr (GArray) handles = NULL;

  g_return_if_fail (MORTISE_IS_TPM (self));

  private = private_of (self);
  g_mutex_lock (&private->lock);
  g_assert (private->delays > 0);
  if (--private->delays == 0)
    {
      handles = private->handles;
      private->handles = g_array_new (FALSE, FALSE, sizeof (guint32));
    }
  g_mutex_unlock (&private->lock);
  for (guint i = 0; handles != NULL && i < handles->len; i++)
    MORTISE_TPM_GET_CLASS (self)->flush (self, g_array_index (handles, guint32, i));
}

const MortiseTpmInfo *
mortise_tpm_get_info (MortiseTpm *self)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);

  return MORTISE_TPM_GET_CLASS (self)->get_info (self);
}

gboolean
mortise_tpm_get_lockout (MortiseTpm *self, MortiseTpmLockout *ret_lockout, GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), FALSE);
  g_return_val_if_fail (ret_lockout != NULL, FALSE);

  return MORTISE_TPM_GET_CLASS (self)->get_lockout (self, ret_lockout, error);
}

gboolean
mortise_tpm_attach (MortiseTpm *self, GBytes *expected_name, GBytes **ret_name, GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), FALSE);

  return MORTISE_TPM_GET_CLASS (self)->attach (self, expected_name, ret_name, error);
}

MortiseTpmBlob *
mortise_tpm_create_parent (MortiseTpm *self, const MortiseSecret *auth, GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);
  g_return_val_if_fail (auth != NULL, NULL);

  if (!check_size (mortise_secret_get_size (auth), PARENT_AUTH_SIZE, PARENT_AUTH_SIZE, error))
    return NULL;
  return MORTISE_TPM_GET_CLASS (self)->create_parent (self, auth, error);
}

gboolean
mortise_tpm_load_parent (MortiseTpm *self,
                         const MortiseTpmBlob *blob,
                         const MortiseSecret *auth,
                         GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), FALSE);
  g_return_val_if_fail (blob != NULL && auth != NULL, FALSE);

  if (!check_size (mortise_secret_get_size (auth), PARENT_AUTH_SIZE, PARENT_AUTH_SIZE, error))
    return FALSE;
  return MORTISE_TPM_GET_CLASS (self)->load_parent (self, blob, auth, error);
}

void
mortise_tpm_unload_parent (MortiseTpm *self)
{
  g_return_if_fail (MORTISE_IS_TPM (self));

  MORTISE_TPM_GET_CLASS (self)->unload_parent (self);
}

MortiseTpmKey *
mortise_tpm_create_key (MortiseTpm *self,
                        MortiseAlgorithm algorithm,
                        MortiseKeyClass key_class,
                        MortiseTpmBlob **ret_blob,
                        GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);
  g_return_val_if_fail (ret_blob != NULL, NULL);
  g_return_val_if_fail (key_class == MORTISE_KEY_DEVICE_ONLY || key_class == MORTISE_KEY_EXPORTABLE,
                        NULL);

  return MORTISE_TPM_GET_CLASS (self)->create_key (self, algorithm, key_class, ret_blob, error);
}

MortiseTpmKey *
mortise_tpm_load_key (MortiseTpm *self, const MortiseTpmBlob *blob, GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);
  g_return_val_if_fail (blob != NULL, NULL);

  return MORTISE_TPM_GET_CLASS (self)->load_key (self, blob, error);
}

MortiseTpmKeyInfo *
mortise_tpm_read_key (MortiseTpm *self, MortiseTpmKey *key, GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);
  g_return_val_if_fail (key != NULL && key->tpm == self, NULL);

  return MORTISE_TPM_GET_CLASS (self)->read_key (self, key, error);
}

GBytes *
mortise_tpm_sign (MortiseTpm *self, MortiseTpmKey *key, GBytes *digest, GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);
  g_return_val_if_fail (key != NULL && key->tpm == self, NULL);
  g_return_val_if_fail (digest != NULL, NULL);

  if (g_bytes_get_size (digest) != 48 && !check_size (g_bytes_get_size (digest), 32, 32, error))
    return NULL;
  return MORTISE_TPM_GET_CLASS (self)->sign (self, key, digest, error);
}

MortiseTpmBlob *
mortise_tpm_seal (MortiseTpm *self,
                  const MortiseSecret *secret,
                  const MortiseSecret *auth,
                  gboolean dictionary_attack_protected,
                  GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);
  g_return_val_if_fail (secret != NULL && auth != NULL, NULL);

  if (!check_size (mortise_secret_get_size (secret), 1, SEAL_MAX, error) ||
      !check_size (mortise_secret_get_size (auth), 1, SEAL_AUTH_MAX, error))
    return NULL;
  return MORTISE_TPM_GET_CLASS (self)->seal (self, secret, auth, dictionary_attack_protected,
                                             error);
}

MortiseSecret *
mortise_tpm_unseal (MortiseTpm *self,
                    const MortiseTpmBlob *blob,
                    const MortiseSecret *auth,
                    GError **error)
{
  g_return_val_if_fail (MORTISE_IS_TPM (self), NULL);
  g_return_val_if_fail (blob != NULL && auth != NULL, NULL);

  if (!check_size (mortise_secret_get_size (auth), 1, SEAL_AUTH_MAX, error))
    return NULL;
  return MORTISE_TPM_GET_CLASS (self)->unseal (self, blob, auth, error);
}
