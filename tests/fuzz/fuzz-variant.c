/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-variant.h"

#define MAX_DEPTH 4

static GVariant *dictionary (FuzzInput *input, const char *const *names, guint depth);

static GVariant *
strings (FuzzInput *input)
{
  guint n = fuzz_input_below (input, 6);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < n; i++)
    g_variant_builder_add_value (&builder, g_variant_new_take_string (fuzz_input_text (input)));
  return g_variant_builder_end (&builder);
}

static GVariant *
dictionaries (FuzzInput *input, const char *const *names, guint depth)
{
  guint n = fuzz_input_below (input, 6);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < n; i++)
    g_variant_builder_add_value (&builder, dictionary (input, names, depth));
  return g_variant_builder_end (&builder);
}

static GVariant *
value (FuzzInput *input, const char *const *names, guint depth)
{
  guint count = 0;

  while (names[count] != NULL)
    count++;
  switch (fuzz_input_below (input, depth < MAX_DEPTH ? 13 : 9))
    {
    case 0:
      return g_variant_new_take_string (fuzz_input_text (input));
    case 1:
      return g_variant_new_boolean (fuzz_input_bool (input));
    case 2:
      return g_variant_new_uint32 ((guint32) fuzz_input_u64 (input));
    case 3:
      return g_variant_new_uint32 (fuzz_input_byte (input));
    case 4:
      return g_variant_new_int64 ((gint64) fuzz_input_u64 (input));
    case 5:
      return g_variant_new_int32 ((gint32) fuzz_input_u64 (input));
    case 6:
      /* Names of settings, kinds of questions and the like are values, too. */
      return g_variant_new_string (names[fuzz_input_below (input, count)]);
    case 7:
      return strings (input);
    case 8:
      return g_variant_new_boolean (TRUE);
    case 9:
      return dictionaries (input, names, depth + 1);
    case 10:
      return dictionary (input, names, depth + 1);
    case 11:
      return g_variant_new_variant (value (input, names, depth + 1));
    default:
      return g_variant_new_double ((double) fuzz_input_u16 (input) / 3);
    }
}

static GVariant *
dictionary (FuzzInput *input, const char *const *names, guint depth)
{
  guint n = fuzz_input_below (input, 16);
  guint count = 0;
  GVariantBuilder builder;

  while (names[count] != NULL)
    count++;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < n && !fuzz_input_is_empty (input); i++)
    {
      const char *name = names[fuzz_input_below (input, count)];

      g_variant_builder_add (&builder, "{sv}", name, value (input, names, depth));
    }
  return g_variant_builder_end (&builder);
}

GVariant *
fuzz_variant_dictionary (FuzzInput *input, const char *const *names)
{
  return dictionary (input, names, 0);
}

GVariant *
fuzz_variant_value (FuzzInput *input, const char *const *names)
{
  return value (input, names, 0);
}
