/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/toast.h"
#include "app/window/window.h"
#include "tests/support/end-with-test.h"
#include "tests/support/gui-test.h"
#include "tests/support/prompter-script.h"
#include "tests/support/scratch-folder.h"
#include "tests/support/screenshot.h"

/*
 * The window on the real agent in demo mode: a software TPM, a real vault, the socket transport and
 * libfido2. Only the person at the prompt is a script.
 */

typedef struct
{
  char *folder;
  PrompterScript *script;
  GSubprocess *agent;
  MortiseAgentClient *client;
  GtkWindow *window;
  GtkWidget *root;
} Fixture;

static gboolean
is_connected (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) > MORTISE_AGENT_MISSING;
}

static void
start_agent (Fixture *fixture)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "MORTISE_TEST_PROMPTER_DIR", fixture->script->directory,
                                TRUE);
  fixture->agent = g_subprocess_launcher_spawn (launcher, &error, g_getenv ("MORTISE_TEST_AGENT"),
                                                "--demo", "--prompter=" SCRIPTED_PROMPTER, NULL);
  g_assert_no_error (error);
}

/* One for all tests: an application cannot be registered twice. */
static GtkApplication *
get_application (void)
{
  static AdwApplication *application = NULL;

  if (application == NULL)
    {
      application = adw_application_new (MORTISE_APP_ID ".Test", G_APPLICATION_DEFAULT_FLAGS);
      g_application_set_resource_base_path (G_APPLICATION (application), MORTISE_OBJECT_PATH);
      g_assert_true (g_application_register (G_APPLICATION (application), NULL, NULL));
    }
  return GTK_APPLICATION (application);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);

  mortise_toast_set_undo_stays (TRUE);
  fixture->folder = scratch_folder_new ();
  fixture->script = prompter_script_new (fixture->folder);
  prompter_script_default (fixture->script, "approve pin=7391 new-pin=7391");
  start_agent (fixture);
  fixture->client = mortise_agent_client_new (connection, MORTISE_AGENT_CLIENT_DEMO);
  mortise_test_wait_until (is_connected, fixture->client);
  fixture->window = GTK_WINDOW (mortise_window_new (get_application (), fixture->client));
  fixture->root = GTK_WIDGET (fixture->window);
  mortise_test_screenshot_size (fixture->window, 1080, 860);
  gtk_window_present (fixture->window);
  mortise_test_settle (fixture->window);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (fixture->window);
  g_clear_object (&fixture->client);
  g_subprocess_send_signal (fixture->agent, SIGTERM);
  g_assert_true (g_subprocess_wait_check (fixture->agent, NULL, NULL));
  g_clear_object (&fixture->agent);
  g_clear_pointer (&fixture->script, prompter_script_free);
  scratch_folder_remove (fixture->folder);
}

static void
wait_for (Fixture *fixture, const char *text)
{
  mortise_test_wait_for_text (fixture->root, text);
}

static gboolean
is_locked (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) == MORTISE_AGENT_LISTABLE ||
         mortise_agent_client_get_state (user_data) == MORTISE_AGENT_LOCKED;
}

static void
test_first_minutes (Fixture *fixture, gconstpointer data)
{
  wait_for (fixture, "Demo: software TPM, not hardware-bound");
  mortise_test_click (fixture->root, "Choose a PIN…");
  wait_for (fixture, "One Code for Bad Days");
  mortise_test_click (fixture->root, "Later");
  wait_for (fixture, "Your Vault Is Ready");

  /* The same path as a browser: CTAPHID, CTAP2, the prompt, the TPM. */
  mortise_test_click (fixture->root, "Try It");
  wait_for (fixture, "the signature is right.");
  wait_for (fixture, "it is right. The site was told: you were there and verified · single-device");
  /* Once it worked, the way on is to the list. */
  g_assert_false (gtk_widget_has_css_class (
      mortise_test_get (fixture->root, GTK_TYPE_BUTTON, "Try Again"), "suggested-action"));
  wait_for (fixture, "A TPM in software (IBM SW TPM)");
  g_assert_false (mortise_test_has_text (fixture->root, "Start at login"));
  mortise_test_screenshot (fixture->window, "demo-try-it");

  /* What was made is in the list, and the TPM says what it is. */
  wait_for (fixture, "The test passkey is in your list");
  mortise_test_click (fixture->root, "Show the Test Passkey");
  wait_for (fixture, "Names on This Computer");
  wait_for (fixture, "The TPM says: device-only.");
  wait_for (fixture, "A software TPM");
  wait_for (fixture, "you were there and gave your PIN");
  mortise_test_screenshot (fixture->window, "demo-passkey");

  /* A note is kept without a question; deleting asks, and can be undone. */
  {
    GtkWidget *label = mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, "Your label");
    guint asked = prompter_script_count (fixture->script);

    mortise_test_apply (GTK_EDITABLE (label), "First try");
    wait_for (fixture, "First try");
    g_assert_cmpuint (prompter_script_count (fixture->script), ==, asked);
    mortise_test_click (fixture->root, "Delete This Passkey");
    wait_for (fixture, "No Passkeys Left");
    g_assert_cmpuint (prompter_script_count (fixture->script), ==, asked + 1);
    mortise_test_click (fixture->root, "Undo");
    wait_for (fixture, "1 passkey");
    g_assert_cmpuint (prompter_script_count (fixture->script), ==, asked + 1);
  }

  mortise_test_click (fixture->root, "Lock the Vault");
  mortise_test_wait_until (is_locked, fixture->client);
}

static void
test_said_no (Fixture *fixture, gconstpointer data)
{
  prompter_script_answer (fixture->script, "deny");
  mortise_test_click (fixture->root, "Choose a PIN…");
  prompter_script_wait_for (fixture->script, "1 answer");
  mortise_test_settle (fixture->window);
  wait_for (fixture, "Passkeys on This Computer");
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);
  /* By the words on the screen: once, in English. */
  if (!g_str_equal (mortise_test_get_variant (), "light"))
    return g_test_run ();
  g_test_add ("/window/demo/first-minutes", Fixture, NULL, set_up, test_first_minutes, tear_down);
  g_test_add ("/window/demo/said-no", Fixture, NULL, set_up, test_said_no, tear_down);
  return g_test_run ();
}
