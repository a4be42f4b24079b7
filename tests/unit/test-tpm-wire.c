/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tests/support/tpm-fixture.h"

/* What goes over the wire: how many commands, and no secret. */

/* As many bytes of a secret as cannot turn up by chance. */
#define WINDOW 8

static void
collect (gboolean is_response, const guint8 *data, gsize size, gpointer user_data)
{
  g_byte_array_append (user_data, data, (guint) size);
}

static gboolean
leaked (GByteArray *wire, const MortiseSecret *secret)
{
  const guint8 *bytes = mortise_secret_peek (secret);

  for (gsize i = 0; i + WINDOW <= mortise_secret_get_size (secret); i += WINDOW)
    if (memmem (wire->data, wire->len, bytes + i, WINDOW) != NULL)
      return TRUE;
  return FALSE;
}

static guint64
count_all (MortiseTpmFixture *f)
{
  return mortise_esys_tpm_count_commands (f->esys, 0);
}

static guint64
count_of (MortiseTpmFixture *f, guint32 command_code)
{
  return mortise_esys_tpm_count_commands (f->esys, command_code);
}

static void
test_login (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (MortiseTpmBlob) blob = NULL;

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  for (int i = 0; i < 3; i++)
    {
      const guint64 all = count_all (f);
      const guint64 load = count_of (f, TPM2_CC_Load);
      const guint64 sign = count_of (f, TPM2_CC_Sign);
      const guint64 flush = count_of (f, TPM2_CC_FlushContext);
      MortiseTpmKey *key = mortise_tpm_load_key (f->tpm, blob, &error);
      GBytes *signature;

      g_assert_no_error (error);
      g_assert_cmpuint (count_all (f), ==, all + 1);
      signature = mortise_tpm_sign (f->tpm, key, digest, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (count_all (f), ==, all + 2);
      mortise_tpm_key_free (key);
      g_assert_cmpuint (count_all (f), ==, all + 3);
      g_assert_cmpuint (count_of (f, TPM2_CC_Load), ==, load + 1);
      g_assert_cmpuint (count_of (f, TPM2_CC_Sign), ==, sign + 1);
      g_assert_cmpuint (count_of (f, TPM2_CC_FlushContext), ==, flush + 1);
      g_bytes_unref (signature);
    }
}

static void
test_registration (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKeyInfo) info = NULL;
  const guint64 all = count_all (f);
  const guint64 create = count_of (f, TPM2_CC_CreateLoaded);
  MortiseTpmKey *key = mortise_tpm_fixture_create_key (f, &blob);

  /* The public key for the site comes out of the blob. */
  info = mortise_tpm_blob_read_info (blob, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_all (f), ==, all + 1);
  signature = mortise_tpm_sign (f->tpm, key, digest, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_all (f), ==, all + 2);
  mortise_tpm_key_free (key);
  g_assert_cmpuint (count_all (f), ==, all + 3);
  g_assert_cmpuint (count_of (f, TPM2_CC_CreateLoaded), ==, create + 1);
}

static void
test_open_creates_nothing (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (f->swtpm), &error);
  g_assert_no_error (error);
  f->esys = MORTISE_ESYS_TPM (f->tpm);
  g_assert_cmpuint (count_all (f), ==,
                    count_of (f, TPM2_CC_GetCapability) + count_of (f, TPM2_CC_TestParms));
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, MORTISE_TRANSIENT_FIRST), ==, 0);
}

