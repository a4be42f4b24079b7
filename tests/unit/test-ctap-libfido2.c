/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fido.h>
#include <fido/config.h>
#include <fido/credman.h>
#include <fido/es256.h>
#include <string.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/tpm/tpm-esys.h"
#include "tests/support/ctap-fixture.h"
#include "tests/support/swtpm.h"

/*
 * libfido2, the client of most programs on Linux, against the authenticator without CTAPHID in
 * between, on a fake TPM and on a software TPM.
 */

#define CMD_INIT 0x06
#define CMD_CBOR 0x10

typedef struct
{
  CtapFixture ctap;
  MortiseSwtpm *swtpm;
  fido_dev_t *device;
  GBytes *response;
} Fixture;

/* libfido2's callbacks have no user data. */
static Fixture *current;

static void *
on_open (const char *path)
{
  return current;
}

static void
on_close (void *handle)
{
}

static int
on_read (void *handle, unsigned char *data, size_t size, int ms)
{
  return -1;
}

static int
on_write (void *handle, const unsigned char *data, size_t size)
{
  return -1;
}

static int
on_tx (fido_dev_t *device, uint8_t command, const unsigned char *data, size_t size)
{
  Fixture *f = current;

  g_clear_pointer (&f->response, g_bytes_unref);
  if (command == CMD_INIT)
    {
      guint8 answer[17] = { 0 };

      memcpy (answer, data, 8);
      answer[8] = 1;
      answer[12] = 2;
      answer[16] = 0x04 | 0x08;
      f->response = g_bytes_new (answer, sizeof answer);
    }
  else if (command == CMD_CBOR)
    {
      const MortiseRequestContext context = { .channel = 1, .cancellable = f->ctap.cancellable };
      g_autoptr (GBytes) request = g_bytes_new (data, size);

      f->response = mortise_authenticator_handle_cbor (f->ctap.authenticator, request, &context);
    }
  return f->response != NULL ? 0 : -1;
}

static int
on_rx (fido_dev_t *device, uint8_t command, unsigned char *data, size_t size, int ms)
{
  gsize got = g_bytes_get_size (current->response);

  g_assert_cmpuint (got, <=, size);
  memcpy (data, g_bytes_get_data (current->response, NULL), got);
  return (int) got;
}

static void
open_device (Fixture *f)
{
  const fido_dev_io_t io = { on_open, on_close, on_read, on_write };
  const fido_dev_transport_t transport = { on_rx, on_tx };

  current = f;
  f->device = fido_dev_new ();
  g_assert_cmpint (fido_dev_set_io_functions (f->device, &io), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_set_transport_functions (f->device, &transport), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_open (f->device, "mortise"), ==, FIDO_OK);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  ctap_fixture_set_up (&f->ctap, NULL);
  open_device (f);
}

static void
set_up_empty (Fixture *f, gconstpointer data)
{
  ctap_fixture_set_up_empty (&f->ctap, NULL);
  open_device (f);
}

static void
set_up_swtpm (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  MortiseTpm *tpm;

  f->swtpm = mortise_swtpm_new ();
  tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (f->swtpm), &error);
  g_assert_no_error (error);
  ctap_fixture_set_up_on (&f->ctap, tpm);
  open_device (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  fido_dev_close (f->device);
  fido_dev_free (&f->device);
  g_clear_pointer (&f->response, g_bytes_unref);
  ctap_fixture_tear_down (&f->ctap, NULL);
  g_clear_pointer (&f->swtpm, mortise_swtpm_free);
  current = NULL;
}

static void
allow (Fixture *f)
{
  mortise_scripted_consent_allow (f->ctap.consent);
}

static fido_cred_t *
new_cred (const char *user)
{
  fido_cred_t *cred = fido_cred_new ();

  fido_cred_set_type (cred, COSE_ES256);
  fido_cred_set_clientdata_hash (cred, ctap_client_data_hash, 32);
  fido_cred_set_rp (cred, "example.com", "Example");
  fido_cred_set_user (cred, (const unsigned char *) user, strlen (user), user, "Display", NULL);
  return cred;
}

