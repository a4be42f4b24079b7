/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What any program of the session may do over the bus. Every method of the agent is in the table
 * below and so says itself to be one that only reads, one that asks the person first, or one that
 * may be called freely; a method that is not in the table fails the test.
 */
#include "config.h"

#include "tests/support/agent-fixture.h"

#define RP_ID "bus.example"

typedef enum
{
  READS, /* changes nothing and asks nothing */
  ASKS,  /* without the person's yes nothing changes */
  FREE,  /* changes something that harms nobody; why is said */
} Verdict;

/* What the vault has to be for a call to get as far as it can. */
typedef enum
{
  UNLOCKED,
  LOCKED,
  WITHOUT_LOGIN, /* without the login keyslot */
  WITHOUT_VAULT,
} State;

typedef struct
{
  const char *method;
  Verdict verdict;
  State state;
  /* As g_variant_parse() reads them; @device-only@, @exportable@ and @deleted@ stand for the number
   * of such a passkey. */
  const char *arguments;
  /* What is asked, for ASKS. */
  const char *kind;
} Rule;

static const Rule rules[] = {
  { "ListPasskeys", READS, UNLOCKED, "(false, int64 0, uint32 0)", NULL },
  { "GetPasskey", READS, UNLOCKED, "(int64 @device-only@,)", NULL },
  { "ReadProtection", READS, UNLOCKED, "(int64 @device-only@,)", NULL },
  { "GetHistory", READS, UNLOCKED, "(int64 @device-only@,)", NULL },
  { "GetKeyslots", READS, UNLOCKED, "()", NULL },
  { "GetHealth", READS, UNLOCKED, "()", NULL },
  { "GetSettings", READS, UNLOCKED, "()", NULL },
  { "GetFingerprint", READS, UNLOCKED, "()", NULL },

  { "CreateVault", ASKS, WITHOUT_VAULT, "()", "create-vault" },
  { "Unlock", ASKS, LOCKED, "()", "unlock" },
  { "ChangePin", ASKS, UNLOCKED, "()", "change-pin" },
  { "ResetPin", ASKS, UNLOCKED, "()", "recover" },
  { "CreateRecoveryCode", ASKS, UNLOCKED, "()", "new-code" },
  { "SetKeyslot", ASKS, UNLOCKED, "('recovery', false)", "edit" },
  { "SetKeyslot", ASKS, WITHOUT_LOGIN, "('login', true)", "edit" },
  { "Reset", ASKS, UNLOCKED, "()", "reset" },
  { "EditPasskey", ASKS, UNLOCKED, "(int64 @device-only@, {'user-name': <'mallory'>})", "edit" },
  { "EditPasskey", ASKS, UNLOCKED, "(int64 @device-only@, {'user-display-name': <'Mallory'>})",
    "edit" },
  { "EditPasskey", ASKS, UNLOCKED, "(int64 @exportable@, {'export-blocked': <true>})", "edit" },
  { "EditPasskey", ASKS, UNLOCKED, "(int64 @device-only@, {'label': <'x'>, 'user-name': <'x'>})",
    "edit" },
  { "DeletePasskeys", ASKS, UNLOCKED, "([int64 @device-only@],)", "delete" },
  { "PurgePasskeys", ASKS, UNLOCKED, "([int64 @deleted@],)", "purge" },
  { "SetSetting", ASKS, UNLOCKED, "('idle-lock', <uint32 0>)", "edit" },
  { "SetSetting", ASKS, UNLOCKED, "('export-default', <true>)", "edit" },

  /* It protects more. */
  { "Lock", FREE, UNLOCKED, "()", NULL },
  /* As pulling out a key and plugging it in again: requests end, nothing is lost. */
  { "Replug", FREE, UNLOCKED, "()", NULL },
  /* Opens what should be open; where nothing failed, nothing happens. */
  { "Retry", FREE, UNLOCKED, "()", NULL },
  /* Nothing is lost, and sites are told nothing. */
  { "RestorePasskeys", FREE, UNLOCKED, "([int64 @deleted@],)", NULL },
  /* The person's own notes, which no site sees. */
  { "EditPasskey", FREE, UNLOCKED, "(int64 @device-only@, {'label': <'x'>})", NULL },
  { "EditPasskey", FREE, UNLOCKED, "(int64 @device-only@, {'nickname': <'x'>})", NULL },
  { "EditPasskey", FREE, UNLOCKED, "(int64 @device-only@, {'note': <'x'>})", NULL },
  /* The list is hidden until the PIN is typed. */
  { "SetKeyslot", FREE, UNLOCKED, "('login', false)", NULL },
  /* Locks sooner, or asks more often. */
  { "SetSetting", FREE, UNLOCKED, "('idle-lock', <uint32 30>)", NULL },
  { "SetSetting", FREE, UNLOCKED, "('always-uv', <true>)", NULL },
};

