/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thousands of passkeys deleted, restored and destroyed at a time: one transaction, all or none. */
#include "config.h"

#include "tests/support/faulty-vfs.h"
#include "tests/support/vault-fixture.h"

#define MANY 5000

/* One for the transaction, three for moving the journal into the database; a few times the latter,
 * as the journal is also moved when it is long. */
#define SYNCS_MAX 12

typedef gboolean (*Change) (MortiseVault *vault,
                            const gint64 *row_ids,
                            gsize n_row_ids,
                            GError **error);

typedef struct
{
  VaultFixture vault;
  GArray *ids;
} Fixture;

static void
set_up (Fixture *f, gconstpointer user_data)
{
  guint n = GPOINTER_TO_UINT (user_data);

  faulty_vfs_reset ();
  vault_fixture_set_up (&f->vault, NULL);
  vault_fixture_create (&f->vault);
  f->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%u", i);
      gint64 id = vault_fixture_add (&f->vault, "example.com", user);

      g_array_append_val (f->ids, id);
    }
}

static void
tear_down (Fixture *f, gconstpointer user_data)
{
  faulty_vfs_reset ();
  g_array_unref (f->ids);
  vault_fixture_tear_down (&f->vault, NULL);
}

static gboolean
change (Fixture *f, Change run, GError **error)
{
  return run (f->vault.vault, (const gint64 *) (gconstpointer) f->ids->data, f->ids->len, error);
}

static guint
count_deleted (Fixture *f)
{
  g_autoptr (GPtrArray) deleted =
      mortise_vault_list (f->vault.vault, TRUE, 0, G_MAXUINT, NULL, NULL);

  return deleted->len;
}

static void
assert_one_transaction (Fixture *f, Change run)
{
  g_autoptr (GError) error = NULL;
  guint syncs = faulty_vfs_count_syncs ();

  change (f, run, &error);
  g_assert_no_error (error);
  syncs = faulty_vfs_count_syncs () - syncs;
  g_test_message ("%u passkeys: %u syncs", f->ids->len, syncs);
  g_assert_cmpuint (syncs, >, 0);
  g_assert_cmpuint (syncs, <=, SYNCS_MAX);
}

/* What a disk is asked to write does not grow with the number of passkeys. */
static void
test_transactions (Fixture *f, gconstpointer user_data)
{
  g_autofree char *before = vault_fixture_describe (&f->vault);
  g_autofree char *after = NULL;

  assert_one_transaction (f, mortise_vault_delete_all);
  g_assert_cmpuint (mortise_vault_count (f->vault.vault), ==, 0);
  g_assert_cmpuint (count_deleted (f), ==, MANY);
  assert_one_transaction (f, mortise_vault_restore_all);
  after = vault_fixture_describe (&f->vault);
  g_assert_cmpstr (after, ==, before);
  g_assert_cmpuint (mortise_vault_count (f->vault.vault), ==, MANY);

  assert_one_transaction (f, mortise_vault_delete_all);
  assert_one_transaction (f, mortise_vault_purge_all);
  g_assert_cmpuint (count_deleted (f), ==, 0);
  g_assert_cmpuint (mortise_vault_count_room (f->vault.vault), ==, MORTISE_VAULT_MAX_CREDENTIALS);
}

/* One that cannot be done: nothing is done to the others, before it or after it. */
static void
test_none (Fixture *f, gconstpointer user_data)
{
  const Change changes[] = { mortise_vault_delete_all, mortise_vault_restore_all,
                             mortise_vault_purge_all };
  const gint64 third = g_array_index (f->ids, gint64, 2);

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      const gint64 wrong[] = { 4711, G_MAXINT64, 0, -1, g_array_index (f->ids, gint64, 0) };

      for (gsize j = 0; j < G_N_ELEMENTS (wrong); j++)
        {
          g_autofree char *before = vault_fixture_describe (&f->vault);
          g_autofree char *after = NULL;
          g_autoptr (GError) error = NULL;

          g_array_index (f->ids, gint64, 2) = wrong[j];
          g_assert_false (change (f, changes[i], &error));
          g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
          after = vault_fixture_describe (&f->vault);
          g_assert_cmpstr (after, ==, before);
        }
      g_array_index (f->ids, gint64, 2) = third;
      /* Each change is the ground for the next but the first. */
      if (i == 0)
        g_assert_true (change (f, mortise_vault_delete_all, NULL));
    }
  g_assert_cmpuint (count_deleted (f), ==, f->ids->len);
}

/* No room on the disk, at every write: all of it is as before, and can be done once there is. */
static void
test_full (Fixture *f, gconstpointer user_data)
{
  const Change changes[] = { mortise_vault_delete_all, mortise_vault_restore_all,
                             mortise_vault_delete_all, mortise_vault_purge_all };

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      gboolean done = FALSE;
      guint step = 0;

      while (!done)
        {
          g_autofree char *before = vault_fixture_describe (&f->vault);
          g_autofree char *after = NULL;
          g_autoptr (GError) error = NULL;
          guint faults = faulty_vfs_count_faults ();

          faulty_vfs_fail (++step, G_MAXUINT, FAULTY_VFS_FULL);
          done = change (f, changes[i], &error);
          faults = faulty_vfs_count_faults () - faults;
          faulty_vfs_fail (G_MAXUINT, 1, FAULTY_VFS_FULL);
          if (done)
            break;
          g_assert_cmpuint (faults, >, 0);
          /* A sync that fails is the disk's own failure. */
          if (error->code != MORTISE_ERROR_VAULT_IO)
            g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
          after = vault_fixture_describe (&f->vault);
          g_assert_cmpstr (after, ==, before);
        }
      g_assert_cmpuint (step, >, 2);
    }
  g_assert_cmpuint (count_deleted (f), ==, 0);
  g_assert_cmpuint (mortise_vault_count (f->vault.vault), ==, 0);
}

/* An account has one passkey in use: of two that come back the later does, and none is lost. */
static void
test_same_account (Fixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseCredential) first = NULL;
  g_autoptr (MortiseCredential) second = NULL;
  gint64 id = vault_fixture_add (&f->vault, "example.com", "user-0");

  g_array_append_val (f->ids, id);
  g_assert_true (mortise_vault_delete (f->vault.vault, id, NULL));
  g_assert_cmpuint (count_deleted (f), ==, 2);
  g_assert_true (mortise_vault_delete_all (f->vault.vault, &g_array_index (f->ids, gint64, 1),
                                           f->ids->len - 2, NULL));
  change (f, mortise_vault_restore_all, &error);
  g_assert_no_error (error);
  first = mortise_vault_get (f->vault.vault, g_array_index (f->ids, gint64, 0), NULL);
  second = mortise_vault_get (f->vault.vault, id, NULL);
  g_assert_cmpint (first->deleted_at, !=, 0);
  g_assert_cmpint (second->deleted_at, ==, 0);
  g_assert_cmpuint (mortise_vault_count (f->vault.vault), ==, f->ids->len - 1);
  g_assert_cmpuint (count_deleted (f), ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
  faulty_vfs_install ();
#define ADD(path, n, function)                                                                     \
  g_test_add ("/vault-many/" path, Fixture, GUINT_TO_POINTER (n), set_up, function, tear_down)
  ADD ("transactions", MANY, test_transactions);
  ADD ("none", 5, test_none);
  ADD ("full", 20, test_full);
  ADD ("same-account", 3, test_same_account);
#undef ADD
  return g_test_run ();
}
