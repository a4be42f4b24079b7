/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for mortise-prompt in tests: `mortise-agent --prompter=…/scripted-prompter`. Answers
 * from a script and writes down every question, so that a test can check the words a person would
 * see.
 *
 * The folder named by the environment variable MORTISE_TEST_PROMPTER_DIR holds:
 *
 *   answers   one line per question, taken from the top as questions come; empty lines and lines
 *             with # in front are skipped. Tests may append lines at any time; `position` says how
 *             many bytes were taken
 *   default   one line, used when `answers` has none left. Without it: deny
 *   log       written here, one line per event, see below
 *   count     how many questions were asked so far
 *   code      written here: the recovery code that the agent had shown last
 *   go        made by the test: an answer that waits may be given; taken away with it
 *
 * A line is a list of words in any order. What to do, one of:
 *
 *   approve     says yes
 *   deny        says no
 *   finger      as approve, but says yes without a PIN once a finger matched. Logs `no-finger`
 *               where none counts, or none any more: then with pin=A, or no without one
 *   hang        shows itself and never answers, until the agent closes
 *   close       shows itself and closes without an answer, as if the window was closed
 *   crash       shows itself and dies of SIGKILL
 *   no-display  exits with status 1 before showing anything
 *   garbage     sends bytes that are no frame
 *
 * With what:
 *
 *   pin=A,B,C        the PIN typed; sent only if the question has "needs-pin". After a wrong one
 *                    the next is sent; when none is left: no
 *   new-pin=A        the new PIN; sent only for "create-vault" and "change-pin"
 *   allow-export=1   leaves the switch on (or =0: off). Without: as the question had it
 *   account=N        chooses the Nth account, from 0
 *   wait             answers when the test says so, see `go`
 *   delay=MS         waits before it answers: for what takes time, never for what has to come first
 *   expect=KIND      says no, and logs `unexpected`, if the question is of another kind
 *   recovery=A,B     recovery codes, with new-pin; sent for "recover", and once the PINs are spent
 *                    where the recovery code is offered. "code" stands for the one in the file
 *   drop-code        says no after a new recovery code was shown
 *
 * Lines of the log, N being the number of the question from 1:
 *
 *   N question DICTIONARY     as g_variant_print() without type annotations, on one line
 *   N shown
 *   N answer DICTIONARY       secrets sent with it are not logged, only `N secret KIND`
 *   N update DICTIONARY
 *   N raise
 *   N closed-by-agent         the agent took the prompt away, or was done with it
 *   N unexpected KIND
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/prompt/prompt-protocol.h"

typedef struct
{
  const char *directory;
  guint number;
  MortisePromptChannel *channel;
  GVariant *question;

  char *action;
  char **pins;
  guint next_pin;
  char *new_pin;
  char **codes;
  guint next_code;
  gboolean drop_code;
  int allow_export; /* −1: as asked */
  guint account;
  gboolean wait;
  guint delay_ms;
  char *expect;
} Prompter;

static char *
file_in (const Prompter *self, const char *name)
{
  return g_build_filename (self->directory, name, NULL);
}

G_GNUC_PRINTF (2, 3)
static void
log_line (const Prompter *self, const char *format, ...)
{
  g_autofree char *path = file_in (self, "log");
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list args;
  int fd;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_strdelimit (text, "\n", ' ');
  line = g_strdup_printf ("%u %s\n", self->number, text);

  /* One write: lines of two prompts at once stay whole. */
  fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  /* The test is over and has cleaned up. */
  if (fd < 0 && errno == ENOENT)
    exit (0);
  if (fd < 0 || write (fd, line, strlen (line)) != (gssize) strlen (line))
    g_error ("Cannot write to %s", path);
  close (fd);
}

static void
log_dictionary (const Prompter *self, const char *event, GVariant *dictionary)
{
  g_autofree char *text = g_variant_print (dictionary, FALSE);

  log_line (self, "%s %s", event, text);
}

