/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/screenshot.h"
#include "tests/support/window-fixture.h"

#include <string.h>

/* The page of one passkey: names on both sides, trouble with them, history, protection, export. */

typedef MortiseWindowFixture Fixture;

static void
wait_for (Fixture *fixture, const char *text)
{
  mortise_window_fixture_wait_for_words (fixture, text);
  mortise_test_settle (fixture->window);
}

static gint64
add (Fixture *fixture, const char *passkey)
{
  return mortise_mock_agent_add (fixture->agent, MORTISE_TEST_NOW, g_variant_new_parsed (passkey));
}

static gboolean
is_listed (gpointer user_data)
{
  return mortise_test_find (user_data, g_type_from_name ("MortisePasskeyRow"), NULL) != NULL;
}

static GtkWidget *
get_page (Fixture *fixture)
{
  return mortise_test_get (fixture->root, g_type_from_name ("MortisePasskeyPage"), NULL);
}

static void
show (Fixture *fixture, gint64 id)
{
  mortise_window_fixture_open (fixture);
  mortise_test_wait_until (is_listed, fixture->root);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", id);
  mortise_test_settle (fixture->window);
}

static GtkEditable *
get_entry (Fixture *fixture, const char *name)
{
  return GTK_EDITABLE (mortise_test_get (fixture->root, ADW_TYPE_ENTRY_ROW, name));
}

static void
type_name (Fixture *fixture, const char *entry, const char *text)
{
  mortise_test_apply (get_entry (fixture, entry), text);
}

#define ALICE                                                                                      \
  "{'rp-id': <'github.com'>, 'rp-name': <'GitHub'>, 'user-name': <'alice'>,"                       \
  " 'user-display-name': <'Alice Example'>}"

/* --- Names -------------------------------------------------------------------------------------
 */

static void
test_edit_and_undo (Fixture *fixture, gconstpointer data)
{
  static const char *const edits[][4] = {
    { "Account name", "user-name", "alice", "Account name changed" },
    { "Display name", "user-display-name", "Alice Example", "Display name changed" },
    { "Your note", "note", "", "Note changed" },
    { "Name in the site’s own list", "nickname", "", "Name on the site noted" },
  };

  show (fixture, add (fixture, ALICE));
  for (gsize i = 0; i < G_N_ELEMENTS (edits); i++)
    {
      g_autofree char *call =
          g_strdup_printf ("EditPasskey (1, {'%s': <'New words'>})", edits[i][1]);
      g_autofree char *undo =
          g_strdup_printf ("EditPasskey (1, {'%s': <'%s'>})", edits[i][1], edits[i][2]);

      type_name (fixture, edits[i][0], "New words");
      mortise_window_fixture_assert_call (fixture, call);
      wait_for (fixture, edits[i][3]);
      mortise_test_click (fixture->root, "Undo");
      mortise_window_fixture_assert_call (fixture, undo);
      mortise_test_settle (fixture->window);
    }
}

static gboolean
has_old_name (gpointer user_data)
{
  return g_str_equal (gtk_editable_get_text (user_data), "alice");
}

/* The page shows the name that is stored once it was undone. */
static void
test_undo_is_shown (Fixture *fixture, gconstpointer data)
{
  GtkEditable *entry = NULL;

  show (fixture, add (fixture, ALICE));
  entry = get_entry (fixture, "Account name");
  type_name (fixture, "Account name", "bob");
  wait_for (fixture, "Account name changed");
  g_assert_cmpstr (gtk_editable_get_text (entry), ==, "bob");
  mortise_test_click (fixture->root, "Undo");
  mortise_test_wait_until (has_old_name, entry);
}

/* A no leaves the name as it was, and what was typed there to be applied again. */
static void
test_edit_denied (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) passkey = NULL;
  const char *name = NULL;
  gint64 id = add (fixture, ALICE);

  show (fixture, id);
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  type_name (fixture, "Account name", "mallory");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'user-name': <'mallory'>})");
  mortise_test_settle (fixture->window);
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, "Account name")), ==, "mallory");
  passkey = mortise_mock_agent_get (fixture->agent, id);
  g_variant_lookup (passkey, "user-name", "&s", &name);
  g_assert_cmpstr (name, ==, "alice");
  g_assert_null (mortise_test_find (fixture->root, GTK_TYPE_BUTTON, "Undo"));
}

