/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/vault/vault-settings.h"
#include "tests/support/faulty-vfs.h"
#include "tests/support/vault-fixture.h"

/*
 * Every write, truncation and sync of every operation fails once, and fails for good: the operation
 * then says so and has changed nothing, and the vault goes on working.
 */

/* Every step where that takes seconds; a sanitizer's build takes some of them. */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 7
#else
#define STRIDE 1
#endif

typedef struct
{
  VaultFixture vault;
  gint64 first;
  gint64 second;
  gint64 deleted;
  MortiseCredential *spare; /* made, not added */
  MortiseCredentialSecrets *spare_secrets;
  MortiseSecret *code; /* for recovery */
} Fixture;

typedef gboolean (*Operation) (Fixture *f, GError **error);

static void
set_up (Fixture *f)
{
  vault_fixture_set_up (&f->vault, NULL);
  vault_fixture_create (&f->vault);
  f->first = vault_fixture_add (&f->vault, "example.com", "anna");
  f->second = vault_fixture_add (&f->vault, "example.org", "bert");
  f->deleted = vault_fixture_add (&f->vault, "example.net", "carl");
  g_assert_true (mortise_vault_delete (f->vault.vault, f->deleted, NULL));
  f->code = vault_fixture_create_code (&f->vault, NULL);
  g_assert_nonnull (f->code);
  /* Takes the place of the first, so that adding it is more than one row. */
  f->spare = vault_fixture_make_credential (&f->vault, "example.com", "anna", &f->spare_secrets);
}

static void
tear_down (Fixture *f)
{
  g_clear_pointer (&f->code, mortise_secret_free);
  g_clear_pointer (&f->spare, mortise_credential_unref);
  g_clear_pointer (&f->spare_secrets, mortise_credential_secrets_free);
  vault_fixture_tear_down (&f->vault, NULL);
}

static gboolean
do_add (Fixture *f, GError **error)
{
  return mortise_vault_add (f->vault.vault, f->spare, f->spare_secrets, error);
}

static gboolean
do_update (Fixture *f, GError **error)
{
  g_autoptr (MortiseCredential) stored = mortise_vault_get (f->vault.vault, f->first, NULL);
  g_autoptr (MortiseCredential) changed = mortise_credential_copy (stored);

  changed->label = g_strdup ("work");
  return mortise_vault_update (f->vault.vault, changed, MORTISE_CHANGE_BY_PERSON, error);
}

static gboolean
do_delete (Fixture *f, GError **error)
{
  return mortise_vault_delete (f->vault.vault, f->first, error);
}

static gboolean
do_restore (Fixture *f, GError **error)
{
  return mortise_vault_restore (f->vault.vault, f->deleted, error);
}

static gboolean
do_purge (Fixture *f, GError **error)
{
  return mortise_vault_purge (f->vault.vault, f->deleted, error);
}

static gboolean
do_reserve (Fixture *f, GError **error)
{
  g_autoptr (MortiseCredential) stored = mortise_vault_get (f->vault.vault, f->first, NULL);
  guint32 count = 4711;
  gboolean ok = mortise_vault_reserve_sign_count (f->vault.vault, stored, &count, error);

  g_assert_cmpuint (count, ==, ok ? 1 : 4711);
  return ok;
}

static gboolean
do_set_setting (Fixture *f, GError **error)
{
  return mortise_vault_set_setting (f->vault.vault, MORTISE_SETTING_IDLE_LOCK,
                                    g_variant_new_uint32 (77), error);
}

static gboolean
do_unlock (Fixture *f, GError **error)
{
  return vault_fixture_unlock (&f->vault, "1234", error);
}

static gboolean
do_change_pin (Fixture *f, GError **error)
{
  g_autoptr (MortiseSecret) old = vault_fixture_pin_hash ("1234");
  g_autoptr (MortiseSecret) new = vault_fixture_pin ("56789");

  return mortise_vault_change_pin (f->vault.vault, old, new, error);
}

static gboolean
do_reset_pin (Fixture *f, GError **error)
{
  g_autoptr (MortiseSecret) new = vault_fixture_pin ("56789");

  return mortise_vault_reset_pin (f->vault.vault, f->code, new, error);
}

static gboolean
do_create_code (Fixture *f, GError **error)
{
  g_autoptr (MortiseSecret) code = vault_fixture_create_code (&f->vault, error);

  if (code == NULL)
    return FALSE;
  mortise_secret_free (f->code);
  f->code = g_steal_pointer (&code);
  return TRUE;
}

