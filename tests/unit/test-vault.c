/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/vault-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void
test_create (VaultFixture *f, gconstpointer user_data)
{
  g_autofree char *id = NULL;
  struct stat info;

  vault_fixture_create (f);
  id = mortise_vault_get_id (f->vault);
  g_assert_true (g_uuid_string_is_valid (id));
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
  g_assert_cmpuint (mortise_vault_get_pin_retries (f->vault), ==, 8);
  g_assert_true (mortise_fake_tpm_has_parent (vault_fixture_get_fake (f)));
  g_assert_cmpuint (mortise_memory_keyring_count (vault_fixture_get_keyring (f)), ==, 1);

  g_assert_cmpint (g_stat (f->directory, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  g_assert_cmpint (g_stat (f->database, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

static void
test_life (VaultFixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (MortiseTpmKey) key = NULL;
  gint64 row_id;

  vault_fixture_create (f);
  row_id = vault_fixture_add (f, "example.com", "anna");
  vault_fixture_add (f, "example.com", "bert");
  vault_fixture_add (f, "example.org", "anna");

  vault_fixture_reopen (f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 3);
  found = mortise_vault_find_by_rp (f->vault, "example.com", TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpstr (((MortiseCredential *) found->pdata[0])->user_name, ==, "bert");
  g_assert_cmpint (((MortiseCredential *) found->pdata[1])->row_id, ==, row_id);

  g_assert_null (mortise_vault_load_key (f->vault, found->pdata[0], &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED);
  g_clear_error (&error);
  g_assert_true (vault_fixture_unlock (f, "1234", &error));
  key = mortise_vault_load_key (f->vault, found->pdata[0], &error);
  g_assert_no_error (error);
  g_assert_nonnull (key);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
#define ADD(path, function)                                                                        \
  g_test_add (path, VaultFixture, NULL, vault_fixture_set_up, function, vault_fixture_tear_down)
  ADD ("/vault/create", test_create);
  ADD ("/vault/life", test_life);
  return g_test_run ();
}
