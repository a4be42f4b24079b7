/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/swtpm.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/end-with-test.h"

/* Below the range that the kernel gives to outgoing connections, so that none sits on our ports. */
#define PORT_FIRST 12000
#define PORT_LAST  31998

/* Where swtpm keeps what a TPM keeps without power. */
#define STATE_FILE "tpm2-00.permall"

#define START_TRIES     20
#define READY_WAITS     6000
#define READY_WAIT_US   2000
#define RESPONSE_MAX    4096
#define RESPONSE_HEADER 10

struct _MortiseSwtpm
{
  int claim;
  char *state_dir;
  char *tcti;
  guint16 port;
  GPid pid;
};

static struct sockaddr_in
loopback (guint16 port)
{
  return (struct sockaddr_in){
    .sin_family = AF_INET,
    .sin_port = htons (port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
}

static gboolean
is_free (guint16 port)
{
  const struct sockaddr_in address = loopback (port);
  const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const gboolean bound = bind (fd, (const struct sockaddr *) &address, sizeof address) == 0;

  close (fd);
  return bound;
}

/* A name that only one process on this machine can hold, so that two tests that look at the same
 * moment do not find the same ports free. Returns: a descriptor to be held, or -1. */
static int
claim (guint16 port)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int length = g_snprintf (address.sun_path + 1, sizeof address.sun_path - 1,
                                 "mortise-swtpm-%u", (guint) port);
  const socklen_t size = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + 1 + length);

  if (bind (fd, (const struct sockaddr *) &address, size) == 0 && is_free (port) &&
      is_free ((guint16) (port + 1)))
    return fd;
  close (fd);
  return -1;
}

/* Without connecting: the first client of the data port is the only one. */
static gboolean
is_listening (guint16 port)
{
  g_autofree char *table = NULL;
  g_autofree char *entry = g_strdup_printf (": 0100007F:%04X 00000000:0000 0A ", (guint) port);

  return g_file_get_contents ("/proc/net/tcp", &table, NULL, NULL) && strstr (table, entry) != NULL;
}

