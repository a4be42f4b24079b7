/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/** CTAP 2.1 §6.5.1: no PIN is shorter, in code points, or longer, in bytes of UTF-8. */
#define MORTISE_PROMPT_PIN_MIN_CODE_POINTS 4
#define MORTISE_PROMPT_PIN_MAX_BYTES       63

/**
 * MortisePromptPinFault:
 * @MORTISE_PROMPT_PIN_EASY: it may be used, but is among the first that anyone would try
 *
 * What is wrong with a PIN as typed.
 */
typedef enum
{
  MORTISE_PROMPT_PIN_FINE,
  MORTISE_PROMPT_PIN_EASY,
  MORTISE_PROMPT_PIN_SHORT,
  MORTISE_PROMPT_PIN_LONG,
} MortisePromptPinFault;

/**
 * mortise_prompt_pin_check:
 * @text: UTF-8 as typed
 * @min_length: in code points
 *
 * Judges @text in the form in which it would be sent.
 */
MortisePromptPinFault mortise_prompt_pin_check (const char *text, guint min_length);

/**
 * mortise_prompt_pin_to_secret:
 * @text: UTF-8 as typed, not empty
 *
 * CTAP 2.1 §6.5.1: a PIN is sent in Normalization Form C, so that the same PIN typed on two
 * keyboards, or into a browser's dialog, is the same bytes.
 *
 * Returns: (transfer full): the bytes, without a terminating zero
 */
MortiseSecret *mortise_prompt_pin_to_secret (const char *text);

G_END_DECLS
