/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/search-provider.h"
#include "tests/support/window-fixture.h"

/* What the shell's search is told, and when it is told nothing; asked over the bus as the shell
 * asks. */

typedef struct
{
  MortiseWindowFixture window;
  MortiseSearchProvider *provider;
  gint64 opened;
  char *searched;
} Fixture;

static void
on_open (MortiseSearchProvider *provider, gint64 id, const char *text, Fixture *fixture)
{
  fixture->opened = id;
  g_free (fixture->searched);
  fixture->searched = g_strdup (text);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mortise_window_fixture_set_up (&fixture->window, NULL);
  mortise_mock_agent_add_samples (fixture->window.agent, MORTISE_TEST_NOW);
  mortise_search_provider_set_enabled (TRUE);
  fixture->provider = mortise_search_provider_new (NULL, fixture->window.connection, &error);
  g_assert_no_error (error);
  g_signal_connect (fixture->provider, "open", G_CALLBACK (on_open), fixture);
  fixture->opened = -1;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  mortise_search_provider_set_enabled (FALSE);
  g_clear_object (&fixture->provider);
  g_free (fixture->searched);
  mortise_window_fixture_tear_down (&fixture->window, NULL);
}

typedef struct
{
  GVariant *reply;
  gboolean done;
} Call;

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;

  call->reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_assert_no_error (error);
  call->done = TRUE;
}

static gboolean
is_done (gpointer user_data)
{
  return ((Call *) user_data)->done;
}

static GVariant *
ask (Fixture *fixture, const char *method, GVariant *parameters)
{
  GDBusConnection *bus = fixture->window.connection;
  Call call = { NULL, FALSE };

  g_dbus_connection_call (bus, g_dbus_connection_get_unique_name (bus),
                          MORTISE_SEARCH_PROVIDER_PATH, "org.gnome.Shell.SearchProvider2", method,
                          parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_reply, &call);
  mortise_test_wait_until (is_done, &call);
  return call.reply;
}

static void
expect (Fixture *fixture, const char *word, const char *expected)
{
  const char *const terms[] = { word, NULL };
  g_autoptr (GVariant) reply = ask (fixture, "GetInitialResultSet", g_variant_new ("(^as)", terms));
  g_autofree char *text = g_variant_print (reply, FALSE);

  g_assert_cmpstr (text, ==, expected);
}

static gboolean
has_owner (gpointer user_data)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      user_data, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "NameHasOwner", g_variant_new ("(s)", MORTISE_AGENT_NAME), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
      NULL, NULL);
  gboolean owned = FALSE;

  g_variant_get (reply, "(b)", &owned);
  return owned;
}

static void
start_agent (Fixture *fixture)
{
  mortise_mock_agent_own_name (fixture->window.agent, FALSE);
  mortise_test_wait_until (has_owner, fixture->window.connection);
}

static void
test_find (Fixture *fixture, gconstpointer data)
{
  const char *const terms[] = { "work", "github", NULL };
  const char *const previous[] = { "1", "2", NULL };
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *text = NULL;

  start_agent (fixture);
  expect (fixture, "github", "(['1', '2'],)");
  /* Folded as in the window. */
  expect (fixture, "MULLER", "(['6'],)");
  expect (fixture, "no such thing", "([],)");
  expect (fixture, "", "([],)");
  reply = ask (fixture, "GetSubsearchResultSet", g_variant_new ("(^as^as)", previous, terms));
  text = g_variant_print (reply, FALSE);
  g_assert_cmpstr (text, ==, "(['2'],)");
}

/* Site and account, and nothing else of what is known. */
static void
test_describe (Fixture *fixture, gconstpointer data)
{
  const char *const ids[] = { "5", "77", "junk", NULL };
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) metas = NULL;
  g_autoptr (GVariant) meta = NULL;
  const char *text = NULL;

  start_agent (fixture);
  expect (fixture, "bank", "(['5'],)");
  reply = ask (fixture, "GetResultMetas", g_variant_new ("(^as)", ids));
  metas = g_variant_get_child_value (reply, 0);
  g_assert_cmpuint (g_variant_n_children (metas), ==, 1);
  meta = g_variant_get_child_value (metas, 0);
  g_assert_cmpuint (g_variant_n_children (meta), ==, 4);
  g_assert_true (g_variant_lookup (meta, "id", "&s", &text));
  g_assert_cmpstr (text, ==, "5");
  g_assert_true (g_variant_lookup (meta, "name", "&s", &text));
  g_assert_cmpstr (text, ==, "bank.example");
  g_assert_true (g_variant_lookup (meta, "description", "&s", &text));
  g_assert_cmpstr (text, ==, "10482231");
}

/* Of @text the shell can show every character in one line, none of which rules over another. */
static void
assert_harmless (const char *text)
{
  glong length = 0;
  g_autofree gunichar *characters = g_utf8_to_ucs4 (text, -1, NULL, &length, NULL);

  g_assert_nonnull (characters);
  /* Clusters of many code points among them, yet far from the ten thousand that came in. */
  g_assert_cmpint (length, >, 0);
  g_assert_cmpint (length, <, 1000);
  for (glong i = 0; i < length; i++)
    {
      gunichar c = characters[i];

      g_assert_false (g_unichar_iscntrl (c));
      g_assert_false (c >= 0x202a && c <= 0x202e);
      g_assert_false (c >= 0x2066 && c <= 0x2069);
      g_assert_cmpuint (c, !=, 0x200b);
    }
}

