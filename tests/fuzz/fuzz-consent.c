/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-consent.h"

#include <string.h>

#include "core/ctap/authenticator-data.h"

typedef enum
{
  ANSWER_YES,
  ANSWER_YES_AGAIN_1, /* a yes is what leads on, so it is likelier */
  ANSWER_YES_AGAIN_2,
  ANSWER_YES_AGAIN_3,
  ANSWER_YES_EXPORT,
  ANSWER_YES_NO_EXPORT,
  ANSWER_YES_LAST_ACCOUNT,
  ANSWER_YES_TOO_LATE, /* the vault locked itself meanwhile */
  ANSWER_DENIED,
  ANSWER_TIMED_OUT,
  ANSWER_CANCELLED,
  ANSWER_NOT_SHOWN,
  ANSWER_BUSY,
  ANSWER_WRONG_PIN,
  ANSWER_PIN_BLOCKED,
  ANSWER_BROKEN,
} Answer;

struct _FuzzConsent
{
  GObject parent_instance;

  MortiseVault *vault;
  char *pin;
  gboolean can_verify;
  guint64 answers;
  char *rp_id;
  char *applications[2]; /* in hex */
  guint n_applications;
  guint yes;
  guint all_yes;
  guint verified;
  int up;
};

/* One question on the screen. */
typedef struct
{
  Answer answer;
  gboolean wants_pin;
  gboolean allow_export;
  guint n_accounts;
} Question;

static void consent_iface_init (MortiseConsentInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FuzzConsent,
                               fuzz_consent,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MORTISE_TYPE_CONSENT, consent_iface_init))

/* A site is called by its name, or, where U2F tells no more, by the hash of it. */
static char *
hash_of (const char *site)
{
  guint8 hash[32];
  g_autoptr (GString) hex = g_string_new (NULL);

  mortise_rp_id_hash (site, hash);
  for (gsize i = 0; i < sizeof hash; i++)
    g_string_append_printf (hex, "%02x", hash[i]);
  return g_string_free (g_steal_pointer (&hex), FALSE);
}

static gboolean
is_same_site (const char *a, const char *b)
{
  g_autofree char *hash_a = hash_of (a);
  g_autofree char *hash_b = hash_of (b);

  return g_str_equal (a, b) || g_str_equal (hash_a, b) || g_str_equal (a, hash_b);
}

static gboolean
is_expected (FuzzConsent *self, const char *rp_id)
{
  if (self->rp_id != NULL && g_str_equal (rp_id, self->rp_id))
    return TRUE;
  for (guint i = 0; i < self->n_applications; i++)
    {
      if (is_same_site (rp_id, self->applications[i]))
        return TRUE;
    }
  return FALSE;
}

/* The whole point: what the person reads is what the client asked for. */
static void
check_site (FuzzConsent *self, const MortiseConsentQuestion *question)
{
  switch (question->kind)
    {
    case MORTISE_CONSENT_REGISTER:
    case MORTISE_CONSENT_SIGN_IN:
    case MORTISE_CONSENT_EXCLUDED:
    case MORTISE_CONSENT_NO_PASSKEY:
      g_assert_nonnull (question->rp_id);
      g_assert_true (is_expected (self, question->rp_id));
      break;
    case MORTISE_CONSENT_VERIFY:
    case MORTISE_CONSENT_UNLOCK:
      g_assert_true (question->rp_id == NULL || is_expected (self, question->rp_id));
      break;
    case MORTISE_CONSENT_SELECT:
    case MORTISE_CONSENT_RESET:
      g_assert_cmpstr (question->rp_id, ==, NULL);
      break;
    default:
      g_assert_not_reached ();
    }
  for (guint i = 0; question->accounts != NULL && i < question->accounts->len; i++)
    {
      const MortiseCredential *account = g_ptr_array_index (question->accounts, i);

      g_assert_true (account->u2f ? is_same_site (account->rp_id, question->rp_id)
                                  : g_str_equal (account->rp_id, question->rp_id));
      g_assert_cmpint (account->deleted_at, ==, 0);
    }
}

/* As the real prompt decides it (app/agent/prompter.c). */
static gboolean
wants_pin (FuzzConsent *self, const MortiseConsentQuestion *question)
{
  gboolean needs_unlocked = question->kind == MORTISE_CONSENT_REGISTER ||
                            question->kind == MORTISE_CONSENT_SIGN_IN ||
                            question->kind == MORTISE_CONSENT_UNLOCK;

  return question->verify || question->kind == MORTISE_CONSENT_VERIFY ||
         (needs_unlocked && mortise_vault_get_state (self->vault) != MORTISE_VAULT_UNLOCKED);
}

static gboolean
fail (GError **error, MortiseError code)
{
  g_set_error_literal (error, MORTISE_ERROR, (int) code, "as the input says");
  return FALSE;
}

static gpointer
fuzz_begin (MortiseConsent *consent, const MortiseConsentQuestion *question, GError **error)
{
  FuzzConsent *self = FUZZ_CONSENT (consent);
  Answer answer = (Answer) (self->answers & 0xf);
  Question *asked;

  self->answers >>= 4;
  g_assert_false (fuzz_consent_is_up (self));
  check_site (self, question);
  if (answer == ANSWER_NOT_SHOWN || answer == ANSWER_BUSY)
    {
      fail (error, answer == ANSWER_BUSY ? MORTISE_ERROR_BUSY : MORTISE_ERROR_PROMPT_FAILED);
      return NULL;
    }
  asked = g_new0 (Question, 1);
  asked->answer = answer;
  asked->wants_pin = wants_pin (self, question);
  asked->allow_export = question->allow_export;
  asked->n_accounts = question->accounts != NULL ? question->accounts->len : 0;
  if (asked->wants_pin && mortise_vault_get_state (self->vault) <= MORTISE_VAULT_NONE)
    {
      g_free (asked);
      fail (error, MORTISE_ERROR_NO_VAULT);
      return NULL;
    }
  g_atomic_int_inc (&self->up);
  return asked;
}

