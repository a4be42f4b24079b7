/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include "app/window/moment.h"
#include "core/text/display-text.h"

#include <glib/gi18n.h>

#define VALUE_GRAPHEMES 60

static const char *
describe_author (const char *author)
{
  if (g_str_equal (author, "site"))
    return _ ("By the site, registering again");
  if (g_str_equal (author, "client"))
    return _ ("By a program that manages security keys");
  return _ ("By you");
}

static const char *
describe_what (const char *what)
{
  static const char *const words[][2] = {
    { "user-name", N_ ("Account name") }, { "user-display-name", N_ ("Display name") },
    { "label", N_ ("Your label") },       { "nickname", N_ ("Name in the site’s own list") },
    { "note", N_ ("Your note") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      if (g_str_equal (words[i][0], what))
        return _ (words[i][1]);
    }
  return NULL;
}

static char *
describe_change (const char *what, const char *from, const char *to)
{
  const char *name = describe_what (what);
  g_autofree char *old = mortise_display_text_isolated (from, VALUE_GRAPHEMES);
  g_autofree char *new = mortise_display_text_isolated (to, VALUE_GRAPHEMES);

  if (g_str_equal (what, "registered"))
    return g_strdup (_ ("Registered again; the passkey before it is gone from use"));
  if (g_str_equal (what, "export-blocked"))
    return g_strdup (*to != '\0' ? _ ("Export switched off") : _ ("Export switched on"));
  if (name == NULL)
    return NULL;
  if (*from == '\0')
    /* Translators: name of a field, its first value */
    return g_strdup_printf (_ ("%s: “%s”"), name, new);
  if (*to == '\0')
    /* Translators: name of a field, the value it had */
    return g_strdup_printf (_ ("%s: “%s” removed"), name, old);
  /* Translators: name of a field, old value, new value */
  return g_strdup_printf (_ ("%s: “%s” → “%s”"), name, old, new);
}

static void
add_row (MortisePasskeyPage *self, const char *title, const char *author, gint64 time)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *when = mortise_moment_format_full (time);
  g_autofree char *subtitle = author == NULL ? g_strdup (when)
                                             /* Translators: who changed something, and when */
                                             : g_strdup_printf (_ ("%s, %s"), author, when);

  g_object_set (row, "use-markup", FALSE, "title-lines", 0, "subtitle-lines", 0, NULL);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  mortise_passkey_page_forbid_hyphens (row);
  adw_expander_row_add_row (self->history_row, row);
  g_ptr_array_add (self->history_rows, row);
}

static void
clear_rows (MortisePasskeyPage *self)
{
  for (guint i = 0; i < self->history_rows->len; i++)
    adw_expander_row_remove (self->history_row, self->history_rows->pdata[i]);
  g_ptr_array_set_size (self->history_rows, 0);
}

static void
on_history (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortisePasskeyPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);
  g_autoptr (GVariant) changes = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->passkey == NULL)
    return;
  clear_rows (self);
  if (reply == NULL)
    {
      add_row (self, error->message, NULL, mortise_moment_now ());
      return;
    }
  changes = g_variant_get_child_value (reply, 0);
  /* The newest first: it is what one looks for. */
  for (gsize i = g_variant_n_children (changes); i > 0; i--)
    {
      g_autoptr (GVariant) change = g_variant_get_child_value (changes, i - 1);
      const char *author = "person";
      const char *what = "";
      const char *from = "";
      const char *to = "";
      gint64 time = 0;
      g_autofree char *title = NULL;

      g_variant_lookup (change, "author", "&s", &author);
      g_variant_lookup (change, "what", "&s", &what);
      g_variant_lookup (change, "from", "&s", &from);
      g_variant_lookup (change, "to", "&s", &to);
      g_variant_lookup (change, "time", "x", &time);
      title = describe_change (what, from, to);
      if (title != NULL)
        add_row (self, title, describe_author (author), time);
    }
  add_row (self, _ ("This passkey was made"), NULL,
           mortise_passkey_get_data (self->passkey)->created);
}

void
mortise_passkey_page_show_history (MortisePasskeyPage *self)
{
  /* Nobody looks: nothing is asked. */
  if (self->passkey == NULL || !adw_expander_row_get_expanded (self->history_row))
    return;
  mortise_agent_client_call (self->client, "GetHistory",
                             g_variant_new ("(x)", mortise_passkey_get_id (self->passkey)),
                             self->shown, on_history, g_object_ref (self));
}

void
mortise_passkey_page_reset_history (MortisePasskeyPage *self)
{
  clear_rows (self);
  adw_expander_row_set_expanded (self->history_row, FALSE);
}

void
mortise_passkey_page_init_history (MortisePasskeyPage *self)
{
  self->history_rows = g_ptr_array_new ();
  g_signal_connect_swapped (self->history_row, "notify::expanded",
                            G_CALLBACK (mortise_passkey_page_show_history), self);
}
