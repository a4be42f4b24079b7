/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and the export switch: changed on either side, they are what the other side sees. */
#include "config.h"

#include <fido.h>
#include <fido/credman.h>
#include <string.h>

#include "core/audit/fido-device.h"
#include "core/ctap/ctap-entities.h"
#include "tests/support/agent-fixture.h"
#include "tests/support/wait-for.h"

#define SITE "names.example"

static void
edit (AgentFixture *f, gint64 id, const char *name, GVariant *value)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, name, value);
  g_variant_unref (agent_fixture_call (
      f, "EditPasskey", g_variant_new ("(x@a{sv})", id, g_variant_dict_end (&dict)), NULL));
}

static void
edit_text (AgentFixture *f, gint64 id, const char *name, const char *text)
{
  edit (f, id, name, g_variant_new_string (text));
}

static void
assert_switch (AgentFixture *f, gint64 id, const char *name, gboolean expected)
{
  g_autoptr (GVariant) passkey = agent_fixture_get_passkey (f, id);
  gboolean value = !expected;

  g_assert_true (g_variant_lookup (passkey, name, "b", &value));
  g_assert_cmpint (value, ==, expected);
}

/* "author what from>to", one a line */
static char *
describe_history (AgentFixture *f, gint64 id)
{
  g_autoptr (GVariant) reply =
      agent_fixture_call (f, "GetHistory", g_variant_new ("(x)", id), NULL);
  g_autoptr (GVariant) changes = g_variant_get_child_value (reply, 0);
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (changes); i++)
    {
      g_autoptr (GVariant) change = g_variant_get_child_value (changes, i);
      const char *author = NULL;
      const char *what = NULL;
      const char *from = NULL;
      const char *to = NULL;
      gint64 time = 0;

      g_assert_true (g_variant_lookup (change, "author", "&s", &author));
      g_assert_true (g_variant_lookup (change, "what", "&s", &what));
      g_assert_true (g_variant_lookup (change, "from", "&s", &from));
      g_assert_true (g_variant_lookup (change, "to", "&s", &to));
      g_assert_true (g_variant_lookup (change, "time", "x", &time));
      g_assert_cmpint (ABS (time - g_get_real_time () / G_USEC_PER_SEC), <, 600);
      g_string_append_printf (text, "%s %s %s>%s\n", author, what, from, to);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What a client sees of the passkey with @id: "name display", through credential management. */
static char *
read_from_client (AgentFixture *f, const MortiseRegistration *registration)
{
  g_autoptr (MortiseFidoDevice) device = mortise_fido_device_open (f->socket_path, NULL);
  fido_credman_rk_t *keys = fido_credman_rk_new ();
  char *text = NULL;

  g_assert_nonnull (device);
  g_assert_cmpint (
      fido_credman_get_dev_rk (mortise_fido_device_peek (device), SITE, keys, AGENT_FIXTURE_PIN),
      ==, FIDO_OK);
  for (gsize i = 0; i < fido_credman_rk_count (keys); i++)
    {
      const fido_cred_t *key = fido_credman_rk (keys, i);
      g_autoptr (GBytes) id = g_bytes_new (fido_cred_id_ptr (key), fido_cred_id_len (key));
      const char *display = fido_cred_display_name (key);

      if (g_bytes_equal (id, registration->credential_id))
        text = g_strdup_printf ("%s %s", fido_cred_user_name (key), display != NULL ? display : "");
    }
  fido_credman_rk_free (&keys);
  return text;
}

static void
rename_from_client (AgentFixture *f,
                    const MortiseRegistration *registration,
                    const char *name,
                    const char *display)
{
  g_autoptr (MortiseFidoDevice) device = mortise_fido_device_open (f->socket_path, NULL);
  fido_cred_t *cred = fido_cred_new ();
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (registration->credential_id, &size);

  g_assert_nonnull (device);
  g_assert_cmpint (fido_cred_set_id (cred, data, size), ==, FIDO_OK);
  data = g_bytes_get_data (registration->user_id, &size);
  g_assert_cmpint (fido_cred_set_user (cred, data, size, name, display, NULL), ==, FIDO_OK);
  g_assert_cmpint (
      fido_credman_set_dev_rk (mortise_fido_device_peek (device), cred, AGENT_FIXTURE_PIN), ==,
      FIDO_OK);
  fido_cred_free (&cred);
}

static void
assert_client_sees (AgentFixture *f, const MortiseRegistration *registration, const char *expected)
{
  g_autofree char *seen = read_from_client (f, registration);

  g_assert_cmpstr (seen, ==, expected);
}

/* The accounts that the person is asked to choose from at the next sign-in. */
static void
assert_offered (AgentFixture *f, const char *name, const char *not_name)
{
  g_autoptr (MortiseSignIn) sign_in = NULL;
  g_autoptr (GVariant) question = NULL;
  g_autofree char *text = NULL;

  agent_fixture_answer_sign_in (f, "approve account=0");
  sign_in = agent_fixture_sign_in (f, SITE, NULL);
  question = agent_fixture_last_question (f);
  text = g_variant_print (question, FALSE);
  g_assert_nonnull (strstr (text, name));
  g_assert_null (strstr (text, not_name));
}

static void
test_both_ways (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) alice = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (MortiseRegistration) bob = agent_fixture_register (f, SITE, "bob", NULL);
  const gint64 id = agent_fixture_find_passkey (f, FALSE, alice->credential_id);
  g_autofree char *history = NULL;

  edit_text (f, id, "user-name", "alice@new.example");
  edit_text (f, id, "user-display-name", "Alice 山田 👩‍🔬");
  assert_client_sees (f, alice, "alice@new.example Alice 山田 👩‍🔬");
  assert_client_sees (f, bob, "bob ");
  assert_offered (f, "alice@new.example", "'alice'");

  rename_from_client (f, alice, "by-client", "");
  agent_fixture_assert_text (f, id, "user-name", "by-client");
  agent_fixture_assert_text (f, id, "user-display-name", NULL);
  assert_offered (f, "by-client", "alice@new.example");
  edit_text (f, id, "note", "made at the old desk");

  /* It is all still there after a restart. */
  agent_fixture_stop (f);
  agent_fixture_start (f);
  agent_fixture_wait_state (f, "listable");
  agent_fixture_assert_text (f, id, "note", "made at the old desk");
  history = describe_history (f, id);
  g_assert_cmpstr (history, ==,
                   "person user-name alice>alice@new.example\n"
                   "person user-display-name >Alice 山田 👩‍🔬\n"
                   "client user-name alice@new.example>by-client\n"
                   "client user-display-name Alice 山田 👩‍🔬>\n"
                   "person note >made at the old desk\n");
}