/* The line for this question; also counts the question. */
static char *
take_line (Prompter *self)
{
  g_autofree char *lock_path = file_in (self, "lock");
  g_autofree char *answers_path = file_in (self, "answers");
  g_autofree char *default_path = file_in (self, "default");
  g_autofree char *count_path = file_in (self, "count");
  g_autofree char *count_text = NULL;
  g_autofree char *new_count = NULL;
  g_autofree char *position_path = file_in (self, "position");
  g_autofree char *position_text = NULL;
  g_autofree char *content = NULL;
  g_autofree char *line = NULL;
  guint64 position = 0;
  gsize size = 0;
  int lock_fd = open (lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (lock_fd < 0 || flock (lock_fd, LOCK_EX) < 0)
    g_error ("Cannot lock %s", lock_path);

  if (g_file_get_contents (count_path, &count_text, NULL, NULL))
    self->number = (guint) atoi (count_text);
  self->number++;
  new_count = g_strdup_printf ("%u\n", self->number);
  g_file_set_contents (count_path, new_count, -1, NULL);

  if (g_file_get_contents (position_path, &position_text, NULL, NULL))
    position = g_ascii_strtoull (position_text, NULL, 10);
  if (g_file_get_contents (answers_path, &content, &size, NULL) && position < size)
    {
      const char *rest = content + position;
      g_autofree char *taken = NULL;

      while (line == NULL && *rest != '\0')
        {
          const char *end = strchrnul (rest, '\n');

          line = g_strstrip (g_strndup (rest, (gsize) (end - rest)));
          if (*line == '\0' || *line == '#')
            g_clear_pointer (&line, g_free);
          rest = *end == '\0' ? end : end + 1;
        }
      taken = g_strdup_printf ("%zu\n", (size_t) (rest - content));
      g_file_set_contents (position_path, taken, -1, NULL);
    }
  if (line == NULL && !g_file_get_contents (default_path, &line, NULL, NULL))
    line = g_strdup ("deny");
  close (lock_fd);
  return g_steal_pointer (&line);
}

static void
read_word (Prompter *self, const char *word)
{
  static const char *const actions[] = { "approve", "finger",     "deny",    "hang", "close",
                                         "crash",   "no-display", "garbage", NULL };
  const char *value = strchr (word, '=');

  if (g_strv_contains (actions, word))
    {
      g_free (self->action);
      self->action = g_strdup (word);
    }
  else if (g_str_equal (word, "drop-code"))
    self->drop_code = TRUE;
  else if (g_str_equal (word, "wait"))
    self->wait = TRUE;
  else if (value == NULL)
    g_error ("Unknown word “%s” in the script", word);
  else if (g_str_has_prefix (word, "pin="))
    self->pins = g_strsplit (value + 1, ",", -1);
  else if (g_str_has_prefix (word, "new-pin="))
    self->new_pin = g_strdup (value + 1);
  else if (g_str_has_prefix (word, "recovery="))
    self->codes = g_strsplit (value + 1, ",", -1);
  else if (g_str_has_prefix (word, "allow-export="))
    self->allow_export = atoi (value + 1);
  else if (g_str_has_prefix (word, "account="))
    self->account = (guint) atoi (value + 1);
  else if (g_str_has_prefix (word, "delay="))
    self->delay_ms = (guint) atoi (value + 1);
  else if (g_str_has_prefix (word, "expect="))
    self->expect = g_strdup (value + 1);
  else
    g_error ("Unknown word “%s” in the script", word);
}

static void
read_script (Prompter *self)
{
  g_autofree char *line = take_line (self);
  g_auto (GStrv) words = g_strsplit_set (line, " \t\n", -1);

  self->allow_export = -1;
  for (char **word = words; *word != NULL; word++)
    {
      if (**word != '\0')
        read_word (self, *word);
    }
  if (self->action == NULL)
    self->action = g_strdup ("approve");
}

static gboolean
asked (const Prompter *self, const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (self->question, name, "b", &value);
  return value;
}

static void
send_secret (Prompter *self, MortiseSecretKind kind, const char *text)
{
  g_autoptr (MortiseSecret) secret = NULL;

  if (text == NULL || *text == '\0')
    return;
  secret = mortise_secret_new_from_data (text, strlen (text));
  log_line (self, "secret %d", kind);
  mortise_prompt_channel_send_secret (self->channel, kind, secret, NULL);
}

static void
send_answer (Prompter *self, gboolean approved)
{
  GVariantDict dict;
  g_autoptr (GVariant) answer = NULL;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "approved", "b", approved);
  if (approved)
    {
      g_variant_dict_insert (&dict, "allow-export", "b",
                             self->allow_export < 0 ? asked (self, "allow-export")
                                                    : self->allow_export != 0);
      g_variant_dict_insert (&dict, "account", "u", self->account);
    }
  answer = g_variant_ref_sink (g_variant_dict_end (&dict));
  log_dictionary (self, "answer", answer);
  mortise_prompt_channel_send (self->channel, MORTISE_FRAME_ANSWER, answer, NULL);
}

