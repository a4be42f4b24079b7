/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/tpm-fixture.h"

/* Opening: no TPM, no permission, an old TPM, and things that are no TPM at all. */

typedef struct
{
  char *root;
  char *dev;
  char *class;
} Nodes;

static void
nodes_set_up (Nodes *nodes, gconstpointer data)
{
  nodes->root = g_dir_make_tmp ("mortise-dev-XXXXXX", NULL);
  nodes->dev = g_build_filename (nodes->root, "dev", NULL);
  nodes->class = g_build_filename (nodes->root, "class", NULL);
  g_assert_cmpint (g_mkdir (nodes->dev, 0755), ==, 0);
  /* Others may look into it, as into /dev. */
  g_assert_cmpint (g_chmod (nodes->root, 0755), ==, 0);
}

static void
make_node (Nodes *nodes, const char *name, int mode)
{
  g_autofree char *path = g_build_filename (nodes->dev, name, NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

static void
nodes_tear_down (Nodes *nodes, gconstpointer data)
{
  const char *names[] = { "dev/tpm0",   "dev/tpmrm0", "dev", "class/tpm0/tpm_version_major",
                          "class/tpm0", "class",      "." };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (nodes->root, names[i], NULL);

      g_remove (path);
    }
  g_rmdir (nodes->root);
  g_free (nodes->root);
  g_free (nodes->dev);
  g_free (nodes->class);
}

static void
test_missing (Nodes *nodes, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mortise_tpm_device_find (nodes->dev, nodes->class, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_MISSING);
}

static void
test_preferred (Nodes *nodes, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *raw = NULL;
  g_autofree char *managed = NULL;

  make_node (nodes, "tpm0", 0600);
  raw = mortise_tpm_device_find (nodes->dev, nodes->class, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (raw, "device:"));
  g_assert_true (g_str_has_suffix (raw, "/dev/tpm0"));
  make_node (nodes, "tpmrm0", 0600);
  managed = mortise_tpm_device_find (nodes->dev, nodes->class, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (managed, "/dev/tpmrm0"));
}

static void
test_access (Nodes *nodes, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const gboolean root = geteuid () == 0;

  make_node (nodes, "tpmrm0", 0);
  /* Root may open anything. */
  if (root)
    g_assert_cmpint (seteuid (65534), ==, 0);
  g_assert_null (mortise_tpm_device_find (nodes->dev, nodes->class, &error));
  if (root)
    g_assert_cmpint (seteuid (0), ==, 0);
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_ACCESS);
}

static void
test_version_1 (Nodes *nodes, gconstpointer data)
{
  g_autofree char *dir = g_build_filename (nodes->class, "tpm0", NULL);
  g_autofree char *file = g_build_filename (dir, "tpm_version_major", NULL);
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;

  make_node (nodes, "tpm0", 0600);
  g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
  g_assert_true (g_file_set_contents (file, "1\n", -1, NULL));
  g_assert_null (mortise_tpm_device_find (nodes->dev, nodes->class, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_TPM_UNSUITABLE);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (file, "2\n", -1, NULL));
  found = mortise_tpm_device_find (nodes->dev, nodes->class, &error);
  g_assert_no_error (error);
}

static void
check_open (const char *tcti, MortiseError expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mortise_esys_tpm_open (tcti, &error));
  g_test_message ("%s: %s", tcti, error->message);
  g_assert_mortise_error (error, expected);
}

static void
test_nothing_there (void)
{
  check_open ("device:/dev/mortise-no-such-node", MORTISE_ERROR_TPM_MISSING);
  check_open ("swtpm:host=127.0.0.1,port=1", MORTISE_ERROR_TPM_MISSING);
  check_open ("no-such-tcti:", MORTISE_ERROR_TPM_MISSING);
  check_open ("", MORTISE_ERROR_TPM_MISSING);
}

/* Something that listens where a TPM should. */
typedef struct
{
  int fd;
  const guint8 *answer;
  gsize size;
  guint n_answers;
  GThread *thread;
} Impostor;

static gpointer
serve (gpointer data)
{
  Impostor *impostor = data;
  guint8 command[4096];
  guint answers = 0;
  int client;

  while ((client = accept (impostor->fd, NULL, NULL)) >= 0)
    {
      while (answers < impostor->n_answers && recv (client, command, sizeof command, 0) > 0)
        {
          answers++;
          (void) !send (client, impostor->answer, impostor->size, MSG_NOSIGNAL);
        }
      close (client);
    }
  return NULL;
}