/* Registering again is the only way for a site to say another name. */
static void
test_by_site (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) user_id = g_bytes_new_static ("user-1", 6);
  const MortiseRegistrationOptions options = { .user_id = user_id,
                                               .discoverable = TRUE,
                                               .verify_user = TRUE };
  g_autoptr (MortiseRegistration) first = agent_fixture_register (f, SITE, "old", &options);
  gint64 id = agent_fixture_find_passkey (f, FALSE, first->credential_id);
  g_autoptr (MortiseRegistration) second = NULL;
  g_autofree char *history = NULL;

  edit_text (f, id, "label", "work");
  second = agent_fixture_register (f, SITE, "new", &options);
  id = agent_fixture_find_passkey (f, FALSE, second->credential_id);
  agent_fixture_assert_text (f, id, "user-name", "new");
  agent_fixture_assert_text (f, id, "label", "work");
  history = describe_history (f, id);
  g_assert_cmpstr (history, ==, "person label >work\nsite registered >\nsite user-name old>new\n");
}

/* A client renames while the person is still asked about another name of the same passkey. */
static void
on_edited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  g_assert_nonnull (reply);
  *(gboolean *) user_data = TRUE;
}

static void
test_meanwhile (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) alice = agent_fixture_register (f, SITE, "alice", NULL);
  const gint64 id = agent_fixture_find_passkey (f, FALSE, alice->credential_id);
  const guint questions = agent_fixture_count_questions (f);
  gboolean edited = FALSE;
  GVariantDict dict;

  agent_fixture_answer (f, "approve wait expect=edit");
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "user-display-name", "s", "By person");
  g_dbus_connection_call (f->bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH, MORTISE_APP_ID ".Agent1",
                          "EditPasskey",
                          g_variant_new ("(x@a{sv})", id, g_variant_dict_end (&dict)), NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_edited, &edited);
  g_dbus_connection_flush_sync (f->bus, NULL, NULL);
  g_free (agent_fixture_wait_event (f, questions + 1, "shown"));
  edit_text (f, id, "label", "meanwhile");
  g_assert_false (edited);
  agent_fixture_go_on (f);
  WAIT_FOR (edited);
  agent_fixture_assert_text (f, id, "label", "meanwhile");
  agent_fixture_assert_text (f, id, "user-display-name", "By person");
}

