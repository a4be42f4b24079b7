/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-blob-private.h"

#include <glib/gi18n.h>
#include <tss2/tss2_mu.h>

#define P256_SIZE        32
#define P384_SIZE        48
#define RSA2048_SIZE     256
#define RSA_EXPONENT     65537
#define NAME_PREFIX_SIZE sizeof (TPM2_ALG_ID)

MortiseTpmBlob *
mortise_tpm_blob_new (GBytes *public_area, GBytes *private_area)
{
  MortiseTpmBlob *blob;

  g_return_val_if_fail (public_area != NULL && private_area != NULL, NULL);

  blob = g_new0 (MortiseTpmBlob, 1);
  blob->public_area = g_bytes_ref (public_area);
  blob->private_area = g_bytes_ref (private_area);
  return blob;
}

void
mortise_tpm_blob_free (MortiseTpmBlob *blob)
{
  if (blob == NULL)
    return;
  g_bytes_unref (blob->public_area);
  g_bytes_unref (blob->private_area);
  g_free (blob);
}

void
mortise_tpm_key_info_free (MortiseTpmKeyInfo *info)
{
  if (info == NULL)
    return;
  g_clear_pointer (&info->x, g_bytes_unref);
  g_clear_pointer (&info->y, g_bytes_unref);
  g_clear_pointer (&info->modulus, g_bytes_unref);
  g_clear_pointer (&info->name, g_bytes_unref);
  g_clear_pointer (&info->policy, g_bytes_unref);
  g_free (info);
}

gboolean
mortise_tpm_key_info_is_device_only (const MortiseTpmKeyInfo *info)
{
  const guint32 all =
      TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;

  g_return_val_if_fail (info != NULL, FALSE);

  return (info->attributes & all) == all;
}

MortiseTpmBlob *
mortise_tpm_blob_pack (const TPM2B_PUBLIC *public_area, const TPM2B_PRIVATE *private_area)
{
  guint8 buffer[sizeof (TPM2B_PUBLIC) + sizeof (TPM2B_PRIVATE)];
  gsize public_size = 0;
  gsize private_size = 0;
  g_autoptr (GBytes) public_bytes = NULL;
  g_autoptr (GBytes) private_bytes = NULL;

  /* Both came out of an unmarshalling: they cannot fail to go back. */
  if (Tss2_MU_TPM2B_PUBLIC_Marshal (public_area, buffer, sizeof buffer, &public_size) != 0)
    g_error ("A public area of the TPM cannot be written down");
  public_bytes = g_bytes_new (buffer, public_size);
  if (Tss2_MU_TPM2B_PRIVATE_Marshal (private_area, buffer, sizeof buffer, &private_size) != 0)
    g_error ("A private area of the TPM cannot be written down");
  private_bytes = g_bytes_new (buffer, private_size);
  return mortise_tpm_blob_new (public_bytes, private_bytes);
}

static gboolean
unpack_public (GBytes *bytes, TPM2B_PUBLIC *ret_public_area)
{
  TPM2B_PUBLIC parsed = { 0 };
  gsize size = 0;
  gsize offset = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size <= sizeof (UINT16) || size > sizeof (TPM2B_PUBLIC))
    return FALSE;
  /* The library reads the structure and does not hold the length before it to account. */
  if ((gsize) (data[0] << 8 | data[1]) != size - sizeof (UINT16))
    return FALSE;
  if (Tss2_MU_TPM2B_PUBLIC_Unmarshal (data, size, &offset, &parsed) != 0 || offset != size)
    return FALSE;
  *ret_public_area = parsed;
  return TRUE;
}

gboolean
mortise_tpm_blob_unpack (const MortiseTpmBlob *blob,
                         TPM2B_PUBLIC *ret_public_area,
                         TPM2B_PRIVATE *ret_private_area)
{
  TPM2B_PUBLIC public_area = { 0 };
  TPM2B_PRIVATE private_area = { 0 };
  gsize size = 0;
  gsize offset = 0;
  const guint8 *data = g_bytes_get_data (blob->private_area, &size);

  if (!unpack_public (blob->public_area, &public_area))
    return FALSE;
  if (size <= sizeof (UINT16) || size > sizeof (TPM2B_PRIVATE))
    return FALSE;
  if (Tss2_MU_TPM2B_PRIVATE_Unmarshal (data, size, &offset, &private_area) != 0 || offset != size)
    return FALSE;
  *ret_public_area = public_area;
  *ret_private_area = private_area;
  return TRUE;
}

static GChecksumType
checksum_of (TPM2_ALG_ID alg)
{
  switch (alg)
    {
    case TPM2_ALG_SHA384:
      return G_CHECKSUM_SHA384;
    case TPM2_ALG_SHA512:
      return G_CHECKSUM_SHA512;
    default:
      return G_CHECKSUM_SHA256;
    }
}

