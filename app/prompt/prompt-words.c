/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-words.h"

#include <glib/gi18n.h>

#include "core/text/display-text.h"

#define NAME_MAX_SHOWN      80
#define HOST_MAX_SHOWN      40
#define REQUESTER_MAX_SHOWN 60

#define COSE_RS256 (-257)
#define COSE_ES256 (-7)
#define COSE_ES384 (-35)

/* What every kind has; the rest depends on the question. */
typedef struct
{
  const char *heading;
  const char *why;
  const char *approve;
  const char *working;
  gboolean destructive;
} KindWords;

/* In the order of MortisePromptKind. */
static const KindWords kind_words[] = {
  [MORTISE_PROMPT_REGISTER] = {
    N_("Make a passkey for this site?"),
    N_("The site asked your browser for one. Go on only if you are adding a passkey there now."),
    N_("_Make Passkey"),
    N_("Making the passkey…"),
    FALSE,
  },
  [MORTISE_PROMPT_SIGN_IN] = {
    N_("Sign in to this site?"),
    N_("The site asked your browser for your passkey. Go on only if you are signing in there now."),
    N_("_Sign In"),
    N_("Signing in…"),
    FALSE,
  },
  [MORTISE_PROMPT_SELECT] = {
    N_("Use the passkeys of this computer?"),
    N_("A browser or another program asks which security key to use. Nothing is made or signed by "
       "saying yes."),
    N_("_Use Them"),
    N_("Telling the program…"),
    FALSE,
  },
  [MORTISE_PROMPT_EXCLUDED] = {
    N_("There is a passkey for this site already"),
    N_("The site asked for a new passkey, but only where it has none yet. If you go on, it learns "
       "that this computer holds one; no second one is made."),
    N_("_Tell the Site"),
    N_("Telling the site…"),
    FALSE,
  },
  [MORTISE_PROMPT_NO_PASSKEY] = {
    N_("No passkey for this site here"),
    N_("The site asked for a passkey that this computer does not hold. If you go on, your browser "
       "learns that and can offer another way to sign in."),
    N_("_Let It Know"),
    N_("Telling the browser…"),
    FALSE,
  },
  [MORTISE_PROMPT_VERIFY] = {
    N_("Confirm that it is you"),
    N_("A browser or another program wants to be sure who is at this computer before it goes on."),
    N_("_Confirm"),
    N_("Confirming…"),
    FALSE,
  },
  [MORTISE_PROMPT_UNLOCK] = {
    N_("Unlock your passkeys"),
    N_("Your vault is locked. While it is unlocked, its passkeys can be used after a yes of yours; "
       "it locks again by itself."),
    N_("_Unlock"),
    N_("Unlocking…"),
    FALSE,
  },
  [MORTISE_PROMPT_RESET] = {
    N_("Destroy every passkey?"),
    N_("All passkeys on this computer, those in Recently deleted and the PIN are destroyed. Nobody "
       "can bring them back. A site that knows you only by one of them will lock you out."),
    N_("_Destroy All"),
    N_("Destroying everything…"),
    TRUE,
  },
  [MORTISE_PROMPT_CREATE_VAULT] = {
    N_("Choose a PIN for your passkeys"),
    N_("The TPM of this computer will ask for it before a passkey is used, and allows only 8 wrong "
       "tries. Nobody can look it up for you."),
    N_("_Create Vault"),
    N_("Creating the vault in the TPM…"),
    FALSE,
  },
  [MORTISE_PROMPT_CHANGE_PIN] = {
    N_("Change the PIN"),
    N_("From now on only the new PIN opens your passkeys here. Backups keep their own passphrase, "
       "and copies of the vault made before keep the old PIN."),
    N_("_Change PIN"),
    N_("Changing the PIN…"),
    FALSE,
  },
  [MORTISE_PROMPT_DELETE] = { NULL, NULL, N_("_Delete"), N_("Deleting…"), TRUE },
  [MORTISE_PROMPT_PURGE] = { NULL, NULL, N_("_Destroy"), N_("Destroying…"), TRUE },
  [MORTISE_PROMPT_EDIT] = { NULL, NULL, N_("_Change"), N_("Saving the change…"), FALSE },
  [MORTISE_PROMPT_NEW_CODE] = {
    N_("Make a recovery code"),
    N_("If you forget the PIN, or it is blocked, this code opens your passkeys on this computer and "
       "sets a new PIN. It is shown once, to be written down."),
    N_("_Show the Code"),
    N_("Making the code in the TPM…"),
    FALSE,
  },
  [MORTISE_PROMPT_RECOVER] = {
    N_("Set a new PIN with the recovery code"),
    N_("No passkey is lost. The old PIN opens nothing any more; the recovery code stays as it is."),
    N_("_Set New PIN"),
    N_("Checking the code in the TPM…"),
    FALSE,
  },
};

