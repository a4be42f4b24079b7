/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/support/tpm-fixture.h"

/* What root would find in the memory of a process whose vault is locked. */

#define MASK 0x5a

typedef struct
{
  guint8 masked[32];
} Needle;

/* The needle itself must not be found. */
static void
needle_set (Needle *needle, const MortiseSecret *secret)
{
  for (gsize i = 0; i < sizeof needle->masked; i++)
    needle->masked[i] = mortise_secret_peek (secret)[i] ^ MASK;
}

static gboolean
is_at (const Needle *needle, const guint8 *place)
{
  for (gsize i = 0; i < 16; i++)
    if (place[i] != (needle->masked[i] ^ MASK))
      return FALSE;
  return TRUE;
}

static guint
count_in (const Needle *needle, const guint8 *start, gsize size)
{
  const guint8 first = needle->masked[0] ^ MASK;
  guint found = 0;

  for (gsize i = 0; i + 16 <= size; i++)
    {
      const guint8 *hit = memchr (start + i, first, size - 15 - i);

      if (hit == NULL)
        break;
      i = (gsize) (hit - start);
      if (is_at (needle, hit))
        found++;
    }
  return found;
}

/* Copies of the first 16 bytes in all memory this process can write to. */
static guint
count_copies (const Needle *needle)
{
  FILE *maps = fopen ("/proc/self/maps", "re");
  char line[512];
  guint found = 0;

  g_assert_nonnull (maps);
  while (fgets (line, sizeof line, maps) != NULL)
    {
      guint64 start;
      guint64 end;
      char protection[5];

      if (sscanf (line, "%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x %4s", &start, &end,
                  protection) != 3 ||
          protection[0] != 'r' || protection[1] != 'w' || strstr (line, "[v") != NULL)
        continue;
      found += count_in (needle, (const guint8 *) (guintptr) start, (gsize) (end - start));
    }
  fclose (maps);
  return found;
}

static void
work (MortiseTpmFixture *f, MortiseTpmKey **ret_key, MortiseTpmBlob **ret_blob)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) pin = mortise_secret_new_random (32);
  g_autoptr (MortiseTpmBlob) sealed = mortise_tpm_seal (f->tpm, f->auth, pin, TRUE, &error);
  g_autoptr (MortiseSecret) unsealed = NULL;

  g_assert_no_error (error);
  unsealed = mortise_tpm_unseal (f->tpm, sealed, pin, &error);
  g_assert_no_error (error);
  g_assert_true (mortise_tpm_load_parent (f->tpm, f->parent, unsealed, &error));
  *ret_key = mortise_tpm_fixture_create_key (f, ret_blob);
  mortise_test_check_sign (f->tpm, *ret_key, *ret_blob);
}

static void
test_locked (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) digest = mortise_test_digest (32);
  g_autoptr (MortiseTpmBlob) blob = NULL;
  MortiseTpmKey *key = NULL;
  Needle needle;

  needle_set (&needle, f->auth);
  work (f, &key, &blob);
  g_assert_cmpuint (count_copies (&needle), >, 1);
  mortise_tpm_unload_parent (f->tpm);
  g_clear_pointer (&f->auth, mortise_secret_free);
  g_assert_cmpuint (count_copies (&needle), ==, 0);

  /* And the key is of no use. */
  g_assert_null (mortise_tpm_sign (f->tpm, key, digest, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_LOCKED);
  g_assert_cmpuint (mortise_tpm_fixture_count_handles (f, MORTISE_TRANSIENT_FIRST), ==, 0);
  mortise_tpm_key_free (key);
}

/* In the agent the request's thread handles the secrets, lives on, and another thread locks. */
typedef struct
{
  MortiseTpmFixture *fixture;
  GAsyncQueue *done;
  GAsyncQueue *stop;
} Worker;

static gpointer
work_and_wait (gpointer data)
{
  Worker *worker = data;
  MortiseTpmKey *key = NULL;
  MortiseTpmBlob *blob = NULL;

  work (worker->fixture, &key, &blob);
  mortise_tpm_key_free (key);
  mortise_tpm_blob_free (blob);
  g_async_queue_push (worker->done, worker);
  g_async_queue_pop (worker->stop);
  return NULL;
}

static void
test_other_thread (MortiseTpmFixture *f, gconstpointer data)
{
  Worker worker = { f, g_async_queue_new (), g_async_queue_new () };
  GThread *thread;
  Needle needle;

  needle_set (&needle, f->auth);
  thread = g_thread_new ("worker", work_and_wait, &worker);
  g_async_queue_pop (worker.done);
  mortise_tpm_unload_parent (f->tpm);
  g_clear_pointer (&f->auth, mortise_secret_free);
  g_assert_cmpuint (count_copies (&needle), ==, 0);
  g_async_queue_push (worker.stop, &worker);
  g_thread_join (thread);
  g_async_queue_unref (worker.done);
  g_async_queue_unref (worker.stop);
}

static void
test_pin (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) sealed = NULL;
  g_autoptr (MortiseSecret) unsealed = NULL;
  MortiseSecret *pin = mortise_secret_new_random (32);
  Needle needle;

  needle_set (&needle, pin);
  sealed = mortise_tpm_seal (f->tpm, f->auth, pin, TRUE, &error);
  g_assert_no_error (error);
  mortise_tpm_unload_parent (f->tpm);
  unsealed = mortise_tpm_unseal (f->tpm, sealed, pin, &error);
  g_assert_no_error (error);
  mortise_secret_free (pin);
  /* What was typed is not needed any more once it was tried. */
  g_assert_cmpuint (count_copies (&needle), ==, 0);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  mortise_secret_init_memory ();
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-memory/locked", test_locked);
  ADD ("/tpm-memory/other-thread", test_other_thread);
  ADD ("/tpm-memory/pin", test_pin);
  return g_test_run ();
}
