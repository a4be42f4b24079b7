/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/window-fixture.h"

#include "app/window/moment.h"
#include "app/window/toast.h"
#include "app/window/window.h"
#include "tests/support/screenshot.h"

/* One for all tests of a program: an application cannot be registered twice. */
static GtkApplication *
get_application (void)
{
  static AdwApplication *application = NULL;
  g_autoptr (GError) error = NULL;

  if (application == NULL)
    {
      application = g_object_new (ADW_TYPE_APPLICATION, "application-id", MORTISE_APP_ID ".Test",
                                  "resource-base-path", MORTISE_OBJECT_PATH, NULL);
      if (!g_application_register (G_APPLICATION (application), NULL, &error))
        g_error ("%s", error->message);
      mortise_window_add_shortcuts (GTK_APPLICATION (application));
    }
  return GTK_APPLICATION (application);
}

void
mortise_window_fixture_set_up (MortiseWindowFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mortise_moment_set_now (MORTISE_TEST_NOW);
  mortise_toast_set_undo_stays (TRUE);
  fixture->connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  fixture->agent = mortise_mock_agent_new (fixture->connection);
}

static gboolean
is_connected (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) != MORTISE_AGENT_CONNECTING;
}

void
mortise_window_fixture_open (MortiseWindowFixture *fixture)
{
  mortise_mock_agent_own_name (fixture->agent, FALSE);
  fixture->client = mortise_agent_client_new (fixture->connection, MORTISE_AGENT_CLIENT_NONE);
  mortise_test_wait_until (is_connected, fixture->client);
  mortise_window_fixture_reopen (fixture);
}

void
mortise_window_fixture_reopen (MortiseWindowFixture *fixture)
{
  fixture->window = GTK_WINDOW (mortise_window_new (get_application (), fixture->client));
  fixture->root = GTK_WIDGET (fixture->window);
  mortise_test_screenshot_size (fixture->window, 1080, 760);
  gtk_window_present (fixture->window);
  mortise_test_settle (fixture->window);
}

void
mortise_window_fixture_tear_down (MortiseWindowFixture *fixture, gconstpointer data)
{
  GList *windows = NULL;

  while ((windows = gtk_application_get_windows (get_application ())) != NULL)
    gtk_window_destroy (windows->data);
  g_clear_object (&fixture->client);
  g_clear_pointer (&fixture->agent, mortise_mock_agent_free);
  g_clear_object (&fixture->connection);
  mortise_test_iterate ();
}

void
mortise_window_fixture_wait_for_text (MortiseWindowFixture *fixture, const char *text)
{
  mortise_test_wait_for_text (fixture->root, text);
}

void
mortise_window_fixture_wait_for_words (MortiseWindowFixture *fixture, const char *text)
{
  const char *words = g_dgettext (GETTEXT_PACKAGE, text);

  if (mortise_test_is_english () || words != text)
    mortise_test_wait_for_text (fixture->root, words);
}

typedef struct
{
  MortiseMockAgent *agent;
  char *calls;
} CallWait;

static gboolean
has_calls (gpointer user_data)
{
  CallWait *wait = user_data;

  g_free (wait->calls);
  wait->calls = mortise_mock_agent_take_calls (wait->agent);
  return wait->calls[0] != '\0';
}

char *
mortise_window_fixture_wait_for_call (MortiseWindowFixture *fixture)
{
  CallWait wait = { fixture->agent, NULL };

  mortise_test_wait_until (has_calls, &wait);
  return wait.calls;
}

void
mortise_window_fixture_assert_call (MortiseWindowFixture *fixture, const char *call)
{
  g_autofree char *calls = mortise_window_fixture_wait_for_call (fixture);
  g_autofree char *expected = g_strconcat (call, "\n", NULL);

  g_assert_cmpstr (calls, ==, expected);
}

GtkWindow *
mortise_window_fixture_get_dialog (MortiseWindowFixture *fixture)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *entry = windows; entry != NULL; entry = entry->next)
    {
      if (entry->data != (gpointer) fixture->window && gtk_widget_get_visible (entry->data))
        return entry->data;
    }
  g_error ("There is no dialog");
}

void
mortise_window_fixture_screenshot (MortiseWindowFixture *fixture, const char *name)
{
  mortise_test_settle (fixture->window);
  mortise_test_screenshot (fixture->window, name);
}

typedef struct
{
  GtkWidget *root;
  const char *title;
} TitleWait;

static gboolean
has_title (gpointer user_data)
{
  const TitleWait *wait = user_data;

  return mortise_test_find (wait->root, GTK_TYPE_LABEL, wait->title) != NULL;
}

void
mortise_window_fixture_wait_for_list (MortiseWindowFixture *fixture, guint count)
{
  g_autofree char *title =
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u passkey", "%u passkeys", count), count);
  TitleWait wait = { fixture->root, title };

  mortise_test_wait_until (has_title, &wait);
}

void
mortise_window_fixture_open_samples (MortiseWindowFixture *fixture)
{
  mortise_mock_agent_add_samples (fixture->agent, MORTISE_TEST_NOW);
  mortise_window_fixture_open (fixture);
  mortise_window_fixture_wait_for_list (fixture, 10);
}
