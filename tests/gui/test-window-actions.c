/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/preferences.h"
#include "tests/support/window-fixture.h"

/* What a person presses in the window, and what the agent is asked because of it. */

typedef MortiseWindowFixture Fixture;

static void
open_passkey (Fixture *fixture, const char *sentence)
{
  g_autofree char *name = g_strconcat ("Open ", sentence, NULL);

  mortise_test_click (fixture->root, name);
  mortise_window_fixture_wait_for_text (fixture, "Names on This Computer");
}

static void
wait_for (Fixture *fixture, const char *text)
{
  mortise_window_fixture_wait_for_text (fixture, text);
}

typedef struct
{
  GtkWidget *root;
  GType type;
  const char *name;
} Absence;

static gboolean
is_absent (gpointer user_data)
{
  const Absence *absence = user_data;

  return mortise_test_find (absence->root, absence->type, absence->name) == NULL;
}

static void
wait_until_gone (Fixture *fixture, GType type, const char *name)
{
  Absence absence = { fixture->root, type, name };

  mortise_test_wait_until (is_absent, &absence);
}

static void
test_open (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (mortise_test_get (
                       fixture->root, ADW_TYPE_ENTRY_ROW, "Name in the site’s own list"))),
                   ==, "Desk computer");
  wait_for (fixture, "The TPM says: device-only.");
  g_assert_true (mortise_test_has_text (fixture->root, "143"));
  open_passkey (fixture, "alice-work at github.com");
  wait_for (fixture, "The TPM says: not bound to this TPM.");
}

static void
test_delete_and_undo (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  mortise_test_click (fixture->root, "Delete This Passkey");
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([1],)");
  wait_for (fixture, "Deleted alice at github.com");
  wait_for (fixture, "9 passkeys");
  g_assert_null (mortise_test_find (fixture->root, GTK_TYPE_BUTTON, "Open alice at github.com"));
  /* Its page goes with it. */
  g_assert_false (mortise_test_has_text (fixture->root, "Names on This Computer"));

  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "RestorePasskeys ([1],)");
  wait_for (fixture, "10 passkeys");
  mortise_test_get (fixture->root, GTK_TYPE_BUTTON, "Open alice at github.com");
}

/* A second deletion does not push the way back from the first off the screen. */
static void
test_undo_two (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  gtk_widget_activate_action (fixture->root, "win.delete-passkey", "x", (gint64) 1);
  wait_for (fixture, "Deleted alice at github.com");
  gtk_widget_activate_action (fixture->root, "win.delete-passkey", "x", (gint64) 3);
  wait_for (fixture, "Deleted 2 passkeys");
  g_free (mortise_window_fixture_wait_for_call (fixture));
  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "RestorePasskeys ([1, 3],)");
  wait_for (fixture, "10 passkeys");
  /* What was taken back is not offered again. */
  gtk_widget_activate_action (fixture->root, "win.delete-passkey", "x", (gint64) 1);
  wait_for (fixture, "Deleted alice at github.com");
}

/* An edit and a deletion are offered to be undone one after the other, the last one first; neither
 * takes the way back from the other. */
static void
test_undo_edit_and_delete (Fixture *fixture, gconstpointer data)
{
  GtkEditable *entry = NULL;

  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  gtk_widget_activate_action (fixture->root, "win.delete-passkey", "x", (gint64) 3);
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([3],)");
  wait_for (fixture, "Deleted ");
  entry = GTK_EDITABLE (mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, "Your note"));
  mortise_test_apply (entry, "At the desk");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'note': <'At the desk'>})");
  wait_for (fixture, "Note changed");
  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'note': <''>})");
  wait_for (fixture, "Deleted ");
  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "RestorePasskeys ([3],)");
  wait_for (fixture, "10 passkeys");

  /* The other way round. */
  mortise_test_apply (entry, "On the shelf");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'note': <'On the shelf'>})");
  wait_for (fixture, "Note changed");
  gtk_widget_activate_action (fixture->root, "win.delete-passkey", "x", (gint64) 3);
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([3],)");
  wait_for (fixture, "Deleted ");
  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "RestorePasskeys ([3],)");
  wait_for (fixture, "Note changed");
  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'note': <''>})");
}

static void
test_delete_denied (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  mortise_test_click (fixture->root, "Delete This Passkey");
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([1],)");
  wait_for (fixture, "10 passkeys");
  mortise_test_settle (fixture->window);
  g_assert_false (mortise_test_has_text (fixture->root, "You said no."));
  g_assert_true (mortise_test_has_text (fixture->root, "Names on This Computer"));
}

static void
test_delete_fails (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  mortise_mock_agent_set_answer (fixture->agent, "VaultFull", "The disk is full.");
  mortise_test_click (fixture->root, "Delete This Passkey");
  wait_for (fixture, "The disk is full.");
  g_assert_true (mortise_test_has_text (fixture->root, "10 passkeys"));
}

static GtkEditable *
get_label_entry (Fixture *fixture)
{
  return GTK_EDITABLE (mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, "Your label"));
}

