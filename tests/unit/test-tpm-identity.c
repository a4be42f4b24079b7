/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/tpm-fixture.h"

/* Which TPM is this, and what happens when it is another, was cleared, or went away. */

static void
test_info (MortiseTpmFixture *f, gconstpointer data)
{
  const MortiseTpmInfo *info = mortise_tpm_get_info (f->tpm);

  g_assert_cmpstr (info->manufacturer, ==, "IBM");
  g_assert_true (g_str_has_prefix (info->vendor, "SW"));
  g_assert_true (info->software);
  g_assert_cmpuint (info->revision, >=, 138);
  g_assert_true (info->es384);
  g_assert_true (info->rs256);
}

static void
test_attach_again (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) name = NULL;
  const guint64 before = mortise_esys_tpm_count_commands (f->esys, 0);

  g_assert_true (mortise_tpm_attach (f->tpm, f->srk_name, &name, &error));
  g_assert_true (g_bytes_equal (name, f->srk_name));
  g_assert_cmpuint (g_bytes_get_size (name), ==, 34);
  g_assert_true (mortise_tpm_attach (f->tpm, NULL, NULL, &error));
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before);
}

/* The transient root key costs one CreatePrimary per process, whatever is done. */
static void
test_transient_created_once (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) auth = mortise_secret_new_random (16);

  g_assert_cmpint (f->esys->srk_kind, ==, MORTISE_SRK_TRANSIENT);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (MortiseTpmBlob) sealed = mortise_tpm_seal (f->tpm, secret, auth, FALSE, &error);
      g_autoptr (MortiseSecret) unsealed = mortise_tpm_unseal (f->tpm, sealed, auth, &error);

      g_assert_no_error (error);
      mortise_tpm_unload_parent (f->tpm);
      g_assert_true (mortise_tpm_attach (f->tpm, f->srk_name, NULL, &error));
      mortise_tpm_fixture_load_parent (f);
    }
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, TPM2_CC_CreatePrimary), ==, 1);
}

static void
reopen_and_check (MortiseTpmFixture *f, MortiseSrkKind kind)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;

  mortise_tpm_fixture_close (f);
  mortise_tpm_fixture_open (f);
  g_assert_cmpint (f->esys->srk_kind, ==, kind);
  mortise_tpm_fixture_load_parent (f);
  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
}

static void
evict (MortiseTpmFixture *f)
{
  ESYS_TR persistent = ESYS_TR_NONE;
  ESYS_TR gone = ESYS_TR_NONE;

  g_assert_cmphex (Esys_TR_FromTPMPublic (f->esys->esys, MORTISE_SRK_HANDLE, ESYS_TR_NONE,
                                          ESYS_TR_NONE, ESYS_TR_NONE, &persistent),
                   ==, TSS2_RC_SUCCESS);
  g_assert_cmphex (Esys_EvictControl (f->esys->esys, ESYS_TR_RH_OWNER, persistent, ESYS_TR_PASSWORD,
                                      ESYS_TR_NONE, ESYS_TR_NONE, 0, &gone),
                   ==, TSS2_RC_SUCCESS);
}

/* A vault made under a transient root key, which another program then makes persistent, and takes
 * away again. */
static void
test_persistent_later (MortiseTpmFixture *f, gconstpointer data)
{
  const TPM2B_PUBLIC template = mortise_test_srk_template (0);

  mortise_tpm_fixture_make_persistent (f, &template);
  reopen_and_check (f, MORTISE_SRK_PERSISTENT);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, TPM2_CC_CreatePrimary), ==, 0);
  /* Under our feet, with the parent to be loaded anew. */
  evict (f);
  mortise_tpm_fixture_load_parent (f);
  g_assert_cmpint (f->esys->srk_kind, ==, MORTISE_SRK_TRANSIENT);
  reopen_and_check (f, MORTISE_SRK_TRANSIENT);
}

