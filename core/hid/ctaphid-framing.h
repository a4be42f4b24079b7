/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/hid/ctaphid.h"

G_BEGIN_DECLS

/* Message and packet structure of CTAPHID (CTAP 2.1 §11.2.4). */

#define CTAPHID_INIT_DATA_SIZE (MORTISE_HID_REPORT_SIZE - 7)
#define CTAPHID_CONT_DATA_SIZE (MORTISE_HID_REPORT_SIZE - 5)

G_STATIC_ASSERT (MORTISE_CTAPHID_MAX_PAYLOAD ==
                 CTAPHID_INIT_DATA_SIZE + 128 * CTAPHID_CONT_DATA_SIZE);

#define CTAPHID_CHANNEL_NONE      0x00000000u
#define CTAPHID_CHANNEL_BROADCAST 0xFFFFFFFFu

typedef enum
{
  CTAPHID_PING = 0x01,
  CTAPHID_MSG = 0x03,
  CTAPHID_LOCK = 0x04,
  CTAPHID_INIT = 0x06,
  CTAPHID_WINK = 0x08,
  CTAPHID_CBOR = 0x10,
  CTAPHID_CANCEL = 0x11,
  CTAPHID_KEEPALIVE = 0x3B,
  CTAPHID_ERROR = 0x3F,
} CtaphidCommand;

typedef enum
{
  CTAPHID_ERR_INVALID_CMD = 0x01,
  CTAPHID_ERR_INVALID_PAR = 0x02,
  CTAPHID_ERR_INVALID_LEN = 0x03,
  CTAPHID_ERR_INVALID_SEQ = 0x04,
  CTAPHID_ERR_MSG_TIMEOUT = 0x05,
  CTAPHID_ERR_CHANNEL_BUSY = 0x06,
  CTAPHID_ERR_INVALID_CHANNEL = 0x0B,
  CTAPHID_ERR_OTHER = 0x7F,
} CtaphidError;

/**
 * CtaphidPacket:
 * @channel: channel identifier (CID)
 * @initial: an initialization packet; @command and @size hold, else @sequence
 * @command: command without its high bit; any value
 * @size: BCNT as sent; may be over %MORTISE_CTAPHID_MAX_PAYLOAD
 * @sequence: 0 to 127
 * @data: what follows the header, @data_size bytes, within the report
 *
 * One report, taken apart.
 */
typedef struct
{
  guint32 channel;
  gboolean initial;
  guint8 command;
  guint16 size;
  guint8 sequence;
  const guint8 *data;
  gsize data_size;
} CtaphidPacket;

/** ctaphid_packet_parse: every 64 bytes are some packet; @ret_packet points into @report */
void ctaphid_packet_parse (const guint8 report[MORTISE_HID_REPORT_SIZE], CtaphidPacket *ret_packet);

/**
 * CtaphidAssembly:
 *
 * A message being put together from packets.
 */
typedef struct
{
  guint8 command;
  guint8 next_sequence;
  gsize size;
  gsize filled;
  guint8 payload[MORTISE_CTAPHID_MAX_PAYLOAD];
} CtaphidAssembly;

/** ctaphid_assembly_start: @packet: initial, its size checked by the caller */
void ctaphid_assembly_start (CtaphidAssembly *assembly, const CtaphidPacket *packet);

/** ctaphid_assembly_add: Returns: %FALSE if @packet is not the continuation that is due */
gboolean ctaphid_assembly_add (CtaphidAssembly *assembly, const CtaphidPacket *packet);

gboolean ctaphid_assembly_is_complete (const CtaphidAssembly *assembly);

/**
 * ctaphid_message_write:
 * @payload: at most %MORTISE_CTAPHID_MAX_PAYLOAD bytes
 * @send: gets each report in order
 *
 * Cuts a message into reports, the last one filled up with zeros.
 */
void ctaphid_message_write (guint32 channel,
                            guint8 command,
                            const guint8 *payload,
                            gsize size,
                            void (*send) (const guint8 report[MORTISE_HID_REPORT_SIZE],
                                          gpointer user_data),
                            gpointer user_data);

G_END_DECLS
