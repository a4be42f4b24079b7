/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-question.h"

#include <glib/gi18n.h>

#include "core/mortise-error.h"

#define DEFAULT_MIN_PIN_LENGTH 4
#define DEFAULT_ALGORITHM      (-7) /* ES256 */

/* In the order of MortisePromptKind. */
static const char *const kind_names[] = {
  "register",     "sign-in",    "select", "excluded", "no-passkey", "verify",   "unlock",  "reset",
  "create-vault", "change-pin", "delete", "purge",    "edit",       "new-code", "recover",
};

G_STATIC_ASSERT (G_N_ELEMENTS (kind_names) == MORTISE_PROMPT_RECOVER + 1);

static void
account_free (gpointer data)
{
  MortisePromptAccount *account = data;

  g_free (account->user_name);
  g_free (account->user_display_name);
  g_free (account->label);
  g_free (account);
}

static void
set_malformed (GError **error, const char *member)
{
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED,
               _ ("The agent asked something that this prompt does not understand (“%s”), so "
                  "nothing was done. Install Mortise again to mend it."),
               member);
}

/* Absent is well; of another type is not. */
static gboolean
take (GVariant *dictionary,
      const char *name,
      const GVariantType *type,
      GVariant **ret_value,
      GError **error)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dictionary, name, NULL);

  if (value != NULL && !g_variant_is_of_type (value, type))
    {
      set_malformed (error, name);
      return FALSE;
    }
  *ret_value = g_steal_pointer (&value);
  return TRUE;
}

static gboolean
take_string (GVariant *dictionary, const char *name, char **ret_text, GError **error)
{
  g_autoptr (GVariant) value = NULL;

  if (!take (dictionary, name, G_VARIANT_TYPE_STRING, &value, error))
    return FALSE;
  if (value != NULL && *g_variant_get_string (value, NULL) != '\0')
    *ret_text = g_variant_dup_string (value, NULL);
  return TRUE;
}

static gboolean
take_boolean (GVariant *dictionary, const char *name, gboolean *ret_flag, GError **error)
{
  g_autoptr (GVariant) value = NULL;

  if (!take (dictionary, name, G_VARIANT_TYPE_BOOLEAN, &value, error))
    return FALSE;
  if (value != NULL)
    *ret_flag = g_variant_get_boolean (value);
  return TRUE;
}

static gboolean
take_number (GVariant *dictionary,
             const char *name,
             gboolean *ret_present,
             guint *ret_number,
             GError **error)
{
  g_autoptr (GVariant) value = NULL;

  if (!take (dictionary, name, G_VARIANT_TYPE_UINT32, &value, error))
    return FALSE;
  if (value != NULL)
    *ret_number = g_variant_get_uint32 (value);
  if (ret_present != NULL)
    *ret_present = value != NULL;
  return TRUE;
}

static gboolean
take_time (GVariant *dictionary, const char *name, gint64 *ret_time, GError **error)
{
  g_autoptr (GVariant) value = NULL;

  if (!take (dictionary, name, G_VARIANT_TYPE_INT64, &value, error))
    return FALSE;
  if (value != NULL)
    *ret_time = g_variant_get_int64 (value);
  return TRUE;
}

static gboolean
take_lines (GVariant *dictionary, const char *name, char ***ret_lines, GError **error)
{
  g_autoptr (GVariant) value = NULL;

  if (!take (dictionary, name, G_VARIANT_TYPE_STRING_ARRAY, &value, error))
    return FALSE;
  *ret_lines = value != NULL ? g_variant_dup_strv (value, NULL) : g_new0 (char *, 1);
  return TRUE;
}

static gboolean
take_account (GVariant *dictionary, GPtrArray *accounts, GError **error)
{
  MortisePromptAccount *account = g_new0 (MortisePromptAccount, 1);

  g_ptr_array_add (accounts, account);
  return take_string (dictionary, "user-name", &account->user_name, error) &&
         take_string (dictionary, "user-display-name", &account->user_display_name, error) &&
         take_string (dictionary, "label", &account->label, error) &&
         take_time (dictionary, "last-used", &account->last_used, error) &&
         take_time (dictionary, "created", &account->created, error);
}