static fido_assert_t *
new_assert (void)
{
  fido_assert_t *assertion = fido_assert_new ();

  fido_assert_set_clientdata_hash (assertion, ctap_client_data_hash, 32);
  fido_assert_set_rp (assertion, "example.com");
  return assertion;
}

static void
verify (const fido_assert_t *assertion, gsize i, const fido_cred_t *cred)
{
  es256_pk_t *key = es256_pk_new ();

  g_assert_cmpint (
      es256_pk_from_ptr (key, fido_cred_pubkey_ptr (cred), fido_cred_pubkey_len (cred)), ==,
      FIDO_OK);
  g_assert_cmpint (fido_assert_verify (assertion, i, COSE_ES256, key), ==, FIDO_OK);
  es256_pk_free (&key);
}

static void
test_info (Fixture *f, gconstpointer data)
{
  fido_cbor_info_t *info = fido_cbor_info_new ();

  g_assert_cmpint (fido_dev_get_cbor_info (f->device, info), ==, FIDO_OK);
  g_assert_cmpuint (fido_cbor_info_aaguid_len (info), ==, 16);
  g_assert_cmpmem (fido_cbor_info_aaguid_ptr (info), 16, mortise_aaguid, 16);
  g_assert_cmpuint (fido_cbor_info_maxmsgsiz (info), ==, 1650);
  g_assert_cmpuint (fido_cbor_info_algorithm_count (info), >=, 1);
  g_assert_cmpint (fido_cbor_info_algorithm_cose (info, 0), ==, COSE_ES256);
  g_assert_true (fido_dev_has_uv (f->device));
  g_assert_true (fido_dev_has_pin (f->device));
  g_assert_true (fido_dev_supports_cred_prot (f->device));
  fido_cbor_info_free (&info);
}

/* Verification on our prompt, for which libfido2 gets a token: two prompts for a registration (the
 * PIN, then what is kept), one for a sign-in. */
static void
test_built_in_uv (Fixture *f, gconstpointer data)
{
  fido_cred_t *cred = new_cred ("ada");
  fido_assert_t *assertion = new_assert ();

  fido_cred_set_rk (cred, FIDO_OPT_TRUE);
  fido_cred_set_uv (cred, FIDO_OPT_TRUE);
  fido_cred_set_prot (cred, FIDO_CRED_PROT_UV_REQUIRED);
  allow (f);
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, NULL), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_verify_self (cred), ==, FIDO_OK);
  g_assert_cmphex (fido_cred_flags (cred) & 0x1d, ==, 0x05);

  fido_assert_set_uv (assertion, FIDO_OPT_TRUE);
  allow (f);
  g_assert_cmpint (fido_dev_get_assert (f->device, assertion, NULL), ==, FIDO_OK);
  g_assert_cmpuint (fido_assert_count (assertion), ==, 1);
  verify (assertion, 0, cred);
  fido_assert_free (&assertion);
  fido_cred_free (&cred);
}

