/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small parts of the agent that need neither TPM, vault nor bus. */
#include "config.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "app/agent/agent-options.h"
#include "app/agent/health-lines.h"
#include "app/agent/idle-lock.h"
#include "app/agent/program-paths.h"
#include "app/agent/worker.h"
#include "core/hid/hidraw.h"
#include "core/mortise-error.h"
#include "tests/support/scratch-folder.h"

/* --- Options -----------------------------------------------------------------------------------
 */

static MortiseAgentOptions *
parse (GError **error, const char *first, ...)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  va_list arguments;

  g_strv_builder_add (builder, "mortise-agent");
  va_start (arguments, first);
  for (const char *text = first; text != NULL; text = va_arg (arguments, const char *))
    g_strv_builder_add (builder, text);
  va_end (arguments);
  argv = g_strv_builder_end (builder);
  return mortise_agent_options_parse (argv, error);
}

static void
test_defaults (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseAgentOptions) options = parse (&error, NULL);

  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (options->data_dir, "/mortise"));
  g_assert_null (options->tcti);
  g_assert_cmpstr (options->transport, ==, "uhid");
  g_assert_true (g_str_has_suffix (options->prompter, "/mortise-prompt"));
  g_assert_cmpstr (options->bus_name, ==, MORTISE_AGENT_NAME);
  g_assert_cmpint (options->idle_lock, ==, -1);
  g_assert_false (options->no_builtin_uv);
  g_assert_false (options->demo);
}

static void
test_given (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseAgentOptions) options =
      parse (&error, "--data-dir=relative", "--tcti=swtpm", "--transport=socket:/x",
             "--prompter=/bin/true", "--idle-lock=0", "--no-builtin-uv",
             "--bus-name=org.example.Agent", NULL);

  g_assert_no_error (error);
  g_assert_true (g_path_is_absolute (options->data_dir));
  g_assert_cmpstr (options->tcti, ==, "swtpm");
  g_assert_cmpstr (options->transport, ==, "socket:/x");
  g_assert_cmpstr (options->prompter, ==, "/bin/true");
  g_assert_cmpstr (options->bus_name, ==, "org.example.Agent");
  g_assert_cmpint (options->idle_lock, ==, 0);
  g_assert_true (options->no_builtin_uv);
}

static void
test_demo (void)
{
  g_autoptr (MortiseAgentOptions) options = parse (NULL, "--demo", NULL);

  g_assert_true (options->demo);
  g_assert_null (options->data_dir);
  g_assert_null (options->transport);
  g_assert_cmpstr (options->bus_name, ==, MORTISE_AGENT_NAME ".Demo");
}

static void
assert_refused (const char *first, const char *second)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseAgentOptions) options = parse (&error, first, second, NULL);

  g_assert_null (options);
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
}

static void
test_wrong_options (void)
{
  assert_refused ("--unknown", NULL);
  assert_refused ("stray", NULL);
  assert_refused ("--idle-lock=-2", NULL);
  assert_refused ("--idle-lock=soon", NULL);
  assert_refused ("--bus-name=no name", NULL);
  assert_refused ("--bus-name=:1.5", NULL);
  assert_refused ("--demo", "--tcti=x");
  assert_refused ("--demo", "--data-dir=x");
}

/* --- Who asks ----------------------------------------------------------------------------------
 */

static void
test_describe_process (void)
{
  g_autofree char *own = mortise_describe_process ((guint32) getpid ());
  g_autofree char *none = mortise_describe_process (0);
  g_autofree char *expected =
      g_strdup_printf ("the program “test-agent-parts” (process %d)", getpid ());

  g_assert_cmpstr (own, ==, expected);
  g_assert_cmpstr (none, ==, "an unknown program (process 0)");
}

/* --- hidraw ------------------------------------------------------------------------------------
 */

static void
add_hidraw (const char *root, const char *name, const char *uevent)
{
  g_autofree char *folder = g_build_filename (root, name, "device", NULL);
  g_autofree char *path = g_build_filename (folder, "uevent", NULL);

  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_true (g_file_set_contents (path, uevent, -1, NULL));
}

static void
test_hidraw (void)
{
  char *root = scratch_folder_new ();
  g_autofree char *none = mortise_hidraw_find ("/nonexistent", "/dev");
  g_autofree char *other = NULL;
  g_autofree char *ours = NULL;

  g_assert_null (none);
  add_hidraw (root, "hidraw0", "DRIVER=hid-generic\nHID_NAME=Yubico YubiKey\n");
  other = mortise_hidraw_find (root, "/dev");
  g_assert_null (other);
  add_hidraw (root, "hidraw7", "DRIVER=hid-generic\nHID_NAME=Mortise passkey vault\n");
  ours = mortise_hidraw_find (root, "/dev");
  g_assert_cmpstr (ours, ==, "/dev/hidraw7");
  scratch_folder_remove (root);
}