/* What would be asked about waits until the person is back; it asks nothing by itself. */
static void
test_draft (Fixture *fixture, gconstpointer data)
{
  g_autofree char *calls = NULL;
  gint64 alice = add (fixture, ALICE);
  gint64 bob = add (fixture, "{'rp-id': <'bank.example'>, 'user-name': <'bob'>}");

  show (fixture, alice);
  gtk_editable_set_text (get_entry (fixture, "Account name"), "half writ");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", bob);
  mortise_test_settle (fixture->window);
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, "Account name")), ==, "bob");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", alice);
  mortise_test_settle (fixture->window);
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, "Account name")), ==, "half writ");
  calls = mortise_mock_agent_take_calls (fixture->agent);
  g_assert_cmpstr (calls, ==, "");
  g_signal_emit_by_name (get_entry (fixture, "Account name"), "apply");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'user-name': <'half writ'>})");
}

static GtkWidget *
close_and_ask (Fixture *fixture)
{
  gtk_window_close (fixture->window);
  return mortise_test_wait_for_window (ADW_TYPE_MESSAGE_DIALOG);
}

static gboolean
is_gone (gpointer user_data)
{
  return *(GtkWidget **) user_data == NULL;
}

/* What was typed is not lost with the window but when that was chosen. */
static void
test_draft_and_close (Fixture *fixture, gconstpointer data)
{
  g_autofree char *calls = NULL;
  gint64 alice = add (fixture, ALICE);
  gint64 bob = add (fixture, "{'rp-id': <'bank.example'>, 'user-name': <'bob'>}");
  GtkWidget *dialog = NULL;

  show (fixture, alice);
  gtk_editable_set_text (get_entry (fixture, "Account name"), "half writ");
  dialog = close_and_ask (fixture);
  mortise_test_assert_named (dialog);
  mortise_test_screenshot (GTK_WINDOW (dialog), "passkey-unsaved");
  g_object_add_weak_pointer (G_OBJECT (dialog), (gpointer *) &dialog);
  mortise_test_click (dialog, "Keep Editing");
  mortise_test_wait_until (is_gone, &dialog);
  g_assert_true (gtk_widget_get_mapped (fixture->root));
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, "Account name")), ==, "half writ");

  /* Kept for another passkey than the one that is shown: that one is shown then. */
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", bob);
  mortise_test_settle (fixture->window);
  mortise_test_click (close_and_ask (fixture), "Keep Editing");
  mortise_test_settle (fixture->window);
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, "Account name")), ==, "half writ");

  g_object_add_weak_pointer (G_OBJECT (fixture->root), (gpointer *) &fixture->root);
  mortise_test_click (close_and_ask (fixture), "Close Without Saving");
  mortise_test_wait_until (is_gone, &fixture->root);
  calls = mortise_mock_agent_take_calls (fixture->agent);
  g_assert_cmpstr (calls, ==, "");
}

/* A note is stored as it is left: nothing is lost, and nothing asked. */
static void
test_note_and_close (Fixture *fixture, gconstpointer data)
{
  show (fixture, add (fixture, ALICE));
  gtk_editable_set_text (get_entry (fixture, "Your note"), "shared");
  g_object_add_weak_pointer (G_OBJECT (fixture->root), (gpointer *) &fixture->root);
  gtk_window_close (fixture->window);
  mortise_test_wait_until (is_gone, &fixture->root);
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'note': <'shared'>})");
}

/* --- Trouble with names ------------------------------------------------------------------------
 */