typedef struct
{
  AgentFixture agent;
  gint64 device_only;
  gint64 exportable;
  gint64 deleted;
} Fixture;

static gint64
make_passkey (AgentFixture *f, const char *user_name, const char *answer)
{
  g_autoptr (MortiseRegistration) registration = NULL;

  agent_fixture_answer_register (f, answer);
  registration = agent_fixture_register (f, RP_ID, user_name, NULL);
  return agent_fixture_find_passkey (f, FALSE, registration->credential_id);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  GVariant *deleted;

  agent_fixture_set_up (&f->agent, data);
  if (data != NULL)
    return;
  f->device_only = make_passkey (&f->agent, "alice", "approve expect=register");
  f->exportable = make_passkey (&f->agent, "bob", "approve expect=register allow-export=1");
  f->deleted = make_passkey (&f->agent, "carol", "approve expect=register");
  agent_fixture_answer (&f->agent, "approve expect=new-code pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (&f->agent, "CreateRecoveryCode", NULL, NULL));
  deleted = g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, &f->deleted, 1, sizeof f->deleted);
  g_variant_unref (
      agent_fixture_call (&f->agent, "DeletePasskeys", g_variant_new ("(@ax)", deleted), NULL));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  agent_fixture_tear_down (&f->agent, data);
}

/* (transfer floating) */
static GVariant *
make_arguments (Fixture *f, const Rule *rule)
{
  const struct
  {
    const char *name;
    gint64 id;
  } numbers[] = {
    { "@device-only@", f->device_only },
    { "@exportable@", f->exportable },
    { "@deleted@", f->deleted },
  };
  g_autoptr (GString) text = g_string_new (rule->arguments);
  g_autoptr (GError) error = NULL;
  GVariant *arguments;

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, numbers[i].id);

      g_string_replace (text, numbers[i].name, number, 0);
    }
  arguments = g_variant_parse (NULL, text->str, NULL, NULL, &error);
  g_assert_no_error (error);
  return arguments;
}

/* (transfer full): all that a call may change, as text */
static char *
take_snapshot (Fixture *f)
{
  const struct
  {
    const char *method;
    const char *arguments;
  } readings[] = {
    { "ListPasskeys", "(false, int64 0, uint32 0)" },
    { "ListPasskeys", "(true, int64 0, uint32 0)" },
    { "GetSettings", "()" },
    { "GetKeyslots", "()" },
  };
  const char *const properties[] = { "VaultState", "PinRetries", "Problem", "Transport" };
  GString *snapshot = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (readings); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = agent_fixture_call (
          &f->agent, readings[i].method,
          g_variant_parse (NULL, readings[i].arguments, NULL, NULL, NULL), &error);
      g_autofree char *text = reply != NULL ? g_variant_print (reply, FALSE) : NULL;

      g_string_append_printf (snapshot, "%s: %s\n", readings[i].method,
                              text != NULL ? text : error->message);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (properties); i++)
    {
      g_autoptr (GVariant) value = agent_fixture_get (&f->agent, properties[i]);
      g_autofree char *text = g_variant_print (value, FALSE);

      g_string_append_printf (snapshot, "%s: %s\n", properties[i], text);
    }
  return g_string_free (snapshot, FALSE);
}

/* (transfer full): everything that the agent shows at its place on the bus */
static GDBusNodeInfo *
introspect (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      f->agent.bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH, "org.freedesktop.DBus.Introspectable",
      "Introspect", NULL, G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, &error);
  GDBusNodeInfo *node;
  const char *xml;

  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &xml);
  node = g_dbus_node_info_new_for_xml (xml, &error);
  g_assert_no_error (error);
  return node;
}

/* --- The table is whole ------------------------------------------------------------------------
 */

