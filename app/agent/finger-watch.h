/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent/prompt-process.h"
#include "core/platform/fingerprint.h"

G_BEGIN_DECLS

/** Fingers that may be wrong during one question before only the PIN counts. */
#define MORTISE_FINGER_MAX_MISSES 3

/**
 * MortiseFingerWatch:
 *
 * Waits for a finger of the person while a question is on the screen, and tells the prompt how it
 * goes. The agent does this and not the prompt, for what decides over a key must not come from the
 * process that draws; all that the prompt gets is words, and a match moves it to answer as if the
 * PIN had been typed. Functions may be called from any thread; the reader is spoken to from the
 * main context.
 */
typedef struct _MortiseFingerWatch MortiseFingerWatch;

/**
 * mortise_finger_watch_new:
 * @process: the prompt; to live until mortise_finger_watch_free() returned
 * @max_misses: at least 1
 */
MortiseFingerWatch *mortise_finger_watch_new (MortiseFingerprint *fingerprint,
                                              MortisePromptProcess *process,
                                              guint max_misses);

/** mortise_finger_watch_has_matched: Returns: a finger of this person was recognised */
gboolean mortise_finger_watch_has_matched (MortiseFingerWatch *self);

/** mortise_finger_watch_get_misses: Returns: how many fingers were not recognised so far */
guint mortise_finger_watch_get_misses (MortiseFingerWatch *self);

/** mortise_finger_watch_free: no finger is wanted any more: the reader is released; @self may be
 * %NULL */
void mortise_finger_watch_free (MortiseFingerWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseFingerWatch, mortise_finger_watch_free)

G_END_DECLS
