/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/fuzz/fuzz-input.h"

G_BEGIN_DECLS

/**
 * fuzz_variant_dictionary:
 * @names: (array zero-terminated=1): members that somebody reads
 *
 * Returns: (transfer floating): an a{sv} of up to 15 members, right and wrong types alike
 */
GVariant *fuzz_variant_dictionary (FuzzInput *input, const char *const *names);

/** fuzz_variant_value: (transfer floating): a value of some type */
GVariant *fuzz_variant_value (FuzzInput *input, const char *const *names);

G_END_DECLS
