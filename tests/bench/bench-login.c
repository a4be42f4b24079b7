/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"
#include "tests/bench/bench-report.h"
#include "tests/support/ctap-fixture.h"
#include "tests/support/memory-keyring.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/swtpm.h"

/* A sign-in from CTAP request to CTAP response on a software TPM, beside nothing but the TPM's own
 * commands. The person answers at once. */

#define ROUNDS  300
#define EXCLUDE 64

typedef struct
{
  MortiseSwtpm *swtpm;
  MortiseEsysTpm *esys;
  CtapFixture ctap;
  /* Spent waiting for the TPM since it was last reset; nanoseconds. */
  gint64 in_tpm;
  gint64 sent_at;
  /* When the person had answered. */
  guint64 commands_at_consent;
  gint64 consent_at;
} Bench;

static void
note_wire (gboolean is_response, const guint8 *data, gsize size, gpointer user_data)
{
  Bench *bench = user_data;

  if (is_response)
    bench->in_tpm += bench_now () - bench->sent_at;
  else
    bench->sent_at = bench_now ();
}

static void
note_consent (MortiseScriptedConsent *consent,
              const MortiseAskedQuestion *question,
              gpointer user_data)
{
  Bench *bench = user_data;

  bench->commands_at_consent = mortise_esys_tpm_count_commands (bench->esys, 0);
  bench->consent_at = bench_now ();
}

static void
set_up (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) pin =
      mortise_secret_new_from_data (CTAP_TEST_PIN, strlen (CTAP_TEST_PIN));
  CtapFixture *ctap = &bench->ctap;

  bench->swtpm = mortise_swtpm_new ();
  ctap->directory = scratch_folder_new ();
  ctap->tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (bench->swtpm), &error);
  g_assert_no_error (error);
  bench->esys = MORTISE_ESYS_TPM (ctap->tpm);
  ctap->keyring = mortise_memory_keyring_new ();
  ctap->cancellable = g_cancellable_new ();
  ctap->channel = 1;
  ctap->vault = mortise_vault_new (ctap->directory, ctap->tpm, ctap->keyring);
  g_assert_true (mortise_vault_open (ctap->vault, &error));
  g_assert_true (mortise_vault_create (ctap->vault, pin, &error));
  ctap->consent = mortise_scripted_consent_new (ctap->vault, CTAP_TEST_PIN);
  mortise_scripted_consent_set_hook (ctap->consent, note_consent, bench);
  ctap->authenticator =
      mortise_authenticator_new (ctap->vault, MORTISE_CONSENT (ctap->consent), NULL);
  mortise_tcti_tap_watch (bench->esys->tap, note_wire, bench);
}

static void
tear_down (Bench *bench)
{
  CtapFixture *ctap = &bench->ctap;

  mortise_tcti_tap_watch (bench->esys->tap, NULL, NULL);
  g_clear_object (&ctap->authenticator);
  g_clear_object (&ctap->consent);
  mortise_vault_close (ctap->vault);
  g_clear_object (&ctap->vault);
  g_clear_object (&ctap->tpm);
  g_clear_object (&ctap->keyring);
  g_clear_object (&ctap->cancellable);
  scratch_folder_remove (ctap->directory);
  mortise_swtpm_free (bench->swtpm);
}

/* Load, Sign, FlushContext with ESAPI and nothing else. */
static void
bare_login (Bench *bench,
            const TPM2B_PUBLIC *public_area,
            const TPM2B_PRIVATE *private_area,
            BenchSamples *sign)
{
  const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
  const TPMT_TK_HASHCHECK ticket = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
  const TPM2B_DIGEST digest = { .size = 32 };
  MortiseEsysTpm *esys = bench->esys;
  TPMT_SIGNATURE *signature = NULL;
  ESYS_TR key = ESYS_TR_NONE;
  gint64 start;

  g_assert_cmphex (Esys_Load (esys->esys, esys->vault_parent.tr, esys->session, ESYS_TR_NONE,
                              ESYS_TR_NONE, private_area, public_area, &key),
                   ==, TSS2_RC_SUCCESS);
  start = bench_now ();
  g_assert_cmphex (Esys_Sign (esys->esys, key, esys->session, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
                              &scheme, &ticket, &signature),
                   ==, TSS2_RC_SUCCESS);
  bench_samples_add (sign, bench_now () - start);
  g_assert_cmphex (Esys_FlushContext (esys->esys, key), ==, TSS2_RC_SUCCESS);
  Esys_Free (signature);
}

