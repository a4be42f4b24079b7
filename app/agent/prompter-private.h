/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent/finger-watch.h"
#include "app/agent/prompt-process.h"
#include "app/agent/prompter.h"

G_BEGIN_DECLS

/* What the parts of the prompter share: prompter.c, which is asked; prompter-question.c, which puts
 * one question on the screen when its turn comes; prompter-answer.c, which takes the answer. */

typedef struct _MortisePrompterQuestion MortisePrompterQuestion;

struct _MortisePrompter
{
  GObject parent_instance;

  char *program;
  gboolean needs_display;
  gboolean demo;

  GMutex lock;
  GCond slot_free;
  guint timeout;
  MortiseVault *vault;
  MortiseFingerprint *fingerprint; /* nullable */
  guint finger_misses;             /* since a finger or a PIN was right */
  gboolean shut_down;
  MortisePrompterQuestion *current; /* has the slot */
  GSList *questions;                /* every question between begin and end, without reference */

  /* A prompt that only tells why nothing can be answered any more, until it is closed. */
  MortisePromptProcess *lingering;
  GSource *lingering_source;
};

/* One question from begin to end. Used by the thread that asks; `process` and `stop` also by those
 * that raise or withdraw, under the prompter's lock. */
struct _MortisePrompterQuestion
{
  MortisePrompter *prompter;
  GVariant *members;
  gboolean verify;
  gboolean needs_unlocked;
  gboolean needs_new_pin;
  guint n_accounts;
  MortisePromptAccept accept;
  gpointer accept_data;
  MortisePromptMakeCode make_code;
  MortisePromptKeepCode keep_code;
  gboolean recovers;   /* asks for the recovery code from the start */
  gboolean may_finger; /* of those questions where a finger may stand for the PIN */

  MortiseVault *vault;
  gboolean needs_pin;
  gboolean offer_recovery;
  gboolean offer_finger;
  MortiseFingerWatch *finger; /* nullable: while one is awaited */
  gboolean finger_matched;
  gboolean code_shown;
  GError *pin_problem; /* why the PIN is of no use any more, after which a no means that */
  MortisePromptProcess *process;
  gboolean shown;
  gint64 deadline; /* monotonic, µs */

  GCancellable *stop;
  MortiseError stop_code;

  MortiseSecret *pin;
  MortiseSecret *new_pin;
  MortiseSecret *recovery_code;
  MortiseConsentAnswer answer;
};

/* --- Errors: each returns %FALSE ---------------------------------------------------------------
 */

gboolean mortise_prompter_set_error (GError **error, MortiseError code, const char *message);

/** mortise_prompter_set_stopped: @code: %MORTISE_ERROR_DENIED, or why it was withdrawn */
gboolean mortise_prompter_set_stopped (GError **error, MortiseError code);
gboolean mortise_prompter_set_not_shown (GError **error);

/* --- prompter-question.c -----------------------------------------------------------------------
 */

/** mortise_prompter_question_new: (transfer full): @members: (transfer floating): what is asked */
MortisePrompterQuestion *mortise_prompter_question_new (MortisePrompter *self, GVariant *members);

/** mortise_prompter_question_free: takes it off the screen, and lets the next one have its turn */
void mortise_prompter_question_free (MortisePrompterQuestion *question);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePrompterQuestion, mortise_prompter_question_free)

/**
 * mortise_prompter_question_begin:
 * @may_wait: if another has its turn now, mortise_prompter_question_wait() shows it later
 *
 * Returns: %FALSE with %MORTISE_ERROR_BUSY, _CANCELLED, or as mortise_prompter_question_show()
 */
gboolean mortise_prompter_question_begin (MortisePrompterQuestion *question,
                                          gboolean may_wait,
                                          GError **error);

/** mortise_prompter_question_wait_for_turn: blocks */
gboolean mortise_prompter_question_wait_for_turn (MortisePrompterQuestion *question,
                                                  GError **error);

/** mortise_prompter_question_show: whose turn it is; starts its prompt */
gboolean mortise_prompter_question_show (MortisePrompterQuestion *question, GError **error);

/** mortise_prompter_question_cancelled_cb: the client withdraws: wakes it, also while it waits for
 * its turn */
void mortise_prompter_question_cancelled_cb (GCancellable *cancellable, gpointer user_data);

/** mortise_prompter_question_be_patient: a recovery code takes longer to write down, or to find and
 * type, than a PIN */
void mortise_prompter_question_be_patient (MortisePrompterQuestion *question);

/** mortise_prompter_question_start_finger: if the question offers it */
void mortise_prompter_question_start_finger (MortisePrompterQuestion *question);

/** mortise_prompter_question_stop_finger: counts what was wrong, and gives the reader back */
void mortise_prompter_question_stop_finger (MortisePrompterQuestion *question);

/** mortise_prompter_forgive_finger_misses: a finger or a PIN was right */
void mortise_prompter_forgive_finger_misses (MortisePrompter *self);

/** mortise_prompter_question_linger: its prompt, which says why it is over, stays until it is
 * closed or another question comes */
void mortise_prompter_question_linger (MortisePrompterQuestion *question);

/** mortise_prompter_drop_lingering: with the lock held */
void mortise_prompter_drop_lingering (MortisePrompter *self);

/* --- prompter-answer.c -------------------------------------------------------------------------
 */

/**
 * mortise_prompter_question_wait:
 * @cancellable: (nullable): the client's
 *
 * Blocks until the person's answer was carried out, or never can be; asks again after what the
 * person can mend. The answer is in @question then.
 */
gboolean mortise_prompter_question_wait (MortisePrompterQuestion *question,
                                         GCancellable *cancellable,
                                         GError **error);

G_END_DECLS