static void
test_edit_label (Fixture *fixture, gconstpointer data)
{
  GtkEditable *entry = NULL;

  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  entry = get_label_entry (fixture);
  mortise_test_apply (entry, "Home");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Home'>})");
  /* In the list the label is shown as soon as the agent says so. */
  wait_for (fixture, "Home");
  mortise_test_apply (entry, "");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <''>})");
}

typedef struct
{
  GtkWidget *root;
  GtkWidget *earlier; /* weak */
} NewToast;

static gboolean
has_new_toast (gpointer user_data)
{
  const NewToast *wanted = user_data;
  GtkWidget *toast = mortise_test_find (wanted->root, g_type_from_name ("AdwToastWidget"), NULL);

  return toast != NULL && toast != wanted->earlier;
}

/* Until its toast is shown: the toast of an earlier change says the same. */
static void
change_label (Fixture *fixture, const char *text)
{
  GtkEditable *entry = get_label_entry (fixture);
  g_autofree char *call = g_strdup_printf ("EditPasskey (1, {'label': <'%s'>})", text);
  NewToast wanted = { .root = fixture->root };

  g_set_weak_pointer (&wanted.earlier,
                      mortise_test_find (fixture->root, g_type_from_name ("AdwToastWidget"), NULL));
  mortise_test_apply (entry, text);
  mortise_window_fixture_assert_call (fixture, call);
  mortise_test_wait_until (has_new_toast, &wanted);
  g_clear_weak_pointer (&wanted.earlier);
  wait_for (fixture, "Label changed");
  /* In the list, too: what the next change would be taken back to. */
  wait_for (fixture, text);
}

/* libadwaita 1.2 gives the toast's cross no name. */
static void
close_toast (Fixture *fixture)
{
  GtkWidget *toast = mortise_test_get (fixture->root, g_type_from_name ("AdwToastWidget"), NULL);
  GtkWidget *cross = gtk_widget_get_last_child (toast);

  while (cross != NULL && !GTK_IS_BUTTON (cross))
    cross = gtk_widget_get_last_child (cross);
  g_assert_nonnull (cross);
  g_assert_null (gtk_button_get_label (GTK_BUTTON (cross)));
  g_signal_emit_by_name (cross, "clicked");
  mortise_test_settle (fixture->window);
}

/* The last edit can be taken back; the one before it does not come back to undo it. */
static void
test_undo_last_edit (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  change_label (fixture, "First");
  change_label (fixture, "Second");
  close_toast (fixture);
  g_assert_null (mortise_test_find (fixture->root, GTK_TYPE_BUTTON, "Undo"));

  change_label (fixture, "Third");
  mortise_test_click (fixture->root, "Undo");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Second'>})");
}

static void
test_edit_fails (Fixture *fixture, gconstpointer data)
{
  GtkEditable *entry = NULL;

  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  entry = get_label_entry (fixture);
  mortise_mock_agent_set_answer (fixture->agent, "VaultFull", "The disk is full.");
  mortise_test_apply (entry, "Home");
  wait_for (fixture, "The disk is full.");
  g_assert_cmpstr (gtk_editable_get_text (entry), ==, "Home");
}

/* What was typed and not yet applied is sent when another passkey is opened. */
static void
test_edit_and_leave (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  gtk_editable_set_text (get_label_entry (fixture), "Half written");
  open_passkey (fixture, "alice-work at github.com");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Half written'>})");
  g_assert_cmpstr (gtk_editable_get_text (get_label_entry (fixture)), ==, "Work account");
}

/* What could not be stored then waits there, for another try. */
static void
test_leave_and_fail (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  gtk_editable_set_text (get_label_entry (fixture), "Half written");
  mortise_mock_agent_set_answer (fixture->agent, "VaultFull", "The disk is full.");
  open_passkey (fixture, "alice-work at github.com");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Half written'>})");
  wait_for (fixture, "The disk is full.");
  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  open_passkey (fixture, "alice at github.com");
  g_assert_cmpstr (gtk_editable_get_text (get_label_entry (fixture)), ==, "Half written");
  g_signal_emit_by_name (get_label_entry (fixture), "apply");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Half written'>})");
}

static gboolean
is_missing (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) == MORTISE_AGENT_MISSING;
}

static gboolean
is_unlocked (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) == MORTISE_AGENT_UNLOCKED;
}

static gboolean
is_locked (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) == MORTISE_AGENT_LOCKED;
}

static void
test_agent_restart (Fixture *fixture, gconstpointer data)
{
  GtkEditable *entry = NULL;
  g_autofree char *calls = NULL;

  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  entry = get_label_entry (fixture);
  gtk_editable_set_text (entry, "Half written");

  mortise_mock_agent_release_name (fixture->agent);
  mortise_test_wait_until (is_missing, fixture->client);
  wait_for (fixture, "background service stopped");
  g_assert_cmpstr (gtk_editable_get_text (entry), ==, "Half written");

  /* It comes back locked, is unlocked, and the same page is there with the same words. */
  mortise_mock_agent_set_state (fixture->agent, "locked");
  mortise_mock_agent_own_name (fixture->agent, FALSE);
  mortise_test_wait_until (is_locked, fixture->client);
  wait_for (fixture, "The Vault Is Locked");
  g_assert_false (mortise_test_has_text (fixture->root, "github.com"));
  mortise_mock_agent_set_state (fixture->agent, "unlocked");
  mortise_test_wait_until (is_unlocked, fixture->client);
  wait_for (fixture, "Names on This Computer");
  entry = get_label_entry (fixture);
  g_assert_cmpstr (gtk_editable_get_text (entry), ==, "Half written");
  g_signal_emit_by_name (entry, "apply");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Half written'>})");
}