static const struct
{
  const char *name;
  Operation run;
} operations[] = {
  { "add", do_add },
  { "update", do_update },
  { "delete", do_delete },
  { "restore", do_restore },
  { "purge", do_purge },
  { "reserve", do_reserve },
  { "unlock", do_unlock },
  { "set-setting", do_set_setting },
  { "change-pin", do_change_pin },
  { "reset-pin", do_reset_pin },
  { "create-code", do_create_code },
};

static guint
get_idle_lock (Fixture *f)
{
  g_autoptr (GVariant) value =
      mortise_vault_get_setting (f->vault.vault, MORTISE_SETTING_IDLE_LOCK);

  return value != NULL ? g_variant_get_uint32 (value) : 0;
}

/* What is told apart from outside; the PIN is tried on a second vault object, after closing. */
static char *
describe (Fixture *f)
{
  g_autofree char *list = vault_fixture_describe (&f->vault);

  return g_strdup_printf ("%s%u live, idle %u", list, mortise_vault_count (f->vault.vault),
                          get_idle_lock (f));
}

static char *
describe_restarted (Fixture *f, const char *pin)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;

  vault_fixture_reopen (&f->vault, MORTISE_VAULT_LISTABLE);
  vault_fixture_unlock (&f->vault, pin, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault.vault), ==, 8);
  list = mortise_vault_list (f->vault.vault, FALSE, 0, G_MAXUINT, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < list->len; i++)
    {
      g_autoptr (MortiseTpmKey) key =
          mortise_vault_load_key (f->vault.vault, list->pdata[i], &error);

      g_assert_no_error (error);
    }
  return describe (f);
}

static void
assert_told (GError *error)
{
  g_assert_true (g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL) ||
                 g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO));
}

/* Returns: FALSE once the operation needs fewer steps than @step. */
static gboolean
try_step (Operation run, guint step, guint times, FaultyVfsFault fault)
{
  Fixture f = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *restarted = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok, reached;
  const char *pin = "1234";

  faulty_vfs_reset ();
  set_up (&f);
  before = describe (&f);

  faulty_vfs_fail (step, times, fault);
  ok = run (&f, &error);
  reached = faulty_vfs_count_faults () > 0;
  faulty_vfs_reset ();

  after = describe (&f);
  if (ok)
    {
      g_assert_no_error (error);
      if (run == do_change_pin || run == do_reset_pin)
        pin = "56789";
    }
  else
    {
      assert_told (error);
      g_assert_cmpstr (after, ==, before);
      g_clear_error (&error);
    }

  /* It goes on working, and what was done before is not undone by what comes after. */
  g_assert_true (mortise_vault_set_setting (f.vault.vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (TRUE), &error));
  g_assert_no_error (error);
  restarted = describe_restarted (&f, pin);
  g_assert_cmpstr (restarted, ==, after);
  /* The code that the person has is the one that opens. */
  mortise_vault_lock (f.vault.vault);
  mortise_vault_unlock_with_recovery_code (f.vault.vault, f.code, &error);
  g_assert_no_error (error);
  tear_down (&f);
  return reached;
}

static void
test_operation (gconstpointer user_data)
{
  Operation run = operations[GPOINTER_TO_UINT (user_data)].run;
  const FaultyVfsFault faults[] = { FAULTY_VFS_FULL, FAULTY_VFS_IO };

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      guint once = 1, lasting = 1;

      while (try_step (run, once, 1, faults[i]))
        once += STRIDE;
      while (try_step (run, lasting, G_MAXUINT, faults[i]))
        lasting += STRIDE;
      /* A write to the journal and its sync, at the least. */
      g_assert_cmpuint (once, >, 2);
      g_assert_cmpuint (lasting, >, 2);
    }
}