G_STATIC_ASSERT (G_N_ELEMENTS (kind_words) == MORTISE_PROMPT_RECOVER + 1);

static guint
passkey_count (const MortisePromptQuestion *question)
{
  /* A long list comes cut, with its true length beside it. */
  return MAX (1, question->has_count ? question->count : g_strv_length (question->passkeys));
}

static char *
make_heading (const MortisePromptQuestion *question)
{
  guint n = passkey_count (question);

  switch (question->kind)
    {
    case MORTISE_PROMPT_DELETE:
      return g_strdup_printf (ngettext ("Delete this passkey?", "Delete these %u passkeys?", n), n);
    case MORTISE_PROMPT_PURGE:
      return g_strdup_printf (
          ngettext ("Destroy this passkey for good?", "Destroy these %u passkeys for good?", n), n);
    case MORTISE_PROMPT_EDIT:
      if (question->passkeys[0] == NULL)
        return g_strdup (_ ("Change this setting?"));
      return g_strdup_printf (ngettext ("Change this passkey?", "Change these %u passkeys?", n), n);
    case MORTISE_PROMPT_REGISTER:
    case MORTISE_PROMPT_SIGN_IN:
    case MORTISE_PROMPT_SELECT:
    case MORTISE_PROMPT_EXCLUDED:
    case MORTISE_PROMPT_NO_PASSKEY:
    case MORTISE_PROMPT_VERIFY:
    case MORTISE_PROMPT_UNLOCK:
    case MORTISE_PROMPT_RESET:
    case MORTISE_PROMPT_CREATE_VAULT:
    case MORTISE_PROMPT_CHANGE_PIN:
    case MORTISE_PROMPT_NEW_CODE:
    case MORTISE_PROMPT_RECOVER:
    default:
      return g_strdup (_ (kind_words[question->kind].heading));
    }
}

/* What the person lets a program do by confirming; most weighty first (CTAP 2.1 §6.5.5.7). */
static const struct
{
  guint permission;
  const char *why;
  const char *why_of_site; /* nullable */
} permission_words[] = {
  { 0x20,
    N_ ("A program wants to change settings of this security key: whether the PIN is always asked "
        "for, and how long it has to be."),
    NULL },
  { 0x04, N_ ("A program wants to see, rename and delete your passkeys."),
    N_ ("A program wants to see, rename and delete your passkeys for this site.") },
  { 0x40,
    N_ ("A program wants to read the list of your passkeys, now and later, without asking again."),
    NULL },
  { 0x10, N_ ("A program wants to change the data that sites keep beside their passkeys."), NULL },
  { 0x01, NULL,
    N_ ("A program wants to make a passkey for this site. You see what is made before it is.") },
  { 0x02, NULL, N_ ("A program wants to sign in to this site with a passkey.") },
};

static char *
make_why_verify (const MortisePromptQuestion *question)
{
  g_autoptr (GString) why = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (permission_words); i++)
    {
      const char *words = question->rp_id != NULL && permission_words[i].why_of_site != NULL
                              ? permission_words[i].why_of_site
                              : permission_words[i].why;

      if ((question->permissions & permission_words[i].permission) == 0 || words == NULL)
        continue;
      if (why->len > 0)
        g_string_append_c (why, '\n');
      g_string_append (why, _ (words));
    }
  if (why->len == 0)
    return g_strdup (_ (kind_words[MORTISE_PROMPT_VERIFY].why));
  return g_string_free (g_steal_pointer (&why), FALSE);
}

