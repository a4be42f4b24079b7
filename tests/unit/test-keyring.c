/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/keyring.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mortise-error.h"
#include "tests/support/end-with-test.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/wait-for.h"

/*
 * Runs on a bus of its own (dbus-run-session) with the real gnome-keyring-daemon, in a scratch
 * home.
 */

#define SECRETS "org.freedesktop.secrets"

static char *home;
static GPid daemon_pid;

static GDBusConnection *
get_bus (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);

  g_assert_no_error (error);
  return bus;
}

static gboolean
has_owner (GDBusConnection *bus)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner",
      g_variant_new ("(s)", SECRETS), NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, &error);
  gboolean owned = FALSE;

  g_assert_no_error (error);
  g_variant_get (reply, "(b)", &owned);
  return owned;
}

/* The daemon has its name before it has unlocked what it was given the password for. */
static gboolean
is_unlocked (GDBusConnection *bus)
{
  g_autoptr (GVariant) alias = g_dbus_connection_call_sync (
      bus, SECRETS, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "ReadAlias",
      g_variant_new ("(s)", "default"), G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
      G_MAXINT, NULL, NULL);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) locked = NULL;
  const char *collection = "/";

  if (alias != NULL)
    g_variant_get (alias, "(&o)", &collection);
  if (g_str_equal (collection, "/"))
    return FALSE;
  reply = g_dbus_connection_call_sync (
      bus, SECRETS, collection, "org.freedesktop.DBus.Properties", "Get",
      g_variant_new ("(ss)", "org.freedesktop.Secret.Collection", "Locked"), G_VARIANT_TYPE ("(v)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL, NULL);
  if (reply != NULL)
    g_variant_get (reply, "(v)", &locked);
  return locked != NULL && !g_variant_get_boolean (locked);
}

/* Keeps the daemon in the foreground, as a child that can be ended. */
static void
start_daemon (const char *password)
{
  const char *argv[] = { "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets",
                         NULL };
  g_autoptr (GError) error = NULL;
  /* Our warnings are fatal, the daemon's are its own. */
  g_auto (GStrv) environment = g_environ_unsetenv (g_get_environ (), "G_DEBUG");
  int input = -1;
  g_autoptr (GDBusConnection) bus = get_bus ();

  if (password == NULL)
    argv[2] = "--components=secrets", argv[3] = NULL;
  g_spawn_async_with_pipes (NULL, (char **) (gpointer) argv, environment,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                            end_with_test, NULL, &daemon_pid, &input, NULL, NULL, &error);
  g_assert_no_error (error);
  if (password != NULL)
    g_assert_cmpint (write (input, password, strlen (password)), ==, strlen (password));
  close (input);

  /* The test program's own time limit ends a wait for what never comes. */
  while (!(password != NULL ? is_unlocked (bus) : has_owner (bus)))
    {
      if (waitpid (daemon_pid, NULL, WNOHANG) != 0)
        g_error ("gnome-keyring-daemon ended instead of starting");
      g_usleep (1000);
    }
}

/* Until the bus has noticed, too: the next one is not to be taken for this. */
static void
stop_daemon (void)
{
  g_autoptr (GDBusConnection) bus = get_bus ();

  kill (daemon_pid, SIGTERM);
  waitpid (daemon_pid, NULL, 0);
  g_spawn_close_pid (daemon_pid);
  daemon_pid = 0;
  WAIT_FOR_OTHERS (!has_owner (bus));
}

static void
remove_keyrings (void)
{
  g_autofree char *folder = g_build_filename (home, "share", "keyrings", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
}

/* What is on disk says which vault at most; never the secret. */
static gboolean
disk_contains (gconstpointer needle, gsize size)
{
  g_autofree char *folder = g_build_filename (home, "share", "keyrings", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  gboolean found = FALSE;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *content = NULL;
      gsize length = 0;

      g_assert_true (g_file_get_contents (path, &content, &length, NULL));
      found = found || memmem (content, length, needle, size) != NULL;
    }
  return found;
}

static void
test_round_trip (void)
{
  g_autoptr (MortiseKeyring) keyring = mortise_secret_service_keyring_new ();
  g_autoptr (MortiseKeyring) other = mortise_secret_service_keyring_new ();
  g_autoptr (GError) error = NULL;

  remove_keyrings ();
  start_daemon ("pw");
  /* 32 bytes as it is used, and sizes that end differently in Base64. */
  for (gsize size = 31; size <= 33; size++)
    {
      g_autoptr (MortiseSecret) secret = mortise_secret_new_random (size);
      g_autoptr (MortiseSecret) found = NULL;

      mortise_keyring_store (keyring, "vault-1", secret, NULL, &error);
      g_assert_no_error (error);
      found = mortise_keyring_lookup (other, "vault-1", NULL, &error);
      g_assert_no_error (error);
      g_assert_true (mortise_secret_equal (secret, found));
      g_assert_false (disk_contains (mortise_secret_peek (secret), size));
    }

  g_assert_null (mortise_keyring_lookup (keyring, "vault-2", NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (mortise_keyring_clear (keyring, "vault-1", NULL, &error));
  g_assert_no_error (error);
  g_assert_null (mortise_keyring_lookup (keyring, "vault-1", NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (mortise_keyring_clear (keyring, "vault-1", NULL, &error));
  g_assert_no_error (error);
  stop_daemon ();
}

static void
assert_unavailable (MortiseKeyring *keyring)
{
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (GError) error = NULL;

  g_assert_null (mortise_keyring_lookup (keyring, "vault-1", NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_KEYRING);
  g_clear_error (&error);
  g_assert_false (mortise_keyring_store (keyring, "vault-1", secret, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_KEYRING);
}

/* A locked keyring: no dialog (nothing could answer it here, so it would hang), and afterwards,
 * when the person unlocked it, the secret is there. */
static void
test_locked (void)
{
  g_autoptr (MortiseKeyring) keyring = mortise_secret_service_keyring_new ();
  g_autoptr (MortiseSecret) secret = mortise_secret_new_random (32);
  g_autoptr (MortiseSecret) found = NULL;
  g_autoptr (GError) error = NULL;

  remove_keyrings ();
  start_daemon ("pw");
  mortise_keyring_store (keyring, "vault-1", secret, NULL, &error);
  g_assert_no_error (error);
  stop_daemon ();

  start_daemon (NULL);
  assert_unavailable (keyring);
  stop_daemon ();

  start_daemon ("pw");
  found = mortise_keyring_lookup (keyring, "vault-1", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (mortise_secret_equal (secret, found));
  stop_daemon ();
}

/* A keyring service without any keyring yet. */
static void
test_no_collection (void)
{
  g_autoptr (MortiseKeyring) keyring = mortise_secret_service_keyring_new ();

  remove_keyrings ();
  start_daemon (NULL);
  assert_unavailable (keyring);
  stop_daemon ();
}

static void
test_absent (void)
{
  g_autoptr (MortiseKeyring) keyring = mortise_secret_service_keyring_new ();

  assert_unavailable (keyring);
}

static void
test_cancelled (void)
{
  g_autoptr (MortiseKeyring) keyring = mortise_secret_service_keyring_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (mortise_keyring_lookup (keyring, "vault-1", cancellable, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_autofree char *data = NULL;
  g_autofree char *runtime = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  home = scratch_folder_new ();
  data = g_build_filename (home, "share", NULL);
  runtime = g_build_filename (home, "run", NULL);
  g_mkdir (data, 0700);
  g_mkdir (runtime, 0700);
  g_setenv ("HOME", home, TRUE);
  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);

  g_test_add_func ("/keyring/absent", test_absent);
  g_test_add_func ("/keyring/cancelled", test_cancelled);
  g_test_add_func ("/keyring/round-trip", test_round_trip);
  g_test_add_func ("/keyring/locked", test_locked);
  g_test_add_func ("/keyring/no-collection", test_no_collection);
  result = g_test_run ();
  scratch_folder_remove (home);
  return result;
}