static void
test_findings (Fixture *fixture, gconstpointer data)
{
  gint64 first =
      add (fixture, "{'rp-id': <'github.com'>, 'user-name': <'alice'>, 'label': <'Work'>,"
                    " 'nickname': <'iPhone'>}");

  add (fixture, "{'rp-id': <'github.com'>, 'user-name': <'аlice'>}");
  show (fixture, first);
  wait_for (fixture, "has a name that looks just like “alice”");
  wait_for (fixture, "but it is on this computer");
  mortise_test_assert_named (fixture->root);
  mortise_window_fixture_screenshot (fixture, "passkey-findings");
  if (!mortise_test_is_english ())
    return;
  mortise_test_click (fixture->root, "Change to “alice (Work)”");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'user-name': <'alice (Work)'>})");
  mortise_test_click (fixture->root, "Remove the Note");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'nickname': <''>})");
}

static gboolean
is_group_gone (gpointer user_data)
{
  return !mortise_test_has_text (user_data, "About Its Names");
}

static void
test_mended (Fixture *fixture, gconstpointer data)
{
  show (fixture, add (fixture, "{'rp-id': <'a.example'>, 'user-name': <'iPhone'>,"
                               " 'user-display-name': <'Alice'>}"));
  wait_for (fixture, "names a device, not an account");
  mortise_test_click (fixture->root, "Change to “Alice”");
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'user-name': <'Alice'>})");
  wait_for (fixture, "Account name changed");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, "Account name")), ==, "Alice");
  /* Now the display name repeats it, which is a hint; without that nothing is left to say. */
  wait_for (fixture, "only repeats the account name");
  mortise_test_click (fixture->root, "Remove the Display Name");
  mortise_test_wait_until (is_group_gone, fixture->root);
}

static void
test_mend_by_typing (Fixture *fixture, gconstpointer data)
{
  GtkWidget *focus = NULL;

  show (fixture, add (fixture, "{'rp-id': <'a.example'>}"));
  wait_for (fixture, "There is no account name.");
  mortise_test_click (fixture->root, "Type Another Name");
  focus = gtk_window_get_focus (fixture->window);
  g_assert_nonnull (focus);
  g_assert_true (gtk_widget_is_ancestor (focus, GTK_WIDGET (get_entry (fixture, "Account name"))));
}

static void
test_lookalike_site (Fixture *fixture, gconstpointer data)
{
  gint64 good = add (fixture, "{'rp-id': <'paypal.example'>, 'user-name': <'a'>,"
                              " 'created': <int64 1000>}");
  gint64 fraud = add (fixture, "{'rp-id': <'paypa1.example'>, 'user-name': <'a'>,"
                               " 'created': <int64 2000>}");

  show (fixture, good);
  wait_for (fixture, "One of them may be a fraud.");
  mortise_test_click (fixture->root, "Show the Other");
  mortise_test_settle (fixture->window);
  g_assert_true (mortise_test_has_text (get_page (fixture), "paypa1.example"));
  mortise_test_click (get_page (fixture), "Delete…");
  mortise_window_fixture_assert_call (fixture, "DeletePasskeys ([2],)");
  g_assert_cmpint (fraud, ==, 2);
}

/* --- In a browser's list -----------------------------------------------------------------------
 */

static void
assert_spoken (Fixture *fixture, const char *text)
{
  mortise_test_get (fixture->root, g_type_from_name ("MortisePickerPreview"), text);
}

static void
test_preview (Fixture *fixture, gconstpointer data)
{
  gint64 alice = add (fixture, ALICE);
  gint64 nobody = add (fixture, "{'rp-id': <'a.example'>}");
  gint64 hidden = add (fixture, "{'rp-id': <'b.example'>, 'user-name': <'x'>,"
                                " 'discoverable': <false>}");

  show (fixture, alice);
  assert_spoken (fixture, "Chromium shows: alice");
  assert_spoken (fixture, "Firefox shows: alice");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", nobody);
  mortise_test_settle (fixture->window);
  assert_spoken (fixture, "Chromium shows: Unknown account");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", hidden);
  mortise_test_settle (fixture->window);
  g_assert_null (
      mortise_test_find (fixture->root, g_type_from_name ("MortisePickerPreview"), NULL));
}