static void
lose_agent (Fixture *fixture)
{
  mortise_mock_agent_release_name (fixture->agent);
  mortise_test_wait_until (is_missing, fixture->client);
}

static void
find_agent (Fixture *fixture)
{
  mortise_mock_agent_own_name (fixture->agent, FALSE);
  mortise_test_wait_until (is_unlocked, fixture->client);
}

/* The banner has said it; no field says it again. */
static void
assert_no_dialog (Fixture *fixture)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *entry = windows; entry != NULL; entry = entry->next)
    g_assert_true (entry->data == (gpointer) fixture->window ||
                   !gtk_widget_get_visible (entry->data));
}

/* Every field, typed into while the agent is there, and left for another passkey when it is not. */
static void
test_leave_while_away (Fixture *fixture, gconstpointer data)
{
  static const char *const fields[] = { "Account name", "Display name", "Your label", "Your note",
                                        "Name in the site’s own list" };
  g_autofree char *calls = NULL;

  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    gtk_editable_set_text (
        GTK_EDITABLE (mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, fields[i])),
        "Half written");
  lose_agent (fixture);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", (gint64) 2);
  mortise_test_settle (fixture->window);
  g_assert_cmpstr (gtk_editable_get_text (get_label_entry (fixture)), ==, "Work account");
  assert_no_dialog (fixture);
  find_agent (fixture);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", (gint64) 1);
  mortise_test_settle (fixture->window);
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (
                         mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, fields[i]))),
                     ==, "Half written");
  calls = mortise_mock_agent_take_calls (fixture->agent);
  g_assert_cmpstr (calls, ==, "");
  g_signal_emit_by_name (get_label_entry (fixture), "apply");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Half written'>})");
}

/* The agent ends with the question on the screen: what was asked about can be applied again. */
static void
test_restart_while_asked (Fixture *fixture, gconstpointer data)
{
  GtkEditable *entry = NULL;

  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  entry = GTK_EDITABLE (mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, "Account name"));
  mortise_mock_agent_set_hold (fixture->agent, TRUE);
  mortise_test_apply (entry, "alice@new.example");
  mortise_window_fixture_assert_call (fixture,
                                      "EditPasskey (1, {'user-name': <'alice@new.example'>})");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", (gint64) 2);
  lose_agent (fixture);
  mortise_mock_agent_set_answer (fixture->agent, "Failed", "The agent ended.");
  mortise_mock_agent_set_hold (fixture->agent, FALSE);
  wait_for (fixture, "The agent ended.");
  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  find_agent (fixture);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", (gint64) 1);
  mortise_test_settle (fixture->window);
  g_assert_cmpstr (gtk_editable_get_text (entry), ==, "alice@new.example");
  g_signal_emit_by_name (entry, "apply");
  mortise_window_fixture_assert_call (fixture,
                                      "EditPasskey (1, {'user-name': <'alice@new.example'>})");
}

/* A note is kept when the window is closed over it; what would be asked about is not sent. */
static void
test_close_with_edits (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  gtk_editable_set_text (get_label_entry (fixture), "Home");
  gtk_editable_set_text (
      GTK_EDITABLE (mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, "Account name")), "bob");
  gtk_window_close (fixture->window);
  mortise_test_click (mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG),
                      "Close Without Saving");
  fixture->window = NULL;
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'label': <'Home'>})");
}

static void
test_call_while_away (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  mortise_mock_agent_release_name (fixture->agent);
  mortise_test_wait_until (is_missing, fixture->client);
  mortise_test_click (fixture->root, "Delete This Passkey");
  mortise_test_settle (fixture->window);
  g_assert_true (mortise_test_has_text (fixture->root, "github.com"));
}

static void
test_lock_and_unlock (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  mortise_test_click (fixture->root, "Lock the Vault");
  mortise_window_fixture_assert_call (fixture, "Lock ()");
  wait_for (fixture, "using a passkey needs your PIN");
  mortise_test_click (fixture->root, "Unlock the Vault");
  mortise_window_fixture_assert_call (fixture, "Unlock ()");
  wait_for (fixture, "The vault is unlocked.");
}

static void
test_unlock_to_read (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_state (fixture->agent, "listable");
  mortise_window_fixture_open_samples (fixture);
  open_passkey (fixture, "alice at github.com");
  wait_for (fixture, "This is what was recorded");
  mortise_test_click (fixture->root, "Unlock and Read from the TPM…");
  mortise_window_fixture_assert_call (fixture, "Unlock ()");
  wait_for (fixture, "Read from the TPM just now.");
}

