/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/fuzz/fuzz-input.h"

G_BEGIN_DECLS

/**
 * fuzz_mutate_cbor:
 * @request: command byte and CBOR
 * @input: says what is changed
 *
 * Changes one value, key or member so that the whole mostly stays canonical CBOR: changed bytes
 * would hardly ever get beyond the parser.
 *
 * Returns: (transfer full): the request as changed, or the same if it is no CBOR
 */
GBytes *fuzz_mutate_cbor (GBytes *request, FuzzInput *input);

G_END_DECLS
