/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/bench/bench-report.h"
#include "tests/support/tpm-fixture.h"

/* Commands and times of core/tpm alone, on a software TPM. */

#define ROUNDS 200

typedef struct
{
  MortiseTpmFixture fixture;
  GBytes *digest;
  MortiseTpmBlob *blob;
} Bench;

static guint64
commands (Bench *bench)
{
  return mortise_esys_tpm_count_commands (bench->fixture.esys, 0);
}

static void
sign (Bench *bench, MortiseTpmKey *key)
{
  g_autoptr (GError) error = NULL;

  g_bytes_unref (mortise_tpm_sign (bench->fixture.tpm, key, bench->digest, &error));
  g_assert_no_error (error);
}

static MortiseTpmKey *
load (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  MortiseTpmKey *key = mortise_tpm_load_key (bench->fixture.tpm, bench->blob, &error);

  g_assert_no_error (error);
  return key;
}

static void
bench_commands (Bench *bench)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  guint64 start = commands (bench);
  guint64 consent;
  MortiseTpmKey *key;

  bench_report_title ("TPM commands (counted on the wire)");
  key = mortise_tpm_fixture_create_key (&bench->fixture, &blob);
  sign (bench, key);
  mortise_tpm_key_free (key);
  bench_report_row ("registration: create, sign, flush", (double) (commands (bench) - start), "",
                    3);

  start = commands (bench);
  key = load (bench);
  consent = commands (bench);
  sign (bench, key);
  bench_report_row ("login: between consent and response", (double) (commands (bench) - consent),
                    "", 1);
  mortise_tpm_key_free (key);
  bench_report_row ("login: load, sign, flush", (double) (commands (bench) - start), "", 3);
}

typedef struct
{
  const char *what;
  BenchSamples *samples;
  gint64 start;
} Stage;

static void
stage_begin (Stage *stage)
{
  stage->start = bench_now ();
}

static void
stage_end (Stage *stage)
{
  bench_samples_add (stage->samples, bench_now () - stage->start);
}

static void
bench_times (Bench *bench)
{
  Stage stages[] = {
    { .what = "create" }, { .what = "load" }, { .what = "sign" }, { .what = "flush" }
  };

  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    stages[i].samples = bench_samples_new ();
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (MortiseTpmBlob) blob = NULL;
      MortiseTpmKey *key;

      stage_begin (&stages[0]);
      key = mortise_tpm_fixture_create_key (&bench->fixture, &blob);
      stage_end (&stages[0]);
      mortise_tpm_key_free (key);
      stage_begin (&stages[1]);
      key = load (bench);
      stage_end (&stages[1]);
      stage_begin (&stages[2]);
      sign (bench, key);
      stage_end (&stages[2]);
      stage_begin (&stages[3]);
      mortise_tpm_key_free (key);
      stage_end (&stages[3]);
    }
  bench_report_title ("Times on swtpm, which is no chip: p50 of %d", ROUNDS);
  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      bench_report_row (stages[i].what, bench_samples_percentile (stages[i].samples, 50), "us",
                        BENCH_NO_BUDGET);
      g_array_unref (stages[i].samples);
    }
}

int
main (void)
{
  Bench bench = { .digest = mortise_test_digest (32) };

  mortise_secret_init_memory ();
  mortise_tpm_fixture_set_up (&bench.fixture, NULL);
  mortise_tpm_key_free (mortise_tpm_fixture_create_key (&bench.fixture, &bench.blob));
  bench_commands (&bench);
  bench_times (&bench);
  mortise_tpm_blob_free (bench.blob);
  g_bytes_unref (bench.digest);
  mortise_tpm_fixture_tear_down (&bench.fixture, NULL);
  return 0;
}
