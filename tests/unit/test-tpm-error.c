/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/tpm-fixture.h"

#define P1 (TPM2_RC_P | TPM2_RC_1)
#define S1 (TPM2_RC_S | TPM2_RC_1)
#define H1 TPM2_RC_1

static const struct
{
  TSS2_RC rc;
  MortiseError error;
  MortiseTpmReaction reaction;
} table[] = {
  { TPM2_RC_LOCKOUT, MORTISE_ERROR_TPM_LOCKOUT, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_AUTH_FAIL, MORTISE_ERROR_TPM_AUTH, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_AUTH_FAIL | S1, MORTISE_ERROR_TPM_AUTH, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_BAD_AUTH | S1, MORTISE_ERROR_TPM_AUTH, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_INTEGRITY | P1, MORTISE_ERROR_TPM_OTHER, MORTISE_TPM_GIVE_UP },
  { MORTISE_TPM_RC_OTHER_SRK, MORTISE_ERROR_TPM_OTHER, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_RETRY, MORTISE_ERROR_TPM_BUSY, MORTISE_TPM_WAIT },
  { TPM2_RC_YIELDED, MORTISE_ERROR_TPM_BUSY, MORTISE_TPM_WAIT },
  { TPM2_RC_TESTING, MORTISE_ERROR_TPM_BUSY, MORTISE_TPM_WAIT },
  { TPM2_RC_NV_RATE, MORTISE_ERROR_TPM_BUSY, MORTISE_TPM_WAIT },
  { TPM2_RC_NV_UNAVAILABLE, MORTISE_ERROR_TPM_BUSY, MORTISE_TPM_WAIT },
  { TPM2_RC_CANCELED, MORTISE_ERROR_TPM_BUSY, MORTISE_TPM_WAIT },
  { TPM2_RC_OBJECT_MEMORY, MORTISE_ERROR_TPM_SLOTS, MORTISE_TPM_MAKE_ROOM },
  { TPM2_RC_SESSION_MEMORY, MORTISE_ERROR_TPM_SLOTS, MORTISE_TPM_MAKE_ROOM },
  { TPM2_RC_OBJECT_HANDLES, MORTISE_ERROR_TPM_SLOTS, MORTISE_TPM_MAKE_ROOM },
  { TPM2_RC_SESSION_HANDLES, MORTISE_ERROR_TPM_SLOTS, MORTISE_TPM_MAKE_ROOM },
  { TPM2_RC_MEMORY, MORTISE_ERROR_TPM_SLOTS, MORTISE_TPM_MAKE_ROOM },
  { TSS2_RESMGR_RC_LAYER | TPM2_RC_OBJECT_MEMORY, MORTISE_ERROR_TPM_SLOTS, MORTISE_TPM_MAKE_ROOM },
  { TSS2_RESMGR_TPM_RC_LAYER | TPM2_RC_SESSION_MEMORY, MORTISE_ERROR_TPM_SLOTS,
    MORTISE_TPM_MAKE_ROOM },
  { TSS2_TCTI_RC_IO_ERROR, MORTISE_ERROR_TPM_GONE, MORTISE_TPM_RECONNECT },
  { TSS2_TCTI_RC_NO_CONNECTION, MORTISE_ERROR_TPM_GONE, MORTISE_TPM_RECONNECT },
  { TSS2_TCTI_RC_MALFORMED_RESPONSE, MORTISE_ERROR_TPM_GONE, MORTISE_TPM_RECONNECT },
  { TSS2_ESYS_RC_BAD_SEQUENCE, MORTISE_ERROR_TPM_GONE, MORTISE_TPM_RECONNECT },
  { TPM2_RC_INITIALIZE, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_RECONNECT },
  { TPM2_RC_REFERENCE_H0, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_RENEW },
  { TPM2_RC_REFERENCE_S0, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_RENEW },
  { TPM2_RC_REFERENCE_S6, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_RENEW },
  { TPM2_RC_CONTEXT_GAP, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_RENEW },
  { TPM2_RC_HANDLE | H1, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_RENEW },
  { TPM2_RC_VALUE | S1, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_RENEW },
  /* A parameter that is wrong stays wrong. */
  { TPM2_RC_VALUE | P1, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_HANDLE | P1, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_FAILURE, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_LOCALITY, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_POLICY_FAIL, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_HIERARCHY, MORTISE_ERROR_TPM_UNSUITABLE, MORTISE_TPM_GIVE_UP },
  { TPM2_RC_COMMAND_CODE, MORTISE_ERROR_TPM_UNSUITABLE, MORTISE_TPM_GIVE_UP },
  { TSS2_RESMGR_RC_LAYER | TPM2_RC_COMMAND_CODE, MORTISE_ERROR_TPM_UNSUITABLE,
    MORTISE_TPM_GIVE_UP },
  { TPM2_RC_BAD_TAG, MORTISE_ERROR_TPM_UNSUITABLE, MORTISE_TPM_GIVE_UP },
  { MORTISE_TPM_RC_OWNER_AUTH, MORTISE_ERROR_TPM_UNSUITABLE, MORTISE_TPM_GIVE_UP },
  { MORTISE_TPM_RC_UNSUPPORTED, MORTISE_ERROR_TPM_UNSUITABLE, MORTISE_TPM_GIVE_UP },
  { MORTISE_TPM_RC_NO_PARENT, MORTISE_ERROR_VAULT_LOCKED, MORTISE_TPM_GIVE_UP },
  { MORTISE_TPM_RC_BAD_BLOB, MORTISE_ERROR_VAULT_DAMAGED, MORTISE_TPM_GIVE_UP },
  { MORTISE_TPM_RC_BAD_ANSWER, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TSS2_ESYS_RC_RSP_AUTH_FAILED, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TSS2_ESYS_RC_MALFORMED_RESPONSE, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
  { TSS2_SYS_RC_MALFORMED_RESPONSE, MORTISE_ERROR_TPM_FAILED, MORTISE_TPM_GIVE_UP },
};

static void
test_table (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("0x%08x", table[i].rc);
      g_assert_cmpint (mortise_tpm_rc_to_error (table[i].rc), ==, table[i].error);
      g_assert_cmpint (mortise_tpm_rc_reaction (table[i].rc), ==, table[i].reaction);
      mortise_tpm_rc_set_error (table[i].rc, &error);
      g_assert_mortise_error (error, table[i].error);
      g_assert_cmpuint (strlen (error->message), >, 20);
    }
  g_assert_cmpint (mortise_tpm_rc_reaction (TSS2_RC_SUCCESS), ==, MORTISE_TPM_DONE);
}