static void
test_locked_page (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_add_samples (fixture->agent, MORTISE_TEST_NOW);
  mortise_mock_agent_set_state (fixture->agent, "locked");
  mortise_window_fixture_open (fixture);
  mortise_test_click (fixture->root, "Unlock…");
  mortise_window_fixture_assert_call (fixture, "Unlock ()");
  wait_for (fixture, "10 passkeys");
}

static gboolean
offers_recovery (gpointer user_data)
{
  return mortise_test_find (user_data, GTK_TYPE_BUTTON, "Use the Recovery Code…") != NULL;
}

/* Who forgot the PIN finds the way on where the vault is closed. */
static void
test_forgot_pin (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_add_samples (fixture->agent, MORTISE_TEST_NOW);
  mortise_mock_agent_set_state (fixture->agent, "locked");
  mortise_mock_agent_set_recovery_code (fixture->agent, FALSE);
  mortise_window_fixture_open (fixture);
  wait_for (fixture, "The Vault Is Locked");
  g_assert_null (mortise_test_find (fixture->root, GTK_TYPE_BUTTON, "Use the Recovery Code…"));
  mortise_mock_agent_set_recovery_code (fixture->agent, TRUE);
  mortise_test_wait_until (offers_recovery, fixture->root);
  mortise_test_click (fixture->root, "Use the Recovery Code…");
  mortise_window_fixture_assert_call (fixture, "ResetPin ()");
}

static void
test_retry (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_problem (fixture->agent, "VaultInUse", "");
  mortise_window_fixture_open (fixture);
  mortise_test_click (fixture->root, "Try Again");
  mortise_window_fixture_assert_call (fixture, "Retry ()");
}

static guint
count_buttons (GtkWidget *widget)
{
  guint count = 0;

  if (!gtk_widget_get_mapped (widget))
    return 0;
  if (GTK_IS_BUTTON (widget))
    return gtk_widget_is_sensitive (widget) ? 1 : 0;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    count += count_buttons (child);
  return count;
}

/* Whatever keeps the list away, there is one thing to press, and it does something about it. */
static void
test_one_action (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *problem;
    const char *button;
  } cases[] = {
    { "TpmMissing", "See What Is Wrong" },
    { "TpmAccess", "See What Is Wrong" },
    { "TpmUnsuitable", "See What Is Wrong" },
    { "TpmOther", "See What Is Wrong" },
    { "Unheard", "See What Is Wrong" },
    { "TpmLockout", "Try Again" },
    { "VaultNewer", "Try Again" },
    { "VaultDamaged", "Try Again" },
    { "VaultInUse", "Try Again" },
    { "VaultIo", "Try Again" },
  };

  mortise_mock_agent_set_problem (fixture->agent, cases[0].problem, "");
  mortise_window_fixture_open (fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GtkWidget *page = NULL;

      gtk_widget_activate_action (fixture->root, "win.page", "s", "passkeys");
      mortise_mock_agent_set_problem (fixture->agent, cases[i].problem, cases[i].problem);
      wait_for (fixture, cases[i].problem);
      page = mortise_test_get (fixture->root, ADW_TYPE_STATUS_PAGE, NULL);
      g_assert_cmpuint (count_buttons (page), ==, 1);
      mortise_test_click (page, cases[i].button);
      if (g_str_equal (cases[i].button, "Try Again"))
        mortise_window_fixture_assert_call (fixture, "Retry ()");
      else
        wait_for (fixture, "What Passkeys Need");
    }
}

static void
test_recently_deleted (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  gtk_widget_activate_action (fixture->root, "win.page", "s", "deleted");
  wait_for (fixture, "27 days left");
  mortise_test_click (fixture->root, "Restore alice_1999 at old-forum.example");
  mortise_window_fixture_assert_call (fixture, "RestorePasskeys ([11],)");
  wait_for (fixture, "Passkey restored");
  wait_until_gone (fixture, GTK_TYPE_BUTTON, "Restore alice_1999 at old-forum.example");
  mortise_test_click (fixture->root, "Delete alice at video.example for good");
  mortise_window_fixture_assert_call (fixture, "PurgePasskeys ([12],)");
  wait_for (fixture, "Nothing Was Deleted");
}

static void
test_purge_all (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  gtk_widget_activate_action (fixture->root, "win.page", "s", "deleted");
  wait_for (fixture, "27 days left");
  mortise_test_click (fixture->root, "Delete All for Good");
  mortise_window_fixture_assert_call (fixture, "PurgePasskeys ([11, 12],)");
  wait_for (fixture, "Nothing Was Deleted");
}

/* A passkey made in a browser meanwhile. */
static void
test_passkey_appears (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW,
                          g_variant_new_parsed ("{'rp-id': <'brand-new.example'>}"));
  mortise_mock_agent_emit_changed (fixture->agent);
  wait_for (fixture, "11 passkeys");
  g_assert_true (mortise_test_has_text (fixture->root, "brand-new.example"));
}

static GtkWidget *
open_preferences (Fixture *fixture)
{
  gtk_widget_activate_action (fixture->root, "win.preferences", NULL);
  return mortise_test_wait_for_window (MORTISE_TYPE_PREFERENCES);
}

static gboolean
is_on (gpointer user_data)
{
  return gtk_switch_get_state (user_data);
}

