/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent on the session bus: what it refuses, what it asks, what it does then. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "core/vault/vault.h"
#include "tests/support/agent-fixture.h"
#include "tests/support/test-bus.h"
#include "tests/support/wait-for.h"

#define RP_ID "bus.example"

static void
assert_call_fails (AgentFixture *f, const char *method, GVariant *arguments, MortiseError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = agent_fixture_call (f, method, arguments, &error);

  g_assert_null (reply);
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

static void
call (AgentFixture *f, const char *method, GVariant *arguments)
{
  g_variant_unref (agent_fixture_call (f, method, arguments, NULL));
}

/* (transfer full): the passkey's id */
static gint64
make_passkey (AgentFixture *f, const char *user_name)
{
  g_autoptr (MortiseRegistration) registration = NULL;

  agent_fixture_answer_register (f, "approve expect=register");
  registration = agent_fixture_register (f, RP_ID, user_name, NULL);
  return agent_fixture_find_passkey (f, FALSE, registration->credential_id);
}

static GVariant *
ids (gint64 first, gint64 second)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("(ax)"));
  g_variant_builder_open (&builder, G_VARIANT_TYPE ("ax"));
  g_variant_builder_add (&builder, "x", first);
  if (second != 0)
    g_variant_builder_add (&builder, "x", second);
  g_variant_builder_close (&builder);
  return g_variant_builder_end (&builder);
}

/* From 0, which is no passkey's. */
static GVariant *
many_ids (guint count)
{
  g_autofree gint64 *numbers = g_new (gint64, count);

  for (guint i = 0; i < count; i++)
    numbers[i] = i;
  return g_variant_new (
      "(@ax)", g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, numbers, count, sizeof (gint64)));
}

static GVariant *
edit (gint64 id, const char *name, GVariant *value)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (name != NULL)
    g_variant_dict_insert_value (&dict, name, value);
  return g_variant_new ("(x@a{sv})", id, g_variant_dict_end (&dict));
}

static void
assert_question (AgentFixture *f, const char *kind, gboolean needs_pin)
{
  g_autoptr (GVariant) question = agent_fixture_last_question (f);
  g_autofree char *process = g_strdup_printf ("(process %d)", getpid ());
  const char *asked, *requester;
  gboolean pin;

  g_assert_true (g_variant_lookup (question, "kind", "&s", &asked));
  g_assert_cmpstr (asked, ==, kind);
  g_assert_true (g_variant_lookup (question, "needs-pin", "b", &pin));
  g_assert_cmpint (pin, ==, needs_pin);
  /* Who asks is what the bus and the kernel say, not what the caller says. */
  g_assert_true (g_variant_lookup (question, "requester", "&s", &requester));
  g_assert_nonnull (strstr (requester, "test-agent-bus"));
  g_assert_nonnull (strstr (requester, process));
}

/* --- Arguments ---------------------------------------------------------------------------------
 */