static PangoLayout *
get_preview_layout (Fixture *fixture)
{
  GtkWidget *preview =
      mortise_test_get (fixture->root, g_type_from_name ("MortisePickerPreview"), NULL);
  GtkWidget *line = gtk_widget_get_last_child (preview);

  return gtk_label_get_layout (GTK_LABEL (mortise_test_get (line, GTK_TYPE_LABEL, NULL)));
}

/* Drawn unmended, as there: what turns the direction turns it, and what is too long ends in dots;
 * line ends, which no list has room for, are spaces. */
static void
test_preview_as_drawn (Fixture *fixture, gconstpointer data)
{
  g_autofree char *wide = g_strnfill (10000, 'W');
  gint64 turned = add (fixture, "{'rp-id': <'a.example'>, 'user-name': <'\u202emoc.elgoog'>}");
  gint64 lines = add (fixture, "{'rp-id': <'b.example'>, 'user-name': <'one\ntwo'>}");
  gint64 too_long = mortise_mock_agent_add (
      fixture->agent, MORTISE_TEST_NOW,
      g_variant_new_parsed ("{'rp-id': <'c.example'>, 'user-name': <%s>}", wide));
  PangoLayout *layout = NULL;
  PangoRectangle first;
  PangoRectangle last;

  show (fixture, turned);
  layout = get_preview_layout (fixture);
  g_assert_cmpstr (pango_layout_get_text (layout), ==, "\u202emoc.elgoog");
  g_assert_false (pango_layout_is_ellipsized (layout));
  /* The first letter stands behind the last. */
  pango_layout_index_to_pos (layout, (int) strlen ("\u202e"), &first);
  pango_layout_index_to_pos (layout, (int) strlen ("\u202emoc.elgoo"), &last);
  g_assert_cmpint (first.x, >, last.x);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", lines);
  mortise_test_settle (fixture->window);
  g_assert_cmpstr (pango_layout_get_text (get_preview_layout (fixture)), ==, "one two");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", too_long);
  mortise_test_settle (fixture->window);
  layout = get_preview_layout (fixture);
  g_assert_true (pango_layout_is_ellipsized (layout));
  g_assert_cmpint (pango_layout_get_line_count (layout), ==, 1);
}

/* --- History -----------------------------------------------------------------------------------
 */

static void
test_history (Fixture *fixture, gconstpointer data)
{
  gint64 id = add (fixture, ALICE);
  GtkWidget *row = NULL;
  GtkWidget *scrolled = NULL;

  mortise_mock_agent_set_history (
      fixture->agent, id,
      g_variant_new_parsed (
          "[{'time': <int64 1778000000>, 'author': <'person'>, 'what': <'user-name'>,"
          "  'from': <'al'>, 'to': <'alice'>},"
          " {'time': <int64 1778100000>, 'author': <'client'>, 'what': <'user-display-name'>,"
          "  'from': <''>, 'to': <'Alice \u202eExample'>},"
          " {'time': <int64 1778200000>, 'author': <'site'>, 'what': <'registered'>,"
          "  'from': <''>, 'to': <''>},"
          " {'time': <int64 1778300000>, 'author': <'person'>, 'what': <'label'>,"
          "  'from': <'x'>, 'to': <''>},"
          " {'time': <int64 1778400000>, 'author': <'person'>, 'what': <'export-blocked'>,"
          "  'from': <''>, 'to': <'1'>},"
          " {'time': <int64 1778500000>, 'author': <'person'>, 'what': <'new-thing'>,"
          "  'from': <''>, 'to': <'1'>}]"));
  show (fixture, id);
  row = mortise_test_get (fixture->root, ADW_TYPE_EXPANDER_ROW, NULL);
  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (row), TRUE);
  wait_for (fixture, "Account name: “al” → “alice”");
  wait_for (fixture, "Display name: “Alice �Example”");
  wait_for (fixture, "By a program that manages security keys");
  wait_for (fixture, "Registered again");
  wait_for (fixture, "Your label: “x” removed");
  wait_for (fixture, "Export switched off");
  wait_for (fixture, "This passkey was made");
  g_assert_false (mortise_test_has_text (fixture->root, "new-thing"));
  /* Before the end is gone to: the page gets longer with it. */
  wait_for (fixture, "Read from the TPM just now.");
  scrolled = mortise_test_get (get_page (fixture), GTK_TYPE_SCROLLED_WINDOW, NULL);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled)),
                            10000);
  mortise_test_assert_named (fixture->root);
  mortise_window_fixture_screenshot (fixture, "passkey-history");
}