/* While the disk stays full nothing can be stored, but everything can be looked up. */
static void
test_reading_goes_on (void)
{
  Fixture f = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *during = NULL;
  g_autoptr (GError) error = NULL;

  faulty_vfs_reset ();
  set_up (&f);
  before = describe (&f);
  faulty_vfs_fail (1, G_MAXUINT, FAULTY_VFS_FULL);
  for (int i = 0; i < 5; i++)
    {
      g_assert_false (do_add (&f, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
      g_clear_error (&error);
    }
  during = describe (&f);
  g_assert_cmpstr (during, ==, before);

  /* No PIN is tried that cannot be counted. */
  mortise_fake_tpm_reset_calls (vault_fixture_get_fake (&f.vault));
  g_assert_false (do_unlock (&f, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
  g_assert_cmpuint (
      mortise_fake_tpm_count_calls (vault_fixture_get_fake (&f.vault), MORTISE_FAKE_TPM_UNSEAL), ==,
      0);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f.vault.vault), ==, 8);
  faulty_vfs_reset ();
  tear_down (&f);
}

/* Uses that cannot be written wait for the next time. */
static void
test_uses_wait (void)
{
  Fixture f = { 0 };
  g_autoptr (MortiseCredential) credential = NULL;

  faulty_vfs_reset ();
  set_up (&f);
  mortise_vault_note_use (f.vault.vault, f.first, 0x05);
  faulty_vfs_fail (1, G_MAXUINT, FAULTY_VFS_FULL);
  mortise_vault_flush_uses (f.vault.vault);
  faulty_vfs_reset ();
  mortise_vault_note_use (f.vault.vault, f.first, 0x05);
  mortise_vault_flush_uses (f.vault.vault);
  credential = mortise_vault_get (f.vault.vault, f.first, NULL);
  g_assert_cmpuint (credential->use_count, ==, 2);
  tear_down (&f);
}

/* --- Making a vault ----------------------------------------------------------------------------
 */

static void
assert_none_or_whole (VaultFixture *f, gboolean created)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");

  vault_fixture_restart (f);
  mortise_vault_open (f->vault, &error);
  g_assert_no_error (error);
  if (mortise_vault_get_state (f->vault) == MORTISE_VAULT_NONE)
    {
      g_assert_false (created);
      g_assert_cmpuint (mortise_memory_keyring_count (vault_fixture_get_keyring (f)), ==, 0);
      mortise_vault_create (f->vault, pin, &error);
      g_assert_no_error (error);
    }
  else
    {
      g_assert_true (vault_fixture_unlock (f, "1234", &error));
      g_assert_no_error (error);
    }
  vault_fixture_add (f, "example.com", "anna");
}

static gboolean
try_create (guint step, FaultyVfsFault fault)
{
  VaultFixture f = { 0 };
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");
  g_autoptr (GError) error = NULL;
  gboolean ok, reached;

  faulty_vfs_reset ();
  vault_fixture_set_up (&f, NULL);
  g_assert_true (mortise_vault_open (f.vault, NULL));
  faulty_vfs_fail (step, G_MAXUINT, fault);
  ok = mortise_vault_create (f.vault, pin, &error);
  reached = faulty_vfs_count_faults () > 0;
  faulty_vfs_reset ();
  if (!ok)
    {
      assert_told (error);
      g_assert_false (mortise_fake_tpm_has_parent (vault_fixture_get_fake (&f)));
    }
  assert_none_or_whole (&f, ok);
  vault_fixture_tear_down (&f, NULL);
  return reached;
}

static void
test_create (void)
{
  guint full = 1, io = 1;

  while (try_create (full, FAULTY_VFS_FULL))
    full += STRIDE;
  while (try_create (io, FAULTY_VFS_IO))
    io += STRIDE;
  g_assert_cmpuint (full, >, 5);
  g_assert_cmpuint (io, >, 5);
}

/* --- Power loss --------------------------------------------------------------------------------
 */

static void
test_power_loss_create (void)
{
  gboolean ended = FALSE;

  for (guint step = 1; !ended; step += STRIDE)
    {
      VaultFixture f = { 0 };
      g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");
      gboolean created;

      faulty_vfs_reset ();
      vault_fixture_set_up (&f, NULL);
      g_assert_true (mortise_vault_open (f.vault, NULL));
      faulty_vfs_power_off_at (step, step);
      created = mortise_vault_create (f.vault, pin, NULL);
      ended = !faulty_vfs_is_off ();
      mortise_vault_close (f.vault);
      faulty_vfs_reset ();
      if (!created)
        mortise_memory_keyring_forget (vault_fixture_get_keyring (&f));
      if (!created || ended)
        assert_none_or_whole (&f, created);
      vault_fixture_tear_down (&f, NULL);
    }
}

/* Adds, renames and deletes until the power goes; all that was acknowledged is there afterwards. */
static gboolean
lose_power (guint step)
{
  VaultFixture f = { 0 };
  g_autoptr (GArray) added = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GError) error = NULL;
  guint32 acknowledged = 0;
  gboolean off;

  faulty_vfs_reset ();
  vault_fixture_set_up (&f, NULL);
  vault_fixture_create (&f);
  vault_fixture_restart (&f);
  faulty_vfs_power_off_at (step, step);
  if (mortise_vault_open (f.vault, NULL) && vault_fixture_unlock (&f, "1234", NULL))
    {
      for (int i = 0; i < 12 && !faulty_vfs_is_off (); i++)
        {
          g_autofree char *user = g_strdup_printf ("user-%d", i);
          g_autoptr (MortiseCredentialSecrets) secrets = NULL;
          g_autoptr (MortiseCredential) credential =
              vault_fixture_make_credential (&f, "example.com", user, &secrets);
          guint32 count;

          if (mortise_vault_add (f.vault, credential, secrets, NULL))
            g_array_append_val (added, credential->row_id);
          if (i == 0)
            continue;
          g_autoptr (MortiseCredential) first =
              mortise_vault_get (f.vault, g_array_index (added, gint64, 0), NULL);
          if (first != NULL && mortise_vault_reserve_sign_count (f.vault, first, &count, NULL))
            acknowledged = count;
        }
    }
  mortise_vault_close (f.vault);
  off = faulty_vfs_is_off ();
  faulty_vfs_reset ();
  vault_fixture_reopen (&f, MORTISE_VAULT_LISTABLE);
  vault_fixture_unlock (&f, "1234", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (mortise_vault_count (f.vault), >=, added->len);
  for (guint i = 0; i < added->len; i++)
    {
      g_autoptr (MortiseCredential) found =
          mortise_vault_get (f.vault, g_array_index (added, gint64, i), &error);
      g_autoptr (MortiseTpmKey) key = NULL;

      g_assert_no_error (error);
      key = mortise_vault_load_key (f.vault, found, &error);
      g_assert_no_error (error);
      if (i == 0)
        g_assert_cmpuint (found->sign_count, >=, acknowledged);
    }
  vault_fixture_tear_down (&f, NULL);
  return off;
}

static void
test_power_loss (void)
{
  guint step = 1;

  while (lose_power (step))
    step += STRIDE;
  g_assert_cmpuint (step, >, 30);
}

/* Power goes while an old PIN's keyslot gives way to a new one: one of the two opens the vault. */
static void
test_power_loss_change_pin (void)
{
  gboolean off = TRUE;

  for (guint step = 1; off; step += STRIDE)
    {
      VaultFixture f = { 0 };
      g_autoptr (MortiseSecret) old = vault_fixture_pin_hash ("1234");
      g_autoptr (MortiseSecret) new = vault_fixture_pin ("56789");
      gboolean changed = FALSE;

      faulty_vfs_reset ();
      vault_fixture_set_up (&f, NULL);
      vault_fixture_create (&f);
      vault_fixture_restart (&f);
      faulty_vfs_power_off_at (step, step);
      if (mortise_vault_open (f.vault, NULL))
        changed = mortise_vault_change_pin (f.vault, old, new, NULL);
      off = faulty_vfs_is_off ();
      mortise_vault_close (f.vault);
      faulty_vfs_reset ();

      vault_fixture_reopen (&f, MORTISE_VAULT_LISTABLE);
      if (changed)
        g_assert_true (vault_fixture_unlock (&f, "56789", NULL));
      else
        g_assert_true (vault_fixture_unlock (&f, "1234", NULL) ||
                       vault_fixture_unlock (&f, "56789", NULL));
      vault_fixture_tear_down (&f, NULL);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
  faulty_vfs_install ();
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autofree char *path = g_strconcat ("/vault-faults/", operations[i].name, NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_operation);
    }
  g_test_add_func ("/vault-faults/reading-goes-on", test_reading_goes_on);
  g_test_add_func ("/vault-faults/uses-wait", test_uses_wait);
  g_test_add_func ("/vault-faults/create", test_create);
  g_test_add_func ("/vault-faults/power-loss", test_power_loss);
  g_test_add_func ("/vault-faults/power-loss-create", test_power_loss_create);
  g_test_add_func ("/vault-faults/power-loss-change-pin", test_power_loss_change_pin);
  return g_test_run ();
}