static void
test_bad_arguments (AgentFixture *f, gconstpointer data)
{
  g_autofree char *long_name = g_strnfill (1025, 'x');
  g_autoptr (GVariant) before = NULL;
  g_autoptr (GVariant) after = NULL;
  gint64 id = make_passkey (f, "alice");
  guint questions = agent_fixture_count_questions (f);

  before = agent_fixture_get_passkey (f, id);
  assert_call_fails (f, "ListPasskeys", g_variant_new ("(bxu)", FALSE, (gint64) -1, 0),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "ListPasskeys", g_variant_new ("(bxu)", FALSE, (gint64) 0, 10001),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "GetPasskey", g_variant_new ("(x)", (gint64) -5), MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "GetPasskey", g_variant_new ("(x)", G_MAXINT64), MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "ReadProtection", g_variant_new ("(x)", (gint64) 0),
                     MORTISE_ERROR_NOT_FOUND);

  assert_call_fails (f, "EditPasskey", edit (id, NULL, NULL), MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "EditPasskey", edit (id, "rp-id", g_variant_new_string ("evil")),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "EditPasskey", edit (id, "label", g_variant_new_int32 (1)),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "EditPasskey", edit (id, "label", g_variant_new_string (long_name)),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "EditPasskey", edit (id, "export-blocked", g_variant_new_string ("no")),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  /* Device-only is not a switch. */
  assert_call_fails (f, "EditPasskey", edit (id, "export-blocked", g_variant_new_boolean (FALSE)),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "EditPasskey", edit (999, "label", g_variant_new_string ("x")),
                     MORTISE_ERROR_NOT_FOUND);

  assert_call_fails (f, "DeletePasskeys", g_variant_new ("(ax)", NULL),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  /* As many as a vault can hold are looked for; more are none of ours. */
  assert_call_fails (f, "DeletePasskeys", many_ids (MORTISE_VAULT_MAX_CREDENTIALS),
                     MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "DeletePasskeys", many_ids (MORTISE_VAULT_MAX_CREDENTIALS + 1),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  /* One that is not there: nothing happens to the one that is. */
  assert_call_fails (f, "DeletePasskeys", ids (id, 999), MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "RestorePasskeys", ids (id, 0), MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "PurgePasskeys", ids (id, 0), MORTISE_ERROR_NOT_FOUND);

  assert_call_fails (f, "SetSetting", g_variant_new ("(sv)", "colour", g_variant_new_uint32 (1)),
                     MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "SetSetting",
                     g_variant_new ("(sv)", "idle-lock", g_variant_new_string ("never")),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  assert_call_fails (f, "SetSetting",
                     g_variant_new ("(sv)", "idle-lock", g_variant_new_uint32 (G_MAXUINT32)),
                     MORTISE_ERROR_INVALID_ARGUMENT);
  /* What is kept in the settings but is not the person's to set over the bus. */
  assert_call_fails (f, "SetSetting",
                     g_variant_new ("(sv)", "min-pin-length", g_variant_new_uint32 (4)),
                     MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "CreateVault", NULL, MORTISE_ERROR_VAULT_EXISTS);

  /* Nobody was asked about any of it, and nothing changed. */
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions);
  after = agent_fixture_get_passkey (f, id);
  g_assert_cmpvariant (before, after);
}

/* A wrong signature is the bus library's to refuse; the agent lives on. */
static void
test_wrong_signature (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      agent_fixture_call (f, "GetPasskey", g_variant_new ("(s)", "1"), &error);

  g_assert_null (reply);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  call (f, "GetHealth", NULL);
}

/* --- What a no changes: nothing ----------------------------------------------------------------
 */

static void
test_denied (AgentFixture *f, gconstpointer data)
{
  gint64 id = make_passkey (f, "alice");
  gint64 gone = make_passkey (f, "bob");
  g_autoptr (GVariant) before = NULL;
  g_autoptr (GVariant) after = NULL;
  g_autoptr (GVariant) settings_before = NULL;
  g_autoptr (GVariant) settings_after = NULL;

  call (f, "DeletePasskeys", ids (gone, 0));
  before = agent_fixture_get_passkey (f, id);
  settings_before = agent_fixture_call (f, "GetSettings", NULL, NULL);

  agent_fixture_answer_always (f, "deny");
  assert_call_fails (f, "DeletePasskeys", ids (id, 0), MORTISE_ERROR_DENIED);
  assert_question (f, "delete", FALSE);
  assert_call_fails (f, "PurgePasskeys", ids (gone, 0), MORTISE_ERROR_DENIED);
  assert_question (f, "purge", FALSE);
  assert_call_fails (f, "EditPasskey", edit (id, "user-name", g_variant_new_string ("mallory")),
                     MORTISE_ERROR_DENIED);
  assert_question (f, "edit", FALSE);
  assert_call_fails (f, "SetSetting", g_variant_new ("(sv)", "idle-lock", g_variant_new_uint32 (0)),
                     MORTISE_ERROR_DENIED);
  assert_question (f, "edit", TRUE);
  assert_call_fails (f, "SetSetting",
                     g_variant_new ("(sv)", "export-default", g_variant_new_boolean (TRUE)),
                     MORTISE_ERROR_DENIED);
  assert_call_fails (f, "ChangePin", NULL, MORTISE_ERROR_DENIED);
  assert_question (f, "change-pin", TRUE);
  assert_call_fails (f, "Reset", NULL, MORTISE_ERROR_DENIED);
  assert_question (f, "reset", FALSE);
  agent_fixture_lock (f);
  assert_call_fails (f, "Unlock", NULL, MORTISE_ERROR_DENIED);
  assert_question (f, "unlock", TRUE);

  after = agent_fixture_get_passkey (f, id);
  g_assert_cmpvariant (before, after);
  g_variant_unref (agent_fixture_get_passkey (f, gone));
  settings_after = agent_fixture_call (f, "GetSettings", NULL, NULL);
  g_assert_cmpvariant (settings_before, settings_after);
}

/* --- What a yes changes ------------------------------------------------------------------------
 */

static void
assert_changes (AgentFixture *f, const char *expected)
{
  g_autoptr (GVariant) question = agent_fixture_last_question (f);
  g_auto (GStrv) changes = NULL;

  g_assert_true (g_variant_lookup (question, "changes", "^as", &changes));
  g_assert_cmpuint (g_strv_length (changes), ==, 1);
  g_assert_cmpstr (changes[0], ==, expected);
}

static void
test_edit (AgentFixture *f, gconstpointer data)
{
  gint64 id = make_passkey (f, "alice");
  guint questions = agent_fixture_count_questions (f);
  g_autoptr (GVariant) question = NULL;
  g_auto (GStrv) changes = NULL;
  g_auto (GStrv) passkeys = NULL;

  /* The person's own notes are theirs to make without being asked. */
  call (f, "EditPasskey", edit (id, "label", g_variant_new_string ("work")));
  call (f, "EditPasskey", edit (id, "nickname", g_variant_new_string ("blue key")));
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions);
  agent_fixture_assert_text (f, id, "label", "work");
  agent_fixture_assert_text (f, id, "nickname", "blue key");

  call (f, "EditPasskey", edit (id, "user-name", g_variant_new_string ("al\u202eice")));
  agent_fixture_assert_text (f, id, "user-name", "al\u202eice");
  question = agent_fixture_last_question (f);
  g_assert_true (g_variant_lookup (question, "changes", "^as", &changes));
  g_assert_cmpuint (g_strv_length (changes), ==, 1);
  /* What would turn the line round is shown as something that is there. */
  g_assert_nonnull (strstr (changes[0], "“alice” → "));
  g_assert_null (strstr (changes[0], "\u202e"));
  g_assert_true (g_variant_lookup (question, "passkeys", "^as", &passkeys));
  g_assert_cmpstr (passkeys[0], ==, RP_ID " — alice");

  /* What was empty, or gets empty, has no empty quotation marks. */
  call (f, "EditPasskey", edit (id, "user-display-name", g_variant_new_string ("Alice")));
  assert_changes (f, "Display name: “Alice”");
  call (f, "EditPasskey", edit (id, "user-display-name", g_variant_new_string ("")));
  assert_changes (f, "Display name: “Alice” removed");

  /* Empty removes; the same again asks nothing. */
  call (f, "EditPasskey", edit (id, "label", g_variant_new_string ("")));
  agent_fixture_assert_text (f, id, "label", NULL);
  questions = agent_fixture_count_questions (f);
  call (f, "EditPasskey", edit (id, "user-name", g_variant_new_string ("al\u202eice")));
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions);
}

static void
test_delete_and_restore (AgentFixture *f, gconstpointer data)
{
  gint64 first = make_passkey (f, "alice");
  gint64 second = make_passkey (f, "bob");
  guint questions = agent_fixture_count_questions (f);
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GVariant) deleted = NULL;
  g_autoptr (GVariant) restored = NULL;
  g_autoptr (GVariant) left = NULL;

  call (f, "DeletePasskeys", ids (first, second));
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions + 1);
  none = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (none), ==, 0);
  deleted = agent_fixture_list (f, TRUE);
  g_assert_cmpuint (g_variant_n_children (deleted), ==, 2);
  assert_call_fails (f, "DeletePasskeys", ids (first, 0), MORTISE_ERROR_NOT_FOUND);
  assert_call_fails (f, "EditPasskey", edit (first, "label", g_variant_new_string ("x")),
                     MORTISE_ERROR_NOT_FOUND);

  call (f, "RestorePasskeys", ids (first, first));
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions + 1);
  restored = agent_fixture_list (f, FALSE);
  g_assert_cmpuint (g_variant_n_children (restored), ==, 1);

  call (f, "PurgePasskeys", ids (second, 0));
  left = agent_fixture_list (f, TRUE);
  g_assert_cmpuint (g_variant_n_children (left), ==, 0);
  assert_call_fails (f, "GetPasskey", g_variant_new ("(x)", second), MORTISE_ERROR_NOT_FOUND);
}

