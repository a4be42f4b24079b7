/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/ctaphid-framing.h"

#include <string.h>

#define INITIAL_BIT 0x80

static guint32
read_u32 (const guint8 *bytes)
{
  guint32 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT32_FROM_BE (value);
}

void
ctaphid_packet_parse (const guint8 report[MORTISE_HID_REPORT_SIZE], CtaphidPacket *ret_packet)
{
  const gboolean initial = (report[4] & INITIAL_BIT) != 0;

  *ret_packet = (CtaphidPacket){
    .channel = read_u32 (report),
    .initial = initial,
    .data = report + (initial ? 7 : 5),
    .data_size = initial ? CTAPHID_INIT_DATA_SIZE : CTAPHID_CONT_DATA_SIZE,
  };
  if (initial)
    {
      ret_packet->command = report[4] & (guint8) ~INITIAL_BIT;
      ret_packet->size = (guint16) (report[5] << 8 | report[6]);
    }
  else
    ret_packet->sequence = report[4];
}

static void
append (CtaphidAssembly *assembly, const CtaphidPacket *packet)
{
  const gsize n = MIN (assembly->size - assembly->filled, packet->data_size);

  memcpy (assembly->payload + assembly->filled, packet->data, n);
  assembly->filled += n;
}

void
ctaphid_assembly_start (CtaphidAssembly *assembly, const CtaphidPacket *packet)
{
  g_return_if_fail (packet->initial && packet->size <= MORTISE_CTAPHID_MAX_PAYLOAD);

  assembly->command = packet->command;
  assembly->next_sequence = 0;
  assembly->size = packet->size;
  assembly->filled = 0;
  append (assembly, packet);
}

gboolean
ctaphid_assembly_add (CtaphidAssembly *assembly, const CtaphidPacket *packet)
{
  if (packet->initial || packet->sequence != assembly->next_sequence)
    return FALSE;
  assembly->next_sequence++;
  append (assembly, packet);
  return TRUE;
}

gboolean
ctaphid_assembly_is_complete (const CtaphidAssembly *assembly)
{
  return assembly->filled == assembly->size;
}

void
ctaphid_message_write (guint32 channel,
                       guint8 command,
                       const guint8 *payload,
                       gsize size,
                       void (*send) (const guint8 report[MORTISE_HID_REPORT_SIZE],
                                     gpointer user_data),
                       gpointer user_data)
{
  const guint32 channel_be = GUINT32_TO_BE (channel);
  guint8 report[MORTISE_HID_REPORT_SIZE] = { 0 };
  gsize sent = MIN (size, CTAPHID_INIT_DATA_SIZE);
  guint8 sequence = 0;

  g_return_if_fail (size <= MORTISE_CTAPHID_MAX_PAYLOAD);

  memcpy (report, &channel_be, sizeof channel_be);
  report[4] = command | INITIAL_BIT;
  report[5] = (guint8) (size >> 8);
  report[6] = (guint8) (size & 0xFF);
  if (sent > 0)
    memcpy (report + 7, payload, sent);
  send (report, user_data);

  while (sent < size)
    {
      const gsize n = MIN (size - sent, CTAPHID_CONT_DATA_SIZE);

      report[4] = sequence++;
      memset (report + 5, 0, CTAPHID_CONT_DATA_SIZE);
      memcpy (report + 5, payload + sent, n);
      send (report, user_data);
      sent += n;
    }
}