static void
approve_with_code (Prompter *self)
{
  g_autofree char *path = file_in (self, "code");
  g_autofree char *text = NULL;

  if (self->codes == NULL || self->codes[self->next_code] == NULL)
    {
      send_answer (self, FALSE);
      return;
    }
  text = g_strdup (self->codes[self->next_code]);
  self->next_code++;
  if (g_str_equal (text, "code"))
    {
      g_clear_pointer (&text, g_free);
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    }
  send_secret (self, MORTISE_SECRET_KIND_RECOVERY_CODE, text);
  send_secret (self, MORTISE_SECRET_KIND_NEW_PIN, self->new_pin);
  send_answer (self, TRUE);
}

/* The person says that they have no PIN; the agent answers with an update. */
static void
ask_for_recovery (Prompter *self)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "recover", "b", TRUE);
  log_line (self, "wants-recovery");
  mortise_prompt_channel_send (self->channel, MORTISE_FRAME_ANSWER, g_variant_dict_end (&dict),
                               NULL);
}

static void
take_code (Prompter *self, const MortiseSecret *code)
{
  g_autofree char *path = file_in (self, "code");

  g_assert_true (g_file_set_contents (path, (const char *) mortise_secret_peek (code),
                                      (gssize) mortise_secret_get_size (code), NULL));
  log_line (self, "code-shown");
  send_answer (self, !self->drop_code);
}

static void
approve (Prompter *self)
{
  const char *kind = "";
  gboolean new_pin;

  g_variant_lookup (self->question, "kind", "&s", &kind);
  if (g_str_equal (kind, "recover"))
    {
      approve_with_code (self);
      return;
    }
  if (asked (self, "needs-pin") && self->pins == NULL && self->codes != NULL)
    {
      ask_for_recovery (self);
      return;
    }
  new_pin = g_str_equal (kind, "create-vault") || g_str_equal (kind, "change-pin");

  if (asked (self, "needs-pin") && self->pins != NULL)
    {
      if (self->pins[self->next_pin] == NULL)
        {
          send_answer (self, FALSE);
          return;
        }
      send_secret (self, MORTISE_SECRET_KIND_PIN, self->pins[self->next_pin]);
      self->next_pin++;
    }
  if (new_pin)
    send_secret (self, MORTISE_SECRET_KIND_NEW_PIN, self->new_pin);
  send_answer (self, TRUE);
}

static void
approve_without_finger (Prompter *self)
{
  log_line (self, "no-finger");
  if (self->pins != NULL)
    approve (self);
  else
    send_answer (self, FALSE);
}

static void
handle_finger (Prompter *self, const char *finger)
{
  if (!g_str_equal (self->action, "finger"))
    return;
  if (g_str_equal (finger, "match"))
    send_answer (self, TRUE);
  else if (g_str_equal (finger, "spent") || g_str_equal (finger, "off"))
    approve_without_finger (self);
}

/* A question that was withdrawn while this program started takes no line: the test that withdrew
 * it may be writing the lines for what comes next already. */
static gboolean
is_withdrawn (Prompter *self)
{
  char byte;

  return recv (mortise_prompt_channel_get_fd (self->channel), &byte, 1, MSG_PEEK | MSG_DONTWAIT) ==
         0;
}

/* Until the test says so, or the agent does not want to know any more. */
static void
wait_for_go (Prompter *self)
{
  g_autofree char *path = file_in (self, "go");

  while (!is_withdrawn (self) && g_unlink (path) != 0)
    g_usleep (3000);
}

