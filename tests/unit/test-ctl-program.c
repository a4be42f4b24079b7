/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mortisectl as terminals and scripts have it: what it prints, and what it ends with. */
#include "config.h"

#include <json-glib/json-glib.h>

#include "app/ctl/ctl-commands.h"
#include "tests/support/mock-agent.h"
#include "tests/support/wait-for.h"

#define NOW 1778760000

typedef struct
{
  GDBusConnection *bus;
  MortiseMockAgent *agent;
  /* of the last run */
  char *out;
  char *err;
  int status;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  f->agent = mortise_mock_agent_new (f->bus);
  mortise_mock_agent_own_name (f->agent, FALSE);
  g_dbus_connection_flush_sync (f->bus, NULL, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  mortise_mock_agent_free (f->agent);
  g_clear_object (&f->bus);
  g_free (f->out);
  g_free (f->err);
}

/* --- Running it --------------------------------------------------------------------------------
 */

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, &f->out, &f->err, &error);
  g_assert_no_error (error);
}

/* @line: the command line, words as a shell splits them */
static int
run (Fixture *f, const char *line)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *command = g_strconcat (g_getenv ("MORTISE_TEST_CTL"), " ", line, NULL);
  g_auto (GStrv) argv = NULL;

  g_clear_pointer (&f->out, g_free);
  g_clear_pointer (&f->err, g_free);
  g_assert_true (g_shell_parse_argv (command, NULL, &argv, &error));
  launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  g_subprocess_launcher_setenv (launcher, "TZ", "UTC", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (process, NULL, NULL, ended_cb, f);
  WAIT_FOR (f->out != NULL);
  g_assert_true (g_subprocess_get_if_exited (process));
  f->status = g_subprocess_get_exit_status (process);
  return f->status;
}

static void
run_well (Fixture *f, const char *line)
{
  run (f, line);
  g_assert_cmpstr (f->err, ==, "");
  g_assert_cmpint (f->status, ==, MORTISE_CTL_EXIT_OK);
}

/* (transfer full): what was printed, which has to be JSON */
static JsonNode *
parse (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (f->out, &error);

  g_assert_no_error (error);
  g_assert_nonnull (node);
  return node;
}

static void
assert_calls (Fixture *f, const char *expected)
{
  g_autofree char *calls = mortise_mock_agent_take_calls (f->agent);

  g_assert_cmpstr (calls, ==, expected);
}

/* Where @text is in what was printed; it has to be there. */
static const char *
find (Fixture *f, const char *text)
{
  const char *found = strstr (f->out, text);

  if (found == NULL)
    g_error ("“%s” is not in:\n%s", text, f->out);
  return found;
}

static void
assert_safe (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c != '\0'; c += g_utf8_skip[(guchar) *c])
    {
      gunichar character = g_utf8_get_char (c);

      if (character == '\n')
        continue;
      g_assert_cmpint (g_unichar_type (character), !=, G_UNICODE_CONTROL);
      /* Embeddings and overrides; the isolates are ours. */
      g_assert_false (character >= 0x202A && character <= 0x202E);
    }
}

/* --- What it ends with -------------------------------------------------------------------------
 */

