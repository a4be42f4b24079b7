/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/ctap-status.h"

G_BEGIN_DECLS

/** Maps and arrays that may be nested in a message (CTAP 2.1 §8). */
#define MORTISE_CBOR_DEPTH_MAX 4

/**
 * MortiseCborType:
 * @MORTISE_CBOR_NONE: no value: an absent member
 * @MORTISE_CBOR_INT: an integer, of either sign, that fits 64 bits signed
 * @MORTISE_CBOR_BYTES: a byte string
 * @MORTISE_CBOR_TEXT: a text string, valid UTF-8
 * @MORTISE_CBOR_ARRAY: an array
 * @MORTISE_CBOR_MAP: a map
 * @MORTISE_CBOR_BOOL: false or true
 * @MORTISE_CBOR_OTHER: well-formed, of no use in CTAP (null, floats, larger integers …)
 */
typedef enum
{
  MORTISE_CBOR_NONE,
  MORTISE_CBOR_INT,
  MORTISE_CBOR_BYTES,
  MORTISE_CBOR_TEXT,
  MORTISE_CBOR_ARRAY,
  MORTISE_CBOR_MAP,
  MORTISE_CBOR_BOOL,
  MORTISE_CBOR_OTHER,
} MortiseCborType;

/**
 * MortiseCborValue:
 * @type: what it is
 * @number: the integer, the truth value, or the number of items or members
 * @data: content: the string's bytes, or the encoded items or members
 * @size: size of @data in bytes
 * @encoded: the whole value as it was sent, which is what a pinUvAuthParam covers
 * @encoded_size: size of @encoded in bytes
 *
 * A value in a checked message. Points into the message, which must outlive it.
 */
typedef struct
{
  MortiseCborType type;
  gint64 number;
  const guint8 *data;
  gsize size;
  const guint8 *encoded;
  gsize encoded_size;
} MortiseCborValue;

/**
 * mortise_cbor_parse:
 * @ret_value: (out): the one value that the message is
 *
 * Checks a whole message against the CTAP2 canonical CBOR encoding form (CTAP 2.1 §8): shortest
 * integers and lengths, definite lengths, sorted keys without duplicates, no tags, at most
 * %MORTISE_CBOR_DEPTH_MAX levels, valid UTF-8, nothing behind the value. Allocates nothing.
 *
 * Returns: %CTAP1_ERR_SUCCESS or %CTAP2_ERR_INVALID_CBOR
 */
CtapStatus mortise_cbor_parse (const guint8 *data, gsize size, MortiseCborValue *ret_value);

/** Walks through the items of an array or the members of a map. */
typedef struct
{
  const guint8 *data;
  gsize size;
} MortiseCborIter;

void mortise_cbor_iter_init (MortiseCborIter *iter, const MortiseCborValue *container);

/** mortise_cbor_iter_next: Returns: %FALSE at the end; @ret_value is untouched then */
gboolean mortise_cbor_iter_next (MortiseCborIter *iter, MortiseCborValue *ret_value);

/** mortise_cbor_iter_next_member: as mortise_cbor_iter_next(), for maps */
gboolean mortise_cbor_iter_next_member (MortiseCborIter *iter,
                                        MortiseCborValue *ret_key,
                                        MortiseCborValue *ret_value);

/** mortise_cbor_text_equal: Returns: @value is a text string equal to @text */
gboolean mortise_cbor_text_equal (const MortiseCborValue *value, const char *text);

/** mortise_cbor_value_to_bytes: Returns: (transfer full): a copy of the string's bytes */
GBytes *mortise_cbor_value_to_bytes (const MortiseCborValue *value);

/**
 * mortise_cbor_compare_keys:
 *
 * The order of encoded map keys: major type, then length, then bytes.
 *
 * Returns: less than, equal to or greater than 0
 */
int mortise_cbor_compare_keys (const guint8 *a, gsize a_size, const guint8 *b, gsize b_size);

/**
 * MortiseCborMember:
 * @key: the key, if it is an integer
 * @name: (nullable): the key, if it is text
 * @type: what the value must be
 * @required: absence is %CTAP2_ERR_MISSING_PARAMETER
 * @offset: where in the caller's struct the #MortiseCborValue goes
 *
 * One member that a map may have.
 */
typedef struct
{
  gint64 key;
  const char *name;
  MortiseCborType type;
  gboolean required;
  gsize offset;
} MortiseCborMember;

/** A #MortiseCborMember with an integer key that goes to the member @field of @Struct. */
#define MORTISE_CBOR_MEMBER(Struct, key, field, type, required)                                    \
  {                                                                                                \
    key, NULL, type, required, offsetof (Struct, field)                                            \
  }

/**
 * mortise_cbor_read_members:
 * @map: a map
 * @members: (array length=n_members): the members known
 * @ret_struct: where the values go; absent members are %MORTISE_CBOR_NONE
 *
 * Reads a map by a table. Members not in the table are ignored.
 *
 * Returns: %CTAP2_ERR_CBOR_UNEXPECTED_TYPE for @map itself or a member of the wrong type, else
 *   %CTAP2_ERR_MISSING_PARAMETER for an absent required one
 */
CtapStatus mortise_cbor_read_members (const MortiseCborValue *map,
                                      const MortiseCborMember *members,
                                      gsize n_members,
                                      gpointer ret_struct);

G_END_DECLS
