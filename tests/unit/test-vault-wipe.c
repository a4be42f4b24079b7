/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was removed is in no file of the vault any more: not in the database's free pages, not in
 * its journal, and not after the power went in the middle of it.
 */
#include "config.h"

#include <string.h>

#include "core/vault/vault-private.h"
#include "tests/support/faulty-vfs.h"
#include "tests/support/vault-fixture.h"

/* So many bytes of a sealed blob in a row are nowhere by chance. */
#define WINDOW 16

/* What the TPM's blobs of one owner have in common: the head of its public area. */
#define COMMON 24

typedef struct
{
  VaultFixture vault;
  GPtrArray *traces; /* of GBytes: what must be gone */
} Fixture;

static void
set_up (Fixture *f, gconstpointer user_data)
{
  faulty_vfs_reset ();
  vault_fixture_set_up (&f->vault, NULL);
  vault_fixture_create (&f->vault);
  vault_fixture_add (&f->vault, "example.com", "anna");
  f->traces = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

static void
tear_down (Fixture *f, gconstpointer user_data)
{
  faulty_vfs_reset ();
  g_ptr_array_unref (f->traces);
  vault_fixture_tear_down (&f->vault, NULL);
}

/* --- Traces ------------------------------------------------------------------------------------
 */

static void
add_column (Fixture *f, MortiseStatement *statement, int column)
{
  g_autoptr (GBytes) bytes = mortise_statement_dup_blob (statement, column);

  g_assert_nonnull (bytes);
  g_assert_cmpuint (g_bytes_get_size (bytes), >, COMMON + WINDOW);
  g_ptr_array_add (f->traces,
                   g_bytes_new_from_bytes (bytes, COMMON, g_bytes_get_size (bytes) - COMMON));
}

/* Remembers the private part of a keyslot as it is stored now. */
static void
trace_slot (Fixture *f, const char *kind)
{
  g_autoptr (MortiseStatement) statement =
      mortise_vault_store_get (f->vault.vault->store, MORTISE_SQL_SLOT_GET, NULL);

  sqlite3_bind_text (statement, 1, kind, -1, SQLITE_STATIC);
  g_assert_true (mortise_vault_store_row (f->vault.vault->store, statement, NULL));
  add_column (f, statement, 1);
}

/* Remembers all that is stored of a passkey. */
static void
trace_passkey (Fixture *f, gint64 id)
{
  g_autoptr (MortiseStatement) row =
      mortise_vault_store_get (f->vault.vault->store, MORTISE_SQL_CREDENTIAL_GET, NULL);
  g_autoptr (MortiseStatement) secrets =
      mortise_vault_store_get (f->vault.vault->store, MORTISE_SQL_SECRETS_GET, NULL);

  sqlite3_bind_int64 (row, 1, id);
  g_assert_true (mortise_vault_store_row (f->vault.vault->store, row, NULL));
  add_column (f, row, 2);
  add_column (f, row, 3);
  sqlite3_bind_int64 (secrets, 1, id);
  g_assert_true (mortise_vault_store_row (f->vault.vault->store, secrets, NULL));
  add_column (f, secrets, 0);
}

/* Returns: whether any window of any trace is in any file of the vault. */
static gboolean
has_traces (Fixture *f)
{
  g_assert_cmpuint (f->traces->len, >, 0);
  for (guint i = 0; i < f->traces->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (f->traces->pdata[i], &size);

      for (gsize at = 0; at + WINDOW <= size; at += WINDOW)
        {
          if (vault_fixture_contains (&f->vault, data + at, WINDOW))
            return TRUE;
        }
    }
  return FALSE;
}

/* --- What removes ------------------------------------------------------------------------------
 */

static void
change_pin (Fixture *f)
{
  g_autoptr (MortiseSecret) old = vault_fixture_pin_hash ("1234");
  g_autoptr (MortiseSecret) new = vault_fixture_pin ("56789");

  (void) mortise_vault_change_pin (f->vault.vault, old, new, NULL);
}

static void
trace_pin (Fixture *f)
{
  trace_slot (f, "pin");
}

static MortiseSecret *code;

static void
make_code (Fixture *f)
{
  g_clear_pointer (&code, mortise_secret_free);
  code = vault_fixture_create_code (&f->vault, NULL);
  g_assert_nonnull (code);
}

static void
trace_code (Fixture *f)
{
  make_code (f);
  trace_slot (f, "recovery");
}

static void
make_another_code (Fixture *f)
{
  mortise_secret_free (vault_fixture_create_code (&f->vault, NULL));
}

static void
remove_code (Fixture *f)
{
  (void) mortise_vault_remove_recovery_code (f->vault.vault, NULL);
}

static void
trace_pin_with_code (Fixture *f)
{
  make_code (f);
  trace_slot (f, "pin");
}

static void
reset_pin (Fixture *f)
{
  g_autoptr (MortiseSecret) new = vault_fixture_pin ("56789");

  (void) mortise_vault_reset_pin (f->vault.vault, code, new, NULL);
}

static void
trace_login (Fixture *f)
{
  trace_slot (f, "login");
}

static void
switch_login_off (Fixture *f)
{
  (void) mortise_vault_set_login_keyslot (f->vault.vault, FALSE, NULL);
}

static void
trace_deleted (Fixture *f)
{
  gint64 id = vault_fixture_add (&f->vault, "example.com", "bert");

  g_assert_true (mortise_vault_delete (f->vault.vault, id, NULL));
  trace_passkey (f, id);
}

static void
purge (Fixture *f)
{
  (void) mortise_vault_purge (f->vault.vault, 2, NULL);
}

static void
purge_expired (Fixture *f)
{
  (void) mortise_vault_purge_expired (f->vault.vault, G_MAXINT64);
}

typedef struct
{
  const char *name;
  void (*trace) (Fixture *f);  /* before */
  void (*remove) (Fixture *f); /* or fails */
} Removal;

static const Removal removals[] = {
  { "change-pin", trace_pin, change_pin },
  { "reset-pin", trace_pin_with_code, reset_pin },
  { "new-code", trace_code, make_another_code },
  { "remove-code", trace_code, remove_code },
  { "switch-login-off", trace_login, switch_login_off },
  { "purge", trace_deleted, purge },
  { "purge-expired", trace_deleted, purge_expired },
};

/* --- Tests -------------------------------------------------------------------------------------
 */

static void
test_at_once (Fixture *f, gconstpointer user_data)
{
  const Removal *removal = user_data;

  removal->trace (f);
  g_assert_true (has_traces (f));
  removal->remove (f);
  g_assert_false (has_traces (f));
  /* The rest is there, and writing goes on. */
  vault_fixture_add (&f->vault, "example.org", "carl");
  mortise_vault_close (f->vault.vault);
  g_assert_false (has_traces (f));
}

/* Whether the removal took place, as the next start sees it. */
static gboolean
is_removed (Fixture *f, const Removal *removal)
{
  MortiseKeyslotInfo info = { 0 };

  if (removal->remove == change_pin || removal->remove == reset_pin)
    return vault_fixture_unlock (&f->vault, "56789", NULL);
  if (removal->remove == purge || removal->remove == purge_expired)
    {
      g_autoptr (GPtrArray) deleted = mortise_vault_list (f->vault.vault, TRUE, 0, 1, NULL, NULL);

      return deleted->len == 0;
    }
  if (removal->remove == switch_login_off)
    {
      g_assert_true (
          mortise_vault_get_keyslot (f->vault.vault, MORTISE_KEYSLOT_LOGIN, &info, NULL));
      return !info.exists;
    }
  /* The code that was there before opens no more. */
  return !mortise_vault_unlock_with_recovery_code (f->vault.vault, code, NULL);
}

static gboolean
lose_power (const Removal *removal, guint step)
{
  Fixture f = { 0 };
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;
  gboolean off, removed;

  set_up (&f, removal);
  removal->trace (&f);
  vault_fixture_restart (&f.vault);
  faulty_vfs_power_off_at (G_MAXUINT / 2, step);
  g_assert_true (mortise_vault_open (f.vault.vault, NULL));
  g_assert_true (vault_fixture_unlock (&f.vault, "1234", NULL));
  faulty_vfs_power_off_at (step, step);
  removal->remove (&f);
  off = faulty_vfs_is_off ();
  mortise_vault_close (f.vault.vault);
  faulty_vfs_reset ();

  /* Old or new, and all of it: what is not in use leaves no trace once the vault is open again. */
  vault_fixture_restart (&f.vault);
  g_assert_true (mortise_vault_open (f.vault.vault, NULL));
  removed = is_removed (&f, removal);
  g_assert_true (off || removed);
  g_assert_cmpint (removed, ==, !has_traces (&f));
  g_assert_true (vault_fixture_unlock (&f.vault, "1234", NULL) ||
                 vault_fixture_unlock (&f.vault, "56789", NULL));
  credential = mortise_vault_get (f.vault.vault, 1, NULL);
  g_assert_nonnull (credential);
  key = mortise_vault_load_key (f.vault.vault, credential, NULL);
  g_assert_nonnull (key);
  g_clear_pointer (&key, mortise_tpm_key_free);
  tear_down (&f, removal);
  return off;
}

static void
test_power_loss (gconstpointer user_data)
{
  guint step = 1;

  while (lose_power (user_data, step))
    step++;
  g_assert_cmpuint (step, >, 2);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
  faulty_vfs_install ();
  for (gsize i = 0; i < G_N_ELEMENTS (removals); i++)
    {
      g_autofree char *at_once = g_strconcat ("/vault-wipe/at-once/", removals[i].name, NULL);
      g_autofree char *power = g_strconcat ("/vault-wipe/power-loss/", removals[i].name, NULL);

      g_test_add (at_once, Fixture, &removals[i], set_up, test_at_once, tear_down);
      g_test_add_data_func (power, &removals[i], test_power_loss);
    }
  status = g_test_run ();
  g_clear_pointer (&code, mortise_secret_free);
  return status;
}