static void
test_classified (Fixture *f, gconstpointer data)
{
  g_autoptr (GDBusNodeInfo) node = introspect (f);
  GDBusInterfaceInfo *ours = g_dbus_node_info_lookup_interface (node, MORTISE_APP_ID ".Agent1");

  g_assert_nonnull (ours);
  for (guint i = 0; node->interfaces[i] != NULL; i++)
    {
      const char *name = node->interfaces[i]->name;

      if (node->interfaces[i] != ours && !g_str_has_prefix (name, "org.freedesktop.DBus."))
        g_error ("The interface %s is not looked at by this test", name);
    }
  for (guint i = 0; ours->methods != NULL && ours->methods[i] != NULL; i++)
    {
      gboolean found = FALSE;

      for (gsize r = 0; r < G_N_ELEMENTS (rules); r++)
        found = found || g_str_equal (rules[r].method, ours->methods[i]->name);
      if (!found)
        g_error ("Say in the table of this test whether %s reads, asks, or is free and why",
                 ours->methods[i]->name);
    }
  for (gsize r = 0; r < G_N_ELEMENTS (rules); r++)
    g_assert_nonnull (g_dbus_interface_info_lookup_method (ours, rules[r].method));
  /* Nothing is changed by writing. */
  for (guint i = 0; ours->properties != NULL && ours->properties[i] != NULL; i++)
    g_assert_cmpint (ours->properties[i]->flags, ==, G_DBUS_PROPERTY_INFO_FLAGS_READABLE);
}

/* --- Those that ask ----------------------------------------------------------------------------
 */

/* Whatever is not a yes is a no. */
static const char *const refusals[] = { "deny", "close", "crash", "garbage" };

static void
assert_nothing_without_yes (Fixture *f, const Rule *rule)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *before = take_snapshot (f);
      g_autofree char *after = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = NULL;
      g_autoptr (GVariant) question = NULL;
      guint questions = agent_fixture_count_questions (&f->agent);
      const char *kind = NULL;

      g_test_message ("%s %s, answered with “%s”", rule->method, rule->arguments, refusals[i]);
      agent_fixture_answer (&f->agent, refusals[i]);
      reply = agent_fixture_call (&f->agent, rule->method, make_arguments (f, rule), &error);
      g_assert_null (reply);
      g_assert_nonnull (error);
      if (i == 0)
        g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
      g_assert_cmpuint (agent_fixture_count_questions (&f->agent), ==, questions + 1);
      question = agent_fixture_last_question (&f->agent);
      g_assert_true (g_variant_lookup (question, "kind", "&s", &kind));
      g_assert_cmpstr (kind, ==, rule->kind);
      after = take_snapshot (f);
      g_assert_cmpstr (before, ==, after);
      agent_fixture_wait_no_prompt (&f->agent);
    }
}

static void
assert_all_ask (Fixture *f, State state)
{
  guint count = 0;

  for (gsize r = 0; r < G_N_ELEMENTS (rules); r++)
    {
      if (rules[r].verdict != ASKS || rules[r].state != state)
        continue;
      assert_nothing_without_yes (f, &rules[r]);
      count++;
    }
  g_assert_cmpuint (count, >, 0);
}

static void
test_asks (Fixture *f, gconstpointer data)
{
  assert_all_ask (f, UNLOCKED);
  agent_fixture_lock (&f->agent);
  assert_all_ask (f, LOCKED);
  agent_fixture_unlock (&f->agent);
  g_variant_unref (
      agent_fixture_call (&f->agent, "SetKeyslot", g_variant_new ("(sb)", "login", FALSE), NULL));
  assert_all_ask (f, WITHOUT_LOGIN);
}

static void
test_asks_without_vault (Fixture *f, gconstpointer data)
{
  assert_all_ask (f, WITHOUT_VAULT);
}

/* --- Those that do not -------------------------------------------------------------------------
 */

static void
test_asks_nothing (Fixture *f, gconstpointer data)
{
  guint questions = agent_fixture_count_questions (&f->agent);

  for (gsize r = 0; r < G_N_ELEMENTS (rules); r++)
    {
      const Rule *rule = &rules[r];
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      if (rule->verdict == ASKS)
        continue;
      g_test_message ("%s %s", rule->method, rule->arguments);
      before = take_snapshot (f);
      g_variant_unref (
          agent_fixture_call (&f->agent, rule->method, make_arguments (f, rule), NULL));
      g_assert_cmpuint (agent_fixture_count_questions (&f->agent), ==, questions);
      if (rule->verdict == READS)
        {
          after = take_snapshot (f);
          g_assert_cmpstr (before, ==, after);
        }
      if (g_str_equal (rule->method, "Lock"))
        {
          agent_fixture_unlock (&f->agent);
          questions = agent_fixture_count_questions (&f->agent);
        }
    }
}

/* --- Arguments of the wrong shape --------------------------------------------------------------
 */

static void
assert_refused (Fixture *f, const char *method, GVariant *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = agent_fixture_call (&f->agent, method, arguments, &error);

  g_assert_null (reply);
  g_assert_nonnull (error);
  g_assert_false (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY));
}