static gboolean
type_pin (FuzzConsent *self, const char *text, GError **error)
{
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (text, strlen (text));
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, error);

  return hash != NULL && mortise_vault_unlock (self->vault, hash, error);
}

static gboolean
say_yes (FuzzConsent *self,
         const Question *question,
         MortiseConsentAnswer *ret_answer,
         GError **error)
{
  if (question->wants_pin && !type_pin (self, self->pin, error))
    return FALSE;
  if (question->answer == ANSWER_YES_TOO_LATE)
    mortise_vault_lock (self->vault);
  self->yes++;
  self->all_yes++;
  if (question->wants_pin)
    self->verified++;
  if (ret_answer == NULL)
    return TRUE;
  *ret_answer = (MortiseConsentAnswer){ .verified = question->wants_pin,
                                        .allow_export = question->allow_export };
  if (question->answer == ANSWER_YES_EXPORT || question->answer == ANSWER_YES_NO_EXPORT)
    ret_answer->allow_export = question->answer == ANSWER_YES_EXPORT;
  if (question->answer == ANSWER_YES_LAST_ACCOUNT && question->n_accounts > 0)
    ret_answer->account = question->n_accounts - 1;
  return TRUE;
}

static gboolean
fuzz_wait (MortiseConsent *consent,
           gpointer request,
           GCancellable *cancellable,
           MortiseConsentAnswer *ret_answer,
           GError **error)
{
  FuzzConsent *self = FUZZ_CONSENT (consent);
  const Question *question = request;

  switch (question->answer)
    {
    case ANSWER_DENIED:
      return fail (error, MORTISE_ERROR_DENIED);
    case ANSWER_TIMED_OUT:
      return fail (error, MORTISE_ERROR_TIMED_OUT);
    case ANSWER_CANCELLED:
      g_cancellable_cancel (cancellable);
      return fail (error, MORTISE_ERROR_CANCELLED);
    case ANSWER_PIN_BLOCKED:
      return fail (error, MORTISE_ERROR_PIN_BLOCKED);
    case ANSWER_BROKEN:
      return fail (error, MORTISE_ERROR_PROMPT_FAILED);
    case ANSWER_WRONG_PIN:
      if (question->wants_pin && !type_pin (self, "0000 no", error))
        return FALSE;
      return fail (error, MORTISE_ERROR_DENIED);
    default:
      return say_yes (self, question, ret_answer, error);
    }
}

static void
fuzz_end (MortiseConsent *consent, gpointer request)
{
  g_free (request);
  (void) g_atomic_int_dec_and_test (&FUZZ_CONSENT (consent)->up);
}

static gboolean
fuzz_can_verify (MortiseConsent *consent)
{
  return FUZZ_CONSENT (consent)->can_verify;
}

static void
consent_iface_init (MortiseConsentInterface *iface)
{
  iface->begin = fuzz_begin;
  iface->wait = fuzz_wait;
  iface->end = fuzz_end;
  iface->can_verify = fuzz_can_verify;
}

static void
fuzz_consent_finalize (GObject *object)
{
  FuzzConsent *self = FUZZ_CONSENT (object);

  g_clear_object (&self->vault);
  g_free (self->pin);
  fuzz_consent_expect (self, NULL);
  G_OBJECT_CLASS (fuzz_consent_parent_class)->finalize (object);
}

static void
fuzz_consent_class_init (FuzzConsentClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fuzz_consent_finalize;
}

static void
fuzz_consent_init (FuzzConsent *self)
{
  self->can_verify = TRUE;
}

FuzzConsent *
fuzz_consent_new (void)
{
  return g_object_new (FUZZ_TYPE_CONSENT, NULL);
}

void
fuzz_consent_set_vault (FuzzConsent *self, MortiseVault *vault)
{
  g_set_object (&self->vault, vault);
}

void
fuzz_consent_set_pin (FuzzConsent *self, const char *pin)
{
  g_autofree char *copy = g_strdup (pin);

  g_free (self->pin);
  self->pin = g_steal_pointer (&copy);
}

const char *
fuzz_consent_get_pin (FuzzConsent *self)
{
  return self->pin;
}

void
fuzz_consent_set_can_verify (FuzzConsent *self, gboolean can_verify)
{
  self->can_verify = can_verify;
}

void
fuzz_consent_set_answers (FuzzConsent *self, guint64 answers)
{
  self->answers = answers;
}

void
fuzz_consent_expect (FuzzConsent *self, const char *rp_id)
{
  g_free (self->rp_id);
  self->rp_id = g_strdup (rp_id);
  while (self->n_applications > 0)
    g_free (self->applications[--self->n_applications]);
  self->yes = self->verified = 0;
}

void
fuzz_consent_expect_application (FuzzConsent *self, const guint8 hash[32])
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < 32; i++)
    g_string_append_printf (hex, "%02x", hash[i]);
  g_assert_cmpuint (self->n_applications, <, G_N_ELEMENTS (self->applications));
  self->applications[self->n_applications++] = g_string_free (g_steal_pointer (&hex), FALSE);
}

guint
fuzz_consent_count_all_yes (FuzzConsent *self)
{
  return self->all_yes;
}

guint
fuzz_consent_count_yes (FuzzConsent *self)
{
  return self->yes;
}

guint
fuzz_consent_count_verified (FuzzConsent *self)
{
  return self->verified;
}

gboolean
fuzz_consent_is_up (FuzzConsent *self)
{
  return g_atomic_int_get (&self->up) > 0;
}