static char *
make_why (const MortisePromptQuestion *question)
{
  guint n = passkey_count (question);

  switch (question->kind)
    {
    case MORTISE_PROMPT_DELETE:
      return g_strdup (ngettext (
          "It goes to Recently deleted: sites cannot use it there, and you can restore it "
          "for 30 days. The site keeps its own entry: remove it there, too.",
          "They go to Recently deleted: sites cannot use them there, and you can restore "
          "them for 30 days. The sites keep their own entries: remove them there, too.",
          n));
    case MORTISE_PROMPT_PURGE:
      return g_strdup (
          ngettext ("Its key is destroyed and cannot be restored by anyone. If it is your only way "
                    "in, the site will lock you out.",
                    "Their keys are destroyed and cannot be restored by anyone. Sites where one is "
                    "your only way in will lock you out.",
                    n));
    case MORTISE_PROMPT_EDIT:
      if (question->passkeys[0] == NULL)
        return g_strdup (_ ("This changes how your passkeys are protected on this computer."));
      return g_strdup (_ ("The change is made on this computer. Sites are not told."));
    case MORTISE_PROMPT_UNLOCK:
      if (question->rp_id != NULL)
        return g_strdup (_ ("Your browser looked for this site’s passkey, but your vault is "
                            "locked."));
      return g_strdup (_ (kind_words[question->kind].why));
    case MORTISE_PROMPT_VERIFY:
      return make_why_verify (question);
    case MORTISE_PROMPT_REGISTER:
    case MORTISE_PROMPT_SIGN_IN:
    case MORTISE_PROMPT_SELECT:
    case MORTISE_PROMPT_EXCLUDED:
    case MORTISE_PROMPT_NO_PASSKEY:
    case MORTISE_PROMPT_RESET:
    case MORTISE_PROMPT_CREATE_VAULT:
    case MORTISE_PROMPT_CHANGE_PIN:
    case MORTISE_PROMPT_NEW_CODE:
    case MORTISE_PROMPT_RECOVER:
    default:
      return g_strdup (_ (kind_words[question->kind].why));
    }
}

static const char *
pin_reason (const MortisePromptQuestion *question)
{
  if (!question->needs_pin)
    return NULL;
  switch (question->kind)
    {
    case MORTISE_PROMPT_REGISTER:
    case MORTISE_PROMPT_SIGN_IN:
      if (question->verify)
        return _ ("The site wants to be sure that it is you.");
      return _ ("Your vault is locked; the PIN opens it.");
    case MORTISE_PROMPT_CHANGE_PIN:
      return _ ("First the PIN you have now.");
    case MORTISE_PROMPT_VERIFY:
    case MORTISE_PROMPT_UNLOCK:
      return NULL;
    case MORTISE_PROMPT_SELECT:
    case MORTISE_PROMPT_EXCLUDED:
    case MORTISE_PROMPT_NO_PASSKEY:
      return _ ("Your vault is locked; the PIN opens it.");
    case MORTISE_PROMPT_RESET:
    case MORTISE_PROMPT_CREATE_VAULT:
    case MORTISE_PROMPT_DELETE:
    case MORTISE_PROMPT_PURGE:
    case MORTISE_PROMPT_EDIT:
    case MORTISE_PROMPT_NEW_CODE:
    case MORTISE_PROMPT_RECOVER:
    default:
      return _ ("The PIN shows that it is you who asks for this.");
    }
}

static char *
make_notice (const MortisePromptQuestion *question)
{
  const MortisePromptAccount *replaced;
  g_autofree char *day = NULL;

  if (question->kind == MORTISE_PROMPT_RESET && question->has_count && question->count > 0)
    return g_strdup_printf (ngettext ("%u passkey will be lost for good.",
                                      "%u passkeys will be lost for good.", question->count),
                            question->count);
  if (question->kind == MORTISE_PROMPT_NEW_CODE && question->has_code)
    return g_strdup (_ ("It replaces the recovery code you have, which opens nothing any more once "
                        "you have the new one."));
  if (question->kind != MORTISE_PROMPT_REGISTER || question->accounts->len == 0)
    return NULL;

  replaced = mortise_prompt_question_get_account (question, 0);
  if (replaced->created <= 0)
    return g_strdup (_ ("It replaces the passkey you have for this account. The old one goes to "
                        "Recently deleted."));
  day = mortise_prompt_words_date (replaced->created);
  /* Translators: %s is a date. */
  return g_strdup_printf (_ ("It replaces the passkey you have for this account, made on %s. The "
                             "old one goes to Recently deleted."),
                          day);
}