/* --- Protection --------------------------------------------------------------------------------
 */

static gboolean
has_badge (gpointer user_data)
{
  return mortise_test_find (user_data, GTK_TYPE_LABEL, "Device-only") != NULL;
}

/* "Device-only" stands there only once the TPM said so; a software TPM's word is not enough. */
static void
test_badge_truth (Fixture *fixture, gconstpointer data)
{
  gint64 id = add (fixture, ALICE);

  mortise_mock_agent_set_state (fixture->agent, "listable");
  show (fixture, id);
  wait_for (fixture, "This is what was recorded");
  g_assert_true (mortise_test_has_text (get_page (fixture), "Made device-only"));
  g_assert_false (has_badge (fixture->root));
  mortise_mock_agent_set_state (fixture->agent, "unlocked");
  wait_for (fixture, "Read from the TPM just now.");
  mortise_test_wait_until (has_badge, get_page (fixture));
  g_assert_false (mortise_test_has_text (get_page (fixture), "Made device-only"));
}

static void
test_badge_software (Fixture *fixture, gconstpointer data)
{
  gint64 id = add (fixture, ALICE);

  mortise_mock_agent_set_software_tpm (fixture->agent, TRUE);
  show (fixture, id);
  wait_for (fixture, "Read from the TPM just now.");
  wait_for (fixture, "a software TPM keeps nothing");
  /* Where the site was told something that is not so, it says so. */
  wait_for (fixture, "cannot be backed up (BE is 0). That is not so here");
  wait_for (fixture, "Recorded as device-only, but this TPM is software");
  wait_for (fixture, "Locked: Mortise makes no copy of this passkey");
  g_assert_false (mortise_test_has_text (fixture->root, "can never leave"));
  g_assert_true (mortise_test_has_text (get_page (fixture), "Made device-only"));
  g_assert_false (has_badge (fixture->root));
}

static void
test_thieves (Fixture *fixture, gconstpointer data)
{
  gint64 bound = add (fixture, ALICE);
  gint64 exportable = add (fixture, "{'rp-id': <'a.example'>, 'user-name': <'a'>,"
                                    " 'class': <'exportable'>, 'backup-eligible': <true>}");
  gint64 sealed = add (fixture, "{'rp-id': <'b.example'>, 'user-name': <'b'>,"
                                " 'class': <'sealed'>, 'backup-eligible': <true>}");

  show (fixture, bound);
  wait_for (fixture, "could not take it away");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", exportable);
  wait_for (fixture, "what you may export, they may too");
  g_assert_false (mortise_test_has_text (fixture->root, "could not take it away"));
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", sealed);
  wait_for (fixture, "its key is in memory when you sign in");
}

/* What opens the passkey, and what a thief needs, is said of the keyslots that there are: at once,
 * before the TPM was asked and while the vault is locked too. */
