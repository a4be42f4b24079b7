/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/attestation.h"

void
mortise_attestation_write_self (MortiseCborWriter *writer,
                                MortiseAlgorithm algorithm,
                                GBytes *signature)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "alg");
  mortise_cbor_write_int (writer, algorithm);
  mortise_cbor_map_text_key (writer, &map, "sig");
  mortise_cbor_write_gbytes (writer, signature);
  mortise_cbor_map_end (writer, &map);
}
