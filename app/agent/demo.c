/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/demo.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mortise-error.h"

/* Two free ports side by side, which the swtpm TCTI wants, may be taken before swtpm has them. */
#define START_TRIES        5
#define ANSWER_TRIES       500
#define ANSWER_INTERVAL_US 10000

/* In the child: no software TPM outlives the agent that started it, however that ends. */
static void
die_with_parent (gpointer user_data)
{
  (void) prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static struct sockaddr_in
loopback (guint16 port)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = g_htons (port),
    .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK),
  };

  return address;
}

/* Returns: a bound socket, or −1 */
static int
bind_port (guint16 port)
{
  const struct sockaddr_in address = loopback (port);
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd >= 0 && bind (fd, (const struct sockaddr *) &address, sizeof address) < 0)
    {
      (void) close (fd);
      return -1;
    }
  return fd;
}

/* Returns: a port that is free, as is the next one; 0 if there is none */
static guint16
find_ports (void)
{
  for (guint i = 0; i < 100; i++)
    {
      struct sockaddr_in address;
      socklen_t size = sizeof address;
      int first = bind_port (0);
      int second = -1;
      guint16 port = 0;

      if (first < 0)
        return 0;
      if (getsockname (first, (struct sockaddr *) &address, &size) == 0)
        port = g_ntohs (address.sin_port);
      if (port != 0 && port < G_MAXUINT16)
        second = bind_port ((guint16) (port + 1));
      (void) close (first);
      if (second >= 0)
        {
          (void) close (second);
          return port;
        }
    }
  return 0;
}

/* A connection to a port that nobody serves yet may be made from that very port, and is then joined
 * to itself. */
static gboolean
is_own_end (int fd, guint16 port)
{
  struct sockaddr_in address = { 0 };
  socklen_t size = sizeof address;

  return getsockname (fd, (struct sockaddr *) &address, &size) == 0 &&
         g_ntohs (address.sin_port) == port;
}

static gboolean
answers (guint16 port)
{
  const struct sockaddr_in address = loopback (port);
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean ok;

  ok = fd >= 0 && connect (fd, (const struct sockaddr *) &address, sizeof address) == 0 &&
       !is_own_end (fd, port);
  if (fd >= 0)
    (void) close (fd);
  return ok;
}

/* Returns: whether it serves; if not it is ended */
static gboolean
start_swtpm (MortiseDemo *demo, const char *program, guint16 port, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree char *state = g_strdup_printf ("dir=%s/tpm,mode=0600", demo->root);
  g_autofree char *server = g_strdup_printf ("type=tcp,port=%u,bindaddr=127.0.0.1", (guint) port);
  g_autofree char *control =
      g_strdup_printf ("type=tcp,port=%u,bindaddr=127.0.0.1", (guint) port + 1);
  const char *argv[] = { program,
                         "socket",
                         "--tpm2",
                         "--tpmstate",
                         state,
                         "--server",
                         server,
                         "--ctrl",
                         control,
                         "--flags",
                         "not-need-init,startup-clear",
                         NULL };

  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  demo->swtpm = g_subprocess_launcher_spawnv (launcher, argv, error);
  if (demo->swtpm == NULL)
    return FALSE;
  for (guint i = 0; i < ANSWER_TRIES && g_subprocess_get_identifier (demo->swtpm) != NULL; i++)
    {
      /* The data port is opened first, the control port last. */
      if (answers ((guint16) (port + 1)))
        {
          demo->tcti = g_strdup_printf ("swtpm:host=127.0.0.1,port=%u", (guint) port);
          return TRUE;
        }
      g_usleep (ANSWER_INTERVAL_US);
    }
  g_subprocess_force_exit (demo->swtpm);
  g_clear_object (&demo->swtpm);
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                       _ ("The software TPM of the demo did not start. Try again."));
  return FALSE;
}

static gboolean
make_folders (MortiseDemo *demo, GError **error)
{
  g_autofree char *template =
      g_build_filename (g_get_user_runtime_dir (), "mortise-demo-XXXXXX", NULL);
  g_autofree char *tpm_folder = NULL;

  (void) g_mkdir_with_parents (g_get_user_runtime_dir (), 0700);
  if (g_mkdtemp_full (template, 0700) == NULL)
    {
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                   _ ("The demo could not make its folder in %s (%s)."), g_get_user_runtime_dir (),
                   g_strerror (errno));
      return FALSE;
    }
  demo->root = g_steal_pointer (&template);
  demo->data_dir = g_build_filename (demo->root, "vault", NULL);
  demo->transport = g_strdup_printf ("socket:%s/key", demo->root);
  tpm_folder = g_build_filename (demo->root, "tpm", NULL);
  if (g_mkdir (tpm_folder, 0700) == 0)
    return TRUE;
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
               _ ("The demo could not make its folder in %s (%s)."), demo->root,
               g_strerror (errno));
  return FALSE;
}

/* Only what is below our own folder; links are removed, not followed. */
static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_unlink (child) != 0 && errno == EISDIR)
        remove_folder (child);
    }
  (void) g_rmdir (path);
}

MortiseDemo *
mortise_demo_start (GError **error)
{
  g_autoptr (MortiseDemo) demo = g_new0 (MortiseDemo, 1);
  g_autofree char *program = g_find_program_in_path ("swtpm");

  if (program == NULL)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_MISSING,
                           _ ("The demo needs the program “swtpm”, a TPM in software. Install the "
                              "package of that name."));
      return NULL;
    }
  if (!make_folders (demo, error))
    return NULL;
  for (guint i = 0; i < START_TRIES; i++)
    {
      guint16 port = find_ports ();

      g_clear_error (error);
      if (port != 0 && start_swtpm (demo, program, port, error))
        return g_steal_pointer (&demo);
    }
  if (error != NULL && *error == NULL)
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_FAILED,
                         _ ("The demo found no free port for its software TPM. Try again."));
  return NULL;
}

void
mortise_demo_free (MortiseDemo *demo)
{
  if (demo == NULL)
    return;
  if (demo->swtpm != NULL)
    {
      g_subprocess_force_exit (demo->swtpm);
      (void) g_subprocess_wait (demo->swtpm, NULL, NULL);
      g_object_unref (demo->swtpm);
    }
  if (demo->root != NULL)
    remove_folder (demo->root);
  g_free (demo->root);
  g_free (demo->data_dir);
  g_free (demo->tcti);
  g_free (demo->transport);
  g_free (demo);
}
