/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys.h"

#include <glib/gi18n.h>
#include <openssl/crypto.h>

#include "core/tpm/tpm-esys-private.h"

/* Milliseconds between attempts when the TPM asks for time; ESAPI has repeated five times without
 * a pause before that. Together 2.5 s: a self-test takes under one. */
static const guint wait_ms[] = { 10, 20, 40, 80, 160, 300, 600, 1290 };

/* Deeper than any call of ESAPI goes. */
#define STACK_WIPED (48 * 1024)

G_DEFINE_FINAL_TYPE (MortiseEsysTpm, mortise_esys_tpm, MORTISE_TYPE_TPM)

/* Does what @rc calls for, if it was not done before. Returns: whether to try again. */
static gboolean
prepare_retry (MortiseEsysTpm *self, TSS2_RC rc, guint *waits, guint *done)
{
  const MortiseTpmReaction reaction = mortise_tpm_rc_reaction (rc);
  const guint bit = 1u << reaction;

  if (reaction == MORTISE_TPM_WAIT)
    {
      if (*waits >= G_N_ELEMENTS (wait_ms))
        return FALSE;
      g_usleep (wait_ms[(*waits)++] * 1000u);
      return TRUE;
    }
  if (reaction == MORTISE_TPM_RECONNECT)
    mortise_esys_disconnect (self);
  if (self->auth_spent || reaction == MORTISE_TPM_GIVE_UP || (*done & bit) != 0)
    return FALSE;
  *done |= bit;
  if (reaction == MORTISE_TPM_MAKE_ROOM)
    return mortise_esys_free_slots (self, rc);
  if (reaction == MORTISE_TPM_RENEW)
    mortise_esys_forget_all (self);
  return TRUE;
}

/* tpm2-tss works on copies of authValues and secrets on its stack, which is ours from here on. */
static __attribute__ ((noinline)) void
wipe_stack (void)
{
  guint8 below[STACK_WIPED];

  OPENSSL_cleanse (below, sizeof below);
}

gboolean
mortise_esys_run (MortiseEsysTpm *self, MortiseEsysStep step, gpointer data, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->lock);
  guint waits = 0;
  guint done = 0;
  TSS2_RC rc;

  self->auth_spent = FALSE;
  do
    {
      self->attempt++;
      rc = self->esys != NULL ? TSS2_RC_SUCCESS : mortise_esys_connect (self);
      if (rc == TSS2_RC_SUCCESS)
        rc = step (self, data);
      wipe_stack ();
      if (rc == TSS2_RC_SUCCESS)
        return TRUE;
    }
  while (prepare_retry (self, rc, &waits, &done));

  /* After an answer that does not verify or parse, ESAPI takes no more commands. */
  if (mortise_tpm_rc_is_local (rc))
    mortise_esys_disconnect (self);
  mortise_tpm_rc_set_error (rc, error);
  return FALSE;
}

static const MortiseTpmInfo *
get_info (MortiseTpm *tpm)
{
  return &MORTISE_ESYS_TPM (tpm)->info;
}

static void
mortise_esys_tpm_finalize (GObject *object)
{
  MortiseEsysTpm *self = MORTISE_ESYS_TPM (object);

  mortise_esys_forget_all (self);
  mortise_esys_object_clear (self, &self->vault_parent);
  mortise_esys_object_clear (self, &self->srk);
  mortise_esys_disconnect (self);
  g_hash_table_unref (self->keys);
  g_clear_pointer (&self->vault_parent_auth, mortise_secret_free);
  g_clear_pointer (&self->srk_name, g_bytes_unref);
  g_clear_pointer (&self->tap, mortise_tcti_tap_free);
  g_free (self->tcti_config);
  g_rec_mutex_clear (&self->lock);

  G_OBJECT_CLASS (mortise_esys_tpm_parent_class)->finalize (object);
}