static int
try_connect (guint16 port)
{
  const struct sockaddr_in address = loopback (port);
  const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (connect (fd, (const struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  close (fd);
  return -1;
}

static gboolean
is_running (MortiseSwtpm *swtpm)
{
  return waitpid (swtpm->pid, NULL, WNOHANG) == 0;
}

static gboolean
wait_until_ready (MortiseSwtpm *swtpm)
{
  for (int i = 0; i < READY_WAITS; i++)
    {
      if (!is_running (swtpm))
        {
          swtpm->pid = 0;
          return FALSE;
        }
      if (is_listening (swtpm->port) && is_listening ((guint16) (swtpm->port + 1)))
        return TRUE;
      g_usleep (READY_WAIT_US);
    }
  g_error ("swtpm does not come up");
}

static gboolean
start (MortiseSwtpm *swtpm)
{
  g_autofree char *state = g_strdup_printf ("dir=%s", swtpm->state_dir);
  g_autofree char *server =
      g_strdup_printf ("type=tcp,port=%u,bindaddr=127.0.0.1", (guint) swtpm->port);
  g_autofree char *ctrl =
      g_strdup_printf ("type=tcp,port=%u,bindaddr=127.0.0.1", (guint) swtpm->port + 1);
  g_autoptr (GError) error = NULL;
  const char *argv[] = { "swtpm",
                         "socket",
                         "--tpm2",
                         "--tpmstate",
                         state,
                         "--server",
                         server,
                         "--ctrl",
                         ctrl,
                         "--flags",
                         "not-need-init,startup-clear",
                         NULL };

  if (!g_spawn_async ("/", (char **) (gpointer) argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL |
                          G_SPAWN_STDOUT_TO_DEV_NULL,
                      end_with_test, NULL, &swtpm->pid, &error))
    g_error ("swtpm cannot be started: %s", error->message);
  return wait_until_ready (swtpm);
}

char *
mortise_swtpm_dup_state (MortiseSwtpm *swtpm, gsize *ret_size)
{
  g_autofree char *path = g_build_filename (swtpm->state_dir, STATE_FILE, NULL);
  g_autoptr (GError) error = NULL;
  char *state = NULL;

  g_file_get_contents (path, &state, ret_size, &error);
  g_assert_no_error (error);
  return state;
}

MortiseSwtpm *
mortise_swtpm_new (void)
{
  return mortise_swtpm_new_with_state (NULL, 0);
}

MortiseSwtpm *
mortise_swtpm_new_with_state (const char *state, gsize size)
{
  MortiseSwtpm *swtpm = g_new0 (MortiseSwtpm, 1);
  g_autoptr (GError) error = NULL;

  swtpm->state_dir = g_dir_make_tmp ("mortise-swtpm-XXXXXX", &error);
  g_assert_no_error (error);
  if (state != NULL)
    {
      g_autofree char *path = g_build_filename (swtpm->state_dir, STATE_FILE, NULL);

      g_file_set_contents (path, state, (gssize) size, &error);
      g_assert_no_error (error);
    }
  for (int i = 0; i < START_TRIES; i++)
    {
      swtpm->port = (guint16) (g_random_int_range (PORT_FIRST / 2, PORT_LAST / 2) * 2);
      swtpm->claim = claim (swtpm->port);
      if (swtpm->claim < 0)
        continue;
      if (!start (swtpm))
        {
          close (swtpm->claim);
          continue;
        }
      swtpm->tcti = g_strdup_printf ("swtpm:host=127.0.0.1,port=%u", (guint) swtpm->port);
      return swtpm;
    }
  g_error ("no free ports for swtpm");
}

static void
remove_folder (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (path);
}

void
mortise_swtpm_free (MortiseSwtpm *swtpm)
{
  if (swtpm == NULL)
    return;
  mortise_swtpm_power_off (swtpm);
  close (swtpm->claim);
  remove_folder (swtpm->state_dir);
  g_free (swtpm->state_dir);
  g_free (swtpm->tcti);
  g_free (swtpm);
}

const char *
mortise_swtpm_get_tcti (MortiseSwtpm *swtpm)
{
  return swtpm->tcti;
}

void
mortise_swtpm_power_off (MortiseSwtpm *swtpm)
{
  if (swtpm->pid == 0)
    return;
  kill (swtpm->pid, SIGKILL);
  waitpid (swtpm->pid, NULL, 0);
  g_spawn_close_pid (swtpm->pid);
  swtpm->pid = 0;
}

void
mortise_swtpm_power_on (MortiseSwtpm *swtpm)
{
  g_assert_cmpint (swtpm->pid, ==, 0);
  for (int i = 0; i < START_TRIES; i++)
    {
      if (start (swtpm))
        return;
      /* Its port is still being given back by the kernel. */
      g_usleep (READY_WAIT_US);
    }
  g_error ("swtpm does not start again");
}

void
mortise_swtpm_reboot (MortiseSwtpm *swtpm)
{
  mortise_swtpm_power_off (swtpm);
  mortise_swtpm_power_on (swtpm);
}

void
mortise_swtpm_reset (MortiseSwtpm *swtpm)
{
  /* CMD_INIT of swtpm's control channel, no flags. */
  static const guint8 init[] = { 0, 0, 0, 2, 0, 0, 0, 0 };
  const int fd = try_connect ((guint16) (swtpm->port + 1));
  guint8 result[4];

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (send (fd, init, sizeof init, MSG_NOSIGNAL), ==, sizeof init);
  g_assert_cmpint (recv (fd, result, sizeof result, MSG_WAITALL), ==, sizeof result);
  g_assert_cmpmem (result, sizeof result, "\0\0\0\0", 4);
  close (fd);
}

GBytes *
mortise_swtpm_command (MortiseSwtpm *swtpm, const guint8 *command, gsize size)
{
  const int fd = try_connect (swtpm->port);
  guint8 response[RESPONSE_MAX];
  guint32 expected = RESPONSE_HEADER;
  gsize got = 0;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (send (fd, command, size, MSG_NOSIGNAL), ==, (gssize) size);
  while (got < expected)
    {
      const gssize n = recv (fd, response + got, sizeof response - got, 0);

      g_assert_cmpint (n, >, 0);
      got += (gsize) n;
      if (got >= RESPONSE_HEADER)
        {
          memcpy (&expected, response + 2, sizeof expected);
          expected = GUINT32_FROM_BE (expected);
          g_assert_cmpuint (expected, <=, sizeof response);
        }
    }
  close (fd);
  return g_bytes_new (response, got);
}

static void
run_command (MortiseSwtpm *swtpm, const guint8 *command, gsize size)
{
  g_autoptr (GBytes) response = mortise_swtpm_command (swtpm, command, size);
  const guint8 *bytes = g_bytes_get_data (response, NULL);

  g_assert_cmpuint (g_bytes_get_size (response), >=, RESPONSE_HEADER);
  g_assert_cmpmem (bytes + 6, 4, "\0\0\0\0", 4); /* TPM_RC_SUCCESS */
}

void
mortise_swtpm_clear (MortiseSwtpm *swtpm)
{
  /* TPM2_Clear with platform authorisation, an empty password. */
  static const guint8 clear[] = { 0x80, 0x02, 0x00, 0x00, 0x00, 0x1b, 0x00, 0x00, 0x01,
                                  0x26, 0x40, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x09,
                                  0x40, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00 };

  run_command (swtpm, clear, sizeof clear);
}

void
mortise_swtpm_set_max_tries (MortiseSwtpm *swtpm, guint8 tries)
{
  const guint8 command[] = {
    0x80, 0x02,                                            /* TPM_ST_SESSIONS */
    0x00, 0x00, 0x00, 0x27,                                /* 39 bytes */
    0x00, 0x00, 0x01, 0x3a,                                /* TPM_CC_DictionaryAttackParameters */
    0x40, 0x00, 0x00, 0x0a,                                /* TPM_RH_LOCKOUT */
    0x00, 0x00, 0x00, 0x09,                                /* one authorisation of 9 bytes */
    0x40, 0x00, 0x00, 0x09,  0x00, 0x00, 0x00, 0x00, 0x00, /* TPM_RS_PW, empty */
    0x00, 0x00, 0x00, tries,                               /* newMaxTries */
    0x00, 0x00, 0x03, 0xe8,                                /* newRecoveryTime, s */
    0x00, 0x00, 0x03, 0xe8,                                /* lockoutRecovery, s */
  };

  run_command (swtpm, command, sizeof command);
}