static gboolean
take_accounts (GVariant *dictionary, GPtrArray *accounts, GError **error)
{
  g_autoptr (GVariant) value = NULL;
  GVariantIter iter;
  GVariant *child;
  gboolean ok = TRUE;

  if (!take (dictionary, "accounts", G_VARIANT_TYPE ("aa{sv}"), &value, error))
    return FALSE;
  if (value == NULL)
    return TRUE;
  g_variant_iter_init (&iter, value);
  while (ok && (child = g_variant_iter_next_value (&iter)) != NULL)
    {
      ok = take_account (child, accounts, error);
      g_variant_unref (child);
    }
  return ok;
}

static gboolean
take_kind (GVariant *dictionary, MortisePromptKind *ret_kind, GError **error)
{
  g_autofree char *name = NULL;

  if (!take_string (dictionary, "kind", &name, error))
    return FALSE;
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (kind_names); i++)
    {
      if (g_str_equal (name, kind_names[i]))
        {
          *ret_kind = (MortisePromptKind) i;
          return TRUE;
        }
    }
  set_malformed (error, "kind");
  return FALSE;
}

static gboolean
take_algorithm (GVariant *dictionary, int *ret_algorithm, GError **error)
{
  g_autoptr (GVariant) value = NULL;

  if (!take (dictionary, "algorithm", G_VARIANT_TYPE_INT32, &value, error))
    return FALSE;
  if (value != NULL)
    *ret_algorithm = g_variant_get_int32 (value);
  return TRUE;
}

MortisePromptQuestion *
mortise_prompt_question_parse (GVariant *dictionary, GError **error)
{
  g_autoptr (MortisePromptQuestion) question = g_new0 (MortisePromptQuestion, 1);

  question->accounts = g_ptr_array_new_with_free_func (account_free);
  question->min_pin_length = DEFAULT_MIN_PIN_LENGTH;
  question->algorithm = DEFAULT_ALGORITHM;
  if (dictionary == NULL || !g_variant_is_of_type (dictionary, G_VARIANT_TYPE_VARDICT))
    {
      set_malformed (error, "question");
      return NULL;
    }
  if (!take_kind (dictionary, &question->kind, error) ||
      !take_string (dictionary, "rp-id", &question->rp_id, error) ||
      !take_string (dictionary, "rp-name", &question->rp_name, error) ||
      !take_string (dictionary, "user-name", &question->user_name, error) ||
      !take_string (dictionary, "user-display-name", &question->user_display_name, error) ||
      !take_accounts (dictionary, question->accounts, error) ||
      !take_boolean (dictionary, "needs-pin", &question->needs_pin, error) ||
      !take_boolean (dictionary, "finger", &question->finger, error) ||
      !take_boolean (dictionary, "verify", &question->verify, error) ||
      !take_number (dictionary, "permissions", NULL, &question->permissions, error) ||
      !take_boolean (dictionary, "offer-recovery", &question->offer_recovery, error) ||
      !take_boolean (dictionary, "pin-blocked", &question->pin_blocked, error) ||
      !take_boolean (dictionary, "has-code", &question->has_code, error) ||
      !take_number (dictionary, "retries", &question->has_retries, &question->retries, error) ||
      !take_number (dictionary, "min-pin-length", NULL, &question->min_pin_length, error) ||
      !take_boolean (dictionary, "offer-export", &question->offer_export, error) ||
      !take_boolean (dictionary, "allow-export", &question->allow_export, error) ||
      !take_algorithm (dictionary, &question->algorithm, error) ||
      !take_lines (dictionary, "passkeys", &question->passkeys, error) ||
      !take_lines (dictionary, "changes", &question->changes, error) ||
      !take_number (dictionary, "count", &question->has_count, &question->count, error) ||
      !take_string (dictionary, "requester", &question->requester, error) ||
      !take_boolean (dictionary, "demo", &question->demo, error) ||
      !take_boolean (dictionary, "software-tpm", &question->software_tpm, error) ||
      !take_string (dictionary, "host", &question->host, error))
    return NULL;
  return g_steal_pointer (&question);
}

void
mortise_prompt_question_free (MortisePromptQuestion *question)
{
  if (question == NULL)
    return;
  g_free (question->rp_id);
  g_free (question->rp_name);
  g_free (question->user_name);
  g_free (question->user_display_name);
  g_ptr_array_unref (question->accounts);
  g_strfreev (question->passkeys);
  g_strfreev (question->changes);
  g_free (question->requester);
  g_free (question->host);
  g_free (question);
}

const MortisePromptAccount *
mortise_prompt_question_get_account (const MortisePromptQuestion *question, guint index)
{
  g_return_val_if_fail (index < question->accounts->len, NULL);

  return g_ptr_array_index (question->accounts, index);
}