/* --- Idle lock ---------------------------------------------------------------------------------
 */

static void
quit_cb (gpointer user_data)
{
  g_main_loop_quit (user_data);
}

static gboolean
release_cb (gpointer user_data)
{
  mortise_idle_lock_release (user_data);
  return G_SOURCE_REMOVE;
}

static void
fail_cb (gpointer user_data)
{
  g_assert_not_reached ();
}

static gboolean
quit_source (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_idle_lock (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  MortiseIdleLock *idle = mortise_idle_lock_new (quit_cb, loop);
  gint64 start = g_get_monotonic_time ();

  mortise_idle_lock_set_timeout (idle, 1);
  mortise_idle_lock_start (idle);
  mortise_idle_lock_hold (idle);
  g_timeout_add (1500, release_cb, idle);
  g_main_loop_run (loop);
  /* Not before it was released, although the time was over. */
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 1500 * G_TIME_SPAN_MILLISECOND);
  mortise_idle_lock_free (idle);
}

static void
test_idle_lock_never (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  MortiseIdleLock *never = mortise_idle_lock_new (fail_cb, NULL);
  MortiseIdleLock *stopped = mortise_idle_lock_new (fail_cb, NULL);
  MortiseIdleLock *idle = mortise_idle_lock_new (fail_cb, NULL);

  mortise_idle_lock_set_timeout (never, 0);
  mortise_idle_lock_start (never);
  mortise_idle_lock_set_timeout (stopped, 1);
  mortise_idle_lock_start (stopped);
  mortise_idle_lock_stop (stopped);
  mortise_idle_lock_set_timeout (idle, 1);
  mortise_idle_lock_start (idle);
  mortise_idle_lock_set_timeout (idle, G_MAXUINT);
  g_timeout_add (1200, quit_source, loop);
  g_main_loop_run (loop);
  mortise_idle_lock_free (never);
  mortise_idle_lock_free (stopped);
  mortise_idle_lock_free (idle);
}

/* --- Worker ------------------------------------------------------------------------------------
 */

static void
append (gpointer data)
{
  GString *text = data;

  g_string_append_c (text, (char) ('a' + text->len));
}

static void
test_worker (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  MortiseWorker *worker = mortise_worker_new ();

  for (guint i = 0; i < 5; i++)
    mortise_worker_push (worker, append, text, NULL);
  /* All that was pushed is done. */
  mortise_worker_free (worker);
  g_assert_cmpstr (text->str, ==, "abcde");
}

/* --- Health lines ------------------------------------------------------------------------------
 */

static void
put (const char *base, const char *path, const char *content)
{
  g_autofree char *full = g_build_filename (base, path, NULL);
  g_autofree char *folder = g_path_get_dirname (full);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (full, content, -1, NULL));
  g_assert_cmpint (g_chmod (full, 0755), ==, 0);
}

/* "id state action" of every line. */
static char *
describe_lines (GVariantBuilder *builder)
{
  g_autoptr (GVariant) lines = g_variant_ref_sink (g_variant_builder_end (builder));
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (lines); i++)
    {
      g_autoptr (GVariant) line = g_variant_get_child_value (lines, i);
      const char *id = NULL;
      const char *state = NULL;
      const char *action = NULL;
      const char *step = NULL;
      const char *command = NULL;

      g_assert_true (g_variant_lookup (line, "command", "&s", &command));
      g_assert_true (g_variant_lookup (line, "id", "&s", &id));
      g_assert_true (g_variant_lookup (line, "state", "&s", &state));
      g_assert_true (g_variant_lookup (line, "action", "&s", &action));
      g_assert_true (g_variant_lookup (line, "step", "&s", &step));
      /* What is wrong comes with the one step that mends it. */
      g_assert_true (g_str_equal (state, "ok") || g_str_equal (state, "note") || *step != '\0');
      /* What a button does is not told as a command to type as well, but to who has no button. */
      g_assert_cmpint (g_str_equal (action, "set-up"), ==,
                       g_str_has_prefix (command, "sudo ") &&
                           g_str_has_suffix (command, " install"));
      g_assert_true (*command == '\0' || strstr (step, "sudo") == NULL);
      g_string_append_printf (text, "%s %s %s\n", id, state, action);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_surroundings (const char *root, const char *home, const char *expected)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *text = NULL;

  mortise_health_add_browsers (&builder, root, home);
  mortise_health_add_autostart (&builder, root, home);
  text = describe_lines (&builder);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_set_up (const char *root, const char *expected)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *text = NULL;

  mortise_health_add_set_up (&builder, root, "uhid", "error", "Title", "Text");
  text = describe_lines (&builder);
  g_assert_cmpstr (text, ==, expected);
}