static void
test_change_pin (AgentFixture *f, gconstpointer data)
{
  agent_fixture_answer (f, "approve expect=change-pin pin=" AGENT_FIXTURE_PIN " new-pin=123");
  assert_call_fails (f, "ChangePin", NULL, MORTISE_ERROR_DENIED);
  agent_fixture_answer (f, "approve expect=change-pin pin=" AGENT_FIXTURE_PIN
                           " new-pin=" AGENT_FIXTURE_NEW_PIN);
  call (f, "ChangePin", NULL);

  agent_fixture_lock (f);
  agent_fixture_answer (f, "approve pin=" AGENT_FIXTURE_PIN);
  assert_call_fails (f, "Unlock", NULL, MORTISE_ERROR_DENIED);
  agent_fixture_answer (f, "approve pin=" AGENT_FIXTURE_NEW_PIN);
  call (f, "Unlock", NULL);
  agent_fixture_wait_state (f, "unlocked");
}

static void
test_reset (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) question = NULL;
  guint32 count = 0;

  make_passkey (f, "alice");
  agent_fixture_answer (f, "approve expect=reset");
  call (f, "Reset", NULL);
  agent_fixture_wait_state (f, "no-vault");
  question = agent_fixture_last_question (f);
  g_assert_true (g_variant_lookup (question, "count", "u", &count));
  g_assert_cmpuint (count, ==, 1);
  assert_call_fails (f, "Reset", NULL, MORTISE_ERROR_NO_VAULT);
  assert_call_fails (f, "Unlock", NULL, MORTISE_ERROR_NO_VAULT);
  assert_call_fails (f, "ListPasskeys", g_variant_new ("(bxu)", FALSE, (gint64) 0, 0),
                     MORTISE_ERROR_NO_VAULT);
}