static gboolean
is_insensitive (gpointer user_data)
{
  return !gtk_widget_is_sensitive (user_data);
}

static gboolean
is_off (gpointer user_data)
{
  return !gtk_switch_get_state (user_data) && !gtk_switch_get_active (user_data);
}

/* On only through the agent, and so only after its question; where no finger can be used the row
 * says why, and what was on can be switched off. */
static void
test_fingerprint (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;
  GtkWidget *widget = NULL;

  mortise_window_fixture_open (fixture);
  dialog = open_preferences (fixture);
  widget = mortise_test_get (dialog, GTK_TYPE_SWITCH, "Fingerprint instead of the PIN");
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (widget)));
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  gtk_widget_activate (widget);
  mortise_window_fixture_assert_call (fixture, "SetSetting ('fingerprint', <true>)");
  mortise_test_wait_until (is_off, widget);
  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  gtk_widget_activate (widget);
  mortise_window_fixture_assert_call (fixture, "SetSetting ('fingerprint', <true>)");
  mortise_test_wait_until (is_on, widget);
  gtk_window_destroy (GTK_WINDOW (dialog));

  mortise_mock_agent_set_fingerprint (fixture->agent, "no-reader", "There is none.",
                                      "Plug one in.");
  dialog = open_preferences (fixture);
  widget = mortise_test_get (dialog, GTK_TYPE_SWITCH, "Fingerprint instead of the PIN");
  mortise_test_wait_for_text (dialog, "There is none.\nPlug one in.");
  mortise_test_wait_until (is_on, widget);
  g_assert_true (gtk_widget_is_sensitive (widget));
  gtk_widget_activate (widget);
  mortise_window_fixture_assert_call (fixture, "SetSetting ('fingerprint', <false>)");
  mortise_test_wait_until (is_off, widget);
  mortise_test_wait_until (is_insensitive, widget);
  /* The reason is not greyed out with it. */
  g_assert_true (gtk_widget_is_sensitive (gtk_widget_get_ancestor (widget, ADW_TYPE_ACTION_ROW)));
  gtk_window_destroy (GTK_WINDOW (dialog));
}

static void
test_settings (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;
  GtkWidget *export_switch = NULL;
  AdwComboRow *idle = NULL;

  mortise_window_fixture_open (fixture);
  dialog = open_preferences (fixture);
  export_switch =
      mortise_test_get (dialog, GTK_TYPE_SWITCH, "Allow encrypted export of new passkeys");
  gtk_widget_activate (export_switch);
  mortise_window_fixture_assert_call (fixture, "SetSetting ('export-default', <true>)");
  mortise_test_wait_until (is_on, export_switch);

  gtk_widget_activate (
      mortise_test_get (dialog, GTK_TYPE_SWITCH, "Ask for the PIN on Mortise’s own prompt"));
  mortise_window_fixture_assert_call (fixture, "SetSetting ('builtin-uv', <false>)");

  /* A no on the prompt: the switch goes back. */
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  gtk_widget_activate (mortise_test_get (dialog, GTK_TYPE_SWITCH, "Always ask for the PIN"));
  mortise_window_fixture_assert_call (fixture, "SetSetting ('always-uv', <true>)");
  mortise_test_wait_until (is_off,
                           mortise_test_get (dialog, GTK_TYPE_SWITCH, "Always ask for the PIN"));

  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  idle =
      ADW_COMBO_ROW (mortise_test_get (dialog, ADW_TYPE_COMBO_ROW, "Lock after time without use"));
  g_assert_cmpuint (adw_combo_row_get_selected (idle), ==, 1);
  adw_combo_row_set_selected (idle, 2);
  mortise_window_fixture_assert_call (fixture, "SetSetting ('idle-lock', <uint32 900>)");

  mortise_test_click (dialog, "Change PIN");
  mortise_window_fixture_assert_call (fixture, "ChangePin ()");
  mortise_test_click (dialog, "Destroy the Vault");
  mortise_window_fixture_assert_call (fixture, "Reset ()");
  wait_for (fixture, "Passkeys on This Computer");
}

static gboolean
banner_is_gone (gpointer user_data)
{
  Fixture *fixture = user_data;

  return !mortise_test_has_text (fixture->root, "There is no recovery code");
}

static void
test_first_run (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_state (fixture->agent, "no-vault");
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  mortise_window_fixture_open (fixture);
  mortise_test_click (fixture->root, "Choose a PIN…");
  mortise_window_fixture_assert_call (fixture, "CreateVault ()");
  wait_for (fixture, "Passkeys on This Computer");
  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  mortise_test_settle (fixture->window);
  mortise_mock_agent_set_recovery_code (fixture->agent, FALSE);
  mortise_test_click (fixture->root, "Choose a PIN…");
  mortise_window_fixture_assert_call (fixture, "CreateVault ()");
  wait_for (fixture, "One Code for Bad Days");
  /* A no leaves both ways open. */
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  mortise_test_click (fixture->root, "Make a Recovery Code…");
  mortise_window_fixture_assert_call (fixture, "CreateRecoveryCode ()");
  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  mortise_test_settle (fixture->window);
  wait_for (fixture, "One Code for Bad Days");
  mortise_test_click (fixture->root, "Later");
  wait_for (fixture, "Your Vault Is Ready");
  mortise_test_click (fixture->root, "Go to Your Passkeys");
  wait_for (fixture, "No Passkeys Yet");
  /* Put off, and not forgotten. */
  wait_for (fixture, "There is no recovery code");
  mortise_test_click (fixture->root, "Make One…");
  mortise_window_fixture_assert_call (fixture, "CreateRecoveryCode ()");
  mortise_test_wait_until (banner_is_gone, fixture);
}

