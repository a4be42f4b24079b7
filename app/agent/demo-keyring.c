/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/demo-keyring.h"

#include <glib/gi18n.h>

#include "core/mortise-error.h"

struct _MortiseDemoKeyring
{
  GObject parent_instance;

  GMutex lock;
  char *vault_id; /* of the one vault that a demo has */
  MortiseSecret *secret;
};

static void keyring_iface_init (MortiseKeyringInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MortiseDemoKeyring,
                               mortise_demo_keyring,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MORTISE_TYPE_KEYRING, keyring_iface_init))

static gboolean
demo_store (MortiseKeyring *keyring,
            const char *vault_id,
            const MortiseSecret *secret,
            GCancellable *cancellable,
            GError **error)
{
  MortiseDemoKeyring *self = MORTISE_DEMO_KEYRING (keyring);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_free (self->vault_id);
  self->vault_id = g_strdup (vault_id);
  mortise_secret_free (self->secret);
  self->secret = mortise_secret_copy (secret);
  return TRUE;
}

static MortiseSecret *
demo_lookup (MortiseKeyring *keyring,
             const char *vault_id,
             GCancellable *cancellable,
             GError **error)
{
  MortiseDemoKeyring *self = MORTISE_DEMO_KEYRING (keyring);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_strcmp0 (self->vault_id, vault_id) == 0)
    return mortise_secret_copy (self->secret);
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND,
                       _ ("The demo’s keyring holds nothing for this vault."));
  return NULL;
}

static gboolean
demo_clear (MortiseKeyring *keyring,
            const char *vault_id,
            GCancellable *cancellable,
            GError **error)
{
  MortiseDemoKeyring *self = MORTISE_DEMO_KEYRING (keyring);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_strcmp0 (self->vault_id, vault_id) == 0)
    {
      g_clear_pointer (&self->vault_id, g_free);
      g_clear_pointer (&self->secret, mortise_secret_free);
    }
  return TRUE;
}

static void
keyring_iface_init (MortiseKeyringInterface *iface)
{
  iface->store = demo_store;
  iface->lookup = demo_lookup;
  iface->clear = demo_clear;
}

static void
mortise_demo_keyring_finalize (GObject *object)
{
  MortiseDemoKeyring *self = MORTISE_DEMO_KEYRING (object);

  g_free (self->vault_id);
  mortise_secret_free (self->secret);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (mortise_demo_keyring_parent_class)->finalize (object);
}

static void
mortise_demo_keyring_class_init (MortiseDemoKeyringClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_demo_keyring_finalize;
}

static void
mortise_demo_keyring_init (MortiseDemoKeyring *self)
{
  g_mutex_init (&self->lock);
}

MortiseKeyring *
mortise_demo_keyring_new (void)
{
  return g_object_new (MORTISE_TYPE_DEMO_KEYRING, NULL);
}
