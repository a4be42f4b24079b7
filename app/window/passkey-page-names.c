/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey-page-private.h"

#include "app/window/toast.h"

#include <glib/gi18n.h>

/* The names that can be typed: what a member of EditPasskey has for a row. */
typedef struct
{
  const char *member;
  gsize row;    /* AdwEntryRow * in MortisePasskeyPage */
  gsize stored; /* char * in MortisePasskeyData */
  gboolean asks;
  const char *changed; /* toast */
} Name;

#define NAME(member, row, field, asks, changed)                                                    \
  {                                                                                                \
    member, G_STRUCT_OFFSET (MortisePasskeyPage, row),                                             \
        G_STRUCT_OFFSET (MortisePasskeyData, field), asks, changed                                 \
  }

static const Name names[] = {
  NAME ("user-name", user_name_row, user_name, TRUE, N_ ("Account name changed")),
  NAME (
      "user-display-name", display_name_row, user_display_name, TRUE, N_ ("Display name changed")),
  NAME ("label", label_row, label, FALSE, N_ ("Label changed")),
  NAME ("nickname", nickname_row, nickname, FALSE, N_ ("Name on the site noted")),
  NAME ("note", note_row, note, FALSE, N_ ("Note changed")),
};

static AdwEntryRow *
get_row (MortisePasskeyPage *self, const Name *name)
{
  return G_STRUCT_MEMBER (AdwEntryRow *, self, name->row);
}

static const char *
get_stored (MortisePasskeyPage *self, const Name *name)
{
  const MortisePasskeyData *data = mortise_passkey_get_data (self->passkey);
  gconstpointer member = (const guint8 *) data + name->stored;
  const char *text = *(const char *const *) member;

  return text != NULL ? text : "";
}

static const Name *
find_name (const char *member)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_str_equal (names[i].member, member))
        return &names[i];
    }
  return NULL;
}

static gboolean
is_edited (AdwEntryRow *row)
{
  const char *shown = g_object_get_data (G_OBJECT (row), "shown-text");

  return shown != NULL && !g_str_equal (gtk_editable_get_text (GTK_EDITABLE (row)), shown);
}

/*
 * A one-line entry takes no line breaks and no other control characters, and would show a turned
 * direction as it is meant to deceive: what cannot be typed is not put there to be typed over.
 */
static char *
dup_editable_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *plain = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_find_next_char (p, NULL))
    {
      gunichar c = g_utf8_get_char (p);
      gboolean turns = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);

      g_string_append_unichar (plain, g_unichar_iscntrl (c) || turns ? 0xFFFD : c);
    }
  return g_string_free (plain, FALSE);
}

/* The apply button belongs to what the person typed, not to text put in here. */
static void
show_text (AdwEntryRow *row, const char *text)
{
  g_autofree char *plain = dup_editable_text (text);

  g_object_set_data_full (G_OBJECT (row), "shown-text", g_strdup (plain), g_free);
  if (g_str_equal (gtk_editable_get_text (GTK_EDITABLE (row)), plain))
    return;
  adw_entry_row_set_show_apply_button (row, FALSE);
  gtk_editable_set_text (GTK_EDITABLE (row), plain);
  adw_entry_row_set_show_apply_button (row, TRUE);
}

static char *
make_draft_key (gint64 id, const Name *name)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT " %s", id, name->member);
}

void
mortise_passkey_page_show_names (MortisePasskeyPage *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      AdwEntryRow *row = get_row (self, &names[i]);
      g_autofree char *key = make_draft_key (mortise_passkey_get_id (self->passkey), &names[i]);
      const char *draft = g_hash_table_lookup (self->drafts, key);

      if (is_edited (row))
        continue;
      show_text (row, get_stored (self, &names[i]));
      if (draft == NULL)
        continue;
      gtk_editable_set_text (GTK_EDITABLE (row), draft);
      g_hash_table_remove (self->drafts, key);
    }
}

typedef struct
{
  MortisePasskeyPage *page;
  const Name *name;
  gint64 id;
  char *before;
  char *text;
} Edit;

static void
edit_free (Edit *edit)
{
  g_object_unref (edit->page);
  g_free (edit->before);
  g_free (edit->text);
  g_free (edit);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Edit, edit_free)

static gboolean
is_shown (MortisePasskeyPage *self, gint64 id)
{
  return self->passkey != NULL && mortise_passkey_get_id (self->passkey) == id;
}

/* What was typed stays, and can be applied again. */
static void
offer_again (AdwEntryRow *row)
{
  g_autofree char *typed = g_strdup (gtk_editable_get_text (GTK_EDITABLE (row)));

  if (!is_edited (row))
    return;
  gtk_editable_set_text (GTK_EDITABLE (row), "");
  gtk_editable_set_text (GTK_EDITABLE (row), typed);
}

/* Another passkey is shown by now: what could not be stored waits until the person is back. */
static void
settle_draft (Edit *edit, gboolean stored)
{
  GHashTable *drafts = edit->page->drafts;
  g_autofree char *key = make_draft_key (edit->id, edit->name);
  const char *draft = g_hash_table_lookup (drafts, key);

  if (stored && g_strcmp0 (draft, edit->text) == 0)
    g_hash_table_remove (drafts, key);
  else if (!stored && draft == NULL)
    g_hash_table_insert (drafts, g_steal_pointer (&key), g_strdup (edit->text));
}