static void
assert_error (Fixture *f, const char *line, MortiseCtlExit status, const char *name)
{
  g_autofree char *json_line = g_strconcat ("--json ", line, NULL);
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;

  g_assert_cmpint (run (f, line), ==, (int) status);
  g_assert_cmpstr (f->out, ==, "");
  g_assert_true (g_str_has_prefix (f->err, "mortisectl: "));
  g_assert_cmpint (run (f, json_line), ==, (int) status);
  node = parse (f);
  object = json_object_get_object_member (json_node_get_object (node), "error");
  g_assert_cmpstr (json_object_get_string_member (object, "name"), ==, name);
  g_assert_cmpstr (json_object_get_string_member (object, "message"), !=, "");
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  mortise_mock_agent_add_samples (f->agent, NOW);
  assert_error (f, "show 999", MORTISE_CTL_EXIT_NOT_FOUND, "NotFound");
  assert_error (f, "audit 1 999", MORTISE_CTL_EXIT_NOT_FOUND, "NotFound");
  assert_error (f, "show x", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_error (f, "show -- -1", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_error (f, "delete 1 2x", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_error (f, "show", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_error (f, "frobnicate", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_error (f, "--bus-name=x status", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_error (f, "status --no-such-option", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_calls (f, "");

  mortise_mock_agent_set_answer (f->agent, "Denied", "You said no.");
  assert_error (f, "delete 1", MORTISE_CTL_EXIT_DENIED, "Denied");
  assert_error (f, "rename --account 1 mallory", MORTISE_CTL_EXIT_DENIED, "Denied");
  mortise_mock_agent_set_answer (f->agent, "TpmGone", "The TPM is gone.");
  assert_error (f, "unlock", MORTISE_CTL_EXIT_FAILED, "TpmGone");
  mortise_mock_agent_set_state (f->agent, "locked");
  assert_error (f, "list", MORTISE_CTL_EXIT_LOCKED, "VaultLocked");
  mortise_mock_agent_release_name (f->agent);
  assert_error (f, "status", MORTISE_CTL_EXIT_NO_AGENT, "NoAgent");
}

/* An error may name what a client called itself: no escape sequence of it reaches the terminal. */
static void
test_hostile_error (Fixture *f, gconstpointer data)
{
  mortise_mock_agent_set_answer (f->agent, "Denied", "x\x1b[2Jy\xe2\x80\xaez\xc2\x9b");
  g_assert_cmpint (run (f, "unlock"), ==, MORTISE_CTL_EXIT_DENIED);
  g_assert_cmpstr (f->err, ==, "mortisectl: x\xef\xbf\xbd[2Jy\xef\xbf\xbdz\xef\xbf\xbd\n");
}

static void
test_doctor (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;
  guint n_lines = 0;

  run_well (f, "doctor");
  find (f, "[ok] TPM: Works (IFX SLB9672).");
  mortise_mock_agent_set_healthy (f->agent, FALSE);
  g_assert_cmpint (run (f, "doctor"), ==, MORTISE_CTL_EXIT_UNHEALTHY);
  find (f, "[ERROR] Virtual security key: You may not open “/dev/uhid”");
  find (f, "    → Let Mortise set up this computer, once");
  for (const char *at = f->out; at != NULL; at = strstr (at + 1, "\n["))
    n_lines++;
  g_assert_cmpuint (n_lines, >, 2);
  g_assert_cmpint (run (f, "doctor --json"), ==, MORTISE_CTL_EXIT_UNHEALTHY);
  node = parse (f);
  g_assert_cmpuint (json_array_get_length (json_node_get_array (node)), ==, n_lines);
}

/* --- What it changes ---------------------------------------------------------------------------
 */

static void
test_changes (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;
  JsonArray *ids;

  mortise_mock_agent_add_samples (f->agent, NOW);
  run_well (f, "rename 1 'my label'");
  assert_calls (f, "EditPasskey (1, {'label': <'my label'>})\n");
  run_well (f, "rename --account 1 alice2");
  assert_calls (f, "EditPasskey (1, {'user-name': <'alice2'>})\n");
  run_well (f, "rename --display-name 1 ''");
  assert_calls (f, "EditPasskey (1, {'user-display-name': <''>})\n");
  run_well (f, "nickname 1 'on the list'");
  assert_calls (f, "EditPasskey (1, {'nickname': <'on the list'>})\n");
  run_well (f, "note 1 'the spare one is in the safe'");
  assert_calls (f, "EditPasskey (1, {'note': <'the spare one is in the safe'>})\n");
  run_well (f, "block-export 2");
  assert_calls (f, "EditPasskey (2, {'export-blocked': <true>})\n");
  run_well (f, "allow-export 2");
  assert_calls (f, "EditPasskey (2, {'export-blocked': <false>})\n");
  run_well (f, "restore 11");
  assert_calls (f, "RestorePasskeys ([11],)\n");
  run_well (f, "purge 12");
  assert_calls (f, "PurgePasskeys ([12],)\n");
  run_well (f, "lock");
  assert_calls (f, "Lock ()\n");
  run_well (f, "unlock");
  assert_calls (f, "Unlock ()\n");
  g_assert_cmpstr (f->out, ==, "");

  run_well (f, "--json delete 2 3");
  assert_calls (f, "DeletePasskeys ([2, 3],)\n");
  node = parse (f);
  object = json_node_get_object (node);
  g_assert_true (json_object_get_boolean_member (object, "done"));
  ids = json_object_get_array_member (object, "ids");
  g_assert_cmpuint (json_array_get_length (ids), ==, 2);
  g_assert_cmpint (json_array_get_int_element (ids, 1), ==, 3);
}

/* Every secret is typed into the prompt: none of this takes one. */
static void
test_vault (Fixture *f, gconstpointer data)
{
  const struct
  {
    const char *line;
    const char *call;
  } commands[] = {
    { "change-pin", "ChangePin ()\n" },
    { "reset-pin", "ResetPin ()\n" },
    { "recovery-code", "CreateRecoveryCode ()\n" },
    { "keyslot login off", "SetKeyslot ('login', false)\n" },
    { "keyslot login on", "SetKeyslot ('login', true)\n" },
    { "keyslot recovery off", "SetKeyslot ('recovery', false)\n" },
    { "keyslot recovery on", "CreateRecoveryCode ()\n" },
    { "set idle-lock 60", "SetSetting ('idle-lock', <uint32 60>)\n" },
    { "set always-uv on", "SetSetting ('always-uv', <true>)\n" },
    { "retry", "Retry ()\n" },
    { "replug", "Replug ()\n" },
    { "destroy-vault", "Reset ()\n" },
    { "create-vault", "CreateVault ()\n" },
  };
  g_autoptr (JsonNode) node = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      run_well (f, commands[i].line);
      g_assert_cmpstr (f->out, ==, "");
      assert_calls (f, commands[i].call);
    }
  run_well (f, "--json change-pin");
  node = parse (f);
  g_assert_true (json_object_get_boolean_member (json_node_get_object (node), "done"));
  assert_calls (f, commands[0].call);
  assert_error (f, "change-pin 123456", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_error (f, "reset-pin 123456", MORTISE_CTL_EXIT_USAGE, "InvalidArgument");
  assert_calls (f, "");
  mortise_mock_agent_set_answer (f->agent, "Denied", "You said no.");
  assert_error (f, "recovery-code", MORTISE_CTL_EXIT_DENIED, "Denied");
  mortise_mock_agent_set_answer (f->agent, "NotFound", "There is no code.");
  assert_error (f, "reset-pin", MORTISE_CTL_EXIT_NOT_FOUND, "NotFound");
}

static void
test_vault_usage (Fixture *f, gconstpointer data)
{
  const char *const wrong[] = { "keyslot login",       "keyslot login maybe",
                                "set idle-lock -- -1", "set idle-lock 4294967296",
                                "set always-uv yes",   "set no-such-thing on" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_cmpint (run (f, wrong[i]), ==, MORTISE_CTL_EXIT_USAGE);
  assert_calls (f, "");
}

static void
test_keyslots (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;
  JsonArray *slots;

  mortise_mock_agent_set_recovery_code (f->agent, FALSE);
  run_well (f, "keyslots");
  find (f, "pin       PIN            everything     on     2023-11-14 22:13  2024-09-09 22:13\n");
  find (f, "recovery  Recovery code  everything     off    never             never\n");
  find (f, "login     Login keyring  the list only  on     2023-11-14 22:13");
  run_well (f, "status");
  find (f, "Recovery code:       none; “mortisectl recovery-code” makes one\n");
  run_well (f, "keyslots --json");
  node = parse (f);
  slots = json_object_get_array_member (json_node_get_object (node), "keyslots");
  g_assert_cmpuint (json_array_get_length (slots), ==, 3);
  g_assert_false (
      json_object_get_boolean_member (json_array_get_object_element (slots, 1), "exists"));
}

static void
test_settings (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;

  run_well (f, "settings");
  /* By name, whatever order the agent has them in. */
  g_assert_true (find (f, "always-uv") < find (f, "builtin-uv"));
  g_assert_true (find (f, "builtin-uv") < find (f, "idle-lock:"));
  find (
      f,
      "idle-lock:           300 (seconds without use after which the vault locks; 0 for never)\n");
  run_well (f, "settings --json");
  node = parse (f);
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (node), "idle-lock"), ==, 300);
}

static void
test_history (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;
  JsonArray *changes;

  mortise_mock_agent_add_samples (f->agent, NOW);
  run_well (f, "history 1");
  g_assert_cmpstr (f->out, ==, "Nothing was changed since it was registered.\n");
  mortise_mock_agent_set_history (
      f->agent, 1,
      g_variant_new_parsed (
          "[{'time': <int64 1778760000>, 'author': <'site'>, 'what': "
          "<'user-name'>, 'from': <'a\x1b[2J'>, 'to': <'b\u202e'>}, {'time': <int64 "
          "1778760060>, 'author': <'person'>, 'what': <'export-blocked'>, 'from': "
          "<''>, 'to': <'1'>}]"));
  run_well (f, "history 1");
  assert_safe (f->out);
  find (f, "2026-05-14 12:00  the site  Account");
  find (f, "2026-05-14 12:01  you       Export blocked  off");
  run_well (f, "history 1 --json");
  assert_safe (f->out);
  node = parse (f);
  changes = json_object_get_array_member (json_node_get_object (node), "changes");
  g_assert_cmpuint (json_array_get_length (changes), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (changes, 0), "to"),
                   ==, "b\xe2\x80\xae");
  assert_error (f, "history 999", MORTISE_CTL_EXIT_NOT_FOUND, "NotFound");
}

/* --- What it shows -----------------------------------------------------------------------------
 */

static void
test_status_and_lists (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) status = NULL;
  g_autoptr (JsonNode) list = NULL;
  g_autoptr (JsonNode) shown = NULL;
  JsonObject *object;

  mortise_mock_agent_add_samples (f->agent, NOW);
  run_well (f, "status");
  find (f, "Vault:               unlocked\n");
  run_well (f, "status --json");
  status = parse (f);
  object = json_node_get_object (status);
  g_assert_cmpstr (json_object_get_string_member (object, "vault-state"), ==, "unlocked");

  run_well (f, "list");
  g_assert_true (find (f, "bank.example") < find (f, "bücher.example"));
  g_assert_null (strstr (f->out, "old-forum.example"));
  run_well (f, "list --deleted");
  find (f, "old-forum.example");
  run_well (f, "show 2");
  find (f, "Label:               Work account\n");
  find (f, "Kept:                exportable\n");

  mortise_mock_agent_set_damaged (f->agent, 2);
  g_assert_cmpint (run (f, "list --json"), ==, MORTISE_CTL_EXIT_OK);
  g_assert_cmpstr (f->err, ==, "2 records are damaged and left out.\n");
  list = parse (f);
  object = json_node_get_object (list);
  g_assert_cmpint (json_object_get_int_member (object, "damaged"), ==, 2);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "passkeys")), ==,
                    10);
  run_well (f, "show --json 2");
  shown = parse (f);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (shown), "rp-id"), ==,
                   "github.com");
}