typedef struct
{
  BenchSamples *bare;
  BenchSamples *bare_in_tpm;
  BenchSamples *bare_sign;
  BenchSamples *whole;
  BenchSamples *after_consent;
  guint64 commands;
  guint64 commands_after_consent;
} Logins;

/* As the agent does: the key is flushed when the client has its response. */
static void
one_login (Bench *bench, GBytes *parameters, Logins *logins)
{
  const guint64 commands = mortise_esys_tpm_count_commands (bench->esys, 0);
  gint64 start;

  mortise_scripted_consent_allow (bench->ctap.consent);
  mortise_tpm_delay_flushes (bench->ctap.tpm);
  start = bench_now ();
  g_assert_cmphex (ctap_send (&bench->ctap, 0x02, parameters, NULL), ==, 0);
  bench_samples_add (logins->after_consent, bench_now () - bench->consent_at);
  logins->commands_after_consent =
      mortise_esys_tpm_count_commands (bench->esys, 0) - bench->commands_at_consent;
  mortise_tpm_flush_delayed (bench->ctap.tpm);
  bench_samples_add (logins->whole, bench_now () - start);
  logins->commands = mortise_esys_tpm_count_commands (bench->esys, 0) - commands;
  mortise_asked_question_free (mortise_scripted_consent_take (bench->ctap.consent));
}

static void
one_bare (Bench *bench, const MortiseTpmBlob *blob, Logins *logins)
{
  MortiseEsysTpm *esys = bench->esys;
  TPM2B_PUBLIC public_area;
  TPM2B_PRIVATE private_area;
  gint64 start;

  g_assert_true (mortise_tpm_blob_unpack (blob, &public_area, &private_area));
  mortise_esys_set_auth (esys, esys->vault_parent.tr, esys->vault_parent_auth);
  mortise_esys_set_session (esys, esys->session, 0);
  bench->in_tpm = 0;
  start = bench_now ();
  bare_login (bench, &public_area, &private_area, logins->bare_sign);
  bench_samples_add (logins->bare, bench_now () - start);
  bench_samples_add (logins->bare_in_tpm, bench->in_tpm);
  mortise_esys_set_auth (esys, esys->vault_parent.tr, NULL);
}

static void
report (const char *title, Logins *logins)
{
  const double bare = bench_samples_percentile (logins->bare, 50);
  const double whole = bench_samples_percentile (logins->whole, 50);
  const double after = bench_samples_percentile (logins->after_consent, 50);

  bench_report_title ("Login, %s, answered at once: p50 of %d", title, ROUNDS);
  bench_report_row ("TPM commands, whole login", (double) logins->commands, "", 3);
  bench_report_row ("TPM commands between consent and response",
                    (double) logins->commands_after_consent, "", 1);
  bench_report_row ("bare ESAPI: Load, Sign, FlushContext", bare, "us", BENCH_NO_BUDGET);
  bench_report_row ("  of that waiting for swtpm",
                    bench_samples_percentile (logins->bare_in_tpm, 50), "us", BENCH_NO_BUDGET);
  bench_report_row ("whole login", whole, "us", BENCH_NO_BUDGET);
  bench_report_row ("our own time beside bare ESAPI", whole - bare, "us", 1000);
  bench_report_row ("consent to response", after, "us", BENCH_NO_BUDGET);
  bench_report_row ("  of that beside bare Esys_Sign",
                    after - bench_samples_percentile (logins->bare_sign, 50), "us", 1000);
}

