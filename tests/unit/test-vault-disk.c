/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/support/vault-fixture.h"

/*
 * Real file systems that are full, or read-only: small ones in memory, mounted where only this
 * process sees them.
 */

static gboolean may_mount;

static void
write_text (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  if (fd < 0)
    return;
  (void) !write (fd, text, strlen (text));
  close (fd);
}

/* Before the first thread, which would be left behind. */
static gboolean
enter_namespace (void)
{
  uid_t uid = getuid ();
  gid_t gid = getgid ();
  int flags = CLONE_NEWNS | (uid != 0 ? CLONE_NEWUSER : 0);
  g_autofree char *uid_map = g_strdup_printf ("0 %u 1", (guint) uid);
  g_autofree char *gid_map = g_strdup_printf ("0 %u 1", (guint) gid);

  if (unshare (flags) != 0)
    return FALSE;
  if (uid != 0)
    {
      write_text ("/proc/self/setgroups", "deny");
      write_text ("/proc/self/uid_map", uid_map);
      write_text ("/proc/self/gid_map", gid_map);
    }
  return mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static gboolean
set_up (VaultFixture *f, const char *options)
{
  vault_fixture_set_up (f, NULL);
  g_assert_cmpint (g_mkdir (f->directory, 0700), ==, 0);
  if (may_mount && mount ("tmpfs", f->directory, "tmpfs", 0, options) == 0)
    return TRUE;
  g_test_skip ("This process may not mount");
  vault_fixture_tear_down (f, NULL);
  return FALSE;
}

static void
tear_down (VaultFixture *f)
{
  g_clear_object (&f->vault);
  g_assert_cmpint (umount (f->directory), ==, 0);
  vault_fixture_tear_down (f, NULL);
}

static void
fill (VaultFixture *f)
{
  g_autofree char *path = g_build_filename (f->directory, "ballast", NULL);
  g_autofree char *block = g_malloc0 (4096);
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  while (write (fd, block, 4096) == 4096)
    ;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}

static void
make_room (VaultFixture *f)
{
  g_autofree char *path = g_build_filename (f->directory, "ballast", NULL);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

static gboolean
try_add (VaultFixture *f, const char *user, GError **error)
{
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  g_autoptr (MortiseCredential) credential =
      vault_fixture_make_credential (f, "example.com", user, &secrets);

  return mortise_vault_add (f->vault, credential, secrets, error);
}

static void
test_full (void)
{
  VaultFixture f = { 0 };
  g_autoptr (GError) error = NULL;
  guint kept = 0;

  if (!set_up (&f, "size=512k,mode=0700"))
    return;
  vault_fixture_create (&f);
  fill (&f);
  /* Room that the journal has already is used up first. */
  while (TRUE)
    {
      g_autofree char *user = g_strdup_printf ("user-%u", kept);

      if (!try_add (&f, user, &error))
        break;
      kept++;
    }
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
  g_assert_cmpuint (mortise_vault_count (f.vault), ==, kept);
  g_clear_error (&error);

  make_room (&f);
  g_assert_true (try_add (&f, "last", &error));
  g_assert_no_error (error);
  vault_fixture_reopen (&f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f.vault), ==, kept + 1);
  tear_down (&f);
}

/* Started on a disk that is full already: what there is can be listed. */
static void
test_open_full (void)
{
  VaultFixture f = { 0 };
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  if (!set_up (&f, "size=512k,mode=0700"))
    return;
  vault_fixture_create (&f);
  vault_fixture_add (&f, "example.com", "anna");
  vault_fixture_restart (&f);
  fill (&f);
  g_assert_true (mortise_vault_open (f.vault, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mortise_vault_get_state (f.vault), ==, MORTISE_VAULT_LISTABLE);
  found = mortise_vault_find_by_rp (f.vault, "example.com", TRUE, &error);
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_false (vault_fixture_unlock (&f, "1234", &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
  g_clear_error (&error);
  make_room (&f);
  g_assert_true (vault_fixture_unlock (&f, "1234", &error));
  tear_down (&f);
}

static void
test_create_full (void)
{
  VaultFixture f = { 0 };
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");
  g_autoptr (GError) error = NULL;

  if (!set_up (&f, "size=512k,mode=0700"))
    return;
  fill (&f);
  g_assert_true (mortise_vault_open (f.vault, &error));
  g_assert_false (mortise_vault_create (f.vault, pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
  g_clear_error (&error);
  g_assert_cmpint (mortise_vault_get_state (f.vault), ==, MORTISE_VAULT_NONE);
  make_room (&f);
  g_assert_true (mortise_vault_create (f.vault, pin, &error));
  tear_down (&f);
}

/* No room for one more file, with room enough for bytes. */
static void
test_no_inodes (void)
{
  VaultFixture f = { 0 };
  g_autoptr (MortiseSecret) pin = vault_fixture_pin ("1234");
  g_autoptr (GError) error = NULL;

  if (!set_up (&f, "size=512k,nr_inodes=3,mode=0700"))
    return;
  g_assert_false (mortise_vault_create (f.vault, pin, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_FULL);
  g_assert_cmpint (mortise_vault_get_state (f.vault), ==, MORTISE_VAULT_NONE);
  tear_down (&f);
}

static void
test_read_only (void)
{
  VaultFixture f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  if (!set_up (&f, "size=512k,mode=0700"))
    return;
  vault_fixture_create (&f);
  vault_fixture_add (&f, "example.com", "anna");
  vault_fixture_restart (&f);
  before = vault_fixture_snapshot (&f);
  g_assert_cmpint (mount (NULL, f.directory, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  for (int i = 0; i < 2; i++)
    {
      g_assert_false (mortise_vault_open (f.vault, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_IO);
      g_clear_error (&error);
    }
  g_assert_cmpint (mount (NULL, f.directory, NULL, MS_REMOUNT, NULL), ==, 0);
  after = vault_fixture_snapshot (&f);
  g_assert_cmpstr (before, ==, after);
  vault_fixture_reopen (&f, MORTISE_VAULT_LISTABLE);
  g_assert_cmpuint (mortise_vault_count (f.vault), ==, 1);
  tear_down (&f);
}

int
main (int argc, char *argv[])
{
  may_mount = enter_namespace ();
  g_test_init (&argc, &argv, NULL);
  mortise_secret_init_memory ();
  g_test_add_func ("/vault-disk/full", test_full);
  g_test_add_func ("/vault-disk/open-full", test_open_full);
  g_test_add_func ("/vault-disk/create-full", test_create_full);
  g_test_add_func ("/vault-disk/no-inodes", test_no_inodes);
  g_test_add_func ("/vault-disk/read-only", test_read_only);
  return g_test_run ();
}