/* The PIN in the client's dialog: registration, and several accounts to get one by one. */
static void
test_client_pin (Fixture *f, gconstpointer data)
{
  fido_cred_t *creds[3];
  fido_assert_t *assertion = new_assert ();

  mortise_authenticator_set_builtin_uv (f->ctap.authenticator, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (creds); i++)
    {
      g_autofree char *user = g_strdup_printf ("user %u", i);

      creds[i] = new_cred (user);
      fido_cred_set_rk (creds[i], FIDO_OPT_TRUE);
      allow (f);
      g_assert_cmpint (fido_dev_make_cred (f->device, creds[i], CTAP_TEST_PIN), ==, FIDO_OK);
      g_assert_cmpint (fido_cred_verify_self (creds[i]), ==, FIDO_OK);
    }

  allow (f);
  g_assert_cmpint (fido_dev_get_assert (f->device, assertion, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpuint (fido_assert_count (assertion), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (creds); i++)
    {
      g_autofree char *user = g_strdup_printf ("user %u", 2 - i);

      verify (assertion, i, creds[2 - i]);
      g_assert_cmpstr (fido_assert_user_name (assertion, i), ==, user);
      g_assert_cmpstr (fido_assert_user_display_name (assertion, i), ==, "Display");
    }
  for (guint i = 0; i < G_N_ELEMENTS (creds); i++)
    fido_cred_free (&creds[i]);
  fido_assert_free (&assertion);
}

static void
test_wrong_pin (Fixture *f, gconstpointer data)
{
  fido_cred_t *cred = new_cred ("ada");
  int retries = 0;

  g_assert_cmpint (fido_dev_make_cred (f->device, cred, "0000"), ==, FIDO_ERR_PIN_INVALID);
  g_assert_cmpint (fido_dev_get_retry_count (f->device, &retries), ==, FIDO_OK);
  g_assert_cmpint (retries, ==, 7);
  g_assert_cmpint (fido_dev_get_uv_retry_count (f->device, &retries), ==, FIDO_OK);
  g_assert_cmpint (retries, ==, 3);
  fido_cred_free (&cred);
}

static void
test_pin_life (Fixture *f, gconstpointer data)
{
  fido_cred_t *cred = new_cred ("ada");

  g_assert_false (fido_dev_has_pin (f->device));
  g_assert_cmpint (fido_dev_set_pin (f->device, "first", NULL), ==, FIDO_OK);
  fido_dev_close (f->device);
  g_assert_cmpint (fido_dev_open (f->device, "mortise"), ==, FIDO_OK);
  g_assert_true (fido_dev_has_pin (f->device));
  g_assert_cmpint (fido_dev_set_pin (f->device, "second", "wrong"), ==, FIDO_ERR_PIN_INVALID);
  g_assert_cmpint (fido_dev_set_pin (f->device, "second", "first"), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, "first"), ==, FIDO_ERR_PIN_INVALID);
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, "second"), ==, FIDO_OK);

  allow (f);
  g_assert_cmpint (fido_dev_reset (f->device), ==, FIDO_OK);
  g_assert_cmpint (mortise_vault_get_state (f->ctap.vault), ==, MORTISE_VAULT_NONE);
  fido_cred_free (&cred);
}

static void
test_exclude_and_touch (Fixture *f, gconstpointer data)
{
  fido_cred_t *cred = new_cred ("ada");
  fido_cred_t *again = new_cred ("ada");
  int touched = 0;

  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, NULL), ==, FIDO_OK);
  fido_cred_exclude (again, fido_cred_id_ptr (cred), fido_cred_id_len (cred));
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, again, NULL), ==, FIDO_ERR_CREDENTIAL_EXCLUDED);
  mortise_scripted_consent_refuse (f->ctap.consent, MORTISE_ERROR_DENIED);
  g_assert_cmpint (fido_dev_make_cred (f->device, again, NULL), ==, FIDO_ERR_OPERATION_DENIED);

  allow (f);
  g_assert_cmpint (fido_dev_get_touch_begin (f->device), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_get_touch_status (f->device, &touched, 0), ==, FIDO_OK);
  g_assert_cmpint (touched, ==, 1);
  fido_cred_free (&cred);
  fido_cred_free (&again);
}

/* Silent, then real, as browsers do; on a software TPM with its three slots. */
static void
test_silent_then_real (Fixture *f, gconstpointer data)
{
  fido_cred_t *cred = new_cred ("ada");

  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, NULL), ==, FIDO_OK);
  for (int up = 0; up <= 1; up++)
    {
      fido_assert_t *assertion = new_assert ();

      fido_assert_allow_cred (assertion, fido_cred_id_ptr (cred), fido_cred_id_len (cred));
      fido_assert_set_up (assertion, up != 0 ? FIDO_OPT_TRUE : FIDO_OPT_FALSE);
      if (up != 0)
        allow (f);
      g_assert_cmpint (fido_dev_get_assert (f->device, assertion, NULL), ==, FIDO_OK);
      g_assert_cmphex (fido_assert_flags (assertion, 0), ==, up);
      verify (assertion, 0, cred);
      fido_assert_free (&assertion);
    }
  fido_cred_free (&cred);
}