/* More than the agent gives at once. */
static void
test_many (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) list = NULL;

  mortise_mock_agent_add_many (f->agent, NOW, 2500);
  run_well (f, "list --json");
  list = parse (f);
  g_assert_cmpuint (json_array_get_length (
                        json_object_get_array_member (json_node_get_object (list), "passkeys")),
                    ==, 2500);
}

static void
test_hostile_names (Fixture *f, gconstpointer data)
{
  const char *const lines[] = { "list", "list --json", "audit", "audit --json" };

  mortise_mock_agent_add_hostile (f->agent, NOW);
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      run_well (f, lines[i]);
      assert_safe (f->out);
      find (f, "hostile.example");
    }
  for (gint64 id = 1; id <= 8; id++)
    {
      g_autofree char *show = g_strdup_printf ("show %d", (int) id);
      g_autofree char *json = g_strconcat (show, " --json", NULL);
      g_autoptr (GVariant) passkey = mortise_mock_agent_get (f->agent, id);
      g_autoptr (JsonNode) node = NULL;
      const char *name = NULL;

      run_well (f, show);
      assert_safe (f->out);
      /* Escaped, not changed: programs get what the site gave. */
      run_well (f, json);
      assert_safe (f->out);
      node = parse (f);
      g_assert_true (g_variant_lookup (passkey, "user-name", "&s", &name));
      g_assert_cmpstr (json_object_get_string_member (json_node_get_object (node), "user-name"), ==,
                       name);
    }
}

