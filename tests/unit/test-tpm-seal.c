/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/tpm-fixture.h"

static MortiseTpmBlob *
seal (MortiseTpmFixture *f, const MortiseSecret *secret, const MortiseSecret *auth, gboolean da)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmBlob *blob = mortise_tpm_seal (f->tpm, secret, auth, da, &error);

  g_assert_no_error (error);
  return blob;
}

static void
check_unseal (MortiseTpmFixture *f,
              const MortiseTpmBlob *blob,
              const MortiseSecret *auth,
              const MortiseSecret *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) secret = mortise_tpm_unseal (f->tpm, blob, auth, &error);

  g_assert_no_error (error);
  g_assert_true (mortise_secret_equal (secret, expected));
}

static void
check_refused (MortiseTpmFixture *f,
               const MortiseTpmBlob *blob,
               const MortiseSecret *auth,
               MortiseError expected)
{
  g_autoptr (GError) error = NULL;
  const guint64 before = mortise_esys_tpm_count_commands (f->esys, TPM2_CC_Unseal);

  g_assert_null (mortise_tpm_unseal (f->tpm, blob, auth, &error));
  g_assert_mortise_error (error, expected);
  /* Asked once, whatever came of it. */
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, TPM2_CC_Unseal), ==, before + 1);
}

static guint32
failed_tries (MortiseTpmFixture *f)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmLockout lockout;

  mortise_tpm_get_lockout (f->tpm, &lockout, &error);
  g_assert_no_error (error);
  return lockout.failed_tries;
}

static void
test_round_trip (MortiseTpmFixture *f, gconstpointer data)
{
  const gsize sizes[] = { 1, 16, 32, 64, 128 };
  const gsize auth_sizes[] = { 1, 16, 32 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (auth_sizes); j++)
      {
        g_autoptr (MortiseSecret) secret = mortise_secret_new_random (sizes[i]);
        g_autoptr (MortiseSecret) auth = mortise_secret_new_random (auth_sizes[j]);
        g_autoptr (MortiseTpmBlob) blob = NULL;

        mortise_secret_get_bytes (auth)[0] |= 1;
        blob = seal (f, secret, auth, i % 2 == 0);
        check_unseal (f, blob, auth, secret);
      }
}

static void
test_auth_ending_in_zeros (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);

  for (gsize zeros = 1; zeros < 32; zeros += 7)
    {
      g_autoptr (MortiseSecret) auth = mortise_secret_new (32);
      g_autoptr (MortiseTpmBlob) blob = NULL;

      memset (mortise_secret_get_bytes (auth), 0x5a, 32 - zeros);
      blob = seal (f, secret, auth, TRUE);
      check_unseal (f, blob, auth, secret);
    }
}

static void
test_sizes_refused (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) big = mortise_secret_new_random (129);
  g_autoptr (MortiseSecret) ok = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) big_auth = mortise_secret_new_random (33);

  g_assert_null (mortise_tpm_seal (f->tpm, big, ok, TRUE, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (mortise_tpm_seal (f->tpm, ok, big_auth, TRUE, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (mortise_tpm_create_parent (f->tpm, big_auth, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_INVALID_ARGUMENT);
}

static void
test_attributes (MortiseTpmFixture *f, gconstpointer data)
{
  const TPMA_OBJECT common =
      TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_USERWITHAUTH;
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);

  for (int da = 0; da < 2; da++)
    {
      g_autoptr (MortiseTpmBlob) blob = seal (f, secret, secret, da == 1);
      TPM2B_PUBLIC public_area;
      TPM2B_PRIVATE private_area;

      g_assert_true (mortise_tpm_blob_unpack (blob, &public_area, &private_area));
      g_assert_cmphex (public_area.publicArea.objectAttributes, ==,
                       da == 1 ? common : common | TPMA_OBJECT_NODA);
    }
}

static void
test_lockout (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) wrong = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) pin = seal (f, secret, auth, TRUE);
  g_autoptr (MortiseTpmBlob) login = seal (f, secret, auth, FALSE);
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);
  MortiseTpmLockout lockout;

  g_assert_true (mortise_tpm_get_lockout (f->tpm, &lockout, &error));
  g_assert_false (lockout.in_lockout);
  g_assert_cmpuint (lockout.max_tries, >, 0);
  g_assert_cmpuint (lockout.interval, >, 0);

  /* The first use of an object under protection makes the TPM note that in its memory and answer
   * RETRY, which counts as a command. */
  check_unseal (f, pin, auth, secret);
  for (guint32 i = 0; i < lockout.max_tries; i++)
    {
      check_refused (f, pin, wrong, MORTISE_ERROR_TPM_AUTH);
      g_assert_cmpuint (failed_tries (f), ==, i + 1);
    }
  check_refused (f, pin, wrong, MORTISE_ERROR_TPM_LOCKOUT);
  check_refused (f, pin, auth, MORTISE_ERROR_TPM_LOCKOUT);
  g_assert_true (mortise_tpm_get_lockout (f->tpm, &lockout, &error));
  g_assert_true (lockout.in_lockout);
  g_assert_cmpuint (lockout.failed_tries, ==, lockout.max_tries);

  /* What is not guessable by design goes on working. */
  check_unseal (f, login, auth, secret);
  mortise_test_check_sign (f->tpm, key, blob);

  g_assert_cmphex (Esys_DictionaryAttackLockReset (f->esys->esys, ESYS_TR_RH_LOCKOUT,
                                                   ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
                   ==, TSS2_RC_SUCCESS);
  check_unseal (f, pin, auth, secret);
}

static void
test_no_da (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) wrong = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) blob = seal (f, secret, auth, FALSE);

  for (int i = 0; i < 8; i++)
    check_refused (f, blob, wrong, MORTISE_ERROR_TPM_AUTH);
  g_assert_cmpuint (failed_tries (f), ==, 0);
  check_unseal (f, blob, auth, secret);
}

