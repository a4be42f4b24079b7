/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/tpm-fixture.h"

/* Blobs come out of a file: whatever is in them, an error and never a crash or a command. */

static void
check_damaged (GBytes *public_area, GBytes *private_area)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = mortise_tpm_blob_new (public_area, private_area);

  g_assert_null (mortise_tpm_blob_read_info (blob, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_DAMAGED);
}

static void
check_not_loaded (MortiseTpmFixture *f, GBytes *public_area, GBytes *private_area)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) blob = mortise_tpm_blob_new (public_area, private_area);
  const guint64 before = mortise_esys_tpm_count_commands (f->esys, 0);

  g_assert_null (mortise_tpm_load_key (f->tpm, blob, &error));
  g_assert_mortise_error (error, MORTISE_ERROR_VAULT_DAMAGED);
  g_assert_cmpuint (mortise_esys_tpm_count_commands (f->esys, 0), ==, before);
}

static GBytes *
extended (GBytes *bytes)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();

  g_byte_array_append (array, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  g_byte_array_append (array, (const guint8 *) "", 1);
  return g_bytes_new (array->data, array->len);
}

static void
test_truncated (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (GBytes) longer_public = NULL;
  g_autoptr (GBytes) longer_private = NULL;

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  for (gsize size = 0; size < g_bytes_get_size (blob->public_area); size++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (blob->public_area, 0, size);

      check_damaged (cut, blob->private_area);
      check_not_loaded (f, cut, blob->private_area);
    }
  for (gsize size = 0; size < g_bytes_get_size (blob->private_area); size++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (blob->private_area, 0, size);

      check_not_loaded (f, blob->public_area, cut);
    }
  longer_public = extended (blob->public_area);
  longer_private = extended (blob->private_area);
  check_damaged (longer_public, blob->private_area);
  check_not_loaded (f, longer_public, blob->private_area);
  check_not_loaded (f, blob->public_area, longer_private);
}

/* Any bit of a public area changed: it is read as something or refused, and never loads. */
static void
test_flipped (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  gsize size;
  const guint8 *bytes;

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  bytes = g_bytes_get_data (blob->public_area, &size);
  for (gsize i = 0; i < size * 8; i++)
    {
      g_autofree guint8 *changed = g_memdup2 (bytes, size);
      g_autoptr (GBytes) public_area = NULL;
      g_autoptr (MortiseTpmBlob) flipped = NULL;
      g_autoptr (MortiseTpmKeyInfo) info = NULL;
      g_autoptr (MortiseTpmKey) key = NULL;

      changed[i / 8] ^= (guint8) (1u << (i % 8));
      public_area = g_bytes_new (changed, size);
      flipped = mortise_tpm_blob_new (public_area, blob->private_area);
      info = mortise_tpm_blob_read_info (flipped, NULL);
      if (info != NULL && info->algorithm == MORTISE_ALG_ES256)
        g_assert_cmpuint (g_bytes_get_size (info->x), ==, 32);
      key = mortise_tpm_load_key (f->tpm, flipped, NULL);
      g_assert_null (key);
    }
}

static void
test_garbage (void)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  check_damaged (empty, empty);
  for (int i = 0; i < 5000; i++)
    {
      guint8 noise[200];
      const gsize size = (gsize) g_rand_int_range (rand, 2, sizeof noise);
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (MortiseTpmBlob) blob = NULL;
      g_autoptr (MortiseTpmKeyInfo) info = NULL;

      for (gsize j = 0; j < size; j++)
        noise[j] = (guint8) g_rand_int (rand);
      /* Half of them get past the first length. */
      if (i % 2 == 0)
        {
          noise[0] = 0;
          noise[1] = (guint8) (size - 2);
          noise[2] = 0;
          noise[3] = i % 4 == 0 ? TPM2_ALG_ECC : TPM2_ALG_RSA;
        }
      bytes = g_bytes_new (noise, size);
      blob = mortise_tpm_blob_new (bytes, bytes);
      info = mortise_tpm_blob_read_info (blob, NULL);
    }
}

/* A sealed object and a storage key are no credential keys. */
static void
test_other_kinds (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseTpmBlob) sealed = NULL;

  check_damaged (f->parent->public_area, f->parent->private_area);
  sealed = mortise_tpm_seal (f->tpm, f->auth, f->auth, TRUE, &error);
  g_assert_no_error (error);
  check_damaged (sealed->public_area, sealed->private_area);
}

/* Some TPMs leave leading zeros of a coordinate out. */
static void
test_short_coordinate (MortiseTpmFixture *f, gconstpointer data)
{
  g_autoptr (MortiseTpmBlob) blob = NULL;
  g_autoptr (MortiseTpmKeyInfo) info = NULL;
  TPM2B_PUBLIC public_area;
  TPM2B_PRIVATE private_area;

  mortise_tpm_key_free (mortise_tpm_fixture_create_key (f, &blob));
  g_assert_true (mortise_tpm_blob_unpack (blob, &public_area, &private_area));
  public_area.publicArea.unique.ecc.x.size = 30;
  memset (public_area.publicArea.unique.ecc.x.buffer, 0xab, 30);
  info = mortise_tpm_key_info_from_public (&public_area.publicArea);
  g_assert_cmpuint (g_bytes_get_size (info->x), ==, 32);
  g_assert_cmpmem (g_bytes_get_data (info->x, NULL), 3, "\0\0\xab", 3);
  public_area.publicArea.unique.ecc.x.size = 33;
  g_assert_null (mortise_tpm_key_info_from_public (&public_area.publicArea));
  public_area.publicArea.unique.ecc.x.size = 0;
  g_assert_null (mortise_tpm_key_info_from_public (&public_area.publicArea));
}

static void
test_key_info_device_only (void)
{
  const guint32 all =
      TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
  MortiseTpmKeyInfo info = { .attributes = all };

  g_assert_true (mortise_tpm_key_info_is_device_only (&info));
  info.attributes = all & ~TPMA_OBJECT_FIXEDTPM;
  g_assert_false (mortise_tpm_key_info_is_device_only (&info));
  info.attributes = all & ~TPMA_OBJECT_FIXEDPARENT;
  g_assert_false (mortise_tpm_key_info_is_device_only (&info));
  info.attributes = all & ~TPMA_OBJECT_SENSITIVEDATAORIGIN;
  g_assert_false (mortise_tpm_key_info_is_device_only (&info));
}

#define ADD(path, function)                                                                        \
  g_test_add (path, MortiseTpmFixture, NULL, mortise_tpm_fixture_set_up, function,                 \
              mortise_tpm_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/tpm-blob/truncated", test_truncated);
  ADD ("/tpm-blob/flipped", test_flipped);
  g_test_add_func ("/tpm-blob/garbage", test_garbage);
  ADD ("/tpm-blob/other-kinds", test_other_kinds);
  ADD ("/tpm-blob/short-coordinate", test_short_coordinate);
  g_test_add_func ("/tpm-blob/device-only", test_key_info_device_only);
  return g_test_run ();
}