/* --- The audit ---------------------------------------------------------------------------------
 */

static void
test_audit (Fixture *f, gconstpointer data)
{
  const char *several;
  g_autoptr (JsonNode) node = NULL;
  JsonArray *passkeys;
  JsonObject *first, *last;

  mortise_mock_agent_add_samples (f->agent, NOW);
  run_well (f, "audit");
  /* Sites with one passkey before github.com, which has two. */
  several = find (f, "Sites with several passkeys here:");
  g_assert_true (find (f, "bank.example") < several);
  g_assert_true (find (f, "github.com") > several);
  find (f, "read from the TPM now");
  find (f, "stays on one device");
  find (f,
        "Made device-only: 6 (proven by the TPM now: 6). Exportable: 3. Sealed: 1. Backed up: 2.");

  /* It does not claim to know of others. */
  find (f, "Passkeys that other programs sync, and those on security keys, are not seen.\n");

  mortise_mock_agent_set_state (f->agent, "listable");
  run_well (f, "audit");
  find (f, "recorded when it was made");
  find (f, "Made device-only: 6 (proven by the TPM now: 0).");
  g_assert_null (strstr (f->out, "read from the TPM now"));
  run_well (f, "audit --json");
  node = parse (f);
  passkeys = json_object_get_array_member (json_node_get_object (node), "passkeys");
  g_assert_cmpuint (json_array_get_length (passkeys), ==, 10);
  first = json_array_get_object_element (passkeys, 0);
  last = json_array_get_object_element (passkeys, 9);
  g_assert_true (json_object_get_boolean_member (first, "only-passkey-of-site"));
  g_assert_false (json_object_get_boolean_member (last, "only-passkey-of-site"));
  g_assert_cmpstr (json_object_get_string_member (last, "rp-id"), ==, "github.com");
  g_assert_cmpstr (json_object_get_string_member (last, "proof"), ==, "record");

  /* One of them: still judged among all. */
  run_well (f, "audit 2");
  find (f, "Sites with several passkeys here:");
  g_assert_null (strstr (f->out, "bank.example"));
}