/* An authorisation that may have reached the TPM is never sent again. */
static void
test_never_repeated (MortiseTpmFixture *f, gconstpointer data)
{
  static const struct
  {
    TSS2_RC rc;
    MortiseError error;
  } cases[] = {
    { TSS2_TCTI_RC_IO_ERROR, MORTISE_ERROR_TPM_GONE },
    { TPM2_RC_REFERENCE_S0, MORTISE_ERROR_TPM_FAILED },
    { TPM2_RC_SESSION_MEMORY, MORTISE_ERROR_TPM_SLOTS },
    { TPM2_RC_AUTH_FAIL | TPM2_RC_S | TPM2_RC_1, MORTISE_ERROR_TPM_AUTH },
    { TPM2_RC_BAD_AUTH | TPM2_RC_S | TPM2_RC_1, MORTISE_ERROR_TPM_AUTH },
    { TPM2_RC_LOCKOUT, MORTISE_ERROR_TPM_LOCKOUT },
  };
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) blob = seal (f, secret, auth, TRUE);

  check_unseal (f, blob, auth, secret);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Unseal, cases[i].rc, 1);
      check_refused (f, blob, auth, cases[i].error);
      check_unseal (f, blob, auth, secret);
    }
  g_assert_cmpuint (failed_tries (f), ==, 0);
}

/* The TPM did not start on it: that may be repeated. */
static void
test_busy (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) blob = seal (f, secret, auth, TRUE);

  mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Unseal, TPM2_RC_RETRY, 12);
  check_unseal (f, blob, auth, secret);
}

/* Three slots, and parent and two keys in them: a PIN can still be changed and checked. */
static void
test_with_full_slots (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) first_blob = NULL;
  g_autoptr (MortiseTpmBlob) second_blob = NULL;
  g_autoptr (MortiseTpmKey) first = mortise_tpm_fixture_create_key (f, &first_blob);
  g_autoptr (MortiseTpmKey) second = mortise_tpm_fixture_create_key (f, &second_blob);

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (MortiseTpmBlob) blob = seal (f, secret, auth, TRUE);

      check_unseal (f, blob, auth, secret);
      mortise_test_check_sign (f->tpm, first, first_blob);
      mortise_test_check_sign (f->tpm, second, second_blob);
    }
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, TPM2_LOADED_SESSION_FIRST), ==, 1);
}

static void
test_damaged (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) blob = seal (f, secret, secret, TRUE);
  g_autoptr (GBytes) cut =
      g_bytes_new_from_bytes (blob->private_area, 0, g_bytes_get_size (blob->private_area) - 1);
  g_autoptr (MortiseTpmBlob) damaged = mortise_tpm_blob_new (blob->public_area, cut);

  g_assert_null (mortise_tpm_unseal (f->tpm, damaged, secret, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_DAMAGED);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-seal/round-trip", test_round_trip);
  ADD ("/tpm-seal/auth-ending-in-zeros", test_auth_ending_in_zeros);
  ADD ("/tpm-seal/sizes-refused", test_sizes_refused);
  ADD ("/tpm-seal/attributes", test_attributes);
  ADD ("/tpm-seal/lockout", test_lockout);
  ADD ("/tpm-seal/no-da", test_no_da);
  ADD ("/tpm-seal/never-repeated", test_never_repeated);
  ADD ("/tpm-seal/busy", test_busy);
  ADD ("/tpm-seal/with-full-slots", test_with_full_slots);
  ADD ("/tpm-seal/damaged", test_damaged);
  return g_test_run ();
}
