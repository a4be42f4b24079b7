/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Channels kept at once. A browser opens one or two for each page that asks; a client whose channel
 * was forgotten gets ERR_INVALID_CHANNEL and asks for a new one.
 */
#define CTAPHID_MAX_CHANNELS 256

/**
 * CtaphidChannels:
 *
 * The channels given out by CTAPHID_INIT (CTAP 2.1 §11.2.9.1.3). When there is no room the one not
 * used for longest is forgotten.
 */
typedef struct
{
  guint32 ids[CTAPHID_MAX_CHANNELS]; /* most recently used first */
  guint count;
  guint32 next;
} CtaphidChannels;

/** ctaphid_channels_init: @first: where to start counting; any number */
void ctaphid_channels_init (CtaphidChannels *channels, guint32 first);

/**
 * ctaphid_channels_allocate:
 * @keep, @keep_too: channels that are never forgotten for this one: a transaction or a lock is
 *   theirs; 0 for none
 *
 * Returns: a channel that is none of 0, the broadcast channel and those in use
 */
guint32 ctaphid_channels_allocate (CtaphidChannels *channels, guint32 keep, guint32 keep_too);

/** ctaphid_channels_touch: Returns: whether @channel was given out; it is the latest used then */
gboolean ctaphid_channels_touch (CtaphidChannels *channels, guint32 channel);

/** ctaphid_channels_clear: forgets all; numbers go on, so that none is given out twice in a row */
void ctaphid_channels_clear (CtaphidChannels *channels);

G_END_DECLS