/* The persistent key is of the template but another: the vault's own is still found. */
static void
test_persistent_other_unique (MortiseTpmFixture *f, gconstpointer data)
{
  const TPM2B_PUBLIC template = mortise_test_srk_template (32);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) other = NULL;
  g_autoptr (GBytes) mine = g_steal_pointer (&f->srk_name);

  mortise_tpm_fixture_make_persistent (f, &template);
  f->srk_name = g_bytes_ref (mine);
  reopen_and_check (f, MORTISE_SRK_TRANSIENT);
  mortise_tpm_fixture_close (f);

  /* And the other way: a vault made under it, when it is no longer persistent. */
  g_clear_pointer (&f->srk_name, g_bytes_unref);
  mortise_tpm_fixture_open (f);
  g_assert_cmpint (f->esys->srk_kind, ==, MORTISE_SRK_PERSISTENT);
  g_assert_false (g_bytes_equal (f->srk_name, mine));
  g_clear_pointer (&f->parent, mortise_tpm_blob_free);
  f->parent = mortise_tpm_create_parent (f->tpm, f->auth, &error);
  g_assert_no_error (error);
  evict (f);
  reopen_and_check (f, MORTISE_SRK_TRANSIENT_ZEROS);
}

static void
test_persistent_not_of_template (MortiseTpmFixture *f, gconstpointer data)
{
  TPM2B_PUBLIC template = mortise_test_srk_template (0);

  template.publicArea.objectAttributes &= ~TPMA_OBJECT_NODA;
  mortise_tpm_fixture_make_persistent (f, &template);
  reopen_and_check (f, MORTISE_SRK_TRANSIENT);
  g_clear_pointer (&f->srk_name, g_bytes_unref);
  mortise_tpm_fixture_close (f);
  mortise_tpm_fixture_open (f);
  g_assert_cmpint (f->esys->srk_kind, ==, MORTISE_SRK_TRANSIENT);
}

static void
test_owner_password (MortiseTpmFixture *f, gconstpointer data)
{
  const TPM2B_AUTH password = { .size = 4, .buffer = "abcd" };
  const TPM2B_PUBLIC template = mortise_test_srk_template (0);
  g_autoptr (GError) error = NULL;

  mortise_tpm_fixture_make_persistent (f, &template);
  g_assert_cmphex (Esys_HierarchyChangeAuth (f->esys->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                             ESYS_TR_NONE, ESYS_TR_NONE, &password),
                   ==, TSS2_RC_SUCCESS);
  /* With a persistent root key the owner's password is not needed. */
  reopen_and_check (f, MORTISE_SRK_PERSISTENT);
  g_assert_cmphex (Esys_TR_SetAuth (f->esys->esys, ESYS_TR_RH_OWNER, &password), ==,
                   TSS2_RC_SUCCESS);
  evict (f);
  mortise_tpm_fixture_close (f);
  f->tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (f->swtpm), &error);
  g_assert_no_error (error);
  g_assert_false (mortise_tpm_attach (f->tpm, NULL, NULL, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_UNSUITABLE);
}

static void
test_other_tpm (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseSwtpm) second = mortise_swtpm_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpm) tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (second), &error);
  GBytes *name = NULL;

  g_assert_no_error (error);
  g_assert_false (mortise_tpm_attach (tpm, f->srk_name, &name, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_OTHER);
  g_assert_null (name);
  g_clear_error (&error);
  /* Nothing is done under a root key that was refused. */
  g_assert_null (mortise_tpm_create_parent (tpm, f->auth, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_OTHER);
  g_clear_error (&error);

  g_assert_true (mortise_tpm_attach (tpm, NULL, NULL, &error));
  g_assert_false (mortise_tpm_load_parent (tpm, f->parent, f->auth, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_OTHER);
}

static void
test_cleared (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mortise_tpm_fixture_close (f);
  mortise_swtpm_clear (f->swtpm);
  f->tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (f->swtpm), &error);
  g_assert_no_error (error);
  g_assert_false (mortise_tpm_attach (f->tpm, f->srk_name, NULL, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_OTHER);
}

static void
test_cleared_while_running (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);
  g_autoptr (GBytes) digest = mortise_test_digest (32);

  g_assert_cmphex (
      Esys_Clear (f->esys->esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
      ==, TSS2_RC_SUCCESS);
  g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_OTHER);
}

static void
test_gone_and_back (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  MortiseTpmLockout lockout = { .max_tries = 77 };

  mortise_swtpm_power_off (f->swtpm);
  for (int i = 0; i < 2; i++)
    {
      g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
      g_assert_mortise_error (error, MORTISE_ERROR_TPM_GONE);
      g_clear_error (&error);
    }
  g_assert_false (mortise_tpm_get_lockout (f->tpm, &lockout, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_GONE);
  g_assert_cmpuint (lockout.max_tries, ==, 77);

  mortise_swtpm_power_on (f->swtpm);
  mortise_test_check_sign (f->tpm, key, blob);
}

/* A self-test that goes on while the agent starts. */
static void
test_open_while_testing (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mortise_esys_disconnect (f->esys);
  mortise_tcti_tap_inject (f->esys->tap, 0, TPM2_RC_TESTING, 12);
  mortise_tpm_fixture_load_parent (f);
  g_assert_true (mortise_tpm_attach (f->tpm, f->srk_name, NULL, &error));
}

/* Between two requests: nobody notices. */
static void
test_reboot (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);
  g_autoptr (MortiseTpmKey) second = NULL;

  mortise_swtpm_reboot (f->swtpm);
  mortise_test_check_sign (f->tpm, key, blob);
  mortise_swtpm_reboot (f->swtpm);
  second = mortise_tpm_load_key (f->tpm, blob, &error);
  g_assert_no_error (error);
  mortise_test_check_sign (f->tpm, second, blob);
  mortise_test_check_sign (f->tpm, key, blob);
}

/* The connection stays and everything in the TPM is gone, as after some suspends. */
static void
test_reset (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);

  mortise_swtpm_reset (f->swtpm);
  mortise_test_check_sign (f->tpm, key, blob);

  /* Started again by the firmware. */
  mortise_swtpm_reset (f->swtpm);
  g_assert_cmphex (Esys_Startup (f->esys->esys, TPM2_SU_CLEAR), ==, TSS2_RC_SUCCESS);
  mortise_test_check_sign (f->tpm, key, blob);
}