/* Names are compared with all others, also when one passkey is asked about. */
static void
test_audit_names (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;
  JsonArray *naming;

  for (int i = 0; i < 2; i++)
    {
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "rp-id", "s", "twins.example");
      g_variant_dict_insert (&dict, "user-name", "s", "alice");
      g_variant_dict_insert_value (&dict, "user-id",
                                   g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, &i, 1, 1));
      mortise_mock_agent_add (f->agent, NOW, g_variant_dict_end (&dict));
    }
  run_well (f, "audit 2");
  find (f, "Doubtful names:");
  run_well (f, "audit 2 --json");
  node = parse (f);
  naming = json_object_get_array_member (
      json_array_get_object_element (
          json_object_get_array_member (json_node_get_object (node), "passkeys"), 0),
      "naming");
  g_assert_cmpuint (json_array_get_length (naming), ==, 1);
  g_assert_cmpstr (
      json_object_get_string_member (json_array_get_object_element (naming, 0), "issue"), ==,
      "twin");
  g_assert_cmpint (
      json_object_get_int_member (json_array_get_object_element (naming, 0), "other-id"), ==, 1);
}

static void
test_audit_contradicted (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *passkey;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "rp-id", "s", "liar.example");
  g_variant_dict_insert (&dict, "mock-refuted", "b", TRUE);
  mortise_mock_agent_add (f->agent, NOW, g_variant_dict_end (&dict));
  g_assert_cmpint (run (f, "audit"), ==, MORTISE_CTL_EXIT_UNHEALTHY);
  find (f, "THE TPM SAYS OTHERWISE");
  g_assert_cmpint (run (f, "audit --json"), ==, MORTISE_CTL_EXIT_UNHEALTHY);
  node = parse (f);
  passkey = json_array_get_object_element (
      json_object_get_array_member (json_node_get_object (node), "passkeys"), 0);
  g_assert_cmpstr (json_object_get_string_member (passkey, "proof"), ==, "contradicted");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)
  ADD ("/ctl-program/errors", test_errors);
  ADD ("/ctl-program/hostile-error", test_hostile_error);
  ADD ("/ctl-program/doctor", test_doctor);
  ADD ("/ctl-program/changes", test_changes);
  ADD ("/ctl-program/vault", test_vault);
  ADD ("/ctl-program/vault-usage", test_vault_usage);
  ADD ("/ctl-program/keyslots", test_keyslots);
  ADD ("/ctl-program/settings", test_settings);
  ADD ("/ctl-program/history", test_history);
  ADD ("/ctl-program/status-and-lists", test_status_and_lists);
  ADD ("/ctl-program/many", test_many);
  ADD ("/ctl-program/hostile-names", test_hostile_names);
  ADD ("/ctl-program/audit", test_audit);
  ADD ("/ctl-program/audit-names", test_audit_names);
  ADD ("/ctl-program/audit-contradicted", test_audit_contradicted);
#undef ADD
  return g_test_run ();
}