/* (transfer floating): @arguments with the one at @index replaced by one of another type */
static GVariant *
with_other_type (GVariant *arguments, gsize index)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_TUPLE);
  for (gsize i = 0; i < g_variant_n_children (arguments); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (arguments, i);

      if (i != index)
        g_variant_builder_add_value (&builder, child);
      else if (g_variant_is_of_type (child, G_VARIANT_TYPE_STRING))
        g_variant_builder_add_value (&builder, g_variant_new_double (0.5));
      else
        g_variant_builder_add_value (&builder, g_variant_new_string ("1"));
    }
  return g_variant_builder_end (&builder);
}

/* (transfer floating) */
static GVariant *
with_one_more (GVariant *arguments)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_TUPLE);
  for (gsize i = 0; i < g_variant_n_children (arguments); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (arguments, i);

      g_variant_builder_add_value (&builder, child);
    }
  g_variant_builder_add_value (&builder, g_variant_new_string ("more"));
  return g_variant_builder_end (&builder);
}

/* (transfer floating): a value inside of @depth variants */
static GVariant *
nest (guint depth)
{
  GVariant *value = g_variant_new_uint32 (0);

  for (guint i = 0; i < depth; i++)
    value = g_variant_new_variant (value);
  return value;
}

/* The right types with senseless values in them. */
static const struct
{
  const char *method;
  const char *arguments; /* as in Rule */
} senseless[] = {
  { "ListPasskeys", "(false, int64 -1, uint32 0)" },
  { "ListPasskeys", "(false, int64 0, uint32 10001)" },
  { "GetPasskey", "(int64 0,)" },
  { "GetPasskey", "(int64 -9223372036854775808,)" },
  { "GetPasskey", "(int64 9223372036854775807,)" },
  { "GetHistory", "(int64 -1,)" },
  { "ReadProtection", "(int64 -1,)" },
  { "SetKeyslot", "('', false)" },
  { "SetKeyslot", "('pin', false)" },
  { "SetKeyslot", "('pin', true)" },
  { "SetKeyslot", "('recovery', true)" },
  { "SetKeyslot", "('LOGIN', false)" },
  { "EditPasskey", "(int64 @device-only@, @a{sv} {})" },
  { "EditPasskey", "(int64 0, {'label': <'x'>})" },
  { "EditPasskey", "(int64 @deleted@, {'label': <'x'>})" },
  { "EditPasskey", "(int64 @device-only@, {'export-blocked': <true>})" },
  { "EditPasskey", "(int64 @device-only@, {'export-blocked': <false>})" },
  { "EditPasskey", "(int64 @exportable@, {'export-blocked': <'true'>})" },
  { "EditPasskey", "(int64 @exportable@, {'export-blocked': <1>})" },
  { "EditPasskey", "(int64 @device-only@, {'user-name': <b'alice'>})" },
  { "EditPasskey", "(int64 @device-only@, {'user-display-name': <['a']>})" },
  { "EditPasskey", "(int64 @device-only@, {'label': <1>})" },
  { "EditPasskey", "(int64 @device-only@, {'nickname': <true>})" },
  { "EditPasskey", "(int64 @device-only@, {'note': <{'a': 'b'}>})" },
  { "EditPasskey", "(int64 @device-only@, {'label': <'x'>, 'class': <'exportable'>})" },
  { "EditPasskey", "(int64 @device-only@, {'label': <'x'>, 'user-name': <1>})" },
  { "EditPasskey", "(int64 @device-only@, {'id': <1>})" },
  { "EditPasskey", "(int64 @device-only@, {'rp-id': <'other.example'>})" },
  { "EditPasskey", "(int64 @device-only@, {'backup-eligible': <true>})" },
  { "EditPasskey", "(int64 @device-only@, {'': <''>})" },
  { "DeletePasskeys", "(@ax [],)" },
  { "DeletePasskeys", "([int64 @device-only@, 0],)" },
  { "DeletePasskeys", "([int64 @device-only@, @deleted@],)" },
  { "RestorePasskeys", "(@ax [],)" },
  { "RestorePasskeys", "([int64 @deleted@, -1],)" },
  { "RestorePasskeys", "([int64 @deleted@, @device-only@],)" },
  { "PurgePasskeys", "(@ax [],)" },
  { "PurgePasskeys", "([int64 @deleted@, 99],)" },
  { "PurgePasskeys", "([int64 @device-only@],)" },
  { "SetSetting", "('', <uint32 0>)" },
  { "SetSetting", "('schema-version', <uint32 0>)" },
  { "SetSetting", "('idle-lock', <int32 60>)" },
  { "SetSetting", "('idle-lock', <true>)" },
  { "SetSetting", "('idle-lock', <uint32 4294967295>)" },
  { "SetSetting", "('export-default', <uint32 1>)" },
  { "SetSetting", "('always-uv', <'true'>)" },
  { "SetSetting", "('builtin-uv', <uint32 1>)" },
  { "SetSetting", "('fingerprint', <'on'>)" },
};

