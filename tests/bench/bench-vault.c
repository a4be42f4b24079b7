/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <malloc.h>
#include <string.h>

#include "tests/bench/bench-report.h"
#include "tests/support/vault-fixture.h"

/* Look-ups and memory of a vault by its size. */

#define ROUNDS 2000

typedef struct
{
  VaultFixture f;
  guint size;
  GBytes **ids;
} Bench;

typedef void (*Look) (Bench *bench, guint n);

static void
find_rp (Bench *bench, guint n)
{
  char rp_id[64];

  g_snprintf (rp_id, sizeof rp_id, "site-%u.example", n);
  g_ptr_array_unref (mortise_vault_find_by_rp (bench->f.vault, rp_id, TRUE, NULL));
}

static void
find_id (Bench *bench, guint n)
{
  mortise_credential_unref (mortise_vault_find_by_id (bench->f.vault, bench->ids[n], NULL));
}

static void
find_missing (Bench *bench, guint n)
{
  guint8 bytes[32] = { 0 };
  g_autoptr (GBytes) id = NULL;

  memcpy (bytes, &n, sizeof n);
  id = g_bytes_new (bytes, sizeof bytes);
  g_assert_null (mortise_vault_find_by_id (bench->f.vault, id, NULL));
}

static gsize
private_dirty_kib (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL) ||
      (line = strstr (text, "Private_Dirty:")) == NULL)
    return 0;
  return (gsize) g_ascii_strtoull (line + strlen ("Private_Dirty:"), NULL, 10);
}

static void
fill (Bench *bench)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential =
      vault_fixture_make_credential (&bench->f, "site.example", "anna@example.com", &secrets);

  for (guint i = 0; i < bench->size; i++)
    {
      g_autoptr (MortiseSecret) id = mortise_secret_new_random (32);
      g_autoptr (GError) error = NULL;

      g_free (credential->rp_id);
      credential->rp_id = g_strdup_printf ("site-%u.example", i);
      g_bytes_unref (credential->credential_id);
      credential->credential_id = g_bytes_new (mortise_secret_peek (id), 32);
      bench->ids[i] = g_bytes_ref (credential->credential_id);
      mortise_vault_add (bench->f.vault, credential, secrets, &error);
      g_assert_no_error (error);
    }
}

static void
measure_look (Bench *bench, const char *what, Look look)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autoptr (BenchSamples) samples = bench_samples_new ();
  g_autofree char *tail = g_strconcat (what, ", p99", NULL);

  for (guint i = 0; i < ROUNDS; i++)
    {
      guint n = (guint) g_rand_int_range (random, 0, (gint32) bench->size);
      gint64 start = bench_now ();

      look (bench, n);
      bench_samples_add (samples, bench_now () - start);
    }
  bench_report_row (what, bench_samples_percentile (samples, 50), "µs", 100);
  bench_report_row (tail, bench_samples_percentile (samples, 99), "µs", BENCH_NO_BUDGET);
}

static void
measure (guint size)
{
  Bench bench = { .size = size };
  g_autofree GBytes **ids = g_new0 (GBytes *, size);
  gsize before;
  gint64 start;

  bench.ids = ids;
  bench_report_title ("Vault of %u passkeys", size);
  vault_fixture_set_up (&bench.f, NULL);
  vault_fixture_create (&bench.f);
  start = bench_now ();
  fill (&bench);
  bench_report_row ("add one, the disk's time apart", (double) (bench_now () - start) / 1e3 / size,
                    "µs", -1);

  vault_fixture_restart (&bench.f);
  malloc_trim (0);
  before = private_dirty_kib ();
  start = bench_now ();
  g_assert_true (mortise_vault_open (bench.f.vault, NULL));
  bench_report_row ("open", (double) (bench_now () - start) / 1e6, "ms", 50);
  measure_look (&bench, "find by rp.id", find_rp);
  measure_look (&bench, "find by credential id", find_id);
  measure_look (&bench, "find an unknown credential id", find_missing);
  bench_report_row ("private dirty memory of the open vault",
                    (double) (private_dirty_kib () - before), "KiB", 4096);

  for (guint i = 0; i < size; i++)
    g_bytes_unref (ids[i]);
  vault_fixture_tear_down (&bench.f, NULL);
}

int
main (int argc, char *argv[])
{
  mortise_secret_init_memory ();
  measure (1000);
  measure (10000);
  measure (100000);
  bench_report_note ("4096 KiB is the budget of the whole agent with 1,000 passkeys.");
  return 0;
}