static void
act (Prompter *self)
{
  const char *kind = "";

  if (self->delay_ms > 0)
    g_usleep (self->delay_ms * 1000ul);
  if (self->wait)
    wait_for_go (self);

  g_variant_lookup (self->question, "kind", "&s", &kind);
  if (self->expect != NULL && !g_str_equal (self->expect, kind))
    {
      log_line (self, "unexpected %s", kind);
      send_answer (self, FALSE);
    }
  else if (g_str_equal (self->action, "approve"))
    approve (self);
  else if (g_str_equal (self->action, "finger") && !asked (self, "finger"))
    approve_without_finger (self);
  else if (g_str_equal (self->action, "deny"))
    send_answer (self, FALSE);
  else if (g_str_equal (self->action, "close"))
    exit (0);
  else if (g_str_equal (self->action, "crash"))
    kill (getpid (), SIGKILL);
  else if (g_str_equal (self->action, "garbage"))
    (void) !write (mortise_prompt_channel_get_fd (self->channel), "\xff\xff\xff\xff garbage", 12);
}

/* Returns: whether to go on */
static gboolean
handle_update (Prompter *self, GVariant *update)
{
  gboolean wrong = FALSE, fatal = FALSE, working = FALSE, recovery = FALSE;

  const char *finger;

  log_dictionary (self, "update", update);
  if (g_variant_lookup (update, "finger", "&s", &finger))
    {
      handle_finger (self, finger);
      return TRUE;
    }
  g_variant_lookup (update, "pin-wrong", "b", &wrong);
  g_variant_lookup (update, "fatal", "b", &fatal);
  g_variant_lookup (update, "working", "b", &working);
  g_variant_lookup (update, "recovery", "b", &recovery);
  if (fatal)
    return FALSE;
  if (recovery || (!wrong && !working && self->next_code > 0))
    approve_with_code (self);
  else if (wrong)
    {
      if (self->pins != NULL && self->pins[self->next_pin] != NULL)
        approve (self);
      else
        send_answer (self, FALSE);
    }
  else if (!working)
    /* Not accepted for another reason (a new PIN against the policy …): this script has no more. */
    send_answer (self, FALSE);
  return TRUE;
}

/* Returns: whether to go on */
static gboolean
answer_question (Prompter *self)
{
  if (is_withdrawn (self))
    return FALSE;
  read_script (self);
  log_dictionary (self, "question", self->question);
  if (g_str_equal (self->action, "no-display"))
    return FALSE;
  mortise_prompt_channel_send (self->channel, MORTISE_FRAME_SHOWN, NULL, NULL);
  log_line (self, "shown");
  act (self);
  return TRUE;
}

/* Returns: whether to go on */
static gboolean
handle_frame (Prompter *self)
{
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (GError) error = NULL;
  MortiseFrameType type;

  if (!mortise_prompt_channel_receive (self->channel, NULL, -1, &type, &dictionary, NULL, &secret,
                                       &error))
    {
      if (self->number > 0)
        log_line (self, "closed-by-agent");
      return FALSE;
    }
  switch (type)
    {
    case MORTISE_FRAME_QUESTION:
      self->question = g_steal_pointer (&dictionary);
      return answer_question (self);
    case MORTISE_FRAME_UPDATE:
      return handle_update (self, dictionary);
    case MORTISE_FRAME_RAISE:
      log_line (self, "raise");
      return TRUE;
    case MORTISE_FRAME_SECRET:
      take_code (self, secret);
      return TRUE;
    case MORTISE_FRAME_SHOWN:
    case MORTISE_FRAME_ANSWER:
    default:
      g_error ("The agent sent a frame of type %d", type);
    }
}

int
main (int argc, char **argv)
{
  int fd = -1;
  GOptionEntry entries[] = {
    { "fd", 0, 0, G_OPTION_ARG_INT, &fd, "The socket to the agent", "N" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  Prompter self = { 0 };
  int status;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || fd < 0)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "--fd is missing");
      return 2;
    }
  self.directory = g_getenv ("MORTISE_TEST_PROMPTER_DIR");
  if (self.directory == NULL)
    g_error ("MORTISE_TEST_PROMPTER_DIR is not set");

  self.channel = mortise_prompt_channel_new (fd);
  while (handle_frame (&self))
    ;
  status = g_strcmp0 (self.action, "no-display") == 0 ? 1 : 0;

  mortise_prompt_channel_free (self.channel);
  g_clear_pointer (&self.question, g_variant_unref);
  g_strfreev (self.pins);
  g_free (self.new_pin);
  g_strfreev (self.codes);
  g_free (self.action);
  g_free (self.expect);
  return status;
}
