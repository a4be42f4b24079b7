/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/** hex_read: writes the bytes that @hex is, without any check, to @ret; Returns: how many */
static inline gsize
hex_read (const char *hex, guint8 *ret)
{
  const gsize size = strlen (hex) / 2;

  for (gsize i = 0; i < size; i++)
    ret[i] =
        (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return size;
}

/** hex_to_bytes: (transfer full): the same */
static inline GBytes *
hex_to_bytes (const char *hex)
{
  guint8 *data = g_malloc (strlen (hex) / 2 + 1);
  const gsize size = hex_read (hex, data);

  return g_bytes_new_take (data, size);
}

G_END_DECLS