/* (transfer full): @start, and @part @count times */
static char *
repeat (const char *start, const char *part, guint count)
{
  GString *text = g_string_new (start);

  for (guint i = 0; i < count; i++)
    g_string_append (text, part);
  return g_string_free (text, FALSE);
}

/*
 * About as long as CTAPHID can carry them: kept whole up to the limit and cut between what a person
 * sees as characters, and told to clients as far as they can take it. What is over the limit on the
 * bus is refused whole.
 */
static void
test_long (AgentFixture *f, gconstpointer data)
{
  static const char family[] = "👨‍👩‍👧‍👦";
  static const char accent[] = "e\xcc\x81";
  g_autofree char *name = repeat ("x", family, 125);
  g_autofree char *display = repeat ("", accent, 1000);
  g_autofree char *kept_name = repeat ("x", family, (MORTISE_NAME_MAX - 1) / strlen (family));
  g_autofree char *kept_display = repeat ("", accent, MORTISE_NAME_MAX / strlen (accent));
  g_autofree char *told_name = repeat ("x", family, (MORTISE_CTAP_NAME_MAX - 1) / strlen (family));
  g_autofree char *told_display = repeat ("", accent, MORTISE_CTAP_NAME_MAX / strlen (accent));
  g_autofree char *told = g_strconcat (told_name, " ", told_display, NULL);
  g_autofree char *far_too_long = g_strnfill (10000, 'a');
  const MortiseRegistrationOptions options = { .user_display_name = display,
                                               .discoverable = TRUE,
                                               .verify_user = TRUE };
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, name, &options);
  const gint64 id = agent_fixture_find_passkey (f, FALSE, registration->credential_id);
  const char *const members[] = { "user-name", "user-display-name", "label", "nickname", "note" };
  const guint questions = agent_fixture_count_questions (f);

  g_assert_cmpuint (strlen (name), >, MORTISE_NAME_MAX);
  agent_fixture_assert_text (f, id, "user-name", kept_name);
  agent_fixture_assert_text (f, id, "user-display-name", kept_display);
  assert_client_sees (f, registration, told);
  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (GVariant) before = agent_fixture_get_passkey (f, id);
      g_autoptr (GVariant) after = NULL;
      g_autoptr (GError) error = NULL;
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, members[i], "s", far_too_long);
      g_assert_null (agent_fixture_call (
          f, "EditPasskey", g_variant_new ("(x@a{sv})", id, g_variant_dict_end (&dict)), &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
      after = agent_fixture_get_passkey (f, id);
      g_assert_cmpvariant (before, after);
    }
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions);
  /* The longest there may be is kept to the last byte. */
  far_too_long[MORTISE_NAME_MAX] = '\0';
  edit_text (f, id, "user-name", far_too_long);
  agent_fixture_assert_text (f, id, "user-name", far_too_long);
}