static void
test_keyslots (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    gboolean recovery;
    gboolean login;
    const char *opens;
    const char *machine;
    const char *password[2];
  } cases[] = {
    { TRUE,
      TRUE,
      "Your PIN or the recovery code. The login keyring opens only the list of names.",
      "whose tries the TPM limits, or the recovery code.",
      { "with the login keyring, see which sites", "that takes your PIN or the recovery code." } },
    { FALSE,
      TRUE,
      "Your PIN. The login keyring opens only the list of names.",
      "they need your PIN, whose tries the TPM limits.",
      { "with the login keyring, see which sites", "that takes your PIN." } },
    { TRUE,
      FALSE,
      "Your PIN or the recovery code.\n",
      "whose tries the TPM limits, or the recovery code.",
      { "but not see which sites", "that takes your PIN or the recovery code." } },
    { FALSE,
      FALSE,
      "Your PIN, and nothing else.",
      "they need your PIN, whose tries the TPM limits.",
      { "but not see which sites", "that takes your PIN." } },
  };

  show (fixture, add (fixture, ALICE));
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    {
      gsize n = i % G_N_ELEMENTS (cases);
      g_autofree char *all = NULL;

      if (i == G_N_ELEMENTS (cases))
        mortise_mock_agent_set_state (fixture->agent, "listable");
      mortise_mock_agent_set_recovery_code (fixture->agent, cases[n].recovery);
      mortise_mock_agent_set_login_keyslot (fixture->agent, cases[n].login);
      wait_for (fixture, cases[n].password[0]);
      wait_for (fixture, cases[n].password[1]);
      wait_for (fixture, cases[n].machine);
      all = mortise_test_collect_text (get_page (fixture));
      g_assert_nonnull (strstr (all, cases[n].opens));
    }
}

static void
test_specification_words (Fixture *fixture, gconstpointer data)
{
  show (fixture, add (fixture, ALICE));
  wait_for (fixture, "Read from the TPM just now.");
  g_assert_false (mortise_test_has_text (fixture->root, "fixedTPM"));
  mortise_test_click (fixture->root, "In the Specification’s Words");
  wait_for (fixture, "fixedTPM");
  mortise_test_click (fixture->root, "In the Specification’s Words");
  g_assert_false (mortise_test_has_text (fixture->root, "fixedTPM"));
}

static void
assert_link (Fixture *fixture, const char *title, const char *description)
{
  GtkWidget *chain = mortise_test_get (fixture->root, g_type_from_name ("MortiseChain"),
                                       "Chain of keys from this passkey to the TPM");
  GtkWidget *link = mortise_test_get (chain, GTK_TYPE_BOX, title);

  gtk_test_accessible_assert_role (chain, GTK_ACCESSIBLE_ROLE_LIST);
  gtk_test_accessible_assert_role (link, GTK_ACCESSIBLE_ROLE_LIST_ITEM);
  gtk_test_accessible_assert_property (link, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description);
}

/* What the picture says by colours and dashes is said in words, too. */
static void
test_chain_in_words (Fixture *fixture, gconstpointer data)
{
  gint64 id = add (fixture, ALICE);
  gint64 refuted = add (fixture, "{'rp-id': <'a.example'>, 'user-name': <'a'>,"
                                 " 'mock-refuted': <true>}");

  mortise_mock_agent_set_state (fixture->agent, "listable");
  show (fixture, id);
  assert_link (fixture, "This passkey",
               "Its key is encrypted by the vault key and is used only inside the TPM. "
               "As recorded.");
  mortise_mock_agent_set_state (fixture->agent, "unlocked");
  wait_for (fixture, "Read from the TPM just now.");
  assert_link (fixture, "This passkey",
               "The TPM says: device-only. The key was made inside this TPM and cannot leave it. "
               "Read from the TPM just now.");
  assert_link (fixture, "Storage root key",
               "Made by the TPM; never leaves it. Read from the TPM just now.");
  mortise_test_click (fixture->root, "In the Specification’s Words");
  assert_link (fixture, "This passkey",
               "The TPM says: device-only. The key was made inside this TPM and cannot leave it. "
               "Read from the TPM just now. "
               "fixedTPM · fixedParent · sensitiveDataOrigin · userWithAuth · noDA · sign");
  mortise_test_click (fixture->root, "In the Specification’s Words");
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", refuted);
  wait_for (fixture, "This is not what was recorded");
  assert_link (fixture, "This passkey",
               "The TPM says: not bound to this TPM. Copies can be made, each only under the key’s "
               "export policy. Not as recorded, or not proven.");
}

/* --- Export ------------------------------------------------------------------------------------
 */

static GtkSwitch *
get_switch (Fixture *fixture)
{
  return GTK_SWITCH (mortise_test_get (fixture->root, GTK_TYPE_SWITCH, "Allow Encrypted Export"));
}

