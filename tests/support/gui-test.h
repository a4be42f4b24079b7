/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/*
 * Tests of windows, in process, under tests/gui/run-gui-test. Widgets are found by what a person or
 * a screen reader is told, never by their place in a template.
 */

/**
 * mortise_test_gui_init:
 *
 * Locale, translations (from MORTISE_TEST_LOCALEDIR), writing direction for the variant "rtl", GTK,
 * libadwaita and the GLib test framework, in this order.
 */
void mortise_test_gui_init (int *argc, char ***argv);

/** mortise_test_get_variant: Returns: (transfer none): "light" "dark" "narrow" "ja" … */
const char *mortise_test_get_variant (void);
/** mortise_test_is_english: whether texts on the screen can be asserted as they are in the source
 */
gboolean mortise_test_is_english (void);

/** Evaluated by mortise_test_wait_until() between turns of the main loop. */
typedef gboolean (*MortiseTestCondition) (gpointer user_data);

/**
 * mortise_test_wait_until:
 *
 * Runs the main loop until @condition holds; fails the test after some minutes, with what was
 * waited for.
 */
#define mortise_test_wait_until(condition, user_data)                                              \
  mortise_test_wait_until_called (condition, user_data, #condition " (" #user_data ")", G_STRLOC)

/** mortise_test_wait_until_called: what the macro calls; @name: what is waited for; @place: where
 */
void mortise_test_wait_until_called (MortiseTestCondition condition,
                                     gpointer user_data,
                                     const char *name,
                                     const char *place);

/** mortise_test_settle: runs the main loop until @window is mapped, laid out and drawn */
void mortise_test_settle (GtkWindow *window);

/** mortise_test_find_window: Returns: (transfer none) (nullable): the mapped window of @type */
GtkWidget *mortise_test_find_window (GType type);

/** mortise_test_wait_for_window: Returns: (transfer none): the same, once it is there and settled
 */
GtkWidget *mortise_test_wait_for_window (GType type);

/** mortise_test_iterate: handles what is pending, without waiting: not enough for what comes over a
 * bus or from another thread */
void mortise_test_iterate (void);

/**
 * mortise_test_find:
 * @root: where to look
 * @type: the widget's type, or a parent type of it
 * @name: (nullable): its accessible name, button text, row title, label text, placeholder or the
 *   label whose mnemonic leads to it
 *   (mnemonic underlines left out); %NULL for the first of @type
 *
 * Returns: (transfer none) (nullable): the first one that is on the screen
 */
GtkWidget *mortise_test_find (GtkWidget *root, GType type, const char *name);

/** mortise_test_get: mortise_test_find() that fails the test when there is none */
GtkWidget *mortise_test_get (GtkWidget *root, GType type, const char *name);

/** mortise_test_click: presses the button @name, which must be there; waits until it is sensitive
 */
void mortise_test_click (GtkWidget *root, const char *name);

/** mortise_test_apply: @text in place of what is in @row, an #AdwEntryRow, and its button pressed
 */
void mortise_test_apply (GtkEditable *row, const char *text);

/** mortise_test_wait_for_text: waits until a label on the screen contains @text; else shows what
 * does */
void mortise_test_wait_for_text (GtkWidget *root, const char *text);

/** mortise_test_has_text: Returns: %TRUE if a label on the screen contains @text */
gboolean mortise_test_has_text (GtkWidget *root, const char *text);

/**
 * mortise_test_collect_text:
 *
 * Returns: (transfer full): the text of every label on the screen under @root, one per line
 */
char *mortise_test_collect_text (GtkWidget *root);

/**
 * mortise_test_assert_named:
 *
 * Asserts that everything under @root that takes the keyboard's focus and is on the screen has a
 * name for screen readers: an accessible label or labelling widget, or a text of its own.
 */
void mortise_test_assert_named (GtkWidget *root);

/** mortise_test_keys: sends keys through the X server, as xdotool names them; %NULL-terminated */
void mortise_test_keys (const char *key, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