static void
test_secrets (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  g_autoptr (MortiseSecret) k_sign = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) k_meta = mortise_secret_new_random (64);
  g_autoptr (MortiseSecret) unsealed = NULL;
  g_autoptr (MortiseTpmBlob) parent = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmBlob) sealed = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;

  mortise_tcti_tap_watch (f->esys->tap, collect, wire);
  parent = mortise_tpm_create_parent (f->tpm, k_sign, &error);
  g_assert_no_error (error);
  g_assert_true (mortise_tpm_load_parent (f->tpm, parent, k_sign, &error));
  key = mortise_tpm_fixture_create_key (f, &blob);
  mortise_test_check_sign (f->tpm, key, blob);
  sealed = mortise_tpm_seal (f->tpm, k_meta, auth, TRUE, &error);
  g_assert_no_error (error);
  unsealed = mortise_tpm_unseal (f->tpm, sealed, auth, &error);
  g_assert_no_error (error);
  g_assert_true (mortise_secret_equal (unsealed, k_meta));
  mortise_tcti_tap_watch (f->esys->tap, NULL, NULL);

  g_assert_cmpuint (wire->len, >, 1000);
  g_assert_false (leaked (wire, k_sign));
  g_assert_false (leaked (wire, auth));
  g_assert_false (leaked (wire, k_meta));
}

/* The tap would have seen them: the same without parameter encryption. */
static void
test_secrets_would_be_seen (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (32);
  const TPM2B_PUBLIC template = mortise_test_srk_template (0);
  TPM2B_SENSITIVE_CREATE sensitive = { 0 };
  const TPM2B_DATA outside_info = { 0 };
  const TPML_PCR_SELECTION pcrs = { 0 };
  ESYS_TR tr = ESYS_TR_NONE;

  mortise_tcti_tap_watch (f->esys->tap, collect, wire);
  mortise_esys_fill_auth (auth, &sensitive.sensitive.userAuth);
  g_assert_cmphex (Esys_CreatePrimary (f->esys->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                       ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &template,
                                       &outside_info, &pcrs, &tr, NULL, NULL, NULL, NULL),
                   ==, TSS2_RC_SUCCESS);
  mortise_tcti_tap_watch (f->esys->tap, NULL, NULL);
  g_assert_true (leaked (wire, auth));
  Esys_FlushContext (f->esys->esys, tr);
}

/* Someone on the bus changes one bit of a signature or of what the TPM says about a key. */
typedef struct
{
  guint32 command;
  gboolean armed;
} Tamper;

static void
flip_response (gboolean is_response, const guint8 *data, gsize size, gpointer user_data)
{
  Tamper *tamper = user_data;
  guint32 code;

  if (!is_response)
    {
      memcpy (&code, data + 6, sizeof code);
      tamper->armed = GUINT32_FROM_BE (code) == tamper->command;
    }
  else if (tamper->armed && size > 40)
    {
      ((guint8 *) (guintptr) data)[30] ^= 1;
      tamper->armed = FALSE;
    }
}

static void
test_tampering (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);
  Tamper tamper = { .command = TPM2_CC_Sign };

  mortise_tcti_tap_watch (f->esys->tap, flip_response, &tamper);
  g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_FAILED);
  g_clear_error (&error);
  tamper.command = 0;
  mortise_test_check_sign (f->tpm, key, blob);
  tamper.command = TPM2_CC_ReadPublic;
  g_assert_null (mortise_tpm_read_key (f->tpm, key, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_FAILED);
  mortise_tcti_tap_watch (f->esys->tap, NULL, NULL);
  mortise_test_check_sign (f->tpm, key, blob);
}

static void
test_latency (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);
  gint64 start;

  mortise_esys_tpm_set_latency (f->esys, 50000);
  start = g_get_monotonic_time ();
  mortise_test_check_sign (f->tpm, key, blob);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 50000);
  mortise_esys_tpm_set_latency (f->esys, 0);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-wire/login", test_login);
  ADD ("/tpm-wire/registration", test_registration);
  ADD ("/tpm-wire/secrets", test_secrets);
  ADD ("/tpm-wire/secrets-would-be-seen", test_secrets_would_be_seen);
  ADD ("/tpm-wire/tampering", test_tampering);
  ADD ("/tpm-wire/latency", test_latency);
  g_test_add ("/tpm-wire/open-creates-nothing", MortiseTpmFixture, NULL,
              mortise_tpm_fixture_set_up_bare, test_open_creates_nothing,
              mortise_tpm_fixture_tear_down);
  return g_test_run ();
}