static void
test_export_locked (Fixture *fixture, gconstpointer data)
{
  show (fixture, add (fixture, ALICE));
  wait_for (fixture, "no switch changes that");
  g_assert_false (gtk_switch_get_state (get_switch (fixture)));
  g_assert_false (gtk_widget_is_sensitive (GTK_WIDGET (get_switch (fixture))));
}

static gboolean
is_off (gpointer user_data)
{
  return !gtk_switch_get_state (user_data) && !gtk_switch_get_active (user_data) &&
         gtk_widget_is_sensitive (user_data);
}

static gboolean
is_on (gpointer user_data)
{
  return gtk_switch_get_state (user_data) && gtk_switch_get_active (user_data) &&
         gtk_widget_is_sensitive (user_data);
}

static void
test_export_switch (Fixture *fixture, gconstpointer data)
{
  GtkSwitch *toggle = NULL;

  show (fixture, add (fixture, "{'rp-id': <'a.example'>, 'user-name': <'a'>,"
                               " 'class': <'exportable'>, 'backup-eligible': <true>}"));
  toggle = get_switch (fixture);
  g_assert_true (is_on (toggle));

  /* While the person is asked nothing is claimed, and nothing can be pressed twice. */
  mortise_mock_agent_set_hold (fixture->agent, TRUE);
  gtk_switch_set_active (toggle, FALSE);
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'export-blocked': <true>})");
  g_assert_true (gtk_switch_get_state (toggle));
  g_assert_false (gtk_widget_is_sensitive (GTK_WIDGET (toggle)));
  mortise_mock_agent_set_hold (fixture->agent, FALSE);
  mortise_test_wait_until (is_off, toggle);
  wait_for (fixture, "this does not make it device-only");
  g_assert_true (mortise_test_has_text (fixture->root, "Export blocked"));

  /* A no leaves it blocked. */
  mortise_mock_agent_set_answer (fixture->agent, "Denied", "You said no.");
  gtk_switch_set_active (toggle, TRUE);
  mortise_window_fixture_assert_call (fixture, "EditPasskey (1, {'export-blocked': <false>})");
  mortise_test_wait_until (is_off, toggle);
  mortise_mock_agent_set_answer (fixture->agent, NULL, NULL);
  gtk_switch_set_active (toggle, TRUE);
  mortise_test_wait_until (is_on, toggle);
}

/* --- Hostile names -----------------------------------------------------------------------------
 */

/* Long, turned, piled up, invisible: nothing widens the window, and no entry turns its row round.
 */
static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  static const char *const entries[] = { "Account name", "Display name", "Your label" };
  int width = 0;

  mortise_mock_agent_add_hostile (fixture->agent, MORTISE_TEST_NOW);
  show (fixture, 5);
  width = gtk_widget_get_width (fixture->root);
  for (gint64 id = 1; id <= 8; id++)
    {
      GtkWidget *preview = NULL;

      gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", id);
      mortise_test_settle (fixture->window);
      g_assert_cmpint (gtk_widget_get_width (fixture->root), ==, width);
      for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
        {
          const char *text = gtk_editable_get_text (get_entry (fixture, entries[i]));

          g_assert_true (g_utf8_validate (text, -1, NULL));
          g_assert_null (strstr (text, "\xe2\x80\xae"));
          g_assert_null (strchr (text, '\n'));
        }
      preview = mortise_test_get (fixture->root, g_type_from_name ("MortisePickerPreview"), NULL);
      g_assert_cmpint (gtk_widget_get_height (preview), <, 200);
      mortise_test_assert_named (fixture->root);
    }
}

/* --- Looks -------------------------------------------------------------------------------------
 */

static GtkAdjustment *
get_scroll (Fixture *fixture)
{
  GtkWidget *scrolled = mortise_test_get (get_page (fixture), GTK_TYPE_SCROLLED_WINDOW, NULL);

  return gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled));
}