/* The agent starts again: the PIN is typed on the prompt, the key loaded from the vault. */
static void
test_after_restart (Fixture *f, gconstpointer data)
{
  fido_cred_t *cred = new_cred ("ada");
  fido_assert_t *assertion = new_assert ();

  fido_cred_set_rk (cred, FIDO_OPT_TRUE);
  fido_cred_set_uv (cred, FIDO_OPT_TRUE);
  allow (f);
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, NULL), ==, FIDO_OK);
  ctap_fixture_restart (&f->ctap);
  fido_assert_set_uv (assertion, FIDO_OPT_TRUE);
  allow (f);
  g_assert_cmpint (fido_dev_get_assert (f->device, assertion, NULL), ==, FIDO_OK);
  verify (assertion, 0, cred);
  fido_assert_free (&assertion);
  fido_cred_free (&cred);
}

/* fido2-token -L, -D and the rest of a passkey manager. */
static void
test_credman (Fixture *f, gconstpointer data)
{
  fido_credman_metadata_t *metadata = fido_credman_metadata_new ();
  fido_credman_rp_t *rps = fido_credman_rp_new ();
  fido_credman_rk_t *rks = fido_credman_rk_new ();
  const fido_cred_t *listed;
  fido_cred_t *changed = fido_cred_new ();
  guint8 hash[32];

  g_assert_true (fido_dev_supports_credman (f->device));
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *user = g_strdup_printf ("user %u", i);
      fido_cred_t *cred = new_cred (user);

      fido_cred_set_rk (cred, FIDO_OPT_TRUE);
      allow (f);
      g_assert_cmpint (fido_dev_make_cred (f->device, cred, CTAP_TEST_PIN), ==, FIDO_OK);
      fido_cred_free (&cred);
    }
  g_assert_cmpint (fido_credman_get_dev_metadata (f->device, metadata, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpuint (fido_credman_rk_existing (metadata), ==, 3);
  g_assert_cmpint (fido_credman_get_dev_rp (f->device, rps, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpuint (fido_credman_rp_count (rps), ==, 1);
  g_assert_cmpstr (fido_credman_rp_id (rps, 0), ==, "example.com");
  g_assert_cmpstr (fido_credman_rp_name (rps, 0), ==, "Example");
  mortise_rp_id_hash ("example.com", hash);
  g_assert_cmpmem (fido_credman_rp_id_hash_ptr (rps, 0), fido_credman_rp_id_hash_len (rps, 0), hash,
                   32);

  g_assert_cmpint (fido_credman_get_dev_rk (f->device, "example.com", rks, CTAP_TEST_PIN), ==,
                   FIDO_OK);
  g_assert_cmpuint (fido_credman_rk_count (rks), ==, 3);
  listed = fido_credman_rk (rks, 0);
  g_assert_cmpstr (fido_cred_user_name (listed), ==, "user 2");
  g_assert_cmpint (fido_cred_prot (listed), ==, FIDO_CRED_PROT_UV_OPTIONAL);

  fido_cred_set_id (changed, fido_cred_id_ptr (listed), fido_cred_id_len (listed));
  fido_cred_set_user (changed, fido_cred_user_id_ptr (listed), fido_cred_user_id_len (listed),
                      "renamed", "Display", NULL);
  g_assert_cmpint (fido_credman_set_dev_rk (f->device, changed, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpint (fido_credman_del_dev_rk (f->device, fido_cred_id_ptr (fido_credman_rk (rks, 1)),
                                            fido_cred_id_len (fido_credman_rk (rks, 1)),
                                            CTAP_TEST_PIN),
                   ==, FIDO_OK);
  g_assert_cmpint (fido_credman_get_dev_rk (f->device, "example.com", rks, CTAP_TEST_PIN), ==,
                   FIDO_OK);
  g_assert_cmpuint (fido_credman_rk_count (rks), ==, 2);
  g_assert_cmpstr (fido_cred_user_name (fido_credman_rk (rks, 0)), ==, "renamed");
  g_assert_cmpstr (fido_cred_user_name (fido_credman_rk (rks, 1)), ==, "user 0");

  fido_cred_free (&changed);
  fido_credman_rk_free (&rks);
  fido_credman_rp_free (&rps);
  fido_credman_metadata_free (&metadata);
}

/* What pam and disk encryption do with it. */
static void
test_hmac_secret (Fixture *f, gconstpointer data)
{
  guint8 salt[64] = { 1, [32] = 2 };
  fido_cred_t *cred = new_cred ("ada");
  guint8 first[64];

  fido_cred_set_extensions (cred, FIDO_EXT_HMAC_SECRET);
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_verify_self (cred), ==, FIDO_OK);
  for (guint i = 0; i < 2; i++)
    {
      fido_assert_t *assertion = new_assert ();

      fido_assert_allow_cred (assertion, fido_cred_id_ptr (cred), fido_cred_id_len (cred));
      fido_assert_set_extensions (assertion, FIDO_EXT_HMAC_SECRET);
      fido_assert_set_hmac_salt (assertion, salt, sizeof salt);
      allow (f);
      g_assert_cmpint (fido_dev_get_assert (f->device, assertion, CTAP_TEST_PIN), ==, FIDO_OK);
      verify (assertion, 0, cred);
      g_assert_cmpuint (fido_assert_hmac_secret_len (assertion, 0), ==, sizeof first);
      if (i == 0)
        memcpy (first, fido_assert_hmac_secret_ptr (assertion, 0), sizeof first);
      else
        g_assert_cmpmem (fido_assert_hmac_secret_ptr (assertion, 0), sizeof first, first,
                         sizeof first);
      fido_assert_free (&assertion);
    }
  fido_cred_free (&cred);
}

/* fido2-token -S -b, -G -b and -D -b: a blob per passkey, encrypted by the client. */
static void
test_large_blobs (Fixture *f, gconstpointer data)
{
  fido_cred_t *cred = new_cred ("ada");
  fido_assert_t *assertion = new_assert ();
  g_autofree guint8 *blob = g_malloc (12000);
  unsigned char *read = NULL;
  size_t size = 0;
  const unsigned char *key;

  /* Not compressible, so that it takes more than one fragment. */
  for (gsize i = 0; i < 12000; i++)
    blob[i] = (guint8) g_random_int ();
  fido_cred_set_rk (cred, FIDO_OPT_TRUE);
  fido_cred_set_extensions (cred, FIDO_EXT_LARGEBLOB_KEY);
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpuint (fido_cred_largeblob_key_len (cred), ==, 32);
  fido_assert_set_extensions (assertion, FIDO_EXT_LARGEBLOB_KEY);
  fido_assert_allow_cred (assertion, fido_cred_id_ptr (cred), fido_cred_id_len (cred));
  allow (f);
  g_assert_cmpint (fido_dev_get_assert (f->device, assertion, CTAP_TEST_PIN), ==, FIDO_OK);
  key = fido_assert_largeblob_key_ptr (assertion, 0);
  g_assert_cmpmem (key, fido_assert_largeblob_key_len (assertion, 0),
                   fido_cred_largeblob_key_ptr (cred), 32);

  g_assert_cmpint (fido_dev_largeblob_get (f->device, key, 32, &read, &size), ==,
                   FIDO_ERR_NOTFOUND);
  g_assert_cmpint (fido_dev_largeblob_set (f->device, key, 32, blob, 12000, CTAP_TEST_PIN), ==,
                   FIDO_OK);
  g_assert_cmpint (fido_dev_largeblob_get (f->device, key, 32, &read, &size), ==, FIDO_OK);
  g_assert_cmpmem (read, size, blob, 12000);
  free (read);
  read = NULL;
  g_assert_cmpint (fido_dev_largeblob_remove (f->device, key, 32, "0000"), ==,
                   FIDO_ERR_PIN_INVALID);
  g_assert_cmpint (fido_dev_largeblob_remove (f->device, key, 32, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_largeblob_get (f->device, key, 32, &read, &size), ==,
                   FIDO_ERR_NOTFOUND);

  /* The list of passkeys tells the key, too. */
  {
    fido_credman_rk_t *rks = fido_credman_rk_new ();

    g_assert_cmpint (fido_credman_get_dev_rk (f->device, "example.com", rks, CTAP_TEST_PIN), ==,
                     FIDO_OK);
    g_assert_cmpmem (fido_cred_largeblob_key_ptr (fido_credman_rk (rks, 0)),
                     fido_cred_largeblob_key_len (fido_credman_rk (rks, 0)), key, 32);
    fido_credman_rk_free (&rks);
  }
  fido_assert_free (&assertion);
  fido_cred_free (&cred);
}

static void
test_cred_blob (Fixture *f, gconstpointer data)
{
  static const unsigned char blob[] = "thirty-two bytes of a site's own";
  fido_cred_t *cred = new_cred ("ada");
  fido_assert_t *assertion = new_assert ();

  fido_cred_set_rk (cred, FIDO_OPT_TRUE);
  g_assert_cmpint (fido_cred_set_blob (cred, blob, 32), ==, FIDO_OK);
  fido_cred_set_extensions (cred, FIDO_EXT_CRED_BLOB);
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, CTAP_TEST_PIN), ==, FIDO_OK);
  fido_assert_set_extensions (assertion, FIDO_EXT_CRED_BLOB);
  allow (f);
  g_assert_cmpint (fido_dev_get_assert (f->device, assertion, CTAP_TEST_PIN), ==, FIDO_OK);
  verify (assertion, 0, cred);
  g_assert_cmpmem (fido_assert_blob_ptr (assertion, 0), fido_assert_blob_len (assertion, 0), blob,
                   32);
  fido_assert_free (&assertion);
  fido_cred_free (&cred);
}

static gboolean
has_option (Fixture *f, const char *name)
{
  fido_cbor_info_t *info = fido_cbor_info_new ();
  gboolean set = FALSE;

  g_assert_cmpint (fido_dev_get_cbor_info (f->device, info), ==, FIDO_OK);
  for (gsize i = 0; i < fido_cbor_info_options_len (info); i++)
    {
      if (g_str_equal (fido_cbor_info_options_name_ptr (info)[i], name))
        set = fido_cbor_info_options_value_ptr (info)[i];
    }
  fido_cbor_info_free (&info);
  return set;
}

/* fido2-token -S -u, -S -l, -S -f, -S -m. */
static void
test_config (Fixture *f, gconstpointer data)
{
  const char *sites[] = { "example.com", "other.example" };
  fido_cbor_info_t *info = fido_cbor_info_new ();
  fido_cred_t *cred = new_cred ("ada");

  g_assert_false (has_option (f, "alwaysUv"));
  g_assert_cmpint (fido_dev_toggle_always_uv (f->device, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_true (has_option (f, "alwaysUv"));
  g_assert_cmpint (fido_dev_toggle_always_uv (f->device, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_false (has_option (f, "alwaysUv"));
  g_assert_cmpint (fido_dev_enable_entattest (f->device, CTAP_TEST_PIN), !=, FIDO_OK);

  g_assert_cmpint (fido_dev_set_pin_minlen_rpid (f->device, sites, 2, CTAP_TEST_PIN), ==, FIDO_OK);
  fido_cred_set_pin_minlen (cred, 4);
  fido_cred_set_extensions (cred, FIDO_EXT_MINPINLEN);
  allow (f);
  g_assert_cmpint (fido_dev_make_cred (f->device, cred, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpuint (fido_cred_pin_minlen (cred), ==, 4);

  g_assert_cmpint (fido_dev_set_pin_minlen (f->device, 6, CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_get_cbor_info (f->device, info), ==, FIDO_OK);
  g_assert_cmpuint (fido_cbor_info_minpinlen (info), ==, 6);
  g_assert_true (fido_cbor_info_new_pin_required (info));
  g_assert_cmpint (fido_dev_set_pin (f->device, "123456", CTAP_TEST_PIN), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_set_pin_minlen (f->device, 5, "123456"), ==,
                   FIDO_ERR_PIN_POLICY_VIOLATION);
  g_assert_cmpint (fido_dev_force_pin_change (f->device, "123456"), ==, FIDO_OK);
  g_assert_cmpint (fido_dev_set_pin (f->device, "654321", "123456"), ==, FIDO_OK);
  fido_cred_free (&cred);
  fido_cbor_info_free (&info);
}

static guint64 at_consent;

static void
note_commands (MortiseScriptedConsent *consent,
               const MortiseAskedQuestion *question,
               gpointer user_data)
{
  at_consent = mortise_esys_tpm_count_commands (user_data, 0);
}

/* What a browser that sends the uv option does, counted on the wire: with the three slots of a bare
 * TPM the PIN's Unseal fits beside the key that is loaded already. */
static void
test_commands (Fixture *f, gconstpointer data)
{
  MortiseEsysTpm *esys = MORTISE_ESYS_TPM (f->ctap.tpm);
  g_autoptr (CtapAnswer) registered = NULL;
  g_autoptr (CtapAnswer) verified = NULL;
  g_autoptr (CtapAnswer) present = NULL;
  g_autoptr (GPtrArray) list = NULL;
  guint64 before;

  mortise_scripted_consent_set_hook (f->ctap.consent, note_commands, esys);
  registered = ctap_register (&f->ctap, &(CtapMake){ .rk = 1, .uv = 1 });
  allow (f);
  g_assert_cmphex (ctap_get (&f->ctap, &(CtapGet){ .uv = 1 }, &verified), ==, CTAP1_ERR_SUCCESS);
  g_assert_true (ctap_verify (registered, verified));

  /* What had to leave the TPM for the PIN's sake is back after one sign-in. */
  list = ctap_list (registered);
  allow (f);
  g_assert_cmphex (ctap_get (&f->ctap, &(CtapGet){ .allow = list }, NULL), ==, CTAP1_ERR_SUCCESS);
  before = mortise_esys_tpm_count_commands (esys, 0);
  allow (f);
  g_assert_cmphex (ctap_get (&f->ctap, &(CtapGet){ .allow = list }, &present), ==,
                   CTAP1_ERR_SUCCESS);
  g_assert_true (ctap_verify (registered, present));
  /* Load before consent, Sign after it, and Flush. */
  g_assert_cmpuint (at_consent - before, ==, 1);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (esys, 0) - before, ==, 3);

  /* A look-up that finds nothing and an exclude list cost none. */
  before = mortise_esys_tpm_count_commands (esys, 0);
  g_assert_cmphex (ctap_get (&f->ctap, &(CtapGet){ .rp_id = "other.example", .up = -1 }, NULL), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
  allow (f);
  g_assert_cmphex (ctap_make (&f->ctap, &(CtapMake){ .exclude = list }, NULL), ==,
                   CTAP2_ERR_CREDENTIAL_EXCLUDED);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (esys, 0), ==, before);
}

#define ADD(path, start, function) g_test_add (path, Fixture, NULL, start, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fido_init (0);
  ADD ("/ctap/libfido2/info", set_up, test_info);
  ADD ("/ctap/libfido2/built-in-uv", set_up, test_built_in_uv);
  ADD ("/ctap/libfido2/client-pin", set_up, test_client_pin);
  ADD ("/ctap/libfido2/wrong-pin", set_up, test_wrong_pin);
  ADD ("/ctap/libfido2/pin-life", set_up_empty, test_pin_life);
  ADD ("/ctap/libfido2/exclude-and-touch", set_up, test_exclude_and_touch);
  ADD ("/ctap/libfido2/silent-then-real", set_up, test_silent_then_real);
  ADD ("/ctap/libfido2/credman", set_up, test_credman);
  ADD ("/ctap/libfido2/hmac-secret", set_up, test_hmac_secret);
  ADD ("/ctap/libfido2/large-blobs", set_up, test_large_blobs);
  ADD ("/ctap/libfido2/cred-blob", set_up, test_cred_blob);
  ADD ("/ctap/libfido2/config", set_up, test_config);
  ADD ("/ctap/libfido2/swtpm/hmac-secret", set_up_swtpm, test_hmac_secret);
  ADD ("/ctap/libfido2/swtpm/large-blobs", set_up_swtpm, test_large_blobs);
  ADD ("/ctap/libfido2/swtpm/built-in-uv", set_up_swtpm, test_built_in_uv);
  ADD ("/ctap/libfido2/swtpm/client-pin", set_up_swtpm, test_client_pin);
  ADD ("/ctap/libfido2/swtpm/silent-then-real", set_up_swtpm, test_silent_then_real);
  ADD ("/ctap/libfido2/swtpm/commands", set_up_swtpm, test_commands);
  ADD ("/ctap/libfido2/swtpm/after-restart", set_up_swtpm, test_after_restart);
  return g_test_run ();
}