/* An earlier offer would come back once this one has gone, and undo what has been replaced since.
 */
static void
offer_undo (const Edit *edit)
{
  MortisePasskeyPage *self = edit->page;
  AdwToast *earlier = self->undo_toast;

  g_clear_weak_pointer (&self->undo_toast);
  if (earlier != NULL)
    adw_toast_dismiss (earlier);
  g_set_weak_pointer (
      &self->undo_toast,
      mortise_toast_undo (GTK_WIDGET (self), _ (edit->name->changed), "win.edit-passkey",
                          g_variant_new ("(xss)", edit->id, edit->name->member, edit->before)));
}

static void
on_edited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Edit) edit = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);
  AdwEntryRow *row = get_row (edit->page, edit->name);

  if (reply == NULL)
    {
      mortise_toast_error (GTK_WIDGET (edit->page), error);
      if (is_shown (edit->page, edit->id))
        offer_again (row);
      else
        settle_draft (edit, FALSE);
      return;
    }
  /* From a mend, or as typed: either way this is what is stored now. */
  if (is_shown (edit->page, edit->id))
    {
      g_autofree char *plain = dup_editable_text (edit->text);

      if (is_edited (row) && !g_str_equal (gtk_editable_get_text (GTK_EDITABLE (row)), plain))
        /* More was typed meanwhile. */
        g_object_set_data_full (G_OBJECT (row), "shown-text", g_steal_pointer (&plain), g_free);
      else
        show_text (row, edit->text);
    }
  else
    settle_draft (edit, TRUE);
  offer_undo (edit);
}

void
mortise_passkey_page_edit (MortisePasskeyPage *self, const char *member, const char *text)
{
  const Name *name = find_name (member);
  Edit *edit = NULL;
  g_auto (GVariantDict) changes = G_VARIANT_DICT_INIT (NULL);

  g_return_if_fail (name != NULL);

  edit = g_new0 (Edit, 1);
  edit->page = g_object_ref (self);
  edit->name = name;
  edit->id = mortise_passkey_get_id (self->passkey);
  edit->before = g_utf8_make_valid (get_stored (self, name), -1);
  edit->text = g_strdup (text);
  g_variant_dict_insert (&changes, member, "s", text);
  mortise_agent_client_call (self->client, "EditPasskey",
                             g_variant_new ("(x@a{sv})", edit->id, g_variant_dict_end (&changes)),
                             NULL, on_edited, edit);
}

static void
on_apply (MortisePasskeyPage *self, AdwEntryRow *row)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names) && self->passkey != NULL; i++)
    {
      if (get_row (self, &names[i]) == row)
        mortise_passkey_page_edit (self, names[i].member,
                                   gtk_editable_get_text (GTK_EDITABLE (row)));
    }
}

/* Leaving this row alone stores nothing: the agent would ask about it, or is away. */
static gboolean
would_wait (MortisePasskeyPage *self, const Name *name)
{
  const gboolean away = mortise_agent_client_get_state (self->client) < MORTISE_AGENT_LOCKED;

  return is_edited (get_row (self, name)) && (name->asks || away);
}

gint64
mortise_passkey_page_find_unsaved (MortisePasskeyPage *self, MortisePasskeyStore *store)
{
  GHashTableIter iter;
  gpointer key = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (names) && self->passkey != NULL; i++)
    {
      if (would_wait (self, &names[i]))
        return mortise_passkey_get_id (self->passkey);
    }
  g_hash_table_iter_init (&iter, self->drafts);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const gint64 id = g_ascii_strtoll (key, NULL, 10);

      /* Not of one that was deleted since. */
      if (mortise_passkey_store_find (store, id) != NULL)
        return id;
    }
  return 0;
}

/*
 * Leaving a passkey keeps what was typed: a note is never worth a question, and what would be asked
 * about waits until the person is back. So does a note while the agent is away.
 */
void
mortise_passkey_page_leave_names (MortisePasskeyPage *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      AdwEntryRow *row = get_row (self, &names[i]);
      const char *typed = gtk_editable_get_text (GTK_EDITABLE (row));

      if (would_wait (self, &names[i]))
        g_hash_table_insert (self->drafts,
                             make_draft_key (mortise_passkey_get_id (self->passkey), &names[i]),
                             g_strdup (typed));
      else if (is_edited (row))
        mortise_passkey_page_edit (self, names[i].member, typed);
      g_object_set_data (G_OBJECT (row), "shown-text", NULL);
    }
}

void
mortise_passkey_page_init_names (MortisePasskeyPage *self)
{
  self->drafts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      AdwEntryRow *row = get_row (self, &names[i]);

      /* A pile of combining marks stays in its own row. */
      gtk_widget_set_overflow (GTK_WIDGET (row), GTK_OVERFLOW_HIDDEN);
      g_signal_connect_swapped (row, "apply", G_CALLBACK (on_apply), self);
    }
}