static graphene_point_t
get_place (Fixture *fixture, const char *text)
{
  graphene_point_t place = { 0, 0 };

  g_assert_true (gtk_widget_compute_point (mortise_test_get (fixture->root, GTK_TYPE_LABEL, text),
                                           fixture->root, &GRAPHENE_POINT_INIT (0, 0), &place));
  return place;
}

static void
assert_sides (Fixture *fixture)
{
  graphene_point_t here = get_place (fixture, "Names on This Computer");
  graphene_point_t there = get_place (fixture, "On the Site");

  if (g_str_equal (mortise_test_get_variant (), "narrow"))
    g_assert_cmpfloat (here.y, <, there.y);
  else
    g_assert_cmpfloat (here.y, ==, there.y);
  if (g_str_equal (mortise_test_get_variant (), "light"))
    g_assert_cmpfloat (here.x, <, there.x);
  if (g_str_equal (mortise_test_get_variant (), "rtl"))
    g_assert_cmpfloat (here.x, >, there.x);
}

/* The whole page, screen by screen, in a window wide enough for both sides beside each other. */
static void
test_looks (Fixture *fixture, gconstpointer data)
{
  gint64 id = add (fixture, "{'rp-id': <'accounts.example.com'>, 'rp-name': <'Example'>,"
                            " 'user-name': <'alice@example.com'>,"
                            " 'user-display-name': <'Alice Example'>, 'label': <'Work'>,"
                            " 'nickname': <'Linux desk'>, 'class': <'exportable'>,"
                            " 'backup-eligible': <true>, 'last-used': <int64 1778750000>,"
                            " 'last-flags': <byte 0x0d>, 'use-count': <uint64 12>}");
  guint n = 0;

  mortise_window_fixture_open (fixture);
  gtk_window_set_default_size (
      fixture->window, g_str_equal (mortise_test_get_variant (), "narrow") ? 360 : 1400, 900);
  mortise_test_wait_until (is_listed, fixture->root);
  gtk_widget_activate_action (fixture->root, "win.show-passkey", "x", id);
  wait_for (fixture, "Read from the TPM just now.");
  if (mortise_test_is_english () && !g_str_equal (mortise_test_get_variant (), "large"))
    assert_sides (fixture);
  for (double at = 0;; at += 780)
    {
      GtkAdjustment *scroll = get_scroll (fixture);
      double end = gtk_adjustment_get_upper (scroll) - gtk_adjustment_get_page_size (scroll);
      g_autofree char *name = g_strdup_printf ("passkey-looks-%u", ++n);

      gtk_adjustment_set_value (scroll, at);
      mortise_window_fixture_screenshot (fixture, name);
      if (at >= end)
        break;
    }
  mortise_test_assert_named (fixture->root);
  g_assert_cmpuint (n, >, 1);
}

int
main (int argc, char **argv)
{
  mortise_test_gui_init (&argc, &argv);

#define ADD(name, function) MORTISE_WINDOW_TEST ("/passkey-page/" name, NULL, function)
  ADD ("edit-and-undo", test_edit_and_undo);
  ADD ("undo-is-shown", test_undo_is_shown);
  ADD ("edit-denied", test_edit_denied);
  ADD ("draft", test_draft);
  ADD ("draft-and-close", test_draft_and_close);
  ADD ("note-and-close", test_note_and_close);
  ADD ("mended", test_mended);
  ADD ("mend-by-typing", test_mend_by_typing);
  ADD ("lookalike-site", test_lookalike_site);
  ADD ("preview", test_preview);
  ADD ("preview-as-drawn", test_preview_as_drawn);
  ADD ("badge-truth", test_badge_truth);
  ADD ("badge-software", test_badge_software);
  ADD ("thieves", test_thieves);
  ADD ("keyslots", test_keyslots);
  ADD ("specification-words", test_specification_words);
  ADD ("chain-in-words", test_chain_in_words);
  ADD ("export-locked", test_export_locked);
  ADD ("export-switch", test_export_switch);
  ADD ("hostile", test_hostile);
  ADD ("looks/findings", test_findings);
  ADD ("looks/history", test_history);
  ADD ("looks/page", test_looks);
#undef ADD
  return g_test_run ();
}
