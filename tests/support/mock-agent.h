/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseMockAgent:
 *
 * The agent's D-Bus interface over a data model in memory, for tests and benchmarks of the window
 * and of mortisectl. Prompts are answered at once: yes, or no after
 * mortise_mock_agent_set_answer(). Runs on the main context in which it was made.
 */
typedef struct _MortiseMockAgent MortiseMockAgent;

/** mortise_mock_agent_new: exports the object on @connection, with an empty, unlocked vault */
MortiseMockAgent *mortise_mock_agent_new (GDBusConnection *connection);
void mortise_mock_agent_free (MortiseMockAgent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseMockAgent, mortise_mock_agent_free)

/** mortise_mock_agent_own_name: appears on the bus as the agent, or as the demo's agent */
void mortise_mock_agent_own_name (MortiseMockAgent *self, gboolean demo);
/** mortise_mock_agent_release_name: as if the agent had stopped; own_name() brings it back */
void mortise_mock_agent_release_name (MortiseMockAgent *self);

/** mortise_mock_agent_set_state: "no-vault", "locked", "listable", "unlocked" */
void mortise_mock_agent_set_state (MortiseMockAgent *self, const char *state);
/** mortise_mock_agent_set_problem: state "unavailable" with error name and message */
void
mortise_mock_agent_set_problem (MortiseMockAgent *self, const char *problem, const char *message);
void mortise_mock_agent_set_demo (MortiseMockAgent *self, gboolean demo);
/** mortise_mock_agent_set_damaged: how many records do not verify */
void mortise_mock_agent_set_damaged (MortiseMockAgent *self, guint damaged);
/** mortise_mock_agent_set_healthy: whether GetHealth is all well, or shows every state */
void mortise_mock_agent_set_healthy (MortiseMockAgent *self, gboolean healthy);
/** mortise_mock_agent_set_recovery_code: whether the vault has one; it has at first */
void mortise_mock_agent_set_recovery_code (MortiseMockAgent *self, gboolean exists);
/** mortise_mock_agent_set_pin_retries: tries of the PIN that are left; 8 at first */
void mortise_mock_agent_set_pin_retries (MortiseMockAgent *self, guint retries);
/** mortise_mock_agent_set_login_keyslot: as set_recovery_code, of the login keyslot */
void mortise_mock_agent_set_login_keyslot (MortiseMockAgent *self, gboolean exists);
/** mortise_mock_agent_set_fingerprint: what GetFingerprint tells; "ready" and no words at first */
void mortise_mock_agent_set_fingerprint (MortiseMockAgent *self,
                                         const char *state,
                                         const char *text,
                                         const char *step);
/** mortise_mock_agent_set_software_tpm: what the Tpm property tells */
void mortise_mock_agent_set_software_tpm (MortiseMockAgent *self, gboolean software);

/**
 * mortise_mock_agent_set_answer:
 * @error_name: (nullable): %NULL for yes, or the short error name that whatever asks fails with:
 *   "Denied", "PinBlocked" …
 */
void
mortise_mock_agent_set_answer (MortiseMockAgent *self, const char *error_name, const char *message);

/** mortise_mock_agent_set_hold: calls that ask stay unanswered until it is set to %FALSE */
void mortise_mock_agent_set_hold (MortiseMockAgent *self, gboolean hold);

/**
 * mortise_mock_agent_add:
 * @now: Unix time; created_at and last use are made from it
 * @passkey: floating a{sv} in the form of ListPasskeys; "id" is put in, "credential-id", "class",
 *   "algorithm", "created" … too if they are missing; with "mock-refuted" true its TPM says
 *   otherwise than "class"
 *
 * Returns: its id
 */
gint64 mortise_mock_agent_add (MortiseMockAgent *self, gint64 now, GVariant *passkey);

/** mortise_mock_agent_add_samples: twelve passkeys as a person has them, some deleted */
void mortise_mock_agent_add_samples (MortiseMockAgent *self, gint64 now);
/** mortise_mock_agent_add_many: @count generated passkeys, about three to a site */
void mortise_mock_agent_add_many (MortiseMockAgent *self, gint64 now, guint count);
/** mortise_mock_agent_add_hostile: names that try to break a list */
void mortise_mock_agent_add_hostile (MortiseMockAgent *self, gint64 now);
/** mortise_mock_agent_delete: to Recently deleted, as if another client had done it */
void mortise_mock_agent_delete (MortiseMockAgent *self, gint64 id);
/** mortise_mock_agent_set_history: @history: floating aa{sv} as GetHistory gives */
void mortise_mock_agent_set_history (MortiseMockAgent *self, gint64 id, GVariant *history);

/** mortise_mock_agent_get: Returns: (transfer full) (nullable): the passkey as it is now */
GVariant *mortise_mock_agent_get (MortiseMockAgent *self, gint64 id);
/** mortise_mock_agent_emit_changed: emits PasskeysChanged */
void mortise_mock_agent_emit_changed (MortiseMockAgent *self);

/**
 * mortise_mock_agent_take_calls:
 *
 * Returns: (transfer full): method calls that change something since the last time, one a line:
 *   `DeletePasskeys ([3],)`
 */
char *mortise_mock_agent_take_calls (MortiseMockAgent *self);

G_END_DECLS
