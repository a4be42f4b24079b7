/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/apdu.h"

#define HEADER_SIZE 4

static gboolean
take_data (MortiseApdu *apdu, const guint8 *data, gsize size)
{
  apdu->data = data;
  apdu->size = size;
  return TRUE;
}

/* Cases 2S, 3S and 4S: Le, or Lc and data, or Lc, data and Le; one byte for each length. */
static gboolean
read_short (MortiseApdu *apdu, const guint8 *body, gsize size)
{
  gsize length = body[0];

  if (size == 1)
    return TRUE;
  if (length == 0 || (size != 1 + length && size != 1 + length + 1))
    return FALSE;
  return take_data (apdu, body + 1, length);
}

/* Cases 2E, 3E and 4E: a zero, then two bytes for each length. Some clients say "no data" by a
 * length of zero before Le, for which ISO 7816-4 has no case and every key has an ear. */
static gboolean
read_extended (MortiseApdu *apdu, const guint8 *body, gsize size)
{
  gsize length = ((gsize) body[1] << 8) | body[2];

  if (size == 3)
    return TRUE;
  if (size != 3 + length && size != 3 + length + 2)
    return FALSE;
  return take_data (apdu, body + 3, length);
}

gboolean
mortise_apdu_parse (const guint8 *message, gsize size, MortiseApdu *ret_apdu)
{
  const guint8 *body;

  *ret_apdu = (MortiseApdu){ 0 };
  if (size < HEADER_SIZE)
    return FALSE;
  ret_apdu->cla = message[0];
  ret_apdu->ins = message[1];
  ret_apdu->p1 = message[2];
  ret_apdu->p2 = message[3];
  if (size == HEADER_SIZE)
    return TRUE;
  body = message + HEADER_SIZE;
  size -= HEADER_SIZE;
  if (body[0] == 0 && size >= 3)
    return read_extended (ret_apdu, body, size);
  return read_short (ret_apdu, body, size);
}
