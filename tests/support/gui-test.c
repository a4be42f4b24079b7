/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/gui-test.h"

#include "tests/support/failure-report.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>

/* What a slow or busy machine may take; only a failing test waits this long. */
#define WAIT_SECONDS 240

/* What the accessibility setting for large text does, and a little more: 1.5 × 96, in 1/1024. */
#define LARGE_TEXT_DPI (144 * 1024)

/* Scroll bars that lie over the page fade with the clock, and no two pictures would be the same. */
static void
hide_overlay_scroll_bars (void)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_data (provider, "scrollbar.overlay-indicator { opacity: 0; }", -1);
  gtk_style_context_add_provider_for_display (
      gdk_display_get_default (), GTK_STYLE_PROVIDER (provider), GTK_STYLE_PROVIDER_PRIORITY_USER);
}

void
mortise_test_gui_init (int *argc, char ***argv)
{
  const char *locale_dir = g_getenv ("MORTISE_TEST_LOCALEDIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_dir != NULL ? locale_dir : MORTISE_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  /* GTK ends a program that lost its display without writing out what it had said of it. */
  setvbuf (stdout, NULL, _IOLBF, BUFSIZ);
  gtk_test_init (argc, argv, NULL);
  adw_init ();
  /* gtk_test_init() goes back to the C locale, in which LANGUAGE means nothing. */
  setlocale (LC_ALL, "");
  g_object_set (gtk_settings_get_default (), "gtk-xft-dpi", 96 * 1024, NULL);
  hide_overlay_scroll_bars ();
  mortise_test_report_failures ();
  if (g_str_equal (mortise_test_get_variant (), "rtl"))
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  if (g_str_equal (mortise_test_get_variant (), "large"))
    g_object_set (gtk_settings_get_default (), "gtk-xft-dpi", LARGE_TEXT_DPI, NULL);
}

const char *
mortise_test_get_variant (void)
{
  const char *variant = g_getenv ("MORTISE_TEST_VARIANT");

  return variant != NULL && *variant != '\0' ? variant : "light";
}

gboolean
mortise_test_is_english (void)
{
  return !g_str_equal (mortise_test_get_variant (), "ja");
}

static gboolean
mark_late (gpointer user_data)
{
  gboolean *late = user_data;

  *late = TRUE;
  return G_SOURCE_CONTINUE;
}

static gboolean
wait_until (MortiseTestCondition condition, gpointer user_data)
{
  gboolean late = FALSE;
  guint limit = g_timeout_add_seconds (WAIT_SECONDS, mark_late, &late);
  gboolean met;

  while (!(met = condition (user_data)) && !late)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (limit);
  return met;
}

void
mortise_test_wait_until_called (MortiseTestCondition condition,
                                gpointer user_data,
                                const char *name,
                                const char *place)
{
  if (!wait_until (condition, user_data))
    g_error ("%s: waited %d s for %s", place, WAIT_SECONDS, name);
}

void
mortise_test_iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
is_mapped (gpointer user_data)
{
  return gtk_widget_get_mapped (user_data) && gtk_widget_get_width (user_data) > 0;
}

typedef struct
{
  int frames;
} FrameCount;

static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  FrameCount *count = user_data;

  count->frames++;
  gtk_widget_queue_draw (widget);
  return G_SOURCE_CONTINUE;
}

static gboolean
enough_frames (gpointer user_data)
{
  const FrameCount *count = user_data;

  return count->frames >= 4;
}

void
mortise_test_settle (GtkWindow *window)
{
  GtkWidget *widget = GTK_WIDGET (window);
  FrameCount count = { 0 };
  guint tick;

  mortise_test_wait_until (is_mapped, window);
  mortise_test_iterate ();
  /* Size changes and CSS need a frame or two to come to rest. */
  tick = gtk_widget_add_tick_callback (widget, on_tick, &count, NULL);
  mortise_test_wait_until (enough_frames, &count);
  gtk_widget_remove_tick_callback (widget, tick);
  mortise_test_iterate ();
}

GtkWidget *
mortise_test_find_window (GType type)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *entry = windows; entry != NULL; entry = entry->next)
    {
      if (g_type_is_a (G_OBJECT_TYPE (entry->data), type) && gtk_widget_get_mapped (entry->data))
        return entry->data;
    }
  return NULL;
}

static gboolean
has_window (gpointer user_data)
{
  return mortise_test_find_window (*(const GType *) user_data) != NULL;
}

GtkWidget *
mortise_test_wait_for_window (GType type)
{
  GtkWidget *window;

  mortise_test_wait_until (has_window, &type);
  window = mortise_test_find_window (type);
  mortise_test_settle (GTK_WINDOW (window));
  return window;
}

static char *
without_mnemonic (const char *text)
{
  GString *plain = g_string_new (NULL);

  for (const char *c = text; *c != '\0'; c++)
    {
      if (*c == '_' && c[1] != '\0')
        c++;
      g_string_append_c (plain, *c);
    }
  return g_string_free (plain, FALSE);
}

static gboolean
has_property (GtkWidget *widget, const char *property, const char *value)
{
  g_autofree char *text = NULL;
  g_autofree char *plain = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (widget), property) == NULL)
    return FALSE;
  g_object_get (widget, property, &text, NULL);
  if (text == NULL)
    return FALSE;
  plain = without_mnemonic (text);
  return g_str_equal (text, value) || g_str_equal (plain, value);
}