/* Inside a Flatpak nothing is said of what cannot be seen, and no set-up is offered that cannot
 * work. */
static void
test_health_in_flatpak (void)
{
  char *root = scratch_folder_new ();
  char *home = scratch_folder_new ();

  put (root, "usr/bin/firefox",
       "\x7f"
       "ELF");
  assert_surroundings (root, home,
                       "browser-system-firefox ok \nautostart warning start-at-login\n");
  assert_set_up (root, "uhid error set-up\n");

  put (root, ".flatpak-info", "[Application]\n");
  assert_surroundings (root, home, "browsers note \nautostart warning start-at-login\n");
  assert_set_up (root, "uhid error \n");
  put (home, "mortise/starts-at-login", "");
  assert_surroundings (root, home, "browsers note \nautostart ok \n");
  scratch_folder_remove (root);
  scratch_folder_remove (home);
}

static void
test_health_tpm (void)
{
  static const struct
  {
    MortiseTpmInfo info;
    MortiseTpmLockout lockout;
    const char *state;
    const char *text;
    const char *step;
  } cases[] = {
    { { .manufacturer = "IFX" }, { FALSE, 3, 32, 7200 }, "ok", "Works (IFX).", "" },
    { { .manufacturer = "IFX", .vendor = "SLB" },
      { FALSE, 16, 32, 90 },
      "warning",
      "Works (IFX SLB), but saw 16 of the 32 wrong tries",
      "every 2 minutes." },
    { { .manufacturer = "MSFT", .hypervisor_hint = TRUE },
      { FALSE, 0, 32, 600 },
      "note",
      "A virtual machine’s TPM (MSFT)",
      "" },
    { { .manufacturer = "IBM", .software = TRUE },
      { FALSE, 0, 3, 1000 },
      "warning",
      "A TPM in software (IBM)",
      "a TPM of its own." },
    /* What keeps it from working comes before what it is. */
    { { .manufacturer = "IBM", .software = TRUE },
      { TRUE, 3, 3, 60 },
      "error",
      "refuses to open anything for a while. No passkey is lost.",
      "every 1 minute." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
      g_autoptr (GVariant) lines = NULL;
      g_autoptr (GVariant) line = NULL;
      const char *state = NULL;
      const char *text = NULL;
      const char *step = NULL;

      mortise_health_add_tpm (&builder, &cases[i].info, &cases[i].lockout);
      lines = g_variant_ref_sink (g_variant_builder_end (&builder));
      line = g_variant_get_child_value (lines, 0);
      g_assert_true (g_variant_lookup (line, "state", "&s", &state));
      g_assert_true (g_variant_lookup (line, "text", "&s", &text));
      g_assert_true (g_variant_lookup (line, "step", "&s", &step));
      g_assert_cmpstr (state, ==, cases[i].state);
      g_assert_nonnull (strstr (text, cases[i].text));
      g_assert_true (g_str_has_suffix (step, cases[i].step));
      g_assert_cmpint (*step == '\0', ==, *cases[i].step == '\0');
    }
}

static void
assert_hidraw (const char *class_dir, const char *dev_dir, const char *expected)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *text = NULL;

  mortise_health_add_hidraw (&builder, class_dir, dev_dir);
  text = describe_lines (&builder);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_health_hidraw (void)
{
  char *root = scratch_folder_new ();

  assert_hidraw (root, root, "hidraw error replug\n");
  add_hidraw (root, "hidraw7", "DRIVER=hid-generic\nHID_NAME=Mortise passkey vault\n");
  assert_hidraw (root, root, "hidraw ok \n");
  /* The kernel has it, but there is no node that may be opened. */
  assert_hidraw (root, "/nonexistent", "hidraw error replug\n");
  scratch_folder_remove (root);
}

int
main (int argc, char **argv)
{
  g_setenv ("LANGUAGE", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/agent-options/defaults", test_defaults);
  g_test_add_func ("/agent-options/given", test_given);
  g_test_add_func ("/agent-options/demo", test_demo);
  g_test_add_func ("/agent-options/wrong", test_wrong_options);
  g_test_add_func ("/program-paths/describe-process", test_describe_process);
  g_test_add_func ("/hidraw/find", test_hidraw);
  g_test_add_func ("/idle-lock/hold", test_idle_lock);
  g_test_add_func ("/idle-lock/never", test_idle_lock_never);
  g_test_add_func ("/worker/order", test_worker);
  g_test_add_func ("/health-lines/tpm", test_health_tpm);
  g_test_add_func ("/health-lines/hidraw", test_health_hidraw);
  g_test_add_func ("/health-lines/in-flatpak", test_health_in_flatpak);
  return g_test_run ();
}