static int
listen_on (guint16 port)
{
  const struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons (port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (bind (fd, (const struct sockaddr *) &address, sizeof address) == 0 && listen (fd, 8) == 0)
    return fd;
  close (fd);
  return -1;
}

static void
stop (Impostor *impostor)
{
  shutdown (impostor->fd, SHUT_RDWR);
  g_thread_join (impostor->thread);
  close (impostor->fd);
}

static void
check_impostor (const void *answer, gsize size, guint n_answers, MortiseError expected)
{
  static const guint8 done[4] = { 0 };
  Impostor impostor = { .fd = -1, .answer = answer, .size = size, .n_answers = n_answers };
  Impostor control = { .fd = -1, .answer = done, .size = sizeof done, .n_answers = 1000 };
  g_autofree char *tcti = NULL;
  guint16 port = 0;

  /* The TCTI wants something that answers on the next port too. Not where tests that run beside
   * this one have their software TPMs, and expect nobody while they are switched off. */
  while (control.fd < 0)
    {
      port = (guint16) g_random_int_range (10000, 11998);
      impostor.fd = listen_on (port);
      if (impostor.fd < 0)
        continue;
      control.fd = listen_on ((guint16) (port + 1));
      if (control.fd < 0)
        close (impostor.fd);
    }
  tcti = g_strdup_printf ("swtpm:host=127.0.0.1,port=%u", (guint) port);
  impostor.thread = g_thread_new ("impostor", serve, &impostor);
  control.thread = g_thread_new ("control", serve, &control);
  check_open (tcti, expected);
  stop (&impostor);
  stop (&control);
}

static void
test_impostors (void)
{
  static const guint8 version_1[] = { 0x00, 0xc4, 0, 0, 0, 10, 0, 0, 0, 0x1e };
  static const guint8 failure[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01 };
  static const guint8 lockout[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x09, 0x21 };
  static const guint8 empty_success[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0 };
  static const guint8 lies_about_size[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 0xff, 0xff };
  static const guint8 huge[] = { 0x80, 0x01, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0 };
  static const guint8 many_properties[] = { 0x80, 0x01, 0, 0, 0, 19,   0,    0,    0,   0,
                                            0,    0,    0, 0, 6, 0xff, 0xff, 0xff, 0xff };

  check_impostor (version_1, sizeof version_1, 1000, MORTISE_ERROR_TPM_UNSUITABLE);
  check_impostor (failure, sizeof failure, 1000, MORTISE_ERROR_TPM_FAILED);
  check_impostor (lockout, sizeof lockout, 1000, MORTISE_ERROR_TPM_LOCKOUT);
  check_impostor (empty_success, sizeof empty_success, 1000, MORTISE_ERROR_TPM_FAILED);
  check_impostor (lies_about_size, sizeof lies_about_size, 1000, MORTISE_ERROR_TPM_FAILED);
  check_impostor (many_properties, sizeof many_properties, 1000, MORTISE_ERROR_TPM_FAILED);
  check_impostor (huge, sizeof huge, 1000, MORTISE_ERROR_TPM_FAILED);
  /* Hangs up at once, and in the middle. */
  check_impostor (failure, sizeof failure, 0, MORTISE_ERROR_TPM_GONE);
  check_impostor (failure, 4, 1, MORTISE_ERROR_TPM_GONE);
}

static void
test_software (void)
{
  g_assert_true (mortise_tpm_is_software ("IBM", "SW   TPM"));
  g_assert_true (mortise_tpm_is_software ("MSFT", "xCG fTPM"));
  g_assert_true (mortise_tpm_is_software ("VMW", "VMware TPM"));
  g_assert_false (mortise_tpm_is_software ("INTC", "Intel"));
  g_assert_false (mortise_tpm_is_software ("AMD", "AMD"));
  g_assert_false (mortise_tpm_is_software ("IFX", "SLB9670"));
  g_assert_false (mortise_tpm_is_software ("STM", ""));
  g_assert_false (mortise_tpm_is_software ("", ""));
}

/* tpm2-tss prints authValues where it logs at all. */
static void
test_tss_is_silent (void)
{
  if (g_test_subprocess ())
    {
      g_assert_cmpstr (g_getenv ("TSS2_LOG"), ==, "all+none");
      check_open ("swtpm:host=127.0.0.1,port=1", MORTISE_ERROR_TPM_MISSING);
      return;
    }
  g_setenv ("TSS2_LOG", "all+trace", TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*tcti:*");
}

#define ADD(path, function) g_test_add (path, Nodes, NULL, nodes_set_up, function, nodes_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-open/missing", test_missing);
  ADD ("/tpm-open/preferred", test_preferred);
  ADD ("/tpm-open/access", test_access);
  ADD ("/tpm-open/version-1", test_version_1);
  g_test_add_func ("/tpm-open/nothing-there", test_nothing_there);
  g_test_add_func ("/tpm-open/impostors", test_impostors);
  g_test_add_func ("/tpm-open/software", test_software);
  g_test_add_func ("/tpm-open/tss-is-silent", test_tss_is_silent);
  return g_test_run ();
}
