/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/passkey.h"

#include "core/audit/registrable-domain.h"
#include "core/text/display-text.h"
#include "core/text/search-text.h"
#include "core/text/site-text.h"

#include <glib/gi18n.h>
#include <string.h>

#define SITE_MAX    80
#define ACCOUNT_MAX 80

struct _MortisePasskey
{
  GObject parent_instance;
  MortisePasskeyData data;
  gboolean proven;
  char *search_text;
  char *site_key;
  char *account_key;
  /* What is shown, made when it is first asked for: rows of the list ask again and again. */
  char *account;
  char *sentence;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortisePasskey, mortise_passkey, G_TYPE_OBJECT)

static void
clear_data (MortisePasskeyData *data)
{
  g_clear_pointer (&data->credential_id, g_bytes_unref);
  g_clear_pointer (&data->user_id, g_bytes_unref);
  g_free (data->rp_id);
  g_free (data->rp_name);
  g_free (data->user_name);
  g_free (data->user_display_name);
  g_free (data->label);
  g_free (data->nickname);
  g_free (data->note);
  g_strfreev (data->extensions);
}

static void
mortise_passkey_finalize (GObject *object)
{
  MortisePasskey *self = MORTISE_PASSKEY (object);

  clear_data (&self->data);
  g_free (self->search_text);
  g_free (self->site_key);
  g_free (self->account_key);
  g_free (self->account);
  g_free (self->sentence);
  G_OBJECT_CLASS (mortise_passkey_parent_class)->finalize (object);
}

static void
mortise_passkey_class_init (MortisePasskeyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_passkey_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", MORTISE_TYPE_PASSKEY, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_passkey_init (MortisePasskey *self)
{
}

static void
read_class (MortisePasskeyData *data, const char *name)
{
  /* What is unknown claims nothing: "device-only" only if that is what was said. */
  if (g_str_equal (name, "device-only"))
    data->kind = MORTISE_PASSKEY_DEVICE_ONLY;
  else
    data->kind = g_str_equal (name, "sealed") ? MORTISE_PASSKEY_SEALED : MORTISE_PASSKEY_EXPORTABLE;
}

typedef struct
{
  const char *name;
  const char *type;
  gsize offset;
} Member;

#define MEMBER(name, type, field)                                                                  \
  {                                                                                                \
    name, type, offsetof (MortisePasskeyData, field)                                               \
  }

static const Member members[] = {
  MEMBER ("id", "x", id),
  MEMBER ("credential-id", "ay", credential_id),
  MEMBER ("rp-id", "s", rp_id),
  MEMBER ("rp-name", "s", rp_name),
  MEMBER ("user-id", "ay", user_id),
  MEMBER ("user-name", "s", user_name),
  MEMBER ("user-display-name", "s", user_display_name),
  MEMBER ("label", "s", label),
  MEMBER ("nickname", "s", nickname),
  MEMBER ("note", "s", note),
  MEMBER ("algorithm", "i", algorithm),
  MEMBER ("discoverable", "b", discoverable),
  MEMBER ("u2f", "b", u2f),
  MEMBER ("cred-protect", "y", cred_protect),
  MEMBER ("backup-eligible", "b", backup_eligible),
  MEMBER ("backup-state", "b", backup_state),
  MEMBER ("export-blocked", "b", export_blocked),
  MEMBER ("extensions", "as", extensions),
  MEMBER ("created", "x", created),
  MEMBER ("last-used", "x", last_used),
  MEMBER ("deleted", "x", deleted),
  MEMBER ("use-count", "t", use_count),
  MEMBER ("last-flags", "y", last_flags),
  MEMBER ("sign-count", "u", sign_count),
};

static void
read_member (MortisePasskeyData *data, const Member *member, GVariant *value)
{
  gpointer field = G_STRUCT_MEMBER_P (data, member->offset);

  if (g_str_equal (member->type, "s"))
    {
      g_free (*(char **) field);
      *(char **) field = g_variant_dup_string (value, NULL);
    }
  else if (g_str_equal (member->type, "as"))
    {
      g_strfreev (*(char ***) field);
      *(char ***) field = g_variant_dup_strv (value, NULL);
    }
  else if (g_str_equal (member->type, "ay"))
    {
      g_clear_pointer ((GBytes **) field, g_bytes_unref);
      /* Copied: a reference would keep the whole page of the listing alive. */
      *(GBytes **) field = g_bytes_new (g_variant_get_data (value), g_variant_get_size (value));
    }
  else
    g_variant_get (value, member->type, field);
}

/* One pass: a look-up by name for each member would go over the dictionary again and again. */
static void
read_dictionary (MortisePasskeyData *data, GVariant *dictionary)
{
  GVariantIter iter;
  const char *name = NULL;
  GVariant *value = NULL;

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      if (g_str_equal (name, "class") && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        read_class (data, g_variant_get_string (value, NULL));
      for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
        {
          if (g_str_equal (name, members[i].name) &&
              g_variant_is_of_type (value, G_VARIANT_TYPE (members[i].type)))
            read_member (data, &members[i], value);
        }
    }
}

static const char *
get_account (MortisePasskey *self)
{
  const char *const candidates[] = { self->data.user_name, self->data.user_display_name,
                                     self->data.label };

  for (gsize i = 0; i < G_N_ELEMENTS (candidates) && self->account == NULL; i++)
    {
      if (!mortise_display_text_is_empty (candidates[i]))
        self->account = mortise_display_text (candidates[i], ACCOUNT_MAX);
    }
  if (self->account == NULL)
    self->account = g_strdup (self->data.u2f ? _ ("Second factor without an account name")
                                             : _ ("Account without a name"));
  return self->account;
}

static void
make_keys (MortisePasskey *self)
{
  const MortisePasskeyData *data = &self->data;
  const char *const parts[] = { data->rp_id,     data->rp_name,
                                data->user_name, data->user_display_name,
                                data->label,     data->nickname,
                                data->note };
  g_autoptr (GString) all = g_string_new (NULL);

  g_clear_pointer (&self->account, g_free);
  g_clear_pointer (&self->sentence, g_free);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      if (parts[i] != NULL)
        g_string_append_printf (all, "%s\n", parts[i]);
    }
  g_free (self->search_text);
  g_free (self->site_key);
  g_free (self->account_key);
  self->search_text = mortise_search_fold (all->str);
  self->site_key = g_utf8_casefold (data->rp_id, -1);
  self->account_key = g_utf8_collate_key (get_account (self), -1);
}