static void
mortise_esys_tpm_class_init (MortiseEsysTpmClass *klass)
{
  MortiseTpmClass *tpm_class = MORTISE_TPM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = mortise_esys_tpm_finalize;
  tpm_class->get_info = get_info;
  tpm_class->get_lockout = mortise_esys_get_lockout;
  tpm_class->attach = mortise_esys_attach;
  tpm_class->create_parent = mortise_esys_create_parent;
  tpm_class->load_parent = mortise_esys_load_parent;
  tpm_class->unload_parent = mortise_esys_unload_parent;
  tpm_class->create_key = mortise_esys_create_key;
  tpm_class->load_key = mortise_esys_load_key;
  tpm_class->read_key = mortise_esys_read_key;
  tpm_class->sign = mortise_esys_sign;
  tpm_class->seal = mortise_esys_seal;
  tpm_class->unseal = mortise_esys_unseal;
  tpm_class->flush = mortise_esys_flush_key;
}

/* tpm2-tss reads its logging from the environment alone, and prints authValues and session keys at
 * its higher levels: whatever the environment says, it stays silent. Before main(), as the
 * environment must not change once there are threads. */
__attribute__ ((constructor)) static void
silence_tss (void)
{
  (void) setenv ("TSS2_LOG", "all+none", 1);
}

static void
mortise_esys_tpm_init (MortiseEsysTpm *self)
{
  g_rec_mutex_init (&self->lock);
  self->tap = mortise_tcti_tap_new ();
  self->keys = g_hash_table_new_full (NULL, NULL, NULL, mortise_esys_key_free);
  self->session = ESYS_TR_NONE;
  mortise_esys_object_init (&self->srk);
  mortise_esys_object_init (&self->vault_parent);
}

static gboolean
is_managed (const char *tcti_config)
{
  return g_str_has_prefix (tcti_config, "tabrmd") ||
         (g_str_has_prefix (tcti_config, "device:") && strstr (tcti_config, "tpmrm") != NULL);
}

static char *
find_tcti (const char *tcti, GError **error)
{
  if (tcti == NULL)
    return mortise_tpm_device_find ("/dev", "/sys/class/tpm", error);
  if (g_str_has_prefix (tcti, "device:") &&
      !mortise_tpm_device_check (tcti + strlen ("device:"), error))
    return NULL;
  return g_strdup (tcti);
}

/* Connecting comes before every step. */
static TSS2_RC
no_step (MortiseEsysTpm *self, gpointer data)
{
  return TSS2_RC_SUCCESS;
}

static gboolean
connect_first (MortiseEsysTpm *self, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (mortise_esys_run (self, no_step, NULL, &problem))
    return TRUE;
  if (mortise_tcti_tap_count (self->tap, 0) == 0)
    g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_MISSING,
                 _ ("There is no TPM where Mortise was told to look for it (“%s”). Start it, or "
                    "start Mortise without that option."),
                 self->tcti_config);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

MortiseTpm *
mortise_esys_tpm_open (const char *tcti, GError **error)
{
  g_autoptr (MortiseEsysTpm) self = g_object_new (MORTISE_TYPE_ESYS_TPM, NULL);

  self->tcti_config = find_tcti (tcti, error);
  if (self->tcti_config == NULL)
    return NULL;
  self->managed = is_managed (self->tcti_config);
  if (!connect_first (self, error) || !mortise_esys_read_capabilities (self, error))
    return NULL;
  return MORTISE_TPM (g_steal_pointer (&self));
}

guint64
mortise_esys_tpm_count_commands (MortiseEsysTpm *self, guint32 command_code)
{
  g_return_val_if_fail (MORTISE_IS_ESYS_TPM (self), 0);

  return mortise_tcti_tap_count (self->tap, command_code);
}

void
mortise_esys_tpm_set_latency (MortiseEsysTpm *self, guint microseconds)
{
  g_autoptr (GRecMutexLocker) locker = NULL;

  g_return_if_fail (MORTISE_IS_ESYS_TPM (self));

  locker = g_rec_mutex_locker_new (&self->lock);
  mortise_tcti_tap_set_latency (self->tap, microseconds);
}