static void
test_settings (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) settings = NULL;
  guint questions = agent_fixture_count_questions (f);
  guint32 idle_lock = 0;
  gboolean always_uv = FALSE;
  gboolean builtin_uv = TRUE;

  /* What protects more is asked of nobody. */
  call (f, "SetSetting", g_variant_new ("(sv)", "idle-lock", g_variant_new_uint32 (60)));
  call (f, "SetSetting", g_variant_new ("(sv)", "always-uv", g_variant_new_boolean (TRUE)));
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions);
  call (f, "SetSetting", g_variant_new ("(sv)", "idle-lock", g_variant_new_uint32 (61)));
  assert_question (f, "edit", TRUE);
  call (f, "SetSetting", g_variant_new ("(sv)", "always-uv", g_variant_new_boolean (FALSE)));
  assert_question (f, "edit", TRUE);

  call (f, "SetSetting", g_variant_new ("(sv)", "builtin-uv", g_variant_new_boolean (FALSE)));
  assert_question (f, "edit", TRUE);

  reply = agent_fixture_call (f, "GetSettings", NULL, NULL);
  settings = g_variant_get_child_value (reply, 0);
  g_assert_true (g_variant_lookup (settings, "idle-lock", "u", &idle_lock));
  g_assert_cmpuint (idle_lock, ==, 61);
  g_assert_true (g_variant_lookup (settings, "always-uv", "b", &always_uv));
  g_assert_false (always_uv);
  g_assert_true (g_variant_lookup (settings, "builtin-uv", "b", &builtin_uv));
  g_assert_false (builtin_uv);
}

/* nameAlg and a SHA-256 digest */
static void
assert_name (GVariant *protection, const char *member)
{
  g_autoptr (GVariant) name =
      g_variant_lookup_value (protection, member, G_VARIANT_TYPE_BYTESTRING);

  g_assert_nonnull (name);
  g_assert_cmpuint (g_variant_get_size (name), ==, 34);
}

