/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/fuzz/fuzz-input.h"

G_BEGIN_DECLS

/*
 * What a fuzzer consists of. fuzz-main.c calls it for libFuzzer, or, where there is none, for each
 * file named on the command line.
 */

/** fuzz_target_prepare: once, before the first run */
void fuzz_target_prepare (void);

/** fuzz_target_run: one run; the same input does the same again */
void fuzz_target_run (FuzzInput *input);

G_END_DECLS