static void
test_first_run_with_code (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_state (fixture->agent, "no-vault");
  mortise_mock_agent_set_recovery_code (fixture->agent, FALSE);
  mortise_window_fixture_open (fixture);
  mortise_test_click (fixture->root, "Choose a PIN…");
  wait_for (fixture, "One Code for Bad Days");
  mortise_test_click (fixture->root, "Make a Recovery Code…");
  wait_for (fixture, "Your Vault Is Ready");
  mortise_test_click (fixture->root, "Go to Your Passkeys");
  wait_for (fixture, "No Passkeys Yet");
  /* The agent tells that there is a code right after it has answered. */
  mortise_test_wait_until (banner_is_gone, fixture);
}

static gboolean
has_no_code (gpointer user_data)
{
  return mortise_test_has_text (user_data, "There is none");
}

static gboolean
has_code (gpointer user_data)
{
  return !mortise_test_has_text (user_data, "There is none") &&
         mortise_test_find (user_data, GTK_TYPE_BUTTON, "Remove the Recovery Code") != NULL;
}

static gboolean
may_change (gpointer user_data)
{
  return gtk_widget_is_sensitive (mortise_test_get (user_data, GTK_TYPE_BUTTON, "Change PIN"));
}

static void
test_keyslots (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;
  GtkWidget *login = NULL;

  mortise_mock_agent_set_recovery_code (fixture->agent, FALSE);
  mortise_window_fixture_open (fixture);
  dialog = open_preferences (fixture);
  mortise_test_wait_until (has_no_code, dialog);
  g_assert_null (
      mortise_test_find (dialog, GTK_TYPE_BUTTON, "Set a New PIN with the Recovery Code"));
  mortise_test_click (dialog, "Make a Recovery Code");
  mortise_window_fixture_assert_call (fixture, "CreateRecoveryCode ()");
  mortise_test_wait_until (has_code, dialog);
  mortise_test_wait_until (may_change, dialog);
  mortise_test_click (dialog, "Replace the Recovery Code");
  mortise_window_fixture_assert_call (fixture, "CreateRecoveryCode ()");
  mortise_test_wait_until (may_change, dialog);
  mortise_test_click (dialog, "Set a New PIN with the Recovery Code");
  mortise_window_fixture_assert_call (fixture, "ResetPin ()");
  mortise_test_wait_until (may_change, dialog);
  mortise_test_click (dialog, "Remove the Recovery Code");
  mortise_window_fixture_assert_call (fixture, "SetKeyslot ('recovery', false)");
  mortise_test_wait_until (has_no_code, dialog);
  mortise_test_wait_until (may_change, dialog);

  login = mortise_test_get (dialog, GTK_TYPE_SWITCH,
                            "Show the list without the PIN, through the login keyring");
  g_assert_true (gtk_switch_get_active (GTK_SWITCH (login)));
  gtk_widget_activate (login);
  mortise_window_fixture_assert_call (fixture, "SetKeyslot ('login', false)");
  mortise_test_wait_until (is_off, login);
  mortise_test_wait_until (may_change, dialog);
  /* A no on the prompt: it stays off. */
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  gtk_widget_activate (login);
  mortise_window_fixture_assert_call (fixture, "SetKeyslot ('login', true)");
  mortise_test_wait_until (is_off, login);
}

static void
assert_row (GtkWidget *dialog, const char *title, const char *text)
{
  GtkWidget *row = mortise_test_get (dialog, ADW_TYPE_ACTION_ROW, title);

  mortise_test_wait_for_text (row, text);
}

/* Each way in says whether there is one, since when, when it was last used, and what is wrong. */
static void
test_keyslot_states (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;

  mortise_window_fixture_open (fixture);
  dialog = open_preferences (fixture);
  assert_row (dialog, "PIN", "Made: 14 Nov 2023. Last used: 9 Sep 2024.");
  assert_row (dialog, "PIN", "old copies of the vault’s file keep the old PIN");
  assert_row (dialog, "Recovery code", "Made: 15 Nov 2023. Not used since.");
  assert_row (dialog, "Login keyring", "Last used: 10 Sep 2024.");
  g_assert_false (mortise_test_has_text (dialog, "before the PIN is blocked"));

  mortise_mock_agent_set_pin_retries (fixture->agent, 3);
  assert_row (dialog, "PIN", "3 tries are left before the PIN is blocked");
  mortise_mock_agent_set_pin_retries (fixture->agent, 0);
  assert_row (dialog, "PIN", "set a new one with the recovery code");
  mortise_mock_agent_set_recovery_code (fixture->agent, FALSE);
  assert_row (dialog, "PIN", "only destroying the vault is left");
  assert_row (dialog, "Recovery code", "There is none");
}