static void
test_protection (AgentFixture *f, gconstpointer data)
{
  gint64 id = make_passkey (f, "alice");
  g_autoptr (GVariant) reply =
      agent_fixture_call (f, "ReadProtection", g_variant_new ("(x)", id), NULL);
  g_autoptr (GVariant) protection = g_variant_get_child_value (reply, 0);
  gboolean device_only = FALSE;
  guint32 attributes = 0;

  g_assert_true (g_variant_lookup (protection, "device-only", "b", &device_only));
  g_assert_true (device_only);
  g_assert_true (g_variant_lookup (protection, "attributes", "u", &attributes));
  /* fixedTPM, fixedParent, sensitiveDataOrigin (TPM 2.0 Library, Part 2, TPMA_OBJECT) */
  g_assert_cmphex (attributes & 0x32, ==, 0x32);
  assert_name (protection, "name");
  assert_name (protection, "parent-name");
  assert_name (protection, "storage-root-name");

  agent_fixture_lock (f);
  assert_call_fails (f, "ReadProtection", g_variant_new ("(x)", id), MORTISE_ERROR_VAULT_LOCKED);
}

/* --- Several at once ---------------------------------------------------------------------------
 */

static void
finish_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
start_call (GDBusConnection *bus, const char *method, GAsyncResult **ret_result)
{
  g_dbus_connection_call (bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH, MORTISE_APP_ID ".Agent1",
                          method, NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL,
                          finish_cb, ret_result);
}

static GVariant *
wait_for_result (GDBusConnection *bus, GAsyncResult **result, GError **error)
{
  WAIT_FOR (*result != NULL);
  return g_dbus_connection_call_finish (bus, *result, error);
}

static void
test_busy (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint number = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "hang");
  start_call (f->bus, "ChangePin", &result);
  g_free (agent_fixture_wait_event (f, number, "shown"));
  assert_call_fails (f, "Reset", NULL, MORTISE_ERROR_BUSY);

  /* What needs no question goes on meanwhile. */
  call (f, "GetHealth", NULL);

  /* Lock takes the question away. */
  agent_fixture_lock (f);
  g_assert_null (wait_for_result (f->bus, &result, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  g_free (agent_fixture_wait_event (f, number, "closed-by-agent"));
}

/* Who asked is gone: nobody shall answer any more. */
static void
test_caller_vanishes (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GDBusConnection) other = test_bus_connect (g_test_dbus_get_bus_address (f->test_bus));
  guint number = agent_fixture_count_questions (f) + 1;

  agent_fixture_answer (f, "hang");
  start_call (other, "ChangePin", &result);
  g_free (agent_fixture_wait_event (f, number, "shown"));
  g_assert_true (g_dbus_connection_close_sync (other, NULL, NULL));
  g_free (agent_fixture_wait_event (f, number, "closed-by-agent"));
  WAIT_FOR (result != NULL);
  agent_fixture_assert_works (f);
}

/* --- Signals -----------------------------------------------------------------------------------
 */

static void
count_cb (GDBusConnection *bus,
          const char *sender,
          const char *path,
          const char *interface,
          const char *signal,
          GVariant *parameters,
          gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_passkeys_changed (AgentFixture *f, gconstpointer data)
{
  guint changes = 0;
  guint subscription = g_dbus_connection_signal_subscribe (
      f->bus, MORTISE_AGENT_NAME, MORTISE_APP_ID ".Agent1", "PasskeysChanged", MORTISE_AGENT_PATH,
      NULL, G_DBUS_SIGNAL_FLAGS_NONE, count_cb, &changes, NULL);

  make_passkey (f, "alice");
  WAIT_FOR (changes > 0);
  g_dbus_connection_signal_unsubscribe (f->bus, subscription);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, AgentFixture, NULL, agent_fixture_set_up, function, agent_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  (void) mortise_error_quark ();
  ADD ("/agent-bus/bad-arguments", test_bad_arguments);
  ADD ("/agent-bus/wrong-signature", test_wrong_signature);
  ADD ("/agent-bus/denied", test_denied);
  ADD ("/agent-bus/edit", test_edit);
  ADD ("/agent-bus/delete-and-restore", test_delete_and_restore);
  ADD ("/agent-bus/change-pin", test_change_pin);
  ADD ("/agent-bus/reset", test_reset);
  ADD ("/agent-bus/settings", test_settings);
  ADD ("/agent-bus/protection", test_protection);
  ADD ("/agent-bus/busy", test_busy);
  ADD ("/agent-bus/caller-vanishes", test_caller_vanishes);
  ADD ("/agent-bus/passkeys-changed", test_passkeys_changed);
  return g_test_run ();
}
