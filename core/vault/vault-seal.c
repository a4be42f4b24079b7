/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define NONCE_SIZE 12
#define TAG_SIZE   16
#define AAD_MAX    64

/* Fetching an algorithm takes longer than sealing a record with it. */
static EVP_CIPHER *
get_cipher (void)
{
  static EVP_CIPHER *cipher;

  if (g_once_init_enter (&cipher))
    g_once_init_leave (&cipher, EVP_CIPHER_fetch (NULL, "AES-256-GCM", NULL));
  return cipher;
}

static EVP_MAC *
get_mac (void)
{
  static EVP_MAC *mac;

  if (g_once_init_enter (&mac))
    g_once_init_leave (&mac, EVP_MAC_fetch (NULL, "HMAC", NULL));
  return mac;
}

static gsize
append (guint8 *buffer, gsize used, gconstpointer data, gsize size)
{
  g_assert (used + size <= AAD_MAX);
  memcpy (buffer + used, data, size);
  return used + size;
}

static gsize
write_aad (const MortiseSealPlace *place, guint8 version, guint8 *buffer)
{
  guint64 id = GUINT64_TO_BE ((guint64) place->id);
  guint32 version_be = GUINT32_TO_BE ((guint32) version);
  gsize used = 0;

  used = append (buffer, used, place->table, strlen (place->table) + 1);
  used = append (buffer, used, place->column, strlen (place->column) + 1);
  used = append (buffer, used, &id, sizeof id);
  return append (buffer, used, &version_be, sizeof version_be);
}

GBytes *
mortise_seal (const MortiseSecret *key,
              const MortiseSealPlace *place,
              gconstpointer plain,
              gsize size)
{
  gsize out_size = size + MORTISE_SEAL_OVERHEAD;
  g_autofree guint8 *out = g_malloc (out_size);
  guint8 *nonce = out + 1;
  guint8 *body = nonce + NONCE_SIZE;
  guint8 aad[AAD_MAX];
  gsize aad_size = write_aad (place, MORTISE_SEAL_VERSION, aad);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  int n = 0;
  gboolean ok;

  g_assert (mortise_secret_get_size (key) == 32 && size <= G_MAXINT);

  out[0] = MORTISE_SEAL_VERSION;
  ok = context != NULL && RAND_bytes (nonce, NONCE_SIZE) == 1 &&
       EVP_EncryptInit_ex2 (context, get_cipher (), mortise_secret_peek (key), nonce, NULL) == 1 &&
       EVP_EncryptUpdate (context, NULL, &n, aad, (int) aad_size) == 1 &&
       EVP_EncryptUpdate (context, body, &n, plain, (int) size) == 1 &&
       EVP_EncryptFinal_ex (context, body + size, &n) == 1 &&
       EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, body + size) == 1;
  EVP_CIPHER_CTX_free (context);
  /* Nothing here depends on input: going on would mean storing an unsealed record. */
  if (!ok)
    g_error ("AES-256-GCM failed");
  return g_bytes_new_take (g_steal_pointer (&out), out_size);
}

gboolean
mortise_seal_open (const MortiseSecret *key,
                   const MortiseSealPlace *place,
                   gconstpointer sealed,
                   gsize size,
                   guint8 *plain)
{
  const guint8 *nonce = (const guint8 *) sealed + 1;
  const guint8 *body = nonce + NONCE_SIZE;
  gsize plain_size = size - MORTISE_SEAL_OVERHEAD;
  guint8 aad[AAD_MAX];
  guint8 tag[TAG_SIZE];
  gsize aad_size;
  EVP_CIPHER_CTX *context;
  int n = 0;
  gboolean ok;

  if (size < MORTISE_SEAL_OVERHEAD || size > G_MAXINT ||
      ((const guint8 *) sealed)[0] != MORTISE_SEAL_VERSION)
    return FALSE;

  g_assert (plain != NULL);
  aad_size = write_aad (place, MORTISE_SEAL_VERSION, aad);
  memcpy (tag, body + plain_size, TAG_SIZE);
  context = EVP_CIPHER_CTX_new ();
  ok = context != NULL &&
       EVP_DecryptInit_ex2 (context, get_cipher (), mortise_secret_peek (key), nonce, NULL) == 1 &&
       EVP_DecryptUpdate (context, NULL, &n, aad, (int) aad_size) == 1 &&
       EVP_DecryptUpdate (context, plain, &n, body, (int) plain_size) == 1 &&
       EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1 &&
       EVP_DecryptFinal_ex (context, plain + plain_size, &n) == 1;
  EVP_CIPHER_CTX_free (context);
  if (!ok)
    OPENSSL_cleanse (plain, plain_size);
  return ok;
}

void
mortise_seal_index (const MortiseSecret *key,
                    const char *kind,
                    gconstpointer first,
                    gsize first_size,
                    gconstpointer second,
                    gsize second_size,
                    guint8 ret_index[MORTISE_SEAL_INDEX_SIZE])
{
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST, digest, 0),
    OSSL_PARAM_construct_end (),
  };
  guint64 first_size_be = GUINT64_TO_BE ((guint64) first_size);
  EVP_MAC_CTX *context = EVP_MAC_CTX_new (get_mac ());
  gsize size = 0;
  gboolean ok;

  ok = context != NULL &&
       EVP_MAC_init (context, mortise_secret_peek (key), mortise_secret_get_size (key), params) ==
           1 &&
       EVP_MAC_update (context, (const guint8 *) kind, strlen (kind) + 1) == 1 &&
       EVP_MAC_update (context, (const guint8 *) &first_size_be, sizeof first_size_be) == 1 &&
       (first_size == 0 || EVP_MAC_update (context, first, first_size) == 1) &&
       (second_size == 0 || EVP_MAC_update (context, second, second_size) == 1) &&
       EVP_MAC_final (context, ret_index, &size, MORTISE_SEAL_INDEX_SIZE) == 1 &&
       size == MORTISE_SEAL_INDEX_SIZE;
  EVP_MAC_CTX_free (context);
  if (!ok)
    g_error ("HMAC-SHA256 failed");
}
