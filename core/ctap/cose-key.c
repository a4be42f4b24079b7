/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/cose-key.h"

/* Labels and values of the IANA COSE registry. */
enum
{
  COSE_KTY = 1,
  COSE_ALG = 3,
  COSE_EC2_CRV = -1,
  COSE_EC2_X = -2,
  COSE_EC2_Y = -3,
  COSE_RSA_N = -1,
  COSE_RSA_E = -2,
  COSE_KTY_EC2 = 2,
  COSE_KTY_RSA = 3,
  COSE_CRV_P256 = 1,
  COSE_CRV_P384 = 2,
};

#define P256_COORDINATE_SIZE 32

void
mortise_cose_write_ec2 (MortiseCborWriter *writer,
                        gint64 algorithm,
                        gint64 curve,
                        gconstpointer x,
                        gconstpointer y,
                        gsize coordinate_size)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, COSE_KTY);
  mortise_cbor_write_int (writer, COSE_KTY_EC2);
  mortise_cbor_map_key (writer, &map, COSE_ALG);
  mortise_cbor_write_int (writer, algorithm);
  mortise_cbor_map_key (writer, &map, COSE_EC2_CRV);
  mortise_cbor_write_int (writer, curve);
  mortise_cbor_map_key (writer, &map, COSE_EC2_X);
  mortise_cbor_write_bytes (writer, x, coordinate_size);
  mortise_cbor_map_key (writer, &map, COSE_EC2_Y);
  mortise_cbor_write_bytes (writer, y, coordinate_size);
  mortise_cbor_map_end (writer, &map);
}

static void
write_rsa (MortiseCborWriter *writer, const MortiseTpmKeyInfo *info)
{
  static const guint8 exponent[] = { 0x01, 0x00, 0x01 };
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, COSE_KTY);
  mortise_cbor_write_int (writer, COSE_KTY_RSA);
  mortise_cbor_map_key (writer, &map, COSE_ALG);
  mortise_cbor_write_int (writer, info->algorithm);
  mortise_cbor_map_key (writer, &map, COSE_RSA_N);
  mortise_cbor_write_gbytes (writer, info->modulus);
  mortise_cbor_map_key (writer, &map, COSE_RSA_E);
  mortise_cbor_write_bytes (writer, exponent, sizeof exponent);
  mortise_cbor_map_end (writer, &map);
}

GBytes *
mortise_cose_key_from_info (const MortiseTpmKeyInfo *info)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();

  if (info->algorithm == MORTISE_ALG_RS256)
    write_rsa (writer, info);
  else
    mortise_cose_write_ec2 (writer, info->algorithm,
                            info->algorithm == MORTISE_ALG_ES384 ? COSE_CRV_P384 : COSE_CRV_P256,
                            g_bytes_get_data (info->x, NULL), g_bytes_get_data (info->y, NULL),
                            g_bytes_get_size (info->x));
  return mortise_cbor_writer_finish (writer);
}

typedef struct
{
  MortiseCborValue kty;
  MortiseCborValue alg;
  MortiseCborValue crv;
  MortiseCborValue x;
  MortiseCborValue y;
} KeyAgreementKey;

static const MortiseCborMember members[] = {
  MORTISE_CBOR_MEMBER (KeyAgreementKey, COSE_KTY, kty, MORTISE_CBOR_INT, TRUE),
  MORTISE_CBOR_MEMBER (KeyAgreementKey, COSE_ALG, alg, MORTISE_CBOR_INT, TRUE),
  MORTISE_CBOR_MEMBER (KeyAgreementKey, COSE_EC2_CRV, crv, MORTISE_CBOR_INT, TRUE),
  MORTISE_CBOR_MEMBER (KeyAgreementKey, COSE_EC2_X, x, MORTISE_CBOR_BYTES, TRUE),
  MORTISE_CBOR_MEMBER (KeyAgreementKey, COSE_EC2_Y, y, MORTISE_CBOR_BYTES, TRUE),
};

CtapStatus
mortise_cose_read_key_agreement (const MortiseCborValue *value,
                                 const guint8 **ret_x,
                                 const guint8 **ret_y)
{
  KeyAgreementKey key;

  if (mortise_cbor_read_members (value, members, G_N_ELEMENTS (members), &key) !=
          CTAP1_ERR_SUCCESS ||
      key.kty.number != COSE_KTY_EC2 || key.alg.number != MORTISE_COSE_ALG_KEY_AGREEMENT ||
      key.crv.number != COSE_CRV_P256 || key.x.size != P256_COORDINATE_SIZE ||
      key.y.size != P256_COORDINATE_SIZE)
    return CTAP1_ERR_INVALID_PARAMETER;
  *ret_x = key.x.data;
  *ret_y = key.y.data;
  return CTAP1_ERR_SUCCESS;
}
