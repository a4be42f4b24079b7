/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-input.h"

#include <string.h>

gboolean
fuzz_input_is_empty (const FuzzInput *input)
{
  return input->size == 0;
}

const guint8 *
fuzz_input_take (FuzzInput *input, gsize size, gsize *ret_size)
{
  const guint8 *data = input->data;

  *ret_size = MIN (size, input->size);
  input->data += *ret_size;
  input->size -= *ret_size;
  return data;
}

static guint64
number (FuzzInput *input, gsize size)
{
  gsize taken;
  const guint8 *data = fuzz_input_take (input, size, &taken);
  guint64 value = 0;

  while (taken > 0)
    value = value << 8 | data[--taken];
  return value;
}

guint8
fuzz_input_byte (FuzzInput *input)
{
  return (guint8) number (input, 1);
}

gboolean
fuzz_input_bool (FuzzInput *input)
{
  return (fuzz_input_byte (input) & 1) != 0;
}

guint16
fuzz_input_u16 (FuzzInput *input)
{
  return (guint16) number (input, 2);
}

guint64
fuzz_input_u64 (FuzzInput *input)
{
  return number (input, 8);
}

guint
fuzz_input_below (FuzzInput *input, guint n)
{
  return fuzz_input_byte (input) % n;
}

GBytes *
fuzz_input_block (FuzzInput *input, gsize max)
{
  gsize size = fuzz_input_u16 (input);
  const guint8 *data = fuzz_input_take (input, MIN (size, max), &size);

  return g_bytes_new (data, size);
}

char *
fuzz_input_text (FuzzInput *input)
{
  gsize size = fuzz_input_byte (input);
  const guint8 *data = fuzz_input_take (input, size, &size);
  g_autofree char *text = g_strndup ((const char *) data, size);

  return g_utf8_make_valid (text, -1);
}