static void
test_shapes (Fixture *f, gconstpointer data)
{
  guint questions = agent_fixture_count_questions (&f->agent);
  g_autofree char *before = take_snapshot (f);
  g_autofree char *after = NULL;
  g_autofree char *huge = g_strnfill (1 << 20, 'x');
  g_autoptr (GArray) too_many = NULL;

  for (gsize r = 0; r < G_N_ELEMENTS (rules); r++)
    {
      g_autoptr (GVariant) arguments = g_variant_ref_sink (make_arguments (f, &rules[r]));

      g_test_message ("%s %s", rules[r].method, rules[r].arguments);
      assert_refused (f, rules[r].method, with_one_more (arguments));
      if (g_variant_n_children (arguments) > 0)
        assert_refused (f, rules[r].method, NULL);
      for (gsize i = 0; i < g_variant_n_children (arguments); i++)
        assert_refused (f, rules[r].method, with_other_type (arguments, i));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (senseless); i++)
    {
      const Rule rule = { .arguments = senseless[i].arguments };

      g_test_message ("%s %s", senseless[i].method, senseless[i].arguments);
      assert_refused (f, senseless[i].method, make_arguments (f, &rule));
    }
  too_many = g_array_new (FALSE, TRUE, sizeof (gint64));
  g_array_set_size (too_many, 10001);
  g_array_index (too_many, gint64, 0) = f->device_only;
  assert_refused (
      f, "DeletePasskeys",
      g_variant_new ("(@ax)", g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, too_many->data,
                                                         too_many->len, sizeof (gint64))));
  assert_refused (f, "SetSetting", g_variant_new ("(sv)", "idle-lock", nest (30)));
  assert_refused (f, "SetSetting", g_variant_new ("(sv)", huge, g_variant_new_uint32 (0)));
  assert_refused (f, "EditPasskey",
                  g_variant_new_parsed ("(%x, {'label': <%s>})", f->device_only, huge));
  assert_refused (f, "EditPasskey",
                  g_variant_new_parsed ("(%x, {'user-name': <%v>})", f->device_only, nest (30)));

  g_assert_cmpuint (agent_fixture_count_questions (&f->agent), ==, questions);
  after = take_snapshot (f);
  g_assert_cmpstr (before, ==, after);
}

/* Writing a property is refused by the bus library, whatever its value. */
static void
test_properties (Fixture *f, gconstpointer data)
{
  g_autoptr (GDBusNodeInfo) node = introspect (f);
  GDBusInterfaceInfo *ours = g_dbus_node_info_lookup_interface (node, MORTISE_APP_ID ".Agent1");
  g_autofree char *before = take_snapshot (f);
  g_autofree char *after = NULL;

  for (guint i = 0; ours->properties[i] != NULL; i++)
    {
      const char *name = ours->properties[i]->name;
      g_autoptr (GVariant) value = agent_fixture_get (&f->agent, name);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
          f->agent.bus, MORTISE_AGENT_NAME, MORTISE_AGENT_PATH, "org.freedesktop.DBus.Properties",
          "Set", g_variant_new ("(ssv)", ours->name, name, value), NULL, G_DBUS_CALL_FLAGS_NONE,
          G_MAXINT, NULL, &error);

      g_assert_null (reply);
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
    }
  after = take_snapshot (f);
  g_assert_cmpstr (before, ==, after);
}

#define ADD(path, data, function) g_test_add (path, Fixture, data, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  (void) mortise_error_quark ();
  ADD ("/bus-permissions/classified", AGENT_FIXTURE_NO_VAULT, test_classified);
  ADD ("/bus-permissions/asks", NULL, test_asks);
  ADD ("/bus-permissions/asks-without-vault", AGENT_FIXTURE_NO_VAULT, test_asks_without_vault);
  ADD ("/bus-permissions/asks-nothing", NULL, test_asks_nothing);
  ADD ("/bus-permissions/shapes", NULL, test_shapes);
  ADD ("/bus-permissions/properties", NULL, test_properties);
  return g_test_run ();
}
