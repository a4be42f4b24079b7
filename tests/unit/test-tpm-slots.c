/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/tpm-fixture.h"

/* Three slots for objects and three for sessions: nothing may leak, and more than three work. */

static void
check_clean (MortiseTpmFixture *f)
{
  /* The parent and the session. */
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, MORTISE_TRANSIENT_FIRST), ==, 1);
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, TPM2_LOADED_SESSION_FIRST), ==, 1);
  g_assert_cmpuint (g_hash_table_size (f->esys->keys), ==, 0);
}

/* More often than a TPM has room for anything: 3 objects, 64 sessions. */
#define SIGN_INS 150

static void
test_no_leak (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (MortiseTpmBlob) blob = NULL;

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  for (int i = 0; i < SIGN_INS; i++)
    {
      g_autoptr (MortiseTpmKey) key = mortise_tpm_load_key (f->tpm, blob, &error);
      g_autoptr (GBytes) signature = NULL;

      g_assert_no_error (error);
      signature = mortise_tpm_sign (f->tpm, key, digest, &error);
      g_assert_no_error (error);
    }
  check_clean (f);
}

static void
test_no_leak_on_failure (MortiseTpmFixture *f, gconstpointer data)
{
  static const guint32 commands[] = { TPM2_CC_CreateLoaded,    TPM2_CC_Load,   TPM2_CC_Sign,
                                      TPM2_CC_Unseal,          TPM2_CC_Create, TPM2_CC_ReadPublic,
                                      TPM2_CC_StartAuthSession };
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autoptr (MortiseTpmBlob) blob = NULL;
      g_autoptr (MortiseTpmBlob) sealed = NULL;
      g_autoptr (MortiseSecret) unsealed = NULL;
      g_autoptr (MortiseTpmKeyInfo) info = NULL;
      g_autoptr (GBytes) digest = mortise_test_digest (32);
      g_autoptr (GBytes) signature = NULL;
      MortiseTpmKey *key;

      mortise_tcti_tap_inject (f->esys->tap, commands[i], TPM2_RC_FAILURE, 1);
      key =
          mortise_tpm_create_key (f->tpm, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob, NULL);
      if (key != NULL)
        {
          signature = mortise_tpm_sign (f->tpm, key, digest, NULL);
          info = mortise_tpm_read_key (f->tpm, key, NULL);
          mortise_tpm_key_free (key);
          mortise_tpm_key_free (mortise_tpm_load_key (f->tpm, blob, NULL));
        }
      sealed = mortise_tpm_seal (f->tpm, secret, secret, TRUE, NULL);
      if (sealed != NULL)
        unsealed = mortise_tpm_unseal (f->tpm, sealed, secret, NULL);
      mortise_tcti_tap_inject (f->esys->tap, 0, 0, 0);
      mortise_tpm_fixture_load_parent (f);
      check_clean (f);
    }
}

/* More keys than slots, used in turn. */
static void
test_swap (MortiseTpmFixture *f, gconstpointer data)
{
  MortiseTpmKey *keys[6];
  MortiseTpmBlob *blobs[6];

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    keys[i] = mortise_tpm_fixture_create_key (f, &blobs[i]);
  for (int round = 0; round < 3; round++)
    for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
      mortise_test_check_sign (f->tpm, keys[(i * 5) % 6], blobs[(i * 5) % 6]);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      mortise_tpm_key_free (keys[i]);
      mortise_tpm_blob_free (blobs[i]);
    }
  mortise_tpm_fixture_load_parent (f);
  check_clean (f);
}

/* Swapped out, then the TPM is reset: saved contexts are void, the blobs are not. */
static void
test_swap_and_reboot (MortiseTpmFixture *f, gconstpointer data)
{
  MortiseTpmKey *keys[4];
  MortiseTpmBlob *blobs[4];

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    keys[i] = mortise_tpm_fixture_create_key (f, &blobs[i]);
  mortise_swtpm_reboot (f->swtpm);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    mortise_test_check_sign (f->tpm, keys[i], blobs[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      mortise_tpm_key_free (keys[i]);
      mortise_tpm_blob_free (blobs[i]);
    }
}

static ESYS_TR
occupy (MortiseTpmFixture *f)
{
  const TPM2B_PUBLIC template = mortise_test_srk_template (0);
  const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  const TPM2B_DATA outside_info = { 0 };
  const TPML_PCR_SELECTION pcrs = { 0 };
  ESYS_TR tr = ESYS_TR_NONE;

  g_assert_cmphex (Esys_CreatePrimary (f->esys->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                       ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &template,
                                       &outside_info, &pcrs, &tr, NULL, NULL, NULL, NULL),
                   ==, TSS2_RC_SUCCESS);
  return tr;
}

/* The flush waits until the client has its response; what is held over is no leak. */
static void
test_delayed_flush (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  MortiseTpmKey *key = mortise_tpm_fixture_create_key (f, &blob);
  guint64 before = mortise_esys_tpm_count_commands (f->esys, 0);

  mortise_tpm_delay_flushes (f->tpm);
  mortise_tpm_delay_flushes (f->tpm);
  mortise_tpm_key_free (key);
  mortise_tpm_flush_delayed (f->tpm);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before);
  mortise_tpm_flush_delayed (f->tpm);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before + 1);
  check_clean (f);

  /* Locked in between, and more keys than slots. */
  mortise_tpm_delay_flushes (f->tpm);
  for (int i = 0; i < 5; i++)
    mortise_tpm_key_free (mortise_tpm_load_key (f->tpm, blob, NULL));
  mortise_tpm_fixture_load_parent (f);
  before = mortise_esys_tpm_count_commands (f->esys, 0);
  mortise_tpm_flush_delayed (f->tpm);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before);
  check_clean (f);

  /* Never ended. */
  mortise_tpm_delay_flushes (f->tpm);
  mortise_tpm_key_free (mortise_tpm_load_key (f->tpm, blob, NULL));
}

