/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/ctaphid-channels.h"

#include <string.h>

#include "core/hid/ctaphid-framing.h"

G_STATIC_ASSERT (CTAPHID_MAX_CHANNELS > 2);

/* Returns: index of @channel, or count. */
static guint
find (const CtaphidChannels *channels, guint32 channel)
{
  guint i = 0;

  while (i < channels->count && channels->ids[i] != channel)
    i++;
  return i;
}

static void
remove_at (CtaphidChannels *channels, guint index)
{
  channels->count--;
  memmove (channels->ids + index, channels->ids + index + 1,
           (channels->count - index) * sizeof channels->ids[0]);
}

static void
put_first (CtaphidChannels *channels, guint32 channel)
{
  memmove (channels->ids + 1, channels->ids, channels->count * sizeof channels->ids[0]);
  channels->ids[0] = channel;
  channels->count++;
}

static void
forget_oldest (CtaphidChannels *channels, guint32 keep, guint32 keep_too)
{
  guint i = channels->count - 1;

  while (channels->ids[i] == keep || channels->ids[i] == keep_too)
    i--;
  remove_at (channels, i);
}

void
ctaphid_channels_init (CtaphidChannels *channels, guint32 first)
{
  channels->count = 0;
  channels->next = first;
}

guint32
ctaphid_channels_allocate (CtaphidChannels *channels, guint32 keep, guint32 keep_too)
{
  guint32 channel;

  do
    channel = channels->next++;
  while (channel == CTAPHID_CHANNEL_NONE || channel == CTAPHID_CHANNEL_BROADCAST ||
         find (channels, channel) < channels->count);

  if (channels->count == CTAPHID_MAX_CHANNELS)
    forget_oldest (channels, keep, keep_too);
  put_first (channels, channel);
  return channel;
}

gboolean
ctaphid_channels_touch (CtaphidChannels *channels, guint32 channel)
{
  const guint index = find (channels, channel);

  if (index == channels->count)
    return FALSE;
  if (index > 0)
    {
      remove_at (channels, index);
      put_first (channels, channel);
    }
  return TRUE;
}

void
ctaphid_channels_clear (CtaphidChannels *channels)
{
  channels->count = 0;
}