static char *
make_asker (const MortisePromptQuestion *question)
{
  g_autofree char *host = mortise_display_text_isolated (question->host, HOST_MAX_SHOWN);
  g_autofree char *requester =
      mortise_display_text_isolated (question->requester, REQUESTER_MAX_SHOWN);

  if (*host == '\0')
    {
      g_free (host);
      host = g_strdup (_ ("this computer"));
    }
  if (*requester == '\0')
    /* Translators: %s is the computer's name. */
    return g_strdup_printf (_ ("A program on %s asks through the security key of Mortise. Your "
                               "answer stays on this computer."),
                            host);
  /* Translators: the first %s is a program, such as “the Mortise window”; the second the computer's
   * name. */
  return g_strdup_printf (_ ("Asked by %s on %s. Your answer stays on this computer."), requester,
                          host);
}

/* The number of what will be lost: it has to be read to be typed, and needs no input method. */
static void
add_confirmation (const MortisePromptQuestion *question, MortisePromptWords *words)
{
  if (question->kind != MORTISE_PROMPT_RESET)
    return;
  if (question->has_count && question->count > 0)
    {
      words->confirm_text = g_strdup_printf ("%u", question->count);
      /* Translators: %s is a number or a word in Latin capitals that is not translated. */
      words->confirm_title = g_strdup_printf (_ ("Type %s to confirm"), words->confirm_text);
      return;
    }
  words->confirm_text = g_strdup ("RESET");
  words->confirm_title = g_strdup_printf (_ ("Type %s to confirm"), words->confirm_text);
}

MortisePromptWords *
mortise_prompt_words_new (const MortisePromptQuestion *question)
{
  MortisePromptWords *words = g_new0 (MortisePromptWords, 1);
  const KindWords *kind = &kind_words[question->kind];

  words->heading = make_heading (question);
  words->why = make_why (question);
  words->pin_reason = g_strdup (pin_reason (question));
  words->notice = make_notice (question);
  words->approve = g_strdup (_ (kind->approve));
  if (question->kind == MORTISE_PROMPT_REGISTER && question->algorithm == COSE_RS256)
    words->working = g_strdup (_ ("Making an RSA key. The TPM may take half a minute for it…"));
  else
    words->working = g_strdup (_ (kind->working));
  words->asker = make_asker (question);
  words->destructive = kind->destructive;
  add_confirmation (question, words);
  return words;
}

void
mortise_prompt_words_free (MortisePromptWords *words)
{
  if (words == NULL)
    return;
  g_free (words->heading);
  g_free (words->why);
  g_free (words->pin_reason);
  g_free (words->notice);
  g_free (words->approve);
  g_free (words->working);
  g_free (words->asker);
  g_free (words->confirm_title);
  g_free (words->confirm_text);
  g_free (words);
}

char *
mortise_prompt_words_retries (guint retries)
{
  if (retries == 0)
    return g_strdup (_ ("No tries left."));
  if (retries == 1)
    return g_strdup (_ ("1 try left. If it is wrong, the PIN is blocked."));
  return g_strdup_printf (ngettext ("%u try left.", "%u tries left.", retries), retries);
}

char *
mortise_prompt_words_finger (const char *state, const char *message)
{
  static const struct
  {
    const char *state;
    const char *words;
  } states[] = {
    { "waiting", N_ ("Use the fingerprint reader, or type the PIN.") },
    { "again", N_ ("The finger could not be read. Try again, or type the PIN.") },
    { "too-short", N_ ("That was too short. Try again, or type the PIN.") },
    { "not-centered", N_ ("Put the finger on the middle of the reader, or type the PIN.") },
    { "lift", N_ ("Lift the finger and try again, or type the PIN.") },
    { "no-match", N_ ("This finger is not known. Try again, or type the PIN.") },
    { "match", N_ ("The finger was recognised.") },
    { "spent", N_ ("The finger was not recognised. Now only the PIN counts.") },
  };

  if (state == NULL)
    return g_strdup (_ ("The fingerprint reader is starting…"));
  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (state, states[i].state))
      return g_strdup (_ (states[i].words));
  if (message == NULL || *message == '\0')
    return g_strdup (_ ("The fingerprint reader cannot be used now. Type the PIN."));
  /* Translators: %s is a sentence that says why the fingerprint reader cannot be used */
  return g_strdup_printf (_ ("%s Type the PIN."), message);
}

