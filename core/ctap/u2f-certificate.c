/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/u2f-certificate.h"

#include <openssl/sha.h>

#include "core/mortise-secret.h"

#define SERIAL_SIZE 8

enum
{
  DER_INTEGER = 0x02,
  DER_BIT_STRING = 0x03,
  DER_SEQUENCE = 0x30,
};

/* INTEGER 2 in its place: version 3, as there are extensions. */
static const guint8 version_3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };

/* ecdsa-with-SHA256 (RFC 5758 §3.2). */
static const guint8 signature_algorithm[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                              0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };

/* CN=Mortise, as issuer and as subject. */
static const guint8 name[] = { 0x30, 0x12, 0x31, 0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04,
                               0x03, 0x0c, 0x07, 'M',  'o',  'r',  't',  'i',  's',  'e' };

/* From 2000 on and without an end (RFC 5280 §4.1.2.5): the day of a registration is told nobody. */
static const guint8 validity[] = { 0x30, 0x20, 0x17, 0x0d, '0', '0',  '0',  '1', '0', '1', '0', '0',
                                   '0',  '0',  '0',  '0',  'Z', 0x18, 0x0f, '9', '9', '9', '9', '1',
                                   '2',  '3',  '1',  '2',  '3', '5',  '9',  '5', '9', 'Z' };

/* id-ecPublicKey on P-256 (RFC 5480 §2.1), up to the point. */
static const guint8 public_key_start[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };

/* Not a CA; reached over USB (FIDO U2F Authenticator Transports Extension §3). */
static const guint8 extensions[] = {
  0xa3, 0x25, 0x30, 0x23, 0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01,
  0xff, 0x04, 0x02, 0x30, 0x00, 0x30, 0x13, 0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04,
  0x01, 0x82, 0xe5, 0x1c, 0x02, 0x01, 0x01, 0x04, 0x04, 0x03, 0x02, 0x05, 0x20,
};

#define APPEND(out, bytes) g_byte_array_append (out, bytes, sizeof (bytes))

static void
append_header (GByteArray *out, guint8 tag, gsize size)
{
  guint8 header[4] = { tag };
  guint used = 1;

  g_assert (size <= G_MAXUINT16);
  if (size >= 0x80)
    header[used++] = size > 0xff ? 0x82 : 0x81;
  if (size > 0xff)
    header[used++] = (guint8) (size >> 8);
  header[used++] = (guint8) (size & 0xff);
  g_byte_array_append (out, header, used);
}

/* Positive, and of one length: the first byte has its highest bit clear and is not zero. */
static void
append_serial (GByteArray *out)
{
  g_autoptr (MortiseSecret) random = mortise_secret_new_random (SERIAL_SIZE);
  guint8 serial[SERIAL_SIZE];

  memcpy (serial, mortise_secret_peek (random), SERIAL_SIZE);
  serial[0] = (serial[0] & 0x3f) | 0x40;
  append_header (out, DER_INTEGER, SERIAL_SIZE);
  APPEND (out, serial);
}

static GByteArray *
to_be_signed (const guint8 point[MORTISE_U2F_POINT_SIZE])
{
  g_autoptr (GByteArray) content = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  APPEND (content, version_3);
  append_serial (content);
  APPEND (content, signature_algorithm);
  APPEND (content, name);
  APPEND (content, validity);
  APPEND (content, name);
  APPEND (content, public_key_start);
  g_byte_array_append (content, point, MORTISE_U2F_POINT_SIZE);
  APPEND (content, extensions);
  append_header (out, DER_SEQUENCE, content->len);
  g_byte_array_append (out, content->data, content->len);
  return out;
}

GBytes *
mortise_u2f_sign_message (GByteArray *message, MortiseU2fSign sign, gpointer signer, GError **error)
{
  guint8 hash[SHA256_DIGEST_LENGTH];
  g_autoptr (GBytes) digest = NULL;

  SHA256 (message->data, message->len, hash);
  digest = g_bytes_new (hash, sizeof hash);
  return sign (signer, digest, error);
}

GBytes *
mortise_u2f_certificate_new (const guint8 point[MORTISE_U2F_POINT_SIZE],
                             MortiseU2fSign sign,
                             gpointer signer,
                             GError **error)
{
  static const guint8 no_unused_bits = 0;
  g_autoptr (GByteArray) content = to_be_signed (point);
  g_autoptr (GBytes) signature = mortise_u2f_sign_message (content, sign, signer, error);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize size;
  const guint8 *bytes;

  if (signature == NULL)
    return NULL;
  bytes = g_bytes_get_data (signature, &size);
  APPEND (content, signature_algorithm);
  append_header (content, DER_BIT_STRING, size + 1);
  g_byte_array_append (content, &no_unused_bits, 1);
  g_byte_array_append (content, bytes, (guint) size);
  append_header (out, DER_SEQUENCE, content->len);
  g_byte_array_append (out, content->data, content->len);
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
