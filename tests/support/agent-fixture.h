/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/audit/relying-party.h"
#include "tests/support/ctaphid-client.h"
#include "tests/support/swtpm.h"
#include "tests/support/wait-for.h"

G_BEGIN_DECLS

/** The PIN that tests type. Odd enough to be looked for in logs and on the bus. */
#define AGENT_FIXTURE_PIN     "Quoin-7411-Keystone"
#define AGENT_FIXTURE_NEW_PIN "Lintel-2086-Corbel"

/** Seconds that anything is waited for: only what hangs meets it, on however slow a machine. */
#define AGENT_FIXTURE_PATIENCE WAIT_FOR_PATIENCE

/**
 * AgentFixture:
 *
 * The real mortise-agent as a person's session has it: its own home, session bus and login keyring,
 * a software TPM, the socket transport, and the scripted prompter for the person. Everything ends
 * with the fixture. What fails outside of what is tested fails the test.
 */
typedef struct
{
  char *directory;
  char *data_dir;
  char *socket_path;
  char *prompter_dir;
  char *log_path; /* what the agent wrote to stdout and stderr, over all its lives */
  MortiseSwtpm *swtpm;
  char *tcti;         /* what is given to the agent; may be changed before a start */
  char *system_bus;   /* its address; nullable: none; may be set before a start */
  GPtrArray *options; /* (element-type utf8): further command line; may be changed before a start */
  GTestDBus *test_bus;
  GDBusConnection *bus;
  GPid keyring; /* 0 without */
  GSubprocess *agent;
  MortiseRelyingParty *rp;
} AgentFixture;

/** For g_test_add(): data is %NULL or one of the AGENT_FIXTURE_ words below, or several in one. */
#define AGENT_FIXTURE_NO_KEYRING "no-keyring "
#define AGENT_FIXTURE_NO_VAULT   "no-vault "
#define AGENT_FIXTURE_NO_START   "no-start "

/** Ends with a started agent and, unless said otherwise, a vault that is unlocked, and a person who
 * says yes and knows the PIN. */
void agent_fixture_set_up (AgentFixture *f, gconstpointer data);
void agent_fixture_tear_down (AgentFixture *f, gconstpointer data);

/* --- The agent's process -----------------------------------------------------------------------
 */

/** agent_fixture_start: starts it and waits until it answers on the bus and opened the vault */
void agent_fixture_start (AgentFixture *f);

/** agent_fixture_spawn: starts another agent of the same kind. (transfer full) */
GSubprocess *agent_fixture_spawn (AgentFixture *f);

/** agent_fixture_stop: SIGTERM; has to end with status 0 */
void agent_fixture_stop (AgentFixture *f);

/** agent_fixture_kill: SIGKILL, at once */
void agent_fixture_kill (AgentFixture *f);
pid_t agent_fixture_get_pid (AgentFixture *f);

/**
 * agent_fixture_pause:
 *
 * Stops it where it is until agent_fixture_resume(). What is sent meanwhile is there at once when
 * it goes on, and is read in the order in which its clients connected, but first from the one that
 * it answered last.
 */
void agent_fixture_pause (AgentFixture *f);
void agent_fixture_resume (AgentFixture *f);

/** agent_fixture_read_children: Returns: (transfer full): process numbers with spaces between */
char *agent_fixture_read_children (AgentFixture *f);

/**
 * agent_fixture_wait_no_prompt:
 *
 * Until no prompter runs. One that was withdrawn early may still be starting, and would take the
 * next line of the script.
 */
void agent_fixture_wait_no_prompt (AgentFixture *f);

/** agent_fixture_read_log: Returns: (transfer full): all that agents wrote so far */
char *agent_fixture_read_log (AgentFixture *f);

/* --- The person --------------------------------------------------------------------------------
 */

/** agent_fixture_answer: appends a line to the prompter's script, see scripted-prompter.c */
void agent_fixture_answer (AgentFixture *f, const char *line);

/** agent_fixture_answer_always: for all questions that have no line of their own */
void agent_fixture_answer_always (AgentFixture *f, const char *line);

/** agent_fixture_go_on: lets one answer be given whose line has the word "wait" */
void agent_fixture_go_on (AgentFixture *f);