const char *
mortise_prompt_words_recovery (const MortisePromptQuestion *question)
{
  if (question->kind == MORTISE_PROMPT_RECOVER)
    return NULL;
  if (question->pin_blocked && question->has_retries && question->retries == 0)
    return _ ("The PIN was wrong too often and is blocked. The recovery code sets a new one; no "
              "passkey is lost.");
  if (question->pin_blocked)
    return _ ("The PIN was wrong three times in a row. Restart this computer before typing it "
              "again, or set a new one with the recovery code; no passkey is lost.");
  return _ ("The recovery code sets a new PIN, and what is asked here goes on. No passkey is "
            "lost.");
}

const char *
mortise_prompt_words_software_tpm (const MortisePromptQuestion *question)
{
  if (question->demo)
    return _ ("Demo: software TPM, not hardware-bound");
  if (question->software_tpm)
    return _ ("Software TPM, not hardware-bound");
  return NULL;
}

const char *
mortise_prompt_words_export (const MortisePromptQuestion *question, gboolean allowed)
{
  if (allowed)
    return _ ("Encrypted backups and other computers can hold it. The site is told that it may be "
              "copied.");
  if (question->demo)
    return _ ("The site is told that it cannot be copied. In this demo that is not so: whoever has "
              "the software TPM’s files can copy it.");
  if (question->software_tpm)
    return _ ("The site is told that it cannot be copied. That is not so here: whoever has the "
              "software TPM’s files can copy it.");
  return _ ("It can never leave this computer’s TPM, not even in a backup. If the "
            "computer is lost, so is the passkey.");
}

/* Names of the IANA registry of COSE algorithms; a number for one that this version does not know.
 */
static char *
algorithm_to_name (int algorithm)
{
  switch (algorithm)
    {
    case COSE_ES256:
      return g_strdup ("ES256");
    case COSE_ES384:
      return g_strdup ("ES384");
    case COSE_RS256:
      return g_strdup ("RS256");
    default:
      return g_strdup_printf ("%d", algorithm);
    }
}

char *
mortise_prompt_words_key (const MortisePromptQuestion *question)
{
  g_autofree char *algorithm = algorithm_to_name (question->algorithm);

  if (question->demo || question->software_tpm)
    /* Translators: %s is the name of a signature algorithm, such as ES256. */
    return g_strdup_printf (_ ("Made and kept in a software TPM, not in hardware (%s)"), algorithm);
  /* Translators: %s is the name of a signature algorithm, such as ES256. */
  return g_strdup_printf (_ ("Made and kept in this computer’s TPM (%s)"), algorithm);
}

char *
mortise_prompt_words_date (gint64 unix_time)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (unix_time);

  /* Translators: a date for g_date_time_format(), such as “3 May 2025”. */
  return time != NULL ? g_date_time_format (time, _ ("%-e %B %Y")) : g_strdup ("");
}

char *
mortise_prompt_words_account_title (const MortisePromptAccount *account)
{
  g_autofree char *name = mortise_display_text (account->user_name, NAME_MAX_SHOWN);

  if (*name == '\0')
    {
      g_free (name);
      name = mortise_display_text (account->user_display_name, NAME_MAX_SHOWN);
    }
  if (*name == '\0')
    {
      g_free (name);
      name = g_strdup (_ ("Account without a name"));
    }
  return g_steal_pointer (&name);
}

static char *
make_use (const MortisePromptAccount *account)
{
  g_autofree char *day = NULL;

  if (account->last_used > 0)
    {
      day = mortise_prompt_words_date (account->last_used);
      /* Translators: %s is a date. */
      return *day != '\0' ? g_strdup_printf (_ ("Last used on %s"), day) : g_strdup ("");
    }
  if (account->created > 0)
    {
      day = mortise_prompt_words_date (account->created);
      /* Translators: %s is a date. */
      return g_strdup_printf (_ ("Made on %s, never used"), day);
    }
  return g_strdup ("");
}

char *
mortise_prompt_words_account_subtitle (const MortisePromptAccount *account, gboolean with_use)
{
  g_autofree char *title = mortise_prompt_words_account_title (account);
  g_autofree char *label = mortise_display_text_isolated (account->label, NAME_MAX_SHOWN);
  g_autofree char *display_name =
      mortise_display_text_isolated (account->user_display_name, NAME_MAX_SHOWN);
  g_autofree char *use = with_use ? make_use (account) : g_strdup ("");
  const char *parts[] = { display_name, label, use };
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      if (*parts[i] == '\0' || g_str_equal (parts[i], title))
        continue;
      if (text->len > 0)
        g_string_append (text, " · ");
      g_string_append (text, parts[i]);
    }
  return g_string_free (text, FALSE);
}
