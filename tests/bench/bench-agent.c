/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/tpm/tpm-esys.h"
#include "core/vault/vault.h"
#include "tests/bench/bench-report.h"
#include "tests/support/end-with-test.h"
#include "tests/support/memory-keyring.h"
#include "tests/support/prompter-script.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/swtpm.h"

/* The real agent with a vault of many passkeys: its memory when idle, and how fast it starts. */

#define PASSKEYS  1000
#define STARTS    9
#define SETTLE_MS 1500

/* Files whose resident pages have a line of their own. */
#define FILES_SHOWN 8

#define AGENT_INTERFACE MORTISE_APP_ID ".Agent1"

typedef struct
{
  MortiseSwtpm *swtpm;
  char *folder;
  char *socket;
  PrompterScript *script;
  GTestDBus *bus;
  GPid agent;
  /* Opening the TPM and finding the root key, as the agent does when it starts. */
  gint64 tpm_time;
} Bench;

static void
add_passkeys (MortiseVault *vault)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = NULL;

  mortise_tpm_key_free (
      mortise_vault_create_key (vault, MORTISE_ALG_ES256, MORTISE_KEY_DEVICE_ONLY, &blob, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < PASSKEYS; i++)
    {
      g_autoptr (MortiseCredential) credential = mortise_credential_new ();
      g_autoptr (MortiseCredentialSecrets) secrets = mortise_credential_secrets_new ();
      guint8 bytes[MORTISE_CREDENTIAL_ID_SIZE] = { (guint8) i, (guint8) (i >> 8) };

      credential->credential_id = g_bytes_new (bytes, sizeof bytes);
      credential->rp_id = g_strdup_printf ("site-%u.example", i);
      credential->user_id = g_bytes_new (&i, sizeof i);
      credential->user_name = g_strdup_printf ("person-%u@mail.example", i);
      credential->algorithm = MORTISE_ALG_ES256;
      credential->public_key = g_bytes_new (bytes, sizeof bytes);
      credential->discoverable = TRUE;
      credential->cred_protect = 1;
      secrets->key = mortise_tpm_blob_new (blob->public_area, blob->private_area);
      mortise_vault_add (vault, credential, secrets, &error);
      g_assert_no_error (error);
    }
}

static void
fill (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpm) tpm = NULL;
  g_autoptr (MortiseKeyring) keyring = mortise_memory_keyring_new ();
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data ("1234", 4);
  MortiseVault *vault;

  tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (bench->swtpm), &error);
  g_assert_no_error (error);
  vault = mortise_vault_new (bench->folder, tpm, keyring);
  g_assert_true (mortise_vault_open (vault, &error));
  g_assert_true (mortise_vault_create (vault, pin, &error));
  g_assert_no_error (error);
  add_passkeys (vault);
  mortise_vault_close (vault);
  g_object_unref (vault);
}

static void
time_tpm (Bench *bench)
{
  g_autoptr (BenchSamples) samples = bench_samples_new ();

  for (int i = 0; i < STARTS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MortiseTpm) tpm = NULL;
      const gint64 start = bench_now ();

      tpm = mortise_esys_tpm_open (mortise_swtpm_get_tcti (bench->swtpm), &error);
      g_assert_no_error (error);
      g_assert_true (mortise_tpm_attach (tpm, NULL, NULL, &error));
      bench_samples_add (samples, bench_now () - start);
    }
  bench->tpm_time = (gint64) (bench_samples_percentile (samples, 50) * 1000);
}

static gboolean
is_visible (Bench *bench)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  gboolean connected;

  g_strlcpy (address.sun_path, bench->socket, sizeof address.sun_path);
  connected = connect (fd, (const struct sockaddr *) &address, sizeof address) == 0;
  close (fd);
  return connected;
}

/* Returns: nanoseconds until a client can connect. */
static gint64
start_agent (Bench *bench, const char *agent, const char *prompter)
{
  g_autofree char *data_dir = g_strconcat ("--data-dir=", bench->folder, NULL);
  g_autofree char *tcti = g_strconcat ("--tcti=", mortise_swtpm_get_tcti (bench->swtpm), NULL);
  g_autofree char *transport = g_strconcat ("--transport=socket:", bench->socket, NULL);
  g_autofree char *prompter_option = g_strconcat ("--prompter=", prompter, NULL);
  const char *argv[] = { agent, data_dir, tcti, transport, prompter_option, "--idle-lock=0", NULL };
  g_autoptr (GError) error = NULL;
  const gint64 start = bench_now ();

  unlink (bench->socket);
  g_spawn_async (NULL, (char **) (gpointer) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, end_with_test,
                 NULL, &bench->agent, &error);
  g_assert_no_error (error);
  while (!is_visible (bench))
    {
      g_assert_cmpint (bench_now () - start, <, 30 * G_GINT64_CONSTANT (1000000000));
      g_usleep (200);
    }
  return bench_now () - start;
}

static void
stop_agent (Bench *bench)
{
  kill (bench->agent, SIGTERM);
  waitpid (bench->agent, NULL, 0);
  g_spawn_close_pid (bench->agent);
}

/* What a process keeps in memory; KiB. */
typedef struct
{
  guint64 private_dirty;
  guint64 resident;
  GHashTable *files; /* base name → resident pages of that file, as guint64 * */
} Memory;