/* What a site or a client put into a name does nothing to the shell's list. */
static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  const char *const hosts[] = { "hostile.example", "xn--80ak6aa92e.example" };
  guint n_told = 0;
  gboolean marked_up = FALSE;

  mortise_mock_agent_add_hostile (fixture->window.agent, MORTISE_TEST_NOW);
  start_agent (fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      const char *const terms[] = { hosts[i], NULL };
      g_autoptr (GVariant) found =
          ask (fixture, "GetInitialResultSet", g_variant_new ("(^as)", terms));
      g_autoptr (GVariant) reply = ask (fixture, "GetResultMetas", found);
      g_autoptr (GVariant) metas = g_variant_get_child_value (reply, 0);

      for (gsize j = 0; j < g_variant_n_children (metas); j++)
        {
          g_autoptr (GVariant) meta = g_variant_get_child_value (metas, j);
          const char *name = NULL;
          const char *description = NULL;

          g_assert_true (g_variant_lookup (meta, "name", "&s", &name));
          g_assert_true (g_variant_lookup (meta, "description", "&s", &description));
          assert_harmless (name);
          assert_harmless (description);
          /* Plain text it is, and plain text it stays. */
          marked_up |= g_str_equal (description, "<b>bold</b> &amp; %s %n");
          n_told++;
        }
    }
  g_assert_cmpuint (n_told, ==, 8);
  g_assert_true (marked_up);
}

/* Nor does what is searched for. */
static void
test_hostile_terms (Fixture *fixture, gconstpointer data)
{
  g_autofree char *huge = g_strnfill (10000, 'x');

  start_agent (fixture);
  expect (fixture, huge, "([],)");
  expect (fixture, "\xe2\x80\xaemoc.buhtig", "([],)");
  expect (fixture, "\x01\x1b[31m", "([],)");
  expect (fixture, "%s%n", "([],)");
  expect (fixture, "github", "(['1', '2'],)");
}

static void
expect_silence (Fixture *fixture)
{
  const char *const ids[] = { "1", "5", NULL };
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *text = NULL;

  expect (fixture, "github", "([],)");
  reply = ask (fixture, "GetResultMetas", g_variant_new ("(^as)", ids));
  text = g_variant_print (reply, FALSE);
  g_assert_cmpstr (text, ==, "([],)");
}

static void
test_off (Fixture *fixture, gconstpointer data)
{
  mortise_search_provider_set_enabled (FALSE);
  start_agent (fixture);
  expect_silence (fixture);
  /* Turned on and off again while it runs. */
  mortise_search_provider_set_enabled (TRUE);
  expect (fixture, "github", "(['1', '2'],)");
  mortise_search_provider_set_enabled (FALSE);
  expect_silence (fixture);
}

static void
test_off_by_default (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSettings) settings = g_settings_new (MORTISE_APP_ID);

  g_settings_reset (settings, "search-provider");
  g_assert_false (mortise_search_provider_is_enabled ());
}

typedef struct
{
  Fixture *fixture;
  const char *word;
} Silence;

static gboolean
is_silent (gpointer user_data)
{
  const Silence *silence = user_data;
  const char *const terms[] = { silence->word, NULL };
  g_autoptr (GVariant) reply =
      ask (silence->fixture, "GetInitialResultSet", g_variant_new ("(^as)", terms));
  g_autofree char *text = g_variant_print (reply, FALSE);

  return g_str_equal (text, "([],)");
}

static gboolean
is_told (gpointer user_data)
{
  return !is_silent (user_data);
}

/* Listable is not enough: from login on names are for the window alone. */
static void
test_locked (Fixture *fixture, gconstpointer data)
{
  Silence silence = { fixture, "github" };

  mortise_mock_agent_set_state (fixture->window.agent, "listable");
  start_agent (fixture);
  expect_silence (fixture);
  mortise_mock_agent_set_state (fixture->window.agent, "unlocked");
  mortise_test_wait_until (is_told, &silence);
  expect (fixture, "github", "(['1', '2'],)");
  mortise_mock_agent_set_state (fixture->window.agent, "listable");
  mortise_test_wait_until (is_silent, &silence);
  expect_silence (fixture);
}

/* No agent, no answer, and none is started for it. */
static void
test_without_agent (Fixture *fixture, gconstpointer data)
{
  expect_silence (fixture);
}

static gboolean
was_opened (gpointer user_data)
{
  return ((Fixture *) user_data)->opened != -1;
}

static void
test_open (Fixture *fixture, gconstpointer data)
{
  const char *const terms[] = { "git", "hub", NULL };

  g_variant_unref (ask (fixture, "ActivateResult", g_variant_new ("(s^asu)", "2", terms, 0u)));
  mortise_test_wait_until (was_opened, fixture);
  g_assert_cmpint (fixture->opened, ==, 2);
  fixture->opened = -1;
  g_variant_unref (ask (fixture, "LaunchSearch", g_variant_new ("(^asu)", terms, 0u)));
  mortise_test_wait_until (was_opened, fixture);
  g_assert_cmpint (fixture->opened, ==, 0);
  g_assert_cmpstr (fixture->searched, ==, "git hub");
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD(path, function)                                                                        \
  g_test_add ("/search-provider/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("find", test_find);
  ADD ("describe", test_describe);
  ADD ("hostile", test_hostile);
  ADD ("hostile-terms", test_hostile_terms);
  ADD ("off", test_off);
  ADD ("off-by-default", test_off_by_default);
  ADD ("locked", test_locked);
  ADD ("without-agent", test_without_agent);
  ADD ("open", test_open);
#undef ADD
  return g_test_run ();
}