/* Every code there is: one error, never a crash, and what counts tries is never repeated. */
static void
test_all_codes (void)
{
  for (TSS2_RC rc = 1; rc < 0x1000; rc++)
    {
      const MortiseError code = mortise_tpm_rc_to_error (rc);

      g_assert_cmpint (code, >=, MORTISE_ERROR_TPM_UNSUITABLE);
      g_assert_cmpint (code, <=, MORTISE_ERROR_TPM_FAILED);
      if (code == MORTISE_ERROR_TPM_AUTH || code == MORTISE_ERROR_TPM_LOCKOUT)
        g_assert_cmpint (mortise_tpm_rc_reaction (rc), ==, MORTISE_TPM_GIVE_UP);
    }
}

/* The same through a real operation, with the answers put in the TPM's place. */
static void
test_injected (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      const TSS2_RC layer = table[i].rc & TSS2_RC_LAYER_MASK;
      const guint64 before = mortise_esys_tpm_count_commands (f->esys, TPM2_CC_Sign);
      g_autoptr (GError) error = NULL;

      /* Layers above the TCTI do not come over the wire; the waiting is tested by itself. */
      if ((layer != TSS2_TPM_RC_LAYER && layer != TSS2_TCTI_RC_LAYER) ||
          table[i].reaction == MORTISE_TPM_WAIT)
        continue;
      g_test_message ("0x%08x", table[i].rc);
      mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Sign, table[i].rc, 100);
      g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
      g_assert_mortise_error (error, table[i].error);
      g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, TPM2_CC_Sign) - before, ==,
                        table[i].reaction == MORTISE_TPM_GIVE_UP ? 1 : 2);
      mortise_tcti_tap_inject (f->esys->tap, 0, 0, 0);
      mortise_test_check_sign (f->tpm, key, blob);
    }
}

static void
test_busy (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);

  mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Sign, TPM2_RC_RETRY, 20);
  mortise_test_check_sign (f->tpm, key, blob);
  mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Sign, TPM2_RC_TESTING, 3);
  mortise_test_check_sign (f->tpm, key, blob);
  mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Sign, TPM2_RC_NV_RATE, 3);
  mortise_test_check_sign (f->tpm, key, blob);
  /* It does not wait for ever. */
  mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Sign, TPM2_RC_YIELDED, 10000);
  g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_BUSY);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tpm-error/table", test_table);
  g_test_add_func ("/tpm-error/all-codes", test_all_codes);
  ADD ("/tpm-error/injected", test_injected);
  ADD ("/tpm-error/busy", test_busy);
  return g_test_run ();
}