static gboolean
is_gone (gpointer user_data)
{
  return *(GtkWidget **) user_data == NULL;
}

/* Left behind, they would keep the keys from the next window, for they are modal. */
static void
test_preferences_go (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = NULL;

  mortise_window_fixture_open_samples (fixture);
  dialog = open_preferences (fixture);
  g_object_add_weak_pointer (G_OBJECT (dialog), (gpointer *) &dialog);
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  mortise_test_wait_until (is_gone, &dialog);
}

static void
test_keyboard (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  /* Search, choose the first result, go back and to other pages: no pointer. */
  mortise_test_keys ("ctrl+f", NULL);
  mortise_test_settle (fixture->window);
  mortise_test_keys ("m", "u", "l", "l", "e", "r", NULL);
  wait_for (fixture, "1 of 10");
  mortise_test_keys ("Return", NULL);
  wait_for (fixture, "Names on This Computer");
  g_assert_true (mortise_test_has_text (fixture->root, "Zoë Müller"));
  mortise_test_keys ("ctrl+f", "Escape", NULL);
  wait_for (fixture, "10 passkeys");
  mortise_test_keys ("alt+2", NULL);
  wait_for (fixture, "27 days left");
  mortise_test_keys ("alt+3", NULL);
  wait_for (fixture, "What Passkeys Need");
  mortise_test_keys ("alt+1", NULL);
  wait_for (fixture, "10 passkeys");
  mortise_test_keys ("ctrl+l", NULL);
  mortise_window_fixture_assert_call (fixture, "Lock ()");
}

/* Typing with nothing focused in particular starts a search. */
static void
test_type_to_search (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  gtk_widget_grab_focus (
      mortise_test_get (fixture->root, GTK_TYPE_BUTTON, "Open alice at github.com"));
  mortise_test_keys ("g", "i", "t", "h", NULL);
  wait_for (fixture, "2 of 10");
}

static gboolean
has_focus (gpointer user_data)
{
  return gtk_widget_has_focus (user_data);
}

static void
wait_for_focus (Fixture *fixture, const char *button)
{
  mortise_test_wait_until (has_focus, mortise_test_get (fixture->root, GTK_TYPE_BUTTON, button));
}

/* The one step on is always under the Enter key, after a no as well. */
static void
test_first_run_by_keyboard (Fixture *fixture, gconstpointer data)
{
  mortise_mock_agent_set_state (fixture->agent, "no-vault");
  mortise_mock_agent_set_recovery_code (fixture->agent, FALSE);
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  mortise_window_fixture_open (fixture);
  wait_for_focus (fixture, "Choose a PIN…");
  mortise_test_keys ("Return", NULL);
  mortise_window_fixture_assert_call (fixture, "CreateVault ()");
  wait_for_focus (fixture, "Choose a PIN…");
  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  mortise_test_keys ("Return", NULL);
  mortise_window_fixture_assert_call (fixture, "CreateVault ()");
  wait_for (fixture, "One Code for Bad Days");
  wait_for_focus (fixture, "Make a Recovery Code…");
  mortise_test_keys ("Return", NULL);
  mortise_window_fixture_assert_call (fixture, "CreateRecoveryCode ()");
  wait_for (fixture, "Your Vault Is Ready");
  wait_for_focus (fixture, "Try It");
  /* Help is at hand before there is a vault, too. */
  mortise_test_keys ("F10", NULL);
  wait_for (fixture, "Keyboard Shortcuts");
  g_assert_true (mortise_test_has_text (fixture->root, "Help"));
  mortise_test_keys ("Escape", NULL);
  mortise_test_settle (fixture->window);
}

/* Tab leads into the list, the arrow keys through it, and the page follows. */
static void
test_list_by_keyboard (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  gtk_widget_grab_focus (mortise_test_get (fixture->root, GTK_TYPE_MENU_BUTTON, "Sort and Filter"));
  mortise_test_keys ("Tab", NULL);
  mortise_test_settle (fixture->window);
  mortise_test_keys ("Down", NULL);
  mortise_test_wait_until (has_focus,
                           mortise_test_get (fixture->root, GTK_TYPE_BUTTON,
                                             "Open alice@example.com at accounts.google.com"));
  wait_for (fixture, "Names on This Computer");
  g_assert_true (mortise_test_has_text (fixture->root, "Multi-device: may be backed up"));
  mortise_test_keys ("Down", "Down", "Return", NULL);
  wait_for (fixture, "Single-device: cannot be backed up");
}

static gboolean
has_ten_thousand (gpointer user_data)
{
  return mortise_test_has_text (user_data, "10000 passkeys");
}

