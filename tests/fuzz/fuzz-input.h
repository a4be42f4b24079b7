/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FuzzInput:
 *
 * The bytes of one run, taken from the front. Beyond the end everything is 0, so that every input
 * means something.
 */
typedef struct
{
  const guint8 *data;
  gsize size;
} FuzzInput;

/** fuzz_input_is_empty: Returns: nothing is left */
gboolean fuzz_input_is_empty (const FuzzInput *input);

guint8 fuzz_input_byte (FuzzInput *input);
gboolean fuzz_input_bool (FuzzInput *input);
guint16 fuzz_input_u16 (FuzzInput *input);
guint64 fuzz_input_u64 (FuzzInput *input);

/** fuzz_input_below: Returns: a number below @n, from one byte */
guint fuzz_input_below (FuzzInput *input, guint n);

/** fuzz_input_take: Returns: (transfer none): the next @size bytes or what is left; @ret_size */
const guint8 *fuzz_input_take (FuzzInput *input, gsize size, gsize *ret_size);

/** fuzz_input_block: (transfer full): two bytes of size, little-endian, at most @max, and so many
 */
GBytes *fuzz_input_block (FuzzInput *input, gsize max);

/** fuzz_input_text: (transfer full): one byte of size, and so many, made valid UTF-8 */
char *fuzz_input_text (FuzzInput *input);

G_END_DECLS