static void
add_to_file (Memory *memory, const char *path, guint64 resident)
{
  g_autofree char *name = g_path_get_basename (path);
  guint64 *sum = g_hash_table_lookup (memory->files, name);

  if (sum == NULL)
    {
      sum = g_new0 (guint64, 1);
      g_hash_table_insert (memory->files, g_steal_pointer (&name), sum);
    }
  *sum += resident;
}

/* One line of smaps (proc(5)): a mapping begins, or one of its figures. */
static void
read_line (Memory *memory, const char *line, const char **path)
{
  guint64 number;

  if (g_ascii_isxdigit (line[0]) && !g_ascii_isupper (line[0]))
    *path = strchr (line, '/');
  else if (g_str_has_prefix (line, "Private_Dirty:"))
    memory->private_dirty += g_ascii_strtoull (line + strlen ("Private_Dirty:"), NULL, 10);
  else if (g_str_has_prefix (line, "Rss:"))
    {
      number = g_ascii_strtoull (line + strlen ("Rss:"), NULL, 10);
      memory->resident += number;
      if (*path != NULL)
        add_to_file (memory, *path, number);
    }
}

static int
compare_files (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const guint64 *first = g_hash_table_lookup (user_data, *(const char *const *) a);
  const guint64 *second = g_hash_table_lookup (user_data, *(const char *const *) b);

  return (*first < *second) - (*first > *second);
}

static gboolean
read_memory (Bench *bench, Memory *ret_memory)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/smaps", (int) bench->agent);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  const char *file = NULL;

  /* Nobody but root may look into a process that is not dumpable. */
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  *ret_memory =
      (Memory){ .files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    read_line (ret_memory, lines[i], &file);
  g_assert_cmpuint (ret_memory->resident, >, 0);
  return TRUE;
}

/* Pages of files are shared with every process that has the same library, and the kernel takes them
 * when memory is short. Dropped, the next unlock has most of them back. */
static void
report_files (const Memory *memory)
{
  guint n = 0;
  g_autofree gpointer *names = g_hash_table_get_keys_as_array (memory->files, &n);
  guint64 rest = 0;
  guint shown = 0;

  g_qsort_with_data (names, (gint) n, sizeof *names, compare_files, memory->files);
  for (guint i = 0; i < n; i++)
    {
      const guint64 resident = *(const guint64 *) g_hash_table_lookup (memory->files, names[i]);
      g_autofree char *what = g_strconcat ("of it pages of ", names[i], NULL);

      if (shown++ < FILES_SHOWN)
        bench_report_row (what, (double) resident / 1024, "MiB", BENCH_NO_BUDGET);
      else
        rest += resident;
    }
  bench_report_row ("of it pages of other files", (double) rest / 1024, "MiB", BENCH_NO_BUDGET);
}

static void
report_memory (Bench *bench, const char *state)
{
  Memory memory;

  g_usleep (SETTLE_MS * 1000);
  bench_report_title ("Agent, idle, %u passkeys, %s", PASSKEYS, state);
  if (!read_memory (bench, &memory))
    {
      bench_report_note ("Not measured: only root may read the memory of the agent.");
      return;
    }
  bench_report_row ("private dirty", (double) memory.private_dirty / 1024, "MiB", 4);
  bench_report_row ("resident", (double) memory.resident / 1024, "MiB", 12);
  report_files (&memory);
  g_hash_table_unref (memory.files);
}

static GVariant *
call (const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  GVariant *result;

  g_assert_no_error (error);
  result = g_dbus_connection_call_sync (bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH,
                                        AGENT_INTERFACE, method, parameters, NULL,
                                        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  return result;
}

static void
bench_starts (Bench *bench, const char *agent, const char *prompter)
{
  g_autoptr (BenchSamples) samples = bench_samples_new ();
  double whole;

  for (int i = 0; i < STARTS; i++)
    {
      bench_samples_add (samples, start_agent (bench, agent, prompter));
      stop_agent (bench);
    }
  whole = bench_samples_percentile (samples, 50) / 1000;
  bench_report_title ("Start of the agent until a client can connect: p50 of %d", STARTS);
  bench_report_row ("whole", whole, "ms", BENCH_NO_BUDGET);
  bench_report_row ("opening the TPM and finding the root key alone",
                    (double) bench->tpm_time / 1e6, "ms", BENCH_NO_BUDGET);
  bench_report_row ("TPM time apart", whole - (double) bench->tpm_time / 1e6, "ms", 50);
}

int
main (int argc, char **argv)
{
  Bench bench = { 0 };

  g_assert_cmpint (argc, ==, 3);
  bench.swtpm = mortise_swtpm_new ();
  bench.folder = scratch_folder_new ();
  bench.socket = g_build_filename (bench.folder, "socket", NULL);
  bench.script = prompter_script_new (bench.folder);
  prompter_script_default (bench.script, "approve pin=1234");
  g_setenv ("MORTISE_TEST_PROMPTER_DIR", bench.script->directory, TRUE);
  fill (&bench);
  time_tpm (&bench);

  bench.bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bench.bus);
  bench_starts (&bench, argv[1], argv[2]);

  start_agent (&bench, argv[1], argv[2]);
  report_memory (&bench, "locked since start");
  g_variant_unref (call ("Unlock", NULL));
  report_memory (&bench, "unlocked");
  stop_agent (&bench);

  g_test_dbus_stop (bench.bus);
  g_object_unref (bench.bus);
  prompter_script_free (bench.script);
  mortise_swtpm_free (bench.swtpm);
  g_free (bench.socket);
  scratch_folder_remove (bench.folder);
  return 0;
}
