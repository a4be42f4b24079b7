/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/consent-question.h"

#include <glib/gi18n.h>

/* At most @max bytes of @text, valid UTF-8, cut at a character. */
static char *
make_safe (const char *text, gsize max)
{
  gsize size = strlen (text);

  if (size > max)
    {
      const char *end = g_utf8_find_prev_char (text, text + max + 1);

      size = end != NULL ? (gsize) (end - text) : 0;
    }
  return g_utf8_make_valid (text, (gssize) size);
}

void
mortise_consent_question_insert_string (GVariantDict *dict, const char *name, const char *text)
{
  if (text != NULL)
    g_variant_dict_insert_value (dict, name,
                                 g_variant_new_take_string (make_safe (text, MORTISE_NAME_MAX)));
}

void
mortise_consent_question_insert_lines (GVariantDict *dict, const char *name, GPtrArray *lines)
{
  GVariantBuilder builder;
  guint shown = MIN (lines->len, MORTISE_QUESTION_MAX_LINES);

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < shown; i++)
    g_variant_builder_add_value (
        &builder, g_variant_new_take_string (make_safe (lines->pdata[i], 3 * MORTISE_NAME_MAX)));
  if (lines->len > shown)
    {
      guint rest = lines->len - shown;

      g_variant_builder_add_value (
          &builder, g_variant_new_take_string (
                        /* Translators: last line of a list of passkeys that is too long to show */
                        g_strdup_printf (ngettext ("… and %u more", "… and %u more", rest), rest)));
    }
  g_variant_dict_insert_value (dict, name, g_variant_builder_end (&builder));
}

static const char *
kind_to_name (MortiseConsentKind kind)
{
  switch (kind)
    {
    case MORTISE_CONSENT_REGISTER:
      return "register";
    case MORTISE_CONSENT_SIGN_IN:
      return "sign-in";
    case MORTISE_CONSENT_SELECT:
      return "select";
    case MORTISE_CONSENT_EXCLUDED:
      return "excluded";
    case MORTISE_CONSENT_NO_PASSKEY:
      return "no-passkey";
    case MORTISE_CONSENT_VERIFY:
      return "verify";
    case MORTISE_CONSENT_UNLOCK:
      return "unlock";
    case MORTISE_CONSENT_RESET:
      return "reset";
    default:
      g_return_val_if_reached ("select");
    }
}

static GVariant *
account_new (const MortiseCredential *credential)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  mortise_consent_question_insert_string (&dict, "user-name", credential->user_name);
  mortise_consent_question_insert_string (&dict, "user-display-name",
                                          credential->user_display_name);
  mortise_consent_question_insert_string (&dict, "label", credential->label);
  g_variant_dict_insert (&dict, "last-used", "x", credential->last_used_at);
  g_variant_dict_insert (&dict, "created", "x", credential->created_at);
  return g_variant_dict_end (&dict);
}

static void
insert_accounts (GVariantDict *dict, GPtrArray *accounts)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < MIN (accounts->len, MORTISE_QUESTION_MAX_ACCOUNTS); i++)
    g_variant_builder_add_value (&builder, account_new (accounts->pdata[i]));
  g_variant_dict_insert_value (dict, "accounts", g_variant_builder_end (&builder));
}

void
mortise_consent_question_to_members (GVariantDict *dict, const MortiseConsentQuestion *question)
{
  g_variant_dict_insert (dict, "kind", "s", kind_to_name (question->kind));
  mortise_consent_question_insert_string (dict, "rp-id", question->rp_id);
  mortise_consent_question_insert_string (dict, "rp-name", question->rp_name);
  mortise_consent_question_insert_string (dict, "user-name", question->user_name);
  mortise_consent_question_insert_string (dict, "user-display-name", question->user_display_name);
  if (question->accounts != NULL && question->accounts->len > 0)
    insert_accounts (dict, question->accounts);
  g_variant_dict_insert (dict, "verify", "b", question->verify);
  if (question->permissions != 0)
    g_variant_dict_insert (dict, "permissions", "u", question->permissions);
  if (question->kind == MORTISE_CONSENT_REGISTER)
    {
      g_variant_dict_insert (dict, "offer-export", "b", question->offer_export);
      g_variant_dict_insert (dict, "allow-export", "b", question->allow_export);
      g_variant_dict_insert (dict, "algorithm", "i", (gint32) question->algorithm);
    }
}