MortisePasskey *
mortise_passkey_new (GVariant *dictionary)
{
  g_autoptr (MortisePasskey) self = g_object_new (MORTISE_TYPE_PASSKEY, NULL);
  MortisePasskeyData *data = &self->data;

  data->kind = MORTISE_PASSKEY_EXPORTABLE;
  read_dictionary (data, dictionary);
  if (data->id == 0 || data->rp_id == NULL)
    return NULL;
  if (data->extensions == NULL)
    data->extensions = g_new0 (char *, 1);
  make_keys (self);
  return g_steal_pointer (&self);
}

const MortisePasskeyData *
mortise_passkey_get_data (MortisePasskey *self)
{
  return &self->data;
}

gint64
mortise_passkey_get_id (MortisePasskey *self)
{
  return self->data.id;
}

static gboolean
bytes_equal (GBytes *a, GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

static gboolean
data_equal (const MortisePasskeyData *a, const MortisePasskeyData *b)
{
  return a->id == b->id && a->kind == b->kind && a->algorithm == b->algorithm &&
         a->discoverable == b->discoverable && a->u2f == b->u2f &&
         a->cred_protect == b->cred_protect && a->backup_eligible == b->backup_eligible &&
         a->backup_state == b->backup_state && a->export_blocked == b->export_blocked &&
         a->created == b->created && a->last_used == b->last_used && a->deleted == b->deleted &&
         a->use_count == b->use_count && a->last_flags == b->last_flags &&
         a->sign_count == b->sign_count && g_strcmp0 (a->rp_id, b->rp_id) == 0 &&
         g_strcmp0 (a->rp_name, b->rp_name) == 0 && g_strcmp0 (a->user_name, b->user_name) == 0 &&
         g_strcmp0 (a->user_display_name, b->user_display_name) == 0 &&
         g_strcmp0 (a->label, b->label) == 0 && g_strcmp0 (a->nickname, b->nickname) == 0 &&
         g_strcmp0 (a->note, b->note) == 0 && bytes_equal (a->credential_id, b->credential_id) &&
         bytes_equal (a->user_id, b->user_id) &&
         g_strv_equal ((const char *const *) a->extensions, (const char *const *) b->extensions);
}

gboolean
mortise_passkey_take_data (MortisePasskey *self, MortisePasskey *from)
{
  MortisePasskeyData old = self->data;

  if (data_equal (&self->data, &from->data))
    return FALSE;
  self->data = from->data;
  from->data = old;
  make_keys (self);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return TRUE;
}

void
mortise_passkey_set_proven (MortisePasskey *self, gboolean proven)
{
  if (self->proven == proven)
    return;
  self->proven = proven;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

gboolean
mortise_passkey_is_proven (MortisePasskey *self)
{
  return self->proven;
}

const char *
mortise_passkey_get_search_text (MortisePasskey *self)
{
  return self->search_text;
}

const char *
mortise_passkey_get_site_key (MortisePasskey *self)
{
  return self->site_key;
}

const char *
mortise_passkey_get_account_key (MortisePasskey *self)
{
  return self->account_key;
}

char *
mortise_site_name_dup (const char *rp_id)
{
  g_autofree char *host = mortise_site_text_dup_host (rp_id);
  char *site = NULL;

  if (mortise_site_text_is_code (rp_id))
    return g_strdup (_ ("Site known only by a code"));
  site = mortise_display_text (host != NULL ? host : rp_id, SITE_MAX);
  if (site[0] != '\0')
    return site;
  g_free (site);
  return g_strdup (_ ("Site without a name"));
}

char *
mortise_passkey_dup_site (MortisePasskey *self)
{
  return mortise_site_name_dup (self->data.rp_id);
}

/* "accounts.google.com" is known as Google, "www.example.co.uk" as Example. */
char *
mortise_passkey_dup_avatar_text (MortisePasskey *self)
{
  gsize suffix = 0;
  g_autofree char *domain = NULL;

  if (mortise_site_text_is_code (self->data.rp_id))
    return g_strdup ("?");
  domain = mortise_registrable_domain (self->data.rp_id, &suffix);
  if (domain == NULL)
    return mortise_passkey_dup_site (self);
  domain[strlen (domain) - suffix] = '\0';
  return mortise_display_text (domain, SITE_MAX);
}

char *
mortise_passkey_dup_account (MortisePasskey *self)
{
  return g_strdup (get_account (self));
}

char *
mortise_passkey_dup_note (MortisePasskey *self)
{
  const char *const candidates[] = { self->data.label, self->data.user_display_name };
  const char *account = get_account (self);

  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      g_autofree char *note = mortise_display_text (candidates[i], ACCOUNT_MAX);

      if (note[0] != '\0' && !g_str_equal (note, account))
        return g_steal_pointer (&note);
    }
  return g_strdup ("");
}

static char *
make_sentence (MortisePasskey *self)
{
  g_autofree char *site =
      mortise_site_text_is_code (self->data.rp_id)
          /* Translators: stands for a site in “%s at %s”; %.*s is the beginning of a code */
          ? g_strdup_printf (_ ("a site known only by the code %.*s…"), MORTISE_SITE_CODE_SHOWN,
                             self->data.rp_id)
          : mortise_passkey_dup_site (self);
  g_autofree char *isolated_account = mortise_display_text_isolated (get_account (self), 0);
  g_autofree char *isolated_site = mortise_display_text_isolated (site, 0);

  /* Translators: an account at a site, as in “alice at example.com” */
  return g_strdup_printf (_ ("%s at %s"), isolated_account, isolated_site);
}

char *
mortise_passkey_dup_sentence (MortisePasskey *self)
{
  if (self->sentence == NULL)
    self->sentence = make_sentence (self);
  return g_strdup (self->sentence);
}
