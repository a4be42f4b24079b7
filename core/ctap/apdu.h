/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseApdu:
 * @cla, @ins, @p1, @p2: the header
 * @data: (nullable): the command's data, in the message; %NULL if there is none
 * @size: bytes of @data
 *
 * A command APDU (ISO 7816-4 §5.1) as U2F sends it (U2F Raw Message Formats §3). How much may be
 * answered (Le) is checked for its place and otherwise ignored: a CTAPHID message carries every
 * response whole.
 */
typedef struct
{
  guint8 cla;
  guint8 ins;
  guint8 p1;
  guint8 p2;
  const guint8 *data;
  gsize size;
} MortiseApdu;

/**
 * mortise_apdu_parse:
 * @ret_apdu: (out): the header is filled in whenever there are four bytes, also on failure
 *
 * Takes the short and the extended encoding of lengths.
 *
 * Returns: whether the lengths agree with the message
 */
gboolean mortise_apdu_parse (const guint8 *message, gsize size, MortiseApdu *ret_apdu);

G_END_DECLS