static gboolean
has_mnemonic_label (GtkWidget *widget, const char *name)
{
  g_autoptr (GList) labels = gtk_widget_list_mnemonic_labels (widget);

  for (GList *link = labels; link != NULL; link = link->next)
    {
      if (GTK_IS_LABEL (link->data) && g_str_equal (gtk_label_get_text (link->data), name))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_called (GtkWidget *widget, const char *name)
{
  g_autofree char *difference = NULL;

  if (name == NULL)
    return TRUE;
  difference = gtk_test_accessible_check_property (GTK_ACCESSIBLE (widget),
                                                   GTK_ACCESSIBLE_PROPERTY_LABEL, name, NULL);
  return difference == NULL || has_property (widget, "label", name) ||
         has_property (widget, "title", name) || has_property (widget, "placeholder-text", name) ||
         has_mnemonic_label (widget, name);
}

GtkWidget *
mortise_test_find (GtkWidget *root, GType type, const char *name)
{
  if (!gtk_widget_get_child_visible (root) || !gtk_widget_get_visible (root))
    return NULL;
  if (g_type_is_a (G_OBJECT_TYPE (root), type) && gtk_widget_get_mapped (root) &&
      is_called (root, name))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = mortise_test_find (child, type, name);

      if (found != NULL)
        return found;
    }
  return NULL;
}

GtkWidget *
mortise_test_get (GtkWidget *root, GType type, const char *name)
{
  GtkWidget *found = mortise_test_find (root, type, name);

  if (found == NULL)
    {
      g_autofree char *text = mortise_test_collect_text (root);

      g_error ("No %s called “%s” on the screen; there is:\n%s", g_type_name (type), name, text);
    }
  return found;
}

static gboolean
is_sensitive (gpointer user_data)
{
  return gtk_widget_is_sensitive (user_data);
}

void
mortise_test_click (GtkWidget *root, const char *name)
{
  GtkWidget *button = mortise_test_get (root, GTK_TYPE_BUTTON, name);

  /* As a person would: what is still being prepared is waited for. */
  mortise_test_wait_until (is_sensitive, button);
  g_signal_emit_by_name (button, "clicked");
  mortise_test_iterate ();
}

void
mortise_test_apply (GtkEditable *row, const char *text)
{
  gtk_editable_set_text (row, text);
  g_signal_emit_by_name (row, "apply");
}

static void
collect_text (GtkWidget *widget, GString *text)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (GTK_IS_LABEL (widget))
    g_string_append_printf (text, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_text (child, text);
}

char *
mortise_test_collect_text (GtkWidget *root)
{
  GString *text = g_string_new (NULL);

  collect_text (root, text);
  return g_string_free (text, FALSE);
}

typedef struct
{
  GtkWidget *root;
  const char *text;
} TextWait;

static gboolean
has_text (gpointer user_data)
{
  const TextWait *wait = user_data;

  return mortise_test_has_text (wait->root, wait->text);
}

void
mortise_test_wait_for_text (GtkWidget *root, const char *text)
{
  TextWait wait = { root, text };

  if (!wait_until (has_text, &wait))
    {
      g_autofree char *shown = mortise_test_collect_text (root);

      g_error ("Waited %d s for “%s”; what is shown: %s", WAIT_SECONDS, text, shown);
    }
}

gboolean
mortise_test_has_text (GtkWidget *root, const char *text)
{
  g_autofree char *all = mortise_test_collect_text (root);

  return strstr (all, text) != NULL;
}

static gboolean
has_label_inside (GtkWidget *widget)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      if (GTK_IS_LABEL (child) && *gtk_label_get_text (GTK_LABEL (child)) != '\0')
        return TRUE;
      if (has_label_inside (child))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_named (GtkWidget *widget)
{
  GtkAccessible *accessible = GTK_ACCESSIBLE (widget);

  return gtk_test_accessible_has_property (accessible, GTK_ACCESSIBLE_PROPERTY_LABEL) ||
         gtk_test_accessible_has_relation (accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY) ||
         GTK_IS_LABEL (widget) || has_label_inside (widget);
}

void
mortise_test_assert_named (GtkWidget *root)
{
  if (!gtk_widget_get_mapped (root))
    return;
  /* GtkText is inside an entry or row that carries the name. */
  if (gtk_widget_get_focusable (root) && !GTK_IS_WINDOW (root) && !GTK_IS_TEXT (root) &&
      !GTK_IS_SCROLLED_WINDOW (root) && !is_named (root))
    g_error ("A %s that takes the focus has no name", G_OBJECT_TYPE_NAME (root));
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    mortise_test_assert_named (child);
}

static void
on_keys_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *sent = user_data;
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_check_finish (G_SUBPROCESS (source), result, &error);
  g_assert_no_error (error);
  *sent = TRUE;
}

static gboolean
is_set (gpointer user_data)
{
  const gboolean *flag = user_data;

  return *flag;
}

void
mortise_test_keys (const char *key, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  gboolean sent = FALSE;
  va_list keys;

  g_ptr_array_add (argv, g_strdup ("xdotool"));
  g_ptr_array_add (argv, g_strdup ("key"));
  va_start (keys, key);
  for (const char *k = key; k != NULL; k = va_arg (keys, const char *))
    g_ptr_array_add (argv, g_strdup (k));
  va_end (keys);
  g_ptr_array_add (argv, NULL);

  process = g_subprocess_newv ((const char *const *) argv->pdata, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_subprocess_wait_check_async (process, NULL, on_keys_sent, &sent);
  mortise_test_wait_until (is_set, &sent);
  /* The server has them, and before its answer to this it has sent them to the window. */
  gdk_display_sync (gdk_display_get_default ());
  mortise_test_iterate ();
}