/**
 * agent_fixture_answer_register, _answer_sign_in:
 * @line: answers what is asked last: the registration, or the account to sign in with
 *
 * Appends the answers of one ceremony with libfido2, which has the person verified first (a
 * question of kind "verify", or "sign-in" when that is all it is for, with the PIN) and then sends
 * the request. A sign-in that leaves no choice asks nothing more: then @line is %NULL.
 */
void agent_fixture_answer_register (AgentFixture *f, const char *line);
void agent_fixture_answer_sign_in (AgentFixture *f, const char *line);

/** agent_fixture_count_questions: asked so far */
guint agent_fixture_count_questions (AgentFixture *f);

/**
 * agent_fixture_wait_event:
 * @question: its number, from 1
 * @event: what the prompter's log line has after the number, or its beginning
 *
 * Returns: (transfer full): the rest of the line, once it is there
 */
char *agent_fixture_wait_event (AgentFixture *f, guint question, const char *event);

/** agent_fixture_has_event: whether the line is there now */
gboolean agent_fixture_has_event (AgentFixture *f, guint question, const char *event);

/** agent_fixture_wait_event_holding: the same, for the first such line with @holding in it */
char *agent_fixture_wait_event_holding (AgentFixture *f,
                                        guint question,
                                        const char *event,
                                        const char *holding);

/** agent_fixture_last_question: Returns: (transfer full): the question asked last, an a{sv} */
GVariant *agent_fixture_last_question (AgentFixture *f);

/* --- The bus -----------------------------------------------------------------------------------
 */

/** agent_fixture_call: (transfer full): @arguments floating; @error may be %NULL: must succeed */
GVariant *
agent_fixture_call (AgentFixture *f, const char *method, GVariant *arguments, GError **error);

/** agent_fixture_get: (transfer full): a property */
GVariant *agent_fixture_get (AgentFixture *f, const char *property);
char *agent_fixture_get_string (AgentFixture *f, const char *property);

/** agent_fixture_wait_state: until VaultState is @state */
void agent_fixture_wait_state (AgentFixture *f, const char *state);

/** agent_fixture_list: (transfer full): aa{sv} */
GVariant *agent_fixture_list (AgentFixture *f, gboolean deleted);

/** agent_fixture_find_passkey: Returns: its row id, or 0 */
gint64 agent_fixture_find_passkey (AgentFixture *f, gboolean deleted, GBytes *credential_id);

/** agent_fixture_get_passkey: (transfer full): a{sv} */
GVariant *agent_fixture_get_passkey (AgentFixture *f, gint64 id);

/** agent_fixture_assert_text: that passkey's member @name; %NULL: it has none */
void agent_fixture_assert_text (AgentFixture *f, gint64 id, const char *name, const char *expected);

/** agent_fixture_create_vault: once there is none, with #AGENT_FIXTURE_PIN; it is unlocked then */
void agent_fixture_create_vault (AgentFixture *f);

/** agent_fixture_unlock: types the PIN */
void agent_fixture_unlock (AgentFixture *f);
void agent_fixture_lock (AgentFixture *f);

/* --- Clients -----------------------------------------------------------------------------------
 */

/** agent_fixture_register: has to work. (transfer full) */
MortiseRegistration *agent_fixture_register (AgentFixture *f,
                                             const char *rp_id,
                                             const char *user_name,
                                             const MortiseRegistrationOptions *options);

/** agent_fixture_sign_in: has to work; @only: (nullable): allow list of this one. (transfer full)
 */
MortiseSignIn *
agent_fixture_sign_in (AgentFixture *f, const char *rp_id, const MortiseRegistration *only);

/** agent_fixture_register_fails, _sign_in_fails: has to fail with @code */
void agent_fixture_register_fails (AgentFixture *f,
                                   const char *rp_id,
                                   const MortiseRegistrationOptions *options,
                                   MortiseError code);
void agent_fixture_sign_in_fails (AgentFixture *f,
                                  const char *rp_id,
                                  const MortiseRegistration *only,
                                  MortiseError code);

/** agent_fixture_assert_works: a whole registration and sign-in at a site of its own */
void agent_fixture_assert_works (AgentFixture *f);

G_END_DECLS