static GBytes *
compute_name (const TPMT_PUBLIC *public_area)
{
  guint8 marshalled[sizeof (TPMT_PUBLIC)];
  guint8 name[NAME_PREFIX_SIZE + 64];
  gsize size = 0;
  gsize digest_size = sizeof name - NAME_PREFIX_SIZE;
  g_autoptr (GChecksum) checksum = g_checksum_new (checksum_of (public_area->nameAlg));

  if (Tss2_MU_TPMT_PUBLIC_Marshal (public_area, marshalled, sizeof marshalled, &size) != 0)
    return g_bytes_new (NULL, 0);
  g_checksum_update (checksum, marshalled, (gssize) size);
  name[0] = (guint8) (public_area->nameAlg >> 8);
  name[1] = (guint8) (public_area->nameAlg & 0xff);
  g_checksum_get_digest (checksum, name + NAME_PREFIX_SIZE, &digest_size);
  return g_bytes_new (name, NAME_PREFIX_SIZE + digest_size);
}

/* TPMs may leave out leading zeros of a coordinate; COSE wants the full width. */
static GBytes *
coordinate (const TPM2B_ECC_PARAMETER *parameter, gsize width)
{
  guint8 padded[P384_SIZE] = { 0 };

  if (parameter->size == 0 || parameter->size > width)
    return NULL;
  memcpy (padded + width - parameter->size, parameter->buffer, parameter->size);
  return g_bytes_new (padded, width);
}

static gboolean
read_ecc (const TPMT_PUBLIC *public_area, MortiseTpmKeyInfo *info)
{
  const TPMS_ECC_PARMS *parms = &public_area->parameters.eccDetail;
  gsize width;

  if (parms->scheme.scheme != TPM2_ALG_ECDSA)
    return FALSE;
  if (parms->curveID == TPM2_ECC_NIST_P256 &&
      parms->scheme.details.ecdsa.hashAlg == TPM2_ALG_SHA256)
    {
      info->algorithm = MORTISE_ALG_ES256;
      width = P256_SIZE;
    }
  else if (parms->curveID == TPM2_ECC_NIST_P384 &&
           parms->scheme.details.ecdsa.hashAlg == TPM2_ALG_SHA384)
    {
      info->algorithm = MORTISE_ALG_ES384;
      width = P384_SIZE;
    }
  else
    return FALSE;
  info->x = coordinate (&public_area->unique.ecc.x, width);
  info->y = coordinate (&public_area->unique.ecc.y, width);
  return info->x != NULL && info->y != NULL;
}

static gboolean
read_rsa (const TPMT_PUBLIC *public_area, MortiseTpmKeyInfo *info)
{
  const TPMS_RSA_PARMS *parms = &public_area->parameters.rsaDetail;

  if (parms->scheme.scheme != TPM2_ALG_RSASSA ||
      parms->scheme.details.rsassa.hashAlg != TPM2_ALG_SHA256 || parms->keyBits != 2048 ||
      (parms->exponent != 0 && parms->exponent != RSA_EXPONENT) ||
      public_area->unique.rsa.size != RSA2048_SIZE)
    return FALSE;
  info->algorithm = MORTISE_ALG_RS256;
  info->modulus = g_bytes_new (public_area->unique.rsa.buffer, RSA2048_SIZE);
  return TRUE;
}

MortiseTpmKeyInfo *
mortise_tpm_key_info_from_public (const TPMT_PUBLIC *public_area)
{
  g_autoptr (MortiseTpmKeyInfo) info = g_new0 (MortiseTpmKeyInfo, 1);
  gboolean readable = FALSE;

  if (public_area->nameAlg != TPM2_ALG_SHA256 ||
      (public_area->objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) == 0)
    return NULL;
  if (public_area->type == TPM2_ALG_ECC)
    readable = read_ecc (public_area, info);
  else if (public_area->type == TPM2_ALG_RSA)
    readable = read_rsa (public_area, info);
  if (!readable)
    return NULL;
  info->attributes = public_area->objectAttributes;
  info->policy = g_bytes_new (public_area->authPolicy.buffer, public_area->authPolicy.size);
  info->name = compute_name (public_area);
  return g_steal_pointer (&info);
}

MortiseTpmKeyInfo *
mortise_tpm_blob_read_info (const MortiseTpmBlob *blob, GError **error)
{
  TPM2B_PUBLIC public_area = { 0 };
  MortiseTpmKeyInfo *info = NULL;

  g_return_val_if_fail (blob != NULL, NULL);

  if (unpack_public (blob->public_area, &public_area))
    info = mortise_tpm_key_info_from_public (&public_area.publicArea);
  if (info == NULL)
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                         _ ("The stored key of this passkey is damaged, so that it cannot be used. "
                            "Restore the vault from a copy, or register again on the site."));
  return info;
}

GBytes *
mortise_tpm_blob_get_name (const MortiseTpmBlob *blob, GError **error)
{
  TPM2B_PUBLIC public_area = { 0 };

  g_return_val_if_fail (blob != NULL, NULL);

  if (unpack_public (blob->public_area, &public_area))
    return compute_name (&public_area.publicArea);
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_DAMAGED,
                       _ ("A stored key of the vault is damaged. Restore the vault from a copy."));
  return NULL;
}