static void
test_many (Fixture *fixture, gconstpointer data)
{
  gint64 start = 0;

  mortise_mock_agent_add_many (fixture->agent, MORTISE_TEST_NOW, 10000);
  start = g_get_monotonic_time ();
  mortise_window_fixture_open (fixture);
  g_test_message ("first frame after %.0f ms", (g_get_monotonic_time () - start) / 1000.0);
  mortise_test_wait_until (has_ten_thousand, fixture->root);
  g_test_message ("all listed after %.0f ms", (g_get_monotonic_time () - start) / 1000.0);
  gtk_widget_activate_action (fixture->root, "win.search", NULL);
  start = g_get_monotonic_time ();
  gtk_editable_set_text (
      GTK_EDITABLE (mortise_test_get (fixture->root, GTK_TYPE_SEARCH_ENTRY, NULL)), "user-09999");
  wait_for (fixture, "1 of 10000");
  g_test_message ("found after %.0f ms", (g_get_monotonic_time () - start) / 1000.0);
}

static void
test_deleted_by_keyboard (Fixture *fixture, gconstpointer data)
{
  mortise_window_fixture_open_samples (fixture);
  mortise_test_keys ("alt+2", NULL);
  wait_for (fixture, "27 days left");
  gtk_widget_grab_focus (mortise_test_get (fixture->root, GTK_TYPE_BUTTON, "Delete All for Good"));
  mortise_test_keys ("Tab", NULL);
  mortise_test_wait_until (has_focus, mortise_test_get (fixture->root, GTK_TYPE_BUTTON,
                                                        "Restore alice_1999 at old-forum.example"));
  mortise_test_keys ("space", NULL);
  mortise_window_fixture_assert_call (fixture, "RestorePasskeys ([11],)");
}

static gboolean
is_popover_hidden (gpointer user_data)
{
  return !gtk_widget_get_visible (user_data);
}

/* Escape closes what is open first: a menu, then the search. */
static void
test_escape (Fixture *fixture, gconstpointer data)
{
  GtkWidget *menu = NULL;
  GtkWidget *popover = NULL;

  mortise_window_fixture_open_samples (fixture);
  gtk_widget_activate_action (fixture->root, "win.search", NULL);
  mortise_test_settle (fixture->window);
  mortise_test_keys ("z", "o", "e", NULL);
  wait_for (fixture, "1 of 10");
  menu = mortise_test_get (fixture->root, GTK_TYPE_MENU_BUTTON, "Sort and Filter");
  gtk_menu_button_popup (GTK_MENU_BUTTON (menu));
  popover = GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (menu)));
  mortise_test_settle (fixture->window);
  g_assert_true (gtk_widget_get_visible (popover));
  mortise_test_keys ("Escape", NULL);
  mortise_test_wait_until (is_popover_hidden, popover);
  g_assert_true (mortise_test_has_text (fixture->root, "1 of 10"));
  gtk_widget_grab_focus (menu);
  mortise_test_keys ("Escape", NULL);
  wait_for (fixture, "10 passkeys");
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);
  /* By the words on the screen: once, in English. */
  if (!g_str_equal (mortise_test_get_variant (), "light"))
    return g_test_run ();

#define ADD(name, function) MORTISE_WINDOW_TEST ("/window/actions/" name, NULL, function)
  ADD ("open", test_open);
  ADD ("delete-and-undo", test_delete_and_undo);
  ADD ("undo-two", test_undo_two);
  ADD ("undo-edit-and-delete", test_undo_edit_and_delete);
  ADD ("delete-denied", test_delete_denied);
  ADD ("delete-fails", test_delete_fails);
  ADD ("edit-label", test_edit_label);
  ADD ("undo-last-edit", test_undo_last_edit);
  ADD ("edit-fails", test_edit_fails);
  ADD ("edit-and-leave", test_edit_and_leave);
  ADD ("leave-and-fail", test_leave_and_fail);
  ADD ("agent-restart", test_agent_restart);
  ADD ("leave-while-away", test_leave_while_away);
  ADD ("restart-while-asked", test_restart_while_asked);
  ADD ("close-with-edits", test_close_with_edits);
  ADD ("call-while-away", test_call_while_away);
  ADD ("lock-and-unlock", test_lock_and_unlock);
  ADD ("unlock-to-read", test_unlock_to_read);
  ADD ("locked-page", test_locked_page);
  ADD ("forgot-pin", test_forgot_pin);
  ADD ("retry", test_retry);
  ADD ("one-action", test_one_action);
  ADD ("recently-deleted", test_recently_deleted);
  ADD ("purge-all", test_purge_all);
  ADD ("passkey-appears", test_passkey_appears);
  ADD ("settings", test_settings);
  ADD ("fingerprint", test_fingerprint);
  ADD ("first-run", test_first_run);
  ADD ("first-run-with-code", test_first_run_with_code);
  ADD ("keyslots", test_keyslots);
  ADD ("keyslot-states", test_keyslot_states);
  ADD ("preferences-go", test_preferences_go);
  ADD ("keyboard", test_keyboard);
  ADD ("type-to-search", test_type_to_search);
  ADD ("first-run-by-keyboard", test_first_run_by_keyboard);
  ADD ("list-by-keyboard", test_list_by_keyboard);
  ADD ("deleted-by-keyboard", test_deleted_by_keyboard);
  ADD ("escape", test_escape);
  ADD ("many", test_many);
#undef ADD
  return g_test_run ();
}