static void
test_session_lost (MortiseTpmFixture *f, gconstpointer data)
{
  static const TSS2_RC codes[] = { TPM2_RC_REFERENCE_S0, TPM2_RC_CONTEXT_GAP,
                                   TPM2_RC_VALUE | TPM2_RC_S | TPM2_RC_1, TPM2_RC_REFERENCE_H0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKey) key = mortise_tpm_fixture_create_key (f, &blob);
  g_autoptr (GBytes) digest = mortise_test_digest (32);

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Sign, codes[i], 1);
      mortise_test_check_sign (f->tpm, key, blob);
    }
  /* Once, not for ever. */
  mortise_tcti_tap_inject (f->esys->tap, TPM2_CC_Sign, TPM2_RC_REFERENCE_S0, 100);
  g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_FAILED);
  mortise_tcti_tap_inject (f->esys->tap, 0, 0, 0);
  mortise_test_check_sign (f->tpm, key, blob);
  /* Nothing is left behind by all that. */
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, TPM2_LOADED_SESSION_FIRST), ==, 1);
}

/* Without a resource manager, what a killed process left in the TPM stays there. */
static void
test_leftovers (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;

  for (int i = 0; i < 5; i++)
    {
      MortiseTpmKey *key = mortise_tpm_fixture_create_key (f, &blob);

      /* As the kernel does for a process that was killed: no flush. */
      mortise_esys_disconnect (f->esys);
      mortise_tpm_key_free (key);
      g_clear_pointer (&blob, mortise_tpm_blob_free);
      mortise_tpm_fixture_close (f);
      mortise_tpm_fixture_open (f);
      mortise_tpm_fixture_load_parent (f);
    }
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, MORTISE_TRANSIENT_FIRST), ==, 1);
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, TPM2_LOADED_SESSION_FIRST), ==, 1);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-identity/info", test_info);
  ADD ("/tpm-identity/attach-again", test_attach_again);
  ADD ("/tpm-identity/transient-created-once", test_transient_created_once);
  ADD ("/tpm-identity/persistent-later", test_persistent_later);
  ADD ("/tpm-identity/persistent-other-unique", test_persistent_other_unique);
  ADD ("/tpm-identity/persistent-not-of-template", test_persistent_not_of_template);
  ADD ("/tpm-identity/owner-password", test_owner_password);
  ADD ("/tpm-identity/other-tpm", test_other_tpm);
  ADD ("/tpm-identity/cleared", test_cleared);
  ADD ("/tpm-identity/cleared-while-running", test_cleared_while_running);
  ADD ("/tpm-identity/gone-and-back", test_gone_and_back);
  ADD ("/tpm-identity/open-while-testing", test_open_while_testing);
  ADD ("/tpm-identity/reboot", test_reboot);
  ADD ("/tpm-identity/reset", test_reset);
  ADD ("/tpm-identity/session-lost", test_session_lost);
  ADD ("/tpm-identity/leftovers", test_leftovers);
  return g_test_run ();
}