/* Another program sits in the slots. */
static void
test_occupied (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;
  MortiseTpmBlob *untouched = NULL;
  ESYS_TR others[2];

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    others[i] = occupy (f);
  g_assert_null (mortise_tpm_load_key (f->tpm, blob, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_SLOTS);
  g_clear_error (&error);
  g_assert_null (mortise_tpm_create_key (f->tpm, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY,
                                         &untouched, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_SLOTS);
  g_clear_error (&error);
  g_assert_null (untouched);

  Esys_FlushContext (f->esys->esys, others[1]);
  key = mortise_tpm_load_key (f->tpm, blob, &error);
  g_assert_no_error (error);
  mortise_test_check_sign (f->tpm, key, blob);
  Esys_FlushContext (f->esys->esys, others[0]);
  mortise_test_check_sign (f->tpm, key, blob);
}

/* All session slots but ours are taken: unsealing needs one more. */
static void
test_sessions_occupied (MortiseTpmFixture *f, gconstpointer data)
{
  const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) sealed = mortise_tpm_seal (f->tpm, secret, secret, TRUE, &error);
  g_autoptr (MortiseSecret) unsealed = NULL;
  ESYS_TR others[2];

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmphex (Esys_StartAuthSession (f->esys->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                            ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &none,
                                            TPM2_ALG_SHA256, &others[i]),
                     ==, TSS2_RC_SUCCESS);
  g_assert_null (mortise_tpm_unseal (f->tpm, sealed, secret, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_SLOTS);
  g_clear_error (&error);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    Esys_FlushContext (f->esys->esys, others[i]);
  unsealed = mortise_tpm_unseal (f->tpm, sealed, secret, &error);
  g_assert_no_error (error);
  g_assert_true (mortise_secret_equal (secret, unsealed));
}

typedef struct
{
  MortiseTpm *tpm;
  const MortiseTpmBlob *blob;
  const MortiseTpmKeyInfo *info;
} ThreadData;

static gpointer
sign_many (gpointer data)
{
  ThreadData *thread = data;
  g_autoptr (GBytes) digest = mortise_test_digest (32);

  for (int i = 0; i < 60; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MortiseTpmKey) key = mortise_tpm_load_key (thread->tpm, thread->blob, &error);
      g_autoptr (GBytes) signature = NULL;

      g_assert_no_error (error);
      signature = mortise_tpm_sign (thread->tpm, key, digest, &error);
      g_assert_no_error (error);
      mortise_test_verify (thread->info, digest, signature);
    }
  return NULL;
}

static void
test_threads (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKeyInfo) info = NULL;
  ThreadData thread = { .tpm = f->tpm };
  GThread *threads[4];

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  info = mortise_tpm_blob_read_info (blob, NULL);
  thread.blob = blob;
  thread.info = info;
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("signer", sign_many, &thread);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  mortise_tpm_fixture_load_parent (f);
  check_clean (f);
}

/* Locking in the middle of requests: a signature or "locked", nothing else. */
static gpointer
sign_or_locked (gpointer data)
{
  ThreadData *thread = data;
  g_autoptr (GBytes) digest = mortise_test_digest (32);

  for (int i = 0; i < 60; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MortiseTpmKey) key = mortise_tpm_load_key (thread->tpm, thread->blob, &error);
      g_autoptr (GBytes) signature = NULL;

      if (key != NULL)
        signature = mortise_tpm_sign (thread->tpm, key, digest, &error);
      if (signature != NULL)
        mortise_test_verify (thread->info, digest, signature);
      else
        g_assert_mortise_error (error, MORTISE_ERROR_VAULT_LOCKED);
    }
  return NULL;
}

static void
test_lock_meanwhile (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKeyInfo) info = NULL;
  ThreadData thread = { .tpm = f->tpm };
  GThread *threads[2];

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  info = mortise_tpm_blob_read_info (blob, NULL);
  thread.blob = blob;
  thread.info = info;
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("signer", sign_or_locked, &thread);
  for (int i = 0; i < 20; i++)
    {
      mortise_tpm_unload_parent (f->tpm);
      mortise_tpm_fixture_load_parent (f);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  mortise_tpm_fixture_load_parent (f);
  check_clean (f);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-slots/no-leak", test_no_leak);
  ADD ("/tpm-slots/no-leak-on-failure", test_no_leak_on_failure);
  ADD ("/tpm-slots/swap", test_swap);
  ADD ("/tpm-slots/swap-and-reboot", test_swap_and_reboot);
  ADD ("/tpm-slots/delayed-flush", test_delayed_flush);
  ADD ("/tpm-slots/occupied", test_occupied);
  ADD ("/tpm-slots/sessions-occupied", test_sessions_occupied);
  ADD ("/tpm-slots/threads", test_threads);
  ADD ("/tpm-slots/lock-meanwhile", test_lock_meanwhile);
  return g_test_run ();
}