static void
bench_login (Bench *bench, const char *title, const char *rp_id, gboolean exportable)
{
  const CtapMake make = { .rp_id = rp_id, .user_id = "u", .rk = 1, .uv = 1 };
  const CtapGet get = { .rp_id = rp_id };
  g_autoptr (GBytes) parameters = ctap_get_parameters (&get);
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;
  Logins logins = {
    .bare = bench_samples_new (),
    .bare_in_tpm = bench_samples_new (),
    .bare_sign = bench_samples_new (),
    .whole = bench_samples_new (),
    .after_consent = bench_samples_new (),
  };
  CtapAnswer *answer = NULL;

  mortise_scripted_consent_allow_with (bench->ctap.consent, exportable, 0);
  g_assert_cmphex (ctap_make (&bench->ctap, &make, &answer), ==, 0);
  ctap_answer_free (answer);
  mortise_asked_question_free (mortise_scripted_consent_take (bench->ctap.consent));
  mortise_tpm_key_free (mortise_vault_create_key (bench->ctap.vault, MORTISE_ALG_ES256,
                                                  MORTISE_KEY_DEVICE_ONLY, &blob, &error));
  g_assert_no_error (error);
  /* In turn, so that what else the machine does falls on both. */
  for (int i = 0; i < ROUNDS; i++)
    {
      one_login (bench, parameters, &logins);
      one_bare (bench, blob, &logins);
    }
  report (title, &logins);
  g_array_unref (logins.bare);
  g_array_unref (logins.bare_in_tpm);
  g_array_unref (logins.bare_sign);
  g_array_unref (logins.whole);
  g_array_unref (logins.after_consent);
}

static void
bench_exclude_list (Bench *bench)
{
  g_autoptr (GPtrArray) exclude = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  const CtapMake make = { .rp_id = "excluded.example", .user_id = "e", .rk = 1, .uv = 1 };
  CtapMake again = { .rp_id = "excluded.example", .user_id = "e" };
  CtapAnswer *answer = ctap_register (&bench->ctap, &make);
  g_autoptr (GBytes) parameters = NULL;
  guint64 commands;
  gint64 start;

  for (guint i = 1; i < EXCLUDE; i++)
    {
      guint8 id[32] = { (guint8) i, 1 };

      g_ptr_array_add (exclude, g_bytes_new (id, sizeof id));
    }
  g_ptr_array_add (exclude, g_bytes_ref (answer->credential_id));
  again.exclude = exclude;
  parameters = ctap_make_parameters (&again);
  mortise_scripted_consent_allow (bench->ctap.consent);
  commands = mortise_esys_tpm_count_commands (bench->esys, 0);
  start = bench_now ();
  g_assert_cmphex (ctap_send (&bench->ctap, 0x01, parameters, NULL), ==, 0x19);
  bench_report_title ("Exclude list of %d ids, the last of them ours", EXCLUDE);
  bench_report_row ("whole request", (double) (bench_now () - start) / 1000.0, "us",
                    BENCH_NO_BUDGET);
  bench_report_row ("TPM commands",
                    (double) (mortise_esys_tpm_count_commands (bench->esys, 0) - commands), "", 0);
  ctap_answer_free (answer);
}

int
main (void)
{
  Bench bench = { 0 };

  mortise_secret_init_memory ();
  set_up (&bench);
  bench_login (&bench, "exportable passkey (no counter)", "exportable.example", TRUE);
  bench_login (&bench, "device-only passkey (counter to disk)", "bench.example", FALSE);
  bench_report_note ("The counter is written while the person is being asked.");
  bench_report_note ("tpm2-tss 3.x makes a new OpenSSL library context for every hash: most of");
  bench_report_note ("what bare ESAPI takes beyond swtpm's own time.");
  bench_exclude_list (&bench);
  tear_down (&bench);
  return 0;
}
