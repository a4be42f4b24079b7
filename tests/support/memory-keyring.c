/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/memory-keyring.h"

#include "core/mortise-error.h"

struct _MortiseMemoryKeyring
{
  GObject parent_instance;

  GMutex mutex;
  GHashTable *secrets;
  gboolean available;
};

static void mortise_memory_keyring_iface_init (MortiseKeyringInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MortiseMemoryKeyring,
                               mortise_memory_keyring,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MORTISE_TYPE_KEYRING,
                                                      mortise_memory_keyring_iface_init))

/* Returns: with the mutex held. */
static gboolean
begin (MortiseMemoryKeyring *self, GError **error)
{
  g_mutex_lock (&self->mutex);
  if (!self->available)
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_KEYRING, "The test keyring is locked");
  return self->available;
}

static gboolean
memory_store (MortiseKeyring *keyring,
              const char *vault_id,
              const MortiseSecret *secret,
              GCancellable *cancellable,
              GError **error)
{
  MortiseMemoryKeyring *self = MORTISE_MEMORY_KEYRING (keyring);
  gboolean ok = begin (self, error);

  if (ok)
    g_hash_table_replace (self->secrets, g_strdup (vault_id), mortise_secret_copy (secret));
  g_mutex_unlock (&self->mutex);
  return ok;
}

static MortiseSecret *
memory_lookup (MortiseKeyring *keyring,
               const char *vault_id,
               GCancellable *cancellable,
               GError **error)
{
  MortiseMemoryKeyring *self = MORTISE_MEMORY_KEYRING (keyring);
  MortiseSecret *found = NULL;

  if (begin (self, error))
    {
      const MortiseSecret *kept = g_hash_table_lookup (self->secrets, vault_id);

      if (kept != NULL)
        found = mortise_secret_copy (kept);
      else
        g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                             "Not in the test keyring");
    }
  g_mutex_unlock (&self->mutex);
  return found;
}

static gboolean
memory_clear (MortiseKeyring *keyring,
              const char *vault_id,
              GCancellable *cancellable,
              GError **error)
{
  MortiseMemoryKeyring *self = MORTISE_MEMORY_KEYRING (keyring);
  gboolean ok = begin (self, error);

  if (ok)
    g_hash_table_remove (self->secrets, vault_id);
  g_mutex_unlock (&self->mutex);
  return ok;
}

static void
mortise_memory_keyring_iface_init (MortiseKeyringInterface *iface)
{
  iface->store = memory_store;
  iface->lookup = memory_lookup;
  iface->clear = memory_clear;
}

static void
mortise_memory_keyring_finalize (GObject *object)
{
  MortiseMemoryKeyring *self = MORTISE_MEMORY_KEYRING (object);

  g_hash_table_unref (self->secrets);
  g_mutex_clear (&self->mutex);
  G_OBJECT_CLASS (mortise_memory_keyring_parent_class)->finalize (object);
}

static void
mortise_memory_keyring_class_init (MortiseMemoryKeyringClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_memory_keyring_finalize;
}

static void
mortise_memory_keyring_init (MortiseMemoryKeyring *self)
{
  g_mutex_init (&self->mutex);
  self->secrets =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) mortise_secret_free);
  self->available = TRUE;
}

MortiseKeyring *
mortise_memory_keyring_new (void)
{
  return g_object_new (MORTISE_TYPE_MEMORY_KEYRING, NULL);
}

void
mortise_memory_keyring_set_available (MortiseMemoryKeyring *self, gboolean available)
{
  g_mutex_lock (&self->mutex);
  self->available = available;
  g_mutex_unlock (&self->mutex);
}

void
mortise_memory_keyring_forget (MortiseMemoryKeyring *self)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_remove_all (self->secrets);
  g_mutex_unlock (&self->mutex);
}

guint
mortise_memory_keyring_count (MortiseMemoryKeyring *self)
{
  guint count;

  g_mutex_lock (&self->mutex);
  count = g_hash_table_size (self->secrets);
  g_mutex_unlock (&self->mutex);
  return count;
}