static void
assert_flags (AgentFixture *f, const MortiseRegistration *registration, guint8 flags)
{
  g_autoptr (MortiseSignIn) sign_in = agent_fixture_sign_in (f, SITE, registration);

  g_assert_cmphex (sign_in->flags, ==, flags);
  g_assert_cmpuint (sign_in->sign_count, ==, 0);
}

static void
assert_asked (AgentFixture *f, guint questions, gboolean needs_pin)
{
  g_autoptr (GVariant) question = agent_fixture_last_question (f);
  gboolean pin = !needs_pin;
  const char *kind = NULL;

  g_assert_cmpuint (agent_fixture_count_questions (f), ==, questions);
  g_assert_true (g_variant_lookup (question, "kind", "&s", &kind));
  g_assert_cmpstr (kind, ==, "edit");
  g_assert_true (g_variant_lookup (question, "needs-pin", "b", &pin));
  g_assert_cmpint (pin, ==, needs_pin);
}

/* Whatever the switch says, the site sees one and the same passkey: BE 1, BS 0, counter 0. */
static void
test_export_switch (AgentFixture *f, gconstpointer data)
{
  const guint8 flags = MORTISE_AUTH_FLAG_UP | MORTISE_AUTH_FLAG_UV | MORTISE_AUTH_FLAG_BE;
  g_autoptr (MortiseRegistration) registration = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *history = NULL;
  GVariantDict dict;
  guint questions = 0;
  gint64 id = 0;

  agent_fixture_answer_register (f, "approve expect=register allow-export=1");
  registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_assert_cmphex (registration->flags & flags, ==, flags);
  id = agent_fixture_find_passkey (f, FALSE, registration->credential_id);
  assert_switch (f, id, "export-blocked", FALSE);
  assert_flags (f, registration, flags);

  questions = agent_fixture_count_questions (f);
  edit (f, id, "export-blocked", g_variant_new_boolean (TRUE));
  assert_asked (f, questions + 1, FALSE);
  assert_switch (f, id, "export-blocked", TRUE);
  agent_fixture_assert_text (f, id, "class", "exportable");
  assert_switch (f, id, "backup-eligible", TRUE);
  assert_switch (f, id, "backup-state", FALSE);
  assert_flags (f, registration, flags);

  agent_fixture_stop (f);
  agent_fixture_start (f);
  assert_switch (f, id, "export-blocked", TRUE);
  agent_fixture_unlock (f);
  assert_flags (f, registration, flags);

  /* A no leaves it blocked; a yes to unblocking takes the PIN. */
  agent_fixture_answer (f, "deny expect=edit");
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "export-blocked", "b", FALSE);
  g_assert_null (agent_fixture_call (
      f, "EditPasskey", g_variant_new ("(x@a{sv})", id, g_variant_dict_end (&dict)), &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  assert_switch (f, id, "export-blocked", TRUE);
  questions = agent_fixture_count_questions (f);
  agent_fixture_answer (f, "approve expect=edit pin=" AGENT_FIXTURE_PIN);
  edit (f, id, "export-blocked", g_variant_new_boolean (FALSE));
  assert_asked (f, questions + 1, TRUE);
  assert_switch (f, id, "export-blocked", FALSE);
  assert_flags (f, registration, flags);
  history = describe_history (f, id);
  g_assert_cmpstr (history, ==, "person export-blocked >1\nperson export-blocked 1>\n");
}

static void
test_unknown_passkey (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (agent_fixture_call (f, "GetHistory", g_variant_new ("(x)", (gint64) 99), &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
  g_test_add ("/names/" name, AgentFixture, NULL, agent_fixture_set_up, function,                  \
              agent_fixture_tear_down)
  ADD ("both-ways", test_both_ways);
  ADD ("by-site", test_by_site);
  ADD ("meanwhile", test_meanwhile);
  ADD ("long", test_long);
  ADD ("export-switch", test_export_switch);
  ADD ("unknown-passkey", test_unknown_passkey);
#undef ADD
  return g_test_run ();
}
